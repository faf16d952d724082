/** Where forms are added to a generated program, and what they share. */
import type { GivenInput } from "./given.ts";
import type { Known, Maker, Type } from "./maker.ts";

/** False: the form has no place in this program, and has added nothing. */
export type Form = (site: Site) => boolean;

export interface Columns {
  /** Leading columns that are the key; 0 where there is none. */
  readonly keyLength?: number;
  /** What stands behind the columns of the input: `sealed by (x)`. */
  readonly words?: string;
  /** Behind those of the channel. */
  readonly channelWords?: string;
  /** The columns that the input is sealed by. */
  readonly seal?: readonly number[] | null;
}

/** The names of columns, in order. */
export const letters = ["x", "y", "z", "w"];

/** `x: int, y: string`; with `->` behind the key. */
export function columns(types: readonly Type[], keyLength = 0): string {
  return types
    .map((type, i) => `${letters[i]}: ${type}${i === types.length - 1 ? "" : i + 1 === keyLength ? " -> " : ", "}`)
    .join("");
}

/** `x, y`. */
export function variables(types: readonly unknown[]): string {
  return letters.slice(0, types.length).join(", ");
}

/** A literal with these terms, and `_` for the columns behind them. */
export function literal({ name, types }: Known, ...terms: string[]): string {
  return `${name}(${types.map((_, i) => terms[i] ?? "_").join(", ")})`;
}

export class Site {
  readonly make: Maker;
  /** What stands in the role in which most happens. */
  readonly lines: string[];
  /** In the role of the hosts. */
  readonly hosts: string[];
  /** Further roles, and modules. */
  readonly others: string[];
  readonly inputs: GivenInput[];
  /** What rules of the role in which most happens may read; forms add to it. */
  readonly readable: Known[];
  readonly events: readonly Known[];
  /** The instances of roles of one, where a deployment may start more. */
  readonly counts: Record<string, number>;
  /** How messages go to the role in which most happens. */
  readonly forward: (channel: string, rule: (head: string) => string) => string;
  /** Each message of a role of several partitions has its columns. */
  readonly isPartitioned: boolean;
  readonly isPlain: boolean;
  /** Facts of one host keep their order. */
  isOrdered = false;
  #fresh = 0;

  constructor(
    of: Omit<Site, "isOrdered" | "name" | "two" | "event" | "kept" | "show" | "feed" | "input" | "level" | "declare">,
  ) {
    this.make = of.make;
    this.lines = of.lines;
    this.hosts = of.hosts;
    this.others = of.others;
    this.inputs = of.inputs;
    this.readable = of.readable;
    this.events = of.events;
    this.counts = of.counts;
    this.forward = of.forward;
    this.isPartitioned = of.isPartitioned;
    this.isPlain = of.isPlain;
  }

  /** A name that nothing else has. */
  name(prefix: string): string {
    return `f${prefix}${++this.#fresh}`;
  }

  level(): string {
    return this.make.pick(["", "", "", "agreed", "eventual", "any"]);
  }

  /** Something with two columns or more, of which the first two have types of facts that are given. */
  two(of: readonly Known[] = this.readable): Known {
    return this.make.pick(of.filter(({ types }) => types.length > 1 && types[0] !== "addr" && types[1] !== "addr"));
  }

  event(): Known {
    return this.two(this.events);
  }

  /** A new table, or scratch, with a rule from the columns `x, y` of an event or of whatever can be read. */
  kept(
    from = this.make.chance(0.7) ? this.event() : this.two(),
    kind = this.make.chance(0.8) ? "table" : "scratch",
  ): Known {
    const known = this.declare(kind, from.types.slice(0, 2));
    this.lines.push(`${known.name}(x, y) <= ${literal(from, "x", "y")};`);
    return known;
  }

  /** A collection without rules. */
  declare(kind: string, types: readonly Type[], keyLength = 0): Known {
    const name = this.name(kind[0]);
    this.lines.push(`${kind} ${name}(${columns(types, keyLength)});`);
    return { name, types };
  }

  /** Other rules read it, and mostly an output shows it. */
  show(known: Known): true {
    this.readable.push(known, known);
    if (!this.make.chance(0.7)) return true;
    const name = this.name("o");
    this.lines.push(
      `output ${name}(${columns(known.types)}) ${this.level()};`,
      `${name}(${variables(known.types)}) <= ${known.name}(${variables(known.types)});`,
    );
    return true;
  }

  /** An input of the hosts. */
  input(types: readonly Type[], { keyLength = 0, words = "", seal = null }: Columns = {}): Known {
    const name = this.name("i");
    this.hosts.push(`input ${name}(${columns(types, keyLength)}) ${words};`);
    this.inputs.push({ at: "H", nodes: 2, name, types, seal, single: false, unique: 0 });
    return { name, types };
  }

  /** An input of the hosts, and a channel that brings it. */
  feed(types: readonly Type[], given: Columns = {}): Known {
    const input = this.input(types, given);
    const name = this.name("c");
    const names = variables(types);
    this.hosts.push(this.forward(name, (head) => `${head}(${names}) <~ ${input.name}(${names});`));
    this.lines.push(`channel ${name}(${columns(types)}) ${given.channelWords ?? ""};`);
    return { name, types };
  }
}
