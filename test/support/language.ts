/** Programs of the language's sentences: step by step in one evaluator, and under every schedule. */
import { compile } from "../../src/compiler/compile.ts";
import { canonicalText } from "../../src/runtime/canonical.ts";
import type { Row, StepOutput, Value } from "../../src/runtime/program.ts";
import { check } from "./check.ts";
import { world } from "./plan.ts";
import { broken, runAll, type Given, type RunOptions } from "./runs.ts";

export type Events = Readonly<Record<string, readonly Row[]>>;

/** A program of one role R. */
export const role = (statements: string, header = "role R"): string => `${header} { ${statements} }`;

const rowsText = (rows: readonly Row[]): string => rows.map((row) => canonicalText(row as unknown as Value)).join("");

/** `o[1]`, `-o[1]` of what ceases, `R.d[1]` and `R.d@R#1[1]` of messages, `seal R.d["k"]`; in one line. */
function effectsText({ outputs, sends, seals }: StepOutput): string {
  return [
    ...outputs.map(({ collection, retract, rows }) => `${retract ? "-" : ""}${collection}${rowsText(rows)}`),
    ...sends.map(({ target, to, rows }) => `${target}${to === null ? "" : `@${to}`}${rowsText(rows)}`),
    ...seals.map(({ target, key }) => `seal ${target}${rowsText([key])}`),
  ].join(" ");
}

export interface Played {
  /** What each step handed over and sent. */
  readonly steps: readonly string[];
  /** `DLC924 key conflict: …`, of all steps. */
  readonly faults: readonly string[];
}

/** Instance 0 of role R alone, uncoordinated, one step for each of the events. */
export function play(text: string, steps: readonly Events[], functions: Readonly<Record<string, Function>> = {}): Played {
  const alone = world(text, {}, functions);
  return {
    steps: steps.map((events) => effectsText(alone.step(events))),
    faults: alone.faults.map(({ code, message }) => `${code} ${message}`),
  };
}

/** The steps of a play in which nothing may go wrong. */
export function trace(text: string, steps: readonly Events[], functions: Readonly<Record<string, Function>> = {}): readonly string[] {
  const { steps: lines, faults } = play(text, steps, functions);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return lines;
}

/** `Report.n` -> what runs of all schedules delivered there, each once: `Report#0: ["a",1] | Report#1: …`. */
export type Contents = Readonly<Record<string, readonly string[]>>;

export interface Runs {
  readonly contents: Contents;
  readonly faults: readonly string[];
}

/** The coordinated program under every schedule; throws where a run breaks a label. */
export function runs(text: string, given: Given, options: RunOptions = {}): Runs {
  const { plan, after } = check(text);
  const all = runAll(plan, given, { seeds: 2, ...options });
  const problems = broken(plan, all, after);
  if (problems.length > 0) throw new Error(problems.slice(0, 3).join("\n"));
  const contents: Record<string, string[]> = {};
  for (const run of all)
    for (const [output, instances] of run.contents) {
      const line = [...instances].map(([address, rows]) => `${address}: ${rows}`.trimEnd()).join(" | ");
      const known = (contents[output] ??= []);
      if (!known.includes(line)) known.push(line);
    }
  const faults = new Set(all.flatMap(({ result }) => result.faults.map(({ code, message }) => `${code} ${message}`)));
  return { contents, faults: [...faults] };
}

/** What every run delivers at an output; throws where two differ, or anything goes wrong. */
export function always(text: string, given: Given, output: string, options: RunOptions = {}): string {
  const { contents, faults } = runs(text, given, options);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  if (contents[output].length > 1) throw new Error(`${output} differs:\n${contents[output].join("\n")}`);
  return contents[output][0];
}

/** `DLC224 role B has 5 …` of everything at error level. */
export function errors(text: string): readonly string[] {
  return compile({ path: "test.dlc", text }).diagnostics.flatMap(({ severity, code, message }) => (severity === "error" ? [`${code} ${message}`] : []));
}

/** What to do about the first error. */
export function mend(text: string): string {
  return compile({ path: "test.dlc", text }).diagnostics.find(({ severity }) => severity === "error")?.mend ?? "";
}
