/**
 * Finite maps from codes to codes as hash-consed Patricia tries (Okasaki & Gill, "Fast Mergeable Integer Maps", 1998):
 * equal contents are one node, and so have one code. A set is a map of each element to itself.
 *
 *   leaf     bit 0, key, value
 *   branch   the highest bit in which its keys differ, the bits above it, and the keys without and with that bit
 *
 * To add an entry makes O(log n) nodes. Operations on two maps stop where they meet the same node, so that they cost
 * what differs. Functions that combine values must be commutative and give x for two x: they are asked about others only.
 */
import type { State } from "../state.ts";
import { EMPTY_MAP, FAILED } from "./codes.ts";
import { finish, mix, wider } from "./hash.ts";

/** Code of a node, and back. */
/** A slot without a node. */
const EMPTY = -1;

const turned = (code: number): number => EMPTY_MAP - code;

/** The bits of `key` above `bit`. */
const above = (key: number, bit: number): number => key & ~(bit | (bit - 1));

const NOTHING = 0;
/** A function that combines values failed. */
const NONE = -1;

type Combine = (a: number, b: number) => number;

export class Tries {
  /** Of a leaf 0; of a branch one bit. */
  #bit: Int32Array = new Int32Array(16);
  /** Of a leaf its key; of a branch the bits above `bit` that all its keys share. */
  #key: Int32Array = new Int32Array(16);
  /** Of a leaf its value; of a branch the node of the keys without the bit. */
  #left: Int32Array = new Int32Array(16);
  #right: Int32Array = new Int32Array(16);
  /** Number of entries; 0: the node is free, or the empty map, which is node 0. */
  #size: Int32Array = new Int32Array(16);
  /** Sums of the values, as far as somebody asked; NaN: nobody did. */
  #totals: Float64Array = new Float64Array(0);
  #length = 1;
  #free: number[] = [];
  #slots: Int32Array = new Int32Array(32).fill(EMPTY);
  #mask = 31;
  /** Nodes below it are constants of the program and stay. */
  #pinned = 1;
  readonly #toNumber: (code: number) => number;

  /** `toNumber`: of the values, in maps that are asked for their total. */
  constructor(toNumber: (code: number) => number) {
    this.#toNumber = toNumber;
  }

  persist(state: State): void {
    this.#bit = state.of(this.#bit);
    this.#key = state.of(this.#key);
    this.#left = state.of(this.#left);
    this.#right = state.of(this.#right);
    this.#size = state.of(this.#size);
    this.#length = state.of(this.#length);
    this.#free = state.of(this.#free);
    this.#slots = state.of(this.#slots);
    this.#mask = state.of(this.#mask);
    // Computed anew when somebody asks.
    if (state.isLoading) this.#totals = new Float64Array(0);
  }

  /** Number of nodes. */
  get nodes(): number {
    return this.#length - 1 - this.#free.length;
  }

  // --- nodes

  #node(bit: number, key: number, left: number, right: number, size: number): number {
    const h = finish(mix(mix(mix(mix(0, bit), key), left), right));
    let slot = h & this.#mask;
    for (; this.#slots[slot] !== EMPTY; slot = (slot + 1) & this.#mask) {
      const node = this.#slots[slot];
      if (
        this.#key[node] === key &&
        this.#left[node] === left &&
        this.#right[node] === right &&
        this.#bit[node] === bit
      )
        return node;
    }
    const node = this.#free.pop() ?? this.#place();
    this.#bit[node] = bit;
    this.#key[node] = key;
    this.#left[node] = left;
    this.#right[node] = right;
    this.#size[node] = size;
    if (node < this.#totals.length) this.#totals[node] = NaN;
    this.#slots[slot] = node;
    if (this.nodes * 2 > this.#mask) this.#rehash(this.#slots.length * 2);
    return node;
  }

  #place(): number {
    if (this.#length === this.#bit.length) {
      const length = this.#length * 2;
      this.#bit = wider(this.#bit, length);
      this.#key = wider(this.#key, length);
      this.#left = wider(this.#left, length);
      this.#right = wider(this.#right, length);
      this.#size = wider(this.#size, length);
    }
    return this.#length++;
  }

  #rehash(length: number): void {
    const slots = new Int32Array(length).fill(EMPTY);
    const mask = length - 1;
    for (let node = 1; node < this.#length; node++) {
      if (this.#size[node] === 0) continue;
      let slot =
        finish(mix(mix(mix(mix(0, this.#bit[node]), this.#key[node]), this.#left[node]), this.#right[node])) & mask;
      while (slots[slot] !== EMPTY) slot = (slot + 1) & mask;
      slots[slot] = node;
    }
    this.#slots = slots;
    this.#mask = mask;
  }

  #leaf(key: number, value: number): number {
    return this.#node(0, key, value, 0, 1);
  }

  #branch(bit: number, prefix: number, left: number, right: number): number {
    if (left === NOTHING) return right;
    if (right === NOTHING) return left;
    return this.#node(bit, prefix, left, right, this.#size[left] + this.#size[right]);
  }

  /** Two nodes neither of which has a place in the other. */
  #beside(a: number, b: number): number {
    const bit = 1 << (31 - Math.clz32(this.#key[a] ^ this.#key[b]));
    const prefix = above(this.#key[a], bit);
    return (this.#key[a] & bit) === 0 ? this.#branch(bit, prefix, a, b) : this.#branch(bit, prefix, b, a);
  }

  /** All keys of `inner` lie on one side of the branch `outer`. */
  #holds(outer: number, inner: number): boolean {
    const bit = this.#bit[outer];
    return bit >>> 0 > this.#bit[inner] >>> 0 && above(this.#key[inner], bit) === this.#key[outer];
  }

  // --- making maps

  single(key: number, value: number): number {
    return turned(this.#leaf(key, value));
  }

  /** A map of these entries; FAILED where `combine` gives it for the values of a key that stands twice. */
  of(keys: readonly number[], values: readonly number[], combine: Combine): number {
    if (keys.length === 0) return EMPTY_MAP;
    const places = Array.from(keys, (_, i) => i).sort((a, b) => (keys[a] >>> 0) - (keys[b] >>> 0));
    let length = 0;
    const valueOf: number[] = [];
    for (const place of places) {
      const last = length - 1;
      if (length > 0 && keys[places[last]] === keys[place]) {
        if (values[place] !== valueOf[last]) valueOf[last] = combine(valueOf[last], values[place]);
        if (valueOf[last] === FAILED) return FAILED;
        continue;
      }
      valueOf.push(values[place]);
      places[length++] = place;
    }
    const build = (from: number, end: number): number => {
      const first = keys[places[from]];
      if (end - from === 1) return this.#leaf(first, valueOf[from]);
      const bit = 1 << (31 - Math.clz32(first ^ keys[places[end - 1]]));
      let low = from + 1;
      for (let high = end - 1; low < high;) {
        const middle = (low + high) >> 1;
        if ((keys[places[middle]] & bit) === 0) low = middle + 1;
        else high = middle;
      }
      return this.#branch(bit, above(first, bit), build(from, low), build(low, end));
    };
    return turned(build(0, length));
  }

  // --- reading maps

  size(map: number): number {
    return this.#size[turned(map)];
  }

  /** FAILED where there is none. */
  get(map: number, key: number): number {
    let node = turned(map);
    while (this.#bit[node] !== 0) node = (key & this.#bit[node]) === 0 ? this.#left[node] : this.#right[node];
    return node !== NOTHING && this.#key[node] === key ? this.#left[node] : FAILED;
  }

  has(map: number, key: number): boolean {
    return this.get(map, key) !== FAILED;
  }

  /** In an order of their own, in which `values` gives theirs. */
  keys(map: number): number[] {
    const keys: number[] = [];
    this.#leaves(turned(map), (leaf) => keys.push(this.#key[leaf]));
    return keys;
  }

  values(map: number): number[] {
    const values: number[] = [];
    this.#leaves(turned(map), (leaf) => values.push(this.#left[leaf]));
    return values;
  }

  #leaves(node: number, visit: (leaf: number) => void): void {
    if (node === NOTHING) return;
    for (; this.#bit[node] !== 0; node = this.#right[node]) this.#leaves(this.#left[node], visit);
    visit(node);
  }

  /** Keys of `after` that `before` has not, or with another value. */
  gained(before: number, after: number): number[] {
    const keys: number[] = [];
    this.#gained(turned(before), turned(after), (leaf) => keys.push(this.#key[leaf]));
    return keys;
  }

  #gained(before: number, after: number, visit: (leaf: number) => void): void {
    if (before === after) return;
    if (before === NOTHING || after === NOTHING) return this.#leaves(after, visit);
    const bit = this.#bit[after];
    if (this.#holds(after, before)) {
      const isLeft = (this.#key[before] & bit) === 0;
      this.#gained(isLeft ? before : NOTHING, this.#left[after], visit);
      this.#gained(isLeft ? NOTHING : before, this.#right[after], visit);
    } else if (this.#holds(before, after)) {
      const isLeft = (this.#key[after] & this.#bit[before]) === 0;
      this.#gained(isLeft ? this.#left[before] : this.#right[before], after, visit);
    } else if (bit !== 0 && bit === this.#bit[before] && this.#key[after] === this.#key[before]) {
      this.#gained(this.#left[before], this.#left[after], visit);
      this.#gained(this.#right[before], this.#right[after], visit);
    } else this.#leaves(after, visit);
  }

  /** The sum of the values, which are numbers; Infinity where some part of it is beyond the safe integers. */
  total(map: number): number {
    return this.#total(turned(map));
  }

  #total(node: number): number {
    if (node === NOTHING) return 0;
    if (this.#bit[node] === 0) return this.#toNumber(this.#left[node]);
    if (node >= this.#totals.length) {
      const totals = new Float64Array(this.#bit.length).fill(NaN);
      totals.set(this.#totals);
      this.#totals = totals;
    }
    let total = this.#totals[node];
    if (Number.isNaN(total)) {
      total = this.#total(this.#left[node]) + this.#total(this.#right[node]);
      if (!Number.isSafeInteger(total)) total = Infinity;
      this.#totals[node] = total;
    }
    return total;
  }

  // --- maps of maps

  /** The entries of both; `join` of the values where a key is in both. FAILED as soon as `join` gives it. */
  union(a: number, b: number, join: Combine): number {
    const node = this.#union(turned(a), turned(b), join);
    return node === NONE ? FAILED : turned(node);
  }

  #union(a: number, b: number, join: Combine): number {
    if (a === b || b === NOTHING) return a;
    if (a === NOTHING) return b;
    if (this.#holds(a, b)) {
      const isLeft = (this.#key[b] & this.#bit[a]) === 0;
      const [bit, prefix, left, right] = [this.#bit[a], this.#key[a], this.#left[a], this.#right[a]];
      const joined = this.#union(isLeft ? left : right, b, join);
      if (joined === NONE) return NONE;
      return isLeft ? this.#branch(bit, prefix, joined, right) : this.#branch(bit, prefix, left, joined);
    }
    if (this.#holds(b, a)) return this.#union(b, a, join);
    const bit = this.#bit[a];
    if (bit !== this.#bit[b] || this.#key[a] !== this.#key[b]) return this.#beside(a, b);
    if (bit === 0) {
      const value = join(this.#left[a], this.#left[b]);
      return value === FAILED ? NONE : this.#leaf(this.#key[a], value);
    }
    const left = this.#union(this.#left[a], this.#left[b], join);
    if (left === NONE) return NONE;
    const right = this.#union(this.#right[a], this.#right[b], join);
    return right === NONE ? NONE : this.#branch(bit, this.#key[a], left, right);
  }

  /** The keys that both have, each with `meet` of its values. */
  intersect(a: number, b: number, meet: Combine): number {
    return turned(this.#intersect(turned(a), turned(b), meet));
  }

  #intersect(a: number, b: number, meet: Combine): number {
    if (a === b) return a;
    if (a === NOTHING || b === NOTHING) return NOTHING;
    if (this.#holds(a, b))
      return this.#intersect((this.#key[b] & this.#bit[a]) === 0 ? this.#left[a] : this.#right[a], b, meet);
    if (this.#holds(b, a)) return this.#intersect(b, a, meet);
    const bit = this.#bit[a];
    if (bit !== this.#bit[b] || this.#key[a] !== this.#key[b]) return NOTHING;
    if (bit === 0) return this.#leaf(this.#key[a], meet(this.#left[a], this.#left[b]));
    const left = this.#intersect(this.#left[a], this.#left[b], meet);
    return this.#branch(bit, this.#key[a], left, this.#intersect(this.#right[a], this.#right[b], meet));
  }

  /** The entries for which `change` does not give FAILED, with the values that it gives. */
  change(map: number, change: (key: number, value: number) => number): number {
    return turned(this.#change(turned(map), change));
  }

  #change(node: number, change: (key: number, value: number) => number): number {
    if (node === NOTHING) return NOTHING;
    const bit = this.#bit[node];
    const key = this.#key[node];
    if (bit === 0) {
      const value = change(key, this.#left[node]);
      return value === FAILED ? NOTHING : this.#leaf(key, value);
    }
    const right = this.#right[node];
    const left = this.#change(this.#left[node], change);
    return this.#branch(bit, key, left, this.#change(right, change));
  }

  // --- reclaiming

  /** Nodes, for `reach` and `reclaim`. */
  marks(): Uint8Array {
    return new Uint8Array(this.#length);
  }

  /** Marks the nodes of a map, and hands the codes of new ones to `into`. */
  reach(map: number, live: Uint8Array, into: (code: number) => void): void {
    const node = turned(map);
    // A row that was given up may still hold the code of a node that is free.
    if (node < this.#length) this.#reach(node, live, into);
  }

  #reach(node: number, live: Uint8Array, into: (code: number) => void): void {
    for (; this.#size[node] !== 0 && live[node] === 0; node = this.#right[node]) {
      live[node] = 1;
      if (this.#bit[node] === 0) {
        into(this.#key[node]);
        into(this.#left[node]);
        return;
      }
      this.#reach(this.#left[node], live, into);
    }
  }

  /** All nodes there are now are constants of the program. */
  pin(): void {
    this.#pinned = this.#length;
  }

  reachPinned(live: Uint8Array, into: (code: number) => void): void {
    for (let node = 1; node < this.#pinned; node++) this.#reach(node, live, into);
  }

  /** Gives up the nodes that are not marked. */
  reclaim(live: Uint8Array): void {
    for (let node = 1; node < this.#length; node++) {
      if (live[node] === 1 || this.#size[node] === 0) continue;
      this.#size[node] = 0;
      this.#free.push(node);
    }
    this.#rehash(this.#slots.length);
  }
}
