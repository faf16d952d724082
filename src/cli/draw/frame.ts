/** A place in a program with its lines and what is meant underlined. */
import type { SourceFile, Span } from "../../compiler/ast.ts";
import { lineText, rangeOf } from "../../compiler/diagnostics/lines.ts";
import type { Paint } from "./paint.ts";

export interface Mark {
  readonly file: SourceFile;
  readonly span: Span;
  /** Stands behind the underline; "" for none. */
  readonly label: string;
  /** `^` for the finding itself, `-` for its cause. */
  readonly sign: "^" | "-";
}

/** At most so many lines of one mark are shown; the middle of a longer one is left out. */
const mostLines = 6;

/**
 * The frame of one mark, without the arrow line above it:
 *
 *     16 |   poor(c, i, count()) <= clicks(c, i, _);
 *        |   ^^^^^^^^^^^^^^^^^^^ counts what may still grow
 */
export function drawFrame(
  mark: Mark,
  gutter: number,
  paint: Paint,
  colour: (text: string) => string,
  columns = Infinity,
): string[] {
  const { start, end } = rangeOf(mark.file, mark.span);
  const bar = paint.frame("|");
  const lines: string[] = [];
  const lastLine = end.line > start.line && end.column === 1 ? end.line - 1 : end.line;
  for (let line = start.line; line <= lastLine; line++) {
    if (lastLine - start.line >= mostLines && line === start.line + mostLines - 3) {
      lines.push(`${paint.frame("...".padStart(gutter))} ${bar}`);
      line = lastLine - 1;
      continue;
    }
    const text = lineText(mark.file, line);
    const from = line === start.line ? start.column - 1 : text.length - text.trimStart().length;
    const to = Math.max(from + 1, line === end.line ? end.column - 1 : text.trimEnd().length);
    const label = line === lastLine && mark.label !== "" ? ` ${mark.label}` : "";
    const place = { from: width(text.slice(0, from)), to: width(text.slice(0, to)) };
    const view = viewOf(text, place, columns - gutter - 3);
    lines.push(`${paint.frame(String(line).padStart(gutter))} ${bar} ${view.text}`);
    const under = mark.sign.repeat(Math.max(1, view.to - view.from));
    lines.push(`${" ".repeat(gutter)} ${bar} ${" ".repeat(view.from)}${colour(under + label)}`);
  }
  return lines;
}

/** `ads.dlc:16:3`. */
export function place(file: SourceFile, span: Span): string {
  const { start } = rangeOf(file, span);
  return `${file.path}:${start.line}:${start.column}`;
}

export function gutterOf(marks: readonly Mark[]): number {
  return Math.max(2, ...marks.map((mark) => String(rangeOf(mark.file, mark.span).end.line).length));
}

/** Whether a whole line fits into a frame. */
export function fits(file: SourceFile, line: number, gutter: number, columns: number): boolean {
  return width(lineText(file, line)) <= columns - gutter - 3;
}

/** As much of a line as fits into `room` columns, with what is marked in sight, and where the mark then is. */
function viewOf(
  text: string,
  { from, to }: { readonly from: number; readonly to: number },
  room: number,
): { readonly text: string; readonly from: number; readonly to: number } {
  if (width(text) <= room) return { text: shown(text), from, to };
  // The mark with as much before it as behind it, where both can be.
  const inside = Math.max(1, room - 2);
  const long = Math.min(to - from, inside);
  const begin = Math.max(0, Math.min(from - Math.floor((inside - long) / 2), width(text) - inside));
  let cut = "";
  let column = 0;
  for (const character of text) {
    const wide = width(character);
    if (column >= begin && column + wide <= begin + inside) cut += character;
    column += wide;
  }
  const lead = begin > 0 ? "…" : "";
  const end = begin + inside < width(text) ? "…" : "";
  const moved = (at: number): number => Math.max(0, Math.min(at - begin, inside)) + lead.length;
  return { text: `${lead}${shown(cut)}${end}`, from: moved(from), to: moved(to) };
}

function shown(text: string): string {
  return text.replaceAll("\t", "    ").replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
}

/** Columns that `text` takes on a terminal: tabs four, wide characters two, combining ones none. */
function width(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (character === "\t") columns += 4;
    else if (/\p{Mark}/u.test(character)) columns += 0;
    else if (
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u.test(
        character,
      )
    )
      columns += 2;
    else columns += 1;
  }
  return columns;
}
