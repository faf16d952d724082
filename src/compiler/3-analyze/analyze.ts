import type { Analysis, Finding, Inference, SealUse } from "../analysis.ts";
import type { CollectionId, Ir, ReadLiteral, RuleId } from "../ir.ts";
import type { Graph } from "./graph.ts";
import { buildGraph, positives, reads } from "./graph.ts";
import { impliedParts, impliedSensitive, inferLabels, inferLogs, isLogged } from "./labels.ts";
import { isAcknowledged, isCollected, isRepeat } from "./exemptions.ts";
import { findLocal, localFindings } from "./local.ts";
import { inferPersistence } from "./persistence.ts";
import type { Context } from "./points.ts";
import { asOpaque, collection, finding, findPoints, isBrokenPromise, joinGate, plainVariables } from "./points.ts";
import type { Seals } from "./seal-values.ts";
import { inferSeals } from "./seals.ts";
import { pathsTo } from "./paths.ts";

const contexts = new WeakMap<Graph, Context>();

/** Nothing coordinated. Made once per graph. */
function rawContext(graph: Graph): Context {
  let context = contexts.get(graph);
  if (context === undefined) contexts.set(graph, (context = contextOf(graph, new Set())));
  return context;
}

/**
 * Phase 3: what marks each rule, and the label of every collection under one use of its seals:
 * none of them, all that are promised, or (of a coordinated program) those that gates wait for.
 */
export function analyze(ir: Ir, use: SealUse = "promised"): Analysis {
  const graph = buildGraph(ir);
  const context = rawContext(graph);
  const points = findPoints(context);
  const { inference, missing } = infer(graph, context, points, use);
  const locals = localFindings(context, inference.local);
  const promises = promiseFindings(context);
  const order = new Map(graph.rules.map((rule, i) => [rule.id, i]));
  const named = points.map((each) => asOpaque(each, context, inference.sealed));
  const findings = [...named, ...locals, ...promises].sort(
    (a, b) => (order.get(a.rule) ?? Infinity) - (order.get(b.rule) ?? Infinity),
  );
  return { ir, findings, unsealable: missing, inference };
}

/** The same program's labels under another use of its seals, without finding its points again. */
export function reinfer(analysis: Analysis, use: SealUse): Inference {
  const graph = buildGraph(analysis.ir);
  const points = analysis.findings.filter((each) => each.reason !== "local" && each.reason !== "promise");
  return infer(graph, rawContext(graph), points, use).inference;
}

function contextOf(graph: Graph, sealed: { has(id: RuleId): boolean }): Context {
  const persistence = inferPersistence(graph, sealed);
  return { graph, persistence, timed: timersOnly(graph, persistence) };
}

/** Passing collections all of whose events are timers, each with those. */
function timersOnly(graph: Graph, persistence: Context["persistence"]): Map<CollectionId, Set<CollectionId>> {
  const timed = new Map<CollectionId, Set<CollectionId>>();
  for (const component of graph.components) {
    for (const id of component) {
      const { kind } = graph.ir.collections.get(id)!;
      if (kind === "timer") timed.set(id, new Set([id]));
      if (kind !== "scratch" || persistence.get(id) !== "passing" || graph.cyclic.has(id)) continue;
      const rules = graph.into.get(id)!;
      const only = rules.every(
        (rule) =>
          rule.op === "<=" &&
          positives(rule).every(
            (literal) => persistence.get(literal.collection) !== "passing" || timed.has(literal.collection),
          ),
      );
      if (only)
        timed.set(
          id,
          new Set(
            rules.flatMap((rule) => positives(rule).flatMap((literal) => [...(timed.get(literal.collection) ?? [])])),
          ),
        );
    }
  }
  return timed;
}

function infer(
  graph: Graph,
  raw: Context,
  points: readonly Finding[],
  use: SealUse,
): { inference: Inference; missing: Seals["missing"] } {
  let implied: Finding[] = [];
  let seals = inferSeals(raw, byRule(points), use);
  const settled = (): Context => (seals.sealed.size === 0 ? raw : contextOf(graph, seals.sealed));
  let context = settled();
  // Sealing a rule can leave a race downstream that only now counts, and a rule that then cannot
  // be sealed takes the seals from what follows it: until nothing changes.
  for (let round = 0; round < 4; round++) {
    const next = impliedFindings(graph, context, points);
    if (next.length === implied.length) break;
    implied = next;
    seals = inferSeals(raw, byRule([...points, ...implied]), use);
    context = settled();
  }
  const places = inferLogs(context);
  const marks = byRule([...points, ...implied]);
  const unsettled = new Set(
    [...marks.keys()].filter((id) => !seals.sealed.has(id) && !isLogged(graph.ir.rules.get(id)!, context, places)),
  );
  const local = findLocal(context, unsettled);
  const labels = inferLabels(context, marks, seals, places, local);
  const inference: Inference = {
    use,
    persistence: context.persistence,
    seals: seals.seals,
    channels: seals.channels,
    sealed: seals.sealed,
    unsealed: seals.unsealed,
    implied,
    labels,
    places,
    local,
  };
  return { inference, missing: seals.missing };
}

function byRule(findings: readonly Finding[]): Map<RuleId, Finding[]> {
  const out = new Map<RuleId, Finding[]>();
  for (const each of findings) {
    const list = out.get(each.rule);
    if (list) list.push(each);
    else out.set(each.rule, [each]);
  }
  return out;
}

function impliedFindings(graph: Graph, context: Context, points: readonly Finding[]): Finding[] {
  // What is aggregated or met already waits with its mark.
  const waiting = byRule(
    points.filter(({ reason }) => reason === "rendezvous" || reason === "aggregate" || reason === "opaque"),
  );
  const found: Finding[] = [];
  for (const rule of graph.rules) {
    if (
      rule.path !== undefined ||
      isRepeat(rule, context) ||
      isCollected(rule, context) ||
      isAcknowledged(rule, context)
    )
      continue;
    const marks = waiting.get(rule.id) ?? [];
    const isWaiting = (literal: ReadLiteral): boolean =>
      marks.some(({ sensitive }) => sensitive.includes(rule.body.indexOf(literal)));
    const sensitive = impliedSensitive(rule, context.persistence, isWaiting);
    if (sensitive) found.push(finding(context, rule, "rendezvous", joinGate(rule, sensitive), sensitive));
    const parts = impliedParts(rule, context).filter((literal) => !isWaiting(literal));
    if (parts.length > 0) found.push(finding(context, rule, "aggregate", plainVariables(parts), parts));
  }
  return found;
}

/** Seal rules whose promise the program itself can break (semantics A7). */
function promiseFindings(context: Context): Finding[] {
  return context.graph.ir.seals
    .filter((seal) => isBrokenPromise(seal, context))
    .map((seal) => {
      const target = collection(context, seal.target);
      const columns = (target.sealed?.columns ?? []).map((column) => target.columns[column].name);
      const literals = reads(seal);
      return {
        rule: seal.id,
        role: seal.role,
        head: seal.target,
        reason: "promise" as const,
        gate: columns,
        columns,
        sensitive: literals.map((literal) => seal.body.indexOf(literal)),
        sources: pathsTo(
          context,
          {
            ...seal,
            op: "<=",
            head: { collection: seal.target, to: null, terms: [], span: seal.span },
            having: [],
            coordinate: null,
            allow: null,
            doc: null,
          },
          literals,
        ),
        rewrites: [
          seal.op === "<=" && target.kind === "channel"
            ? `Facts of ${target.id} may still be on their way to its own role: seal what its senders read, so that its seals travel behind its facts.`
            : "Seal from the host, or from inputs of the same instance, so that facts and seals keep the order in which they were given.",
        ],
        file: seal.file,
        span: seal.span,
      };
    });
}
