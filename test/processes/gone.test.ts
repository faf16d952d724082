/** `dlc gone` on real processes: what an operator declares reaches everybody, holds after a restart, and bars who comes back. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { blocksOf } from "../support/pages.ts";
import { freePorts, hasNats, NatsServers } from "./nats-servers.ts";
import { fileOf, scratch, start } from "./programs.ts";
import type { Ran, Running } from "./programs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dlc = join(root, "bin", "dlc.js");
const running: Running[] = [];
let servers: NatsServers | null = null;
let main = "";
/** The same, where instances join. */
let changing = "";

beforeAll(async () => {
  const file = fileOf(
    "clicks.dlc",
    `role AdServer x2 { input click(campaign: string, id: string) sealed by (campaign); Report.click(c, i) <~ click(c, i); }
role Report replicated x2 {
  channel click(campaign: string, id: string);
  table clicks(campaign: string, id: string);
  output poor(campaign: string, n: int);
  clicks(c, i) <= click(c, i);
  poor(c, count()) <= clicks(c, _);
}`,
  );
  const built = await start([dlc, "build", file, "-o", join(scratch, "clicks")]).done;
  if (built.code !== 0) throw new Error(built.stderr);
  main = join(scratch, "clicks", "main.js");
  const dynamic = ["--dynamic", "AdServer,Report"];
  const builtToo = await start([dlc, "build", file, "-o", join(scratch, "changing"), ...dynamic]).done;
  if (builtToo.code !== 0) throw new Error(builtToo.stderr);
  changing = join(scratch, "changing", "main.js");
}, 60_000);

afterEach(async () => {
  for (const each of running.splice(0)) {
    each.kill("SIGKILL");
    await each.done;
  }
  await servers?.stop();
  servers = null;
});

interface Deployed {
  readonly file: string;
  readonly node: (role: string, index: number) => Running;
  readonly gone: (instance: string) => Promise<Ran>;
}

async function deployed(more: object, timeoutMs = 5000): Promise<Deployed> {
  const ports = await freePorts(8);
  const place = (i: number): object => ({ host: "127.0.0.1", port: ports[i], metrics: ports[i + 4] });
  const roles = { AdServer: { instances: [place(0), place(1)] }, Report: { instances: [place(2), place(3)] } };
  const file = join(scratch, `gone-${ports[0]}.json`);
  writeFileSync(file, JSON.stringify({ program: "clicks", cluster: `gone-${ports[0]}`, roles, ...more }));
  const node = (role: string, index: number): Running => {
    const started = start([main, role, "--index", String(index), "--deploy", file], null, { DLC_PACKAGES: root });
    running.push(started);
    return started;
  };
  return { file, node, gone: (instance) => start([dlc, "gone", file, instance, "--timeout", String(timeoutMs)]).done };
}

const click = (campaign: string, id: string): string =>
  `${JSON.stringify({ collection: "click", row: { campaign, id } })}\n`;
const seal = (campaign: string): string => `${JSON.stringify({ collection: "click", seal: { campaign } })}\n`;
const count = (campaign: string, n: number): string => `"row":{"campaign":"${campaign}","n":${n}}`;
const lacks = (index: number, campaign: string): string =>
  `DLC914: Report#${index} gives up the partition ["${campaign}"] of Report.click, of which 1 row has come: it was not sealed by AdServer#1, which has been declared gone`;

/** Two campaigns: AdServer#1 seals only one of them, and is killed. */
async function bereaved({ node }: Deployed): Promise<{ first: Running; reports: Running[] }> {
  const [first, second] = [node("AdServer", 0), node("AdServer", 1)];
  const reports = [node("Report", 0), node("Report", 1)];
  await Promise.all([first, second, ...reports].map((each) => each.sees(/listens on|has joined/)));
  second.stdin.write(click("done", "a") + seal("done"));
  first.stdin.write(click("done", "b") + seal("done") + click("open", "c") + seal("open"));
  await Promise.all(reports.map((report) => report.sees(count("done", 2))));
  second.kill("SIGKILL");
  await second.done;
  return { first, reports };
}

describe.each([["TCP"], ...(hasNats ? [["NATS"]] : [])])("over %s", (transport) => {
  const on = async (): Promise<object> => {
    if (transport === "TCP") return {};
    servers = await (await NatsServers.start(1)).ready();
    return { transport: servers.url };
  };

  test("what waits for the dead producer's seal fails loudly, what it sealed stands, and it is refused when it is back", async () => {
    const here = await deployed(await on());
    const { first, reports } = await bereaved(here);
    const before = await start([dlc, "status", here.file]).done;
    expect(before.stdout).toContain(
      'Report is waiting for the seal of click from AdServer#1: 1 partition ("open"), 2 rows held back at 2 instances\n',
    );

    // One that lives is not gone, and nobody is told that it is.
    const lives = await here.gone("AdServer#0");
    expect([lives.code, lives.stdout, lives.stderr]).toEqual([
      1,
      "",
      "dlc: AdServer#0 has not been declared gone: it lives: stop it first\n",
    ]);

    const gone = await here.gone("AdServer#1");
    expect([gone.code, gone.stderr, gone.stdout]).toEqual([
      0,
      "",
      "AdServer#1 is declared gone\n  AdServer#0  knows it\n  Report#0    knows it: 1 partition given up\n  Report#1    knows it: 1 partition given up\n",
    ]);
    await Promise.all(reports.map((report, i) => report.sees(lacks(i, "open"))));
    const after = await start([dlc, "status", here.file]).done;
    expect(after.stdout).toContain("\nAdServer#1 has been declared gone: 2 partitions given up at 2 instances\n");
    expect(after.stdout).not.toContain("is waiting");

    first.stdin.write(click("new", "d") + seal("new"));
    await Promise.all(reports.map((report, i) => report.sees(lacks(i, "new"))));

    const back = here.node("AdServer", 1);
    if (transport === "TCP") {
      await back.sees("listens on");
      back.stdin.write(click("open", "e") + seal("open"));
    }
    const ended = await back.done;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("AdServer#1: DLC915: AdServer#1 has been declared gone by an operator");

    for (const report of reports) report.kill("SIGTERM");
    for (const { stdout, code } of await Promise.all(reports.map(({ done }) => done))) {
      expect(code).toBe(0);
      expect(stdout).toContain(count("done", 2));
      for (const campaign of ["open", "new"]) expect(stdout).not.toContain(campaign);
    }
  }, 60_000);

  test("a producer that comes back before it is declared gone, and seals, loses nothing", async () => {
    const here = await deployed(await on());
    const { reports } = await bereaved(here);
    const back = here.node("AdServer", 1);
    await back.sees(/listens on|has joined/);
    back.stdin.write(click("open", "e") + seal("open"));
    await Promise.all(reports.map((report) => report.sees(count("open", 2))));
  }, 60_000);
});

/** The deployment whose roles are dynamic, and its newcomers. */
async function changed(more: object): Promise<Deployed & { readonly newcomer: (name: string) => Running }> {
  const isOnNats = "transport" in more;
  const [sequencer, ...ports] = await freePorts(1 + 8 + 4);
  const place = (i: number): object => ({ host: "127.0.0.1", port: ports[i], metrics: ports[i + 4] });
  const roles = {
    AdServer: { dynamic: true, instances: [place(0), place(1)] },
    Report: { dynamic: true, instances: [place(2), place(3)] },
  };
  const log = isOnNats ? {} : { log: { host: "127.0.0.1", port: sequencer } };
  const file = join(scratch, `gone-${ports[0]}.json`);
  writeFileSync(file, JSON.stringify({ program: "clicks", cluster: `gone-${ports[0]}`, roles, ...log, ...more }));
  const begin = (role: string, ...given: string[]): Running => {
    const started = start([changing, role, "--deploy", file, ...given], null, { DLC_PACKAGES: root });
    running.push(started);
    return started;
  };
  if (!isOnNats) await begin("log").sees("listens on");
  let next = 8;
  const where = new Map<string, readonly string[]>();
  const newcomer = (name: string): Running => {
    const [role, index] = name.split("#");
    if (!where.has(name)) where.set(name, isOnNats ? [] : [`127.0.0.1:${ports[next++]}`]);
    return begin(role, "--index", index, "--join", ...where.get(name)!);
  };
  return {
    file,
    node: (role, index) => begin(role, "--index", String(index)),
    gone: (instance) => start([dlc, "gone", file, instance, "--timeout", "5000"]).done,
    newcomer,
  };
}

describe.each([["TCP"], ...(hasNats ? [["NATS"]] : [])])("newcomers over %s", (transport) => {
  const placed = ["AdServer#0", "AdServer#1", "Report#0", "Report#1"];
  /** What is answered where so many partitions have failed at each instance of Report. */
  const known = (name: string, also: readonly string[]): string => {
    const others = [...placed, ...(transport === "TCP" ? ["log"] : also)];
    const failed = (other: string): string =>
      other.startsWith("Report") && name.startsWith("AdServer") ? ": 1 partition given up" : "";
    return `${name} is declared gone\n${others.map((other) => `  ${other.padEnd(10)}  knows it${failed(other)}\n`).join("")}`;
  };

  test("are declared gone as the others: what they have not sealed fails also at newcomers, and they are refused when they are back", async () => {
    const url = transport === "TCP" ? null : (servers = await (await NatsServers.start(1)).ready()).url;
    const here = await changed(url === null ? {} : { transport: url });
    const [first, second] = [here.node("AdServer", 0), here.node("AdServer", 1)];
    const reports = [here.node("Report", 0), here.node("Report", 1)];
    await Promise.all([first, second, ...reports].map((each) => each.sees(/listens on|has joined/)));
    const third = here.newcomer("AdServer#2");
    await third.sees("takes part");
    reports.push(here.newcomer("Report#2"));
    await reports[2].sees("takes part");
    third.stdin.write(click("done", "a") + seal("done") + click("open", "b"));
    for (const [each, id] of [
      [first, "c"],
      [second, "d"],
    ] as const)
      each.stdin.write(click("done", id) + seal("done") + click("open", id) + seal("open"));
    await Promise.all(reports.map((report) => report.sees(count("done", 3))));

    const lives = await here.gone("AdServer#2");
    expect([lives.code, lives.stderr]).toEqual([
      1,
      "dlc: AdServer#2 has not been declared gone: it lives: stop it first\n",
    ]);
    const nobody = await here.gone("AdServer#7");
    expect([nobody.code, nobody.stdout, nobody.stderr]).toEqual([
      1,
      "",
      "dlc: AdServer#7 has not been declared gone: nobody who answers knows it: it has not joined, or has left\n",
    ]);
    third.kill("SIGKILL");
    await third.done;
    const before = await start([dlc, "status", here.file]).done;
    expect(before.stdout).toContain("Report is waiting for the seal of click from AdServer#2: ");

    const gone = await here.gone("AdServer#2");
    expect([gone.code, gone.stderr, gone.stdout]).toEqual([0, "", known("AdServer#2", ["Report#2"])]);
    const failed = (index: number, campaign: string): RegExp =>
      new RegExp(
        `DLC914: Report#${index} gives up the partition \\["${campaign}"\\] of Report.click, of which . rows? ha(s|ve) come: it was not sealed by AdServer#2, which has been declared gone`,
      );
    await Promise.all(reports.map((report, i) => report.sees(failed(i, "open"))));
    const after = await start([dlc, "status", here.file]).done;
    expect(after.stdout).toContain("\nAdServer#2 has been declared gone: 2 partitions given up at 2 instances\n");
    expect(after.stdout).not.toContain("is waiting");

    const back = await here.newcomer("AdServer#2").done;
    expect([back.code, back.stderr]).toEqual([
      1,
      expect.stringContaining("AdServer#2: DLC915: AdServer#2 has been declared gone by an operator"),
    ]);

    // Who comes later hears of it.
    reports.push(here.newcomer("Report#3"));
    await reports[3].sees("takes part");
    for (const each of [first, second]) each.stdin.write(click("new", "e") + seal("new"));
    await Promise.all(reports.map((report, i) => report.sees(failed(i, "new"))));

    // A replica among them: nothing is kept for it any more.
    reports[2].kill("SIGKILL");
    await reports[2].done;
    first.stdin.write(click("later", "f"));
    const goneToo = await here.gone("Report#2");
    expect([goneToo.code, goneToo.stderr, goneToo.stdout]).toEqual([0, "", known("Report#2", ["Report#3"])]);
    const end = await start([dlc, "status", here.file]).done;
    expect(end.stdout).toMatch(/\nAdServer#0 +\d+ +\d+ +\d+ +0 +0 +0 +ready\n/);
    const refused = await here.newcomer("Report#2").done;
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("Report#2: DLC915: ")]);
    for (const each of reports) each.kill("SIGTERM");
    for (const [i, { stdout, code }] of (await Promise.all(reports.map(({ done }) => done))).entries()) {
      expect(code, `Report#${i}`).toBe(i === 2 ? null : 0);
      expect(stdout, `Report#${i}`).toContain(count("done", 3));
      for (const campaign of ["open", "new", "later"]) expect(stdout, `Report#${i}`).not.toContain(campaign);
    }
  }, 90_000);
});

test("with data it holds after a restart; who was away is named, as docs/commands.md has it, and told when it is back", async () => {
  const data = join(scratch, "gone-data");
  const here = await deployed({ data }, 1000);
  const { first, reports } = await bereaved(here);
  reports[1].kill("SIGKILL");
  await reports[1].done;
  const some = await here.gone("AdServer#1");
  expect(some.code).toBe(1);
  const [{ text }, ...more] = blocksOf("gone");
  expect(more).toEqual([]);
  expect(`$ dlc gone out AdServer#1\n${some.stdout}${some.stderr}`.replace(/:\d+: /, ":7204: ")).toBe(`${text}\n`);

  const second = here.node("Report", 1);
  await second.sees("listens on");
  expect((await here.gone("AdServer#1")).code).toBe(0);
  await second.sees(lacks(1, "open"));

  // Both die, and know it when they are back.
  for (const report of [reports[0], second]) {
    report.kill("SIGKILL");
    await report.done;
  }
  const back = [here.node("Report", 0), here.node("Report", 1)];
  await Promise.all(back.map((report) => report.sees("brought back from")));
  // Also where there is nothing but the program itself.
  const again = await start([main, "--gone", "AdServer#1", "--deploy", here.file]).done;
  expect([again.code, again.stderr, again.stdout]).toEqual([
    0,
    "",
    "AdServer#1 is declared gone\n  AdServer#0  knows it\n  Report#0    knows it: 1 partition given up\n  Report#1    knows it: 1 partition given up\n",
  ]);
  first.stdin.write(click("new", "d"));
  await Promise.all(back.map((report, i) => report.sees(lacks(i, "new"))));
  // What failed before is not told again.
  for (const report of back) report.kill("SIGTERM");
  for (const { stderr } of await Promise.all(back.map(({ done }) => done))) expect(stderr).not.toContain('["open"]');
  rmSync(data, { recursive: true });
}, 60_000);

test("what cannot be declared is said", async () => {
  const here = await deployed({}, 500);
  const stranger = await here.gone("AdServer#2");
  expect([stranger.code, stranger.stderr]).toEqual([
    2,
    `dlc: ${here.file} has no instance AdServer#2; it has AdServer#0, AdServer#1, Report#0, Report#1\n`,
  ]);
  const nobody = await here.gone("AdServer#1");
  expect([nobody.code, nobody.stderr.split("\n")[0]]).toEqual([1, "dlc: nobody has heard that AdServer#1 is gone"]);

  const other = await deployed({ cluster: "one" }, 500);
  const report = other.node("Report", 0);
  await report.sees("listens on");
  const wrong = await start([
    dlc,
    "gone",
    fileOf("another.json", await otherCluster(other.file)),
    "AdServer#1",
    "--timeout",
    "500",
  ]).done;
  expect(wrong.stdout).toContain('Report#0    refused: it is for the deployment "two", this is "one"');
  await report.sees("DLC911: connection from 127.0.0.1:");
}, 60_000);

async function otherCluster(file: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return JSON.stringify({ ...(JSON.parse(await readFile(file, "utf8")) as object), cluster: "two" });
}
