/** Rules by name, for a reader and for the command line, and what they reach. */
import type { Ir, RuleId } from "../../compiler/ir.ts";
import type { Plan } from "../../compiler/plan.ts";
import { printPath } from "../../compiler/print.ts";
import { labelOf } from "./json.ts";

/** `poor#1`; of a component, which has no rules to be counted, `path request -> response`. */
export function ruleText(id: RuleId, ir: Ir): string {
  const rule = ir.rules.get(id);
  return rule?.path === undefined ? labelOf(ir, id) : printPath(rule, ir).replace(/: .*$/, "");
}

/** The command that says more of it; with its role where another has a rule of the same label. */
export function askingFor(id: RuleId, ir: Ir): string {
  const label = labelOf(ir, id);
  const isOne = [...ir.rules.values()].every((rule) => rule.label !== label || rule.id === id);
  return `dlc explain ${ir.asts[0].file.path} ${isOne ? label : id}`;
}

/** Whether the head of `rule` flows to `output`, through rules of all roles. */
export function reaches(plan: Plan, rule: string, output: string): boolean {
  const { ir } = plan.analysis;
  const first = ir.rules.get(rule)?.head.collection ?? ir.seals.find((seal) => seal.id === rule)?.target;
  if (first === undefined) return false;
  const seen = new Set([first]);
  for (const collection of seen) {
    if (collection === output) return true;
    for (const { body, head } of ir.rules.values()) {
      if (body.some((literal) => literal.kind === "read" && literal.collection === collection))
        seen.add(head.collection);
    }
  }
  return false;
}
