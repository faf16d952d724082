/**
 * What an emitted role module gives the runtime, and what its rules see of the world.
 * Three layers, each knowing only the one below:
 *
 *   edges      TCP processes (transports/tcp.ts, node.ts) or the simulator: bytes, clocks, files
 *   Instance   one instance of a role as a pure state machine: waiting events, duplicates,
 *              seals and their counts, logs, routing (instance.ts)
 *   Evaluator  one role's relations and rules: a step from events to effects (emitted code)
 */

import type { State } from "./state.ts";

/**
 * int, float: number; string, addr (`Report#0`): string; bytes: Uint8Array; list, tuple: array; json: any JSON; a lattice:
 * the value of its representation (src/lattices/forms.run.ts). Frozen.
 */
export type Value =
  number | string | boolean | null | Uint8Array | readonly Value[] | { readonly [key: string]: Value };
/** One value per column, in column order. */
export type Row = readonly Value[];

export type ValueType =
  | "int"
  | "nat"
  | "float"
  | "string"
  | "bool"
  | "addr"
  | "bytes"
  | "json"
  | { readonly list: ValueType }
  | { readonly tuple: readonly ValueType[] }
  /** One that is built in, or (without arguments) one that the program imports. */
  | { readonly lattice: string; readonly args: readonly ValueType[] };

export interface CollectionMeta {
  readonly name: string;
  readonly kind: "input" | "output" | "channel" | "timer";
  readonly columns: readonly { readonly name: string; readonly type: ValueType }[];
  readonly lossy?: boolean;
  /** Outputs of level `eventual` or `any`: the host is also told when a fact ceases to be true. */
  readonly retracts?: boolean;
  /** Timers: milliseconds. */
  readonly periodMs?: number;
  /** `everyMs`: the log is cut into epochs of that length; absent: as soon as something is in it. */
  readonly ordering?: { readonly log: string; readonly by: readonly number[]; readonly everyMs?: number };
  readonly sealed?: SealedMeta;
}

export interface SealedMeta {
  /** Column indices; [] is the whole stream. */
  readonly key: readonly number[];
  readonly single: boolean;
  readonly deadlineMs: number | null;
  /** Roles all of whose instances vote; [] for an input. */
  readonly producers: readonly string[];
  /** Closed only when no deferred (`<+`) fact is pending at the instance. */
  readonly deferred: boolean;
}

/** A channel that this role sends to, its own included. */
export interface TargetMeta {
  /** `Report.click`. */
  readonly id: string;
  readonly role: string;
  readonly collection: CollectionMeta;
  /**
   * How a message without address goes: to all instances, to the owner of the hash of these columns, or to the only
   * instance. `none`: each has its address.
   */
  readonly route:
    | { readonly kind: "all" }
    | { readonly kind: "owner"; readonly columns: readonly number[] }
    | { readonly kind: "one" }
    | { readonly kind: "none" };
}

export interface TravelMeta {
  /** Target channel id. */
  readonly target: string;
  /** `map` computes the target's seal key from the source's. */
  readonly parts: readonly { readonly source: string; readonly map: (key: Row) => Row }[];
  readonly deferred: boolean;
  /** Which values of the source's key say which instance seals the target's value for all. */
  readonly owners?: readonly number[];
}

export interface RoleMeta {
  readonly role: string;
  /** Instances by default. */
  readonly count: number;
  readonly replicated: boolean;
  readonly partitionedBy: readonly string[] | null;
  /** Its instances may join while the program runs, if the deployment says so. */
  readonly dynamic?: boolean;
  /** It has durable tables, so that it needs a place for its data. */
  readonly durable?: boolean;
  /** Inputs, outputs, channels and timers of the role, in declaration order. */
  readonly collections: readonly CollectionMeta[];
  readonly targets: readonly TargetMeta[];
  readonly travels: readonly TravelMeta[];
}

/** What a module exports as a lattice. */
export interface ImportedLattice {
  readonly bottom: Value;
  readonly join: (a: never, b: never) => unknown;
}

export interface RoleProgram {
  readonly meta: RoleMeta;
  readonly createEvaluator: (env: Environment) => Evaluator;
  /** The lattices that the program imports, by name. */
  readonly lattices?: Readonly<Record<string, ImportedLattice>>;
}

/** What rules may see. */
export interface Environment {
  /** `Report#0`. */
  readonly self: string;
  /** Addresses of a role's instances, by index. */
  readonly nodes: (role: string) => readonly string[];
  /** Whether the partition `key` of sealed collection `source` (name in this role) is closed, as of this step. */
  readonly isClosed: (source: string, key: Row) => boolean;
  readonly report: (fault: Fault) => void;
}

/** Something that went wrong with one fact; the run goes on. Codes DLC9xx. */
export interface Fault {
  readonly code: string;
  readonly message: string;
  /** Rule label and place in the source, where a rule is at fault: `poor#1 (ads.dlc:16)`. */
  readonly rule?: string;
}

export interface StepInput {
  /** null: an unordered step. Otherwise the log (`Report.log`, of a keyed log one of its shares, `Report.log[3]`) whose batch this is. */
  readonly clock: string | null;
  /** Inputs, channels; rows are checked against their types. A timer that fires is an event with the row []. */
  readonly events: readonly { readonly collection: string; readonly rows: readonly Row[] }[];
  /** Partitions that have closed since the last step; `key` null: all values of this collection. */
  readonly closed: readonly { readonly source: string; readonly key: Row | null }[];
}

export interface StepOutput {
  /** Facts that became true; `to` an address, "*" (every instance) or null (as the target routes). */
  readonly sends: readonly { readonly target: string; readonly to: string | null; readonly rows: readonly Row[] }[];
  readonly outputs: readonly {
    readonly collection: string;
    readonly retract: boolean;
    readonly rows: readonly Row[];
  }[];
  /** From `seal` rules, also for the role's own collections (target `Role.collection`). */
  readonly seals: readonly { readonly target: string; readonly key: Row }[];
}

export interface Evaluator {
  step(input: StepInput): StepOutput;
  /** Clocks with deferred facts that would change something (null: unordered). The instance takes a step though no event waits. */
  pending(): readonly (string | null)[];
  /** `Environment.nodes` answers otherwise than before. */
  membersChanged?(): void;
  /** Facts of a table, scratch or output as they stand after the last step, in canonical order; for tests and debugging. */
  read(collection: string): readonly Row[];
  /** Rows held back by gates: source collection and number of rows; for status lines. */
  held(): readonly { readonly rule: string; readonly source: string; readonly rows: number }[];
  /** How many facts of tables have been inserted or removed, ever. A run with timers is over when they leave it as it is. */
  changes?(): number;
  /** What it remembers between steps. Not of one that is opaque: a component of it keeps what only it knows. */
  persist?(state: State): void;
  readonly isOpaque?: boolean;
}
