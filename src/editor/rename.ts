/** All names of one thing, and another name for it. */
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.ts";
import { libraryScheme } from "../compiler/imports.ts";
import type { Span } from "../compiler/ast.ts";
import { applied } from "../compiler/mends/text.ts";
import { EditedFile } from "./edited-file.ts";
import { EditedProgram } from "./edited-program.ts";
import { isSamePlace } from "./names.ts";
import type { Occurrence, Place } from "./names.ts";
import { occurrencesOf } from "./occurrences.ts";

/** A program with the names in its own file. */
export interface Named {
  readonly program: EditedProgram;
  readonly occurrences: readonly Occurrence[];
}

export interface Found {
  readonly program: EditedProgram;
  readonly occurrence: Occurrence;
}

/** Names of the same thing in any of the programs; of columns that have to have one name, of each of them. */
export function namesOfOne(programs: readonly Named[], { places }: Occurrence): readonly Found[] {
  const known: Place[] = [...places];
  const found = new Map<Occurrence, Found>();
  for (let grows = true; grows;) {
    grows = false;
    for (const { program, occurrences } of programs) {
      for (const occurrence of occurrences) {
        if (found.has(occurrence)) continue;
        if (!occurrence.places.some((place) => known.some((one) => isSamePlace(one, place)))) continue;
        found.set(occurrence, { program, occurrence });
        for (const place of occurrence.places) {
          if (known.some((one) => isSamePlace(one, place))) continue;
          known.push(place);
          grows = true;
        }
      }
    }
  }
  return [...found.values()];
}

const reserved = new Set(["not", "in", "if", "then", "else", "having", "true", "false", "self", "_"]);

/** Why a name cannot be another one; null where it can. */
export function whyFixed({ meaning, name, places }: Occurrence): string | null {
  if (meaning.kind === "built-in" || places.length === 0) return `\`${name}\` is part of the language.`;
  if (meaning.kind === "function" || meaning.kind === "lattice")
    return `\`${name}\` has the name of what ${meaning.decl.from} exports: rename it there and here.`;
  if (places.some(({ file }) => file.path.startsWith(libraryScheme)))
    return `\`${name}\` is declared in the standard library.`;
  return null;
}

export interface Renamed {
  /** By path. */
  readonly spans: ReadonlyMap<string, readonly Span[]>;
}

/** A string says why not. What the name means must be the same before and after. */
export function rename(programs: readonly Named[], occurrence: Occurrence, to: string): Renamed | string {
  const fixed = whyFixed(occurrence);
  if (fixed !== null) return fixed;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(to))
    return `\`${to}\` is not a name: letters, digits and \`_\`, and no digit first.`;
  if (reserved.has(to)) return `\`${to}\` is a word of the language.`;
  const found = namesOfOne(programs, occurrence);
  const unread = programs.find(({ program }) =>
    program.root.read.diagnostics.some(({ severity }) => severity === "error"),
  );
  if (unread !== undefined)
    return `${unread.program.root.file.path} has a statement that cannot be read and may name it: mend that first.`;
  const spans = new Map<string, Span[]>();
  for (const { program, occurrence: one } of found) {
    const { path } = program.root.file;
    if (!spans.has(path)) spans.set(path, []);
    spans.get(path)!.push({ ...one.span });
  }
  for (const list of spans.values()) list.sort((a, b) => a.start - b.start);
  return changesMeaning(programs, found, spans, to) ?? { spans };
}

/** Reads the renamed programs, and compares; null where nothing but the name is another. */
function changesMeaning(
  programs: readonly Named[],
  found: readonly Found[],
  spans: ReadonlyMap<string, readonly Span[]>,
  to: string,
): string | null {
  const files = new Map<string, EditedFile>();
  for (const { program } of programs) {
    const { file } = program.root;
    const edits = (spans.get(file.path) ?? []).map((span) => ({ file, span, text: to }));
    files.set(file.path, new EditedFile(file.path, applied(file.text, edits)));
  }
  const after = programs.map(({ program }): Named => {
    const renamed = new EditedProgram(
      files.get(program.root.file.path)!,
      (path) => files.get(path) ?? program.files.get(path) ?? { problem: "there is no such file", near: [] },
    );
    return { program: renamed, occurrences: occurrencesOf(renamed) };
  });
  for (const [i, { program }] of programs.entries()) {
    const trouble = moreErrors(program.findings(), after[i].program.findings());
    if (trouble !== null) return `\`${to}\` cannot be the name: ${trouble}.`;
  }
  const { program, occurrence } = found[0];
  const list = spans.get(program.root.file.path)!;
  const before = list.filter(({ start }) => start < occurrence.span.start);
  const start = occurrence.span.start + before.reduce((sum, span) => sum + to.length - (span.end - span.start), 0);
  const there = after[programs.findIndex((one) => one.program === program)].occurrences;
  const same = there.find((one) => one.span.start === start);
  if (same === undefined || namesOfOne(after, same).length !== found.length)
    return `\`${to}\` is already the name of something else here.`;
  return null;
}

function moreErrors(before: readonly Diagnostic[], after: readonly Diagnostic[]): string | null {
  const errors = (found: readonly Diagnostic[]) => found.filter(({ severity }) => severity === "error");
  const was = errors(before).length;
  const is = errors(after);
  if (is.length <= was) return null;
  const messages = new Set(before.map(({ message }) => message));
  return (is.find(({ message }) => !messages.has(message)) ?? is[0]).message;
}
