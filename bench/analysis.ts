/**
 * How long analysis and placement of a program take, by its number of rules; each size in a process of its own.
 *
 *   npm run bench:analysis              all of it, some minutes; writes docs/measurements.md
 *   npm run bench:analysis -- --quick   two small sizes; writes nothing
 */
import { execFileSync } from "node:child_process";
import module from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "../src/compiler/1-parse/parse.ts";
import { lower } from "../src/compiler/2-lower/lower.ts";
import { analyze } from "../src/compiler/3-analyze/analyze.ts";
import { place } from "../src/compiler/4-place/place.ts";
import { machine, writeMeasured } from "./page.ts";
import { generateProgram, generateSystem } from "./programs.ts";

const kinds = {
  services: { title: "services, much to coordinate", text: (rules: number) => generateSystem(rules, false) },
  "services with rates": {
    title: "the same, plans compared by cost",
    text: (rules: number) => generateSystem(rules, true),
  },
  mixed: { title: "mixed, little to coordinate", text: (rules: number) => generateProgram(rules * 2.5, 1) },
} as const;
type Kind = keyof typeof kinds;

/** What `bin/dlc.js` asks of this version of Node for a command that is soon over. */
const asDlc: readonly string[] = "enableCompileCache" in module ? [] : ["--interrupt-budget=800000"];

const sizes = [2000, 5000, 10_000, 20_000];
const repetitions = 5;

export interface Timed {
  readonly kind: Kind;
  readonly rules: number;
  readonly insertions: number;
  /** CPU milliseconds of all threads, the first time in a process and the median of the times after it. */
  readonly first: number;
  readonly then: number;
}

/** One program in this process, again and again; each time all that is remembered of it is new. */
export function timeOf(kind: Kind, rules: number): Timed {
  const parsed = parse({ path: "bench.dlc", text: kinds[kind].text(rules) }).value;
  const ir = parsed && lower([parsed]).value;
  if (!ir) throw new Error(`the program of ${rules} rules is refused`);
  const times: number[] = [];
  let insertions = 0;
  for (let i = 0; i < repetitions; i++) {
    const fresh = { ...ir, rules: new Map([...ir.rules].map(([id, rule]) => [id, { ...rule, body: [...rule.body] }])) };
    const before = process.cpuUsage();
    insertions = place(analyze(fresh), { strategy: "auto" }).value!.insertions.length;
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  const [first, ...rest] = times;
  return {
    kind,
    rules: ir.rules.size,
    insertions,
    first,
    then: rest.sort((a, b) => a - b)[Math.floor(rest.length / 2)],
  };
}

function tableOf(lines: readonly Timed[]): string {
  const ms = (value: number): string => `${Math.round(value).toLocaleString("en-US")} ms`;
  const rows = lines.map(
    ({ kind, rules, insertions, first, then }) =>
      `| ${kinds[kind].title} | ${rules.toLocaleString("en-US")} | ${insertions.toLocaleString("en-US")} | ${ms(first)} | ${ms(then)} | ${((then / rules) * 1000).toFixed(0)} µs |`,
  );
  return [
    "| program | rules | inserted | first | then | a rule |",
    "| --- | --: | --: | --: | --: | --: |",
    ...rows,
  ].join("\n");
}

export async function main(root: string, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { one: { type: "string" }, rules: { type: "string" }, quick: { type: "boolean" } },
  });
  if (values.one !== undefined) {
    console.log(JSON.stringify(timeOf(values.one as Kind, Number(values.rules))));
    return 0;
  }
  const lines = (Object.keys(kinds) as Kind[]).flatMap((kind) =>
    (values.quick ? [200, 400] : sizes).map((rules): Timed => {
      const text = execFileSync(
        process.execPath,
        [...asDlc, join(root, "bench", "run.mjs"), "analysis", "--one", kind, "--rules", String(rules)],
        { encoding: "utf8" },
      );
      console.error(text.trim());
      return JSON.parse(text) as Timed;
    }),
  );
  console.log(tableOf(lines));
  if (!values.quick)
    writeMeasured(root, "analysis", `${machine()}. Median of ${repetitions - 1} after the first.\n\n${tableOf(lines)}`);
  return 0;
}
