/** The conditions under which a marked rule may be evaluated, partition by partition (semantics A1). */
import type { Condition, Finding, Seal, Sealing } from "../analysis.ts";
import type { CollectionId, Expr, ReadLiteral, Rule, RuleId } from "../ir.ts";
import { closure, computableFrom, dependencies, keyHolds, sameKey, variablesOf } from "./determine.ts";
import { fitsHanding } from "./declared.ts";
import { deniesItself } from "./exemptions.ts";
import { positives, reads } from "./graph.ts";
import type { Context } from "./points.ts";
import { collection, determinedByTerms, isOpen, isPassing, isUpdate, keyColumns } from "./points.ts";
import { isAggregating, latticeReadsOf } from "./persistence.ts";
import { isOpenRule, ruleSeal } from "./rule-seal.ts";
import { sealKey } from "./seal-values.ts";

/** The conditions under which the marked rule may be evaluated, or in words why no seal serves it. */
export function sealRule(
  rule: Rule,
  marks: readonly Finding[],
  context: Context,
  seals: ReadonlyMap<CollectionId, Seal | null>,
  head: CollectionId,
): Sealing | string {
  const { ir } = context.graph;
  const conditions: Condition[] = [];
  const together = new Set<RuleId>();
  let deferred = false;
  const known = dependencies(rule.body, ir, (id) => keyHolds(ir, context.persistence, id));
  const add = (condition: Condition): void => {
    if (!conditions.some((each) => each.source === condition.source && sameKey(each.key, condition.key)))
      conditions.push(condition);
  };
  for (const mark of marks) {
    if (mark.reason === "local" || mark.reason === "promise") continue;
    if (mark.reason === "choice") return "it shows when a timer fires, which no seal settles";
    if (mark.reason === "key-conflict" && context.persistence.get(head) === "passing" && isMixed(head, context)) {
      return `values in ${head} that last take the key in every step in which no event brings one, which no seal settles`;
    }
    if (
      mark.reason === "deletion" ||
      mark.reason === "upsert" ||
      mark.reason === "key-conflict" ||
      isUpdate(rule, mark.reason)
    ) {
      const writers = writerConditions(rule, head, context, seals);
      if (typeof writers === "string") return writers;
      for (const condition of writers.conditions) add(condition);
      for (const id of writers.together) together.add(id);
      deferred ||= writers.deferred;
      continue;
    }
    const gate = closure(mark.gate === null ? [] : gateStart(rule, mark, context), known);
    for (const literal of waitingLiterals(rule, mark, context)) {
      const seal = seals.get(literal.collection);
      if (seal === undefined) continue;
      if (seal === null) return `no seal says when ${literal.collection} is complete`;
      if (literal.negated && deniesItself(rule, literal, context))
        return `${literal.collection} gets each of these facts itself, one step later: once it is complete, it denies them all`;
      deferred ||= seal.deferred;
      for (const { source, key } of seal.sources) {
        const exprs = key.map((part) => (typeof part === "number" ? literal.terms[part] : part));
        for (const [i, expr] of exprs.entries()) {
          if (expr !== null && [...variablesOf(expr)].every((name) => gate.has(name))) continue;
          const sealedBy = collection(context, source).columns;
          const part = key[i];
          return `the gate (${(mark.gate ?? ["*"]).join(", ")}) does not determine ${typeof part === "number" ? collection(context, literal.collection).columns[part].name : "the value"} of ${literal.collection}, which is closed by (${sealKey(
            source,
            seals,
          )
            .map((column) => sealedBy[column].name)
            .join(", ")}) of ${source}`;
        }
        add({ source, key: exprs as Expr[] });
      }
    }
  }
  const shape = rule.path === undefined ? fitsHolding(rule, conditions, context) : fitsHanding(rule, conditions);
  return shape ?? { conditions, together: [...together], deferred };
}

function gateStart(rule: Rule, mark: Finding, context: Context): readonly string[] {
  if (mark.reason !== "aggregate") return mark.gate ?? [];
  return determinedByTerms(
    rule.head.terms.flatMap((term) => (term.kind === "value" ? [term.value] : [])),
    context,
  );
}

/**
 * Sensitive literals (semantics A1): of a negation the negated one; of an aggregate every open
 * literal; of a rendezvous every open one, except that one passing literal may meet tables and
 * views that are closed.
 */
function waitingLiterals(rule: Rule, mark: Finding, context: Context): ReadLiteral[] {
  const literals = mark.sensitive.map((index) => rule.body[index] as ReadLiteral);
  if (mark.reason !== "rendezvous") return literals;
  const passing = literals.filter((literal) => isPassing(context, literal));
  return passing.length === 1 ? literals.filter((literal) => literal !== passing[0]) : literals;
}

/**
 * Writers of one table that race with each other wait together: for each the same partitions,
 * which the table's key columns select.
 */
export function writerConditions(
  rule: Rule,
  head: CollectionId,
  context: Context,
  seals: ReadonlyMap<CollectionId, Seal | null>,
): Sealing | string {
  const { kind, columns } = collection(context, head);
  if (kind === "channel") return `messages to ${head} that were sent together may be taken in different steps`;
  const key = keyColumns(collection(context, head));
  const conditions: Condition[] = [];
  let deferred = false;
  const writers = context.graph.into.get(head)!.filter((writer) => isOpenRule(writer, context));
  for (const writer of writers) {
    if (writer.role !== rule.role)
      return `facts for ${head} come from role ${writer.role}, where this rule cannot wait for them`;
    const seal = ruleSeal(writer, context, seals, false, key);
    if (seal === undefined) continue;
    if (seal === null && reads(writer).some((literal) => isOpen(context, literal) && !seals.get(literal.collection)))
      return `no seal says when the facts that ${writer.label} writes into ${head} are complete`;
    if (seal === null)
      return `a value of (${key.map((column) => columns[column].name).join(", ")}) in ${head} does not lie in one sealed partition of what ${writer.label} reads`;
    deferred ||= seal.deferred;
    for (const { source, key: parts } of seal.sources) {
      const exprs = parts.map((part) => {
        if (typeof part !== "number") return part;
        const term = rule.head.terms[part];
        return term.kind === "value" ? term.value : null;
      });
      if (exprs.some((expr) => expr === null)) return `the key of ${head} is an aggregate`;
      conditions.push({ source, key: exprs as Expr[] });
    }
  }
  return { conditions, together: writers.map((writer) => writer.id), deferred };
}

/**
 * A hold keeps rows of a passing literal, so its conditions must be computable from that literal
 * alone; all passing literals of a rule are released by the same conditions. With one passing
 * literal beside static ones the rule can be split before its negations.
 */
function fitsHolding(rule: Rule, conditions: readonly Condition[], context: Context): string | null {
  const passing = positives(rule).filter((literal) => isPassing(context, literal));
  const { combined } = latticeReadsOf(rule, context.graph);
  // An aggregate ranges over valuations, and each step has its own value of a lattice.
  const isJoined = (literal: ReadLiteral): boolean =>
    combined.has(rule.body.indexOf(literal)) ||
    (isAggregating(rule) &&
      collection(context, literal.collection).columns.some(({ type }) => type.kind === "lattice"));
  if (passing.some(isJoined)) {
    return "values of a lattice that come in several steps are not joined while they wait: merge them into a table";
  }
  if (reads(rule).some((literal) => literal.negated && isPassing(context, literal))) {
    return "the absence of an event is tested in every step, which no seal settles";
  }
  const mixed = isAggregating(rule) ? passing.find((literal) => isMixed(literal.collection, context)) : undefined;
  if (mixed !== undefined) {
    return `facts of ${mixed.collection} that last are counted in every step, also without the events that came beside them, which no seal settles`;
  }
  // With one passing literal and otherwise static ones the rule can be split before its negations.
  const others = positives(rule).filter((literal) => isOpen(context, literal) && !isPassing(context, literal));
  if (passing.length === 1 && others.length === 0 && !isAggregating(rule)) return null;
  for (const literal of passing) {
    for (const { source, key } of conditions) {
      if (key.every((expr) => computableFrom(literal, expr, rule) !== null)) continue;
      return `rows of ${literal.collection} do not tell which partition of ${source} they wait for`;
    }
  }
  return null;
}

/** Whether a passing collection has facts besides that are there in every step, since some rule makes them of no event. */
export function isMixed(id: CollectionId, context: Context, seen = new Set<CollectionId>()): boolean {
  if (seen.has(id)) return false;
  seen.add(id);
  const { kind } = collection(context, id);
  if (kind === "input" || kind === "channel" || kind === "timer") return false;
  return context.graph.into
    .get(id)!
    .some((rule) =>
      positives(rule).every((literal) => !isPassing(context, literal) || isMixed(literal.collection, context, seen)),
    );
}
