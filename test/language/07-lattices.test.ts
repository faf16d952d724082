/**
 * language.md, section 7: lattices, with A3, A4, A10 and A13 of semantics.md. Elsewhere:
 *   each lattice's laws, forms and operations on values          lattices.test.ts
 *   relations with lattice columns against maps of sets          lattice-relations.test.ts
 *   morphisms cost what changed                                  lattice-relations.test.ts "costs what changed …"
 *   which uses are marked, one by one                            analysis/lattices.test.ts
 *   generated programs with lattices keep their labels           soundness/generated.test.ts
 *   hosts, files and wires                                       outside.test.ts, transport.test.ts
 */
import { describe, expect, test } from "vitest";
import { check } from "../support/check.ts";
import { always, errors, mend, play, role, runs, trace, type Events } from "../support/language.ts";
import type { Given } from "../support/runs.ts";

/** Facts (k, x) come one by one, and what is merged of them is an output. */
const merged = (type: string, term: string, xs: readonly unknown[], column = "int"): readonly string[] =>
  trace(
    role(
      `input i(x: ${column}, n: int); table t(k: string, v: ${type}); t("k", ${term}) <= i(x, n); output o(k: string, v: ${type}); o <= t;`,
    ),
    xs.map((x, n) => ({ i: [[x as never, n]] })),
  );

describe("a lattice column", () => {
  test("holds one value per key, the join of all that was merged in", () => {
    const program = role(
      "input i(k: string, x: int); table best(k: string, v: lmax<int>); best(k, x) <= i(k, x); output n(n: int) any; n(count()) <= best(_, _); output o(k: string, v: lmax<int>); o <= best;",
    );
    expect(
      trace(program, [
        {
          i: [
            ["a", 3],
            ["a", 1],
            ["b", 2],
          ],
        },
        { i: [["a", 2]] },
        { i: [["b", 9]] },
      ]),
    ).toEqual(['n[2] o["a",3]["b",2]', "", 'o["b",9]']);
  });
  test("leaves the others as the key, wherever they stand", () => {
    const program = role(
      "input i(x: int, k: string, j: int); table t(v: lmax<int>, k: string, w: lmin<int>, j: int); t(x, k, x, j) <= i(x, k, j); output o(v: lmax<int>, k: string, w: lmin<int>, j: int); o <= t;",
    );
    expect(
      trace(program, [
        {
          i: [
            [3, "a", 1],
            [5, "a", 1],
            [4, "a", 2],
          ],
        },
      ]),
    ).toEqual(['o[4,"a",4,2][5,"a",3,1]']);
    expect(errors(role("table t(k: int -> v: lmax<int>);"))).toEqual([]);
    expect(errors(role("table t(v: lmax<int> -> k: int);"))).not.toEqual([]);
  });
  test("may stand alone", () => {
    expect(
      trace(role("input i(x: int); table t(v: lmax<int>); t(x) <= i(x); output o(v: lmax<int>); o <= t;"), [
        { i: [[1]] },
        { i: [[3]] },
      ]),
    ).toEqual(["o[1]", "o[3]"]);
  });
  test("takes every merge", () => {
    const program = (rule: string): string =>
      role(
        `input i(k: string, x: int); input j(k: string, x: int); table t(k: string, v: lmax<int>); t(k, x) <= i(k, x); ${rule} output o(k: string, v: lmax<int>) eventual; o <= t;`,
      );
    const steps: Events[] = [{ i: [["a", 3]] }, { j: [["a", 5]] }, {}, { j: [["a", 1]] }, {}];
    expect(trace(program("t(k, x) <+ j(k, x);"), steps)).toEqual(['o["a",3]', "", '-o["a",3] o["a",5]', "", ""]);
    expect(trace(program("t(k, x) <+- j(k, x);"), steps)).toEqual([
      'o["a",3]',
      "",
      '-o["a",3] o["a",5]',
      "",
      '-o["a",5] o["a",1]',
    ]);
    expect(trace(program("t(k, v) <- j(k, _), t(k, v);"), steps)).toEqual(['o["a",3]', "", '-o["a",3]', "", ""]);
  });
});

describe("a head term of a lattice column", () => {
  test("is a value of the lattice, or of its element type, which is lifted", () => {
    const program =
      role(`input vote(c: string, who: string); table best(k: string, v: lmax<int>); best("k", 3); table votes(c: string, s: lset<string>); votes(c, who) <= vote(c, who); table again(c: string, s: lset<string>); again(c, {who}) <= vote(c, who);
      output same(c: string); same(c) <= votes(c, s), again(c, r), s == r; output o(k: string, v: lmax<int>); o <= best; output p(c: string, s: lset<string>); p <= votes;`);
    expect(
      trace(program, [
        { vote: [["x", "ann"]] },
        {
          vote: [
            ["x", "bob"],
            ["x", "ann"],
          ],
        },
      ]),
    ).toEqual(['same["x"] o["k",3] p["x",["ann"]]', 'p["x",["ann","bob"]]']);
  });
  test("`{a, b}` and `{k: v}` are set and map literals", () => {
    expect(
      trace(
        role(
          'table s(v: lset<int>); s({3, 1, 3}); s({}); table m(v: lmap<string, lmax<int>>); m({"a": 1, "b": 2, "a": 5}); m({}); output o(v: lset<int>); o <= s; output p(v: lmap<string, lmax<int>>); p <= m;',
        ),
        [{}],
      ),
    ).toEqual(['o[[1,3]] p[{"a":5,"b":2}]']);
    expect(trace(role("output o(x: int); o(x) <= x in {2, 1, 2};"), [{}])).toEqual(["o[1][2]"]);
    expect(errors(role('table s(v: lset<int>); s({1, "a"});'))).not.toEqual([]);
  });
  test("literals have plain elements and keys, and values of the lattice that a column names", () => {
    const program = (body: string): readonly string[] =>
      errors(
        role(
          `input i(k: string, x: int); table m(k: string, v: lmax<int>); m(k, x) <= i(k, x); output o(n: int); o(1) <= ${body};`,
        ),
      );
    // What two values of a moment are no more, `size({u, v}) >= 2` would take for two elements.
    expect(program('m("a", u), m("b", v), size({u, v}) >= 2')).toEqual([
      "DLC230 the elements of a set are plain values, and this is a lattice",
    ]);
    expect(program('i(_, x), (k, v) in {"a": x}')).toEqual([
      "DLC230 the values of a map are lattices, and here nothing says which",
    ]);
    expect(program("m(k, v), y = {v: v}, size(y) > 1")).toEqual([
      "DLC230 the keys of a map are plain values, and this is a lattice",
    ]);
    expect(program("m(k, v), y = {k: v}, size(y) > 1")).toEqual([]);
  });
  test("empty ones are empty, wherever they stand", () => {
    expect(
      trace(
        role(
          "output o(a: lmax<nat>, b: int, c: bool, d: bool, e: string, f: json); o(size({}), size(concat([], [])), [] == [], contains({}, 1), toString([]), []);",
        ),
        [{}],
      ),
    ).toEqual(['o[0,0,true,false,"[]",[]]']);
  });
  test("is lifted from what an aggregate gives as well", () => {
    const program = role(
      "input i(k: string, x: int); table t(k: string, x: int); t <= i; table n(k: string, v: lmax<int>); n(k, count()) <= t(k, _); table s(v: lset<int>); s(max(x)) <= i(_, x); output o(k: string, v: lmax<int>); o <= n; output p(v: lset<int>); p <= s;",
    );
    expect(
      trace(program, [
        {
          i: [
            ["a", 1],
            ["a", 2],
          ],
        },
        { i: [["b", 1]] },
        { i: [["a", 3]] },
      ]),
    ).toEqual(['o["a",2] p[[2]]', 'o["b",1] p[[1,2]]', 'o["a",3] p[[1,2,3]]']);
    // What only grows into its column is free: of a growing set the count, the greatest, the least; of events the last two.
    const marks = (type: string, call: string, from: string): readonly string[] =>
      check(
        role(
          `channel c(k: string, x: int); table t(k: string, x: int); t <= c; output o(k: string, v: ${type}) any; o(k, ${call}) <= ${from}(k, x);`,
        ),
      ).marks;
    expect([
      marks("lmax<int>", "count()", "t"),
      marks("lmax<int>", "max(x)", "t"),
      marks("lmin<int>", "min(x)", "t"),
      marks("lmax<int>", "max(x)", "c"),
    ]).toEqual([[], [], [], []]);
    for (const [type, call, from] of [
      ["lmin<int>", "count()", "t"],
      ["lmax<int>", "min(x)", "t"],
      ["lmax<int>", "sum(x)", "t"],
      ["lmax<int>", "count()", "c"],
      ["lset<int>", "choose(x)", "t"],
      ["int", "count()", "t"],
    ])
      expect(marks(type, call, from)).toEqual(["o#1 aggregate {k}"]);
  });
  test("cannot be an update beside an aggregate, which is made by each valuation alone", () => {
    for (const rule of ["h(k, count(), inc(1)) <= i(k);", "h(k, 1, inc(1)) <= i(k) having count() >= 2;"])
      expect(errors(role(`input i(k: string); table h(k: string, n: int, c: gcounter); ${rule}`))).toEqual([
        "DLC209 an update is made by each valuation of the body, and an aggregate ranges over all of a group",
      ]);
    expect(errors(role("input i(k: string); table h(n: int, c: lww<int>); h(count(), 3) <= i(_);"))).toHaveLength(1);
  });
  test("`inc(n)` is a counter's step", () => {
    expect(merged("gcounter", "inc(2)", [5, 5, 5])).toEqual(['o["k",2]', 'o["k",4]', 'o["k",6]']);
    expect(errors(role("input i(x: int); table t(n: gcounter); t(x) <= i(x);"))).toEqual([
      "DLC230 column `n` of `t` is of type gcounter, but this is of type int",
    ]);
    expect(mend(role("input i(x: int); table t(n: gcounter); t(x) <= i(x);"))).toBe(
      "Write `inc(x)` as the term of a head.",
    );
  });
  test("`inc(n)` counts once, ever, for each distinct valuation of the body (A13)", () => {
    const program = role(
      'input view(page: string, id: int); table pages(n: gcounter); pages(inc(1)) <= view(_, 0), view(p, _), p != ""; table hits(page: string, n: gcounter); hits(p, inc(1)) <= view(p, _); output o(page: string, n: gcounter); o <= hits;',
    );
    expect(
      trace(program, [
        { view: [["a", 1]] },
        {},
        { view: [["a", 1]] },
        {
          view: [
            ["a", 2],
            ["b", 1],
          ],
        },
      ]),
    ).toEqual(['o["a",1]', "", "", 'o["a",2]["b",1]']);
    // Replicas count an event once between them, and so do two rounds of messages.
    const between = `role H { input view(p: string, id: int); R.view(p, i) <~ view(p, i); } role R replicated x2 { channel view(p: string, id: int); table hits(p: string, n: gcounter); hits(p, inc(1)) <= view(p, _); S.sum(p, n) <~ hits(p, n); }
      role S { channel sum(p: string, n: gcounter); table all(p: string, n: gcounter); all <= sum; output o(p: string, n: gcounter); o <= all; }`;
    expect(
      always(
        between,
        [
          ["H.view", "a", 1],
          ["H.view", "a", 2],
          ["H.view", "b", 1],
        ],
        "S.o",
      ),
    ).toBe('S#0: ["a",2] ["b",1]');
  });
});

describe("the join of", () => {
  test.each<{
    readonly type: string;
    readonly term: string;
    readonly xs: readonly unknown[];
    readonly lines: readonly string[];
    readonly column?: string;
  }>([
    { type: "lmax<int>", term: "x", xs: [3, 1, 5], lines: ['o["k",3]', "", 'o["k",5]'] },
    { type: "lmin<int>", term: "x", xs: [3, 5, 1], lines: ['o["k",3]', "", 'o["k",1]'] },
    { type: "lmax<string>", term: "x", xs: ["b", "a", "c"], lines: ['o["k","b"]', "", 'o["k","c"]'], column: "string" },
    { type: "lbool", term: "x > 2", xs: [1, 3, 1], lines: ['o["k",false]', 'o["k",true]', ""] },
    { type: "lset<int>", term: "x", xs: [3, 1, 3], lines: ['o["k",[3]]', 'o["k",[1,3]]', ""] },
    { type: "lpset<int>", term: "x", xs: [3, 1, 3], lines: ['o["k",[3]]', 'o["k",[1,3]]', ""] },
    { type: "lbag<int>", term: "{x: n}", xs: [3, 3, 7], lines: ['o["k",[]]', 'o["k",[3]]', 'o["k",[3,7,7]]'] },
    {
      type: "lmap<int, lmax<int>>",
      term: "{x: n}",
      xs: [3, 1, 3],
      lines: ['o["k",[[3,0]]]', 'o["k",[[1,1],[3,0]]]', 'o["k",[[1,1],[3,2]]]'],
    },
    { type: "gcounter", term: "inc(x)", xs: [3, 1, 0], lines: ['o["k",3]', 'o["k",4]', ""], column: "nat" },
    { type: "pncounter", term: "dec(x)", xs: [3, 1], lines: ['o["k",-3]', 'o["k",-4]'], column: "nat" },
    { type: "lww<int>", term: "stamped(n % 2, x)", xs: [3, 5, 9], lines: ['o["k",3]', 'o["k",5]', ""] },
    {
      type: "mvreg<int>",
      term: "versioned({self: n}, x)",
      xs: [3, 5, 4],
      lines: ['o["k",[3]]', 'o["k",[5]]', 'o["k",[4]]'],
    },
    { type: "orset<int>", term: "add(x)", xs: [3, 1], lines: ['o["k",[3]]', 'o["k",[1,3]]'] },
    {
      type: "dompair<lmax<int>, lset<int>>",
      term: "(n / 2, {x})",
      xs: [3, 1, 7],
      lines: ['o["k",[0,[3]]]', 'o["k",[0,[1,3]]]', 'o["k",[1,[7]]]'],
    },
    {
      type: "vclock",
      term: "{self: x}",
      xs: [3, 1, 5],
      lines: ['o["k",{"R#0":3}]', "", 'o["k",{"R#0":5}]'],
      column: "nat",
    },
  ])("$type", ({ type, term, xs, lines, column }) => expect(merged(type, term, xs, column)).toEqual(lines));
  test("a lww with equal stamps keeps the greater value (A4)", () => {
    expect(merged("lww<int>", "stamped(1, x)", [3, 1, 5])).toEqual(['o["k",3]', "", 'o["k",5]']);
  });
  test("an lpset takes numbers that are not negative, and says so of others", () => {
    const program = (type: string): string => role(`input i(x: ${type}); table t(v: lpset<${type}>); t(x) <= i(x);`);
    expect(play(role("table t(v: lpset<float>); t(-0.5); t({0.5, -1.5});"), [{}]).faults).toHaveLength(2);
    expect(play(program("int"), [{ i: [[-1]] }]).faults).toEqual([
      "DLC923 a fact could not be derived: x is -1, and an lpset holds no negative numbers",
    ]);
    expect(play(program("float"), [{ i: [[-0.5]] }, { i: [[NaN]] }]).faults).toEqual([
      "DLC923 a fact could not be derived: x is -0.5, and an lpset holds no negative numbers",
      "DLC923 a fact could not be derived: x is NaN, and an lpset holds no negative numbers",
    ]);
  });
});

describe("a removal", () => {
  const cart = role(
    "input put(x: string, n: int); input del(x: string); table c(s: orset<string>); c(add(x)) <= put(x, _); c(remove(x)) <= del(x); output o(s: orset<string>) eventual; o <= c;",
  );
  test("takes out what the copy at hand has seen added, and no more (A10)", () => {
    // The second addition of b is none that the removal beside it has seen.
    expect(
      trace(cart, [
        {
          put: [
            ["a", 1],
            ["b", 1],
          ],
        },
        { del: [["a"]] },
        { put: [["b", 2]], del: [["b"]] },
        { del: [["b"]] },
      ]),
    ).toEqual(['o[["a","b"]]', '-o[["a","b"]] o[["b"]]', '-o[["b"]] o[["b"]]', '-o[["b"]] o[[]]']);
  });
  test("is undone by another addition, which another event makes: each valuation adds once, ever", () => {
    expect(trace(cart, [{ put: [["a", 1]] }, { del: [["a"]] }, { put: [["a", 1]] }, { put: [["a", 2]] }])).toEqual([
      'o[["a"]]',
      '-o[["a"]] o[[]]',
      "",
      '-o[[]] o[["a"]]',
    ]);
  });
  test("is marked, and differs between copies for ever; so are plain writes of registers (A10)", () => {
    for (const rule of [
      "table c(s: orset<int>); c(add(x)) <= i(x); c(remove(x)) <= j(x);",
      "table c(s: lww<int>); c(x) <= i(x); c(x) <= j(x);",
      "table c(s: mvreg<int>); c(x) <= i(x); c(x) <= j(x);",
    ]) {
      const type = /s: (\w+<int>)/.exec(rule)![1];
      const program = `role H { input a(x: int); input b(x: int); R.i(x) <~ a(x); R.j(x) <~ b(x); } role R replicated x2 { channel i(x: int); channel j(x: int); ${rule} output o(s: ${type}) eventual; o <= c; }`;
      const { marks, before } = check(program, "none");
      expect(marks).toContain("c#2 reveal {}");
      expect(before("R.o")).toBe("Diverge");
    }
  });
  test("needs a stamp or a clock from the data to be free", () => {
    for (const [type, term] of [
      ["lww<int>", "stamped(x, x)"],
      ["mvreg<int>", "versioned({self: 1}, x)"],
      ["orset<int>", "add(x)"],
    ])
      expect(
        check(role(`channel i(x: int); table c(s: ${type}); c(${term}) <= i(x); output o(s: ${type}) any; o <= c;`))
          .marks,
      ).toEqual([]);
  });
});

/** Two senders; R merges what they send and derives the output o. */
const merging = (
  rules: string,
  where = "replicated x2",
): string => `role A x2 { input i(k: string, x: int); R.c(k, x) <~ i(k, x); } role R ${where} { channel c(k: string, x: int);
  table s(k: string, v: lset<int>); s(k, x) <= c(k, x); table m(k: string, v: lmax<int>); m(k, x) <= c(k, x); table w(k: string, v: lmin<int>); w(k, x) <= c(k, x); ${rules} }`;
const given: Given = [
  ["A.i", "a", 1],
  ["A#1.i", "a", 2],
  ["A.i", "a", 3],
  ["A#1.i", "b", 2],
];
const everywhere = (rows: string): string => `R#0: ${rows} | R#1: ${rows}`.replaceAll(": |", ": |").trimEnd();

describe("what only grows with a lattice is free, and the same in every run", () => {
  test.each([
    ["size(s) >= k", "output o(k: string); o(k) <= s(k, v), size(v) >= 3;", '["a"]'],
    ["size(s), an lmax<int>", "output o(k: string, n: lmax<int>); o(k, size(v)) <= s(k, v);", '["a",3] ["b",1]'],
    ["contains(s, x)", "output o(k: string); o(k) <= s(k, v), contains(v, 3);", '["a"]'],
    ["x in s", "output o(x: int); o(x) <= s(_, v), x in v;", "[1] [2] [3]"],
    ["union", 'output o(v: lset<int>); o(union(u, v)) <= s("a", u), s("b", v);', "[[1,2,3]]"],
    ["intersect", 'output o(v: lset<int>); o(intersect(u, v)) <= s("a", u), s("b", v);', "[[2]]"],
    ["product", 'output o(v: lset<(int, int)>); o(product(u, v)) <= s("a", u), s("b", v);', "[[[1,2],[2,2],[3,2]]]"],
    [
      "map, bound to a name",
      "output o(k: string, v: lset<int>); table z(k: string, v: lset<int>); z(k, 0 - x) <= c(k, x); o(k, w) <= z(k, v), w = map(v, abs);",
      '["a",[1,2,3]] ["b",[2]]',
    ],
    [
      "map",
      "output o(k: string, v: lset<int>); table z(k: string, v: lset<int>); z(k, 0 - x) <= c(k, x); o(k, map(v, abs)) <= z(k, v);",
      '["a",[1,2,3]] ["b",[2]]',
    ],
    ["v >= k on a growing lmax", "output o(k: string); o(k) <= m(k, v), v >= 3;", '["a"]'],
    ["v <= k on a falling lmin", "output o(k: string); o(k) <= w(k, v), v <= 1;", '["a"]'],
    ["v + n of an lmax", "output o(k: string, v: lmax<int>); o(k, v + 1) <= m(k, v);", '["a",4] ["b",3]'],
    [
      "whenTrue(b)",
      "table b(k: string, v: lbool); b(k, x > 2) <= c(k, x); output o(k: string); o(k) <= b(k, v), whenTrue(v);",
      '["a"]',
    ],
    [
      "a threshold as the value of an lbool",
      "output o(k: string, b: lbool); o(k, size(v) >= 3) <= s(k, v);",
      '["a",true] ["b",false]',
    ],
    [
      "sum of an lpset",
      "table p(k: string, v: lpset<int>); p(k, x) <= c(k, x); output o(k: string); o(k) <= p(k, v), sum(v) >= 6;",
      '["a"]',
    ],
    [
      "at of an lmap, and its value's own threshold",
      'table l(g: int, v: lmap<string, lmax<int>>); l(0, {k: x}) <= c(k, x); output o(v: lmax<int>); o(at(v, "a")) <= l(_, v), at(v, "a") >= 2;',
      "[3]",
    ],
    [
      "hasKey, keys and (k, v) in m",
      'table l(g: int, v: lmap<string, lset<int>>); l(0, {k: {x}}) <= c(k, x); output o(k: string, n: lmax<int>, ks: lset<string>); o(k, size(s), keys(l)) <= l(_, l), (k, s) in l, hasKey(l, "b");',
      '["a",3,["a","b"]] ["b",1,["a","b"]]',
    ],
    [
      "a gcounter",
      "table h(k: string, n: gcounter); h(k, inc(1)) <= c(k, _); output o(k: string); o(k) <= h(k, n), n >= 3;",
      '["a"]',
    ],
    [
      "a vclock over a constant",
      'table h(v: vclock); h({"A#0": x}) <= c("a", x); h({"A#1": x}) <= c("b", x); output o(n: int); o(1) <= h(v), v >= {"A#0": 3, "A#1": 2};',
      "[1]",
    ],
    [
      "multiplicity of a bag",
      'table h(v: lbag<string>); h({k: x}) <= c(k, x); output o(n: lmax<int>); o(multiplicity(v, "a")) <= h(v);',
      "[3]",
    ],
    ["merging into another lattice", "output o(v: lset<int>); o(v) <= s(_, v);", "[[1,2,3]]"],
  ])("%s", (_, rules, rows) => {
    expect(check(merging(rules)).marks).toEqual([]);
    expect(check(merging(rules)).before("R.o")).toBe("Async");
    expect(always(merging(rules), given, "R.o", { seeds: 1 })).toBe(everywhere(rows));
  });
  test("filter, by a function of the program", () => {
    const program = `function odd(x: int): bool from "./f.ts"; ${role("input i(x: int); table s(v: lset<int>); s(x) <= i(x); output o(v: lset<int>); o(filter(v, odd)) <= s(v);")}`;
    expect(check(program).marks).toEqual([]);
    expect(trace(program, [{ i: [[1]] }, { i: [[2]] }, { i: [[3]] }], { odd: (x: number) => x % 2 === 1 })).toEqual([
      "o[[1]]",
      "",
      "o[[1,3]]",
    ]);
  });
  test("thresholds are how a lattice comes back to facts: the example", () => {
    const program =
      "role V x4 { input vote(c: string); E.vote(c, self) <~ vote(c); } role E replicated x2 { channel vote(c: string, who: addr); table votes(c: string, who: lset<addr>); votes(c, w) <= vote(c, w); output elected(c: string); elected(c) <= votes(c, who), size(who) >= 3; }";
    expect(check(program).inserted).toEqual([]);
    expect(
      always(
        program,
        [
          ["V.vote", "x"],
          ["V#1.vote", "x"],
          ["V#2.vote", "x"],
          ["V#3.vote", "y"],
          ["V.vote", "y"],
        ],
        "E.elected",
      ),
    ).toBe('E#0: ["x"] | E#1: ["x"]');
  });
  test("recursion goes through lattices", () => {
    const program =
      role(`input link(a: string, b: string, n: int); table l(a: string, b: string, n: int); l <= link; table d(a: string, b: string, n: lmin<int>); d(a, b, n) <= l(a, b, n); d(a, c, n + m) <= d(a, b, n), l(b, c, m); output o(a: string, b: string, n: lmin<int>); o <= d;
      scratch near(a: string, s: lset<string>); near(a, b) <= l(a, b, _); near(a, s) <= l(a, b, _), near(b, s); output p(a: string, s: lset<string>); p <= near;`);
    expect(
      trace(program, [
        {
          link: [
            ["a", "b", 4],
            ["b", "a", 1],
          ],
        },
        { link: [["a", "b", 1]] },
      ]),
    ).toEqual([
      'o["a","a",5]["a","b",4]["b","a",1]["b","b",5] p["a",["a","b"]]["b",["a","b"]]',
      'o["a","a",2]["a","b",1]["b","b",2]',
    ]);
    expect(check(program).marks).toEqual([]);
  });
});

describe("what does not only grow with a lattice is order-sensitive (A4)", () => {
  test.each([
    ["a size not reached", "output o(k: string) any; o(k) <= s(k, v), size(v) < 3;"],
    ["an exact value", "output o(k: string) any; o(k) <= m(k, v), v == 2;"],
    ["`v <= k` of an lmax", "output o(k: string) any; o(k) <= m(k, v), v <= 2;"],
    ["a threshold as a plain value", "output o(k: string, b: bool) any; o(k, size(v) >= 3) <= s(k, v);"],
    [
      "a threshold in `if`",
      'output o(k: string, b: string) any; o(k, if size(v) >= 3 then "in" else "out") <= s(k, v);',
    ],
    ["the plain value", "output o(k: string, n: int) any; o(k, reveal(v)) <= m(k, v);"],
    ["a plain column", "output o(k: string) any; table p(x: int); p(2); o(k) <= m(k, x), p(x);"],
    ["two lattices compared", 'output o(n: int) any; o(1) <= s("a", u), s("b", v), size(u) == size(v);'],
    [
      "a counter that falls again",
      "table n(k: string, n: pncounter); n(k, inc(1)) <= c(k, _); n(k, dec(2)) <= c(k, 3); output o(k: string) any; o(k) <= n(k, n), n >= 2;",
    ],
  ])("%s", (_, rules) => {
    expect(check(merging(rules)).marks).toHaveLength(1);
    expect(check(merging(rules)).marks[0]).toMatch(/^o#1 reveal/);
    // The control: uncoordinated, since nothing is promised, runs differ.
    expect(runs(merging(rules, ""), given, { seeds: 4 }).contents["R.o"].length).toBeGreaterThan(1);
  });
  test("so that any other plain use needs `reveal`, as the error says", () => {
    expect(errors(merging("output o(k: string, n: int); o(k, v) <= m(k, v);"))).toEqual([
      "DLC230 column `n` of `o` is of type int, but this is of type lmax<int>",
    ]);
    expect(mend(merging("output o(k: string, n: int); o(k, v) <= m(k, v);"))).toBe(
      "The plain value that it has now is `reveal(v)`, which depends on the order of messages while it grows.",
    );
    expect(mend(merging("table b(v: lbool); b(x > 1) <= c(_, x); output o(n: int); o(1) <= b(v), v;"))).toContain(
      "`whenTrue(v)`",
    );
  });
  test("`reveal` is the plain value now", () => {
    const program = role(
      "input i(x: int); table m(v: lmax<int>); m(x) <= i(x); table s(v: lset<int>); s(x) <= i(x); table b(v: lbool); b(x > 2) <= i(x); output o(n: int, l: list<int>, b: bool) any; o(reveal(v), reveal(l), reveal(b)) <= m(v), s(l), b(b);",
    );
    expect(trace(program, [{ i: [[1]] }, { i: [[3]] }])).toEqual(["o[1,[1],false]", "-o[1,[1],false] o[3,[1,3],true]"]);
  });
  test("a seal of the key cures it", () => {
    const program = merging("output o(k: string, n: int); o(k, reveal(v)) <= m(k, v);").replace(
      "input i(k: string, x: int)",
      "input i(k: string, x: int) sealed by (k)",
    );
    expect(check(program).after("R.o")).toBe("Async");
    expect(always(program, given, "R.o")).toBe(everywhere('["a",3] ["b",2]'));
  });
});

describe("`having` is a threshold on a growing set", () => {
  const counted = (having: string, type = "int"): readonly string[] =>
    check(
      role(
        `channel c(k: string, x: ${type}); table t(k: string, x: ${type}); t <= c; output o(k: string) any; o(k) <= t(k, x) having ${having};`,
      ),
    ).marks;
  test.each(["count() >= 3", "count() > 3", "3 <= count()", "max(x) >= 3", "min(x) <= 3"])("for %s", (having) =>
    expect(counted(having)).toEqual([]),
  );
  test.each([
    "count() < 3",
    "count() <= 3",
    "count() == 3",
    "max(x) <= 3",
    "min(x) >= 3",
    "count() >= max(x)",
    "!(count() >= 3)",
    "sum(x) >= 3",
  ])("not for %s", (having) => expect(counted(having)).toHaveLength(1));
  test("for a sum of a column declared non-negative", () => expect(counted("sum(x) >= 3", "nat")).toEqual([]));
  test("not where the count is in the head, or over events (A3)", () => {
    expect(
      check(
        role(
          "channel c(k: string, x: int); table t(k: string, x: int); t <= c; output o(k: string, n: int) any; o(k, count()) <= t(k, _) having count() >= 3;",
        ),
      ).marks,
    ).toHaveLength(1);
    expect(
      check(role("channel c(k: string, x: int); output o(k: string) any; o(k) <= c(k, _) having count() >= 3;")).marks,
    ).toHaveLength(1);
  });
  test("whose group comes once it is passed, and stays", () => {
    const program = role(
      "input i(k: string, x: int); table t(k: string, x: int); t <= i; output o(k: string); o(k) <= t(k, _) having count() >= 3;",
    );
    expect(
      trace(program, [
        {
          i: [
            ["a", 1],
            ["a", 2],
          ],
        },
        { i: [["a", 2]] },
        { i: [["a", 3]] },
        { i: [["a", 4]] },
      ]),
    ).toEqual(["", "", 'o["a"]', ""]);
  });
});

describe("lattice columns in", () => {
  test("channels and inputs: of one step the join is read (A3)", () => {
    const program = role(
      "channel c(k: string, v: lset<int>); output o(k: string, n: lmax<int>) any; o(k, size(v)) <= c(k, v); output e(x: int) any; e(x) <= c(_, v), x in v;",
    );
    expect(
      trace(program, [
        {
          c: [
            ["a", [1]],
            ["a", [2, 3]],
          ],
        },
        {},
        { c: [["a", [9]]] },
      ]),
    ).toEqual(['o["a",3] e[1][2][3]', '-o["a",3] -e[1][2][3]', 'o["a",1] e[9]']);
    expect(check(program).marks).toEqual(["o#1 aggregate {k}"]);
  });
  test("scratches: of what persists a view, else the join of one step (A3)", () => {
    const program = role(
      "input i(k: string, x: int); input d(k: string, x: int); table t(k: string, x: int); t <= i; t <- d; scratch view(k: string, v: lset<int>); view(k, x) <= t(k, x); scratch now(k: string, v: lset<int>); now(k, x) <= i(k, x); output o(k: string, v: lset<int>) eventual; o <= view; output p(k: string, v: lset<int>) eventual; p <= now;",
    );
    expect(
      trace(program, [
        {
          i: [
            ["a", 1],
            ["a", 2],
          ],
        },
        { d: [["a", 1]] },
        {},
      ]),
    ).toEqual(['o["a",[1,2]] p["a",[1,2]]', '-p["a",[1,2]]', '-o["a",[1,2]] o["a",[2]]']);
  });
  test("messages: sent each time the value grows", () => {
    const program = role(
      "input i(x: int); table t(v: lset<int>); t(x) <= i(x); channel c(v: lset<int>); R.c(v) <~ t(v);",
    );
    expect(trace(program, [{ i: [[1]] }, { i: [[1]] }, { i: [[2]] }])).toEqual(["R.c[[1]]", "", "R.c[[1,2]]"]);
  });
  test("outputs: delivered each time the value grows (B2), and of an eventual one what ceases", () => {
    const program = (level: string): string =>
      role(`input i(x: int); table t(v: lmax<int>); t(x) <= i(x); output o(v: lmax<int>) ${level}; o <= t;`);
    expect(trace(program("deterministic"), [{ i: [[1]] }, { i: [[0]] }, { i: [[2]] }])).toEqual(["o[1]", "", "o[2]"]);
    expect(trace(program("eventual"), [{ i: [[1]] }, { i: [[0]] }, { i: [[2]] }])).toEqual(["o[1]", "", "-o[1] o[2]"]);
  });
});
