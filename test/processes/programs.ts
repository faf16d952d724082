/** Builds the hand-written programs, and runs the launcher on them in a process of its own. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll } from "vitest";

const here = dirname(fileURLToPath(import.meta.url));

export const scratch = mkdtempSync(join(tmpdir(), "dlc-test-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
    packages: "external",
  });
}

const built = new Map<string, Promise<string>>();

/** Folder of `programs/<name>.ts`, built once. */
export function program(name: string): Promise<string> {
  let folder = built.get(name);
  if (folder === undefined) {
    const path = join(scratch, name);
    folder = bundle(join(here, "programs", `${name}.ts`), join(path, "main.js")).then(() => {
      writeFileSync(join(path, "package.json"), `{"type":"module"}`);
      return path;
    });
    built.set(name, folder);
  }
  return folder;
}

let launcher: Promise<string> | null = null;

/** A script that is `runCommand(process.argv[2], JSON of process.argv[3])`. */
export function launcherScript(): Promise<string> {
  launcher ??= (async () => {
    const source = join(scratch, "launcher.ts");
    mkdirSync(scratch, { recursive: true });
    writeFileSync(
      source,
      `
      import { runCommand } from ${JSON.stringify(join(here, "../../src/cli/run.ts"))};
      runCommand(process.argv[2], JSON.parse(process.argv[3])).then(
        (code) => { process.exitCode = code; },
        (error) => { process.stderr.write(error.message + "\\n"); process.exitCode = 2; },
      );
    `,
    );
    const script = join(scratch, "launcher.mjs");
    await bundle(source, script);
    return script;
  })();
  return launcher;
}

export interface Ran {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout, parsed. */
  readonly rows: readonly {
    role: string;
    node: number;
    collection: string;
    retract?: boolean;
    row: Record<string, unknown>;
  }[];
}

export interface Running {
  readonly pid: number;
  readonly done: Promise<Ran>;
  readonly stdin: NodeJS.WritableStream;
  /** Resolves when stdout or stderr holds the text. */
  sees(text: string | RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** Those that have not ended: a test that fails leaves none behind. */
const living = new Set<ChildProcess>();
afterAll(() => {
  for (const child of living) child.kill("SIGKILL");
});

/** `input` null: stdin stays open. */
export function start(
  command: readonly string[],
  input: string | Buffer | null = "",
  env: Record<string, string> = {},
  cwd = process.cwd(),
): Running {
  const child = spawn(process.execPath, command, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...env },
    cwd,
  });
  living.add(child);
  child.once("exit", () => living.delete(child));
  let stdout = "";
  let stderr = "";
  const watchers = new Set<() => void>();
  const heard = (): void => {
    for (const watcher of watchers) watcher();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    heard();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    heard();
  });
  child.stdin.on("error", () => {});
  if (input !== null) child.stdin.end(input);
  const done = new Promise<Ran>((resolve) => {
    child.on("close", (code, signal) => {
      heard();
      const rows = stdout
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line) as Ran["rows"][number]);
      resolve({ code, signal, stdout, stderr, rows });
    });
  });
  return {
    pid: child.pid!,
    done,
    stdin: child.stdin,
    sees: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (
            typeof text === "string"
              ? stdout.includes(text) || stderr.includes(text)
              : text.test(stdout) || text.test(stderr)
          ) {
            watchers.delete(look);
            resolve();
          } else if (child.exitCode !== null || child.signalCode !== null) {
            watchers.delete(look);
            reject(new Error(`ended without saying ${String(text)}; it said:\n${stdout}\n${stderr}`));
          }
        };
        watchers.add(look);
        look();
      }),
    kill: (signal) => void child.kill(signal),
  };
}

export async function launch(
  name: string,
  options: object = {},
  input: string | Buffer | null = "",
  env: Record<string, string> = {},
): Promise<Running> {
  return start([await launcherScript(), await program(name), JSON.stringify(options)], input, env);
}

export async function run(
  name: string,
  options: object = {},
  input: string | Buffer = "",
  env: Record<string, string> = {},
): Promise<Ran> {
  return (await launch(name, options, input, env)).done;
}

export function fileOf(name: string, text: string | Buffer): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
}

/** Processes whose command line holds the text. */
export async function processesWith(text: string): Promise<readonly number[]> {
  const { readdirSync, readFileSync } = await import("node:fs");
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text) &&
          !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))
        );
      } catch {
        return false;
      }
    });
}
