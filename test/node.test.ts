import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Feed } from "../src/runtime/feed.ts";
import { startNode } from "../src/runtime/node.ts";
import type { DlcNode, NodeOptions } from "../src/runtime/node.ts";
import { countsOf, defaultDeployment, parseDeployment, placesOf } from "../src/runtime/deployment.ts";
import type { Fault, RoleProgram } from "../src/runtime/program.ts";
import { programOf } from "./support/hosted.ts";

/** Adds what it is told per key; the sum so far is an output that is taken back when it changes. */
const Adder: RoleProgram = {
  meta: {
    role: "Adder",
    count: 1,
    replicated: false,
    partitionedBy: null,
    targets: [],
    travels: [],
    collections: [
      {
        name: "add",
        kind: "input",
        columns: [
          { name: "key", type: "string" },
          { name: "n", type: "int" },
        ],
        sealed: { key: [0], single: false, deadlineMs: null, producers: [], deferred: false },
      },
      {
        name: "sum",
        kind: "output",
        columns: [
          { name: "key", type: "string" },
          { name: "n", type: "int" },
        ],
        retracts: true,
      },
      {
        name: "final",
        kind: "output",
        columns: [
          { name: "key", type: "string" },
          { name: "n", type: "int" },
        ],
      },
    ],
  },
  createEvaluator: () => {
    const sums = new Map<string, number>();
    return {
      step: ({ events, closed }) => {
        const outputs = [];
        for (const [key, n] of events.flatMap(({ rows }) => rows) as [string, number][]) {
          if (sums.has(key)) outputs.push({ collection: "sum", retract: true, rows: [[key, sums.get(key)!]] });
          sums.set(key, (sums.get(key) ?? 0) + n);
          outputs.push({ collection: "sum", retract: false, rows: [[key, sums.get(key)!]] });
        }
        for (const { key } of closed)
          if (key !== null)
            outputs.push({ collection: "final", retract: false, rows: [[key[0], sums.get(key[0] as string) ?? 0]] });
        return { sends: [], outputs, seals: [] };
      },
      pending: () => [],
      read: () => [],
      held: () => [],
    };
  },
};

const running: DlcNode[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop(0)));
});

async function adder(options: NodeOptions = {}): Promise<DlcNode> {
  const node = await startNode(Adder, options);
  running.push(node);
  return node;
}

test("a host puts rows and seals in and hears outputs, retractions and faults", async () => {
  const node = await adder();
  const heard: string[] = [];
  const faults: Fault[] = [];
  node.on("sum", ({ key, n }) => heard.push(`+${key}=${n}`));
  node.on("-sum", ({ key, n }) => heard.push(`-${key}=${n}`));
  const final = new Promise((resolve) => node.on("final", resolve));
  node.on("fault", (fault) => faults.push(fault));
  expect(node.input["add"]({ key: "a", n: 1 })).toBeNull();
  expect(node.input("add", ["a", 2])).toBeNull();
  node.seal["add"]({ key: "a" });
  expect(await final).toEqual({ key: "a", n: 3 });
  expect(heard).toEqual(["+a=1", "-a=1", "+a=3"]);
  expect(node.input["add"]({ key: "a", n: 5 })?.code).toBe("DLC904");
  expect(node.input("add", ["b", 1.5])?.message).toContain("column n: int expected, number 1.5 found");
  node.end["add"]();
  expect(node.input["add"]({ key: "b", n: 5 })?.code).toBe("DLC903");
  expect(faults.map(({ code }) => code)).toEqual(["DLC904", "DLC902", "DLC903"]);
});

test("wrong names are told by name", async () => {
  const node = await adder();
  expect(() => node.input("ad", {})).toThrow("Adder has no input ad (it has: add)");
  expect(() => node.seal("ad", {})).toThrow("Adder has no sealed input ad (it has: add)");
  expect(() => node.end("ad")).toThrow("Adder has no input ad");
  expect(() => node.on("sums", () => {})).toThrow("Adder has no output sums (it has: sum, final)");
  expect(() => node.input["add"]({ key: "a", m: 1 })).toThrow("add has no column m; the columns are key, n");
  expect(() => node.seal["add"]([7])).toThrow("seal of add: column key: string expected, number 7 found");
  await expect(startNode(Adder, { index: 3 })).rejects.toThrow(
    "Adder has the instances 0 to 0 in this deployment; there is no 3",
  );
});

test("what was put in before stop is still taken", async () => {
  const node = await adder();
  const heard: unknown[] = [];
  node.on("sum", ({ n }) => heard.push(n));
  node.input["add"]({ key: "a", n: 1 });
  await node.stop();
  expect(heard).toEqual([1]);
});

test("a role that sends to others needs a deployment", async () => {
  const sender: RoleProgram = {
    ...Adder,
    meta: {
      ...Adder.meta,
      targets: [{ id: "Sink.c", role: "Sink", collection: Adder.meta.collections[0], route: { kind: "one" } }],
    },
  };
  await expect(startNode(sender)).rejects.toThrow("Adder sends to Sink: say in `deploy` where the instances are");
});

test("the log of a role that stands alone runs beside it; a deployment without a place for one is refused", async () => {
  const program = programOf(
    "role R { input put(x: int); table last(k: int -> x: int); last(0, x) <+- put(x); output o(x: int); o(x) <= last(_, x); }",
  );
  const node = await startNode(program);
  const [heard] = await new Promise<unknown[]>((done) => {
    node.on("o", (row) => done([row]));
    node.input("put", { x: 7 });
  });
  expect(heard).toEqual({ x: 7 });
  await node.stop();
  const { log: _, ...deploy } = defaultDeployment({ roles: [{ role: "R", count: 1 }], log: true }, "127.0.0.1", 0);
  await expect(startNode(program, { deploy })).rejects.toThrow(
    'R.put passes through a log, and the deployment has no place for it: "log" is missing',
  );
});

test("the deployment made where none is given places all instances on ports of their own", () => {
  const needs = {
    roles: [
      { role: "A", count: 2 },
      { role: "B", count: 1 },
    ],
    log: true,
  };
  const deploy = defaultDeployment(needs);
  expect([...placesOf(deploy)].map(([name, { port }]) => `${name} ${port}`)).toEqual([
    "A#0 7201",
    "A#1 7202",
    "B#0 7203",
    "log 7204",
  ]);
  expect(countsOf(deploy)).toEqual({ A: 2, B: 1 });
  expect(parseDeployment(JSON.stringify(deploy), "deploy.json", needs)).toEqual(deploy);
  expect(() => parseDeployment(JSON.stringify({ roles: deploy.roles }), "deploy.json", needs)).toThrow(
    /through a log, but "log"/,
  );
  const byEpochs = defaultDeployment({ ...needs, epochMs: 100 });
  expect(byEpochs.epochMs).toBe(100);
  expect(parseDeployment(JSON.stringify({ ...byEpochs, epochMs: 20 }), "deploy.json", needs).epochMs).toBe(20);
  for (const epochMs of [0, 1.5, -1, 3_600_001, "20ms"])
    expect(() => parseDeployment(JSON.stringify({ ...byEpochs, epochMs }), "d.json", needs)).toThrow(
      `d.json: "epochMs" is how long an epoch is, milliseconds from 1 to 3600000; found ${JSON.stringify(epochMs)}`,
    );
  expect(() => parseDeployment("{", "d.json")).toThrow(/^d\.json: not JSON: /);
  const twice = {
    roles: {
      A: {
        instances: [
          { host: "h", port: 5 },
          { host: "h", port: 5 },
        ],
      },
    },
  };
  expect(() => parseDeployment(JSON.stringify(twice), "d.json")).toThrow(
    "d.json: A#1 and A#0 have the same address h:5",
  );
});

/** Sends what it is given to Sink. */
const words = {
  name: "word",
  columns: [
    { name: "id", type: "int" },
    { name: "text", type: "string" },
  ],
} as const;
const Sender: RoleProgram = {
  meta: {
    role: "Sender",
    count: 1,
    replicated: false,
    partitionedBy: null,
    collections: [{ ...words, kind: "input" }],
    targets: [{ id: "Sink.word", role: "Sink", collection: { ...words, kind: "channel" }, route: { kind: "one" } }],
    travels: [],
  },
  createEvaluator: () => ({
    step: ({ events }) => ({
      sends: events.map(({ rows }) => ({ target: "Sink.word", to: null, rows })),
      outputs: [],
      seals: [],
    }),
    pending: () => [],
    read: () => [],
    held: () => [],
  }),
};
const Sink: RoleProgram = {
  meta: {
    role: "Sink",
    count: 1,
    replicated: false,
    partitionedBy: null,
    collections: [
      { ...words, kind: "channel" },
      { ...words, name: "got", kind: "output" },
    ],
    targets: [],
    travels: [],
  },
  createEvaluator: () => ({
    step: ({ events }) => ({
      sends: [],
      outputs: events.map(({ rows }) => ({ collection: "got", retract: false, rows })),
      seals: [],
    }),
    pending: () => [],
    read: () => [],
    held: () => [],
  }),
};

test("input waits while the receiver is away, within a bound, and goes on when it comes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "dlc-node-"));
  const path = join(folder, "words.ndjson");
  const count = 40_000;
  const text = "x".repeat(1000);
  writeFileSync(path, Array.from({ length: count }, (_, id) => `{"id":${id},"text":"${text}"}\n`).join(""));
  const deploy = defaultDeployment(
    {
      roles: [
        { role: "Sender", count: 1 },
        { role: "Sink", count: 1 },
      ],
      log: false,
    },
    "127.0.0.1",
    20_000 + (process.pid % 10_000),
  );
  const sender = await startNode(Sender, { deploy, log: () => {} });
  running.push(sender);
  const feed = new Feed(sender, Sender.meta.collections, {
    files: [{ collection: "word", path, deal: null }],
    stdin: false,
    report: (message) => expect.fail(message),
  });
  feed.start();
  let before = -1;
  while (sender.counts.rowsIn === 0 || sender.counts.rowsIn !== before) {
    before = sender.counts.rowsIn;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // Eight megabytes of rows of a kilobyte, and what one chunk of the file brings besides.
  expect(sender.counts.rowsIn).toBeLessThan(9000);
  expect(feed.ended).toBe(false);

  const sink = await startNode(Sink, { deploy, log: () => {} });
  running.push(sink);
  const ids = new Set<unknown>();
  sink.on("got", ({ id }) => ids.add(id));
  while (ids.size < count || !feed.ended) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(sender.counts.rowsIn).toBe(count);
  rmSync(folder, { recursive: true });
});

test("a node that cannot listen leaves its data to the next attempt", async () => {
  const taken = createServer();
  const port = await new Promise<number>((resolve) => {
    taken.listen(0, "127.0.0.1", () => resolve((taken.address() as AddressInfo).port));
  });
  const data = mkdtempSync(join(tmpdir(), "dlc-node-"));
  const deploy = { roles: { Adder: { instances: [{ host: "127.0.0.1", port }] } } };
  const attempt = (): Promise<DlcNode> => startNode(Adder, { deploy, data, log: () => {} });
  for (let i = 0; i < 2; i++) await expect(attempt()).rejects.toThrow("EADDRINUSE");
  await new Promise((resolve) => taken.close(resolve));
  await (await attempt()).stop();
  rmSync(data, { recursive: true });
});
