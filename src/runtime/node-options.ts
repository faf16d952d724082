/** What a node is started with, and what it counts. */
import type { DeployFile, Place } from "./deployment.ts";
import type { OtlpSettings } from "./otlp-settings.ts";
import type { CollectionMeta, RoleProgram, Row } from "./program.ts";
import type { StorageError } from "./storage/storage-error.ts";
import type { Delay } from "./transports/delay.ts";
import type { Loss } from "./transports/loss.ts";

export interface NodeOptions {
  /** Which instance; 0 when left out. */
  readonly index?: number;
  /** Where all instances are. May be left out for a single role with one instance, on any free port; its log then runs beside it. */
  readonly deploy?: DeployFile;
  /** A newcomer: it is not in `deploy`, and this is where it is found. */
  readonly join?: Place;
  /** All roles of the program: needed where members change on NATS, where every instance follows the registry by itself. */
  readonly programs?: readonly RoleProgram[];
  /** Peers of another program or of another build of it are refused. "" when left out. */
  readonly program?: string;
  readonly version?: string;
  readonly delay?: Delay | null;
  readonly loss?: Loss | null;
  /** Lines for a person; stderr when left out. */
  readonly log?: (line: string) => void;
  readonly maxFrameBytes?: number;
  /** Keep what it does, for `traced`. */
  readonly trace?: boolean;
  /** Give away its steps as spans of OpenTelemetry. As `otlp` of `deploy`. */
  readonly otlp?: OtlpSettings;
  /** Folder of its data: what it is told survives `kill -9`, and it comes back to where it was. As `data` of `deploy`. */
  readonly data?: string;
  /** So many rows of outputs have been handed over in earlier lives; where this is not known, those that it noted. */
  readonly told?: number;
  /** Its data cannot be written any more: it has stopped, and has acknowledged nothing that is not kept. */
  readonly onFailure?: (error: StorageError) => void;
}

/** Counts since the start. */
export interface NodeCounts {
  steps: number;
  /** Rows taken from the host, files and stdin. */
  rowsIn: number;
  /** Rows sent to other instances and to logs. */
  rowsSent: number;
  /** Seals sent to other instances. */
  sealsSent: number;
  envelopesSent: number;
  /** Outputs handed to the host. */
  outputs: number;
  faults: number;
  /** When the last step was done, in milliseconds since 1970; absent before the first. */
  lastStepAt?: number;
}

/**
 * Raw rows of one step, for those who write them on; `traceparent` where that step is recorded. A promise: they have been
 * handed over only when it resolves.
 */
export type RowsListener = (
  collection: CollectionMeta,
  rows: readonly Row[],
  retract: boolean,
  traceparent?: string,
) => void | Promise<void>;
