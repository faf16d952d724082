/**
 * Components (analysis.md section 8, semantics.md B9): what is known of them is what their paths declare. A path is
 * order-sensitive because its declaration says so, and against what else the component may have kept.
 */
import type { Condition, Finding, LabelName } from "../analysis.ts";
import type { CollectionId, Ir, ReadLiteral, Rule, RuleId } from "../ir.ts";
import { computableFrom } from "./determine.ts";
import { cell, worse } from "./labels.ts";
import type { Context } from "./points.ts";
import { collection, finding } from "./points.ts";
import { reads } from "./graph.ts";

/** Whether the collection is an input of a component: a channel whose facts may be kept by whoever takes them. */
export function isKept(id: CollectionId, ir: Ir): boolean {
  const { role, kind } = ir.collections.get(id)!;
  return kind === "channel" && ir.externals.get(role)?.kind === "component";
}

/** Order-sensitive by declaration. The reason is that of all code of which no better is known. */
export function declaredPoint(rule: Rule, context: Context): Finding[] {
  const { gate, races } = rule.path!;
  if (races.length === 0) return [];
  return [
    finding(
      context,
      rule,
      "opaque",
      gate,
      races.map((at) => rule.body[at] as ReadLiteral),
    ),
  ];
}

/** The fact that is handed in: what comes out descends from it, whatever else the component has kept. */
export function handedIn(rule: Rule): ReadLiteral {
  return rule.body[0] as ReadLiteral;
}

/** A fact waits by itself, so that its own columns must say for which partitions. Why not, in words, or null. */
export function fitsHanding(rule: Rule, conditions: readonly Condition[]): string | null {
  const own = handedIn(rule);
  const stuck = conditions.find(({ key }) => key.some((expr) => computableFrom(own, expr, rule) === null));
  return stuck === undefined
    ? null
    : `facts of ${own.collection} do not tell which partition of ${stuck.source} they wait for`;
}

/** Whether facts of the input wait for partitions: a fact is handed in once, for all of its paths. */
export function isHeld(input: CollectionId, context: Context): boolean {
  return context.graph.readers
    .get(input)!
    .some((rule) => rule.path !== undefined && handedIn(rule).collection === input && (rule.gates?.length ?? 0) > 0);
}

/** Why facts of a path may not be held back, though its partitions close; or null. */
export function ordersOtherwise(rule: Rule, context: Context): string | null {
  if (rule.path === undefined) return null;
  const { id, ordering } = collection(context, handedIn(rule).collection);
  return ordering === undefined
    ? null
    : `${id} passes through a log for another path, and a fact that waits would leave its place in it`;
}

/** Paths by which other facts than those of this one's own come into the state that it meets. */
export function statePaths(rule: Rule, rules: Iterable<Rule>): Rule[] {
  if (rule.path === undefined || rule.path.races.length === 0) return [];
  return [...rules].filter(
    (other) => other !== rule && other.role === rule.role && other.path !== undefined && other.path.word.endsWith("W"),
  );
}

/** How the order of what comes is settled for a path, and what is known of its input. */
export interface PathState {
  readonly names: ReadonlyMap<CollectionId, LabelName>;
  readonly isSealed: (id: RuleId) => boolean;
  readonly isLogged: (rule: Rule) => boolean;
}

/**
 * The label of what a path gives: by the table, from the label of its input. An order-sensitive one shows besides what
 * the paths that write have made of the component's state; a confluent one depends on no input but those from which a
 * path to the same output is declared.
 */
export function pathLabel(rule: Rule, context: Context, state: PathState): LabelName {
  return statePaths(rule, context.graph.rulesOf(rule.role)).reduce(
    (label, writer) => worse(label, alone(writer, context, state)),
    alone(rule, context, state),
  );
}

function alone(rule: Rule, context: Context, { names, isSealed, isLogged }: PathState): LabelName {
  const { word, races } = rule.path!;
  const { replicated } = context.graph.ir.roles.get(rule.role)!;
  const input = names.get(reads(rule)[0].collection) ?? "Async";
  const writes = word.endsWith("W");
  const settled = cell(input, writes ? "CW" : "CR", replicated);
  if (races.length === 0 || isSealed(rule.id)) return settled;
  // The order that a log settles on is another one in another run.
  return isLogged(rule) ? worse("Run", settled) : cell(input, word, replicated);
}
