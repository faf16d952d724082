/** The variables of an expression or pattern as written, `_` included. */
import type { Expr, Pattern } from "../ast.ts";

/** `applies`: calls whose second argument is the name of a function, as in `map(s, lower)`. */
export function freeVariables(
  expr: Expr,
  applies: (callee: string) => boolean,
  into: Set<string> = new Set(),
): Set<string> {
  switch (expr.kind) {
    case "variable":
      into.add(expr.name);
      break;
    case "call":
      expr.args.forEach((arg, i) => {
        if (i !== 1 || !applies(expr.callee.text)) freeVariables(arg, applies, into);
      });
      break;
    case "unary":
      freeVariables(expr.of, applies, into);
      break;
    case "binary":
      freeVariables(expr.left, applies, into);
      freeVariables(expr.right, applies, into);
      break;
    case "if":
      freeVariables(expr.test, applies, into);
      freeVariables(expr.then, applies, into);
      freeVariables(expr.else, applies, into);
      break;
    case "tuple":
    case "list":
    case "set":
      for (const one of expr.of) freeVariables(one, applies, into);
      break;
    case "map":
      for (const { key, value } of expr.of) {
        freeVariables(key, applies, into);
        freeVariables(value, applies, into);
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
