/** `dlc run FILE`: builds into a folder of its own and runs all instances on this machine. */
import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Strategy } from "../compiler/plan.ts";
import type { Description } from "../runtime/control.ts";
import { createFolder } from "./files.ts";
import { WrongUse } from "./io.ts";
import { launch } from "./launch/launch.ts";
import type { LaunchOptions } from "./launch/plan.ts";

export interface RunOptions extends LaunchOptions {
  readonly strategy?: Strategy;
  /** Builds the program into the folder; its plan as it is drawn, or null when it has errors. Findings are printed by it. */
  readonly build?: (file: string, folder: string) => Promise<string | null>;
}

/** Exit codes: 0 done; 1 the program has errors, a node failed or a row was bad; 2 wrong use; 130, 143 ended by a signal. */
export async function runCommand(file: string, options: RunOptions = {}): Promise<number> {
  const path = resolve(file);
  if (!existsSync(path)) throw new WrongUse(`no such file: ${file}`);
  if (statSync(path).isDirectory()) {
    if (!existsSync(join(path, "main.js")))
      throw new WrongUse(`${file} is a folder, but not one that dlc build made: it has no main.js`);
    return launch(path, await describe(path), options);
  }
  const build = options.build;
  if (build === undefined) throw new Error("runCommand was given nothing to build with");
  const folder = makeFolder(path);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  // A signal ends the building at once; the launcher has an ending of its own.
  const onSignal = (signal: NodeJS.Signals): void => process.exit(signal === "SIGINT" ? 130 : 143);
  process.on("exit", remove).on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    const plan = await build(file, folder);
    if (plan === null) return 1;
    const description = await describe(folder);
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    return await launch(folder, description, options, () => {
      if (options.quiet !== true) process.stderr.write(plan);
    });
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    remove();
    process.off("exit", remove);
  }
}

/** Beside the program's packages where it has some, so that its functions find them; else in the system's temporary folder. */
function makeFolder(file: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const packages = join(folder, "node_modules");
    if (existsSync(packages) && isWritable(packages)) {
      const cache = join(packages, ".cache", "dlc");
      createFolder(cache);
      return mkdtempSync(join(cache, "run-"));
    }
    if (folder === dirname(folder)) return mkdtempSync(join(tmpdir(), "dlc-run-"));
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function describe(folder: string): Promise<Description> {
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--enable-source-maps", join(folder, "main.js"), "--describe"],
      { maxBuffer: 1 << 26 },
    );
    return JSON.parse(stdout) as Description;
  } catch (error) {
    // A function of the program that cannot be loaded, mostly.
    const { stderr, message } = error as Error & { stderr?: string };
    throw new WrongUse(`the built program does not start:\n${stderr?.trim() || message}`);
  }
}
