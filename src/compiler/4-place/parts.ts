import type { Collection, CollectionId, Ir, Rule, RuleId, SealRule } from "../ir.ts";
import { analyze, reinfer } from "../3-analyze/analyze.ts";
import { buildGraph, reads } from "../3-analyze/graph.ts";
import type { Graph } from "../3-analyze/graph.ts";
import type { Unsettled } from "./settle.ts";

/** Parts of a program between which no fact passes: what is decided in one changes nothing in another. */
export interface Parts {
  readonly all: readonly Part[];
  /** By rule. */
  readonly of: ReadonlyMap<RuleId, Part>;
}

export interface Part {
  readonly rules: Rule[];
  readonly collections: Collection[];
  readonly seals: SealRule[];
}

const found = new WeakMap<Graph, { apart: Parts; byRole: Parts }>();

/** `byRole`: a role is in one part, as where one log takes all that comes into it. */
export function partsOf(graph: Graph, byRole: boolean): Parts {
  let known = found.get(graph);
  if (known === undefined)
    found.set(graph, (known = { apart: divide(graph.ir, false), byRole: divide(graph.ir, true) }));
  return byRole ? known.byRole : known.apart;
}

function divide(ir: Ir, byRole: boolean): Parts {
  const above = new Map<string, string>();
  const rootOf = (id: string): string => {
    let root = id;
    for (let up = above.get(root); up !== undefined; up = above.get(root)) root = up;
    // Halves the way for whoever comes next.
    for (let at = id; at !== root;) {
      const up = above.get(at)!;
      above.set(at, root);
      at = up;
    }
    return root;
  };
  const join = (a: string, b: string): void => {
    const [x, y] = [rootOf(a), rootOf(b)];
    if (x !== y) above.set(y, x);
  };
  const isFixed = (id: CollectionId): boolean => ir.collections.get(id)!.kind === "nodes";
  for (const { head, body } of ir.rules.values())
    for (const { collection } of reads({ body })) if (!isFixed(collection)) join(head.collection, collection);
  for (const { target, body } of ir.seals)
    for (const { collection } of reads({ body })) if (!isFixed(collection)) join(target, collection);
  for (const { id, role, kind } of ir.collections.values()) {
    // What a component keeps of one input shows in what it answers to another.
    if (kind !== "nodes" && (byRole || ir.externals.get(role)?.kind === "component")) join(`role ${role}`, id);
  }
  const parts = new Map<string, Part>();
  const partOf = (id: CollectionId): Part => {
    const root = rootOf(id);
    let part = parts.get(root);
    if (part === undefined) parts.set(root, (part = { rules: [], collections: [], seals: [] }));
    return part;
  };
  const of = new Map<RuleId, Part>();
  for (const collection of ir.collections.values())
    if (collection.kind !== "nodes") partOf(collection.id).collections.push(collection);
  for (const rule of ir.rules.values()) {
    const part = partOf(rule.head.collection);
    part.rules.push(rule);
    of.set(rule.id, part);
  }
  for (const seal of ir.seals) partOf(seal.target).seals.push(seal);
  return { all: [...parts.values()], of };
}

/** A part as a program of its own; the whole where it is that. */
export function alone(given: Unsettled, part: Part): Unsettled {
  const { ir } = given.analysis;
  if (part.rules.length === ir.rules.size) return given;
  const collections = new Map(part.collections.map((each) => [each.id, each]));
  // Addresses are in no part, and in each that reads them.
  for (const { body } of [...part.rules, ...part.seals])
    for (const { collection } of reads({ body })) collections.set(collection, ir.collections.get(collection)!);
  const own: Ir = { ...ir, collections, rules: new Map(part.rules.map((rule) => [rule.id, rule])), seals: part.seals };
  const analysis = analyze(own);
  return { analysis, graph: buildGraph(own), before: reinfer(analysis, "none"), strategy: given.strategy };
}
