/**
 * What a program imports from TypeScript, and what has to be true of it. Functions, aggregates and lattices differ in
 * the type that their export must have and in their laws; everything else (finding the module, purity, cases,
 * shrinking, statuses, the cache) is the same for all. A new kind is a function from its declaration to a `Subject`
 * and a line in `subjectsOf`.
 */
import type { Node } from "ts-morph";
import type { SourceFile, Span } from "../compiler/ast.ts";
import type { Domain } from "./domain.ts";
import type { Surroundings } from "./lattice-domains.ts";

export interface Subject {
  readonly kind: "function" | "aggregate" | "lattice" | "component";
  /** Its name in the program. */
  readonly id: string;
  /** That of the export. */
  readonly name: string;
  /** Module as written, relative to the folder of `file`. */
  readonly from: string;
  readonly file: SourceFile;
  /** Of the whole declaration. */
  readonly span: Span;
  readonly nameSpan: Span;
  readonly fromSpan: Span;
  readonly type: ExpectedType;
  /** A part of the running system: it keeps what it is handed, so that it need not be pure, and the check does not run it. */
  readonly isService?: true;
  /** Imported lattices that the type names. */
  readonly lattices: readonly LatticeImport[];
  /** In the order in which they are to be reported: those claimed, then those that must hold without being claimed. */
  readonly laws: readonly LawOf[];
}

/** A lattice by the module that exports it; the path as written, relative to the folder of `file`. */
export type LatticeImport = Pick<Subject, "id" | "name" | "from" | "file">;

/** The TypeScript type of the export. Texts are types over the global names and those of the subject's lattices. */
export interface ExpectedType {
  /** The export must be assignable to it. */
  readonly text: string;
  /** Parts of the export that are compared by themselves: the type `of`, with EXPORT for that of the export, must be assignable to `text`. */
  readonly also?: readonly { readonly of: string; readonly text: string }[];
  /** Of a function, for a message that names the part which does not fit; null for other exports. */
  readonly parts: {
    readonly params: readonly {
      readonly name: string;
      readonly written: string;
      readonly text: string;
      readonly span: Span;
    }[];
    readonly returns: { readonly written: string; readonly text: string };
  } | null;
}

/** A law before its module is loaded. */
export interface LawOf {
  /** The word of the claim, or the law's name. */
  readonly name: string;
  /** Of the claim in the program; of the declaration's name where nothing was claimed. */
  readonly span: Span;
  readonly claimed: boolean;
  /** Not named in reports unless it is broken. */
  readonly silent?: boolean;
  /** Why it says nothing of such a thing, as the end of a sentence; null where it does. */
  readonly senseless: string | null;
  /** How the source shows that it holds, in a few words; null when it does not show it. */
  readonly prove?: (declaration: Node) => Promise<string | null>;
  readonly bind: (exported: unknown, surroundings: Surroundings) => Law;
  /** What it means where a counterexample is shown: `different arguments must give different results`. */
  readonly means: string;
  /** Of a lattice: what becomes of the outputs that its values reach when it does not hold. */
  readonly without?: string;
}

/** Constants of the source, simplest first, each once: where a function treats one value in its own way, it names it. */
export interface Literals {
  readonly numbers: readonly number[];
  readonly strings: readonly string[];
}

/** A law of one exported value: for all values of its variables, `judge` finds nothing wrong. */
export interface Law {
  /** One per variable. */
  readonly domains: readonly Domain[];
  /** A few cases are enough. */
  readonly light?: boolean;
  /**
   * null: it holds for these values. "nothing": they say nothing of it (equal arguments of an injective function, a
   * result outside of the safe integers). Values are frozen copies. Never throws.
   */
  readonly judge: (values: readonly unknown[]) => Breach | "nothing" | null;
  /**
   * A better way to values that break it than trying one after the other: takes lists of values for the variables
   * `[0, over)` and says which values of all variables are worth judging.
   */
  readonly collide?: {
    readonly over: number;
    readonly offer: (values: readonly unknown[]) => readonly unknown[] | null;
  };
}

/** Values for which a law does not hold: both sides, as they were evaluated. */
export interface Breach {
  /** `abs(-1) = 1`. One or two. */
  readonly sides: readonly string[];
  /** What it breaks besides the law: an argument was changed, or the function threw. */
  readonly because: "law" | "threw" | "changed" | "unsteady";
}

/** What is known of one law, as reports show it. Plain data: it is kept on disk. */
export interface LawStatus {
  readonly law: string;
  readonly status: "proved" | "tested" | "assumed" | "refuted" | "unchecked";
  /** `proved`: how. `assumed`: the reason given. `unchecked`: why. */
  readonly how?: string;
  /** Of `tested` and `refuted`: how many were tried, and the seed of those drawn at random. */
  readonly cases?: number;
  readonly seed?: number;
  /** Cases that said nothing: the function threw, or left the safe integers. */
  readonly without?: number;
  readonly counterexample?: Breach;
}

/** One imported thing in reports. */
export interface SubjectReport {
  readonly kind: Subject["kind"];
  /** In the program. */
  readonly name: string;
  readonly from: string;
  readonly laws: readonly LawStatus[];
}
