/** The unordered events that wait at an instance, and what of them a step takes. */
import { factText, RowType } from "./codec.ts";
import type { StepChoice } from "./instance.ts";
import { rowPartKey } from "./partitions.ts";
import type { CollectionMeta, Row, StepInput } from "./program.ts";
import { ChannelSeals, type Closure, InputSeals } from "./seals.ts";
import type { State } from "./state.ts";

/** An input, channel or timer of the role. */
export class Local {
  readonly meta: CollectionMeta;
  /** `Report.click`. */
  readonly id: string;
  readonly type: RowType;
  readonly seals: InputSeals | ChannelSeals | null;
  /** Facts that have come so far, those that were refused left out. */
  arrived = 0;
  /** Inputs: the host has ended it. */
  ended = false;
  /** Partitions that wait until no deferred fact is pending; all their rows have been taken. */
  undeferred: Closure[] = [];
  /** Rows that the step under way has taken, array by array. */
  #taken: (readonly Row[])[] = [];

  constructor(role: string, meta: CollectionMeta, seals: InputSeals | ChannelSeals | null) {
    this.meta = meta;
    this.id = `${role}.${meta.name}`;
    this.type = new RowType(meta.columns);
    this.seals = seals;
  }

  /** Adds rows to the step; the array stays as it is. */
  take(rows: readonly Row[]): void {
    // A timer that fires twice before a step has fired.
    if (this.meta.kind === "timer" && this.#taken.length > 0) return;
    this.#taken.push(rows);
  }

  /** What the step under way has taken; the next step begins with nothing. */
  collect(): readonly Row[] {
    const taken = this.#taken;
    if (taken.length === 0) return [];
    this.#taken = [];
    return joined(taken);
  }

  /** Between steps. */
  persist(state: State): void {
    this.arrived = state.of(this.arrived);
    this.ended = state.of(this.ended);
    this.undeferred = state.of(this.undeferred);
    this.seals?.persist(state);
  }

  text(row: Row): string {
    return factText(this.id, row);
  }
}

/** Arrays that are handed to one call: so many arguments fit on every stack. */
const AT_ONCE = 8192;

/** All rows of one array or more. */
function joined(arrays: readonly (readonly Row[])[]): readonly Row[] {
  let rows = arrays[0];
  // `concat` copies whole blocks; `flat` and loops look at every row.
  for (let at = 1; at < arrays.length; at += AT_ONCE) rows = rows.concat(...arrays.slice(at, at + AT_ONCE));
  return rows;
}

interface Chunk {
  readonly local: Local;
  readonly rows: readonly Row[];
}

/** Inputs wait in the host's order, seals between the rows. */
type Hosted =
  | { readonly local: Local; readonly rows: Row[]; readonly closure: null }
  | { readonly local: Local; readonly rows: null; readonly closure: Closure };

export interface Effective {
  readonly local: Local;
  readonly closure: Closure;
}

export class Inbox {
  #hosted: Hosted[] = [];
  #arrived: Chunk[] = [];
  readonly #sealed: readonly Local[];
  /** Rows and host seals that wait. */
  #size = 0;

  /** `sealed`: locals with seals. */
  constructor(sealed: readonly Local[]) {
    this.#sealed = sealed;
  }

  persist(state: State, locals: ReadonlyMap<string, Local>): void {
    const hosted = state.of(this.#hosted.map(({ local, rows, closure }) => ({ name: local.meta.name, rows, closure })));
    const arrived = state.of(this.#arrived.map(({ local, rows }) => ({ name: local.meta.name, rows })));
    this.#size = state.of(this.#size);
    if (!state.isLoading) return;
    this.#hosted = hosted.map(({ name, rows, closure }) => ({ local: locals.get(name)!, rows, closure }) as Hosted);
    this.#arrived = arrived.map(({ name, rows }) => ({ local: locals.get(name)!, rows }));
  }

  /** What has come of channels, without what the host gave; what the host of the one that is loaded gave waits on. */
  handOver(state: State, locals: ReadonlyMap<string, Local>): void {
    const arrived = state.of(
      this.#arrived
        .filter(({ local }) => local.meta.kind === "channel")
        .map(({ local, rows }) => ({ name: local.meta.name, rows })),
    );
    if (!state.isLoading) return;
    for (const { name, rows } of arrived) this.add(locals.get(name)!, rows);
  }

  addInput(local: Local, row: Row): void {
    this.#size++;
    const last = this.#hosted.at(-1);
    if (last?.local === local && last.rows !== null) last.rows.push(row);
    else this.#hosted.push({ local, rows: [row], closure: null });
  }

  addSeal(local: Local, closure: Closure): void {
    this.#size++;
    this.#hosted.push({ local, rows: null, closure });
  }

  add(local: Local, rows: readonly Row[]): void {
    this.#size += rows.length;
    this.#arrived.push({ local, rows });
  }

  /** Rows, host seals and closures that wait. */
  get waiting(): number {
    let waiting = this.#size;
    for (const local of this.#sealed) waiting += (local.seals as ChannelSeals).due.length + local.undeferred.length;
    return waiting;
  }

  /** Something waits that a step can take now. */
  wants(deferredPending: boolean): boolean {
    if (this.#size > 0) return true;
    for (const local of this.#sealed) {
      if ((local.seals as ChannelSeals).due.length > 0 || (!deferredPending && local.undeferred.length > 0))
        return true;
    }
    return false;
  }

  /** Whether something of one of these timers or channels waits. */
  waitsFor(names: ReadonlySet<string>): boolean {
    return this.#arrived.some(({ local }) => names.has(local.meta.name));
  }

  /** Moves the chosen rows to their locals, and gives the closures that take effect in this step. */
  take(choice: StepChoice | undefined, deferredPending: boolean): Effective[] {
    const limit = choice?.limit ?? Infinity;
    if (limit <= 0) return [];
    const effective: Effective[] = [];
    for (const local of this.#sealed) {
      if (deferredPending || local.undeferred.length === 0) continue;
      for (const closure of local.undeferred) effective.push({ local, closure });
      local.undeferred = [];
    }
    if (limit === Infinity && choice?.pick === undefined) this.#takeAll(effective);
    else this.#takeSome(limit, choice?.pick ?? (() => true), effective);
    for (const local of this.#sealed) this.#closures(local, effective);
    return effective;
  }

  #takeAll(effective: Effective[]): void {
    for (const { local, rows, closure } of this.#hosted) {
      if (rows !== null) local.take(rows);
      else this.#closeInput(local, closure, effective);
    }
    for (const { local, rows } of this.#arrived) local.take(rows);
    this.#hosted = [];
    this.#arrived = [];
    this.#size = 0;
  }

  #takeSome(limit: number, pick: (collection: string, row: Row) => boolean, effective: Effective[]): void {
    let left = limit;
    const wants = (local: Local, row: Row): boolean => {
      if (left <= 0 || !pick(local.meta.name, row)) return false;
      left--;
      this.#size--;
      return true;
    };
    let refused = false;
    const hosted: Hosted[] = [];
    for (const item of this.#hosted) {
      if (refused) {
        hosted.push(item);
      } else if (item.rows === null) {
        this.#size--;
        this.#closeInput(item.local, item.closure, effective);
      } else {
        let at = 0;
        while (at < item.rows.length && wants(item.local, item.rows[at])) at++;
        if (at > 0) item.local.take(item.rows.slice(0, at));
        refused = at < item.rows.length;
        if (refused) hosted.push({ local: item.local, rows: item.rows.slice(at), closure: null });
      }
    }
    this.#hosted = hosted;
    const arrived: Chunk[] = [];
    for (const { local, rows } of this.#arrived) {
      const taken: Row[] = [];
      const rest: Row[] = [];
      for (const row of rows) (wants(local, row) ? taken : rest).push(row);
      if (taken.length > 0) local.take(taken);
      if (rest.length > 0) arrived.push({ local, rows: rest });
    }
    this.#arrived = arrived;
  }

  #closeInput(local: Local, closure: Closure, effective: Effective[]): void {
    if (local.meta.sealed?.deferred) local.undeferred.push(closure);
    else effective.push({ local, closure });
  }

  /** A channel's partition closes in the step that takes the last of its rows. */
  #closures(local: Local, effective: Effective[]): void {
    const seals = local.seals as ChannelSeals;
    if (seals.due.length === 0) return;
    const rest = this.#arrived.filter((chunk) => chunk.local === local).flatMap((chunk) => chunk.rows);
    const open = new Set(rest.map((row) => rowPartKey(seals.columns, row)));
    const kept: Closure[] = [];
    for (const closure of seals.due) {
      if (closure.key === null ? rest.length > 0 : open.has(closure.part)) kept.push(closure);
      else if (local.meta.sealed?.deferred) local.undeferred.push(closure);
      else effective.push({ local, closure });
    }
    seals.due.splice(0, seals.due.length, ...kept);
  }
}

/** What the locals have taken, as the evaluator gets it; and makes them ready for the next step. */
export function collectEvents(locals: Iterable<Local>): StepInput["events"] {
  const events: { collection: string; rows: readonly Row[] }[] = [];
  for (const local of locals) {
    const rows = local.collect();
    if (rows.length > 0) events.push({ collection: local.meta.name, rows });
  }
  return events;
}
