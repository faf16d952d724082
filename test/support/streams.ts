/** Logs as the servers of a NATS cluster keep them: entries in one order, some of them twice, and marks of the ends of epochs. */
import type { LogEntry } from "../../src/runtime/followed-logs.ts";
import type { Envelope, Part } from "../../src/runtime/messages.ts";
import { LOG } from "../../src/runtime/routing.ts";
import type { Random } from "../../src/verify/schedule.ts";
import type { Machine } from "./crashing.ts";

export class Streams {
  readonly #random: Random;
  readonly #machines: readonly Machine[];
  readonly #entries = new Map<string, LogEntry[]>();

  constructor(random: Random, machines: readonly Machine[]) {
    this.#random = random;
    this.#machines = machines;
  }

  /** What can be done next: somebody reads an entry, or marks the end of an epoch. */
  get readings(): readonly (() => void)[] {
    return this.#machines.flatMap((machine) =>
      [...machine.read].flatMap(([log, read]) => {
        const entries = this.#of(log);
        if (read < entries.length)
          return () => {
            machine.read.set(log, read + 1);
            machine.enter(entries[read]);
          };
        const { followed } = machine.instance!;
        if (!followed.isGathering(log)) return [];
        return () =>
          void entries.push({ kind: "epoch end", log, upTo: entries.length + 1, number: followed.ended(log) });
      }),
    );
  }

  #of(log: string): LogEntry[] {
    let entries = this.#entries.get(log);
    if (entries === undefined) this.#entries.set(log, (entries = []));
    return entries;
  }

  /** Some of what waits at a machine, in an entry for each log. Whether it was stored may not become known to the machine. */
  store(machine: Machine): void {
    const waiting = machine.sent.filter(({ to }) => to === LOG);
    const some = waiting.slice(0, 1 + this.#random.below(waiting.length));
    const [{ seq: first, from, epoch }] = waiting;
    for (const log of new Set(some.flatMap(({ parts }) => parts.map(logOf)))) {
      const envelopes = some.map(({ seq, parts }: Envelope) => ({
        seq,
        parts: parts.filter((part) => logOf(part) === log),
      }));
      const own = envelopes.filter(({ parts }) => parts.length > 0);
      const entries = this.#of(log);
      entries.push({ kind: "appended", log, upTo: entries.length + 1, from, epoch, first, envelopes: own });
    }
    if (this.#random.chance(0.7)) machine.acked(LOG, some.at(-1)!.seq);
  }
}

function logOf(part: Part): string {
  if (part.kind !== "append" && part.kind !== "tick") throw new Error(`${part.kind} is not for a log`);
  return part.log;
}
