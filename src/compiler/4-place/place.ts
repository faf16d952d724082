/**
 * Phase 4: from each output's promise back to the rules that break it, and the cheapest way to
 * settle them (analysis.md sections 4 to 6). What is chosen is written into the program; the same
 * analysis then runs over the result, and only what it shows there is reported as reached.
 */
import type { Analysis } from "../analysis.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { RuleId } from "../ir.ts";
import type { Comparison, OtherPlan, Plan, PlanName, Profile, Strategy } from "../plan.ts";
import type { Result } from "../result.ts";
import { reinfer } from "../3-analyze/analyze.ts";
import { buildGraph } from "../3-analyze/graph.ts";
import { isLogged } from "../3-analyze/labels.ts";
import { candidateOf, candidatesOf, formOf, widened } from "./candidates.ts";
import type { Candidate } from "./candidates.ts";
import { unmet } from "./decide.ts";
import { planOutputs, reachOutputs } from "./outputs.ts";
import type { Judged } from "./outputs.ts";
import { ratesOf } from "./rates.ts";
import type { Rates } from "./rates.ts";
import { report } from "./report.ts";
import { asDecided } from "./settle.ts";
import type { Unsettled } from "./settle.ts";
import { stopsOf } from "./stops.ts";
import { planSeals } from "./travels.ts";
import { isLogging } from "./write.ts";
import type { Settled } from "./write.ts";

export { certificate } from "./certificate.ts";

export interface PlaceOptions {
  readonly strategy: Strategy;
  /** Rates that were measured; they go before declared ones. */
  readonly profile?: Profile | null;
  /** Another plan than the best. */
  readonly plan?: PlanName;
  /** Also without rates, look for the next best plans. */
  readonly compare?: boolean;
}

export function place(analysis: Analysis, options: PlaceOptions): Result<Plan> {
  const diagnostics: Diagnostic[] = [];
  const given: Unsettled = {
    analysis,
    graph: buildGraph(analysis.ir),
    before: reinfer(analysis, "none"),
    strategy: options.strategy,
  };
  const rates = ratesOf(analysis.ir, analysis.inference.persistence, options.profile ?? null);
  const decided = candidateOf(given, asDecided, rates, diagnostics);
  const plans = plansOf(given, decided, rates, options);
  const chosen = chosenOf(plans, options.plan ?? "1", analysis, diagnostics);
  const { settled, insertions } = chosen;
  const { coordinated, residual } = settled;
  const sealing = planSeals(coordinated, residual);
  const outputs = planOutputs(judged(given, chosen));
  const plan: Plan = {
    analysis,
    before: given.before,
    insertions,
    comparison: comparisonOf(given, chosen, plans, rates),
    coordinated,
    residual,
    outputs,
    sealed: sealing.sealed,
    travels: sealing.travels,
    clocks: clocksOf(settled),
  };
  diagnostics.push(...unmet(analysis.ir, insertions), ...report(plan, chosen.decided.rules, options));
  return {
    value: diagnostics.some((each) => each.severity === "error" && each.code === "DLC403") ? null : plan,
    diagnostics,
  };
}

/** Rules of a program up to which the next best plans are worked out unasked. */
const mostCompared = 300;

interface Plans {
  /** The best first. */
  readonly ranked: readonly Candidate[];
  readonly baseline: Candidate;
}

/** Blazes puts coordination in front of the offending components, whatever comes into them: that is the baseline. */
function plansOf(
  given: Unsettled,
  decided: Candidate,
  rates: Rates | null,
  { strategy, compare, plan }: PlaceOptions,
): Plans {
  const isOrdered = [...decided.decided.rules.values()].some(isLogging);
  const baseline = isOrdered && strategy === "auto" ? widened(given, decided, rates) : decided;
  const isAsked = compare === true || plan === "2" || plan === "3";
  if (strategy !== "auto" || decided.insertions.length === 0 || (rates === null && !isAsked))
    return { ranked: [decided], baseline };
  const isSmall = given.analysis.ir.rules.size <= mostCompared;
  const found = candidatesOf(given, decided, rates, isAsked || isSmall ? 2 : 0);
  // Without rates a rank says nothing of how much passes where: what is decided rule by rule stays.
  return { ranked: rates === null ? [decided, ...found.filter((each) => each !== decided)] : found, baseline };
}

function chosenOf({ ranked, baseline }: Plans, name: PlanName, { ir }: Analysis, diagnostics: Diagnostic[]): Candidate {
  const chosen = name === "baseline" ? baseline : ranked[Number(name) - 1];
  if (chosen !== undefined) return chosen;
  const [{ file }] = ir.asts;
  diagnostics.push({
    code: "DLC403",
    severity: "error",
    message: `--plan ${name}: ${ranked.length === 1 ? "there is one plan" : `there are ${ranked.length} plans`}, and the baseline`,
    file,
    span: { start: 0, end: 0 },
    mend: "`dlc explain` lists them.",
  });
  return ranked[0];
}

function judged({ analysis, before }: Unsettled, { settled, decided, insertions }: Candidate): Judged {
  return { analysis, before, residual: settled.residual, decisions: decided.rules, insertions };
}

function comparisonOf(
  given: Unsettled,
  chosen: Candidate,
  { ranked, baseline }: Plans,
  rates: Rates | null,
): Comparison {
  const { ir } = given.analysis;
  const described = (name: PlanName, other: Candidate): OtherPlan => {
    const reached = reachOutputs(judged(given, other));
    return {
      name,
      insertions: other.insertions,
      cost: other.cost,
      outputs: reached.map(({ output, after, achieved, pacelc }) => ({ output, after, achieved, pacelc })),
      stops: stopsOf(ir, other.insertions, reached),
    };
  };
  const own = described("1", chosen);
  const names: readonly PlanName[] = ["1", "2", "3"];
  return {
    rates: rates?.from ?? "none",
    assumed: rates?.assumed ?? [],
    cost: chosen.cost,
    stops: own.stops,
    baseline: baseline === chosen ? { ...own, name: "baseline" } : described("baseline", baseline),
    others: ranked
      .slice(0, names.length)
      .flatMap((each, i) => (formOf(each.insertions) === formOf(chosen.insertions) ? [] : [described(names[i], each)])),
  };
}

/** Deferred rules of a log's rules count its steps only (semantics A11). */
function clocksOf({ coordinated, residual }: Settled): Map<RuleId, string> {
  const clocks = new Map<RuleId, string>();
  const context = { graph: buildGraph(coordinated), persistence: residual.inference.persistence, timed: new Map() };
  for (const rule of coordinated.rules.values()) {
    if (rule.op !== "<+" && rule.op !== "<-" && rule.op !== "<+-") continue;
    const { places } = residual.inference;
    if (!isLogged(rule, context, places)) continue;
    const first = rule.body.find((literal) => literal.kind === "read" && places.get(literal.collection));
    if (first?.kind === "read") clocks.set(rule.id, places.get(first.collection)!.log);
  }
  return clocks;
}
