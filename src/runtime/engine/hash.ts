/** An avalanche hash over codes: neighbouring values must not fall into neighbouring slots. */

export const EMPTY = -1;
export const TOMBSTONE = -2;

/** One more code into the hash. */
export function mix(h: number, code: number): number {
  h = Math.imul(h ^ code, 0x9e3779b1);
  return h ^ (h >>> 15);
}

/** The hash, not negative: its lower bits choose a slot, its upper bits stand there. */
export function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 13), 0x85ebca6b);
  return (h ^ (h >>> 16)) & 0x7fff_ffff;
}

/** The array with room for `length`; `vacant` stands in what is new. */
export function wider(array: Int32Array, length: number, vacant = 0): Int32Array {
  const wide = new Int32Array(length);
  wide.set(array);
  if (vacant !== 0) wide.fill(vacant, array.length);
  return wide;
}
