/** The border after phase 3: facts about an Ir, in maps by id beside it. Source: analysis.md sections 1-3, semantics.md. */
import type { CollectionId, Expr, Ir, RuleId } from "./ir.ts";
import type { Span, SourceFile } from "./ast.ts";

/** Least to most severe. */
export const severities = ["Seal", "Async", "Run", "Inst", "Diverge"] as const;
export type LabelName = (typeof severities)[number];

/**
 * What the contents may do between runs and replicas. `key` are column indices of the labelled
 * collection ([] with `Seal`: the whole stream); null unless `name` is `Seal`.
 */
export interface Label {
  readonly name: LabelName;
  readonly key: readonly number[] | null;
}

/** An.2: how long facts of a collection live, the severest over its rules. */
export type Persistence = "static" | "growing" | "changing" | "passing";

export type Reason =
  | "negation"
  | "aggregate"
  | "rendezvous"
  | "deletion"
  | "upsert"
  | "key-conflict"
  | "reveal"
  | "choice"
  | "opaque"
  | "local"
  | "promise";

/** A point of order: a rule whose answer depends on when messages arrive. */
export interface Finding {
  readonly rule: RuleId;
  readonly role: string;
  /** The head's collection. */
  readonly head: CollectionId;
  readonly reason: Reason;
  /** Variables (or source text of expressions) of the gate; null is `*`. */
  readonly gate: readonly string[] | null;
  /** The gate by the columns of the collection that is read (negated, aggregated, met, deleted from). */
  readonly columns: readonly string[];
  /** Indices into the rule's body of the sensitive literals; for `key-conflict` by several rules, of this rule's. */
  readonly sensitive: readonly number[];
  /** The open sources (inputs, channels, timers) behind it, each with the path of collections from it to the rule. */
  readonly sources: readonly { readonly source: CollectionId; readonly path: readonly CollectionId[] }[];
  /** Rewrites that would remove it, as sentences. */
  readonly rewrites: readonly string[];
  readonly file: SourceFile;
  readonly span: Span;
}

/**
 * Where the seal of a collection comes from: at an instance of its role, the partition of
 * `source` (a sealed input or channel of the same role) that a row selects has, for the i-th
 * seal column of `source`, the value of column `key[i]` of that row, or that constant.
 */
export interface SealSource {
  readonly source: CollectionId;
  readonly key: readonly (number | Expr)[];
}

/** Partitions of a collection are closed when those of all its `sources` are. */
export interface Seal {
  /** Sorted column indices that together select the partitions; [] is the whole stream. */
  readonly columns: readonly number[];
  /** Empty: static, closed from the start. */
  readonly sources: readonly SealSource[];
  /** An order-sensitive rule has consumed a seal on the way: it can be emitted again (analysis.md 3). */
  readonly consumed: boolean;
  /** A deferred rule (`<+ <- <+-`) lies on the way. */
  readonly deferred: boolean;
}

/** A condition as in ir.ts `Gate`, over the variables of the rule. */
export interface Condition {
  readonly source: CollectionId;
  readonly key: readonly Expr[];
}

/** How the seals of a rule's sensitive literals make it evaluable partition by partition. */
export interface Sealing {
  readonly conditions: readonly Condition[];
  /** Writers of the same table that must wait for the same conditions (deletion, upsert, key-conflict). */
  readonly together: readonly RuleId[];
  readonly deferred: boolean;
}

/** How a channel is sealed: by its declaration, by seals that travel along its senders' rules, or both. */
export interface ChannelSeal {
  readonly columns: readonly number[];
  /** Per sending role: the parts whose closure seals it; null where a `seal` rule of that role does. */
  readonly travels: ReadonlyMap<string, { readonly parts: readonly TravelPart[]; readonly deferred: boolean } | null>;
}

/** `map[j]`: seal column j of the channel from the source's seal values, named by the source's columns. */
export interface TravelPart {
  readonly source: CollectionId;
  readonly map: readonly Expr[];
}

export type SealUse = "none" | "promised" | "inserted";

/** Labels and what they rest on, for one way of using the seals. */
export interface Inference {
  readonly use: SealUse;
  readonly persistence: ReadonlyMap<CollectionId, Persistence>;
  readonly seals: ReadonlyMap<CollectionId, Seal | null>;
  readonly channels: ReadonlyMap<CollectionId, ChannelSeal>;
  /** Marked (or implied) rules that are evaluated partition by partition. */
  readonly sealed: ReadonlyMap<RuleId, Sealing>;
  /** Why a marked rule is not, in words. */
  readonly unsealed: ReadonlyMap<RuleId, string>;
  /**
   * Races that only show once what is upstream of them is coordinated: a relation that still
   * changes (a sealed deletion, an ordered count) meets another open one.
   */
  readonly implied: readonly Finding[];
  readonly labels: ReadonlyMap<CollectionId, Label>;
  /**
   * The log that a collection's contents are a function of, and its columns that carry the log's
   * key; null when none is, absent when static.
   */
  readonly places: ReadonlyMap<CollectionId, { readonly log: string; readonly key: readonly number[] } | null>;
  /** Local facts of replicated roles (semantics A5). */
  readonly local: ReadonlySet<CollectionId>;
}

export interface Analysis {
  readonly ir: Ir;
  /** In rule order; `local` ones stand at the rule that feeds the output. */
  readonly findings: readonly Finding[];
  /** Channels declared sealed that some sender can never seal. */
  readonly unsealable: readonly { readonly channel: CollectionId; readonly role: string; readonly rule: RuleId }[];
  readonly inference: Inference;
}
