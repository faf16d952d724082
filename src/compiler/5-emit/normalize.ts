/** From a role's rules to its flow: see flow.ts. */
import type { Collection, CollectionId, Expr, Gate, HeadTerm, LatticeType, Rule, SealRule, Type } from "../ir.ts";
import { aggregated } from "./aggregates.ts";
import { Components } from "./components.ts";
import type { HeadPlace, Planned } from "./catalog.ts";
import { latticeReads } from "../../lattices/growth.ts";
import type { Flow, FlowLiteral, FlowRead, FlowRelation, FlowRule, Mode } from "./flow.ts";
import type { Names } from "./names.ts";
import { addr, sealColumns, sourceText, variable } from "./texts.ts";
import { boundBy, latticesOf, rangedOver } from "./growing.ts";
import { aggregatesOf, variablesOf } from "./walk.ts";
import { quoted } from "./writer.ts";

export function flowOf(plan: Planned, role: string, names: Names): Flow {
  const { relations, rules, operators, attachments, imports } = new Normalizer(plan, role, names);
  const isRevealed = ({ source }: FlowRule, literal: number): boolean => {
    if (source === null || !("head" in source)) return source !== null;
    const { columns } = plan.coordinated.collections.get(source.head.collection)!;
    return latticeReads(source, plan.coordinated.functions, (i) => columns[i].type.kind === "lattice").revealed.has(
      literal,
    );
  };
  return { role, relations, rules, operators, attachments, imports, isRevealed };
}

class Normalizer extends Components {
  readonly #deferredInto = new Map<
    CollectionId,
    { op: string; relation: FlowRelation; log: string | null; rule: number }[]
  >();

  constructor(plan: Planned, role: string, names: Names) {
    super(plan, role, names);
    const { ir } = this;
    for (const { id, role: of, kind } of ir.collections.values()) {
      if (of === role && (kind === "table" || kind === "scratch" || kind === "output")) this.relationOf(id);
    }
    const external = ir.externals.get(role);
    if (external?.kind === "component") this.component(external);
    for (const rule of ir.rules.values()) if (rule.role === role && rule.path === undefined) this.#rule(rule);
    for (const seal of ir.seals) if (seal.role === role) this.#seal(seal);
    for (const [id, deferred] of this.#deferredInto) this.#deferral(id, deferred);
  }

  #rule(rule: Rule): void {
    const collection = this.ir.collections.get(rule.head.collection)!;
    const mode = this.modeOf(rule.body, true);
    const { to } = rule.head;
    const address: HeadTerm[] = to?.kind === "address" ? [{ kind: "value", value: to.value }] : [];
    const terms = [...address, ...rule.head.terms];
    const waiting = mode === "counting" ? waitingGroups(rule) : null;
    const body = this.body(rule, mode, waiting === null ? (rule.gates ?? []) : []);
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
      this.writers.get(collection.id)!.length === 1 &&
      !this.intake.has(collection.id);
    const columns = collection.columns.map((column) => column.type);
    const heads = address.length > 0 ? [addr, ...columns] : columns;
    // What an aggregate gives for a lattice column is lifted when it is derived.
    const types = heads.map((of, i) => {
      const term = terms[i];
      return term.kind === "aggregate" && of.kind === "lattice" ? term.call.type : of;
    });
    const result = isSole
      ? this.relationOf(collection.id)
      : this.relation(`${rule.label}_results`, types, mode === "passing" ? "passing" : "view", null);
    const gate =
      waiting === null
        ? null
        : {
            key: waiting.key,
            closedAmong: (groups: FlowRead, columns: readonly number[]) =>
              this.closedAmong(rule, waiting.source, waiting.key, [groups], { groups: groups.relation, columns }),
          };
    aggregated(this, rule, mode, terms, body, result, gate);
    if (isSole) return;
    const row = types.map((type, i) => variable(`v${i}`, type));
    this.#derive(
      rule,
      collection,
      mode,
      row.map((value, i) => (types[i] === heads[i] ? value : lifted(value, heads[i] as LatticeType))),
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
    if (takesNew && mode === "counting") body = this.#whatHolds(rule, body, terms);
    this.rules.push({
      name: rule.label,
      source: rule,
      comment,
      mode: mode === "counting" && takesNew ? "inserting" : mode,
      head: relation,
      terms,
      offer,
      aggregate: null,
      merges: this.merged.get(collection.id) ?? null,
      body,
    });
  }

  /**
   * A table takes a fact when its body becomes true, and a body does not become true again because a lattice value in it
   * grows that the head does not show: what holds, whatever such values are, is then a view of its own.
   */
  #whatHolds(rule: Rule, body: readonly FlowLiteral[], terms: readonly Expr[]): readonly FlowLiteral[] {
    const shown = variablesOf(...terms);
    const growing = body.flatMap((literal, i) =>
      literal.kind === "read" && !literal.negated && literal.relation.joins !== null ? [i] : [],
    );
    const hides = growing.filter((i) => latticesOf(body[i] as FlowRead).some((name) => !shown.has(name)));
    if (hides.every((i) => rangedOver(body, terms, i) !== null)) return body;
    const types = new Map<string, Type>();
    for (const [name, type] of boundBy(body)) if (type.kind !== "lattice" || shown.has(name)) types.set(name, type);
    const row = [...types].map(([name, type]) => variable(name, type));
    const holds = this.relation(
      `${rule.label}_holds`,
      row.map(({ type }) => type),
      "view",
      null,
    );
    this.rules.push({
      name: `${rule.label}_holds`,
      source: rule,
      comment: sourceText(rule),
      mode: "counting",
      head: holds,
      terms: row,
      offer: null,
      aggregate: null,
      merges: null,
      body,
    });
    return [{ kind: "read", negated: false, relation: holds, terms: row }];
  }

  #head(rule: Rule, collection: Collection, mode: Mode): HeadPlace {
    const { id } = collection;
    switch (rule.op) {
      case "<=": {
        const relation = this.relationOf(id);
        const intake = this.intake.get(id);
        if (intake === undefined) return { relation, offer: null };
        const number = this.writers.get(id)!.indexOf(rule);
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
    return this.share(`sends ${to} ${collection.id}`, () => {
      const isPassing = this.writers
        .get(collection.id)!
        .every(({ op, path, body }) => op === "<~" && path === undefined && this.modeOf(body, true) === "passing");
      return this.relation(
        `${collection.id}_sends`,
        types,
        isPassing ? "passing" : "landing",
        `what is sent to ${collection.id}${to === "address" ? ", with the address" : to === "all" ? " of every instance" : ""}`,
        (texts) => `engine.${isPassing ? "passingSends" : "sends"}(${quoted(collection.id)}, ${quoted(to)}, ${texts})`,
      );
    });
  }

  /** Where the facts of a `<+`, `<-` or `<+-` rule go. */
  #deferred(rule: Rule, collection: Collection, mode: Mode): FlowRelation {
    const { id, name } = collection;
    const log = this.plan.clocks.get(rule.id) ?? null;
    const types = collection.columns.map((column) => column.type);
    const target = this.relationOf(id);
    // A key conflict names the rules that made its facts, so that each rule into a keyed table has facts of its own.
    const by = collection.kind === "table" && collection.keyLength !== null ? rule.id : "";
    return this.share(`deferred ${rule.op} ${log} ${id} ${by}`, () => {
      const words = { "<+": "next", "<-": "deleted", "<+-": "upserted" } as Record<string, string>;
      const isPassing = mode === "passing" && this.passing.has(id);
      const relation = this.relation(
        `${name}_${words[rule.op]}`,
        types,
        isPassing ? "queue" : "deferred",
        `${rule.op} ${name}: in force from the next step${log === null ? "" : ` of ${log}`} on`,
      );
      if (collection.kind === "table") {
        let into = this.#deferredInto.get(id);
        if (into === undefined) this.#deferredInto.set(id, (into = []));
        into.push({ op: rule.op, relation, log, rule: this.writers.get(id)!.indexOf(rule) });
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
        head: this.intake.get(id)?.relation ?? target,
        terms: row,
        offer: null,
        aggregate: null,
        merges: null,
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
    const intake = this.intake.get(id);
    const parts = deferred.map(
      ({ op, relation, log, rule }) =>
        `{ op: ${quoted(op)}, relation: ${relation.name}, log: ${log === null ? "null" : quoted(log)}, rule: ${rule} }`,
    );
    this.attachments.push(`engine.deferInto(${table.name}, ${intake?.offer?.name ?? "null"}, [${parts.join(", ")}]);`);
  }

  #seal(seal: SealRule): void {
    const target = this.ir.collections.get(seal.target)!;
    const types = sealColumns(this.plan, target).map((column) => target.columns[column].type);
    const head = this.share(`seals ${seal.target}`, () =>
      this.relation(
        `${seal.target}_seals`,
        types,
        "landing",
        `partitions of ${seal.target} that rules seal`,
        (texts) => `engine.seals(${quoted(seal.target)}, ${texts})`,
      ),
    );
    const mode = this.modeOf(seal.body, true);
    this.rules.push({
      name: seal.label,
      source: seal,
      comment: sourceText(seal),
      mode,
      head,
      terms: seal.key,
      offer: null,
      aggregate: null,
      merges: null,
      body: this.body(seal, mode, []),
    });
  }
}

function lifted(value: Expr, on: LatticeType): Expr {
  return { kind: "lattice", op: "lift", on, args: [value], by: null, valuation: [], type: on, span: value.span };
}

/**
 * The gate of an aggregate whose groups can be kept up before their partition is closed, so that nothing is gone over
 * again when it closes: each group is of one partition, and nothing that is computed on the way can fail for a row that
 * is gone when it does. Null where the rows must wait instead.
 */
function waitingGroups({ gates, body, head, having }: Rule): Gate["conditions"][number] | null {
  const conditions = (gates ?? []).flatMap((gate) => gate.conditions);
  if (conditions.length !== 1 || body.length !== 1 || body[0].kind !== "read") return null;
  const isPlain = (expr: Expr): boolean => expr.kind === "variable" || expr.kind === "literal";
  const calls = aggregatesOf(head, having);
  if (calls.length === 0 || !calls.every(({ args }) => args.every(isPlain))) return null;
  const groups = head.terms.flatMap((term) => (term.kind === "value" ? [term.value] : []));
  if (head.to?.kind === "address") groups.push(head.to.value);
  const isOfGroup = (expr: Expr): boolean =>
    expr.kind === "variable" && groups.some((group) => group.kind === "variable" && group.name === expr.name);
  return groups.every(isPlain) && conditions[0].key.every(isOfGroup) ? conditions[0] : null;
}
