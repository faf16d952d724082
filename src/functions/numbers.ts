/** Numbers as cases: small ones, limits, the constants of a source and their neighbours. */
import type { Draw } from "./domain.ts";
import type { Literals } from "./subject.ts";

export type NumberKind = "int" | "nat" | "float";

const big = 2 ** 53;
const limits = [2 ** 15, 2 ** 16, 2 ** 30, 2 ** 31, 2 ** 32, 2 ** 52, big - 1];
const wholes = [
  ...limits.flatMap((limit) => [limit - 1, limit, limit + 1, -limit, -limit - 1, 1 - limit]),
  60,
  64,
  99,
  100,
  127,
  128,
  255,
  256,
  365,
  999,
  1000,
  1001,
  1_000_000,
];
const fractions = [
  -0,
  NaN,
  Infinity,
  -Infinity,
  Number.EPSILON,
  1 + Number.EPSILON,
  1 - Number.EPSILON / 2,
  Number.MIN_VALUE,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  0.5,
  -0.5,
  1.5,
  -1.5,
  2.5,
  0.1,
  0.2,
  0.3,
  1 / 3,
  2 / 3,
  1e-7,
  1e21,
  big,
  big + 2,
];

export function allows(kind: NumberKind, value: number): boolean {
  if (kind === "float") return true;
  return Number.isSafeInteger(value) && !Object.is(value, -0) && (kind === "int" || value >= 0);
}

/** `value`, nearer to `kind`: the next whole number, its amount. */
function fitted(kind: NumberKind, value: number): number[] {
  const found = kind === "float" ? value : kind === "nat" ? Math.abs(Math.trunc(value)) : Math.trunc(value) + 0;
  return allows(kind, found) ? [found] : [];
}

export function smallNumbers(kind: NumberKind): readonly number[] {
  const found: number[] = [];
  for (let n = 0; n <= 12; n++) found.push(n, -n);
  if (kind === "float") found.push(0.5, -0.5, 0.25, 1.5, -1.5, -0, NaN, Infinity, -Infinity);
  return distinct(found.filter((value) => allows(kind, value)));
}

export function numberEdges(kind: NumberKind, literals: Literals): readonly number[] {
  const around = literals.numbers.flatMap((value) => [
    value,
    value + 1,
    value - 1,
    -value,
    -value - 1,
    1 - value,
    value * 2,
    ...(kind === "float" ? [value + 0.5, value - 0.5] : []),
  ]);
  const hundred = Array.from({ length: 101 }, (_, i) => i);
  return distinct(
    [...smallNumbers(kind), ...around, ...(kind === "float" ? fractions : []), ...wholes, ...hundred].flatMap((value) =>
      fitted(kind, value),
    ),
  );
}

export function randomNumber(kind: NumberKind, draw: Draw): number {
  const size = draw.below(54);
  const amount = Math.floor((draw.below(2 ** 30) / 2 ** 30) * 2 ** size);
  const signed = kind !== "nat" && draw.chance(0.5) ? -amount : amount;
  if (kind !== "float" || draw.chance(0.4)) return fitted(kind, signed)[0] ?? 0;
  return (signed * (draw.below(1000) + 1)) / (draw.below(1000) + 1);
}

export function numberNear(kind: NumberKind, value: number, draw: Draw): number {
  const steps = [1, -1, 2, -2, 10, -10, 64, -64, 256, 1000, 65536, 2 ** 31, 2 ** 32, -(2 ** 32)];
  const found = draw.chance(0.25)
    ? -value
    : kind === "float" && draw.chance(0.4)
      ? value * (1 + Number.EPSILON) + 1e-9
      : value + draw.pick(steps);
  return fitted(kind, found)[0] ?? value;
}

export function* numbersSimpler(kind: NumberKind, value: number): Iterable<number> {
  const candidates: number[] = [];
  for (let n = 0; n < 10; n++) candidates.push(n);
  for (let n = 1; n < 10; n++) candidates.push(-n);
  candidates.push(
    Math.trunc(value),
    Math.abs(value),
    Math.trunc(value / 2),
    Math.trunc(value / 10),
    value - 1,
    value + 1,
  );
  if (kind === "float")
    candidates.push(0.5, 0.25, 1.5, Math.trunc(value * 2) / 2, Math.trunc(value * 10) / 10, value / 10);
  for (const candidate of candidates) if (allows(kind, candidate) && !Object.is(candidate, value)) yield candidate;
}

function distinct(values: readonly number[]): number[] {
  const seen: number[] = [];
  const known = new Set<string>();
  for (const value of values) {
    const key = Object.is(value, -0) ? "-0" : String(value);
    if (known.has(key)) continue;
    known.add(key);
    seen.push(value);
  }
  return seen;
}
