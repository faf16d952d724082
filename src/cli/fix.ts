/** `dlc check --fix`: applies what mends a finding, again and again until nothing is left that it can mend. */
import type { SourceFile } from "../compiler/ast.ts";
import type { Diagnostic, Fix } from "../compiler/diagnostics/diagnostic.ts";
import { positionOf } from "../compiler/diagnostics/lines.ts";
import { applied } from "../compiler/mends/text.ts";
import { writeProgram } from "./files.ts";

/** One mend that was made. */
export interface Fixed {
  readonly code: string;
  readonly title: string;
  /** Where the finding was when it was mended. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface FixedFile {
  readonly file: SourceFile;
  readonly fixed: readonly Fixed[];
}

export interface FixOptions {
  /** Also those after which the program may compute something else. */
  readonly unsafe: boolean;
  readonly cwd: string;
}

/** A mend can show the next one; a program that needs more rounds than this is mended by a person. */
const mostRounds = 10;

/**
 * Writes the mended text over the file. `find` gives the findings of a text. A round after which the text can be read
 * less well than before is not written.
 */
export async function fixFile(
  file: SourceFile,
  find: (file: SourceFile) => Promise<readonly Diagnostic[]>,
  { unsafe, cwd }: FixOptions,
): Promise<FixedFile> {
  const fixed: Fixed[] = [];
  let now = file;
  let diagnostics = await find(file);
  for (let round = 0; round < mostRounds; round++) {
    const chosen = chooseFixes(now, diagnostics, unsafe);
    if (chosen.length === 0) break;
    const edits = chosen.flatMap(({ fix }) => fix.edits.map((edit) => ({ ...edit, text: lineEnds(edit.text, now) })));
    const next = { path: file.path, text: applied(now.text, edits) };
    const after = await find(next);
    if (unreadable(after) > unreadable(diagnostics)) break;
    for (const { diagnostic, fix } of chosen) {
      const { line, column } = positionOf(now, diagnostic.span.start);
      fixed.push({ code: diagnostic.code, title: fix.title, file: file.path, line, column });
    }
    [now, diagnostics] = [next, after];
  }
  if (fixed.length > 0) writeProgram(file, now.text, cwd);
  return { file: now, fixed };
}

/** The one fix of a finding; null where there are several, of which nobody but the author knows which is meant. */
export function onlyFix({ fixes = [] }: Diagnostic, unsafe: boolean): Fix | null {
  const usable = fixes.filter((fix) => unsafe || !fix.unsafe);
  return usable.length === 1 ? usable[0]! : null;
}

/** Of each finding its one fix, if it changes this file alone and nothing that an earlier one changes. */
export function chooseFixes(
  file: SourceFile,
  diagnostics: readonly Diagnostic[],
  unsafe: boolean,
): readonly { readonly diagnostic: Diagnostic; readonly fix: Fix }[] {
  const taken: { readonly start: number; readonly end: number }[] = [];
  return diagnostics.flatMap((diagnostic) => {
    const fix = onlyFix(diagnostic, unsafe);
    if (fix === null || fix.edits.some((edit) => edit.file !== file)) return [];
    // Two insertions at one place would stand in an order that nobody chose.
    const clashes = fix.edits.some(({ span }) => taken.some((one) => span.start <= one.end && one.start <= span.end));
    if (clashes) return [];
    taken.push(...fix.edits.map(({ span }) => span));
    return [{ diagnostic, fix }];
  });
}

function unreadable(diagnostics: readonly Diagnostic[]): number {
  return diagnostics.filter(({ code, severity }) => severity === "error" && code.startsWith("DLC1")).length;
}

/** A text to be put into the file, with its line ends. */
export function lineEnds(text: string, file: SourceFile): string {
  return file.text.includes("\r\n") ? text.replaceAll("\n", "\r\n") : text;
}
