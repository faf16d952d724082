/** A walk over one file that finds each name in it, with what it means. */
import type {
  Annotation,
  Arg,
  CollectionDecl,
  CollectionRef,
  ComponentDecl,
  Expr,
  Literal,
  Member,
  Name,
  Path,
  Pattern,
  RuleDecl,
  SealDecl,
  SourceDecl,
  Span,
  TypeExpr,
  UseDecl,
} from "../compiler/ast.ts";
import type { Collection } from "../compiler/ir.ts";
import { isComponent } from "../compiler/2-lower/components.ts";
import type { ComponentScope } from "../compiler/2-lower/components.ts";
import { isOperationName } from "../compiler/2-lower/lattices.ts";
import type { FileScope } from "../compiler/2-lower/files.ts";
import type { RoleScope } from "../compiler/2-lower/scope.ts";
import { scalarType } from "../compiler/types.ts";
import { latticeKinds } from "../lattices/index.ts";
import { aggregates, functions } from "../operators/index.ts";
import type { EditedProgram } from "./edited-program.ts";
import { wordsOf } from "./names.ts";
import type { Block, BuiltIn, Meaning, Occurrence, Place } from "./names.ts";

/** A collection, and the scope whose declaration it is. */
interface Resolved {
  readonly collection: Collection;
  readonly owner: RoleScope;
}

/** All names of the program's own file, in source order. */
export function occurrencesOf(program: EditedProgram): readonly Occurrence[] {
  const walk = new Walk(program.declared.files[0]);
  for (const item of walk.file.ast.items) {
    switch (item.kind) {
      case "import":
        walk.declare(item.name, { kind: "import", decl: item });
        break;
      case "function":
      case "aggregate":
        walk.declare(item.name, { kind: "function", decl: item });
        for (const { name, type } of item.params) {
          walk.declare(name, { kind: "parameter", of: item.name.text, type });
          walk.type(type, null);
        }
        walk.type(item.returns, null);
        break;
      case "lattice":
        walk.declare(item.name, { kind: "lattice", decl: item });
        break;
      case "use":
        walk.use(item, null);
        break;
      case "role":
      case "module": {
        const scope = program.scopeOf(item);
        if (scope !== null) new BlockWalk(walk, item, scope).all();
        break;
      }
      case "source":
        walk.source(item);
        break;
      case "component":
        walk.component(item);
        break;
      case "connect":
        walk.end(item.from, "out");
        walk.end(item.to, "in");
    }
  }
  return walk.found.sort((a, b) => a.span.start - b.span.start);
}

class Walk {
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
    else if (lattice?.kind === "lattice") this.name(name, { kind: "lattice", decl: lattice }, [this.place(lattice.name)]);
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
        for (const name of member.gate ?? []) this.sharedColumn(name, ends.flatMap((end) => end ?? []));
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

  use(use: UseDecl, within: BlockWalk | null): void {
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

/** The names in a role or module. */
class BlockWalk {
  readonly walk: Walk;
  readonly block: Block;
  readonly scope: RoleScope;

  constructor(walk: Walk, block: Block, scope: RoleScope) {
    this.walk = walk;
    this.block = block;
    this.scope = scope;
  }

  all(): void {
    const { walk, block, scope } = this;
    walk.declare(block.name, block.kind === "role" ? { kind: "role", scope } : { kind: "module", decl: block });
    if (block.kind === "role") {
      for (const name of block.partitionedBy ?? []) this.partition(name);
    } else {
      for (const name of block.types) walk.declare(name, { kind: "type parameter", module: block });
      for (const { name, module } of block.roles) {
        walk.declare(name, { kind: "role parameter", module: block });
        if (module !== null) walk.module(wordsOf(walk.file.file, module));
      }
    }
    for (const member of block.members) this.member(member);
  }

  member(member: Member): void {
    switch (member.kind) {
      case "collection": {
        const collection = this.scope.collections.get(member.name.text);
        // The second of two of one name means nothing.
        if (collection === undefined || collection.nameSpan.start !== member.name.span.start) return;
        this.walk.declare(member.name, { kind: "collection", collection, decl: member });
        this.walk.columns(member, { collection, owner: this.scope }, this.block);
        break;
      }
      case "use":
        this.walk.use(member, this);
        break;
      case "rule":
      case "seal":
        new RuleWalk(this, member).all();
    }
  }

  partition(name: Name): void {
    const collections = [...this.scope.collections.values()].filter(({ columns }) => columns.some((one) => one.name === name.text));
    const channels = collections.filter(({ kind }) => kind === "channel");
    const among = channels.length > 0 ? channels : collections;
    this.walk.sharedColumn(
      name,
      among.map((collection) => ({ collection, owner: this.scope })),
    );
  }

  /** A role, a parameter of the module, or a copy that stands here; returns what its names mean. */
  role(path: Path): RoleScope | null {
    const { walk, block, scope } = this;
    const words = wordsOf(walk.file.file, path);
    const [first] = words;
    const use = usesOf(scope, walk).find(({ name }) => name.text === first.text);
    if (words.length === 1 && use !== undefined) {
      walk.name(first, { kind: "copy", decl: use }, [walk.place(use.name)]);
      return scope.copies.get(first.text) ?? null;
    }
    const parameter = block.kind === "module" ? block.roles.find(({ name }) => name.text === first.text) : undefined;
    if (words.length === 1 && block.kind === "module" && parameter !== undefined) {
      walk.name(first, { kind: "role parameter", module: block }, [walk.place(parameter.name)]);
      return scope.roles.get(first.text) ?? null;
    }
    return walk.role(words);
  }

  reference(ref: CollectionRef): Resolved | null {
    const target = ref.role === null ? this.scope : this.role(ref.role);
    const collection = target?.collections.get(ref.name.text);
    if (target === null || collection === undefined) return null;
    this.walk.collection({ collection, owner: target }, ref.name);
    return { collection, owner: target };
  }

}

/** The names in one rule. Of its variables the place is where one gets its value. */
class RuleWalk {
  readonly within: BlockWalk;
  readonly rule: RuleDecl | SealDecl;
  readonly variables = new Map<string, { readonly names: Name[]; binding: Name | null }>();
  readonly met: Resolved[] = [];

  constructor(within: BlockWalk, rule: RuleDecl | SealDecl) {
    this.within = within;
    this.rule = rule;
  }

  all(): void {
    const { rule, within } = this;
    const head = rule.kind === "rule" ? rule.head : null;
    const ref = rule.kind === "rule" ? rule.head.ref : rule.target;
    const target = within.reference(ref);
    if (target !== null) this.met.push(target);
    if (head !== null && head.at !== null && head.at !== "all") this.expression(head.at);
    this.args(rule.kind === "rule" ? (rule.head.args ?? []) : rule.args, target, false);
    for (const literal of rule.body) this.literal(literal);
    if (rule.kind === "rule") {
      for (const condition of rule.having) this.expression(condition);
      for (const annotation of rule.annotations) this.annotation(annotation);
    }
    const { walk, block } = within;
    for (const { names, binding } of this.variables.values()) {
      const place = walk.place(binding ?? names[0]);
      for (const { text, span } of names)
        walk.found.push({
          name: text,
          span,
          meaning: { kind: "variable", block, rule },
          places: [place],
          isDeclaration: span === place.span,
        });
    }
  }

  variable(name: Name, binds: boolean): void {
    if (name.text === "_") return;
    const known = this.variables.get(name.text) ?? { names: [], binding: null };
    this.variables.set(name.text, known);
    known.names.push(name);
    if (binds) known.binding ??= name;
  }

  args(args: readonly Arg[], target: Resolved | null, binds: boolean): void {
    for (const { name, value } of args) {
      if (name !== null && target !== null) this.within.walk.sharedColumn(name, [target]);
      if (value.kind === "variable") this.variable({ text: value.name, span: value.span }, binds);
      else this.expression(value);
    }
  }

  literal(literal: Literal): void {
    switch (literal.kind) {
      case "read": {
        const { ref, args, negated } = literal;
        const own = ref.role === null && this.within.scope.collections.has(ref.name.text);
        if (ref.role === null && !own && args === null) return this.variable(ref.name, false);
        if (ref.role === null && !own) this.callee(ref.name);
        const read = ref.role === null && !own ? null : this.within.reference(ref);
        if (read !== null) this.met.push(read);
        this.args(args ?? [], read, read !== null && !negated);
        return;
      }
      case "bind":
        this.variable(literal.variable, true);
        return this.expression(literal.value);
      case "range":
        this.pattern(literal.pattern);
        return this.expression(literal.value);
      case "test": {
        const { value } = literal;
        const collection = value.kind === "variable" ? this.within.scope.collections.get(value.name) : undefined;
        if (value.kind === "variable" && collection !== undefined)
          return this.within.walk.collection({ collection, owner: this.within.scope }, { text: value.name, span: value.span });
        this.expression(value);
      }
    }
  }

  pattern(pattern: Pattern): void {
    if (pattern.kind === "variable") this.variable({ text: pattern.name, span: pattern.span }, true);
    else pattern.of.forEach((part) => this.pattern(part));
  }

  callee(name: Name): void {
    const { walk } = this.within;
    const decl = walk.file.ast.items.find(
      (item) => (item.kind === "function" || item.kind === "aggregate") && item.name.text === name.text,
    );
    if (decl?.kind === "function" || decl?.kind === "aggregate")
      walk.name(name, { kind: "function", decl }, [walk.place(decl.name)]);
    else if (functions.has(name.text)) walk.builtIn(name, "function");
    else if (aggregates.has(name.text)) walk.builtIn(name, "aggregate");
    else if (isOperationName(name.text)) walk.builtIn(name, "operation");
  }

  expression(expr: Expr): void {
    switch (expr.kind) {
      case "variable":
        return this.variable({ text: expr.name, span: expr.span }, false);
      case "call": {
        this.callee(expr.callee);
        const byName = expr.callee.text === "map" || expr.callee.text === "filter";
        expr.args.forEach((arg, i) => {
          // `map(s, f)`: the name of a function stands as an argument.
          if (byName && i === 1 && arg.kind === "variable") this.callee({ text: arg.name, span: arg.span });
          else this.expression(arg);
        });
        return;
      }
      case "unary":
        return this.expression(expr.of);
      case "binary":
        this.expression(expr.left);
        return this.expression(expr.right);
      case "if":
        this.expression(expr.test);
        this.expression(expr.then);
        return this.expression(expr.else);
      case "tuple":
      case "list":
      case "set":
        return expr.of.forEach((one) => this.expression(one));
      case "map":
        for (const { key, value } of expr.of) {
          this.expression(key);
          this.expression(value);
        }
        return;
      case "self":
      case "literal":
    }
  }

  /** `order by (k)`: variables of the rule, or columns that it reads or writes. */
  annotation(annotation: Annotation): void {
    if (annotation.kind !== "coordinate") return;
    for (const name of annotation.how.by ?? []) {
      if (this.variables.has(name.text)) this.variable(name, false);
      else this.within.walk.sharedColumn(name, this.met);
    }
  }
}

/** The uses that put copies into a scope, in its block or outside of blocks. */
function usesOf(scope: RoleScope, walk: Walk): readonly UseDecl[] {
  const inside = scope.decl.members.filter((member) => member.kind === "use");
  const outside = walk.file.ast.items.filter(
    (item) => item.kind === "use" && item.target?.text === scope.decl.name.text && scope.copy === null,
  );
  return [...inside, ...(outside as readonly UseDecl[])];
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
  return columns.flatMap((column) => (column.name.text === name ? [{ file: collection.file, span: column.name.span }] : []));
}
