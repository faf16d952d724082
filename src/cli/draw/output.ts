/** `dlc explain FILE OUTPUT`. */
import type { OutputPlan, Plan } from "../../compiler/plan.ts";
import { place } from "./frame.ts";
import type { Paint } from "./paint.ts";
import { drawComparison } from "./comparison.ts";
import { drawLabel, reaches, roleOf } from "./insertion.ts";
import { labelOf } from "./json.ts";
import { Page } from "./rule.ts";
import { labelText, levelWords, pacelcText } from "./words.ts";

export function explainOutput(
  plan: Plan,
  output: OutputPlan,
  paint: Paint,
  width: number,
): string {
  const { ir } = plan.analysis;
  const collection = ir.collections.get(output.output)!;
  const page = new Page(paint, width);
  page.title(output.output, place(collection.file, collection.nameSpan));
  page.head("What it promises");
  page.text(`${output.target}: ${levelWords[output.target]}.`);
  page.head("What it is");
  page.item(`with nothing inserted: ${drawLabel(output.before, collection)}, ${labelText(output.before.name, roleOf(output.output, ir))}`);
  page.item(`with the plan: ${drawLabel(output.after, collection)}, ${labelText(output.after.name, roleOf(output.output, ir))}`);
  page.item(`${verdict(output)}.`);
  page.item(`${output.pacelc} (PACELC): ${pacelcText(output.pacelc)}`);

  page.head("What dlc inserted on the way to it");
  const used = plan.insertions.filter(({ protects }) => protects.some((rule) => reaches(plan, rule, output.output)));
  if (used.length === 0) page.text("Nothing: whatever the order of messages, the facts delivered are the same.");
  for (const insertion of used) page.insertion(insertion, plan);

  const sensitive = plan.analysis.findings.filter(({ rule }) => reaches(plan, rule, output.output));
  if (sensitive.length > 0) {
    page.head("The order-sensitive rules on the way");
    for (const rule of new Set(sensitive.map((finding) => finding.rule))) {
      const reasons = sensitive.filter((finding) => finding.rule === rule).map((finding) => finding.reason);
      page.item(
        `${labelOf(ir, rule)} (${[...new Set(reasons)].join(", ")}); dlc explain ${ir.asts[0].file.path} ${labelOf(ir, rule)} says more`,
      );
    }
  }
  if (output.assumptions.length > 0) {
    page.head("What this rests on");
    for (const assumption of output.assumptions) page.item(assumption);
  }
  drawComparison(page, plan, output.output);
  return page.done();
}

function verdict(output: OutputPlan): string {
  if (output.achieved === true) return "The promise is kept";
  if (output.achieved === "assumed") return "The promise is kept if what the program claims by hand holds";
  return "The promise is not kept: nothing that may be inserted reaches it. The rules below say what would";
}
