/** Plans in the simulator: their programs, and hunts for witnesses without the coordination of one rule, or of all. */
import { place } from "../compiler/4-place/place.ts";
import { analyze } from "../compiler/3-analyze/analyze.ts";
import { emit } from "../compiler/5-emit/emit.ts";
import type { CollectionId, Ir, RuleId } from "../compiler/ir.ts";
import type { Plan } from "../compiler/plan.ts";
import type { RoleProgram } from "../runtime/program.ts";
import { loadRole } from "./load.ts";
import type { Imports } from "./load.ts";
import { huntWitness, outputsBelow } from "./witness.ts";
import type { Hunt, Hunted } from "./witness.ts";

export function programsOf(plan: Plan, imports: Imports): readonly RoleProgram[] {
  const { value: files, diagnostics } = emit(plan);
  if (files === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return [...plan.coordinated.roles.keys()].map((role) => loadRole(files, role, imports));
}

export function countsOf(ir: Ir): Record<string, number> {
  return Object.fromEntries([...ir.roles.values()].map(({ name, count }) => [name, count]));
}

/** Two of each kind are enough to disagree. */
function fewOf(ir: Ir): Record<string, number> {
  return Object.fromEntries(Object.entries(countsOf(ir)).map(([role, count]) => [role, Math.min(count, 2)]));
}

/** The rules that are marked, and whose facts can reach one of the outputs. */
export function markedBehind(plan: Plan, outputs: readonly CollectionId[]): readonly RuleId[] {
  const { ir, findings } = plan.analysis;
  const marked = new Set(findings.map(({ rule }) => rule).filter((rule) => ir.rules.has(rule)));
  return [...marked].filter((rule) => outputsBelow(ir, rule).some((id) => outputs.includes(id)));
}

export interface Hunting {
  readonly hunted: Hunted;
  /** Whether a witness is one for the rule by itself; without, others that race as well may be what it shows. */
  readonly isOfRule: boolean;
  /** Under which coordination, in words: "with everything else coordinated". */
  readonly how: string;
}

/**
 * For a rule: without coordination where it is the only one that matters to its outputs. Otherwise with everything else
 * coordinated, so that what differs is its doing; where the rest takes a log, whose order is another one in every run, only
 * replicas of one run count. If that finds nothing, without any coordination.
 */
export function huntForRule(plan: Plan, rule: RuleId, imports: Imports, tries: number): Hunting {
  const { ir } = plan.analysis;
  const outputs = outputsBelow(ir, rule);
  const others = plan.analysis.findings.some(
    (finding) =>
      finding.rule !== rule &&
      ir.rules.has(finding.rule) &&
      outputsBelow(ir, finding.rule).some((id) => outputs.includes(id)),
  );
  const alone = others ? withoutCoordination(ir, rule) : null;
  if (alone !== null) {
    const isSettled = outputs.every((id) =>
      ["Seal", "Async"].includes(plan.outputs.find(({ output }) => output === id)?.after.name ?? ""),
    );
    const hunted = hunt(alone, [rule], outputs, isSettled ? "runs" : "replicas", imports, tries);
    if (hunted.witness !== null) return { hunted, isOfRule: true, how: "with everything but this rule coordinated" };
  }
  return { ...huntBare(plan, outputs, imports, tries, [rule]), isOfRule: !others };
}

/** `aims`: the rules of which it is to show that they matter. */
export function huntBare(
  plan: Plan,
  outputs: readonly CollectionId[],
  imports: Imports,
  tries: number,
  aims = markedBehind(plan, outputs),
): Hunting {
  const bare = place(plan.analysis, { strategy: "none" }).value!;
  return { hunted: hunt(bare, aims, outputs, "runs", imports, tries), isOfRule: false, how: "without coordination" };
}

/** The program's own plan, but for this rule; null where that cannot be had. */
function withoutCoordination(ir: Ir, id: RuleId): Plan | null {
  const rule = ir.rules.get(id)!;
  const coordinate = { kind: "none", by: null, reason: "looked at by itself", span: rule.span } as const;
  const changed: Ir = {
    ...ir,
    rules: new Map([...ir.rules].map(([key, one]) => [key, key === id ? { ...one, coordinate } : one])),
  };
  const { value } = place(analyze(changed), { strategy: "auto" });
  return value;
}

function hunt(
  plan: Plan,
  aims: readonly RuleId[],
  outputs: readonly CollectionId[],
  among: Hunt["among"],
  imports: Imports,
  tries: number,
): Hunted {
  const { ir } = plan.analysis;
  return huntWitness({
    programs: programsOf(plan, imports),
    ir,
    counts: fewOf(ir),
    aims,
    outputs,
    among,
    contents: "told",
    tries,
    seeds: 1,
    orders: 0,
  });
}
