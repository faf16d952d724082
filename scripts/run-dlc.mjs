import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs `dlc` with `args`, its stderr shown, and hands every line of its stdout to `take` as parsed JSON. Resolves to its exit code. */
export async function runDlc(args, take, stdin = null) {
  const child = spawn(process.execPath, [join(root, "bin", "dlc.js"), ...args], {
    cwd: root,
    stdio: [stdin === null ? "ignore" : "pipe", "pipe", "inherit"],
  });
  if (stdin !== null)
    createReadStream(stdin)
      .on("error", fail)
      .pipe(child.stdin.on("error", () => {}));
  const ended = new Promise((resolve) => child.on("close", resolve));
  for await (const line of createInterface({ input: child.stdout })) take(JSON.parse(line));
  return ended;
}

export function fail(error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
