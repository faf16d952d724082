/**
 * A log that this instance reads, as it stands in its stream. An epoch ends where the stream has a mark of its end: every reader asks
 * for one when it is time, and the first that is stored counts.
 */
import type { FollowedLogs, LogEntry } from "../../followed-logs.ts";
import { LOG } from "../../routing.ts";
import type { WireFormat } from "../wire.ts";
import { LogReader } from "./log-reader.ts";
import { readerOf } from "./names.ts";
import type { Names } from "./names.ts";
import { envelopesIn } from "./packets.ts";
import type { Head } from "./packets.ts";
import type { Session } from "./session.ts";

/** A mark that is not seen within this is asked for again. */
const MARK_AGAIN_MS = 1000;

export interface OwnLogOptions {
  readonly session: Session;
  readonly names: Names;
  readonly log: string;
  /** Whether it takes what is for the instance with that index alone. */
  readonly isFor: (reader: number) => boolean;
  /** Resolves when an entry may be taken; null: now. */
  readonly ready: (entry: LogEntry) => Promise<void> | null;
  /** How long an epoch is. */
  readonly epochMs: number;
  readonly wire: WireFormat;
  readonly longest: number;
  readonly followed: FollowedLogs;
  readonly onEntry: (entry: LogEntry) => void;
  readonly room: () => Promise<void> | null;
  readonly refuse: (reason: string) => void;
  readonly say: (line: string) => void;
}

export class OwnLog {
  readonly #options: OwnLogOptions;
  readonly #reader: LogReader;
  #mark: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: OwnLogOptions) {
    const { session, names, log, room, refuse, say } = options;
    this.#options = options;
    this.#reader = new LogReader({
      session,
      log,
      stream: names.stream(log),
      room,
      onEntry: (subject, head, body, upTo) => this.#take(subject, head, body, upTo),
      onEpochEnd: (number, upTo) => this.#endEpoch(number, upTo),
      onRefused: refuse,
      say,
    });
  }

  get log(): string {
    return this.#options.log;
  }

  /** All up to this entry has been read. */
  get read(): number {
    return this.#reader.last;
  }

  /** Whether something waits for the end of its epoch. */
  get isGathering(): boolean {
    return this.#options.followed.isGathering(this.log);
  }

  start(): void {
    if (this.#isClosed) return;
    this.#markInTime();
    void this.#reader.read(this.#options.followed.upTo(this.log));
  }

  #take(subject: string, head: Head, body: Buffer, upTo: number): Promise<void> | null {
    const { log, wire, longest, isFor, ready } = this.#options;
    const reader = readerOf(subject);
    if (reader !== null && !isFor(reader)) return null;
    const { from, epoch, first } = head;
    const envelopes = envelopesIn(head, LOG, body, wire, longest).map(({ seq, parts }) => ({ seq, parts }));
    const entry = { kind: "appended", log, upTo, from, epoch, first, envelopes } as const;
    const wait = ready(entry);
    if (wait !== null) return wait.then(() => this.#enter(entry));
    this.#enter(entry);
    return null;
  }

  #enter(entry: LogEntry): void {
    if (this.#isClosed) return;
    this.#options.onEntry(entry);
    this.#markInTime();
  }

  #markInTime(): void {
    if (this.isGathering) this.#mark ??= setTimeout(() => this.#askForMark(), this.#options.epochMs);
  }

  #askForMark(): void {
    const { session, names, log, followed } = this.#options;
    const ended = followed.ended(log);
    const msgID = `${log}.epoch.${ended}`;
    session.log.publish(names.epochEnds(log), `${ended}`, { msgID }).catch(() => {});
    this.#mark = setTimeout(() => this.#askForMark(), MARK_AGAIN_MS);
  }

  #endEpoch(number: number, upTo: number): void {
    const { log, followed, onEntry } = this.#options;
    if (number !== followed.ended(log)) return;
    this.#stopMarking();
    onEntry({ kind: "epoch end", log, upTo, number });
  }

  #stopMarking(): void {
    if (this.#mark !== null) clearTimeout(this.#mark);
    this.#mark = null;
  }

  close(): void {
    this.#isClosed = true;
    this.#stopMarking();
    this.#reader.close();
  }
}
