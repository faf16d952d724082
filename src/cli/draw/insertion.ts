/** Labels and what is inserted, in words. */
import type { Label } from "../../compiler/analysis.ts";
import type { Collection, CollectionId, Ir, Role } from "../../compiler/ir.ts";
import type { Insertion } from "../../compiler/plan.ts";
import { duration } from "../../compiler/print.ts";
import { ruleText } from "./rules.ts";

export function drawLabel(label: Label, collection: Collection | undefined): string {
  if (label.name !== "Seal") return label.name;
  return `Seal(${(label.key ?? []).map((index) => collection?.columns[index]?.name ?? index).join(", ")})`;
}

/** The role in which a collection is. */
export function roleOf(id: CollectionId, ir: Ir): Role {
  return ir.roles.get(ir.collections.get(id)!.role)!;
}

/** One line: `seal at Report.click by (campaign), votes of AdServer, for poor#1`. */
export function describe(insertion: Insertion, ir: Ir): string {
  const at = insertion.at
    .map((id) => (id.includes(".") ? id : `${insertion.role}.${id}`))
    .reduce((list, id, i, all) => (i === 0 ? id : `${list}${i === all.length - 1 ? " and" : ","} ${id}`), "");
  const key = insertion.key.length === 0 ? "" : ` by (${insertion.key.join(", ")})`;
  const rules = insertion.protects.map((rule) => ruleText(rule, ir)).join(", ");
  const where = at === "" ? `in ${insertion.role}` : `at ${at}`;
  switch (insertion.mechanism) {
    case "seal":
      return `seal ${where}${key}, ${votes(insertion)}, for ${rules}`;
    case "barrier":
      if (insertion.epochMs !== null)
        return `barrier ${where}: one log, cut into epochs of ${duration(insertion.epochMs)}, for ${rules}`;
      return `wait for the end of ${at}${key}, ${votes(insertion)}, for ${rules}`;
    case "order":
      return `order ${where}${key}: ${insertion.key.length === 0 ? "one log" : "a log for each value"}, for ${rules}`;
    case "commit":
      return `commit ${where}${key}, for ${rules}`;
    case "none":
      return `nothing for ${rules}, as the program says: ${insertion.why}`;
  }
}

function votes(insertion: Insertion): string {
  const producers = (insertion.producers ?? []).join(" and ");
  if (insertion.single) return "one producer a partition, no vote";
  return producers === "" ? "sealed by its own host" : `votes of ${producers}`;
}
