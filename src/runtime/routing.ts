/** Addresses, and which instance of a role a message goes to. */
import { canonicalText } from "./canonical.ts";
import type { Row, Value } from "./program.ts";

/** The sequencer's address. */
export const LOG = "log";

export function addressOf(role: string, index: number): string {
  return `${role}#${index}`;
}

/** Role and index of `Report#0`; null where the text is no instance's address. */
export function parseAddress(address: string): { readonly role: string; readonly index: number } | null {
  const match = /^([A-Za-z_][A-Za-z0-9_.]*)#(0|[1-9][0-9]{0,8})$/.exec(address);
  return match === null ? null : { role: match[1], index: Number(match[2]) };
}

/** FNV-1a, 32 bits, over the text's UTF-8 bytes. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return fnv1aBytes(new TextEncoder().encode(text));
    hash = Math.imul(hash ^ unit, 0x01000193);
  }
  return hash >>> 0;
}

function fnv1aBytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Index of the instance that owns these partition column values: a fixed function of them and of the number of instances. */
export function ownerOf(values: Row, count: number): number {
  return count === 1 ? 0 : fnv1a(canonicalText(values)) % count;
}

/**
 * How many logs a keyed log really is. Gate values share them, each in that of its `ownerOf`: which values share one is as good as
 * chance, and order within each is kept.
 */
export const LOG_SHARES = 16;

/** `ownerOf` for the rows of one collection; remembers the owners of single primitive values. */
export class Owners {
  readonly #columns: readonly number[];
  readonly #count: number;
  readonly #known = new Map<Value, number>();

  constructor(columns: readonly number[], count: number) {
    this.#columns = columns;
    this.#count = count;
  }

  of(row: Row): number {
    if (this.#columns.length !== 1)
      return ownerOf(
        this.#columns.map((column) => row[column]),
        this.#count,
      );
    const value = row[this.#columns[0]];
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const owner = ownerOf([value], this.#count);
    if (typeof value === "string" || typeof value === "number") {
      if (this.#known.size >= 100_000) this.#known.clear();
      this.#known.set(value, owner);
    }
    return owner;
  }
}

/** `Report.log`, or of a keyed log one share, `Report.log[3]`. */
export function clockOf(log: string, value: Row): string {
  return value.length === 0 ? log : log + canonicalText(value);
}
