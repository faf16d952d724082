/** The examples on the pages of codes: each shows its code, alone or among the declarations that it speaks of. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codes } from "../src/compiler/diagnostics/codes.ts";
import type { CodePage } from "../src/compiler/diagnostics/codes.ts";
import { makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

/** Two hosts that send what comes to them, and a role in which `%` is the example. */
const received = (columns: Readonly<Record<string, string>>, rest: string): string =>
  `role Host x2 {\n${Object.entries(columns)
    .map(([name, list]) => `  input ${name}(${list});\n  R.${name} <~ ${name};\n`)
    .join("")}}\nrole R replicated x2 {\n${Object.entries(columns)
    .map(([name, list]) => `  channel ${name}(${list});\n`)
    .join("")}  ${rest}\n}\n`;
const inOne = (declarations: string): string => `role A {\n  ${declarations}\n  %\n}\n`;
const clicks = "campaign: string, id: string, user: string";

/** What an example leaves out, by its code. */
const around: Readonly<Record<string, string>> = {
  DLC190: received(
    { click: clicks },
    `table clicks(${clicks}); clicks <= click; output poor(c: string, i: string, n: int);\n  %`,
  ),
  DLC191: received({ click: clicks }, `table clicks(${clicks}); output o(${clicks}); o <= clicks;\n  %`),
  DLC192: inOne("output poor(c: string, i: string, n: int);"),
  DLC204: inOne("input click(campaign: string); table t(x: string);"),
  DLC206: inOne("input s(n: int); table t(n: int);"),
  DLC212: inOne("input t(a: int, b: int); table s(x: int);"),
  DLC213: inOne("input t(x: int, n: int); table s(x: int);"),
  DLC214: inOne("input t(x: int); input ready(x: int); table s(x: int);"),
  DLC221: "%\nrole Report { channel clicks(c: string); }\n",
  DLC222: "%\nrole Report { table clicks(x: string); }\n",
  DLC225: inOne("input s(a: addr, x: int); table t(x: int);"),
  DLC230: inOne("input names(s: string);"),
  DLC232: inOne("input s(n: int); table t(x: int);"),
  DLC233: inOne("input s(n: int); table t(x: int);"),
  DLC240: inOne("input s(x: int); table t(x: int, y: int);"),
  DLC242: inOne("input s(x: int); table t(x: int);"),
  DLC250: inOne("input s(k: int, n: int); table t(k: int, n: int);"),
  DLC251: inOne("input s(k: int, n: int); table t(k: int, n: int);"),
  DLC252: inOne("input s(k: int, n: int); table t(k: int);"),
  DLC260: inOne("input move(x: int, y: int); scratch win(x: int);"),
  DLC274: `${inOne("input over(c: string); input click(campaign: string); Report.click <~ click;")}role Report { channel click(campaign: string) sealed by (campaign); }\n`,
  DLC282: received(
    { s: "k: string, x: int" },
    "table kept(k: string, x: int); kept <= s; output n(k: string, n: int);\n  %",
  ),
  DLC301: received(
    { req: "k: string, x: int", block: "k: string" },
    "table blocked(k: string); blocked <= block; output alert(k: string, x: int);\n  %",
  ),
  DLC302: received(
    { click: clicks },
    `table clicks(${clicks}); clicks <= click; output poor(c: string, i: string, n: int);\n  %`,
  ),
  DLC303: received(
    { request: "a: addr, c: string", score: "c: string, n: int" },
    "table poor(c: string, n: int); poor <= score; output answer(a: addr, n: int);\n  %",
  ),
  DLC304: received(
    { add: "u: string, x: string", drop: "u: string, x: string" },
    "table cart(u: string, x: string); cart <= add; output o(u: string, x: string); o <= cart;\n  %",
  ),
  DLC305: received(
    { put: "k: string, v: int" },
    "table cur(k: string -> v: int); output o(k: string, v: int); o <= cur;\n  %",
  ),
  DLC306: received({ put: "k: string, v: int" }, "output o(k: string, v: int); o <= kv;\n  %"),
  DLC307: received(
    { bid: "k: string, v: int" },
    "table best(k: string, v: lmax<int>); best <= bid; output n(k: string, v: int);\n  %",
  ),
  DLC308: received(
    { ask: "x: int", end: "x: int" },
    "timer tick every 1s; table pending(x: int); pending <= ask; table done(x: int); done <= end; output late(x: int);\n  %",
  ),
  DLC311: `role A {\n  channel over(c: string);\n  input click(campaign: string);\n  Report.click <~ click;\n  %\n}\nrole B { input over(c: string); A.over <~ over; }\nrole Report { channel click(campaign: string) sealed by (campaign); table clicks(c: string); clicks <= click; output n(n: int); n(count()) <= clicks(_); }\n`,
  DLC320: "%\nrole H { input seen(word: string); W.seen <~ seen; }\n",
  DLC401: received(
    { s: "k: string, x: int" },
    "table kept(k: string, x: int); kept <= s;\n  %\n  o(k, count()) <= kept(k, _);",
  ),
  DLC402: received(
    { s: "k: string, x: int" },
    "table kept(k: string, x: int); kept <= s;\n  %\n  counts(k, count()) <= kept(k, _);",
  ),
  DLC403: received(
    { click: "c: string, i: string" },
    "table clicks(c: string, i: string); clicks <= click; output poor(c: string, n: int);\n  %",
  ),
  DLC404: `role R {\n  %\n  table kept(k: string);\n  kept <= c;\n  output n(n: int);\n  n(count()) <= kept(_);\n}\nrole A { input unsealed(k: string); R.c <~ unsealed; }\n`,
  DLC406: received({ add: "x: int", done: "x: int" }, "table t(x: int); t <= add; output o(x: int); o <= t;\n  %"),
  DLC408: "role A x2 { input i(x: int); R.c <~ i; }\nrole R { table t(x: int); output o(x: int); o <= t;\n  %\n}\n",
};

/** Of the command line, of TypeScript beside a program, and of a program that runs: their own tests show them. */
const elsewhere = /^DLC(?:195|196|409|410|49\d|5\d\d|9\d\d)$/;

describe("the example of a code", () => {
  let place: Place;
  beforeAll(() => void (place = makePlace()));
  afterAll(() => place.remove());

  const pages = Object.entries(codes as Readonly<Record<string, CodePage>>).filter(([code]) => !elsewhere.test(code));
  test.each(pages)("%s", async (code, { example }) => {
    const texts =
      around[code] === undefined
        ? [example, inOne("").replace("%", () => example)]
        : [around[code].replace("%", () => example)];
    const shown: string[] = [];
    for (const text of texts) {
      place.write({ "a.dlc": text });
      const { out } = await place.dlc("check", "a.dlc", "--format", "json");
      shown.push(...(JSON.parse(out) as { diagnostics: { code: string }[] }).diagnostics.map((one) => one.code));
    }
    expect(shown, texts.join("\n---\n")).toContain(code);
  });
});
