/**
 * `order`, `order by (k)`, and `barrier` by epochs: the sources of nondeterminism behind the ordered rules of a role pass
 * through one log, so that every replica takes them in that order, in the same steps (analysis.md
 * section 4, semantics A11). Written into the program as an ordering on those sources. Within a step order says nothing,
 * so that epochs are a log of which each step takes what came in a fixed time.
 */
import type { Persistence } from "../compiler/analysis.ts";
import type { Collection, CollectionId, ReadLiteral, Rule } from "../compiler/ir.ts";
import type { Graph } from "../compiler/3-analyze/graph.ts";
import { reads } from "../compiler/3-analyze/graph.ts";
import { isContextual } from "../lattices/growth.ts";

/** How long an epoch is, unless the deployment says otherwise. */
export const epochMs = 100;

/** What one log must carry, and the rules that must agree on its key. */
export interface Region {
  readonly role: string;
  readonly log: string;
  readonly sources: readonly CollectionId[];
  readonly rules: readonly Rule[];
  readonly collections: ReadonlySet<CollectionId>;
}

/** Everything of the role behind the ordered rules: also all other writers of the tables they write. */
export function regionOf(
  role: string,
  ordered: readonly Rule[],
  graph: Graph,
  persistence: ReadonlyMap<CollectionId, Persistence>,
): Region {
  const sources = new Set<CollectionId>();
  const rules = new Set<Rule>();
  const collections = new Set<CollectionId>();
  const queue: CollectionId[] = [];
  const addRule = (rule: Rule): void => {
    if (rules.has(rule)) return;
    rules.add(rule);
    for (const literal of reads(rule))
      if (persistence.get(literal.collection) !== "static") queue.push(literal.collection);
  };
  for (const rule of ordered) {
    addRule(rule);
    const head = graph.ir.collections.get(rule.head.collection)!;
    // A keyed channel takes its values in the order of the receiver's log.
    if (head.role === role && (head.kind === "table" || head.keyLength !== null)) queue.push(head.id);
  }
  while (queue.length > 0) {
    const id = queue.pop()!;
    const { kind, role: owner } = graph.ir.collections.get(id)!;
    if (collections.has(id) || owner !== role) continue;
    collections.add(id);
    if (kind === "input" || kind === "channel" || kind === "timer") sources.add(id);
    else for (const rule of graph.into.get(id)!) addRule(rule);
  }
  const inOrder = [...sources].sort((a, b) => graph.positions.get(a)! - graph.positions.get(b)!);
  return { role, log: `${role}.log`, sources: inOrder, rules: [...rules], collections };
}

/** What the rule rests on in its role and no event brings, so that no log has a place for it: a sentence without its final stop; null: nothing. */
export function unplacedBehind(
  rule: Rule,
  graph: Graph,
  persistence: ReadonlyMap<CollectionId, Persistence>,
): string | null {
  // A keyed channel takes its values by a log of the receiver, which stands in the order of what comes.
  const isForKey = rule.op === "<~" && graph.ir.collections.get(rule.head.collection)!.keyLength !== null;
  for (const { label, op, body } of regionOf(rule.role, [rule], graph, persistence).rules) {
    const open = reads({ body }).filter(({ collection: id }) => persistence.get(id) !== "static");
    const members = open.find(({ collection: id }) => graph.ir.collections.get(id)!.kind === "nodes");
    if (members !== undefined) return `${members.collection} changes with the members, and no log has a place for that`;
    if (op !== "<=" && op !== "<~" && open.length === 0 && !isForKey)
      return `${label} defers facts of the program to the second step of an instance, and no log has a place for that`;
  }
  return null;
}

/**
 * Ordered rules of a role that share nothing behind them need no common order: each group its own log, named after its
 * first source where there are several.
 */
export function regionsOf(
  role: string,
  ordered: readonly Rule[],
  graph: Graph,
  persistence: ReadonlyMap<CollectionId, Persistence>,
): { region: Region; ordered: readonly Rule[] }[] {
  const whole = regionOf(role, ordered, graph, persistence);
  const groups = new Map<CollectionId, CollectionId>();
  const rootOf = (id: CollectionId): CollectionId => {
    let root = id;
    for (let up = groups.get(root); up !== undefined && up !== root; up = groups.get(root)) root = up;
    groups.set(id, root);
    return root;
  };
  const joined = (rule: Rule): CollectionId[] =>
    [...reads(rule).map(({ collection }) => collection), rule.head.collection].filter((id) =>
      whole.collections.has(id),
    );
  for (const rule of whole.rules) {
    const [first, ...rest] = joined(rule);
    for (const id of rest) groups.set(rootOf(id), rootOf(first));
  }
  const byRoot = new Map<CollectionId | null, Rule[]>();
  for (const rule of ordered) {
    const [first] = joined(rule);
    const root = first === undefined ? null : rootOf(first);
    byRoot.set(root, [...(byRoot.get(root) ?? []), rule]);
  }
  if (byRoot.size <= 1) return [{ region: whole, ordered }];
  return [...byRoot.values()].map((group) => {
    const region = regionOf(role, group, graph, persistence);
    return {
      region: { ...region, log: region.sources.length > 0 ? `${region.sources[0]}.log` : region.log },
      ordered: group,
    };
  });
}

/**
 * The columns that may key the log, per collection of the region: those that, in every rule of it,
 * all open literals and the head carry in one variable, so that one event has one gate value.
 * null where there are none, so one log must serve all.
 */
export function logKey(
  region: Region,
  ordered: readonly Rule[],
  graph: Graph,
  persistence: ReadonlyMap<CollectionId, Persistence>,
): ReadonlyMap<CollectionId, readonly number[]> | null {
  const first = ordered[0];
  const [lead] = openReads(first, persistence);
  if (lead === undefined || region.sources.some((id) => graph.ir.collections.get(id)!.kind === "timer")) return null;
  // Deferred facts of rules without an event would have to count the steps of every log at once.
  const counts = (rule: Rule): boolean =>
    (rule.op === "<+" || rule.op === "<-" || rule.op === "<+-") &&
    !reads(rule).some((literal) => !literal.negated && persistence.get(literal.collection) === "passing");
  if (region.rules.some(counts)) return null;
  // A recursion that events take part in is derived anew in each step, so of all logs at once.
  if ([...region.collections].some((id) => graph.cyclic.has(id) && persistence.get(id) === "passing")) return null;
  const found: Map<CollectionId, number>[] = [];
  for (const [column, term] of lead.terms.entries()) {
    // Values of one key that are joined must not lie in several logs.
    if (term?.kind !== "variable" || term.type.kind === "lattice") continue;
    const assigned = propagate(region, lead.collection, column, graph, persistence);
    if (assigned && ordered.every((rule) => keepsKey(rule, assigned, graph, persistence))) found.push(assigned);
  }
  if (found.length === 0) return null;
  return new Map(
    [...region.collections]
      .filter((id) => found.every((each) => each.has(id)))
      .map((id) => [id, found.map((each) => each.get(id)!)]),
  );
}

function openReads(rule: Rule, persistence: ReadonlyMap<CollectionId, Persistence>): ReadLiteral[] {
  return reads(rule).filter((literal) => persistence.get(literal.collection) !== "static");
}

/** One key column per collection of the region, starting from one; null when some rule breaks it. */
function propagate(
  region: Region,
  start: CollectionId,
  column: number,
  graph: Graph,
  persistence: ReadonlyMap<CollectionId, Persistence>,
): Map<CollectionId, number> | null {
  const assigned = new Map<CollectionId, number>([[start, column]]);
  for (let grew = true; grew;) {
    grew = false;
    for (const rule of region.rules) {
      const open = openReads(rule, persistence);
      const name = keyVariable(rule, open, assigned, region, graph);
      if (name === undefined) continue;
      if (name === null) return null;
      for (const literal of open) {
        const at = literal.terms.findIndex((term) => term?.kind === "variable" && term.name === name);
        if (at < 0) return null;
        if (!assigned.has(literal.collection)) {
          assigned.set(literal.collection, at);
          grew = true;
        }
        const fixed = literal.terms[assigned.get(literal.collection)!];
        if (fixed?.kind !== "variable" || fixed.name !== name) return null;
      }
      const head = rule.head.collection;
      if (!region.collections.has(head)) continue;
      const at = rule.head.terms.findIndex(
        (term) => term.kind === "value" && term.value.kind === "variable" && term.value.name === name,
      );
      if (at < 0) return null;
      if (!assigned.has(head)) {
        assigned.set(head, at);
        grew = true;
      }
      const fixed = rule.head.terms[assigned.get(head)!];
      if (fixed.kind !== "value" || fixed.value.kind !== "variable" || fixed.value.name !== name) return null;
    }
  }
  return [...region.collections].every(
    (id) => assigned.has(id) && graph.ir.collections.get(id)!.columns[assigned.get(id)!].type.kind !== "lattice",
  )
    ? assigned
    : null;
}

/** The variable that carries the key in this rule: undefined while unknown, null when it is no variable. */
function keyVariable(
  rule: Rule,
  open: readonly ReadLiteral[],
  assigned: ReadonlyMap<CollectionId, number>,
  region: Region,
  graph: Graph,
): string | null | undefined {
  for (const literal of open) {
    const at = assigned.get(literal.collection);
    if (at === undefined) continue;
    const term = literal.terms[at];
    return term?.kind === "variable" ? term.name : null;
  }
  const at = region.collections.has(rule.head.collection) ? assigned.get(rule.head.collection) : undefined;
  if (at === undefined || graph.ir.collections.get(rule.head.collection)!.kind === "channel") return undefined;
  const term = rule.head.terms[at];
  return term.kind === "value" && term.value.kind === "variable" ? term.value.name : null;
}

/** The ordered rule's own group or key must carry the log's key, so that one group lies in one log. */
function keepsKey(
  rule: Rule,
  assigned: ReadonlyMap<CollectionId, number>,
  graph: Graph,
  persistence: ReadonlyMap<CollectionId, Persistence>,
): boolean {
  const names = openReads(rule, persistence).map((literal) => {
    const term = literal.terms[assigned.get(literal.collection) ?? -1];
    return term?.kind === "variable" ? term.name : null;
  });
  if (names.length === 0 || names.some((name) => name === null || name !== names[0])) return false;
  if (rule.path !== undefined) return rule.path.gate?.includes(names[0]!) ?? false;
  const head = graph.ir.collections.get(rule.head.collection)!;
  const { keyLength } = head;
  const grouped = rule.having.length > 0 || rule.head.terms.some((term) => term.kind === "aggregate");
  if (!grouped && keyLength === null && !isContextual(rule.head)) return true;
  const terms =
    keyLength === null
      ? rule.head.terms.filter((_, i) => head.columns[i].type.kind !== "lattice")
      : rule.head.terms.slice(0, keyLength);
  return terms.some((term) => term.kind === "value" && term.value.kind === "variable" && term.value.name === names[0]);
}

/** Puts the sources into the log. */
export function insertLog(
  collections: Map<CollectionId, Collection>,
  { sources, log }: Pick<Region, "sources" | "log">,
  how: { readonly key: ReadonlyMap<CollectionId, readonly number[]> | null; readonly byEpochs: boolean },
): void {
  for (const id of sources) {
    const ordering = { log, by: how.key?.get(id) ?? [], ...(how.byEpochs && { everyMs: epochMs }) };
    collections.set(id, { ...collections.get(id)!, ordering });
  }
}
