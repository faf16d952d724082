/**
 * One instance of a role as a pure state machine between its evaluator and the edges: no timers,
 * no sockets, no randomness. The edges hand in what arrives and take away what leaves.
 */
import type { Envelope } from "./messages.ts";
import type { Fault, RoleProgram, Row, StepOutput } from "./program.ts";

export interface Deployment {
  /** Instances per role. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface StepEffects {
  /** At most one per receiver (parts folded), in the order in which the receivers were first written to. */
  readonly envelopes: readonly Envelope[];
  readonly outputs: StepOutput["outputs"];
  readonly faults: readonly Fault[];
}

/** A partition that somebody waits for. `key` null: a value that no producer has named, or the whole stream. */
export interface AwaitedSeal {
  readonly collection: string;
  readonly key: Row | null;
  /** Addresses of the producers whose seal has not come. */
  readonly producers: readonly string[];
  /** Rows of it that have come; with key null, rows held back by gates on this collection. */
  readonly held: number;
}

/** Which of the waiting events the next step takes. Absent members mean: everything that waits, unordered. */
export interface StepChoice {
  /** The clock (`Instance.clocks`) whose next batch is the step; null: an unordered step. */
  readonly clock?: string | null;
  /** Unordered: at most so many rows, oldest first; 0 is an event-less step. */
  readonly limit?: number;
  /** Unordered: which rows. Inputs are taken in the host's order, so the first refusal ends them. */
  readonly pick?: (collection: string, row: Row) => boolean;
}

export class Instance {
  /** `Report#0`. */
  readonly address: string;

  constructor(program: RoleProgram, deployment: Deployment, index: number, epoch: number) {
    void deployment;
    void epoch;
    this.address = `${program.meta.role}#${index}`;
  }

  /** Type-checked; refused (with the fault) after its seal or its end. */
  input(collection: string, row: Row): Fault | null {
    throw new Error(`${collection}${row.length}`);
  }

  sealInput(collection: string, key: Row): Fault | null {
    throw new Error(`${collection}${key.length}`);
  }

  /** Ends one or all inputs: seals every partition. */
  endInput(collection?: string): void {
    throw new Error(collection);
  }

  fire(timer: string): void {
    throw new Error(timer);
  }

  /** Drops duplicates, checks types, counts, queues. */
  receive(envelope: Envelope): readonly Fault[] {
    throw new Error(envelope.from);
  }

  /** Waiting events. */
  get waiting(): number {
    return 0;
  }

  /** An event waits, a batch is next in a log, something is to be sent, or a deferred fact is pending. */
  wantsStep(): boolean {
    return false;
  }

  /** Clocks whose next batch waits. */
  clocks(): readonly string[] {
    return [];
  }

  /** Without a choice: everything unordered that waits, or the next log batch; in turn if there are both. */
  step(choice?: StepChoice): StepEffects {
    throw new Error(String(choice));
  }

  awaited(): readonly AwaitedSeal[] {
    return [];
  }
}
