import type { Name, Span } from "../ast.ts";
import type { Code } from "../diagnostics/codes.ts";
import type { Diagnostic, Edit } from "../diagnostics/diagnostic.ts";
import type { SourceFile } from "../ast.ts";
import type { Cst } from "./cst.ts";

/** A statement while its tree is built: where it stands and where its findings go. */
export interface Site {
  readonly file: SourceFile;
  /** Blanked text of the statement (see scan.ts). */
  readonly text: string;
  /** Offset of `text` in the file; all spans that leave a builder have it added. */
  readonly base: number;
  readonly diagnostics: Diagnostic[];
}

export interface Advice {
  readonly mend?: string;
  readonly cause?: { readonly span: Span; readonly label: string };
  /** A replacement of the text in a span that mends the finding. */
  readonly fix?: { readonly title: string; readonly span: Span; readonly text: string };
}

/** Records an error at `span` (of the file). */
export function report(
  to: { readonly file: SourceFile; readonly diagnostics: Diagnostic[] },
  code: Code,
  span: Span,
  message: string,
  advice: Advice = {},
): void {
  const { file } = to;
  const edit = (fix: NonNullable<Advice["fix"]>): Edit => ({ file, span: fix.span, text: fix.text });
  to.diagnostics.push({
    code,
    severity: "error",
    message,
    file,
    span,
    ...(advice.cause === undefined ? {} : { cause: { file, ...advice.cause } }),
    ...(advice.mend === undefined ? {} : { mend: advice.mend }),
    ...(advice.fix === undefined ? {} : { fixes: [{ title: advice.fix.title, edits: [edit(advice.fix)] }] }),
  });
}

/** The span in the file of what stands at `at` of the statement. */
export function spanAt(site: Site, at: number, length: number): Span {
  const start = site.base + at;
  return { start, end: start + length };
}

export function textAt(site: Site, at: number, length: number): string {
  return site.text.slice(at, at + length);
}

/** Names that the grammar can never read as a variable, collection, column or role. */
export const reserved: ReadonlySet<string> = new Set([
  "not",
  "in",
  "if",
  "then",
  "else",
  "having",
  "true",
  "false",
  "self",
]);

/** The node `name` at `at`. A reserved word is reported, and kept as the name. */
export function nameAt(site: Site, node: Cst, at: number): Name {
  const text = textAt(site, at, node.matchLength);
  const span = spanAt(site, at, node.matchLength);
  if (reserved.has(text)) reportReserved(site, text, span);
  return { text, span };
}

export function reportReserved(site: Site, text: string, span: Span): void {
  report(site, "DLC104", span, `\`${text}\` is a word of the language and cannot be a name.`, {
    mend: `Choose another name, for example \`${text}_\`.`,
  });
}
