/** An avalanche hash over codes: neighbouring values must not fall into neighbouring slots. */

/** What an empty slot holds, so that a new array of slots needs no filling; what stands for a row is negative. */
export const VACANT = 0;
export const TOMBSTONE = 1;

/** One more code into the hash. */
export function mix(h: number, code: number): number {
  return Math.imul(h ^ (h >>> 15), 0x85ebca6b) ^ code;
}

/**
 * The hash, negative: its lower bits choose a slot, its upper bits stand there. The lowest five stand once more above
 * its other bits, so that it is known of most slots which one was chosen.
 */
export function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 15), 0x9e3779b1);
  h ^= h >>> 16;
  return (h & 0x03ff_ffff) | (h << 26) | 0x8000_0000;
}

// The same of one to four codes: short enough for V8 to inline where rows are found.

export function hash1(a: number): number {
  return finish(a);
}

export function hash2(a: number, b: number): number {
  return finish(Math.imul(a ^ (a >>> 15), 0x85ebca6b) ^ b);
}

export function hash3(a: number, b: number, c: number): number {
  const h = Math.imul(a ^ (a >>> 15), 0x85ebca6b) ^ b;
  return finish(Math.imul(h ^ (h >>> 15), 0x85ebca6b) ^ c);
}

export function hash4(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a ^ (a >>> 15), 0x85ebca6b) ^ b;
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b) ^ c;
  return finish(Math.imul(h ^ (h >>> 15), 0x85ebca6b) ^ d);
}

/** The array with room for `length`; `vacant` stands in what is new. */
export function wider(array: Int32Array, length: number, vacant = 0): Int32Array {
  const wide = new Int32Array(length);
  wide.set(array);
  if (vacant !== 0) wide.fill(vacant, array.length);
  return wide;
}
