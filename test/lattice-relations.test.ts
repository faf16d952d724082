/** Relations with lattice columns, step by step against maps of sets and numbers. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Engine } from "../src/runtime/engine/engine.ts";
import type { Relation } from "../src/runtime/engine/relation.ts";
import type { Evaluator, Fault, Row, Value, ValueType } from "../src/runtime/program.ts";

const set = { lattice: "lset", args: ["int"] } as const;
const max = { lattice: "lmax", args: ["int"] } as const;
/** The key stands between two lattices. */
const types: readonly ValueType[] = [set, "string", max];
const spec = (name: string) => ({ name, columns: [1], rules: ["first", "second", "third", "fourth"] });

/** A value: elements, and a number. */
interface Held {
  readonly elements: readonly number[];
  readonly most: number;
}
type Fact = Held & { readonly key: string };

const fact: fc.Arbitrary<Fact> = fc.record({
  key: fc.constantFrom("a", "b"),
  elements: fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }).map((all) => all.toSorted()),
  most: fc.integer({ min: 0, max: 3 }),
});
const facts = (maxLength = 3) => fc.array(fact, { maxLength });

const join = (a: Held, b: Held): Held => ({
  elements: [...new Set([...a.elements, ...b.elements])].sort(),
  most: Math.max(a.most, b.most),
});
const same = (a: Held | undefined, b: Held | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);
const isBelow = (a: Held, b: Held | undefined): boolean => b !== undefined && same(join(a, b), b);
const held = ({ elements, most }: Fact): Held => ({ elements, most });
const rowOf = ({ key, elements, most }: Fact): Row => [elements, key, most];
const rowsOf = (state: ReadonlyMap<string, Held>): readonly Row[] =>
  [...state].map(([key, value]) => rowOf({ key, ...value }));

function joined(all: readonly Fact[], from: ReadonlyMap<string, Held> = new Map()): Map<string, Held> {
  const state = new Map(from);
  for (const one of all) {
    const known = state.get(one.key);
    state.set(one.key, known === undefined ? held(one) : join(known, held(one)));
  }
  return state;
}

/** Sorted by key, whatever the order of rows is. */
const byKey = (rows: readonly Row[]): readonly Row[] =>
  rows.toSorted((a, b) => ((a[1] as string) < (b[1] as string) ? -1 : 1));

function engineWith(report: (fault: Fault) => void = () => {}): Engine {
  return new Engine({ self: "R#0", nodes: () => [], isClosed: () => false, report });
}

function freshSince({ fresh }: Relation, before: number): readonly number[] {
  return Array.from({ length: fresh.length - before }, (_, n) => fresh.at(before + n));
}

function seek(engine: Engine, relation: Relation, one: Fact): number {
  rowOf(one).forEach((value, i) => (relation.key[i] = engine.values.encode(types[i], value)));
  return relation.seekKey();
}

const step = (evaluator: Evaluator, events: Readonly<Record<string, readonly Row[]>> = {}) =>
  evaluator.step({
    clock: null,
    events: Object.entries(events).map(([collection, rows]) => ({ collection, rows })),
    closed: [],
  });

describe("a table with lattice columns", () => {
  /** `put` merges in the step itself, `next`, `gone` and `anew` from the next one on. */
  function tableEngine() {
    const engine = engineWith();
    const events = Object.fromEntries(["put", "next", "gone", "anew"].map((name) => [name, engine.event(name, types)]));
    const t = engine.table("t", types);
    const incoming = engine.passing(null, types);
    const keys = engine.latticeTable(spec("t"), t, incoming, types);
    const later = (["next", "gone", "anew"] as const).map((name) => ({
      from: events[name],
      to: engine.deferred(null, types),
    }));
    const ops = ["<+", "<-", "<+-"] as const;
    engine.deferInto(
      t,
      keys,
      later.map(({ to }, i) => ({ op: ops[i], relation: to, log: null, rule: i + 1 })),
    );
    let rounds: () => void = () => {};
    const evaluator = engine.run(false, () => {
      for (let row = 0; row < events["put"].size; row++) keys.offer(incoming.seekRow(events["put"], row), 0);
      for (const { from, to } of later) for (let row = 0; row < from.size; row++) to.land(to.seekRow(from, row));
      keys.settle();
      rounds();
    });
    return { engine, evaluator, t, keys, incoming, onRounds: (run: () => void) => (rounds = run) };
  }

  const offered = fc.record({ put: facts(), next: facts(2), gone: facts(2), anew: facts(1), later: facts(2) });

  test("holds the join of what came, whatever is deleted and replaced", () => {
    fc.assert(
      fc.property(fc.array(offered, { maxLength: 12 }), fc.boolean(), (steps, deletesWhatIsThere) => {
        const { engine, evaluator, t, keys, incoming, onRounds } = tableEngine();
        let state = new Map<string, Held>();
        let due: { next: readonly Fact[]; gone: readonly Fact[]; anew: readonly Fact[] } = {
          next: [],
          gone: [],
          anew: [],
        };
        for (const { put, next, gone, anew, later } of steps) {
          const begun = state;
          const base = new Map(begun);
          for (const one of due.gone) if (same(begun.get(one.key), held(one))) base.delete(one.key);
          for (const one of due.anew) base.delete(one.key);
          const isPending = [...due.next, ...due.anew].length > 0 || base.size < begun.size;
          const deferred = joined([...due.next, ...due.anew], base);
          if (isPending) expect(evaluator.pending().length > 0).toBe(!sameState(deferred, begun));
          else expect(evaluator.pending()).toEqual([]);
          state = joined([...put, ...later], deferred);
          // Often what is to be deleted is what will be there.
          const delayed = deletesWhatIsThere
            ? gone.map((one) => ({ key: one.key, ...(state.get(one.key) ?? held(one)) }))
            : gone;
          due = { next, gone: delayed, anew };
          onRounds(() => {
            // What comes in a later round of the same step is joined to what came before.
            const before = t.fresh.length;
            for (const one of later) keys.offer(seek(engine, incoming, one), 0);
            keys.settle();
            const fresh = freshSince(t, before).filter((row) => t.count[row] > 0);
            const grown = later.filter(({ key }) => !same(state.get(key), joined(put, deferred).get(key)));
            expect(new Set(fresh.map((row) => engine.values.toText(t.columns[1][row])))).toEqual(
              new Set(grown.map(({ key }) => key)),
            );
            for (const key of ["a", "b"]) {
              const row = keys.before(engine.values.string(key));
              expect(
                row < 0 ? undefined : types.map((type, i) => engine.values.decode(type, t.columns[i][row])),
              ).toEqual(begun.has(key) ? rowOf({ key, ...begun.get(key)! }) : undefined);
            }
            expect(keys.shrank()).toBe([...begun].some(([key, value]) => !isBelow(value, state.get(key))));
          });
          step(evaluator, {
            put: put.map(rowOf),
            next: next.map(rowOf),
            gone: delayed.map(rowOf),
            anew: anew.map(rowOf),
          });
          expect(byKey(evaluator.read("t"))).toEqual(byKey(rowsOf(state)));
        }
      }),
      { numRuns: 300, seed: 15 },
    );
  });

  const sameState = (a: ReadonlyMap<string, Held>, b: ReadonlyMap<string, Held>): boolean =>
    a.size === b.size && [...a].every(([key, value]) => same(value, b.get(key)));

  test("says of which rule a value is that does not merge, and keeps what it has", () => {
    const faults: Fault[] = [];
    const engine = engineWith((fault) => faults.push(fault));
    engine.importLattice("Odd", {
      bottom: 0,
      join: (a: number, b: number) => {
        if (b === 7 || a === 7) throw new Error("seven");
        return Math.max(a, b);
      },
    });
    const odd: readonly ValueType[] = ["string", { lattice: "Odd", args: [] }];
    const put = engine.event("put", odd);
    const t = engine.table("t", odd);
    const incoming = engine.passing(null, odd);
    const keys = engine.latticeTable({ name: "t", columns: [0], rules: ["t#1 (a.dlc:3)"] }, t, incoming, odd);
    const evaluator = engine.run(false, () => {
      for (let row = 0; row < put.size; row++) keys.offer(incoming.seekRow(put, row), 0);
      keys.settle();
    });
    step(evaluator, { put: [["a", 3]] });
    step(evaluator, {
      put: [
        ["a", 7],
        ["a", 5],
      ],
    });
    expect(evaluator.read("t")).toEqual([["a", 5]]);
    expect(faults).toEqual([
      {
        code: "DLC925",
        message: expect.stringContaining('a value of t stays as it was: the join of Odd threw "seven" for'),
        rule: "t#1 (a.dlc:3)",
      },
    ]);
  });
});

describe("a view with lattice columns", () => {
  function viewEngine(lasting: "view" | "landing" | "passing") {
    const engine = engineWith();
    const all = engine[lasting](null, types);
    const v = engine[lasting]("v", types);
    const joining = engine.joining(spec("v"), all, v, types);
    let derive: () => void = () => {};
    const evaluator = engine.run(false, () => derive());
    return {
      engine,
      all,
      v,
      joining,
      evaluator,
      step: (run: () => void) => {
        derive = run;
        return step(evaluator);
      },
    };
  }

  const changes = fc.array(fc.record({ come: facts(4), go: fc.array(fc.nat(), { maxLength: 3 }), land: facts(2) }), {
    maxLength: 12,
  });

  test.each(["view", "landing"] as const)("holds the join of what is derived, also of what is left (%s)", (lasting) => {
    fc.assert(
      fc.property(changes, (steps) => {
        const { engine, all, joining, evaluator, step: take } = viewEngine(lasting);
        const derived: Fact[] = [];
        let begun = new Map<string, Held>();
        for (const { come, go, land } of steps) {
          const lands = lasting === "landing" ? land : [];
          take(() => {
            for (const at of go) {
              if (derived.length === 0) break;
              all.bump(seek(engine, all, derived.splice(at % derived.length, 1)[0]), -1);
            }
            for (const one of come) all.bump(seek(engine, all, one), 1);
            for (const one of lands) all.land(seek(engine, all, one));
            derived.push(...come);
            joining.run();
            const now = joined([...derived, ...lands]);
            for (const key of ["a", "b"]) expect(joining.before(engine.values.string(key)) >= 0).toBe(begun.has(key));
            expect(joining.shrank()).toBe([...begun].some(([key, value]) => !isBelow(value, now.get(key))));
            begun = now;
          });
          expect(byKey(evaluator.read("v"))).toEqual(byKey(rowsOf(begun)));
        }
      }),
      { numRuns: 300, seed: 15 },
    );
  });

  const rounds = fc.array(fc.record({ isAnew: fc.boolean(), rounds: fc.array(facts(3), { maxLength: 4 }) }), {
    maxLength: 8,
  });

  test("is brought up to date in each round of a recursion, and derived anew", () => {
    fc.assert(
      fc.property(rounds, (steps) => {
        const { engine, all, v, joining, evaluator, step: take } = viewEngine("view");
        const derived: Fact[] = [];
        for (const one of steps) {
          take(() => {
            if (one.isAnew) {
              all.retractAll();
              v.retractAll();
              derived.length = 0;
            }
            for (const come of one.rounds) {
              for (const each of come) all.keep(seek(engine, all, each));
              const [before, old] = [v.fresh.length, joined(derived)];
              derived.push(...come);
              joining.run();
              const now = joined(derived);
              const fresh = freshSince(v, before).filter((row) => v.count[row] > 0);
              const grown = [...now].flatMap(([key, value]) => (same(value, old.get(key)) ? [] : [key]));
              expect(fresh.map((row) => engine.values.toText(v.columns[1][row])).sort()).toEqual(grown.sort());
            }
            joining.run();
          });
          expect(byKey(evaluator.read("v"))).toEqual(byKey(rowsOf(joined(derived))));
        }
      }),
      { numRuns: 300, seed: 15 },
    );
  });

  test("of passing facts forgets them", () => {
    fc.assert(
      fc.property(fc.array(facts(5), { maxLength: 5 }), (steps) => {
        const { engine, all, v, joining, evaluator, step: take } = viewEngine("passing");
        for (const come of steps) {
          take(() => {
            for (const one of come) all.keep(seek(engine, all, one));
            joining.run();
            // One row for each key: rules over passing facts read all rows.
            expect(v.size).toBe(joined(come).size);
          });
          expect(byKey(evaluator.read("v"))).toEqual(byKey(rowsOf(joined(come))));
        }
      }),
    );
  });

  test("events are joined before a rule sees them", () => {
    const engine = engineWith();
    const v = engine.latticeEvent(spec("e"), types);
    const evaluator = engine.run(false, () => {});
    for (const come of [
      [
        { key: "a", elements: [1], most: 2 },
        { key: "a", elements: [2], most: 1 },
        { key: "b", elements: [], most: 0 },
      ],
      [],
    ] as const) {
      step(evaluator, { e: come.map(rowOf) });
      expect(v.size).toBe(come.length === 0 ? 0 : 2);
      expect(byKey(evaluator.read("e"))).toEqual(byKey(rowsOf(joined(come))));
    }
  });

  test("costs what changed when a source grows, and the whole group only when something is lost", () => {
    const { engine, all, joining, evaluator, step: take } = viewEngine("view");
    const lattice = engine.lattice(set);
    let joins = 0;
    const join = lattice.join.bind(lattice);
    lattice.join = (a, b) => {
      joins++;
      return join(a, b);
    };
    const many = 1000;
    const source = (n: number, extra: readonly number[]): Fact => ({ key: "a", elements: [n, ...extra], most: 0 });
    take(() => {
      for (let n = 0; n < many; n++) all.bump(seek(engine, all, source(n, [])), 1);
      joining.run();
    });
    const costOf = (run: () => void): number => {
      joins = 0;
      take(() => {
        run();
        joining.run();
      });
      return joins;
    };
    const grown = costOf(() => {
      all.bump(seek(engine, all, source(7, [])), -1);
      all.bump(seek(engine, all, source(7, [many])), 1);
    });
    expect(grown).toBeLessThan(20);
    const lost = costOf(() => all.bump(seek(engine, all, source(8, [])), -1));
    expect(lost).toBeGreaterThan(many - 10);
    const elements = (evaluator.read("v")[0] as readonly Value[])[0] as readonly Value[];
    expect([elements.length, elements.includes(8), elements.includes(many)]).toEqual([many, false, true]);
  });
});
