/** An editor for tests: a real client of the protocol, and the language server in a process of its own. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  createProtocolConnection,
  DidChangeTextDocumentNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  PublishDiagnosticsNotification,
  ShowMessageNotification,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";
import type { ClientCapabilities, Diagnostic, Position, ProtocolConnection } from "vscode-languageserver-protocol/node";

const checkout = join(import.meta.dirname ?? ".", "../..");

/** A place in a text: the cursor stands at the `|` of `around`, of which the rest is found in the text. */
export function positionIn(text: string, around: string): Position {
  const cursor = around.indexOf("|");
  const at = text.indexOf(around.replace("|", ""));
  if (cursor < 0 || at < 0) throw new Error(`${around} does not mark a place`);
  return positionAt(text, at + cursor);
}

export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length - 1, character: before[before.length - 1].length };
}

export class Editor {
  readonly process: ChildProcess;
  readonly connection: ProtocolConnection;
  readonly folder: string;
  /** The latest, by address. */
  readonly shown = new Map<string, readonly Diagnostic[]>();
  readonly messages: string[] = [];
  stderr = "";
  #waiting: (() => void)[] = [];
  readonly #versions = new Map<string, number>();
  readonly #texts = new Map<string, string>();

  /** `root`: where dlc is. */
  constructor(folder: string, root: string) {
    this.folder = folder;
    // As the client library of Visual Studio Code starts a server.
    const args = [join(root, "bin", "dlc.js"), "lsp", "--stdio", `--clientProcessId=${process.pid}`];
    this.process = spawn(process.execPath, args, { cwd: folder });
    this.process.stderr!.on("data", (data: Buffer) => (this.stderr += data.toString()));
    this.process.on("exit", () => this.#wake());
    this.connection = createProtocolConnection(
      new StreamMessageReader(this.process.stdout!),
      new StreamMessageWriter(this.process.stdin!),
    );
    this.connection.onNotification(PublishDiagnosticsNotification.type, ({ uri, diagnostics }) => {
      this.shown.set(uri, diagnostics);
      this.#wake();
    });
    this.connection.onNotification(ShowMessageNotification.type, ({ message }) => {
      this.messages.push(message);
      this.#wake();
    });
    this.connection.onRequest("client/registerCapability", () => null);
    this.connection.onRequest("workspace/inlayHint/refresh", () => null);
    this.connection.listen();
  }

  static async start(folder: string, capabilities: ClientCapabilities = {}, root = checkout): Promise<Editor> {
    const editor = new Editor(folder, root);
    const uri = pathToFileURL(folder).href;
    await editor.connection.sendRequest(InitializeRequest.type, {
      processId: process.pid,
      rootUri: uri,
      capabilities,
      workspaceFolders: [{ uri, name: "workspace" }],
    });
    await editor.connection.sendNotification(InitializedNotification.type, {});
    return editor;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  uri(name: string): string {
    return name.includes(":") ? name : pathToFileURL(join(this.folder, name)).href;
  }

  text(name: string): string {
    return this.#texts.get(this.uri(name)) ?? "";
  }

  async open(name: string, text: string): Promise<void> {
    const uri = this.uri(name);
    this.#versions.set(uri, 1);
    this.#texts.set(uri, text);
    await this.connection.sendNotification(DidOpenTextDocumentNotification.type, {
      textDocument: { uri, languageId: "dlc", version: 1, text },
    });
  }

  /** Replaces what stands there by another text, as typing would. */
  async edit(name: string, from: string, to: string): Promise<void> {
    const text = this.text(name);
    const at = text.indexOf(from);
    if (at < 0) throw new Error(`${from} is not in ${name}`);
    const range = { start: positionAt(text, at), end: positionAt(text, at + from.length) };
    await this.change(name, [{ range, text: to }], text.slice(0, at) + to + text.slice(at + from.length));
  }

  async change(
    name: string,
    contentChanges: { range: { start: Position; end: Position }; text: string }[],
    now: string,
  ): Promise<void> {
    const uri = this.uri(name);
    const version = (this.#versions.get(uri) ?? 0) + 1;
    this.#versions.set(uri, version);
    this.#texts.set(uri, now);
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version },
      contentChanges,
    });
  }

  async close(name: string): Promise<void> {
    const uri = this.uri(name);
    this.#texts.delete(uri);
    await this.connection.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri } });
  }

  /** Of a document that is open: for the requests about a place. */
  at(name: string, around: string) {
    return { textDocument: { uri: this.uri(name) }, position: positionIn(this.text(name), around) };
  }

  codes(name: string): readonly string[] {
    return (this.shown.get(this.uri(name)) ?? []).map(({ code }) => String(code));
  }

  /** Waits until what is shown is as wanted, or the server has ended; the test's own time limit ends it otherwise. */
  async until(fits: () => boolean): Promise<void> {
    while (!fits()) {
      if (this.process.exitCode !== null) throw new Error(`the server has ended: ${this.stderr}`);
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  async untilCodes(name: string, ...codes: readonly string[]): Promise<readonly Diagnostic[]> {
    await this.until(() => this.shown.has(this.uri(name)) && this.codes(name).join() === codes.join());
    return this.shown.get(this.uri(name))!;
  }

  /** Ends the server as editors do; its exit code. */
  async stop(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.process.on("exit", resolve));
    await this.connection.sendRequest(ShutdownRequest.type);
    await this.connection.sendNotification(ExitNotification.type);
    const code = await ended;
    this.connection.dispose();
    return code;
  }
}
