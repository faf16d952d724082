/** What a seal of a rule's body says of its head (semantics A2). */
import type { Seal, SealSource } from "../analysis.ts";
import type { CollectionId, Expr, Rule } from "../ir.ts";
import { equals } from "./determine.ts";
import { reads } from "./graph.ts";
import type { Context } from "./points.ts";
import { isOpen } from "./points.ts";
import { closedFromStart, unite } from "./seal-values.ts";

export function isOpenRule(rule: Rule, context: Context): boolean {
  return reads(rule).some((literal) => isOpen(context, literal));
}

/**
 * The seal that a rule's head gets from its body: undefined while a cycle's members are still
 * assumed, null when none survives. `within`: only these head columns may carry it.
 */
export function ruleSeal(
  rule: Rule,
  context: Context,
  seals: ReadonlyMap<CollectionId, Seal | null>,
  consumed: boolean,
  within: readonly number[] | null = null,
): Seal | null | undefined {
  const same = equals(rule);
  const columnOf = (name: string): number =>
    rule.head.terms.findIndex(
      (term, i) =>
        (within === null || within.includes(i)) &&
        term.kind === "value" &&
        term.value.kind === "variable" &&
        same(term.value.name) === same(name),
    );
  let merged: Seal | undefined;
  for (const literal of reads(rule)) {
    if (!isOpen(context, literal)) continue;
    const seal = seals.get(literal.collection);
    if (seal === null) return null;
    if (seal === undefined) {
      continue;
    }
    const sources: SealSource[] = [];
    const columns = new Set<number>();
    for (const { source, key } of seal.sources) {
      const mapped: (number | Expr)[] = [];
      for (const part of key) {
        const term = typeof part === "number" ? literal.terms[part] : part;
        if (term === null || term.kind === "self") return null;
        if (term.kind !== "variable") {
          mapped.push(term);
          continue;
        }
        const at = columnOf(term.name);
        if (at < 0) return null;
        mapped.push(at);
        columns.add(at);
      }
      sources.push({ source, key: mapped });
    }
    const own: Seal = {
      columns: [...columns].sort((a, b) => a - b),
      sources,
      consumed: seal.consumed,
      deferred: seal.deferred,
    };
    merged = merged ? unite(merged, own) : own;
  }
  const deferred = merged?.deferred === true || rule.op === "<+" || rule.op === "<-" || rule.op === "<+-";
  if (merged === undefined) return isOpenRule(rule, context) ? undefined : { ...closedFromStart, deferred };
  return { ...merged, consumed: merged.consumed || consumed, deferred };
}
