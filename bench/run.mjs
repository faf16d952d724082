/** Bundles one of the benchmarks beside this file and runs it: `node bench/run.mjs coordination [options]`. */
import { build } from "esbuild";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [name, ...args] = process.argv.slice(2);
const outfile = join(root, "node_modules", ".cache", "dlc", `bench-${name}.mjs`);
await build({
  absWorkingDir: root,
  entryPoints: [`bench/${name}.ts`],
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  outfile,
  // CommonJS packages call `require` for node's own modules.
  banner: { js: 'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);' },
  logLevel: "warning",
});
const { main } = await import(pathToFileURL(outfile).href);
process.exitCode = await main(root, args);
