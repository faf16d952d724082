/** What stands in the stream of a receiver and is not taken: whoever puts something there waits while it is too much. */
import { later } from "./session.ts";

/** Whoever has put in this share of the limit looks again. */
const SHARE = 1 / 16;
const PAUSE_MS = 100;
/** A shorter wait is not worth a line. */
const QUIET_MS = 3000;

export interface StreamRoomOptions {
  readonly receiver: string;
  /** Bytes; several senders may go beyond it by some shares. */
  readonly limit: number;
  /** That stand in the stream; null: it is not known. */
  readonly look: () => Promise<number | null>;
  readonly say: (line: string) => void;
}

export class StreamRoom {
  readonly #options: StreamRoomOptions;
  /** Bytes put in since it was last looked; at first, others may have been here. */
  #unseen = Infinity;
  #free: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: StreamRoomOptions) {
    this.#options = options;
  }

  /** Resolves when more may be put in; null: now. */
  whenFree(): Promise<void> | null {
    if (this.#unseen < this.#options.limit * SHARE) return null;
    this.#free ??= this.#found().then(() => {
      this.#free = null;
      this.#unseen = 0;
    });
    return this.#free;
  }

  put(bytes: number): void {
    this.#unseen += bytes;
  }

  async #found(): Promise<void> {
    const { receiver, limit, look, say } = this.#options;
    const begun = Date.now();
    let isTold = false;
    while (!this.#isClosed) {
      const bytes = await look();
      // Where nothing can be seen nothing can be put in either, and whoever tries says so.
      if (bytes === null || bytes < limit) break;
      if (!isTold && Date.now() - begun > QUIET_MS) {
        isTold = true;
        say(
          `${receiver} has ${Math.round(bytes / 1024 ** 2)} MB of messages to take (backlog=): further ones wait here`,
        );
      }
      await later(PAUSE_MS);
    }
    if (isTold && !this.#isClosed) say(`${receiver} has taken messages, further ones go on`);
  }

  close(): void {
    this.#isClosed = true;
  }
}
