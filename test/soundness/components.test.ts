/**
 * Random systems of components that do all that their declarations allow, under many schedules. DLC_SOUNDNESS is the
 * number of systems, DLC_SEED the first seed.
 */
import { expect, test } from "vitest";
import { generateComponents } from "./components.ts";
import { examineGenerated } from "./examine.ts";

const systems = Number(process.env["DLC_SOUNDNESS"] ?? 40);
const first = Number(process.env["DLC_SEED"] ?? 1);

test(`${systems} systems of components keep their labels`, { timeout: 3_600_000 }, () => {
  const unsound: string[] = [];
  let findings = 0;
  let shown = 0;
  for (let seed = first; seed < first + systems && unsound.length < 3; seed++) {
    const generated = generateComponents(seed);
    const examined = examineGenerated(generated, 2);
    if (typeof examined === "string") unsound.push(`seed ${seed} is refused: ${examined}\n${generated.text}`);
    else {
      if (examined.problems.length > 0)
        unsound.push(`seed ${seed}: ${examined.problems[0]}\n${generated.text}\n${JSON.stringify(generated.given)}`);
      findings += examined.alarms.length;
      shown += examined.alarms.filter((alarm) => alarm.shown).length;
    }
  }
  console.log(`of ${findings} outputs that are labelled worse than Async, ${shown} were seen to differ`);
  if (unsound.length > 0) throw new Error(unsound.join("\n\n"));
  expect(shown).toBeGreaterThan(findings / 4);
});
