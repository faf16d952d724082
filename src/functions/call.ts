/** One call of a user's function under watch: what it gave, and whether it left its arguments alone. */
import type { Domain } from "./domain.ts";
import { showValue, wholeText } from "./plain-domains.ts";

/** `text` is the whole call as it is shown, `f(1, 2) = 3`, `f(1) throws: no such company`; it is made only when it is. */
export type Outcome = { readonly text: () => string } & (
  | { readonly kind: "value"; readonly value: unknown; readonly key: string }
  /** No result, by its own decision; or a value of another type. */
  | { readonly kind: "threw" }
  /** A number outside of what the type holds: at run time an error of the one derivation. */
  | { readonly kind: "overflow" }
  | { readonly kind: "changed" }
);

export interface Callable {
  readonly name: string;
  readonly params: readonly Domain[];
  readonly returns: Domain;
  readonly of: (...args: unknown[]) => unknown;
}

/** A value as a function gets it. */
export function givenOf(domain: Domain, value: unknown): unknown {
  return domain.outside === undefined ? domain.frozen(value) : domain.outside.give(value);
}

/** Equal for arguments that a function cannot tell apart. */
export function textOf(domain: Domain, given: unknown): string {
  return domain.outside === undefined ? domain.key(given) : wholeText(given);
}

/** What TypeScript's runtimes say when something frozen is changed. */
const frozenError =
  /object is not extensible|read only property|Cannot (?:delete|define|redefine|add) property|only a getter/;

export function callOf({ name, params, returns, of }: Callable, args: readonly unknown[]): Outcome {
  const given = args.map((arg, i) => givenOf(params[i]!, arg));
  const before = given.map((one, i) => textOf(params[i]!, one));
  const call = (): string => `${name}(${args.map((arg, i) => params[i]!.show(arg)).join(", ")})`;
  let value: unknown;
  try {
    value = of(...given);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return error instanceof TypeError && frozenError.test(message)
      ? { kind: "changed", text: () => `${call()} changes an argument (${message})` }
      : { kind: "threw", text: () => `${call()} throws: ${message}` };
  }
  const at = given.findIndex((one, i) => textOf(params[i]!, one) !== before[i]);
  if (at >= 0) {
    const after = showValue(given[at]);
    return {
      kind: "changed",
      text: () => `${call()} changes its argument: ${params[at]!.show(args[at])} is ${after} afterwards`,
    };
  }
  const problem = returns.problem(value);
  if (problem === null) {
    const taken = returns.outside === undefined ? value : returns.outside.take(value);
    return { kind: "value", value: taken, key: returns.key(taken), text: () => `${call()} = ${returns.show(taken)}` };
  }
  return returns.overflows(value)
    ? { kind: "overflow", text: () => `${call()} = ${showValue(value)}, which is too large` }
    : { kind: "threw", text: () => `${call()} has no value of its type${problem}` };
}
