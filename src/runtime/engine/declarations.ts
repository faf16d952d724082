/** What an emitted module declares of its role: relations by kind, and what stands beside them. */
import type { Lattice, Lattices, LatticeType } from "../../lattices/index.run.ts";
import type { Persistent } from "../state.ts";
import type { Environment, ImportedLattice, Value, ValueType } from "../program.ts";
import { Delay, Lapses, LapsesAnew, PassingDelay, TableDeferral } from "./deferral.ts";
import type { Clock, Deferral, DeferredRelation } from "./deferral.ts";
import { Agenda } from "./agenda.ts";
import { Extremes } from "./extremes.ts";
import type { ExtremeName } from "./extremes.ts";
import { ComponentRun } from "./components.ts";
import type { ComponentInput, ComponentOutput } from "./components.ts";
import { Callable, Faults } from "./faults.ts";
import { Dots } from "./dots.ts";
import { Closed, Hold, RuleGate } from "./gates.ts";
import type { HoldCondition } from "./gates.ts";
import { Joining, LatticeTable } from "./joins.ts";
import type { Joined } from "./joins.ts";
import { KeyedTable, Keying, Reader } from "./keys.ts";
import type { Keyed, Settling } from "./keys.ts";
import { Members } from "./members.ts";
import { Arrivals, Order } from "./order.ts";
import { Relation } from "./relation.ts";
import type { Lasting } from "./relation.ts";
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

/** A collection with lattice columns. */
export interface LatticeSpec {
  readonly name: string;
  /** The columns that are no lattices. */
  readonly columns: readonly number[];
  readonly rules: readonly string[];
}

/** Everything declared, as the steps go through it. */
class Declared {
  readonly events = new Map<string, EventRelation>();
  readonly eventKeyings: (Keying | Joining)[] = [];
  readonly named = new Map<string, Sink>();
  readonly all: Relation[] = [];
  readonly recursiveLanding: Relation[] = [];
  readonly standing: (Lapses | LapsesAnew)[] = [];
  readonly nodes: { readonly role: string; readonly relation: Relation }[] = [];
  readonly sends: SendSink[] = [];
  readonly outputs: OutputSink[] = [];
  readonly seals: SealSink[] = [];
  readonly deferrals: Deferral[] = [];
  readonly closed = new Map<string, Closed>();
  readonly gates: RuleGate[] = [];
  readonly holds: Hold[] = [];
  readonly shown: Shown[] = [];
  /** What keeps something beside relations, deferrals and what stands. */
  readonly persistent: Persistent[] = [];
  /** Components keep what nobody else can see. */
  readonly components: ComponentRun[] = [];
}

export class Declarations {
  readonly values = new Values();
  readonly faults: Faults;
  protected readonly env: Environment;
  protected readonly declared = new Declared();
  protected readonly agenda = new Agenda();
  protected fixpoint: (isFirst: boolean) => void = () => {};
  /** There is something to derive before any event comes. */
  protected startsAlone = false;

  constructor(env: Environment) {
    this.env = env;
    this.faults = new Faults(env.report);
  }

  #kept<P extends Persistent>(persistent: P): P {
    this.declared.persistent.push(persistent);
    return persistent;
  }

  #declare(lasting: Lasting, name: string | null, types: Types): Relation {
    const relation = new Relation(types.length);
    relation.lasting = lasting;
    relation.agenda = this.agenda;
    this.declared.all.push(relation);
    if (name !== null) this.declared.named.set(name, { relation, reader: new Reader(this.values, types) });
    return relation;
  }

  /** An input, channel or timer. */
  event(name: string, types: Types): Relation {
    const relation = this.passing(name, types);
    this.declared.events.set(name, { relation, types });
    return relation;
  }

  /** An input or channel with a declared key. */
  keyedEvent(key: KeySpec, types: Types): Relation {
    const all = this.passing(null, types);
    const chosen = this.passing(key.name, types);
    this.declared.events.set(key.name, { relation: all, types });
    this.declared.eventKeyings.push(new Keying(this.#keyed(key, types), all, chosen, true));
    return chosen;
  }

  /** An input or channel with lattice columns. */
  latticeEvent(spec: LatticeSpec, types: Types): Relation {
    const all = this.passing(null, types);
    const joined = this.passing(spec.name, types);
    this.declared.events.set(spec.name, { relation: all, types });
    this.declared.eventKeyings.push(this.#kept(new Joining(this.#joined(spec, types), all, joined)));
    return joined;
  }

  /** `name` null: the relation has no name in the program. */
  passing(name: string | null, types: Types): Relation {
    return this.#declare("passing", name, types);
  }

  view(name: string | null, types: Types): Relation {
    return this.#declare("view", name, types);
  }

  landing(name: string | null, types: Types): Relation {
    return this.#declare("landing", name, types);
  }

  /** A landing relation whose facts last from one step of their log to its next, whatever steps lie between. */
  standing(name: string | null, types: Types, log: string): Relation {
    const relation = this.view(name, types);
    this.declared.standing.push(new Lapses(relation, log));
    return relation;
  }

  /** The same of one that is derived from itself; of a log without a key. */
  recursiveStanding(name: string | null, types: Types, log: string): Relation {
    const relation = this.view(name, types);
    this.declared.standing.push(new LapsesAnew(relation, log));
    return relation;
  }

  /** A landing relation that is derived from itself: the fixpoint takes back what lapses, and what follows from it. */
  recursiveLanding(name: string | null, types: Types): Relation {
    const relation = this.view(name, types);
    this.declared.recursiveLanding.push(relation);
    return relation;
  }

  table(name: string, types: Types): Relation {
    return this.#declare("table", name, types);
  }

  /**
   * Views that are derived from one another note in which order their facts come. Of one alone the rows tell it, as long
   * as none is given up: until the first is lost nothing has to be noted.
   */
  orders(...relations: readonly Relation[]): readonly Order[] {
    const arrivals = this.#kept(new Arrivals());
    const orders = relations.map((relation) => new Order(relation, arrivals));
    if (orders.length > 1) for (const order of orders) order.keep();
    return orders;
  }

  /** The fixpoint has so many parts; each is evaluated when a relation that it reads was touched. */
  parts(count: number): Uint8Array {
    return (this.agenda.due = new Uint8Array(count).fill(1));
  }

  /** These parts read `relation`. */
  wakes(relation: Relation, ...parts: readonly number[]): void {
    relation.readers = parts;
  }

  /** The addresses of a role's instances. */
  nodes(role: string): Relation {
    const relation = this.view(`${role}.nodes`, ["addr"]);
    this.declared.nodes.push({ role, relation });
    return relation;
  }

  /** What is sent to a channel; with `to` "address" the first column is where to. */
  sends(target: string, to: "address" | "all" | "role", types: Types): Relation {
    const relation = this.landing(null, types);
    this.declared.sends.push({ target, to, relation, reader: new Reader(this.values, types) });
    return relation;
  }

  /** The same where all of it follows from passing facts. */
  passingSends(target: string, to: "address" | "all" | "role", types: Types): Relation {
    const relation = this.passing(null, types);
    relation.before = this.passing(null, types);
    this.declared.sends.push({ target, to, relation, reader: new Reader(this.values, types) });
    return relation;
  }

  output(collection: string, types: Types, retracts: boolean): Relation {
    const relation = this.landing(collection, types);
    this.declared.outputs.push({ collection, retracts, relation, reader: new Reader(this.values, types) });
    return relation;
  }

  /** What `seal` rules seal. */
  seals(target: string, types: Types): Relation {
    const relation = this.landing(null, types);
    this.declared.seals.push({ target, relation, reader: new Reader(this.values, types) });
    return relation;
  }

  #keyed(key: KeySpec, types: Types): Keyed {
    return { ...key, reader: new Reader(this.values, types), faults: this.faults };
  }

  /** Of the facts in `all`, one for each key in `chosen`. */
  keying(key: KeySpec, all: Relation, chosen: Relation, types: Types): Keying {
    return new Keying(this.#keyed(key, types), all, chosen, all.lasting === "passing");
  }

  /** `incoming`: a passing relation for the facts that rules offer to the table. */
  keyedTable(key: KeySpec, table: Relation, incoming: Relation, types: Types): KeyedTable {
    return this.#kept(new KeyedTable(this.#keyed(key, types), table, incoming));
  }

  #joined(spec: LatticeSpec, types: Types): Joined {
    const lattices = types.flatMap((type, column) =>
      typeof type !== "string" && "lattice" in type ? [{ column, lattice: this.values.lattice(type) }] : [],
    );
    return { ...spec, lattices, values: this.values, faults: this.faults };
  }

  /** Of the facts in `all`, one for each key in `joined`. */
  joining(spec: LatticeSpec, all: Relation, joined: Relation, types: Types): Joining {
    return this.#kept(new Joining(this.#joined(spec, types), all, joined));
  }

  /** `incoming`: a passing relation for the facts that rules offer to the table. */
  latticeTable(spec: LatticeSpec, table: Relation, incoming: Relation, types: Types): LatticeTable {
    return this.#kept(new LatticeTable(this.#joined(spec, types), table, incoming));
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
    this.declared.deferrals.push(
      target.lasting === "passing" ? new PassingDelay(source, target, log) : new Delay(source, target, log),
    );
  }

  /** `keyed`: what settles the table, where it has keys or lattice columns. */
  deferInto(table: Relation, keyed: Settling | null, deferred: readonly DeferredRelation[]): void {
    this.declared.deferrals.push(new TableDeferral(table, keyed, deferred));
  }

  closed(source: string, types: Types): Closed {
    let closed = this.declared.closed.get(source);
    if (closed === undefined) {
      closed = new Closed(this.env, this.values, source, types);
      this.declared.all.push(closed.known);
      this.declared.closed.set(source, closed);
    }
    return closed;
  }

  /** `groups` of an aggregate wait at the gate, each for the partition that these columns of it name. */
  gate(
    rule: string,
    of: Closed,
    wanted: Relation,
    closed: Relation,
    groups: Relation | null = null,
    columns: readonly number[] = [],
  ): RuleGate {
    const gate = new RuleGate(rule, of, wanted, closed, groups, columns);
    this.declared.gates.push(gate);
    return gate;
  }

  hold(rule: string, source: string, types: Types, conditions: readonly HoldCondition[]): Hold {
    const hold = new Hold(rule, source, this.view(null, types), conditions);
    this.declared.holds.push(hold);
    return hold;
  }

  /** What the groups of an aggregate have shown, in `width` columns. */
  shown(groups: Relation, width: number): Shown {
    const shown = this.#kept(new Shown(width));
    groups.attach(shown);
    this.declared.shown.push(shown);
    return shown;
  }

  intSums(groups: Relation): IntSums {
    const sums = this.#kept(new IntSums());
    groups.attach(sums);
    return sums;
  }

  floatSums(groups: Relation): FloatSums {
    const sums = this.#kept(new FloatSums());
    groups.attach(sums);
    return sums;
  }

  /** A number for each group. */
  numbers(groups: Relation): Numbers {
    const numbers = this.#kept(new Numbers());
    groups.attach(numbers);
    return numbers;
  }

  members(groups: Relation, members: Relation, types: Types): Members {
    return new Members(this.values, groups, members, types);
  }

  /** The extreme values of groups that are kept. */
  extremes(groups: Relation, members: Relation, types: Types, name: ExtremeName): Extremes {
    return this.#kept(new Extremes(this.values, groups, members, types, name));
  }

  callable(name: string, of: unknown, params: Types, returns: ValueType): Callable {
    return new Callable(this.values, name, of, params, returns);
  }

  /** A component that is written by hand: see components.ts. */
  component(
    name: string,
    create: unknown,
    inputs: readonly Omit<ComponentInput, "taken">[],
    outputs: readonly ComponentOutput[],
  ): ComponentRun {
    const kept = inputs.map((input) => ({
      ...input,
      taken: this.#declare(
        "table",
        null,
        input.columns.map(({ type }) => type),
      ),
    }));
    const component = new ComponentRun(this.values, this.faults, name, create, kept, outputs);
    this.declared.components.push(component);
    return component;
  }

  /** The operations of a lattice type. */
  lattice<N extends keyof Lattices>(type: { readonly lattice: N; readonly args: Types }): Lattices[N];
  lattice(type: LatticeType): Lattice;
  lattice(type: LatticeType): Lattice {
    return this.values.lattice(type);
  }

  /** Names for the valuations of a rule's variables, which are of these types. */
  dots(rule: string, types: Types): Dots {
    return new Dots(this.values, rule, types);
  }

  /** What a module exports as a lattice, before anything of the type is declared. */
  importLattice(name: string, of: ImportedLattice): void {
    this.values.importLattice(name, of);
  }

  /** A constant of the program. */
  constant(type: ValueType, value: Value): number {
    return this.values.encode(type, value);
  }
}
