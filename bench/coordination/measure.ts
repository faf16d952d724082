/**
 * One run of a built program: real processes, started by `dlc run`, fed through named pipes so that the moment of
 * every input is known. First the slow part, then, when its answers are there, the bulk.
 */
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { constants, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuByNode } from "./cpu.ts";
import { answerText } from "./loads.ts";
import type { Load } from "./loads.ts";

/** Time between two slices of the slow part. */
const SLICE_MS = 10;
const START_MS = 60_000;
/** Longest wait for the answers of the slow part. */
const SLOW_MS = 20_000;

export interface Measured {
  /** Of the bulk, from its first byte to the last step of any node. */
  readonly ms: number;
  readonly rowsPerSecond: number;
  /** From writing a partition's last row to reading the answer to it; one per partition but the first few. */
  readonly latencies: readonly number[];
  /** Envelopes between processes, in the whole run. */
  readonly messages: number;
  /** Rows in them. */
  readonly rowsSent: number;
  /** CPU milliseconds of all nodes for the bulk; null where the system does not tell. */
  readonly cpuMs: number | null;
  /** The sequencer's part of it; null without a sequencer. */
  readonly logCpuMs: number | null;
  /** Delivered answers that are not final. */
  readonly passing: number;
  /** Final answers that were not delivered. */
  readonly missing: number;
  /** Answers that were delivered twice. */
  readonly repeated: number;
  /** Rows that each replica of Report sent, where there are such. */
  readonly sentByReplica: readonly number[];
}

interface Summary {
  readonly exitCode: number;
  readonly nodes: readonly {
    readonly name: string;
    readonly messagesSent: number;
    readonly rowsSent: number;
    readonly lastStepAt: number;
    readonly cpuMs: number;
    readonly faults: number;
  }[];
  readonly awaited: readonly unknown[];
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** `producers` is the number of the load's texts. Throws when the run fails. */
export async function measure(root: string, built: string, load: Load, delayMs: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "dlc-bench-"));
  try {
    return await run(root, built, load, delayMs, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(root: string, built: string, load: Load, delayMs: number, folder: string): Promise<Measured> {
  const pipes = load.bulk.map((_, i) => join(folder, `input-${i}.ndjson`));
  execFileSync("mkfifo", pipes);
  const args = [join(root, "bin", "dlc.js"), "run", built, "--json", "--scale", `${load.producer}=${pipes.length}`];
  pipes.forEach((path, i) => args.push("--input", `${load.producer}[${i}].${load.input}=${path}`));
  if (load.start !== null) {
    const path = join(folder, "start.ndjson");
    writeFileSync(path, load.start.lines);
    args.push("--input", `${load.start.input}=${path}`);
  }
  if (delayMs > 0) args.push("--delay", `${delayMs}ms`);

  // Open for reading too, or opening would wait for the reader.
  const open = (path: string): number => openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const inputs = pipes.map((path) => new Socket({ fd: open(path), readable: false, writable: true }));
  const running = new Running(args, load);
  try {
    await running.until(() => /process(es)? started/.test(running.stderr), START_MS);
    const writtenAt = await feedSlowly(load, inputs, () => running.hasEnded);
    const { answeredAt } = running.outputs;
    await running.until(() => answeredAt.size === writtenAt.size, SLOW_MS);
    await pause(30);

    running.outputs.isBulk = true;
    const cpuBefore = cpuByNode(running.pid);
    const startedAt = Date.now();
    await Promise.all(inputs.map((input, i) => new Promise((resolve) => input.write(load.bulk[i], resolve))));
    for (const input of inputs) input.destroy();
    await running.ended;
    const summary = summaryOf(running.stderr);
    const ms = Math.max(...summary.nodes.map(({ lastStepAt }) => lastStepAt)) - startedAt;
    const sum = (of: (node: Summary["nodes"][number]) => number): number =>
      summary.nodes.reduce((total, node) => total + of(node), 0);
    return {
      ms,
      rowsPerSecond: (load.rows / ms) * 1000,
      latencies: [...writtenAt]
        .slice(Math.floor(writtenAt.size / 4))
        .flatMap(([name, at]) => (answeredAt.has(name) ? [answeredAt.get(name)! - at] : [])),
      messages: sum(({ messagesSent }) => messagesSent),
      rowsSent: sum(({ rowsSent }) => rowsSent),
      ...cpuOfBulk(summary, cpuBefore),
      ...running.outputs.judge(),
      sentByReplica: summary.nodes.filter(({ name }) => name.startsWith("Report#")).map(({ rowsSent }) => rowsSent),
    };
  } finally {
    for (const input of inputs) input.destroy();
    await running.stop();
  }
}

/** `dlc run` under way. */
class Running {
  readonly #child: ChildProcess;
  readonly outputs: Outputs;
  readonly ended: Promise<void>;
  stderr = "";
  hasEnded = false;

  constructor(args: readonly string[], load: Load) {
    this.outputs = new Outputs(load);
    this.#child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.#child.stdout!.on("data", (chunk: Buffer) => this.outputs.take(chunk));
    this.ended = new Promise((resolve) =>
      this.#child.on("close", () => {
        this.hasEnded = true;
        resolve();
      }),
    );
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Waits for it at most `ms`; also ends when the run does. */
  async until(holds: () => boolean, ms: number): Promise<void> {
    const end = Date.now() + ms;
    while (!holds() && !this.hasEnded && Date.now() < end) await pause(2);
  }

  async stop(): Promise<void> {
    if (!this.hasEnded) this.#child.kill("SIGTERM");
    await this.ended;
  }
}

/** When each partition's last slice was written. */
async function feedSlowly(load: Load, inputs: readonly Socket[], isOver: () => boolean): Promise<Map<string, number>> {
  const writtenAt = new Map<string, number>();
  const start = performance.now();
  for (const [n, { lines, ends }] of load.slices.entries()) {
    const wait = start + n * SLICE_MS - performance.now();
    if (wait > 0) await pause(wait);
    if (isOver()) break;
    if (ends !== null) writtenAt.set(ends, performance.now());
    lines.forEach((text, i) => text !== "" && inputs[i].write(text));
  }
  return writtenAt;
}

function summaryOf(stderr: string): Summary {
  const lines = stderr.trimEnd().split("\n");
  const last = lines[lines.length - 1];
  if (!last.startsWith("{")) throw new Error(`dlc run failed:\n${stderr}`);
  const summary = JSON.parse(last) as Summary;
  const faults = summary.nodes.some((node) => node.faults > 0);
  if (summary.exitCode !== 0 || faults || summary.awaited.length > 0) throw new Error(`dlc run went wrong:\n${stderr}`);
  return summary;
}

function cpuOfBulk(summary: Summary, before: ReadonlyMap<string, number> | null): Pick<Measured, "cpuMs" | "logCpuMs"> {
  if (before === null) return { cpuMs: null, logCpuMs: null };
  const used = summary.nodes.map(({ name, cpuMs }) => ({ name, ms: cpuMs - (before.get(logName(name)) ?? 0) }));
  const log = used.find(({ name }) => name === "log");
  return { cpuMs: used.reduce((sum, { ms }) => sum + ms, 0), logCpuMs: log?.ms ?? null };
}

/** As the command line of its process has it. */
function logName(name: string): string {
  return name === "log" ? "log#0" : name;
}

/** What comes on stdout. Lines are looked at as they come only in the slow part, so that reading does not slow the bulk. */
class Outputs {
  readonly #load: Load;
  readonly #chunks: Buffer[] = [];
  #rest = "";
  isBulk = false;
  /** By partition. */
  readonly answeredAt = new Map<string, number>();

  constructor(load: Load) {
    this.#load = load;
  }

  take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    if (this.isBulk) return;
    const now = performance.now();
    const lines = (this.#rest + chunk.toString("latin1")).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) {
      const name = this.#load.probe((JSON.parse(line) as { readonly row: Record<string, unknown> }).row);
      if (name !== null && !this.answeredAt.has(name)) this.answeredAt.set(name, now);
    }
  }

  judge(): Pick<Measured, "passing" | "missing" | "repeated"> {
    const lines = Buffer.concat(this.#chunks).toString("utf8").trimEnd().split("\n");
    const delivered = new Set<string>();
    for (const line of lines) {
      if (line !== "") delivered.add(answerText((JSON.parse(line) as { readonly row: Record<string, unknown> }).row));
    }
    const { answers } = this.#load;
    let final = 0;
    for (const answer of delivered) if (answers.has(answer)) final++;
    const count = lines[0] === "" ? 0 : lines.length;
    return { passing: delivered.size - final, missing: answers.size - final, repeated: count - delivered.size };
  }
}
