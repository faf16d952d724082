/** `gcounter`, `pncounter`: amounts by dot, each counted once. No program brings two amounts for one dot. */
import { EMPTY_MAP, FAILED } from "../runtime/engine/codes.ts";
import type { Value } from "../runtime/program.ts";
import { Lattice } from "./lattice.run.ts";
import type { LatticeKind } from "./lattice.run.ts";

export class GrowingCounter extends Lattice {
  readonly empty = EMPTY_MAP;

  /** The greater amount; of n and -n that above 0. */
  readonly #greater = (a: number, b: number): number => {
    const [x, y] = [this.values.toNumber(a), this.values.toNumber(b)];
    return Math.abs(x) > Math.abs(y) || (x === -y && x > 0) ? a : b;
  };

  /** `n` is not negative. */
  inc(dot: number, n: number): number {
    return n === 0 ? EMPTY_MAP : this.values.maps.single(dot, n);
  }

  /** The total; FAILED beyond the safe integers. */
  value(counter: number): number {
    const { maps } = this.values;
    const total = maps.total(counter);
    if (Number.isFinite(total)) return this.values.number(total);
    const exact = totalOf(maps.values(counter).map((n) => this.values.toNumber(n)));
    return Number.isSafeInteger(exact) ? this.values.number(exact) : FAILED;
  }

  override join(a: number, b: number): number {
    return this.values.maps.union(a, b, this.#greater);
  }

  override reveal(counter: number): number {
    return this.value(counter);
  }
}

export class UpDownCounter extends GrowingCounter {
  /** `n` is not negative. */
  dec(dot: number, n: number): number {
    return n === 0 ? EMPTY_MAP : this.values.maps.single(dot, this.values.number(-this.values.toNumber(n)));
  }
}

/** Rounded once. */
function totalOf(amounts: readonly number[]): number {
  let total = 0;
  for (const n of amounts) {
    total += n;
    if (!Number.isSafeInteger(total)) return Number(amounts.reduce((sum, each) => sum + BigInt(each), 0n));
  }
  return total;
}

export const gcounter: LatticeKind<GrowingCounter> = {
  form: () => ({ map: { plain: "string" }, to: { amount: "nat" }, isSparse: true }),
  create: (values, type, form) => new GrowingCounter(values, type, form),
  holds: null,
  shown: (value) => totalOf((value as readonly (readonly [Value, number])[]).map(([, n]) => n)),
  taken: null,
  written: "a number",
};

export const pncounter: LatticeKind<UpDownCounter> = {
  ...gcounter,
  form: () => ({ map: { plain: "string" }, to: { plain: "int" }, isSparse: true }),
  create: (values, type, form) => new UpDownCounter(values, type, form),
};
