/** `vclock`: the greatest count seen of each instance. A count of 0 is none. */
import { EMPTY_MAP, FAILED } from "../runtime/engine/codes.ts";
import type { Value, ValueType } from "../runtime/program.ts";
import type { Form } from "./forms.run.ts";
import { Lattice, pairsOf } from "./lattice.run.ts";
import type { LatticeKind } from "./lattice.run.ts";

export class VectorClock extends Lattice {
  readonly empty = EMPTY_MAP;

  readonly #later = (a: number, b: number): number => (this.values.toNumber(a) < this.values.toNumber(b) ? b : a);

  ofPairs(pairs: readonly (readonly [number, number])[]): number {
    const some = pairs.filter(([, n]) => n !== 0);
    return this.values.maps.of(
      some.map(([address]) => address),
      some.map(([, n]) => n),
      this.#later,
    );
  }

  at(clock: number, address: number): number {
    const n = this.values.maps.get(clock, address);
    return n === FAILED ? 0 : n;
  }

  /** The clock with one more for that instance; FAILED beyond the safe integers. */
  next(clock: number, address: number): number {
    const n = this.values.toNumber(this.at(clock, address)) + 1;
    return Number.isSafeInteger(n) ? this.join(clock, this.values.maps.single(address, this.values.number(n))) : FAILED;
  }

  /** `a` has at least the counts of `b`. */
  dominates(a: number, b: number): boolean {
    return this.leq(b, a);
  }

  /** Pairs (2-tuples) of address and count, in no order. */
  elements(clock: number): readonly number[] {
    const counts = this.values.maps.values(clock);
    return this.values.maps.keys(clock).map((address, i) => this.values.sequence([address, counts[i]]));
  }

  /** Pairs of `after` that are new since `before` (-1: nothing), or whose count has grown. */
  gained(before: number, after: number): readonly number[] {
    const addresses = this.values.maps.gained(before === -1 ? EMPTY_MAP : before, after);
    return addresses.map((address) => this.values.sequence([address, this.at(after, address)]));
  }

  override join(a: number, b: number): number {
    return this.values.maps.union(a, b, this.#later);
  }

  override reveal(clock: number): number {
    const addresses = this.values.sorted("addr", this.values.maps.keys(clock));
    return this.values.sequence(addresses.map((address) => this.values.sequence([address, this.at(clock, address)])));
  }
}

export const clockForm: Form = { map: { plain: "addr" }, to: { amount: "nat" }, isSparse: true };

export const clockType = { lattice: "vclock", args: [] as readonly ValueType[] } as const;

export const vclock: LatticeKind<VectorClock> = {
  form: () => clockForm,
  create: (values, type, form) => new VectorClock(values, type, form),
  holds: "map",
  shown: (value) => value as readonly (readonly [Value, Value])[],
  taken: (value) => pairsOf(value, "addr"),
  written: "an object with addresses as names",
};
