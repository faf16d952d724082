/** Members that change over NATS, where no process is the registry. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { click, store, told } from "./joining-store.ts";
import { freePorts, hasNats, NatsServers } from "./nats-servers.ts";
import { fileOf, scratch, start } from "./programs.ts";
import type { Running } from "./programs.ts";

const root = join(import.meta.dirname, "../..");
const dlc = join(root, "bin", "dlc.js");
const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
let servers: NatsServers | null = null;
const running: Running[] = [];

afterEach(async () => {
  for (const each of running.splice(0)) each.kill("SIGKILL");
  await servers?.stop();
  servers = null;
});

async function cluster(count: number): Promise<NatsServers> {
  servers = await (await NatsServers.start(count)).ready();
  return servers;
}

type Run = (role: string, index: number, more?: readonly string[]) => Running;

/** The store as processes of their own, on such a cluster. */
async function deployed(name: string, count = 1, dynamic = "Store"): Promise<Run> {
  const { url } = await cluster(count);
  const folder = join(scratch, name);
  execFileSync(process.execPath, [dlc, "build", store, "-o", folder, "--dynamic", dynamic, "--transport", url], {
    stdio: "ignore",
  });
  return (role, index, more = []) => {
    const run = start([join(folder, "main.js"), role, "--index", String(index), ...more], null, { DLC_PACKAGES: root });
    running.push(run);
    return run;
  };
}

async function started(run: Run): Promise<{ readonly stores: Running[]; readonly clients: Running[] }> {
  const all = [run("Store", 0), run("Store", 1), run("Client", 0), run("Client", 1)];
  for (const each of all) await each.sees("has joined");
  return { stores: all.slice(0, 2), clients: all.slice(2) };
}

async function joined(run: Run, index: number, role = "Store"): Promise<Running> {
  const newcomer = run(role, index, ["--join"]);
  await newcomer.sees("takes part");
  return newcomer;
}

describe.skipIf(!hasNats)("on NATS", () => {
  test.each([
    ["over core NATS", ""],
    ["through streams", "?channels=durable"],
  ])(
    "in dlc run newcomers tell what the others tell, also of what newcomers send, and one leaves (%s)",
    async (_, how) => {
      const url = (await cluster(1)).url + how;
      const clicks = fileOf(
        "joined.ndjson",
        Array.from({ length: 60_000 }, (_, id) => `{"c":"c${id % 5}","id":${id}}\n`).join(""),
      );
      const puts = fileOf("puts.ndjson", Array.from({ length: 200 }, (_, v) => `{"k":"k","v":${v}}\n`).join(""));
      const late = fileOf("late.ndjson", Array.from({ length: 200 }, (_, v) => `{"k":"late","v":${v}}\n`).join(""));
      const inputs = ["-i", `Client[*].click=${clicks}`, "-i", `Client[*].put=${puts}`, "-i", `Client[2].put=${late}`];
      const joins = ["Store@30ms", "Store@150ms", "Client@60ms"].flatMap((each) => ["--join", each]);
      const ran = await start([
        dlc,
        "run",
        store,
        "--transport",
        url,
        "--dynamic",
        "Store,Client",
        ...joins,
        "--leave",
        "Store#1@1500ms",
        ...inputs,
      ]).done;
      expect(ran.code, ran.stderr).toBe(0);
      for (const each of ["Store#2", "Store#3", "Client#2"]) expect(ran.stderr).toContain(`${each}: takes part`);
      for (const node of [2, 3])
        for (const output of ["total", "seen"])
          expect(told(ran.rows, node, output), output).toEqual(told(ran.rows, 0, output));
      expect(told(ran.rows, 3, "total")).toHaveLength(5);
      const last = (node: number, k: string): unknown =>
        ran.rows.findLast(
          (row) => row.role === "Store" && row.node === node && row.collection === "now" && row.row.k === k,
        )?.row;
      for (const k of ["k", "late"]) for (const node of [2, 3]) expect(last(node, k)).toEqual(last(0, k));
      expect(last(3, "late")).toBeDefined();
      expect(await servers!.streams()).toEqual([]);
    },
  );

  test("a newcomer is not ready before it has its state, and gets it from another replica where its sponsor is dead", async () => {
    const run = await deployed("apart");
    const { stores, clients } = await started(run);
    const [metrics] = await freePorts(1);
    const ready = async (): Promise<number> => (await fetch(`http://127.0.0.1:${metrics}/ready`)).status;
    for (let id = 0; id < 50; id++) clients[id % 2].stdin.write(click("a", id));
    for (const id of [48, 49]) await stores[1].sees(`"id":${id}}`);

    stores[0].kill("SIGKILL");
    clients[1].kill("SIGSTOP");
    const newcomer = run("Store", 2, ["--join", "--metrics", String(metrics)]);
    await newcomer.sees("has joined");
    await newcomer.sees("asks another replica");
    await stores[1].sees("cannot hand its state to Store#2 yet, and lets what comes wait: Client#1 has not said");
    expect(await ready()).toBe(503);
    clients[0].stdin.write(click("a", 100));
    clients[1].kill("SIGCONT");
    await newcomer.sees("takes part");
    expect(await ready()).toBe(200);
    clients[1].stdin.write(click("a", 101));
    for (const id of [100, 101]) await newcomer.sees(`"id":${id}}`);
    for (const client of clients) client.stdin.end();
    await newcomer.sees('"n":52');
    for (const each of [stores[1], newcomer, ...clients]) each.kill("SIGINT");
    const ran = await newcomer.done;
    expect(ran.code).toBe(0);
    expect(told(ran.rows, 2, "seen")).toEqual(told((await stores[1].done).rows, 1, "seen"));
  });

  test("nobody begins where another was: with a number that was given, after it has left, or died with its state", async () => {
    const run = await deployed("taken");
    const { stores, clients } = await started(run);
    clients[0].stdin.write(click("a", 1));
    await stores[1].sees('"id":1}');
    const newcomer = await joined(run, 2);
    expect((await run("Store", 2, ["--join"]).done).stderr).toContain("Store#2 runs already");
    newcomer.kill("SIGKILL");
    await newcomer.done;
    const second = await run("Store", 2, ["--join"]).done;
    expect([second.code, second.stderr]).toEqual([
      1,
      expect.stringContaining("DLC950: Store#2 cannot take part: Store#2 is a member of this deployment already"),
    ]);
    stores[1].kill("SIGTERM");
    expect((await stores[1].done).stderr).toContain("Store#1: leaves");
    const again = await run("Store", 1).done;
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringContaining("DLC950: Store#1 cannot take part: it has left"),
    ]);
    // What has been said of members stands where the servers keep it.
    await joined(run, 3);
    stores[0].kill("SIGKILL");
    await stores[0].done;
    expect((await run("Store", 0).done).stderr).toContain("has died and lost its state");
    // Store#3 has what they had: who is left goes on, and waits for the seals of both clients.
    const last = await joined(run, 4);
    for (const client of clients) client.stdin.end(click("a", 2));
    await last.sees('"n":2}');
  });

  test("a producer that joins after a value was sealed does not send it, and one that leaves seals what it has sent", async () => {
    const run = await deployed("late", 1, "Store,Client");
    const { stores, clients } = await started(run);
    clients[0].stdin.write(`${click("a", 1)}{"collection":"click","seal":{"c":"a"}}\n`);
    await stores[0].sees('"id":1}');
    const newcomer = await joined(run, 2, "Client");
    newcomer.stdin.write(click("a", 2) + click("b", 3));
    await newcomer.sees(
      'DLC951: Client#2 did not send 1 fact of Store.click, because it joined after their c had been sealed by another: Store.click("a", 2)',
    );
    await stores[0].sees('"id":3}');
    newcomer.kill("SIGTERM");
    expect((await newcomer.done).stderr).toContain("Client#2: leaves");
    clients[1].stdin.end(click("a", 4));
    clients[0].stdin.end();
    for (const text of ['"row":{"c":"a","n":2}', '"row":{"c":"b","n":1}']) await stores[0].sees(text);
  });

  test("a client that is started again, and the server too, know of the changes", async () => {
    const run = await deployed("again", 1, "Store,Client");
    const { stores, clients } = await started(run);
    const newcomer = await joined(run, 2);
    clients[1].kill("SIGKILL");
    await clients[1].done;
    await servers!.restart(servers!.servers[0], 200);
    const back = run("Client", 1);
    await back.sees("has joined");
    back.stdin.write(click("a", 7));
    await newcomer.sees('"id":7}');
    const last = await joined(run, 3);
    await last.sees('"id":7}');
    await joined(run, 2, "Client");
    for (const each of stores) each.kill("SIGTERM");
    for (const each of stores) expect((await each.done).stderr).toContain("leaves");
    back.stdin.write(click("a", 8));
    await last.sees('"id":8}');
  });

  test("of three servers one is lost while a newcomer joins under load: it only comes later", async () => {
    const run = await deployed("survives", 3);
    const { stores, clients } = await started(run);
    let id = 0;
    const load = setInterval(() => {
      for (const client of clients)
        client.stdin.write(
          Array.from({ length: 50 }, () => click(`c${id % 3}`, id++)).join("") +
            `{"collection":"put","row":{"k":"k${(id / 50) % 5}","v":${id}}}\n`,
        );
    }, 10);
    await stores[0].sees('"id":1000}');
    const leader = await servers!.leaderOf(/^dlc-.*members$/, 2);
    const newcomer = run("Store", 2, ["--join"]);
    await newcomer.sees("has joined");
    leader.process.kill("SIGKILL");
    await newcomer.sees("takes part");
    await after(1000);
    clearInterval(load);
    for (const [i, client] of clients.entries())
      client.stdin.end(`{"collection":"put","row":{"k":"last${i}","v":1}}\n`);
    for (const each of [...stores, newcomer]) {
      for (const c of [0, 1, 2]) await each.sees(`"row":{"c":"c${c}","n":`);
      for (const i of [0, 1]) await each.sees(`{"k":"last${i}","v":1}`);
    }
    for (const each of [...stores, newcomer]) each.kill("SIGINT");
    const [first, other, last] = await Promise.all([...stores, newcomer].map(({ done }) => done));
    const now = (rows: typeof first.rows): unknown =>
      [0, 1, 2, 3, 4].map((k) => rows.findLast((row) => row.collection === "now" && row.row.k === `k${k}`)?.row);
    expect([now(other.rows), now(last.rows)]).toEqual([now(first.rows), now(first.rows)]);
    for (const output of ["total", "seen"]) expect(told(last.rows, 2, output)).toEqual(told(first.rows, 0, output));
    expect(told(first.rows, 0, "seen")).toHaveLength(id);
  });

  test("a newcomer hears of a client that is declared gone, before it came and after, and gives up what needs its seal", async () => {
    const run = await deployed("gone");
    const { stores, clients } = await started(run);
    clients[1].stdin.write(click("a", 1));
    await stores[0].sees('"id":1}');
    const newcomer = await joined(run, 2);
    clients[1].kill("SIGKILL");
    await clients[1].done;
    expect((await run("Store", 0, ["--gone", "Client#1"]).done).stdout).toMatch(
      /Client#1 is declared gone[^]*Store#2 +knows it: 1 partition given up/,
    );
    const last = await joined(run, 3);
    clients[0].stdin.end(click("b", 2));
    for (const [index, each] of [newcomer, last].entries())
      await each.sees(`DLC914: Store#${index + 2} gives up the partition ["b"] of Store.click`);
    last.kill("SIGINT");
    expect(told((await last.done).rows, 3, "total")).toEqual([]);
  });

  test("--join is told what it means on NATS, before anything starts", async () => {
    const run = await deployed("wrong");
    expect((await run("Store", 2, ["--join", "127.0.0.1:0"]).done).stderr).toContain(
      "on NATS nothing listens, so that a newcomer has no address: --join alone",
    );
    expect((await run("Store", 1, ["--join"]).done).stderr).toContain(
      "places Store#1, so that it starts without joining",
    );
    expect((await run("Client", 2, ["--join"]).done).stderr).toContain("the members of Client are fixed");
    expect((await run("Store", 2, ["--transport", "tcp", "--join"]).done).stderr).toContain(
      "--join needs the address by which the others find the newcomer",
    );
  });
});
