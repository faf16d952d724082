/**
 * Label inference, rule by rule and literal by literal (analysis.md section 3, semantics A2, A5, A6).
 *
 *     in \ literal   C read    C write          O read        O write      (not Rep / Rep)
 *     Async          Async     Async            Run / Inst    Run / Diverge
 *     Run            Run       Run              Run / Inst    Run / Diverge
 *     Inst           Inst      Inst / Diverge   Inst          Inst / Diverge
 *     Diverge        Diverge
 *
 * A literal is O where the rule is order-sensitive in it and neither closed partitions nor a log
 * settle the order. `Seal(k)` is Async of which, besides, the partitions are known to close.
 */
import type { Finding, Label, LabelName, Persistence } from "../analysis.ts";
import { severities } from "../analysis.ts";
import type { CollectionId, ReadLiteral, Rule, RuleId } from "../ir.ts";
import { acknowledgedIn } from "./acknowledged.ts";
import { failingIn, missedBy } from "./deadlines.ts";
import type { Failing } from "./deadlines.ts";
import { isHeld, pathLabel } from "./declared.ts";
import { positives, reads } from "./graph.ts";
import { goesToAll } from "./local.ts";
import type { Seals } from "./seal-values.ts";
import { sealKey } from "./seal-values.ts";
import { isAggregating, latticeReadsOf } from "./persistence.ts";
import { isContextual } from "../../lattices/growth.ts";
import { collection, isBrokenPromise, isOpen, isPassing, keyColumns, mayConflict, mayGiveTwoValues } from "./points.ts";
import type { Context } from "./points.ts";

export type Path = "CR" | "CW" | "OR" | "OW";

/** One cell of the table; `Seal` in counts as `Async` here. */
export function cell(input: LabelName, path: Path, replicated: boolean): LabelName {
  const open = path === "OR" || path === "OW";
  const writes = path === "CW" || path === "OW";
  switch (input) {
    case "Seal":
    case "Async":
    case "Run":
      if (!open) return input === "Seal" ? "Async" : input;
      return !replicated ? "Run" : writes ? "Diverge" : "Inst";
    case "Inst":
      return writes && replicated ? "Diverge" : "Inst";
    case "Diverge":
      return "Diverge";
  }
}

export function worse(a: LabelName, b: LabelName): LabelName {
  if (a === b) return a;
  return severities.indexOf(a) >= severities.indexOf(b) ? a : b;
}

/** Where a collection stands in a log: its name, and the columns that carry the log's key ([]: one log for all). */
export interface Place {
  readonly log: string;
  readonly key: readonly number[];
}

export type Places = ReadonlyMap<CollectionId, Place | null>;

/**
 * A collection is a function of a log when all the open ones behind it are, and every way to it
 * carries the log's key in the same columns. null when it is not; absent when static.
 */
export function inferLogs(context: Context): Places {
  const places = new Map<CollectionId, Place | null>();
  const { graph } = context;
  // Without a log nothing stands in one: what is absent here is not logged.
  if (![...graph.ir.collections.values()].some(({ ordering }) => ordering)) return places;
  for (const component of graph.components) {
    for (let changed = true; changed;) {
      changed = false;
      for (const id of component) {
        if (context.persistence.get(id) === "static") continue;
        const next = placeOf(id, context, places);
        if (next === undefined || samePlace(places.get(id), next)) continue;
        places.set(id, next);
        changed = true;
      }
      if (!graph.cyclic.has(component[0])) break;
    }
    // What changes and rests on no event (`n(v + 1) <+ n(v);`) does so with the steps of each instance, which no log places.
    for (const id of component) if (context.persistence.get(id) !== "static" && !places.has(id)) places.set(id, null);
  }
  return places;
}

function samePlace(a: Place | null | undefined, b: Place | null | undefined): boolean {
  if (!a || !b) return a === b;
  return a.log === b.log && a.key.join() === b.key.join();
}

function placeOf(id: CollectionId, context: Context, places: Places): Place | null | undefined {
  const { kind, ordering } = collection(context, id);
  if (kind === "input" || kind === "channel" || kind === "timer")
    return ordering ? { log: ordering.log, key: ordering.by } : null;
  if (places.get(id) === null) return null;
  let merged: Place | null | undefined;
  for (const rule of context.graph.into.get(id)!) {
    const place = headPlace(rule, context, places);
    if (place === undefined) continue;
    if (place === null || (merged !== undefined && !samePlace(merged, place))) return null;
    merged = place;
  }
  return merged;
}

/** Of a rule's head: undefined while a cycle's members are still open, or where all is static. */
function headPlace(rule: Rule, context: Context, places: Places): Place | null | undefined {
  // A gate opens when a seal comes, which no log places.
  if ((rule.gates?.length ?? 0) > 0 || reads(rule).some((literal) => literal.hold)) return null;
  // What is deferred and rests on no event is there from the second step of each instance on, which no log places. (Cautious for a
  // single rule: the first step is of no log, so that what one defers is there at all of them; what is deferred of that is not.)
  if (rule.op !== "<=" && reads(rule).every((literal) => !isOpen(context, literal))) return null;
  const body = bodyPlace(rule, context, places);
  if (!body) return body;
  const key = body.variables.map((name) =>
    rule.head.terms.findIndex(
      (term) => term.kind === "value" && term.value.kind === "variable" && term.value.name === name,
    ),
  );
  return key.includes(-1) ? null : { log: body.log, key };
}

/** The one log of all open literals, and the variables that carry its key in every one of them. */
function bodyPlace(
  rule: Rule,
  context: Context,
  places: Places,
): { log: string; variables: readonly string[] } | null | undefined {
  let found: { log: string; variables: readonly string[] } | undefined;
  for (const literal of reads(rule)) {
    if (!isOpen(context, literal)) continue;
    const place = places.get(literal.collection);
    if (place === undefined) continue;
    if (place === null) return null;
    const variables: string[] = [];
    for (const column of place.key) {
      const term = literal.terms[column];
      // A value that is joined is of one log with all that it is joined with.
      if (term?.kind !== "variable" || term.type.kind === "lattice") return null;
      variables.push(term.name);
    }
    if (found && (found.log !== place.log || found.variables.join() !== variables.join())) return null;
    found = { log: place.log, variables };
  }
  return found;
}

/**
 * Whether one log places everything that the rule sees, and each of its groups or keys lies in one
 * log (semantics A11). Writers of one table race with each other, so the table must stand in it too.
 */
export function isLogged(rule: Rule, context: Context, places: Places): boolean {
  const open = reads(rule).filter((literal) => isOpen(context, literal));
  if (open.some((literal) => !places.get(literal.collection))) return false;
  const body = bodyPlace(rule, context, places);
  if (!body) return false;
  const head = collection(context, rule.head.collection);
  const carries = (columns: readonly number[] | null): boolean =>
    body.variables.every((name) =>
      rule.head.terms.some(
        (term, i) =>
          (columns === null || columns.includes(i)) &&
          term.kind === "value" &&
          term.value.kind === "variable" &&
          term.value.name === name,
      ),
    );
  if (isAggregating(rule) && !carries(null)) return false;
  if (rule.path !== undefined) {
    // Each value of the gate lies in one log, and nothing that the path meets is held back on its way out of it.
    return (
      body.variables.every((name) => rule.path!.gate?.includes(name)) &&
      !reads(rule).some((literal) => isHeld(literal.collection, context))
    );
  }
  if (head.kind === "channel") return head.keyLength === null || head.unique || head.ordering !== undefined;
  if (rule.op === "<=" && head.keyLength === null && !isContextual(rule.head)) return true;
  // What a view keeps of a key's values depends on the step before, and that may be one of no log.
  if (head.kind !== "table" && mayConflict(rule, context) && open.some((literal) => isPassing(context, literal)))
    return false;
  if (!carries(keyColumns(head))) return false;
  return head.kind !== "table" || places.get(head.id)?.log === body.log;
}

export function inferLabels(
  context: Context,
  marks: ReadonlyMap<RuleId, readonly Finding[]>,
  seals: Seals,
  logs: Places,
  local: ReadonlySet<CollectionId>,
): Map<CollectionId, Label> {
  const { graph } = context;
  const failing = failingIn(graph, seals);
  const missed = missedBy(graph, seals, failing);
  const names = new Map<CollectionId, LabelName>();
  for (const component of graph.components) {
    for (const id of component) names.set(id, startingLabel(id, context, seals));
    for (let changed = true; changed;) {
      changed = false;
      for (const id of component) {
        const { kind, ordering } = collection(context, id);
        // Whatever its senders disagree on, all replicas are told the same: by a log, or since each hears everything.
        const isCommon = ordering !== undefined || hearsAll(id, context);
        let label = names.get(id)!;
        for (const rule of graph.into.get(id)!) {
          const sent = worse(ruleLabel(rule, context, names, marks, seals, logs), missed.get(rule.id) ?? "Async");
          label = worse(label, isCommon && (sent === "Inst" || sent === "Diverge") ? "Run" : sent);
        }
        if ((kind === "output" || kind === "channel") && local.has(id)) label = worse(label, localLabel(id, context));
        if (label === names.get(id)) continue;
        names.set(id, label);
        changed = true;
      }
      if (!graph.cyclic.has(component[0])) break;
    }
  }
  const labels = new Map<CollectionId, Label>();
  for (const id of graph.ir.collections.keys()) labels.set(id, shown(id, names.get(id)!, seals, failing));
  return labels;
}

/**
 * Whether what comes by this channel is in the end what all of its senders sent, together, at each replica or owner. Not
 * where a message is for one instance, may be lost to some, or each keeps the value of a key that came first; and of a
 * component nothing is known but its paths, so that the table alone says what comes of replicas that disagree.
 */
function hearsAll(id: CollectionId, context: Context): boolean {
  const { kind, role, lossy, keyLength } = collection(context, id);
  const { ir, into } = context.graph;
  if (kind !== "channel" || lossy || keyLength !== null || ir.externals.has(role)) return false;
  return into.get(id)!.every((rule) => goesToAll(rule, context));
}

/** Semantics A6: sources have a label of their own. */
function startingLabel(id: CollectionId, context: Context, seals: Seals): LabelName {
  const given = collection(context, id);
  const { lossy, role, ordering } = given;
  const { replicated } = context.graph.ir.roles.get(role)!;
  // Of two values that a host gives a key in one step one stays, in two steps both.
  if (mayGiveTwoValues(given)) return "Run";
  if (lossy && !acknowledgedIn(context.graph).channels.has(id)) return replicated && !ordering ? "Diverge" : "Run";
  const broken = (context.graph.sealsInto.get(id) ?? []).filter((seal) => isBrokenPromise(seal, context));
  if (broken.length === 0 || seals.use === "none") return "Async";
  // What a receiver itself closes, each replica closes at another time.
  return replicated && broken.some((seal) => seal.op === "<=") ? "Diverge" : "Run";
}

/** Facts of an output that stay at one instance differ for ever; a message that could not drop local-ness carries them on. */
function localLabel(id: CollectionId, context: Context): LabelName {
  return collection(context, id).kind === "output" ? "Diverge" : "Async";
}

function unmarkedLabel(rule: Rule, context: Context, names: ReadonlyMap<CollectionId, LabelName>): LabelName {
  const path: Path = collection(context, rule.head.collection).kind === "table" ? "CW" : "CR";
  const { replicated } = context.graph.ir.roles.get(rule.role)!;
  let label: LabelName = "Async";
  for (const literal of reads(rule)) {
    if (isOpen(context, literal))
      label = worse(label, cell(readLabel(literal, rule, context, names), path, replicated));
  }
  return label;
}

/** Of what the literal reads. Each instance learns at a time of its own who takes part. */
function readLabel(
  { collection: id }: ReadLiteral,
  rule: Rule,
  context: Context,
  names: ReadonlyMap<CollectionId, LabelName>,
): LabelName {
  if (collection(context, id).kind !== "nodes") return names.get(id) ?? "Async";
  return context.graph.ir.roles.get(rule.role)!.replicated ? "Inst" : "Run";
}

function ruleLabel(
  rule: Rule,
  context: Context,
  names: ReadonlyMap<CollectionId, LabelName>,
  marks: ReadonlyMap<RuleId, readonly Finding[]>,
  seals: Seals,
  logs: Places,
): LabelName {
  if (rule.path !== undefined)
    return pathLabel(rule, context, {
      names,
      isSealed: (id) => seals.sealed.has(id),
      isLogged: (each) => isLogged(each, context, logs),
    });
  const head = collection(context, rule.head.collection);
  const own = marks.get(rule.id)?.filter((mark) => mark.reason !== "local") ?? [];
  if (own.length === 0) return unmarkedLabel(rule, context, names);
  // Which of a key's values a channel keeps shows at each of its receivers by itself.
  const atReceivers = head.kind === "channel" && own.some((mark) => mark.reason === "key-conflict");
  const { roles } = context.graph.ir;
  const replicated = roles.get(rule.role)!.replicated || (atReceivers && roles.get(head.role)!.replicated);
  const sealed = seals.sealed.has(rule.id);
  const settled = sealed || isLogged(rule, context, logs);
  // A key's value that is there stays as long as it is true, in a view as well: that is state.
  const writes = head.kind === "table" || own.some((mark) => mark.reason === "key-conflict");
  const sensitive = new Set(own.flatMap((mark) => mark.sensitive));
  const races = own.length > 0 && !settled;
  // What it reads is static, and races all the same with the other writers of its head.
  let label: LabelName = races && sensitive.size === 0 ? cell("Async", writes ? "OW" : "OR", replicated) : "Async";
  // The order that a log settles on is another one in another run.
  if (own.length > 0 && settled && !sealed) label = "Run";
  rule.body.forEach((literal, i) => {
    if (literal.kind !== "read" || !isOpen(context, literal)) return;
    const open = races && (sensitive.has(i) || sensitive.size === 0);
    const path: Path = open ? (writes ? "OW" : "OR") : writes ? "CW" : "CR";
    label = worse(label, cell(readLabel(literal, rule, context, names), path, replicated));
  });
  return label;
}

function shown(id: CollectionId, name: LabelName, seals: Seals, failing: Failing): Label {
  const seal = seals.seals.get(id);
  if (
    name !== "Async" ||
    !seal ||
    seal.consumed ||
    seal.sources.length === 0 ||
    seal.sources.some(({ source }) => failing.has(source))
  )
    return { name, key: null };
  const isSource = seal.sources.length === 1 && seal.sources[0].source === id;
  return { name: "Seal", key: isSource ? sealKey(id, seals.seals) : seal.columns };
}

/**
 * A relation that still changes meets another open one: which of its states the other side meets
 * is a race, though neither passes. Reported only where nothing upstream is left to coordinate, and where the
 * rule does not wait for it anyway.
 */
export function impliedSensitive(
  rule: Rule,
  persistence: ReadonlyMap<CollectionId, Persistence>,
  isWaiting: (literal: ReadLiteral) => boolean,
): ReadLiteral[] | null {
  const open = reads(rule).filter((literal) => persistence.get(literal.collection) !== "static");
  const changes = open.some(
    (literal) => !literal.negated && persistence.get(literal.collection) === "changing" && !isWaiting(literal),
  );
  return changes && open.length > 1 ? open : null;
}

/** The same within a lattice: rows that change are joined in it, and which of their states meet shows where more than a part is looked at. */
export function impliedParts(rule: Rule, context: Context): ReadLiteral[] {
  const { combined } = latticeReadsOf(rule, context.graph);
  return positives(rule).filter(
    (literal) => context.persistence.get(literal.collection) === "changing" && combined.has(rule.body.indexOf(literal)),
  );
}
