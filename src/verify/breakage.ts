/**
 * What breaks in a simulated run beside messages: the network falls into two parts and heals, an instance dies and may
 * be started again. Messages over a cut wait until it heals.
 */
import type { Chance, Schedule } from "./schedule.ts";

export type Happening =
  | { readonly kind: "cut"; readonly at: "network"; readonly apart: readonly string[] }
  | { readonly kind: "healed"; readonly at: "network" }
  | { readonly kind: "crash" | "restart"; readonly at: string };

/** How soon something that is broken is whole again. */
const mending = 0.06;

export class Breakage {
  readonly #schedule: Schedule;
  readonly #random: Chance;
  readonly #addresses: readonly string[];
  readonly #others: readonly string[];
  #cut: ReadonlySet<string> | null = null;
  #down: string | null = null;
  #hasCrashed = false;

  /** `others` can be cut off as well, and do not die: the sequencer. */
  constructor(schedule: Schedule, random: Chance, addresses: readonly string[], others: readonly string[]) {
    this.#schedule = schedule;
    this.#random = random;
    this.#addresses = addresses;
    this.#others = others;
  }

  /** What happens before the next action. */
  next(): Happening | null {
    const { cuts, crashes } = this.#schedule;
    if (this.#cut === null ? this.#random.chance(cuts) : this.#random.chance(mending))
      return this.#cut === null ? this.#fallApart() : this.#heal();
    if (!this.#hasCrashed && this.#random.chance(crashes)) {
      this.#hasCrashed = true;
      this.#down = this.#addresses[this.#random.below(this.#addresses.length)];
      return { kind: "crash", at: this.#down };
    }
    return this.#down !== null && this.#schedule.restarts && this.#random.chance(mending)
      ? this.#restart(this.#down)
      : null;
  }

  /** What must happen for a run to go on that has come to rest; null where nothing is broken for a while only. */
  last(): Happening | null {
    if (this.#cut !== null) return this.#heal();
    return this.#down !== null && this.#schedule.restarts ? this.#restart(this.#down) : null;
  }

  #fallApart(): Happening {
    const apart = [...this.#addresses, ...this.#others].filter(() => this.#random.chance(0.5));
    this.#cut = new Set(apart);
    return { kind: "cut", at: "network", apart };
  }

  #heal(): Happening {
    this.#cut = null;
    return { kind: "healed", at: "network" };
  }

  #restart(at: string): Happening {
    this.#down = null;
    return { kind: "restart", at };
  }

  isDown(address: string): boolean {
    return address === this.#down;
  }

  /** Whether an instance that is down acts, or a message is to cross the cut. */
  isStopped(on: string): boolean {
    if (this.#cut === null && this.#down === null) return false;
    const [from, to] = on.split(">");
    if (to === undefined) return from === this.#down;
    return this.#cut !== null && this.#cut.has(from) !== this.#cut.has(to);
  }
}
