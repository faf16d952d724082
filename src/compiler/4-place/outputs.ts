import type { Analysis, Finding, Inference } from "../analysis.ts";
import type { Claim } from "../ast.ts";
import { durableRoles } from "../ir.ts";
import type { CollectionId, Expr, Ir, Rule, SealRule, Type } from "../ir.ts";
import { positionOf } from "../diagnostics/lines.ts";
import type { Insertion, OutputPlan } from "../plan.ts";
import { printPath } from "../print.ts";
import { acknowledgedIn } from "../3-analyze/acknowledged.ts";
import type { Graph } from "../3-analyze/graph.ts";
import { buildGraph, positives, reads } from "../3-analyze/graph.ts";
import { conjuncts, invertible } from "../3-analyze/determine.ts";
import { importedAggregates } from "../3-analyze/imported.ts";
import { isUpThreshold } from "../3-analyze/persistence.ts";
import type { Decision } from "./write.ts";
import { keeps, rulesBehind, weakSources } from "./relevant.ts";

/** What is judged of a plan: one of several, perhaps. */
export interface Judged {
  readonly analysis: Analysis;
  readonly before: Inference;
  readonly residual: Analysis;
  readonly decisions: ReadonlyMap<string, Decision>;
  readonly insertions: readonly Insertion[];
}

/** Per output its promise, its label before and after, and what the label after stands on. */
export function planOutputs(judged: Judged): OutputPlan[] {
  const { analysis, residual } = judged;
  // A role with durable tables keeps all that decides its steps, its seals' counts among it (semantics A15).
  const durable = durableRoles(analysis.ir);
  return reachOutputs(judged).map(({ behind, own, ...output }) => ({
    ...output,
    assumptions: assumptions(analysis, residual, behind, own, output.output, durable),
  }));
}

export type Reached = Omit<OutputPlan, "assumptions"> & {
  /** Rules from which facts can reach it, and what is inserted on the way. */
  readonly behind: ReadonlySet<string>;
  readonly own: readonly Insertion[];
};

export function reachOutputs({ analysis, before, residual, decisions, insertions }: Judged): Reached[] {
  const { ir } = analysis;
  const graph = buildGraph(ir);
  const byRule = new Map<string, Insertion[]>();
  for (const insertion of insertions)
    for (const rule of insertion.protects) byRule.set(rule, [...(byRule.get(rule) ?? []), insertion]);
  const positions = new Map(insertions.map((insertion, i) => [insertion, i]));
  const out: Reached[] = [];
  for (const { id, kind, level, role } of ir.collections.values()) {
    if (kind !== "output") continue;
    const behind = rulesBehind(graph, [id]);
    const near = new Set([...behind].flatMap((rule) => byRule.get(rule) ?? []));
    const own = [...near]
      .filter((each) => isOnTheWay(each, id, behind, graph))
      .sort((a, b) => positions.get(a)! - positions.get(b)!);
    const after = residual.inference.labels.get(id)!;
    const kept = keeps(after, level!, ir.roles.get(role)!.replicated);
    const trusted = own.filter((each) => each.mechanism === "none");
    out.push({
      output: id,
      target: level!,
      before: before.labels.get(id)!,
      after: {
        name: after.name === "Seal" && own.length > 0 ? "Async" : after.name,
        key: after.name === "Seal" && own.length === 0 ? after.key : null,
      },
      achieved: kept
        ? true
        : trusted.length > 0 && onlyTrusted(residual, behind, decisions) && onlyAllowed(ir, behind)
          ? "assumed"
          : false,
      pacelc: pacelc(own),
      behind,
      own,
    });
  }
  return out;
}

/** Of what protects something behind the output: whether what passes through it can get there. */
function isOnTheWay(
  { at, mechanism, epochMs }: Insertion,
  output: CollectionId,
  behind: ReadonlySet<string>,
  graph: Graph,
): boolean {
  if (mechanism !== "order" && epochMs === null) return true;
  return at.some((id) => id === output || graph.readers.get(id)!.some((rule) => behind.has(rule.id)));
}

/** All that keeps the promise from being shown is what the source says to trust. */
function onlyTrusted(
  residual: Analysis,
  behind: ReadonlySet<string>,
  decisions: ReadonlyMap<string, Decision>,
): boolean {
  return [...residual.findings, ...residual.inference.implied]
    .filter((each) => behind.has(each.rule) && !residual.inference.sealed.has(each.rule))
    .every((each) => decisions.get(each.rule)?.mechanism === "none");
}

/** Every source with a label of its own is read only where the program accepts that by hand. */
function onlyAllowed(ir: Ir, behind: ReadonlySet<string>): boolean {
  return [...behind].every((id) => {
    const rule = ir.rules.get(id);
    return rule === undefined || rule.allow !== null || weakSources(rule, ir).length === 0;
  });
}

/**
 * `PC/seal(campaign)/EC(seal)`: on a partition it waits for the seals of that key; else for their messages. What waits for several
 * things names them all: `PC/seal(day)+sequencer/EC(seal+2)`.
 */
function pacelc(insertions: readonly Insertion[]): string {
  const uses = (mechanism: Insertion["mechanism"]): boolean => insertions.some((each) => each.mechanism === mechanism);
  const keys = [...new Set(insertions.flatMap(({ mechanism, key }) => (mechanism === "seal" ? key : [])))];
  const partition: string[] = [];
  const otherwise: string[] = [];
  if (uses("seal")) partition.push(`seal(${keys.join(",")})`);
  if (insertions.some(({ mechanism, epochMs }) => mechanism === "barrier" && epochMs === null))
    partition.push("seal(*)");
  if (partition.length > 0) otherwise.push("seal");
  const isByEpochs = insertions.some(({ epochMs }) => epochMs !== null);
  if (uses("order") || isByEpochs) partition.push("sequencer");
  if (isByEpochs) otherwise.push("epoch");
  else if (uses("order")) otherwise.push("2");
  return partition.length === 0 ? "PA/EL" : `PC/${partition.join("+")}/EC(${otherwise.join("+")})`;
}

function assumptions(
  analysis: Analysis,
  residual: Analysis,
  behind: ReadonlySet<string>,
  own: readonly Insertion[],
  output: CollectionId,
  durable: ReadonlySet<string>,
): string[] {
  const { ir } = analysis;
  const { inference } = residual;
  const receipted = acknowledgedIn(buildGraph(ir)).channels;
  const out = new Set<string>();
  const columns = (id: CollectionId, key: readonly number[]): string =>
    key.map((column) => ir.collections.get(id)!.columns[column].name).join(", ");
  const roles = new Set<string>();
  /** Whose seals are waited for, at others. */
  const voters = new Set<string>();
  const summed = summedIn(analysis);
  for (const id of behind) {
    const rule = ir.rules.get(id);
    if (rule === undefined) continue;
    const head = ir.collections.get(rule.head.collection)!;
    if (rule.path !== undefined) {
      out.add(`declared: ${printPath(rule, ir)} of ${rule.role}`);
      if (rule.path.word !== "CR") roles.add(rule.role);
    }
    if (head.kind === "table") roles.add(head.role);
    if (head.unique) out.add(`unique: ${head.id} never gets two values for a key`);
    for (const literal of reads(rule)) {
      const read = ir.collections.get(literal.collection)!;
      if (read.unique) out.add(`unique: ${read.id} never gets two values for a key`);
      if (receipted.has(read.id)) out.add(`assumes: of what is sent again and again on ${read.id} something arrives`);
    }
    for (const name of injectiveCalls(rule, ir)) out.add(`claim: ${name} is injective`);
    for (const claim of aggregateClaims(rule, summed.get(id), analysis, inference)) out.add(`claim: ${claim}`);
    for (const claim of latticeClaims(rule, ir)) out.add(`claim: ${claim}`);
  }
  const seen = new Set<CollectionId>();
  const promise = (source: CollectionId): void => {
    if (seen.has(source)) return;
    seen.add(source);
    const { kind, sealed } = ir.collections.get(source)!;
    const ways = inference.channels.get(source)?.travels;
    if (kind === "input") {
      const by = sealed!.columns.length === 0 ? "at the end of the stream" : `by (${columns(source, sealed!.columns)})`;
      out.add(
        `seal: after a seal ${by} the host gives ${source} no more facts${sealed!.columns.length === 0 ? "" : " with that value"}${sealed!.single ? "; one producer a value" : ""}`,
      );
    }
    for (const [role, way] of ways ?? []) {
      voters.add(role);
      if (ir.roles.get(role)!.dynamic)
        out.add(`${lateSeals}${role} seal a value of ${source} is settled when the first of them seals it`);
      if (way) for (const part of way.parts) promise(part.source);
      else
        for (const rule of ir.seals.filter((each) => each.target === source && each.role === role))
          out.add(`seal: ${rule.label} (${placeOf(rule, ir)}) seals ${source} only when its facts are complete`);
    }
    roles.add(ir.collections.get(source)!.role);
  };
  for (const { mechanism, epochMs, at } of own)
    if (mechanism === "seal" || (mechanism === "barrier" && epochMs === null)) for (const source of at) promise(source);
  for (const role of [...roles].sort()) if (!durable.has(role)) out.add(`assumes: no restart of ${role}`);
  for (const role of [...voters].sort()) out.add(`assumes: no instance of ${role} is declared gone`);
  const counts = [...new Set([ir.collections.get(output)!.role, ...roles])]
    .sort()
    .map((role) => `${role} x${ir.roles.get(role)!.count}${ir.roles.get(role)!.dynamic ? " and those that join" : ""}`);
  out.add(`deployment: ${counts.join(", ")}`);
  return [...out];
}

/** How an assumption begins that makes an output's facts depend on who takes part when. */
export const lateSeals = "members: which instances of ";

const summedBy = new WeakMap<Analysis, ReadonlyMap<string, Finding["reason"]>>();

/** Rules that are marked for what they sum up. */
function summedIn(analysis: Analysis): ReadonlyMap<string, Finding["reason"]> {
  let known = summedBy.get(analysis);
  if (known === undefined) {
    known = new Map(
      analysis.findings.flatMap(({ rule, reason }) =>
        reason === "aggregate" || reason === "opaque" ? [[rule, reason]] : [],
      ),
    );
    summedBy.set(analysis, known);
  }
  return known;
}

/** Imported functions through whose claim the rule may carry a seal: in its head, and in what its body binds and equates. */
function injectiveCalls(rule: Rule, ir: Ir): string[] {
  const exprs: Expr[] = [];
  for (const term of rule.head.terms) if (term.kind === "value") exprs.push(term.value);
  for (const literal of rule.body) {
    if (literal.kind === "bind") exprs.push(literal.value);
    else if (literal.kind === "test")
      for (const each of conjuncts(literal.value))
        if (each.kind === "binary" && each.op === "==") exprs.push(each.left, each.right);
  }
  const names: string[] = [];
  for (const expr of exprs) if (invertible(expr, ir) !== null) collect(expr, names);
  return names;
}

function collect(expr: Expr, names: string[]): void {
  if (expr.kind === "call") {
    if (!expr.builtin) names.push(expr.name);
    for (const arg of expr.args) collect(arg, names);
  } else if (expr.kind === "binary") {
    collect(expr.left, names);
    collect(expr.right, names);
  } else if (expr.kind === "tuple" || expr.kind === "list") for (const each of expr.of) collect(each, names);
}

/** By which what an imported aggregate gives of a group that still grows is no more than an aggregate, or is a bound that stays reached. */
function aggregateClaims(
  rule: Rule,
  reason: Finding["reason"] | undefined,
  { ir, inference: { persistence } }: Analysis,
  { sealed }: Inference,
): string[] {
  if (reason !== undefined)
    return reason === "opaque" || sealed.has(rule.id)
      ? []
      : importedAggregates(rule, ir).map(({ id }) => `${id} is commutative`);
  const lives = positives(rule).map((literal) => persistence.get(literal.collection));
  if (lives.every((life) => life === "static") || !isUpThreshold(rule, ir)) return [];
  const claim = (claims: readonly Claim[]): Claim =>
    lives.includes("passing") || !claims.includes("monotone") ? "morphism" : "monotone";
  return importedAggregates(rule, ir).map(({ id, claims }) => `${id} is ${claim(claims)}`);
}

/** What is imported for lattices: that they are some, and that what functions make of their values only grows with them. */
function latticeClaims(rule: Rule, ir: Ir): string[] {
  const growing = [...ir.functions.values()].some(
    ({ claims }) => claims.includes("monotone") || claims.includes("morphism"),
  );
  if (ir.lattices.size === 0 && !growing) return [];
  const found = new Set<string>();
  const isOf = (type: Type): void => {
    if (type.kind !== "lattice") return;
    if (ir.lattices.has(type.name)) found.add(`${type.name} is a lattice`);
    type.args.forEach(isOf);
  };
  for (const id of [rule.head.collection, ...reads(rule).map(({ collection }) => collection)])
    for (const { type } of ir.collections.get(id)!.columns) isOf(type);
  JSON.stringify([rule.head.terms, rule.body], (_, part: unknown) => {
    const call = part as Partial<Extract<Expr, { kind: "call" }>> | null;
    if (call?.kind !== "call" || call.builtin !== false || !call.args!.some(({ type }) => type.kind === "lattice"))
      return part;
    const { claims } = ir.functions.get(call.name!)!;
    const claim = (["morphism", "monotone"] as const).find((each) => claims.includes(each));
    if (claim !== undefined) found.add(`${call.name} is ${claim}`);
    return part;
  });
  return [...found];
}

/** `line 3`; in an imported file `bed.dlc, line 3`. */
function placeOf({ file, span }: SealRule, ir: Ir): string {
  const { line } = positionOf(file, span.start);
  return ir.asts[0].file === file ? `line ${line}` : `${file.path}, line ${line}`;
}
