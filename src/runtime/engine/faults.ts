/** Calls of functions, and derivations that fail: reported once, and nothing else is lost. */
import { factText, RowType } from "../codec.ts";
import { handed, holdsLattice, taken } from "../outside.ts";
import type { Fault, Value, ValueType } from "../program.ts";
import { FAILED } from "./codes.ts";
import type { Values } from "./values.ts";

type PlainFunction = (...args: never[]) => unknown;

/**
 * A built-in or imported function of values; an imported aggregate is one of a list. It gets sets and maps for those of
 * lattices, and may give them: see outside.ts.
 */
export class Callable {
  readonly name: string;
  readonly #of: PlainFunction;
  readonly #params: readonly ValueType[];
  readonly #returns: ValueType;
  readonly #result: RowType;
  readonly #values: Values;
  /** Values of lattices go in or come out. */
  readonly #isLifted: boolean;

  constructor(values: Values, name: string, of: unknown, params: readonly ValueType[], returns: ValueType) {
    if (typeof of !== "function") throw new TypeError(`the function ${name} is not exported by its module`);
    this.name = name;
    this.#of = of as PlainFunction;
    this.#params = params;
    this.#returns = returns;
    this.#result = new RowType([{ name: "result", type: returns }]);
    this.#values = values;
    this.#isLifted = [...params, returns].some(holdsLattice);
  }

  /** The result's code; a sentence (without a final stop) when there is none. */
  call(codes: readonly number[]): number | string {
    return this.apply(codes.map((code, i) => this.#values.decode(this.#params[i], code)));
  }

  /** The same of values as they are. */
  apply(args: readonly Value[]): number | string {
    let result: unknown;
    try {
      result = this.#isLifted ? this.#lifted(args) : this.#of(...(args as never[]));
    } catch (error) {
      return `${factText(this.name, args)} threw: ${error instanceof Error ? error.message : String(error)}`;
    }
    const problem = this.#result.problem([result]);
    if (problem !== null)
      return `${factText(this.name, args)} returned a value of another type: ${problem.replace(/^column result: /, "")}`;
    return this.#values.encode(this.#returns, result as Value);
  }

  #lifted(args: readonly Value[]): unknown {
    const values = this.#values;
    const given = args.map((arg, i) =>
      handed(this.#params[i], arg, "function", (type, a, b) => values.joined(type, a, b)),
    );
    const result = this.#of(...(given as never[]));
    return taken(this.#returns, result) ?? result;
  }
}

export class Faults {
  readonly #report: (fault: Fault) => void;
  /** Said in this step: one failing fact may be met by several evaluations. */
  readonly #said = new Set<string>();

  constructor(report: (fault: Fault) => void) {
    this.#report = report;
  }

  say(code: string, message: string, rule: string | undefined): void {
    const key = `${rule} ${message}`;
    if (this.#said.has(key)) return;
    this.#said.add(key);
    this.#report(rule === undefined ? { code, message } : { code, message, rule });
  }

  newStep(): void {
    if (this.#said.size > 0) this.#said.clear();
  }

  /**
   * FAILED, or the code of the call. `sign` below 0: a derivation is taken back; it failed in the
   * same way when it was to be made, and that was reported.
   */
  call(callable: Callable, rule: string, sign: number, ...codes: number[]): number {
    const result = callable.call(codes);
    if (typeof result === "number") return result;
    if (sign >= 0) this.say(`DLC920`, `a fact could not be derived: ${result}`, rule);
    return FAILED;
  }

  /** FAILED, or the code of what an imported aggregate gives of a whole group, in canonical order. */
  aggregate(callable: Callable, rule: string, rows: Value): number {
    const result = callable.apply([rows]);
    if (typeof result === "number") return result;
    this.say(`DLC920`, `a group has no result: ${result}`, rule);
    return FAILED;
  }

  /** A number that is no int: `what` is the expression as written. */
  overflow(what: string, value: number, rule: string, sign: number): void {
    if (sign < 0) return;
    if (Number.isNaN(value)) this.say("DLC922", `a fact could not be derived: division by zero in ${what}`, rule);
    else
      this.say(
        "DLC921",
        `a fact could not be derived: ${what} is ${value > 0 ? "above" : "below"} the safe integers (±9007199254740991)`,
        rule,
      );
  }

  /** An operation on a lattice without a result: an imported one has failed, or a sum is no int. */
  lattice(what: string, values: Values, rule: string, sign: number): void {
    const { failure } = values;
    values.failure = "";
    if (failure === "") this.overflow(what, Infinity, rule, sign);
    else if (sign >= 0) this.say("DLC925", `a fact could not be derived: ${what}: ${failure}`, rule);
  }

  /** A negative number where a nat is declared, or as an element of an lpset. */
  negative(what: string, value: number, rule: string, sign: number, of: "nat" | "lpset" = "nat"): void {
    if (sign < 0) return;
    const why = of === "nat" ? "a nat is not negative" : "an lpset holds no negative numbers";
    this.say("DLC923", `a fact could not be derived: ${what} is ${value}, and ${why}`, rule);
  }
}
