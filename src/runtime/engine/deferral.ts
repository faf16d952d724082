/**
 * Deferred facts (`<+ <- <+-`): derived in one step, in force from the next one on. What a log's rules defer counts the
 * steps of that log alone (semantics A11); all else counts every step, so that nothing which held between two of them is missed.
 * A clock is what a step is of: a log (or one gate value of it), or null, which is an unordered step.
 */
import type { Persistent, State } from "../state.ts";
import { KeyIndex, leading } from "./keys.ts";
import type { Place, Settling } from "./keys.ts";
import { Relation } from "./relation.ts";

const SOUGHT = 0;

export type Clock = string | null;

/** Whether steps of a clock count for what the log (null: no log) defers. `Report.log["shoes"]` is a clock of `Report.log`. */
function counts(log: Clock, clock: Clock): boolean {
  return log === null || (clock !== null && (clock === log || clock.startsWith(`${log}[`)));
}

/** The clock for which a step of `clock` defers: a fact of a log's rule that another step derives waits for the log as a whole. */
function dueOn(log: Clock, clock: Clock): Clock {
  return log !== null && counts(log, clock) ? clock : log;
}

/** What is due in a step of `clock`, which is due no more. */
function takeDue<T>(due: Map<Clock, T>, log: Clock, clock: Clock): T | undefined {
  if (!counts(log, clock)) return undefined;
  const on = dueOn(log, clock);
  const taken = due.get(on);
  due.delete(on);
  return taken;
}

export interface Deferral extends Persistent {
  /** Puts into force what is due. */
  begin(clock: Clock): void;
  /** At the end of a step, before relations commit. */
  end(clock: Clock): void;
  /** Clocks for which something waits that would change the state. `isQuiet`: the step just taken had no events. */
  pending(isQuiet: boolean): Iterable<Clock>;
  /** Clocks whose next step no longer derives something that stands, so that it ceases one step later. */
  lapsing?(): Iterable<Clock>;
}

/** `<+` into a scratch, by rules over passing facts: each lasts for one step. */
export class PassingDelay implements Deferral {
  readonly #source: Relation;
  readonly #target: Relation;
  readonly #log: Clock;
  readonly #due = new Map<Clock, number[]>();

  persist(state: State): void {
    state.map(this.#due);
  }

  constructor(source: Relation, target: Relation, log: Clock) {
    this.#source = source;
    this.#target = target;
    this.#log = log;
  }

  begin(clock: Clock): void {
    const rows = takeDue(this.#due, this.#log, clock);
    if (rows === undefined) return;
    for (const row of rows) {
      this.#target.keep(this.#target.seekRow(this.#source, row));
      this.#source.count[row] = 0;
      this.#source.remove(row);
    }
  }

  end(clock: Clock): void {
    const { fresh } = this.#source;
    if (fresh.length === 0) return;
    const on = dueOn(this.#log, clock);
    let rows = this.#due.get(on);
    if (rows === undefined) this.#due.set(on, (rows = []));
    for (let i = 0; i < fresh.length; i++) rows.push(fresh.at(i));
  }

  pending(isQuiet: boolean): Iterable<Clock> {
    const clocks: Clock[] = [];
    for (const [clock, rows] of this.#due) {
      // What only repeats the step just taken changes nothing, unless an event took part that is gone in the next one.
      const repeats =
        isQuiet &&
        rows.length === this.#target.size &&
        rows.every((row) => this.#target.findRow(this.#source, row) >= 0);
      if (!repeats) clocks.push(clock);
    }
    return clocks;
  }
}

/** Facts that `land` supported in a step of a clock lapse in the next step of it. */
export class Lapses {
  readonly #relation: Relation;
  readonly #log: Clock;
  readonly #landed = new Map<Clock, number[]>();

  persist(state: State): void {
    state.map(this.#landed);
  }

  constructor(relation: Relation, log: Clock) {
    this.#relation = relation;
    this.#log = log;
  }

  /** Clocks in whose next step something lapses. */
  lapsing(): Iterable<Clock> {
    return this.#landed.keys();
  }

  begin(clock: Clock): void {
    const rows = takeDue(this.#landed, this.#log, clock);
    if (rows === undefined) return;
    for (const row of rows) this.#relation.bump(row, -1);
  }

  end(clock: Clock): void {
    const { landed, landedLength } = this.#relation;
    if (landedLength === 0) return;
    const on = dueOn(this.#log, clock);
    let rows = this.#landed.get(on);
    if (rows === undefined) this.#landed.set(on, (rows = []));
    for (let i = 0; i < landedLength; i++) rows.push(landed[i]);
    this.#relation.landedLength = 0;
  }
}

/** A recursive relation whose fixpoint is derived anew when `landedLength` says so: in other clocks' steps it stands still. */
export class LapsesAnew {
  readonly #relation: Relation;
  readonly #log: Clock;
  #kept = 0;

  persist(state: State): void {
    this.#kept = state.of(this.#kept);
  }

  constructor(relation: Relation, log: Clock) {
    this.#relation = relation;
    this.#log = log;
  }

  begin(clock: Clock): void {
    if (counts(this.#log, clock)) return;
    this.#kept = this.#relation.landedLength;
    this.#relation.landedLength = 0;
  }

  end(clock: Clock): void {
    if (!counts(this.#log, clock)) this.#relation.landedLength = this.#kept;
  }

  lapsing(): Iterable<Clock> {
    return this.#relation.landedLength > 0 ? [this.#log] : [];
  }
}

/** `<+` into a scratch by rules over what persists: the target is the source one step later. */
export class Delay implements Deferral {
  readonly #source: Relation;
  readonly #target: Relation;
  readonly #log: Clock;
  readonly #lapses: Lapses;
  /** Rows of the target, with the change that is due. */
  readonly #due = new Map<Clock, { row: number; sign: number }[]>();

  constructor(source: Relation, target: Relation, log: Clock) {
    this.#source = source;
    this.#target = target;
    this.#log = log;
    this.#lapses = new Lapses(source, log);
  }

  persist(state: State): void {
    this.#lapses.persist(state);
    state.map(this.#due);
  }

  begin(clock: Clock): void {
    const changes = takeDue(this.#due, this.#log, clock);
    if (changes !== undefined) for (const { row, sign } of changes) this.#target.bump(row, sign);
    this.#lapses.begin(clock);
  }

  end(clock: Clock): void {
    const source = this.#source;
    this.#lapses.end(clock);
    // First, so that no row that is noted here is given up at the end of this step.
    this.#target.commit();
    for (let i = 0; i < source.touched.length; i++) {
      const sign = source.change(source.touched.at(i));
      if (sign === 0) continue;
      const on = dueOn(this.#log, clock);
      let changes = this.#due.get(on);
      if (changes === undefined) this.#due.set(on, (changes = []));
      changes.push({ row: this.#target.seekRow(source, source.touched.at(i)), sign });
    }
  }

  pending(): Iterable<Clock> {
    return this.#due.keys();
  }

  lapsing(): Iterable<Clock> {
    return this.#lapses.lapsing();
  }
}

export interface DeferredRelation {
  readonly op: "<+" | "<-" | "<+-";
  readonly relation: Relation;
  readonly log: Clock;
  /** Index into the table's rules' texts. */
  readonly rule: number;
}

/**
 * What is deferred into a table. At the start of a step: deletions, then the removals of upserts, then
 * insertions; an insertion wins over a deletion of the same fact. Looks only at keys for which a deferred fact
 * or the table changed since.
 */
export class TableDeferral implements Deferral {
  readonly #table: Relation;
  readonly #keyed: Settling | null;
  /** The columns that are the key. */
  readonly #key: readonly number[];
  readonly #deferred: readonly (DeferredRelation & {
    readonly lapses: Lapses;
    readonly first: (row: number) => number;
    readonly next: (row: number) => number;
  })[];
  readonly #logs: readonly Clock[];
  /** Keys to look at in the next step of a clock. */
  readonly #keys = new Map<Clock, Relation>();
  /** Its columns hold the key in question at `SOUGHT`, a row that it does not know of; it is of the table's arity. */
  readonly #probe: Relation;

  constructor(table: Relation, keyed: Settling | null, deferred: readonly DeferredRelation[]) {
    this.#table = table;
    this.#keyed = keyed;
    this.#key = keyed?.key ?? leading(table.arity);
    this.#probe = new Relation(table.arity);
    this.#deferred = deferred.map((one) => {
      const byKey = keyed === null ? null : new KeyIndex(one.relation, keyed.key);
      return {
        ...one,
        lapses: new Lapses(one.relation, one.log),
        first: (row: number): number =>
          byKey === null ? one.relation.findRow(this.#probe, row) : byKey.first(this.#probe, row),
        next: (row: number): number => (byKey === null ? -1 : byKey.next(row)),
      };
    });
    this.#logs = [...new Set(deferred.map((one) => one.log))];
  }

  #keysOf(clock: Clock): Relation {
    let keys = this.#keys.get(clock);
    if (keys === undefined) this.#keys.set(clock, (keys = new Relation(this.#key.length)));
    return keys;
  }

  persist(state: State): void {
    for (const { lapses } of this.#deferred) lapses.persist(state);
    for (const clock of state.of([...this.#keys.keys()])) this.#keysOf(clock).persist(state);
  }

  #note(keys: Relation, of: Relation, row: number): void {
    const key = this.#key;
    if (key.length === 1) {
      keys.insert1(of.columns[key[0]][row]);
      return;
    }
    for (let i = 0; i < key.length; i++) keys.key[i] = of.columns[key[i]][row];
    keys.insertKey();
  }

  begin(clock: Clock): void {
    // Keys of what no log places, to be looked at once with those of the clock: both may hold the same one.
    const always = clock === null ? undefined : this.#keys.get(null);
    if (always !== undefined && always.size > 0) {
      const keys = this.#keysOf(clock);
      for (let row = 0; row < always.size; row++) keys.keep(keys.seekRow(always, row));
      always.clear();
    }
    const keys = this.#keys.get(clock);
    if (keys !== undefined) {
      for (let row = 0; row < keys.size; row++) this.#resolve(keys, row, clock, true);
      keys.clear();
    }
    for (const one of this.#deferred) if (counts(one.log, clock)) one.lapses.begin(clock);
  }

  end(clock: Clock): void {
    const table = this.#table;
    for (const one of this.#deferred) one.lapses.end(clock);
    const standing = this.#deferred.filter(({ relation }) => relation.present() > 0);
    if (standing.length > 0)
      for (const { log, relation } of this.#deferred) {
        if (relation.touched.length === 0) continue;
        const keys = this.#keysOf(dueOn(log, clock));
        for (let i = 0; i < relation.touched.length; i++) {
          if (relation.change(relation.touched.at(i)) !== 0) this.#note(keys, relation, relation.touched.at(i));
        }
      }
    // A fact that is new in the table may be one that a standing deletion or upsert removes, and one that went may be
    // one that a standing insertion brings back. One that went and came again within the step counts as new.
    for (const log of this.#logs) {
      if (!standing.some((one) => one.log === log)) continue;
      const keys = this.#keysOf(dueOn(log, clock));
      for (let i = 0; i < table.touched.length; i++) this.#note(keys, table, table.touched.at(i));
    }
  }

  pending(): Iterable<Clock> {
    const clocks: Clock[] = [];
    for (const [clock, keys] of this.#keys) {
      for (let row = 0; row < keys.size; row++) {
        if (!this.#resolve(keys, row, clock, false)) continue;
        clocks.push(clock);
        break;
      }
    }
    return clocks;
  }

  /** Whether the deferred facts with a key change the table; changes it if `apply`. */
  #resolve(keys: Relation, key: number, clock: Clock, apply: boolean): boolean {
    const { columns } = this.#probe;
    for (let i = 0; i < this.#key.length; i++) columns[this.#key[i]][SOUGHT] = keys.columns[i][key];
    return this.#keyed === null
      ? this.#resolveFact(SOUGHT, clock, apply)
      : this.#resolveKey(this.#keyed, SOUGHT, clock, apply);
  }

  #resolveFact(sought: number, clock: Clock, apply: boolean): boolean {
    const table = this.#table;
    let isDeleted = false;
    let isInserted = false;
    for (const { op, relation, log, first } of this.#deferred) {
      if (!counts(log, clock) && log !== clock) continue;
      const row = first(sought);
      if (row < 0 || relation.count[row] === 0) continue;
      if (op === "<-") isDeleted = true;
      else isInserted = true;
    }
    const stored = table.findRow(this.#probe, sought);
    const isThere = stored >= 0 && table.count[stored] > 0;
    if (isInserted ? isThere : !(isDeleted && isThere)) return false;
    if (!apply) return true;
    if (isInserted) table.keep(table.seekRow(this.#probe, sought));
    else table.bump(stored, -1);
    return true;
  }

  #resolveKey(keyed: Settling, sought: number, clock: Clock, apply: boolean): boolean {
    const table = this.#table;
    const stored = keyed.byKey.present(this.#probe, sought);
    let isRemoved = false;
    const offered: Place[] = [];
    for (const { op, relation, log, first, next, rule } of this.#deferred) {
      if (!counts(log, clock) && log !== clock) continue;
      for (let row = first(sought); row >= 0; row = next(row)) {
        if (relation.count[row] === 0) continue;
        if (op === "<-") {
          if (stored >= 0 && relation.findRow(table, stored) === row) isRemoved = true;
          continue;
        }
        if (op === "<+-") isRemoved = true;
        if (apply) keyed.offer(keyed.incoming.seekRow(relation, row), rule);
        else offered.push({ relation, row });
      }
    }
    if (!apply) return keyed.wouldChange(stored, isRemoved, offered);
    if (stored >= 0 && isRemoved) table.bump(stored, -1);
    return true;
  }
}
