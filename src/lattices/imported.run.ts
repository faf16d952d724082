/** A lattice that a program imports: JSON, joined by a function of its module. */
import { canonicalText, isJson } from "../runtime/canonical.ts";
import { FAILED } from "../runtime/engine/codes.ts";
import { Lattice, plain } from "./lattice.run.ts";
import type { LatticeKind } from "./lattice.run.ts";

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
    return isJson(joined) ? this.encode(joined) : fail("gave what JSON cannot hold");
  }

  override reveal(value: number): number {
    return value;
  }
}

export const imported: LatticeKind<Imported> = {
  ...plain,
  form: () => ({ plain: "json" }),
  create: (values, type, form) => new Imported(values, type, form),
  written: "JSON",
};
