/** `dlc check --watch`: the report again whenever a program, or what it depends on, has changed; until Ctrl-C. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { checkOnce } from "./check.ts";
import type { CheckOptions, Memory } from "./check.ts";
import { configPath, findConfig } from "./config.ts";
import { count } from "./draw/count.ts";
import { findPrograms, shown } from "./files.ts";
import { watchFolders } from "./folders.ts";
import type { Io } from "./io.ts";
import { WrongUse } from "./io.ts";

/** Milliseconds without a further event after which a change is taken to be whole. */
const quiet = 15;

/** Name as shown to what it held: a text, or a stamp of it; "" of one that is not there. */
type Snapshot = ReadonlyMap<string, string>;

/** 0, at Ctrl-C. */
export async function watchCommand(patterns: readonly string[], options: CheckOptions, io: Io): Promise<number> {
  if (options.fix || options.unsafeFixes || options.lock) {
    throw new WrongUse("--watch only reports: it does not go with --fix, --unsafe-fixes or --lock");
  }
  const memory: Memory = { statements: new Map(), reports: new Map() };
  const { out, err, behind: first } = await checkOnce(patterns, options, io, memory);
  let behind = first;
  let seen = await snapshot(patterns, behind, io);
  io.out(out);
  io.err(err);
  io.err("watching; Ctrl-C ends\n");

  /** Why the last look came to nothing; "" when it did not. */
  let trouble = "";
  const look = async (): Promise<void> => {
    try {
      const now = await snapshot(patterns, behind, io);
      const changes = changesOf(seen, now);
      if (changes.length === 0 && trouble === "") return;
      [seen, trouble] = [now, ""];
      const checked = await checkOnce(patterns, options, io, memory);
      behind = checked.behind;
      if (io.terminal) io.out("\u001b[2J\u001b[3J\u001b[H");
      io.err(`${changes.length === 0 ? "as before" : changes.join(", ")}\n`);
      io.out(checked.out);
      io.err(checked.err);
    } catch (error) {
      // A program that is gone may come back, and a configuration that cannot be read may be mended.
      if (!(error instanceof WrongUse)) throw error;
      if (error.message !== trouble) io.err(`dlc: ${error.message}\n`);
      trouble = error.message;
    }
  };

  return new Promise<number>((done, fail) => {
    let timer: NodeJS.Timeout | null = null;
    let looking: Promise<void> | null = null;
    const folders = watchFolders(() => {
      if (timer !== null) clearTimeout(timer);
      timer = setTimeout(start, quiet);
    });
    const end = (finish: () => void): void => {
      folders.close();
      if (timer !== null) clearTimeout(timer);
      finish();
    };
    const start = (): void => {
      timer = null;
      // One look at a time; what happens meanwhile is another event.
      looking = (looking ?? Promise.resolve())
        .then(look)
        .then(() => folders.set(foldersOf(patterns, behind, io)))
        .catch((error) => end(() => fail(error)));
    };
    folders.set(foldersOf(patterns, behind, io));
    io.onInterrupt(() => end(() => done(0)));
  });
}

/** The programs' texts, the configuration's, and stamps of all that is behind them. */
async function snapshot(patterns: readonly string[], behind: ReadonlySet<string>, io: Io): Promise<Snapshot> {
  const config = findConfig(io.cwd);
  const held = new Map<string, string>();
  if (config.file !== null) held.set(config.file.path, config.file.text);
  for (const path of await findPrograms(patterns, io.cwd, config)) {
    held.set(path, readFileSync(resolve(io.cwd, path), "utf8"));
    for (const certificate of [
      "coordination.json",
      `${path.replace(/^.*\//, "").replace(/\.dlc$/, "")}.coordination.json`,
    ]) {
      const beside = join(dirname(path), certificate);
      held.set(beside, stampOf(resolve(io.cwd, beside)));
    }
  }
  for (const path of withImports(behind)) held.set(shown(path, io.cwd), stampOf(path));
  return held;
}

/** Modules with all that they import by relative paths. */
function withImports(modules: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set(modules);
  for (const path of found) {
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    for (const [, from] of text.matchAll(/\b(?:from|import)\s*\(?\s*["'](\.[^"'\n]+)["']/g)) {
      found.add(resolve(dirname(path), from!));
    }
  }
  return found;
}

function stampOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? "" : `${stats.mtimeMs} ${stats.size} ${stats.ino}`;
}

/** `changed ads.dlc`, `added b.dlc`, `removed c.dlc`. */
function changesOf(before: Snapshot, now: Snapshot): readonly string[] {
  const changes: string[] = [];
  for (const [name, held] of now) {
    const was = before.get(name);
    if (was === held || (was === undefined && held === "")) continue;
    changes.push(`${was === undefined || was === "" ? "added" : held === "" ? "removed" : "changed"} ${name}`);
  }
  for (const [name, held] of before) if (held !== "" && !now.has(name)) changes.push(`removed ${name}`);
  const most = 5;
  if (changes.length <= most) return changes;
  return [...changes.slice(0, most), `and ${count(changes.length - most, "more change")}`];
}

/** Folders in which a change can matter; those whose subfolders matter too. */
function foldersOf(
  patterns: readonly string[],
  behind: ReadonlySet<string>,
  io: Io,
): { readonly flat: ReadonlySet<string>; readonly deep: ReadonlySet<string> } {
  const flat = new Set<string>([io.cwd]);
  const deep = new Set<string>();
  const config = configPath(io.cwd);
  if (config !== null) flat.add(dirname(config));
  for (const pattern of patterns) {
    const path = resolve(io.cwd, pattern);
    const stats = statSync(path, { throwIfNoEntry: false });
    flat.add(dirname(path));
    if (stats?.isDirectory()) deep.add(path);
    else if (stats === undefined && /[*?[\]{}!]/.test(pattern))
      deep.add(resolve(io.cwd, pattern.replace(/[^/]*[*?[\]{}!].*$/, "")));
  }
  for (const path of withImports(behind)) flat.add(dirname(path));
  return { flat, deep };
}
