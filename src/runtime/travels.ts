/**
 * Seals that travel by themselves: an instance seals a value of a target when every part's partition
 * that selects this value is closed at it, and everything when all parts are closed entirely.
 */
import { partKey, type PartKey } from "./partitions.ts";
import type { Row, TravelMeta } from "./program.ts";
import type { State } from "./state.ts";
import type { Closure } from "./seals.ts";

export interface TravelSeal {
  readonly target: string;
  readonly key: Row | null;
  /** A host has sealed it here, or it is this one of several instances: a producer of the partition even if it sent no row of it. */
  readonly hosted: boolean;
}

interface Part {
  readonly source: string;
  readonly map: (key: Row) => Row;
  readonly hosted: boolean;
  all: boolean;
  /** Target values whose partition is closed; kept only where there are other parts to wait for. */
  readonly keys: Map<PartKey, Row>;
}

export class Travel {
  readonly meta: TravelMeta;
  readonly #parts: readonly Part[];
  /** Seals that wait until no deferred fact is pending. */
  #held: TravelSeal[] = [];

  readonly #wholeStream: boolean;
  readonly #isOwner: (values: Row) => boolean;

  /**
   * `inputs`: names of the role's inputs. `wholeStream`: the target is sealed without a key. `isOwner`: whether these values
   * of the role's partition columns are this instance's.
   */
  constructor(
    meta: TravelMeta,
    inputs: ReadonlySet<string>,
    wholeStream: boolean,
    isOwner: (values: Row) => boolean = () => false,
  ) {
    this.meta = meta;
    this.#wholeStream = wholeStream;
    this.#isOwner = isOwner;
    this.#parts = meta.parts.map((part) => ({
      source: part.source,
      map: part.map,
      hosted: inputs.has(part.source),
      all: false,
      keys: new Map(),
    }));
  }

  /** Throws what a user's function in `map` throws: that value is then sealed only with everything. */
  close(source: string, closure: Closure): void {
    for (const part of this.#parts) {
      if (part.source !== source) continue;
      if (closure.key === null) this.#closeAll(part);
      else if (!this.#wholeStream) this.#closeKey(part, part.map(closure.key), this.#isOwned(closure.key));
    }
  }

  #closeAll(part: Part): void {
    part.all = true;
    const others = this.#parts.filter((other) => !other.all);
    if (others.length === 0) {
      this.#held.push({ target: this.meta.target, key: null, hosted: false });
      return;
    }
    for (const key of others[0].keys.values()) this.#tryKey(partKey(key), key);
  }

  #isOwned(key: Row): boolean {
    const { owners } = this.meta;
    return owners !== undefined && this.#isOwner(owners.map((at) => key[at]));
  }

  #closeKey(part: Part, key: Row, isOwned: boolean): void {
    const value = partKey(key);
    if (this.#parts.length > 1) part.keys.set(value, key);
    this.#tryKey(value, key, part, isOwned);
  }

  #tryKey(value: PartKey, key: Row, closed?: Part, isOwned = false): void {
    for (const part of this.#parts) {
      if (part !== closed && !part.all && !part.keys.has(value)) return;
    }
    const hosted = isOwned || this.#parts.some((part) => part.hosted && (part === closed || part.keys.has(value)));
    this.#held.push({ target: this.meta.target, key, hosted });
    for (const part of this.#parts) part.keys.delete(value);
  }

  persist(state: State): void {
    this.#held = state.of(this.#held);
    for (const part of this.#parts) {
      part.all = state.of(part.all);
      state.map(part.keys);
    }
  }

  /** The seals that go now, after the facts of a step. */
  due(deferredPending: boolean): readonly TravelSeal[] {
    if (this.#held.length === 0 || (this.meta.deferred && deferredPending)) return [];
    const due = this.#held;
    this.#held = [];
    return due;
  }
}
