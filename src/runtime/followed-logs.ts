/**
 * Logs that no process orders: who reads one (as from a stream on NATS) gets the same entries in the same order as all others, and
 * hands them to a sequencer of its own. That is a pure state machine, so that all come to the same batches. Pure.
 */
import { FollowedLog } from "./followed-log.ts";
import type { LogEntry } from "./followed-log.ts";
import type { Deployment } from "./instance.ts";
import type { Envelope } from "./messages.ts";
import type { Fault, RoleMeta, Row } from "./program.ts";
import { parseAddress } from "./routing.ts";
import { Sequencer } from "./sequencer.ts";
import type { State } from "./state.ts";

export type { LogEntry } from "./followed-log.ts";

/** What an entry brings to the one that reads it. */
export interface Brought {
  readonly batches: readonly Envelope[];
  readonly faults: readonly Fault[];
}

/** Makes the batches of one reader. Who else takes part may change while it reads, and what stands in the log does not. */
class ReadersSequencer extends Sequencer {
  constructor(deployment: Deployment, meta: RoleMeta, reader: string) {
    super(deployment, [meta], 0);
    this.members.add(reader);
  }

  protected override knows(address: string): boolean {
    return super.knows(address) || this.members.isDynamic(parseAddress(address)?.role ?? "");
  }

  protected override isReceiver(address: string, of: readonly string[]): boolean {
    const { role } = parseAddress(address) ?? { role: "" };
    return super.isReceiver(address, of) || (this.members.isDynamic(role) && of === this.members.of(role));
  }
}

export class FollowedLogs {
  readonly #deployment: Deployment;
  readonly #meta: RoleMeta;
  readonly #self: string;
  readonly #epoch: number;
  readonly #logs = new Map<string, FollowedLog>();
  /** Envelopes with batches so far: they are numbered as if one sequencer had sent them. */
  #batches = 0;

  /** `meta`: of the role whose logs they are. `self`, `epoch`: of the instance that reads. */
  constructor(deployment: Deployment, meta: RoleMeta, self: string, epoch: number) {
    this.#deployment = deployment;
    this.#meta = meta;
    this.#self = self;
    this.#epoch = epoch;
  }

  /** The batches of this instance that the entry brings. */
  take(entry: LogEntry): Brought {
    const log = this.#log(entry.log);
    const { envelopes, faults } = log.take(entry);
    const own = envelopes.filter(({ to }) => to === this.#self);
    const traces = own.length === 0 ? [] : log.takeTraces();
    const batches = own.map((envelope) => {
      const parts = traces.length === 0 ? envelope.parts : [...envelope.parts, ...traces];
      return { ...envelope, epoch: this.#epoch, seq: ++this.#batches, parts };
    });
    return { batches, faults };
  }

  #log(name: string): FollowedLog {
    let log = this.#logs.get(name);
    if (log === undefined) {
      log = new FollowedLog(new ReadersSequencer(this.#deployment, this.#meta, this.#self));
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
    return this.#logs.get(log)?.isGathering ?? false;
  }

  /** Whether what has been read settles whose seals the value needs (null: all values). */
  isSettled(_target: string, _key: Row | null): boolean {
    return false;
  }

  /** Envelopes that stood in an earlier entry as well. */
  get repeated(): number {
    let sum = 0;
    for (const { repeated } of this.#logs.values()) sum += repeated;
    return sum;
  }

  /** Between entries. */
  persist(state: State): void {
    this.#batches = state.of(this.#batches);
    this.handOver(state);
  }

  /** What another replica needs to read on from here; it numbers its batches anew. */
  handOver(state: State): void {
    for (const name of state.of([...this.#logs.keys()])) this.#log(name).persist(state);
  }
}
