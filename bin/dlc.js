#!/usr/bin/env node
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";

const built = new URL("../dist/cli.js", import.meta.url);
if (!existsSync(fileURLToPath(built))) {
  console.error("dlc: this checkout is not built yet. Run `npm run build` first.");
  process.exit(2);
}
// In a checkout somebody may have changed a source; a package has none.
const freshness = new URL("../scripts/freshness.mjs", import.meta.url);
if (existsSync(fileURLToPath(freshness))) {
  const { isFresh } = await import(freshness.href);
  if (!isFresh(fileURLToPath(new URL("..", import.meta.url))))
    console.error("dlc: sources of this checkout are newer than what is built. Run `npm run build`.");
}
// A run is over before what is optimized early has paid for it, but for that of the language server. Newer versions
// keep compiled code instead.
if (module.enableCompileCache) module.enableCompileCache();
else if (process.argv[2] !== "lsp") setFlagsFromString("--interrupt-budget=800000");
const { main } = await import(built.href);
process.exitCode = await main(process.argv.slice(2));
