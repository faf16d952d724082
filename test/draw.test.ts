import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../src/compiler/diagnostics/diagnostic.ts";
import { drawDiagnostic, fitted, wrap } from "../src/cli/draw/diagnostics.ts";
import { paint } from "../src/cli/draw/paint.ts";
import { isColoured } from "../src/cli/io.ts";

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

describe("on a narrow terminal", () => {
  const long = {
    path: "long.dlc",
    text: `  o(campaign) <= click(campaign, identifier, "漢字", another), campaign != "abcdefghijklmnop", lenth(identifier) > 3;`,
  };
  const at = (text: string, cause?: string): string => {
    const span = (part: string) => ({ start: long.text.indexOf(part), end: long.text.indexOf(part) + part.length });
    return drawDiagnostic(
      {
        code: "DLC203",
        severity: "error",
        message: "there is no function of that name, and a long message goes on behind two spaces",
        file: long,
        span: span(text),
        ...(cause && { cause: { file: long, span: span(cause), label: "here" } }),
      },
      paint(false),
      60,
    );
  };

  test("no line is longer, and what is marked is in sight", () => {
    for (const part of ["o(campaign)", "lenth", "漢字", "> 3;", long.text.trim()]) {
      const lines = at(part).split("\n");
      for (const line of lines) expect(line.replace(/[漢字]/g, "xx").length).toBeLessThanOrEqual(60);
      const under = lines.find((line) => line.includes("^"))!;
      const shown = lines[lines.indexOf(under) - 1];
      if (part !== long.text.trim() && part !== "漢字") {
        expect(shown.slice(under.indexOf("^"), under.lastIndexOf("^") + 1)).toBe(part);
      }
    }
    expect(at("lenth").split("\n").slice(0, 2)).toEqual([
      "error[DLC203]: there is no function of that name, and a long",
      "  message goes on behind two spaces",
    ]);
    expect(at("lenth")).toContain(' 1 | …ampaign != "abcdefghijklmnop", lenth(identifier) > 3;');
  });

  test("a cause on the same line that is out of sight has a frame of its own", () => {
    expect(at("lenth", "o(campaign)").match(/--> long\.dlc/g)).toHaveLength(2);
  });

  test("the plan goes on behind an indent", () => {
    expect(fitted("  Analyst.result  deterministic: Inst -> Async, reached  PC/seal(campaign)", 50, 6)).toEqual([
      "  Analyst.result  deterministic: Inst -> Async,",
      "      reached  PC/seal(campaign)",
    ]);
    const coloured = paint(true).good("good");
    expect(fitted(`aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ${coloured}`, 40, 2)).toHaveLength(1);
  });
});

test("colours are for terminals, and the environment can say otherwise", () => {
  const terminal = { isTTY: true };
  for (const [stream, env, coloured] of [
    [terminal, {}, true],
    [{}, {}, false],
    [terminal, { NO_COLOR: "1" }, false],
    [terminal, { NO_COLOR: "1", FORCE_COLOR: "1" }, false],
    [terminal, { NO_COLOR: "" }, true],
    [terminal, { TERM: "dumb" }, false],
    [{}, { FORCE_COLOR: "1" }, true],
    [{}, { FORCE_COLOR: "0" }, false],
  ] as const) {
    expect([stream, env, isColoured(stream, env)]).toEqual([stream, env, coloured]);
  }
});
