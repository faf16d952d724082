/** What is kept per row beside a relation. */
import type { State } from "../state.ts";
import type { RowState } from "./columns.ts";

/** Of an aggregate's groups: the codes that its last result showed. */
export class Shown implements RowState {
  /** 1: the group has a result. */
  is: Uint8Array = new Uint8Array(0);
  readonly results: Int32Array[];

  constructor(width: number) {
    this.results = Array.from({ length: width }, () => new Int32Array(0));
  }

  grow(capacity: number): void {
    const is = new Uint8Array(capacity);
    is.set(this.is);
    this.is = is;
    for (let i = 0; i < this.results.length; i++) {
      const wide = new Int32Array(capacity);
      wide.set(this.results[i]);
      this.results[i] = wide;
    }
  }

  persist(state: State): void {
    this.is = state.of(this.is);
    state.list(this.results);
  }

  reset(row: number): void {
    this.is[row] = 0;
  }
}

/** One number per row, 0 at first: how many distinct values a group has, or which rule made a row. */
export class Numbers implements RowState {
  of: Int32Array = new Int32Array(0);

  grow(capacity: number): void {
    const of = new Int32Array(capacity);
    of.set(this.of);
    this.of = of;
  }

  persist(state: State): void {
    this.of = state.of(this.of);
  }

  reset(row: number): void {
    this.of[row] = 0;
  }

  resetAll(size: number): void {
    this.of.fill(0, 0, size);
  }
}
