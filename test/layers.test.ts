/** Who may import whom. The table is the architecture: a line here is a decision, not a habit. */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const src = join(root, "src");

interface Layer {
  readonly name: string;
  readonly owns: (path: string) => boolean;
  /** Paths below src/ (or grammar/) that it may import, besides its own. */
  readonly mayImport: (path: string) => boolean;
  readonly nodeModules: "none" | "node" | readonly string[];
}

const isContract = (path: string): boolean => /^compiler\/[a-z]+\.ts$/.test(path) && path !== "compiler/compile.ts";
const isRun = (path: string): boolean => path.endsWith(".run.ts");
const phases = ["1-parse", "2-lower", "3-analyze", "4-place", "5-emit"];
const at =
  (folder: string) =>
  (path: string): boolean =>
    path.startsWith(`${folder}/`);
const onNats = at("runtime/transports/nats");
const open = (path: string): boolean =>
  ["operators", "strategies", "lattices", "lints"].some((folder) => at(folder)(path)) && !isRun(path);

const layers: readonly Layer[] = [
  {
    name: "contracts between phases",
    owns: isContract,
    mayImport: (path) => isContract(path) || at("compiler/diagnostics")(path),
    nodeModules: [],
  },
  { name: "diagnostics", owns: at("compiler/diagnostics"), mayImport: isContract, nodeModules: [] },
  ...phases.map((phase, index): Layer => ({
    name: phase,
    owns: at(`compiler/${phase}`),
    // A phase sees the borders, the diagnostics, the open lists, and of the phases before it those whose functions it applies again.
    mayImport: (path) =>
      isContract(path) ||
      at("compiler/diagnostics")(path) ||
      open(path) ||
      (phase === "4-place" && at("compiler/3-analyze")(path)) ||
      (phase === "5-emit" && at("compiler/3-analyze")(path)) ||
      (phase === "1-parse" && at("grammar")(path)) ||
      (index > 2 && path === "runtime/program.ts"),
    nodeModules: phase === "1-parse" ? ["ohm-js"] : [],
  })),
  {
    name: "formatter",
    owns: at("compiler/format"),
    mayImport: at("compiler/1-parse"),
    nodeModules: [],
  },
  {
    name: "mends",
    owns: at("compiler/mends"),
    mayImport: (path) => isContract(path) || at("compiler/diagnostics")(path) || at("compiler/3-analyze")(path),
    nodeModules: [],
  },
  { name: "the pipeline", owns: (path) => path === "compiler/compile.ts", mayImport: at("compiler"), nodeModules: [] },
  {
    name: "operators and strategies, compile halves",
    owns: open,
    mayImport: (path) =>
      isContract(path) || open(path) || at("compiler/diagnostics")(path) || at("compiler/3-analyze")(path),
    nodeModules: [],
  },
  {
    name: "operators and strategies, run halves",
    owns: isRun,
    mayImport: (path) => isRun(path) || at("runtime")(path),
    nodeModules: "node",
  },
  {
    name: "runtime",
    owns: (path) => at("runtime")(path) && !onNats(path),
    mayImport: (path) => isRun(path) || onNats(path),
    nodeModules: "node",
  },
  {
    name: "runtime on NATS",
    owns: onNats,
    mayImport: at("runtime"),
    nodeModules: ["node", "@nats-io/transport-node", "@nats-io/jetstream", "@nats-io/kv"],
  },
  {
    name: "verify",
    owns: at("verify"),
    mayImport: (path) => at("runtime")(path) || at("compiler")(path) || isRun(path),
    nodeModules: "node",
  },
  {
    name: "functions of the user",
    owns: at("functions"),
    mayImport: (path) => at("compiler")(path) || at("runtime")(path) || open(path) || isRun(path),
    nodeModules: ["node", "esbuild", "ts-morph"],
  },
  {
    name: "pictures of programs",
    owns: at("pictures"),
    mayImport: (path) => isContract(path) || at("runtime")(path) || at("verify")(path),
    nodeModules: ["@viz-js/viz"],
  },
  {
    name: "playground",
    owns: at("playground"),
    // Of the command line the words only: nothing that reads or prints.
    mayImport: (path) =>
      ["compiler", "runtime", "verify", "pictures"].some((folder) => at(folder)(path)) ||
      path === "cli/draw/insertion.ts",
    nodeModules: [],
  },
  {
    name: "editor",
    owns: at("editor"),
    mayImport: (path) => at("compiler")(path) || open(path),
    nodeModules: [],
  },
  {
    name: "command line",
    owns: at("cli"),
    mayImport: (path) =>
      ["compiler", "editor", "runtime", "verify", "functions", "pictures"].some((folder) => at(folder)(path)),
    nodeModules: [
      "node",
      "commander",
      "chalk",
      "tinyglobby",
      "esbuild",
      "ts-morph",
      "yaml",
      "vscode-languageserver/node",
      "vscode-languageserver-textdocument",
    ],
  },
];

const files = readdirSync(src, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .map((entry) => relative(src, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));

function importsOf(path: string): string[] {
  const text = readFileSync(join(src, path), "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const imports = /^(?:import\b[^;"]*|export\b[^;"=]*\bfrom\s*)"([^"\n]+)"|\bimport\(\s*"([^"\n]+)"\)/gm;
  return [...text.matchAll(imports)].map((match) => match[1] ?? match[2]);
}

describe("layers", () => {
  test("every file belongs to one layer", () => {
    expect(files.length).toBeGreaterThan(50);
    for (const file of files)
      expect(
        layers.filter((layer) => layer.owns(file)).map(({ name }) => name),
        file,
      ).toHaveLength(1);
  });

  for (const layer of layers) {
    test(`${layer.name} imports only what it may`, () => {
      const wrong: string[] = [];
      for (const file of files.filter(layer.owns)) {
        for (const specifier of importsOf(file)) {
          if (specifier.startsWith(".")) {
            const target = relative(src, resolve(src, dirname(file), specifier))
              .replaceAll("\\", "/")
              .replace(/^\.\.\/grammar\//, "grammar/");
            if (!layer.owns(target) && !layer.mayImport(target)) wrong.push(`${file} imports ${target}`);
          } else if (specifier.startsWith("node:")) {
            if (layer.nodeModules !== "node" && !layer.nodeModules.includes("node"))
              wrong.push(`${file} imports ${specifier}`);
          } else if (typeof layer.nodeModules === "string" || !layer.nodeModules.includes(specifier)) {
            wrong.push(`${file} imports the package ${specifier}`);
          }
        }
      }
      expect(wrong).toEqual([]);
    });
  }

  test("the compiler and the editor have no clock, no randomness and no process", () => {
    const wrong = files
      .filter((file) => file.startsWith("compiler/") || file.startsWith("editor/"))
      .filter((file) =>
        /\b(?:Date\.now|new Date\(|Math\.random|process\.|performance\.|globalThis\.)/.test(
          readFileSync(join(src, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$|"(?:\\.|[^"\\\n])*"/gm, ""),
        ),
      );
    expect(wrong).toEqual([]);
  });
});
