/** Names of the bundled modules of imported functions and aggregates: `functions/words.js`. */
import type { SourceFile } from "../ast.ts";
import type { ImportedFunction, ImportedLattice, Ir } from "../ir.ts";

/** Joins and shortens: `lib/../words.ts` is `words.ts`. */
function resolvePath(folder: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${path.startsWith("/") ? "" : folder}/${path}`.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** All that the program imports. */
export function importsOf({ functions, aggregates, lattices }: Ir): readonly (ImportedFunction | ImportedLattice)[] {
  return [...functions.values(), ...aggregates.values(), ...lattices.values()];
}

/** The id of what is imported to the name of its module. */
export function functionImports(ir: Ir): ReadonlyMap<string, string> {
  return moduleNames(importsOf(ir).map((one) => ({ ...one, key: one.id })));
}

/** Two modules of one name are told apart by a number, in the order of the program. */
export function moduleNames(
  imported: readonly { readonly key: string; readonly from: string; readonly file: SourceFile }[],
): ReadonlyMap<string, string> {
  const modules = new Map<string, string>();
  const imports = new Map<string, string>();
  for (const { key, from, file } of imported) {
    const path = resolvePath(file.path.split("/").slice(0, -1).join("/"), from);
    let module = modules.get(path);
    if (module === undefined) {
      const base = path.split("/").at(-1)!;
      const dot = base.lastIndexOf(".");
      const stem = dot > 0 ? base.slice(0, dot) : base;
      const taken = new Set(modules.values());
      module = stem;
      for (let n = 2; taken.has(module); n++) module = `${stem}-${n}`;
      modules.set(path, module);
    }
    imports.set(key, module);
  }
  return imports;
}
