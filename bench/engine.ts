/**
 * The engine against TypeScript written by hand that does the same: CPU time, in turn, in the same process.
 *
 *   npm run bench:engine                      all of it, about five minutes; writes docs/measurements.md
 *   npm run bench:engine -- --only closure    cases whose name begins so; writes their lines
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measure, medianOf } from "./engine/case.ts";
import type { Measured } from "./engine/case.ts";
import { changeCases, churn, firstCases, memory } from "./engine/change.ts";
import { measurePair } from "./engine/pair.ts";
import { recursionCases } from "./engine/recursion.ts";
import { lineOf, writePage } from "./engine/page.ts";

const cases = [...recursionCases, ...changeCases, ...firstCases];
const PROCESSES = 5;

/** Cases that measure what is held, or what two processes spend. */
const others = new Map<string, (root: string) => Measured | Promise<Measured>>([
  ["pair, 100", (root) => measurePair(root, 100)],
  ["pair, 500", (root) => measurePair(root, 500)],
  ["memory", () => ofHeld("memory of a pair with one index", "≤ 60", "bytes", memory())],
  ["churn", () => ofHeld("growth after 1,000,000 different texts in 1,000 keys", "bounded", "MB", churn())],
]);

function ofHeld(title: string, aim: string, unit: string, { emitted, byHand }: ReturnType<typeof memory>): Measured {
  return { title, aim, unit, emitted, byHand, ratio: emitted / byHand };
}

/** Each case in a process of its own, so that none profits or suffers from what another made of the machine code. */
function inOwnProcess(root: string, name: string): Measured {
  const args = ["--expose-gc", join(root, "bench", "run.mjs"), "engine", "--case", name];
  return JSON.parse(
    execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }),
  ) as Measured;
}

export async function main(root: string, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { only: { type: "string" }, case: { type: "string" } } });
  if (values.case !== undefined) {
    const one = cases.find(({ name }) => name === values.case);
    console.log(JSON.stringify(one === undefined ? await others.get(values.case)!(root) : measure(one.make())));
    return 0;
  }
  const names = [...cases.map(({ name }) => name), ...others.keys()].filter((name) =>
    name.startsWith(values.only ?? ""),
  );
  const lines: Measured[] = [];
  for (const name of names) {
    const times = firstCases.some((one) => one.name === name) ? PROCESSES : 1;
    const line = medianOf(Array.from({ length: times }, () => inOwnProcess(root, name)));
    lines.push(line);
    console.log(lineOf(line));
  }
  writePage(root, lines, values.only === undefined);
  return 0;
}
