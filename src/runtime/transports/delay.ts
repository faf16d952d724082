/** Added network delay: every envelope is held at its sender for a time of its own, so that messages overtake each other. */

export interface Delay {
  readonly minMs: number;
  readonly maxMs: number;
  readonly seed: number;
}

/** `5ms` (order stays) or `0ms..50ms` (a seeded random time for each envelope). null: not of this form. */
export function parseDelay(text: string, seed: number): Delay | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s)?(?:\.\.(\d+(?:\.\d+)?)(ms|s)?)?$/.exec(text.trim());
  if (match === null) return null;
  const minMs = milliseconds(match[1], match[2] ?? match[4]);
  const maxMs = match[3] === undefined ? minMs : milliseconds(match[3], match[4]);
  return maxMs < minMs ? null : { minMs, maxMs, seed };
}

function milliseconds(digits: string, unit: string | undefined): number {
  return Number(digits) * (unit === "s" ? 1000 : 1);
}

/** Times to hold the envelopes of sender `self`, in milliseconds; the same for the same seed and sender. */
export function holdTimes(delay: Delay, self: string): () => number {
  if (delay.maxMs === delay.minMs) return () => delay.minMs;
  const draw = draws(delay.seed, self);
  return () => delay.minMs + draw() * (delay.maxMs - delay.minMs);
}

/** Numbers from 0 up to 1; the same for the same seed and name. */
export function draws(seed: number, name: string): () => number {
  let state = seed >>> 0;
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
