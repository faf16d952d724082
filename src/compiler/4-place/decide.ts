/** What settles one rule: the mechanism that the source names, the one that is forced, or the first that reaches it. */
import type { Analysis, Finding } from "../analysis.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Ir, Rule, RuleId } from "../ir.ts";
import type { Insertion, MechanismName, Strategy } from "../plan.ts";
import { mechanisms } from "../../strategies/index.ts";
import { unplacedBehind } from "../../strategies/order.ts";
import { buildGraph } from "../3-analyze/graph.ts";
import type { Mechanism } from "../../strategies/index.ts";
import type { Decision } from "./write.ts";

export function force(
  rule: Rule,
  analysis: Analysis,
  decisions: Map<RuleId, Decision>,
  diagnostics: Diagnostic[],
): void {
  const { kind, by, reason, span } = rule.coordinate!;
  const marked = marksOf(rule, analysis).length > 0 || analysis.inference.implied.some((each) => each.rule === rule.id);
  if (kind === "none") {
    if (marked) decisions.set(rule.id, { mechanism: "none", byKey: null, why: reason ?? "" });
    return;
  }
  const reached = marked ? reaching(kind, rule, analysis) : "nothing in it depends on order";
  if (typeof reached === "string") {
    diagnostics.push({
      code: "DLC403",
      severity: "error",
      message: `\`@coordinate(${kind}${by ? ` by (${by.join(", ")})` : ""})\` cannot settle ${rule.label}: ${reached}`,
      file: rule.file,
      span,
      mend: "Remove the annotation to let the compiler choose, or change what the rule reads.",
    });
    return;
  }
  const byKey = kind !== "order" ? null : by === null ? false : (logFor(rule, analysis) ?? true);
  decisions.set(rule.id, {
    mechanism: reached.name,
    byKey,
    byEpochs: reached.onRequest,
    why: "chosen by hand in the source",
  });
}

/** The first mechanism of that name that reaches the rule; else why none does. */
function reaching(name: MechanismName, rule: Rule, { inference, ir }: Analysis): Mechanism | string {
  let cannot = "";
  for (const mechanism of mechanisms) {
    if (mechanism.name !== name) continue;
    const reason = mechanism.cannot(rule, inference, buildGraph(ir));
    if (reason === null) return mechanism;
    cannot ||= reason;
  }
  return cannot;
}

/** What a rule asks for by hand, and does not get: other columns, or a log of its own where another rule asks for epochs. */
export function unmet(ir: Ir, insertions: readonly Insertion[]): Diagnostic[] {
  const out: Diagnostic[] = [];
  for (const rule of ir.rules.values()) {
    if (rule.coordinate === null) continue;
    const { kind, by, span } = rule.coordinate;
    const asker = kind === "order" ? askingForEpochs(rule, insertions, ir) : undefined;
    if (asker !== undefined) {
      out.push({
        code: "DLC403",
        severity: "error",
        message: `\`@coordinate(order${by ? ` by (${by.join(", ")})` : ""})\` cannot settle ${rule.label}: it shares a log with ${asker.label}, which asks for epochs`,
        file: rule.file,
        span,
        mend: "Write `@coordinate(barrier)` before both or before neither: one log is cut in one way.",
      });
      continue;
    }
    if (!by) continue;
    const insertion = insertions.find((each) => each.mechanism === kind && each.protects.includes(rule.id));
    if (insertion === undefined || names(rule, by, insertion.key, ir)) continue;
    const can =
      insertion.key.length === 0
        ? "no column separates what it orders"
        : `it can be ${kind === "seal" ? "sealed" : "ordered"} by (${insertion.key.join(", ")})`;
    out.push({
      code: "DLC403",
      severity: "error",
      message: `\`@coordinate(${kind} by (${by.join(", ")}))\` cannot settle ${rule.label}: ${can}`,
      file: rule.file,
      span,
      mend:
        insertion.key.length === 0
          ? "Write `order` for one log of everything, or remove the annotation to let the compiler choose."
          : `Write \`${kind} by (${insertion.key.join(", ")})\`, or remove the annotation to let the compiler choose.`,
    });
  }
  return out;
}

/** The rule by which the log of this one is cut into epochs. */
function askingForEpochs(rule: Rule, insertions: readonly Insertion[], ir: Ir): Rule | undefined {
  const cut = insertions.find(({ epochMs, protects }) => epochMs !== null && protects.includes(rule.id));
  return cut?.protects.map((id) => ir.rules.get(id)!).find(({ coordinate }) => coordinate?.kind === "barrier");
}

/** Whether `by` names these columns: by their names, or by variables of the rule that stand in them. */
function names(rule: Rule, by: readonly string[], key: readonly string[], ir: Ir): boolean {
  const standsIn = (variable: string, column: string): boolean =>
    rule.body.some(
      (literal) =>
        literal.kind === "read" &&
        literal.terms.some(
          (term, i) =>
            term?.kind === "variable" &&
            term.name === variable &&
            ir.collections.get(literal.collection)!.columns[i].name === column,
        ),
    );
  return (
    by.length === key.length && key.every((column) => by.some((name) => name === column || standsIn(name, column)))
  );
}

/** The cheapest mechanism that reaches the rule; null where nothing is left to try. */
export function decide(
  rule: Rule,
  analysis: Analysis,
  tried: Decision | undefined,
  options: { readonly strategy: Strategy; readonly instead?: "order" | "free" },
  diagnostics: Diagnostic[],
): Decision | null {
  if (
    tried?.mechanism === "none" ||
    tried?.byEpochs === true ||
    (tried?.mechanism === "order" && tried.byKey === false)
  )
    return null;
  if (options.strategy === "none" || options.instead === "free") return null;
  if (tried?.mechanism === "order") return { ...tried, byKey: false };
  const { inference } = analysis;
  const isAsked = options.strategy === "barrier" || rule.coordinate?.kind === "barrier";
  if (tried?.mechanism === "barrier" && isAsked)
    return {
      ...tried,
      byEpochs: true,
      why: `the end of the stream alone leaves a race with what is ordered in ${rule.role}`,
    };
  if (options.strategy !== "auto") {
    const forced = reaching(options.strategy, rule, analysis);
    if (typeof forced !== "string")
      return tried
        ? null
        : {
            mechanism: forced.name,
            byKey: forced.name === "order" ? logFor(rule, analysis) : null,
            byEpochs: forced.onRequest,
            why: `forced by --strategy ${options.strategy}`,
          };
    if (!diagnostics.some((each) => each.code === "DLC403" && each.span === rule.span)) {
      diagnostics.push({
        code: "DLC403",
        severity: "error",
        message: `--strategy ${options.strategy} cannot settle ${rule.label}: ${forced}`,
        file: rule.file,
        span: rule.span,
        mend: "Without --strategy the compiler chooses what reaches the rule.",
      });
    }
    return null;
  }
  const graph = buildGraph(analysis.ir);
  const byKey = logFor(rule, analysis);
  if ((options.instead === "order" || tried) && unplacedBehind(rule, graph, inference.persistence) !== null)
    return null;
  if (options.instead === "order")
    return { mechanism: "order", byKey, why: "this plan puts a log here, where the rule could also wait for seals" };
  if (tried)
    return {
      mechanism: "order",
      byKey,
      why: `${tried.mechanism} alone leaves a race with what is ordered in ${rule.role}`,
    };
  const reasons: string[] = [];
  for (const mechanism of mechanisms) {
    if (mechanism.onRequest) continue;
    const cannot = mechanism.cannot(rule, inference, graph);
    if (cannot === null)
      return {
        mechanism: mechanism.name,
        byKey: mechanism.name === "order" ? byKey : null,
        why: why(mechanism.name, reasons),
      };
    if (mechanism.name === "seal") reasons.push(cannot);
  }
  return null;
}

function why(name: MechanismName, reasons: readonly string[]): string {
  if (name === "seal") return "what it reads is sealed, and all facts that it judges together lie in one partition";
  if (name === "barrier") return "what it reads is sealed as a whole stream";
  return `no seal serves it (${reasons.join("; ")})`;
}

/** What is known beforehand of a rule's log: where its gate is `*`, no column may key it. */
function logFor(rule: Rule, analysis: Analysis): Decision["byKey"] {
  return marksOf(rule, analysis).some((each) => each.reason === "opaque" && each.gate === null) ? false : null;
}

const byRule = new WeakMap<Analysis, ReadonlyMap<RuleId, readonly Finding[]>>();

function marksOf(rule: Rule, analysis: Analysis): readonly Finding[] {
  let known = byRule.get(analysis);
  if (known === undefined) {
    const marks = new Map<RuleId, Finding[]>();
    for (const each of analysis.findings) {
      const own = marks.get(each.rule);
      if (own) own.push(each);
      else marks.set(each.rule, [each]);
    }
    byRule.set(analysis, (known = marks));
  }
  return known.get(rule.id) ?? [];
}
