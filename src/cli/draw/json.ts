/** `dlc check --format json`: the form that other programs read. Lines and columns from 1, ends exclusive. */
import type { Label } from "../../compiler/analysis.ts";
import type { Compilation } from "../../compiler/compile.ts";
import type { Silenced } from "../../compiler/diagnostics/allow.ts";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.ts";
import type { Collection, CollectionId, Ir } from "../../compiler/ir.ts";
import type { Insertion, OtherPlan } from "../../compiler/plan.ts";
import { portName } from "../../compiler/print.ts";
import { positionOf, rangeOf } from "../../compiler/diagnostics/lines.ts";
import type { SubjectReport } from "../../functions/subject.ts";

export interface CheckedProgram {
  readonly compilation: Compilation;
  /** Those that are left after suppressions and the configuration's severities. */
  readonly diagnostics: readonly Diagnostic[];
  readonly silenced: readonly Silenced[];
  /** What the program imports, with what is known of each claim. */
  readonly functions: readonly SubjectReport[];
}

/** What one program adds to the arrays of the whole. */
export interface JsonPart {
  readonly files: readonly string[];
  readonly diagnostics: readonly object[];
  readonly suppressed: readonly object[];
  readonly outputs: readonly object[];
  readonly collections: readonly object[];
  readonly orderSensitive: readonly object[];
  readonly plan: readonly object[];
  readonly functions: readonly object[];
  readonly plans: readonly object[];
}

export const nothing: JsonPart = {
  files: [],
  diagnostics: [],
  suppressed: [],
  outputs: [],
  collections: [],
  orderSensitive: [],
  plan: [],
  functions: [],
  plans: [],
};

export function jsonPart(program: CheckedProgram): JsonPart {
  return {
    files: [program.compilation.file.path],
    diagnostics: program.diagnostics.map(diagnosticOf),
    suppressed: program.silenced.map(({ diagnostic, reason }) => ({ ...diagnosticOf(diagnostic), reason })),
    outputs: outputsOf(program),
    collections: collectionsOf(program),
    orderSensitive: findingsOf(program),
    plan: planOf(program),
    functions: functionsOf(program),
    plans: plansOf(program),
  };
}

/** Programs in order; everything of one program stands together in each array, with its file. */
export function jsonOf(parts: readonly JsonPart[]): object {
  return {
    version: 1,
    files: parts.flatMap(({ files }) => files),
    diagnostics: parts.flatMap(({ diagnostics }) => diagnostics),
    suppressed: parts.flatMap(({ suppressed }) => suppressed),
    outputs: parts.flatMap(({ outputs }) => outputs),
    collections: parts.flatMap(({ collections }) => collections),
    orderSensitive: parts.flatMap(({ orderSensitive }) => orderSensitive),
    plan: parts.flatMap(({ plan }) => plan),
    functions: parts.flatMap(({ functions }) => functions),
    plans: parts.flatMap(({ plans }) => plans),
  };
}

export function diagnosticOf(diagnostic: Diagnostic): object {
  const { code, severity, message, file, span, cause, changes, mend, fixes } = diagnostic;
  return {
    code,
    severity,
    message,
    file: file.path,
    range: rangeOf(file, span),
    ...(cause && { cause: { message: cause.label, file: cause.file.path, range: rangeOf(cause.file, cause.span) } }),
    ...(changes !== undefined && changes.length > 0 && { changes }),
    ...(mend !== undefined && { mend }),
    fixes: (fixes ?? []).map(({ title, edits, unsafe }) => ({
      title,
      ...(unsafe && { unsafe }),
      edits: edits.map((edit) => ({ file: edit.file.path, range: rangeOf(edit.file, edit.span), text: edit.text })),
    })),
  };
}

function outputsOf({ compilation: { plan, file } }: CheckedProgram): object[] {
  return (plan?.outputs ?? []).map((output) => ({
    name: output.output,
    target: output.target,
    before: output.before.name,
    after: output.after.name,
    key: keyNames(output.after, plan!.analysis.ir.collections.get(output.output)),
    achieved: output.achieved,
    pacelc: output.pacelc,
    assumptions: output.assumptions,
    file: file.path,
  }));
}

function collectionsOf({ compilation: { analysis, file } }: CheckedProgram): object[] {
  if (analysis === null) return [];
  return [...analysis.ir.collections.values()]
    .filter(({ id, kind, role }) => {
      const external = analysis.ir.externals.get(role);
      return external?.kind === "component"
        ? external.outs.has(id)
        : kind === "channel" || kind === "table" || kind === "scratch";
    })
    .map((collection) => {
      const label = analysis.inference.labels.get(collection.id) ?? { name: "Async", key: null };
      return { name: collection.id, label: label.name, key: keyNames(label, collection), file: file.path };
    });
}

function findingsOf({ compilation: { analysis } }: CheckedProgram): object[] {
  return (analysis?.findings ?? []).map((finding) => ({
    role: finding.role,
    head: headOf(finding.head, finding.role),
    rule: labelOf(analysis!.ir, finding.rule),
    line: positionOf(finding.file, finding.span.start).line,
    reason: finding.reason,
    gate: finding.gate ?? ["*"],
    columns: finding.gate === null ? ["*"] : finding.columns,
    sources: finding.sources,
    rewrites: finding.rewrites,
    file: finding.file.path,
  }));
}

function planOf({ compilation: { plan, file } }: CheckedProgram): object[] {
  return (plan?.insertions ?? []).map((insertion) => ({
    ...insertionOf(insertion, plan!.analysis.ir),
    file: file.path,
  }));
}

function insertionOf(insertion: Insertion, ir: Ir): object {
  return {
    mechanism: insertion.mechanism,
    role: insertion.role,
    at: insertion.at.map((id) => portName(id, ir)),
    key: insertion.key,
    protects: [...new Set(insertion.protects.map((rule) => headName(ir, rule, insertion.role)))],
    rules: insertion.protects.map((rule) => labelOf(ir, rule)),
    producers: insertion.producers === null ? null : insertion.producers.join(", "),
    single: insertion.single,
    ...(insertion.epochMs !== null && { epochMs: insertion.epochMs }),
    why: insertion.why,
  };
}

/** What the plan costs, what stops when, and what other plans would be. */
function plansOf({ compilation: { plan, file } }: CheckedProgram): object[] {
  if (plan === null) return [];
  const { rates, assumed, cost, stops, baseline, others } = plan.comparison;
  const other = ({ insertions, outputs, ...rest }: OtherPlan): object => ({
    ...rest,
    plan: insertions.map((insertion) => insertionOf(insertion, plan.analysis.ir)),
    outputs: outputs.map(({ output, after, achieved, pacelc }) => ({
      name: output,
      after: after.name,
      achieved,
      pacelc,
    })),
  });
  return [{ file: file.path, rates, assumed, cost, stops, baseline: other(baseline), others: others.map(other) }];
}

function functionsOf({ functions, compilation: { file } }: CheckedProgram): object[] {
  return functions.map(({ kind, name, from, laws }) => ({
    name,
    kind,
    from,
    claims: laws.map(({ law, counterexample, ...rest }) => ({
      claim: law,
      ...rest,
      ...(counterexample && { counterexample: counterexample.sides }),
    })),
    file: file.path,
  }));
}

/** A seal's columns by name; [] for the whole stream and for every other label. */
function keyNames(label: Label, collection: Collection | undefined): readonly string[] {
  return (label.key ?? []).map((index) => collection?.columns[index]?.name ?? String(index));
}

/** `poor` in its own role, `Report.poor` from another. */
export function headOf(id: CollectionId, role: string): string {
  return id.startsWith(`${role}.`) ? id.slice(role.length + 1) : id;
}

/** `poor#1` of the rule id `Report/poor#1`. */
export function labelOf(ir: Ir, rule: string): string {
  return (
    ir.rules.get(rule)?.label ?? ir.seals.find((seal) => seal.id === rule)?.label ?? rule.slice(rule.indexOf("/") + 1)
  );
}

function headName(ir: Ir, rule: string, role: string): string {
  const head = ir.rules.get(rule)?.head.collection ?? ir.seals.find((seal) => seal.id === rule)?.target;
  return head === undefined ? rule : headOf(head, role);
}
