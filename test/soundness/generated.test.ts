/**
 * Random programs under many schedules: no output may differ where its label, before or after
 * coordination, says that it does not. DLC_SOUNDNESS is the number of programs, DLC_SEED the first seed.
 */
import { expect, test } from "vitest";
import { check } from "../support/check.ts";
import { broken, differs, runAll } from "../support/runs.ts";
import { generate } from "./generate.ts";

const programs = Number(process.env["DLC_SOUNDNESS"] ?? 120);
const first = Number(process.env["DLC_SEED"] ?? 1);
const seeds = Number(process.env["DLC_SCHEDULES"] ?? 2);

test(`${programs} generated programs keep their labels`, { timeout: 3_600_000 }, () => {
  const unsound: string[] = [];
  let valid = 0;
  let findings = 0;
  let shown = 0;
  for (let seed = first; seed < first + programs; seed++) {
    const { text, given } = generate(seed);
    let coordinated;
    try {
      coordinated = check(text);
    } catch (error) {
      // Cycles through negation cannot arise, so anything refused is a fault of the generator.
      unsound.push(`seed ${seed}: ${(error as Error).message}\n${text}`);
      continue;
    }
    valid++;
    const bare = check(text, "none");
    const bareRuns = runAll(bare.plan, given, { seeds });
    const runs = coordinated.inserted.length === 0 ? [] : runAll(coordinated.plan, given, { seeds });
    const problems = [...broken(bare.plan, bareRuns, bare.before).map((each) => `without coordination: ${each}`), ...broken(coordinated.plan, runs, coordinated.after)];
    for (const run of runs) if (run.result.awaited.length > 0) problems.push(`${run.schedule} ${run.seed}: still waits for ${JSON.stringify(run.result.awaited[0])}`);
    if (problems.length > 0) unsound.push(`seed ${seed}: ${problems[0]}\n${text}${JSON.stringify(given)}\n${coordinated.inserted.join("\n")}`);
    for (const { output, before } of bare.plan.outputs) {
      if (before.name === "Async" || before.name === "Seal") continue;
      findings++;
      const { betweenRuns, betweenReplicas } = differs(bareRuns, output);
      if (betweenRuns || betweenReplicas) shown++;
    }
    if (unsound.length >= 5) break;
  }
  console.log(`${valid} programs; of ${findings} outputs that are labelled worse than Async, ${shown} were seen to differ`);
  expect(unsound.join("\n\n")).toBe("");
  expect(shown).toBeGreaterThan(findings / 10);
});
