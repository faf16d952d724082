/** Programs of several files on the command line. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());

const tally = (rule: string): string => `module Tally {
  in see(k: string, x: int);
  out n(k: string, n: int);
  channel c(k: string, x: int);
  table seen(k: string, x: int);
  c@*(k, x) <~ see(k, x);
  seen(k, x) <= c(k, x);
  ${rule}
}
`;
const counting = tally("n(k, count()) <= seen(k, _);");
const copying = tally("n(k, x) <= seen(k, x);");
const main = `import "./lib/tally.dlc" as lib;
use lib.Tally as t in A;
use lib.Tally as t in B;
role A { input i(k: string, x: int); output o(k: string, n: int); t.see(k, x) <= i(k, x); o(k, n) <= t.n(k, n); }
role B { input i(k: string, x: int); output o(k: string, n: int); t.see(k, x) <= i(k, x); o(k, n) <= t.n(k, n); }
`;

async function jsonOf(...args: string[]): Promise<Record<string, any>> {
  return JSON.parse((await place.dlc("check", "--format", "json", ...args)).out);
}

test("a finding in an imported file is shown where it stands, for each copy with its role", async () => {
  place.write({ "sub/main.dlc": main, "sub/lib/tally.dlc": counting });
  const { code, out } = await place.dlc("check", "sub/main.dlc");
  expect(code).toBe(0);
  expect(out).toContain(
    "warning[DLC302]: t.n#1 of A depends on the order of messages: it aggregates per (k) over facts that may still come; coordinated: A.t.c passes through a log by (k)\n" +
      "  --> sub/lib/tally.dlc:8:3\n   |\n 8 |   n(k, count()) <= seen(k, _);\n",
  );
  expect(out).toContain("t.n#1 of B depends");
  const json = await jsonOf("sub/main.dlc");
  expect(json.files).toEqual(["sub/main.dlc"]);
  expect(json.diagnostics.map((each: any) => [each.code, each.file]).slice(-2)).toEqual([
    ["DLC302", "sub/lib/tally.dlc"],
    ["DLC302", "sub/lib/tally.dlc"],
  ]);
  expect(json.orderSensitive[0]).toMatchObject({
    role: "A",
    head: "t.n",
    rule: "t.n#1",
    line: 8,
    file: "sub/lib/tally.dlc",
  });
  expect(json.collections.map((each: any) => each.name)).toContain("A.t.seen");
  expect(json.plan[0]).toMatchObject({ mechanism: "order", role: "A", at: ["t.c"], protects: ["t.n"] });
});

test("what is kept of a program is forgotten when a file that it imports changes", async () => {
  place.write({ "main.dlc": main, "lib/tally.dlc": counting });
  const first = await place.dlc("check", "main.dlc");
  expect(first.out).toContain("2 warnings");
  expect(await place.dlc("check", "main.dlc")).toEqual(first);
  place.write({ "lib/tally.dlc": copying });
  expect((await place.dlc("check", "main.dlc")).out).toContain("0 warnings");
});

test("--locked sees what a change of an imported file does to the plan", async () => {
  place.write({ "main.dlc": main, "lib/tally.dlc": counting });
  expect((await place.dlc("check", "main.dlc", "--lock")).code).toBe(0);
  expect((await place.dlc("check", "main.dlc", "--locked")).code).toBe(0);
  place.write({ "lib/tally.dlc": copying });
  const { code, out } = await place.dlc("check", "main.dlc", "--locked");
  expect(code).toBe(1);
  expect(out).toContain("DLC491");
});

test("a path that leads nowhere gets the nearest files of that folder, others their reason", async () => {
  place.write({ "a.dlc": 'import "./lib/taly.dlc" as t;\n', "lib/tally.dlc": counting, "lib/taller.txt": "" });
  const near = await place.dlc("check", "a.dlc");
  expect(near.code).toBe(1);
  expect(near.out).toContain('"./lib/taly.dlc" cannot be imported: there is no such file.');
  expect(near.out).toContain('Did you mean `"./lib/tally.dlc"`?');
  place.write({ "b.dlc": 'import "./lib" as t;\n', "c.dlc": 'import "./latin.dlc" as t;\n' });
  expect((await place.dlc("check", "b.dlc")).out).toContain("it is a folder");
  writeFileSync(join(place.folder, "latin.dlc"), Buffer.from([0x72, 0xe9]));
  expect((await place.dlc("check", "c.dlc")).out).toContain("latin.dlc is not UTF-8 text");
  place.write({ "d.dlc": 'import "./lib/tally" as t;\n' });
  expect((await place.dlc("check", "d.dlc")).out).toContain('Did you mean `"./lib/tally.dlc"`?');
});

test("a module's file suppresses its findings, and is not asked whether it had to", async () => {
  const allowed = tally("// dlc-allow DLC302: the last one counts\n  n(k, count()) <= seen(k, _);");
  place.write({ "main.dlc": main, "lib/tally.dlc": allowed });
  expect((await place.dlc("check", "main.dlc")).out).toContain("0 warnings, 1 note, 2 suppressed");
  expect((await place.dlc("check", "lib/tally.dlc")).out).toContain("1 program checked: 0 errors, 0 warnings");
  // Outside of a module a comment that suppresses nothing is a finding as ever.
  place.write({ "lib/tally.dlc": `${allowed}// dlc-allow DLC301: nothing\nrole R { }` });
  expect((await place.dlc("check", "lib/tally.dlc")).out).toContain("DLC191");
});

test("explain shows what is inserted in each file, and names the place of a rule", async () => {
  place.write({ "main.dlc": main, "lib/tally.dlc": counting });
  const { out } = await place.dlc("explain", "main.dlc");
  expect(out).toContain("t.n#1, lib/tally.dlc line 8 (aggregate): dlc explain main.dlc A/t.n#1");
  expect(out).toContain("lib/tally.dlc before, and with the lines marked + after");
  expect(out).toContain("  +   // t.c comes through the log A.log");
  expect((await place.dlc("explain", "main.dlc", "t.n#1")).err).toContain("A/t.n#1, B/t.n#1");
  expect((await place.dlc("explain", "main.dlc", "B/t.n#1")).out).toContain("t.n#1 in B  lib/tally.dlc:8:3");
});

test("build emits roles and copies of imported files", async () => {
  place.write({
    "main.dlc": `${main}role C { lib.D.c(x) <~ i(x); input i(x: int); }`,
    "lib/tally.dlc": `${counting}role D { channel c(x: int); }`,
  });
  const { code, err } = await place.dlc("build", "main.dlc", "-o", "out");
  expect([code, err]).toEqual([0, expect.stringContaining("main.dlc -> out")]);
});
