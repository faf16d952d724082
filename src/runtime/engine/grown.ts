/**
 * The sum of an `lmax` or `lmin` of floats and another number, so that it only grows with it. ∞ + -∞, which is NaN, would
 * come before what smaller values gave; so it is the one of the two that does not grow, or (of two that do) `neither`.
 */
export function grown(left: number, right: number, neither: "left" | "right" | number): number {
  const sum = left + right;
  if (!Number.isNaN(sum) || Number.isNaN(left) || Number.isNaN(right)) return sum;
  return neither === "left" ? left : neither === "right" ? right : neither;
}
