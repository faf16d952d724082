/** The values that a group of an aggregate has, each with the number of valuations that gave it. */
import type { ValueType } from "../program.ts";
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
    const members = this.#members;
    const codes: number[] = [];
    for (let row = this.#byGroup.first(this.#groups, group); row >= 0; row = this.#byGroup.next(row)) {
      for (let n = 0; n < members.count[row]; n++) codes.push(members.columns[this.#length][row]);
    }
    codes.sort((a, b) => this.#values.compare(this.#types[0], a, b));
    return this.#values.sequence(codes);
  }
}
