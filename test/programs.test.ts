import { expect, test } from "vitest";
import { parse } from "../src/compiler/1-parse/parse.ts";
import { lower } from "../src/compiler/2-lower/lower.ts";
import { generateProgram } from "../bench/programs.ts";

const texts = [1, 2, 3, 4].map((seed) => generateProgram(1_000, seed));

test("generated programs are right in names, types and strata", () => {
  for (const text of texts) {
    const { value } = parse({ path: "a.dlc", text });
    expect(value).not.toBeNull();
    const { diagnostics } = lower([value!]);
    expect(diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message)).toEqual([]);
  }
});

test.each([
  ["roles of every kind", [/^role \w+ \{/m, / x\d \{/, / replicated x3/, / partitioned by \(key\)/]],
  ["every kind of collection", [/ input /, / output /, / channel /, / table /, / scratch /, / timer /]],
  ["every merge", [/ <= /, / <\+ /, / <\+- /, / <- /, / <~ /]],
  ["seals, keys and addresses", [/sealed by \(key\) single/, / -> /, /@\*/, /@c\(/]],
  ["negation, aggregates and conditions", [/ not /, / having /, /count\(distinct/, /argmin\(/, /if .* then/, / % /]],
])("generated programs have %s", (_what, features) => {
  const all = texts.join("");
  expect(features.filter((feature) => !feature.test(all))).toEqual([]);
});
