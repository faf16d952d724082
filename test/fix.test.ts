/** `dlc check --fix`: which fixes are applied, and what becomes of the file. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fixFile } from "../src/cli/fix.ts";
import type { SourceFile } from "../src/compiler/ast.ts";
import type { Diagnostic } from "../src/compiler/diagnostics/diagnostic.ts";
import { makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());
const read = (path: string): string => readFileSync(join(place.folder, path), "utf8");

const misspelt = `role A partitioned by (campain) x2 {
  channel click(campaign: string, ident: string) sealed by (campagn);
  table clicks(campaign: string, ident: string)
  output o(ident: string);
  clicks(campaign: c, idnet: i) <= clikc(campaign: c, ident: i);
  o(i) <= clicks(campaing: _, ident: i), lenth(i) > 3;;
}
role B {
  input over(campaign: string);
  input click(campaign: string, ident: string) sealed by (campaign);
  A.click <~ click;
}
`;

describe("dlc check --fix", () => {
  test("mends misspelt columns, names and signs in as many rounds as it takes, and says what it mended", async () => {
    place.write({ "a.dlc": misspelt });
    expect((await place.dlc("check", "a.dlc")).out).toContain("`dlc check --fix` mends ");
    const { code, out, err } = await place.dlc("check", "a.dlc", "--fix");
    expect(read("a.dlc")).toBe(`role A partitioned by (campaign) x2 {
  channel click(campaign: string, ident: string) sealed by (campaign);
  table clicks(campaign: string, ident: string);
  output o(ident: string);
  clicks(campaign: c, ident: i) <= click(campaign: c, ident: i);
  o(i) <= clicks(campaign: _, ident: i), length(i) > 3;
}
role B {
  input over(campaign: string);
  input click(campaign: string, ident: string) sealed by (campaign);
  A.click <~ click;
}
`);
    expect(code).toBe(0);
    expect(out).toContain("1 program checked: 0 errors");
    const lines = err.trimEnd().split("\n");
    expect(lines).toHaveLength(8);
    expect(lines).toContain("fixed a.dlc:1:24 DLC204: Write `campaign`");
  });

  test("the JSON form lists it instead, and nothing is left on a second run", async () => {
    place.write({ "a.dlc": misspelt });
    const first = await place.dlc("check", "a.dlc", "--fix", "--format", "json");
    expect(first.err).toBe("");
    expect(JSON.parse(first.out)["fixed"]).toHaveLength(8);
    expect(JSON.parse(first.out)["fixed"]).toContainEqual({
      code: "DLC102",
      title: "Insert `;`",
      file: "a.dlc",
      line: 3,
      column: 48,
    });
    const before = read("a.dlc");
    const second = await place.dlc("check", "a.dlc", "--fix", "--format", "json");
    expect(JSON.parse(second.out)["fixed"]).toEqual([]);
    expect(read("a.dlc")).toBe(before);
  });

  test("a byte order mark and Windows line ends stay", async () => {
    const text =
      "\ufeffrole A {\r\n  channel c(x: int);\r\n  channel d(x: int);\r\n  table t(x: int);\r\n  t <= d;\r\n  output o(x: int);\r\n  o(x) <= c(x), t(x);\r\n}\r\nrole B {\r\n  input i(x: int);\r\n  A.c <~ i;\r\n  A.d <~ i;\r\n}\r\n";
    place.write({ "a.dlc": text });
    await place.dlc("check", "a.dlc", "--fix");
    expect(read("a.dlc")).toBe(
      text
        .replace("  channel d", "  table cs(x: int);\r\n  channel d")
        .replace("  o(x) <= c(x)", "  cs <= c;\r\n  o(x) <= cs(x)"),
    );
  });

  test("without --fix, and of what is clean, suppressed or ambiguous, no byte is written", async () => {
    const text =
      "role A {\n  input item(x: int);\n  input iteam(x: int);\n  output o(x: int);\n  o(x) <= itemm(x);\n  // dlc-allow DLC302: no\n  o(x) <= item(x);\n}\n";
    place.write({ "a.dlc": text });
    await place.dlc("check", "a.dlc");
    expect(read("a.dlc")).toBe(text);
    await place.dlc("check", "a.dlc", "--fix");
    expect(read("a.dlc")).toBe(text.replace("  // dlc-allow DLC302: no\n", ""));
  });

  test("what comes from other languages is written as it is here", async () => {
    const text =
      "role A {\n  input i(x: int);\n  table t(x: int);\n  table u(x: int);\n  t <= i;\n  u(x) <= i(x), !t(x);\n  output n(k: int);\n  n(count(*)) <= u(\u200b_);\n}\n";
    place.write({ "a.dlc": text });
    const { err } = await place.dlc("check", "a.dlc", "--fix");
    expect(err.split("\n")).toHaveLength(4);
    expect(read("a.dlc")).toBe(text.replace("!t", "not t").replace("(*)", "()").replace("\u200b", ""));
  });

  test("imported files are programs of their own: it says with which command they are mended", async () => {
    const lib = "module M {\n  in a(x: int);\n  out b(x: int);\n  b(x) <= a(x)\n}\n";
    place.write({
      "lib.dlc": lib,
      "a.dlc":
        'import "./lib.dlc" as lib;\nuse lib.M as m in A;\nrole A {\n  input i(x: int);\n  output o(x: int);\n  m.a <= i;\n  o <= m.b;\n}\n',
    });
    const { out, err } = await place.dlc("check", "a.dlc", "--fix");
    expect(err).toBe("");
    expect(out).toContain("checked: 1 error, 0 warnings\n`dlc check lib.dlc --fix` mends 1 finding in it.\n");
    expect(read("lib.dlc")).toBe(lib);
    // Both asked about: the one is mended where it stands, and nothing is left.
    const both = await place.dlc("check", ".", "--fix");
    expect(both.err).toBe("fixed lib.dlc:4:15 DLC102: Insert `;`\n");
    expect((await place.dlc("check", ".")).out).toContain("2 programs checked: 0 errors, 0 warnings\n");
  });

  test("what may change what is computed is only done when asked for", async () => {
    const text =
      "role A x2 {\n  input click(c: string, i: string, u: int) sealed by (c);\n  R.click(i, u) <~ click(_, i, u);\n}\nrole R replicated x2 {\n  channel click(i: string, u: int);\n  table clicks(i: string, u: int);\n  output n(i: string, n: int);\n  clicks <= click;\n  n(i, count()) <= clicks(i, _);\n}\n";
    place.write({ "a.dlc": text });
    const safe = await place.dlc("check", "a.dlc", "--fix");
    expect(safe.err).toBe("");
    expect(safe.out).toContain("`--unsafe-fixes` mends 1, and may change what is computed.");
    const { json } = { json: JSON.parse((await place.dlc("check", "a.dlc", "--format", "json")).out) };
    expect(json.diagnostics.flatMap((each: any) => each.fixes)).toMatchObject([{ unsafe: true }]);
    const unsafe = await place.dlc("check", "a.dlc", "--unsafe-fixes");
    expect(unsafe.err).toMatch(/^fixed a\.dlc:10:3 DLC302: Carry `c` along/);
    expect(read("a.dlc")).toContain("n(i, count(), c) <= clicks(i, _, c);");
  });
});

describe("rounds of fixes", () => {
  const file: SourceFile = { path: "x.dlc", text: "abcdef" };
  const finding = (
    of: SourceFile,
    edits: readonly (readonly [number, number, string])[],
    code: Diagnostic["code"] = "DLC204",
  ): Diagnostic => ({
    code,
    severity: "error",
    message: "m",
    file: of,
    span: { start: edits[0]![0], end: edits[0]![1] },
    fixes: [{ title: "t", edits: edits.map(([start, end, text]) => ({ file: of, span: { start, end }, text })) }],
  });
  const fix = async (
    find: (of: SourceFile) => readonly Diagnostic[],
  ): Promise<{ text: string; rounds: number; written: string }> => {
    writeFileSync(join(place.folder, "x.dlc"), file.text);
    let rounds = 0;
    const { file: after } = await fixFile(
      file,
      async (of) => {
        rounds++;
        return find(of);
      },
      { unsafe: false, cwd: place.folder },
    );
    return { text: after.text, rounds, written: read("x.dlc") };
  };

  test("overlapping ones and insertions at one place wait for the next round", async () => {
    const once = await fix((of) =>
      of === file ? [finding(of, [[0, 2, "X"]]), finding(of, [[1, 3, "Y"]]), finding(of, [[5, 6, "Z"]])] : [],
    );
    expect(once).toEqual({ text: "XcdeZ", rounds: 2, written: "XcdeZ" });
    const inserted = await fix((of) => (of === file ? [finding(of, [[3, 3, "1"]]), finding(of, [[3, 3, "2"]])] : []));
    expect(inserted.text).toBe("abc1def");
  });

  test("all edits of a fix are made or none", async () => {
    const { text } = await fix((of) =>
      of === file
        ? [
            finding(of, [[0, 1, "X"]]),
            finding(of, [
              [3, 4, "1"],
              [0, 1, "2"],
            ]),
          ]
        : [],
    );
    expect(text).toBe("Xbcdef");
  });

  test("a fix that mends nothing ends after ten rounds", async () => {
    const { rounds } = await fix((of) => [finding(of, [[0, 1, of.text[0]!]])]);
    expect(rounds).toBe(11);
  });

  test("a round after which the text cannot be read is undone", async () => {
    const broken = await fix((of) =>
      of === file ? [finding(of, [[0, 1, "("]])] : [finding(of, [[0, 1, "["]], "DLC101")],
    );
    expect([broken.text, broken.written]).toEqual(["abcdef", "abcdef"]);
  });
});
