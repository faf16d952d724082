/** The standard library, and the programs that show it. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readImports } from "../../src/cli/imports.ts";
import { emit } from "../../src/compiler/5-emit/emit.ts";
import type { Strategy } from "../../src/compiler/plan.ts";
import { loadRole } from "../../src/verify/load.ts";
import { check, type Checked } from "./check.ts";
import { World } from "./plan.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export const libraryFiles = readdirSync(new URL("../../lib", import.meta.url))
  .filter((name) => name.endsWith(".dlc"))
  .map((name) => name.slice(0, -".dlc".length))
  .toSorted();

export const libraryText = (name: string): string => readFileSync(`${root}/lib/${name}.dlc`, "utf8");
export const exampleText = (name: string): string => readFileSync(`${root}/fixtures/library/${name}.dlc`, "utf8");

/** The program of fixtures/library that uses this file of the library; `change` makes it another one. */
export function example(name: string, strategy?: Strategy, change = (text: string): string => text): Checked {
  const text = change(exampleText(name));
  return check(text, strategy, readImports({ path: `fixtures/library/${name}.dlc`, text }, root));
}

/** One instance of a role of such a program, with nothing inserted. */
export function instance(name: string, role: string, nodes: readonly string[]): World {
  const { createEvaluator } = loadRole(emit(example(name, "none").plan).value!, role);
  return new World(createEvaluator, `${role}#0`, nodes);
}
