/**
 * What `dlc check` keeps on disk of each program: the statements that it has matched, the last report in each form, and
 * what was found out about its functions.
 * It lies in `node_modules/.cache/dlc` of the nearest folder upward that has `node_modules`, else in the user's cache
 * folder. A file's first line names the compiler that wrote it and a checksum of the rest. A file that does not fit is
 * ignored, and what cannot be written stays unwritten: neither changes a result. Writers put a whole file in place by
 * renaming, so that several at once leave one of theirs.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { CachedStatement, StatementCache } from "../compiler/1-parse/cache.ts";
import type { SourceFile } from "../compiler/ast.ts";
import type { ImportedFiles } from "../compiler/imports.ts";
import type { VerdictStore } from "../functions/check.ts";
import type { Io } from "./io.ts";
import { packageRoot, version } from "./root.ts";

export interface DiskStatements {
  readonly cache: StatementCache;
  /** Writes what this run used, if that is not what was read. */
  readonly save: () => void;
}

/** Statements of the program at `path`. */
export function openStatements(path: string, io: Io): DiskStatements {
  const file = join(cacheFolder(io), `${digest(resolve(io.cwd, path))}.statements`);
  const known = new Map(read<[string, CachedStatement][]>(file) ?? []);
  const used = new Map<string, CachedStatement>();
  let fresh = false;
  return {
    cache: {
      get(text) {
        const found = used.get(text) ?? known.get(text);
        if (found !== undefined) used.set(text, found);
        return found;
      },
      set(text, parsed) {
        used.set(text, parsed);
        fresh = true;
      },
    },
    save() {
      if (fresh || used.size < known.size) write(file, [...used]);
    },
  };
}

export function cacheFolder(io: Io): string {
  for (let folder = io.cwd; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "node_modules"))) return join(folder, "node_modules", ".cache", "dlc");
    if (dirname(folder) === folder) break;
  }
  const user = io.env["XDG_CACHE_HOME"];
  return join(user ? user : join(io.env["HOME"] ?? homedir(), ".cache"), "dlc");
}

/** What was found out about the functions of the program at `path`. */
export function openVerdicts(path: string, io: Io): { readonly store: VerdictStore; readonly save: () => void } {
  const file = join(cacheFolder(io), `${digest(resolve(io.cwd, path))}.functions`);
  const known = new Map(read<[string, unknown][]>(file) ?? []);
  const used = new Map<string, unknown>();
  let fresh = false;
  return {
    store: {
      get(key) {
        const found = known.get(key) ?? null;
        if (found !== null) used.set(key, found);
        return found;
      },
      set(key, verdict) {
        used.set(key, verdict);
        fresh = true;
      },
    },
    save() {
      if (fresh || used.size < known.size) write(file, [...used]);
    },
  };
}

/** The last report on a program, if it, all that it imports and what was asked are the same. */
export function openReport<T>(
  program: SourceFile,
  imports: ImportedFiles,
  form: string,
  asked: string,
  io: Io,
): { readonly get: () => T | null; readonly set: (report: T) => void } {
  const file = join(cacheFolder(io), `${digest(`${resolve(io.cwd, program.path)}\n${form}`)}.report`);
  const imported = imports.size === 0 ? "" : `\n${JSON.stringify([...imports])}`;
  const of = digest(`${asked}\n${program.path}\n${program.text}${imported}`);
  return {
    get() {
      const kept = read<{ readonly of: string; readonly report: T }>(file);
      return kept?.of === of ? kept.report : null;
    },
    set: (report) => write(file, { of, report }),
  };
}

function read<T>(file: string): T | null {
  try {
    const content = readFileSync(file, "utf8");
    const end = content.indexOf("\n");
    const body = content.slice(end + 1);
    if (content.slice(0, end) === headOf(body)) return JSON.parse(body) as T;
  } catch {
    // None, or not readable: as good as empty.
  }
  return null;
}

function write(file: string, value: unknown): void {
  const body = JSON.stringify(value);
  const next = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(next, `${headOf(body)}\n${body}`);
    renameSync(next, file);
  } catch {
    rmSync(next, { force: true });
  }
}

let compiler: string | null = null;

/** `dlc, COMPILER, CHECKSUM`. */
function headOf(body: string): string {
  compiler ??= compilerId();
  return `dlc, ${compiler}, ${digest(body)}`;
}

/** Another build of the compiler may read a statement differently. */
function compilerId(): string {
  const built = statSync(join(packageRoot(), "dist", "cli.js"), { throwIfNoEntry: false });
  return `${version()}-${built === undefined ? "sources" : `${built.size}-${built.mtimeMs}`}`;
}

function digest(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
