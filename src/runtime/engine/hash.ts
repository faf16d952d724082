/** An avalanche hash over codes: neighbouring values must not fall into neighbouring slots. */

/** What an empty slot holds, so that a new array of slots needs no filling; what stands for a row is negative. */
export const VACANT = 0;
export const TOMBSTONE = 1;

/** One more code into the hash. */
export function mix(h: number, code: number): number {
  return Math.imul(h ^ (h >>> 15), 0x85ebca6b) ^ code;
}

/** The hash, negative: its lower bits choose a slot, its upper bits stand there. */
export function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 15), 0x9e3779b1);
  return (h ^ (h >>> 16)) | 0x8000_0000;
}

/** The array with room for `length`; `vacant` stands in what is new. */
export function wider(array: Int32Array, length: number, vacant = 0): Int32Array {
  const wide = new Int32Array(length);
  wide.set(array);
  if (vacant !== 0) wide.fill(vacant, array.length);
  return wide;
}
