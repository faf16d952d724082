import type { CollectionId, Ir, Rule, RuleId } from "../ir.ts";
import type { Label } from "../analysis.ts";
import { severities } from "../analysis.ts";
import type { LevelWord } from "../ast.ts";
import type { Graph } from "../3-analyze/graph.ts";
import { mayGiveTwoValues } from "../3-analyze/points.ts";
import { statePaths } from "../3-analyze/declared.ts";
import { reads } from "../3-analyze/graph.ts";

/** The severest label that a level tolerates (analysis.md section 1). */
const tolerated: Record<LevelWord, (typeof severities)[number]> = {
  deterministic: "Async",
  agreed: "Run",
  eventual: "Inst",
  any: "Diverge",
};

/**
 * Whether a label keeps a level's promise. Where a role is not replicated, `agreed` promises
 * nothing more (semantics B11).
 */
export function keeps(label: Label, level: LevelWord, replicated: boolean): boolean {
  if (level === "agreed" && !replicated) return true;
  return severities.indexOf(label.name) <= severities.indexOf(tolerated[level]);
}

/** Rules (and seal rules' bodies) from which facts can reach any of these collections. */
export function rulesBehind(graph: Graph, outputs: Iterable<CollectionId>): Set<RuleId> {
  const rules = new Set<RuleId>();
  const seen = new Set<CollectionId>();
  const queue = [...outputs];
  while (queue.length > 0) {
    const id = queue.pop()!;
    if (seen.has(id)) continue;
    seen.add(id);
    for (const rule of graph.into.get(id)!) {
      rules.add(rule.id);
      for (const writer of statePaths(rule, graph.rulesOf(rule.role))) rules.add(writer.id);
      for (const literal of reads(rule)) queue.push(literal.collection);
    }
    for (const seal of graph.sealsInto.get(id) ?? []) for (const literal of reads(seal)) queue.push(literal.collection);
  }
  return rules;
}

/** What a rule reads that may differ from run to run whatever the rule does: lossy channels, seals with a deadline (semantics A6), keys that a host may give two values. */
export function weakSources(rule: Rule, ir: Ir): CollectionId[] {
  return reads(rule)
    .map((literal) => literal.collection)
    .filter((id) => {
      const source = ir.collections.get(id)!;
      return source.lossy || (source.sealed !== null && source.sealed.deadlineMs !== null) || mayGiveTwoValues(source);
    });
}
