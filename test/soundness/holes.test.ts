import { describe, expect, test } from "vitest";
import { check } from "../support/check.ts";
import { schedules } from "../../src/verify/schedule.ts";
import { simulate } from "../../src/verify/simulator.ts";
import { differs, examine, inputsOf, programsOf, runAll } from "../support/runs.ts";
import { holes, receipted } from "./holes.ts";

describe("under every schedule", () => {
  for (const { name, text, given, control, always, options, faults } of holes) {
    test(name, () => {
      const { coordinated, bare, problems } = examine(text, given, options);
      expect(problems.slice(0, 3)).toEqual([]);
      for (const [output, expected] of Object.entries(always ?? {})) {
        for (const run of coordinated)
          for (const [at, contents] of run.contents.get(output)!)
            expect(`${run.schedule} ${run.seed} ${at}: ${contents}`).toBe(
              `${run.schedule} ${run.seed} ${at}: ${expected}`,
            );
      }
      if (!faults)
        for (const run of coordinated)
          expect(run.result.faults.filter(({ code }) => code !== "DLC924").slice(0, 2)).toEqual([]);
      if (control === null) return;
      const { betweenRuns, betweenReplicas } = differs(bare, control);
      expect(betweenRuns || betweenReplicas, "the control shows nothing").toBe(true);
    });
  }
});

test("a receipt for one message is none for another of the same id: that is forgotten before it comes", () => {
  const given = ["a", "b", "c"].map((text) => ["S.send", "R#0", 1, text] as const);
  const runs = (receipt: "text" | "none") =>
    runAll(check(receipted(receipt), "none").plan, given, { seeds: 10, schedules: ["loss"] });
  expect(differs(runs("none"), "R.out").betweenRuns).toBe(true);
  expect(differs(runs("text"), "R.out").betweenRuns).toBe(false);
});

test("a receipt that is lost is sent again when its message comes again, also where nothing else happens in between", () => {
  const programs = programsOf(check(receipted()).plan);
  const inputs = inputsOf([
    ["S.send", "R#0", 1, "a"],
    ["S.send", "R#0", 2, "b"],
  ]);
  for (let seed = 1; seed <= 20; seed++) {
    const schedule = { ...schedules.single, loss: 0.5 };
    const { outputs } = simulate({ programs, deployment: { counts: { S: 1, R: 1 } }, inputs, schedule, seed });
    expect(outputs.find(({ output }) => output === "S.done")!.ever).toHaveLength(2);
  }
});

test("the one instance that passes a partition on seals it also where nothing of it came, or came through", () => {
  const text = `role H x2 { input i(k: int, x: int) sealed by (k) single; input q(k: int); M.m(k, x) <~ i(k, x); R.q(k) <~ q(k); } role M partitioned by (k) x2 { channel m(k: int, x: int); R.c(k, x) <~ m(k, x), x > 5; }
role R { channel c(k: int, x: int); channel q(k: int); table t(k: int); t(k) <= c(k, _); output o(k: int); o(k) <= q(k), not t(k); }`;
  const inputs = inputsOf([
    ["H.i", 1, 1],
    ["H#1.i", 2, 9],
    ["H.q", 1],
    ["H.q", 2],
    ["H.q", 3],
    ["seal H.i", 1],
    ["seal H#1.i", 2],
    ["seal H.i", 3],
  ]);
  for (const seed of [1, 2, 3]) {
    // No input ends, as in a deployment that goes on.
    const { outputs, awaited } = simulate({
      programs: programsOf(check(text).plan),
      deployment: { counts: { H: 2, M: 2, R: 1 } },
      inputs,
      schedule: "random",
      seed,
      ends: "listed",
    });
    expect(outputs[0].ever).toEqual([[1], [3]]);
    expect(awaited).toEqual([]);
  }
});

test("what is sent for as long as it waits is sent once", () => {
  const both = receipted().replace("R.m@a(self, i, t) <~", "R.m@a(self, i, t) <~ buf(a, i, t); R.m@a(self, i, t) <~");
  const runs = runAll(check(both, "none").plan, [["S.send", "R#0", 1, "a"]], { seeds: 10, schedules: ["loss"] });
  expect(differs(runs, "R.out").betweenRuns).toBe(true);
});
