/**
 * The border after phase 1: what was written, nothing resolved.
 *
 * Every node carries a `span` in offsets of its own file (UTF-16 units, end exclusive).
 * Nodes are plain data (they go through JSON for the statement cache).
 */

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface SourceFile {
  /** As given on the command line; shown in diagnostics. */
  readonly path: string;
  /** From the program's folder: what emitted code calls it, wherever it was compiled; `path` when absent. */
  readonly name?: string;
  readonly text: string;
}

export interface Ast {
  readonly file: SourceFile;
  readonly items: readonly Item[];
}

export type Item =
  | RoleDecl
  | ModuleDecl
  | ImportDecl
  | UseDecl
  | FunctionDecl
  | AggregateDecl
  | LatticeDecl
  | SourceDecl
  | ComponentDecl
  | ConnectDecl;

export interface Name {
  readonly text: string;
  readonly span: Span;
}

/** Names joined by dots, without blanks around them: `bed.Delivery`. */
export type Path = Name;

/** `import "./delivery.dlc" as bed;` */
export interface ImportDecl {
  readonly kind: "import";
  readonly from: { readonly kind: "literal"; readonly type: "string"; readonly value: string; readonly span: Span };
  readonly name: Name;
  readonly doc: string | null;
  readonly span: Span;
}

/** `module Kvs<K, V>(Client: role, Server: Store) { … }` */
export interface ModuleDecl {
  readonly kind: "module";
  readonly name: Name;
  readonly types: readonly Name[];
  readonly roles: readonly RoleParameter[];
  readonly members: readonly Member[];
  readonly doc: string | null;
  /** From `module` to the closing brace. */
  readonly span: Span;
}

export interface RoleParameter {
  readonly name: Name;
  /** The module of which the role must have a copy; null for `role`. */
  readonly module: Path | null;
}

/** `use bed.Delivery<string>(Store) as d in Node;` */
export interface UseDecl {
  readonly kind: "use";
  readonly module: Path;
  readonly types: readonly TypeExpr[];
  /** null: none are written, and each is the block in which the copy stands. */
  readonly roles: readonly Path[] | null;
  readonly name: Name;
  /** Outside of blocks only: the role that gets the copy. */
  readonly target: Path | null;
  readonly doc: string | null;
  readonly span: Span;
}

export interface RoleDecl {
  readonly kind: "role";
  readonly name: Name;
  /** `x5`: 5; null when not written. */
  readonly count: number | null;
  readonly replicated: boolean;
  /** `partitioned by (k)`: the column names; null when not partitioned. */
  readonly partitionedBy: readonly Name[] | null;
  readonly members: readonly Member[];
  /** Text of the `///` lines before it, without the slashes; null when there are none. */
  readonly doc: string | null;
  /** From `role` to the closing brace. */
  readonly span: Span;
}

export type Member = CollectionDecl | RuleDecl | SealDecl | UseDecl;

export type CollectionKind = "input" | "output" | "channel" | "table" | "scratch" | "timer";

export interface CollectionDecl {
  readonly kind: "collection";
  readonly collection: CollectionKind;
  /** Of a module's interface, `in send(…)` and `out received(…)`, which are scratches: who writes it. */
  readonly direction: "in" | "out" | null;
  readonly name: Name;
  /** In order, key columns first where there is a `->`. Empty for a timer. */
  readonly columns: readonly ColumnDecl[];
  /** How many of `columns` stand before `->`; null when there is none. */
  readonly keyLength: number | null;
  readonly modifiers: readonly Modifier[];
  /** `timer t every 500ms`: the period in milliseconds. */
  readonly periodMs: number | null;
  readonly doc: string | null;
  readonly span: Span;
}

export interface ColumnDecl {
  readonly name: Name;
  readonly type: TypeExpr;
}

/** `int`, `list<string>`, `(int, string)` (name "tuple"), `lmap<string, lmax<int>>`. */
export interface TypeExpr {
  readonly name: string;
  readonly args: readonly TypeExpr[];
  readonly span: Span;
}

export type Modifier =
  | {
      readonly kind: "sealed";
      readonly by: readonly Name[] | null;
      readonly single: boolean;
      readonly deadlineMs: number | null;
      /** `every 10s`: on average one partition ends in that time. */
      readonly everyMs: number | null;
      readonly span: Span;
    }
  /** `rate 5000`: facts a second at each instance. */
  | { readonly kind: "rate"; readonly perSecond: number; readonly span: Span }
  | { readonly kind: "lossy" | "durable" | "unique" | "shared" | "serializable"; readonly span: Span }
  | { readonly kind: "level"; readonly level: LevelWord; readonly strict: boolean; readonly span: Span };

export type LevelWord = "deterministic" | "agreed" | "eventual" | "any";

export type MergeOp = "<=" | "<+" | "<-" | "<+-" | "<~";

export interface RuleDecl {
  readonly kind: "rule";
  readonly annotations: readonly Annotation[];
  readonly head: Head;
  /** null for a fact (`head;`). */
  readonly op: MergeOp | null;
  readonly body: readonly Literal[];
  readonly having: readonly Expr[];
  readonly doc: string | null;
  /** From the first character of the head (annotations excluded) to the `;`, inclusive. */
  readonly span: Span;
}

/** `seal click(campaign: c) <= over(c);` `seal Report.click(campaign: c) <~ over(c);` */
export interface SealDecl {
  readonly kind: "seal";
  readonly target: CollectionRef;
  /** Named columns of the sealed value; empty with `seal click` / `seal click()`: the whole stream. */
  readonly args: readonly Arg[];
  readonly op: "<=" | "<~";
  readonly body: readonly Literal[];
  readonly doc: string | null;
  readonly span: Span;
}

/** `click`, `Report.click`, `bed.Store.nodes`, `d.send`. */
export interface CollectionRef {
  /** What stands before the last dot: a role, or the name of a copy. */
  readonly role: Path | null;
  readonly name: Name;
  readonly span: Span;
}

export interface Head {
  readonly ref: CollectionRef;
  /** `R.c@a(...)`: the address; `R.c@*(...)`: "all"; null when none is written. */
  readonly at: Expr | "all" | null;
  /** null in the copy form `A <= B;`. */
  readonly args: readonly Arg[] | null;
  readonly span: Span;
}

/** One argument of a head or a body literal; `name` in the named form. */
export interface Arg {
  readonly name: Name | null;
  readonly value: Expr;
  readonly span: Span;
}

export type Literal =
  /** `r(x, _)`, `not r(x)`; `args` null in the copy form. */
  | {
      readonly kind: "read";
      readonly negated: boolean;
      readonly ref: CollectionRef;
      readonly args: readonly Arg[] | null;
      readonly span: Span;
    }
  /** `x = expr`. */
  | { readonly kind: "bind"; readonly variable: Name; readonly value: Expr; readonly span: Span }
  /** `x in expr`, `(a, b) in expr`. */
  | { readonly kind: "range"; readonly pattern: Pattern; readonly value: Expr; readonly span: Span }
  /** Any other expression: a condition of type bool (comparisons, calls, `&&`, …). */
  | { readonly kind: "test"; readonly value: Expr; readonly span: Span };

/** A variable, `_`, or a tuple of patterns. */
export type Pattern =
  | { readonly kind: "variable"; readonly name: string; readonly span: Span }
  | { readonly kind: "tuple"; readonly of: readonly Pattern[]; readonly span: Span };

export type UnaryOp = "-" | "!";
export type BinaryOp = "+" | "-" | "*" | "/" | "%" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "&&" | "||";

export type Expr =
  /** `_` is the variable named "_". */
  | { readonly kind: "variable"; readonly name: string; readonly span: Span }
  | { readonly kind: "self"; readonly span: Span }
  /** Integers beyond the safe range are a syntax error; a float keeps a `.` or exponent in its source. */
  | {
      readonly kind: "literal";
      readonly type: "int" | "float" | "string" | "bool";
      readonly value: number | string | boolean;
      readonly span: Span;
    }
  /** `f(x)`, `count()`, `count(distinct e)`: what it is, is settled by resolution. */
  | {
      readonly kind: "call";
      readonly callee: Name;
      readonly distinct: boolean;
      readonly args: readonly Expr[];
      readonly span: Span;
    }
  | { readonly kind: "unary"; readonly op: UnaryOp; readonly of: Expr; readonly span: Span }
  | { readonly kind: "binary"; readonly op: BinaryOp; readonly left: Expr; readonly right: Expr; readonly span: Span }
  | { readonly kind: "if"; readonly test: Expr; readonly then: Expr; readonly else: Expr; readonly span: Span }
  /** `(a, b)`. */
  | { readonly kind: "tuple"; readonly of: readonly Expr[]; readonly span: Span }
  /** `[a, b]`. */
  | { readonly kind: "list"; readonly of: readonly Expr[]; readonly span: Span }
  /** `{a, b}` and `{k: v}`. */
  | { readonly kind: "set"; readonly of: readonly Expr[]; readonly span: Span }
  | { readonly kind: "map"; readonly of: readonly { readonly key: Expr; readonly value: Expr }[]; readonly span: Span };

export type Annotation =
  | { readonly kind: "coordinate"; readonly how: CoordinateHow; readonly reason: string | null; readonly span: Span }
  | { readonly kind: "allow"; readonly what: string; readonly reason: string | null; readonly span: Span };

export type CoordinateHow = {
  readonly kind: "none" | "order" | "barrier" | "seal";
  readonly by: readonly Name[] | null;
};

export type Claim = "injective" | "monotone" | "morphism" | "commutative" | "associative" | "idempotent";

/** `function tokenize(text: string): list<string> from "./text.ts" injective;` */
export interface FunctionDecl {
  readonly kind: "function";
  readonly name: Name;
  readonly params: readonly ColumnDecl[];
  readonly returns: TypeExpr;
  readonly from: string;
  readonly claims: readonly Claim[];
  readonly doc: string | null;
  readonly span: Span;
}

/** `aggregate median(x: float): float from "./stats.ts";` */
export interface AggregateDecl {
  readonly kind: "aggregate";
  readonly name: Name;
  readonly params: readonly ColumnDecl[];
  readonly returns: TypeExpr;
  readonly from: string;
  readonly claims: readonly Claim[];
  readonly doc: string | null;
  readonly span: Span;
}

/** `lattice Ballot from "./ballot.ts";` */
export interface LatticeDecl {
  readonly kind: "lattice";
  readonly name: Name;
  readonly from: string;
  readonly doc: string | null;
  readonly span: Span;
}

/** `source click(campaign: string) sealed by (campaign);`: an input of the host that belongs to no role. */
export interface SourceDecl {
  readonly kind: "source";
  readonly name: Name;
  readonly columns: readonly ColumnDecl[];
  readonly keyLength: number | null;
  readonly modifiers: readonly Modifier[];
  readonly doc: string | null;
  readonly span: Span;
}

/** `component Report replicated from "./report.ts" { … }` */
export interface ComponentDecl {
  readonly kind: "component";
  readonly name: Name;
  readonly replicated: boolean;
  /** `replicated x5`: 5; null when not written. */
  readonly count: number | null;
  /** The module as written, without quotes, with the span of the string; null: it runs elsewhere. */
  readonly from: Name | null;
  /** Collections are its `in`s and `out`s. */
  readonly members: readonly (CollectionDecl | PathDecl)[];
  readonly doc: string | null;
  /** From `component` to the closing brace. */
  readonly span: Span;
}

/** Confluent or order-sensitive, and whether the path reads the component's state or writes it. */
export type PathWord = "CR" | "CW" | "OR" | "OW";

/** `path request -> response: OR(campaign, id);` */
export interface PathDecl {
  readonly kind: "path";
  readonly from: Name;
  readonly to: Name;
  readonly word: PathWord;
  /** Of `OR` and `OW`; null is `*`. */
  readonly gate: readonly Name[] | null;
  readonly doc: string | null;
  readonly span: Span;
}

/** `connect click -> Report.click;` */
export interface ConnectDecl {
  readonly kind: "connect";
  readonly from: CollectionRef;
  readonly to: CollectionRef;
  readonly doc: string | null;
  readonly span: Span;
}
