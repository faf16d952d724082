/** The language server: what an editor asks, and what it is told. */
import type { Worker } from "node:worker_threads";
import {
  CodeActionKind,
  DidChangeWatchedFilesNotification,
  ErrorCodes,
  MessageType,
  ResponseError,
  ShowMessageNotification,
  TextDocuments,
  TextDocumentSyncKind,
} from "vscode-languageserver/node";
import type {
  Connection,
  InitializeParams,
  InitializeResult,
  Location,
  Range,
  TextDocumentPositionParams,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { Item } from "../../compiler/ast.ts";
import type { Diagnostic, Severity } from "../../compiler/diagnostics/diagnostic.ts";
import { format } from "../../compiler/format/format.ts";
import { importPath } from "../../compiler/imports.ts";
import { complete } from "../../editor/completion.ts";
import { hoverText } from "../../editor/hover.ts";
import { occurrenceAt } from "../../editor/names.ts";
import type { Occurrence } from "../../editor/names.ts";
import { occurrencesOf } from "../../editor/occurrences.ts";
import { outlineOf } from "../../editor/outline.ts";
import { namesOfOne, rename, whyFixed } from "../../editor/rename.ts";
import { chooseFixes, onlyFix } from "../fix.ts";
import { version } from "../root.ts";
import { Checks } from "./checks.ts";
import { actionsOf, addressing, editBetween, editsOf, inlayOf, itemsOf, rangeOf, shown, symbolOf } from "./convert.ts";
import { ProgramFindings } from "./findings.ts";
import { pathOf } from "./paths.ts";
import { importable, Workspace } from "./workspace.ts";
import type { OpenProgram } from "./workspace.ts";

/** No editor shows more of one file, and each costs time at every edit. */
const most = 1000;
const fixAll = `${CodeActionKind.SourceFixAll}.dlc`;

export function serve(connection: Connection, startWorker: () => Worker): void {
  const workspace = new Workspace();
  const findings = new ProgramFindings(workspace);
  const documents = new TextDocuments(TextDocument);
  const addressed = addressing(workspace.open);
  /** Addresses for which something is shown. */
  const showing = new Set<string>();
  /** What was said already, so that it is not said at every edit. */
  const told = new Set<string>();
  let watches = false;
  let refreshes = false;

  const tell = (message: string): void => {
    if (told.has(message)) return;
    told.add(message);
    // Not `window.showErrorMessage`: that is a request, which not every client answers.
    void connection.sendNotification(ShowMessageNotification.type, { type: MessageType.Error, message });
  };
  const publish = (path: string): void => {
    const uri = addressed(path);
    const diagnostics = mostSevere(findings.of(path)).map((diagnostic) => shown(diagnostic, addressed));
    if (diagnostics.length === 0 && !showing.has(uri) && !workspace.open.has(path)) return;
    if (diagnostics.length === 0) showing.delete(uri);
    else showing.add(uri);
    void connection.sendDiagnostics({ uri, diagnostics, version: documents.get(uri)?.version });
  };
  const checks = new Checks({
    startWorker,
    jobOf: (path) => {
      const program = workspace.open.get(path)?.program;
      if (program === undefined) return null;
      const unsaved = new Map(workspace.unsaved());
      unsaved.delete(path);
      return { text: program.root.file.text, unsaved };
    },
    done: (path, result) => {
      if (!workspace.open.has(path)) return;
      const before = findings.about(path);
      findings.keep(path, result);
      for (const one of new Set([path, ...before, ...findings.about(path)])) publish(one);
      if (refreshes) connection.languages.inlayHint.refresh().catch(() => {});
      if (result.trouble !== null) tell(`dlc: ${result.trouble}`);
    },
    failed: (path, fault) => {
      connection.console.error(`${path} could not be checked: ${fault}`);
      tell(
        `dlc could not check ${path}: ${fault.split("\n")[0]}. This is a fault of dlc; please report it with the program.`,
      );
    },
  });

  connection.onInitialize(({ capabilities, workspaceFolders }: InitializeParams): InitializeResult => {
    workspace.folders = (workspaceFolders ?? []).map(({ uri }) => pathOf(uri));
    watches = capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    refreshes = capabilities.workspace?.inlayHint?.refreshSupport === true;
    return {
      serverInfo: { name: "dlc", version: version() },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: false },
        hoverProvider: true,
        definitionProvider: true,
        referencesProvider: true,
        renameProvider: { prepareProvider: true },
        completionProvider: { triggerCharacters: [".", '"', "@", "("] },
        documentSymbolProvider: true,
        documentFormattingProvider: true,
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, fixAll] },
        inlayHintProvider: true,
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  });
  connection.onInitialized(() => {
    if (watches) {
      const watchers = ["**/*.dlc", "**/*.{ts,mts,js,mjs}", "**/dlc.config.json"].map((globPattern) => ({
        globPattern,
      }));
      connection.client.register(DidChangeWatchedFilesNotification.type, { watchers }).catch(() => {});
    }
    connection.onNotification(
      "workspace/didChangeWorkspaceFolders",
      ({ event }: { event: { added: { uri: string }[]; removed: { uri: string }[] } }) => {
        const removed = new Set(event.removed.map(({ uri }) => pathOf(uri)));
        workspace.folders = [
          ...workspace.folders.filter((one) => !removed.has(one)),
          ...event.added.map(({ uri }) => pathOf(uri)),
        ];
      },
    );
  });
  connection.onShutdown(() => checks.close());

  documents.onDidChangeContent(({ document }) => {
    const path = pathOf(document.uri);
    const known = workspace.open.get(path);
    if (known === undefined) workspace.add(document.uri, path, document.getText());
    else if (known.program.root.file.text !== document.getText()) workspace.change(known, document.getText());
    publish(path);
    checks.ask(path, known !== undefined);
    for (const other of workspace.importing(path)) {
      workspace.readAgain(other);
      checks.ask(other.path);
    }
  });
  documents.onDidClose(({ document }) => {
    const path = pathOf(document.uri);
    const about = findings.about(path);
    workspace.remove(path);
    findings.forget(path);
    checks.forget(path);
    for (const one of new Set([path, ...about])) publish(one);
    for (const other of workspace.importing(path)) {
      workspace.readAgain(other);
      checks.ask(other.path);
    }
  });
  connection.onDidChangeWatchedFiles(() => {
    // A program, a module of functions, a configuration: any of them can matter to any program.
    for (const opened of workspace.open.values()) {
      workspace.readAgain(opened);
      checks.ask(opened.path);
    }
  });

  /** null: not open here. */
  const openedAt = (uri: string): OpenProgram | null => workspace.open.get(pathOf(uri)) ?? null;
  const at = ({ textDocument, position }: TextDocumentPositionParams) => {
    const opened = openedAt(textDocument.uri);
    const offset = documents.get(textDocument.uri)?.offsetAt(position);
    return opened === null || offset === undefined ? null : { ...opened, offset };
  };
  const named = (params: TextDocumentPositionParams) => {
    const there = at(params);
    if (there === null) return null;
    const occurrence = occurrenceAt(occurrencesOf(there.program), there.offset);
    return occurrence === null ? null : { ...there, occurrence };
  };

  connection.onHover((params) => {
    const there = named(params);
    if (there === null) return null;
    const { program, occurrence, path } = there;
    const value = hoverText(program, occurrence, findings.insightOf(path));
    return value === null
      ? null
      : { contents: { kind: "markdown", value }, range: rangeOf(program.root.file, occurrence.span) };
  });
  connection.onDefinition((params) => {
    const there = named(params);
    if (there !== null) return definitionOf(there.occurrence, addressed);
    const inside = at(params);
    return inside === null ? null : importedAt(inside, inside.offset, addressed);
  });
  connection.onReferences(async (params): Promise<Location[] | null> => {
    const there = named(params);
    if (there === null) return null;
    const programs = await workspace.naming(there.occurrence.name);
    return namesOfOne(programs, there.occurrence).flatMap(({ program: { root }, occurrence }) =>
      occurrence.isDeclaration && !params.context.includeDeclaration
        ? []
        : [{ uri: addressed(root.file.path), range: rangeOf(root.file, occurrence.span) }],
    );
  });
  connection.onPrepareRename((params) => {
    const there = named(params);
    if (there === null) return null;
    const { program, occurrence } = there;
    const why = whyFixed(occurrence);
    if (why !== null) return new ResponseError(ErrorCodes.InvalidRequest, why);
    return { range: rangeOf(program.root.file, occurrence.span), placeholder: occurrence.name };
  });
  connection.onRenameRequest(async (params) => {
    const there = named(params);
    if (there === null) return null;
    const programs = await workspace.naming(there.occurrence.name);
    const renamed = rename(programs, there.occurrence, params.newName);
    if (typeof renamed === "string") return new ResponseError(ErrorCodes.InvalidRequest, renamed);
    const changes = [...renamed.spans].map(([path, spans]) => {
      const { file } = programs.find(({ program }) => program.root.file.path === path)!.program.root;
      return [addressed(path), spans.map((span) => ({ range: rangeOf(file, span), newText: params.newName }))];
    });
    return { changes: Object.fromEntries(changes) };
  });
  connection.onCompletion((params) => {
    const there = at(params);
    if (there === null) return null;
    const { program, offset, path } = there;
    return itemsOf(
      program.root.file,
      offset,
      complete(program, offset, () => importable(path)),
    );
  });
  connection.onDocumentSymbol(({ textDocument }) => {
    const root = openedAt(textDocument.uri)?.program.root;
    return root === undefined ? null : outlineOf(root).map((entry) => symbolOf(root.file, entry));
  });
  connection.onDocumentFormatting(({ textDocument }) => {
    const file = openedAt(textDocument.uri)?.program.root.file;
    const formatted = file === undefined ? null : format(file.text);
    if (file === undefined || formatted === null) return null;
    return editBetween(file, formatted);
  });
  connection.onCodeAction(({ textDocument, range, context }) => {
    const opened = openedAt(textDocument.uri);
    const document = documents.get(textDocument.uri);
    if (opened === null || document === undefined) return null;
    const wanted = (kind: string): boolean =>
      context.only === undefined || context.only.some((one) => kind === one || kind.startsWith(`${one}.`));
    const all = findings.of(opened.path);
    const start = document.offsetAt(range.start);
    const end = document.offsetAt(range.end);
    const here = all.filter(({ span }) => span.start <= end && start <= span.end);
    const quick = wanted(CodeActionKind.QuickFix)
      ? here.flatMap((diagnostic) => actionsOf(diagnostic, onlyFix(diagnostic, false), addressed))
      : [];
    const chosen = wanted(fixAll) ? chooseFixes(opened.program.root.file, all, false) : [];
    if (chosen.length === 0) return quick;
    const edits = chosen.flatMap(({ fix }) => fix.edits);
    return [
      ...quick,
      { title: "Mend all that has one fix", kind: fixAll, edit: { changes: editsOf({ title: "", edits }, addressed) } },
    ];
  });
  connection.languages.inlayHint.on(({ textDocument, range }) => {
    const opened = openedAt(textDocument.uri);
    if (opened === null) return null;
    const { file } = opened.program.root;
    const own = findings.insightOf(opened.path).rules.filter(({ path }) => path === opened.path);
    return own.map((rule) => inlayOf(file, rule)).filter(({ position }) => isWithin(position.line, range));
  });

  documents.listen(connection);
  connection.listen();
}

function mostSevere(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  if (diagnostics.length <= most) return diagnostics;
  const of = (wanted: Severity) => diagnostics.filter(({ severity }) => severity === wanted);
  return [...of("error"), ...of("warning"), ...of("note")].slice(0, most);
}

function isWithin(line: number, { start, end }: Range): boolean {
  return start.line <= line && line <= end.line;
}

function definitionOf({ places, meaning }: Occurrence, addressed: (path: string) => string): Location[] {
  const location = (
    file: { readonly path: string; readonly text: string },
    span: { readonly start: number; readonly end: number },
  ): Location => ({
    uri: addressed(file.path),
    range: rangeOf(file, span),
  });
  // The addresses of a role's instances come with the role.
  if (meaning.kind === "collection" && places.length === 0)
    return [location(meaning.collection.file, meaning.collection.nameSpan)];
  return places.map(({ file, span }) => location(file, span));
}

/** The file that an import, a function or a lattice names, when the cursor is in its path. */
function importedAt({ program }: OpenProgram, offset: number, addressed: (path: string) => string): Location | null {
  const { file } = program.root;
  const item = program.root.read.ast.items.find(({ span }) => span.start <= offset && offset <= span.end);
  const from = item === undefined ? null : fileNamedIn(item);
  if (item === undefined || from === null) return null;
  const at = file.text.indexOf(JSON.stringify(from), item.span.start);
  if (at < 0 || offset < at || offset > at + from.length + 2) return null;
  const path = importPath(file.path, from);
  const start = { line: 0, character: 0 };
  return path === null ? null : { uri: addressed(path), range: { start, end: start } };
}

function fileNamedIn(item: Item): string | null {
  switch (item.kind) {
    case "import":
      return item.from.value;
    case "function":
    case "aggregate":
    case "lattice":
      return item.from;
    case "component":
      return item.from?.text ?? null;
    default:
      return null;
  }
}
