/** Plain data: what JSON can hold, as a TypeScript type declares it. The values of imported lattices are of such types. */
import { canonicalText } from "../runtime/canonical.ts";
import { foundText } from "../runtime/codec.ts";
import type { Value } from "../runtime/program.ts";

export type Data =
  | { readonly kind: "number" | "string" | "boolean" }
  | { readonly kind: "constant"; readonly value: null | boolean | number | string }
  | { readonly kind: "array"; readonly of: Data }
  | { readonly kind: "tuple"; readonly of: readonly Data[] }
  /** `others`: what an index signature (`[name: string]: …`, `Record<string, …>`) allows besides. */
  | { readonly kind: "object"; readonly fields: readonly Field[]; readonly others: Data | null }
  | { readonly kind: "choice"; readonly of: readonly Data[] }
  /** A type that refers to itself. */
  | { readonly kind: "named"; readonly is: () => Data };

export interface Field {
  readonly name: string;
  readonly optional: boolean;
  readonly of: Data;
}

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** What is wrong with a value as one of the type, as `: votes.a is string "x"`; null when nothing is. */
export function dataProblem(data: Data, value: unknown, path = ""): string | null {
  const wrong = (): string => `: ${path === "" ? "it" : path} is ${foundText(value)}`;
  const inner = (name: string): string => (path === "" ? name : `${path}.${name}`);
  switch (data.kind) {
    case "number":
      return typeof value === "number" && Number.isFinite(value) ? null : wrong();
    case "string":
    case "boolean":
      return typeof value === data.kind ? null : wrong();
    case "constant":
      return value === data.value ? null : wrong();
    case "array":
    case "tuple": {
      if (!Array.isArray(value) || (data.kind === "tuple" && value.length !== data.of.length)) return wrong();
      return firstOf(value, (one, i) =>
        dataProblem(data.kind === "array" ? data.of : data.of[i]!, one, inner(String(i))),
      );
    }
    case "object":
      return isFields(value) ? fieldsProblem(data, value, inner) : wrong();
    case "choice":
      return data.of.some((one) => dataProblem(one, value) === null)
        ? null
        : (nearest(data.of, value, path) ?? wrong());
    case "named":
      return dataProblem(data.is(), value, path);
  }
}

function fieldsProblem(
  { fields, others }: Extract<Data, { kind: "object" }>,
  value: Fields,
  inner: (name: string) => string,
): string | null {
  const declared = new Map(fields.map((field) => [field.name, field]));
  const missing = fields.find(({ name, optional }) => !optional && !Object.hasOwn(value, name));
  if (missing !== undefined) return `: ${inner(missing.name)} is missing`;
  return firstOf(Object.entries(value), ([name, of]) => {
    const type = declared.get(name)?.of ?? others;
    if (type !== null) return dataProblem(type, of, inner(name));
    // A value may have more than its type says, as long as that is plain data, too.
    return anything(of) ? null : `: ${inner(name)} is ${foundText(of)}`;
  });
}

/** Of alternatives that are all objects or arrays, what is wrong with the one that the value comes closest to. */
function nearest(of: readonly Data[], value: unknown, path: string): string | null {
  const alike = of.filter((one) =>
    one.kind === "object" ? isFields(value) : one.kind === "array" && Array.isArray(value),
  );
  return alike.length === 1 ? dataProblem(alike[0]!, value, path) : null;
}

function firstOf<T>(all: readonly T[], problem: (one: T, i: number) => string | null): string | null {
  for (const [i, one] of all.entries()) {
    const found = problem(one, i);
    if (found !== null) return found;
  }
  return null;
}

function anything(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (Array.isArray(value)) return value.every(anything);
  return isFields(value) && Object.values(value).every(anything);
}

export function fitsData(data: Data, value: unknown): boolean {
  return dataProblem(data, value) === null;
}

/** The simplest value of the type; undefined where there is none that ends. */
export function leastOf(data: Data, within: ReadonlySet<Data> = new Set()): Value | undefined {
  switch (data.kind) {
    case "number":
      return 0;
    case "string":
      return "";
    case "boolean":
      return false;
    case "constant":
      return data.value;
    case "array":
      return [];
    case "tuple": {
      const of = data.of.map((one) => leastOf(one, within));
      return of.some((one) => one === undefined) ? undefined : (of as Value[]);
    }
    case "object": {
      const needed = data.fields.filter(({ optional }) => !optional);
      const of = needed.map((field) => [field.name, leastOf(field.of, within)] as const);
      return of.some(([, one]) => one === undefined) ? undefined : (Object.fromEntries(of) as Value);
    }
    case "choice": {
      const found = data.of.map((one) => leastOf(one, within)).filter((one) => one !== undefined);
      return found.sort((a, b) => canonicalText(a).length - canonicalText(b).length)[0];
    }
    case "named":
      return within.has(data) ? undefined : leastOf(data.is(), new Set(within).add(data));
  }
}
