import type { AggregateDecl, FunctionDecl, LatticeDecl, Member } from "../ast.ts";

export type CachedStatement = string;

/** Statements read before, by their text. */
export interface StatementCache {
  get(text: string): CachedStatement | undefined;
  set(text: string, parsed: CachedStatement): void;
}

type Cached = Member | FunctionDecl | AggregateDecl | LatticeDecl;

export function encodeStatement(_statement: Cached, _text: string, _start: number, _end: number): CachedStatement {
  return "";
}

export function decodeStatement(_code: CachedStatement, _text: string, _start: number, _end: number, _doc: string | null): Cached | null {
  return null;
}
