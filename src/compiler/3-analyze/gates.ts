import type { Condition } from "../analysis.ts";
import type { Rule } from "../ir.ts";
import { computableFrom, sameKey } from "./determine.ts";
import { positives } from "./graph.ts";
import type { Context } from "./points.ts";
import { isPassing } from "./points.ts";

/**
 * Whether a rule of a coordinated program waits for all these conditions: by its own gates where
 * its body persists, else by the hold on each of its passing literals. In words what is missing, or null.
 */
export function gatesHold(rule: Rule, conditions: readonly Condition[], context: Context): string | null {
  const passing = positives(rule).filter((literal) => isPassing(context, literal));
  const name = (source: string): string => `${rule.label} does not wait for ${source}`;
  if (passing.length === 0) {
    const held = (rule.gates ?? []).flatMap((gate) => gate.conditions);
    const missing = conditions.find(
      ({ source, key }) => !held.some((each) => each.source === source && sameKey(each.key, key)),
    );
    return missing ? name(missing.source) : null;
  }
  for (const literal of passing) {
    for (const { source, key } of conditions) {
      const own = key.map((expr) => computableFrom(literal, expr, rule));
      if (own.includes(null)) return name(source);
      const held = literal.hold?.conditions.some(
        (each) => each.source === source && sameKey(each.key, own as typeof key),
      );
      if (!held) return name(source);
    }
  }
  return null;
}
