/**
 * A component that is written by hand, inside of a role's evaluator. In each step it is handed what has come of its
 * inputs, each fact once ever; what it answers meanwhile is derived in that step.
 */
import { compareRows } from "../canonical.ts";
import { factText, foundText, RowType } from "../codec.ts";
import type { CollectionMeta, Row, Value } from "../program.ts";
import type { Faults } from "./faults.ts";
import type { Relation } from "./relation.ts";
import type { Values } from "./values.ts";

type Columns = CollectionMeta["columns"];

/** Rows that have come in this step, or may be handed in in it. */
export interface ComponentInput {
  readonly name: string;
  readonly columns: Columns;
  readonly from: Relation;
  /** All that has been handed in. */
  readonly taken: Relation;
}

export interface ComponentOutput {
  readonly name: string;
  readonly columns: Columns;
  readonly to: Relation;
}

/** `{ campaign: "shoes", id: "7" }`. */
type NamedRow = Readonly<Record<string, Value>>;
type Receiver = Readonly<Record<string, (row: NamedRow) => void>>;
type Create = (out: Receiver, settled: (listener: () => void) => void) => Receiver;

interface Answer {
  readonly output: ComponentOutput;
  readonly row: Row;
}

export class ComponentRun {
  readonly #name: string;
  readonly #inputs: readonly ComponentInput[];
  readonly #values: Values;
  readonly #faults: Faults;
  readonly #receiver: Receiver;
  /** What it wants to be told: all that came together has been handed in. */
  readonly #settled: (() => void)[] = [];
  /** What the call that is running has answered; null: none is. */
  #answers: Answer[] | null = null;

  /** `create`: the export of its module. `inputs` in the order in which they are handed in. */
  constructor(
    values: Values,
    faults: Faults,
    name: string,
    create: unknown,
    inputs: readonly ComponentInput[],
    outputs: readonly ComponentOutput[],
  ) {
    if (typeof create !== "function") throw new TypeError(`create${name} is not exported by the module of ${name}`);
    this.#name = name;
    this.#inputs = inputs;
    this.#values = values;
    this.#faults = faults;
    const out = Object.fromEntries(outputs.map((output) => [output.name, this.#sender(output)]));
    this.#receiver = (create as Create)(out, (listener) => void this.#settled.push(listener));
    const missing = inputs.find((input) => typeof this.#receiver?.[input.name] !== "function");
    if (missing !== undefined) throw new TypeError(`what create${name} returns has no function ${missing.name}`);
  }

  #sender(output: ComponentOutput): (row: NamedRow) => void {
    const type = new RowType(output.columns);
    const { name, columns } = output;
    return (named) => {
      const problem = rowProblem(type, columns, named);
      if (problem !== null) {
        this.#faults.say("DLC931", `${this.#name} gave ${name} a row that does not fit: ${problem}`, undefined);
      } else if (this.#answers === null) {
        this.#faults.say(
          "DLC932",
          `${this.#name} gave ${factText(name, columns.map((column) => named[column.name]))} to ${name} when nothing had been handed to it; it is dropped`,
          undefined,
        );
      } else this.#answers.push({ output, row: type.formed(columns.map((column) => named[column.name])) });
    };
  }

  /** Hands in what is new. A second call in one step finds nothing. */
  run(): void {
    let isHanded = false;
    for (const input of this.#inputs) {
      const { name, columns } = input;
      for (const row of this.#fresh(input)) {
        const named = Object.freeze(Object.fromEntries(columns.map((column, i) => [column.name, row[i]])));
        this.#call(() => this.#receiver[name](named), () => `was handed ${factText(name, row)}`);
        isHanded = true;
      }
    }
    if (isHanded) for (const listener of this.#settled) this.#call(listener, () => "was told that all had come");
  }

  /** In canonical order, so that replicas of which each is handed the same take it in the same order. */
  #fresh({ from, taken, columns }: ComponentInput): Row[] {
    const fresh: Row[] = [];
    for (let row = 0; row < from.size; row++) {
      if (!taken.keep(taken.seekRow(from, row))) continue;
      fresh.push(columns.map(({ type }, i) => this.#values.decode(type, from.columns[i][row])));
    }
    return fresh.length > 1 ? fresh.sort(compareRows) : fresh;
  }

  /** What is answered meanwhile is derived, unless it throws. `when`: in words. */
  #call(work: () => unknown, when: () => string): void {
    const answers: Answer[] = [];
    this.#answers = answers;
    const fail = (error: unknown): void => {
      const what = error instanceof Error ? error.message : String(error);
      this.#faults.say("DLC930", `${this.#name} ${when()} and threw: ${what}`, undefined);
    };
    try {
      const result = work();
      // An async function: its answers come too late, but what it throws is a fault like any other.
      if (result instanceof Promise) result.catch(fail);
    } catch (error) {
      // What it answered before it failed may be half of an answer.
      answers.length = 0;
      fail(error);
    } finally {
      this.#answers = null;
    }
    for (const { output, row: answer } of answers) this.#land(output, answer);
  }

  #land({ to, columns }: ComponentOutput, row: Row): void {
    columns.forEach(({ type }, i) => (to.key[i] = this.#values.encode(type, row[i])));
    to.land(to.seekKey());
  }
}

/** null when `named` is an object with these columns and no others. */
function rowProblem(type: RowType, columns: Columns, named: unknown): string | null {
  if (typeof named !== "object" || named === null || Array.isArray(named)) return `an object expected, ${foundText(named)} found`;
  const unknown = Object.keys(named).find((key) => !columns.some(({ name }) => name === key));
  if (unknown !== undefined) return `it has no column ${unknown}; its columns are ${columns.map(({ name }) => name).join(", ")}`;
  return type.problem(columns.map(({ name }) => (named as NamedRow)[name]));
}
