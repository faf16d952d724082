/**
 * Partitions that an instance gives up when they are not sealed in time (semantics A6): whether a rule that waits for one is
 * ever evaluated is another thing in another run. What waits for no seal goes on as ever.
 */
import type { LabelName } from "../analysis.ts";
import type { CollectionId, Gate, Rule, RuleId } from "../ir.ts";
import type { Graph } from "./graph.ts";
import { reads } from "./graph.ts";
import type { Seals } from "./seal-values.ts";

/**
 * `here`: each instance that waits gives it up by itself; `upstream`: a producer does, and seals it for nobody. So do those
 * whose members change: when the first seals a value it is settled who else does, and a later one is refused (semantics B7).
 */
export type Failing = ReadonlyMap<CollectionId, "here" | "upstream">;

/** Inputs and channels of which some partition may never close because of a deadline, or holds other facts in another run. */
export function failingIn(graph: Graph, seals: Seals): Failing {
  const failing = new Map<CollectionId, "here" | "upstream">();
  for (const { id, sealed } of graph.ir.collections.values())
    if (sealed !== null && sealed.deadlineMs !== null) failing.set(id, "here");
  const isDynamic = (role: string): boolean => graph.ir.roles.get(role)?.dynamic === true;
  for (const [id, { travels }] of seals.channels)
    if (!failing.has(id) && [...travels.keys()].some(isDynamic)) failing.set(id, "upstream");
  if (failing.size === 0) return failing;
  for (let size = 0; size !== failing.size;) {
    size = failing.size;
    for (const [id, { travels }] of seals.channels) {
      if (failing.has(id)) continue;
      const rests = [...travels].some(([role, way]) =>
        way === null ? sealRulesRestOn(id, role, graph, failing) : way.parts.some(({ source }) => failing.has(source)),
      );
      if (rests) failing.set(id, "upstream");
    }
  }
  return failing;
}

/** Whether what a role's seal rules for the channel read is made, in that role, of such partitions. */
function sealRulesRestOn(channel: CollectionId, role: string, graph: Graph, failing: Failing): boolean {
  const behind = new Set<CollectionId>();
  for (const seal of graph.sealsInto.get(channel) ?? []) {
    if (seal.role === role)
      for (const literal of seal.body) if (literal.kind === "read") behind.add(literal.collection);
  }
  for (const id of behind) {
    if (failing.has(id)) return true;
    for (const rule of graph.into.get(id) ?? [])
      if (rule.role === role) for (const { collection } of reads(rule)) behind.add(collection);
  }
  return false;
}

/** What the deadlines of partitions for which they wait make of rules; of a component, of all of its paths. */
export function missedBy(graph: Graph, seals: Seals, failing: Failing): ReadonlyMap<RuleId, LabelName> {
  const missed = new Map<RuleId, LabelName>();
  if (failing.size === 0) return missed;
  const waits = (rule: Rule, source: CollectionId): void => {
    const how = failing.get(source);
    if (how === undefined || missed.get(rule.id) === "Diverge") return;
    const label = how === "here" && graph.ir.roles.get(rule.role)!.replicated ? "Diverge" : "Run";
    for (const each of rule.path === undefined ? [rule] : graph.rulesOf(rule.role)) {
      if (label === "Diverge" || !missed.has(each.id)) missed.set(each.id, label);
    }
  };
  for (const rule of graph.rules) {
    const gates: readonly Gate[] = [...(rule.gates ?? []), ...reads(rule).flatMap(({ hold }) => hold ?? [])];
    for (const { conditions } of gates) for (const { source } of conditions) waits(rule, source);
  }
  for (const [id, { conditions, together }] of seals.sealed) {
    for (const each of [id, ...together]) {
      const rule = graph.ir.rules.get(each);
      if (rule !== undefined) for (const { source } of conditions) waits(rule, source);
    }
  }
  return missed;
}
