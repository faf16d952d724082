/**
 * Rows of codes in integer columns, found by an open-addressing hash over all columns, with chains of rows for
 * the column subsets that rules probe.
 */
import { Index } from "./chains.ts";
import { EMPTY, finish, mix, TOMBSTONE, wider } from "./hash.ts";

/** Something kept per row beside the columns: supports, accumulators of an aggregate. */
export interface RowState {
  grow(capacity: number): void;
  /** The row is given up; its place may be taken by another. */
  reset(row: number): void;
}

export class Rows {
  readonly arity: number;
  /** The columns; `c0` to `c3` are the first of them. */
  readonly columns: Int32Array[] = [];
  c0: Int32Array = new Int32Array(0);
  c1: Int32Array = new Int32Array(0);
  c2: Int32Array = new Int32Array(0);
  c3: Int32Array = new Int32Array(0);
  /** Rows are numbered below it; some may be free. */
  size = 0;
  /** The row meant by `findKey` and `seekKey`. */
  readonly key: Int32Array;

  #capacity = 8;
  /** Twice as many as there is room for rows. Beside a row's number stand the upper bits of its hash: few probes touch a column in vain. */
  #slots: Int32Array = new Int32Array(16);
  #mask = 15;
  /** The bits of a slot that are of the hash, the sign among them; the others are of the row. */
  #tag = ~7;
  /** Slots that are not EMPTY. */
  #used = 0;
  #free: number[] = [];
  /** Those that have been asked for a row; the others hold nothing yet. */
  readonly #indexes: Index[] = [];
  readonly #states: RowState[] = [];

  constructor(arity: number) {
    this.arity = arity;
    this.key = new Int32Array(arity);
    for (let i = 0; i < arity; i++) this.columns.push(new Int32Array(this.#capacity));
    this.#name();
  }

  /** The chains over these columns. They cost nothing until they are first asked for a row. */
  index(...columns: number[]): Index {
    return new Index(this, columns);
  }

  /** From now on `index` is told of rows; gives the number of rows that there is room for. */
  follow(index: Index): number {
    this.#indexes.push(index);
    return this.#capacity;
  }

  /** Rows that are not free, in order. */
  rowsInUse(): Int32Array {
    const isFree = new Uint8Array(this.size);
    for (let i = 0; i < this.#free.length; i++) isFree[this.#free[i]] = 1;
    const rows = new Int32Array(this.size - this.#free.length);
    let length = 0;
    for (let row = 0; row < this.size; row++) if (isFree[row] === 0) rows[length++] = row;
    return rows;
  }

  attach(state: RowState): void {
    state.grow(this.#capacity);
    this.#states.push(state);
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
    this.#slots = new Int32Array(this.#capacity * 2);
    this.#mask = this.#slots.length - 1;
    this.#tag = ~(this.#capacity - 1);
    // None is free. In the order of the rows, whose columns are then read in order.
    if (this.arity === 2) this.#fillPairs();
    else for (let row = 0; row < this.size; row++) this.#fill(row, this.#hashRow(row));
    this.#used = this.size;
  }

  #fillPairs(): void {
    const { c0, c1, size } = this;
    const slots = this.#slots;
    const mask = this.#mask;
    const tag = this.#tag;
    for (let row = 0; row < size; row++) {
      const h = finish(mix(mix(0, c0[row]), c1[row]));
      let slot = h & mask;
      while (slots[slot] < 0) slot = (slot + 1) & mask;
      slots[slot] = (h & tag) | row;
    }
  }

  // --- finding rows: `find` gives -1 where there is none (a row found may have lost its support)

  #hashRow(row: number): number {
    let h = 0;
    for (let i = 0; i < this.arity; i++) h = mix(h, this.columns[i][row]);
    return finish(h);
  }

  find0(): number {
    const held = this.#slots[finish(0) & this.#mask];
    return held < 0 ? held & ~this.#tag : -1;
  }

  find1(a: number): number {
    const { c0 } = this;
    const slots = this.#slots;
    const mask = this.#mask;
    const tag = this.#tag;
    const h = finish(mix(0, a));
    for (let slot = h & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot];
      if (held === EMPTY) return -1;
      if (((held ^ h) & tag) !== 0) continue;
      const row = held & ~tag;
      if (c0[row] === a) return row;
    }
  }

  find2(a: number, b: number): number {
    const { c0, c1 } = this;
    const slots = this.#slots;
    const mask = this.#mask;
    const tag = this.#tag;
    const h = finish(mix(mix(0, a), b));
    for (let slot = h & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot];
      if (held === EMPTY) return -1;
      if (((held ^ h) & tag) !== 0) continue;
      const row = held & ~tag;
      if (c0[row] === a && c1[row] === b) return row;
    }
  }

  find3(a: number, b: number, c: number): number {
    const { c0, c1, c2 } = this;
    const slots = this.#slots;
    const mask = this.#mask;
    const tag = this.#tag;
    const h = finish(mix(mix(mix(0, a), b), c));
    for (let slot = h & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot];
      if (held === EMPTY) return -1;
      if (((held ^ h) & tag) !== 0) continue;
      const row = held & ~tag;
      if (c0[row] === a && c1[row] === b && c2[row] === c) return row;
    }
  }

  find4(a: number, b: number, c: number, d: number): number {
    const { c0, c1, c2, c3 } = this;
    const slots = this.#slots;
    const mask = this.#mask;
    const tag = this.#tag;
    const h = finish(mix(mix(mix(mix(0, a), b), c), d));
    for (let slot = h & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot];
      if (held === EMPTY) return -1;
      if (((held ^ h) & tag) !== 0) continue;
      const row = held & ~tag;
      if (c0[row] === a && c1[row] === b && c2[row] === c && c3[row] === d) return row;
    }
  }

  /** The row of `key`. */
  findKey(): number {
    const { key, columns, arity } = this;
    const tag = this.#tag;
    let h = 0;
    for (let i = 0; i < arity; i++) h = mix(h, key[i]);
    h = finish(h);
    probe: for (let slot = h & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const held = this.#slots[slot];
      if (held === EMPTY) return -1;
      if (((held ^ h) & tag) !== 0) continue;
      const row = held & ~tag;
      for (let i = 0; i < arity; i++) if (columns[i][row] !== key[i]) continue probe;
      return row;
    }
  }

  /** The row, made without support where there is none. */
  seek0(): number {
    const row = this.find0();
    return row >= 0 ? row : this.#enter(this.#place(), finish(0));
  }

  seek1(a: number): number {
    const { c0 } = this;
    const slots = this.#slots;
    const mask = this.#mask;
    const tag = this.#tag;
    const h = finish(mix(0, a));
    for (let slot = h & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot];
      if (held === EMPTY) break;
      if (((held ^ h) & tag) !== 0) continue;
      const row = held & ~tag;
      if (c0[row] === a) return row;
    }
    const row = this.#place();
    this.c0[row] = a;
    return this.#enter(row, h);
  }

  seek2(a: number, b: number): number {
    const { c0, c1 } = this;
    const slots = this.#slots;
    const mask = this.#mask;
    const tag = this.#tag;
    const h = finish(mix(mix(0, a), b));
    for (let slot = h & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot];
      if (held === EMPTY) break;
      if (((held ^ h) & tag) !== 0) continue;
      const row = held & ~tag;
      if (c0[row] === a && c1[row] === b) return row;
    }
    const row = this.#place();
    this.c0[row] = a;
    this.c1[row] = b;
    return this.#enter(row, h);
  }

  seek3(a: number, b: number, c: number): number {
    const { c0, c1, c2 } = this;
    const slots = this.#slots;
    const mask = this.#mask;
    const tag = this.#tag;
    const h = finish(mix(mix(mix(0, a), b), c));
    for (let slot = h & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot];
      if (held === EMPTY) break;
      if (((held ^ h) & tag) !== 0) continue;
      const row = held & ~tag;
      if (c0[row] === a && c1[row] === b && c2[row] === c) return row;
    }
    const row = this.#place();
    this.c0[row] = a;
    this.c1[row] = b;
    this.c2[row] = c;
    return this.#enter(row, h);
  }

  seek4(a: number, b: number, c: number, d: number): number {
    const { c0, c1, c2, c3 } = this;
    const slots = this.#slots;
    const mask = this.#mask;
    const tag = this.#tag;
    const h = finish(mix(mix(mix(mix(0, a), b), c), d));
    for (let slot = h & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot];
      if (held === EMPTY) break;
      if (((held ^ h) & tag) !== 0) continue;
      const row = held & ~tag;
      if (c0[row] === a && c1[row] === b && c2[row] === c && c3[row] === d) return row;
    }
    const row = this.#place();
    this.c0[row] = a;
    this.c1[row] = b;
    this.c2[row] = c;
    this.c3[row] = d;
    return this.#enter(row, h);
  }

  seekKey(): number {
    let row = this.findKey();
    if (row >= 0) return row;
    row = this.#place();
    for (let i = 0; i < this.arity; i++) this.columns[i][row] = this.key[i];
    return this.#enter(row, this.#hashRow(row));
  }

  /** The row equal to a row of another of the same arity. */
  seekRow(of: Rows, row: number): number {
    switch (this.arity) {
      case 1:
        return this.seek1(of.c0[row]);
      case 2:
        return this.seek2(of.c0[row], of.c1[row]);
      case 3:
        return this.seek3(of.c0[row], of.c1[row], of.c2[row]);
    }
    for (let i = 0; i < this.arity; i++) this.key[i] = of.columns[i][row];
    return this.seekKey();
  }

  findRow(of: Rows, row: number): number {
    switch (this.arity) {
      case 1:
        return this.find1(of.c0[row]);
      case 2:
        return this.find2(of.c0[row], of.c1[row]);
      case 3:
        return this.find3(of.c0[row], of.c1[row], of.c2[row]);
    }
    for (let i = 0; i < this.arity; i++) this.key[i] = of.columns[i][row];
    return this.findKey();
  }

  #place(): number {
    if (this.#free.length > 0) return this.#free.pop()!;
    if (this.size === this.#capacity) this.#grow();
    return this.size++;
  }

  #enter(row: number, hash: number): number {
    // Rows fill at most half of the slots, tombstones another quarter.
    if (this.#used * 4 >= this.#slots.length * 3) this.#tidy();
    if (this.#fill(row, hash)) this.#used++;
    const indexes = this.#indexes;
    for (let i = 0; i < indexes.length; i++) indexes[i].add(row);
    return row;
  }

  /** True when the slot was EMPTY, false when it was a tombstone. */
  #fill(row: number, hash: number): boolean {
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = hash & mask;
    while (slots[slot] < 0) slot = (slot + 1) & mask;
    const wasEmpty = slots[slot] === EMPTY;
    slots[slot] = (hash & this.#tag) | row;
    return wasEmpty;
  }

  /** Slots without tombstones. */
  #tidy(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length);
    this.#used = 0;
    for (let slot = 0; slot < old.length; slot++) {
      if (old[slot] >= 0) continue;
      const row = old[slot] & ~this.#tag;
      this.#fill(row, this.#hashRow(row));
      this.#used++;
    }
  }

  // --- giving rows up

  remove(row: number): void {
    const h = this.#hashRow(row);
    const held = (h & this.#tag) | row;
    let slot = h & this.#mask;
    while (this.#slots[slot] !== held) slot = (slot + 1) & this.#mask;
    // Before an empty slot no tombstone is needed, nor are those that stand before it.
    if (this.#slots[(slot + 1) & this.#mask] === EMPTY) {
      do {
        this.#slots[slot] = EMPTY;
        this.#used--;
        slot = (slot - 1) & this.#mask;
      } while (this.#slots[slot] === TOMBSTONE);
    } else {
      this.#slots[slot] = TOMBSTONE;
    }
    for (let i = 0; i < this.#indexes.length; i++) this.#indexes[i].remove(row);
    for (let i = 0; i < this.#states.length; i++) this.#states[i].reset(row);
    this.#free.push(row);
  }

  /** All of them, at the cost of what there is. Only where no row has been removed by itself. */
  clear(): void {
    if (this.size === 0) return;
    if (this.size * 8 > this.#mask) {
      this.#slots.fill(EMPTY);
    } else {
      // Whole runs of filled slots are emptied, so that the probing of others needs no care.
      for (let row = 0; row < this.size; row++) {
        let slot = this.#hashRow(row) & this.#mask;
        while (this.#slots[slot] !== EMPTY) {
          this.#slots[slot] = EMPTY;
          slot = (slot + 1) & this.#mask;
        }
      }
    }
    for (const index of this.#indexes) index.clear();
    for (const state of this.#states) for (let row = 0; row < this.size; row++) state.reset(row);
    this.#used = 0;
    this.size = 0;
    if (this.#free.length > 0) this.#free.length = 0;
  }
}
