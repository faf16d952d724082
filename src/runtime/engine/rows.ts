/**
 * Rows of codes in integer columns, found by an open-addressing hash over all columns, with chains of rows for
 * the column subsets that rules probe.
 */
import type { RowList } from "./row-list.ts";
import type { State } from "../state.ts";
import type { Index } from "./chains.ts";
import { Columns } from "./columns.ts";
import { finish, hash1, hash2, hash3, hash4, mix, TOMBSTONE, VACANT } from "./hash.ts";

/** So many slots stay in the cache. */
const SMALL = 2048;
/** Slots have bits for the numbers of their rows, beside some of the hash. */
const MOST = 2 ** 26;

/** Rows that fill slots as far as they should be: a probe that goes on stays in its cache line, and fewer slots lie closer together. */
function roomOf(slots: number): number {
  return (slots >> 3) * 5;
}

/** Stands beside a row that is to be removed. */
export const GONE = -1;

/** Mostly a derivation that has no end. */
class TooManyRows extends RangeError {
  override readonly name = "TooManyRows";

  constructor() {
    const most = roomOf(MOST).toLocaleString("en");
    super(
      `one relation would hold more than ${most} rows; a rule that makes new values of those it has made, as in t(x + 1) <= t(x), needs a bound (x < 1000)`,
    );
  }
}

export class Rows extends Columns {
  /** The row meant by `findKey` and `seekKey`. */
  readonly key: Int32Array;

  /** Rows that the slots have room for. */
  #room = roomOf(16);
  /** Beside a row's number stand the upper bits of its hash: few probes touch a column in vain. */
  #slots: Int32Array = new Int32Array(16);
  #mask = 15;
  /** The bits of a slot that are of the hash, the sign among them; the others are of the row. */
  #tag = ~15;
  /** Slots that hold TOMBSTONE. */
  #graves = 0;
  /** Of the fact that was looked for last, and not found: its hash, and the slot that it would have. */
  #hash = 0;
  #vacant = 0;
  /** How often in a row rows went that were far fewer than there is room for. */
  #spacious = 0;
  /** What rows are found by; null: the slots. */
  #byKey: Index | null = null;

  constructor(arity: number) {
    super(arity);
    this.key = new Int32Array(arity);
  }

  /**
   * From now on a row is found among those that agree with it on these columns, without a hash over all. Where few
   * do; and before there is any.
   */
  keyBy(columns: readonly number[]): void {
    this.#byKey = this.index(...columns);
  }

  protected override exchange(other: Rows): void {
    super.exchange(other);
    [this.#room, other.#room] = [other.#room, this.#room];
    [this.#slots, other.#slots] = [other.#slots, this.#slots];
    [this.#mask, other.#mask] = [other.#mask, this.#mask];
    [this.#tag, other.#tag] = [other.#tag, this.#tag];
    [this.#graves, other.#graves] = [other.#graves, this.#graves];
    [this.#spacious, other.#spacious] = [other.#spacious, this.#spacious];
  }

  override persist(state: State): void {
    super.persist(state);
    this.#room = state.of(this.#room);
    this.#slots = state.of(this.#slots);
    this.#mask = state.of(this.#mask);
    this.#tag = state.of(this.#tag);
    this.#graves = state.of(this.#graves);
    this.#spacious = state.of(this.#spacious);
  }

  // --- finding rows: `find` gives -1 where there is none (a row found may have lost its support)

  #hashRow(row: number): number {
    let h = 0;
    for (let i = 0; i < this.arity; i++) h = mix(h, this.columns[i][row]);
    return finish(h);
  }

  find0(): number {
    const held = this.#slots[finish(0) & this.#mask];
    return held < 0 ? held & ~this.#tag : this.#missing(finish(0), finish(0) & this.#mask);
  }

  find1(a: number): number {
    if (this.#byKey !== null) return this.#findByKey(this.#byKey, a);
    const { c0 } = this;
    const slots = this.#slots;
    const mask = this.#mask;
    const tag = this.#tag;
    const h = hash1(a);
    for (let slot = h & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot];
      if (held === 0) return this.#missing(h, slot);
      if (((held ^ h) & tag) !== 0) continue;
      const row = held & ~tag;
      if (c0[row] === a) return row;
    }
  }

  find2(a: number, b: number): number {
    if (this.#byKey !== null) return this.#findByKey(this.#byKey, a, b);
    const { c0, c1 } = this;
    const slots = this.#slots;
    const mask = this.#mask;
    const tag = this.#tag;
    const h = hash2(a, b);
    for (let slot = h & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot];
      if (held === 0) return this.#missing(h, slot);
      if (((held ^ h) & tag) !== 0) continue;
      const row = held & ~tag;
      if (c0[row] === a && c1[row] === b) return row;
    }
  }

  find3(a: number, b: number, c: number): number {
    if (this.#byKey !== null) return this.#findByKey(this.#byKey, a, b, c);
    const { c0, c1, c2 } = this;
    const slots = this.#slots;
    const mask = this.#mask;
    const tag = this.#tag;
    const h = hash3(a, b, c);
    for (let slot = h & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot];
      if (held === 0) return this.#missing(h, slot);
      if (((held ^ h) & tag) !== 0) continue;
      const row = held & ~tag;
      if (c0[row] === a && c1[row] === b && c2[row] === c) return row;
    }
  }

  find4(a: number, b: number, c: number, d: number): number {
    if (this.#byKey !== null) return this.#findByKey(this.#byKey, a, b, c, d);
    const { c0, c1, c2, c3 } = this;
    const slots = this.#slots;
    const mask = this.#mask;
    const tag = this.#tag;
    const h = hash4(a, b, c, d);
    for (let slot = h & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot];
      if (held === 0) return this.#missing(h, slot);
      if (((held ^ h) & tag) !== 0) continue;
      const row = held & ~tag;
      if (c0[row] === a && c1[row] === b && c2[row] === c && c3[row] === d) return row;
    }
  }

  /** The row of `key`. */
  findKey(): number {
    const { key, columns, arity } = this;
    if (this.#byKey !== null) return this.#findKeyByKey(this.#byKey);
    const tag = this.#tag;
    let h = 0;
    for (let i = 0; i < arity; i++) h = mix(h, key[i]);
    h = finish(h);
    probe: for (let slot = h & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const held = this.#slots[slot];
      if (held === VACANT) return this.#missing(h, slot);
      if (((held ^ h) & tag) !== 0) continue;
      const row = held & ~tag;
      for (let i = 0; i < arity; i++) if (columns[i][row] !== key[i]) continue probe;
      return row;
    }
  }

  #missing(hash: number, vacant: number): number {
    this.#hash = hash;
    this.#vacant = vacant;
    return -1;
  }

  #findByKey(index: Index, ...codes: number[]): number {
    for (let i = 0; i < codes.length; i++) this.key[i] = codes[i];
    return this.#findKeyByKey(index);
  }

  #findKeyByKey(index: Index): number {
    const { key, columns, arity } = this;
    const by = index.columns;
    const first = by.length === 1 ? index.first1(key[by[0]]) : index.firstOf(...by.map((column) => key[column]));
    chain: for (let row = first; row >= 0; row = index.next[row]) {
      for (let i = 0; i < arity; i++) if (columns[i][row] !== key[i]) continue chain;
      return row;
    }
    return -1;
  }

  // --- making rows: `make` where `find` has just found none, `seek` where there may be one; without support

  make0(): number {
    return this.#enter(this.place());
  }

  make1(a: number): number {
    const row = this.place();
    this.c0[row] = a;
    return this.#enter(row);
  }

  make2(a: number, b: number): number {
    const row = this.place();
    this.c0[row] = a;
    this.c1[row] = b;
    return this.#enter(row);
  }

  make3(a: number, b: number, c: number): number {
    const row = this.place();
    this.c0[row] = a;
    this.c1[row] = b;
    this.c2[row] = c;
    return this.#enter(row);
  }

  make4(a: number, b: number, c: number, d: number): number {
    const row = this.place();
    this.c0[row] = a;
    this.c1[row] = b;
    this.c2[row] = c;
    this.c3[row] = d;
    return this.#enter(row);
  }

  makeKey(): number {
    const row = this.place();
    for (let i = 0; i < this.arity; i++) this.columns[i][row] = this.key[i];
    return this.#enter(row);
  }

  seek0(): number {
    const row = this.find0();
    return row >= 0 ? row : this.make0();
  }

  seek1(a: number): number {
    const row = this.find1(a);
    return row >= 0 ? row : this.make1(a);
  }

  seek2(a: number, b: number): number {
    const row = this.find2(a, b);
    return row >= 0 ? row : this.make2(a, b);
  }

  seek3(a: number, b: number, c: number): number {
    const row = this.find3(a, b, c);
    return row >= 0 ? row : this.make3(a, b, c);
  }

  seek4(a: number, b: number, c: number, d: number): number {
    const row = this.find4(a, b, c, d);
    return row >= 0 ? row : this.make4(a, b, c, d);
  }

  seekKey(): number {
    const row = this.findKey();
    return row >= 0 ? row : this.makeKey();
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

  #enter(row: number): number {
    if (this.#byKey === null) {
      if (row >= this.#room || this.#graves > 0) this.#makeRoom(row);
      this.#slots[this.#vacant] = (this.#hash & this.#tag) | row;
    }
    this.tell(row);
    return row;
  }

  /** A slot for the row, before the one that was found where a tombstone is on the way. */
  #makeRoom(row: number): void {
    const { length } = this.#slots;
    if (row >= this.#room) this.#rehash(length * 2);
    else if (this.#graves * 8 > length) this.#rehash(length);
    this.#vacant = this.#slotFor(this.#hash);
    if (this.#slots[this.#vacant] === TOMBSTONE) this.#graves--;
  }

  /** The first slot from that of the hash on which no row has. */
  #slotFor(hash: number): number {
    let slot = hash & this.#mask;
    while (this.#slots[slot] < 0) slot = (slot + 1) & this.#mask;
    return slot;
  }

  #allot(slots: number): void {
    this.#room = roomOf(slots);
    this.#slots = new Int32Array(slots);
    this.#mask = slots - 1;
    this.#tag = -slots;
    this.#graves = 0;
  }

  /**
   * New slots without tombstones, as many or twice as many. In the order of the old ones, which is nearly that of the
   * new ones: memory is written from front to back, and no column is read for most rows. Without those for which GONE stands in `marks`.
   */
  #rehash(length: number, marks: Int32Array | null = null): void {
    if (length > MOST) throw new TooManyRows();
    const old = this.#slots;
    const oldMask = this.#mask;
    const oldTag = this.#tag;
    this.#allot(length);
    const slots = this.#slots;
    const mask = this.#mask;
    const tag = this.#tag;
    let start = 0;
    while (old[start] !== VACANT) start++;
    // Slots since the last vacant one: no row stands further from the slot that its hash chose.
    let run = 0;
    for (let n = 1; n < old.length; n++) {
      const at = (start + n) & oldMask;
      const held = old[at];
      if (held === VACANT) {
        run = 0;
        continue;
      }
      run++;
      if (held === TOMBSTONE) continue;
      const row = held & ~oldTag;
      if (marks !== null && marks[row] === GONE) continue;
      const chosen = (at - ((at - (held >>> 26)) & 31)) & oldMask;
      let slot = (run <= 32 ? chosen | (held & (oldMask + 1)) : this.#hashRow(row)) & mask;
      while (slots[slot] < 0) slot = (slot + 1) & mask;
      slots[slot] = (held & tag) | row;
    }
  }

  // --- giving rows up

  remove(row: number): void {
    if (this.#byKey === null) this.#leave(row);
    this.free(row);
  }

  /** The same for so many rows of the list: those for which GONE stands in `marks`. */
  protected removeMarked(rows: RowList, marks: Int32Array, gone: number): void {
    // Of many, one pass over the slots costs less than to look for each.
    const isPass = this.#byKey === null && gone * 8 > this.#slots.length;
    if (isPass) this.#rehash(this.#slots.length, marks);
    for (let n = 0; n < rows.length; n++) {
      const row = rows.at(n);
      if (marks[row] !== GONE) continue;
      if (isPass) this.free(row);
      else this.remove(row);
    }
  }

  #leave(row: number): void {
    const h = this.#hashRow(row);
    const held = (h & this.#tag) | row;
    let slot = h & this.#mask;
    while (this.#slots[slot] !== held) slot = (slot + 1) & this.#mask;
    if (this.#slots[(slot + 1) & this.#mask] !== VACANT) {
      this.#slots[slot] = TOMBSTONE;
      this.#graves++;
      return;
    }
    // Before an empty slot no tombstone is needed, nor are those that stand before it.
    this.#slots[slot] = VACANT;
    for (slot = (slot - 1) & this.#mask; this.#slots[slot] === TOMBSTONE; slot = (slot - 1) & this.#mask) {
      this.#slots[slot] = VACANT;
      this.#graves--;
    }
  }

  /** All of them, at the cost of what there is. Only where no row has been removed by itself. */
  clear(): void {
    if (this.size === 0) return;
    if (this.#byKey !== null) {
      // Its slots hold nothing.
    } else if (this.size * 8 > this.#mask) {
      this.#slots.fill(VACANT);
    } else {
      // Whole runs of filled slots are emptied, so that the probing of others needs no care.
      for (let row = 0; row < this.size; row++) {
        let slot = this.#hashRow(row) & this.#mask;
        while (this.#slots[slot] !== VACANT) {
          this.#slots[slot] = VACANT;
          slot = (slot + 1) & this.#mask;
        }
      }
    }
    const { size } = this;
    this.freeAll();
    this.#graves = 0;
    this.#expect(size);
  }

  /** Rows have been removed; so many were there at the most. Where none is left they begin at 0 again. */
  protected startOver(most: number): void {
    this.restart();
    this.#expect(Math.max(most, this.size));
  }

  /** Where many rows came once and few come since, slots for as many would cost a cache miss each. */
  #expect(few: number): void {
    this.#spacious = this.#slots.length > SMALL && few * 16 < this.#slots.length ? this.#spacious + 1 : 0;
    if (this.#spacious < 8) return;
    this.#spacious = 0;
    let slots = SMALL;
    while (roomOf(slots) < this.size) slots *= 2;
    this.#allot(slots);
    for (const row of this.rowsInUse()) {
      const hash = this.#hashRow(row);
      this.#slots[this.#slotFor(hash)] = (hash & this.#tag) | row;
    }
    this.tighten();
  }
}
