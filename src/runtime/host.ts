/**
 * How a host program talks to an instance: rows as objects with the columns as keys, or as arrays in column order. Lattices
 * have the form that outside.ts gives them.
 */
import type { Columns } from "./codec.ts";
import { objectOf } from "./lines.ts";
import type { JoinOf } from "./outside.ts";
import type { CollectionMeta, Fault, RoleMeta, Row, Value } from "./program.ts";

export type RowObject = Readonly<Record<string, Value>>;
/** `traceparent`: where the step that put it out is recorded (spans.ts). */
export type OutputListener = (row: RowObject, traceparent?: string) => void;
type FaultListener = (fault: Fault) => void;

/**
 * `node.input("ask", row)` and `node.input.ask(row)`; the fault if the row is refused. `traceparent`: of the trace that it
 * belongs to, where one is recorded.
 */
export type InputPort = ((collection: string, row: RowObject | Row, traceparent?: string) => Fault | null) & {
  readonly [collection: string]: (row: RowObject | Row, traceparent?: string) => Fault | null;
};

/** `node.end()`, `node.end("click")` and `node.end.click()`. */
export type EndPort = ((collection?: string) => void) & { readonly [collection: string]: () => void };

type Kind = "input" | "sealed input";

function inputsOf(meta: RoleMeta, kind: Kind): readonly CollectionMeta[] {
  return meta.collections.filter((each) => each.kind === "input" && (kind === "input" || each.sealed !== undefined));
}

function find(meta: RoleMeta, kind: Kind, name: string): CollectionMeta {
  const inputs = inputsOf(meta, kind);
  const collection = inputs.find((each) => each.name === name);
  if (collection !== undefined) return collection;
  const known = inputs.map((each) => each.name).join(", ") || "none";
  throw new RangeError(`${meta.role} has no ${kind} ${name} (it has: ${known})`);
}

/** Gives `port` a function for each input; also for names that functions have already (`name`, `length`). */
function withMembers(
  port: object,
  inputs: readonly CollectionMeta[],
  member: (collection: CollectionMeta) => unknown,
): void {
  for (const collection of inputs) {
    Object.defineProperty(port, collection.name, { value: member(collection), enumerable: true, configurable: true });
  }
}

export function inputPort(
  meta: RoleMeta,
  kind: Kind,
  take: (collection: CollectionMeta, value: RowObject | Row, traceparent?: string) => Fault | null,
): InputPort {
  const port = (name: string, value: RowObject | Row, traceparent?: string): Fault | null =>
    take(find(meta, kind, name), value, traceparent);
  withMembers(
    port,
    inputsOf(meta, kind),
    (collection) => (value: RowObject | Row, traceparent?: string) => take(collection, value, traceparent),
  );
  return port as InputPort;
}

export function endPort(meta: RoleMeta, end: (collection: string | undefined) => void): EndPort {
  const port = (name?: string): void => end(name === undefined ? undefined : find(meta, "input", name).name);
  withMembers(
    port,
    inputsOf(meta, "input"),
    ({ name }) =>
      () =>
        end(name),
  );
  return port as EndPort;
}

/** Values are checked afterwards, by their types; throws for what is no row at all. */
export function rowOf(collection: string, columns: Columns, value: RowObject | Row): Row {
  if (Array.isArray(value)) return value as Row;
  const names = columns.map(({ name }) => name);
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`${collection}: an object with the columns ${names.join(", ")} expected`);
  }
  const object = value as RowObject;
  for (const key of Object.keys(object)) {
    if (!names.includes(key))
      throw new TypeError(`${collection} has no column ${key}; the columns are ${names.join(", ")}`);
  }
  return names.map((name) => object[name]);
}

/** Who hears of outputs (`result`), of facts that cease (`-result`) and of faults (`fault`). */
export class Listeners {
  readonly #meta: RoleMeta;
  readonly #join: JoinOf;
  readonly #outputs = new Map<string, Set<OutputListener>>();
  readonly #faults = new Set<FaultListener>();

  constructor(meta: RoleMeta, join: JoinOf) {
    this.#meta = meta;
    this.#join = join;
  }

  add(event: string, listener: FaultListener | OutputListener): void {
    if (event === "fault") {
      this.#faults.add(listener as FaultListener);
      return;
    }
    const outputs = this.#meta.collections.filter(({ kind }) => kind === "output").map(({ name }) => name);
    const name = event.startsWith("-") ? event.slice(1) : event;
    if (!outputs.includes(name)) {
      throw new RangeError(`${this.#meta.role} has no output ${name} (it has: ${outputs.join(", ") || "none"})`);
    }
    const listeners = this.#outputs.get(event) ?? new Set();
    this.#outputs.set(event, listeners.add(listener as OutputListener));
  }

  remove(event: string, listener: FaultListener | OutputListener): void {
    if (event === "fault") this.#faults.delete(listener as FaultListener);
    else this.#outputs.get(event)?.delete(listener as OutputListener);
  }

  /** false: nobody listens. */
  tellFault(fault: Fault): boolean {
    for (const listener of this.#faults) listener(fault);
    return this.#faults.size > 0;
  }

  tellRows({ name, columns }: CollectionMeta, rows: readonly Row[], retract: boolean, traceparent?: string): void {
    const listeners = this.#outputs.get(retract ? `-${name}` : name);
    if (listeners === undefined || listeners.size === 0) return;
    for (const row of rows) {
      const object = objectOf(columns, row, this.#join);
      for (const listener of listeners) listener(object, traceparent);
    }
  }
}

/** What a process says when an operator has declared another gone. */
export function goneText(address: string, by: string): string {
  return `${address} has been declared gone by ${by}: nothing is sent to it or taken from it any more`;
}

export function faultText(fault: Fault): string {
  return `${fault.code}: ${fault.message}${fault.rule ? ` (rule ${fault.rule})` : ""}`;
}
