/** Processes that keep data, on NATS servers that the tests start: killed and started again, alone or all of them, and refused where it would go wrong. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import { jetstreamManager } from "@nats-io/jetstream";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { after, kept, Lives, numbers, send, until } from "./nats-lives.ts";
import type { Life, Lived } from "./nats-lives.ts";
import { hasNats, NatsServers } from "./nats-servers.ts";
import { fileOf, scratch, start } from "./programs.ts";
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

async function cluster(count: number): Promise<string> {
  servers = await (await NatsServers.start(count)).ready();
  return servers.url;
}

describe.skipIf(!hasNats)("programs that keep data on NATS", () => {
  const crashes = (...more: string[]): { readonly stdout: string; readonly status: number | null } =>
    spawnSync(process.execPath, [join(root, "scripts/crashes.mjs"), ...more], { encoding: "utf8" });

  test.each(["1", "3"])(
    "killed at random, and a server out of %s too, deliver what they deliver without that",
    (count) => {
      const { stdout, status } = crashes("--nats", count, "--kills", "16", "--from", "4");
      expect(stdout).toMatch(/\d\d kills in \d+ runs, none lost or changed anything\n$/);
      expect(status).toBe(0);
    },
    300_000,
  );

  test("deliver the same under dlc run --chaos", () => {
    const { stdout, status } = crashes("--nats", "1", "--chaos", "--runs", "2", "--from", "3");
    expect(stdout).toMatch(/\d+ kills in 2 runs, none lost or changed anything\n$/);
    expect(status).toBe(0);
  }, 240_000);
});

/** One sends to another what its peer, on the disk of the test, has or has not. */
describe.skipIf(!hasNats)("a channel between two that keep data", () => {
  const live = (self: "A#0" | "B#0", url: string, lived: Lived): Promise<Life> =>
    lives.begin(self, url, { keepsData: true, ...lived });

  /** Twenty are sent, ten are on the disk when the receiver dies; `acknowledges` says after which it does. */
  async function dying(acknowledges: (seq: number) => boolean): Promise<Life> {
    const url = await cluster(1);
    const a = await live("A#0", url, {});
    const b = await live("B#0", url, {
      onCame: ({ transport }, { seq }) => void (acknowledges(seq) && transport.acknowledge()),
    });
    send(a, 1, 10);
    await until(() => b.came.length === 10);
    send(a, 11, 20);
    await until(() => b.came.length === 20);
    await after(100);
    await b.transport.close(0);
    return a;
  }

  test("is given what was not on its receiver's disk again, and nothing else", async () => {
    const a = await dying((seq) => seq === 10);
    expect(a.transport.unacked).toBe(10);
    const b = await live("B#0", servers!.url, { received: kept(10), isEmpty: false });
    await until(() => b.came.length >= 10);
    b.transport.acknowledge();
    await until(() => a.transport.unacked === 0);
    expect([b.came, b.outdated]).toEqual([numbers(11, 20), []]);
  });

  test("controls: who acknowledges before it has written, or forgets what it had, finds that something is lost", async () => {
    const a = await dying(() => true);
    expect(a.transport.unacked).toBe(0);
    const b = await live("B#0", servers!.url, { received: kept(10), isEmpty: false });
    send(a, 21, 21);
    await until(() => b.outdated.length > 0);
    expect([b.came, b.outdated[0]]).toEqual([
      [],
      "A#0 goes on with message 21, since those before it were acknowledged, and it knows of 10",
    ]);
    await servers!.stop();
    const a2 = await dying((seq) => seq === 10);
    const forgetful = await live("B#0", servers!.url, { isEmpty: false });
    await until(() => forgetful.outdated.length > 0);
    expect([forgetful.came, a2.transport.unacked]).toEqual([[], 10]);
  });

  test("goes on when its sender comes back; an old copy of the sender's data is found out", async () => {
    const url = await cluster(1);
    const [a, b] = [
      await live("A#0", url, {}),
      await live("B#0", url, { onCame: ({ transport }) => transport.acknowledge() }),
    ];
    send(a, 1, 20);
    await until(() => a.transport.unacked === 0);
    await a.transport.close(0);
    // It does not know that the last five have come.
    const back = await live("A#0", url, { lastSent: 20, isEmpty: false });
    send(back, 16, 22);
    await until(() => back.transport.unacked === 0);
    expect(b.came).toEqual(numbers(1, 22));
    await back.transport.close(0);
    const old = await live("A#0", url, { lastSent: 18, isEmpty: false });
    send(old, 19, 22);
    await until(() => old.outdated.length > 0);
    expect(old.outdated[0]).toBe("B#0 has taken its message 22, and it knows of 18");
    expect(b.came).toEqual(numbers(1, 22));
    await old.transport.close(0);
    // The control: one that does not ask gives numbers a second time, and nobody hears of it.
    const unasked = await live("A#0", url, { isEmpty: false });
    send(unasked, 19, 22);
    await until(() => unasked.transport.unacked === 0);
    expect([unasked.outdated, b.came]).toEqual([[], numbers(1, 22)]);
  });
});

describe.skipIf(!hasNats)("processes with data that are started by hand", () => {
  let folder: string;
  beforeAll(() => {
    folder = join(scratch, "kvs");
    execFileSync(process.execPath, [bin, "build", join(root, "fixtures/durable/kvs.dlc"), "-o", folder], {
      stdio: "ignore",
    });
  }, 60_000);

  interface Deployed {
    readonly data: string;
    readonly begin: (role: string, index?: number, ...more: string[]) => Running;
    readonly put: (client: Running, from: number, to: number) => void;
  }

  function deployed(name: string, transport: string): Deployed {
    const data = join(scratch, `${name}-data`);
    const places = (count: number): object => ({ instances: Array.from({ length: count }, () => ({})) });
    const file = fileOf(
      `${name}.json`,
      JSON.stringify({
        program: "kvs",
        cluster: name,
        transport,
        roles: { Client: places(1), Store: places(2) },
        data,
      }),
    );
    return {
      data,
      begin: (role, index = 0, ...more) => {
        const run = start(
          [join(folder, "main.js"), role, "--index", `${index}`, "--deploy", file, ...more],
          null,
          packages,
        );
        running.push(run);
        return run;
      },
      put: (client, from, to) => {
        for (let value = from; value < to; value++)
          client.stdin.write(`${JSON.stringify({ collection: "put", row: { key: `k${value}`, value } })}\n`);
      },
    };
  }

  const joined = async (...runs: readonly Running[]): Promise<void> =>
    void (await Promise.all(runs.map((run) => run.sees("has joined"))));

  /** Until it has told all of these: keys have logs of their own, so that they come in any order. */
  const tells = async (store: Running, from: number, to: number): Promise<void> => {
    for (let value = from; value < to; value++) await store.sees(`"value":${value}}`);
  };

  const values = (...lives: readonly Ran[]): readonly number[] =>
    lives.flatMap(({ rows }) => rows.map(({ row }) => Number(row["value"])));

  async function withStreams<T>(
    use: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>,
  ): Promise<T> {
    const connection = await connect({ servers: servers!.hosts.split(",") });
    try {
      return await use(await jetstreamManager(connection));
    } finally {
      await connection.close();
    }
  }

  /** Which stream, and how many entries it has. */
  const theLog = (): Promise<readonly [string, number]> =>
    withStreams(async ({ streams }) => {
      for await (const { config, state } of streams.list())
        if (config.name.startsWith("dlc-")) return [config.name, state.messages];
      throw new Error("there is no log");
    });

  const killed = async (...runs: readonly Running[]): Promise<readonly Ran[]> => {
    for (const run of runs) run.kill("SIGKILL");
    return Promise.all(runs.map(({ done }) => done));
  };

  const refused = async (run: Running): Promise<string> => {
    const { code, stderr } = await run.done;
    expect(code).toBe(1);
    return stderr;
  };

  test("are where they were when all are killed or stopped, and started again: the logs go on", async () => {
    const { begin, put } = deployed("all", await cluster(1));
    const lives: Ran[][] = [[], []];
    let entries = 0;
    for (let life = 0; life < 3; life++) {
      const [client, ...stores] = [begin("Client"), begin("Store", 0), begin("Store", 1)];
      await joined(client, ...stores);
      put(client, life * 50, life * 50 + 50);
      for (const store of stores) await tells(store, life * 50, life * 50 + 50);
      const before = entries;
      [, entries] = await theLog();
      expect(entries).toBeGreaterThan(before);
      for (const each of [client, ...stores]) each.kill(life === 1 ? "SIGTERM" : "SIGKILL");
      await client.done;
      for (const [i, store] of stores.entries()) lives[i].push(await store.done);
    }
    for (const each of lives) {
      // The last ones before a death may be told again.
      expect(new Set(values(...each)).size).toBe(150);
      expect(each[1].stderr).toContain("brought back from");
      expect(values(each[2]).filter((value) => value < 50)).toEqual([]);
    }
  }, 60_000);

  test("go on with the entry after the last that they have", async () => {
    const { begin, put } = deployed("reader", await cluster(1));
    const [client, first, second] = [begin("Client"), begin("Store", 0), begin("Store", 1)];
    await joined(client, first, second);
    put(client, 0, 50);
    await tells(second, 0, 50);
    // Until it is noted that the outputs have been taken.
    await after(300);
    const [before] = await killed(second);
    put(client, 50, 100);
    await tells(first, 50, 100);
    const again = begin("Store", 1);
    await tells(again, 50, 100);
    const [one, two] = await killed(first, again);
    expect(new Set(values(before, two)).size).toBe(100);
    expect(new Set(values(one)).size).toBe(100);
    expect(values(two).filter((value) => value < 50)).toEqual([]);
  }, 60_000);

  test("are refused with an old copy, an emptied folder, and beside those that keep nothing", async () => {
    const url = await cluster(1);
    const { data, begin, put } = deployed("copies", url);
    let client = begin("Client");
    const store = begin("Store", 0);
    await joined(client, store);
    put(client, 0, 10);
    await tells(store, 0, 10);
    await killed(client);
    cpSync(data, `${data}-old`, { recursive: true });
    client = begin("Client");
    await client.sees("has joined");
    put(client, 10, 20);
    await tells(store, 10, 20);
    await killed(client);
    cpSync(join(`${data}-old`, "Client-0.journal"), join(data, "Client-0.journal"));
    expect(await refused(begin("Client"))).toMatch(
      /Client#0: DLC944: .*Client-0\.journal is older than what others know: the log Store\.log has its message \d+, and it knows of \d+/,
    );
    rmSync(join(data, "Client-0.journal"));
    expect(await refused(begin("Client"))).toMatch(
      /Client#0: DLC944: .*Client-0\.journal is older than what others know: Client#0 has been a member with other data, as process \d+ on /,
    );
    // A program that could do without: the word count.
    const words = join(scratch, "words");
    execFileSync(
      process.execPath,
      [bin, "build", join(root, "fixtures/word-count/sealed.dlc"), "-o", words, "--transport", url],
      { stdio: "ignore" },
    );
    const part = (role: string, ...more: string[]): Running => {
      const run = start([join(words, "main.js"), role, ...more], null, packages);
      running.push(run);
      return run;
    };
    const sink = part("Sink");
    await joined(sink);
    const withData = ["--data", join(scratch, "words-data")];
    expect(await refused(part("Counter", ...withData))).toContain(
      'Counter#0 keeps data, and the deployment "sealed" on this cluster has been begun by processes that keep none: on NATS all processes of a deployment do, or none',
    );
    sink.kill("SIGTERM");
    await sink.done;
    const keeping = part("Counter", ...withData);
    await joined(keeping);
    expect(await refused(part("Sink"))).toContain(
      'Sink#0 keeps no data, and the deployment "sealed" on this cluster does: give it a folder',
    );
  }, 90_000);

  test("are refused by servers that have lost a log, a part of it, or all", async () => {
    const { begin, put } = deployed("lost", await cluster(1));
    const live = async (from: number): Promise<void> => {
      const [client, store] = [begin("Client"), begin("Store", 0)];
      await joined(client, store);
      put(client, from, from + 10);
      await tells(store, from, from + 10);
      await killed(client, store);
    };
    await live(0);
    const [stream, entries] = await theLog();
    await withStreams(async ({ streams }) => {
      const { config } = await streams.info(stream);
      await streams.delete(stream);
      expect(await refused(begin("Store", 0))).toContain(
        `DLC945: the NATS cluster has lost the log Store.log (its stream ${stream} is not there)`,
      );
      await streams.add(config);
    });
    expect(await refused(begin("Store", 0))).toMatch(
      new RegExp(
        `DLC945: .*Store-0\\.journal has read ${entries} entries of the log Store\\.log, and the NATS cluster has 0: it has lost the others`,
      ),
    );
    await withStreams(({ streams }) => streams.delete("KV_dlc-lost"));
    for (const role of ["Client", "Store"])
      expect(await refused(begin(role))).toMatch(
        new RegExp(
          `DLC945: the NATS cluster knows nothing of ${role}#0 with the data in .*${role}-0\\.journal: it has lost the deployment "lost", or is another`,
        ),
      );
  }, 90_000);

  test("are of no use over another transport", async () => {
    const { data, begin, put } = deployed("other", await cluster(1));
    const [client, store] = [begin("Client"), begin("Store", 0)];
    await joined(client, store);
    put(client, 0, 10);
    await tells(store, 0, 10);
    await killed(client, store);
    const file = JSON.parse(readFileSync(join(folder, "deploy.json"), "utf8")) as {
      roles: { Client: { instances: object[] }; Store: { instances: object[] } };
    };
    const roles = {
      Client: { instances: file.roles.Client.instances.slice(0, 1) },
      Store: { instances: file.roles.Store.instances.slice(0, 2) },
    };
    const overTcp = fileOf("over-tcp.json", JSON.stringify({ ...file, roles, data }));
    const run = start([join(folder, "main.js"), "Store", "--deploy", overTcp], null);
    running.push(run);
    expect(await refused(run)).toMatch(
      /DLC941: .*Store-0\.journal was written on NATS, this deployment is over TCP: its logs are not there/,
    );
  }, 60_000);

  test("of dlc run --data are one deployment, run after run", async () => {
    const url = await cluster(1);
    const data = join(scratch, "runs");
    const puts = fileOf(
      "puts.ndjson",
      Array.from({ length: 5000 }, (_, value) => `{"key":"k${value}","value":${value}}\n`).join(""),
    );
    const run = (...more: string[]): Promise<Ran> =>
      start([bin, "run", folder, "--input", `Client.put=${puts}`, "--transport", url, ...more]).done;
    const keep = ["--data", data];
    const first = await run(...keep, "--kill", "Client#0@2000");
    expect([first.code, first.stderr]).toEqual([1, expect.stringContaining("Client#0 died (signal SIGKILL)")]);
    const name = readFileSync(join(data, "cluster"), "utf8");
    const second = await run(...keep, "--restart", "50ms", "--kill", "Store#1@200ms");
    expect([second.code, second.stderr]).toEqual([0, expect.stringContaining("brought back from")]);
    expect(new Set(values(first, second)).size).toBe(5000);
    expect(values(second).length).toBeLessThan(3 * 5000);
    expect(readFileSync(join(data, "cluster"), "utf8")).toBe(name);
    expect((await servers!.streams()).length).toBe(2);
    const third = await run(...keep);
    expect([third.code, third.stdout]).toEqual([0, ""]);
    // Without a folder to be kept, nothing is left behind.
    const other = await run();
    expect([other.code, new Set(values(other)).size]).toEqual([0, 5000]);
    expect((await servers!.streams()).length).toBe(2);
    expect(existsSync(join(data, "Store-0.journal"))).toBe(true);
  }, 90_000);
});
