/** From runs to lines of the table: medians, ratios against the uncoordinated runs beside them, and what must hold. */
import type { Measured } from "./measure.ts";
import type { ProgramName, Way, WayName } from "./programs.ts";

export interface Line {
  readonly program: ProgramName;
  readonly way: WayName;
  readonly title: string;
  readonly producers: number;
  readonly delayMs: number;
  readonly rowsPerSecond: number;
  /** Throughput over that of the uncoordinated runs. */
  readonly ratio: number;
  /** CPU of all nodes over that of the uncoordinated runs; null where CPU time is not known. */
  readonly cpuRatio: number | null;
  readonly ms: number;
  readonly latencyMs: number;
  /** 95th percentile. */
  readonly slowestMs: number;
  readonly messages: number;
  readonly rowsSent: number;
  readonly passing: number;
  /** The sequencer's part of the CPU; null without one. */
  readonly logShare: number | null;
  readonly waits: string;
  /** What the run's answers break of what the way promises; null when nothing. */
  readonly problem: string | null;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at % 1);
}

/** `runs` and `uncoordinated` by repetition. */
export function summarize(
  program: ProgramName,
  way: Way,
  producers: number,
  delayMs: number,
  runs: readonly Measured[],
  uncoordinated: readonly Measured[],
): Line {
  const of = (value: (run: Measured) => number): number => median(runs.map(value));
  const cpus = runs.flatMap(({ cpuMs }, i) => {
    const other = uncoordinated[i].cpuMs;
    return cpuMs === null || other === null ? [] : [cpuMs / other];
  });
  const shares = runs.flatMap(({ cpuMs, logCpuMs }) => (cpuMs === null || logCpuMs === null ? [] : [logCpuMs / cpuMs]));
  const latencies = runs.flatMap((run) => run.latencies);
  return {
    program,
    way: way.name,
    title: way.title,
    producers,
    delayMs,
    rowsPerSecond: of(({ rowsPerSecond }) => rowsPerSecond),
    ratio: median(runs.map(({ rowsPerSecond }, i) => rowsPerSecond / uncoordinated[i].rowsPerSecond)),
    cpuRatio: cpus.length === 0 ? null : median(cpus),
    ms: of(({ ms }) => ms),
    latencyMs: median(latencies),
    slowestMs: quantile(latencies, 0.95),
    messages: of(({ messages }) => messages),
    rowsSent: of(({ rowsSent }) => rowsSent),
    passing: of(({ passing }) => passing),
    logShare: shares.length === 0 ? null : median(shares),
    waits: way.waits[program],
    problem: runs.map((run) => problemOf(program, way, run)).find((problem) => problem !== null) ?? null,
  };
}

/** Async promises the one answer, once; Run that replicas take the same steps; nothing less than that the final answers come. */
function problemOf(program: ProgramName, way: Way, run: Measured): string | null {
  if (run.missing > 0) return `${run.missing} final answers are missing`;
  if (run.latencies.length === 0) return "no answer of the slow part came in time";
  const isSealed = way.name === "seal" || way.name === "single";
  if (isSealed && run.passing > 0) return `${run.passing} answers that are not final were delivered`;
  // The analyst keeps no answers: three replicas give it the same fact in different steps.
  if (isSealed && program === "words" && run.repeated > 0)
    return `${run.repeated} answers were delivered more than once`;
  const isOrdered = way.name === "order" || way.name === "order by";
  if (isOrdered && new Set(run.sentByReplica).size > 1) {
    return `the replicas did not send the same number of answers: ${run.sentByReplica.join(", ")}`;
  }
  return null;
}

const heads = [
  "program",
  "added delay",
  "producers",
  "coordination",
  "rows/s",
  "÷ uncoordinated",
  "CPU ÷",
  "completion",
  "latency",
  "95 %",
  "messages",
  "rows sent",
  "passing answers",
  "sequencer's CPU",
];

const whole = (n: number): string => Math.round(n).toLocaleString("en-US");

function cellsOf(line: Line): readonly string[] {
  return [
    line.program === "campaign" ? "CAMPAIGN" : "word count",
    line.delayMs === 0 ? "none" : `${line.delayMs} ms`,
    String(line.producers),
    line.title,
    whole(line.rowsPerSecond),
    line.ratio.toFixed(2),
    line.cpuRatio === null ? "" : line.cpuRatio.toFixed(2),
    `${whole(line.ms)} ms`,
    `${line.latencyMs.toFixed(1)} ms`,
    `${line.slowestMs.toFixed(1)} ms`,
    whole(line.messages),
    whole(line.rowsSent),
    whole(line.passing),
    line.logShare === null ? "" : `${Math.round(line.logShare * 100)} %`,
  ];
}

/** `text` is a line for whoever watches. */
export function tableOf(lines: readonly Line[], form: "markdown" | "text"): string {
  if (form === "text") {
    return lines
      .map((line) =>
        cellsOf(line)
          .map((cell, i) => `${i < 4 ? "" : `${heads[i]} `}${cell}`)
          .join("  "),
      )
      .join("\n");
  }
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    row(heads),
    row(heads.map((_, i) => (i < 4 ? "---" : "--:"))),
    ...lines.map((line) => row(cellsOf(line))),
  ].join("\n");
}
