/* oxlint-disable unicorn/no-thenable -- the tree of `if` has a `then` */
import { describe, expect, test } from "vitest";
import type { CollectionDecl, Item, Literal, Member, RoleDecl, RuleDecl, SealDecl } from "../src/compiler/ast.ts";
import { parse } from "../src/compiler/1-parse/parse.ts";
import { generateProgram } from "../bench/programs.ts";

const sample = `
/// Ad reporting: which ads of a campaign are performing badly?
role AdServer x5 {
  input click(campaign: string, id: string, user: string) sealed by (campaign);
  Report.click(c, i, u) <~ click(c, i, u);
}

role Report replicated x3 {
  channel click(campaign: string, id: string, user: string);
  channel request(client: addr, campaign: string);
  table   clicks(campaign: string, id: string, user: string);
  table   requests(client: addr, campaign: string);
  scratch poor(campaign: string, id: string, n: int);

  clicks(c, i, u)  <= click(c, i, u);
  requests(a, c)   <= request(a, c);
  poor(c, i, count()) <= clicks(c, i, _) having count() < 100;
  Analyst.answer@a(c, i, n) <~ requests(a, c), poor(c, i, n);
}

role Analyst {
  input   ask(campaign: string);
  channel answer(campaign: string, id: string, n: int);
  output  result(campaign: string, id: string, n: int);
  Report.request(self, c) <~ ask(c);
  result(c, i, n) <= answer(c, i, n);
}
`;

/** The items of a text without findings. */
function items(text: string): readonly Item[] {
  const { value, diagnostics } = parse({ path: "a.dlc", text });
  expect(diagnostics.map(({ message }) => message)).toEqual([]);
  return value?.items ?? [];
}

function role(text: string): RoleDecl {
  return items(text)[0] as RoleDecl;
}

/** The only statement of a role. */
function member(text: string): Member {
  const { members } = role(`role A { ${text} }`);
  expect(members).toHaveLength(1);
  return members[0];
}

const rule = (text: string): RuleDecl => member(text) as RuleDecl;
const collection = (text: string): CollectionDecl => member(text) as CollectionDecl;

/** A tree without places, as short as it can be read: names and values as text, operators prefix. */
function short(of: unknown): unknown {
  if (Array.isArray(of)) return of.map(short);
  if (typeof of !== "object" || of === null) return of;
  const node = of as Record<string, unknown>;
  if (node.kind === "variable") return node.name;
  if (node.kind === "literal") return node.type === "string" ? JSON.stringify(node.value) : node.value;
  if (node.kind === "binary") return [node.op, short(node.left), short(node.right)];
  if (node.kind === "unary") return [node.op, short(node.of)];
  if (Object.keys(node).join() === "text,span") return node.text;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => key !== "span" && key !== "doc")
      .map(([key, value]) => [key, short(value)]),
  );
}

/** The first literal of a rule with this body. */
const literal = (body: string): Literal => rule(`h(x) <= ${body};`).body[0];
/** An expression, from the right side of a binding. */
const expression = (text: string): unknown => short((literal(`y = ${text}`) as { value: unknown }).value);

describe("roles", () => {
  test("the program of the language page", () => {
    const roles = items(sample) as RoleDecl[];
    expect(roles.map(({ name, count, replicated, members }) => [name.text, count, replicated, members.length])).toEqual(
      [
        ["AdServer", 5, false, 2],
        ["Report", 3, true, 9],
        ["Analyst", null, false, 5],
      ],
    );
    expect(roles[0].doc).toBe("Ad reporting: which ads of a campaign are performing badly?");
    expect(roles[1].doc).toBeNull();
  });

  test.each([
    ["role A { }", null, false, null],
    ["role A x5 { }", 5, false, null],
    ["role A replicated { }", null, true, null],
    ["role A x3 replicated { }", 3, true, null],
    ["role A partitioned by (k, j) x4 { }", 4, false, ["k", "j"]],
    ["role A\n  x4\n  partitioned by\n  (k)\n{ }", 4, false, ["k"]],
  ])("%s", (text, count, replicated, by) => {
    const read = role(text);
    expect([read.count, read.replicated, short(read.partitionedBy)]).toEqual([count, replicated, by]);
  });
});

describe("collections", () => {
  test("kinds and columns", () => {
    for (const kind of ["input", "output", "channel", "table", "scratch"]) {
      const read = collection(`${kind} c(a: int, b: string);`);
      expect([read.collection, read.name.text, short(read.columns), read.keyLength, read.periodMs]).toEqual([
        kind,
        "c",
        [
          { name: "a", type: { name: "int", args: [] } },
          { name: "b", type: { name: "string", args: [] } },
        ],
        null,
        null,
      ]);
    }
  });

  test("keys", () => {
    expect(collection("table kv(a: int, b: int -> v: string);").keyLength).toBe(2);
    expect(collection("table one(-> v: string);").keyLength).toBe(0);
    expect(collection("table none();").columns).toEqual([]);
  });

  test("types with arguments", () => {
    const { columns } = collection("table t(a: (int, list<string>), b: lmap<string, lmax<int>>);");
    expect(short(columns.map(({ type }) => type))).toEqual([
      {
        name: "tuple",
        args: [
          { name: "int", args: [] },
          { name: "list", args: [{ name: "string", args: [] }] },
        ],
      },
      {
        name: "lmap",
        args: [
          { name: "string", args: [] },
          { name: "lmax", args: [{ name: "int", args: [] }] },
        ],
      },
    ]);
  });

  test("timers", () => {
    for (const [written, ms] of [
      ["500ms", 500],
      ["60s", 60_000],
      ["5m", 300_000],
      ["1h", 3_600_000],
      ["1.5s", 1_500],
    ] as const) {
      expect(collection(`timer t every ${written};`).periodMs).toBe(ms);
    }
  });

  test("modifiers in any order", () => {
    const sealed = { kind: "sealed", by: ["a", "b"], single: true, deadlineMs: 30_000, everyMs: 10_000 };
    for (const written of [
      "sealed by (a, b) single within 30s every 10s lossy",
      "lossy single sealed by (a, b) every 10s within 30s",
      "within 30s every 10s sealed by (a, b) single lossy",
    ]) {
      const { modifiers } = collection(`channel c(a: int, b: int) ${written};`);
      expect(short(modifiers)).toEqual(expect.arrayContaining([sealed, { kind: "lossy" }]));
    }
    expect(short(collection("input c(a: int) sealed;").modifiers)).toEqual([
      { kind: "sealed", by: null, single: false, deadlineMs: null, everyMs: null },
    ]);
    expect(short(collection("input c(a: int) rate 0.25;").modifiers)).toEqual([{ kind: "rate", perSecond: 0.25 }]);
    expect(short(collection("table c(a: int) rate 5000 durable;").modifiers)).toEqual([
      { kind: "rate", perSecond: 5000 },
      { kind: "durable" },
    ]);
    expect(short(collection("output c(a: int) eventual strict;").modifiers)).toEqual([
      { kind: "level", level: "eventual", strict: true },
    ]);
    expect(short(collection("table c(a: int) durable unique shared serializable;").modifiers)).toEqual([
      { kind: "durable" },
      { kind: "unique" },
      { kind: "shared" },
      { kind: "serializable" },
    ]);
    for (const level of ["deterministic", "agreed", "eventual", "any"]) {
      expect(short(collection(`output c(a: int) ${level};`).modifiers)).toEqual([
        { kind: "level", level, strict: false },
      ]);
    }
  });
});

describe("rules", () => {
  test.each(["<=", "<+", "<-", "<+-", "<~"])("the merge %s", (op) => {
    expect(rule(`h(x) ${op} r(x);`).op).toBe(op);
    expect(rule(`h(x)${op}r(x);`).op).toBe(op);
  });

  test("facts", () => {
    const fact = rule(`t(1, "a", -2.5, true, self);`);
    expect([fact.op, fact.body, fact.having]).toEqual([null, [], []]);
    expect(short(fact.head.args?.map(({ value }) => value))).toEqual([1, '"a"', ["-", 2.5], true, { kind: "self" }]);
  });

  test("the copy form", () => {
    const copy = rule("A <= B;");
    expect(copy.head.args).toBeNull();
    expect(short(copy.body)).toEqual([{ kind: "read", negated: false, ref: { role: null, name: "B" }, args: null }]);
    expect(short(rule("R.c <~ c;").head)).toEqual({ ref: { role: "R", name: "c" }, at: null, args: null });
  });

  test("addresses", () => {
    expect(short(rule("R.c@a(x) <~ r(a, x);").head.at)).toBe("a");
    expect(rule("R.c@*(x) <~ r(x);").head.at).toBe("all");
    expect(short(rule("R.c@self(x) <~ r(x);").head.at)).toEqual({ kind: "self" });
    expect(short(rule(`R.c @ "R#1" (x) <~ r(x);`).head.at)).toBe('"R#1"');
    expect(short(rule("R.c@(f(x))(x) <~ r(x);").head.at)).toEqual({
      kind: "call",
      callee: "f",
      distinct: false,
      args: ["x"],
    });
  });

  test("named arguments", () => {
    expect(short(literal("r(col: x, other: 3)"))).toMatchObject({
      args: [
        { name: "col", value: "x" },
        { name: "other", value: 3 },
      ],
    });
    expect(short(rule("h(a: x) <= r(x);").head.args)).toEqual([{ name: "a", value: "x" }]);
  });

  test("literals", () => {
    expect(short(literal("not R.nodes(x)"))).toEqual({
      kind: "read",
      negated: true,
      ref: { role: "R", name: "nodes" },
      args: [{ name: null, value: "x" }],
    });
    expect(short(literal("notes(x)"))).toMatchObject({ kind: "read", negated: false });
    expect(short(literal("y = x + 1"))).toEqual({ kind: "bind", variable: "y", value: ["+", "x", 1] });
    expect(short(literal("y == x"))).toEqual({ kind: "test", value: ["==", "y", "x"] });
    expect(short(literal("y in xs"))).toEqual({ kind: "range", pattern: "y", value: "xs" });
    expect(short(literal("((a, _), b) in f(xs)"))).toMatchObject({
      kind: "range",
      pattern: { kind: "tuple", of: [{ kind: "tuple", of: ["a", "_"] }, "b"] },
      value: { kind: "call" },
    });
    expect(short(literal("ok"))).toEqual({ kind: "test", value: "ok" });
    expect(short(literal("!f(x)"))).toMatchObject({ kind: "test", value: ["!", { kind: "call" }] });
    expect(short(literal("tick()"))).toMatchObject({ kind: "read", args: [] });
  });

  test("aggregates and having", () => {
    const read = rule(
      "h(k, count(distinct e), argmin(e, by), sum(a * 2)) <= r(k, e, by, a) having count() >= 3, max(a) < 9;",
    );
    expect(short(read.head.args?.map(({ value }) => value))).toEqual([
      "k",
      { kind: "call", callee: "count", distinct: true, args: ["e"] },
      { kind: "call", callee: "argmin", distinct: false, args: ["e", "by"] },
      { kind: "call", callee: "sum", distinct: false, args: [["*", "a", 2]] },
    ]);
    expect(short(read.having)).toMatchObject([
      [">=", { callee: "count" }, 3],
      ["<", { callee: "max" }, 9],
    ]);
  });

  test("annotations", () => {
    const all = [
      ["@coordinate(seal by (c, d))", { kind: "coordinate", how: { kind: "seal", by: ["c", "d"] }, reason: null }],
      ["@coordinate(order)", { kind: "coordinate", how: { kind: "order", by: null }, reason: null }],
      ["@coordinate(order by (k))", { kind: "coordinate", how: { kind: "order", by: ["k"] }, reason: null }],
      ["@coordinate(barrier)", { kind: "coordinate", how: { kind: "barrier", by: null }, reason: null }],
      [`@coordinate(none, "why; not")`, { kind: "coordinate", how: { kind: "none", by: null }, reason: "why; not" }],
      [`@allow(weaker, "reviewed")`, { kind: "allow", what: "weaker", reason: "reviewed" }],
    ] as const;
    for (const [written, annotation] of all) {
      expect(short(rule(`${written}\n  h(x) <= r(x);`).annotations)).toEqual([annotation]);
    }
    expect(rule(all.map(([written]) => written).join("\n") + " h(x) <= r(x);").annotations).toHaveLength(all.length);
  });

  test("seals", () => {
    const seal = member("seal click(campaign: c) <= over(c);") as SealDecl;
    expect(short(seal)).toMatchObject({
      kind: "seal",
      target: { role: null, name: "click" },
      args: [{ name: "campaign", value: "c" }],
      op: "<=",
    });
    const sent = member("seal Report.click(campaign: c) <~ over(c);") as SealDecl;
    expect(short(sent)).toMatchObject({ target: { role: "Report", name: "click" }, op: "<~" });
    expect((member("seal click <= done();") as SealDecl).args).toEqual([]);
  });
});

describe("expressions", () => {
  test.each([
    ["1 + 2 * 3", ["+", 1, ["*", 2, 3]]],
    ["1 - 2 - 3", ["-", ["-", 1, 2], 3]],
    ["a || b && c == d < e + f * g", ["||", "a", ["&&", "b", ["==", "c", ["<", "d", ["+", "e", ["*", "f", "g"]]]]]]],
    ["a * b + c < d == e && f || g", ["||", ["&&", ["==", ["<", ["+", ["*", "a", "b"], "c"], "d"], "e"], "f"], "g"]],
    ["(1 + 2) * 3", ["*", ["+", 1, 2], 3]],
    ["-x % 2", ["%", ["-", "x"], 2]],
    ["- -x", ["-", ["-", "x"]]],
    ["x<-1", ["<", "x", ["-", 1]]],
    ["!a && !b", ["&&", ["!", "a"], ["!", "b"]]],
    [
      "if a > 1 then b else if c then d else e",
      {
        kind: "if",
        test: [">", "a", 1],
        then: "b",
        else: { kind: "if", test: "c", then: "d", else: "e" },
      },
    ],
    ["[]", { kind: "list", of: [] }],
    ["[1, [2]]", { kind: "list", of: [1, { kind: "list", of: [2] }] }],
    ["(a, b)", { kind: "tuple", of: ["a", "b"] }],
    ["{}", { kind: "set", of: [] }],
    ["{a, 1}", { kind: "set", of: ["a", 1] }],
    [
      `{"k": v, 2: {x}}`,
      {
        kind: "map",
        of: [
          { key: '"k"', value: "v" },
          { key: 2, value: { kind: "set", of: ["x"] } },
        ],
      },
    ],
    [
      "f(g(x), self)",
      {
        kind: "call",
        callee: "f",
        distinct: false,
        args: [{ kind: "call", callee: "g", distinct: false, args: ["x"] }, { kind: "self" }],
      },
    ],
    ["1.0", 1],
    ["2e3", 2000],
    ["9007199254740991", 9007199254740991],
    [`"a\\n\\"\\u00e9\\x41\\u{1F600}\\\\"`, JSON.stringify('a\n"éA😀\\')],
    [`"; } // not a comment"`, '"; } // not a comment"'],
  ])("%s", (text, tree) => {
    expect(expression(text)).toEqual(tree);
  });

  test("a float keeps its type", () => {
    expect(literal("y = 1.0")).toMatchObject({ value: { kind: "literal", type: "float", value: 1 } });
    expect(literal("y = 1")).toMatchObject({ value: { kind: "literal", type: "int", value: 1 } });
  });
});

describe("functions", () => {
  test("functions, aggregates, lattices", () => {
    const [f, g, a, l] = items(`
      /// Words of a text.
      /// In order.
      function tokenize(text: string): list<string> from "./text.ts";
      function ticker(company: string, n: int): string from "./ref.ts" injective monotone;
      aggregate median(x: float): float from "./stats.ts" commutative;
      lattice Ballot from "./ballot.ts";`);
    expect(short(f)).toEqual({
      kind: "function",
      name: "tokenize",
      params: [{ name: "text", type: { name: "string", args: [] } }],
      returns: { name: "list", args: [{ name: "string", args: [] }] },
      from: "./text.ts",
      claims: [],
    });
    expect((f as { doc: string | null }).doc).toBe("Words of a text.\nIn order.");
    expect(short(g)).toMatchObject({ claims: ["injective", "monotone"] });
    expect(short(a)).toMatchObject({ kind: "aggregate", claims: ["commutative"] });
    expect(short(l)).toMatchObject({ kind: "lattice", name: "Ballot", from: "./ballot.ts" });
  });
});

describe("names and layout", () => {
  test("words of the language are free names", () => {
    const { members } = role(`role role {
      table table(x: int, by: int); input seal(sealed: int); channel role(every: int);
      seal(x) <= table(x, _); role(x) <= table(x, y), seal(y); table(by, from) <= seal(by), role(from);
      seal(sealed: x) <= timer(x); output <= input; inner(index, nothing, iffy) <= trueish(index, nothing, iffy);
    }`);
    expect(members.map(({ kind }) => kind)).toEqual([
      "collection",
      "collection",
      "collection",
      "rule",
      "rule",
      "rule",
      "rule",
      "rule",
      "rule",
    ]);
  });

  test("comments, line ends and white space anywhere", () => {
    const plain = short(role("role A { table t(x: int); t(x) <= u(x), not v(x); }"));
    const spaced = short(
      role(
        '// first\r\nrole /* a */ A\r\n{\r\n\ttable\tt (\r\n x : // the x\r\n int\r\n) ;/* } ; " */t( x )<=u ( x ) ,not\tv(x)// }\r\n;}',
      ),
    );
    expect(spaced).toEqual(plain);
  });

  test("docs belong to the next declaration", () => {
    const { members } = role(`role A {
      /// The t.
      table t(x: int);
      table u(x: int);
      //// not a doc
      /// A rule.
      t(x) <= u(x); /// of nothing
    }`);
    expect(members.map(({ doc }) => doc)).toEqual(["The t.", null, "A rule."]);
  });

  test("an empty file is an empty program", () => {
    expect(items("")).toEqual([]);
    expect(items("// nothing\n")).toEqual([]);
  });
});

describe("files and modules", () => {
  const text = `
import "./delivery.dlc" as bed; // a name
/// Asks and answers.
module Kvs<K, V>(Client: role, Server: kvs . Store) {
  in get(key: K);
  out got(key: K -> value: V);
  use bed.Delivery<list<V>>(Client, Server.d) as d;
  d.send(k) <= get(k), not bed.Store.nodes(_), in_(k);
}
use Kvs<string, (int, int)> as m
  in bed.Node;
use Timers as t in A;
`;

  test("imports, modules, their interface, and uses", () => {
    const read = items(text);
    expect(short(read)).toMatchObject([
      { kind: "import", from: '"./delivery.dlc"', name: "bed" },
      {
        kind: "module",
        name: "Kvs",
        types: ["K", "V"],
        roles: [
          { name: "Client", module: null },
          { name: "Server", module: "kvs.Store" },
        ],
        members: [
          { kind: "collection", collection: "scratch", direction: "in", name: "get", keyLength: null },
          { kind: "collection", collection: "scratch", direction: "out", name: "got", keyLength: 1 },
          { kind: "use", module: "bed.Delivery", roles: ["Client", "Server.d"], name: "d", target: null },
          { kind: "rule", head: { ref: { role: "d", name: "send" } } },
        ],
      },
      { kind: "use", module: "Kvs", roles: null, name: "m", target: "bed.Node" },
      { kind: "use", module: "Timers", types: [], roles: null, name: "t", target: "A" },
    ]);
    expect(read[1]).toMatchObject({ doc: "Asks and answers." });
    expect(read[2]).toMatchObject({ types: [{ name: "string" }, { name: "tuple" }] });
  });

  test("spans of paths hold all of the path", () => {
    const [first, module] = items(text);
    const at = ({ start, end }: { start: number; end: number }): string => text.slice(start, end);
    if (first.kind !== "import" || module.kind !== "module") throw new Error("not read in order");
    expect([at(first.from.span), at(first.span)]).toEqual(['"./delivery.dlc"', 'import "./delivery.dlc" as bed;']);
    expect(at(module.roles[1].module!.span)).toBe("kvs . Store");
    expect(at(module.span)).toMatch(/^module Kvs[^]*\}$/);
  });

  test("`in`, `out`, `import`, `module` and `use` are free as names but for the reserved `in`", () => {
    expect(rule("out(x) <= import(x), use(x), module(x);").body).toHaveLength(3);
  });

  test("a `;` that is missing before them is found", () => {
    const { diagnostics } = parse({
      path: "a.dlc",
      text: 'import "./a.dlc" as a\nimport "./b.dlc" as b\nmodule M {\n in a(x: int)\n in b(x: int)\n out c(x: int)\n use N as n\n c(x) <= a(x)\n}',
    });
    expect(diagnostics.map(({ code, span }) => [code, span.start])).toEqual([
      ["DLC102", 21],
      ["DLC102", 43],
      ["DLC102", 68],
      ["DLC102", 82],
      ["DLC102", 97],
      ["DLC102", 109],
      ["DLC102", 123],
    ]);
  });
});

test("generated programs are read without findings, the same from the same seed", () => {
  for (const seed of [1, 2, 3]) {
    const text = generateProgram(600, seed);
    expect(text).toBe(generateProgram(600, seed));
    expect(text.split("\n").length).toBeGreaterThan(600);
    expect(items(text).length).toBeGreaterThan(3);
  }
});
