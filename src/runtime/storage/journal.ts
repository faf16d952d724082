/**
 * What decides the steps of a process, in the order in which it came about: rows, seals, firings, messages, and when a step
 * was taken. It is on the disk before anything that follows from it leaves the process. Given to a new instance in the same
 * order it makes the same steps again, and with them the same messages under the same numbers.
 *
 * The file `Report-0.journal` holds one record for who writes it, then one for each `commit`: all that came in one turn of
 * the event loop, or nothing of it.
 */
import { randomInt } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { Place } from "../deployment.ts";
import type { LogEntry } from "../followed-logs.ts";
import type { Deadline } from "../given-up.ts";
import type { StepEffects } from "../instance.ts";
import type { Word } from "../membership/changes.ts";
import type { Envelope } from "../messages.ts";
import type { Row, StepOutput } from "../program.ts";
import { State } from "../state.ts";
import { giveLock, takeLock } from "./lock.ts";
import { RecordFile } from "./record-file.ts";
import type { TornTail } from "./record-file.ts";
import { DAMAGED, FOREIGN, StorageError, UNWRITABLE } from "./storage-error.ts";

export type Entry =
  | readonly ["input", collection: string, rows: Row[]]
  | readonly ["seal", collection: string, key: Row]
  | readonly ["end", collection: string | null]
  | readonly ["fire", timer: string]
  | readonly ["envelope", Envelope]
  /** What stood next in a log that is read entry by entry. */
  | readonly ["entry", LogEntry]
  | readonly ["expire", Deadline]
  /** That instance has been declared gone. */
  | readonly ["gone", address: string]
  /** Of a member of a changing deployment: what it says to the registry beside its steps, and that it seals everything and leaves. */
  | readonly ["join", place: Pick<Place, "host" | "port">]
  | readonly ["word", Word]
  | readonly ["depart"]
  | readonly ["leave"]
  /** Of the registry: newcomers of which nothing is heard are forgotten. */
  | readonly ["silence"]
  | readonly ["step"]
  /** The sequencer's epoch is over. */
  | readonly ["epoch"]
  /** A peer has everything up to that number. */
  | readonly ["acked", peer: string, seq: number]
  /** So many rows of outputs, since the beginning, have been handed over. */
  | readonly ["told", rows: number]
  /** All events of a source (a file, stdin) up to this position have been taken. */
  | readonly ["fed", source: string, position: number];

/** Who writes a journal. Another one cannot make anything of it. */
export interface Identity {
  readonly self: string;
  /** Name and build; "" where it is not known. */
  readonly program: string;
  readonly version: string;
  /** Instances per role. */
  readonly counts: Readonly<Record<string, number>>;
  /** Whether the servers of a NATS cluster keep the logs. */
  readonly isOnNats: boolean;
}

interface Header extends Identity {
  /** Of all its lives: what it sends again has the same identity. */
  readonly epoch: number;
}

/** Makes steps of what happens. */
export interface Recorded {
  /** What an entry brings about; null: nothing that leaves. */
  apply(entry: Entry): Pick<StepEffects, "envelopes" | "outputs"> | null;
  /** Between steps: all that decides what it does next; if it is persistent. */
  persist(state: State): void;
  readonly isPersistent: boolean;
}

/** In the place of entries: what had come of those before it. */
interface Snapshot {
  readonly state: unknown[];
}

/** Outputs that nobody has confirmed. */
export interface Untold {
  readonly output: StepOutput["outputs"][number];
  /** Rows of outputs since the beginning, with these. */
  readonly end: number;
}

/** What was confirmed and is not written is repeated after a crash: nobody who rests for so long repeats it. */
const CONFIRMED_AFTER_MS = 20;

/** Bytes of entries after which a snapshot is taken; or twice those of the last one, if that is more. */
const SNAPSHOT_AFTER = 32 * 1024 * 1024;

export class Journal {
  readonly epoch: number;
  /** Entries that were read. */
  readonly replayed: number;
  /** Number of the last envelope, by receiver. */
  readonly lastSent = new Map<string, number>();
  readonly #unacked = new Map<string, Map<number, Envelope>>();
  readonly #fed = new Map<string, number>();
  /** Firings of timers. */
  readonly fired = new Map<string, number>();
  /** Rows of outputs since the beginning. */
  #given = 0;
  #told = 0;
  #untold: Untold[] = [];
  readonly #self: string;
  #file: RecordFile;
  readonly #recorded: Recorded;
  readonly #header: Header;
  /** Nothing was there. */
  readonly isNew: boolean = false;
  readonly #snapshotAfter: number;
  /** Length of the snapshot with which the file begins. */
  snapshotBytes = 0;
  readonly #lock: string;
  #entries: Entry[] = [];
  /** What was confirmed, of each peer, host and source the last: written with what comes next, or after a while. */
  readonly #confirmed = new Map<string, Entry>();
  #while: NodeJS.Timeout | null = null;

  /** Brings what `create` makes to where it was when the journal was last written. Throws StorageErrors. */
  static open<R extends Recorded>(
    folder: string,
    identity: Identity,
    create: (epoch: number) => R,
    snapshotAfter = SNAPSHOT_AFTER,
  ): { readonly journal: Journal; readonly recorded: R } {
    const stem = join(folder, identity.self.replace("#", "-"));
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw new StorageError(UNWRITABLE, `${folder} cannot be made: ${(error as Error).message}`);
    }
    takeLock(`${stem}.lock`);
    try {
      let recorded: R | null = null;
      const journal = new Journal(stem, identity, (epoch) => (recorded = create(epoch)), snapshotAfter);
      return { journal, recorded: recorded! };
    } catch (error) {
      giveLock(`${stem}.lock`);
      throw error;
    }
  }

  private constructor(stem: string, identity: Identity, create: (epoch: number) => Recorded, snapshotAfter: number) {
    const path = `${stem}.journal`;
    this.#self = identity.self;
    this.#lock = `${stem}.lock`;
    this.#snapshotAfter = snapshotAfter;
    let epoch: number | null = null;
    let recorded: Recorded | null = null;
    let replayed = 0;
    let file = RecordFile.open(path, (payload) => {
      if (recorded === null) {
        epoch = checkedHeader(path, deserialize(payload) as Header, identity).epoch;
        recorded = create(epoch);
        return;
      }
      const entries = deserialize(payload) as Entry[] | Snapshot;
      if (!Array.isArray(entries)) {
        this.#persist(new State(entries.state), recorded);
        this.snapshotBytes = payload.length;
        return;
      }
      for (const entry of entries) {
        this.#replay(recorded, entry);
        replayed++;
      }
    });
    if (file === null) {
      epoch = randomInt(2 ** 47);
      recorded = create(epoch);
      file = RecordFile.create(path, [serialize({ ...identity, epoch } satisfies Header)]);
      this.isNew = true;
    }
    if (epoch === null)
      throw new StorageError(DAMAGED, `${path} is damaged at byte ${file.bytes}: it does not say what wrote it`);
    this.epoch = epoch;
    this.#recorded = recorded!;
    this.#header = { ...identity, epoch };
    this.replayed = replayed;
    this.#file = file;
  }

  #replay(recorded: Recorded, entry: Entry): void {
    this.#learn(entry);
    const effects = recorded.apply(entry);
    if (effects !== null) this.leaves(effects);
  }

  /** What the entry says of the world outside. */
  #learn(entry: Entry): void {
    switch (entry[0]) {
      case "acked":
        this.#forget(entry[1], entry[2]);
        break;
      case "told":
        this.#drop(entry[1]);
        break;
      case "fed":
        this.#fed.set(entry[1], entry[2]);
        break;
      case "gone":
        this.#unacked.delete(entry[1]);
        break;
      case "fire":
        this.fired.set(entry[1], (this.fired.get(entry[1]) ?? 0) + 1);
        break;
      case "envelope":
        if (entry[1].from === this.#self) this.#unacked.get(this.#self)?.delete(entry[1].seq);
    }
  }

  /** Nothing has ever happened: it knows of no others, and no others know of it. */
  get isEmpty(): boolean {
    return this.replayed === 0 && this.snapshotBytes === 0;
  }

  /** An incomplete record that was cut off. */
  get torn(): TornTail | null {
    return this.#file.torn;
  }

  get path(): string {
    return this.#file.path;
  }

  get bytes(): number {
    return this.#file.bytes;
  }

  /** Bytes of it that a power failure leaves. */
  get syncedBytes(): number {
    return this.#file.syncedBytes;
  }

  note(entry: Entry): void {
    this.#learn(entry);
    const last = this.#entries.at(-1);
    if (entry[0] === "input" && last?.[0] === "input" && last[1] === entry[1])
      for (const row of entry[2]) last[2].push(row);
    else this.#entries.push(entry);
  }

  #confirm(entry: Entry): void {
    this.#learn(entry);
    this.#confirmed.set(entry[0] === "told" ? "told" : `${entry[0]} ${entry[1] as string}`, entry);
    this.#while ??= setTimeout(() => this.#writeConfirmed(), CONFIRMED_AFTER_MS).unref();
  }

  #writeConfirmed(): void {
    this.#while = null;
    // With entries it waits for their commit.
    if (this.#entries.length > 0) return;
    try {
      this.#write();
    } catch (error) {
      // Nothing rests on it; the next commit fails as well, and says so.
      if (!(error instanceof StorageError)) throw error;
    }
  }

  /** What a step brings about. It may leave after the next `commit`. */
  leaves({ envelopes, outputs }: Pick<StepEffects, "envelopes" | "outputs">): void {
    for (const envelope of envelopes) {
      let kept = this.#unacked.get(envelope.to);
      if (kept === undefined) this.#unacked.set(envelope.to, (kept = new Map()));
      kept.set(envelope.seq, envelope);
      this.lastSent.set(envelope.to, envelope.seq);
    }
    for (const output of outputs) {
      this.#given += output.rows.length;
      if (this.#given > this.#told) this.#untold.push({ output, end: this.#given });
    }
  }

  /** Writes what was noted. `seen`: something that follows from it leaves now, so that it has to survive a power failure. */
  commit(seen: boolean): void {
    if (this.#entries.length > 0) this.#write();
    const since = this.#file.bytes - this.snapshotBytes;
    const isDue = since > this.#snapshotAfter && since > this.snapshotBytes * 2 && this.#recorded.isPersistent;
    if ((!isDue || !this.#snapshot()) && seen) this.#file.sync();
  }

  /** Begins a new file with what has come of the old one. A crash leaves the one or the other. False: that cannot be saved. */
  #snapshot(): boolean {
    const state = new State(null);
    this.#persist(state, this.#recorded);
    if (state.isRefused) return false;
    const payload = serialize({ state: state.values } satisfies Snapshot);
    const old = this.#file;
    this.#file = RecordFile.create(old.path, [serialize(this.#header), payload]);
    old.close();
    this.snapshotBytes = payload.length;
    return true;
  }

  #persist(state: State, recorded: Recorded): void {
    state.map(this.lastSent);
    state.map(this.#unacked);
    state.map(this.#fed);
    state.map(this.fired);
    this.#given = state.of(this.#given);
    this.#told = state.of(this.#told);
    this.#untold = state.of(this.#untold);
    recorded.persist(state);
  }

  #write(): void {
    this.#forgetWhile();
    for (const entry of this.#confirmed.values()) this.#entries.push(entry);
    this.#confirmed.clear();
    if (this.#entries.length === 0) return;
    this.#file.append(serialize(this.#entries));
    this.#entries = [];
  }

  /** A peer has everything up to that number. */
  acked(peer: string, seq: number): void {
    this.#confirm(["acked", peer, seq]);
  }

  #forget(peer: string, upTo: number): void {
    const kept = this.#unacked.get(peer);
    if (kept === undefined) return;
    for (const seq of kept.keys()) {
      if (seq > upTo) break;
      kept.delete(seq);
    }
  }

  /** Envelopes that their receivers may not have. */
  unacked(): readonly Envelope[] {
    return [...this.#unacked.values()].flatMap((envelopes) => [...envelopes.values()]);
  }

  /** Rows of outputs since the beginning, and how many of them are known to have been handed over. */
  get given(): number {
    return this.#given;
  }

  get told(): number {
    return this.#told;
  }

  get untold(): readonly Untold[] {
    return this.#untold;
  }

  /** Whoever takes the outputs has so many rows of them. */
  tell(rows: number): void {
    if (rows > this.#told) this.#confirm(["told", rows]);
  }

  #drop(told: number): void {
    this.#told = Math.max(this.#told, told);
    const from = this.#untold.findIndex(({ end }) => end > this.#told);
    this.#untold = from < 0 ? [] : this.#untold.slice(from);
  }

  /** All events of a source up to this position have been noted; written with them. */
  fed(source: string, position: number): void {
    if (position > this.fedUpTo(source)) this.#confirm(["fed", source, position]);
  }

  /** How far a source has been taken; 0: not at all. */
  fedUpTo(source: string): number {
    return this.#fed.get(source) ?? 0;
  }

  /** Writes what is left, and ends. */
  close(): void {
    this.#write();
    this.#file.sync();
    this.#file.close();
    giveLock(this.#lock);
  }

  #forgetWhile(): void {
    if (this.#while !== null) clearTimeout(this.#while);
    this.#while = null;
  }

  /** Ends as it is, after it could not be written. */
  abandon(): void {
    this.#forgetWhile();
    this.#file.close();
    giveLock(this.#lock);
  }
}

/** What a person should read of a journal that was opened. */
export function openedLines({ path, replayed, torn }: Journal): readonly string[] {
  const lines: string[] = [];
  if (torn !== null)
    lines.push(
      `${path} ended within a record, at byte ${torn.offset}: its last ${torn.bytes} bytes were not written whole, and are cut off`,
    );
  if (replayed > 0) lines.push(`brought back from ${path}: ${replayed.toLocaleString("en-US")} entries`);
  return lines;
}

function checkedHeader(path: string, header: Header, identity: Identity): Header {
  const differs = (theirs: string, ours: string): boolean => theirs !== ours && theirs !== "" && ours !== "";
  const foreign = (what: string): StorageError => new StorageError(FOREIGN, `${path} ${what}`);
  if (header.self !== identity.self) throw foreign(`belongs to ${header.self}, this is ${identity.self}`);
  if (differs(header.program, identity.program))
    throw foreign(
      `was written by the program ${JSON.stringify(header.program)}, this is ${JSON.stringify(identity.program)}`,
    );
  if (differs(header.version, identity.version)) {
    throw foreign(
      `was written by version ${header.version} of ${header.program}, this is version ${identity.version}: another build could make other steps of it`,
    );
  }
  if (header.isOnNats !== identity.isOnNats) {
    const on = (isOnNats: boolean): string => (isOnNats ? "on NATS" : "over TCP");
    throw foreign(
      `was written ${on(header.isOnNats)}, this deployment is ${on(identity.isOnNats)}: its logs are not there`,
    );
  }
  for (const role of new Set([...Object.keys(header.counts), ...Object.keys(identity.counts)])) {
    const [then, now] = [header.counts[role] ?? 0, identity.counts[role] ?? 0];
    if (then !== now) throw foreign(`was written in a deployment with ${then} of ${role}, this one has ${now}`);
  }
  return header;
}
