/** Imported aggregates: what a group's function is given, what claims exempt, and that the labels hold under every schedule. */
import { describe, expect, test } from "vitest";
import type { Row } from "../src/runtime/program.ts";
import { check, filesOf } from "./support/check.ts";
import { world } from "./support/plan.ts";
import { broken, differs, examine, runAll } from "./support/runs.ts";
import type { Given } from "./support/runs.ts";

const median = (xs: readonly number[]): number => xs[Math.floor((xs.length - 1) / 2)];

describe("emitted rules", () => {
  const role = (imports: string, text: string): string => `${imports}\nrole R {\n${text}\n}\n`;

  test("hand over a whole group in canonical order, one row for each valuation", () => {
    const given: unknown[] = [];
    const list = (xs: readonly string[]): string => {
      given.push(xs);
      return xs.join("");
    };
    const knit = (rows: readonly Row[]): string => rows.map((row) => row.join("")).join(" ");
    const r = world(
      role(
        'aggregate list(s: string): string from "./f.ts"; aggregate knit(n: int, s: string): string from "./f.ts";',
        `channel c(k: int, s: string, n: int); output o(k: int, l: string); output p(k: int, l: string);
        o(k, list(s)) <= c(k, s, _); p(k, knit(n, s)) <= c(k, s, n);`,
      ),
      {},
      { list, knit },
    );
    const rows: Row[] = [
      [1, "b", 1],
      [2, "x", 0],
      [1, "a", 2],
      [1, "b", 10],
      [1, "b", 2],
    ];
    const { outputs } = r.step({ c: rows });
    expect(outputs.map(({ collection, rows: of }) => [collection, of])).toEqual([
      [
        "o",
        [
          [1, "abbb"],
          [2, "x"],
        ],
      ],
      [
        "p",
        [
          [1, "1b 2a 2b 10b"],
          [2, "0x"],
        ],
      ],
    ]);
    expect(given).toHaveLength(2);
    expect(given.every((xs) => Object.isFrozen(xs))).toBe(true);
    expect(r.faults).toEqual([]);
  });

  test("follow insertions and deletions, and look at the groups that changed only", () => {
    const asked: number[][] = [];
    const spread = (xs: readonly number[]): number => {
      asked.push([...xs]);
      return xs.at(-1)! - xs[0];
    };
    const r = world(
      role(
        'aggregate spread(x: float): float from "./f.ts";',
        `channel c(k: int, x: float); channel del(k: int, x: float); table t(k: int, x: float); output o(k: int, s: float) eventual;
        t(k, x) <= c(k, x); t(k, x) <- del(k, x); o(k, spread(x)) <= t(k, x);`,
      ),
      {},
      { spread },
    );
    r.step({
      c: [
        [1, 5],
        [1, 2.5],
        [2, 7],
        [1, -0],
      ],
    });
    r.step({ del: [[1, 0]] });
    const { outputs } = r.step();
    expect(outputs).toEqual([
      { collection: "o", retract: true, rows: [[1, 5]] },
      { collection: "o", retract: false, rows: [[1, 2.5]] },
    ]);
    r.step({
      del: [
        [1, 5],
        [1, 2.5],
      ],
    });
    expect(r.step().outputs).toEqual([{ collection: "o", retract: true, rows: [[1, 2.5]] }]);
    expect(asked).toEqual([[0, 2.5, 5], [7], [2.5, 5]]);
  });

  test("leave out a group for which it throws or gives another type, in that step, and say so", () => {
    const pick = (xs: readonly number[]): unknown => {
      if (xs.length === 2) throw new Error("an even number");
      return xs.length === 3 ? "three" : xs[0];
    };
    const r = world(
      role(
        'aggregate pick(x: int): int from "./f.ts";',
        `channel c(k: int, x: int); table t(k: int, x: int); output o(k: int, x: int) eventual; t(k, x) <= c(k, x);
        o(k, pick(x)) <= t(k, x);`,
      ),
      {},
      { pick },
    );
    expect(
      r.output("o", {
        c: [
          [1, 1],
          [2, 1],
          [2, 2],
          [3, 1],
          [3, 2],
          [3, 3],
          [4, 9],
        ],
      }),
    ).toEqual([
      [1, 1],
      [4, 9],
    ]);
    expect(r.faults).toEqual([
      { code: "DLC920", message: "a group has no result: pick([1,2]) threw: an even number", rule: "o#1 (test.dlc:4)" },
      {
        code: "DLC920",
        message:
          'a group has no result: pick([1,2,3]) returned a value of another type: int expected, string "three" found',
        rule: "o#1 (test.dlc:4)",
      },
    ]);
    const { outputs } = r.step({
      c: [
        [1, 5],
        [2, 3],
        [3, 4],
      ],
    });
    expect(outputs).toEqual([
      { collection: "o", retract: true, rows: [[1, 1]] },
      { collection: "o", retract: false, rows: [[3, 1]] },
    ]);
  });

  test("ask it only where the conditions before it hold", () => {
    const asked: number[] = [];
    const first = (xs: readonly number[]): number => (asked.push(xs.length), xs[0]);
    const r = world(
      role(
        'aggregate first(x: int): int from "./f.ts";',
        `channel c(k: int, x: int); output o(k: int, x: int); o(k, first(x)) <= c(k, x) having count() > 1 && first(x) > 0;`,
      ),
      {},
      { first },
    );
    expect(
      r.output("o", {
        c: [
          [1, 1],
          [2, 1],
          [2, 2],
        ],
      }),
    ).toEqual([[2, 1]]);
    expect(asked.every((length) => length === 2)).toBe(true);
  });

  test("may be called like a built-in one, and are not that one", () => {
    const r = world(
      role(
        'aggregate max(x: int): int from "./f.ts"; aggregate count(x: int): int from "./f.ts";',
        "channel c(k: int, x: int); output o(k: int, x: int); output p(k: int); o(k, max(x)) <= c(k, x); p(k) <= c(k, x) having count(x) == 7;",
      ),
      {},
      { max: (xs: readonly number[]) => xs[0], count: () => 7 },
    );
    const { outputs } = r.step({
      c: [
        [1, 3],
        [1, 4],
      ],
    });
    expect(outputs.map(({ rows }) => rows)).toEqual([[[1, 3]], [[1]]]);
  });
});

const sent = (rules: string, { claims = "", seal = "", role = "replicated x2", type = "int" } = {}): string => `
aggregate f(x: int): ${type} from "./f.ts" ${claims};
role H x2 { input i(k: string, x: int) ${seal}; R.c(k, x) <~ i(k, x); }
role R ${role} { channel c(k: string, x: int); table t(k: string, x: int); t(k, x) <= c(k, x); ${rules} }`;

const given: Given = [
  ["H.i", "a", 4],
  ["H#1.i", "a", 1],
  ["H.i", "a", 9],
  ["H#1.i", "b", 2],
  ["H.i", "b", 8],
  ["H#1.i", "a", 6],
];

const head = "output o(k: string, m: int); o(k, f(x)) <= t(k, x);";
const bound = (from: string, test = "f(x) >= 5"): string =>
  `output o(k: string); o(k) <= ${from}(k, x) having ${test};`;

describe("the analysis", () => {
  test("needs no claim where the groups are closed by a seal: the gate is the group", () => {
    const c = check(sent(head, { seal: "sealed by (k)" }));
    expect(c.marks).toEqual(["o#1 aggregate {k}"]);
    expect(c.inserted).toEqual(["seal R.c by k for o#1"]);
    expect([c.before("R.o"), c.after("R.o")]).toEqual(["Inst", "Async"]);
    expect(check(sent(head, { seal: "sealed" })).inserted).toEqual(["barrier R.c for o#1"]);
    expect(check(sent(head, { seal: "sealed by (k)", claims: "commutative" })).marks).toEqual(["o#1 aggregate {k}"]);
  });

  test("over groups that may still grow it is opaque, and one log serves them all", () => {
    const c = check(sent(head));
    expect(c.marks).toEqual(["o#1 opaque {*}"]);
    expect(c.inserted).toEqual(["order R.c for o#1"]);
    expect([c.before("R.o"), c.after("R.o")]).toEqual(["Inst", "Run"]);
    // Sealed by what does not determine the group's partition.
    expect(check(sent(head, { seal: "sealed by (x)" })).marks).toEqual(["o#1 opaque {*}"]);
  });

  test("claimed commutative it is an aggregate like the built-in ones", () => {
    const c = check(sent(head, { claims: "commutative" }));
    expect(c.marks).toEqual(["o#1 aggregate {k}"]);
    expect(c.inserted).toEqual(["order R.c by k for o#1"]);
    expect(c.plan.outputs[0].assumptions).toContain("claim: f is commutative");
    expect(check(sent(head, { claims: "associative idempotent monotone" })).marks).toEqual(["o#1 opaque {*}"]);
  });

  test("an order by key cannot be chosen by hand where nothing is claimed", () => {
    const by = (claims: string): string => sent(head.replace("o(k, f", "@coordinate(order by (k)) o(k, f"), { claims });
    expect(check(by("commutative")).inserted).toEqual(["order R.c by k for o#1"]);
    expect(() => check(by(""))).toThrow(
      "DLC403 `@coordinate(order by (k))` cannot settle o#1: no column separates what it orders",
    );
  });

  test.each<[what: string, rules: string, claims: string, marks: readonly string[], type?: string]>([
    ["a bound that a monotone one reaches", bound("t"), "monotone", []],
    ["the same, written the other way round", bound("t", "5 < f(x)"), "monotone", []],
    ["a bound that a morphism reaches", bound("t"), "morphism", []],
    ["a bool that rises", bound("t", "f(x)"), "monotone", [], "bool"],
    ["two bounds", bound("t", "f(x) >= 5 && count() > 2, f(x) > 7 || max(x) > 3"), "monotone", []],
    [
      "a bound that is not claimed to stay reached",
      bound("t"),
      "commutative associative idempotent",
      ["o#1 aggregate {k}"],
    ],
    ["a bound from above", bound("t", "f(x) <= 5"), "monotone", ["o#1 opaque {*}"]],
    ["equality", bound("t", "f(x) == 5"), "monotone morphism", ["o#1 opaque {*}"]],
    ["a bool that is denied", bound("t", "!f(x)"), "monotone", ["o#1 opaque {*}"], "bool"],
    ["a bound that is an aggregate", bound("t", "f(x) >= count()"), "monotone", ["o#1 opaque {*}"]],
    [
      "a bound beside a value in the head",
      `output o(k: string, n: int); o(k, f(x)) <= t(k, x) having f(x) >= 5;`,
      "monotone",
      ["o#1 opaque {*}"],
    ],
    ["a monotone one of what fell into one step", bound("c"), "monotone", ["o#1 opaque {*}"]],
    ["a morphism of what fell into one step", bound("c"), "morphism", []],
    [
      "a morphism beside a count of what fell into one step",
      bound("c", "f(x) >= 5, count() >= 2"),
      "morphism",
      ["o#1 opaque {*}"],
    ],
    ["a group within one row", `output o(k: string, x: int, m: int); o(k, x, f(y)) <= c(k, x), y in [x, 1];`, "", []],
    ["static facts", `table s(x: int); s(1); s(2); output o(m: int); o(f(x)) <= s(x);`, "", []],
  ])("%s", (_, rules, claims, marks, type = "int") => {
    expect(check(sent(rules, { claims, type })).marks).toEqual(marks);
  });

  test("says on which claims a bound rests", () => {
    const claimsOf = (rules: string, claims: string): string[] =>
      check(sent(rules, { claims })).plan.outputs[0].assumptions.filter((each) => each.startsWith("claim"));
    expect(claimsOf(bound("t"), "monotone morphism")).toEqual(["claim: f is monotone"]);
    expect(claimsOf(bound("c"), "monotone morphism")).toEqual(["claim: f is morphism"]);
    expect(claimsOf(head, "monotone")).toEqual([]);
  });

  test("offers what would help", () => {
    const rewrites = (rules: string, claims: string): string =>
      check(sent(rules, { claims }))
        .plan.analysis.findings.flatMap((each) => each.rewrites)
        .join("\n");
    expect(rewrites(bound("t"), "")).toMatch(/claim `monotone`[^]*Seal `H.i`: .*\(k\)[^]*claim `commutative`/);
    expect(rewrites(head, "commutative")).not.toMatch(/claim/);
    expect(rewrites(bound("c"), "monotone")).toMatch(/Collect the events in a table first/);
  });

  test("what is opaque is named in the finding: aggregates, or a function over a lattice", () => {
    const said = (text: string): string[] =>
      check(text).diagnostics.flatMap(({ code, message }) => (code === "DLC309" ? [message] : []));
    expect(said(sent(head))[0]).toMatch(/o#1 .*: it hands groups that may still grow to f, of which no claim says/);
    const over = `function g(s: lset<int>): int from "./g.ts";
      role H { input i(k: string, x: int); R.c(k, x) <~ i(k, x); }
      role R { channel c(k: string, x: int); table t(k: string -> s: lset<int>); t(k, x) <= c(k, x);
        output o(k: string, n: int); o(k, g(s)) <= t(k, s); }`;
    expect(said(over)[0]).toMatch(
      /o#1 .*: it hands a lattice value that may still grow to an imported function, of which/,
    );
    expect(check(over).plan.analysis.findings[0].rewrites.join("\n")).not.toMatch(/aggregate/);
  });

  test("an aggregate of an imported file has the file's name before its own in reports", () => {
    const lib = `aggregate f(x: int): int from "./f.ts" commutative;
      module M { in put(k: string, x: int); out got(k: string, n: int);
        table t(k: string, x: int); t(k, x) <= put(k, x); got(k, f(x)) <= t(k, x); }`;
    const main = `import "./lib.dlc" as lib; use lib.M as m in R;
      role H { input i(k: string, x: int); R.c(k, x) <~ i(k, x); }
      role R { channel c(k: string, x: int); m.put(k, x) <= c(k, x); output o(k: string, n: int); o(k, n) <= m.got(k, n); }`;
    const { plan } = check(main, "auto", filesOf({ "lib.dlc": lib }));
    expect(plan.outputs[0].assumptions).toContain("claim: lib.f is commutative");
  });
});

describe("labels hold under every schedule", () => {
  /** The order of the rows would show in it, and so would every row that is missing. */
  const f = (xs: readonly number[]): number => xs.reduce((mixed, x) => mixed * 10 + x, 0);
  const sealed: Given = [...given, ["seal H.i", "a"], ["seal H#1.i", "a"], ["seal H.i", "b"], ["seal H#1.i", "b"]];

  test("sealed, every replica shows each whole group once, and without coordination they do not", () => {
    const { coordinated, bare, problems } = examine(sent(head, { seal: "sealed by (k)" }), sealed, {
      functions: { f },
      seeds: 5,
    });
    expect(problems).toEqual([]);
    const shown = new Set(coordinated.flatMap(({ contents }) => [...contents.get("R.o")!.values()]));
    expect([...shown]).toEqual(['["a",1469] ["b",28]']);
    expect(differs(bare, "R.o")).toEqual({ betweenRuns: true, betweenReplicas: true });
  });

  test("one that fails before its group is whole is never asked before", () => {
    const whole = (xs: readonly number[]): number => {
      if (xs.length < 2 || xs.at(-1)! < 8) throw new Error("not all are there");
      return xs.length;
    };
    const { coordinated, problems } = examine(sent(head, { seal: "sealed by (k)" }), sealed, {
      functions: { f: whole },
      seeds: 5,
    });
    expect(problems).toEqual([]);
    expect(coordinated.flatMap(({ result }) => result.faults)).toEqual([]);
    expect(new Set(coordinated.flatMap(({ contents }) => [...contents.get("R.o")!.values()]))).toEqual(
      new Set(['["a",4] ["b",2]']),
    );
  });

  test.each(["", "commutative"])("through a log replicas agree, claimed %j", (claims) => {
    const of = claims === "" ? f : (xs: readonly number[]): number => xs.length * 100 + median(xs);
    const { bare, problems } = examine(sent(head, { claims }), given, { functions: { f: of }, seeds: 5 });
    expect(problems).toEqual([]);
    expect(differs(bare, "R.o").betweenReplicas).toBe(true);
  });

  const total = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);
  const greatest = (xs: readonly number[]): number => xs.at(-1)!;

  test.each<[name: string, rules: string, claims: string, kept: Function, not: Function]>([
    ["monotone", bound("t", "f(x) >= 10"), "monotone", total, (xs: readonly number[]) => (xs.length === 2 ? 10 : 0)],
    ["morphism over events", bound("c", "f(x) >= 8"), "morphism", greatest, (xs: readonly number[]) => xs.length * 4],
  ])(
    "a bound claimed %s is the same in every run, and would not be if the claim were false",
    (_, rules, claims, kept, not) => {
      const text = sent(rules, { claims });
      const { plan, after } = check(text);
      expect(after("R.o")).toBe("Async");
      expect(broken(plan, runAll(plan, given, { functions: { f: kept }, seeds: 5 }), after)).toEqual([]);
      expect(broken(plan, runAll(plan, given, { functions: { f: not }, seeds: 5 }), after)).not.toEqual([]);
    },
  );
});
