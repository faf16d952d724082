/** What has come to an instance of each input and channel, and whose seals it waits for. */
import type { Local } from "./inbox.ts";
import type { Evaluator, Row } from "./program.ts";
import { ChannelSeals } from "./seals.ts";

/** A partition that somebody waits for. `key` null: a value that no producer has named, or the whole stream. */
export interface AwaitedSeal {
  readonly collection: string;
  readonly key: Row | null;
  /** Addresses of the producers whose seal, or rows that it counts, have not come. */
  readonly producers: readonly string[];
  /** Rows of it that have come; with key null, rows held back by gates on this collection. */
  readonly held: number;
}

/** Facts of an input or channel at one instance; `partitions` where it is sealed by columns. */
export interface Arrived {
  readonly collection: string;
  readonly facts: number;
  readonly partitions: number | null;
}

/** What has come so far of each input and channel. */
export function arrivedAt(locals: Iterable<Local>): readonly Arrived[] {
  return [...locals]
    .filter(({ meta }) => meta.kind !== "timer")
    .map(({ meta, arrived, seals }) => ({
      collection: meta.name,
      facts: arrived,
      partitions: seals === null || seals.columns.length === 0 ? null : seals.seen,
    }));
}

/** Partitions that are known, or that rows held by gates wait for, with the producers they wait for. */
export function awaitedAt(
  address: string,
  locals: Iterable<Local>,
  heldByGates: ReturnType<Evaluator["held"]>,
): readonly AwaitedSeal[] {
  const awaited: AwaitedSeal[] = [];
  const held = new Map<string, number>();
  for (const { source, rows } of heldByGates) held.set(source, (held.get(source) ?? 0) + rows);
  for (const local of locals) {
    const { seals } = local;
    if (seals === null || seals.sealedAll) continue;
    const collection = local.meta.name;
    const missing = (key: Row | null): string[] => (seals instanceof ChannelSeals ? seals.missing(key) : [address]);
    const open = seals.open();
    const rows = held.get(collection) ?? 0;
    if (seals.columns.length === 0 && seals.hasFailed) continue;
    if (seals.columns.length === 0) {
      awaited.push({ collection, key: null, producers: missing(null), held: Math.max(rows, open[0]?.rows ?? 0) });
      continue;
    }
    for (const { key, rows: come } of open) awaited.push({ collection, key, producers: missing(key), held: come });
    if (open.length === 0 && rows > 0 && !seals.hasFailed)
      awaited.push({ collection, key: null, producers: missing(null), held: rows });
  }
  return awaited;
}
