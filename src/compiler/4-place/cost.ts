/** What coordination adds to what a program sends anyway, and how long answers wait for it (analysis.md section 5). */
import type { Cost, Insertion } from "../plan.ts";
import { partitionsOf } from "./rates.ts";
import type { Rates } from "./rates.ts";
import { planSeals } from "./travels.ts";
import type { Settled } from "./write.ts";

/** One way between two processes, milliseconds: what a log adds. It only breaks ties. */
const hopMs = 1;

/**
 * Facts and seals a second that are sent because of the coordination; a seal's way through other roles is counted at each of
 * them, once however many rules wait for it.
 */
export function costOf(settled: Settled, rates: Rates): Cost {
  const { coordinated, residual } = settled;
  let messages = 0;
  let waitMs: number | null = 0;
  const waits = (ms: number | null): void =>
    void (waitMs = ms === null || waitMs === null ? null : Math.max(waitMs, ms));
  for (const { collection, key, single, producers } of planSeals(coordinated, residual).sealed) {
    const ending = key.length === 0 ? 0 : partitionsOf(collection, coordinated, residual.inference, rates);
    const { role } = coordinated.collections.get(collection)!;
    // On average a fact comes in the middle of its partition.
    waits(ending === 0 ? null : 500 / ending);
    if (producers.length === 0) continue;
    const votes = single ? 1 : producers.reduce((sum, each) => sum + coordinated.roles.get(each)!.count, 0);
    messages += ending * votes * coordinated.roles.get(role)!.count;
  }
  for (const { id, kind, role, ordering } of coordinated.collections.values()) {
    if (ordering === undefined) continue;
    const { count, replicated } = coordinated.roles.get(role)!;
    const facts = rates.facts.get(id)!;
    // A message goes to the log instead of to each replica, and from there to all of them; an event of the host goes there and back.
    messages += kind === "channel" ? (replicated ? facts : facts * count) : 2 * facts * count;
    waits((kind === "channel" ? hopMs : 2 * hopMs) + (ordering.everyMs ?? 0) / 2);
  }
  return { messages: rounded(messages), waitMs: waitMs === null ? null : rounded(waitMs) };
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

/** A barrier by epochs, which takes a log as well, stands only where it is asked for, so that its rank decides nothing. */
const ranks = { none: 0, seal: 2, barrier: 3, order: 5, commit: 6 } as const;

/** Without rates: the mechanisms by their rank, each at each place. */
export function rankOf(insertions: readonly Insertion[]): number {
  return insertions.reduce(
    (sum, { mechanism, single, key }) =>
      sum +
      ranks[mechanism] -
      (mechanism === "seal" && single ? 1 : 0) -
      (mechanism === "order" && key.length > 0 ? 1 : 0),
    0,
  );
}
