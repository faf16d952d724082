/** The 32-bit codes of values: see values.ts. */

/** Integers below it (and from its negative on) are their own codes; entries of the table of values have codes from it on. */
export const LIMIT = 0x4000_0000;
export const FAILED = -0x8000_0000;

/** Sets and maps have codes below -LIMIT: see tries.ts. */
export const EMPTY_MAP = -LIMIT - 1;

export function isMap(code: number): boolean {
  return code < -LIMIT && code !== FAILED;
}
