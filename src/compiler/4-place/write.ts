import type { Analysis } from "../analysis.ts";
import type { CollectionId, Ir, Rule, RuleId } from "../ir.ts";
import type { MechanismName } from "../plan.ts";
import { analyze } from "../3-analyze/analyze.ts";
import type { Graph } from "../3-analyze/graph.ts";
import { writerConditions } from "../3-analyze/sealing.ts";
import { insertLog, logKey, regionsOf } from "../../strategies/order.ts";
import { draftOf, insertGate, programOf } from "../../strategies/seal.ts";

/** Per rule: what settles it, and why that one. */
export interface Decision {
  readonly mechanism: MechanismName;
  readonly byKey: boolean | null;
  /** The `barrier` is one of epochs. */
  readonly byEpochs?: boolean;
  readonly why: string;
}

/** It waits for seals, and no log serves it. */
export function isSealing({ mechanism, byEpochs }: Decision): boolean {
  return mechanism === "seal" || (mechanism === "barrier" && byEpochs !== true);
}

/** A log settles it. */
export function isLogging({ mechanism, byEpochs }: Decision): boolean {
  return mechanism === "order" || byEpochs === true;
}

/** What is decided of a program. */
export interface Decided {
  readonly rules: Map<RuleId, Decision>;
  /** Channels of replicated roles that pass through a log although no rule behind it there needs one: what their senders disagree on ends there. */
  readonly cuts: ReadonlySet<CollectionId>;
  /** A log takes all that comes into its role, as where it is put in front of a whole component. */
  readonly wide: boolean;
}

/** A program with what was decided written in, and its residual analysis. */
export interface Settled {
  readonly coordinated: Ir;
  readonly residual: Analysis;
  /** By ordered rule. */
  readonly logs: ReadonlyMap<RuleId, string>;
}

export function write(analysis: Analysis, graph: Graph, { rules: decisions, cuts, wide }: Decided): Settled {
  const { ir, inference } = analysis;
  const draft = draftOf(ir);
  for (const [id, decision] of decisions) {
    if (!isSealing(decision)) continue;
    const sealing = inference.sealed.get(id)!;
    insertGate(draft, id, sealing.conditions, inference.persistence);
    for (const other of sealing.together) {
      const writer = draft.rules.get(other)!;
      const context = { graph, persistence: inference.persistence, timed: new Map() };
      const needed = writerConditions(ir.rules.get(other)!, writer.head.collection, context, inference.seals);
      if (typeof needed !== "string") insertGate(draft, other, needed.conditions, inference.persistence);
    }
  }
  const logs = new Map<RuleId, string>();
  const anyByEpochs = (some: readonly Rule[]): boolean => some.some(({ id }) => decisions.get(id)!.byEpochs === true);
  for (const [role, ordered] of orderedByRole(ir, decisions)) {
    if (wide) {
      for (const rule of ordered) logs.set(rule.id, `${role}.log`);
      const sources = graph.entrances(role).map(({ id }) => id);
      insertLog(draft.collections, { sources, log: `${role}.log` }, { key: null, byEpochs: anyByEpochs(ordered) });
      continue;
    }
    for (const { region, ordered: group } of regionsOf(role, ordered, graph, inference.persistence)) {
      for (const rule of group) logs.set(rule.id, region.log);
      const byEpochs = anyByEpochs(group);
      const keyed = !byEpochs && group.every((rule) => decisions.get(rule.id)!.byKey !== false);
      const key = keyed ? narrowed(logKey(region, group, graph, inference.persistence), group, ir) : null;
      insertLog(draft.collections, region, { key, byEpochs });
    }
  }
  for (const id of cuts) {
    if (draft.collections.get(id)!.ordering === undefined)
      insertLog(draft.collections, { sources: [id], log: `${id}.log` }, { key: null, byEpochs: false });
  }
  const coordinated = programOf(draft);
  return { coordinated, residual: analyze(coordinated, "inserted"), logs };
}

/** Rules that a log settles, by the role whose log it is. */
function orderedByRole(ir: Ir, decisions: ReadonlyMap<RuleId, Decision>): Map<string, Rule[]> {
  const byRole = new Map<string, Rule[]>();
  for (const [id, decision] of decisions) {
    if (!isLogging(decision)) continue;
    const rule = ir.rules.get(id)!;
    const role = logRole(rule, ir);
    const known = byRole.get(role);
    if (known) known.push(rule);
    else byRole.set(role, [rule]);
  }
  return byRole;
}

/** A keyed channel takes its values in the order of its receiver. */
export function logRole(rule: Rule, ir: Ir): string {
  const head = ir.collections.get(rule.head.collection)!;
  return head.keyLength !== null ? head.role : rule.role;
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

/** Rules that would wait for a seal which, with all that is written in, no longer comes: what they hold back they would keep for ever. */
export function stale({ residual }: Settled, { rules }: Decided): RuleId[] {
  return [...rules]
    .filter(([id, decision]) => isSealing(decision) && !residual.inference.sealed.has(id))
    .map(([id]) => id);
}

/** The logs of a program, each with what passes through it. */
export function logsOf(coordinated: Ir): ReadonlyMap<string, readonly CollectionId[]> {
  const logs = new Map<string, CollectionId[]>();
  for (const { id, ordering } of coordinated.collections.values()) {
    if (ordering === undefined) continue;
    const known = logs.get(ordering.log);
    if (known) known.push(id);
    else logs.set(ordering.log, [id]);
  }
  return logs;
}
