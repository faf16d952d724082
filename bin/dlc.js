#!/usr/bin/env node
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { load } from "./load.js";

const built = fileURLToPath(new URL("../dist/cli.cjs", import.meta.url));
if (!existsSync(built)) {
  console.error("dlc: this checkout is not built yet. Run `npm run build` first.");
  process.exit(2);
}
// In a checkout somebody may have changed a source; a package has none.
const freshness = new URL("../scripts/freshness.mjs", import.meta.url);
if (process.stderr.isTTY && existsSync(fileURLToPath(freshness))) {
  const { isFresh } = await import(freshness.href);
  if (!isFresh(fileURLToPath(new URL("..", import.meta.url))))
    console.error("dlc: sources of this checkout are newer than what is built. Run `npm run build`.");
}
const args = process.argv.slice(2);
// A run is over before what is optimized early has paid for it, but for that of the language server. Newer versions count otherwise.
if (args[0] !== "lsp" && !module.enableCompileCache) setFlagsFromString("--interrupt-budget=800000");
const { exports, keep } = load(built, /^[a-z]+$/.test(args[0] ?? "") ? args[0] : "dlc");
process.exitCode = await exports.main(args);
if (process.exitCode !== 2) keep();
