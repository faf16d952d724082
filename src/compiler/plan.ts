/** The border after phase 4: what is inserted, and the program with it. Source: analysis.md sections 4-6. */
import type { Analysis, Inference, Label } from "./analysis.ts";
import type { CollectionId, Expr, Ir, RuleId } from "./ir.ts";
import type { LevelWord } from "./ast.ts";

export type MechanismName = "none" | "seal" | "barrier" | "order" | "commit";

export interface Insertion {
  readonly mechanism: MechanismName;
  /** The role in which it is placed. */
  readonly role: string;
  /** The role's inputs and channels that are sealed or ordered. */
  readonly at: readonly CollectionId[];
  /** Column names of the seal or log key; [] for `order` and `barrier`. */
  readonly key: readonly string[];
  /** Rules it protects. */
  readonly protects: readonly RuleId[];
  /** Roles whose instances vote on a seal; null unless `seal` or the `barrier` at the end of a stream. */
  readonly producers: readonly string[] | null;
  /** Of a `barrier` by epochs how long they are unless the deployment says otherwise; else null. */
  readonly epochMs: number | null;
  /** One producer a partition, so no vote. */
  readonly single: boolean;
  /** Why this one, and for `none` the reason given in the source. */
  readonly why: string;
}

export interface OutputPlan {
  readonly output: CollectionId;
  readonly target: LevelWord;
  readonly before: Label;
  readonly after: Label;
  readonly achieved: boolean | "assumed";
  /** `PC/seal(campaign)/EC(seal)`. */
  readonly pacelc: string;
  /** Promises and claims that the label after stands on, as sentences. */
  readonly assumptions: readonly string[];
}

/**
 * Seals that travel by themselves: when the partitions of all `parts` of one `role` instance
 * that select a value of `target` are closed there, that instance seals the value of `target`.
 */
export interface SealTravel {
  readonly role: string;
  /** The sealed channel of another (or the same) role. */
  readonly target: CollectionId;
  /**
   * `map[j]` computes seal column j of `target` from the source's seal values, which stand in it
   * as variables named by the source's seal columns (`campaign`). [] for the whole stream.
   */
  readonly parts: readonly { readonly source: CollectionId; readonly map: readonly Expr[] }[];
  /** A `<+` rule lies on the way: wait until no deferred fact is pending. */
  readonly deferred: boolean;
  /**
   * Where one instance of several passes a value on: which of the source's seal values, in the order of the role's
   * partition columns, say which one, so that it seals the value for all.
   */
  readonly owners?: readonly number[];
}

/** What the runtime must know of one sealed input or channel. */
export interface SealedCollection {
  readonly collection: CollectionId;
  /** Column indices of the seal key; [] for the whole stream. */
  readonly key: readonly number[];
  readonly single: boolean;
  readonly deadlineMs: number | null;
  /** Roles with rules that send to it; [] for an input (its own host is the producer). */
  readonly producers: readonly string[];
  /** A `<+` rule lies between it and a gate or travelling seal. */
  readonly deferred: boolean;
}

/** What coordination adds in a second. */
export interface Cost {
  /** Facts and seals that are sent because of it. */
  readonly messages: number;
  /** How long a fact waits for it on average, milliseconds, where that is longest; null: until the end of a stream. */
  readonly waitMs: number | null;
}

/** `declared`: by `rate` and `every` in the program; `profiled`: measured in a run. */
export type RatesFrom = "none" | "declared" | "profiled";

/** What was measured in a run. */
export interface Profile {
  readonly collections: ReadonlyMap<CollectionId, Measured>;
}

export interface Measured {
  /** Facts a second at each instance. */
  readonly perSecond: number;
  /** Of a sealed collection: partitions that ended in a second; null where none is sealed. */
  readonly partitionsPerSecond: number | null;
}

/** What cannot be reached, and what is then not answered, in words. */
export interface Stop {
  readonly unreachable: string;
  readonly what: string;
  /** Those that stop. */
  readonly outputs: readonly CollectionId[];
}

/** A plan that was not chosen, or the one that is put in front of whole components. */
export interface OtherPlan {
  /** As `--plan` takes it. */
  readonly name: PlanName;
  readonly insertions: readonly Insertion[];
  /** null without rates. */
  readonly cost: Cost | null;
  readonly outputs: readonly Pick<OutputPlan, "output" | "after" | "achieved" | "pacelc">[];
  readonly stops: readonly Stop[];
}

/** `1` is the plan that is chosen where none is asked for; `2`, `3` the next best; `baseline`: coordination at the inputs of the offending roles. */
export type PlanName = "1" | "2" | "3" | "baseline";

/** Why this plan: what it costs, and what others would. */
export interface Comparison {
  readonly rates: RatesFrom;
  /** Inputs of which nothing is known: one fact a second was assumed. */
  readonly assumed: readonly CollectionId[];
  readonly cost: Cost | null;
  readonly stops: readonly Stop[];
  readonly baseline: OtherPlan;
  /** The next best, at most two. */
  readonly others: readonly OtherPlan[];
}

export interface Plan {
  /** Promised seals used (tool.md `collections`). */
  readonly analysis: Analysis;
  /** Nothing inserted, promised seals not used (tool.md `before`). */
  readonly before: Inference;
  readonly insertions: readonly Insertion[];
  readonly comparison: Comparison;
  /** The coordinated program: `Ordering`s and `Gate`s inserted. */
  readonly coordinated: Ir;
  /** Same analysis over `coordinated`: the residual check. */
  readonly residual: Analysis;
  readonly outputs: readonly OutputPlan[];
  /** Sealed collections that somebody waits for, and how their seals travel; empty where no seal is used. */
  readonly sealed: readonly SealedCollection[];
  readonly travels: readonly SealTravel[];
  /** Rules (deferred heads) that count the steps of a log: rule id to log; all others count every step. */
  readonly clocks: ReadonlyMap<RuleId, string>;
}

export type Strategy = "auto" | "seal" | "order" | "barrier" | "none";
