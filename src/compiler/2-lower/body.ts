/**
 * Bodies. Positive literals bind their variables, whatever their order; then each `x = e` and
 * `x in e` whose expression has all its variables; what is left over cannot be computed.
 * (Range restriction: every variable of a rule gets its values from finitely many facts.)
 */
import type { Expr as AstExpr, Literal as AstLiteral, Span } from "../ast.ts";
import type { Collection, Expr, Literal, Term } from "../ir.ts";
import { bool, meetTypes, unknown } from "../types.ts";
import { matchArguments, reportBare } from "./arguments.ts";
import { wanted } from "./coerce.ts";
import { compare, typeExpr } from "./expressions.ts";
import type { Sight, Variable } from "./expressions.ts";
import { quote } from "./findings.ts";
import { resolveCollection, titleOf } from "./scope.ts";
import type { Place } from "./scope.ts";
import { Definitions } from "./definitions.ts";
import type { Defining, Lowering } from "./definitions.ts";
import { asTest, constantTerm, reportConflict, reportExpression, unboundHelp, variablesOfPattern } from "./terms.ts";

export interface Body {
  readonly literals: readonly Literal[];
  readonly variables: ReadonlyMap<string, Variable>;
  /** Reports a variable that nothing binds; what was wrong before is not said again. */
  readonly unbound: (name: string, span: Span) => void;
}

interface Read {
  readonly index: number;
  readonly negated: boolean;
  readonly collection: Collection;
  readonly args: readonly (AstExpr | null)[];
  readonly span: Span;
}

export function lowerBody(place: Place, body: readonly AstLiteral[], ruleSpan: Span): Body {
  return new BodyLowering(place, body, ruleSpan).run();
}

class BodyLowering implements Lowering {
  readonly place: Place;
  readonly body: readonly AstLiteral[];
  readonly ruleSpan: Span;
  readonly variables = new Map<string, Variable>();
  /** By place in the source; tests that a range gives rise to stand beside it. */
  readonly lowered: Literal[][];
  readonly reported = new Set<string>();
  /** Of variables that are lattice values: the argument that binds them. */
  readonly homes = new Map<string, AstExpr>();
  /** A literal is not what was meant, and has been reported: what it would bind is unknown. */
  isIncomplete = false;
  readonly sight: Sight;
  readonly foundBefore: number;
  ordinal = 0;
  taken: ReadonlySet<string> | null = null;

  constructor(place: Place, body: readonly AstLiteral[], ruleSpan: Span) {
    this.place = place;
    this.body = body;
    this.ruleSpan = ruleSpan;
    this.lowered = body.map(() => []);
    this.foundBefore = place.scope.findings.list.length;
    this.sight = {
      place,
      variables: this.variables,
      unbound: (name, span) => this.unbound(name, span),
      aggregate: null,
    };
  }

  run(): Body {
    const reads: Read[] = [];
    const defining: Defining[] = [];
    const tests: { readonly index: number; readonly value: AstExpr; readonly span: Span; readonly negated: boolean }[] =
      [];
    this.body.forEach((literal, index) => {
      if (literal.kind === "bind" || literal.kind === "range") defining.push({ ...literal, index });
      else if (literal.kind === "test") {
        const bare =
          literal.value.kind === "variable" ? this.place.role.collections.get(literal.value.name) : undefined;
        if (bare !== undefined && bare.columns.length === 0)
          reads.push({ index, negated: false, collection: bare, args: [], span: literal.span });
        else tests.push({ index, value: literal.value, span: literal.span, negated: false });
      } else {
        const called = asTest(this.place, literal);
        if (called !== null) tests.push({ index, value: called, span: literal.span, negated: literal.negated });
        else this.read(literal, index, reads);
      }
    });
    for (const read of reads) if (!read.negated) this.bindColumns(read);
    for (const read of reads) if (!read.negated) this.lowerRead(read);
    new Definitions(this).define(defining);
    for (const read of reads) if (read.negated) this.lowerRead(read);
    for (const test of tests) {
      const { place } = this;
      const bare =
        test.value.kind === "variable" && !this.variables.has(test.value.name)
          ? place.role.collections.get(test.value.name)
          : undefined;
      if (bare !== undefined) {
        reportBare(place, bare, test.value.span);
        continue;
      }
      const found = place.scope.findings.list.length;
      const typed = typeExpr(this.sight, test.value);
      // What is wrong within it is enough to say.
      const value =
        place.scope.findings.list.length > found
          ? typed
          : wanted(place, typed, bool, "a condition of a body", meant(typed));
      if (typed.kind === "literal" && typed.type.kind !== "bool") this.isIncomplete = true;
      const denied: Expr = test.negated ? { kind: "unary", op: "!", of: value, type: bool, span: test.span } : value;
      this.lowered[test.index].push({ kind: "test", value: denied, span: test.span });
    }
    return { literals: this.lowered.flat(), variables: this.variables, unbound: this.sight.unbound };
  }

  read(literal: Extract<AstLiteral, { kind: "read" }>, index: number, reads: Read[]): void {
    const { place } = this;
    const collection = resolveCollection(place, literal.ref, "read");
    let args: readonly (AstExpr | null)[] | null = null;
    if (collection !== null) {
      if (collection.role !== place.role.role.name && collection.kind !== "nodes") {
        place.scope.findings.add(
          "DLC222",
          place.file,
          literal.ref.span,
          `${titleOf(place.role)} cannot read ${quote(collection.id)}: it is kept by the instances of role ${collection.role}`,
          {
            cause: { file: collection.file, span: collection.nameSpan, label: "declared here" },
            mend: `Let role ${collection.role} send it to a channel of ${titleOf(place.role)}, and read that channel.`,
          },
        );
      } else if (literal.args === null && collection.columns.length > 0)
        reportBare(place, collection, literal.ref.span);
      else args = matchArguments(place, collection, literal.args ?? [], literal.span, "body");
    }
    if (collection === null || args === null) {
      // What it would bind is not reported again as unbound.
      if (!literal.negated) {
        this.isIncomplete ||= collection !== null && (literal.args ?? []).length < collection.columns.length;
        for (const arg of literal.args ?? []) {
          if (arg.value.kind === "variable")
            this.variables.set(arg.value.name, { type: unknown, span: arg.value.span });
        }
      }
      return;
    }
    reads.push({ index, negated: literal.negated, collection, args, span: literal.span });
  }

  bindColumns({ collection, args }: Read): void {
    args.forEach((arg, i) => {
      if (arg === null || arg.kind !== "variable" || arg.name === "_") return;
      const column = collection.columns[i];
      const before = this.variables.get(arg.name);
      if (column.type.kind === "lattice" || before?.type.kind === "lattice") {
        // A lattice value has one place; elsewhere the plain value is compared with it.
        if (before !== undefined && column.type.kind === "lattice") return;
        if (before === undefined) this.homes.set(arg.name, arg);
        else this.homes.delete(arg.name);
        this.variables.set(arg.name, { type: column.type, span: arg.span });
        return;
      }
      const type = before === undefined ? column.type : meetTypes(before.type, column.type);
      if (type === null) {
        reportConflict(
          this.place,
          arg.name,
          before as Variable,
          arg.span,
          column.type,
          `column ${quote(column.name)} of ${quote(collection.name)}`,
        );
      } else if (before === undefined || type !== before.type) {
        this.variables.set(arg.name, { type, span: before?.span ?? arg.span });
      }
    });
  }

  lowerRead({ index, negated, collection, args, span }: Read): void {
    const terms = args.map((arg, i): Term => {
      if (arg === null || (arg.kind === "variable" && arg.name === "_")) {
        if (negated) return null;
        return { kind: "variable", name: this.fresh(), type: collection.columns[i].type, span: arg?.span ?? span };
      }
      if (
        collection.columns[i].type.kind === "lattice" &&
        this.homes.get((arg as { name?: string }).name ?? "") !== arg
      )
        return this.compared(arg, collection, i, negated, index);
      return this.term(arg, collection, i, negated, this.body[index].span);
    });
    this.lowered[index].unshift({ kind: "read", negated, collection: collection.id, terms, span });
  }

  /** A lattice column of which the plain value is asked: a variable of its own, and a test. */
  compared(arg: AstExpr, collection: Collection, i: number, negated: boolean, index: number): Term {
    const { place } = this;
    const { name, type } = collection.columns[i];
    const variable: Term = { kind: "variable", name: this.fresh(), type, span: arg.span };
    if (negated) {
      place.scope.findings.add(
        "DLC209",
        place.file,
        arg.span,
        `column ${quote(name)} of ${quote(collection.name)} is a lattice: under ${quote("not")} only ${quote("_")} can stand here`,
        { mend: "Read the value in a positive literal and test it, in a scratch of its own; negate the scratch." },
      );
      return variable;
    }
    const typed = typeExpr(this.sight, arg);
    this.lowered[index].push({ kind: "test", value: compare(place, "==", variable, typed, arg.span), span: arg.span });
    return variable;
  }

  term(arg: AstExpr, collection: Collection, i: number, negated: boolean, literal: Span): Term {
    const { place } = this;
    const column = collection.columns[i];
    const what = `column ${quote(column.name)} of ${quote(collection.name)}`;
    if (arg.kind === "variable") {
      const known = this.variables.get(arg.name);
      if (known === undefined) {
        this.unbound(
          arg.name,
          arg.span,
          negated ? "Write `_` where any value will do, or bind it by a positive literal." : undefined,
        );
        return { kind: "variable", name: arg.name, type: unknown, span: arg.span };
      }
      if (negated && meetTypes(known.type, column.type) === null)
        reportConflict(this.place, arg.name, known, arg.span, column.type, what);
      return { kind: "variable", name: arg.name, type: known.type, span: arg.span };
    }
    const negative = arg.kind === "unary" && arg.op === "-" && arg.of.kind === "literal";
    if (arg.kind === "literal" || arg.kind === "self" || negative)
      return constantTerm(place, typeExpr(this.sight, arg), collection, i);
    reportExpression(place, arg, literal, this.named(column.name));
    // What would be taken apart here is not missed a second time.
    if (arg.kind === "tuple") for (const name of variablesOfPattern(arg) ?? []) this.reported.add(name);
    return { kind: "literal", value: 0, type: unknown, span: arg.span };
  }

  unbound(name: string, span: Span, mend?: string): void {
    if (this.reported.has(name)) return;
    this.reported.add(name);
    if (this.isIncomplete) return;
    const {
      file,
      scope: { findings },
    } = this.place;
    const help =
      unboundHelp(this.place, this.body, name) ??
      (mend === undefined
        ? findings.didYouMean(file, span, name, this.variables.keys(), "Bind it by a literal of the body, or with `=`.")
        : { mend });
    findings.add("DLC240", file, span, `${quote(name)} has no value: no positive literal of the body binds it`, help);
  }

  /** `_1`, `_2`, …: names that the rule does not use. */
  fresh(): string {
    this.taken ??= new Set(this.place.file.text.slice(this.ruleSpan.start, this.ruleSpan.end).match(/\b_[0-9]+\b/g));
    for (;;) {
      const name = `_${++this.ordinal}`;
      if (!this.taken.has(name)) return name;
    }
  }

  /** A name for a computed argument: the column's, unless the rule uses it. */
  named(column: string): string {
    return new RegExp(`\\b${column}\\b`).test(this.place.file.text.slice(this.ruleSpan.start, this.ruleSpan.end))
      ? `${column}2`
      : column;
  }
}

/** What a condition that is none was meant to be. */
function meant(found: Expr): { readonly mend?: string } {
  if (found.kind === "literal" && found.type.kind !== "bool")
    return { mend: "A body is made of facts and conditions. A fact that is simply there is a head alone: `t(1, 2);`." };
  const { kind } = found.type;
  if (kind === "string") return { mend: 'Compare it with something: `x != ""`.' };
  return kind === "int" || kind === "nat" || kind === "float" ? { mend: "Compare it with something: `x != 0`." } : {};
}
