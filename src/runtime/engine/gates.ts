/** Gates: what waits for sealed partitions. */
import type { Environment, ValueType } from "../program.ts";
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
 * and is one more literal of the rule.
 */
export class RuleGate {
  readonly rule: string;
  readonly of: Closed;
  readonly #wanted: Relation;
  readonly #closed: Relation;

  constructor(rule: string, of: Closed, wanted: Relation, closed: Relation) {
    this.rule = rule;
    this.of = of;
    this.#wanted = wanted;
    this.#closed = closed;
  }

  run(): void {
    const wanted = this.#wanted;
    for (let n = 0; n < wanted.touchedLength; n++) {
      const row = wanted.touched[n];
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
    if (this.of.hasKey()) this.#closed.keep(this.#closed.seekRow(this.#wanted, row));
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

/** A hold on a passing literal: rows wait in `kept` until every condition holds. */
export class Hold {
  readonly rule: string;
  readonly source: string;
  readonly kept: Relation;
  readonly conditions: readonly Closed[];

  constructor(rule: string, source: string, kept: Relation, conditions: readonly Closed[]) {
    this.rule = rule;
    this.source = source;
    this.kept = kept;
    this.conditions = conditions;
  }

  /** Some partition closed for this step. */
  get isOpening(): boolean {
    for (const closed of this.conditions) if (closed.allNewly || closed.newly.length > 0) return true;
    return false;
  }

  held(): number {
    let held = 0;
    for (let row = 0; row < this.kept.size; row++) held += this.kept.count[row];
    return held;
  }
}
