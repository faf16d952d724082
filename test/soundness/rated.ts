/** Generated programs that say how much comes where, and whose outputs tolerate more, so that plans are chosen by cost. */
import type { PlanName } from "../../src/compiler/plan.ts";
import { Random } from "../../src/verify/schedule.ts";
import { check } from "../support/check.ts";
import type { Checked } from "../support/check.ts";
import type { Generated } from "./generate.ts";

const rates = ["0.1", "1", "20", "500", "10000"];
const periods = ["1ms", "200ms", "5s", "1h"];

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.below(from.length)];
}

export function rated(generated: Generated, seed: number): Generated {
  const random = new Random(seed + 0x7a7e);
  const lines = generated.text.split("\n").map((line) => {
    if (/^(input|channel) /.test(line)) {
      const every = line.includes(" sealed") ? ` every ${pick(random, periods)}` : "";
      return line.replace(/;$/, `${every} rate ${pick(random, rates)};`);
    }
    if (line.startsWith("output "))
      return line.replace(/\) *;$/, `) ${pick(random, ["", "agreed", "agreed", "eventual"])};`);
    return line;
  });
  return { ...generated, text: lines.join("\n"), strategy: "auto" };
}

/** The plans between which there is a choice; a text: the program is refused. */
export function plansOf(text: string): readonly PlanName[] | string {
  try {
    const { insertions, comparison } = check(text).plan;
    const isBaseline = JSON.stringify(insertions) === JSON.stringify(comparison.baseline.insertions);
    return [
      "1",
      ...comparison.others.filter((other) => other.insertions.length > 0).map(({ name }) => name),
      ...(isBaseline ? [] : (["baseline"] as const)),
    ];
  } catch (error) {
    return (error as Error).message;
  }
}

export function checkWith(plan: PlanName): typeof check {
  return (text, strategy, files): Checked => check(text, strategy, files, strategy === "none" ? {} : { plan });
}
