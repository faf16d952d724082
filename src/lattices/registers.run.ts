/** `lww`, `mvreg`: registers, of which the last write counts, or those that no later one has replaced. */
import { EMPTY_MAP, FAILED } from "../runtime/engine/codes.ts";
import type { Value } from "../runtime/program.ts";
import { compareValues } from "../runtime/canonical.ts";
import { Lattice } from "./lattice.run.ts";
import type { LatticeKind } from "./lattice.run.ts";
import { clockForm, clockType } from "./vclock.run.ts";
import type { VectorClock } from "./vclock.run.ts";

/** A pair of stamp and value; of equal stamps the greater value. */
export class LastWrite extends Lattice {
  stamped(stamp: number, x: number): number {
    return this.values.sequence([stamp, x]);
  }

  /** `x` with the stamp after that of `current` (-1: nothing, the stamp is 1); FAILED beyond the safe integers. */
  set(current: number, x: number): number {
    const stamp = current === -1 ? 1 : this.values.toNumber(this.stamp(current)) + 1;
    return Number.isSafeInteger(stamp) ? this.stamped(this.values.number(stamp), x) : FAILED;
  }

  value(register: number): number {
    return this.values.elements(register)[1];
  }

  stamp(register: number): number {
    return this.values.elements(register)[0];
  }

  override join(a: number, b: number): number {
    const [first, second] = [this.values.toNumber(this.stamp(a)), this.values.toNumber(this.stamp(b))];
    if (first !== second) return first < second ? b : a;
    return this.values.compare(this.element, this.value(a), this.value(b)) < 0 ? b : a;
  }

  override reveal(register: number): number {
    return this.value(register);
  }
}

/** A set of versions, each a pair of clock and value: those whose clock no other one's dominates strictly. */
export class MultiValue extends Lattice {
  readonly empty = EMPTY_MAP;

  get #clocks(): VectorClock {
    return this.values.lattice(clockType);
  }

  versioned(clock: number, x: number): number {
    const version = this.values.sequence([clock, x]);
    return this.values.maps.single(version, version);
  }

  /** `x` with a version that replaces all of `current` (-1: nothing); FAILED beyond the safe integers. */
  set(current: number, self: number, x: number): number {
    let clock = EMPTY_MAP;
    for (const [known] of this.#versions(current === -1 ? EMPTY_MAP : current)) clock = this.#clocks.join(clock, known);
    const next = this.#clocks.next(clock, self);
    return next === FAILED ? FAILED : this.versioned(next, x);
  }

  #versions(register: number): readonly (readonly number[])[] {
    return this.values.maps.keys(register).map((version) => this.values.elements(version));
  }

  /** The values, each once, in no order. */
  elements(register: number): readonly number[] {
    return [...new Set(this.#versions(register).map(([, x]) => x))];
  }

  size(register: number): number {
    return this.elements(register).length;
  }

  contains(register: number, x: number): boolean {
    return this.#versions(register).some(([, value]) => value === x);
  }

  override join(a: number, b: number): number {
    if (a === b) return a;
    const all = this.values.maps.union(a, b, (version) => version);
    const clocks = this.#versions(all).map(([clock]) => clock);
    return this.values.maps.change(all, (version) => {
      const [clock] = this.values.elements(version);
      return clocks.some((other) => other !== clock && this.#clocks.leq(clock, other)) ? FAILED : version;
    });
  }

  /** What comes from outside may hold versions that others replace. */
  override encode(value: Value): number {
    return this.join(EMPTY_MAP, super.encode(value));
  }

  override reveal(register: number): number {
    return this.list(this.elements(register));
  }
}

export const lww: LatticeKind<LastWrite> = {
  form: ([of]) => ({ pair: [{ plain: "int" }, { plain: of }] }),
  create: (values, type, form) => new LastWrite(values, type, form),
  holds: null,
  shown: (value) => (value as readonly Value[])[1],
  taken: (value) => {
    if (typeof value !== "object" || value === null || Object.keys(value).length !== 2) return undefined;
    const { stamp, value: of } = value as { readonly stamp?: unknown; readonly value?: unknown };
    return stamp === undefined || of === undefined ? undefined : [stamp, of];
  },
  written: 'an object {"stamp": 3, "value": ...}',
};

export const mvreg: LatticeKind<MultiValue> = {
  form: ([of]) => ({ set: { pair: [clockForm, { plain: of }] } }),
  create: (values, type, form) => new MultiValue(values, type, form),
  holds: "set",
  shown: (value) => {
    const all = (value as readonly (readonly Value[])[]).map(([, x]) => x).sort(compareValues);
    return Object.freeze(all.filter((x, i) => i === 0 || compareValues(all[i - 1], x) !== 0));
  },
  taken: null,
  written: "an array",
};
