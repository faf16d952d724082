/** A lattice that a program imports: JSON, joined by a function of its module. */
import { canonicalText, isJson } from "../runtime/canonical.ts";
import { FAILED } from "../runtime/engine/codes.ts";
import { Lattice, plain } from "./lattice.run.ts";
import type { LatticeKind } from "./lattice.run.ts";
import type { Value } from "../runtime/program.ts";

export class Imported extends Lattice {
  override join(a: number, b: number): number {
    if (a === b) return a;
    const { lattice: name } = this.type;
    const { join } = this.values.imported(name);
    const [x, y] = [this.decode(a), this.decode(b)];
    const fail = (how: string): number => {
      this.values.failure = `the join of ${name} ${how} for ${canonicalText(x)} and ${canonicalText(y)}`;
      return FAILED;
    };
    let joined: unknown;
    try {
      joined = join(x as never, y as never);
    } catch (error) {
      return fail(`threw ${JSON.stringify(error instanceof Error ? error.message : String(error))}`);
    }
    return isJson(joined) ? this.values.encode("json", joined) : fail("gave what JSON cannot hold");
  }

  /**
   * A value that enters: joined with the bottom, which changes only how it is written, so that equal values are written
   * alike, whoever wrote them.
   */
  override encode(value: Value): number {
    const { bottom, join } = this.values.imported(this.type.lattice);
    try {
      const joined = join(bottom as never, value as never);
      if (isJson(joined)) return this.values.encode("json", joined);
    } catch {
      // It is said when it meets another one.
    }
    return this.values.encode("json", value);
  }

  override reveal(value: number): number {
    return value;
  }
}

export const imported: LatticeKind<Imported> = {
  ...plain,
  form: () => {
    throw new Error("its form is its type");
  },
  create: (values, type, form) => new Imported(values, type, form),
  written: "JSON",
};
