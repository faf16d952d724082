/**
 * Collections with declared keys (`kv(key -> value)`): a value that is there stays; of several that are new
 * in one step the least in the canonical order is kept. Every value that is not kept is reported.
 */
import type { Persistent, State } from "../state.ts";
import { compareRows } from "../canonical.ts";
import { factText } from "../codec.ts";
import type { Row, Value, ValueType } from "../program.ts";
import type { Faults } from "./faults.ts";
import type { Index } from "./chains.ts";
import type { Relation } from "./relation.ts";
import { Numbers } from "./states.ts";
import type { Values } from "./values.ts";

/** Rows of a relation as values. */
export class Reader {
  readonly types: readonly ValueType[];
  readonly #values: Values;
  readonly #blank: readonly Value[];

  constructor(values: Values, types: readonly ValueType[]) {
    this.#values = values;
    this.types = types;
    this.#blank = types.map(() => null);
  }

  /** For those outside, who cannot change it. */
  row(relation: Relation, row: number): Row {
    return Object.freeze(this.sent(relation, row));
  }

  /** From that column on, as an array that V8 writes as JSON in its fast way: neither frozen nor with holes. */
  sent(relation: Relation, row: number, from = 0): Row {
    const { types } = this;
    const values = this.#values;
    const { c0, c1, c2 } = relation;
    if (from === 0 && types.length === 3)
      return [values.decode(types[0], c0[row]), values.decode(types[1], c1[row]), values.decode(types[2], c2[row])];
    if (from === 0 && types.length === 2) return [values.decode(types[0], c0[row]), values.decode(types[1], c1[row])];
    const out = this.#blank.slice(from);
    for (let i = from; i < types.length; i++) out[i - from] = values.decode(types[i], relation.columns[i][row]);
    return out;
  }
}

export interface Keyed {
  readonly name: string;
  readonly keyLength: number;
  readonly reader: Reader;
  readonly faults: Faults;
  /** `kv#1 (file.dlc:3)`: the rules that make facts of the collection. */
  readonly rules: readonly string[];
}

/** The first so many columns. */
export function leading(keyLength: number): readonly number[] {
  return Array.from({ length: keyLength }, (_, i) => i);
}

/** All rows with the key of a row. */
export class KeyIndex {
  readonly #relation: Relation;
  readonly #index: Index;
  readonly #key: readonly number[];

  /** `key`: the columns that are the key. */
  constructor(relation: Relation, key: readonly number[]) {
    this.#relation = relation;
    this.#key = key;
    this.#index = relation.index(...key);
  }

  /** The first row with the key of row `row` of `of`; go on with `next`. */
  first(of: Relation, row: number): number {
    const { columns } = of;
    const key = this.#key;
    switch (key.length) {
      case 1:
        return this.#index.first1(columns[key[0]][row]);
      case 2:
        return this.#index.first2(columns[key[0]][row], columns[key[1]][row]);
      default:
        return this.#index.firstOf(...key.map((column) => columns[column][row]));
    }
  }

  firstOf(codes: readonly number[]): number {
    return this.#index.firstOf(...codes);
  }

  next(row: number): number {
    return this.#index.next[row];
  }

  /** The row with that key that is present; -1. There is at most one in a keyed collection. */
  present(of: Relation, row: number): number {
    for (let r = this.first(of, row); r >= 0; r = this.next(r)) if (this.#relation.count[r] > 0) return r;
    return -1;
  }

  /** Of the present rows with that key the least in canonical order; -1. */
  least(of: Relation, row: number, reader: Reader): number {
    let least = -1;
    for (let r = this.first(of, row); r >= 0; r = this.next(r)) {
      if (this.#relation.count[r] === 0) continue;
      if (least < 0 || compareRows(reader.row(this.#relation, r), reader.row(this.#relation, least)) < 0) least = r;
    }
    return least;
  }
}

/** Reports that `dropped` is not kept because of `kept`. */
export function reportConflict(keyed: Keyed, kept: Row, keptBy: string, dropped: Row, droppedBy: string): void {
  const by = (rule: string): string => (rule === "" ? "" : ` (${rule})`);
  keyed.faults.say(
    "DLC924",
    `key conflict: ${factText(keyed.name, kept)}${by(keptBy)} is kept, ${factText(keyed.name, dropped)}${by(droppedBy)} is not`,
    droppedBy === "" ? undefined : droppedBy,
  );
}

/** A keyed scratch, output or event: which of all derived facts it holds. */
export class Keying {
  readonly all: Relation;
  readonly chosen: Relation;
  readonly #keyed: Keyed;
  readonly #allByKey: KeyIndex;
  readonly #chosenByKey: KeyIndex;
  /** Both are emptied every step. */
  readonly #passing: boolean;

  constructor(keyed: Keyed, all: Relation, chosen: Relation, passing: boolean) {
    this.#keyed = keyed;
    this.all = all;
    this.chosen = chosen;
    this.#passing = passing;
    this.#allByKey = new KeyIndex(all, leading(keyed.keyLength));
    this.#chosenByKey = new KeyIndex(chosen, leading(keyed.keyLength));
  }

  run(): void {
    const { all, chosen } = this;
    const { reader } = this.#keyed;
    for (let n = 0; n < all.touched.length; n++) {
      const row = all.touched.at(n);
      let holder = this.#chosenByKey.present(all, row);
      if (holder >= 0 && !this.#passing) {
        const support = all.findRow(chosen, holder);
        if (support < 0 || all.count[support] === 0) {
          chosen.bump(holder, -1);
          holder = -1;
        }
      }
      if (holder < 0) {
        const least = this.#allByKey.least(all, row, reader);
        if (least < 0) continue;
        holder = chosen.seekRow(all, least);
        chosen.keep(holder);
      }
    }
    for (let n = 0; n < all.touched.length; n++) {
      const row = all.touched.at(n);
      if (all.change(row) <= 0) continue;
      const holder = this.#chosenByKey.present(all, row);
      if (chosen.findRow(all, row) === holder) continue;
      reportConflict(this.#keyed, reader.row(chosen, holder), "", reader.row(all, row), this.#keyed.rules.join(", "));
    }
  }
}

/** A row of some relation of the same columns. */
export interface Place {
  readonly relation: Relation;
  readonly row: number;
}

/** A table that holds one row for each key, made of the facts that a step offers. */
export interface Settling {
  /** The columns that are the key. */
  readonly key: readonly number[];
  readonly byKey: KeyIndex;
  readonly incoming: Relation;
  /** A row of `incoming`. `rule`: index into the rules' texts. */
  offer(row: number, rule: number): void;
  settle(): void;
  /** Whether the table changes where these facts of one key are offered, `stored` (-1: none) being there until it is removed. */
  wouldChange(stored: number, isRemoved: boolean, offered: readonly Place[]): boolean;
}

/** A keyed table: facts offered in a step go into `incoming`, and `settle` takes those it can. */
export class KeyedTable implements Settling, Persistent {
  readonly key: readonly number[];
  readonly table: Relation;
  readonly incoming: Relation;
  readonly byKey: KeyIndex;
  readonly #keyed: Keyed;
  readonly #incomingByKey: KeyIndex;
  readonly #madeIncoming = new Numbers();
  readonly #madeStored = new Numbers();

  persist(state: State): void {
    this.#madeIncoming.persist(state);
    this.#madeStored.persist(state);
  }

  constructor(keyed: Keyed, table: Relation, incoming: Relation) {
    this.#keyed = keyed;
    this.key = leading(keyed.keyLength);
    this.table = table;
    this.incoming = incoming;
    table.keyBy(this.key);
    this.byKey = new KeyIndex(table, this.key);
    this.#incomingByKey = new KeyIndex(incoming, this.key);
    incoming.attach(this.#madeIncoming);
    table.attach(this.#madeStored);
  }

  offer(row: number, rule: number): void {
    if (this.incoming.keep(row)) this.#madeIncoming.of[row] = rule;
  }

  settle(): void {
    const { incoming, table } = this;
    const { reader, rules } = this.#keyed;
    for (let row = 0; row < incoming.size; row++) {
      let holder = this.byKey.present(incoming, row);
      if (holder < 0) {
        const least = this.#incomingByKey.least(incoming, row, reader);
        holder = table.seekRow(incoming, least);
        table.keep(holder);
        this.#madeStored.of[holder] = this.#madeIncoming.of[least];
      }
      if (table.findRow(incoming, row) === holder) continue;
      reportConflict(
        this.#keyed,
        reader.row(table, holder),
        rules[this.#madeStored.of[holder]],
        reader.row(incoming, row),
        rules[this.#madeIncoming.of[row]],
      );
    }
  }
  wouldChange(stored: number, isRemoved: boolean, offered: readonly Place[]): boolean {
    if (stored >= 0 && !isRemoved) return false;
    if (offered.length === 0) return stored >= 0;
    if (stored < 0) return true;
    const { reader } = this.#keyed;
    const least = offered.reduce((a, b) =>
      compareRows(reader.row(b.relation, b.row), reader.row(a.relation, a.row)) < 0 ? b : a,
    );
    return least.relation.findRow(this.table, stored) !== least.row;
  }
}
