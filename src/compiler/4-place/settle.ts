/** Decide, write in, analyse again, until no rule on the way to a broken promise is left open; then take out what no promise needs. */
import type { Analysis, Finding, Inference } from "../analysis.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { CollectionId, Ir, RuleId } from "../ir.ts";
import type { MechanismName, Strategy } from "../plan.ts";
import type { Graph } from "../3-analyze/graph.ts";
import { buildGraph } from "../3-analyze/graph.ts";
import { isLogged } from "../3-analyze/labels.ts";
import { mechanisms } from "../../strategies/index.ts";
import { decide, force } from "./decide.ts";
import { alone, partsOf } from "./parts.ts";
import type { Part } from "./parts.ts";
import { keeps, rulesBehind } from "./relevant.ts";
import { isLogging, stale, write } from "./write.ts";
import type { Decided, Decision, Settled } from "./write.ts";

/** What is tried instead of what would be decided rule by rule. */
export interface Choice {
  /** `free`: left as it is, for what it makes differ is made good further down, or nobody minds. */
  readonly rules: ReadonlyMap<RuleId, "order" | "free">;
  readonly cuts: ReadonlySet<CollectionId>;
  readonly wide: boolean;
}

export const asDecided: Choice = { rules: new Map(), cuts: new Set(), wide: false };

/** A program before anything is decided. */
export interface Unsettled {
  readonly analysis: Analysis;
  readonly graph: Graph;
  /** Promised seals not used. */
  readonly before: Inference;
  readonly strategy: Strategy;
}

/** Rounds in which one insertion can still uncover another; more than a program's depth of such rules is a fault of ours. */
const mostRounds = 12;

export function settle(
  given: Unsettled,
  choice: Choice,
  diagnostics: Diagnostic[],
): { settled: Settled; decided: Decided } {
  const { analysis, graph, before, strategy } = given;
  const { ir } = analysis;
  const decided: Decided = { rules: new Map(), cuts: choice.cuts, wide: choice.wide };
  const decisions = decided.rules;
  for (const rule of ir.rules.values()) if (rule.coordinate) force(rule, analysis, decisions, diagnostics);
  // With nothing written in, the residual program is the program, its seals not used.
  let settled: Settled = { coordinated: ir, residual: { ...analysis, inference: before }, logs: new Map() };
  if (decisions.size > 0 || choice.cuts.size > 0) settled = joined(given, decided, write(analysis, graph, decided));
  let labels = settled.residual.inference;
  for (let round = 0; round < mostRounds; round++) {
    const needed = neededRules(ir, graph, round === 0 && choice.cuts.size === 0 ? before : labels);
    // A race that is only implied may be gone once what is upstream of it is settled, so the points go first.
    const { points, implied } = openMarks(settled.residual, needed, decided);
    let changed = false;
    for (const id of [...points, ...stale(settled, decided), null, ...implied]) {
      if (id === null) {
        if (changed) break;
        continue;
      }
      const origin = ir.rules.get(id);
      if (origin === undefined) continue;
      const next = decide(
        origin,
        analysis,
        decisions.get(id),
        { strategy, instead: choice.rules.get(id) },
        diagnostics,
      );
      if (next === null) continue;
      decisions.set(id, next);
      changed = true;
    }
    if (!changed) break;
    settled = write(analysis, graph, decided);
    labels = settled.residual.inference;
  }
  for (let left = stale(settled, decided); left.length > 0; left = stale(settled, decided)) {
    for (const id of left) decisions.delete(id);
    settled = write(analysis, graph, decided);
  }
  return { settled, decided };
}

/** Where a log that was asked for by hand settles other rules as well, the report says so of them too. */
function joined(
  { analysis, graph, before }: Unsettled,
  { rules: decisions, ...rest }: Decided,
  settled: Settled,
): Settled {
  const { ir, inference } = settled.residual;
  const context = { graph: buildGraph(ir), persistence: inference.persistence, timed: new Map() };
  const needed = neededRules(analysis.ir, graph, before);
  const also = settled.residual.findings.filter(({ rule: id }) => {
    const rule = ir.rules.get(id);
    return rule !== undefined && needed.has(id) && !decisions.has(id) && isLogged(rule, context, inference.places);
  });
  if (also.length === 0) return settled;
  const decision: Decision = {
    mechanism: "order",
    byKey: null,
    why: "what it reads comes through the log of another rule",
  };
  const more = new Map([...decisions, ...also.map(({ rule }) => [rule, decision] as const)]);
  const again = write(analysis, graph, { ...rest, rules: more });
  if (orderings(again.coordinated) !== orderings(settled.coordinated)) return settled;
  for (const { rule } of also) decisions.set(rule, decision);
  return again;
}

/** Outputs whose label does not keep their promise. */
export function brokenPromises(ir: Ir, inference: Inference): CollectionId[] {
  const broken: CollectionId[] = [];
  for (const { id, kind, level, role } of ir.collections.values()) {
    if (kind === "output" && !keeps(inference.labels.get(id)!, level!, ir.roles.get(role)!.replicated)) broken.push(id);
  }
  return broken;
}

/** Rules behind an output whose label does not keep its promise. */
function neededRules(ir: Ir, graph: Graph, inference: Inference): Set<RuleId> {
  return rulesBehind(graph, brokenPromises(ir, inference));
}

/** Marked and implied rules of the coordinated program that neither a gate nor a log settles. */
export function openMarks(
  residual: Analysis,
  needed: ReadonlySet<RuleId>,
  { rules: decisions }: Decided,
): { points: RuleId[]; implied: RuleId[] } {
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

/** Rules whose results some deterministic output shows: nothing of them may be left open. */
export function firmRules(ir: Ir, graph: Graph): Set<RuleId> {
  const strict: CollectionId[] = [];
  for (const { id, kind, level } of ir.collections.values())
    if (kind === "output" && level === "deterministic") strict.push(id);
  return rulesBehind(graph, strict);
}

/**
 * An `agreed` or `eventual` output tolerates some of the disorder behind it: what it keeps its
 * promise without is taken out again, the dearest first, many at once where they go together.
 */
export function relax(given: Unsettled, decided: Decided, settled: Settled): Settled {
  if (given.strategy !== "auto") return settled;
  let relaxed = settled;
  let isDone = true;
  const { analysis, before } = given;
  const left = new Set(brokenPromises(analysis.ir, settled.residual.inference));
  const mended = new Set(brokenPromises(analysis.ir, before).filter((id) => !left.has(id)));
  for (const [part, ids] of byPart(given, decided, removable(given, decided))) {
    // What is alone in mending a promise is needed.
    const isAlone = ids.length === 1 && part.rules.every(({ id }) => id === ids[0] || !decided.rules.has(id));
    if (isAlone && part.collections.some(({ id }) => mended.has(id))) continue;
    const own = alone(given, part);
    if (own === given) return relaxPart(given, decided, settled, ids);
    const only = within(decided, part);
    const before = only.rules.size;
    relaxPart(own, only, write(own.analysis, own.graph, only), ids);
    if (only.rules.size === before) continue;
    for (const id of ids) if (!only.rules.has(id)) decided.rules.delete(id);
    isDone = false;
  }
  if (!isDone) relaxed = write(given.analysis, given.graph, decided);
  return relaxed;
}

/** Rules that nobody has fixed by hand and no deterministic output shows. */
export function removable({ analysis: { ir }, graph }: Unsettled, { rules }: Decided): RuleId[] {
  const firm = firmRules(ir, graph);
  return [...rules]
    .filter(([id, { mechanism }]) => mechanism !== "none" && !firm.has(id) && ir.rules.get(id)!.coordinate === null)
    .map(([id]) => id);
}

export function byPart(
  { graph }: Unsettled,
  { wide }: { readonly wide: boolean },
  ids: readonly RuleId[],
): Map<Part, RuleId[]> {
  const out = new Map<Part, RuleId[]>();
  if (ids.length === 0) return out;
  const { of } = partsOf(graph, wide);
  for (const id of ids) {
    const part = of.get(id)!;
    const known = out.get(part);
    if (known) known.push(id);
    else out.set(part, [id]);
  }
  return out;
}

function within({ rules, cuts, wide }: Decided, part: Part): Decided {
  const own = part.rules.flatMap(({ id }): [RuleId, Decision][] => (rules.has(id) ? [[id, rules.get(id)!]] : []));
  return { rules: new Map(own), cuts: new Set(part.collections.flatMap(({ id }) => (cuts.has(id) ? [id] : []))), wide };
}

function relaxPart(
  { analysis, graph }: Unsettled,
  decided: Decided,
  settled: Settled,
  ids: readonly RuleId[],
): Settled {
  const { ir } = analysis;
  const { rules: decisions } = decided;
  const rank = mechanisms.map(({ name }) => name as MechanismName);
  const rankOf = (id: RuleId): number => rank.indexOf(decisions.get(id)!.mechanism);
  const candidates = ids.toSorted((a, b) => rankOf(b) - rankOf(a) || (textOf(a, ir) < textOf(b, ir) ? -1 : 1));
  const removed = new Map<RuleId, Decision>();
  let tries = mostTries(ir);
  const isRemovable = (some: readonly RuleId[]): boolean => {
    if (tries-- <= 0) return false;
    const taken = some.map((id) => [id, decisions.get(id)!] as const);
    for (const id of some) decisions.delete(id);
    const without = write(analysis, graph, decided);
    if (
      stale(without, decided).length === 0 &&
      brokenPromises(ir, without.residual.inference).length <= brokenPromises(ir, settled.residual.inference).length
    ) {
      settled = without;
      for (const [id, decision] of taken) removed.set(id, decision);
      return true;
    }
    for (const [id, decision] of taken) decisions.set(id, decision);
    return false;
  };
  const remove = (some: readonly RuleId[]): void => {
    if (some.length === 0 || isRemovable(some) || some.length === 1) return;
    const half = Math.ceil(some.length / 2);
    remove(some.slice(0, half));
    remove(some.slice(half));
  };
  remove(candidates);
  // What the logs of other rules bring to it as well is coordinated all the same, and the report should say so.
  for (const [id, decision] of removed) {
    if (!isLogging(decision) || tries-- <= 0 || ![...decisions.values()].some(isLogging)) continue;
    decisions.set(id, decision);
    const again = write(analysis, graph, decided);
    if (orderings(again.coordinated) === orderings(settled.coordinated) && stale(again, decided).length === 0)
      settled = again;
    else decisions.delete(id);
  }
  return settled;
}

/** By which rules are told apart wherever in a program they stand: what is taken out first does not depend on that. */
function textOf(id: RuleId, ir: Ir): string {
  const { head, file, span } = ir.rules.get(id)!;
  return `${head.collection} ${file.text.slice(span.start, span.end)}`;
}

/** How often a program of this size may be written and analysed again to save coordination. */
export function mostTries(ir: Ir): number {
  return Math.max(8, Math.min(128, Math.floor(20_000 / (ir.rules.size + 1))));
}

function orderings(ir: Ir): string {
  return JSON.stringify([...ir.collections.values()].flatMap(({ id, ordering }) => (ordering ? [[id, ordering]] : [])));
}
