/** Calls: imported functions, built-in ones, aggregates. */
import type { Expr as AstExpr } from "../ast.ts";
import type { AggregateCall, Expr, ImportedFunction, Type } from "../ir.ts";
import { aggregates, functions } from "../../operators/index.ts";
import type { BuiltinAggregate, BuiltinFunction, Signature, SignatureType } from "../../operators/index.ts";
import { int, joinTypes, listOf, typeText, unknown } from "../types.ts";
import { coerce, revealing, wanted } from "./coerce.ts";
import { typeExpr } from "./expressions.ts";
import type { Sight } from "./expressions.ts";
import { holdsLattice, operations, operationsNamed } from "../../lattices/index.ts";
import { alternatives, plural, quote } from "./findings.ts";
import { isOperationName, reportUpdate, typeOperation } from "./lattices.ts";
import type { Place } from "./scope.ts";
import { article } from "./write.ts";

type AstCall = Extract<AstExpr, { kind: "call" }>;

/** What a call of an aggregate means. */
export type Aggregate =
  | { readonly imported: false; readonly of: BuiltinAggregate }
  | { readonly imported: true; readonly of: ImportedFunction };

/** The aggregate of that name, the program's own first; undefined where the name means something else. */
export function aggregateNamed({ role, scope }: Place, name: string): Aggregate | undefined {
  if (role.collections.has(name) || scope.functions.has(name)) return undefined;
  const own = scope.aggregates.get(name);
  if (own !== undefined) return { imported: true, of: own };
  const builtin = aggregates.get(name);
  return builtin && { imported: false, of: builtin };
}

export function typeCall(sight: Sight, call: AstCall): Expr {
  const { place } = sight;
  const {
    file,
    scope: { findings },
  } = place;
  const { span } = call;
  const name = call.callee.text;
  const failed = (args: readonly Expr[]): Expr => ({ kind: "call", name, builtin: true, args, type: unknown, span });

  const collection = place.role.collections.get(name);
  const imported = place.scope.functions.get(name);
  if (collection !== undefined && (collection.kind !== "nodes" || imported === undefined)) {
    findings.add("DLC206", file, call.callee.span, `${quote(name)} is ${article(collection.kind)}, not a function`, {
      cause: { file: collection.file, span: collection.nameSpan, label: "declared here" },
      ...(file.text[span.start - 1] === "!"
        ? {
            mend: `That there is no such fact is said with ${quote("not")}.`,
            fixes: [
              {
                title: `Write ${quote("not")}`,
                edits: [{ file, span: { start: span.start - 1, end: span.start }, text: "not " }],
              },
            ],
          }
        : { mend: "Read it as a literal of the body, and use the variables that it binds." }),
    });
    return failed([]);
  }
  if (imported !== undefined) {
    if (call.distinct) notDistinct(place, call);
    const args = typeArgs(sight, call);
    return {
      kind: "call",
      name: imported.id,
      builtin: false,
      args: passArgs(place, call, args, imported),
      type: imported.returns,
      span,
    };
  }
  if (isOperationName(name) && (sight.aggregate === null || aggregateNamed(place, name) === undefined)) {
    const first = call.args.length > 0 ? typeExpr(sight, call.args[0]) : null;
    const done = typeOperation(sight, call, name, first);
    if (done !== null) return done;
    if (first !== null && functions.has(name))
      return callBuiltin(place, call, functions.get(name)!, [
        first,
        ...call.args.slice(1).map((arg) => typeExpr(sight, arg)),
      ]);
    if (first !== null && aggregateNamed(place, name) === undefined) {
      const names = [...new Set(operationsNamed(name).flatMap((one) => one.on))];
      if (first.type.kind !== "unknown")
        findings.add(
          "DLC230",
          file,
          call.args[0].span,
          `${quote(name)} is an operation of ${alternatives(names.map(quote))}, and this is of type ${typeText(first.type)}`,
          {
            mend: "Give it a lattice value.",
          },
        );
      return failed([first]);
    }
  }
  const aggregate = aggregateNamed(place, name);
  if (aggregate !== undefined) {
    if (sight.aggregate === null) {
      const instead = aggregate.imported ? null : ofTwo(name, call.args.length);
      findings.add(
        "DLC250",
        file,
        span,
        `the aggregate ${quote(name)} cannot stand here`,
        instead === null
          ? {
              mend: "An aggregate is a whole term of a head, or part of `having`. Let a scratch hold it, and read that scratch.",
            }
          : {
              mend: `Of two values it is ${quote(`${instead}(a, b)`)}.`,
              fixes: [{ title: `Write ${quote(instead)}`, edits: [{ file, span: call.callee.span, text: instead }] }],
            },
      );
      return failed([]);
    }
    const typed = typeAggregate(sight, call, aggregate);
    sight.aggregate(typed);
    return { kind: "aggregate", call: typed, type: typed.type, span };
  }
  const builtin = functions.get(name);
  if (builtin !== undefined) {
    if (call.distinct) notDistinct(place, call);
    return callBuiltin(place, call, builtin, typeArgs(sight, call));
  }
  if (reportUpdate(place, call)) return failed([]);
  const { scope } = place;
  const candidates = [
    ...scope.functions.keys(),
    ...scope.aggregates.keys(),
    ...functions.keys(),
    ...aggregates.keys(),
    ...operations.map((one) => one.name),
    "reveal",
  ];
  findings.add(
    "DLC203",
    file,
    call.callee.span,
    `there is no function ${quote(name)}`,
    findings.didYouMean(
      file,
      call.callee.span,
      name,
      candidates,
      "Import it: `function " + name + '(x: int): int from "./functions.ts";`.',
    ),
  );
  return failed(typeArgs(sight, call));
}

function typeArgs(sight: Sight, call: AstCall): Expr[] {
  return call.args.map((arg) => typeExpr(sight, arg));
}

function notDistinct(place: Place, call: AstCall, what = "a function"): void {
  place.scope.findings.add(
    "DLC251",
    place.file,
    call.span,
    `${quote("distinct")} belongs to ${quote("count")}, and ${quote(call.callee.text)} is ${what}`,
    {
      mend: "Leave `distinct` out.",
    },
  );
}

/** Arguments of an imported function or aggregate, made the types of its parameters. */
function passArgs(
  place: Place,
  call: AstCall,
  args: readonly Expr[],
  { name, params, file, span }: ImportedFunction,
): readonly Expr[] {
  const cause = { cause: { file, span, label: "declared here" } };
  if (args.length !== params.length) {
    const list = params.map((param) => `${param.name}: ${typeText(param.type)}`).join(", ");
    place.scope.findings.add(
      "DLC210",
      place.file,
      call.span,
      `${quote(name)} takes ${plural(params.length, "argument")} (${list}), and ${args.length} ${args.length === 1 ? "is" : "are"} given`,
      { ...cause, mend: "Give one argument for each parameter." },
    );
    return args;
  }
  return args.map((arg, i) =>
    wanted(place, arg, params[i].type, `parameter ${quote(params[i].name)} of ${quote(name)}`, cause),
  );
}

function callBuiltin(place: Place, call: AstCall, builtin: BuiltinFunction, args: readonly Expr[]): Expr {
  const { name } = builtin;
  const { span } = call;
  const types = args.map((arg) => arg.type);
  for (const signature of builtin.signatures) {
    const matched = match(signature, types);
    if (matched === null) continue;
    const made: Expr[] = [];
    for (let i = 0; i < args.length; i++) {
      const one = coerce(args[i], matched.params[i]);
      if (one === null) break;
      made.push(one);
    }
    if (made.length === args.length)
      return { kind: "call", name, builtin: true, args: made, type: matched.returns, span };
  }
  const forms = builtin.signatures.map((signature) => quote(signatureText(name, signature))).join(" or ");
  const counts = new Set(builtin.signatures.map((signature) => signature.params.length));
  const given = types.map(typeText).join(", ");
  if (!counts.has(args.length)) {
    place.scope.findings.add(
      "DLC210",
      place.file,
      span,
      `${quote(name)} takes ${plural([...counts][0], "argument")}, and ${args.length} ${args.length === 1 ? "is" : "are"} given`,
      { mend: `It is ${forms}. ${builtin.doc}` },
    );
  } else {
    const growing = args.find(({ type }) => holdsLattice(type));
    place.scope.findings.add("DLC230", place.file, span, `${quote(name)} does not take (${given})`, {
      mend:
        growing === undefined
          ? `It is ${forms}. ${builtin.doc}`
          : `It takes plain values. ${revealing(place, growing)}`,
    });
  }
  return { kind: "call", name, builtin: true, args, type: unknown, span };
}

/** Parameter types and result with the type variables filled in; null when the arguments do not fit. */
function match(
  signature: Signature,
  types: readonly Type[],
): { readonly params: readonly Type[]; readonly returns: Type } | null {
  if (signature.params.length !== types.length) return null;
  const bound = new Map<string, Type>();
  for (let i = 0; i < types.length; i++) if (!fits(signature.params[i], types[i], bound)) return null;
  return { params: signature.params.map((param) => fill(param, bound)), returns: fill(signature.returns, bound) };
}

function fits(param: SignatureType, type: Type, bound: Map<string, Type>): boolean {
  if (param.kind === "any") {
    if (holdsLattice(type)) return false;
    const before = bound.get(param.name);
    const both = before === undefined ? type : joinTypes(before, type);
    if (both === null) return false;
    bound.set(param.name, both);
    return true;
  }
  if (type.kind === "unknown") return true;
  if (param.kind === "list") return type.kind === "list" && fits(param.of, type.of, bound);
  // What is an address as a literal string is settled by `coerce`; a plain string is none.
  return joinTypes(param, type)?.kind === param.kind;
}

function fill(type: SignatureType, bound: ReadonlyMap<string, Type>): Type {
  if (type.kind === "any") return bound.get(type.name) ?? unknown;
  return type.kind === "list" ? listOf(fill(type.of, bound)) : type;
}

function signatureText(name: string, signature: Signature): string {
  const text = (type: SignatureType): string =>
    type.kind === "any" ? type.name : type.kind === "list" ? `list<${text(type.of)}>` : type.kind;
  return `${name}(${signature.params.map(text).join(", ")}): ${text(signature.returns)}`;
}

/** The function that is meant where an aggregate of that name gets two values. */
function ofTwo(name: string, given: number): string | null {
  if (given !== 2) return null;
  return name === "min" ? "least" : name === "max" ? "greatest" : null;
}

/** An aggregate in a head or in `having`; its arguments hold no further aggregate. */
export function typeAggregate(sight: Sight, call: AstCall, aggregate: Aggregate): AggregateCall {
  const inner: Sight = { ...sight, aggregate: null };
  const args = typeArgs(inner, call);
  return aggregate.imported
    ? importedAggregate(sight.place, call, aggregate.of, args)
    : builtinAggregate(sight.place, call, aggregate.of, args);
}

function importedAggregate(place: Place, call: AstCall, of: ImportedFunction, args: readonly Expr[]): AggregateCall {
  if (call.distinct) notDistinct(place, call, "an imported aggregate");
  const { span } = call;
  return {
    name: { imported: of.id },
    distinct: false,
    args: passArgs(place, call, args, of),
    type: of.returns,
    span,
  };
}

function builtinAggregate(
  place: Place,
  call: AstCall,
  aggregate: BuiltinAggregate,
  args: readonly Expr[],
): AggregateCall {
  const {
    file,
    scope: { findings },
  } = place;
  const { span } = call;
  const { name } = aggregate;
  const fail = (message: string, more: Parameters<typeof findings.add>[4]): AggregateCall => {
    findings.add("DLC251", file, span, message, more);
    return { name, distinct: false, args, type: name === "count" ? int : unknown, span };
  };
  if (call.distinct && !aggregate.distinct) {
    return fail(`${quote("distinct")} belongs to ${quote("count")}, not to ${quote(name)}`, {
      mend: "Project onto the group and that column in a scratch first, then aggregate the scratch: it is a set.",
    });
  }
  const params = call.distinct ? ["e"] : aggregate.params;
  if (args.length !== params.length) {
    if (name === "count" && args.length === 1) {
      const text = file.text.slice(call.args[0].span.start, call.args[0].span.end);
      return fail("`count` counts the valuations of the body, so it takes no argument", {
        mend: `Write ${quote("count()")}, or ${quote(`count(distinct ${text})`)} for the number of different values.`,
        fixes: [
          { title: "Write `count()`", edits: [{ file, span, text: "count()" }] },
          { title: "Count different values", edits: [{ file, span, text: `count(distinct ${text})` }] },
        ],
      });
    }
    const instead = ofTwo(name, args.length);
    return fail(
      `${quote(name)} takes ${plural(params.length, "argument")}, and ${args.length} ${args.length === 1 ? "is" : "are"} given`,
      {
        mend: `Write ${quote(`${name}(${params.join(", ")})`)}.${instead === null ? "" : ` Of two values it is ${quote(`${instead}(a, b)`)}.`}`,
      },
    );
  }
  const growing = args.find((arg) => holdsLattice(arg.type));
  if (growing !== undefined) {
    return fail(`${quote(name)} aggregates plain values, and this is of type ${typeText(growing.type)}`, {
      mend: revealing(place, growing),
    });
  }
  const type = call.distinct ? int : aggregate.returns(args.map((arg) => arg.type));
  if (typeof type === "string") return fail(type, { mend: "Aggregate a number, or use count, min, max or collect." });
  return { name, distinct: call.distinct, args, type, span };
}
