import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { EmittedFile } from "../compiler/emitted.ts";
import { packageRoot } from "./root.ts";

/** The runtime as every emitted folder carries it: `runtime/….js`, compiled when dlc was built. */
export async function runtimeFiles(): Promise<readonly EmittedFile[]> {
  const root = packageRoot();
  if (import.meta.url.endsWith(".ts")) {
    // From the sources (in tests): the runtime as it stands now.
    const { compileRuntime } = (await import(join(root, "scripts", "runtime-files.mjs"))) as {
      compileRuntime: (root: string) => Promise<EmittedFile[]>;
    };
    return compileRuntime(root);
  }
  const folder = join(root, "dist", "runtime");
  if (!existsSync(folder))
    throw new Error(`the runtime is missing at ${folder}; this installation of dlc is not complete`);
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
    .map((path) => ({
      path: `runtime/${relative(folder, path).split(sep).join("/")}`,
      text: readFileSync(path, "utf8"),
    }));
}
