/** The join of decoded values, where there is no engine at hand. */
import type { LatticeType } from "../../lattices/index.run.ts";
import type { RoleProgram, Value } from "../program.ts";
import { Values } from "./values.ts";

/** Entries from which all are forgotten. */
const MANY = 1 << 16;

/** `imported`: the lattices that the program imports. Where one of them fails, the first value stays. */
export function joinOf(imported: RoleProgram["lattices"] = {}): (type: LatticeType, a: Value, b: Value) => Value {
  let values: Values | null = null;
  return (type, a, b) => {
    if (values === null || values.size > MANY) {
      values = new Values();
      for (const [name, of] of Object.entries(imported)) values.importLattice(name, of);
    }
    return values.joined(type, a, b);
  };
}
