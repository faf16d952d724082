/** Imports, modules and their copies: what a program with them is, and where it is wrong. */
import { describe, expect, test } from "vitest";
import { compile } from "../src/compiler/compile.ts";
import type { Compilation } from "../src/compiler/compile.ts";
import type { ImportedFiles, Unreadable } from "../src/compiler/imports.ts";
import { printProgram } from "../src/compiler/print.ts";
import { typeText } from "../src/compiler/types.ts";
import { check, filesOf } from "./support/check.ts";
import { runAll } from "./support/runs.ts";
import { world } from "./support/plan.ts";

function compiled(main: string, texts: Readonly<Record<string, string>> = {}, path = "main.dlc"): Compilation {
  return compile({ path, text: main }, { files: filesOf(texts) });
}

/** Findings that are not about order: `CODE file:line [marked text] message`. */
function errors(main: string, texts?: Readonly<Record<string, string>>): string[] {
  return compiled(main, texts)
    .diagnostics.filter(({ code }) => /^DLC[12]/.test(code))
    .map(({ code, file, span, message }) => {
      const line = file.text.slice(0, span.start).split("\n").length;
      return `${code} ${file.path}:${line} [${file.text.slice(span.start, span.end)}] ${message}`;
    });
}

/** The program as plain roles. */
function expanded(main: string, texts?: Readonly<Record<string, string>>): string {
  const { ir, diagnostics } = compiled(main, texts);
  expect(diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message)).toEqual([]);
  return printProgram(ir!);
}

const delivery = `
/// Sends again until it is acknowledged.
module Delivery<T>(Peer: Delivery) {
  /// To be sent.
  in send(to: addr, id: string, payload: T);
  out received(from: addr, id: string, payload: T);
  channel message(from: addr, id: string, payload: T);
  table buffer(to: addr, id: string, payload: T);
  buffer(a, i, p) <= send(a, i, p);
  Peer.message@a(self, i, p) <~ buffer(a, i, p);
  received(f, i, p) <= message(f, i, p);
}
`;
const node = `
role Node x2 {
  input say(to: addr, id: string, text: string);
  output heard(from: addr, text: string);
  d.send(a, i, t) <= say(a, i, t);
  heard(f, t) <= d.received(f, _, t);
}
`;

describe("a copy", () => {
  test("is the module's collections and rules in the role, under its name", () => {
    expect(expanded(`${delivery}${node}use Delivery<string> as d in Node;`)).toBe(`role Node x2 {
  input say(to: addr, id: string, text: string);
  output heard(from: addr, text: string);
  scratch d.send(to: addr, id: string, payload: string);
  scratch d.received(from: addr, id: string, payload: string);
  channel d.message(from: addr, id: string, payload: string);
  table d.buffer(to: addr, id: string, payload: string);

  d.send(a, i, t) <= say(a, i, t);
  heard(f, t) <= d.received(f, _, t);
  d.buffer(a, i, p) <= d.send(a, i, p);
  d.message@a(self, i, p) <~ d.buffer(a, i, p);
  d.received(f, i, p) <= d.message(f, i, p);
}
`);
  });

  test("may be used inside of the role as well", () => {
    const inside = node.replace("input say", "use Delivery<string> as d;\n  input say");
    expect(expanded(delivery + inside)).toBe(expanded(`${delivery}${node}use Delivery<string> as d in Node;`));
  });

  test("has ids and labels with its name, and its docs", () => {
    const { ir } = compiled(`${delivery}${node}use Delivery<string> as d in Node;`);
    expect([...ir!.rules.keys()]).toEqual([
      "Node/d.send#1",
      "Node/heard#1",
      "Node/d.buffer#1",
      "Node/d.Peer.message#1",
      "Node/d.received#1",
    ]);
    expect(ir!.collections.get("Node.d.send")).toMatchObject({ name: "d.send", kind: "scratch", doc: "To be sent." });
  });

  test("is apart from another one of the same module", () => {
    const ids = [
      ...compiled(`
module Seen<T> { in see(x: T); out seen(x: T); table all(x: T); all(x) <= see(x); seen(x) <= all(x); }
role A { use Seen<int> as a; use Seen<list<string>> as b; input i(x: int); a.see(x) <= i(x); b.see([toString(x)]) <= i(x); }`).ir!.collections.values(),
    ];
    expect(ids.filter(({ name }) => name.endsWith("all")).map(({ id, columns }) => [id, columns[0].type])).toEqual([
      ["A.a.all", { kind: "int" }],
      ["A.b.all", { kind: "list", of: { kind: "string" } }],
    ]);
  });

  test("may hold copies, of which the role knows nothing", () => {
    const text = `
module Inner<T> { in put(x: T); out got(x: T); table kept(x: T); kept(x) <= put(x); got(x) <= kept(x); }
module Outer<T> {
  in put(x: T);
  out got(x: T);
  use Inner<list<T>> as i;
  i.put([x]) <= put(x);
  got(x) <= i.got(xs), x in xs;
}
role A { use Outer<int> as o; input n(x: int); output m(x: int); o.put(x) <= n(x); m(x) <= o.got(x); }`;
    const { ir } = compiled(text);
    expect([...ir!.collections.keys()]).toEqual([
      "A.n",
      "A.m",
      "A.nodes",
      "A.o.put",
      "A.o.got",
      "A.o.i.put",
      "A.o.i.got",
      "A.o.i.kept",
    ]);
    expect(world(text, {}, {}, "A").output("m", { n: [[3]] })).toEqual([[3]]);
  });

  test("knows `nodes` and `self` of its role, and reaches its own channels at other instances", () => {
    const text = expanded(`
module Gossip<T> {
  in tell(x: T);
  channel rumour(from: addr, x: T);
  timer now every 1s;
  table known(x: T);
  known(x) <= tell(x);
  known(x) <= rumour(_, x);
  rumour@a(self, x) <~ now(), known(x), nodes(a), a != self;
  rumour@*(self, x) <~ tell(x);
}
role A x3 { use Gossip<int> as g; input i(x: int); g.tell(x) <= i(x); }`);
    expect(text).toContain("g.rumour@a(self, x) <~ g.now(), g.known(x), A.nodes(a), a != self;");
    expect(text).toContain("g.rumour@*(self, x) <~ g.tell(x);");
    expect(text).toContain("timer g.now every 1s;");
  });

  test("may have inputs, outputs and seals of its own", () => {
    const text = expanded(`
module Tally { input vote(k: string, who: string) sealed by (k); channel over(k: string); output n(k: string, n: int) agreed;
  table votes(k: string, who: string); votes(k, w) <= vote(k, w); n(k, count()) <= votes(k, _); seal vote(k: k) <= over(k); }
role A { use Tally as t; }`);
    expect(text).toContain("input t.vote(k: string, who: string) sealed by (k);");
    expect(text).toContain("seal t.vote(k: k) <= t.over(k);");
  });

  test("hides nothing of the role, and the role nothing of it", () => {
    const text = expanded(`
module M { in a(x: int); table t(x: int); t(x) <= a(x); }
role A { input i(x: int); table t(x: int); table d(x: int); use M as d; d.a(x) <= i(x); t(x) <= i(x); d(x) <= t(x); }`);
    expect(text).toContain("  t(x) <= i(x);\n  d(x) <= t(x);\n  d.t(x) <= d.a(x);");
  });
});

describe("role parameters", () => {
  test("are the role itself where none are given", () => {
    const { ir } = compiled(`module Ping(Peer: role) { in go(a: addr); Peer.pong@a(self) <~ go(a); }
role A x2 { channel pong(from: addr); use Ping as p; }`);
    expect(ir!.rules.get("A/p.Peer.pong#1")!.head.collection).toBe("A.pong");
  });

  test("are other roles, which have the channels that the module sends to", () => {
    const module = "module Ping(Peer: role) { in go(x: int); Peer.pong@a(x) <~ go(x), Peer.nodes(a); }";
    const { ir } = compiled(`${module} role A { use Ping(B) as p; } role B x2 { channel pong(x: int); }`);
    expect(ir!.rules.get("A/p.Peer.pong#1")).toMatchObject({ head: { collection: "B.pong" } });
    expect(errors(`${module} role A { use Ping(B) as p; } role B x2 { channel pong(x: string); }`)).toEqual([
      "DLC230 main.dlc:1 [x] column `x` of `pong` is of type string, but this is of type int (in `p`, a copy of module Ping in role A)",
    ]);
  });

  test("with a module are the copy of it in a role: the only one, or the one that is named", () => {
    const modules = `module Box { channel put(x: int); } module Filler(To: Box) { in fill(x: int); To.put(x) <~ fill(x); }`;
    const to = (main: string, id: string): string => compiled(modules + main).ir!.rules.get(id)!.head.collection;
    expect(to("role A { use Filler(B) as f; } role B { use Box as b; }", "A/f.To.put#1")).toBe("B.b.put");
    const several = "role B { use Box as b; use Box as c; }";
    expect(to(`role A { use Filler(B.c) as f; } ${several}`, "A/f.To.put#1")).toBe("B.c.put");
    expect(to("role B { use Box as b; use Filler as f; }", "B/f.To.put#1")).toBe("B.b.put");
    expect(to("role B { use Box as b; use Box as c; use Filler(c) as f; }", "B/f.To.put#1")).toBe("B.c.put");
  });

  test("are passed on to copies in the copy", () => {
    const text = `
module Wire(To: Wire) { in put(x: int); channel c(x: int); To.c(x) <~ put(x); }
module Cable(To: Cable) { in put(x: int); use Wire(To) as w; w.put(x) <= put(x); }
module Loop(To: Loop) { in put(x: int); use Wire as w; w.put(x) <= put(x); }
role A { use Cable(B) as k; use Loop as l; } role B { use Cable(A) as k; use Loop as l; }`;
    const { ir } = compiled(text);
    const targets = [...ir!.rules.values()]
      .filter(({ op }) => op === "<~")
      .map(({ id, head }) => [id, head.collection]);
    expect(targets).toEqual([
      ["A/k.w.To.c#1", "B.k.w.c"],
      ["A/l.w.To.c#1", "A.l.w.c"],
      ["B/k.w.To.c#1", "A.k.w.c"],
      ["B/l.w.To.c#1", "B.l.w.c"],
    ]);
  });

  test("let two modules ask and answer each other across roles", () => {
    const { plan, marks, after } = check(`
module Client<V>(Server: Store) {
  in get(id: int, key: string);
  out got(id: int, key: string, value: V);
  channel reply(id: int, key: string, value: V);
  Server.ask(self, i, k) <~ get(i, k);
  got(i, k, v) <= reply(i, k, v);
}
module Store<V>(Client: Client) {
  in put(key: string, value: V);
  channel ask(client: addr, id: int, key: string);
  table asked(client: addr, id: int, key: string);
  table kept(key: string, value: V);
  asked(c, i, k) <= ask(c, i, k);
  kept(k, v) <= put(k, v);
  Client.reply@c(i, k, v) <~ asked(c, i, k), kept(k, v);
}
use Client<int>(Shelf) as kvs in Shopper;
use Store<int>(Shopper) as kvs in Shelf;
role Shopper x2 {
  input want(id: int, what: string);
  output price(id: int, n: int);
  kvs.get(i, w) <= want(i, w);
  price(i, n) <= kvs.got(i, _, n);
}
role Shelf {
  input label(what: string, n: int);
  kvs.put(w, n) <= label(w, n);
}`);
    expect(marks).toEqual([]);
    expect(after("Shopper.price")).toBe("Async");
    const runs = runAll(plan, [
      ["Shelf.label", "tea", 3],
      ["Shopper.want", 1, "tea"],
      ["Shopper#1.want", 2, "tea"],
      ["Shopper#1.want", 3, "milk"],
    ]);
    expect(runs.length).toBeGreaterThan(10);
    for (const { contents } of runs)
      expect(Object.fromEntries(contents.get("Shopper.price")!)).toEqual({
        "Shopper#0": "[1,3]",
        "Shopper#1": "[2,3]",
      });
  });
});

describe("a module that nobody uses, and one that many use", () => {
  test("is checked by itself, and what is wrong with it is said once", () => {
    const module = "module M<T> { in s(x: T); table t(x: T); t(y) <= s(x); r(x) <= s(x); }";
    const found = [
      "DLC240 main.dlc:1 [y] `y` has no value: no positive literal of the body binds it",
      "DLC202 main.dlc:1 [r] module M has no collection `r`",
    ];
    expect(errors(module)).toEqual(found);
    expect(errors(`${module} role A { use M<int> as m; use M<string> as n; } role B { use M<int> as m; }`)).toEqual(
      found,
    );
  });

  test("is of any type where it does not say which", () => {
    expect(
      errors(`module M<T> { in s(x: T); table t(x: T, n: int, xs: list<T>); out o(x: T);
        t(x, 1, [x, y]) <= s(x), y = x, x != y; o(max(x)) <= t(x, _, _); o(y) <= t(_, _, xs), y in xs; }`),
    ).toEqual([]);
  });

  test("has lattices, of its parameters too", () => {
    const votes = `module Votes<T> { in vote(c: string, who: T); out won(c: string); table all(c: string, who: lset<T>);
      all(c, w) <= vote(c, w); won(c) <= all(c, who), size(who) >= 2; }`;
    const text = `${votes} role A { input v(c: string, x: int); output w(c: string); use Votes<int> as v; v.vote(c, x) <= v(c, x); w(c) <= v.won(c); }`;
    expect(errors(text)).toEqual([]);
    const one = world(text, {}, {}, "A");
    expect(
      one.output("w", {
        v: [
          ["x", 1],
          ["y", 1],
        ],
      }),
    ).toEqual([]);
    expect(one.output("w", { v: [["x", 2]] })).toEqual([["x"]]);
  });

  test("has strata", () => {
    const cycle =
      "module M { in s(x: int); scratch a(x: int); scratch b(x: int); a(x) <= s(x), not b(x); b(x) <= a(x); }";
    expect(errors(`${cycle} role A { use M as m; use M as n; }`).map((one) => one.slice(0, 18))).toEqual([
      "DLC260 main.dlc:1 ",
    ]);
    const through = "module M { in s(x: int); out t(x: int); t(x) <= s(x); } ";
    expect(errors(`${through} role A { input i(x: int); use M as m; m.s(x) <= i(x), not m.t(x); }`)).toHaveLength(1);
  });

  test("cannot hold itself through another", () => {
    expect(errors("module M { use N as n; } module N { use M as m; } role A { use M as m; }")).toEqual([
      "DLC293 main.dlc:1 [N] module M uses itself, through `N`",
      "DLC293 main.dlc:1 [M] module N uses itself, through `M`",
    ]);
  });
});

describe("imports", () => {
  const bed = `${delivery}role Log { channel line(text: string); output lines(text: string); lines(t) <= line(t); }`;
  const main = `import "./lib/bed.dlc" as bed;
use bed.Delivery<string> as d in Node;
role Node x2 {
  input say(to: addr, id: string, text: string);
  d.send(a, i, t) <= say(a, i, t);
  bed.Log.line(t) <~ d.received(_, _, t);
}`;

  test("bring roles and modules, named by the import", () => {
    const { plan, diagnostics, asts } = compiled(main, { "lib/bed.dlc": bed });
    expect(diagnostics).toEqual([]);
    expect(plan!.outputs.map(({ output, after }) => [output, after.name])).toEqual([["bed.Log.lines", "Async"]]);
    expect(asts!.map(({ file }) => file.path)).toEqual(["main.dlc", "lib/bed.dlc"]);
    const runs = runAll(plan!, [
      ["Node#0.say", "Node#1", "a", "hello"],
      ["Node#1.say", "Node#0", "b", "you"],
    ]);
    for (const { contents } of runs) expect(contents.get("bed.Log.lines")!.get("bed.Log#0")).toBe('["hello"] ["you"]');
  });

  test("bring lattices, as types of columns, parameters and arguments of modules", () => {
    const polls =
      'lattice Ballot from "./ballot.ts"; role Poll { channel cast(k: string, b: Ballot); table t(k: string, b: Ballot); t(k, b) <= cast(k, b); }';
    const votes = `import "./polls.dlc" as polls;
function most(b: polls.Ballot): lmax<int> from "./ballot.ts" monotone;
module Held<B> { in put(k: string, b: B); table held(k: string, b: B); held(k, b) <= put(k, b); }
use Held<polls.Ballot> as h in Node;
role Node { input i(k: string, b: polls.Ballot); h.put(k, b) <= i(k, b); polls.Poll.cast(k, b) <~ i(k, b);
  output o(k: string); o(k) <= i(k, b), most(b) >= 3; }`;
    expect(errors(votes, { "polls.dlc": polls })).toEqual([]);
    expect(
      compiled(votes, { "polls.dlc": polls })
        .ir!.collections.get("Node.h.held")!
        .columns.map(({ type }) => typeText(type)),
    ).toEqual(["string", "polls.Ballot"]);
    expect(errors(votes.replace("polls.Ballot>", "polls . Balot>"), { "polls.dlc": polls })).toEqual([
      "DLC207 main.dlc:4 [polls . Balot] there is no type `polls.Balot`",
    ]);
  });

  test("are relative to the file that imports, and load a file once", () => {
    const files = {
      "lib/a.dlc": 'import "../lib2/c.dlc" as c; role A { channel x(n: int); c.C.x(n) <~ x(n); }',
      "lib2/b.dlc": 'import "./c.dlc" as cc; role B { channel x(n: int); cc.C.x(n) <~ x(n); }',
      "lib2/c.dlc": "role C { channel x(n: int); output y(n: int); y(n) <= x(n); }",
    };
    const { ir, diagnostics } = compiled(
      'import "./lib/a.dlc" as a; import "./lib2/b.dlc" as b; role M { input i(n: int); a.A.x(n) <~ i(n); b.B.x(n) <~ i(n); }',
      files,
      "./main.dlc",
    );
    expect(diagnostics).toEqual([]);
    // C has the name by which the first file that imports it can be reached.
    expect([...ir!.roles.keys()]).toEqual(["M", "a.A", "b.B", "a.c.C"]);
    expect(ir!.rules.get("b.B/cc.C.x#1")!.head.collection).toBe("a.c.C.x");
  });

  test("may go in a circle", () => {
    const other = 'import "./main.dlc" as m; role B { channel c(x: int); m.A.c(x) <~ c(x), x > 0; }';
    const text = 'import "./b.dlc" as b; role A { channel c(x: int); b.B.c(x - 1) <~ c(x), x > 0; }';
    expect(errors(text, { "b.dlc": other })).toEqual([]);
    expect(compiled(text, { "b.dlc": other }).ir!.rules.get("b.B/m.A.c#1")!.head.collection).toBe("A.c");
  });

  test("are checked where they stand, with what is wrong named in the file where it is", () => {
    const wrong = "role B { table t(x: int); t(x) <= s(x); }\nmodule M { table u(x: strin); }";
    expect(errors('import "./b.dlc" as b;\nrole A { b.C.c(x) <~ d(x); }', { "b.dlc": wrong })).toEqual([
      "DLC201 main.dlc:2 [b.C] there is no role `b.C`",
      "DLC202 main.dlc:2 [d] role A has no collection `d`",
      "DLC202 b.dlc:1 [s] role b.B has no collection `s`",
      "DLC207 b.dlc:2 [strin] there is no type `strin`",
    ]);
    expect(
      errors('import "./b.dlc" as b; use b.N as n in A; role A { t(x <= ; }', {
        "b.dlc": "role B { tabel t(x: int); }",
      }),
    ).toEqual(["DLC101 main.dlc:1 [(] This `(` is never closed.", expect.stringMatching(/^DLC10. b\.dlc:1/)]);
  });

  test("bring nothing under the names of the other file's own imports", () => {
    const files = { "b.dlc": 'import "./c.dlc" as c; role B { }', "c.dlc": "role C { channel x(n: int); }" };
    expect(errors('import "./b.dlc" as b; role A { input i(n: int); b.c.C.x(n) <~ i(n); }', files)).toEqual([
      "DLC201 main.dlc:1 [b.c.C] there is no role `b.c.C`",
    ]);
  });

  test("keep the functions of each file to itself", () => {
    const f = 'function norm(x: string): string from "./norm.ts";';
    const b = `${f} module M { in s(x: string); out o(x: string); o(norm(x)) <= s(x); }`;
    const { ir, diagnostics } = compiled(
      `import "./lib/b.dlc" as b; ${f} role A { use b.M as m; input i(x: string); m.s(norm(x)) <= i(x); }`,
      { "lib/b.dlc": b },
    );
    expect(diagnostics).toEqual([]);
    expect([...ir!.functions].map(([id, { name, file }]) => [id, name, file.path])).toEqual([
      ["norm", "norm", "main.dlc"],
      ["b.norm", "norm", "lib/b.dlc"],
    ]);
    expect(ir!.rules.get("A/m.o#1")!.head.terms[0]).toMatchObject({ value: { kind: "call", name: "b.norm" } });
    expect(
      errors('import "./lib/b.dlc" as b; role A { input i(x: string); table t(x: string); t(norm(x)) <= i(x); }', {
        "lib/b.dlc": b,
      }),
    ).toEqual(["DLC203 main.dlc:1 [norm] there is no function `norm`"]);
  });

  test("keep the lattices of each file to itself", () => {
    const b = 'lattice Ballot from "./ballot.ts"; module M { in s(x: Ballot); out o(x: Ballot); o(x) <= s(x); }';
    const text = 'import "./b.dlc" as b; lattice Ballot from "./own.ts"; role A { use b.M as m; table t(x: Ballot); }';
    const { ir } = compiled(text, { "b.dlc": b });
    expect([...ir!.lattices].map(([id, { name, file }]) => [id, name, file.path])).toEqual([
      ["Ballot", "Ballot", "main.dlc"],
      ["b.Ballot", "Ballot", "b.dlc"],
    ]);
    expect(ir!.collections.get("A.m.s")!.columns[0].type).toEqual({ kind: "lattice", name: "b.Ballot", args: [] });
  });

  const broken = (text: string, files: Readonly<Record<string, Unreadable | string>> = {}): readonly string[] => {
    const given: ImportedFiles = new Map(
      Object.entries(files).map(([path, one]) => [path, typeof one === "string" ? { path, text: one } : one]),
    );
    const { diagnostics } = compile({ path: "main.dlc", text }, { files: given });
    return diagnostics.flatMap(({ code, span, message, mend, fixes }) => [
      `${code} [${text.slice(span.start, span.end)}] ${message} ${mend}`,
      ...(fixes ?? []).map(({ edits }) => `fix ${edits[0].text}`),
    ]);
  };

  test("that cannot be followed are errors at the path", () => {
    expect(broken('import "./x.dlc" as x;')).toEqual([
      'DLC291 ["./x.dlc"] "./x.dlc" cannot be imported: there is no such file. Paths are relative to the file that imports.',
    ]);
    const missing = { problem: "there is no such file", near: ["./bed.dlc"] };
    expect(broken('import "./bad.dlc" as x;', { "bad.dlc": missing })).toEqual([
      'DLC291 ["./bad.dlc"] "./bad.dlc" cannot be imported: there is no such file. Did you mean `"./bed.dlc"`?',
      'fix "./bed.dlc"',
    ]);
    expect(broken('import "bed.dlc" as x;')[0]).toContain('"bed.dlc" is not the path of a program.');
    expect(broken('import "./main.dlc" as x;')[0]).toContain("This file imports itself.");
    expect(broken('import "./a.dlc" as a; import "./b/../a.dlc" as b;', { "a.dlc": "" })).toEqual([
      'DLC291 ["./b/../a.dlc"] "./b/../a.dlc" is imported twice. Leave one of the imports out, and name what is in it by `a`.',
    ]);
  });

  test("have one name each", () => {
    const files = { "a.dlc": "", "b.dlc": "" };
    expect(errors('import "./a.dlc" as a; import "./b.dlc" as a;', files)).toEqual([
      "DLC205 main.dlc:1 [a] the import `a` is declared twice",
    ]);
    expect(errors('import "./a.dlc" as a; role a { }', files)).toEqual([
      "DLC205 main.dlc:1 [a] `a`, the name of an import, is declared twice",
    ]);
    expect(errors('import "./a.dlc" as a; module M { } role R { use M as a; }', files)).toEqual([
      "DLC205 main.dlc:1 [a] `a` is also the name of an import",
    ]);
  });
});
