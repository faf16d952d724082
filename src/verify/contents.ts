/** Facts of one collection as a set; where columns are lattices, of each key of the others the join (analysis.md section 1). */
import { canonicalText, compareRows } from "../runtime/canonical.ts";
import type { JoinOf } from "../runtime/outside.ts";
import type { CollectionMeta, Row, ValueType } from "../runtime/program.ts";

type Columns = CollectionMeta["columns"];
type LatticeType = Extract<ValueType, { readonly lattice: string }>;

const latticeOf = ({ type }: Columns[number]): LatticeType | null =>
  typeof type !== "string" && "lattice" in type ? type : null;

export class Contents {
  readonly #types: readonly (LatticeType | null)[];
  readonly #join: JoinOf;
  readonly #rows = new Map<string, Row>();

  /** `join`: see engine/join-of.ts. */
  constructor(columns: Columns, join: JoinOf) {
    this.#types = columns.map(latticeOf);
    this.#join = join;
  }

  #keyOf(row: Row): string {
    return canonicalText(row.filter((_, i) => this.#types[i] === null));
  }

  /** The contents that have both what there is and this. */
  add(row: Row): void {
    const key = this.#keyOf(row);
    const known = this.#rows.get(key);
    const join = (type: LatticeType | null, i: number) =>
      type === null ? row[i] : this.#join(type, known![i], row[i]);
    this.#rows.set(key, known === undefined ? row : this.#types.map(join));
  }

  /** In the place of what there is for the key. */
  replace(row: Row): void {
    this.#rows.set(this.#keyOf(row), row);
  }

  /** No more, if that is what there is for the key. */
  remove(row: Row): void {
    const key = this.#keyOf(row);
    const known = this.#rows.get(key);
    if (known !== undefined && compareRows(known, row) === 0) this.#rows.delete(key);
  }

  /** In canonical order. */
  rows(): readonly Row[] {
    return [...this.#rows.values()].sort(compareRows);
  }
}
