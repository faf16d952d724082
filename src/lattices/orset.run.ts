/**
 * `orset`: a set from which what was seen added can be removed. A map of each element to the dots that added it; a dot
 * is true once it is removed (a bool: its codes are 0 and 1), and never comes back.
 */
import { EMPTY_MAP, FAILED } from "../runtime/engine/codes.ts";
import type { Value } from "../runtime/program.ts";
import { Lattice } from "./lattice.run.ts";
import type { LatticeKind } from "./lattice.run.ts";

const or = (a: number, b: number): number => a | b;

export class ObservedRemove extends Lattice {
  readonly empty = EMPTY_MAP;
  readonly #join = (a: number, b: number): number => this.values.maps.union(a, b, or);

  add(dot: number, x: number): number {
    return this.values.maps.single(x, this.values.maps.single(dot, 0));
  }

  /** What takes out the `x` that `current` (-1: nothing) holds: its dots, removed. */
  remove(current: number, x: number): number {
    const { maps } = this.values;
    const dots = current === -1 ? FAILED : maps.get(current, x);
    return dots === FAILED
      ? EMPTY_MAP
      : maps.single(
          x,
          maps.change(dots, () => 1),
        );
  }

  #isPresent(dots: number): boolean {
    return this.values.maps.total(dots) < this.values.maps.size(dots);
  }

  /** Those that are present, in no order. */
  elements(set: number): readonly number[] {
    const dots = this.values.maps.values(set);
    return this.values.maps.keys(set).filter((_, i) => this.#isPresent(dots[i]));
  }

  size(set: number): number {
    return this.elements(set).length;
  }

  contains(set: number, x: number): boolean {
    const dots = this.values.maps.get(set, x);
    return dots !== FAILED && this.#isPresent(dots);
  }

  override join(a: number, b: number): number {
    return this.values.maps.union(a, b, this.#join);
  }

  override reveal(set: number): number {
    return this.list(this.elements(set));
  }
}

type Dots = readonly (readonly [string, boolean])[];

export const orset: LatticeKind<ObservedRemove> = {
  form: ([of]) => ({ map: { plain: of }, to: { map: { plain: "string" }, to: { plain: "bool" } } }),
  create: (values, type, form) => new ObservedRemove(values, type, form),
  holds: "set",
  shown: (value) =>
    Object.freeze(
      (value as readonly (readonly [Value, Dots])[]).flatMap(([x, dots]) =>
        dots.some(([, isRemoved]) => !isRemoved) ? [x] : [],
      ),
    ),
  taken: null,
  written: "an array",
};
