import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { codes } from "../src/compiler/diagnostics/codes.ts";
import { ads, makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const programs = readdirSync(join(root, "fixtures"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".dlc"))
  .map((path) => join("fixtures", path))
  .sort();

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());

async function explain(...args: string[]): Promise<string> {
  const { code, out, err } = await place.dlc("explain", ...args);
  expect([code, err]).toEqual([0, ""]);
  return out;
}

describe("dlc explain", () => {
  test("a sealed rule: what it is, why, from where, what was inserted, what it costs", async () => {
    place.write({ "ads.dlc": ads() });
    await expect(await explain("ads.dlc", "poor#1")).toMatchFileSnapshot("goldens/explain-rule.txt");
  });

  test("a program: outputs, insertions, and the program with the inserted lines marked", async () => {
    place.write({ "ads.dlc": ads() });
    const out = await explain("ads.dlc");
    await expect(out).toMatchFileSnapshot("goldens/explain-program.txt");
    // What is not marked is the program as it stands.
    const shown = out
      .slice(out.indexOf("\n", out.indexOf("The program before")) + 1)
      .split("\n")
      .filter((line) => !line.startsWith("  + "));
    expect(
      shown
        .map((line) => line.slice(4))
        .join("\n")
        .trim(),
    ).toBe(ads().trim());
  });

  test("an output: its promise, what it rests on, the other plans", async () => {
    place.write({ "ads.dlc": ads() });
    await expect(await explain("ads.dlc", "Analyst.result")).toMatchFileSnapshot("goldens/explain-output.txt");
    expect(await explain("ads.dlc", "result")).toBe(await explain("ads.dlc", "Analyst.result"));
  });

  test("an unsealed program goes through a log, and says what would make it unnecessary", async () => {
    place.write({ "ads.dlc": ads("") });
    const out = await explain("ads.dlc", "poor#1");
    expect(out).toContain("order at Report.click and Report.request");
    expect(out).toContain("What would make it unnecessary");
    expect(out).toMatch(/[Ss]eal/);
  });

  test("a barrier by epochs says that they are cut, how long they are, and at what they stand in the program", async () => {
    place.write({ "ads.dlc": ads("") });
    const rule = await explain("ads.dlc", "poor#1", "--strategy", "barrier");
    expect(rule).toContain("barrier at Report.click and Report.request: one log, cut into epochs of 100ms, for poor#1");
    expect(rule).toContain("What it costs: One way to the sequencer and back for each epoch");
    const program = await explain("ads.dlc", "--strategy", "barrier");
    expect(program).toContain(
      "// click comes through the log Report.log, cut into epochs of 100ms: every instance takes each of them as one set, in one step",
    );
    expect(program).toContain("PC/sequencer/EC(epoch): while the sequencer cannot be reached it waits");
    const json = JSON.parse((await place.dlc("check", "ads.dlc", "--strategy", "barrier", "--format", "json")).out) as {
      plan: object[];
    };
    expect(json.plan).toMatchObject([
      { mechanism: "barrier", at: ["click", "request"], key: [], producers: null, epochMs: 100 },
    ]);
    expect((await place.dlc("check", "ads.dlc", "--strategy", "barrier", "--budget", "barrier=0")).code).toBe(1);
    expect((await place.dlc("check", "ads.dlc", "--strategy", "barrier", "--budget", "order=0")).code).toBe(0);
  });

  test("a log that makes no output another says what it is for, and how to do without", async () => {
    const text = ads("").replace("Report replicated x3", "Report");
    place.write({ "one.dlc": text, "three.dlc": ads("") });
    const words = "What it is for: Analyst.result would be no other without it, but then no run could be told";
    expect(await explain("one.dlc", "poor#1")).toContain(words);
    // Replicas do agree through it only.
    expect(await explain("three.dlc", "poor#1")).not.toContain("What it is for");
    place.write({ "one.dlc": text.replace("output  result(campaign: string, id: string, n: int)", "$& agreed") });
    expect(await explain("one.dlc", "poor#1")).not.toContain("+ order");
  });

  test("says why nothing is inserted, and what a label means where there are no replicas", async () => {
    place.write({
      "beat.dlc": `role A x2 { timer tick every 1s; input stop(); table off(b: bool); off(true) <= stop(); B.alive(self) <~ tick(), not off(true); }
role B { channel alive(a: addr); input c(k: int); table t(k: int); t(k) <= c(k); output up(a: addr) any; up(a) <= alive(a); output n(c: int) agreed; n(count()) <= t(_); scratch unseen(k: int); unseen(max(k)) <= t(k); }`,
    });
    const timed = await explain("beat.dlc", "B.alive#1");
    expect(timed).toContain("Nothing: what it reaches keeps its promise without any (B.up: any).");
    expect(timed).toContain("Gate: none: neither a seal nor an order settles when a timer fires.");
    expect(timed).toContain("What would make it independent of order");
    expect(timed).not.toContain("keep `A.tick` in a table");
    expect(await explain("beat.dlc", "unseen#1")).toContain("Nothing: no output shows what it derives.");
    expect(await explain("beat.dlc", "n#1")).toContain(
      "Seal `B.c`: if its producers know when nothing more comes, declare `sealed`",
    );
    expect(await explain("beat.dlc", "B.up")).toContain("Nothing: it promises nothing.");
    place.write({ "ads.dlc": ads() });
    expect(await explain("ads.dlc", "Analyst.result")).toContain(
      "Inst, it hears from replicas that differ for a while",
    );
    place.write({
      "lossy.dlc":
        "role A { input i(x: int); B.c(x) <~ i(x); } role B { channel c(x: int) lossy; output o(x: int) any; o(x) <= c(x); }",
    });
    expect(await explain("lossy.dlc")).toContain(
      "What may be lost, or late, differs all the same from run to run (B.o).",
    );
  });

  test.each(programs)(
    "of %s says all of each rule that it lists, by the commands that it names",
    { timeout: 60_000 },
    async (path) => {
      const out = await explain(join(root, path));
      const asked = [...out.matchAll(/dlc\s+explain\s+(\S+)\s+([^\s`]+)/g)].map(([, file, part]) => [file, part]);
      for (const [file, part] of asked) {
        const told = await explain(file, part);
        if (!part.includes("#")) continue;
        for (const head of ["Why it is order-sensitive", "Where the disorder comes from", "What dlc inserted"])
          expect(told).toContain(`\n${head}\n`);
        expect(told).toMatch(/\nWhat would make it (unnecessary|independent of order)\n  \S/);
        if (!told.includes("What dlc inserted\n  Nothing"))
          for (const what of ["Why this", "What happens", "What it costs", "What can stop it"])
            expect(told).toContain(`    ${what}: `);
      }
    },
  );

  test("a rule that no order can harm says so", async () => {
    place.write({ "ads.dlc": ads() });
    expect(await explain("ads.dlc", "clicks#1")).toContain("Order does not matter here");
  });

  test("every code has its page", async () => {
    for (const [code, { title }] of Object.entries(codes)) {
      const out = await explain(code);
      expect(out).toContain(code);
      expect(out.toLowerCase()).toContain(title.toLowerCase());
      expect(out).toContain("What to do");
    }
    for (const short of ["dlc101", "101"]) expect(await explain(short)).toBe(await explain("DLC101"));
  });

  test("a program with errors shows them, exit 1", async () => {
    place.write({ "a.dlc": "role A {\n  output o(x: int);\n  o(x) <= nothing(x);\n}\n" });
    const { code, err } = await place.dlc("explain", "a.dlc");
    expect(code).toBe(1);
    expect(err).toContain("nothing");
  });

  test("what is derived leads to the rules that derive it", async () => {
    place.write({ "ads.dlc": ads() });
    const { code, err } = await place.dlc("explain", "ads.dlc", "poor");
    expect([code, err]).toEqual([2, "dlc: ads.dlc has no rule or output poor; did you mean poor#1?\n"]);
  });

  test("a rule of two roles has to be named with its role", async () => {
    const role = (name: string): string =>
      `role ${name} {\n  input i(x: int);\n  output o(x: int);\n  o(x) <= i(x);\n}\n`;
    place.write({ "two.dlc": role("A") + role("B") });
    const { code, err } = await place.dlc("explain", "two.dlc", "o#1");
    expect(code).toBe(2);
    expect(err).toContain("A/o#1, B/o#1");
    expect(await explain("two.dlc", "B/o#1")).toContain("o#1 in B");
  });
});
