/** A program of one role R, as an application embeds it. */
import { loadRole } from "../../src/verify/load.ts";
import { emit } from "../../src/compiler/5-emit/emit.ts";
import type { RoleProgram } from "../../src/runtime/program.ts";
import { check } from "./check.ts";

export function programOf(text: string): RoleProgram {
  return loadRole(emit(check(text).plan).value!, "R");
}
