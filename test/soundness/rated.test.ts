/**
 * Every plan that `--plan` can take keeps the labels that it states. DLC_SOUNDNESS is three times the number of plans, DLC_SEED the
 * first seed, DLC_SCHEDULES the seeds per schedule.
 */
import { expect, test } from "vitest";
import type { PlanName } from "../../src/compiler/plan.ts";
import { examineGenerated } from "./examine.ts";
import { generate } from "./generate.ts";
import { checkWith, plansOf, rated } from "./rated.ts";

const most = Math.ceil(Number(process.env["DLC_SOUNDNESS"] ?? 120) / 3);
const first = Number(process.env["DLC_SEED"] ?? 1);
const seeds = Number(process.env["DLC_SCHEDULES"] ?? 2);

test("plans chosen by cost keep their labels", { timeout: 3_600_000 }, () => {
  const unsound: string[] = [];
  const examined = new Map<PlanName, number>();
  for (let seed = first, n = 0; n < most && unsound.length < 3; seed++) {
    const generated = rated(generate(seed, false), seed);
    const names = plansOf(generated.text);
    if (typeof names === "string") unsound.push(`seed ${seed} is refused: ${names}\n${generated.text}`);
    // One plan is what the other tests look at.
    else if (names.length > 1) {
      n++;
      const [name] = names.toSorted((a, b) => (examined.get(a) ?? 0) - (examined.get(b) ?? 0));
      examined.set(name, (examined.get(name) ?? 0) + 1);
      const found = examineGenerated(generated, seeds, checkWith(name));
      if (typeof found === "string") unsound.push(`seed ${seed} is refused: ${found}\n${generated.text}`);
      else if (found.problems.length > 0)
        unsound.push(
          `seed ${seed}, plan ${name}: ${found.problems[0]}\n${generated.text}\n${JSON.stringify(generated.given)}`,
        );
    }
  }
  console.log(
    `plans examined: ${[...examined]
      .sort()
      .map(([name, n]) => `${n} × ${name}`)
      .join(", ")}`,
  );
  if (unsound.length > 0) throw new Error(unsound.join("\n\n"));
  for (const name of ["1", "2", "baseline"] as const) expect(examined.get(name)).toBeGreaterThan(0);
});
