/**
 * Lattices in expressions (language.md section 7): literals, operations, updates, and plain values that are lifted.
 * A value that is compared with a plain one is compared by its carrier; how far that is monotone is for the analysis.
 */
import type { Expr as AstExpr, Span } from "../ast.ts";
import type { Expr, LatticeType, Literal, Type } from "../ir.ts";
import { contextual, latticeKinds, operationOn, operationsNamed, revealed } from "../../lattices/index.ts";
import type { Operation } from "../../lattices/index.ts";
import { bool, carrier, int, isSubtype, isWhole, joinTypes, lattice, nat, typeText, unknown } from "../types.ts";
import { coerce, wanted } from "./coerce.ts";
import { typeExpr } from "./expressions.ts";
import type { Sight } from "./expressions.ts";
import { alternatives, plural, quote } from "./findings.ts";
import type { Place } from "./scope.ts";

type AstCall = Extract<AstExpr, { kind: "call" }>;

function operation(
  op: string,
  on: LatticeType,
  args: readonly Expr[],
  type: Type,
  span: Span,
  valuation: readonly Expr[] = [],
): Expr {
  return { kind: "lattice", op, on, args, by: null, valuation, type, span };
}

/** `{a, b}`: an `lset` until something else is wanted. */
export function typeSet(sight: Sight, expr: Extract<AstExpr, { kind: "set" }>): Expr {
  const args = expr.of.map((one) => typeExpr(sight, one));
  const of = args.reduce<Type>((type, one) => joinTypes(type, one.type) ?? unknown, unknown);
  const type = lattice("lset", of);
  return operation("of", type, args, type, expr.span);
}

/** `{k: v}`: an `lmap` until something else is wanted. Keys and values in turn. */
export function typeMap(sight: Sight, expr: Extract<AstExpr, { kind: "map" }>): Expr {
  const args = expr.of.flatMap(({ key, value }) => [typeExpr(sight, key), typeExpr(sight, value)]);
  const of = (odd: number): Type =>
    args.reduce<Type>((type, one, i) => (i % 2 === odd ? (joinTypes(type, one.type) ?? unknown) : type), unknown);
  const type = lattice("lmap", of(0), of(1));
  return operation("ofPairs", type, args, type, expr.span);
}

/**
 * The expression as a value of the lattice; null: it cannot be one. `update`: as a head term, where a plain value of a
 * register replaces what the copy at hand holds.
 */
export function coerceToLattice(expr: Expr, to: LatticeType, checked: boolean, update = false): Expr | null {
  const from = expr.type;
  if (expr.kind === "lattice" && expr.op === "of" && expr.on === from) {
    const kind = latticeKinds.get(to.name);
    if (expr.args.length === 0 && (to.name === "lmap" || to.name === "vclock"))
      return operation("ofPairs", to, [], to, expr.span);
    if (!kind?.elements || !["lset", "lpset", "lbag"].includes(to.name)) return null;
    const args = all(expr.args, () => element(to), checked);
    return args === null ? null : operation("of", to, args, to, expr.span);
  }
  if (expr.kind === "lattice" && expr.op === "ofPairs" && expr.on === from) {
    const parts = pairsOf(to);
    if (parts === null) return null;
    const args = all(expr.args, (i) => parts[i % 2], checked);
    return args === null ? null : operation("ofPairs", to, args, to, expr.span);
  }
  if (from.kind === "lattice") return isSubtype(from, to) ? expr : null;
  if (to.name === "dompair") {
    if (expr.kind !== "tuple" || expr.of.length !== 2) return null;
    const args = all(expr.of, (i) => to.args[i], checked);
    return args === null ? null : operation("pair", to, args, to, expr.span);
  }
  const lift = latticeKinds.get(to.name)?.lift ?? null;
  if (lift === null || (contextual.has(lift.op) && !update)) return null;
  const lifted = coerce(expr, elementOf(to, lift.of(to.args)), checked);
  return lifted === null ? null : operation(lift.op, to, [lifted], to, expr.span);
}

/** The elements of an `lpset` are not negative. */
function elementOf(on: LatticeType, type: Type): Type {
  return on.name === "lpset" && isWhole(type) ? nat : type;
}

function element(on: LatticeType): Type {
  return elementOf(on, on.args[0] ?? unknown);
}

/** Types of the keys and values of a map literal of that type. */
function pairsOf({ name, args }: LatticeType): readonly [Type, Type] | null {
  if (name === "lmap") return [args[0], args[1]];
  if (name === "vclock") return [{ kind: "addr" }, nat];
  return name === "lbag" ? [args[0], nat] : null;
}

function all(exprs: readonly Expr[], to: (i: number) => Type, checked: boolean): Expr[] | null {
  const made: Expr[] = [];
  for (let i = 0; i < exprs.length; i++) {
    const one = coerce(exprs[i], to(i), checked);
    if (one === null) return null;
    made.push(one);
  }
  return made;
}

// --- calls

/** Whether a call of this name can mean an operation on lattices. */
export function isOperationName(name: string): boolean {
  return operationsNamed(name).length > 0 || constructors.has(name) || name === "reveal";
}

const constructors = new Set(["stamped", "versioned"]);
const updates: ReadonlySet<string> = new Set(
  [...latticeKinds.values()].flatMap((kind) => kind.updates.map(({ op }) => op)),
);

/** The call as an operation on a lattice; null where its first argument is none. `args` are null where functions may stand. */
export function typeOperation(sight: Sight, call: AstCall, name: string, first: Expr | null): Expr | null {
  const { place } = sight;
  if (constructors.has(name)) return construct(sight, call, name, first);
  if (first === null || first.type.kind !== "lattice") {
    if (name === "reveal" && first !== null && first.type.kind !== "unknown") {
      place.scope.findings.add(
        "DLC230",
        place.file,
        call.span,
        `${quote("reveal")} takes a lattice value, and this is of type ${typeText(first.type)}`,
        {
          mend: "Leave `reveal` out: the value is a plain one.",
        },
      );
      return failed(call, first);
    }
    return null;
  }
  const on = first.type;
  if (name === "reveal") {
    if (call.args.length !== 1) return tooMany(place, call, 1, "It takes the lattice value.");
    return operation("reveal", on, [first], revealed(on), call.span);
  }
  const found = operationOn(name, on.name);
  if (found === undefined) {
    const names = [...new Set(operationsNamed(name).flatMap((one) => one.on))];
    if (names.length === 0) return null;
    place.scope.findings.add(
      "DLC230",
      place.file,
      call.args[0].span,
      `${quote(name)} is an operation of ${alternatives(names.map(quote))}, and this is of type ${typeText(on)}`,
      { mend: "Read the value with one of its own operations, or as a plain value with `reveal(v)`." },
    );
    return failed(call, first);
  }
  const params = found.params(on);
  if (call.args.length !== params.length + 1) return tooMany(place, call, params.length + 1, found.doc);
  let by: Extract<Expr, { kind: "call" }> | null = null;
  const args: Expr[] = [first];
  params.forEach((param, i) => {
    const arg = call.args[i + 1];
    if (param === "function") by = applied(sight, arg, element(on));
    else args.push(argument(sight, arg, param, `argument ${i + 2} of ${quote(name)}`));
  });
  if (params.includes("function")) {
    if (by === null) return failed(call, first);
    const { type } = by as Expr;
    if (name === "filter" && type.kind !== "bool" && type.kind !== "unknown")
      place.scope.findings.add(
        "DLC230",
        place.file,
        call.args[1].span,
        `${quote("filter")} takes a function to bool, and this one gives ${typeText(type)}`,
        {
          mend: "Name a function that says which elements stay.",
        },
      );
  }
  const byType = by === null ? unknown : (by as Expr).type;
  return {
    kind: "lattice",
    op: name,
    on,
    args,
    by,
    valuation: [],
    type: found.returns(
      on,
      byType,
      args.slice(1).map(({ type }) => type),
    ),
    span: call.span,
  };
}

function argument(
  sight: Sight,
  arg: AstExpr,
  param: Exclude<ReturnType<Operation["params"]>[number], "function">,
  what: string,
): Expr {
  const typed = typeExpr(sight, arg);
  if (param !== "lset") return wanted(sight.place, typed, param, what);
  if (
    typed.type.kind === "unknown" ||
    (typed.type.kind === "lattice" && (typed.type.name === "lset" || typed.type.name === "lpset"))
  )
    return typed;
  sight.place.scope.findings.add(
    "DLC230",
    sight.place.file,
    typed.span,
    `${what} is a set, and this is of type ${typeText(typed.type)}`,
    {
      mend: "Give an `lset` or `lpset`.",
    },
  );
  return { ...typed, type: unknown } as Expr;
}

/** The function that an argument of `map` or `filter` names, applied to an element. */
function applied(sight: Sight, arg: AstExpr, of: Type): Extract<Expr, { kind: "call" }> | null {
  const { place } = sight;
  if (arg.kind !== "variable") {
    place.scope.findings.add("DLC230", place.file, arg.span, "the name of a function stands here, such as `lower`", {
      mend: "Name a function of one argument: a built-in one, or one that the program imports.",
    });
    return null;
  }
  const name = "x";
  const call: AstCall = {
    kind: "call",
    callee: { text: arg.name, span: arg.span },
    distinct: false,
    args: [{ kind: "variable", name, span: arg.span }],
    span: arg.span,
  };
  const inner: Sight = { ...sight, variables: new Map([[name, { type: of, span: arg.span }]]) };
  const typed = typeExpr(inner, call);
  return typed.kind === "call" ? typed : null;
}

function construct(sight: Sight, call: AstCall, name: string, first: Expr | null): Expr {
  if (call.args.length !== 2 || first === null)
    return tooMany(
      sight.place,
      call,
      2,
      name === "stamped" ? "It is `stamped(stamp, value)`." : "It is `versioned(clock, value)`.",
    );
  const value = typeExpr(sight, call.args[1]);
  const of = lattice(name === "stamped" ? "lww" : "mvreg", value.type);
  const key = wanted(
    sight.place,
    first,
    name === "stamped" ? int : lattice("vclock"),
    `argument 1 of ${quote(name)}`,
    {},
    true,
  );
  return operation(name, of, [key, value], of, call.span);
}

function tooMany(place: Place, call: AstCall, count: number, mend: string): Expr {
  place.scope.findings.add(
    "DLC210",
    place.file,
    call.span,
    `${quote(call.callee.text)} takes ${plural(count, "argument")} here, and ${call.args.length} ${call.args.length === 1 ? "is" : "are"} given`,
    { mend },
  );
  return failed(call, null);
}

function failed(call: AstCall, first: Expr | null): Expr {
  return {
    kind: "call",
    name: call.callee.text,
    builtin: true,
    args: first === null ? [] : [first],
    type: unknown,
    span: call.span,
  };
}

// --- head terms

/**
 * `inc(1)`, `add(x)`, `remove(x)` as the term of a column of type `to`; null where the term is none. What counts once for
 * each valuation of the body has the body's variables as its `valuation`.
 */
export function typeUpdate(sight: Sight, term: AstExpr, to: LatticeType, body: readonly Literal[]): Expr | null {
  const { place } = sight;
  if (term.kind !== "call" || !updates.has(term.callee.text) || place.scope.functions.has(term.callee.text))
    return null;
  const name = term.callee.text;
  const update = latticeKinds.get(to.name)?.updates.find(({ op }) => op === name);
  if (update === undefined) return null;
  if (term.args.length !== 1) return tooMany(place, term, 1, `It is ${quote(`${name}(x)`)}.`);
  const arg = wanted(place, typeExpr(sight, term.args[0]), update.of(to.args), `the argument of ${quote(name)}`);
  const valuation = update.kind === "event" ? variablesOf(body, term.span) : [];
  return operation(name, to, [arg], to, term.span, valuation);
}

/** Says that an update has no place here. */
export function reportUpdate(place: Place, call: AstCall): boolean {
  const name = call.callee.text;
  if (!updates.has(name)) return false;
  const of = [...latticeKinds.values()]
    .filter((kind) => kind.updates.some(({ op }) => op === name))
    .map((kind) => quote(kind.name));
  place.scope.findings.add(
    "DLC209",
    place.file,
    call.span,
    `${quote(name)} is an update: it stands as the whole term of a head, in a column of type ${alternatives(of)}`,
    {
      mend: "Let a rule merge it into a table, and read that table.",
    },
  );
  return true;
}

/** The plain variables of a body, as expressions, in the order in which they are bound. What a lattice holds so far tells no two events apart. */
function variablesOf(body: readonly Literal[], span: Span): Expr[] {
  const types = new Map<string, Type>();
  const pattern = (one: Extract<Literal, { kind: "range" }>["pattern"]): void => {
    if (one.kind === "tuple") one.of.forEach(pattern);
    else types.set(one.name, one.type);
  };
  for (const literal of body) {
    if (literal.kind === "bind") types.set(literal.variable, literal.type);
    else if (literal.kind === "range") pattern(literal.pattern);
    else if (literal.kind === "read" && !literal.negated)
      for (const term of literal.terms) if (term?.kind === "variable") types.set(term.name, term.type);
  }
  return [...types].flatMap(([name, type]) =>
    type.kind === "lattice" ? [] : [{ kind: "variable", name, type, span }],
  );
}

// --- comparisons and arithmetic

/** The number that a counter or clock is compared by. */
function counted(expr: Expr): Expr {
  const { type } = expr;
  if (type.kind !== "lattice") return expr;
  const found = operationOn("value", type.name);
  return found === undefined ? expr : operation("value", type, [expr], found.returns(type, unknown, []), expr.span);
}

/** A comparison of which one side is a lattice value; null where it has no meaning. */
export function compareLattices(
  op: Extract<Expr, { kind: "binary" }>["op"],
  a: Expr,
  b: Expr,
  span: Span,
): Expr | null {
  const [left, right] = [counted(a), counted(b)];
  if (left.type.kind === "lattice" && right.type.kind === "lattice") {
    if (left.type.name === "vclock" && right.type.name === "lmap")
      return compareLattices(op, a, coerce(b, left.type) ?? b, span);
    if (left.type.name === "vclock" && right.type.name === "vclock" && (op === ">=" || op === "<=")) {
      const [over, under] = op === ">=" ? [left, right] : [right, left];
      return operation("dominates", lattice("vclock"), [over, under], bool, span);
    }
    const both = joinTypes(carrier(left.type), carrier(right.type));
    const isPlain = carrier(left.type).kind !== "lattice";
    return both === null || (!isPlain && op !== "==" && op !== "!=")
      ? null
      : { kind: "binary", op, left, right, type: bool, span };
  }
  const [value, plain] = left.type.kind === "lattice" ? [left, right] : [right, left];
  const of = carrier(value.type);
  if (of.kind === "lattice") {
    // `votes == {a, b}`: the literal is made one of the lattice.
    const same = coerce(plain, of);
    if (same === null || (op !== "==" && op !== "!=")) return null;
    return value === left
      ? { kind: "binary", op, left, right: same, type: bool, span }
      : { kind: "binary", op, left: same, right, type: bool, span };
  }
  const as = joinTypes(of, plain.type);
  const made = as === null ? null : coerce(plain, as);
  if (made === null) return null;
  return value === left
    ? { kind: "binary", op, left, right: made, type: bool, span }
    : { kind: "binary", op, left: made, right, type: bool, span };
}

/** The type of arithmetic on an `lmax` or `lmin`: sums of them, and with a plain number; null where there is none. */
export function calculatedType(op: string, a: Type, b: Type, plain: (a: Type, b: Type) => Type | null): Type | null {
  const of = (type: Type): LatticeType | null =>
    type.kind === "lattice" && (type.name === "lmax" || type.name === "lmin") ? type : null;
  const [left, right] = [of(a), of(b)];
  if ((left === null && a.kind === "lattice") || (right === null && b.kind === "lattice")) return null;
  if (left !== null && right !== null && (op !== "+" || left.name !== right.name)) return null;
  if (op !== "+" && !(op === "-" && right === null)) return null;
  const type = plain(carrier(a), carrier(b));
  return type === null ? null : lattice((left ?? right)!.name, type);
}
