/** What every lattice gives: its operations on codes, and what hosts and functions see of its values. */
import type { Values } from "../runtime/engine/values.ts";
import type { Value, ValueType } from "../runtime/program.ts";
import { decode, encode } from "./forms.run.ts";
import type { Form } from "./forms.run.ts";

export type LatticeType = Extract<ValueType, { readonly lattice: string }>;

/** The operations of one lattice type. Values are codes; FAILED (codes.ts) where an operation has no result. */
export abstract class Lattice {
  readonly type: LatticeType;
  protected readonly values: Values;
  protected readonly form: Form;

  constructor(values: Values, type: LatticeType, form: Form) {
    this.values = values;
    this.type = type;
    this.form = form;
  }

  /** The least value that is at least both. FAILED where an imported lattice fails: see `Values.failure`. */
  abstract join(a: number, b: number): number;

  /** The plain value that it has now. */
  abstract reveal(value: number): number;

  leq(a: number, b: number): boolean {
    return a === b || this.join(a, b) === b;
  }

  encode(value: Value): number {
    return encode(this.values, this.form, value);
  }

  decode(code: number): Value {
    return decode(this.values, this.form, code);
  }

  /** The type of the element, or of the first argument. */
  protected get element(): ValueType {
    return this.type.args[0];
  }

  /** The lattice that is an argument of this one. */
  protected inner(argument: number): Lattice {
    return this.values.lattice(this.type.args[argument] as LatticeType);
  }

  /** A list of codes of the element's type, in canonical order. */
  protected list(codes: readonly number[]): number {
    return this.values.sequence(this.values.sorted(this.element, codes));
  }
}

/** For a lattice whose values hold those of others. */
export interface Hands {
  /** The same of a value of another type. */
  readonly hand: (type: ValueType, value: Value) => unknown;
  /** Of decoded values. */
  readonly join: (type: LatticeType, a: Value, b: Value) => Value;
}

/** How a lattice is made, and what passes between decoded values and those outside. */
export interface LatticeKind<L extends Lattice = Lattice> {
  readonly form: (args: readonly ValueType[], formOf: (type: ValueType) => Form) => Form;
  readonly create: (values: Values, type: LatticeType, form: Form) => L;
  /** Elements or pairs are handed out as a set or map, or (null) as they are. */
  readonly holds: "set" | "map" | null;
  /** The revealed value of a decoded one. */
  readonly shown: (value: Value, args: readonly ValueType[], hands: Hands) => unknown;
  /** A decoded value of one from outside, not checked; undefined where it has another shape. null: none can be given. */
  readonly taken:
    | ((value: unknown, args: readonly ValueType[], take: (type: ValueType, value: unknown) => unknown) => unknown)
    | null;
  /** How one from outside is written. */
  readonly written: string;
}

const asIs = (value: unknown): unknown => value;

/** Kinds whose decoded values are what is seen. */
export const plain: Pick<LatticeKind, "holds" | "shown" | "taken"> = { holds: null, shown: asIs, taken: asIs };

/** A list from outside: an array or a set. */
export function listOf(value: unknown): readonly unknown[] | undefined {
  return value instanceof Set ? [...value] : Array.isArray(value) ? value : undefined;
}

/** Pairs from outside: an array of them, a map, or an object with the keys as names. */
export function pairsOf(value: unknown, key: ValueType): readonly (readonly [unknown, unknown])[] | undefined {
  if (value instanceof Map) return [...value];
  if (Array.isArray(value)) return value.every((one) => Array.isArray(one) && one.length === 2) ? value : undefined;
  const isNamed = (key === "string" || key === "addr") && typeof value === "object" && value !== null;
  return isNamed && !(value instanceof Set || value instanceof Uint8Array) ? Object.entries(value) : undefined;
}
