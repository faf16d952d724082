/** What can stand at a place in a text that is being typed, so that it need not be readable. */
import type { Member } from "../compiler/ast.ts";
import type { Collection } from "../compiler/ir.ts";
import { scan } from "../compiler/1-parse/scan.ts";
import { endOf, tokensOf } from "../compiler/1-parse/tokens.ts";
import type { Token } from "../compiler/1-parse/tokens.ts";
import { isComponent } from "../compiler/2-lower/components.ts";
import type { ComponentScope } from "../compiler/2-lower/components.ts";
import type { FileScope } from "../compiler/2-lower/files.ts";
import { namedIn } from "../compiler/2-lower/files.ts";
import type { RoleScope } from "../compiler/2-lower/scope.ts";
import type { EditedProgram } from "./edited-program.ts";
import type { Block } from "./names.ts";
import * as words from "./words.ts";
import {
  aggregateItems,
  collectionItem,
  columnItems,
  functionItems,
  keywords,
  moduleItem,
  roleItem,
  typeItems,
  unique,
} from "./completion-items.ts";
import type { Item } from "./completion-items.ts";
import { isInComment, isMerge, isOperandEnd, openBrackets, withoutAnnotations } from "./typed-tokens.ts";
import type { Open } from "./typed-tokens.ts";

export interface Completion {
  readonly items: readonly Item[];
  /** Where what is being typed begins. */
  readonly start: number;
}

/** What an import can name, asked only where one is typed. */
export type Importable = () => readonly string[];

const nothing = (start: number): Completion => ({ items: [], start });

export function complete(program: EditedProgram, offset: number, importable: Importable): Completion {
  const { text } = program.root.file;
  const before = text.slice(0, offset);
  const start = offset - /[A-Za-z0-9_]*$/.exec(before)![0].length;
  const scanned = scan(before);
  const [problem] = scanned.problems.slice(-1);
  const last = scanned.statements.at(-1);
  const typed = last !== undefined && !last.terminated ? last : null;
  const tokens = typed === null ? [] : tokensOf(typed.text);
  if (problem?.kind === "unterminated-string" && problem.end === offset) {
    const opened = tokens.findLastIndex((token) => token.kind === "string");
    if (tokens[0]?.text !== "import" || opened !== 1) return nothing(offset);
    return { items: importable().map((label) => ({ label, kind: "file" })), start: problem.start + 1 };
  }
  if (problem?.kind === "unterminated-comment" || isInComment(before)) return nothing(offset);
  // A number is no beginning of a word.
  if (/[0-9]/.test(before[start] ?? "")) return nothing(offset);
  if (
    typed !== null &&
    start < offset &&
    tokens.length > 0 &&
    typed.start + endOf(tokens[tokens.length - 1]) === offset
  )
    tokens.pop();
  return { items: unique(new Asked(program, offset, tokens).items()), start };
}

class Asked {
  readonly file: FileScope;
  readonly block: Block | null;
  readonly scope: RoleScope | null;
  readonly component: ComponentScope | null;
  /** Of the statement, up to what is being typed. */
  readonly tokens: readonly Token[];
  readonly opened: readonly Open[];
  /** The statement as far as it is there, also behind the cursor. */
  readonly statement: string;

  constructor(program: EditedProgram, offset: number, all: readonly Token[]) {
    this.file = program.declared.files[0];
    const block = program.root.read.ast.items.find(
      (item) =>
        (item.kind === "role" || item.kind === "module") && item.span.start <= offset && offset <= item.span.end,
    );
    this.block = block?.kind === "role" || block?.kind === "module" ? block : null;
    this.scope = this.block === null ? null : program.scopeOf(this.block);
    const outer = program.root.read.ast.items.find(
      (item) => item.kind === "component" && item.span.start <= offset && offset <= item.span.end,
    );
    const role = outer?.kind === "component" ? this.file.roles.get(outer.name.text) : undefined;
    this.component = role !== undefined && isComponent(role) ? role : null;
    this.statement = program.root.statementAt(offset)?.text ?? "";
    this.tokens = withoutAnnotations(all);
    this.opened = openBrackets(this.tokens);
  }

  items(): readonly Item[] {
    const { tokens } = this;
    const last = this.text(-1);
    if (last === ".") return this.path();
    if (tokens.length === 0) return this.beginning();
    if (tokens[0].text === "@") return this.annotation();
    const [first, second] = tokens;
    if (tokens.length === 1 && first.kind === "word" && !this.isMember(first.text)) {
      // `table |`: a name of one's own is typed.
      if (first.text === "use") return this.modules();
      if (first.text === "connect") return this.connection();
      if (first.text === "path") return this.componentPath();
      if (first.text === "seal") return this.collections((one) => one.sealed !== null);
      if ([...words.outside, ...words.inModule].includes(first.text)) return [];
    }
    if (second?.kind === "word" || (first.text === "import" && second?.kind === "string")) {
      if (first.text === "connect") return this.connection();
      if (first.text === "path") return this.componentPath();
      if (first.text === "component") return this.componentHeader();
      if (first.text === "source") return this.declaration("source");
      if (first.text === "seal") return this.rule();
      if (first.text === "import") return last.startsWith('"') ? keywords(["as"]) : [];
      if (first.text === "use") return this.use();
      if (first.text === "role") return this.header();
      if (first.text === "module") return last === ":" ? [...keywords(["role"]), ...this.modules()] : [];
      if (first.text === "function" || first.text === "aggregate") return this.imported();
      if (first.text === "lattice") return tokens.length === 2 ? keywords(["from"]) : [];
      if (words.inModule.includes(first.text)) return this.declaration(first.text);
    }
    return this.rule();
  }

  text(index: number): string {
    return this.tokens.at(index)?.text ?? "";
  }

  isMember(name: string): boolean {
    return this.scope?.collections.has(name) ?? false;
  }

  beginning(): readonly Item[] {
    if (this.component !== null) return keywords(words.inComponent);
    if (this.block === null) return keywords(words.outside);
    const { kind } = this.block;
    const writable = (one: Collection): boolean =>
      one.kind === "output" || one.kind === "table" || one.kind === "scratch" || one.kind === "channel";
    const annotations = words.annotations.map((word): Item => ({
      label: `@${word}`,
      kind: "keyword",
      doc: words.wordDocs[word],
    }));
    return [
      ...this.collections(writable),
      ...keywords(kind === "role" ? words.inRole : words.inModule),
      ...annotations,
      ...this.roles(),
      ...this.copies(),
    ];
  }

  /** Behind `a.` or `bed.a.`. */
  path(): readonly Item[] {
    const { tokens, scope, file } = this;
    const names: string[] = [];
    for (let i = tokens.length - 1; i > 0 && tokens[i].text === "."; i -= 2) names.unshift(tokens[i - 1].text);
    const path = names.join(".");
    const found: Item[] = [];
    const alias = names.length === 1 ? file.imports.get(path) : undefined;
    if (alias !== undefined) {
      for (const one of alias.roles.values()) found.push(roleItem(one.decl.name.text, one));
      for (const { decl } of alias.modules.values()) found.push(moduleItem(decl.name.text, decl));
    }
    const isBody = tokens.some(({ text }) => isMerge(text));
    const copy = names.length === 1 ? scope?.copies.get(path) : undefined;
    if (copy) {
      const wanted = isBody ? "out" : "in";
      for (const member of copy.decl.members) {
        if (member.kind !== "collection" || member.direction !== wanted) continue;
        const one = copy.collections.get(member.name.text);
        if (one !== undefined) found.push(collectionItem(one, member.name.text));
      }
    }
    const role = scope?.roles.get(path) ?? namedIn(file, (one) => one.roles).get(path);
    if (role !== undefined && tokens[0].text === "connect") {
      const isTo = tokens.some(({ text }) => text === "->");
      const ports = isComponent(role) ? (isTo ? role.ins : role.outs) : role.collections;
      for (const [name, one] of ports) if (one.kind !== "nodes") found.push(collectionItem(one, name));
    } else if (role !== undefined) {
      const fits = isBody || tokens[0].text === "use" ? "nodes" : "channel";
      for (const [name, one] of role.collections) if (one.kind === fits) found.push(collectionItem(one, name));
    }
    return found;
  }

  annotation(): readonly Item[] {
    const word = this.text(1);
    if (this.tokens.length === 1) return keywords(words.annotations);
    if (this.opened.length === 0) return [];
    const first = this.tokens.length - 1 === this.opened[0].at;
    if (word === "allow") return first ? keywords(["weaker"]) : [];
    if (first) return keywords(words.mechanisms);
    if (this.opened.length === 1) return keywords(["by"]);
    return [...this.variables(), ...[...(this.scope?.collections.values() ?? [])].flatMap(columnItems)];
  }

  use(): readonly Item[] {
    if (this.opened.length > 0)
      return this.text(this.opened[0].at) === "<"
        ? typeItems(this.file, this.block)
        : [...this.roles(), ...this.copies()];
    if (this.text(-1) === "as") return [];
    if (this.text(-1) === "in" || this.text(-1) === "<")
      return this.text(-1) === "in" ? this.roles() : typeItems(this.file, this.block);
    return this.tokens.some(({ text }) => text === "as")
      ? keywords(this.block === null ? ["in"] : [])
      : keywords(["as"]);
  }

  header(): readonly Item[] {
    if (this.opened.length > 0) {
      const members: readonly Member[] = this.block?.members ?? [];
      const names = members.flatMap((one) =>
        one.kind === "collection" ? one.columns.map(({ name }) => name.text) : [],
      );
      return [...new Set(names)].map((label) => ({ label, kind: "column" }));
    }
    if (this.text(-1) === "partitioned") return keywords(["by"]);
    return keywords(words.headerWords.filter((word) => !this.tokens.some(({ text }) => text === word)));
  }

  componentHeader(): readonly Item[] {
    const there = new Set(this.tokens.map(({ text }) => text));
    return there.has("from") ? [] : keywords(["replicated", "from"].filter((word) => !there.has(word)));
  }

  /** `path request -> response: OR(id)`. */
  componentPath(): readonly Item[] {
    const { ins, outs } = this.component ?? { ins: new Map<string, Collection>(), outs: new Map<string, Collection>() };
    const port = ([name, one]: readonly [string, Collection]): Item => collectionItem(one, name);
    if (this.opened.length > 0) {
      const ends = this.tokens.flatMap(({ text }) => ins.get(text) ?? outs.get(text) ?? []);
      return ends.flatMap(columnItems);
    }
    const last = this.text(-1);
    if (last === ":") return keywords(words.paths);
    if (last === "->") return [...outs].map(port);
    return this.tokens.length === 1 ? [...ins].map(port) : [];
  }

  /** `connect click -> Report.click`. */
  connection(): readonly Item[] {
    const last = this.text(-1);
    if (last !== "->" && this.tokens.length > 1) return [];
    const roles = [...namedIn(this.file, (one) => one.roles)];
    const aliases = [...this.file.imports.keys()].map((label): Item => ({ label, kind: "import" }));
    const fits = roles.filter(
      ([name, one]) => !name.includes(".") && (last !== "->" || one.external?.kind !== "source"),
    );
    return [...fits.map(([name, one]) => roleItem(name, one)), ...aliases];
  }

  imported(): readonly Item[] {
    const last = this.text(-1);
    if (this.opened.length > 0)
      return last === ":" || last === "<" || last === "," ? typeItems(this.file, this.block) : [];
    if (last === ":") return typeItems(this.file, this.block);
    const from = this.tokens.findIndex(({ text }) => text === "from");
    if (from >= 0) return this.tokens.length > from + 1 ? keywords(words.claimWords) : [];
    return this.tokens.some(({ text }, i) => text === ":" && i > 2) ? keywords(["from"]) : [];
  }

  /** `k: string` of the declaration that is being typed. */
  declaredColumns(): readonly Item[] {
    return this.tokens.flatMap(({ kind, text }, i): Item[] =>
      kind === "word" && this.tokens[i + 1]?.text === ":" ? [{ label: text, kind: "column" }] : [],
    );
  }

  declaration(kind: string): readonly Item[] {
    const last = this.text(-1);
    if (kind === "timer") return this.tokens.length === 2 ? keywords(["every"]) : [];
    if (this.opened.length > 0) {
      const before = this.tokens[this.opened[0].at - 1]?.text;
      if (before === "by") return this.declaredColumns();
      // A name of a column is one's own.
      const inType =
        last === ":" ||
        last === "<" ||
        (last === "," && this.opened.length > 1) ||
        (last === "(" && this.opened.length > 1);
      return inType ? typeItems(this.file, this.block) : [];
    }
    if (last === "sealed") return keywords(["by", "single", "within", "every"]);
    if (this.text(-2) === "within" || last === "within" || this.tokens.length === 2) return [];
    const there = new Set(this.tokens.map(({ text }) => text));
    const sealed = there.has("sealed") ? ["single", "within", "every"] : [];
    return keywords([...words.modifiersOf(kind), ...sealed].filter((word) => !there.has(word)));
  }

  rule(): readonly Item[] {
    const { tokens, opened } = this;
    const merge = tokens.findIndex(({ text }, i) => isMerge(text) && !opened.some(({ at }) => at < i && i < at));
    const last = tokens[tokens.length - 1];
    if (last.text === "@") return [...this.variables(), ...keywords(["self"])];
    const values = [...this.variables(), ...functionItems(this.file), ...keywords(["self", "true", "false", "if"])];
    if (opened.length > 0) {
      const { callee, at } = opened[opened.length - 1];
      // Positional and named arguments do not mix.
      const begins = at === tokens.length - 1 || (last.text === "," && tokens[at + 2]?.text === ":");
      const collection = callee === null ? undefined : this.collectionBefore(callee);
      const named = begins
        ? columnItems(collection).map((one) => ({ ...one, label: `${one.label}:`, insert: `${one.label}: ` }))
        : [];
      return [...named, ...values, ...(merge < 0 ? aggregateItems(this.file) : [])];
    }
    if (merge < 0) return [];
    const having = tokens.findIndex(({ text }, i) => i > merge && text === "having");
    if (having >= 0) return [...aggregateItems(this.file), ...values];
    if (isOperandEnd(last)) return keywords(["having", "in"]);
    return [...this.collections(() => true), ...this.copies(), ...values, ...keywords(["not"]), ...this.roles()];
  }

  /** `poor`, `Report.click`, `d.send`, of which `last` is the last word. */
  collectionBefore(last: Token): Collection | undefined {
    const at = this.tokens.indexOf(last);
    const names = [last.text];
    for (let i = at - 1; i > 0 && this.tokens[i].text === "."; i -= 2) names.unshift(this.tokens[i - 1].text);
    const path = names.slice(0, -1).join(".");
    const target = path === "" ? this.scope : (this.scope?.copies.get(path) ?? this.scope?.roles.get(path));
    return target?.collections.get(last.text);
  }

  collections(fits: (one: Collection) => boolean): readonly Item[] {
    const found: Item[] = [];
    for (const [name, one] of this.scope?.collections ?? [])
      if (one.kind !== "nodes" && fits(one)) found.push(collectionItem(one, name));
    return found;
  }

  roles(): readonly Item[] {
    const roles = this.scope?.roles ?? namedIn(this.file, (one) => one.roles);
    const aliases = [...this.file.imports.keys()].map((label): Item => ({ label, kind: "import" }));
    return [...[...roles].flatMap(([name, one]) => (name.includes(".") ? [] : [roleItem(name, one)])), ...aliases];
  }

  copies(): readonly Item[] {
    return [...(this.scope?.copies ?? [])].map(([label, one]) => ({
      label,
      kind: "copy",
      detail: one === null ? undefined : `copy of ${one.decl.name.text}`,
    }));
  }

  modules(): readonly Item[] {
    const own = [...this.file.modules.values()].map(({ decl }) => moduleItem(decl.name.text, decl));
    return [...own, ...[...this.file.imports.keys()].map((label): Item => ({ label, kind: "import" }))];
  }

  /** Words of the statement that are nothing else. */
  variables(): readonly Item[] {
    const all = tokensOf(this.statement);
    const names = all.flatMap(({ kind, text }, i) => {
      const next = all[i + 1]?.text ?? "";
      const isVariable =
        kind === "word" && next !== "(" && next !== "." && next !== ":" && all[i - 1]?.text !== "." && text !== "_";
      return isVariable && !words.ruleWords.includes(text) && !words.constants.includes(text) && !this.isMember(text)
        ? [text]
        : [];
    });
    // What is being typed is no proposal.
    const typed = all.find(
      ({ at, text }) =>
        at > 0 && text !== "" && this.tokens.length > 0 && at === endOf(this.tokens[this.tokens.length - 1]),
    )?.text;
    return [...new Set(names)]
      .filter((name) => name !== typed || names.filter((one) => one === name).length > 1)
      .map((label) => ({ label, kind: "variable" }));
  }
}
