/**
 * Back pressure of one process. Its inputs wait while too much waits here, at its peers, or for whoever takes its outputs; and
 * its peers are slowed down, by not being heard, while more still has piled up.
 */

export interface Load {
  /** Events that wait for a step. */
  readonly waiting: () => number;
  /** A step can take something of it now. */
  readonly wantsStep: () => boolean;
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
/**
 * A peer that is slowed down for what others have not acknowledged is heard again after this long, since instances in a ring
 * must not wait for each other. Each time it sends as much as sockets hold: while that gets nothing acknowledged, as where a receiver
 * hangs, it is heard again after four times as long, and so on.
 */
const SHORTEST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 3_600_000;
const GROWTH = 4;

export class Pressure {
  readonly #load: Load;
  #relayPause: NodeJS.Timeout | null = null;
  #pauseMs = SHORTEST_PAUSE_MS;
  /** Unacknowledged bytes when the last of these pauses began. */
  #pausedAt = 0;
  #roomWaiters: (() => void)[] = [];
  #room: Promise<void> | null = null;
  /** Set by whoever takes the outputs away too slowly. */
  #isSinkFull = false;
  #isEnded = false;

  constructor(load: Load) {
    this.#load = load;
  }

  /** After each step: peers are not heard while steps have more to take than they should, and for a while when those behind us are slow. */
  throttle(): void {
    const { unackedBytes, pause } = this.#load;
    if (this.#isCrowded) return pause(true);
    if (unackedBytes() <= RELAY_BYTES) {
      this.#endPause();
      this.#pauseMs = SHORTEST_PAUSE_MS;
      return pause(false);
    }
    if (this.#relayPause !== null) return;
    if (unackedBytes() < this.#pausedAt) this.#pauseMs = SHORTEST_PAUSE_MS;
    this.#pausedAt = unackedBytes();
    pause(true);
    this.#relayPause = setTimeout(() => this.#hearAgain(), this.#pauseMs);
    this.#pauseMs = Math.min(GROWTH * this.#pauseMs, LONGEST_PAUSE_MS);
  }

  /** What no step can take yet may wait for what a peer has still to say. */
  get #isCrowded(): boolean {
    return this.#load.waiting() > RELAY_EVENTS && this.#load.wantsStep();
  }

  #hearAgain(): void {
    this.#relayPause = null;
    if (!this.#isCrowded) this.#load.pause(false);
    this.#load.wake();
  }

  #endPause(): void {
    if (this.#relayPause !== null) clearTimeout(this.#relayPause);
    this.#relayPause = null;
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

  /** Something has been acknowledged, or taken: whoever waits for that goes on. */
  relieve(): void {
    if (this.#relayPause !== null) this.throttle();
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
    this.#endPause();
    this.relieve();
  }
}
