/**
 * Whether the generated programs and the known holes would notice if a rule of the analysis were
 * wrong. DLC_MUTANTS is the number of programs tried for each broken rule.
 */
import { expect, test } from "vitest";
import type { Strategy } from "../../src/compiler/plan.ts";
import type { Checked } from "../support/check.ts";
import { check } from "../support/check.ts";
import { broken, runAll } from "../support/runs.ts";
import { examineGenerated } from "./examine.ts";
import { generateComponents } from "./components.ts";
import { generate } from "./generate.ts";
import { holes } from "./holes.ts";
import { mutants, mutate } from "./mutants.ts";

const programs = Number(process.env["DLC_MUTANTS"] ?? 300);
const only = process.env["DLC_MUTANT"];

test.each(
  mutants
    .filter(({ name }) => only === undefined || name.includes(only))
    .map((mutant) => [mutant.name, mutant] as const),
)("caught: %s", { timeout: 600_000 }, async (_, mutant) => {
  const checking = await mutate(mutant);
  const inHoles = holes.find(({ text, given, options }) => {
    if (same(text, checking, mutant.strategy)) return false;
    for (const strategy of ["none", mutant.strategy ?? "auto"] as const) {
      const { plan, before, after, inserted } = checking(text, strategy);
      if (strategy !== "none" && inserted.length === 0) continue;
      const runs = runAll(plan, given, options);
      if (
        broken(plan, runs, strategy === "none" ? before : after).length > 0 ||
        runs.some((run) => run.result.awaited.length > 0)
      )
        return true;
    }
    return false;
  });
  let seen = 0;
  const isCaught = (seed: number): boolean => {
    const generated = mutant.ofComponents ? generateComponents(seed) : generate(seed);
    if (same(generated.text, checking, mutant.strategy)) return false;
    seen++;
    const examined = examineGenerated({ ...generated, strategy: mutant.strategy ?? "auto" }, 2, checking);
    return typeof examined !== "string" && examined.problems.length > 0;
  };
  const seeds = [...(mutant.seeds ?? []), ...Array.from({ length: programs }, (__, i) => i + 1)];
  const caught = inHoles !== undefined && process.env["DLC_MUTANTS"] === undefined ? undefined : seeds.find(isCaught);
  if (process.env["DLC_MUTANTS"] !== undefined)
    console.log(`${mutant.name}: ${inHoles?.name ?? "no hole"}; seed ${caught} after ${seen} programs that it changes`);
  expect(inHoles?.name ?? caught, "no program notices").toBeDefined();
});

/** The broken rule makes no difference to this program. */
function same(text: string, checking: typeof check, forced: Strategy = "auto"): boolean {
  const summary = (of: typeof check): string => {
    const parts: string[] = [];
    for (const strategy of ["none", forced] as const) {
      let checked: Checked;
      try {
        checked = of(text, strategy);
      } catch (error) {
        return String(error);
      }
      const { plan, before, after, inserted } = checked;
      parts.push(
        ...inserted,
        ...plan.outputs.flatMap(({ output }) => [before(output), after(output)]),
        JSON.stringify([
          plan.sealed,
          plan.travels,
          [...plan.clocks],
          [...plan.coordinated.rules.values()].map(({ gates, body }) => [
            gates,
            body.map((literal) => literal.kind === "read" && literal.hold),
          ]),
        ]),
      );
    }
    return parts.join("\n");
  };
  return summary(check) === summary(checking);
}
