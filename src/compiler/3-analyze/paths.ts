import type { CollectionId, ReadLiteral, Rule } from "../ir.ts";
import type { Finding } from "../analysis.ts";
import type { Context } from "./points.ts";
import { reads } from "./graph.ts";

/** More would not help a reader. */
const most = 4;

/** The nearest open sources behind the sensitive literals, each with the collections from it to the rule's body. */
export function pathsTo(context: Context, rule: Rule, sensitive: readonly ReadLiteral[]): Finding["sources"] {
  const { graph } = context;
  const found: { source: CollectionId; path: CollectionId[] }[] = [];
  const next = new Map<CollectionId, CollectionId | null>();
  const queue: CollectionId[] = [];
  const visit = (id: CollectionId, towards: CollectionId | null): void => {
    if (next.has(id) || context.persistence.get(id) === "static") return;
    next.set(id, towards);
    queue.push(id);
  };
  const literals = sensitive.length > 0 ? sensitive : reads(rule);
  for (const literal of literals) visit(literal.collection, null);
  for (let i = 0; i < queue.length && found.length < most; i++) {
    const id = queue[i];
    const rules = graph.into.get(id)!;
    if (rules.length === 0) {
      const path: CollectionId[] = [];
      for (let at: CollectionId | null = id; at !== null; at = next.get(at)!) path.push(at);
      found.push({ source: id, path });
    }
    for (const writer of rules) for (const literal of reads(writer)) visit(literal.collection, id);
  }
  return found;
}
