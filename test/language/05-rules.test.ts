/**
 * language.md, section 5: rules, with B5, C2, C3 and A9 of semantics.md. Elsewhere:
 *   the cycle of what is not stratified, as it is shown          lower-errors.test.ts "strata"
 *   named and positional arguments mixed, wrong or missing       lower-errors.test.ts
 *   aggregates follow insertions and deletions                   emit-rules.test.ts "aggregates"
 *   every rule against a naive interpreter                       engine-oracle.test.ts
 *   which rules are marked, and which idioms are not (C1 to C6)  analysis/cases.test.ts
 */
import { describe, expect, test } from "vitest";
import { check } from "../support/check.ts";
import { always, errors, mend, play, role, trace } from "../support/language.ts";

const two = "input r(x: int, y: int); input s(x: int);";

describe("the head becomes true", () => {
  const kv =
    "input a(k: int, v: int); input b(k: int, v: int); table t(k: int -> v: int); output o(k: int, v: int) eventual; o <= t;";
  test("with `<=` in this step, with `<+` in the next one", () => {
    expect(
      trace(
        role(
          `${two} output o(x: int) any; o(x) <= s(x); scratch next(x: int); next(x) <+ s(x); output p(x: int) any; p <= next;`,
        ),
        [{ s: [[1]] }, {}, {}],
      ),
    ).toEqual(["o[1]", "-o[1] p[1]", "-p[1]"]);
  });
  test("with `<-` never: it is absent from the next step on", () => {
    expect(trace(role(`${kv} t <= a; t <- b;`), [{ a: [[1, 7]] }, { b: [[1, 7]] }, {}, {}])).toEqual([
      "o[1,7]",
      "",
      "-o[1,7]",
      "",
    ]);
    // Another value of the key is another fact.
    expect(trace(role(`${kv} t <= a; t <- b;`), [{ a: [[1, 7]] }, { b: [[1, 8]] }, {}])).toEqual(["o[1,7]", "", ""]);
  });
  test("with `<+-` in the next step, and whatever has the same key is replaced", () => {
    expect(
      trace(role(`${kv} t <+- a;`), [
        {
          a: [
            [1, 7],
            [2, 7],
          ],
        },
        { a: [[1, 8]] },
        {},
        {},
      ]),
    ).toEqual(["", "o[1,7][2,7]", "-o[1,7] o[1,8]", ""]);
  });
  test("with `<~` at the receiver, at some later step", () => {
    const program = role(
      "input i(x: int); channel c(x: int); R.c(x) <~ i(x); output early(x: int) any; early(x) <= c(x), i(x); output o(x: int); o(x) <= c(x);",
    );
    expect(
      always(
        program,
        [
          ["R.i", 1],
          ["R.i", 2],
        ],
        "R.o",
      ),
    ).toBe("R#0: [1] [2]");
    expect(
      always(
        program,
        [
          ["R.i", 1],
          ["R.i", 2],
        ],
        "R.early",
      ),
    ).toBe("R#0:");
  });
  test("without a body at start", () => {
    expect(
      trace(role("table t(x: int, a: addr); t(1 + 2, self); output o(x: int, a: addr); o <= t;"), [{}, {}]),
    ).toEqual(['o[3,"R#0"]', ""]);
    expect(errors(role("table t(x: int); t(1) <= ;"))).not.toEqual([]);
  });
});

describe("what is deferred (B5)", () => {
  const program = role(
    "input i(k: int, v: int); input u(k: int, v: int); input d(k: int, v: int); table t(k: int -> v: int); t <+ i; t <+- u; t <- d; output o(k: int, v: int) eventual; o <= t;",
  );
  test("is deleted, then replaced, then inserted: an insertion wins over a deletion of the same fact", () => {
    expect(
      trace(program, [{ i: [[1, 7]] }, { i: [[1, 7]], d: [[1, 7]] }, {}, { u: [[1, 7]], d: [[1, 7]] }, {}]),
    ).toEqual(["", "o[1,7]", "", "", ""]);
  });
  test("makes room for another value of the key", () => {
    expect(trace(program, [{ i: [[1, 7]] }, { i: [[1, 8]], d: [[1, 7]] }, {}, {}])).toEqual([
      "",
      "o[1,7]",
      "-o[1,7] o[1,8]",
      "",
    ]);
  });
  test("and deleted stays away until a body becomes true anew", () => {
    const kept = role(
      "input i(x: int); input away(x: int); input d(x: int); table s(x: int); s <= i; s <- away; table t(x: int); t(x) <= s(x); t <- d; output o(x: int) eventual; o <= t;",
    );
    const steps = [{ i: [[1]] }, { d: [[1]] }, {}, { i: [[1]] }, { away: [[1]] }, {}, { i: [[1]] }, {}] as const;
    // The fourth step tells `s` what it holds already; in the seventh it comes back.
    expect(trace(kept, steps)).toEqual(["o[1]", "", "-o[1]", "", "", "", "o[1]", ""]);
  });
  test("but an event is true anew whenever it comes", () => {
    const told = role(
      "input i(x: int); input d(x: int); table t(x: int); t <= i; t <- d; output o(x: int) eventual; o <= t;",
    );
    expect(trace(told, [{ i: [[1]] }, { i: [[1]], d: [[1]] }, { i: [[1]] }, { d: [[1]] }, {}])).toEqual([
      "o[1]",
      "",
      "",
      "",
      "-o[1]",
    ]);
  });
});

describe("a literal", () => {
  test("takes terms by position, or by name with the others `_`", () => {
    expect(
      trace(
        role(`${two} output o(x: int); o(a) <= r(y: a); output p(a: int, b: int); p(b: a, a: b) <= r(y: b, x: a);`),
        [{ r: [[1, 2]] }],
      ),
    ).toEqual(["o[2] p[2,1]"]);
  });
  test("has variables, constants, `self` and `_` as terms", () => {
    expect(
      trace(
        role(
          `${two} output o(x: int); o(x) <= r(x, -2); output same(x: int); same(x) <= r(x, x); output any_(n: int); any_(1) <= r(_, _);`,
        ),
        [
          {
            r: [
              [1, -2],
              [3, 3],
            ],
          },
        ],
      ),
    ).toEqual(["o[1] same[3] any_[1]"]);
    expect(errors(role(`${two} output o(x: int); o(x) <= r(x, x + 1);`))).toEqual([
      "DLC213 an argument of a body literal is a variable, a constant or `_`, not an expression",
    ]);
    expect(mend(role(`${two} output o(x: int); o(x) <= r(x, x + 1);`))).toBe(
      "Compute it first: `y = x + 1`, then use `y` here.",
    );
  });
  test("under `not` holds when there is no matching fact", () => {
    expect(
      trace(
        role(
          `${two} output o(x: int); o(x) <= s(x), not r(x, _); output p(x: int); p(x) <= s(x), not r(y: x); output none(n: int); none(0) <= not s(_);`,
        ),
        [{ s: [[1], [2]], r: [[1, 2]] }, {}],
      ),
    ).toEqual(["o[2] p[1]", "none[0]"]);
  });
  test("under `not` needs its variables bound elsewhere", () => {
    expect(errors(role(`${two} output o(x: int); o(x) <= s(x), not r(x, y);`))).toEqual([
      "DLC240 `y` has no value: no positive literal of the body binds it",
    ]);
    expect(mend(role(`${two} output o(x: int); o(x) <= s(x), not r(x, y);`))).toBe(
      "Write `_` where any value will do, or bind it by a positive literal.",
    );
    expect(
      trace(role(`${two} output o(x: int); o(y) <= not r(y, y), y = x + 1, s(x);`), [{ s: [[1], [2]], r: [[2, 2]] }]),
    ).toEqual(["o[3]"]);
  });
});

describe("a condition", () => {
  test.each([
    ["==", [false, true]],
    ["!=", [true, false]],
    ["<", [true, false]],
    ["<=", [true, true]],
    [">", [false, false]],
    [">=", [false, true]],
  ] as const)("compares with `%s`", (op, [less, same]) => {
    expect(
      trace(role(`${two} output o(b: bool) any; o(x ${op} y) <= r(x, y);`), [
        { r: [[1, 2]] },
        {},
        { r: [[2, 2]] },
      ]).filter((line) => line.startsWith("o")),
    ).toEqual([`o[${less}]`, `o[${same}]`]);
  });
  test("compares values of every type in one order", () => {
    expect(
      trace(
        role(
          'output o(a: bool, b: bool, c: bool, d: bool, e: bool); o("B" < "a", false < true, [1, 2] < [1, 3], [1] < [1, 0], (1, "b") > (1, "a"));',
        ),
        [{}],
      ),
    ).toEqual(["o[true,true,true,true,true]"]);
    expect(errors(role("input i(s: string, x: int); output o(s: string); o(s) <= i(s, x), s < x;"))).toEqual([
      "DLC232 `s` is of type string and `x` of type int: they cannot be compared",
    ]);
  });
  test("`x = expr` binds, wherever it stands", () => {
    expect(trace(role(`${two} output o(x: int); o(c) <= c = b * 2, b = x + 1, s(x);`), [{ s: [[1]] }])).toEqual([
      "o[4]",
    ]);
    expect(errors(role(`${two} output o(x: int); o(b) <= s(x), b = a + 1, a = b - x;`))).toEqual([
      "DLC241 `b` and `a` are computed from one another",
    ]);
  });
  test("`x in expr` and `(a, b) in expr` range over a list or set, each element once", () => {
    const program =
      role(`input i(l: list<int>, p: list<(int, (string, bool))>); output o(x: int); o(x) <= i(l, _), x in l; output n(n: int); n(count()) <= i(l, _), _ in l;
      output p(x: int, s: string); p(x, s) <= i(_, p), (x, (s, _)) in p; output q(x: int); q(x) <= x in {3, 4}; output tested(x: int); tested(x) <= i(l, _), x in l, x in [4, 5];`);
    const [line] = trace(program, [
      {
        i: [
          [
            [4, 3, 4],
            [
              [1, ["a", true]],
              [2, ["b", false]],
            ],
          ],
        ],
      },
    ]);
    expect(line).toBe('o[3][4] n[2] p[1,"a"][2,"b"] q[3][4] tested[4]');
  });
  test("`(a, b) in [t]` takes a tuple apart, as the error says where one tries otherwise", () => {
    const program = (body: string): string =>
      role(`input i(t: (int, string)); output o(x: int, s: string); o(x, s) <= ${body};`);
    expect(trace(program("i(t), (x, s) in [t]"), [{ i: [[[1, "a"]]] }])).toEqual(['o[1,"a"]']);
    expect(errors(program("i((x, s))"))).toEqual([
      "DLC213 an argument of a body literal is a variable, a constant or `_`, not an expression",
    ]);
    expect(mend(program("i((x, s))"))).toContain("`(x, s) in [t]`");
    expect(mend(program("i(t), (x, s) = t"))).toContain("`(x, s) in [t]`");
  });
});

describe("expressions", () => {
  const value = (type: string, expr: string): string =>
    trace(role(`output o(v: ${type}); o(${expr});`), [{}])[0].slice(1);
  test("do arithmetic, of two ints an int", () => {
    expect(value("list<int>", "[7 + 2, 7 - 2, 7 * 2, 7 / 2, 7 % 2, (-7) / 2, (-7) % 2, 1 + 2 * 3, (1 + 2) * 3]")).toBe(
      "[[9,5,14,3,1,-3,-1,7,9]]",
    );
    expect(value("list<float>", "[7.0 / 2.0, 0.1 + 0.2, 1.5 * 2.0]")).toBe("[[3.5,0.30000000000000004,3]]");
    expect(
      play(role("input i(x: int); output o(x: int); o(1 / x) <= i(x); output p(x: int); p(1 % x) <= i(x);"), [
        { i: [[0], [1]] },
      ]),
    ).toEqual({
      steps: ["o[1] p[0]"],
      faults: [
        "DLC922 a fact could not be derived: division by zero in 1 / x",
        "DLC922 a fact could not be derived: division by zero in 1 % x",
      ],
      rules: ["o#1 (test.dlc:1)", "p#1 (test.dlc:1)"],
    });
  });
  test("negate, also what is negated already", () => {
    expect(
      trace(role(`${two} output o(a: int, b: int, c: int, d: int); o(-x, -(-x), - - -x, 1 - -x) <= s(x);`), [
        { s: [[3]] },
      ]),
    ).toEqual(["o[-3,3,-3,4]"]);
    expect(
      trace(role("input i(x: float); output o(a: float, b: bool); o(-(-x), !(!(x > 1.0))) <= i(x);"), [{ i: [[2.5]] }]),
    ).toEqual(["o[2.5,true]"]);
  });
  test("join strings, and nothing else with a string", () => {
    expect(value("string", '"a" + "-" + "b"')).toBe('["a-b"]');
    expect(errors(role("input i(s: string, x: int); output o(s: string); o(s + x) <= i(s, x);"))).toEqual([
      "DLC232 `+` does not apply to string and int",
    ]);
    expect(mend(role("input i(s: string, x: int); output o(s: string); o(s + x) <= i(s, x);"))).toBe(
      "Only strings join with strings: `toString(x)`.",
    );
  });
  test("know `&&`, `||`, `!` and `if c then a else b`", () => {
    expect(value("list<bool>", "[true && false, true || false, !true, !true || true, true || false && false]")).toBe(
      "[[false,true,false,true,true]]",
    );
    expect(
      trace(
        role(
          `${two} output o(x: int, s: string); o(x, if x > 1 then "many" else if x == 1 then "one" else "none") <= s(x);`,
        ),
        [{ s: [[0], [1], [2]] }],
      ),
    ).toEqual(['o[0,"none"][1,"one"][2,"many"]']);
  });
  test("call functions, which share one name space with relations, the program's names before the built-in ones", () => {
    expect(trace(role("input i(s: string); output o(n: int); o(length(s)) <= i(s);"), [{ i: [["abc"]] }])).toEqual([
      "o[3]",
    ]);
    expect(
      trace(
        role(
          'input i(s: string); table length(s: string); length("abc"); output o(s: string); o(s) <= i(s), length(s);',
        ),
        [{ i: [["abc"], ["b"]] }],
      ),
    ).toEqual(['o["abc"]']);
    expect(errors('function f(x: int): int from "./f.ts"; role R { table f(x: int); }')).toEqual([
      "DLC205 `f` is also the name of an imported function",
    ]);
    expect(errors(role("table count(x: int); output o(n: int); o(count()) <= count(_);"))).not.toEqual([]);
  });
});

describe("an aggregate", () => {
  const given = [
    {
      i: [
        ["a", 1, 0],
        ["a", 3, 0],
        ["a", 3, 1],
        ["b", 2, 0],
      ],
    },
  ] as const;
  test.each([
    ["count()", "int", '["a",3]["b",1]'],
    ["count(distinct x)", "int", '["a",2]["b",1]'],
    ["sum(x)", "int", '["a",7]["b",2]'],
    ["avg(x)", "float", '["a",2.3333333333333335]["b",2]'],
    ["min(x)", "int", '["a",1]["b",2]'],
    ["max(x)", "int", '["a",3]["b",2]'],
    ["argmin(z, x)", "int", '["a",0]["b",0]'],
    ["argmax(z, x)", "int", '["a",0]["b",0]'],
    ["collect(x)", "list<int>", '["a",[1,3,3]]["b",[2]]'],
    ["choose(x)", "int", '["a",1]["b",2]'],
  ])("%s, per group", (call, type, rows) => {
    expect(
      trace(
        role(`input i(k: string, x: int, z: int); output o(k: string, v: ${type}); o(k, ${call}) <= i(k, x, z);`),
        given,
      ),
    ).toEqual([`o${rows}`]);
  });
  test("ranges over the distinct valuations of all variables, `_` among them", () => {
    expect(
      trace(
        role(
          'input i(k: string, x: int, z: int); output o(n: int); o(sum(x)) <= i("a", x, _); output p(n: int); p(count()) <= i("a", 3, _);',
        ),
        given,
      ),
    ).toEqual(["o[7] p[2]"]);
  });
  test("of nothing is nothing", () => {
    expect(
      trace(
        role("input i(x: int); output o(n: int) any; o(count()) <= i(_); output p(n: int) any; p(sum(x)) <= i(x);"),
        [{}, { i: [[1]] }, {}],
      ),
    ).toEqual(["", "o[1] p[1]", "-o[1] -p[1]"]);
  });
  test("is grouped by the other head terms, which are expressions as well", () => {
    expect(
      trace(role('input i(x: int); output o(even: bool, n: int, k: string); o(x % 2 == 0, count(), "n") <= i(x);'), [
        { i: [[1], [2], [3]] },
      ]),
    ).toEqual(['o[false,2,"n"][true,1,"n"]']);
  });
  test("is a whole term of a head, or part of `having`", () => {
    for (const rule of [
      "o(max(x) - min(x)) <= i(x);",
      "o(n) <= i(x), n = count();",
      "o(x) <= i(x), count() > 2;",
      "o(max(count())) <= i(x);",
    ])
      expect(errors(role(`input i(x: int); output o(n: int); ${rule}`))[0]).toMatch(
        /^DLC250 the aggregate `\w+` cannot stand here$/,
      );
  });
  test("over `having` filters groups", () => {
    const program = role(
      'input i(k: string, x: int, z: int); output h(k: string); h(k) <= i(k, _, _) having count() >= 3; output o(k: string, n: int); o(k, sum(x)) <= i(k, x, _) having max(x) > 1, k != "a" || count() < 2;',
    );
    expect(trace(program, given)).toEqual(['h["a"] o["b",2]']);
    expect(errors(role("input i(x: int); output o(x: int); o(x) <= i(x) having x > 2;"))).toEqual([
      "DLC252 `having` filters the groups of an aggregate, and this rule has none",
    ]);
  });
});

describe("one order of all values (A9)", () => {
  const orders = <T>(rows: readonly T[]): readonly (readonly T[])[] => [
    rows,
    rows.toReversed(),
    [...rows.slice(1), rows[0]],
  ];
  /** The same in one step, whatever the order of the rows, and where they are given one by one to a table. */
  const told = (columns: string, statements: string, rows: readonly (readonly (number | string)[])[]): string => {
    const kept = role(`input i(${columns}); table t(${columns}); t <= i; ${statements}`);
    const lines = orders(rows).flatMap((order) => [
      trace(kept, [{ i: order }])[0],
      trace(
        kept,
        order.map((row) => ({ i: [row] })),
      )
        .at(-1)!
        .replace(/-\w+\[.*?\] /g, ""),
    ]);
    expect(new Set(lines).size).toBe(1);
    return lines[0];
  };
  test("enumerates: `collect`, ties of `argmin` and `argmax` (the least), `choose`", () => {
    expect(
      told(
        "s: string, n: int",
        "output o(a: list<string>, b: string, c: string, d: string) any; o(collect(s), argmin(s, n), argmax(s, n), choose(s)) <= t(s, n);",
        [
          ["b", 1],
          ["a", 1],
          ["d", 2],
          ["c", 2],
        ],
      ),
    ).toBe('o[["a","b","c","d"],"a","c","a"]');
  });
  test("int sums are exact, and overflow is judged on the result", () => {
    expect(
      trace(
        role(
          "input i(k: int, x: int); output o(n: int); o(sum(x)) <= i(_, x); output m(x: float); m(avg(x)) <= i(_, x);",
        ),
        [
          {
            i: [
              [1, 9007199254740991],
              [2, 9007199254740991],
              [3, -9007199254740991],
            ],
          },
        ],
      ),
    ).toEqual(["o[9007199254740991] m[3002399751580330.5]"]);
  });
  test("float sums are the exact sum, rounded once", () => {
    expect(
      told("k: int, x: float", "output o(s: float, a: float) any; o(sum(x), avg(x)) <= t(_, x);", [
        [1, 0.1],
        [2, 0.2],
        [3, 0.3],
      ]),
    ).toBe("o[0.6,0.2]");
    expect(
      told("k: int, x: float", "output o(s: float, a: float) any; o(sum(x), avg(x)) <= t(_, x);", [
        [1, 1e16],
        [2, 1],
        [3, -1e16],
      ]),
    ).toBe("o[1,0.3333333333333333]");
  });
  test("sets and JSON objects are handed to functions in it", () => {
    const program =
      'function keysOf(j: json): string from "./f.ts"; function first(s: lset<int>): int from "./f.ts" monotone; ' +
      role(
        "input i(j: json, x: int); table t(g: int, s: lset<int>); t(0, x) <= i(_, x); output o(s: string); o(keysOf(j)) <= i(j, _); output p(x: int) any; p(first(s)) <= t(_, s);",
      );
    const functions = { keysOf: (j: object) => Object.keys(j).join(), first: (s: ReadonlySet<number>) => [...s][0] };
    expect(
      trace(
        program,
        [
          {
            i: [
              [{ b: 1, a: 2 }, 9],
              [{ a: 2, b: 1 }, 3],
            ],
          },
        ],
        functions,
      ),
    ).toEqual(['o["a,b"] p[3]']);
  });
});

describe("rules", () => {
  test("`A <= B` copies all columns, with every merge", () => {
    const program = role(
      "input a(x: int, y: int); input d(p: int, q: int); table b(x: int, y: int); b <= a; b <- d; scratch s(x: int, y: int); s <+ a; output o(x: int, y: int) eventual; o <= b; output p(x: int, y: int) any; p <= s; channel c(x: int, y: int); R.c <~ a;",
    );
    expect(trace(program, [{ a: [[1, 2]] }, { d: [[1, 2]] }, {}])).toEqual([
      "o[1,2] R.c[1,2]",
      "p[1,2]",
      "-o[1,2] -p[1,2]",
    ]);
    expect(errors(role("input a(x: int, y: int); table b(x: int); b <= a;"))).toEqual([
      "DLC210 `b` has 1 columns, but `a` has 2",
    ]);
  });
  test("for one head are a union", () => {
    expect(
      trace(role(`${two} output o(x: int); o(x) <= r(x, _); o(x) <= r(_, x); o(x) <= s(x);`), [
        { r: [[1, 2]], s: [[2], [3]] },
      ]),
    ).toEqual(["o[1][2][3]"]);
  });
  test("may be recursive within a step", () => {
    const program = role(
      "input edge(a: int, b: int); table e(a: int, b: int); e <= edge; scratch path(a: int, b: int); path <= e; path(a, c) <= path(a, b), e(b, c); output o(a: int, b: int); o <= path;",
    );
    expect(
      trace(program, [
        {
          edge: [
            [1, 2],
            [2, 3],
          ],
        },
        { edge: [[3, 1]] },
      ]),
    ).toEqual(["o[1,2][1,3][2,3]", "o[1,1][2,1][2,2][3,1][3,2][3,3]"]);
    expect(check(program).marks).toEqual([]);
  });
  const cyclic = "input i(x: int); table t(x: int); t <= i; scratch s(x: int);";
  test.each([
    ["`not`", `${cyclic} s(x) <= t(x), not t(9); t(x) <= s(x);`, "`s` depends on its own absence within one step"],
    [
      "an aggregate",
      `${cyclic} s(count()) <= t(_); t(x) <= s(x);`,
      "`s` depends on an aggregate of itself within one step",
    ],
    [
      "`having`",
      `${cyclic} t(0) <= t(_) having count() >= 3;`,
      "`t` depends on an aggregate of itself within one step",
    ],
    [
      "the plain value of a lattice",
      "input i(x: int); table m(v: lmax<int>); m(x) <= i(x); m(n + 1) <= m(v), n = reveal(v), n < 9;",
      "`m` depends on a plain value of itself within one step",
    ],
  ])("may not be through %s, with the cycle shown", (_, statements, message) => {
    const [found] = errors(role(statements));
    expect(found).toContain(`DLC260 ${message}:\n  `);
    expect(found).toMatch(/ needs .*: rule \w+#\d, line 1/);
    expect(mend(role(statements))).toContain("Within a step there is no order in which to compute these.");
  });
  test.each(["<+", "<-", "<+-"])("may be through `%s`", (op) => {
    expect(
      errors(
        role(`input i(x: int); table t(k: int -> x: int); t(x, x) <= i(x); t(k, k + 1) ${op} t(k, x), not t(_, 9);`),
      ),
    ).toEqual([]);
  });
  test("may be through `<~`", () => {
    expect(errors(role("channel c(x: int); table t(x: int); t <= c; R.c(x + 1) <~ t(x), not t(9);"))).toEqual([]);
  });
});
