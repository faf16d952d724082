/** What `check` says about order and coordination: DLC3xx per finding, DLC4xx per output and channel. */
import type { Finding, Reason } from "../analysis.ts";
import type { Code } from "../diagnostics/codes.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { SourceFile, Span } from "../ast.ts";
import type { Ir, Literal, ReadLiteral, Rule, RuleId, SealRule } from "../ir.ts";
import type { Insertion, Plan } from "../plan.ts";
import { printPath } from "../print.ts";
import { buildGraph, reads } from "../3-analyze/graph.ts";
import { opaqueAggregates } from "../3-analyze/imported.ts";
import { mayGiveTwoValues } from "../3-analyze/points.ts";
import type { PlaceOptions } from "./place.ts";
import type { Decision } from "./write.ts";
import { lateSeals } from "./outputs.ts";
import { rulesBehind, weakSources } from "./relevant.ts";
import { acrossPartitions } from "./partitions.ts";

export const codeOf: Record<Reason, Code> = {
  negation: "DLC301",
  aggregate: "DLC302",
  rendezvous: "DLC303",
  deletion: "DLC304",
  upsert: "DLC305",
  "key-conflict": "DLC306",
  reveal: "DLC307",
  choice: "DLC308",
  opaque: "DLC309",
  local: "DLC310",
  promise: "DLC311",
};

export function report(plan: Plan, decisions: ReadonlyMap<string, Decision>, options: PlaceOptions): Diagnostic[] {
  return [
    ...findings(plan, decisions),
    ...channels(plan),
    ...levels(plan, options),
    ...allowances(plan.analysis.ir),
    ...acrossPartitions(plan.analysis.ir),
  ];
}

function findings(plan: Plan, decisions: ReadonlyMap<string, Decision>): Diagnostic[] {
  const { analysis, insertions } = plan;
  const graph = buildGraph(analysis.ir);
  const promising = [...analysis.ir.collections.values()]
    .filter(({ kind, level }) => kind === "output" && level !== "any")
    .map(({ id }) => id);
  const relevant = rulesBehind(graph, promising);
  const byRule = new Map<RuleId, Insertion>();
  for (const insertion of insertions.toReversed()) for (const id of insertion.protects) byRule.set(id, insertion);
  return analysis.findings.map((finding) => {
    const rule = analysis.ir.rules.get(finding.rule);
    const insertion = byRule.get(finding.rule);
    const trusted = decisions.get(finding.rule)?.mechanism === "none";
    const matters = finding.reason === "promise" || relevant.has(finding.rule);
    const literal = rule && finding.sensitive.length > 0 ? rule.body[finding.sensitive[0]] : undefined;
    return {
      code: trusted ? "DLC406" : codeOf[finding.reason],
      severity: trusted || !matters ? "note" : "warning",
      message: `${describe(finding, plan)}${outcome(finding, insertion, trusted, matters)}`,
      file: finding.file,
      span: finding.span,
      ...(literal && rule && { cause: causeOf(finding, rule, literal, analysis.ir) }),
      mend: insertion && !trusted ? undefined : finding.rewrites[0],
    } satisfies Diagnostic;
  });
}

function causeOf(finding: Finding, rule: Rule, literal: Literal, ir: Ir): NonNullable<Diagnostic["cause"]> {
  const source = finding.sources[0];
  const way = source !== undefined && source.path.length > 1 ? ` (${source.path.join(" -> ")})` : "";
  if (rule.path !== undefined) {
    // Of a path nothing is written but its ends.
    const { id, file, nameSpan } = ir.collections.get((literal as ReadLiteral).collection)!;
    return {
      file,
      span: nameSpan,
      label: `the order of ${id}${source === undefined ? "" : `, which comes from ${source.source}${way}`}`,
    };
  }
  const changes =
    source !== undefined && ir.collections.get(source.source)!.kind === "nodes"
      ? ", which changes with the members"
      : "";
  const label =
    source === undefined
      ? "what it reads here can still change"
      : `what it reads here comes from ${source.source}${way}${changes}`;
  return { file: rule.file, span: literal.span, label };
}

/** Its label; where copies of a module have rules of the same text, with its role. */
function nameOf(id: RuleId, ir: Ir): string {
  const rule = ir.rules.get(id) ?? ir.seals.find((seal) => seal.id === id);
  if (rule === undefined) return id.slice(id.indexOf("/") + 1);
  return copiesOf(rule, ir) > 1 ? `${rule.label} of ${rule.role}` : rule.label;
}

const written = new WeakMap<Ir, ReadonlyMap<SourceFile, ReadonlyMap<Span, number>>>();

/** Rules of the same text, itself included. */
function copiesOf({ file, span }: Rule | SealRule, ir: Ir): number {
  let known = written.get(ir);
  if (known === undefined) {
    const count = new Map<SourceFile, Map<Span, number>>();
    for (const each of [...ir.rules.values(), ...ir.seals]) {
      const spans = count.get(each.file) ?? new Map<Span, number>();
      spans.set(each.span, (spans.get(each.span) ?? 0) + 1);
      count.set(each.file, spans);
    }
    written.set(ir, (known = count));
  }
  return known.get(file)?.get(span) ?? 0;
}

function describe(finding: Finding, plan: Plan): string {
  const { ir } = plan.analysis;
  const rule = ir.rules.get(finding.rule);
  const label = nameOf(finding.rule, ir);
  const gate =
    finding.gate === null
      ? ""
      : finding.gate.length === 0
        ? " over all values at once"
        : ` per (${finding.gate.join(", ")})`;
  switch (finding.reason) {
    case "negation":
      return `${label} depends on the order of messages: it tests${gate} that a fact is absent which may still come`;
    case "aggregate":
      return `${label} depends on the order of messages: it aggregates${gate} over facts that may still come`;
    case "rendezvous":
      return `${label} depends on the order of messages: an event meets${gate} facts that may come later`;
    case "deletion":
      return `${label} depends on the order of messages: its deletion races${gate} with other writes or reads of ${finding.head}`;
    case "upsert":
      return `${label} depends on the order of messages: its overwrite races${gate} with other writes or reads of ${finding.head}`;
    case "key-conflict":
      return `${label} depends on the order of messages: a key of ${finding.head} may get two values, and the first one stays`;
    case "reveal":
      return `${label} depends on the order of messages: it reads a plain value out of a lattice that may still grow`;
    case "choice":
      return `${label} shows when a timer fired`;
    case "opaque": {
      if (rule?.path !== undefined)
        return `${label} depends on the order of messages: ${rule.role} declares \`${printPath(rule, ir)}\``;
      const aggregates = rule === undefined ? [] : opaqueAggregates(rule, ir);
      const hands =
        aggregates.length > 0
          ? `groups that may still grow to ${aggregates.join(" and ")}`
          : "a lattice value that may still grow to an imported function";
      return `${label} depends on the order of messages: it hands ${hands}, of which no claim says how its result follows them`;
    }
    case "local":
      return `${finding.head} differs between replicas for ever: ${label} derives it from facts that stay at one instance`;
    case "promise":
      return `${label} can run ahead of the facts that it seals`;
  }
}

function outcome(finding: Finding, insertion: Insertion | undefined, trusted: boolean, matters: boolean): string {
  if (trusted) return `; trusted: ${insertion?.why ?? ""}`;
  if (insertion) {
    const key = insertion.key.length > 0 ? ` by (${insertion.key.join(", ")})` : "";
    const at = insertion.at.reduce(
      (list, id, i, all) => (i === 0 ? id : `${list}${i === all.length - 1 ? " and" : ","} ${id}`),
      "",
    );
    if (insertion.mechanism === "seal") return `; coordinated: it waits for the seal of ${at}${key}`;
    if (insertion.epochMs !== null)
      return `; coordinated: ${at} ${insertion.at.length > 1 ? "pass" : "passes"} through a log that is cut into epochs`;
    if (insertion.mechanism === "barrier") return `; coordinated: it waits for the end of ${at}`;
    return `; coordinated: ${at} ${insertion.at.length > 1 ? "pass" : "passes"} through a log${key}`;
  }
  if (!matters) return "; no promise of an output depends on it";
  return finding.reason === "local" || finding.reason === "promise" ? "" : "; not coordinated";
}

function channels(plan: Plan): Diagnostic[] {
  const { ir, unsealable } = plan.analysis;
  return unsealable.map(({ channel, rule }) => {
    const target = ir.collections.get(channel)!;
    const sender = ir.rules.get(rule)!;
    return {
      code: "DLC404",
      severity: "error",
      message: `${channel} is declared sealed, but no seal travels along ${sender.label} of ${sender.role}, and ${sender.role} has no seal rule for it`,
      file: sender.file,
      span: sender.span,
      cause: { file: target.file, span: target.sealed!.span, label: "the promise" },
      mend: `Seal what ${sender.label} reads by the same key, or add \`seal ${channel}(…) <~ …;\` to ${sender.role}.`,
    };
  });
}

function levels(plan: Plan, options: PlaceOptions): Diagnostic[] {
  const { ir } = plan.analysis;
  const out: Diagnostic[] = [];
  const byDefault: string[] = [];
  /** Those whose facts depend on who joins when. */
  const byMembers: string[] = [];
  for (const output of plan.outputs) {
    if (output.achieved !== false) continue;
    const { strict, file, nameSpan, span } = ir.collections.get(output.output)!;
    const written = /\bdeterministic\b/.test(file.text.slice(nameSpan.end, span.end));
    // Semantics B10: a default level missed only for want of a seal is said once per program, as a note.
    if (
      !strict &&
      output.target === "deterministic" &&
      output.after.name === "Run" &&
      !written &&
      options.strategy === "auto"
    ) {
      (output.assumptions.some((each) => each.startsWith(lateSeals)) ? byMembers : byDefault).push(output.output);
      continue;
    }
    out.push({
      code: "DLC401",
      severity: strict ? "error" : "warning",
      message: `${output.output} promises ${output.target}, and reaches only ${output.after.name}`,
      file,
      span: nameSpan,
      mend: "`dlc explain` names the rules that stand in the way and what each would need.",
    });
  }
  const perRun = (outputs: readonly string[], why: string, mend: string): void => {
    if (outputs.length === 0) return;
    const { file, nameSpan, role } = ir.collections.get(outputs[0])!;
    const replicas = ir.roles.get(role)!.replicated ? " (replicas of one run agree)" : "";
    out.push({
      code: "DLC402",
      severity: "note",
      message: `${outputs.join(", ")} may differ from run to run${replicas}: ${why}`,
      file,
      span: nameSpan,
      mend,
    });
  };
  const behind = [...rulesBehind(buildGraph(ir), byDefault)].flatMap((id) => reads(ir.rules.get(id) ?? { body: [] }));
  const keyed = [...new Set(behind.map((literal) => literal.collection))].filter((id) =>
    mayGiveTwoValues(ir.collections.get(id)!),
  );
  if (keyed.length > 0) {
    const hosts = keyed.length > 1 ? "their hosts never give" : "its host never gives";
    const mend = `Promise \`unique\` after the columns of ${keyed.join(", ")}, if ${hosts} a key two values, or declare the output \`agreed\`.`;
    perRun(byDefault, `of two values for a key of ${keyed.join(", ")} in one step one is left out`, mend);
  } else {
    perRun(
      byDefault,
      `no seal says when the facts behind ${byDefault.length > 1 ? "them" : "it"} are complete`,
      "Declare `sealed by (…)` on the inputs behind it, if their producers know when a partition is complete, or declare the output `agreed`.",
    );
  }
  const dynamic = [...ir.roles.values()].flatMap(({ name, dynamic: changes }) => (changes ? [name] : []));
  perRun(
    byMembers,
    `who seals the facts behind ${byMembers.length > 1 ? "them" : "it"} is settled anew in each, since members may join`,
    `Declare the output \`agreed\`, or fix the members: --dynamic without ${dynamic.join(", ")}.`,
  );
  return out;
}

function allowances(ir: Ir): Diagnostic[] {
  return [...ir.rules.values()]
    .filter((rule) => rule.allow !== null && weakSources(rule, ir).length === 0)
    .map((rule) => ({
      code: "DLC408",
      severity: "warning",
      message: `${nameOf(rule.id, ir)} reads no lossy channel, none whose seals have a deadline, and no input with a key that is not \`unique\`, so that there is nothing to allow`,
      file: rule.file,
      span: rule.allow!.span,
      mend: "Put it before the rule that reads the weak channel, or remove it.",
    }));
}
