/** Rows of codes in integer columns: their places, and what is told of each that comes and goes. */
import type { State } from "../state.ts";
import { Index } from "./chains.ts";
import { wider } from "./hash.ts";

/** Something kept per row beside the columns: supports, accumulators of an aggregate. */
export interface RowState {
  grow(capacity: number): void;
  /** The row is given up; its place may be taken by another. */
  reset(row: number): void;
  /** All rows below `size` are; where that costs less. */
  resetAll?(size: number): void;
}

export class Columns {
  readonly arity: number;
  /** The columns; `c0` to `c3` are the first of them. */
  readonly columns: Int32Array[] = [];
  c0: Int32Array = new Int32Array(0);
  c1: Int32Array = new Int32Array(0);
  c2: Int32Array = new Int32Array(0);
  c3: Int32Array = new Int32Array(0);
  /** Rows are numbered below it; some may be free. */
  size = 0;

  #capacity = 8;
  /** Rows below `size` that are free. */
  #free: Int32Array = new Int32Array(8);
  #freed = 0;
  readonly #known: Index[] = [];
  /** Those that have been asked for a row; the others hold nothing yet. */
  readonly #indexes: Index[] = [];
  readonly #states: RowState[] = [];

  constructor(arity: number) {
    this.arity = arity;
    for (let i = 0; i < arity; i++) this.columns.push(new Int32Array(this.#capacity));
    this.#name();
  }

  /** The chains over these columns. They cost nothing until they are first asked for a row. */
  index(...columns: readonly number[]): Index {
    let index = this.#known.find((known) => known.columns.join() === columns.join());
    if (index === undefined) this.#known.push((index = new Index(this, columns)));
    return index;
  }

  /** From now on `index` is told of rows; gives the number of rows that there is room for. */
  follow(index: Index): number {
    this.#indexes.push(index);
    return this.#capacity;
  }

  attach(state: RowState): void {
    state.grow(this.#capacity);
    this.#states.push(state);
  }

  /** Rows that are not free, in order. */
  rowsInUse(): Int32Array {
    const isFree = new Uint8Array(this.size);
    for (let i = 0; i < this.#freed; i++) isFree[this.#free[i]] = 1;
    const rows = new Int32Array(this.size - this.#freed);
    let length = 0;
    for (let row = 0; row < this.size; row++) if (isFree[row] === 0) rows[length++] = row;
    return rows;
  }

  persist(state: State): void {
    state.list(this.columns);
    this.#name();
    this.size = state.of(this.size);
    this.#capacity = state.of(this.#capacity);
    this.#free = state.of(this.#free);
    this.#freed = state.of(this.#freed);
    for (const index of this.#known) index.persist(state);
    const awake = state.of(this.#indexes.map((index) => this.#known.indexOf(index)));
    if (state.isLoading) this.#indexes.splice(0, this.#indexes.length, ...awake.map((place) => this.#known[place]));
  }

  #name(): void {
    if (this.arity > 0) this.c0 = this.columns[0];
    if (this.arity > 1) this.c1 = this.columns[1];
    if (this.arity > 2) this.c2 = this.columns[2];
    if (this.arity > 3) this.c3 = this.columns[3];
  }

  #grow(): void {
    this.#capacity *= 2;
    for (let i = 0; i < this.arity; i++) this.columns[i] = wider(this.columns[i], this.#capacity);
    this.#name();
    for (const index of this.#indexes) index.grow(this.#capacity);
    for (const state of this.#states) state.grow(this.#capacity);
  }

  /** A place for a row. Its columns come next, then the indexes are told. */
  protected place(): number {
    if (this.#freed > 0) return this.#free[--this.#freed];
    if (this.size === this.#capacity) this.#grow();
    return this.size++;
  }

  protected tell(row: number): void {
    const indexes = this.#indexes;
    for (let i = 0; i < indexes.length; i++) indexes[i].add(row);
  }

  protected free(row: number): void {
    for (let i = 0; i < this.#indexes.length; i++) this.#indexes[i].remove(row);
    for (let i = 0; i < this.#states.length; i++) this.#states[i].reset(row);
    if (this.#freed === this.#free.length) this.#free = wider(this.#free, this.#freed * 2);
    this.#free[this.#freed++] = row;
  }

  /** Frees all rows, of which none is free: they begin at 0 again. */
  protected freeAll(): void {
    for (const index of this.#indexes) index.clear();
    for (const state of this.#states) {
      if (state.resetAll !== undefined) state.resetAll(this.size);
      else for (let row = 0; row < this.size; row++) state.reset(row);
    }
    this.size = 0;
  }

  /** Its rows become those of `other`, and the other way round. For columns beside which only they keep something. */
  protected exchange(other: Columns): void {
    for (let i = 0; i < this.arity; i++) [this.columns[i], other.columns[i]] = [other.columns[i], this.columns[i]];
    this.#name();
    other.#name();
    [this.size, other.size] = [other.size, this.size];
    [this.#capacity, other.#capacity] = [other.#capacity, this.#capacity];
    [this.#free, other.#free] = [other.#free, this.#free];
    [this.#freed, other.#freed] = [other.#freed, this.#freed];
  }

  /** The same where all have been freed one by one. False: some are in use. */
  protected restart(): boolean {
    if (this.size !== this.#freed) return false;
    this.size = 0;
    this.#freed = 0;
    return true;
  }

  /** Fewer rows are expected than there were. */
  protected tighten(): void {
    const rows = this.rowsInUse();
    for (const index of this.#indexes) {
      index.tighten();
      for (const row of rows) index.add(row);
    }
  }
}
