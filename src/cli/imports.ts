/** Reads the files that a program imports. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join, posix, resolve } from "node:path";
import type { SourceFile } from "../compiler/ast.ts";
import { importPath, libraryScheme, type ImportedFiles, type Unreadable } from "../compiler/imports.ts";
import { importsOf } from "../compiler/1-parse/program.ts";
import { nearNames } from "../compiler/diagnostics/near.ts";
import { readSource } from "./files.ts";
import { WrongUse } from "./io.ts";
import { packageRoot } from "./root.ts";

/** Texts that are not saved, by path. */
export type Unsaved = ReadonlyMap<string, string>;

/** All files that `program` imports, directly or not, by their paths as the compiler names them. */
export function readImports(program: SourceFile, cwd: string, unsaved: Unsaved = new Map()): ImportedFiles {
  const files = new Map<string, SourceFile | Unreadable>();
  const queue = [program];
  for (const file of queue) {
    for (const from of importsOf(file)) {
      const path = importPath(file.path, from);
      if (path === null || files.has(path)) continue;
      const text = unsaved.get(path);
      const read = text === undefined ? readImport(path, from, cwd) : { path, text };
      const name = path.startsWith(libraryScheme) ? path : posix.relative(posix.dirname(program.path), path);
      files.set(path, "text" in read ? { ...read, name } : read);
      if ("text" in read) queue.push(read);
    }
  }
  return files;
}

/** `from`: as it is written in the import. */
export function readImport(path: string, from: string, cwd: string): SourceFile | Unreadable {
  const absolute = path.startsWith(libraryScheme) ? libraryFile(path) : resolve(cwd, path);
  if (absolute === null || !existsSync(absolute)) {
    const problem = path.startsWith(libraryScheme) ? "the standard library has no such file" : "there is no such file";
    return { problem, near: nearPaths(path, from, cwd) };
  }
  if (statSync(absolute).isDirectory()) return { problem: "it is a folder", near: [] };
  try {
    return readSource(absolute, path);
  } catch (error) {
    if (!(error instanceof WrongUse)) throw error;
    return { problem: error.message, near: [] };
  }
}

/** Where a file of the standard library lies; null where it cannot be one. */
export function libraryFile(path: string): string | null {
  const name = path.slice(libraryScheme.length);
  return /^[a-z0-9-]+$/.test(name) ? join(packageRoot(), "lib", `${name}.dlc`) : null;
}

/** Programs in the same folder with a name like it, as an import would name them. */
function nearPaths(path: string, from: string, cwd: string): readonly string[] {
  const isLibrary = path.startsWith(libraryScheme);
  const folder = isLibrary ? join(packageRoot(), "lib") : dirname(resolve(cwd, path));
  if (!existsSync(folder)) return [];
  const before = isLibrary ? libraryScheme : from.slice(0, from.lastIndexOf("/") + 1);
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".dlc"))
    .map((name) => (isLibrary ? name.slice(0, -".dlc".length) : name));
  const name = from.slice(before.length);
  const exact = names.filter((one) => one === `${name}.dlc`);
  return [...exact, ...nearNames(name, names)].slice(0, 3).map((one) => `${before}${one}`);
}
