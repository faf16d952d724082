/** Set and map literals that stand where no column says what they are: their own types have to be those of lattices. */
import { children } from "../expressions.ts";
import type { Expr, HeadTerm, Literal } from "../ir.ts";
import { latticeKinds } from "../../lattices/index.ts";
import { argumentProblem } from "../../lattices/types.ts";
import { revealing } from "./coerce.ts";
import type { Place } from "./scope.ts";

export function checkLiterals(place: Place, exprs: readonly Expr[]): void {
  for (const expr of exprs) {
    if (expr.kind === "lattice" && (expr.op === "of" || expr.op === "ofPairs") && !isSound(expr)) report(place, expr);
    else checkLiterals(place, expr.kind === "aggregate" ? expr.call.args : children(expr));
  }
}

function isSound({ on }: Extract<Expr, { kind: "lattice" }>): boolean {
  const kind = latticeKinds.get(on.name);
  return kind === undefined || kind.params.every((_, i) => argumentProblem(kind, i, on.args[i]) === null);
}

function report(place: Place, expr: Extract<Expr, { kind: "lattice" }>): void {
  const { findings } = place.scope;
  const growing = expr.args.find(({ type }, i) => type.kind === "lattice" && (expr.op === "of" || i % 2 === 0));
  if (growing !== undefined) {
    findings.add(
      "DLC230",
      place.file,
      growing.span,
      `${expr.op === "of" ? "the elements of a set" : "the keys of a map"} are plain values, and this is a lattice`,
      {
        mend: revealing(place, growing),
      },
    );
    return;
  }
  findings.add("DLC230", place.file, expr.span, "the values of a map are lattices, and here nothing says which", {
    mend: "Merge it into a column of type `lmap<K, L>`; pairs of plain values are a list, `[(k, v)]`.",
  });
}

/** The expressions of a rule. */
export function expressionsOf(
  body: readonly Literal[],
  terms: readonly HeadTerm[],
  having: readonly Expr[],
): readonly Expr[] {
  return [
    ...body.flatMap((literal) => (literal.kind === "read" ? [] : [literal.value])),
    ...terms.flatMap((term) => (term.kind === "value" ? [term.value] : term.call.args)),
    ...having,
  ];
}
