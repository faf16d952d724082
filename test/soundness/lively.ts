/**
 * Of a random program what can happen. Many random rules contradict themselves, or wait for values that never come; each
 * is looked at through an output of its own, and what no facts were found for is left out. What stays holds in some run,
 * so that a finding about it says something that can be shown or not.
 */
import { place } from "../../src/compiler/4-place/place.ts";
import { positionOf } from "../../src/compiler/diagnostics/lines.ts";
import type { Collection, Ir, Rule, RuleId } from "../../src/compiler/ir.ts";
import type { Plan } from "../../src/compiler/plan.ts";
import { analyze } from "../../src/compiler/3-analyze/analyze.ts";
import type { RoleProgram } from "../../src/runtime/program.ts";
import { derivedInputs } from "../../src/verify/derivations.ts";
import { Random, type ScheduleName } from "../../src/verify/schedule.ts";
import { simulate, type SimulatedInput } from "../../src/verify/simulator.ts";
import { inputSpace, keepPromises, smallInputs } from "../../src/verify/small-inputs.ts";
import { check } from "../support/check.ts";
import { programsOf } from "../support/runs.ts";
import type { Generated } from "./generate.ts";
import { functions } from "./imported.ts";

const looks: readonly ScheduleName[] = ["batch", "single", "random", "lifo"];
/** Sets of facts tried for each rule that has not held yet. */
const tries = 10;

/** The same program without the rules that never held; null where the compiler refuses it, or nothing is left. */
export function lively(generated: Generated): Generated | null {
  let ir: Ir;
  try {
    ir = check(generated.text).plan.analysis.ir;
  } catch {
    return null;
  }
  const dead = new Set(
    [...ir.rules.values()]
      .filter(({ id }) => !held(ir).has(id))
      .map(({ file, span }) => positionOf(file, span.start).line),
  );
  const text = generated.text
    .split("\n")
    .filter((_, i) => !dead.has(i + 1))
    .join("\n");
  return { ...generated, text };
}

/** The rules that held in some run. */
function held(ir: Ir): ReadonlySet<RuleId> {
  let known = heldIn.get(ir);
  if (known === undefined) heldIn.set(ir, (known = look(ir)));
  return known;
}

const heldIn = new WeakMap<Ir, ReadonlySet<RuleId>>();

function look(ir: Ir): ReadonlySet<RuleId> {
  const { programs, probes } = probed(ir);
  const counts = Object.fromEntries(programs.map(({ meta }) => [meta.role, Math.min(meta.count, 2)]));
  const space = inputSpace(ir, counts);
  const held = new Set<RuleId>();
  const run = (inputs: readonly SimulatedInput[], seed: number): void => {
    for (const schedule of looks) {
      try {
        for (const { output, ever } of simulate({
          programs,
          deployment: { counts },
          inputs,
          schedule,
          seed,
          maxActions: 20_000,
        }).outputs) {
          const rule = probes.get(output);
          if (rule !== undefined && ever.length > 0) held.add(rule);
        }
      } catch (error) {
        if (!String(error).includes("does not come to rest")) throw error;
      }
    }
  };
  for (let n = 1; n <= 6; n++) run(smallInputs(space, new Random(n), 4 * n), n);
  for (const id of ir.rules.keys()) {
    for (let n = 0; n < tries && !held.has(id); n++) {
      const random = new Random(n + 1);
      const inputs = derivedInputs(space, id, [ir.rules.get(id)!.head.collection], random);
      if (inputs !== null) run(keepPromises(space, [...inputs, ...smallInputs(space, random, n % 3)]), n + 1);
    }
  }
  return held;
}

/** The uncoordinated program, with an output for each rule that shows when its body holds. */
function probed(ir: Ir): { programs: RoleProgram[]; probes: ReadonlyMap<string, RuleId> } {
  const rules = new Map<RuleId, Rule>(ir.rules);
  const collections = new Map<string, Collection>(ir.collections);
  const probes = new Map<string, RuleId>();
  for (const rule of ir.rules.values()) {
    const head = ir.collections.get(rule.head.collection)!;
    const plain = head.columns.flatMap(({ type }, i) => (type.kind === "lattice" ? [] : [i]));
    const name = `probe${probes.size}`;
    const id = `${rule.role}.${name}`;
    probes.set(id, rule.id);
    const columns = plain.map((i) => head.columns[i]);
    collections.set(id, {
      ...head,
      id,
      role: rule.role,
      name,
      kind: "output",
      columns,
      keyLength: null,
      lossy: false,
      durable: false,
      unique: false,
      sealed: null,
      level: "deterministic",
      strict: false,
    });
    const terms = plain.map((i) => rule.head.terms[i]);
    rules.set(`${rule.role}/${name}#1`, {
      ...rule,
      id: `${rule.role}/${name}#1`,
      label: `${name}#1`,
      op: "<=",
      head: { ...rule.head, collection: id, to: null, terms },
    });
  }
  const plan = place(analyze({ ...ir, rules, collections }), { strategy: "none" }).value as Plan;
  return { programs: programsOf(plan, functions), probes };
}
