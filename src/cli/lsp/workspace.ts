/** The files of the workspace: those that are open as they are typed, all others as they are on disk. */
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Unreadable } from "../../compiler/imports.ts";
import { libraryScheme } from "../../compiler/imports.ts";
import { EditedFile } from "../../editor/edited-file.ts";
import { EditedProgram } from "../../editor/edited-program.ts";
import { occurrencesOf } from "../../editor/occurrences.ts";
import type { Named } from "../../editor/rename.ts";
import { findPrograms } from "../files.ts";
import { libraryFile, readImport } from "../imports.ts";
import { WrongUse } from "../io.ts";
import { packageRoot } from "../root.ts";
import { stampOf, textOf } from "./paths.ts";

/** A program that is open in an editor. */
export interface OpenProgram {
  readonly uri: string;
  readonly path: string;
  readonly program: EditedProgram;
}

export class Workspace {
  /** By path. */
  readonly open = new Map<string, OpenProgram>();
  /** Absolute. */
  folders: readonly string[] = [];
  readonly #saved = new Map<string, { readonly stamp: string; readonly file: EditedFile }>();

  add(uri: string, path: string, text: string): OpenProgram {
    const opened = { uri, path, program: new EditedProgram(new EditedFile(path, text), this.#open) };
    this.open.set(path, opened);
    return opened;
  }

  /** The document with another text. */
  change({ program }: OpenProgram, text: string): void {
    program.root.change(text);
    program.update(this.#open);
  }

  remove(path: string): void {
    this.open.delete(path);
  }

  /** Programs that import a file, directly or not, and are open. */
  importing(path: string): readonly OpenProgram[] {
    return [...this.open.values()].filter(({ program }) => program.files.has(path));
  }

  /** After a change of files that it imports. */
  readAgain({ program }: OpenProgram): void {
    program.root.change(program.root.file.text);
    program.update(this.#open);
  }

  /** Texts of all open files. */
  unsaved(): ReadonlyMap<string, string> {
    return new Map([...this.open].map(([path, { program }]) => [path, program.root.file.text]));
  }

  /** Programs in which something may be named `name`: all that are open, and those in the workspace's folders. */
  async naming(name: string): Promise<readonly Named[]> {
    const programs = [...this.open.values()].map(({ program }) => program);
    for (const folder of this.folders) {
      for (const path of await programsIn(folder)) {
        if (this.open.has(path)) continue;
        const file = this.#savedFile(path);
        if (file?.file.text.includes(name)) programs.push(new EditedProgram(file, this.#open));
      }
    }
    const naming = programs.filter(({ root }) => root.file.text.includes(name));
    return naming.map((program) => ({ program, occurrences: occurrencesOf(program) }));
  }

  readonly #open = (path: string, from: string): EditedFile | Unreadable => {
    const opened = this.open.get(path);
    if (opened !== undefined) return opened.program.root;
    const saved = this.#savedFile(path);
    if (saved !== null) return saved;
    const read = readImport(path, from, dirname(path));
    return "text" in read ? new EditedFile(path, read.text) : read;
  };

  /** null where there is none. */
  #savedFile(path: string): EditedFile | null {
    const on = path.startsWith(libraryScheme) ? libraryFile(path) : path;
    const stamp = on === null ? "" : stampOf(on);
    const known = this.#saved.get(path);
    if (known !== undefined && known.stamp === stamp) return known.file;
    const text = on === null || stamp === "" ? null : textOf(on);
    if (text === null) {
      this.#saved.delete(path);
      return null;
    }
    const file = new EditedFile(path, text);
    this.#saved.set(path, { stamp, file });
    return file;
  }
}

async function programsIn(folder: string): Promise<readonly string[]> {
  try {
    const found = await findPrograms([folder], folder);
    return found.map((path) => (path.startsWith("/") ? path : join(folder, path).replaceAll("\\", "/")));
  } catch (error) {
    if (error instanceof WrongUse) return [];
    throw error;
  }
}

/** What an import in the file at `path` can name: files beside and below it, and those of the library. */
export function importable(path: string): readonly string[] {
  const library = names(join(packageRoot(), "lib")).map((name) => `${libraryScheme}${name.slice(0, -".dlc".length)}`);
  const folder = dirname(path);
  const own = path.slice(path.lastIndexOf("/") + 1);
  const beside = names(folder).flatMap((name) => (name === own ? [] : [`./${name}`]));
  const below = folders(folder).flatMap((inner) => names(join(folder, inner)).map((name) => `./${inner}/${name}`));
  const above = names(dirname(folder)).map((name) => `../${name}`);
  return [...library, ...beside, ...below, ...above];
}

function entries(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

const names = (folder: string): readonly string[] =>
  entries(folder).flatMap((entry) => (entry.isFile() && entry.name.endsWith(".dlc") ? [entry.name] : []));
const folders = (folder: string): readonly string[] =>
  entries(folder).flatMap((entry) =>
    entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules" ? [entry.name] : [],
  );
