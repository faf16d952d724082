/** Which collections of a role hold facts of one step only. */
import type { CollectionId, Ir } from "../ir.ts";

/**
 * Inputs, channels and timers, and the scratches all of whose rules read one of these (through `not` is not
 * reading). The greatest such set: facts that only derive one another do not exist anyway.
 */
export function passingCollections(ir: Ir, role: string): ReadonlySet<CollectionId> {
  const passing = new Set<CollectionId>();
  for (const { id, kind } of ir.collections.values()) {
    if (kind === "input" || kind === "channel" || kind === "timer" || kind === "scratch") passing.add(id);
  }
  const rules = [...ir.rules.values()].filter(
    (rule) => rule.role === role && ir.collections.get(rule.head.collection)!.kind === "scratch",
  );
  for (let isStable = false; !isStable;) {
    isStable = true;
    for (const { head, body } of rules) {
      if (!passing.has(head.collection)) continue;
      if (body.some((literal) => literal.kind === "read" && !literal.negated && passing.has(literal.collection)))
        continue;
      passing.delete(head.collection);
      isStable = false;
    }
  }
  return passing;
}
