/**
 * A role of an Ir, evaluated in the simplest way: every step computes everything anew from the tables, the events and
 * what was deferred. No logs and no gates. It says what emitted evaluators have to do.
 */
import { canonicalText, compareRows, compareValues } from "../../src/runtime/canonical.ts";
import { strata } from "../../src/compiler/2-lower/stratify.ts";
import type { AggregateCall, Collection, CollectionId, HeadTerm, Ir, Rule, Type } from "../../src/compiler/ir.ts";
import type { Environment, Evaluator, Row, StepInput, StepOutput, Value } from "../../src/runtime/program.ts";
import { Failed, evaluate, valuations } from "./expressions.ts";
import { joined } from "./lattices.ts";
import type { Bindings } from "./expressions.ts";

class Facts extends Map<string, Row> {
  put(row: Row): void {
    this.set(canonicalText(row), row);
  }

  rows(): Row[] {
    return [...this.values()].sort(compareRows);
  }
}

type Of = Parameters<typeof evaluate>[2];

const isGrowing = ({ columns }: Collection): boolean => columns.some(({ type }) => type.kind === "lattice");
const plainText = (columns: Collection["columns"], row: Row): string =>
  canonicalText(row.filter((_, i) => columns[i].type.kind !== "lattice"));

function variablesOf(exprs: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  JSON.stringify(exprs, (_, part: { kind?: string; name?: string } | null) => {
    if (part?.kind === "variable") names.add(part.name!);
    return part;
  });
  return names;
}

function typesOf(body: Rule["body"]): ReadonlyMap<string, Type> {
  const types = new Map<string, Type>();
  JSON.stringify(body, (_, part: { kind?: string; name?: string; type?: Type } | null) => {
    if (part?.kind === "variable" && part.type !== undefined) types.set(part.name!, part.type);
    return part;
  });
  return types;
}

const textOfAll = (bound: Bindings): string =>
  canonicalText([...bound].sort(([a], [b]) => (a < b ? -1 : 1)) as unknown as Value);

export class Interpreter implements Evaluator {
  readonly #ir: Ir;
  readonly #role: string;
  readonly #env: Environment;
  readonly #functions: Readonly<Record<string, Function>>;
  readonly #rules: readonly Rule[];
  readonly #passing: ReadonlySet<CollectionId>;
  #facts = new Map<CollectionId, Facts>();
  /** Of the last step. */
  #sent = new Map<string, Facts>();
  #valuations = new Map<string, Set<string>>();
  #deferred = new Map<string, Facts>();
  #inForce = new Map<string, Facts>();
  /** The step just taken had no events. */
  #isQuiet = true;
  #isStarted = false;

  constructor(ir: Ir, role: string, env: Environment, functions: Readonly<Record<string, Function>> = {}) {
    this.#ir = ir;
    this.#role = role;
    this.#env = env;
    this.#functions = functions;
    this.#rules = [...ir.rules.values()].filter((rule) => rule.role === role);
    this.#passing = this.#findPassing();
  }

  #findPassing(): Set<CollectionId> {
    const passing = new Set(
      [...this.#ir.collections.values()]
        .filter(({ kind }) => ["input", "channel", "timer", "scratch"].includes(kind))
        .map(({ id }) => id),
    );
    for (let size = -1; size !== passing.size;) {
      size = passing.size;
      for (const { head, body } of this.#rules) {
        if (
          !body.some((literal) => literal.kind === "read" && !literal.negated && passing.has(literal.collection)) &&
          this.#ir.collections.get(head.collection)!.kind === "scratch"
        )
          passing.delete(head.collection);
      }
    }
    return passing;
  }

  #isPassing(rule: Rule): boolean {
    return rule.body.some(
      (literal) => literal.kind === "read" && !literal.negated && this.#passing.has(literal.collection),
    );
  }

  #of(facts: Map<string, Facts>, id: string): Facts {
    let found = facts.get(id);
    if (found === undefined) facts.set(id, (found = new Facts()));
    return found;
  }

  #keyOf(collection: Collection): ((row: Row) => string) | null {
    const { keyLength, columns } = collection;
    return keyLength === null || keyLength === columns.length ? null : (row) => canonicalText(row.slice(0, keyLength));
  }

  /** One row for each key: that of `kept` if there is one, else the least; with lattice columns, all of the key joined. */
  #choose(collection: Collection, candidates: Facts, kept: Facts): Facts {
    if (isGrowing(collection)) return this.#join(collection, [...candidates.values()]);
    const key = this.#keyOf(collection);
    if (key === null) return candidates;
    const chosen = new Map<string, Row>();
    for (const row of candidates.rows()) if (!chosen.has(key(row))) chosen.set(key(row), row);
    for (const row of kept.rows()) chosen.set(key(row), row);
    const out = new Facts();
    for (const row of chosen.values()) out.put(row);
    return out;
  }

  #join({ columns }: Collection, rows: readonly Row[]): Facts {
    const joins = new Map<string, Row>();
    for (const row of rows) {
      const key = plainText(columns, row);
      const before = joins.get(key);
      joins.set(
        key,
        before === undefined
          ? row
          : row.map((value, i) => {
              const { type } = columns[i];
              return type.kind === "lattice" ? joined(type, before[i], value) : value;
            }),
      );
    }
    const out = new Facts();
    for (const row of joins.values()) out.put(row);
    return out;
  }

  /** What an update of this column looks at: the value as the last step left it. */
  #held({ id, columns }: Collection, column: number, key: readonly Value[]): Value | undefined {
    const plain = columns.flatMap(({ type }, i) => (type.kind === "lattice" ? [] : [i]));
    const text = canonicalText(plain.map((i) => key[i]));
    for (const row of this.#of(this.#facts, id).values()) if (plainText(columns, row) === text) return row[column];
    return undefined;
  }

  /** The terms of a head, the plain ones first. */
  #terms(collection: Collection, terms: readonly HeadTerm[], bound: Bindings, world: Of): Row {
    const row: Value[] = [];
    const shift = terms.length - collection.columns.length;
    const isPlain = (i: number): boolean => collection.columns[i - shift]?.type.kind !== "lattice";
    for (const plain of [true, false])
      terms.forEach((term, i) => {
        if (isPlain(i) !== plain) return;
        const current = (): Value | undefined => this.#held(collection, i - shift, row.slice(shift));
        row[i] = evaluate((term as Extract<HeadTerm, { kind: "value" }>).value, bound, { ...world, current });
      });
    return row;
  }

  #derive(rule: Rule, facts: Map<CollectionId, Facts>): { rows: Facts; valid: readonly Bindings[] } {
    const world = {
      self: this.#env.self,
      functions: this.#functions,
      rule: rule.id,
      rows: (literal: { collection: string }) => this.#of(facts, literal.collection).values(),
    };
    const collection = this.#ir.collections.get(rule.head.collection)!;
    const valid = valuations(rule.body, world);
    const rows = new Facts();
    const to = rule.head.to?.kind === "address" ? [{ kind: "value" as const, value: rule.head.to.value }] : [];
    const terms = [...to, ...rule.head.terms];
    const attempt = (make: () => void): void => {
      try {
        make();
      } catch (error) {
        if (!(error instanceof Failed)) throw error;
      }
    };
    const nats = [
      ...to.map(() => false),
      ...this.#ir.collections.get(rule.head.collection)!.columns.map(({ type }) => type.kind === "nat"),
    ];
    const put = (row: Row): void => {
      if (row.some((value, i) => nats[i] && (value as number) < 0)) throw new Failed("nat");
      rows.put(row);
    };
    if (rule.having.length === 0 && terms.every(({ kind }) => kind === "value")) {
      for (const bound of valid) attempt(() => put(this.#terms(collection, terms, bound, world)));
      return { rows, valid };
    }
    const groups = new Map<string, { key: Row; members: Bindings[] }>();
    for (const bound of valid) {
      attempt(() => {
        for (const term of terms)
          if (term.kind === "aggregate") for (const arg of term.call.args) evaluate(arg, bound, world);
        const key = terms.flatMap((term) => (term.kind === "value" ? [evaluate(term.value, bound, world)] : []));
        const text = canonicalText(key);
        const group = groups.get(text) ?? { key, members: [] };
        groups.set(text, group);
        group.members.push(bound);
      });
    }
    for (const { key, members } of groups.values()) {
      attempt(() => {
        const aggregate = (call: AggregateCall): Value =>
          aggregateOf(
            call,
            members.map((bound) => call.args.map((arg) => evaluate(arg, bound, world))),
            world.functions,
          );
        if (!rule.having.every((test) => evaluate(test, members[0], world, aggregate) === true)) return;
        let next = 0;
        put(
          terms.map((term, i) => {
            if (term.kind === "value") return key[next++];
            // Lifted into a lattice column.
            const of = collection.columns[i - to.length]?.type;
            const value = aggregate(term.call);
            return of?.kind === "lattice" && of.name === "lset" ? [value] : value;
          }),
        );
      });
    }
    return { rows, valid };
  }

  step(input: StepInput): StepOutput {
    const before = this.#facts;
    const facts = new Map<CollectionId, Facts>();
    const collections = [...this.#ir.collections.values()];
    this.#inForce = this.#deferred;
    this.#isQuiet = input.events.length === 0 && input.closed.length === 0;
    const incoming = new Map<CollectionId, Facts>();
    for (const collection of collections) {
      const { id, kind, role } = collection;
      if (kind === "nodes") for (const address of this.#env.nodes(role)) this.#of(facts, id).put([address]);
      if (role !== this.#role) continue;
      if (kind === "input" || kind === "channel" || kind === "timer") {
        const rows = new Facts();
        for (const event of input.events)
          if (event.collection === collection.name) for (const row of event.rows) rows.put(row);
        facts.set(id, this.#choose(collection, rows, new Facts()));
      }
      if (kind !== "table") continue;
      const { stored, inserted } = this.#apply(collection, this.#of(before, id), this.#deferred);
      facts.set(id, stored);
      incoming.set(id, inserted);
    }
    const written = new Set(strata(this.#ir, this.#role).flat());
    const settle = (id: CollectionId): void => {
      const collection = this.#ir.collections.get(id)!;
      const stored = this.#of(facts, id);
      if (isGrowing(collection)) {
        const all = this.#join(collection, [...stored.values(), ...incoming.get(id)!.values()]);
        stored.clear();
        for (const row of all.values()) stored.put(row);
      } else for (const row of this.#choose(collection, incoming.get(id)!, stored).values()) stored.put(row);
    };
    for (const { id, kind, role } of collections)
      if (
        role === this.#role &&
        kind === "table" &&
        (!written.has(id) || this.#keyOf(this.#ir.collections.get(id)!) === null)
      )
        settle(id);
    for (const { id, kind, role } of collections) {
      if (role !== this.#role || kind !== "scratch") continue;
      const due = this.#of(this.#deferred, `<+ ${id}`);
      const collection = this.#ir.collections.get(id)!;
      if (!written.has(id)) facts.set(id, this.#choose(collection, due, this.#keptOf(collection, due, before)));
    }
    const valid = new Map<string, Set<string>>();
    for (const stratum of strata(this.#ir, this.#role)) {
      for (let isStable = false; !isStable;) {
        isStable = true;
        const content = (): string => stratum.map((id) => [...this.#of(facts, id).keys()].sort().join()).join(";");
        const old = content();
        for (const id of stratum) {
          const collection = this.#ir.collections.get(id)!;
          const candidates = new Facts(collection.kind === "scratch" ? this.#of(this.#deferred, `<+ ${id}`) : []);
          for (const rule of this.#rules) {
            if (rule.op !== "<=" || rule.head.collection !== id) continue;
            const derived = this.#deriveNew(rule, collection, facts, valid);
            for (const row of derived.values()) candidates.put(row);
          }
          if (collection.kind === "table") {
            for (const row of candidates.values()) incoming.get(id)!.put(row);
            settle(id);
          } else facts.set(id, this.#choose(collection, candidates, this.#keptOf(collection, candidates, before)));
        }
        if (content() !== old) isStable = false;
      }
    }
    this.#valuations = valid;
    const deferred = new Map<string, Facts>();
    const sent = new Map<string, Facts>();
    for (const rule of this.#rules) {
      if (rule.op === "<=") continue;
      const { rows } = this.#derive(rule, facts);
      const into =
        rule.op === "<~"
          ? this.#of(sent, `${rule.head.to?.kind ?? "role"} ${rule.head.collection}`)
          : this.#of(deferred, `${rule.op} ${rule.head.collection}`);
      for (const row of rows.values()) into.put(row);
    }
    const output = this.#outputs(facts, before, sent);
    this.#facts = facts;
    this.#sent = sent;
    this.#deferred = deferred;
    this.#isStarted = true;
    return output;
  }

  #keptOf(collection: Collection, candidates: Facts, before: Map<CollectionId, Facts>): Facts {
    const kept = new Facts();
    if (this.#passing.has(collection.id)) return kept;
    for (const [text, row] of this.#of(before, collection.id)) if (candidates.has(text)) kept.set(text, row);
    return kept;
  }

  /** For tables: of rules over what persists only what valuations derive that are new. */
  #deriveNew(
    rule: Rule,
    collection: Collection,
    facts: Map<CollectionId, Facts>,
    valid: Map<string, Set<string>>,
  ): Facts {
    const isAggregate = rule.having.length > 0 || rule.head.terms.some(({ kind }) => kind === "aggregate");
    const derived = this.#derive(rule, facts);
    if (collection.kind !== "table" || this.#isPassing(rule)) return derived.rows;
    const last = this.#valuations.get(rule.id) ?? new Set<string>();
    if (isAggregate) {
      // The results are a view; what becomes true there is inserted.
      valid.set(rule.id, new Set(derived.rows.keys()));
      return new Facts([...derived.rows].filter(([text]) => !last.has(text)));
    }
    // What holds is told apart by its plain values, and by the lattice values that the head shows.
    const shown = variablesOf(rule.head.terms.map((term) => (term.kind === "value" ? term.value : null)));
    const types = typesOf(rule.body);
    const textOf = (bound: Bindings): string =>
      textOfAll(new Map([...bound].filter(([name]) => types.get(name)?.kind !== "lattice" || shown.has(name))));
    valid.set(rule.id, new Set(derived.valid.map(textOf)));
    const rows = new Facts();
    const world = { self: this.#env.self, functions: this.#functions, rule: rule.id, rows: () => [] };
    for (const bound of derived.valid) {
      if (last.has(textOf(bound))) continue;
      try {
        const row = this.#terms(collection, rule.head.terms, bound, world);
        if (derived.rows.has(canonicalText(row))) rows.put(row);
      } catch (error) {
        if (!(error instanceof Failed)) throw error;
      }
    }
    return rows;
  }

  /** Deletions, removals of upserts; and what is to be inserted. */
  #apply(collection: Collection, old: Facts, deferred: Map<string, Facts>): { stored: Facts; inserted: Facts } {
    const { id } = collection;
    const key = isGrowing(collection)
      ? (row: Row) => plainText(collection.columns, row)
      : (this.#keyOf(collection) ?? ((row: Row) => canonicalText(row)));
    const deleted = this.#of(deferred, `<- ${id}`);
    const upserted = this.#of(deferred, `<+- ${id}`);
    const keys = new Set([...upserted.values()].map(key));
    const inserted = new Facts([...this.#of(deferred, `<+ ${id}`), ...upserted]);
    const stored = new Facts([...old].filter(([text, row]) => !deleted.has(text) && !keys.has(key(row))));
    return { stored, inserted };
  }

  #outputs(facts: Map<CollectionId, Facts>, before: Map<CollectionId, Facts>, sent: Map<string, Facts>): StepOutput {
    const outputs: { collection: string; retract: boolean; rows: readonly Row[] }[] = [];
    for (const { id, kind, name, role, level } of this.#ir.collections.values()) {
      if (role !== this.#role || kind !== "output") continue;
      const now = this.#of(facts, id);
      const then = this.#of(before, id);
      if (level === "eventual" || level === "any") {
        const lost = new Facts([...then].filter(([text]) => !now.has(text))).rows();
        if (lost.length > 0) outputs.push({ collection: name, retract: true, rows: lost });
      }
      const rows = new Facts([...now].filter(([text]) => !then.has(text))).rows();
      if (rows.length > 0) outputs.push({ collection: name, retract: false, rows });
    }
    const sends: { target: string; to: string | null; rows: readonly Row[] }[] = [];
    for (const [key, now] of sent) {
      const [kind, target] = key.split(" ");
      const then = this.#of(this.#sent, key);
      const byAddress = new Map<string | null, Row[]>();
      for (const [text, row] of now) {
        if (then.has(text)) continue;
        const to = kind === "address" ? (row[0] as string) : kind === "all" ? "*" : null;
        byAddress.set(to, [...(byAddress.get(to) ?? []), kind === "address" ? row.slice(1) : row]);
      }
      for (const [to, rows] of byAddress) sends.push({ target, to, rows: rows.sort(compareRows) });
    }
    return { sends, outputs, seals: [] };
  }

  pending(): readonly (string | null)[] {
    if (!this.#isStarted) {
      const alone = this.#rules.some(
        ({ body }) =>
          body.some(
            (literal) => literal.kind === "read" && this.#ir.collections.get(literal.collection)!.kind === "nodes",
          ) || !body.some((literal) => literal.kind === "read" && !literal.negated),
      );
      return alone ? [null] : [];
    }
    for (const collection of this.#ir.collections.values()) {
      const { id, kind, role } = collection;
      if (role !== this.#role) continue;
      if (kind === "scratch") {
        const next = this.#of(this.#deferred, `<+ ${id}`);
        const now = this.#of(this.#inForce, `<+ ${id}`);
        const isSame = next.size === now.size && [...next.keys()].every((text) => now.has(text));
        const isPassing = this.#passing.has(id);
        // The same again is a fixed point only where no event took part that is gone in the next step.
        if (isPassing ? next.size > 0 && !(isSame && this.#isQuiet) : !isSame) return [null];
      }
      if (kind === "table") {
        const old = this.#of(this.#facts, id);
        const { stored, inserted } = this.#apply(collection, old, this.#deferred);
        if (isGrowing(collection)) {
          const all = this.#join(collection, [...stored.values(), ...inserted.values()]);
          stored.clear();
          for (const row of all.values()) stored.put(row);
        } else for (const row of this.#choose(collection, inserted, stored).values()) stored.put(row);
        if (stored.size !== old.size || [...stored.keys()].some((text) => !old.has(text))) return [null];
      }
    }
    return [];
  }

  read(collection: string): readonly Row[] {
    return this.#of(this.#facts, `${this.#role}.${collection}`).rows();
  }

  held(): [] {
    return [];
  }
}

function aggregateOf(call: AggregateCall, args: readonly Row[], functions: Readonly<Record<string, Function>>): Value {
  if (typeof call.name !== "string") {
    const rows = [...args].sort(compareRows);
    let result: Value;
    try {
      result = functions[call.name.imported](call.args.length === 1 ? rows.map(([value]) => value) : rows) as Value;
    } catch {
      throw new Failed(call.name.imported);
    }
    // The generated programs import aggregates of ints only.
    if (!Number.isSafeInteger(result)) throw new Failed(call.name.imported);
    return result;
  }
  const values = args.map(([value]) => value);
  const sorted = [...values].sort(compareValues);
  const best = (sign: number): Value =>
    [...args].sort((a, b) => sign * compareValues(a[1], b[1]) || compareValues(a[0], b[0]))[0][0];
  switch (call.name) {
    case "count":
      return call.distinct ? new Set(values.map(canonicalText)).size : args.length;
    case "sum": {
      // The generated programs keep to numbers that add up exactly.
      const sum = (values as number[]).reduce((a, b) => a + b, 0);
      if (call.args[0].type.kind !== "float" && !Number.isSafeInteger(sum)) throw new Failed("sum");
      return sum;
    }
    case "avg":
      return (values as number[]).reduce((a, b) => a + b, 0) / values.length;
    case "min":
    case "choose":
      return sorted[0];
    case "max":
      return sorted[sorted.length - 1];
    case "argmin":
      return best(1);
    case "argmax":
      return best(-1);
    case "collect":
      return sorted;
  }
}
