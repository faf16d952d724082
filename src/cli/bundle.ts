import { basename, relative } from "node:path";
import { functionImports, importsOf } from "../compiler/5-emit/functions.ts";
import type { EmittedFile } from "../compiler/emitted.ts";
import type { Ir } from "../compiler/ir.ts";
import { modulePath } from "../functions/modules.ts";

/** The modules of imported functions and aggregates, each with all that it imports in one JavaScript file: `functions/words.js`. */
export async function bundleFunctions(ir: Ir, cwd: string): Promise<readonly EmittedFile[]> {
  const modules = new Map<string, string>();
  const names = functionImports(ir);
  for (const imported of importsOf(ir)) modules.set(names.get(imported.id)!, modulePath(imported, cwd));
  if (modules.size === 0) return [];
  const { build } = await import("esbuild");
  const files: EmittedFile[] = [];
  for (const [name, path] of modules) {
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
    // esbuild names each bundled file in a comment, relative to the working folder: the same bytes wherever it was built.
    const folder = relative(cwd, path).slice(0, -basename(path).length).replaceAll("\\", "/");
    const text = result.outputFiles[0]!.text.replace(/^\/\/ (\S+)$/gm, (comment, file: string) =>
      folder !== "" && file.startsWith(folder) ? `// ${file.slice(folder.length)}` : comment,
    );
    files.push({ path: `functions/${name}.js`, text });
  }
  return files;
}
