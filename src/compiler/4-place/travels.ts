import type { Analysis } from "../analysis.ts";
import type { CollectionId, Ir } from "../ir.ts";
import type { SealedCollection, SealTravel } from "../plan.ts";
import { buildGraph } from "../3-analyze/graph.ts";
import { sealKey } from "../3-analyze/seal-values.ts";

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
    const gates = [
      ...(rule.gates ?? []),
      ...rule.body.flatMap((literal) => (literal.kind === "read" && literal.hold ? [literal.hold] : [])),
    ];
    const deferred = residual.inference.sealed.get(rule.id)?.deferred ?? false;
    for (const gate of gates) for (const { source } of gate.conditions) wait(source, deferred);
  }
  const travels = new Map<string, SealTravel>();
  while (queue.length > 0) {
    const target = queue.pop()!;
    for (const [role, way] of channels.get(target)?.travels ?? []) {
      if (way === null) continue;
      const owners = ownersOf(target, coordinated, residual);
      travels.set(`${role} ${target}`, {
        role,
        target,
        parts: way.parts,
        deferred: way.deferred,
        ...(owners !== null && { owners }),
      });
      for (const { source } of way.parts) wait(source, way.deferred);
    }
  }
  const { positions } = buildGraph(coordinated);
  const sealed = [...waited].map(([collection, { deferred }]): SealedCollection => ({
    collection,
    key: sealKey(collection, seals),
    single: isSingle(collection, coordinated, residual),
    deadlineMs: coordinated.collections.get(collection)!.sealed?.deadlineMs ?? null,
    producers: [...(channels.get(collection)?.travels.keys() ?? [])],
    deferred,
  }));
  sealed.sort((a, b) => positions.get(a.collection)! - positions.get(b.collection)!);
  return { sealed, travels: [...travels.values()] };
}

/**
 * One producer a value: promised on the collection, or on the inputs of the one role from which its
 * facts come. A role in between passes a value on from one instance only where it is partitioned by
 * columns that the value determines, or is a component of one instance.
 */
function isSingle(id: CollectionId, ir: Ir, residual: Analysis, seen = new Set<CollectionId>()): boolean {
  const { kind, sealed } = ir.collections.get(id)!;
  if (sealed?.single) return true;
  if (seen.has(id) || kind !== "channel") return false;
  const way = onlyWay(id, residual);
  if (way === null) return false;
  if (ir.collections.get(way.source)!.kind === "input") return isSingle(way.source, ir, residual);
  return ownerColumns(way, ir, residual) !== null && isSingle(way.source, ir, residual, new Set(seen).add(id));
}

/** Of a channel that is sealed by one producer a value, because of who passes it on and not by a promise of its own. */
function ownersOf(target: CollectionId, ir: Ir, residual: Analysis): readonly number[] | null {
  if (ir.collections.get(target)!.sealed?.single || !isSingle(target, ir, residual)) return null;
  const way = onlyWay(target, residual)!;
  return ir.collections.get(way.source)!.kind === "input" ? null : ownerColumns(way, ir, residual);
}

interface Way {
  readonly role: string;
  readonly source: CollectionId;
}

/** By which seals come to a channel; null where there are several ways, or seal rules. */
function onlyWay(id: CollectionId, { inference }: Analysis): Way | null {
  const ways = [...(inference.channels.get(id)?.travels ?? [])];
  if (ways.length !== 1) return null;
  const [[role, way]] = ways;
  return way === null || way.parts.length !== 1 ? null : { role, source: way.parts[0].source };
}

/** Which of the source's seal values tell the one instance that passes it on; null where it may be several. */
function ownerColumns({ role, source }: Way, ir: Ir, { inference }: Analysis): readonly number[] | null {
  const { partitionedBy: by, replicated } = ir.roles.get(role)!;
  if (ir.externals.get(role)?.kind === "component" && !replicated) return [];
  if (by === null || isAddressed(source, ir)) return null;
  const { columns } = ir.collections.get(source)!;
  const key = sealKey(source, inference.seals).map((column) => columns[column].name);
  const places = by.map((name) => key.indexOf(name));
  return places.includes(-1) ? null : places;
}

/** Some rule sends it to instances other than the owner. */
function isAddressed(id: CollectionId, ir: Ir): boolean {
  return buildGraph(ir)
    .into.get(id)!
    .some((rule) => rule.head.to?.kind !== "role");
}
