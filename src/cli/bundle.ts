import { basename, extname, relative } from "node:path";
import type { EmittedFile } from "../compiler/emitted.ts";
import type { Ir } from "../compiler/ir.ts";
import { modulePath } from "./functions.ts";

/**
 * The modules of imported functions, each with all that it imports in one JavaScript file: `functions/words.js`.
 * Two modules of one name are told apart by a number, in the order of the program.
 */
export async function bundleFunctions(ir: Ir, cwd: string): Promise<readonly EmittedFile[]> {
  const names = functionModules(ir, cwd);
  if (names.size === 0) return [];
  const { build } = await import("esbuild");
  const files: EmittedFile[] = [];
  for (const [path, name] of names) {
    const result = await build({
      entryPoints: [path],
      absWorkingDir: cwd,
      bundle: true,
      write: false,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      target: "node20",
      logLevel: "silent",
      outfile: `${name}.js`,
    });
    // The comment names the bundled file relative to the working folder: the same bytes wherever it was built.
    files.push({
      path: `functions/${name}.js`,
      text: result.outputFiles[0]!.text.replaceAll(`// ${relative(cwd, path)}`, `// ${basename(path)}`),
    });
  }
  return files;
}

/** Absolute path of each module to its name in `functions/`. */
export function functionModules(ir: Ir, cwd: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const fn of ir.functions.values()) {
    const path = modulePath(fn, cwd);
    if (names.has(path)) continue;
    const stem = basename(path, extname(path));
    const taken = new Set(names.values());
    let name = stem;
    for (let n = 2; taken.has(name); n++) name = `${stem}-${n}`;
    names.set(path, name);
  }
  return names;
}
