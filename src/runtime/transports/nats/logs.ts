/** The logs of a deployment without a sequencer: one stream for each, that producers append to and instances read. */
import { countsOf, epochMsOf } from "../../deployment.ts";
import type { DeployFile } from "../../deployment.ts";
import type { Envelope, Part } from "../../messages.ts";
import type { Fault, RoleMeta } from "../../program.ts";
import { addressOf, parseAddress } from "../../routing.ts";
import { framesOf } from "../transport.ts";
import type { WireFormat } from "../wire.ts";
import { LogWriter } from "./log-writer.ts";
import type { Names } from "./names.ts";
import { OwnLog } from "./own-log.ts";
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
  readonly #counts: Readonly<Record<string, number>>;
  readonly #owners = new Map<string, Owner>();
  readonly #index: number | null;
  readonly #writers = new Map<string, LogWriter>();
  #own: readonly OwnLog[] = [];
  #names: Names | null = null;
  /** Envelopes with batches so far: they are numbered as if one sequencer had sent them. */
  #batches = 0;

  constructor(options: LogsOptions) {
    this.#options = options;
    this.#counts = countsOf(options.deploy);
    this.#index = parseAddress(options.self)?.index ?? null;
    for (const { role, collections, targets } of options.metas) {
      for (const { ordering } of collections) if (ordering !== undefined) this.#addOwner(ordering.log, role);
      for (const { role: of, collection } of targets)
        if (collection.ordering !== undefined) this.#addOwner(collection.ordering.log, of);
    }
  }

  #addOwner(log: string, role: string): void {
    this.#owners.set(log, { role, count: this.#counts[role] ?? 0 });
  }

  /** Makes the streams where they are not there yet. */
  async open(session: Session, names: Names): Promise<void> {
    const { self, epoch, metas, deploy, onStored, onEnvelope, say } = this.#options;
    this.#names = names;
    await Promise.all([...this.#owners.keys()].map((log) => openStream(session, names, log)));
    for (const log of this.#owners.keys())
      this.#writers.set(log, new LogWriter({ session, log, from: self, epoch, onStored, say }));
    const meta = metas.find(({ role }) => role === parseAddress(self)?.role);
    const logs = [...this.#owners].filter(([, { role }]) => role === meta?.role);
    this.#own = logs.map(
      ([log]) =>
        new OwnLog({
          ...this.#options,
          session,
          names,
          log,
          meta: meta as RoleMeta,
          index: this.#index as number,
          deployment: { counts: this.#counts },
          epochMs: deploy.epochMs ?? epochMsOf(metas) ?? 0,
          onBatches: (batch) => onEnvelope({ ...batch, epoch, seq: ++this.#batches }),
        }),
    );
  }

  start(): void {
    for (const log of this.#own) log.start();
  }

  /** Parts of an envelope to the sequencer, each to the log that it names. */
  append(envelope: Envelope): void {
    const { hold, wire, onFault, onSent } = this.#options;
    const parts = new Map<string, Part[]>();
    const traces = envelope.parts.filter(({ kind }) => kind === "trace");
    for (const part of envelope.parts) {
      if (part.kind === "trace") continue;
      if (part.kind !== "append" && part.kind !== "tick") throw new Error(`${part.kind} is not for a log`);
      const known = parts.get(part.log);
      if (known === undefined) parts.set(part.log, [part]);
      else known.push(part);
    }
    for (const [log, own] of parts) {
      const { role, count } = this.#owners.get(log) as Owner;
      const frames = framesOf({ ...envelope, parts: [...own, ...traces] }, { wire, onFault });
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
      else if (part.kind === "append")
        for (const { to } of part.runs) readers.add(to === null ? null : (parseAddress(to)?.index ?? null));
    }
    const [only = null] = readers;
    return readers.size === 1 ? only : null;
  }

  /** Not stored yet, and epochs that have begun and not ended here. */
  get unacked(): number {
    let sum = this.#own.filter(({ isGathering }) => isGathering).length;
    for (const { unacked } of this.#writers.values()) sum += unacked;
    return sum;
  }

  get unackedBytes(): number {
    let sum = 0;
    for (const { unackedBytes } of this.#writers.values()) sum += unackedBytes;
    return sum;
  }

  close(): void {
    for (const log of this.#own) log.close();
    for (const writer of this.#writers.values()) writer.close();
  }
}

async function openStream(session: Session, names: Names, log: string): Promise<void> {
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
