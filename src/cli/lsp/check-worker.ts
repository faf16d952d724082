/** A thread that checks whole programs, so that what is typed meanwhile is answered at once. */
import { dirname } from "node:path";
import { parentPort } from "node:worker_threads";
import type { CachedStatement } from "../../compiler/1-parse/cache.ts";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.ts";
import { libraryScheme } from "../../compiler/imports.ts";
import type { Insight } from "../../editor/insight.ts";
import { checkProgram, recall } from "../check.ts";
import { findConfig } from "../config.ts";
import type { Config } from "../config.ts";
import { readImports } from "../imports.ts";
import type { Io } from "../io.ts";
import { WrongUse } from "../io.ts";
import { insightOf } from "./insight.ts";

/** Paths are absolute, with slashes. */
export interface CheckJob {
  readonly id: number;
  readonly path: string;
  readonly text: string;
  /** Of other files that are open in editors. */
  readonly unsaved: ReadonlyMap<string, string>;
}

export interface CheckResult {
  readonly diagnostics: readonly Diagnostic[];
  /** null where the program has errors. */
  readonly insight: Insight | null;
  /** What was checked: the texts by path, with those of imported files. */
  readonly texts: ReadonlyMap<string, string>;
  /** What keeps the configuration from being used; null where nothing does. */
  readonly trouble: string | null;
}

/** What the thread answers; a fault is one of dlc. */
export type CheckAnswer = ({ readonly id: number } & CheckResult) | { readonly id: number; readonly fault: string };

const statements = new Map<string, ReadonlyMap<string, CachedStatement>>();

async function check({ path, text, unsaved }: CheckJob): Promise<CheckResult> {
  const folder = path.includes("/") ? dirname(path) : process.cwd();
  const io = silentIo(folder);
  const file = { path, text };
  const imports = readImports(file, folder, unsaved);
  const { config, trouble } = configOf(folder);
  const memory = recall({ statements }, path);
  const known = { imports, statements: memory.cache };
  const { diagnostics, compilation } = await checkProgram(
    file,
    { cache: true, fixes: "few", partly: true },
    config,
    io,
    known,
  );
  memory.save();
  const texts = new Map([[path, text]]);
  for (const [name, one] of imports) if ("text" in one && !name.startsWith(libraryScheme)) texts.set(name, one.text);
  const { plan } = compilation;
  return { diagnostics, insight: plan === null ? null : insightOf(plan), texts, trouble };
}

function configOf(folder: string): { readonly config: Config; readonly trouble: string | null } {
  try {
    return { config: findConfig(folder), trouble: null };
  } catch (error) {
    if (!(error instanceof WrongUse)) throw error;
    return { config: { file: null, severities: new Map(), ignore: [], folder, findings: [] }, trouble: error.message };
  }
}

function silentIo(cwd: string): Io {
  return {
    out: () => {},
    err: () => {},
    cwd,
    env: process.env,
    colour: false,
    errColour: false,
    terminal: false,
    input: async () => "",
    onInterrupt: () => {},
    width: 100,
  };
}

parentPort?.on("message", (job: CheckJob) => {
  check(job).then(
    (result) => parentPort!.postMessage({ id: job.id, ...result } satisfies CheckAnswer),
    (error: unknown) => {
      const fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
      parentPort!.postMessage({ id: job.id, fault } satisfies CheckAnswer);
    },
  );
});
