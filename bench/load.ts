/**
 * Whether memory stays flat: an hour of ten times a usual load (ten times 500 rows a second), given as fast as the processes take
 * it, to two programs whose state does not grow. Each is built and started as a deployment is, process by process, and asked
 * for its memory at its port for metrics.
 *
 *   npm run bench:load              half an hour; writes docs/measurements.md
 *   npm run bench:load -- --quick   a smoke test; writes nothing
 */
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { DeployFile } from "../src/runtime/deployment.ts";
import { freePorts } from "../test/processes/nats-servers.ts";
import { machine, writeMeasured } from "./page.ts";

interface Program {
  readonly title: string;
  readonly text: string;
  readonly producer: string;
  /** Lines of the n-th batch for the producer: so many rows, and seals. */
  readonly batch: (n: number) => string;
  /** Of the state or of what waits. */
  readonly holds: string;
}

const BATCH = 2000;

function lines(role: string, collection: string, rows: readonly object[], seals: readonly object[] = []): string {
  const line = (what: object): string => JSON.stringify({ role, collection, ...what });
  return `${[...rows.map((row) => line({ row })), ...seals.map((seal) => line({ seal }))].join("\n")}\n`;
}

/** More than one step takes: two values of a key in one are a conflict. */
const keys = 200_000;
const programs: readonly Program[] = [
  {
    title: "key-value store, two replicas behind a log",
    text: `role Client {
  input put(key: string, value: int);
  Store.write(k, v) <~ put(k, v);
}
role Store replicated x2 {
  channel write(key: string, value: int);
  table   kv(key: string -> value: int);
  output  rare(key: string, value: int) agreed;
  kv(k, v) <+- write(k, v);
  rare(k, v) <= kv(k, v), v % 1000 == 0;
}
`,
    producer: "Client",
    batch: (n) =>
      lines(
        "Client",
        "put",
        Array.from({ length: BATCH }, (_, i) => ({
          key: `key-${((n * BATCH + i) * 7919) % keys}`,
          value: n * BATCH + i,
        })),
      ),
    holds: `${keys.toLocaleString("en-US")} keys`,
  },
  {
    title: "sums by window, two replicas, each window sealed",
    text: `role Source {
  input reading(window: int, sensor: string, value: int) sealed by (window);
  Total.reading(w, s, v) <~ reading(w, s, v);
}
role Total replicated x2 {
  channel reading(window: int, sensor: string, value: int) sealed by (window);
  output  total(window: int, sum: int);
  total(w, sum(v)) <= reading(w, _, v);
}
`,
    producer: "Source",
    batch: (n) =>
      lines(
        "Source",
        "reading",
        Array.from({ length: BATCH }, (_, i) => ({ window: n, sensor: `sensor-${i}`, value: (n + i) % 100 })),
        [{ window: n }],
      ),
    holds: `${BATCH.toLocaleString("en-US")} rows a window`,
  },
];

const shares = [0.05, 0.25, 0.5, 0.75, 1];

interface Flat {
  readonly node: string;
  /** MB resident after each of the shares of the rows; the largest seen between it and the one before. */
  readonly resident: readonly number[];
}

interface Ran {
  readonly rowsPerSecond: number;
  readonly nodes: readonly Flat[];
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(url)).text();
  const line = text.split("\n").find((each) => each.startsWith(`${name}{`));
  if (line === undefined) throw new Error(`${url} lacks ${name}`);
  return Number(line.slice(line.lastIndexOf(" ") + 1));
}

async function run(root: string, program: Program, rows: number, say: (line: string) => void): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), "dlc-bench-"));
  const children: ChildProcess[] = [];
  try {
    writeFileSync(join(folder, "load.dlc"), program.text);
    execFileSync(
      process.execPath,
      [join(root, "bin", "dlc.js"), "build", join(folder, "load.dlc"), "-o", join(folder, "built")],
      { stdio: "ignore" },
    );
    const file = join(folder, "built", "deploy.json");
    const { deploy, metrics } = await placed(JSON.parse(readFileSync(file, "utf8")) as DeployFile);
    writeFileSync(file, JSON.stringify(deploy));
    const start = (role: string, index: number): ChildProcess => {
      const isProducer = role === program.producer;
      const child = spawn(
        process.execPath,
        [
          join(folder, "built", "main.js"),
          role,
          "--index",
          String(index),
          "--deploy",
          file,
          ...(isProducer ? [] : ["--no-stdin"]),
        ],
        {
          stdio: [isProducer ? "pipe" : "ignore", "ignore", "inherit"],
        },
      );
      children.push(child);
      return child;
    };
    if (deploy.log !== undefined) start("log", 0);
    for (const [role, { instances }] of Object.entries(deploy.roles))
      for (const index of instances.keys()) if (role !== program.producer) start(role, index);
    const producer = start(program.producer, 0);
    const { stdin } = producer;
    const ended = once(producer, "exit");
    stdin!.on("error", () => {});

    const largest = new Map([...metrics.keys()].map((node) => [node, 0]));
    const resident = new Map([...metrics.keys()].map((node) => [node, [] as number[]]));
    const sample = async (): Promise<void> => {
      for (const [node, url] of metrics)
        largest.set(node, Math.max(largest.get(node)!, await metric(url, "process_resident_memory_bytes")));
    };
    const receivers = [...metrics].filter(([node]) => !node.startsWith(program.producer) && node !== "log");
    await ready(metrics);
    const started = performance.now();
    const batches = Math.ceil(rows / BATCH);
    let share = 0;
    for (let n = 0; n < batches; n++) {
      if (!stdin!.write(program.batch(n))) await Promise.race([once(stdin!, "drain"), ended]);
      if (producer.exitCode !== null) throw new Error(`${program.producer} ended with ${producer.exitCode}`);
      if (n % Math.max(1, Math.floor(batches / 400)) === 0) await sample();
      while (share < shares.length && n + 1 >= batches * shares[share]) {
        await sample();
        for (const [node, bytes] of largest) resident.get(node)!.push(bytes / 1e6);
        for (const node of largest.keys()) largest.set(node, 0);
        say(
          `${Math.round(shares[share++] * 100)} %: ${[...resident].map(([node, each]) => `${node} ${Math.round(each.at(-1)!)} MB`).join(", ")}`,
        );
      }
    }
    // All of it has come when what was read of the input is sent and acknowledged.
    for (;;) {
      const url = metrics.get(`${program.producer}#0`)!;
      const [read, waiting, unacked] = [
        await metric(url, "dlc_rows_in_total"),
        await metric(url, "dlc_waiting_events"),
        await metric(url, "dlc_unacknowledged_messages"),
      ];
      if (read >= batches * BATCH && waiting === 0 && unacked === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const seconds = (performance.now() - started) / 1000;
    for (const [node, url] of receivers)
      if ((await metric(url, "dlc_faults_total")) > 0) throw new Error(`${node} has told of faults`);
    return { rowsPerSecond: rows / seconds, nodes: [...resident].map(([node, each]) => ({ node, resident: each })) };
  } finally {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The deployment on free ports, and where each process tells its metrics. */
async function placed(
  built: DeployFile,
): Promise<{ readonly deploy: DeployFile; readonly metrics: Map<string, string> }> {
  const metrics = new Map<string, string>();
  const at = async (
    node: string,
  ): Promise<{ readonly host: string; readonly port: number; readonly metrics: number }> => {
    const [port, own] = await freePorts(2);
    metrics.set(node, `http://127.0.0.1:${own}/metrics`);
    return { host: "127.0.0.1", port, metrics: own };
  };
  const roles: Record<string, DeployFile["roles"][string]> = {};
  for (const [role, { instances, ...rest }] of Object.entries(built.roles)) {
    const places = [];
    for (const index of instances.keys()) places.push(await at(`${role}#${index}`));
    roles[role] = { ...rest, instances: places };
  }
  return { deploy: { ...built, ...(built.log === undefined ? {} : { log: await at("log") }), roles }, metrics };
}

async function ready(metrics: ReadonlyMap<string, string>): Promise<void> {
  const until = performance.now() + 30_000;
  for (const url of metrics.values()) {
    while (
      !(await fetch(url.replace("/metrics", "/ready")).then(
        ({ ok }) => ok,
        () => false,
      ))
    ) {
      if (performance.now() > until) throw new Error(`nobody is ready at ${url}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

export async function main(root: string, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: "boolean", default: false }, rows: { type: "string" } },
  });
  const rows = Number(values.rows ?? (values.quick ? 40_000 : 10 * 500 * 3600));
  const table = [
    `| | ${shares.map((share) => `${Math.round(share * 100)} %`).join(" | ")} |`,
    `| --- |${shares.map(() => " --: |").join("")}`,
  ];
  const speeds: string[] = [];
  for (const program of programs) {
    console.error(program.title);
    const { rowsPerSecond, nodes } = await run(root, program, rows, console.error);
    const speed = (Math.round(rowsPerSecond / 1000) * 1000).toLocaleString("en-US");
    speeds.push(speed);
    table.push(`| *${program.title}, ${program.holds}; ${speed} rows/s* |${shares.map(() => " |").join("")}`);
    for (const { node, resident } of nodes)
      table.push(`| ${node} | ${resident.map((mb) => `${Math.round(mb)} MB`).join(" | ")} |`);
  }
  console.log(table.join("\n"));
  const said = `${machine()}. ${rows.toLocaleString("en-US")} rows for each program.`;
  if (!values.quick && values.rows === undefined) writeMeasured(root, "load", `${said}\n\n${table.join("\n")}`);
  return 0;
}
