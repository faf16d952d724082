/**
 * Statements read before, by their text. A tree is kept as a string of small numbers, one UTF-16 unit
 * each, in the order of a walk: positions count from the start of the statement, and names are places
 * in its text. Reading one back costs a few microseconds and gives positions of the file at once.
 */
import type { ComponentDecl, Item, Member, ModuleDecl, PathDecl, RoleDecl, Span } from "../ast.ts";
import type { RoleHeader } from "./roles.ts";

/** What one statement is: all but the blocks, whose members are statements of their own, as their headers are. */
export type CachedNode = Member | PathDecl | Exclude<Item, RoleDecl | ModuleDecl | ComponentDecl>;

/** A tree as a string; what is in it only this file knows. */
export type CachedStatement = string & { readonly cached?: never };

/** A `Map` is one. */
export interface StatementCache {
  get(text: string): CachedStatement | undefined;
  set(text: string, parsed: CachedStatement): void;
}

/** Units start here, so that no control character, line break or quote can occur. */
const base = 0x30;
/** Above this a unit could be half of a surrogate pair, which no encoding of text keeps. */
const largest = 0xd000 - base;

/** Tags of values; a node is `firstShape` plus the index of its shape. */
const tagNull = 0;
const tagFalse = 1;
const tagTrue = 2;
const tagInteger = 3;
const tagSlice = 4;
const tagWord = 5;
const tagJson = 6;
const tagList = 7;
const firstShape = 8;

/** Strings that trees are made of, beside those of the text. Their order is part of the format. */
const words = [
  "rule",
  "seal",
  "collection",
  "function",
  "aggregate",
  "lattice",
  "read",
  "bind",
  "range",
  "test",
  "variable",
  "self",
  "literal",
  "call",
  "unary",
  "binary",
  "if",
  "tuple",
  "list",
  "set",
  "map",
  "int",
  "float",
  "string",
  "bool",
  "all",
  "<=",
  "<+",
  "<-",
  "<+-",
  "<~",
  "+",
  "-",
  "*",
  "/",
  "%",
  "==",
  "!=",
  "<",
  ">",
  ">=",
  "&&",
  "||",
  "!",
  "",
  "input",
  "output",
  "channel",
  "table",
  "scratch",
  "timer",
  "sealed",
  "lossy",
  "durable",
  "unique",
  "shared",
  "serializable",
  "level",
  "deterministic",
  "agreed",
  "eventual",
  "any",
  "coordinate",
  "allow",
  "none",
  "order",
  "barrier",
  "injective",
  "monotone",
  "morphism",
  "commutative",
  "associative",
  "idempotent",
  "true",
  "false",
  "weaker",
  "in",
  "out",
  "import",
  "use",
  "source",
  "path",
  "connect",
  "CR",
  "CW",
  "OR",
  "OW",
  "rate",
] as const;
const wordIndex: ReadonlyMap<string, number> = new Map(words.map((word, index) => [word, index]));

/** Reads the units of one tree in order. */
interface Reader {
  readonly code: string;
  readonly text: string;
  readonly start: number;
  at: number;
}

/** Every kind of node, read key by key in their order. The order of the list is part of the format. */
const nodes: readonly ((r: Reader) => object)[] = [
  (r) => ({ text: value(r), span: span(r) }),
  (r) => ({ kind: value(r), name: value(r), span: span(r) }),
  (r) => ({ name: value(r), value: value(r), span: span(r) }),
  (r) => ({ role: value(r), name: value(r), span: span(r) }),
  (r) => ({ kind: value(r), negated: value(r), ref: value(r), args: value(r), span: span(r) }),
  (r) => ({ ref: value(r), at: value(r), args: value(r), span: span(r) }),
  (r) => ({
    kind: value(r),
    annotations: value(r),
    head: value(r),
    op: value(r),
    body: value(r),
    having: value(r),
    doc: value(r),
    span: span(r),
  }),
  (r) => ({ kind: value(r), op: value(r), left: value(r), right: value(r), span: span(r) }),
  (r) => ({ kind: value(r), type: value(r), value: value(r), span: span(r) }),
  (r) => ({ kind: value(r), value: value(r), span: span(r) }),
  (r) => ({ kind: value(r), callee: value(r), distinct: value(r), args: value(r), span: span(r) }),
  (r) => ({ kind: value(r), variable: value(r), value: value(r), span: span(r) }),
  (r) => ({ kind: value(r), pattern: value(r), value: value(r), span: span(r) }),
  (r) => ({ kind: value(r), of: value(r), span: span(r) }),
  (r) => ({ kind: value(r), op: value(r), of: value(r), span: span(r) }),
  (r) => ({ kind: value(r), test: value(r), then: value(r), else: value(r), span: span(r) }),
  (r) => ({ key: value(r), value: value(r) }),
  (r) => ({ kind: value(r), span: span(r) }),
  (r) => ({ name: value(r), type: value(r) }),
  (r) => ({ name: value(r), args: value(r), span: span(r) }),
  (r) => ({
    kind: value(r),
    collection: value(r),
    direction: value(r),
    name: value(r),
    columns: value(r),
    keyLength: value(r),
    modifiers: value(r),
    periodMs: value(r),
    doc: value(r),
    span: span(r),
  }),
  (r) => ({ kind: value(r), by: value(r), single: value(r), deadlineMs: value(r), everyMs: value(r), span: span(r) }),
  (r) => ({ kind: value(r), perSecond: value(r), span: span(r) }),
  (r) => ({ kind: value(r), level: value(r), strict: value(r), span: span(r) }),
  (r) => ({ kind: value(r), how: value(r), reason: value(r), span: span(r) }),
  (r) => ({ kind: value(r), what: value(r), reason: value(r), span: span(r) }),
  (r) => ({ kind: value(r), by: value(r) }),
  (r) => ({
    kind: value(r),
    target: value(r),
    args: value(r),
    op: value(r),
    body: value(r),
    doc: value(r),
    span: span(r),
  }),
  (r) => ({
    kind: value(r),
    name: value(r),
    params: value(r),
    returns: value(r),
    from: value(r),
    claims: value(r),
    doc: value(r),
    span: span(r),
  }),
  (r) => ({ kind: value(r), name: value(r), from: value(r), doc: value(r), span: span(r) }),
  (r) => ({ kind: value(r), from: value(r), name: value(r), doc: value(r), span: span(r) }),
  (r) => ({
    kind: value(r),
    module: value(r),
    types: value(r),
    roles: value(r),
    name: value(r),
    target: value(r),
    doc: value(r),
    span: span(r),
  }),
  (r) => ({
    kind: value(r),
    name: value(r),
    columns: value(r),
    keyLength: value(r),
    modifiers: value(r),
    doc: value(r),
    span: span(r),
  }),
  (r) => ({
    kind: value(r),
    from: value(r),
    to: value(r),
    word: value(r),
    gate: value(r),
    doc: value(r),
    span: span(r),
  }),
  (r) => ({ kind: value(r), from: value(r), to: value(r), doc: value(r), span: span(r) }),
  (r) => ({ kind: value(r), name: value(r), count: value(r), replicated: value(r), partitionedBy: value(r) }),
];
/** The kinds by their keys: those of a node all of whose values are null. */
const shapeIndex: ReadonlyMap<string, number> = new Map(
  nodes.map((read, index) => {
    const nothing = String.fromCharCode(base + tagNull).repeat(64);
    return [Object.keys(read({ code: nothing, text: "", start: 0, at: 0 })).join(), index];
  }),
);

function unit(r: Reader): number {
  return r.code.charCodeAt(r.at++) - base;
}

function span(r: Reader): Span {
  const start = r.start + unit(r);
  return { start, end: start + unit(r) };
}

function value(r: Reader): unknown {
  const tag = unit(r);
  switch (tag) {
    case tagNull:
      return null;
    case tagFalse:
      return false;
    case tagTrue:
      return true;
    case tagInteger:
      return unit(r);
    case tagSlice: {
      const from = unit(r);
      return r.text.slice(from, from + unit(r));
    }
    case tagWord:
      return words[unit(r)];
    case tagJson: {
      const length = unit(r);
      r.at += length;
      let json = "";
      for (let i = r.at - length; i < r.at; i++) json += String.fromCharCode(r.code.charCodeAt(i) - base);
      return JSON.parse(json);
    }
    case tagList: {
      const list: unknown[] = [];
      for (let left = unit(r); left > 0; left--) list.push(value(r));
      return list;
    }
    default:
      return nodes[tag - firstShape](r);
  }
}

/**
 * `statement` as a string, without its doc and its end, which belong to the place and not to the text;
 * null when the text is too long for the format. `start` is where the text stands in the file.
 */
export function encodeStatement(
  statement: CachedNode | (RoleHeader & { readonly kind: "role" }),
  text: string,
  start: number,
): CachedStatement | null {
  if (text.length >= largest - 8) return null;
  const units: number[] = [];
  let fits = true;
  const put = (number: number): void => {
    if (number < 0 || number > largest) fits = false;
    units.push(number + base);
  };
  const putText = (from: string): void => {
    const word = wordIndex.get(from);
    if (word !== undefined) {
      put(tagWord);
      put(word);
      return;
    }
    const found = text.indexOf(from);
    if (found < 0) return putJson(from);
    put(tagSlice);
    put(found);
    put(from.length);
  };
  const putJson = (from: string | number): void => {
    const json = JSON.stringify(from).replace(
      /[^\x20-\x7e]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    put(tagJson);
    put(json.length);
    for (let i = 0; i < json.length; i++) put(json.charCodeAt(i));
  };
  const walk = (of: unknown): void => {
    if (of === null) put(tagNull);
    else if (of === false) put(tagFalse);
    else if (of === true) put(tagTrue);
    else if (typeof of === "string") putText(of);
    else if (typeof of === "number") {
      if (!Number.isInteger(of) || of < 0 || of > largest || Object.is(of, -0)) return putJson(of);
      put(tagInteger);
      put(of);
    } else if (Array.isArray(of)) {
      put(tagList);
      put(of.length);
      of.forEach(walk);
    } else {
      node(of as Record<string, unknown>);
    }
  };
  const node = (of: Record<string, unknown>): void => {
    const keys = Object.keys(of);
    const shape = shapeIndex.get(keys.join());
    if (shape === undefined) throw new Error(`no shape of the statement cache has the keys ${keys.join()}`);
    put(firstShape + shape);
    for (const key of keys) {
      if (key === "doc") put(tagNull);
      else if (key !== "span") walk(of[key]);
      else if (of === (statement as unknown)) {
        put((of.span as Span).start - start);
        put(0);
      } else {
        put((of.span as Span).start - start);
        put((of.span as Span).end - (of.span as Span).start);
      }
    }
  };
  walk(statement);
  if (!fits) return null;
  let code = "";
  for (let i = 0; i < units.length; i += 4_096) code += String.fromCharCode(...units.slice(i, i + 4_096));
  return code;
}

/** The tree again, for a text that stands from `start` to `end` (with its `;`) and is documented by `doc`. */
export function decodeStatement(
  code: CachedStatement,
  text: string,
  start: number,
  end: number,
  doc: string | null,
): CachedNode {
  const statement = value({ code, text, start, at: 0 }) as { doc: string | null; span: { start: number; end: number } };
  statement.doc = doc;
  statement.span.end = end;
  return statement as unknown as CachedNode;
}

/** The same of a role's header, which has neither doc nor span. */
export function decodeHeader(
  code: CachedStatement,
  text: string,
  start: number,
): RoleHeader & { readonly kind: "role" } {
  return value({ code, text, start, at: 0 }) as RoleHeader & { readonly kind: "role" };
}

/** Entries as text: a line for each statement and one for its tree. Neither can hold a line break. */
export function serialize(entries: Iterable<readonly [string, CachedStatement]>): string {
  const lines: string[] = [];
  for (const [text, code] of entries) if (isLine(text)) lines.push(text, code);
  return lines.join("\n");
}

/**
 * What `serialize` wrote, as a cache in memory. That the text is whole, and written by the same compiler,
 * is for the caller to know: a tree of another one cannot be told from a good one.
 */
export function deserialize(saved: string): Map<string, CachedStatement> {
  const entries = new Map<string, CachedStatement>();
  if (saved === "") return entries;
  const lines = saved.split("\n");
  for (let i = 0; i + 1 < lines.length; i += 2) entries.set(lines[i], lines[i + 1]);
  return entries;
}

/** Statements are free of line breaks, but for one that the text of an unclosed comment or string might hide. */
function isLine(text: string): boolean {
  return !text.includes("\n");
}
