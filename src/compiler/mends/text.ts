/** Changes of a program's text that keep what is around them as it is. */
import type { RuleDecl, SourceFile, Span } from "../ast.ts";
import type { Edit } from "../diagnostics/diagnostic.ts";

export function replaced(file: SourceFile, span: Span, text: string): Edit {
  return { file, span, text };
}

/** A statement on a line of its own behind the one that ends at `end`. */
export function lineAfter(file: SourceFile, { start, end }: Span, text: string): Edit {
  const rest = /^[ \t]*(?:\/\/[^\n\r]*)?(?=\r?\n|$)/.exec(file.text.slice(end));
  const at = end + (rest?.[0].length ?? 0);
  return { file, span: { start: at, end: at }, text: `\n${indentAt(file, start)}${text}` };
}

/** A statement on a line of its own before the one at `start`, and before the comments and annotations that belong to it. */
export function lineBefore(file: SourceFile, start: number, text: string): Edit {
  const { text: all } = file;
  const indent = indentAt(file, start);
  let at = all.lastIndexOf("\n", start - 1) + 1;
  // The statement does not begin its line: stay on it.
  if (all.slice(at, start).trim() !== "") return { file, span: { start, end: start }, text: `${text} ` };
  while (at > 0) {
    const before = all.lastIndexOf("\n", at - 2) + 1;
    if (!/^(?:\/\/|@)/.test(all.slice(before, at).trim())) break;
    at = before;
  }
  return { file, span: { start: at, end: at }, text: `${indent}${text}\n` };
}

/** Takes items out of a list that is separated by commas; some stay. */
export function without(file: SourceFile, items: readonly Span[], out: ReadonlySet<number>): readonly Edit[] {
  const edits: Edit[] = [];
  for (let i = 0; i < items.length; i++) {
    if (!out.has(i)) continue;
    let last = i;
    while (out.has(last + 1)) last++;
    // From the end of the item before, or, of the first ones, up to the item behind.
    const span =
      i > 0 ? { start: items[i - 1].end, end: items[last].end } : { start: items[0].start, end: items[last + 1].start };
    edits.push({ file, span, text: "" });
    i = last;
  }
  return edits;
}

/** Behind the last literal or condition of a rule, with the brackets around it. */
export function endOfRule(file: SourceFile, { head, body, having, span }: RuleDecl): number {
  const { end } = (having.at(-1) ?? body.at(-1) ?? head).span;
  const gap = file.text
    .slice(end, span.end - 1)
    .replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (comment) => " ".repeat(comment.length));
  return end + gap.trimEnd().length;
}

function indentAt(file: SourceFile, start: number): string {
  const line = file.text.lastIndexOf("\n", start - 1) + 1;
  return /^[ \t]*/.exec(file.text.slice(line, start))![0];
}

/** The file after edits that do not overlap. */
export function applied(text: string, edits: readonly Edit[]): string {
  let result = "";
  let at = 0;
  for (const { span, text: insert } of [...edits].sort(
    (a, b) => a.span.start - b.span.start || a.span.end - b.span.end,
  )) {
    result += text.slice(at, span.start) + insert;
    at = span.end;
  }
  return result + text.slice(at);
}
