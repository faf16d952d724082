/**
 * Runs in which an instance dies. Who lives may have told less than without that, as if it still waited; never something
 * else: what is deterministic and was delivered stands.
 */
import type { CollectionId } from "../compiler/ir.ts";
import { joinOf } from "../runtime/engine/join-of.ts";
import { canonicalText } from "../runtime/canonical.ts";
import type { RoleProgram, Row } from "../runtime/program.ts";
import { Contents } from "./contents.ts";
import { crash } from "./schedule.ts";
import type { SimulatedInput, SimulationResult } from "./simulator.ts";
import { simulate } from "./simulator.ts";
import { inputSpace } from "./small-inputs.ts";
import { keepsUnique } from "./unique.ts";
import { type Hunt, inputsFor } from "./witness.ts";

/** A fact that is told when an instance has died, and not when all live. */
export interface Overclaim {
  readonly output: CollectionId;
  readonly address: string;
  readonly row: Row;
  readonly inputs: readonly SimulatedInput[];
  /** Of the schedule `crash`. */
  readonly seed: number;
  readonly result: SimulationResult;
}

export type CrashHunt = Pick<
  Hunt,
  "programs" | "ir" | "counts" | "outputs" | "aims" | "tries" | "seeds" | "first" | "inputs"
>;

/** For outputs of which every run delivers the same. */
export function huntCrash(hunt: CrashHunt): { readonly found: Overclaim | null; readonly runs: number } {
  const { programs, counts, seeds, tries, first = 1 } = hunt;
  const space = inputSpace(hunt.ir, counts);
  const deployment = { counts };
  let runs = 0;
  for (let n = first; n < first + (hunt.inputs === undefined ? tries : 1); n++) {
    const inputs = hunt.inputs ?? inputsFor(hunt, space, n - 1);
    try {
      const alive = simulate({ programs, deployment, inputs, schedule: "batch", seed: 1, maxActions: 20_000 });
      if (hunt.inputs === undefined && !keepsUnique(hunt.ir, alive)) continue;
      const whole = contentsOf(alive, programs);
      for (let seed = 1 + (n - 1) * seeds; seed <= n * seeds; seed++) {
        const result = simulate({ programs, deployment, inputs, schedule: crash, seed, maxActions: 20_000 });
        if (result.trace.some(({ kind }) => kind === "crash")) runs++;
        for (const { output, address, ever } of result.outputs) {
          if (!hunt.outputs.includes(output)) continue;
          const row = ever.find((each) => !whole.has(output, address, each));
          if (row !== undefined) return { found: { output, address, row, inputs, seed, result }, runs };
        }
      }
    } catch (error) {
      if (!String(error).includes("does not come to rest")) throw error;
    }
  }
  return { found: null, runs };
}

/** Whether an output at an instance held a fact; of lattice columns, at least as much. */
function contentsOf(
  { outputs }: SimulationResult,
  programs: readonly RoleProgram[],
): { has(output: CollectionId, address: string, row: Row): boolean } {
  const join = joinOf(Object.assign({}, ...programs.map(({ lattices }) => lattices)) as RoleProgram["lattices"]);
  const columns = new Map(
    programs.flatMap(({ meta }) => meta.collections.map((each) => [`${meta.role}.${each.name}`, each.columns])),
  );
  const held = new Map(outputs.map(({ output, address, ever }) => [`${output} ${address}`, ever]));
  return {
    has: (output, address, row) => {
      const rows = held.get(`${output} ${address}`) ?? [];
      const contents = new Contents(columns.get(output)!, join);
      for (const each of rows) contents.add(each);
      const before = canonicalText(contents.rows());
      contents.add(row);
      return canonicalText(contents.rows()) === before;
    },
  };
}
