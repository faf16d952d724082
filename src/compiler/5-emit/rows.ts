/** Calls on relations, by arity: see runtime/engine/relation.ts. */
import type { FlowRelation } from "./flow.ts";
import type { Writer } from "./writer.ts";

interface Place {
  readonly writer: Writer;
}

const arities = 4;

/** `clicks.c0`. */
export function columnOf(relation: FlowRelation, column: number): string {
  return column < arities ? `${relation.name}.c${column}` : `${relation.name}.columns[${column}]`;
}

function keyed(
  place: Place,
  relation: FlowRelation,
  codes: readonly string[],
  call: "seek" | "find" | "insert",
): string {
  if (codes.length <= arities) return `${relation.name}.${call}${codes.length}(${codes.join(", ")})`;
  codes.forEach((code, i) => place.writer.line(`${relation.name}.key[${i}] = ${code};`));
  return `${relation.name}.${call}Key()`;
}

/** The row of a fact, made where there is none; a statement's end unless `inner`. */
export function seek(place: Place, relation: FlowRelation, codes: readonly string[], inner = false): string {
  return keyed(place, relation, codes, "seek") + (inner ? "" : ";");
}

/** Makes a fact present, as a statement: for heads that take one derivation at most. */
export function insert(place: Place, relation: FlowRelation, codes: readonly string[]): string {
  return keyed(place, relation, codes, "insert") + ";";
}

/** The row of a fact, -1 where there is none. */
export function find(place: Place, relation: FlowRelation, codes: readonly string[]): string {
  return keyed(place, relation, codes, "find");
}

export function bump(relation: FlowRelation, row: string, sign: string): string {
  return `${relation.name}.bump(${row}, ${sign});`;
}
