/** Random programs of one role, and random events for them. Everything is an int from 0 to 3, so that facts meet. */
import type { Row } from "../../src/runtime/program.ts";

export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 0x9e3779b1) | 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  pick<T>(all: readonly T[]): T {
    return all[this.below(all.length)];
  }
}

interface Known {
  readonly name: string;
  readonly arity: number;
  readonly kind: "event" | "table" | "scratch" | "output";
  readonly keyed: boolean;
}

const events: readonly Known[] = [
  { name: "c", arity: 2, kind: "event", keyed: false },
  { name: "d", arity: 1, kind: "event", keyed: false },
];
const written: readonly Known[] = [
  { name: "u", arity: 1, kind: "table", keyed: false },
  { name: "t", arity: 2, kind: "table", keyed: false },
  { name: "s", arity: 2, kind: "scratch", keyed: false },
  { name: "p", arity: 1, kind: "scratch", keyed: false },
  { name: "kv", arity: 2, kind: "table", keyed: true },
  { name: "g", arity: 2, kind: "scratch", keyed: false },
  { name: "ks", arity: 2, kind: "scratch", keyed: true },
  { name: "q", arity: 1, kind: "scratch", keyed: false },
  { name: "w", arity: 3, kind: "scratch", keyed: false },
  { name: "o", arity: 2, kind: "output", keyed: false },
  { name: "e", arity: 1, kind: "output", keyed: false },
  { name: "ok", arity: 2, kind: "output", keyed: true },
];

/** What the programs import: the order of the rows shows in it, and so does every row that is missing. */
export const imported: Readonly<Record<string, Function>> = {
  mix(xs: readonly number[]): number {
    if (xs.length === 4) throw new Error("four of them");
    return xs.reduce((mixed, x) => (mixed * 3 + x + 1) % 11, 0) / 2;
  },
  knit: (rows: readonly (readonly [number, number])[]): number =>
    rows.reduce((mixed, [x, y]) => (mixed * 5 + 2 * x + y) % 13, 1) % 4,
};

const header = `aggregate mix(x: int): int from "./f.ts";
aggregate knit(x: int, y: int): int from "./f.ts";
role Q { channel m(x: int, y: int); }
role R {
  channel c(x: int, y: int);  input d(x: int);
  table u(x: int);  table t(x: int, y: int);  table kv(k: int -> v: int);
  scratch s(x: int, y: int);  scratch p(x: int);  scratch g(x: int, n: int);  scratch ks(k: int -> v: int);  scratch q(x: int);
  scratch w(x: int, y: int, z: int);
  output o(x: int, y: int);  output e(x: int)LEVEL;  output ok(k: int -> v: int);
`;

/** Text of a program; it may break the rules of stratification. */
export function randomProgram(dice: Dice): string {
  const rules: string[] = [];
  const count = 4 + dice.below(8);
  // A third of the programs keep to few collections, so that they derive one another in circles.
  const heads = dice.chance(0.33) ? written.filter(({ name }) => ["u", "t", "s", "q", "o"].includes(name)) : written;
  for (let n = 0; n < count; n++) rules.push(`  ${randomRule(dice, heads, heads === written ? 0.3 : 0.6)}`);
  return `${header.replace("LEVEL", dice.chance(0.4) ? " eventual" : "")}${rules.join("\n")}\n}\n`;
}

function randomRule(dice: Dice, heads: readonly Known[], cycles: number): string {
  const kind = dice.next();
  const head = dice.pick(heads);
  const index = written.indexOf(head);
  if (kind < 0.12) return send(dice);
  if (head.kind !== "output" && kind < 0.32) return deferred(dice, head);
  if (kind < 0.36 && head.kind !== "output")
    return `${head.name}(${Array.from({ length: head.arity }, () => dice.below(4)).join(", ")});`;
  const lower = [...events, ...written.slice(0, index).filter((one) => one.kind !== "output")];
  const cyclic =
    !head.keyed && head.kind !== "output" && dice.chance(cycles)
      ? heads.filter((one) => one.kind !== "output" && !one.keyed && one.name !== "g")
      : [];
  const { literals, variables } = body(dice, lower, cyclic);
  if (kind < 0.6 && head.arity > 1) return aggregate(dice, head, literals, variables);
  return `${head.name}(${terms(dice, head.arity, variables)}) <= ${literals.join(", ")};`;
}

function send(dice: Dice): string {
  const { literals, variables } = body(dice, [...events, ...written.filter((one) => one.kind !== "output")], []);
  const to = dice.pick(["Q.m", "Q.m@*", "Q.m@a"]);
  if (to === "Q.m@a") return `${to}(${terms(dice, 2, variables)}) <~ ${literals.join(", ")}, Q.nodes(a);`;
  return `${to}(${terms(dice, 2, variables)}) <~ ${literals.join(", ")};`;
}

function deferred(dice: Dice, head: Known): string {
  const op = head.kind === "table" ? dice.pick(["<+", "<-", "<-", "<+-"]) : "<+";
  const { literals, variables } = body(dice, [...events, ...written.filter((one) => one.kind !== "output")], []);
  return `${head.name}(${terms(dice, head.arity, variables)}) ${op} ${literals.join(", ")};`;
}

function aggregate(dice: Dice, head: Known, literals: readonly string[], variables: readonly string[]): string {
  const v = (): string => dice.pick(variables);
  const call = dice.pick([
    () => "count()",
    () => `count(distinct ${v()})`,
    () => `sum(${v()})`,
    () => `min(${v()})`,
    () => `max(${v()})`,
    () => `argmin(${v()}, ${v()})`,
    () => `argmax(${v()}, ${v()})`,
    () => `choose(${v()})`,
    () => `mix(${v()})`,
    () => `knit(${v()}, ${v()})`,
    () => `size(collect(${v()}))`,
  ])();
  const plain = call.startsWith("size(") ? "count()" : call;
  const group = Array.from({ length: head.arity - 1 }, () => (dice.chance(0.2) ? String(dice.below(3)) : v()));
  const having = dice.chance(0.4)
    ? ` having ${dice.pick([`count() >= ${1 + dice.below(3)}`, `count() < ${1 + dice.below(3)}`, `sum(${v()}) > 2`, `count() > 1 && knit(${v()}, ${v()}) > 1`])}`
    : "";
  return `${head.name}(${[...group, plain].join(", ")}) <= ${literals.join(", ")}${having};`;
}

function body(
  dice: Dice,
  from: readonly Known[],
  cyclic: readonly Known[],
): { literals: string[]; variables: string[] } {
  const literals: string[] = [];
  const bound = new Set<string>();
  const names = ["x", "y", "z"];
  const positive = 1 + dice.below(2) + (dice.chance(0.15) ? 1 : 0);
  for (let n = 0; n < positive; n++) {
    const read = n === 0 && cyclic.length > 0 ? dice.pick(cyclic) : dice.pick(from);
    const args = Array.from({ length: read.arity }, () =>
      dice.chance(0.12) ? "_" : dice.chance(0.1) ? String(dice.below(4)) : dice.pick(names),
    );
    for (const arg of args) if (names.includes(arg)) bound.add(arg);
    literals.push(`${read.name}(${args.join(", ")})`);
  }
  if (bound.size === 0) {
    literals.push("d(x)");
    bound.add("x");
  }
  const known = (): string => dice.pick([...bound]);
  if (dice.chance(0.35)) {
    const read = dice.pick(from);
    literals.splice(
      dice.below(literals.length + 1),
      0,
      `not ${read.name}(${Array.from({ length: read.arity }, () => (dice.chance(0.3) ? "_" : dice.chance(0.15) ? String(dice.below(4)) : known())).join(", ")})`,
    );
  }
  if (dice.chance(0.2))
    literals.push(
      `${known()} ${dice.pick(["<", "<=", "!=", "==", ">"])} ${dice.chance(0.4) ? dice.below(4) : known()}`,
    );
  if (dice.chance(0.15)) {
    literals.push(`f = (${known()} + ${known()}) % 4`);
    bound.add("f");
  }
  if (dice.chance(0.05)) {
    literals.push(`h = 6 / ${known()}`, "h < 4");
    bound.add("h");
  }
  if (dice.chance(0.1)) {
    literals.push(`r in [${known()}, ${dice.below(4)}, ${known()}]`);
    bound.add("r");
  }
  return { literals, variables: [...bound] };
}

function terms(dice: Dice, arity: number, variables: readonly string[]): string {
  return Array.from({ length: arity }, () =>
    dice.chance(0.1)
      ? String(dice.below(4))
      : dice.chance(0.1)
        ? `(${dice.pick(variables)} + 1) % 4`
        : dice.pick(variables),
  ).join(", ");
}

/** Events of one step. */
export function randomEvents(dice: Dice): Readonly<Record<string, readonly Row[]>> {
  if (dice.chance(0.25)) return {};
  const rows = (most: number, arity: number): Row[] =>
    Array.from({ length: dice.below(most + 1) }, () => Array.from({ length: arity }, () => dice.below(4)));
  return { c: rows(3, 2), d: rows(2, 1) };
}
