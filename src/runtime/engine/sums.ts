/**
 * Exact sums per group row. Nothing is ever rounded but the result, so that neither the order of the
 * values nor values that came and went show in it.
 */
import type { State } from "../state.ts";
import type { RowState } from "./columns.ts";

function widerFloats(array: Float64Array, length: number): Float64Array {
  const wide = new Float64Array(length);
  wide.set(array);
  return wide;
}

const HALF = 0x400_0000;

/** Sums of safe integers, in two halves: value = high * 2^26 + low. Exact for 2^26 values a group. */
export class IntSums implements RowState {
  #high: Float64Array = new Float64Array(0);
  #low: Float64Array = new Float64Array(0);

  grow(capacity: number): void {
    this.#high = widerFloats(this.#high, capacity);
    this.#low = widerFloats(this.#low, capacity);
  }

  reset(row: number): void {
    this.#high[row] = 0;
    this.#low[row] = 0;
  }

  persist(state: State): void {
    this.#high = state.of(this.#high);
    this.#low = state.of(this.#low);
  }

  add(row: number, value: number, sign: number): void {
    const high = Math.floor(value / HALF);
    this.#high[row] += sign * high;
    this.#low[row] += sign * (value - high * HALF);
  }

  #exact(row: number): bigint {
    return BigInt(this.#high[row]) * BigInt(HALF) + BigInt(this.#low[row]);
  }

  /** Infinite when the sum is beyond the safe integers. */
  sum(row: number): number {
    const sum = this.#high[row] * HALF + this.#low[row];
    if (Math.abs(sum) < 2 ** 52) return sum;
    const exact = Number(this.#exact(row));
    return Number.isSafeInteger(exact) ? exact : Infinity;
  }

  mean(row: number, count: number): number {
    const sum = this.sum(row);
    return Number.isFinite(sum) ? sum / count : nearest(this.#exact(row), BigInt(count));
  }
}

/** All finite floats are whole multiples of 2^-1074. */
const SCALE = 1074;

const bits = new DataView(new ArrayBuffer(8));

/** A finite float as a multiple of 2^-1074. */
function scaled(value: number): bigint {
  bits.setFloat64(0, value);
  const high = bits.getUint32(0);
  const exponent = (high >>> 20) & 0x7ff;
  let fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(bits.getUint32(4));
  if (exponent > 0) fraction = (fraction | (1n << 52n)) << BigInt(exponent - 1);
  return value < 0 ? -fraction : fraction;
}

const lengthOf = (n: bigint): number => {
  const hex = n.toString(16);
  return (hex.length - 1) * 4 + (32 - Math.clz32(parseInt(hex[0], 16)));
};

/** The float nearest to n / d (n, d > 0), ties to even. */
function nearestPositive(n: bigint, d: bigint): number {
  // The quotient gets 53 bits, or fewer where the result is subnormal, and one bit more for what is left.
  let shift = lengthOf(n) - lengthOf(d) - 54;
  if (shift < -(SCALE + 1)) shift = -(SCALE + 1);
  const top = shift < 0 ? n << BigInt(-shift) : n;
  const bottom = shift > 0 ? d << BigInt(shift) : d;
  let quotient = top / bottom;
  const sticky = quotient * bottom !== top ? 1n : 0n;
  let exponent = shift;
  let dropped = lengthOf(quotient) - 53;
  if (dropped + exponent < -SCALE) dropped = -SCALE - exponent;
  if (dropped > 0) {
    const unit = 1n << BigInt(dropped);
    const rest = ((quotient & (unit - 1n)) << 1n) | sticky;
    quotient >>= BigInt(dropped);
    exponent += dropped;
    if (rest > unit || (rest === unit && (quotient & 1n) === 1n)) quotient += 1n;
  }
  // Two factors, because 2^exponent alone may be out of range; neither product rounds.
  const first = exponent < -1000 ? exponent + 200 : exponent > 900 ? exponent - 100 : exponent;
  return Number(quotient) * 2 ** first * 2 ** (exponent - first);
}

function nearest(n: bigint, d: bigint): number {
  if (n === 0n) return 0;
  return n < 0n ? -nearestPositive(-n, d) : nearestPositive(n, d);
}

/** Correctly rounded sums of floats. */
export class FloatSums implements RowState {
  #sums: bigint[] = [];
  /** How many NaN, Infinity and -Infinity each row has. */
  #special: Int32Array[] = [new Int32Array(0), new Int32Array(0), new Int32Array(0)];

  grow(capacity: number): void {
    while (this.#sums.length < capacity) this.#sums.push(0n);
    this.#special = this.#special.map((old) => {
      const wide = new Int32Array(capacity);
      wide.set(old);
      return wide;
    });
  }

  reset(row: number): void {
    this.#sums[row] = 0n;
    for (const counts of this.#special) counts[row] = 0;
  }

  persist(state: State): void {
    this.#sums = state.of(this.#sums);
    this.#special = state.of(this.#special);
  }

  add(row: number, value: number, sign: number): void {
    if (Number.isFinite(value)) this.#sums[row] += sign > 0 ? scaled(value) : -scaled(value);
    else this.#special[Number.isNaN(value) ? 0 : value > 0 ? 1 : 2][row] += sign;
  }

  #unbounded(row: number): number | null {
    const [nan, plus, minus] = this.#special;
    if (nan[row] > 0 || (plus[row] > 0 && minus[row] > 0)) return NaN;
    return plus[row] > 0 ? Infinity : minus[row] > 0 ? -Infinity : null;
  }

  sum(row: number): number {
    return this.#unbounded(row) ?? nearest(this.#sums[row], 1n << BigInt(SCALE));
  }

  mean(row: number, count: number): number {
    return this.#unbounded(row) ?? nearest(this.#sums[row], BigInt(count) << BigInt(SCALE));
  }
}
