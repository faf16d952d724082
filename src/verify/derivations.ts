/**
 * Inputs from which a rule can hold, and with which it can race: derivations are built from an output back through the
 * rule to the inputs, their variables bound by what the literals have in common, and the rest drawn. A guess, which the
 * simulator then tries: what an expression here cannot solve is left to chance.
 */
import { variablesOf } from "../compiler/3-analyze/determine.ts";
import type { CollectionId, Expr, HeadTerm, Ir, Literal, ReadLiteral, Rule, RuleId } from "../compiler/ir.ts";
import { canonicalText } from "../runtime/canonical.ts";
import type { Row, Value } from "../runtime/program.ts";
import { addressOf } from "../runtime/routing.ts";
import { evaluate } from "./evaluate.ts";
import type { Random } from "./schedule.ts";
import type { SimulatedInput } from "./simulator.ts";
import { type InputSpace, valueOf } from "./small-inputs.ts";

/** A value that is not known yet; cells that must be equal share one root. */
interface Cell {
  same: Cell | null;
  value: Value | undefined;
  /** Of a lattice: something that is in it. */
  part: Cell | null;
  readonly type: Expr["type"];
}

/** `cell` is the value of `expr`; without a cell, `expr` is true. */
interface Constraint {
  readonly expr: Expr;
  readonly names: ReadonlyMap<string, Cell>;
  readonly self: Cell;
  readonly cell: Cell | null;
}

interface Given {
  readonly input: CollectionId;
  readonly cells: readonly Cell[];
  readonly at: Cell;
}

/** One use of a rule: its variables, and the instance at which it holds. */
interface Use {
  readonly rule: Rule;
  readonly names: Map<string, Cell>;
  readonly self: Cell;
}

const attempts = 12;
const deepest = 14;
const addr = { kind: "addr" } as const;

/** Whether no lattice takes part. */
function isPlain(expr: Expr): boolean {
  return expr.type.kind !== "lattice" && !JSON.stringify(expr).includes('"kind":"lattice"');
}

/** A rule that cannot be used here; the attempt is given up. */
class Stuck extends Error {}

/** Facts for a derivation of one of `outputs` through `rule`, and for what the rule races with; null where no attempt fits together. */
export function derivedInputs(
  space: InputSpace,
  rule: RuleId,
  outputs: readonly CollectionId[],
  random: Random,
): readonly SimulatedInput[] | null {
  const ways = waysTo(space.ir, rule, outputs);
  if (ways.length === 0) return null;
  for (let n = 0; n < attempts; n++) {
    try {
      return new Derivation(space, random).through(ways[random.below(ways.length)]);
    } catch (error) {
      if (!(error instanceof Stuck)) throw error;
    }
  }
  return null;
}

/** Rules from an output down to that one; each reads the head of the next. */
function waysTo(ir: Ir, id: RuleId, outputs: readonly CollectionId[]): (readonly Rule[])[] {
  const start = ir.rules.get(id);
  if (start === undefined) return [];
  const found: (readonly Rule[])[] = [];
  const seen = new Map<CollectionId, number>();
  const queue: (readonly Rule[])[] = [[start]];
  for (let way = queue.shift(); way !== undefined && found.length < 12; way = queue.shift()) {
    const { collection } = way[0].head;
    if (outputs.includes(collection)) {
      found.push(way);
      continue;
    }
    const times = (seen.get(collection) ?? 0) + 1;
    seen.set(collection, times);
    if (times > 3) continue;
    for (const rule of ir.rules.values())
      if (
        !way.includes(rule) &&
        rule.body.some((literal) => literal.kind === "read" && literal.collection === collection)
      )
        queue.push([rule, ...way]);
  }
  return found;
}

class Derivation {
  readonly #space: InputSpace;
  readonly #random: Random;
  readonly #given: Given[] = [];
  readonly #constraints: Constraint[] = [];
  readonly #writers = new Map<CollectionId, Rule[]>();

  constructor(space: InputSpace, random: Random) {
    this.#space = space;
    this.#random = random;
    for (const rule of space.ir.rules.values()) {
      const writers = this.#writers.get(rule.head.collection);
      if (writers === undefined) this.#writers.set(rule.head.collection, [rule]);
      else writers.push(rule);
    }
  }

  through(way: readonly Rule[]): readonly SimulatedInput[] {
    const [first] = way;
    this.#along(way, this.#cellsOf(first.head.collection), this.#cell(addr));
    this.#solve();
    return this.#inputs();
  }

  #cell(type: Expr["type"], value?: Value): Cell {
    return { same: null, value, part: null, type };
  }

  #cellsOf(id: CollectionId): Cell[] {
    return this.#space.ir.collections.get(id)!.columns.map(({ type }) => this.#cell(type));
  }

  #chance(probability: number): boolean {
    return this.#random.chance(probability);
  }

  #pick<T>(of: readonly T[]): T {
    return of[this.#random.below(of.length)];
  }

  /** The head's fact by the first of these rules, in whose body the next one's head is derived by that one. */
  #along([rule, ...rest]: readonly Rule[], head: readonly Cell[], self: Cell): void {
    const use = this.#use(rule, head, self);
    if (rest.length === 0) {
      this.#body(use, null, 0);
      this.#rivals(use, head);
      return;
    }
    const next = rest[0].head.collection;
    const on = this.#pick(
      rule.body.filter((literal): literal is ReadLiteral => literal.kind === "read" && literal.collection === next),
    );
    this.#body(use, on, 0);
    const cells = this.#termsOf(on, use);
    this.#along(rest, cells, this.#sender(rest[0], use.self, cells));
  }

  /** What the rule may race with: what it denies, what else is in its group, other values of its key, what it deletes. */
  #rivals(use: Use, head: readonly Cell[]): void {
    const { rule } = use;
    for (const literal of rule.body)
      if (literal.kind === "read" && literal.negated && this.#chance(0.7))
        this.#derive(literal.collection, this.#termsOf(literal, use), use.self, 1);
    const { columns, keyLength } = this.#space.ir.collections.get(rule.head.collection)!;
    const kept = keyLength ?? (this.#chance(0.5) ? columns.length : 1);
    for (const other of this.#writers.get(rule.head.collection)!) {
      if (other.role !== rule.role || !this.#chance(other === rule ? 0.7 : 0.5)) continue;
      const isSame = rule.op === "<-" && other.op !== "<-";
      const cells = head.map((cell, i) => (isSame || i < kept ? cell : this.#cell(cell.type)));
      this.#body(this.#use(other, cells, use.self), null, 1);
    }
    // Another valuation that shares one of the variables.
    if (this.#chance(0.5)) {
      const again: Use = { rule, names: new Map(), self: use.self };
      const shared = [...use.names.keys()].filter(() => this.#chance(0.5));
      for (const name of shared) again.names.set(name, use.names.get(name)!);
      this.#body(again, null, 1);
    }
  }

  #use(rule: Rule, head: readonly Cell[], self: Cell): Use {
    const use: Use = { rule, names: new Map(), self };
    rule.head.terms.forEach((term, i) => this.#headTerm(term, head[i], use));
    return use;
  }

  #headTerm(term: HeadTerm, cell: Cell, use: Use): void {
    if (term.kind === "value") this.#equate(cell, term.value, use);
  }

  #named(name: string, type: Expr["type"], { names }: Use): Cell {
    let cell = names.get(name);
    if (cell === undefined) names.set(name, (cell = this.#cell(type)));
    return cell;
  }

  #equate(cell: Cell, expr: Expr, use: Use): void {
    switch (expr.kind) {
      case "variable":
        return this.#unify(cell, this.#named(expr.name, expr.type, use));
      case "literal":
        return this.#unify(cell, this.#cell(expr.type, expr.value));
      case "self":
        return this.#unify(cell, use.self);
      case "lattice": {
        // Of lattices only what is lifted into them is followed.
        const [lifted] = expr.args;
        if (lifted !== undefined && lifted.type.kind !== "lattice")
          this.#equate(this.#partOf(cell, lifted.type), lifted, use);
        return;
      }
      default:
        if (isPlain(expr)) this.#constraints.push({ expr, names: use.names, self: use.self, cell });
    }
  }

  #partOf(cell: Cell, type: Expr["type"]): Cell {
    const root = this.#root(cell);
    return (root.part ??= this.#cell(type));
  }

  #root(cell: Cell): Cell {
    let at = cell;
    while (at.same !== null) at = at.same;
    return at;
  }

  #unify(a: Cell, b: Cell): void {
    const [one, other] = [this.#root(a), this.#root(b)];
    if (one === other || (one.type.kind === "lattice") !== (other.type.kind === "lattice")) return;
    if (one.value !== undefined && other.value !== undefined && canonicalText(one.value) !== canonicalText(other.value))
      throw new Stuck();
    const [from, to] = one.value === undefined ? [one, other] : [other, one];
    from.same = to;
    if (from.part !== null && to.part !== null) this.#unify(from.part, to.part);
    to.part ??= from.part;
  }

  #termsOf(literal: ReadLiteral, use: Use): Cell[] {
    const { columns } = this.#space.ir.collections.get(literal.collection)!;
    return literal.terms.map((term, i) => {
      const cell = this.#cell(columns[i].type);
      if (term !== null) this.#equate(cell, term, use);
      return cell;
    });
  }

  /** Facts for the rule's body; `but` is derived elsewhere. Of a group several valuations. */
  #body(use: Use, but: ReadLiteral | null, depth: number): void {
    const { rule } = use;
    this.#literals(rule.body, use, but, depth);
    const isGroup = rule.having.length > 0 || rule.head.terms.some(({ kind }) => kind === "aggregate");
    if (!isGroup) return;
    for (let n = this.#random.below(3); n > 0; n--) {
      const again: Use = { rule, names: new Map(), self: use.self };
      for (const term of rule.head.terms) {
        if (term.kind !== "value") continue;
        for (const name of variablesOf(term.value))
          if (use.names.has(name)) again.names.set(name, use.names.get(name)!);
      }
      this.#literals(rule.body, again, null, depth + 1);
    }
  }

  #literals(body: readonly Literal[], use: Use, but: ReadLiteral | null, depth: number): void {
    for (const literal of body) {
      switch (literal.kind) {
        case "bind":
          this.#equate(this.#named(literal.variable, literal.type, use), literal.value, use);
          break;
        case "test":
          this.#test(literal.value, use);
          break;
        case "range":
          this.#range(literal, use);
          break;
        case "read":
          if (!literal.negated && literal !== but)
            this.#derive(literal.collection, this.#termsOf(literal, use), use.self, depth + 1);
      }
    }
  }

  #range({ pattern, value }: Extract<Literal, { kind: "range" }>, use: Use): void {
    if (pattern.kind !== "variable") return;
    const element = this.#named(pattern.name, pattern.type, use);
    if (value.kind === "list" && value.of.length > 0) this.#equate(element, this.#pick(value.of), use);
    else if (value.kind === "variable" && value.type.kind === "lattice")
      this.#unify(element, this.#partOf(this.#named(value.name, value.type, use), pattern.type));
  }

  #test(expr: Expr, use: Use): void {
    if (expr.kind === "binary" && expr.op === "&&") {
      this.#test(expr.left, use);
      this.#test(expr.right, use);
    } else if (
      expr.kind === "binary" &&
      expr.op === "==" &&
      expr.left.kind === "variable" &&
      expr.left.type.kind !== "lattice"
    ) {
      this.#equate(this.#named(expr.left.name, expr.left.type, use), expr.right, use);
    } else if (isPlain(expr)) this.#constraints.push({ expr, names: use.names, self: use.self, cell: null });
  }

  /** The instance at which a rule holds whose head is read at `self`. */
  #sender(rule: Rule, self: Cell, cells: readonly Cell[]): Cell {
    if (rule.op !== "<~") return self;
    const sender = this.#cell(addr);
    if (rule.head.to?.kind === "address") this.#equate(self, rule.head.to.value, this.#use(rule, cells, sender));
    return sender;
  }

  #derive(id: CollectionId, cells: readonly Cell[], self: Cell, depth: number): void {
    if (depth > deepest) throw new Stuck();
    const { kind, role } = this.#space.ir.collections.get(id)!;
    if (kind === "timer") return;
    if (kind === "input") {
      this.#given.push({ input: id, cells, at: self });
      return;
    }
    if (kind === "nodes") {
      const count = this.#space.counts[role] ?? 1;
      const known = this.#root(cells[0]);
      known.value ??= addressOf(role, this.#random.below(count));
      return;
    }
    const writers = (this.#writers.get(id) ?? []).filter(({ op }) => op !== "<-");
    if (writers.length === 0) throw new Stuck();
    // Deep down the ways that end.
    const ending =
      depth > 6
        ? writers.filter(({ body }) => !body.some((literal) => literal.kind === "read" && literal.collection === id))
        : writers;
    const rule = this.#pick(ending.length > 0 ? ending : writers);
    const sender = rule.op === "<~" ? this.#cell(addr) : self;
    const use = this.#use(rule, cells, sender);
    if (rule.op === "<~" && rule.head.to?.kind === "address") this.#equate(self, rule.head.to.value, use);
    this.#body(use, null, depth);
  }

  /** Values for all cells that constraints name, in the order in which they become known; the rest is drawn. */
  #solve(): void {
    let open = this.#constraints;
    while (open.length > 0) {
      const later = open.filter((each) => !this.#settle(each));
      if (later.length < open.length) {
        open = later;
        continue;
      }
      const unknown = later
        .flatMap(({ expr, names }) => [...variablesOf(expr)].map((name) => names.get(name)))
        .filter((cell) => cell !== undefined && this.#valueOf(cell) === undefined);
      if (unknown.length === 0) return;
      this.#draw(this.#pick(unknown)!);
    }
  }

  /** Whether nothing more is to be learnt from it. */
  #settle({ expr, names, self, cell }: Constraint): boolean {
    const unknown = [...variablesOf(expr)]
      .map((name) => names.get(name))
      .filter((each) => each !== undefined && this.#valueOf(each) === undefined);
    if (unknown.length > 0) return cell !== null && this.#invert(expr, cell, names);
    const value = evaluate(expr, (name) =>
      name === null ? this.#valueOf(self) : names.has(name) ? this.#valueOf(names.get(name)!) : undefined,
    );
    if (value === undefined) return true;
    if (cell === null) {
      if (value === false) throw new Stuck();
      return true;
    }
    this.#unify(cell, this.#cell(cell.type, value));
    return true;
  }

  /** `x + 1` that is known to be 3. */
  #invert(expr: Expr, cell: Cell, names: Constraint["names"]): boolean {
    const known = this.#valueOf(cell);
    if (typeof known !== "number" || expr.kind !== "binary" || (expr.op !== "+" && expr.op !== "-")) return false;
    if (expr.left.kind !== "variable" || expr.right.kind !== "literal" || typeof expr.right.value !== "number")
      return false;
    const value = expr.op === "+" ? known - expr.right.value : known + expr.right.value;
    this.#unify(names.get(expr.left.name)!, this.#cell(expr.left.type, value));
    return true;
  }

  #valueOf(cell: Cell): Value | undefined {
    return this.#root(cell).value;
  }

  #draw(cell: Cell): Value {
    const root = this.#root(cell);
    root.value ??= valueOf(root.type, this.#space.domains, this.#random);
    return root.value;
  }

  #inputs(): SimulatedInput[] {
    const { ir, counts } = this.#space;
    const out = this.#given.map(({ input, cells, at }): SimulatedInput => {
      const { role, name } = ir.collections.get(input)!;
      const row: Row = cells.map((cell) => this.#draw(cell));
      const count = counts[role] ?? 1;
      const root = this.#root(at);
      const own = Array.from({ length: count }, (_, i) => addressOf(role, i));
      const node = own.indexOf(String(root.value));
      const drawn = node < 0 ? this.#random.below(count) : node;
      if (root.value === undefined) root.value = own[drawn];
      return { role, node: drawn, collection: name, row };
    });
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.#random.below(i + 1);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }
}
