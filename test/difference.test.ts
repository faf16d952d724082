import { expect, test } from "vitest";
import { differences } from "../src/cli/difference.ts";
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
