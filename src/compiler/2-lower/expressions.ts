/** Expressions: names resolved, types found from the inside out. */
import type { Expr as AstExpr, Span } from "../ast.ts";
import type { AggregateCall, Expr, Type } from "../ir.ts";
import {
  bool,
  float,
  int,
  isNumber,
  isWhole,
  joinTypes,
  listOf,
  nat,
  addr,
  carrier,
  string,
  typeText,
  unknown,
} from "../types.ts";
import { coerce, literal, wanted } from "./coerce.ts";
import { typeCall } from "./calls.ts";
import { quote } from "./findings.ts";
import { calculatedType, compareLattices, typeMap, typeSet } from "./lattices.ts";
import type { Place } from "./scope.ts";

export interface Variable {
  readonly type: Type;
  /** Where it gets its value. */
  readonly span: Span;
}

/** What an expression may use. */
export interface Sight {
  readonly place: Place;
  readonly variables: ReadonlyMap<string, Variable>;
  /** Reports a variable that is not among them. */
  readonly unbound: (name: string, span: Span) => void;
  /** Takes note of an aggregate; null: none may stand here. */
  readonly aggregate: ((call: AggregateCall) => void) | null;
}

/** After an error the type is unknown, which agrees with everything. */
export function typeExpr(sight: Sight, expr: AstExpr): Expr {
  const { place } = sight;
  const {
    file,
    scope: { findings },
  } = place;
  const { span } = expr;
  switch (expr.kind) {
    case "variable": {
      const known = sight.variables.get(expr.name);
      if (known !== undefined && expr.name !== "_")
        return { kind: "variable", name: expr.name, type: known.type, span };
      if (expr.name === "_") {
        findings.add("DLC242", file, span, "`_` has no value that could be used here", {
          mend: "Give it a name where it is read, and use that name.",
        });
      } else sight.unbound(expr.name, span);
      return { kind: "variable", name: expr.name, type: unknown, span };
    }
    case "self":
      return { kind: "self", type: addr, span };
    case "literal":
      return literal(Object.is(expr.value, -0) ? 0 : expr.value, literalTypes[expr.type], span);
    case "call":
      return typeCall(sight, expr);
    case "unary":
      return typeUnary(sight, expr);
    case "binary":
      return typeBinary(sight, expr);
    case "if": {
      const test = wanted(place, typeExpr(sight, expr.test), bool, "a condition");
      const then = typeExpr(sight, expr.then);
      const otherwise = typeExpr(sight, expr.else);
      const both = unite([then, otherwise]);
      if (both === null) {
        findings.add(
          "DLC232",
          file,
          expr.else.span,
          `${quote("then")} gives ${typeText(then.type)}, but ${quote("else")} gives ${typeText(otherwise.type)}`,
          {
            cause: { file, span: expr.then.span, label: typeText(then.type) },
            mend: "Give both the same type.",
          },
        );
        return { kind: "if", test, then, else: otherwise, type: unknown, span };
      }
      return { kind: "if", test, then: both.exprs[0], else: both.exprs[1], type: both.type, span };
    }
    case "tuple": {
      const of = expr.of.map((one) => typeExpr(sight, one));
      return { kind: "tuple", of, type: { kind: "tuple", of: of.map((one) => one.type) }, span };
    }
    case "list": {
      const of = expr.of.map((one) => typeExpr(sight, one));
      const all = unite(of);
      if (all !== null) return { kind: "list", of: all.exprs, type: listOf(all.type), span };
      const other = of.find((one) => joinTypes(one.type, of[0].type) === null) ?? of[1];
      findings.add(
        "DLC232",
        file,
        other.span,
        `the elements of a list have one type: ${typeText(of[0].type)} and ${typeText(other.type)} stand here`,
        {
          cause: { file, span: of[0].span, label: typeText(of[0].type) },
          mend: "Convert one of them, or use a tuple.",
        },
      );
      return { kind: "list", of, type: listOf(unknown), span };
    }
    case "set":
      return typeSet(sight, expr);
    case "map":
      return typeMap(sight, expr);
  }
}

const literalTypes = { int, float, string, bool } as const;

/** All made one type; null when they have none in common. */
function unite(exprs: readonly Expr[]): { readonly exprs: readonly Expr[]; readonly type: Type } | null {
  let type: Type = unknown;
  for (const one of exprs) {
    const wider = joinTypes(type, one.type);
    if (wider === null) return null;
    type = wider;
  }
  const made: Expr[] = [];
  for (const one of exprs) {
    const same = coerce(one, type);
    if (same === null) return null;
    made.push(same);
  }
  return { exprs: made, type };
}

function typeUnary(sight: Sight, expr: Extract<AstExpr, { kind: "unary" }>): Expr {
  const { place } = sight;
  const { span } = expr;
  const of = typeExpr(sight, expr.of);
  if (expr.op === "!") {
    return { kind: "unary", op: "!", of: wanted(place, of, bool, `what ${quote("!")} negates`), type: bool, span };
  }
  if (of.type.kind !== "unknown" && !isNumber(of.type)) {
    place.scope.findings.add(
      "DLC232",
      place.file,
      span,
      `${quote("-")} takes a number, and this is of type ${typeText(of.type)}`,
      { mend: "Use a number." },
    );
    return { kind: "unary", op: "-", of, type: unknown, span };
  }
  if (of.kind === "literal") return literal(of.value === 0 ? 0 : -(of.value as number), of.type, span);
  return { kind: "unary", op: "-", of, type: of.type.kind === "nat" ? int : of.type, span };
}

/** A plain side of arithmetic on an `lmax` or `lmin`, made a float where the other is one. */
function ofCarrier(side: Expr, type: Type): Expr {
  return side.type.kind === "lattice" ? side : (coerce(side, carrier(type)) ?? side);
}

const comparisons = new Set(["==", "!=", "<", "<=", ">", ">="]);

function typeBinary(sight: Sight, expr: Extract<AstExpr, { kind: "binary" }>): Expr {
  const { place } = sight;
  const { op, span } = expr;
  const left = typeExpr(sight, expr.left);
  const right = typeExpr(sight, expr.right);
  if (op === "&&" || op === "||") {
    const side = `each side of ${quote(op)}`;
    return {
      kind: "binary",
      op,
      left: wanted(place, left, bool, side),
      right: wanted(place, right, bool, side),
      type: bool,
      span,
    };
  }
  if (comparisons.has(op)) return compare(place, op, left, right, span);
  return calculate(place, op, left, right, span);
}

/** Two values of one type; every type has an order. */
export function compare(
  place: Place,
  op: Extract<AstExpr, { kind: "binary" }>["op"],
  left: Expr,
  right: Expr,
  span: Span,
): Expr {
  const growing =
    left.type.kind === "lattice" || right.type.kind === "lattice" ? compareLattices(op, left, right, span) : null;
  if (growing !== null) return growing;
  const both = left.type.kind === "lattice" || right.type.kind === "lattice" ? null : unite([left, right]);
  if (both !== null) return { kind: "binary", op, left: both.exprs[0], right: both.exprs[1], type: bool, span };
  const {
    file,
    scope: { findings },
  } = place;
  const text = (one: Expr) => quote(file.text.slice(one.span.start, one.span.end));
  const strings = left.type.kind === "string" || right.type.kind === "string";
  const addresses = left.type.kind === "addr" || right.type.kind === "addr";
  findings.add(
    "DLC232",
    file,
    span,
    `${text(left)} is of type ${typeText(left.type)} and ${text(right)} of type ${typeText(right.type)}: they cannot be compared`,
    {
      mend: addresses
        ? 'Compare addresses with addresses: `self`, `Role.nodes`, columns of type addr, or a constant "Role#0".'
        : strings
          ? "Convert one side: `toString(n)`, `parseInt(s)` or `parseFloat(s)`."
          : "Compare values of one type.",
    },
  );
  return { kind: "binary", op, left, right, type: bool, span };
}

const isNatural = (expr: Expr): boolean =>
  expr.type.kind === "nat" || (expr.kind === "literal" && expr.type.kind === "int" && (expr.value as number) >= 0);

function calculate(
  place: Place,
  op: Extract<AstExpr, { kind: "binary" }>["op"],
  left: Expr,
  right: Expr,
  span: Span,
): Expr {
  const one = left.type;
  const two = right.type;
  if (one.kind === "unknown" || two.kind === "unknown") {
    // The other side tells the type where it can be only one.
    const known = one.kind === "unknown" ? two : one;
    return { kind: "binary", op, left, right, type: known.kind === "string" && op === "+" ? string : unknown, span };
  }
  if (one.kind === "lattice" || two.kind === "lattice") {
    const type = calculatedType(op, one, two, (a, b) => (isNumber(a) && isNumber(b) ? joinTypes(a, b) : null));
    if (type !== null)
      return { kind: "binary", op, left: ofCarrier(left, type), right: ofCarrier(right, type), type, span };
  }
  if (op === "+" && one.kind === "string" && two.kind === "string")
    return { kind: "binary", op, left, right, type: string, span };
  if (isNumber(one) && isNumber(two)) {
    if (isWhole(one) && isWhole(two)) {
      const natural = op !== "-" && isNatural(left) && isNatural(right) && (one.kind === "nat" || two.kind === "nat");
      return { kind: "binary", op, left, right, type: natural ? nat : int, span };
    }
    return {
      kind: "binary",
      op,
      left: coerce(left, float) ?? left,
      right: coerce(right, float) ?? right,
      type: float,
      span,
    };
  }
  const {
    file,
    scope: { findings },
  } = place;
  const message = `${quote(op)} does not apply to ${typeText(one)} and ${typeText(two)}`;
  if (op === "+" && (one.kind === "string" || two.kind === "string")) {
    const other = one.kind === "string" ? right : left;
    const text = file.text.slice(other.span.start, other.span.end);
    findings.add("DLC232", file, span, message, {
      mend: `Only strings join with strings: ${quote(`toString(${text})`)}.`,
      fixes: [{ title: "Convert with `toString`", edits: [{ file, span: other.span, text: `toString(${text})` }] }],
    });
    return { kind: "binary", op, left, right, type: string, span };
  }
  const mend =
    one.kind === "lattice" || two.kind === "lattice"
      ? "On `lmax` and `lmin` there is `+`, and `-` with a plain number to its right. Anything else is done with the plain value, `reveal(v)`."
      : op === "+" && one.kind === "list" && two.kind === "list"
        ? "Lists are joined by `concat(a, b)`."
        : op === "+"
          ? "`+` adds numbers and joins strings."
          : `${quote(op)} takes two numbers.`;
  findings.add("DLC232", file, span, message, { mend });
  return { kind: "binary", op, left, right, type: unknown, span };
}
