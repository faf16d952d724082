/** The engine's part of docs/measurements.md. */
import { machine, writeMeasured } from "../page.ts";
import type { Measured } from "./case.ts";

const HEAD = ["| | emitted | by hand | ratio | aim |", "| --- | --: | --: | --: | --- |"];

export function lineOf({ title, unit, emitted, byHand, ratio, aim }: Measured): string {
  const number = (n: number): string => (n >= 100 ? Math.round(n).toLocaleString("en-US") : n.toPrecision(3));
  return `| ${title} | ${number(emitted)} ${unit} | ${number(byHand)} | ${ratio.toFixed(2)} | ${aim} |`;
}

function titleOf(line: string): string {
  return line.split("|")[1].trim();
}

/** `isAll`: lines of other cases go; otherwise they stay. Throws when the page lacks its markers. */
export function writePage(root: string, lines: readonly Measured[], isAll: boolean): void {
  const measured = new Map(lines.map((line) => [line.title, lineOf(line)]));
  writeMeasured(root, "engine", (before) => {
    const old = isAll ? [] : before.split("\n").filter((line) => line.startsWith("| ") && !HEAD.includes(line));
    const known = new Set(old.map(titleOf));
    const added = [...measured].flatMap(([title, line]) => (known.has(title) ? [] : [line]));
    return `${machine()}.\n\n${[...HEAD, ...old.map((line) => measured.get(titleOf(line)) ?? line), ...added].join("\n")}`;
  });
}
