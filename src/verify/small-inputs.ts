/**
 * Small inputs for a program, from a seed: a few rows of few values, so that facts meet, with the program's own constants
 * among them. Promises are kept: a `unique` key has one value, a partition of a `single` seal one producer.
 */
import type { Collection, Ir, Type } from "../compiler/ir.ts";
import { carrier } from "../compiler/types.ts";
import { canonicalText, compareValues } from "../runtime/canonical.ts";
import type { Row, Value } from "../runtime/program.ts";
import { addressOf } from "../runtime/routing.ts";
import type { Random } from "./schedule.ts";
import type { SimulatedInput } from "./simulator.ts";

/** Values of each plain type, by its name. */
type Domains = ReadonlyMap<string, readonly Value[]>;

export interface InputSpace {
  readonly ir: Ir;
  readonly counts: Readonly<Record<string, number>>;
  readonly domains: Domains;
  readonly inputs: readonly Collection[];
}

export function inputSpace(ir: Ir, counts: Readonly<Record<string, number>>): InputSpace {
  const inputs = [...ir.collections.values()].filter(({ kind }) => kind === "input");
  return { ir, counts, domains: domainsOf(ir, counts), inputs };
}

/** `size` rows at most over all inputs, each at a random instance. */
export function smallInputs(space: InputSpace, random: Random, size: number): SimulatedInput[] {
  const { counts, domains, inputs } = space;
  if (inputs.length === 0) return [];
  const rows: SimulatedInput[] = [];
  for (let n = 0; n < size; n++) {
    const { role, name, columns } = inputs[n < inputs.length ? n : random.below(inputs.length)];
    const row: Row = columns.map(({ type }) => valueOf(type, domains, random));
    rows.push({ role, node: random.below(counts[role] ?? 1), collection: name, row });
  }
  return keepPromises(space, rows);
}

/** The same with what is promised kept: the first row of a `unique` key stands for all, a partition of a `single` seal has one producer. */
export function keepPromises({ inputs, counts }: InputSpace, rows: readonly SimulatedInput[]): SimulatedInput[] {
  const promised = new Map<string, Row>();
  return rows.map((item) => {
    if (!("row" in item)) return item;
    const { id, unique, keyLength, sealed } = inputs.find(
      ({ role, name }) => role === item.role && name === item.collection,
    )!;
    let { row, node } = item;
    if (unique && keyLength !== null) {
      const key = `${id} ${canonicalText(row.slice(0, keyLength))}`;
      row = promised.get(key) ?? row;
      promised.set(key, row);
    }
    if (sealed?.single === true) {
      const partition = canonicalText(sealed.columns.map((column) => row[column]));
      node = [...partition].reduce((sum, each) => sum + each.charCodeAt(0), 0) % (counts[item.role] ?? 1);
    }
    return { ...item, node, row };
  });
}

/** One of the few values of a type. */
export function valueOf(type: Type, domains: Domains, random: Random): Value {
  const pick = <T>(of: readonly T[]): T => of[random.below(of.length)];
  const plain = carrier(type);
  switch (plain.kind) {
    case "list":
      return Array.from({ length: random.below(3) }, () => valueOf(plain.of, domains, random));
    case "tuple":
      return plain.of.map((of) => valueOf(of, domains, random));
    case "lattice":
      return latticeValue(plain.name, plain.args, domains, random);
    case "unknown":
      throw new Error("a program with errors has no inputs");
    default:
      return pick(domains.get(plain.kind)!);
  }
}

/** As decoded values of the lattice: see src/lattices/forms.run.ts. */
function latticeValue(name: string, args: readonly Type[], domains: Domains, random: Random): Value {
  const value = (i: number): Value => valueOf(args[i], domains, random);
  const once = (values: readonly Value[]): Value[] => {
    const known = new Map(values.map((each) => [canonicalText(each), each]));
    return [...known.values()].sort(compareValues);
  };
  switch (name) {
    case "lset":
    case "lpset":
      return once([value(0), ...(random.chance(0.5) ? [value(0)] : [])]).filter(
        (each) => typeof each !== "number" || each >= 0 || name === "lset",
      );
    case "lbag":
      return once([value(0)]).map((each) => [each, 1]);
    case "lmap":
      return [[value(0), value(1)]];
    case "vclock":
      return [[domains.get("addr")![0], 1 + random.below(2)]];
    case "lww":
      return [1 + random.below(2), value(0)];
    case "dompair":
      return [[value(0), value(1)]];
    default:
      return {};
  }
}

function domainsOf(ir: Ir, counts: Readonly<Record<string, number>>): Domains {
  const constants = new Map<string, Set<number | string>>();
  JSON.stringify(
    [...ir.rules.values(), ...ir.seals].map(({ body, ...rest }) => [
      body,
      "head" in rest ? [rest.head, rest.having] : rest.key,
    ]),
    (_, part: unknown) => {
      const one = part as { kind?: string; type?: Type; value?: unknown } | null;
      if (
        one !== null &&
        typeof one === "object" &&
        one.kind === "literal" &&
        (typeof one.value === "number" || typeof one.value === "string")
      ) {
        const of = one.type!.kind;
        const known = constants.get(of) ?? new Set();
        constants.set(of, known.add(one.value));
      }
      return part;
    },
  );
  const numbers = (of: string, least: readonly number[]): number[] => {
    const all = new Set(least);
    // Larger bounds, as of a count, are not reached by a value but by many rows.
    for (const value of constants.get(of) ?? []) if (Math.abs(value as number) <= 10) all.add(value as number);
    // What only a smaller or larger value than all of them makes true.
    const few = [...all].slice(0, 5);
    return [...few, Math.min(...few) - 1, Math.max(...few) + 1];
  };
  const strings = [...((constants.get("string") ?? []) as Iterable<string>)].slice(0, 3);
  const ints = numbers("int", [1, 2, 0]);
  const addresses = Object.entries(counts).flatMap(([role, count]) =>
    Array.from({ length: count }, (_, i) => addressOf(role, i)),
  );
  return new Map<string, readonly Value[]>([
    ["int", ints],
    ["nat", ints.filter((n) => n >= 0)],
    ["float", numbers("float", [0.5, 1.5])],
    ["string", [...strings, "a", "b"]],
    ["bool", [true, false]],
    ["addr", addresses],
    ["bytes", [Uint8Array.of(1), Uint8Array.of(2)]],
    ["json", [1, "a", { a: 1 }]],
  ]);
}
