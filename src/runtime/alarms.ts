/** The clock of one node: the program's timers, and the deadlines of partitions that are open. */
import type { Deadline } from "./given-up.ts";

/** Node's timers take no more; about 25 days. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export class Alarms {
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #deadlines = new Set<NodeJS.Timeout>();

  every(ms: number, ring: () => void): void {
    this.#timers.push(setInterval(ring, ms));
  }

  at(deadline: Deadline, ring: () => void): void {
    const timer = setTimeout(
      () => {
        this.#deadlines.delete(timer);
        ring();
      },
      Math.min(deadline.ms, LONGEST_TIMEOUT_MS),
    );
    this.#deadlines.add(timer);
  }

  clear(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const timer of this.#deadlines) clearTimeout(timer);
  }
}
