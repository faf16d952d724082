/**
 * A coordinated program as a graph to look at: roles, what messages and inputs enter them by, the rules whose answers
 * depend on order, and what is inserted in front of them. Pure, of a plan alone.
 */
import type { Finding, LabelName, Reason } from "../compiler/analysis.ts";
import { duration, portName, printPath } from "../compiler/print.ts";
import type { Collection, CollectionId, Ir, Role, Rule, RuleId } from "../compiler/ir.ts";
import type { Insertion, MechanismName, Plan } from "../compiler/plan.ts";

export interface Graph {
  readonly title: string;
  /** In the order of the program. */
  readonly roles: readonly RoleBox[];
  readonly logs: readonly Log[];
  readonly edges: readonly Edge[];
}

export interface RoleBox {
  readonly name: string;
  readonly kind: "role" | "source" | "component";
  /** `x3`, `replicated x3`, `partitioned by (word) x2`; empty for one instance. */
  readonly instances: string;
  readonly collections: readonly CollectionNode[];
  readonly rules: readonly RuleNode[];
}

export interface CollectionNode {
  readonly id: CollectionId;
  readonly name: string;
  readonly kind: Collection["kind"] | "in" | "out";
  /** `(campaign, id -> n)`. */
  readonly columns: string;
  /** After coordination. */
  readonly label: LabelName | null;
  /** Of an output: before, and what it promises. */
  readonly output: { readonly before: LabelName; readonly level: string; readonly isReached: boolean } | null;
  /** What is inserted where facts enter by it: `sealed by (campaign), one vote of each AdServer`. */
  readonly seal: string | null;
}

/** A rule that is order-sensitive, or waits for a seal. */
export interface RuleNode {
  readonly id: RuleId;
  readonly label: string;
  /** Of a path through a component: what it is declared as, `OR(campaign, id)`. */
  readonly declared: string | null;
  readonly reasons: readonly Reason[];
  readonly mechanisms: readonly MechanismName[];
  /** `waits for the seal of (campaign)`; null where nothing holds it back. */
  readonly waits: string | null;
}

export interface Log {
  readonly id: string;
  /** `one log`, `a log for each value of (campaign)`. */
  readonly text: string;
  readonly at: readonly CollectionId[];
}

/** Ends are ids of collections, rules and logs. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  /** `message`: over the network. `absent`: the rule asks that a fact is not there. `later`: in the next step. */
  readonly kind: "now" | "later" | "message" | "absent" | "deletes";
}

export function graphOf(plan: Plan, title: string): Graph {
  const { ir } = plan.analysis;
  const shown = new Set([
    ...findingsOf(plan).map(({ rule }) => rule),
    ...plan.insertions.flatMap(({ protects }) => protects),
  ]);
  const logs = plan.insertions.filter(({ mechanism, epochMs }) => mechanism === "order" || epochMs !== null);
  return {
    title,
    roles: [...ir.roles.values()].map((role) => boxOf(role, plan, shown)),
    logs: logs.map((log, i) => ({
      id: `log ${i + 1}`,
      text:
        log.epochMs !== null
          ? `epochs of ${duration(log.epochMs)}`
          : log.key.length === 0
            ? "one log"
            : `a log for each ${log.key.join(", ")}`,
      at: log.at,
    })),
    edges: edgesOf(ir, shown, logs),
  };
}

function findingsOf({ analysis }: Plan): readonly Finding[] {
  return [...analysis.findings, ...analysis.inference.implied];
}

function boxOf(role: Role, plan: Plan, shown: ReadonlySet<RuleId>): RoleBox {
  const { ir } = plan.analysis;
  const own = [...ir.collections.values()].filter((one) => one.role === role.name && one.kind !== "nodes");
  const rules = [...ir.rules.values()].filter((rule) => rule.role === role.name && shown.has(rule.id));
  const external = ir.externals.get(role.name);
  return {
    name: role.name,
    kind: external?.kind ?? "role",
    instances: instancesOf(role),
    collections: own.map((one) => collectionOf(one, plan)),
    rules: rules.map((rule) => ruleOf(rule, plan)),
  };
}

function instancesOf({ replicated, partitionedBy, count }: Role): string {
  const times = count === 1 ? "" : `x${count}`;
  if (partitionedBy !== null) return `partitioned by (${partitionedBy.join(", ")}) ${times}`.trimEnd();
  return replicated ? `replicated ${times}`.trimEnd() : times;
}

function collectionOf(collection: Collection, plan: Plan): CollectionNode {
  const { id, kind, keyLength, columns } = collection;
  const names = columns.map(({ name }) => name);
  const text =
    keyLength === null
      ? names.join(", ")
      : `${names.slice(0, keyLength).join(", ")} -> ${names.slice(keyLength).join(", ")}`;
  const output = plan.outputs.find((one) => one.output === id);
  const waits = plan.insertions.filter(
    ({ at, mechanism, epochMs }) =>
      at.includes(id) && (mechanism === "seal" || (mechanism === "barrier" && epochMs === null)),
  );
  const { externals } = plan.analysis.ir;
  return {
    id,
    name: portName(id, plan.analysis.ir),
    kind: externals.get(collection.role)?.kind !== "component" ? kind : kind === "output" ? "out" : "in",
    columns: kind === "timer" ? "" : `(${text})`,
    label: plan.residual.inference.labels.get(id)?.name ?? null,
    output:
      output === undefined
        ? null
        : { before: output.before.name, level: output.target, isReached: output.achieved !== false },
    seal: waits.length === 0 ? null : [...new Set(waits.map(sealText))].join("; "),
  };
}

function sealText({ mechanism, key, producers, single }: Insertion): string {
  if (mechanism === "barrier")
    return `until the end of ${producers === null || producers.length === 0 ? "the stream" : `every ${producers.join(", ")}`}`;
  const votes = single
    ? "one producer, no vote"
    : producers === null || producers.length === 0
      ? "its host seals"
      : `votes of every ${producers.join(", ")}`;
  return `sealed by (${key.join(", ")}), ${votes}`;
}

function ruleOf(rule: Rule, plan: Plan): RuleNode {
  const insertions = plan.insertions.filter(({ protects }) => protects.includes(rule.id));
  const seals = insertions.filter(({ mechanism }) => mechanism === "seal");
  const waits = [
    ...new Set(seals.map(({ key }) => `waits for the seal of (${key.join(", ")})`)),
    ...(insertions.some(({ mechanism, epochMs }) => mechanism === "barrier" && epochMs === null)
      ? ["waits for the end of the stream"]
      : []),
    ...(insertions.some(({ epochMs }) => epochMs !== null) ? ["waits for the end of the epoch"] : []),
  ];
  return {
    id: rule.id,
    label: rule.path === undefined ? rule.label : printPath(rule, plan.analysis.ir).replace(/^path |: .*$/g, ""),
    declared: rule.path === undefined ? null : printPath(rule, plan.analysis.ir).replace(/^.*: /, ""),
    reasons: [...new Set(findingsOf(plan).flatMap((one) => (one.rule === rule.id ? [one.reason] : [])))],
    mechanisms: [...new Set(insertions.map(({ mechanism }) => mechanism))],
    waits: waits.length === 0 ? null : waits.join("; "),
  };
}

function edgesOf(ir: Ir, shown: ReadonlySet<RuleId>, logs: readonly Insertion[]): readonly Edge[] {
  const edges = new Map<string, Edge>();
  const add = (from: string, to: string, kind: Edge["kind"]): void => {
    edges.set(JSON.stringify([from, to, kind]), { from, to, kind });
  };
  const logOf = (id: CollectionId): string | null => {
    const index = logs.findIndex(({ at }) => at.includes(id));
    return index < 0 ? null : `log ${index + 1}`;
  };
  // A message into an ordered collection goes by way of its log.
  const enter = (from: string, to: CollectionId): void => {
    const log = logOf(to);
    add(from, log ?? to, "message");
  };
  for (const { at } of logs) for (const id of at) add(logOf(id)!, id, "message");
  for (const rule of ir.rules.values()) {
    const head = ir.collections.get(rule.head.collection)!;
    const reads = rule.body.flatMap((literal) =>
      literal.kind === "read" && ir.collections.get(literal.collection)!.kind !== "nodes" ? [literal] : [],
    );
    const kind: Edge["kind"] = rule.op === "<-" ? "deletes" : rule.op === "<=" || rule.op === "<~" ? "now" : "later";
    const out = (from: string, how: Edge["kind"]): void => {
      if (rule.op === "<~") enter(from, head.id);
      else add(from, head.id, how);
    };
    if (shown.has(rule.id)) {
      for (const { collection, negated } of reads) add(collection, rule.id, negated ? "absent" : "now");
      out(rule.id, kind);
      continue;
    }
    for (const { collection, negated } of reads) {
      // What goes into a table that it comes from shows nothing.
      if (collection !== head.id) out(collection, negated && rule.op !== "<~" ? "absent" : kind);
    }
  }
  return [...edges.values()];
}
