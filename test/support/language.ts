/** Programs of the language's sentences: step by step in one evaluator, and under every schedule. */
import { compile } from "../../src/compiler/compile.ts";
import { emit } from "../../src/compiler/5-emit/emit.ts";
import { joinOf } from "../../src/runtime/engine/join-of.ts";
import { handed, jsonText } from "../../src/runtime/outside.ts";
import type { CollectionMeta, RoleProgram, Row, StepOutput } from "../../src/runtime/program.ts";
import { loadRole } from "../../src/verify/load.ts";
import { check } from "./check.ts";
import { bare, irOf, World } from "./plan.ts";
import { broken, programsOf, runAll, type Given, type RunOptions } from "./runs.ts";

export type Events = Readonly<Record<string, readonly Row[]>>;

/** A program of one role R. */
export const role = (statements: string, header = "role R"): string => `${header} { ${statements} }`;

/** Rows as a host sees them: `["a",1]`. */
function rowText(columns: CollectionMeta["columns"], row: Row, lattices: RoleProgram["lattices"]): string {
  const join = joinOf(lattices);
  return `[${row.map((value, i) => jsonText(handed(columns[i].type, value, "host", join))).join(",")}]`;
}

/** `o[1]`, `-o[1]` of what ceases, `R.d[1]` and `R.d@R#1[1]` of messages, `seal R.d["k"]`; in one line. */
function effectsText({ meta, lattices }: RoleProgram, { outputs, sends, seals }: StepOutput): string {
  const ofOutput = (name: string): CollectionMeta => meta.collections.find((one) => one.name === name)!;
  const ofTarget = (id: string): CollectionMeta => meta.targets.find((one) => one.id === id)!.collection;
  const text = ({ columns }: CollectionMeta, rows: readonly Row[]): string =>
    rows.map((row) => rowText(columns, row, lattices)).join("");
  return [
    ...outputs.map(
      ({ collection, retract, rows }) => `${retract ? "-" : ""}${collection}${text(ofOutput(collection), rows)}`,
    ),
    ...sends.map(({ target, to, rows }) => `${target}${to === null ? "" : `@${to}`}${text(ofTarget(target), rows)}`),
    ...seals.map(({ target, key }) => `seal ${target}${JSON.stringify(key)}`),
  ].join(" ");
}

export interface Played {
  /** What each step handed over and sent. */
  readonly steps: readonly string[];
  /** `DLC924 key conflict: …`, of all steps. */
  readonly faults: readonly string[];
  /** Of the faults: `o#1 (test.dlc:1)`. */
  readonly rules: readonly (string | undefined)[];
}

/** Instance 0 of role R alone, uncoordinated, one step for each of the events. */
export function play(
  text: string,
  steps: readonly Events[],
  functions: Readonly<Record<string, Function>> = {},
): Played {
  const program = loadRole(emit(bare(irOf(text))).value!, "R", (_, name) => functions[name]);
  const alone = new World(program.createEvaluator, "R#0");
  return {
    steps: steps.map((events) => effectsText(program, alone.step(events))),
    faults: alone.faults.map(({ code, message }) => `${code} ${message}`),
    rules: alone.faults.map(({ rule }) => rule),
  };
}

/** The steps of a play in which nothing may go wrong. */
export function trace(
  text: string,
  steps: readonly Events[],
  functions: Readonly<Record<string, Function>> = {},
): readonly string[] {
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
  const metas = programsOf(plan).map(({ meta }) => meta);
  const contents: Record<string, string[]> = {};
  for (const { result } of all) {
    const lines = new Map<string, string[]>();
    for (const { output, address, ever, now } of result.outputs) {
      const [role_, name] = output.split(".");
      const { columns } = metas.find(({ role: one }) => one === role_)!.collections.find((one) => one.name === name)!;
      const rows = plan.analysis.ir.collections.get(output)!.level === "eventual" ? now : ever;
      const line = [`${address}:`, ...rows.map((row) => rowText(columns, row, undefined))].join(" ");
      lines.set(output, [...(lines.get(output) ?? []), line]);
    }
    for (const [output, all_] of lines) {
      const line = all_.join(" | ");
      const known = (contents[output] ??= []);
      if (!known.includes(line)) known.push(line);
    }
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
  return compile({ path: "test.dlc", text }).diagnostics.flatMap(({ severity, code, message }) =>
    severity === "error" ? [`${code} ${message}`] : [],
  );
}

/** What to do about the first error. */
export function mend(text: string): string {
  return compile({ path: "test.dlc", text }).diagnostics.find(({ severity }) => severity === "error")?.mend ?? "";
}
