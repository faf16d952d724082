/** What of the waiting events an instance takes in its next step, as the schedule has it. */
import type { Instance, StepChoice } from "../runtime/instance.ts";
import type { Chance, Schedule } from "./schedule.ts";

/** Some of what waits: a batch of some log, or unordered rows. */
export function stepChoice(instance: Instance, { take, order }: Schedule, random: Chance): StepChoice | undefined {
  const clocks = instance.clocks();
  // Half of the time as the instance itself would, so that neither logs nor unordered events starve.
  if (clocks.length > 0) return random.chance(0.5) ? { clock: clocks[random.below(clocks.length)] } : undefined;
  if (take === "one") return order === "fifo" ? { limit: 1 } : anyOne(instance, random);
  const share = [1, 0.7, 0.3][random.below(3)];
  return share === 1 ? undefined : { pick: () => random.chance(share) };
}

/** One waiting row, not always the oldest. */
function anyOne(instance: Instance, random: Chance): StepChoice {
  let skip = random.below(Math.max(1, Math.min(instance.waiting, 8)));
  let isTaken = false;
  return {
    pick: () => {
      if (isTaken || skip-- > 0) return false;
      isTaken = true;
      return true;
    },
  };
}
