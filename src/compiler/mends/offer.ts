/**
 * Changes of the program that remove a dependence on order, as fixes of the findings. A change is offered only when the
 * program with it was analysed as well and is better: the compiler's own answer is the test of its advice.
 */
import type { Analysis, Reason } from "../analysis.ts";
import { severities } from "../analysis.ts";
import type { SourceFile } from "../ast.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Plan } from "../plan.ts";
import { carry } from "./carry.ts";
import { persist } from "./persist.ts";
import { threshold } from "./threshold.ts";
import { applied } from "./text.ts";

/** What a change can be judged by. */
export interface Judged {
  readonly file: SourceFile;
  readonly plan: Plan | null;
  readonly diagnostics: readonly Diagnostic[];
}

const mends = [persist, threshold, carry];

/** Of findings that a change of the program may remove, by the codes of their diagnostics. */
const reasons: ReadonlyMap<string, Reason> = new Map([
  ["DLC302", "aggregate"],
  ["DLC303", "rendezvous"],
]);

/** The diagnostics with fixes; at most `most` changes are tried. */
export function offer(program: Judged, analysed: (text: string) => Judged, most: number): readonly Diagnostic[] {
  const { file, plan, diagnostics } = program;
  if (plan === null) return diagnostics;
  let left = most;
  const findings = new Map(
    plan.analysis.findings
      .filter((each) => each.file === file)
      .reverse()
      .map((each) => [`${each.reason} ${each.span.start}`, each]),
  );
  return diagnostics.map((diagnostic) => {
    if (left === 0 || diagnostic.file !== file || diagnostic.fixes?.length) return diagnostic;
    const reason = reasons.get(diagnostic.code);
    const finding = reason && findings.get(`${reason} ${diagnostic.span.start}`);
    if (finding === undefined) return diagnostic;
    const fixes = mends.flatMap((mend) => {
      if (left === 0) return [];
      const fix = mend(finding, plan.analysis);
      if (fix === null) return [];
      left--;
      return isBetter(plan, analysed(applied(file.text, fix.edits))) ? [fix] : [];
    });
    return fixes.length === 0 ? diagnostic : { ...diagnostic, fixes };
  });
}

/** No error, no output worse, no rule marked that was not, and something gained. */
function isBetter(before: Plan, { plan: after, diagnostics }: Judged): boolean {
  if (after === null || diagnostics.some(({ severity }) => severity === "error")) return false;
  let gained = marks(after.analysis).size < marks(before.analysis).size;
  const were = marks(before.analysis);
  for (const mark of marks(after.analysis)) if (!were.has(mark)) return false;
  for (const was of before.outputs) {
    const is = after.outputs.find(({ output }) => output === was.output);
    if (is === undefined) return false;
    for (const side of ["before", "after"] as const) {
      const change = severities.indexOf(is[side].name) - severities.indexOf(was[side].name);
      if (change > 0) return false;
      if (change < 0) gained = true;
    }
  }
  return gained;
}

function marks({ findings }: Analysis): ReadonlySet<string> {
  return new Set(findings.map(({ rule, reason }) => `${rule} ${reason}`));
}
