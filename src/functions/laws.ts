/** The claims that can be made of a plain function, as laws. */
import type { Claim } from "../compiler/ast.ts";
import type { Type } from "../compiler/ir.ts";
import { isLattice, sameType, typeText } from "../compiler/types.ts";
import { callOf, givenOf, textOf } from "./call.ts";
import type { Callable, Outcome } from "./call.ts";
import { isOrdered } from "./plain-domains.ts";
import type { Breach, Law } from "./subject.ts";

export interface Shape {
  readonly params: readonly Type[];
  readonly returns: Type;
}

export interface ClaimLaw {
  /** Said with a counterexample. */
  readonly means: string;
  /** Why it says nothing of functions of this shape, as the end of a sentence that begins with the function's name. */
  readonly senseless: (shape: Shape) => string | null;
  readonly bind: (callable: Callable, shape: Shape) => Law;
}

export type Judged = Breach | "nothing" | null;

/** Judges results that all have to be there: what throws has none, and is no success. */
export function judging(
  outcomes: readonly Outcome[],
  holds: (values: readonly unknown[], keys: readonly string[]) => boolean,
): Judged {
  for (const { kind, text } of outcomes) if (kind === "changed") return { sides: [text()], because: "changed" };
  if (outcomes.some(({ kind }) => kind === "overflow")) return "nothing";
  const thrown = outcomes.find(({ kind }) => kind === "threw");
  if (thrown !== undefined) return { sides: [thrown.text()], because: "threw" };
  const values = outcomes.map((outcome) => (outcome.kind === "value" ? outcome : null)!);
  return holds(
    values.map(({ value }) => value),
    values.map(({ key }) => key),
  )
    ? null
    : { sides: [...new Set(values.map(({ text }) => text()))], because: "law" };
}

export const equalKeys = (_: readonly unknown[], keys: readonly string[]): boolean =>
  keys.every((key) => key === keys[0]);

/** `f(f(a, b), c)`: the inner call, and if it has a value the outer one, shown as one. */
function nested(callable: Callable, inner: readonly unknown[], outer: (value: unknown) => readonly unknown[]): Outcome {
  const first = callOf(callable, inner);
  if (first.kind !== "value") return first;
  const args = outer(first.value);
  const second = callOf(callable, args);
  if (second.kind !== "value") return second;
  const shown = (): string[] =>
    args.map((arg, i) =>
      arg === first.value
        ? `${callable.name}(${inner.map((value, at) => callable.params[at]!.show(value)).join(", ")})`
        : callable.params[i]!.show(arg),
    );
  return { ...second, text: () => `${callable.name}(${shown().join(", ")}) = ${callable.returns.show(second.value)}` };
}

const isBinary = ({ params }: Shape): boolean => params.length === 2 && sameType(params[0]!, params[1]!);
const closes = ({ params, returns }: Shape): boolean => params.every((type) => sameType(type, returns));

export const claimLaws: Readonly<Record<Claim, ClaimLaw>> = {
  injective: {
    means: "different arguments must give different results",
    senseless: ({ params }) => (params.length === 0 ? "has no parameter whose values could differ" : null),
    bind(callable) {
      const { params } = callable;
      const n = params.length;
      const keyOf = (args: readonly unknown[]): string =>
        args.map((arg, i) => textOf(params[i]!, givenOf(params[i]!, arg))).join(" ");
      const results = new Map<string, readonly unknown[]>();
      return {
        domains: [...params, ...params],
        judge(values) {
          const [left, right] = [values.slice(0, n), values.slice(n)];
          if (keyOf(left) === keyOf(right)) return "nothing";
          const outcomes = [callOf(callable, left), callOf(callable, right)];
          // Without a result there is nothing that could be mistaken for another's.
          if (outcomes.some(({ kind }) => kind === "threw")) return "nothing";
          return judging(outcomes, (_, keys) => keys[0] !== keys[1]);
        },
        collide: {
          over: n,
          offer(args) {
            const outcome = callOf(callable, args);
            if (outcome.kind !== "value") return null;
            const before = results.get(outcome.key);
            if (before === undefined) results.set(outcome.key, args);
            return before === undefined || keyOf(before) === keyOf(args) ? [] : [...before, ...args];
          },
        },
      };
    },
  },

  monotone: {
    means: "when an argument grows, the result must not fall",
    senseless({ params, returns }) {
      if (params.length === 0) return "has no parameter that could grow";
      const plain = params.some(isLattice) ? [] : params;
      const other = [...plain, returns].find((type) => !isOrdered(type) && !isLattice(type));
      return other === undefined ? null : `has the type ${typeText(other)}, whose values do not grow`;
    },
    bind(callable, shape) {
      const { params, returns } = callable;
      const n = params.length;
      const grows = growing(shape);
      return {
        domains: [...params, ...params],
        judge(values) {
          const less = values.slice(0, n);
          // Above by construction, never by choosing pairs that happen to be.
          const more = less.map((value, i) => (grows(i) ? params[i]!.join!(value, values[n + i]) : value));
          return judging([callOf(callable, less), callOf(callable, more)], ([low, high]) => returns.below!(low, high));
        },
      };
    },
  },

  morphism: {
    means: "the result of a join must be the join of the results",
    senseless: ({ params, returns }) => {
      if (!params.some(isLattice)) return "has no parameter of a lattice, and only lattices have joins";
      // True is the join of true and false.
      return isLattice(returns) || returns.kind === "bool"
        ? null
        : `has results of the type ${typeText(returns)}, which have no joins`;
    },
    bind(callable, shape) {
      const { params, returns } = callable;
      const n = params.length;
      const grows = growing(shape);
      return {
        domains: [...params, ...params],
        judge(values) {
          const left = values.slice(0, n);
          for (let at = 0; at < n; at++) {
            if (!grows(at)) continue;
            const right = left.map((value, i) => (i === at ? values[n + i] : value));
            const both = left.map((value, i) => (i === at ? params[i]!.join!(value, values[n + i]) : value));
            const judged = judging(
              [left, right, both].map((args) => callOf(callable, args)),
              ([a, b, ab]) => returns.key(returns.join!(a, b)) === returns.key(ab),
            );
            if (judged !== null) return judged;
          }
          return null;
        },
      };
    },
  },

  commutative: {
    means: "the order of the arguments must not matter",
    senseless: (shape) => (isBinary(shape) ? null : "has not two parameters of one type that could change places"),
    bind: (callable) => ({
      domains: callable.params,
      judge: ([a, b]) => judging([callOf(callable, [a, b]), callOf(callable, [b, a])], equalKeys),
    }),
  },

  associative: {
    means: "how the arguments are grouped must not matter",
    senseless: (shape) =>
      isBinary(shape) && closes(shape) ? null : "does not take two values of the type that it gives",
    bind: (callable) => ({
      domains: [callable.params[0]!, callable.params[0]!, callable.params[0]!],
      judge: ([a, b, c]) =>
        judging([nested(callable, [a, b], (ab) => [ab, c]), nested(callable, [b, c], (bc) => [a, bc])], equalKeys),
    }),
  },

  idempotent: {
    means: "doing it once more must change nothing",
    senseless: (shape) =>
      closes(shape) && (shape.params.length === 1 || isBinary(shape))
        ? null
        : "does not give the type that its one or two parameters have",
    bind(callable) {
      const [domain, second] = callable.params;
      if (second !== undefined)
        return {
          domains: [domain!],
          judge: ([a]) => judging([callOf(callable, [a, a])], (_, [key]) => key === domain!.key(a)),
        };
      return {
        domains: [domain!],
        judge: ([a]) => judging([callOf(callable, [a]), nested(callable, [a], (once) => [once])], equalKeys),
      };
    },
  },
};

/** Which arguments grow: those of lattices, where there are any; what stands beside them is another fact's when it changes. */
function growing({ params }: Shape): (at: number) => boolean {
  return params.some(isLattice) ? (at) => isLattice(params[at]!) : () => true;
}

/** What every function must do, claimed or not: the same for the same arguments, which it leaves as they are. */
export function steadiness(callable: Callable): Law {
  return {
    domains: callable.params,
    light: true,
    judge(args) {
      const [first, second] = [callOf(callable, args), callOf(callable, args)];
      for (const { kind, text } of [first, second])
        if (kind === "changed") return { sides: [text()], because: "changed" };
      const isSame =
        first.kind === "value" && second.kind === "value" ? first.key === second.key : first.text() === second.text();
      if (!isSame) return { sides: [first.text(), `the second time: ${second.text()}`], because: "unsteady" };
      return first.kind === "value" ? null : "nothing";
    },
  };
}
