/** What the versions by hand are made of: pairs and chains in integer arrays, as somebody writes them who cares for speed. */

function hash(a: number, b: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ b;
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  return h ^ (h >>> 13);
}

/** A set of pairs of integers, in the order of insertion; nothing is ever taken out. */
export class Pairs {
  a = new Int32Array(16);
  b = new Int32Array(16);
  size = 0;
  #slots = new Int32Array(64).fill(-1);
  #mask = 63;

  /** False when the pair was there. */
  add(a: number, b: number): boolean {
    let slot = hash(a, b) & this.#mask;
    for (let row = this.#slots[slot]; row >= 0; row = this.#slots[slot]) {
      if (this.a[row] === a && this.b[row] === b) return false;
      slot = (slot + 1) & this.#mask;
    }
    const row = this.size++;
    this.#slots[slot] = row;
    this.a[row] = a;
    this.b[row] = b;
    if (this.size === this.a.length) this.#grow();
    return true;
  }

  has(a: number, b: number): boolean {
    let slot = hash(a, b) & this.#mask;
    for (let row = this.#slots[slot]; row >= 0; row = this.#slots[slot]) {
      if (this.a[row] === a && this.b[row] === b) return true;
      slot = (slot + 1) & this.#mask;
    }
    return false;
  }

  #grow(): void {
    const { a, b, size } = this;
    this.a = new Int32Array(size * 2);
    this.b = new Int32Array(size * 2);
    this.a.set(a);
    this.b.set(b);
    this.#slots = new Int32Array(size * 4).fill(-1);
    this.#mask = size * 4 - 1;
    for (let row = 0; row < size; row++) {
      let slot = hash(a[row], b[row]) & this.#mask;
      while (this.#slots[slot] >= 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = row;
    }
  }
}

/** The pairs by one of their columns, which holds small numbers: `first(x)`, then `next[row]`, until -1. */
export class Chains {
  next = new Int32Array(16);
  #first = new Int32Array(16).fill(-1);

  constructor(column: Int32Array, size: number) {
    this.next = new Int32Array(Math.max(16, column.length));
    for (let row = 0; row < size; row++) this.add(column[row], row);
  }

  add(value: number, row: number): void {
    if (row >= this.next.length) {
      const wide = new Int32Array(row * 2);
      wide.set(this.next);
      this.next = wide;
    }
    if (value >= this.#first.length) {
      const wide = new Int32Array(value * 2).fill(-1);
      wide.set(this.#first);
      this.#first = wide;
    }
    this.next[row] = this.#first[value];
    this.#first[value] = row;
  }

  first(value: number): number {
    return value < this.#first.length ? this.#first[value] : -1;
  }
}

/** A binary heap, the least price first. */
export class PriceHeap {
  readonly ids: number[] = [];
  readonly prices: number[] = [];

  push(id: number, price: number): void {
    const { ids, prices } = this;
    let at = ids.length;
    for (; at > 0; at = (at - 1) >> 1) {
      const above = (at - 1) >> 1;
      if (prices[above] <= price) break;
      ids[at] = ids[above];
      prices[at] = prices[above];
    }
    ids[at] = id;
    prices[at] = price;
  }

  pop(): void {
    const { ids, prices } = this;
    const [id, price] = [ids.pop()!, prices.pop()!];
    const size = ids.length;
    if (size === 0) return;
    let at = 0;
    for (let below = 1; below < size; below = at * 2 + 1) {
      if (below + 1 < size && prices[below + 1] < prices[below]) below++;
      if (prices[below] >= price) break;
      ids[at] = ids[below];
      prices[at] = prices[below];
      at = below;
    }
    ids[at] = id;
    prices[at] = price;
  }
}

/** Numbers in [0, below), from a seed. */
export function drawing(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Distinct pairs of numbers below `nodes`, the first unlike the second. */
export function randomEdges(nodes: number, edges: number, seed: number): readonly (readonly [number, number])[] {
  const draw = drawing(seed);
  const known = new Pairs();
  const rows: [number, number][] = [];
  while (rows.length < edges) {
    const [a, b] = [draw(nodes), draw(nodes)];
    if (a !== b && known.add(a, b)) rows.push([a, b]);
  }
  return rows;
}
