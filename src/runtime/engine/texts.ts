import { VACANT, wider } from "./hash.ts";

const FEWEST_SLOTS = 1 << 10;

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
  /** Of the text that was looked for and not found: its hash and its slot. */
  #hash = 0;
  #slot = 0;

  constructor(entries: readonly unknown[]) {
    this.#entries = entries;
  }

  /** The entry that is the text; -1 when none is. */
  find(text: string): number {
    const hash = hashOf(text);
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (let taken = slots[slot]; taken !== VACANT; taken = slots[slot]) {
      const entry = taken - 1;
      if (this.#hashes[entry] === hash && this.#entries[entry] === text) return entry;
      slot = (slot + 1) & mask;
    }
    this.#hash = hash;
    this.#slot = slot;
    return -1;
  }

  /** That text, which was looked for just now and not found, is `entry`. */
  add(entry: number): void {
    if (entry >= this.#hashes.length) this.#hashes = wider(this.#hashes, Math.max(entry + 1, 2 * this.#hashes.length));
    this.#hashes[entry] = this.#hash;
    this.#slots[this.#slot] = entry + 1;
    this.#size++;
    if (2 * this.#size > this.#slots.length) this.#place(this.#slots.filter((taken) => taken !== VACANT));
  }

  /** Knows only the texts that are alive from now on; the entries of the others are handed over. */
  keep(isAlive: (entry: number) => boolean, forget: (entry: number) => void): void {
    const alive = this.#slots.filter((taken) => {
      if (taken === VACANT) return false;
      if (isAlive(taken - 1)) return true;
      forget(taken - 1);
      return false;
    });
    this.#place(alive);
  }

  /** New slots for these, `entry + 1` each. */
  #place(taken: Int32Array): void {
    this.#size = taken.length;
    let length = FEWEST_SLOTS;
    while (length < 4 * taken.length) length *= 2;
    const slots = new Int32Array(length);
    for (const each of taken) {
      let slot = this.#hashes[each - 1] & (length - 1);
      while (slots[slot] !== VACANT) slot = (slot + 1) & (length - 1);
      slots[slot] = each;
    }
    this.#slots = slots;
  }
}

/** FNV-1a, by UTF-16 units, with its upper bits mixed into the lower ones. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}
