import { describe, expect, it } from "vitest";
import { parse } from "../src/compiler/1-parse/parse.ts";
import { lower } from "../src/compiler/2-lower/lower.ts";
import { strata } from "../src/compiler/2-lower/stratify.ts";
import type { Expr, Ir, Literal, Rule } from "../src/compiler/ir.ts";
import { printRule } from "../src/compiler/print.ts";
import { typeText } from "../src/compiler/types.ts";

function ir(...texts: string[]): Ir {
  const asts = texts.map((text, i) => {
    const parsed = parse({ path: `p${i}.dlc`, text });
    expect(parsed.diagnostics.map((one) => one.message)).toEqual([]);
    if (parsed.value === null) throw new Error("not parsed");
    return parsed.value;
  });
  const lowered = lower(asts);
  expect(lowered.diagnostics.map((one) => one.message)).toEqual([]);
  if (lowered.value === null) throw new Error("not lowered");
  return lowered.value;
}

const around = (text: string) => `
function words(text: string): list<string> from "./f.ts";
function positive(n: int): bool from "./f.ts";
function grade(p: nat): float from "./f.ts";
role A {
  input in1(n: int, s: string);
  channel ch(n: int, s: string);
  table t(n: int, s: string);
  table kv(k: string -> v: int);
  table fl(x: float, p: nat);
  table lists(all: list<string>, pairs: list<(int, string)>, j: json);
  table peers(a: addr);
  scratch one(n: int);
  scratch floats(x: float);
  scratch texts(s: string);
  timer tick every 1s;
  ${text}
}`;

/** The only rule of role A. */
function only(text: string): { readonly rule: Rule; readonly program: Ir } {
  const program = ir(around(text));
  const all = [...program.rules.values()];
  expect(all).toHaveLength(1);
  return { rule: all[0], program };
}

const text = (rule: string) => {
  const { rule: lowered, program } = only(rule);
  return printRule(lowered, program);
};

/** The first head term's expression. */
function head(rule: string): Expr {
  const term = only(rule).rule.head.terms[0];
  if (term.kind !== "value") throw new Error("an aggregate");
  return term.value;
}

const body = (rule: string): readonly Literal[] => only(rule).rule.body;

describe("roles and collections", () => {
  const program = ir(
    "role A { } role B x5 { } role C replicated { } role D replicated x5 { } role E partitioned by (k) { channel c(k: int); } role F partitioned by (k) x4 { channel c(k: int); }",
  );

  it("have default numbers of instances", () => {
    expect(
      [...program.roles.values()].map((role) => [role.name, role.count, role.replicated, role.partitionedBy]),
    ).toEqual([
      ["A", 1, false, null],
      ["B", 5, false, null],
      ["C", 3, true, null],
      ["D", 5, true, null],
      ["E", 2, false, ["k"]],
      ["F", 4, false, ["k"]],
    ]);
  });

  it("list the addresses of every role", () => {
    const nodes = program.collections.get("C.nodes");
    expect([nodes?.kind, nodes?.columns]).toEqual(["nodes", [{ name: "node", type: { kind: "addr" } }]]);
  });

  it("may come in several files, which are one program", () => {
    const both = ir(
      'import "./p1.dlc" as b; role A { input i(x: int); b.B.c(x) <~ i(x); }',
      "role B { channel c(x: int); }",
    );
    expect([...both.roles.values()].map(({ name, file }) => [name, file.path])).toEqual([
      ["A", "p0.dlc"],
      ["b.B", "p1.dlc"],
    ]);
  });

  it("keep promises, keys and levels", () => {
    const { collections } = ir(
      "role A { channel c(a: int, b: string -> c: int) sealed by (b, a) single within 5s unique; output o(x: int); output p(x: int) any; input w() sealed; }",
    );
    const c = collections.get("A.c");
    expect([c?.keyLength, c?.unique, c?.sealed?.columns, c?.sealed?.single, c?.sealed?.deadlineMs]).toEqual([
      2,
      true,
      [1, 0],
      true,
      5000,
    ]);
    expect([
      collections.get("A.o")?.level,
      collections.get("A.p")?.level,
      collections.get("A.w")?.sealed?.columns,
    ]).toEqual(["deterministic", "any", []]);
  });
});

describe("labels", () => {
  it("count the rules of a role with a head as written", () => {
    const program = ir(
      around(
        't(1, "a"); t(n, s) <= in1(n, s); one(n) <= t(n, _); t(n, s) <- t(n, s), n > 3; A.one(1); A.ch@self(n, s) <~ t(n, s); ch(n, s) <~ t(n, s);',
      ),
    );
    expect([...program.rules.keys()]).toEqual([
      "A/t#1",
      "A/t#2",
      "A/one#1",
      "A/t#3",
      "A/A.one#1",
      "A/A.ch#1",
      "A/ch#1",
    ]);
    expect([...program.rules.values()].map((rule) => rule.op)).toEqual(["<=", "<=", "<=", "<-", "<=", "<~", "<~"]);
  });

  it("count seal rules apart", () => {
    const program = ir(
      "role A { input i(k: int, x: int) sealed by (x, k); table over(k: int, x: int); seal i(k: a, x: b) <= over(a, b); seal i(x: 1, k: b) <= over(b, _); }",
    );
    expect(
      program.seals.map((seal) => [seal.id, seal.key.map((one) => (one.kind === "variable" ? one.name : one.kind))]),
    ).toEqual([
      ["A/seal i#1", ["b", "a"]],
      ["A/seal i#2", ["literal", "b"]],
    ]);
  });
});

describe("names", () => {
  it("of the program hide built-in ones", () => {
    const program = ir(
      'function length(text: string): int from "./f.ts"; role A { table t(s: string); table max(n: int); table u(n: int); u(n) <= t(s), n = length(s); u(n) <= max(n); u(n) <= t(s), max(n), n > 1; }',
    );
    const [first] = program.rules.values();
    expect(first.body[1]).toMatchObject({ kind: "bind", value: { kind: "call", name: "length", builtin: false } });
  });

  it("that stand for both a read and a function call are told apart", () => {
    expect(body('one(n) <= t(n, s), positive(n), not startsWith(s, "x"), not t(_, s);').map((one) => one.kind)).toEqual(
      ["read", "test", "test", "read"],
    );
    expect(text('one(n) <= t(n, s), positive(n), not startsWith(s, "x");')).toBe(
      'one(n) <= t(n, s), positive(n), not startsWith(s, "x");',
    );
  });

  it("may be those of keywords that are none here", () => {
    expect(
      ir("role table { table input(seal: int); scratch role(x: int); role(x) <= input(seal: x); }").rules.size,
    ).toBe(1);
  });

  it("of timers stand with or without brackets", () => {
    expect(text("one(1) <= tick;")).toBe("one(1) <= tick();");
    expect(text("one(n) <= t(n, _), tick;")).toBe("one(n) <= t(n, _), tick();");
  });
});

describe("arguments", () => {
  it("by name come in any order, in bodies some are left out", () => {
    expect(text("t(s: s, n: n) <= in1(s: s), kv(v: n);")).toBe("t(n, s) <= in1(_, s), kv(_, n);");
  });

  it("that are _ become variables of their own, in a negated literal null", () => {
    const literals = body("one(1) <= t(_, _), in1(_, _2), not kv(_2, _);");
    expect(
      literals.map(
        (one) =>
          one.kind === "read" && one.terms.map((term) => term && (term.kind === "variable" ? term.name : term.kind)),
      ),
    ).toEqual([
      ["_1", "_3"],
      ["_4", "_2"],
      ["_2", null],
    ]);
  });

  it("are copied by A <= B", () => {
    expect(text("t <= in1;")).toBe("t(n, s) <= in1(n, s);");
    expect(text("ch@* <~ t;")).toBe("ch@*(n, s) <~ t(n, s);");
  });

  it("may be self and negative numbers", () => {
    expect(text("one(n) <= t(n, _), peers(self), kv(_, -3);")).toBe("one(n) <= t(n, _), peers(self), kv(_, -3);");
  });
});

describe("types", () => {
  const typeOf = (rule: string) => typeText(head(rule).type);

  it("come from the columns that a variable stands in", () => {
    expect(typeOf("one(n) <= t(n, _);")).toBe("int");
    expect(typeOf("one(n) <= t(n, _), fl(_, n);")).toBe("nat");
    expect(typeOf("one(n) <= fl(_, n), t(n, _);")).toBe("nat");
  });

  it("of arithmetic: whole stays whole, nat stays nat where it can", () => {
    const of = (expr: string, collection = "floats") => typeOf(`${collection}(${expr}) <= t(n, _), fl(x, p);`);
    expect(
      ["n + 1", "p + 1", "p + p", "p * 2", "p / 2", "p - 1", "p + n", "1 + 1", "-p"].map((expr) => of(expr, "one")),
    ).toEqual(["int", "nat", "nat", "nat", "nat", "int", "int", "int", "int"]);
    expect(["x + 1", "x * n", "n / x", "-x"].map((expr) => of(expr))).toEqual(["float", "float", "float", "float"]);
  });

  it("turn an integer into a float where one is wanted, by a call where it is no literal", () => {
    expect(text("floats(n) <= t(n, _);")).toBe("floats(toFloat(n)) <= t(n, _);");
    expect(text("floats(x * n + 1) <= fl(x, _), t(n, _);")).toBe("floats(x * toFloat(n) + 1.0) <= fl(x, _), t(n, _);");
    expect(text("floats(3) <= fl(2, _);")).toBe("floats(3.0) <= fl(2.0, _);");
    expect(text("floats(if n > 1 then 1 else 2.5) <= t(n, _), n > 1.5;")).toBe(
      "floats(if n > 1 then 1.0 else 2.5) <= t(n, _), toFloat(n) > 1.5;",
    );
  });

  it("let an int be stored as a nat, which is checked, and take a nat for an int", () => {
    expect(text("fl(1, n - 1) <= t(n, _);")).toBe("fl(1.0, n - 1) <= t(n, _);");
    expect(text("one(p) <= fl(_, p), positive(p);")).toBe("one(p) <= fl(_, p), positive(p);");
  });

  it("turn plain values into JSON", () => {
    expect(text("lists([], [], n) <= t(n, _);")).toBe("lists([], [], toJson(n)) <= t(n, _);");
    expect(text('lists([s], [(n, s)], "x") <= t(n, s);')).toBe('lists([s], [(n, s)], "x") <= t(n, s);');
    expect(text('one(1) <= lists(_, _, j), field(j, "a") == "x";')).toBe(
      'one(1) <= lists(_, _, j), field(j, "a") == "x";',
    );
  });

  it("let a string of the right form be an address", () => {
    expect(head('peers("A#0");').type.kind).toBe("addr");
    expect(text('one(1) <= peers(a), a != "B#12";')).toBe('one(1) <= peers(a), a != "B#12";');
  });

  it("of literals are those of their columns", () => {
    const [read] = body("one(1) <= fl(2, 3);");
    expect(read.kind === "read" && read.terms.map((term) => term?.type.kind)).toEqual(["float", "nat"]);
  });

  it("of generic functions follow their arguments", () => {
    expect(typeOf("one(at([n, p], 0)) <= t(n, _), fl(_, p);")).toBe("int");
    expect(typeOf("one(size(all)) <= lists(all, _, _);")).toBe("nat");
    expect(text("floats(least(x, n)) <= fl(x, _), t(n, _);")).toBe(
      "floats(least(x, toFloat(n))) <= fl(x, _), t(n, _);",
    );
    expect(text("floats(sqrt(n)) <= t(n, _);")).toBe("floats(sqrt(toFloat(n))) <= t(n, _);");
    expect(text('texts(join(sort(split(s, " ")), toString(n))) <= t(n, s);')).toBe(
      'texts(join(sort(split(s, " ")), toString(n))) <= t(n, s);',
    );
  });

  it("of imported functions are as declared", () => {
    expect(typeOf("floats(grade(p)) <= fl(_, p);")).toBe("float");
    expect(head("floats(grade(3)) <= fl(_, _);")).toMatchObject({ builtin: false, args: [{ type: { kind: "nat" } }] });
  });

  it("of aggregates of what a lattice holds now, which is plain", () => {
    const kinds = ["sum(reveal(v))", "max(reveal(v))", "sum(stamp(w))", "sum(union(s, s))"].map(
      (call) =>
        only(`table l(v: lmax<int>, w: lww<int>, s: lpset<int>); scratch z(n: lmax<int>); z(${call}) <= l(v, w, s);`)
          .rule.head.terms[0].kind,
    );
    expect(kinds).toEqual(["aggregate", "aggregate", "aggregate", "value"]);
  });

  it("of aggregates", () => {
    const types = ["count()", "count(distinct s)", "sum(n)", "sum(p)", "min(n)", "argmax(n, s)", "choose(n)"].map(
      (call) => {
        const term = only(`one(${call}) <= t(n, s), fl(x, p);`).rule.head.terms[0];
        return term.kind === "aggregate" ? typeText(term.call.type) : "";
      },
    );
    expect(types).toEqual(["int", "int", "int", "nat", "int", "int", "int"]);
    const others = only(
      "scratch z(a: float, b: float, c: list<string>, d: string, e: float); z(avg(n), sum(x), collect(s), max(s), avg(x)) <= t(n, s), fl(x, _);",
    );
    expect(others.rule.head.terms.map((term) => term.kind === "aggregate" && typeText(term.call.type))).toEqual([
      "float",
      "float",
      "list<string>",
      "string",
      "float",
    ]);
  });
});

describe("imported aggregates", () => {
  const program = (rules: string) =>
    ir(`aggregate median(x: float): float from "./s.ts" commutative;
      aggregate count(x: int): int from "./s.ts"; aggregate length(s: string): int from "./s.ts";
      role A { table t(k: string, n: int, s: string); scratch f(k: string, m: float); scratch i(k: string, m: int); ${rules} }`);
  const printed = (rules: string) => {
    const lowered = program(rules);
    return [...lowered.rules.values()].map((rule) => printRule(rule, lowered));
  };

  it("stand in heads and in having, and take what their parameters do", () => {
    expect(printed('f(k, median(n)) <= t(k, n, _) having median(n + 1) > 3, k != "";')).toEqual([
      'f(k, median(toFloat(n))) <= t(k, n, _) having median(toFloat(n + 1)) > 3.0, k != "";',
    ]);
    const { aggregates } = program("");
    expect([...aggregates.values()].map(({ name, claims }) => [name, claims])).toEqual([
      ["median", ["commutative"]],
      ["count", []],
      ["length", []],
    ]);
  });

  it("hide what is built in under their name", () => {
    const lowered = program("i(k, count(n)) <= t(k, n, _); i(k, length(s)) <= t(k, _, s);");
    const calls = [...lowered.rules.values()].flatMap(({ head: { terms } }) =>
      terms.flatMap((term) => (term.kind === "aggregate" ? [term.call.name] : [])),
    );
    expect(calls).toEqual([{ imported: "count" }, { imported: "length" }]);
  });
});

describe("bindings", () => {
  it("may stand before what they are computed from", () => {
    expect(text("one(y) <= y = x + 1, x = n * 2, t(n, _);")).toBe("one(y) <= y = x + 1, x = n * 2, t(n, _);");
  });

  it("of a variable that has a value already are tests", () => {
    expect(text("one(n) <= n = m + 1, t(n, _), kv(_, m);")).toBe("one(n) <= n == m + 1, t(n, _), kv(_, m);");
    expect(text("one(x) <= t(n, _), x = n, x = n + 1;")).toBe("one(x) <= t(n, _), x = n, x == n + 1;");
  });

  it("give a value to the side that has none", () => {
    expect(text("one(m) <= t(n, _), n = m;")).toBe("one(m) <= t(n, _), m = n;");
  });

  it("to elements of a list that are known already are tests", () => {
    expect(text("texts(s) <= t(_, s), lists(all, _, _), s in all;")).toBe(
      "texts(s) <= t(_, s), lists(all, _, _), contains(all, s);",
    );
    expect(text("texts(s) <= t(n, s), lists(_, ps, _), (n, s) in ps;")).toBe(
      "texts(s) <= t(n, s), lists(_, ps, _), (_3, _4) in ps, n == _3, s == _4;",
    );
    expect(text('one(n) <= lists(_, ps, _), (n, _) in ps, w in words("a"), w == w;')).toBe(
      'one(n) <= lists(_, ps, _), (n, _) in ps, w in words("a"), w == w;',
    );
  });
});

describe("heads", () => {
  it("say where a message goes", () => {
    const program = ir(around('ch(1, "a") <~ tick(); ch@*(1, "a") <~ tick(); ch@a(1, "a") <~ peers(a);'));
    expect([...program.rules.values()].map((rule) => rule.head.to?.kind)).toEqual(["role", "all", "address"]);
  });

  it("group by their plain terms and by the address, which having may use", () => {
    expect(text('ch@a(count(), "x") <~ peers(a), t(_, s) having a != self, count() > 3, max(length(s)) > 1;')).toBe(
      'ch@a(count(), "x") <~ peers(a), t(_, s) having a != self, count() > 3, max(length(s)) > 1;',
    );
  });

  it("take annotations by variable or column", () => {
    const { rule } = only('@coordinate(order by (n, s)) @allow(weaker, "ok") one(n) <= t(n, x), not in1(n, x);');
    expect([rule.coordinate?.kind, rule.coordinate?.by, rule.allow?.reason]).toEqual(["order", ["n", "s"], "ok"]);
  });
});

describe("strata", () => {
  it("come in order of evaluation, recursive ones together", () => {
    const program = ir(`role A {
      input i(a: int, b: int);
      table e(a: int, b: int);
      scratch last(n: int); scratch even(a: int); scratch odd(a: int); scratch r(a: int, b: int);
      output o(a: int);
      o(a) <= r(a, _), not odd(a);
      r(a, b) <= e(a, b);
      r(a, c) <= r(a, b), e(b, c);
      e <= i;
      even(0) <= e(_, _);
      odd(b) <= even(a), e(a, b);
      even(b) <= odd(a), e(a, b);
      last(max(a)) <= o(a);
      e(n, n) <+ last(n);
    }`);
    expect(strata(program, "A").map((group) => [...group].sort())).toEqual([
      ["A.e"],
      ["A.r"],
      ["A.even", "A.odd"],
      ["A.o"],
      ["A.last"],
    ]);
    expect(strata(program, "B")).toEqual([]);
  });

  it("of a long chain need no deep stack", () => {
    const steps = Array.from({ length: 12_000 }, (_, i) => i);
    const text = `role A { table t0(x: int); ${steps.map((i) => `scratch t${i + 1}(x: int);`).join(" ")} ${steps
      .map((i) => `t${i + 1}(x) <= t${i}(x);`)
      .reverse()
      .join(" ")} }`;
    const order = strata(ir(text), "A").flat();
    expect(order).toEqual(steps.map((i) => `A.t${i + 1}`));
  });
});
