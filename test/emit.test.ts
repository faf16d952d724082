/** The files of the emitted folder. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { emit } from "../src/compiler/5-emit/emit.ts";
import type { EmittedFile } from "../src/compiler/emitted.ts";
import { bare, irOf } from "./support/plan.ts";
import { check, filesOf } from "./support/check.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const program = `function shout(s: string): string from "./words.ts";

/// Takes what is asked.
role Ask x2 {
  /// A question, "as typed" */ by somebody.
  input ask(campaign: string, tags: list<(string, int)>, raw: bytes, doc: json) sealed by (campaign);
  Answer.ask(self, c, n) <~ ask(c, t, _, _), (_, n) in t, n > 2;
}

role Answer partitioned by (campaign) {
  channel ask(client: addr, campaign: string, n: int);
  timer tick every 500ms;
  table asked(client: addr, campaign: string, n: int);
  table best(campaign: string -> n: int);
  table edge(x: int, y: int);
  scratch reach(x: int, y: int);
  scratch busy(campaign: string, n: int);
  output loud(campaign: string, n: int, ok: bool) eventual;
  asked(a, c, n) <= ask(a, c, n);
  asked(a, c, n) <- asked(a, c, n), tick(), n > 1000;
  best(c, if n > 10 then n * 2 else 0) <+- ask(_, c, n);
  edge(n, n + 1) <= ask(_, _, n);
  reach(x, y) <= edge(x, y);
  reach(x, z) <= reach(x, y), edge(y, z), not asked(_, "stop", x);
  busy(c, count(distinct a)) <= asked(a, c, _) having count() > 1;
  loud(shout(c) + "!", n, n >= 3 && m != 1) <= busy(c, n), best(c, m);
}
`;

const file = (files: readonly EmittedFile[], path: string): string => files.find((one) => one.path === path)!.text;

/** What the TypeScript compiler says of the emitted files and of an application that uses them. */
function typeErrors(files: readonly EmittedFile[], app: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "dlc-emit-"));
  try {
    for (const { path, text } of files) writeFileSync(join(folder, path), text);
    symlinkSync(join(root, "src", "runtime"), join(folder, "runtime"));
    mkdirSync(join(folder, "functions"));
    writeFileSync(join(folder, "functions", "words.js"), "export function shout(s) { return s.toUpperCase(); }\n");
    writeFileSync(join(folder, "app.ts"), app);
    const options: ts.CompilerOptions = {
      strict: true,
      noEmit: true,
      noUnusedLocals: true,
      noUnusedParameters: true,
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      lib: ["lib.es2023.d.ts"],
      typeRoots: [join(root, "node_modules", "@types")],
      types: ["node"],
      skipLibCheck: true,
      allowJs: true,
      preserveSymlinks: true,
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
    };
    const compiled = ts.createProgram(
      ["app.ts", "main.ts"].map((name) => join(folder, name)),
      options,
    );
    const errors = ts
      .getPreEmitDiagnostics(compiled)
      .filter(
        ({ file: of }) => of === undefined || (of.fileName.startsWith(folder) && !of.fileName.includes("/runtime/")),
      )
      .map(
        (one) => `${one.file?.fileName.split("/").at(-1)} ${ts.flattenDiagnosticMessageText(one.messageText, "\n")}`,
      );
    return errors;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("an emitted folder", () => {
  const files = emit(check(program).plan).value!;
  test("has a module for each role in two forms, and what starts them", () => {
    expect(files.map(({ path }) => path)).toEqual([
      "Answer.js",
      "Answer.js.map",
      "Answer.ts",
      "Ask.js",
      "Ask.js.map",
      "Ask.ts",
      "main.js",
      "main.js.map",
      "main.ts",
      "package.json",
    ]);
    expect(JSON.parse(file(files, "package.json"))).toMatchObject({ name: "test", type: "module" });
    expect(file(files, "main.js")).toContain('import { program as Answer } from "./Answer.js";');
  });
  test("is the same, byte for byte, from the same program", () => {
    expect(emit(check(program).plan).value).toEqual(files);
  });
  test("shows each rule above its code", () => {
    const text = file(files, "Answer.ts");
    expect(text).toContain("  // test.dlc:23  reach(x, y) <= edge(x, y);\n  function reach_1");
    expect(text).toContain("  // test.dlc:25  busy(c, count(distinct a)) <= asked(a, c, _) having count() > 1;\n");
  });
  test("holds TypeScript that compiles strictly against the runtime, and types that an application uses", () => {
    expect(
      typeErrors(
        files,
        `
        import { startAnswer } from "./Answer.js";
        import { startAsk } from "./Ask.js";
        const ask = await startAsk({ index: 1 });
        ask.input.ask({ campaign: "a", tags: [["x", 1]], raw: new Uint8Array(), doc: null });
        ask.seal.ask({ campaign: "a" });
        // @ts-expect-error a row without its columns
        ask.input.ask({ campaign: "a" });
        const answer = await startAnswer();
        answer.on("loud", (row) => { const n: number = row.n; void n; });
        answer.on("-loud", (row) => { const ok: boolean = row.ok; void ok; });
        // @ts-expect-error no such output
        answer.on("quiet", () => {});
        await answer.stop();
      `,
      ),
    ).toEqual([]);
  });
  test("has roles of imported files and collections of copies under names that are valid", () => {
    const imported = `
      module Box<T> {
        /// What goes in.
        input put(key: string, value: T) sealed by (key);
        timer tick every 1s;
        table kept(key: string, value: T);
        output size(key: string, n: int);
        kept(k, v) <= put(k, v);
        size(k, count()) <= kept(k, _);
      }
      role Store { use Box<int> as b; channel say(x: int); output said(x: int); said(x) <= say(x); }`;
    const main = `
      import "./bed.dlc" as bed;
      role Node { use bed.Box<string> as d; input i(x: int); bed.Store.say(x) <~ i(x); }`;
    const emitted = emit(check(main, "auto", filesOf({ "bed.dlc": imported })).plan).value!;
    const app = `
      import { startNode } from "./Node.js";
      import { startbed_Store } from "./bed.Store.js";
      const node = await startNode();
      node.input["d.put"]({ key: "k", value: "v" });
      node.seal["d.put"]({ key: "k" });
      node.end("d.put");
      node.on("d.size", (row) => { const n: number = row.n; void n; });
      const store = await startbed_Store();
      store.on("said", (row) => { const x: number = row.x; void x; });
      store.input["b.put"]({ key: "k", value: 1 });
    `;
    expect(typeErrors(emitted, app)).toEqual([]);
    expect(file(emitted, "Node.ts")).toContain("/** What goes in. */");
    expect(file(emitted, "Node.ts")).toContain("// bed.dlc:8  kept(k, v) <= put(k, v);\n  function d_kept_1");
    const map = JSON.parse(file(emitted, "Node.js.map"));
    expect(map.sources).toEqual(["Node.ts", "test.dlc", "bed.dlc"]);
    const kept = file(emitted, "Node.js")
      .split("\n")
      .findIndex((line) => line.includes("function d_kept_1"));
    expect(new SourceMap(map).findEntry(kept, 0)).toMatchObject({ originalSource: "bed.dlc", originalLine: 7 });
  });
  test("differs between its two forms in types only", () => {
    for (const name of ["Ask", "Answer", "main"]) {
      const erased = ts.transpileModule(file(files, `${name}.ts`), {
        compilerOptions: {
          target: ts.ScriptTarget.ES2023,
          module: ts.ModuleKind.ESNext,
          verbatimModuleSyntax: true,
          removeComments: true,
        },
      }).outputText;
      const plain = ts.transpileModule(file(files, `${name}.js`), {
        compilerOptions: {
          target: ts.ScriptTarget.ES2023,
          module: ts.ModuleKind.ESNext,
          verbatimModuleSyntax: true,
          removeComments: true,
        },
      }).outputText;
      // Comments and line breaks aside.
      const words = (text: string): string =>
        text
          .replace(/[\s;]+/g, " ")
          .replace(/\(\(?await start\(program, options\)\)?\)/g, "await start(program, options)")
          .trim();
      expect(words(plain.replace(/\/\/# sourceMappingURL.*/, ""))).toBe(words(erased));
    }
  });
  test("maps the code of rules to their lines, all else to the TypeScript", () => {
    const js = file(files, "Answer.js").split("\n");
    const typed = file(files, "Answer.ts").split("\n");
    const map = new SourceMap(JSON.parse(file(files, "Answer.js.map")));
    const lines = program.split("\n");
    let rules = 0;
    js.forEach((line, at) => {
      if (at >= js.length - 2) return;
      const entry = map.findEntry(at, 0) as { originalSource: string; originalLine: number; generatedLine: number };
      expect(entry.generatedLine).toBe(at);
      if (entry.originalSource === "test.dlc") {
        rules++;
        if (line.includes("function busy_1"))
          expect(lines[entry.originalLine]).toContain("busy(c, count(distinct a)) <=");
      } else {
        expect(entry.originalSource).toBe("Answer.ts");
        expect(typed[entry.originalLine].trim().slice(0, 8)).toBe(line.trim().slice(0, 8));
      }
    });
    expect(rules).toBeGreaterThan(50);
  });
  test("reads like this", async () => {
    const text = `role Report {
  channel click(campaign: string, id: string, user: string);
  channel ask(from: addr, campaign: string);
  table clicks(campaign: string, id: string, user: string);
  scratch poor(campaign: string, id: string, n: int);
  clicks(c, i, u) <= click(c, i, u);
  poor(c, i, count()) <= clicks(c, i, _), not clicks(c, i, "test") having count() < 100;
  Analyst.answer@a(c, i, n) <~ ask(a, c), poor(c, i, n);
}
role Analyst { channel answer(campaign: string, id: string, n: int); }
`;
    await expect(file(emit(bare(irOf(text))).value!, "Report.ts")).toMatchFileSnapshot("goldens/emitted-role.txt");
  });
  test("may have roles that are named like words of JavaScript", () => {
    const text =
      "role main { input ask(x: int); input Ask(x: int); } role class { output o(x: int); } role runtime { }";
    const all = emit(bare(irOf(text))).value!;
    const main = file(all, "main.js");
    expect(main).toContain('import { program as class_2 } from "./class.js";');
    expect(main).toContain("main({ main: main_2, class: class_2, runtime }, ");
    expect(main).toContain('from "./runtime-role.js"');
    expect(file(all, "main-role.ts")).toContain("interface AskRow_2 ");
  });
  test("takes no longer for types that stand deep in one another", () => {
    const deep = (depth: number): string => `${"list<".repeat(depth)}int${">".repeat(depth)}`;
    const module = file(emit(bare(irOf(`role R { input i(x: ${deep(50)}); }`))).value!, "R.ts");
    expect(module).toContain(`readonly x: ${"readonly (".repeat(49)}readonly number[]${")[]".repeat(49)} }`);
  });
  test("cannot be led astray by what a program says in its texts", () => {
    const text =
      'role R { channel c(x: string); output o(x: string); o("*/ \\u0001 ${x} `\\n") <= c("\\u0001: x\\u0002");\n /// ends */ here\n output p(x: string); }';
    const module = file(emit(bare(irOf(text))).value!, "R.js");
    expect(() => new Function(module.replace(/^import .*$/gm, "").replace(/^export /gm, ""))).not.toThrow();
    expect(module).toContain(JSON.stringify("\u0001: x\u0002"));
  });
});
