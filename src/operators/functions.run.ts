/**
 * The run halves of the built-in functions, by name. Arguments are decoded values of the types that
 * `functions.ts` gives; what cannot be computed throws an Error whose message says why, and fails
 * the one derivation.
 */
import { canonicalJson, canonicalText, compareValues } from "../runtime/canonical.ts";
import type { Value } from "../runtime/program.ts";
import { fnv1a } from "../runtime/routing.ts";

type List = readonly Value[];
type Json = Value;

/** A list longer than this is a mistake; building it would take the instance down. */
const longestRange = 10_000_000;

function same(a: Value, b: Value): boolean {
  return a === b || compareValues(a, b) === 0;
}

function whole(name: string, value: number): number {
  if (!Number.isSafeInteger(value)) throw new Error(`${name}: ${value} is not a safe integer`);
  return value === 0 ? 0 : value;
}

function expect<T extends Json>(json: Json, is: (json: Json) => json is T, what: string): T {
  if (!is(json)) throw new Error(`${canonicalText(json)} is not ${what}`);
  return json;
}

const isObject = (json: Json): json is Readonly<Record<string, Json>> =>
  typeof json === "object" && json !== null && !Array.isArray(json) && !(json instanceof Uint8Array);

/** What JSON can hold: numbers that are finite, no bytes. */
function checkJson(value: Value): void {
  if (value instanceof Uint8Array) throw new Error("toJson: bytes have no form in JSON");
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`toJson: ${value} has no form in JSON`);
  if (Array.isArray(value)) value.forEach(checkJson);
  else if (isObject(value)) Object.values(value).forEach(checkJson);
}

export const run = {
  length: (of: string | List | Uint8Array): number => of.length,
  lower: (text: string): string => text.toLowerCase(),
  upper: (text: string): string => text.toUpperCase(),
  trim: (text: string): string => text.trim(),
  split: (text: string, by: string): List => text.split(by),
  join: (parts: List, by: string): string => parts.join(by),
  contains: (of: string | List, part: Value): boolean =>
    typeof of === "string" ? of.includes(part as string) : of.some((element) => same(element, part)),
  startsWith: (text: string, start: string): boolean => text.startsWith(start),
  endsWith: (text: string, end: string): boolean => text.endsWith(end),
  indexOf: (of: string | List, part: Value): number =>
    typeof of === "string" ? of.indexOf(part as string) : of.findIndex((element) => same(element, part)),
  substring: (text: string, from: number, to: number): string => text.slice(Math.max(0, from), Math.max(0, from, to)),
  // As a function, so that `$&` and the like are nothing special.
  replace: (text: string, what: string, by: string): string => text.replaceAll(what, () => by),
  toString: (value: Value): string => {
    if (typeof value === "string") return value;
    if (value instanceof Uint8Array) return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return typeof value === "number" ? String(value === 0 ? 0 : value) : canonicalText(value);
  },
  parseInt: (text: string): number => {
    if (!/^\s*[+-]?[0-9]+\s*$/.test(text)) throw new Error(`parseInt: ${JSON.stringify(text)} is not an integer`);
    return whole("parseInt", Number(text));
  },
  parseFloat: (text: string): number => {
    if (!/^\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$/.test(text)) {
      throw new Error(`parseFloat: ${JSON.stringify(text)} is not a number`);
    }
    const value = Number(text);
    return value === 0 ? 0 : value;
  },

  abs: (n: number): number => Math.abs(n),
  floor: (n: number): number => whole("floor", Math.floor(n)),
  ceil: (n: number): number => whole("ceil", Math.ceil(n)),
  round: (n: number): number => whole("round", Math.round(n)),
  sqrt: (n: number): number => (n === 0 ? 0 : Math.sqrt(n)),
  toFloat: (n: number): number => n,
  toNat: (n: number): number => {
    if (n < 0) throw new Error(`toNat: ${n} is negative`);
    return n;
  },
  least: (a: Value, b: Value): Value => (compareValues(a, b) <= 0 ? a : b),
  greatest: (a: Value, b: Value): Value => (compareValues(a, b) >= 0 ? a : b),

  size: (list: List): number => list.length,
  at: (list: List, place: number): Value => {
    if (place < 0 || place >= list.length)
      throw new Error(`at: there is no element ${place} in a list of ${list.length}`);
    return list[place];
  },
  slice: (list: List, from: number, to: number): List => list.slice(Math.max(0, from), Math.max(0, from, to)),
  concat: (a: List, b: List): List => [...a, ...b],
  reverse: (list: List): List => list.toReversed(),
  sort: (list: List): List => list.toSorted(compareValues),
  unique: (list: List): List => {
    const seen = new Set<string>();
    return list.filter((element) => {
      const text = canonicalText(element);
      return seen.has(text) ? false : (seen.add(text), true);
    });
  },
  range: (from: number, to: number): List => {
    if (to - from > longestRange) throw new Error(`range: ${from} to ${to} is more than ${longestRange} integers`);
    return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  },

  hash: (value: Value): number => fnv1a(canonicalText(value)),
  toJson: (value: Value): Json => {
    checkJson(value);
    return value;
  },
  parseJson: (text: string): Json => {
    try {
      return canonicalJson(JSON.parse(text) as Json);
    } catch {
      throw new Error(`parseJson: ${JSON.stringify(text.slice(0, 80))} is not JSON`);
    }
  },
  field: (json: Json, name: string): Json => {
    if (!isObject(json) || !Object.hasOwn(json, name))
      throw new Error(`field: there is no ${JSON.stringify(name)} in ${canonicalText(json)}`);
    return json[name];
  },
  hasField: (json: Json, name: string): boolean => isObject(json) && Object.hasOwn(json, name),
  asString: (json: Json): string => expect(json, (one): one is string => typeof one === "string", "a JSON string"),
  asInt: (json: Json): number => expect(json, (one): one is number => Number.isSafeInteger(one), "a safe integer"),
  asFloat: (json: Json): number => expect(json, (one): one is number => typeof one === "number", "a JSON number"),
  asBool: (json: Json): boolean =>
    expect(json, (one): one is boolean => typeof one === "boolean", "a JSON true or false"),
  asList: (json: Json): List => expect(json, (one): one is List => Array.isArray(one), "a JSON array"),
} as const;
