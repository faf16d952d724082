import type { State } from "./state.ts";

/** Which envelopes have come, by sender and its life: a number is taken once. */
export class Duplicates {
  readonly #senders = new Map<string, Map<number, Seen>>();

  /** True the first time. */
  admit(from: string, epoch: number, seq: number): boolean {
    const seen = this.#seen(from, epoch);
    if (seq <= seen.upTo || seen.beyond.has(seq)) return false;
    seen.beyond.add(seq);
    while (seen.beyond.delete(seen.upTo + 1)) seen.upTo++;
    return true;
  }

  /** What is below `first` and has not come will never come, or never again. */
  skipTo(from: string, epoch: number, first: number): void {
    const seen = this.#seen(from, epoch);
    if (first - 1 <= seen.upTo) return;
    seen.upTo = first - 1;
    for (const seq of seen.beyond) if (seq <= seen.upTo) seen.beyond.delete(seq);
    while (seen.beyond.delete(seen.upTo + 1)) seen.upTo++;
  }

  #seen(from: string, epoch: number): Seen {
    let lives = this.#senders.get(from);
    if (lives === undefined) {
      lives = new Map();
      this.#senders.set(from, lives);
    }
    let seen = lives.get(epoch);
    if (seen === undefined) {
      seen = { upTo: 0, beyond: new Set() };
      lives.set(epoch, seen);
    }
    return seen;
  }

  /** All numbers of that life up to here have come. */
  upTo(from: string, epoch: number): number {
    return this.#senders.get(from)?.get(epoch)?.upTo ?? 0;
  }

  persist(state: State): void {
    state.map(this.#senders);
  }

  /** By sender: its last life, and what has come of it. */
  *last(): Iterable<readonly [from: string, epoch: number, seen: Readonly<Seen>]> {
    for (const [from, lives] of this.#senders) {
      const [epoch, seen] = [...lives].at(-1)!;
      yield [from, epoch, seen];
    }
  }
}

/** What has come of one life of a sender. */
export interface Seen {
  /** All numbers from 1 to here have come. */
  upTo: number;
  readonly beyond: Set<number>;
}
