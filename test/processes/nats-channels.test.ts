/** Channels through streams of NATS servers that the tests start: what a sender has put there outlives it, and comes once, whoever is away or dies meanwhile. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { connect } from "@nats-io/transport-node";
import { jetstreamManager } from "@nats-io/jetstream";
import type { JetStreamManager } from "@nats-io/jetstream";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { Names } from "../../src/runtime/transports/nats/names.ts";
import { pack } from "../../src/runtime/transports/nats/packets.ts";
import { after, kept, Lives, numbers, send, until } from "./nats-lives.ts";
import { freePorts, hasNats, NatsServers } from "./nats-servers.ts";
import { fileOf, launcherScript, processesWith, program, start } from "./programs.ts";
import type { Ran, Running } from "./programs.ts";

const root = join(import.meta.dirname, "../..");
const bin = join(root, "bin", "dlc.js");
const packages = { DLC_PACKAGES: root };
let servers: NatsServers | null = null;
const running: Running[] = [];
const lives = new Lives();

beforeAll(() => {
  if (hasNats) execFileSync(process.execPath, [join(root, "scripts", "build.mjs"), "--if-stale"], { stdio: "ignore" });
}, 60_000);

afterEach(async () => {
  for (const each of running.splice(0)) each.kill("SIGKILL");
  await lives.end();
  await servers?.stop();
  servers = null;
});

/** The address of a cluster of so many servers, with channels as these tests are about. */
async function durable(count: number, more = ""): Promise<string> {
  servers = await (await NatsServers.start(count, more)).ready();
  return `${servers.url}?channels=durable`;
}

async function withStreams<T>(use: (manager: JetStreamManager) => Promise<T>): Promise<T> {
  const connection = await connect({ servers: servers!.hosts.split(",") });
  try {
    return await use(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

/** Messages that stand in streams of receivers. */
const standing = (): Promise<number> =>
  withStreams(async ({ streams }) => {
    let sum = 0;
    for await (const { config, state } of streams.list()) if (config.name.includes("-to_20")) sum += state.messages;
    return sum;
  });

async function untilStanding(count: number): Promise<void> {
  for (let i = 0; (await standing()) !== count; i++) {
    if (i === 200) throw new Error(`${await standing()} messages stand there, ${count} expected`);
    await after(50);
  }
}

describe.skipIf(!hasNats)("a message in the stream of its receiver", () => {
  test("comes once, though its sender has ended before the receiver began; over core NATS it does not", async () => {
    const url = await durable(1);
    const a = await lives.begin("A#0", url);
    send(a, 1, 20);
    await until(() => a.transport.unacked === 0);
    await a.transport.close();
    const b = await lives.begin("B#0", url);
    await until(() => b.came.length === 20);
    await untilStanding(0);
    expect([b.came, b.faults]).toEqual([numbers(1, 20), []]);
    await b.transport.close();
    // All have ended, and nothing waits: the next deployment is another one.
    expect((await lives.begin("B#0", url)).came).toEqual([]);
    await lives.end();
    await servers!.stop();

    servers = await (await NatsServers.start(1)).ready();
    const over = await lives.begin("A#0", servers.url);
    send(over, 1, 20);
    await after(500);
    expect(over.transport.unacked).toBe(20);
    await over.transport.close(0);
    const without = await lives.begin("B#0", servers.url);
    await after(1000);
    expect(without.came).toEqual([]);
  });

  test("comes from one life of its sender after the other, and not from an earlier one behind a later one", async () => {
    const url = await durable(1);
    const [first, second] = [1, 2].map((epoch) => ({ epoch }));
    for (const life of [first, second]) {
      const a = await lives.begin("A#0", url, life);
      send(a, 1, 5);
      await until(() => a.transport.unacked === 0);
      await a.transport.close();
    }
    const b = await lives.begin("B#0", url);
    await until(() => b.came.length === 10);
    expect(b.came).toEqual([...numbers(1, 5), ...numbers(1, 5)]);
    // One that stood still while another took its place.
    const late = await lives.begin("A#0", url, first);
    send(late, 6, 6);
    await until(() => b.faults.length > 0);
    expect([b.came.length, b.faults[0]]).toEqual([10, "refused: a message of A#0 from before it was started again"]);
    await untilStanding(0);
  });

  test("that is longer than a message may be comes in pieces; those of a dead sender do not stand in the way of others", async () => {
    const url = await durable(1, "max_payload: 16384");
    const long = "x".repeat(100_000);
    const a = await lives.begin("A#0", url);
    send(a, 1, 3, long);
    await until(() => a.transport.unacked === 0);
    const b = await lives.begin("B#0", url);
    await until(() => b.came.length === 3);
    await untilStanding(0);
    // Of an envelope of B to itself, which it never sends, one piece.
    const connection = await connect({ servers: servers!.hosts });
    const [stream] = (await servers!.streams()).filter((name) => name.includes("-to_20"));
    const names = new Names("c", stream.split("-")[2]);
    const [piece] = pack({ from: "B#0", epoch: 5, first: 1, seqs: [1] }, Buffer.alloc(50), 20);
    connection.publish(names.entries("to B#0", null, "B#0"), piece);
    await connection.flush();
    await untilStanding(1);
    send(a, 4, 10, long);
    await until(() => b.came.length === 10);
    // The piece, and the last.
    await untilStanding(2);
    send(a, 11, 12);
    await until(() => b.came.length === 12);
    await untilStanding(2);
    expect(b.came).toEqual(numbers(1, 12));
    await connection.close();
    await b.transport.close();
    // The last may come again to one that remembers nothing, and nothing else may.
    const again = await lives.begin("B#0", url);
    send(a, 13, 13);
    await until(() => again.came.includes(13));
    expect(again.came.filter((seq) => seq < 12)).toEqual([]);
  }, 60_000);

  test("waits at its sender while too many wait for the receiver, which is told of", async () => {
    const url = await durable(1);
    const a = await lives.begin("A#0", `${url}&backlog=1MB`);
    const long = "x".repeat(20_000);
    send(a, 1, 200, long);
    await until(() => a.said.length > 0);
    expect(a.said).toEqual(["B#0 has 1 MB of messages to take (backlog=): further ones wait here"]);
    expect(a.transport.unacked).toBeGreaterThan(50);
    expect(a.transport.unackedBytes).toBeGreaterThan(1_000_000);
    const b = await lives.begin("B#0", url);
    await until(() => b.came.length === 200);
    await until(() => a.transport.unacked === 0);
    expect([...b.came].sort((x, y) => x - y)).toEqual(numbers(1, 200));
    expect(a.said.slice(1)).toEqual(["B#0 has taken messages, further ones go on"]);
  });

  test("is not taken by a process that stops, nor while it is not to take any: it stays for the next", async () => {
    const url = await durable(1);
    const [a, b] = [await lives.begin("A#0", url), await lives.begin("B#0", url)];
    send(a, 1, 10);
    await until(() => b.came.length === 10);
    b.transport.pause(true);
    send(a, 11, 20);
    await until(() => a.transport.unacked === 0);
    await after(300);
    expect(b.came.length).toBe(10);
    b.transport.pause(false);
    const closing = b.transport.close();
    await closing;
    expect(b.came.length).toBe(10);
    await untilStanding(10);
    const next = await lives.begin("B#0", url);
    await until(() => next.came.length === 10);
    expect(next.came).toEqual(numbers(11, 20));
  });
});

test.skipIf(!hasNats)(
  "what stands there for an instance that is gone for good is removed, and what would follow is dropped",
  async () => {
    const url = await durable(1);
    const a = await lives.begin("A#0", url);
    send(a, 1, 10);
    await until(() => a.transport.unacked === 0);
    await untilStanding(1);
    a.transport.disown("B#0");
    send(a, 11, 20);
    await untilStanding(0);
    expect(a.transport.unacked).toBe(0);
  },
);

describe.skipIf(!hasNats)("a receiver that rests", () => {
  test("does not rest while something stands in its stream, though its sender is dead", async () => {
    const url = await durable(1);
    const [a, b] = [await lives.begin("A#0", url), await lives.begin("B#0", url)];
    b.transport.pause(true);
    send(a, 1, 10);
    await until(() => a.transport.unacked === 0);
    await a.transport.close();
    const ends = (): readonly (number | undefined)[] => {
      const { written, read } = b.transport.places;
      return [written.get("to B#0"), read.get("to B#0")];
    };
    expect(ends()).toEqual([0, 0]);
    b.transport.forget("A#0");
    expect(b.transport.unacked).toBe(1);
    await until(() => b.transport.unacked === 0);
    expect(ends()[0]).toBeGreaterThan(0);
    expect(ends()[1]).toBe(0);
    b.transport.pause(false);
    await until(() => b.came.length === 10);
    expect(ends()[1]).toBe(ends()[0]);
    await untilStanding(0);
    await b.transport.close();
    // What was removed is not waited for.
    const keeper = await lives.begin("A#0", url);
    const next = await lives.begin("B#0", url);
    send(keeper, 1, 1);
    await until(() => next.came.length === 1);
    await untilStanding(0);
    await next.transport.close();
    const { written, read } = (await lives.begin("B#0", url)).transport.places;
    expect([written.get("to B#0"), read.get("to B#0")]).toEqual([1, 1]);
  });
});

describe.skipIf(!hasNats)("a message in the stream of a receiver that keeps data", () => {
  test("stays there until it is on the receiver's disk", async () => {
    const url = await durable(1);
    const a = await lives.begin("A#0", url, { keepsData: true });
    const b = await lives.begin("B#0", url, {
      keepsData: true,
      onCame: ({ transport }, { seq }) => void (seq === 10 && transport.acknowledge()),
    });
    send(a, 1, 10);
    await until(() => b.came.length === 10);
    await untilStanding(0);
    send(a, 11, 20);
    await until(() => b.came.length === 20);
    await after(300);
    await a.transport.close();
    await b.transport.close(0);
    expect(await standing()).toBeGreaterThan(0);
    const back = await lives.begin("B#0", url, { keepsData: true, received: kept(10), isEmpty: false });
    await until(() => back.came.length === 10);
    expect([back.came, back.outdated]).toEqual([numbers(11, 20), []]);
    back.transport.acknowledge();
    await untilStanding(0);
    await back.transport.close(0);
    // The control: an old copy of the receiver's data, since when something was removed.
    const again = await lives.begin("A#0", url, { keepsData: true, lastSent: 20, isEmpty: false });
    send(again, 21, 21);
    const old = await lives.begin("B#0", url, { keepsData: true, received: kept(10), isEmpty: false });
    await until(() => old.outdated.length > 0);
    expect([old.came, old.outdated[0]]).toEqual([
      [],
      "A#0 goes on with message 21, since those before it were acknowledged, and it knows of 10",
    ]);
    old.transport.acknowledge();
    await after(300);
    await old.transport.close(0);
    const right = await lives.begin("B#0", url, { keepsData: true, received: kept(20), isEmpty: false });
    await until(() => right.came.length === 1);
    expect([right.came, right.outdated]).toEqual([[21], []]);
  });

  test("shows that its sender has an old copy of its data; where it was taken, the receiver does", async () => {
    const url = await durable(1);
    const a = await lives.begin("A#0", url, { keepsData: true });
    send(a, 1, 20);
    await until(() => a.transport.unacked === 0);
    await a.transport.close(0);
    await expect(lives.begin("A#0", url, { keepsData: true, lastSent: 18, isEmpty: false })).rejects.toThrow(
      "data is older than what others know: the channel to B#0 has its message 20, and it knows of 18",
    );
    const b = await lives.begin("B#0", url, {
      keepsData: true,
      onCame: ({ transport }) => transport.acknowledge(),
    });
    await until(() => b.came.length === 20);
    send(await lives.begin("A#0", url, { keepsData: true, lastSent: 20, isEmpty: false }), 21, 21);
    await until(() => b.came.length === 21);
    b.transport.acknowledge();
    await untilStanding(0);
    await lives.end();
    await lives.begin("B#0", url, { keepsData: true, received: kept(21), isEmpty: false });
    const old = await lives.begin("A#0", url, { keepsData: true, lastSent: 18, isEmpty: false });
    await until(() => old.outdated.length > 0);
    expect(old.outdated).toEqual(["B#0 has taken its message 21, and it knows of 18"]);
  });
});

const words = (count: number): string =>
  Array.from({ length: count }, (_, id) => `{"id":${id},"word":"w${id % 10}"}\n`).join("");

/** Of the program that counts words. */
const total = ({ rows }: Ran): readonly [number, number] => {
  const counts = rows.filter(({ collection }) => collection === "count").map(({ row }) => Number(row["n"]));
  return [counts.length, counts.reduce((a, b) => a + b, 0)];
};

function dlcRun(file: string, ...more: string[]): Running {
  const run = start([bin, "run", resolve(root, "fixtures", file), "--quiet", ...more]);
  running.push(run);
  return run;
}

async function runHand(name: string, options: object, stdin: string | null = ""): Promise<Running> {
  const run = start([await launcherScript(), await program(name), JSON.stringify(options)], stdin, packages);
  running.push(run);
  return run;
}

describe.skipIf(!hasNats)("processes with durable channels", () => {
  /** Two sources and two counters, started by hand. */
  async function deployed(name: string, transport: string) {
    const main = join(await program("counter"), "main.js");
    const two = { instances: [{}, {}] };
    const file = fileOf(
      `${name}.json`,
      JSON.stringify({ cluster: name, transport, roles: { Source: two, Counter: two } }),
    );
    return (role: string, index: number, ...more: string[]): Running => {
      const run = start([main, role, "--index", `${index}`, "--deploy", file, ...more], null, {
        ...packages,
        SHOW_SEEN: "1",
      });
      running.push(run);
      return run;
    };
  }

  /** Until what its operator sees says that all has left it. */
  async function hasSent(port: number): Promise<void> {
    for (let i = 0; i < 500; i++) {
      const answer = await fetch(`http://127.0.0.1:${port}/status`).catch(() => null);
      const seen = (await answer?.json()) as { ended: boolean; idle: boolean; unacked: number } | undefined;
      if (seen?.ended === true && seen.idle && seen.unacked === 0) return;
      await after(20);
    }
    throw new Error("it does not end");
  }

  const sum = (...ran: readonly Ran[]): number => ran.reduce((all, each) => all + total(each)[1], 0);

  test.each([1, 3])(
    "a receiver that is started when its senders have been killed has all of it (%s servers)",
    async (count) => {
      const begin = await deployed(`away${count}`, await durable(count));
      const input = fileOf("away.ndjson", words(20_000));
      for (const index of [0, 1]) {
        const [port] = await freePorts(1);
        const source = begin("Source", index, "--input", `word=${input}`, "--no-stdin", "--metrics", `${port}`);
        await hasSent(port);
        source.kill("SIGKILL");
        await source.done;
      }
      const counters = [begin("Counter", 0), begin("Counter", 1)];
      for (const counter of counters) await counter.sees('"collection":"count"');
      for (const counter of counters) counter.kill("SIGTERM");
      expect(sum(...(await Promise.all(counters.map(({ done }) => done))))).toBe(40_000);
      await untilStanding(0);
    },
    60_000,
  );

  test("who stops leaves the rest to the next, so that everything comes once", async () => {
    const begin = await deployed("next", await durable(1));
    const source = begin("Source", 0);
    await source.sees("has joined");
    let count = 0;
    const give = (more: number): void => {
      const rows = numbers(count, (count += more) - 1).map((id) => `{"id":${id},"word":"w${id % 10}"}`);
      source.stdin.write(rows.map((row) => `{"collection":"word","row":${row}}\n`).join(""));
    };
    const seen: number[] = [];
    let left = 0;
    for (let life = 0; life < 4; life++) {
      give(2000);
      const counters = [begin("Counter", 0), begin("Counter", 1)];
      await Promise.all(counters.map((each) => each.sees("has joined")));
      if (life < 3) give(20_000);
      await Promise.race(counters.map((each) => each.sees('"id":')));
      if (life === 3) await untilStanding(0);
      for (const each of counters) each.kill("SIGTERM");
      const ran = await Promise.all(counters.map(({ done }) => done));
      seen.push(...ran.flatMap(({ rows }) => rows.map(({ row }) => Number(row["id"]))));
      left += count - seen.length;
    }
    expect(left).toBeGreaterThan(0);
    expect(seen.sort((a, b) => a - b)).toEqual(numbers(0, count - 1));
  }, 60_000);

  test("of two processes in one place the later one has what comes, though the earlier one goes on for a moment", async () => {
    const begin = await deployed("place", await durable(1));
    const [source, other, first] = [begin("Source", 0), begin("Counter", 1), begin("Counter", 0)];
    await Promise.all([source, other, first].map((each) => each.sees("has joined")));
    first.kill("SIGSTOP");
    const second = begin("Counter", 0);
    await second.sees("has joined");
    const rows = numbers(1, 1000).map((id) => `{"collection":"word","row":{"id":${id},"word":"w${id % 10}"}}\n`);
    source.stdin.write(rows.join(""));
    first.kill("SIGCONT");
    expect(await first.done).toMatchObject({ code: 1, rows: [] });
    await Promise.race([second, other].map((each) => each.sees('"id":1000,')));
    await untilStanding(0);
    for (const each of [second, other]) each.kill("SIGTERM");
    const ran = await Promise.all([second.done, other.done]);
    const seen = ran.flatMap((each) => each.rows.map(({ row }) => Number(row["id"])));
    expect(seen.sort((a, b) => a - b)).toEqual(numbers(1, 1000));
  }, 60_000);

  test("others are refused that send over core NATS, and the other way round", async () => {
    const url = await durable(1);
    const begin = await deployed("mixed", url);
    const source = begin("Source", 0);
    await source.sees("has joined");
    const other = await begin("Counter", 0, "--transport", servers!.url).done;
    expect([other.code, other.stderr]).toEqual([
      1,
      'Counter#0: Counter#0 sends its messages over core NATS, and the deployment "mixed" on this cluster through streams: say channels=durable in the transport of all its processes, or of none\n',
    ]);
    source.kill("SIGKILL");
    await source.done;
    const core = begin("Source", 1, "--transport", servers!.url);
    await core.sees("has joined");
    const { code, stderr } = await begin("Counter", 0).done;
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(
        'Counter#0 sends its messages through streams, and the deployment "mixed" on this cluster over core NATS',
      ),
    ]);
  });
});

describe.skipIf(!hasNats)("dlc run with durable channels", () => {
  test("gives what it gives over TCP, also with delays, and leaves nothing behind", async () => {
    const url = await durable(1);
    const lines = fileOf(
      "lines.ndjson",
      numbers(0, 1499)
        .map((line) => JSON.stringify({ batch: Math.floor(line / 500), line, text: `a ${"b".repeat((line % 7) + 1)}` }))
        .join("\n"),
    );
    const count = (...more: string[]): Promise<Ran> =>
      dlcRun("word-count/sealed.dlc", "--input", `Source[*].line=${lines}`, ...more).done;
    const contents = ({ rows }: Ran): readonly string[] => rows.map(({ row }) => JSON.stringify(row)).sort();
    const overTcp = await count();
    for (const more of [[], ["--delay", "0ms..30ms", "--seed", "3"]]) {
      const ran = await count("--transport", url, ...more);
      expect([ran.code, ran.stderr]).toEqual([0, ""]);
      expect(contents(ran)).toEqual(contents(overTcp));
    }
    expect(overTcp.rows.length).toBe(3 * 8);
    expect(await servers!.streams()).toEqual([]);
  });

  test("ends when all that a dead sender has left has been taken", async () => {
    const url = await durable(1);
    const input = [`Source[0].word=${fileOf("left.ndjson", words(50_000))}`];
    const folder = await program("counter");
    const run = start(
      [await launcherScript(), folder, JSON.stringify({ transport: url, input, kill: ["Source#0@40000"] })],
      "",
      { ...packages, SHOW_SEEN: "1" },
    );
    running.push(run);
    await run.sees("processes started");
    const counters = (await processesWith(join(folder, "main.js"))).filter((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("\0Counter\0"),
    );
    expect(counters.length).toBe(2);
    for (const pid of counters) process.kill(pid, "SIGSTOP");
    await run.sees("Source#0 died (signal SIGKILL)");
    await after(500);
    for (const pid of counters) process.kill(pid, "SIGCONT");
    const ran = await run.done;
    expect(ran.code).toBe(1);
    expect(ran.rows.map(({ row }) => Number(row["id"])).sort((a, b) => a - b)).toEqual(numbers(0, 39_999));
  });

  test("over three servers, of which the leader of a receiver's stream is killed under load, loses nothing", async () => {
    const url = await durable(3);
    const run = await runHand("counter", { transport: url }, null);
    await run.sees("processes started");
    let count = 0;
    const load = setInterval(() => {
      const put = (): string =>
        JSON.stringify({
          role: "Source",
          node: count % 2,
          collection: "word",
          row: { id: count, word: `w${count++ % 10}` },
        });
      run.stdin.write(Array.from({ length: 500 }, () => `${put()}\n`).join(""));
    }, 10);
    await after(1000);
    const leader = await servers!.leaderOf(/^dlc-.*to_20Counter_230$/, 1);
    const before = count;
    leader.process.kill("SIGKILL");
    await after(4000);
    clearInterval(load);
    run.stdin.end();
    const ran = await run.done;
    expect(ran.code).toBe(0);
    expect(count).toBeGreaterThan(before + 10_000);
    expect(total(ran)).toEqual([10, count]);
  }, 90_000);

  test.each([
    ["killed at random, and a server out of three too,", ["--nats", "3", "--kills", "8"]],
    ["under dlc run --chaos,", ["--nats", "1", "--chaos", "--runs", "2"]],
  ])(
    "%s programs that keep data deliver what they deliver without that",
    (_, how) => {
      const script = join(root, "scripts/crashes.mjs");
      const ran = spawnSync(process.execPath, [script, "--durable", "--from", "5", ...how], { encoding: "utf8" });
      expect(ran.stdout).toMatch(/\d+ kills in \d+ runs, none lost or changed anything\n$/);
      expect(ran.status).toBe(0);
    },
    300_000,
  );
});
