/** A simulated run as a story: what each instance takes in a step, and what comes of it. */
import { canonicalText } from "../runtime/canonical.ts";
import { factText } from "../runtime/codec.ts";
import type { Row } from "../runtime/program.ts";
import { arrivedIn, factsOf, sealedBy, sealsOf } from "../runtime/tracing.ts";
import type { Scene, Sealed, Waiting } from "../runtime/tracing.ts";
import type { TraceEvent } from "../verify/trace.ts";
import type { Sighting } from "../verify/witness.ts";

/** Steps in which nothing happens are left out. What a log hands out at once is a scene of it. */
export function scenesOf(trace: readonly TraceEvent[]): readonly Scene[] {
  const scenes: Scene[] = [];
  /** By instance: what has come since, not yet taken. */
  const waiting = new Map<string, Waiting[]>();
  const sealed = new Map<string, Sealed[]>();
  for (let n = 0; n < trace.length; n++) {
    const event = trace[n];
    if (event.kind === "receive") {
      const facts = event.parts.flatMap(factsOf);
      if (facts.length > 0)
        waiting.set(event.at, [...(waiting.get(event.at) ?? []), { id: `${event.from} ${event.seq}`, facts }]);
      sealed.set(event.at, [...(sealed.get(event.at) ?? []), ...sealedBy(event)]);
    }
    if (isHandedOut(event) && !(n > 0 && isHandedOut(trace[n - 1]))) {
      const taken = waiting.get(event.at) ?? [];
      waiting.delete(event.at);
      const sends: Scene["sends"][number][] = [];
      for (let m = n; m < trace.length; m++) {
        const next = trace[m];
        if (!isHandedOut(next)) break;
        sends.push({ to: next.to, id: `${next.at} ${next.seq}`, facts: next.parts.flatMap(factsOf), seals: [] });
      }
      if (taken.length > 0)
        scenes.push({
          at: event.at,
          takes: taken.flatMap(({ facts }) => facts),
          received: taken.map(({ id }) => id),
          sealed: [],
          delivers: [],
          sends: sends.filter(({ facts }) => facts.length > 0),
        });
    }
    if (event.kind !== "step") continue;
    const delivers: { text: string; retract: boolean }[] = [];
    const sends: Scene["sends"][number][] = [];
    for (let m = n + 1; m < trace.length; m++) {
      const next = trace[m];
      if (next.at !== event.at || (next.kind !== "deliver" && next.kind !== "send" && next.kind !== "fault")) break;
      if (next.kind === "deliver") delivers.push({ text: factText(next.collection, next.row), retract: next.retract });
      if (next.kind === "send") {
        const facts = next.parts.flatMap(factsOf);
        const seals = next.parts.flatMap(sealsOf);
        if (facts.length + seals.length > 0) sends.push({ to: next.to, id: `${event.at} ${next.seq}`, facts, seals });
      }
    }
    const takes = event.takes.flatMap(({ collection, rows }) => rows.map((row) => factText(collection, row)));
    const closes = sealed.get(event.at) ?? [];
    if (takes.length + delivers.length + sends.length + closes.length === 0) continue;
    sealed.delete(event.at);
    const received = arrivedIn(waiting.get(event.at) ?? [], takes);
    scenes.push({ at: event.at, takes, received, sealed: closes, delivers, sends });
  }
  return scenes;
}

/** By a log, which takes no steps. */
function isHandedOut(event: TraceEvent): event is Extract<TraceEvent, { readonly kind: "send" }> {
  return event.kind === "send" && event.at === "log";
}

/** Rows of the one that are not in the other. */
export function onlyIn(rows: readonly Row[], others: readonly Row[]): readonly Row[] {
  const known = new Set(others.map(canonicalText));
  return rows.filter((row) => !known.has(canonicalText(row)));
}

const scheduleNames: Readonly<Record<string, string>> = {
  batch: "everything in as few steps as possible",
  single: "each message in a step of its own",
  random: "messages in any order",
  lifo: "what was sent last arrives first",
  duplicates: "some messages come twice",
  loss: "some messages on lossy channels are lost",
  eventless: "some steps take no message",
  streams: "one input after the other",
  slowNode: "one instance is slow",
  slowLink: "one link is slow",
  partition: "the network falls apart and heals",
  exhaustive: "one of all orders",
};

/** `messages in any order; schedule random, seed 3`. */
export function scheduleWords({ schedule, seed }: Pick<Sighting, "schedule" | "seed">): string {
  return `${scheduleNames[schedule]}; schedule ${schedule}, seed ${seed}`;
}
