/** Where the places of a text are in a later one. */
import type { Span } from "../compiler/ast.ts";

/** The one stretch that differs: offsets in the text before, and the text that is there now. */
export interface Difference {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export function difference(before: string, after: string): Difference {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let last = 0;
  while (
    last < most - start &&
    before.charCodeAt(before.length - 1 - last) === after.charCodeAt(after.length - 1 - last)
  )
    last++;
  return { start, end: before.length - last, text: after.slice(start, after.length - last) };
}

/** null: what was there has changed. */
export type Move = (span: Span) => Span | null;

export function moveBetween(before: string, after: string): Move {
  if (before === after) return (span) => span;
  const { start, end, text } = difference(before, after);
  const by = text.length - (end - start);
  return (span) => {
    if (span.end <= start) return span;
    if (span.start >= end) return { start: span.start + by, end: span.end + by };
    // The stretch lies within: what stands around it is still the same thing.
    if (span.start < start && span.end > end) return { start: span.start, end: span.end + by };
    return null;
  };
}
