/**
 * What `dlc check` keeps on disk of each program: the statements that it has matched, the last report in each form, and
 * what was found out about its functions.
 * It lies in `node_modules/.cache/dlc` of the nearest folder upward that has `node_modules`, else in the user's cache
 * folder. A file's first line names the compiler that wrote it, what the rest is of, and a checksum of the rest. A file that
 * does not fit is ignored, and what cannot be written stays unwritten: neither changes a result. Writers put a whole file in place by
 * renaming, so that several at once leave one of theirs.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { crc32 } from "node:zlib";
import type { CachedStatement, StatementCache } from "../compiler/1-parse/cache.ts";
import type { SourceFile } from "../compiler/ast.ts";
import type { ImportedFiles } from "../compiler/imports.ts";
import type { VerdictStore } from "../functions/check.ts";
import { createFolder } from "./files.ts";
import type { Io } from "./io.ts";
import { packageRoot, version } from "./root.ts";

export interface DiskStatements {
  readonly cache: StatementCache;
  /** Writes what this run used, where much of it was not read. */
  readonly save: () => void;
}

/** So many statements are matched anew in less time than it takes to write many. */
const FEW = 32;

/** Statements of the program at `path`. */
export function openStatements(path: string, io: Io): DiskStatements {
  const file = join(cacheFolder(io), `${digest(resolve(io.cwd, path))}.statements`);
  const known = new Map(read<[string, CachedStatement][]>(file) ?? []);
  const used = new Map<string, CachedStatement>();
  let fresh = 0;
  return {
    cache: {
      get(text) {
        const found = used.get(text) ?? known.get(text);
        if (found !== undefined) used.set(text, found);
        return found;
      },
      set(text, parsed) {
        used.set(text, parsed);
        fresh++;
      },
    },
    save() {
      const gone = known.size - (used.size - fresh);
      const changed = fresh + gone;
      if (changed > FEW || changed * FEW > used.size) write(file, [...used]);
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
    get: () => read<T>(file, of),
    set: (report) => write(file, report, of),
  };
}

/** What was written for the same `of`. What is of something else is not looked at further. */
function read<T>(file: string, of = ""): T | null {
  try {
    const content = readFileSync(file);
    const end = content.indexOf("\n");
    const head = content.toString("latin1", 0, end);
    const body = content.subarray(end + 1);
    if (head.startsWith(headOf(of)) && head === headOf(of) + checksum(body)) return JSON.parse(body.toString()) as T;
  } catch {
    // None, or not readable: as good as empty.
  }
  return null;
}

function write(file: string, value: unknown, of = ""): void {
  const body = Buffer.from(JSON.stringify(value));
  const next = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    createFolder(dirname(file));
    writeFileSync(next, Buffer.concat([Buffer.from(`${headOf(of)}${checksum(body)}\n`), body]));
    renameSync(next, file);
  } catch {
    discard(next);
  }
}

function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It never was there.
  }
}

let compiler: string | null = null;

/** The first line, `dlc, COMPILER, OF, CHECKSUM`, up to its checksum. */
function headOf(of: string): string {
  compiler ??= compilerId();
  return `dlc, ${compiler}, ${of}, `;
}

/** Tells a file that was damaged from one that was not; nobody is kept from writing a wrong one. */
function checksum(body: Uint8Array): string {
  return crc32(body).toString(16);
}

/** Another build of the compiler may read a statement differently. */
function compilerId(): string {
  const built = statSync(join(packageRoot(), "dist", "cli.cjs"), { throwIfNoEntry: false });
  return `${version()}-${built === undefined ? "sources" : `${built.size}-${built.mtimeMs}`}`;
}

function digest(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
