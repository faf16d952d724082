/** Types as written to types; reports what is no type. */
import type { SourceFile, TypeExpr } from "../ast.ts";
import type { ImportedLattice, Type } from "../ir.ts";
import { argumentProblem, holdsLattice, latticeKinds } from "../../lattices/index.ts";
import type { LatticeKind } from "../../lattices/index.ts";
import { lattice, listOf, scalarNames, scalarType, typeText, unknown } from "../types.ts";
import { quote } from "./findings.ts";
import type { Findings } from "./findings.ts";

/** What TypeScript and SQL call them. */
const otherWords: ReadonlyMap<string, string> = new Map([
  ["number", "int"],
  ["integer", "int"],
  ["long", "int"],
  ["double", "float"],
  ["real", "float"],
  ["boolean", "bool"],
  ["text", "string"],
  ["varchar", "string"],
  ["str", "string"],
  ["String", "string"],
  ["address", "addr"],
  ["location", "addr"],
  ["object", "json"],
  ["any", "json"],
  ["unknown", "json"],
  ["Uint8Array", "bytes"],
  ["uint", "nat"],
  ["natural", "nat"],
  ["unsigned", "nat"],
]);

/** What type names mean beside the built-in ones. */
export interface TypeScope {
  /** Imported ones, by the names that the file has for them. */
  readonly lattices: ReadonlyMap<string, ImportedLattice>;
  /** Type parameters of a module, with what is given for them. */
  readonly types: ReadonlyMap<string, Type>;
}

function resolveLattice(
  file: SourceFile,
  expr: TypeExpr,
  kind: LatticeKind,
  scope: TypeScope,
  findings: Findings,
): Type {
  const { name, params } = kind;
  const args = expr.args.map((arg) => resolveType(file, arg, scope, findings));
  const form = params.length === 0 ? name : `${name}<${params.map((param) => param.name).join(", ")}>`;
  if (args.length !== params.length) {
    findings.add("DLC207", file, expr.span, `${quote(name)} is written ${quote(form)}`, { mend: kind.doc });
    return unknown;
  }
  for (let i = 0; i < args.length; i++) {
    const problem = argumentProblem(kind, i, args[i]);
    if (problem === null) continue;
    findings.add("DLC207", file, expr.args[i].span, problem, { mend: `It is ${quote(form)}. ${kind.doc}` });
    return unknown;
  }
  return lattice(name, ...args);
}

/** Lists and tuples hold plain values. */
function plain(file: SourceFile, expr: TypeExpr, type: Type, findings: Findings): Type {
  if (!holdsLattice(type)) return type;
  findings.add("DLC207", file, expr.span, `the lattice ${quote(typeText(type))} cannot stand inside a list or tuple`, {
    mend: "Lattices are the types of columns; maps of them are `lmap<K, L>`, pairs of them `dompair<V, L>`.",
  });
  return unknown;
}

/** After an error: unknown. */
export function resolveType(file: SourceFile, expr: TypeExpr, scope: TypeScope, findings: Findings): Type {
  const name = expr.name;
  if (name === "tuple")
    return {
      kind: "tuple",
      of: expr.args.map((arg) => plain(file, arg, resolveType(file, arg, scope, findings), findings)),
    };
  if (name === "list") {
    const of = expr.args.map((arg) => resolveType(file, arg, scope, findings));
    if (of.length === 1) return listOf(plain(file, expr.args[0], of[0], findings));
    findings.add("DLC207", file, expr.span, `${quote("list")} takes the type of its elements`, {
      mend: "Write it as `list<string>`.",
    });
    return unknown;
  }
  const scalar = scope.types.get(name) ?? scalarType(name);
  if (scalar !== undefined) {
    if (expr.args.length === 0) return scalar;
    findings.add("DLC207", file, expr.span, `${quote(name)} takes no type arguments`, {
      mend: `Write ${quote(name)}.`,
    });
    return scalar;
  }
  const kind = latticeKinds.get(name);
  if (kind !== undefined) return resolveLattice(file, expr, kind, scope, findings);
  const imported = scope.lattices.get(name);
  if (imported !== undefined) {
    if (expr.args.length > 0)
      findings.add("DLC207", file, expr.span, `${quote(name)} takes no type arguments`, {
        mend: `Write ${quote(name)}.`,
      });
    return lattice(imported.id);
  }
  const other = otherWords.get(name);
  const nameSpan = { start: expr.span.start, end: expr.span.start + name.length };
  findings.add(
    "DLC207",
    file,
    expr.span,
    `there is no type ${quote(name)}`,
    other === undefined
      ? findings.didYouMean(
          file,
          nameSpan,
          name,
          [...scalarNames, "list", ...scope.types.keys(), ...latticeKinds.keys(), ...scope.lattices.keys()],
          `The types are ${[...scalarNames].join(", ")}, list<T> and (T, U).`,
        )
      : {
          mend:
            name === "number" ? "Write `int` for whole numbers, `float` for others." : `It is called ${quote(other)}.`,
          fixes: (name === "number" ? ["int", "float"] : [other]).map((text) => ({
            title: `Write ${quote(text)}`,
            edits: [{ file, span: nameSpan, text }],
          })),
        },
  );
  return unknown;
}
