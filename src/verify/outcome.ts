/** What a simulated run delivered, and what it said on the way. */
import { canonicalText } from "../runtime/canonical.ts";
import { joinOf } from "../runtime/engine/join-of.ts";
import type { AwaitedSeal } from "../runtime/awaited.ts";
import type { Instance } from "../runtime/instance.ts";
import type { Part } from "../runtime/messages.ts";
import type { JoinOf } from "../runtime/outside.ts";
import type { CollectionMeta, Fault, RoleProgram, Row, StepOutput } from "../runtime/program.ts";
import { Contents } from "./contents.ts";
import { partText } from "./trace.ts";
import type { TraceEvent } from "./trace.ts";

export interface OutputContents {
  /** `Analyst.result`. */
  readonly output: string;
  readonly address: string;
  /** Facts ever delivered, in canonical order, each once; where columns are lattices, of each key the join. */
  readonly ever: readonly Row[];
  /** Facts true when nothing is in flight; as `ever` for outputs that do not retract. */
  readonly now: readonly Row[];
  /** How often a fact was delivered. */
  readonly deliveries: number;
}

export interface SimulationResult {
  /** Every output at every instance, by output and then index. */
  readonly outputs: readonly OutputContents[];
  readonly faults: readonly (Fault & { readonly at: string })[];
  /** Evaluated steps of all instances. */
  readonly steps: number;
  readonly awaited: readonly (AwaitedSeal & { readonly at: string })[];
  /** What happened, in order. */
  readonly trace: readonly TraceEvent[];
  readonly instances: ReadonlyMap<string, Instance>;
}

/** All instances' contents of one output, by address. */
export function contentsOf(result: SimulationResult, output: string): ReadonlyMap<string, readonly Row[]> {
  return new Map(result.outputs.filter((each) => each.output === output).map((each) => [each.address, each.ever]));
}

interface Delivered {
  readonly output: string;
  readonly address: string;
  readonly retracts: boolean;
  readonly ever: Contents;
  readonly now: Contents;
  deliveries: number;
}

/** Collects outputs, faults and the event log of a run. */
export class Outcome {
  readonly faults: (Fault & { at: string })[] = [];
  readonly trace: TraceEvent[] = [];
  steps = 0;
  /** What was sent and delivered, each once. */
  readonly #said = new Set<string>();
  readonly #delivered = new Map<string, Delivered>();
  readonly #join: JoinOf;

  constructor(programs: readonly RoleProgram[]) {
    this.#join = joinOf(Object.assign({}, ...programs.map(({ lattices }) => lattices)) as RoleProgram["lattices"]);
  }

  addOutput(role: string, address: string, { name, columns, retracts }: CollectionMeta): void {
    const contents = (): Contents => new Contents(columns, this.#join);
    this.#delivered.set(`${address} ${name}`, {
      output: `${role}.${name}`,
      address,
      retracts: retracts ?? false,
      ever: contents(),
      now: contents(),
      deliveries: 0,
    });
  }

  fault(at: string, fault: Fault): void {
    this.faults.push({ ...fault, at });
    this.trace.push({ kind: "fault", at, fault });
  }

  deliver(address: string, { collection, retract, rows }: StepOutput["outputs"][number]): void {
    const delivered = this.#delivered.get(`${address} ${collection}`);
    if (delivered === undefined)
      throw new Error(`${address} delivered to ${collection}, which is no output of its role`);
    for (const row of rows) {
      const text = canonicalText(row);
      this.trace.push({ kind: "deliver", at: address, collection, row, retract });
      this.#said.add(`${address} ${retract ? "-" : "+"}${collection}${text}`);
      if (retract) {
        delivered.now.remove(row);
        continue;
      }
      delivered.deliveries++;
      delivered.ever.add(row);
      delivered.now.replace(row);
    }
  }

  send(from: string, to: string, part: Part): void {
    this.#said.add(`${from}>${to} ${partText(part)}`);
  }

  /** How much has been said, what is said again not counted. */
  get said(): number {
    return this.#said.size;
  }

  result(instances: ReadonlyMap<string, Instance>): SimulationResult {
    const outputs = [...this.#delivered.values()]
      .sort((a, b) => (a.output < b.output ? -1 : a.output > b.output ? 1 : 0))
      .map(({ output, address, retracts, ever, now, deliveries }) => ({
        output,
        address,
        ever: ever.rows(),
        now: (retracts ? now : ever).rows(),
        deliveries,
      }));
    const awaited = [...instances.values()].flatMap((instance) =>
      instance.awaited().map((seal) => ({ ...seal, at: instance.address })),
    );
    return { outputs, faults: this.faults, steps: this.steps, awaited, trace: this.trace, instances };
  }
}
