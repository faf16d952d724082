import type {
  Ast,
  CollectionDecl,
  CollectionKind,
  ComponentDecl,
  Item,
  Member,
  ModuleDecl,
  PathDecl,
  RoleDecl,
  SourceFile,
  Span,
  UseDecl,
} from "../ast.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Result } from "../result.ts";
import { decodeStatement, encodeStatement, type CachedNode, type StatementCache } from "./cache.ts";
import { componentOf, connectOf, pathDeclOf, sourceOf, type ComponentHeader } from "./components.ts";
import { match, type Cst } from "./cst.ts";
import { collectionOf, functionOf, latticeOf, reportUnknown } from "./declarations.ts";
import { explainMismatch, reportScan } from "./explain.ts";
import { importOf, moduleOf, useOf, type ModuleHeader } from "./modules.ts";
import { roleOf, type RoleHeader } from "./roles.ts";
import { ruleOf, sealOf } from "./rules.ts";
import { scan, type Scan, type Statement } from "./scan.ts";
import { report, spanAt, type Site } from "./site.ts";
import { nestingOf, tokensOf } from "./tokens.ts";

export type { CachedStatement, StatementCache } from "./cache.ts";

export const collectionKinds: ReadonlySet<string> = new Set<CollectionKind>([
  "input",
  "output",
  "channel",
  "table",
  "scratch",
  "timer",
]);
export const interfaceKinds: ReadonlySet<string> = new Set(["in", "out"]);
export const itemKinds: ReadonlySet<string> = new Set([
  "import",
  "source",
  "connect",
  "function",
  "aggregate",
  "lattice",
]);
export const blockKinds = ["role", "module", "component"] as const;
/** Words that begin declarations of the language that this compiler does not read yet. */
const laterKinds: ReadonlySet<string> = new Set(["cache"]);
const declarationKinds = [...collectionKinds, ...interfaceKinds, "path", "seal", "use", ...itemKinds, ...blockKinds];

export type Header =
  | ({ readonly kind: "role" } & RoleHeader)
  | ({ readonly kind: "module" } & ModuleHeader)
  | ({ readonly kind: "component" } & ComponentHeader);

/** A role, module or component whose closing brace has not come yet. */
interface OpenBlock {
  readonly header: Header;
  readonly start: number;
  readonly doc: string | null;
  readonly members: (Member | PathDecl)[];
  /** Whether its header could be read without findings. */
  readonly sound: boolean;
}

/** A tree of what could be read. */
export interface Read {
  readonly ast: Ast;
  /** false: a statement that is left out may have declared something. */
  readonly isWhole: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

/** What a statement is; of a block, its header. */
export type StatementNode = CachedNode | Header;

/**
 * The syntax tree of one file. Every statement with a mistake is reported and left out. The value is null
 * when one of them may have declared something, since every use of it would look like another mistake.
 */
export function parse(file: SourceFile, cache?: StatementCache): Result<Ast> {
  const { ast, isWhole, diagnostics } = read(file, scan(file.text), [], cache);
  return { value: isWhole ? ast : null, diagnostics };
}

/** `nodes`: by index, those of statements without a finding that are known where they stand; gets those of all others. */
export function read(
  file: SourceFile,
  scanned: Scan,
  nodes: (StatementNode | undefined)[],
  cache?: StatementCache,
): Read {
  const diagnostics: Diagnostic[] = [];
  const items: Item[] = [];
  let block: OpenBlock | null = null;
  // Blocks inside a block that cannot be read: skipped up to their braces.
  let skipped = 0;
  let declarationLost = false;

  const close = (open: OpenBlock, end: number): void => {
    const { header, start, doc, members } = open;
    items.push({ ...header, members, doc, span: { start, end } } as RoleDecl | ModuleDecl | ComponentDecl);
  };

  reportScan(file, scanned.problems, diagnostics);
  for (const [index, statement] of scanned.statements.entries()) {
    const site: Site = { file, text: statement.text, base: statement.start, diagnostics };

    if (statement.kind === "close") {
      if (skipped > 0) skipped--;
      else if (block !== null) {
        close(block, statement.end);
        block = null;
      }
      continue;
    }
    if (skipped > 0) {
      if (statement.kind === "open") skipped++;
      continue;
    }

    if (statement.kind === "open") {
      const known: Header | undefined = block === null ? (nodes[index] as Header | undefined) : undefined;
      const begun: OpenBlock | null = known === undefined ? openBlock(site, statement, block) : openKnown(known, statement);
      if (begun === null) {
        skipped = 1;
        declarationLost = true;
        continue;
      }
      if (begun.sound) nodes[index] = begun.header;
      else declarationLost = true;
      if (block !== null) close(block, statement.start);
      block = begun;
      continue;
    }

    const read = (nodes[index] as CachedNode | undefined) ?? readStatement(site, statement, cache);
    if (read === null) {
      if (declares(statement)) declarationLost = true;
      continue;
    }
    nodes[index] = read;
    if (read.kind === "use") checkUse(site, read, block);
    if (isItem(read, block)) {
      if (block !== null) reportInside(site, statement, read, block);
      items.push(read);
    } else if (block === null) {
      if (read.kind === "collection") declarationLost = true;
      reportOutside(site, statement, read);
    } else if (isInPlace(read, block)) {
      block.members.push(read);
    } else {
      declarationLost ||= read.kind !== "rule" && read.kind !== "seal";
      reportMisplaced(site, statement, read, block);
    }
  }

  if (block !== null) {
    const { kind, name } = block.header;
    report({ file, diagnostics }, "DLC105", name.span, `The block of ${kind} \`${name.text}\` is never closed.`, {
      mend: "Write `}` after its last statement.",
      fix: {
        title: "Close it at the end of the file",
        span: { start: file.text.length, end: file.text.length },
        text: "\n}\n",
      },
    });
    close(block, file.text.length);
  }
  diagnostics.sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  return { ast: { file, items }, isWhole: !declarationLost, diagnostics };
}

/** Whether a statement stands outside of blocks; a `use` does where it says in which role, or where there is none. */
function isItem(read: CachedNode, block: OpenBlock | null): read is Exclude<CachedNode, Member | PathDecl> | UseDecl {
  return read.kind === "use" ? block === null : itemKinds.has(read.kind);
}

function reportInside(site: Site, statement: Statement, read: CachedNode, { header }: OpenBlock): void {
  const what =
    read.kind === "import"
      ? "A file is imported"
      : read.kind === "connect"
        ? "A connection stands"
        : `A ${read.kind} is declared`;
  report(site, "DLC106", firstWordOf(site, statement), `${what} outside of roles and modules.`, {
    mend: `Move it before \`${header.kind} ${header.name.text}\`; everything in the file can use it there.`,
  });
}

function reportOutside(site: Site, statement: Statement, read: CachedNode): void {
  const span = spanAt(site, statement.from, statement.text.length - statement.from);
  const isInterface = read.kind === "collection" && read.direction !== null;
  const where = read.kind === "path" ? "component" : isInterface ? "module or component" : "role";
  report(site, "DLC106", span, `${titleOf(read)} stands outside of any ${where}.`, {
    mend:
      where === "role"
        ? "Collections and rules belong to a role or a module: put it between the braces of `role Name { … }`."
        : "Put it between the braces of `component Name { … }`.",
  });
}

function titleOf(read: CachedNode): string {
  return read.kind === "collection"
    ? `The ${read.direction ?? read.collection} \`${read.name.text}\``
    : `This ${read.kind}`;
}

/** A module and a component have an interface, a component has paths, and nothing else. */
function isInPlace(read: CachedNode, { header }: OpenBlock): boolean {
  const isInterface = read.kind === "collection" && read.direction !== null;
  if (header.kind === "component") return isInterface || read.kind === "path";
  return read.kind !== "path" && !(isInterface && header.kind === "role");
}

function reportMisplaced(site: Site, statement: Statement, read: CachedNode, { header }: OpenBlock): void {
  const { kind, name } = header;
  if (kind === "role" && read.kind === "collection") return reportInterface(site, statement, read);
  report(site, "DLC106", firstWordOf(site, statement), `${titleOf(read)} has no place in ${kind} \`${name.text}\`.`, {
    mend:
      kind === "component"
        ? "A component is described from outside: `in` and `out` are what it takes and gives, `path` how one depends on the other."
        : `\`path\` describes a component, which is written elsewhere; a ${kind} has collections and rules.`,
  });
}

/** Outside of blocks a use says in which role its copy stands; inside it stands there. */
function checkUse(site: Site, { name, target }: UseDecl, block: OpenBlock | null): void {
  if (block === null && target === null) {
    report(site, "DLC106", name.span, `Nothing says in which role the copy \`${name.text}\` stands.`, {
      mend: `Write \`as ${name.text} in Role\`, or move the statement into the role.`,
    });
  } else if (block !== null && target !== null) {
    const { kind, name: own } = block.header;
    report(site, "DLC106", target.span, `A copy stands in the ${kind} in which it is used, here \`${own.text}\`.`, {
      mend: `Leave \`in ${target.text}\` out, or move the statement out of \`${own.text}\`.`,
    });
  }
}

/** `in` and `out` in a role. */
function reportInterface(site: Site, statement: Statement, { direction, name }: CollectionDecl): void {
  const kinds = direction === "in" ? "an input or a channel" : "an output";
  report(
    site,
    "DLC106",
    firstWordOf(site, statement),
    `\`${direction}\` belongs to the interface of a module or a component, and this is a role.`,
    {
      mend: `Declare \`${name.text}\` as ${kinds}, or as a scratch.`,
    },
  );
}

function firstWordOf(site: Site, statement: Statement): Span {
  return spanAt(site, statement.from, statement.word?.length ?? 1);
}

/** Whether a statement, also one that cannot be read, may declare a name that others use. */
function declares({ word }: Statement): boolean {
  return word !== null && word !== "seal";
}

function openKnown(header: Header, { start, from, doc }: Statement): OpenBlock {
  return { header, start: start + from, doc, members: [], sound: true };
}

/** The role, module or component that a block's header opens; null, after a report, when it opens none. */
function openBlock(site: Site, statement: Statement, within: OpenBlock | null): OpenBlock | null {
  const word = statement.word as string;
  const span = spanAt(site, statement.from, word.length);
  if (word !== "role" && word !== "module" && word !== "component") {
    if (laterKinds.has(word)) reportLater(site, span, word);
    else reportUnknown(site, { text: word, span }, blockKinds, "what a block begins with", "DLC108");
    return null;
  }
  if (statement.from > 0) reportAnnotated(site, statement);
  const proper: Site = { ...site, text: statement.text.slice(statement.from), base: site.base + statement.from };
  const matched = match(proper.text, word);
  if (matched.cst === null) {
    explainMismatch(proper, word, matched.failedAt);
    // The members still are read, so that their errors come up in the same run.
    const text = /^[a-z]+ +([A-Za-z_][A-Za-z0-9_]*)/.exec(proper.text)?.[1] ?? "_";
    const name = { text, span: spanAt(proper, word.length + 1, text.length) };
    const headers: Readonly<Record<typeof word, Header>> = {
      role: { kind: "role", name, count: null, replicated: false, partitionedBy: null },
      module: { kind: "module", name, types: [], roles: [] },
      component: { kind: "component", name, count: null, replicated: false, from: null },
    };
    const header = headers[word];
    return { header, start: proper.base, doc: statement.doc, members: [], sound: false };
  }
  const before = site.diagnostics.length;
  const header: Header =
    word === "module"
      ? { kind: word, ...moduleOf(proper, matched.cst) }
      : word === "component"
        ? { kind: word, ...componentOf(proper, matched.cst) }
        : { kind: word, ...roleOf(proper, matched.cst) };
  const sound = site.diagnostics.length === before;
  if (within !== null) {
    const { kind, name } = within.header;
    report(
      site,
      "DLC105",
      spanAt(proper, 0, proper.text.length),
      `${word[0].toUpperCase()}${word.slice(1)} \`${header.name.text}\` begins inside ${kind} \`${name.text}\`.`,
      {
        mend: `Close \`${name.text}\` with \`}\` first: roles, modules and components do not nest.`,
        cause: { span: name.span, label: `this ${kind} is still open` },
      },
    );
  }
  return { header, start: proper.base, doc: statement.doc, members: [], sound };
}

/** The member or item of a statement that ends in `;`, from the cache when it was read before. */
function readStatement(site: Site, statement: Statement, cache: StatementCache | undefined): CachedNode | null {
  if (cache !== undefined && statement.terminated) {
    const known = cache.get(statement.text);
    if (known !== undefined)
      return decodeStatement(known, statement.text, statement.start, statement.end, statement.doc);
  }
  const before = site.diagnostics.length;
  const read = buildStatement(site, statement);
  // A tree with a mistake in it would only lead to more findings about the same place.
  if (site.diagnostics.length > before) return null;
  if (!statement.terminated && !endsInsideString(site, statement)) {
    const end = statement.start + statement.text.length;
    report(site, "DLC102", { start: end, end }, "A `;` is missing here.", {
      mend: "Every statement ends in `;`.",
      fix: { title: "Insert `;`", span: { start: end, end }, text: ";" },
    });
  } else if (cache !== undefined && read !== null) {
    const code = encodeStatement(read, statement.text, statement.start);
    if (code !== null) cache.set(statement.text, code);
  }
  return read;
}

/** Whether the scanner has reported a string that swallowed the rest of the line, and a `;` with it. */
function endsInsideString(site: Site, statement: Statement): boolean {
  const end = statement.start + statement.text.length;
  return site.diagnostics.some(
    ({ code, span }) => code === "DLC103" && span.start >= statement.start && span.end === end,
  );
}

function buildStatement(site: Site, statement: Statement): CachedNode | null {
  const { text, word, doc, end, from } = statement;
  if (text === "") {
    report(site, "DLC101", { start: site.base, end }, "A `;` with nothing before it.", {
      mend: "Take it away.",
      fix: { title: "Take the `;` away", span: { start: site.base, end }, text: "" },
    });
    return null;
  }
  if (word === null) {
    const cst = treeOf(site, "rule");
    return cst === null ? null : ruleOf(site, cst, doc, end);
  }
  const span = spanAt(site, from, word.length);
  if (laterKinds.has(word)) {
    reportLater(site, span, word);
    return null;
  }
  if (from > 0) reportAnnotated(site, statement);
  const proper: Site = from === 0 ? site : { ...site, text: text.slice(from), base: site.base + from };
  if (collectionKinds.has(word) || interfaceKinds.has(word)) {
    const cst = treeOf(proper, "collection");
    return cst === null ? null : collectionOf(proper, cst, word as CollectionKind | "in" | "out", doc, end);
  }
  switch (word) {
    case "seal": {
      const cst = treeOf(proper, "seal");
      return cst === null ? null : sealOf(proper, cst, doc, end);
    }
    case "function":
    case "aggregate": {
      const cst = treeOf(proper, "function");
      return cst === null ? null : functionOf(proper, cst, word, doc, end);
    }
    case "lattice": {
      const cst = treeOf(proper, "lattice");
      return cst === null ? null : latticeOf(proper, cst, doc, end);
    }
    case "import": {
      const cst = treeOf(proper, "import");
      return cst === null ? null : importOf(proper, cst, doc, end);
    }
    case "use": {
      const cst = treeOf(proper, "use");
      return cst === null ? null : useOf(proper, cst, doc, end);
    }
    case "source": {
      const cst = treeOf(proper, "collection");
      return cst === null ? null : sourceOf(proper, cst, doc, end);
    }
    case "path": {
      const cst = treeOf(proper, "path");
      return cst === null ? null : pathDeclOf(proper, cst, doc, end);
    }
    case "connect": {
      const cst = treeOf(proper, "connect");
      return cst === null ? null : connectOf(proper, cst, doc, end);
    }
    case "role":
    case "module":
    case "component":
      report(site, "DLC105", span, `The block of this ${word} is missing.`, {
        mend: "Write `{` after its header, and `}` after its last statement.",
      });
      return null;
    default:
      reportUnknown(proper, { text: word, span }, declarationKinds, "a kind of declaration", "DLC108");
      return null;
  }
}

/** Beyond these, walks of the tree could exhaust the stack. No statement that a person reads comes near. */
const deepest = 64;
const mostOperators = 1_000;
const operators: ReadonlySet<string> = new Set("+ - * / % == != < <= > >= && ||".split(" "));
/** Shorter texts cannot be nested too deeply for any walk. */
const shallow = 250;

/** Whether a statement is too large to be read as a tree; reports it. */
function isTooLarge(site: Site, start: string): boolean {
  if (site.text.length <= shallow) return false;
  const tokens = tokensOf(site.text);
  const whole = spanAt(site, 0, site.text.length);
  if (nestingOf(tokens, start !== "rule" && start !== "seal") > deepest) {
    report(site, "DLC101", whole, `Values stand more than ${deepest} deep in one another here.`, {
      mend: "Bind the inner ones to variables of their own, in several rules where needed.",
    });
    return true;
  }
  if (tokens.filter(({ text }) => operators.has(text)).length > mostOperators) {
    report(site, "DLC101", whole, `This statement has more than ${mostOperators} operators.`, {
      mend: "Derive parts of it by rules of their own; many values are better facts of a table, with an aggregate over them.",
    });
    return true;
  }
  return false;
}

function treeOf(site: Site, start: string): Cst | null {
  if (isTooLarge(site, start)) return null;
  const matched = match(site.text, start);
  if (matched.cst !== null) return matched.cst;
  explainMismatch(site, start, matched.failedAt);
  return null;
}

function reportAnnotated(site: Site, statement: Statement): void {
  const written = site.text.slice(0, statement.from).trimEnd();
  report(
    site,
    "DLC114",
    spanAt(site, 0, written.length),
    "An annotation stands before a rule, not before a declaration.",
    {
      mend: "Move it before the rule that it concerns, or take it away.",
    },
  );
}

function reportLater(site: Site, span: { readonly start: number; readonly end: number }, word: string): void {
  report(site, "DLC115", span, `\`${word}\` is not understood by this version of dlc.`, {
    mend: "Write the program as roles, with functions of TypeScript where needed.",
  });
}
