/**
 * Rows in some order. While their numbers follow one another, as those of rows that were made one after the other do,
 * only the first and how many there are is kept.
 */
import type { State } from "../state.ts";
import { wider } from "./hash.ts";

export class RowList {
  length = 0;
  /** The numbers follow one another. */
  isRun = true;
  #first = 0;
  /** The rows, where they are no run. */
  #rows: Int32Array = new Int32Array(0);

  at(n: number): number {
    return this.isRun ? this.#first + n : this.#rows[n];
  }

  /** Whether it is a run with the row as well. */
  add(row: number): boolean {
    if (this.length === 0) this.#first = row;
    if (!this.isRun || row !== this.#first + this.length) this.#addListed(row);
    this.length++;
    return this.isRun;
  }

  /** Of a run: whether it has the row. */
  spans(row: number): boolean {
    return row >= this.#first && row < this.#first + this.length;
  }

  /** The same rows as another list. */
  copy(of: RowList): void {
    this.clear();
    for (let n = 0; n < of.length; n++) this.add(of.at(n));
  }

  persist(state: State): void {
    this.length = state.of(this.length);
    this.isRun = state.of(this.isRun);
    this.#first = state.of(this.#first);
    this.#rows = state.of(this.#rows);
  }

  clear(): void {
    this.length = 0;
    this.isRun = true;
  }

  #addListed(row: number): void {
    const { length } = this;
    if (length >= this.#rows.length) this.#rows = wider(this.#rows, Math.max(8, length * 2));
    if (this.isRun) for (let n = 0; n < length; n++) this.#rows[n] = this.#first + n;
    this.isRun = false;
    this.#rows[length] = row;
  }
}
