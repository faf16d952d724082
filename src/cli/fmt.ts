/** `dlc fmt FILES…`: programs in the one style. */
import { format } from "../compiler/format/format.ts";
import { scan } from "../compiler/1-parse/scan.ts";
import { reportScan } from "../compiler/1-parse/explain.ts";
import type { SourceFile } from "../compiler/ast.ts";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.ts";
import { findConfig } from "./config.ts";
import { count } from "./draw/count.ts";
import { drawDiagnostic } from "./draw/diagnostics.ts";
import { paint } from "./draw/paint.ts";
import { findPrograms, readProgram, writeProgram } from "./files.ts";
import type { Io } from "./io.ts";
import { WrongUse } from "./io.ts";

export interface FmtOptions {
  /** Write nothing; list what is not in the style. */
  readonly check?: boolean;
  /** One program from stdin to stdout. */
  readonly stdin?: boolean;
}

/** 0; 1 when something differs with `check`, or cannot be formatted; 2 when a file cannot be read or written. */
export async function fmtCommand(patterns: readonly string[], options: FmtOptions, io: Io): Promise<number> {
  if (options.stdin) {
    if (patterns.length > 0) throw new WrongUse("--stdin formats what comes on stdin, and no files beside it");
    const file = { path: "stdin", text: await io.input() };
    const formatted = format(file.text);
    if (formatted === null) return refuse(file, io);
    if (options.check) return formatted === file.text ? 0 : 1;
    io.out(formatted);
    return 0;
  }
  if (patterns.length === 0)
    throw new WrongUse("which files? Name files, folders or globs, or give a program on stdin with --stdin");
  let code = 0;
  let read = 0;
  let differ = 0;
  const paths = await findPrograms(patterns, io.cwd, findConfig(io.cwd));
  for (const path of paths) {
    try {
      const file = readProgram(path, io.cwd);
      read++;
      const formatted = format(file.text);
      if (formatted === null) code = Math.max(code, refuse(file, io));
      else if (formatted !== file.text) {
        if (!options.check) writeProgram(file, formatted, io.cwd);
        differ++;
        io.out(`${path}\n`);
      }
    } catch (error) {
      // One that cannot be read or written is no reason to leave the others as they are.
      if (!(error instanceof WrongUse)) throw error;
      io.err(`dlc: ${error.message}\n`);
      code = 2;
    }
  }
  const of = count(read, "program");
  if (!options.check) io.err(`${differ} of ${of} formatted\n`);
  else io.err(differ === 0 ? `${of} in the style\n` : `${differ} of ${of} not in the style; \`dlc fmt\` writes them\n`);
  return options.check && differ > 0 ? Math.max(code, 1) : code;
}

/** What does not end can end anywhere: it is left as it is. */
function refuse(file: SourceFile, io: Io): number {
  const found: Diagnostic[] = [];
  reportScan(file, scan(file.text).problems, found);
  for (const diagnostic of found) io.err(`${drawDiagnostic(diagnostic, paint(io.errColour), io.width)}\n`);
  return 1;
}
