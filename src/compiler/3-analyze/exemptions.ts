/**
 * Rules that have the shape of a race and are none (semantics.md C1-C4). Each removes a false
 * alarm, so each must be right for every schedule; when a condition cannot be shown, the rule
 * stays marked.
 */
import type { CollectionId, Expr, ReadLiteral, Rule } from "../ir.ts";
import type { Context } from "./points.ts";
import { collection, isOpen, isPassing, mayConflict, termVariables } from "./points.ts";
import { closure, dependencies, equals, keyHolds, shape, variablesOf } from "./determine.ts";
import { acknowledgedIn } from "./acknowledged.ts";
import { handedIn } from "./declared.ts";
import { isAggregating } from "./persistence.ts";
import { positives, reads } from "./graph.ts";

/**
 * C2: `p(x..), not t(x..)` where t's only writer is `t(x..) <+ p(x..)`, or `<+` from that rule's
 * head, t grows, and all variables of p stand in t, but for those that the rule does not look at: what is in t the rule has
 * had before.
 */
export function isOnceOnly(rule: Rule, negated: ReadLiteral, context: Context): boolean {
  const writers = context.graph.into.get(negated.collection)!;
  if (context.persistence.get(negated.collection) !== "growing" || writers.length !== 1) return false;
  const writer = writers[0];
  if (writer.op !== "<+" || writer.role !== rule.role || negated.terms.some((term) => term === null)) return false;
  const body = positives(rule);
  if (body.some((literal) => literal.hold)) return false;
  if (rule.body.length !== 2 || body.length !== 1 || writer.body.length !== 1) return false;
  const from = writer.body[0];
  if (from.kind !== "read" || from.negated) return false;
  const written = writer.head.terms.map((term) =>
    term.kind === "value" && term.value.kind === "variable" ? term.value.name : null,
  );
  // The variable of the rule that each of the writer's variables stands for, through p or through the rule's head.
  const stands = new Map<string, string>();
  const pair = (name: Expr | null, here: Expr | null): boolean => {
    if (name?.kind !== "variable" || here?.kind !== "variable") return false;
    if (stands.has(name.name) && stands.get(name.name) !== here.name) return false;
    stands.set(name.name, here.name);
    return true;
  };
  if (from.collection === body[0].collection) {
    if (!from.terms.every((term, i) => pair(term, body[0].terms[i]))) return false;
    // A variable that stands twice in the rule asks for less than what is written.
    if (new Set(stands.values()).size !== stands.size) return false;
  } else if (from.collection === rule.head.collection && context.graph.into.get(from.collection)!.length === 1) {
    const head = rule.head.terms;
    if (!from.terms.every((term, i) => head[i].kind === "value" && pair(term, head[i].value))) return false;
  } else return false;
  const matches = written.every((name, i) => {
    const term = negated.terms[i];
    return name !== null && term?.kind === "variable" && stands.get(name) === term.name;
  });
  const inTable = new Set(termVariables(negated));
  const beside = namesBeside(rule, body[0]);
  // How many rows there are shows in an aggregate.
  const isUnseen = (name: string): boolean => !isAggregating(rule) && !beside.has(name);
  return matches && termVariables(body[0]).every((name) => inTable.has(name) || isUnseen(name));
}

/**
 * C5, repeats: `m(x) <~ tick(), buf(x), not acked(x)` beside `m(x) <~ buf(x)` into a plain channel. Whenever
 * it holds, the other one does, so what guards it stops nothing that is not sent anyway.
 */
export function isRepeat(rule: Rule, context: Context): boolean {
  const head = collection(context, rule.head.collection);
  if (
    rule.op !== "<~" ||
    head.lossy ||
    head.keyLength !== null ||
    rule.body.some((literal) => literal.kind === "read" && literal.hold)
  )
    return false;
  return context.graph.into
    .get(head.id)!
    .some((other) => other !== rule && other.role === rule.role && isSubsumed(rule, other, context));
}

/** `other` has one literal, over a table, without which `rule` cannot hold either, and the same head. */
function isSubsumed(rule: Rule, other: Rule, context: Context): boolean {
  const [once] = other.body;
  if (
    other.body.length !== 1 ||
    once.kind !== "read" ||
    once.negated ||
    collection(context, once.collection).kind !== "table"
  )
    return false;
  if (
    other.gates?.length ||
    [rule, other].some((each) => each.having.length > 0 || each.head.terms.some((term) => term.kind === "aggregate"))
  )
    return false;
  return positives(rule).some((literal) => {
    if (literal.collection !== once.collection) return false;
    const stands = new Map<string, Expr>();
    const matches = once.terms.every((term, i) => {
      const here = literal.terms[i];
      if (term?.kind !== "variable" || here === null) return false;
      if (stands.has(term.name)) return false;
      stands.set(term.name, here);
      return true;
    });
    const same = (a: Expr, b: Expr): boolean =>
      shape(a.kind === "variable" ? (stands.get(a.name) ?? a) : a) === shape(b);
    const [to, from] = [rule.head.to, other.head.to];
    const addressed =
      to?.kind === "address" && from?.kind === "address" ? same(from.value, to.value) : to?.kind === from?.kind;
    return (
      matches &&
      addressed &&
      other.head.terms.every((term, i) => {
        const mine = rule.head.terms[i];
        return term.kind === "value" && mine.kind === "value" && same(term.value, mine.value);
      })
    );
  });
}

/**
 * C5, what repeats no longer need: facts of a table that only such messages read may be deleted at any
 * time, since each has been sent in the step in which it came.
 */
export function isCollected(rule: Rule, context: Context): boolean {
  const { graph } = context;
  const table = rule.head.collection;
  if (rule.op !== "<-" || graph.into.get(table)!.some((writer) => writer.op !== "<=" && writer !== rule)) return false;
  if (graph.ir.seals.some((seal) => reads(seal).some((literal) => literal.collection === table))) return false;
  const readers = graph.readers.get(table)!.filter((reader) => reader !== rule);
  const sendsOnce = (reader: Rule): boolean => {
    const head = collection(context, reader.head.collection);
    return (
      reader.op === "<~" &&
      !head.lossy &&
      head.keyLength === null &&
      reader.body.length === 1 &&
      !reader.gates?.length &&
      reader.having.length === 0 &&
      reader.head.terms.every((term) => term.kind === "value") &&
      positives(reader).length === 1
    );
  };
  return readers.every((reader) => sendsOnce(reader) || isRepeat(reader, context));
}

/** C5 over channels that lose: sends again what has no receipt yet, or forgets what has one. */
export function isAcknowledged(rule: Rule, context: Context): boolean {
  return acknowledgedIn(context.graph).rules.has(rule.id);
}

/**
 * C3: the grouping columns determine the row of every open literal, so the aggregate ranges over
 * static relations and the row's own lists.
 */
export function withinOneRow(rule: Rule, open: readonly ReadLiteral[], context: Context): boolean {
  const { ir } = context.graph;
  const group = rule.head.terms.flatMap((term) =>
    term.kind === "value" && term.value.kind === "variable" ? [term.value.name] : [],
  );
  const known = closure(
    group,
    dependencies(rule.body, ir, (id) => keyHolds(ir, context.persistence, id)),
  );
  // The row of a lattice value is another one when it has grown.
  const isPlain = (literal: ReadLiteral): boolean => literal.terms.every((term) => term?.type.kind !== "lattice");
  return open.every((literal) => isPlain(literal) && termVariables(literal).every((name) => known.has(name)));
}

/** A collection's facts as images of one channel fact each: which of its columns carry the channel's columns. */
interface Origin {
  readonly channel: CollectionId;
  /** For each column of the channel the column of the collection that carries it; null where none does. */
  readonly carried: readonly (number | null)[];
}

/** The single event that each fact of `id` derives from in the same step by `<=`; null when that cannot be shown. */
function originOf(id: CollectionId, context: Context, seen = new Set<CollectionId>()): Origin | null {
  const { kind, columns } = collection(context, id);
  // A row with a lattice value is of all events that were joined in its step.
  if (columns.some(({ type }) => type.kind === "lattice")) return null;
  if (kind === "channel" || kind === "input") return { channel: id, carried: columns.map((_, i) => i) };
  const rules = context.graph.into.get(id)!;
  if (kind !== "scratch" || rules.length !== 1 || rules[0].op !== "<=" || seen.has(id)) return null;
  const [rule] = rules;
  const open = reads(rule).filter((literal) => isOpen(context, literal));
  if (open.length !== 1 || open[0].negated || open[0].hold || !isPassing(context, open[0])) return null;
  const inner = originOf(open[0].collection, context, new Set(seen).add(id));
  if (inner === null) return null;
  const same = equals(rule);
  const carried = inner.carried.map((column) => {
    const term = column === null ? null : open[0].terms[column];
    if (term?.kind !== "variable") return null;
    const at = rule.head.terms.findIndex(
      (head) => head.kind === "value" && head.value.kind === "variable" && same(head.value.name) === same(term.name),
    );
    return at < 0 ? null : at;
  });
  return { channel: inner.channel, carried };
}

/**
 * C4: `literal` and another passing literal of the rule derive from one channel fact by `<=` and
 * agree on all its columns (or its promised key), so they always stand in the same step. Also
 * for a negated literal: what it denies is settled in that step.
 */
export function ofOneEvent(
  rule: Rule,
  literal: ReadLiteral,
  context: Context,
  among: readonly ReadLiteral[] = positives(rule),
): boolean {
  if (!isPassing(context, literal)) return false;
  const origin = originOf(literal.collection, context);
  if (origin === null) return false;
  const { columns, unique, keyLength } = collection(context, origin.channel);
  const needed = unique && keyLength !== null ? keyLength : columns.length;
  const same = equals(rule);
  return among.some((other) => {
    // Held literals are released when their gate opens, not in the step of their event.
    if (other === literal || !isPassing(context, other) || literal.hold || other.hold) return false;
    const from = originOf(other.collection, context);
    if (from === null || from.channel !== origin.channel) return false;
    for (let i = 0; i < needed; i++) {
      const [mine, theirs] = [origin.carried[i], from.carried[i]];
      if (mine === null || theirs === null) return false;
      const [a, b] = [literal.terms[mine], other.terms[theirs]];
      if (a?.kind !== "variable" || b?.kind !== "variable" || same(a.name) !== same(b.name)) return false;
    }
    return true;
  });
}

/**
 * The event itself has brought the row that it meets, in the same step: `both(x, y) <= c(x, y), t(x, _)` where
 * `t(x, y) <= c(x, y)`. As much as the rule asks of the row is always there, so the rule is the same without it.
 */
export function isOwnRow(rule: Rule, passing: ReadLiteral, met: ReadLiteral, context: Context): boolean {
  // How many rows there are shows in an aggregate.
  if (passing.hold || met.hold || rule.having.length > 0 || rule.head.terms.some(({ kind }) => kind === "aggregate"))
    return false;
  const elsewhere = namesBeside(rule, met);
  const asked = met.terms.map((term) => (term?.kind === "variable" && !elsewhere.has(term.name) ? null : term));
  // A variable that stands twice in the literal asks for rows in which two columns agree.
  const free = met.terms.flatMap((term, i) => (asked[i] === null && term?.kind === "variable" ? [term.name] : []));
  return new Set(free).size === free.length && isBrought(met.collection, asked, passing, context, new Set());
}

/**
 * Every fact that the rule reads denies itself a step later: `first(k) <= c(k, _), not seen(k)` where `seen(k) <+ c(k, _)`.
 * Who waits until `seen` is complete finds it there.
 */
export function deniesItself(rule: Rule, negated: ReadLiteral, context: Context): boolean {
  return positives(rule).some((event) => isBrought(negated.collection, negated.terms, event, context, new Set(), "<+"));
}

/** Whether a fact of `id` with these terms (null: any) is true in every step in which `event` is, or with `<+` in the next one. */
function isBrought(
  id: CollectionId,
  asked: readonly (Expr | null)[],
  event: ReadLiteral,
  context: Context,
  seen: ReadonlySet<CollectionId>,
  op: "<=" | "<+" = "<=",
): boolean {
  if (op === "<=" && id === event.collection)
    return asked.every((term, i) => term === null || sameTerm(term, event.terms[i]));
  const { kind, keyLength, columns } = collection(context, id);
  // What is deleted stays away until its rule becomes true anew; of a key with two values one is left out.
  const isOneOfSeveral = keyLength !== null && (op === "<=" || asked.slice(keyLength).some((term) => term !== null));
  if ((kind !== "table" && kind !== "scratch") || isOneOfSeveral || seen.has(id)) return false;
  if (kind === "table" && context.persistence.get(id) !== "growing") return false;
  return context.graph.into.get(id)!.some((writer) => {
    const [from] = writer.body;
    if (
      writer.op !== op ||
      writer.path !== undefined ||
      writer.body.length !== 1 ||
      writer.having.length > 0 ||
      writer.gates?.length
    )
      return false;
    if (from.kind !== "read" || from.negated || from.hold) return false;
    const needed = new Map<string, Expr | null>();
    for (const [i, term] of writer.head.terms.entries()) {
      // What is computed may fail, and what is of another type be refused.
      if (
        term.kind !== "value" ||
        !["variable", "literal", "self"].includes(term.value.kind) ||
        !isSameType(term.value.type, columns[i].type)
      )
        return false;
      const { value } = term;
      const wanted = asked[i];
      if (wanted === null) continue;
      if (value.kind !== "variable") {
        if (!sameTerm(value, wanted)) return false;
      } else if (needed.has(value.name) && !sameTerm(needed.get(value.name)!, wanted)) return false;
      else needed.set(value.name, wanted);
    }
    const terms = from.terms.map((term) => (term?.kind === "variable" ? (needed.get(term.name) ?? null) : term));
    const names = from.terms.flatMap((term) => (term?.kind === "variable" ? [term.name] : []));
    return (
      new Set(names).size === names.length && isBrought(from.collection, terms, event, context, new Set(seen).add(id))
    );
  });
}

function isSameType(a: Expr["type"], b: Expr["type"]): boolean {
  return a.kind !== "lattice" && JSON.stringify(a) === JSON.stringify(b);
}

function sameTerm(a: Expr, b: Expr | null): boolean {
  return b !== null && shape(a) === shape(b);
}

/** Variables of the rule that stand anywhere but in that literal. */
function namesBeside(rule: Rule, beside: ReadLiteral): ReadonlySet<string> {
  const names = new Set<string>();
  for (const term of rule.head.terms) if (term.kind === "value") variablesOf(term.value, names);
  if (rule.head.to?.kind === "address") variablesOf(rule.head.to.value, names);
  for (const literal of rule.body) {
    if (literal === beside) continue;
    if (literal.kind === "read") for (const name of termVariables(literal)) names.add(name);
    else variablesOf(literal.value, names);
    if (literal.kind === "bind") names.add(literal.variable);
  }
  return names;
}

/**
 * C1, replies to one's own requests: the table's row is written by `<=` from a fact from which the
 * passing one descends through messages carrying the join columns, and these contain the table's
 * key; so the row is there before the fact can be. The messages must come back to the instance
 * that wrote the row: the address travels along from `self`, or the role has one instance.
 */
export function isOwnReply(rule: Rule, passing: ReadLiteral, table: ReadLiteral, context: Context): boolean {
  const { graph } = context;
  const target = collection(context, table.collection);
  const writers = graph.into.get(table.collection)!;
  // The row is there, and its lattice values may still grow.
  if (target.columns.some(({ type }) => type.kind === "lattice")) return false;
  if (target.kind !== "table" || context.persistence.get(table.collection) !== "growing") return false;
  if (writers.length !== 1 || writers[0].op !== "<=") return false;
  const [writer] = writers;
  const [from, ...more] = reads(writer);
  if (more.length > 0 || from === undefined || from.negated || !isPassing(context, from)) return false;
  // A row that is held back, or that may lose its key to another, need not be there.
  if (from.hold || mayConflict(writer, context)) return false;
  if (writer.body.some((literal) => literal.kind === "test" || literal.kind === "range")) return false;
  const source = collection(context, from.collection);
  if (source.kind !== "input" && source.kind !== "channel") return false;
  if (from.terms.some((term) => term?.kind !== "variable") || new Set(termVariables(from)).size !== from.terms.length)
    return false;
  // The columns of the table that must be joined: its key, or the promised key of the event it is written from.
  const headColumn = (name: string): number =>
    writer.head.terms.findIndex(
      (term) => term.kind === "value" && term.value.kind === "variable" && term.value.name === name,
    );
  const key =
    source.unique && source.keyLength !== null
      ? from.terms.slice(0, source.keyLength).map((term) => headColumn((term as { name: string }).name))
      : target.columns.map((_, i) => i).slice(0, target.keyLength ?? undefined);
  if (key.some((column) => column < 0)) return false;
  const same = equals(rule);
  const wanted: { at: number; source: number }[] = [];
  for (const column of key) {
    const joined = table.terms[column];
    if (joined?.kind !== "variable") return false;
    const at = passing.terms.findIndex((term) => term?.kind === "variable" && same(term.name) === same(joined.name));
    const written = writer.head.terms[column];
    if (at < 0 || written.kind !== "value" || written.value.kind !== "variable") return false;
    const name = written.value.name;
    wanted.push({ at, source: from.terms.findIndex((term) => term?.kind === "variable" && term.name === name) });
  }
  if (wanted.some((each) => each.source < 0)) return false;
  return descends(passing.collection, wanted, [], { ancestor: from.collection, role: rule.role }, context, new Map());
}

/** Where a fact's ancestor is looked for, and of whom it must tell where that came in. */
interface Home {
  readonly ancestor: CollectionId;
  readonly role: string;
}

/**
 * Every fact of `id` descends from a fact of the ancestor that has, in column `source`, the value that this one has in
 * column `at`; and what stands in the columns `back` is the instance of the home role at which that one came in.
 */
function descends(
  id: CollectionId,
  wanted: readonly { readonly at: number; readonly source: number }[],
  back: readonly number[],
  home: Home,
  context: Context,
  seen: Map<string, boolean>,
): boolean {
  if (id === home.ancestor) return back.length === 0 && wanted.every(({ at, source }) => at === source);
  const state = `${id}:${wanted.map(({ at, source }) => `${at}=${source}`).join(",")}:${back.join(",")}`;
  if (seen.has(state)) return seen.get(state)!;
  seen.set(state, false);
  const { kind } = collection(context, id);
  const rules = context.graph.into.get(id)!;
  if (rules.length === 0 || kind === "input" || kind === "timer") return false;
  const traced = rules.every((rule) => {
    const same = equals(rule);
    return ancestors(rule).some((literal) => {
      const columnOf = (name: string): number =>
        literal.terms.findIndex((each) => each?.kind === "variable" && same(each.name) === same(name));
      const further: { at: number; source: number }[] = [];
      for (const { at, source } of wanted) {
        const term = rule.head.terms[at];
        if (term.kind !== "value" || term.value.kind !== "variable") return false;
        const column = columnOf(term.value.name);
        if (column < 0) return false;
        further.push({ at: column, source });
      }
      // The ancestor of what a home instance makes with its own address in it is of that instance, or again tells so.
      const addresses: Expr[] = [];
      for (const at of back) {
        const term = rule.head.terms[at];
        if (term.kind !== "value") return false;
        if (term.value.kind !== "self") addresses.push(term.value);
        else if (rule.role !== home.role) return false;
      }
      const to = returnAddress(rule, home, context);
      if (to === null) return false;
      if (to !== "anywhere") addresses.push(to);
      const columns = addresses.map((expr) => (expr.kind === "variable" ? columnOf(expr.name) : -1));
      if (columns.includes(-1)) return false;
      return descends(
        literal.collection,
        further,
        [...new Set(columns)].sort((a, b) => a - b),
        home,
        context,
        seen,
      );
    });
  });
  seen.set(state, traced);
  return traced;
}

/** The literals from whose facts the head's are made. */
function ancestors(rule: Rule): readonly ReadLiteral[] {
  return rule.path === undefined ? positives(rule) : [handedIn(rule)];
}

/** What must be the instance from which the ancestor came, in a message into the home role; null where it may get to another. */
function returnAddress({ op, head }: Rule, home: Home, context: Context): Expr | "anywhere" | null {
  if (op !== "<~" || collection(context, head.collection).role !== home.role) return "anywhere";
  if (isAlone(home.role, context)) return "anywhere";
  return head.to?.kind === "address" ? head.to.value : null;
}

/** One instance in every deployment: a role to which some message goes without an address cannot be started twice. */
function isAlone(role: string, { graph }: Context): boolean {
  const { count, replicated, partitionedBy } = graph.ir.roles.get(role)!;
  if (count !== 1 || replicated || partitionedBy !== null) return false;
  return graph
    .entrances(role)
    .some(({ id, kind }) => kind === "channel" && graph.into.get(id)!.some(({ head }) => head.to?.kind === "role"));
}
