/** The files of a program: what each can name. */
import type { Ast, Name, SourceFile } from "../ast.ts";
import { importPath, normalPath } from "../imports.ts";
import type { ImportedFunction, ImportedLattice } from "../ir.ts";
import { quote, twice } from "./findings.ts";
import type { Findings } from "./findings.ts";
import type { Module, RoleScope } from "./scope.ts";

export interface FileScope {
  readonly file: SourceFile;
  readonly ast: Ast;
  /** Stands before its names in the whole program: `bed.`, nothing before those of the program's own file. */
  readonly prefix: string;
  /** By the name that the import gives. */
  readonly imports: Map<string, FileScope>;
  readonly functions: Map<string, ImportedFunction>;
  readonly aggregates: Map<string, ImportedFunction>;
  readonly lattices: Map<string, ImportedLattice>;
  /** Those of its imports among them, as `bed.Ballot`. */
  readonly namedLattices: Map<string, ImportedLattice>;
  readonly roles: Map<string, RoleScope>;
  readonly modules: Map<string, Module>;
}

/**
 * `asts`: the program's own file first, each other one after the first that imports it. A file that several import has
 * the name by which the first of them calls it.
 */
export function filesOf(asts: readonly Ast[], findings: Findings): readonly FileScope[] {
  const byPath = new Map(asts.map((ast) => [normalPath(ast.file.path), ast]));
  const files = new Map<Ast, FileScope>();
  const add = (ast: Ast, prefix: string): FileScope => {
    const known = files.get(ast) ?? {
      file: ast.file,
      ast,
      prefix,
      imports: new Map(),
      functions: new Map(),
      aggregates: new Map(),
      lattices: new Map(),
      namedLattices: new Map(),
      roles: new Map(),
      modules: new Map(),
    };
    files.set(ast, known);
    return known;
  };
  for (const ast of asts) {
    const scope = add(ast, "");
    const names = new Map<string, Name>();
    for (const item of ast.items) {
      if (item.kind !== "import") continue;
      const { name } = item;
      const imported = byPath.get(importPath(ast.file.path, item.from.value) ?? "");
      const before = names.get(name.text);
      if (before !== undefined) twice(findings, ast.file, name, `the import ${quote(name.text)}`, ast.file, before);
      else if (imported !== undefined) scope.imports.set(name.text, add(imported, `${scope.prefix}${name.text}.`));
      if (before === undefined) names.set(name.text, name);
    }
    for (const item of ast.items) {
      if (item.kind !== "role" && item.kind !== "source" && item.kind !== "component") continue;
      const before = names.get(item.name.text);
      if (before !== undefined)
        twice(findings, ast.file, item.name, `${quote(item.name.text)}, the name of an import,`, ast.file, before);
    }
  }
  return [...files.values()];
}

/** All of a kind that a file can name, by that name: its own, and `bed.x` of those that it imports. */
export function namedIn<T>(file: FileScope, of: (file: FileScope) => ReadonlyMap<string, T>): Map<string, T> {
  const named = new Map(of(file));
  for (const [alias, imported] of file.imports)
    for (const [name, one] of of(imported)) named.set(`${alias}.${name}`, one);
  return named;
}
