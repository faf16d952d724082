/** `lmap`: keys with values of a lattice, joined key by key. */
import { EMPTY_MAP } from "../runtime/engine/codes.ts";
import type { Value } from "../runtime/program.ts";
import { Lattice, pairsOf } from "./lattice.run.ts";
import type { LatticeKind } from "./lattice.run.ts";

export class GrowingMap extends Lattice {
  readonly empty = EMPTY_MAP;
  #joins: ((a: number, b: number) => number) | null = null;

  get #join(): (a: number, b: number) => number {
    if (this.#joins === null) {
      const inner = this.inner(1);
      this.#joins = (a, b) => inner.join(a, b);
    }
    return this.#joins;
  }

  /** Values of equal keys are joined. */
  ofPairs(pairs: readonly (readonly [number, number])[]): number {
    return this.values.maps.of(
      pairs.map(([key]) => key),
      pairs.map(([, value]) => value),
      this.#join,
    );
  }

  /** FAILED where the key is not there. */
  at(map: number, key: number): number {
    return this.values.maps.get(map, key);
  }

  hasKey(map: number, key: number): boolean {
    return this.values.maps.has(map, key);
  }

  size(map: number): number {
    return this.values.number(this.values.maps.size(map));
  }

  /** As an `lset`. */
  keys(map: number): number {
    return this.values.maps.change(map, (key) => key);
  }

  /** Pairs (2-tuples) of keys and values, in no order. */
  elements(map: number): readonly number[] {
    const of = this.values.maps.values(map);
    return this.values.maps.keys(map).map((key, i) => this.values.sequence([key, of[i]]));
  }

  /** Pairs of `after` that are new since `before` (-1: nothing), or whose value has grown. */
  gained(before: number, after: number): readonly number[] {
    const { maps } = this.values;
    const keys = maps.gained(before === -1 ? EMPTY_MAP : before, after);
    return keys.map((key) => this.values.sequence([key, maps.get(after, key)]));
  }

  override join(a: number, b: number): number {
    return this.values.maps.union(a, b, this.#join);
  }

  override reveal(map: number): number {
    const inner = this.inner(1);
    const keys = this.values.sorted(this.element, this.values.maps.keys(map));
    return this.values.sequence(keys.map((key) => this.values.sequence([key, inner.reveal(this.at(map, key))])));
  }
}

export const lmap: LatticeKind<GrowingMap> = {
  form: ([key, of], formOf) => ({ map: { plain: key }, to: formOf(of) }),
  create: (values, type, form) => new GrowingMap(values, type, form),
  holds: "map",
  shown: (value, [, of], { hand }) => (value as readonly [Value, Value][]).map(([key, one]) => [key, hand(of, one)]),
  taken: (value, [key, of], take) => {
    const pairs = pairsOf(value, key)?.map(([one, to]) => [one, take(of, to)] as const);
    return pairs?.every(([, to]) => to !== undefined) ? pairs : undefined;
  },
  written: "an object, or an array of pairs",
};
