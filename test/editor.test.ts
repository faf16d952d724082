/** What names mean and what can stand where, in programs as they are typed. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scan } from "../src/compiler/1-parse/scan.ts";
import { tokensOf } from "../src/compiler/1-parse/tokens.ts";
import { complete } from "../src/editor/completion.ts";
import { EditedFile } from "../src/editor/edited-file.ts";
import { EditedProgram } from "../src/editor/edited-program.ts";
import { hoverText } from "../src/editor/hover.ts";
import { moveBetween } from "../src/editor/moved.ts";
import { occurrenceAt } from "../src/editor/names.ts";
import { occurrencesOf } from "../src/editor/occurrences.ts";
import { namesOfOne, rename } from "../src/editor/rename.ts";
import { allWords } from "../src/editor/words.ts";

const root = join(import.meta.dirname, "..");

/** A program of several files, of which the first is its own. */
function programOf(files: Readonly<Record<string, string>>): EditedProgram {
  const opened = new Map<string, EditedFile>();
  const open = (path: string): EditedFile => {
    const text = path.startsWith("dlc:")
      ? readFileSync(join(root, "lib", `${path.slice(4)}.dlc`), "utf8")
      : files[path];
    const file = opened.get(path) ?? new EditedFile(path, text);
    opened.set(path, file);
    return file;
  };
  const [first] = Object.keys(files);
  return new EditedProgram(open(first), open);
}

const one = (text: string): EditedProgram => programOf({ "/a.dlc": text });

/** The text without its `|`, and where that was. */
function marked(text: string): { readonly program: EditedProgram; readonly offset: number } {
  const offset = text.indexOf("|");
  return { program: one(text.replace("|", "")), offset };
}

function labels(text: string): readonly string[] {
  const { program, offset } = marked(text);
  return complete(program, offset, () => ["./b.dlc", "dlc:kvs"]).items.map(({ label }) => label);
}

const shop = `
function price(item: string): int from "./price.ts";
/// What the shop sells.
role Shop replicated x3 {
  channel order(client: addr, item: string, n: int);
  table   orders(client: addr, item: string, n: int);
  scratch total(item: string, n: int);
  orders(c, i, n) <= order(c, i, n);
  total(i, sum(n)) <= orders(_, i, n);
  Client.told@c(i, n) <~ orders(client: c, item: i), total(i, n), price(i) > 3;
}
role Client {
  input   buy(item: string, n: int);
  channel told(item: string, n: int);
  output  shown(item: string, n: int) eventual;
  Shop.order(self, i, n) <~ buy(i, n);
  shown(i, n) <= told(i, n);
}
`;

describe("occurrences", () => {
  const folders = ["lib", ...readdirSync(join(root, "fixtures")).map((name) => join("fixtures", name))];
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder)).flatMap((name) => (name.endsWith(".dlc") ? [join(root, folder, name)] : [])),
  );

  test("every word of the fixtures and the library is a word of the language or means something", () => {
    expect(files.length).toBeGreaterThan(20);
    const unknown: string[] = [];
    for (const path of files) {
      const file = new EditedFile(path, readFileSync(path, "utf8"));
      const library = new Map<string, EditedFile>();
      const program = new EditedProgram(file, (other) => {
        const on = other.startsWith("dlc:") ? join(root, "lib", `${other.slice(4)}.dlc`) : other;
        library.set(other, library.get(other) ?? new EditedFile(other, readFileSync(on, "utf8")));
        return library.get(other)!;
      });
      if (!file.read.isWhole || program.findings().some(({ severity }) => severity === "error")) continue;
      const found = new Map(occurrencesOf(program).map(({ span, name }) => [span.start, name]));
      for (const { start, text } of scan(file.file.text).statements)
        for (const { kind, text: word, at } of tokensOf(text)) {
          if (kind !== "word" || word === "_" || found.get(start + at) === word) continue;
          if (!allWords.has(word) && !/^(?:x[0-9]+|distinct)$/.test(word)) unknown.push(`${path}: ${word} in ${text}`);
        }
      for (const [at, name] of found) expect(file.file.text.slice(at, at + name.length)).toBe(name);
    }
    expect(unknown).toEqual([]);
  });

  test("a name declared elsewhere is one with its uses, through imports, copies and parameters", () => {
    const program = programOf({
      "/a.dlc": `import "./b.dlc" as b;
role Node x2 {
  input start(to: addr, x: string);
  use b.Echo<string>(Node) as e;
  e.send(a, x) <= start(a, x);
  output got(x: string) eventual;
  got(x) <= e.received(_, x);
}
role Other { input i(x: string); b.Store.put(x) <~ i(x); }
`,
      "/b.dlc": `module Echo<T>(Peer: Echo) {
  in send(to: addr, value: T);
  out received(from: addr, value: T);
  channel message(from: addr, value: T);
  Peer.message@a(self, v) <~ send(a, v);
  received(f, v) <= message(from: f, value: v);
}
role Store { channel put(x: string); table puts(x: string); puts(x) <= put(x); }
`,
    });
    const occurrences = occurrencesOf(program);
    const { text } = program.root.file;
    const declared = (around: string): string | undefined => {
      const at = text.indexOf(around.replace("|", "")) + around.indexOf("|");
      const [place] = occurrenceAt(occurrences, at)?.places ?? [];
      return place && `${place.file.path} ${place.file.text.slice(0, place.span.start).split("\n").length}`;
    };
    expect(declared("e.s|end")).toBe("/b.dlc 2");
    expect(declared("e.re|ceived")).toBe("/b.dlc 3");
    expect(declared("|e.send")).toBe("/a.dlc 4");
    expect(declared("use |b.Echo")).toBe("/a.dlc 1");
    expect(declared("use b.E|cho")).toBe("/b.dlc 1");
    expect(declared("b.St|ore.put")).toBe("/b.dlc 8");
    expect(declared("b.Store.p|ut")).toBe("/b.dlc 8");
    expect(declared("(Nod|e) as")).toBe("/a.dlc 2");
    const module = new EditedProgram(program.files.get("/b.dlc") as EditedFile, () => ({ problem: "", near: [] }));
    const inside = occurrencesOf(module);
    const whole = module.root.file.text;
    const message = occurrenceAt(inside, whole.indexOf("Peer.message") + 6)!;
    expect(namesOfOne([{ program: module, occurrences: inside }], message)).toHaveLength(3);
    const value = occurrenceAt(inside, whole.indexOf("value: v)"))!;
    expect(value.places[0].span.start).toBe(whole.indexOf("value: T", whole.indexOf("channel message")));
  });
});

describe("hovers", () => {
  const hover = (text: string): string | null => {
    const { program, offset } = marked(text);
    const occurrence = occurrenceAt(occurrencesOf(program), offset);
    return occurrence === null ? null : hoverText(program, occurrence, { rules: [], collections: [] });
  };

  test.each([
    ["orders(c, i, n) <= or|der", "channel order(client: addr, item: string, n: int)\n```\n\n*of Shop*"],
    ["role Sh|op", "role Shop replicated x3\n```\n\nWhat the shop sells."],
    ["price(i|) > 3", "i: string\n```\n\n*variable*"],
    ["pri|ce(i) > 3", "function price(item: string): int\n```\n\n*from ./price.ts*"],
    ["item|: i), total", "item: string\n```\n\n*column of Shop.orders*"],
    ["su|m(n)", "sum(e)\n```"],
  ])("%s", (around, expected) => {
    const at = shop.indexOf(around.replace("|", ""));
    const text = shop.slice(0, at) + around + shop.slice(at + around.length - 1);
    expect(hover(text)).toContain(expected);
  });

  test("the type of a variable is known while other statements are wrong", () => {
    expect(hover(shop.replace("total(i, n), price(i) > 3", "total(i, n|), nowhere(x, y)"))).toContain("n: int");
  });
});

describe("completion", () => {
  test("outside of blocks and in them", () => {
    expect(labels("ro|")).toEqual([
      "role",
      "module",
      "component",
      "import",
      "source",
      "connect",
      "function",
      "aggregate",
      "lattice",
      "use",
    ]);
    const inside = labels(shop.replace("  orders(c, i, n) <=", "  o|\n  orders(c, i, n) <="));
    for (const wanted of ["order", "orders", "total", "table", "@coordinate", "Client"])
      expect(inside).toContain(wanted);
    expect(inside).not.toContain("buy");
    expect(labels("role A { | }")).not.toContain("out");
    expect(labels("module A { | }")).toContain("out");
  });

  test("a role's channels where it is sent to, its addresses where it is read", () => {
    expect(labels(shop.replace("Shop.order(", "Shop.|("))).toEqual(["order"]);
    expect(labels(shop.replace("<~ buy(i, n);", "<~ buy(i, n), Shop.|;"))).toEqual(["nodes"]);
  });

  test("columns by name, where none is given by place", () => {
    const first = labels(shop.replace("orders(client: c, item: i)", "orders(|)"));
    expect(first).toContain("client:");
    expect(first).toContain("price");
    expect(labels(shop.replace("orders(client: c, item: i)", "orders(client: c, |)"))).toContain("item:");
    expect(labels(shop.replace("orders(client: c, item: i)", "orders(c, |)"))).not.toContain("item:");
  });

  test("collections, functions and variables in bodies; aggregates in heads and behind having", () => {
    const body = labels(shop.replace("<= told(i, n);", "<= |;"));
    for (const wanted of ["told", "buy", "price", "length", "not", "i", "n"]) expect(body).toContain(wanted);
    expect(body).not.toContain("order");
    expect(labels(shop.replace("total(i, sum(n))", "total(i, |)"))).toContain("sum");
    expect(labels(shop.replace("orders(_, i, n);", "orders(_, i, n) having |;"))).toContain("count");
    expect(labels(shop.replace("orders(_, i, n);", "orders(_, i, n) |;"))).toEqual(["having", "in"]);
  });

  test("types, modifiers and columns of declarations", () => {
    expect(labels("role A { table t(x: |); }")).toContain("lset");
    expect(labels("role A { input t(x: int) | ; }")).toEqual(["sealed", "unique", "rate"]);
    expect(labels("role A { input t(x: int, y: int) sealed by (|); }")).toEqual(["x", "y"]);
    expect(labels("role A { timer t |; }")).toEqual(["every"]);
    expect(labels("role A { output o(x: int) |; }")).toContain("eventual");
    expect(labels("role A | { }")).toEqual(["replicated", "partitioned"]);
    expect(labels('function f(x: int): int from "./f.ts" |;')).toContain("injective");
    expect(labels("module M<T> { in a(x: |); }")[0]).toBe("T");
  });

  test("what can be imported and used", () => {
    expect(labels('import "|')).toEqual(["./b.dlc", "dlc:kvs"]);
    const program = programOf({ "/a.dlc": 'import "dlc:kvs" as kvs;\nrole A { use kvs. }\n' });
    const at = program.root.file.text.indexOf("kvs. ") + 4;
    const found = complete(program, at, () => []).items;
    expect(found.length).toBeGreaterThan(0);
    expect(found.every(({ kind }) => kind === "module" || kind === "role")).toBe(true);
  });

  test("of components their ports, the kinds of their paths, and what can be connected", () => {
    const text =
      "source click(id: string);\ncomponent Report {\n  in click(id: string);\n  out poor(id: string);\n  path click -> poor: OW(id);\n}\nconnect click -> Report.click;\n";
    expect(labels(text.replace("path click", "path |"))).toEqual(["click"]);
    expect(labels(text.replace("-> poor:", "-> |:"))).toEqual(["poor"]);
    expect(labels(text.replace("OW(id)", "|"))).toEqual(["CR", "CW", "OR", "OW"]);
    expect(labels(text.replace("OW(id)", "OW(|)"))).toEqual(["id"]);
    expect(labels(text.replace("  path", "  |\n  path"))).toEqual(["in", "out", "path"]);
    expect(labels(text.replace("connect click", "connect |"))).toEqual(["click", "Report"]);
    expect(labels(text.replace("-> Report.click", "-> |"))).toEqual(["Report"]);
    expect(labels(text.replace("-> Report.click", "-> Report.|"))).toEqual(["click"]);
  });

  test("nothing in comments, strings and numbers", () => {
    expect(labels("role A { // |\n}")).toEqual([]);
    expect(labels("role A { /* |\n}")).toEqual([]);
    expect(labels('role A { table t(x: string); t("a|"); }')).toEqual([]);
    expect(labels("role A { table t(x: int); t(1|); }")).toEqual([]);
  });

  test("at every place of a program there is an answer", () => {
    const texts = [shop, readFileSync(join(root, "lib", "kvs.dlc"), "utf8")];
    for (const text of texts) {
      for (let at = 0; at <= text.length; at += 17) {
        const cut = text.slice(0, at);
        for (const typed of [cut, cut + text.slice(at + 1)]) {
          const { start } = complete(one(typed), cut.length, () => []);
          expect(start).toBeLessThanOrEqual(cut.length);
        }
      }
    }
  });
});

describe("renames", () => {
  function renamed(
    files: Readonly<Record<string, string>>,
    around: string,
    to: string,
  ): string | Record<string, string> {
    const paths = Object.keys(files);
    const programs = paths.map((path) => programOf({ [path]: files[path], ...files }));
    const named = programs.map((program) => ({ program, occurrences: occurrencesOf(program) }));
    const text = files[paths[0]];
    const at = text.indexOf(around.replace("|", "")) + around.indexOf("|");
    const result = rename(named, occurrenceAt(named[0].occurrences, at)!, to);
    if (typeof result === "string") return result;
    return Object.fromEntries(
      [...result.spans].map(([path, spans]) => {
        let now = files[path];
        for (const { start, end } of spans.toReversed()) now = now.slice(0, start) + to + now.slice(end);
        return [path, now];
      }),
    );
  }
  const inShop = (around: string, to: string) => renamed({ "/a.dlc": shop }, around, to);

  test("all names of the thing and no others", () => {
    expect(inShop("or|ders(c, i, n)", "bought")).toEqual({ "/a.dlc": shop.replaceAll("orders", "bought") });
    const item = shop
      .replace("table   orders(client: addr, item", "table   orders(client: addr, what")
      .replace("client: c, item: i", "client: c, what: i");
    expect(inShop("orders(client: c, it|em: i", "what")).toEqual({ "/a.dlc": item });
    expect(inShop("told@c(i|, n)", "x")).toEqual({
      "/a.dlc": shop.replace(
        "told@c(i, n) <~ orders(client: c, item: i), total(i, n), price(i)",
        "told@c(x, n) <~ orders(client: c, item: x), total(x, n), price(x)",
      ),
    });
  });

  test("in all files that name it", () => {
    const files = {
      "/a.dlc": shop,
      "/b.dlc": 'import "./a.dlc" as a;\nrole B { input i(x: string); a.Client.told@*(x, 1) <~ i(x); }\n',
    };
    expect(renamed(files, "role Cl|ient", "Buyer")).toEqual({
      "/a.dlc": shop.replaceAll("Client", "Buyer"),
      "/b.dlc": files["/b.dlc"].replace("Client", "Buyer"),
    });
  });

  test("columns that must have one name go together", () => {
    const text =
      "role A partitioned by (k) x2 { channel a(k: int); channel b(k: int); table t(k: int); t(k) <= a(k: k); }\n";
    expect(renamed({ "/a.dlc": text }, "channel a(|k", "key")).toEqual({
      "/a.dlc": text
        .replace("by (k)", "by (key)")
        .replace("a(k: int); channel b(k: int)", "a(key: int); channel b(key: int)")
        .replace("a(k: k)", "a(key: k)"),
    });
  });

  test.each([
    ["or|ders(c, i, n)", "total", "is declared twice"],
    ["told@c(i|, n)", "n", "is of type string, but column `n` of `total` is of type int"],
    ["or|ders(c, i, n)", "sum", "`sum` is a table, not a function"],
    ["or|ders(c, i, n)", "price", "is also the name of an imported function"],
    ["pri|ce(i) > 3", "cost", "has the name of what ./price.ts exports"],
    ["su|m(n)", "max", "is part of the language"],
    ["or|ders(c, i, n)", "having", "is a word of the language"],
    ["or|ders(c, i, n)", "2x", "is not a name"],
  ])("%s cannot be %s", (around, to, why) => {
    expect(inShop(around, to)).toContain(why);
  });

  test("not when it would be one with another of its type", () => {
    const text = "role A { input r(x: int, y: int); output o(x: int); o(x) <= r(x, y), y > 1; }\n";
    expect(renamed({ "/a.dlc": text }, "r(x, |y), y", "x")).toContain("is already the name of something else here");
    expect(renamed({ "/a.dlc": text }, "r(x, |y), y", "z")).toEqual({
      "/a.dlc": text.replace("r(x, y), y", "r(x, z), z"),
    });
  });

  test("not while a statement that may name it cannot be read", () => {
    expect(renamed({ "/a.dlc": `${shop}role X { table t(; }\n` }, "or|ders(c, i, n)", "bought")).toContain(
      "cannot be read",
    );
  });
});

describe("places in a later text", () => {
  test("move with what stands before them, and go with what they marked", () => {
    const move = moveBetween("aa bb cc", "aa bbb cc");
    expect(move({ start: 0, end: 2 })).toEqual({ start: 0, end: 2 });
    expect(move({ start: 6, end: 8 })).toEqual({ start: 7, end: 9 });
    expect(move({ start: 0, end: 8 })).toEqual({ start: 0, end: 9 });
    expect(moveBetween("aa bb cc", "aa xx cc")({ start: 3, end: 5 })).toBeNull();
  });
});
