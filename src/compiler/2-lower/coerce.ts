/**
 * Makes an expression one of the type that is wanted. Literals take it on; an integer becomes a
 * float, and a plain value JSON, by a call of the built-in `toFloat` or `toJson`, so that the types
 * of the Ir are exact. A `nat` is an `int` as it is.
 */
import type { Span } from "../ast.ts";
import type { Expr, Type } from "../ir.ts";
import { isJsonable, isSubtype, isWhole, json, typeText } from "../types.ts";
import { latticeKinds } from "../../lattices/index.ts";
import { alternatives, quote } from "./findings.ts";
import { coerceToLattice } from "./lattices.ts";
import type { More } from "./findings.ts";
import type { Place } from "./scope.ts";

/** null: it cannot be one. `checked`: an int may stand for a nat, because the fact is checked when it is made. */
export function coerce(expr: Expr, to: Type, checked = false): Expr | null {
  const from = expr.type;
  if (from === to || to.kind === "unknown") return expr;
  if (from.kind === "unknown") return { ...expr, type: to } as Expr;
  if (to.kind === "lattice") return coerceToLattice(expr, to, checked);
  switch (expr.kind) {
    case "literal":
      if (isWhole(from) && to.kind === "nat") return (expr.value as number) >= 0 ? { ...expr, type: to } : null;
      if (isWhole(from) && to.kind === "float") return { ...expr, type: to };
      if (from.kind === "string" && to.kind === "addr") {
        return /^[A-Za-z_][A-Za-z0-9_.]*#[0-9]+$/.test(expr.value as string) ? { ...expr, type: to } : null;
      }
      if (to.kind === "json") return { ...expr, type: to };
      break;
    case "list":
      if (to.kind === "list") {
        const of = coerceAll(
          expr.of,
          expr.of.map(() => to.of),
          checked,
        );
        return of === null ? null : { ...expr, of, type: to };
      }
      break;
    case "tuple":
      if (to.kind === "tuple" && to.of.length === expr.of.length) {
        const of = coerceAll(expr.of, to.of, checked);
        return of === null ? null : { ...expr, of, type: to };
      }
      break;
    case "if": {
      const then = coerce(expr.then, to, checked);
      const otherwise = coerce(expr.else, to, checked);
      return then === null || otherwise === null ? null : { ...expr, then, else: otherwise, type: to };
    }
  }
  if (isSubtype(from, to)) return expr;
  if (checked && isWhole(from) && to.kind === "nat") return expr;
  if (isWhole(from) && to.kind === "float") return convert("toFloat", expr, to);
  if (to.kind === "json" && isJsonable(from)) return convert("toJson", expr, json);
  return null;
}

function coerceAll(exprs: readonly Expr[], to: readonly Type[], checked: boolean): Expr[] | null {
  const all: Expr[] = [];
  for (let i = 0; i < exprs.length; i++) {
    const one = coerce(exprs[i], to[i], checked);
    if (one === null) return null;
    all.push(one);
  }
  return all;
}

function convert(name: string, expr: Expr, type: Type): Expr {
  return { kind: "call", name, builtin: true, args: [expr], type, span: expr.span };
}

/** Reports what cannot be of the type `to`. `what` is whose type it is: "column `n` of `poor`". */
export function wanted(place: Place, expr: Expr, to: Type, what: string, more: More = {}, checked = false): Expr {
  const done = coerce(expr, to, checked);
  if (done !== null) return done;
  const found =
    expr.kind === "literal"
      ? `${place.file.text.slice(expr.span.start, expr.span.end)} is ${said(expr.type)}`
      : `this is ${said(expr.type)}`;
  place.scope.findings.add("DLC230", place.file, expr.span, `${what} is of type ${typeText(to)}, but ${found}`, {
    ...conversion(place, expr, to),
    ...more,
  });
  return { ...expr, type: to } as Expr;
}

function said(type: Type): string {
  return `of type ${typeText(type)}`;
}

/** How a plain value is had of an expression that is a lattice. */
export function revealing(place: Place, { span }: Expr): string {
  const text = place.file.text.slice(span.start, span.end);
  return `The plain value that it has now is ${quote(`reveal(${text})`)}, which depends on the order of messages while it grows.`;
}

/** The function that turns one type into the other, with the edit that calls it. */
export function conversion(place: Place, expr: Expr, to: Type): More {
  const from = expr.type;
  if (from.kind === "lattice" && to.kind !== "lattice") {
    const text = place.file.text.slice(expr.span.start, expr.span.end);
    if (expr.kind === "lattice" && (expr.op === "of" || expr.op === "ofPairs"))
      return { mend: "Sets and maps in braces are lattices; plain ones are lists, `[a, b]` and `[(k, v)]`." };
    if (from.name === "lbool" && to.kind === "bool" && expr.kind === "variable") {
      return {
        mend: `Where it is enough that it becomes true, write ${quote(`whenTrue(${text})`)}. The plain value that it has now is ${quote(`reveal(${text})`)}, which depends on the order of messages.`,
        fixes: [
          { title: "Wait until it is true", edits: [{ file: place.file, span: expr.span, text: `whenTrue(${text})` }] },
          { title: "Reveal it", edits: [{ file: place.file, span: expr.span, text: `reveal(${text})` }] },
        ],
      };
    }
    return {
      mend: revealing(place, expr),
      fixes: [{ title: "Reveal it", edits: [{ file: place.file, span: expr.span, text: `reveal(${text})` }] }],
    };
  }
  if (to.kind === "addr" && from.kind === "string") {
    return {
      mend: 'Addresses come from `self`, `Role.nodes` and columns of type addr; a constant one is written "Role#0".',
    };
  }
  if (expr.kind === "literal" && to.kind === "nat" && isWhole(from))
    return { mend: "nat holds no negative numbers: declare it as int." };
  const names =
    to.kind === "string" && from.kind !== "unknown"
      ? ["toString"]
      : to.kind === "int" && from.kind === "string"
        ? ["parseInt"]
        : to.kind === "float" && from.kind === "string"
          ? ["parseFloat"]
          : isWhole(to) && from.kind === "float"
            ? ["round", "floor", "ceil"]
            : to.kind === "nat" && from.kind === "int"
              ? ["toNat"]
              : from.kind === "json" && to.kind === "int"
                ? ["asInt"]
                : from.kind === "json" && to.kind === "float"
                  ? ["asFloat"]
                  : from.kind === "json" && to.kind === "bool"
                    ? ["asBool"]
                    : [];
  if (names.length === 0) return { mend: latticeMend(from, to) ?? "Change the declared type, or give a value of it." };
  const name = from.kind === "json" && to.kind === "string" ? "asString" : names[0];
  const text = place.file.text.slice(expr.span.start, expr.span.end);
  return {
    mend: `Convert it: ${quote(`${name}(${text})`)}.`,
    fixes: (names[0] === name ? names : [name]).map((one) => ({
      title: `Convert with ${quote(one)}`,
      edits: [{ file: place.file, span: expr.span, text: `${one}(${text})` }],
    })),
  };
}

/** How a value of the lattice is written. */
function latticeMend(from: Type, to: Type): string | null {
  if (to.kind !== "lattice") return null;
  const updates = latticeKinds.get(to.name)?.updates ?? [];
  if (updates.length > 0)
    return `Write ${alternatives(updates.map(({ op }) => quote(`${op}(x)`)))} as the term of a head.`;
  if (to.name === "lmap" || to.name === "vclock") return "Write a map, such as `{k: v}`.";
  if (to.name === "dompair") return "Write a pair of a version and a value, both lattices: `(v, l)`.";
  if (to.name === "lww") return "Write `stamped(n, x)`; only a head term may be a plain value.";
  if (to.name === "mvreg") return "Write `versioned(clock, x)`; only a head term may be a plain value.";
  return latticeKinds.has(to.name) || from.kind === "lattice"
    ? null
    : `Values of ${quote(to.name)} come from imported functions that return one.`;
}

export function literal(value: number | string | boolean, type: Type, span: Span): Expr {
  return { kind: "literal", value, type, span };
}
