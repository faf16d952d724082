import { transform } from "esbuild";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

/**
 * The runtime as JavaScript, one file per source file, in order of path: `{ path: "runtime/instance.js", text }`. The run
 * halves of operators and lattices lie in it: `runtime/operators/functions.run.js`. Files that hold types alone are left out.
 */
export async function compileRuntime(root) {
  const src = join(root, "src");
  const sources = [
    ...sourcesIn(join(src, "runtime")).map((source) => ({
      source,
      path: `runtime/${posix(relative(join(src, "runtime"), source))}`,
    })),
    ...["operators", "lattices"]
      .flatMap((folder) => sourcesIn(join(src, folder)))
      .filter((source) => source.endsWith(".run.ts"))
      .map((source) => ({ source, path: `runtime/${posix(relative(src, source))}` })),
  ];
  const files = await Promise.all(
    sources.map(async ({ source, path }) => {
      const options = { loader: "ts", format: "esm", target: "node20", sourcefile: source };
      const { code } = await transform(readFileSync(source, "utf8"), options);
      const text = inRuntimeFolder(code.replace(/(\bfrom\s*|\bimport\s*\(?\s*)"(\.{1,2}\/[^"]*)\.ts"/g, '$1"$2.js"'));
      return { path: path.replace(/\.ts$/, ".js"), text };
    }),
  );
  return files.filter(({ text }) => text.trim() !== "").sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The imports of a file of the runtime, or of a run half, as they are where these lie in the runtime's folder. */
export function inRuntimeFolder(text) {
  return text
    .replace(/"\.\.\/runtime\//g, '"../')
    .replace(/"\.\.\/((?:\.\.\/)*)(?=(?:operators|lattices)\/)/g, (_, up) => `"${up || "./"}`);
}

function sourcesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function posix(path) {
  return path.split(sep).join("/");
}
