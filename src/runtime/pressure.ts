/**
 * Back pressure of one node. Its inputs wait while too much waits here, at its peers, or for whoever takes its outputs; and
 * its peers are slowed down, by not being heard, while more still has piled up.
 */

export interface Load {
  /** Events that wait for a step. */
  readonly waiting: () => number;
  /** Bytes that have been sent and not acknowledged. */
  readonly unackedBytes: () => number;
  /** Stops hearing peers, or goes on. */
  readonly pause: (isPaused: boolean) => void;
  /** There may be something to do. */
  readonly wake: () => void;
}

/** Unacknowledged bytes from which no more input is taken, and from which peers are slowed down. */
const INPUT_BYTES = 8 * 1024 * 1024;
const RELAY_BYTES = 64 * 1024 * 1024;
/** Waiting events from which no more input is taken, and from which peers are slowed down. */
const INPUT_EVENTS = 100_000;
const RELAY_EVENTS = 400_000;
/** A slowed peer is heard again after this long, whatever waits: instances in a ring must not wait for each other. */
const RELAY_PAUSE_MS = 20;

export class Pressure {
  readonly #load: Load;
  #relayPause: NodeJS.Timeout | null = null;
  #roomWaiters: (() => void)[] = [];
  #room: Promise<void> | null = null;
  /** Set by whoever takes the outputs away too slowly. */
  #isSinkFull = false;
  #isEnded = false;

  constructor(load: Load) {
    this.#load = load;
  }

  /** Peers are slowed down while too much waits here, or while those behind us are slow. */
  throttle(): void {
    if (this.#relayPause !== null) return;
    const { waiting, unackedBytes, pause, wake } = this.#load;
    const isFull = waiting() > RELAY_EVENTS || unackedBytes() > RELAY_BYTES;
    pause(isFull);
    if (!isFull) return;
    this.#relayPause = setTimeout(() => {
      this.#relayPause = null;
      pause(false);
      wake();
    }, RELAY_PAUSE_MS);
  }

  get #hasRoom(): boolean {
    return !this.#isSinkFull && this.#load.waiting() < INPUT_EVENTS && this.#load.unackedBytes() < INPUT_BYTES;
  }

  /** null: go on putting rows in. Otherwise resolves when there is room again. */
  room(): Promise<void> | null {
    if (this.#isEnded || this.#hasRoom) return null;
    this.#room ??= new Promise((resolve) => this.#roomWaiters.push(resolve));
    return this.#room;
  }

  /** Whoever waits for room goes on, if there is some. */
  relieve(): void {
    if (this.#room === null || (!this.#hasRoom && !this.#isEnded)) return;
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    this.#room = null;
    for (const resolve of waiters) resolve();
  }

  setSinkFull(isFull: boolean): void {
    this.#isSinkFull = isFull;
    if (!isFull) this.relieve();
  }

  /** Nobody waits any more. */
  end(): void {
    this.#isEnded = true;
    if (this.#relayPause !== null) clearTimeout(this.#relayPause);
    this.relieve();
  }
}
