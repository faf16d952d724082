/** Literals of a body: the loops, look-ups and tests that they become. */
import type { Pattern } from "../ir.ts";
import type { ExprScope } from "./expressions.ts";
import type { FlowLiteral, FlowRead, FlowRelation } from "./flow.ts";
import type { Loops } from "./loops.ts";
import type { Names } from "./names.ts";
import { find } from "./rows.ts";
import type { RuleContext } from "./rules.ts";

/** Takes note that a row came in this step (of a negated literal: went). */
function noteNew(scope: ExprScope, relation: FlowRelation, row: string, negated: boolean): void {
  if (scope.news === null) return;
  const since = scope.names.take("isNew");
  const was = (): string => `${scope.locals.state(relation, "was")}[${row}]`;
  const isNew = negated
    ? `(${row} >= 0 && ${was()} === 1)`
    : relation.storage === "passing"
      ? "true"
      : `${was()} === 0`;
  scope.writer.line(`const ${since} = ${scope.news} || ${isNew};`);
  scope.news = since;
}

/** Binds the variables of a row's columns and tests the others; `probed` columns are known to agree. */
export function matchRow(
  scope: ExprScope,
  literal: FlowRead,
  row: string,
  probed: ReadonlySet<number>,
  used: ReadonlySet<string>,
): void {
  const { writer } = scope;
  literal.terms.forEach((term, i) => {
    if (probed.has(i)) return;
    const value = (): string => `${scope.locals.column(literal.relation, i)}[${row}]`;
    if (term.kind === "variable" && !scope.isBound(term.name)) {
      if (!used.has(term.name)) return;
      const code = scope.names.take(term.name);
      writer.line(`const ${code} = ${value()};`);
      scope.bind(term.name, code);
    } else writer.line(`if (${value()} !== ${scope.code(term)}) continue;`);
  });
}

/** Whether a row is not there in the state that the literal reads; null: it is. */
function isAbsent(scope: ExprScope, relation: FlowRelation, row: string, old: boolean): string | null {
  if (relation.storage === "passing" || (relation.onlyGrows && !old)) return null;
  if (scope.inEither) return null;
  const order = scope.orders.get(relation);
  if (order !== undefined) return `${order}.since[${row}] >= before`;
  return `${scope.locals.state(relation, old ? "was" : "count")}[${row}] === 0`;
}

export function writeLiteral(
  context: RuleContext,
  scope: ExprScope,
  loops: Loops,
  literal: FlowLiteral,
  old: boolean,
  used: ReadonlySet<string>,
): void {
  const { writer } = scope;
  switch (literal.kind) {
    case "read":
      if (literal.negated) writeAbsence(scope, literal, old);
      else writeRead(context, scope, loops, literal, old, used);
      break;
    case "test":
      writer.line(`if (!${scope.boolean(literal.value)}) ${scope.escape}`);
      break;
    case "closed":
      writer.line(
        `if (!${literal.name}.has(${literal.key.map((expr) => scope.code(expr)).join(", ")})) ${scope.escape}`,
      );
      break;
    case "bind": {
      const value = scope.code(literal.value);
      if (scope.isBound(literal.variable))
        writer.line(`if (${scope.variable(literal.variable)} !== ${value}) ${scope.escape}`);
      else {
        const code = scope.names.take(literal.variable);
        writer.line(`const ${code} = ${value};`);
        scope.bind(literal.variable, code);
      }
      break;
    }
    case "range":
      writeRange(scope, loops, literal, scope.elements(literal.value), used);
  }
}

export type FlowRange = Extract<FlowLiteral, { kind: "range" }>;

export function writeRange(
  scope: ExprScope,
  loops: Loops,
  literal: FlowRange,
  elements: string,
  used: ReadonlySet<string>,
): void {
  const { writer } = scope;
  const list = scope.names.take("elements");
  const n = scope.names.take("n");
  writer.line(`const ${list} = ${elements};`);
  loops.open(`for (let ${n} = 0; ${n} < ${list}.length; ${n}++) {`);
  matchPattern(scope, literal.pattern, `${list}[${n}]`, used);
}

function matchPattern(scope: ExprScope, pattern: Pattern, code: string, used: ReadonlySet<string>): void {
  const { writer } = scope;
  if (pattern.kind === "tuple") {
    const parts = scope.names.take("parts");
    writer.line(`const ${parts} = values.elements(${code});`);
    pattern.of.forEach((part, i) => matchPattern(scope, part, `${parts}[${i}]`, used));
  } else if (scope.isBound(pattern.name)) writer.line(`if (${code} !== ${scope.variable(pattern.name)}) continue;`);
  else if (used.has(pattern.name)) {
    const name = scope.names.take(pattern.name);
    writer.line(`const ${name} = ${code};`);
    scope.bind(pattern.name, name);
  }
}

function writeAbsence(scope: ExprScope, literal: FlowRead, old: boolean): void {
  const row = scope.names.take("other");
  scope.writer.line(
    `const ${row} = ${find(
      scope,
      literal.relation,
      literal.terms.map((term) => scope.code(term)),
    )};`,
  );
  const absent = scope.inEither
    ? `${literal.relation.name}.was[${row}] === 0 || ${literal.relation.name}.count[${row}] === 0`
    : isAbsent(scope, literal.relation, row, old);
  scope.writer.line(`if (${row} >= 0${absent === null ? "" : ` && !(${absent})`}) ${scope.escape}`);
  noteNew(scope, literal.relation, row, true);
}

function writeRead(
  context: RuleContext,
  scope: ExprScope,
  loops: Loops,
  literal: FlowRead,
  old: boolean,
  used: ReadonlySet<string>,
): void {
  const { writer } = scope;
  const { relation, terms } = literal;
  const bound: number[] = [];
  terms.forEach((term, i) => {
    if (term.kind !== "variable" || scope.isBound(term.name)) bound.push(i);
  });
  const codes = bound.map((column) => scope.code(terms[column]));
  const row = scope.names.take("row");
  if (bound.length === terms.length) {
    const absent = isAbsent(scope, relation, row, old);
    writer.line(`const ${row} = ${find(scope, relation, codes)};`);
    writer.line(`if (${row} < 0${absent === null ? "" : ` || ${absent}`}) ${scope.escape}`);
    noteNew(scope, relation, row, false);
    return;
  }
  if (bound.length === 0) {
    const end = scope.names.take("size");
    loops.open(`for (let ${row} = 0, ${end} = ${relation.name}.size; ${row} < ${end}; ${row}++) {`);
  } else {
    const index = indexOf(context.names, relation, bound);
    const first = bound.length <= 3 ? `first${bound.length}` : "firstOf";
    const next = scope.locals.next(relation, index);
    loops.open(`for (let ${row} = ${index}.${first}(${codes.join(", ")}); ${row} >= 0; ${row} = ${next}[${row}]) {`);
  }
  const absent = isAbsent(scope, relation, row, old);
  if (absent !== null) writer.line(`if (${absent}) continue;`);
  noteNew(scope, relation, row, false);
  matchRow(scope, literal, row, new Set(bound), used);
}

/** Identifier of the index over these columns. */
function indexOf(names: Names, relation: FlowRelation, columns: readonly number[]): string {
  for (const [name, known] of relation.indexes) if (known.join() === columns.join()) return name;
  const name = names.take(`${relation.name}_by_${columns.join("_")}`);
  relation.indexes.set(name, columns);
  return name;
}
