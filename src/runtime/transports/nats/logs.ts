/** The logs of a deployment without a sequencer: one stream for each, that producers append to and instances read. */
import { epochMsOf } from "../../deployment.ts";
import type { DeployFile } from "../../deployment.ts";
import type { FollowedLogs, LogEntry } from "../../followed-logs.ts";
import { viewOfEntry } from "../../membership/changes.ts";
import { MEMBERS_LOG } from "../../membership/followed-registry.ts";
import type { Envelope, Part } from "../../messages.ts";
import type { Fault, RoleMeta } from "../../program.ts";
import { LOG, parseAddress } from "../../routing.ts";
import { LOST_BY_CLUSTER, outdated, StorageError } from "../../storage/storage-error.ts";
import { framesOf } from "../transport.ts";
import type { FollowedMembership, LogPlaces, Past } from "../transport.ts";
import type { WireFormat } from "../wire.ts";
import type { Names } from "./names.ts";
import { OwnLog } from "./own-log.ts";
import type { Registry } from "./registry.ts";
import type { Session } from "./session.ts";
import { StreamWriter } from "./stream-writer.ts";
import { lastNumber, openStream } from "./streams.ts";
import type { StreamPlace } from "./streams.ts";

export interface LogsOptions {
  readonly self: string;
  readonly epoch: number;
  readonly deploy: DeployFile;
  readonly metas: readonly RoleMeta[];
  readonly wire: WireFormat;
  readonly longest: number;
  readonly hold: (() => number) | null;
  readonly room: () => Promise<void> | null;
  readonly followed?: FollowedLogs;
  /** Where members change, which is said in a log that all instances read. */
  readonly membership?: FollowedMembership;
  readonly onEntry?: (entry: LogEntry) => void;
  readonly onFault: (fault: Fault) => void;
  readonly onAcked?: (peer: string, seq: number) => void;
  readonly onRelief?: () => void;
  readonly refuse: (reason: string) => void;
  readonly say: (line: string) => void;
}

/** A newcomer of which nothing is heard for so long is forgotten; within twice that at most. */
const SILENT_MS = 10_000;

export class Logs {
  readonly #options: LogsOptions;
  /** The role whose events a log orders, by log; that of the members is no role's. */
  readonly #owners = new Map<string, string>();
  readonly #index: number | null;
  readonly #writers = new Map<string, StreamWriter>();
  #own: readonly OwnLog[] = [];
  #names: Names | null = null;
  /** Envelopes by number, in order, from the first that is not stored on: in how many logs they are not. */
  readonly #unstored = new Map<number, number>();
  readonly #written = new Map<string, number>();

  constructor(options: LogsOptions) {
    this.#options = options;
    this.#index = parseAddress(options.self)?.index ?? null;
    if (options.membership !== undefined) this.#owners.set(MEMBERS_LOG, "");
    for (const { role, collections, targets } of options.metas) {
      for (const { ordering } of collections) if (ordering !== undefined) this.#owners.set(ordering.log, role);
      for (const { role: of, collection } of targets)
        if (collection.ordering !== undefined) this.#owners.set(collection.ordering.log, of);
    }
  }

  /** Makes the streams where they are not there yet. Throws a StorageError where the cluster does not have what the data rest on. */
  async open(session: Session, registry: Registry, past: Past | null): Promise<void> {
    const { self, epoch, metas, deploy, followed, membership, onEntry, say } = this.#options;
    const { names } = registry;
    this.#names = names;
    await Promise.all(
      [...this.#owners.keys()].map(async (log) => {
        const place = { session, registry, names, log };
        this.#written.set(log, (await openStream(place)).last);
        if (past?.isEmpty === false) await this.#compare(place, past);
      }),
    );
    for (const log of this.#owners.keys()) {
      const onStored = (seqs: readonly number[], place: number): void => this.#store(log, seqs, place);
      this.#writers.set(log, new StreamWriter({ session, title: `the log ${log}`, from: self, epoch, onStored, say }));
    }
    const meta = metas.find(({ role }) => role === parseAddress(self)?.role);
    if (meta === undefined || followed === undefined || onEntry === undefined) return;
    const logs = [...this.#owners].filter(([, role]) => role === meta.role || role === "");
    this.#own = logs.map(
      ([log, role]) =>
        new OwnLog({
          ...this.#options,
          session,
          names,
          log,
          // Replicas take the same steps. Instances that are no replicas have logs of their own, in one stream.
          isFor: (reader) => meta.replicated || reader === this.#index,
          ready: (entry) => (role === "" ? null : (membership?.reached(viewOfEntry(entry)) ?? null)),
          epochMs: role === "" ? SILENT_MS : (deploy.epochMs ?? epochMsOf(metas) ?? 0),
          followed,
          onEntry,
        }),
    );
  }

  /** What stands in a log and what the data say of it. */
  async #compare(place: StreamPlace, { path, lastSent }: Past): Promise<void> {
    const { log } = place;
    const { self, followed } = this.#options;
    const [entries, read] = [this.#written.get(log)!, followed?.upTo(log) ?? 0];
    if (entries < read)
      throw new StorageError(
        LOST_BY_CLUSTER,
        `${path} has read ${read} entries of the log ${log}, and the NATS cluster has ${entries}: it has lost the others`,
      );
    const [stands, known] = [await lastNumber(place, self), lastSent.get(LOG) ?? 0];
    if (stands > known) throw outdated(path, `the log ${log} has its message ${stands}, and it knows of ${known}`);
  }

  /** Those of its role a newcomer reads when it has the state of another replica. */
  start(): void {
    const living = this.#options.membership?.living() ?? null;
    for (const own of this.#own) {
      if (living === null || own.log === MEMBERS_LOG) own.start();
      else void living.then(() => own.start());
    }
  }

  /** Parts of an envelope to the sequencer, each to the log that it names, and to that of the members what names none. */
  append(envelope: Envelope): void {
    const { hold, wire, onFault } = this.#options;
    const parts = new Map<string, Part[]>();
    const views = envelope.parts.filter(({ kind }) => kind === "view");
    const traces = envelope.parts.filter(({ kind }) => kind === "trace");
    for (const part of envelope.parts) {
      if (part.kind === "trace" || part.kind === "view") continue;
      const log = part.kind === "append" || part.kind === "tick" ? part.log : MEMBERS_LOG;
      const known = parts.get(log);
      if (known === undefined) parts.set(log, [part]);
      else known.push(part);
    }
    this.#unstored.set(envelope.seq, parts.size);
    for (const [log, own] of parts) {
      const frames = framesOf({ ...envelope, parts: [...views, ...own, ...traces] }, { wire, onFault });
      const subject = (this.#names as Names).entries(log, this.#onlyReader(own), envelope.from);
      this.#writers.get(log)?.append(envelope.seq, subject, Buffer.concat(frames), hold?.() ?? 0);
    }
  }

  #store(log: string, seqs: readonly number[], place: number): void {
    this.#written.set(log, Math.max(this.#written.get(log) ?? 0, place));
    for (const seq of seqs) this.#unstored.set(seq, this.#unstored.get(seq)! - 1);
    let upTo: number | null = null;
    for (const [seq, logs] of this.#unstored) {
      if (logs > 0) break;
      this.#unstored.delete(seq);
      upTo = seq;
    }
    if (upTo !== null) this.#options.onAcked?.(LOG, upTo);
    this.#options.onRelief?.();
  }

  /** The instance whom all of it is for; null: more than one. */
  #onlyReader(parts: readonly Part[]): number | null {
    const readers = new Set<number | null>();
    for (const part of parts) {
      if (part.kind === "tick") readers.add(this.#index);
      else if (part.kind === "append")
        for (const { to } of part.runs) readers.add(to === null ? null : (parseAddress(to)?.index ?? null));
      else readers.add(null);
    }
    const [only = null] = readers;
    return readers.size === 1 ? only : null;
  }

  get places(): LogPlaces {
    return { written: this.#written, read: new Map(this.#own.map(({ log, read }) => [log, read])) };
  }

  /** Not stored yet, and epochs that have begun and not ended here. */
  get unacked(): number {
    let sum = this.#own.filter(({ log, isGathering }) => log !== MEMBERS_LOG && isGathering).length;
    for (const { unacked } of this.#writers.values()) sum += unacked;
    return sum;
  }

  /** Envelopes that do not stand in all their logs yet. */
  get unstored(): number {
    return this.#unstored.size;
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
