/** `dlc check --format github`: workflow commands, which a build shows as annotations of the changed lines. */
import type { Diagnostic, Severity } from "../../compiler/diagnostics/diagnostic.ts";
import { codes } from "../../compiler/diagnostics/codes.ts";
import { rangeOf } from "../../compiler/diagnostics/lines.ts";
import { capital } from "./words.ts";
import type { Naming } from "./place.ts";

const commandOf: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", note: "notice" };

/** `::warning file=ads.dlc,line=16,endLine=16,col=3,endColumn=63,title=DLC302%3A an aggregate …::poor#1 depends on …`. */
export function githubLine(diagnostic: Diagnostic, named: Naming): string {
  const { code, severity, message, file, span, cause, changes = [], mend } = diagnostic;
  const { start, end } = rangeOf(file, span);
  const properties: Record<string, string | number> = { file: named(file), line: start.line, endLine: end.line };
  // Columns of a range over several lines are refused.
  if (start.line === end.line) Object.assign(properties, { col: start.column, endColumn: end.column });
  properties["title"] = `${code}: ${codes[code].title}`;
  const lines = [message];
  if (cause !== undefined) {
    const { line, column } = rangeOf(cause.file, cause.span).start;
    lines.push(`${capital(cause.label)}: ${named(cause.file)}:${line}:${column}`);
  }
  lines.push(...changes);
  if (mend !== undefined) lines.push(`What to do: ${mend}`);
  const written = Object.entries(properties)
    .map(([name, value]) => `${name}=${property(String(value))}`)
    .join(",");
  return `::${commandOf[severity]} ${written}::${text(lines.join("\n"))}\n`;
}

function text(value: string): string {
  return value.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(value: string): string {
  return text(value).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
