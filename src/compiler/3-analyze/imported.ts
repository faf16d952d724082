/**
 * Imported aggregates. What one gives of a group is a function of all its rows in canonical order, so
 * that a group which is closed needs no claim (semantics.md C3). Of a group that may still grow a
 * claim has to say how the result follows it; without one the aggregate is opaque.
 */
import type { Claim } from "../ast.ts";
import type { AggregateCall, Expr, ImportedFunction, Ir, Rule } from "../ir.ts";

/** Whether it is an imported one that makes one of the claims. */
export function claims({ name }: AggregateCall, ir: Ir, ...any: readonly Claim[]): boolean {
  return typeof name !== "string" && any.some((claim) => ir.aggregates.get(name.imported)!.claims.includes(claim));
}

/** Those in a rule's head and in its `having`, each once. */
export function importedAggregates(rule: Rule, ir: Ir): ImportedFunction[] {
  const names = new Set<string>();
  const visit = (expr: Expr): void => {
    switch (expr.kind) {
      case "variable":
      case "self":
      case "literal":
        break;
      case "aggregate":
        if (typeof expr.call.name !== "string") names.add(expr.call.name.imported);
        break;
      case "call":
        expr.args.forEach(visit);
        break;
      case "unary":
        visit(expr.of);
        break;
      case "binary":
        [expr.left, expr.right].forEach(visit);
        break;
      case "if":
        [expr.test, expr.then, expr.else].forEach(visit);
        break;
      case "tuple":
      case "list":
        expr.of.forEach(visit);
        break;
      case "lattice":
        expr.args.forEach(visit);
    }
  };
  for (const term of rule.head.terms)
    if (term.kind === "aggregate" && typeof term.call.name !== "string") names.add(term.call.name.imported);
  rule.having.forEach(visit);
  return [...names].map((name) => ir.aggregates.get(name)!);
}

/** Those of which it is not even claimed that the rows of a group alone decide, in whatever order. */
export function opaqueAggregates(rule: Rule, ir: Ir): string[] {
  return importedAggregates(rule, ir)
    .filter((aggregate) => !aggregate.claims.includes("commutative"))
    .map(({ name }) => name);
}
