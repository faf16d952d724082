/**
 * Witnesses (analysis.md section 6): two runs of the same small inputs, or two replicas of one, of which an output holds
 * contents that contradict each other. Found by trying, so that finding none proves nothing.
 */
import type { CollectionId, Ir, RuleId } from "../compiler/ir.ts";
import { canonicalText } from "../runtime/canonical.ts";
import type { RoleProgram, Row } from "../runtime/program.ts";
import { derivedInputs } from "./derivations.ts";
import { exhaust } from "./exhaust.ts";
import { type InputSpace, inputSpace, keepPromises, smallInputs } from "./small-inputs.ts";
import { Random, schedules } from "./schedule.ts";
import type { ScheduleName } from "./schedule.ts";
import { showing } from "./shown.ts";
import { simulate } from "./simulator.ts";
import type { SimulatedInput, SimulationResult } from "./simulator.ts";
import { keepsUnique } from "./unique.ts";

/** What an output told at an instance of a run. */
interface Told {
  readonly output: CollectionId;
  readonly schedule: ScheduleName | "exhaustive";
  readonly seed: number;
  readonly address: string;
  readonly ever: readonly Row[];
  readonly now: readonly Row[];
  readonly result: SimulationResult;
}

/** One side of a contradiction. */
export interface Sighting extends Told {
  readonly rows: readonly Row[];
}

export interface Witness {
  readonly output: CollectionId;
  readonly inputs: readonly SimulatedInput[];
  readonly counts: Readonly<Record<string, number>>;
  /** `replicas`: both are of one run. */
  readonly kind: "runs" | "replicas";
  /** The rows are all that the host was ever told, or what is true in the end; the same where nothing is taken back. */
  readonly rows: "ever" | "now";
  readonly one: Sighting;
  readonly other: Sighting;
}

export interface Hunt {
  readonly programs: readonly RoleProgram[];
  readonly ir: Ir;
  readonly counts: Readonly<Record<string, number>>;
  /** In which a contradiction counts. */
  readonly outputs: readonly CollectionId[];
  /** Rules for which inputs are made that let them hold and race. */
  readonly aims: readonly RuleId[];
  /** Whether two runs may differ, or only replicas of one run count. */
  readonly among: "runs" | "replicas";
  /** `told`: any fact that the host was told in one and not in the other; `promised`: what the level of the output speaks of. */
  readonly contents: "told" | "promised";
  /** Sets of inputs tried. */
  readonly tries: number;
  /** Seeds of each schedule. */
  readonly seeds: number;
  /** From which the first set of inputs and its schedules are drawn; the next one has the next; 1 when left out. */
  readonly first?: number;
  /** Orders tried beside the seeds, of sets of so few inputs that there are not many: all of them, within this number. */
  readonly orders: number;
  /** Given ones are tried in place of small ones that are made. */
  readonly inputs?: readonly SimulatedInput[];
}

export interface Hunted {
  readonly witness: Witness | null;
  /** `first` with which it is found again at once. */
  readonly seed: number | null;
  readonly runs: number;
  /** Sets of inputs of which every order was run. */
  readonly exhausted: number;
}

/** More inputs have too many orders to run them all. */
const fewInputs = 3;

export function huntWitness(hunt: Hunt): Hunted {
  const tally: Tally = { runs: 0, orders: 0, exhausted: 0 };
  const hunted = (witness: Witness | null, seed: number | null): Hunted => ({
    witness,
    seed,
    runs: tally.runs,
    exhausted: tally.exhausted,
  });
  if (hunt.inputs !== undefined) {
    const witness = look(hunt, hunt.inputs, seedsFrom(1, hunt.seeds), tally);
    return hunted(witness && leastSteps(hunt, witness, tally), null);
  }
  const space = inputSpace(hunt.ir, hunt.counts);
  const first = hunt.first ?? 1;
  for (let n = first; n < first + hunt.tries; n++) {
    // Other seeds for other inputs, so that more orders are tried in all.
    const seeds = seedsFrom(1 + (n - 1) * hunt.seeds, hunt.seeds);
    const inputs = inputsFor(hunt, space, n - 1);
    const found = firstContradiction(hunt, inputs, seeds, tally);
    if (found !== null) return hunted(leastSteps(...fewest(hunt, found, seeds, tally), tally), n);
  }
  return hunted(null, null);
}

/** Two of three aim at a rule; a few facts that nobody asked for come along with some of them. */
export function inputsFor(
  hunt: Pick<Hunt, "aims" | "outputs">,
  space: InputSpace,
  n: number,
): readonly SimulatedInput[] {
  const random = new Random(n + 1);
  const aimed =
    n % 3 !== 0 && hunt.aims.length > 0
      ? derivedInputs(space, hunt.aims[random.below(hunt.aims.length)], hunt.outputs, random)
      : null;
  if (aimed === null) return smallInputs(space, random, Math.min(2 + Math.floor(n / 4), 14));
  const more =
    n % 2 === 0
      ? derivedInputs(space, hunt.aims[random.below(hunt.aims.length)], hunt.outputs, random)
      : smallInputs(space, random, random.below(4));
  return keepPromises(space, [...aimed, ...(more ?? [])]);
}

/** Fewer inputs, and fewer instances, that still contradict each other; with the hunt for them. */
function fewest(hunt: Hunt, found: Witness, seeds: readonly number[], tally: Tally): [Hunt, Witness] {
  const all = [...new Set([...seeds, ...seedsFrom(1, hunt.seeds)])];
  let witness = look(hunt, found.inputs, all, tally) ?? found;
  for (let i = witness.inputs.length - 1; i >= 0; i--) {
    witness = look(hunt, witness.inputs.toSpliced(i, 1), all, tally) ?? witness;
    i = Math.min(i, witness.inputs.length);
  }
  // With fewer instances the story is shorter.
  let least = hunt;
  for (const role of Object.keys(hunt.counts)) {
    const fewer = { ...least, counts: { ...least.counts, [role]: 1 } };
    const inputs = witness.inputs.map((item) => (item.role === role ? { ...item, node: 0 } : item));
    const shorter = look(fewer, inputs, all, tally);
    if (shorter === null) continue;
    witness = shorter;
    least = fewer;
  }
  return [least, witness];
}

interface Tally {
  runs: number;
  orders: number;
  exhausted: number;
}

function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** What every output held in each run, run by run: every schedule with its first seed, then with the next. */
function* runsOf(
  { programs, counts, ir, inputs: given }: Hunt,
  inputs: readonly SimulatedInput[],
  seeds: readonly number[],
  tally: Tally,
): Generator<readonly Told[]> {
  const show = showing(programs);
  const isLossy = [...ir.collections.values()].some(({ lossy }) => lossy);
  for (const seed of seeds) {
    for (const schedule of Object.keys(schedules) as ScheduleName[]) {
      // A schedule without chance is the same for every seed; one that differs by losses alone needs a channel that loses.
      if (seed !== seeds[0] && (schedule === "batch" || schedule === "single")) continue;
      if (schedule === "loss" && !isLossy) continue;
      let result: SimulationResult;
      try {
        result = simulate({ programs, deployment: { counts }, inputs, schedule, seed, maxActions: 20_000 });
      } catch (error) {
        // A program that never comes to rest has no contents to compare.
        if (!String(error).includes("does not come to rest")) throw error;
        continue;
      }
      if (given === undefined && !keepsUnique(ir, result)) continue;
      tally.runs++;
      yield result.outputs.map(({ output, address, ever, now }) => ({
        output,
        schedule,
        seed,
        address,
        ever: show(output, ever),
        now: show(output, now),
        result,
      }));
    }
  }
}

function* chain<T>(...all: readonly Iterable<T>[]): Generator<T> {
  for (const each of all) yield* each;
}

/** The shortest contradiction among all these runs. */
function look(hunt: Hunt, inputs: readonly SimulatedInput[], seeds: readonly number[], tally: Tally): Witness | null {
  return contradiction(hunt, inputs, [...runsOf(hunt, inputs, seeds, tally)].flat());
}

/** The same of every order of few inputs, while `orders` lasts. */
function* ordersOf(
  { programs, counts, ir, orders, inputs: given }: Hunt,
  inputs: readonly SimulatedInput[],
  tally: Tally,
): Generator<readonly Told[]> {
  if (inputs.length > fewInputs || tally.orders >= orders) return;
  const show = showing(programs);
  const all = exhaust({ programs, deployment: { counts }, inputs, maxActions: 20_000 }, orders - tally.orders);
  try {
    for (let next = all.next(); ; next = all.next()) {
      if (next.done === true) {
        if (next.value.complete) tally.exhausted++;
        return;
      }
      const result = next.value;
      tally.orders++;
      if (given === undefined && !keepsUnique(ir, result)) continue;
      tally.runs++;
      yield result.outputs.map(({ output, address, ever, now }) => ({
        output,
        schedule: "exhaustive" as const,
        seed: tally.orders,
        address,
        ever: show(output, ever),
        now: show(output, now),
        result,
      }));
    }
  } catch (error) {
    if (!String(error).includes("does not come to rest")) throw error;
  }
}

/** Any contradiction: it ends with the first run that shows one. */
function firstContradiction(
  hunt: Hunt,
  inputs: readonly SimulatedInput[],
  seeds: readonly number[],
  tally: Tally,
): Witness | null {
  const kept: Told[] = [];
  const known = new Set<string>();
  for (const told of chain(runsOf(hunt, inputs, seeds, tally), ordersOf(hunt, inputs, tally))) {
    const witness = contradiction(hunt, inputs, [...kept, ...told]);
    if (witness !== null) return witness;
    // Of what is the same in many runs one will do.
    for (const each of told) {
      const at = `${each.output} ${each.address}`;
      if (known.has(at)) continue;
      known.add(at);
      kept.push(each);
    }
  }
  return null;
}

const textOf = (rows: readonly Row[]): string => canonicalText(rows);

/** Two that contradict each other, with the fewest steps: of one instance in two runs, or of two replicas in one run. */
function contradiction(hunt: Hunt, inputs: readonly SimulatedInput[], all: readonly Told[]): Witness | null {
  let best: Witness | null = null;
  let cost = Infinity;
  for (const [output, told] of grouped(all, ({ output }) => output)) {
    if (!hunt.outputs.includes(output)) continue;
    const { role, level } = hunt.ir.collections.get(output)!;
    const { replicated } = hunt.ir.roles.get(role)!;
    const looks =
      hunt.contents === "told"
        ? (["ever", "now"] as const)
        : level === "eventual"
          ? (["now"] as const)
          : (["ever"] as const);
    for (const rows of looks) {
      for (const [one, other, kind] of pairs(told, rows, hunt.among, replicated)) {
        const steps = one.result.steps + (kind === "runs" ? other.result.steps : 0);
        if (steps >= cost) continue;
        cost = steps;
        best = {
          output,
          inputs,
          counts: hunt.counts,
          kind,
          rows,
          one: { ...one, rows: one[rows] },
          other: { ...other, rows: other[rows] },
        };
      }
    }
  }
  return best;
}

function* pairs(
  told: readonly Told[],
  rows: "ever" | "now",
  among: Hunt["among"],
  isReplicated: boolean,
): Generator<readonly [Told, Told, Witness["kind"]]> {
  if (isReplicated) {
    const byRun = grouped(told, ({ result }) => result);
    for (const [first, ...others] of byRun.values())
      for (const other of others) if (textOf(first[rows]) !== textOf(other[rows])) yield [first, other, "replicas"];
  }
  if (among === "replicas") return;
  for (const same of grouped(told, ({ address }) => address).values()) {
    const cheapest = new Map<string, Told>();
    for (const each of same) {
      const text = textOf(each[rows]);
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
function leastSteps(hunt: Hunt, witness: Witness, tally: Tally): Witness {
  const seeds = [...new Set([witness.one.seed, witness.other.seed, ...seedsFrom(1, hunt.seeds * 5)])];
  return look({ ...hunt, outputs: [witness.output] }, witness.inputs, seeds, tally) ?? witness;
}

/** Outputs to which the head of a rule leads. */
export function outputsBelow(ir: Ir, rule: RuleId): readonly CollectionId[] {
  const reached = new Set<CollectionId>([ir.rules.get(rule)!.head.collection]);
  for (let size = 0; size !== reached.size;) {
    size = reached.size;
    for (const { head, body } of ir.rules.values())
      if (body.some((literal) => literal.kind === "read" && reached.has(literal.collection)))
        reached.add(head.collection);
  }
  return [...reached].filter((id) => ir.collections.get(id)!.kind === "output");
}
