/** What outputs hold, as hosts are told it: two copies of a register may name its versions after other instances, and tell the same. */
import { joinOf } from "../runtime/engine/join-of.ts";
import { handed, holdsLattice } from "../runtime/outside.ts";
import type { CollectionId } from "../compiler/ir.ts";
import type { RoleProgram, Row, Value, ValueType } from "../runtime/program.ts";

export type Show = (output: CollectionId, rows: readonly Row[]) => readonly Row[];

/** For the outputs of these programs. Rows without lattices stay as they are. */
export function showing(programs: readonly RoleProgram[]): Show {
  const join = joinOf(Object.assign({}, ...programs.map(({ lattices }) => lattices)) as RoleProgram["lattices"]);
  const types = new Map<CollectionId, readonly ValueType[]>(
    programs.flatMap(({ meta: { role, collections } }) =>
      collections.map(({ name, columns }) => [`${role}.${name}`, columns.map(({ type }) => type)]),
    ),
  );
  return (output, rows) => {
    const columns = types.get(output)!;
    return columns.some(holdsLattice)
      ? rows.map((row) => row.map((value, i) => handed(columns[i], value, "host", join) as Value))
      : rows;
  };
}
