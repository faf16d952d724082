/** Dots: what an update of a lattice counts once for (`inc`, `dec`, `add`; semantics A13). */
import { canonicalText } from "../canonical.ts";
import type { ValueType } from "../program.ts";
import type { Values } from "./values.ts";

export class Dots {
  readonly #values: Values;
  readonly #rule: string;
  readonly #types: readonly ValueType[];

  constructor(values: Values, rule: string, types: readonly ValueType[]) {
    this.#values = values;
    this.#rule = rule;
    this.#types = types;
  }

  /** The code of a text that is the same wherever the rule has this valuation, at any instance and after any restart. */
  of(...codes: readonly number[]): number {
    return this.#values.string(
      canonicalText([this.#rule, ...codes.map((code, i) => this.#values.decode(this.#types[i], code))]),
    );
  }
}
