/** What an instance sends to itself: delivered in a later turn, as if it had come from outside. */
import type { Envelope } from "../messages.ts";

export class Loopback {
  readonly #deliver: (envelope: Envelope) => void;
  readonly #hold: (() => number) | null;
  readonly #holds = new Set<NodeJS.Timeout>();
  /** Not yet delivered. */
  waiting = 0;

  constructor(deliver: (envelope: Envelope) => void, hold: (() => number) | null) {
    this.#deliver = deliver;
    this.#hold = hold;
  }

  send(envelope: Envelope): void {
    this.waiting++;
    const deliver = (): void => {
      this.waiting--;
      this.#deliver(envelope);
    };
    if (this.#hold === null) {
      setImmediate(deliver);
      return;
    }
    const timer = setTimeout(() => {
      this.#holds.delete(timer);
      deliver();
    }, this.#hold());
    this.#holds.add(timer);
  }

  close(): void {
    for (const timer of this.#holds) clearTimeout(timer);
  }
}
