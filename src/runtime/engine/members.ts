/** The values that a group of an aggregate has, each with the number of valuations that gave it. */
import type { Value, ValueType } from "../program.ts";
import { KeyIndex, leading } from "./keys.ts";
import type { Relation } from "./relation.ts";
import type { Values } from "./values.ts";

export class Members {
  readonly #values: Values;
  readonly #members: Relation;
  readonly #byGroup: KeyIndex;
  readonly #groups: Relation;
  readonly #types: readonly ValueType[];
  readonly #length: number;

  /** The columns of `members` are those of the group, then the aggregate's arguments, of the types given. */
  constructor(values: Values, groups: Relation, members: Relation, types: readonly ValueType[]) {
    this.#values = values;
    this.#groups = groups;
    this.#members = members;
    this.#length = groups.arity;
    this.#byGroup = new KeyIndex(members, leading(groups.arity));
    this.#types = types;
  }

  /** The row of the group with the extreme argument `by` (`sign` 1: least, -1: greatest); of several, that with the least argument 0. */
  #extreme(group: number, by: number, sign: number): number {
    const members = this.#members;
    const codes = members.columns[this.#length + by];
    const ties = members.columns[this.#length];
    let best = -1;
    for (let row = this.#byGroup.first(this.#groups, group); row >= 0; row = this.#byGroup.next(row)) {
      if (members.count[row] === 0) continue;
      if (best >= 0) {
        const order = sign * this.#values.compare(this.#types[by], codes[row], codes[best]);
        if (order > 0 || (order === 0 && this.#values.compare(this.#types[0], ties[row], ties[best]) >= 0)) continue;
      }
      best = row;
    }
    return best;
  }

  min(group: number): number {
    return this.#members.columns[this.#length][this.#extreme(group, 0, 1)];
  }

  max(group: number): number {
    return this.#members.columns[this.#length][this.#extreme(group, 0, -1)];
  }

  argmin(group: number): number {
    return this.#members.columns[this.#length][this.#extreme(group, 1, 1)];
  }

  argmax(group: number): number {
    return this.#members.columns[this.#length][this.#extreme(group, 1, -1)];
  }

  /** A fixed function of the set of values: the least. */
  choose(group: number): number {
    return this.min(group);
  }

  /** One element for each valuation, in canonical order. */
  collect(group: number): number {
    const codes = this.#sorted(group).map((row) => this.#members.columns[this.#length][row]);
    return this.#values.sequence(codes);
  }

  /** The same as values; of several arguments the elements are tuples. */
  rows(group: number): Value {
    const decode = (row: number, i: number): Value =>
      this.#values.decode(this.#types[i], this.#members.columns[this.#length + i][row]);
    const rows = this.#sorted(group);
    if (this.#types.length === 1) return Object.freeze(rows.map((row) => decode(row, 0)));
    return Object.freeze(rows.map((row) => Object.freeze(this.#types.map((_, i) => decode(row, i)))));
  }

  /** The rows of the group in canonical order, each as often as there are valuations of it. */
  #sorted(group: number): number[] {
    const members = this.#members;
    const rows: number[] = [];
    for (let row = this.#byGroup.first(this.#groups, group); row >= 0; row = this.#byGroup.next(row)) {
      for (let n = 0; n < members.count[row]; n++) rows.push(row);
    }
    return rows.sort((a, b) => this.#order(a, b));
  }

  #order(a: number, b: number): number {
    for (let i = 0; i < this.#types.length; i++) {
      const codes = this.#members.columns[this.#length + i];
      const order = this.#values.compare(this.#types[i], codes[a], codes[b]);
      if (order !== 0) return order;
    }
    return 0;
  }
}
