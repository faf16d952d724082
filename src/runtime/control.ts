/** What a launcher and the processes it started say to each other over the IPC channel. */
import type { SilentBacklog } from "./backlogs.ts";
import type { DeployFile } from "./deployment.ts";
import type { Arrived, AwaitedSeal } from "./awaited.ts";
import type { NodeCounts } from "./node-options.ts";
import type { CollectionMeta } from "./program.ts";
import type { Trace } from "./tracing.ts";
import type { Delay } from "./transports/delay.ts";
import type { Loss } from "./transports/loss.ts";

/** What `node main.js --describe` prints. */
export interface Description {
  readonly program: string;
  readonly version: string;
  readonly log: boolean;
  /** See `DeployNeeds`. */
  readonly epochMs: number | null;
  /** A role with durable tables, if there is one. */
  readonly durable?: string;
  readonly roles: readonly DescribedRole[];
}

export interface DescribedRole {
  readonly role: string;
  readonly count: number;
  /** See `DeployNeeds`. */
  readonly unaddressed: string | null;
  readonly dynamic?: boolean;
  readonly collections: readonly CollectionMeta[];
}

export interface ChildInput {
  readonly collection: string;
  readonly path: string;
  readonly deal: { readonly part: number; readonly of: number } | null;
}

/** What the network does to messages, beyond what it does by itself. */
export interface Network {
  readonly delay: Delay | null;
  readonly loss: Loss | null;
}

export type ToChild =
  /** Ports may be 0; roles and counts are final. `join`: the port of a newcomer, which `deploy` does not place; 0: any. `told`: so many rows of outputs have come from earlier lives; null: not known. */
  | {
      readonly type: "open";
      readonly join: number | null;
      readonly deploy: DeployFile;
      readonly network: Network;
      readonly trace: boolean;
      readonly told: number | null;
    }
  /** All ports known. `stdin`: lines will come, of a run of that name; null: inputs without a file end at once. */
  | {
      readonly type: "start";
      readonly deploy: DeployFile;
      readonly inputs: readonly ChildInput[];
      readonly stdin: string | null;
      /** Kill this process (SIGKILL) when it has taken so many rows. */
      readonly killAtRows: number | null;
    }
  /** Events of stdin for this instance, with their line numbers. Answered by `taken`. */
  | { readonly type: "lines"; readonly lines: readonly (readonly [number, unknown])[] }
  | { readonly type: "stdinEnd" }
  /** `since`: a `drawn` of this instance, from which on `missing` counts; null until all is found at rest. */
  | { readonly type: "poll"; readonly since: number | null; readonly withAwaited: boolean }
  | { readonly type: "gone"; readonly name: string }
  /** Lose all connections, as by the network's fault. */
  | { readonly type: "cut" }
  /** `leaves`: the others go on, and are to know that it takes part no more. */
  | { readonly type: "stop"; readonly graceMs: number; readonly leaves: boolean };

export type FromChild =
  | { readonly type: "ready" }
  /** `told`: rows of outputs that have been handed over in earlier lives. */
  /** `leaves`: it died while it left, and does that now. */
  | { readonly type: "listening"; readonly port: number; readonly told: number; readonly leaves: boolean }
  /** In an earlier life: it has nothing to do. */
  | { readonly type: "left" }
  | { readonly type: "taken" }
  | { readonly type: "status"; readonly status: Status }
  /** The last word of one that was to keep what it does. */
  | { readonly type: "traced"; readonly trace: Trace }
  /** Told in words on stderr already. */
  | { readonly type: "failed" };

export interface Status {
  readonly name: string;
  /** No input is open. */
  readonly ended: boolean;
  /** No event waits, no deferred fact is pending, everything sent is acknowledged. */
  readonly idle: boolean;
  readonly sentTo: Readonly<Record<string, number>>;
  readonly receivedFrom: Readonly<Record<string, number>>;
  /** Places in logs that are read entry by entry: `LogPlaces`. */
  readonly written: Readonly<Record<string, number>>;
  readonly read: Readonly<Record<string, number>>;
  readonly fired: Readonly<Record<string, number>>;
  /** What timers may change; a firing that leaves it as it is changed nothing. */
  readonly changes: number;
  /** Messages of this instance that were lost or could have been. */
  readonly drawn: number;
  /** Facts of this instance lost since the time asked about that have not come since: sent again they may change something. */
  readonly missing: number;
  readonly counts: NodeCounts;
  readonly duplicates: number;
  readonly badRows: number;
  /** CPU time of the process so far, milliseconds; as `awaited`, only when asked for. */
  readonly cpuMs?: number;
  /** Only when asked for. */
  readonly awaited?: readonly AwaitedSeal[];
  /** Likewise. */
  readonly arrived?: readonly Arrived[];
  /** Likewise: instances that have been declared gone, and how many partitions have failed here for lack of their seals. */
  readonly gone?: Readonly<Record<string, number>>;
}

/** What a node tells those who operate it. */
export interface Observed extends Status {
  /** It takes part: it has been started and not stopped. */
  readonly ready: boolean;
  /** Events that wait for a step. */
  readonly waiting: number;
  /** Messages that have not been acknowledged, and their bytes. */
  readonly unacked: number;
  readonly unackedBytes: number;
  /** Of these, by receiver. */
  readonly backlogs?: Readonly<Record<string, SilentBacklog>>;
  /** Memory of the process. */
  readonly residentBytes: number;
}
