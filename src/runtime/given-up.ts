/** Partitions that fail, and say so: their deadline has passed, or somebody who has not sealed them is gone for good. */
import { canonicalText } from "./canonical.ts";
import type { Local } from "./inbox.ts";
import type { PartKey } from "./partitions.ts";
import type { Fault } from "./program.ts";
import { ChannelSeals } from "./seals.ts";
import type { OpenPartition } from "./seals.ts";
import type { State } from "./state.ts";

/** A partition that fails unless it is closed within so many milliseconds from now on. */
export interface Deadline {
  readonly collection: string;
  readonly part: PartKey;
  readonly ms: number;
}

/** Fault of a partition that has failed because its producer is gone. */
export const LACKS_SEAL = "DLC914";

export class GivenUp {
  /** Of the instance. */
  readonly #address: string;
  readonly #locals: ReadonlyMap<string, Local>;
  /** Instances that have been declared gone, with the number of partitions that have failed here for lack of them. */
  readonly #gone = new Map<string, number>();

  constructor(address: string, locals: ReadonlyMap<string, Local>) {
    this.#address = address;
    this.#locals = locals;
  }

  persist(state: State): void {
    state.map(this.#gone);
  }

  /** Deadlines that have begun to run since the last call; the edge has the clock, and says `expire`. */
  deadlines(): readonly Deadline[] {
    const out: Deadline[] = [];
    for (const { meta, seals } of this.#locals.values()) {
      if (seals === null || seals.opened.length === 0) continue;
      for (const { part, deadlineMs } of seals.opened) out.push({ collection: meta.name, part, ms: deadlineMs });
      seals.opened = [];
    }
    return out;
  }

  /**
   * The time of a deadline has passed. A partition that is not complete fails: nothing of it is ever
   * released, and the fault says who has not sealed it.
   */
  expire({ collection, part, ms }: Deadline): Fault | null {
    const local = this.#locals.get(collection) as Local;
    const { seals } = local;
    const missing = seals instanceof ChannelSeals ? seals.missingOf(part) : [this.#address];
    const failed = seals?.fail(part) ?? null;
    if (failed === null || seals === null) return null;
    return {
      code: "DLC913",
      message: `${this.#address} gives up ${partitionText(local, failed)}: it was not sealed within ${ms} ms by ${missing.join(", ")}`,
    };
  }

  /** What that instance has not sealed fails: partitions that are known now, and any that become known later. */
  declareGone(address: string): void {
    this.#gone.set(address, 0);
    this.#declare(address);
  }

  /** Of those that are gone the state that was taken over may not know. */
  declareAgain(): void {
    for (const address of this.#gone.keys()) this.#declare(address);
  }

  #declare(address: string): void {
    for (const { seals } of this.#locals.values()) if (seals instanceof ChannelSeals) seals.declareGone(address);
  }

  get gone(): ReadonlyMap<string, number> {
    return this.#gone;
  }

  /** A fault for each partition that has failed because its producer is gone. */
  lost(): readonly Fault[] {
    if (this.#gone.size === 0) return [];
    const faults: Fault[] = [];
    for (const local of this.#locals.values()) {
      if (!(local.seals instanceof ChannelSeals)) continue;
      for (const { key, rows, gone } of local.seals.lost()) {
        for (const producer of gone) this.#gone.set(producer, this.#gone.get(producer)! + 1);
        const why = `it was not sealed by ${gone.join(", ")}, which ${gone.length === 1 ? "has" : "have"} been declared gone`;
        faults.push({
          code: LACKS_SEAL,
          message: `${this.#address} gives up ${partitionText(local, { key, rows })}: ${why}`,
        });
      }
    }
    return faults;
  }
}

/** `the partition ["shoes"] of Report.click, of which 2 rows have come`. */
function partitionText({ id, seals }: Local, { key, rows }: OpenPartition): string {
  const what = seals?.columns.length === 0 ? "the stream" : `the partition ${canonicalText(key)}`;
  return `${what} of ${id}, of which ${rows} row${rows === 1 ? " has" : "s have"} come`;
}
