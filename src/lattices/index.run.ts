/** The lattices by name. To add one: a file with its operations and its kind, a line here, and its compile half. */
import type { Values } from "../runtime/engine/values.ts";
import type { ValueType } from "../runtime/program.ts";
import { gcounter, pncounter } from "./counters.run.ts";
import { dompair } from "./dompair.run.ts";
import type { Form } from "./forms.run.ts";
import { imported } from "./imported.run.ts";
import type { Lattice, LatticeKind, LatticeType } from "./lattice.run.ts";
import { lbag } from "./lbag.run.ts";
import { lmap } from "./lmap.run.ts";
import { lbool, lmax, lmin } from "./order.run.ts";
import { orset } from "./orset.run.ts";
import { lww, mvreg } from "./registers.run.ts";
import { lpset, lset } from "./sets.run.ts";
import { vclock } from "./vclock.run.ts";

const kinds = {
  lmax,
  lmin,
  lbool,
  lset,
  lpset,
  lbag,
  lmap,
  gcounter,
  pncounter,
  lww,
  mvreg,
  orset,
  dompair,
  vclock,
} as const;

/** The operations of the lattices that are built in, by name. */
export type Lattices = { readonly [N in keyof typeof kinds]: ReturnType<(typeof kinds)[N]["create"]> };

export type { Lattice, LatticeType } from "./lattice.run.ts";

/** Every name that is none of these is of an imported one. */
export function kindOf(type: LatticeType): LatticeKind {
  return Object.hasOwn(kinds, type.lattice) ? kinds[type.lattice as keyof typeof kinds] : imported;
}

const forms = new WeakMap<LatticeType, Form>();

export function formOf(type: ValueType): Form {
  if (typeof type === "string" || !("lattice" in type)) return { plain: type };
  let form = forms.get(type);
  if (form !== undefined) return form;
  const kind = kindOf(type);
  forms.set(type, (form = kind === imported ? { imported: type } : kind.form(type.args, formOf)));
  return form;
}

export function createLattice(values: Values, type: LatticeType): Lattice {
  return kindOf(type).create(values, type, formOf(type));
}
