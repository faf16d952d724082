/** One call of a user's function under watch: what it gave, and whether it left its arguments alone. */
import type { Domain } from "./domain.ts";

export type Outcome =
  | { readonly kind: "value"; readonly value: unknown; readonly key: string; readonly text: string }
  /** No result, by its own decision; or a value of another type. */
  | { readonly kind: "threw"; readonly text: string }
  /** A whole number outside of the safe integers: at run time an error of the one derivation. */
  | { readonly kind: "overflow"; readonly text: string }
  | { readonly kind: "changed"; readonly text: string };

export interface Callable {
  readonly name: string;
  readonly params: readonly Domain[];
  readonly returns: Domain;
  readonly of: (...args: unknown[]) => unknown;
}

/** What TypeScript's runtimes say when something frozen is changed. */
const frozenError =
  /object is not extensible|read only property|Cannot (?:delete|define|redefine|add) property|only a getter/;

/** `text` of the outcome is the whole call: `f(1, 2) = 3`, `f(1) throws: no such company`. */
export function callOf({ name, params, returns, of }: Callable, args: readonly unknown[]): Outcome {
  const given = args.map((arg, i) => params[i]!.frozen(arg));
  const call = `${name}(${args.map((arg, i) => params[i]!.show(arg)).join(", ")})`;
  let value: unknown;
  try {
    value = of(...given);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof TypeError && frozenError.test(message))
      return { kind: "changed", text: `${call} changes an argument (${message})` };
    return { kind: "threw", text: `${call} throws: ${message}` };
  }
  const at = given.findIndex((arg, i) => params[i]!.key(arg) !== params[i]!.key(args[i]));
  if (at >= 0)
    return {
      kind: "changed",
      text: `${call} changes its argument: ${params[at]!.show(args[at])} is ${params[at]!.show(given[at])} afterwards`,
    };
  const problem = returns.problem(value);
  if (problem === null)
    return { kind: "value", value, key: returns.key(value), text: `${call} = ${returns.show(value)}` };
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value))
    return { kind: "overflow", text: `${call} = ${value}, which is beyond the safe integers` };
  return { kind: "threw", text: `${call} has no value of its type${problem}` };
}
