/**
 * Collections with lattice columns: the other columns are the key, and of each key there is one row, the join of all
 * that came. Where the value of a key grows, a row of the new value takes the place of the old one, which is there until
 * the end of the step as rows that lost their support are.
 */
import type { Lattice } from "../../lattices/index.run.ts";
import type { State } from "../state.ts";
import type { Faults } from "./faults.ts";
import { FAILED } from "./codes.ts";
import { wider } from "./hash.ts";
import { KeyIndex } from "./keys.ts";
import type { Place, Settling } from "./keys.ts";
import type { Relation } from "./relation.ts";
import { Rows } from "./rows.ts";
import { Numbers } from "./states.ts";
import type { Values } from "./values.ts";

export interface Joined {
  readonly name: string;
  /** The columns that are no lattices. */
  readonly columns: readonly number[];
  readonly lattices: readonly { readonly column: number; readonly lattice: Lattice }[];
  /** `votes#1 (file.dlc:3)`: the rules that make facts of the collection. */
  readonly rules: readonly string[];
  readonly values: Values;
  readonly faults: Faults;
}

const NONE = -1;

/** The joins of some keys, while they are made. */
class Groups extends Rows {
  readonly joined: Joined;
  /** The row that holds the key's value so far; NONE. */
  readonly holder = new Numbers();
  /** 1: the value is made of all rows that are there. */
  readonly isAnew = new Numbers();
  /** For each lattice column the join. */
  readonly joins: Int32Array[];

  constructor(joined: Joined) {
    super(joined.columns.length);
    this.joined = joined;
    this.joins = joined.lattices.map(() => new Int32Array(0));
    this.attach(this.holder);
    this.attach(this.isAnew);
    this.attach({
      grow: (capacity) => {
        for (let i = 0; i < this.joins.length; i++) this.joins[i] = wider(this.joins[i], capacity);
      },
      reset: () => {},
    });
  }

  /** The group of a row's key. One that is new (`size` has grown) begins with `holder`. */
  of(relation: Relation, row: number): number {
    const { columns } = this.joined;
    for (let i = 0; i < columns.length; i++) this.key[i] = relation.columns[columns[i]][row];
    return this.seekKey();
  }

  begin(group: number, relation: Relation, holder: number): void {
    this.holder.of[group] = holder;
    if (holder !== NONE) this.copy(group, relation, holder);
  }

  copy(group: number, relation: Relation, row: number): void {
    const { lattices } = this.joined;
    for (let i = 0; i < lattices.length; i++) this.joins[i][group] = relation.columns[lattices[i].column][row];
  }

  /** Joins a row in; where a join fails the group stays as it was, and the rule is told. */
  join(group: number, relation: Relation, row: number, rule: string): void {
    const { lattices, name, values, faults } = this.joined;
    const joins: number[] = [];
    for (let i = 0; i < lattices.length; i++) {
      const { column, lattice } = lattices[i];
      joins[i] = lattice.join(this.joins[i][group], relation.columns[column][row]);
      if (joins[i] !== FAILED) continue;
      faults.say("DLC925", `a value of ${name} stays as it was: ${values.failure}`, rule === "" ? undefined : rule);
      values.failure = "";
      return;
    }
    for (let i = 0; i < joins.length; i++) this.joins[i][group] = joins[i];
  }

  /** Puts the joins of the group in the place of its holder. */
  settle(group: number, into: Relation): void {
    const { columns, lattices } = this.joined;
    for (let i = 0; i < columns.length; i++) into.key[columns[i]] = this.columns[i][group];
    for (let i = 0; i < lattices.length; i++) into.key[lattices[i].column] = this.joins[i][group];
    const row = into.seekKey();
    const holder = this.holder.of[group];
    if (row === holder) return;
    into.keep(row);
    if (holder !== NONE) into.bump(holder, -1);
  }
}

/** One row of a relation for each key. */
abstract class Joins {
  protected readonly joined: Joined;
  protected readonly groups: Groups;
  readonly byKey: KeyIndex;
  /** The relation with one row for each key. */
  readonly held: Relation;

  constructor(joined: Joined, held: Relation) {
    this.joined = joined;
    this.held = held;
    this.groups = new Groups(joined);
    this.byKey = new KeyIndex(held, joined.columns);
  }

  /** The row that held the value of a key when the step began; -1. */
  before(...key: number[]): number {
    for (let row = this.byKey.firstOf(key); row >= 0; row = this.byKey.next(row))
      if (this.held.was[row] === 1) return row;
    return NONE;
  }

  /** The row that holds the value of a key now; -1. */
  now(...key: number[]): number {
    for (let row = this.byKey.firstOf(key); row >= 0; row = this.byKey.next(row))
      if (this.held.count[row] > 0) return row;
    return NONE;
  }

  /** Some value went that is not below one that came in its place. */
  shrank(): boolean {
    const { held } = this;
    for (let n = 0; n < held.touched.length; n++) {
      const row = held.touched.at(n);
      if (held.change(row) < 0 && !this.isBelow(held, row, held, this.byKey.present(held, row))) return true;
    }
    return false;
  }

  /** Whether a row's values are at most those of another; `other` may be NONE. */
  protected isBelow(relation: Relation, row: number, than: Relation, other: number): boolean {
    return (
      other !== NONE &&
      this.joined.lattices.every(({ column, lattice }) =>
        lattice.leq(relation.columns[column][row], than.columns[column][other]),
      )
    );
  }
}

/** A table with lattice columns: facts offered in a step go into `incoming`, and `settle` joins them to what is there. */
export class LatticeTable extends Joins implements Settling {
  readonly incoming: Relation;
  readonly #made = new Numbers();
  /** Rows of `incoming` below it are settled, in the era that it had. */
  #settled = 0;
  #era = -1;

  constructor(joined: Joined, table: Relation, incoming: Relation) {
    super(joined, table);
    this.incoming = incoming;
    incoming.attach(this.#made);
  }

  persist(state: State): void {
    this.#made.persist(state);
    this.#settled = state.of(this.#settled);
    this.#era = state.of(this.#era);
  }

  get key(): readonly number[] {
    return this.joined.columns;
  }

  offer(row: number, rule: number): void {
    if (this.incoming.keep(row)) this.#made.of[row] = rule;
  }

  settle(): void {
    const { incoming, groups, held } = this;
    if (this.#era !== incoming.era) this.#settled = 0;
    this.#era = incoming.era;
    for (let row = this.#settled; row < incoming.size; row++) {
      const known = groups.size;
      const group = groups.of(incoming, row);
      if (groups.size > known) {
        groups.begin(group, held, this.byKey.present(incoming, row));
        if (groups.holder.of[group] === NONE) groups.copy(group, incoming, row);
      }
      groups.join(group, incoming, row, this.joined.rules[this.#made.of[row]]);
    }
    this.#settled = incoming.size;
    for (let group = 0; group < groups.size; group++) groups.settle(group, held);
    groups.clear();
  }

  wouldChange(stored: number, isRemoved: boolean, offered: readonly Place[]): boolean {
    if (offered.length === 0) return isRemoved && stored >= 0;
    if (stored < 0) return true;
    const { held } = this;
    if (!isRemoved) return !offered.every(({ relation, row }) => this.isBelow(relation, row, held, stored));
    return this.joined.lattices.some(({ column, lattice }) => {
      const codes = offered.map(({ relation, row }) => relation.columns[column][row]);
      const value = codes.reduce((a, b) => {
        const joined = lattice.join(a, b);
        return joined === FAILED ? a : joined;
      });
      return value !== held.columns[column][stored];
    });
  }
}

/** A scratch, output or event with lattice columns: of all derived facts one for each key, their join. */
export class Joining extends Joins {
  readonly all: Relation;
  readonly #allByKey: KeyIndex;
  /** 1: the row of `all` is in the value of its key. */
  readonly #isIn = new Numbers();
  readonly #lost: { readonly group: number; readonly row: number }[] = [];
  /** How far `touched` and `fresh` of `all` have been looked at, in the era that it had. */
  #touched = 0;
  #fresh = 0;
  #era = -1;

  constructor(joined: Joined, all: Relation, held: Relation) {
    super(joined, held);
    this.all = all;
    this.#allByKey = new KeyIndex(all, joined.columns);
    all.attach(this.#isIn);
  }

  persist(state: State): void {
    this.#isIn.persist(state);
    this.#touched = state.of(this.#touched);
    this.#fresh = state.of(this.#fresh);
    this.#era = state.of(this.#era);
  }

  /** Brings `held` up to date with `all`. Under recursion again in each round. */
  run(): void {
    const { all, groups } = this;
    if (this.#era !== all.era) {
      this.#era = all.era;
      this.#touched = 0;
      this.#fresh = 0;
    }
    for (; this.#touched < all.touched.length; this.#touched++) this.#look(all.touched.at(this.#touched));
    for (; this.#fresh < all.fresh.length; this.#fresh++) this.#look(all.fresh.at(this.#fresh));
    for (const { group, row } of this.#lost)
      if (groups.isAnew.of[group] === 0 && !this.#isCovered(row)) groups.isAnew.of[group] = 1;
    this.#lost.length = 0;
    for (let group = 0; group < groups.size; group++) this.#settle(group);
    groups.clear();
  }

  #look(row: number): void {
    const { all, groups } = this;
    const isIn = this.#isIn.of;
    const isThere = all.count[row] > 0;
    const known = groups.size;
    const group = groups.of(all, row);
    if (groups.size > known) {
      const holder = this.byKey.present(all, row);
      groups.begin(group, this.held, holder);
      groups.isAnew.of[group] = holder === NONE ? 1 : 0;
    }
    if (isThere && isIn[row] === 0 && groups.isAnew.of[group] === 0) groups.join(group, all, row, this.#rules);
    else if (!isThere && isIn[row] === 1) this.#lost.push({ group, row });
    isIn[row] = isThere ? 1 : 0;
  }

  get #rules(): string {
    return this.joined.rules.join(", ");
  }

  /** Some row that is there has at least the values of this one, so that its loss shows nowhere. The newest are looked at first. */
  #isCovered(row: number): boolean {
    const { all } = this;
    for (let other = this.#allByKey.first(all, row); other >= 0; other = this.#allByKey.next(other))
      if (all.count[other] > 0 && this.isBelow(all, row, all, other)) return true;
    return false;
  }

  #settle(group: number): void {
    const { all, groups, held } = this;
    if (groups.isAnew.of[group] === 1) {
      const key = groups.columns.map((codes) => codes[group]);
      let isFirst = true;
      for (let row = this.#allByKey.firstOf(key); row >= 0; row = this.#allByKey.next(row)) {
        if (all.count[row] === 0) continue;
        if (isFirst) groups.copy(group, all, row);
        else groups.join(group, all, row, this.#rules);
        isFirst = false;
      }
      if (isFirst) {
        if (groups.holder.of[group] !== NONE) held.bump(groups.holder.of[group], -1);
        return;
      }
    }
    groups.settle(group, held);
  }
}
