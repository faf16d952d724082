/**
 * A component that is written by hand, inside of a role's evaluator. In each step it is handed what has come of its
 * inputs, each fact once ever; what it answers meanwhile is derived in that step. What it keeps only it knows: it may say how that is
 * saved and loaded.
 */
import { compareRows } from "../canonical.ts";
import { factText, foundText, RowType } from "../codec.ts";
import type { CollectionMeta, Row, Value } from "../program.ts";
import type { State } from "../state.ts";
import { StorageError } from "../storage/storage-error.ts";
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
type Create = (
  out: Receiver,
  settled: (listener: () => void) => void,
  persist: (save: () => unknown, load: (state: unknown) => void) => void,
) => Receiver;

/** Code of a component that does not save or load what it keeps. */
const UNSAVED = "DLC933";

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
  /** null: what it keeps cannot be saved. */
  #keeping: { readonly save: () => unknown; readonly load: (state: unknown) => void } | null = null;
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
    const settled = (listener: () => void): void => void this.#settled.push(listener);
    const persist: Parameters<Create>[2] = (save, load) => void (this.#keeping = { save, load });
    this.#receiver = (create as Create)(out, settled, persist);
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
          `${this.#name} gave ${factText(
            name,
            columns.map((column) => named[column.name]),
          )} to ${name} when nothing had been handed to it; it is dropped`,
          undefined,
        );
      } else this.#answers.push({ output, row: type.formed(columns.map((column) => named[column.name])) });
    };
  }

  /** Whether it keeps what only it knows. */
  get isOpaque(): boolean {
    return this.#keeping === null;
  }

  /** Between steps; of one that is not opaque. Throws a StorageError where it does not take what it has saved. */
  persist(state: State): void {
    const { save, load } = this.#keeping!;
    if (!state.isLoading) {
      try {
        // What cannot be cloned cannot be written either; and it is as it is now, whatever the component does with it later.
        state.of(structuredClone(save()));
      } catch (error) {
        this.#keeping = null;
        state.isRefused = true;
        this.#faults.say(UNSAVED, `${this.#name} does not save what it keeps: ${messageOf(error)}`, undefined);
      }
      return;
    }
    try {
      load(state.of<unknown>(null));
    } catch (error) {
      throw new StorageError(UNSAVED, `${this.#name} does not load what it has saved: ${messageOf(error)}`);
    }
  }

  /** Hands in what is new. A second call in one step finds nothing. */
  run(): void {
    let isHanded = false;
    for (const input of this.#inputs) {
      const { name, columns } = input;
      for (const row of this.#fresh(input)) {
        const named = Object.freeze(Object.fromEntries(columns.map((column, i) => [column.name, row[i]])));
        this.#call(
          () => this.#receiver[name](named),
          () => `was handed ${factText(name, row)}`,
        );
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
      this.#faults.say("DLC930", `${this.#name} ${when()} and threw: ${messageOf(error)}`, undefined);
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** null when `named` is an object with these columns and no others. */
function rowProblem(type: RowType, columns: Columns, named: unknown): string | null {
  if (typeof named !== "object" || named === null || Array.isArray(named))
    return `an object expected, ${foundText(named)} found`;
  const unknown = Object.keys(named).find((key) => !columns.some(({ name }) => name === key));
  if (unknown !== undefined)
    return `it has no column ${unknown}; its columns are ${columns.map(({ name }) => name).join(", ")}`;
  return type.problem(columns.map(({ name }) => (named as NamedRow)[name]));
}
