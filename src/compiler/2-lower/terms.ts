/** What stands in a body literal's columns, and what is said when it cannot. */
import type { Expr as AstExpr, Literal as AstLiteral, Span } from "../ast.ts";
import type { Collection, Expr, Term, Type } from "../ir.ts";
import { isNumber, typeText, unknown } from "../types.ts";
import { coerce, conversion } from "./coerce.ts";
import type { Variable } from "./expressions.ts";
import { quote } from "./findings.ts";
import type { More } from "./findings.ts";
import { isFunctionName, titleOf } from "./scope.ts";
import type { Place } from "./scope.ts";

type AstRead = Extract<AstLiteral, { kind: "read" }>;

/** `contains(s, "x")` and a bare bool variable look like reads; null when it is a read. */
export function asTest(place: Place, literal: AstRead): AstExpr | null {
  const { ref, args, span } = literal;
  if (ref.role !== null || place.role.collections.has(ref.name.text)) return null;
  if (args === null) return { kind: "variable", name: ref.name.text, span: ref.span };
  if (!isFunctionName(place.scope, ref.name.text)) return null;
  const named = args.find((arg) => arg.name !== null);
  if (named?.name) {
    place.scope.findings.add(
      "DLC206",
      place.file,
      named.name.span,
      `${quote(ref.name.text)} is a function: its arguments have no names`,
      { mend: "Give them in order." },
    );
  }
  return {
    kind: "call",
    callee: ref.name,
    distinct: false,
    args: args.map((arg) => arg.value),
    span: literal.negated ? ref.span : span,
  };
}

/** A literal or `self`, made the type of its column. */
export function constantTerm(place: Place, typed: Expr, collection: Collection, i: number): Term {
  const column = collection.columns[i];
  const made = coerce(typed, column.type);
  if (made !== null && (made.kind === "literal" || made.kind === "self")) return made;
  const message = `column ${quote(column.name)} of ${quote(collection.name)} is of type ${typeText(column.type)}, but this is of type ${typeText(typed.type)}`;
  place.scope.findings.add("DLC230", place.file, typed.span, message, {
    cause: { file: collection.file, span: collection.nameSpan, label: "declared here" },
    mend:
      column.type.kind === "addr"
        ? (conversion(place, typed, column.type).mend ?? "")
        : `Write a literal of type ${typeText(column.type)}.`,
  });
  return { kind: "literal", value: 0, type: unknown, span: typed.span };
}

/** The variables of a tuple of variables and such tuples; null: it is something else. */
export function variablesOfPattern(expr: AstExpr): readonly string[] | null {
  if (expr.kind === "variable") return [expr.name];
  if (expr.kind !== "tuple") return null;
  const parts = expr.of.map(variablesOfPattern);
  return parts.some((part) => part === null) ? null : parts.flatMap((part) => part!);
}

/** Offers to compute the argument `arg` of `literal` first, as the variable `name`. */
export function reportExpression(place: Place, arg: AstExpr, literal: Span, name: string): void {
  const { file } = place;
  const text = file.text.slice(arg.span.start, arg.span.end);
  const message = `an argument of a body literal is a variable, a constant or ${quote("_")}, not an expression`;
  if (arg.kind === "tuple" && variablesOfPattern(arg) !== null) {
    place.scope.findings.add("DLC213", file, arg.span, message, {
      mend: `To take a tuple apart, write ${quote(name)} here and ${quote(`${text} in [${name}]`)} as a literal of its own.`,
      fixes: [
        {
          title: "Take the tuple apart in a literal of its own",
          edits: [
            { file, span: arg.span, text: name },
            { file, span: { start: literal.end, end: literal.end }, text: `, ${text} in [${name}]` },
          ],
        },
      ],
    });
    return;
  }
  const fix = {
    title: `Compute ${quote(name)} first`,
    edits: [
      { file, span: { start: literal.start, end: literal.start }, text: `${name} = ${text}, ` },
      { file, span: arg.span, text: name },
    ],
  };
  place.scope.findings.add("DLC213", file, arg.span, message, {
    mend: `Compute it first: ${quote(`${name} = ${text}`)}, then use ${quote(name)} here.`,
    fixes: arg.kind === "tuple" ? [] : [fix],
  });
}

/** The variable `name` cannot also be of type `type`, as `what` wants. */
export function reportConflict(
  place: Place,
  name: string,
  before: Variable,
  span: Span,
  type: Type,
  what: string,
): void {
  const { file } = place;
  const numbers = isNumber(before.type) && isNumber(type);
  const [whole, other] = before.type.kind === "float" ? ["other", name] : [name, "other"];
  const message = `${quote(name)} is of type ${typeText(before.type)}, but ${what} is of type ${typeText(type)}`;
  place.scope.findings.add("DLC231", file, span, message, {
    cause: { file, span: before.span, label: `${quote(name)} is ${typeText(before.type)} by this` },
    mend: numbers
      ? `Use another variable here, and compare: ${quote(`toFloat(${whole}) == ${other}`)}.`
      : "Use another variable here: values of different types are never equal.",
  });
}

/** What the author of an unbound variable may have meant; null when nothing in the body tells. */
export function unboundHelp(place: Place, body: readonly AstLiteral[], name: string): More | null {
  const isName = (expr: AstExpr) => expr.kind === "variable" && expr.name === name;
  for (const literal of body) {
    if (
      literal.kind === "test" &&
      literal.value.kind === "binary" &&
      literal.value.op === "==" &&
      isName(literal.value.left)
    ) {
      return { mend: `${quote("==")} compares; to give ${quote(name)} a value, write ${quote("=")}.` };
    }
    if (literal.kind !== "read" || literal.negated || !(literal.args ?? []).some((arg) => isName(arg.value))) continue;
    if (asTest(place, literal)?.kind === "call") {
      return {
        mend: `${quote(literal.ref.name.text)} is a function here, which binds nothing. If a collection was meant, declare it in ${titleOf(place.role)}.`,
      };
    }
  }
  const collection = place.role.collections.get(name);
  if (collection === undefined || collection.kind === "nodes") return null;
  const blanks = collection.columns.map(() => "_").join(", ");
  return {
    mend: `${quote(name)} is a ${collection.kind}: to read it, write its columns, ${quote(`${name}(${blanks})`)}.`,
  };
}
