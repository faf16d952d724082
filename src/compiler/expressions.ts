/** Expressions as trees. */
import type { Expr } from "./ir.ts";

/** The expressions that it is made of; of an aggregate, which stands for a group, none. */
export function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "variable":
    case "self":
    case "literal":
    case "aggregate":
      return [];
    case "call":
      return expr.args;
    case "unary":
      return [expr.of];
    case "binary":
      return [expr.left, expr.right];
    case "if":
      return [expr.test, expr.then, expr.else];
    case "tuple":
    case "list":
      return expr.of;
    case "lattice":
      return [...expr.args, ...expr.valuation];
  }
}

export function holdsAggregate(expr: Expr): boolean {
  return expr.kind === "aggregate" || children(expr).some(holdsAggregate);
}
