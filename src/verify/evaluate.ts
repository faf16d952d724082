/** The value of a plain expression, where it can be had here: imported functions and lattices are not run. */
import type { Expr } from "../compiler/ir.ts";
import { run as builtins } from "../operators/functions.run.ts";
import { compareValues } from "../runtime/canonical.ts";
import type { Value } from "../runtime/program.ts";

/** `valueOf(null)` is `self`. undefined: something is not known, or the expression fails. */
export function evaluate(expr: Expr, valueOf: (name: string | null) => Value | undefined): Value | undefined {
  const all = (of: readonly Expr[]): Value[] | undefined => {
    const values = of.map((each) => evaluate(each, valueOf));
    return values.includes(undefined) ? undefined : (values as Value[]);
  };
  switch (expr.kind) {
    case "variable":
      return valueOf(expr.name);
    case "self":
      return valueOf(null);
    case "literal":
      return expr.value;
    case "list":
    case "tuple":
      return all(expr.of);
    case "if": {
      const test = evaluate(expr.test, valueOf);
      return test === undefined ? undefined : evaluate(test === true ? expr.then : expr.else, valueOf);
    }
    case "unary": {
      const of = evaluate(expr.of, valueOf);
      if (of === undefined) return undefined;
      return expr.op === "!" ? of !== true : 0 - (of as number);
    }
    case "binary": {
      const sides = all([expr.left, expr.right]);
      return sides && binary(expr, sides[0], sides[1]);
    }
    case "call": {
      const args = all(expr.args);
      if (args === undefined || !expr.builtin) return undefined;
      try {
        return (builtins as Readonly<Record<string, (...args: Value[]) => Value>>)[expr.name](...args);
      } catch {
        return undefined;
      }
    }
    case "aggregate":
    case "lattice":
      return undefined;
  }
}

function binary({ op, type }: Extract<Expr, { kind: "binary" }>, a: Value, b: Value): Value | undefined {
  const [x, y] = [a as number, b as number];
  const isWhole = type.kind === "int" || type.kind === "nat";
  switch (op) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "/":
      if (isWhole && y === 0) return undefined;
      return isWhole ? Math.trunc(x / y) : x / y;
    case "%":
      return isWhole && y === 0 ? undefined : x % y;
    case "==":
      return compareValues(a, b) === 0;
    case "!=":
      return compareValues(a, b) !== 0;
    case "<":
      return compareValues(a, b) < 0;
    case "<=":
      return compareValues(a, b) <= 0;
    case ">":
      return compareValues(a, b) > 0;
    case ">=":
      return compareValues(a, b) >= 0;
    case "&&":
      return a === true && b === true;
    case "||":
      return a === true || b === true;
  }
}
