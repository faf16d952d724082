/** Which uses of lattice values depend on order (language.md section 7, semantics A3, A4, A9, A10, A13). */
import { describe, expect, test } from "vitest";
import { grown } from "../../src/runtime/engine/grown.ts";
import { Values } from "../../src/runtime/engine/values.ts";
import { check } from "../support/check.ts";
import { world } from "../support/plan.ts";

/** Two clients send events to one role, which may be replicated. */
function store(rules: string, options: { role?: string; sealed?: string } = {}): string {
  return `
role Client x2 { input ask(k: string, x: string) ${options.sealed ?? ""}; input num(k: string, n: int) ${options.sealed ?? ""};
  input del(k: string, x: string) ${options.sealed ?? ""};
  R.ack(k, self) <~ ask(k, _); R.word(k, x) <~ ask(k, x); R.number(k, n) <~ num(k, n); R.gone(k, x) <~ del(k, x); }
role R ${options.role ?? ""} { channel ack(k: string, from: addr); channel word(k: string, x: string); channel number(k: string, n: int);
  channel gone(k: string, x: string);
  table votes(k: string, who: lset<addr>); table best(k: string, v: lmax<int>); table least(k: string, v: lmin<int>);
  votes(k, w) <= ack(k, w); best(k, n) <= number(k, n); least(k, n) <= number(k, n);
  ${rules} }`;
}

describe("what only grows with the lattice is free (A4)", () => {
  const free: readonly (readonly [string, string])[] = [
    ["a size reached", "output o(k: string); o(k) <= votes(k, who), size(who) >= 3;"],
    ["a size passed, the other way round", "output o(k: string); o(k) <= votes(k, who), 3 < size(who);"],
    ["an lmax reached", "output o(k: string); o(k) <= best(k, v), v >= 3;"],
    ["an lmin reached", "output o(k: string); o(k) <= least(k, v), v <= 3;"],
    ["an element", "output o(k: string, a: addr); o(k, a) <= votes(k, who), a in who;"],
    ["membership", 'output o(k: string); o(k) <= votes(k, who), contains(who, "Client#0");'],
    ["two tests of one value", "output o(k: string); o(k) <= best(k, v), v >= 3 && v > 1;"],
    ["a copy into a lattice column", "output o(k: string, v: lmax<int>); o(k, v) <= best(k, v);"],
    ["arithmetic into a lattice column", "output o(k: string, v: lmax<int>); o(k, v + 1) <= best(k, v);"],
    ["a threshold as a value of an lbool", "output o(k: string, b: lbool); o(k, size(who) >= 3) <= votes(k, who);"],
    ["a size into an lmax", "output o(k: string, n: lmax<nat>); o(k, size(who)) <= votes(k, who);"],
    ["a union into an lset", 'output o(s: lset<addr>); o(union(a, b)) <= votes("x", a), votes("y", b);'],
    [
      "a map by a function",
      "output o(k: string, s: lset<string>); table w(k: string, s: lset<string>); w(k, x) <= word(k, x); o(k, map(s, lower)) <= w(k, s);",
    ],
    [
      "the value of a key",
      'output o(k: string); table m(g: string, m: lmap<string, lmax<int>>); m("all", {k: n}) <= number(k, n); o(k) <= m(_, m), k = "a", at(m, k) >= 3;',
    ],
    [
      "the values of a map, one by one",
      'output o(k: string, v: lmax<int>); table m(g: string, m: lmap<string, lmax<int>>); m("all", {k: n}) <= number(k, n); o(k, v) <= m(_, m), (k, v) in m;',
    ],
    [
      "a counter reached",
      "output o(k: string); table hits(k: string, n: gcounter); hits(k, inc(1)) <= word(k, _); o(k) <= hits(k, n), n >= 3;",
    ],
    [
      "an lbool",
      "output o(k: string); table f(k: string, b: lbool); f(k, n > 3) <= number(k, n); o(k) <= f(k, b), whenTrue(b);",
    ],
    [
      "a clock that dominates a constant",
      'output o(k: string); table c(k: string, v: vclock); c(k, {a: 1}) <= ack(k, a); o(k) <= c(k, v), v >= {"Client#0": 1, "Client#1": 1};',
    ],
    [
      "a register with stamps from the data",
      "output o(k: string, v: lww<string>); table r(k: string, v: lww<string>); r(k, stamped(n, k)) <= number(k, n); o(k, v) <= r(k, v);",
    ],
    ["an add-only orset", "output o(k: string, s: orset<string>); o(k, add(x)) <= word(k, x);"],
    ["counting the keys that are there: none twice", "output o(k: string, n: lmax<int>); o(k, n) <= number(k, n);"],
    [
      "recursion over paths",
      "table link(a: string, b: string, n: int); link(k, x, 1) <= word(k, x); table dist(a: string, b: string, d: lmin<int>); dist(a, b, n) <= link(a, b, n); dist(a, c, d + n) <= dist(a, b, d), link(b, c, n); output o(a: string, b: string, d: lmin<int>); o(a, b, d) <= dist(a, b, d);",
    ],
  ];
  test.each(free)("%s", (_, rules) => {
    const c = check(store(rules, { role: "replicated" }));
    expect(c.marks).toEqual([]);
    expect([...c.plan.outputs].map(({ before }) => before.name)).toEqual(["Async"]);
    expect(c.inserted).toEqual([]);
  });
});

describe("what is read before it is final is marked (A4)", () => {
  const marked: readonly (readonly [string, string, string])[] = [
    ["a size not reached", "output o(k: string); o(k) <= votes(k, who), size(who) < 3;", "o#1 reveal {k}"],
    [
      "a threshold as a plain value",
      "output o(k: string, b: bool); o(k, size(who) >= 3) <= votes(k, who);",
      "o#1 reveal {k}",
    ],
    [
      "a threshold in an if",
      'output o(k: string, s: string); o(k, if size(who) >= 3 then "in" else "out") <= votes(k, who);',
      "o#1 reveal {k}",
    ],
    [
      "a threshold that is bound first",
      "output o(k: string, b: bool); o(k, b) <= votes(k, who), b = size(who) >= 3;",
      "o#1 reveal {k}",
    ],
    ["a denied threshold", "output o(k: string); o(k) <= best(k, v), !(v >= 3);", "o#1 reveal {k}"],
    ["an exact value", "output o(k: string); o(k) <= best(k, v), v == 3;", "o#1 reveal {k}"],
    ["a constant in a lattice column", "output o(k: string); o(k) <= best(k, 3);", "o#1 reveal {k}"],
    [
      "a join with a plain column",
      "output o(k: string); table t(n: int); t(n) <= number(_, n); o(k) <= t(n), best(k, n);",
      "o#1 reveal {k}",
    ],
    [
      "two lattices compared",
      "output o(k: string, j: string); o(k, j) <= votes(k, a), votes(j, b), size(a) >= size(b);",
      "o#1 reveal {k,j}",
    ],
    ["the plain value", "output o(k: string, n: int); o(k, reveal(v)) <= best(k, v);", "o#1 reveal {k}"],
    [
      "a counter that falls again",
      "output o(k: string); table s(k: string, n: pncounter); s(k, inc(1)) <= word(k, _); s(k, dec(1)) <= number(k, _); o(k) <= s(k, n), n >= 3;",
      "o#1 reveal {k}",
    ],
    [
      "the size of an orset",
      "output o(k: string); table s(k: string, s: orset<string>); s(k, add(x)) <= word(k, x); o(k) <= s(k, s), size(s) >= 2;",
      "o#1 reveal {k}",
    ],
    [
      "an element of an orset",
      "output o(k: string, x: string); table s(k: string, s: orset<string>); s(k, add(x)) <= word(k, x); o(k, x) <= s(k, s), x in s;",
      "o#1 reveal {k}",
    ],
    [
      "a threshold within a dompair",
      "output o(k: string); table p(k: string, p: dompair<lmax<int>, lset<string>>); p(k, (n, {k})) <= number(k, n); o(k) <= p(k, p), size(second(p)) >= 2;",
      "o#1 reveal {k}",
    ],
    [
      "a clock that another dominates",
      'output o(k: string); table c(k: string, v: vclock); c(k, {a: 1}) <= ack(k, a); o(k) <= c(k, v), c("x", w), dominates(v, w);',
      "o#1 reveal {k}",
    ],
    [
      "elements counted, of a value that heads its group",
      "output o(k: string, who: lset<addr>, n: nat); o(k, who, count()) <= votes(k, who), x in who;",
      "o#1 aggregate {k,who}",
    ],
    [
      "groups that a lattice value divides",
      "output o(v: lmax<int>, n: lmax<nat>); o(v, count()) <= best(k, v), votes(k, w), a in w;",
      "o#1 reveal {k}",
    ],
    [
      "an aggregate of a lattice value",
      "output o(n: int); o(max(n)) <= best(_, v), n = reveal(v);",
      "o#1 aggregate {}",
    ],
  ];
  test.each(marked)("%s", (_, rules, mark) => {
    const c = check(store(rules));
    expect(c.marks).toContain(mark);
    expect(c.before("R.o")).toBe("Run");
    expect(check(store(rules, { role: "replicated" })).before("R.o")).toMatch(/^Inst|Diverge$/);
  });
  test("a seal of the key cures it", () => {
    const c = check(
      store("output o(k: string); o(k) <= votes(k, who), size(who) < 3;", {
        role: "replicated",
        sealed: "sealed by (k)",
      }),
    );
    expect(c.marks).toEqual(["o#1 reveal {k}"]);
    expect(c.after("R.o")).toBe("Async");
    expect(c.inserted).toEqual(["seal R.ack by k for o#1"]);
  });
  test("a log is keyed by plain columns only: values of one key are joined", () => {
    const c =
      check(`role H x2 { input i(x: int, y: int); R.c(x, y) <~ i(x, y); } role R { channel c(x: int, y: int); scratch l(k: int, v: lmax<int>); l(a, b) <= c(a, b); S.g(k, v) <~ l(k, v); }
role S replicated { channel g(k: int, v: lmax<int>); table u(k: int, v: lmax<int>); u(k, v) <= g(k, v); output o(k: int); o(k) <= u(k, v), !(v >= 2); }`);
    expect(c.inserted).toEqual(["order S.g by k for o#1"]);
  });
  test("a function of which nothing is claimed is opaque, one that is monotone is none", () => {
    const program = (claim: string): string =>
      `function ready(s: lset<addr>): bool from "./f.ts"${claim};` +
      store("output o(k: string); o(k) <= votes(k, who), ready(who);");
    expect(check(program("")).marks).toEqual(["o#1 opaque {*}"]);
    expect(check(program(" monotone")).marks).toEqual([]);
  });
});

describe("lattice values that pass are joined as they fall into steps (A3)", () => {
  const votes = "scratch now(k: string, who: lset<addr>); now(k, w) <= ack(k, w);";
  test("a threshold over them is an aggregate", () => {
    const c = check(store(`${votes} output o(k: string); o(k) <= now(k, who), size(who) >= 3;`));
    expect(c.marks).toEqual(["o#1 aggregate {k}"]);
    expect(c.before("R.o")).toBe("Run");
  });
  test("the same of a channel with a lattice column", () => {
    const c = check(`role A { input i(k: int, s: lset<int>); B.c(k, s) <~ i(k, s); }
role B { channel c(k: int, s: lset<int>); output o(k: int); o(k) <= c(k, s), size(s) >= 2; }`);
    expect(c.marks).toEqual(["o#1 aggregate {k}"]);
  });
  const elementwise: readonly (readonly [string, string])[] = [
    ["contains", 'output o(k: string); o(k) <= now(k, who), contains(who, "Client#0");'],
    ["in", "output o(k: string, a: addr); o(k, a) <= now(k, who), a in who;"],
    ["merging", "output o(k: string, who: lset<addr>); o(k, who) <= now(k, who);"],
    [
      "v >= k on lmax",
      "scratch b(k: string, v: lmax<int>); b(k, n) <= number(k, n); output o(k: string); o(k) <= b(k, v), v >= 3;",
    ],
  ];
  test.each(elementwise)("%s looks at parts", (_, rules) => {
    expect(check(store(votes + rules)).marks).toEqual([]);
  });
  test("two elements of one value are more than a part", () => {
    const c = check(
      store(`${votes} output o(k: string, a: addr, b: addr); o(k, a, b) <= now(k, who), a in who, b in who;`),
    );
    expect(c.marks).toEqual(["o#1 aggregate {k}"]);
  });
  test("a seal does not join what waits: it takes a log", () => {
    const c = check(
      store(`${votes} output o(k: string); o(k) <= now(k, who), size(who) >= 3;`, { sealed: "sealed by (k)" }),
    );
    expect(c.inserted).toEqual(["order R.ack by k for o#1"]);
  });
});

describe("updates that look at the copy at hand (A10)", () => {
  const cart =
    "table cart(k: string, s: orset<string>); cart(k, add(x)) <= word(k, x); cart(k, remove(x)) <= gone(k, x); output o(k: string, s: orset<string>); o(k, s) <= cart(k, s);";
  test("a remove differs from run to run, and for ever between copies that are not merged", () => {
    const c = check(store(cart));
    expect(c.marks).toEqual(["cart#2 reveal {k}"]);
    expect(c.before("R.o")).toBe("Run");
    const replicated = check(store(cart, { role: "replicated" }));
    expect(replicated.before("R.o")).toBe("Diverge");
    expect(replicated.after("R.o")).toBe("Run");
  });
  test("sealed by the key both wait and take effect together", () => {
    const c = check(store(cart, { role: "replicated", sealed: "sealed by (k)" }));
    expect(c.after("R.o")).toBe("Async");
  });
  test("a register without a stamp takes one of the copy", () => {
    const rules =
      "table r(k: string, v: lww<string>); r(k, x) <= word(k, x); output o(k: string, v: lww<string>); o(k, v) <= r(k, v);";
    expect(check(store(rules)).marks).toEqual(["r#1 reveal {k}"]);
    expect(check(store(rules.replaceAll("lww", "mvreg"))).marks).toEqual(["r#1 reveal {k}"]);
    expect(check(store(rules, { role: "replicated" })).before("R.o")).toBe("Diverge");
  });
});

test("in a partitioned role a merge without the partition columns is one instance's share (B11)", () => {
  const shares = (rules: string): readonly string[] =>
    check(
      `role C { input i(k: string, x: int); P.c(k, x) <~ i(k, x); } role P partitioned by (k) x2 { channel c(k: string, x: int); ${rules} }`,
    )
      .diagnostics.filter(({ code }) => code === "DLC320")
      .map(({ message }) => message);
  expect(shares("table all(m: lmax<int>); all(x) <= c(_, x); output o(m: lmax<int>); o(m) <= all(m);")).toEqual([
    "all#1 merges without k, by which P is partitioned: each instance sees its own share only",
  ]);
  expect(
    shares(
      "table by(k: string, m: lmax<int>); by(k, x) <= c(k, x); output o(k: string, m: lmax<int>); o(k, m) <= by(k, m);",
    ),
  ).toEqual([]);
});

describe("a counter counts events (A13)", () => {
  test("a merge of increments is free, whatever the replicas", () => {
    const c = check(
      store(
        "table hits(k: string, n: gcounter); hits(k, inc(1)) <= word(k, _); output o(k: string, n: gcounter); o(k, n) <= hits(k, n);",
        { role: "replicated" },
      ),
    );
    expect(c.marks).toEqual([]);
    expect(c.before("R.o")).toBe("Async");
  });
});

describe("sums of growing floats only grow", () => {
  const edges = [NaN, -Infinity, -1, 0, 0.1, 1e300, Infinity];
  const values = new Values();
  const order = (a: number, b: number): number => values.compare("float", values.number(a), values.number(b));
  test("with a number that does not", () => {
    for (const other of edges)
      for (const a of edges)
        for (const b of edges)
          if (order(a, b) <= 0) {
            expect(order(grown(a, other, "right"), grown(b, other, "right")), `${a} ${b} ${other}`).toBeLessThanOrEqual(
              0,
            );
            expect(order(grown(other, a, "left"), grown(other, b, "left"))).toBeLessThanOrEqual(0);
          }
    // JavaScript's own sum does not.
    expect(order(3 + -Infinity, Infinity + -Infinity)).toBeGreaterThan(0);
  });
  test("with another that does", () => {
    for (const [neither, sign] of [
      [-Infinity, 1],
      [Infinity, -1],
    ] as const)
      for (const other of edges)
        for (const a of edges)
          for (const b of edges)
            if (sign * order(a, b) <= 0)
              expect(
                sign * order(grown(a, other, neither), grown(b, other, neither)),
                `${a} ${b} ${other}`,
              ).toBeLessThanOrEqual(0);
  });
  test("emitted rules use it", () => {
    const r =
      world(`role R { input i(k: int, v: float, w: float); table m(k: int, v: lmax<float>); m(k, v) <= i(k, v, _); table n(k: int, v: lmax<float>);
      n(k, v + w) <= m(k, v), i(k, _, w); output o(k: int, v: lmax<float>); o(k, v) <= n(k, v); table d(k: int, v: lmax<float>); d(k, v - 1.5) <= m(k, v); }`);
    r.step({ i: [[1, Infinity, -Infinity]] });
    expect(r.read("n")).toEqual([[1, -Infinity]]);
    expect(r.read("d")).toEqual([[1, Infinity]]);
  });
});
