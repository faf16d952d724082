/** Groups of an aggregate, as the run time hands them over: at least one row, all in canonical order. */
import { compareValues } from "../runtime/canonical.ts";
import type { Value } from "../runtime/program.ts";
import type { Type } from "../compiler/ir.ts";
import { listOf } from "../compiler/types.ts";
import type { Domain, Draw } from "./domain.ts";
import { plainDomain } from "./plain-domains.ts";
import type { Literals } from "./subject.ts";

export type Rows = readonly unknown[];

/** The longest group that is made because the source names its length. */
const longest = 64;

export function inOrder(rows: Rows): Rows {
  return [...rows].sort((a, b) => compareValues(a as Value, b as Value));
}

/** `of` is the type of a row. */
export function groupDomain(of: Type, literals: Literals): Domain {
  const row = plainDomain(of, literals);
  const lists = plainDomain(listOf(of), literals);
  const groups = (from: readonly unknown[]): Rows[] => {
    const found = new Map<string, Rows>();
    for (const list of from as readonly Rows[]) {
      const group = inOrder(list);
      if (group.length > 0 && !found.has(lists.key(group))) found.set(lists.key(group), group);
    }
    return [...found.values()];
  };
  const lengths = literals.numbers
    .flatMap((number) => [number - 1, number, number + 1])
    .filter((length) => Number.isInteger(length) && length > 0 && length <= longest);
  const drawn = (length: number, draw: Draw): Rows =>
    inOrder(Array.from({ length }, () => (draw.chance(0.5) ? row.random(draw) : draw.pick(row.small))));
  return {
    ...lists,
    small: groups(lists.small),
    edges: groups(lists.edges),
    random: (draw) => drawn(lengths.length > 0 && draw.chance(0.15) ? draw.pick(lengths) : 1 + draw.below(6), draw),
    near(value, draw) {
      const other = inOrder(lists.near(value, draw) as Rows);
      return other.length > 0 ? other : [row.random(draw)];
    },
    *simpler(value) {
      for (const one of lists.simpler(value)) if ((one as Rows).length > 0) yield inOrder(one as Rows);
    },
  };
}
