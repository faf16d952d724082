/** `dlc lsp`: the language server, on stdin and stdout until they are closed. */
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { serve } from "./lsp/server.ts";
import { packageRoot } from "./root.ts";

/** Does not come back: the process ends with the connection. */
export async function lspCommand(): Promise<never> {
  if (process.stdin.isTTY)
    console.error("dlc lsp talks with an editor, which starts it; docs/editors.md says how. Ctrl-C ends it.");
  // Whatever prints by mistake must not stand among the messages.
  console.log = console.error;
  const connection = createConnection(ProposedFeatures.all, process.stdin, process.stdout);
  // One answer that fails is no reason to leave all others out.
  const log = (error: unknown): void =>
    console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.on("unhandledRejection", log);
  process.on("uncaughtException", log);
  serve(connection, () => new Worker(join(packageRoot(), "dist", "check-worker.js")));
  return new Promise<never>(() => {});
}
