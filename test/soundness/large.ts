/** A part of a large run of generated programs: `npm run soundness` starts one process for each part. */
import { examineGenerated } from "./examine.ts";
import { generate } from "./generate.ts";

export interface Part {
  /** Seed of the first program, and how many seeds on. */
  readonly from: number;
  readonly programs: number;
  /** Seeds of each schedule. */
  readonly seeds: number;
  /** With imported aggregates for built-in ones. */
  readonly imports: boolean;
}

export interface Progress {
  readonly programs: number;
  readonly outputs: number;
  readonly shown: number;
  readonly problems: readonly string[];
}

/** Says how far it is after every `step` programs, and at the end. */
export function examinePart(
  { from, programs, seeds, imports }: Part,
  step: number,
  say: (progress: Progress) => void,
): void {
  let outputs = 0;
  let shown = 0;
  const problems: string[] = [];
  for (let n = 0; n < programs; n++) {
    const examined = examineGenerated(generate(from + n, imports), seeds);
    if (typeof examined === "string") problems.push(`seed ${from + n} is refused: ${examined}`);
    else {
      outputs += examined.alarms.length;
      shown += examined.alarms.filter((alarm) => alarm.shown).length;
      for (const problem of examined.problems.slice(0, 1)) problems.push(`seed ${from + n}: ${problem}`);
    }
    if ((n + 1) % step === 0 || n + 1 === programs) say({ programs: n + 1, outputs, shown, problems });
  }
}
