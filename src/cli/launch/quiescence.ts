/**
 * When a run is over: inputs ended everywhere, no event waits, nothing is in flight, and each timer has fired
 * once more without changing anything. Where messages are lost on purpose: and since the last change no message was
 * lost that has not come since, so that what a timer sends again would change nothing either.
 *
 * Counts are asked for in rounds. One round is no proof: a message can leave an instance after it was asked and
 * arrive at another before that one is asked. Two rounds that find everybody idle, every pair's sent and received
 * counts equal, and the counts of both rounds the same, are one (Mattern 1987, the four-counter method). Of a log that is read entry
 * by entry the last place written and the places up to which it has been read stand for the counts.
 */
import type { Status } from "../../runtime/control.ts";

/** `busy`: something goes on. `calm`: nothing found, not proven. `quiet`: proven, timers are waited for. `done`. */
export type Verdict = "busy" | "calm" | "quiet" | "done";

interface Baseline {
  readonly changes: number;
  readonly fired: ReadonlyMap<string, number>;
  /** `drawn` of each instance. */
  readonly drawn: ReadonlyMap<string, number>;
}

export class Quiescence {
  /** Sent and received counts of the last round, if that was calm. */
  #counts: string | null = null;
  #baseline: Baseline | null = null;

  /** From which `drawn` of that instance on its `missing` is of interest; null until all was found at rest. */
  since(name: string): number | null {
    return this.#baseline === null ? null : (this.#baseline.drawn.get(name) ?? 0);
  }

  /** One round: the statuses of all instances that live. */
  take(statuses: readonly Status[]): Verdict {
    if (!isCalm(statuses)) {
      this.#counts = null;
      return "busy";
    }
    const counts = JSON.stringify(
      statuses.map(({ name, sentTo, receivedFrom, written, read }) => [name, sentTo, receivedFrom, written, read]),
    );
    const isProven = counts === this.#counts;
    this.#counts = counts;
    if (!isProven) return "calm";

    const changes = statuses.reduce((sum, status) => sum + status.changes, 0);
    const fired = firings(statuses);
    if (fired.size === 0) return "done";
    const before = this.#baseline;
    if (before === null || before.changes !== changes) {
      this.#baseline = { changes, fired, drawn: new Map(statuses.map(({ name, drawn }) => [name, drawn])) };
      return "quiet";
    }
    if (statuses.some(({ missing }) => missing > 0)) return "quiet";
    return [...fired].every(([timer, count]) => count > (before.fired.get(timer) ?? count)) ? "done" : "quiet";
  }
}

function isCalm(statuses: readonly Status[]): boolean {
  const living = new Map(statuses.map((status) => [status.name, status]));
  const written = lastWritten(statuses);
  for (const { name, ended, idle, sentTo, receivedFrom, read } of statuses) {
    if (!ended || !idle) return false;
    for (const [log, place] of Object.entries(read)) if (place < (written.get(log) ?? 0)) return false;
    for (const [to, count] of Object.entries(sentTo)) {
      const receiver = living.get(to);
      if (receiver !== undefined && (receiver.receivedFrom[name] ?? 0) !== count) return false;
    }
    for (const [from, count] of Object.entries(receivedFrom)) {
      const sender = living.get(from);
      if (sender !== undefined && (sender.sentTo[name] ?? 0) !== count) return false;
    }
  }
  return true;
}

/** Of each log that is read entry by entry, the last place that anybody knows of. */
function lastWritten(statuses: readonly Status[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const { written } of statuses)
    for (const [log, place] of Object.entries(written)) places.set(log, Math.max(places.get(log) ?? 0, place));
  return places;
}

function firings(statuses: readonly Status[]): Map<string, number> {
  const fired = new Map<string, number>();
  for (const { name, fired: timers } of statuses) {
    for (const [timer, count] of Object.entries(timers)) fired.set(`${name} ${timer}`, count);
  }
  return fired;
}
