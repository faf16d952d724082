/**
 * What a transport costs: rows from one process to another and an answer for each, over TCP and over NATS, past a log and
 * through one. Needs nats-server, and starts servers of its own.
 *
 *   npm run bench:transports              a minute; writes docs/measurements.md
 *   npm run bench:transports -- --quick   few rows, once; writes nothing
 */
import { execFileSync, fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePorts, hasNats, NatsServers } from "../test/processes/nats-servers.ts";
import { machine, writeMeasured } from "./page.ts";

const program = `role Sender {
  input   item(id: int, text: string, n: int);
  channel back(id: int);
  output  returned(id: int);
  Receiver.item(self, id, text, n) <~ item(id, text, n);
  returned(id) <= back(id);
}
role Receiver replicated x1 {
  channel item(from: addr, id: int, text: string, n: int);
  output  total(count: int) any;
  total(count()) <= item(_, _, _, _);
  Sender.back@from(id) <~ item(from, id, _, _);
}`;

interface Way {
  readonly title: string;
  readonly strategy: "none" | "order";
  /** 0: TCP. */
  readonly servers: number;
  /** Of JetStream, as its URL says it. */
  readonly channels?: "durable";
}

const ways: readonly Way[] = [
  { title: "channel over TCP", strategy: "none", servers: 0 },
  { title: "channel over core NATS, one server", strategy: "none", servers: 1 },
  { title: "durable channel, one server", strategy: "none", servers: 1, channels: "durable" },
  { title: "durable channel, kept by three servers", strategy: "none", servers: 3, channels: "durable" },
  { title: "log of the sequencer, over TCP", strategy: "order", servers: 0 },
  { title: "log of JetStream, one server", strategy: "order", servers: 1 },
  { title: "log of JetStream, kept by three servers", strategy: "order", servers: 3 },
];

export interface TransportLine {
  readonly title: string;
  readonly rowsPerSecond: number;
  /** Of both processes, microseconds a row. */
  readonly cpuPerRow: number;
  readonly roundMs: number;
  readonly slowRoundMs: number;
}

interface Size {
  readonly rows: number;
  readonly rounds: number;
  readonly repetitions: number;
}

const whole: Size = { rows: 200_000, rounds: 500, repetitions: 3 };
export const quick: Size = { rows: 5000, rounds: 20, repetitions: 1 };

interface Answer {
  readonly ms: number;
  readonly rounds: readonly number[];
  readonly cpuMs: number;
}

function answerOf(child: ChildProcess, message?: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a process of the bench ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (answer) => {
      child.off("exit", ended);
      resolve(answer as Answer);
    });
    if (message !== undefined) child.send(message);
  });
}

async function measure(root: string, folder: string, way: Way, size: Size): Promise<TransportLine> {
  const servers = way.servers === 0 ? null : await (await NatsServers.start(way.servers)).ready();
  const [sender, receiver, log] = (await freePorts(3)).map((port) => ({ host: "127.0.0.1", port }));
  const deploy = {
    cluster: "bench",
    ...(servers === null
      ? { log }
      : { transport: servers.url + (way.channels === undefined ? "" : `?channels=${way.channels}`) }),
    roles: { Sender: { instances: [sender] }, Receiver: { instances: [receiver] } },
  };
  const file = join(folder, "deploy.json");
  writeFileSync(file, JSON.stringify(deploy));
  const children: ChildProcess[] = [];
  try {
    if (servers === null && way.strategy === "order")
      children.push(
        fork(join(folder, "order", "main.js"), ["log", "--deploy", file], { execArgv: [], stdio: "ignore" }),
      );
    const start = async (role: string): Promise<ChildProcess> => {
      const script = join(root, "bench", "transports", "end.mjs");
      const child = fork(script, [join(folder, way.strategy), role, JSON.stringify(deploy)], {
        execArgv: [],
        env: { ...process.env, DLC_PACKAGES: root },
      });
      children.push(child);
      await answerOf(child);
      return child;
    };
    const [to, from] = [await start("Receiver"), await start("Sender")];
    await answerOf(from, { all: Math.ceil(size.rows / 4) });
    const before = (await answerOf(from, {})).cpuMs + (await answerOf(to, {})).cpuMs;
    const { ms } = await answerOf(from, { all: size.rows });
    const cpuMs = (await answerOf(from, {})).cpuMs + (await answerOf(to, {})).cpuMs - before;
    const rounds = [...(await answerOf(from, { rounds: size.rounds })).rounds].sort((a, b) => a - b);
    const at = (share: number): number => rounds[Math.min(rounds.length - 1, Math.floor(rounds.length * share))];
    return {
      title: way.title,
      rowsPerSecond: (size.rows / ms) * 1000,
      cpuPerRow: (cpuMs * 1000) / size.rows,
      roundMs: at(0.5),
      slowRoundMs: at(0.95),
    };
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await servers?.stop();
  }
}

function middle(lines: readonly TransportLine[]): TransportLine {
  const median = (of: (line: TransportLine) => number): number =>
    lines.map(of).sort((a, b) => a - b)[lines.length >> 1];
  return {
    title: lines[0].title,
    rowsPerSecond: median((line) => line.rowsPerSecond),
    cpuPerRow: median((line) => line.cpuPerRow),
    roundMs: median((line) => line.roundMs),
    slowRoundMs: median((line) => line.slowRoundMs),
  };
}

export async function bench(root: string, size: Size, say: (line: string) => void): Promise<readonly TransportLine[]> {
  const folder = mkdtempSync(join(tmpdir(), "dlc-bench-"));
  try {
    const source = join(folder, "echo.dlc");
    writeFileSync(source, program);
    for (const strategy of ["none", "order"])
      execFileSync(
        process.execPath,
        [join(root, "bin", "dlc.js"), "build", source, "-o", join(folder, strategy), "--strategy", strategy],
        { stdio: "ignore" },
      );
    const measured = new Map(ways.map((way) => [way, [] as TransportLine[]]));
    for (let i = 0; i < size.repetitions; i++) {
      for (const way of i % 2 === 0 ? ways : ways.toReversed()) {
        const line = await measure(root, folder, way, size);
        say(rowOf(line));
        measured.get(way)!.push(line);
      }
    }
    return ways.map((way) => middle(measured.get(way)!));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function rowOf({ title, rowsPerSecond, cpuPerRow, roundMs, slowRoundMs }: TransportLine): string {
  const rows = (Math.round(rowsPerSecond / 1000) * 1000).toLocaleString("en-US");
  return `| ${title} | ${rows} | ${cpuPerRow.toFixed(1)} µs | ${roundMs.toFixed(2)} ms | ${slowRoundMs.toFixed(2)} ms |`;
}

export async function main(root: string, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { quick: { type: "boolean", default: false } } });
  if (!hasNats) return 1;
  const size = values.quick ? quick : whole;
  const lines = await bench(root, size, console.log);
  const head = ["| | rows/s | CPU a row | round trip | 95 % |", "| --- | --: | --: | --: | --: |"];
  const table = [...head, ...lines.map(rowOf)].join("\n");
  console.log(`\n${table}`);
  const said = `${machine()}. ${size.rows.toLocaleString("en-US")} rows, ${size.rounds} rounds; medians of ${size.repetitions} repetitions.`;
  if (!values.quick) writeMeasured(root, "transports", `${said}\n\n${table}`);
  return 0;
}
