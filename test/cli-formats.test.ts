/** The forms of a report that other programs read. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { codes } from "../src/compiler/diagnostics/codes.ts";
import { ads, makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());

const ajv = new Ajv({ strict: false, unicodeRegExp: false, allErrors: true });
formats.default(ajv);
const isSarif = ajv.compile(JSON.parse(readFileSync(join(import.meta.dirname, "schemas/sarif-2.1.0.json"), "utf8")));

async function sarifOf(...args: string[]): Promise<{ code: number; run: Record<string, any> }> {
  const { code, out, err } = await place.dlc("check", "--format", "sarif", ...args);
  expect(err).toBe("");
  const log = JSON.parse(out);
  isSarif(log);
  expect(isSarif.errors ?? []).toEqual([]);
  return { code, run: log.runs[0] };
}

/** A misspelt name, a name that is nowhere, and a type error over two lines, one of them in a folder with a space. */
const wrong = {
  "my programs/ärger, [1].dlc":
    'role A {\n  input item(x: int);\n  output o(x: int);\n  o(x) <= itme(x);\n  o(x, "é"\n    + "e") <= item(x);\n}\n',
  "b.dlc": "role B {\n  input i(x: int;\n}\n",
};

describe("--format sarif", () => {
  test("the schema refuses what is no log", () => {
    expect(isSarif({ version: "2.1.0", runs: [{ tool: { driver: { name: "dlc" } }, results: [{}] }] })).toBe(false);
    expect(isSarif({ version: "2.1.0", runs: [{ tool: { driver: { name: "dlc" } }, results: [] }] })).toBe(true);
  });

  test("of an order-sensitive rule: level, region, the cause as a place that the message links to, and the page of its code", async () => {
    place.write({ "ads.dlc": ads() });
    const { code, run } = await sarifOf("ads.dlc");
    expect(code).toBe(0);
    const [result] = run["results"];
    expect(result).toMatchObject({
      ruleId: "DLC302",
      level: "warning",
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: "ads.dlc", uriBaseId: "%SRCROOT%" },
            region: { startLine: 15, startColumn: 3, endLine: 15, endColumn: 63 },
          },
        },
      ],
      relatedLocations: [
        { id: 1, physicalLocation: { region: { startLine: 15, startColumn: 26, endLine: 15, endColumn: 41 } } },
      ],
      suppressions: [],
    });
    expect(result.message.text).toMatch(/^poor#1 depends on .*\.\n\[What it reads here comes from .*\]\(1\)\.$/);
    const rule = run["tool"].driver.rules[result.ruleIndex];
    const page = codes.DLC302;
    expect(rule).toMatchObject({ id: "DLC302", name: "AnAggregateOverFactsThatMayStillCome" });
    for (const text of [page.why, page.example, page.mend]) {
      expect(rule.help.text).toContain(text);
      expect(rule.help.markdown).toContain(text);
    }
  });

  test("of errors in several files: every rule once, URIs of odd names, and fixes that mend the text", async () => {
    place.write(wrong);
    const { code, run } = await sarifOf(".");
    expect(code).toBe(1);
    const rules = run["tool"].driver.rules.map(({ id }: { id: string }) => id);
    expect(new Set(rules).size).toBe(rules.length);
    for (const { ruleId, ruleIndex } of run["results"]) expect(rules[ruleIndex]).toBe(ruleId);
    expect(run["artifacts"].map((artifact: any) => artifact.location.uri)).toEqual([
      "b.dlc",
      "my%20programs/%C3%A4rger%2C%20%5B1%5D.dlc",
    ]);
    const [path, text] = Object.entries(wrong)[0]!;
    const lines = text.split("\n");
    let mended = 0;
    for (const { fixes, locations } of run["results"]) {
      const { region } = locations[0].physicalLocation;
      expect(region.endLine).toBeGreaterThanOrEqual(region.startLine);
      if (fixes === undefined) continue;
      const [{ artifactChanges }] = fixes;
      const [{ deletedRegion, insertedContent }] = artifactChanges[0].replacements;
      if (insertedContent.text !== "item") continue;
      const line = lines[deletedRegion.startLine - 1]!;
      place.write({
        [path]: text.replace(
          line,
          line.slice(0, deletedRegion.startColumn - 1) + insertedContent.text + line.slice(deletedRegion.endColumn - 1),
        ),
      });
      mended++;
    }
    expect(mended).toBe(1);
    const after = await sarifOf(".");
    expect(after.run["results"]).toHaveLength(run["results"].length - 1);
  });

  test("what is suppressed is there, with its reason, and does not count", async () => {
    place.write({
      "ads.dlc": ads().replace("  poor(c, i, count())", "  // dlc-allow DLC302: sealed\n  poor(c, i, count())"),
    });
    const { code, run } = await sarifOf("ads.dlc", "--max-warnings", "0");
    expect(code).toBe(0);
    expect(run["results"]).toMatchObject([
      { ruleId: "DLC302", suppressions: [{ kind: "inSource", justification: "sealed" }] },
    ]);
  });

  test("nothing found is a log too", async () => {
    place.write({ "a.dlc": "role A {\n  input i(x: int);\n  output o(x: int);\n  o(x) <= i(x);\n}\n" });
    expect((await sarifOf("a.dlc")).run).toMatchObject({ results: [], tool: { driver: { name: "dlc", rules: [] } } });
  });

  test("every page of a code makes a valid rule", async () => {
    const { sarifOf: logOf } = await import("../src/cli/draw/sarif.ts");
    const results = Object.keys(codes).map((code) => ({
      ruleId: code as keyof typeof codes,
      level: "note",
      message: { text: "." },
    }));
    const log: any = logOf([{ artifact: "a.dlc", results }], "1.0.0");
    isSarif(log);
    expect(isSarif.errors ?? []).toEqual([]);
    for (const { name, shortDescription } of log.runs[0].tool.driver.rules) {
      expect(name).toMatch(/^[A-Z][A-Za-z0-9]+$/);
      expect(shortDescription.text).not.toMatch(/\.\.$/);
    }
  });
});

describe("--format github", () => {
  test("a command for each finding, and nothing else on stdout", async () => {
    place.write({ "ads.dlc": ads() });
    const { code, out, err } = await place.dlc("check", "ads.dlc", "--format", "github");
    expect(code).toBe(0);
    expect(out).toBe(
      "::warning file=ads.dlc,line=15,endLine=15,col=3,endColumn=63," +
        "title=DLC302%3A an aggregate over facts that may still come::" +
        "poor#1 depends on the order of messages: it aggregates per (c, i) over facts that may still come; coordinated: it waits for the seal of Report.click by (campaign)%0A" +
        "What it reads here comes from AdServer.click (AdServer.click -> Report.click -> Report.clicks): ads.dlc:15:26\n",
    );
    expect(err).toBe("1 program checked: 0 errors, 1 warning\n");
  });

  test("odd names and texts are escaped, and a range of several lines has no columns", async () => {
    place.write(wrong);
    const { code, out } = await place.dlc("check", ".", "--format", "github");
    expect(code).toBe(1);
    const lines = out.trimEnd().split("\n");
    for (const line of lines) {
      const [, properties] = /^::(?:error|warning|notice) ([^:]*)::[^\r\n]+$/.exec(line)!;
      for (const one of properties!.split(",")) expect(one).toMatch(/^(?:file|title|line|endLine|col|endColumn)=/);
    }
    expect(lines.find((line) => line.includes("file=my"))).toContain("file=my programs/ärger%2C [1].dlc,");
    const long = lines.find((line) => line.includes("line=5,endLine=6"));
    expect(long).toBeDefined();
    expect(long).not.toMatch(/,col=|,endColumn=/);
  });

  test("a clean program says nothing but the summary, and a note is a notice", async () => {
    place.write({ "a.dlc": "role A {\n  input i(x: int);\n  output o(x: int);\n  o(x) <= i(x);\n}\n" });
    expect(await place.dlc("check", "a.dlc", "--format", "github")).toEqual({
      code: 0,
      out: "",
      err: "1 program checked: 0 errors, 0 warnings\n",
    });
    place.write({ "ads.dlc": ads("") });
    expect((await place.dlc("check", "ads.dlc", "--format", "github")).out).toMatch(/^::notice .*DLC402/m);
  });
});

describe("names of files on a build server", () => {
  test("are relative to the checkout, wherever below it dlc runs; without one, to the working folder", async () => {
    place.write({ "sub/ads.dlc": ads() });
    const { namesFrom, uriOf } = await import("../src/cli/draw/place.ts");
    const file = { path: "sub/ads.dlc", text: "" };
    const at = (cwd: string, checkout?: string): string =>
      namesFrom({ cwd, env: { GITHUB_WORKSPACE: checkout } })(file);
    expect(at("/build/repo/packages/x", "/build/repo")).toBe("packages/x/sub/ads.dlc");
    expect(at("/build/repo", "/build/repo")).toBe("sub/ads.dlc");
    expect(at("/elsewhere", "/build/repo")).toBe("sub/ads.dlc");
    expect(at("/build/repo")).toBe("sub/ads.dlc");
    const outside = namesFrom({ cwd: "/build/repo", env: {} })({ path: "../other one/a.dlc", text: "" });
    expect(outside).toBe("/build/other one/a.dlc");
    expect(uriOf(outside)).toBe("file:///build/other%20one/a.dlc");
  });

  test("the library lies in no checkout", async () => {
    place.write({
      "sub/a.dlc":
        'import "dlc:kvs" as kvs;\nuse kvs.Store<string, int> as s in R;\nrole R { input p(k: string, v: int); channel c(k: string, v: int); output o(k: string, v: int); R.c(k, v) <~ p(k, v); s.put(k, v) <= c(k, v); s.get("a", k) <= c(k, _); o(k, v) <= s.answer(_, k, v); }\n',
    });
    const log = JSON.parse((await place.dlc("check", "sub/a.dlc", "--format", "sarif")).out);
    const places = log.runs[0].results
      .flatMap(({ locations }: any) => locations)
      .map(({ physicalLocation }: any) => physicalLocation.artifactLocation);
    expect(places).toContainEqual({ uri: "dlc:kvs" });
    expect((await place.dlc("check", "sub/a.dlc", "--format", "github")).out).toContain("file=dlc%3Akvs,");
  });
});
