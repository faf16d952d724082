/** Keeps the engine's part of docs/measurements.md, between two marker lines; what stands around it is written by hand. */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import type { Measured } from "./case.ts";

const BEGIN = "<!-- measured: engine, begin (npm run bench:engine) -->";
const END = "<!-- measured: engine, end -->";

export function tableOf(lines: readonly Measured[]): string {
  const number = (n: number): string => (n >= 100 ? Math.round(n).toLocaleString("en-US") : n.toPrecision(3));
  const rows = lines.map(
    ({ title, unit, emitted, byHand, ratio, aim }) =>
      `| ${title} | ${number(emitted)} ${unit} | ${number(byHand)} | ${ratio.toFixed(2)} | ${aim} |`,
  );
  return ["| | emitted | by hand | ratio | aim |", "| --- | --: | --: | --: | --- |", ...rows].join("\n");
}

/** Throws when the page lacks its markers. */
export function writePage(root: string, lines: readonly Measured[]): void {
  const path = join(root, "docs", "measurements.md");
  const page = readFileSync(path, "utf8");
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${path} lacks the lines ${BEGIN} and ${END}`);
  const processors = cpus();
  const machine = `Node ${process.versions.node}, ${process.platform}, ${processors.length} × ${processors[0]?.model.trim() ?? "unknown"}.`;
  writeFileSync(
    path,
    `${page.slice(0, begin + BEGIN.length)}\n\n${machine}\n\n${tableOf(lines)}\n\n${page.slice(end)}`,
  );
}
