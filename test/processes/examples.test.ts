/** The two large examples as processes over TCP, and what happens to them without coordination. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksOf, root } from "../support/pages.ts";

let folder: string;
let log: { clicks: string; asks: string };

interface Line {
  readonly role: string;
  readonly node: number;
  readonly collection: string;
  readonly row: Readonly<Record<string, unknown>>;
}

beforeAll(async () => {
  execFileSync(process.execPath, [join(root, "scripts", "build.mjs"), "--if-stale"], { stdio: "ignore" });
  folder = mkdtempSync(join(tmpdir(), "dlc-examples-"));
  const clicks = join(root, "fixtures", "ad-network", "clicks.mjs");
  const { writeLog } = (await import(clicks)) as {
    writeLog: (program: string, folder: string, count: number, seed: number) => typeof log;
  };
  log = writeLog("poor", folder, 5000, 3);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function script(name: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, "scripts", name)], {
    cwd: root,
    maxBuffer: 1 << 26,
  });
  return stdout;
}

/** What each replica of Report has answered to the same requests, as sorted text. */
async function answers(program: string, seed: number, ...more: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      join(root, "bin", "dlc.js"),
      "run",
      join(root, "fixtures", "ad-network", program),
      "--quiet",
      "--delay",
      "0ms..40ms",
      "--seed",
      String(seed),
      "--input",
      `AdServer[*].click=${log.clicks}`,
      "--input",
      `Analyst.ask=${log.asks}`,
      ...more,
    ],
    { cwd: folder, maxBuffer: 1 << 28 },
  );
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  return [0, 1, 2].map((node) => {
    const rows = lines
      .filter((line) => line.collection === "answered" && line.node === node)
      .map(({ row }) => JSON.stringify(row));
    expect(rows.length).toBeGreaterThan(100);
    return [...new Set(rows)].sort().join("\n");
  });
}

describe("the ad network", () => {
  test("npm run ads: every answer equals a count in one place, as the README shows it", async () => {
    const printed = await script("ads.mjs");
    expect(printed).toContain("429 answers, all equal to a count of the whole log in one place.");
    const lines = printed.split("\n");
    // How many are wrong differs from run to run.
    const form = (line: string): string => line.replace(/^[0-9]+ answers, [0-9]+ of/, "N answers, M of");
    for (const { text } of blocksOf("ads"))
      for (const line of text.split("\n")) if (!/^ *\.\.\.$/.test(line)) expect(lines.map(form)).toContain(form(line));
  });

  test("POOR without coordination: replicas give different answers", async () => {
    let differ = false;
    for (let seed = 1; seed <= 5 && !differ; seed++) {
      const [first, ...others] = await answers("poor.dlc", seed, "--strategy", "none");
      differ = others.some((one) => one !== first);
    }
    expect(differ).toBe(true);
  });

  test("POOR as dlc coordinates it: replicas agree in every run", async () => {
    for (const seed of [1, 2, 3]) {
      const [first, ...others] = await answers("poor.dlc", seed);
      for (const one of others) expect(one).toBe(first);
    }
  });

  test("POOR with seals: replicas agree, and every run gives the same", async () => {
    const runs = [
      await answers("poor-sealed.dlc", 1),
      await answers("poor-sealed.dlc", 2),
      await answers("poor-sealed.dlc", 3),
    ].flat();
    for (const one of runs) expect(one).toBe(runs[0]);
  });
});

describe("word count", () => {
  test("npm run words: a book in sealed batches, equal to tr | sort | uniq -c", async () => {
    expect(await script("words.mjs")).toContain("Every count was delivered once. Equal to tr | sort | uniq -c.");
  });
});
