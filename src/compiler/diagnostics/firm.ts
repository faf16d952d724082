/** What an error means for the rest of a report: what cannot be taken out of it, and what cannot be said beside it. */
import type { Code } from "./codes.ts";
import { codes } from "./codes.ts";
import type { Diagnostic } from "./diagnostic.ts";

/** Why the code stays whatever is said against it, as the end of a sentence; null where it need not. */
export function whyFirm(code: Code): string | null {
  if (codes[code].severity !== "error") return null;
  if (code.startsWith("DLC19")) return "without it mended the configuration does not say what it means";
  if (/^DLC[12]/.test(code)) return "without it mended the program has no meaning";
  if (code === "DLC403") return "without it mended there is no plan";
  if (/^DLC50[1-6]$/.test(code)) return "without it mended the function cannot be called";
  if (code === "DLC490") return "a budget is changed where it is written";
  if (code === "DLC491") return "what is agreed on is changed with --lock";
  return null;
}

/** A statement that is left out, or a law that is not kept: what would be said of the outputs need not be true of them. */
export function underminesLabels({ code, severity }: Diagnostic): boolean {
  return severity === "error" && /^DLC(?:1[0-8]|2|5)/.test(code);
}
