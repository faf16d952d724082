/** The report of `dlc check` in each of its forms: what one program adds to it, and the whole. */
import type { SourceFile } from "../../compiler/ast.ts";
import type { Diagnostic, Severity } from "../../compiler/diagnostics/diagnostic.ts";
import type { Fixed } from "../fix.ts";
import type { Io } from "../io.ts";
import { version } from "../root.ts";
import { drawClaims } from "./claims.ts";
import { count } from "./count.ts";
import { drawDiagnostic } from "./diagnostics.ts";
import type { FormName } from "./form-names.ts";
import { githubLine } from "./github.ts";
import { diagnosticOf, jsonOf, jsonPart, nothing } from "./json.ts";
import type { CheckedProgram, JsonPart } from "./json.ts";
import { paint } from "./paint.ts";
import { namesFrom } from "./place.ts";
import { drawPlan } from "./plan.ts";
import { sarifOf, sarifPart } from "./sarif.ts";
import type { SarifPart } from "./sarif.ts";

export interface Form<Part> {
  /** Plain data: it is kept for the next time. */
  readonly part: (program: CheckedProgram, io: Io) => Part;
  /** Of findings in a file that is no program. */
  readonly findings: (file: SourceFile, found: readonly Diagnostic[], io: Io) => Part;
  /** What goes to stdout, and what to stderr beside it. */
  readonly whole: (
    parts: readonly Part[],
    counts: Counts,
    fixed: readonly Fixed[],
  ) => { readonly out: string; readonly err?: string };
}

export interface Counts {
  readonly programs: number;
  readonly bySeverity: Readonly<Record<Severity, number>>;
  readonly suppressed: number;
  /** Findings that --fix would mend, those in imported files by the file's path, and those that --unsafe-fixes would mend besides. */
  readonly fixable: number;
  readonly fixableIn: readonly (readonly [string, number])[];
  readonly unsafelyFixable: number;
}

const pretty: Form<string> = {
  part({ compilation, diagnostics, functions }, io) {
    const style = paint(io.colour);
    const findings = pretty.findings(compilation.file, diagnostics, io);
    if (compilation.plan === null) return findings;
    const none =
      compilation.plan.outputs.length === 0 ? `  ${style.faint("no outputs, so that nothing is promised")}\n` : "";
    return `${findings}${style.strong(compilation.file.path)}\n${none}${drawPlan(compilation.plan, style, io.width)}${drawClaims(functions, style)}\n`;
  },
  findings: (_, found, io) => found.map((each) => `${drawDiagnostic(each, paint(io.colour), io.width)}\n`).join(""),
  whole: (parts, counts, fixed) => ({ out: `${parts.join("")}${summary(counts)}\n${hint(counts)}`, err: said(fixed) }),
};

const json: Form<JsonPart> = {
  part: jsonPart,
  findings: (_, found) => ({ ...nothing, diagnostics: found.map(diagnosticOf) }),
  whole: (parts, _, fixed) => ({ out: `${JSON.stringify({ ...jsonOf(parts), fixed }, null, 2)}\n` }),
};

const sarif: Form<SarifPart> = {
  part: ({ compilation, diagnostics, silenced }, io) =>
    sarifPart(compilation.file, diagnostics, silenced, namesFrom(io)),
  findings: (file, found, io) => sarifPart(file, found, [], namesFrom(io)),
  whole: (parts, _, fixed) => ({
    out: `${JSON.stringify(sarifOf(parts, version()), null, 2)}\n`,
    err: said(fixed),
  }),
};

const github: Form<string> = {
  part: ({ compilation, diagnostics }, io) => github.findings(compilation.file, diagnostics, io),
  findings: (_, found, io) => found.map((each) => githubLine(each, namesFrom(io))).join(""),
  whole: (parts, counts, fixed) => ({ out: parts.join(""), err: `${said(fixed)}${summary(counts)}\n` }),
};

export const forms: Readonly<Record<FormName, Form<unknown>>> = { pretty, json, sarif, github } as Record<
  FormName,
  Form<unknown>
>;

function summary({ programs, bySeverity, suppressed }: Counts): string {
  const parts = [count(bySeverity.error, "error"), count(bySeverity.warning, "warning")];
  if (bySeverity.note > 0) parts.push(count(bySeverity.note, "note"));
  if (suppressed > 0) parts.push(`${suppressed} suppressed`);
  return `${count(programs, "program")} checked: ${parts.join(", ")}`;
}

function hint({ fixable, fixableIn, unsafelyFixable }: Counts): string {
  const elsewhere = fixableIn.map(([path, n]) => `\`dlc check ${path} --fix\` mends ${count(n, "finding")} in it.\n`);
  const safe = `${fixable === 0 ? "" : `\`dlc check --fix\` mends ${count(fixable, "finding")}.\n`}${elsewhere.join("")}`;
  if (unsafelyFixable === 0) return safe;
  return `${safe}\`--unsafe-fixes\` mends ${unsafelyFixable}${fixable === 0 ? "" : " more"}, and may change what is computed.\n`;
}

function said(fixed: readonly Fixed[]): string {
  return fixed
    .map(({ file, line, column, code, title }) => `fixed ${file}:${line}:${column} ${code}: ${title}\n`)
    .join("");
}
