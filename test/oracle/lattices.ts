/** Lattices over decoded values, as simply as can be: sets and maps are sorted lists, everything is made anew. */
import type { Expr, LatticeType, Type } from "../../src/compiler/ir.ts";
import { canonicalText, compareValues } from "../../src/runtime/canonical.ts";
import type { Row, Value } from "../../src/runtime/program.ts";

type Pairs = readonly (readonly [Value, Value])[];

const least = (a: Value, b: Value): Value => (compareValues(a, b) <= 0 ? a : b);
const greatest = (a: Value, b: Value): Value => (compareValues(a, b) >= 0 ? a : b);

export function setOf(values: readonly Value[]): readonly Value[] {
  const texts = new Map(values.map((value) => [canonicalText(value), value]));
  return [...texts.values()].sort(compareValues);
}

function mapOf(pairs: Pairs, join: (a: Value, b: Value) => Value): Pairs {
  const found = new Map<string, readonly [Value, Value]>();
  for (const [key, value] of pairs) {
    const text = canonicalText(key);
    const before = found.get(text);
    found.set(text, [key, before === undefined ? value : join(before[1], value)]);
  }
  return [...found.values()].sort((a, b) => compareValues(a[0], b[0]));
}

export function joined(type: LatticeType, a: Value, b: Value): Value {
  switch (type.name) {
    case "lmax":
      return greatest(a, b);
    case "lmin":
      return least(a, b);
    case "lbool":
      return a === true || b === true;
    case "lset":
    case "lpset":
      return setOf([...(a as Row), ...(b as Row)]);
    case "lmap":
      return mapOf([...(a as Pairs), ...(b as Pairs)], (x, y) => joined(type.args[1] as LatticeType, x, y));
    case "gcounter":
      return mapOf([...(a as Pairs), ...(b as Pairs)], greatest);
    case "orset":
      return mapOf([...(a as Pairs), ...(b as Pairs)], (x, y) =>
        mapOf([...(x as Pairs), ...(y as Pairs)], (r, s) => r === true || s === true),
      );
    case "lww":
      return greatest(a, b);
    default:
      throw new Error(`the oracle has no ${type.name}`);
  }
}

export interface Surroundings {
  readonly inner: (expr: Expr) => Value;
  /** `R/hits#1`. */
  readonly rule: string;
  /** The value that an update looks at. */
  readonly current: () => Value | undefined;
  /** The function that `map` and `filter` apply. */
  readonly apply: (call: Extract<Expr, { kind: "call" }>, element: Value) => Value;
  readonly fail: (why: string) => never;
}

/** The elements of a set, bag or map. */
export function elementsOf(type: LatticeType, value: Value): readonly Value[] {
  return type.name === "orset" ? present(value) : (value as Row);
}

function present(value: Value): readonly Value[] {
  return (value as Pairs).flatMap(([x, dots]) => ((dots as Pairs).some(([, gone]) => gone === false) ? [x] : []));
}

export function revealed(type: Type, value: Value): Value {
  if (type.kind !== "lattice") return value;
  if (type.name === "lmap") return (value as Pairs).map(([key, of]) => [key, revealed(type.args[1], of)]);
  if (type.name === "gcounter") return total(value);
  if (type.name === "orset") return present(value);
  return type.name === "lww" ? (value as Row)[1] : value;
}

const total = (value: Value): number => (value as Pairs).reduce((sum, [, n]) => sum + (n as number), 0);

export function operate(expr: Extract<Expr, { kind: "lattice" }>, of: Surroundings): Value {
  const { op, on, by } = expr;
  const args = expr.args.map(of.inner);
  const [a, b] = args;
  const isNegative = (value: Value): boolean => typeof value === "number" && value < 0;
  const dot = (): string => canonicalText([of.rule, ...expr.valuation.map(of.inner)]);
  switch (op) {
    case "lift":
      if (on.name === "lpset" && isNegative(a)) of.fail("negative");
      return on.name === "lset" || on.name === "lpset" ? [a] : a;
    case "of":
      if (on.name === "lpset" && args.some(isNegative)) of.fail("negative");
      return setOf(args);
    case "ofPairs": {
      const pairs = Array.from({ length: args.length / 2 }, (_, i) => [args[2 * i], args[2 * i + 1]] as const);
      return mapOf(pairs, (x, y) => joined(on.args[1] as LatticeType, x, y));
    }
    case "reveal":
      return revealed(on, a);
    case "size":
      return on.name === "orset" ? present(a).length : (a as Row).length;
    case "contains":
      return elementsOf(on, a).some((one) => compareValues(one, b) === 0);
    case "union":
      return joined(on, a, b);
    case "intersect":
      return (a as Row).filter((one) => (b as Row).some((other) => compareValues(one, other) === 0));
    case "product":
      return setOf((a as Row).flatMap((x) => (b as Row).map((y) => [x, y])));
    case "map":
      return setOf((a as Row).map((x) => of.apply(by!, x)));
    case "filter":
      return (a as Row).filter((x) => of.apply(by!, x) === true);
    case "sum":
      return (a as readonly number[]).reduce((x, y) => x + y, 0);
    case "at": {
      const found = (a as Pairs).find(([key]) => compareValues(key, b) === 0);
      return found === undefined ? of.fail("no such key") : found[1];
    }
    case "hasKey":
      return (a as Pairs).some(([key]) => compareValues(key, b) === 0);
    case "keys":
      return (a as Pairs).map(([key]) => key);
    case "value":
      return total(a);
    case "whenTrue":
      return a === true;
    case "inc":
      return a === 0 ? [] : [[dot(), a]];
    case "add":
      return [[a, [[dot(), false]]]];
    case "remove": {
      const held = ((of.current() ?? []) as Pairs).find(([x]) => compareValues(x, a) === 0);
      return held === undefined ? [] : [[a, (held[1] as Pairs).map(([one]) => [one, true])]];
    }
    case "set":
      return [(((of.current() as Row | undefined)?.[0] ?? 0) as number) + 1, a];
    case "stamped":
      return [a, b];
    default:
      throw new Error(`the oracle has no ${op}`);
  }
}
