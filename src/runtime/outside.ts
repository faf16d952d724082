/**
 * Values of lattices as those outside see them: hosts, with their files and lines of JSON, and functions. Sets and bags are
 * arrays for a host, maps are objects where the keys are strings or addresses; functions get sets and maps. Counters are
 * numbers, a register or pair is what it holds. Everything else is as it is in rows.
 */
import { formOf, kindOf } from "../lattices/index.run.ts";
import type { LatticeType } from "../lattices/index.run.ts";
import { base64 } from "./canonical.ts";
import type { Value, ValueType } from "./program.ts";

/** Of decoded values: see engine/join-of.ts. */
export type JoinOf = (type: LatticeType, a: Value, b: Value) => Value;

export function holdsLattice(type: ValueType): boolean {
  if (typeof type === "string") return false;
  if ("list" in type) return holdsLattice(type.list);
  return "lattice" in type || type.tuple.some(holdsLattice);
}

/** A decoded value as it is handed out. */
export function handed(type: ValueType, value: Value, to: "host" | "function", join: JoinOf): unknown {
  if (typeof type === "string" || !holdsLattice(type)) return value;
  const hand = (inner: ValueType, of: Value): unknown => handed(inner, of, to, join);
  if (!("lattice" in type)) return parts(type, value as readonly Value[], hand);
  const kind = kindOf(type);
  const shown = kind.shown(value, type.args, { hand, join });
  if (to === "function" && kind.holds === "set") return new Set(shown as readonly unknown[]);
  if (kind.holds !== "map") return shown;
  const pairs = shown as readonly (readonly [unknown, unknown])[];
  if (to === "function") return new Map(pairs);
  const key = keyType(type);
  return key === "string" || key === "addr" ? Object.freeze(Object.fromEntries(pairs)) : pairs;
}

function keyType(type: LatticeType): ValueType | null {
  const form = formOf(type);
  return "map" in form && "plain" in form.map ? form.map.plain : null;
}

/** The decoded value of one that was handed in: its shape is right, and the rest is to be checked. undefined: it is not. */
export function taken(type: ValueType, value: unknown): unknown {
  if (typeof type === "string" || !holdsLattice(type)) return value;
  if (!("lattice" in type)) {
    if (!Array.isArray(value) || ("tuple" in type && value.length !== type.tuple.length)) return undefined;
    const all = parts(type, value as readonly Value[], taken) as readonly unknown[];
    return all.includes(undefined) ? undefined : all;
  }
  return kindOf(type).taken?.(value, type.args, taken);
}

function parts(
  type: Exclude<ValueType, string | LatticeType>,
  values: readonly Value[],
  each: (type: ValueType, value: Value) => unknown,
): unknown {
  return values.map((value, i) => each("list" in type ? type.list : type.tuple[i], value));
}

/** How a value of the type is handed in: `an array`. */
export function writtenAs(type: ValueType): string {
  if (typeof type === "string" || !("lattice" in type)) return "an array";
  const kind = kindOf(type);
  return kind.taken === null ? "one that rules make" : kind.written;
}

/** What was handed to a host, as JSON: bytes as base64, the floats that JSON lacks as strings. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === "number" && !Number.isFinite(each)) return String(each);
    return each instanceof Uint8Array ? base64(each) : each;
  });
}
