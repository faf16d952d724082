/** Gates: what waits for sealed partitions. */
import type { Environment, ValueType } from "../program.ts";
import type { Index } from "./chains.ts";
import { Relation } from "./relation.ts";
import type { Values } from "./values.ts";

/** The closed partitions of one sealed collection, as far as somebody has asked. */
export class Closed {
  readonly source: string;
  readonly types: readonly ValueType[];
  /** Known to be closed. */
  readonly known: Relation;
  /** Keys that closed for this step; rows of `known`. */
  newly: number[] = [];
  /** For this step: all values have closed. */
  allNewly = false;
  readonly #env: Environment;
  readonly #values: Values;

  constructor(env: Environment, values: Values, source: string, types: readonly ValueType[]) {
    this.#env = env;
    this.#values = values;
    this.source = source;
    this.types = types;
    this.known = new Relation(types.length);
  }

  /** Of the key in `known.key`. */
  hasKey(): boolean {
    const { known, types } = this;
    const row = known.seekKey();
    if (known.count[row] === 0) {
      const key = types.map((type, i) => this.#values.decode(type, known.columns[i][row]));
      if (!this.#env.isClosed(this.source, key)) {
        known.remove(row);
        return false;
      }
      known.count[row] = 1;
    }
    return true;
  }

  has(...codes: number[]): boolean {
    for (let i = 0; i < codes.length; i++) this.known.key[i] = codes[i];
    return this.hasKey();
  }
}

/**
 * A gate on a rule over what persists: `closed` holds those of the keys in `wanted` whose partition is closed,
 * and is one more literal of the rule. Groups of an aggregate wait at it for their results: those of a partition that
 * closes are touched, and with them the results are made of all that were.
 */
export class RuleGate {
  readonly rule: string;
  readonly of: Closed;
  readonly #wanted: Relation;
  readonly #closed: Relation;
  readonly #groups: Relation | null;
  /** Of the groups, by their partition; null: all of them are of one. */
  readonly #index: Index | null;

  constructor(
    rule: string,
    of: Closed,
    wanted: Relation,
    closed: Relation,
    groups: Relation | null,
    columns: readonly number[],
  ) {
    this.rule = rule;
    this.of = of;
    this.#wanted = wanted;
    this.#closed = closed;
    this.#groups = groups;
    this.#index = groups === null || columns.length === 0 ? null : groups.index(...columns);
  }

  run(): void {
    const wanted = this.#wanted;
    for (let n = 0; n < wanted.touched.length; n++) {
      const row = wanted.touched.at(n);
      const sign = wanted.change(row);
      if (sign > 0) this.#admit(row);
      else if (sign < 0) {
        const closed = this.#closed.findRow(wanted, row);
        if (closed >= 0 && this.#closed.count[closed] > 0) this.#closed.bump(closed, -1);
      }
    }
    if (this.of.allNewly) {
      for (let row = 0; row < wanted.size; row++) this.#admit(row);
    } else {
      for (const key of this.of.newly) {
        const row = wanted.findRow(this.of.known, key);
        if (row >= 0) this.#admit(row);
      }
    }
  }

  #admit(row: number): void {
    if (this.#wanted.count[row] === 0) return;
    const { known } = this.of;
    for (let i = 0; i < known.arity; i++) known.key[i] = this.#wanted.columns[i][row];
    if (!this.of.hasKey() || !this.#closed.keep(this.#closed.seekRow(this.#wanted, row))) return;
    if (this.#groups !== null) this.#touch(this.#groups, row);
  }

  /** The groups of a wanted partition. */
  #touch(groups: Relation, partition: number): void {
    const index = this.#index;
    if (index === null) {
      // Places without a group may lie among them.
      for (let group = 0; group < groups.size; group++) if (groups.count[group] > 0) groups.bump(group, 0);
      return;
    }
    const codes = this.#wanted.columns.map((codes) => codes[partition]);
    for (let group = index.firstOf(...codes); group >= 0; group = index.next[group]) groups.bump(group, 0);
  }

  /** Keys that wait. */
  held(): number {
    let held = 0;
    for (let row = 0; row < this.#wanted.size; row++) {
      if (this.#wanted.count[row] === 0) continue;
      const closed = this.#closed.findRow(this.#wanted, row);
      if (closed < 0 || this.#closed.count[closed] === 0) held++;
    }
    return held;
  }
}

/** One condition of a hold: the key's columns in the held rows; null where the key is computed from them. */
export interface HoldCondition {
  readonly of: Closed;
  readonly columns: readonly number[] | null;
}

/** A hold on a passing literal: rows wait in `kept` until every condition holds. */
export class Hold {
  readonly rule: string;
  readonly source: string;
  readonly kept: Relation;
  readonly #conditions: readonly (HoldCondition & { readonly index: Index | null })[];

  constructor(rule: string, source: string, kept: Relation, conditions: readonly HoldCondition[]) {
    this.rule = rule;
    this.source = source;
    this.kept = kept;
    this.#conditions = conditions.map((condition) => ({
      ...condition,
      index: condition.columns === null || condition.columns.length === 0 ? null : kept.index(...condition.columns),
    }));
  }

  /** Some partition closed for this step. */
  get isOpening(): boolean {
    for (const { of } of this.#conditions) if (of.allNewly || of.newly.length > 0) return true;
    return false;
  }

  /** Held rows for which some condition may have come true in this step. */
  opened(): readonly number[] {
    const rows: number[] = [];
    for (const { of, index } of this.#conditions) {
      if (of.allNewly || (index === null && of.newly.length > 0)) {
        return Array.from({ length: this.kept.size }, (_, row) => row);
      }
      for (const key of of.newly) {
        const codes = of.known.columns.map((column) => column[key]);
        for (let row = index!.firstOf(...codes); row >= 0; row = index!.next[row]) rows.push(row);
      }
    }
    return rows;
  }

  held(): number {
    let held = 0;
    for (let row = 0; row < this.kept.size; row++) held += this.kept.count[row];
    return held;
  }
}
