/**
 * Emitted evaluators against the naive interpreter, step by step, on random programs. DLC_ORACLE=5000 runs that many;
 * DLC_ORACLE_SEED=17 runs only that one and shows it.
 */
import { expect, test } from "vitest";
import { compareRows } from "../src/runtime/canonical.ts";
import type { Evaluator, StepOutput } from "../src/runtime/program.ts";
import { emit } from "../src/compiler/5-emit/emit.ts";
import { loadRole } from "../src/verify/load.ts";
import { Interpreter } from "./oracle/interpreter.ts";
import { Dice, randomEvents, randomProgram } from "./oracle/programs.ts";
import { bare, irOf, World } from "./support/plan.ts";

const programs = Number(process.env.DLC_ORACLE ?? 400);
const only = process.env.DLC_ORACLE_SEED;
const collections = ["u", "t", "kv", "s", "p", "g", "ks", "q", "w", "o", "e", "ok"];

function shown(output: StepOutput): unknown {
  const text = (one: unknown): string => JSON.stringify(one);
  return {
    outputs: output.outputs.map((one) => text({ ...one, rows: [...one.rows] })).sort(),
    sends: output.sends.map((one) => text({ ...one, rows: [...one.rows].sort(compareRows) })).sort(),
  };
}

function state(evaluator: Evaluator): unknown {
  return Object.fromEntries(collections.map((name) => [name, JSON.stringify(evaluator.read(name))]));
}

/** null: the program is not a valid one. */
function compare(seed: number): boolean {
  const dice = new Dice(seed);
  const text = randomProgram(dice);
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
    emitted = new World(loadRole(files, "R").createEvaluator, "R#0", ["Q#0", "Q#1"]);
  } catch (error) {
    throw new Error(`${where}\n${files.find(({ path }) => path === "R.js")!.text}`, { cause: error });
  }
  const naive = new World((env) => new Interpreter(ir, "R", env), "R#0", ["Q#0", "Q#1"]);
  const told: string[] = [];
  for (let step = 0; step < 9; step++) {
    const events = randomEvents(dice);
    told.push(JSON.stringify(events));
    const place = `${where}\nafter ${told.join("\n      ")}`;
    const pending = emitted.evaluator.pending();
    // Where an output says what ceases, there may be one more step, to say it.
    if (!text.includes("eventual") || naive.evaluator.pending().length > 0) {
      expect(pending, `${place}\npending before it`).toEqual(naive.evaluator.pending());
    }
    const [actual, expected] = [emitted.step(events), naive.step(events)];
    expect(state(emitted.evaluator), place).toEqual(state(naive.evaluator));
    expect(shown(actual), place).toEqual(shown(expected));
  }
  return true;
}

test(`emitted rules do what the interpreter does, for ${only === undefined ? programs : "1"} programs`, () => {
  if (only !== undefined) {
    expect(compare(Number(only))).toBe(true);
    return;
  }
  let valid = 0;
  let seed = 0;
  for (; valid < programs && seed < programs * 20; seed++) if (compare(seed)) valid++;
  // The generator must not waste its programs.
  expect(valid).toBeGreaterThan(seed / 3);
}, 600_000);
