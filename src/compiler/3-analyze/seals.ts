/**
 * Where seals hold (analysis.md section 3, as replaced by semantics.md A1, A2, A7, A12).
 *
 * A seal is a condition on evaluating a rule for a gate value: the partitions that the value
 * selects, in each sensitive literal by that literal's own columns, are closed. It survives a rule
 * on head columns k' only if k' determines the sealed key of every open literal of the body, and
 * of every rule with that head; through a cycle only if that holds for all its rules with the same
 * k'; through a cycle with an async edge never, since its own seal would wait for itself.
 */
import type { ChannelSeal, Condition, Finding, Seal, SealSource, Sealing, SealUse, TravelPart } from "../analysis.ts";
import type { CollectionId, Expr, ReadLiteral, Rule, RuleId } from "../ir.ts";
import {
  closure,
  computableFrom,
  dependencies,
  equals,
  invertible,
  keyHolds,
  sameKey,
  variablesOf,
} from "./determine.ts";
import { fitsHanding, ordersOtherwise } from "./declared.ts";
import { deniesItself } from "./exemptions.ts";
import { positives, reads } from "./graph.ts";
import type { Context } from "./points.ts";
import { collection, determinedByTerms, isBrokenPromise, isOpen, isPassing, isUpdate, keyColumns } from "./points.ts";
import { gatesHold } from "./gates.ts";
import { isAggregating, latticeReadsOf } from "./persistence.ts";

export interface Seals {
  readonly use: SealUse;
  readonly seals: Map<CollectionId, Seal | null>;
  readonly channels: Map<CollectionId, ChannelSeal>;
  readonly sealed: Map<RuleId, Sealing>;
  readonly unsealed: Map<RuleId, string>;
  readonly missing: { channel: CollectionId; role: string; rule: RuleId }[];
}

const closedFromStart: Seal = { columns: [], sources: [], consumed: false, deferred: false };

export function inferSeals(context: Context, findings: ReadonlyMap<RuleId, readonly Finding[]>, use: SealUse): Seals {
  const { graph } = context;
  const out: Seals = {
    use,
    seals: new Map(),
    channels: new Map(),
    sealed: new Map(),
    unsealed: new Map(),
    missing: [],
  };
  if (use === "none") {
    for (const id of graph.ir.collections.keys())
      out.seals.set(id, context.persistence.get(id) === "static" ? closedFromStart : null);
    for (const rule of findings.keys()) out.unsealed.set(rule, "no seals are used");
    return out;
  }
  for (const component of graph.components) {
    const cyclic = graph.cyclic.has(component[0]);
    // Optimistic at first (absent: whatever is needed), then downwards until nothing changes.
    for (let round = 0; ; round++) {
      let changed = false;
      for (const id of component) {
        const before = out.seals.get(id);
        const seal =
          round > 8
            ? null
            : sealOf(
                id,
                context,
                findings,
                out,
                use,
                component.some((each) => collection(context, each).kind === "channel") && cyclic,
              );
        if (seal === undefined) continue;
        out.seals.set(id, seal);
        if (!sameSeal(before, seal)) changed = true;
      }
      if (!changed || !cyclic) break;
    }
    for (const id of component) if (!out.seals.has(id)) out.seals.set(id, null);
  }
  return out;
}

function sealOf(
  id: CollectionId,
  context: Context,
  findings: ReadonlyMap<RuleId, readonly Finding[]>,
  out: Seals,
  use: SealUse,
  asyncCycle: boolean,
): Seal | null | undefined {
  const { kind, sealed } = collection(context, id);
  if (kind === "input") return sealed === null ? null : sourceItself(id, sealed.columns);
  if (kind === "timer") return null;
  if (context.persistence.get(id) === "static") return closedFromStart;
  // Nobody says that no other instance will join or leave.
  if (kind === "nodes") return null;
  const rules = context.graph.into.get(id)!;
  settleRules(id, rules, context, findings, out, use);
  if (kind === "channel") return channelSeal(id, rules, context, out, asyncCycle);
  let merged: Seal | undefined;
  // What a deferred rule makes of static facts is there from the second step on.
  let late = false;
  for (const rule of rules) {
    const seal = out.unsealed.has(rule.id) ? null : ruleSeal(rule, context, out.seals, findings.has(rule.id));
    if (seal === null) return null;
    if (seal === undefined) continue;
    late ||= seal.deferred;
    if (seal.sources.length === 0) continue;
    // What a gate releases takes effect a step later through a deferred rule, when the partition is closed already.
    if (seal.consumed && rule.op !== "<=") return null;
    // Different keys on the ways into one collection leave no partition closed (case D5); the whole stream goes with all.
    if (merged && merged.columns.length > 0 && seal.columns.length > 0 && merged.columns.join() !== seal.columns.join())
      return null;
    merged = merged ? unite(merged, seal) : seal;
  }
  return merged && { ...merged, deferred: late };
}

function sourceItself(id: CollectionId, key: readonly number[]): Seal {
  return { columns: [...key].sort((a, b) => a - b), sources: [{ source: id, key }], consumed: false, deferred: false };
}

function unite(a: Seal, b: Seal): Seal {
  const columns = [...new Set([...a.columns, ...b.columns])].sort((x, y) => x - y);
  const sources = [...a.sources];
  for (const source of b.sources) if (!sources.some((each) => sameSource(each, source))) sources.push(source);
  return { columns, sources, consumed: a.consumed || b.consumed, deferred: a.deferred || b.deferred };
}

function sameSource(a: SealSource, b: SealSource): boolean {
  return (
    a.source === b.source && a.key.length === b.key.length && a.key.every((part, i) => text(part) === text(b.key[i]))
  );
}

function text(part: number | Expr): string {
  return typeof part === "number" ? `column ${part}` : part.kind === "literal" ? JSON.stringify(part.value) : part.kind;
}

function sameSeal(a: Seal | null | undefined, b: Seal | null | undefined): boolean {
  if (!a || !b) return a === b;
  return (
    a.columns.join() === b.columns.join() &&
    a.consumed === b.consumed &&
    a.deferred === b.deferred &&
    a.sources.length === b.sources.length &&
    a.sources.every((source, i) => sameSource(source, b.sources[i]))
  );
}

/** Settle for the marked rules with head `id` whether they can be evaluated partition by partition. */
function settleRules(
  id: CollectionId,
  rules: readonly Rule[],
  context: Context,
  findings: ReadonlyMap<RuleId, readonly Finding[]>,
  out: Seals,
  use: SealUse,
): void {
  for (const rule of rules) {
    const marks = findings.get(rule.id);
    if (marks === undefined) continue;
    const sealing = sealRule(rule, marks, context, out.seals, id);
    const wrong =
      typeof sealing === "string" ? sealing : use === "inserted" ? notGated(rule, sealing, context, out.seals) : null;
    if (typeof sealing === "string" || wrong !== null) {
      out.unsealed.set(rule.id, wrong!);
      out.sealed.delete(rule.id);
    } else {
      out.sealed.set(rule.id, sealing);
      out.unsealed.delete(rule.id);
    }
  }
}

/** Why the inserted gates do not carry what the rule, and those that must wait with it, need; null when they do. */
function notGated(
  rule: Rule,
  sealing: Sealing,
  context: Context,
  seals: ReadonlyMap<CollectionId, Seal | null>,
): string | null {
  const own = ordersOtherwise(rule, context) ?? gatesHold(rule, sealing.conditions, context);
  if (own !== null) return own;
  for (const id of sealing.together) {
    const writer = context.graph.ir.rules.get(id)!;
    const needed = writerConditions(writer, rule.head.collection, context, seals);
    const missing = typeof needed === "string" ? needed : gatesHold(writer, needed.conditions, context);
    if (missing !== null) return missing;
  }
  return null;
}

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

/** The key columns by which a sealed input or channel is closed, in the order of its seal messages. */
export function sealKey(source: CollectionId, seals: ReadonlyMap<CollectionId, Seal | null>): readonly number[] {
  return seals.get(source)!.sources[0].key as readonly number[];
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
function isMixed(id: CollectionId, context: Context, seen = new Set<CollectionId>()): boolean {
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

function isOpenRule(rule: Rule, context: Context): boolean {
  return reads(rule).some((literal) => isOpen(context, literal));
}

/**
 * The seal that a rule's head gets from its body: undefined while a cycle's members are still
 * assumed, null when none survives. `within`: only these head columns may carry it.
 */
function ruleSeal(
  rule: Rule,
  context: Context,
  seals: ReadonlyMap<CollectionId, Seal | null>,
  consumed: boolean,
  within: readonly number[] | null = null,
): Seal | null | undefined {
  const same = equals(rule);
  const columnOf = (name: string): number =>
    rule.head.terms.findIndex(
      (term, i) =>
        (within === null || within.includes(i)) &&
        term.kind === "value" &&
        term.value.kind === "variable" &&
        same(term.value.name) === same(name),
    );
  let merged: Seal | undefined;
  for (const literal of reads(rule)) {
    if (!isOpen(context, literal)) continue;
    const seal = seals.get(literal.collection);
    if (seal === null) return null;
    if (seal === undefined) {
      continue;
    }
    const sources: SealSource[] = [];
    const columns = new Set<number>();
    for (const { source, key } of seal.sources) {
      const mapped: (number | Expr)[] = [];
      for (const part of key) {
        const term = typeof part === "number" ? literal.terms[part] : part;
        if (term === null || term.kind === "self") return null;
        if (term.kind !== "variable") {
          mapped.push(term);
          continue;
        }
        const at = columnOf(term.name);
        if (at < 0) return null;
        mapped.push(at);
        columns.add(at);
      }
      sources.push({ source, key: mapped });
    }
    const own: Seal = {
      columns: [...columns].sort((a, b) => a - b),
      sources,
      consumed: seal.consumed,
      deferred: seal.deferred,
    };
    merged = merged ? unite(merged, own) : own;
  }
  const deferred = merged?.deferred === true || rule.op === "<+" || rule.op === "<-" || rule.op === "<+-";
  if (merged === undefined) return isOpenRule(rule, context) ? undefined : { ...closedFromStart, deferred };
  return { ...merged, consumed: merged.consumed || consumed, deferred };
}

/** A channel is sealed where its declaration says so and every sender can keep it, or where seals travel along all its senders' rules. */
function channelSeal(
  id: CollectionId,
  rules: readonly Rule[],
  context: Context,
  out: Seals,
  asyncCycle: boolean,
): Seal | null {
  out.channels.delete(id);
  const { sealed, lossy } = collection(context, id);
  const byRule = context.graph.sealsInto.get(id) ?? [];
  if (lossy || (asyncCycle && sealed === null) || (rules.length === 0 && sealed === null)) return null;
  if (byRule.some((seal) => isBrokenPromise(seal, context))) return null;
  const decreed = new Set(byRule.map((seal) => seal.role));
  const senders = rules.filter((rule) => !decreed.has(rule.role));
  const stuck = senders.find((rule) => asyncCycle || out.unsealed.has(rule.id));
  for (const columns of stuck ? [] : sealed !== null ? [sealed.columns] : columnsOf(senders, context, out)) {
    const ways = senders.map((rule) => ({ rule, way: travelAlong(rule, context, out.seals, columns) }));
    const missing = ways.find(({ way }) => way === null);
    if (missing === undefined) {
      const travels = new Map<string, { parts: TravelPart[]; deferred: boolean } | null>(
        [...decreed].map((role) => [role, null]),
      );
      for (const { rule, way } of ways) {
        const known = travels.get(rule.role) ?? { parts: [], deferred: false };
        for (const part of way!.parts)
          if (!known.parts.some((each) => each.source === part.source && sameKey(each.map, part.map)))
            known.parts.push(part);
        travels.set(rule.role, { parts: known.parts, deferred: known.deferred || way!.deferred });
      }
      out.channels.set(id, { columns, travels });
      return { ...sourceItself(id, columns), consumed: ways.some(({ way }) => way!.consumed) };
    }
    if (sealed !== null) isMissing(id, missing.rule, out);
  }
  if (sealed !== null && stuck) isMissing(id, stuck, out);
  return null;
}

function isMissing(channel: CollectionId, { role, id: rule }: Rule, { missing }: Seals): void {
  if (!missing.some((each) => each.channel === channel && each.role === role)) missing.push({ channel, role, rule });
}

/** The columns by which the rules could seal a channel, each by itself: fewer first, then in the order of the columns. */
function columnsOf(rules: readonly Rule[], context: Context, out: Seals): number[][] {
  const found = new Map<string, number[]>();
  for (const rule of rules) {
    const columns = travelAlong(rule, context, out.seals, null)?.columns.sort((a, b) => a - b);
    if (columns !== undefined) found.set(columns.join(), columns);
  }
  return [...found.values()].sort((a, b) => a.length - b.length || (a.join() < b.join() ? -1 : 1));
}

/** How the seals of a sending rule's body become seals of the channel: by expressions over the source's seal values. */
function travelAlong(
  rule: Rule,
  context: Context,
  seals: ReadonlyMap<CollectionId, Seal | null>,
  wanted: readonly number[] | null,
): { columns: number[]; parts: TravelPart[]; deferred: boolean; consumed: boolean } | null {
  const { ir } = context.graph;
  const same = equals(rule);
  const parts: TravelPart[] = [];
  let columns: readonly number[] | null = wanted;
  let deferred = false;
  let consumed = false;
  let open = 0;
  for (const literal of reads(rule)) {
    if (!isOpen(context, literal)) continue;
    open++;
    const seal = seals.get(literal.collection);
    if (!seal) return null;
    deferred ||= seal.deferred;
    consumed ||= seal.consumed;
    for (const { source, key } of seal.sources) {
      const names = sealKey(source, seals).map((column) => collection(context, source).columns[column].name);
      const bySource = new Map<string, Expr>();
      for (const [i, part] of key.entries()) {
        const term = typeof part === "number" ? literal.terms[part] : part;
        // Of a literal that equates two sealed columns only the partitions in which they are equal would travel.
        if (term?.kind !== "variable" || bySource.has(same(term.name))) return null;
        bySource.set(same(term.name), { ...term, name: names[i] });
      }
      const way = forward(rule, bySource, columns, ir, same);
      if (way === null) return null;
      columns ??= way.columns;
      parts.push({ source, map: columns.map((column) => way.columns.indexOf(column)).map((at) => way.map[at]) });
    }
  }
  return open === 0 || columns === null ? null : { columns: [...columns], parts, deferred, consumed };
}

/** Head columns that are injective images of the sealed values and together determine them. */
function forward(
  rule: Rule,
  values: ReadonlyMap<string, Expr>,
  wanted: readonly number[] | null,
  ir: Context["graph"]["ir"],
  same: (name: string) => string,
): { columns: number[]; map: Expr[] } | null {
  const columns: number[] = [];
  const map: Expr[] = [];
  const covered = new Set<string>();
  const consider = (at: number, injectiveImage: boolean): void => {
    const term = rule.head.terms[at];
    if (columns.includes(at) || term.kind !== "value") return;
    const inverse = invertible(unfold(term.value, rule), ir);
    if (inverse === null || inverse.length === 0 || !inverse.every((name) => values.has(same(name)))) return;
    if ((term.value.kind !== "variable") !== injectiveImage && wanted === null) return;
    if (wanted === null && inverse.every((name) => covered.has(same(name)))) return;
    columns.push(at);
    map.push(rename(unfold(term.value, rule), values, same));
    for (const name of inverse) covered.add(same(name));
  };
  const candidates = wanted ?? rule.head.terms.map((_, i) => i);
  for (const at of candidates) consider(at, false);
  for (const at of candidates) consider(at, true);
  if (covered.size !== values.size) return null;
  if (wanted !== null && wanted.some((at) => !columns.includes(at))) return null;
  return { columns, map };
}

/** A variable bound by `x = f(y)` stands for that expression, where it is not itself read. */
function unfold(expr: Expr, rule: Rule): Expr {
  if (expr.kind !== "variable") return expr;
  const bind = rule.body.find((literal) => literal.kind === "bind" && literal.variable === expr.name);
  return bind?.kind === "bind" && bind.value.kind !== "variable" ? bind.value : expr;
}

function rename(expr: Expr, values: ReadonlyMap<string, Expr>, same: (name: string) => string): Expr {
  switch (expr.kind) {
    case "variable":
      return values.get(same(expr.name)) ?? expr;
    case "call":
      return { ...expr, args: expr.args.map((arg) => rename(arg, values, same)) };
    case "binary":
      return { ...expr, left: rename(expr.left, values, same), right: rename(expr.right, values, same) };
    case "tuple":
    case "list":
      return { ...expr, of: expr.of.map((each) => rename(each, values, same)) };
    default:
      return expr;
  }
}
