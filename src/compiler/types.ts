/** Types as values: their text, when two agree, and the least type that covers two. */
import type { LatticeType, Type } from "./ir.ts";

export type ScalarName = Exclude<Type["kind"], "list" | "tuple" | "lattice" | "unknown">;

export const scalarNames: readonly ScalarName[] = ["int", "nat", "float", "string", "bool", "addr", "bytes", "json"];

export const int: Type = { kind: "int" };
export const nat: Type = { kind: "nat" };
export const float: Type = { kind: "float" };
export const string: Type = { kind: "string" };
export const bool: Type = { kind: "bool" };
export const addr: Type = { kind: "addr" };
export const bytes: Type = { kind: "bytes" };
export const json: Type = { kind: "json" };
export const unknown: Type = { kind: "unknown" };

const scalars: ReadonlyMap<string, Type> = new Map(
  [int, nat, float, string, bool, addr, bytes, json].map((type) => [type.kind, type]),
);

/** The scalar type of that name; undefined when there is none. */
export function scalarType(name: string): Type | undefined {
  return scalars.get(name);
}

export function listOf(of: Type): Type {
  return { kind: "list", of };
}

/** As written in a program: `list<(int, string)>`. */
export function typeText(type: Type): string {
  switch (type.kind) {
    case "list":
      return `list<${typeText(type.of)}>`;
    case "tuple":
      return `(${type.of.map(typeText).join(", ")})`;
    case "lattice":
      return type.args.length === 0 ? type.name : `${type.name}<${type.args.map(typeText).join(", ")}>`;
    case "unknown":
      return "?";
    default:
      return type.kind;
  }
}

/** Whether it is a lattice, or a list or tuple of some. */
export function holdsLattice(type: Type): boolean {
  if (type.kind === "list") return holdsLattice(type.of);
  return type.kind === "tuple" ? type.of.some(holdsLattice) : type.kind === "lattice";
}

export function lattice(name: string, ...args: readonly Type[]): LatticeType {
  return { kind: "lattice", name, args };
}

export function isLattice(type: Type): type is LatticeType {
  return type.kind === "lattice";
}

/** The plain type whose values those of an `lmax`, `lmin` or `lbool` are; any other type as it is. */
export function carrier(type: Type): Type {
  if (type.kind !== "lattice") return type;
  return type.name === "lmax" || type.name === "lmin" ? type.args[0] : type.name === "lbool" ? bool : type;
}

export function sameType(a: Type, b: Type): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  if (a.kind === "lattice" && b.kind === "lattice")
    return a.name === b.name && a.args.every((arg, i) => sameType(arg, b.args[i]));
  if (a.kind === "list" && b.kind === "list") return sameType(a.of, b.of);
  if (a.kind === "tuple" && b.kind === "tuple") {
    return a.of.length === b.of.length && a.of.every((of, i) => sameType(of, b.of[i]));
  }
  return true;
}

export function isNumber(type: Type): boolean {
  return type.kind === "int" || type.kind === "nat" || type.kind === "float";
}

export function isWhole(type: Type): boolean {
  return type.kind === "int" || type.kind === "nat";
}

/** Types side by side; null when they differ in number or one pair has no result. */
function pairwise(a: readonly Type[], b: readonly Type[], of: (a: Type, b: Type) => Type | null): Type[] | null {
  if (a.length !== b.length) return null;
  const all: Type[] = [];
  for (let i = 0; i < a.length; i++) {
    const one = of(a[i], b[i]);
    if (one === null) return null;
    all.push(one);
  }
  return all;
}

/**
 * The least type of which values of both are (`nat` and `int`: `int`); numbers meet in `float`,
 * what JSON can hold meets in `json`. null: they have nothing in common.
 */
export function joinTypes(a: Type, b: Type): Type | null {
  if (a === b) return a;
  if (a.kind === "unknown") return b;
  if (b.kind === "unknown") return a;
  if (a.kind === "list" && b.kind === "list") {
    const of = joinTypes(a.of, b.of);
    return of === null ? null : listOf(of);
  }
  if (a.kind === "tuple" && b.kind === "tuple") {
    const of = pairwise(a.of, b.of, joinTypes);
    return of === null ? null : { kind: "tuple", of };
  }
  if (a.kind === "lattice" && b.kind === "lattice") {
    const args = a.name === b.name ? pairwise(a.args, b.args, joinTypes) : null;
    return args === null ? null : { ...a, args };
  }
  if (a.kind === b.kind) return a;
  if (isWhole(a) && isWhole(b)) return int;
  if (isNumber(a) && isNumber(b)) return float;
  if (a.kind === "json" && isJsonable(b)) return a;
  if (b.kind === "json" && isJsonable(a)) return b;
  if ((a.kind === "addr" && b.kind === "string") || (a.kind === "string" && b.kind === "addr")) return addr;
  return null;
}

/**
 * The type of a variable that stands in columns of both types: what both hold (`nat` and `int`:
 * `nat`). null: no value is in both, or (`int` and `float`) the program must say how they compare.
 */
export function meetTypes(a: Type, b: Type): Type | null {
  if (a === b) return a;
  if (a.kind === "unknown") return b;
  if (b.kind === "unknown") return a;
  if (a.kind === "list" && b.kind === "list") {
    const of = meetTypes(a.of, b.of);
    return of === null ? null : listOf(of);
  }
  if (a.kind === "tuple" && b.kind === "tuple") {
    const of = pairwise(a.of, b.of, meetTypes);
    return of === null ? null : { kind: "tuple", of };
  }
  if (a.kind === "lattice" && b.kind === "lattice") {
    const args = a.name === b.name ? pairwise(a.args, b.args, meetTypes) : null;
    return args === null ? null : { ...a, args };
  }
  if (a.kind === b.kind) return a;
  return isWhole(a) && isWhole(b) ? nat : null;
}

/** Whether a value of the type is a JSON value as it is. */
export function isJsonable(type: Type): boolean {
  switch (type.kind) {
    case "int":
    case "nat":
    case "float":
    case "string":
    case "bool":
    case "json":
    case "unknown":
      return true;
    case "list":
      return isJsonable(type.of);
    case "tuple":
      return type.of.every(isJsonable);
    default:
      return false;
  }
}

/** Whether a value of type `from` is one of type `to` as it stands, without conversion. */
export function isSubtype(from: Type, to: Type): boolean {
  if (from === to || from.kind === "unknown" || to.kind === "unknown") return true;
  if (from.kind === "nat" && to.kind === "int") return true;
  if (from.kind === "list" && to.kind === "list") return isSubtype(from.of, to.of);
  if (from.kind === "tuple" && to.kind === "tuple") {
    return from.of.length === to.of.length && from.of.every((of, i) => isSubtype(of, to.of[i]));
  }
  if (from.kind === "lattice" && to.kind === "lattice")
    return from.name === to.name && from.args.every((arg, i) => isSubtype(arg, to.args[i]));
  return sameType(from, to);
}

/** Whether the type is not known, or that of its parts. */
export function holdsUnknown(type: Type): boolean {
  switch (type.kind) {
    case "unknown":
      return true;
    case "list":
      return holdsUnknown(type.of);
    case "tuple":
      return type.of.some(holdsUnknown);
    case "lattice":
      return type.args.some(holdsUnknown);
    default:
      return false;
  }
}
