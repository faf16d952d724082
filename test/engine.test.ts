import { describe, expect, test, vi } from "vitest";
import { Columns } from "../src/runtime/engine/columns.ts";
import { Extremes } from "../src/runtime/engine/extremes.ts";
import { KeyIndex } from "../src/runtime/engine/keys.ts";
import { finish, mix } from "../src/runtime/engine/hash.ts";
import { Relation } from "../src/runtime/engine/relation.ts";
import { FloatSums, IntSums } from "../src/runtime/engine/sums.ts";
import { Values } from "../src/runtime/engine/values.ts";
import type { Row, Value, ValueType } from "../src/runtime/program.ts";
import { emit } from "../src/compiler/5-emit/emit.ts";
import { loadRole } from "../src/verify/load.ts";
import { bare, irOf, World } from "./support/plan.ts";

/** A small generator, so that failures repeat. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

describe("the hash", () => {
  const first = 2 ** 30;
  // What codes look like: numbers in a row or with a stride, texts in the order in which they came, pairs of both.
  const rows: readonly [string, (i: number) => readonly number[]][] = [
    ["numbers", (i) => [i]],
    ["negative ones", (i) => [-i]],
    ["every hundredth", (i) => [i * 100]],
    ["multiples of a power of two", (i) => [i << 10]],
    ["texts", (i) => [first + i]],
    ["a chain", (i) => [i, i + 1]],
    ["a grid", (i) => [i >> 8, i & 255]],
    ["a wide grid", (i) => [(i >> 8) << 16, (i & 255) << 16]],
    ["texts in a grid", (i) => [first + (i >> 8), first + (i & 255)]],
    ["one column that never varies", (i) => [7, i]],
    ["three columns", (i) => [i >> 12, (i >> 6) & 63, i & 63]],
  ];
  test.each(rows)("spreads %s as random ones would be", (_, row) => {
    for (const count of [1 << 10, 1 << 16]) {
      const mask = count * 2 - 1;
      const taken = new Uint8Array(count * 2);
      let steps = 0;
      for (let i = 0; i < count; i++) {
        let slot = finish(row(i).reduce(mix, 0)) & mask;
        for (; taken[slot] === 1; slot = (slot + 1) & mask) steps++;
        taken[slot] = 1;
      }
      // Half full: random ones take half a step each.
      expect(steps / count).toBeLessThan(1);
    }
  });
});

describe("values", () => {
  const cases: readonly [ValueType, readonly Value[]][] = [
    ["int", [0, 1, -1, 2 ** 30 - 1, 2 ** 30, -(2 ** 30), -(2 ** 30) - 1, 2 ** 53 - 1]],
    ["float", [0.5, NaN, Infinity, -Infinity, 1e300, 5e-324]],
    ["string", ["", "a", "é", "\u0000", "\ud800"]],
    ["bool", [true, false]],
    ["bytes", [new Uint8Array([]), new Uint8Array([0, 255])]],
    [{ list: "int" }, [[], [1], [1, 2], [2 ** 40]]],
    [
      { tuple: ["int", { list: "bool" }] },
      [
        [1, [true]],
        [1, [false]],
      ],
    ],
    [
      "json",
      [
        null,
        true,
        false,
        1,
        "1",
        [],
        [1],
        ["1"],
        {},
        { a: 1 },
        { a: "1" },
        { __proto__: 1 } as never,
        JSON.parse('{"__proto__": 1}') as Value,
      ],
    ],
  ];
  test.each(cases)("%j go in and come out", (type, all) => {
    const values = new Values();
    const codes = all.map((value) => values.encode(type, value));
    codes.forEach((code, i) => expect(values.decode(type, code)).toEqual(all[i]));
    // Again: the same codes.
    expect(all.map((value) => values.encode(type, value))).toEqual(codes);
  });
  test("equal values have one code", () => {
    const values = new Values();
    expect(values.encode("float", -0)).toBe(values.encode("int", 0));
    expect(values.encode("float", 3)).toBe(3);
    expect(values.encode("json", { a: 1, b: [2] })).toBe(values.encode("json", { b: [2], a: 1 }));
    expect(values.encode("json", true)).not.toBe(values.encode("json", 1));
    expect(values.encode("json", "1")).not.toBe(values.encode("json", 1));
    expect(values.encode({ list: "string" }, ["a,b"])).not.toBe(values.encode({ list: "string" }, ["a", "b"]));
  });
  test("forgets what nothing holds, and nothing else", () => {
    const values = new Values();
    const constant = values.string("constant");
    values.pin();
    const held = values.encode({ list: "string" }, ["held"]);
    for (let i = 0; i < 1000; i++) values.string(`passing ${i}`);
    values.reclaim([{ codes: Int32Array.of(held), length: 1 }]);
    expect(values.size).toBe(3 + 1 + 2);
    expect(values.decode({ list: "string" }, held)).toEqual(["held"]);
    expect(values.string("constant")).toBe(constant);
    const again = values.string("passing 7");
    expect(values.toText(again)).toBe("passing 7");
    expect(values.string("held")).toBe(values.elements(held)[0]);
  });
});

describe("relation", () => {
  test.each([1, 2, 3, 4, 6])(
    "of %i columns holds what a set of texts holds, under insertions, deletions and commits",
    (arity) => {
      const relation = new Relation(arity);
      const byFirst = relation.index(0);
      const byLast = arity > 1 ? relation.index(0, arity - 1) : relation.index(0);
      const next = random(arity);
      const counts = new Map<string, number>();
      const before = new Map<string, number>();
      for (let n = 0; n < 20_000; n++) {
        const row = Array.from({ length: arity }, () => Math.floor(next() * (arity === 1 ? 400 : 6)));
        const text = row.join();
        row.forEach((code, i) => (relation.key[i] = code));
        const has = counts.get(text) ?? 0;
        if (has > 0 && next() < 0.55) {
          relation.bump(relation.findKey(), -1);
          counts.set(text, has - 1);
        } else {
          relation.bump(relation.seekKey(), 1);
          counts.set(text, has + 1);
        }
        if (next() < 0.02) {
          for (let i = 0; i < relation.touched.length; i++) {
            const at = relation.touched.at(i);
            const of = relation.columns.map((codes) => codes[at]).join();
            expect(relation.change(at)).toBe(Number((counts.get(of) ?? 0) > 0) - Number((before.get(of) ?? 0) > 0));
          }
          relation.commit();
          for (const [key, count] of counts) before.set(key, count);
        }
      }
      relation.commit();
      const present = [...counts]
        .filter(([, count]) => count > 0)
        .map(([text]) => text)
        .sort();
      const found: string[] = [];
      for (let row = 0; row < relation.size; row++) {
        if (relation.count[row] > 0) found.push(relation.columns.map((codes) => codes[row]).join());
      }
      expect(found.sort()).toEqual(present);
      for (let first = 0; first < 400; first++) {
        const chained: string[] = [];
        for (let row = byFirst.first1(first); row >= 0; row = byFirst.next[row])
          chained.push(relation.columns.map((codes) => codes[row]).join());
        expect(chained.sort()).toEqual(present.filter((text) => text.split(",")[0] === String(first)));
        if (arity === 1) continue;
        for (let last = 0; last < 6; last++) {
          let length = 0;
          for (let row = byLast.first2(first, last); row >= 0; row = byLast.next[row]) length++;
          expect(length).toBe(
            present.filter((text) => text.startsWith(`${first},`) && text.endsWith(`,${last}`)).length,
          );
        }
        if (first > 6) break;
      }
    },
  );
  test("finds those that there are where many came once, and a few in every step since", () => {
    const relation = new Relation(2);
    const bySecond = relation.index(1);
    for (let n = 0; n < 100_000; n++) relation.insert2(n, n % 1000);
    expect(bySecond.first1(7)).toBe(99_007);
    relation.commit();
    relation.retractAll();
    relation.commit();
    for (let step = 0; step < 40; step++) {
      for (let n = 0; n < 100; n++) {
        relation.insert2(step + n, n);
        if (step > 0) relation.bump(relation.find2(step - 1 + n, n), -1);
      }
      relation.commit();
      expect(relation.held).toBe(100);
      for (let n = 0; n < 100; n++) {
        const row = relation.find2(step + n, n);
        expect(relation.count[row]).toBe(1);
        expect([bySecond.first1(n), bySecond.next[row]]).toEqual([row, -1]);
        expect(relation.find2(step - 1 + n, n)).toBe(-1);
      }
    }
  });
  test.each([
    ["rows only come", 0],
    ["rows come and go", 0.3],
  ])("lists what was touched, and what became present in its order, where %s", (_, goes) => {
    const relation = new Relation(1);
    const next = random(12);
    const before = new Set<number>();
    const listed = (list: { readonly length: number; at(n: number): number }): number[] =>
      Array.from({ length: list.length }, (_, n) => relation.c0[list.at(n)]);
    for (let step = 0; step < 400; step++) {
      const touched = new Set<number>();
      const fresh: number[] = [];
      const now = new Set(before);
      for (let n = Math.floor(next() * 12); n > 0; n--) {
        const code = Math.floor(next() * 1000);
        const isThere = now.has(code);
        const row = relation.find1(code);
        const chance = next();
        if (isThere && chance < goes) {
          relation.bump(row, -1);
          now.delete(code);
        } else if (!isThere) {
          if (chance < 0.7) relation.insert1(code);
          else expect(relation.keep(relation.seek1(code))).toBe(true);
          now.add(code);
          fresh.push(code);
        } else {
          relation.insert1(code);
          continue;
        }
        touched.add(code);
      }
      if (goes > 0 && next() < 0.1) {
        relation.retractAll();
        for (const code of now) touched.add(code);
        now.clear();
        fresh.length = 0;
        for (const code of [...before].slice(0, 9)) {
          relation.insert1(code);
          fresh.push(code);
          touched.add(code);
          now.add(code);
        }
      }
      expect(listed(relation.fresh)).toEqual(fresh);
      expect(listed(relation.touched).sort()).toEqual([...touched].sort());
      for (const code of touched)
        expect(relation.change(relation.find1(code))).toBe(Number(now.has(code)) - Number(before.has(code)));
      relation.commit();
      expect(relation.held).toBe(now.size);
      before.clear();
      for (const code of now) before.add(code);
    }
    expect(before.size).toBeGreaterThan(8);
  });
  test("is empty after clear, whatever filled it", () => {
    const relation = new Relation(2);
    const index = relation.index(1);
    for (const size of [3, 1000, 5, 700, 1]) {
      for (let i = 0; i < size; i++) expect(relation.keep(relation.seek2(i, i % 7))).toBe(true);
      expect(relation.keep(relation.seek2(0, 0))).toBe(false);
      relation.clear();
      expect(relation.size).toBe(0);
      expect(relation.find2(0, 0)).toBe(-1);
      expect(index.first1(0)).toBe(-1);
    }
  });
  test("found by its key holds what a map holds, while keys are given other values", () => {
    const relation = new Relation(3);
    relation.keyBy([0]);
    const next = random(4);
    const values = new Map<number, number>();
    for (let n = 0; n < 5000; n++) {
      const [key, value] = [Math.floor(next() * 300), Math.floor(next() * 4)];
      const old = values.get(key);
      if (old !== undefined) relation.bump(relation.find3(key, old, -old), -1);
      if (next() < 0.1) values.delete(key);
      else {
        values.set(key, value);
        expect(relation.keep(relation.seek3(key, value, -value))).toBe(true);
      }
      if (n % 7 === 0) relation.commit();
      if (n === 2500) {
        for (const [one, held] of values) relation.bump(relation.find3(one, held, -held), -1);
        values.clear();
        relation.commit();
        expect(relation.size).toBe(0);
      }
    }
    relation.commit();
    for (let key = 0; key < 300; key++) {
      for (let value = 0; value < 4; value++) {
        expect(relation.find3(key, value, -value) >= 0).toBe(values.get(key) === value);
        relation.key.set([key, value, 9]);
        expect(relation.findKey()).toBe(-1);
      }
    }
  });
  test("holds the same after it was large once and is small since", () => {
    const relation = new Relation(2);
    const index = relation.index(1);
    for (const size of [20_000, ...Array.from({ length: 12 }, (_, i) => i + 1), 3000]) {
      for (let i = 0; i < size; i++) relation.keep(relation.seek2(i, i & 1));
      let odd = 0;
      for (let row = index.first1(1); row >= 0; row = index.next[row]) odd++;
      expect(odd).toBe(size >> 1);
      relation.commit();
      for (let i = 0; i < size; i++) relation.bump(relation.find2(i, i & 1), -1);
      relation.commit();
      expect([relation.size, index.first1(0), relation.find2(0, 0)]).toEqual([0, -1, -1]);
    }
  });
  const courses: readonly [string, (n: number) => number][] = [
    ["rise", (n) => n],
    ["fall", (n) => -n],
    ["are those of texts", (n) => 2 ** 30 + n],
    ["rise and begin again", (n) => n % 500],
    ["come in leaps", (n) => (n >> 6) * 1_000_003 + (n & 63)],
    ["lie wide apart", (n) => Math.imul(n, 0x9e3779b1) >> 1],
    ["lie close together, but for one", (n) => (n === 700 ? -(2 ** 30) : n)],
  ];
  test.each(courses)("has chains of all its rows where codes %s", (_, codeOf) => {
    const relation = new Relation(2);
    const index = relation.index(1);
    expect(index.first1(0)).toBe(-1);
    const rows = new Map<number, number[]>();
    const next = random(8);
    const remove = (code: number): void => {
      const row = rows.get(code)!.shift()!;
      relation.bump(row, -1);
      if (rows.get(code)!.length === 0) rows.delete(code);
    };
    for (let n = 0; n < 4000; n++) {
      for (let i = 0; i <= n % 3; i++) {
        const row = relation.seek2(i, codeOf(n));
        if (!relation.keep(row)) continue;
        rows.set(codeOf(n), [...(rows.get(codeOf(n)) ?? []), row]);
      }
      // Most of the old ones go, some stay.
      if (n > 300 && rows.has(codeOf(n - 300)) && next() < 0.95) remove(codeOf(n - 300));
      if (n % 10 === 0) relation.commit();
    }
    relation.commit();
    for (let n = -4001; n < 4001; n++) {
      const chain: number[] = [];
      for (let row = index.first1(codeOf(n)); row >= 0; row = index.next[row]) chain.push(row);
      expect(chain.sort((a, b) => a - b)).toEqual((rows.get(codeOf(n)) ?? []).toSorted((a, b) => a - b));
    }
  });
  test("a relation without columns holds one row or none", () => {
    const relation = new Relation(0);
    expect(relation.find0()).toBe(-1);
    relation.bump(relation.seek0(), 2);
    expect(relation.find0()).toBe(0);
    relation.bump(0, -2);
    relation.commit();
    expect(relation.find0()).toBe(-1);
  });
});

describe("sums", () => {
  const floats = (all: readonly number[]): FloatSums => {
    const sums = new FloatSums();
    sums.grow(1);
    for (const value of all) sums.add(0, value, 1);
    return sums;
  };
  test("of floats are rounded once", () => {
    expect(floats([0.1, 0.2, 0.3]).sum(0)).toBe(0.6);
    expect(floats([0.3, 0.2, 0.1]).sum(0)).toBe(0.6);
    expect(floats([1e16, 1, -1e16]).sum(0)).toBe(1);
    expect(floats([1e308, 1e308, -1e308]).sum(0)).toBe(1e308);
    expect(floats([1.7e308, 1.7e308]).sum(0)).toBe(Infinity);
    expect(floats([5e-324, 5e-324]).sum(0)).toBe(1e-323);
    expect(floats([2 ** -1074, 2 ** -1073, -(2 ** -1022)]).sum(0)).toBe(2 ** -1074 + 2 ** -1073 - 2 ** -1022);
    // A tie goes to the even neighbour, unless something small breaks it.
    expect(floats([2 ** 53, 1]).sum(0)).toBe(2 ** 53);
    expect(floats([2 ** 53, 1, 2 ** -1074]).sum(0)).toBe(2 ** 53 + 2);
    expect(floats([2 ** 53 + 2, 1]).sum(0)).toBe(2 ** 53 + 4);
    expect(floats([-(2 ** 53), -1]).sum(0)).toBe(-(2 ** 53));
    expect(floats([Infinity, 1]).sum(0)).toBe(Infinity);
    expect(floats([Infinity, -Infinity]).sum(0)).toBeNaN();
  });
  test("of floats forget what went", () => {
    const sums = floats([1e300, NaN, 1, -Infinity]);
    for (const value of [NaN, 1e300, -Infinity]) sums.add(0, value, -1);
    expect(sums.sum(0)).toBe(1);
  });
  test("a single float is its own sum and mean", () => {
    const next = random(7);
    const bits = new DataView(new ArrayBuffer(8));
    for (let n = 0; n < 3000; n++) {
      bits.setUint32(0, Math.floor(next() * 2 ** 32));
      bits.setUint32(4, Math.floor(next() * 2 ** 32));
      const value = bits.getFloat64(0);
      if (!Number.isFinite(value)) continue;
      expect(floats([value]).sum(0)).toBe(value);
      expect(floats([value, value]).mean(0, 2)).toBe(value);
    }
  });
  test("means are quotients rounded once", () => {
    expect(floats([1, 2]).mean(0, 2)).toBe(1.5);
    expect(floats([1, 0, 0]).mean(0, 3)).toBe(1 / 3);
    const ints = new IntSums();
    ints.grow(1);
    for (const value of [2 ** 53 - 1, 2 ** 53 - 1, 1]) ints.add(0, value, 1);
    expect(ints.sum(0)).toBe(Infinity);
    expect(ints.mean(0, 3)).toBe(6004799503160661);
  });
  test("of ints are judged by the result", () => {
    const ints = new IntSums();
    ints.grow(1);
    for (const value of [2 ** 53 - 1, 1, -1]) ints.add(0, value, 1);
    expect(ints.sum(0)).toBe(2 ** 53 - 1);
    ints.add(0, 2 ** 53 - 1, -1);
    expect(ints.sum(0)).toBe(0);
  });
});

describe("extremes of groups", () => {
  test.each(["min", "max", "argmin", "argmax"] as const)(
    "%s is what looking at all values finds, as they come and go",
    (name) => {
      const draw = random(5);
      const values = new Values();
      const [groups, members] = [new Relation(1), new Relation(3)];
      const extremes = new Extremes(values, groups, members, ["int", "float"], name);
      const present = new Map<string, readonly [group: number, value: number, by: number]>();
      const expected = (group: number): number => {
        const sign = name.endsWith("min") ? 1 : -1;
        const by = (one: readonly number[]): number => sign * one[name.startsWith("arg") ? 2 : 1];
        const rows = [...present.values()].filter(([of]) => of === group);
        return rows.sort((a, b) => by(a) - by(b) || a[1] - b[1])[0][1];
      };
      const change = (group: number, value: number, by: number, sign: number): void => {
        const at = groups.seek1(group);
        groups.bump(at, sign);
        const row = members.seek3(group, value, values.number(by));
        members.bump(row, sign);
        extremes.note(row, at);
      };
      for (let step = 0; step < 400; step++) {
        // At first most come, later most go, until groups are given up and come again.
        for (let n = 0; n < 10; n++) {
          const goes = draw() < (step % 100 < 50 ? 0.3 : 0.8);
          const all = [...present];
          if (goes && all.length > 0) {
            const [key, row] = all[Math.floor(draw() * all.length)];
            present.delete(key);
            change(...row, -1);
          } else {
            const row = [Math.floor(draw() * 3), Math.floor(draw() * 200), Math.floor(draw() * 40) / 8] as const;
            if (present.has(row.join())) continue;
            present.set(row.join(), row);
            change(...row, 1);
          }
        }
        const shown = [0, 1, 2].map((group) => {
          const row = groups.find1(group);
          return row < 0 || groups.count[row] === 0 ? null : extremes.of(row);
        });
        const inGroup = (group: number): boolean => [...present.values()].some(([of]) => of === group);
        expect(shown).toEqual([0, 1, 2].map((group) => (inGroup(group) ? expected(group) : null)));
        groups.commit();
        members.commit();
      }
    },
  );
});

test("answers stay right while more texts pass through than are kept in memory", () => {
  const files = emit(
    bare(
      irOf(`role R {
        input put(k: int, v: string);
        table last(k: int -> v: string);
        table paired(v: (int, string));
        scratch least(v: string);
        scratch all(vs: list<string>);
        last(k, v) <+- put(k, v);
        paired((k, v)) <= put(k, v), k == 7;
        least(min(v)) <= last(_, v);
        all(collect(v)) <= last(k, v), k < 3;
      }`),
    ),
  ).value!;
  const world = new World(loadRole(files, "R").createEvaluator, "R#0", []);
  const last = new Map<number, string>();
  const paired: [number, string][] = [];
  const draw = random(3);
  for (let step = 0; step < 60; step++) {
    const rows = new Map<number, string>();
    for (let k = 0; k < 4000; k++) if (draw() < 0.9) rows.set(k, `text ${Math.floor(draw() * 1e9)} of ${step}`);
    world.step({ put: [...rows] });
    world.step();
    for (const [k, v] of rows) last.set(k, v);
    if (rows.has(7)) paired.push([7, rows.get(7)!]);
    const texts = [...last.values()].sort();
    expect(world.evaluator.read("least")).toEqual([[texts[0]]]);
    expect(world.evaluator.read("all")).toEqual([[[0, 1, 2].flatMap((k) => last.get(k) ?? []).sort()]]);
  }
  expect(world.evaluator.read("last")).toEqual([...last].sort(([a], [b]) => a - b));
  expect(new Set(world.evaluator.read("paired").map(([pair]) => JSON.stringify(pair)))).toEqual(
    new Set(paired.map((pair) => JSON.stringify(pair))),
  );
});

describe("what passing facts send", () => {
  const files = emit(
    bare(
      irOf(`
        role R { input a(n: int); table t(n: int);
          S.got(n) <~ a(n);
          S.mixed(n) <~ a(n);
          S.mixed(n) <~ t(n); }
        role S { channel got(n: int); channel mixed(n: int); }`),
    ),
  ).value!;
  const sentBy = (rows: readonly (readonly Value[][])[]): readonly string[] => {
    const world = new World(loadRole(files, "R").createEvaluator, "R#0", []);
    return rows.map((a) =>
      world
        .step(a.length === 0 ? {} : { a })
        .sends.filter(({ target }) => target === "S.got")
        .flatMap(({ rows }) => rows.map(([n]) => n))
        .join(),
    );
  };

  test("is kept apart from what lasts", () => {
    const module = files.find(({ path }) => path === "R.ts")!.text;
    expect(module).toContain('engine.passingSends("S.got"');
    expect(module).toContain('engine.sends("S.mixed"');
  });

  test("is sent when it was not there in the step before", () => {
    expect(sentBy([[[1]], [[1]], [[1], [2]], [[2]], [[1]], [], [[1]]])).toEqual(["1", "", "2", "", "1", "", "1"]);
  });

  test("however many there are, and however the number varies", () => {
    const draw = random(9);
    const steps = Array.from({ length: 60 }, () => {
      const size = Math.floor(draw() ** 4 * 3_000);
      return [...new Set(Array.from({ length: size }, () => Math.floor(draw() * 2_000)))].map((n) => [n]);
    });
    let before = new Set<number>();
    const expected = steps.map((rows) => {
      const now = new Set(rows.map(([n]) => n));
      const sent = [...now].filter((n) => !before.has(n));
      before = now;
      return sent.join();
    });
    expect(sentBy(steps)).toEqual(expected);
  });
});

test("a step looks at no key of the facts that an earlier one put into force", () => {
  const files = emit(
    bare(
      irOf(`role R { input put(k: string, v: int); table kv(k: string -> v: int);
        kv(k, v) <+- put(k, v); }`),
    ),
  ).value!;
  const world = new World(loadRole(files, "R").createEvaluator, "R#0", []);
  const looked = vi.spyOn(KeyIndex.prototype, "present");
  const countOf = (run: () => void): number => {
    looked.mockClear();
    run();
    return looked.mock.calls.length;
  };
  const rowsFrom = (from: number): Value[][] => Array.from({ length: 50 }, (_, i) => [`key ${from + i}`, i]);
  world.step({ put: rowsFrom(0) });
  expect(countOf(() => world.step())).toBeGreaterThanOrEqual(50);
  expect(world.evaluator.read("kv")).toHaveLength(50);
  expect(countOf(() => world.step({ put: rowsFrom(100) }))).toBe(0);
  looked.mockRestore();
});

test("an index is made when a rule first asks for rows that may be there", () => {
  const files = emit(
    bare(
      irOf(`role R { input order(id: int, item: int); table orders(id: int, item: int); orders(o, i) <= order(o, i);
        input item(id: int, kind: int); table items(id: int, kind: int); items(i, k) <= item(i, k);
        output sold(kind: int, n: int);
        sold(k, count()) <= orders(_, i), items(i, k); }`),
    ),
  ).value!;
  const world = new World(loadRole(files, "R").createEvaluator, "R#0", []);
  const woken = vi.spyOn(Columns.prototype, "follow");
  const sold = (events: Record<string, Row[]>): readonly Row[] => {
    world.step(events);
    return world.evaluator.read("sold");
  };
  expect(sold({ item: [[1, 7]] })).toEqual([]);
  expect(woken).not.toHaveBeenCalled();
  expect(
    sold({
      order: [
        [10, 1],
        [11, 2],
      ],
    }),
  ).toEqual([[7, 1]]);
  expect(woken).toHaveBeenCalledTimes(1);
  expect(sold({ item: [[2, 7]] })).toEqual([[7, 2]]);
  expect(woken).toHaveBeenCalledTimes(2);
  woken.mockRestore();
});
