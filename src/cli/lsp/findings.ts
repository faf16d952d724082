/** What is said of each open program: at once of what is typed, and of the whole as the last check found it. */
import type { SourceFile } from "../../compiler/ast.ts";
import type { Diagnostic, Edit } from "../../compiler/diagnostics/diagnostic.ts";
import type { EditedProgram } from "../../editor/edited-program.ts";
import type { Insight } from "../../editor/insight.ts";
import { moveBetween } from "../../editor/moved.ts";
import type { Move } from "../../editor/moved.ts";
import type { CheckResult } from "./check-worker.ts";
import type { OpenProgram, Workspace } from "./workspace.ts";

const nothing: Insight = { rules: [], collections: [] };

export class ProgramFindings {
  readonly #workspace: Workspace;
  /** By the path of the program. */
  readonly #results = new Map<string, CheckResult>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  keep(path: string, result: CheckResult): void {
    this.#results.set(path, result);
  }

  forget(path: string): void {
    this.#results.delete(path);
  }

  /** Files of which the program's last check says something. */
  about(path: string): readonly string[] {
    return [...new Set((this.#results.get(path)?.diagnostics ?? []).map(({ file }) => file.path))];
  }

  /** Everything that is said of a file, by all programs that it is a part of; places are of its present text. */
  of(path: string): readonly Diagnostic[] {
    const opened = this.#workspace.open.get(path);
    const own = opened === undefined ? [] : this.#ownOf(opened);
    const others = [...this.#results].flatMap(([other, { diagnostics }]) =>
      other === path ? [] : this.#moved(diagnostics.filter(({ file }) => file.path === path)),
    );
    if (others.length === 0) return own;
    const keyOf = ({ code, span, message }: Diagnostic): string => `${code} ${span.start} ${span.end} ${message}`;
    return [...new Map([...own, ...others].map((diagnostic) => [keyOf(diagnostic), diagnostic])).values()];
  }

  /** What the last check says of order, at the places of the present texts. */
  insightOf(path: string): Insight {
    const insight = this.#results.get(path)?.insight ?? nothing;
    const texts = this.#results.get(path)?.texts;
    const moves = new Map<string, Move>();
    const moved = <T extends { readonly path: string; readonly span: { start: number; end: number } }>(
      one: T,
    ): readonly T[] => {
      const before = texts?.get(one.path);
      const now = this.#workspace.open.get(one.path)?.program.root.file.text;
      if (before === undefined || now === undefined) return [one];
      if (!moves.has(one.path)) moves.set(one.path, moveBetween(before, now));
      const span = moves.get(one.path)!(one.span);
      return span === null ? [] : [{ ...one, span }];
    };
    return { rules: insight.rules.flatMap(moved), collections: insight.collections.flatMap(moved) };
  }

  #ownOf({ path, program }: OpenProgram): readonly Diagnostic[] {
    const result = this.#results.get(path);
    const own = (result?.diagnostics ?? []).filter(({ file }) => file.path === path);
    if (result !== undefined && isPresent(result, program)) return this.#moved(own);
    return [...program.findings(), ...this.#moved(own.filter((diagnostic) => !isAnswered(diagnostic)))];
  }

  /** Those of which the place still is there. */
  #moved(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
    const moves = new Map<SourceFile, { readonly file: SourceFile; readonly move: Move }>();
    const movedFrom = (file: SourceFile) => {
      let known = moves.get(file);
      if (known === undefined) {
        const now = this.#workspace.open.get(file.path)?.program.root.file;
        known =
          now === undefined ? { file, move: (span) => span } : { file: now, move: moveBetween(file.text, now.text) };
        moves.set(file, known);
      }
      return known;
    };
    const place = <T extends Pick<Edit, "file" | "span">>(of: T): T | null => {
      const { file, move } = movedFrom(of.file);
      const span = move(of.span);
      return span === null ? null : { ...of, file, span };
    };
    return diagnostics.flatMap((diagnostic): readonly Diagnostic[] => {
      const moved = place(diagnostic);
      if (moved === null) return [];
      const cause = diagnostic.cause && (place(diagnostic.cause) ?? undefined);
      const fixes = diagnostic.fixes?.flatMap((fix) => {
        const edits = fix.edits.map(place);
        return edits.every((edit) => edit !== null) ? [{ ...fix, edits: edits as readonly Edit[] }] : [];
      });
      return [{ ...moved, cause, ...(fixes && { fixes }) }];
    });
  }
}

/** Errors of syntax, names and types that only the whole program shows: of strata, and inputs that nothing feeds. */
const ofTheWhole: ReadonlySet<string> = new Set(["DLC260", "DLC288"]);

/** What `EditedProgram.findings` says of the present text. */
function isAnswered({ code, severity }: Diagnostic): boolean {
  return severity === "error" && /^DLC(?:1[0-8]|2)/.test(code) && !ofTheWhole.has(code);
}

/** Whether all that was checked is as it was. */
function isPresent({ texts }: CheckResult, { root, files }: EditedProgram): boolean {
  if (texts.get(root.file.path) !== root.file.text) return false;
  return [...files].every(([path, one]) => {
    const text = "file" in one ? one.file.text : undefined;
    return !texts.has(path) || texts.get(path) === text;
  });
}
