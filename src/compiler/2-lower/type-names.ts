/** Types as written to types; reports what is no type. */
import type { SourceFile, TypeExpr } from "../ast.ts";
import type { Type } from "../ir.ts";
import { listOf, scalarNames, scalarType, unknown } from "../types.ts";
import { quote } from "./findings.ts";
import type { Findings } from "./findings.ts";

const latticeNames = new Set([
  "lmax",
  "lmin",
  "lbool",
  "lset",
  "lpset",
  "lbag",
  "lmap",
  "gcounter",
  "pncounter",
  "lww",
  "mvreg",
  "orset",
  "dompair",
  "vclock",
]);

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

/** `lattices` are the names of imported ones. After an error: unknown. */
export function resolveType(file: SourceFile, expr: TypeExpr, lattices: ReadonlySet<string>, findings: Findings): Type {
  const name = expr.name;
  if (name === "tuple")
    return { kind: "tuple", of: expr.args.map((arg) => resolveType(file, arg, lattices, findings)) };
  if (name === "list") {
    const of = expr.args.map((arg) => resolveType(file, arg, lattices, findings));
    if (of.length === 1) return listOf(of[0]);
    findings.add("DLC207", file, expr.span, `${quote("list")} takes the type of its elements`, {
      mend: "Write it as `list<string>`.",
    });
    return unknown;
  }
  const scalar = scalarType(name);
  if (scalar !== undefined) {
    if (expr.args.length === 0) return scalar;
    findings.add("DLC207", file, expr.span, `${quote(name)} takes no type arguments`, {
      mend: `Write ${quote(name)}.`,
    });
    return scalar;
  }
  if (latticeNames.has(name) || lattices.has(name)) {
    findings.add("DLC208", file, expr.span, `the lattice type ${quote(name)} is not in this version of dlc`, {
      mend: "Use a plain type: facts of a set, or a table with a key and `<+-`.",
    });
    return unknown;
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
          [...scalarNames, "list"],
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
