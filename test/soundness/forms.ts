/**
 * Forms of the language that come up in a few of a hundred generated programs, each by its name: what a program
 * gets of them stands beside its other rules, and these read it.
 */
import { aggregating } from "./forms-aggregates.ts";
import { idioms } from "./forms-idioms.ts";
import { growing } from "./forms-lattices.ts";
import { sending } from "./forms-roles.ts";
import { deriving } from "./forms-rules.ts";
import type { Form, Site } from "./site.ts";

export const forms: Readonly<Record<string, Form>> = { ...deriving, ...aggregating, ...growing, ...sending, ...idioms };

const names = Object.keys(forms);

/** Adds some forms to the program, and gives their names. */
export function addForms(site: Site): string[] {
  const { make } = site;
  const added: string[] = [];
  for (let p = 0.8; make.chance(p); p = 0.5) {
    const name = make.pick(names);
    if (added.includes(name) || !forms[name](site)) continue;
    added.push(name);
  }
  return added;
}
