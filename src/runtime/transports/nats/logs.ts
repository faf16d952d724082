/**
 * The logs of a deployment without a sequencer. What is appended goes into one stream per log; every reader hands the
 * entries, in the stream's order, to a sequencer of its own. That is a pure state machine, so that all come to the same batches.
 */
import { countsOf } from "../../deployment.ts";
import type { DeployFile } from "../../deployment.ts";
import type { Envelope, Part } from "../../messages.ts";
import type { Fault, RoleMeta } from "../../program.ts";
import { addressOf, LOG, parseAddress } from "../../routing.ts";
import { Sequencer } from "../../sequencer.ts";
import { framesOf } from "../transport.ts";
import type { WireFormat } from "../wire.ts";
import { LogReader } from "./log-reader.ts";
import { LogWriter } from "./log-writer.ts";
import { readerOf } from "./names.ts";
import type { Names } from "./names.ts";
import { envelopesIn } from "./packets.ts";
import type { Head } from "./packets.ts";
import { onceThereAreEnough } from "./session.ts";
import type { Session } from "./session.ts";

/** How long JetStream itself recognises what is sent again; readers do for ever. */
const DUPLICATE_WINDOW_MS = 10 * 60 * 1000;
const ALREADY_THERE = 10058;

export interface LogsOptions {
  readonly self: string;
  readonly epoch: number;
  readonly deploy: DeployFile;
  readonly metas: readonly RoleMeta[];
  readonly wire: WireFormat;
  readonly longest: number;
  readonly hold: (() => number) | null;
  readonly room: () => Promise<void> | null;
  readonly onEnvelope: (envelope: Envelope) => void;
  readonly onFault: (fault: Fault) => void;
  readonly onStored: () => void;
  /** `count` envelopes of a sender have come, or (0) only some that had come before. */
  readonly onReceived: (from: string, count: number, duplicates: number) => void;
  readonly onSent: (to: string) => void;
  readonly refuse: (reason: string) => void;
  readonly say: (line: string) => void;
}

/** Whose events a log orders. */
interface Owner {
  readonly role: string;
  readonly count: number;
}

export class Logs {
  readonly #options: LogsOptions;
  readonly #owners = new Map<string, Owner>();
  /** Those whose events are this instance's. */
  readonly #own = new Set<string>();
  readonly #isReplicated: boolean;
  readonly #index: number | null;
  readonly #sequencer: Sequencer;
  /** Of what is handed to the sequencer, by sender: it wants every number once, in whatever it is given. */
  readonly #numbers = new Map<string, number>();
  readonly #writers = new Map<string, LogWriter>();
  #readers: readonly LogReader[] = [];
  #names: Names | null = null;

  constructor(options: LogsOptions) {
    const { self, epoch, deploy, metas } = options;
    const counts = countsOf(deploy);
    const own = parseAddress(self);
    const role = metas.find((meta) => meta.role === own?.role);
    this.#options = options;
    this.#index = own?.index ?? null;
    this.#isReplicated = role?.replicated ?? false;
    this.#sequencer = new Sequencer({ counts }, role === undefined ? [] : [role], epoch);
    for (const meta of metas) {
      for (const { ordering } of meta.collections) {
        if (ordering === undefined) continue;
        this.#owners.set(ordering.log, { role: meta.role, count: counts[meta.role] ?? 0 });
        if (meta === role) this.#own.add(ordering.log);
      }
      for (const target of meta.targets) {
        const { ordering } = target.collection;
        if (ordering !== undefined) this.#owners.set(ordering.log, { role: target.role, count: counts[target.role] ?? 0 });
      }
    }
  }

  /** Makes the streams where they are not there yet. */
  async open(session: Session, names: Names): Promise<void> {
    this.#names = names;
    await Promise.all([...this.#owners.keys()].map((log) => this.#openStream(session, names, log)));
    const { self, epoch, onStored, say } = this.#options;
    for (const log of this.#owners.keys()) this.#writers.set(log, new LogWriter({ session, log, from: self, epoch, onStored, say }));
    this.#readers = [...this.#own].map(
      (log) =>
        new LogReader({
          session,
          log,
          stream: names.stream(log),
          room: this.#options.room,
          onEntry: (subject, head, fresh, body) => this.#take(subject, head, fresh, body),
          onRefused: this.#options.refuse,
          onDuplicate: (count) => this.#options.onReceived("", 0, count),
          say,
        }),
    );
  }

  async #openStream(session: Session, names: Names, log: string): Promise<void> {
    const config = {
      name: names.stream(log),
      subjects: [names.allEntries(log)],
      num_replicas: session.replicas,
      duplicate_window: DUPLICATE_WINDOW_MS * 1_000_000,
    };
    await onceThereAreEnough(session, async () => {
      try {
        await session.streams.streams.add(config);
      } catch (error) {
        // Another member has made it, with other replicas perhaps.
        if ((error as { code?: number }).code !== ALREADY_THERE) throw error;
      }
    });
  }

  start(): void {
    for (const reader of this.#readers) void reader.read();
  }

  /** Parts of an envelope to the sequencer, each to the log that it names. */
  append(envelope: Envelope): void {
    const { hold, wire, onFault, onSent } = this.#options;
    const parts = new Map<string, Part[]>();
    for (const part of envelope.parts) {
      if (part.kind !== "append" && part.kind !== "tick") throw new Error(`${part.kind} is not for a log`);
      const known = parts.get(part.log);
      if (known === undefined) parts.set(part.log, [part]);
      else known.push(part);
    }
    for (const [log, own] of parts) {
      const { role, count } = this.#owners.get(log) as Owner;
      const frames = framesOf({ ...envelope, parts: own }, { wire, onFault });
      const subject = (this.#names as Names).entries(log, this.#onlyReader(own));
      this.#writers.get(log)?.append(envelope.seq, subject, Buffer.concat(frames), hold?.() ?? 0);
      for (let i = 0; i < count; i++) onSent(addressOf(role, i));
    }
  }

  /** The instance whom all of it is for; null: more than one. */
  #onlyReader(parts: readonly Part[]): number | null {
    const readers = new Set<number | null>();
    for (const part of parts) {
      if (part.kind === "tick") readers.add(this.#index);
      else if (part.kind === "append") for (const { to } of part.runs) readers.add(to === null ? null : (parseAddress(to)?.index ?? null));
    }
    const [only = null] = readers;
    return readers.size === 1 ? only : null;
  }

  #take(subject: string, head: Head, fresh: ReadonlySet<number>, body: Buffer): void {
    const { wire, longest, self, onReceived, onFault, onEnvelope } = this.#options;
    const reader = readerOf(subject);
    // Replicas take the same steps. Instances that are no replicas have logs of their own, in one stream.
    if (this.#isReplicated || reader === null || reader === this.#index) {
      const envelopes = envelopesIn(head, LOG, body, wire, longest).filter(({ seq }) => fresh.has(seq));
      for (const envelope of envelopes) {
        for (const fault of this.#sequencer.take({ ...envelope, seq: this.#number(head) })) onFault(fault);
      }
      for (const batch of this.#sequencer.flush()) if (batch.to === self) onEnvelope(batch);
    }
    onReceived(head.from, fresh.size, 0);
  }

  #number({ from, epoch }: Head): number {
    const sender = `${from} ${epoch}`;
    const number = (this.#numbers.get(sender) ?? 0) + 1;
    this.#numbers.set(sender, number);
    return number;
  }

  get unacked(): number {
    return sum(this.#writers.values(), ({ unacked }) => unacked);
  }

  get unackedBytes(): number {
    return sum(this.#writers.values(), ({ unackedBytes }) => unackedBytes);
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
    for (const writer of this.#writers.values()) writer.close();
  }
}

function sum<T>(values: Iterable<T>, of: (value: T) => number): number {
  let total = 0;
  for (const value of values) total += of(value);
  return total;
}
