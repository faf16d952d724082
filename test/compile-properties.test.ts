/**
 * No text makes the compiler throw: programs in which something else stands than should are refused with errors, or
 * compiled, and then what is emitted runs.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compile } from "../src/compiler/compile.ts";
import { emit } from "../src/compiler/5-emit/emit.ts";
import type { Row, ValueType } from "../src/runtime/program.ts";
import { loadRole } from "../src/verify/load.ts";
import { randomLatticeProgram } from "./oracle/lattice-programs.ts";
import { Dice, imported, randomProgram } from "./oracle/programs.ts";
import { generate } from "./soundness/generate.ts";
import { functions } from "./soundness/imported.ts";
import { World } from "./support/plan.ts";

/** What may stand somewhere, `V` for a variable of the rule. */
const parts = [
  "V",
  "_",
  "self",
  "-V",
  "1",
  '"a"',
  "{}",
  "[]",
  "{V}",
  "{V, V}",
  "{V: V}",
  "{V: {V}}",
  "[V, V]",
  "(V, V)",
  "if V == V then V else V",
  "count()",
  "sum(V)",
  "min(V)",
  "argmin(V, V)",
  "collect(V)",
  "choose(V)",
  "count(distinct V)",
  "reveal(V)",
  "size(V)",
  "inc(1)",
  "dec(2)",
  "add(V)",
  "remove(V)",
  "stamped(V, V)",
  "versioned({self: V}, V)",
  "map(V, abs)",
  "filter(V, abs)",
  "whenTrue(V)",
  "union(V, V)",
  "intersect(V, {V})",
  "product(V, V)",
  "keys(V)",
  "at(V, V)",
  "hasKey(V, V)",
  "contains(V, V)",
  "value(V)",
  "first(V)",
  "second(V)",
  "multiplicity(V, V)",
  "dominates(V, V)",
  "V + V",
  "V - 1",
  "V / V",
  "V >= V",
  "V == V",
  "V in V",
  "x9 in {V}",
  "(x8, x9) in V",
  "y9 = V",
  "not t(V)",
  "toString(V)",
  "toJson(V)",
  "concat([], [V])",
  "size({})",
  "{} == V",
  "greatest(V, V)",
];

interface Change {
  readonly rule: number;
  readonly inHead: boolean;
  readonly place: number;
  readonly part: string;
  readonly variables: readonly number[];
}

const change: fc.Arbitrary<Change> = fc.record({
  rule: fc.nat(1000),
  inHead: fc.boolean(),
  place: fc.nat(1000),
  part: fc.constantFrom(...parts),
  variables: fc.array(fc.nat(1000), { minLength: 2, maxLength: 2 }),
});

function changed(text: string, { rule, inHead, place, part, variables }: Change): string {
  const statements = text.split(/(?<=;)/);
  const rules = statements.flatMap((one, i) => (/\) <[=~+-]/.test(one) ? [i] : []));
  if (rules.length === 0) return text;
  const at = rules[rule % rules.length];
  const names = [...statements[at].matchAll(/\b[a-z]\w*\b(?!\()/g)]
    .map(([name]) => name)
    .filter((name) => !/^(not|in|if|then|else|having|self|true|false)$/.test(name));
  if (names.length === 0) return text;
  let next = 0;
  const put = part.replace(/V/g, () => names[variables[next++ % variables.length] % names.length]);
  const [head, ...rest] = statements[at].split(/(?= <[=~+-])/);
  const terms = [...head.matchAll(/\b[a-z]\w*\b(?!\()|\b\d+\b/g)];
  if (inHead && terms.length > 0) {
    const term = terms[place % terms.length];
    statements[at] = head.slice(0, term.index) + put + head.slice(term.index + term[0].length) + rest.join("");
  } else statements[at] = statements[at].replace(/;$/, `, ${put};`);
  return statements.join("");
}

const texts = Number(process.env["DLC_TEXTS"] ?? 2500);

function value(type: ValueType): Row[number] {
  if (typeof type === "string")
    return {
      int: 1,
      nat: 2,
      float: 0.5,
      string: "a",
      bool: true,
      addr: "R#0",
      bytes: new Uint8Array(1),
      json: { a: 1 },
    }[type];
  if ("list" in type) return [value(type.list)];
  if ("tuple" in type) return type.tuple.map(value);
  return type.lattice === "lset" ? [value(type.args[0])] : value(type.args[0] ?? "int");
}

/** Of other lattices the forms are those of their own tests. */
function isGiven(type: ValueType): boolean {
  return (
    typeof type === "string" ||
    !("lattice" in type) ||
    (["lset", "lmax", "lmin"].includes(type.lattice) && type.args.every((arg) => typeof arg === "string"))
  );
}

function examine(text: string): boolean {
  const { plan, diagnostics } = compile({ path: "test.dlc", text });
  for (const { code, message, mend, span } of diagnostics) {
    expect(`${code} ${message} ${mend ?? ""}`.replace(/"[^"]*"|`[^`]*`/g, "")).not.toMatch(/undefined|NaN|\[object/);
    expect([span.start <= span.end, span.end <= text.length]).toEqual([true, true]);
  }
  const isRefused = diagnostics.some(({ severity }) => severity === "error");
  if (plan === null || isRefused) {
    expect(isRefused).toBe(true);
    return false;
  }
  const files = emit(plan).value!;
  for (const role of plan.coordinated.roles.keys()) {
    const program = loadRole(files, role, (_, name) => imported[name] ?? functions[name]);
    const world = new World(program.createEvaluator, `${role}#0`);
    const given = program.meta.collections.filter(
      ({ kind, columns }) => kind !== "output" && columns.every(({ type }) => isGiven(type)),
    );
    for (let step = 0; step < 3; step++)
      world.step(
        Object.fromEntries(given.map(({ name, columns }) => [name, [columns.map(({ type }) => value(type))]])),
      );
    for (const { message } of world.faults) expect(message).not.toMatch(/undefined|\[object/);
  }
  return true;
}

test("programs in which anything stands anywhere are refused, or run", () => {
  let run = 0;
  const source = fc.tuple(fc.constantFrom(randomLatticeProgram, randomProgram, null), fc.nat(100_000));
  fc.assert(
    fc.property(source, fc.array(change, { minLength: 1, maxLength: 2 }), ([make, seed], changes) => {
      const text = make === null ? generate(seed).text : make(new Dice(seed));
      if (examine(changes.reduce(changed, text))) run++;
    }),
    { numRuns: Math.ceil(texts / 10), seed: 21 },
  );
  // Enough of them are valid that running them says something.
  expect(run).toBeGreaterThan(texts / 400);
});

/** A role with collections of all types; one rule is to be written. */
const around = `role R { input i(k: string, x: int); input f(y: float, b: bool, j: json, l: list<int>, t: (int, string), a: addr, r: bytes);
  table best(k: string, v: lmax<int>); best(k, x) <= i(k, x); table s(k: string, e: lset<int>); s(k, x) <= i(k, x); table m(q: lmap<string, lmax<int>>); m({k: x}) <= i(k, x);
  table n(c: gcounter); n(inc(1)) <= i(_, _); table os(k: string, z: orset<int>); os(k, add(x)) <= i(k, x); table w(k: string, g: lww<int>); w(k, stamped(x, x)) <= i(k, x);
  table u(h: mvreg<int>); u(versioned({self: x}, x)) <= i(_, x); table d(p: dompair<lmax<int>, lset<int>>); d((x, {x})) <= i(_, x); table vc(vv: vclock); vc({self: x}) <= i(_, x);
  table bg(bb: lbag<int>); bg(x) <= i(_, x); table ps(pp: lpset<int>); ps(x) <= i(_, x); table fl(k: string, o: lbool); fl(k, x > 1) <= i(k, x);
  table o1(k: string, x: int); output o2(k: string, v: lmax<int>); scratch o3(e: lset<int>); scratch o4(y: float, b: bool); channel o5(k: string, a: addr); `;
const reads = [
  "i(k, x)",
  "f(y, b, j, l, t, a, r)",
  "best(k, v)",
  "s(k, e)",
  "m(q)",
  "n(c)",
  "os(k, z)",
  "w(k, g)",
  "u(h)",
  "d(p)",
  "vc(vv)",
  "bg(bb)",
  "ps(pp)",
  "fl(k, o)",
  "not s(k, _)",
];
/** `P` for one that is made of a variable. */
const conditions = [
  "size(V) >= 2",
  "y8 = P, size(y8) > 1",
  "z8 in P",
  "(z8, z9) in P",
  "y8 = P, y8 == P",
  "reveal(V) == V",
  "contains(P, V)",
  "hash(V) == 1",
  "size(P) == 0",
  "hasKey(P, V)",
];
const heads = [
  "o1(k, P) <=",
  "o2(k, P) <=",
  "o3(P) <=",
  "o4(P, P) <=",
  "R.o5(k, P) <~",
  "R.o5@P(k, a) <~",
  "o1(k, x) <-",
  "best(k, P) <+-",
  "os(k, P) <=",
  "n(P) <=",
  "w(k, P) <=",
  "o1(P, P) <=",
];

test("rules of anything are refused, or run", () => {
  let run = 0;
  const part = fc.tuple(fc.constantFrom(...parts), fc.array(fc.nat(100), { minLength: 2, maxLength: 2 }));
  const rule = fc.record({
    head: fc.constantFrom("o1(k, 1) <=", "o1(k, 1) <=", "o1(k, 1) <=", ...heads),
    reads: fc.uniqueArray(fc.constantFrom(...reads), { minLength: 1, maxLength: 2 }),
    terms: fc.array(part, { minLength: 2, maxLength: 2 }),
    tests: fc.array(
      fc.tuple(
        fc.oneof(fc.constantFrom(...conditions), fc.constantFrom(...parts)),
        fc.array(fc.nat(100), { minLength: 2, maxLength: 2 }),
      ),
      { maxLength: 1 },
    ),
    having: fc.constantFrom("", "", "", " having count() >= 2", " having max(x) >= 1, count() < 9"),
  });
  fc.assert(
    fc.property(rule, ({ head, reads: read, terms, tests, having }) => {
      const names = read.flatMap((one) =>
        one.startsWith("not") ? [] : [...one.slice(one.indexOf("(")).matchAll(/\w+/g)].map(([name]) => name),
      );
      const filled = ([text, picks]: readonly [string, readonly number[]]): string => {
        let next = 0;
        const nested = text.replace(/P/g, () => ["{V}", "{V: V}", "[V]", "V", "{}"][picks[0] % 5]);
        return names.length === 0
          ? "1"
          : nested.replace(/V/g, () => names[picks[next++ % picks.length] % names.length]);
      };
      let next = 0;
      const made = head.replace(/P/g, () => filled(terms[next++ % terms.length]));
      if (examine(`${around} ${made} ${[...read, ...tests.map(filled)].join(", ")}${having}; }`)) run++;
    }),
    { numRuns: texts, seed: 22 },
  );
  expect(run).toBeGreaterThan(texts / 40);
});
