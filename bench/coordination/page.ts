/** The measured part of docs/measurements.md on what coordination costs. */
import type { BenchResult } from "../coordination.ts";
import { machine, writeMeasured } from "../page.ts";
import type { Size } from "./loads.ts";
import { ways } from "./programs.ts";
import { median, tableOf } from "./table.ts";
import type { Line } from "./table.ts";

/** Throws when the page lacks its markers. */
export function writePage(root: string, result: BenchResult, size: Size, repetitions: number): void {
  writeMeasured(root, "coordination", measuredText(result, size, repetitions));
}

function measuredText({ lines, sequencer }: BenchResult, size: Size, repetitions: number): string {
  const thousands = (n: number): string => `${Math.round(n / 1000).toLocaleString("en-US")},000`;
  return [
    `${machine()}. ` +
      `CAMPAIGN: ${size.clicks.toLocaleString("en-US")} clicks, three replicas; word count: the first ` +
      `${size.lines.toLocaleString("en-US")} lines of the book, three counters. Medians of ${repetitions} repetitions.`,
    tableOf(lines, "markdown"),
    "What each waits for before it answers:",
    waitsTable(),
    `The sequencer with nothing else to do (${sequencer.appenders} appenders, ${sequencer.readers} readers, ` +
      `${"rows of three short strings"}): ${thousands(sequencer.rowsPerSecond)} rows a second beside the process that ` +
      `appends and reads, ${thousands(sequencer.rowsPerCpuSecond)} rows in a second of its own CPU. More cannot pass ` +
      "through one log, however many producers there are.",
    aims(lines),
  ].join("\n\n");
}

function waitsTable(): string {
  const rows = ways.map(({ title, waits }) => `| ${title} | ${waits.campaign} | ${waits.words} |`);
  return ["| coordination | CAMPAIGN | word count |", "| --- | --- | --- |", ...rows].join("\n");
}

/** Medians over all lines of a way, beside what is aimed at. */
function aims(lines: readonly Line[]): string {
  const middle = (values: readonly number[]): string => median(values).toFixed(2);
  const rows = ways
    .filter(({ strategy }) => strategy !== "none")
    .map(({ name, title }) => {
      const own = lines.filter(({ way }) => way === name);
      const ratios = own.map(({ ratio }) => ratio);
      const cpuRatios = own.flatMap(({ cpuRatio }) => (cpuRatio === null ? [] : [cpuRatio]));
      const aim = name === "order" ? "≥ 0.85" : name === "order by" ? "" : "≥ 0.95";
      const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
      return `| ${title} | ${aim} | ${middle(ratios)} | ${range} | ${cpuRatios.length === 0 ? "" : middle(cpuRatios)} |`;
    });
  const head = "| coordination | aim | throughput ÷ uncoordinated, median | from, to | CPU ÷ uncoordinated, median |";
  return [head, "| --- | --- | --: | --: | --: |", ...rows].join("\n");
}
