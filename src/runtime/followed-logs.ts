/**
 * Logs that no process orders: who reads one (as from a stream on NATS) gets the same entries in the same order as all others, and
 * hands them to a sequencer of its own. That is a pure state machine, so that all come to the same batches. Pure.
 */
import { Duplicates } from "./duplicates.ts";
import type { Deployment } from "./instance.ts";
import type { Envelope, Part } from "./messages.ts";
import type { Fault, RoleMeta } from "./program.ts";
import { LOG } from "./routing.ts";
import { Sequencer } from "./sequencer.ts";
import type { State } from "./state.ts";

/** What stands in a log at one place. */
export type LogEntry = Appended | EpochEnd;

interface Place {
  readonly log: string;
  /** Who has taken this entry, and comes back, reads on after that place: nothing before it is missing. */
  readonly upTo: number;
}

/** What one sender has appended; some of it may stand in an earlier entry as well. */
export interface Appended extends Place {
  readonly kind: "appended";
  readonly from: string;
  readonly epoch: number;
  /** What that sender has appended below this number stands in earlier entries. */
  readonly first: number;
  readonly envelopes: readonly { readonly seq: number; readonly parts: readonly Part[] }[];
}

/** The epoch of that number is over; of several marks with one number the first counts. */
export interface EpochEnd extends Place {
  readonly kind: "epoch end";
  readonly number: number;
}

interface Followed {
  readonly sequencer: Sequencer;
  readonly received: Duplicates;
  /** By sender: the sequencer wants every number once, and this log has only some of a sender's. */
  readonly numbers: Map<string, number>;
  upTo: number;
  /** Epochs that are over. */
  ended: number;
  /** Of appended rows that no batch has brought yet: they decide nothing, and are lost with the process. */
  traces: readonly Part[];
}

export class FollowedLogs {
  readonly #deployment: Deployment;
  readonly #meta: RoleMeta;
  readonly #self: string;
  readonly #epoch: number;
  readonly #logs = new Map<string, Followed>();
  /** Envelopes with batches so far: they are numbered as if one sequencer had sent them. */
  #batches = 0;
  /** Envelopes that stood in an earlier entry as well. */
  repeated = 0;

  /** `meta`: of the role whose logs they are. `self`, `epoch`: of the instance that reads. */
  constructor(deployment: Deployment, meta: RoleMeta, self: string, epoch: number) {
    this.#deployment = deployment;
    this.#meta = meta;
    this.#self = self;
    this.#epoch = epoch;
  }

  /** The batches of this instance that the entry brings. */
  take(entry: LogEntry): { readonly batches: readonly Envelope[]; readonly faults: readonly Fault[] } {
    const log = this.#log(entry.log);
    log.upTo = Math.max(log.upTo, entry.upTo);
    if (entry.kind === "appended") return this.#append(log, entry);
    if (entry.number !== log.ended) return { batches: [], faults: [] };
    log.ended++;
    return { batches: this.#own(log, log.sequencer.endEpoch()), faults: [] };
  }

  #append(log: Followed, { from, epoch, first, envelopes }: Appended): ReturnType<FollowedLogs["take"]> {
    const faults: Fault[] = [];
    log.received.skipTo(from, epoch, first);
    for (const { seq, parts } of envelopes) {
      if (!log.received.admit(from, epoch, seq)) {
        this.repeated++;
        continue;
      }
      const sender = `${from} ${epoch}`;
      const number = (log.numbers.get(sender) ?? 0) + 1;
      log.numbers.set(sender, number);
      const traces = parts.filter(({ kind }) => kind === "trace");
      if (traces.length > 0) log.traces = [...log.traces, ...traces];
      faults.push(...log.sequencer.take({ from, to: LOG, epoch, seq: number, parts }));
    }
    return { batches: this.#own(log, log.sequencer.flush()), faults };
  }

  #own(log: Followed, envelopes: readonly Envelope[]): readonly Envelope[] {
    const own = envelopes.filter(({ to }) => to === this.#self);
    const { traces } = log;
    if (own.length > 0) log.traces = [];
    return own.map((envelope) => {
      const parts = traces.length === 0 ? envelope.parts : [...envelope.parts, ...traces];
      return { ...envelope, epoch: this.#epoch, seq: ++this.#batches, parts };
    });
  }

  #log(name: string): Followed {
    let log = this.#logs.get(name);
    if (log === undefined) {
      const sequencer = new Sequencer(this.#deployment, [this.#meta], 0);
      log = { sequencer, received: new Duplicates(), numbers: new Map(), upTo: 0, ended: 0, traces: [] };
      this.#logs.set(name, log);
    }
    return log;
  }

  /** The place after which a log is read on. */
  upTo(log: string): number {
    return this.#logs.get(log)?.upTo ?? 0;
  }

  ended(log: string): number {
    return this.#logs.get(log)?.ended ?? 0;
  }

  /** Whether something waits for the end of its epoch. */
  isGathering(log: string): boolean {
    return this.#logs.get(log)?.sequencer.isGathering ?? false;
  }

  /** Between entries. */
  persist(state: State): void {
    this.#batches = state.of(this.#batches);
    for (const name of state.of([...this.#logs.keys()])) {
      const log = this.#log(name);
      log.upTo = state.of(log.upTo);
      log.ended = state.of(log.ended);
      log.sequencer.persist(state);
      log.received.persist(state);
      state.map(log.numbers);
    }
  }
}
