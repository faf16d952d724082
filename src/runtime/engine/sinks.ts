/** What a step hands over: messages, outputs and seals whose facts became true in it. */
import { compareRows } from "../canonical.ts";
import type { Row, StepOutput } from "../program.ts";
import type { Reader } from "./keys.ts";
import type { Relation } from "./relation.ts";
import type { Values } from "./values.ts";

export interface Sink {
  readonly relation: Relation;
  readonly reader: Reader;
}

/** `to` "address": the first column is where to. */
export type SendSink = Sink & { readonly target: string; readonly to: "address" | "all" | "role" };
export type OutputSink = Sink & { readonly collection: string; readonly retracts: boolean };
export type SealSink = Sink & { readonly target: string };

/** Rows that became present in this step. */
function gained(relation: Relation, read: (row: number) => Row): Row[] {
  const rows: Row[] = [];
  for (let n = 0; n < relation.touched.length; n++) {
    const row = relation.touched.at(n);
    if (relation.isNew(row)) rows.push(read(row));
  }
  return rows;
}

/** Rows that ceased to be present in it. */
function ceased(relation: Relation, read: (row: number) => Row): Row[] {
  const rows: Row[] = [];
  for (let n = 0; n < relation.touched.length; n++) {
    const row = relation.touched.at(n);
    if (relation.change(row) < 0) rows.push(read(row));
  }
  return rows;
}

export function collectSends(sinks: readonly SendSink[], values: Values): StepOutput["sends"] {
  const sends: { target: string; to: string | null; rows: readonly Row[] }[] = [];
  for (const { target, to, relation, reader } of sinks) {
    if (to !== "address") {
      const rows = gained(relation, (row) => reader.sent(relation, row));
      if (rows.length > 0) sends.push({ target, to: to === "all" ? "*" : null, rows });
      continue;
    }
    const byAddress = new Map<number, Row[]>();
    for (let n = 0; n < relation.touched.length; n++) {
      const row = relation.touched.at(n);
      if (!relation.isNew(row)) continue;
      const rows = byAddress.get(relation.c0[row]);
      if (rows === undefined) byAddress.set(relation.c0[row], [reader.sent(relation, row, 1)]);
      else rows.push(reader.sent(relation, row, 1));
    }
    for (const [address, rows] of byAddress) sends.push({ target, to: values.toText(address), rows });
  }
  return sends;
}

/** Rows in canonical order; what ceased before what came. */
export function collectOutputs(sinks: readonly OutputSink[]): StepOutput["outputs"] {
  const outputs: { collection: string; retract: boolean; rows: readonly Row[] }[] = [];
  for (const { collection, retracts, relation, reader } of sinks) {
    if (relation.touched.length === 0) continue;
    const read = (row: number): Row => reader.row(relation, row);
    const lost = retracts ? ceased(relation, read).sort(compareRows) : [];
    if (lost.length > 0) outputs.push({ collection, retract: true, rows: lost });
    const rows = gained(relation, read).sort(compareRows);
    if (rows.length > 0) outputs.push({ collection, retract: false, rows });
  }
  return outputs;
}

export function collectSeals(sinks: readonly SealSink[]): StepOutput["seals"] {
  return sinks.flatMap(({ target, relation, reader }) =>
    gained(relation, (row) => reader.row(relation, row)).map((key) => ({ target, key })),
  );
}
