/** The engine's part of docs/measurements.md. */
import { machine, writeMeasured } from "../page.ts";
import type { Measured } from "./case.ts";

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
  writeMeasured(root, "engine", `${machine()}.\n\n${tableOf(lines)}`);
}
