/**
 * The claims that can be made of an imported aggregate, as laws over groups. All but `commutative` are about rows in
 * canonical order, because an aggregate gets no others.
 */
import type { Claim } from "../compiler/ast.ts";
import { sameType, typeText } from "../compiler/types.ts";
import { callOf } from "./call.ts";
import type { Callable, Outcome } from "./call.ts";
import { inOrder } from "./group-domain.ts";
import type { Rows } from "./group-domain.ts";
import { equalKeys, judging } from "./laws.ts";
import type { ClaimLaw, Judged, Shape } from "./laws.ts";
import { isOrdered, showValue } from "./plain-domains.ts";

/** In so many places a group is changed, one after the other. */
const mostPlaces = 12;

const together = (a: unknown, b: unknown): Rows => inOrder([...(a as Rows), ...(b as Rows)]);

const ordered = ({ returns }: Shape): string | null =>
  isOrdered(returns) ? null : `has results of the type ${typeText(returns)}, which do not grow`;

/** The first of the cases that breaks the law; "nothing" where none says anything. */
function firstOf(cases: Iterable<Judged>): Judged {
  let found: Judged = "nothing";
  for (const judged of cases) {
    if (judged !== "nothing" && judged !== null) return judged;
    if (judged === null) found = null;
  }
  return found;
}

/** Other orders of the rows: turned round, moved on by one, and with two neighbours exchanged. */
function* orders(rows: Rows): Iterable<Rows> {
  if (rows.length < 2) return;
  yield [...rows].reverse();
  yield [...rows.slice(1), rows[0]];
  for (let i = 0; i + 1 < rows.length && i < mostPlaces; i++)
    yield [...rows.slice(0, i), rows[i + 1], rows[i], ...rows.slice(i + 2)];
}

/** Of a part of the rows first, then of that result and the others. */
function partly(callable: Callable, part: Rows, others: Rows): Outcome {
  const first = callOf(callable, [part]);
  if (first.kind !== "value") return first;
  const second = callOf(callable, [inOrder([first.value, ...others])]);
  if (second.kind !== "value") return second;
  const rows = (): string => [`${callable.name}(${showValue(part)})`, ...others.map(showValue)].join(", ");
  return { ...second, text: () => `${callable.name}([${rows()}]) = ${callable.returns.show(second.value)}` };
}

export const aggregateLaws: Readonly<Record<Claim, ClaimLaw>> = {
  injective: {
    means: "different groups must give different results",
    senseless: () => "is an aggregate, through which no seal travels",
    bind: () => ({ domains: [], judge: () => "nothing" }),
  },

  commutative: {
    means: "the order of the rows must not matter",
    senseless: () => null,
    bind: (callable) => ({
      domains: callable.params,
      judge: ([rows]) =>
        firstOf(
          Array.from(orders(rows as Rows), (other) =>
            judging([callOf(callable, [rows]), callOf(callable, [other])], equalKeys),
          ),
        ),
    }),
  },

  associative: {
    means: "a part of the rows may be aggregated first, and its result stand for it",
    senseless: ({ params, returns }) =>
      params.length === 1 && sameType(params[0]!, returns) ? null : "does not give the type of its one parameter",
    bind: (callable) => ({
      domains: [callable.params[0]!, callable.params[0]!],
      judge: ([part, others]) =>
        judging(
          [partly(callable, part as Rows, others as Rows), callOf(callable, [together(part, others)])],
          equalKeys,
        ),
    }),
  },

  idempotent: {
    means: "a row that comes once more must change nothing",
    senseless: () => null,
    bind: (callable) => ({
      domains: callable.params,
      judge: ([rows]) =>
        firstOf(
          (rows as Rows)
            .slice(0, mostPlaces)
            .map((row) => judging([callOf(callable, [rows]), callOf(callable, [together(rows, [row])])], equalKeys)),
        ),
    }),
  },

  monotone: {
    means: "when rows come, the result must not fall",
    senseless: ordered,
    bind: (callable) => ({
      domains: [callable.params[0]!, callable.params[0]!],
      judge: ([rows, more]) =>
        judging([callOf(callable, [rows]), callOf(callable, [together(rows, more)])], ([low, high]) =>
          callable.returns.below!(low, high),
        ),
    }),
  },

  morphism: {
    means: "the result of two groups together must be the greater of their results",
    senseless: ordered,
    bind: (callable) => ({
      domains: [callable.params[0]!, callable.params[0]!],
      judge: ([a, b]) =>
        judging(
          [a, b, together(a, b)].map((rows) => callOf(callable, [rows])),
          ([one, other, both]) =>
            callable.returns.key(callable.returns.join!(one, other)) === callable.returns.key(both),
        ),
    }),
  },
};
