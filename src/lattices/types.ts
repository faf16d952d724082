/**
 * The lattice types (language.md section 7): what they are made of, what is lifted into them, and what a reader sees.
 * Which reads are monotone is said with the operations, in `operations.ts`; the run halves are the `x.run.ts` beside it.
 */
import type { Type } from "../compiler/ir.ts";
import { addr, bool, int, isNumber, json, lattice, listOf, nat, typeText } from "../compiler/types.ts";

export interface LatticeKind {
  readonly name: string;
  /** What each type argument is, as it is said in messages. */
  readonly params: readonly { readonly name: string; readonly is: "plain" | "number" | "lattice" }[];
  readonly doc: string;
  /** The plain value that it has now. */
  readonly reveal: (args: readonly Type[]) => Type;
  /** A plain value of which one of the lattice is made, and how; null: none. */
  readonly lift: { readonly of: (args: readonly Type[]) => Type; readonly op: string } | null;
  /** What `x in v` ranges over; null where it does not. */
  readonly elements: ((args: readonly Type[]) => Type) | null;
  /** Updates that stand as a head term: `inc(1)`. */
  readonly updates: readonly Update[];
  /** The host can give one. */
  readonly fromHost: boolean;
}

/** `op(x)` as a head term. */
export interface Update {
  readonly op: string;
  readonly of: (args: readonly Type[]) => Type;
  /**
   * `event`: counts once, ever, for each valuation of the body (semantics A13).
   * `context`: looks at the value that the instance holds (semantics A10).
   */
  readonly kind: "event" | "context";
}

const T = { name: "T", is: "plain" } as const;
const first = (args: readonly Type[]): Type => args[0];
const list = (args: readonly Type[]): Type => listOf(args[0]);
const pair = (a: Type, b: Type): Type => ({ kind: "tuple", of: [a, b] });

export function revealed(type: Type): Type {
  if (type.kind !== "lattice") return type;
  return latticeKinds.get(type.name)?.reveal(type.args) ?? json;
}

const kinds: readonly LatticeKind[] = [
  {
    name: "lmax",
    params: [T],
    doc: "The greatest value merged so far, in the order of all values.",
    reveal: first,
    lift: { of: first, op: "lift" },
    elements: null,
    updates: [],
    fromHost: true,
  },
  {
    name: "lmin",
    params: [T],
    doc: "The least value merged so far, in the order of all values.",
    reveal: first,
    lift: { of: first, op: "lift" },
    elements: null,
    updates: [],
    fromHost: true,
  },
  {
    name: "lbool",
    params: [],
    doc: "False until true is merged.",
    reveal: () => bool,
    lift: { of: () => bool, op: "lift" },
    elements: null,
    updates: [],
    fromHost: true,
  },
  {
    name: "lset",
    params: [T],
    doc: "A set that grows.",
    reveal: list,
    lift: { of: first, op: "lift" },
    elements: first,
    updates: [],
    fromHost: true,
  },
  {
    name: "lpset",
    params: [{ name: "T", is: "number" }],
    doc: "A set of numbers that are not negative, so that their sum only grows.",
    reveal: list,
    lift: { of: first, op: "lift" },
    elements: first,
    updates: [],
    fromHost: true,
  },
  {
    name: "lbag",
    params: [T],
    doc: "A bag: each element as often as in the greatest of what was merged.",
    reveal: list,
    lift: { of: first, op: "lift" },
    elements: first,
    updates: [],
    fromHost: true,
  },
  {
    name: "lmap",
    params: [
      { name: "K", is: "plain" },
      { name: "L", is: "lattice" },
    ],
    doc: "A map to lattice values, joined key by key.",
    reveal: ([key, value]) => listOf(pair(key, revealed(value))),
    lift: null,
    elements: ([key, value]) => pair(key, value),
    updates: [],
    fromHost: true,
  },
  {
    name: "gcounter",
    params: [],
    doc: "A counter that grows. `inc(n)` counts once for each valuation of the rule's body.",
    reveal: () => nat,
    lift: null,
    elements: null,
    updates: [{ op: "inc", of: () => nat, kind: "event" }],
    fromHost: false,
  },
  {
    name: "pncounter",
    params: [],
    doc: "A counter that goes up by `inc(n)` and down by `dec(n)`, each once for each valuation of the rule's body.",
    reveal: () => int,
    lift: null,
    elements: null,
    updates: [
      { op: "inc", of: () => nat, kind: "event" },
      { op: "dec", of: () => nat, kind: "event" },
    ],
    fromHost: false,
  },
  {
    name: "lww",
    params: [T],
    doc: "The value with the greatest stamp; of equal stamps the greater value. `stamped(n, x)` brings its stamp, a plain `x` takes the next one of the copy at hand.",
    reveal: first,
    lift: { of: first, op: "set" },
    elements: null,
    updates: [],
    fromHost: true,
  },
  {
    name: "mvreg",
    params: [T],
    doc: "The values that no later write has replaced. `versioned(clock, x)` brings its version, a plain `x` replaces what the copy at hand holds.",
    reveal: list,
    lift: { of: first, op: "set" },
    elements: first,
    updates: [],
    fromHost: false,
  },
  {
    name: "orset",
    params: [T],
    doc: "A set of which `remove(x)` takes out what the copy at hand has seen added; an `add(x)` that it has not seen stays.",
    reveal: list,
    lift: null,
    elements: first,
    updates: [
      { op: "add", of: first, kind: "event" },
      { op: "remove", of: first, kind: "context" },
    ],
    fromHost: false,
  },
  {
    name: "dompair",
    params: [
      { name: "V", is: "lattice" },
      { name: "L", is: "lattice" },
    ],
    doc: "A version and a value: a greater version replaces both; of versions neither of which is greater, both are joined.",
    reveal: ([version, value]) => pair(revealed(version), revealed(value)),
    lift: null,
    elements: null,
    updates: [],
    fromHost: true,
  },
  {
    name: "vclock",
    params: [],
    doc: "A vector clock: the greatest count seen of each instance.",
    reveal: () => listOf(pair(addr, nat)),
    lift: null,
    elements: () => pair(addr, lattice("lmax", nat)),
    updates: [],
    fromHost: true,
  },
];

export const latticeKinds: ReadonlyMap<string, LatticeKind> = new Map(kinds.map((kind) => [kind.name, kind]));

/** What is wrong with a type argument; null when it is as the lattice needs it. */
export function argumentProblem(kind: LatticeKind, i: number, arg: Type): string | null {
  const { is, name } = kind.params[i];
  if (arg.kind === "unknown") return null;
  if (is === "lattice")
    return arg.kind === "lattice"
      ? null
      : `\`${name}\` of \`${kind.name}\` is a lattice, and \`${typeText(arg)}\` is a plain type`;
  if (holdsLattice(arg))
    return `\`${name}\` of \`${kind.name}\` is a plain type, and \`${typeText(arg)}\` holds a lattice`;
  if (is === "number" && !isNumber(arg))
    return `\`${kind.name}\` adds its elements up, and \`${typeText(arg)}\` is no number`;
  return null;
}

export function holdsLattice(type: Type): boolean {
  switch (type.kind) {
    case "lattice":
      return true;
    case "list":
      return holdsLattice(type.of);
    case "tuple":
      return type.of.some(holdsLattice);
    default:
      return false;
  }
}

/** Whether a host can give a value of the type. */
export function isFromHost(type: Type): boolean {
  if (type.kind !== "lattice") return true;
  return (latticeKinds.get(type.name)?.fromHost ?? true) && type.args.every(isFromHost);
}

/** Columns by whether they are lattices: the others are the key. */
export function latticeColumns(columns: readonly { readonly type: Type }[]): readonly number[] {
  return columns.flatMap(({ type }, i) => (type.kind === "lattice" ? [i] : []));
}
