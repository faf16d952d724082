import { transform } from "esbuild";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

/**
 * The runtime as JavaScript, one file per source file, in order of path: `{ path: "runtime/instance.js", text }`.
 * Type-only files become empty modules and are left out unless another file imports them.
 */
export async function compileRuntime(root) {
  const folder = join(root, "src", "runtime");
  if (!existsSync(folder)) return [];
  const sources = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
  const files = await Promise.all(
    sources.map(async (source) => {
      const { code } = await transform(readFileSync(source, "utf8"), {
        loader: "ts",
        format: "esm",
        target: "node20",
        sourcefile: source,
      });
      const path = `runtime/${relative(folder, source).split(sep).join("/").replace(/\.ts$/, ".js")}`;
      return { path, text: code.replace(/(\bfrom\s*|\bimport\s*\(?\s*)"(\.{1,2}\/[^"]*)\.ts"/g, '$1"$2.js"') };
    }),
  );
  return files.filter((file) => file.text.trim() !== "");
}
