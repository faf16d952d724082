/**
 * The evaluator around a role's rules. Emitted code declares the relations, hands over the function that runs
 * the rules to their fixpoint, and the engine does the rest of a step: events in, deferred facts into force,
 * outputs and messages out, and the end, which visits only what the step touched.
 *
 * Kinds of relations:
 *   passing   holds facts of this step only; emptied when the next one begins
 *   view      kept by change: what persistent rules derive, each row with the number of its derivations
 *   landing   a view that rules over passing facts add to as well; what they added lapses in the next step
 *   table     kept until deleted
 */
import { compareRows } from "../canonical.ts";
import type { Environment, Evaluator, Row, StepInput, StepOutput, Value, ValueType } from "../program.ts";
import { Delay, Lapses, LapsesAnew, PassingDelay, TableDeferral } from "./deferral.ts";
import type { Clock, Deferral, DeferredRelation } from "./deferral.ts";
import { Callable, Faults } from "./faults.ts";
import { Closed, Hold, RuleGate } from "./gates.ts";
import type { HoldCondition } from "./gates.ts";
import { KeyedTable, Keying, Reader } from "./keys.ts";
import type { Keyed } from "./keys.ts";
import { Members } from "./members.ts";
import { Relation } from "./relation.ts";
import { collectOutputs, collectSeals, collectSends } from "./sinks.ts";
import type { OutputSink, SealSink, SendSink, Sink } from "./sinks.ts";
import { Numbers, Shown } from "./states.ts";
import { FloatSums, IntSums } from "./sums.ts";
import { Values } from "./values.ts";

type Types = readonly ValueType[];

interface EventRelation {
  readonly relation: Relation;
  readonly types: Types;
}

/** A collection with `key -> values`. */
export interface KeySpec {
  readonly name: string;
  readonly keyLength: number;
  /** The rules that make its facts: `kv#1 (store.dlc:3)`. */
  readonly rules: readonly string[];
}

export class Engine implements Evaluator {
  readonly values = new Values();
  readonly faults: Faults;
  readonly #env: Environment;
  readonly #events = new Map<string, EventRelation>();
  readonly #eventKeyings: Keying[] = [];
  readonly #named = new Map<string, Sink>();
  readonly #all: Relation[] = [];
  readonly #passing: Relation[] = [];
  readonly #kept: Relation[] = [];
  readonly #landing: Relation[] = [];
  readonly #standing: (Lapses | LapsesAnew)[] = [];
  /** Of a keyed relation: all the facts that rules offer. */
  readonly #chosenFrom = new Map<Relation, Relation>();
  readonly #tables: Relation[] = [];
  readonly #nodes: { readonly role: string; readonly relation: Relation }[] = [];
  readonly #sends: SendSink[] = [];
  readonly #outputs: OutputSink[] = [];
  readonly #seals: SealSink[] = [];
  readonly #deferrals: Deferral[] = [];
  readonly #closed = new Map<string, Closed>();
  readonly #gates: RuleGate[] = [];
  readonly #holds: Hold[] = [];
  readonly #shown: Shown[] = [];
  #fixpoint: (isFirst: boolean) => void = () => {};
  /** There is something to derive before any event comes. */
  #startsAlone = false;
  #isStarted = false;
  #changes = 0;
  #reclaimAt = 1 << 16;

  constructor(env: Environment) {
    this.#env = env;
    this.faults = new Faults(env.report);
  }

  // --- declarations, by emitted code

  #declare(relation: Relation, name: string | null, types: Types): Relation {
    this.#all.push(relation);
    if (name !== null) this.#named.set(name, { relation, reader: new Reader(this.values, types) });
    return relation;
  }

  /** An input, channel or timer. */
  event(name: string, types: Types): Relation {
    const relation = this.passing(name, types);
    this.#events.set(name, { relation, types });
    return relation;
  }

  /** An input or channel with a declared key. */
  keyedEvent(key: KeySpec, types: Types): Relation {
    const all = this.passing(null, types);
    const chosen = this.passing(key.name, types);
    this.#events.set(key.name, { relation: all, types });
    this.#eventKeyings.push(new Keying(this.#keyed(key, types), all, chosen, true));
    return chosen;
  }

  /** `name` null: the relation has no name in the program. */
  passing(name: string | null, types: Types): Relation {
    const relation = this.#declare(new Relation(types.length), name, types);
    this.#passing.push(relation);
    return relation;
  }

  view(name: string | null, types: Types): Relation {
    const relation = this.#declare(new Relation(types.length), name, types);
    this.#kept.push(relation);
    return relation;
  }

  landing(name: string | null, types: Types): Relation {
    const relation = this.view(name, types);
    this.#landing.push(relation);
    return relation;
  }

  /** A landing relation whose facts last from one step of their log to its next, whatever steps lie between. */
  standing(name: string | null, types: Types, log: string): Relation {
    const relation = this.view(name, types);
    this.#standing.push(new Lapses(relation, log));
    return relation;
  }

  /** The same of one that is derived from itself; of a log without a key. */
  recursiveStanding(name: string | null, types: Types, log: string): Relation {
    const relation = this.view(name, types);
    this.#standing.push(new LapsesAnew(relation, log));
    return relation;
  }

  /** A landing relation that is derived from itself: the fixpoint takes back what lapses, and what follows from it. */
  recursiveLanding(name: string | null, types: Types): Relation {
    return this.view(name, types);
  }

  table(name: string, types: Types): Relation {
    const relation = this.view(name, types);
    this.#tables.push(relation);
    return relation;
  }

  /** The addresses of a role's instances. */
  nodes(role: string): Relation {
    const relation = this.view(`${role}.nodes`, ["addr"]);
    this.#nodes.push({ role, relation });
    return relation;
  }

  /** What is sent to a channel; with `to` "address" the first column is where to. */
  sends(target: string, to: "address" | "all" | "role", types: Types): Relation {
    const relation = this.landing(null, types);
    this.#sends.push({ target, to, relation, reader: new Reader(this.values, types) });
    return relation;
  }

  output(collection: string, types: Types, retracts: boolean): Relation {
    const relation = this.landing(collection, types);
    this.#outputs.push({ collection, retracts, relation, reader: new Reader(this.values, types) });
    return relation;
  }

  /** What `seal` rules seal. */
  seals(target: string, types: Types): Relation {
    const relation = this.landing(null, types);
    this.#seals.push({ target, relation, reader: new Reader(this.values, types) });
    return relation;
  }

  #keyed(key: KeySpec, types: Types): Keyed {
    return { ...key, reader: new Reader(this.values, types), faults: this.faults };
  }

  /** Of the facts in `all`, one for each key in `chosen`. */
  keying(key: KeySpec, all: Relation, chosen: Relation, types: Types): Keying {
    this.#chosenFrom.set(chosen, all);
    return new Keying(this.#keyed(key, types), all, chosen, this.#passing.includes(all));
  }

  /** `incoming`: a passing relation for the facts that rules offer to the table. */
  keyedTable(key: KeySpec, table: Relation, incoming: Relation, types: Types): KeyedTable {
    return new KeyedTable(this.#keyed(key, types), table, incoming);
  }

  /** Facts that a deferral puts into force later: as long as they are derived, */
  deferred(name: null, types: Types): Relation {
    return this.view(name, types);
  }

  /** or once. */
  queue(name: null, types: Types): Relation {
    return this.view(name, types);
  }

  /** Facts that are in force one step after they are derived. `log`: null, or the log whose steps count. */
  delay(source: Relation, target: Relation, log: Clock): void {
    this.#deferrals.push(
      this.#passing.includes(target) ? new PassingDelay(source, target, log) : new Delay(source, target, log),
    );
  }

  deferInto(
    table: Relation,
    types: Types,
    keyed: KeyedTable | null,
    keyLength: number,
    deferred: readonly DeferredRelation[],
  ): void {
    this.#deferrals.push(new TableDeferral(table, keyLength, new Reader(this.values, types), keyed, deferred));
  }

  closed(source: string, types: Types): Closed {
    let closed = this.#closed.get(source);
    if (closed === undefined) {
      closed = new Closed(this.#env, this.values, source, types);
      this.#all.push(closed.known);
      this.#closed.set(source, closed);
    }
    return closed;
  }

  gate(rule: string, of: Closed, wanted: Relation, closed: Relation): RuleGate {
    const gate = new RuleGate(rule, of, wanted, closed);
    this.#gates.push(gate);
    return gate;
  }

  hold(rule: string, source: string, types: Types, conditions: readonly HoldCondition[]): Hold {
    const hold = new Hold(rule, source, this.view(null, types), conditions);
    this.#holds.push(hold);
    return hold;
  }

  /** What the groups of an aggregate have shown, in `width` columns. */
  shown(groups: Relation, width: number): Shown {
    const shown = new Shown(width);
    groups.attach(shown);
    this.#shown.push(shown);
    return shown;
  }

  intSums(groups: Relation): IntSums {
    const sums = new IntSums();
    groups.attach(sums);
    return sums;
  }

  floatSums(groups: Relation): FloatSums {
    const sums = new FloatSums();
    groups.attach(sums);
    return sums;
  }

  /** A number for each group. */
  numbers(groups: Relation): Numbers {
    const numbers = new Numbers();
    groups.attach(numbers);
    return numbers;
  }

  members(groups: Relation, members: Relation, types: Types): Members {
    return new Members(this.values, groups, members, types);
  }

  callable(name: string, of: unknown, params: Types, returns: ValueType): Callable {
    return new Callable(this.values, name, of, params, returns);
  }

  /** A constant of the program. */
  constant(type: ValueType, value: Value): number {
    return this.values.encode(type, value);
  }

  /** The rules, run to their fixpoint. `startsAlone`: they derive something before any event comes. */
  run(startsAlone: boolean, fixpoint: (isFirst: boolean) => void): Evaluator {
    this.#startsAlone = startsAlone || this.#nodes.length > 0;
    this.#fixpoint = fixpoint;
    this.values.pin();
    return this;
  }

  // --- the step

  /** Outputs that also say what ceases may rest on facts of this step only: a step is needed to say so. */
  #lapsing = false;
  /** Steps in a row that showed nothing; the second repeats what the first derived from itself alone. */
  #still = 0;

  step(input: StepInput): StepOutput {
    this.faults.newStep();
    const hadDeferred = this.#deferrals.some((deferral) => !deferral.pending()[Symbol.iterator]().next().done);
    for (const relation of this.#passing) if (relation.size > 0) relation.clear();
    for (const relation of this.#landing) if (relation.landedLength > 0) relation.lapse();
    for (const lapses of this.#standing) lapses.begin(input.clock);
    for (const deferral of this.#deferrals) deferral.begin(input.clock);
    const isFirst = !this.#isStarted;
    if (isFirst) this.#start();
    this.#load(input);
    this.#close(input);

    this.#fixpoint(isFirst);

    const output = {
      sends: collectSends(this.#sends, this.values),
      outputs: collectOutputs(this.#outputs),
      seals: collectSeals(this.#seals),
    };
    this.#still = isStill(input, output) && !hadDeferred ? this.#still + 1 : 0;
    this.#lapsing =
      this.#outputs.some(({ retracts }) => retracts) &&
      this.#landing.some((relation) => relation.landedLength > 0) &&
      this.#still < 2;
    for (const lapses of this.#standing) lapses.end(input.clock);
    for (const deferral of this.#deferrals) deferral.end(input.clock);
    for (const relation of this.#tables) {
      for (let i = 0; i < relation.touchedLength; i++) if (relation.change(relation.touched[i]) !== 0) this.#changes++;
    }
    for (const relation of this.#kept) if (relation.touchedLength > 0) relation.commit();
    for (const closed of this.#closed.values()) {
      closed.newly.length = 0;
      closed.allNewly = false;
    }
    if (this.values.size > this.#reclaimAt) this.#reclaim();
    return output;
  }

  #start(): void {
    this.#isStarted = true;
    for (const { role, relation } of this.#nodes) {
      for (const address of this.#env.nodes(role)) relation.keep(relation.seek1(this.values.string(address)));
    }
  }

  #load(input: StepInput): void {
    const { values } = this;
    for (const { collection, rows } of input.events) {
      const event = this.#events.get(collection);
      // Nothing reads it: the module did not declare it.
      if (event === undefined) continue;
      const { relation, types } = event;
      const { key } = relation;
      for (const row of rows) {
        for (let i = 0; i < types.length; i++) key[i] = values.encode(types[i], row[i]);
        relation.keep(relation.seekKey());
      }
    }
    for (const keying of this.#eventKeyings) if (keying.all.size > 0) keying.run();
  }

  #close(input: StepInput): void {
    for (const { source, key } of input.closed) {
      const closed = this.#closed.get(source);
      if (closed === undefined) continue;
      if (key === null) {
        closed.allNewly = true;
        continue;
      }
      const { known, types } = closed;
      for (let i = 0; i < types.length; i++) known.key[i] = this.values.encode(types[i], key[i]);
      const row = known.seekKey();
      known.count[row] = 1;
      closed.newly.push(row);
    }
  }

  /** Forgets the values that no relation holds any more. Costs what is stored, and comes when that much has been forgotten. */
  #reclaim(): void {
    const roots: { codes: Int32Array; length: number }[] = [];
    for (const { columns, size } of this.#all) for (const codes of columns) roots.push({ codes, length: size });
    for (const { results } of this.#shown) for (const codes of results) roots.push({ codes, length: codes.length });
    this.values.reclaim(roots);
    this.#reclaimAt = Math.max(1 << 16, this.values.size * 2);
  }

  // --- what others ask

  pending(): readonly Clock[] {
    if (!this.#isStarted && this.#startsAlone) return [null];
    const clocks = new Set<Clock>();
    if (this.#lapsing) clocks.add(null);
    for (const deferral of this.#deferrals) for (const clock of deferral.pending()) clocks.add(clock);
    return [...clocks];
  }

  read(collection: string): readonly Row[] {
    const sink = this.#named.get(collection);
    if (sink === undefined) return [];
    const { relation, reader } = sink;
    const rows: Row[] = [];
    for (let row = 0; row < relation.size; row++) if (relation.count[row] > 0) rows.push(reader.row(relation, row));
    return rows.sort(compareRows);
  }

  changes(): number {
    return this.#changes;
  }

  held(): readonly { readonly rule: string; readonly source: string; readonly rows: number }[] {
    const held: { rule: string; source: string; rows: number }[] = [];
    for (const gate of this.#gates) held.push({ rule: gate.rule, source: gate.of.source, rows: gate.held() });
    for (const hold of this.#holds) held.push({ rule: hold.rule, source: hold.source, rows: hold.held() });
    return held.filter(({ rows }) => rows > 0);
  }
}

/** A step without events that shows nothing new: the next would be the same. */
function isStill(input: StepInput, output: StepOutput): boolean {
  return input.events.length === 0 && input.closed.length === 0 && output.outputs.length === 0;
}
