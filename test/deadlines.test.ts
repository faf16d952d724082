/** `sealed by (…) within 30s`: a partition that is not sealed in time fails loudly, and is never released in part. */
import { expect, test } from "vitest";
import { emit } from "../src/compiler/5-emit/emit.ts";
import { Instance } from "../src/runtime/instance.ts";
import type { Envelope } from "../src/runtime/messages.ts";
import { startNode } from "../src/runtime/node.ts";
import type { Fault, Row } from "../src/runtime/program.ts";
import { loadRole } from "../src/verify/load.ts";
import { type SimulatedInput, simulate } from "../src/verify/simulator.ts";
import { check } from "./support/check.ts";
import { broken, differs, programsOf, runAll } from "./support/runs.ts";

const text = `role H x2 { input i(x: int, y: int) sealed by (x); R.c(x, y) <~ i(x, y); }
role R { channel c(x: int, y: int) sealed by (x) within 30s; table t(x: int, y: int); output n(x: int, k: int); output all(x: int, y: int);
  t(x, y) <= c(x, y); n(x, count()) <= t(x, _); all(x, y) <= t(x, y); }`;

const at = (node: number, what: { row: Row } | { seal: Row } | { end: true }): SimulatedInput => ({
  role: "H",
  node,
  collection: "i",
  ...what,
});

test("whether a deadline is met differs from run to run, and the label says so", () => {
  const c = check(text);
  expect(c.after("R.n")).toBe("Run");
  expect(c.plan.outputs.find(({ output }) => output === "R.n")?.achieved).toBe(false);
  expect(check(text.replace("role R {", "role R replicated {")).after("R.n")).toBe("Diverge");
  // What waits for no seal goes on, in every run alike.
  expect([c.before("R.all"), c.after("R.all"), c.label("R.c")]).toEqual(["Async", "Async", "Async"]);
  expect(c.plan.outputs.find(({ output }) => output === "R.all")?.achieved).toBe(true);
});

test("a partition that its producer gives up is sealed for nobody, so that its receivers agree", () => {
  const made = (
    role: string,
  ): string => `role H x2 { input i(x: int, y: int) sealed by (x) within 1s; R.c(x, y) <~ i(x, y); }
role R ${role} { channel c(x: int, y: int); table t(x: int, y: int); output n(x: int, k: int) agreed; t(x, y) <= c(x, y); n(x, count()) <= t(x, _); }`;
  for (const role of ["", "replicated"]) {
    const c = check(made(role));
    expect([c.inserted, c.after("R.n"), c.plan.outputs[0].achieved]).toEqual([
      "replicated" === role ? ["seal R.c by x for n#1"] : [],
      "Run",
      true,
    ]);
  }
  const { plan, after } = check(made("replicated"));
  const runs = runAll(
    plan,
    [
      ["H.i", 1, 1],
      ["H#1.i", 1, 2],
      ["H.i", 2, 1],
    ],
    { seeds: 12, schedules: ["random"] },
  );
  expect(broken(plan, runs, after)).toEqual([]);
  expect(differs(runs, "R.n")).toEqual({ betweenRuns: true, betweenReplicas: false });
});

test("under any schedule a partition is counted whole or not at all", () => {
  const programs = programsOf(check(text).plan);
  const inputs = [
    at(0, { row: [1, 1] }),
    at(1, { row: [1, 2] }),
    at(0, { row: [2, 1] }),
    at(0, { seal: [1] }),
    at(1, { seal: [1] }),
    at(0, { seal: [2] }),
    at(0, { end: true }),
  ];
  let failed = 0;
  let counted = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const { outputs, faults } = simulate({
      programs,
      deployment: { counts: { H: 2, R: 1 } },
      inputs,
      schedule: "random",
      seed,
      ends: "listed",
    });
    const n = outputs.find(({ output }) => output === "R.n")!.ever;
    const given = faults.map(({ code, message }) => `${code} ${message}`);
    for (const fault of given)
      expect(fault).toMatch(
        /^DLC913 R#0 gives up the partition \[[12]\] of R.c, of which \d rows? ha(s|ve) come: it was not sealed within 30000 ms by H#/,
      );
    const isGivenUp = given.some((each) => each.includes("partition [1]"));
    expect(n).toEqual(isGivenUp ? [] : [[1, 2]]);
    if (isGivenUp) failed++;
    else counted++;
    // What waits for no seal goes on.
    expect(outputs.find(({ output }) => output === "R.all")!.ever).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
    ]);
  }
  expect(failed).toBeGreaterThan(0);
  expect(counted).toBeGreaterThan(0);
});

function receiver(): {
  instance: Instance;
  deliver: (from: number, ...parts: Envelope["parts"]) => readonly Fault[];
  counts: () => readonly Row[];
} {
  const { value: files } = emit(check(text).plan);
  const instance = new Instance(loadRole(files!, "R"), { counts: { H: 2, R: 1 } }, 0, 1);
  const seqs = [0, 0];
  const deliver = (from: number, ...parts: Envelope["parts"]): readonly Fault[] => {
    const faults = instance.receive({ from: `H#${from}`, to: "R#0", epoch: 1, seq: ++seqs[from], parts });
    while (instance.wantsStep()) instance.step();
    return faults;
  };
  return { instance, deliver, counts: () => instance.read("n") };
}

const rows = (...all: Row[]): Envelope["parts"][number] => ({ kind: "rows", target: "R.c", rows: all });
const seal = (key: Row | null, count: number): Envelope["parts"][number] => ({
  kind: "seal",
  target: "R.c",
  key,
  count,
});

test("what has failed stays so, whatever comes later; the rest closes as ever", () => {
  const { instance, deliver, counts } = receiver();
  deliver(0, rows([1, 1], [2, 1]), seal([1], 1));
  const running = instance.deadlines();
  expect(running.map(({ collection, part, ms }) => [collection, part, ms])).toEqual([
    ["c", 1, 30_000],
    ["c", 2, 30_000],
  ]);
  expect(instance.deadlines()).toEqual([]);
  expect(instance.expire(running[0])?.message).toContain("not sealed within 30000 ms by H#1");
  expect(instance.expire(running[0])).toBe(null);
  expect(deliver(1, seal([1], 0))).toEqual([]);
  deliver(0, seal([2], 1));
  deliver(1, seal([2], 0));
  expect(counts()).toEqual([[2, 1]]);
  expect(instance.expire(running[1])).toBe(null);
  deliver(0, seal(null, 2));
  deliver(1, rows([3, 1]), seal(null, 1));
  expect(counts()).toEqual([
    [2, 1],
    [3, 1],
  ]);
  expect(instance.awaited()).toEqual([]);
});

test("a partition that somebody gave up closes nowhere behind it", () => {
  const hops =
    check(`role H { input i(x: int, y: int) sealed by (x) within 1s; M.m(x, y) <~ i(x, y); } role M { channel m(x: int, y: int); R.c(x, count()) <~ m(x, _); }
role R { channel c(x: int, n: int); table t(x: int, n: int); output total(x: int, k: int); t(x, n) <= c(x, n); total(x, sum(n)) <= t(x, n); }`);
  const programs = programsOf(hops.plan);
  let failed = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const { outputs, faults } = simulate({
      programs,
      deployment: { counts: { H: 1, M: 1, R: 1 } },
      inputs: [
        [1, 1],
        [1, 2],
        [2, 1],
      ].map((row) => at(0, { row })),
      schedule: "random",
      seed,
    });
    const sums = outputs.find(({ output }) => output === "R.total")!.ever;
    const given = (x: number): boolean => faults.some(({ message }) => message.includes(`partition [${x}]`));
    expect(sums).toEqual(
      [
        [1, 2],
        [2, 1],
      ].filter(([x]) => !given(x)),
    );
    if (given(1) || given(2)) failed++;
  }
  expect(failed).toBeGreaterThan(0);
});

test("a node's clock runs it", async () => {
  const { value: files } = emit(
    check(
      "role R { input i(x: int, y: int) sealed by (x) within 20ms; table t(x: int, y: int); output n(x: int, k: int); t(x, y) <= i(x, y); n(x, count()) <= t(x, _); }",
    ).plan,
  );
  const node = await startNode(loadRole(files!, "R"), { log: () => {} });
  try {
    const fault = new Promise<Fault>((resolve) => node.on("fault", resolve));
    const counted: unknown[] = [];
    node.on("n", (row) => counted.push(row));
    node.input("i", [1, 1]);
    expect((await fault).code).toBe("DLC913");
    node.seal("i", [1]);
    node.end();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(counted).toEqual([]);
  } finally {
    await node.stop(0);
  }
});
