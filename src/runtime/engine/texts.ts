import type { State } from "../state.ts";
import { VACANT, wider } from "./hash.ts";

const FEWEST_SLOTS = 1 << 10;
/** Of a text that is longer, some of its units are in the hash. */
const LONG = 32;
/** So many texts taken for others cost as much as whole hashes. */
const CLASHES = 1 << 10;

/**
 * Finds texts by what they are, in a table of entries that holds other things as well. Made for texts that come and go: one
 * that is new costs little more than reading it once, and forgetting many costs nothing for each of them, where a
 * `Map` has itself copied again and again.
 */
export class Texts {
  readonly #entries: readonly unknown[];
  /** `entry + 1`, at the first vacant slot from that of its hash on. At most half of them are taken. */
  #slots: Int32Array = new Int32Array(FEWEST_SLOTS);
  /** By entry. */
  #hashes: Int32Array = new Int32Array(FEWEST_SLOTS);
  #size = 0;
  /** All units of long texts are in the hash: too many differ in none of the others. */
  #isThorough = false;
  /** How often a text was met that has the hash of the one looked for and is another. */
  #clashes = 0;
  /** Of the text that was looked for and not found: its hash and its slot. */
  #hash = 0;
  #slot = 0;

  constructor(entries: readonly unknown[]) {
    this.#entries = entries;
  }

  /** Beside the entries. */
  persist(state: State): void {
    this.#slots = state.of(this.#slots);
    this.#hashes = state.of(this.#hashes);
    this.#size = state.of(this.#size);
    this.#isThorough = state.of(this.#isThorough);
  }

  /** The entry that is the text; -1 when none is. */
  find(text: string): number {
    const hash = text.length <= LONG || this.#isThorough ? hashOf(text) : hashOfSome(text);
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (let taken = slots[slot]; taken !== VACANT; taken = slots[slot]) {
      const entry = taken - 1;
      if (this.#hashes[entry] === hash) {
        if (this.#entries[entry] === text) return entry;
        this.#clashes++;
      }
      slot = (slot + 1) & mask;
    }
    if (this.#clashes > CLASHES && !this.#isThorough) return this.#findThoroughly(text);
    this.#hash = hash;
    this.#slot = slot;
    return -1;
  }

  /** From now on all hashes are of whole texts. */
  #findThoroughly(text: string): number {
    this.#isThorough = true;
    const entries = this.#taken();
    for (const entry of entries) this.#hashes[entry] = hashOf(this.#entries[entry] as string);
    this.#place(entries, this.#slots.length);
    return this.find(text);
  }

  /** That text, which was looked for just now and not found, is `entry`. */
  add(entry: number): void {
    if (entry >= this.#hashes.length) this.#hashes = wider(this.#hashes, Math.max(entry + 1, 2 * this.#hashes.length));
    this.#hashes[entry] = this.#hash;
    this.#slots[this.#slot] = entry + 1;
    this.#size++;
    if (2 * this.#size > this.#slots.length) this.#place(this.#taken(), 2 * this.#slots.length);
  }

  /** Knows only the texts that are alive from now on; the entries of the others are handed over. */
  keep(isAlive: (entry: number) => boolean, forget: (entry: number) => void): void {
    this.#clashes = 0;
    const alive: number[] = [];
    for (const entry of this.#taken()) {
      if (isAlive(entry)) alive.push(entry);
      else forget(entry);
    }
    // As many may come again before the next time.
    const { length } = this.#slots;
    this.#place(alive, 16 * this.#size < length ? length >> 1 : length);
  }

  #taken(): number[] {
    const entries: number[] = [];
    const slots = this.#slots;
    for (let slot = 0; slot < slots.length; slot++) if (slots[slot] !== VACANT) entries.push(slots[slot] - 1);
    return entries;
  }

  /** So many slots for these texts, and no others. */
  #place(entries: readonly number[], length: number): void {
    if (length === this.#slots.length) this.#slots.fill(VACANT);
    else this.#slots = new Int32Array(Math.max(length, FEWEST_SLOTS));
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (const entry of entries) {
      let slot = this.#hashes[entry] & mask;
      while (slots[slot] !== VACANT) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    this.#size = entries.length;
  }
}

/** FNV-1a, by UTF-16 units, with its upper bits mixed into the lower ones. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}

/** The same of a long text's length, its first eight units, its last sixteen, and eight between them. */
function hashOfSome(text: string): number {
  const { length } = text;
  const stride = (length - 24) >> 3;
  let hash = 0x811c9dc5 ^ length;
  for (let i = 0; i < 8; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  for (let i = 0, at = 8; i < 8; i++, at += stride) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  for (let i = length - 16; i < length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}
