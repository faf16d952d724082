/** Of how many findings about a generated program a witness is found, by what `dlc explain RULE --witness` does. */
import type { Reason } from "../../src/compiler/analysis.ts";
import type { RuleId } from "../../src/compiler/ir.ts";
import { huntForRule } from "../../src/verify/hunt.ts";
import { outputsBelow } from "../../src/verify/witness.ts";
import { check } from "../support/check.ts";
import type { Generated } from "./generate.ts";
import { functions } from "./imported.ts";

/** The findings about one rule; what two reasons of a rule do cannot be told apart by what comes out. */
export interface Demonstrated {
  readonly rule: RuleId;
  readonly reasons: readonly Reason[];
  /** null: no two runs, and no two replicas, were seen to contradict each other. */
  readonly by: "itself" | "the program without coordination" | null;
}

/** Rules that are marked, and behind an output that is labelled worse than Async; `tries` sets of inputs for each. */
export function demonstrate({ text }: Generated, tries: number): Demonstrated[] {
  const { plan } = check(text);
  const { ir, findings } = plan.analysis;
  const reasons = new Map<RuleId, Reason[]>();
  for (const { rule, reason } of findings)
    if (ir.rules.has(rule)) reasons.set(rule, [...(reasons.get(rule) ?? []), reason]);
  const differing = new Set(
    plan.outputs.filter(({ before }) => before.name !== "Async" && before.name !== "Seal").map(({ output }) => output),
  );
  return [...reasons]
    .filter(([rule]) => outputsBelow(ir, rule).some((output) => differing.has(output)))
    .map(([rule, reasons]) => {
      const { hunted, how } = huntForRule(plan, rule, (_, name) => functions[name], tries);
      return {
        rule,
        reasons,
        by: hunted.witness === null ? null : how.startsWith("without") ? "the program without coordination" : "itself",
      };
    });
}
