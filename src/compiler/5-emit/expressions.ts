/**
 * Expressions as JavaScript. A value is at hand as its code (see runtime/engine/values.ts), or raw: a number, string
 * or boolean. What can fail is written as statements before, which leave the derivation (`escape`) when it does.
 */
import type { SourceFile, Span } from "../ast.ts";
import type { AggregateCall, Expr, Type } from "../ir.ts";
import type { Accumulator } from "./flow.ts";
import type { Names } from "./names.ts";
import { valueType } from "./types.ts";
import { commentText, quoted, type } from "./writer.ts";
import type { Writer } from "./writer.ts";

/** What a module needs besides its rules: constants and functions, declared once. */
export interface ModuleScope {
  /** Identifier of the code of a constant. */
  readonly constant: (type: Type, value: number | string | boolean) => string;
  /** Identifier of the engine's `Callable`. */
  readonly callable: (call: Extract<Expr, { kind: "call" }>) => string;
}

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
  /** `1`, or the identifier of the change's sign. */
  sign = "1";
  /** Where only new valuations count: whether the one at hand is new so far. */
  news: string | null = null;
  /** Statement that leaves the derivation. */
  escape = "return;";
  /** In `having` and results: the code of an aggregate. */
  aggregate: ((call: AggregateCall) => string) | null = null;
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

  checkNat(raw: string, what: string): void {
    this.#failUnless(`${raw} >= 0`, `faults.negative(${quoted(what)}, ${raw}, ${quoted(this.rule)}, ${this.sign});`);
  }

  #failUnless(test: string, report: string): void {
    this.writer.open(`if (!(${test})) {`);
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
    this.writer.line(`${name} = ${compile(expr.then)};`);
    this.writer.close("} else {");
    this.writer.deepen();
    this.writer.line(`${name} = ${compile(expr.else)};`);
    this.writer.close("}");
    return name;
  }

  // --- raw values

  number(expr: Expr): string {
    switch (expr.kind) {
      case "literal":
        return (expr.value as number) < 0 ? `(${expr.value})` : String(expr.value);
      case "unary":
        return `-${this.number(expr.of)}`;
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
    if (!isWhole(expr.type)) return `(${left} ${expr.op} ${right})`;
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
    this.writer.line(`${name} = ${this.boolean(expr.right)};`);
    this.writer.close("}");
    return name;
  }

  #comparison(expr: Extract<Expr, { kind: "binary" }>): string {
    const { left, right, op } = expr;
    const of = left.type;
    if (op === "==" || op === "!=") {
      const isComputed = (side: Expr): boolean => side.kind === "binary" || side.kind === "unary";
      if (isWhole(of) && (isComputed(left) || isComputed(right)))
        return `(${this.number(left)} ${op}= ${this.number(right)})`;
      if (isText(of) && (isComputed(left) || isComputed(right)))
        return `(${this.text(left)} ${op}= ${this.text(right)})`;
      return `(${this.code(left)} ${op}= ${this.code(right)})`;
    }
    if (isWhole(of) && isWhole(right.type)) return `(${this.number(left)} ${op} ${this.number(right)})`;
    if (isText(of)) return `(${this.text(left)} ${op} ${this.text(right)})`;
    return `(values.compare(${valueType(of)}, ${this.code(left)}, ${this.code(right)}) ${op} 0)`;
  }
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
  }
}
