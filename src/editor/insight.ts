/** What only the whole program can tell, as plain data: a check in the background finds it out. */
import type { Span } from "../compiler/ast.ts";

export interface Insight {
  readonly rules: readonly RuleInsight[];
  readonly collections: readonly CollectionInsight[];
}

export interface Labels {
  /** As if nothing were inserted: `Inst`, `Seal(campaign)`. */
  readonly before: string;
  readonly after: string;
  /** `after` in words. */
  readonly means: string;
}

/** An order-sensitive rule. Of one in a module there is one for each copy. */
export interface RuleInsight extends Labels {
  /** Of the file in which it stands. */
  readonly path: string;
  readonly span: Span;
  /** `poor#1`. */
  readonly label: string;
  readonly reasons: readonly { readonly reason: string; readonly why: string; readonly gate: string }[];
  /** What is inserted for it, a line each. */
  readonly inserted: readonly string[];
  /** The same in a word or two: `seal (campaign)`. */
  readonly brief: string;
}

export interface CollectionInsight extends Labels {
  readonly path: string;
  /** Of its name where it is declared. */
  readonly span: Span;
  /** `Report.click`. */
  readonly id: string;
  /** What is inserted at it. */
  readonly inserted: readonly string[];
}
