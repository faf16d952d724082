/**
 * A role as the emitter sees it: relations, and what fills them. Aggregates, negations with `_`, gates, keys and
 * deferred facts have become relations and producers of their own, so that every rule is a plain join.
 */
import type { SourceFile } from "../ast.ts";
import type { AggregateCall, Expr, Literal, ReadLiteral, Rule, SealRule, Type } from "../ir.ts";

/**
 * See runtime/engine/engine.ts. `deferred`: a landing relation whose lapses its deferral governs; `queue`: facts that
 * its deferral takes out.
 */
export type Storage = "passing" | "view" | "landing" | "table" | "deferred" | "queue";

export interface FlowRelation {
  /** Its identifier in the module. */
  readonly name: string;
  readonly types: readonly Type[];
  readonly storage: Storage;
  /** No row of it ever goes: one that is found is there. */
  readonly onlyGrows: boolean;
  /** What the engine is told: `engine.table("clicks", …)`. */
  readonly declaration: (isRecursive: boolean) => string;
  /** Stands above the declaration; null: none. */
  readonly comment: string | null;
  /** Indexes that rules probe: identifier to columns. */
  readonly indexes: Map<string, readonly number[]>;
  /** Of a collection with lattice columns: what joins its rows; null where it holds facts of a step only. */
  joins: { readonly name: string; readonly key: readonly number[] } | null;
}

export interface FlowRead {
  readonly kind: "read";
  readonly negated: boolean;
  readonly relation: FlowRelation;
  /** No null is left. */
  readonly terms: readonly Exclude<ReadLiteral["terms"][number], null>[];
}

export type FlowLiteral =
  | FlowRead
  | Exclude<Literal, ReadLiteral>
  /** In rules over passing facts: the partition is closed. `name`: identifier of the engine's `Closed`. */
  | { readonly kind: "closed"; readonly name: string; readonly key: readonly Expr[] };

/** When a rule is evaluated: from facts of this step, from changes with their signs, or from what is new only. */
export type Mode = "passing" | "counting" | "inserting";

export interface FlowRule {
  /** Its functions are named after it. */
  readonly name: string;
  /** What it was in the program; null for what the emitter adds. */
  readonly source: Rule | SealRule | null;
  /** Of what the emitter adds, where its expressions are written. */
  readonly file?: SourceFile;
  readonly comment: string;
  readonly mode: Mode;
  readonly head: FlowRelation;
  readonly terms: readonly Expr[];
  /** Set where the head collects for a keyed table: identifier of the engine's `KeyedTable`, and the rule's number there. */
  readonly offer: { readonly name: string; readonly rule: number } | null;
  /** Set where the head holds the groups of an aggregate. */
  readonly aggregate: Aggregate | null;
  /** Set where the head is merged into a table with lattice columns: what an update looks at. */
  readonly merges: FlowLattice | null;
  readonly body: readonly FlowLiteral[];
}

/** A table with lattice columns. */
export interface FlowLattice {
  /** Identifier of the engine's `LatticeTable`. */
  readonly name: string;
  readonly table: FlowRelation;
  /** Its other columns. */
  readonly key: readonly number[];
}

/** One accumulator; `name`s are identifiers. */
export interface Accumulator {
  readonly call: AggregateCall;
  readonly kind: "count" | "distinct" | "ints" | "floats" | "members" | "extreme" | "imported";
  readonly name: string;
  /** `distinct`, `members`, `extreme`, `imported`: the values, each with the number of valuations. */
  readonly members: FlowRelation | null;
}

export interface Aggregate {
  readonly rule: Rule;
  readonly groups: FlowRelation;
  /** Where results go; the head's columns. */
  readonly result: FlowRelation;
  readonly accumulators: readonly Accumulator[];
  /** For each column of the result: a column of the groups, or an accumulator. */
  readonly columns: readonly (number | Accumulator)[];
  /** Column of the groups that holds a variable. */
  readonly variables: ReadonlyMap<string, number>;
  readonly having: readonly Expr[];
  /** Identifier of what the groups showed; null where all is passing. */
  readonly shown: string | null;
  /** Groups are kept for open partitions too, and show their results once their partition is closed; null: none waits. */
  readonly gate: GroupGate | null;
}

/** The partition of a group is named by columns of it. */
export interface GroupGate {
  /** The closed ones among the groups' partitions. */
  readonly closed: FlowRelation;
  /** Columns of the groups, one for each of `closed`. */
  readonly columns: readonly number[];
}

/** What fills a relation besides rules. */
export interface Operator {
  readonly target: FlowRelation;
  readonly reads: readonly FlowRelation[];
  readonly kind: "results" | "component" | "keying" | "settle" | "gate" | "hold";
  /** The call, as a statement. */
  readonly call: string;
  /** Whether it can have anything to do, as an expression; null: always. */
  readonly when: string | null;
  readonly aggregate: Aggregate | null;
  readonly hold: FlowHold | null;
}

/** Rows of `source` wait in `kept` until every condition holds, then pass to `released`. */
export interface FlowHold {
  readonly name: string;
  readonly rule: Rule | SealRule;
  readonly source: FlowRelation;
  readonly literal: FlowRead;
  readonly conditions: readonly { readonly closed: string; readonly key: readonly Expr[] }[];
  readonly released: FlowRelation;
}

export interface FlowImport {
  /** `./components/report.js`. */
  readonly module: string;
  readonly name: string;
  readonly local: string;
}

export interface Flow {
  readonly role: string;
  /** Whether a rule uses a lattice value of this literal of its body in a way that does not only grow with it. */
  readonly isRevealed: (rule: FlowRule, literal: number) => boolean;
  readonly relations: readonly FlowRelation[];
  readonly rules: readonly FlowRule[];
  readonly operators: readonly Operator[];
  /** Declarations that are no relations, after those: keyed tables, deferrals, gates, accumulators. */
  readonly attachments: readonly string[];
  /** Exports that attachments name. */
  readonly imports: readonly FlowImport[];
}
