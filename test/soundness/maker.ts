/** Random rule bodies and heads over typed collections, of which the compiler refuses none. */
import type { Random } from "../../src/verify/schedule.ts";
import { imported } from "./imported.ts";

export type Type = "int" | "nat" | "string" | "float" | "bool" | "addr" | "json" | "list<int>" | "(int, int)";

export type Value = number | string | boolean | readonly Value[];

export interface Known {
  readonly name: string;
  readonly types: readonly Type[];
}

export const values: Record<Type, readonly Value[]> = {
  int: [0, 1, 2],
  nat: [0, 1, 2],
  string: ["a", "b", "c"],
  float: [0.1, 0.2, 0.3, 1e16, -1e16],
  bool: [false, true],
  // Of the role that one of the forms brings.
  addr: ["N#0", "N#1"],
  // Of which two are written alike, if one forgets what they are.
  json: [1, "1", [1], "[1]"],
  "list<int>": [[], [0, 1], [1, 0], [1]],
  "(int, int)": [
    [0, 1],
    [1, 0],
    [1, 1],
  ],
};

/** As an expression of the language. */
export function written(type: Type, value: Value): string {
  if (type === "float" && Number.isInteger(value)) return `${BigInt(value as number)}.0`;
  return type === "(int, int)" ? `(${(value as readonly Value[]).join(", ")})` : JSON.stringify(value);
}

/** Literals of a body are numbers, texts and bools: no lists, tuples, addresses. */
function isScalar(type: Type): boolean {
  return type !== "addr" && type !== "json" && type !== "list<int>" && type !== "(int, int)";
}

interface Bound {
  readonly name: string;
  readonly type: Type;
  /** The column from which it stems. */
  readonly at: number;
}

interface Body {
  readonly literals: string[];
  readonly bound: Bound[];
}

export interface HeadOptions {
  /** Only variables and constants, so that nothing grows without end. */
  readonly plain?: boolean;
  /** Leading columns that are the key; 0 where there is none. */
  readonly keyLength?: number;
  /** No aggregates. */
  readonly noAggregate?: boolean;
}

export class Maker {
  readonly random: Random;
  #fresh = 0;

  /** Whether aggregates are imported where that can be. */
  readonly #imports: boolean;

  /** Values tend to stay in their columns, so that seals reach far. */
  readonly #aligned: boolean;

  constructor(random: Random, imports = false) {
    this.random = random;
    this.#imports = imports;
    this.#aligned = random.chance(0.6);
  }

  /** Of these a variable for a column. */
  #among(known: readonly Bound[], at: number): string {
    const own = this.#aligned && this.chance(0.8) ? known.filter((each) => each.at === at) : [];
    return this.pick(own.length > 0 ? own : known).name;
  }

  pick<T>(of: readonly T[]): T {
    return of[this.random.below(of.length)];
  }

  chance(p: number): boolean {
    return this.random.chance(p);
  }

  /** `x` and `y` have one type throughout, so that any of them can say who owns a row. */
  columnTypes(): Type[] {
    this.#first ??= this.chance(0.75) ? ["int", "int"] : [this.#type(), this.#type()];
    return this.chance(0.15) ? [...this.#first, this.#type()] : [...this.#first];
  }

  /** How many columns are the key, where there is one. */
  keyLength(types: readonly Type[]): number {
    return types.length > 2 && this.chance(0.4) ? 2 : 1;
  }

  #first: readonly Type[] | undefined;

  #type(): Type {
    if (this.chance(0.2)) return this.pick<Type>(["nat", "bool", "json", "json", "list<int>", "(int, int)"]);
    return this.chance(0.6) ? "int" : this.chance(0.8) ? "string" : "float";
  }

  constant(type: Type): string {
    return type === "addr" ? "self" : written(type, this.pick(values[type]));
  }

  #name(): string {
    return `v${this.#fresh++}`;
  }

  #literal(of: Known, bound: Bound[], joined: number): string {
    const terms = of.types.map((type, i) => {
      const known = bound.filter((each) => each.type === type);
      if (i === joined && known.length > 0) return this.#among(known, i);
      if (known.length > 0 && this.chance(0.12)) return this.pick(known).name;
      if (isScalar(type) && this.chance(0.06)) return this.constant(type);
      if (this.chance(0.08)) return "_";
      const name = this.#name();
      bound.push({ name, type, at: i });
      return name;
    });
    return `${of.name}(${terms.join(", ")})`;
  }

  body(readable: readonly Known[], first: Known = this.pick(readable)): Body {
    this.#fresh = 0;
    const bound: Bound[] = [];
    const literals = [this.#literal(first, bound, -1)];
    for (let p = 0.4; this.chance(p); p = 0.15) {
      const second = this.pick(readable);
      literals.push(
        this.#literal(
          second,
          bound,
          this.chance(0.9) ? (this.#aligned && this.chance(0.6) ? 0 : this.random.below(second.types.length)) : -1,
        ),
      );
    }
    if (this.chance(0.25)) {
      const denied = this.pick(readable);
      const terms = denied.types.map((type, i) => {
        const known = bound.filter((each) => each.type === type);
        if (known.length > 0 && this.chance(0.7)) return this.#among(known, i);
        return isScalar(type) && this.chance(0.25) ? this.constant(type) : "_";
      });
      literals.push(`not ${denied.name}(${terms.join(", ")})`);
    }
    const ints = bound.filter((each) => each.type === "int");
    if (ints.length > 0 && this.chance(0.12))
      literals.push(
        `${this.pick(ints).name} ${this.pick(["<", "!=", ">=", "=="])} ${this.chance(0.3) ? this.pick(ints).name : this.random.below(3)}`,
      );
    if (ints.length > 0 && this.chance(0.1)) {
      const of = this.pick(ints).name;
      literals.push(
        `e = ${this.pick([`${of} + 1`, `${of} + 1`, `${of} - 1`, `${of} * 2`, `${of} % 2`, `if ${of} > 1 then 0 else ${of}`, of])}`,
      );
      bound.push({ name: "e", type: "int", at: -1 });
    } else if (ints.length > 0 && this.chance(0.05)) {
      literals.push(`e in [${this.pick(ints).name}, ${this.pick([this.pick(ints).name, "1"])}]`);
      bound.push({ name: "e", type: "int", at: -1 });
    }
    return { literals, bound };
  }

  /** `head(...) op body;` where the head is `head@to`. */
  rule(
    head: string,
    types: readonly Type[],
    op: string,
    readable: readonly Known[],
    options: HeadOptions = {},
  ): string {
    return this.finish(head, types, op, this.body(readable), options);
  }

  finish(
    head: string,
    types: readonly Type[],
    op: string,
    { literals, bound }: Body,
    options: HeadOptions = {},
  ): string {
    const term = (type: Type, i: number): string => {
      const known = bound.filter((each) => each.type === type);
      if (known.length === 0 || this.chance(0.05)) return this.constant(type);
      const name = this.#among(known, i);
      return !options.plain && type === "int" && this.chance(0.06) ? `${name} + 1` : name;
    };
    const aggregates = !options.plain && !options.noAggregate && this.chance(0.3);
    if (!aggregates) return `${head}(${types.map(term).join(", ")}) ${op} ${literals.join(", ")};`;
    const at = types.findLastIndex((type) => type === "int" || type === "float");
    const of = at < 0 ? [] : bound.filter((each) => each.type === types[at]);
    const one = of.length > 0 ? this.pick(of).name : null;
    const inHead = at >= (options.keyLength ?? 0) && (types[at] === "int" || one !== null) && this.chance(0.65);
    const whole = this.chance(0.1) ? bound : [];
    const terms = types.map((type, i) => {
      if (!inHead || i !== at) return whole[i]?.type === type ? whole[i].name : term(type, i);
      const folds =
        one === null
          ? ["count()"]
          : [`sum(${one})`, `max(${one})`, `min(${one})`, `argmin(${one}, ${one})`, `choose(${one})`];
      if (types[at] === "int")
        folds.push(
          "count()",
          "count()",
          "count()",
          `count(distinct ${bound.length > 0 ? this.pick(bound).name : "0"})`,
        );
      return this.#call(this.pick(folds), types[at]);
    });
    const ints = bound.filter((each) => each.type === "int");
    const bounds = ["count() >= 2", "count() >= 2", "count() < 2", "count() == 1"];
    if (ints.length > 0)
      bounds.push(
        `max(${this.pick(ints).name}) >= 1`,
        `min(${this.pick(ints).name}) <= 1`,
        `sum(${this.pick(ints).name}) >= 2`,
        `min(${this.pick(ints).name}) >= 1`,
      );
    const having = !inHead || this.chance(0.3) ? ` having ${this.#call(this.pick(bounds), "int")}` : "";
    return `${head}(${terms.join(", ")}) ${op} ${literals.join(", ")}${having};`;
  }

  #call(call: string, type: Type): string {
    return this.#imports ? imported(call, type) : call;
  }
}
