/** The pretty form of findings: message, frame, the cause's own frame, what to do. */
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.ts";
import { rangeOf } from "../../compiler/diagnostics/lines.ts";
import { drawFix } from "./fix.ts";
import { drawFrame, fits, gutterOf, place } from "./frame.ts";
import type { Mark } from "./frame.ts";
import type { Paint } from "./paint.ts";

/**
 *     warning[DLC302]: `poor#1` counts rows that may still arrive
 *       --> ads.dlc:16:3
 *        |
 *     16 |   poor(c, i, count()) <= clicks(c, i, _) having count() < 100;
 *        |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
 *        |
 *       --> ads.dlc:3:9
 *      3 |   input click(campaign: string, id: string, user: string);
 *        |         ----- clicks come from here, in any order
 *        |
 *        = do: seal the clicks
 */
export function drawDiagnostic(diagnostic: Diagnostic, paint: Paint, width: number): string {
  const mark: Mark = { file: diagnostic.file, span: diagnostic.span, label: "", sign: "^" };
  const cause: Mark | null = diagnostic.cause ? { ...diagnostic.cause, sign: "-" } : null;
  const gutter = gutterOf(cause ? [mark, cause] : [mark]);
  const arrow = `${" ".repeat(gutter)}${paint.frame("-->")}`;
  const bar = `${" ".repeat(gutter)} ${paint.frame("|")}`;
  const lines = [
    ...fitted(
      `${paint.severity(diagnostic.severity, `${diagnostic.severity}[${diagnostic.code}]`)}${paint.strong(`: ${diagnostic.message}`)}`,
      width,
      2,
    ),
    `${arrow} ${place(diagnostic.file, diagnostic.span)}`,
    bar,
    ...drawFrame(mark, gutter, paint, (text) => paint.severity(diagnostic.severity, text), width),
  ];
  if (cause !== null) {
    const at = rangeOf(cause.file, cause.span).end;
    const long = cause.label.length > 40 || at.column + cause.label.length + gutter + 3 > width;
    const frame = drawFrame(long ? { ...cause, label: "" } : cause, gutter, paint, paint.cause, width);
    // On the line of the finding itself the cause is one more underline.
    const sameLine =
      mark.file === cause.file && isOneLine(mark) && isOneLine(cause) && lineStart(mark) === lineStart(cause);
    if (sameLine && fits(cause.file, at.line, gutter, width)) {
      lines.push(...frame.slice(1));
    } else lines.push(bar, `${arrow} ${place(cause.file, cause.span)}`, ...frame);
    if (long) lines.push(...note(cause.label, "", gutter, paint, width, paint.cause));
  }
  const { changes = [] } = diagnostic;
  if (changes.length > 0) lines.push(bar);
  for (const change of changes) lines.push(`${" ".repeat(gutter)} ${paint.frame("|")} ${signed(change, paint)}`);
  if (diagnostic.mend !== undefined || diagnostic.fixes?.length) lines.push(bar);
  if (diagnostic.mend !== undefined) lines.push(...note(diagnostic.mend, "do: ", gutter, paint, width, paint.mend));
  for (const fix of diagnostic.fixes ?? []) {
    if (fix.title === diagnostic.mend || diagnostic.mend?.startsWith("Did you mean")) continue;
    const lead = fix.unsafe ? "unsafe fix: " : "fix: ";
    lines.push(...note(fix.title, lead, gutter, paint, width, paint.mend), ...drawFix(fix, gutter, paint));
  }
  return `${lines.join("\n")}\n`;
}

function signed(change: string, paint: Paint): string {
  return change.startsWith("+")
    ? paint.good(change)
    : change.startsWith("-")
      ? paint.severity("error", change)
      : change;
}

function isOneLine({ file, span }: Mark): boolean {
  const { start, end } = rangeOf(file, span);
  return start.line === end.line;
}

/** Offset of the first character of the line on which a mark starts. */
function lineStart({ file, span }: Mark): number {
  return span.start - rangeOf(file, span).start.column + 1;
}

/** `   = do: …`, wrapped at the terminal's width. */
function note(
  text: string,
  lead: string,
  gutter: number,
  paint: Paint,
  width: number,
  colour: (text: string) => string,
): string[] {
  const room = Math.max(40, Math.min(width, 100) - gutter - 3 - lead.length);
  return wrap(text, room).map((line, index) => {
    const sign = index === 0 ? paint.frame("=") : " ";
    return `${" ".repeat(gutter)} ${sign} ${index === 0 ? colour(lead) : " ".repeat(lead.length)}${line}`;
  });
}

/** A line that goes on, where it is too long, behind so many spaces. */
export function fitted(line: string, width: number, indent: number): string[] {
  const lead = /^ */.exec(line)![0];
  const room = Math.max(40, width);
  const text = line.slice(lead.length);
  const [first] = wrap(text, room - lead.length);
  if (first === undefined || first.length === text.length) return [line];
  const rest = wrap(text.slice(first.length + 1), room - indent);
  return [lead + first, ...rest.map((each) => " ".repeat(indent) + each)];
}

/** Breaks at spaces; a word longer than `room` stays whole; line breaks in `text` stay; colours take no room. */
export function wrap(text: string, room: number): string[] {
  const long = (part: string): number => part.replace(/\u001b\[[0-9;]*m/g, "").length;
  return text.split("\n").flatMap((paragraph) => {
    const lines: string[] = [];
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && long(line) + 1 + long(word) > room) {
        lines.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    lines.push(line);
    return lines;
  });
}
