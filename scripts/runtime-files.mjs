import { transform } from "esbuild";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

/**
 * The runtime as JavaScript, one file per source file, in order of path: `{ path: "runtime/instance.js", text }`. The run
 * halves of operators lie in it: `runtime/operators/functions.run.js`. Files that hold types alone are left out.
 */
export async function compileRuntime(root) {
  const src = join(root, "src");
  const sources = [
    ...sourcesIn(join(src, "runtime")).map((source) => ({
      source,
      path: `runtime/${posix(relative(join(src, "runtime"), source))}`,
    })),
    ...sourcesIn(join(src, "operators"))
      .filter((source) => source.endsWith(".run.ts"))
      .map((source) => ({ source, path: `runtime/${posix(relative(src, source))}` })),
  ];
  const files = await Promise.all(
    sources.map(async ({ source, path }) => {
      const options = { loader: "ts", format: "esm", target: "node20", sourcefile: source };
      const { code } = await transform(readFileSync(source, "utf8"), options);
      const text = code
        .replace(/(\bfrom\s*|\bimport\s*\(?\s*)"(\.{1,2}\/[^"]*)\.ts"/g, '$1"$2.js"')
        .replace(/"\.\.\/runtime\//g, '"../');
      return { path: path.replace(/\.ts$/, ".js"), text };
    }),
  );
  return files.filter(({ text }) => text.trim() !== "").sort((a, b) => (a.path < b.path ? -1 : 1));
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
