/** `having`: conditions on the groups of an aggregate. */
import type { Expr as AstExpr, RuleDecl } from "../ast.ts";
import type { AggregateCall, Destination, Expr, HeadTerm } from "../ir.ts";
import { bool } from "../types.ts";
import type { Body } from "./body.ts";
import { aggregateNamed } from "./calls.ts";
import { wanted } from "./coerce.ts";
import { typeExpr } from "./expressions.ts";
import type { Sight, Variable } from "./expressions.ts";
import { quote } from "./findings.ts";
import type { Place } from "./scope.ts";

export function lowerHaving(
  place: Place,
  decl: RuleDecl,
  terms: readonly HeadTerm[],
  to: Destination | null,
  body: Body,
): Expr[] {
  if (decl.having.length === 0) return [];
  const {
    file,
    scope: { findings },
  } = place;
  const group = new Map<string, Variable>();
  const address: readonly Expr[] = to?.kind === "address" ? [to.value] : [];
  for (const value of [...terms.flatMap((term) => (term.kind === "value" ? [term.value] : [])), ...address]) {
    const known = value.kind === "variable" ? body.variables.get(value.name) : undefined;
    if (value.kind === "variable" && known !== undefined) group.set(value.name, known);
  }
  const calls: AggregateCall[] = [];
  // The arguments of an aggregate see the whole body, the rest of `having` only the group.
  let outside: { readonly name: string; readonly span: Expr["span"] } | null = null;
  const sight: Sight = {
    place,
    variables: body.variables,
    unbound: body.unbound,
    aggregate: (call) => void calls.push(call),
  };
  const having = decl.having.map((one) => {
    for (const found of groupVariables(place, one)) {
      if (outside === null && body.variables.has(found.name) && !group.has(found.name)) outside = found;
    }
    return wanted(place, typeExpr(sight, one), bool, "a condition of `having`");
  });
  if (calls.length === 0 && !terms.some((term) => term.kind === "aggregate")) {
    findings.add(
      "DLC252",
      file,
      { start: decl.having[0].span.start, end: decl.having[decl.having.length - 1].span.end },
      "`having` filters the groups of an aggregate, and this rule has none",
      { mend: "Make it a condition of the body: write `,` for `having`." },
    );
  } else if (outside !== null) {
    const { name, span } = outside as { name: string; span: Expr["span"] };
    findings.add("DLC252", file, span, `${quote(name)} is not part of the group: within one group it has many values`, {
      cause: {
        file,
        span: decl.head.span,
        label: `the group is ${group.size === 0 ? "everything" : [...group.keys()].map(quote).join(", ")}`,
      },
      mend: "Put it into the head, aggregate it, or make it a condition of the body.",
    });
  }
  return having;
}

/** Variables of a `having` condition outside the arguments of its aggregates. */
function groupVariables(place: Place, expr: AstExpr): { readonly name: string; readonly span: Expr["span"] }[] {
  switch (expr.kind) {
    case "variable":
      return [expr];
    case "call":
      return aggregateNamed(place, expr.callee.text) !== undefined
        ? []
        : expr.args.flatMap((arg) => groupVariables(place, arg));
    case "unary":
      return groupVariables(place, expr.of);
    case "binary":
      return [...groupVariables(place, expr.left), ...groupVariables(place, expr.right)];
    case "if":
      return [expr.test, expr.then, expr.else].flatMap((one) => groupVariables(place, one));
    case "tuple":
    case "list":
    case "set":
      return expr.of.flatMap((one) => groupVariables(place, one));
    default:
      return [];
  }
}
