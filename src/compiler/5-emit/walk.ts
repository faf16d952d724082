/** Variables and aggregates of expressions and literals. */
import { children } from "../expressions.ts";
import type { AggregateCall, Expr, Pattern, RuleHead } from "../ir.ts";
import type { FlowLiteral } from "./flow.ts";

/** Adds the variables of an expression to `to`, each occurrence counted. */
export function countVariables(expr: Expr, to: Map<string, number>): void {
  if (expr.kind === "variable") to.set(expr.name, (to.get(expr.name) ?? 0) + 1);
  else if (expr.kind === "aggregate") for (const arg of expr.call.args) countVariables(arg, to);
  else for (const child of children(expr)) countVariables(child, to);
}

export function variablesOf(...exprs: readonly Expr[]): Set<string> {
  const counts = new Map<string, number>();
  for (const expr of exprs) countVariables(expr, counts);
  return new Set(counts.keys());
}

export function patternVariables(pattern: Pattern): readonly string[] {
  return pattern.kind === "variable" ? [pattern.name] : pattern.of.flatMap(patternVariables);
}

/** Variables that a literal needs bound before it can be evaluated (a read needs none). */
export function needs(literal: FlowLiteral): Set<string> {
  switch (literal.kind) {
    case "read":
      return literal.negated ? variablesOf(...literal.terms) : new Set();
    case "bind":
    case "range":
    case "test":
      return variablesOf(literal.value);
    case "closed":
      return variablesOf(...literal.key);
  }
}

export function aggregatesOf(head: Pick<RuleHead, "terms">, having: readonly Expr[]): readonly AggregateCall[] {
  const calls = head.terms.flatMap((term) => (term.kind === "aggregate" ? [term.call] : []));
  const visit = (expr: Expr): void => {
    if (expr.kind === "aggregate") calls.push(expr.call);
    else children(expr).forEach(visit);
  };
  having.forEach(visit);
  return calls;
}

/** Equal expressions have equal texts; where they stand does not matter. */
export function exprText(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => (key === "span" ? undefined : part));
}
