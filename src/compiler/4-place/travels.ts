import type { Analysis } from "../analysis.ts";
import type { CollectionId, Ir } from "../ir.ts";
import type { SealedCollection, SealTravel } from "../plan.ts";
import { sealKey } from "../3-analyze/seals.ts";

/**
 * Which inputs and channels some gate waits for, directly or because their seals close what a gate
 * waits for in another role, and how those seals travel.
 */
export function planSeals(coordinated: Ir, residual: Analysis): { sealed: SealedCollection[]; travels: SealTravel[] } {
  const { channels, seals } = residual.inference;
  const waited = new Map<CollectionId, { deferred: boolean }>();
  const queue: CollectionId[] = [];
  const wait = (source: CollectionId, deferred: boolean): void => {
    const known = waited.get(source);
    if (known && (known.deferred || !deferred)) return;
    waited.set(source, { deferred });
    queue.push(source);
  };
  for (const rule of coordinated.rules.values()) {
    const gates = [...(rule.gates ?? []), ...rule.body.flatMap((literal) => (literal.kind === "read" && literal.hold ? [literal.hold] : []))];
    const deferred = residual.inference.sealed.get(rule.id)?.deferred ?? false;
    for (const gate of gates) for (const { source } of gate.conditions) wait(source, deferred);
  }
  const travels = new Map<string, SealTravel>();
  while (queue.length > 0) {
    const target = queue.pop()!;
    for (const [role, way] of channels.get(target)?.travels ?? []) {
      if (way === null) continue;
      travels.set(`${role} ${target}`, { role, target, parts: way.parts, deferred: way.deferred });
      for (const { source } of way.parts) wait(source, way.deferred);
    }
  }
  const order = [...coordinated.collections.keys()];
  const sealed = [...waited].map(([collection, { deferred }]): SealedCollection => ({
    collection,
    key: sealKey(collection, seals),
    single: isSingle(collection, coordinated, residual),
    deadlineMs: coordinated.collections.get(collection)!.sealed?.deadlineMs ?? null,
    producers: [...(channels.get(collection)?.travels.keys() ?? [])],
    deferred,
  }));
  sealed.sort((a, b) => order.indexOf(a.collection) - order.indexOf(b.collection));
  return { sealed, travels: [...travels.values()] };
}

/** One producer a value: promised on the collection, or on the inputs of the one role from which its facts come. */
function isSingle(id: CollectionId, ir: Ir, residual: Analysis, seen = new Set<CollectionId>()): boolean {
  if (ir.collections.get(id)!.sealed?.single) return true;
  const ways = [...(residual.inference.channels.get(id)?.travels ?? [])];
  if (ways.length !== 1 || seen.has(id)) return false;
  const [[, way]] = ways;
  return way !== null && way.parts.length === 1 && isSingle(way.parts[0].source, ir, residual, new Set(seen).add(id));
}
