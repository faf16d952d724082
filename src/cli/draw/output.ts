/** `dlc explain FILE OUTPUT`. */
import type { OutputPlan, Plan } from "../../compiler/plan.ts";
import { place } from "./frame.ts";
import type { Paint } from "./paint.ts";
import { drawComparison } from "./comparison.ts";
import { drawLabel, roleOf } from "./insertion.ts";
import { Page } from "./page.ts";
import { askingFor, reaches, ruleText } from "./rules.ts";
import { labelText, levelWords, pacelcText } from "./words.ts";

export function explainOutput(plan: Plan, output: OutputPlan, paint: Paint, width: number): string {
  const { ir } = plan.analysis;
  const collection = ir.collections.get(output.output)!;
  const page = new Page(paint, width);
  page.title(output.output, place(collection.file, collection.nameSpan));
  page.head("What it promises");
  page.text(`${output.target}: ${levelWords[output.target]}.`);
  page.head("What it is");
  page.item(
    `with nothing inserted: ${drawLabel(output.before, collection)}, ${labelText(output.before.name, roleOf(output.output, ir))}`,
  );
  page.item(
    `with the plan: ${drawLabel(output.after, collection)}, ${labelText(output.after.name, roleOf(output.output, ir))}`,
  );
  page.item(`${verdict(output)}.`);
  page.item(`${output.pacelc} (PACELC): ${pacelcText(output.pacelc)}`);

  page.head("What dlc inserted on the way to it");
  const used = plan.insertions.filter(({ protects }) => protects.some((rule) => reaches(plan, rule, output.output)));
  const sensitive = plan.analysis.findings.filter(({ rule }) => reaches(plan, rule, output.output));
  if (used.length === 0) page.text(`Nothing: ${whyNothing(output, sensitive.length > 0)}.`);
  for (const insertion of used) page.insertion(insertion, plan);

  if (sensitive.length > 0) {
    page.head("The order-sensitive rules on the way");
    for (const rule of new Set(sensitive.map((finding) => finding.rule))) {
      const reasons = sensitive.filter((finding) => finding.rule === rule).map((finding) => finding.reason);
      page.item(`${ruleText(rule, ir)} (${[...new Set(reasons)].join(", ")}): ${askingFor(rule, ir)}`);
    }
  }
  if (output.assumptions.length > 0) {
    page.head("What this rests on");
    for (const assumption of output.assumptions) page.item(assumption);
  }
  drawComparison(page, plan, output.output);
  return page.done();
}

function whyNothing({ achieved, after, target }: OutputPlan, dependsOnOrder: boolean): string {
  if (target === "any") return "it promises nothing";
  if (achieved === false) return "nothing that may be inserted would help";
  if (after.name === "Seal" || after.name === "Async")
    return "whatever the order of messages, the facts delivered are the same";
  return dependsOnOrder
    ? "what it promises is kept whatever the order of messages"
    : "what may be lost, or late, differs from run to run, and it does not promise more";
}

function verdict(output: OutputPlan): string {
  if (output.target === "any") return "Nothing is promised";
  if (output.achieved === true) return "The promise is kept";
  if (output.achieved === "assumed") return "The promise is kept if what the program claims by hand holds";
  return "The promise is not kept: nothing that may be inserted reaches it. The rules below say what would";
}
