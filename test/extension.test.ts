/** The extension for Visual Studio Code: its colours, its manifest, and which dlc it starts. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";
import type { IGrammar } from "vscode-textmate";
import { serverOf } from "../editors/vscode/src/server.mts";
import { allWords } from "../src/editor/words.ts";
import { latticeKinds } from "../src/lattices/index.ts";
import { aggregates } from "../src/operators/index.ts";
import { scalarNames } from "../src/compiler/types.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "editors", "vscode");
const json = (name: string): any => JSON.parse(readFileSync(join(folder, name), "utf8"));

let grammar: IGrammar;
beforeAll(async () => {
  const wasm = createRequire(import.meta.url).resolve("vscode-oniguruma/release/onig.wasm");
  await oniguruma.loadWASM(readFileSync(wasm));
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => json("syntaxes/dlc.tmLanguage.json"),
  });
  grammar = (await registry.loadGrammar("source.dlc"))!;
});

interface Token {
  readonly text: string;
  /** The innermost. */
  readonly scope: string;
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let state = textmate.INITIAL;
  for (const line of text.split("\n")) {
    const { tokens: found, ruleStack } = grammar.tokenizeLine(line, state);
    state = ruleStack;
    for (const { startIndex, endIndex, scopes } of found)
      tokens.push({ text: line.slice(startIndex, endIndex), scope: scopes[scopes.length - 1] });
  }
  return tokens;
}

const scopesOf = (text: string, word: string): readonly string[] =>
  tokensOf(text).flatMap((token) => (token.text === word ? [token.scope] : []));

/** Every word of the language where it stands. */
const everything = `
import "./b.dlc" as b;
function f(x: int): int from "./f.ts" injective monotone morphism commutative associative idempotent;
aggregate g(x: int): int from "./f.ts";
lattice L from "./l.ts";
use b.M<int>(A) as m in A;
module M<T>(P: role) { in a(x: T); out b(x: T); }
role A replicated x3 {
  input i(k: int) sealed by (k) single within 5s; channel c(k: int) lossy unique; table t(k: int) durable shared serializable;
  scratch s(k: int); timer w every 5ms;
  output o1(k: int) deterministic strict; output o2(k: int) agreed; output o3(k: int) eventual; output o4(k: int) any;
  @coordinate(none, "reason") @allow(weaker, "reason")
  o1(k, count(distinct x)) <= c(k, x), not t(k), x in [1], true, y = if false then self else x having count() > 1;
  @coordinate(seal by (k)) o2(k) <= c(k);
  @coordinate(order) o2(k) <= c(k);
  @coordinate(barrier) o2(k) <= c(k);
  seal i(k: x) <= c(x);
}
role B partitioned by (k) x2 { }
source z(k: int) sealed by (k) every 5s rate 10;
component C replicated x3 from "./c.ts" {
  in a(k: int); out b(k: int); path a -> b: CR; path a -> b: CW; path a -> b: OR(k);
  path a -> b: OW(*);
}
connect z -> C.a;
`;

describe("colours", () => {
  test("every word of the language has one where it stands", () => {
    const words = tokensOf(everything).flatMap(({ text, scope }) =>
      /^(?:keyword|storage|constant\.language|variable\.language)/.test(scope) && /^[A-Za-z]+$/.test(text)
        ? [text]
        : [],
    );
    expect(new Set(words)).toEqual(allWords);
  });

  test("a word of the language is a name where a name stands", () => {
    const text =
      "role A {\n  channel table(input: int, role: string);\n  table out(seal: int);\n  out(in2) <= table(input, sealed), any(lossy: from);\n}\n";
    for (const name of ["input", "role", "seal", "sealed", "any", "lossy", "from"]) {
      const scopes = scopesOf(text, name).filter((scope) => scope.startsWith("keyword"));
      expect(scopes, name).toEqual(name === "role" ? ["keyword.declaration.dlc"] : []);
    }
    expect(scopesOf(text, "table")).toEqual([
      "entity.name.function.collection.dlc",
      "keyword.declaration.dlc",
      "entity.name.function.dlc",
    ]);
  });

  test("types and aggregates have theirs", () => {
    for (const type of [...scalarNames, "list", ...latticeKinds.keys()])
      expect(scopesOf(`role A { table t(x: ${type}<int>); }`, type)[0], type).toBe("support.type.dlc");
    for (const name of aggregates.keys())
      expect(scopesOf(`role A { t(${name}(x)) <= r(x); }`, name), name).toEqual(["support.function.aggregate.dlc"]);
  });

  test("comments, strings and statements end where they end, in all programs of the repository", () => {
    const folders = ["lib", ...readdirSync(join(root, "fixtures")).map((name) => join("fixtures", name))];
    let statements = 0;
    for (const each of folders) {
      for (const name of readdirSync(join(root, each)).filter((one) => one.endsWith(".dlc"))) {
        const text = readFileSync(join(root, each, name), "utf8");
        // After each `}` at the start of a line everything is closed again.
        let state = textmate.INITIAL;
        for (const line of text.split("\n")) {
          state = grammar.tokenizeLine(line, state).ruleStack;
          if (!line.startsWith("}")) continue;
          statements++;
          expect(state.depth, `${name}: ${line}`).toBe(1);
        }
      }
    }
    expect(statements).toBeGreaterThan(40);
  });
});

describe("the manifest", () => {
  test("names files that are there, and nothing that is left out of the package", () => {
    const { contributes, main, version } = json("package.json");
    const ignored = readFileSync(join(folder, ".vscodeignore"), "utf8");
    const [language] = contributes.languages;
    const [colours] = contributes.grammars;
    expect(language.extensions).toEqual([".dlc"]);
    for (const path of [language.configuration, colours.path]) expect(existsSync(join(folder, path)), path).toBe(true);
    expect(colours.scopeName).toBe(json("syntaxes/dlc.tmLanguage.json").scopeName);
    for (const path of [main, language.configuration]) expect(ignored).toContain(`!${path.slice(2)}`);
    expect(version).toBe(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version);
  });

  test("the editor's brackets, comments and words are those of the language", () => {
    const { comments, brackets, wordPattern } = json("language-configuration.json");
    expect(comments).toEqual({ lineComment: "//", blockComment: ["/*", "*/"] });
    expect(brackets.flat().join("")).toBe("{}[]()");
    expect("a_b1.c".match(new RegExp(wordPattern))![0]).toBe("a_b1");
  });
});

describe("which dlc is started", () => {
  const among = (...files: readonly string[]) => ({
    folders: ["/home/me/shop/src"],
    setting: "",
    path: ["/usr/bin"],
    windows: false,
    exists: (path: string) => files.includes(path),
  });

  test("the one of the workspace, else the one on the path, else a sentence", () => {
    const own = "/home/me/shop/node_modules/dlc/bin/dlc.js";
    expect(serverOf(among(own, "/usr/bin/dlc"))).toEqual({ kind: "module", path: own });
    expect(serverOf(among("/usr/bin/dlc"))).toEqual({ kind: "command", command: "/usr/bin/dlc" });
    expect(serverOf(among())).toContain("npm i -D dlc");
  });

  test("the one that the setting names, before all others", () => {
    const named = (setting: string, ...files: readonly string[]) =>
      serverOf({ ...among("/home/me/shop/node_modules/dlc/bin/dlc.js", ...files), setting });
    expect(named("../dlc/bin/dlc.js", "/home/me/shop/dlc/bin/dlc.js")).toEqual({
      kind: "module",
      path: "/home/me/shop/dlc/bin/dlc.js",
    });
    expect(named("/opt/dlc", "/opt/dlc")).toEqual({ kind: "command", command: "/opt/dlc" });
    expect(named("dlc-next")).toEqual({ kind: "command", command: "dlc-next" });
    expect(named("./gone.js")).toBe('"dlc.path" names ./gone.js, and there is no such file.');
  });
});
