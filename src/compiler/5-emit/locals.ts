/**
 * Arrays of relations as constants of a function, for its inner loops. They stay the same while it runs where it only
 * reads the relation.
 */
import type { FlowRelation } from "./flow.ts";
import type { Names } from "./names.ts";
import { columnOf } from "./rows.ts";
import type { Writer } from "./writer.ts";

export class Locals {
  readonly #written: ReadonlySet<FlowRelation>;
  /** Expression of an array to the name that it should have, */
  readonly #wanted = new Map<string, string>();
  /** and to the one it has. */
  readonly #names = new Map<string, string>();
  /** Loops that are open. What is read once in each round of the outermost one stays where it is. */
  depth = 0;

  /** `written`: relations that grow while the function runs. */
  constructor(written: Iterable<FlowRelation> = []) {
    this.#written = new Set(written);
  }

  /** Writes the constants for what has been asked for; from now on it goes by their names. */
  declare(writer: Writer, names: Names): void {
    for (const [array, wanted] of this.#wanted) {
      const name = names.take(wanted);
      this.#names.set(array, name);
      writer.line(`const ${name} = ${array};`);
    }
  }

  /** `clicks_c0`. */
  column(relation: FlowRelation, column: number): string {
    const array = columnOf(relation, column);
    return this.#array(relation, array, `${relation.name}_c${column}`, this.depth) ?? array;
  }

  /** `clicks_count`: the supports of rows, or whether they were there before. */
  state(relation: FlowRelation, state: "count" | "was"): string {
    const array = `${relation.name}.${state}`;
    return this.#array(relation, array, `${relation.name}_${state}`, this.depth) ?? array;
  }

  /** `clicks_by_0_next`: of each row the one after it in its chain, for the loop that is opened next. */
  next(relation: FlowRelation, index: string): string {
    return this.#array(relation, `${index}.links()`, `${index}_next`, this.depth + 1) ?? `${index}.next`;
  }

  #array(relation: FlowRelation, array: string, wanted: string, depth: number): string | undefined {
    if (depth < 2 || this.#written.has(relation)) return undefined;
    this.#wanted.set(array, wanted);
    return this.#names.get(array);
  }
}
