/**
 * The logs of a role at one of its instances: batches are taken strictly in the order of their
 * numbers, per log and share of its gate values; what comes early waits.
 */
import { rowsIn } from "./messages.ts";
import type { LogRun, Part } from "./messages.ts";
import type { Row } from "./program.ts";
import type { State } from "./state.ts";
import { clockOf } from "./routing.ts";

interface Log {
  readonly log: string;
  readonly value: Row;
  readonly clock: string;
  /** Number of the last batch taken. */
  last: number;
  readonly waiting: Map<number, readonly LogRun[]>;
  /** The batch after which an empty one was asked for; -1 when none was. */
  asked: number;
}

export class Logs {
  readonly #logs = new Map<string, Log>();
  /** Clocks whose next batch waits; taken in turn. */
  readonly #ready = new Set<string>();
  #waiting = 0;

  /** Batches whose turn it is, at most one per clock. */
  get ready(): number {
    return this.#ready.size;
  }

  /** Rows that wait, those of batches that have come before their turn as well; a batch without rows counts as one. */
  get waiting(): number {
    return this.#waiting;
  }

  clocks(): readonly string[] {
    return [...this.#ready];
  }

  persist(state: State): void {
    state.map(this.#logs);
    state.set(this.#ready);
    this.#waiting = state.of(this.#waiting);
  }

  receive(batch: Extract<Part, { kind: "batch" }>): void {
    const log = this.#log(clockOf(batch.log, batch.value), batch.log, batch.value);
    if (batch.index <= log.last || log.waiting.has(batch.index)) return;
    this.#waiting += weightOf(batch.runs);
    log.waiting.set(batch.index, batch.runs);
    if (batch.index === log.last + 1) this.#ready.add(log.clock);
  }

  #log(clock: string, name: string, value: Row): Log {
    let log = this.#logs.get(clock);
    if (log === undefined) {
      log = { log: name, value, clock, last: 0, waiting: new Map(), asked: -1 };
      this.#logs.set(clock, log);
    }
    return log;
  }

  /** Number of the last batch of this clock that was taken; 0: none was. */
  last(clock: string): number {
    return this.#logs.get(clock)?.last ?? 0;
  }

  /** What stands in this clock's next batch, left where it is. */
  next(clock: string): readonly LogRun[] {
    const log = this.#logs.get(clock);
    return log?.waiting.get(log.last + 1) ?? [];
  }

  /** The next batch of this clock, or (null) of the one that has waited longest. */
  take(clock: string | null): { readonly clock: string; readonly runs: readonly LogRun[] } {
    const chosen = clock ?? (this.#ready.values().next().value as string);
    const log = this.#logs.get(chosen);
    const runs = log?.waiting.get(log.last + 1);
    if (log === undefined || runs === undefined) throw new Error(`no batch of ${chosen} waits`);
    this.#waiting -= weightOf(runs);
    log.last++;
    log.waiting.delete(log.last);
    // Again at the end of the line, so that no log keeps the others waiting.
    this.#ready.delete(chosen);
    if (log.waiting.has(log.last + 1)) this.#ready.add(chosen);
    return { clock: chosen, runs };
  }

  /** Ticks to ask for: deferred facts wait for a step of these clocks, and no batch is there to bring it. */
  ticks(
    pending: readonly (string | null)[],
  ): readonly { readonly log: string; readonly value: Row; readonly after: number }[] {
    const ticks: { log: string; value: Row; after: number }[] = [];
    for (const clock of pending) {
      if (clock === null) continue;
      const log = this.#logs.get(clock) ?? this.#unseen(clock);
      if (log.waiting.size > 0 || log.asked === log.last) continue;
      log.asked = log.last;
      ticks.push({ log: log.log, value: log.value, after: log.last });
    }
    return ticks;
  }

  /** A log that has had no batch yet: `Report.log[3]` is the log's name and the share. */
  #unseen(clock: string): Log {
    const bracket = clock.indexOf("[");
    if (bracket < 0) return this.#log(clock, clock, []);
    return this.#log(clock, clock.slice(0, bracket), JSON.parse(clock.slice(bracket)) as Row);
  }
}

function weightOf(runs: readonly LogRun[]): number {
  return Math.max(1, rowsIn(runs));
}
