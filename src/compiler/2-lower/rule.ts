/** Rules. */
import type { Expr as AstExpr, Head, Literal as AstLiteral, RuleDecl, Span } from "../ast.ts";
import type { Collection, Destination, Expr, HeadTerm, LatticeType, Rule, Type } from "../ir.ts";
import { aggregateName } from "../ir.ts";
import { addr, isSubtype, typeText } from "../types.ts";
import { lowerAnnotations } from "./annotations.ts";
import { contextual, eventful, latticeKinds, operationsNamed } from "../../lattices/index.ts";
import { copyArguments, matchArguments } from "./arguments.ts";
import { lowerBody } from "./body.ts";
import type { Body } from "./body.ts";
import { aggregateNamed, typeAggregate } from "./calls.ts";
import { wanted } from "./coerce.ts";
import { typeExpr } from "./expressions.ts";
import type { Sight } from "./expressions.ts";
import { quote } from "./findings.ts";
import type { More } from "./findings.ts";
import { lowerHaving } from "./having.ts";
import { coerceToLattice, isOperationName, typeUpdate } from "./lattices.ts";
import { checkLiterals, expressionsOf } from "./literals.ts";
import { resolveCollection } from "./scope.ts";
import type { Place } from "./scope.ts";
import { article, checkWrite } from "./write.ts";

/** How many rules of the role have a head, by the head as written. */
export type Ordinals = Map<string, number>;

export function labelOf(ordinals: Ordinals, head: string): string {
  const ordinal = (ordinals.get(head) ?? 0) + 1;
  ordinals.set(head, ordinal);
  return `${head}#${ordinal}`;
}

export const refText = (ref: Head["ref"]): string =>
  ref.role === null ? ref.name.text : `${ref.role.text}.${ref.name.text}`;

/** null after an error that leaves no head. */
export function lowerRule(place: Place, decl: RuleDecl, ordinals: Ordinals): Rule | null {
  const label = labelOf(ordinals, `${place.role.copy?.prefix ?? ""}${refText(decl.head.ref)}`);
  const target = resolveCollection(place, decl.head.ref, decl.op === "<~" ? "send" : "write");
  if (target !== null) checkWrite(place, decl.head, decl.op, target);

  let { body } = decl;
  let args = decl.head.args;
  let writtenOut: string | null = null;
  if (args === null) {
    const copied = copySource(place, body);
    if (copied === null) return null;
    const { source, literal } = copied;
    body = [{ ...literal, args: copyArguments(source.columns, literal.span) }];
    args = copyArguments(source.columns, decl.head.span);
    const columns = source.columns.map(({ name }) => name).join(", ");
    const written = ({ start, end }: Span): string => `${place.file.text.slice(start, end)}(${columns})`;
    writtenOut = `${written(decl.head.span)} ${decl.op} ${written(literal.span)}`;
    if (target !== null && target.columns.length !== source.columns.length) {
      place.scope.findings.add(
        "DLC210",
        place.file,
        decl.head.span,
        `${quote(target.name)} has ${target.columns.length} columns, but ${quote(source.name)} has ${source.columns.length}`,
        {
          cause: { file: source.file, span: source.nameSpan, label: "the copied collection" },
          mend: "Write the columns: `A(x, y) <= B(x, y, _);`.",
        },
      );
      return null;
    }
  }
  const lowered = lowerBody(place, body, decl.span);
  const annotations = lowerAnnotations(place, decl, target, body, lowered);
  if (target === null) return null;
  const matched = matchArguments(place, target, args, decl.head.span, "head");
  const to = lowerDestination(place, decl, target, lowered);
  if (matched === null) return null;
  const terms = matched.map((term, i) => lowerHeadTerm(place, term as AstExpr, target, i, lowered, writtenOut));
  const having = lowerHaving(place, decl, terms, to, lowered);
  checkUpdates(place, decl, target, terms);
  checkLiterals(place, expressionsOf(lowered.literals, terms, having));
  return {
    id: `${place.role.role.name}/${label}`,
    label,
    role: place.role.role.name,
    op: decl.op ?? "<=",
    head: { collection: target.id, to, terms, span: decl.head.span },
    body: lowered.literals,
    having,
    ...annotations,
    doc: decl.doc,
    file: place.file,
    span: decl.span,
  };
}

type AstRead = Extract<AstLiteral, { kind: "read" }>;

/** B of `A <= B`. */
function copySource(
  place: Place,
  body: readonly AstLiteral[],
): { readonly source: Collection; readonly literal: AstRead } | null {
  const [literal] = body;
  if (body.length !== 1 || literal.kind !== "read" || literal.args !== null || literal.negated) return null;
  const source = resolveCollection(place, literal.ref, "read");
  return source === null ? null : { source, literal };
}

export const sightOf = (place: Place, body: Body): Sight => ({
  place,
  variables: body.variables,
  unbound: body.unbound,
  aggregate: null,
});

function lowerDestination(
  place: Place,
  { head, op }: RuleDecl,
  target: Collection | null,
  body: Body,
): Destination | null {
  if (op !== "<~") return null;
  if (head.at === null) return { kind: "role" };
  if (head.at === "all") return { kind: "all" };
  const value = wanted(place, typeExpr(sightOf(place, body), head.at), addr, "an address");
  // What is no address at all has been reported already.
  const constant =
    value.kind === "literal" && typeof value.value === "string" ? /^(.+)#/.exec(value.value)?.[1] : undefined;
  if (target !== null && constant !== undefined && constant !== target.role) {
    place.scope.findings.add(
      "DLC230",
      place.file,
      value.span,
      `this is an address of role ${constant}, and ${quote(target.name)} is a channel of role ${target.role}`,
      {
        cause: { file: target.file, span: target.nameSpan, label: "declared here" },
        mend: `Write an address of role ${target.role}, such as "${target.role}#0".`,
      },
    );
  }
  return { kind: "address", value };
}

/** `writtenOut`: the rule with its columns, where the program has `A <= B`. */
function lowerHeadTerm(
  place: Place,
  term: AstExpr,
  target: Collection,
  i: number,
  body: Body,
  writtenOut: string | null,
): HeadTerm {
  const column = target.columns[i];
  const cause = { file: target.file, span: target.nameSpan, label: "declared here" };
  const what = `column ${quote(column.name)} of ${quote(target.name)}`;
  const update =
    column.type.kind === "lattice" ? typeUpdate(sightOf(place, body), term, column.type, body.literals) : null;
  if (update !== null) return { kind: "value", value: update };
  const aggregate =
    term.kind === "call" && !isOfLattice(term, body) ? aggregateNamed(place, term.callee.text) : undefined;
  if (term.kind === "call" && aggregate !== undefined) {
    const call = typeAggregate(sightOf(place, body), term, aggregate);
    // The fact is checked when it is made, so an int may stand for a nat.
    const into = column.type.kind === "lattice" ? liftedFrom(column.type) : column.type;
    const fits = isSubtype(call.type, into) || (call.type.kind === "int" && into.kind === "nat");
    if (!fits) {
      place.scope.findings.add(
        "DLC230",
        place.file,
        term.span,
        `${what} is of type ${typeText(column.type)}, but ${quote(aggregateName(call))} gives ${typeText(call.type)}`,
        {
          cause,
          mend:
            column.type.kind === "float" && call.type.kind === "int" && call.args.length === 1 && !aggregate.imported
              ? `Aggregate floats: ${quote(`${aggregateName(call)}(toFloat(...))`)}, or declare the column int.`
              : `Declare the column as ${typeText(call.type)}.`,
        },
      );
    }
    return { kind: "aggregate", call };
  }
  const value = typeExpr(sightOf(place, body), term);
  const lifted =
    column.type.kind === "lattice" && value.type.kind !== "unknown"
      ? coerceToLattice(value, column.type, true, true)
      : null;
  const more: More =
    writtenOut === null
      ? { cause }
      : {
          cause,
          mend: `Write the columns, and convert what is of another type: ${quote(writtenOut)}.`,
          fixes: [],
        };
  return { kind: "value", value: lifted ?? wanted(place, value, column.type, what, more, true) };
}

/** The plain type of which a value is lifted without looking at the value at hand; the lattice itself where there is none. */
function liftedFrom(of: LatticeType): Type {
  const lift = latticeKinds.get(of.name)?.lift ?? null;
  return lift === null || contextual.has(lift.op) ? of : lift.of(of.args);
}

/** What looks at the value at hand is merged in the same step, into a table: only there one is at hand. */
function checkUpdates(place: Place, decl: RuleDecl, target: Collection, terms: readonly HeadTerm[]): void {
  const among = (ops: ReadonlySet<string>): Expr | undefined =>
    terms
      .flatMap((term) => (term.kind === "value" ? [term.value] : []))
      .find((value) => value.kind === "lattice" && ops.has(value.op));
  const update = among(new Set([...contextual, ...eventful]));
  if (update !== undefined && (decl.having.length > 0 || terms.some(({ kind }) => kind === "aggregate"))) {
    place.scope.findings.add(
      "DLC209",
      place.file,
      update.span,
      "an update is made by each valuation of the body, and an aggregate ranges over all of a group",
      {
        mend: "Let a scratch hold what is aggregated, and a second rule update from it.",
      },
    );
    return;
  }
  const looking = among(contextual);
  if (looking === undefined || (decl.op === "<=" && target.kind === "table")) return;
  const { span } = looking;
  place.scope.findings.add(
    "DLC209",
    place.file,
    span,
    "an update that looks at the value at hand is merged into a table with `<=`",
    {
      cause: { file: target.file, span: target.nameSpan, label: `${quote(target.name)} is ${article(target.kind)}` },
      mend: "Keep the value in a table, and copy it from there. `stamped(n, x)` and `versioned(clock, x)` can stand anywhere.",
    },
  );
}

/** `sum(s)` of a set that is a lattice value is no aggregate. */
function isOfLattice(term: Extract<AstExpr, { kind: "call" }>, body: Body): boolean {
  const [arg] = term.args as readonly (AstExpr | undefined)[];
  if (arg?.kind === "variable")
    return body.variables.get(arg.name)?.type.kind === "lattice" && isOperationName(term.callee.text);
  // What gives a plain value, such as `reveal`, is aggregated.
  return (
    arg?.kind === "call" &&
    operationsNamed(arg.callee.text).some(({ growth }) => growth === "morphism") &&
    isOperationName(term.callee.text)
  );
}
