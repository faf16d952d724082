/** What names mean: roles, the collections of each, and functions. */
import type { CollectionRef, Name, RoleDecl, SourceFile } from "../ast.ts";
import type { Collection, ImportedFunction, ImportedLattice, Role } from "../ir.ts";
import { functions as builtinFunctions } from "../../operators/index.ts";
import { quote } from "./findings.ts";
import { isOperationName } from "./lattices.ts";
import type { Findings } from "./findings.ts";

export interface RoleScope {
  readonly role: Role;
  readonly decl: RoleDecl;
  /** By name; `nodes` among them unless the program declares one of its own. */
  readonly collections: Map<string, Collection>;
}

export interface Scope {
  readonly roles: Map<string, RoleScope>;
  readonly functions: Map<string, ImportedFunction>;
  readonly lattices: Map<string, ImportedLattice>;
  /** Imported aggregates: declared, but not in this version. */
  readonly unavailable: Map<string, Name>;
  readonly findings: Findings;
}

/** Where a rule stands. */
export interface Place {
  readonly scope: Scope;
  readonly role: RoleScope;
  readonly file: SourceFile;
}

export function isFunctionName(scope: Scope, name: string): boolean {
  return (
    scope.functions.has(name) || scope.unavailable.has(name) || builtinFunctions.has(name) || isOperationName(name)
  );
}

/** The role and collection that `ref` names; reports and returns null when there is none. */
export function resolveCollection(place: Place, ref: CollectionRef): Collection | null {
  const { scope, file } = place;
  const { findings } = scope;
  if (ref.role === null) {
    const own = place.role.collections.get(ref.name.text);
    if (own !== undefined) return own;
    const name = ref.name.text;
    const imported = scope.functions.get(ref.name.text);
    if (imported !== undefined) {
      findings.add("DLC206", file, ref.name.span, `${quote(ref.name.text)} is a function, not a collection`, {
        cause: { file: imported.file, span: imported.span, label: "imported here" },
        mend: "Call it in an expression; facts are kept in collections.",
      });
      return null;
    }
    const elsewhere = [...scope.roles.values()].filter((other) => other.collections.has(name) && name !== "nodes");
    const roleName = place.role.role.name;
    if (elsewhere.length > 0) {
      const other = elsewhere[0].collections.get(name) as Collection;
      findings.add("DLC202", file, ref.span, `role ${roleName} has no collection ${quote(name)}`, {
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
      `role ${roleName} has no collection ${quote(name)}`,
      findings.didYouMean(file, ref.name.span, name, candidates, `Declare it in role ${roleName}.`),
    );
    return null;
  }
  const target = scope.roles.get(ref.role.text);
  if (target === undefined) {
    findings.add(
      "DLC201",
      file,
      ref.role.span,
      `there is no role ${quote(ref.role.text)}`,
      findings.didYouMean(
        file,
        ref.role.span,
        ref.role.text,
        scope.roles.keys(),
        "Declare it: `role " + ref.role.text + " { }`.",
      ),
    );
    return null;
  }
  const found = target.collections.get(ref.name.text);
  if (found !== undefined) return found;
  findings.add("DLC202", file, ref.name.span, `role ${target.role.name} has no collection ${quote(ref.name.text)}`, {
    cause: { file: target.role.file, span: target.role.nameSpan, label: "the role" },
    ...findings.didYouMean(
      file,
      ref.name.span,
      ref.name.text,
      target.collections.keys(),
      `Declare it in role ${target.role.name}.`,
    ),
  });
  return null;
}
