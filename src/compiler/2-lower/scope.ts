/** What names mean: roles, the collections of each, copies of modules, functions and aggregates. */
import type { CollectionDecl, CollectionRef, ModuleDecl, Name, RoleDecl, SourceFile, UseDecl } from "../ast.ts";
import type { Collection, Component, ImportedFunction, ImportedLattice, Role, Type, Source } from "../ir.ts";
import { functions as builtinFunctions } from "../../operators/index.ts";
import type { FileScope } from "./files.ts";
import { quote } from "./findings.ts";
import { isOperationName } from "./lattices.ts";
import type { Findings } from "./findings.ts";

/** What the names in a role's rules mean; or those in a copy of a module, which is a part of a role. */
export interface RoleScope {
  readonly role: Role;
  readonly decl: RoleDecl | ModuleDecl;
  readonly file: FileScope;
  /** Its own by name; `nodes` among them unless it declares one of that name. */
  readonly collections: Map<string, Collection>;
  /** The copies that stand in it, by name; null: one that could not be made. */
  readonly copies: Map<string, RoleScope | null>;
  /** What role names mean: those of the file, and over them the parameters of the module. */
  readonly roles: Map<string, RoleScope>;
  /** Type parameters of the module. */
  readonly types: ReadonlyMap<string, Type>;
  readonly findings: Findings;
  /** Where it is a module's: null in a role. */
  readonly copy: Copy | null;
  /** Of a source or a component. */
  readonly external: Source | Component | null;
  /** In a module that is checked by itself: a role of which nothing is known. */
  readonly isOpen?: true;
}

/** A module in its place. */
export interface Copy {
  readonly module: Module;
  /** `d.`, inside of another copy `d.e.`: stands before the names of collections and rules. */
  readonly prefix: string;
  /** What put it there; null where the module is checked by itself, its type parameters unknown. */
  readonly use: { readonly decl: UseDecl; readonly where: Where; readonly owner: RoleScope } | null;
}

/** Where a `use` is written: what the names in it mean. */
export type Where = Pick<RoleScope, "file" | "roles" | "types" | "findings">;

export interface Module {
  readonly decl: ModuleDecl;
  readonly file: FileScope;
  /** Whether nothing is wrong with it by itself. What is wrong is said once, and not of its copies. */
  isSound: boolean;
}

export interface Scope {
  /** All roles of the program by their names in it. */
  readonly roles: ReadonlyMap<string, RoleScope>;
  /** What role names mean here. */
  readonly names: ReadonlyMap<string, RoleScope>;
  readonly functions: ReadonlyMap<string, ImportedFunction>;
  readonly lattices: ReadonlyMap<string, ImportedLattice>;
  readonly aggregates: ReadonlyMap<string, ImportedFunction>;
  readonly findings: Findings;
}

/** Where a rule stands. */
export interface Place {
  readonly scope: Scope;
  readonly role: RoleScope;
  readonly file: SourceFile;
}

export function isFunctionName(scope: Scope, name: string): boolean {
  return scope.functions.has(name) || scope.aggregates.has(name) || builtinFunctions.has(name) || isOperationName(name);
}

/** `role Node`; of a module that is checked by itself, `module Delivery`. */
export function titleOf({ role, copy, external }: RoleScope): string {
  if (external !== null) return `${external.kind} ${role.name}`;
  return copy !== null && copy.use === null ? `module ${copy.module.decl.name.text}` : `role ${role.name}`;
}

function declarationOf({ decl }: RoleScope, name: string): CollectionDecl | undefined {
  for (const member of decl.members) if (member.kind === "collection" && member.name.text === name) return member;
  return undefined;
}

/** What a rule does with a collection. */
export type Access = "read" | "write" | "send";

/** The collection that `ref` names; reports and returns null when there is none, or not for that. */
export function resolveCollection(place: Place, ref: CollectionRef, access: Access): Collection | null {
  if (ref.role === null) return resolveOwn(place, ref, access);
  const [first] = ref.role.text.split(".");
  if (place.role.copies.has(first)) return resolveInCopy(place, ref, ref.role, access);
  const target = place.scope.names.get(ref.role.text);
  if (target === undefined) {
    reportRole(place, ref.role);
    return null;
  }
  const found = target.collections.get(ref.name.text);
  if (found !== undefined) return found;
  if (target.isOpen) {
    if (access !== "send") reportThroughParameter(place, ref, access);
    return null;
  }
  const { scope, file } = place;
  const what = target.copy === null ? titleOf(target) : `module ${target.copy.module.decl.name.text}`;
  scope.findings.add("DLC202", file, ref.name.span, `${what} has no collection ${quote(ref.name.text)}`, {
    cause: {
      file: target.file.file,
      span: target.decl.name.span,
      label: `the ${target.copy === null ? (target.external?.kind ?? "role") : "module"}`,
    },
    ...scope.findings.didYouMean(
      file,
      ref.name.span,
      ref.name.text,
      target.collections.keys(),
      `Declare it in ${what}.`,
    ),
  });
  return null;
}

function resolveOwn(place: Place, ref: CollectionRef, access: Access): Collection | null {
  const {
    scope,
    file,
    scope: { findings },
  } = place;
  const name = ref.name.text;
  const own = place.role.collections.get(name);
  if (own !== undefined) {
    if (access === "read" || place.role.copy === null || declarationOf(place.role, name)?.direction !== "in")
      return own;
    findings.add("DLC295", file, ref.name.span, `${quote(name)} is written by the role that uses the module`, {
      cause: { file: own.file, span: own.nameSpan, label: "declared `in`" },
      mend: "Derive into a scratch of the module, and let its rules read both.",
    });
    return null;
  }
  const aggregate = scope.aggregates.get(name);
  const imported = scope.functions.get(name) ?? aggregate;
  if (imported !== undefined) {
    const what = aggregate === undefined ? "a function" : "an aggregate";
    findings.add("DLC206", file, ref.name.span, `${quote(name)} is ${what}, not a collection`, {
      cause: { file: imported.file, span: imported.span, label: "imported here" },
      mend: `${aggregate === undefined ? "Call it in an expression" : "Let it be a term of a head"}; facts are kept in collections.`,
    });
    return null;
  }
  const title = titleOf(place.role);
  const elsewhere = [...scope.names.values()].find((other) => other.collections.has(name) && name !== "nodes");
  if (elsewhere !== undefined) {
    const other = elsewhere.collections.get(name) as Collection;
    findings.add("DLC202", file, ref.span, `${title} has no collection ${quote(name)}`, {
      cause: { file: other.file, span: other.nameSpan, label: `role ${other.role} has one of that name` },
      mend:
        other.kind === "channel"
          ? `To send to it, write ${quote(other.id)}. A rule reads the collections of its own role only.`
          : "A rule reads and writes the collections of its own role only.",
    });
    return null;
  }
  const candidates = [...place.role.collections.keys(), ...scope.functions.keys(), ...builtinFunctions.keys()];
  findings.add(
    "DLC202",
    file,
    ref.name.span,
    `${title} has no collection ${quote(name)}`,
    findings.didYouMean(file, ref.name.span, name, candidates, `Declare it in ${title}.`),
  );
  return null;
}

/** `d.send`: only the interface of a copy has names outside of it, and each part of it one direction. */
function resolveInCopy(place: Place, ref: CollectionRef, path: Name, access: Access): Collection | null {
  const {
    file,
    scope: { findings },
  } = place;
  const copy = place.role.copies.get(path.text);
  if (copy === null) return null;
  const module = copy?.copy?.module;
  if (copy === undefined || module === undefined) {
    const outer = path.text.slice(0, path.text.indexOf("."));
    findings.add("DLC294", file, ref.span, `what stands inside of the copy ${quote(outer)} has no name outside of it`, {
      mend: "Use the interface of the outer module.",
    });
    return null;
  }
  const name = ref.name.text;
  const written = `${path.text}.${name}`;
  const found = copy.collections.get(name);
  const direction = declarationOf(copy, name)?.direction ?? null;
  const named = module.decl.members.flatMap((one) =>
    one.kind === "collection" && one.direction !== null ? [one.name.text] : [],
  );
  const interfaceText = named.length === 0 ? "it has no interface" : `its interface is ${named.map(quote).join(", ")}`;
  if (found === undefined) {
    findings.add("DLC202", file, ref.name.span, `module ${module.decl.name.text} has no collection ${quote(name)}`, {
      cause: { file: module.file.file, span: module.decl.name.span, label: "the module" },
      ...findings.didYouMean(file, ref.name.span, name, named, `From outside, ${interfaceText}.`),
    });
    return null;
  }
  const cause = {
    file: found.file,
    span: found.nameSpan,
    label: direction === null ? "declared here" : `declared \`${direction}\``,
  };
  if (direction === null) {
    findings.add(
      "DLC294",
      file,
      ref.span,
      `${quote(written)} is private to the copy ${quote(path.text)} of module ${module.decl.name.text}`,
      {
        cause,
        mend: `From outside, ${interfaceText}.`,
      },
    );
    return null;
  }
  if ((direction === "in") === (access === "read")) {
    const message =
      direction === "in"
        ? `${quote(written)} is written by this role and read by the module`
        : `${quote(written)} is written by the module and read by this role`;
    findings.add("DLC295", file, ref.span, message, {
      cause,
      mend:
        direction === "in"
          ? "Read what it is derived from."
          : `Only rules of module ${module.decl.name.text} write it.`,
    });
    return null;
  }
  return found;
}

function reportRole(place: Place, path: Name): void {
  const {
    file,
    scope: { findings, names },
  } = place;
  const dot = path.text.lastIndexOf(".");
  const copy = dot < 0 ? undefined : names.get(path.text.slice(0, dot))?.copies.get(path.text.slice(dot + 1));
  if (copy !== undefined) {
    findings.add(
      "DLC294",
      file,
      path.span,
      `${quote(path.text)} is a copy of a module, which only rules of its own role name`,
      {
        mend: "Messages reach it through a role parameter of a module: `module Client(Server: Store)`.",
      },
    );
    return;
  }
  findings.add(
    "DLC201",
    file,
    path.span,
    `there is no role ${quote(path.text)}`,
    findings.didYouMean(file, path.span, path.text, names.keys(), "Declare it: `role " + path.text + " { }`."),
  );
}

/** `Peer: role` says nothing of the role but that there is one. */
function reportThroughParameter(place: Place, ref: CollectionRef, access: "read" | "write"): void {
  const written = quote(`${ref.role?.text ?? ""}.${ref.name.text}`);
  place.scope.findings.add(
    access === "read" ? "DLC222" : "DLC221",
    place.file,
    ref.span,
    access === "read"
      ? `a module cannot read ${written}: it may be kept by instances of another role`
      : `a module cannot write ${written}: it may belong to another role`,
    { mend: "Of a role parameter there are `nodes`, and channels to send to with `<~`." },
  );
}
