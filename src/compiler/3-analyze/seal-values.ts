/** Seals as values: what they close, whether two are the same, and what holds where both do. */
import type { ChannelSeal, Seal, SealSource, Sealing, SealUse } from "../analysis.ts";
import type { CollectionId, Expr, RuleId } from "../ir.ts";

export interface Seals {
  readonly use: SealUse;
  readonly seals: Map<CollectionId, Seal | null>;
  readonly channels: Map<CollectionId, ChannelSeal>;
  readonly sealed: Map<RuleId, Sealing>;
  readonly unsealed: Map<RuleId, string>;
  readonly missing: { channel: CollectionId; role: string; rule: RuleId }[];
}

export const closedFromStart: Seal = { columns: [], sources: [], consumed: false, deferred: false };

export function sourceItself(id: CollectionId, key: readonly number[]): Seal {
  return { columns: [...key].sort((a, b) => a - b), sources: [{ source: id, key }], consumed: false, deferred: false };
}

export function unite(a: Seal, b: Seal): Seal {
  const columns = [...new Set([...a.columns, ...b.columns])].sort((x, y) => x - y);
  const sources = [...a.sources];
  for (const source of b.sources) if (!sources.some((each) => sameSource(each, source))) sources.push(source);
  return { columns, sources, consumed: a.consumed || b.consumed, deferred: a.deferred || b.deferred };
}

function sameSource(a: SealSource, b: SealSource): boolean {
  return (
    a.source === b.source && a.key.length === b.key.length && a.key.every((part, i) => text(part) === text(b.key[i]))
  );
}

function text(part: number | Expr): string {
  return typeof part === "number" ? `column ${part}` : part.kind === "literal" ? JSON.stringify(part.value) : part.kind;
}

export function sameSeal(a: Seal | null | undefined, b: Seal | null | undefined): boolean {
  if (!a || !b) return a === b;
  return (
    a.columns.join() === b.columns.join() &&
    a.consumed === b.consumed &&
    a.deferred === b.deferred &&
    a.sources.length === b.sources.length &&
    a.sources.every((source, i) => sameSource(source, b.sources[i]))
  );
}

/** The key columns by which a sealed input or channel is closed, in the order of its seal messages. */
export function sealKey(source: CollectionId, seals: ReadonlyMap<CollectionId, Seal | null>): readonly number[] {
  return seals.get(source)!.sources[0].key as readonly number[];
}
