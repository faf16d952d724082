/** Names of files for readers elsewhere: a code scanning service, the annotations of a pull request. */
import { isAbsolute, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { SourceFile } from "../../compiler/ast.ts";
import { libraryScheme } from "../../compiler/imports.ts";
import type { Io } from "../io.ts";

export type Naming = (file: SourceFile) => string;

/** Relative to the checkout on a build server, else to the working folder; absolute for what lies outside; the library's as imported. */
export function namesFrom({ cwd, env }: Pick<Io, "cwd" | "env">): Naming {
  const checkout = env["GITHUB_WORKSPACE"];
  const root = checkout && isBelow(cwd, checkout) ? checkout : cwd;
  return ({ path }) => {
    if (path.startsWith(libraryScheme)) return path;
    const absolute = resolve(cwd, path);
    return isBelow(absolute, root) ? relative(root, absolute).split(sep).join("/") : absolute;
  };
}

/** As a URI reference: `a%20b/ads.dlc`, `file:///…` when absolute. */
export function uriOf(name: string): string {
  if (name.startsWith(libraryScheme)) return name;
  if (isAbsolute(name)) return pathToFileURL(name).href;
  return name.split("/").map(encodeURIComponent).join("/");
}

function isBelow(path: string, folder: string): boolean {
  const below = relative(folder, path);
  return !isAbsolute(below) && below !== ".." && !below.startsWith(`..${sep}`);
}
