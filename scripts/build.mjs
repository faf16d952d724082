/**
 * Builds `dist/`: the command line as one file, of which bytecode can be kept (`cli.cjs`, see `bin/load.js`), the thread
 * of the language server that checks programs (`check-worker.js`), the compiler as a library (`compiler.js`), the runtime
 * file by file (`runtime/`), as emitted folders carry it, and the playground as one page (`playground.html`).
 *
 *   node scripts/build.mjs              build
 *   node scripts/build.mjs --if-stale   build only when a source is newer than the last build
 */
import { build } from "esbuild";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { isFresh, walk } from "./freshness.mjs";
import { compileRuntime, inRuntimeFolder } from "./runtime-files.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");

if (process.argv.includes("--if-stale") && isFresh(root)) process.exit(0);

const started = performance.now();
const shared = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  metafile: true,
  format: "esm",
  target: "node20",
  logLevel: "silent",
};
/** For Node. A shorter text is read faster, in each of the short runs of `dlc`; names stay, for stacks. */
const forNode = {
  ...shared,
  platform: "node",
  outdir: "dist",
  minifyWhitespace: true,
  minifySyntax: true,
  external: ["esbuild", "typescript", "ts-morph", "@nats-io/*"],
};

const typed = declarations();
let results;
try {
  results = await Promise.all([
    build({
      ...forNode,
      format: "cjs",
      entryPoints: { cli: "src/cli/main.ts" },
      // What lays graphs out is as long as all the rest, and seldom needed.
      external: [...forNode.external, "./viz.cjs"],
      alias: { "@viz-js/viz": "./viz.cjs" },
      outExtension: { ".js": ".cjs" },
      // Kept bytecode has nobody who answers an `import()`.
      supported: { "dynamic-import": false },
      define: { "import.meta.url": "__url" },
      banner: { js: '"use strict";\nconst __url = require("node:url").pathToFileURL(__filename).href;' },
    }),
    build({ ...forNode, format: "cjs", entryPoints: { viz: "@viz-js/viz" }, outExtension: { ".js": ".cjs" } }),
    build({
      ...forNode,
      entryPoints: { "check-worker": "src/cli/lsp/check-worker.ts" },
      // CommonJS packages inside an ES module call `require` for node's own modules.
      banner: {
        js: 'import { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);',
      },
    }),
    build({
      ...shared,
      platform: "neutral",
      mainFields: ["module", "main"],
      entryPoints: { compiler: "src/compiler/compile.ts" },
      outdir: "dist",
    }),
    playground(),
  ]);
} catch (error) {
  for (const { text, location } of error.errors ?? [{ text: String(error), location: null }]) {
    console.error(`build: ${location ? `${location.file}:${location.line}:${location.column + 1}: ` : ""}${text}`);
  }
  process.exit(1);
}

/** Absolute path to text. Files are put in place one by one by renaming, so that a running `dlc` never sees half of one. */
const files = new Map();
for (const result of results) for (const file of result.outputFiles) files.set(file.path, file.text);
// A text of ASCII alone is read without being decoded.
const cli = join(dist, "cli.cjs");
const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
files.set(cli, files.get(cli).replace(/[^\0-\x7f]/g, escaped));
const script = files.get(join(dist, "playground.js"));
files.delete(join(dist, "playground.js"));
files.set(join(dist, "playground.html"), playgroundPage(script));
for (const file of await compileRuntime(root)) files.set(join(dist, file.path), file.text);
for (const file of await typed) files.set(join(dist, file.path), file.text);
files.set(join(dist, "THIRD-PARTY.txt"), notices(results));

for (const [path, text] of files) {
  mkdirSync(dirname(path), { recursive: true });
  const next = `${path}.${process.pid}.new`;
  writeFileSync(next, text);
  renameSync(next, path);
}
for (const path of walk(dist)) {
  const old = Date.now() - statSync(path, { throwIfNoEntry: false })?.mtimeMs > 60_000;
  if (!files.has(path) && old) rmSync(path, { force: true });
}
console.error(`build: dist/ with ${files.size} files in ${Math.round(performance.now() - started)} ms`);

/** The script of the playground. */
function playground() {
  return build({
    ...shared,
    platform: "browser",
    format: "iife",
    target: "es2023",
    minify: true,
    entryPoints: { playground: "src/playground/main.ts" },
    outdir: "dist",
  });
}

/** One file, which needs no server. */
function playgroundPage(script) {
  const programs = join(root, "src", "playground", "examples.json");
  const examples = JSON.parse(readFileSync(programs, "utf8")).map(({ title, program, events }) => ({
    title,
    program: readFileSync(join(root, program), "utf8"),
    events: events.map((event) => JSON.stringify(event)).join("\n"),
  }));
  const parts = { "/* script */": script, "/* examples */": JSON.stringify(examples) };
  const page = readFileSync(join(root, "src", "playground", "page.html"), "utf8");
  // Nothing in a script may end it.
  return page.replace(/\/\* (?:script|examples) \*\//g, (mark) => parts[mark].replaceAll("</", "<\\/"));
}

/** Declarations of the compiler as a library (`types/`) and of the runtime (beside its JavaScript). */
async function declarations() {
  const folder = join(root, "node_modules", ".cache", "dlc", "declarations");
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const args = [tsc, "-p", join(root, "tsconfig.types.json"), "--outDir", folder];
  const ended = new Promise((resolve) =>
    spawn(process.execPath, args, { stdio: ["ignore", 2, 2] }).on("close", resolve),
  );
  if ((await ended) !== 0) console.error("build: the sources have type errors; the declarations are made all the same");
  return walk(folder).flatMap((path) => {
    const inside = relative(folder, path).split(sep).join("/");
    const text = readFileSync(path, "utf8").replace(/(["'])(\.{1,2}\/[^"']*)\.ts\1/g, '"$2.js"');
    const beside = besideRuntime(inside.endsWith(".run.d.ts") ? `runtime/${inside}` : inside, text);
    return [...beside, { path: `types/${inside}`, text }];
  });
}

/** A declaration as it lies in the folder of the runtime, if it does. */
function besideRuntime(path, text) {
  return path.startsWith("runtime/") ? [{ path, text: inRuntimeFolder(text) }] : [];
}

/** The licences of the packages that are inside the bundles. */
function notices(parts) {
  const names = new Set();
  for (const { metafile } of parts) {
    for (const input of Object.keys(metafile.inputs)) {
      const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
      if (match) names.add(match[1]);
    }
  }
  const entries = [...names].sort().map((name) => {
    const folder = join(root, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), "utf8").trim() : ""}\n`;
  });
  return `Packages bundled into dlc, with their licences.\n\n${entries.join(`\n${"-".repeat(80)}\n\n`)}`;
}
