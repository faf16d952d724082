/** The values of a type, as the cases of a law are made from them. */
export interface Domain {
  /** All of a few simple ones, simplest first. */
  readonly small: readonly unknown[];
  /** Where functions go wrong: limits, look-alikes, the constants of the source and their neighbours. */
  readonly edges: readonly unknown[];
  readonly random: (draw: Draw) => unknown;
  /** One that differs from `value` a little. */
  readonly near: (value: unknown, draw: Draw) => unknown;
  /** Some that are simpler, simplest first. */
  readonly simpler: (value: unknown) => Iterable<unknown>;
  /** Equal values have equal keys: -0 is 0 and NaN is NaN. */
  readonly key: (value: unknown) => string;
  /** As in a program; -0 and NaN as they are. */
  readonly show: (value: unknown) => string;
  /** What is wrong with what a function gave as a value of the type, as `: int expected, 1.5 found`; null when nothing is. */
  readonly problem: (given: unknown) => string | null;
  /** Of one with a problem: it is one of numbers that grew beyond all bounds, about which laws say nothing. */
  readonly overflows: (given: unknown) => boolean;
  /** A copy that cannot be changed, or whose changes show in its key. */
  readonly frozen: (value: unknown) => unknown;
  /** Where functions see other values than cases are made of: sets and maps for those of lattices. */
  readonly outside?: Outside;
  /** Whether a <= b. For types whose values have an order in which they grow. */
  readonly below?: (a: unknown, b: unknown) => boolean;
  /** The least value above both. */
  readonly join?: (a: unknown, b: unknown) => unknown;
}

export interface Outside {
  /** What a function gets. */
  readonly give: (value: unknown) => unknown;
  /** What it gave, and has no problem. */
  readonly take: (given: unknown) => unknown;
}

/** Random numbers from a seed. */
export interface Draw {
  /** Whole, from 0 to below `n`. */
  readonly below: (n: number) => number;
  readonly pick: <T>(from: readonly T[]) => T;
  readonly chance: (probability: number) => boolean;
}

/** Mulberry32. */
export function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return { below, pick: (from) => from[below(from.length)]!, chance: (probability) => next() < probability };
}

/** FNV-1a of the text: the seed of a law is the same on every machine and in every run. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
