/** Schedules: who acts next in a simulated run, and how much at once. A run is a pure function of its seed. */

/** Where the choices of a run come from. */
export interface Chance {
  /** 0 ≤ integer < `limit`. */
  below(limit: number): number;
  chance(probability: number): boolean;
}

/** sfc32, seeded through splitmix32. */
export class Random implements Chance {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    let state = seed | 0;
    const split = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.#a = split();
    this.#b = split();
    this.#c = split();
    for (let i = 0; i < 12; i++) this.bits();
  }

  /** 32 bits, as a non-negative integer. */
  bits(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** 0 ≤ integer < `limit`. */
  below(limit: number): number {
    return Math.floor((this.bits() / 0x1_0000_0000) * limit);
  }

  chance(probability: number): boolean {
    return probability > 0 && this.bits() < probability * 0x1_0000_0000;
  }
}

export interface Schedule {
  readonly name: string;
  /** Which envelope in flight arrives next. */
  readonly order: "fifo" | "lifo" | "random";
  /** Whether inputs of different collections of one instance may overtake one another. */
  readonly interleave: boolean;
  /**
   * `eager`: inputs are given before anything else happens; `quiet`: one at a time, each when nothing else can happen;
   * `streams`: all of one stream, then quiet, then the next; `random`: among everything else.
   */
  readonly inputs: "eager" | "quiet" | "streams" | "random";
  /** `idle`: an instance steps when nothing can arrive; `eager`: as soon as it wants to; `random`: among everything else. */
  readonly steps: "idle" | "eager" | "random";
  /** What of the waiting events a step takes. */
  readonly take: "all" | "one" | "random";
  /** Probability that an envelope arrives once more, that one row on a lossy channel is lost, and of a step without events. */
  readonly duplicates: number;
  readonly loss: number;
  readonly eventless: number;
  /** Something acts only when nothing else can: one instance, or the link between two. */
  readonly slow: "none" | "node" | "link";
  /** Probabilities, before each action, that the network falls into two parts, and that an instance dies (once in a run). */
  readonly cuts: number;
  readonly crashes: number;
  /** The one that died starts again, with nothing of what it knew. */
  readonly restarts: boolean;
  /** Timers fire at any moment, a few times each; else only when everything is quiet. */
  readonly timers: "random" | "quiet";
}

const plain: Schedule = {
  name: "batch",
  order: "fifo",
  interleave: false,
  inputs: "eager",
  steps: "idle",
  take: "all",
  duplicates: 0,
  loss: 0,
  eventless: 0,
  slow: "none",
  cuts: 0,
  crashes: 0,
  restarts: false,
  timers: "quiet",
};

const random: Schedule = {
  ...plain,
  name: "random",
  order: "random",
  interleave: true,
  inputs: "random",
  steps: "random",
  take: "random",
  eventless: 0.05,
  timers: "random",
};

export const schedules = {
  /** Everything in as few steps as possible. */
  batch: plain,
  /** Each event alone, in the order in which it was sent. */
  single: { ...plain, name: "single", inputs: "quiet", steps: "eager", take: "one" },
  /** Any order, any batching. */
  random,
  /** What was sent last arrives first. */
  lifo: { ...random, name: "lifo", order: "lifo", take: "one", eventless: 0 },
  /** Every third envelope comes twice or more. */
  duplicates: { ...random, name: "duplicates", duplicates: 0.35 },
  /** A third of what lossy channels carry is lost. */
  loss: { ...random, name: "loss", loss: 0.35 },
  /** Half of all steps have no event. */
  eventless: { ...random, name: "eventless", take: "one", eventless: 0.5 },
  /** Streams are released one after the other. */
  streams: { ...random, name: "streams", inputs: "streams" },
  slowNode: { ...random, name: "slowNode", slow: "node" },
  slowLink: { ...random, name: "slowLink", slow: "link" },
  /** The network falls apart again and again; what is sent over the cut waits. */
  partition: { ...random, name: "partition", cuts: 0.08 },
} as const satisfies Record<string, Schedule>;

export type ScheduleName = keyof typeof schedules;

/** With an instance that dies: what is delivered then is part of what would be. */
export const crash: Schedule = { ...random, name: "crash", crashes: 0.06 };
/** With an instance that dies and comes back empty, of which labels say nothing: certificates assume that there is none. */
export const restart: Schedule = { ...random, name: "restart", crashes: 0.06, restarts: true };

/** For `exhaust`: any order, and steps that take all that has come; smaller steps are steps before more has come. */
export const exhaustive: Schedule = { ...random, name: "exhaustive", take: "all", eventless: 0, timers: "quiet" };
