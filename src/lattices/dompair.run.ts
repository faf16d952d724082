/**
 * `dompair`: versions with values. A greater version replaces what is there; of versions neither of which is greater,
 * both are shown joined.
 *
 * The pair of the joined version and the joined value would not do as the value of the lattice: its join is not
 * associative. Where v and w are neither greater, (v, a) ⊔ (w, b) would be (v ⊔ w, a ⊔ b), and (v ⊔ w, c) could come before
 * or after. So all pairs are kept that no other one's version replaces: a map of versions to values.
 */
import { EMPTY_MAP, FAILED } from "../runtime/engine/codes.ts";
import type { Value } from "../runtime/program.ts";
import { Lattice } from "./lattice.run.ts";
import type { LatticeKind, LatticeType } from "./lattice.run.ts";

export class Dominating extends Lattice {
  pair(version: number, value: number): number {
    return this.values.maps.single(version, value);
  }

  /** FAILED, as `second`, where an imported lattice fails. */
  first(of: number): number {
    return this.#joined(this.inner(0), this.values.maps.keys(of));
  }

  second(of: number): number {
    return this.#joined(this.inner(1), this.values.maps.values(of));
  }

  #joined(inner: Lattice, codes: readonly number[]): number {
    let joined = codes[0];
    for (let i = 1; i < codes.length && joined !== FAILED; i++) joined = inner.join(joined, codes[i]);
    return joined;
  }

  override join(a: number, b: number): number {
    if (a === b) return a;
    const { maps } = this.values;
    const [versions, values] = [this.inner(0), this.inner(1)];
    const all = maps.union(a, b, (x, y) => values.join(x, y));
    if (all === FAILED) return FAILED;
    const keys = maps.keys(all);
    let isFailed = false;
    const kept = maps.change(all, (version, value) => {
      for (const other of keys) {
        if (other === version) continue;
        const joined = versions.join(version, other);
        if (joined === FAILED) isFailed = true;
        if (joined === other) return FAILED;
      }
      return value;
    });
    return isFailed ? FAILED : kept;
  }

  /** What comes from outside may hold pairs that others replace. */
  override encode(value: Value): number {
    return (value as readonly Value[]).reduce<number>((joined, one) => {
      const next = super.encode([one]);
      return joined === EMPTY_MAP ? next : this.join(joined, next);
    }, EMPTY_MAP);
  }

  override reveal(of: number): number {
    const [first, second] = [this.first(of), this.second(of)];
    if (first === FAILED || second === FAILED) return FAILED;
    return this.values.sequence([this.inner(0).reveal(first), this.inner(1).reveal(second)]);
  }
}

export const dompair: LatticeKind<Dominating> = {
  form: ([version, value], formOf) => ({ map: formOf(version), to: formOf(value), isSome: true }),
  create: (values, type, form) => new Dominating(values, type, form),
  holds: null,
  shown: (value, types, { hand, join }) =>
    types.map((type, i) => {
      const parts = (value as readonly (readonly Value[])[]).map((pair) => pair[i]);
      return hand(
        type,
        parts.reduce((a, b) => join(type as LatticeType, a, b)),
      );
    }),
  taken: (value, types, take) => {
    if (!Array.isArray(value) || value.length !== 2) return undefined;
    const pair = types.map((type, i) => take(type, value[i]));
    return pair.includes(undefined) ? undefined : [pair];
  },
  written: "an array [version, value]",
};
