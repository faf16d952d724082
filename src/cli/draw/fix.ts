/** What a fix changes, as the lines before and after. */
import type { SourceFile } from "../../compiler/ast.ts";
import type { Edit, Fix } from "../../compiler/diagnostics/diagnostic.ts";
import { positionOf } from "../../compiler/diagnostics/lines.ts";
import { lineStarts } from "../../compiler/diagnostics/position.ts";
import { applied } from "../../compiler/mends/text.ts";
import type { Paint } from "./paint.ts";

/**
 *      4 +   table requests(client: addr, k: string);
 *      7 -   Client.answer@a(k, v) <~ request(a, k), all(k, v);
 *      7 +   Client.answer@a(k, v) <~ requests(a, k), all(k, v);
 */
export function drawFix({ edits }: Fix, gutter: number, paint: Paint): string[] {
  const drawn: string[] = [];
  for (const { file, first, last, within } of hunks(edits)) {
    const starts = lineStarts(file.text);
    const from = starts[first - 1]!;
    const to = starts[last] ?? file.text.length;
    const moved = within.map((edit) => ({
      ...edit,
      span: { start: edit.span.start - from, end: edit.span.end - from },
    }));
    const before = linesOf(file.text.slice(from, to));
    const after = linesOf(applied(file.text.slice(from, to), moved));
    let same = 0;
    while (same < before.length && same < after.length && before[same] === after[same]) same++;
    let end = 0;
    while (end < Math.min(before.length, after.length) - same && before.at(-1 - end) === after.at(-1 - end)) end++;
    const show = (lines: readonly string[], sign: string): string[] =>
      lines
        .slice(same, lines.length - end)
        .map((line) => `${String(first + same).padStart(gutter)} ${sign} ${line.replaceAll("\t", "    ")}`);
    drawn.push(...show(before, "-").map(paint.removed), ...show(after, "+").map(paint.inserted));
  }
  return drawn;
}

interface Hunk {
  readonly file: SourceFile;
  /** Lines, from 1, both included. */
  readonly first: number;
  readonly last: number;
  readonly within: readonly Edit[];
}

/** Edits of the same lines together, in the order of the text. */
function hunks(edits: readonly Edit[]): readonly Hunk[] {
  const found: Hunk[] = [];
  for (const edit of [...edits].sort((a, b) => a.span.start - b.span.start)) {
    const { file, span } = edit;
    const first = positionOf(file, span.start).line;
    const last = positionOf(file, span.end).line;
    const before = found.at(-1);
    if (before !== undefined && before.file === file && first <= before.last) {
      found[found.length - 1] = { ...before, last: Math.max(last, before.last), within: [...before.within, edit] };
    } else found.push({ file, first, last, within: [edit] });
  }
  return found;
}

function linesOf(text: string): string[] {
  return text.replace(/\r?\n$/, "").split(/\r?\n/);
}
