/**
 * The extreme value of each group of an aggregate that is kept: a pairing heap for each group (Fredman et al. 1986), its
 * links in integer columns beside the rows of the values. A value comes at constant cost and goes at O(log n) of its group.
 */
import type { State } from "../state.ts";
import type { ValueType } from "../program.ts";
import type { Relation } from "./relation.ts";
import type { Values } from "./values.ts";
import { wider } from "./hash.ts";

export type ExtremeName = "min" | "max" | "argmin" | "argmax" | "choose";

export class Extremes {
  readonly #values: Values;
  readonly #members: Relation;
  readonly #types: readonly ValueType[];
  /** Column of argument 0. */
  readonly #result: number;
  /** The argument that is compared. */
  readonly #by: number;
  /** 1: the least; -1: the greatest. */
  readonly #sign: number;
  /** Of each group, the row that is first; -1: none. */
  #first: Int32Array = new Int32Array(0);
  /** Of each row, its group; -1 where it is in no heap. */
  #group: Int32Array = new Int32Array(0);
  /** The first of the rows below it. */
  #child: Int32Array = new Int32Array(0);
  #next: Int32Array = new Int32Array(0);
  /** The row to the left of it; of the leftmost, the one above. */
  #previous: Int32Array = new Int32Array(0);

  /** The columns of `members` are those of the group, then the aggregate's arguments, of the types given. */
  constructor(values: Values, groups: Relation, members: Relation, types: readonly ValueType[], name: ExtremeName) {
    this.#values = values;
    this.#members = members;
    this.#types = types;
    this.#result = groups.arity;
    this.#by = name === "argmin" || name === "argmax" ? 1 : 0;
    this.#sign = name === "max" || name === "argmax" ? -1 : 1;
    groups.attach({
      grow: (capacity) => {
        this.#first = wider(this.#first, capacity, -1);
      },
      reset: (group) => {
        this.#first[group] = -1;
      },
    });
    members.attach({
      grow: (capacity) => {
        this.#group = wider(this.#group, capacity, -1);
        this.#child = wider(this.#child, capacity, -1);
        this.#next = wider(this.#next, capacity, -1);
        this.#previous = wider(this.#previous, capacity, -1);
      },
      reset: (row) => {
        this.#remove(row);
      },
    });
  }

  persist(state: State): void {
    this.#first = state.of(this.#first);
    this.#group = state.of(this.#group);
    this.#child = state.of(this.#child);
    this.#next = state.of(this.#next);
    this.#previous = state.of(this.#previous);
  }

  /** The support of a group's row changed. */
  note(row: number, group: number): void {
    if (this.#members.count[row] <= 0) this.#remove(row);
    else if (this.#group[row] < 0) {
      this.#group[row] = group;
      this.#first[group] = this.#meld(this.#first[group], row);
    }
  }

  /** The code of the group's result: argument 0 where the compared one is extreme; of several the least. */
  of(group: number): number {
    return this.#members.columns[this.#result][this.#first[group]];
  }

  #isBefore(a: number, b: number): boolean {
    const compared = this.#members.columns[this.#result + this.#by];
    const order = this.#sign * this.#values.compare(this.#types[this.#by], compared[a], compared[b]);
    if (order !== 0) return order < 0;
    const results = this.#members.columns[this.#result];
    return this.#values.compare(this.#types[0], results[a], results[b]) < 0;
  }

  /** Two heaps made one; -1 is the empty one. Gives its first row, which has no neighbours. */
  #meld(a: number, b: number): number {
    if (a < 0) return b;
    if (b < 0) return a;
    const [above, below] = this.#isBefore(b, a) ? [b, a] : [a, b];
    const child = this.#child[above];
    this.#next[below] = child;
    if (child >= 0) this.#previous[child] = below;
    this.#previous[below] = above;
    this.#child[above] = below;
    this.#next[above] = -1;
    this.#previous[above] = -1;
    return above;
  }

  #remove(row: number): void {
    const group = this.#group[row];
    if (group < 0) return;
    const [next, previous] = [this.#next[row], this.#previous[row]];
    const below = this.#meldAll(this.#child[row]);
    this.#group[row] = -1;
    this.#child[row] = -1;
    this.#next[row] = -1;
    this.#previous[row] = -1;
    if (this.#first[group] === row) {
      this.#first[group] = below;
      return;
    }
    // A group that was given up before its rows has no heap any more.
    if (this.#first[group] < 0) return;
    if (next >= 0) this.#previous[next] = previous;
    if (this.#child[previous] === row) this.#child[previous] = next;
    else this.#next[previous] = next;
    this.#first[group] = this.#meld(this.#first[group], below);
  }

  /** Neighbours made one heap: in pairs from the left, then all from the right. */
  #meldAll(leftmost: number): number {
    let pairs = -1;
    for (let a = leftmost; a >= 0;) {
      const b = this.#next[a];
      const rest = b < 0 ? -1 : this.#next[b];
      this.#next[a] = -1;
      this.#previous[a] = -1;
      if (b >= 0) {
        this.#next[b] = -1;
        this.#previous[b] = -1;
      }
      const pair = this.#meld(a, b);
      // The pairs in a list, the last first.
      this.#next[pair] = pairs;
      pairs = pair;
      a = rest;
    }
    let all = -1;
    for (let pair = pairs; pair >= 0;) {
      const rest = this.#next[pair];
      this.#next[pair] = -1;
      all = this.#meld(all, pair);
      pair = rest;
    }
    return all;
  }
}
