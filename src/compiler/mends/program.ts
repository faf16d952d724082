/** What a change of the text has to know of the program: its trees beside its meaning, and which names are free. */
import type { Analysis } from "../analysis.ts";
import type { CollectionDecl, RoleDecl, RuleDecl } from "../ast.ts";
import type { Collection, CollectionId, Ir, ReadLiteral, Rule } from "../ir.ts";
import { positives, reads } from "../3-analyze/graph.ts";

/** The tree of a rule that is written once, in a role of the program's own file; null for any other. */
export function treeOf(rule: Rule, ir: Ir): RuleDecl | null {
  for (const each of ir.rules.values()) {
    if (each !== rule && each.file === rule.file && each.span.start === rule.span.start) return null;
  }
  const tree = memberAt(ir, rule, (member): member is RuleDecl => member.kind === "rule");
  return tree?.body.length === rule.body.length ? tree : null;
}

/** The tree of a collection that is declared in a role of the program's own file; null for any other. */
export function declarationOf(collection: Collection, ir: Ir): CollectionDecl | null {
  return memberAt(ir, collection, (member): member is CollectionDecl => member.kind === "collection");
}

function memberAt<T extends RoleDecl["members"][number]>(
  ir: Ir,
  { file, role, span }: Pick<Rule, "file" | "role" | "span">,
  is: (member: RoleDecl["members"][number]) => member is T,
): T | null {
  const ast = ir.asts[0];
  if (ast.file !== file) return null;
  for (const item of ast.items) {
    if (item.kind !== "role" || item.name.text !== role) continue;
    for (const member of item.members) if (is(member) && member.span.start === span.start) return member;
  }
  return null;
}

/** `requests`, for what keeps `request`; another where that is taken. */
export function freeName(name: string, role: string, ir: Ir): string {
  const taken = new Set<string>([...ir.functions.keys(), ...ir.aggregates.keys(), ...ir.roles.keys()]);
  for (const collection of ir.collections.values()) if (collection.role === role) taken.add(collection.name);
  const wanted = [...(name.endsWith("s") ? [] : [`${name}s`]), `all_${name}`, `kept_${name}`];
  for (let i = 2; ; i++) {
    const free = wanted.find((each) => !taken.has(each));
    if (free !== undefined) return free;
    wanted.push(`kept_${name}_${i}`);
  }
}

/** Rules of any role with `id` in their bodies. */
export function readersOf(id: CollectionId, ir: Ir): readonly Rule[] {
  return [...ir.rules.values()].filter((rule) => reads(rule).some((literal) => literal.collection === id));
}

export function writersOf(id: CollectionId, ir: Ir): readonly Rule[] {
  return [...ir.rules.values()].filter((rule) => rule.head.collection === id);
}

export function hasLattice({ columns }: Collection): boolean {
  return columns.some(({ type }) => type.kind === "lattice");
}

/** Positive literals whose facts last one step. */
export function passingIn(rule: Rule, { inference }: Analysis): readonly ReadLiteral[] {
  return positives(rule).filter((literal) => inference.persistence.get(literal.collection) === "passing");
}
