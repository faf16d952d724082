/** What `dlc check` says of a program that it understood: each output, and what is inserted for it. */
import type { Ir } from "../../compiler/ir.ts";
import type { OutputPlan, Plan } from "../../compiler/plan.ts";
import { fitted } from "./diagnostics.ts";
import { describe, drawLabel } from "./insertion.ts";
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
