/** One function for each way to evaluate a rule: a straight loop from the literal that drives it to the head. */
import { positionOf } from "../diagnostics/lines.ts";
import type { SourceFile } from "../ast.ts";
import { contextual } from "../../lattices/index.ts";
import type { Expr, LatticeType } from "../ir.ts";
import { writeAccumulation } from "./aggregates.ts";
import { ExprScope } from "./expressions.ts";
import type { ModuleScope } from "./expressions.ts";
import type { FlowRead, FlowRelation, FlowRule } from "./flow.ts";
import { rangedOver } from "./growing.ts";
import { joinOrder } from "./join-order.ts";
import { matchRow, writeLiteral, writeRange } from "./literals.ts";
import type { FlowRange } from "./literals.ts";
import { writeRepairFunction } from "./repair.ts";
import type { RepairDriver } from "./repair.ts";
import { Locals } from "./locals.ts";
import { Loops } from "./loops.ts";
import type { Names } from "./names.ts";
import { fileName, ruleText } from "./texts.ts";
import { bump, columnOf, insert, seek } from "./rows.ts";
import { countVariables, patternVariables } from "./walk.ts";
import { commentText, type, Writer } from "./writer.ts";

/**
 * What an evaluation starts from. `literal` is an index into the body.
 *   start    nothing: bodies without positive reads
 *   rows     all rows of a passing relation
 *   changes  rows that came and went in this step, with their sign; the other literals read the new state before it, the old after it
 *   gained   rows that came (of a negated literal: went); the others read the new state
 *   fresh    rows that `keep` brought since the last round
 *   all      all rows that are present
 */
export type Driver =
  | { readonly kind: "start" }
  | { readonly kind: "rows" | "changes" | "gained" | "fresh" | "all"; readonly literal: number }
  | RepairDriver;

export interface RuleContext {
  readonly writer: Writer;
  readonly names: Names;
  readonly module: ModuleScope;
  /** That of the role, for rules that nobody wrote. */
  readonly file: SourceFile;
  /** In a recursive stratum derivations are not counted. */
  readonly isRecursive: (head: FlowRelation) => boolean;
  /** Identifiers of the orders of views that are repaired. */
  readonly orders: ReadonlyMap<FlowRelation, string>;
}

export function scopeOf(context: RuleContext, rule: string, file: SourceFile): ExprScope {
  return new ExprScope(context.writer, context.names.inner(), context.module, file, rule);
}

export function scopeOfRule(context: RuleContext, { source, comment, file }: FlowRule): ExprScope {
  return source === null
    ? scopeOf(context, commentText(comment), file ?? context.file)
    : scopeOf(context, ruleText(source), source.file);
}

export function writeRule(context: RuleContext, rule: FlowRule, driver: Driver, name: string): void {
  const members = rule.aggregate?.accumulators.flatMap((one) => one.members ?? []) ?? [];
  const isRepair = driver.kind === "lost" || driver.kind === "stands";
  const locals = new Locals(isRepair ? [] : [rule.head, ...members]);
  const write = (to: RuleContext): void =>
    isRepair ? writeRepairFunction(to, rule, driver, name, locals) : writeFunction(to, rule, driver, name, locals);
  // Once to learn which arrays it reads, and once with their names.
  write({ ...context, writer: new Writer() });
  const { writer } = context;
  const { source } = rule;
  const line =
    source === null ? null : { file: fileName(source.file), line: positionOf(source.file, source.span.start).line - 1 };
  writer.from(line, () => write(context));
}

function writeFunction(
  context: RuleContext,
  rule: FlowRule,
  driver: Exclude<Driver, RepairDriver>,
  name: string,
  locals: Locals,
): void {
  const { writer } = context;
  const scope = scopeOfRule(context, rule);
  const used = usedVariables(rule);
  const parameters = driver.kind === "fresh" ? `from${type(": number")}, end${type(": number")}` : "";
  writer.open(`function ${name}(${parameters})${type(": void")} {`);
  locals.declare(writer, scope.names);
  scope.locals = locals;
  locals.depth = 0;
  const depth = new Loops(writer, scope);
  const row = driver.kind === "start" ? "" : writeDriver(scope, depth, rule, driver, used);
  const literal = driver.kind === "start" ? null : driver.literal;
  const parts = writeParts(scope, rule, driver, row);
  for (const index of joinOrder(rule.body, literal)) {
    const old =
      (driver.kind === "changes" && index > driver.literal) ||
      (driver.kind === "start" && rule.mode === "counting" && !context.isRecursive(rule.head));
    if (parts?.range === index) writeRange(scope, depth, rule.body[index] as FlowRange, parts.elements, used);
    else writeLiteral(context, scope, depth, rule.body[index], old, used);
  }
  writeHead(context, scope, rule);
  depth.closeAll();
  writer.close("}");
}

/** Variables that are read somewhere besides where they are bound. */
export function usedVariables(rule: Pick<FlowRule, "body" | "terms" | "aggregate">): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const literal of rule.body) {
    if (literal.kind === "read") for (const term of literal.terms) countVariables(term, counts);
    else if (literal.kind === "closed") for (const expr of literal.key) countVariables(expr, counts);
    else countVariables(literal.value, counts);
    if (literal.kind === "bind") counts.set(literal.variable, (counts.get(literal.variable) ?? 0) + 1);
    if (literal.kind === "range")
      for (const name of patternVariables(literal.pattern)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const used = new Set([...counts].flatMap(([name, count]) => (count > 1 ? [name] : [])));
  const heads = new Map<string, number>();
  for (const term of rule.terms) countVariables(term, heads);
  for (const { call } of rule.aggregate?.accumulators ?? []) for (const arg of call.args) countVariables(arg, heads);
  for (const name of heads.keys()) used.add(name);
  return used;
}

/** The identifier of the row that drives. */
function writeDriver(
  scope: ExprScope,
  loops: Loops,
  rule: FlowRule,
  driver: Exclude<Driver, RepairDriver | { kind: "start" }>,
  used: ReadonlySet<string>,
): string {
  const { writer } = scope;
  const literal = rule.body[driver.literal] as FlowRead;
  const { name } = literal.relation;
  const row = scope.names.take("row");
  const n = scope.names.take("n");
  const skipAbsent = (): void => {
    if (!literal.relation.onlyGrows)
      writer.line(`if (${scope.locals.state(literal.relation, "count")}[${row}] === 0) continue;`);
  };
  switch (driver.kind) {
    case "rows":
      loops.open(`for (let ${row} = 0; ${row} < ${name}.size; ${row}++) {`);
      skipAbsent();
      break;
    case "all":
      loops.open(`for (let ${row} = 0, end = ${name}.size; ${row} < end; ${row}++) {`);
      skipAbsent();
      break;
    case "changes":
      loops.open(`for (let ${n} = 0; ${n} < ${name}.touched.length; ${n}++) {`);
      writer.line(`const ${row} = ${name}.touched.at(${n});`);
      scope.sign = scope.names.take("change");
      writer.line(`const ${scope.sign} = ${literal.negated ? "-" : ""}${name}.change(${row});`);
      writer.line(`if (${scope.sign} === 0) continue;`);
      break;
    case "gained":
      loops.open(`for (let ${n} = 0; ${n} < ${name}.touched.length; ${n}++) {`);
      writer.line(`const ${row} = ${name}.touched.at(${n});`);
      writer.line(`if (${name}.change(${row}) !== ${literal.negated ? -1 : 1}) continue;`);
      break;
    case "fresh":
      loops.open(`for (let ${n} = from; ${n} < end; ${n}++) {`);
      writer.line(`const ${row} = ${name}.fresh.at(${n});`);
      if (rule.mode === "inserting") {
        // Rows that were lost and derived again in this step make no valuation new.
        scope.news = scope.names.take("isNew");
        writer.line(`const ${scope.news} = ${scope.locals.state(literal.relation, "was")}[${row}] === 0;`);
      }
  }
  matchRow(scope, literal, row, new Set(), used);
  return row;
}

/** Where the driving row's lattice value is only ranged over: the elements that came with it, or went, by the row of the same key before or now. */
function writeParts(
  scope: ExprScope,
  rule: FlowRule,
  driver: Driver,
  row: string,
): { readonly range: number; readonly elements: string } | null {
  if (driver.kind !== "changes" && driver.kind !== "gained" && driver.kind !== "fresh") return null;
  const read = rule.body[driver.literal] as FlowRead;
  const { joins } = read.relation;
  const args = rule.aggregate?.accumulators.flatMap(({ call }) => call.args) ?? [];
  const range = joins === null || read.negated ? null : rangedOver(rule.body, [...rule.terms, ...args], driver.literal);
  if (joins === null || range === null) return null;
  const value = (rule.body[range] as FlowRange).value as Extract<Expr, { kind: "variable" }>;
  const column = read.terms.findIndex((term) => term.kind === "variable" && term.name === value.name);
  const other = scope.names.take("other");
  const key = joins.key.map((at) => `${columnOf(read.relation, at)}[${row}]`).join(", ");
  const before = `${joins.name}.before(${key})`;
  scope.writer.line(
    `const ${other} = ${driver.kind === "changes" ? `${scope.sign} > 0 ? ${before} : ${joins.name}.now(${key})` : before};`,
  );
  return {
    range,
    elements: `${scope.module.lattice(value.type as LatticeType)}.gained(${other} < 0 ? -1 : ${columnOf(read.relation, column)}[${other}], ${scope.code(value)})`,
  };
}

function writeHead(context: RuleContext, scope: ExprScope, rule: FlowRule): void {
  const { writer } = scope;
  const { head, offer } = rule;
  if (scope.news !== null) writer.line(`if (!${scope.news}) ${scope.escape}`);
  const codes: string[] = [];
  // The key first: an update looks at what is held for it.
  const updates = rule.terms.flatMap((term, i) => (term.kind === "lattice" && contextual.has(term.op) ? [i] : []));
  rule.terms.forEach((_, i) => {
    if (!updates.includes(i)) codes[i] = scope.checked(rule.terms[i], head.types[i]);
  });
  if (updates.length > 0) {
    const { name, table, key } = rule.merges!;
    const held = scope.names.take("held");
    writer.line(`const ${held} = ${name}.before(${key.map((column) => codes[column]).join(", ")});`);
    for (const i of updates) {
      scope.current = `(${held} < 0 ? -1 : ${columnOf(table, i)}[${held}])`;
      codes[i] = scope.checked(rule.terms[i], head.types[i]);
    }
  }
  if (rule.aggregate !== null) {
    writeAccumulation(scope, rule, rule.aggregate, codes);
    return;
  }
  const isKept = head.storage === "passing" || head.storage === "table" || head.storage === "queue";
  const isLanding = rule.mode === "passing" && head.storage === "landing";
  if (offer === null && (isKept || (context.isRecursive(head) && !isLanding))) {
    writer.line(insert(scope, head, codes));
    return;
  }
  const row = seek(scope, head, codes, true);
  if (offer !== null) writer.line(`${offer.name}.offer(${row}, ${offer.rule});`);
  else if (context.isRecursive(head)) writer.line(`${head.name}.keepLanded(${row});`);
  else if (rule.mode === "passing") writer.line(`${head.name}.land(${row});`);
  else writer.line(bump(head, row, scope.sign));
}
