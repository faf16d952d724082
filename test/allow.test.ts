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

  test("errors without which the program means nothing cannot be allowed", () => {
    const file = fileOf("// dlc-allow DLC101: please", "a(c <= r(c);");
    expect(codesLeft(file, findingIn(file, "a(c", "DLC101", "error"))).toEqual(["DLC191", "DLC101"]);
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
