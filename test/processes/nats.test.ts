/** Programs on NATS servers that the tests start: the same answers as over TCP, also when servers and receivers fail. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { hasNats, NatsServers } from "./nats-servers.ts";
import { fileOf, launcherScript, processesWith, program, scratch, start } from "./programs.ts";
import type { Ran, Running } from "./programs.ts";

const root = join(import.meta.dirname, "../..");
const bin = join(root, "bin", "dlc.js");
let servers: NatsServers | null = null;
const running: Running[] = [];

beforeAll(async () => {
  if (!hasNats) return;
  execFileSync(process.execPath, [join(root, "scripts", "build.mjs"), "--if-stale"], { stdio: "ignore" });
  mkdirSync(join(scratch, "node_modules"));
  symlinkSync(join(root, "node_modules", "@nats-io"), join(scratch, "node_modules", "@nats-io"));
}, 60_000);

afterEach(async () => {
  for (const each of running.splice(0)) each.kill("SIGKILL");
  await servers?.stop();
  servers = null;
});

/** A cluster of so many servers, for this test. */
async function cluster(count: number, more = ""): Promise<NatsServers> {
  servers = await (await NatsServers.start(count, more)).ready();
  return servers;
}

function dlcRun(file: string, ...more: string[]): Running {
  const run = start([bin, "run", join(root, "fixtures", file), "--quiet", ...more]);
  running.push(run);
  return run;
}

async function runHand(name: string, options: object): Promise<Running> {
  const run = start([await launcherScript(), await program(name), JSON.stringify(options)]);
  running.push(run);
  return run;
}

/** What came out, as a set of lines in order. */
function contents({ rows }: Ran, collection = "result"): readonly string[] {
  return [...new Set(rows.filter((each) => each.collection === collection).map((each) => JSON.stringify([each.role, each.row])))].sort();
}

/** The clicks of the ad network, and what its analyst asks. */
async function adLog(name: string, count: number): Promise<readonly string[]> {
  const { writeLog } = (await import(join(root, "fixtures", "ad-network", "clicks.mjs"))) as {
    writeLog: (program: string, folder: string, count: number, seed: number) => { clicks: string; asks: string };
  };
  const folder = join(scratch, name);
  mkdirSync(folder);
  const { clicks, asks } = writeLog("campaign", folder, count, 3);
  return ["--input", `AdServer[*].click=${clicks}`, "--input", `Analyst.ask=${asks}`];
}

const wordCount = (...more: string[]): Running =>
  dlcRun("word-count/sealed.dlc", "--input", `Source[*].line=${wordLines()}`, ...more);

let lines: string | null = null;
function wordLines(): string {
  const text = readFileSync(join(root, "fixtures", "word-count", "text.txt"), "utf8").split("\n").slice(0, 4000);
  return (lines ??= fileOf("lines.ndjson", text.map((each, line) => JSON.stringify({ batch: Math.floor(line / 500), line, text: each })).join("\n")));
}

const ids = (count: number): string => Array.from({ length: count }, (_, id) => `{"id":${id}}\n`).join("");

/** The order in which each replica has taken the events. */
function orders(ran: Ran): readonly string[] {
  return [0, 1, 2].map((node) =>
    ran.rows
      .filter((each) => each.node === node && each.collection === "taken")
      .map(({ row }) => `${row["place"]}:${row["from"]}:${row["id"]}`)
      .join(" "),
  );
}

describe.skipIf(!hasNats)("on NATS", () => {
  test("the word count and the ad network give what they give over TCP, and leave nothing behind", async () => {
    const { url } = await cluster(1);
    const ads = await adLog("ads", 20_000);
    for (const run of [wordCount, (...more: string[]) => dlcRun("ad-network/campaign.dlc", ...ads, ...more)]) {
      const [overTcp, overNats] = [await run().done, await run("--transport", url).done];
      expect(overNats.stderr).toBe("");
      expect([overTcp.code, overNats.code]).toEqual([0, 0]);
      expect(contents(overNats).length).toBeGreaterThan(50);
      expect(contents(overNats)).toEqual(contents(overTcp));
    }
    expect(await servers!.streams()).toEqual([]);
  });

  test("what passes through a log reaches all replicas in one order, every event once", async () => {
    const { url } = await cluster(1);
    const ran = await (await runHand("ordered", { transport: url, input: [`Source[*].put=${fileOf("puts.ndjson", ids(20_000))}`] })).done;
    expect(ran.code).toBe(0);
    const [first, ...others] = orders(ran);
    expect(others).toEqual([first, first]);
    expect(new Set(first.split(" ").map((event) => event.split(":")[2])).size).toBe(20_000);
    expect(first.split(" ").length).toBe(20_000);
  });

  test("of three servers one is lost under load, the one that leads the log: same order everywhere, nothing lost, nothing twice", async () => {
    const { url } = await cluster(3);
    const run = await runHand("ordered", { transport: url, input: [`Source[*].put=${fileOf("many.ndjson", ids(400_000))}`] });
    const leader = await servers!.leaderOf(/ordered|log/, 5);
    leader.process.kill("SIGKILL");
    const ran = await run.done;
    expect(ran.code).toBe(0);
    const [first, ...others] = orders(ran);
    expect(others.every((order) => order === first)).toBe(true);
    const events = first.split(" ").map((event) => event.split(":")[2]);
    expect([events.length, new Set(events).size]).toEqual([400_000, 400_000]);
  });
});
