/** What generated programs import: aggregates in the place of built-in ones, of which less is known. */

/** The order of the rows shows in it, and every row that is missing. */
const mixed = (xs: readonly number[]): number => xs.reduce((mix, x) => (mix * 7 + x + 1) % 1009, 0);
const greatest = (xs: readonly number[]): number => xs[xs.length - 1];
const total = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) % 97;

export const functions: Readonly<Record<string, Function>> = {
  mixed_int: mixed,
  mixed_float: mixed,
  greatest_int: greatest,
  greatest_float: greatest,
  total_int: total,
  next: (x: number): number => x + 1,
  half: (x: number): number => Math.floor(x / 2),
  isOne: (x: number): boolean => x === 1,
  shifted: (xs: ReadonlySet<number>): ReadonlySet<number> => new Set([...xs].map((x) => x + 1)),
  howMany: (xs: ReadonlySet<number>): number => xs.size,
  oddOnes: (xs: ReadonlySet<number>): number => [...xs].filter((x) => x % 2 !== 0).length % 2,
};

/** Functions that forms call. */
export const ofForms: ReadonlyMap<string, string> = new Map([
  ["next(", 'function next(x: int): int from "./f.ts" injective;'],
  ["half(", 'function half(x: int): int from "./f.ts";'],
  ["shifted(", 'function shifted(xs: lset<int>): lset<int> from "./f.ts" morphism;'],
  ["howMany(", 'function howMany(xs: lset<int>): lmax<int> from "./f.ts" monotone;'],
  ["oddOnes(", 'function oddOnes(xs: lset<int>): int from "./f.ts";'],
  ["isOne", 'function isOne(x: int): bool from "./f.ts";'],
]);

export const declarations = `aggregate mixed_int(x: int): int from "./f.ts";
aggregate mixed_float(x: float): float from "./f.ts";
aggregate greatest_int(x: int): int from "./f.ts" commutative monotone morphism;
aggregate greatest_float(x: float): float from "./f.ts" commutative monotone morphism;
aggregate total_int(x: int): int from "./f.ts" commutative;
`;

const instead: Readonly<Record<string, readonly string[]>> = {
  sum: ["mixed_int", "mixed_float"],
  max: ["greatest_int", "greatest_float"],
  choose: ["total_int"],
};

/** `sum(v1)` of ints is `mixed_int(v1)`; what has no other stays. */
export function imported(call: string, type: string): string {
  return call.replace(/^\w+/, (name) => (instead[name] ?? []).find((other) => other.endsWith(type)) ?? name);
}
