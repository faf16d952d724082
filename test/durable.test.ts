/** What a process keeps is there after it died at any moment, and nothing twice; and what breaks if a guard is left out. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canonicalText } from "../src/runtime/canonical.ts";
import { simulate } from "../src/verify/simulator.ts";
import { check } from "./support/check.ts";
import { type Crashed, type Crashing, runCrashing } from "./support/crashing.ts";
import { type Given, inputsOf, programsOf } from "./support/runs.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "dlc-durable-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const seeds = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

function runOf(text: string, given: Given, functions: Record<string, unknown> = {}): Omit<Crashing, "seed" | "folder"> {
  const programs = programsOf(check(text).plan, functions as never);
  return {
    programs,
    deployment: { counts: Object.fromEntries(programs.map(({ meta }) => [meta.role, meta.count])) },
    inputs: inputsOf(given),
  };
}

function crashed(run: Omit<Crashing, "seed" | "folder">, seed: number): Crashed {
  const own = mkdtempSync(join(folder, "run-"));
  try {
    return runCrashing({ ...run, seed, folder: own });
  } finally {
    rmSync(own, { recursive: true });
  }
}

/** What each output holds where nobody dies. */
function whole(run: Omit<Crashing, "seed" | "folder">): Crashed["outputs"] {
  const { outputs } = simulate({ ...run, schedule: "batch", seed: 1 });
  return Object.fromEntries(
    outputs.map(({ output, address, ever }) => [
      `${address}.${output.split(".")[1]}`,
      ever.map((row) => canonicalText(row)).sort(),
    ]),
  );
}

/** Two hosts send to two replicas, which count per key when it is closed, and collect what passes through a log. */
const counting = `role H x2 { input i(k: string, x: int) sealed by (k); R.c(k, x) <~ i(k, x); }
role R replicated x2 { channel c(k: string, x: int); table t(k: string, x: int) durable; t(k, x) <= c(k, x); output n(k: string, n: int); n(k, count()) <= t(k, _); output all(k: string, x: int); all(k, x) <= t(k, x);
  S.sum(k, n) <~ nth(k, n); scratch nth(k: string, n: int); nth(k, count()) <= t(k, _); }
role S { channel sum(k: string, n: int); table sums(k: string, n: int) durable; sums <= sum; output total(k: string, n: int); total <= sums; }`;
const facts: Given = [
  ...["a", "b", "c"].flatMap((k) =>
    [1, 2, 3, 4].flatMap(
      (x) =>
        [
          [`H.i`, k, x],
          [`H#1.i`, k, x + 10],
        ] as [string, string, number][],
    ),
  ),
  ["seal H.i", "a"],
  ["seal H#1.i", "a"],
];

describe.each([
  ["with all that ever came in their journals", undefined],
  ["with a snapshot after every few entries", 800],
])("processes that die at any moment, %s,", (_, snapshotAfter) => {
  test("deliver what they deliver without that: sealed counts", () => {
    const run = runOf(counting, facts);
    const wanted = whole(run);
    expect(wanted["R#1.n"]).toHaveLength(3);
    let [crashes, torn, snapshots] = [0, 0, 0];
    for (const seed of seeds(25)) {
      const result = crashed({ ...run, snapshotAfter }, seed);
      expect(result.outputs, `seed ${seed}`).toEqual(wanted);
      crashes += result.crashes;
      torn += result.torn;
      snapshots += result.snapshots;
    }
    expect(crashes).toBeGreaterThan(80);
    if (snapshotAfter === undefined) expect(torn).toBeGreaterThan(5);
    else expect(snapshots).toBeGreaterThan(20);
  });

  test("agree, and lose nothing: a log, with its sequencer among those that die", () => {
    const text = `role C x2 { input put(k: string, v: int); S.write(k, v) <~ put(k, v); }
      role S replicated x3 { channel write(k: string, v: int); table kv(k: string -> v: int) durable; output now(k: string, v: int) agreed; kv(k, v) <+- write(k, v); now <= kv; }`;
    const given: Given = seeds(12).flatMap(
      (n) =>
        [
          [`C.put`, `own${n}`, n],
          [`C#1.put`, "shared", n],
        ] as [string, string, number][],
    );
    const run = runOf(text, given);
    for (const seed of seeds(15)) {
      const { outputs } = crashed({ ...run, snapshotAfter }, seed);
      expect(outputs["S#1.now"], `seed ${seed}`).toEqual(outputs["S#0.now"]);
      expect(outputs["S#2.now"]).toEqual(outputs["S#0.now"]);
      for (const n of seeds(12)) expect(outputs["S#0.now"]).toContain(canonicalText([`own${n}`, n]));
    }
  });

  test("agree, and lose nothing: logs that everybody reads by itself, by key and by epochs", () => {
    const keyed = `role C x2 { input put(k: string, v: int); S.write(k, v) <~ put(k, v); }
      role S replicated x3 { channel write(k: string, v: int); table kv(k: string -> v: int) durable; output now(k: string, v: int) agreed; kv(k, v) <+- write(k, v); now <= kv; }`;
    const epochs = `role C x2 { input bid(id: int); input ask(id: int); S.bid(i) <~ bid(i); S.ask(i) <~ ask(i); }
      role S replicated x3 { channel bid(id: int); channel ask(id: int); table t(bid: int, ask: int) durable; output match(bid: int, ask: int) agreed; @coordinate(barrier) t(b, a) <= bid(b), ask(a); match <= t; }`;
    const puts: Given = seeds(12).flatMap(
      (n) =>
        [
          [`C.put`, `own${n}`, n],
          [`C#1.put`, "shared", n],
        ] as [string, string, number][],
    );
    const bids: Given = seeds(8).flatMap(
      (n) =>
        [
          [`C.bid`, n],
          [`C#1.ask`, n],
        ] as [string, number][],
    );
    let marked = 0;
    for (const [text, given, output] of [
      [keyed, puts, "now"],
      [epochs, bids, "match"],
    ] as const) {
      const run = { ...runOf(text, given), asStreams: true, snapshotAfter };
      for (const seed of seeds(20)) {
        const { outputs } = crashed(run, seed);
        const [told] = [outputs[`S#0.${output}`] ?? []];
        expect(outputs[`S#1.${output}`] ?? [], `seed ${seed}`).toEqual(told);
        expect(outputs[`S#2.${output}`] ?? [], `seed ${seed}`).toEqual(told);
        if (output === "now") for (const n of seeds(12)) expect(told).toContain(canonicalText([`own${n}`, n]));
        else marked += told.length;
      }
    }
    expect(marked).toBeGreaterThan(100);
  });

  test("keep deferred facts, and messages to themselves", () => {
    const text = `role R { input i(x: int); channel c(x: int); table t(x: int) durable; R.c(x + 1) <~ i(x); R.c(x + 1) <~ c(x), x < 6;
      t(x) <+ c(x); output o(x: int); o <= t; }`;
    const run = runOf(text, [
      ["R.i", 1],
      ["R.i", 3],
    ]);
    for (const seed of seeds(30))
      expect(crashed({ ...run, snapshotAfter }, seed).outputs["R#0.o"], `seed ${seed}`).toEqual(whole(run)["R#0.o"]);
  });
});

describe("a component that says how what it keeps is saved and loaded", () => {
  type Persist = <S>(save: () => S, load: (state: S) => void) => void;
  type Pairs = (out: { b(row: object): void }, settled: unknown, persist: Persist) => object;
  const text = `source a(k: string, n: int);
    component C from "./c.ts" { in a(k: string, n: int); out b(k: string, m: int); path a -> b: CW; }
    connect a -> C.a;`;
  const given: Given = ["x", "y"].flatMap((k) => seeds(12).map((n) => ["a.a", k, n] as [string, string, number]));

  /** Answers with every pair of numbers of a key, whatever the order in which they come. */
  const pairs =
    (keeps: (seen: Map<string, number[]>, persist: Persist) => void): Pairs =>
    (out, _, persist) => {
      const seen = new Map<string, number[]>();
      keeps(seen, persist);
      return {
        a: ({ k, n }: { k: string; n: number }): void => {
          const numbers = [...(seen.get(k) ?? []), n];
          seen.set(k, numbers);
          for (const other of numbers) out.b({ k, m: Math.min(n, other) * 100 + Math.max(n, other) });
        },
      };
    };
  const load =
    (seen: Map<string, number[]>) =>
    (state: Map<string, number[]>): void => {
      for (const [k, numbers] of state) seen.set(k, numbers);
    };
  const ran = (createC: Pairs): { readonly wrong: number; readonly snapshots: number } => {
    const run = { ...runOf(text, given, { createC }), snapshotAfter: 500 };
    const wanted = whole(run)["C#0.b"];
    expect(wanted).toHaveLength(2 * 78);
    let [wrong, snapshots] = [0, 0];
    for (const seed of seeds(12)) {
      const result = crashed(run, seed);
      snapshots += result.snapshots;
      if (JSON.stringify(result.outputs["C#0.b"]) !== JSON.stringify(wanted)) wrong++;
    }
    return { wrong, snapshots };
  };

  test("comes back from a snapshot of its role, and without that from all that it was handed", () => {
    const saving = ran(pairs((seen, persist) => persist(() => seen, load(seen))));
    expect(saving.wrong).toBe(0);
    const silent = ran(pairs(() => {}));
    expect(silent.wrong).toBe(0);
    expect(saving.snapshots).toBeGreaterThan(silent.snapshots + 8);
  });
  test("control: one that loads nothing answers wrong", () => {
    expect(
      ran(
        pairs((seen, persist) =>
          persist(
            () => seen,
            () => {},
          ),
        ),
      ).wrong,
    ).toBeGreaterThan(2);
  });
  test("and does not take what it has saved, does not start", () => {
    const refuse = (): void => {
      throw new Error("of another version");
    };
    const failed = (): unknown => ran(pairs((seen, persist) => persist(() => seen, refuse)));
    expect(failed).toThrow(
      expect.objectContaining({ code: "DLC933", message: "C does not load what it has saved: of another version" }),
    );
  });
  test("and cannot, has it said once, and is handed everything again", () => {
    let asked = 0;
    const unsaved = ran(
      pairs((seen, persist) =>
        persist(
          (): unknown => (asked++, () => seen),
          () => {},
        ),
      ),
    );
    expect(unsaved.wrong).toBe(0);
    expect(asked).toBeGreaterThan(0);
  });
});

describe("controls: something is lost or told wrong, if a process", () => {
  const run = runOf(counting, facts);
  const wanted = whole(run);
  const wrong = (fault: NonNullable<Crashing["fault"]>): number =>
    seeds(12).filter((seed) => {
      try {
        return JSON.stringify(crashed({ ...run, fault }, seed).outputs) !== JSON.stringify(wanted);
      } catch (error) {
        // What was lost is waited for.
        if (String(error).includes("does not come to rest")) return true;
        throw error;
      }
    }).length;

  test("acknowledges before it has written", () => void expect(wrong("acknowledges first")).toBeGreaterThan(2));
  test("sends before it has written", () => void expect(wrong("sends first")).toBeGreaterThan(2));
  test("reads a log on where it was, and not where it had written", () => {
    const log = `role C x2 { input put(k: string, v: int); S.write(k, v) <~ put(k, v); }
      role S replicated x3 { channel write(k: string, v: int); table kv(k: string -> v: int) durable; output now(k: string, v: int) agreed; kv(k, v) <+- write(k, v); now <= kv; }`;
    const own = {
      ...runOf(
        log,
        seeds(12).map((n) => [`C.put`, `own${n}`, n] as [string, string, number]),
      ),
      asStreams: true,
    };
    const lost = (fault?: "reads on where it was"): number =>
      seeds(12).filter((seed) => {
        const { outputs } = crashed({ ...own, ...(fault && { fault }) }, seed);
        return [0, 1, 2].some((n) => outputs[`S#${n}.now`]?.length !== 12);
      }).length;
    expect(lost()).toBe(0);
    expect(lost("reads on where it was")).toBeGreaterThan(2);
  });
  test("numbers its messages anew after a restart", () => void expect(wrong("numbers anew")).toBeGreaterThan(2));
});
