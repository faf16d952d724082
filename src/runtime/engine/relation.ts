/**
 * A relation: rows of codes in integer columns, found by an open-addressing hash over all columns,
 * with chains of rows for the column subsets that rules probe.
 *
 * A row has a support `count` (present when above 0) and a flag `was` (present when the step began).
 * Rows that lose their support stay in place until `commit`, so that rules can read both states of
 * the relation: old (`was[r] === 1`) and new (`count[r] > 0`). `touched` lists the rows whose support
 * changed in the step; only they cost anything at its end.
 */
const EMPTY = -1;
const TOMBSTONE = -2;

export function mix(h: number, code: number): number {
  h = Math.imul(h ^ code, 0x9e3779b1);
  return h ^ (h >>> 15);
}

export function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 13), 0x85ebca6b);
  return h ^ (h >>> 16);
}

function wider(array: Int32Array, length: number): Int32Array {
  const wide = new Int32Array(length);
  wide.set(array);
  return wide;
}

/** Something kept per row beside the relation (accumulators of an aggregate). */
export interface RowState {
  grow(capacity: number): void;
  /** The row is given up; its place may be taken by another. */
  reset(row: number): void;
}

export class Relation {
  readonly arity: number;
  /** The columns; `c0` to `c3` are the first of them. */
  readonly columns: Int32Array[] = [];
  c0: Int32Array = new Int32Array(0);
  c1: Int32Array = new Int32Array(0);
  c2: Int32Array = new Int32Array(0);
  c3: Int32Array = new Int32Array(0);
  count: Int32Array = new Int32Array(0);
  was: Uint8Array = new Uint8Array(0);
  /** Rows are numbered below it; some may be free. */
  size = 0;
  /** Rows whose support changed in this step, each once. */
  touched: Int32Array = new Int32Array(0);
  touchedLength = 0;
  /** Rows that `keep` made present in this step, in order: what recursive rules go on from. */
  fresh: Int32Array = new Int32Array(0);
  freshLength = 0;
  /** Rows that `land` supported in this step only. */
  landed: Int32Array = new Int32Array(0);
  landedLength = 0;
  /** The row meant by `findKey` and `seekKey`. */
  readonly key: Int32Array;

  #capacity = 0;
  #marked: Uint8Array = new Uint8Array(0);
  #slots: Int32Array = new Int32Array(16).fill(EMPTY);
  #mask = 15;
  /** Slots that are not EMPTY. */
  #used = 0;
  #free: number[] = [];
  readonly #indexes: Index[] = [];
  readonly #states: RowState[] = [];

  constructor(arity: number) {
    this.arity = arity;
    this.key = new Int32Array(arity);
    for (let i = 0; i < arity; i++) this.columns.push(this.c0);
    this.#grow(8);
  }

  /** The chains over these columns; made before the first row. */
  index(...columns: number[]): Index {
    const index = new Index(this, columns);
    index.grow(this.#capacity);
    this.#indexes.push(index);
    return index;
  }

  attach(state: RowState): void {
    state.grow(this.#capacity);
    this.#states.push(state);
  }

  #grow(capacity: number): void {
    for (let i = 0; i < this.arity; i++) this.columns[i] = wider(this.columns[i], capacity);
    if (this.arity > 0) this.c0 = this.columns[0];
    if (this.arity > 1) this.c1 = this.columns[1];
    if (this.arity > 2) this.c2 = this.columns[2];
    if (this.arity > 3) this.c3 = this.columns[3];
    this.count = wider(this.count, capacity);
    const was = new Uint8Array(capacity);
    was.set(this.was);
    this.was = was;
    const marked = new Uint8Array(capacity);
    marked.set(this.#marked);
    this.#marked = marked;
    this.#capacity = capacity;
    for (const index of this.#indexes) index.grow(capacity);
    for (const state of this.#states) state.grow(capacity);
  }

  // --- finding rows: `find` gives -1 where there is none (a row found may have lost its support)

  #hashRow(row: number): number {
    let h = 0;
    for (let i = 0; i < this.arity; i++) h = mix(h, this.columns[i][row]);
    return finish(h);
  }

  find0(): number {
    const row = this.#slots[finish(0) & this.#mask];
    return row >= 0 ? row : -1;
  }

  find1(a: number): number {
    const { c0 } = this;
    for (let slot = finish(mix(0, a)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot];
      if (row >= 0 ? c0[row] === a : row === EMPTY) return row;
    }
  }

  find2(a: number, b: number): number {
    const { c0, c1 } = this;
    for (let slot = finish(mix(mix(0, a), b)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot];
      if (row >= 0 ? c0[row] === a && c1[row] === b : row === EMPTY) return row;
    }
  }

  find3(a: number, b: number, c: number): number {
    const { c0, c1, c2 } = this;
    for (let slot = finish(mix(mix(mix(0, a), b), c)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot];
      if (row >= 0 ? c0[row] === a && c1[row] === b && c2[row] === c : row === EMPTY) return row;
    }
  }

  find4(a: number, b: number, c: number, d: number): number {
    const { c0, c1, c2, c3 } = this;
    for (let slot = finish(mix(mix(mix(mix(0, a), b), c), d)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot];
      if (row >= 0 ? c0[row] === a && c1[row] === b && c2[row] === c && c3[row] === d : row === EMPTY) return row;
    }
  }

  /** The row of `key`. */
  findKey(): number {
    const { key, columns, arity } = this;
    let h = 0;
    for (let i = 0; i < arity; i++) h = mix(h, key[i]);
    probe: for (let slot = finish(h) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot];
      if (row === EMPTY) return -1;
      if (row < 0) continue;
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
    const h = finish(mix(0, a));
    for (let slot = h & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot];
      if (row === EMPTY) break;
      if (row >= 0 && c0[row] === a) return row;
    }
    const row = this.#place();
    this.c0[row] = a;
    return this.#enter(row, h);
  }

  seek2(a: number, b: number): number {
    const { c0, c1 } = this;
    const h = finish(mix(mix(0, a), b));
    for (let slot = h & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot];
      if (row === EMPTY) break;
      if (row >= 0 && c0[row] === a && c1[row] === b) return row;
    }
    const row = this.#place();
    this.c0[row] = a;
    this.c1[row] = b;
    return this.#enter(row, h);
  }

  seek3(a: number, b: number, c: number): number {
    const { c0, c1, c2 } = this;
    const h = finish(mix(mix(mix(0, a), b), c));
    for (let slot = h & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot];
      if (row === EMPTY) break;
      if (row >= 0 && c0[row] === a && c1[row] === b && c2[row] === c) return row;
    }
    const row = this.#place();
    this.c0[row] = a;
    this.c1[row] = b;
    this.c2[row] = c;
    return this.#enter(row, h);
  }

  seek4(a: number, b: number, c: number, d: number): number {
    const { c0, c1, c2, c3 } = this;
    const h = finish(mix(mix(mix(mix(0, a), b), c), d));
    for (let slot = h & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot];
      if (row === EMPTY) break;
      if (row >= 0 && c0[row] === a && c1[row] === b && c2[row] === c && c3[row] === d) return row;
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

  /** The row of this relation equal to a row of another of the same arity. */
  seekRow(of: Relation, row: number): number {
    for (let i = 0; i < this.arity; i++) this.key[i] = of.columns[i][row];
    return this.seekKey();
  }

  findRow(of: Relation, row: number): number {
    for (let i = 0; i < this.arity; i++) this.key[i] = of.columns[i][row];
    return this.findKey();
  }

  #place(): number {
    if (this.#free.length > 0) return this.#free.pop()!;
    if (this.size === this.#capacity) this.#grow(this.#capacity * 2);
    return this.size++;
  }

  #enter(row: number, hash: number): number {
    if ((this.#used + 1) * 2 > this.#mask) this.#rehash();
    let slot = hash & this.#mask;
    while (this.#slots[slot] >= 0) slot = (slot + 1) & this.#mask;
    if (this.#slots[slot] === EMPTY) this.#used++;
    this.#slots[slot] = row;
    for (const index of this.#indexes) index.add(row);
    return row;
  }

  /** Drops tombstones, and doubles the table when rows fill more than a quarter of it. */
  #rehash(): void {
    const old = this.#slots;
    let length = old.length;
    if ((this.size - this.#free.length) * 4 > length) length *= 2;
    const slots = new Int32Array(length).fill(EMPTY);
    const mask = length - 1;
    let used = 0;
    for (const row of old) {
      if (row < 0) continue;
      let slot = this.#hashRow(row) & mask;
      while (slots[slot] >= 0) slot = (slot + 1) & mask;
      slots[slot] = row;
      used++;
    }
    this.#slots = slots;
    this.#mask = mask;
    this.#used = used;
  }

  // --- changing support

  /** Adds `n` (negative: takes away) derivations. */
  bump(row: number, n: number): void {
    this.count[row] += n;
    if (this.#marked[row] === 0) this.#touch(row);
  }

  /** One derivation, at most: for tables, recursive and passing collections. True when the row was absent. */
  keep(row: number): boolean {
    if (this.count[row] !== 0) return false;
    this.count[row] = 1;
    if (this.#marked[row] === 0) this.#touch(row);
    if (this.freshLength === this.fresh.length) this.fresh = wider(this.fresh, Math.max(8, this.freshLength * 2));
    this.fresh[this.freshLength++] = row;
    return true;
  }

  /** One derivation that lasts for this step. */
  land(row: number): void {
    this.bump(row, 1);
    if (this.landedLength === this.landed.length) this.landed = wider(this.landed, Math.max(8, this.landedLength * 2));
    this.landed[this.landedLength++] = row;
  }

  /** `keep`, by a rule over passing facts: in the next step all is derived anew. */
  keepLanded(row: number): void {
    this.keep(row);
    this.landedLength = 1;
  }

  /** Takes back what `land` supported. */
  lapse(): void {
    const length = this.landedLength;
    this.landedLength = 0;
    for (let i = 0; i < length; i++) this.bump(this.landed[i], -1);
  }

  /** Takes all support away, to derive everything anew in the same step. */
  retractAll(): void {
    for (let row = 0; row < this.size; row++) {
      if (this.count[row] === 0) continue;
      this.count[row] = 0;
      if (this.#marked[row] === 0) this.#touch(row);
    }
    this.landedLength = 0;
    this.freshLength = 0;
  }

  #touch(row: number): void {
    this.#marked[row] = 1;
    if (this.touchedLength === this.touched.length) this.touched = wider(this.touched, Math.max(8, this.touchedLength * 2));
    this.touched[this.touchedLength++] = row;
  }

  /** 1: became present in this step; -1: ceased; 0: as it was. */
  change(row: number): number {
    return (this.count[row] > 0 ? 1 : 0) - this.was[row];
  }

  /** Some row ceased to be present in this step. */
  shrank(): boolean {
    for (let i = 0; i < this.touchedLength; i++) if (this.change(this.touched[i]) < 0) return true;
    return false;
  }

  /** Some row became present in this step. */
  grew(): boolean {
    for (let i = 0; i < this.touchedLength; i++) if (this.change(this.touched[i]) > 0) return true;
    return false;
  }

  // --- the end of a step

  /** The new state becomes the old one; rows without support are given up. */
  commit(): void {
    for (let i = 0; i < this.touchedLength; i++) {
      const row = this.touched[i];
      this.#marked[row] = 0;
      if (this.count[row] > 0) this.was[row] = 1;
      else this.remove(row);
    }
    this.touchedLength = 0;
    this.freshLength = 0;
  }

  /** Gives a row up. It must not be among the touched ones that `commit` has yet to see. */
  remove(row: number): void {
    const { columns, arity } = this;
    let h = 0;
    for (let i = 0; i < arity; i++) h = mix(h, columns[i][row]);
    let slot = finish(h) & this.#mask;
    while (this.#slots[slot] !== row) slot = (slot + 1) & this.#mask;
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
    for (const index of this.#indexes) index.remove(row);
    for (const state of this.#states) state.reset(row);
    this.was[row] = 0;
    this.count[row] = 0;
    this.#free.push(row);
  }

  /** Empties a passing relation, by the rows it has. */
  clear(): void {
    if (this.size === 0) return;
    if (this.size * 8 > this.#mask) {
      this.#slots.fill(EMPTY);
    } else {
      // Whole runs of filled slots are emptied, so the hash chains need no care.
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
    this.count.fill(0, 0, this.size);
    this.#marked.fill(0, 0, this.size);
    this.#used = 0;
    this.size = 0;
    this.#free.length = 0;
    this.touchedLength = 0;
    this.freshLength = 0;
    this.landedLength = 0;
  }
}

/** Chains of the rows that agree on some columns. Rows enter when they are made and leave when they are given up. */
export class Index {
  readonly #relation: Relation;
  readonly #columns: readonly number[];
  /** The row after this one in its chain; -1 at the end. */
  next: Int32Array = new Int32Array(0);
  #previous: Int32Array = new Int32Array(0);
  /** The first row of each chain. */
  #slots: Int32Array = new Int32Array(16).fill(EMPTY);
  #mask = 15;
  #used = 0;
  #chains = 0;

  constructor(relation: Relation, columns: readonly number[]) {
    this.#relation = relation;
    this.#columns = columns;
  }

  grow(capacity: number): void {
    this.next = wider(this.next, capacity);
    this.#previous = wider(this.#previous, capacity);
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
    const codes = this.#relation.columns[this.#columns[0]];
    for (let slot = finish(mix(0, a)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot];
      if (row >= 0 ? codes[row] === a : row === EMPTY) return row;
    }
  }

  first2(a: number, b: number): number {
    const codes0 = this.#relation.columns[this.#columns[0]];
    const codes1 = this.#relation.columns[this.#columns[1]];
    for (let slot = finish(mix(mix(0, a), b)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot];
      if (row >= 0 ? codes0[row] === a && codes1[row] === b : row === EMPTY) return row;
    }
  }

  first3(a: number, b: number, c: number): number {
    const codes0 = this.#relation.columns[this.#columns[0]];
    const codes1 = this.#relation.columns[this.#columns[1]];
    const codes2 = this.#relation.columns[this.#columns[2]];
    for (let slot = finish(mix(mix(mix(0, a), b), c)) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot];
      if (row >= 0 ? codes0[row] === a && codes1[row] === b && codes2[row] === c : row === EMPTY) return row;
    }
  }

  /** Of any number of columns: one code per indexed column. */
  firstOf(...codes: number[]): number {
    let h = 0;
    for (const code of codes) h = mix(h, code);
    probe: for (let slot = finish(h) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot];
      if (row === EMPTY) return -1;
      if (row < 0) continue;
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
      const head = this.#slots[slot];
      if (head === TOMBSTONE) {
        if (vacant < 0) vacant = slot;
      } else if (head === EMPTY) {
        if (vacant < 0) {
          vacant = slot;
          this.#used++;
        }
        this.#slots[vacant] = row;
        this.next[row] = -1;
        this.#previous[row] = -1;
        this.#chains++;
        return;
      } else if (this.#agree(head, row)) {
        this.#slots[slot] = row;
        this.next[row] = head;
        this.#previous[row] = -1;
        this.#previous[head] = row;
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
    while (this.#slots[slot] !== row) slot = (slot + 1) & this.#mask;
    if (next >= 0) {
      this.#slots[slot] = next;
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
    const slots = new Int32Array(length).fill(EMPTY);
    const mask = length - 1;
    for (const row of old) {
      if (row < 0) continue;
      let slot = this.#hashRow(row) & mask;
      while (slots[slot] >= 0) slot = (slot + 1) & mask;
      slots[slot] = row;
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
