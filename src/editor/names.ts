/** What the names in a file mean, each where it stands: for hovers, definitions, references and renames. */
import type {
  AggregateDecl,
  CollectionDecl,
  FunctionDecl,
  ImportDecl,
  LatticeDecl,
  ModuleDecl,
  Name,
  RoleDecl,
  RuleDecl,
  SealDecl,
  SourceDecl,
  SourceFile,
  Span,
  TypeExpr,
  UseDecl,
} from "../compiler/ast.ts";
import type { Collection, Column } from "../compiler/ir.ts";
import type { RoleScope } from "../compiler/2-lower/scope.ts";

/** Where a name is declared: two names with a place in common are names of one thing. */
export interface Place {
  readonly file: SourceFile;
  readonly span: Span;
}

export type Block = RoleDecl | ModuleDecl;
export type BuiltIn = "function" | "aggregate" | "operation" | "type";

export type Meaning =
  | { readonly kind: "role"; readonly scope: RoleScope }
  | { readonly kind: "module"; readonly decl: ModuleDecl }
  | { readonly kind: "collection"; readonly collection: Collection; readonly decl: CollectionDecl | SourceDecl | null }
  | { readonly kind: "column"; readonly collection: Collection; readonly column: Column }
  | { readonly kind: "parameter"; readonly of: string; readonly type: TypeExpr }
  | { readonly kind: "function"; readonly decl: FunctionDecl | AggregateDecl }
  | { readonly kind: "lattice"; readonly decl: LatticeDecl }
  | { readonly kind: "import"; readonly decl: ImportDecl }
  | { readonly kind: "copy"; readonly decl: UseDecl }
  | { readonly kind: "variable"; readonly block: Block; readonly rule: RuleDecl | SealDecl }
  | { readonly kind: "role parameter"; readonly module: ModuleDecl }
  | { readonly kind: "type parameter"; readonly module: ModuleDecl }
  | { readonly kind: "built-in"; readonly of: BuiltIn };

export interface Occurrence {
  readonly name: string;
  readonly span: Span;
  readonly meaning: Meaning;
  /** Several where a name stands for columns of several collections; none where nothing in a file declares it. */
  readonly places: readonly Place[];
  readonly isDeclaration: boolean;
}

/** The innermost name at an offset; its end counts, since that is where a cursor stands. */
export function occurrenceAt(occurrences: readonly Occurrence[], offset: number): Occurrence | null {
  const around = occurrences.filter(({ span }) => span.start <= offset && offset <= span.end);
  return around.find(({ span }) => offset < span.end) ?? around[0] ?? null;
}

export function isSamePlace(a: Place, b: Place): boolean {
  return a.file.path === b.file.path && a.span.start === b.span.start;
}

/** The words of a path (`bed.Store`), each with its span. */
export function wordsOf(file: SourceFile, { span }: Name): readonly Name[] {
  const text = file.text.slice(span.start, span.end);
  return [...text.matchAll(/[A-Za-z_][A-Za-z0-9_]*/g)].map(({ 0: word, index }) => ({
    text: word,
    span: { start: span.start + index, end: span.start + index + word.length },
  }));
}
