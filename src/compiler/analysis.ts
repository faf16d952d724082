/** The border after phase 3: facts about an Ir, in maps by id beside it. Source: analysis.md sections 1-3, semantics.md. */
import type { CollectionId, Ir, Rule, RuleId } from "./ir.ts";
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

export type Reason = "negation" | "aggregate" | "rendezvous" | "deletion" | "upsert" | "key-conflict" | "reveal" | "choice" | "opaque" | "local" | "promise";

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
 * seal column of `source`, the value of column `columns[i]` of that row.
 */
export interface SealSource {
  readonly source: CollectionId;
  readonly columns: readonly number[];
}

export interface Analysis {
  readonly ir: Ir;
  readonly persistence: ReadonlyMap<CollectionId, Persistence>;
  /** In rule order; `local` ones stand at the rule that feeds the output. */
  readonly findings: readonly Finding[];
  /** Promised seals used (tool.md `collections`). */
  readonly labels: ReadonlyMap<CollectionId, Label>;
  /** Nothing inserted, promised seals not used (tool.md `before`). */
  readonly labelsUnsealed: ReadonlyMap<CollectionId, Label>;
}

export type RuleOf = (id: RuleId) => Rule;
