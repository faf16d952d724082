// The examples above the rules of the grammar: `//+ "accepted", "…"` and `//- "refused"`.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import grammar from "../grammar/dlc.ohm-bundle.js";

interface Examples {
  readonly rule: string;
  readonly accepted: string[];
  readonly refused: string[];
}

const source = readFileSync(new URL("../grammar/dlc.ohm", import.meta.url), "utf8");

function examplesOf(text: string): Examples[] {
  const all: Examples[] = [];
  let accepted: string[] = [];
  let refused: string[] = [];
  for (const line of text.split("\n")) {
    const example = /^ *\/\/([+-]) (.*)$/.exec(line);
    const rule = /^ *([a-z][A-Za-z]*) = /.exec(line);
    if (example !== null)
      (example[1] === "+" ? accepted : refused).push(...(JSON.parse(`[${example[2]}]`) as string[]));
    else if (rule !== null) {
      all.push({ rule: rule[1], accepted, refused });
      accepted = [];
      refused = [];
    }
  }
  return all;
}

const rules = examplesOf(source);

test("the committed bundle is made from the grammar as it stands", () => {
  const bundle = readFileSync(new URL("../grammar/dlc.ohm-bundle.js", import.meta.url), "utf8");
  const body = source.slice(source.indexOf("Dlc {")).trim();
  expect(bundle.includes(JSON.stringify(body)), "run `npm run grammar`").toBe(true);
  expect(Object.keys(grammar.rules)).toEqual(expect.arrayContaining(rules.map(({ rule }) => rule)));
});

test("most rules have examples", () => {
  expect(rules.filter(({ accepted }) => accepted.length > 0).length).toBeGreaterThan(25);
});

for (const { rule, accepted, refused } of rules) {
  if (accepted.length + refused.length === 0) continue;
  describe(rule, () => {
    test.each(accepted)("accepts %s", (text) => {
      const result = grammar.match(text, rule);
      expect(result.failed() ? result.shortMessage : "").toBe("");
    });
    if (refused.length > 0) {
      test.each(refused)("refuses %s", (text) => {
        expect(grammar.match(text, rule).succeeded()).toBe(false);
      });
    }
  });
}
