/** Domains of the plain types: numbers, strings, bool, addr, bytes, json, lists, tuples. */
import { canonicalText, compareValues } from "../runtime/canonical.ts";
import { foundText, RowType } from "../runtime/codec.ts";
import type { Value, ValueType } from "../runtime/program.ts";
import type { Type } from "../compiler/ir.ts";
import type { Domain, Draw } from "./domain.ts";
import { numberEdges, numberNear, numbersSimpler, randomNumber, smallNumbers } from "./numbers.ts";
import type { NumberKind } from "./numbers.ts";
import { randomString, smallStrings, stringEdges, stringNear, stringsSimpler } from "./strings.ts";
import type { Literals } from "./subject.ts";

/** Throws on `unknown`, which a program without errors does not have. */
export function plainDomain(type: Type, literals: Literals): Domain {
  switch (type.kind) {
    case "int":
    case "nat":
    case "float":
      return numberDomain(type.kind, literals);
    case "string":
      return stringDomain(literals);
    case "bool":
      return { ...shared("bool"), ...finite([false, true]) };
    case "addr":
      return { ...shared("addr"), ...finite(["A#0", "A#1", "B#0", "Report#10"]) };
    case "bytes":
      return bytesDomain();
    case "json":
      return jsonDomain(literals);
    case "list":
      return listDomain(plainDomain(type.of, literals), { list: valueTypeOf(type.of) }, isOrdered(type.of));
    case "tuple":
      return tupleDomain(
        type.of.map((of) => plainDomain(of, literals)),
        { tuple: type.of.map(valueTypeOf) },
      );
    case "lattice":
      throw new Error("lattices have domains of their own");
    case "unknown":
      throw new Error("a program with errors reached the check of its functions");
  }
}

/** Types whose one order of values is also the one in which they can be said to grow. */
export function isOrdered(type: Type): boolean {
  return ["int", "nat", "float", "string", "bool"].includes(type.kind);
}

export function valueTypeOf(type: Type): ValueType {
  switch (type.kind) {
    case "list":
      return { list: valueTypeOf(type.of) };
    case "tuple":
      return { tuple: type.of.map(valueTypeOf) };
    case "lattice":
      return { lattice: type.name, args: type.args.map(valueTypeOf) };
    case "unknown":
      throw new Error("a program with errors reached the check of its functions");
    default:
      return type.kind;
  }
}

type Shared = Pick<Domain, "key" | "show" | "problem" | "overflows" | "frozen" | "below" | "join">;

function shared(type: ValueType, ordered = typeof type === "string"): Shared {
  const row = new RowType([{ name: "result", type }]);
  const below = (a: unknown, b: unknown): boolean => compareValues(a as Value, b as Value) <= 0;
  return {
    key: (value) => canonicalText(value as Value),
    show: showValue,
    problem: (value) => row.problem([value])?.replace(/^column result/, "") ?? null,
    overflows: isTooLarge,
    frozen,
    ...(ordered && { below, join: (a: unknown, b: unknown) => (below(a, b) ? b : a) }),
  };
}

/** A whole number outside of the safe integers. */
export function isTooLarge(given: unknown): boolean {
  return typeof given === "number" && Number.isInteger(given) && !Number.isSafeInteger(given);
}

/** As it would be written in TypeScript; long ones are cut. */
export function showValue(value: unknown): string {
  const text = wholeText(value);
  return text.length > 160 ? `${text.slice(0, 150)}… (${text.length} characters)` : text;
}

/** The same, whole. */
export function wholeText(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array) return `bytes [${value.join(", ")}]`;
  if (value instanceof Set) return `{${[...value].map(wholeText).join(", ")}}`;
  if (value instanceof Map)
    return `{${[...value].map(([key, of]) => `${wholeText(key)}: ${wholeText(of)}`).join(", ")}}`;
  if (Array.isArray(value)) return `[${value.map(wholeText).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([key, of]) => `${JSON.stringify(key)}: ${wholeText(of)}`)
      .join(", ")}}`;
  return typeof value === "function" || typeof value === "symbol" ? foundText(value) : String(value);
}

/** Arrays and objects frozen at every depth. Bytes cannot be: a copy, whose change shows when it is compared. */
export function frozen(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return Object.freeze(value.map(frozen));
  if (typeof value !== "object" || value === null) return value;
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, of]) => [key, frozen(of)])));
}

function finite(values: readonly unknown[]): Omit<Domain, keyof Shared> {
  return {
    small: values,
    edges: values,
    random: (draw) => draw.pick(values),
    near: (_, draw) => draw.pick(values),
    simpler: (value) => values.slice(0, Math.max(0, values.indexOf(value))),
  };
}

function numberDomain(kind: NumberKind, literals: Literals): Domain {
  const edges = numberEdges(kind, literals);
  return {
    ...shared(kind),
    small: smallNumbers(kind),
    edges,
    random: (draw) => (draw.chance(0.3) ? draw.pick(edges) : randomNumber(kind, draw)),
    near: (value, draw) => numberNear(kind, value as number, draw),
    simpler: (value) => numbersSimpler(kind, value as number),
  };
}

function stringDomain(literals: Literals): Domain {
  const edges = stringEdges(literals);
  return {
    ...shared("string"),
    small: smallStrings(literals),
    edges,
    random: (draw) => (draw.chance(0.3) ? draw.pick(edges) : randomString(draw, edges)),
    near: (value, draw) => stringNear(value as string, draw),
    simpler: (value) => stringsSimpler(value as string),
  };
}

function bytesDomain(): Domain {
  const from = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
  const random = (draw: Draw): Uint8Array => Uint8Array.from({ length: draw.below(12) }, () => draw.below(256));
  return {
    ...shared("bytes", false),
    small: [from(), from(0), from(1), from(0, 0), from(0, 1), from(1, 0)],
    edges: [
      from(),
      from(0),
      from(255),
      from(128),
      from(0, 0),
      from(255, 255),
      from(1, 2, 3),
      from(3, 2, 1),
      new Uint8Array(300),
    ],
    random,
    near(value, draw) {
      const bytes = value as Uint8Array;
      if (bytes.length === 0 || draw.chance(0.3)) return from(...bytes, draw.below(256));
      const changed = bytes.slice();
      changed[draw.below(bytes.length)] = draw.below(256);
      return draw.chance(0.3) ? bytes.slice(1) : changed;
    },
    *simpler(value) {
      const bytes = value as Uint8Array;
      yield from();
      for (let i = 0; i < bytes.length; i++) {
        yield from(...bytes.subarray(0, i), ...bytes.subarray(i + 1));
        if (bytes[i]! > 0) yield bytes.map((byte, at) => (at === i ? Math.floor(byte / 2) : byte));
      }
    },
  };
}

/** Sequences over one domain: also the sorted, reversed, repeated and doubled forms of a value. */
export function listDomain(of: Domain, type: ValueType, ordered: boolean): Domain {
  const few = of.small.slice(0, 4);
  const small: unknown[][] = [[], ...few.map((one) => [one]), ...few.flatMap((a) => few.map((b) => [a, b]))];
  const longer = of.edges.length > 2 ? [of.edges.slice(0, 5), of.edges.slice(0, 5).reverse()] : [];
  const random = (draw: Draw): unknown[] => Array.from({ length: draw.below(6) }, () => of.random(draw));
  return {
    ...shared(type, false),
    small: [
      ...small,
      ...(few.length > 2
        ? [
            [few[0], few[1], few[2]],
            [few[2], few[1], few[0]],
          ]
        : []),
    ],
    edges: [...small, ...longer, ...of.edges.map((one) => [one]), ...of.edges.map((one) => [one, one])],
    random,
    near(value, draw) {
      const list = value as readonly unknown[];
      const at = draw.below(Math.max(1, list.length));
      switch (draw.below(ordered ? 6 : 5)) {
        case 0:
          return [...list].reverse();
        case 1:
          return [...list, of.random(draw)];
        case 2:
          return list.filter((_, i) => i !== at);
        case 3:
          return list.map((one, i) => (i === at ? of.near(one, draw) : one));
        case 4:
          return [...list, ...list.slice(0, 1)];
        default:
          return [...list].sort((a, b) => compareValues(a as Value, b as Value));
      }
    },
    *simpler(value) {
      const list = value as readonly unknown[];
      yield [];
      for (let i = 0; i < list.length; i++) yield list.filter((_, at) => at !== i);
      for (let i = 0; i < list.length; i++) {
        for (const one of of.simpler(list[i])) yield list.map((each, at) => (at === i ? one : each));
      }
    },
  };
}

export function tupleDomain(of: readonly Domain[], type: ValueType): Domain {
  const row = (draw: Draw, from: (domain: Domain) => unknown): unknown[] =>
    of.map((domain) => (draw.chance(0.5) ? from(domain) : domain.random(draw)));
  const first = (values: (domain: Domain) => readonly unknown[]): unknown[][] => {
    const most = Math.max(0, ...of.map((domain) => values(domain).length));
    const straight = Array.from({ length: most }, (_, i) =>
      of.map((domain) => values(domain)[i % values(domain).length]),
    );
    const crossed = of.flatMap((domain, at) =>
      values(domain)
        .slice(0, 6)
        .map((value) => of.map((other, i) => (i === at ? value : values(other)[0]))),
    );
    return [...straight, ...crossed];
  };
  return {
    ...shared(type, false),
    small: first((domain) => domain.small.slice(0, 6)),
    edges: first((domain) => domain.edges),
    random: (draw) => row(draw, (domain) => draw.pick(domain.edges)),
    near(value, draw) {
      const at = draw.below(Math.max(1, of.length));
      return (value as readonly unknown[]).map((one, i) => (i === at ? of[i]!.near(one, draw) : one));
    },
    *simpler(value) {
      const tuple = value as readonly unknown[];
      for (let i = 0; i < of.length; i++) {
        for (const one of of[i]!.simpler(tuple[i])) yield tuple.map((each, at) => (at === i ? one : each));
      }
    },
  };
}

function jsonDomain(literals: Literals): Domain {
  const numbers = numberEdges("float", literals).filter((value) => Number.isFinite(value) && !Object.is(value, -0));
  const strings = stringEdges(literals);
  const scalars: unknown[] = [null, false, true, 0, 1, -1, "", "a", "0", "null"];
  const small = [...scalars, [], {}, [0], [null], { a: 0 }, { a: 1 }, { b: 0 }, [[]], [{}]];
  const named = strings.slice(0, 40).flatMap((name) => [{ [name]: 0 }, { [name]: "a" }]);
  const edges = [
    ...small,
    ...numbers,
    ...strings,
    { a: 1, b: 2 },
    [1, 2],
    [2, 1],
    { a: { b: [1, "x", null] } },
    ...named,
  ];
  const random = (draw: Draw, depth = 0): unknown => {
    const kind = draw.below(depth > 2 ? 3 : 5);
    if (kind < 3) return draw.pick(edges);
    if (kind === 3) return Array.from({ length: draw.below(4) }, () => random(draw, depth + 1));
    return Object.fromEntries(
      Array.from({ length: draw.below(4) }, () => [
        draw.pick(["a", "b", "id", ...strings.slice(0, 20)]),
        random(draw, depth + 1),
      ]),
    );
  };
  return {
    ...shared("json", false),
    small,
    edges,
    random,
    near: (value, draw) => (draw.chance(0.5) ? [value] : draw.chance(0.5) ? { a: value } : random(draw)),
    *simpler(value) {
      yield* scalars.slice(0, Math.max(0, scalars.indexOf(value)));
      if (typeof value === "number") yield* numbersSimpler("float", value);
      else if (typeof value === "string") yield* stringsSimpler(value);
      else if (Array.isArray(value)) {
        yield* value;
        for (let i = 0; i < value.length; i++) yield value.filter((_, at) => at !== i);
      } else if (typeof value === "object" && value !== null) {
        yield* Object.values(value);
        for (const name of Object.keys(value))
          yield Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
      }
    },
  };
}
