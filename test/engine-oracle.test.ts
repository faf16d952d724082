/**
 * Emitted evaluators against the naive interpreter, step by step, on random programs. DLC_ORACLE=5000 runs that many,
 * DLC_ORACLE_FROM=100000 from that seed on; DLC_ORACLE_SEED=17 runs only that one and shows it.
 */
import { expect, test } from "vitest";
import { compareRows } from "../src/runtime/canonical.ts";
import type { Evaluator, Row, StepOutput } from "../src/runtime/program.ts";
import { emit } from "../src/compiler/5-emit/emit.ts";
import { loadRole } from "../src/verify/load.ts";
import { Interpreter } from "./oracle/interpreter.ts";
import { latticeCollections, randomLatticeEvents, randomLatticeProgram } from "./oracle/lattice-programs.ts";
import { Dice, imported, randomEvents, randomProgram } from "./oracle/programs.ts";
import { bare, irOf, World } from "./support/plan.ts";

const programs = Number(process.env.DLC_ORACLE ?? 400);
const firstSeed = Number(process.env.DLC_ORACLE_FROM ?? 0);
const only = process.env.DLC_ORACLE_SEED;
const lattices = Number(process.env.DLC_ORACLE_LATTICES ?? programs);
const plain = ["u", "t", "kv", "s", "p", "g", "ks", "q", "w", "o", "e", "ok"];

function shown(output: StepOutput): unknown {
  const text = (one: unknown): string => JSON.stringify(one);
  return {
    outputs: output.outputs.map((one) => text({ ...one, rows: [...one.rows] })).sort(),
    sends: output.sends.map((one) => text({ ...one, rows: [...one.rows].sort(compareRows) })).sort(),
  };
}

function state(evaluator: Evaluator, collections: readonly string[]): unknown {
  return Object.fromEntries(collections.map((name) => [name, JSON.stringify(evaluator.read(name))]));
}

/** With so many rules beside it that its fixpoint has parts; where they begin differs from seed to seed. */
function padded(text: string, seed: number): string {
  const rules = Array.from({ length: 40 + (seed % 16) }, (_, i) => `scratch pad${i}(n: int); pad${i}(n) <= pad(n);`);
  return text.replace("role R {", `role R {\n  input pad(n: int);\n  ${rules.join("\n  ")}`);
}

interface Programs {
  readonly program: (dice: Dice) => string;
  readonly events: (dice: Dice) => Readonly<Record<string, readonly Row[]>>;
  readonly collections: readonly string[];
}

const ofPlain: Programs = { program: randomProgram, events: randomEvents, collections: plain };
const ofLattices: Programs = {
  program: randomLatticeProgram,
  events: randomLatticeEvents,
  collections: latticeCollections,
};

/** False: the program is not a valid one. */
function compare(seed: number, of: Programs): boolean {
  const dice = new Dice(seed);
  const program = of.program(dice);
  const text = seed % 4 === 3 ? padded(program, seed) : program;
  let ir;
  try {
    ir = irOf(text);
  } catch {
    return false;
  }
  const files = emit(bare(ir)).value!;
  const where = `seed ${seed}\n${text}`;
  let emitted: World;
  try {
    emitted = new World(loadRole(files, "R", (_, name) => imported[name]).createEvaluator, "R#0", ["Q#0", "Q#1"]);
  } catch (error) {
    throw new Error(`${where}\n${files.find(({ path }) => path === "R.js")!.text}`, { cause: error });
  }
  const naive = new World((env) => new Interpreter(ir, "R", env, imported), "R#0", ["Q#0", "Q#1"]);
  const told: string[] = [];
  for (let step = 0; step < 9; step++) {
    const events = of.events(dice);
    told.push(JSON.stringify(events));
    const place = `${where}\nafter ${told.join("\n      ")}`;
    const pending = emitted.evaluator.pending();
    // Where an output says what ceases, there may be one more step, to say it.
    if (!text.includes("eventual") || naive.evaluator.pending().length > 0) {
      expect(pending, `${place}\npending before it`).toEqual(naive.evaluator.pending());
    }
    const [actual, expected] = [emitted.step(events), naive.step(events)];
    expect(state(emitted.evaluator, of.collections), place).toEqual(state(naive.evaluator, of.collections));
    expect(shown(actual), place).toEqual(shown(expected));
  }
  return true;
}

test(
  `emitted rules do what the interpreter does, for ${only === undefined ? programs : "1"} programs`,
  () => {
    if (only !== undefined) {
      expect(compare(Number(only), process.env.DLC_ORACLE_LATTICES === undefined ? ofPlain : ofLattices)).toBe(true);
      return;
    }
    run(ofPlain, programs);
  },
  Math.max(600_000, programs * 300),
);

test.skipIf(only !== undefined)(
  `also with lattice columns, for ${lattices} programs`,
  () => run(ofLattices, lattices),
  Math.max(600_000, lattices * 300),
);

function run(of: Programs, programs: number): void {
  let valid = 0;
  let tried = 0;
  for (; valid < programs && tried < programs * 20; tried++) if (compare(firstSeed + tried, of)) valid++;
  // The generator must not waste its programs.
  expect(valid).toBeGreaterThan(tried / 3);
  if (programs > 1000) console.log(`${valid} valid programs of seeds ${firstSeed} to ${firstSeed + tried - 1}`);
}
