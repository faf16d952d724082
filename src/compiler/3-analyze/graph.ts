import type { Collection, CollectionId, Ir, ReadLiteral, Rule, SealRule } from "../ir.ts";

/** The program by what reads and writes what. Edges go from each collection of a body to the head, through every merge. */
export interface Graph {
  readonly ir: Ir;
  /** In the order of their declaration. */
  readonly positions: ReadonlyMap<CollectionId, number>;
  readonly rules: readonly Rule[];
  /** Rules with this head, of any role and any merge. */
  readonly into: ReadonlyMap<CollectionId, readonly Rule[]>;
  /** What comes into a role: its inputs, channels and timers. */
  readonly entrances: (role: string) => readonly Collection[];
  /** Rules of a role, in order. */
  readonly rulesOf: (role: string) => readonly Rule[];
  /** Rules that read it, negated or not. */
  readonly readers: ReadonlyMap<CollectionId, readonly Rule[]>;
  readonly sealsInto: ReadonlyMap<CollectionId, readonly SealRule[]>;
  /** Strongly connected components, what is read before what reads it. */
  readonly components: readonly (readonly CollectionId[])[];
  /** Collections on a cycle. */
  readonly cyclic: ReadonlySet<CollectionId>;
}

const built = new WeakMap<Ir, Graph>();

/** Built once per Ir. */
export function buildGraph(ir: Ir): Graph {
  let graph = built.get(ir);
  if (graph === undefined) built.set(ir, (graph = build(ir)));
  return graph;
}

function build(ir: Ir): Graph {
  const rules = [...ir.rules.values()];
  const into = new Map<CollectionId, Rule[]>();
  const readers = new Map<CollectionId, Rule[]>();
  const successors = new Map<CollectionId, Set<CollectionId>>();
  const sealsInto = new Map<CollectionId, SealRule[]>();
  for (const id of ir.collections.keys()) {
    into.set(id, []);
    readers.set(id, []);
    successors.set(id, new Set());
  }
  const byRole = new Map<string, Rule[]>();
  for (const rule of rules) {
    const own = byRole.get(rule.role);
    if (own) own.push(rule);
    else byRole.set(rule.role, [rule]);
    into.get(rule.head.collection)!.push(rule);
    const seen = new Set<CollectionId>();
    for (const literal of reads(rule)) {
      if (seen.has(literal.collection)) continue;
      seen.add(literal.collection);
      readers.get(literal.collection)!.push(rule);
      successors.get(literal.collection)!.add(rule.head.collection);
    }
  }
  for (const seal of ir.seals) {
    const list = sealsInto.get(seal.target);
    if (list) list.push(seal);
    else sealsInto.set(seal.target, [seal]);
  }
  const { components, cyclic } = stronglyConnected([...ir.collections.keys()], (id) => successors.get(id)!);
  const positions = new Map([...ir.collections.keys()].map((id, i) => [id, i]));
  const entrances = new Map<string, Collection[]>();
  for (const each of ir.collections.values()) {
    if (each.kind !== "input" && each.kind !== "channel" && each.kind !== "timer") continue;
    const own = entrances.get(each.role);
    if (own) own.push(each);
    else entrances.set(each.role, [each]);
  }
  return {
    ir,
    positions,
    entrances: (role) => entrances.get(role) ?? [],
    rules,
    rulesOf: (role) => byRole.get(role) ?? [],
    into,
    readers,
    sealsInto,
    components,
    cyclic,
  };
}

const readsOf = new WeakMap<Rule["body"], { all: readonly ReadLiteral[]; positive: readonly ReadLiteral[] }>();

function readsIn(body: Rule["body"]): { all: readonly ReadLiteral[]; positive: readonly ReadLiteral[] } {
  let known = readsOf.get(body);
  if (known === undefined) {
    const all = body.filter((literal): literal is ReadLiteral => literal.kind === "read");
    known = { all, positive: all.filter((literal) => !literal.negated) };
    readsOf.set(body, known);
  }
  return known;
}

/** The literals over collections, negated or not. */
export function reads(rule: { readonly body: Rule["body"] }): readonly ReadLiteral[] {
  return readsIn(rule.body).all;
}

export function positives(rule: { readonly body: Rule["body"] }): readonly ReadLiteral[] {
  return readsIn(rule.body).positive;
}

/** Collections that some rule on the way to an output or a message reads (semantics B6), and those two themselves. */
export function observedCollections(graph: Graph): Set<CollectionId> {
  const observed = new Set<CollectionId>();
  const queue: CollectionId[] = [];
  for (const { id, kind } of graph.ir.collections.values()) if (kind === "output" || kind === "channel") queue.push(id);
  for (const seal of graph.ir.seals) for (const literal of reads(seal)) queue.push(literal.collection);
  while (queue.length > 0) {
    const id = queue.pop()!;
    if (observed.has(id)) continue;
    observed.add(id);
    for (const rule of graph.into.get(id)!) for (const literal of reads(rule)) queue.push(literal.collection);
  }
  return observed;
}

/**
 * Tarjan's algorithm without recursion. Components come out successors first, so they are
 * reversed: what is read stands before what reads it.
 */
export function stronglyConnected<T>(
  nodes: readonly T[],
  successors: (node: T) => Iterable<T>,
): { components: T[][]; cyclic: Set<T> } {
  const index = new Map<T, number>();
  const low = new Map<T, number>();
  const onStack = new Set<T>();
  const stack: T[] = [];
  const components: T[][] = [];
  const cyclic = new Set<T>();
  for (const root of nodes) {
    if (index.has(root)) continue;
    const work: { node: T; rest: Iterator<T> }[] = [];
    const open = (node: T): void => {
      index.set(node, index.size);
      low.set(node, index.get(node)!);
      stack.push(node);
      onStack.add(node);
      work.push({ node, rest: successors(node)[Symbol.iterator]() });
    };
    open(root);
    while (work.length > 0) {
      const { node, rest } = work[work.length - 1];
      const next = rest.next();
      if (!next.done) {
        if (next.value === node) cyclic.add(node);
        if (!index.has(next.value)) open(next.value);
        else if (onStack.has(next.value)) low.set(node, Math.min(low.get(node)!, index.get(next.value)!));
        continue;
      }
      work.pop();
      if (work.length > 0) {
        const parent = work[work.length - 1].node;
        low.set(parent, Math.min(low.get(parent)!, low.get(node)!));
      }
      if (low.get(node) !== index.get(node)) continue;
      const component: T[] = [];
      let member: T;
      do {
        member = stack.pop()!;
        onStack.delete(member);
        component.push(member);
      } while (member !== node);
      if (component.length > 1) for (const each of component) cyclic.add(each);
      components.push(component.reverse());
    }
  }
  return { components: components.reverse(), cyclic };
}
