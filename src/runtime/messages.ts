/**
 * What instances say to one another. An envelope is numbered per (from, to) and delivered at
 * least once in any order; `from` + `epoch` + `seq` is its identity.
 */
import type { MembershipPart } from "./membership/changes.ts";
import type { Row } from "./program.ts";

export interface Envelope {
  /** `AdServer#2`, or `log` for the sequencer. */
  readonly from: string;
  readonly to: string;
  /** Start of the sender's life (drawn at start): a restarted sender numbers anew. */
  readonly epoch: number;
  readonly seq: number;
  readonly parts: readonly Part[];
}

export type Part =
  /** Rows for a channel of the receiver, or (to the sequencer) for `target` through its log. */
  | { readonly kind: "rows"; readonly target: string; readonly rows: readonly Row[] }
  /**
   * The sender will send no more rows of this partition; `key` null: of any partition.
   * `count`: how many rows of the partition (of the collection) it has sent this receiver, ever.
   */
  | { readonly kind: "seal"; readonly target: string; readonly key: Row | null; readonly count: number }
  /** To the sequencer: append to the log. `to` as in StepOutput; inputs and timers name their own instance. */
  | { readonly kind: "append"; readonly log: string; readonly runs: readonly LogRun[] }
  /** To the sequencer: append an empty batch if the log's last batch is still `after` (deferred facts wait for a step). */
  | { readonly kind: "tick"; readonly log: string; readonly value: Row; readonly after: number }
  /** From the sequencer: one batch is one step. Batches of one (log, value) are numbered from 1 without gaps. */
  | {
      readonly kind: "batch";
      readonly log: string;
      readonly value: Row;
      readonly index: number;
      readonly runs: readonly LogRun[];
    }
  /** The step that sends this is recorded, under this `traceparent`; see spans.ts. It decides nothing. */
  | { readonly kind: "trace"; readonly parent: string }
  /** Where members change. To the registry: this one has sealed the value (null: all of them). */
  | { readonly kind: "seals"; readonly target: string; readonly key: Row | null }
  /** From the registry: whose seals the value needs, those who take part when the first has sealed it; null: what is not named so. */
  | { readonly kind: "fix"; readonly target: string; readonly key: Row | null; readonly producers: readonly string[] }
  /** From the registry to a newcomer: values of which it may send nothing, since it came after the first seal; null: of any. */
  | { readonly kind: "barred"; readonly target: string; readonly keys: readonly Row[] | null }
  | MembershipPart;

/** Rows that stand one after the other in a log, and differ in nothing else. */
export interface LogRun {
  /** `Report.click`. */
  readonly target: string;
  /** An instance's address, or null: every instance of the role (or the owner, if partitioned). */
  readonly to: string | null;
  /** The instance they stem from. */
  readonly from: string;
  readonly rows: readonly Row[];
}

/** How many rows stand in a log's runs. */
export function rowsIn(runs: readonly LogRun[]): number {
  let rows = 0;
  for (const run of runs) rows += run.rows.length;
  return rows;
}
