/**
 * Random programs under many schedules: no output may differ where its label, before or after
 * coordination, says that it does not. DLC_SOUNDNESS is the number of programs, DLC_SEED the first
 * seed, DLC_SCHEDULES the seeds per schedule, DLC_FAILURES the failures after which it stops, and DLC_HUNTS how many
 * other inputs are tried on outputs that were not seen to differ though their labels allow it.
 */
import { expect, test } from "vitest";
import { examineGenerated, kindOf } from "./examine.ts";
import { type Generated, generate } from "./generate.ts";
import { shrink } from "./shrink.ts";

const programs = Number(process.env["DLC_SOUNDNESS"] ?? 120);
const first = Number(process.env["DLC_SEED"] ?? 1);
const seeds = Number(process.env["DLC_SCHEDULES"] ?? 2);
const hunts = Number(process.env["DLC_HUNTS"] ?? 0);
const most = Number(process.env["DLC_FAILURES"] ?? 3);

test.each([
  ["", false, programs],
  [" with imported aggregates", true, Math.ceil(programs / 3)],
])("generated programs keep their labels%s", { timeout: 3_600_000 }, (_, imports, programs) => {
  const unsound: string[] = [];
  let valid = 0;
  let findings = 0;
  let shown = 0;
  for (let seed = first; seed < first + programs; seed++) {
    const generated = generate(seed, imports);
    const examined = examineGenerated(generated, seeds, undefined, hunts);
    if (typeof examined === "string") {
      // The generator knows the language, so what is refused is a fault of one of the two.
      unsound.push(`seed ${seed} is refused: ${examined}\n${generated.text}`);
    } else {
      valid++;
      if (examined.problems.length > 0) unsound.push(`seed ${seed}: ${explain(generated)}`);
      findings += examined.alarms.length;
      shown += examined.alarms.filter((alarm) => alarm.shown).length;
      if (hunts > 0)
        for (const alarm of examined.alarms)
          if (!alarm.shown) console.log(`seed ${seed}: ${alarm.output} was not seen to differ`);
    }
    if (unsound.length >= most) break;
  }
  console.log(
    `${valid} programs; of ${findings} outputs that are labelled worse than Async, ${shown} were seen to differ`,
  );
  if (unsound.length > 0) throw new Error(unsound.join("\n\n"));
  expect(shown).toBeGreaterThan(findings / 10);
});

function explain(generated: Generated): string {
  const before = examineGenerated(generated, seeds);
  const kind = typeof before === "string" ? "" : kindOf(before.problems[0]);
  const fails = (candidate: Generated): boolean => {
    const examined = examineGenerated(candidate, seeds);
    return typeof examined !== "string" && examined.problems.some((each) => kindOf(each) === kind);
  };
  const least = shrink(generated, fails);
  const examined = examineGenerated(least, seeds);
  return `${typeof examined === "string" ? examined : examined.problems[0]}\n${least.text}\n${JSON.stringify(least.given)} ${least.strategy}`;
}
