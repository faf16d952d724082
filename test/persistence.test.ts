/** What is saved between steps and loaded into a new one goes on exactly as if nothing had happened, to the order of rows. */
import { deserialize, serialize } from "node:v8";
import { expect, test } from "vitest";
import { emit } from "../src/compiler/5-emit/emit.ts";
import type { Environment, Evaluator } from "../src/runtime/program.ts";
import { State } from "../src/runtime/state.ts";
import { loadRole } from "../src/verify/load.ts";
import { latticeCollections, randomLatticeEvents, randomLatticeProgram } from "./oracle/lattice-programs.ts";
import { Dice, imported, randomEvents, randomProgram } from "./oracle/programs.ts";
import { bare, irOf, World } from "./support/plan.ts";

const programs = Number(process.env.DLC_ORACLE ?? 300);
const plain = ["u", "t", "kv", "s", "p", "g", "ks", "q", "w", "o", "e", "ok"];

/** An evaluator that is another one after every step that `moves`: made anew, and loaded with what the last one remembers. */
function moving(create: (env: Environment) => Evaluator, moves: () => boolean): (env: Environment) => Evaluator {
  return (env) => {
    let now = create(env);
    return {
      step(input) {
        const output = now.step(input);
        if (!moves()) return output;
        const state = new State(null);
        now.persist!(state);
        now = create(env);
        now.persist!(new State(deserialize(serialize(state.values)) as unknown[]));
        return output;
      },
      pending: () => now.pending(),
      read: (collection) => now.read(collection),
      held: () => now.held(),
      changes: () => now.changes!(),
    };
  };
}

test.each([
  ["plain", randomProgram, randomEvents, plain],
  ["lattice", randomLatticeProgram, randomLatticeEvents, latticeCollections],
] as const)(
  "of evaluators of random programs with %s columns",
  (_, randomOf, eventsOf, collections) => {
    let valid = 0;
    for (let seed = 0; valid < programs && seed < programs * 20; seed++) {
      const dice = new Dice(seed);
      const text = randomOf(dice);
      let ir;
      try {
        ir = irOf(text);
      } catch {
        continue;
      }
      valid++;
      const create = loadRole(emit(bare(ir)).value!, "R", (_, name) => imported[name]).createEvaluator;
      const moves = new Dice(seed + 1);
      const straight = new World(create, "R#0", ["Q#0", "Q#1"]);
      const moved = new World(
        moving(create, () => moves.below(3) > 0),
        "R#0",
        ["Q#0", "Q#1"],
      );
      for (let step = 0; step < 12; step++) {
        const events = eventsOf(dice);
        const where = `seed ${seed}, step ${step}\n${text}`;
        expect(JSON.stringify(moved.step(events)), where).toBe(JSON.stringify(straight.step(events)));
        for (const name of collections)
          expect(JSON.stringify(moved.evaluator.read(name)), where).toBe(JSON.stringify(straight.evaluator.read(name)));
        const rest = ({ evaluator }: World): unknown => [evaluator.pending(), evaluator.held(), evaluator.changes!()];
        expect(rest(moved), where).toEqual(rest(straight));
      }
    }
    expect(valid).toBe(programs);
  },
  600_000,
);
