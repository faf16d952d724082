import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Ir, ReadLiteral, Rule } from "../ir.ts";
import { equals } from "../3-analyze/determine.ts";
import { isAggregating } from "../3-analyze/persistence.ts";

/** Semantics B11: in a partitioned role a group, merge or join without the partition columns sees one instance's share. */
export function acrossPartitions(ir: Ir): Diagnostic[] {
  const out: Diagnostic[] = [];
  for (const rule of ir.rules.values()) {
    const by = ir.roles.get(rule.role)!.partitionedBy;
    if (by === null) continue;
    const literals = rule.body.filter(
      (literal): literal is ReadLiteral => literal.kind === "read" && ownsPartition(ir, literal, by),
    );
    if (literals.length === 0) continue;
    const missing = by.filter((column) => !agrees(rule, literals, column, ir));
    if (missing.length === 0) continue;
    out.push({
      code: "DLC320",
      severity: "warning",
      message: `${rule.label} ${isAggregating(rule) ? "groups" : merges(rule, ir) ? "merges" : "joins"} without ${missing.join(", ")}, by which ${rule.role} is partitioned: each instance sees its own share only`,
      file: rule.file,
      span: rule.span,
      mend: `Keep ${missing.join(", ")} in the ${isAggregating(rule) ? "group" : merges(rule, ir) ? "key" : "join"}, or send the shares to one place and combine them there.`,
    });
  }
  return out;
}

function ownsPartition(ir: Ir, literal: ReadLiteral, by: readonly string[]): boolean {
  const { kind, columns } = ir.collections.get(literal.collection)!;
  return kind !== "nodes" && kind !== "timer" && by.every((name) => columns.some((column) => column.name === name));
}

function agrees(rule: Rule, literals: readonly ReadLiteral[], column: string, ir: Ir): boolean {
  const same = equals(rule);
  const names = literals.map((literal) => {
    const at = ir.collections.get(literal.collection)!.columns.findIndex((each) => each.name === column);
    const term = literal.terms[at];
    return term?.kind === "variable" ? same(term.name) : term?.kind === "literal" ? JSON.stringify(term.value) : null;
  });
  if (literals.length > 1 && (names[0] === null || names.some((name) => name !== names[0]))) return false;
  if (!isAggregating(rule) && !merges(rule, ir)) return true;
  return rule.head.terms.some(
    (term) => term.kind === "value" && term.value.kind === "variable" && same(term.value.name) === names[0],
  );
}

/** Into lattice columns of this role: the other columns of the head are the group. */
function merges({ head, op }: Rule, ir: Ir): boolean {
  return op !== "<~" && ir.collections.get(head.collection)!.columns.some(({ type }) => type.kind === "lattice");
}
