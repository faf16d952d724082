/** `x = e`, `x in e`: each as soon as what it is computed from is there, whatever the order in the source. */
import type { Expr as AstExpr, Literal as AstLiteral, Pattern as AstPattern, Span } from "../ast.ts";
import type { Expr, Literal, Pattern, Type } from "../ir.ts";
import { applying, latticeKinds } from "../../lattices/index.ts";
import { bool, holdsUnknown, listOf, typeText, unknown } from "../types.ts";
import { wanted } from "./coerce.ts";
import { compare, typeExpr } from "./expressions.ts";
import type { Sight, Variable } from "./expressions.ts";
import { quote } from "./findings.ts";
import type { Place } from "./scope.ts";
import { freeVariables, patternVariables } from "./variables.ts";

/** `index`: its place in the body. */
export type Defining = Extract<AstLiteral, { kind: "bind" | "range" }> & { readonly index: number };

/** The body that is being lowered. */
export interface Lowering {
  readonly place: Place;
  /** Those that have a value; definitions add theirs. */
  readonly variables: Map<string, Variable>;
  /** By place in the source. */
  readonly lowered: Literal[][];
  readonly sight: Sight;
  /** Number of findings before this body. */
  readonly foundBefore: number;
  fresh(): string;
  unbound(name: string, span: Span): void;
}

export class Definitions {
  readonly body: Lowering;

  constructor(body: Lowering) {
    this.body = body;
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
        } else if (
          literal.kind === "bind" &&
          literal.value.kind === "variable" &&
          literal.value.name !== "_" &&
          this.body.variables.has(literal.variable.text)
        ) {
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

  free(value: AstExpr): ReadonlySet<string> {
    return freeVariables(value, (callee) => applying.has(callee) && !this.body.place.scope.functions.has(callee));
  }

  isKnown(value: AstExpr): boolean {
    for (const name of this.free(value)) if (name !== "_" && !this.body.variables.has(name)) return false;
    return true;
  }

  bind(literal: Defining, name: string, nameSpan: Span, value: AstExpr): void {
    const typed = typeExpr(this.body.sight, value);
    const known = name === "_" ? undefined : this.body.variables.get(name);
    if (known !== undefined) {
      // Already bound: the two must be equal.
      const left: Expr = { kind: "variable", name, type: known.type, span: nameSpan };
      this.body.lowered[literal.index].push({
        kind: "test",
        value: compare(this.body.place, "==", left, typed, literal.span),
        span: literal.span,
      });
      return;
    }
    const variable = name === "_" ? this.body.fresh() : name;
    this.checkKnown(typed.type, value.span);
    this.body.variables.set(variable, { type: typed.type, span: nameSpan });
    this.body.lowered[literal.index].push({
      kind: "bind",
      variable,
      type: typed.type,
      value: typed,
      span: literal.span,
    });
  }

  range(literal: Extract<Defining, { kind: "range" }>): void {
    const { place } = this.body;
    const value = typeExpr(this.body.sight, literal.value);
    const elements = value.type.kind === "lattice" ? (latticeKinds.get(value.type.name)?.elements ?? null) : null;
    if (value.type.kind !== "list" && value.type.kind !== "unknown" && elements === null) {
      const mend =
        value.type.kind === "string"
          ? 'For its parts, write `split(s, " ")`.'
          : value.type.kind === "json"
            ? "For the elements of a JSON array, write `asList(j)`."
            : "Only lists, sets and maps have elements.";
      place.scope.findings.add(
        "DLC230",
        place.file,
        literal.value.span,
        `${quote("in")} ranges over a list, but this is of type ${typeText(value.type)}`,
        { mend },
      );
    }
    const of =
      value.type.kind === "list"
        ? value.type.of
        : value.type.kind === "lattice" && elements !== null
          ? elements(value.type.args)
          : unknown;
    this.checkKnown(value.type, literal.value.span);
    const { pattern, span } = literal;
    if (pattern.kind === "variable" && this.body.variables.has(pattern.name)) {
      // The element is known already: membership.
      const typed = typeExpr(this.body.sight, { kind: "variable", name: pattern.name, span: pattern.span });
      const element = wanted(place, typed, of, `an element of this ${value.type.kind === "lattice" ? "set" : "list"}`);
      if (value.type.kind === "lattice") {
        const test: Expr = {
          kind: "lattice",
          op: "contains",
          on: value.type,
          args: [value, element],
          by: null,
          valuation: [],
          type: bool,
          span,
        };
        this.body.lowered[literal.index].push({ kind: "test", value: test, span });
        return;
      }
      const test: Expr = {
        kind: "call",
        name: "contains",
        builtin: true,
        args: [{ ...value, type: listOf(of) } as Expr, element],
        type: bool,
        span,
      };
      this.body.lowered[literal.index].push({ kind: "test", value: test, span });
      return;
    }
    const tests: Literal[] = [];
    const lowered = this.pattern(pattern, of, tests, span);
    this.body.lowered[literal.index].push({ kind: "range", pattern: lowered, value, span }, ...tests);
  }

  /** The empty list alone does not say of what it is one. After another finding of the rule nothing is said. */
  checkKnown(type: Type, span: Span): void {
    const {
      file,
      role: { copy },
      scope: { findings },
    } = this.body.place;
    // The type parameters of a module alone are not known either.
    if (copy !== null && copy.use === null) return;
    if (findings.list.length > this.body.foundBefore || !holdsUnknown(type)) return;
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
        this.body.place.scope.findings.add(
          "DLC230",
          this.body.place.file,
          pattern.span,
          `the elements are of type ${typeText(type)}, which this pattern of ${pattern.of.length} parts does not fit`,
          { mend: type.kind === "tuple" ? `They have ${type.of.length} parts.` : "Write one variable." },
        );
      }
      return { kind: "tuple", of: pattern.of.map((part, i) => this.pattern(part, of[i], tests, span)) };
    }
    const name = pattern.name === "_" ? this.body.fresh() : pattern.name;
    const known = this.body.variables.get(name);
    if (known === undefined) {
      this.body.variables.set(name, { type, span: pattern.span });
      return { kind: "variable", name, type };
    }
    const other = this.body.fresh();
    const left: Expr = { kind: "variable", name, type: known.type, span: pattern.span };
    const right: Expr = { kind: "variable", name: other, type, span: pattern.span };
    tests.push({ kind: "test", value: compare(this.body.place, "==", left, right, span), span });
    return { kind: "variable", name: other, type };
  }

  /** What is left over: computed from something that nothing binds, or from one another. */
  reportUndefined(waiting: readonly Defining[]): void {
    const { place } = this.body;
    const defined = new Set<string>();
    for (const literal of waiting) {
      for (const name of literal.kind === "bind" ? [literal.variable.text] : patternVariables(literal.pattern))
        defined.add(name);
    }
    let circular: Defining | null = null;
    let outside = false;
    for (const literal of waiting) {
      const missing = [...this.free(literal.value)].filter((name) => name !== "_" && !this.body.variables.has(name));
      if (missing.some((name) => !defined.has(name))) {
        outside = true;
        typeExpr(
          {
            ...this.body.sight,
            unbound: (name, span) => {
              if (!defined.has(name)) this.body.unbound(name, span);
            },
          },
          literal.value,
        );
      } else circular ??= literal;
    }
    if (circular !== null && !outside) {
      const names = [...defined].filter((name) => !this.body.variables.has(name)).map(quote);
      const own =
        circular.kind === "bind" && this.free(circular.value).has(circular.variable.text) && waiting.length === 1;
      place.scope.findings.add(
        "DLC241",
        place.file,
        circular.span,
        own ? `${names[0]} is computed from itself` : `${names.join(" and ")} are computed from one another`,
        {
          mend:
            own && circular.kind === "bind"
              ? "Give the new value another name: a variable has one value in a rule."
              : "Bind one of them by a literal of the body.",
        },
      );
    }
    for (const name of defined)
      if (!this.body.variables.has(name)) this.body.variables.set(name, { type: unknown, span: waiting[0].span });
  }
}
