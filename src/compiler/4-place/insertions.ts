import type { Analysis } from "../analysis.ts";
import type { CollectionId, Ir, Rule } from "../ir.ts";
import type { Insertion } from "../plan.ts";
import { sealKey } from "../3-analyze/seals.ts";
import { planSeals } from "./travels.ts";
import type { Decision } from "./place.ts";
import { weakSources } from "./relevant.ts";

/** What was inserted, one entry per mechanism and place: rules that wait for the same sources share it. */
export function describeInsertions(analysis: Analysis, decisions: ReadonlyMap<string, Decision>, coordinated: Ir, residual: Analysis): Insertion[] {
  const { ir } = analysis;
  const { sealed } = planSeals(coordinated, residual);
  const out = new Map<string, { insertion: Insertion; protects: string[] }>();
  const columnNames = (id: CollectionId, columns: readonly number[]): string[] => columns.map((column) => ir.collections.get(id)!.columns[column].name);
  const add = (rule: Rule, insertion: Omit<Insertion, "protects">): void => {
    const place = `${insertion.mechanism} ${insertion.role} ${insertion.at.join(" ")} ${insertion.key.join(" ")} ${insertion.mechanism === "none" ? rule.id : ""}`;
    const known = out.get(place);
    if (known) known.protects.push(rule.id);
    else out.set(place, { insertion: { ...insertion, protects: [] }, protects: [rule.id] });
  };
  for (const rule of ir.rules.values()) {
    const decision = decisions.get(rule.id);
    if (rule.allow !== null && decision?.mechanism !== "none" && weakSources(rule, ir).length > 0) {
      add(rule, { mechanism: "none", role: rule.role, at: [], key: [], producers: null, single: false, why: rule.allow.reason ?? "" });
    }
    if (decision === undefined) continue;
    if (decision.mechanism === "none") {
      add(rule, { mechanism: "none", role: rule.role, at: [], key: [], producers: null, single: false, why: decision.why });
    } else if (decision.mechanism === "order") {
      const head = ir.collections.get(rule.head.collection)!;
      const role = head.keyLength !== null ? head.role : rule.role;
      const at = [...coordinated.collections.values()].filter((each) => each.ordering?.log === `${role}.log`);
      if (at.length === 0) continue;
      add(rule, { mechanism: "order", role, at: at.map(({ id }) => id), key: columnNames(at[0].id, at[0].ordering!.by), producers: null, single: false, why: decision.why });
    } else {
      const { conditions } = analysis.inference.sealed.get(rule.id)!;
      const order = [...ir.collections.keys()];
      const sources = [...new Set(conditions.map(({ source }) => source))].sort((a, b) => order.indexOf(a) - order.indexOf(b));
      if (sources.length === 0) continue;
      const own = sources.map((source) => sealed.find((each) => each.collection === source)!);
      const producers = [...new Set(own.flatMap((each) => (each.producers.length > 0 ? each.producers : [rule.role])))];
      const key = [...new Set(sources.flatMap((source) => columnNames(source, sealKey(source, residual.inference.seals))))];
      const single = own.every((each) => each.single);
      add(rule, { mechanism: decision.mechanism as "seal" | "barrier", role: rule.role, at: sources, key, producers, single, why: decision.why });
    }
  }
  return [...out.values()].map(({ insertion, protects }) => ({ ...insertion, protects }));
}
