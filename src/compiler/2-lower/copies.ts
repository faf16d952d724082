/**
 * Modules. A `use` puts a copy of a module's collections and rules into a role: a scope of its own, in which the
 * module's names mean that copy, its type parameters the given types, and its role parameters other roles or copies.
 * Each module is also looked at alone, with types and roles of which nothing is known: what is wrong with it is said
 * once, and its copies report only what is wrong in their place.
 */
import type { ModuleDecl, Name, Path, UseDecl } from "../ast.ts";
import type { Role, Type } from "../ir.ts";
import { unknown } from "../types.ts";
import { declareCollections, nodesOf } from "./declare.ts";
import { namedIn } from "./files.ts";
import type { FileScope } from "./files.ts";
import { Findings, plural, quote, twice } from "./findings.ts";
import type { More } from "./findings.ts";
import { titleOf } from "./scope.ts";
import type { Copy, Module, RoleScope, Where } from "./scope.ts";
import { resolveType } from "./type-names.ts";

/** The copies that the uses of the program put into its roles, each before those that stand in it. */
export function addCopies(files: readonly FileScope[], findings: Findings): readonly RoleScope[] {
  const made: RoleScope[] = [];
  for (const file of files) {
    for (const role of file.roles.values()) addUses(role, [], made);
    const roles = namedIn(file, (one) => one.roles);
    const where: Where = { file, roles, types: new Map(), findings };
    for (const item of file.ast.items) {
      if (item.kind !== "use" || item.target === null) continue;
      const target = roles.get(item.target.text);
      if (target === undefined) reportRole(where, item.target);
      else if (target.external !== null) {
        findings.add("DLC293", file.file, item.target.span, `a copy stands in a role, and ${titleOf(target)} is none`, {
          cause: { file: target.file.file, span: target.decl.name.span, label: "declared here" },
          mend: "Put the copy into a role, and connect that to it.",
        });
      } else addCopy(target, item, where, [], made);
    }
  }
  for (const copy of made) bindRoles(copy);
  return made;
}

/** A module alone; what is wrong with its parameters and its uses goes to `findings` already. */
export function moduleAlone(module: Module, findings: Findings): RoleScope {
  const { decl, file } = module;
  const modules = namedIn(file, (one) => one.modules);
  const seen = new Map<string, Name>();
  for (const name of [...decl.types, ...decl.roles.map((parameter) => parameter.name)]) {
    const before = seen.get(name.text);
    if (before !== undefined) twice(findings, file.file, name, `the parameter ${quote(name.text)}`, file.file, before);
    else seen.set(name.text, name);
  }
  for (const member of decl.members) {
    const used = member.kind === "use" ? modules.get(member.module.text) : undefined;
    if (used === undefined || member.kind !== "use" || !reaches(used, module, new Set())) continue;
    const through = used === module ? "" : `, through ${quote(member.module.text)}`;
    findings.add("DLC293", file.file, member.module.span, `module ${decl.name.text} uses itself${through}`, {
      mend: "A copy would hold another one without end: take one of the uses away.",
    });
  }
  const alone = newScope(module, imaginary(decl.name, file), null, findings);
  for (const { name, module: of } of decl.roles) {
    const required = of === null ? null : modules.get(of.text);
    if (of !== null && required === undefined) reportModule(alone, of, ["role"]);
    alone.roles.set(name.text, stranger(name, required ?? null, file));
  }
  fill(alone, [], []);
  for (const copy of alone.copies.values()) if (copy !== null) bindRoles(copy);
  return alone;
}

function newScope(
  module: Module,
  role: Role,
  use: Copy["use"],
  findings: Findings,
  types?: Map<string, Type>,
): RoleScope {
  const prefix = use === null ? "" : `${use.owner.copy?.prefix ?? ""}${use.decl.name.text}.`;
  return {
    role,
    decl: module.decl,
    file: module.file,
    collections: new Map(),
    copies: new Map(),
    roles: namedIn(module.file, (one) => one.roles),
    types: types ?? new Map(module.decl.types.map((name) => [name.text, unknown])),
    findings,
    copy: { module, prefix, use },
    external: null,
  };
}

/** Declares the collections of a module's scope, and makes the copies in it. `outer`: the modules that it stands in. */
function fill(scope: RoleScope, outer: readonly Module[], made: RoleScope[]): void {
  declareCollections(scope);
  addUses(scope, outer, made);
}

function addUses(scope: RoleScope, outer: readonly Module[], made: RoleScope[]): void {
  const inner = scope.copy === null ? outer : [...outer, scope.copy.module];
  for (const member of scope.decl.members) if (member.kind === "use") addCopy(scope, member, scope, inner, made);
}

function addCopy(owner: RoleScope, use: UseDecl, where: Where, outer: readonly Module[], made: RoleScope[]): void {
  const { name } = use;
  const { findings, file } = where;
  const before = owner.copies.get(name.text);
  if (before !== undefined) {
    const first = before?.copy?.use;
    if (first) {
      const what = `the copy ${quote(name.text)} in ${titleOf(owner)}`;
      twice(findings, file.file, name, what, first.where.file.file, first.decl.name);
    }
    return;
  }
  owner.copies.set(name.text, null);
  const module = namedIn(file, (one) => one.modules).get(use.module.text);
  if (module === undefined) return reportModule(where, use.module, []);
  const other = owner.roles.get(name.text);
  if (other !== undefined || owner.file.imports.has(name.text)) {
    findings.add(
      "DLC205",
      file.file,
      name.span,
      `${quote(name.text)} is also the name of ${other === undefined ? "an import" : "a role"}`,
      {
        ...(other === undefined
          ? {}
          : { cause: { file: other.file.file, span: other.decl.name.span, label: "the role" } }),
        mend: `Give the copy another name: ${quote(`${name.text}.x`)} must mean one thing.`,
      },
    );
  }
  if (use.types.length !== module.decl.types.length) reportCount(where, use, module, "type");
  const types = module.decl.types.map(({ text }, i): [string, Type] => [
    text,
    use.types[i] === undefined
      ? unknown
      : resolveType(file.file, use.types[i], { lattices: file.namedLattices, types: where.types }, findings),
  ]);
  // It would not end; looking at the module alone says so.
  if (outer.includes(module)) return;
  const copy = newScope(module, owner.role, { decl: use, where, owner }, new Findings(), new Map(types));
  made.push(copy);
  fill(copy, outer, made);
  owner.copies.set(name.text, copy);
}

/** What the role parameters of a copy mean. Where that cannot be said, a role of which nothing is known. */
function bindRoles(scope: RoleScope): void {
  const { module, use } = scope.copy as Copy;
  if (use === null) return;
  const { decl, where } = use;
  const parameters = module.decl.roles;
  if (decl.roles !== null && decl.roles.length !== parameters.length) reportCount(where, decl, module, "role");
  const modules = namedIn(module.file, (one) => one.modules);
  parameters.forEach((parameter, i) => {
    const required = parameter.module === null ? null : modules.get(parameter.module.text);
    const path = decl.roles === null ? null : decl.roles[i];
    const role = path === undefined || required === undefined ? null : argument(scope, parameter.name, required, path);
    scope.roles.set(parameter.name.text, role ?? stranger(parameter.name, null, module.file));
  });
}

/** The role or copy that is given for a parameter; null after a report. */
function argument(scope: RoleScope, parameter: Name, required: Module | null, path: Path | null): RoleScope | null {
  const { module, use } = scope.copy as Copy;
  if (use === null) return null;
  const { decl, where, owner } = use;
  let target: RoleScope | null | undefined;
  if (path === null) target = required === module ? scope : owner;
  else {
    const dot = path.text.lastIndexOf(".");
    target = where.roles.get(path.text) ?? owner.copies.get(path.text);
    if (target === undefined && dot > 0)
      target = where.roles.get(path.text.slice(0, dot))?.copies.get(path.text.slice(dot + 1));
    if (target === undefined) reportRole(where, path);
  }
  if (target === undefined || target === null) return null;
  if (target.isOpen || required === null || target.copy?.module === required) return target;
  const found = [...target.copies].filter(([, copy]) => copy?.copy?.module === required);
  if (found.length === 1) return found[0][1];
  const what = target.copy === null ? `role ${target.role.name}` : `the copy of module ${target.decl.name.text}`;
  const wanted = `module ${required.decl.name.text}`;
  const written = path?.text ?? target.role.name;
  where.findings.add(
    "DLC293",
    where.file.file,
    (path ?? decl.name).span,
    found.length === 0
      ? `${quote(parameter.text)} must be a role with a copy of ${wanted}, and ${what} has none`
      : `${what} has several copies of ${wanted}: ${found.map(([name]) => quote(`${written}.${name}`)).join(", ")}`,
    {
      cause: { file: module.file.file, span: parameter.span, label: "the parameter" },
      mend:
        found.length > 0
          ? `Say which one: ${quote(`${decl.module.text}(${written}.${found[0][0]})`)}.`
          : path === null
            ? `Name the role in brackets: ${quote(`${decl.module.text}(Role)`)}.`
            : `Put one there with ${quote("use")}, or name another role.`,
    },
  );
  return null;
}

/** A role that stands for a parameter: with a copy of the module as all that it has, or open where there is none. */
function stranger(name: Name, module: Module | null, file: FileScope): RoleScope {
  const role = imaginary(name, file);
  if (module !== null) {
    const scope = newScope(module, role, null, new Findings());
    fill(scope, [], []);
    return scope;
  }
  const decl: ModuleDecl = { kind: "module", name, types: [], roles: [], members: [], doc: null, span: name.span };
  const nodes = nodesOf(role);
  return {
    role,
    decl,
    file,
    collections: new Map([["nodes", nodes]]),
    copies: new Map(),
    roles: new Map(),
    types: new Map(),
    findings: new Findings(),
    copy: null,
    external: null,
    isOpen: true,
  };
}

function imaginary(name: Name, { file }: FileScope): Role {
  return {
    name: name.text,
    count: 1,
    replicated: false,
    partitionedBy: null,
    doc: null,
    file,
    span: name.span,
    nameSpan: name.span,
  };
}

function reaches(from: Module, to: Module, seen: Set<Module>): boolean {
  if (from === to) return true;
  seen.add(from);
  const modules = namedIn(from.file, (one) => one.modules);
  return from.decl.members.some((member) => {
    const next = member.kind === "use" ? modules.get(member.module.text) : undefined;
    return next !== undefined && !seen.has(next) && reaches(next, to, seen);
  });
}

function reportModule({ file, findings }: Where, path: Path, others: readonly string[]): void {
  const known = [...namedIn(file, (one) => one.modules).keys(), ...others];
  const more: More = findings.didYouMean(
    file.file,
    path.span,
    path.text,
    known,
    `Declare it: ${quote(`module ${path.text} { }`)}, or import the file in which it stands.`,
  );
  findings.add("DLC292", file.file, path.span, `there is no module ${quote(path.text)}`, more);
}

function reportRole({ file, findings, roles }: Where, path: Path): void {
  const more = findings.didYouMean(file.file, path.span, path.text, roles.keys(), "Name a role of the program.");
  findings.add("DLC201", file.file, path.span, `there is no role ${quote(path.text)}`, more);
}

function reportCount({ file, findings }: Where, use: UseDecl, module: Module, what: "type" | "role"): void {
  const { name, types, roles } = module.decl;
  const wanted = what === "type" ? types.map(({ text }) => text) : roles.map((parameter) => parameter.name.text);
  const given = (what === "type" ? use.types : (use.roles ?? [])).length;
  const list = wanted.join(", ");
  const form = what === "type" ? `<${list}>` : `(${list})`;
  const has = wanted.length === 0 ? `no ${what} parameters` : `${plural(wanted.length, `${what} parameter`)} (${list})`;
  findings.add(
    "DLC293",
    file.file,
    use.module.span,
    `module ${name.text} has ${has}, and ${given} ${given === 1 ? "is" : "are"} given`,
    {
      cause: { file: module.file.file, span: name.span, label: "the module" },
      mend: wanted.length === 0 ? "Leave the brackets out." : `Write ${quote(`use ${use.module.text}${form} …`)}.`,
    },
  );
}
