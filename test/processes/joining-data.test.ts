/** Members that change and keep data: kill -9 at any of them, and all are what they were. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { click, store, told } from "./joining-store.ts";
import { freePorts, hasNats, NatsServers } from "./nats-servers.ts";
import { fileOf, processesWith, scratch, start } from "./programs.ts";
import type { Ran, Running } from "./programs.ts";

const root = join(import.meta.dirname, "../..");
const dlc = join(root, "bin", "dlc.js");
let servers: NatsServers | null = null;
const running: Running[] = [];

afterEach(async () => {
  for (const each of running.splice(0)) each.kill("SIGKILL");
  await servers?.stop();
  servers = null;
});

interface World {
  /** A process by its address, as it is started each time; a newcomer with a place of its own. */
  readonly run: (address: string, at?: string) => Running;
  readonly crash: (process: Running) => Promise<void>;
}

async function world(name: string, program: string, isOnNats: boolean): Promise<World> {
  if (isOnNats) servers = await (await NatsServers.start(1)).ready();
  const folder = join(scratch, name);
  execFileSync(process.execPath, [dlc, "build", program, "-o", folder, "--dynamic", "Store,Client"], {
    stdio: "ignore",
  });
  const ports = await freePorts(9);
  const place = (i: number): object => ({ host: "127.0.0.1", port: ports[i] });
  const roles = {
    Store: { dynamic: true, instances: [place(0), place(1)] },
    Client: { dynamic: true, instances: [place(2), place(3)] },
  };
  const transport = isOnNats ? { transport: servers!.url, cluster: name } : {};
  const deploy = fileOf(
    `${name}.json`,
    JSON.stringify({ roles, log: place(4), data: join(scratch, `${name}-data`), ...transport }),
  );
  const run = (address: string, at?: string): Running => {
    const [role, index = "0"] = address.split("#");
    const isNew = role !== "log" && Number(index) > 1;
    const places = isOnNats ? [] : [at ?? `127.0.0.1:${ports[(role === "Store" ? 3 : 5) + Number(index)]}`];
    const started = start(
      [join(folder, "main.js"), role, "--index", index, "--deploy", deploy, ...(isNew ? ["--join", ...places] : [])],
      null,
      { DLC_PACKAGES: root },
    );
    running.push(started);
    return started;
  };
  const crash = async (process: Running): Promise<void> => {
    process.kill("SIGKILL");
    await process.done;
  };
  return { run, crash };
}

const durable = fileOf(
  "durable-store.dlc",
  `role Store replicated x2 {
  channel click(c: string, id: int);
  table clicks(c: string, id: int) durable;
  output total(c: string, n: int);
  output seen(id: int);
  clicks(c, id) <= click(c, id);
  total(c, count()) <= clicks(c, _);
  seen(id) <= clicks(_, id);
}

role Client x2 {
  input click(c: string, id: int) sealed by (c);
  Store.click(c, id) <~ click(c, id);
}
`,
);

describe.each([
  ["over TCP", false],
  ["on NATS", true],
])("%s", (_, isOnNats) => {
  test.skipIf(isOnNats && !hasNats)(
    "a newcomer, the registry and all at once come back after kill -9 as what they were",
    async () => {
      const { run, crash } = await world(isOnNats ? "nats" : "tcp", durable, isOnNats);
      const has = isOnNats ? "has joined" : "listens on";
      const first = ["Store#0", "Store#1", "Client#0", "Client#1", ...(isOnNats ? [] : ["log"])];
      const all = new Map(first.map((address) => [address, run(address)]));
      for (const each of all.values()) await each.sees(has);
      const begin = async (address: string, text: string): Promise<void> => {
        all.set(address, run(address));
        await all.get(address)!.sees(text);
      };
      const give = (client: string, c: string, id: number): void => void all.get(client)!.stdin.write(click(c, id));

      give("Client#0", "a", 1);
      await all.get("Store#1")!.sees('"id":1}');
      await begin("Store#2", "takes part");
      await begin("Client#2", "takes part");
      give("Client#2", "a", 2);
      await all.get("Store#2")!.sees('"id":2}');

      // What is said to it while it is dead waits for it.
      await crash(all.get("Store#2")!);
      give("Client#1", "a", 3);
      await all.get("Store#0")!.sees('"id":3}');
      await begin("Store#2", "brought back from");
      await all.get("Store#2")!.sees('"id":3}');

      if (!isOnNats) {
        await crash(all.get("log")!);
        await begin("log", "brought back from");
      }
      await begin("Store#3", "takes part");

      await Promise.all([...all.values()].map(crash));
      for (const address of all.keys()) all.set(address, run(address));
      for (const each of all.values()) await each.sees("brought back from");
      give("Client#2", "b", 4);
      await all.get("Store#3")!.sees('"id":4}');

      // Of what the registry has settled nothing is lost: who left is not waited for, and does not come back.
      all.get("Store#1")!.kill("SIGTERM");
      expect((await all.get("Store#1")!.done).stderr).toContain("Store#1: leaves");
      expect((await run("Store#1").done).stderr).toContain("DLC950: Store#1 cannot take part: it has left");
      all.get("Client#2")!.kill("SIGTERM");
      expect((await all.get("Client#2")!.done).stderr).toContain("Client#2: leaves");
      for (const client of ["Client#0", "Client#1"]) all.get(client)!.stdin.end();
      const stores = ["Store#0", "Store#2", "Store#3"].map((address) => all.get(address)!);
      for (const each of stores) for (const text of ['{"c":"a","n":3}', '{"c":"b","n":1}']) await each.sees(text);
      if (!isOnNats) {
        all.get("Store#3")!.kill("SIGINT");
        await all.get("Store#3")!.done;
        expect((await run("Store#3", "127.0.0.2:7999").done).stderr).toMatch(
          /DLC950: Store#3 cannot take part: the others find it at 127\.0\.0\.1:\d+, not at 127\.0\.0\.2:7999/,
        );
        expect((await run("Store#4", "127.0.0.1:0").done).stderr).toContain(
          "a newcomer that keeps data comes back to where the others look for it",
        );
      }
    },
  );

  test.skipIf(isOnNats && !hasNats)(
    "in dlc run --data a run begins with the members with which the one before ended",
    async () => {
      if (isOnNats) servers = await (await NatsServers.start(1)).ready();
      const data = join(scratch, isOnNats ? "again-nats" : "again");
      const transport = isOnNats ? ["--transport", servers!.url] : [];
      const run = (...more: string[]): Running => {
        const given = ["--dynamic", "Store,Client", "--data", data, ...transport, ...more];
        const started = start([dlc, "run", store, ...given], null);
        running.push(started);
        return started;
      };
      const put = (to: Running, client: number, from: number, until: number): void => {
        for (let v = from; v < until; v++)
          to.stdin.write(`{"role":"Client","node":${client},"collection":"put","row":{"k":"k${v}","v":${v}}}\n`);
      };
      const values = (ran: Ran, node: number): readonly unknown[] =>
        ran.rows
          .filter((row) => row.role === "Store" && row.node === node && row.collection === "now")
          .map(({ row }) => row["v"])
          .sort((a, b) => Number(a) - Number(b));
      const upTo = (from: number, to: number): readonly number[] =>
        Array.from({ length: to - from }, (__, i) => from + i);

      const late = fileOf("again.ndjson", '{"k":"late","v":1000}\n');
      const joins = ["Store@1ms", "Client@1ms"].flatMap((each) => ["--join", each]);
      const begun = run(...joins, "--leave", "Store#0@3s", "--stdin");
      for (const each of ["Store#2: takes part", "Client#2: takes part"]) await begun.sees(each);
      put(begun, 0, 0, 100);
      await begun.sees("Store#0: leaves");
      await begun.sees('"role":"Store","node":2,"collection":"now","row":{"k":"k99","v":99}');
      begun.kill("SIGINT");
      const first = await begun.done;
      for (const node of [1, 2]) expect(values(first, node), `Store#${node}`).toEqual(upTo(0, 100));

      // One newcomer more, and one that has gone.
      const goesOn = run("--join", "Store@300ms", "--leave", "Client#2@2s", "--stdin");
      await goesOn.sees("dlc: Store#0 has left in an earlier run\n");
      for (const each of ["Store#2", "Client#2"]) await goesOn.sees(`${each}: brought back from`);
      await goesOn.sees("Store#3: takes part");
      put(goesOn, 0, 100, 200);
      await goesOn.sees("Client#2: leaves");
      goesOn.stdin.write('{"role":"Store","node":0,"collection":"put","row":{}}\n');
      await goesOn.sees("dlc: stdin:101: Store#0 has left in an earlier run");
      await goesOn.sees('"role":"Store","node":3,"collection":"now","row":{"k":"k199","v":199}');
      goesOn.kill("SIGINT");
      const second = await goesOn.done;
      // To the last of them what the others had told is new.
      for (const node of [1, 2, 3])
        expect(values(second, node), `Store#${node}`).toEqual(upTo(node === 3 ? 0 : 100, 200));
      expect(second.rows.filter(({ role, node }) => role === "Store" && node === 0)).toEqual([]);

      // Nobody has forgotten anybody, and what is for who has left is said not to be taken.
      const ends = run("--stdin", "-i", `Client[2].put=${late}`);
      put(ends, 1, 200, 210);
      ends.stdin.end();
      const third = await ends.done;
      expect([third.code, third.stderr]).toEqual([
        1,
        expect.stringContaining("dlc: Client#2 has left in an earlier run: what --input gives it is not read\n"),
      ]);
      for (const node of [1, 2, 3]) expect(values(third, node), `Store#${node}`).toEqual(upTo(200, 210));
    },
  );

  test.skipIf(isOnNats && !hasNats)(
    "in dlc run --chaos kills newcomers and those that they join, and nobody can tell",
    async () => {
      if (isOnNats) servers = await (await NatsServers.start(1)).ready();
      const clicks = fileOf(
        "chaos.ndjson",
        Array.from({ length: 60_000 }, (__, id) => `{"c":"c${id % 5}","id":${id}}\n`).join(""),
      );
      const joins = ["Store@30ms", "Client@60ms", "Store@400ms"].flatMap((each) => ["--join", each]);
      const transport = isOnNats ? ["--transport", servers!.url] : [];
      const ran = await start([
        dlc,
        "run",
        store,
        "--dynamic",
        "Store,Client",
        "--chaos",
        "--seed",
        isOnNats ? "8" : "3",
        ...joins,
        "--leave",
        "Store#1@1s",
        ...transport,
        "-i",
        `Client[*].click=${clicks}`,
      ]).done;
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stderr).toMatch(/chaos \(--seed \d\): [1-9]\d* killed/);
      for (const node of [2, 3])
        for (const output of ["total", "seen"]) expect(told(ran.rows, node, output)).toEqual(told(ran.rows, 0, output));
      expect(told(ran.rows, 3, "total")).toHaveLength(5);
      expect(told(ran.rows, 3, "seen")).toHaveLength(60_000);
    },
  );
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("in dlc run --data one that was cut off while it left goes on leaving in the next run", async () => {
  const folder = join(scratch, "leaving");
  execFileSync(process.execPath, [dlc, "build", store, "-o", folder, "--dynamic", "Store,Client"], { stdio: "ignore" });
  const data = join(scratch, "leaving-data");
  const run = (...more: string[]): Running => {
    const started = start([dlc, "run", folder, "--data", data, "--stdin", ...more], null, { DLC_PACKAGES: root });
    running.push(started);
    return started;
  };
  const event = (node: number, id: number): string =>
    `{"role":"Client","node":${node},"collection":"click","row":{"c":"a","id":${id}}}\n`;
  const begun = run("--leave", "Client#1@3s");
  begun.stdin.write(event(0, 1));
  await begun.sees('"role":"Store","node":1,"collection":"seen","row":{"id":1}');
  // What it sends does not arrive, so that it waits.
  const all = await processesWith(join(folder, "main.js"));
  const [stopped] = await processesWith(`${join(folder, "main.js")}\0Store\0--index\x001\0`);
  process.kill(stopped, "SIGSTOP");
  begun.stdin.write(event(1, 2));
  await new Promise((resolve) => setTimeout(resolve, 4500));
  begun.kill("SIGKILL");
  expect((await begun.done).stderr).not.toContain("Client#1: leaves");
  for (const pid of all) process.kill(pid, "SIGKILL");
  while (all.some(isThere)) await new Promise((resolve) => setTimeout(resolve, 20));

  const next = run();
  await next.sees("Client#1: leaves");
  await next.sees('"role":"Store","node":1,"collection":"seen","row":{"id":2}');
  next.stdin.end(event(0, 3));
  const { code, stderr, rows } = await next.done;
  expect(code, stderr).toBe(0);
  expect(stderr).toContain("Client#1 cannot take part: it was leaving when it died, and has left now");
  for (const node of [0, 1]) expect(told(rows, node, "total"), `Store#${node}`).toEqual(['{"c":"a","n":3}']);
  const last = run();
  await last.sees("dlc: Client#1 has left in an earlier run\n");
});
