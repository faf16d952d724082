import { describe, expect, test } from "vitest";
import type { SourceFile } from "../src/compiler/ast.ts";
import { applyAllowances } from "../src/compiler/diagnostics/allow.ts";
import type { Diagnostic } from "../src/compiler/diagnostics/diagnostic.ts";

function fileOf(...lines: string[]): SourceFile {
  return { path: "a.dlc", text: lines.join("\n") };
}

function findingIn(
  file: SourceFile,
  text: string,
  code: Diagnostic["code"] = "DLC302",
  severity: Diagnostic["severity"] = "warning",
): Diagnostic {
  const start = file.text.indexOf(text);
  return { code, severity, message: "m", file, span: { start, end: start + text.length } };
}

function codesLeft(file: SourceFile, ...findings: Diagnostic[]): string[] {
  return applyAllowances(file, findings).diagnostics.map(({ code }) => code);
}

describe("dlc-allow", () => {
  test("takes out the finding on the next line and keeps its reason", () => {
    const file = fileOf("// dlc-allow DLC302: a snapshot is enough", "poor(c) <= r(c);");
    const { diagnostics, silenced } = applyAllowances(file, [findingIn(file, "poor")]);
    expect(diagnostics).toEqual([]);
    expect(silenced.map(({ reason, diagnostic }) => [diagnostic.code, reason])).toEqual([
      ["DLC302", "a snapshot is enough"],
    ]);
  });

  test("leaves other codes and other lines alone, and says that it was for nothing", () => {
    const file = fileOf("// dlc-allow DLC302: why", "a(c) <= r(c);", "b(c) <= r(c);");
    expect(codesLeft(file, findingIn(file, "b(c)"))).toEqual(["DLC191", "DLC302"]);
    expect(codesLeft(file, findingIn(file, "a(c)", "DLC303"))).toEqual(["DLC191", "DLC303"]);
  });

  test("without a reason the finding stays and the comment is a finding too", () => {
    const file = fileOf("// dlc-allow DLC302", "a(c) <= r(c);");
    expect(codesLeft(file, findingIn(file, "a(c)"))).toEqual(["DLC190", "DLC302"]);
    const colon = fileOf("// dlc-allow DLC302:   ", "a(c) <= r(c);");
    expect(codesLeft(colon, findingIn(colon, "a(c)"))).toEqual(["DLC190", "DLC302"]);
  });

  test("an unknown code is a finding", () => {
    expect(codesLeft(fileOf("// dlc-allow DLC999: why", "a;"))).toEqual(["DLC190"]);
    expect(codesLeft(fileOf("// dlc-allow", "a;"))).toEqual(["DLC190"]);
  });

  test.each(["DLC101", "DLC202", "DLC403", "DLC504", "DLC490", "DLC491"] as const)(
    "%s stays whatever is said, and the comment is told so",
    (code) => {
      const file = fileOf(`// dlc-allow ${code}: please`, "a(c) <= r(c);");
      const { diagnostics, silenced } = applyAllowances(file, [findingIn(file, "a(c)", code, "error")]);
      expect(silenced).toEqual([]);
      expect(diagnostics.map((each) => each.code)).toEqual(["DLC192", code]);
      expect(diagnostics[0]!.message).toMatch(new RegExp(`^${code} cannot be suppressed: .`));
    },
  );

  test("an error that leaves something to run may be silenced, also one that a configuration made of a warning", () => {
    for (const code of ["DLC404", "DLC507", "DLC302"] as const) {
      const file = fileOf(`// dlc-allow ${code}: known`, "a(c) <= r(c);");
      expect(codesLeft(file, findingIn(file, "a(c)", code, "error"))).toEqual([]);
    }
  });

  test("a misspelt code names the near ones", () => {
    const { diagnostics } = applyAllowances(fileOf("// dlc-allow DCL302: why", "a;"), []);
    expect(diagnostics[0]!.mend).toContain("DLC302");
  });

  test("what follows the code without a colon is no reason", () => {
    for (const text of ["because I say so", "- because", ", DLC303: both"]) {
      const file = fileOf(`// dlc-allow DLC302 ${text}`, "a(c) <= r(c);");
      const { diagnostics } = applyAllowances(file, [findingIn(file, "a(c)")]);
      expect(diagnostics.map(({ code }) => code)).toEqual(["DLC190", "DLC302"]);
      expect(diagnostics[0]!.mend).toContain("`// dlc-allow DLC302: reason`");
    }
  });

  test.each([
    ["alone on its line", "a;\n  // dlc-allow DLC302: why\nb;\n", "a;\nb;\n"],
    ["behind a statement", "a;  // dlc-allow DLC302: why\nb;\n", "a;\nb;\n"],
    ["with Windows line ends", "a;\r\n// dlc-allow DLC302: why\r\nb;\r\n", "a;\r\nb;\r\n"],
    ["at the end", "a;\n// dlc-allow DLC302: why", "a;\n"],
    ["as all there is", "// dlc-allow DLC302: why", ""],
  ])("the fix of an unused one takes it away: %s", (_, before, after) => {
    const { diagnostics } = applyAllowances({ path: "a.dlc", text: before }, []);
    const [{ edits }] = diagnostics[0]!.fixes!;
    expect(before.slice(0, edits[0]!.span.start) + edits[0]!.text + before.slice(edits[0]!.span.end)).toBe(after);
  });

  test("several may stand above one line, and annotations between", () => {
    const file = fileOf(
      "// dlc-allow DLC302: one",
      "// dlc-allow DLC303: two",
      '@coordinate(none, "x")',
      "a(c) <= r(c);",
    );
    expect(codesLeft(file, findingIn(file, "a(c)"), findingIn(file, "a(c)", "DLC303"))).toEqual([]);
  });

  test("in a string or a block comment it is text", () => {
    const file = fileOf('a("// dlc-allow DLC302: no");', "/* // dlc-allow DLC302: no */", "b(c) <= r(c);");
    expect(codesLeft(file, findingIn(file, "b(c)"))).toEqual(["DLC302"]);
  });
});
