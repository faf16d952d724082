/**
 * Recursive views that give up what rests on lost facts, without being derived anew. What a lost fact was needed for
 * is doubtful: it stays if older facts derive it, and is lost otherwise, which makes more doubtful. In the end what
 * was lost comes back where what stands derives it.
 *
 * Delete and rederive (Gupta, Mumick, Subrahmanian 1993), but that only older facts count as derivations: facts in a
 * circle do not hold each other up, and most of what has another derivation is not lost even for a while.
 */
import type { Flow, FlowRead, FlowRelation, FlowRule } from "./flow.ts";
import type { Stratum } from "./fixpoint.ts";
import { canFail } from "./expressions.ts";
import { joinOrder } from "./join-order.ts";
import { matchRow, writeLiteral } from "./literals.ts";
import type { Locals } from "./locals.ts";
import { Loops } from "./loops.ts";
import type { Names } from "./names.ts";
import { columnOf, find } from "./rows.ts";
import { scopeOfRule, usedVariables } from "./rules.ts";
import type { Driver, RuleContext } from "./rules.ts";
import { type } from "./writer.ts";
import type { Writer } from "./writer.ts";

/**
 * How a rule is evaluated for it.
 *   lost    from rows that went (of a negated literal: came), the other literals in the old state, and where the row
 *           is of the stratum in either state, since what came in this step counted when `stands` was asked: its facts are doubtful
 *   stands  whether it derives a fact, known by its row, from those older than `before`
 */
export type RepairDriver = { readonly kind: "lost"; readonly literal: number } | { readonly kind: "stands" };

/** A stratum whose views are repaired; identifiers. */
export interface Repair {
  readonly stratum: Stratum;
  readonly rules: readonly FlowRule[];
  /** The function that repairs. */
  readonly name: string;
  readonly orders: ReadonlyMap<FlowRelation, string>;
}

/** One for each recursive stratum that holds views, none of which lasts for a step only, and that nothing but rules fills. */
export function repairsOf(flow: Flow, strata: readonly Stratum[], names: Names): readonly Repair[] {
  const repairs: Repair[] = [];
  for (const stratum of strata) {
    const own = new Set(stratum.relations);
    const rules = flow.rules.filter(({ head }) => own.has(head));
    const isView = ({ storage }: FlowRelation): boolean => storage === "view" || storage === "landing";
    if (!stratum.isRecursive || !stratum.relations.every(isView)) continue;
    if (flow.operators.some(({ target }) => own.has(target)) || !rules.every(isRepairable)) continue;
    if (!rules.some((rule) => rule.body.some((literal) => literal.kind === "read" && !own.has(literal.relation))))
      continue;
    const [first] = stratum.relations;
    const orders = stratum.relations.map((relation) => [relation, names.take(`${relation.name}_order`)] as const);
    repairs.push({ stratum, rules, name: names.take(`${first.name}_repair`), orders: new Map(orders) });
  }
  return repairs;
}

/** What can fail is reported where it is derived, and must not be again. */
function isRepairable(rule: FlowRule): boolean {
  if (rule.mode !== "counting" || rule.aggregate !== null || rule.offer !== null) return false;
  const isFallible = rule.terms.some(
    (term, i) =>
      canFail(term) || (rule.head.types[i].kind === "nat" && term.type.kind === "int" && term.kind !== "literal"),
  );
  return (
    !isFallible &&
    rule.body.every((literal) => literal.kind === "read" || (literal.kind !== "closed" && !canFail(literal.value)))
  );
}

/** Whether a rule reads its own stratum. */
function isOfItself({ body }: FlowRule, orders: ReadonlyMap<FlowRelation, string>): boolean {
  return body.some((literal) => literal.kind === "read" && orders.has(literal.relation));
}

export function writeOrders(writer: Writer, { stratum, orders }: Repair): void {
  const names = stratum.relations.map(({ name }) => name).join(", ");
  writer.line(`const [${[...orders.values()].join(", ")}] = engine.orders(${names});`);
}

/** The function that repairs a stratum, before `writeFixpoint`. */
export function writeRepair(writer: Writer, repair: Repair, call: (rule: FlowRule, driver: Driver) => string): void {
  const { stratum, rules, name, orders } = repair;
  const names = stratum.relations.map((relation) => relation.name).join(", ");
  const orderOf = (relation: FlowRelation): string => orders.get(relation)!;
  const stands = (relation: FlowRelation, row: string, before: string): string =>
    rules
      .filter(({ head }) => head === relation)
      .map((rule) => `${call(rule, { kind: "stands" })}(${row}${isOfItself(rule, orders) ? `, ${before}` : ""})`)
      .join(" || ");
  const reads = rules.flatMap((rule) =>
    rule.body.flatMap((literal, index) => (literal.kind === "read" ? [{ rule, read: literal, index }] : [])),
  );
  const isOwn = ({ read }: { readonly read: FlowRead }): boolean => orders.has(read.relation);
  writer.line(
    `/** Takes out of ${names} what rests on lost facts. False: that is so much that all is better derived anew. */`,
  );
  writer.open(`function ${name}()${type(": boolean")} {`);
  for (const order of orders.values()) writer.line(`${order}.begin();`);
  for (const { rule, read, index } of reads.filter((one) => !isOwn(one)))
    writer.line(`if (${read.relation.name}.touched.length > 0) ${call(rule, { kind: "lost", literal: index })}();`);
  writer.open(`for (let ${stratum.relations.map((relation) => `${relation.name}_done = 0`).join(", ")}; ;) {`);
  for (const relation of stratum.relations) {
    const order = orderOf(relation);
    writer.open(`for (let n = 0; n < ${order}.doubtfulLength; n++) {`);
    writer.line(`const row = ${order}.doubtful[n];`);
    writer.line(`if (!(${stands(relation, "row", `${order}.since[row]`)})) ${order}.drop(row);`);
    writer.close("}");
    writer.line(`${order}.settle();`);
  }
  writer.line(`if (${orderOf(stratum.relations[0])}.isHopeless) return false;`);
  for (const relation of stratum.relations)
    writer.line(`const ${relation.name}_end = ${orderOf(relation)}.lostLength;`);
  const isDone = stratum.relations.map((relation) => `${relation.name}_done === ${relation.name}_end`).join(" && ");
  writer.line(`if (${isDone}) break;`);
  for (const { rule, read, index } of reads.filter(isOwn)) {
    const of = read.relation.name;
    writer.line(`if (${of}_done < ${of}_end) ${call(rule, { kind: "lost", literal: index })}(${of}_done, ${of}_end);`);
  }
  for (const relation of stratum.relations) writer.line(`${relation.name}_done = ${relation.name}_end;`);
  writer.close("}");
  for (const relation of stratum.relations) {
    const order = orderOf(relation);
    writer.open(`for (let n = 0; n < ${order}.lostLength; n++) {`);
    writer.line(`const row = ${order}.lost[n];`);
    writer.line(`if (${stands(relation, "row", "LATEST")}) ${relation.name}.keep(row);`);
    writer.close("}");
  }
  writer.line("return true;");
  writer.close("}");
  writer.line();
}

export function writeRepairFunction(
  context: RuleContext,
  rule: FlowRule,
  driver: RepairDriver,
  name: string,
  locals: Locals,
): void {
  if (driver.kind === "lost") writeLost(context, rule, driver.literal, name, locals);
  else writeStands(context, rule, name);
}

function writeLost(context: RuleContext, rule: FlowRule, literal: number, name: string, locals: Locals): void {
  const { writer, orders } = context;
  const scope = scopeOfRule(context, rule);
  const used = usedVariables(rule);
  const read = rule.body[literal] as FlowRead;
  const order = orders.get(read.relation);
  writer.open(
    `function ${name}(${order === undefined ? "" : `from${type(": number")}, end${type(": number")}`})${type(": void")} {`,
  );
  locals.declare(writer, scope.names);
  scope.locals = locals;
  locals.depth = 0;
  const loops = new Loops(writer, scope);
  const row = scope.names.take("row");
  const n = scope.names.take("n");
  if (order === undefined) {
    loops.open(`for (let ${n} = 0; ${n} < ${read.relation.name}.touched.length; ${n}++) {`);
    writer.line(`const ${row} = ${read.relation.name}.touched.at(${n});`);
    writer.line(`if (${read.relation.name}.change(${row}) !== ${read.negated ? 1 : -1}) continue;`);
  } else {
    loops.open(`for (let ${n} = from; ${n} < end; ${n}++) {`);
    writer.line(`const ${row} = ${order}.lost[${n}];`);
    scope.inEither = true;
  }
  matchRow(scope, read, row, new Set(), used);
  for (const index of joinOrder(rule.body, literal)) writeLiteral(context, scope, loops, rule.body[index], true, used);
  const codes = rule.terms.map((term) => scope.code(term));
  writer.line(`${orders.get(rule.head)!}.doubt(${find(scope, rule.head, codes)});`);
  loops.closeAll();
  writer.close("}");
}

function writeStands(context: RuleContext, rule: FlowRule, name: string): void {
  const { writer, orders } = context;
  const scope = scopeOfRule(context, rule);
  const used = usedVariables(rule);
  const row = scope.names.take("row");
  const before = isOfItself(rule, orders) ? `, ${scope.names.take("before")}${type(": number")}` : "";
  scope.orders = orders;
  scope.escape = "return false;";
  writer.open(`function ${name}(${row}${type(": number")}${before})${type(": boolean")} {`);
  const given: string[] = [];
  const tested: number[] = [];
  rule.terms.forEach((term, i) => {
    if (term.kind !== "variable" || scope.isBound(term.name)) {
      tested.push(i);
      return;
    }
    const code = scope.names.take(term.name);
    writer.line(`const ${code} = ${columnOf(rule.head, i)}[${row}];`);
    scope.bind(term.name, code);
    given.push(term.name);
  });
  const test = (i: number): void =>
    writer.line(`if (${columnOf(rule.head, i)}[${row}] !== ${scope.code(rule.terms[i])}) ${scope.escape}`);
  const isPlain = (i: number): boolean => ["variable", "literal", "self"].includes(rule.terms[i].kind);
  tested.filter(isPlain).forEach(test);
  const loops = new Loops(writer, scope);
  for (const index of joinOrder(rule.body, null, given, new Set(orders.keys())))
    writeLiteral(context, scope, loops, rule.body[index], false, used);
  tested.filter((i) => !isPlain(i)).forEach(test);
  writer.line("return true;");
  if (loops.closeAll() > 0) writer.line("return false;");
  writer.close("}");
}
