/** A program's files: its own, and those that it imports. */
import type { Ast, ImportDecl, SourceFile } from "../ast.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { importPath, libraryScheme, normalPath, type ImportedFiles } from "../imports.ts";
import type { Result } from "../result.ts";
import type { StatementCache } from "./cache.ts";
import { match } from "./cst.ts";
import { importOf } from "./modules.ts";
import { read, type Read } from "./parse.ts";
import { scan } from "./scan.ts";
import { report, type Site } from "./site.ts";

/** What the imports of a file name, as written: what somebody has to read before the program can be parsed. */
export function importsOf(file: SourceFile): readonly string[] {
  if (!/\bimport\b/.test(file.text)) return [];
  const named: string[] = [];
  for (const { word, text, from, start, end } of scan(file.text).statements) {
    if (word !== "import") continue;
    const site: Site = { file, text: text.slice(from), base: start + from, diagnostics: [] };
    const { cst } = match(site.text, "import");
    if (cst !== null) named.push(importOf(site, cst, null, end).from.value);
  }
  return named;
}

/** A program of which each file is a tree of what could be read. */
export interface ReadProgram {
  /** The program's own file, then all that it imports, the nearer first and each once. */
  readonly asts: readonly Ast[];
  /** Whether nothing is missing that may declare something. */
  readonly isWhole: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

/** No value where a file may lack a declaration, or cannot be imported. */
export function parseProgram(file: SourceFile, files: ImportedFiles, cache?: StatementCache): Result<readonly Ast[]> {
  const { asts, isWhole, diagnostics } = readProgram(file, files, (source) =>
    read(source, scan(source.text), [], cache),
  );
  return { value: isWhole ? asts : null, diagnostics };
}

export function readProgram(file: SourceFile, files: ImportedFiles, readFile: (file: SourceFile) => Read): ReadProgram {
  const diagnostics: Diagnostic[] = [];
  const asts: Ast[] = [];
  const queue: SourceFile[] = [file];
  const own = normalPath(file.path);
  const readable: ImportedFiles = new Map([...files, [own, file]]);
  const known = new Set([own]);
  let isWhole = true;
  for (const source of queue) {
    const { ast, isWhole: isFileWhole, diagnostics: found } = readFile(source);
    diagnostics.push(...found);
    if (!isFileWhole) isWhole = false;
    asts.push(ast);
    const before = new Map<string, ImportDecl>();
    for (const item of ast.items) {
      if (item.kind !== "import") continue;
      const imported = importedFile(source, item, readable, diagnostics);
      const path = imported === null ? null : normalPath(imported.path);
      const first = path === null ? undefined : before.get(path);
      if (imported === null || path === null) isWhole = false;
      else if (path === normalPath(source.path)) {
        isWhole = false;
        report({ file: source, diagnostics }, "DLC291", item.from.span, "This file imports itself.", {
          mend: "Leave the import out: what a file declares is known in all of it.",
        });
      } else if (first !== undefined) {
        report(
          { file: source, diagnostics },
          "DLC291",
          item.from.span,
          `${JSON.stringify(item.from.value)} is imported twice.`,
          {
            cause: { span: first.from.span, label: "first here" },
            mend: `Leave one of the imports out, and name what is in it by \`${first.name.text}\`.`,
          },
        );
      } else {
        before.set(path, item);
        if (!known.has(path)) queue.push(imported);
        known.add(path);
      }
    }
  }
  return { asts, isWhole, diagnostics };
}

/** null after a report. */
function importedFile(
  file: SourceFile,
  { from }: ImportDecl,
  files: ImportedFiles,
  diagnostics: Diagnostic[],
): SourceFile | null {
  const path = importPath(file.path, from.value);
  const quoted = JSON.stringify(from.value);
  if (path === null) {
    const inLibrary = file.path.startsWith(libraryScheme);
    report({ file, diagnostics }, "DLC291", from.span, `${quoted} is not the path of a program.`, {
      mend: inLibrary
        ? 'A file of the standard library imports others of it: `"dlc:delivery"`.'
        : 'Write a path relative to this file, such as `"./delivery.dlc"`, or a file of the standard library: `"dlc:delivery"`.',
    });
    return null;
  }
  const found = files.get(path);
  if (found !== undefined && "text" in found) return found;
  const near = found?.near ?? [];
  report(
    { file, diagnostics },
    "DLC291",
    from.span,
    `${quoted} cannot be imported: ${found?.problem ?? "there is no such file"}.`,
    {
      mend:
        near.length === 0
          ? "Paths are relative to the file that imports."
          : `Did you mean ${near.map((one) => `\`${JSON.stringify(one)}\``).join(" or ")}?`,
      ...(near.length === 0
        ? {}
        : { fix: { title: `Import ${JSON.stringify(near[0])}`, span: from.span, text: JSON.stringify(near[0]) } }),
    },
  );
  return null;
}
