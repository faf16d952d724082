import { basename, relative } from "node:path";
import { componentImports, implementedIn } from "../compiler/5-emit/components.ts";
import { functionImports, importsOf } from "../compiler/5-emit/functions.ts";
import type { EmittedFile } from "../compiler/emitted.ts";
import type { Ir } from "../compiler/ir.ts";
import { modulePath } from "../functions/modules.ts";

/**
 * What a program imports and the components that run in it, each module with all that it imports in one JavaScript
 * file: `functions/words.js`, `components/report.js`.
 */
export async function bundleModules(ir: Ir, cwd: string): Promise<readonly EmittedFile[]> {
  const functions = new Map<string, string>();
  const imports = functionImports(ir);
  for (const imported of importsOf(ir)) functions.set(imports.get(imported.id)!, modulePath(imported, cwd));
  const components = new Map<string, string>();
  const implemented = componentImports(ir);
  for (const one of implementedIn(ir)) components.set(implemented.get(one.name)!, modulePath(one, cwd));
  return [
    ...(await bundle("functions", functions, "neutral", cwd)),
    // A component may use what Node has; a function has no business there.
    ...(await bundle("components", components, "node", cwd)),
  ];
}

async function bundle(
  folder: string,
  modules: ReadonlyMap<string, string>,
  platform: "neutral" | "node",
  cwd: string,
): Promise<readonly EmittedFile[]> {
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
      platform,
      mainFields: ["module", "main"],
      target: "node20",
      logLevel: "silent",
      outfile: `${name}.js`,
    });
    // esbuild names each bundled file in a comment, relative to the working folder: the same bytes wherever it was built.
    const beside = relative(cwd, path).slice(0, -basename(path).length).replaceAll("\\", "/");
    const text = result.outputFiles[0]!.text.replace(/^\/\/ (\S+)$/gm, (comment, file: string) =>
      beside !== "" && file.startsWith(beside) ? `// ${file.slice(beside.length)}` : comment,
    );
    files.push({ path: `${folder}/${name}.js`, text });
  }
  return files;
}
