/**
 * Every schedule of a small run: which message arrives, which input is given, which instance steps, in any order. Of
 * orders that differ only in which of two instances acted first, one is run: neither can tell.
 */
import type { Chance } from "./schedule.ts";
import { exhaustive } from "./schedule.ts";
import { type Simulation, simulate } from "./simulator.ts";
import type { SimulationResult } from "./outcome.ts";

export interface Choosable {
  /** The instance, or the link `from>to`, that acts. */
  readonly on: string;
  /** The same for the same action in every run with the same past of that instance or link. */
  readonly id: string;
}

/** An order of which another one is the same run. */
class Redundant extends Error {}

/** A run's choices as digits of a number, which counts up from run to run. */
class Choices implements Chance {
  readonly #digits: { value: number; readonly limit: number }[] = [];
  #at = 0;
  #last: Choosable | null = null;
  #before = new Set<string>();

  below(limit: number): number {
    if (limit <= 1) return 0;
    if (this.#at === this.#digits.length) this.#digits.push({ value: 0, limit });
    return this.#digits[this.#at++].value;
  }

  chance(probability: number): boolean {
    return probability >= 1 || (probability > 0 && this.below(2) === 1);
  }

  choose<T extends Choosable>(actions: readonly T[]): T {
    const last = this.#last;
    const sensible =
      last === null
        ? actions
        : actions.filter((each) => !this.#before.has(each.id) || placeOf(each) === placeOf(last) || each.id >= last.id);
    if (sensible.length === 0) throw new Redundant();
    const chosen = sensible[this.below(sensible.length)];
    this.#last = chosen;
    this.#before = new Set(actions.map(({ id }) => id));
    return chosen;
  }

  /** The next run's; false after the last one. */
  advance(): boolean {
    this.#digits.length = this.#at;
    while (
      this.#digits.length > 0 &&
      this.#digits[this.#digits.length - 1].value + 1 === this.#digits[this.#digits.length - 1].limit
    )
      this.#digits.pop();
    if (this.#digits.length === 0) return false;
    this.#digits[this.#digits.length - 1].value++;
    this.#at = 0;
    this.#last = null;
    this.#before = new Set();
    return true;
  }
}

/** Whose state an action changes: that of the instance to which a message comes. */
function placeOf({ on }: Choosable): string {
  return on.slice(on.indexOf(">") + 1);
}

/**
 * The results of all schedules, and whether these are all: no more than `most` orders are begun. Timers fire when all is
 * quiet, steps take everything that has come, and nothing is lost or comes twice.
 */
export function* exhaust(
  simulation: Omit<Simulation, "schedule" | "seed">,
  most: number,
): Generator<SimulationResult, { readonly complete: boolean; readonly runs: number }> {
  const choices = new Choices();
  // The end of an input closes its partitions, and does nothing else.
  const ends = simulation.programs.some(({ meta }) =>
    meta.collections.some(({ kind, sealed }) => kind === "input" && sealed),
  )
    ? "all"
    : "listed";
  let runs = 0;
  for (let begun = 1; ; begun++) {
    let result: SimulationResult | null = null;
    try {
      result = simulate({ ends, ...simulation, schedule: exhaustive, seed: 0, choices });
    } catch (error) {
      if (!(error instanceof Redundant)) throw error;
    }
    if (result !== null) {
      runs++;
      yield result;
    }
    if (!choices.advance()) return { complete: true, runs };
    if (begun >= most) return { complete: false, runs };
  }
}
