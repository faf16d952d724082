/** The language server over the protocol, asked by a client of another library than its own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { execFileSync } from "node:child_process";
import {
  CodeActionRequest,
  CompletionRequest,
  DefinitionRequest,
  DiagnosticSeverity,
  DiagnosticTag,
  DidChangeWatchedFilesNotification,
  DocumentFormattingRequest,
  DocumentSymbolRequest,
  FileChangeType,
  HoverRequest,
  InlayHintRequest,
  PrepareRenameRequest,
  ReferencesRequest,
  RenameRequest,
} from "vscode-languageserver-protocol/node";
import type {
  CodeAction,
  CompletionItem,
  DocumentSymbol,
  Location,
  TextEdit,
  WorkspaceEdit,
} from "vscode-languageserver-protocol/node";
import { format } from "../../src/compiler/format/format.ts";
import { ads } from "../place-of-tests.ts";
import { Editor, positionAt } from "../support/editor.ts";

const root = join(import.meta.dirname, "../..");
let folder: string;
let editor: Editor;
beforeAll(() => {
  execFileSync(process.execPath, [join(root, "scripts", "build.mjs"), "--if-stale"]);
}, 180_000);
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "dlc-lsp-"));
  editor = await Editor.start(folder);
});
afterEach(async () => {
  expect(await editor.stop()).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

const send = (type: { readonly method: string }, params: unknown): Promise<any> =>
  editor.connection.sendRequest(type.method, params);
const whole = { start: { line: 0, character: 0 }, end: { line: 10_000, character: 0 } };
const document = (name: string) => ({ textDocument: { uri: editor.uri(name) } });

/** The text after edits from the server. */
function applied(text: string, edits: readonly TextEdit[]): string {
  const lines = text.split("\n");
  const offset = ({ line, character }: { line: number; character: number }): number =>
    lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0) + character;
  return [...edits]
    .sort((a, b) => offset(b.range.start) - offset(a.range.start))
    .reduce(
      (now, { range, newText }) => now.slice(0, offset(range.start)) + newText + now.slice(offset(range.end)),
      text,
    );
}

const clean = "role A {\n  input i(x: int);\n  output o(x: int);\n  o(x) <= i(x);\n}\n";

describe("diagnostics", () => {
  test("of syntax, names and order, as they are typed", async () => {
    await editor.open("a.dlc", ads());
    const [warning] = await editor.untilCodes("a.dlc", "DLC302");
    expect(warning.severity).toBe(2);
    expect(warning.range.start).toEqual({ line: 14, character: 2 });
    expect(warning.relatedInformation?.[0].message).toContain("what it reads here comes from AdServer.click");
    await editor.edit("a.dlc", "clicks(c, i, _) having", "clicsk(c, i, _) having");
    const [wrong] = await editor.untilCodes("a.dlc", "DLC202");
    expect(wrong.message).toContain("Did you mean `click` or `clicks`?");
    await editor.edit("a.dlc", "clicsk(c, i, _) having", "clicks(c, i, _)) having");
    await editor.untilCodes("a.dlc", "DLC101");
    await editor.edit("a.dlc", "clicks(c, i, _)) having", "clicks(c, i, _) having");
    await editor.untilCodes("a.dlc", "DLC302");
  });

  test("of what can do nothing: faint where nothing reads it, until a rule does", async () => {
    await editor.open("a.dlc", clean.replace("i(x);\n}", "i(x);\n  table t(x: int);\n  output late(x: int);\n}"));
    const found = await editor.untilCodes("a.dlc", "DLC262", "DLC261");
    expect(found.map(({ severity, tags, range, message }) => [severity, tags, range.start, message])).toEqual([
      [
        DiagnosticSeverity.Information,
        [DiagnosticTag.Unnecessary],
        { line: 4, character: 8 },
        "nothing reads or writes `A.t`\nRead it in a rule, or take it away; `_t` says that it is meant.",
      ],
      [
        DiagnosticSeverity.Warning,
        undefined,
        { line: 5, character: 9 },
        "nothing writes `A.late`, so nothing is put out\nAdd a rule that writes it, or take it away.",
      ],
    ]);
    await editor.edit("a.dlc", "output late(x: int);\n", "output late(x: int);\n  t(x) <= i(x);\n");
    await editor.until(() =>
      editor.shown.get(editor.uri("a.dlc"))!.some(({ message }) => String(message).startsWith("nothing reads `A.t`")),
    );
    expect(editor.codes("a.dlc")).toEqual(["DLC262", "DLC261"]);
    await editor.edit("a.dlc", "t(x) <= i(x);\n", "t(x) <= i(x);\n  late(x) <= t(x);\n");
    await editor.untilCodes("a.dlc");
    // That it is meant its name can say.
    await editor.edit("a.dlc", "late(x) <= t(x);", "late(x) <= i(x);");
    await editor.untilCodes("a.dlc", "DLC262");
    await editor.edit("a.dlc", "table t(x: int);", "table _t(x: int);");
    await editor.edit("a.dlc", "t(x) <= i(x);", "_t(x) <= i(x);");
    await editor.untilCodes("a.dlc");
  });

  test("move with the text until the next check, and those that a comment allows are not shown", async () => {
    await editor.open("a.dlc", ads());
    await editor.untilCodes("a.dlc", "DLC302");
    await editor.edit("a.dlc", "role AdServer", "// two\n// lines\nrole AdServer");
    await editor.until(() => editor.shown.get(editor.uri("a.dlc"))?.[0]?.range.start.line === 16);
    await editor.edit("a.dlc", "  poor(c", "  // dlc-allow DLC302: it is sealed\n  poor(c");
    await editor.untilCodes("a.dlc");
  });

  test("are those of `dlc check`, with the folder's configuration", async () => {
    writeFileSync(join(folder, "dlc.config.json"), JSON.stringify({ severities: { DLC302: "error" } }));
    await editor.open("a.dlc", ads());
    const [found] = await editor.untilCodes("a.dlc", "DLC302");
    expect(found.severity).toBe(1);
    writeFileSync(join(folder, "dlc.config.json"), "{ no JSON");
    await editor.connection.sendNotification(DidChangeWatchedFilesNotification.type, {
      changes: [{ uri: editor.uri("dlc.config.json"), type: FileChangeType.Changed }],
    });
    await editor.until(() => editor.messages.some((message) => message.includes("dlc.config.json:1:")));
    await editor.until(() => editor.shown.get(editor.uri("a.dlc"))?.[0]?.severity === 2);
  });

  test("of functions in TypeScript, also when only these change", async () => {
    writeFileSync(join(folder, "f.ts"), "export function f(x: number): number {\n  return x;\n}\n");
    const text = `function f(x: int): int from "./f.ts";\n${clean.replace("i(x);\n}", "i(y), x = f(y);\n}")}`;
    await editor.open("a.dlc", text);
    await editor.untilCodes("a.dlc");
    writeFileSync(join(folder, "f.ts"), "export function f(x: number): number {\n  return x + Date.now();\n}\n");
    await editor.connection.sendNotification(DidChangeWatchedFilesNotification.type, {
      changes: [{ uri: editor.uri("f.ts"), type: FileChangeType.Changed }],
    });
    await editor.untilCodes("a.dlc", "DLC507");
  });

  test("go when the document is closed", async () => {
    await editor.open("a.dlc", clean.replace("<= i(x)", "<= j(x)"));
    await editor.untilCodes("a.dlc", "DLC202");
    await editor.close("a.dlc");
    await editor.untilCodes("a.dlc");
  });
});

describe("several files", () => {
  const store = "role Store {\n  channel put(x: int);\n  table puts(x: int);\n  puts(x) <= put(x);\n}\n";
  const user = 'import "./store.dlc" as s;\nrole A {\n  input i(x: int);\n  s.Store.put(x) <~ i(x);\n}\n';

  test("what is not saved counts, and a change shows in all programs that import it", async () => {
    writeFileSync(join(folder, "store.dlc"), store);
    await editor.open("a.dlc", user);
    await editor.untilCodes("a.dlc");
    await editor.open("store.dlc", store);
    await editor.edit("store.dlc", "channel put", "channel get");
    await editor.untilCodes("a.dlc", "DLC202");
    await editor.close("store.dlc");
    await editor.untilCodes("a.dlc");
  });

  test("an import that is not there says what there is", async () => {
    writeFileSync(join(folder, "store.dlc"), store);
    await editor.open("a.dlc", user.replace("store", "stroe"));
    const [found] = await editor.untilCodes("a.dlc", "DLC291");
    expect(found.message).toContain('Did you mean `"./store.dlc"`?');
  });

  test("definitions, references and renames go from one to the other, also where it is not open", async () => {
    writeFileSync(join(folder, "store.dlc"), store);
    writeFileSync(join(folder, "b.dlc"), user.replace("role A", "role B"));
    await editor.open("a.dlc", user);
    const [there] = (await send(DefinitionRequest.type, editor.at("a.dlc", "s.Store.p|ut"))) as Location[];
    expect(there).toEqual({
      uri: editor.uri("store.dlc"),
      range: { start: { line: 1, character: 10 }, end: { line: 1, character: 13 } },
    });
    const from = (await send(DefinitionRequest.type, editor.at("a.dlc", '"./sto|re'))) as Location;
    expect(from.uri).toBe(editor.uri("store.dlc"));
    const references = (await send(ReferencesRequest.type, {
      ...editor.at("a.dlc", "s.Store.p|ut"),
      context: { includeDeclaration: true },
    })) as Location[];
    expect(references.map(({ uri }) => uri.slice(uri.lastIndexOf("/") + 1)).sort()).toEqual([
      "a.dlc",
      "b.dlc",
      "store.dlc",
      "store.dlc",
    ]);
    const { changes } = (await send(RenameRequest.type, {
      ...editor.at("a.dlc", "s.St|ore"),
      newName: "Shelf",
    })) as Required<WorkspaceEdit>;
    expect(applied(store, changes[editor.uri("store.dlc")])).toBe(store.replace("Store", "Shelf"));
    expect(applied(user, changes[editor.uri("a.dlc")])).toBe(user.replace("Store", "Shelf"));
    expect(Object.keys(changes)).toHaveLength(3);
  });

  test("modules of the library are known, read and not renamed", async () => {
    const text =
      'import "dlc:delivery" as bed;\nrole N x2 {\n  input i(a: addr, x: string);\n  use bed.Reliable<string>(N) as r;\n  r.send(a, x, x) <= i(a, x);\n}\n';
    await editor.open("a.dlc", text);
    await editor.untilCodes("a.dlc");
    const [there] = (await send(DefinitionRequest.type, editor.at("a.dlc", "bed.Rel|iable"))) as Location[];
    expect(there.uri).toMatch(/lib\/delivery\.dlc$/);
    const { contents } = await send(HoverRequest.type, editor.at("a.dlc", "as |r;"));
    expect(contents.value).toContain("out acknowledged(to: addr, id: string);");
    expect(contents.value).toContain("Reliable: a message is sent again until its receipt comes");
    await expect(send(PrepareRenameRequest.type, editor.at("a.dlc", "bed.Rel|iable"))).rejects.toThrow(
      "declared in the standard library",
    );
    const items = (await send(CompletionRequest.type, editor.at("a.dlc", "use bed.|"))) as CompletionItem[];
    expect(items.map(({ label }) => label)).toContain("BestEffort");
    await editor.edit("a.dlc", '"dlc:delivery"', '"dlc:"');
    const files = (await send(CompletionRequest.type, editor.at("a.dlc", '"dlc:|"'))) as CompletionItem[];
    expect(files.map(({ label }) => label)).toContain("dlc:kvs");
  });
});

describe("what a program means", () => {
  test("hovers and inlays tell labels, why, and what is inserted", async () => {
    await editor.open("a.dlc", ads());
    await editor.untilCodes("a.dlc", "DLC302");
    const { contents } = await send(HoverRequest.type, editor.at("a.dlc", "p|oor(c, i, count())"));
    for (const part of [
      "scratch poor(campaign: string, id: string, n: int)",
      "**Inst** → **Async**: the same facts in every run",
      "**poor#1** depends on the order of messages",
      "Gate: (c, i), the columns (campaign, id)",
      "+ seal at Report.click by (campaign), votes of AdServer, for poor#1",
    ])
      expect(contents.value).toContain(part);
    const hints = await send(InlayHintRequest.type, { ...document("a.dlc"), range: whole });
    expect(hints).toMatchObject([{ position: { line: 14, character: 62 }, label: "Inst → Async, seal (campaign)" }]);
    expect(
      await send(InlayHintRequest.type, { ...document("a.dlc"), range: { ...whole, end: { line: 3, character: 0 } } }),
    ).toEqual([]);
  });

  test("symbols are the tree of declarations", async () => {
    await editor.open("a.dlc", ads());
    const symbols = (await send(DocumentSymbolRequest.type, document("a.dlc"))) as DocumentSymbol[];
    expect(symbols.map(({ name }) => name)).toEqual(["AdServer", "Report", "Analyst"]);
    expect(symbols[1].children?.map(({ name }) => name)).toContain("poor#1");
  });

  test("formatting is that of `dlc fmt`, and nothing where the text cannot be read", async () => {
    const text = clean.replaceAll("  ", "      ").replace("<=", "<= ");
    await editor.open("a.dlc", text);
    const options = { tabSize: 2, insertSpaces: true };
    const edits = (await send(DocumentFormattingRequest.type, { ...document("a.dlc"), options })) as TextEdit[];
    expect(applied(text, edits)).toBe(format(text));
    expect(edits).toHaveLength(1);
    await editor.open("b.dlc", '"');
    expect(await send(DocumentFormattingRequest.type, { ...document("b.dlc"), options })).toBeNull();
  });

  test("fixes are offered at their findings, alone and together", async () => {
    const right = clean.replaceAll("i(", "click(").replaceAll("o(", "shown(");
    const text = right.replace("<= click", "<= clikc").replace("  shown", "  showm");
    await editor.open("a.dlc", text);
    await editor.until(() => editor.codes("a.dlc").length === 2);
    const at = positionAt(text, text.indexOf("clikc"));
    const range = { start: at, end: at };
    const context = { diagnostics: [] };
    const actions = (await send(CodeActionRequest.type, { ...document("a.dlc"), range, context })) as CodeAction[];
    expect(actions.map(({ title, kind }) => `${kind}: ${title}`)).toEqual([
      "quickfix: Write `click`",
      "source.fixAll.dlc: Mend all that has one fix",
    ]);
    const [, all] = actions;
    const mended = applied(text, all.edit!.changes![editor.uri("a.dlc")]);
    expect(mended).toBe(right);
    const only = (await send(CodeActionRequest.type, {
      ...document("a.dlc"),
      range,
      context: { ...context, only: ["quickfix"] },
    })) as CodeAction[];
    expect(only).toHaveLength(1);
  });

  test("a fix of what depends on order is the one that `dlc check --fix` knows", async () => {
    const text = `role Front { input vote(c: string, who: string); Poll.vote <~ vote; }
role Poll replicated x3 {
  channel vote(c: string, who: string);
  table   ballots(c: string, who: string);
  scratch votes(c: string -> n: int);
  output  elected(c: string);
  ballots <= vote;
  votes(c, count()) <= ballots(c, _);
  elected(c) <= votes(c, n), 3 <= n;
}
`;
    await editor.open("a.dlc", text);
    await editor.until(() => editor.codes("a.dlc").includes("DLC302"));
    const { range } = editor.shown.get(editor.uri("a.dlc"))!.find(({ code }) => code === "DLC302")!;
    const context = { diagnostics: [], only: ["quickfix"] };
    const [action] = (await send(CodeActionRequest.type, { ...document("a.dlc"), range, context })) as CodeAction[];
    const mended = applied(text, action.edit!.changes![editor.uri("a.dlc")]);
    expect(mended).toContain("having count() >= 3");
    await editor.open("b.dlc", mended);
    await editor.untilCodes("b.dlc");
  });

  test("a name that would be another's is refused with the reason", async () => {
    await editor.open("a.dlc", ads());
    await expect(
      send(RenameRequest.type, { ...editor.at("a.dlc", "table   cl|icks"), newName: "requests" }),
    ).rejects.toThrow("is declared twice");
  });
});

describe("whatever comes", () => {
  test("documents that are not saved anywhere are programs too", async () => {
    await editor.open("untitled:Untitled-1", clean.replace("<= i(x)", "<= j(x)"));
    await editor.untilCodes("untitled:Untitled-1", "DLC202");
  });

  test("requests about documents that are not open have no answer", async () => {
    const position = { line: 3, character: 1 };
    for (const type of [HoverRequest.type, DefinitionRequest.type, CompletionRequest.type, PrepareRenameRequest.type])
      expect(await editor.connection.sendRequest(type.method, { ...document("none.dlc"), position })).toBeNull();
    expect(await send(DocumentSymbolRequest.type, document("none.dlc"))).toBeNull();
  });

  test("texts that are no programs, and positions outside of them, end nothing", async () => {
    const texts = [
      "",
      "\u0000\u0001",
      "}}}}",
      "role",
      "role A {".repeat(300),
      `role A { ${"(".repeat(20_000)}`,
      '"',
      "/*",
      "module M<T>(P: M) { use M<T>(P) as m; }",
      "\ud800",
      "é\r\n\r".repeat(50),
    ];
    for (const [i, text] of texts.entries()) {
      const name = `${i}.dlc`;
      await editor.open(name, text);
      const position = { line: 99, character: 99 };
      for (const type of [HoverRequest.type, CompletionRequest.type, DefinitionRequest.type])
        await editor.connection.sendRequest(type.method, { ...document(name), position });
      await send(DocumentSymbolRequest.type, document(name));
      await send(InlayHintRequest.type, { ...document(name), range: whole });
      await send(CodeActionRequest.type, { ...document(name), range: whole, context: { diagnostics: [] } });
      await editor.until(() => editor.shown.has(editor.uri(name)));
    }
    await editor.open("last.dlc", clean.replace("<= i(x)", "<= j(x)"));
    await editor.untilCodes("last.dlc", "DLC202");
    expect(editor.messages).toEqual([]);
  });

  test("a request that is no request is refused, and the next one answered", async () => {
    await expect(editor.connection.sendRequest("no/such", {})).rejects.toThrow();
    await expect(editor.connection.sendRequest("textDocument/hover", { nothing: true })).rejects.toThrow();
    const broken = "{ no JSON";
    editor.process.stdin!.write(`Content-Length: ${broken.length}\r\n\r\n${broken}`);
    await editor.open("a.dlc", clean.replace("<= i(x)", "<= j(x)"));
    await editor.untilCodes("a.dlc", "DLC202");
  });

  test("a folder that is a file's name, and a file that comes later", async () => {
    mkdirSync(join(folder, "store.dlc"));
    await editor.open("a.dlc", 'import "./store.dlc" as s;\n');
    const [found] = await editor.untilCodes("a.dlc", "DLC291");
    expect(found.message).toContain("it is a folder");
    rmSync(join(folder, "store.dlc"), { recursive: true });
    writeFileSync(join(folder, "store.dlc"), clean);
    await editor.connection.sendNotification(DidChangeWatchedFilesNotification.type, {
      changes: [{ uri: editor.uri("store.dlc"), type: FileChangeType.Created }],
    });
    await editor.untilCodes("a.dlc");
  });
});
