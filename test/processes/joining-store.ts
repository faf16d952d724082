/** A store whose members change, and what its instances tell. */
import { fileOf } from "./programs.ts";
import type { Ran } from "./programs.ts";

export const store = fileOf(
  "store.dlc",
  `role Store replicated x2 {
  channel click(c: string, id: int);
  channel put(k: string, v: int);
  table clicks(c: string, id: int);
  table cur(k: string -> v: int);
  output total(c: string, n: int);
  output seen(id: int);
  output now(k: string, v: int) agreed;
  clicks(c, id) <= click(c, id);
  total(c, count()) <= clicks(c, _);
  seen(id) <= clicks(_, id);
  cur(k, v) <+- put(k, v);
  now(k, v) <= cur(k, v);
}

role Client x2 {
  input click(c: string, id: int) sealed by (c);
  input put(k: string, v: int);
  output member(a: addr) any;
  member(a) <= Store.nodes(a);
  Store.click(c, id) <~ click(c, id);
  Store.put(k, v) <~ put(k, v);
}
`,
);

/** What an instance has told of an output. */
export function told(rows: Ran["rows"], node: number, collection: string): string[] {
  return [
    ...new Set(
      rows
        .filter((row) => row.role === "Store" && row.node === node && row.collection === collection)
        .map(({ row }) => JSON.stringify(row)),
    ),
  ].sort();
}

export const click = (c: string, id: number): string => `${JSON.stringify({ collection: "click", row: { c, id } })}\n`;
