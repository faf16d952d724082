/**
 * What durability costs: rows a second into one instance with and without a journal, by how many come together; what a restart
 * reads and how long it takes; a whole program with and without a data folder.
 *
 *   npm run bench:durability               all of it, about three minutes; writes docs/measurements.md
 *   npm run bench:durability -- --quick    a smoke test; writes nothing
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { analyze } from "../src/compiler/3-analyze/analyze.ts";
import { emit } from "../src/compiler/5-emit/emit.ts";
import { lower } from "../src/compiler/2-lower/lower.ts";
import { parseProgram } from "../src/compiler/1-parse/program.ts";
import { place } from "../src/compiler/4-place/place.ts";
import { Instance } from "../src/runtime/instance.ts";
import type { RoleProgram, Row } from "../src/runtime/program.ts";
import { Journal } from "../src/runtime/storage/journal.ts";
import { RecordedInstance } from "../src/runtime/storage/recorded.ts";
import { loadRole } from "../src/verify/load.ts";
import { machine, writeMeasured } from "./page.ts";

const store = `role Store {
  input  put(key: string, value: int);
  table  kv(key: string -> value: int) durable;
  output rare(key: string, value: int);
  kv(k, v) <+- put(k, v);
  rare(k, v) <= kv(k, v), v < 0;
}
`;
const counts = { Store: 1 };
const never = Number.MAX_SAFE_INTEGER;

function programOf(text: string): RoleProgram {
  const lowered = lower(parseProgram({ path: "store.dlc", text }, new Map()).value!).value!;
  return loadRole(emit(place(analyze(lowered), { strategy: "auto" }).value!).value!, "Store");
}

function* putsOf(rows: number): Iterable<Row> {
  for (let n = 0; n < rows; n++) yield [`key-${(n * 7919) % 200_000}`, n];
}

type How = "memory" | "file" | "disk";

/** Wall milliseconds: waiting for a disk takes no CPU time. `together`: rows that one write keeps. */
function putAll(program: RoleProgram, folder: string, rows: number, together: number, how: How): number {
  const { instance, journal } =
    how === "memory"
      ? { instance: new Instance(program, { counts }, 0, 1), journal: null }
      : openIn(program, folder, never);
  let waiting = 0;
  const turn = (): void => {
    while (instance.wantsStep()) instance.step();
    journal?.commit(how === "disk");
    waiting = 0;
  };
  const started = performance.now();
  for (const row of putsOf(rows)) {
    instance.input("put", row);
    if (++waiting === together) turn();
  }
  turn();
  const took = performance.now() - started;
  journal?.close();
  return took;
}

function openIn(
  program: RoleProgram,
  folder: string,
  snapshotAfter: number,
): { readonly instance: RecordedInstance; readonly journal: Journal } {
  const identity = { self: "Store#0", program: "", version: "", counts, isOnNats: false };
  const { journal, recorded } = Journal.open(
    folder,
    identity,
    (epoch) => new RecordedInstance(program, { counts }, 0, epoch),
    snapshotAfter,
  );
  recorded.recordIn(journal);
  return { instance: recorded, journal };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];
const fixed = (value: number, digits = 0): string =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const megabytes = (bytes: number): string => fixed(bytes / 1e6, 1);
const table = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  [head, head.map((_, i) => (i === 0 ? "---" : "--:")), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

interface Sizes {
  readonly rows: number;
  readonly repetitions: number;
  readonly recovered: readonly number[];
  readonly clicks: number;
}

const full: Sizes = { rows: 200_000, repetitions: 5, recovered: [100_000, 1_000_000], clicks: 160_000 };
const quick: Sizes = { rows: 4000, repetitions: 1, recovered: [5000], clicks: 3000 };

function throughput(program: RoleProgram, scratch: () => string, { rows, repetitions }: Sizes): string {
  const lines = [1, 10, 100, 1000, 10_000].map((together) => {
    // Each write waits for the disk: so many of them are enough.
    const some = Math.min(rows, together * 400);
    const rate = (how: How): number =>
      median(
        Array.from({ length: repetitions }, () => (some / putAll(program, scratch(), some, together, how)) * 1000),
      );
    const [memory, file, disk] = [rate("memory"), rate("file"), rate("disk")];
    return [fixed(together), fixed(memory), fixed(file), fixed(disk), fixed((together / disk) * 1000, 2)];
  });
  return table(
    ["rows written together", "rows/s in memory", "rows/s, written", "rows/s, on the disk", "ms for each write"],
    lines,
  );
}

function recovery(program: RoleProgram, scratch: () => string, { recovered }: Sizes): string {
  const lines = recovered.flatMap((rows) => {
    const fill = (folder: string, snapshotAfter: number): void => {
      const { instance, journal } = openIn(program, folder, snapshotAfter);
      let waiting = 0;
      for (const row of putsOf(rows)) {
        instance.input("put", row);
        if (++waiting % 1000 !== 0) continue;
        while (instance.wantsStep()) instance.step();
        journal.commit(false);
      }
      while (instance.wantsStep()) instance.step();
      journal.commit(true);
      journal.close();
    };
    const opening = (
      folder: string,
    ): { readonly ms: number; readonly snapshotBytes: number; readonly bytes: number } => {
      const started = performance.now();
      const { journal } = openIn(program, folder, never);
      const ms = performance.now() - started;
      const { snapshotBytes, bytes } = journal;
      journal.close();
      return { ms, snapshotBytes, bytes };
    };
    return (
      [
        ["journal", never],
        ["with snapshots", 4 * 1024 * 1024],
      ] as const
    ).map(([name, after]) => {
      const folder = scratch();
      fill(folder, after);
      const { bytes, snapshotBytes } = opening(folder);
      const ms = median([1, 2, 3].map(() => opening(folder).ms));
      return [
        fixed(rows),
        name,
        megabytes(bytes),
        snapshotBytes === 0 ? "" : megabytes(snapshotBytes),
        `${fixed(ms)} ms`,
        `${fixed((ms / rows) * 100_000)} ms`,
      ];
    });
  });
  return table(
    ["rows put", "kept as", "MB in the file", "MB of them a snapshot", "restart", "for 100,000 rows"],
    lines,
  );
}

/** `dlc run` of the ad network. */
function deployment(root: string, scratch: () => string, { clicks, repetitions }: Sizes): string {
  const folder = scratch();
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "clicks.ndjson");
  const asks = join(folder, "asks.ndjson");
  writeFileSync(
    file,
    Array.from(
      { length: clicks },
      (_, n) => `{"campaign":"c${n % 16}","id":"ad-${(n * 31) % 500}","user":"u${n}"}\n`,
    ).join(""),
  );
  writeFileSync(asks, Array.from({ length: 16 }, (_, n) => `{"campaign":"c${n}"}\n`).join(""));
  const built = join(folder, "built");
  const dlc = (...args: readonly string[]): string => {
    const { status, stderr } = spawnSync(process.execPath, [join(root, "bin/dlc.js"), ...args], {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(stderr);
    return stderr;
  };
  dlc("build", "fixtures/ad-network/campaign.dlc", "-o", built);
  const inputs = ["--input", `AdServer[*].click=${file}`, "--input", `Analyst.ask=${asks}`, "--json", "--quiet"];
  const run = (data: string | null): { readonly ms: number; readonly cpuMs: number } => {
    const summary = JSON.parse(
      dlc("run", built, ...inputs, ...(data === null ? [] : ["--data", data]))
        .trimEnd()
        .split("\n")
        .at(-1)!,
    ) as {
      elapsedMs: number;
      nodes: { cpuMs: number }[];
    };
    return { ms: summary.elapsedMs, cpuMs: summary.nodes.reduce((sum, { cpuMs }) => sum + cpuMs, 0) };
  };
  const runs = Array.from({ length: repetitions }, () => ({ without: run(null), data: scratch() })).map(
    ({ without, data }) => ({ without, with: run(data), data }),
  );
  const bytes = ["Report-0", "AdServer-0", "Analyst-0"].map(
    (name) => statSync(join(runs[0].data, `${name}.journal`)).size,
  );
  const line = (
    name: string,
    of: (run: (typeof runs)[number]) => { readonly ms: number; readonly cpuMs: number },
    size: string,
  ): string[] => {
    const ms = median(runs.map((each) => of(each).ms));
    return [
      name,
      fixed((clicks / ms) * 1000),
      `${fixed(ms)} ms`,
      `${fixed(median(runs.map((each) => of(each).cpuMs)))} ms`,
      size,
    ];
  };
  return table(
    ["ad network", "clicks/s", "completion", "CPU of all nodes", "MB at a Report, an AdServer, the Analyst"],
    [
      line("in memory", (each) => each.without, ""),
      line("with a data folder", (each) => each.with, bytes.map(megabytes).join(", ")),
    ],
  );
}

export async function main(root: string, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { quick: { type: "boolean", default: false } } });
  const sizes = values.quick ? quick : full;
  const folder = mkdtempSync(join(tmpdir(), "dlc-bench-"));
  let number = 0;
  const scratch = (): string => join(folder, String(number++));
  try {
    const program = programOf(store);
    const parts = [
      `${machine()}. Medians of ${sizes.repetitions}; wall time, since a process that waits for the disk computes nothing.`,
      throughput(program, scratch, sizes),
      recovery(program, scratch, sizes),
      deployment(root, scratch, sizes),
    ];
    const text = parts.join("\n\n");
    console.log(text);
    if (!values.quick) writeMeasured(root, "durability", text);
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
