/**
 * Aggregates. The rule's valuations go into `groups` (a row for each group, its support the number of valuations)
 * and into accumulators beside it; when all have gone in, the results of the groups that changed are made anew.
 */
import { aggregateName } from "../ir.ts";
import type { AggregateCall, Expr, HeadTerm, Rule, Type } from "../ir.ts";
import type { ExprScope } from "./expressions.ts";
import type { Accumulator, Aggregate, FlowLiteral, FlowRead, FlowRelation, FlowRule, GroupGate, Mode } from "./flow.ts";
import { sourceText, variable } from "./texts.ts";
import type { Catalog } from "./catalog.ts";
import { bump, columnOf, find, insert, seek } from "./rows.ts";
import { listOf } from "../types.ts";
import { valueTypes } from "./types.ts";
import { aggregatesOf, exprText, variablesOf } from "./walk.ts";
import { quoted, type } from "./writer.ts";
import type { Writer } from "./writer.ts";

/** Aggregates whose result is one of the values, found by comparing; of passing facts by looking at all of them once. */
const extremes: ReadonlySet<string> = new Set(["min", "max", "argmin", "argmax", "choose"]);

/** The partition for which the results of a group wait. */
export interface WaitingGroups {
  /** Over variables of the groups. */
  readonly key: readonly Expr[];
  /** The closed ones among the partitions of the groups, which these columns of them name. */
  readonly closedAmong: (groups: FlowRead, columns: readonly number[]) => FlowRelation;
}

/** Adds a rule's groups, accumulators and results to the flow. `waiting`: null where all that goes in may be shown. */
export function aggregated(
  to: Catalog,
  rule: Rule,
  mode: Mode,
  terms: readonly HeadTerm[],
  body: readonly FlowLiteral[],
  result: FlowRelation,
  waiting: WaitingGroups | null,
): void {
  const key: Expr[] = terms.flatMap((term) => (term.kind === "value" ? [term.value] : []));
  const variables = new Map<string, number>();
  key.forEach((expr, i) => {
    if (expr.kind === "variable" && !variables.has(expr.name)) variables.set(expr.name, i);
  });
  // What `having` says of a variable that the head does not show divides the groups further.
  for (const expr of rule.having) {
    for (const name of freeVariables(expr)) {
      if (variables.has(name)) continue;
      variables.set(name, key.length);
      key.push(variable(name, typeOfVariable(expr, name)));
    }
  }
  const storage = mode === "passing" ? "passing" : "view";
  const groups = to.relation(
    `${rule.label}_groups`,
    key.map((expr) => expr.type),
    storage,
    `groups of ${rule.label}`,
  );
  const accumulators = new Map<string, Accumulator>();
  const members = new Map<string, FlowRelation>();
  const membersNames = new Map<FlowRelation, string>();
  const accumulator = (call: AggregateCall): Accumulator => {
    const text = exprText([call.name, call.distinct, call.args]);
    let known = accumulators.get(text);
    if (known === undefined) accumulators.set(text, (known = make(call)));
    return known;
  };
  const membersOf = (call: AggregateCall): FlowRelation => {
    const text = exprText(call.args);
    let known = members.get(text);
    if (known === undefined) {
      known = to.relation(
        `${rule.label}_values`,
        [...groups.types, ...call.args.map((arg) => arg.type)],
        storage,
        null,
      );
      members.set(text, known);
    }
    return known;
  };
  const membersName = (relation: FlowRelation, call: AggregateCall): string => {
    let name = membersNames.get(relation);
    if (name === undefined) {
      membersNames.set(relation, (name = to.names.take(`${rule.label}_members`)));
      to.attachments.push(
        `const ${name} = engine.members(${groups.name}, ${relation.name}, ${valueTypes(call.args.map((arg) => arg.type))});`,
      );
    }
    return name;
  };
  const make = (call: AggregateCall): Accumulator => {
    if (call.name === "count" && !call.distinct) return { call, kind: "count", name: groups.name, members: null };
    if (call.name === "sum" || call.name === "avg") {
      const isFloat = call.args[0].type.kind === "float";
      const name = to.names.take(`${rule.label}_sums`);
      to.attachments.push(`const ${name} = engine.${isFloat ? "floatSums" : "intSums"}(${groups.name});`);
      return { call, kind: isFloat ? "floats" : "ints", name, members: null };
    }
    const relation = membersOf(call);
    if (typeof call.name !== "string")
      return { call, kind: "imported", name: membersName(relation, call), members: relation };
    if (mode !== "passing" && extremes.has(call.name)) {
      const name = to.names.take(`${rule.label}_${call.name}`);
      to.attachments.push(
        `const ${name} = engine.extremes(${groups.name}, ${relation.name}, ${valueTypes(call.args.map((arg) => arg.type))}, ${quoted(call.name)});`,
      );
      return { call, kind: "extreme", name, members: relation };
    }
    if (call.name !== "count") return { call, kind: "members", name: membersName(relation, call), members: relation };
    const distinct = to.names.take(`${rule.label}_distinct`);
    to.attachments.push(`const ${distinct} = engine.numbers(${groups.name});`);
    return { call, kind: "distinct", name: distinct, members: relation };
  };
  for (const call of aggregatesOf({ terms }, rule.having)) accumulator(call);
  let nextKey = 0;
  const columns = terms.map((term) => (term.kind === "value" ? nextKey++ : accumulator(term.call)));
  let shown: string | null = null;
  if (mode !== "passing") {
    shown = to.names.take(`${rule.label}_shown`);
    to.attachments.push(
      `const ${shown} = engine.shown(${groups.name}, ${columns.filter((column) => typeof column !== "number").length});`,
    );
  }
  const gate = waiting === null ? null : gateOf(waiting, groups, variables);
  const aggregate: Aggregate = {
    rule,
    groups,
    result,
    accumulators: [...accumulators.values()],
    columns,
    variables,
    having: rule.having,
    shown,
    gate,
  };
  to.rules.push({
    name: rule.label,
    source: rule,
    comment: sourceText(rule),
    mode,
    head: groups,
    terms: key,
    offer: null,
    aggregate,
    merges: null,
    body,
  });
  const name = to.names.take(`${rule.label}_results`);
  to.operators.push({
    target: result,
    reads: gate === null ? [groups] : [groups, gate.closed],
    kind: "results",
    call: `${name}();`,
    when: `${groups.name}.touched.length > 0`,
    aggregate,
    hold: null,
  });
}

function gateOf(waiting: WaitingGroups, groups: FlowRelation, variables: ReadonlyMap<string, number>): GroupGate {
  const columns = waiting.key.map((expr) => variables.get((expr as Extract<Expr, { kind: "variable" }>).name)!);
  const read: FlowRead = { kind: "read", negated: false, relation: groups, terms: groupTerms(groups, variables) };
  return { closed: waiting.closedAmong(read, columns), columns };
}

/** A row of the groups, its columns under the names of the variables that they hold. */
function groupTerms(groups: FlowRelation, variables: ReadonlyMap<string, number>): FlowRead["terms"] {
  const names = new Map(Array.from(variables, ([name, column]) => [column, name]));
  return groups.types.map((type, i) => variable(names.get(i) ?? `group_${i}`, type));
}

function freeVariables(expr: Expr): Set<string> {
  if (expr.kind === "aggregate") return new Set();
  if (expr.kind === "unary") return freeVariables(expr.of);
  if (expr.kind === "binary") return new Set([...freeVariables(expr.left), ...freeVariables(expr.right)]);
  if (expr.kind === "call") return new Set(expr.args.flatMap((arg) => [...freeVariables(arg)]));
  if (expr.kind === "if") return new Set([expr.test, expr.then, expr.else].flatMap((part) => [...freeVariables(part)]));
  if (expr.kind === "tuple" || expr.kind === "list")
    return new Set(expr.of.flatMap((part) => [...freeVariables(part)]));
  return variablesOf(expr);
}

function typeOfVariable(expr: Expr, name: string): Type {
  let found: Type = { kind: "unknown" };
  JSON.stringify(expr, (_, part: unknown) => {
    const one = part as Partial<Extract<Expr, { kind: "variable" }>> | null;
    if (
      one !== null &&
      typeof one === "object" &&
      one.kind === "variable" &&
      one.name === name &&
      one.type !== undefined
    )
      found = one.type;
    return part;
  });
  return found;
}

/** One valuation goes in: the end of the rule's loops. `codes` are the terms of the group. */
export function writeAccumulation(
  scope: ExprScope,
  rule: FlowRule,
  aggregate: Aggregate,
  codes: readonly string[],
): void {
  const { writer } = scope;
  const { groups } = aggregate;
  // Arguments first: a valuation of which one cannot be computed does not count.
  const args = new Map<string, { codes: string[]; number: string | null }>();
  for (const { call, kind, name } of aggregate.accumulators) {
    const isSum = kind === "ints" || kind === "floats";
    args.set(exprText([name, call.args]), {
      codes: isSum ? [] : call.args.map((arg) => scope.code(arg)),
      number: isSum ? scope.number(call.args[0]) : null,
    });
  }
  const group = scope.names.take("group");
  writer.line(`const ${group} = ${seek(scope, groups, codes)}`);
  writer.line(bump(groups, group, scope.sign));
  const done = new Set<FlowRelation>();
  for (const { call, kind, name, members } of aggregate.accumulators) {
    const { codes: own, number } = args.get(exprText([name, call.args]))!;
    if (number !== null) writer.line(`${name}.add(${group}, ${number}, ${scope.sign});`);
    if (members === null) continue;
    const member = scope.names.take("member");
    if (!done.has(members)) {
      writer.line(`const ${member} = ${seek(scope, members, [...codes, ...own])}`);
      writer.line(bump(members, member, scope.sign));
      done.add(members);
      lastMember.set(members, member);
    }
    if (kind === "extreme") writer.line(`${name}.note(${lastMember.get(members)}, ${group});`);
    if (kind === "distinct") {
      const at = lastMember.get(members)!;
      const edge = scope.sign === "1" ? "1" : `(${scope.sign} > 0 ? 1 : 0)`;
      writer.line(`if (${members.name}.count[${at}] === ${edge}) ${name}.of[${group}] += ${scope.sign};`);
    }
  }
  void rule;
}

const lastMember = new WeakMap<FlowRelation, string>();

/** The function that makes the results anew of groups that changed. A gate touches those whose partition has closed. */
export function writeResults(
  writer: Writer,
  scopeOf: (writer: Writer, rule: Rule) => ExprScope,
  name: string,
  aggregate: Aggregate,
): void {
  const { groups, rule, gate } = aggregate;
  const scope = scopeOf(writer, rule);
  const n = scope.names.take("n");
  const group = scope.names.take("group");
  writer.open(`function ${name}()${type(": void")} {`);
  writer.open(`for (let ${n} = 0; ${n} < ${groups.name}.touched.length; ${n}++) {`);
  writer.line(`const ${group} = ${groups.name}.touched.at(${n});`);
  writeRetraction(scope, aggregate, group);
  scope.escape = "continue;";
  if (gate !== null) {
    const partition = scope.names.take("partition");
    const key = gate.columns.map((column) => `${columnOf(groups, column)}[${group}]`);
    writer.line(`const ${partition} = ${find(scope, gate.closed, key)};`);
    writer.line(`if (${partition} < 0 || ${gate.closed.name}.count[${partition}] === 0) ${scope.escape}`);
  }
  writeResult(scope, aggregate, group);
  writer.close("}");
  writer.close("}");
}

/** Takes back what the group has shown. */
function writeRetraction(scope: ExprScope, { groups, result, columns, shown }: Aggregate, group: string): void {
  if (shown === null) return;
  const { writer } = scope;
  let place = 0;
  const old = columns.map((column) =>
    typeof column === "number" ? `${columnOf(groups, column)}[${group}]` : `${shown}.results[${place++}][${group}]`,
  );
  writer.open(`if (${shown}.is[${group}] === 1) {`);
  writer.line(`${shown}.is[${group}] = 0;`);
  writer.line(bump(result, seek(scope, result, old, true), "-1"));
  writer.close("}");
}

/** Shows what the group has now, if anything. */
function writeResult(scope: ExprScope, aggregate: Aggregate, group: string): void {
  const { writer } = scope;
  const { groups, result, columns, shown, having, variables } = aggregate;
  const keys = groups.types.map((_, i) => `${columnOf(groups, i)}[${group}]`);
  for (const [variableName, column] of variables) scope.bind(variableName, keys[column]);
  writer.line(`if (${groups.name}.count[${group}] === 0) ${scope.escape}`);
  scope.aggregate = (call) => {
    const found = aggregate.accumulators.find(
      (one) =>
        exprText([one.call.name, one.call.distinct, one.call.args]) === exprText([call.name, call.distinct, call.args]),
    )!;
    return resultOf(scope, aggregate, found, group);
  };
  for (const test of having) writer.line(`if (!${scope.boolean(test)}) ${scope.escape}`);
  const codes = columns.map((column) =>
    typeof column === "number"
      ? keys[column]
      : scope.code({ kind: "aggregate", call: column.call, type: column.call.type, span: column.call.span }),
  );
  if (shown === null) {
    writer.line(insert(scope, result, codes));
    return;
  }
  writer.line(bump(result, seek(scope, result, codes, true), "1"));
  writer.line(`${shown}.is[${group}] = 1;`);
  let place = 0;
  columns.forEach((column, i) => {
    if (typeof column !== "number") writer.line(`${shown}.results[${place++}][${group}] = ${codes[i]};`);
  });
}

/** The code of an accumulator's result, as the name of a constant. */
function resultOf(scope: ExprScope, aggregate: Aggregate, accumulator: Accumulator, group: string): string {
  const { call, kind, name } = accumulator;
  const { writer } = scope;
  const known = scope.results.get(accumulator);
  if (known !== undefined) return known;
  const result = scope.names.take(aggregateName(call));
  scope.results.set(accumulator, result);
  const count = `${aggregate.groups.name}.count[${group}]`;
  switch (kind) {
    case "count":
      writer.line(`const ${result} = ${count};`);
      break;
    case "distinct":
      writer.line(`const ${result} = ${name}.of[${group}];`);
      break;
    case "extreme":
      writer.line(`const ${result} = ${name}.of(${group});`);
      break;
    case "members":
      writer.line(`const ${result} = ${name}.${aggregateName(call)}(${group});`);
      break;
    case "imported":
      writer.line(
        `const ${result} = faults.aggregate(${scope.module.callable(asCall(call))}, ${quoted(scope.rule)}, ${name}.rows(${group}));`,
      );
      writer.line(`if (${result} === FAILED) ${scope.escape}`);
      break;
    case "floats":
    case "ints": {
      const exact = scope.names.take("exact");
      writer.line(`const ${exact} = ${name}.${call.name === "avg" ? `mean(${group}, ${count})` : `sum(${group})`};`);
      if (kind === "ints" && call.name === "sum") scope.checkInt(exact, scope.textOf(call.span));
      writer.line(`const ${result} = values.number(${exact});`);
    }
  }
  return result;
}

/** An imported aggregate is a function of one list: the values of its argument, or tuples of several. */
function asCall(call: AggregateCall): Extract<Expr, { kind: "call" }> {
  const { span, type: returns } = call;
  const types = call.args.map(({ type: of }) => of);
  const rows: Expr = {
    kind: "list",
    of: [],
    type: listOf(types.length === 1 ? types[0] : { kind: "tuple", of: types }),
    span,
  };
  return { kind: "call", name: aggregateName(call), builtin: false, args: [rows], type: returns, span };
}
