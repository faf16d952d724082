/** Random programs of one role with lattice columns, and events for them. Plain values are ints from 0 to 3. */
import type { Row } from "../../src/runtime/program.ts";
import type { Dice } from "./programs.ts";

type Kind = "int" | "set" | "max" | "min" | "bool" | "map" | "count" | "orset" | "reg";

interface Known {
  readonly name: string;
  readonly columns: readonly Kind[];
  readonly kind: "event" | "table" | "scratch" | "output";
}

const known: readonly Known[] = [
  { name: "c", columns: ["int", "int"], kind: "event" },
  { name: "d", columns: ["int"], kind: "event" },
  { name: "b", columns: ["int", "set", "max"], kind: "event" },
  { name: "t", columns: ["int", "int"], kind: "table" },
  { name: "lm", columns: ["int", "max"], kind: "table" },
  { name: "ln", columns: ["int", "min"], kind: "table" },
  { name: "ls", columns: ["int", "set"], kind: "table" },
  { name: "lb", columns: ["int", "bool"], kind: "table" },
  { name: "lp", columns: ["int", "map"], kind: "table" },
  { name: "hits", columns: ["int", "count"], kind: "table" },
  { name: "os", columns: ["int", "orset"], kind: "table" },
  { name: "rg", columns: ["int", "reg"], kind: "table" },
  { name: "p", columns: ["int", "int"], kind: "scratch" },
  { name: "vs", columns: ["int", "set"], kind: "scratch" },
  { name: "vm", columns: ["int", "max"], kind: "scratch" },
  { name: "vq", columns: ["set"], kind: "scratch" },
  { name: "vb", columns: ["set", "int", "min"], kind: "scratch" },
  { name: "o", columns: ["int", "int"], kind: "output" },
  { name: "ol", columns: ["int", "set"], kind: "output" },
  { name: "oe", columns: ["int", "max"], kind: "output" },
];

export const latticeCollections: readonly string[] = known.flatMap(({ kind, name }) =>
  kind === "event" ? [] : [name],
);

const header = `role Q { channel m(x: int, y: int);  channel n(k: int, s: lset<int>); }
role R {
  channel c(x: int, y: int);  input d(x: int);  channel b(k: int, s: lset<int>, v: lmax<int>);
  table t(x: int, y: int);  table lm(k: int, v: lmax<int>);  table ln(k: int, v: lmin<int>);
  table ls(k: int, s: lset<int>);  table lb(k: int, b: lbool);  table lp(k: int, m: lmap<int, lmax<int>>);
  table hits(k: int, n: gcounter);  table os(k: int, s: orset<int>);  table rg(k: int, v: lww<int>);
  scratch p(x: int, y: int);  scratch vs(k: int, s: lset<int>);  scratch vm(k: int, v: lmax<int>);
  scratch vq(s: lset<int>);  scratch vb(s: lset<int>, k: int, v: lmin<int>);
  output o(x: int, y: int);  output ol(k: int, s: lset<int>);  output oe(k: int, v: lmax<int>) eventual;
`;

export function randomLatticeProgram(dice: Dice): string {
  const rules = Array.from({ length: 5 + dice.below(8) }, () => rule(dice));
  return `${header}  ${rules.join("\n  ")}\n}\n`;
}

class Body {
  readonly literals: string[] = [];
  readonly variables = new Map<Kind, string[]>();
  readonly dice: Dice;

  constructor(dice: Dice) {
    this.dice = dice;
  }

  of(kind: Kind): readonly string[] {
    return this.variables.get(kind) ?? [];
  }

  bind(kind: Kind, name: string): string {
    const all = this.variables.get(kind);
    if (all === undefined) this.variables.set(kind, [name]);
    else if (!all.includes(name)) all.push(name);
    return name;
  }

  int(): string {
    const ints = this.of("int");
    return ints.length === 0 || this.dice.chance(0.15) ? String(this.dice.below(4)) : this.dice.pick(ints);
  }

  read(collection: Known): void {
    const { dice } = this;
    const terms = collection.columns.map((kind) => {
      if (dice.chance(0.1)) return "_";
      if (kind === "int")
        return dice.chance(0.1) ? String(dice.below(4)) : this.bind("int", dice.pick(["x", "y", "z"]));
      // Now and then the plain value is compared.
      if (kind === "max" && this.of("int").length > 0 && dice.chance(0.05)) return this.int();
      return this.bind(kind, `${kind}${this.of(kind).length}`);
    });
    this.literals.push(`${collection.name}(${terms.join(", ")})`);
  }
}

function rule(dice: Dice): string {
  const body = new Body(dice);
  const readable = known.filter(({ kind }) => kind !== "output");
  for (let n = 1 + dice.below(2); n > 0; n--) body.read(dice.pick(readable));
  if (body.of("int").length === 0) {
    body.literals.push("c(x, y)");
    body.bind("int", "x");
    body.bind("int", "y");
  }
  if (dice.chance(0.6)) conditions(dice, body);
  if (dice.chance(0.1)) body.literals.push(`not ${dice.pick(["t", "p"])}(${body.int()}, _)`);
  if (dice.chance(0.05)) body.literals.push(`not ${dice.pick(["ls", "vs", "lm", "vm"])}(${body.int()}, _)`);
  const end = ` ${body.literals.join(", ")};`;
  if (dice.chance(0.07)) return `Q.m(${body.int()}, ${body.int()}) <~${end}`;
  if (dice.chance(0.07) && term(dice, body, "set", false) !== null)
    return `Q.n(${body.int()}, ${term(dice, body, "set", false)}) <~${end}`;
  const head = dice.pick(known.filter(({ kind }) => kind !== "event"));
  const terms = head.columns.map((kind) => term(dice, body, kind, head.name === "oe"));
  if (terms.includes(null)) return rule(dice);
  const op =
    head.kind === "table"
      ? dice.pick(["<=", "<=", "<=", "<=", "<+", "<-", head.name === "t" ? "<+" : "<+-"])
      : head.kind === "scratch" && dice.chance(0.15)
        ? "<+"
        : "<=";
  if (["lm", "vm", "ls", "vs"].includes(head.name) && op === "<=" && dice.chance(0.15)) {
    const of = head.name.endsWith("m")
      ? ["count()", `max(${body.int()})`, `min(${body.int()})`]
      : [`choose(${body.int()})`, "count()"];
    return `${head.name}(${body.int()}, ${dice.pick(of)}) <=${end}`;
  }
  if (head.name === "p" && dice.chance(0.2)) return `p(${body.int()}, count()) <=${end}`;
  return `${head.name}(${terms.join(", ")}) ${op}${end}`;
}

function conditions(dice: Dice, body: Body): void {
  const all: (() => void)[] = [];
  const n = (): string => (dice.chance(0.5) ? String(dice.below(4)) : body.int());
  const test = (text: string): void => void body.literals.push(text);
  for (const s of body.of("set")) {
    all.push(
      () => test(`size(${s}) >= ${n()}`),
      () => test(`size(${s}) < ${n()}`),
      () => test(`contains(${s}, ${body.int()})`),
      () => (test(`e in ${s}`), void body.bind("int", "e")),
      () => (test(`q = reveal(${s}), r in q`), void body.bind("int", "r")),
    );
  }
  for (const v of body.of("max"))
    all.push(
      () => test(`${v} >= ${n()}`),
      () => test(`${v} == ${n()}`),
      () => test(`!(${v} > ${n()})`),
    );
  for (const v of body.of("min"))
    all.push(
      () => test(`${v} <= ${n()}`),
      () => test(`${n()} > ${v}`),
      () => test(`${v} > ${n()}`),
    );
  for (const b of body.of("bool"))
    all.push(
      () => test(`whenTrue(${b})`),
      () => test(`reveal(${b}) == false`),
    );
  for (const m of body.of("map"))
    all.push(
      () => test(`hasKey(${m}, ${body.int()})`),
      () => test(`at(${m}, ${body.int()}) >= ${n()}`),
      () => test(`size(${m}) >= ${n()}`),
      () => (test(`(f, atf) in ${m}`), body.bind("int", "f"), void body.bind("max", "atf")),
    );
  for (const c of body.of("count"))
    all.push(
      () => test(`${c} >= ${n()}`),
      () => test(`value(${c}) < ${n()}`),
    );
  for (const s of body.of("orset"))
    all.push(
      () => test(`size(${s}) >= ${n()}`),
      () => (test(`g in ${s}`), void body.bind("int", "g")),
    );
  for (const g of body.of("reg")) all.push(() => (test(`h = reveal(${g})`), void body.bind("int", "h")));
  if (all.length > 0) dice.pick(all)();
  if (dice.chance(0.2)) test(`${body.int()} != ${body.int()}`);
}

/** null: there is none. `isLast`: nothing is derived from the head, so that it may count up. */
function term(dice: Dice, body: Body, kind: Kind, isLast: boolean): string | null {
  const int = (): string => body.int();
  const one = (kind_: Kind): string => dice.pick(body.of(kind_));
  const has = (kind_: Kind): boolean => body.of(kind_).length > 0;
  const all: string[] = [];
  switch (kind) {
    case "int":
      all.push(int(), int());
      if (has("max") && dice.chance(0.3)) all.push(`reveal(${one("max")})`);
      if (has("set") && dice.chance(0.2)) all.push(`if size(${one("set")}) >= 2 then 1 else 0`);
      if (has("orset") && dice.chance(0.3)) all.push(`size(${one("orset")})`);
      break;
    case "set":
      all.push(int(), `{${int()}, ${int()}}`, dice.chance(0.3) ? "{}" : int());
      if (has("set"))
        all.push(
          one("set"),
          one("set"),
          `union(${one("set")}, ${one("set")})`,
          `intersect(${one("set")}, ${one("set")})`,
          `map(${one("set")}, abs)`,
        );
      if (has("map")) all.push(`keys(${one("map")})`);
      break;
    case "max":
      all.push(int());
      if (has("max")) all.push(one("max"), one("max"), ...(isLast ? [`${one("max")} + 1`] : []));
      if (has("set")) all.push(`size(${one("set")})`);
      if (has("count")) all.push(`value(${one("count")})`);
      if (has("map")) all.push(`at(${one("map")}, ${int()})`);
      break;
    case "min":
      all.push(int());
      if (has("min")) all.push(one("min"), `${one("min")} + ${int()}`);
      break;
    case "bool":
      all.push(`${int()} > ${int()}`);
      if (has("max")) all.push(`${one("max")} >= ${int()}`);
      if (has("set")) all.push(`contains(${one("set")}, ${int()})`);
      if (has("bool")) all.push(one("bool"));
      break;
    case "map":
      all.push(`{${int()}: ${int()}}`);
      if (has("map")) all.push(one("map"));
      if (has("max")) all.push(`{${int()}: ${one("max")}, ${int()}: 1}`);
      break;
    case "count":
      all.push("inc(1)", "inc(2)");
      if (has("count")) all.push(one("count"));
      break;
    case "orset":
      all.push(`add(${int()})`, `remove(${int()})`);
      if (has("orset")) all.push(one("orset"));
      break;
    case "reg":
      all.push(int(), `stamped(${int()}, ${int()})`);
      if (has("reg")) all.push(one("reg"));
  }
  return all.length === 0 ? null : dice.pick(all);
}

/** Events of one step. */
export function randomLatticeEvents(dice: Dice): Readonly<Record<string, readonly Row[]>> {
  if (dice.chance(0.25)) return {};
  const int = (): number => dice.below(4);
  const rows = (most: number, row: () => Row): Row[] => Array.from({ length: dice.below(most + 1) }, row);
  const set = (): number[] => [0, 1, 2, 3].filter(() => dice.chance(0.4));
  return { c: rows(3, () => [int(), int()]), d: rows(2, () => [int()]), b: rows(2, () => [int(), set(), int()]) };
}
