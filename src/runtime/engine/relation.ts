/**
 * A relation: rows with supports. A row has a support `count` (present when above 0) and a flag `was` (present when
 * the step began). Rows that lose their support stay in place until `commit`, so that rules can read both states of
 * the relation: old (`was[r] === 1`) and new (`count[r] > 0`). `touched` lists the rows whose support changed in the
 * step; only they cost anything at its end.
 */
import type { State } from "../state.ts";
import type { Agenda } from "./agenda.ts";
import { wider } from "./hash.ts";
import type { Order } from "./order.ts";
import { RowList } from "./row-list.ts";
import { GONE, Rows } from "./rows.ts";

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
  readonly touched = new RowList();
  /** Rows that `keep` made present in this step, in order: what recursive rules go on from. */
  fresh: RowList = this.touched;
  /** What `fresh` is once something else was touched as well. */
  readonly #ownFresh = new RowList();
  /** Of recursive views that can lose facts; null while it is not kept. */
  order: Order | null = null;
  /** How often support was taken away in this step. */
  #losses = 0;
  /** Rows that `land` supported in this step only. */
  landed: Int32Array = new Int32Array(0);
  landedLength = 0;
  /** Of what is sent of passing facts: those of the step before, which are not sent again. */
  before: Relation | null = null;
  /** Another one: `touched` and `fresh` have begun anew. */
  era = 0;
  /** 1: the row is among `touched`, where those are no run. */
  #marked: Uint8Array = new Uint8Array(0);

  constructor(arity: number) {
    super(arity);
    this.attach({
      grow: (capacity) => {
        this.count = wider(this.count, capacity);
        this.was = widerBytes(this.was, capacity);
      },
      reset: (row) => {
        this.count[row] = 0;
        this.held -= this.was[row];
        this.was[row] = 0;
        if (row < this.#marked.length) this.#marked[row] = 0;
      },
      resetAll: (size) => {
        this.count.fill(0, 0, size);
        this.was.fill(0, 0, size);
        this.#marked.fill(0, 0, size);
        this.held = 0;
      },
    });
  }

  /** Adds `n` (negative: takes away) derivations. */
  bump(row: number, n: number): void {
    if (this.fresh === this.touched) this.#part();
    this.count[row] += n;
    if (n < 0) this.#losses++;
    this.#touch(row);
  }

  /** One derivation, at most: for tables, recursive and passing collections. True when the row was absent. */
  keep(row: number): boolean {
    if (this.count[row] !== 0) return false;
    this.#arrive(row);
    return true;
  }

  #arrive(row: number): void {
    this.count[row] = 1;
    this.#touch(row);
    if (this.fresh !== this.touched) this.fresh.add(row);
    if (this.order !== null) this.order.arrive(row);
  }

  /** The same for a row that has just been made. */
  #appear(row: number): void {
    this.count[row] = 1;
    this.#add(row);
    if (this.fresh !== this.touched) this.fresh.add(row);
    if (this.order !== null) this.order.arrive(row);
  }

  // --- `keep` of the row of a fact. A row that is there is present unless some row was lost: its support is not
  // fetched. For relations of which `seek` alone makes no rows.

  insert0(): void {
    const row = this.find0();
    if (row < 0) this.#appear(this.make0());
    else if (this.#losses !== 0) this.keep(row);
  }

  insert1(a: number): void {
    const row = this.find1(a);
    if (row < 0) this.#appear(this.make1(a));
    else if (this.#losses !== 0) this.keep(row);
  }

  insert2(a: number, b: number): void {
    const row = this.find2(a, b);
    if (row < 0) this.#appear(this.make2(a, b));
    else if (this.#losses !== 0) this.keep(row);
  }

  insert3(a: number, b: number, c: number): void {
    const row = this.find3(a, b, c);
    if (row < 0) this.#appear(this.make3(a, b, c));
    else if (this.#losses !== 0) this.keep(row);
  }

  insert4(a: number, b: number, c: number, d: number): void {
    const row = this.find4(a, b, c, d);
    if (row < 0) this.#appear(this.make4(a, b, c, d));
    else if (this.#losses !== 0) this.keep(row);
  }

  insertKey(): void {
    const row = this.findKey();
    if (row < 0) this.#appear(this.makeKey());
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
    if (this.fresh === this.touched) this.#part();
    this.#losses++;
    for (let row = 0; row < this.size; row++) {
      if (this.count[row] === 0) continue;
      this.count[row] = 0;
      this.#touch(row);
    }
    this.landedLength = 0;
    this.fresh.clear();
  }

  #touch(row: number): void {
    if (this.touched.isRun ? this.touched.spans(row) : row < this.#marked.length && this.#marked[row] === 1) return;
    this.#add(row);
  }

  #add(row: number): void {
    const { touched } = this;
    if (touched.length === 0 && this.agenda !== null) this.agenda.add(this);
    const wasRun = touched.isRun;
    if (!touched.add(row)) this.#mark(wasRun ? 0 : touched.length - 1);
  }

  /** Something else is touched than what becomes present. */
  #part(): void {
    this.#ownFresh.copy(this.touched);
    this.fresh = this.#ownFresh;
  }

  /** Marks what is touched, from that place on. */
  #mark(from: number): void {
    const { touched, count } = this;
    if (this.#marked.length < count.length) this.#marked = widerBytes(this.#marked, count.length);
    for (let n = from; n < touched.length; n++) this.#marked[touched.at(n)] = 1;
  }

  /** 1: became present in this step; -1: ceased; 0: as it was. */
  change(row: number): number {
    return (this.count[row] > 0 ? 1 : 0) - this.was[row];
  }

  /** Number of rows that are present now. */
  present(): number {
    const { touched } = this;
    let present = this.held;
    for (let n = 0; n < touched.length; n++) present += this.change(touched.at(n));
    return present;
  }

  /** Some row ceased to be present in this step. */
  shrank(): boolean {
    if (this.#losses === 0) return false;
    const { touched } = this;
    for (let n = 0; n < touched.length; n++) if (this.change(touched.at(n)) < 0) return true;
    return false;
  }

  /** Some row became present in this step. */
  grew(): boolean {
    const { touched } = this;
    for (let n = 0; n < touched.length; n++) if (this.change(touched.at(n)) > 0) return true;
    return false;
  }

  override persist(state: State): void {
    super.persist(state);
    this.count = state.of(this.count);
    this.was = state.of(this.was);
    this.held = state.of(this.held);
    this.touched.persist(state);
    this.#ownFresh.persist(state);
    this.fresh = state.of(this.fresh === this.touched) ? this.touched : this.#ownFresh;
    this.#losses = state.of(this.#losses);
    this.landed = state.of(this.landed);
    this.landedLength = state.of(this.landedLength);
    this.era = state.of(this.era);
    this.#marked = state.of(this.#marked);
  }

  // --- the end of a step

  /** The new state becomes the old one; rows without support are given up. */
  commit(): void {
    const { touched, count, was } = this;
    if (!touched.isRun) for (let n = 0; n < touched.length; n++) this.#marked[touched.at(n)] = 0;
    let gone = 0;
    for (let n = 0; n < touched.length; n++) {
      const row = touched.at(n);
      if (count[row] > 0) {
        this.held += 1 - was[row];
        was[row] = 1;
      } else {
        count[row] = GONE;
        gone++;
      }
    }
    if (gone > 0) this.removeMarked(touched, count, gone);
    this.#losses = 0;
    this.startOver(touched.length);
    touched.clear();
    this.fresh = touched;
    this.era++;
  }

  protected override exchange(other: Relation): void {
    super.exchange(other);
    [this.count, other.count] = [other.count, this.count];
    [this.was, other.was] = [other.was, this.was];
    [this.#marked, other.#marked] = [other.#marked, this.#marked];
  }

  /** What is sent because of this row: it was not in the step before. */
  isNew(row: number): boolean {
    const { before } = this;
    if (before === null) return this.change(row) > 0;
    return before.size === 0 || before.findRow(this, row) < 0;
  }

  /** Empties a passing relation, by the rows it has. */
  override clear(): void {
    if (this.before !== null) {
      this.before.clear();
      this.exchange(this.before);
    } else super.clear();
    this.#losses = 0;
    this.touched.clear();
    this.fresh = this.touched;
    this.landedLength = 0;
    this.era++;
  }
}
