/**
 * One file while it is edited. What an edit leaves as it was is not read again: its tree moves along, in place, so that
 * what was found out about its nodes stays true of them.
 */
import type { Span } from "../compiler/ast.ts";
import type { StatementCache } from "../compiler/1-parse/cache.ts";
import { read } from "../compiler/1-parse/parse.ts";
import type { Read, StatementNode } from "../compiler/1-parse/parse.ts";
import { scan } from "../compiler/1-parse/scan.ts";
import type { Scan, Statement } from "../compiler/1-parse/scan.ts";

/** A place in a statement, which moves with it. */
export interface Pin {
  readonly node: StatementNode;
  /** From a place that every node has. */
  readonly offset: number;
  readonly length: number;
}

type Movable = { -readonly [Key in keyof Span]: Span[Key] };

export class EditedFile {
  /** One object for the file's whole life, with the present text. */
  readonly file: { readonly path: string; text: string };
  /** Of the present text. */
  read: Read;
  /** Nodes that the last change has brought, and those that it has taken away. */
  fresh: readonly StatementNode[] = [];
  gone: readonly StatementNode[] = [];
  #scanned: Scan;
  /** By the index of the statement; undefined of one that could not be read. */
  #nodes: (StatementNode | undefined)[] = [];
  readonly #dead = new WeakSet<StatementNode>();
  readonly #spans = new WeakMap<StatementNode, readonly Movable[]>();

  /** `cache`: statements of earlier times, for the first text. */
  constructor(path: string, text: string, cache?: StatementCache) {
    this.file = { path, text };
    this.#scanned = scan(text);
    this.read = read(this.file, this.#scanned, this.#nodes, cache);
  }

  change(text: string): void {
    const before = this.#scanned.statements;
    const known = this.#nodes;
    this.file.text = text;
    this.#scanned = scan(text);
    const after = this.#scanned.statements;
    const { first, last } = unchanged(before, after);
    const nodes: (StatementNode | undefined)[] = [];
    const gone: StatementNode[] = [];
    known.forEach((node, old) => {
      if (node === undefined) return;
      const index = old < first ? old : old >= before.length - last ? old + after.length - before.length : null;
      // Of one whose `;` is missing it is to be said again.
      if (index === null || !before[old].terminated) gone.push(node);
      else {
        nodes[index] = node;
        this.#move(node, after[index].start - before[old].start);
      }
    });
    const fresh = after.flatMap((_, index) => (nodes[index] === undefined ? [index] : []));
    this.read = read(this.file, this.#scanned, nodes);
    this.#nodes = nodes;
    this.fresh = fresh.flatMap((index) => nodes[index] ?? []);
    this.gone = gone;
    for (const node of gone) this.#dead.add(node);
  }

  /** The last statement that begins at `offset` or before; null: none does. */
  statementAt(offset: number): Statement | null {
    return this.#scanned.statements[this.#indexAt(offset)] ?? null;
  }

  /** null: not within a statement that could be read. */
  pin({ start, end }: Span): Pin | null {
    const index = this.#indexAt(start);
    const node = this.#nodes[index];
    if (node === undefined || end > this.#scanned.statements[index].end) return null;
    return { node, offset: start - anchorOf(node), length: end - start };
  }

  /** Where it is now; null: its statement is gone. */
  unpin({ node, offset, length }: Pin): Span | null {
    if (this.#dead.has(node)) return null;
    const start = anchorOf(node) + offset;
    return { start, end: start + length };
  }

  /** -1: no statement begins so early. */
  #indexAt(offset: number): number {
    const { statements } = this.#scanned;
    let low = 0;
    let high = statements.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (statements[middle].start <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #move(node: StatementNode, by: number): void {
    if (by === 0) return;
    let spans = this.#spans.get(node);
    if (spans === undefined) this.#spans.set(node, (spans = spansOf(node)));
    for (const span of spans) {
      span.start += by;
      span.end += by;
    }
  }
}

function anchorOf(node: StatementNode): number {
  return "span" in node ? node.span.start : node.name.span.start;
}

/** How many statements at the beginning and the end of two texts are the same, apart from where they stand. */
function unchanged(
  before: readonly Statement[],
  after: readonly Statement[],
): { readonly first: number; readonly last: number } {
  const most = Math.min(before.length, after.length);
  let first = 0;
  while (first < most && isSame(before[first], after[first])) first++;
  let last = 0;
  while (last < most - first && isSame(before[before.length - 1 - last], after[after.length - 1 - last])) last++;
  return { first, last };
}

function isSame(a: Statement, b: Statement): boolean {
  return (
    a.text === b.text &&
    a.kind === b.kind &&
    a.doc === b.doc &&
    a.end - a.start === b.end - b.start &&
    a.terminated === b.terminated
  );
}

/** Each span of a tree once, although nodes may share it. */
function spansOf(node: StatementNode): readonly Movable[] {
  const spans = new Set<Movable>();
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) return value.forEach(walk);
    for (const key in value) {
      const inner = (value as Record<string, unknown>)[key];
      if (key === "span") spans.add(inner as Movable);
      else walk(inner);
    }
  };
  walk(node);
  return [...spans];
}
