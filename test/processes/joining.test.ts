/** Replicas that join running processes. */
import { execFileSync } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { click, store, told } from "./joining-store.ts";
import { fileOf, scratch, start } from "./programs.ts";
import type { Running } from "./programs.ts";

const dlc = fileURLToPath(new URL("../../bin/dlc.js", import.meta.url));

test("in dlc run a newcomer tells what the others tell", async () => {
  const clicks = fileOf(
    "joined.ndjson",
    Array.from({ length: 60_000 }, (_, id) => `{"c":"c${id % 5}","id":${id}}\n`).join(""),
  );
  const puts = fileOf("puts.ndjson", Array.from({ length: 200 }, (_, v) => `{"k":"k","v":${v}}\n`).join(""));
  const inputs = ["-i", `Client[*].click=${clicks}`, "-i", `Client[*].put=${puts}`];
  const ran = await start([
    dlc,
    "run",
    store,
    "--dynamic",
    "Store",
    "--join",
    "Store@30ms",
    "--join",
    "Store@150ms",
    ...inputs,
  ]).done;
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stderr).toContain("Store#2: takes part");
  expect(ran.stderr).toContain("Store#3: takes part");
  for (const node of [1, 2, 3])
    for (const output of ["total", "seen"]) expect(told(ran.rows, node, output)).toEqual(told(ran.rows, 0, output));
  expect(told(ran.rows, 3, "total")).toHaveLength(5);
  const last = (node: number): unknown =>
    ran.rows.findLast((row) => row.role === "Store" && row.node === node && row.collection === "now")?.row;
  for (const node of [1, 2, 3]) expect(last(node)).toEqual(last(0));
}, 60_000);

test("in dlc run one leaves, and the others go on", async () => {
  const running = start(
    [dlc, "run", store, "--dynamic", "Store", "--join", "Store@1ms", "--leave", "Store#0@2500ms", "--stdin"],
    null,
  );
  await running.sees("Store#2: takes part");
  running.stdin.write('{"role":"Client","node":0,"collection":"click","row":{"c":"a","id":1}}\n');
  await running.sees("log: Store#0 leaves");
  running.stdin.end('{"role":"Client","node":1,"collection":"click","row":{"c":"a","id":2}}\n');
  const ran = await running.done;
  expect(ran.code, ran.stderr).toBe(0);
  expect(told(ran.rows, 0, "seen")).toEqual(['{"id":1}']);
  const members = ran.rows
    .filter(({ role, node, collection }) => role === "Client" && node === 1 && collection === "member")
    .map(({ row, retract }) => `${retract ? "-" : "+"}${row.a}`);
  expect(members.slice(0, 2).sort().concat(members.slice(2))).toEqual(["+Store#0", "+Store#1", "+Store#2", "-Store#0"]);
  for (const node of [1, 2])
    expect([told(ran.rows, node, "seen"), told(ran.rows, node, "total")]).toEqual([
      ['{"id":1}', '{"id":2}'],
      ['{"c":"a","n":2}'],
    ]);
}, 60_000);

// While it is dead, and while another process in its place is on its way.
test.each([100, 350, 420])(
  "in dlc run one that is killed is told %i ms later to leave, and does when it is back",
  async (ms) => {
    const away = ["--restart", "300ms", "--kill", "Store#1@500ms", "--leave", `Store#1@${500 + ms}ms`];
    const running = start([dlc, "run", store, "--dynamic", "Store", ...away, "--stdin"], null);
    await running.sees("log: Store#1 leaves");
    running.stdin.end('{"role":"Client","node":1,"collection":"click","row":{"c":"a","id":2}}\n');
    const ran = await running.done;
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toMatch(/Store#1 died \(signal SIGKILL\), and is started again[^]*log: Store#1 leaves/);
    expect(ran.stderr).not.toContain("Error");
    expect([told(ran.rows, 0, "seen"), told(ran.rows, 1, "seen")]).toEqual([['{"id":2}'], []]);
  },
  60_000,
);

test("in dlc run a producer joins, and what it sends is counted, or was sealed before", async () => {
  const early = fileOf("early.csv", "c,id\na,1\na,2\n");
  const late = fileOf("late.csv", "c,id\nb,3\nb,4\n");
  const inputs = ["--stdin", "-i", `Client[0].click=${early}`, "-i", `Client[2].click=${late}`];
  const running = start([dlc, "run", store, "--dynamic", "Client", "--join", "Client@1ms", ...inputs], null);
  await running.sees("Client#2: takes part");
  await running.sees('"id":4');
  running.stdin.end('{"role":"Client","node":1,"collection":"click","row":{"c":"b","id":5}}\n');
  const ran = await running.done;
  expect(ran.code, ran.stderr).toBe(0);
  for (const node of [0, 1]) expect(told(ran.rows, node, "total")).toEqual(['{"c":"a","n":2}', '{"c":"b","n":3}']);
}, 60_000);

test("what cannot join is refused before anything starts", async () => {
  const failed = async (...args: string[]): Promise<string> => {
    const ran = await start([dlc, "run", store, ...args]).done;
    expect(ran.code).not.toBe(0);
    return ran.stderr;
  };
  expect(await failed("--join", "Store@1s")).toContain("--dynamic Store lets them change");
  expect(await failed("--dynamic", "Store", "--join", "Store")).toContain("--join must be Role@when");
  expect(await failed("--dynamic", "Store", "--leave", "Store#7@1s")).toContain("there is no Store#7");
  expect(await failed("--leave", "Store#1@1s")).toContain("--dynamic Store lets them change");
  expect(await failed("--dynamic", "Shop")).toContain("DLC410");
}, 60_000);

interface Deployed {
  readonly start: (role: string, index: number, more?: readonly string[]) => Running;
  readonly ready: (port: number) => Promise<number>;
  readonly metrics: number;
}

async function deployed(name: string, dynamic = "Store"): Promise<Deployed> {
  const folder = join(scratch, name);
  execFileSync(process.execPath, [dlc, "build", store, "-o", folder, "--dynamic", dynamic], { stdio: "ignore" });
  const servers = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const place = (i: number): object => ({ host: "127.0.0.1", port: ports[i] });
  const roles = {
    Store: { dynamic: true, instances: [place(0), place(1)] },
    Client: { ...(dynamic.includes("Client") && { dynamic: true }), instances: [place(2), place(3)] },
  };
  const file = fileOf(`${name}.json`, JSON.stringify({ roles, log: place(4) }));
  return {
    start: (role, index, more = []) =>
      start([join(folder, "main.js"), role, "--index", String(index), "--deploy", file, ...more], null),
    ready: async (port) => (await fetch(`http://127.0.0.1:${port}/ready`)).status,
    metrics: ports[5],
  };
}

test("a newcomer is not ready before it has its state, and gets it from another replica where its sponsor is dead", async () => {
  const { start: run, ready, metrics } = await deployed("apart");
  const log = run("log", 0);
  const stores = [run("Store", 0), run("Store", 1)];
  const clients = [run("Client", 0), run("Client", 1)];
  for (const each of [log, ...stores, ...clients]) await each.sees("listens on");
  for (let id = 0; id < 50; id++) clients[id % 2].stdin.write(click("a", id));
  await stores[1].sees('"id":49');
  await stores[1].sees('"id":48');

  stores[0].kill("SIGKILL");
  clients[1].kill("SIGSTOP");
  const newcomer = run("Store", 2, ["--join", "127.0.0.1:0", "--metrics", String(metrics)]);
  await newcomer.sees("listens on");
  await log.sees("Store#2 joins, and gets the state of Store#0");
  await newcomer.sees("asks another replica");
  await stores[1].sees("cannot hand its state to Store#2 yet, and lets what comes wait: Client#1 has not said");
  expect(await ready(metrics)).toBe(503);
  clients[0].stdin.write(click("a", 100));
  clients[1].kill("SIGCONT");
  await newcomer.sees("takes part");
  expect(await ready(metrics)).toBe(200);
  await newcomer.sees('"id":100');
  clients[1].stdin.write(click("a", 101));
  await newcomer.sees('"id":101');
  for (const client of clients) client.stdin.end();
  await newcomer.sees('"n":52');
  for (const each of [log, stores[1], newcomer, ...clients]) each.kill("SIGTERM");
  const ran = await newcomer.done;
  expect(ran.code).toBe(0);
  expect(told(ran.rows, 2, "seen")).toEqual(told((await stores[1].done).rows, 1, "seen"));
}, 60_000);

test("one whose number another has is not let in, and says so", async () => {
  const { start: run } = await deployed("taken");
  const all = [run("log", 0), run("Store", 0), run("Store", 1), run("Client", 0), run("Client", 1)];
  for (const each of all) await each.sees("listens on");
  const first = run("Store", 2, ["--join", "127.0.0.1:0"]);
  await first.sees("takes part");
  const second = run("Store", 2, ["--join", "127.0.0.1:0"]);
  await all[0].sees("Store#2 is a member of this deployment already");
  const ran = await second.done;
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("DLC950: Store#2 cannot take part");
  for (const each of [...all, first]) each.kill("SIGTERM");
  expect((await first.done).code).toBe(0);
}, 60_000);

test("SIGTERM makes an instance leave; started again under its number it is refused", async () => {
  const { start: run } = await deployed("left");
  const all = [run("log", 0), run("Store", 0), run("Store", 1), run("Client", 0), run("Client", 1)];
  const [log, , leaver, client, other] = all;
  for (const each of all) await each.sees("listens on");
  client.stdin.write(click("a", 1));
  await leaver.sees('"id":1');
  leaver.kill("SIGTERM");
  await log.sees("Store#1 leaves");
  const left = await leaver.done;
  expect(left.code).toBe(0);
  expect(left.stderr).toContain("Store#1: leaves");
  const again = await run("Store", 1).done;
  expect(again.code).toBe(1);
  expect(again.stderr).toContain("DLC950: Store#1 cannot take part: it has left");
  // A newcomer does what it did.
  const newcomer = run("Store", 2, ["--join", "127.0.0.1:0"]);
  await newcomer.sees("takes part");
  client.stdin.end(click("a", 2));
  other.stdin.end();
  await newcomer.sees('"n":2');
  // One that has died begins with nothing, and is not let in either.
  all[1].kill("SIGKILL");
  await all[1].done;
  expect((await run("Store", 0).done).stderr).toContain("has died and lost its state");
  for (const each of [log, client, other, newcomer]) each.kill("SIGTERM");
  expect((await newcomer.done).code).toBe(0);
}, 60_000);

test("a producer that joins after a value was sealed does not send it, and says so; one that leaves seals what it has sent", async () => {
  const { start: run } = await deployed("late", "Store,Client");
  const all = [run("log", 0), run("Store", 0), run("Store", 1), run("Client", 0), run("Client", 1)];
  const [log, store0, , first, second] = all;
  for (const each of all) await each.sees("listens on");
  first.stdin.write(`${click("a", 1)}{"collection":"click","seal":{"c":"a"}}\n`);
  await store0.sees('"id":1');
  const newcomer = run("Client", 2, ["--join", "127.0.0.1:0"]);
  await newcomer.sees("takes part");
  newcomer.stdin.write(click("a", 2) + click("b", 3));
  await newcomer.sees(
    'DLC951: Client#2 did not send 1 fact of Store.click, because it joined after their c had been sealed by another: Store.click("a", 2)',
  );
  await store0.sees('"id":3');
  newcomer.kill("SIGTERM");
  await log.sees("Client#2 leaves");
  expect((await newcomer.done).code).toBe(0);
  second.stdin.end(click("a", 4));
  first.stdin.end();
  await Promise.all([store0.sees('"row":{"c":"a","n":2}'), store0.sees('"row":{"c":"b","n":1}')]);
  for (const each of all) each.kill("SIGTERM");
  await Promise.all(all.map(({ done }) => done));
}, 60_000);

test("a newcomer that waits for a client that is declared gone takes part, and gives up what needs its seal", async () => {
  const { start: run } = await deployed("gone");
  const all = [run("log", 0), run("Store", 0), run("Store", 1), run("Client", 0), run("Client", 1)];
  const [log, store0, , first, second] = all;
  for (const each of all) await each.sees("listens on");
  second.stdin.write(click("a", 1));
  await store0.sees('"id":1');
  second.kill("SIGKILL");
  const newcomer = run("Store", 2, ["--join", "127.0.0.1:0"]);
  await store0.sees("cannot hand its state to Store#2 yet, and lets what comes wait: Client#1 has not said");
  expect((await run("Store", 0, ["--gone", "Client#1"]).done).stdout).toContain("Client#1 is declared gone");
  await newcomer.sees("takes part");
  await newcomer.sees("Client#1 has been declared gone");
  first.stdin.end(click("b", 2));
  await newcomer.sees('DLC914: Store#2 gives up the partition ["b"] of Store.click');
  // And whoever comes later.
  const last = run("Store", 3, ["--join", "127.0.0.1:0"]);
  await last.sees("takes part");
  await last.sees("Client#1 has been declared gone");
  for (const each of [log, newcomer, last, first]) each.kill("SIGINT");
  const ran = await newcomer.done;
  expect(told(ran.rows, 2, "total")).toEqual([]);
}, 60_000);
