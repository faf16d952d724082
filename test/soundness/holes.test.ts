import { describe, expect, test } from "vitest";
import { differs, examine } from "../support/runs.ts";
import { holes } from "./holes.ts";

describe("under every schedule", () => {
  for (const { name, text, given, control, always, options, faults } of holes) {
    test(name, () => {
      const { coordinated, bare, problems } = examine(text, given, options);
      expect(problems.slice(0, 3)).toEqual([]);
      for (const [output, expected] of Object.entries(always ?? {})) {
        for (const run of coordinated) for (const [at, contents] of run.contents.get(output)!) expect(`${run.schedule} ${run.seed} ${at}: ${contents}`).toBe(`${run.schedule} ${run.seed} ${at}: ${expected}`);
      }
      if (!faults) for (const run of coordinated) expect(run.result.faults.filter(({ code }) => code !== "DLC924").slice(0, 2)).toEqual([]);
      if (control === null) return;
      const { betweenRuns, betweenReplicas } = differs(bare, control);
      expect(betweenRuns || betweenReplicas, "the control shows nothing").toBe(true);
    });
  }
});
