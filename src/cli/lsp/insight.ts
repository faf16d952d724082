/** What a check says of order, for hovers and inlays. */
import type { Finding, Label } from "../../compiler/analysis.ts";
import type { CollectionId, Rule } from "../../compiler/ir.ts";
import type { Insertion, Plan } from "../../compiler/plan.ts";
import type { CollectionInsight, Insight, Labels, RuleInsight } from "../../editor/insight.ts";
import { describe, drawLabel } from "../draw/insertion.ts";
import { gateWords, labelText, reasonWords } from "../draw/words.ts";

export function insightOf(plan: Plan): Insight {
  const { analysis, insertions, before, residual } = plan;
  const { ir } = analysis;
  const labelsOf = (id: CollectionId): Labels | null => {
    const was = before.labels.get(id);
    const is = labelAfter(plan, id) ?? residual.inference.labels.get(id);
    const collection = ir.collections.get(id);
    return was === undefined || is === undefined || collection === undefined
      ? null
      : {
          before: drawLabel(was, collection),
          after: drawLabel(is, collection),
          means: labelText(is.name, ir.roles.get(collection.role)!),
        };
  };
  const findings = new Map<string, Finding[]>();
  for (const finding of [...analysis.findings, ...analysis.inference.implied]) {
    if (!findings.has(finding.rule)) findings.set(finding.rule, []);
    findings.get(finding.rule)!.push(finding);
  }
  const rules = [...findings].flatMap(([id, own]): RuleInsight[] => {
    const rule: Pick<Rule, "file" | "span" | "label"> | undefined =
      ir.rules.get(id) ?? ir.seals.find((seal) => seal.id === id);
    const labels = labelsOf(own[0].head);
    if (rule === undefined || labels === null) return [];
    const used = insertions.filter((insertion) => insertion.protects.includes(id));
    const reasons = own.map((finding) => ({
      reason: finding.reason,
      why: reasonWords[finding.reason],
      gate: gateWords(finding),
    }));
    const seen = new Set<string>();
    return [
      {
        ...labels,
        path: rule.file.path,
        span: rule.span,
        label: rule.label,
        reasons: reasons.filter(({ reason, gate }) => !seen.has(`${reason} ${gate}`) && seen.add(`${reason} ${gate}`)),
        inserted: used.map((insertion) => describe(insertion, ir)),
        brief: used.map(briefly).join(" and "),
      },
    ];
  });
  const collections = [...ir.collections.values()].flatMap((one): CollectionInsight[] => {
    const labels = one.kind === "nodes" || one.kind === "timer" ? null : labelsOf(one.id);
    if (labels === null) return [];
    const inserted = insertions.filter(({ at }) => at.includes(one.id)).map((insertion) => describe(insertion, ir));
    return [{ ...labels, path: one.file.path, span: one.nameSpan, id: one.id, inserted }];
  });
  return { rules, collections };
}

/** Of an output, as the plan says it. */
function labelAfter({ outputs }: Plan, id: CollectionId): Label | undefined {
  return outputs.find(({ output }) => output === id)?.after;
}

/** `seal (campaign)`. */
function briefly({ mechanism, key, epochMs }: Insertion): string {
  const by = key.length === 0 ? "" : ` (${key.join(", ")})`;
  return mechanism === "none" ? "left as it is" : `${mechanism}${epochMs === null ? by : " by epochs"}`;
}
