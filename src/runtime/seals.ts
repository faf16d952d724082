/**
 * Seals where they are received: which partitions of an input or channel are closed at an instance,
 * and whose votes are missing. Counts make a seal independent of message order: it may overtake the
 * rows that it counts, and closes its partition only with the last of them.
 */
import { ByPartition, partKey, type PartKey, rowPartKey, runEnd } from "./partitions.ts";
import type { Row, SealedMeta } from "./program.ts";
import type { State } from "./state.ts";

/** A closure that has come about; `key` null: the whole collection, with never-seen values. */
export interface Closure {
  readonly key: Row | null;
  readonly part: PartKey;
}

export interface OpenPartition {
  readonly key: Row;
  readonly rows: number;
}

export interface Partition {
  readonly key: Row;
  readonly part: PartKey;
  /** Rows that have come. */
  rows: number;
  /** Producers whose seal has come with all its rows (channels only). */
  votes: number;
  /** Nothing more is to come. `closed` follows in the step that takes the last rows. */
  complete: boolean;
  closed: boolean;
  /** Its deadline has passed before that, or a producer is gone that had not sealed it: it never closes. */
  failed: boolean;
}

/** A partition with a deadline that has become known, from which time on the deadline runs. */
export interface Opened {
  readonly key: Row;
  readonly part: PartKey;
  readonly deadlineMs: number;
}

/** What inputs and channels have in common: partitions that are open, complete, closed. */
abstract class Partitions {
  readonly columns: readonly number[];
  protected readonly partitions: ByPartition<Partition>;
  /** Closures that have come about and not yet taken effect. */
  readonly due: Closure[] = [];
  protected allComplete = false;
  /** Producers that have sealed everything, with all rows here (channels only). */
  protected votes = 0;
  #allClosed = false;
  readonly #deadlineMs: number | null;
  /** Partitions whose deadline nobody watches yet. */
  opened: Opened[] = [];
  /** Partitions that have become known so far. */
  seen = 0;
  /** Kept also when all else is closed. */
  readonly #failed = new Set<PartKey>();
  /** Some producer has been declared gone. */
  protected hasGone = false;
  /** Partitions of which it is to be seen whether they still can close; none between steps. */
  protected doubtful: Partition[] = [];

  constructor(meta: SealedMeta) {
    this.columns = meta.key;
    this.partitions = new ByPartition(meta.key, (part, key) => this.#begin(part, key));
    this.#deadlineMs = meta.deadlineMs;
  }

  #begin(part: PartKey, key: Row): Partition {
    this.seen++;
    if (this.#deadlineMs !== null && !this.allComplete) this.opened.push({ key, part, deadlineMs: this.#deadlineMs });
    const partition: Partition = {
      key,
      part,
      rows: 0,
      votes: this.votes,
      complete: false,
      closed: false,
      failed: false,
    };
    if (this.hasGone) this.doubtful.push(partition);
    return partition;
  }

  /** After a restart the deadlines of what is open run anew. */
  persist(state: State): void {
    this.partitions.persist(state);
    state.list(this.due);
    this.allComplete = state.of(this.allComplete);
    this.votes = state.of(this.votes);
    this.#allClosed = state.of(this.#allClosed);
    this.seen = state.of(this.seen);
    state.set(this.#failed);
    this.hasGone = state.of(this.hasGone);
    if (!state.isLoading || this.#deadlineMs === null || this.allComplete) return;
    this.opened = [];
    for (const { key, part, complete, failed } of this.partitions.values())
      if (!complete && !failed) this.opened.push({ key, part, deadlineMs: this.#deadlineMs });
  }

  get hasFailed(): boolean {
    return this.#failed.size > 0;
  }

  /** Its deadline has passed. Null where all of it has come in time; else its rows so far. */
  fail(part: PartKey): OpenPartition | null {
    const partition = this.partitions.get(part);
    if (partition === undefined || partition.complete || partition.failed || this.allComplete) return null;
    partition.failed = true;
    this.#failed.add(part);
    return partition;
  }

  /** Those that close with everything, one by one: where one has failed, everything cannot be said to be there. */
  closable(): Closure[] {
    const closures: Closure[] = [];
    for (const { key, part, failed, closed } of this.partitions.values())
      if (!failed && !closed) closures.push({ key, part });
    return closures;
  }

  protected complete(partition: Partition): void {
    if (partition.complete || partition.failed || this.allComplete) return;
    partition.complete = true;
    this.due.push({ key: partition.key, part: partition.part });
  }

  protected completeAll(): void {
    if (this.allComplete) return;
    this.allComplete = true;
    this.due.push({ key: null, part: "" });
  }

  /** A partition that was asked for is known from then on: somebody waits for it, even if no row of it ever comes. */
  isClosed(key: Row): boolean {
    if (this.#failed.size > 0 && this.#failed.has(partKey(key))) return false;
    if (this.#allClosed) return true;
    if (this.allComplete) return this.partitions.get(partKey(key))?.closed === true;
    return this.partitions.at(key).closed;
  }

  /** No further row of any partition can come. */
  get sealedAll(): boolean {
    return this.allComplete;
  }

  /** From here on the partition is closed for the rules. False where it was closed before. */
  close(closure: Closure): boolean {
    if (this.#allClosed) return false;
    if (closure.key === null) {
      this.#allClosed = true;
      this.partitions.clear();
      this.forget(null);
      return true;
    }
    const partition = this.partitions.get(closure.part);
    if (partition === undefined || partition.closed) return false;
    partition.closed = true;
    this.forget(closure.part);
    return true;
  }

  /** Counts that no row can need any more. */
  protected abstract forget(part: PartKey | null): void;

  /** Known partitions to which rows may still come. */
  open(): OpenPartition[] {
    if (this.allComplete) return [];
    const open: OpenPartition[] = [];
    for (const partition of this.partitions.values()) {
      if (!partition.complete && !partition.failed) open.push({ key: partition.key, rows: partition.rows });
    }
    return open;
  }
}

/** A sealed input: its host is its only producer, and gives rows and seals in order. */
export class InputSeals extends Partitions {
  /** False: the row comes after its seal. */
  admit(row: Row): boolean {
    if (this.allComplete) return false;
    const partition = this.partitions.of(row);
    if (partition.complete) return false;
    partition.rows++;
    return true;
  }

  /**
   * `key` null: every partition. Later rows are refused at once; `due` gets nothing, because the host's
   * order decides the step: the closure is for the caller to keep in its place among the rows.
   */
  seal(key: Row | null): Closure | null {
    if (this.allComplete) return null;
    if (key === null || this.columns.length === 0) {
      this.allComplete = true;
      return { key: null, part: "" };
    }
    const partition = this.partitions.at(key);
    if (partition.complete) return null;
    partition.complete = true;
    return partition.failed ? null : { key, part: partition.part };
  }

  /** Rows that go through a log are away from `admit` to `back`; their partition closes when the last has come back. */
  afterLog(closure: Closure): readonly Closure[] {
    this.#sealed.push(closure);
    return this.#allBack();
  }

  /** A row has come out of the log. Gives the closures that now come about. */
  back(row: Row): readonly Closure[] {
    const part = rowPartKey(this.columns, row);
    this.#back.set(part, (this.#back.get(part) ?? 0) + 1);
    return this.#sealed.length === 0 ? [] : this.#allBack();
  }

  readonly #back = new Map<PartKey, number>();
  #sealed: Closure[] = [];

  override persist(state: State): void {
    super.persist(state);
    state.map(this.#back);
    this.#sealed = state.of(this.#sealed);
  }

  #allBack(): readonly Closure[] {
    const isBack = (partition: Partition): boolean => (this.#back.get(partition.part) ?? 0) >= partition.rows;
    const closures = this.#sealed.filter(({ key, part }) => {
      if (key === null) return [...this.partitions.values()].every(isBack);
      const partition = this.partitions.get(part);
      return partition === undefined || isBack(partition);
    });
    if (closures.length > 0) this.#sealed = this.#sealed.filter((each) => !closures.includes(each));
    return closures;
  }

  protected override forget(): void {}
}

interface Cell {
  readonly partition: Partition;
  arrived: number;
  /** Rows that the sender's seal counts; -1 before its seal. */
  counted: number;
  /** Sealed, and all that is counted is here. */
  voted: boolean;
}

interface Producer {
  /** It will never be heard again. */
  gone: boolean;
  /** Rows of any partition. */
  arrived: number;
  counted: number;
  voted: boolean;
  readonly cells: ByPartition<Cell>;
}

/** A sealed channel at a receiver: a partition closes when every producer's counted rows are here. */
export class ChannelSeals extends Partitions {
  readonly #single: boolean;
  readonly #producers = new Map<string, Producer>();

  constructor(meta: SealedMeta, producers: readonly string[]) {
    super(meta);
    this.#single = meta.single;
    for (const address of producers) this.addProducer(address);
    // Nobody can send to it: every partition is complete from the start.
    if (producers.length === 0) this.completeAll();
  }

  override persist(state: State): void {
    super.persist(state);
    for (const address of state.of([...this.#producers.keys()])) {
      const producer = this.addProducer(address);
      producer.gone = state.of(producer.gone);
      producer.arrived = state.of(producer.arrived);
      producer.counted = state.of(producer.counted);
      producer.voted = state.of(producer.voted);
      producer.cells.persist(state);
    }
  }

  protected addProducer(address: string): Producer {
    const known = this.#producers.get(address);
    if (known !== undefined) return known;
    const cells = new ByPartition<Cell>(this.columns, (_, key) => this.#cell(producer, key));
    const producer: Producer = { gone: false, arrived: 0, counted: -1, voted: false, cells };
    this.#producers.set(address, producer);
    return producer;
  }

  isProducer(address: string): boolean {
    return this.#producers.has(address);
  }

  /** Counts rows of a producer. Those that come too late: all that the seal of their partition counted was here already; null: none. */
  admit(from: string, rows: readonly Row[]): readonly Row[] | null {
    const producer = this.#producers.get(from) as Producer;
    let late: Row[] | null = null;
    for (let at = 0; at < rows.length;) {
      const end = runEnd(this.columns, rows, at);
      for (at += this.#take(producer, rows[at], end - at); at < end; at++) (late ??= []).push(rows[at]);
    }
    return late;
  }

  /** So many rows of the partition of `row` have come from a producer. How many of them came in time. */
  #take(producer: Producer, row: Row, come: number): number {
    if (this.allComplete) return 0;
    const cell = producer.cells.of(row);
    if (cell.voted || cell.partition.complete) return 0;
    let taken = come;
    if (cell.counted >= 0) taken = Math.min(taken, cell.counted - cell.arrived);
    if (producer.counted >= 0) taken = Math.min(taken, producer.counted - producer.arrived);
    cell.arrived += taken;
    cell.partition.rows += taken;
    producer.arrived += taken;
    if (cell.arrived === cell.counted) this.#vote(cell);
    if (producer.arrived === producer.counted) this.#voteAll(producer);
    return taken;
  }

  /** A row that was refused for its type still counts, or its partition would wait for it for ever. */
  countRefused(from: string, row: unknown): void {
    const producer = this.#producers.get(from);
    if (producer === undefined || this.allComplete) return;
    if (Array.isArray(row) && this.columns.every((column) => row[column] !== undefined)) {
      const cell = producer.cells.of(row);
      cell.arrived++;
      if (cell.arrived === cell.counted) this.#vote(cell);
    }
    producer.arrived++;
    if (producer.arrived === producer.counted) this.#voteAll(producer);
  }

  seal(from: string, key: Row | null, count: number): void {
    const producer = this.#producers.get(from) as Producer;
    if (this.allComplete || producer.voted) return;
    if (key === null || this.columns.length === 0) {
      if (producer.counted >= 0) return;
      producer.counted = count;
      if (producer.arrived >= count) this.#voteAll(producer);
      return;
    }
    if (this.partitions.get(partKey(key))?.complete) return;
    const cell = producer.cells.at(key);
    if (cell.counted >= 0) return;
    cell.counted = count;
    if (cell.arrived >= count) this.#vote(cell);
  }

  /** A seal rule of the receiver itself closes the partition, whoever sends. */
  decree(key: Row): void {
    if (this.columns.length === 0) this.completeAll();
    else this.complete(this.partitions.at(key));
  }

  #cell(producer: Producer, key: Row): Cell {
    return { partition: this.partitions.at(key), arrived: 0, counted: -1, voted: producer.voted };
  }

  #vote(cell: Cell): void {
    if (cell.voted) return;
    cell.voted = true;
    cell.partition.votes++;
    if (this.#single) this.complete(cell.partition);
    else this.settle(cell.partition);
  }

  /** Its producer has sealed it, or everything, and all counted rows are here. */
  protected hasVoted(address: string, part: PartKey | null): boolean {
    const producer = this.#producers.get(address);
    return producer !== undefined && (producer.voted || (part !== null && producer.cells.get(part)?.voted === true));
  }

  /** Completes a partition that has all votes that it needs. */
  protected settle(partition: Partition): void {
    if (partition.votes === this.#producers.size) this.complete(partition);
  }

  /** Likewise everything. */
  protected settleAll(): void {
    if (this.votes === this.#producers.size) this.completeAll();
  }

  /** Whose seals it needs. */
  protected needed(_part: PartKey | null): Iterable<string> {
    return this.#producers.keys();
  }

  #voteAll(producer: Producer): void {
    if (producer.voted) return;
    producer.voted = true;
    this.votes++;
    this.settleAll();
    if (this.allComplete) return;
    for (const partition of this.partitions.values()) {
      if (partition.complete) continue;
      const cell = producer.cells.get(partition.part);
      if (cell?.voted) continue;
      if (cell !== undefined) cell.voted = true;
      partition.votes++;
      // The one producer of a partition is the one that has sent rows of it.
      const alone = this.#single && cell !== undefined && cell.arrived > 0;
      if (alone) this.complete(partition);
      else this.settle(partition);
    }
    if (this.hasGone) this.#doubtAll();
  }

  /** That producer will never be heard again: what it has not sealed cannot close any more, now or later; see `lost`. */
  declareGone(address: string): void {
    const producer = this.#producers.get(address);
    if (producer === undefined) return;
    producer.gone = true;
    this.hasGone = true;
    // Somebody may wait for a stream of which nothing has come.
    if (this.columns.length === 0) this.partitions.at([]);
    this.#doubtAll();
  }

  #doubtAll(): void {
    if (!this.allComplete) this.doubtful = [...this.partitions.values()];
  }

  /** Partitions that have failed since the last call, because producers are gone; with these. */
  lost(): readonly (OpenPartition & { readonly gone: readonly string[] })[] {
    if (this.doubtful.length === 0) return [];
    const { doubtful } = this;
    this.doubtful = [];
    return doubtful.flatMap(({ key, part }) => {
      const gone = this.#missingGone(part);
      const failed = gone.length === 0 ? null : this.fail(part);
      return failed === null ? [] : [{ key, rows: failed.rows, gone }];
    });
  }

  /** The producers that are gone and without which the partition cannot close. */
  #missingGone(part: PartKey): readonly string[] {
    const needed = new Set(this.missingOf(part));
    let missing = [...this.#producers].filter(([address]) => needed.has(address));
    // Its one producer is the one of which something has come, or else any that may still send.
    if (this.#single) {
      const known = missing.filter(([, { cells }]) => this.#isOf(cells.get(part)));
      if (known.length > 0) missing = known;
      if (!missing.every(([, { gone }]) => gone)) return [];
    }
    return missing.filter(([, { gone }]) => gone).map(([address]) => address);
  }

  #isOf(cell: Cell | undefined): boolean {
    return cell !== undefined && (cell.arrived > 0 || cell.counted >= 0);
  }

  protected override forget(part: PartKey | null): void {
    for (const producer of this.#producers.values()) {
      if (part === null) producer.cells.clear();
      else producer.cells.delete(part);
    }
  }

  /** Producers whose seal of the partition (null: of everything), or counted rows of it, have not come. */
  missing(key: Row | null): string[] {
    return this.missingOf(key === null ? null : partKey(key));
  }

  missingOf(part: PartKey | null): string[] {
    return [...this.needed(part)].filter((address) => !this.hasVoted(address, part));
  }
}
