import type { SourceFile, Span } from "../ast.ts";
import type { Code } from "./codes.ts";

export type Severity = "error" | "warning" | "note";

/** A replacement that mends the finding; offsets in `file`. */
export interface Edit {
  readonly file: SourceFile;
  readonly span: Span;
  readonly text: string;
}

/** A finding. The text is final: drawing adds only the frame, the code and the colours. */
export interface Diagnostic {
  readonly code: Code;
  readonly severity: Severity;
  readonly message: string;
  readonly file: SourceFile;
  readonly span: Span;
  /** The place that causes it, with what it is: drawn as a second frame. */
  readonly cause?: { readonly file: SourceFile; readonly span: Span; readonly label: string };
  /** What has changed, a line each, `+`, `-` or `~` first. */
  readonly changes?: readonly string[];
  /** What to do, in a sentence. */
  readonly mend?: string;
  /** Mechanical mends, each of which does for itself; the first is the recommended one. */
  readonly fixes?: readonly Fix[];
}

export interface Fix {
  readonly title: string;
  /** They do not overlap. */
  readonly edits: readonly Edit[];
  /** Whether the program may then compute something else than was meant. */
  readonly unsafe?: boolean;
}
