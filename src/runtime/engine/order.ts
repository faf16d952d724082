/** In which order the facts of recursive views came, so that what rests on lost ones can be told from what stands. */
import type { State } from "../state.ts";
import type { RowState } from "./columns.ts";
import type { Relation } from "./relation.ts";
import { wider } from "./hash.ts";

/** Later than every fact; where a fact that is gone stands. */
export const LATEST = 0x7fff_ffff;

/** Counts the facts that come, for views that are derived from one another. */
export class Arrivals {
  now = 0;
  readonly orders: Order[] = [];

  tick(): number {
    if (++this.now === LATEST) this.#renumber();
    return this.now;
  }

  persist(state: State): void {
    this.now = state.of(this.now);
    for (const order of this.orders) order.persist(state);
  }

  /** The same order in small numbers. */
  #renumber(): void {
    const known = this.orders.flatMap((order) => Array.from(order.rows(), (row) => ({ order, row })));
    known.sort((a, b) => a.order.since[a.row] - b.order.since[b.row]);
    known.forEach(({ order, row }, i) => (order.since[row] = i + 1));
    this.now = known.length + 1;
  }
}

export class Order implements RowState {
  /** When a fact came; LATEST where it is gone. */
  since: Int32Array = new Int32Array(0);
  /** Rows that went in this step because nothing older derives them, */
  lost: Int32Array = new Int32Array(8);
  lostLength = 0;
  /** and those that may have to, each once. */
  doubtful: Int32Array = new Int32Array(8);
  doubtfulLength = 0;
  #isDoubtful: Uint8Array = new Uint8Array(0);
  /** How many doubts there have been in this step. */
  #doubts = 0;
  readonly #relation: Relation;
  readonly #arrivals: Arrivals;

  constructor(relation: Relation, arrivals: Arrivals) {
    this.#relation = relation;
    this.#arrivals = arrivals;
    arrivals.orders.push(this);
  }

  /** From now on it is kept. Up to now rows have come in the order of their numbers. */
  keep(): void {
    const relation = this.#relation;
    relation.attach(this);
    relation.order = this;
    for (let row = 0; row < relation.size; row++) this.since[row] = this.#arrivals.tick();
  }

  persist(state: State): void {
    const isKept = state.of(this.#relation.order !== null);
    if (isKept && this.#relation.order === null) {
      this.#relation.attach(this);
      this.#relation.order = this;
    }
    this.since = state.of(this.since);
    this.#isDoubtful = state.of(this.#isDoubtful);
    this.#doubts = state.of(this.#doubts);
  }

  grow(capacity: number): void {
    this.since = wider(this.since, capacity);
    const isDoubtful = new Uint8Array(capacity);
    isDoubtful.set(this.#isDoubtful);
    this.#isDoubtful = isDoubtful;
  }

  reset(): void {}

  /** Rows that are present. */
  *rows(): Iterable<number> {
    for (const row of this.#relation.rowsInUse()) if (this.#relation.count[row] > 0) yield row;
  }

  arrive(row: number): void {
    this.since[row] = this.#arrivals.tick();
  }

  /** A derivation of the fact was lost. -1: the fact is not there yet, since what derives it came in this step. */
  doubt(row: number): void {
    if (row < 0 || this.#isDoubtful[row] === 1 || this.#relation.count[row] === 0) return;
    this.#isDoubtful[row] = 1;
    if (this.doubtfulLength === this.doubtful.length) this.doubtful = wider(this.doubtful, this.doubtfulLength * 2);
    this.doubtful[this.doubtfulLength++] = row;
  }

  /** No older facts derive it. */
  drop(row: number): void {
    this.#relation.bump(row, -1);
    this.since[row] = LATEST;
    if (this.lostLength === this.lost.length) this.lost = wider(this.lost, this.lostLength * 2);
    this.lost[this.lostLength++] = row;
  }

  /** All that was doubtful has been dropped or stays. */
  settle(): void {
    for (let n = 0; n < this.doubtfulLength; n++) this.#isDoubtful[this.doubtful[n]] = 0;
    this.#doubts += this.doubtfulLength;
    this.doubtfulLength = 0;
  }

  /** So much is lost that to derive all anew is likely to cost less than to go on. */
  get isHopeless(): boolean {
    let [held, lost, doubts] = [0, 0, 0];
    for (const order of this.#arrivals.orders) {
      held += order.#relation.held;
      lost += order.lostLength;
      doubts += order.#doubts;
    }
    return lost * 4 > held || doubts > held;
  }

  /** Facts may have been lost in this step; none is doubtful yet. */
  begin(): void {
    if (this.#relation.order === null) this.keep();
    this.lostLength = 0;
    this.#doubts = 0;
  }
}
