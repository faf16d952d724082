/**
 * The border after phase 2: every name resolved, every expression typed, every rule safe
 * (range-restricted), `<=` stratified. Node kinds are closed; what later phases find out
 * lives in maps by id beside it. Phase 4 returns an Ir again: the coordinated program, with
 * `Ordering`s on collections and `Gate`s on literals and rules; nothing else differs.
 */
import type {
  Ast,
  LevelWord,
  Name,
  PathWord,
  Span,
  SourceFile,
  BinaryOp,
  UnaryOp,
  Claim,
  CollectionKind,
  MergeOp,
} from "./ast.ts";

/** `Report.click`, `Node.d.buffer` of a copy of a module, `bed.Store.put` of an imported file; also `Report.nodes`, the built-in relation of a role's addresses. */
export type CollectionId = string;
/** `Report/poor#1`: role in whose block the rule stands, then its label. */
export type RuleId = string;

export interface Ir {
  /** Of the program's own file first. */
  readonly asts: readonly Ast[];
  readonly roles: ReadonlyMap<string, Role>;
  /** Declaration order. Contains `R.nodes` (kind "nodes") for every role. */
  readonly collections: ReadonlyMap<CollectionId, Collection>;
  /** Source order. */
  readonly rules: ReadonlyMap<RuleId, Rule>;
  readonly seals: readonly SealRule[];
  /** By id. */
  readonly functions: ReadonlyMap<string, ImportedFunction>;
  /** By id. */
  readonly aggregates: ReadonlyMap<string, ImportedFunction>;
  /** By id. */
  readonly lattices: ReadonlyMap<string, ImportedLattice>;
  /** The roles that the program does not write itself, by name. */
  readonly externals: ReadonlyMap<string, Source | Component>;
}

/** `source click(…)`: a role of one instance, with one input that is called `click` too. */
export interface Source {
  readonly kind: "source";
  readonly input: CollectionId;
}

/**
 * A role whose rules are the paths of a declaration. Its inputs are channels whose facts stay, because it may keep them:
 * each is handed to it once. Its outputs are outputs.
 */
export interface Component {
  readonly kind: "component";
  readonly name: string;
  /** The module that implements it, relative to the declaring file, with the span of the string; null: it runs elsewhere. */
  readonly from: Name | null;
  /** By id, the name as declared, in order. An `in` and an `out` may share one. */
  readonly ins: ReadonlyMap<CollectionId, string>;
  readonly outs: ReadonlyMap<CollectionId, string>;
  readonly file: SourceFile;
  readonly span: Span;
  readonly nameSpan: Span;
}

export type Type =
  | { readonly kind: "int" | "nat" | "float" | "string" | "bool" | "addr" | "bytes" | "json" }
  | { readonly kind: "list"; readonly of: Type }
  | { readonly kind: "tuple"; readonly of: readonly Type[] }
  /** `lset<addr>`; an imported lattice is named by its id and has no arguments. See src/lattices. */
  | LatticeType
  /** After an error only: agrees with everything. */
  | { readonly kind: "unknown" };

export interface LatticeType {
  readonly kind: "lattice";
  readonly name: string;
  readonly args: readonly Type[];
}

export interface Role {
  readonly name: string;
  /** Instances by default (1; xN; 3 when replicated; 2 when partitioned). */
  readonly count: number;
  readonly replicated: boolean;
  /** Column names; null when not partitioned. */
  readonly partitionedBy: readonly string[] | null;
  /** Its instances may join and leave while the program runs. */
  readonly dynamic?: true;
  readonly doc: string | null;
  readonly file: SourceFile;
  readonly span: Span;
  readonly nameSpan: Span;
}

export interface Column {
  readonly name: string;
  readonly type: Type;
}

export interface Collection {
  readonly id: CollectionId;
  readonly role: string;
  readonly name: string;
  readonly kind: CollectionKind | "nodes";
  readonly columns: readonly Column[];
  /** Number of leading key columns where a `->` was written; null otherwise (keyed by all). */
  readonly keyLength: number | null;
  readonly lossy: boolean;
  readonly durable: boolean;
  readonly unique: boolean;
  readonly sealed: SealPromise | null;
  /** Outputs only. */
  readonly level: LevelWord | null;
  readonly strict: boolean;
  /** Timers only. */
  readonly periodMs: number | null;
  /** `rate 5000`: facts a second at each instance; absent where none is declared. */
  readonly rate?: number;
  readonly doc: string | null;
  readonly file: SourceFile;
  readonly span: Span;
  readonly nameSpan: Span;
  /** Phase 4: events of this input, channel or timer pass through this log. */
  readonly ordering?: Ordering;
}

/** `sealed by (cols) single`; `columns` are indices, empty for `sealed` (the whole stream). */
export interface SealPromise {
  readonly columns: readonly number[];
  readonly single: boolean;
  readonly deadlineMs: number | null;
  /** `every 10s`: on average one partition ends in that time; null where none is declared. */
  readonly everyMs: number | null;
  readonly span: Span;
}

/** A log: `by` are the column indices of the collection whose values each have a log of their own ([]: one log). */
export interface Ordering {
  readonly log: string;
  readonly by: readonly number[];
  /** It is cut into epochs that are so long; absent where it is cut as soon as something is in it. */
  readonly everyMs?: number;
}

export interface Rule {
  readonly id: RuleId;
  /**
   * `poor#1`, `Report.click#1`: the head as written and the ordinal among the role's rules with that head. Of a rule in
   * a copy of a module, `d.acked#1`.
   */
  readonly label: string;
  readonly role: string;
  readonly op: MergeOp;
  readonly head: RuleHead;
  /** In source order. `index` of a literal is its place here. Empty for a fact. */
  readonly body: readonly Literal[];
  readonly having: readonly Expr[];
  readonly coordinate: {
    readonly kind: "none" | "order" | "barrier" | "seal";
    readonly by: readonly string[] | null;
    readonly reason: string | null;
    readonly span: Span;
  } | null;
  readonly allow: { readonly what: string; readonly reason: string | null; readonly span: Span } | null;
  readonly doc: string | null;
  readonly file: SourceFile;
  readonly span: Span;
  /** Written as `connect a -> B.c;`. */
  readonly isConnection?: true;
  /** Of a rule that stands for a path through a component: how it is declared. */
  readonly path?: DeclaredPath;
  /**
   * Phase 4: the rule is evaluated for a valuation only when every partition named here is
   * closed at the instance. Each becomes one more (growing) literal of the body.
   */
  readonly gates?: readonly Gate[];
}

/**
 * A path leads from the first literal of its rule's body to the head; columns of one name are one variable, what is new
 * in the head is a call of the component. The other literals are what the component may have kept of its inputs when
 * the fact is handed in, joined by the columns of a gate.
 */
export interface DeclaredPath {
  readonly word: PathWord;
  /** The input as declared. */
  readonly from: string;
  /** Of `OR` and `OW`: column names, which are the variables of the rule; null is `*`. */
  readonly gate: readonly string[] | null;
  /** Places in the body of what the path's answer depends on the order of; [] of a confluent one. */
  readonly races: readonly number[];
}

/**
 * A condition on partitions: `sources[i]` (a sealed input or channel of the rule's role)
 * must be closed for the value of `key` (one expression per seal column of the source,
 * over variables of the literal or rule that carries the gate; [] = the whole stream).
 */
export interface Gate {
  readonly conditions: readonly { readonly source: CollectionId; readonly key: readonly Expr[] }[];
}

export interface RuleHead {
  readonly collection: CollectionId;
  readonly to: Destination | null;
  /** One per column of the collection. */
  readonly terms: readonly HeadTerm[];
  readonly span: Span;
}

/** Only of `<~`: an address, every instance (`@*`), or as the target role routes it. */
export type Destination =
  { readonly kind: "address"; readonly value: Expr } | { readonly kind: "all" } | { readonly kind: "role" };

export type HeadTerm =
  { readonly kind: "value"; readonly value: Expr } | { readonly kind: "aggregate"; readonly call: AggregateCall };

export type AggregateName = "count" | "sum" | "avg" | "min" | "max" | "argmin" | "argmax" | "collect" | "choose";

/** An aggregate of the program's own: it may be called like a built-in one, and is another. */
export interface ImportedName {
  readonly imported: string;
}

/** `args` after `distinct`; argmin(e, by) has two. Also stands inside `having` as an expression. */
export interface AggregateCall {
  readonly name: AggregateName | ImportedName;
  readonly distinct: boolean;
  readonly args: readonly Expr[];
  readonly type: Type;
  readonly span: Span;
}

/**
 * `terms` has one per column. Each `_` of the source has become a variable of its own named
 * `_1`, `_2`, … (unique in the rule), except in negated literals, where it is null.
 */
export type Literal =
  | ReadLiteral
  | { readonly kind: "bind"; readonly variable: string; readonly type: Type; readonly value: Expr; readonly span: Span }
  | { readonly kind: "range"; readonly pattern: Pattern; readonly value: Expr; readonly span: Span }
  | { readonly kind: "test"; readonly value: Expr; readonly span: Span };

export interface ReadLiteral {
  readonly kind: "read";
  readonly negated: boolean;
  readonly collection: CollectionId;
  readonly terms: readonly Term[];
  readonly span: Span;
  /**
   * Phase 4, on literals over passing collections: rows are held back at the instance until the
   * gate's partitions are closed, then released together as events of that step.
   */
  readonly hold?: Gate;
}

/** A variable, a literal or `self`; null is `_` in a negated literal. */
export type Term = Extract<Expr, { kind: "variable" | "literal" | "self" }> | null;

export type Pattern =
  | { readonly kind: "variable"; readonly name: string; readonly type: Type }
  | { readonly kind: "tuple"; readonly of: readonly Pattern[] };

interface Typed {
  readonly type: Type;
  readonly span: Span;
}

export type Expr =
  | (Typed & { readonly kind: "variable"; readonly name: string })
  | (Typed & { readonly kind: "self" })
  | (Typed & { readonly kind: "literal"; readonly value: number | string | boolean })
  /** An imported function (`builtin` false), by its id, or a built-in one. */
  | (Typed & {
      readonly kind: "call";
      readonly name: string;
      readonly builtin: boolean;
      readonly args: readonly Expr[];
    })
  /** Only inside `having`. */
  | (Typed & { readonly kind: "aggregate"; readonly call: AggregateCall })
  | (Typed & { readonly kind: "unary"; readonly op: UnaryOp; readonly of: Expr })
  | (Typed & { readonly kind: "binary"; readonly op: BinaryOp; readonly left: Expr; readonly right: Expr })
  | (Typed & { readonly kind: "if"; readonly test: Expr; readonly then: Expr; readonly else: Expr })
  | (Typed & { readonly kind: "tuple"; readonly of: readonly Expr[] })
  | (Typed & { readonly kind: "list"; readonly of: readonly Expr[] })
  /**
   * An operation on a lattice (src/lattices/operations.ts), or what makes a value of one: `on` is that lattice.
   * `by` is the function that `map` and `filter` apply to each element; `valuation` the plain variables of the body, for each
   * valuation of which an update counts once.
   */
  | (Typed & {
      readonly kind: "lattice";
      readonly op: string;
      readonly on: LatticeType;
      readonly args: readonly Expr[];
      readonly by: Extract<Expr, { kind: "call" }> | null;
      readonly valuation: readonly Expr[];
    });

/** A `seal` rule. `key` has one expression per seal column of the target, in the promise's order. */
export interface SealRule {
  readonly id: RuleId;
  /** `seal Report.click#1`. */
  readonly label: string;
  readonly role: string;
  readonly target: CollectionId;
  readonly op: "<=" | "<~";
  readonly key: readonly Expr[];
  readonly body: readonly Literal[];
  readonly doc: string | null;
  readonly file: SourceFile;
  readonly span: Span;
}

/** `lattice Ballot from "./ballot.ts";` */
export interface ImportedLattice {
  /** Its name in the program; of one that an imported file declares, `bed.Ballot`. */
  readonly id: string;
  /** That of the export. */
  readonly name: string;
  /** Module specifier as written, relative to the declaring file. */
  readonly from: string;
  readonly file: SourceFile;
  readonly span: Span;
}

/** A function, or an aggregate: its parameters are then those of one valuation, and it gets all of a group. */
export interface ImportedFunction {
  /** Its name in the program; of one that an imported file declares, `bed.tokenize`. */
  readonly id: string;
  /** That of the export. */
  readonly name: string;
  readonly params: readonly Column[];
  readonly returns: Type;
  /** Module specifier as written, relative to the declaring file. */
  readonly from: string;
  readonly claims: readonly Claim[];
  readonly file: SourceFile;
  readonly span: Span;
}

/** As written. */
/** Roles with durable tables: with these they keep all that decides their steps. */
export function durableRoles({ collections }: Ir): ReadonlySet<string> {
  return new Set([...collections.values()].filter(({ durable }) => durable).map(({ role }) => role));
}

export function aggregateName({ name }: AggregateCall): string {
  return typeof name === "string" ? name : name.imported;
}
