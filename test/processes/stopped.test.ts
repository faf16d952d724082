/**
 * A receiver that is stopped for a minute while its senders go at full speed: they keep no more than they may and say for whom
 * they wait, and when it goes on nothing has been lost.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { afterAll, describe, expect, test } from "vitest";
import { freePorts, hasNats, NatsServers } from "./nats-servers.ts";
import { fileOf, program, scratch, start } from "./programs.ts";
import type { Running } from "./programs.ts";

const root = join(import.meta.dirname, "../..");
const dlc = join(root, "bin", "dlc.js");
const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Longer than a NATS server waits for one that takes nothing (10 s), and than it remembers a reader of a log (60 s). */
const STOPPED_MS = 62_000;
/** What a sender keeps at most: a source 8 MiB and a step, a sequencer 64 MiB and what sockets hold, some times. */
const INPUT_BYTES = 12 << 20;
/** What each source takes while all is well. */
const ROWS_BEFORE = 1000;
const RELAY_BYTES = 160 << 20;

const running: Running[] = [];
const servers: NatsServers[] = [];

afterAll(async () => {
  for (const each of running) {
    each.kill("SIGKILL");
    await each.done;
  }
  for (const each of servers) await each.stop();
});

/** Sources, those who receive from them, and where a sequencer is what it is called. */
interface Deployed {
  readonly file: string;
  readonly sources: readonly Running[];
  readonly receivers: readonly Running[];
  readonly metrics: Readonly<Record<string, number>>;
}

async function deployed(
  main: string,
  [receiver, hasLog]: readonly [string, boolean],
  transport: string,
): Promise<Deployed> {
  const names = ["Source#0", "Source#1", `${receiver}#0`, `${receiver}#1`, ...(hasLog ? ["log"] : [])];
  const ports = await freePorts(2 * names.length);
  const place = (i: number): object => ({ host: "127.0.0.1", port: ports[2 * i], metrics: ports[2 * i + 1] });
  const file = join(scratch, `stopped-${ports[0]}.json`);
  const roles = { Source: { instances: [place(0), place(1)] }, [receiver]: { instances: [place(2), place(3)] } };
  const where = transport === "tcp" ? {} : { transport, cluster: `stopped-${ports[0]}` };
  writeFileSync(file, JSON.stringify({ roles, ...where, ...(hasLog && { log: place(4) }) }));
  const begin = async (some: readonly string[]): Promise<readonly Running[]> => {
    const began = some.map((name) => {
      const [role, index = "0"] = name.split("#");
      return start([main, role, "--index", index, "--deploy", file], null, { DLC_PACKAGES: root });
    });
    running.push(...began);
    await Promise.all(began.map((each) => each.sees(/listens on|has joined/)));
    return began;
  };
  const others = await begin(names.slice(2));
  const sources = await begin(names.slice(0, 2));
  const metrics = Object.fromEntries(names.map((name, i) => [name, ports[2 * i + 1]]));
  return { file, sources, receivers: others.slice(0, 2), metrics };
}

interface Seen {
  readonly unackedBytes: number;
  readonly residentBytes: number;
  readonly counts: { readonly rowsIn: number };
}

async function seen({ metrics }: Deployed, name: string): Promise<Seen> {
  return (await (await fetch(`http://127.0.0.1:${metrics[name]}/status`)).json()) as Seen;
}

/**
 * Gives each source as many rows, by its and their numbers, and stops the first receiver for a minute when they have taken
 * the first ones: all others come while it is stopped. What `whileStopped` sees near its end.
 */
async function stopFirst(
  all: Deployed,
  input: { readonly collection: string; readonly rows: number; readonly rowOf: (source: number, i: number) => object },
  whileStopped: () => Promise<void>,
): Promise<void> {
  const lines = function* (source: number, from: number, to: number): Generator<string> {
    for (let i = from; i < to; i += ROWS_BEFORE) {
      const rows = Array.from({ length: ROWS_BEFORE }, (_, k) => input.rowOf(source, i + k));
      yield rows.map((row) => `${JSON.stringify({ collection: input.collection, row })}\n`).join("");
    }
  };
  for (const [source, { stdin }] of all.sources.entries())
    for (const text of lines(source, 0, ROWS_BEFORE)) stdin.write(text);
  for (const name of ["Source#0", "Source#1"]) {
    for (;;) {
      const { counts, unackedBytes } = await seen(all, name);
      if (counts.rowsIn === ROWS_BEFORE && unackedBytes === 0) break;
      await after(20);
    }
  }
  const [first] = all.receivers;
  first.kill("SIGSTOP");
  // A source that ends too early is told of below: it has not said what it should.
  for (const [source, { stdin }] of all.sources.entries())
    pipeline(Readable.from(lines(source, ROWS_BEFORE, input.rows)), stdin).catch(() => {});
  const until = Date.now() + STOPPED_MS;
  await after(STOPPED_MS - 12_000);
  await whileStopped();
  await after(until - Date.now());
  first.kill("SIGCONT");
}

/** No source takes any more, keeps no more than it may, and tells for whom it waits. */
async function expectHeldBack(all: Deployed, receiver: string): Promise<void> {
  for (const [i, name] of ["Source#0", "Source#1"].entries()) {
    const before = await seen(all, name);
    await after(2000);
    const now = await seen(all, name);
    expect([now.counts.rowsIn > ROWS_BEFORE, now.counts.rowsIn - before.counts.rowsIn], name).toEqual([true, 0]);
    expect(now.unackedBytes, name).toBeGreaterThan(0);
    expect(now.unackedBytes, name).toBeLessThan(INPUT_BYTES);
    expect(now.residentBytes, name).toBeLessThan(400 << 20);
    if (receiver !== "")
      await all.sources[i].sees(`${receiver} has acknowledged nothing for 10 s; messages that wait: `);
  }
}

async function status({ file }: Deployed): Promise<string> {
  return (await start([dlc, "status", file, "--timeout", "3000"]).done).stdout;
}

const words = {
  collection: "word",
  rows: 1_000_000,
  rowOf: (source: number, i: number) => ({ id: 2 * i + source, word: `w${i % 10}` }),
};

const transports = ["tcp", ...(hasNats ? ["nats"] : [])];
const urlOf = async (transport: string): Promise<string> => {
  if (transport === "tcp") return transport;
  const started = await (await NatsServers.start(1)).ready();
  servers.push(started);
  return started.url;
};

// Their minutes pass at once.
describe.concurrent("a receiver that is stopped for a minute loses nothing, and its senders wait", () => {
  test.skipIf(!hasNats)("channels through streams, of which each takes so much", async () => {
    const main = join(await program("counter"), "main.js");
    const url = `${await urlOf("nats")}?channels=durable&backlog=4MB`;
    const all = await deployed(main, ["Counter", false], url);
    const { sources, receivers } = all;
    await stopFirst(all, words, () => expectHeldBack(all, ""));
    await Promise.all(receivers.map((receiver) => receiver.sees('"collection":"count"')));
    for (const source of sources) {
      await source.sees(/Counter#0 has \d+ MB of messages to take/);
      await source.sees("Counter#0 has taken messages, further ones go on");
    }
    for (const each of [...sources, ...receivers]) each.kill("SIGTERM");
    const ran = await Promise.all([...receivers, ...sources].map(({ done }) => done));
    for (const { code, stderr } of ran) expect([code, stderr.includes("DLC")]).toEqual([0, false]);
    const counts = ran.flatMap(({ rows }) => rows.map(({ row }) => Number(row["n"])));
    expect([counts.length, counts.reduce((sum, count) => sum + count, 0)]).toEqual([10, 2_000_000]);
  });

  test.each(transports)("channels, over %s", async (transport) => {
    const main = join(await program("counter"), "main.js");
    const all = await deployed(main, ["Counter", false], await urlOf(transport));
    const { sources, receivers } = all;
    await stopFirst(all, words, async () => {
      await expectHeldBack(all, "Counter#0");
      const shown = await status(all);
      expect(shown).toMatch(
        /\nCounter#0 has acknowledged nothing for [56]\d s: [\d,]+ messages \([\d,]+ bytes\) wait for it at Source#0, Source#1\n/,
      );
      expect(shown).toMatch(/\nCounter#0 +unreachable: .*no answer within 3000 ms\n/);
      expect(shown).not.toContain("Counter#1 has");
    });
    await Promise.all(receivers.map((receiver) => receiver.sees('"collection":"count"')));
    await Promise.all(sources.map((source) => source.sees("Counter#0 acknowledges again")));
    for (const each of [...sources, ...receivers]) each.kill("SIGTERM");
    for (const { code, stderr } of await Promise.all(sources.map(({ done }) => done)))
      expect([code, stderr.includes("DLC")]).toEqual([0, false]);
    const ran = await Promise.all(receivers.map(({ done }) => done));
    expect(ran.map(({ code, stderr }) => [code, stderr.includes("DLC")])).toEqual([
      [0, false],
      [0, false],
    ]);
    const counts = ran.flatMap(({ rows }) => rows.map(({ row }) => Number(row["n"])));
    expect([counts.length, counts.reduce((a, b) => a + b, 0)]).toEqual([10, 2_000_000]);
  });

  test.each(transports)("what passes through a log, over %s", async (transport) => {
    const rows = 100_000;
    const source = fileOf(
      `stopped-${transport}.dlc`,
      `role Source x2 { input put(id: int, text: string); Replica.event(i, t) <~ put(i, t); }
role Replica replicated x2 {
  channel event(id: int, text: string);
  table seen(id: int);
  output total(n: int) agreed;
  seen(i) <= event(i, _);
  total(count()) <= seen(_);
}`,
    );
    const folder = join(scratch, `stopped-${transport}`);
    const url = await urlOf(transport);
    execFileSync(process.execPath, [dlc, "build", source, "-o", folder, "--transport", url], { stdio: "ignore" });
    const text = "x".repeat(1500);
    const puts = { collection: "put", rows, rowOf: (from: number, i: number) => ({ id: 2 * i + from, text }) };
    const all = await deployed(join(folder, "main.js"), ["Replica", transport === "tcp"], url);
    const { sources, receivers } = all;
    await stopFirst(all, puts, async () => {
      // On NATS the servers keep what it has not read.
      if (transport === "nats") return receivers[1].sees(`"n":${2 * rows}}`);
      await expectHeldBack(all, "");
      const { unackedBytes, residentBytes } = await seen(all, "log");
      expect(unackedBytes).toBeLessThan(RELAY_BYTES);
      expect(residentBytes).toBeLessThan(600 << 20);
      expect(await status(all)).toMatch(
        /\nReplica#0 has acknowledged nothing for [56]\d s: [\d,]+ messages \([\d,]+ bytes\) wait for it at log\n/,
      );
    });
    await Promise.all(receivers.map((receiver) => receiver.sees(`"n":${2 * rows}}`)));
    for (const each of [...sources, ...receivers]) each.kill("SIGTERM");
    const ended = await Promise.all([...sources, ...receivers].map(({ done }) => done));
    expect(ended.map(({ code, stderr }) => [code, stderr.includes("DLC")])).toEqual(ended.map(() => [0, false]));
  });
});
