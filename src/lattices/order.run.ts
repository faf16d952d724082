/** `lmax`, `lmin`, `lbool`: plain values in their order. */
import { Lattice, plain } from "./lattice.run.ts";
import type { LatticeKind } from "./lattice.run.ts";

abstract class Ordered extends Lattice {
  lift(x: number): number {
    return x;
  }

  override reveal(value: number): number {
    return value;
  }
}

export class Greatest extends Ordered {
  override join(a: number, b: number): number {
    return this.values.compare(this.element, a, b) < 0 ? b : a;
  }
}

export class Least extends Ordered {
  override join(a: number, b: number): number {
    return this.values.compare(this.element, a, b) > 0 ? b : a;
  }
}

export class Truth extends Lattice {
  lift(is: boolean): number {
    return is ? 1 : 0;
  }

  whenTrue(value: number): boolean {
    return value === 1;
  }

  override join(a: number, b: number): number {
    return a | b;
  }

  override reveal(value: number): number {
    return value;
  }
}

export const lmax: LatticeKind<Greatest> = {
  ...plain,
  form: ([of]) => ({ plain: of }),
  create: (values, type, form) => new Greatest(values, type, form),
  written: "a plain value",
};

export const lmin: LatticeKind<Least> = { ...lmax, create: (values, type, form) => new Least(values, type, form) };

export const lbool: LatticeKind<Truth> = {
  ...plain,
  form: () => ({ plain: "bool" }),
  create: (values, type, form) => new Truth(values, type, form),
  written: "true or false",
};
