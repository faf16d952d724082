/**
 * Seals where they are received: which partitions of an input or channel are closed at an instance,
 * and whose votes are missing. Counts make a seal independent of message order: it may overtake the
 * rows that it counts, and closes its partition only with the last of them.
 */
import { canonicalText } from "./canonical.ts";
import type { Row, SealedMeta, Value } from "./program.ts";

/** A partition's key as a Map key: the value itself where one column holds a primitive, else a text. */
export type PartKey = Value;

/** From the values of the seal columns, in their order. */
export function partKey(values: Row): PartKey {
  if (values.length === 1) {
    const value = values[0];
    return typeof value === "object" && value !== null ? canonicalText(value) : value;
  }
  return values.length === 0 ? "" : canonicalText(values);
}

/** From a whole row; `columns` are the seal columns. */
export function rowPartKey(columns: readonly number[], row: Row): PartKey {
  if (columns.length === 1) {
    const value = row[columns[0]];
    return typeof value === "object" && value !== null ? canonicalText(value) : value;
  }
  return columns.length === 0 ? "" : canonicalText(columns.map((column) => row[column]));
}

export function keyOfRow(columns: readonly number[], row: Row): Row {
  return columns.map((column) => row[column]);
}

/** A closure that has come about; `key` null: the whole collection, with never-seen values. */
export interface Closure {
  readonly key: Row | null;
  readonly part: PartKey;
}

export interface OpenPartition {
  readonly key: Row;
  readonly rows: number;
}

interface Partition {
  readonly key: Row;
  readonly part: PartKey;
  /** Rows that have come. */
  rows: number;
  /** Producers whose seal has come with all its rows (channels only). */
  votes: number;
  /** Nothing more is to come. `closed` follows in the step that takes the last rows. */
  complete: boolean;
  closed: boolean;
  /** Its deadline has passed before that: it never closes. */
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
  protected readonly partitions = new Map<PartKey, Partition>();
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

  constructor(meta: SealedMeta) {
    this.columns = meta.key;
    this.#deadlineMs = meta.deadlineMs;
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
    for (const { key, part, failed, closed } of this.partitions.values()) if (!failed && !closed) closures.push({ key, part });
    return closures;
  }

  protected partition(part: PartKey, key: () => Row): Partition {
    let partition = this.partitions.get(part);
    if (partition === undefined) {
      partition = { key: key(), part, rows: 0, votes: this.votes, complete: false, closed: false, failed: false };
      this.partitions.set(part, partition);
      this.seen++;
      if (this.#deadlineMs !== null && !this.allComplete) this.opened.push({ key: partition.key, part, deadlineMs: this.#deadlineMs });
    }
    return partition;
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
    return this.partition(partKey(key), () => key).closed;
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
    const part = rowPartKey(this.columns, row);
    const partition = this.partitions.get(part) ?? this.#first(part, row);
    if (partition.complete) return false;
    partition.rows++;
    return true;
  }

  /** Apart from `admit`, which must not make a closure for every row. */
  #first(part: PartKey, row: Row): Partition {
    return this.partition(part, () => keyOfRow(this.columns, row));
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
    const partition = this.partition(partKey(key), () => key);
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
  /** Rows of any partition. */
  arrived: number;
  counted: number;
  voted: boolean;
  readonly cells: Map<PartKey, Cell>;
  /** Of the row that came last; undefined before the first. */
  lastPart: PartKey | undefined;
  lastCell: Cell | null;
}

/** A sealed channel at a receiver: a partition closes when every producer's counted rows are here. */
export class ChannelSeals extends Partitions {
  readonly #single: boolean;
  readonly #producers = new Map<string, Producer>();
  #lastFrom: string | null = null;
  #lastProducer: Producer | null = null;

  constructor(meta: SealedMeta, producers: readonly string[]) {
    super(meta);
    this.#single = meta.single;
    for (const address of producers) {
      this.#producers.set(address, { arrived: 0, counted: -1, voted: false, cells: new Map(), lastPart: undefined, lastCell: null });
    }
    // Nobody can send to it: every partition is complete from the start.
    if (producers.length === 0) this.completeAll();
  }

  isProducer(address: string): boolean {
    return this.#producers.has(address);
  }

  /** False: the row's partition is sealed, and all rows that the seal counted are here already. `from` is a producer. */
  admit(from: string, row: Row): boolean {
    if (this.allComplete) return false;
    const producer = from === this.#lastFrom ? this.#lastProducer! : this.#turnTo(from);
    const part = rowPartKey(this.columns, row);
    // Rows of one partition often come in a row. A cell that was forgotten since is complete.
    let cell = part === producer.lastPart ? producer.lastCell! : producer.cells.get(part);
    if (cell === undefined) {
      if (this.partitions.get(part)?.closed) return false;
      cell = this.#cellOf(producer, part, row);
    }
    producer.lastPart = part;
    producer.lastCell = cell;
    if (cell.voted || cell.partition.complete) return false;
    cell.arrived++;
    cell.partition.rows++;
    producer.arrived++;
    if (cell.arrived === cell.counted) this.#vote(cell);
    if (producer.arrived === producer.counted) this.#voteAll(producer);
    return true;
  }

  #turnTo(from: string): Producer {
    this.#lastFrom = from;
    return (this.#lastProducer = this.#producers.get(from) as Producer);
  }

  /** A row that was refused for its type still counts, or its partition would wait for it for ever. */
  countRefused(from: string, row: unknown): void {
    const producer = this.#producers.get(from);
    if (producer === undefined || this.allComplete) return;
    if (Array.isArray(row) && this.columns.every((column) => row[column] !== undefined)) {
      const part = rowPartKey(this.columns, row);
      const cell = producer.cells.get(part) ?? this.#cell(producer, part, () => keyOfRow(this.columns, row));
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
    const part = partKey(key);
    if (this.partitions.get(part)?.complete) return;
    const cell = producer.cells.get(part) ?? this.#cell(producer, part, () => key);
    if (cell.counted >= 0) return;
    cell.counted = count;
    if (cell.arrived >= count) this.#vote(cell);
  }

  /** A seal rule of the receiver itself closes the partition, whoever sends. */
  decree(key: Row): void {
    if (this.columns.length === 0) this.completeAll();
    else this.complete(this.partition(partKey(key), () => key));
  }

  #cellOf(producer: Producer, part: PartKey, row: Row): Cell {
    return this.#cell(producer, part, () => keyOfRow(this.columns, row));
  }

  #cell(producer: Producer, part: PartKey, key: () => Row): Cell {
    const partition = this.partition(part, key);
    const cell = { partition, arrived: 0, counted: -1, voted: producer.voted };
    producer.cells.set(part, cell);
    return cell;
  }

  #vote(cell: Cell): void {
    if (cell.voted) return;
    cell.voted = true;
    cell.partition.votes++;
    if (this.#single || cell.partition.votes === this.#producers.size) this.complete(cell.partition);
  }

  #voteAll(producer: Producer): void {
    if (producer.voted) return;
    producer.voted = true;
    this.votes++;
    if (this.votes === this.#producers.size) {
      this.completeAll();
      return;
    }
    for (const partition of this.partitions.values()) {
      if (partition.complete) continue;
      const cell = producer.cells.get(partition.part);
      if (cell?.voted) continue;
      if (cell !== undefined) cell.voted = true;
      partition.votes++;
      // The one producer of a partition is the one that has sent rows of it.
      const alone = this.#single && cell !== undefined && cell.arrived > 0;
      if (alone || partition.votes === this.#producers.size) this.complete(partition);
    }
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
    const missing: string[] = [];
    for (const [address, producer] of this.#producers) {
      if (producer.voted || (part !== null && producer.cells.get(part)?.voted)) continue;
      missing.push(address);
    }
    return missing;
  }
}
