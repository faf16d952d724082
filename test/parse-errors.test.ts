import { describe, expect, test } from "vitest";
import { parse } from "../src/compiler/1-parse/parse.ts";
import { lineColumn } from "../src/compiler/diagnostics/position.ts";
import { syntaxCodes } from "../src/compiler/diagnostics/syntax.ts";
import type { Diagnostic } from "../src/compiler/diagnostics/diagnostic.ts";

function findings(text: string): readonly Diagnostic[] {
  return parse({ path: "a.dlc", text }).diagnostics;
}

/** Code, the marked text and the message of each finding. */
function brief(text: string): string[] {
  return findings(text).map(({ code, span, message }) => `${code} [${text.slice(span.start, span.end)}] ${message}`);
}

/** The text after all recommended fixes. */
function fixed(text: string): string {
  const edits = findings(text)
    .flatMap(({ fixes }) => fixes?.[0].edits ?? [])
    .sort((a, b) => b.span.start - a.span.start);
  return edits.reduce((now, { span, text: by }) => now.slice(0, span.start) + by + now.slice(span.end), text);
}

describe("one bad statement in a role", () => {
  test.each([
    ["tabel u(x: int);", "DLC108 [tabel] `tabel` is not a kind of declaration."],
    ["Table u(x: int);", "DLC108 [Table] `Table` is not a kind of declaration."],
    ["table v(x int);", "DLC101 [x] The type of `x` is missing."],
    ["table v(x);", "DLC101 [x] The type of `x` is missing."],
    ["table v(x: );", "DLC101 [:] The type of `x` is missing."],
    ["table v;", "DLC101 [v] The columns of `v` are missing."],
    ["table my-t(x: int);", "DLC101 [-] A name has no `-`."],
    ["table t(x: (int));", "DLC101 [(int)] A tuple type has two parts or more, as in `(int, string)`."],
    ["table t(x: list<int);", "DLC101 [)] Expected `>`, `,` or `<`, found `)`."],
    ["table z(x: int) durabel;", "DLC109 [durabel] `durabel` is not a modifier of a collection."],
    ["table z(x: int) durable durable;", "DLC109 [durable] `durable` is written twice."],
    ["table z(x: int) durable, lossy;", "DLC101 [,] No comma is expected here."],
    ["input c(x: int) sealed by x;", "DLC109 [by] The columns after `by` stand in brackets: `sealed by (k)`."],
    ["input c(x: int) single;", "DLC109 [single] `single` says how a seal is given, and there is no `sealed` here."],
    [
      "input c(x: int) every 3s;",
      "DLC109 [every] `every` says how often a partition ends, and there is no `sealed` here.",
    ],
    ["input c(x: int) rate;", "DLC111 [rate] A number is expected after `rate`: facts a second, as in `rate 500`."],
    ["input c(x: int) rate 0;", "DLC111 [0] `0` is no rate."],
    ["input c(x: int) rate 5s;", "DLC111 [5s] `5s` is no rate."],
    ["input c(x: int) sealed within;", "DLC111 [within] A duration is expected after `within`, as in `within 30s`."],
    [
      "output c(x: int) strict;",
      "DLC109 [strict] `strict` says how a promise is kept, and there is no `deterministic` here.",
    ],
    ["timer q every 5;", "DLC111 [5] `5` has no unit of time."],
    ["timer q every 5x;", "DLC111 [5x] `x` is not a unit of time."],
    ["timer q every 0s;", "DLC111 [0s] `0s` is not a whole number of milliseconds above zero."],
    ["timer q 5s;", "DLC111 [q] How often `q` fires is missing."],
    ["timer q(x: int) every 5s;", "DLC101 [(x: int)] A timer has no columns."],
    ["t(x) = u(x);", "DLC107 [=] `=` does not join a head and a body."],
    ["t(x) :- u(x);", "DLC107 [:-] `:-` does not join a head and a body."],
    ["t(x) => u(x);", "DLC107 [=>] `=>` does not join a head and a body."],
    ["u(x) -> t(x);", "DLC107 [->] `->` does not join a head and a body."],
    ["t(x) < u(x);", "DLC107 [<] `<` does not join a head and a body."],
    ["t(x) u(x);", "DLC107 [u] `<=` or another merge is expected before `u`."],
    ["t(x <= u(x);", "DLC101 [(] This `(` is never closed."],
    ["t(x)) <= u(x);", "DLC101 [)] This `)` closes nothing."],
    ["t(x) <= u(x];", "DLC101 []] `)` is expected here, not `]`."],
    ["t(x) <= u(x),;", "DLC101 [,] Something is expected after this comma, and the statement ends."],
    ["t(x) <= u(x,);", "DLC101 [,] Something is expected after this comma, and `)` follows."],
    ["t(x) <= ;", "DLC101 [<=] A body is expected after `<=`."],
    ["t(x) <= u(x) v(x);", "DLC101 [v] A comma or an operator is expected before `v`."],
    ["t(x) <= u(x y);", "DLC101 [y] A comma or an operator is expected before `y`."],
    ["t(in) <= u(x);", "DLC104 [in] `in` is a word of the language and cannot be a name."],
    ["table not(x: int);", "DLC104 [not] `not` is a word of the language and cannot be a name."],
    ["table t(self: int);", "DLC104 [self] `self` is a word of the language and cannot be a name."],
    ["true(x) <= u(x);", "DLC104 [true] `true` is a word of the language and cannot be a name."],
    ["t(x) <= u(x), x === 3;", "DLC101 [===] `===` is not an operator of the language."],
    ["t(x) <= u(x), x <> 3;", "DLC101 [<>] `<>` is not an operator of the language."],
    ["t(x) <= u(x) and v(x);", "DLC101 [and] `and` is not an operator of the language."],
    ["t(x) <= u(x), x ≤ 3;", "DLC101 [≤] `≤` is not a character of the language."],
    ["t(x) <= u('abc');", "DLC101 ['] `'` is not a character of the language."],
    ["t(x) <= u(x), y = x > 3 ? 1 : 2;", "DLC101 [?] `?` is not an operator of the language."],
    ["t(x) <= u(x), y = 1 + ;", "DLC101 [+] A value is expected after `+`, and the statement ends."],
    ["t(x) <= u(x), y = 1 + > 2;", "DLC101 [+] A value is expected after `+`, not `>`."],
    ["t(x) <= u(x), y = if x then 1;", "DLC101 [if] The `else` of this `if` is missing."],
    ["t(x) <= u(x), y = if x;", "DLC101 [if] The `then` of this `if` is missing."],
    ["t(x) <= u(x), (x = 3) && y;", "DLC110 [=] `=` binds a variable and stands only once, directly in a rule's body."],
    ["t(x) <= u(x), y = (z = 3);", "DLC110 [=] `=` binds a variable and stands only once, directly in a rule's body."],
    [
      "t(x) <= u(x), (x in y) && z;",
      "DLC110 [in] `in` ranges over a set or list and stands only directly in a rule's body.",
    ],
    [
      "t(x) <= u(y), x + 1 in y;",
      "DLC110 [in] `in` ranges over a set or list and stands only directly in a rule's body.",
    ],
    ["t(x) <= u(y), f(x) in y;", "DLC110 [f(x)] A variable, or variables in brackets, are expected before `in`."],
    ["t(x) <= not x > 3;", "DLC110 [not] `not` stands before a collection, as in `not r(x)`."],
    ["t(x) <= not R.c;", "DLC110 [R.c] `R.c` is read without columns."],
    ["t(R.c) <= u(x);", "DLC110 [R.c] `R.c` is a collection, not a value."],
    ["t(f(a: 1)) <= u(x);", "DLC110 [a: 1] Arguments of `f` have no names: here it is called as a function."],
    [
      "t(distinct x) <= u(x);",
      "DLC110 [distinct] `distinct` stands only inside an aggregate, as in `count(distinct x)`.",
    ],
    ["t(1: x) <= u(x);", "DLC110 [1] A column's name is expected before `:`."],
    ["t({1, x: 2}) <= u(x);", "DLC110 [1] A map's entry needs a value: `key: value`."],
    ["t(x) <= u(x) having;", "DLC101 [having] A condition is expected after `having`."],
    ["not t(x) <= u(x);", "DLC101 [not] A head cannot be negated."],
    ["t(x) <= u(x), x > 500ms;", "DLC111 [500ms] `500ms` is a duration, and none is expected here."],
    ["t(x) <= u(x), y = 5%;", "DLC111 [%] A percentage is not expected here."],
    ["t(3x) <= u(x);", "DLC112 [3x] `3x` is neither a number nor a name."],
    [
      "t(9007199254740992);",
      "DLC112 [9007199254740992] `9007199254740992` is beyond the integers that are exact (9007199254740991).",
    ],
    ["t(1e999);", "DLC112 [1e999] `1e999` is larger than any float."],
    [`t("a\\qb");`, "DLC113 [\\q] `\\q` is not an escape."],
    [`t("a\\u12b");`, "DLC113 [\\u12b] `\\u12b` is not an escape."],
    [`t("a\\u{110000}");`, "DLC113 [\\u{110000}] `\\u{110000}` is not an escape."],
    [`t("a\\x4");`, "DLC113 [\\x4] `\\x4` is not an escape."],
    ["seal t(3) <= u(x);", "DLC117 [3] A sealed value is given by column name."],
    ["seal t(a: 3) <+ u(x);", "DLC117 [<+] A seal is given with `<=` or `<~`, not `<+`."],
    ["seal t(a: x) <= u(x) having count() > 1;", "DLC117 [count() > 1] A seal has no `having`."],
    ["seal t;", "DLC117 [t] When the seal is given is missing."],
    ["t;", "DLC116 [t] `t` alone says nothing."],
    ["A <= B, C;", "DLC116 [A] The columns of `A` are missing."],
    ["A <= not B;", "DLC116 [A] The columns of `A` are missing."],
    ["@coordinate(sale by (c)) t(x) <= u(x);", "DLC114 [sale] `sale` is not a way to coordinate."],
    ["@coordinate(seal) t(x) <= u(x);", "DLC114 [seal] The sealed columns are missing."],
    ["@coordinate(barrier by (c)) t(x) <= u(x);", "DLC114 [barrier] `barrier` takes no `by`."],
    ["@coordnate(order) t(x) <= u(x);", "DLC114 [coordnate] `coordnate` is not an annotation."],
    [
      '@allow(weaker, "x") table q(x: int);',
      'DLC114 [@allow(weaker, "x")] An annotation stands before a rule, not before a declaration.',
    ],
    ['import "./x.dlc" as y;', "DLC106 [import] A file is imported outside of roles and modules."],
    ["in send(x: int);", "DLC106 [in] `in` belongs to the interface of a module or a component, and this is a role."],
    [
      "out sent(x: int);",
      "DLC106 [out] `out` belongs to the interface of a module or a component, and this is a role.",
    ],
    ["use M as m in A;", "DLC106 [A] A copy stands in the role in which it is used, here `A`."],
    ["use M<int as m;", "DLC101 [as] Expected `>`, `,` or `<`, found `as`."],
    ["use M(B as m;", "DLC101 [(] This `(` is never closed."],
    ["use M;", "DLC101 [M] Expected `(`, `<` or `as` after `M`, but the statement ends."],
    ["in send;", "DLC101 [send] The columns of `send` are missing."],
    ["source c(x: int);", "DLC106 [source] A source is declared outside of roles and modules."],
    ["cache c(x: int) of R.t staleness 60s;", "DLC115 [cache] `cache` is not understood by this version of dlc."],
    ["connect click -> Report.click;", "DLC106 [connect] A connection stands outside of roles and modules."],
    [
      'function f(x: int): int from "./f.ts";',
      "DLC106 [function] A function is declared outside of roles and modules.",
    ],
    ["x + 1;", "DLC101 [+] Expected `;`, `(`, `@`, `<-`, `<+` or `<+-`, found `+`."],
    [";", "DLC101 [;] A `;` with nothing before it."],
  ])("%s", (statement, expected) => {
    expect(brief(`role A {\n  ${statement}\n}`)).toEqual([expected]);
  });
});

describe("what the scanner sees", () => {
  test.each([
    ["role A {\n  t(x) <= u(x)\n  v(x) <= u(x);\n}", "t(x) <= u(x)", "DLC102"],
    ["role A {\n  t(x) <= u(x), x > 3 // why\n\n  table v(x: int);\n}", "t(x) <= u(x), x > 3", "DLC102"],
    ["role A {\n  table t(x: int)\n  t(x) <= u(x);\n}", "table t(x: int)", "DLC102"],
    ["role A {\n  table t(x: int) durable\n  R.t@a(x) <~ u(x);\n}", "table t(x: int) durable", "DLC102"],
    ["role A {\n  t(1)\n  @coordinate(order)\n  t(x) <= u(x);\n}", "t(1)", "DLC102"],
    ["role A {\n  t(1)\n  /// Documented.\n  t(x) <= u(x);\n}", "t(1)", "DLC102"],
    ["role A {\n  t(x) <= u(x)\n}", "t(x) <= u(x)", "DLC102"],
  ])("a missing `;`: %j", (text, last, code) => {
    const [finding, ...rest] = findings(text);
    expect(rest).toEqual([]);
    expect(finding.code).toBe(code);
    expect(finding.span.start).toBe(text.indexOf(last) + last.length);
    expect(findings(fixed(text))).toEqual([]);
  });

  test("statements go on over lines", () => {
    expect(
      findings(`role A {
      t(x,
        y) <=
        u(x), not
        v(y), y ==
        if x > 1
        then 2
        else 3
        having count() > 2;
      table k(a: int
        -> b: int)
        sealed
        by (a) single
        within 5s
        durable;
      @coordinate(order)
      t(x) <= u(x), x
        in {1,
        2};
    }
    function f(x: int): int
      from "./f.ts"
      injective;`),
    ).toEqual([]);
  });

  test("strings and comments that do not end", () => {
    expect(brief('role A {\n  t("abc);\n  u(x) <= v(x);\n}')).toEqual([
      'DLC103 ["abc);] This string is not closed on its line.',
    ]);
    expect(brief("role A { }\n/* more")).toEqual(["DLC103 [/*] This comment is never closed."]);
  });

  test("braces of roles", () => {
    expect(brief("role A { t(1);")).toEqual(["DLC105 [A] The block of role `A` is never closed."]);
    expect(findings(fixed("role A { t(1);"))).toEqual([]);
    expect(brief("role A { } }")).toEqual(["DLC105 [}] This `}` closes nothing."]);
    expect(brief("role A;")).toEqual(["DLC105 [role] The block of this role is missing."]);
    const nested = parse({ path: "a.dlc", text: "role A { t(1);\nrole B { t(2); }\nrole C { t(3); }" });
    expect(nested.diagnostics.map(({ code, message }) => [code, message])).toEqual([
      ["DLC105", "Role `B` begins inside role `A`."],
    ]);
    expect(nested.diagnostics[0].cause?.label).toBe("this role is still open");
    expect(nested.value?.items.map((item) => item.kind === "role" && item.name.text)).toEqual(["A", "B", "C"]);
    // A nested role with both braces leaves one over, which is not reported again.
    expect(brief("role A { role B { t(2); } }")).toEqual(["DLC105 [role B] Role `B` begins inside role `A`."]);
  });

  test("statements outside of roles and blocks that are no roles", () => {
    expect(brief("t(x) <= u(x);\ntable t(x: int);\nrole A { }")).toEqual([
      "DLC106 [t(x) <= u(x)] This rule stands outside of any role.",
      "DLC106 [table t(x: int)] The table `t` stands outside of any role.",
    ]);
    expect(brief("cache M { t(x) <= ; { } }\nrole A { t(1 }\n}")).toEqual([
      "DLC115 [cache] `cache` is not understood by this version of dlc.",
      "DLC101 [(] This `(` is never closed.",
      "DLC105 [}] This `}` closes nothing.",
    ]);
    expect(brief("rol A { t(1); }")).toEqual(["DLC108 [rol] `rol` is not what a block begins with."]);
  });

  test("modules, and uses outside of them", () => {
    expect(brief("use M as m;\nmodule M { }")).toEqual(["DLC106 [m] Nothing says in which role the copy `m` stands."]);
    expect(brief("module M {\n  module N { }")).toEqual(["DLC105 [module N] Module `N` begins inside module `M`."]);
    expect(brief("module M {\n  in x(n: int)")).toEqual([
      "DLC105 [M] The block of module `M` is never closed.",
      "DLC102 [] A `;` is missing here.",
    ]);
    expect(brief("module M;")).toEqual(["DLC105 [module] The block of this module is missing."]);
    expect(brief("module M<int> x3 { t(1 }")).toEqual([
      "DLC101 [x3] Expected `(`, found `x3`.",
      "DLC101 [(] This `(` is never closed.",
    ]);
    expect(brief("in x(n: int);")).toEqual([
      "DLC106 [in x(n: int)] The in `x` stands outside of any module or component.",
    ]);
    expect(brief('@allow(weaker, "x") module M { }')).toHaveLength(1);
  });

  test("role headers", () => {
    expect(brief("role A x0 { }")).toEqual(["DLC109 [x0] `x0`: a role runs on 1 to 10000 instances."]);
    expect(brief("role A replicatd { }")[0]).toMatch(/^DLC109 \[replicatd\]/);
    expect(brief("role A partitioned x4 { }")).toEqual([
      "DLC109 [partitioned] The columns that choose the instance are missing.",
    ]);
    expect(brief("role A replicated partitioned by (k) { }")).toEqual([
      "DLC109 [replicated] A role is replicated or partitioned, not both.",
    ]);
    expect(brief("role A, B { t(x) <= ; }").map((line) => line.slice(0, 6))).toEqual(["DLC101", "DLC101"]);
  });
});

describe("one run", () => {
  const text = "role A {\n  t(x) = u(x);\n  v(x) <= u(x);\n  table k(x: int);\n  v(in) <= u(1);\n  w(x <= u(x);\n}\n";

  test("reports every bad statement in order and reads the others", () => {
    const { value, diagnostics } = parse({ path: "a.dlc", text });
    expect(diagnostics.map(({ code, span }) => [code, lineColumn(text, span.start)])).toEqual([
      ["DLC107", { line: 2, column: 8 }],
      ["DLC104", { line: 5, column: 5 }],
      ["DLC101", { line: 6, column: 4 }],
    ]);
    expect(value?.items).toMatchObject([{ members: [{ kind: "rule" }, { kind: "collection" }] }]);
  });

  test("gives no tree when a declaration is lost, since its uses would look wrong", () => {
    expect(parse({ path: "a.dlc", text: "role A { tabel t(x: int); }" }).value).toBeNull();
    expect(parse({ path: "a.dlc", text: 'role A { } function f(x): int from "./f.ts";' }).value).toBeNull();
    expect(parse({ path: "a.dlc", text: "rol A { }" }).value).toBeNull();
    expect(parse({ path: "a.dlc", text: "role A replicatd { }" }).value).toBeNull();
    expect(parse({ path: "a.dlc", text: 'import "./b.dlc";' }).value).toBeNull();
    expect(parse({ path: "a.dlc", text: "module M<> { }" }).value).toBeNull();
    expect(parse({ path: "a.dlc", text: "role A { use M as; }" }).value).toBeNull();
    expect(parse({ path: "a.dlc", text: "role A { input t(x: int) seald; }" }).value).toBeNull();
    expect(parse({ path: "a.dlc", text: "role A { t(x <= u(x); }" }).value).not.toBeNull();
  });
});

test.each([
  ["t(x) = u(x);", "t(x) <= u(x);"],
  ["t(x) <= u(x),;", "t(x) <= u(x);"],
  ["tabel t(x: int);", "table t(x: int);"],
  ["t(x) <= u(x) v(x);", "t(x) <= u(x), v(x);"],
  ["table t(x int);", "table t(x: int);"],
  ["table t(x: int) durable, lossy;", "table t(x: int) durable lossy;"],
  ["t(x) <= u(x), x === 3;", "t(x) <= u(x), x == 3;"],
  ["t(x) <= u(x), (x = 3) && x;", "t(x) <= u(x), (x == 3) && x;"],
  ["t(x) <= u(x), x ≥ 3;", "t(x) <= u(x), x >= 3;"],
])("the recommended fix of %s", (bad, good) => {
  expect(fixed(`role A { ${bad} }`)).toBe(`role A { ${good} }`);
  expect(findings(`role A { ${good} }`)).toEqual([]);
});

test.each([
  ["brackets", (n: number) => `t(x) <= y = ${"(".repeat(n)}1${")".repeat(n)};`],
  ["calls", (n: number) => `t(${"f(".repeat(n)}1${")".repeat(n)});`],
  ["signs", (n: number) => `t(${"-".repeat(n)}1);`],
  ["conditionals", (n: number) => `t(${"if a then 1 else ".repeat(n)}1);`],
  ["maps", (n: number) => `t(${"{1:".repeat(n)}1${"}".repeat(n)});`],
  ["types", (n: number) => `table t(x: ${"list<".repeat(n)}int${">".repeat(n)});`],
  ["operators", (n: number) => `t(${"1 + ".repeat(n)}1);`],
])("%s beyond all measure are refused, not a fault", (what, make) => {
  const fine = what === "operators" ? 900 : 60;
  expect(brief(`role A { ${make(fine)} }`)).toEqual([]);
  for (const n of [fine + 200, 20_000]) {
    expect(brief(`role A { ${make(n)} }`).map((line) => line.slice(0, 6))).toEqual(["DLC101"]);
  }
});

test("every code has a page whose example shows it", () => {
  for (const [code, page] of Object.entries(syntaxCodes)) {
    expect(page.why.length, code).toBeGreaterThan(60);
    const inRole = `role Example {\n${page.example}\n}`;
    const found = [...findings(page.example), ...findings(inRole)].map((finding) => finding.code);
    expect(found, code).toContain(code);
  }
});
