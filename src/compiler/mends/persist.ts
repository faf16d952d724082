/** An event that meets facts that may come later: keep it in a table, so that they meet however late those come. */
import type { Analysis, Finding } from "../analysis.ts";
import type { Edit, Fix } from "../diagnostics/diagnostic.ts";
import type { Collection, CollectionId, Ir, ReadLiteral, Rule } from "../ir.ts";
import { isAggregating } from "../3-analyze/persistence.ts";
import { positives, reads } from "../3-analyze/graph.ts";
import { declarationOf, freeName, hasLattice, passingIn, readersOf, treeOf, writersOf } from "./program.ts";
import { lineAfter, lineBefore, replaced } from "./text.ts";

/**
 *     answer@a(x, n) <~ request(a, x), total(x, n);
 * becomes
 *     requests <= request;
 *     answer@a(x, n) <~ requests(a, x), total(x, n);
 *
 * Each fact that the event could ever have met is derived, and no other: so not where what it meets passes through
 * values of which it was to see the present one, where absence is tested, or where the head is an event that does something.
 */
export function persist(finding: Finding, analysis: Analysis): Fix | null {
  const { ir, inference } = analysis;
  const rule = ir.rules.get(finding.rule);
  if (finding.reason !== "rendezvous" || rule === undefined) return null;
  const tree = treeOf(rule, ir);
  const passing = passingIn(rule, analysis);
  if (tree === null || passing.length === 0 || isAggregating(rule) || !mayLast(rule, ir, new Set())) return null;
  for (const literal of reads(rule)) {
    if (literal.negated) return null;
    const label = inference.labels.get(literal.collection)?.name;
    const settled = label === undefined || label === "Async" || label === "Seal";
    if (inference.persistence.get(literal.collection) === "changing" && !settled) return null;
  }
  const edits: Edit[] = [];
  const names: string[] = [];
  for (const id of new Set(passing.map((literal) => literal.collection))) {
    const event = ir.collections.get(id)!;
    if (!isEvent(id, analysis, new Set())) return null;
    const known = keptIn(event, analysis);
    const name = known?.name ?? freeName(event.name, rule.role, ir);
    names.push(`\`${event.name}\` in ${known ? "the" : "a"} table \`${name}\``);
    if (known === undefined) {
      const declared = declarationOf(event, ir);
      if (declared === null) return null;
      const columns = declared.columns.map((column) =>
        rule.file.text.slice(column.name.span.start, column.type.span.end),
      );
      edits.push(
        lineAfter(rule.file, declared.span, `table ${name}(${columns.join(", ")});`),
        lineBefore(rule.file, tree.span.start, `${name} <= ${event.name};`),
      );
    }
    for (const literal of passing) {
      if (literal.collection === id) edits.push(...renamed(rule, literal, event.name, name));
    }
  }
  return { title: `Keep ${names.join(" and ")}, and read that`, edits };
}

function renamed(rule: Rule, literal: ReadLiteral, name: string, other: string): readonly Edit[] {
  const { start } = literal.span;
  return [replaced(rule.file, { start, end: start + name.length }, other)];
}

/** A table that already keeps all of the event's facts, with the same columns. */
function keptIn(event: Collection, { ir, inference }: Analysis): Collection | undefined {
  return [...ir.collections.values()].find((table) => {
    if (table.kind !== "table" || table.role !== event.role || table.keyLength !== null) return false;
    if (inference.persistence.get(table.id) !== "growing" || table.columns.length !== event.columns.length)
      return false;
    if (table.columns.some(({ name }, i) => name !== event.columns[i].name)) return false;
    return writersOf(table.id, ir).some((writer) => writer.op === "<=" && copies(writer, event));
  });
}

/** `t(x, y) <= c(x, y)`, with different variables. */
function copies(rule: Rule, event: Collection): boolean {
  const [literal, ...more] = rule.body;
  if (more.length > 0 || literal?.kind !== "read" || literal.negated || literal.collection !== event.id) return false;
  const names = literal.terms.map((term) => (term?.kind === "variable" ? term.name : null));
  if (new Set(names).size !== names.length || names.includes(null)) return false;
  return rule.head.terms.every(
    (term, i) => term.kind === "value" && term.value.kind === "variable" && term.value.name === names[i],
  );
}

/** Whether the head may hold on: what is sent, delivered or kept is so once; an event that others count or act on is not. */
function mayLast(rule: Rule, ir: Ir, seen: Set<CollectionId>): boolean {
  if (rule.op !== "<=" && rule.op !== "<~") return false;
  const { id, kind } = ir.collections.get(rule.head.collection)!;
  if (kind !== "scratch" || seen.has(id)) return true;
  seen.add(id);
  if (ir.seals.some((seal) => reads(seal).some((literal) => literal.collection === id))) return false;
  return readersOf(id, ir).every(
    (reader) =>
      !isAggregating(reader) && positives(reader).length === reads(reader).length && mayLast(reader, ir, seen),
  );
}

/** Whether each fact of it is of messages and inputs, joined to what never ceases: it stays true that it came. */
function isEvent(id: CollectionId, analysis: Analysis, seen: Set<CollectionId>): boolean {
  const { ir, inference } = analysis;
  const collection = ir.collections.get(id)!;
  const { kind } = collection;
  if (hasLattice(collection)) return false;
  if (kind === "input" || kind === "channel") return true;
  if (kind !== "scratch") return false;
  if (seen.has(id)) return true;
  seen.add(id);
  return writersOf(id, ir).every(
    (writer) =>
      writer.op === "<=" &&
      !isAggregating(writer) &&
      reads(writer).every((literal) => {
        const lasts = inference.persistence.get(literal.collection);
        if (literal.negated) return false;
        return lasts === "growing" || lasts === "static" || isEvent(literal.collection, analysis, seen);
      }),
  );
}
