/** Phase 2: names resolved, expressions typed, rules checked for safety and strata. */
import type { Ast } from "../ast.ts";
import type { Collection, Component, ImportedFunction, ImportedLattice, Ir, Rule, SealRule, Source } from "../ir.ts";
import type { Result } from "../result.ts";
import { isComponent, reportUnfed } from "./components.ts";
import { lowerConnections } from "./connections.ts";
import { addCopies, moduleAlone } from "./copies.ts";
import { checkPartitions, declare } from "./declare.ts";
import { filesOf } from "./files.ts";
import type { FileScope } from "./files.ts";
import { Findings, quote } from "./findings.ts";
import { lowerPaths } from "./paths.ts";
import { lowerRule } from "./rule.ts";
import type { Ordinals } from "./rule.ts";
import type { Place, RoleScope, Scope } from "./scope.ts";
import { lowerSeal } from "./seal.ts";
import { checkStrata } from "./stratify.ts";

/**
 * The files are one program: its own first, each other one after the first that imports it. No value where there is an
 * error; all errors that one run can find.
 */
export function lower(asts: readonly Ast[]): Result<Ir> {
  const { files, roles, copies, findings } = declared(asts);
  const functions = new Map<string, ImportedFunction>();
  const aggregates = new Map<string, ImportedFunction>();
  const lattices = new Map<string, ImportedLattice>();
  for (const file of files) {
    for (const one of file.functions.values()) functions.set(one.id, one);
    for (const one of file.aggregates.values()) aggregates.set(one.id, one);
    for (const one of file.lattices.values()) lattices.set(one.id, one);
  }
  for (const file of files) {
    for (const module of file.modules.values()) {
      const found = findings.list.length;
      const alone = moduleAlone(module, findings);
      const { rules } = lowerMembers(alone, roles, new Map());
      const around = [...alone.roles.values(), ...alone.copies.values()].filter((one) => one !== null);
      checkStrata({ rules, collections: collectionsOf([alone, ...around]), functions }, findings);
      module.isSound = findings.list.length === found;
    }
  }

  const rules = new Map<string, Rule>();
  const seals: SealRule[] = [];
  const collections = new Map<string, Collection>();
  const externals = new Map<string, Source | Component>();
  const numbers = new Map<string, Ordinals>();
  for (const role of roles.values()) {
    const ordinals: Ordinals = new Map();
    numbers.set(role.role.name, ordinals);
    if (role.external !== null) externals.set(role.role.name, role.external);
    if (isComponent(role)) for (const rule of lowerPaths(role, ordinals, findings)) rules.set(rule.id, rule);
    const parts = [role, ...copies.filter((copy) => copy.role === role.role)];
    const own = collectionsOf(parts);
    for (const [id, one] of own) collections.set(id, one);
    checkPartitions(role, [...own.values()], findings);
    for (const part of parts) {
      if (part.copy?.module.isSound === false) continue;
      const lowered = lowerMembers(part, roles, ordinals);
      for (const [id, rule] of lowered.rules) rules.set(id, rule);
      seals.push(...lowered.seals);
    }
  }
  for (const copy of copies) reportCopy(copy, findings);
  const connections = lowerConnections(files, numbers, findings);
  for (const rule of connections.rules) rules.set(rule.id, rule);
  if (connections.isWhole) reportUnfed(roles.values(), rules.values(), findings);
  checkStrata({ rules, collections, functions }, findings);
  if (findings.failed) return { value: null, diagnostics: findings.list };
  const named = new Map([...roles].map(([name, { role }]) => [name, role]));
  return {
    value: { asts, roles: named, collections, rules, seals, functions, aggregates, lattices, externals },
    diagnostics: findings.list,
  };
}

/** What the names of a program mean. */
export interface Declared {
  /** The program's own first. */
  readonly files: readonly FileScope[];
  /** All roles of the program by their names in it. */
  readonly roles: ReadonlyMap<string, RoleScope>;
  /** Of modules in roles, each before those that stand in it. */
  readonly copies: readonly RoleScope[];
  /** What is wrong with declarations. */
  readonly findings: Findings;
}

export function declared(asts: readonly Ast[]): Declared {
  const findings = new Findings();
  const files = filesOf(asts, findings);
  const roles = declare(files, findings);
  const copies = addCopies(files, findings);
  return { files, roles, copies, findings };
}

function collectionsOf(parts: readonly RoleScope[]): ReadonlyMap<string, Collection> {
  const collections = new Map<string, Collection>();
  for (const part of parts) for (const one of part.collections.values()) collections.set(one.id, one);
  return collections;
}

/** The rules of a role or of a copy, but for those of copies in it. */
export function lowerMembers(
  role: RoleScope,
  roles: ReadonlyMap<string, RoleScope>,
  ordinals: Ordinals,
): { readonly rules: ReadonlyMap<string, Rule>; readonly seals: readonly SealRule[] } {
  const { file, findings } = role;
  const { functions, lattices, aggregates } = file;
  const scope: Scope = { roles, names: role.roles, functions, lattices, aggregates, findings };
  const place: Place = { scope, role, file: file.file };
  const rules = new Map<string, Rule>();
  const seals: SealRule[] = [];
  for (const member of role.decl.members) {
    if (member.kind === "rule") {
      const rule = lowerRule(place, member, ordinals);
      if (rule !== null) rules.set(rule.id, rule);
    } else if (member.kind === "seal") {
      const seal = lowerSeal(place, member, ordinals);
      if (seal !== null) seals.push(seal);
    }
  }
  return { rules, seals };
}

/** What is wrong with a copy in its place. What is wrong with the module alone has been said. */
function reportCopy({ role, copy, findings }: RoleScope, to: Findings): void {
  if (copy === null || copy.use === null || !copy.module.isSound) return;
  const { where, decl } = copy.use;
  const name = quote(copy.prefix.slice(0, -1));
  for (const { message, ...found } of findings.list) {
    to.list.push({
      cause: { file: where.file.file, span: decl.name.span, label: "this copy" },
      ...found,
      message: `${message} (in ${name}, a copy of module ${copy.module.decl.name.text} in role ${role.name})`,
    });
  }
}
