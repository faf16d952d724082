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
 * A peer that is slowed down for what others have not acknowledged is heard again when as much has been acknowledged as it has brought
 * the last time, as much as sockets hold. Instances in a ring must not wait for each other: it is heard also after this long, then after
 * four times as long, and so on. So what is kept for a receiver that is slow, or hangs, has a bound.
 */
const SHORTEST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 600_000;
const GROWTH = 4;

export class Pressure {
  readonly #load: Load;
  #relayPause: NodeJS.Timeout | null = null;
  #pauseMs = SHORTEST_PAUSE_MS;
  /** Unacknowledged bytes when peers were heard the last time, and the most since. */
  #heardAt = RELAY_BYTES;
  #most = 0;
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
      this.#heardAt = RELAY_BYTES;
      return pause(false);
    }
    const bytes = unackedBytes();
    this.#most = Math.max(this.#most, bytes);
    if (this.#relayPause !== null) {
      if (bytes <= this.#heardAt && bytes < this.#most) this.#hearAgain();
      return;
    }
    pause(true);
    this.#relayPause = setTimeout(() => {
      this.#pauseMs = Math.min(GROWTH * this.#pauseMs, LONGEST_PAUSE_MS);
      this.#hearAgain();
    }, this.#pauseMs);
  }

  /** What no step can take yet may wait for what a peer has still to say. */
  get #isCrowded(): boolean {
    return this.#load.waiting() > RELAY_EVENTS && this.#load.wantsStep();
  }

  #hearAgain(): void {
    this.#endPause();
    this.#heardAt = this.#most = this.#load.unackedBytes();
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
