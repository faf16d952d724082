/** The variables of an expression or pattern as written, `_` included. */
import type { Expr, Pattern } from "../ast.ts";

export function freeVariables(expr: Expr, into: Set<string> = new Set()): Set<string> {
  switch (expr.kind) {
    case "variable":
      into.add(expr.name);
      break;
    case "call":
      for (const arg of expr.args) freeVariables(arg, into);
      break;
    case "unary":
      freeVariables(expr.of, into);
      break;
    case "binary":
      freeVariables(expr.left, into);
      freeVariables(expr.right, into);
      break;
    case "if":
      freeVariables(expr.test, into);
      freeVariables(expr.then, into);
      freeVariables(expr.else, into);
      break;
    case "tuple":
    case "list":
    case "set":
      for (const one of expr.of) freeVariables(one, into);
      break;
    case "map":
      for (const { key, value } of expr.of) {
        freeVariables(key, into);
        freeVariables(value, into);
      }
      break;
    case "self":
    case "literal":
      break;
  }
  return into;
}

export function patternVariables(pattern: Pattern, into: Set<string> = new Set()): Set<string> {
  if (pattern.kind === "variable") into.add(pattern.name);
  else for (const part of pattern.of) patternVariables(part, into);
  return into;
}
