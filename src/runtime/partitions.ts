/** Partitions of a sealed collection: what names them, and what is kept for each. */
import { canonicalText } from "./canonical.ts";
import type { Row, Value } from "./program.ts";
import type { State } from "./state.ts";

/** A partition's key as a Map key: the value itself where one column holds a primitive, else a text. */
export type PartKey = Value;

/** From the values of the seal columns, in their order. */
export function partKey(values: Row): PartKey {
  if (values.length === 1) return keyOf(values[0]);
  return values.length === 0 ? "" : canonicalText(values);
}

/** From a whole row; `columns` are the seal columns. */
export function rowPartKey(columns: readonly number[], row: Row): PartKey {
  if (columns.length === 1) return keyOf(row[columns[0]]);
  return columns.length === 0 ? "" : canonicalText(keyOfRow(columns, row));
}

/** Of one column. In one of type `json` a string may read like the text of a list or an object, and then has a text of its own. */
function keyOf(value: Value): PartKey {
  if (typeof value === "string") return /^["[{]/.test(value) ? canonicalText(value) : value;
  return typeof value === "object" && value !== null ? canonicalText(value) : value;
}

function keyOfRow(columns: readonly number[], row: Row): Row {
  return columns.map((column) => row[column]);
}

/**
 * The end of a run of rows that lie in one partition and stand at `from` and after it. Neighbours often do, so that
 * counting goes by runs: one look at a row, and one look for its partition in a run.
 */
export function runEnd(columns: readonly number[], rows: readonly Row[], from: number): number {
  const first = rows[from];
  let end = from + 1;
  if (columns.length === 1) {
    const column = columns[0];
    const value = first[column];
    while (end < rows.length && rows[end][column] === value) end++;
    return end;
  }
  while (end < rows.length && agree(columns, first, rows[end])) end++;
  return end;
}

/** False also for equal values that are not the same object: a run may end before its partition does. */
function agree(columns: readonly number[], a: Row, b: Row): boolean {
  for (let i = 0; i < columns.length; i++) if (a[columns[i]] !== b[columns[i]]) return false;
  return true;
}

/** Something kept for each partition. */
export class ByPartition<T> {
  readonly #columns: readonly number[];
  readonly #make: (part: PartKey, key: Row) => T;
  readonly #kept = new Map<PartKey, T>();

  /** `columns`: the seal columns. `make`: what is kept for a partition that is asked for the first time. */
  constructor(columns: readonly number[], make: (part: PartKey, key: Row) => T) {
    this.#columns = columns;
    this.#make = make;
  }

  /** For the partition that a row lies in. */
  of(row: Row): T {
    const part = rowPartKey(this.#columns, row);
    return this.#kept.get(part) ?? this.#keep(part, keyOfRow(this.#columns, row));
  }

  /** For the partition with a key. */
  at(key: Row): T {
    const part = partKey(key);
    return this.#kept.get(part) ?? this.#keep(part, key);
  }

  #keep(part: PartKey, key: Row): T {
    const kept = this.#make(part, key);
    this.#kept.set(part, kept);
    return kept;
  }

  /** What is kept is plain. */
  persist(state: State): void {
    state.map(this.#kept);
  }

  get(part: PartKey): T | undefined {
    return this.#kept.get(part);
  }

  values(): Iterable<T> {
    return this.#kept.values();
  }

  delete(part: PartKey): void {
    this.#kept.delete(part);
  }

  clear(): void {
    this.#kept.clear();
  }
}
