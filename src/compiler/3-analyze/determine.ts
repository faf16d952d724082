/**
 * Functional determination within one rule body (analysis.md section 3 `compatible`, corrected
 * by semantics.md A12: the gate must determine the key, so that all facts of one gate value lie
 * in one partition). Chased through identity, equalities, the inverse of declared-injective
 * functions, `int` plus or minus a constant, and keys `x -> y` read from x to y.
 */
import type { CollectionId, Expr, Ir, Literal, ReadLiteral, Rule } from "../ir.ts";
import type { Persistence } from "../analysis.ts";

export interface Dependency {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

export function variablesOf(expr: Expr, into: Set<string> = new Set()): Set<string> {
  switch (expr.kind) {
    case "variable":
      into.add(expr.name);
      break;
    case "self":
    case "literal":
      break;
    case "call":
      for (const arg of expr.args) variablesOf(arg, into);
      break;
    case "aggregate":
      for (const arg of expr.call.args) variablesOf(arg, into);
      break;
    case "unary":
      variablesOf(expr.of, into);
      break;
    case "binary":
      variablesOf(expr.left, into);
      variablesOf(expr.right, into);
      break;
    case "if":
      variablesOf(expr.test, into);
      variablesOf(expr.then, into);
      variablesOf(expr.else, into);
      break;
    case "tuple":
    case "list":
      for (const each of expr.of) variablesOf(each, into);
      break;
    case "lattice":
      for (const arg of [...expr.args, ...expr.valuation]) variablesOf(arg, into);
      break;
  }
  return into;
}

export function mentionsSelf(expr: Expr): boolean {
  return shape(expr).includes('"kind":"self"');
}

const usingSelf = new WeakMap<Rule, boolean>();

/** `self` anywhere but as the address of a message's sender keeps a fact at its instance. */
export function usesSelf(rule: Rule): boolean {
  let known = usingSelf.get(rule);
  if (known === undefined) usingSelf.set(rule, (known = findSelf(rule)));
  return known;
}

function findSelf(rule: Rule): boolean {
  const inTerms = rule.head.terms.some((term) =>
    term.kind === "value" ? mentionsSelf(term.value) : term.call.args.some(mentionsSelf),
  );
  const inBody = rule.body.some((literal) => {
    if (literal.kind === "read") return literal.terms.some((term) => term?.kind === "self");
    return mentionsSelf(literal.value);
  });
  return inTerms || inBody || rule.having.some(mentionsSelf);
}

/** The variables that the value of `expr` determines; null when it determines none (not injective). */
export function invertible(expr: Expr, ir: Ir): string[] | null {
  switch (expr.kind) {
    case "variable":
      return [expr.name];
    case "literal":
      return [];
    case "call":
      if (expr.builtin || !ir.functions.get(expr.name)?.claims.includes("injective")) return null;
      return all(expr.args, ir);
    case "tuple":
    case "list":
      return all(expr.of, ir);
    case "binary": {
      if (expr.op !== "+" && expr.op !== "-") return null;
      if (expr.type.kind !== "int" && expr.type.kind !== "nat") return null;
      if (expr.right.kind === "literal") return invertible(expr.left, ir);
      if (expr.left.kind === "literal") return invertible(expr.right, ir);
      return null;
    }
    default:
      return null;
  }
}

function all(exprs: readonly Expr[], ir: Ir): string[] | null {
  const out: string[] = [];
  for (const expr of exprs) {
    const inner = invertible(expr, ir);
    if (inner === null) return null;
    out.push(...inner);
  }
  return out;
}

/** Keys hold over time in static and growing tables, and where the key is promised `unique`. */
export function keyHolds(ir: Ir, persistence: ReadonlyMap<CollectionId, Persistence>, id: CollectionId): boolean {
  const collection = ir.collections.get(id)!;
  if (collection.keyLength === null) return false;
  if (collection.unique) return true;
  const of = persistence.get(id);
  return collection.kind === "table" && (of === "static" || of === "growing");
}

export function dependencies(body: readonly Literal[], ir: Ir, holds: (id: CollectionId) => boolean): Dependency[] {
  const out: Dependency[] = [];
  const equate = (left: Expr, right: Expr): void => {
    const leftInverse = invertible(left, ir);
    const rightInverse = invertible(right, ir);
    if (leftInverse) out.push({ from: [...variablesOf(right)], to: leftInverse });
    if (rightInverse) out.push({ from: [...variablesOf(left)], to: rightInverse });
  };
  for (const literal of body) {
    if (literal.kind === "bind") {
      const variable: Expr = { kind: "variable", name: literal.variable, type: literal.type, span: literal.span };
      out.push({ from: [...variablesOf(literal.value)], to: [literal.variable] });
      equate(variable, literal.value);
    } else if (literal.kind === "test") {
      for (const each of conjuncts(literal.value))
        if (each.kind === "binary" && each.op === "==") equate(each.left, each.right);
    } else if (literal.kind === "read" && !literal.negated && holds(literal.collection)) {
      const keyLength = ir.collections.get(literal.collection)!.keyLength!;
      const names = (terms: typeof literal.terms): string[] =>
        terms.flatMap((term) => (term?.kind === "variable" ? [term.name] : []));
      out.push({ from: names(literal.terms.slice(0, keyLength)), to: names(literal.terms.slice(keyLength)) });
    }
  }
  return out;
}

export function conjuncts(expr: Expr): Expr[] {
  return expr.kind === "binary" && expr.op === "&&" ? [...conjuncts(expr.left), ...conjuncts(expr.right)] : [expr];
}

/** Everything that `start` determines. */
export function closure(start: Iterable<string>, dependencies: readonly Dependency[]): Set<string> {
  const known = new Set(start);
  for (let grew = true; grew;) {
    grew = false;
    for (const { from, to } of dependencies) {
      if (to.every((name) => known.has(name)) || !from.every((name) => known.has(name))) continue;
      for (const name of to) known.add(name);
      grew = true;
    }
  }
  return known;
}

/** Variables bound to one another by `x = y` and `x == y`: each maps to one representative. */
export function equals(rule: { readonly body: Rule["body"] }): (name: string) => string {
  const parent = new Map<string, string>();
  const find = (name: string): string => {
    let at = name;
    while (parent.has(at)) at = parent.get(at)!;
    return at;
  };
  const unite = (a: string, b: string): void => {
    const [x, y] = [find(a), find(b)];
    if (x !== y) parent.set(x, y);
  };
  for (const literal of rule.body) {
    if (literal.kind === "bind" && literal.value.kind === "variable") unite(literal.variable, literal.value.name);
    if (literal.kind !== "test") continue;
    for (const each of conjuncts(literal.value)) {
      if (each.kind === "binary" && each.op === "==" && each.left.kind === "variable" && each.right.kind === "variable")
        unite(each.left.name, each.right.name);
    }
  }
  return find;
}

/** `expr` over the variables of one literal alone, through the rule's bindings; null when it cannot be had. */
export function computableFrom(literal: ReadLiteral, expr: Expr, rule: Rule, depth = 0): Expr | null {
  const own = new Set(literal.terms.flatMap((term) => (term?.kind === "variable" ? [term.name] : [])));
  const same = equals(rule);
  const substitute = (at: Expr): Expr | null => {
    switch (at.kind) {
      case "variable": {
        if (own.has(at.name)) return at;
        const equal = [...own].find((name) => same(name) === same(at.name));
        if (equal !== undefined) return { ...at, name: equal };
        const bind = rule.body.find((each) => each.kind === "bind" && each.variable === at.name);
        return bind?.kind === "bind" && depth < 20 ? computableFrom(literal, bind.value, rule, depth + 1) : null;
      }
      case "literal":
      case "self":
        return at;
      case "call": {
        const args = at.args.map(substitute);
        return args.includes(null) ? null : { ...at, args: args as Expr[] };
      }
      case "binary": {
        const [left, right] = [substitute(at.left), substitute(at.right)];
        return left && right ? { ...at, left, right } : null;
      }
      case "unary": {
        const of = substitute(at.of);
        return of && { ...at, of };
      }
      case "tuple":
      case "list": {
        const of = at.of.map(substitute);
        return of.includes(null) ? null : { ...at, of: of as Expr[] };
      }
      default:
        return null;
    }
  };
  return substitute(expr);
}

export function sameKey(a: readonly Expr[], b: readonly Expr[]): boolean {
  return a.length === b.length && a.every((expr, i) => shape(expr) === shape(b[i]));
}

const shapes = new WeakMap<Expr, string>();

/** An expression's structure without places and types. */
export function shape(expr: Expr): string {
  let known = shapes.get(expr);
  if (known === undefined) {
    known = JSON.stringify(expr, (name, value) => (name === "span" || name === "type" ? undefined : value));
    shapes.set(expr, known);
  }
  return known;
}
