/** Rules that read lattice values that stay: what of them may be evaluated on what is new of a value alone. */
import type { Expr, Pattern, Type } from "../ir.ts";
import type { FlowLiteral, FlowRead } from "./flow.ts";
import { countVariables } from "./walk.ts";

/** The variables that are lattice values of a read. */
export function latticesOf(read: FlowRead): readonly string[] {
  return read.terms.flatMap((term) => (term.kind === "variable" && term.type.kind === "lattice" ? [term.name] : []));
}

/** Variables that a body binds, with their types. */
export function boundBy(body: readonly FlowLiteral[]): ReadonlyMap<string, Type> {
  const types = new Map<string, Type>();
  const bind = (pattern: Pattern): void => {
    if (pattern.kind === "tuple") pattern.of.forEach(bind);
    else types.set(pattern.name, pattern.type);
  };
  for (const literal of body) {
    if (literal.kind === "bind") types.set(literal.variable, literal.type);
    else if (literal.kind === "range") bind(literal.pattern);
    else if (literal.kind === "read" && !literal.negated)
      for (const term of literal.terms) if (term.kind === "variable") types.set(term.name, term.type);
  }
  return types;
}

/**
 * The range literal (its index) in which alone a lattice value of this read is used, as it is; null where there is none.
 * Then only elements that came or went have to be looked at when the value changes.
 */
export function rangedOver(body: readonly FlowLiteral[], terms: readonly Expr[], read: number): number | null {
  const names = latticesOf(body[read] as FlowRead);
  const counts = new Map<string, number>();
  for (const term of terms) countVariables(term, counts);
  for (const literal of body) {
    if (literal.kind === "read") for (const term of literal.terms) countVariables(term, counts);
    else if (literal.kind === "closed") for (const expr of literal.key) countVariables(expr, counts);
    else countVariables(literal.value, counts);
  }
  const used = names.filter((name) => counts.get(name)! > 1);
  if (used.length !== 1 || counts.get(used[0]) !== 2) return null;
  const at = body.findIndex(
    (literal) =>
      literal.kind === "range" &&
      literal.value.kind === "variable" &&
      literal.value.name === used[0] &&
      hasParts(literal.value.type),
  );
  return at < 0 ? null : at;
}

/** Lattices of which the elements that are new can be had. The values of a map are no parts: they grow as well. */
function hasParts(type: Type): boolean {
  return type.kind === "lattice" && (type.name === "lset" || type.name === "lpset" || type.name === "lbag");
}
