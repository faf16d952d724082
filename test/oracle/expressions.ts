/** Expressions and bodies over plain values, as simply as can be. */
import { compareValues, canonicalText } from "../../src/runtime/canonical.ts";
import { run as builtins } from "../../src/operators/functions.run.ts";
import type { AggregateCall, Expr, Literal, Pattern } from "../../src/compiler/ir.ts";
import { carrier } from "../../src/compiler/types.ts";
import type { Row, Value } from "../../src/runtime/program.ts";
import { elementsOf, operate } from "./lattices.ts";

/** A derivation that fails. */
export class Failed extends Error {}

export type Bindings = ReadonlyMap<string, Value>;

export interface World {
  readonly self: string;
  readonly functions: Readonly<Record<string, Function>>;
  /** `R/hits#1`. */
  readonly rule: string;
  /** Of the column at hand: the value that an update looks at. */
  readonly current?: () => Value | undefined;
  readonly rows: (literal: Extract<Literal, { kind: "read" }>) => Iterable<Row>;
}

const same = (a: Value, b: Value): boolean => compareValues(a, b) === 0;

export function evaluate(expr: Expr, bound: Bindings, world: World, aggregate?: (call: AggregateCall) => Value): Value {
  const inner = (one: Expr): Value => evaluate(one, bound, world, aggregate);
  const int = (value: number): number => {
    if (!Number.isSafeInteger(value)) throw new Failed("not an int");
    return value === 0 ? 0 : value;
  };
  switch (expr.kind) {
    case "variable": {
      const value = bound.get(expr.name);
      if (value === undefined) throw new Error(`unbound ${expr.name}`);
      return value;
    }
    case "self":
      return world.self;
    case "literal":
      return expr.value;
    case "aggregate":
      return aggregate!(expr.call);
    case "lattice":
      return operate(expr, {
        inner,
        rule: world.rule,
        current: () => world.current?.(),
        apply: (call, element) => evaluate(call, new Map([["x", element]]), world),
        fail: (why) => {
          throw new Failed(why);
        },
      });
    case "list":
    case "tuple":
      return expr.of.map(inner);
    case "if":
      return inner(expr.test) === true ? inner(expr.then) : inner(expr.else);
    case "unary": {
      const value = inner(expr.of);
      return expr.op === "!" ? value !== true : 0 - (value as number);
    }
    case "call": {
      const args = expr.args.map(inner);
      const of = expr.builtin ? (builtins as Readonly<Record<string, unknown>>)[expr.name] : world.functions[expr.name];
      try {
        return (of as (...all: readonly Value[]) => Value)(...args);
      } catch {
        throw new Failed(expr.name);
      }
    }
    case "binary": {
      if (expr.op === "&&") return inner(expr.left) === true && inner(expr.right) === true;
      if (expr.op === "||") return inner(expr.left) === true || inner(expr.right) === true;
      const left = inner(expr.left);
      const right = inner(expr.right);
      const order = (): number => compareValues(left, right);
      const { kind } = carrier(expr.type);
      const whole = kind === "int" || kind === "nat";
      const a = left as number;
      const b = right as number;
      switch (expr.op) {
        case "==":
          return same(left, right);
        case "!=":
          return !same(left, right);
        case "<":
          return order() < 0;
        case "<=":
          return order() <= 0;
        case ">":
          return order() > 0;
        case ">=":
          return order() >= 0;
        case "+":
          return typeof left === "string" ? left + (right as string) : whole ? int(a + b) : a + b;
        case "-":
          return whole ? int(a - b) : a - b;
        case "*":
          return whole ? int(a * b) : a * b;
        case "/":
          return whole ? int((a - (a % b)) / b) : a / b;
        case "%":
          return whole ? int(a % b) : a % b;
        default:
          throw new Error(expr.op);
      }
    }
  }
}

function match(pattern: Pattern, value: Value, bound: Map<string, Value>): boolean {
  if (pattern.kind === "tuple") return pattern.of.every((part, i) => match(part, (value as Row)[i], bound));
  const known = bound.get(pattern.name);
  if (known !== undefined) return same(known, value);
  bound.set(pattern.name, value);
  return true;
}

/** All valuations under which a body holds, each once. */
export function valuations(body: readonly Literal[], world: World): readonly Bindings[] {
  const found = new Map<string, Bindings>();
  const isBound = (expr: Expr, bound: Bindings): boolean => {
    try {
      evaluate(expr, bound, world);
      return true;
    } catch (error) {
      return error instanceof Failed;
    }
  };
  const go = (rest: readonly Literal[], bound: Bindings): void => {
    if (rest.length === 0) {
      found.set(canonicalText([...bound].sort(([a], [b]) => (a < b ? -1 : 1)) as unknown as Value), bound);
      return;
    }
    const at = rest.findIndex((literal) =>
      literal.kind === "read"
        ? !literal.negated || literal.terms.every((term) => term === null || isBound(term, bound))
        : isBound(literal.value, bound),
    );
    if (at < 0) throw new Error("nothing is ready");
    const literal = rest[at];
    const others = rest.filter((_, i) => i !== at);
    let value: Value = null;
    try {
      if (literal.kind !== "read") value = evaluate(literal.value, bound, world);
    } catch (error) {
      if (error instanceof Failed) return;
      throw error;
    }
    const next = new Map(bound);
    switch (literal.kind) {
      case "test":
        if (value === true) go(others, bound);
        break;
      case "bind":
        if (
          next.has(literal.variable)
            ? same(next.get(literal.variable)!, value)
            : (next.set(literal.variable, value), true)
        )
          go(others, next);
        break;
      case "range":
        for (const element of literal.value.type.kind === "lattice"
          ? elementsOf(literal.value.type, value)
          : (value as Row)) {
          const with1 = new Map(bound);
          if (match(literal.pattern, element, with1)) go(others, with1);
        }
        break;
      case "read": {
        const agrees = (row: Row): Map<string, Value> | null => {
          const with1 = new Map(bound);
          for (const [i, term] of literal.terms.entries()) {
            if (term === null) continue;
            if (term.kind === "variable" && !with1.has(term.name)) with1.set(term.name, row[i]);
            else if (!same(evaluate(term, with1, world), row[i])) return null;
          }
          return with1;
        };
        const matches = [...world.rows(literal)].map(agrees).filter((one) => one !== null);
        if (!literal.negated) for (const one of matches) go(others, one);
        else if (matches.length === 0) go(others, bound);
      }
    }
  };
  go(body, new Map());
  return [...found.values()];
}
