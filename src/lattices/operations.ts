/**
 * What can be done with lattice values, and how the result moves while they grow (semantics A4). The run half of each
 * is the method of the same name of the lattice's ops.
 */
import type { LatticeType, Type } from "../compiler/ir.ts";
import { addr, bool, int, lattice, nat } from "../compiler/types.ts";

/**
 * `morphism`: grows, and may be computed of what is new alone: f(a ⊔ b) = f(a) ⊔ f(b) in each lattice argument.
 * `element`: a test of single elements: true of a whole as soon as of a part. `monotone`: only grows. `reveal`: may change in any way.
 */
export type Growth = "morphism" | "element" | "monotone" | "reveal";

export interface Operation {
  readonly name: string;
  /** Lattices of its first argument. */
  readonly on: readonly string[];
  /** Types of the other arguments, and of the result. `same`: the lattice of the first argument; `function`: the name of one. */
  readonly params: (on: LatticeType) => readonly (Type | "function" | "lset")[];
  readonly returns: (on: LatticeType, by: Type, others: readonly Type[]) => Type;
  readonly growth: Growth;
  readonly doc: string;
}

const sets = ["lset", "lpset", "lbag"];
const shown = ["orset", "mvreg"];
const element = (on: LatticeType): Type => on.args[0];

const lmax = (of: Type): LatticeType => lattice("lmax", of);

export const operations: readonly Operation[] = [
  {
    name: "size",
    on: [...sets, "lmap"],
    params: () => [],
    returns: () => lmax(nat),
    growth: "monotone",
    doc: "How many elements or keys it has.",
  },
  {
    name: "size",
    on: shown,
    params: () => [],
    returns: () => nat,
    growth: "reveal",
    doc: "How many elements it has now.",
  },
  {
    name: "contains",
    on: sets,
    params: (on) => [element(on)],
    returns: () => bool,
    growth: "element",
    doc: "Whether it has the element.",
  },
  {
    name: "contains",
    on: shown,
    params: (on) => [element(on)],
    returns: () => bool,
    growth: "reveal",
    doc: "Whether it has the element now.",
  },
  {
    name: "union",
    on: ["lset", "lpset", "lbag"],
    params: (on) => [on],
    returns: (on) => on,
    growth: "morphism",
    doc: "The elements of both.",
  },
  {
    name: "intersect",
    on: ["lset", "lpset", "lbag"],
    params: (on) => [on],
    returns: (on) => on,
    growth: "morphism",
    doc: "The elements that both have.",
  },
  {
    name: "product",
    on: ["lset", "lpset"],
    params: () => ["lset"],
    returns: (on, _, [other]) =>
      lattice("lset", {
        kind: "tuple",
        of: [element(on), other.kind === "lattice" ? other.args[0] : { kind: "unknown" }],
      }),
    growth: "morphism",
    doc: "All pairs of an element of the first and one of the second.",
  },
  {
    name: "map",
    on: ["lset", "lpset"],
    params: () => ["function"],
    returns: (_, by) => lattice("lset", by),
    growth: "morphism",
    doc: "What the function gives for each element.",
  },
  {
    name: "filter",
    on: ["lset", "lpset"],
    params: () => ["function"],
    returns: (on) => on,
    growth: "morphism",
    doc: "The elements for which the function is true.",
  },
  {
    name: "sum",
    on: ["lpset"],
    params: () => [],
    returns: (on) => lmax(on.args[0]),
    growth: "monotone",
    doc: "The sum of its elements.",
  },
  {
    name: "multiplicity",
    on: ["lbag"],
    params: (on) => [element(on)],
    returns: () => lmax(nat),
    growth: "morphism",
    doc: "How often it has the element.",
  },
  {
    name: "at",
    on: ["lmap"],
    params: (on) => [on.args[0]],
    returns: (on) => on.args[1],
    growth: "morphism",
    doc: "The value of the key; where there is none, the rule gives nothing.",
  },
  {
    name: "hasKey",
    on: ["lmap"],
    params: (on) => [on.args[0]],
    returns: () => bool,
    growth: "element",
    doc: "Whether it has the key.",
  },
  {
    name: "keys",
    on: ["lmap"],
    params: () => [],
    returns: (on) => lattice("lset", on.args[0]),
    growth: "morphism",
    doc: "Its keys.",
  },
  {
    name: "at",
    on: ["vclock"],
    params: () => [addr],
    returns: () => lmax(nat),
    growth: "morphism",
    doc: "The count of an instance, 0 when it has none.",
  },
  {
    name: "dominates",
    on: ["vclock"],
    params: (on) => [on],
    returns: () => bool,
    growth: "monotone",
    doc: "Whether no count is less than in the other clock. Monotone only where the other one is constant.",
  },
  {
    name: "value",
    on: ["gcounter"],
    params: () => [],
    returns: () => lmax(nat),
    growth: "monotone",
    doc: "Its count.",
  },
  { name: "value", on: ["pncounter"], params: () => [], returns: () => int, growth: "reveal", doc: "Its count now." },
  {
    name: "whenTrue",
    on: ["lbool"],
    params: () => [],
    returns: () => bool,
    growth: "element",
    doc: "True once it is.",
  },
  {
    name: "first",
    on: ["dompair"],
    params: () => [],
    returns: (on) => on.args[0],
    growth: "reveal",
    doc: "Its version.",
  },
  {
    name: "second",
    on: ["dompair"],
    params: () => [],
    returns: (on) => on.args[1],
    growth: "reveal",
    doc: "The value of its version.",
  },
  { name: "stamp", on: ["lww"], params: () => [], returns: () => int, growth: "reveal", doc: "Its stamp now." },
];

const byName = new Map<string, Operation[]>();
for (const one of operations) {
  const same = byName.get(one.name);
  if (same === undefined) byName.set(one.name, [one]);
  else same.push(one);
}

/** Names that mean an operation where their first argument is a lattice value. */
export function operationsNamed(name: string): readonly Operation[] {
  return byName.get(name) ?? [];
}

/** The operation of that name on that lattice. */
export function operationOn(name: string, on: string): Operation | undefined {
  return byName.get(name)?.find((one) => one.on.includes(on));
}

/** Operations that take the name of a function. */
export const applying: ReadonlySet<string> = new Set(["map", "filter"]);

/** Operations that the language writes in other ways. */
const unnamed: ReadonlyMap<string, Growth> = new Map([
  // What makes a value.
  ["lift", "morphism"],
  ["of", "morphism"],
  ["ofPairs", "morphism"],
  ["pair", "morphism"],
  ["stamped", "morphism"],
  ["versioned", "morphism"],
  ["inc", "morphism"],
  ["dec", "morphism"],
  ["add", "morphism"],
  ["remove", "reveal"],
  ["set", "reveal"],
  ["reveal", "reveal"],
]);

export function growthOf(op: string, on: string): Growth {
  return unnamed.get(op) ?? operationOn(op, on)?.growth ?? "reveal";
}

/** The updates that look at the value at hand: see `Update`. */
export const contextual: ReadonlySet<string> = new Set(["set", "remove"]);
/** The updates that count each valuation once. */
export const eventful: ReadonlySet<string> = new Set(["inc", "dec", "add"]);
