import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { SourceFile } from "../compiler/ast.ts";

/** Where the module of an imported function lies. */
export function modulePath({ file, from }: { readonly file: SourceFile; readonly from: string }, cwd: string): string {
  return resolve(cwd, dirname(file.path), from);
}

export function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
