/** A program under many schedules: what its outputs held in each run, and whether that keeps their labels. */
import { canonicalText } from "../../src/runtime/canonical.ts";
import type { RoleProgram, Row } from "../../src/runtime/program.ts";
import { emit } from "../../src/compiler/5-emit/emit.ts";
import type { Plan } from "../../src/compiler/plan.ts";
import { loadRole } from "../../src/verify/load.ts";
import type { SimulatedInput, SimulationResult } from "../../src/verify/simulator.ts";
import { simulate } from "../../src/verify/simulator.ts";
import { type Show, showing } from "../../src/verify/shown.ts";
import { type ScheduleName, schedules } from "../../src/verify/schedule.ts";
import { adversaries } from "./adversaries.ts";
import { check } from "./check.ts";

export function programsOf(plan: Plan, functions: RunOptions["functions"] = {}): RoleProgram[] {
  const { value: files, diagnostics } = emit(plan);
  if (files === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  const imports: Readonly<Record<string, unknown>> = { ...adversaries(plan.analysis.ir), ...functions };
  return [...plan.coordinated.roles.keys()].map((role) => loadRole(files, role, (_, name) => imports[name]));
}

export type Given = readonly (SimulatedInput | readonly [at: string, ...row: Row])[];

/** `["Host.i1", 1, 2]` is a row for instance 0, `["Host#1.i1", …]` for another; `["seal Host.i1", "k"]` a seal. */
export function inputsOf(given: Given): SimulatedInput[] {
  return given.map((each) => {
    if (!Array.isArray(each)) return each as SimulatedInput;
    const [at, ...row] = each as [string, ...Row];
    const [, seal, role, node, collection] = /^(seal )?([\w.]+?)(?:#(\d+))?\.([\w.]+)$/.exec(at)!;
    const place = { role, node: Number(node ?? 0), collection };
    return seal ? { ...place, seal: row } : { ...place, row };
  });
}

export interface Run {
  readonly schedule: ScheduleName;
  readonly seed: number;
  readonly result: SimulationResult;
  /** Output, then instance: its contents (ever delivered, or true at the end where it retracts) as text, as its host is told them. */
  readonly contents: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The same of what is true at the end. */
  readonly now: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

export interface RunOptions {
  readonly seeds?: number;
  readonly counts?: Readonly<Record<string, number>>;
  readonly schedules?: readonly ScheduleName[];
  readonly interleave?: boolean;
  /** What the program imports, by name. */
  readonly functions?: Readonly<Record<string, Function>>;
  /** The same facts, given in the order of this seed. */
  readonly order?: (seed: number) => Given;
}

export function runAll(plan: Plan, given: Given, options: RunOptions = {}): Run[] {
  const programs = programsOf(plan, options.functions);
  const counts = Object.fromEntries(programs.map(({ meta }) => [meta.role, options.counts?.[meta.role] ?? meta.count]));
  const shown = showing(programs);
  const names = options.schedules ?? (Object.keys(schedules) as ScheduleName[]);
  const runs: Run[] = [];
  for (const schedule of names) {
    for (let seed = 1; seed <= (options.seeds ?? 3); seed++) {
      const result = simulate({
        programs,
        deployment: { counts },
        inputs: inputsOf(options.order?.(seed) ?? given),
        schedule,
        seed,
        ...(options.interleave === undefined ? {} : { interleave: options.interleave }),
      });
      // Instances and traces of hundreds of runs are not kept.
      runs.push({
        schedule,
        seed,
        result: { ...result, trace: [], instances: new Map() },
        contents: contentsOf(result, shown, (output) =>
          plan.analysis.ir.collections.get(output)!.level === "eventual" ? "now" : "ever",
        ),
        now: contentsOf(result, shown, () => "now"),
      });
    }
  }
  return runs;
}

function contentsOf(
  result: SimulationResult,
  shown: Show,
  which: (output: string) => "ever" | "now",
): Map<string, Map<string, string>> {
  const out = new Map<string, Map<string, string>>();
  for (const { output, address, ...rows } of result.outputs) {
    const instances = out.get(output) ?? new Map<string, string>();
    instances.set(
      address,
      shown(output, rows[which(output)])
        .map((row) => canonicalText(row))
        .join(" "),
    );
    out.set(output, instances);
  }
  return out;
}

/** Ways in which runs break what the labels say of the outputs, in words. */
export function broken(plan: Plan, runs: readonly Run[], labelOf: (output: string) => string): string[] {
  const out: string[] = [];
  for (const { id, kind, role, level } of plan.analysis.ir.collections.values()) {
    if (kind !== "output") continue;
    const label = labelOf(id);
    const retracts = level === "eventual" || level === "any";
    const { replicated } = plan.analysis.ir.roles.get(role)!;
    const strict = label === "Async" || label.startsWith("Seal");
    const agree = replicated && (strict || label === "Run");
    const first = new Map<string, { text: string; run: Run }>();
    for (const run of runs) {
      const instances = run.contents.get(id)!;
      if (agree && new Set(instances.values()).size > 1)
        out.push(
          `${id} is ${label}, and replicas differ under ${run.schedule} ${run.seed}: ${[...instances].map(([at, text]) => `${at}: ${text}`).join(" | ")}`,
        );
      // Up to Inst replicas agree in the end, where the output also says what ceases.
      const now = [...run.now.get(id)!.values()];
      if (retracts && replicated && label !== "Diverge" && new Set(now).size > 1)
        out.push(
          `${id} is ${label}, and replicas do not agree in the end under ${run.schedule} ${run.seed}: ${now.join(" | ")}`,
        );
      if (!strict) continue;
      for (const [address, text] of instances) {
        const known = first.get(address);
        if (known === undefined) first.set(address, { text, run });
        else if (known.text !== text)
          out.push(
            `${id} is ${label}, and at ${address} ${known.run.schedule} ${known.run.seed} gives {${known.text}}, ${run.schedule} ${run.seed} gives {${text}}`,
          );
      }
    }
  }
  return out;
}

/** Whether, of one output, two runs (or two replicas of one run) differ. */
export function differs(runs: readonly Run[], output: string): { betweenRuns: boolean; betweenReplicas: boolean } {
  const byAddress = new Map<string, Set<string>>();
  let betweenReplicas = false;
  for (const run of runs) {
    const instances = run.contents.get(output)!;
    if (new Set(instances.values()).size > 1) betweenReplicas = true;
    for (const [address, text] of instances) byAddress.set(address, (byAddress.get(address) ?? new Set()).add(text));
  }
  return { betweenRuns: [...byAddress.values()].some((texts) => texts.size > 1), betweenReplicas };
}

/** The program as its plan coordinates it, and as it is without: both must keep their own labels. */
export function examine(
  text: string,
  given: Given,
  options: RunOptions = {},
): { coordinated: Run[]; bare: Run[]; problems: string[]; plan: Plan } {
  const checked = check(text);
  const without = check(text, "none");
  const coordinated = runAll(checked.plan, given, options);
  const bare = runAll(without.plan, given, options);
  return {
    coordinated,
    bare,
    plan: checked.plan,
    problems: [...broken(checked.plan, coordinated, checked.after), ...broken(without.plan, bare, checked.before)],
  };
}
