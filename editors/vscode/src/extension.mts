/** Starts `dlc lsp` and connects the editor with it. */
import { existsSync } from "node:fs";
import { delimiter } from "node:path";
import { commands, window, workspace } from "vscode";
import type { ExtensionContext } from "vscode";
import { LanguageClient, TransportKind } from "vscode-languageclient/node";
import type { ServerOptions } from "vscode-languageclient/node";
import { serverOf } from "./server.mts";
import type { Server } from "./server.mts";

let client: LanguageClient | null = null;

export async function activate(context: ExtensionContext): Promise<void> {
  context.subscriptions.push(
    commands.registerCommand("dlc.restart", start),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("dlc.path")) void start();
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  const running = client;
  client = null;
  await running?.stop();
}

async function start(): Promise<void> {
  await deactivate();
  const found = serverOf({
    folders: (workspace.workspaceFolders ?? []).flatMap(({ uri }) => (uri.scheme === "file" ? [uri.fsPath] : [])),
    setting: workspace.getConfiguration("dlc").get<string>("path", "").trim(),
    path: (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== ""),
    windows: process.platform === "win32",
    exists: existsSync,
  });
  if (typeof found === "string") {
    void window.showErrorMessage(`dlc: ${found}`);
    return;
  }
  client = new LanguageClient("dlc", "dlc", optionsOf(found), {
    documentSelector: [{ language: "dlc" }],
  });
  try {
    await client.start();
  } catch (error) {
    void window.showErrorMessage(`dlc: the language server does not start: ${(error as Error).message}`);
  }
}

function optionsOf(server: Server): ServerOptions {
  if (server.kind === "module") return { module: server.path, args: ["lsp"], transport: TransportKind.stdio };
  const shell = process.platform === "win32";
  return { command: server.command, args: ["lsp"], transport: TransportKind.stdio, options: { shell } };
}
