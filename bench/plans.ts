/**
 * Whether the order of plans by cost is the real one: the programs of fixtures/plans with each of their plans, as processes,
 * with as much input as their rates say comes in ten seconds.
 *
 *   npm run bench:plans              all of it, some minutes; writes docs/measurements.md
 *   npm run bench:plans -- --quick   a second's worth, once; writes nothing
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { late, loads } from "./plans/loads.ts";
import type { PlansProgram } from "./plans/loads.ts";
import { machine, writeMeasured } from "./page.ts";

export interface Measured {
  /** Facts and seals between processes. */
  readonly sent: number;
  readonly cpuMs: number;
  readonly completionMs: number;
}

export interface Line {
  readonly program: PlansProgram;
  readonly plan: string;
  /** What is inserted. */
  readonly what: string;
  /** Of the time's input. */
  readonly predicted: number;
  /** More than with nothing inserted. */
  readonly measured: number;
  readonly cpuMs: number;
  readonly completionMs: number;
}

interface Plan {
  readonly name: string;
  readonly what: string;
  readonly messages: number;
  readonly options: readonly string[];
}

export interface PlansOptions {
  readonly programs: readonly PlansProgram[];
  readonly seconds: number;
  readonly repetitions: number;
  readonly say: (line: string) => void;
}

function dlc(root: string, args: readonly string[]): { stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "bin", "dlc.js"), ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`dlc ${args.join(" ")} failed:\n${stdout.slice(-2000)}${stderr.slice(-2000)}`);
  return { stdout, stderr };
}

/** Those that keep all promises, the cheapest first, and what there is without any. */
function plansOf(root: string, source: string): Plan[] {
  const report = JSON.parse(dlc(root, ["check", source, "--format", "json", "--no-cache"]).stdout);
  const [{ cost, baseline, others }] = report.plans;
  const what = (
    plan: readonly { mechanism: string; role: string; at: readonly string[]; key: readonly string[] }[],
  ): string =>
    plan
      .map(
        ({ mechanism, role, at, key }) =>
          `${mechanism} ${at.map((name) => `${role}.${name}`).join(" and ")}${key.length > 0 ? ` by (${key.join(", ")})` : ""}`,
      )
      .join("; ");
  const all: Plan[] = [{ name: "chosen", what: what(report.plan), messages: cost.messages, options: [] }];
  for (const other of [...others, baseline]) {
    const isKept = other.outputs.every(({ achieved }: { achieved: boolean }) => achieved);
    const known = all.find((each) => each.what === what(other.plan));
    if (known !== undefined && other.name === "baseline")
      all[all.indexOf(known)] = { ...known, name: `${known.name}, baseline` };
    else if (isKept && known === undefined)
      all.push({
        name: other.name,
        what: what(other.plan),
        messages: other.cost.messages,
        options: ["--plan", other.name],
      });
  }
  return [
    ...all.sort((a, b) => a.messages - b.messages),
    { name: "none", what: "nothing", messages: 0, options: ["--strategy", "none"] },
  ];
}

/** How long after the start of all nodes what is late is given. */
const lateMs = 4000;

async function measure(root: string, built: string, inputs: readonly Input[]): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "dlc-bench-run-"));
  const pipes = inputs
    .filter(({ isLate }) => isLate)
    .map(({ path }, i) => ({ path, pipe: join(folder, `${i}.ndjson`) }));
  const pathOf = (path: string): string => pipes.find((each) => each.path === path)?.pipe ?? path;
  if (pipes.length > 0)
    execFileSync(
      "mkfifo",
      pipes.map(({ pipe }) => pipe),
    );
  const args = ["run", built, "--json", ...inputs.flatMap(({ port, path }) => ["--input", `${port}=${pathOf(path)}`])];
  // Open for reading too, or opening would wait for the reader.
  const open = pipes.map(({ path, pipe }) => ({ path, descriptor: openSync(pipe, constants.O_RDWR) }));
  const child = spawn(process.execPath, [join(root, "bin", "dlc.js"), ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  const started = new Promise<void>((resolve) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (/process(es)? started/.test(stderr)) resolve();
    });
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  if (open.length > 0) {
    await Promise.race([started, ended]);
    await new Promise((resolve) => setTimeout(resolve, lateMs));
  }
  for (const { path, descriptor } of open) {
    writeSync(descriptor, readFileSync(path));
    closeSync(descriptor);
  }
  const code = await ended;
  rmSync(folder, { recursive: true, force: true });
  if (code !== 0) throw new Error(`dlc ${args.join(" ")} failed:\n${stderr.slice(-2000)}`);
  const summary = JSON.parse(stderr.trim().split("\n").at(-1)!) as {
    readonly elapsedMs: number;
    readonly nodes: readonly { readonly rowsSent: number; readonly sealsSent: number; readonly cpuMs: number }[];
  };
  const sum = (of: (node: (typeof summary.nodes)[number]) => number): number =>
    summary.nodes.reduce((total, node) => total + of(node), 0);
  const completionMs = summary.elapsedMs - (pipes.length > 0 ? lateMs : 0);
  return {
    sent: sum(({ rowsSent, sealsSent }) => rowsSent + sealsSent),
    cpuMs: sum(({ cpuMs }) => cpuMs),
    completionMs,
  };
}

interface Input {
  readonly port: string;
  readonly path: string;
  readonly isLate: boolean;
}

/** Plans in turn within a repetition, backwards in every second, so that a machine that gets slower or faster favours none. */
export async function bench(root: string, { programs, seconds, repetitions, say }: PlansOptions): Promise<Line[]> {
  const folder = mkdtempSync(join(tmpdir(), "dlc-bench-plans-"));
  try {
    const lines: Line[] = [];
    for (const program of programs) {
      const source = join(root, "fixtures", "plans", `${program}.dlc`);
      const plans = plansOf(root, source);
      const inputs = Object.entries(loads[program](seconds)).map(([port, rows]): Input => {
        const path = join(folder, `${program}-${port}.ndjson`);
        writeFileSync(path, `${rows.join("\n")}\n`);
        return { port, path, isLate: late.includes(port) };
      });
      const built = plans.map(({ options }, i) => {
        const out = join(folder, program, String(i));
        mkdirSync(join(folder, program), { recursive: true });
        dlc(root, ["build", source, "-o", out, ...options]);
        return out;
      });
      const runs = plans.map((): Measured[] => []);
      for (let n = 0; n < repetitions; n++) {
        const order = plans.map((_, i) => (n % 2 === 0 ? i : plans.length - 1 - i));
        for (const i of order) runs[i].push(await measure(root, built[i], inputs));
      }
      const middle = (of: readonly number[]): number => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)];
      const bare = middle(runs.at(-1)!.map(({ sent }) => sent));
      plans.forEach(({ name, what, messages }, i) => {
        const line: Line = {
          program,
          plan: name,
          what,
          predicted: messages * seconds,
          measured: middle(runs[i].map(({ sent }) => sent)) - bare,
          cpuMs: middle(runs[i].map(({ cpuMs }) => cpuMs)),
          completionMs: middle(runs[i].map(({ completionMs }) => completionMs)),
        };
        say(JSON.stringify(line));
        lines.push(line);
      });
    }
    return lines;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Programs in which a plan that was said to send less sends more. */
export function misordered(lines: readonly Line[]): PlansProgram[] {
  return [...new Set(lines.map(({ program }) => program))].filter((program) => {
    const own = lines
      .filter((each) => each.program === program && each.plan !== "none")
      .sort((a, b) => a.predicted - b.predicted);
    return own.some(
      (line, i) => i > 0 && own[i - 1].predicted < line.predicted && own[i - 1].measured >= line.measured,
    );
  });
}

function tableOf(lines: readonly Line[]): string {
  const number = (value: number): string => Math.round(value).toLocaleString("en-US");
  const rows = lines.map(
    ({ program, plan, what, predicted, measured, cpuMs, completionMs }) =>
      `| ${program} | ${plan} | ${what} | ${number(predicted)} | ${number(measured)} | ${number(cpuMs)} ms | ${number(completionMs)} ms |`,
  );
  return [
    "| program | plan | inserted | sent more, predicted | measured | CPU | completion |",
    "| --- | --- | --- | --: | --: | --: | --: |",
    ...rows,
  ].join("\n");
}

export async function main(root: string, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { quick: { type: "boolean" } } });
  execFileSync(process.execPath, [join(root, "scripts", "build.mjs"), "--if-stale"], { stdio: "inherit" });
  const seconds = values.quick ? 1 : 10;
  const repetitions = values.quick ? 1 : 3;
  const lines = await bench(root, {
    programs: Object.keys(loads) as PlansProgram[],
    seconds,
    repetitions,
    say: (line) => console.error(line),
  });
  console.log(tableOf(lines));
  if (!values.quick) writeMeasured(root, "plans", `${machine()}. Medians of ${repetitions} runs.\n\n${tableOf(lines)}`);
  for (const program of misordered(lines)) console.error(`${program}: the order of its plans is not the predicted one`);
  return misordered(lines).length === 0 ? 0 : 1;
}
