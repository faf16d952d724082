import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../src/compiler/diagnostics/diagnostic.ts";
import { drawDiagnostic, wrap } from "../src/cli/draw/diagnostics.ts";
import { paint } from "../src/cli/draw/paint.ts";

const file = {
  path: "ads.dlc",
  text: [
    "role A {",
    "  input click(id: string);",
    "\tt(x) <= click(x);",
    "  poor(c,",
    "       count()) <=",
    "    clicks(c, _);",
    "  // 漢字 and 🎻",
    '  n("漢", bad);',
    "}",
  ].join("\n"),
};

function spanOf(text: string, from = 0): { start: number; end: number } {
  const start = file.text.indexOf(text, from);
  if (start < 0) throw new Error(`no ${text}`);
  return { start, end: start + text.length };
}

function draw(diagnostic: Partial<Diagnostic> & Pick<Diagnostic, "span">): string {
  return drawDiagnostic(
    { code: "DLC302", severity: "warning", message: "it counts", file, ...diagnostic },
    paint(false),
    80,
  );
}

describe("diagnostics as drawn", () => {
  test("the place is underlined, tabs count as four columns", () => {
    expect(draw({ span: spanOf("click(x)"), severity: "error" })).toBe(
      [
        "error[DLC302]: it counts",
        "  --> ads.dlc:3:10",
        "   |",
        " 3 |     t(x) <= click(x);",
        "   |             ^^^^^^^^",
        "",
      ].join("\n"),
    );
  });

  test("the cause has a frame of its own, and what to do comes last", () => {
    const drawn = draw({
      span: spanOf("t(x)"),
      cause: { file, span: spanOf("click"), label: "open" },
      mend: "Seal it.",
    });
    expect(drawn).toBe(
      [
        "warning[DLC302]: it counts",
        "  --> ads.dlc:3:2",
        "   |",
        " 3 |     t(x) <= click(x);",
        "   |     ^^^^",
        "   |",
        "  --> ads.dlc:2:9",
        " 2 |   input click(id: string);",
        "   |         ----- open",
        "   |",
        "   = do: Seal it.",
        "",
      ].join("\n"),
    );
  });

  test("a cause on the same line is one more underline", () => {
    const drawn = draw({ span: spanOf("t(x) <= click(x);"), cause: { file, span: spanOf("click(x)"), label: "here" } });
    expect(drawn.split("\n").slice(3)).toEqual([
      " 3 |     t(x) <= click(x);",
      "   |     ^^^^^^^^^^^^^^^^^",
      "   |             -------- here",
      "",
    ]);
  });

  test("several lines are each underlined from their first character", () => {
    expect(
      draw({ span: spanOf("poor(c,\n       count()) <=\n    clicks(c, _);") })
        .split("\n")
        .slice(3),
    ).toEqual([
      " 4 |   poor(c,",
      "   |   ^^^^^^^",
      " 5 |        count()) <=",
      "   |        ^^^^^^^^^^^",
      " 6 |     clicks(c, _);",
      "   |     ^^^^^^^^^^^^^",
      "",
    ]);
  });

  test("wide characters take two columns", () => {
    expect(draw({ span: spanOf("bad") }).split("\n")[4]).toBe(`   | ${" ".repeat(10)}^^^`);
  });

  test("a span at the end of the text is still shown", () => {
    expect(draw({ span: { start: file.text.length, end: file.text.length } })).toContain(
      "ads.dlc:9:2\n   |\n 9 | }\n   |  ^\n",
    );
  });

  test("control characters do not reach the terminal", () => {
    const evil = { path: "e.dlc", text: 'x("\u001b[2J");' };
    const drawn = drawDiagnostic(
      { code: "DLC302", severity: "error", message: "m", file: evil, span: { start: 0, end: 1 } },
      paint(false),
      80,
    );
    expect(drawn).not.toContain("\u001b");
  });

  test("colour changes nothing but the colour", () => {
    const diagnostic: Diagnostic = {
      code: "DLC302",
      severity: "warning",
      message: "m",
      file,
      span: spanOf("click"),
      mend: "do it",
    };
    const coloured = drawDiagnostic(diagnostic, paint(true), 80);
    expect(coloured).toContain("\u001b[");
    expect(coloured.replace(/\u001b\[[0-9;]*m/g, "")).toBe(drawDiagnostic(diagnostic, paint(false), 80));
  });

  test("lines wrap at spaces, and long words stay whole", () => {
    expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrap("abcdefghij k", 4)).toEqual(["abcdefghij", "k"]);
  });
});
