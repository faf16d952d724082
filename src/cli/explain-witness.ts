/** `dlc explain FILE RULE --witness`. */
import type { Rule } from "../compiler/ir.ts";
import type { OutputPlan, Plan } from "../compiler/plan.ts";
import { paint } from "./draw/paint.ts";
import { drawWitnessSvg } from "../pictures/space-time.ts";
import { drawNoWitness, drawUndecided, drawWitness } from "./draw/witness.ts";
import { writeAsked } from "./files.ts";
import type { Io } from "./io.ts";
import { huntBare, huntForRule } from "../verify/hunt.ts";
import { importsOf } from "./simulated-imports.ts";

export async function explainWitness(
  plan: Plan,
  part: Rule | OutputPlan,
  options: { readonly out?: string; readonly tries?: number },
  io: Io,
): Promise<void> {
  const style = paint(io.colour);
  const tries = options.tries ?? 60;
  const imports = await importsOf(plan.analysis.ir, io.cwd);
  const [asked, { hunted, isOfRule, how }] =
    "label" in part
      ? [part.label, huntForRule(plan, part.id, imports, tries)]
      : [part.output, huntBare(plan, [part.output], imports, tries)];
  if (hunted.witness === null) {
    io.out(drawNoWitness(asked, hunted.runs, tries, how, style, io.width));
    return;
  }
  const subject = isOfRule ? asked : hunted.witness.output;
  io.out(drawWitness(hunted.witness, subject, how, style, io.width));
  if (subject !== asked) io.out(drawUndecided(asked, subject, style, io.width));
  if (options.out === undefined) return;
  writeAsked(options.out, io.cwd, drawWitnessSvg(hunted.witness, `${subject} depends on order`));
  io.err(`dlc: ${options.out} has the same as a picture\n`);
}
