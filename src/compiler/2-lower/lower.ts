/** Phase 2: names resolved, expressions typed, rules checked for safety and strata. */
import type { Ast } from "../ast.ts";
import type { Collection, Ir, Rule, SealRule } from "../ir.ts";
import type { Result } from "../result.ts";
import { declare } from "./declare.ts";
import { Findings } from "./findings.ts";
import { lowerRule } from "./rule.ts";
import type { Place } from "./scope.ts";
import { lowerSeal } from "./seal.ts";
import { checkStrata } from "./stratify.ts";

/** The files are one program. No value where there is an error; all errors that one run can find. */
export function lower(asts: readonly Ast[]): Result<Ir> {
  const findings = new Findings();
  const scope = declare(asts, findings);
  const rules = new Map<string, Rule>();
  const seals: SealRule[] = [];
  for (const role of scope.roles.values()) {
    const place: Place = { scope, role, file: role.role.file };
    const ordinals = new Map<string, number>();
    for (const member of role.decl.members) {
      if (member.kind === "rule") {
        const rule = lowerRule(place, member, ordinals);
        if (rule !== null) rules.set(rule.id, rule);
      } else if (member.kind === "seal") {
        const seal = lowerSeal(place, member, ordinals);
        if (seal !== null) seals.push(seal);
      }
    }
  }
  const collections = new Map<string, Collection>();
  for (const role of scope.roles.values()) for (const one of role.collections.values()) collections.set(one.id, one);
  checkStrata({ rules, collections, functions: scope.functions }, findings);
  if (findings.failed) return { value: null, diagnostics: findings.list };
  const roles = new Map([...scope.roles].map(([name, { role }]) => [name, role]));
  return { value: { asts, roles, collections, rules, seals, functions: scope.functions, lattices: scope.lattices }, diagnostics: findings.list };
}
