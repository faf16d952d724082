/** `// dlc-allow CODE: reason` on the line before a finding takes it out of the report. */
import type { SourceFile, Span } from "../ast.ts";
import { codes } from "./codes.ts";
import type { Code } from "./codes.ts";
import type { Diagnostic, Fix } from "./diagnostic.ts";
import { whyFirm } from "./firm.ts";
import { inOrder, lineText, positionOf } from "./lines.ts";
import { nearNames } from "./near.ts";
import { lineStarts } from "./position.ts";

export interface Allowed {
  /** What is left, and what is wrong with the comments themselves; in source order. */
  readonly diagnostics: readonly Diagnostic[];
  readonly silenced: readonly Silenced[];
}

export interface Silenced {
  readonly diagnostic: Diagnostic;
  readonly reason: string;
  /** The comment that silenced it, in the file of the finding. */
  readonly comment: Span;
}

interface Comment {
  readonly code: string;
  /** "" when it gives none. */
  readonly reason: string;
  readonly span: Span;
  /** Lines whose findings it is for. */
  readonly lines: ReadonlySet<number>;
  /** Whether a finding with its code is there, silenced or not. */
  used: boolean;
}

/** Where comments need not suppress anything: what a module needs depends on who uses it. */
export interface Elsewhere {
  readonly imported: readonly SourceFile[];
  /** Modules of the program's own file. */
  readonly modules: readonly Span[];
}

/** Applies the comments of the program's own file and of those that it imports to the findings in each. */
export function applyAllowances(
  file: SourceFile,
  diagnostics: readonly Diagnostic[],
  { imported, modules }: Elsewhere = { imported: [], modules: [] },
): Allowed {
  const files = [file, ...imported].filter(({ text }) => text.includes("dlc-allow"));
  if (files.length === 0) return { diagnostics, silenced: [] };
  const commentsOf = new Map(files.map((one) => [one, findComments(one)]));
  const left: Diagnostic[] = [];
  const silenced: Silenced[] = [];
  for (const diagnostic of diagnostics) {
    const comments = commentsOf.get(diagnostic.file) ?? [];
    const line = comments.length === 0 ? 0 : positionOf(diagnostic.file, diagnostic.span.start).line;
    const matching = comments.filter((comment) => comment.code === diagnostic.code && comment.lines.has(line));
    for (const comment of matching) comment.used = true;
    const giving = matching.find((comment) => comment.reason !== "");
    if (giving === undefined || whyFirm(diagnostic.code) !== null) left.push(diagnostic);
    else silenced.push({ diagnostic, reason: giving.reason, comment: giving.span });
  }
  for (const comment of commentsOf.get(file) ?? []) {
    const isInModule = modules.some(({ start, end }) => comment.span.start >= start && comment.span.end <= end);
    if (isInModule && comment.reason !== "" && Object.hasOwn(codes, comment.code)) continue;
    const finding = judge(comment, file);
    if (finding !== null) left.push(finding);
  }
  return { diagnostics: inOrder(left, file), silenced };
}

function judge({ code, reason, span, used }: Comment, file: SourceFile): Diagnostic | null {
  const found = (as: Code, message: string, more: Pick<Diagnostic, "mend" | "fixes">): Diagnostic => {
    return { code: as, severity: codes[as].severity, message, file, span, ...more };
  };
  if (!Object.hasOwn(codes, code)) {
    const near = nearNames(code, Object.keys(codes));
    const form = "Write `// dlc-allow CODE: reason`, for instance `// dlc-allow DLC301: a snapshot is enough`.";
    return found(
      "DLC190",
      code === "" ? "this suppression names no code" : `this suppression names ${code}, which is no code of dlc`,
      { mend: near.length === 0 ? form : `Did you mean ${near.join(" or ")}? \`dlc explain CODE\` shows each.` },
    );
  }
  const firm = whyFirm(code as Code);
  if (firm !== null) {
    return found("DLC192", `${code} cannot be suppressed: ${firm}`, {
      mend: "Mend the error and delete the comment.",
      fixes: [deletion(file, span)],
    });
  }
  if (!used) {
    return found("DLC191", `nothing on the next line has a finding ${code} that could be suppressed`, {
      mend: "Delete the comment, or move it to the line before the finding.",
      fixes: [deletion(file, span)],
    });
  }
  if (reason !== "") return null;
  return found("DLC190", `${code} is suppressed without a reason, so it stays`, {
    mend: `Say after a colon why it may stand: \`// dlc-allow ${code}: reason\`.`,
  });
}

/** Takes the comment away, with its line where nothing else stands on it. */
function deletion(file: SourceFile, { start, end }: Span): Fix {
  const { text } = file;
  let from = start;
  while (from > 0 && (text[from - 1] === " " || text[from - 1] === "\t")) from--;
  const alone = from === 0 || text[from - 1] === "\n";
  const to = alone && end < text.length ? text.indexOf("\n", end) + 1 || text.length : end;
  return { title: "Delete the comment", edits: [{ file, span: { start: from, end: to }, text: "" }] };
}

function findComments(file: SourceFile): Comment[] {
  const comments: Comment[] = [];
  const tokens = /"(?:\\.|[^"\\\n])*"|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  for (const match of file.text.matchAll(tokens)) {
    const words = /^\/\/\s*dlc-allow\b\s*([A-Za-z0-9]*)\s*(?::(.*))?/.exec(match[0]);
    if (words === null) continue;
    comments.push({
      code: words[1] ?? "",
      reason: (words[2] ?? "").trim(),
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
