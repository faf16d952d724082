/** A walk over one file that finds each name in it, with what it means. */
import type { CollectionRef, Member, Name, Path, UseDecl } from "../compiler/ast.ts";
import type { RoleScope } from "../compiler/2-lower/scope.ts";
import type { EditedProgram } from "./edited-program.ts";
import { wordsOf } from "./names.ts";
import type { Block, Occurrence } from "./names.ts";
import { RuleWalk } from "./rule-walk.ts";
import { Walk } from "./walk.ts";
import type { Resolved } from "./walk.ts";

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
    const collections = [...this.scope.collections.values()].filter(({ columns }) =>
      columns.some((one) => one.name === name.text),
    );
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

/** The uses that put copies into a scope, in its block or outside of blocks. */
function usesOf(scope: RoleScope, walk: Walk): readonly UseDecl[] {
  const inside = scope.decl.members.filter((member) => member.kind === "use");
  const outside = walk.file.ast.items.filter(
    (item) => item.kind === "use" && item.target?.text === scope.decl.name.text && scope.copy === null,
  );
  return [...inside, ...(outside as readonly UseDecl[])];
}
