/**
 * Messages that are sent again until a receipt names all of them (semantics.md C5, over channels that lose):
 *
 *     M@a(self, i, p) <~ again(), B(a, i, p);     in role S: on a timer, whatever is in the table B
 *     A@f(self, i, p) <~ M(f, i, p);              in the role of M: a receipt to whom it came from
 *     B(a, i, p) <- A(a, i, p), B(a, i, p);       in role S: what has a receipt needs no more repeats
 *
 * A row of B goes only when a receipt has come that has all of its values; a receipt is made only of a message, and a
 * message only of a row. So the message of that row, by that sender, had come to that address. Until then it is sent
 * again, and of what is sent for ever something comes: M brings in the end all that was ever in B, and A a receipt for
 * each, as if neither lost anything. When the timer fires, and when a row goes, does not show: nothing else reads B.
 */
import type { CollectionId, Expr, ReadLiteral, Rule, RuleId } from "../ir.ts";
import type { Graph } from "./graph.ts";
import { observedCollections, positives, reads } from "./graph.ts";

export interface Acknowledged {
  /** Lossy channels of which nothing is lost in the end. */
  readonly channels: ReadonlySet<CollectionId>;
  /** The rules that send again, and those that forget. */
  readonly rules: ReadonlySet<RuleId>;
}

const found = new WeakMap<Graph, Acknowledged>();

/** Found once per graph. */
export function acknowledgedIn(graph: Graph): Acknowledged {
  let all = found.get(graph);
  if (all === undefined) {
    const channels = new Set<CollectionId>();
    const rules = new Set<RuleId>();
    const lossy = [...graph.ir.collections.values()].filter((one) => one.lossy);
    const observed = lossy.length === 0 ? new Set<CollectionId>() : observedCollections(graph);
    for (const { id } of lossy) {
      const exchange = exchangeOf(id, graph, observed);
      if (exchange === null) continue;
      channels.add(id).add(exchange.receipts);
      for (const rule of exchange.rules) rules.add(rule.id);
    }
    found.set(graph, (all = { channels, rules }));
  }
  return all;
}

/** How the rows of a buffer become messages. */
interface Sending {
  readonly buffer: CollectionId;
  /** The column of the buffer that is the address. */
  readonly to: number;
  /** For each column of the message: a column of the buffer, or the sender itself. */
  readonly columns: readonly (number | "self")[];
}

function exchangeOf(
  messages: CollectionId,
  graph: Graph,
  observed: ReadonlySet<CollectionId>,
): { readonly receipts: CollectionId; readonly rules: readonly Rule[] } | null {
  // Another rule with the same head could keep its facts true, so that they never become true again and are not sent again.
  const [sender, ...others] = graph.into.get(messages)!;
  const sending = sender === undefined || others.length > 0 ? null : sendingOf(sender, graph);
  if (sending === null) return null;
  const { buffer } = sending;
  const table = graph.ir.collections.get(buffer)!;
  if (table.keyLength !== null && table.keyLength < table.columns.length) return null;
  // Each row has a message of its own.
  const carried = new Set<number | "self">([...sending.columns, sending.to]);
  if (table.columns.some((_, column) => !carried.has(column))) return null;

  const writers = graph.into.get(buffer)!;
  const forgetting = writers.filter(({ op }) => op === "<-");
  if (forgetting.length !== 1 || writers.some(({ op }) => op === "<+-")) return null;
  const [forget] = forgetting;
  const receipts = receiptsThatForget(forget, sending, messages, graph);
  if (receipts === null) return null;
  const readers = graph.readers.get(buffer)!.filter((rule) => rule !== forget && rule !== sender);
  if (readers.some((rule) => observed.has(rule.head.collection))) return null;
  if (graph.ir.seals.some((seal) => reads(seal).some((literal) => literal.collection === buffer))) return null;
  return { receipts, rules: [sender, forget] };
}

/** `M@a(self, i, p) <~ again(), B(a, i, p)` */
function sendingOf(rule: Rule, graph: Graph): Sending | null {
  const { head, body } = rule;
  const to = head.to;
  if (rule.op !== "<~" || to?.kind !== "address" || !isPlain(rule)) return null;
  const kindOf = ({ collection }: ReadLiteral): string => graph.ir.collections.get(collection)!.kind;
  const timer = positives(rule).find((literal) => kindOf(literal) === "timer");
  const rows = positives(rule).find((literal) => kindOf(literal) === "table");
  if (body.length !== 2 || timer === undefined || rows === undefined) return null;
  const names = variablesOf(rows);
  const address = names?.findIndex((name) => isVariable(to.value, name)) ?? -1;
  if (names === null || address < 0) return null;
  const columns: (number | "self")[] = [];
  for (const term of head.terms) {
    if (term.kind !== "value") return null;
    const { value } = term;
    const column = value.kind === "self" ? "self" : names.findIndex((name) => isVariable(value, name));
    if (column === -1) return null;
    columns.push(column);
  }
  return { buffer: rows.collection, to: address, columns };
}

/**
 * The channel A of `B(a, i, p) <- A(a, i, p), B(a, i, p)`, where each of its facts is the receipt for a message, sent to
 * whom that message came from, and names every column of the row.
 */
function receiptsThatForget(
  forget: Rule,
  { buffer, to, columns }: Sending,
  messages: CollectionId,
  graph: Graph,
): CollectionId | null {
  const [first, second] = reads(forget);
  if (!isPlain(forget) || forget.body.length !== 2 || second === undefined || first.negated || second.negated)
    return null;
  const [row, receipt] = first.collection === buffer ? [first, second] : [second, first];
  const channel = graph.ir.collections.get(receipt.collection)!;
  if (row.collection !== buffer || channel.kind !== "channel" || channel.role !== forget.role) return null;
  const names = variablesOf(row);
  if (
    names === null ||
    !forget.head.terms.every((term, i) => term.kind === "value" && isVariable(term.value, names[i]))
  )
    return null;

  const makers = graph.into.get(channel.id)!;
  const [maker] = makers;
  if (makers.length !== 1 || maker.op !== "<~" || maker.head.to?.kind !== "address" || !isPlain(maker)) return null;
  const [message] = reads(maker);
  if (maker.body.length !== 1 || message === undefined || message.negated || message.collection !== messages)
    return null;
  const parts = variablesOf(message);
  const sender = columns.indexOf("self");
  if (parts === null || sender < 0 || !isVariable(maker.head.to.value, parts[sender])) return null;
  /** The column of the buffer that a term of the receipt names: what the message carries of it, or where it arrived. */
  const named = maker.head.terms.map((term) => {
    const value = term.kind === "value" ? term.value : null;
    if (value?.kind === "self") return to;
    const part = value?.kind === "variable" ? parts.indexOf(value.name) : -1;
    return part < 0 ? null : columns[part];
  });
  const isNamed = (column: number): boolean =>
    receipt.terms.some((term, i) => named[i] === column && term !== null && isVariable(term, names[column]));
  return names.every((_, column) => isNamed(column)) ? channel.id : null;
}

/** Nothing but its literals decides when it holds. */
function isPlain(rule: Rule): boolean {
  return (
    rule.having.length === 0 &&
    !rule.gates?.length &&
    rule.body.every((literal) => literal.kind === "read" && literal.hold === undefined) &&
    rule.head.terms.every((term) => term.kind === "value")
  );
}

/** Of a literal with a variable of its own in each column. */
function variablesOf(literal: ReadLiteral): readonly string[] | null {
  const names = literal.terms.flatMap((term) => (term?.kind === "variable" ? [term.name] : []));
  return names.length === literal.terms.length && new Set(names).size === names.length ? names : null;
}

function isVariable(expr: Expr, name: string): boolean {
  return expr.kind === "variable" && expr.name === name;
}
