/** Messages that a receiver has taken, and that are to be removed from its stream: many at once, some time later. */

/** What was taken is removed within this time. */
const REMOVE_MS = 100;
/** For so long what has not come whole may hold up what stands behind it. */
const STUCK_MS = 5000;

export interface TakenOptions {
  /** Removes everything up to that place, or of everything what is of one sender. */
  readonly remove: (upTo: number, from: string | null) => Promise<void>;
  /** Another process may have the place of this one, and have taken less. */
  readonly mayRemove: () => boolean;
  /** Of each sender, where something begins that has not come whole; Infinity: nowhere. */
  readonly incomplete: () => Iterable<readonly [from: string, place: number]>;
}

export class TakenMessages {
  readonly #options: TakenOptions;
  /** All up to there have come; are taken for good; are removed; are removed but for those of who is stuck. */
  #come = 0;
  #kept = 0;
  #removed = 0;
  #removedApart = 0;
  #stuckSince: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: TakenOptions) {
    this.#options = options;
  }

  come(place: number): void {
    this.#come = place;
  }

  /** What has come may be forgotten by everybody else. */
  keep(): void {
    this.#kept = this.#come;
    this.#removeSoon();
  }

  #removeSoon(): void {
    if (this.#isClosed || this.#removed >= this.#kept) return;
    this.#timer ??= setTimeout(() => {
      void this.remove().finally(() => {
        this.#timer = null;
        this.#removeSoon();
      });
    }, REMOVE_MS).unref();
  }

  /** What cannot be removed now is removed later. */
  async remove(): Promise<void> {
    const { mayRemove, remove, incomplete } = this.#options;
    if (!mayRemove()) return;
    const [kept, all] = [this.#kept, [...incomplete()]];
    const upTo = Math.min(kept, ...all.map(([, place]) => place - 1));
    try {
      if (upTo > this.#removed) {
        this.#stuckSince = null;
        await remove(upTo, null);
        this.#removed = upTo;
      } else if (upTo < kept) {
        this.#stuckSince ??= Date.now();
        // Pieces of one that is dead must not fill the stream with what others send. The last message stays, so that it is known how long it is.
        if (Date.now() - this.#stuckSince < STUCK_MS || kept === this.#removedApart) return;
        for (const [from, place] of all) {
          const last = Math.min(place, kept) - 1;
          if (last > 0) await remove(last, from);
        }
        this.#removedApart = kept;
      }
    } catch {
      // They will be taken a second time at most, and recognised.
    }
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
