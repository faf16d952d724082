/** The run halves of the lattices: laws, codes, operations. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FAILED } from "../src/runtime/engine/codes.ts";
import { Values } from "../src/runtime/engine/values.ts";
import { compareValues } from "../src/runtime/canonical.ts";
import { RowType } from "../src/runtime/codec.ts";
import type { LatticeType } from "../src/lattices/index.run.ts";
import type { Value, ValueType } from "../src/runtime/program.ts";

const of = <N extends string>(lattice: N, ...args: readonly ValueType[]) => ({ lattice, args });

type Pairs = readonly (readonly [Value, Value])[];
type Join = (a: Value, b: Value) => Value;

const number = fc.integer({ min: 0, max: 5 });
const word = fc.constantFrom("a", "b", "c", "d", "é");
const address = fc.constantFrom("R#0", "R#1", "R#2");
const listOf = (one: fc.Arbitrary<Value>) => fc.array(one, { maxLength: 8 });
const mapOf = (key: fc.Arbitrary<Value>, value: fc.Arbitrary<Value>): fc.Arbitrary<Pairs> =>
  fc.uniqueArray(fc.tuple(key, value), { maxLength: 5, selector: ([one]) => JSON.stringify(one) });
const clock = mapOf(address, number);
/** Without the counts of 0, which are as good as none. */
const clockText = (of: Pairs): string => JSON.stringify(sorted(of.filter(([, n]) => n !== 0)));

const sorted = (list: readonly Value[]): readonly Value[] => list.toSorted(compareValues);
const unique = (list: readonly Value[]): readonly Value[] =>
  sorted(list).filter((x, i, all) => i === 0 || compareValues(all[i - 1], x) !== 0);
const greater: Join = (a, b) => (compareValues(a, b) < 0 ? b : a);
const less: Join = (a, b) => (compareValues(a, b) < 0 ? a : b);
const union: Join = (a, b) => unique([...(a as readonly Value[]), ...(b as readonly Value[])]);

/** Key by key, the keys in order. */
const byKey =
  (join: Join) =>
  (a: Value, b: Value): Value => {
    const joined = new Map<string, readonly [Value, Value]>();
    for (const [key, value] of [...(a as Pairs), ...(b as Pairs)]) {
      const known = joined.get(JSON.stringify(key));
      joined.set(JSON.stringify(key), [key, known === undefined ? value : join(known[1], value)]);
    }
    return [...joined.values()].sort(([x], [y]) => compareValues(x, y));
  };

const isBelow = (join: Join, a: Value, b: Value): boolean => compareValues(join(a, b), b) === 0;
const clockJoin = byKey(greater);

/** Of all pairs of both those whose first part lies strictly below that of none. */
const maximal =
  (version: Join) =>
  (all: readonly Value[]): readonly Value[] =>
    sorted(
      (all as Pairs).filter(
        ([v]) => !(all as Pairs).some(([w]) => compareValues(v, w) !== 0 && isBelow(version, v, w)),
      ),
    );

/** A lattice with values, as they come in any order, and its join as one would write it down. */
interface Case {
  readonly type: LatticeType;
  readonly value: fc.Arbitrary<Value>;
  readonly join: Join;
}

const largest = (a: { n: number }, b: { n: number }): { n: number } => (a.n < b.n ? b : a);

const cases: readonly Case[] = [
  { type: of("lmax", "int"), value: fc.integer(), join: greater },
  { type: of("lmax", "string"), value: fc.string(), join: greater },
  { type: of("lmin", { list: "int" }), value: listOf(number), join: less },
  {
    type: of("lmax", "float"),
    value: fc.double({ noDefaultInfinity: false }).map((n) => (n === 0 ? 0 : n)),
    join: greater,
  },
  { type: of("lbool"), value: fc.boolean(), join: (a, b) => a === true || b === true },
  { type: of("lset", "int"), value: listOf(fc.oneof(number, fc.maxSafeInteger())), join: union },
  { type: of("lset", { tuple: ["string", "bool"] }), value: listOf(fc.tuple(word, fc.boolean())), join: union },
  { type: of("lpset", "nat"), value: listOf(number), join: union },
  { type: of("lbag", "string"), value: mapOf(word, fc.integer({ min: 1, max: 4 })), join: byKey(greater) },
  { type: of("lmap", "string", of("lmin", "int")), value: mapOf(word, number), join: byKey(less) },
  {
    type: of("lmap", "int", of("lmap", "string", of("lset", "int"))),
    value: mapOf(number, mapOf(word, listOf(number))),
    join: byKey(byKey(union)),
  },
  { type: of("gcounter"), value: mapOf(word, fc.integer({ min: 1, max: 3 })), join: byKey(greater) },
  {
    type: of("pncounter"),
    value: mapOf(word, fc.constantFrom(-2, -1, 1, 2)),
    join: byKey((a, b) => {
      const [x, y] = [Math.abs(a as number), Math.abs(b as number)];
      return x === y ? greater(a, b) : x < y ? b : a;
    }),
  },
  { type: of("lww", "string"), value: fc.tuple(number, word), join: greater },
  {
    type: of("mvreg", "string"),
    value: fc.array(fc.tuple(clock, word), { maxLength: 4 }),
    join: (a, b) => maximal(clockJoin)(union(a, b) as readonly Value[]),
  },
  {
    type: of("orset", "string"),
    value: mapOf(word, mapOf(fc.constantFrom("1", "2", "3"), fc.boolean())),
    join: byKey(byKey((a, b) => a === true || b === true)),
  },
  {
    type: of("dompair", of("vclock"), of("lset", "int")),
    value: fc.uniqueArray(fc.tuple(clock, listOf(number)), {
      minLength: 1,
      maxLength: 3,
      selector: ([v]) => clockText(v),
    }),
    join: (a, b) => maximal(clockJoin)(byKey(union)(a, b) as readonly Value[]),
  },
  {
    type: of("dompair", of("lmax", "int"), of("lmap", "string", of("lbool"))),
    value: fc.tuple(number, mapOf(word, fc.boolean())).map((pair) => [pair]),
    join: (a, b) => maximal(greater)(byKey(byKey((x, y) => x === true || y === true))(a, b) as readonly Value[]),
  },
  { type: of("vclock"), value: clock, join: clockJoin },
  {
    type: of("Largest"),
    value: number.map((n) => ({ n })),
    join: (a, b) => largest(a as { n: number }, b as { n: number }),
  },
  {
    type: of("lmap", "string", of("Largest")),
    value: mapOf(
      word,
      number.map((n) => ({ n })),
    ),
    join: byKey((a, b) => largest(a as { n: number }, b as { n: number })),
  },
];

function valuesWith(): Values {
  const values = new Values();
  values.importLattice("Largest", { bottom: { n: 0 }, join: largest });
  return values;
}

/** A value as rows hold it: checked and in its one form. */
function formed(type: LatticeType, value: Value): Value {
  const row = new RowType([{ name: "v", type }]);
  expect(row.problem([value])).toBeNull();
  return row.formed([value])[0];
}

describe.each(cases.map((one) => [JSON.stringify(one.type), one] as const))("%s", (_, { type, value, join }) => {
  test("is a lattice: its join is commutative, associative, idempotent, and the one that is meant", () => {
    const values = valuesWith();
    const lattice = values.lattice(type);
    fc.assert(
      fc.property(value, value, value, (...three) => {
        const [a, b, c] = three.map((each) => lattice.encode(formed(type, each)));
        const ab = lattice.join(a, b);
        expect(lattice.join(a, a)).toBe(a);
        expect(lattice.join(b, a)).toBe(ab);
        expect(lattice.join(ab, c)).toBe(lattice.join(a, lattice.join(b, c)));
        expect(lattice.leq(a, ab)).toBe(true);
        expect(lattice.leq(a, b)).toBe(ab === b);
        expect(lattice.decode(ab)).toEqual(join(lattice.decode(a), lattice.decode(b)));
      }),
    );
  });

  test("has one code for equal values, whatever stood before, and gives back what went in", () => {
    const values = valuesWith();
    const lattice = values.lattice(type);
    fc.assert(
      fc.property(value, fc.array(value, { maxLength: 5 }), fc.boolean(), (one, others, isReclaimed) => {
        const plain = formed(type, one);
        const code = lattice.encode(plain);
        const decoded = lattice.decode(code);
        expect(lattice.encode(decoded)).toBe(code);
        // A register or pair leaves out what others replace; all else comes back as it is written.
        if (type.lattice !== "mvreg" && type.lattice !== "dompair") expect(decoded).toEqual(plain);
        const held = others.map((other) => lattice.join(code, lattice.encode(formed(type, other))));
        const before = held.map((each) => lattice.decode(each));
        if (isReclaimed) values.reclaim([{ codes: Int32Array.from([code, ...held]), length: held.length + 1 }]);
        expect(lattice.decode(code)).toEqual(decoded);
        expect(lattice.encode(decoded)).toBe(code);
        expect(held.map((each) => lattice.decode(each))).toEqual(before);
        expect(before.map((each) => lattice.encode(each))).toEqual(held);
      }),
    );
  });
});
