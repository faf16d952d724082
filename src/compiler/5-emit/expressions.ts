/**
 * Expressions as JavaScript. A value is at hand as its code (see runtime/engine/values.ts), or raw: a number, string
 * or boolean. What can fail is written as statements before, which leave the derivation (`escape`) when it does.
 */
import type { SourceFile, Span } from "../ast.ts";
import { eventful } from "../../lattices/index.ts";
import type { AggregateCall, Expr, LatticeType, Type } from "../ir.ts";
import { carrier } from "../types.ts";
import type { Accumulator, FlowRelation } from "./flow.ts";
import { Locals } from "./locals.ts";
import type { Names } from "./names.ts";
import { valueType } from "./types.ts";
import { commentText, quoted, type } from "./writer.ts";
import type { Writer } from "./writer.ts";

/** What a module needs besides its rules: constants and functions, declared once. */
export interface ModuleScope {
  /** Identifier of the code of a constant. */
  readonly constant: (type: Type, value: number | string | boolean) => string;
  /** Identifier of the ops of a lattice. */
  readonly lattice: (type: LatticeType) => string;
  /** Identifier of what names a valuation of a rule by the values of its variables. */
  readonly dots: (rule: string, types: readonly Type[]) => string;
  /** Identifier of the engine's `Callable`. */
  readonly callable: (call: Extract<Expr, { kind: "call" }>) => string;
}

type LatticeExpr = Extract<Expr, { kind: "lattice" }>;

/** Operations that give a boolean, and those that may give nothing. */
const tests: ReadonlySet<string> = new Set(["contains", "hasKey", "dominates", "whenTrue"]);
/** Lattices whose plain value can always be had. */
const certain: ReadonlySet<string> = new Set(["lset", "lpset", "lbag", "orset", "mvreg", "lww", "vclock"]);
const partial: ReadonlySet<string> = new Set(["at", "sum", "value", "reveal", "first", "second"]);

const limit = 2 ** 30;
const isWhole = (of: Type): boolean => of.kind === "int" || of.kind === "nat";
const isText = (of: Type): boolean => of.kind === "string" || of.kind === "addr";

/** Calls that only change the type: the code stays. */
function isIdentity(expr: Extract<Expr, { kind: "call" }>): boolean {
  if (!expr.builtin) return false;
  if (expr.name === "toFloat") return true;
  return (
    expr.name === "toJson" &&
    (isWhole(expr.args[0].type) || expr.args[0].type.kind === "string" || expr.args[0].type.kind === "json")
  );
}

export class ExprScope {
  writer: Writer;
  readonly names: Names;
  readonly module: ModuleScope;
  readonly file: SourceFile;
  /** `poor#1 (ads.dlc:16)`. */
  readonly rule: string;
  locals = new Locals();
  /** Reads find what is there in the old state or the new one, negated ones what is not there in one of them. */
  inEither = false;
  /** Where only facts older than `before` count: identifiers of the orders of their relations. */
  orders: ReadonlyMap<FlowRelation, string> = new Map();
  /** `1`, or the identifier of the change's sign. */
  sign = "1";
  /** Where only new valuations count: whether the one at hand is new so far. */
  news: string | null = null;
  /** Statement that leaves the derivation. */
  escape = "return;";
  /** In `having` and results: the code of an aggregate. */
  aggregate: ((call: AggregateCall) => string) | null = null;
  /** The code of the lattice value that an update looks at, -1 where there is none. */
  current = "-1";
  readonly results = new Map<Accumulator, string>();
  readonly #variables = new Map<string, string>();

  constructor(writer: Writer, names: Names, module: ModuleScope, file: SourceFile, rule: string) {
    this.writer = writer;
    this.names = names;
    this.module = module;
    this.file = file;
    this.rule = rule;
  }

  bind(variable: string, code: string): void {
    this.#variables.set(variable, code);
  }

  isBound(variable: string): boolean {
    return this.#variables.has(variable);
  }

  variable(name: string): string {
    const code = this.#variables.get(name);
    if (code === undefined) throw new Error(`${name} is read before it is bound, in ${this.rule}`);
    return code;
  }

  textOf(span: Span): string {
    return commentText(this.file.text.slice(span.start, span.end));
  }

  /** A constant for an expression, so that it is evaluated once. */
  #hold(wanted: string, text: string): string {
    const name = this.names.take(wanted);
    this.writer.line(`const ${name} = ${text};`);
    return name;
  }

  /** Leaves the derivation when `raw` is no int. */
  checkInt(raw: string, what: string): void {
    this.#failUnless(
      `Number.isSafeInteger(${raw})`,
      `faults.overflow(${quoted(what)}, ${raw}, ${quoted(this.rule)}, ${this.sign});`,
    );
  }

  checkNat(raw: string, what: string, of: "nat" | "lpset" = "nat"): void {
    const more = of === "nat" ? "" : `, ${quoted(of)}`;
    this.#failUnless(
      `${raw} >= 0`,
      `faults.negative(${quoted(what)}, ${raw}, ${quoted(this.rule)}, ${this.sign}${more});`,
    );
  }

  #failUnless(test: string, report: string): void {
    this.#failIf(`!(${test})`, report);
  }

  #failIf(test: string, report: string): void {
    this.writer.open(`if (${test}) {`);
    this.writer.line(report);
    this.writer.line(this.escape);
    this.writer.close("}");
  }

  // --- codes

  code(expr: Expr): string {
    switch (expr.kind) {
      case "variable":
        return this.variable(expr.name);
      case "self":
        return "self";
      case "literal":
        return this.#literal(expr);
      case "aggregate":
        return this.aggregate!(expr.call);
      case "call":
        return this.#call(expr);
      case "lattice":
        return this.#lattice(expr);
      case "list":
      case "tuple":
        return `values.sequence([${expr.of.map((one) => this.code(one)).join(", ")}])`;
      case "if":
        return this.#choice(expr, (branch) => this.code(branch), "number");
      case "unary":
      case "binary":
        if (expr.type.kind === "bool") return `(${this.boolean(expr)} ? 1 : 0)`;
        return isText(expr.type) ? `values.string(${this.text(expr)})` : `values.number(${this.number(expr)})`;
    }
  }

  #literal(expr: Extract<Expr, { kind: "literal" }>): string {
    const { value, type: of } = expr;
    if (of.kind === "bool") return value === true ? "1" : "0";
    if (typeof value === "number" && Number.isInteger(value) && value >= -limit && value < limit)
      return String(value === 0 ? 0 : value);
    return this.module.constant(of, value);
  }

  #call(expr: Extract<Expr, { kind: "call" }>): string {
    if (isIdentity(expr)) return this.code(expr.args[0]);
    const args = expr.args.map((arg) => this.code(arg));
    const result = this.#hold(
      expr.name,
      `faults.call(${[this.module.callable(expr), quoted(this.rule), this.sign, ...args].join(", ")})`,
    );
    this.writer.line(`if (${result} === FAILED) ${this.escape}`);
    return result;
  }

  /** `if a then b else c`: an expression where the branches are, otherwise statements. */
  #choice(expr: Extract<Expr, { kind: "if" }>, compile: (branch: Expr) => string, of: string): string {
    const test = this.boolean(expr.test);
    if (!canFail(expr.then) && !canFail(expr.else)) return `(${test} ? ${compile(expr.then)} : ${compile(expr.else)})`;
    const name = this.names.take("chosen");
    this.writer.line(`let ${name}${type(`: ${of}`)};`);
    this.writer.open(`if (${test}) {`);
    this.#inBlock(() => this.writer.line(`${name} = ${compile(expr.then)};`));
    this.writer.close("} else {");
    this.writer.deepen();
    this.#inBlock(() => this.writer.line(`${name} = ${compile(expr.else)};`));
    this.writer.close("}");
    return name;
  }

  /** The code of a value for a place of this type; what an `int` must not be for a `nat` is looked at. */
  checked(expr: Expr, to: Type): string {
    if (to.kind !== "nat" || expr.type.kind !== "int" || expr.kind === "literal") return this.code(expr);
    const number = this.#hold("nat", this.number(expr));
    this.checkNat(number, this.textOf(expr.span));
    return `values.number(${number})`;
  }

  /** The distinct elements of a list, set or map, as an array of codes. */
  elements(expr: Expr): string {
    const { type: of } = expr;
    return of.kind === "lattice"
      ? `${this.module.lattice(of)}.elements(${this.code(expr)})`
      : `values.distinct(${this.code(expr)})`;
  }

  // --- lattices: a value is a code, an operation a method of the lattice's ops

  #lattice(expr: LatticeExpr): string {
    const { op, on, args } = expr;
    if (tests.has(op)) return `(${this.#latticeTest(expr)} ? 1 : 0)`;
    // An `lmax` of a value is that value.
    if ((op === "lift" || op === "reveal") && carrier(on) !== on) return this.checked(args[0], carrier(on));
    const ops = this.module.lattice(on);
    switch (op) {
      case "lift":
        return `${ops}.lift(${this.#element(args[0], on)})`;
      case "of":
        return args.length === 0
          ? `${ops}.empty`
          : `${ops}.of([${args.map((arg) => this.#element(arg, on)).join(", ")}])`;
      case "ofPairs": {
        if (args.length === 0) return `${ops}.empty`;
        const [key, value] =
          on.name === "lmap" ? on.args : [on.args[0] ?? ({ kind: "addr" } as Type), { kind: "nat" } as Type];
        const pairs: string[] = [];
        for (let i = 0; i < args.length; i += 2)
          pairs.push(`[${this.checked(args[i], key)}, ${this.checked(args[i + 1], value)}]`);
        return `${ops}.ofPairs([${pairs.join(", ")}])`;
      }
      case "map":
      case "filter": {
        const result = op === "map" ? "" : " === 1";
        return `${ops}.${op}(${this.code(args[0])}, (element${type(": number")}) => ${this.#applied(expr.by!)}${result})`;
      }
      case "set":
        return `${ops}.set(${this.current}, ${on.name === "mvreg" ? "self, " : ""}${this.code(args[0])})`;
      case "remove":
        return `${ops}.remove(${this.current}, ${this.code(args[0])})`;
    }
    if (eventful.has(op)) {
      const { valuation } = expr;
      const dots = this.module.dots(
        this.rule,
        valuation.map((arg) => arg.type),
      );
      return `${ops}.${op}(${dots}.of(${valuation.map((arg) => this.code(arg)).join(", ")}), ${this.code(args[0])})`;
    }
    const text = `${ops}.${op}(${args.map((arg) => this.code(arg)).join(", ")})`;
    if (!partial.has(op) || (op === "at" && on.name !== "lmap") || (op === "reveal" && certain.has(on.name)))
      return text;
    const result = this.#hold(op, text);
    if (op === "at") this.writer.line(`if (${result} === FAILED) ${this.escape}`);
    else
      this.#failIf(
        `${result} === FAILED`,
        `faults.lattice(${quoted(this.textOf(expr.span))}, values, ${quoted(this.rule)}, ${this.sign});`,
      );
    return result;
  }

  #latticeTest({ op, on, args }: LatticeExpr): string {
    if (op === "whenTrue") return `${this.code(args[0])} === 1`;
    return `${this.module.lattice(on)}.${op}(${args.map((arg) => this.code(arg)).join(", ")})`;
  }

  /** Elements of an `lpset` are not negative. */
  #element(arg: Expr, on: LatticeType): string {
    const of = on.args[0];
    if (on.name !== "lpset" || arg.type.kind === "nat" || (arg.kind === "literal" && (arg.value as number) >= 0))
      return this.checked(arg, of);
    const number = this.#hold("element", this.number(arg));
    this.checkNat(number, this.textOf(arg.span), "lpset");
    return `values.number(${number})`;
  }

  /** A function applied to the parameter `element`. */
  #applied(call: Extract<Expr, { kind: "call" }>): string {
    if (isIdentity(call)) return "element";
    return `faults.call(${this.module.callable(call)}, ${quoted(this.rule)}, ${this.sign}, element)`;
  }

  // --- raw values

  number(expr: Expr): string {
    switch (expr.kind) {
      case "literal":
        return (expr.value as number) < 0 ? `(${expr.value})` : String(expr.value);
      case "unary": {
        const of = this.number(expr.of);
        return of.startsWith("-") ? `-(${of})` : `-${of}`;
      }
      case "if":
        return this.#choice(expr, (branch) => this.number(branch), "number");
      case "binary":
        return this.#arithmetic(expr);
      case "call":
        return isIdentity(expr) ? this.number(expr.args[0]) : `values.toNumber(${this.code(expr)})`;
      default:
        return `values.toNumber(${this.code(expr)})`;
    }
  }

  #arithmetic(expr: Extract<Expr, { kind: "binary" }>): string {
    const left = this.number(expr.left);
    const right = this.number(expr.right);
    if (expr.type.kind === "lattice" && !isWhole(carrier(expr.type)))
      return `grown(${left}, ${expr.op === "-" ? `-(${right})` : right}, ${growing(expr)})`;
    if (!isWhole(carrier(expr.type))) return `(${left} ${expr.op} ${right})`;
    let text = `${left} ${expr.op} ${right}`;
    if (expr.op === "/") {
      // The integer part, exactly; NaN by zero.
      const a = this.#hold("dividend", left);
      const b = this.#hold("divisor", right);
      text = `(${a} - (${a} % ${b})) / ${b}`;
    }
    const result = this.#hold("int", text);
    this.checkInt(result, this.textOf(expr.span));
    return result;
  }

  text(expr: Expr): string {
    if (expr.kind === "literal") return quoted(expr.value as string);
    if (expr.kind === "binary" && expr.op === "+") return `(${this.text(expr.left)} + ${this.text(expr.right)})`;
    if (expr.kind === "if") return this.#choice(expr, (branch) => this.text(branch), "string");
    return `values.toText(${this.code(expr)})`;
  }

  boolean(expr: Expr): string {
    switch (expr.kind) {
      case "literal":
        return String(expr.value);
      case "unary":
        return `!${this.boolean(expr.of)}`;
      case "if":
        return this.#choice(expr, (branch) => this.boolean(branch), "boolean");
      case "binary":
        return expr.op === "&&" || expr.op === "||" ? this.#logic(expr) : this.#comparison(expr);
      case "lattice":
        return tests.has(expr.op) ? `(${this.#latticeTest(expr)})` : `(${this.code(expr)} === 1)`;
      default:
        return `(${this.code(expr)} === 1)`;
    }
  }

  #logic(expr: Extract<Expr, { kind: "binary" }>): string {
    const left = this.boolean(expr.left);
    if (!canFail(expr.right)) return `(${left} ${expr.op} ${this.boolean(expr.right)})`;
    // The right side is evaluated only where it counts, so that it fails only there.
    const name = this.names.take("both");
    this.writer.line(`let ${name}${type(": boolean")} = ${left};`);
    this.writer.open(`if (${expr.op === "&&" ? name : `!${name}`}) {`);
    this.#inBlock(() => this.writer.line(`${name} = ${this.boolean(expr.right)};`));
    this.writer.close("}");
    return name;
  }

  /** What is computed in a block is out of sight behind it. */
  #inBlock(write: () => void): void {
    const before = new Map(this.results);
    write();
    this.results.clear();
    for (const [accumulator, name] of before) this.results.set(accumulator, name);
  }

  #comparison(expr: Extract<Expr, { kind: "binary" }>): string {
    const { left, right, op } = expr;
    const of = carrier(left.type);
    if (op === "==" || op === "!=") {
      const isComputed = (side: Expr): boolean => side.kind === "binary" || side.kind === "unary";
      if (isWhole(of) && (isComputed(left) || isComputed(right)))
        return `(${this.number(left)} ${op}= ${this.number(right)})`;
      if (isText(of) && (isComputed(left) || isComputed(right)))
        return `(${this.text(left)} ${op}= ${this.text(right)})`;
      return `(${this.code(left)} ${op}= ${this.code(right)})`;
    }
    if (isWhole(of) && isWhole(carrier(right.type))) return `(${this.number(left)} ${op} ${this.number(right)})`;
    if (isText(of)) return `(${this.text(left)} ${op} ${this.text(right)})`;
    return `(values.compare(${valueType(of)}, ${this.code(left)}, ${this.code(right)}) ${op} 0)`;
  }
}

/** Which of ∞ and -∞ their sum is: the one that does not grow, or of two that do the lesser one. */
function growing({ left, right, type }: Extract<Expr, { kind: "binary" }>): string {
  if (right.type.kind !== "lattice") return '"right"';
  if (left.type.kind !== "lattice") return '"left"';
  return type.kind === "lattice" && type.name === "lmin" ? "Infinity" : "-Infinity";
}

/** Whether an expression is written with statements that can leave the derivation. */
export function canFail(expr: Expr): boolean {
  switch (expr.kind) {
    case "variable":
    case "self":
    case "literal":
      return false;
    case "aggregate":
      return true;
    case "call":
      return !isIdentity(expr) || canFail(expr.args[0]);
    case "unary":
      return canFail(expr.of);
    case "binary":
      return canFail(expr.left) || canFail(expr.right) || ("+-*/%".includes(expr.op) && isWhole(expr.type));
    case "if":
      return canFail(expr.test) || canFail(expr.then) || canFail(expr.else);
    case "tuple":
    case "list":
      return expr.of.some(canFail);
    case "lattice":
      return (
        partial.has(expr.op) ||
        expr.op === "lift" ||
        expr.op === "of" ||
        expr.op === "ofPairs" ||
        expr.args.some(canFail)
      );
  }
}
