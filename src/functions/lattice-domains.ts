/**
 * Values of lattices, as cases. They are made of what updates bring, one joined after the other, by the same joins as in
 * a running program; a value above another is its join with a third.
 */
import { formOf } from "../lattices/index.run.ts";
import type { LatticeType as RuntimeLattice } from "../lattices/index.run.ts";
import type { Form } from "../lattices/forms.run.ts";
import { canonicalJson, canonicalText, compareValues } from "../runtime/canonical.ts";
import { RowType } from "../runtime/codec.ts";
import { joinOf } from "../runtime/engine/join-of.ts";
import { handed, taken } from "../runtime/outside.ts";
import type { Value, ValueType } from "../runtime/program.ts";
import type { LatticeType, Type } from "../compiler/ir.ts";
import { dataDomain, distinct } from "./data-domain.ts";
import { dataProblem } from "./data.ts";
import type { Data } from "./data.ts";
import type { Domain, Draw } from "./domain.ts";
import { frozen, isTooLarge, listDomain, plainDomain, showValue, tupleDomain, valueTypeOf } from "./plain-domains.ts";
import type { Literals } from "./subject.ts";

/** A lattice that a program imports, as far as its module shows it. */
export interface KnownLattice {
  readonly name: string;
  /** What its type declares. */
  readonly data: Data;
  readonly bottom: unknown;
  readonly join: (a: unknown, b: unknown) => unknown;
}

/** What a law's cases are made from. */
export interface Surroundings {
  readonly literals: Literals;
  /** Those that the types of the subject name, by their id. */
  readonly lattices: ReadonlyMap<string, KnownLattice>;
}

const most = { small: 60, edges: 300 };

/** Of any type; plain ones do not need the surroundings' lattices. */
export function domainOf(type: Type, surroundings: Surroundings): Domain {
  return type.kind === "lattice" ? new Cases(surroundings).domain(type) : plainDomain(type, surroundings.literals);
}

/** A value of an imported lattice as it enters a program: joined with the bottom, so that equal ones are written alike. */
export function entered({ bottom, join, data }: KnownLattice, value: unknown): unknown {
  try {
    const joined = join(frozen(bottom), frozen(value));
    return dataProblem(data, joined) === null ? canonicalJson(joined as Value) : value;
  } catch {
    return value;
  }
}

/** Values of an imported lattice. */
export function importedDomain(known: KnownLattice, literals: Literals): Domain {
  const raw = dataDomain(known.data, literals);
  const enter = (value: unknown): unknown => entered(known, value);
  const join = (a: unknown, b: unknown): unknown => {
    try {
      const joined = known.join(frozen(a), frozen(b));
      return dataProblem(known.data, joined) === null ? canonicalJson(joined as Value) : a;
    } catch {
      return a;
    }
  };
  const drawn = (draw: Draw): unknown => {
    let value = enter(raw.random(draw));
    for (let more = draw.below(3); more > 0; more--) value = join(value, enter(raw.random(draw)));
    return value;
  };
  return {
    ...raw,
    small: distinct([known.bottom, ...raw.small.map(enter)], most.small),
    edges: distinct(raw.edges.map(enter), most.edges),
    random: drawn,
    near: (value, draw) => (draw.chance(0.4) ? join(value, drawn(draw)) : enter(raw.near(value, draw))),
    *simpler(value) {
      const key = raw.key(value);
      for (const one of raw.simpler(value)) {
        const simpler = enter(one);
        if (raw.key(simpler) !== key) yield simpler;
      }
    },
    join,
    below: (a, b) => raw.key(join(a, b)) === raw.key(b),
  };
}

/** Cases are the values that rows hold (see `Form`); functions get sets, maps and numbers. */
class Cases {
  readonly #literals: Literals;
  readonly #imported: Surroundings["lattices"];
  readonly #join: ReturnType<typeof joinOf>;

  constructor({ literals, lattices }: Surroundings) {
    this.#literals = literals;
    this.#imported = lattices;
    const joins = Array.from(lattices, ([id, { bottom, join }]) => [id, { bottom: bottom as Value, join }] as const);
    this.#join = joinOf(Object.fromEntries(joins));
  }

  domain(type: LatticeType): Domain {
    const known = this.#imported.get(type.name);
    if (known !== undefined) {
      const take = (given: unknown): unknown => entered(known, canonicalJson(given as Value));
      return { ...importedDomain(known, this.#literals), outside: { give: frozen, take } };
    }
    const runtime = valueTypeOf(type) as RuntimeLattice;
    const row = new RowType([{ name: "result", type: runtime }]);
    const raw = this.#raw(runtime);
    const join = (a: unknown, b: unknown): unknown => this.#join(runtime, a as Value, b as Value);
    const settled = (value: unknown): unknown => this.#settled(runtime, value, join);
    const sound = (values: readonly unknown[]): unknown[] =>
      values.filter((value) => row.problem([value]) === null).map(settled);
    const key = (value: unknown): string => canonicalText(value as Value);
    const give = (value: unknown): unknown => loosened(handed(runtime, value as Value, "function", this.#join));
    // Joined with itself, so that imported ones inside of it are in their form.
    const take = (given: unknown): unknown => {
      const [value] = row.formed([taken(runtime, given) as Value]);
      return join(value, value);
    };
    const taking = replacements.get(type.name);
    const small = distinct(
      sound(raw.small).flatMap((value) => (taking === undefined ? [value] : [value, taking(value)])),
      most.small,
    );
    const drawn = (draw: Draw): unknown => {
      let value = sound([raw.random(draw)])[0] ?? small[0];
      if (draw.chance(0.4)) value = join(value, sound([raw.random(draw)])[0] ?? value);
      return value;
    };
    return {
      small,
      edges: distinct([...small, ...sound(raw.edges)], most.edges),
      random: drawn,
      near(value, draw) {
        if (taking !== undefined && draw.chance(0.4)) return taking(value);
        return draw.chance(0.4) ? join(value, drawn(draw)) : (sound([raw.near(value, draw)])[0] ?? drawn(draw));
      },
      simpler: (value) => sound([...raw.simpler(value)]),
      key,
      show: (value) => showValue(give(value)),
      problem: (given) => row.problem([taken(runtime, given) ?? given])?.replace(/^column result/, "") ?? null,
      overflows: isTooLarge,
      frozen,
      outside: { give, take },
      join,
      below: (a, b) => key(join(a, b)) === key(b),
    };
  }

  /** Values of the representation; not all of them are sound. */
  #raw(type: ValueType): Domain {
    if (typeof type === "string" || !("lattice" in type)) return plainDomain(compilerType(type), this.#literals);
    const pairs = (key: Domain, of: Domain): Domain => listDomain(tupleDomain([key, of], "json"), "json", false);
    const known = this.#imported.get(type.lattice);
    if (known !== undefined) return importedDomain(known, this.#literals);
    const [first, second] = type.args;
    switch (type.lattice) {
      case "lmap":
      case "dompair":
        return pairs(this.#raw(first!), this.#raw(second!));
      case "lbag":
        // A function gets each element so many times.
        return pairs(this.#raw(first!), few);
      default:
        return this.#ofForm(formOf(type));
    }
  }

  #ofForm(form: Form): Domain {
    if ("plain" in form) return this.#raw(form.plain);
    if ("amount" in form) return amounts(this.#raw(form.amount));
    if ("imported" in form) return this.#raw(form.imported);
    if ("set" in form) return listDomain(this.#ofForm(form.set), "json", false);
    const [first, second] = "pair" in form ? form.pair : [form.map, form.to];
    const pair = tupleDomain([this.#ofForm(first), this.#ofForm(second)], "json");
    return "pair" in form ? pair : listDomain(pair, "json", false);
  }

  /** As updates bring it about: the elements, or the keys with their values, one after the other. */
  #settled(type: RuntimeLattice, value: unknown, join: (a: unknown, b: unknown) => unknown): unknown {
    const row = new RowType([{ name: "value", type }]);
    const formed = row.formed([value as Value])[0];
    const form = formOf(type);
    if (!("set" in form || "map" in form)) return formed;
    const [first, ...more] = (formed as readonly unknown[]).map((one): unknown => [one]);
    return first === undefined ? formed : more.reduce(join, first);
  }
}

type Pairs = readonly (readonly [unknown, unknown])[];

/** An update that takes away what was there before it; random values would hardly meet one another so. */
const replacements: ReadonlyMap<string, (value: unknown) => unknown> = new Map([
  // All that is in it is removed.
  ["orset", (value) => (value as Pairs).map(([x, dots]) => [x, (dots as Pairs).map(([dot]) => [dot, true])])],
  // All versions are replaced by the first value once more.
  [
    "mvreg",
    (value) => {
      const versions = value as readonly (readonly [Pairs, unknown])[];
      if (versions.length === 0) return value;
      const clock = new Map<unknown, number>([["Z#0", 1]]);
      for (const [own] of versions) for (const [at, n] of own) clock.set(at, Math.max(clock.get(at) ?? 0, n as number));
      const later = [...clock].sort(([a], [b]) => compareValues(a as Value, b as Value));
      return [[later, versions[0]![1]]];
    },
  ],
]);

const few: Domain = {
  ...plainDomain({ kind: "nat" }, { numbers: [], strings: [] }),
  small: [1, 2],
  edges: [1, 2, 3, 5],
  random: (draw) => 1 + draw.below(4),
  near: (_, draw) => 1 + draw.below(4),
  simpler: (value) => [1, 2, 3].filter((n) => n < (value as number)),
};

/** Numbers that are not negative, and not NaN. */
function amounts(of: Domain): Domain {
  const isAmount = (value: unknown): boolean => (value as number) >= 0 && !Object.is(value, -0);
  return {
    ...of,
    small: of.small.filter(isAmount),
    edges: of.edges.filter(isAmount),
    random: (draw) => Math.abs(Number(of.random(draw))) || 0,
    near: (value, draw) => Math.abs(Number(of.near(value, draw))) || 0,
    *simpler(value) {
      for (const one of of.simpler(value)) if (isAmount(one)) yield one;
    },
  };
}

function compilerType(type: Exclude<ValueType, RuntimeLattice>): Type {
  if (typeof type === "string") return { kind: type };
  const of = (inner: ValueType): Type => compilerType(inner as Exclude<ValueType, RuntimeLattice>);
  return "list" in type ? { kind: "list", of: of(type.list) } : { kind: "tuple", of: type.tuple.map(of) };
}

/** A copy of its own: sets and maps cannot be frozen, and what is not shared cannot be changed for others. */
function loosened(given: unknown): unknown {
  if (given instanceof Set) return new Set([...given].map(loosened));
  if (given instanceof Map) return new Map([...given].map(([key, of]) => [loosened(key), loosened(of)]));
  return Array.isArray(given) ? Object.freeze(given.map(loosened)) : frozen(given);
}
