/** Whether a run keeps what channels promise with `unique`: no receiver gets two values for a key. */
import type { Ir } from "../compiler/ir.ts";
import { canonicalText } from "../runtime/canonical.ts";
import type { Row } from "../runtime/program.ts";
import type { SimulationResult } from "./outcome.ts";

/** Of inputs that are made: those of which the program's own rules make two values are none that it was written for. */
export function keepsUnique(ir: Ir, { trace }: SimulationResult): boolean {
  const keyLengths = new Map<string, number>(
    [...ir.collections.values()].flatMap(({ kind, unique, role, name, keyLength }) =>
      kind === "channel" && unique && keyLength !== null ? [[`${role}.${name}`, keyLength] as const] : [],
    ),
  );
  if (keyLengths.size === 0) return true;
  const values = new Map<string, string>();
  const isFirst = (at: string, target: string, row: Row): boolean => {
    const keyLength = keyLengths.get(target);
    if (keyLength === undefined) return true;
    const key = `${at} ${target} ${canonicalText(row.slice(0, keyLength))}`;
    const value = canonicalText(row.slice(keyLength));
    if (!values.has(key)) values.set(key, value);
    return values.get(key) === value;
  };
  return trace.every(
    (event) =>
      event.kind !== "receive" ||
      event.parts.every((part) => {
        if (part.kind === "rows") return part.rows.every((row) => isFirst(event.at, part.target, row));
        if (part.kind !== "batch") return true;
        return part.runs.every(({ target, rows }) => rows.every((row) => isFirst(event.at, target, row)));
      }),
  );
}
