import { describe, expect, test } from "vitest";
import { canonicalText } from "../src/runtime/canonical.ts";
import { Engine } from "../src/runtime/engine/engine.ts";
import type { RoleProgram, Row, SealedMeta, ValueType } from "../src/runtime/program.ts";
import { type ScheduleName, schedules } from "../src/verify/schedule.ts";
import { contentsOf, type Simulation, type SimulatedInput, simulate } from "../src/verify/simulator.ts";
import { traceLine } from "../src/verify/trace.ts";
import { collection, handRole, rowsOf, sealedBy, target } from "./support/roles.ts";

const every = Object.keys(schedules) as ScheduleName[];

/** Producers P send to Counter C, which tells its host how many facts each key has: when it is closed, or whenever it changes. */
function counting(sealed: boolean, more: Partial<SealedMeta> = {}): RoleProgram[] {
  const put = collection(
    "channel",
    "put",
    { k: "string", n: "int" },
    sealed ? { sealed: sealedBy([0], ["P"], more) } : {},
  );
  return [
    handRole({
      role: "P",
      collections: [collection("input", "add", { k: "string", n: "int" }, sealed ? { sealed: sealedBy([0]) } : {})],
      targets: [target("C", put)],
      travels: sealed ? [{ target: "C.put", parts: [{ source: "add", map: (key) => key }], deferred: false }] : [],
      rules: () => ({ step: (input) => ({ sends: [{ target: "C.put", to: null, rows: rowsOf(input, "add") }] }) }),
    }),
    handRole({
      role: "C",
      collections: [put, collection("output", "total", { k: "string", n: "int" })],
      rules: () => {
        const facts = new Map<string, Set<string>>();
        const told = new Set<string>();
        return {
          step: (input) => {
            for (const row of rowsOf(input, "put")) {
              const k = row[0] as string;
              facts.set(k, (facts.get(k) ?? new Set()).add(canonicalText(row)));
            }
            const ready = sealed
              ? input.closed
                  .flatMap(({ key }) => (key === null ? [...facts.keys()] : [key[0] as string]))
                  .filter((k) => facts.has(k) && !told.has(k))
              : rowsOf(input, "put").map(([k]) => k as string);
            for (const k of ready) told.add(k);
            return {
              outputs: [
                {
                  collection: "total",
                  retract: false,
                  rows: [...new Set(ready)].map((k): Row => [k, (facts.get(k) as Set<string>).size]),
                },
              ],
            };
          },
        };
      },
    }),
  ];
}

const clicks: SimulatedInput[] = Array.from({ length: 24 }, (_, i) => ({
  role: "P",
  node: i % 2,
  collection: "add",
  row: [["a", "b", "c"][i % 3], Math.floor(i / 2)],
}));

function run(programs: readonly RoleProgram[], schedule: ScheduleName, seed: number, more: Partial<Simulation> = {}) {
  return simulate({ programs, deployment: { counts: { P: 2, C: 3 } }, inputs: clicks, schedule, seed, ...more });
}

describe("a sealed count", () => {
  test("is the same at every replica under every schedule, with seals given early and at the end", () => {
    const inputs: SimulatedInput[] = [
      ...clicks,
      ...[0, 1].map((node): SimulatedInput => ({ role: "P", node, collection: "add", seal: ["b"] })),
    ];
    // 12 rows at each producer, 4 of each key; equal rows of both producers are one fact.
    const truth = new Map<string, Set<number>>();
    for (const input of clicks)
      if ("row" in input)
        truth.set(input.row[0] as string, (truth.get(input.row[0] as string) ?? new Set()).add(input.row[1] as number));
    const expected = ["a", "b", "c"].map((k) => [k, truth.get(k)?.size]);
    for (const schedule of every) {
      for (let seed = 0; seed < 8; seed++) {
        const result = run(counting(true), schedule, seed, { inputs });
        expect([...contentsOf(result, "C.total").values()], `${schedule} ${seed}`).toEqual([
          expected,
          expected,
          expected,
        ]);
        expect([result.faults, result.awaited]).toEqual([[], []]);
      }
    }
  });

  test("control: unsealed, replicas differ under some schedule, and schedules differ", () => {
    const seen = new Set<string>();
    let differ = false;
    for (const schedule of every) {
      const [first, ...others] = [...contentsOf(run(counting(false), schedule, 1), "C.total").values()].map((rows) =>
        JSON.stringify(rows),
      );
      differ ||= others.some((other) => other !== first);
      seen.add(first);
    }
    expect(differ).toBe(true);
    expect(seen.size).toBeGreaterThan(3);
  });

  test("a producer that does not seal holds up its own partitions only, and is named", () => {
    const inputs: SimulatedInput[] = [
      ...clicks.filter((input) => "row" in input && (input.node === 0 || input.row[0] !== "a")),
      { role: "P", node: 0, collection: "add", end: true },
      ...["b", "c"].map((k): SimulatedInput => ({ role: "P", node: 1, collection: "add", seal: [k] })),
    ];
    for (const schedule of every) {
      const result = run(counting(true), schedule, 3, { inputs, ends: "listed", interleave: false });
      for (const rows of contentsOf(result, "C.total").values()) expect(rows.map(([k]) => k)).toEqual(["b", "c"]);
      expect(result.awaited.filter(({ at }) => at === "C#1")).toEqual([
        { at: "C#1", collection: "put", key: ["a"], producers: ["P#1"], held: 4 },
      ]);
    }
  });
});

describe("schedules", () => {
  test("the same seed is the same run, event by event; another seed is another", () => {
    for (const schedule of every) {
      expect(run(counting(true), schedule, 5).trace).toEqual(run(counting(true), schedule, 5).trace);
    }
    expect(run(counting(true), "random", 5).trace).not.toEqual(run(counting(true), "random", 6).trace);
  });

  test("batch takes as few steps as possible, single as many as there are events", () => {
    const batch = run(counting(false), "batch", 0);
    // Each producer all of its inputs at once, each counter all of its messages.
    expect(batch.steps).toBe(5);
    const single = run(counting(false), "single", 0);
    expect(single.steps).toBe(5 + 24 + 3 * 24);
    const totals = contentsOf(single, "C.total").get("C#0") as readonly Row[];
    expect(totals.filter(([k]) => k === "a").length).toBeGreaterThan(1);
  });

  test("duplicates come again, and change nothing", () => {
    const result = run(counting(false), "duplicates", 2);
    const received = result.trace
      .map(traceLine)
      .filter((line) => line.includes(" receives "))
      .map((line) => line.split(":")[0]);
    expect(received.length).toBeGreaterThan(new Set(received).size);
    expect(result.faults).toEqual([]);
  });

  test("loss takes rows from lossy channels only", () => {
    const beat = (lossy: boolean) => collection("channel", "beat", { n: "int" }, { lossy });
    const programs = (lossy: boolean) => [
      handRole({
        role: "P",
        collections: [collection("input", "add", { n: "int" })],
        targets: [target("C", beat(lossy))],
        rules: () => ({ step: (input) => ({ sends: [{ target: "C.beat", to: null, rows: rowsOf(input, "add") }] }) }),
      }),
      handRole({
        role: "C",
        collections: [beat(lossy), collection("output", "seen", { n: "int" })],
        rules: () => ({
          step: (input) => ({ outputs: [{ collection: "seen", retract: false, rows: rowsOf(input, "beat") }] }),
        }),
      }),
    ];
    const inputs = Array.from({ length: 30 }, (_, n): SimulatedInput => ({
      role: "P",
      node: 0,
      collection: "add",
      row: [n],
    }));
    const seen = (lossy: boolean, schedule: ScheduleName) =>
      [
        ...contentsOf(
          simulate({ programs: programs(lossy), deployment: { counts: { P: 1, C: 3 } }, inputs, schedule, seed: 4 }),
          "C.seen",
        ).values(),
      ].map((rows) => rows.length);
    expect(seen(false, "loss")).toEqual([30, 30, 30]);
    expect(seen(true, "random")).toEqual([30, 30, 30]);
    const lost = seen(true, "loss");
    expect(Math.max(...lost)).toBeLessThan(30);
    expect(Math.min(...lost)).toBeGreaterThan(0);
  });

  test("a slow link or node delivers last", () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 12; seed++) {
      const { trace } = run(counting(false), "slowNode", seed);
      orders.add(
        trace
          .map(traceLine)
          .filter((line) => line.startsWith("C#") && line.includes("steps"))
          .slice(-6)
          .map((line) => line.slice(0, 3))
          .join(),
      );
    }
    expect(
      orders.has("C#0,C#0,C#0,C#0,C#0,C#0") ||
        orders.has("C#1,C#1,C#1,C#1,C#1,C#1") ||
        orders.has("C#2,C#2,C#2,C#2,C#2,C#2"),
    ).toBe(true);
  });

  test("streams are given one after the other, and only then may overtake each other", () => {
    const { trace } = run(counting(false), "streams", 0);
    const given = trace
      .map(traceLine)
      .filter((line) => line.includes(" input "))
      .map((line) => line.slice(0, 3));
    expect(given.join("")).toMatch(/^(P#0){12}(P#1){12}$|^(P#1){12}(P#0){12}$/);
  });

  test("inputs keep the host's order per collection, over collections unless they are interleaved", () => {
    const roles = [
      handRole({
        role: "P",
        collections: [collection("input", "x", { n: "int" }), collection("input", "y", { n: "int" })],
        rules: () => ({ step: () => ({}) }),
      }),
    ];
    const inputs = Array.from({ length: 20 }, (_, n): SimulatedInput => ({
      role: "P",
      node: 0,
      collection: n % 2 ? "x" : "y",
      row: [n],
    }));
    const numbers = (interleave: boolean, seed: number) =>
      simulate({ programs: roles, deployment: { counts: { P: 1 } }, inputs, schedule: "random", seed, interleave })
        .trace.map(traceLine)
        .flatMap((line) => /input [xy]\((\d+)\)/.exec(line)?.[1] ?? [])
        .map(Number);
    const straight = Array.from({ length: 20 }, (_, n) => n);
    expect(numbers(false, 1)).toEqual(straight);
    const mixed = numbers(true, 1);
    expect(mixed).not.toEqual(straight);
    expect(mixed.filter((n) => n % 2 === 0)).toEqual(straight.filter((n) => n % 2 === 0));
  });
});

describe("an ordered register", () => {
  /** `last(v) <+- put(v)`, through a log: the value is replaced at the start of the log's next step. */
  const register = (ordered: boolean): RoleProgram[] => {
    const put = collection("channel", "put", { v: "int" }, ordered ? { ordering: { log: "C.log", by: [] } } : {});
    return [
      handRole({
        role: "P",
        collections: [collection("input", "add", { v: "int" })],
        targets: [target("C", put)],
        rules: () => ({ step: (input) => ({ sends: [{ target: "C.put", to: null, rows: rowsOf(input, "add") }] }) }),
      }),
      handRole({
        role: "C",
        collections: [put, collection("output", "value", { v: "int" }, { retracts: true })],
        rules: () => {
          let value: number | null = null;
          let next: number | null = null;
          const clock = ordered ? "C.log" : null;
          return {
            step: (input) => {
              const before = value;
              if (input.clock === clock) {
                value = next ?? value;
                next = null;
              }
              for (const [v] of rowsOf(input, "put")) next = Math.min(next ?? Infinity, v as number);
              if (value === before) return {};
              const gone = before === null ? [] : [{ collection: "value", retract: true, rows: [[before]] }];
              return { outputs: [...gone, { collection: "value", retract: false, rows: [[value as number]] }] };
            },
            pending: () => (next !== null && next !== value ? [clock] : []),
          };
        },
      }),
    ];
  };
  const inputs = Array.from({ length: 12 }, (_, v): SimulatedInput => ({
    role: "P",
    node: v % 2,
    collection: "add",
    row: [v],
  }));
  const values = (ordered: boolean, schedule: ScheduleName, seed: number) => {
    const { outputs, awaited, faults } = simulate({
      programs: register(ordered),
      deployment: { counts: { P: 2, C: 3 } },
      inputs,
      schedule,
      seed,
    });
    expect([awaited, faults]).toEqual([[], []]);
    return outputs.map(({ ever, now }) => JSON.stringify([ever, now]));
  };

  test("takes the same values in the same order at all replicas in every run, ticks included", () => {
    const runs = new Set<string>();
    for (const schedule of every) {
      for (let seed = 0; seed < 6; seed++) {
        const replicas = values(true, schedule, seed);
        expect(new Set(replicas).size, `${schedule} ${seed}`).toBe(1);
        expect(JSON.parse(replicas[0])[1]).toHaveLength(1);
        runs.add(replicas[0]);
      }
    }
    // An order is a run's own: runs may differ.
    expect(runs.size).toBeGreaterThan(1);
  });

  test("control: without the log replicas end with different values", () => {
    const ends = Array.from({ length: 10 }, (_, seed) => new Set(values(false, "random", seed)).size);
    expect(Math.max(...ends)).toBeGreaterThan(1);
  });
});

describe("the end of a run", () => {
  const ticking = (rules: Parameters<typeof handRole>[0]["rules"]) => [
    handRole({
      role: "P",
      collections: [collection("timer", "tick", {}, { periodMs: 100 }), collection("output", "o", { n: "int" })],
      rules,
    }),
  ];
  const simulateTicks = (programs: RoleProgram[], schedule: ScheduleName) =>
    simulate({ programs, deployment: { counts: { P: 2 } }, inputs: [], schedule, seed: 1, maxActions: 5000 });

  test("comes when every timer has fired once more without changing anything", () => {
    for (const schedule of every) {
      const result = simulateTicks(
        ticking(() => {
          let count = 0;
          return {
            step: (input) => {
              count += rowsOf(input, "tick").length;
              const row: Row = [count];
              return {
                outputs:
                  rowsOf(input, "tick").length > 0 && count <= 6
                    ? [{ collection: "o", retract: false, rows: [row] }]
                    : [],
              };
            },
          };
        }),
        schedule,
      );
      for (const { ever } of result.outputs) expect(ever, schedule).toEqual([[1], [2], [3], [4], [5], [6]]);
    }
  });

  test("does not come while something goes on for ever: the run is given up, with its last events", () => {
    let n = 0;
    const forever = ticking(() => ({
      step: () => ({ outputs: [{ collection: "o", retract: false, rows: [[n++]] }] }),
      pending: () => [null],
    }));
    expect(() => simulateTicks(forever, "random")).toThrow(
      /does not come to rest: after 5000 actions under schedule random, seed 1[^]*delivers o\(\d+\)/,
    );
    const counter = ticking(() => ({
      step: (input) =>
        rowsOf(input, "tick").length > 0 ? { outputs: [{ collection: "o", retract: false, rows: [[n++]] }] } : {},
    }));
    expect(() => simulateTicks(counter, "batch")).toThrow(/200 firings of its timers/);
  });

  test("outputs that retract have what is true at the end beside what was ever true", () => {
    const programs = [
      handRole({
        role: "P",
        collections: [
          collection("input", "add", { n: "int" }),
          collection("output", "o", { n: "int" }, { retracts: true }),
        ],
        rules: () => {
          let before: readonly Row[] = [];
          return {
            step: (input) => {
              const rows = rowsOf(input, "add");
              if (rows.length === 0) return {};
              const gone = before;
              before = rows;
              return {
                outputs: [
                  { collection: "o", retract: true, rows: gone },
                  { collection: "o", retract: false, rows },
                ],
              };
            },
          };
        },
      }),
    ];
    const inputs = [3, 1, 2, 1].map((n): SimulatedInput => ({ role: "P", node: 0, collection: "add", row: [n] }));
    const { outputs } = simulate({ programs, deployment: { counts: { P: 1 } }, inputs, schedule: "single", seed: 1 });
    expect(outputs).toEqual([{ output: "P.o", address: "P#0", ever: [[1], [2], [3]], now: [[1]], deliveries: 4 }]);
  });
});

/** Producers P send to C, which merges what each key has into a lattice: a set, and the largest of all as an imported one. */
function merging(retracts: boolean): RoleProgram[] {
  const types = {
    k: "string",
    all: { lattice: "lset", args: ["int"] },
    most: { lattice: "Largest", args: [] },
  } as const satisfies Record<string, ValueType>;
  const put = collection("channel", "put", { k: "string", n: "int" });
  const output = collection("output", "merged", types, { retracts });
  const lattices = { Largest: { bottom: { n: 0 }, join: (a: { n: number }, b: { n: number }) => (a.n < b.n ? b : a) } };
  const receiver: RoleProgram = {
    ...handRole({ role: "C", collections: [put, output], rules: () => ({ step: () => ({}) }) }),
    lattices,
    createEvaluator: (env) => {
      const engine = new Engine(env);
      engine.importLattice("Largest", lattices.Largest);
      const columns = Object.values(types);
      const come = engine.event("put", ["string", "int"]);
      const all = engine.table("all", columns);
      const incoming = engine.passing(null, columns);
      const keys = engine.latticeTable({ name: "all", columns: [0], rules: ["all#1"] }, all, incoming, columns);
      const merged = engine.output("merged", columns, retracts);
      const [set, largest] = [engine.lattice(types.all), engine.lattice(types.most)];
      return engine.run(false, () => {
        for (let row = 0; row < come.size; row++) {
          const most = largest.encode({ n: engine.values.toNumber(come.c1[row]) });
          keys.offer(incoming.seek3(come.c0[row], set.lift(come.c1[row]), most), 0);
        }
        keys.settle();
        for (let n = 0; n < all.touched.length; n++) {
          const row = all.touched.at(n);
          if (all.change(row) !== 0) merged.bump(merged.seekRow(all, row), all.change(row));
        }
      });
    },
  };
  const sender = handRole({
    role: "P",
    collections: [collection("input", "add", { k: "string", n: "int" })],
    targets: [target("C", put)],
    rules: () => ({ step: (input) => ({ sends: [{ target: "C.put", to: null, rows: rowsOf(input, "add") }] }) }),
  });
  return [sender, receiver];
}

describe("an output with lattice columns", () => {
  test.each([false, true])(
    "contains of each key the join of what was delivered, under every schedule (retracts: %s)",
    (retracts) => {
      const expected = ["a", "b", "c"].map((k) => {
        const ns = clicks.flatMap((input) => ("row" in input && input.row[0] === k ? [input.row[1] as number] : []));
        return [k, [...new Set(ns)].sort((a, b) => a - b), { n: Math.max(...ns) }];
      });
      const deliveries = new Set<number>();
      for (const schedule of every) {
        for (let seed = 0; seed < 4; seed++) {
          const result = run(merging(retracts), schedule, seed);
          expect([...contentsOf(result, "C.merged").values()], `${schedule} ${seed}`).toEqual([
            expected,
            expected,
            expected,
          ]);
          for (const one of result.outputs) {
            expect(one.now).toEqual(expected);
            deliveries.add(one.deliveries);
          }
        }
      }
      // The schedules did show other values on the way.
      expect(deliveries.size).toBeGreaterThan(3);
    },
  );
});
