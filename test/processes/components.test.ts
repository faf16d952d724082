/** Components run in the emitted system: handed closed partitions, or what a log brings, and checked in what they give. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildInto } from "../../src/cli/build.ts";
import type { Io } from "../../src/cli/io.ts";
import { fileOf, launcherScript, scratch, start } from "./programs.ts";
import type { Ran } from "./programs.ts";

const root = join(import.meta.dirname, "../..");
const said: string[] = [];
const io: Io = {
  out: () => {},
  err: (text) => void said.push(text),
  cwd: root,
  env: {},
  colour: false,
  errColour: false,
  terminal: false,
  input: async () => "",
  onInterrupt: () => {},
  width: 100,
};

async function run(name: string, path: string, options: object, input = ""): Promise<Ran> {
  const folder = join(scratch, name);
  mkdirSync(folder);
  said.length = 0;
  expect(await buildInto(path, folder, {}, io), said.join("")).not.toBeNull();
  return start([await launcherScript(), folder, JSON.stringify({ quiet: true, seed: 7, ...options })], input).done;
}

/** The facts of an output at each instance, each once, in order. */
function contents(ran: Ran, output: string): readonly string[] {
  const dot = output.lastIndexOf(".");
  const [role, collection] = [output.slice(0, dot), output.slice(dot + 1)];
  const byNode = new Map<number, Set<string>>();
  for (const line of ran.rows) {
    if (line.role !== role || line.collection !== collection) continue;
    if (!byNode.has(line.node)) byNode.set(line.node, new Set());
    byNode.get(line.node)!.add(Object.values(line.row).join(" "));
  }
  return [...byNode].sort(([a], [b]) => a - b).map(([, rows]) => [...rows].sort().join(", "));
}

const lines = (rows: readonly object[]): string => rows.map((row) => JSON.stringify(row)).join("\n");

describe("the fixtures", () => {
  const tweets = [
    { batch: 1, line: 1, text: "the whale and the sea" },
    { batch: 2, line: 2, text: "The sea, the sea!" },
    { batch: 1, line: 3, text: "sea" },
    { batch: 2, line: 4, text: "whale" },
  ];
  test("the word count commits each batch once, when all of it has come", async () => {
    const file = fileOf("tweets.ndjson", lines(tweets));
    const ran = await run("words", "fixtures/components/word-count.dlc", {
      input: [`tweets=${file}`],
      delay: "0ms..20ms",
    });
    expect(ran.code).toBe(0);
    expect(contents(ran, "Commit.db")).toEqual(["and 1 1, sea 1 2, sea 2 2, the 1 2, the 2 2, whale 1 1, whale 2 1"]);
    expect(contents(ran, "Count.counts")).toEqual(contents(ran, "Commit.db"));
  });

  const campaigns = ["shoes", "hats"];
  const clicks = campaigns.flatMap((campaign, i) =>
    Array.from({ length: 4 + 120 * i }, (_, n) => ({ campaign, id: `${campaign}-${n % 2}`, user: `u${n}` })),
  );
  const asks = campaigns.flatMap((campaign) => [0, 1].map((n) => ({ campaign, id: `${campaign}-${n}` })));
  test("the ad network answers from whole campaigns, at every replica of both components", async () => {
    const input = [`click=${fileOf("clicks.ndjson", lines(clicks))}`, `ask=${fileOf("asks.ndjson", lines(asks))}`];
    const ran = await run("ads", "fixtures/components/ad-network.dlc", { input, delay: "0ms..20ms" });
    expect(ran.code).toBe(0);
    const answers = "hats hats-0 62, hats hats-1 62, shoes shoes-0 2, shoes shoes-1 2";
    expect(contents(ran, "Report.response")).toEqual([answers, answers, answers]);
    expect(contents(ran, "Cache.response")).toEqual([answers, answers, answers]);
  });
  test("without seals a log makes the replicas agree", async () => {
    const input = [`click=${fileOf("clicks2.ndjson", lines(clicks))}`, `ask=${fileOf("asks2.ndjson", lines(asks))}`];
    const ran = await run("poor", "fixtures/components/ad-network-poor.dlc", { input, delay: "0ms..20ms" });
    expect(ran.code).toBe(0);
    for (const output of ["Report.response", "Cache.response"]) {
      const [first, ...others] = contents(ran, output);
      expect(first.split(", ")).toHaveLength(4);
      expect(others).toEqual([first, first]);
    }
  });
});

describe("a component of one's own", () => {
  const program = (name: string): string =>
    fileOf(
      `${name}.dlc`,
      `source a(k: string, n: int) sealed by (k); component C from "./${name}.ts" { in a(k: string, n: int); out b(k: string, m: int); path a -> b: OW(k); } connect a -> C.a;`,
    );
  const events = (...rows: (readonly [string, number])[]): string =>
    lines(rows.map(([k, n]) => ({ role: "a", row: { k, n } })));

  test("gets each fact of a partition once, in order, and its answers are checked", async () => {
    fileOf(
      "checked.ts",
      `export function createC(out: any, settled: (listener: () => void) => void) {
        const seen: number[] = [];
        settled(() => { out.b({ k: "end", m: seen.length }); });
        return { a({ k, n }: { k: string; n: number }) {
          seen.push(n);
          out.b({ k, m: seen.reduce((all, each) => all * 10 + each, 0) });
          if (n === 3) throw new Error("three is too much");
          if (n === 4) out.b({ k, m: "four" });
          if (n === 5) out.b({ k, m: 5, more: true });
          if (n === 6) setTimeout(() => out.b({ k, m: 66 }), 0);
        } };
      }`,
    );
    const ran = await run(
      "checked",
      program("checked"),
      {},
      events(["x", 6], ["x", 2], ["x", 4], ["x", 2], ["x", 1], ["x", 5], ["x", 3]),
    );
    expect(contents(ran, "C.b")).toEqual(["end 6, x 1, x 12, x 1234, x 12345, x 123456"]);
    const faults = ran.stderr;
    expect(faults).toMatch(/DLC930.*C was handed a\("x", 3\) and threw: three is too much/);
    expect(faults).toMatch(/DLC931.*C gave b a row that does not fit: column m: int expected, string "four" found/);
    expect(faults).toMatch(/DLC931.*it has no column more; its columns are k, m/);
    expect(faults).toMatch(/DLC932.*C gave b\("x", 66\) to b when nothing had been handed to it/);
  });

  test("also from a file that is imported, with a source that is named once", async () => {
    fileOf(
      "bed.ts",
      "export const createC = (out: any) => ({ a({ k, n }: { k: string; n: number }) { out.b({ k, m: n }); } });",
    );
    program("bed");
    const path = fileOf("outer.dlc", 'import "./bed.dlc" as bed;');
    const byLines = await run("outer", path, {}, lines([{ role: "bed.a", row: { k: "x", n: 1 } }]));
    expect([byLines.code, contents(byLines, "bed.C.b")]).toEqual([0, ["x 1"]]);
    const file = fileOf("bed-a.ndjson", lines([{ k: "y", n: 2 }]));
    const byFile = await run("outer2", path, { input: [`bed.a=${file}`] });
    expect([byFile.code, contents(byFile, "bed.C.b")]).toEqual([0, ["y 2"]]);
    const wrong = await run("outer3", path, { input: [`a=${file}`] });
    expect(wrong.stderr).toContain("or source=file (the sources are bed.a)");
  });

  test("is not built where it runs elsewhere, and the finding says what to do", async () => {
    const path = fileOf(
      "elsewhere.dlc",
      "source a(k: string); component C { in a(k: string); out b(k: string); path a -> b: CR; } connect a -> C.a;",
    );
    said.length = 0;
    expect(await buildInto(path, join(scratch, "elsewhere"), {}, io)).toBeNull();
    expect(said.join("")).toMatch(
      /DLC409[^]*nothing here implements C, so that it can be checked and not run[^]*createC\(out\)/,
    );
  });
});
