/**
 * `dlc check --format sarif`: a log of the Static Analysis Results Interchange Format 2.1.0 (OASIS), as code scanning
 * services take it. Each code that was found is a rule with its page; what is suppressed is there as suppressed.
 */
import { codes } from "../../compiler/diagnostics/codes.ts";
import type { Code, CodePage } from "../../compiler/diagnostics/codes.ts";
import type { Silenced } from "../../compiler/diagnostics/allow.ts";
import type { Diagnostic, Edit } from "../../compiler/diagnostics/diagnostic.ts";
import { rangeOf } from "../../compiler/diagnostics/lines.ts";
import type { SourceFile, Span } from "../../compiler/ast.ts";
import { capital } from "./words.ts";
import { uriOf } from "./place.ts";
import type { Naming } from "./place.ts";

export interface SarifPart {
  /** URI of what was looked at, with or without findings. */
  readonly artifact: string;
  readonly results: readonly SarifResult[];
}

interface SarifResult {
  readonly ruleId: Code;
  readonly level: string;
  readonly [field: string]: unknown;
}

const schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

const groups: readonly (readonly [prefix: string, tag: string])[] = [
  ["DLC1", "syntax"],
  ["DLC2", "names and types"],
  ["DLC3", "order-sensitivity"],
  ["DLC4", "coordination"],
  ["DLC5", "functions"],
];

export function sarifPart(
  file: SourceFile,
  diagnostics: readonly Diagnostic[],
  silenced: readonly Silenced[],
  named: Naming,
): SarifPart {
  return {
    artifact: uriOf(named(file)),
    results: [
      ...diagnostics.map((diagnostic) => resultOf(diagnostic, [], named)),
      ...silenced.map(({ diagnostic, reason, comment }) => {
        const location = { physicalLocation: physical(diagnostic.file, comment, named) };
        return resultOf(diagnostic, [{ kind: "inSource", justification: reason, location }], named);
      }),
    ],
  };
}

export function sarifOf(parts: readonly SarifPart[], version: string): object {
  const results = parts.flatMap((part) => part.results);
  const rules = [...new Set(results.map(({ ruleId }) => ruleId))].sort();
  return {
    $schema: schema,
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "dlc", semanticVersion: version, rules: rules.map(ruleOf) } },
        invocations: [{ executionSuccessful: true }],
        columnKind: "utf16CodeUnits",
        artifacts: parts.map(({ artifact }) => ({ location: locationOf(artifact) })),
        results: results.map(({ ruleId, ...rest }) => ({ ruleId, ruleIndex: rules.indexOf(ruleId), ...rest })),
      },
    ],
  };
}

function ruleOf(code: Code): object {
  const { title, why, example, mend, severity }: CodePage = codes[code];
  const short = capital(title);
  return {
    id: code,
    name: short.replace(/[^A-Za-z0-9]+(.|$)/g, (_, next: string) => next.toUpperCase()),
    shortDescription: { text: `${short}.` },
    fullDescription: { text: why },
    help: {
      text: `${short}.\n\n${why}\n\nExample:\n\n${example}\n\nWhat to do: ${mend}\n`,
      markdown: `# ${code}: ${short}\n\n${why}\n\n\`\`\`dlc\n${example}\n\`\`\`\n\n**What to do.** ${mend}\n`,
    },
    defaultConfiguration: { level: severity },
    properties: { tags: groups.filter(([prefix]) => code.startsWith(prefix)).map(([, tag]) => tag) },
  };
}

function resultOf(diagnostic: Diagnostic, suppressions: readonly object[], named: Naming): SarifResult {
  const { code, severity, message, file, span, cause, mend, fixes } = diagnostic;
  const sentences = [message];
  if (cause !== undefined) sentences.push(`[${linkText(capital(cause.label))}](1)`);
  if (mend !== undefined) sentences.push(mend);
  return {
    ruleId: code,
    level: severity,
    message: { text: sentences.map(sentence).join("\n") },
    locations: [{ physicalLocation: physical(file, span, named) }],
    ...(cause && {
      relatedLocations: [
        {
          id: 1,
          message: { text: sentence(capital(cause.label)) },
          physicalLocation: physical(cause.file, cause.span, named),
        },
      ],
    }),
    ...(fixes?.length && {
      fixes: fixes.map(({ title, edits }) => ({
        description: { text: title },
        artifactChanges: changes(edits, named),
      })),
    }),
    suppressions,
  };
}

/** Edits by file, in the order of the text. */
function changes(edits: readonly Edit[], named: Naming): object[] {
  const files = [...new Set(edits.map(({ file }) => file))];
  return files.map((file) => ({
    artifactLocation: locationOf(uriOf(named(file))),
    replacements: edits
      .filter((edit) => edit.file === file)
      .sort((a, b) => a.span.start - b.span.start)
      .map(({ span, text }) => ({ deletedRegion: regionOf(file, span), insertedContent: { text } })),
  }));
}

function physical(file: SourceFile, span: Span, named: Naming): object {
  return { artifactLocation: locationOf(uriOf(named(file))), region: regionOf(file, span) };
}

function locationOf(uri: string): object {
  return /^[a-z][a-z0-9+.-]+:/i.test(uri) ? { uri } : { uri, uriBaseId: "%SRCROOT%" };
}

function regionOf(file: SourceFile, span: Span): object {
  const { start, end } = rangeOf(file, span);
  return { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column };
}

/** Brackets in the text of a link are escaped (SARIF 3.11.6). */
function linkText(text: string): string {
  return text.replace(/[\\[\]]/g, "\\$&");
}

function sentence(text: string): string {
  return /[.?!:]$/.test(text) ? text : `${text}.`;
}
