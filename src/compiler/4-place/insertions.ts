import type { Analysis } from "../analysis.ts";
import type { CollectionId, Rule } from "../ir.ts";
import type { Insertion } from "../plan.ts";
import { sealKey } from "../3-analyze/seal-values.ts";
import { buildGraph } from "../3-analyze/graph.ts";
import { openMarks } from "./settle.ts";
import { planSeals } from "./travels.ts";
import { rulesBehind, weakSources } from "./relevant.ts";
import { logRole, logsOf } from "./write.ts";
import { isLogging } from "./write.ts";
import type { Decided, Settled } from "./write.ts";

/** What was inserted, one entry per mechanism and place: rules that wait for the same sources share it. */
export function describeInsertions(
  analysis: Analysis,
  decided: Decided,
  { coordinated, residual, logs }: Settled,
): Insertion[] {
  const { ir } = analysis;
  const { rules: decisions, cuts } = decided;
  const graph = buildGraph(ir);
  const passing = logsOf(coordinated);
  const bySource = new Map(planSeals(coordinated, residual).sealed.map((each) => [each.collection, each]));
  const out = new Map<string, { insertion: Insertion; protects: string[] }>();
  const columnNames = (id: CollectionId, columns: readonly number[]): string[] =>
    columns.map((column) => ir.collections.get(id)!.columns[column].name);
  const add = (rule: Rule, given: Omit<Insertion, "protects" | "epochMs"> & { readonly epochMs?: number }): void => {
    const insertion = { epochMs: null, ...given };
    const place = `${insertion.mechanism} ${insertion.role} ${insertion.at.join(" ")} ${insertion.key.join(" ")} ${insertion.mechanism === "none" ? rule.id : ""}`;
    const known = out.get(place);
    if (known) known.protects.push(rule.id);
    else out.set(place, { insertion: { ...insertion, protects: [] }, protects: [rule.id] });
  };
  for (const rule of ir.rules.values()) {
    const decision = decisions.get(rule.id);
    if (rule.allow !== null && decision?.mechanism !== "none" && weakSources(rule, ir).length > 0) {
      add(rule, {
        mechanism: "none",
        role: rule.role,
        at: [],
        key: [],
        producers: null,
        single: false,
        why: rule.allow.reason ?? "",
      });
    }
    if (decision === undefined) continue;
    if (decision.mechanism === "none") {
      add(rule, {
        mechanism: "none",
        role: rule.role,
        at: [],
        key: [],
        producers: null,
        single: false,
        why: decision.why,
      });
    } else if (isLogging(decision)) {
      const at = passing.get(logs.get(rule.id)!);
      if (at === undefined) continue;
      const { by, everyMs } = coordinated.collections.get(at[0])!.ordering!;
      const place = { role: logRole(rule, ir), at, key: columnNames(at[0], by), producers: null, single: false };
      if (everyMs === undefined) add(rule, { mechanism: "order", ...place, why: decision.why });
      else {
        const why =
          decision.byEpochs === true ? decision.why : `${decision.why}; a rule that shares its log asks for epochs`;
        add(rule, { mechanism: "barrier", ...place, epochMs: everyMs, why });
      }
    } else {
      const { conditions } = analysis.inference.sealed.get(rule.id)!;
      const sources = [...new Set(conditions.map(({ source }) => source))].sort(
        (a, b) => graph.positions.get(a)! - graph.positions.get(b)!,
      );
      if (sources.length === 0) continue;
      const own = sources.map((source) => bySource.get(source)!);
      const producers = [...new Set(own.flatMap((each) => (each.producers.length > 0 ? each.producers : [rule.role])))];
      const key = [
        ...new Set(sources.flatMap((source) => columnNames(source, sealKey(source, residual.inference.seals)))),
      ];
      const single = own.every((each) => each.single);
      add(rule, {
        mechanism: decision.mechanism as "seal" | "barrier",
        role: rule.role,
        at: sources,
        key,
        producers,
        single,
        why: decision.why,
      });
    }
  }
  for (const id of cuts) {
    const behind = rulesBehind(graph, [id]);
    const { points, implied } = openMarks(residual, behind, decided);
    const { role } = ir.collections.get(id)!;
    const why = "what replicas disagree on upstream ends here, and the log here takes less than one there";
    for (const rule of [...points, ...implied])
      add(ir.rules.get(rule)!, { mechanism: "order", role, at: [id], key: [], producers: null, single: false, why });
  }
  return [...out.values()].map(({ insertion, protects }) => ({ ...insertion, protects }));
}
