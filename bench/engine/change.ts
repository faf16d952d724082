/** Steps with one change or a few against what is stored. */
import type { Case, CaseMaker } from "./case.ts";
import { Chains, drawing, Pairs, PriceHeap } from "./columns.ts";
import { evaluatorsOf, step } from "./emitted.ts";

const putsText = `role R {
  input put(key: string, value: int);
  table kv(key: string -> value: int);
  kv(k, v) <+- put(k, v);
}`;

function keyOf(i: number): string {
  return `key-${i}`;
}

/** Overwrites, `batch` different keys in a step. */
function puts(keys: number): Case {
  const create = evaluatorsOf(putsText);
  const batch = Math.min(keys, 100);
  const total = 200_000;
  const warm = 50_000;
  /** Texts as a network hands them over: new ones in every attempt, so that nobody has their hash yet. */
  const stepsOf = (seed: number, count: number): readonly (readonly (readonly [string, number])[])[] => {
    const draw = drawing(seed);
    return Array.from({ length: count / batch }, (_, n) => {
      const from = draw(keys);
      return Array.from({ length: batch }, (_, i): readonly [string, number] => [keyOf((from + i) % keys), n]);
    });
  };
  const filling = (): readonly (readonly [string, number])[] => Array.from({ length: keys }, (_, i) => [keyOf(i), -1]);
  const sum = (rows: Iterable<readonly [string, number]>): number => {
    let result = 0;
    for (const [, value] of rows) result += value;
    return result;
  };
  return {
    title: `overwriting puts, ${keys.toLocaleString("en-US")} keys`,
    aim: "> 300,000/s, flat",
    operations: { count: total, of: "a put" },
    repetitions: 5,
    emitted: () => {
      const evaluator = create();
      const put = (steps: ReturnType<typeof stepsOf>): void => {
        for (const rows of steps) step(evaluator, "put", rows);
        step(evaluator, "put", []);
      };
      put([filling()]);
      put(stepsOf(19, warm));
      const steps = stepsOf(17, total);
      return {
        run: () => put(steps),
        result: () => sum(evaluator.read("kv") as unknown as readonly (readonly [string, number])[]),
      };
    },
    byHand: () => {
      const kv = new Map(filling());
      const put = (steps: ReturnType<typeof stepsOf>): void => {
        for (const rows of steps) for (const [key, value] of rows) kv.set(key, value);
      };
      put(stepsOf(19, warm));
      const steps = stepsOf(17, total);
      return { run: () => put(steps), result: () => sum(kv) };
    },
  };
}

const changeText = `role R {
  input order(id: int, item: int);
  input cancel(id: int, item: int);
  input item(id: int, kind: int);
  table orders(id: int, item: int);
  table items(id: int, kind: int);
  scratch sold(kind: int, n: int);
  orders(o, i) <= order(o, i);
  orders(o, i) <- cancel(o, i);
  items(i, k) <= item(i, k);
  sold(k, count()) <= orders(_, i), items(i, k);
}`;

const ITEMS = 1000;
const KINDS = 20;

type Pair = readonly [number, number];

/** Made where it is needed: what a benchmark holds is marked by the collector again and again. */
function ordersOf(stored: number): Pair[] {
  const draw = drawing(31);
  return Array.from({ length: stored }, (_, i): Pair => [i, draw(ITEMS)]);
}

/** Changes: one row comes, then one of those that are there goes. */
function exchangesOf(
  stored: number,
  count: number,
): { readonly came: readonly Pair[]; readonly went: readonly Pair[] } {
  const draw = drawing(23);
  const there = ordersOf(stored);
  const came = Array.from({ length: count }, (_, i): Pair => [stored + i, draw(ITEMS)]);
  const went = came.map((order): Pair => {
    const place = draw(stored);
    const [id, item] = there[place];
    there[place] = order;
    // A new row, as one that is read from a message is.
    return [id, item];
  });
  return { came, went };
}

/** Orders against as many stored ones, through a join and a count: one comes, one goes. `warm` of them are not measured. */
function change(stored: number, warm: number, count: number, title: string): Case {
  const create = evaluatorsOf(changeText);
  const items = Array.from({ length: ITEMS }, (_, i): Pair => [i, i % KINDS]);
  const { came, went } = exchangesOf(stored, warm + count);
  return {
    title,
    aim: "< 5 µs, flat",
    operations: { count: count * 2, of: "a change" },
    repetitions: 5,
    emitted: () => {
      const evaluator = create();
      const exchange = (from: number, to: number): void => {
        for (let i = from; i < to; i++) {
          step(evaluator, "order", [came[i]]);
          step(evaluator, "cancel", [went[i]]);
        }
      };
      step(evaluator, "item", items);
      step(evaluator, "order", ordersOf(stored));
      exchange(0, warm);
      return {
        run: () => {
          exchange(warm, warm + count);
          step(evaluator, "order", []);
        },
        result: () => weigh(evaluator.read("sold") as unknown as readonly Pair[]),
      };
    },
    byHand: () => {
      const kinds = new Map<number, number[]>();
      for (const [item, kind] of items) kinds.set(item, [...(kinds.get(item) ?? []), kind]);
      const known = new Map<number, Set<number>>();
      const sold = new Map<number, number>();
      const apply = ([order, item]: Pair, sign: number): void => {
        let ordered = known.get(order);
        if (ordered === undefined) known.set(order, (ordered = new Set()));
        if (ordered.has(item) === sign > 0) return;
        if (sign > 0) ordered.add(item);
        else {
          ordered.delete(item);
          if (ordered.size === 0) known.delete(order);
        }
        for (const kind of kinds.get(item) ?? []) sold.set(kind, (sold.get(kind) ?? 0) + sign);
      };
      const exchange = (from: number, to: number): void => {
        for (let i = from; i < to; i++) {
          apply(came[i], 1);
          apply(went[i], -1);
        }
      };
      for (const order of ordersOf(stored)) apply(order, 1);
      exchange(0, warm);
      return { run: () => exchange(warm, warm + count), result: () => weigh([...sold]) };
    },
  };
}

/** A node that runs. */
function running(stored: number): Case {
  return change(
    stored,
    10_000,
    100_000,
    `one change against ${stored.toLocaleString("en-US")} rows, a join and a count`,
  );
}

/** What V8 has to learn anew: single changes after a step that was all loops. A process does so once. */
function first(stored: number): Case {
  const title = `each of the first 1,000 changes after ${stored.toLocaleString("en-US")} rows came in one step, in a new process`;
  return { ...change(stored, 0, 500, title), aim: "", repetitions: 0 };
}

function weigh(rows: readonly Pair[]): number {
  return rows.reduce((sum, [kind, n]) => sum + (kind + 1) * n, 0);
}

const leastText = `role R {
  input bid(id: int, price: int);
  input cancel(id: int, price: int);
  table bids(id: int, price: int);
  scratch least(price: int);
  bids(i, p) <= bid(i, p);
  bids(i, p) <- cancel(i, p);
  least(min(p)) <= bids(_, p);
}`;

/** Bids one by one, each below all others, against `stored` bids; a step later it is cancelled. By hand: a binary heap. */
function least(stored: number): Case {
  const create = evaluatorsOf(leastText);
  const bidsOf = (): readonly Pair[] => {
    const draw = drawing(29);
    return Array.from({ length: stored }, (_, i): Pair => [i, 1_000_000 + draw(100_000_000)]);
  };
  const warm = 10_000;
  const count = 100_000;
  const draw = drawing(37);
  const more = Array.from({ length: warm + count }, (_, i): Pair => [stored + i, draw(1_000_000)]);
  return {
    title: `one change against ${stored.toLocaleString("en-US")} rows, the least of which comes and goes`,
    aim: "< 5 µs, flat",
    operations: { count: count * 2, of: "a change" },
    repetitions: 5,
    emitted: () => {
      const evaluator = create();
      const comeAndGo = (from: number, to: number): void => {
        for (let i = from; i < to; i++) {
          step(evaluator, "bid", [more[i]]);
          step(evaluator, "cancel", [more[i]]);
          step(evaluator, "bid", []);
        }
      };
      step(evaluator, "bid", bidsOf());
      comeAndGo(0, warm);
      return { run: () => comeAndGo(warm, warm + count), result: () => evaluator.read("least")[0][0] as number };
    },
    byHand: () => {
      const heap = new PriceHeap();
      const known = new Map<number, number>();
      let leastNow = Infinity;
      const look = (): void => {
        while (known.get(heap.ids[0]) !== heap.prices[0]) heap.pop();
        leastNow = heap.prices[0];
      };
      const comeAndGo = (from: number, to: number): void => {
        for (let i = from; i < to; i++) {
          const [id, price] = more[i];
          known.set(id, price);
          heap.push(id, price);
          look();
          known.delete(id);
          look();
        }
      };
      for (const [id, price] of bidsOf()) {
        known.set(id, price);
        heap.push(id, price);
      }
      comeAndGo(0, warm);
      return { run: () => comeAndGo(warm, warm + count), result: () => leastNow };
    },
  };
}

/** `rules` rules over rows that do not change, beside one that a step is about. */
function idleText(rules: number): string {
  const idle = Array.from(
    { length: rules },
    (_, i) => `  scratch s${i}(n: int, c: int);\n  s${i}(n, count()) <= base(n, m), m > ${i};`,
  );
  return `role R {
  input tick(n: int);
  input load(n: int, m: int);
  table last(n: int);
  table base(n: int, m: int);
  base(n, m) <= load(n, m);
  last(n) <= tick(n);
${idle.join("\n")}
}`;
}

const nearIdleText = `role R {
  input tick(n: int);
  table last(n: int);
  last(n) <= tick(n);
}`;

/** A step that concerns one rule beside `rules` others; "by hand" is the program with that rule alone. */
function idle(rules: number): Case {
  const create = evaluatorsOf(idleText(rules));
  const alone = evaluatorsOf(nearIdleText);
  const count = 20_000;
  const attempt = (make: typeof create) => () => {
    const evaluator = make();
    step(evaluator, "tick", [[-1]]);
    return {
      run: () => {
        for (let i = 0; i < count; i++) step(evaluator, "tick", [[i]]);
      },
      result: () => evaluator.read("last").length,
    };
  };
  return {
    title: `a step that concerns one rule of ${(rules + 1).toLocaleString("en-US")}, over the same rule alone`,
    aim: "no cost per rule",
    operations: { count, of: "a step" },
    repetitions: 9,
    emitted: attempt(create),
    byHand: attempt(alone),
  };
}

export const changeCases: readonly CaseMaker[] = [
  ...[10, 1000, 100_000, 1_000_000].map((keys) => ({ name: `puts-${keys}`, make: () => puts(keys) })),
  ...[10_000, 100_000, 1_000_000].map((stored) => ({ name: `change-${stored}`, make: () => running(stored) })),
  ...[10_000, 1_000_000].map((stored) => ({ name: `least-${stored}`, make: () => least(stored) })),
  ...[10, 100, 1000].map((rules) => ({ name: `idle-${rules}`, make: () => idle(rules) })),
];

/** Each has to be measured in a process of its own, more than once. */
export const firstCases: readonly CaseMaker[] = [10_000, 1_000_000].map((stored) => ({
  name: `first-${stored}`,
  make: () => first(stored),
}));

/** A relation of a million pairs with one index: bytes for each, after garbage is collected. */
export function memory(): { readonly emitted: number; readonly byHand: number } {
  const tuples = 1_000_000;
  const create = evaluatorsOf(`role R {
    input edge(a: int, b: int);
    input ask(b: int);
    table e(a: int, b: int);
    scratch answer(a: int, b: int);
    e(a, b) <= edge(a, b);
    answer(a, b) <= ask(b), e(a, b);
  }`);
  const kept: unknown[] = [];
  const held = (make: () => unknown): number => {
    globalThis.gc?.();
    const before = process.memoryUsage();
    kept.push(make());
    // The second waits until the buffers that the first found dead are given back.
    globalThis.gc?.();
    globalThis.gc?.();
    const after = process.memoryUsage();
    return (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / tuples;
  };
  const emitted = held(() => {
    const evaluator = create();
    for (let from = 0; from < tuples; from += 1000) {
      step(
        evaluator,
        "edge",
        Array.from({ length: 1000 }, (_, i): readonly [number, number] => [from + i, (from + i) % 10_000]),
      );
    }
    step(evaluator, "ask", [[1]]);
    if (evaluator.read("answer").length !== 100) throw new Error("100 rows have 1");
    return evaluator;
  });
  const byHand = held(() => {
    const pairs = new Pairs();
    for (let i = 0; i < tuples; i++) pairs.add(i, i % 10_000);
    return [pairs, new Chains(pairs.b, pairs.size)];
  });
  if (kept.length !== 2) throw new Error("both are held");
  return { emitted, byHand };
}

/** Megabytes held after a million different texts have passed through a thousand keys, of which the last are kept. */
export function churn(): { readonly emitted: number; readonly byHand: number } {
  const create = evaluatorsOf(`role R {
    input put(k: int, v: string);
    table last(k: int -> v: string);
    last(k, v) <+- put(k, v);
  }`);
  const rowsFrom = (from: number): readonly (readonly [number, string])[] =>
    Array.from({ length: 1000 }, (_, i) => [i, `text ${from + i}`]);
  const grown = (pass: (rows: readonly (readonly [number, string])[]) => void): number => {
    pass(rowsFrom(0));
    globalThis.gc?.();
    const before = process.memoryUsage();
    for (let from = 1000; from <= 1_000_000; from += 1000) pass(rowsFrom(from));
    globalThis.gc?.();
    globalThis.gc?.();
    const after = process.memoryUsage();
    return (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / 1e6;
  };
  const evaluator = create();
  const emitted = grown((rows) => step(evaluator, "put", rows));
  step(evaluator, "put", []);
  const kept = new Map<number, string>();
  const byHand = grown((rows) => {
    for (const [k, v] of rows) kept.set(k, v);
  });
  if (evaluator.read("last").some(([k, v]) => kept.get(k as number) !== v)) throw new Error("the last texts are kept");
  return { emitted, byHand };
}
