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
import type { Evaluator, Row, StepInput, StepOutput } from "../program.ts";
import type { State } from "../state.ts";
import { Declarations } from "./declarations.ts";
import type { Clock } from "./deferral.ts";
import type { Relation } from "./relation.ts";
import { collectOutputs, collectSeals, collectSends } from "./sinks.ts";
import type { Sink } from "./sinks.ts";

const none: ReadonlySet<Clock> = new Set();
/** So many texts that nobody holds do no harm: they stay in the cache, and die before the collector moves them. */
const FEW = 1 << 12;

export class Engine extends Declarations implements Evaluator {
  #isStarted = false;
  /** Passing and landing relations that the last step filled. */
  #passed: Relation[] = [];
  /** Where the relations of sinks stand among sinks of their kind. */
  readonly #places = new Map<Relation, number>();
  #tellsWhatCeases = false;
  #changes = 0;
  #reclaimAt = FEW;
  /** Outputs that also say what ceases may rest on facts of this step only: a step of these clocks is needed to say so. */
  #lapsing: ReadonlySet<Clock> = new Set();
  /** Steps in a row that showed nothing; the second repeats what the first derived from itself alone. */
  #still = 0;
  /** The step just taken had no events. */
  #isQuiet = true;
  /** The next unordered step looks who takes part. */
  #looksAround = true;

  /** The rules, run to their fixpoint. `startsAlone`: they derive something before any event comes. */
  run(startsAlone: boolean, fixpoint: (isFirst: boolean) => void): Evaluator {
    this.startsAlone = startsAlone || this.declared.nodes.length > 0;
    this.fixpoint = fixpoint;
    this.#tellsWhatCeases = this.declared.outputs.some(({ retracts }) => retracts);
    this.values.pin();
    return this;
  }

  step(input: StepInput): StepOutput {
    this.faults.newStep();
    const tellsWhatCeases = this.#tellsWhatCeases;
    // What waits for another clock is not brought about by more steps of this one.
    const hadDeferred =
      tellsWhatCeases &&
      this.declared.deferrals.some((deferral) =>
        [...deferral.pending(this.#isQuiet)].some((clock) => clock === null || clock === input.clock),
      );
    const passed = this.#passed;
    this.#passed = [];
    for (const relation of passed) {
      if (relation.lasting !== "passing") relation.lapse();
      else {
        relation.clear();
        // What was sent is forgotten a step later.
        if (relation.before !== null && relation.before.size > 0) this.#passed.push(relation);
      }
    }
    for (const lapses of this.declared.standing) lapses.begin(input.clock);
    for (const deferral of this.declared.deferrals) deferral.begin(input.clock);
    const isFirst = !this.#isStarted;
    this.#isStarted = true;
    if (this.#looksAround && input.clock === null) this.#lookAround();
    this.#load(input);
    this.#close(input);

    this.fixpoint(isFirst);

    const output = {
      sends: collectSends(this.#touched(this.declared.sends), this.values),
      outputs: collectOutputs(this.#touched(this.declared.outputs)),
      seals: collectSeals(this.#touched(this.declared.seals)),
    };
    this.#isQuiet = input.events.length === 0 && input.closed.length === 0;
    this.#still = this.#isQuiet && output.outputs.length === 0 && !hadDeferred ? this.#still + 1 : 0;
    const { touched } = this.agenda;
    const lapses =
      tellsWhatCeases &&
      (touched.some(({ lasting, landedLength }) => lasting === "landing" && landedLength > 0) ||
        this.declared.recursiveLanding.some(({ landedLength }) => landedLength > 0));
    for (const standing of this.declared.standing) standing.end(input.clock);
    for (const deferral of this.declared.deferrals) deferral.end(input.clock);
    this.#lapsing = tellsWhatCeases && this.#still < 2 ? this.#clocksOfLapses(lapses) : none;
    this.#commit();
    for (const closed of this.declared.closed.values()) {
      closed.newly.length = 0;
      closed.allNewly = false;
    }
    if (this.values.size > this.#reclaimAt) this.#reclaim();
    return output;
  }

  /** The new state becomes the old one. What the next step takes back is noted. */
  #commit(): void {
    const { touched } = this.agenda;
    for (let n = 0; n < touched.length; n++) {
      const relation = touched[n];
      if (relation.lasting === "passing") {
        if (relation.before === null || relation.before.size === 0) this.#passed.push(relation);
        continue;
      }
      if (relation.lasting === "table") {
        for (let i = 0; i < relation.touched.length; i++)
          if (relation.change(relation.touched.at(i)) !== 0) this.#changes++;
      } else if (relation.lasting === "landing" && relation.landedLength > 0) this.#passed.push(relation);
      relation.commit();
    }
    touched.length = 0;
  }

  /** Those whose relations were touched, in the order of their declaration; all, where there are few. */
  #touched<S extends Sink>(sinks: readonly S[]): readonly S[] {
    if (sinks.length <= 8) return sinks;
    const places = this.#places;
    if (places.size === 0)
      for (const all of [this.declared.sends, this.declared.outputs, this.declared.seals])
        all.forEach(({ relation }, place) => places.set(relation, place));
    const found = new Set<number>();
    for (const relation of this.agenda.touched) {
      const place = places.get(relation);
      if (place !== undefined && sinks[place]?.relation === relation) found.add(place);
    }
    return [...found].sort((a, b) => a - b).map((place) => sinks[place]);
  }

  #clocksOfLapses(isLanded: boolean): ReadonlySet<Clock> {
    const clocks = new Set<Clock>(isLanded ? [null] : []);
    for (const standing of this.declared.standing) for (const clock of standing.lapsing()) clocks.add(clock);
    for (const deferral of this.declared.deferrals) for (const clock of deferral.lapsing?.() ?? []) clocks.add(clock);
    return clocks;
  }

  membersChanged(): void {
    this.#looksAround = true;
  }

  /** The addresses of roles become what they are now. */
  #lookAround(): void {
    this.#looksAround = false;
    for (const { role, relation } of this.declared.nodes) {
      const addresses = new Set(this.env.nodes(role).map((address) => this.values.string(address)));
      for (let row = 0; row < relation.size; row++) {
        if (relation.count[row] > 0 && !addresses.delete(relation.c0[row])) relation.bump(row, -1);
      }
      for (const address of addresses) relation.insert1(address);
    }
  }

  #load(input: StepInput): void {
    const { values } = this;
    for (const { collection, rows } of input.events) {
      const event = this.declared.events.get(collection);
      // Nothing reads it: the module did not declare it.
      if (event === undefined) continue;
      const { relation, types } = event;
      const { key } = relation;
      const [first, second, third] = types;
      for (let n = 0; n < rows.length; n++) {
        const row = rows[n];
        if (types.length === 1) relation.insert1(values.encode(first, row[0]));
        else if (types.length === 2) relation.insert2(values.encode(first, row[0]), values.encode(second, row[1]));
        else if (types.length === 3)
          relation.insert3(values.encode(first, row[0]), values.encode(second, row[1]), values.encode(third, row[2]));
        else {
          for (let i = 0; i < types.length; i++) key[i] = values.encode(types[i], row[i]);
          relation.insertKey();
        }
      }
    }
    for (const keying of this.declared.eventKeyings) if (keying.all.size > 0) keying.run();
  }

  #close(input: StepInput): void {
    for (const { source, key } of input.closed) {
      const closed = this.declared.closed.get(source);
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

  /** Forgets the values that no relation holds any more. Costs what is stored, and comes when there may be so many of them that it pays. */
  #reclaim(): void {
    const roots: { codes: Int32Array; length: number }[] = [];
    for (const { columns, size } of this.declared.all) for (const codes of columns) roots.push({ codes, length: size });
    for (const { results } of this.declared.shown)
      for (const codes of results) roots.push({ codes, length: codes.length });
    this.values.reclaim(roots);
    const held = roots.reduce((sum, { length }) => sum + length, 0);
    this.#reclaimAt = this.values.size + Math.max(FEW, this.values.size, held >> 4);
  }

  /** Between steps. */
  persist(state: State): void {
    const { all, deferrals, standing, persistent, components } = this.declared;
    this.values.persist(state);
    for (const relation of all) relation.persist(state);
    for (const each of [...deferrals, ...standing, ...persistent, ...components]) each.persist(state);
    this.agenda.due.set(state.of(this.agenda.due));
    this.#isStarted = state.of(this.#isStarted);
    this.#passed = state.of(this.#passed.map((relation) => all.indexOf(relation))).map((place) => all[place]);
    this.#changes = state.of(this.#changes);
    this.#reclaimAt = state.of(this.#reclaimAt);
    this.#lapsing = state.of(this.#lapsing);
    this.#still = state.of(this.#still);
    this.#isQuiet = state.of(this.#isQuiet);
    this.#looksAround = state.of(this.#looksAround);
  }

  get isOpaque(): boolean {
    return this.declared.components.some(({ isOpaque }) => isOpaque);
  }

  // --- what others ask

  pending(): readonly Clock[] {
    if (!this.#isStarted && this.startsAlone) return [null];
    const clocks = new Set<Clock>(this.#lapsing);
    for (const deferral of this.declared.deferrals)
      for (const clock of deferral.pending(this.#isQuiet)) clocks.add(clock);
    if (this.#looksAround && this.declared.nodes.length > 0) clocks.add(null);
    return [...clocks];
  }

  read(collection: string): readonly Row[] {
    const sink = this.declared.named.get(collection);
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
    for (const gate of this.declared.gates) held.push({ rule: gate.rule, source: gate.of.source, rows: gate.held() });
    for (const hold of this.declared.holds) held.push({ rule: hold.rule, source: hold.source, rows: hold.held() });
    return held.filter(({ rows }) => rows > 0);
  }
}
