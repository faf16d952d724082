import type { SourceFile, Span } from "../ast.ts";
import { lineColumn, lineStarts } from "./position.ts";
import type { Position } from "./position.ts";

export function positionOf(file: SourceFile, offset: number): Position {
  return lineColumn(file.text, offset);
}

/** Both ends of a span, the end exclusive. */
export function rangeOf(file: SourceFile, span: Span): { readonly start: Position; readonly end: Position } {
  return { start: positionOf(file, span.start), end: positionOf(file, span.end) };
}

/** Text of a line without its line end; "" beyond the last. */
export function lineText(file: SourceFile, line: number): string {
  const starts = lineStarts(file.text);
  const start = starts[line - 1];
  return start === undefined ? "" : file.text.slice(start, starts[line] ?? file.text.length).replace(/[\r\n]+$/, "");
}

/** Findings in source order, those of the file `first` before those of others. */
export function inOrder<T extends { readonly file: SourceFile; readonly span: Span }>(
  found: readonly T[],
  first: SourceFile,
): readonly T[] {
  const files = new Map([[first, 0]]);
  for (const { file } of found) if (!files.has(file)) files.set(file, files.size);
  return found.toSorted((a, b) => files.get(a.file)! - files.get(b.file)! || a.span.start - b.span.start);
}
