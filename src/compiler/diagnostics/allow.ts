/** `// dlc-allow CODE: reason` on the line before a finding takes it out of the report. */
import type { SourceFile, Span } from "../ast.ts";
import { codes } from "./codes.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { lineText, positionOf } from "./lines.ts";
import { lineStarts } from "./position.ts";

export interface Allowed {
  /** What is left, and what is wrong with the comments themselves; in source order. */
  readonly diagnostics: readonly Diagnostic[];
  /** What was silenced, with the reason given. */
  readonly silenced: readonly { readonly diagnostic: Diagnostic; readonly reason: string }[];
}

interface Comment {
  readonly code: string;
  readonly reason: string;
  readonly span: Span;
  /** Lines whose findings it is for. */
  readonly lines: ReadonlySet<number>;
  used: boolean;
}

/** Applies the comments of `file` to the findings in it; findings in other files pass untouched. */
export function applyAllowances(file: SourceFile, diagnostics: readonly Diagnostic[]): Allowed {
  if (!file.text.includes("dlc-allow")) return { diagnostics, silenced: [] };
  const comments = findComments(file);
  const left: Diagnostic[] = [];
  const silenced: { diagnostic: Diagnostic; reason: string }[] = [];
  for (const diagnostic of diagnostics) {
    const line = diagnostic.file === file ? positionOf(file, diagnostic.span.start).line : 0;
    const matching = comments.filter((comment) => comment.code === diagnostic.code && comment.lines.has(line));
    if (matching.length === 0 || isFirm(diagnostic)) {
      left.push(diagnostic);
      continue;
    }
    for (const comment of matching) comment.used = true;
    const reason = matching.map((comment) => comment.reason).find((text) => text !== "");
    if (reason === undefined) left.push(diagnostic);
    else silenced.push({ diagnostic, reason });
  }
  for (const comment of comments) {
    const finding = judge(comment, file);
    if (finding !== null) left.push(finding);
  }
  left.sort((a, b) => (a.file === b.file ? a.span.start - b.span.start : 0));
  return { diagnostics: left, silenced };
}

/** Without these the program has no meaning; no reason can change that. */
function isFirm(diagnostic: Diagnostic): boolean {
  return diagnostic.severity === "error" && /^DLC[12]/.test(diagnostic.code);
}

function judge(comment: Comment, file: SourceFile): Diagnostic | null {
  const { span, code } = comment;
  if (!Object.hasOwn(codes, code)) {
    const message =
      code === "" ? "this suppression names no code" : `this suppression names ${code}, which is no code of dlc`;
    return {
      code: "DLC190",
      severity: "warning",
      message,
      file,
      span,
      mend: "Write `// dlc-allow CODE: reason`, for instance `// dlc-allow DLC301: a snapshot is enough`.",
    };
  }
  if (!comment.used) {
    return {
      code: "DLC191",
      severity: "warning",
      message: `nothing on the next line has a finding ${code} that could be suppressed`,
      file,
      span,
      mend: "Delete the comment, or move it to the line before the finding.",
    };
  }
  if (comment.reason === "") {
    return {
      code: "DLC190",
      severity: "warning",
      message: `${code} is suppressed without a reason, so it stays`,
      file,
      span,
      mend: `Say why it may stand: \`// dlc-allow ${code}: reason\`.`,
    };
  }
  return null;
}

function findComments(file: SourceFile): Comment[] {
  const comments: Comment[] = [];
  const tokens = /"(?:\\.|[^"\\\n])*"|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  for (const match of file.text.matchAll(tokens)) {
    const words = /^\/\/\s*dlc-allow\b\s*([A-Za-z0-9]*)\s*:?\s*(.*?)\s*$/.exec(match[0]);
    if (words === null) continue;
    comments.push({
      code: words[1] ?? "",
      reason: words[2] ?? "",
      span: { start: match.index, end: match.index + match[0].trimEnd().length },
      lines: linesMeant(file, positionOf(file, match.index).line),
      used: false,
    });
  }
  return comments;
}

/** The next line that is not a comment, and where that is an annotation, the lines up to its statement. */
function linesMeant(file: SourceFile, line: number): ReadonlySet<number> {
  const lines = new Set<number>();
  const last = lineStarts(file.text).length;
  for (let next = line + 1; next <= last; next++) {
    const content = lineText(file, next).trim();
    if (content.startsWith("//")) continue;
    lines.add(next);
    if (!content.startsWith("@")) break;
  }
  return lines;
}
