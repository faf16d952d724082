import { parse } from "../../src/compiler/1-parse/parse.ts";
import { lower } from "../../src/compiler/2-lower/lower.ts";
import { analyze } from "../../src/compiler/3-analyze/analyze.ts";
import { emit } from "../../src/compiler/5-emit/emit.ts";
import type { Collection, Ir, Rule } from "../../src/compiler/ir.ts";
import type { Plan } from "../../src/compiler/plan.ts";
import { loadRole } from "../../src/verify/load.ts";
import type { Environment, Evaluator, Fault, Row, StepOutput } from "../../src/runtime/program.ts";

/** The Ir of a program text; throws with all errors. */
export function irOf(text: string): Ir {
  const parsed = parse({ path: "test.dlc", text });
  const lowered = parsed.value && lower([parsed.value]);
  const errors = [...parsed.diagnostics, ...(lowered?.diagnostics ?? [])].filter(
    ({ severity }) => severity === "error",
  );
  if (!lowered?.value || errors.length > 0)
    throw new Error(errors.map(({ code, message }) => `${code} ${message}`).join("\n"));
  return lowered.value;
}

export interface Inserted {
  /** Gates and holds by hand: changes rules as placement does. */
  readonly rule?: (rule: Rule) => Rule;
  readonly collection?: (collection: Collection) => Collection;
  readonly clocks?: Plan["clocks"];
  readonly sealed?: Plan["sealed"];
  readonly travels?: Plan["travels"];
}

/** A plan that inserts nothing but what is given. */
export function bare(ir: Ir, inserted: Inserted = {}): Plan {
  const { rule = (one: Rule) => one, collection = (one: Collection) => one } = inserted;
  const coordinated: Ir = {
    ...ir,
    rules: new Map([...ir.rules].map(([id, one]) => [id, rule(one)])),
    collections: new Map([...ir.collections].map(([id, one]) => [id, collection(one)])),
  };
  const analysis = analyze(ir);
  return {
    analysis,
    insertions: [],
    coordinated,
    residual: analysis,
    before: analysis.inference,
    outputs: [],
    sealed: inserted.sealed ?? [],
    travels: inserted.travels ?? [],
    clocks: inserted.clocks ?? new Map(),
    alternatives: [],
  } as unknown as Plan;
}

/** One evaluator, with a world that tests can change. */
export class World {
  readonly evaluator: Evaluator;
  readonly faults: Fault[] = [];
  /** JSON of [source, key]. */
  readonly closed = new Set<string>();
  #newly: { source: string; key: Row | null }[] = [];

  constructor(create: (env: Environment) => Evaluator, self = "R#0", nodes: readonly string[] = ["R#0", "R#1"]) {
    this.evaluator = create({
      self,
      nodes: () => nodes,
      isClosed: (source, key) =>
        this.closed.has(JSON.stringify([source, key])) || this.closed.has(JSON.stringify([source, null])),
      report: (fault) => void this.faults.push(fault),
    });
  }

  close(source: string, key: Row | null): void {
    this.closed.add(JSON.stringify([source, key]));
    this.#newly.push({ source, key });
  }

  /** `{ c: [[1], [2]] }` are rows of c. */
  step(events: Readonly<Record<string, readonly Row[]>> = {}, clock: string | null = null): StepOutput {
    const closed = this.#newly;
    this.#newly = [];
    return this.evaluator.step({
      clock,
      closed,
      events: Object.entries(events).map(([collection, rows]) => ({ collection, rows })),
    });
  }

  read(collection: string): readonly Row[] {
    return this.evaluator.read(collection);
  }

  /** Rows of an output that this step delivered. */
  output(
    collection: string,
    events: Readonly<Record<string, readonly Row[]>> = {},
    clock: string | null = null,
  ): readonly Row[] {
    return this.step(events, clock)
      .outputs.filter((one) => one.collection === collection && !one.retract)
      .flatMap(({ rows }) => rows);
  }
}

export function world(
  text: string,
  inserted: Inserted = {},
  functions: Readonly<Record<string, Function>> = {},
  role = "R",
): World {
  const { createEvaluator } = loadRole(emit(bare(irOf(text), inserted)).value!, role, (_, name) => functions[name]);
  return new World(createEvaluator, `${role}#0`);
}
