/**
 * A program while it is edited: what its names mean, and what is wrong with its syntax, names and types. Rules are
 * looked at again only in blocks that have changed, or that name something that has.
 */
import type { Item, Member, ModuleDecl, Name, RoleDecl, SourceFile, Span } from "../compiler/ast.ts";
import type { Diagnostic, Edit } from "../compiler/diagnostics/diagnostic.ts";
import type { ImportedFiles, Unreadable } from "../compiler/imports.ts";
import { importPath } from "../compiler/imports.ts";
import type { StatementNode } from "../compiler/1-parse/parse.ts";
import { readProgram } from "../compiler/1-parse/program.ts";
import type { ReadProgram } from "../compiler/1-parse/program.ts";
import { moduleAlone } from "../compiler/2-lower/copies.ts";
import { isComponent } from "../compiler/2-lower/components.ts";
import { lowerConnections } from "../compiler/2-lower/connections.ts";
import { Findings } from "../compiler/2-lower/findings.ts";
import { declared, lowerMembers } from "../compiler/2-lower/lower.ts";
import type { Declared } from "../compiler/2-lower/lower.ts";
import { lowerPaths } from "../compiler/2-lower/paths.ts";
import type { RoleScope } from "../compiler/2-lower/scope.ts";
import type { EditedFile, Pin } from "./edited-file.ts";

/** What a file imports, as long as it can be found out. */
export type OpenFile = (path: string, from: string) => EditedFile | Unreadable;

/** A finding that moves with its statement; null when that, or what the finding is about, is gone. */
type Pinned = () => Diagnostic | null;

interface Looked {
  readonly members: readonly Member[];
  readonly findings: readonly Pinned[];
}

export class EditedProgram {
  readonly root: EditedFile;
  /** All files that it imports, directly or not, by their paths. */
  files: ReadonlyMap<string, EditedFile | Unreadable> = new Map();
  #read: ReadProgram = { asts: [], isWhole: false, diagnostics: [] };
  #declared: Declared | null = null;
  /** By the name of the block, an object that lives as long as its header stays. */
  readonly #looked = new Map<Name, Looked>();
  /** Names of which something has changed since all blocks were looked at; null: of anything. */
  #changed: Set<string> | null = null;
  #importedTexts = new Map<string, string>();

  constructor(root: EditedFile, open: OpenFile) {
    this.root = root;
    this.#readFiles(open);
  }

  /** After a change of the root: takes what it says of it. */
  update(open: OpenFile): void {
    const { fresh, gone } = this.root;
    if (this.#changed !== null) {
      const blocks = this.#read.asts[0].items;
      this.#readFiles(open);
      const items = [...blocks, ...this.#read.asts[0].items];
      for (const name of changedNames([...gone, ...fresh], items)) this.#changed?.add(name);
    } else this.#readFiles(open);
  }

  #readFiles(open: OpenFile): void {
    const files = new Map<string, EditedFile | Unreadable>();
    const queue: EditedFile[] = [this.root];
    for (const { file, read } of queue) {
      for (const item of read.ast.items) {
        if (item.kind !== "import") continue;
        const path = importPath(file.path, item.from.value);
        if (path === null || path === this.root.file.path || files.has(path)) continue;
        const opened = open(path, item.from.value);
        files.set(path, opened);
        if ("file" in opened) queue.push(opened);
      }
    }
    const imported: ImportedFiles = new Map([...files].map(([path, one]) => [path, "file" in one ? one.file : one]));
    const texts = new Map([...imported].map(([path, one]) => [path, "text" in one ? one.text : ""]));
    if ([...texts].some(([path, text]) => this.#importedTexts.get(path) !== text)) this.#changed = null;
    this.#importedTexts = texts;
    this.files = files;
    const opened = new Map(
      [...files.values()].flatMap((one) => ("file" in one ? [[one.file as SourceFile, one] as const] : [])),
    );
    this.#read = readProgram(this.root.file, imported, (file) => (opened.get(file) ?? this.root).read);
    this.#declared = null;
  }

  /** What the names mean, as far as that can be said. */
  get declared(): Declared {
    return (this.#declared ??= declared(this.#read.asts));
  }

  /** The scope of a role or module of the program's own file. */
  scopeOf(block: RoleDecl | ModuleDecl): RoleScope | null {
    const [own] = this.declared.files;
    if (block.kind === "role") {
      const scope = own.roles.get(block.name.text);
      return scope?.decl === block ? scope : null;
    }
    const module = own.modules.get(block.name.text);
    return module?.decl === block ? moduleAlone(module, new Findings()) : null;
  }

  /** What is wrong with syntax, names and types in the program's own file: what an edit is answered with. */
  findings(): readonly Diagnostic[] {
    const syntax = this.#read.diagnostics;
    const found = [...syntax];
    // As in `compile`: what is not read may have declared anything.
    if (this.#read.isWhole) {
      const { files, findings } = this.declared;
      found.push(...findings.list);
      const [own] = files;
      const blocks = new Set<Name>();
      for (const item of own.ast.items) {
        if (item.kind !== "role" && item.kind !== "module") continue;
        blocks.add(item.name);
        const known = this.#looked.get(item.name);
        if (known !== undefined && !this.#mustLook(item, known)) continue;
        this.#looked.set(item.name, { members: item.members, findings: this.#look(item) });
      }
      for (const [name, { findings: pinned }] of this.#looked) {
        if (!blocks.has(name)) this.#looked.delete(name);
        else found.push(...pinned.flatMap((one) => one() ?? []));
      }
      found.push(...this.#outside());
      this.#changed = new Set();
    }
    return found.filter(({ file }) => file === this.root.file);
  }

  /** What is wrong with paths of components and with connections: a look at all of them takes no time. */
  #outside(): readonly Diagnostic[] {
    const findings = new Findings();
    const { files, roles } = this.declared;
    for (const role of files[0].roles.values()) if (isComponent(role)) lowerPaths(role, new Map(), findings);
    const ordinals = new Map([...roles.keys()].map((name) => [name, new Map<string, number>()]));
    lowerConnections(files, ordinals, findings);
    return findings.list;
  }

  #mustLook({ members, span }: RoleDecl | ModuleDecl, known: Looked): boolean {
    if (this.#changed === null || members.length !== known.members.length) return true;
    if (members.some((member, i) => member !== known.members[i])) return true;
    if (this.#changed.size === 0) return false;
    const text = this.root.file.text.slice(span.start, span.end);
    return [...this.#changed].some((name) => text.includes(name));
  }

  #look(block: RoleDecl | ModuleDecl): readonly Pinned[] {
    const { files, roles } = this.declared;
    const findings = new Findings();
    const [own] = files;
    if (block.kind === "role") {
      const scope = own.roles.get(block.name.text);
      if (scope?.decl === block) lowerMembers({ ...scope, findings }, roles, new Map());
    } else {
      const module = own.modules.get(block.name.text);
      if (module?.decl === block) lowerMembers(moduleAlone(module, findings), roles, new Map());
    }
    return findings.list.map((diagnostic) => this.#pinned(diagnostic));
  }

  #pinned(diagnostic: Diagnostic): Pinned {
    const { file } = this.root;
    const pin = (of: { readonly file: SourceFile; readonly span: Span }): Pin | null =>
      of.file === file ? this.root.pin(of.span) : null;
    const main = pin(diagnostic);
    const cause = diagnostic.cause && pin(diagnostic.cause);
    const edits = (diagnostic.fixes ?? []).map((fix) => fix.edits.map((edit) => pin(edit)));
    return () => {
      const span = main && this.root.unpin(main);
      if (span === null) return null;
      const movedEdit = (edit: Edit, to: Pin | null): Edit | null => {
        if (edit.file !== file) return { ...edit, span: { ...edit.span } };
        const at = to && this.root.unpin(to);
        return at && { ...edit, span: at };
      };
      const fixes = (diagnostic.fixes ?? []).flatMap((fix, i) => {
        const moved = fix.edits.map((edit, j) => movedEdit(edit, edits[i][j]));
        return moved.every((edit) => edit !== null) ? [{ ...fix, edits: moved as readonly Edit[] }] : [];
      });
      const { cause: before } = diagnostic;
      const causeSpan = before && (before.file === file ? cause && this.root.unpin(cause) : { ...before.span });
      return {
        ...diagnostic,
        span,
        cause: before && causeSpan ? { ...before, span: causeSpan } : undefined,
        ...(diagnostic.fixes && { fixes }),
      };
    };
  }
}

/** Names by which blocks reach what these statements declare. `items`: with all blocks in which they may stand. */
function changedNames(nodes: readonly StatementNode[], items: readonly Item[]): ReadonlySet<string> {
  const names = new Set<string>();
  const declaring = nodes.filter(isDeclaring);
  if (declaring.length === 0) return names;
  const owners = new Map<unknown, string>();
  for (const item of items)
    if ("members" in item) for (const member of item.members) owners.set(member, item.name.text);
  for (const node of declaring) {
    names.add(owners.get(node) ?? node.name.text);
    if (node.kind === "use") names.add(node.target?.text ?? node.module.text);
  }
  return names;
}

function isDeclaring(node: StatementNode): node is Extract<StatementNode, { readonly name: Name }> {
  return "name" in node;
}
