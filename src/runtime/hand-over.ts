/** How the outputs of one node reach whoever takes them, and its faults whoever hears of them. */
import { canonicalText } from "./canonical.ts";
import { faultText, Listeners } from "./host.ts";
import type { OutputListener } from "./host.ts";
import type { StepEffects } from "./instance.ts";
import type { NodeCounts, RowsListener } from "./node-options.ts";
import type { JoinOf } from "./outside.ts";
import type { CollectionMeta, Fault, Row, RoleMeta } from "./program.ts";
import type { Journal } from "./storage/journal.ts";

/** So many rows are remembered before they are forgotten, each of them news again. */
const MOST_KNOWN = 100_000;

export type FaultListener = (fault: Fault) => void;

export interface HandOverOptions {
  readonly meta: RoleMeta;
  readonly join: JoinOf;
  readonly counts: NodeCounts;
  /** Where it is noted what has been handed over; null: nowhere. */
  readonly journal: Journal | null;
  /** Lines for a person. */
  readonly log: (line: string) => void;
}

export class HandOver {
  readonly #options: HandOverOptions;
  readonly #collections: ReadonlyMap<string, CollectionMeta>;
  readonly #listeners: Listeners;
  readonly #rowsListeners = new Set<RowsListener>();
  #isRepeated = false;
  #news = 0;
  /** What was told since `compare`; null before. */
  #known: Set<string> | null = null;

  constructor(options: HandOverOptions) {
    this.#options = options;
    this.#collections = new Map(options.meta.collections.map((collection) => [collection.name, collection]));
    this.#listeners = new Listeners(options.meta, options.join);
  }

  /** Rows of outputs, without those that `compare` has been told of before. */
  get news(): number {
    return this.#news;
  }

  /** From now on a row that is told once more is none: the contents of an output are a set (semantics B2). */
  compare(): void {
    this.#known ??= new Set();
  }

  #isNews(known: Set<string>, collection: string, row: Row, retract: boolean): boolean {
    const text = `${collection} ${retract ? "-" : "+"} ${canonicalText(row)}`;
    if (known.has(text)) return false;
    if (known.size === MOST_KNOWN) known.clear();
    known.add(text);
    return true;
  }

  add(event: string, listener: FaultListener | OutputListener): void {
    this.#listeners.add(event, listener);
  }

  remove(event: string, listener: FaultListener | OutputListener): void {
    this.#listeners.remove(event, listener);
  }

  addRows(listener: RowsListener): void {
    this.#rowsListeners.add(listener);
  }

  fault(fault: Fault): void {
    this.#options.counts.faults++;
    if (!this.#listeners.tellFault(fault)) this.#options.log(faultText(fault));
  }

  /** Hands over what an earlier life has not, or of which it did not hear that it had arrived. */
  repeat(): void {
    const { journal } = this.#options;
    if (journal === null || this.#isRepeated) return;
    this.#isRepeated = true;
    for (const { output, end } of journal.untold) {
      const skipped = Math.max(0, journal.told - (end - output.rows.length));
      this.tell([skipped === 0 ? output : { ...output, rows: output.rows.slice(skipped) }], end);
    }
  }

  /** `end`: rows of outputs since the beginning, with these. `traceparent`: of the step that told them, where that is recorded. */
  tell(outputs: StepEffects["outputs"], end: number, traceparent?: string): void {
    if (outputs.length === 0) return;
    const { counts, journal } = this.#options;
    const arriving: Promise<void>[] = [];
    for (const { collection, rows, retract } of outputs) {
      counts.outputs += rows.length;
      const known = this.#known;
      this.#news +=
        known === null ? rows.length : rows.filter((row) => this.#isNews(known, collection, row, retract)).length;
      const meta = this.#collections.get(collection)!;
      for (const listener of this.#rowsListeners) {
        const arrived = listener(meta, rows, retract, traceparent);
        if (arrived !== undefined) arriving.push(arrived);
      }
      this.#listeners.tellRows(meta, rows, retract, traceparent);
    }
    if (journal === null) return;
    if (arriving.length === 0) journal.tell(end);
    else void Promise.all(arriving).then(() => journal.tell(end));
  }
}
