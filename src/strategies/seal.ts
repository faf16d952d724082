/**
 * `seal` and (over a whole stream) `barrier`: the rule is evaluated for a gate value only when its
 * partitions are closed (semantics A1). Written into the program as gates on rules whose bodies
 * persist, and as holds on passing literals.
 */
import type { Condition, Persistence } from "../compiler/analysis.ts";
import type {
  Collection,
  CollectionId,
  Expr,
  Gate,
  HeadTerm,
  Ir,
  Literal,
  ReadLiteral,
  Rule,
  RuleId,
  Term,
} from "../compiler/ir.ts";
import { computableFrom, sameKey } from "../compiler/3-analyze/determine.ts";

/** A program that is being written into; `programOf` makes an Ir of it, whose rules keep their order. */
export interface Draft {
  readonly ir: Ir;
  readonly rules: Map<RuleId, Rule>;
  readonly collections: Map<CollectionId, Collection>;
  /** First parts of rules that were split, each before its second. */
  readonly before: Map<RuleId, Rule[]>;
}

export function draftOf(ir: Ir): Draft {
  return { ir, rules: new Map(ir.rules), collections: new Map(ir.collections), before: new Map() };
}

export function programOf({ ir, rules, collections, before }: Draft): Ir {
  if (before.size === 0) return { ...ir, rules, collections };
  const all = [...rules.values()].flatMap((rule) => [...(before.get(rule.id) ?? []), rule]);
  return { ...ir, rules: new Map(all.map((rule) => [rule.id, rule])), collections };
}

/** Adds the conditions to the rule's gates; may split the rule in two. Conditions it already waits for are not repeated. */
export function insertGate(
  draft: Draft,
  id: RuleId,
  conditions: readonly Condition[],
  persistence: ReadonlyMap<CollectionId, Persistence>,
): void {
  if (conditions.length === 0) return;
  const rule = draft.rules.get(id)!;
  const passing = rule.body.filter(
    (literal): literal is ReadLiteral =>
      literal.kind === "read" && !literal.negated && persistence.get(literal.collection) === "passing",
  );
  if (passing.length === 0) {
    draft.rules.set(id, { ...rule, gates: [joined(rule.gates?.[0], conditions)] });
    return;
  }
  const computable = passing.every((literal) =>
    conditions.every(({ key }) => key.every((expr) => computableFrom(literal, expr, rule) !== null)),
  );
  if (!computable) {
    split(draft, rule, conditions);
    return;
  }
  const body = rule.body.map((literal): Literal => {
    if (literal.kind !== "read" || !passing.includes(literal)) return literal;
    const own = conditions.map(({ source, key }) => ({
      source,
      key: key.map((expr) => computableFrom(literal, expr, rule)!),
    }));
    return { ...literal, hold: joined(literal.hold, own) };
  });
  draft.rules.set(id, { ...rule, body });
}

function joined(gate: Gate | undefined, conditions: readonly Condition[]): Gate {
  const out = [...(gate?.conditions ?? [])];
  for (const each of conditions)
    if (!out.some((known) => known.source === each.source && sameKey(known.key, each.key))) out.push(each);
  return { conditions: out };
}

/**
 * `h <= p(x), cfg(x, k), not blocked(k)` waits for a value that only the join brings: the positive
 * part becomes a scratch of its own, whose rows are held.
 */
function split({ collections, rules, before }: Draft, rule: Rule, conditions: readonly Condition[]): void {
  const positive = rule.body.filter((literal) => !(literal.kind === "read" && literal.negated));
  const negative = rule.body.filter((literal) => literal.kind === "read" && literal.negated);
  const variables = boundVariables(positive);
  let base = `${collections.get(rule.head.collection)!.name}__${rule.label.split("#")[1]}`;
  // Channels of several roles may be called the same, and what the program declares may be called so.
  while (collections.has(`${rule.role}.${base}`)) base += "_";
  const id: CollectionId = `${rule.role}.${base}`;
  const part: Collection = {
    id,
    role: rule.role,
    name: base,
    kind: "scratch",
    columns: variables.map(({ name, type }) => ({ name, type })),
    keyLength: null,
    lossy: false,
    durable: false,
    unique: false,
    sealed: null,
    level: null,
    strict: false,
    periodMs: null,
    doc: `What \`${rule.label}\` holds back until its partitions are closed.`,
    file: rule.file,
    span: rule.span,
    nameSpan: rule.head.span,
  };
  const terms: HeadTerm[] = variables.map((value) => ({ kind: "value", value }));
  const first: Rule = {
    ...rule,
    id: `${rule.role}/${base}#1`,
    label: `${base}#1`,
    op: "<=",
    head: { collection: id, to: null, terms, span: rule.head.span },
    body: positive,
    having: [],
    coordinate: null,
    gates: undefined,
  };
  const held: ReadLiteral = {
    kind: "read",
    negated: false,
    collection: id,
    terms: variables as Term[],
    span: rule.span,
    hold: { conditions },
  };
  collections.set(id, part);
  before.set(rule.id, [...(before.get(rule.id) ?? []), first]);
  rules.set(rule.id, { ...rule, body: [held, ...negative] });
}

type Variable = Extract<Expr, { kind: "variable" }>;

function boundVariables(body: readonly Literal[]): Variable[] {
  const out = new Map<string, Variable>();
  const add = (variable: Variable): void => void (out.has(variable.name) || out.set(variable.name, variable));
  const addPattern = (pattern: Extract<Literal, { kind: "range" }>["pattern"], span: Variable["span"]): void => {
    if (pattern.kind === "variable") add({ kind: "variable", name: pattern.name, type: pattern.type, span });
    else for (const each of pattern.of) addPattern(each, span);
  };
  for (const literal of body) {
    if (literal.kind === "read") for (const term of literal.terms) if (term?.kind === "variable") add(term);
    if (literal.kind === "bind")
      add({ kind: "variable", name: literal.variable, type: literal.type, span: literal.span });
    if (literal.kind === "range") addPattern(literal.pattern, literal.span);
  }
  return [...out.values()];
}
