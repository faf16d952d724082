/** What has to be true of an imported lattice, claimed or not. Values are those that can be in a program: see `entered`. */
import { callOf } from "./call.ts";
import type { Callable } from "./call.ts";
import { dataDomain } from "./data-domain.ts";
import { entered, importedDomain } from "./lattice-domains.ts";
import type { KnownLattice } from "./lattice-domains.ts";
import { claimLaws, judging, steadiness } from "./laws.ts";
import type { Law, Literals } from "./subject.ts";

export interface LatticeLaw {
  readonly name: string;
  readonly silent?: boolean;
  /** Said with a counterexample. */
  readonly means: string;
  /** What becomes of outputs that such values reach when it does not hold. */
  readonly without: string;
  readonly bind: (known: KnownLattice, literals: Literals) => Law;
}

/** The join as a function of two values, as the run time calls it. */
function joinOf(known: KnownLattice, literals: Literals): Callable {
  const domain = importedDomain(known, literals);
  return {
    name: `${known.name}.join`,
    params: [domain, domain],
    returns: domain,
    of: known.join as Callable["of"],
  };
}

/** What has no value is told of by the law that it has one. */
function ofValues(law: Law): Law {
  return {
    ...law,
    judge(values) {
      const judged = law.judge(values);
      return judged !== null && judged !== "nothing" && judged.because === "threw" ? "nothing" : judged;
    },
  };
}

const shape = { params: [], returns: { kind: "unknown" } } as const;

export const latticeLaws: readonly LatticeLaw[] = [
  {
    name: "closed",
    means: "the join of any two values must be a value of the type",
    without: "have no value where two meet whose join fails",
    bind(known, literals) {
      // Whatever a host gives is joined with the bottom first.
      const given = dataDomain(known.data, literals);
      const join = joinOf(known, literals);
      return {
        domains: [given, given],
        judge([a, b]) {
          const first = judging([callOf(join, [known.bottom, a]), callOf(join, [known.bottom, b])], () => true);
          return first ?? judging([callOf(join, [entered(known, a), entered(known, b)])], () => true);
        },
      };
    },
  },
  {
    name: "commutative",
    means: "a joined with b must be b joined with a",
    without: "depend on the order in which values are merged, and differ from replica to replica",
    bind: (known, literals) => ofValues(claimLaws.commutative.bind(joinOf(known, literals), shape)),
  },
  {
    name: "associative",
    means: "how joins are grouped must not matter",
    without: "depend on which values are merged first, and differ from replica to replica",
    bind: (known, literals) => ofValues(claimLaws.associative.bind(joinOf(known, literals), shape)),
  },
  {
    name: "idempotent",
    means: "a value joined with itself must be itself",
    without: "change when a fact comes twice",
    bind: (known, literals) => ofValues(claimLaws.idempotent.bind(joinOf(known, literals), shape)),
  },
  {
    name: "bounded",
    means: "a value joined with the bottom must be itself",
    without: "change when a value is merged into nothing",
    bind(known, literals) {
      const join = joinOf(known, literals);
      const { key } = join.returns;
      return ofValues({
        domains: [join.params[0]!],
        judge: ([a]) =>
          judging([callOf(join, [known.bottom, a]), callOf(join, [a, known.bottom])], (_, keys) =>
            keys.every((other) => other === key(a)),
          ),
      });
    },
  },
  {
    name: "steady",
    silent: true,
    means: "equal values must give equal joins, and stay as they are",
    without: "differ from run to run",
    bind: (known, literals) => ofValues(steadiness(joinOf(known, literals))),
  },
];
