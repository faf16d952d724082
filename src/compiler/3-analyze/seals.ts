/**
 * Where seals hold (analysis.md section 3, as replaced by semantics.md A1, A2, A7, A12).
 *
 * A seal is a condition on evaluating a rule for a gate value: the partitions that the value
 * selects, in each sensitive literal by that literal's own columns, are closed. It survives a rule
 * on head columns k' only if k' determines the sealed key of every open literal of the body, and
 * of every rule with that head; through a cycle only if that holds for all its rules with the same
 * k'; through a cycle with an async edge never, since its own seal would wait for itself.
 */
import type { Finding, Seal, Sealing, SealUse } from "../analysis.ts";
import type { CollectionId, Rule, RuleId } from "../ir.ts";
import { ordersOtherwise } from "./declared.ts";
import type { Context } from "./points.ts";
import { collection } from "./points.ts";
import { gatesHold } from "./gates.ts";
import { channelSeal } from "./channel-seals.ts";
import type { Seals } from "./seal-values.ts";
import { closedFromStart, sameSeal, sourceItself, unite } from "./seal-values.ts";
import { sealRule, writerConditions } from "./sealing.ts";
import { ruleSeal } from "./rule-seal.ts";

export function inferSeals(context: Context, findings: ReadonlyMap<RuleId, readonly Finding[]>, use: SealUse): Seals {
  const { graph } = context;
  const out: Seals = {
    use,
    seals: new Map(),
    channels: new Map(),
    sealed: new Map(),
    unsealed: new Map(),
    missing: [],
  };
  if (use === "none") {
    for (const id of graph.ir.collections.keys())
      out.seals.set(id, context.persistence.get(id) === "static" ? closedFromStart : null);
    for (const rule of findings.keys()) out.unsealed.set(rule, "no seals are used");
    return out;
  }
  for (const component of graph.components) {
    const cyclic = graph.cyclic.has(component[0]);
    // Optimistic at first (absent: whatever is needed), then downwards until nothing changes.
    for (let round = 0; ; round++) {
      let changed = false;
      for (const id of component) {
        const before = out.seals.get(id);
        const seal =
          round > 8
            ? null
            : sealOf(
                id,
                context,
                findings,
                out,
                use,
                component.some((each) => collection(context, each).kind === "channel") && cyclic,
              );
        if (seal === undefined) continue;
        out.seals.set(id, seal);
        if (!sameSeal(before, seal)) changed = true;
      }
      if (!changed || !cyclic) break;
    }
    for (const id of component) if (!out.seals.has(id)) out.seals.set(id, null);
  }
  return out;
}

function sealOf(
  id: CollectionId,
  context: Context,
  findings: ReadonlyMap<RuleId, readonly Finding[]>,
  out: Seals,
  use: SealUse,
  asyncCycle: boolean,
): Seal | null | undefined {
  const { kind, sealed } = collection(context, id);
  if (kind === "input") return sealed === null ? null : sourceItself(id, sealed.columns);
  if (kind === "timer") return null;
  if (context.persistence.get(id) === "static") return closedFromStart;
  // Nobody says that no other instance will join or leave.
  if (kind === "nodes") return null;
  const rules = context.graph.into.get(id)!;
  settleRules(id, rules, context, findings, out, use);
  if (kind === "channel") return channelSeal(id, rules, context, out, asyncCycle);
  let merged: Seal | undefined;
  // What a deferred rule makes of static facts is there from the second step on.
  let late = false;
  for (const rule of rules) {
    const seal = out.unsealed.has(rule.id) ? null : ruleSeal(rule, context, out.seals, findings.has(rule.id));
    if (seal === null) return null;
    if (seal === undefined) continue;
    late ||= seal.deferred;
    if (seal.sources.length === 0) continue;
    // What a gate releases takes effect a step later through a deferred rule, when the partition is closed already.
    if (seal.consumed && rule.op !== "<=") return null;
    // Different keys on the ways into one collection leave no partition closed (case D5); the whole stream goes with all.
    if (merged && merged.columns.length > 0 && seal.columns.length > 0 && merged.columns.join() !== seal.columns.join())
      return null;
    merged = merged ? unite(merged, seal) : seal;
  }
  return merged && { ...merged, deferred: late };
}

/** Settle for the marked rules with head `id` whether they can be evaluated partition by partition. */
function settleRules(
  id: CollectionId,
  rules: readonly Rule[],
  context: Context,
  findings: ReadonlyMap<RuleId, readonly Finding[]>,
  out: Seals,
  use: SealUse,
): void {
  for (const rule of rules) {
    const marks = findings.get(rule.id);
    if (marks === undefined) continue;
    const sealing = sealRule(rule, marks, context, out.seals, id);
    const wrong =
      typeof sealing === "string" ? sealing : use === "inserted" ? notGated(rule, sealing, context, out.seals) : null;
    if (typeof sealing === "string" || wrong !== null) {
      out.unsealed.set(rule.id, wrong!);
      out.sealed.delete(rule.id);
    } else {
      out.sealed.set(rule.id, sealing);
      out.unsealed.delete(rule.id);
    }
  }
}

/** Why the inserted gates do not carry what the rule, and those that must wait with it, need; null when they do. */
function notGated(
  rule: Rule,
  sealing: Sealing,
  context: Context,
  seals: ReadonlyMap<CollectionId, Seal | null>,
): string | null {
  const own = ordersOtherwise(rule, context) ?? gatesHold(rule, sealing.conditions, context);
  if (own !== null) return own;
  for (const id of sealing.together) {
    const writer = context.graph.ir.rules.get(id)!;
    const needed = writerConditions(writer, rule.head.collection, context, seals);
    const missing = typeof needed === "string" ? needed : gatesHold(writer, needed.conditions, context);
    if (missing !== null) return missing;
  }
  return null;
}
