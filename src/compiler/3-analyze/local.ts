import type { CollectionId, Expr, Rule } from "../ir.ts";
import type { Finding } from "../analysis.ts";
import type { Context } from "./points.ts";
import { collection, finding } from "./points.ts";
import { usesSelf, variablesOf } from "./determine.ts";
import { positives, reads } from "./graph.ts";

/**
 * Local facts of replicated roles (semantics A5): from an input, a timer, `self`, or a channel to
 * which some rule sends with `@a`. Local-ness follows derivations; a message that leaves the
 * instance drops it, unless its rule is order-sensitive or reads state with local facts.
 */
export function findLocal(context: Context, marked: { has(rule: string): boolean }): Set<CollectionId> {
  const { graph } = context;
  const local = new Set<CollectionId>();
  for (const component of graph.components) {
    for (let changed = true; changed;) {
      changed = false;
      for (const id of component) {
        if (local.has(id) || !isLocal(id, context, local, marked)) continue;
        local.add(id);
        changed = true;
      }
      if (component.length === 1) break;
    }
  }
  return local;
}

function isLocal(
  id: CollectionId,
  context: Context,
  local: ReadonlySet<CollectionId>,
  marked: { has(rule: string): boolean },
): boolean {
  const { kind, role } = collection(context, id);
  if (!context.graph.ir.roles.get(role)!.replicated) return false;
  if (kind === "input" || kind === "timer") return true;
  return context.graph.into.get(id)!.some((rule) => {
    if (kind === "channel")
      return !goesToAll(rule, context) || (fromLocal(rule, local) && staysLocal(rule, context, local, marked));
    return fromLocal(rule, local);
  });
}

/** Whether what the rule sends comes to every instance of the channel's role. */
export function goesToAll(rule: Rule, context: Context): boolean {
  return rule.head.to?.kind !== "address" || isForAll(rule, context);
}

/** `R.c@a(x) <~ i(x), R.nodes(a);` says `R.c@*(x) <~ i(x);`, where nothing else tells one address from another. */
function isForAll(rule: Rule, context: Context): boolean {
  const { to, collection: id, terms } = rule.head;
  if (to?.kind !== "address" || to.value.kind !== "variable") return false;
  const { name } = to.value;
  // Each sender learns at another time who takes part.
  if (context.graph.ir.roles.get(collection(context, id).role)!.dynamic) return false;
  const members = rule.body.find(
    (literal) =>
      literal.kind === "read" &&
      !literal.negated &&
      collection(context, literal.collection).kind === "nodes" &&
      collection(context, literal.collection).role === collection(context, id).role &&
      literal.terms[0]?.kind === "variable" &&
      literal.terms[0].name === name,
  );
  const isNamed = (expr: Expr): boolean => variablesOf(expr).has(name);
  return (
    members !== undefined &&
    terms.every((term) => term.kind === "value" && !isNamed(term.value)) &&
    rule.having.length === 0 &&
    rule.body.every(
      (literal) =>
        literal === members ||
        (literal.kind === "read"
          ? literal.terms.every((term) => term === null || !isNamed(term))
          : !isNamed(literal.value) && !(literal.kind === "bind" && literal.variable === name)),
    )
  );
}

function fromLocal(rule: Rule, local: ReadonlySet<CollectionId>): boolean {
  return reads(rule).some((literal) => local.has(literal.collection)) || usesSelf(rule);
}

function staysLocal(
  rule: Rule,
  context: Context,
  local: ReadonlySet<CollectionId>,
  marked: { has(rule: string): boolean },
): boolean {
  if (marked.has(rule.id)) return true;
  return reads(rule).some(
    (literal) => local.has(literal.collection) && context.persistence.get(literal.collection) !== "passing",
  );
}

/** One finding per output of a replicated role that local facts reach. */
export function localFindings(context: Context, local: ReadonlySet<CollectionId>): Finding[] {
  const found: Finding[] = [];
  for (const { id, kind } of context.graph.ir.collections.values()) {
    if (kind !== "output" || !local.has(id)) continue;
    const rule = context.graph.into.get(id)!.find((each) => fromLocal(each, local))!;
    found.push(
      finding(
        context,
        rule,
        "local",
        null,
        positives(rule).filter((literal) => local.has(literal.collection)),
      ),
    );
  }
  return found;
}
