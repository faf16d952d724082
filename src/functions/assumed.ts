/** `// dlc-assume CLAIM: reason` on the lines before a declaration: the claim is believed, and reports say so. */
import type { Span } from "../compiler/ast.ts";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.ts";
import type { Subject } from "./subject.ts";

export interface Assumptions {
  /** Claim to reason. */
  readonly reasons: ReadonlyMap<string, string>;
  readonly diagnostics: readonly Diagnostic[];
}

export function assumptionsOf({ file, span, laws, name }: Subject): Assumptions {
  const reasons = new Map<string, string>();
  const diagnostics: Diagnostic[] = [];
  const wrong = (at: Span, message: string, mend: string): void => {
    diagnostics.push({ code: "DLC512", severity: "warning", message, file, span: at, mend });
  };
  for (const { text, start } of commentsBefore(file.text, span.start)) {
    const words = /^\/\/\s*dlc-assume\b\s*([A-Za-z]*)\s*:?\s*(.*?)\s*$/.exec(text);
    if (words === null) continue;
    const at = { start, end: start + text.trimEnd().length };
    const [, claim, reason] = words;
    const claimed = laws
      .filter((law) => law.claimed || (law.without !== undefined && law.silent !== true))
      .map((law) => law.name);
    if (!claimed.includes(claim!)) {
      const what =
        claim === ""
          ? "this assumption names no claim"
          : `${name} does not claim to be ${claim}, so that there is nothing to assume`;
      wrong(at, what, "Write `// dlc-assume injective: reason` before a function that claims it.");
    } else if (reason === "") {
      wrong(
        at,
        `${claim} is assumed without a reason, so it is checked`,
        `Say why it can be believed: \`// dlc-assume ${claim}: reason\`.`,
      );
    } else reasons.set(claim!, reason!);
  }
  return { reasons, diagnostics };
}

/** The comment lines directly above `offset`. */
function commentsBefore(text: string, offset: number): readonly { readonly text: string; readonly start: number }[] {
  const found: { text: string; start: number }[] = [];
  let end = text.lastIndexOf("\n", offset - 1);
  while (end >= 0) {
    const start = text.lastIndexOf("\n", end - 1) + 1;
    const line = text.slice(start, end).replace(/\r$/, "");
    const comment = line.trimStart();
    if (!comment.startsWith("//")) break;
    found.unshift({ text: comment, start: start + line.length - comment.length });
    end = start - 1;
  }
  return found;
}
