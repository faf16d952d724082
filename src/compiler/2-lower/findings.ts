/** Collects what is wrong with a program, in the order found. */
import type { Name, SourceFile, Span } from "../ast.ts";
import { codes } from "../diagnostics/codes.ts";
import type { Code } from "../diagnostics/codes.ts";
import type { Diagnostic, Edit } from "../diagnostics/diagnostic.ts";
import { nearNames } from "../diagnostics/near.ts";

export interface More {
  readonly cause?: { readonly file: SourceFile; readonly span: Span; readonly label: string };
  readonly mend?: string;
  readonly fixes?: readonly { readonly title: string; readonly edits: readonly Edit[] }[];
}

/** A run with more misspelt names than this has another trouble; each costs a walk over all names. */
const mostSuggestions = 200;

export class Findings {
  readonly list: Diagnostic[] = [];
  suggestions = 0;

  add(code: Code, file: SourceFile, span: Span, message: string, more: More = {}): void {
    this.list.push({ code, severity: codes[code].severity, message, file, span, ...more });
  }

  /** `Did you mean ...?` with the replacement as a fix; `otherwise` when no name is near. */
  didYouMean(file: SourceFile, span: Span, name: string, candidates: Iterable<string>, otherwise: string): More {
    const near = this.suggestions++ < mostSuggestions ? nearNames(name, candidates) : [];
    if (near.length === 0) return { mend: otherwise };
    return {
      mend: `Did you mean ${alternatives(near.map(quote))}?`,
      fixes: near.map((text) => ({ title: `Write ${quote(text)}`, edits: [{ file, span, text }] })),
    };
  }

  get failed(): boolean {
    return this.list.some((finding) => finding.severity === "error");
  }
}

/** Two things of one name. */
export function twice(
  findings: Findings,
  file: SourceFile,
  name: Name,
  what: string,
  firstFile: SourceFile,
  first: Pick<Name, "span">,
): void {
  findings.add("DLC205", file, name.span, `${what} is declared twice`, {
    cause: { file: firstFile, span: first.span, label: "first declared here" },
    mend: "Rename one of them.",
  });
}

export function quote(text: string): string {
  return `\`${text}\``;
}

/** `a`, `a or b`, `a, b or c`. */
export function alternatives(items: readonly string[]): string {
  if (items.length <= 1) return items.join("");
  return `${items.slice(0, -1).join(", ")} or ${items[items.length - 1]}`;
}

/** `1 argument`, `2 arguments`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
