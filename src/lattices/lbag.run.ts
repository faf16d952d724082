/** `lbag`: each element as often as in the greatest of what was merged. A map of elements to how often they are in it. */
import { canonicalText } from "../runtime/canonical.ts";
import { EMPTY_MAP, FAILED } from "../runtime/engine/codes.ts";
import type { Value } from "../runtime/program.ts";
import { Lattice, listOf } from "./lattice.run.ts";
import type { LatticeKind } from "./lattice.run.ts";

export class Bag extends Lattice {
  readonly empty = EMPTY_MAP;

  readonly #more = (a: number, b: number): number => (this.values.toNumber(a) < this.values.toNumber(b) ? b : a);
  readonly #fewer = (a: number, b: number): number => (this.values.toNumber(a) < this.values.toNumber(b) ? a : b);

  lift(x: number): number {
    return this.values.maps.single(x, 1);
  }

  /** An element as often as it stands there. */
  of(elements: readonly number[]): number {
    const counts = new Map<number, number>();
    for (const x of elements) counts.set(x, (counts.get(x) ?? 0) + 1);
    return this.values.maps.of([...counts.keys()], [...counts.values()], this.#more);
  }

  ofPairs(pairs: readonly (readonly [number, number])[]): number {
    const some = pairs.filter(([, n]) => n !== 0);
    return this.values.maps.of(
      some.map(([x]) => x),
      some.map(([, n]) => n),
      this.#more,
    );
  }

  /** How many elements, each as often as it is in it; FAILED beyond the safe integers. */
  size(bag: number): number {
    const total = this.values.maps.total(bag);
    return Number.isFinite(total) ? this.values.number(total) : FAILED;
  }

  contains(bag: number, x: number): boolean {
    return this.values.maps.has(bag, x);
  }

  multiplicity(bag: number, x: number): number {
    const n = this.values.maps.get(bag, x);
    return n === FAILED ? 0 : n;
  }

  /** Each once, in no order. */
  elements(bag: number): readonly number[] {
    return this.values.maps.keys(bag);
  }

  /** Elements of `after` that `before` (-1: nothing) has not at all. */
  gained(before: number, after: number): readonly number[] {
    const { maps } = this.values;
    if (before === -1) return maps.keys(after);
    return maps.gained(before, after).filter((x) => !maps.has(before, x));
  }

  override join(a: number, b: number): number {
    return this.values.maps.union(a, b, this.#more);
  }

  union(a: number, b: number): number {
    return this.join(a, b);
  }

  intersect(a: number, b: number): number {
    return this.values.maps.intersect(a, b, this.#fewer);
  }

  override reveal(bag: number): number {
    const elements = this.values.sorted(this.element, this.elements(bag));
    return this.values.sequence(
      elements.flatMap((x) => new Array<number>(this.values.toNumber(this.multiplicity(bag, x))).fill(x)),
    );
  }
}

type Counted = readonly (readonly [Value, number])[];

/** Elements with how often they stand there. */
function counted(list: readonly unknown[]): unknown {
  const counts = new Map<string, [unknown, number]>();
  for (const element of list) {
    const text = canonicalText(element as Value);
    const known = counts.get(text);
    if (known === undefined) counts.set(text, [element, 1]);
    else known[1]++;
  }
  return [...counts.values()];
}

export const lbag: LatticeKind<Bag> = {
  form: ([of]) => ({ map: { plain: of }, to: { amount: "nat" }, isSparse: true }),
  create: (values, type, form) => new Bag(values, type, form),
  holds: null,
  shown: (value) => Object.freeze((value as Counted).flatMap(([x, n]) => new Array<Value>(n).fill(x))),
  taken: (value) => {
    const list = listOf(value);
    return list === undefined ? undefined : counted(list);
  },
  written: "an array",
};
