/**
 * Witnesses (analysis.md section 6): two runs of the same small inputs, or two replicas of one, of which an output holds
 * contents that contradict each other. Found by trying, so that finding none proves nothing.
 */
import type { CollectionId, Ir, RuleId } from "../compiler/ir.ts";
import { canonicalText } from "../runtime/canonical.ts";
import type { RoleProgram, Row } from "../runtime/program.ts";
import { inputSpace, smallInputs } from "./small-inputs.ts";
import { Random, schedules } from "./schedule.ts";
import type { ScheduleName } from "./schedule.ts";
import { simulate } from "./simulator.ts";
import type { SimulatedInput, SimulationResult } from "./simulator.ts";

/** One side of a contradiction: what the output held at an instance of a run. */
export interface Sighting {
  readonly schedule: ScheduleName;
  readonly seed: number;
  readonly address: string;
  readonly rows: readonly Row[];
  readonly result: SimulationResult;
}

export interface Witness {
  readonly output: CollectionId;
  readonly inputs: readonly SimulatedInput[];
  readonly counts: Readonly<Record<string, number>>;
  /** `replicas`: both are of one run. */
  readonly kind: "runs" | "replicas";
  readonly one: Sighting;
  readonly other: Sighting;
}

export interface Hunt {
  readonly programs: readonly RoleProgram[];
  readonly ir: Ir;
  readonly counts: Readonly<Record<string, number>>;
  /** In which a contradiction counts. */
  readonly outputs: readonly CollectionId[];
  /** Whether two runs may differ, or only replicas of one run count. */
  readonly among: "runs" | "replicas";
  /** Sets of inputs tried. */
  readonly tries: number;
  /** Seeds of each schedule. */
  readonly seeds: number;
  /** Given ones are tried in place of small ones that are made. */
  readonly inputs?: readonly SimulatedInput[];
}

export interface Hunted {
  readonly witness: Witness | null;
  readonly runs: number;
}

export function huntWitness(hunt: Hunt): Hunted {
  const space = inputSpace(hunt.ir, hunt.counts);
  let runs = 0;
  const look = (inputs: readonly SimulatedInput[]): Witness | null => {
    const found = sightings(hunt, inputs);
    runs += found.runs;
    return contradiction(hunt, inputs, found.sightings);
  };
  if (hunt.inputs !== undefined) {
    const witness = look(hunt.inputs);
    return { witness: witness && leastSteps(hunt, witness), runs };
  }
  for (let n = 0; n < hunt.tries; n++) {
    const size = Math.min(2 + Math.floor(n / 4), 14);
    const inputs = smallInputs(space, new Random(n + 1), size);
    let witness = look(inputs);
    if (witness === null) continue;
    for (let i = witness.inputs.length - 1; i >= 0; i--) {
      const fewer = look(witness.inputs.toSpliced(i, 1));
      if (fewer !== null) witness = fewer;
      i = Math.min(i, witness.inputs.length);
    }
    // With fewer instances the story is shorter.
    let least = hunt;
    for (const role of Object.keys(hunt.counts)) {
      const fewer = { ...least, counts: { ...least.counts, [role]: 1 } };
      const inputs: readonly SimulatedInput[] = witness.inputs.map((item) => (item.role === role ? { ...item, node: 0 } : item));
      const found = sightings(fewer, inputs);
      runs += found.runs;
      const shorter = contradiction(fewer, inputs, found.sightings);
      if (shorter === null) continue;
      witness = shorter;
      least = fewer;
    }
    return { witness: leastSteps(least, witness), runs };
  }
  return { witness: null, runs };
}

function sightings(hunt: Hunt, inputs: readonly SimulatedInput[], seeds = hunt.seeds): { sightings: Map<CollectionId, Sighting[]>; runs: number } {
  const found = new Map<CollectionId, Sighting[]>(hunt.outputs.map((id) => [id, []]));
  let runs = 0;
  for (const schedule of Object.keys(schedules) as ScheduleName[]) {
    // A schedule without chance is the same for every seed.
    const distinct = schedule === "batch" || schedule === "single" ? 1 : seeds;
    for (let seed = 1; seed <= distinct; seed++) {
      let result: SimulationResult;
      try {
        result = simulate({ programs: hunt.programs, deployment: { counts: hunt.counts }, inputs, schedule, seed, maxActions: 20_000 });
      } catch (error) {
        // A program that never comes to rest has no contents to compare.
        if (!String(error).includes("does not come to rest")) throw error;
        continue;
      }
      runs++;
      for (const { output, address, now } of result.outputs) found.get(output)?.push({ schedule, seed, address, rows: now, result });
    }
  }
  return { sightings: found, runs };
}

const textOf = (rows: readonly Row[]): string => canonicalText(rows);

/** Two that contradict each other, with the fewest steps: of one instance in two runs, or of two replicas in one run. */
function contradiction(hunt: Hunt, inputs: readonly SimulatedInput[], all: ReadonlyMap<CollectionId, readonly Sighting[]>): Witness | null {
  let best: Witness | null = null;
  let cost = Infinity;
  for (const [output, found] of all) {
    const role = hunt.ir.roles.get(hunt.ir.collections.get(output)!.role)!;
    for (const [one, other, kind] of pairs(found, hunt.among, role.replicated)) {
      const steps = one.result.steps + (kind === "runs" ? other.result.steps : 0);
      if (steps >= cost) continue;
      cost = steps;
      best = { output, inputs, counts: hunt.counts, kind, one, other };
    }
  }
  return best;
}

function* pairs(found: readonly Sighting[], among: Hunt["among"], isReplicated: boolean): Generator<readonly [Sighting, Sighting, Witness["kind"]]> {
  if (isReplicated) {
    const byRun = grouped(found, ({ result }) => result);
    for (const [first, ...others] of byRun.values()) for (const other of others) if (textOf(first.rows) !== textOf(other.rows)) yield [first, other, "replicas"];
  }
  if (among === "replicas") return;
  for (const same of grouped(found, ({ address }) => address).values()) {
    const cheapest = new Map<string, Sighting>();
    for (const each of same) {
      const text = textOf(each.rows);
      const known = cheapest.get(text);
      if (known === undefined || each.result.steps < known.result.steps) cheapest.set(text, each);
    }
    const [first, second] = [...cheapest.values()].sort((a, b) => a.result.steps - b.result.steps);
    if (second !== undefined) yield [first, second, "runs"];
  }
}

function grouped<T, K>(all: readonly T[], keyOf: (one: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return groups;
}

/** More seeds of the same inputs, for a shorter story. */
function leastSteps(hunt: Hunt, witness: Witness): Witness {
  const found = sightings({ ...hunt, outputs: [witness.output] }, witness.inputs, hunt.seeds * 5);
  return contradiction(hunt, witness.inputs, found.sightings) ?? witness;
}

/** Outputs to which the head of a rule leads. */
export function outputsBelow(ir: Ir, rule: RuleId): readonly CollectionId[] {
  const reached = new Set<CollectionId>([ir.rules.get(rule)!.head.collection]);
  for (let size = 0; size !== reached.size; ) {
    size = reached.size;
    for (const { head, body } of ir.rules.values())
      if (body.some((literal) => literal.kind === "read" && reached.has(literal.collection))) reached.add(head.collection);
  }
  return [...reached].filter((id) => ir.collections.get(id)!.kind === "output");
}
