/**
 * The one total order on values, and one text per value. Numbers by value with NaN least, strings by
 * UTF-16 code unit, false before true, bytes, lists and tuples lexicographic; of json null < bool <
 * number < string < list < object, objects by their sorted keys and then their values.
 */
import type { Row, Value } from "./program.ts";

const ranks = { null: 0, boolean: 1, number: 2, string: 3, bytes: 4, list: 5, object: 6 } as const;

function rank(value: Value): number {
  switch (typeof value) {
    case "boolean":
      return ranks.boolean;
    case "number":
      return ranks.number;
    case "string":
      return ranks.string;
    default:
      if (value === null) return ranks.null;
      if (Array.isArray(value)) return ranks.list;
      return value instanceof Uint8Array ? ranks.bytes : ranks.object;
  }
}

function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  // Equal, or one of them is NaN.
  return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
}

function compareObjects(a: Readonly<Record<string, Value>>, b: Readonly<Record<string, Value>>): number {
  const keysOfA = Object.keys(a).sort();
  const keysOfB = Object.keys(b).sort();
  const byKeys = compareRows(keysOfA, keysOfB);
  if (byKeys !== 0) return byKeys;
  for (const key of keysOfA) {
    const order = compareValues(a[key], b[key]);
    if (order !== 0) return order;
  }
  return 0;
}

export function compareValues(a: Value, b: Value): number {
  const kind = rank(a);
  const other = rank(b);
  if (kind !== other) return kind < other ? -1 : 1;
  switch (kind) {
    case ranks.null:
      return 0;
    case ranks.number:
      return compareNumbers(a as number, b as number);
    case ranks.boolean:
      return Number(a) - Number(b);
    case ranks.string:
      return (a as string) < (b as string) ? -1 : (a as string) > (b as string) ? 1 : 0;
    case ranks.object:
      return compareObjects(a as Readonly<Record<string, Value>>, b as Readonly<Record<string, Value>>);
    default:
      return compareRows(a as Row, b as Row);
  }
}

/** Lexicographic; also for lists, tuples and (as sequences of numbers) bytes. */
export function compareRows(a: ArrayLike<Value>, b: ArrayLike<Value>): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const order = compareValues(a[i], b[i]);
    if (order !== 0) return order;
  }
  return Math.sign(a.length - b.length);
}

/** JSON with sorted keys; bytes as base64, and the floats that JSON lacks as strings. Equal values of one type, equal text. */
export function canonicalText(value: Value): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "number":
      return Number.isFinite(value) ? String(value === 0 ? 0 : value) : `"${value}"`;
    default:
      if (value === null) return "null";
      if (value instanceof Uint8Array) return `"${base64(value)}"`;
      if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
      return `{${Object.keys(value)
        .sort()
        .map((key) => `${JSON.stringify(key)}:${canonicalText((value as Readonly<Record<string, Value>>)[key])}`)
        .join(",")}}`;
  }
}

/** What JSON can hold. */
export function isJson(value: unknown): value is Value {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      if (value === null) return true;
      if (Array.isArray(value)) return value.every(isJson);
      return !(value instanceof Uint8Array) && Object.values(value).every(isJson);
    default:
      return false;
  }
}

/** -0 becomes 0, and the keys of json objects are put in order, at every depth; the value itself where nothing changes. */
export function canonicalJson(value: Value): Value {
  if (typeof value === "number") return value === 0 ? 0 : value;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(canonicalJson);
  const object = value as Readonly<Record<string, Value>>;
  // fromEntries defines properties, so that a key `__proto__` stays a key.
  return Object.fromEntries(
    Object.keys(object)
      .sort()
      .map((key) => [key, canonicalJson(object[key])]),
  );
}

export function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
