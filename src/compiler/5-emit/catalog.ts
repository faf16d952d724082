/** The relations of a role's flow, from its collections. */
import type { Collection, CollectionId, Ir, Literal, Rule, Type } from "../ir.ts";
import type { Plan } from "../plan.ts";
import { latticeColumns } from "../../lattices/index.ts";
import type { FlowLattice, FlowImport, FlowRelation, FlowRule, Mode, Operator, Storage } from "./flow.ts";
import type { Names } from "./names.ts";
import { passingCollections } from "./passing.ts";
import { collectionText, ruleText } from "./texts.ts";
import { valueTypes } from "./types.ts";
import { quoted } from "./writer.ts";

/** What emission reads of a plan. */
export type Planned = Pick<Plan, "coordinated" | "sealed" | "clocks" | "residual">;

export interface HeadPlace {
  readonly relation: FlowRelation;
  readonly offer: FlowRule["offer"];
}

export class Catalog {
  readonly names: Names;
  readonly relations: FlowRelation[] = [];
  readonly rules: FlowRule[] = [];
  readonly operators: Operator[] = [];
  readonly attachments: string[] = [];
  readonly imports: FlowImport[] = [];
  readonly plan: Planned;
  readonly ir: Ir;
  readonly role: string;
  /** Where rules put the facts of a collection, where that is another relation (keys). */
  protected readonly intake = new Map<CollectionId, HeadPlace>();
  /** Tables with lattice columns. */
  protected readonly merged = new Map<CollectionId, FlowLattice>();
  /** The role's rules by the collection of their head. */
  protected readonly writers = new Map<CollectionId, Rule[]>();
  protected readonly passing: ReadonlySet<CollectionId>;
  readonly #ofCollection = new Map<CollectionId, FlowRelation>();
  readonly #shared = new Map<string, FlowRelation>();

  constructor(plan: Planned, role: string, names: Names) {
    this.plan = plan;
    this.ir = plan.coordinated;
    this.role = role;
    this.names = names;
    for (const rule of this.ir.rules.values()) {
      if (rule.role !== role) continue;
      const writers = this.writers.get(rule.head.collection);
      if (writers === undefined) this.writers.set(rule.head.collection, [rule]);
      else writers.push(rule);
    }
    this.passing = passingCollections(this.ir, role);
  }

  relation(
    wanted: string,
    types: readonly Type[],
    storage: Storage,
    comment: string | null,
    declaration?: (types: string, isRecursive: boolean) => string,
    onlyGrows = storage === "passing",
  ): FlowRelation {
    const texts = valueTypes(types);
    const made: FlowRelation = {
      name: this.names.take(wanted),
      types,
      storage,
      comment,
      onlyGrows,
      indexes: new Map(),
      joins: null,
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
    const isGrowing = latticeColumns(collection.columns).length > 0;
    const isKeyed = isGrowing || (keyLength !== null && keyLength < types.length);
    const plain = types.flatMap((type, i) => (type.kind === "lattice" ? [] : [i]));
    const comment = collectionText(collection);
    const key = `{ name: ${quoted(name)}, ${isGrowing ? `columns: [${plain.join(", ")}]` : `keyLength: ${keyLength}`}, rules: [${(this.writers.get(id) ?? []).map((rule) => quoted(ruleText(rule))).join(", ")}] }`;
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
        return this.relation(
          name,
          types,
          "passing",
          comment,
          (texts) =>
            isGrowing
              ? `engine.latticeEvent(${key}, ${texts})`
              : isKeyed
                ? `engine.keyedEvent(${key}, ${texts})`
                : `engine.event(${quoted(name)}, ${texts})`,
          !isGrowing,
        );
      case "table": {
        const table = this.relation(
          name,
          types,
          "table",
          comment,
          (texts) => `engine.table(${quoted(name)}, ${texts})`,
          !isGrowing && (this.writers.get(id) ?? []).every(({ op }) => op === "<=" || op === "<+"),
        );
        if (!isKeyed) return table;
        const incoming = this.relation(`${name}_new`, types, "passing", null);
        const keys = this.names.take(`${name}_keys`);
        this.attachments.push(
          `const ${keys} = engine.${isGrowing ? "latticeTable" : "keyedTable"}(${key}, ${table.name}, ${incoming.name}, ${valueTypes(types)});`,
        );
        this.intake.set(id, { relation: incoming, offer: { name: keys, rule: 0 } });
        if (isGrowing) {
          this.merged.set(id, { name: keys, table, key: plain });
          table.joins = { name: keys, key: plain };
        }
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
              ? this.landing(name, texts, isRecursive, id)
              : `engine.${storage}(${quoted(name)}, ${texts})`;
        const relation = this.relation(name, types, storage, comment, declare, storage === "passing" && !isGrowing);
        if (!isKeyed) return relation;
        const all = this.relation(
          `${name}_all`,
          types,
          kind === "output" ? this.#scratchStorage(id, false) : storage,
          null,
        );
        const keying = this.names.take(`${name}_keys`);
        this.attachments.push(
          `const ${keying} = engine.${isGrowing ? "joining" : "keying"}(${key}, ${all.name}, ${relation.name}, ${valueTypes(types)});`,
        );
        if (isGrowing && storage !== "passing") relation.joins = { name: keying, key: plain };
        this.intake.set(id, { relation: all, offer: null });
        this.operators.push({
          target: relation,
          reads: [all],
          kind: "keying",
          call: `${keying}.run();`,
          when: `${all.name}.touched.length > 0`,
          aggregate: null,
          hold: null,
        });
        return relation;
      }
    }
  }

  /** Facts of a log's events stand still in steps of other clocks (semantics A11). */
  protected landing(name: string | null, types: string, isRecursive: boolean, id: CollectionId): string {
    const called = name === null ? "null" : quoted(name);
    const log = this.plan.residual.inference.places.get(id)?.log ?? null;
    const [falls, stands] = isRecursive ? ["recursiveLanding", "recursiveStanding"] : ["landing", "standing"];
    return log === null
      ? `engine.${falls}(${called}, ${types})`
      : `engine.${stands}(${called}, ${types}, ${quoted(log)})`;
  }

  #scratchStorage(id: CollectionId, mayPass = true): Storage {
    if (mayPass && this.passing.has(id)) return "passing";
    const hasPassing = (this.writers.get(id) ?? []).some(
      (rule) => rule.op === "<=" && this.modeOf(rule.body, true) === "passing",
    );
    return hasPassing ? "landing" : "view";
  }

  /** `counts`: the head has supports; otherwise it takes what is new. */
  protected modeOf(body: readonly Literal[], counts: boolean): Mode {
    if (
      body.some(
        (literal) =>
          literal.kind === "read" &&
          !literal.negated &&
          (literal.hold !== undefined || this.passing.has(literal.collection)),
      )
    )
      return "passing";
    return counts ? "counting" : "inserting";
  }

  /** A relation that several rules can use. */
  protected share(key: string, make: () => FlowRelation): FlowRelation {
    let shared = this.#shared.get(key);
    if (shared === undefined) this.#shared.set(key, (shared = make()));
    return shared;
  }
}
