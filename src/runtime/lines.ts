/**
 * Events and outputs as lines of JSON, the form of stdin and stdout (a source's lines may leave `collection` out):
 *
 *   {"role":"Analyst","node":0,"collection":"result","row":{"campaign":"shoes","n":3}}
 *   {"role":"AdServer","node":2,"collection":"click","seal":{"campaign":"shoes"}}
 *
 * A row may have a `"traceparent"` beside it (spans.ts): an event that of the trace it belongs to, an output that of the step
 * which put it out, where that is recorded.
 */
import { decodeRecord, encodeValue, foundText, pickColumns } from "./codec.ts";
import type { Columns, Decoded } from "./codec.ts";
import { handed, holdsLattice, jsonText } from "./outside.ts";
import type { JoinOf } from "./outside.ts";
import type { CollectionMeta, Row, Value } from "./program.ts";

/** What a host hands to an input. */
export type InputEvent =
  | { readonly kind: "row"; readonly collection: string; readonly row: Row; readonly traceparent?: string }
  | { readonly kind: "seal"; readonly collection: string; readonly key: Row };

/** Row to object with the columns as keys, values as they are in memory, lattices as a host sees them. */
export function objectOf(columns: Columns, row: Row, join: JoinOf): Record<string, Value> {
  const object: Record<string, Value> = {};
  for (let i = 0; i < columns.length; i++)
    object[columns[i].name] = handed(columns[i].type, row[i], "host", join) as Value;
  return object;
}

/** Writes the lines of one output, each with its line end. */
export function lineWriter(
  role: string,
  index: number,
  collection: CollectionMeta,
  join: JoinOf,
): (row: Row, retract: boolean, traceparent?: string) => string {
  const head = `{"role":${JSON.stringify(role)},"node":${index},"collection":${JSON.stringify(collection.name)},`;
  const keys = collection.columns.map(({ name }, i) => `${i === 0 ? "" : ","}${JSON.stringify(name)}:`);
  const texts = collection.columns.map(({ type }): ((value: Value) => string) =>
    holdsLattice(type)
      ? (value) => jsonText(handed(type, value, "host", join))
      : (value) => JSON.stringify(encodeValue(type, value)),
  );
  return (row, retract, traceparent) => {
    let text = retract ? `${head}"retract":true,"row":{` : `${head}"row":{`;
    for (let i = 0; i < keys.length; i++) text += keys[i] + texts[i](row[i]);
    return text + (traceparent === undefined ? "}}\n" : `},"traceparent":"${traceparent}"}\n`);
  };
}

/** Which instance a line is for; `node` 0 when left out. */
export interface Destination {
  readonly role: string;
  readonly node: number;
}

/** A line's JSON: its destination, checked for form only. `role` may be left out where `fallback` says whose it is. */
export function destinationOf(json: unknown, fallback: Destination | null): Decoded<Destination> {
  if (!isRecord(json)) {
    const form = `{"role": ..., "node": 0, "collection": ..., "row": {...}}`;
    return { ok: false, problem: `an event ${form} expected, ${foundText(json)} found` };
  }
  const role = json["role"] ?? fallback?.role;
  const node = json["node"] ?? fallback?.node ?? 0;
  if (typeof role !== "string") return { ok: false, problem: `"role" (a string) expected, ${foundText(role)} found` };
  if (!Number.isInteger(node) || (node as number) < 0) {
    return { ok: false, problem: `"node" is an instance's number, 0 or more; ${foundText(node)} found` };
  }
  return { ok: true, value: { role, node: node as number } };
}

/** The event of a line's JSON for a role with these inputs. */
export function eventOf(json: unknown, inputs: readonly CollectionMeta[], role: string): Decoded<InputEvent> {
  if (!isRecord(json)) return { ok: false, problem: `an event expected, ${foundText(json)} found` };
  // A source is named once, without the name under which its file is imported.
  const own = role.slice(role.lastIndexOf(".") + 1);
  const { collection: name = inputs.find((input) => input.name === own)?.name, row, seal, traceparent } = json;
  for (const key of Object.keys(json)) {
    if (!["role", "node", "collection", "row", "seal", "traceparent"].includes(key)) {
      return { ok: false, problem: `unknown key "${key}"; an event has role, node, collection, and row or seal` };
    }
  }
  if (traceparent !== undefined && typeof traceparent !== "string") {
    return { ok: false, problem: `"traceparent" (a string) expected, ${foundText(traceparent)} found` };
  }
  if (typeof name !== "string") {
    return { ok: false, problem: `"collection" (a string) expected, ${foundText(name)} found` };
  }
  const collection = inputs.find((input) => input.name === name);
  if (collection === undefined) {
    const known = inputs.map((input) => input.name).join(", ");
    return {
      ok: false,
      problem: known === "" ? `${role} has no inputs` : `${role} has no input ${name}; it has ${known}`,
    };
  }
  if ((row === undefined) === (seal === undefined)) return { ok: false, problem: `either "row" or "seal" expected` };
  if (row !== undefined) {
    const decoded = decodeRecord(collection.columns, row);
    if (!decoded.ok) return decoded;
    const event = { kind: "row", collection: name, row: decoded.value } as const;
    return { ok: true, value: traceparent === undefined ? event : { ...event, traceparent } };
  }
  const columns = sealColumns(collection);
  if (columns !== null) return sealOf(name, columns, seal);
  return { ok: false, problem: `${name} is not sealed by anything, so that nobody waits for a seal of it` };
}

/** The columns that a seal of this input has; null where nobody waits for one. */
export function sealColumns({ columns, sealed }: CollectionMeta): Columns | null {
  return sealed === undefined ? null : pickColumns(columns, sealed.key);
}

/** `{"campaign": "shoes"}` as a seal of an input with these seal columns. */
export function sealOf(collection: string, columns: Columns, json: unknown): Decoded<InputEvent> {
  const decoded = decodeRecord(columns, json);
  return decoded.ok ? { ok: true, value: { kind: "seal", collection, key: decoded.value } } : decoded;
}

function isRecord(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** `column` (from 1): where reading failed. */
export type ParsedLine =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly column: number; readonly problem: string };

/** Stands for bytes that are not UTF-8: half a pair, which no decoded text has. */
export const malformed = "\udcff";
export const notUtf8 = "not UTF-8 text";

export function parseLine(text: string): ParsedLine {
  if (text.includes(malformed)) return { ok: false, column: 1 + text.indexOf(malformed), problem: notUtf8 };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    const { message } = error as Error;
    const at = /at position (\d+)/.exec(message);
    const column = 1 + (at !== null ? Number(at[1]) : /end of JSON/.test(message) ? text.length : firstBad(text));
    const reason = message.replace(/,? (?:\.\.\.)?".*$| in JSON at position.*$/su, "");
    return { ok: false, column, problem: `not JSON: ${reason}` };
  }
}

/** Offset at which `text` stops being the beginning of JSON; V8 leaves it out of some messages. */
function firstBad(text: string): number {
  // The text up to the fault ends too early; one character more is a fault of its own.
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (endsEarly(text.slice(0, middle))) low = middle;
    else high = middle - 1;
  }
  return low;
}

function endsEarly(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    return (
      /Unexpected end of JSON|Unterminated|Expected .* at position (\d+)/u.test((error as Error).message) &&
      !atFault((error as Error).message, text.length)
    );
  }
}

/** The message blames a character before the end. */
function atFault(message: string, length: number): boolean {
  const at = /at position (\d+)/.exec(message);
  return at !== null && Number(at[1]) < length;
}

/** Column (from 1) of the value of `"name":` in a line of JSON; 1 where it is not found. */
export function columnOfKey(text: string, name: string): number {
  const key = JSON.stringify(name);
  const escaped = key.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const match = new RegExp(`${escaped}\\s*:\\s*`).exec(text);
  return match === null ? 1 : match.index + match[0].length + 1;
}
