/** Rows from one process to another through an emitted rule, and over a bare socket in the same frames of JSON. */
import { execFileSync, fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./case.ts";
import type { Measured } from "./case.ts";

const text = `role Sender {
  input item(id: int, text: string, n: int);
  Receiver.item(id, text, n) <~ item(id, text, n);
}
role Receiver {
  channel item(id: int, text: string, n: int);
  output arrived(count: int, sum: int, last: int);
  arrived(count(), sum(n), max(id)) <= item(id, _, n);
}`;

/** Rows that are made, then sent; what makes them is not measured, and few are held at a time. */
const CHUNK = 10_000;
const WARM_CHUNKS = 10;
const CHUNKS = 30;
const REPETITIONS = 9;

interface Answer {
  readonly ready?: true;
  readonly done?: number;
  readonly cpu?: NodeJS.CpuUsage;
}

/** The next answer that has what is asked for. */
function answer<K extends keyof Answer>(child: ChildProcess, key: K): Promise<NonNullable<Answer[K]>> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a process of the pair ended with ${code}`));
    const listen = (message: Answer): void => {
      if (message[key] === undefined) return;
      child.off("message", listen);
      child.off("exit", ended);
      resolve(message[key]!);
    };
    child.on("message", listen);
    child.on("exit", ended);
  });
}

/** Every message is answered with the CPU time so far, in microseconds. */
async function tell(child: ChildProcess, message: object): Promise<number> {
  const cpu = answer(child, "cpu");
  child.send(message);
  const { user, system } = await cpu;
  return user + system;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Microseconds of CPU a row, in the process that needs more of it: what limits both where each has a processor. */
async function run(root: string, folder: string, way: "emitted" | "raw", batch: number): Promise<number> {
  const place = async (): Promise<object> => ({ instances: [{ host: "127.0.0.1", port: await freePort() }] });
  const deploy = { cluster: "bench", roles: { Sender: await place(), Receiver: await place() } };
  const start = async (part: "sender" | "receiver"): Promise<ChildProcess> => {
    const script = join(root, "bench", "engine", "pair-process.mjs");
    const child = fork(script, [way, part, folder, JSON.stringify(deploy), String(batch)], { execArgv: [] });
    await answer(child, "ready");
    return child;
  };
  const receiver = await start("receiver");
  const sender = await start("sender");
  try {
    const spent = [0, 0];
    for (let chunk = 1; chunk <= WARM_CHUNKS + CHUNKS; chunk++) {
      const before = [await tell(sender, { make: CHUNK }), await tell(receiver, { expect: chunk * CHUNK })];
      const done = answer(receiver, "done");
      await tell(sender, { send: true });
      await done;
      const after = [await tell(sender, {}), await tell(receiver, {})];
      if (chunk > WARM_CHUNKS) after.forEach((cpu, i) => (spent[i] += cpu - before[i]));
    }
    return Math.max(...spent) / (CHUNKS * CHUNK);
  } finally {
    for (const child of [sender, receiver]) {
      child.removeAllListeners("exit");
      child.disconnect();
    }
  }
}

/** `batch`: rows in a frame on the bare socket. What a process of the program sends in one is its own affair. */
export async function measurePair(root: string, batch: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "dlc-bench-"));
  try {
    const program = join(folder, "pair.dlc");
    const built = join(folder, "built");
    writeFileSync(program, text);
    execFileSync(process.execPath, [join(root, "bin", "dlc.js"), "build", program, "-o", built, "--strategy", "none"], {
      stdio: "ignore",
    });
    const emitted: number[] = [];
    const raw: number[] = [];
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      const ways = ["emitted", "raw"] as const;
      for (const way of repetition % 2 === 0 ? ways : ways.toReversed())
        (way === "emitted" ? emitted : raw).push(await run(root, built, way, batch));
    }
    return {
      title: `a row of 100 bytes from one process to another, in the busier of the two; by hand a bare socket, the same JSON, ${batch} rows a frame`,
      aim: "≤ 2",
      unit: "µs a row",
      emitted: median(emitted),
      byHand: median(raw),
      ratio: median(emitted.map((each, i) => each / raw[i])),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
