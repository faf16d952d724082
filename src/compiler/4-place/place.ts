/**
 * Phase 4: from each output's promise back to the rules that break it, and the cheapest mechanism
 * for each (analysis.md sections 4 to 6). What is chosen is written into the program; the same
 * analysis then runs over the result, and only what it shows there is reported as reached.
 */
import type { Analysis, Finding, Inference } from "../analysis.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { CollectionId, Ir, Rule, RuleId } from "../ir.ts";
import type { Insertion, MechanismName, Plan, Strategy } from "../plan.ts";
import type { Result } from "../result.ts";
import { analyze, reinfer } from "../3-analyze/analyze.ts";
import type { Graph } from "../3-analyze/graph.ts";
import { buildGraph } from "../3-analyze/graph.ts";
import { isLogged } from "../3-analyze/labels.ts";
import { writerConditions } from "../3-analyze/seals.ts";
import { insertGate } from "../../strategies/seal.ts";
import { mechanisms } from "../../strategies/index.ts";
import { insertLog, logKey, regionOf } from "../../strategies/order.ts";
import { keeps, rulesBehind } from "./relevant.ts";
import { describeInsertions } from "./insertions.ts";
import { planOutputs } from "./outputs.ts";
import { planSeals } from "./travels.ts";
import { report } from "./report.ts";

export { certificate } from "./certificate.ts";

/** Per rule: what settles it, and why that one. */
export interface Decision {
  readonly mechanism: MechanismName;
  readonly byKey: boolean | null;
  readonly why: string;
}

export interface PlaceOptions {
  readonly strategy: Strategy;
}

/** Rounds in which one insertion can still uncover another; more than a program's depth of such rules is a fault of ours. */
const mostRounds = 12;

export function place(analysis: Analysis, options: PlaceOptions): Result<Plan> {
  const diagnostics: Diagnostic[] = [];
  const graph = buildGraph(analysis.ir);
  const before = reinfer(analysis, "none");
  const decisions = new Map<RuleId, Decision>();
  let { coordinated, residual } = settle(analysis, graph, before, decisions, options, diagnostics);
  ({ coordinated, residual } = relax(analysis, graph, decisions, coordinated, residual, options));
  const sealing = planSeals(coordinated, residual);
  const insertions: Insertion[] = describeInsertions(analysis, decisions, coordinated, residual);
  const outputs = planOutputs(analysis, before, residual, decisions, insertions);
  const clocks = clocksOf(coordinated, residual);
  const plan: Plan = { analysis, before, insertions, coordinated, residual, outputs, sealed: sealing.sealed, travels: sealing.travels, clocks };
  diagnostics.push(...unmet(analysis.ir, insertions), ...report(plan, decisions, options));
  return { value: diagnostics.some((each) => each.severity === "error" && each.code === "DLC403") ? null : plan, diagnostics };
}

interface Settled {
  readonly coordinated: Ir;
  readonly residual: Analysis;
}

/** Decide, write in, analyse again, until no rule on the way to a broken promise is left open. */
function settle(analysis: Analysis, graph: Graph, before: Inference, decisions: Map<RuleId, Decision>, options: PlaceOptions, diagnostics: Diagnostic[]): Settled {
  const { ir } = analysis;
  for (const rule of ir.rules.values()) if (rule.coordinate) force(rule, analysis, decisions, diagnostics);
  // With nothing written in, the residual program is the program, its seals not used.
  let settled: Settled = { coordinated: ir, residual: { ...analysis, inference: before } };
  if (decisions.size > 0) settled = apply(analysis, graph, decisions);
  let labels = before;
  for (let round = 0; round < mostRounds; round++) {
    const needed = neededRules(ir, graph, round === 0 ? before : labels);
    // A race that is only implied may be gone once what is upstream of it is settled, so the points go first.
    const { points, implied } = openMarks(settled.residual, needed, decisions);
    let changed = false;
    for (const id of [...points, ...stale(settled, decisions), null, ...implied]) {
      if (id === null) {
        if (changed) break;
        continue;
      }
      const origin = originOf(ir, id);
      if (origin === null) continue;
      const next = decide(origin, analysis, decisions.get(origin.id), options, diagnostics);
      if (next === null) continue;
      decisions.set(origin.id, next);
      changed = true;
    }
    if (!changed) break;
    settled = apply(analysis, graph, decisions);
    labels = settled.residual.inference;
  }
  for (let left = stale(settled, decisions); left.length > 0; left = stale(settled, decisions)) {
    for (const id of left) decisions.delete(id);
    settled = apply(analysis, graph, decisions);
  }
  return settled;
}

/** The rule of the source that a rule of the coordinated program stems from (a split rule keeps its name in the second part). */
function originOf(ir: Ir, id: RuleId): Rule | null {
  return ir.rules.get(id) ?? null;
}

/** Rules behind an output whose label does not keep its promise. */
function neededRules(ir: Ir, graph: Graph, inference: Inference): Set<RuleId> {
  const broken: CollectionId[] = [];
  for (const { id, kind, level, role } of ir.collections.values()) {
    if (kind === "output" && !keeps(inference.labels.get(id)!, level!, ir.roles.get(role)!.replicated)) broken.push(id);
  }
  return rulesBehind(graph, broken);
}

/** Marked and implied rules of the coordinated program that neither a gate nor a log settles. */
function openMarks(residual: Analysis, needed: ReadonlySet<RuleId>, decisions: ReadonlyMap<RuleId, Decision>): { points: RuleId[]; implied: RuleId[] } {
  const { ir, inference } = residual;
  const context = { graph: buildGraph(ir), persistence: inference.persistence, timed: new Map() };
  const open = (marks: readonly Finding[]): RuleId[] => {
    const out = new Set<RuleId>();
    for (const mark of marks) {
      if (mark.reason === "local" || mark.reason === "promise" || !needed.has(mark.rule)) continue;
      const rule = ir.rules.get(mark.rule);
      if (!rule || inference.sealed.has(rule.id) || isLogged(rule, context, inference.places)) continue;
      if (decisions.get(rule.id)?.mechanism !== "none") out.add(rule.id);
    }
    return [...out];
  };
  return { points: open(residual.findings), implied: open(inference.implied) };
}

/** Rules that would wait for a seal which, with all that is written in, no longer comes: what they hold back they would keep for ever. */
function stale({ residual }: Settled, decisions: ReadonlyMap<RuleId, Decision>): RuleId[] {
  return [...decisions].filter(([id, { mechanism }]) => (mechanism === "seal" || mechanism === "barrier") && !residual.inference.sealed.has(id)).map(([id]) => id);
}

function force(rule: Rule, analysis: Analysis, decisions: Map<RuleId, Decision>, diagnostics: Diagnostic[]): void {
  const { kind, by, reason, span } = rule.coordinate!;
  const marked = [...analysis.findings, ...analysis.inference.implied].some((each) => each.rule === rule.id);
  if (kind === "none") {
    if (marked) decisions.set(rule.id, { mechanism: "none", byKey: null, why: reason ?? "" });
    return;
  }
  const mechanism = mechanisms.find((each) => each.name === kind)!;
  const cannot = marked ? mechanism.cannot(rule, analysis.inference) : "nothing in it depends on order";
  if (cannot !== null) {
    diagnostics.push({
      code: "DLC403",
      severity: "error",
      message: `\`@coordinate(${kind}${by ? ` by (${by.join(", ")})` : ""})\` cannot settle ${rule.label}: ${cannot}`,
      file: rule.file,
      span,
      mend: "Remove the annotation to let the compiler choose, or change what the rule reads.",
    });
    return;
  }
  const byKey = kind !== "order" ? null : by === null ? false : logFor(rule, analysis) ?? true;
  decisions.set(rule.id, { mechanism: mechanism.name, byKey, why: "chosen by hand in the source" });
}

/** What is known beforehand of a rule's log: where its gate is `*`, no column may key it. */
function logFor(rule: Rule, { findings }: Analysis): Decision["byKey"] {
  return findings.some((each) => each.rule === rule.id && each.reason === "opaque" && each.gate === null) ? false : null;
}

/** `by (k)` in the source names other columns than those by which the rule can be sealed or ordered. */
function unmet(ir: Ir, insertions: readonly Insertion[]): Diagnostic[] {
  const out: Diagnostic[] = [];
  for (const rule of ir.rules.values()) {
    if (!rule.coordinate?.by) continue;
    const { kind, by, span } = rule.coordinate;
    const insertion = insertions.find((each) => each.mechanism === kind && each.protects.includes(rule.id));
    if (insertion === undefined || names(rule, by, insertion.key, ir)) continue;
    const can = insertion.key.length === 0 ? "no column separates what it orders" : `it can be ${kind === "seal" ? "sealed" : "ordered"} by (${insertion.key.join(", ")})`;
    out.push({
      code: "DLC403",
      severity: "error",
      message: `\`@coordinate(${kind} by (${by.join(", ")}))\` cannot settle ${rule.label}: ${can}`,
      file: rule.file,
      span,
      mend: insertion.key.length === 0 ? "Write `order` for one log of everything, or remove the annotation to let the compiler choose." : `Write \`${kind} by (${insertion.key.join(", ")})\`, or remove the annotation to let the compiler choose.`,
    });
  }
  return out;
}

type LogKey = ReadonlyMap<CollectionId, readonly number[]> | null;

/** Each column that may key a log may do so alone: `order by (k)` in the source picks among them. */
function narrowed(key: LogKey, ordered: readonly Rule[], ir: Ir): LogKey {
  const chosen = ordered.find((rule) => rule.coordinate?.kind === "order" && rule.coordinate.by !== null);
  if (key === null || chosen === undefined) return key;
  const width = [...key.values()][0]?.length ?? 0;
  const isNamed = (n: number): boolean =>
    chosen.body.some((literal) => {
      const column = literal.kind === "read" ? key.get(literal.collection)?.[n] : undefined;
      if (literal.kind !== "read" || column === undefined) return false;
      const term = literal.terms[column];
      const { name } = ir.collections.get(literal.collection)!.columns[column];
      return chosen.coordinate!.by!.some((each) => each === name || (term?.kind === "variable" && term.name === each));
    });
  const kept = Array.from({ length: width }, (_, n) => n).filter(isNamed);
  return kept.length === 0 ? key : new Map([...key].map(([id, columns]) => [id, kept.map((n) => columns[n])]));
}

/** Whether `by` names these columns: by their names, or by variables of the rule that stand in them. */
function names(rule: Rule, by: readonly string[], key: readonly string[], ir: Ir): boolean {
  const standsIn = (variable: string, column: string): boolean =>
    rule.body.some(
      (literal) =>
        literal.kind === "read" &&
        literal.terms.some((term, i) => term?.kind === "variable" && term.name === variable && ir.collections.get(literal.collection)!.columns[i].name === column),
    );
  return by.length === key.length && key.every((column) => by.some((name) => name === column || standsIn(name, column)));
}

/** The cheapest mechanism that reaches the rule; null where nothing is left to try. */
function decide(rule: Rule, analysis: Analysis, tried: Decision | undefined, options: PlaceOptions, diagnostics: Diagnostic[]): Decision | null {
  if (tried?.mechanism === "none" || (tried?.mechanism === "order" && tried.byKey === false)) return null;
  if (options.strategy === "none") return null;
  if (tried?.mechanism === "order") return { ...tried, byKey: false };
  const { inference } = analysis;
  if (options.strategy !== "auto") {
    const forced = mechanisms.find((each) => each.name === options.strategy)!;
    const cannot = forced.cannot(rule, inference);
    if (cannot === null) return tried ? null : { mechanism: forced.name, byKey: forced.name === "order" ? logFor(rule, analysis) : null, why: `forced by --strategy ${options.strategy}` };
    if (!diagnostics.some((each) => each.code === "DLC403" && each.span === rule.span)) {
      diagnostics.push({
        code: "DLC403",
        severity: "error",
        message: `--strategy ${options.strategy} cannot settle ${rule.label}: ${cannot}`,
        file: rule.file,
        span: rule.span,
        mend: "Without --strategy the compiler chooses what reaches the rule.",
      });
    }
    return null;
  }
  const byKey = logFor(rule, analysis);
  if (tried) return { mechanism: "order", byKey, why: `${tried.mechanism} alone leaves a race with what is ordered in ${rule.role}` };
  const reasons: string[] = [];
  for (const mechanism of mechanisms) {
    const cannot = mechanism.cannot(rule, inference);
    if (cannot === null) return { mechanism: mechanism.name, byKey: mechanism.name === "order" ? byKey : null, why: why(mechanism.name, reasons) };
    if (mechanism.name === "seal") reasons.push(cannot);
  }
  return null;
}

function why(name: MechanismName, reasons: readonly string[]): string {
  if (name === "seal") return "what it reads is sealed, and each of its gate values lies in one partition";
  if (name === "barrier") return "what it reads is sealed as a whole stream";
  return `no seal serves it (${reasons.join("; ")})`;
}

/** The program with all that was decided written in, and its residual analysis. */
function apply(analysis: Analysis, graph: Graph, decisions: Map<RuleId, Decision>): Settled {
  const { ir, inference } = analysis;
  let coordinated = ir;
  for (const [id, decision] of decisions) {
    if (decision.mechanism !== "seal" && decision.mechanism !== "barrier") continue;
    const sealing = inference.sealed.get(id)!;
    coordinated = insertGate(coordinated, coordinated.rules.get(id)!, sealing.conditions, inference.persistence);
    for (const other of sealing.together) {
      const writer = coordinated.rules.get(other)!;
      const context = { graph, persistence: inference.persistence, timed: new Map() };
      const needed = writerConditions(ir.rules.get(other)!, writer.head.collection, context, inference.seals);
      if (typeof needed !== "string") coordinated = insertGate(coordinated, writer, needed.conditions, inference.persistence);
    }
  }
  for (const { region, ordered } of regions(ir, graph, decisions, inference)) {
    const keyed = ordered.every((rule) => decisions.get(rule.id)!.byKey !== false);
    const key = keyed ? narrowed(logKey(region, ordered, graph, inference.persistence), ordered, ir) : null;
    coordinated = insertLog(coordinated, region, key);
  }
  return { coordinated, residual: analyze(coordinated, "inserted") };
}

/** One log per role: all its ordered rules share it. */
function regions(ir: Ir, graph: Graph, decisions: ReadonlyMap<RuleId, Decision>, inference: Inference): { region: ReturnType<typeof regionOf>; ordered: Rule[] }[] {
  const byRole = new Map<string, Rule[]>();
  for (const [id, decision] of decisions) {
    if (decision.mechanism !== "order") continue;
    const rule = ir.rules.get(id)!;
    const role = ir.collections.get(rule.head.collection)!.keyLength !== null ? ir.collections.get(rule.head.collection)!.role : rule.role;
    byRole.set(role, [...(byRole.get(role) ?? []), rule]);
  }
  return [...byRole].map(([role, ordered]) => ({ region: regionOf(role, ordered, graph, inference.persistence), ordered }));
}

/**
 * An `agreed` or `eventual` output tolerates some of the disorder behind it: what it keeps its
 * promise without is taken out again, the dearest first.
 */
function relax(analysis: Analysis, graph: Graph, decisions: Map<RuleId, Decision>, coordinated: Ir, residual: Analysis, options: PlaceOptions): Settled {
  const { ir } = analysis;
  const strict: CollectionId[] = [];
  for (const { id, kind, level } of ir.collections.values()) if (kind === "output" && level === "deterministic") strict.push(id);
  const fixed = rulesBehind(graph, strict);
  const rank = mechanisms.map(({ name }) => name as MechanismName);
  const candidates = [...decisions].filter(([id, { mechanism }]) => mechanism !== "none" && !fixed.has(id) && ir.rules.get(id)!.coordinate === null && options.strategy === "auto");
  candidates.sort(([, a], [, b]) => rank.indexOf(b.mechanism) - rank.indexOf(a.mechanism));
  let settled: Settled = { coordinated, residual };
  const removed: [RuleId, Decision][] = [];
  for (const [id, decision] of candidates.slice(0, 64)) {
    decisions.delete(id);
    const without = apply(analysis, graph, decisions);
    if (stale(without, decisions).length === 0 && unkept(ir, without.residual.inference) <= unkept(ir, settled.residual.inference)) {
      settled = without;
      removed.push([id, decision]);
    } else decisions.set(id, decision);
  }
  // What the logs of other rules bring to it as well is coordinated all the same, and the report should say so.
  for (const [id, decision] of removed) {
    if (decision.mechanism !== "order" || ![...decisions.values()].some(({ mechanism }) => mechanism === "order")) continue;
    decisions.set(id, decision);
    const again = apply(analysis, graph, decisions);
    if (orderings(again.coordinated) === orderings(settled.coordinated) && stale(again, decisions).length === 0) settled = again;
    else decisions.delete(id);
  }
  return settled;
}

function orderings(ir: Ir): string {
  return JSON.stringify([...ir.collections.values()].flatMap(({ id, ordering }) => (ordering ? [[id, ordering]] : [])));
}

function unkept(ir: Ir, inference: Inference): number {
  let count = 0;
  for (const { id, kind, level, role } of ir.collections.values()) {
    if (kind === "output" && !keeps(inference.labels.get(id)!, level!, ir.roles.get(role)!.replicated)) count++;
  }
  return count;
}

/** Deferred rules of a log's rules count its steps only (semantics A11). */
function clocksOf(coordinated: Ir, residual: Analysis): Map<RuleId, string> {
  const clocks = new Map<RuleId, string>();
  const context = { graph: buildGraph(coordinated), persistence: residual.inference.persistence, timed: new Map() };
  for (const rule of coordinated.rules.values()) {
    if (rule.op !== "<+" && rule.op !== "<-" && rule.op !== "<+-") continue;
    const { places } = residual.inference;
    if (!isLogged(rule, context, places)) continue;
    const first = rule.body.find((literal) => literal.kind === "read" && places.get(literal.collection));
    if (first?.kind === "read") clocks.set(rule.id, places.get(first.collection)!.log);
  }
  return clocks;
}

