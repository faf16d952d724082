/** Bodies of rules in a role's flow: negations, gates and holds become relations. */
import type { CollectionId, Expr, Gate, Rule, SealRule, Term } from "../ir.ts";
import { Catalog } from "./catalog.ts";
import type { FlowHold, FlowLiteral, FlowRead, FlowRelation, Mode } from "./flow.ts";
import { ruleText, sealColumns, variable } from "./texts.ts";
import { valueTypes } from "./types.ts";
import { exprText, variablesOf } from "./walk.ts";
import { quoted } from "./writer.ts";

export class Bodies extends Catalog {
  readonly #closed = new Map<CollectionId, string>();

  protected body(rule: Rule | SealRule, mode: Mode, gates: readonly Gate[]): readonly FlowLiteral[] {
    const body = rule.body.map((literal): FlowLiteral => {
      if (literal.kind !== "read") return literal;
      const relation = this.relationOf(literal.collection);
      if (literal.negated) return this.#negated(relation, literal.collection, literal.terms, mode);
      const read: FlowRead = { kind: "read", negated: false, relation, terms: literal.terms as FlowRead["terms"] };
      return literal.hold === undefined ? read : this.hold(rule, read, literal.hold, literal.collection);
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
    const projection = this.share(`at ${relation.name} ${columns} ${storage}`, () => {
      const types = columns.map((column) => relation.types[column]);
      const name =
        columns.length === terms.length ? `${relation.name}_seen` : `${relation.name}_at_${columns.join("_")}`;
      const made = this.relation(
        name,
        types,
        storage,
        null,
        storage === "landing" ? (texts, isRecursive) => this.landing(null, texts, isRecursive, collection) : undefined,
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
        merges: null,
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
      const types = sealColumns(this.plan, collection).map((column) => collection.columns[column].type);
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
    if (mode === "passing") return [{ kind: "closed", name: this.#closedOf(source), key }];
    const needed = variablesOf(...key);
    const single = body.find(
      (literal) =>
        literal.kind === "read" &&
        !literal.negated &&
        [...needed].every((wanted) => literal.terms.some((term) => term.kind === "variable" && term.name === wanted)),
    );
    // The gate itself is not among what selects its keys.
    const from = single === undefined ? [...body] : [single];
    const closed = this.share(
      `gate ${source} ${exprText([key, from.map((literal) => (literal.kind === "read" ? [literal.relation.name, literal.negated, literal.terms] : literal))])}`,
      () => this.closedAmong(rule, source, key, from),
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

  /** The relation of the closed ones among the keys that `from` selects. `waiting`: groups, and which of their columns are the key. */
  protected closedAmong(
    rule: Rule | SealRule,
    source: CollectionId,
    key: readonly Expr[],
    from: readonly FlowLiteral[],
    waiting: { readonly groups: FlowRelation; readonly columns: readonly number[] } | null = null,
  ): FlowRelation {
    const { name } = this.ir.collections.get(source)!;
    const types = key.map((expr) => expr.type);
    const wanted = this.relation(`${rule.label}_wants_${name}`, types, "view", null);
    this.rules.push({
      name: `${rule.label}_wants_${name}`,
      source: null,
      file: rule.file,
      comment: `Partitions of ${name} that ${rule.label} waits for.`,
      mode: "counting",
      head: wanted,
      terms: key,
      offer: null,
      aggregate: null,
      merges: null,
      body: from,
    });
    const made = this.relation(`${rule.label}_closed_${name}`, types, "view", null);
    const gate = this.names.take(`${rule.label}_gate_${name}`);
    const groups = waiting === null ? "" : `, ${waiting.groups.name}, [${waiting.columns.join(", ")}]`;
    this.attachments.push(
      `const ${gate} = engine.gate(${quoted(ruleText(rule))}, ${this.#closedOf(source)}, ${wanted.name}, ${made.name}${groups});`,
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
  }

  /** The literal over those rows of `source` whose partitions are closed. */
  protected hold(rule: Rule | SealRule, literal: FlowRead, gate: Gate, source: CollectionId): FlowRead {
    const conditions = gate.conditions.map(({ source, key }) => ({ closed: this.#closedOf(source), key }));
    const wanted = `${rule.label}_${literal.relation.name}`;
    const released = this.relation(`${wanted}_released`, literal.relation.types, "passing", null);
    const name = this.names.take(`${wanted}_hold`);
    const hold: FlowHold = { name, rule, source: literal.relation, literal, conditions, released };
    const collection = this.ir.collections.get(source)!;
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
