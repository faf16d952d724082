/** From a role's rules to its flow: see flow.ts. */
import { positionOf } from "../diagnostics/lines.ts";
import type { Collection, CollectionId, Expr, Gate, HeadTerm, Ir, Literal, Rule, SealRule, Term, Type } from "../ir.ts";
import type { RuleId } from "../ir.ts";
import type { Plan } from "../plan.ts";
import { aggregated } from "./aggregates.ts";
import type { Flow, FlowHold, FlowLiteral, FlowRead, FlowRelation, FlowRule, Mode, Operator, Storage } from "./flow.ts";
import { Names } from "./names.ts";
import { passingCollections } from "./passing.ts";
import { valueTypes } from "./types.ts";
import { exprText, variablesOf } from "./walk.ts";
import { commentText, quoted } from "./writer.ts";

export const addr: Type = { kind: "addr" };

/** `poor#1 (ads.dlc:16)`: how faults name a rule. */
export function ruleText(rule: Pick<Rule, "label" | "file" | "span">): string {
  return `${rule.label} (${rule.file.path}:${positionOf(rule.file, rule.span.start).line})`;
}

/** `ads.dlc:16  poor(c, i, count()) <= …;` */
export function sourceText(rule: Pick<Rule, "file" | "span">): string {
  const text = rule.file.text.slice(rule.span.start, rule.span.end).replace(/\s*\n\s*/g, " ");
  return commentText(`${rule.file.path}:${positionOf(rule.file, rule.span.start).line}  ${text}`);
}

export const variable = (name: string, type: Type): Extract<Expr, { kind: "variable" }> => ({
  kind: "variable",
  name,
  type,
  span: { start: 0, end: 0 },
});

interface HeadPlace {
  readonly relation: FlowRelation;
  readonly offer: FlowRule["offer"];
}

export class Normalizer {
  readonly names: Names;
  readonly relations: FlowRelation[] = [];
  readonly rules: FlowRule[] = [];
  readonly operators: Operator[] = [];
  readonly attachments: string[] = [];
  readonly ir: Ir;
  readonly role: string;
  readonly #plan: Pick<Plan, "sealed">;
  readonly #clocks: ReadonlyMap<RuleId, string>;
  /** The log of which a collection is a function, if it is. */
  readonly #places: Plan["residual"]["inference"]["places"];
  readonly #passing: ReadonlySet<CollectionId>;
  readonly #ofCollection = new Map<CollectionId, FlowRelation>();
  /** Where rules put the facts of a collection, where that is another relation (keys). */
  readonly #intake = new Map<CollectionId, HeadPlace>();
  readonly #shared = new Map<string, FlowRelation>();
  readonly #deferredInto = new Map<
    CollectionId,
    { op: string; relation: FlowRelation; log: string | null; rule: number }[]
  >();
  readonly #writers = new Map<CollectionId, Rule[]>();
  readonly #closed = new Map<CollectionId, string>();

  constructor(plan: Pick<Plan, "coordinated" | "sealed" | "clocks" | "residual">, role: string, names: Names) {
    const { coordinated: ir, clocks } = plan;
    this.#places = plan.residual.inference.places;
    this.#plan = plan;
    this.ir = ir;
    this.role = role;
    this.names = names;
    this.#clocks = clocks;
    const own = [...ir.rules.values()].filter((rule) => rule.role === role);
    for (const rule of own) {
      const writers = this.#writers.get(rule.head.collection);
      if (writers === undefined) this.#writers.set(rule.head.collection, [rule]);
      else writers.push(rule);
    }
    this.#passing = passingCollections(ir, role);
    for (const collection of ir.collections.values()) {
      if (
        collection.role === role &&
        (collection.kind === "table" || collection.kind === "scratch" || collection.kind === "output")
      ) {
        this.relationOf(collection.id);
      }
    }
    for (const rule of own) this.#rule(rule);
    for (const seal of ir.seals) if (seal.role === role) this.#seal(seal);
    for (const [id, deferred] of this.#deferredInto) this.#deferral(id, deferred);
  }

  flow(): Flow {
    const { role, relations, rules, operators, attachments } = this;
    return { role, relations, rules, operators, attachments };
  }

  // --- relations

  relation(
    wanted: string,
    types: readonly Type[],
    storage: Storage,
    comment: string | null,
    declaration?: (types: string, isRecursive: boolean) => string,
  ): FlowRelation {
    const texts = valueTypes(types);
    const made: FlowRelation = {
      name: this.names.take(wanted),
      types,
      storage,
      comment,
      indexes: new Map(),
      declaration: (isRecursive) =>
        declaration?.(texts, isRecursive) ??
        `engine.${storage === "landing" && isRecursive ? "recursiveLanding" : storage}(null, ${texts})`,
    };
    this.relations.push(made);
    return made;
  }

  /** What rules read of a collection. */
  relationOf(id: CollectionId): FlowRelation {
    const known = this.#ofCollection.get(id);
    if (known !== undefined) return known;
    const collection = this.ir.collections.get(id)!;
    const made = this.#collection(collection);
    this.#ofCollection.set(id, made);
    return made;
  }

  #collection(collection: Collection): FlowRelation {
    const { name, kind, id, keyLength } = collection;
    const types = collection.columns.map((column) => column.type);
    const isKeyed = keyLength !== null && keyLength < types.length;
    const comment = collectionText(collection);
    const key = `{ name: ${quoted(name)}, keyLength: ${keyLength}, rules: [${(this.#writers.get(id) ?? []).map((rule) => quoted(ruleText(rule))).join(", ")}] }`;
    switch (kind) {
      case "nodes":
        return this.relation(
          `${collection.role}_nodes`,
          types,
          "view",
          null,
          () => `engine.nodes(${quoted(collection.role)})`,
        );
      case "input":
      case "channel":
      case "timer":
        return this.relation(name, types, "passing", comment, (texts) =>
          isKeyed ? `engine.keyedEvent(${key}, ${texts})` : `engine.event(${quoted(name)}, ${texts})`,
        );
      case "table": {
        const table = this.relation(
          name,
          types,
          "table",
          comment,
          (texts) => `engine.table(${quoted(name)}, ${texts})`,
        );
        if (!isKeyed) return table;
        const incoming = this.relation(`${name}_new`, types, "passing", null);
        const keys = this.names.take(`${name}_keys`);
        this.attachments.push(
          `const ${keys} = engine.keyedTable(${key}, ${table.name}, ${incoming.name}, ${valueTypes(types)});`,
        );
        this.#intake.set(id, { relation: incoming, offer: { name: keys, rule: 0 } });
        this.operators.push({
          target: table,
          reads: [incoming],
          kind: "settle",
          call: `${keys}.settle();`,
          when: `${incoming.name}.size > 0`,
          aggregate: null,
          hold: null,
        });
        return table;
      }
      default: {
        const storage = kind === "output" ? "landing" : this.#scratchStorage(id);
        const declare = (texts: string, isRecursive: boolean): string =>
          kind === "output"
            ? `engine.output(${quoted(name)}, ${texts}, ${collection.level === "eventual" || collection.level === "any"})`
            : storage === "landing"
              ? this.#landing(name, texts, isRecursive, id)
              : `engine.${storage}(${quoted(name)}, ${texts})`;
        const relation = this.relation(name, types, storage, comment, declare);
        if (!isKeyed) return relation;
        const all = this.relation(
          `${name}_all`,
          types,
          kind === "output" ? this.#scratchStorage(id, false) : storage,
          null,
        );
        const keying = this.names.take(`${name}_keys`);
        this.attachments.push(
          `const ${keying} = engine.keying(${key}, ${all.name}, ${relation.name}, ${valueTypes(types)});`,
        );
        this.#intake.set(id, { relation: all, offer: null });
        this.operators.push({
          target: relation,
          reads: [all],
          kind: "keying",
          call: `${keying}.run();`,
          when: `${all.name}.touchedLength > 0`,
          aggregate: null,
          hold: null,
        });
        return relation;
      }
    }
  }

  /** Facts of a log's events stand still in steps of other clocks (semantics A11). */
  #landing(name: string | null, types: string, isRecursive: boolean, id: CollectionId): string {
    const called = name === null ? "null" : quoted(name);
    const log = this.#places.get(id)?.log ?? null;
    const [falls, stands] = isRecursive ? ["recursiveLanding", "recursiveStanding"] : ["landing", "standing"];
    return log === null
      ? `engine.${falls}(${called}, ${types})`
      : `engine.${stands}(${called}, ${types}, ${quoted(log)})`;
  }

  #scratchStorage(id: CollectionId, mayPass = true): Storage {
    if (mayPass && this.#passing.has(id)) return "passing";
    const hasPassing = (this.#writers.get(id) ?? []).some(
      (rule) => rule.op === "<=" && this.#modeOf(rule.body, true) === "passing",
    );
    return hasPassing ? "landing" : "view";
  }

  /** `counts`: the head has supports; otherwise it takes what is new. */
  #modeOf(body: readonly Literal[], counts: boolean): Mode {
    if (
      body.some(
        (literal) =>
          literal.kind === "read" &&
          !literal.negated &&
          (literal.hold !== undefined || this.#passing.has(literal.collection)),
      )
    )
      return "passing";
    return counts ? "counting" : "inserting";
  }

  /** A relation that several rules can use. */
  #share(key: string, make: () => FlowRelation): FlowRelation {
    let shared = this.#shared.get(key);
    if (shared === undefined) this.#shared.set(key, (shared = make()));
    return shared;
  }

  // --- rules

  #rule(rule: Rule): void {
    const collection = this.ir.collections.get(rule.head.collection)!;
    const mode = this.#modeOf(rule.body, true);
    const { to } = rule.head;
    const address: HeadTerm[] = to?.kind === "address" ? [{ kind: "value", value: to.value }] : [];
    const terms = [...address, ...rule.head.terms];
    const body = this.#body(rule, mode, rule.gates ?? []);
    if (rule.having.length === 0 && terms.every((term) => term.kind === "value")) {
      this.#derive(
        rule,
        collection,
        mode,
        terms.map((term) => (term as Extract<HeadTerm, { kind: "value" }>).value),
        body,
        sourceText(rule),
      );
      return;
    }
    const isSole =
      rule.op === "<=" &&
      collection.kind === "scratch" &&
      this.#writers.get(collection.id)!.length === 1 &&
      !this.#intake.has(collection.id);
    const columns = collection.columns.map((column) => column.type);
    const types = address.length > 0 ? [addr, ...columns] : columns;
    const result = isSole
      ? this.relationOf(collection.id)
      : this.relation(`${rule.label}_results`, types, mode === "passing" ? "passing" : "view", null);
    aggregated(this, rule, mode, terms, body, result);
    if (isSole) return;
    const row = types.map((type, i) => variable(`v${i}`, type));
    this.#derive(
      rule,
      collection,
      mode,
      row,
      [{ kind: "read", negated: false, relation: result, terms: row }],
      `${sourceText(rule)}\nIts results.`,
    );
  }

  #derive(
    rule: Rule,
    collection: Collection,
    mode: Mode,
    terms: readonly Expr[],
    body: readonly FlowLiteral[],
    comment: string,
  ): void {
    const { relation, offer } = this.#head(rule, collection, mode);
    const takesNew = relation.storage === "table" || offer !== null;
    this.rules.push({
      name: rule.label,
      source: rule,
      comment,
      mode: mode === "counting" && takesNew ? "inserting" : mode,
      head: relation,
      terms,
      offer,
      aggregate: null,
      body,
    });
  }

  #head(rule: Rule, collection: Collection, mode: Mode): HeadPlace {
    const { id } = collection;
    switch (rule.op) {
      case "<=": {
        const relation = this.relationOf(id);
        const intake = this.#intake.get(id);
        if (intake === undefined) return { relation, offer: null };
        const number = this.#writers.get(id)!.indexOf(rule);
        return { relation: intake.relation, offer: intake.offer && { ...intake.offer, rule: number } };
      }
      case "<~":
        return { relation: this.#sends(rule, collection), offer: null };
      default:
        return { relation: this.#deferred(rule, collection, mode), offer: null };
    }
  }

  #sends(rule: Rule, collection: Collection): FlowRelation {
    const to = rule.head.to?.kind ?? "role";
    const columns = collection.columns.map((column) => column.type);
    const types = to === "address" ? [addr, ...columns] : columns;
    return this.#share(`sends ${to} ${collection.id}`, () =>
      this.relation(
        `${collection.id}_sends`,
        types,
        "landing",
        `what is sent to ${collection.id}${to === "address" ? ", with the address" : to === "all" ? " of every instance" : ""}`,
        (texts) => `engine.sends(${quoted(collection.id)}, ${quoted(to)}, ${texts})`,
      ),
    );
  }

  /** Where the facts of a `<+`, `<-` or `<+-` rule go. */
  #deferred(rule: Rule, collection: Collection, mode: Mode): FlowRelation {
    const { id, name } = collection;
    const log = this.#clocks.get(rule.id) ?? null;
    const types = collection.columns.map((column) => column.type);
    const target = this.relationOf(id);
    return this.#share(`deferred ${rule.op} ${log} ${id}`, () => {
      const words = { "<+": "next", "<-": "deleted", "<+-": "upserted" } as Record<string, string>;
      const isPassing = mode === "passing" && this.#passing.has(id);
      const relation = this.relation(
        `${name}_${words[rule.op]}`,
        types,
        isPassing ? "queue" : "deferred",
        `${rule.op} ${name}: in force from the next step${log === null ? "" : ` of ${log}`} on`,
      );
      if (collection.kind === "table") {
        let into = this.#deferredInto.get(id);
        if (into === undefined) this.#deferredInto.set(id, (into = []));
        into.push({ op: rule.op, relation, log, rule: this.#writers.get(id)!.indexOf(rule) });
        return relation;
      }
      const due = this.relation(`${name}_due`, types, isPassing ? "passing" : "view", null);
      this.attachments.push(`engine.delay(${relation.name}, ${due.name}, ${log === null ? "null" : quoted(log)});`);
      const row = types.map((type, i) => variable(`v${i}`, type));
      this.rules.push({
        name: `${name}_due`,
        source: null,
        comment: `What was deferred into ${name}.`,
        mode: isPassing ? "passing" : "counting",
        head: this.#intake.get(id)?.relation ?? target,
        terms: row,
        offer: null,
        aggregate: null,
        body: [{ kind: "read", negated: false, relation: due, terms: row }],
      });
      return relation;
    });
  }

  #deferral(
    id: CollectionId,
    deferred: readonly { op: string; relation: FlowRelation; log: string | null; rule: number }[],
  ): void {
    const table = this.relationOf(id);
    const intake = this.#intake.get(id);
    const keyLength = intake === undefined ? table.types.length : this.ir.collections.get(id)!.keyLength!;
    const parts = deferred.map(
      ({ op, relation, log, rule }) =>
        `{ op: ${quoted(op)}, relation: ${relation.name}, log: ${log === null ? "null" : quoted(log)}, rule: ${rule} }`,
    );
    this.attachments.push(
      `engine.deferInto(${table.name}, ${valueTypes(table.types)}, ${intake?.offer?.name ?? "null"}, ${keyLength}, [${parts.join(", ")}]);`,
    );
  }

  #seal(seal: SealRule): void {
    const target = this.ir.collections.get(seal.target)!;
    const types = sealColumns(this.#plan, target).map((column) => target.columns[column].type);
    const head = this.#share(`seals ${seal.target}`, () =>
      this.relation(
        `${seal.target}_seals`,
        types,
        "landing",
        `partitions of ${seal.target} that rules seal`,
        (texts) => `engine.seals(${quoted(seal.target)}, ${texts})`,
      ),
    );
    const mode = this.#modeOf(seal.body, true);
    this.rules.push({
      name: seal.label,
      source: seal,
      comment: sourceText(seal),
      mode,
      head,
      terms: seal.key,
      offer: null,
      aggregate: null,
      body: this.#body(seal, mode, []),
    });
  }

  // --- bodies

  #body(rule: Rule | SealRule, mode: Mode, gates: readonly Gate[]): readonly FlowLiteral[] {
    const body = rule.body.map((literal, i): FlowLiteral => {
      if (literal.kind !== "read") return literal;
      const relation = this.relationOf(literal.collection);
      if (literal.negated) return this.#negated(relation, literal.collection, literal.terms, mode);
      const read: FlowRead = { kind: "read", negated: false, relation, terms: literal.terms as FlowRead["terms"] };
      return literal.hold === undefined ? read : this.#hold(rule, read, literal.hold, i);
    });
    for (const { conditions } of gates)
      for (const { source, key } of conditions) body.push(...this.#gate(rule, mode, source, key, body));
    return body;
  }

  /** `not r(x, _)` becomes `not r_at_0(x)`, so that its changes are exact. */
  #negated(relation: FlowRelation, collection: CollectionId, terms: readonly Term[], mode: Mode): FlowRead {
    const columns = terms.flatMap((term, i) => (term === null ? [] : [i]));
    const bound = columns.map((column) => terms[column]!);
    const mustLast = relation.storage === "passing" && mode !== "passing";
    if (columns.length === terms.length && !mustLast) return { kind: "read", negated: true, relation, terms: bound };
    const storage = mustLast ? "landing" : relation.storage === "passing" ? "passing" : "view";
    const projection = this.#share(`at ${relation.name} ${columns} ${storage}`, () => {
      const types = columns.map((column) => relation.types[column]);
      const name =
        columns.length === terms.length ? `${relation.name}_seen` : `${relation.name}_at_${columns.join("_")}`;
      const made = this.relation(
        name,
        types,
        storage,
        null,
        storage === "landing" ? (texts, isRecursive) => this.#landing(null, texts, isRecursive, collection) : undefined,
      );
      const row = relation.types.map((type, i) => variable(`v${i}`, type));
      this.rules.push({
        name,
        source: null,
        comment: `What \`not ${relation.name}(…)\` asks for.`,
        mode: relation.storage === "passing" ? "passing" : "counting",
        head: made,
        terms: columns.map((column) => row[column]),
        offer: null,
        aggregate: null,
        body: [{ kind: "read", negated: false, relation, terms: row }],
      });
      return made;
    });
    return { kind: "read", negated: true, relation: projection, terms: bound };
  }

  /** Identifier of the engine's `Closed` of a sealed collection. */
  #closedOf(source: CollectionId): string {
    let name = this.#closed.get(source);
    if (name === undefined) {
      const collection = this.ir.collections.get(source)!;
      const types = sealColumns(this.#plan, collection).map((column) => collection.columns[column].type);
      this.#closed.set(source, (name = this.names.take(`${collection.name}_closed`)));
      this.attachments.push(`const ${name} = engine.closed(${quoted(collection.name)}, ${valueTypes(types)});`);
    }
    return name;
  }

  /** A gate is one more literal: for rules over what persists, a relation of the closed ones among the keys that the body selects. */
  #gate(
    rule: Rule | SealRule,
    mode: Mode,
    source: CollectionId,
    key: readonly Expr[],
    body: readonly FlowLiteral[],
  ): readonly FlowLiteral[] {
    const of = this.#closedOf(source);
    if (mode === "passing") return [{ kind: "closed", name: of, key }];
    const name = this.ir.collections.get(source)!.name;
    const types = key.map((expr) => expr.type);
    const needed = variablesOf(...key);
    const single = body.find(
      (literal) =>
        literal.kind === "read" &&
        !literal.negated &&
        [...needed].every((wanted) => literal.terms.some((term) => term.kind === "variable" && term.name === wanted)),
    );
    const from = single === undefined ? body : [single];
    const closed = this.#share(
      `gate ${source} ${exprText([key, from.map((literal) => (literal.kind === "read" ? [literal.relation.name, literal.negated, literal.terms] : literal))])}`,
      () => {
        const wanted = this.relation(`${rule.label}_wants_${name}`, types, "view", null);
        this.rules.push({
          name: `${rule.label}_wants_${name}`,
          source: null,
          comment: `Partitions of ${name} that ${rule.label} waits for.`,
          mode: "counting",
          head: wanted,
          terms: key,
          offer: null,
          aggregate: null,
          body: from,
        });
        const made = this.relation(`${rule.label}_closed_${name}`, types, "view", null);
        const gate = this.names.take(`${rule.label}_gate_${name}`);
        this.attachments.push(
          `const ${gate} = engine.gate(${quoted(ruleText(rule))}, ${of}, ${wanted.name}, ${made.name});`,
        );
        this.operators.push({
          target: made,
          reads: [wanted],
          kind: "gate",
          call: `${gate}.run();`,
          when: null,
          aggregate: null,
          hold: null,
        });
        return made;
      },
    );
    const binds: FlowLiteral[] = [];
    const terms = key.map((expr, i) => {
      if (expr.kind === "variable" || expr.kind === "literal" || expr.kind === "self") return expr;
      const named = variable(`${closed.name}_${i}`, expr.type);
      binds.push({ kind: "bind", variable: named.name, type: expr.type, value: expr, span: expr.span });
      return named;
    });
    return [...binds, { kind: "read", negated: false, relation: closed, terms }];
  }

  #hold(rule: Rule | SealRule, literal: FlowRead, gate: Gate, index: number): FlowRead {
    const conditions = gate.conditions.map(({ source, key }) => ({ closed: this.#closedOf(source), key }));
    const wanted = `${rule.label}_${literal.relation.name}`;
    const released = this.relation(`${wanted}_released`, literal.relation.types, "passing", null);
    const name = this.names.take(`${wanted}_hold`);
    const hold: FlowHold = { name, rule, source: literal.relation, literal, conditions, released };
    const collection = this.ir.collections.get((rule.body[index] as { collection: CollectionId }).collection)!;
    this.attachments.push(
      `const ${name} = engine.hold(${quoted(ruleText(rule))}, ${quoted(collection.name)}, ${valueTypes(literal.relation.types)}, [${conditions.map(({ closed, key }) => `{ of: ${closed}, columns: ${keyColumns(literal, key)} }`).join(", ")}]);`,
    );
    this.operators.push({
      target: released,
      reads: [literal.relation],
      kind: "hold",
      call: `${name}_pass();`,
      when: `${literal.relation.name}.size > 0 || ${name}.isOpening`,
      aggregate: null,
      hold,
    });
    return { ...literal, relation: released };
  }
}

/** In which columns of the literal's rows the key stands; null where it is computed. */
function keyColumns({ terms }: FlowRead, key: readonly Expr[]): string {
  const columns = key.map((expr) =>
    expr.kind === "variable" ? terms.findIndex((term) => term.kind === "variable" && term.name === expr.name) : -1,
  );
  return columns.includes(-1) ? "null" : JSON.stringify(columns);
}

/** The seal key of a sealed collection, as column indices: as planned, or as promised. */
export function sealColumns(plan: Pick<Plan, "sealed">, { id, sealed }: Collection): readonly number[] {
  const key = plan.sealed.find((one) => one.collection === id)?.key ?? sealed?.columns;
  if (key === undefined) throw new Error(`${id} is not sealed`);
  return key;
}

/** `table clicks(campaign: string, id: string)`, as declared. */
export function collectionText(collection: Collection): string {
  return commentText(collection.file.text.slice(collection.span.start, collection.span.end).replace(/\s*\n\s*/g, " "));
}
