/** From the compiler's values to those of the protocol. */
import type {
  CodeAction,
  CompletionItem,
  DocumentSymbol,
  InlayHint,
  Position,
  Range,
  TextEdit,
} from "vscode-languageserver/node";
import {
  CodeActionKind,
  CompletionItemKind,
  DiagnosticSeverity,
  DiagnosticTag,
  SymbolKind,
} from "vscode-languageserver/node";
import type { Diagnostic as Shown } from "vscode-languageserver/node";
import type { SourceFile, Span } from "../../compiler/ast.ts";
import type { Diagnostic, Fix, Severity } from "../../compiler/diagnostics/diagnostic.ts";
import { lineStarts } from "../../compiler/diagnostics/position.ts";
import type { Completion } from "../../editor/completion.ts";
import type { ItemKind } from "../../editor/completion-items.ts";
import type { RuleInsight } from "../../editor/insight.ts";
import { difference } from "../../editor/moved.ts";
import type { OutlineEntry, OutlineKind } from "../../editor/outline.ts";
import { lineEnds } from "../fix.ts";
import { uriOf } from "./paths.ts";

/** The address of a file as the editor gave it, where it did. */
export type Addressed = (path: string) => string;

export function rangeOf(file: SourceFile, { start, end }: Span): Range {
  const starts = startsOf(file);
  return { start: positionOf(starts, start), end: positionOf(starts, end) };
}

/** Of the texts that files had last. */
const known = new WeakMap<SourceFile, { readonly text: string; readonly starts: Int32Array }>();

function startsOf(file: SourceFile): Int32Array {
  const last = known.get(file);
  if (last !== undefined && last.text === file.text) return last.starts;
  const starts = lineStarts(file.text);
  known.set(file, { text: file.text, starts });
  return starts;
}

function positionOf(starts: Int32Array, offset: number): Position {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low, character: offset - starts[low] };
}

const severities: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  note: DiagnosticSeverity.Information,
};

/** Codes of what does nothing and can be taken away. */
const unused: ReadonlySet<string> = new Set(["DLC191", "DLC192", "DLC262"]);

export function shown(diagnostic: Diagnostic, addressed: Addressed): Shown {
  const { code, severity, message, file, span, cause, mend } = diagnostic;
  return {
    range: rangeOf(file, span),
    severity: severities[severity],
    code,
    source: "dlc",
    message: mend === undefined ? message : `${message}\n${mend}`,
    ...(unused.has(code) && { tags: [DiagnosticTag.Unnecessary] }),
    ...(cause && {
      relatedInformation: [
        { location: { uri: addressed(cause.file.path), range: rangeOf(cause.file, cause.span) }, message: cause.label },
      ],
    }),
  };
}

export function editsOf({ edits }: Fix, addressed: Addressed): Record<string, TextEdit[]> {
  const changes: Record<string, TextEdit[]> = {};
  for (const { file, span, text } of edits)
    (changes[addressed(file.path)] ??= []).push({ range: rangeOf(file, span), newText: lineEnds(text, file) });
  return changes;
}

/** Each fix of a finding; the one that `--fix` would take is preferred. */
export function actionsOf(diagnostic: Diagnostic, preferred: Fix | null, addressed: Addressed): CodeAction[] {
  return (diagnostic.fixes ?? []).map((fix) => ({
    title: fix.unsafe ? `${fix.title} (the program may then compute something else)` : fix.title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [shown(diagnostic, addressed)],
    isPreferred: fix === preferred,
    edit: { changes: editsOf(fix, addressed) },
  }));
}

const symbolKinds: Readonly<Record<OutlineKind, SymbolKind>> = {
  role: SymbolKind.Class,
  component: SymbolKind.Class,
  source: SymbolKind.Event,
  path: SymbolKind.Method,
  connect: SymbolKind.Operator,
  module: SymbolKind.Module,
  import: SymbolKind.Package,
  function: SymbolKind.Function,
  aggregate: SymbolKind.Function,
  lattice: SymbolKind.Interface,
  copy: SymbolKind.Object,
  input: SymbolKind.Event,
  output: SymbolKind.Event,
  channel: SymbolKind.Event,
  in: SymbolKind.Event,
  out: SymbolKind.Event,
  table: SymbolKind.Struct,
  scratch: SymbolKind.Variable,
  timer: SymbolKind.Constant,
  rule: SymbolKind.Method,
  seal: SymbolKind.Method,
};

export function symbolOf(file: SourceFile, entry: OutlineEntry): DocumentSymbol {
  const { name, kind, detail, span, nameSpan, children } = entry;
  const word = symbolWords.has(kind) ? "" : `${kind} `;
  return {
    name,
    detail: `${word}${detail}`.trim(),
    kind: symbolKinds[kind],
    range: rangeOf(file, span),
    selectionRange: rangeOf(file, nameSpan),
    children: children.map((child) => symbolOf(file, child)),
  };
}

/** Said by the picture alone. */
const symbolWords: ReadonlySet<OutlineKind> = new Set<OutlineKind>(["role", "module", "rule", "seal", "connect"]);

const itemKinds: Readonly<Record<ItemKind, CompletionItemKind>> = {
  keyword: CompletionItemKind.Keyword,
  collection: CompletionItemKind.Struct,
  column: CompletionItemKind.Field,
  variable: CompletionItemKind.Variable,
  function: CompletionItemKind.Function,
  aggregate: CompletionItemKind.Function,
  role: CompletionItemKind.Class,
  module: CompletionItemKind.Module,
  import: CompletionItemKind.Module,
  copy: CompletionItemKind.Module,
  type: CompletionItemKind.TypeParameter,
  file: CompletionItemKind.File,
};

/** What a program itself declares stands before what every program has. */
const ranks: Readonly<Record<ItemKind, string>> = {
  column: "0",
  variable: "1",
  collection: "2",
  copy: "3",
  role: "3",
  import: "3",
  module: "3",
  file: "3",
  aggregate: "4",
  function: "5",
  type: "5",
  keyword: "6",
};

export function itemsOf(file: SourceFile, offset: number, { items, start }: Completion): CompletionItem[] {
  const range = rangeOf(file, { start, end: offset });
  return items.map(({ label, kind, insert, detail, doc }) => ({
    label,
    kind: itemKinds[kind],
    sortText: `${ranks[kind]}${label}`,
    filterText: label,
    textEdit: { range, newText: insert ?? label },
    ...(detail !== undefined && { detail }),
    ...(doc !== undefined && { documentation: doc }),
  }));
}

/** Behind a rule: `Inst → Async, seal (campaign)`. */
export function inlayOf(file: SourceFile, rule: RuleInsight): InlayHint {
  const { before, after, brief, reasons, inserted, label, span } = rule;
  const change = before === after ? after : `${before} → ${after}`;
  const why = reasons.map(({ reason, why: text }) => `*${reason}*: ${text}`);
  const what = inserted.length === 0 ? "Nothing is inserted for it." : inserted.map((text) => `+ ${text}`).join("  \n");
  return {
    position: rangeOf(file, { start: span.end, end: span.end }).start,
    label: [change, brief].filter((part) => part !== "").join(", "),
    paddingLeft: true,
    tooltip: { kind: "markdown", value: [`**${label}** depends on the order of messages.`, ...why, what].join("\n\n") },
  };
}

/** The edit that makes one text of another. */
export function editBetween(file: SourceFile, text: string): TextEdit[] {
  if (file.text === text) return [];
  const { start, end, text: newText } = difference(file.text, text);
  return [{ range: rangeOf(file, { start, end }), newText }];
}

/** As the editor wrote it, else made of the path. */
export function addressing(open: ReadonlyMap<string, { readonly uri: string }>): Addressed {
  return (path) => open.get(path)?.uri ?? uriOf(path);
}
