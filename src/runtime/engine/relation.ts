/**
 * A relation: rows with supports. A row has a support `count` (present when above 0) and a flag `was` (present when
 * the step began). Rows that lose their support stay in place until `commit`, so that rules can read both states of
 * the relation: old (`was[r] === 1`) and new (`count[r] > 0`). `touched` lists the rows whose support changed in the
 * step; only they cost anything at its end.
 */
import type { Agenda } from "./agenda.ts";
import { wider } from "./hash.ts";
import type { Order } from "./order.ts";
import { Rows } from "./rows.ts";

function widerBytes(array: Uint8Array, length: number): Uint8Array {
  const wide = new Uint8Array(length);
  wide.set(array);
  return wide;
}

/** How long a relation's facts last: see engine.ts. Other objects see to the end of what stands or waits. */
export type Lasting = "passing" | "view" | "landing" | "table";

export class Relation extends Rows {
  lasting: Lasting = "view";
  /** Told when the first row is touched; null: nobody asks. */
  agenda: Agenda | null = null;
  /** Parts of the fixpoint that read this relation. */
  readers: readonly number[] = [];
  count: Int32Array = new Int32Array(0);
  was: Uint8Array = new Uint8Array(0);
  /** Number of rows that were present when the step began. */
  held = 0;
  /** Rows whose support changed in this step, each once. */
  touched: Int32Array = new Int32Array(0);
  touchedLength = 0;
  /** Rows that `keep` made present in this step, in order: what recursive rules go on from. */
  fresh: Int32Array = new Int32Array(0);
  freshLength = 0;
  /** Of recursive views that can lose facts. */
  order: Order | null = null;
  /** How often support was taken away in this step. */
  #losses = 0;
  /** Rows that `land` supported in this step only. */
  landed: Int32Array = new Int32Array(0);
  landedLength = 0;
  /** Another one: `touched` and `fresh` have begun anew. */
  era = 0;
  #marked: Uint8Array = new Uint8Array(0);

  constructor(arity: number) {
    super(arity);
    this.attach({
      grow: (capacity) => {
        this.count = wider(this.count, capacity);
        this.was = widerBytes(this.was, capacity);
        this.#marked = widerBytes(this.#marked, capacity);
      },
      reset: (row) => {
        this.count[row] = 0;
        this.held -= this.was[row];
        this.was[row] = 0;
        this.#marked[row] = 0;
      },
    });
  }

  /** Adds `n` (negative: takes away) derivations. */
  bump(row: number, n: number): void {
    this.count[row] += n;
    if (n < 0) this.#losses++;
    if (this.#marked[row] === 0) this.#touch(row);
  }

  /** One derivation, at most: for tables, recursive and passing collections. True when the row was absent. */
  keep(row: number): boolean {
    if (this.count[row] !== 0) return false;
    this.#arrive(row);
    return true;
  }

  #arrive(row: number): void {
    this.count[row] = 1;
    if (this.#marked[row] === 0) this.#touch(row);
    if (this.freshLength === this.fresh.length) this.fresh = wider(this.fresh, Math.max(8, this.freshLength * 2));
    this.fresh[this.freshLength++] = row;
    if (this.order !== null) this.order.arrive(row);
  }

  // --- `keep` of the row of a fact. A row that is there is present unless some row was lost: its support is not
  // fetched. For relations of which `seek` alone makes no rows.

  insert0(): void {
    const row = this.find0();
    if (row < 0) this.#arrive(this.make0());
    else if (this.#losses !== 0) this.keep(row);
  }

  insert1(a: number): void {
    const row = this.find1(a);
    if (row < 0) this.#arrive(this.make1(a));
    else if (this.#losses !== 0) this.keep(row);
  }

  insert2(a: number, b: number): void {
    const row = this.find2(a, b);
    if (row < 0) this.#arrive(this.make2(a, b));
    else if (this.#losses !== 0) this.keep(row);
  }

  insert3(a: number, b: number, c: number): void {
    const row = this.find3(a, b, c);
    if (row < 0) this.#arrive(this.make3(a, b, c));
    else if (this.#losses !== 0) this.keep(row);
  }

  insert4(a: number, b: number, c: number, d: number): void {
    const row = this.find4(a, b, c, d);
    if (row < 0) this.#arrive(this.make4(a, b, c, d));
    else if (this.#losses !== 0) this.keep(row);
  }

  insertKey(): void {
    const row = this.findKey();
    if (row < 0) this.#arrive(this.makeKey());
    else if (this.#losses !== 0) this.keep(row);
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
    this.#losses++;
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
    if (this.touchedLength === 0 && this.agenda !== null) this.agenda.add(this);
    if (this.touchedLength === this.touched.length)
      this.touched = wider(this.touched, Math.max(8, this.touchedLength * 2));
    this.touched[this.touchedLength++] = row;
  }

  /** 1: became present in this step; -1: ceased; 0: as it was. */
  change(row: number): number {
    return (this.count[row] > 0 ? 1 : 0) - this.was[row];
  }

  /** Some row ceased to be present in this step. */
  shrank(): boolean {
    if (this.#losses === 0) return false;
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
      if (this.count[row] > 0) {
        this.held += 1 - this.was[row];
        this.was[row] = 1;
      } else this.remove(row);
    }
    this.#losses = 0;
    this.startOver(this.touchedLength);
    this.touchedLength = 0;
    this.freshLength = 0;
    this.era++;
  }

  /** Empties a passing relation, by the rows it has. */
  override clear(): void {
    super.clear();
    this.#losses = 0;
    this.touchedLength = 0;
    this.freshLength = 0;
    this.landedLength = 0;
    this.era++;
  }
}
