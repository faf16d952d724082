import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readConfig } from "../src/cli/config.ts";
import { jsonPlaces } from "../src/cli/json-places.ts";
import { ads, makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());

const clean = "role A {\n  input i(x: int);\n  output o(x: int);\n  o(x) <= i(x);\n}\n";

async function jsonOf(...args: string[]): Promise<{ code: number; json: Record<string, any> }> {
  const { code, out } = await place.dlc("check", "--format", "json", ...args);
  return { code, json: JSON.parse(out) };
}

/** Each with what is wrong: wrong use, or the texts that its findings underline. */
const configs: readonly (readonly [text: string, wrong: RegExp | readonly string[]])[] = [
  ["{}", []],
  [
    '{"$schema": "x", "strategy": "seal", "maxWarnings": 0, "budget": {"order": 0}, "severities": {"DLC302": "off"}, "ignore": ["a/**"]}',
    [],
  ],
  ['{"severity": {}}', ['"severity"']],
  ['{\n  "strateggy": "none",\n  "severities": {"DLC3O2": "off", "DLC404": "note"}\n}', ['"strateggy"', '"DLC3O2"']],
  ['{"severities": {"DLC101": "off"}}', ['"DLC101"']],
  ['{"severities": {"DLC491": "warning"}}', ['"DLC491"']],
  ['{"budget": {"ordre": 0, "seal": 2}}', ['"ordre"']],
  ["[]", /^c\.json:1:1: must hold a JSON object$/],
  ['{\n  "strategy": "hope"\n}', /^c\.json:2:15: "strategy" must be one of auto, seal/],
  ['{"maxWarnings": -1}', /^c\.json:1:17: "maxWarnings" must be a whole number/],
  ['{"severities": {"DLC302": "loud"}}', /^c\.json:1:27: .*DLC302 is something else/],
  ['{"severities": ["DLC302"]}', /^c\.json:1:16: "severities" must map/],
  ['{"budget": {"order": -1}}', /^c\.json:1:22: "budget": order needs a whole number/],
  ['{"budget": 3}', /^c\.json:1:12: "budget" must map/],
  ['{"ignore": "a"}', /^c\.json:1:12: "ignore" must be a list/],
];

describe("dlc.config.json", () => {
  test.each(configs)("%s", (text, wrong) => {
    const read = (): unknown =>
      readConfig(text, "c.json", "/x").findings.map(({ span }) => text.slice(span.start, span.end));
    if (wrong instanceof RegExp) expect(read).toThrow(wrong);
    else expect(read()).toEqual(wrong);
  });

  test("the schema takes what is right and refuses what is wrong", () => {
    const valid = new Ajv().compile(JSON.parse(readFileSync(join(import.meta.dirname, "../dlc.schema.json"), "utf8")));
    for (const [text, wrong] of configs) {
      expect([text, valid(JSON.parse(text))]).toEqual([text, !(wrong instanceof RegExp) && wrong.length === 0]);
    }
  });

  test("a misspelt key or code is a finding in the report, with the near name as its fix", async () => {
    place.write({
      "a.dlc": clean,
      "dlc.config.json": '{\n  "budgte": { "order": 0 },\n  "severities": { "DCL302": "off" }\n}\n',
    });
    const { code, json } = await jsonOf("a.dlc");
    expect(code).toBe(1);
    expect(json["files"]).toEqual(["a.dlc"]);
    expect(json["diagnostics"]).toMatchObject([
      {
        code: "DLC195",
        severity: "error",
        file: "dlc.config.json",
        range: { start: { line: 2, column: 3 } },
        mend: 'Did you mean "budget"?',
      },
      { code: "DLC196", severity: "error", file: "dlc.config.json", range: { start: { line: 3, column: 19 } } },
    ]);
    expect(json["diagnostics"][0].fixes[0].edits[0].text).toBe('"budget"');
    expect((await place.dlc("check", "a.dlc")).out).toContain('2 |   "budgte": { "order": 0 },');
    const built = await place.dlc("build", "a.dlc", "-o", "out");
    expect([built.code, built.err]).toEqual([
      1,
      expect.stringContaining("dlc.config.json has 2 errors; nothing was built"),
    ]);
    expect((await place.dlc("explain", "a.dlc")).err).toContain("DLC195");
  });

  test("is found upward; severities, warnings and strategy come from it, options win", async () => {
    place.write({ "dlc.config.json": JSON.stringify({ severities: { DLC302: "error" } }), "sub/ads.dlc": ads() });
    expect((await place.dlc("check", "sub/ads.dlc")).code).toBe(1);
    place.write({ "dlc.config.json": JSON.stringify({ severities: { DLC302: "off" }, maxWarnings: 0 }) });
    expect((await place.dlc("check", "sub/ads.dlc")).code).toBe(0);
    place.write({ "dlc.config.json": JSON.stringify({ strategy: "none" }) });
    expect((await jsonOf("sub/ads.dlc")).json["plan"]).toEqual([]);
    expect((await jsonOf("sub/ads.dlc", "--strategy", "seal")).json["plan"]).toHaveLength(1);
  });

  test("what it ignores is left out of folders and globs, and checked when named", async () => {
    place.write({
      "dlc.config.json": JSON.stringify({ ignore: ["old/**", "**/*.draft.dlc"] }),
      "a.dlc": clean,
      "a.draft.dlc": clean,
      "old/b.dlc": clean,
      "new/old/c.dlc": clean,
    });
    expect((await jsonOf(".")).json["files"]).toEqual(["a.dlc", "new/old/c.dlc"]);
    expect((await jsonOf("*.dlc", "old/b.dlc")).json["files"]).toEqual(["a.dlc", "old/b.dlc"]);
    const { code, err } = await place.dlc("check", "old");
    expect([code, err]).toEqual([
      2,
      'dlc: no .dlc file in the folder old that "ignore" in dlc.config.json does not leave out\n',
    ]);
  });

  test("what is no JSON is wrong use, with its place", async () => {
    place.write({ "a.dlc": clean, "dlc.config.json": '{\n  "strategy": "seal",\n}\n' });
    const { code, out, err } = await place.dlc("check", "a.dlc");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^dlc: dlc\.config\.json:3:1: not JSON: /);
    place.write({ "dlc.config.json": '{"strategy"' });
    expect((await place.dlc("check", "a.dlc")).err).toMatch(/^dlc: dlc\.config\.json:1:12: not JSON: /);
  });
});

test("places of keys in JSON: nested, in lists, with escapes and brackets in strings", () => {
  const text = '{ "a": [1, {"b}": "]"}, []], "c\\"d" : {"e":{}}, "f": -1.5e3 }';
  const found = Object.fromEntries(
    [...jsonPlaces(text)].map(([path, { key, value }]) => [
      path,
      [text.slice(key.start, key.end), text.slice(value.start, value.end)],
    ]),
  );
  expect(found).toEqual({
    "/a": ['"a"', '[1, {"b}": "]"}, []]'],
    "/a/1/b}": ['"b}"', '"]"'],
    '/c"d': ['"c\\"d"', '{"e":{}}'],
    '/c"d/e': ['"e"', "{}"],
    "/f": ['"f"', "-1.5e3"],
  });
});
