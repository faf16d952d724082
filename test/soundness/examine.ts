/** Whether a program keeps its labels under many schedules, without coordination and with it. */
import type { Ir, Rule } from "../../src/compiler/ir.ts";
import type { Plan } from "../../src/compiler/plan.ts";
import { Random } from "../../src/verify/schedule.ts";
import type { Checked } from "../support/check.ts";
import { check } from "../support/check.ts";
import type { Run, RunOptions } from "../support/runs.ts";
import { broken, differs, runAll } from "../support/runs.ts";
import type { Generated } from "./generate.ts";
import { functions } from "./imported.ts";
import { otherInputs, permuted } from "./given.ts";

export interface Examined {
  /** What is wrong, in words. */
  readonly problems: readonly string[];
  /** Outputs labelled worse than Async without coordination; whether two runs or replicas were seen to differ. */
  readonly alarms: readonly { readonly output: string; readonly shown: boolean }[];
}

/** Faults that a program may earn: values that do not fit, deadlines that are missed, and keys with two values. */
const earned = new Set(["DLC902", "DLC913", "DLC920", "DLC921", "DLC922", "DLC923", "DLC924", "DLC925"]);

/** Problems that are alike, for the shrinker. */
export function kindOf(problem: string): string {
  const fault = /DLC\d+/.exec(problem);
  if (fault !== null) return fault[0];
  const words = /without coordination|replicas differ|replicas do not agree|still waits|at once|gives/g;
  return problem.match(words)?.slice(0, 2).join() ?? problem.slice(0, 40);
}

/** A text: the compiler refuses the program. `seeds` per schedule; `hunts`: other inputs tried where nothing was seen to differ. */
export function examineGenerated(
  generated: Generated,
  seeds = 2,
  checking: typeof check = check,
  hunts = 0,
): Examined | string {
  const { text, strategy, interleave } = generated;
  let bare: Checked;
  let coordinated: Checked;
  try {
    bare = checking(text, "none");
    coordinated = checking(asked(text, bare.plan, generated.asking), strategy);
  } catch (error) {
    // What is asked for by hand cannot be had at every rule.
    if (generated.asking !== undefined && /DLC(403|281)/.test((error as Error).message))
      return examineGenerated({ ...generated, asking: undefined }, seeds, checking, hunts);
    if (strategy !== "auto" && (error as Error).message.includes("DLC403"))
      return examineGenerated({ ...generated, strategy: "auto" }, seeds, checking);
    return (error as Error).message;
  }
  const refused = coordinated.diagnostics.find(({ severity, code }) => severity === "error" && code !== "DLC401");
  if (refused !== undefined) return `${refused.code} ${refused.message}`;
  const problems: string[] = [];
  const options = optionsOf(generated, bare.plan, seeds, interleave);
  const bareRuns = attempt(bare.plan, generated, options, problems);
  problems.push(...broken(bare.plan, bareRuns, bare.before).map((each) => `without coordination: ${each}`));
  const mayMiss = / within \d/.test(text);
  const isTrusted = coordinated.plan.analysis.findings.some(({ reason }) => reason === "promise");
  if (coordinated.inserted.length > 0) {
    const runs = attempt(coordinated.plan, generated, options, problems);
    problems.push(...broken(coordinated.plan, runs, coordinated.after));
    if (!mayMiss && !isTrusted && generated.permute) problems.push(...withheld(bare, bareRuns, coordinated, runs));
    for (const run of runs) {
      // Seal rules seal what they seal, and a partition that misses its deadline is never closed; what else is asked for waits as it should.
      if (run.result.awaited.length > 0 && !mayMiss && !isTrusted && generated.permute)
        problems.push(`${run.schedule} ${run.seed}: still waits for ${JSON.stringify(run.result.awaited[0])}`);
      const fault = run.result.faults.find(({ code }) => !earned.has(code));
      if (fault !== undefined && !isTrusted)
        problems.push(`${run.schedule} ${run.seed}: ${fault.code} ${fault.message}`);
    }
  }
  const alarms = bare.plan.outputs
    .filter(({ before }) => before.name !== "Async" && before.name !== "Seal")
    .map(({ output }) => ({ output, shown: isShown(bareRuns, output) }));
  for (let n = 1; n <= hunts && alarms.some(({ shown }) => !shown); n++) {
    const other = { ...generated, given: otherInputs(generated.inputs, new Random(n)) };
    const runs = attempt(bare.plan, other, optionsOf(other, bare.plan, seeds, interleave), problems);
    problems.push(...broken(bare.plan, runs, bare.before).map((each) => `with other inputs ${n}: ${each}`));
    for (const alarm of alarms) alarm.shown ||= isShown(runs, alarm.output);
  }
  return { problems, alarms };
}

/**
 * What is deterministic with the plan is what comes where all is there at once, in a run without coordination: that all
 * runs agree says nothing of answers that never come.
 */
function withheld(bare: Checked, bareRuns: readonly Run[], { plan, after }: Checked, runs: readonly Run[]): string[] {
  const { ir } = plan.analysis;
  const atOnce = bareRuns.find(({ schedule }) => schedule === "batch");
  if (atOnce === undefined || runs.length === 0 || !comesAtOnce(ir)) return [];
  const isStrict = (label: string): boolean => label === "Async" || label.startsWith("Seal");
  const out: string[] = [];
  for (const { id, kind, level } of ir.collections.values()) {
    if (kind !== "output" || !isStrict(after(id)) || (level === "eventual" && !isStrict(bare.before(id)))) continue;
    for (const [address, wanted] of atOnce.contents.get(id)!) {
      const text = runs[0].contents.get(id)!.get(address)!;
      if (text !== wanted) out.push(`${id} at ${address} gives {${text}}, and where all is there at once {${wanted}}`);
    }
  }
  return out;
}

/** Nothing is deferred, fires by itself or is a component's, and to all that a rule reads lead equally many messages. */
function comesAtOnce({ rules, collections }: Ir): boolean {
  const hops = new Map([...collections.values()].flatMap(({ id, kind }) => (kind === "input" ? [[id, 0]] : [])));
  for (let size = -1; size !== hops.size;) {
    size = hops.size;
    for (const { op, head, body } of rules.values()) {
      const from = body.flatMap((each) =>
        each.kind === "read" && hops.has(each.collection) ? [hops.get(each.collection)!] : [],
      );
      if (from.length > 0 && !hops.has(head.collection)) hops.set(head.collection, from[0] + (op === "<~" ? 1 : 0));
    }
  }
  const isEqual = ({ op, head, body, path }: Rule): boolean =>
    path === undefined &&
    (op === "<=" || op === "<~") &&
    body.every(
      (each) =>
        each.kind !== "read" ||
        !hops.has(each.collection) ||
        hops.get(head.collection) === hops.get(each.collection)! + (op === "<~" ? 1 : 0),
    );
  return [...rules.values()].every(isEqual) && ![...collections.values()].some(({ kind }) => kind === "timer");
}

/** The program with `@coordinate(…)` before one of its marked rules, or `@allow(…)`. */
function asked(text: string, { analysis: { ir, findings } }: Plan, asking: Generated["asking"]): string {
  const marked = findings.filter(({ rule }) => ir.rules.has(rule));
  if (asking === undefined || marked.length === 0) return text;
  const { span, gate } = marked[asking.rule % marked.length];
  const by = (gate ?? []).filter((name) => !name.startsWith("_"));
  if (asking.how.endsWith(" by") && by.length === 0) return text;
  const how = asking.how.endsWith(" by") ? `${asking.how} (${by.join(", ")})` : asking.how;
  const word = how.startsWith("weaker") ? "allow" : "coordinate";
  return `${text.slice(0, span.start)}@${word}(${how}) ${text.slice(span.start)}`;
}

function isShown(runs: readonly Run[], output: string): boolean {
  const { betweenRuns, betweenReplicas } = differs(runs, output);
  return betweenRuns || betweenReplicas;
}

function optionsOf(generated: Generated, plan: Plan, seeds: number, interleave: boolean): RunOptions {
  const { given, counts } = generated;
  if (!generated.permute) return { seeds, counts, functions, ...(interleave ? {} : { interleave: false }) };
  const sealed = new Map(
    [...plan.analysis.ir.collections.values()].map(({ name, sealed: by }) => [name, by?.columns ?? null]),
  );
  return {
    seeds,
    counts,
    functions,
    order: (seed) => (seed === 1 ? given : permuted(given, sealed, new Random(seed))),
  };
}

function attempt(plan: Plan, { given }: Generated, options: RunOptions, problems: string[]): Run[] {
  try {
    return runAll(plan, given, options);
  } catch (error) {
    // Where every firing of a timer changes something, a run has no end at which it could be judged.
    if (String(error).includes("firings of its timers")) return [];
    problems.push((error as Error).stack ?? String(error));
    return [];
  }
}
