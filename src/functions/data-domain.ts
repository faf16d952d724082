/** Values of a declared type of plain data, as cases. */
import { canonicalText } from "../runtime/canonical.ts";
import type { Value } from "../runtime/program.ts";
import { dataProblem, fitsData, isFields, leastOf } from "./data.ts";
import type { Data, Fields } from "./data.ts";
import type { Domain, Draw } from "./domain.ts";
import { numberEdges, numberNear, numbersSimpler, randomNumber, smallNumbers } from "./numbers.ts";
import { frozen, showValue } from "./plain-domains.ts";
import { randomString, smallStrings, stringEdges, stringNear, stringsSimpler } from "./strings.ts";
import type { Literals } from "./subject.ts";

/** So deep are values made, and so many of each list. */
const most = { depth: 4, small: 60, edges: 400 };

/** The numbers that JSON has, and a program hands over. */
const isNumber = (value: number): boolean => Number.isFinite(value) && !Object.is(value, -0);

export function dataDomain(data: Data, literals: Literals): Domain {
  const made = new Maker(literals);
  return {
    small: distinct(made.few(data, most.depth), most.small),
    edges: distinct(made.edges(data, most.depth), most.edges),
    random: (draw) => made.random(data, draw, most.depth),
    near: (value, draw) => made.near(data, value, draw),
    simpler: (value) => made.simpler(data, value),
    key: (value) => canonicalText(value as Value),
    show: showValue,
    problem: (value) => dataProblem(data, value),
    overflows: isInfinite,
    frozen,
  };
}

/** A number somewhere in it has grown beyond what JSON holds. */
function isInfinite(value: unknown): boolean {
  if (typeof value === "number") return value === Infinity || value === -Infinity;
  if (Array.isArray(value)) return value.some(isInfinite);
  return isFields(value) && Object.values(value).some(isInfinite);
}

export function distinct(
  values: Iterable<unknown>,
  limit: number,
  key = (value: unknown) => canonicalText(value as Value),
): unknown[] {
  const found = new Map<string, unknown>();
  for (const value of values) {
    if (found.size >= limit) break;
    const text = key(value);
    if (!found.has(text)) found.set(text, value);
  }
  return [...found.values()];
}

class Maker {
  readonly #names: readonly string[];
  readonly #numbers: { readonly small: readonly number[]; readonly edges: readonly number[] };
  readonly #strings: { readonly small: readonly string[]; readonly edges: readonly string[] };

  constructor(literals: Literals) {
    this.#names = [...new Set(["a", "b", "c", ...literals.strings.slice(0, 12), "__proto__", "constructor"])];
    this.#numbers = {
      small: smallNumbers("float").filter(isNumber),
      edges: numberEdges("float", literals).filter(isNumber),
    };
    this.#strings = { small: smallStrings(literals), edges: stringEdges(literals) };
  }

  /** Simplest first. At depth 0 the simplest alone. */
  few(data: Data, depth: number): readonly unknown[] {
    switch (data.kind) {
      case "number":
        return this.#numbers.small;
      case "string":
        return this.#strings.small;
      default:
        return this.#each(data, depth, (of, deep) => this.few(of, deep), 4);
    }
  }

  edges(data: Data, depth: number): readonly unknown[] {
    switch (data.kind) {
      case "number":
        return this.#numbers.edges;
      case "string":
        return this.#strings.edges;
      default:
        return [...this.few(data, depth), ...this.#each(data, depth, (of, deep) => this.edges(of, deep), 60)];
    }
  }

  /** Composites of what `values` gives for their parts, `width` of each. */
  #each(data: Data, depth: number, values: (of: Data, depth: number) => readonly unknown[], width: number): unknown[] {
    if (depth <= 0) return [leastOf(data)];
    switch (data.kind) {
      case "boolean":
        return [false, true];
      case "constant":
        return [data.value];
      case "array": {
        const parts = values(data.of, depth - 1).slice(0, width);
        const few = parts.slice(0, 4);
        return [
          [],
          ...parts.map((one) => [one]),
          ...few.flatMap((a) => few.map((b) => [a, b])),
          ...parts.slice(4).map((one) => [one, parts[0]]),
          few,
          few.toReversed(),
        ];
      }
      case "tuple":
        return crossed(data.of.map((of) => values(of, depth - 1).slice(0, width)));
      case "object": {
        const parts = data.fields.map(({ of, optional }) => {
          const own = values(of, depth - 1)
            .slice(0, width)
            .map((value): unknown => ({ value }));
          return optional ? [undefined, ...own] : own;
        });
        const rows = crossed(parts).map((row) =>
          fieldsOf(
            data.fields.map(({ name }) => name),
            row,
          ),
        );
        if (data.others === null) return rows;
        const others = values(data.others, depth - 1).slice(0, width);
        const [first, second] = this.#names;
        const open = [
          ...others.map((value) => ({ [first!]: value })),
          ...others.slice(0, 4).flatMap((a) => others.slice(0, 4).map((b) => ({ [first!]: a, [second!]: b }))),
          ...this.#names.slice(1).map((name) => Object.fromEntries([[name, others[0]]])),
        ];
        return [...rows, ...open.map((more) => ({ ...(rows[0] as Fields), ...more }))];
      }
      case "choice": {
        const lists = data.of.map((of) => values(of, depth).slice(0, width));
        const longest = Math.max(...lists.map((list) => list.length));
        return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat();
      }
      case "named":
        return [...values(data.is(), depth - 1)];
      default:
        return [...values(data, depth)];
    }
  }

  random(data: Data, draw: Draw, depth: number): unknown {
    if (depth <= 0) return leastOf(data);
    switch (data.kind) {
      case "number": {
        const drawn = draw.chance(0.4) ? draw.pick(this.#numbers.edges) : randomNumber("float", draw);
        return isNumber(drawn) ? drawn : 0;
      }
      case "string":
        return draw.chance(0.4) ? draw.pick(this.#strings.edges) : randomString(draw, this.#strings.edges);
      case "boolean":
        return draw.chance(0.5);
      case "constant":
        return data.value;
      case "array":
        return Array.from({ length: draw.below(5) }, () => this.random(data.of, draw, depth - 1));
      case "tuple":
        return data.of.map((of) => this.random(of, draw, depth - 1));
      case "object": {
        const row = data.fields.map(({ of, optional }) =>
          optional && draw.chance(0.5) ? undefined : { value: this.random(of, draw, depth - 1) },
        );
        const made = fieldsOf(
          data.fields.map(({ name }) => name),
          row,
        );
        const { others } = data;
        if (others === null) return made;
        const more = Array.from({ length: draw.below(4) }, () => [
          draw.chance(0.8) ? draw.pick(this.#names.slice(0, 4)) : randomString(draw, this.#strings.edges),
          this.random(others, draw, depth - 1),
        ]);
        return Object.fromEntries([...more, ...Object.entries(made)]);
      }
      case "choice":
        return this.random(draw.pick(data.of), draw, depth);
      case "named":
        return this.random(data.is(), draw, depth - 1);
    }
  }

  near(data: Data, value: unknown, draw: Draw): unknown {
    switch (data.kind) {
      case "number": {
        const near = numberNear("float", value as number, draw);
        return isNumber(near) ? near : 0;
      }
      case "string":
        return stringNear(value as string, draw);
      case "boolean":
        return value !== true;
      case "constant":
        return value;
      case "array":
        return this.#nearArray(data.of, value as readonly unknown[], draw);
      case "tuple": {
        const at = draw.below(Math.max(1, data.of.length));
        return (value as readonly unknown[]).map((one, i) => (i === at ? this.near(data.of[i]!, one, draw) : one));
      }
      case "object":
        return this.#nearObject(data, value as Fields, draw);
      case "choice": {
        const own = draw.chance(0.7) ? data.of.find((of) => fitsData(of, value)) : undefined;
        return own === undefined ? this.random(data, draw, most.depth) : this.near(own, value, draw);
      }
      case "named":
        return this.near(data.is(), value, draw);
    }
  }

  #nearArray(of: Data, list: readonly unknown[], draw: Draw): unknown[] {
    const at = draw.below(Math.max(1, list.length));
    switch (draw.below(5)) {
      case 0:
        return list.toReversed();
      case 1:
        return [...list, this.random(of, draw, most.depth - 1)];
      case 2:
        return list.filter((_, i) => i !== at);
      case 3:
        return [...list, ...list.slice(0, 1)];
      default:
        return list.map((one, i) => (i === at ? this.near(of, one, draw) : one));
    }
  }

  #nearObject({ fields, others }: Extract<Data, { kind: "object" }>, value: Fields, draw: Draw): Fields {
    const entries = Object.entries(value);
    if (others !== null && draw.chance(0.3))
      return { ...value, ...Object.fromEntries([[draw.pick(this.#names), this.random(others, draw, most.depth - 1)]]) };
    if (entries.length === 0) return value;
    const [name, of] = draw.pick(entries);
    const field = fields.find((each) => each.name === name);
    const type = field?.of ?? others;
    if ((field === undefined || field.optional) && draw.chance(0.4))
      return Object.fromEntries(entries.filter(([other]) => other !== name));
    if (type === null) return value;
    return Object.fromEntries(entries.map(([other, one]) => [other, other === name ? this.near(type, of, draw) : one]));
  }

  *simpler(data: Data, value: unknown): Iterable<unknown> {
    switch (data.kind) {
      case "number":
        for (const one of numbersSimpler("float", value as number)) if (isNumber(one)) yield one;
        break;
      case "string":
        yield* stringsSimpler(value as string);
        break;
      case "boolean":
        if (value === true) yield false;
        break;
      case "constant":
        break;
      case "array": {
        const list = value as readonly unknown[];
        for (let i = 0; i < list.length; i++) yield list.filter((_, at) => at !== i);
        for (let i = 0; i < list.length; i++)
          for (const one of this.simpler(data.of, list[i])) yield list.map((each, at) => (at === i ? one : each));
        break;
      }
      case "tuple": {
        const list = value as readonly unknown[];
        for (let i = 0; i < list.length; i++)
          for (const one of this.simpler(data.of[i]!, list[i])) yield list.map((each, at) => (at === i ? one : each));
        break;
      }
      case "object":
        yield* this.#simplerFields(data, value);
        break;
      case "choice": {
        const at = data.of.findIndex((of) => fitsData(of, value));
        for (const of of data.of.slice(0, Math.max(0, at))) yield leastOf(of);
        if (at >= 0) yield* this.simpler(data.of[at]!, value);
        break;
      }
      case "named":
        yield leastOf(data.is());
        yield* this.simpler(data.is(), value);
    }
  }

  *#simplerFields({ fields, others }: Extract<Data, { kind: "object" }>, value: unknown): Iterable<unknown> {
    if (!isFields(value)) return;
    const entries = Object.entries(value);
    const needed = new Set(fields.flatMap(({ name, optional }) => (optional ? [] : [name])));
    for (const [name] of entries)
      if (!needed.has(name)) yield Object.fromEntries(entries.filter(([other]) => other !== name));
    for (const [at, [name, of]] of entries.entries()) {
      const type = fields.find((field) => field.name === name)?.of ?? others;
      if (type === null) continue;
      for (const one of this.simpler(type, of))
        yield Object.fromEntries(entries.map(([other, each], i) => [other, i === at ? one : each]));
      // Names besides the declared ones mean nothing: simpler ones do as well.
      if (!fields.some((field) => field.name === name) && !this.#names.slice(0, 2).includes(name))
        for (const other of this.#names.slice(0, 2))
          if (!Object.hasOwn(value, other))
            yield Object.fromEntries(entries.map(([own, each], i) => [i === at ? other : own, each]));
    }
  }
}

/** All first parts, then each part's others beside the first of the rest, then the parts in step. */
function crossed(parts: readonly (readonly unknown[])[]): unknown[][] {
  if (parts.some((part) => part.length === 0)) return [];
  const first = parts.map((part) => part[0]);
  const longest = Math.max(0, ...parts.map((part) => part.length));
  return [
    first,
    ...parts.flatMap((part, at) => part.slice(1).map((one) => first.map((each, i) => (i === at ? one : each)))),
    ...Array.from({ length: longest }, (_, i) => parts.map((part) => part[i % part.length])),
  ];
}

/** `row` has a box with the value of each field that is there. */
function fieldsOf(names: readonly string[], row: readonly unknown[]): Fields {
  const boxes = row as readonly ({ readonly value: unknown } | undefined)[];
  return Object.fromEntries(boxes.flatMap((box, i) => (box === undefined ? [] : [[names[i]!, box.value]])));
}
