/**
 * What a lattice's values are made of. From its form follow the plain type that its decoded values have (on wires, in
 * rows), the one order in which they are written, and their codes.
 */
import { canonicalJson, canonicalText, compareValues } from "../runtime/canonical.ts";
import type { Values } from "../runtime/engine/values.ts";
import type { Value, ValueType } from "../runtime/program.ts";
import type { LatticeType } from "./lattice.run.ts";

export type Form =
  | { readonly plain: ValueType }
  /** A number that is not negative, and not NaN. */
  | { readonly amount: ValueType }
  /** Decoded: a list, each element once. */
  | { readonly set: Form }
  /** Decoded: a list of pairs, each key once. Sparse: an entry with the number 0 is as good as none. Some: it has one at least. */
  | { readonly map: Form; readonly to: Form; readonly isSparse?: true; readonly isSome?: true }
  | { readonly pair: readonly [Form, Form] }
  /** JSON of an imported lattice. */
  | { readonly imported: LatticeType };

type List = readonly Value[];
type Pairs = readonly (readonly [Value, Value])[];

/** The type of decoded values. */
export function representation(form: Form): ValueType {
  if ("plain" in form) return form.plain;
  if ("amount" in form) return form.amount;
  if ("imported" in form) return "json";
  if ("set" in form) return { list: representation(form.set) };
  const [first, second] = "pair" in form ? form.pair : [form.map, form.to];
  const tuple: ValueType = { tuple: [representation(first), representation(second)] };
  return "pair" in form ? tuple : { list: tuple };
}

/** What is wrong with a value of the representation: ` and ...`; null: nothing. */
export function unsound(form: Form, value: Value): string | null {
  if ("plain" in form || "imported" in form) return null;
  if ("amount" in form) return (value as number) >= 0 ? null : `, and ${value} is not 0 or more`;
  if ("pair" in form) return unsound(form.pair[0], (value as List)[0]) ?? unsound(form.pair[1], (value as List)[1]);
  if ("set" in form) return firstOf(value as List, (element) => unsound(form.set, element));
  const entries = value as Pairs;
  if (form.isSome === true && entries.length === 0) return ", and nothing stands in it";
  const problem = firstOf(entries, ([key, of]) => unsound(form.map, key) ?? unsound(form.to, of));
  if (problem !== null) return problem;
  // What another instance sends is in order.
  if ("plain" in form.map && entries.every(([key], i) => i === 0 || compareValues(entries[i - 1][0], key) < 0))
    return null;
  const keys = new Set<string>();
  return firstOf(entries, ([key]) => {
    const text = canonicalText(written(form.map, key));
    return keys.size === keys.add(text).size ? `, and the key ${text} stands twice` : null;
  });
}

function stands(form: Extract<Form, { map: Form }>, of: Value): boolean {
  return form.isSparse !== true || of !== 0;
}

function firstOf<T>(all: readonly T[], problem: (one: T) => string | null): string | null {
  for (const one of all) {
    const found = problem(one);
    if (found !== null) return found;
  }
  return null;
}

/** A sound value of the representation in its one order. */
export function written(form: Form, value: Value): Value {
  if ("plain" in form || "amount" in form || "imported" in form) return canonicalJson(value);
  if ("pair" in form) return form.pair.map((part, i) => written(part, (value as List)[i]));
  if ("set" in form) return inOrder((value as List).map((element) => written(form.set, element)));
  const entries = (value as Pairs).map(([key, of]) => [written(form.map, key), written(form.to, of)] as const);
  return entries.filter(([, of]) => stands(form, of)).sort(([a], [b]) => compareValues(a, b));
}

function inOrder(list: Value[]): List {
  list.sort(compareValues);
  return list.filter((element, i) => i === 0 || compareValues(list[i - 1], element) !== 0);
}

export function encode(values: Values, form: Form, value: Value): number {
  if ("plain" in form) return values.encode(form.plain, value);
  if ("amount" in form) return values.encode(form.amount, value);
  if ("imported" in form) return values.lattice(form.imported).encode(value);
  if ("pair" in form) return values.sequence(form.pair.map((part, i) => encode(values, part, (value as List)[i])));
  if ("set" in form) {
    const elements = (value as List).map((element) => encode(values, form.set, element));
    return values.maps.of(elements, elements, (element) => element);
  }
  const entries = (value as Pairs).filter(([, of]) => stands(form, of));
  return values.maps.of(
    entries.map(([key]) => encode(values, form.map, key)),
    entries.map(([, of]) => encode(values, form.to, of)),
    (first) => first,
  );
}

/** Frozen, in its one order. */
export function decode(values: Values, form: Form, code: number): Value {
  if ("plain" in form) return values.decode(form.plain, code);
  if ("amount" in form) return values.decode(form.amount, code);
  if ("imported" in form) return values.decode("json", code);
  if ("pair" in form) {
    const codes = values.elements(code);
    return Object.freeze(form.pair.map((part, i) => decode(values, part, codes[i])));
  }
  const keys = values.maps.keys(code).map((key) => decode(values, "set" in form ? form.set : form.map, key));
  if ("set" in form) return Object.freeze(keys.sort(compareValues));
  const to = values.maps.values(code).map((of) => decode(values, form.to, of));
  const entries = keys.map((key, i) => Object.freeze([key, to[i]] as const));
  return Object.freeze(entries.sort(([a], [b]) => compareValues(a, b)));
}
