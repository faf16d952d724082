/** The names of declarations outside of roles and modules, and what all walks have in common. */
import type {
  CollectionDecl,
  CollectionRef,
  ComponentDecl,
  Name,
  Path,
  SourceDecl,
  Span,
  TypeExpr,
  UseDecl,
} from "../compiler/ast.ts";
import type { Collection } from "../compiler/ir.ts";
import { isComponent } from "../compiler/2-lower/components.ts";
import type { ComponentScope } from "../compiler/2-lower/components.ts";
import type { FileScope } from "../compiler/2-lower/files.ts";
import type { RoleScope } from "../compiler/2-lower/scope.ts";
import { scalarType } from "../compiler/types.ts";
import { latticeKinds } from "../lattices/index.ts";
import { wordsOf } from "./names.ts";
import type { Block, BuiltIn, Meaning, Occurrence, Place } from "./names.ts";

/** A collection, and the scope whose declaration it is. */
export interface Resolved {
  readonly collection: Collection;
  readonly owner: RoleScope;
}

/** The role or module in which a name stands. */
export interface Within {
  readonly block: Block;
  /** Notes what the words of a path mean. */
  readonly role: (path: Path) => RoleScope | null;
}

export class Walk {
  readonly file: FileScope;
  readonly found: Occurrence[] = [];

  constructor(file: FileScope) {
    this.file = file;
  }

  declare(name: Name, meaning: Meaning): void {
    this.found.push({ name: name.text, span: name.span, meaning, places: [this.place(name)], isDeclaration: true });
  }

  name({ text, span }: Name, meaning: Meaning, places: readonly Place[]): void {
    this.found.push({ name: text, span, meaning, places, isDeclaration: false });
  }

  place({ span }: Name): Place {
    return { file: this.file.file, span };
  }

  builtIn(name: Name, of: BuiltIn): void {
    this.name(name, { kind: "built-in", of }, []);
  }

  /** `block`: a module with type parameters of its own. */
  type({ name: text, args, span }: TypeExpr, block: Block | null): void {
    for (const arg of args) this.type(arg, block);
    if (text.includes(".")) return this.latticeOf(text, span);
    const name = { text, span: { start: span.start, end: span.start + text.length } };
    const parameter = block?.kind === "module" ? block.types.find((one) => one.text === text) : undefined;
    const lattice = this.file.ast.items.find((item) => item.kind === "lattice" && item.name.text === text);
    if (block?.kind === "module" && parameter !== undefined)
      this.name(name, { kind: "type parameter", module: block }, [this.place(parameter)]);
    else if (lattice?.kind === "lattice")
      this.name(name, { kind: "lattice", decl: lattice }, [this.place(lattice.name)]);
    else if (text === "list" || scalarType(text) !== undefined || latticeKinds.has(text)) this.builtIn(name, "type");
  }

  /** `bed.Ballot`: a lattice has no arguments. */
  latticeOf(text: string, span: Span): void {
    const words = wordsOf(this.file.file, { text, span });
    const last = words[words.length - 1];
    const file = this.alias(words);
    const decl = file?.ast.items.find((item) => item.kind === "lattice" && item.name.text === last.text);
    if (file !== null && decl?.kind === "lattice")
      this.name(last, { kind: "lattice", decl }, [{ file: file.file, span: decl.name.span }]);
  }

  /** `M` or `bed.M`, of which `words` are the words. */
  module(words: readonly Name[]): void {
    const file = this.alias(words);
    const last = words[words.length - 1];
    const module = file?.modules.get(last.text);
    if (module !== undefined)
      this.name(last, { kind: "module", decl: module.decl }, [{ file: module.file.file, span: module.decl.name.span }]);
  }

  /** `R` or `bed.R`. */
  role(words: readonly Name[]): RoleScope | null {
    const file = this.alias(words);
    const last = words[words.length - 1];
    const scope = file?.roles.get(last.text);
    if (scope === undefined) return null;
    this.name(last, { kind: "role", scope }, [{ file: scope.file.file, span: scope.decl.name.span }]);
    return scope;
  }

  /** The file in which the last word is to be looked up, by the word before it, which is then a name as well. */
  alias(words: readonly Name[]): FileScope | null {
    if (words.length === 1) return this.file;
    const decl = this.file.ast.items.find((item) => item.kind === "import" && item.name.text === words[0].text);
    if (decl?.kind !== "import" || words.length > 2) return null;
    this.name(words[0], { kind: "import", decl }, [this.place(decl.name)]);
    return this.fileOf(words);
  }

  fileOf(words: readonly Name[]): FileScope | null {
    return words.length === 1 ? this.file : (this.file.imports.get(words[0].text) ?? null);
  }

  source(decl: SourceDecl): void {
    const owner = this.file.roles.get(decl.name.text);
    const collection = owner?.collections.get(decl.name.text);
    if (owner?.external?.kind !== "source" || collection === undefined) return;
    this.declare(decl.name, { kind: "collection", collection, decl });
    this.columns(decl, { collection, owner }, null);
  }

  component(decl: ComponentDecl): void {
    const scope = this.file.roles.get(decl.name.text);
    if (scope === undefined || !isComponent(scope) || scope.component !== decl) return;
    this.declare(decl.name, { kind: "role", scope });
    for (const member of decl.members) {
      if (member.kind === "collection") {
        const collection = (member.direction === "in" ? scope.ins : scope.outs).get(member.name.text);
        if (collection === undefined) continue;
        this.declare(member.name, { kind: "collection", collection, decl: member });
        this.columns(member, { collection, owner: scope }, null);
      } else {
        const ends = [this.port(scope, member.from, "in"), this.port(scope, member.to, "out")];
        for (const name of member.gate ?? [])
          this.sharedColumn(
            name,
            ends.flatMap((end) => end ?? []),
          );
      }
    }
  }

  /** An `in` or `out` of a component. */
  port(scope: ComponentScope, name: Name, direction: "in" | "out"): Resolved | null {
    const collection = (direction === "in" ? scope.ins : scope.outs).get(name.text);
    if (collection === undefined) return null;
    this.collection({ collection, owner: scope }, name);
    return { collection, owner: scope };
  }

  /** One end of a connection: a source, a port of a component, a collection of a role. */
  end(ref: CollectionRef, direction: "in" | "out"): void {
    const words = wordsOf(this.file.file, { text: "", span: ref.span });
    const last = words[words.length - 1];
    const file = words.length > 2 ? null : this.fileOf(words);
    const source = file?.roles.get(last.text);
    if (source?.external?.kind === "source") {
      this.alias(words);
      this.collection({ collection: [...source.collections.values()][0], owner: source }, last);
      return;
    }
    const owner = words.length === 1 ? null : this.role(words.slice(0, -1));
    if (owner === null) return;
    if (isComponent(owner)) this.port(owner, last, direction);
    else {
      const collection = owner.collections.get(last.text);
      if (collection !== undefined) this.collection({ collection, owner }, last);
    }
  }

  collection({ collection, owner }: Resolved, name: Name): void {
    const decl = declarationOf(owner, collection);
    const places = decl === null ? [] : [{ file: collection.file, span: decl.name.span }];
    this.name(name, { kind: "collection", collection, decl }, places);
  }

  /** Columns with their types, and those that modifiers name. */
  columns({ columns, modifiers }: CollectionDecl | SourceDecl, of: Resolved, block: Block | null): void {
    for (const { name, type } of columns) {
      const column = of.collection.columns.find((one) => one.name === name.text);
      if (column !== undefined) this.declare(name, { kind: "column", collection: of.collection, column });
      this.type(type, block);
    }
    for (const modifier of modifiers)
      if (modifier.kind === "sealed") for (const name of modifier.by ?? []) this.sharedColumn(name, [of]);
  }

  /** A name for the columns of that name in several collections. */
  sharedColumn(name: Name, among: readonly Resolved[]): void {
    const having = among.filter(({ collection }) => collection.columns.some((one) => one.name === name.text));
    const [first] = having;
    if (first === undefined) return;
    const column = first.collection.columns.find((one) => one.name === name.text)!;
    const places = having.flatMap((one) => columnPlaces(one, name.text));
    this.name(name, { kind: "column", collection: first.collection, column }, places);
  }

  use(use: UseDecl, within: Within | null): void {
    this.module(wordsOf(this.file.file, use.module));
    for (const type of use.types) this.type(type, within?.block ?? null);
    const target = use.target === null ? null : this.role(wordsOf(this.file.file, use.target));
    for (const path of use.roles ?? []) {
      const words = wordsOf(this.file.file, path);
      if (within !== null) within.role(path);
      else if (target?.copies.has(path.text)) {
        const decl = target.copies.get(path.text)?.copy?.use?.decl;
        if (decl !== undefined) this.name(words[0], { kind: "copy", decl }, [this.place(decl.name)]);
      } else this.role(words);
    }
    this.declare(use.name, { kind: "copy", decl: use });
  }
}

function declarationOf(owner: RoleScope, { nameSpan, kind }: Collection): CollectionDecl | SourceDecl | null {
  if (kind === "nodes") return null;
  for (const item of owner.external?.kind === "source" ? owner.file.ast.items : [])
    if (item.kind === "source" && item.name.span.start === nameSpan.start) return item;
  for (const member of isComponent(owner) ? owner.component.members : owner.decl.members)
    if (member.kind === "collection" && member.name.span.start === nameSpan.start) return member;
  return null;
}

function columnPlaces({ collection, owner }: Resolved, name: string): readonly Place[] {
  const columns = declarationOf(owner, collection)?.columns ?? [];
  return columns.flatMap((column) =>
    column.name.text === name ? [{ file: collection.file, span: column.name.span }] : [],
  );
}
