import { EMPTY, finish, mix, TOMBSTONE, wider } from "./hash.ts";
import type { Rows } from "./rows.ts";

/**
 * Chains of the rows that agree on some columns. Rows enter when they are made and leave when they are given up; but
 * until it is first asked for a row an index is asleep and knows none.
 */
export class Index {
  readonly #relation: Rows;
  readonly #columns: readonly number[];
  /** The row after this one in its chain; -1 at the end. */
  next: Int32Array = new Int32Array(0);
  #previous: Int32Array = new Int32Array(0);
  /** `~row` of the first row of each chain. */
  #slots: Int32Array = new Int32Array(16);
  #mask = 15;
  #used = 0;
  #chains = 0;
  #isAwake = false;

  constructor(relation: Rows, columns: readonly number[]) {
    this.#relation = relation;
    this.#columns = columns;
  }

  grow(capacity: number): void {
    this.next = wider(this.next, capacity);
    this.#previous = wider(this.#previous, capacity);
  }

  #wake(): void {
    this.#isAwake = true;
    this.grow(this.#relation.follow(this));
    for (const row of this.#relation.rowsInUse()) this.add(row);
  }

  #hashRow(row: number): number {
    let h = 0;
    for (const column of this.#columns) h = mix(h, this.#relation.columns[column][row]);
    return finish(h);
  }

  #agree(a: number, b: number): boolean {
    for (const column of this.#columns) {
      const codes = this.#relation.columns[column];
      if (codes[a] !== codes[b]) return false;
    }
    return true;
  }

  /** The first row whose indexed column is `a`; -1 where there is none. */
  first1(a: number): number {
    if (!this.#isAwake) this.#wake();
    const codes = this.#relation.columns[this.#columns[0]];
    for (let slot = finish(mix(0, a)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const held = this.#slots[slot];
      if (held === EMPTY) return -1;
      if (held < 0 && codes[~held] === a) return ~held;
    }
  }

  first2(a: number, b: number): number {
    if (!this.#isAwake) this.#wake();
    const codes0 = this.#relation.columns[this.#columns[0]];
    const codes1 = this.#relation.columns[this.#columns[1]];
    for (let slot = finish(mix(mix(0, a), b)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const held = this.#slots[slot];
      if (held === EMPTY) return -1;
      if (held < 0 && codes0[~held] === a && codes1[~held] === b) return ~held;
    }
  }

  first3(a: number, b: number, c: number): number {
    if (!this.#isAwake) this.#wake();
    const codes0 = this.#relation.columns[this.#columns[0]];
    const codes1 = this.#relation.columns[this.#columns[1]];
    const codes2 = this.#relation.columns[this.#columns[2]];
    for (let slot = finish(mix(mix(mix(0, a), b), c)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const held = this.#slots[slot];
      if (held === EMPTY) return -1;
      if (held < 0 && codes0[~held] === a && codes1[~held] === b && codes2[~held] === c) return ~held;
    }
  }

  /** Of any number of columns: one code per indexed column. */
  firstOf(...codes: number[]): number {
    if (!this.#isAwake) this.#wake();
    let h = 0;
    for (const code of codes) h = mix(h, code);
    probe: for (let slot = finish(h) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const held = this.#slots[slot];
      if (held === EMPTY) return -1;
      if (held > 0) continue;
      const row = ~held;
      for (let i = 0; i < codes.length; i++) {
        if (this.#relation.columns[this.#columns[i]][row] !== codes[i]) continue probe;
      }
      return row;
    }
  }

  add(row: number): void {
    if ((this.#used + 1) * 2 > this.#mask) this.#rehash();
    let vacant = -1;
    for (let slot = this.#hashRow(row) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const held = this.#slots[slot];
      if (held === TOMBSTONE) {
        if (vacant < 0) vacant = slot;
      } else if (held === EMPTY) {
        if (vacant < 0) {
          vacant = slot;
          this.#used++;
        }
        this.#slots[vacant] = ~row;
        this.next[row] = -1;
        this.#previous[row] = -1;
        this.#chains++;
        return;
      } else if (this.#agree(~held, row)) {
        this.#slots[slot] = ~row;
        this.next[row] = ~held;
        this.#previous[row] = -1;
        this.#previous[~held] = row;
        return;
      }
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
    let slot = this.#hashRow(row) & this.#mask;
    while (this.#slots[slot] !== ~row) slot = (slot + 1) & this.#mask;
    if (next >= 0) {
      this.#slots[slot] = ~next;
      return;
    }
    this.#chains--;
    if (this.#slots[(slot + 1) & this.#mask] !== EMPTY) {
      this.#slots[slot] = TOMBSTONE;
      return;
    }
    do {
      this.#slots[slot] = EMPTY;
      this.#used--;
      slot = (slot - 1) & this.#mask;
    } while (this.#slots[slot] === TOMBSTONE);
  }

  #rehash(): void {
    const old = this.#slots;
    const length = this.#chains * 4 > old.length ? old.length * 2 : old.length;
    const slots = new Int32Array(length);
    const mask = length - 1;
    for (const held of old) {
      if (held >= 0) continue;
      let slot = this.#hashRow(~held) & mask;
      while (slots[slot] < 0) slot = (slot + 1) & mask;
      slots[slot] = held;
    }
    this.#slots = slots;
    this.#mask = mask;
    this.#used = this.#chains;
  }

  /** Before the relation forgets its rows. */
  clear(): void {
    if (this.#chains * 8 > this.#mask) {
      this.#slots.fill(EMPTY);
    } else {
      for (let row = 0; row < this.#relation.size; row++) {
        let slot = this.#hashRow(row) & this.#mask;
        while (this.#slots[slot] !== EMPTY) {
          this.#slots[slot] = EMPTY;
          slot = (slot + 1) & this.#mask;
        }
      }
    }
    this.#used = 0;
    this.#chains = 0;
  }
}
