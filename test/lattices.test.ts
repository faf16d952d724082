/** The run halves of the lattices: laws, codes, operations. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FAILED } from "../src/runtime/engine/codes.ts";
import { Values } from "../src/runtime/engine/values.ts";
import { compareValues } from "../src/runtime/canonical.ts";
import { RowType } from "../src/runtime/codec.ts";
import type { LatticeType } from "../src/lattices/index.run.ts";
import type { Value, ValueType } from "../src/runtime/program.ts";

fc.configureGlobal({ seed: 16 });

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
        expect(decoded).toEqual(join(plain, plain));
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

describe("operations", () => {
  const values = valuesWith();
  const ints = values.lattice(of("lset", "int"));
  const text = (word: string): number => values.string(word);
  const decoded = (type: ValueType, codes: readonly number[]): readonly Value[] =>
    sorted(codes.map((code) => values.decode(type, code)));

  test("of sets are those of sets of numbers", () => {
    const elements = fc.array(
      fc.oneof(fc.integer({ min: -3, max: 12 }), fc.integer({ min: -(2 ** 30), max: 2 ** 30 - 1 })),
    );
    fc.assert(
      fc.property(elements, elements, (x, y) => {
        const [a, b] = [ints.of(x), ints.of(y)];
        const [inX, inY] = [new Set(x), new Set(y)];
        const list = (code: number): readonly Value[] => ints.decode(code) as readonly Value[];
        const only = (keeps: (n: number) => boolean): readonly Value[] => unique([...x, ...y].filter(keeps));
        expect(values.decode({ list: "int" }, ints.reveal(a))).toEqual(unique(x));
        expect(values.toNumber(ints.size(a))).toBe(inX.size);
        expect([...ints.elements(a)].sort()).toEqual([...inX].sort());
        expect(list(ints.union(a, b))).toEqual(only(() => true));
        expect(list(ints.intersect(a, b))).toEqual(only((n) => inX.has(n) && inY.has(n)));
        expect(decoded("int", ints.gained(a, b))).toEqual(only((n) => inY.has(n) && !inX.has(n)));
        expect(decoded("int", ints.gained(a, ints.union(a, b)))).toEqual(decoded("int", ints.gained(a, b)));
        expect(decoded("int", ints.gained(-1, a))).toEqual(unique(x));
        expect(list(ints.filter(a, (n) => n % 2 === 0))).toEqual(unique(x.filter((n) => n % 2 === 0)));
        expect(list(ints.map(a, (n) => n >> 2))).toEqual(unique(x.map((n) => n >> 2)));
        expect(ints.map(a, () => FAILED)).toBe(x.length === 0 ? ints.empty : FAILED);
        for (const n of [...x, ...y]) expect(ints.contains(a, n)).toBe(inX.has(n));
        expect(ints.of(x.toReversed())).toBe(a);
        expect(x.reduce((code, n) => ints.join(code, ints.lift(n)), ints.empty)).toBe(a);
        const pairs = values.lattice(of("lset", { tuple: ["int", "int"] }));
        const product = unique(x.slice(0, 5).flatMap((n) => y.slice(0, 5).map((m) => [n, m])));
        expect(pairs.decode(ints.product(ints.of(x.slice(0, 5)), ints.of(y.slice(0, 5))))).toEqual(product);
      }),
    );
  });

  test("a positive set adds up, exactly, and takes nothing that is negative", () => {
    const nats = values.lattice(of("lpset", "int"));
    const large = values.number(2 ** 53 - 3);
    expect(nats.sum(nats.empty)).toBe(0);
    expect(nats.sum(nats.of([1, 2, 2, 7]))).toBe(10);
    expect(values.toNumber(nats.sum(nats.of([1, large])))).toBe(2 ** 53 - 2);
    expect(nats.sum(nats.of([1, 2, large]))).toBe(FAILED);
    expect(nats.lift(-1)).toBe(FAILED);
    expect(nats.of([1, values.number(-(2 ** 40))])).toBe(FAILED);
    const floats = values.lattice(of("lpset", "float"));
    const all = [0.1, 0.2, 0.3, 1e16, 1].map((n) => values.number(n));
    expect(values.toNumber(floats.sum(floats.of(all.slice(0, 3))))).toBe(0.6);
    expect(floats.sum(floats.of(all))).toBe(floats.sum(floats.of(all.toReversed())));
    expect(floats.lift(values.number(NaN))).toBe(FAILED);
  });

  test("a bag counts", () => {
    const words = values.lattice(of("lbag", "string"));
    const [a, b, c] = ["a", "b", "c"].map(text);
    const bag = words.of([a, b, a, a]);
    expect(words.decode(bag)).toEqual([
      ["a", 3],
      ["b", 1],
    ]);
    expect(words.size(bag)).toBe(4);
    expect([words.multiplicity(bag, a), words.multiplicity(bag, c)]).toEqual([3, 0]);
    expect([words.contains(bag, b), words.contains(bag, c)]).toEqual([true, false]);
    expect(values.decode({ list: "string" }, words.reveal(bag))).toEqual(["a", "a", "a", "b"]);
    expect(
      words.ofPairs([
        [a, 3],
        [b, 1],
        [a, 2],
        [c, 0],
      ]),
    ).toBe(bag);
    expect(words.decode(words.union(bag, words.of([b, b, c])))).toEqual([
      ["a", 3],
      ["b", 2],
      ["c", 1],
    ]);
    expect(words.decode(words.intersect(bag, words.of([a, a, b, c])))).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
    expect(words.gained(words.of([a]), bag)).toEqual([b]);
    expect(decoded("string", words.elements(bag))).toEqual(["a", "b"]);
  });

  test("a map holds values of a lattice", () => {
    const type = of("lmap", "string", of("lset", "int"));
    const map = values.lattice(type);
    const pair: ValueType = { tuple: ["string", type.args[1]] };
    const [a, b, c] = ["a", "b", "c"].map(text);
    const one = map.ofPairs([
      [a, ints.of([1])],
      [b, ints.of([2])],
      [a, ints.of([3])],
    ]);
    expect(map.decode(one)).toEqual([
      ["a", [1, 3]],
      ["b", [2]],
    ]);
    expect(map.at(one, a)).toBe(ints.of([3, 1]));
    expect(map.at(one, c)).toBe(FAILED);
    expect([map.hasKey(one, b), map.hasKey(one, c), map.size(one)]).toEqual([true, false, 2]);
    expect(map.keys(one)).toBe(values.lattice(of("lset", "string")).of([b, a]));
    expect(decoded(pair, map.elements(one))).toEqual([
      ["a", [1, 3]],
      ["b", [2]],
    ]);
    const more = map.join(
      one,
      map.ofPairs([
        [a, ints.of([1])],
        [b, ints.of([4])],
        [c, ints.empty],
      ]),
    );
    expect(decoded(pair, map.gained(one, more))).toEqual([
      ["b", [2, 4]],
      ["c", []],
    ]);
    expect(decoded(pair, map.gained(-1, one))).toEqual(decoded(pair, map.elements(one)));
    expect(values.decode({ list: { tuple: ["string", { list: "int" }] } }, map.reveal(one))).toEqual(map.decode(one));
  });

  test("counters count each dot once", () => {
    const [x, y] = ["x", "y"].map(text);
    const up = values.lattice(of("gcounter"));
    const both = up.join(up.inc(x, 2), up.inc(y, 3));
    expect(up.value(up.join(both, up.inc(x, 2)))).toBe(5);
    expect(up.inc(x, 0)).toBe(up.empty);
    const huge = values.number(2 ** 53 - 1);
    expect(up.value(up.join(both, up.inc(text("z"), huge)))).toBe(FAILED);
    const any = values.lattice(of("pncounter"));
    const level = any.join(any.inc(x, 2), any.dec(y, 5));
    expect(any.value(level)).toBe(-3);
    // Parts of the sum may be beyond the safe integers.
    const far = ["p", "q", "r"].reduce((code, dot) => any.join(code, any.inc(text(dot), huge)), level);
    expect(any.value(far)).toBe(FAILED);
    const back = ["s", "t", "u"].reduce((code, dot) => any.join(code, any.dec(text(dot), huge)), far);
    expect(any.value(back)).toBe(-3);
  });

  test("clocks and registers know what came after what", () => {
    const clocks = values.lattice(of("vclock"));
    const [r, s] = ["R#0", "R#1"].map(text);
    const early = clocks.ofPairs([
      [r, 1],
      [s, 0],
    ]);
    const late = clocks.ofPairs([
      [r, 2],
      [s, 1],
      [r, 1],
    ]);
    const aside = clocks.ofPairs([[s, 4]]);
    expect(clocks.decode(late)).toEqual([
      ["R#0", 2],
      ["R#1", 1],
    ]);
    expect([clocks.at(early, r), clocks.at(early, s)]).toEqual([1, 0]);
    expect([clocks.dominates(late, early), clocks.dominates(early, late), clocks.dominates(late, aside)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(decoded({ tuple: ["addr", "nat"] }, clocks.gained(early, late))).toEqual([
      ["R#0", 2],
      ["R#1", 1],
    ]);
    expect(clocks.next(early, r)).toBe(clocks.ofPairs([[r, 2]]));

    const [x, y, z] = ["x", "y", "z"].map(text);
    const last = values.lattice(of("lww", "string"));
    const first = last.set(-1, y);
    expect([last.stamp(first), last.value(first)]).toEqual([1, y]);
    expect(last.join(first, last.set(first, x))).toBe(last.stamped(2, x));
    expect(last.join(last.stamped(2, x), last.stamped(2, y))).toBe(last.stamped(2, y));
    expect(last.set(last.stamped(values.number(2 ** 53 - 1), x), y)).toBe(FAILED);

    const register = values.lattice(of("mvreg", "string"));
    const atR = register.set(-1, r, x);
    const atS = register.set(-1, s, y);
    const apart = register.join(atR, atS);
    expect(values.decode({ list: "string" }, register.reveal(apart))).toEqual(["x", "y"]);
    const solved = register.set(apart, s, z);
    expect(register.join(apart, solved)).toBe(solved);
    expect(register.join(solved, register.set(atR, r, x))).not.toBe(solved);
    expect([register.size(apart), register.contains(apart, y), register.contains(solved, y)]).toEqual([2, true, false]);
    expect(register.join(register.versioned(early, x), register.versioned(late, y))).toBe(register.versioned(late, y));
  });

  test("removing takes out what was seen, and no more", () => {
    const set = values.lattice(of("orset", "string"));
    const [milk, bread, here, there] = ["milk", "bread", "1", "2"].map(text);
    const one = set.join(set.add(here, milk), set.add(here, bread));
    const removed = set.remove(one, milk);
    expect(decoded("string", set.elements(set.join(one, removed)))).toEqual(["bread"]);
    const again = set.join(set.join(one, set.add(there, milk)), removed);
    expect([set.contains(again, milk), set.size(again)]).toEqual([true, 2]);
    expect(values.decode({ list: "string" }, set.reveal(again))).toEqual(["bread", "milk"]);
    expect(set.remove(-1, milk)).toBe(set.empty);
    expect(set.remove(removed, bread)).toBe(set.empty);
  });

  test("a greater version replaces, others are shown joined", () => {
    const pairs = values.lattice(of("dompair", of("vclock"), of("lset", "int")));
    const clocks = values.lattice(of("vclock"));
    const [r, s] = ["R#0", "R#1"].map(text);
    const [one, two] = [clocks.ofPairs([[r, 1]]), clocks.ofPairs([[s, 1]])];
    const both = pairs.join(pairs.pair(one, ints.of([1])), pairs.pair(two, ints.of([2])));
    expect(pairs.first(both)).toBe(clocks.join(one, two));
    expect(pairs.second(both)).toBe(ints.of([1, 2]));
    expect(
      values.decode({ tuple: [{ list: { tuple: ["addr", "nat"] } }, { list: "int" }] }, pairs.reveal(both)),
    ).toEqual([
      [
        ["R#0", 1],
        ["R#1", 1],
      ],
      [1, 2],
    ]);
    const after = pairs.pair(clocks.join(one, two), ints.of([3]));
    expect(pairs.join(both, after)).toBe(after);
  });

  test("a value of an imported one enters joined with the bottom: equal ones are written alike, also inside of others", () => {
    const values = new Values();
    values.importLattice("Sorted", {
      bottom: [],
      // A merge of what is in order; anything else is put in order first.
      join: (a: readonly number[], b: readonly number[]) => [...new Set([...a, ...b])].sort((x, y) => x - y),
    });
    const lattice = values.lattice(of("Sorted"));
    expect(lattice.encode([2, 1, 2])).toBe(lattice.encode([1, 2]));
    expect(lattice.decode(lattice.encode([3, 1]))).toEqual([1, 3]);
    const map = values.lattice(of("lmap", "string", of("Sorted")));
    expect(map.encode([["k", [2, 1]]])).toBe(map.encode([["k", [1, 2]]]));
    // One that its join does not take stays as it is, and nothing is said before it meets another.
    const strict = new Values();
    strict.importLattice("Strict", {
      bottom: 0,
      join: (a: number, b: number) => {
        if (b === 7) throw new Error("seven");
        return Math.max(a, b);
      },
    });
    expect(strict.lattice(of("Strict")).encode(7)).toBe(7);
    expect(strict.failure).toBe("");
  });

  test("an imported join that fails says of what", () => {
    const odd = new Values();
    odd.importLattice("Odd", {
      bottom: 0,
      join: (a: number, b: number) => {
        if (a + b > 10) throw new Error("too much");
        return a + b === 10 ? undefined : Math.max(a, b);
      },
    });
    const lattice = odd.lattice(of("Odd"));
    expect(lattice.join(2, 3)).toBe(3);
    expect(lattice.join(2, 9)).toBe(FAILED);
    expect(odd.failure).toBe('the join of Odd threw "too much" for 2 and 9');
    expect(lattice.join(2, 8)).toBe(FAILED);
    expect(odd.failure).toBe("the join of Odd gave what JSON cannot hold for 2 and 8");
    const map = odd.lattice(of("lmap", "string", of("Odd")));
    const [a, b] = [odd.string("a"), odd.string("b")];
    expect(
      map.join(
        map.ofPairs([
          [a, 2],
          [b, 1],
        ]),
        map.ofPairs([[a, 9]]),
      ),
    ).toBe(FAILED);
    expect(
      map.ofPairs([
        [a, 2],
        [a, 9],
      ]),
    ).toBe(FAILED);
    expect(() => odd.lattice(of("Unknown")).join(1, 2)).toThrow("the lattice Unknown is not imported");
  });

  test("where the join of versions fails a pair has none", () => {
    const odd = new Values();
    const fail = (): never => {
      throw new Error("no");
    };
    odd.importLattice("Odd", { bottom: 0, join: fail });
    const pairs = odd.lattice(of("dompair", of("Odd"), of("lbool")));
    expect(pairs.join(pairs.pair(1, 0), pairs.pair(2, 1))).toBe(FAILED);
  });

  test("what is reclaimed leaves nothing behind, and constants stay", () => {
    const own = new Values();
    const set = own.lattice(of("lpset", "nat"));
    const constant = set.of([1, own.number(2 ** 40)]);
    own.pin();
    const { nodes } = own.maps;
    for (let round = 1; round < 5; round++) {
      const some = Array.from({ length: 50 }, (_, i) => i * round + 3);
      expect(own.toNumber(set.sum(set.of(some)))).toBe(some.reduce((a, b) => a + b));
      own.reclaim([]);
      expect(own.maps.nodes).toBe(nodes);
      expect(set.of([own.number(2 ** 40), 1])).toBe(constant);
      expect(set.decode(constant)).toEqual([1, 2 ** 40]);
    }
  });

  test("adding one element to a set of many makes few nodes, and so does telling what is new", () => {
    const many = new Values();
    const set = many.lattice(of("lset", "int"));
    const large = set.of(Array.from({ length: 100_000 }, (_, i) => i));
    const before = many.maps.nodes;
    expect(before).toBeLessThan(200_000);
    let grown = large;
    for (let i = 0; i < 100; i++) grown = set.join(grown, set.lift(100_000 + i));
    expect(many.maps.nodes - before).toBeLessThan(100 * 20);
    const started = process.cpuUsage();
    for (let i = 0; i < 1000; i++) {
      expect(set.gained(large, grown).length).toBe(100);
      expect(set.join(large, grown)).toBe(grown);
    }
    const { user } = process.cpuUsage(started);
    // Each at the cost of a hundred elements, not of 100,000.
    expect(user).toBeLessThan(1_000_000);
    expect(many.maps.nodes - before).toBeLessThan(100 * 20);
  });
});

describe("values from elsewhere", () => {
  const problem = (type: LatticeType, value: unknown): string | null =>
    new RowType([{ name: "v", type }]).problem([value]);

  test("are refused with a sentence that says what is wrong", () => {
    expect(problem(of("lset", "int"), "x")).toBe('column v: lset<int> expected, string "x" found');
    expect(problem(of("lset", "int"), [1, "x"])).toBe('column v, element 2: int expected, string "x" found');
    expect(problem(of("lmax", "int"), "x")).toBe('column v: int expected, string "x" found');
    expect(problem(of("lpset", "int"), [1, -2])).toBe("column v: lpset<int> expected, and -2 is not 0 or more");
    expect(
      problem(of("lmap", "string", of("lbool")), [
        ["a", true],
        ["b", true],
        ["a", false],
      ]),
    ).toBe('column v: lmap<string, lbool> expected, and the key "a" stands twice');
    expect(problem(of("lmap", "string", of("lbool")), [["a", 1]])).toBe(
      "column v, element 1, element 2: bool expected, number 1 found",
    );
    expect(problem(of("gcounter"), [["dot", -1]])).toBe(
      "column v, element 1, element 2: nat (not negative) expected, -1 found",
    );
    expect(problem(of("lww", "int"), [1])).toBe("column v: (int, int) expected, a list of 1 found");
    expect(problem(of("dompair", of("lbool"), of("lbool")), [])).toBe(
      "column v: dompair<lbool, lbool> expected, and nothing stands in it",
    );
    expect(problem(of("Ballot"), undefined)).toBe("column v: json expected, nothing found");
    expect(problem(of("vclock"), [["nowhere", 1]])).toBe(
      'column v, element 1, element 1: addr expected, string "nowhere" found',
    );
  });

  test("are brought into their one form", () => {
    expect(formed(of("lset", "json"), [{ b: 1, a: -0 }, 2, { a: 0, b: 1 }, 2])).toEqual([2, { a: 0, b: 1 }]);
    expect(
      formed(of("lbag", "string"), [
        ["b", 1],
        ["c", 0],
        ["a", 2],
      ]),
    ).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
    expect(
      formed(of("lmap", "int", of("lset", "int")), [
        [2, [3, 1, 3]],
        [1, []],
      ]),
    ).toEqual([
      [1, []],
      [2, [1, 3]],
    ]);
  });
});
