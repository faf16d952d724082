import type { Ast, ComponentDecl, Item, ModuleDecl, RoleDecl, SourceFile } from "../ast.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Result } from "../result.ts";
import { openBlock, openKnown, type Header, type OpenBlock } from "./blocks.ts";
import type { CachedNode, StatementCache } from "./cache.ts";
import { reportScan } from "./explain.ts";
import { checkUse, isInPlace, isItem, reportInside, reportMisplaced, reportOutside } from "./places.ts";
import { scan, type Scan, type Statement } from "./scan.ts";
import { report, type Site } from "./site.ts";
import { readStatement } from "./statements.ts";

export type { CachedStatement, StatementCache } from "./cache.ts";

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
      const begun: OpenBlock | null =
        known === undefined ? openBlock(site, statement, block, cache) : openKnown(known, statement);
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

/** Whether a statement, also one that cannot be read, may declare a name that others use. */
function declares({ word }: Statement): boolean {
  return word !== null && word !== "seal";
}
