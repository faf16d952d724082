/** What emitted rules do, case by case; `engine-oracle.test.ts` covers their combinations. */
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { Expr, Gate, ReadLiteral, Rule } from "../src/compiler/ir.ts";
import { Relation } from "../src/runtime/engine/relation.ts";
import type { Row } from "../src/runtime/program.ts";
import { bare, irOf, world, World } from "./support/plan.ts";
import { emit } from "../src/compiler/5-emit/emit.ts";
import { loadRole } from "../src/verify/load.ts";

const role = (text: string): string => `role Q { channel m(x: int); }\nrole R {\n${text}\n}\n`;

describe("facts", () => {
  test("of a role take effect though no event comes", () => {
    const r = world(
      role(`table t(x: int); scratch s(x: int); output o(x: int); t(1); s(2); o(x) <= t(x); o(x) <= s(x);`),
    );
    expect(r.evaluator.pending()).toEqual([null]);
    expect(r.output("o")).toEqual([[1], [2]]);
    expect(r.evaluator.pending()).toEqual([]);
    // A fact of a scratch is true in every step.
    r.step();
    expect(r.read("s")).toEqual([[2]]);
  });
  test("deleted from a table stay away; the fact was inserted once", () => {
    const r = world(role(`input d(x: int); table t(x: int); t(1); t(x) <- d(x);`));
    r.step();
    r.step({ d: [[1]] });
    r.step();
    r.step();
    expect(r.read("t")).toEqual([]);
  });
  test("of a role without any need no step", () => {
    expect(world(role(`channel c(x: int); output o(x: int); o(x) <= c(x);`)).evaluator.pending()).toEqual([]);
  });
});

describe("tables in a recursive stratum", () => {
  test("take what becomes true, not what is derived again because something else was lost", () => {
    const r = world(
      role(`channel add(x: int); channel del(x: int); table a(x: int); table t(x: int); scratch s(x: int);
        a(x) <= add(x); s(x) <= a(x); s(y) <= t(x), y = (x + 1) % 8, x > 3; t(x) <= s(x); t(x) <- del(x);`),
    );
    r.step({ add: [[1], [4]] });
    const all = [[0], [4], [5], [6], [7]];
    expect(r.read("t")).toEqual([all[0], [1], ...all.slice(1)]);
    r.step({ del: [[1]] });
    r.step();
    expect(r.read("s")).toEqual([all[0], [1], ...all.slice(1)]);
    expect(r.read("t")).toEqual(all);
    // What was lost on the way is derived from what is left.
    r.step({ del: [[5]] });
    r.step();
    expect(r.read("t")).toEqual([[0], [4], [6], [7]]);
    expect(r.read("s")).toEqual([[0], [1], [4], [5], [7]]);
  });
});

describe("addresses", () => {
  test("self and the nodes of roles", () => {
    const r = world(role(`output o(a: addr, b: addr); o(self, a) <= Q.nodes(a);`));
    expect(r.evaluator.pending()).toEqual([null]);
    expect(r.output("o")).toEqual([
      ["R#0", "R#0"],
      ["R#0", "R#1"],
    ]);
  });
  test("messages go where they are said to go", () => {
    const r = world(
      role(`channel c(a: addr, x: int); Q.m@a(x) <~ c(a, x); Q.m@*(x) <~ c(_, x), x > 5; Q.m(x) <~ c(_, x), x == 1;`),
    );
    expect(
      r.step({
        c: [
          ["Q#1", 1],
          ["Q#0", 7],
        ],
      }).sends,
    ).toEqual([
      { target: "Q.m", to: "Q#1", rows: [[1]] },
      { target: "Q.m", to: "Q#0", rows: [[7]] },
      { target: "Q.m", to: "*", rows: [[7]] },
      { target: "Q.m", to: null, rows: [[1]] },
    ]);
  });
  test("a message is sent when its fact becomes true", () => {
    const r = world(role(`channel c(x: int); Q.m(x) <~ c(x);`));
    const sent = (rows: readonly Row[]): unknown => r.step({ c: rows }).sends.flatMap((one) => one.rows);
    expect([sent([[1]]), sent([[1], [2]]), sent([]), sent([[1]])]).toEqual([[[1]], [[2]], [], [[1]]]);
  });
});

describe("failing derivations", () => {
  test("overflow, division by zero and a negative nat are reported with their rule, and cost one derivation each", () => {
    const r = world(
      role(`channel c(x: int, y: int); output sum(x: int); output div(x: int); output n(x: nat);
      sum(x + y) <= c(x, y); div(x / y) <= c(x, y); n(x - y) <= c(x, y);`),
    );
    const { outputs } = r.step({
      c: [
        [2 ** 53 - 1, 1],
        [7, 2],
        [1, 0],
        [2, 3],
      ],
    });
    expect(outputs).toEqual([
      { collection: "sum", retract: false, rows: [[1], [5], [9]] },
      { collection: "div", retract: false, rows: [[0], [3], [2 ** 53 - 1]] },
      { collection: "n", retract: false, rows: [[1], [5], [2 ** 53 - 2]] },
    ]);
    expect(r.faults).toEqual([
      {
        code: "DLC921",
        message: "a fact could not be derived: x + y is above the safe integers (±9007199254740991)",
        rule: "sum#1 (test.dlc:4)",
      },
      { code: "DLC922", message: "a fact could not be derived: division by zero in x / y", rule: "div#1 (test.dlc:4)" },
      {
        code: "DLC923",
        message: "a fact could not be derived: x - y is -1, and a nat is not negative",
        rule: "n#1 (test.dlc:4)",
      },
    ]);
  });
  test("division is of whole numbers toward zero, and exact", () => {
    const r = world(role(`channel c(x: int, y: int); output o(q: int, m: int); o(x / y, x % y) <= c(x, y);`));
    expect(
      r.output("o", {
        c: [
          [-7, 2],
          [2 ** 53 - 1, 2],
          [7, -2],
        ],
      }),
    ).toEqual([
      [-3, -1],
      [-3, 1],
      [2 ** 52 - 1, 1],
    ]);
  });
  test("an imported function that throws, or returns another type, says with what arguments", () => {
    const text = `function f(x: int): string from "./f.ts";\n${role(`channel c(x: int); table t(x: int); output o(s: string); t(x) <= c(x); o(f(x)) <= t(x);`)}`;
    const r = world(
      text,
      {},
      {
        f: (x: number) => {
          if (x === 1) throw new Error("no ones");
          return x === 2 ? 2 : `<${x}>`;
        },
      },
    );
    expect(r.output("o", { c: [[1], [2], [3]] })).toEqual([["<3>"]]);
    expect(r.faults).toEqual([
      { code: "DLC920", message: "a fact could not be derived: f(1) threw: no ones", rule: "o#1 (test.dlc:4)" },
      {
        code: "DLC920",
        message: "a fact could not be derived: f(2) returned a value of another type: string expected, number 2 found",
        rule: "o#1 (test.dlc:4)",
      },
    ]);
    // Not again, as long as the fact is there.
    r.step({ c: [[4]] });
    expect(r.faults.length).toBe(2);
  });
  test("sides of && and branches of if fail only where they count", () => {
    const r = world(
      role(`channel c(x: int, y: int); output o(x: int); output p(x: int);
      o(x) <= c(x, y), y != 0 && x / y > 1; p(if y == 0 then 0 else x / y) <= c(x, y);`),
    );
    const { outputs } = r.step({
      c: [
        [4, 2],
        [5, 0],
      ],
    });
    expect(outputs.map(({ rows }) => rows)).toEqual([[[4]], [[0], [2]]]);
    expect(r.faults).toEqual([]);
  });
});

describe("keys", () => {
  const kv = role(`channel put(k: string, v: string); table kv(k: string -> v: string); kv(k, v) <= put(k, v);`);
  test("a stored value stays; of several new ones the least is kept; all others are reported with their rules", () => {
    const r = world(kv);
    r.step({
      put: [
        ["a", "z"],
        ["a", "m"],
        ["b", "x"],
      ],
    });
    expect(r.read("kv")).toEqual([
      ["a", "m"],
      ["b", "x"],
    ]);
    r.step({
      put: [
        ["a", "b"],
        ["b", "x"],
      ],
    });
    expect(r.read("kv")).toEqual([
      ["a", "m"],
      ["b", "x"],
    ]);
    expect(r.faults).toEqual([
      {
        code: "DLC924",
        message: 'key conflict: kv("a", "m") (kv#1 (test.dlc:3)) is kept, kv("a", "z") (kv#1 (test.dlc:3)) is not',
        rule: "kv#1 (test.dlc:3)",
      },
      {
        code: "DLC924",
        message: 'key conflict: kv("a", "m") (kv#1 (test.dlc:3)) is kept, kv("a", "b") (kv#1 (test.dlc:3)) is not',
        rule: "kv#1 (test.dlc:3)",
      },
    ]);
  });
  test("an upsert replaces; two in one step conflict", () => {
    const r = world(
      role(`channel put(k: string, v: int); table kv(k: string -> v: int); output o(k: string, v: int) eventual;
      kv(k, v) <+- put(k, v); o(k, v) <= kv(k, v);`),
    );
    r.step({ put: [["a", 1]] });
    expect(r.evaluator.pending()).toEqual([null]);
    expect(
      r.step({
        put: [
          ["a", 3],
          ["a", 2],
        ],
      }).outputs,
    ).toEqual([{ collection: "o", retract: false, rows: [["a", 1]] }]);
    expect(r.step().outputs).toEqual([
      { collection: "o", retract: true, rows: [["a", 1]] },
      { collection: "o", retract: false, rows: [["a", 2]] },
    ]);
    expect(r.evaluator.pending()).toEqual([]);
    expect(r.faults.map(({ code }) => code)).toEqual(["DLC924"]);
  });
  test("channels and outputs with keys hold one value too", () => {
    const r = world(
      role(
        `channel c(k: int -> v: int); output last(k: int -> v: int); output o(k: int, v: int); o(k, v) <= c(k, v); last(k, v + w) <= c(k, v), w in [0, 1];`,
      ),
    );
    expect(
      r.step({
        c: [
          [1, 5],
          [1, 4],
        ],
      }).outputs,
    ).toEqual([
      { collection: "last", retract: false, rows: [[1, 4]] },
      { collection: "o", retract: false, rows: [[1, 4]] },
    ]);
    expect(r.faults.length).toBe(2);
  });
});

describe("deferred facts", () => {
  test("count up to a fixed point, then wait", () => {
    const r = world(role(`scratch tick(n: int); tick(0); tick(n + 1) <+ tick(n), n < 5;`));
    let steps = 0;
    for (; r.evaluator.pending().length > 0; steps++) r.step();
    expect(steps).toBe(6);
    expect(r.read("tick")).toEqual([[0], [1], [2], [3], [4], [5]]);
  });
  test("that repeat themselves do not keep an instance busy", () => {
    const r = world(
      role(
        `channel c(x: int); table t(x: int); scratch s(x: int); scratch p(x: int); t(x) <= c(x); s(x) <+ t(x); p(x) <+ c(x); p(x) <+ p(x);`,
      ),
    );
    r.step({ c: [[1]] });
    r.step();
    expect(r.read("s")).toEqual([[1]]);
    expect(r.read("p")).toEqual([[1]]);
    expect(r.evaluator.pending()).toEqual([]);
  });
  test("of a log's rules count the steps of that log", () => {
    const text = role(
      `channel c(x: int); channel free(x: int); scratch s(x: int); output o(x: int, y: int); s(x) <+ c(x); o(x, y) <= s(x), c(y);`,
    );
    const r = world(text, { clocks: new Map([["R/s#1", "R.log"]]) });
    r.step({ c: [[1]] }, "R.log");
    expect(r.evaluator.pending()).toEqual(["R.log"]);
    r.step({ free: [[9]] });
    expect(r.read("s")).toEqual([]);
    expect(r.evaluator.pending()).toEqual(["R.log"]);
    expect(r.output("o", { c: [[2]] }, "R.log")).toEqual([[1, 2]]);
    expect(r.output("o", {}, "R.log")).toEqual([]);
    expect(r.evaluator.pending()).toEqual([]);
  });
  test("of one gate value's log do not count another's steps", () => {
    const text = role(`channel put(k: string, v: int); table kv(k: string -> v: int); kv(k, v) <+- put(k, v);`);
    const r = world(text, { clocks: new Map([["R/kv#1", "R.log"]]) });
    r.step({ put: [["a", 1]] }, 'R.log["a"]');
    r.step({ put: [["b", 2]] }, 'R.log["b"]');
    expect(r.read("kv")).toEqual([]);
    expect([...r.evaluator.pending()].sort()).toEqual(['R.log["a"]', 'R.log["b"]']);
    r.step({}, 'R.log["b"]');
    expect(r.read("kv")).toEqual([["b", 2]]);
    r.step({ put: [["a", 3]] }, 'R.log["a"]');
    expect(r.read("kv")).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    r.step({}, 'R.log["a"]');
    expect(r.read("kv")).toEqual([
      ["a", 3],
      ["b", 2],
    ]);
    expect(r.evaluator.pending()).toEqual([]);
  });
});

const variable = (name: string): Expr => ({
  kind: "variable",
  name,
  type: { kind: "string" },
  span: { start: 0, end: 0 },
});
const gate = (...sources: readonly [string, ...string[]][]): Gate => ({
  conditions: sources.map(([source, ...key]) => ({ source, key: key.map(variable) })),
});

const fact = fc.tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("1", "2"), fc.integer({ min: 0, max: 3 }));
const happening = fc.oneof(
  { weight: 5, arbitrary: fact.map((row): Row => ["click", ...row]) },
  { weight: 3, arbitrary: fact.map((row): Row => ["drop", ...row]) },
  { weight: 1, arbitrary: fc.constantFrom("a", "b", "all").map((c): Row => ["close", c]) },
);

describe("gates", () => {
  const text =
    role(`channel click(c: string, u: string) sealed by (c); table clicks(c: string, u: string); scratch n(c: string, k: int); output o(c: string, k: int);
    clicks(c, u) <= click(c, u); n(c, count()) <= clicks(c, _); o(c, k) <= n(c, k);
    Q.m(0) <~ click("go", _);`);
  const sealed = [
    { collection: "R.click", key: [0], single: false, deadlineMs: null, producers: ["Q"], deferred: false },
  ];
  const gated = (rule: Rule): Rule => (rule.label === "n#1" ? { ...rule, gates: [gate(["R.click", "c"])] } : rule);
  test("of a rule over what persists let it see closed partitions only", () => {
    const r = world(text, { rule: gated, sealed });
    r.step({
      click: [
        ["a", "1"],
        ["b", "1"],
      ],
    });
    r.step({ click: [["a", "2"]] });
    expect(r.read("n")).toEqual([]);
    expect(r.evaluator.held()).toEqual([{ rule: "n#1 (test.dlc:4)", source: "click", rows: 2 }]);
    r.close("click", ["a"]);
    expect(r.output("o", { click: [["a", "3"]] })).toEqual([["a", 3]]);
    expect(r.output("o", { click: [["b", "2"]] })).toEqual([]);
    r.close("click", null);
    expect(r.output("o")).toEqual([["b", 2]]);
    expect(r.evaluator.held()).toEqual([]);
    // A value that nobody has seen is closed with all others.
    expect(r.output("o", { click: [["late", "1"]] })).toEqual([["late", 1]]);
  });
  const whole = (rule: Rule): Rule => (rule.label === "n#1" ? { ...rule, gates: [gate(["R.click"])] } : rule);
  const sealedWhole = [{ ...sealed[0], key: [] }];
  test("of the whole stream wait for its end", () => {
    const r = world(text, { rule: whole, sealed: sealedWhole });
    expect(
      r.output("o", {
        click: [
          ["a", "1"],
          ["b", "1"],
        ],
      }),
    ).toEqual([]);
    r.close("click", null);
    expect(r.output("o", { click: [["a", "2"]] })).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
  });
  test.each([
    ["partition", { rule: gated, sealed }],
    ["stream", { rule: whole, sealed: sealedWhole }],
  ])("let groups count before their %s closes, and show what rows that waited would show", (closes, plan) => {
    // A second literal, always true, makes the rows wait instead of the groups.
    const program = (also: string): string =>
      role(`channel click(c: string, u: string, x: int) sealed by (c); channel drop(c: string, u: string, x: int);
      table clicks(c: string, u: string, x: int); clicks(c, u, x) <= click(c, u, x); clicks(c, u, x) <- drop(c, u, x);
      scratch n(c: string, u: string, k: int, s: int, l: int, d: int, all: list<int>);
      n(c, u, count(), sum(x), max(x), count(distinct x), collect(x)) <= clicks(c, u, x)${also} having count() < 4;
      output o(c: string, u: string, k: int, s: int, l: int, d: int, all: list<int>) eventual;
      o(c, u, k, s, l, d, a) <= n(c, u, k, s, l, d, a);`);
    fc.assert(
      fc.property(fc.array(fc.array(happening, { maxLength: 5 }), { maxLength: 12 }), (steps) => {
        const [groups, rows] = ["", ", 1 == 1"].map((also) => world(program(also), plan));
        for (const happenings of steps) {
          const of = (kind: string): Row[] => happenings.flatMap((one) => (one[0] === kind ? [one.slice(1)] : []));
          const [told, expected] = [groups, rows].map((r) => {
            for (const [c] of of("close")) {
              if (c === "all") r.close("click", null);
              else if (closes === "partition") r.close("click", [c]);
            }
            return [r.step({ click: of("click"), drop: of("drop") }).outputs, r.read("n"), r.evaluator.held().length];
          });
          expect(told).toEqual(expected);
        }
      }),
      { numRuns: 300, seed: 7 },
    );
  });
  test("holds keep rows of passing literals and release those of all literals in one step", () => {
    const both = role(
      `channel bid(k: string, x: int); channel ask(k: string, y: int); output match(k: string, x: int, y: int); match(k, x, y) <= bid(k, x), ask(k, y);`,
    );
    const conditions = gate(["R.bid", "k"], ["R.ask", "k"]);
    const hold = (rule: Rule): Rule => ({
      ...rule,
      body: rule.body.map((literal) => ({ ...(literal as ReadLiteral), hold: conditions })),
    });
    const promises = ["R.bid", "R.ask"].map((collection) => ({
      collection,
      key: [0],
      single: false,
      deadlineMs: null,
      producers: ["Q"],
      deferred: false,
    }));
    const r = world(both, { rule: hold, sealed: promises });
    expect(
      r.output("match", {
        bid: [
          ["a", 1],
          ["b", 1],
        ],
      }),
    ).toEqual([]);
    r.close("bid", ["a"]);
    expect(r.output("match", { ask: [["a", 2]] })).toEqual([]);
    expect(r.evaluator.held().map(({ source, rows }) => [source, rows])).toEqual([
      ["bid", 2],
      ["ask", 1],
    ]);
    r.close("ask", ["a"]);
    expect(r.output("match")).toEqual([["a", 1, 2]]);
    expect(r.evaluator.held().map(({ source, rows }) => [source, rows])).toEqual([["bid", 1]]);
    // What comes when all is closed passes at once.
    r.close("bid", null);
    r.close("ask", null);
    expect(r.output("match", { ask: [["b", 5]] })).toEqual([["b", 1, 5]]);
    expect(r.output("match")).toEqual([]);
  });
  test("a held request is answered from the closed partition", () => {
    const request =
      role(`channel click(c: string, u: string) sealed by (c); channel ask(a: addr, c: string); channel m2(c: string);
      table clicks(c: string, u: string); scratch n(c: string, k: int); output o(c: string, k: int);
      clicks(c, u) <= click(c, u); n(c, count()) <= clicks(c, _); o(c, k) <= ask(_, c), n(c, k);`);
    const held = (rule: Rule): Rule => {
      if (rule.label === "n#1") return { ...rule, gates: [gate(["R.click", "c"])] };
      if (rule.label !== "o#1") return rule;
      return {
        ...rule,
        body: rule.body.map((literal) =>
          literal.kind === "read" && literal.collection === "R.ask"
            ? { ...literal, hold: gate(["R.click", "c"]) }
            : literal,
        ),
      };
    };
    const r = world(request, { rule: held, sealed });
    expect(r.output("o", { ask: [["Q#0", "a"]], click: [["a", "1"]] })).toEqual([]);
    expect(r.output("o", { click: [["a", "2"]] })).toEqual([]);
    r.close("click", ["a"]);
    expect(r.output("o")).toEqual([["a", 2]]);
    expect(r.output("o")).toEqual([]);
    expect(r.output("o", { ask: [["Q#1", "a"]] })).toEqual([["a", 2]]);
  });
});

describe("seal rules", () => {
  test("seal when their fact becomes true, in the step of the facts", () => {
    const r =
      world(`role Q { channel click(c: string, u: string) sealed by (c); output o(c: string); o(c) <= click(c, _); }
      role R { input over(c: string); input add(c: string, u: string); Q.click(c, u) <~ add(c, u); seal Q.click(c: c) <~ over(c); }`);
    expect(r.step({ add: [["a", "1"]], over: [["a"]] })).toEqual({
      sends: [{ target: "Q.click", to: null, rows: [["a", "1"]] }],
      outputs: [],
      seals: [{ target: "Q.click", key: ["a"] }],
    });
    expect(r.step({ over: [["a"]] }).seals).toEqual([]);
  });
});

describe("values", () => {
  test("of all types pass through rules", () => {
    const r = world(
      role(`channel c(s: string, f: float, b: bool, y: bytes, j: json, l: list<string>, p: (int, float));
      table t(s: string, f: float, b: bool, y: bytes, j: json, l: list<string>, p: (int, float));
      output o(s: string, f: float, b: bool, y: bytes, j: json, l: list<string>, p: (int, float));
      t(s, f, b, y, j, l, p) <= c(s, f, b, y, j, l, p); o(s, f, b, y, j, l, p) <= t(s, f, b, y, j, l, p);`),
    );
    const row: Row = ["é", NaN, true, new Uint8Array([1, 2]), { a: [null, true], b: "x" }, ["x", "y"], [2 ** 40, 0.5]];
    expect(r.output("o", { c: [row] })).toEqual([row]);
    expect(
      r.output("o", {
        c: [["é", NaN, true, new Uint8Array([1, 2]), { b: "x", a: [null, true] }, ["x", "y"], [2 ** 40, 0.5]]],
      }),
    ).toEqual([]);
  });
  test("compare in the one order", () => {
    const r = world(
      role(`channel c(x: float, y: float); channel s(x: string, y: string); channel l(x: list<int>, y: list<int>); output o(t: string);
      o("f") <= c(x, y), x < y; o("s") <= s(x, y), x < y; o("l") <= l(x, y), x <= y; o("e") <= c(x, y), x == y;`),
    );
    expect(r.output("o", { c: [[NaN, -Infinity]], s: [["B", "a"]], l: [[[1], [1, 0]]] })).toEqual([
      ["f"],
      ["l"],
      ["s"],
    ]);
    expect(
      r.output("o", {
        c: [
          [NaN, NaN],
          [2, 1],
        ],
      }),
    ).toEqual([["e"]]);
  });
  test("lists are ranged over by element, each once, and taken apart", () => {
    const r = world(
      role(
        `channel c(l: list<(int, string)>); output o(n: int, s: string); output k(n: int); o(n, s) <= c(l), (n, s) in l; k(count()) <= c(l), (_, _) in l;`,
      ),
    );
    expect(
      r.step({
        c: [
          [
            [
              [1, "a"],
              [2, "b"],
              [1, "a"],
            ],
          ],
        ],
      }).outputs,
    ).toEqual([
      {
        collection: "o",
        retract: false,
        rows: [
          [1, "a"],
          [2, "b"],
        ],
      },
      { collection: "k", retract: false, rows: [[2]] },
    ]);
  });
  test("many of them are forgotten again, and what is stored is not", () => {
    const r = world(
      role(
        `channel c(s: string); table last(k: int -> s: string); output o(s: string); last(0, s) <+- c(s); o(s + "!") <= c(s);`,
      ),
    );
    for (let n = 0; n < 40; n++) {
      const rows = Array.from({ length: 4000 }, (_, i): Row => [`row ${n * 4000 + i}`]);
      expect(r.output("o", { c: rows }).length).toBe(4000);
    }
    r.step();
    expect(r.read("last")).toEqual([[0, "row 156000"]]);
  });
});

describe("aggregates", () => {
  test("follow insertions and deletions exactly", () => {
    const r = world(
      role(`channel c(x: float); channel del(x: float); table t(x: float); output o(s: float, a: float, lo: float, hi: float, n: int) eventual;
      t(x) <= c(x); t(x) <- del(x); o(sum(x), avg(x), min(x), max(x), count()) <= t(x);`),
    );
    expect(r.output("o", { c: [[0.1], [0.2], [0.3], [1e16]] })[0][2]).toBe(0.1);
    r.step({ del: [[1e16]] });
    expect(r.output("o")).toEqual([[0.6, 0.2, 0.1, 0.3, 3]]);
    r.step({ del: [[0.1], [0.2], [0.3]] });
    expect(r.step().outputs).toEqual([{ collection: "o", retract: true, rows: [[0.6, 0.2, 0.1, 0.3, 3]] }]);
  });
  test("choose and break ties in the one order, collect each valuation", () => {
    const r = world(
      role(
        `channel c(k: string, v: int); output o(m: string, n: string, l: list<int>, c: string); o(argmin(k, v), argmax(k, v), collect(v), choose(k)) <= c(k, v);`,
      ),
    );
    expect(
      r.output("o", {
        c: [
          ["z", 1],
          ["b", 1],
          ["y", 4],
          ["x", 4],
        ],
      }),
    ).toEqual([["b", "x", [1, 1, 4, 4], "b"]]);
  });
  test("stand in several conditions, and in the head as well", () => {
    const r = world(
      role(`channel c(k: int, v: int); output o(k: int, m: int); output p(k: int, m: int);
        o(k, max(v)) <= c(k, v) having count() >= 2 && max(v) > 3;
        p(k, max(v)) <= c(k, v) having (if count() >= 2 then max(v) else min(v)) > 3, max(v) < 9;`),
    );
    const rows: Row[] = [
      [1, 5],
      [1, 6],
      [2, 9],
      [3, 1],
      [3, 2],
      [4, 8],
    ];
    const { outputs } = r.step({ c: rows });
    expect(outputs.map(({ collection, rows: of }) => [collection, of])).toEqual([
      ["o", [[1, 6]]],
      [
        "p",
        [
          [1, 6],
          [4, 8],
        ],
      ],
    ]);
  });
  test("a sum that overflows yields nothing and says so", () => {
    const r = world(role(`channel c(k: int, v: int); output o(k: int, s: int); o(k, sum(v)) <= c(k, v);`));
    expect(
      r.output("o", {
        c: [
          [1, 2 ** 53 - 1],
          [1, 1],
          [2, 5],
          [3, 2 ** 53 - 1],
          [3, 1],
          [3, -1],
        ],
      }),
    ).toEqual([
      [2, 5],
      [3, 2 ** 53 - 1],
    ]);
    expect(r.faults).toEqual([
      {
        code: "DLC921",
        message: "a fact could not be derived: sum(v) is above the safe integers (±9007199254740991)",
        rule: "o#1 (test.dlc:3)",
      },
    ]);
  });
});

describe("outputs", () => {
  test("say what ceases where the level asks for it", () => {
    const r = world(
      role(`channel c(x: int); output o(x: int) eventual; output p(x: int); o(x) <= c(x); p(x) <= c(x);`),
    );
    r.step({ c: [[1], [2]] });
    expect(r.step({ c: [[2]] }).outputs).toEqual([{ collection: "o", retract: true, rows: [[1]] }]);
  });
});

test("a timer is an event without columns", () => {
  const r = world(role(`timer t every 1s; table seen(x: int); output o(x: int); seen(1); o(x) <= t(), seen(x);`));
  r.step();
  expect(r.output("o", { t: [[]] })).toEqual([[1]]);
  expect(r.output("o")).toEqual([]);
});

test("a step costs what changed, not what is stored", () => {
  const text =
    role(`channel c(x: int, y: int); table t(x: int, y: int); scratch n(x: int, k: int); output o(x: int, k: int);
    t(x, y) <= c(x, y); n(x, count()) <= t(x, y), t(y, _); o(x, k) <= n(x, k);`);
  const program = loadRole(emit(bare(irOf(text))).value!, "R");
  const changesOf = (rows: number): number => {
    const r = new World(program.createEvaluator);
    r.step({ c: Array.from({ length: rows }, (_, i): Row => [i, (i * 7) % rows]) });
    const bump = vi.spyOn(Relation.prototype, "bump");
    const keep = vi.spyOn(Relation.prototype, "keep");
    const change = vi.spyOn(Relation.prototype, "change");
    // The groups of 1, and of the one row that points to 1.
    expect(r.output("o", { c: [[1, 2]] }).length).toBe(2);
    const calls = bump.mock.calls.length + keep.mock.calls.length + change.mock.calls.length;
    vi.restoreAllMocks();
    return calls;
  };
  expect(changesOf(20_000)).toBe(changesOf(100));
});

test("names of columns, variables and collections may be words of JavaScript, and each other's", () => {
  const r = world(
    role(`channel values(n: int, row: int); table engine(n: int); scratch group(n: int, count: int); output n(row: int, change: int);
    engine(row) <= values(_, row); group(n, count()) <= engine(n), engine(values); n(values, engine) <= group(values, engine), not values(values, values);`),
  );
  expect(
    r.output("n", {
      values: [
        [1, 2],
        [3, 4],
      ],
    }),
  ).toEqual([
    [2, 2],
    [4, 2],
  ]);
});
