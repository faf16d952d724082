/** Recursive views under deletion: what is taken out and what stays, against the same facts derived at once. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { emit } from "../src/compiler/5-emit/emit.ts";
import { Arrivals, LATEST, Order } from "../src/runtime/engine/order.ts";
import { Relation } from "../src/runtime/engine/relation.ts";
import type { Row } from "../src/runtime/program.ts";
import { loadRole } from "../src/verify/load.ts";
import { Dice } from "./oracle/programs.ts";
import { bare, irOf, World } from "./support/plan.ts";

const graph = `
  input edge(a: int, b: int);
  input cut(a: int, b: int);
  input block(x: int);
  input free(x: int);
  table e(a: int, b: int);
  table blocked(x: int);
  e(a, b) <= edge(a, b);
  e(a, b) <- cut(a, b);
  blocked(x) <= block(x);
  blocked(x) <- free(x);
`;

const programs: Readonly<Record<string, string>> = {
  "a closure": `
    scratch reach(a: int, b: int); scratch above(a: int, n: int);
    reach(a, b) <= e(a, b);
    reach(a, c) <= reach(a, b), e(b, c);
    above(a, count()) <= reach(a, _);`,
  "a closure that joins itself": `
    scratch reach(a: int, b: int); output o(a: int, b: int);
    reach(a, b) <= e(a, b);
    reach(a, c) <= reach(a, b), reach(b, c);
    o(a, b) <= reach(a, b), a < b;`,
  "a closure around what is blocked": `
    scratch reach(a: int, b: int); scratch not_reached(a: int, b: int);
    reach(a, b) <= e(a, b), not blocked(a);
    reach(a, c) <= reach(a, b), e(b, c), not blocked(b);
    not_reached(a, b) <= e(a, _), e(_, b), not reach(a, b);`,
  "two views of one another": `
    scratch odd(a: int, b: int); scratch even(a: int, b: int);
    odd(a, b) <= e(a, b);
    odd(a, c) <= even(a, b), e(b, c);
    even(a, c) <= odd(a, b), e(b, c);
    even(a, a) <= e(a, _), not blocked(a);`,
  "the same generation": `
    scratch same(a: int, b: int);
    same(a, b) <= e(a, x), e(b, x), a != b;
    same(a, b) <= e(a, x), same(x, y), e(b, y);`,
  "facts of their own, computed columns and an output": `
    output hops(a: int, kind: string, b: int);
    hops(7, "start", 7) <= not blocked(7);
    hops(a, "hop", b) <= hops(_, _, a), e(a, b);
    hops(b, kind, a) <= hops(a, kind, b), kind == "hop", x in [a, b], x < 3;`,
};

const collections = ["reach", "above", "o", "not_reached", "odd", "even", "same", "hops"];
const NODES = 9;

function world(text: string): World {
  const files = emit(bare(irOf(`role R {${graph}${text}}`))).value!;
  return new World(loadRole(files, "R").createEvaluator, "R#0", []);
}

/** Held facts by the text of their row. */
type Held = Map<string, Row>;

function change(dice: Dice, held: Held, count: number, draw: () => Row): { readonly come: Row[]; readonly go: Row[] } {
  const [come, go]: [Row[], Row[]] = [[], []];
  for (let n = 0; n < count; n++) {
    const all = [...held.values()];
    const row = all.length > 0 && dice.chance(0.5) ? all[dice.below(all.length)] : draw();
    const isHeld = held.has(String(row));
    if ([...come, ...go].some((other) => String(other) === String(row))) continue;
    (isHeld ? go : come).push(row);
    if (isHeld) held.delete(String(row));
    else held.set(String(row), row);
  }
  return { come, go };
}

afterEach(() => vi.restoreAllMocks());

describe.each(Object.entries(programs))("%s", (_, text) => {
  test("holds what the facts that are left derive, whatever came and went", () => {
    const settle = vi.spyOn(Order.prototype, "settle");
    const anew = vi.spyOn(Relation.prototype, "retractAll");
    for (let seed = 0; seed < 12; seed++) {
      const dice = new Dice(seed);
      const [edges, blocks]: [Held, Held] = [new Map(), new Map()];
      const changing = world(text);
      for (let step = 0; step < 12; step++) {
        const edge = change(dice, edges, step === 0 ? 14 : 1 + dice.below(3), () => [
          dice.below(NODES),
          dice.below(NODES),
        ]);
        const block = change(dice, blocks, dice.below(2), () => [dice.below(NODES)]);
        changing.step({ cut: edge.go, free: block.go });
        changing.step({ edge: edge.come, block: block.come });
        const atOnce = world(text);
        atOnce.step({ edge: [...edges.values()], block: [...blocks.values()] });
        for (const name of collections)
          expect({ seed, step, name, rows: changing.read(name) }).toEqual({
            seed,
            step,
            name,
            rows: atOnce.read(name),
          });
      }
    }
    // Both ways were gone: most often what was lost was taken out, and sometimes it was too much.
    expect(settle.mock.calls.length).toBeGreaterThan(30);
    expect(anew.mock.calls.length).toBeGreaterThan(0);
  });
});

test("what has another derivation is not derived anew, and a circle does not hold itself up", () => {
  const r = world(programs["a closure"]);
  const anew = vi.spyOn(Relation.prototype, "retractAll");
  const drop = vi.spyOn(Order.prototype, "drop");
  // A ladder: two ways everywhere. At its end a circle.
  const ladder = Array.from({ length: 20 }, (_, i): Row[] => [
    [i, i + 1],
    [i, i + 2],
  ]).flat();
  r.step({ edge: [...ladder, [100, 101], [101, 100], [21, 100]] });
  r.step({ cut: [[5, 6]] });
  r.step();
  expect(drop.mock.calls.length).toBe(1);
  r.step({ cut: [[21, 100]] });
  r.step();
  expect(anew.mock.calls.length).toBe(0);
  expect(r.read("reach").filter(([a, b]) => b === 101 && (a as number) < 100)).toEqual([]);
  expect(r.read("reach").filter(([a]) => a === 100)).toEqual([
    [100, 100],
    [100, 101],
  ]);
});

test("a rule that can fail is derived anew: nothing is reported twice", () => {
  const r = world(
    `scratch far(x: int, n: int); far(a, n) <= e(a, b), n = 10 / b; far(b, m) <= far(a, n), e(a, b), m = n / a;`,
  );
  r.step({
    edge: [
      [1, 2],
      [2, 0],
      [2, 3],
    ],
  });
  const faults = r.faults.length;
  expect(faults).toBeGreaterThan(0);
  r.step({ cut: [[2, 3]] });
  r.step();
  const atOnce = world(
    `scratch far(x: int, n: int); far(a, n) <= e(a, b), n = 10 / b; far(b, m) <= far(a, n), e(a, b), m = n / a;`,
  );
  atOnce.step({
    edge: [
      [1, 2],
      [2, 0],
    ],
  });
  expect(r.read("far")).toEqual(atOnce.read("far"));
});

test("the order of arrival is kept when its numbers run out", () => {
  const relation = new Relation(1);
  const arrivals = new Arrivals();
  const order = new Order(relation, arrivals);
  order.keep();
  for (let i = 0; i < 5; i++) relation.insert1(i);
  relation.commit();
  relation.bump(2, -1);
  relation.commit();
  arrivals.now = LATEST - 2;
  relation.insert1(10);
  relation.insert1(11);
  const came = [0, 1, 3, 4, 10, 11].map((code) => order.since[relation.find1(code)]);
  expect(came).toEqual(came.toSorted((a, b) => a - b));
  expect(new Set(came).size).toBe(6);
  expect(arrivals.now).toBeLessThan(20);
});

test("a fact that is not there yet, because what derives it came in the same step, is in no doubt", () => {
  const order = new Order(new Relation(1), new Arrivals());
  order.keep();
  order.doubt(-1);
  expect(order.doubtfulLength).toBe(0);
});
