/** A count that is only ever tested against a bound: test it where it is made, and leave it out of the head. */
import type { Analysis, Finding } from "../analysis.ts";
import type { Arg } from "../ast.ts";
import type { Edit, Fix } from "../diagnostics/diagnostic.ts";
import type { AggregateCall, Expr, Ir, Literal, Rule } from "../ir.ts";
import { bool } from "../types.ts";
import { variablesOf } from "../3-analyze/determine.ts";
import { reads } from "../3-analyze/graph.ts";
import { isUpThreshold } from "../3-analyze/persistence.ts";
import { declarationOf, readersOf, treeOf, writersOf } from "./program.ts";
import { endOfRule, without } from "./text.ts";

/**
 *     scratch votes(c: string, n: int);
 *     votes(c, count()) <= vote(c, _);
 *     elected(c) <= votes(c, n), n >= 3;
 * becomes
 *     scratch votes(c: string);
 *     votes(c) <= vote(c, _) having count() >= 3;
 *     elected(c) <= votes(c);
 *
 * All that read the scratch test the count alike, and do nothing else with it: the same facts are derived, and what they
 * rest on can only become true.
 */
export function threshold(finding: Finding, { ir }: Analysis): Fix | null {
  const rule = ir.rules.get(finding.rule);
  if (finding.reason !== "aggregate" || rule === undefined || rule.op !== "<=") return null;
  const head = ir.collections.get(rule.head.collection)!;
  const tree = treeOf(rule, ir);
  const declared = declarationOf(head, ir);
  if (head.kind !== "scratch" || tree === null || tree.head.args === null || declared === null) return null;
  if (
    writersOf(head.id, ir).length !== 1 ||
    ir.seals.some((seal) => reads(seal).some((one) => one.collection === head.id))
  )
    return null;
  const aggregates = rule.head.terms.flatMap((term, i) => (term.kind === "aggregate" ? [{ i, call: term.call }] : []));
  const [aggregate] = aggregates;
  const { columns, keyLength } = head;
  if (aggregates.length !== 1 || columns.length < 2) return null;
  if (keyLength !== null && !(keyLength === aggregate.i && keyLength === columns.length - 1)) return null;

  const edits: Edit[] = [];
  let bounds: readonly Bound[] | null = null;
  for (const reader of readersOf(head.id, ir)) {
    const tested = boundsIn(reader, head.id, aggregate.i, ir);
    if (tested === null || (bounds !== null && textOf(bounds) !== textOf(tested.bounds))) return null;
    bounds = tested.bounds;
    edits.push(...tested.edits);
  }
  if (bounds === null || !isUpThreshold(tested(rule, aggregate.call, bounds), ir)) return null;

  const argument = argumentAt(tree.head.args, aggregate.i, columns[aggregate.i].name);
  const { start, end } = tree.head.args[argument].value.span;
  const call = rule.file.text.slice(start, end);
  const having = bounds.map(
    ({ op, limit }) => `${call} ${op} ${rule.file.text.slice(limit.span.start, limit.span.end)}`,
  );
  edits.push(
    ...without(
      rule.file,
      tree.head.args.map(({ span }) => span),
      new Set([argument]),
    ),
    ...without(
      rule.file,
      declared.columns.map(({ name, type }) => ({ start: name.span.start, end: type.span.end })),
      new Set([aggregate.i]),
    ),
  );
  if (having.length > 0) {
    const at = endOfRule(rule.file, tree);
    edits.push({
      file: rule.file,
      span: { start: at, end: at },
      text: `${tree.having.length > 0 ? ", " : " having "}${having.join(", ")}`,
    });
  }
  const how =
    having.length > 0 ? `Test \`${having.join(", ")}\` where it is counted` : `Do without the value of \`${call}\``;
  return { title: `${how}, and leave \`${columns[aggregate.i].name}\` out of \`${head.name}\``, edits };
}

/** `>= 3`. */
interface Bound {
  readonly op: ">=" | ">" | "<=" | "<";
  readonly limit: Extract<Expr, { kind: "literal" }>;
}

function textOf(bounds: readonly Bound[]): string {
  return bounds.map(({ op, limit }) => `${op} ${limit.value}`).join();
}

/** The rule with the bounds in its `having` and the aggregate out of its head. */
function tested(rule: Rule, call: AggregateCall, bounds: readonly Bound[]): Rule {
  const { span } = call;
  const left: Expr = { kind: "aggregate", call, type: call.type, span };
  const having = bounds.map(({ op, limit }): Expr => ({ kind: "binary", op, left, right: limit, type: bool, span }));
  const terms = rule.head.terms.filter((term) => term.kind !== "aggregate");
  return { ...rule, head: { ...rule.head, terms }, having: [...rule.having, ...having] };
}

/** How a rule tests the column of the one literal in which it reads `id`, and what takes both out; null where it does more. */
function boundsIn(
  reader: Rule,
  id: string,
  column: number,
  ir: Ir,
): { readonly bounds: readonly Bound[]; readonly edits: readonly Edit[] } | null {
  const tree = treeOf(reader, ir);
  const literals = reads(reader).filter((literal) => literal.collection === id);
  const [literal] = literals;
  const at = reader.body.indexOf(literal);
  const written = tree?.body[at];
  if (literals.length !== 1 || literal.negated || written?.kind !== "read" || written.args === null) return null;
  const term = literal.terms[column];
  if (
    term?.kind !== "variable" ||
    literal.terms.filter((each) => each?.kind === "variable" && each.name === term.name).length > 1
  )
    return null;
  const uses = (expr: Expr): boolean => variablesOf(expr).has(term.name);
  const { to, terms } = reader.head;
  if (terms.some((each) => (each.kind === "value" ? uses(each.value) : each.call.args.some(uses)))) return null;
  if ((to?.kind === "address" && uses(to.value)) || reader.having.some(uses)) return null;
  const bounds: Bound[] = [];
  const gone = new Set<number>();
  for (const [i, other] of reader.body.entries()) {
    if (i === at || !mentions(other, term.name)) continue;
    const bound = other.kind === "test" ? boundOf(other.value, term.name) : null;
    if (bound === null) return null;
    bounds.push(bound);
    gone.add(i);
  }
  const { file } = reader;
  const edits = [
    ...without(
      file,
      tree!.body.map(({ span }) => span),
      gone,
    ),
  ];
  const argument = argumentAt(written.args, column, ir.collections.get(id)!.columns[column].name);
  if (argument >= 0)
    edits.push(
      ...without(
        file,
        written.args.map(({ span }) => span),
        new Set([argument]),
      ),
    );
  return { bounds, edits };
}

function mentions(literal: Literal, name: string): boolean {
  if (literal.kind === "read") return literal.terms.some((term) => term?.kind === "variable" && term.name === name);
  return (literal.kind === "bind" && literal.variable === name) || variablesOf(literal.value).has(name);
}

/** Of `n >= 3` or `3 <= n`. */
function boundOf(test: Expr, name: string): Bound | null {
  if (test.kind !== "binary") return null;
  const { op, left, right } = test;
  if (op !== ">=" && op !== ">" && op !== "<=" && op !== "<") return null;
  if (left.kind === "variable" && left.name === name && right.kind === "literal") return { op, limit: right };
  const turned = { ">=": "<=", ">": "<", "<=": ">=", "<": ">" } as const;
  if (right.kind === "variable" && right.name === name && left.kind === "literal")
    return { op: turned[op], limit: left };
  return null;
}

/** Where the argument for a column stands among those written; -1 where a named form leaves it out. */
function argumentAt(args: readonly Arg[], column: number, name: string): number {
  return args.some((arg) => arg.name !== null) ? args.findIndex((arg) => arg.name?.text === name) : column;
}
