/** What `dlc check` says of a program that it understood: each output, and what is inserted for it. */
import type { Label } from "../../compiler/analysis.ts";
import type { Collection, Ir } from "../../compiler/ir.ts";
import type { Insertion, OutputPlan, Plan } from "../../compiler/plan.ts";
import { fitted } from "./diagnostics.ts";
import { labelOf } from "./json.ts";
import type { Paint } from "./paint.ts";

export function drawPlan(plan: Plan, paint: Paint, width = Infinity): string {
  const { ir } = plan.analysis;
  const lines: string[] = [];
  const names = plan.outputs.map(({ output }) => output.length);
  for (const output of plan.outputs) {
    lines.push(`  ${output.output.padEnd(Math.max(...names))}  ${drawOutput(output, ir, paint)}`);
  }
  for (const insertion of plan.insertions) {
    lines.push(`  ${paint.inserted("+")} ${describe(insertion, ir)}`);
  }
  return lines.map((line) => `${fitted(line, width, 6).join("\n")}\n`).join("");
}

function drawOutput(output: OutputPlan, ir: Ir, paint: Paint): string {
  const collection = ir.collections.get(output.output);
  const before = drawLabel(output.before, collection);
  const after = drawLabel(output.after, collection);
  const change = before === after ? after : `${before} -> ${after}`;
  const verdict =
    output.achieved === true
      ? paint.good("reached")
      : output.achieved === "assumed"
        ? paint.severity("warning", "trusted")
        : paint.severity("warning", "not reached");
  return `${output.target}: ${change}, ${verdict}  ${paint.faint(output.pacelc)}`;
}

export function drawLabel(label: Label, collection: Collection | undefined): string {
  if (label.name !== "Seal") return label.name;
  return `Seal(${(label.key ?? []).map((index) => collection?.columns[index]?.name ?? index).join(", ")})`;
}

/** One line: `seal at Report.click by (campaign), votes of AdServer, for poor#1`. */
export function describe(insertion: Insertion, ir: Ir): string {
  const at = insertion.at.map((id) => (id.includes(".") ? id : `${insertion.role}.${id}`)).join(" and ");
  const key = insertion.key.length === 0 ? "" : ` by (${insertion.key.join(", ")})`;
  const rules = insertion.protects.map((rule) => labelOf(ir, rule)).join(", ");
  const where = at === "" ? `in ${insertion.role}` : `at ${at}`;
  switch (insertion.mechanism) {
    case "seal":
      return `seal ${where}${key}, ${votes(insertion)}, for ${rules}`;
    case "barrier":
      return `wait for the end of ${at}${key}, ${votes(insertion)}, for ${rules}`;
    case "order":
      return `order ${where}${key}: ${insertion.key.length === 0 ? "one log" : "a log for each value"}, for ${rules}`;
    case "commit":
      return `commit ${where}${key}, for ${rules}`;
    case "none":
      return `nothing for ${rules}, as the program says: ${insertion.why}`;
  }
}

function votes(insertion: Insertion): string {
  const producers = (insertion.producers ?? []).join(" and ");
  if (insertion.single) return "one producer a partition, no vote";
  return producers === "" ? "sealed by its own host" : `votes of ${producers}`;
}
