/**
 * How a rule uses the lattice values that it reads (language.md section 7, semantics A3, A4): what of its result only
 * grows while they grow, and what may change in other ways.
 *
 * A use has a level, of what f(a ⊔ b) is:
 *   0  f(a) ⊔ f(b); of a test or a range: what holds of a part. The value may come in parts.
 *   1  at least both: it only grows, and must be computed of the whole.
 *   2  anything: a plain value, read before it is final.
 */
import { children } from "../compiler/expressions.ts";
import type { Expr, HeadTerm, Ir, Literal, Pattern, RuleHead } from "../compiler/ir.ts";
import { contextual, growthOf } from "./operations.ts";

type Level = 0 | 1 | 2;

/** Level by index of the body literal that the value is read from; `opaque` where a function without a claim is why. */
type Uses = ReadonlyMap<number, Level>;

const none: Uses = new Map();

export interface LatticeReads {
  /** Body literals of which a lattice value is used at level 2. */
  readonly revealed: ReadonlySet<number>;
  /** Those of which an imported function without a claim takes the value. */
  readonly opaque: ReadonlySet<number>;
  /** Those of which more than one part at a time is looked at (level 1 or 2, or several uses). */
  readonly combined: ReadonlySet<number>;
}

interface Reader {
  readonly body: readonly Literal[];
  readonly head?: RuleHead;
  readonly having?: readonly Expr[];
}

/** By what is claimed of functions, then by rule. */
const known = new WeakMap<Ir["functions"], WeakMap<Reader, LatticeReads>>();
const nothing: LatticeReads = { revealed: new Set(), opaque: new Set(), combined: new Set() };

/** `isColumnLattice`: of the head's columns. */
export function latticeReads(
  rule: Reader,
  functions: Ir["functions"],
  isColumnLattice: (i: number) => boolean,
): LatticeReads {
  let ofRules = known.get(functions);
  if (ofRules === undefined) known.set(functions, (ofRules = new WeakMap()));
  let reads = ofRules.get(rule);
  if (reads === undefined) ofRules.set(rule, (reads = new Growth(rule, functions, isColumnLattice).reads()));
  return reads;
}

/** Whether a head term looks at the value that the instance holds (semantics A10). */
export function isContextual(head: { readonly terms: readonly HeadTerm[] }): boolean {
  return head.terms.some(
    (term) => term.kind === "value" && term.value.kind === "lattice" && contextual.has(term.value.op),
  );
}

class Growth {
  readonly #rule: Reader;
  readonly #functions: Ir["functions"];
  readonly #isColumnLattice: (i: number) => boolean;
  readonly #variables = new Map<string, Uses>();
  readonly #levels = new Map<number, Level>();
  readonly #counts = new Map<number, number>();
  readonly #opaque = new Set<number>();

  constructor(rule: Reader, functions: Ir["functions"], isColumnLattice: (i: number) => boolean) {
    this.#rule = rule;
    this.#functions = functions;
    this.#isColumnLattice = isColumnLattice;
  }

  reads(): LatticeReads {
    const { body, head, having } = this.#rule;
    body.forEach((literal, i) => {
      if (literal.kind !== "read" || literal.negated) return;
      for (const term of literal.terms)
        if (term?.kind === "variable" && term.type.kind === "lattice")
          this.#variables.set(term.name, new Map([[i, 0]]));
    });
    if (this.#variables.size === 0) return nothing;
    for (const literal of inOrder(body)) {
      if (literal.kind === "bind") {
        // A plain value that depends on a lattice is no longer one that only grows.
        const uses = this.#expr(literal.value);
        this.#variables.set(literal.variable, literal.type.kind === "lattice" ? uses : raised(uses, 2));
      } else if (literal.kind === "range") {
        const { type } = literal.value;
        const falls =
          type.kind === "lattice" &&
          growthOf("contains", type.name) === "reveal" &&
          growthOf("at", type.name) === "reveal";
        const uses = falls ? raised(this.#expr(literal.value), 2) : this.#expr(literal.value);
        this.#use(uses);
        this.#bind(literal.pattern, uses);
      } else if (literal.kind === "test") this.#use(this.#expr(literal.value));
    }
    const aggregates = (having?.length ?? 0) > 0 || (head?.terms.some(({ kind }) => kind === "aggregate") ?? false);
    const merged: Uses[] = [];
    head?.terms.forEach((term, i) => {
      if (term.kind === "aggregate") for (const arg of term.call.args) this.#use(raised(this.#expr(arg), 2));
      else if (!this.#isColumnLattice(i)) this.#use(raised(this.#expr(term.value), 2));
      else merged.push(aggregates ? this.#grouped(this.#expr(term.value), head) : this.#expr(term.value));
    });
    // Columns that are merged each by itself take the parts of one row as they come.
    this.#use(widest(merged));
    if (head?.to?.kind === "address") this.#use(raised(this.#expr(head.to.value), 2));
    for (const expr of having ?? []) this.#use(raised(this.#expr(expr), 2));
    const at = (least: Level): Set<number> =>
      new Set([...this.#levels].flatMap(([i, level]) => (level >= least ? [i] : [])));
    const combined = at(1);
    for (const [i, count] of this.#counts) if (count > 1) combined.add(i);
    return { revealed: at(2), opaque: this.#opaque, combined };
  }

  /** Of a lattice value that groups are divided by: which are equal may change, unless each group has one row of it. */
  #grouped(uses: Uses, head: RuleHead): Uses {
    const plain = new Set(
      head.terms.flatMap((term) => (term.kind === "value" && term.value.kind === "variable" ? [term.value.name] : [])),
    );
    const out = new Map<number, Level>();
    for (const [i, level] of uses) {
      const literal = this.#rule.body[i];
      const isOne =
        literal.kind === "read" &&
        literal.terms.every(
          (term) => term !== null && (term.type.kind === "lattice" || term.kind !== "variable" || plain.has(term.name)),
        );
      out.set(i, isOne ? level : 2);
    }
    return out;
  }

  #use(uses: Uses): void {
    for (const [i, level] of uses) {
      this.#levels.set(i, Math.max(level, this.#levels.get(i) ?? 0) as Level);
      this.#counts.set(i, (this.#counts.get(i) ?? 0) + 1);
    }
  }

  /** Elements are facts of their own; the values of a map grow as the map does. */
  #bind(pattern: Pattern, uses: Uses): void {
    if (pattern.kind === "tuple") for (const part of pattern.of) this.#bind(part, uses);
    else if (pattern.type.kind === "lattice") this.#variables.set(pattern.name, uses);
  }

  #expr(expr: Expr): Uses {
    switch (expr.kind) {
      case "variable":
        return this.#variables.get(expr.name) ?? none;
      case "self":
      case "literal":
        return none;
      case "aggregate":
        return raised(this.#all(expr.call.args), 2);
      case "tuple":
      case "list":
        return raised(this.#all(expr.of), 2);
      case "unary":
        return raised(this.#expr(expr.of), 2);
      case "if": {
        const test = this.#expr(expr.test);
        return test.size > 0
          ? raised(this.#all([expr.test, expr.then, expr.else]), 2)
          : this.#all([expr.then, expr.else]);
      }
      case "binary":
        return this.#binary(expr);
      case "call":
        return this.#call(expr);
      case "lattice": {
        const uses = widest([this.#all(expr.args), raised(this.#all(expr.valuation), 2)]);
        const growth = growthOf(expr.op, expr.on.name);
        if (growth === "reveal") return raised(uses, 2);
        if (expr.op === "dominates" && this.#expr(expr.args[1]).size > 0) return raised(uses, 2);
        return growth === "monotone" ? raised(uses, 1) : uses;
      }
    }
  }

  #binary(expr: Extract<Expr, { kind: "binary" }>): Uses {
    const { op, left, right } = expr;
    const uses = this.#all([left, right]);
    if (uses.size === 0) return uses;
    if (op === "&&") return uses;
    if (op === "||") return widest([this.#expr(left), this.#expr(right)]);
    if (expr.type.kind === "lattice") return uses;
    const [growing, other, way] =
      left.type.kind === "lattice"
        ? [left, right, op]
        : [right, left, ({ ">=": "<=", ">": "<", "<=": ">=", "<": ">" } as Record<string, string>)[op]];
    if (growing.type.kind !== "lattice" || this.#expr(other).size > 0) return raised(uses, 2);
    const up = growing.type.name === "lmax" && (way === ">=" || way === ">");
    const down = growing.type.name === "lmin" && (way === "<=" || way === "<");
    return up || down ? this.#expr(growing) : raised(uses, 2);
  }

  #call(expr: Extract<Expr, { kind: "call" }>): Uses {
    const uses = this.#all(expr.args);
    if (uses.size === 0) return uses;
    const claims = expr.builtin ? [] : (this.#functions.get(expr.name)?.claims ?? []);
    // Of plain values there is no order in which to grow, but for bool: it becomes true and stays.
    const grows = expr.type.kind === "lattice" || expr.type.kind === "bool";
    const isTaken = expr.args.some((arg) => arg.type.kind === "lattice" && this.#expr(arg).size > 0);
    if (grows && claims.includes("morphism")) return expr.type.kind === "bool" ? raised(uses, 1) : uses;
    if (grows && claims.includes("monotone")) return raised(uses, 1);
    if (isTaken && !expr.builtin) for (const i of uses.keys()) this.#opaque.add(i);
    return raised(uses, 2);
  }

  /** Of several parts: what stands in two of them is looked at twice. */
  #all(exprs: readonly Expr[]): Uses {
    const out = new Map<number, Level>();
    for (const expr of exprs)
      for (const [i, level] of this.#expr(expr)) {
        const before = out.get(i);
        out.set(i, before === undefined ? level : (Math.max(before, level, 1) as Level));
      }
    return out;
  }
}

function widest(all: readonly Uses[]): Uses {
  const out = new Map<number, Level>();
  for (const uses of all) for (const [i, level] of uses) out.set(i, Math.max(level, out.get(i) ?? 0) as Level);
  return out;
}

function raised(uses: Uses, to: Level): Uses {
  if (uses.size === 0) return uses;
  return new Map([...uses].map(([i, level]) => [i, Math.max(level, to) as Level]));
}

/** Binds and ranges in an order in which what they need is bound before. */
function inOrder(body: readonly Literal[]): readonly Exclude<Literal, { kind: "read" }>[] {
  const waiting = body.filter((literal) => literal.kind !== "read");
  const bound = new Set(
    body.flatMap((literal) =>
      literal.kind === "read" ? literal.terms.flatMap((term) => (term?.kind === "variable" ? [term.name] : [])) : [],
    ),
  );
  const ordered: Exclude<Literal, { kind: "read" }>[] = [];
  const bind = (pattern: Pattern): void =>
    pattern.kind === "tuple" ? pattern.of.forEach(bind) : void bound.add(pattern.name);
  for (let progress = true; progress;) {
    progress = false;
    for (const literal of waiting) {
      if (ordered.includes(literal) || ![...variables(literal.value)].every((name) => bound.has(name))) continue;
      ordered.push(literal);
      if (literal.kind === "bind") bound.add(literal.variable);
      if (literal.kind === "range") bind(literal.pattern);
      progress = true;
    }
  }
  // Nothing is left out, whatever it waits for.
  return [...ordered, ...waiting.filter((literal) => !ordered.includes(literal))];
}

function variables(expr: Expr, into: Set<string> = new Set()): Set<string> {
  if (expr.kind === "variable") into.add(expr.name);
  for (const child of children(expr)) variables(child, into);
  return into;
}
