/**
 * How long facts live (analysis.md section 2, semantics.md A14 and B4): static, growing,
 * changing or passing. Of a collection, the first of passing, changing, growing, static that
 * applies over all its rules.
 */
import type { Persistence } from "../analysis.ts";
import { children } from "../expressions.ts";
import type { AggregateCall, CollectionId, Expr, HeadTerm, Ir, Rule, RuleId } from "../ir.ts";
import type { Graph } from "./graph.ts";
import { latticeReads } from "../../lattices/growth.ts";
import type { LatticeReads } from "../../lattices/growth.ts";
import { closure, conjuncts, dependencies, invertible, variablesOf } from "./determine.ts";
import { isKept } from "./declared.ts";
import { reads } from "./graph.ts";
import { claims } from "./imported.ts";

const rank: Record<Persistence, number> = { static: 0, growing: 1, changing: 2, passing: 3 };

/**
 * `sealed` are rules evaluated partition by partition: once a partition is closed, what is
 * negated or aggregated in it no longer changes, so their results only grow.
 */
export function inferPersistence(graph: Graph, sealed: { has(id: RuleId): boolean }): Map<CollectionId, Persistence> {
  const persistence = new Map<CollectionId, Persistence>();
  for (const component of graph.components) {
    for (const id of component) persistence.set(id, floor(graph, id));
    for (let changed = true; changed;) {
      changed = false;
      for (const id of component) {
        const next = graph.into.get(id)!.reduce((worst, rule) => {
          const contribution = contribute(rule, graph, persistence, sealed.has(rule.id));
          return rank[contribution] > rank[worst] ? contribution : worst;
        }, persistence.get(id)!);
        if (next !== persistence.get(id)) {
          persistence.set(id, next);
          changed = true;
        }
      }
      if (component.length === 1 && !graph.cyclic.has(component[0])) break;
    }
  }
  return persistence;
}

function floor(graph: Graph, id: CollectionId): Persistence {
  const { kind, role } = graph.ir.collections.get(id)!;
  if (isKept(id, graph.ir)) return "growing";
  // Semantics A14: static where the deployment fixes the members.
  if (kind === "nodes" && graph.ir.roles.get(role)!.dynamic) return "changing";
  return kind === "input" || kind === "channel" || kind === "timer" ? "passing" : "static";
}

function contribute(
  rule: Rule,
  graph: Graph,
  persistence: ReadonlyMap<CollectionId, Persistence>,
  sealed: boolean,
): Persistence {
  const head = graph.ir.collections.get(rule.head.collection)!;
  if (head.kind === "channel") return isKept(head.id, graph.ir) ? "growing" : "passing";
  const body = bodyPersistence(rule, graph, persistence, sealed);
  if (head.kind === "table") {
    if (rule.op === "<-" || rule.op === "<+-") return "changing";
    return body === "static" && rule.op === "<=" ? "static" : "growing";
  }
  return rule.op === "<+" ? "passing" : body;
}

/** Of the body's valuations, as a view would hold them. */
export function bodyPersistence(
  rule: Rule,
  graph: Graph,
  persistence: ReadonlyMap<CollectionId, Persistence>,
  sealed: boolean,
): Persistence {
  let worst = "static" as Persistence;
  const raise = (to: Persistence): void => {
    if (rank[to] > rank[worst]) worst = to;
  };
  const { revealed } = latticeReadsOf(rule, graph);
  for (const literal of reads(rule)) {
    const of = persistence.get(literal.collection)!;
    if (of === "static") continue;
    // The plain value of a lattice is another one when it has grown.
    if (of === "growing" && revealed.size > 0 && revealed.has(rule.body.indexOf(literal)))
      raise(sealed ? "growing" : "changing");
    if (literal.negated) raise(sealed ? "growing" : "changing");
    else if (of === "passing") raise("passing");
    else raise(sealed ? "growing" : of);
  }
  if (isAggregating(rule) && worst === "growing" && !sealed && !isUpThreshold(rule, graph.ir)) worst = "changing";
  return worst;
}

/** How the rule uses the lattice values that it reads. */
export function latticeReadsOf(rule: Rule, graph: Graph): LatticeReads {
  const columns = graph.ir.collections.get(rule.head.collection)!.columns;
  return latticeReads(rule, graph.ir.functions, (i) => columns[i].type.kind === "lattice");
}

export function isAggregating(rule: Rule): boolean {
  return rule.having.length > 0 || rule.head.terms.some((term) => term.kind === "aggregate");
}

/**
 * `having count() >= k` and the like, every aggregate in it an up-threshold, and in the head none but what a lattice
 * column takes that moves the same way: a count into an `lmax`.
 */
export function isUpThreshold(rule: Rule, ir: Ir): boolean {
  return isThreshold(
    rule,
    ir,
    (call) =>
      isOf(call, "count", "max", "min") ||
      (isOf(call, "sum") && call.args[0].type.kind === "nat") ||
      claims(call, ir, "monotone", "morphism"),
  );
}

/**
 * `max(e) >= k`, `min(e) <= k`: true of a set as soon as of one element, so exempt over passing facts too (semantics A3).
 * What an imported morphism gives of a set is the greatest of what it gives of the elements. Of several such conditions,
 * or of one beside an aggregate in the head, each may hold of another element.
 */
export function isElementThreshold(rule: Rule, ir: Ir): boolean {
  const same = isSettledBy(rule, ir);
  const shows = (expr: Expr): boolean => holds(expr, (call) => !same(call));
  const conditions = rule.having.flatMap(conjuncts).filter(shows);
  const isWhole =
    conditions.length === 0 ||
    (conditions.length === 1 && rule.head.terms.every((term) => term.kind === "value" || same(term.call)));
  return (
    isWhole &&
    conditions.every(isAlternative) &&
    isThreshold(rule, ir, (call) => isOf(call, "max", "min") || claims(call, ir, "morphism"))
  );
}

/** No `&&` stands within it. */
function isAlternative(expr: Expr): boolean {
  return expr.kind !== "binary" || expr.op !== "||"
    ? conjuncts(expr).length === 1
    : isAlternative(expr.left) && isAlternative(expr.right);
}

function isOf({ name }: AggregateCall, ...names: readonly string[]): boolean {
  return typeof name === "string" && names.includes(name);
}

function isThreshold(rule: Rule, ir: Ir, allowed: (call: AggregateCall) => boolean): boolean {
  const { columns } = ir.collections.get(rule.head.collection)!;
  const same = isSettledBy(rule, ir);
  const shows = (expr: Expr): boolean => holds(expr, (call) => !same(call));
  const grows = (term: HeadTerm, i: number): boolean => {
    if (term.kind === "value" || same(term.call)) return true;
    const { type } = columns[i];
    return type.kind === "lattice" && type.name === (term.call.name === "min" ? "lmin" : "lmax") && allowed(term.call);
  };
  if (!rule.head.terms.every(grows)) return false;
  const up = (expr: Expr): boolean => {
    if (!shows(expr)) return true;
    // Of bools, true is the greater.
    if (expr.kind === "aggregate") return allowed(expr.call) && expr.call.name !== "min";
    if (expr.kind !== "binary") return false;
    if (expr.op === "&&" || expr.op === "||") return up(expr.left) && up(expr.right);
    const flipped = { ">=": "<=", ">": "<", "<=": ">=", "<": ">" } as Record<string, string>;
    const [side, other, op] = shows(expr.left)
      ? [expr.left, expr.right, expr.op]
      : [expr.right, expr.left, flipped[expr.op]];
    if (side.kind !== "aggregate" || shows(other)) return false;
    if (!allowed(side.call)) return false;
    return side.call.name === "min" ? op === "<=" || op === "<" : op === ">=" || op === ">";
  };
  return rule.having.every(up);
}

/** Aggregates of which none shows more than that its group is there: the rule projects. */
export function isProjecting(rule: Rule, ir: Ir): boolean {
  const same = isSettledBy(rule, ir);
  return (
    rule.head.terms.every((term) => term.kind !== "aggregate" || same(term.call)) &&
    !rule.having.some((expr) => holds(expr, (call) => !same(call)))
  );
}

/**
 * Which aggregates the group settles: what they look at is the same in all its valuations, and of several the same as of
 * one. `max(x)` per x is x; `count()` per x is none of them. Values of lattices divide no group.
 */
function isSettledBy(rule: Rule, ir: Ir): (call: AggregateCall) => boolean {
  const group = (): string[] =>
    rule.head.terms.flatMap((term) =>
      term.kind === "value" && isPlain(term.value) ? (invertible(term.value, ir) ?? []) : [],
    );
  let known: ReturnType<typeof closure> | null = null;
  const isKnown = (name: string): boolean =>
    (known ??= closure(
      group(),
      dependencies(rule.body, ir, () => false),
    )).has(name);
  return (call) =>
    (isOf(call, "max", "min", "argmax", "argmin", "choose") || (isOf(call, "count") && call.distinct)) &&
    call.args.every((arg) => isPlain(arg) && [...variablesOf(arg)].every(isKnown));
}

/** Nothing of a lattice takes part. */
function isPlain(expr: Expr): boolean {
  return expr.type.kind !== "lattice" && children(expr).every(isPlain);
}

function holds(expr: Expr, which: (call: AggregateCall) => boolean): boolean {
  return expr.kind === "aggregate" ? which(expr.call) : children(expr).some((one) => holds(one, which));
}
