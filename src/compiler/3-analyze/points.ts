/**
 * Points of order (analysis.md section 2, as closed by semantics.md A1-A14, B6, C1-C4): for each
 * rule, the reasons for which its answer depends on when messages arrive. Whether a seal or a log
 * removes the dependence is settled elsewhere; here a relation is open unless it is static.
 */
import type { Finding, Persistence, Reason } from "../analysis.ts";
import type { Collection, CollectionId, Expr, Ir, ReadLiteral, Rule, RuleId, SealRule } from "../ir.ts";
import type { Graph } from "./graph.ts";
import { observedCollections, positives, reads } from "./graph.ts";
import {
  closure,
  dependencies,
  equals,
  invertible,
  keyHolds,
  mentionsSelf,
  usesSelf,
  variablesOf,
} from "./determine.ts";
import { isContextual } from "../../lattices/growth.ts";
import { isAggregating, isElementThreshold, isProjecting, isUpThreshold, latticeReadsOf } from "./persistence.ts";
import { declaredPoint } from "./declared.ts";
import {
  isAcknowledged,
  isCollected,
  isOnceOnly,
  isOwnReply,
  isOwnRow,
  isRepeat,
  ofOneEvent,
  withinOneRow,
} from "./exemptions.ts";
import { opaqueAggregates } from "./imported.ts";
import { pathsTo } from "./paths.ts";
import { suggest } from "./rewrites.ts";

export interface Context {
  readonly graph: Graph;
  readonly persistence: ReadonlyMap<CollectionId, Persistence>;
  /** Passing collections that stem from timers alone, and from which. */
  readonly timed: ReadonlyMap<CollectionId, ReadonlySet<CollectionId>>;
}

export function collection(context: Context, id: CollectionId): Collection {
  return context.graph.ir.collections.get(id)!;
}

export function isOpen(context: Context, literal: ReadLiteral): boolean {
  return context.persistence.get(literal.collection) !== "static";
}

export function isPassing(context: Context, literal: ReadLiteral): boolean {
  return context.persistence.get(literal.collection) === "passing";
}

/** All reasons of all rules, in rule order. */
export function findPoints(context: Context): Finding[] {
  const found: Finding[] = [];
  const observed = observedCollections(context.graph);
  for (const rule of context.graph.rules) {
    if (rule.path !== undefined) {
      found.push(...declaredPoint(rule, context));
      continue;
    }
    if (isRepeat(rule, context) || isCollected(rule, context) || isAcknowledged(rule, context)) continue;
    found.push(
      ...negations(rule, context),
      ...aggregates(rule, context),
      ...rendezvous(rule, context),
      ...choices(rule, context),
      ...removals(rule, context, observed),
      ...keyConflicts(rule, context),
      ...reveals(rule, context),
    );
  }
  return found;
}

export function finding(
  context: Context,
  rule: Rule,
  reason: Reason,
  gate: readonly string[] | null,
  sensitive: readonly ReadLiteral[],
): Finding {
  const anchor = sensitive[0] as ReadLiteral | undefined;
  const partial = {
    rule: rule.id,
    role: rule.role,
    head: rule.head.collection,
    reason,
    gate,
    columns: gate === null ? [] : gateColumns(context, rule, gate, reason, anchor),
    sensitive: sensitive.map((literal) => rule.body.indexOf(literal)),
    sources: pathsTo(context, rule, sensitive),
    file: rule.file,
    span: rule.span,
  };
  return { ...partial, rewrites: suggest(context, rule, partial) };
}

function gateColumns(
  context: Context,
  rule: Rule,
  gate: readonly string[],
  reason: Reason,
  anchor: ReadLiteral | undefined,
): string[] {
  if (
    reason === "deletion" ||
    reason === "upsert" ||
    reason === "key-conflict" ||
    isUpdate(rule, reason) ||
    anchor === undefined
  ) {
    const head = collection(context, rule.head.collection);
    return keyColumns(head).map((column) => head.columns[column].name);
  }
  const columns = collection(context, anchor.collection).columns;
  return gate.map((name) => {
    const at = anchor.terms.findIndex((term) => term?.kind === "variable" && term.name === name);
    return at < 0 ? name : columns[at].name;
  });
}

/** `not r(..)`, r open: the gate is the columns matched against r. */
function negations(rule: Rule, context: Context): Finding[] {
  return openNegations(rule, context).map((literal) =>
    finding(context, rule, "negation", termVariables(literal), [literal]),
  );
}

function openNegations(rule: Rule, context: Context): ReadLiteral[] {
  return reads(rule).filter(
    (literal) =>
      literal.negated &&
      isOpen(context, literal) &&
      !isOnceOnly(rule, literal, context) &&
      !ofOneEvent(rule, literal, context),
  );
}

export function termVariables(literal: ReadLiteral): string[] {
  return [...new Set(literal.terms.flatMap((term) => (term?.kind === "variable" ? [term.name] : [])))];
}

/**
 * A non-lattice aggregate over an open relation, unless it is only an up-threshold over growing ones (A3, C3). What is
 * negated takes valuations from the group one by one, so it has to be closed for the group as a whole too.
 */
function aggregates(rule: Rule, context: Context): Finding[] {
  if (!isAggregating(rule) || isProjecting(rule, context.graph.ir)) return [];
  const open = positives(rule).filter((literal) => isOpen(context, literal));
  const negated = openNegations(rule, context);
  if (open.length + negated.length === 0) return [];
  const allGrow = open.every((literal) => context.persistence.get(literal.collection) === "growing");
  if (allGrow && isUpThreshold(rule, context.graph.ir)) return [];
  if (
    isElementThreshold(rule, context.graph.ir) &&
    open.every((literal) => context.persistence.get(literal.collection) !== "changing")
  )
    return [];
  const summed = withinOneRow(rule, open, context) ? negated : [...open, ...negated];
  return summed.length === 0 ? [] : [finding(context, rule, "aggregate", groupGate(rule), summed)];
}

/** What the finding is once it is known whether a seal closes the groups: of a closed group an imported aggregate sees all (C3). */
export function asOpaque(found: Finding, context: Context, sealed: { has(id: RuleId): boolean }): Finding {
  const rule = context.graph.ir.rules.get(found.rule);
  if (found.reason !== "aggregate" || rule === undefined || sealed.has(rule.id)) return found;
  if (opaqueAggregates(rule, context.graph.ir).length === 0) return found;
  const opaque = { ...found, reason: "opaque" as const };
  return { ...opaque, gate: null, columns: [], rewrites: suggest(context, rule, opaque) };
}

/** The group's terms: variables by name, other expressions by the variables they determine. */
export function groupGate(rule: Rule): string[] {
  return [...new Set(rule.head.terms.flatMap((term) => (term.kind === "value" ? [...variablesOf(term.value)] : [])))];
}

/** What a group's (or key's) terms determine at once: a term that is not invertible determines nothing. */
export function determinedByTerms(exprs: readonly Expr[], context: Context): string[] {
  return exprs.flatMap((expr) => invertible(expr, context.graph.ir) ?? []);
}

/** A passing fact meets an open relation: the gate is the columns that join them. */
function rendezvous(rule: Rule, context: Context): Finding[] {
  const open = positives(rule).filter((literal) => isOpen(context, literal));
  const passing = open.filter((literal) => isPassing(context, literal));
  if (passing.length === 0 || open.length < 2) return [];
  if (ofOneTimer(passing, context)) return [];
  if (
    passing.length > 1 &&
    !passing.every((literal) => literal === passing[0] || ofOneEvent(rule, literal, context, [passing[0]]))
  ) {
    return [finding(context, rule, "rendezvous", joinGate(rule, open), open)];
  }
  // What a deletion or overwrite reads of its own table races with that table's writers: `deletion`, `upsert`.
  const own = rule.op === "<-" || rule.op === "<+-" ? rule.head.collection : null;
  const met = open.filter(
    (literal) =>
      !isPassing(context, literal) &&
      literal.collection !== own &&
      !isOwnReply(rule, passing[0], literal, context) &&
      !isOwnRow(rule, passing[0], literal, context),
  );
  if (met.length === 0) return [];
  return [finding(context, rule, "rendezvous", joinGate(rule, [passing[0], ...met]), [passing[0], ...met])];
}

/** One firing stands behind all of them; two timers may fire together or apart. */
function ofOneTimer(passing: readonly ReadLiteral[], context: Context): boolean {
  const timers = new Set<CollectionId>();
  for (const { collection: id } of passing) {
    const own = context.timed.get(id);
    if (own === undefined) return false;
    for (const timer of own) timers.add(timer);
  }
  return passing.length === 1 || timers.size === 1;
}

/** Variables that stand (up to `=`) in two or more of the literals; constants belong to every gate. */
export function joinGate(rule: Rule, literals: readonly ReadLiteral[]): string[] {
  const same = equals(rule);
  const counts = new Map<string, number>();
  for (const literal of literals) {
    for (const name of new Set(termVariables(literal).map(same))) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const joined: string[] = [];
  for (const literal of literals) {
    for (const name of termVariables(literal))
      if (counts.get(same(name))! > 1 && !joined.some((each) => same(each) === same(name))) joined.push(name);
  }
  return joined;
}

/** A timer that meets anything that does not only grow: when it fires is visible. */
function choices(rule: Rule, context: Context): Finding[] {
  const all = reads(rule);
  const timed = all.filter((literal) => !literal.negated && context.timed.has(literal.collection));
  if (
    timed.length === 0 ||
    positives(rule).some((literal) => isPassing(context, literal) && !context.timed.has(literal.collection))
  )
    return [];
  const visible = all.some((literal) => {
    const of = context.persistence.get(literal.collection);
    if (context.timed.has(literal.collection)) return literal.negated;
    return of === "changing" || (literal.negated && of !== "static");
  });
  return visible ? [finding(context, rule, "choice", null, timed)] : [];
}

/** `<-` and `<+-` of which the body or any writer of the table is open (semantics B6); the gate is the key. */
function removals(rule: Rule, context: Context, observed: ReadonlySet<CollectionId>): Finding[] {
  if (rule.op !== "<-" && rule.op !== "<+-") return [];
  const head = rule.head.collection;
  if (!observed.has(head)) return [];
  const open = (writer: Rule): ReadLiteral[] => reads(writer).filter((literal) => isOpen(context, literal));
  if (!context.graph.into.get(head)!.some((writer) => open(writer).length > 0)) return [];
  return [finding(context, rule, rule.op === "<-" ? "deletion" : "upsert", keyGate(rule, context), open(rule))];
}

/** The columns that tell the facts of a collection apart: the declared key, beside lattices the plain ones, otherwise all. */
export function keyColumns({ keyLength, columns }: Collection): readonly number[] {
  const plain = columns.flatMap(({ type }, i) => (type.kind === "lattice" ? [] : [i]));
  return plain.length < columns.length ? plain : plain.slice(0, keyLength ?? columns.length);
}

/** An update that looks at the value at hand (semantics A10): it races with the other writers of its table. */
export function isUpdate(rule: Rule, reason: Reason): boolean {
  return reason === "reveal" && isContextual(rule.head);
}

/**
 * Uses of open lattice values that do not only grow with them (semantics A4, A10); and of what merely passes, whose parts
 * join as they fall into steps, every use of more than a part (A3).
 */
function reveals(rule: Rule, context: Context): Finding[] {
  const { revealed, opaque, combined } = latticeReadsOf(rule, context.graph);
  const open = (at: ReadonlySet<number>): ReadLiteral[] =>
    [...at]
      .sort((a, b) => a - b)
      .map((i) => rule.body[i] as ReadLiteral)
      .filter((literal) => isOpen(context, literal));
  const found: Finding[] = [];
  const unclaimed = open(opaque);
  if (unclaimed.length > 0) found.push(finding(context, rule, "opaque", null, unclaimed));
  const plain = open(revealed).filter((literal) => !unclaimed.includes(literal));
  if (plain.length > 0) found.push(finding(context, rule, "reveal", plainVariables(plain), plain));
  const parts = open(combined).filter(
    (literal) => isPassing(context, literal) && !unclaimed.includes(literal) && !plain.includes(literal),
  );
  if (parts.length > 0) found.push(finding(context, rule, "aggregate", plainVariables(parts), parts));
  if (isContextual(rule.head)) {
    const writers = context.graph.into.get(rule.head.collection)!;
    if (writers.some((writer) => reads(writer).some((literal) => isOpen(context, literal))))
      found.push(
        finding(
          context,
          rule,
          "reveal",
          keyGate(rule, context),
          reads(rule).filter((literal) => isOpen(context, literal)),
        ),
      );
  }
  return found;
}

/** What tells apart the rows of a lattice. */
export function plainVariables(literals: readonly ReadLiteral[]): string[] {
  return [
    ...new Set(
      literals.flatMap((literal) =>
        literal.terms.flatMap((term) => (term?.kind === "variable" && term.type.kind !== "lattice" ? [term.name] : [])),
      ),
    ),
  ];
}

export function keyGate(rule: Rule, context: Context): string[] {
  const terms = keyColumns(collection(context, rule.head.collection)).map((column) => rule.head.terms[column]);
  return [...new Set(terms.flatMap((term) => (term.kind === "value" ? [...variablesOf(term.value)] : [])))];
}

/** A keyed collection of any kind can get two values for a key from open sources, by one rule or several (semantics A8). */
function keyConflicts(rule: Rule, context: Context): Finding[] {
  if (!mayConflict(rule, context)) return [];
  return [
    finding(
      context,
      rule,
      "key-conflict",
      keyGate(rule, context),
      reads(rule).filter((literal) => isOpen(context, literal)),
    ),
  ];
}

/** A host may give a key two values where nothing promises that it does not. */
export function mayGiveTwoValues({ kind, keyLength, columns, unique }: Collection): boolean {
  return kind === "input" && keyLength !== null && keyLength < columns.length && !unique;
}

export function mayConflict(rule: Rule, context: Context): boolean {
  const head = collection(context, rule.head.collection);
  if (head.keyLength === null || head.keyLength === head.columns.length) return false;
  if (head.unique || rule.op === "<-" || rule.op === "<+-") return false;
  // Messages arrive in any order, whatever they were made of.
  const isRacing = (writer: Rule): boolean =>
    head.kind === "channel" || reads(writer).some((literal) => isOpen(context, literal));
  const writers = context.graph.into.get(head.id)!.filter((writer) => writer.op !== "<-" && writer.op !== "<+-");
  if (writers.length === 1) return isRacing(rule) && !valueIsFunctionOfKey(rule, head, context);
  return writers.some(isRacing);
}

/** Where a key must lead to one value: in a step, at an instance at all times, or wherever a message may come from. */
type Scope = "step" | "time" | "everywhere";

function valueIsFunctionOfKey(
  rule: Rule,
  head: Collection,
  context: Context,
  within: Scope = "step",
  seen: readonly CollectionId[] = [],
): boolean {
  const { ir } = context.graph;
  // A table keeps its value over time, and a channel takes its values from all instances of the sender.
  const scope = head.kind === "channel" ? "everywhere" : head.kind === "table" && within === "step" ? "time" : within;
  const holds = (id: CollectionId): boolean => {
    const { kind, keyLength, unique } = collection(context, id);
    if (keyLength === null) return false;
    if (scope === "step" && kind === "table") return true;
    // What a host promises is carried no further than by the rule that reads it.
    const isTheSame = (unique && seen.length === 0) || isSameEverywhere(id, context);
    if (keyHolds(ir, context.persistence, id) && (scope !== "everywhere" || isTheSame)) return true;
    return isMadeFromKey(id, context, scope, seen);
  };
  const keyTerms = rule.head.terms
    .slice(0, head.keyLength!)
    .flatMap((term) => (term.kind === "value" ? [term.value] : []));
  const known = closure(determinedByTerms(keyTerms, context), dependencies(rule.body, ir, holds));
  const keyVariables = new Set(keyTerms.flatMap((expr) => [...variablesOf(expr)]));
  const groupIsKey = groupGate(rule).every((name) => known.has(name) || keyVariables.has(name));
  return rule.head.terms.slice(head.keyLength!).every((term) => {
    if (term.kind === "aggregate") return scope === "step" && groupIsKey;
    return (
      [...variablesOf(term.value)].every((name) => known.has(name)) &&
      (scope !== "everywhere" || !namesSelf(rule, term.value, ir) || keyTerms.some((key) => key.kind === "self"))
    );
  });
}

/** Its only rule makes each value from the key, so that no two rows of one key differ in it, whenever they come. */
function isMadeFromKey(id: CollectionId, context: Context, scope: Scope, seen: readonly CollectionId[]): boolean {
  const head = collection(context, id);
  const writers = context.graph.into.get(id) ?? [];
  return (
    writers.length === 1 &&
    writers[0].op !== "<-" &&
    !seen.includes(id) &&
    valueIsFunctionOfKey(writers[0], head, context, scope, [...seen, id])
  );
}

/** The value differs from sender to sender: by what the rule computes, or since a key that leads to it has the sender in it. */
function namesSelf(rule: Rule, value: Expr, ir: Ir): boolean {
  return (
    mentionsSelf(value) ||
    rule.body.some((literal) => {
      if (literal.kind !== "read") return mentionsSelf(literal.value);
      const { keyLength } = ir.collections.get(literal.collection)!;
      return literal.terms.slice(0, keyLength ?? 0).some((term) => term?.kind === "self");
    })
  );
}

/** Static facts of which none names the instance at which it stands. */
function isSameEverywhere(id: CollectionId, context: Context, seen = new Set<CollectionId>()): boolean {
  if (context.persistence.get(id) !== "static" || seen.has(id)) return seen.has(id);
  seen.add(id);
  return context.graph.into
    .get(id)!
    .every(
      (rule) => !usesSelf(rule) && reads(rule).every((literal) => isSameEverywhere(literal.collection, context, seen)),
    );
}

/**
 * Seal rules whose promise the program itself can break (semantics A7): the host's order of facts and
 * seals holds only where both are derived at once from inputs of the same instance. A channel's own
 * role cannot know what is still on its way.
 */
export function isBrokenPromise(seal: SealRule, context: Context): boolean {
  const { graph } = context;
  const seen = new Set<CollectionId>();
  const fromHost = (id: CollectionId): boolean => {
    if (seen.has(id)) return true;
    seen.add(id);
    const { kind, ordering } = collection(context, id);
    if (context.persistence.get(id) === "static") return true;
    if (kind === "input") return ordering === undefined;
    if (kind === "channel" || kind === "timer" || kind === "nodes") return false;
    return graph.into.get(id)!.every((rule) => rule.op === "<=" && atOnce(rule));
  };
  const atOnce = (rule: { readonly body: Rule["body"] } & Partial<Rule>): boolean =>
    !rule.gates?.length &&
    !(rule.head !== undefined && isAggregating(rule as Rule)) &&
    reads(rule).every((literal) => !literal.negated && !literal.hold && fromHost(literal.collection));
  if (!atOnce(seal)) return true;
  if (collection(context, seal.target).kind !== "channel") return false;
  return seal.op === "<=" || graph.into.get(seal.target)!.some((rule) => rule.role === seal.role && !atOnce(rule));
}
