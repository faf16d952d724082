/** Addresses of documents, as paths and back. */
import { readFileSync, statSync } from "node:fs";
import { sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { libraryScheme } from "../../compiler/imports.ts";
import { libraryFile } from "../imports.ts";

/** Absolute, with slashes; of what is in no file, its address. */
export function pathOf(uri: string): string {
  if (!uri.startsWith("file:")) return uri;
  try {
    return fileURLToPath(uri).split(sep).join("/");
  } catch {
    return uri;
  }
}

export function uriOf(path: string): string {
  if (path.startsWith(libraryScheme)) return uriOf(libraryFile(path) ?? path);
  return /^(?:\/|[A-Za-z]:)/.test(path) ? pathToFileURL(path).href : path;
}

/** When a file was written and how long it is; "" where there is none. */
export function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.mtimeMs} ${stat.size}`;
}

/** null where it cannot be read. */
export function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8").replace(/^\ufeff/, "");
  } catch {
    return null;
  }
}
