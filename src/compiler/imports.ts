/** The files that a program imports, as its compiler gets them: by path, read by someone else. */
import type { SourceFile } from "./ast.ts";

/** By the path that `importPath` gives. */
export type ImportedFiles = ReadonlyMap<string, SourceFile | Unreadable>;

/** A file that could not be read. */
export interface Unreadable {
  /** Why, as the end of a sentence: `there is no such file`. */
  readonly problem: string;
  /** What may have been meant, as it would be written in the import. */
  readonly near: readonly string[];
}

/** Before the name of a file of the standard library. */
export const libraryScheme = "dlc:";

/**
 * The path of the file that `from` names in an import of the file at `importing`: relative to that file, or a file of
 * the standard library. null: it is neither, and cannot be imported.
 */
export function importPath(importing: string, from: string): string | null {
  if (from.startsWith(libraryScheme)) return from;
  if (!/^\.\.?\//.test(from) || importing.startsWith(libraryScheme)) return null;
  return normalPath(`${importing.slice(0, importing.lastIndexOf("/") + 1)}${from}`);
}

/** Without `.` and without names that `..` takes back: two paths of one file are equal texts. */
export function normalPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") {
      if (parts.length > 0 && parts[parts.length - 1] !== "..") parts.pop();
      else if (!path.startsWith("/")) parts.push(part);
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  return `${path.startsWith("/") ? "/" : ""}${parts.join("/")}`;
}
