/** `lset`, `lpset`: sets that grow, as maps of each element to itself. */
import { EMPTY_MAP, FAILED } from "../runtime/engine/codes.ts";
import { FloatSums } from "../runtime/engine/sums.ts";
import { Lattice, listOf } from "./lattice.run.ts";
import type { LatticeKind } from "./lattice.run.ts";

const same = (element: number): number => element;

export class GrowingSet extends Lattice {
  readonly empty = EMPTY_MAP;

  lift(x: number): number {
    return this.values.maps.single(x, x);
  }

  of(elements: readonly number[]): number {
    return this.values.maps.of(elements, elements, same);
  }

  size(set: number): number {
    return this.values.number(this.values.maps.size(set));
  }

  contains(set: number, x: number): boolean {
    return this.values.maps.has(set, x);
  }

  /** Each once, in no order. */
  elements(set: number): readonly number[] {
    return this.values.maps.keys(set);
  }

  /** Elements of `after` that `before` (-1: nothing) has not. */
  gained(before: number, after: number): readonly number[] {
    return this.values.maps.gained(before === -1 ? EMPTY_MAP : before, after);
  }

  override join(a: number, b: number): number {
    return this.values.maps.union(a, b, same);
  }

  union(a: number, b: number): number {
    return this.join(a, b);
  }

  intersect(a: number, b: number): number {
    return this.values.maps.intersect(a, b, same);
  }

  /** The set of pairs (2-tuples). */
  product(a: number, b: number): number {
    const seconds = this.elements(b);
    return this.of(this.elements(a).flatMap((x) => seconds.map((y) => this.values.sequence([x, y]))));
  }

  /** FAILED where `of` gives it for an element. */
  map(set: number, of: (x: number) => number): number {
    const images: number[] = [];
    for (const x of this.elements(set)) {
      const image = of(x);
      if (image === FAILED) return FAILED;
      images.push(image);
    }
    return this.of(images);
  }

  filter(set: number, keeps: (x: number) => boolean): number {
    return this.values.maps.change(set, (x) => (keeps(x) ? x : FAILED));
  }

  override reveal(set: number): number {
    return this.list(this.elements(set));
  }
}

/** FAILED is lifted from what is negative or not a number: it would take the sum down. */
export class PositiveSet extends GrowingSet {
  override lift(x: number): number {
    return this.values.toNumber(x) >= 0 ? super.lift(x) : FAILED;
  }

  override of(elements: readonly number[]): number {
    return elements.every((x) => this.values.toNumber(x) >= 0) ? super.of(elements) : FAILED;
  }

  /** FAILED where the sum is beyond the safe integers. A sum of floats is rounded once. */
  sum(set: number): number {
    if (this.element !== "float") {
      const total = this.values.maps.total(set);
      return Number.isFinite(total) ? this.values.number(total) : FAILED;
    }
    const sums = new FloatSums();
    sums.grow(1);
    for (const x of this.elements(set)) sums.add(0, this.values.toNumber(x), 1);
    return this.values.number(sums.sum(0));
  }
}

export const lset: LatticeKind<GrowingSet> = {
  form: ([of]) => ({ set: { plain: of } }),
  create: (values, type, form) => new GrowingSet(values, type, form),
  holds: "set",
  shown: (value) => value,
  taken: listOf,
  written: "an array",
};

export const lpset: LatticeKind<PositiveSet> = {
  ...lset,
  form: ([of]) => ({ set: { amount: of } }),
  create: (values, type, form) => new PositiveSet(values, type, form),
  written: "an array of numbers that are not negative",
};
