import type { Label } from "../analysis.ts";
import type { CollectionId } from "../ir.ts";
import type { Plan } from "../plan.ts";

/**
 * What `coordination.json` holds: reviewable, and equal for equal programs. Lines are left out
 * on purpose, so that an edit elsewhere does not change it, but for seal rules' assumptions.
 */
export function certificate(plan: Plan): object {
  const { ir } = plan.analysis;
  const label = (of: Label, id: CollectionId): object =>
    of.name === "Seal"
      ? { label: "Seal", key: of.key!.map((column) => ir.collections.get(id)!.columns[column].name) }
      : { label: of.name };
  const { rates, cost } = plan.comparison;
  const dynamic = [...ir.roles.values()].filter((role) => role.dynamic).map(({ name }) => name);
  return {
    version: 1,
    outputs: plan.outputs.map((output) => ({
      name: output.output,
      target: output.target,
      before: label(output.before, output.output),
      after: label(output.after, output.output),
      achieved: output.achieved,
      pacelc: output.pacelc,
      assumptions: output.assumptions,
    })),
    plan: plan.insertions.map((each) => ({
      mechanism: each.mechanism,
      role: each.role,
      at: each.at,
      key: each.key,
      protects: each.protects,
      producers: each.producers,
      single: each.single,
      ...(each.epochMs !== null && { epochMs: each.epochMs }),
      why: each.why,
    })),
    ...(cost !== null && { cost: { rates, ...cost } }),
    // What their outputs promise, a newcomer's promise from when it has its state: what holds then, and what comes after.
    ...(dynamic.length > 0 && { dynamic }),
    seals: plan.sealed.map(({ collection, key, single, producers }) => ({
      collection,
      key: key.map((column) => ir.collections.get(collection)!.columns[column].name),
      single,
      producers,
    })),
  };
}
