/**
 * One log that no process orders: who reads it hands its entries, in their order, to a sequencer of his own. Pure.
 */
import { Duplicates } from "./duplicates.ts";
import type { Envelope, Part } from "./messages.ts";
import type { Fault } from "./program.ts";
import { LOG } from "./routing.ts";
import type { Sequencer } from "./sequencer.ts";
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

export class FollowedLog {
  readonly #sequencer: Sequencer;
  readonly #received = new Duplicates();
  /** By sender: the sequencer wants every number once, and this log has only some of a sender's. */
  readonly #numbers = new Map<string, number>();
  #upTo = 0;
  #ended = 0;
  /** Of appended rows that no batch has brought yet: they decide nothing, and are lost with the process. */
  #traces: readonly Part[] = [];
  /** Envelopes that stood in an earlier entry as well. */
  repeated = 0;

  constructor(sequencer: Sequencer) {
    this.#sequencer = sequencer;
  }

  /** What the sequencer says because of it, to all. */
  take(entry: LogEntry): { readonly envelopes: readonly Envelope[]; readonly faults: readonly Fault[] } {
    this.#upTo = Math.max(this.#upTo, entry.upTo);
    if (entry.kind === "appended") return this.#append(entry);
    if (entry.number !== this.#ended) return { envelopes: [], faults: [] };
    this.#ended++;
    return { envelopes: this.#sequencer.endEpoch(), faults: [] };
  }

  #append({ from, epoch, first, envelopes }: Appended): ReturnType<FollowedLog["take"]> {
    const faults: Fault[] = [];
    this.#received.skipTo(from, epoch, first);
    for (const { seq, parts } of envelopes) {
      if (!this.#received.admit(from, epoch, seq)) {
        this.repeated++;
        continue;
      }
      const sender = `${from} ${epoch}`;
      const number = (this.#numbers.get(sender) ?? 0) + 1;
      this.#numbers.set(sender, number);
      const traces = parts.filter(({ kind }) => kind === "trace");
      if (traces.length > 0) this.#traces = [...this.#traces, ...traces];
      faults.push(...this.#sequencer.take({ from, to: LOG, epoch, seq: number, parts }));
    }
    return { envelopes: this.#sequencer.flush(), faults };
  }

  /** Of what has been appended since they were taken last. */
  takeTraces(): readonly Part[] {
    const traces = this.#traces;
    this.#traces = [];
    return traces;
  }

  /** The place after which it is read on. */
  get upTo(): number {
    return this.#upTo;
  }

  /** Epochs that are over. */
  get ended(): number {
    return this.#ended;
  }

  /** Whether something waits for the end of its epoch. */
  get isGathering(): boolean {
    return this.#sequencer.isGathering;
  }

  /** Between entries. */
  persist(state: State): void {
    this.#upTo = state.of(this.#upTo);
    this.#ended = state.of(this.#ended);
    this.#sequencer.persist(state);
    this.#received.persist(state);
    state.map(this.#numbers);
  }
}
