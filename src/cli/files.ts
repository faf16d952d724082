/** Finding and reading the programs named on the command line. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, posix, relative, resolve, sep } from "node:path";
import type { SourceFile } from "../compiler/ast.ts";
import { configName } from "./config.ts";
import { WrongUse } from "./io.ts";

/** Globs, relative to `folder`. */
interface Left {
  readonly ignore: readonly string[];
  readonly folder: string;
}

/**
 * Paths of the programs that `patterns` name (files, folders, globs), relative to `cwd` where they lie below it,
 * sorted within each pattern, each once. A file named by itself need not end in `.dlc`, and is never left out.
 */
export async function findPrograms(
  patterns: readonly string[],
  cwd: string,
  left: Left = { ignore: [], folder: cwd },
): Promise<readonly string[]> {
  const found = new Set<string>();
  const but = left.ignore.length > 0 ? ` that "ignore" in ${configName} does not leave out` : "";
  for (const pattern of patterns) {
    const path = resolve(cwd, pattern);
    if (existsSync(path)) {
      if (!statSync(path).isDirectory()) {
        found.add(shown(path, cwd));
        continue;
      }
      const inside = await globbed("**/*.dlc", path, left);
      if (inside.length === 0) throw new WrongUse(`no .dlc file in the folder ${pattern}${but}`);
      for (const file of inside) found.add(shown(file, cwd));
    } else if (/[*?[\]{}!]/.test(pattern)) {
      const matches = await globbed(pattern, cwd, left);
      if (matches.length === 0) throw new WrongUse(`no file matches ${pattern}${but}`);
      for (const file of matches) found.add(shown(file, cwd));
    } else {
      throw new WrongUse(`no such file or folder: ${pattern}${near(path)}`);
    }
  }
  return [...found];
}

/** Reads one program; `path` as given stays the name in every message. */
export function readProgram(path: string, cwd: string): SourceFile {
  const absolute = resolve(cwd, path);
  if (!existsSync(absolute)) throw new WrongUse(`no such file: ${path}${near(absolute)}`);
  if (statSync(absolute).isDirectory())
    throw new WrongUse(`${path} is a folder; this command takes one program (a .dlc file)`);
  return { ...readSource(absolute, path), name: basename(absolute) };
}

/** The text of a file that is there; `path` is its name in every message. */
export function readSource(absolute: string, path: string): SourceFile {
  try {
    const bytes = readFileSync(absolute);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { path: path.split(sep).join("/"), text: text.charCodeAt(0) === 0xfeff ? text.slice(1) : text };
  } catch (error) {
    if (error instanceof TypeError) throw new WrongUse(`${path} is not UTF-8 text`);
    throw new WrongUse(`cannot read ${path}: ${whyNot(error)}`);
  }
}

/** Writes a program that was read from there anew; a byte order mark that it has stays. */
export function writeProgram({ path }: SourceFile, text: string, cwd: string): void {
  const absolute = resolve(cwd, path);
  const mark = readFileSync(absolute, "utf8").startsWith("\ufeff") ? "\ufeff" : "";
  try {
    writeFileSync(absolute, mark + text);
  } catch (error) {
    throw new WrongUse(`cannot write ${path}: ${whyNot(error)}`);
  }
}

async function globbed(pattern: string, cwd: string, left: Left): Promise<string[]> {
  const { glob, escapePath } = await import("tinyglobby");
  const base = escapePath(left.folder.split(sep).join("/"));
  const files = await glob(pattern, {
    cwd,
    absolute: true,
    onlyFiles: true,
    ignore: ["**/node_modules/**", "**/.git/**", ...left.ignore.map((one) => posix.join(base, one))],
    expandDirectories: false,
  });
  return files.sort();
}

/** Relative to the working folder where it lies below it. */
export function shown(path: string, cwd: string): string {
  const below = relative(cwd, path);
  return (below.startsWith("..") || isAbsolute(below) ? path : below).split(sep).join("/");
}

/** `ads` when there is `ads.dlc`. */
function near(path: string): string {
  return existsSync(`${path}.dlc`) ? ` (there is a ${join(path).split(sep).pop()}.dlc)` : "";
}

/** What was asked for with `-o` or the like. `path` as it was given. */
export function writeAsked(path: string, cwd: string, text: string): void {
  try {
    writeFileSync(resolve(cwd, path), text);
  } catch (error) {
    throw new WrongUse(`cannot write ${path}: ${whyNot(error)}`);
  }
}

/**
 * A folder, with those above it. Node's own recursion never ends where the system says of a folder that is there that
 * nothing can be made in it because it is not there, as `/proc` does.
 */
export function createFolder(path: string): void {
  if (existsSync(path)) return;
  const above = dirname(path);
  if (above !== path) createFolder(above);
  try {
    mkdirSync(path);
  } catch (error) {
    // Somebody else was faster.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** What the system says of a file, without its own words where others are plainer. */
export function whyNot(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return "there is no such file or folder";
    case "ENOTDIR":
      return "a part of the path is not a folder";
    case "EISDIR":
      return "it is a folder";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "EROFS":
      return "the file system cannot be written";
    case "ENOSPC":
      return "no space is left";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
