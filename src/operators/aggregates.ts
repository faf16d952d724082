/** The aggregates: an aggregate ranges over the distinct valuations of all variables of the rule's body. */
import type { Type } from "../compiler/ir.ts";
import { float, int, isNumber, listOf, typeText } from "../compiler/types.ts";
import type { BuiltinAggregate } from "./index.ts";

const first = (args: readonly Type[]): Type => args[0];

const numeric =
  (name: string, returns: (of: Type) => Type) =>
  (args: readonly Type[]): Type | string => {
    const of = args[0];
    if (of.kind === "unknown" || isNumber(of)) return returns(of);
    return `\`${name}\` adds numbers, and this is of type ${typeText(of)}`;
  };

export const builtinAggregates: readonly BuiltinAggregate[] = [
  {
    name: "count",
    params: [],
    distinct: true,
    returns: () => int,
    doc: "How many valuations, or with `distinct e` how many different values of `e`, the group has.",
  },
  {
    name: "sum",
    params: ["e"],
    distinct: false,
    returns: numeric("sum", (of) => of),
    doc: "The exact sum; of floats, the exact sum rounded once, so that the order does not show.",
  },
  {
    name: "avg",
    params: ["e"],
    distinct: false,
    returns: numeric("avg", () => float),
    doc: "The mean as a float, of the exact sum.",
  },
  { name: "min", params: ["e"], distinct: false, returns: first, doc: "The least value, in the order of all values." },
  {
    name: "max",
    params: ["e"],
    distinct: false,
    returns: first,
    doc: "The greatest value, in the order of all values.",
  },
  {
    name: "argmin",
    params: ["e", "by"],
    distinct: false,
    returns: first,
    doc: "The `e` of the valuation with the least `by`; of several, the least `e`.",
  },
  {
    name: "argmax",
    params: ["e", "by"],
    distinct: false,
    returns: first,
    doc: "The `e` of the valuation with the greatest `by`; of several, the least `e`.",
  },
  {
    name: "collect",
    params: ["e"],
    distinct: false,
    returns: (args) => listOf(args[0]),
    doc: "The list of the values of `e`, one for each valuation, in the order of all values.",
  },
  {
    name: "choose",
    params: ["e"],
    distinct: false,
    returns: first,
    doc: "One of the values of `e`: a fixed function of the set of them.",
  },
];
