/**
 * Order of evaluation within a step. In a role's `<=` graph an edge goes from a head to each
 * collection its body reads; its strongly connected components, those that are read first, are
 * the strata. A cycle through `not` or an aggregate has no such order (Apt, Blair, Walker 1988).
 */
import { holdsAggregate } from "../expressions.ts";
import type { HeadTerm, CollectionId, Ir, Rule } from "../ir.ts";
import { latticeReads } from "../../lattices/growth.ts";
import { positionOf } from "../diagnostics/lines.ts";
import { quote } from "./findings.ts";
import type { Findings } from "./findings.ts";

interface Edge {
  readonly to: CollectionId;
  readonly rule: Rule;
  /** `not`, or the rule aggregates. */
  readonly negative: "negation" | "aggregate" | "reveal" | null;
  /** Index of the literal. */
  readonly literal: number;
}

type Graph = Map<CollectionId, Edge[]>;

interface Strata {
  readonly graph: Graph;
  readonly components: readonly (readonly CollectionId[])[];
}

const known = new WeakMap<Ir["rules"], ReadonlyMap<string, Strata>>();

function strataOf(rules: Ir["rules"]): ReadonlyMap<string, Strata> {
  let byRole = known.get(rules);
  if (byRole === undefined) {
    const found = new Map<string, Strata>();
    for (const [role, graph] of graphs(rules.values())) found.set(role, { graph, components: components(graph) });
    known.set(rules, (byRole = found));
  }
  return byRole;
}

/**
 * Collections that `<=` rules of the role write, in groups that depend on one another, in order of
 * evaluation. A group of one is recursive only if it reads itself. Collections that no `<=` rule
 * writes (inputs, channels, …) are there before the first.
 */
export function strata(ir: Pick<Ir, "rules">, role: string): readonly (readonly CollectionId[])[] {
  return strataOf(ir.rules).get(role)?.components ?? [];
}

export function checkStrata(ir: Pick<Ir, "rules" | "collections" | "functions">, findings: Findings): void {
  for (const [role, { graph, components: groups }] of strataOf(ir.rules)) {
    const group = new Map<CollectionId, number>();
    groups.forEach((members, i) => {
      for (const member of members) group.set(member, i);
    });
    const reported = new Set<Rule>();
    for (const [head, edges] of graph) {
      for (const edge of edges) {
        const negative = edge.negative ?? (!findings.failed && isRevealed(edge, ir) ? "reveal" : null);
        if (negative === null || group.get(head) !== group.get(edge.to) || reported.has(edge.rule)) continue;
        reported.add(edge.rule);
        reportCycle(findings, role, graph, head, { ...edge, negative });
      }
    }
  }
}

/** Of each role, with all heads of `<=` rules as nodes in source order. */
function graphs(rules: Iterable<Rule>): Map<string, Graph> {
  const byRole = new Map<string, Graph>();
  const written = [...rules].filter((rule) => rule.op === "<=");
  for (const rule of written) {
    let graph = byRole.get(rule.role);
    if (graph === undefined) byRole.set(rule.role, (graph = new Map()));
    if (!graph.has(rule.head.collection)) graph.set(rule.head.collection, []);
  }
  for (const rule of written) {
    const graph = byRole.get(rule.role) as Graph;
    const edges = graph.get(rule.head.collection) as Edge[];
    const aggregates = isAggregate(rule);
    rule.body.forEach((literal, index) => {
      if (literal.kind !== "read" || !graph.has(literal.collection)) return;
      edges.push({
        to: literal.collection,
        rule,
        negative: literal.negated ? "negation" : aggregates ? "aggregate" : null,
        literal: index,
      });
    });
  }
  return byRole;
}

/** Whether the rule uses the plain value of a lattice that this literal reads. */
function isRevealed({ rule, literal }: Edge, ir: Pick<Ir, "collections" | "functions">): boolean {
  const columns = ir.collections.get(rule.head.collection)?.columns ?? [];
  return latticeReads(rule, ir.functions, (i) => columns[i]?.type.kind === "lattice").revealed.has(literal);
}

/** Whether the rule's head ranges over groups. */
export function isAggregate(
  rule: Pick<Rule, "having"> & { readonly head: { readonly terms: readonly HeadTerm[] } },
): boolean {
  return rule.head.terms.some((term) => term.kind === "aggregate") || rule.having.some(holdsAggregate);
}

/** Tarjan's algorithm with a stack of its own: chains of rules may be longer than the machine's. */
function components(graph: Graph): CollectionId[][] {
  const found: CollectionId[][] = [];
  const index = new Map<CollectionId, number>();
  const low = new Map<CollectionId, number>();
  const open: CollectionId[] = [];
  const isOpen = new Set<CollectionId>();
  const visit = (node: CollectionId): { node: CollectionId; edges: readonly Edge[]; next: number } => {
    index.set(node, index.size);
    low.set(node, index.size - 1);
    open.push(node);
    isOpen.add(node);
    return { node, edges: graph.get(node) ?? [], next: 0 };
  };
  for (const root of graph.keys()) {
    if (index.has(root)) continue;
    const path = [visit(root)];
    while (path.length > 0) {
      const top = path[path.length - 1];
      if (top.next < top.edges.length) {
        const { to } = top.edges[top.next++];
        if (!index.has(to)) path.push(visit(to));
        else if (isOpen.has(to)) low.set(top.node, Math.min(low.get(top.node) as number, index.get(to) as number));
        continue;
      }
      path.pop();
      const lowest = low.get(top.node) as number;
      if (path.length > 0) {
        const above = path[path.length - 1].node;
        low.set(above, Math.min(low.get(above) as number, lowest));
      }
      if (lowest !== index.get(top.node)) continue;
      const members = open.splice(open.lastIndexOf(top.node));
      for (const member of members) isOpen.delete(member);
      found.push(members);
    }
  }
  return found;
}

function reportCycle(findings: Findings, role: string, graph: Graph, head: CollectionId, first: Edge): void {
  const cycle = [first, ...shortestPath(graph, first.to, head)];
  const { rule } = first;
  const name = (id: CollectionId) => id.slice(role.length + 1);
  let at = head;
  const lines = cycle.map((edge) => {
    const how =
      edge.negative === "negation"
        ? "not "
        : edge.negative === "aggregate"
          ? "an aggregate of "
          : edge.negative === "reveal"
            ? "the plain value of "
            : "";
    const line = `  ${name(at)} needs ${how}${name(edge.to)}: rule ${edge.rule.label}, line ${positionOf(edge.rule.file, edge.rule.span.start).line}`;
    at = edge.to;
    return line;
  });
  const literal = rule.body[first.literal];
  const back = cycle.length > 1 ? cycle[1].rule : null;
  findings.add(
    "DLC260",
    rule.file,
    literal?.span ?? rule.span,
    `${quote(name(head))} depends on ${what[first.negative ?? "negation"]} within one step:\n${lines.join("\n")}`,
    {
      ...(back === null || back === rule
        ? {}
        : { cause: { file: back.file, span: back.span, label: "the cycle goes on here" } }),
      mend:
        "Within a step there is no order in which to compute these. Break the cycle: let one of the rules use `<+` (the next step), or state it without " +
        { negation: "`not`.", aggregate: "the aggregate.", reveal: "the plain value of a lattice." }[
          first.negative ?? "negation"
        ],
    },
  );
}

const what = { negation: "its own absence", aggregate: "an aggregate of itself", reveal: "a plain value of itself" };

/** Edges from `from` to `to`, within their component; empty when they are the same. */
function shortestPath(graph: Graph, from: CollectionId, to: CollectionId): Edge[] {
  const before = new Map<CollectionId, { readonly node: CollectionId; readonly edge: Edge } | null>([[from, null]]);
  for (const node of before.keys()) {
    if (node === to) break;
    for (const edge of graph.get(node) ?? []) if (!before.has(edge.to)) before.set(edge.to, { node, edge });
  }
  const path: Edge[] = [];
  for (let step = before.get(to); step; step = before.get(step.node)) path.unshift(step.edge);
  return path;
}
