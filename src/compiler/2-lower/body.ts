/**
 * Bodies. Positive literals bind their variables, whatever their order; then each `x = e` and
 * `x in e` whose expression has all its variables; what is left over cannot be computed.
 * (Range restriction: every variable of a rule gets its values from finitely many facts.)
 */
import type { Expr as AstExpr, Literal as AstLiteral, Pattern as AstPattern, Span } from "../ast.ts";
import type { Collection, Expr, Literal, Pattern, Term, Type } from "../ir.ts";
import { bool, holdsUnknown, isNumber, listOf, meetTypes, typeText, unknown } from "../types.ts";
import { matchArguments, reportBare } from "./arguments.ts";
import { coerce, conversion, wanted } from "./coerce.ts";
import { compare, typeExpr } from "./expressions.ts";
import type { Sight, Variable } from "./expressions.ts";
import { quote } from "./findings.ts";
import { isFunctionName, resolveCollection } from "./scope.ts";
import type { Place } from "./scope.ts";
import { freeVariables, patternVariables } from "./variables.ts";

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

type Defining = Extract<AstLiteral, { kind: "bind" | "range" }> & { readonly index: number };

export function lowerBody(place: Place, body: readonly AstLiteral[], ruleSpan: Span): Body {
  return new BodyLowering(place, body, ruleSpan).run();
}

class BodyLowering {
  readonly place: Place;
  readonly body: readonly AstLiteral[];
  readonly ruleSpan: Span;
  readonly variables = new Map<string, Variable>();
  /** By place in the source; tests that a range gives rise to stand beside it. */
  readonly lowered: Literal[][];
  readonly reported = new Set<string>();
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
    this.sight = { place, variables: this.variables, unbound: (name, span) => this.unbound(name, span), aggregate: null };
  }

  run(): Body {
    const reads: Read[] = [];
    const defining: Defining[] = [];
    const tests: { readonly index: number; readonly value: AstExpr; readonly span: Span; readonly negated: boolean }[] = [];
    this.body.forEach((literal, index) => {
      if (literal.kind === "bind" || literal.kind === "range") defining.push({ ...literal, index });
      else if (literal.kind === "test") {
        const bare = literal.value.kind === "variable" ? this.place.role.collections.get(literal.value.name) : undefined;
        if (bare !== undefined && bare.columns.length === 0) reads.push({ index, negated: false, collection: bare, args: [], span: literal.span });
        else tests.push({ index, value: literal.value, span: literal.span, negated: false });
      } else {
        const called = this.asTest(literal);
        if (called !== null) tests.push({ index, value: called, span: literal.span, negated: literal.negated });
        else this.read(literal, index, reads);
      }
    });
    for (const read of reads) if (!read.negated) this.bindColumns(read);
    for (const read of reads) if (!read.negated) this.lowerRead(read);
    this.define(defining);
    for (const read of reads) if (read.negated) this.lowerRead(read);
    for (const test of tests) {
      const { place } = this;
      const bare = test.value.kind === "variable" && !this.variables.has(test.value.name) ? place.role.collections.get(test.value.name) : undefined;
      if (bare !== undefined) {
        reportBare(place, bare, test.value.span);
        continue;
      }
      const found = place.scope.findings.list.length;
      const typed = typeExpr(this.sight, test.value);
      // What is wrong within it is enough to say.
      const value = place.scope.findings.list.length > found ? typed : wanted(place, typed, bool, "a condition of a body");
      const denied: Expr = test.negated ? { kind: "unary", op: "!", of: value, type: bool, span: test.span } : value;
      this.lowered[test.index].push({ kind: "test", value: denied, span: test.span });
    }
    return { literals: this.lowered.flat(), variables: this.variables, unbound: this.sight.unbound };
  }

  /** `contains(s, "x")` and a bare bool variable look like reads; null when it is a read. */
  asTest(literal: Extract<AstLiteral, { kind: "read" }>): AstExpr | null {
    const { ref, args, span } = literal;
    if (ref.role !== null || this.place.role.collections.has(ref.name.text)) return null;
    if (args === null) return { kind: "variable", name: ref.name.text, span: ref.span };
    if (!isFunctionName(this.place.scope, ref.name.text)) return null;
    const named = args.find((arg) => arg.name !== null);
    if (named?.name) {
      this.place.scope.findings.add("DLC206", this.place.file, named.name.span,
        `${quote(ref.name.text)} is a function: its arguments have no names`, { mend: "Give them in order." });
    }
    return { kind: "call", callee: ref.name, distinct: false, args: args.map((arg) => arg.value), span: literal.negated ? ref.span : span };
  }

  read(literal: Extract<AstLiteral, { kind: "read" }>, index: number, reads: Read[]): void {
    const { place } = this;
    const collection = resolveCollection(place, literal.ref);
    let args: readonly (AstExpr | null)[] | null = null;
    if (collection !== null) {
      if (collection.role !== place.role.role.name && collection.kind !== "nodes") {
        place.scope.findings.add("DLC222", place.file, literal.ref.span,
          `role ${place.role.role.name} cannot read ${quote(collection.id)}: it is kept by the instances of role ${collection.role}`, {
            cause: { file: collection.file, span: collection.nameSpan, label: "declared here" },
            mend: `Let role ${collection.role} send it to a channel of role ${place.role.role.name}, and read that channel.`,
          });
      } else if (literal.args === null && collection.columns.length > 0) reportBare(place, collection, literal.ref.span);
      else args = matchArguments(place, collection, literal.args ?? [], literal.span, "body");
    }
    if (collection === null || args === null) {
      // What it would bind is not reported again as unbound.
      if (!literal.negated) {
        for (const arg of literal.args ?? []) {
          if (arg.value.kind === "variable") this.variables.set(arg.value.name, { type: unknown, span: arg.value.span });
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
      const type = before === undefined ? column.type : meetTypes(before.type, column.type);
      if (type === null) {
        this.conflict(arg.name, before as Variable, arg.span, column.type, `column ${quote(column.name)} of ${quote(collection.name)}`);
      } else if (before === undefined || type !== before.type) {
        this.variables.set(arg.name, { type, span: before?.span ?? arg.span });
      }
    });
  }

  conflict(name: string, before: Variable, span: Span, type: Type, what: string): void {
    const { file, scope: { findings } } = this.place;
    const numbers = isNumber(before.type) && isNumber(type);
    const [whole, other] = before.type.kind === "float" ? ["other", name] : [name, "other"];
    findings.add("DLC231", file, span, `${quote(name)} is of type ${typeText(before.type)}, but ${what} is of type ${typeText(type)}`, {
      cause: { file, span: before.span, label: `${quote(name)} is ${typeText(before.type)} by this` },
      mend: numbers ? `Use another variable here, and compare: ${quote(`toFloat(${whole}) == ${other}`)}.`
        : "Use another variable here: values of different types are never equal.",
    });
  }

  lowerRead({ index, negated, collection, args, span }: Read): void {
    const terms = args.map((arg, i): Term => {
      if (arg === null || (arg.kind === "variable" && arg.name === "_")) {
        if (negated) return null;
        return { kind: "variable", name: this.fresh(), type: collection.columns[i].type, span: arg?.span ?? span };
      }
      return this.term(arg, collection, i, negated, this.body[index].span);
    });
    this.lowered[index].push({ kind: "read", negated, collection: collection.id, terms, span });
  }

  term(arg: AstExpr, collection: Collection, i: number, negated: boolean, literal: Span): Term {
    const { place } = this;
    const { file, scope: { findings } } = place;
    const column = collection.columns[i];
    const what = `column ${quote(column.name)} of ${quote(collection.name)}`;
    if (arg.kind === "variable") {
      const known = this.variables.get(arg.name);
      if (known === undefined) {
        this.unbound(arg.name, arg.span, negated ? "Write `_` where any value will do, or bind it by a positive literal." : undefined);
        return { kind: "variable", name: arg.name, type: unknown, span: arg.span };
      }
      if (negated && meetTypes(known.type, column.type) === null) this.conflict(arg.name, known, arg.span, column.type, what);
      return { kind: "variable", name: arg.name, type: known.type, span: arg.span };
    }
    const constant = arg.kind === "literal" || arg.kind === "self" || (arg.kind === "unary" && arg.op === "-" && arg.of.kind === "literal");
    if (constant) {
      const typed = typeExpr(this.sight, arg);
      const made = coerce(typed, column.type);
      if (made !== null && (made.kind === "literal" || made.kind === "self")) return made;
      findings.add("DLC230", file, arg.span, `${what} is of type ${typeText(column.type)}, but this is of type ${typeText(typed.type)}`, {
        cause: { file: collection.file, span: collection.nameSpan, label: "declared here" },
        mend: column.type.kind === "addr" ? conversion(place, typed, column.type).mend ?? "" : `Write a literal of type ${typeText(column.type)}.`,
      });
      return { kind: "literal", value: 0, type: unknown, span: arg.span };
    }
    const text = file.text.slice(arg.span.start, arg.span.end);
    const name = this.named(column.name);
    findings.add("DLC213", file, arg.span, `an argument of a body literal is a variable, a constant or ${quote("_")}, not an expression`, {
      mend: `Compute it first: ${quote(`${name} = ${text}`)}, then use ${quote(name)} here.`,
      ...(arg.kind === "tuple" ? {} : {
        fixes: [{
          title: `Compute ${quote(name)} first`,
          edits: [
            { file, span: { start: literal.start, end: literal.start }, text: `${name} = ${text}, ` },
            { file, span: arg.span, text: name },
          ],
        }],
      }),
    });
    return { kind: "literal", value: 0, type: unknown, span: arg.span };
  }

  /** Binds and ranges, as soon as what they are computed from is there. */
  define(defining: readonly Defining[]): void {
    let waiting = defining;
    for (let progress = true; progress && waiting.length > 0;) {
      progress = false;
      const still: Defining[] = [];
      for (const literal of waiting) {
        if (this.isKnown(literal.value)) {
          if (literal.kind === "bind") this.bind(literal, literal.variable.text, literal.variable.span, literal.value);
          else this.range(literal);
          progress = true;
        } else if (literal.kind === "bind" && literal.value.kind === "variable" && literal.value.name !== "_" && this.variables.has(literal.variable.text)) {
          // `x = y` with x known gives y its value.
          const { variable, value } = literal;
          this.bind(literal, value.name, value.span, { kind: "variable", name: variable.text, span: variable.span });
          progress = true;
        } else still.push(literal);
      }
      waiting = still;
    }
    if (waiting.length > 0) this.reportUndefined(waiting);
  }

  isKnown(value: AstExpr): boolean {
    for (const name of freeVariables(value)) if (name !== "_" && !this.variables.has(name)) return false;
    return true;
  }

  bind(literal: Defining, name: string, nameSpan: Span, value: AstExpr): void {
    const typed = typeExpr(this.sight, value);
    const known = name === "_" ? undefined : this.variables.get(name);
    if (known !== undefined) {
      // Already bound: the two must be equal.
      const left: Expr = { kind: "variable", name, type: known.type, span: nameSpan };
      this.lowered[literal.index].push({ kind: "test", value: compare(this.place, "==", left, typed, literal.span), span: literal.span });
      return;
    }
    const variable = name === "_" ? this.fresh() : name;
    this.checkKnown(typed.type, value.span);
    this.variables.set(variable, { type: typed.type, span: nameSpan });
    this.lowered[literal.index].push({ kind: "bind", variable, type: typed.type, value: typed, span: literal.span });
  }

  range(literal: Extract<Defining, { kind: "range" }>): void {
    const { place } = this;
    const value = typeExpr(this.sight, literal.value);
    if (value.type.kind !== "list" && value.type.kind !== "unknown") {
      const mend = value.type.kind === "string" ? "For its parts, write `split(s, \" \")`."
        : value.type.kind === "json" ? "For the elements of a JSON array, write `asList(j)`." : "Only lists have elements.";
      place.scope.findings.add("DLC230", place.file, literal.value.span, `${quote("in")} ranges over a list, but this is of type ${typeText(value.type)}`, { mend });
    }
    const of = value.type.kind === "list" ? value.type.of : unknown;
    this.checkKnown(value.type, literal.value.span);
    const { pattern, span } = literal;
    if (pattern.kind === "variable" && this.variables.has(pattern.name)) {
      // The element is known already: membership.
      const typed = typeExpr(this.sight, { kind: "variable", name: pattern.name, span: pattern.span });
      const element = wanted(place, typed, of, "an element of this list");
      const test: Expr = { kind: "call", name: "contains", builtin: true, args: [{ ...value, type: listOf(of) } as Expr, element], type: bool, span };
      this.lowered[literal.index].push({ kind: "test", value: test, span });
      return;
    }
    const tests: Literal[] = [];
    const lowered = this.pattern(pattern, of, tests, span);
    this.lowered[literal.index].push({ kind: "range", pattern: lowered, value, span }, ...tests);
  }

  /** The empty list alone does not say of what it is one. After another finding of the rule nothing is said. */
  checkKnown(type: Type, span: Span): void {
    const { file, scope: { findings } } = this.place;
    if (findings.list.length > this.foundBefore || !holdsUnknown(type)) return;
    findings.add("DLC233", file, span, "nothing says what the elements of this list are", {
      mend: "Write the list where a type is declared: in a head, or as an argument of a function.",
    });
  }

  /** A variable that is known already, or comes twice, is a new one and a test. */
  pattern(pattern: AstPattern, type: Type, tests: Literal[], span: Span): Pattern {
    if (pattern.kind === "tuple") {
      let of: readonly Type[] = pattern.of.map(() => unknown);
      if (type.kind === "tuple" && type.of.length === pattern.of.length) of = type.of;
      else if (type.kind !== "unknown") {
        this.place.scope.findings.add("DLC230", this.place.file, pattern.span,
          `the elements are of type ${typeText(type)}, which this pattern of ${pattern.of.length} parts does not fit`,
          { mend: type.kind === "tuple" ? `They have ${type.of.length} parts.` : "Write one variable." });
      }
      return { kind: "tuple", of: pattern.of.map((part, i) => this.pattern(part, of[i], tests, span)) };
    }
    const name = pattern.name === "_" ? this.fresh() : pattern.name;
    const known = this.variables.get(name);
    if (known === undefined) {
      this.variables.set(name, { type, span: pattern.span });
      return { kind: "variable", name, type };
    }
    const other = this.fresh();
    const left: Expr = { kind: "variable", name, type: known.type, span: pattern.span };
    const right: Expr = { kind: "variable", name: other, type, span: pattern.span };
    tests.push({ kind: "test", value: compare(this.place, "==", left, right, span), span });
    return { kind: "variable", name: other, type };
  }

  /** What is left over: computed from something that nothing binds, or from one another. */
  reportUndefined(waiting: readonly Defining[]): void {
    const { place } = this;
    const defined = new Set<string>();
    for (const literal of waiting) {
      for (const name of literal.kind === "bind" ? [literal.variable.text] : patternVariables(literal.pattern)) defined.add(name);
    }
    let circular: Defining | null = null;
    let outside = false;
    for (const literal of waiting) {
      const missing = [...freeVariables(literal.value)].filter((name) => name !== "_" && !this.variables.has(name));
      if (missing.some((name) => !defined.has(name))) {
        outside = true;
        typeExpr({ ...this.sight, unbound: (name, span) => { if (!defined.has(name)) this.unbound(name, span); } }, literal.value);
      } else circular ??= literal;
    }
    if (circular !== null && !outside) {
      const names = [...defined].filter((name) => !this.variables.has(name)).map(quote);
      const own = circular.kind === "bind" && freeVariables(circular.value).has(circular.variable.text) && waiting.length === 1;
      place.scope.findings.add("DLC241", place.file, circular.span,
        own ? `${names[0]} is computed from itself` : `${names.join(" and ")} are computed from one another`, {
          mend: own && circular.kind === "bind"
            ? "Give the new value another name: a variable has one value in a rule."
            : "Bind one of them by a literal of the body.",
        });
    }
    for (const name of defined) if (!this.variables.has(name)) this.variables.set(name, { type: unknown, span: waiting[0].span });
  }

  unbound(name: string, span: Span, mend?: string): void {
    if (this.reported.has(name)) return;
    this.reported.add(name);
    const { file, role, scope: { findings } } = this.place;
    const collection = role.collections.get(name);
    const equal = this.body.find((literal) => literal.kind === "test" && literal.value.kind === "binary" && literal.value.op === "=="
      && literal.value.left.kind === "variable" && literal.value.left.name === name);
    const called = this.body.find((literal): literal is Extract<AstLiteral, { kind: "read" }> => literal.kind === "read" && !literal.negated
      && this.asTest(literal)?.kind === "call" && (literal.args ?? []).some((arg) => arg.value.kind === "variable" && arg.value.name === name));
    const help = called !== undefined
      ? { mend: `${quote(called.ref.name.text)} is a function here, which binds nothing. If a collection was meant, declare it in role ${role.role.name}.` }
      : collection !== undefined && collection.kind !== "nodes"
      ? { mend: `${quote(name)} is a ${collection.kind}: to read it, write its columns, ${quote(`${name}(${collection.columns.map(() => "_").join(", ")})`)}.` }
      : equal !== undefined ? { mend: `${quote("==")} compares; to give ${quote(name)} a value, write ${quote("=")}.` }
      : mend !== undefined ? { mend }
      : findings.didYouMean(file, span, name, this.variables.keys(), "Bind it by a literal of the body, or with `=`.");
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
    return new RegExp(`\\b${column}\\b`).test(this.place.file.text.slice(this.ruleSpan.start, this.ruleSpan.end)) ? `${column}2` : column;
  }
}
