/**
 * How many facts a second there are of each collection: declared (`rate 5000`), measured (a profile of a run), or
 * estimated from those by what rules let through.
 */
import type { Inference, Persistence } from "../analysis.ts";
import type { Collection, CollectionId, Expr, Ir, Rule, SealRule } from "../ir.ts";
import type { Profile, RatesFrom } from "../plan.ts";
import { buildGraph, positives } from "../3-analyze/graph.ts";
import type { Graph } from "../3-analyze/graph.ts";

export interface Rates {
  readonly from: Exclude<RatesFrom, "none">;
  /** Facts a second at each instance. */
  readonly facts: ReadonlyMap<CollectionId, number>;
  /** Inputs of which neither the program nor the profile says how much comes: one fact a second. */
  readonly assumed: readonly CollectionId[];
  readonly profile: Profile | null;
}

/** null where nothing is declared and nothing was measured: mechanisms are then ranked. */
export function ratesOf(
  ir: Ir,
  persistence: ReadonlyMap<CollectionId, Persistence>,
  profile: Profile | null,
): Rates | null {
  const isDeclared = [...ir.collections.values()].some(
    ({ rate, sealed }) => rate !== undefined || (sealed !== null && sealed.everyMs !== null),
  );
  if (profile === null && !isDeclared) return null;
  const graph = buildGraph(ir);
  const facts = new Map<CollectionId, number>();
  const assumed: CollectionId[] = [];
  const known = (collection: Collection): number | undefined =>
    profile?.collections.get(collection.id)?.perSecond ?? collection.rate;
  for (const component of graph.components) {
    for (const id of component) {
      const collection = ir.collections.get(id)!;
      const rate = known(collection);
      if (rate !== undefined) facts.set(id, rate);
      else if (collection.kind === "timer") facts.set(id, 1000 / collection.periodMs!);
      else if (collection.kind === "input") {
        facts.set(id, 1);
        assumed.push(id);
      } else {
        // Of a cycle what comes into it is counted once.
        facts.set(
          id,
          graph.into.get(id)!.reduce((sum, rule) => sum + arriving(rule, graph, facts, persistence), 0),
        );
      }
    }
  }
  return { from: profile === null ? "declared" : "profiled", facts, assumed, profile };
}

/** Facts a second that one rule brings to each instance of its head's role. */
function arriving(
  rule: Rule,
  { ir }: Graph,
  facts: ReadonlyMap<CollectionId, number>,
  persistence: ReadonlyMap<CollectionId, Persistence>,
): number {
  const rate = firings(rule, facts, persistence);
  const head = ir.collections.get(rule.head.collection)!;
  if (rule.op !== "<~") return rate;
  const sent = rate * ir.roles.get(rule.role)!.count;
  const { replicated, count } = ir.roles.get(head.role)!;
  return rule.head.to?.kind === "all" || (replicated && rule.head.to?.kind === "role") ? sent : sent / count;
}

/** Valuations a second of a body at one instance: a passing fact is counted once, and else every fact that is new. */
function firings(
  rule: Pick<Rule, "body">,
  facts: ReadonlyMap<CollectionId, number>,
  persistence: ReadonlyMap<CollectionId, Persistence>,
): number {
  const open = positives(rule)
    .map(({ collection }) => collection)
    .filter((id) => persistence.get(id) !== "static");
  const passing = open.filter((id) => persistence.get(id) === "passing");
  const of = (id: CollectionId): number => facts.get(id) ?? (passing.length > 0 ? Infinity : 0);
  const least = Math.min(...passing.map(of));
  if (passing.length > 0) return least === Infinity ? 0 : least;
  return [...new Set(open)].reduce((sum, id) => sum + of(id), 0);
}

/** Partitions of a sealed collection that end in a second. */
export function partitionsOf(
  id: CollectionId,
  ir: Ir,
  { channels }: Inference,
  rates: Rates,
  seen = new Set<CollectionId>(),
): number {
  const { sealed } = ir.collections.get(id)!;
  const measured = rates.profile?.collections.get(id)?.partitionsPerSecond;
  if (measured !== undefined && measured !== null) return measured;
  if (sealed !== null && sealed.everyMs !== null) return 1000 / sealed.everyMs;
  if (seen.has(id)) return 0;
  seen.add(id);
  const ways = [...(channels.get(id)?.travels ?? [])];
  // A promise that says nothing of its partitions: one a second, and none where only the end of the stream is promised.
  if (ways.length === 0) return sealed === null || sealed.columns.length === 0 ? 0 : 1;
  return Math.max(
    ...ways.map(([role, way]) =>
      way === null
        ? sealings(ir.seals, role, id, rates)
        : Math.max(
            0,
            ...way.parts.map(({ source, map }) =>
              isConstant(map) ? 0 : partitionsOf(source, ir, { channels } as Inference, rates, seen),
            ),
          ),
    ),
  );
}

function isConstant(map: readonly Expr[]): boolean {
  return map.length === 0;
}

/** Seals a second that a role's seal rules give. */
function sealings(seals: readonly SealRule[], role: string, target: CollectionId, { facts }: Rates): number {
  const rules = seals.filter((seal) => seal.role === role && seal.target === target);
  return rules.reduce(
    (sum, seal) =>
      sum + positives(seal).reduce((least, { collection }) => Math.min(least, facts.get(collection) ?? 1), Infinity),
    0,
  );
}
