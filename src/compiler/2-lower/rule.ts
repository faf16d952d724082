/** Rules and seal rules. */
import type { Annotation, Expr as AstExpr, Head, Literal as AstLiteral, RuleDecl, SealDecl } from "../ast.ts";
import type { AggregateCall, Collection, Destination, Expr, HeadTerm, Rule, SealRule } from "../ir.ts";
import { addr, bool, isSubtype, typeText } from "../types.ts";
import { copyArguments, matchArguments } from "./arguments.ts";
import { lowerBody } from "./body.ts";
import type { Body } from "./body.ts";
import { aggregateNamed, typeAggregate } from "./calls.ts";
import { wanted } from "./coerce.ts";
import { typeExpr } from "./expressions.ts";
import type { Sight, Variable } from "./expressions.ts";
import { quote } from "./findings.ts";
import { resolveCollection } from "./scope.ts";
import type { Place } from "./scope.ts";
import { checkWrite } from "./write.ts";

/** How many rules of the role have a head, by the head as written. */
export type Ordinals = Map<string, number>;

function labelOf(ordinals: Ordinals, head: string): string {
  const ordinal = (ordinals.get(head) ?? 0) + 1;
  ordinals.set(head, ordinal);
  return `${head}#${ordinal}`;
}

const refText = (ref: Head["ref"]): string => (ref.role === null ? ref.name.text : `${ref.role.text}.${ref.name.text}`);

/** null after an error that leaves no head. */
export function lowerRule(place: Place, decl: RuleDecl, ordinals: Ordinals): Rule | null {
  const label = labelOf(ordinals, refText(decl.head.ref));
  const target = resolveCollection(place, decl.head.ref);
  if (target !== null) checkWrite(place, decl.head, decl.op, target);

  let { body } = decl;
  let args = decl.head.args;
  if (args === null) {
    const copied = copySource(place, body);
    if (copied === null) return null;
    const { source, literal } = copied;
    body = [{ ...literal, args: copyArguments(source.columns, literal.span) }];
    args = copyArguments(source.columns, decl.head.span);
    if (target !== null && target.columns.length !== source.columns.length) {
      place.scope.findings.add("DLC210", place.file, decl.head.span,
        `${quote(target.name)} has ${target.columns.length} columns, but ${quote(source.name)} has ${source.columns.length}`, {
          cause: { file: source.file, span: source.nameSpan, label: "the copied collection" },
          mend: "Write the columns: `A(x, y) <= B(x, y, _);`.",
        });
      return null;
    }
  }
  const lowered = lowerBody(place, body, decl.span);
  const annotations = lowerAnnotations(place, decl, target, body, lowered);
  if (target === null) return null;
  const matched = matchArguments(place, target, args, decl.head.span, "head");
  const to = lowerDestination(place, decl, target, lowered);
  if (matched === null) return null;
  const terms = matched.map((term, i) => lowerHeadTerm(place, term as AstExpr, target, i, lowered));
  const having = lowerHaving(place, decl, terms, to, lowered);
  return {
    id: `${place.role.role.name}/${label}`, label, role: place.role.role.name,
    op: decl.op ?? "<=",
    head: { collection: target.id, to, terms, span: decl.head.span },
    body: lowered.literals, having, ...annotations,
    doc: decl.doc, file: place.file, span: decl.span,
  };
}

type AstRead = Extract<AstLiteral, { kind: "read" }>;

/** B of `A <= B`. */
function copySource(place: Place, body: readonly AstLiteral[]): { readonly source: Collection; readonly literal: AstRead } | null {
  const [literal] = body;
  if (body.length !== 1 || literal.kind !== "read" || literal.args !== null || literal.negated) return null;
  const source = resolveCollection(place, literal.ref);
  return source === null ? null : { source, literal };
}

const sightOf = (place: Place, body: Body): Sight => ({ place, variables: body.variables, unbound: body.unbound, aggregate: null });

function lowerDestination(place: Place, { head, op }: RuleDecl, target: Collection | null, body: Body): Destination | null {
  if (op !== "<~") return null;
  if (head.at === null) return { kind: "role" };
  if (head.at === "all") return { kind: "all" };
  const value = wanted(place, typeExpr(sightOf(place, body), head.at), addr, "an address");
  const constant = value.kind === "literal" && typeof value.value === "string" ? value.value.split("#")[0] : target?.role;
  if (target !== null && constant !== target.role) {
    place.scope.findings.add("DLC230", place.file, value.span, `this is an address of role ${constant}, and ${quote(target.name)} is a channel of role ${target.role}`, {
      cause: { file: target.file, span: target.nameSpan, label: "declared here" }, mend: `Write an address of role ${target.role}, such as "${target.role}#0".`,
    });
  }
  return { kind: "address", value };
}

function lowerHeadTerm(place: Place, term: AstExpr, target: Collection, i: number, body: Body): HeadTerm {
  const column = target.columns[i];
  const cause = { file: target.file, span: target.nameSpan, label: "declared here" };
  const what = `column ${quote(column.name)} of ${quote(target.name)}`;
  const aggregate = term.kind === "call" ? aggregateNamed(place, term.callee.text) : undefined;
  if (term.kind === "call" && aggregate !== undefined) {
    const call = typeAggregate(sightOf(place, body), term, aggregate);
    // The fact is checked when it is made, so an int may stand for a nat.
    const fits = isSubtype(call.type, column.type) || (call.type.kind === "int" && column.type.kind === "nat");
    if (!fits) {
      place.scope.findings.add("DLC230", place.file, term.span,
        `${what} is of type ${typeText(column.type)}, but ${quote(call.name)} gives ${typeText(call.type)}`, {
          cause,
          mend: column.type.kind === "float" && call.type.kind === "int" && call.args.length === 1
            ? `Aggregate floats: ${quote(`${call.name}(toFloat(...))`)}, or declare the column int.`
            : `Declare the column as ${typeText(call.type)}.`,
        });
    }
    return { kind: "aggregate", call };
  }
  return { kind: "value", value: wanted(place, typeExpr(sightOf(place, body), term), column.type, what, { cause }, true) };
}

function lowerHaving(place: Place, decl: RuleDecl, terms: readonly HeadTerm[], to: Destination | null, body: Body): Expr[] {
  if (decl.having.length === 0) return [];
  const { file, scope: { findings } } = place;
  const group = new Map<string, Variable>();
  const address: readonly Expr[] = to?.kind === "address" ? [to.value] : [];
  for (const value of [...terms.flatMap((term) => (term.kind === "value" ? [term.value] : [])), ...address]) {
    const known = value.kind === "variable" ? body.variables.get(value.name) : undefined;
    if (value.kind === "variable" && known !== undefined) group.set(value.name, known);
  }
  const calls: AggregateCall[] = [];
  // The arguments of an aggregate see the whole body, the rest of `having` only the group.
  let outside: { readonly name: string; readonly span: Expr["span"] } | null = null;
  const sight: Sight = {
    place, variables: body.variables, unbound: body.unbound,
    aggregate: (call) => void calls.push(call),
  };
  const having = decl.having.map((one) => {
    for (const found of groupVariables(place, one)) {
      if (outside === null && body.variables.has(found.name) && !group.has(found.name)) outside = found;
    }
    return wanted(place, typeExpr(sight, one), bool, "a condition of `having`");
  });
  if (calls.length === 0 && !terms.some((term) => term.kind === "aggregate")) {
    findings.add("DLC252", file, { start: decl.having[0].span.start, end: decl.having[decl.having.length - 1].span.end },
      "`having` filters the groups of an aggregate, and this rule has none", { mend: "Make it a condition of the body: write `,` for `having`." });
  } else if (outside !== null) {
    const { name, span } = outside as { name: string; span: Expr["span"] };
    findings.add("DLC252", file, span, `${quote(name)} is not part of the group: within one group it has many values`, {
      cause: { file, span: decl.head.span, label: `the group is ${group.size === 0 ? "everything" : [...group.keys()].map(quote).join(", ")}` },
      mend: "Put it into the head, aggregate it, or make it a condition of the body.",
    });
  }
  return having;
}

/** Variables of a `having` condition outside the arguments of its aggregates. */
function groupVariables(place: Place, expr: AstExpr): { readonly name: string; readonly span: Expr["span"] }[] {
  switch (expr.kind) {
    case "variable": return [expr];
    case "call":
      return aggregateNamed(place, expr.callee.text) !== undefined ? [] : expr.args.flatMap((arg) => groupVariables(place, arg));
    case "unary": return groupVariables(place, expr.of);
    case "binary": return [...groupVariables(place, expr.left), ...groupVariables(place, expr.right)];
    case "if": return [expr.test, expr.then, expr.else].flatMap((one) => groupVariables(place, one));
    case "tuple": case "list": case "set": return expr.of.flatMap((one) => groupVariables(place, one));
    default: return [];
  }
}

function lowerAnnotations(
  place: Place, decl: RuleDecl, target: Collection | null, body: readonly AstLiteral[], lowered: Body,
): Pick<Rule, "coordinate" | "allow"> {
  const { file, scope: { findings } } = place;
  let coordinate: Extract<Annotation, { kind: "coordinate" }> | null = null;
  let allow: Extract<Annotation, { kind: "allow" }> | null = null;
  for (const annotation of decl.annotations) {
    const before = annotation.kind === "coordinate" ? coordinate : allow;
    if (before !== null) {
      findings.add("DLC282", file, annotation.span, `this rule has ${quote(`@${annotation.kind}`)} twice`, {
        cause: { file, span: before.span, label: "first here" }, mend: "Keep one of them.",
      });
      continue;
    }
    const needs = annotation.kind === "allow" || annotation.how.kind === "none";
    if (needs && (annotation.reason === null || annotation.reason.trim() === "")) {
      const form = annotation.kind === "allow" ? `@allow(${annotation.what}, "...")` : `@coordinate(none, "...")`;
      findings.add("DLC280", file, annotation.span, "this annotation needs a reason, which every report then shows", { mend: `Write ${quote(form)}.` });
    }
    if (annotation.kind === "allow") allow = annotation;
    else coordinate = annotation;
  }
  if (coordinate?.how.by) {
    const known = new Set<string>([...lowered.variables.keys()].filter((name) => !/^_[0-9]*$/.test(name)));
    const read = body.flatMap((literal) => (literal.kind === "read" ? [literal.ref.name.text] : []));
    for (const name of read) for (const column of place.role.collections.get(name)?.columns ?? []) known.add(column.name);
    for (const column of target?.columns ?? []) known.add(column.name);
    for (const name of coordinate.how.by) {
      if (known.has(name.text)) continue;
      findings.add("DLC281", file, name.span, `${quote(name.text)} is neither a variable of this rule nor a column that it reads or writes`,
        findings.didYouMean(file, name.span, name.text, known, "Name the columns whose values may be coordinated apart."));
    }
  }
  return {
    coordinate: coordinate && {
      kind: coordinate.how.kind, by: coordinate.how.by?.map((name) => name.text) ?? null, reason: coordinate.reason, span: coordinate.span,
    },
    allow: allow && { what: allow.what, reason: allow.reason, span: allow.span },
  };
}

/** null after an error that leaves no target or key. */
export function lowerSeal(place: Place, decl: SealDecl, ordinals: Ordinals): SealRule | null {
  const { file, role: { role }, scope: { findings } } = place;
  const label = labelOf(ordinals, `seal ${refText(decl.target)}`);
  const target = resolveCollection(place, decl.target);
  const body = lowerBody(place, decl.body, decl.span);
  if (target === null) return null;
  const declared = { file: target.file, span: target.nameSpan, label: "declared here" };
  if (target.sealed === null) {
    const sealable = target.kind === "input" || target.kind === "channel";
    findings.add("DLC272", file, decl.target.span, `${quote(target.name)} promises no seal`, {
      cause: declared,
      mend: sealable ? `Declare it: ${quote(`sealed by (${target.columns[0]?.name ?? "k"})`)} after its columns.` : "Only inputs and channels are sealed.",
    });
    return null;
  }
  const own = target.role === role.name;
  if (own !== (decl.op === "<=")) {
    const right = own ? "<=" : "<~";
    findings.add("DLC274", file, decl.target.span, own
      ? `${quote(target.name)} belongs to this role, so it is sealed with ${quote("<=")}`
      : `${quote(target.id)} belongs to another role, so its seal is sent with ${quote("<~")}`, {
      cause: declared, mend: `Write ${quote(right)}.`,
    });
  } else if (!own && target.kind !== "channel") {
    findings.add("DLC221", file, decl.target.span, `only the host of role ${target.role} seals its input ${quote(target.name)}`, {
      cause: declared, mend: `Seal a channel of role ${target.role}.`,
    });
  }
  const promised = target.sealed.columns.map((index) => target.columns[index].name);
  const given = decl.args.map((arg) => arg.name?.text ?? "");
  const exact = given.length === promised.length && promised.every((column) => given.includes(column));
  if (!exact) {
    const form = promised.length === 0 ? `seal ${refText(decl.target)}` : `seal ${refText(decl.target)}(${promised.map((column) => `${column}: ...`).join(", ")})`;
    const wrong = decl.args.find((arg) => arg.name !== null && !promised.includes(arg.name.text));
    findings.add("DLC273", file, wrong?.name?.span ?? decl.target.span, promised.length === 0
      ? `${quote(target.name)} is sealed as a whole, without columns`
      : `${quote(target.name)} is sealed by ${promised.map(quote).join(", ")}, and the seal names ${given.every((name) => name === "") ? "no column" : given.map(quote).join(", ")}`, {
      cause: { file: target.file, span: target.sealed.span, label: "the promise" }, mend: `Write ${quote(form)}.`,
    });
    return null;
  }
  const sight = sightOf(place, body);
  const key = target.sealed.columns.map((index) => {
    const column = target.columns[index];
    const arg = decl.args.find((one) => one.name?.text === column.name) as SealDecl["args"][number];
    return wanted(place, typeExpr(sight, arg.value), column.type, `column ${quote(column.name)} of ${quote(target.name)}`, { cause: declared }, true);
  });
  return {
    id: `${role.name}/${label}`, label, role: role.name, target: target.id, op: decl.op,
    key, body: body.literals, file, span: decl.span,
  };
}

