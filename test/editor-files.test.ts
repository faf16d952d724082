/** Files and programs while they are edited: after any edits they are what they would be if they were read anew. */
import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { generateProgram } from "../bench/programs.ts";
import { compile } from "../src/compiler/compile.ts";
import { read } from "../src/compiler/1-parse/parse.ts";
import { scan } from "../src/compiler/1-parse/scan.ts";
import type { Diagnostic } from "../src/compiler/diagnostics/diagnostic.ts";
import { EditedFile } from "../src/editor/edited-file.ts";
import { EditedProgram } from "../src/editor/edited-program.ts";
import type { OpenFile } from "../src/editor/edited-program.ts";

const lib = join(import.meta.dirname, "../lib");
const programs = [
  ...[1, 2, 3].map((seed) => generateProgram(60, seed)),
  readFileSync(join(lib, "../fixtures/components/ad-network.dlc"), "utf8"),
  ...readdirSync(lib).map((name) => readFileSync(join(lib, name), "utf8")),
];

/** Files of the library, each opened once. */
function openLibrary(): OpenFile {
  const opened = new Map<string, EditedFile>();
  return (path) => {
    const known = opened.get(path) ?? new EditedFile(path, readFileSync(join(lib, `${path.slice(4)}.dlc`), "utf8"));
    opened.set(path, known);
    return known;
  };
}

interface Edit {
  readonly at: number;
  readonly cut: number;
  readonly insert: number;
}
const pieces = [
  "",
  " ",
  "x",
  "_",
  ";",
  "}",
  "\n",
  "// c\n",
  "/// d\n",
  "<= ",
  "table t(k: int);\n",
  "(",
  '"',
  "role B {",
  "input ",
  "a.",
  "module M {\n}\n",
];

/** Positions are shares of the text, so that they fit any. */
const edits = fc.array(fc.record({ at: fc.nat(10_000), cut: fc.nat(12), insert: fc.nat(pieces.length - 1) }), {
  minLength: 1,
  maxLength: 12,
});

function edited(text: string, { at, cut, insert }: Edit): string {
  const start = Math.floor((at / 10_000) * text.length);
  return text.slice(0, start) + pieces[insert] + text.slice(start + cut);
}

const places = (found: readonly Diagnostic[]): readonly string[] =>
  found.map(({ code, span, message }) => `${code} ${span.start}-${span.end} ${message}`).sort();

describe("an edited file", () => {
  test("has the tree and the findings of its text, whatever was edited before", () => {
    fc.assert(
      fc.property(fc.constantFrom(...programs), edits, (first, list) => {
        const file = new EditedFile("/a.dlc", first);
        let text = first;
        for (const edit of list) {
          text = edited(text, edit);
          file.change(text);
          const anew = read({ path: "/a.dlc", text }, scan(text), []);
          expect(file.read.ast.items).toEqual(anew.ast.items);
          expect(file.read.isWhole).toBe(anew.isWhole);
          expect(places(file.read.diagnostics)).toEqual(places(anew.diagnostics));
        }
      }),
      { numRuns: 150, seed: 14 },
    );
  });

  test("keeps what an edit does not touch, in place", () => {
    const text = generateProgram(200, 5);
    const file = new EditedFile("/a.dlc", text);
    const before = new Set(file.read.ast.items.flatMap((item) => (item.kind === "role" ? item.members : [])));
    const at = text.indexOf("<=", text.length / 2);
    file.change(`${text.slice(0, at)}  ${text.slice(at)}`);
    const after = file.read.ast.items.flatMap((item) => (item.kind === "role" ? item.members : []));
    expect(after.filter((member) => !before.has(member))).toHaveLength(1);
    expect([file.fresh.length, file.gone.length]).toEqual([1, 1]);
  });
});

describe("an edited program", () => {
  test("has the findings of its text, whatever was edited before", () => {
    fc.assert(
      fc.property(fc.constantFrom(...programs), edits, (first, list) => {
        const open = openLibrary();
        const file = new EditedFile("/a.dlc", first);
        const program = new EditedProgram(file, open);
        program.findings();
        let text = first;
        for (const edit of list) {
          text = edited(text, edit);
          file.change(text);
          program.update(open);
          const anew = new EditedProgram(new EditedFile("/a.dlc", text), openLibrary());
          expect(places(program.findings())).toEqual(places(anew.findings()));
        }
      }),
      { numRuns: 150, seed: 14 },
    );
  });

  test("has the errors of syntax, names and types that the compiler finds", () => {
    fc.assert(
      fc.property(fc.constantFrom(...programs.slice(0, 4)), edits, (first, list) => {
        const text = list.reduce(edited, first);
        const found = places(new EditedProgram(new EditedFile("/a.dlc", text), openLibrary()).findings());
        const compiled = compile({ path: "/a.dlc", text }).diagnostics.filter(({ code }) => /^DLC[12]/.test(code));
        // Strata and what feeds a component are of the whole program.
        expect(found).toEqual(places(compiled.filter(({ code }) => code !== "DLC260" && code !== "DLC288")));
      }),
      { numRuns: 150, seed: 14 },
    );
  });
});
