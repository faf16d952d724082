import { expect, test } from "vitest";
import { differences, diffLines } from "../src/cli/difference.ts";
import { ads, makePlace } from "./place-of-tests.ts";

const seal = {
  mechanism: "seal",
  role: "R",
  at: ["R.c"],
  key: ["k"],
  protects: ["R/o#1"],
  producers: ["S"],
  single: false,
  why: "w",
};
const order = { ...seal, mechanism: "order", at: ["R.c", "R.d"], key: [], producers: null };
const output = {
  name: "R.o",
  target: "deterministic",
  before: { label: "Run" },
  after: { label: "Async" },
  achieved: true,
  pacelc: "p",
  assumptions: ["a", "b"],
};
const sealed = { collection: "R.c", key: ["k"], single: false, producers: ["S"] };
const empty = { plan: [], outputs: [], seals: [] };

test.each([
  ["nothing", empty, empty, []],
  [
    "what is inserted",
    { ...empty, plan: [seal] },
    { ...empty, plan: [order] },
    ["it needs order at R.c and R.d", "it no longer needs seal at R.c by (k)"],
  ],
  [
    "what an insertion protects",
    { ...empty, plan: [seal] },
    { ...empty, plan: [{ ...seal, protects: ["R/o#2"] }] },
    ["protects of seal at R.c by (k) has R/o#2 and no longer has R/o#1"],
  ],
  [
    "outputs",
    { ...empty, outputs: [output] },
    { ...empty, outputs: [{ ...output, name: "R.p" }] },
    ["R.p is new", "R.o is gone"],
  ],
  [
    "a label and an assumption",
    { ...empty, outputs: [output] },
    { ...empty, outputs: [{ ...output, after: { label: "Run" }, assumptions: ["b", "c", "a"] }] },
    ["after of R.o is Run and was Async", "assumptions of R.o has c"],
  ],
  [
    "an assumption less, and their order",
    { ...empty, outputs: [output, { ...output, name: "R.p" }] },
    {
      ...empty,
      outputs: [
        { ...output, assumptions: ["a"] },
        { ...output, name: "R.p", assumptions: ["b", "a"] },
      ],
    },
    ["assumptions of R.o no longer has b", "assumptions of R.p is in another order"],
  ],
  [
    "the cost",
    empty,
    { ...empty, cost: { rates: "declared", messages: 400, waitMs: 1 } },
    ["the cost is 400 messages a second and 1 ms; it was not known"],
  ],
  [
    "seals",
    { ...empty, seals: [sealed] },
    { ...empty, seals: [{ ...sealed, key: [] }] },
    ["R.c is sealed", "R.c by (k) is no longer sealed"],
  ],
])("%s", (_, was, is, said) => {
  expect(differences(was, is)).toEqual(said);
});

test("a certificate that is none, one written in another way, and one of another plan", async () => {
  const place = makePlace();
  place.write({ "ads.dlc": ads() });
  await place.dlc("check", "ads.dlc", "--lock");
  const message = async (): Promise<string> =>
    JSON.parse((await place.dlc("check", "ads.dlc", "--locked", "--format", "json")).out).diagnostics.find(
      (each: any) => each.code === "DLC491",
    )?.message;
  expect(await message()).toBeUndefined();
  place.write({ "ads.dlc": ads("") });
  expect(await message()).toMatch(
    /^the plan is not the one in coordination\.json: it needs order at Report\.click and Report\.request by \(campaign\); it no longer needs seal .*; and \d more$/,
  );
  for (const [text, said] of [
    ["[]", "that is no certificate"],
    ["{", "that is no certificate"],
    ["{}", "that is no certificate"],
  ]) {
    place.write({ "coordination.json": text });
    expect(await message()).toContain(said);
  }
  place.write({ "ads.dlc": ads() });
  await place.dlc("check", "ads.dlc", "--lock");
  const { readFileSync } = await import("node:fs");
  const path = `${place.folder}/coordination.json`;
  place.write({ "coordination.json": `${readFileSync(path, "utf8")}\n` });
  expect(await message()).toContain("it is written in another way");
  place.remove();
});

test("a diff has a line for each change, what is inserted with its rules", () => {
  const was = {
    ...empty,
    plan: [seal],
    outputs: [output],
    seals: [sealed],
    cost: { rates: "declared", messages: 1.5, waitMs: 5000 },
  };
  const is = {
    ...empty,
    plan: [order],
    outputs: [
      { ...output, after: { label: "Run" } },
      { ...output, name: "R.p" },
    ],
    cost: { rates: "declared", messages: 5010, waitMs: 1 },
  };
  expect(diffLines(was, is)).toEqual([
    "+ order at R.c and R.d, for o#1",
    "- seal at R.c by (k), for o#1",
    "+ output R.p",
    "~ after of R.o is Run and was Async",
    "- seals of R.c by (k)",
    "~ the cost is 5010 messages a second and 1 ms; it was 1.5 messages a second and 5000 ms",
  ]);
});

test("the diff is drawn under the rule that needs more, and stands in the other forms", async () => {
  const place = makePlace();
  const rated = (sealed: string): string =>
    ads(sealed)
      .replace("user: string) sealed", "user: string) rate 1000 sealed")
      .replace("user: string);\n  Report", "user: string) rate 1000;\n  Report");
  place.write({ "ads.dlc": rated(" sealed by (campaign) every 10s") });
  await place.dlc("check", "ads.dlc", "--lock");
  place.write({ "ads.dlc": rated("") });
  const { code, out } = await place.dlc("check", "ads.dlc", "--locked");
  expect(code).toBe(1);
  expect(out).toContain("| + order at Report.click and Report.request by (campaign), for poor#1");
  expect(out).toContain("| - seal at Report.click by (campaign), for poor#1");
  expect(out).toMatch(/\| ~ the cost is 500\d messages a second and 1 ms; it was 1\.5 messages a second and 5000 ms/);
  const json = JSON.parse((await place.dlc("check", "ads.dlc", "--locked", "--format", "json")).out);
  expect(json.diagnostics.find((each: any) => each.code === "DLC491").changes).toContain(
    "- seal at Report.click by (campaign), for poor#1",
  );
  expect((await place.dlc("check", "ads.dlc", "--locked", "--format", "github")).out).toContain(
    "%0A- seal at Report.click by (campaign), for poor#1",
  );
  place.remove();
});
