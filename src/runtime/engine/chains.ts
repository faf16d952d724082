import { finish, mix, TOMBSTONE, VACANT, wider } from "./hash.ts";
import type { State } from "../state.ts";
import type { Columns } from "./columns.ts";

/** No code: the slots are those of a hash. */
const HASHED = -0x8000_0000;

function powerOfTwo(atLeast: number): number {
  return Math.max(16, 2 ** Math.ceil(Math.log2(atLeast)));
}

/**
 * Chains of the rows that agree on some columns. Rows enter when they are made and leave when they are given up; but
 * until it is first asked for a row an index is asleep and knows none.
 *
 * The chains are found by a hash. Where there is one column and its codes lie close together, as those of texts that
 * came one after the other do, each code has a slot of its own instead: nothing is computed and nothing compared.
 */
export class Index {
  readonly columns: readonly number[];
  readonly #relation: Columns;
  /** The row after this one in its chain; -1 at the end. */
  next: Int32Array = new Int32Array(0);
  #previous: Int32Array = new Int32Array(0);
  /** `~row` of the first row of each chain. */
  #slots: Int32Array = new Int32Array(16);
  /** The code whose slot is the first one; HASHED. */
  #lowest = HASHED;
  #mask = 15;
  /** Of a hash: slots that are not VACANT. */
  #used = 0;
  #chains = 0;
  #isAwake = false;

  constructor(relation: Columns, columns: readonly number[]) {
    this.#relation = relation;
    this.columns = columns;
  }

  grow(capacity: number): void {
    this.next = wider(this.next, capacity);
    this.#previous = wider(this.#previous, capacity);
  }

  persist(state: State): void {
    this.next = state.of(this.next);
    this.#previous = state.of(this.#previous);
    this.#slots = state.of(this.#slots);
    this.#lowest = state.of(this.#lowest);
    this.#mask = state.of(this.#mask);
    this.#used = state.of(this.#used);
    this.#chains = state.of(this.#chains);
    this.#isAwake = state.of(this.#isAwake);
  }

  #wake(): void {
    this.#isAwake = true;
    this.grow(this.#relation.follow(this));
    for (const row of this.#relation.rowsInUse()) this.add(row);
  }

  /** `next`, which stays this array until the relation grows. */
  links(): Int32Array {
    if (!this.#isAwake) this.#wake();
    return this.next;
  }

  #hashRow(row: number): number {
    let h = 0;
    for (const column of this.columns) h = mix(h, this.#relation.columns[column][row]);
    return finish(h);
  }

  #agree(a: number, b: number): boolean {
    for (const column of this.columns) {
      const codes = this.#relation.columns[column];
      if (codes[a] !== codes[b]) return false;
    }
    return true;
  }

  /** The first row whose indexed column is `a`; -1 where there is none. */
  first1(a: number): number {
    if (!this.#isAwake) this.#wake();
    const slots = this.#slots;
    if (this.#lowest !== HASHED) {
      const slot = a - this.#lowest;
      return slot >= 0 && slot < slots.length ? ~slots[slot] : -1;
    }
    const codes = this.#relation.columns[this.columns[0]];
    for (let slot = finish(mix(0, a)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const held = slots[slot];
      if (held === VACANT) return -1;
      if (held < 0 && codes[~held] === a) return ~held;
    }
  }

  first2(a: number, b: number): number {
    if (!this.#isAwake) this.#wake();
    const codes0 = this.#relation.columns[this.columns[0]];
    const codes1 = this.#relation.columns[this.columns[1]];
    for (let slot = finish(mix(mix(0, a), b)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const held = this.#slots[slot];
      if (held === VACANT) return -1;
      if (held < 0 && codes0[~held] === a && codes1[~held] === b) return ~held;
    }
  }

  first3(a: number, b: number, c: number): number {
    if (!this.#isAwake) this.#wake();
    const codes0 = this.#relation.columns[this.columns[0]];
    const codes1 = this.#relation.columns[this.columns[1]];
    const codes2 = this.#relation.columns[this.columns[2]];
    for (let slot = finish(mix(mix(mix(0, a), b), c)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const held = this.#slots[slot];
      if (held === VACANT) return -1;
      if (held < 0 && codes0[~held] === a && codes1[~held] === b && codes2[~held] === c) return ~held;
    }
  }

  /** Of any number of columns: one code per indexed column. */
  firstOf(...codes: number[]): number {
    if (codes.length === 1) return this.first1(codes[0]);
    if (!this.#isAwake) this.#wake();
    let h = 0;
    for (const code of codes) h = mix(h, code);
    probe: for (let slot = finish(h) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const held = this.#slots[slot];
      if (held === VACANT) return -1;
      if (held > 0) continue;
      const row = ~held;
      for (let i = 0; i < codes.length; i++) {
        if (this.#relation.columns[this.columns[i]][row] !== codes[i]) continue probe;
      }
      return row;
    }
  }

  add(row: number): void {
    if (this.#lowest !== HASHED) {
      const slot = this.#relation.columns[this.columns[0]][row] - this.#lowest;
      if (slot >= 0 && slot < this.#slots.length) this.#prepend(slot, row);
      else this.#arrange(row);
      return;
    }
    if ((this.#used + 1) * 2 > this.#mask) {
      this.#arrange(row);
      return;
    }
    let vacant = -1;
    for (let slot = this.#hashRow(row) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const held = this.#slots[slot];
      if (held === TOMBSTONE) {
        if (vacant < 0) vacant = slot;
      } else if (held === VACANT) {
        if (vacant < 0) {
          vacant = slot;
          this.#used++;
        }
        this.#prepend(vacant, row);
        return;
      } else if (this.#agree(~held, row)) {
        this.#prepend(slot, row);
        return;
      }
    }
  }

  #prepend(slot: number, row: number): void {
    const held = this.#slots[slot];
    this.#slots[slot] = ~row;
    this.#previous[row] = -1;
    if (held < 0) {
      this.next[row] = ~held;
      this.#previous[~held] = row;
    } else {
      this.next[row] = -1;
      this.#chains++;
    }
  }

  remove(row: number): void {
    const next = this.next[row];
    const previous = this.#previous[row];
    if (next >= 0) this.#previous[next] = previous;
    if (previous >= 0) {
      this.next[previous] = next;
      return;
    }
    let slot: number;
    if (this.#lowest !== HASHED) slot = this.#relation.columns[this.columns[0]][row] - this.#lowest;
    else {
      slot = this.#hashRow(row) & this.#mask;
      while (this.#slots[slot] !== ~row) slot = (slot + 1) & this.#mask;
    }
    if (next >= 0) {
      this.#slots[slot] = ~next;
      return;
    }
    this.#chains--;
    if (this.#lowest !== HASHED) {
      this.#slots[slot] = VACANT;
      return;
    }
    if (this.#slots[(slot + 1) & this.#mask] !== VACANT) {
      this.#slots[slot] = TOMBSTONE;
      return;
    }
    do {
      this.#slots[slot] = VACANT;
      this.#used--;
      slot = (slot - 1) & this.#mask;
    } while (this.#slots[slot] === TOMBSTONE);
  }

  /** New slots, with room for `row`, and `row` in them. */
  #arrange(row: number): void {
    const heads = this.#slots.filter((held) => held < 0);
    // A hash that is a quarter full at most, or less than that in slots by code, a half of which is room to grow.
    let length = powerOfTwo(4 * (heads.length + 1));
    this.#lowest = HASHED;
    if (this.columns.length === 1) {
      const codes = this.#relation.columns[this.columns[0]];
      let low = codes[row];
      let high = low;
      for (const head of heads) {
        low = Math.min(low, codes[~head]);
        high = Math.max(high, codes[~head]);
      }
      const byCode = powerOfTwo(2 * (high - low + 1));
      if (byCode <= length) {
        length = byCode;
        // Room on the side to which the codes grow.
        this.#lowest = codes[row] === low && low < high ? high - length + 1 : low;
      }
    }
    this.#slots = new Int32Array(length);
    this.#mask = length - 1;
    this.#used = heads.length;
    for (const head of heads) this.#slots[this.#vacantFor(~head)] = head;
    this.add(row);
  }

  #vacantFor(row: number): number {
    if (this.#lowest !== HASHED) return this.#relation.columns[this.columns[0]][row] - this.#lowest;
    let slot = this.#hashRow(row) & this.#mask;
    while (this.#slots[slot] < 0) slot = (slot + 1) & this.#mask;
    return slot;
  }

  /** Forgets all rows: the relation expects fewer than before. */
  tighten(): void {
    this.#slots = new Int32Array(16);
    this.#lowest = HASHED;
    this.#mask = 15;
    this.#used = 0;
    this.#chains = 0;
  }

  /** Before the relation forgets its rows. */
  clear(): void {
    if (this.#chains * 8 > this.#mask) {
      this.#slots.fill(VACANT);
    } else if (this.#lowest !== HASHED) {
      const codes = this.#relation.columns[this.columns[0]];
      for (let row = 0; row < this.#relation.size; row++) this.#slots[codes[row] - this.#lowest] = VACANT;
    } else {
      for (let row = 0; row < this.#relation.size; row++) {
        let slot = this.#hashRow(row) & this.#mask;
        while (this.#slots[slot] !== VACANT) {
          this.#slots[slot] = VACANT;
          slot = (slot + 1) & this.#mask;
        }
      }
    }
    this.#used = 0;
    this.#chains = 0;
  }
}
