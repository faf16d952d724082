/** What breaks in simulated runs beside messages, and all schedules of small ones. */
import { describe, expect, test } from "vitest";
import { crash, restart, schedules } from "../src/verify/schedule.ts";
import { exhaust } from "../src/verify/exhaust.ts";
import { type Simulation, simulate } from "../src/verify/simulator.ts";
import type { SimulationResult } from "../src/verify/outcome.ts";
import { check } from "./support/check.ts";
import { type Given, inputsOf, programsOf } from "./support/runs.ts";

function simulation(
  text: string,
  given: Given,
  strategy: "auto" | "none" = "auto",
): Omit<Simulation, "schedule" | "seed"> {
  const programs = programsOf(check(text, strategy).plan);
  return {
    programs,
    deployment: { counts: Object.fromEntries(programs.map(({ meta }) => [meta.role, meta.count])) },
    inputs: inputsOf(given),
  };
}

const seeds = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

const textOf = (result: SimulationResult, output: string): string[] =>
  result.outputs.filter((each) => each.output === output).map(({ ever }) => JSON.stringify(ever));

/** Two hosts send to two replicas, which count per key when it is closed. */
const counting = (sealed: string): string => `role H x2 { input i(k: string, x: int) ${sealed}; R.c(k, x) <~ i(k, x); }
role R replicated x2 { channel c(k: string, x: int); table t(k: string, x: int); t(k, x) <= c(k, x); output n(k: string, n: int); n(k, count()) <= t(k, _); output all(k: string, x: int); all(k, x) <= t(k, x); }`;
const facts: Given = [
  ["H.i", "a", 1],
  ["H#1.i", "a", 2],
  ["H.i", "b", 3],
  ["H#1.i", "b", 4],
  ["H.i", "a", 5],
];

describe("a network that falls apart", () => {
  const runs = (): SimulationResult[] =>
    seeds(20).map((seed) => simulate({ ...simulation(counting("sealed by (k)"), facts), schedule: "partition", seed }));

  test("holds what is sent over the cut until it heals, and loses nothing", () => {
    const all = runs();
    expect(new Set(all.flatMap((each) => textOf(each, "R.n")))).toEqual(new Set(['[["a",3],["b",2]]']));
    let crossing = 0;
    for (const { trace } of all) {
      let apart: ReadonlySet<string> | null = null;
      for (const event of trace) {
        if (event.kind === "cut") apart = new Set(event.apart);
        else if (event.kind === "healed") apart = null;
        else if (event.kind === "receive" && apart !== null) {
          expect(apart.has(event.from)).toBe(apart.has(event.at));
          crossing++;
        }
      }
      expect(apart).toBeNull();
    }
    // Something did arrive while it was apart, on either side.
    expect(crossing).toBeGreaterThan(20);
  });

  test("separates instances from the sequencer too: replicas agree, later", () => {
    const all = seeds(20).map((seed) => simulate({ ...simulation(counting(""), facts), schedule: "partition", seed }));
    expect(all.some(({ trace }) => trace.some((event) => event.kind === "cut" && event.apart.includes("log")))).toBe(
      true,
    );
    for (const each of all) expect(new Set(textOf(each, "R.n")).size).toBe(1);
  });

  test("control: without coordination the two sides answer otherwise", () => {
    const all = seeds(20).map((seed) =>
      simulate({ ...simulation(counting(""), facts, "none"), schedule: "partition", seed }),
    );
    expect(all.some((each) => new Set(textOf(each, "R.n")).size > 1)).toBe(true);
  });
});

describe("an instance that dies", () => {
  test("leaves the others with a part of what they would have, and nothing else", () => {
    const sim = simulation(counting("sealed by (k)"), facts);
    const whole = new Map(
      simulate({ ...sim, schedule: "batch", seed: 1 }).outputs.map((each) => [
        each.output,
        new Set(each.ever.map((row) => JSON.stringify(row))),
      ]),
    );
    let less = 0;
    for (const seed of seeds(60)) {
      const result = simulate({ ...sim, schedule: crash, seed });
      expect(result.trace.filter(({ kind }) => kind === "crash").length).toBeLessThanOrEqual(1);
      for (const { output, ever } of result.outputs) {
        for (const row of ever) expect(whole.get(output)).toContain(JSON.stringify(row));
        if (ever.length < whole.get(output)!.size) less++;
      }
    }
    expect(less).toBeGreaterThan(10);
  });

  test("control: uncoordinated, what is left is not a part of it", () => {
    const sim = simulation(counting(""), facts, "none");
    const whole = new Set(
      simulate({ ...sim, schedule: "batch", seed: 1 }).outputs.flatMap((each) =>
        each.ever.map((row) => JSON.stringify(row)),
      ),
    );
    const left = seeds(60).flatMap((seed) =>
      simulate({ ...sim, schedule: crash, seed }).outputs.flatMap((each) =>
        each.ever.map((row) => JSON.stringify(row)),
      ),
    );
    expect(left.some((row) => !whole.has(row))).toBe(true);
  });

  test("does nothing more, and takes nothing", () => {
    for (const seed of seeds(30)) {
      const { trace } = simulate({ ...simulation(counting("sealed by (k)"), facts), schedule: crash, seed });
      const at = trace.findIndex(({ kind }) => kind === "crash");
      if (at >= 0) expect(trace.slice(at + 1).some((event) => event.at === trace[at].at)).toBe(false);
    }
  });
});

describe("an instance that starts again (A15)", () => {
  const pairs = `role H { input i(x: int); R.c(x) <~ i(x); } role R replicated x2 { channel c(x: int); table t(x: int); t(x) <= c(x); output pair(x: int, y: int); pair(x, y) <= t(x), t(y), x < y; }`;
  const given: Given = [
    ["H.i", 1],
    ["H.i", 2],
  ];

  test("has forgotten what it kept: a label says nothing of that, and the certificate that it does not", () => {
    const { plan, after } = check(pairs);
    expect(after("R.pair")).toBe("Async");
    expect(plan.outputs[0].assumptions).toContain("assumes: no restart of R");
    const results = seeds(80).map((seed) => simulate({ ...simulation(pairs, given), schedule: restart, seed }));
    expect(new Set(results.flatMap((each) => textOf(each, "R.pair")))).toEqual(new Set(["[]", "[[1,2]]"]));
    expect(results.some((each) => new Set(textOf(each, "R.pair")).size > 1)).toBe(true);
  });

  test("is where it was, if what it keeps is durable: then no restart is assumed away", () => {
    const durable = pairs.replace("table t(x: int);", "table t(x: int) durable;");
    expect(check(durable).plan.outputs[0].assumptions.filter((one) => one.includes("restart"))).toEqual([]);
    const results = seeds(80).map((seed) => simulate({ ...simulation(durable, given), schedule: restart, seed }));
    expect(results.some(({ trace }) => trace.some(({ kind, at }) => kind === "restart" && at.startsWith("R#")))).toBe(
      true,
    );
    // The sender of the messages is not durable: what it had sent may go down with it.
    const died = results.filter(
      ({ trace }) => !trace.some(({ kind, at }) => kind === "restart" && at.startsWith("H#")),
    );
    expect(new Set(died.flatMap((each) => textOf(each, "R.pair")))).toEqual(new Set(["[[1,2]]"]));
  });

  test("control: without it every run is the same", () => {
    for (const schedule of Object.values(schedules))
      for (const seed of seeds(5))
        expect(new Set(textOf(simulate({ ...simulation(pairs, given), schedule, seed }), "R.pair"))).toEqual(
          new Set(["[[1,2]]"]),
        );
  });

  test("comes back in every run in which it died", () => {
    for (const seed of seeds(30)) {
      const kinds = simulate({ ...simulation(pairs, given), schedule: restart, seed }).trace.map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === "restart").length).toBe(kinds.filter((kind) => kind === "crash").length);
    }
  });
});

describe("all schedules of a small run", () => {
  const all = (
    sim: Omit<Simulation, "schedule" | "seed">,
    most = 50_000,
  ): { results: SimulationResult[]; complete: boolean; runs: number } => {
    const results: SimulationResult[] = [];
    const each = exhaust(sim, most);
    for (let next = each.next(); ; next = each.next()) {
      if (next.done === true) return { results, ...next.value };
      results.push(next.value);
    }
  };

  /** Each batching of three messages in each order is another text. */
  const log = `role H { input i(x: int); R.c(x) <~ i(x); } role R { channel c(x: int); output o(x: int, n: int); o(x, count()) <= c(x), c(_); table t(x: int); t(x) <= c(x); output p(x: int, y: int); p(x, y) <= c(x), t(y), x != y; }`;

  test("are as many as there are orders and batches", () => {
    const { results, complete } = all(
      simulation(
        log,
        [
          ["H.i", 1],
          ["H.i", 2],
          ["H.i", 3],
        ],
        "none",
      ),
    );
    expect(complete).toBe(true);
    // What R took, step by step: an ordered partition of {1, 2, 3}, of which there are 13.
    const stories = results.map(({ trace }) =>
      trace
        .flatMap((event) =>
          event.kind === "step" && event.at === "R#0"
            ? [
                event.takes
                  .flatMap(({ rows }) => rows.map(([x]) => x))
                  .sort()
                  .join(""),
              ]
            : [],
        )
        .filter((took) => took !== "")
        .join(" "),
    );
    expect(new Set(stories).size).toBe(13);
  });

  test("find what random ones may miss, and show that there is nothing to find", () => {
    const sealed = all(
      simulation(counting("sealed by (k)"), [
        ["H.i", "a", 1],
        ["H#1.i", "a", 2],
      ]),
      3_000,
    );
    expect(new Set(sealed.results.flatMap((each) => textOf(each, "R.n")))).toEqual(new Set(['[["a",2]]']));
    const bare = all(
      simulation(
        counting(""),
        [
          ["H.i", "a", 1],
          ["H#1.i", "a", 2],
        ],
        "none",
      ),
      3_000,
    );
    expect(new Set(bare.results.flatMap((each) => textOf(each, "R.n")))).toEqual(
      new Set(['[["a",2]]', '[["a",1],["a",2]]']),
    );
  });

  test("say when they are not all", () => {
    expect(all(simulation(counting(""), facts, "none"), 50).complete).toBe(false);
  });
});
