/** Seals of channels: declared, or travelling along the rules of all senders (semantics A7). */
import type { Seal, TravelPart } from "../analysis.ts";
import type { CollectionId, Expr, Rule } from "../ir.ts";
import { equals, invertible, sameKey } from "./determine.ts";
import { reads } from "./graph.ts";
import type { Context } from "./points.ts";
import { collection, isBrokenPromise, isOpen } from "./points.ts";
import type { Seals } from "./seal-values.ts";
import { sealKey, sourceItself } from "./seal-values.ts";

/** A channel is sealed where its declaration says so and every sender can keep it, or where seals travel along all its senders' rules. */
export function channelSeal(
  id: CollectionId,
  rules: readonly Rule[],
  context: Context,
  out: Seals,
  asyncCycle: boolean,
): Seal | null {
  out.channels.delete(id);
  const { sealed, lossy } = collection(context, id);
  const byRule = context.graph.sealsInto.get(id) ?? [];
  if (lossy || (asyncCycle && sealed === null) || (rules.length === 0 && sealed === null)) return null;
  if (byRule.some((seal) => isBrokenPromise(seal, context))) return null;
  const decreed = new Set(byRule.map((seal) => seal.role));
  const senders = rules.filter((rule) => !decreed.has(rule.role));
  const stuck = senders.find((rule) => asyncCycle || out.unsealed.has(rule.id));
  for (const columns of stuck ? [] : sealed !== null ? [sealed.columns] : columnsOf(senders, context, out)) {
    const ways = senders.map((rule) => ({ rule, way: travelAlong(rule, context, out.seals, columns) }));
    const missing = ways.find(({ way }) => way === null);
    if (missing === undefined) {
      const travels = new Map<string, { parts: TravelPart[]; deferred: boolean } | null>(
        [...decreed].map((role) => [role, null]),
      );
      for (const { rule, way } of ways) {
        const known = travels.get(rule.role) ?? { parts: [], deferred: false };
        for (const part of way!.parts)
          if (!known.parts.some((each) => each.source === part.source && sameKey(each.map, part.map)))
            known.parts.push(part);
        travels.set(rule.role, { parts: known.parts, deferred: known.deferred || way!.deferred });
      }
      out.channels.set(id, { columns, travels });
      return { ...sourceItself(id, columns), consumed: ways.some(({ way }) => way!.consumed) };
    }
    if (sealed !== null) isMissing(id, missing.rule, out);
  }
  if (sealed !== null && stuck) isMissing(id, stuck, out);
  return null;
}

function isMissing(channel: CollectionId, { role, id: rule }: Rule, { missing }: Seals): void {
  if (!missing.some((each) => each.channel === channel && each.role === role)) missing.push({ channel, role, rule });
}

/** The columns by which the rules could seal a channel, each by itself: fewer first, then in the order of the columns. */
function columnsOf(rules: readonly Rule[], context: Context, out: Seals): number[][] {
  const found = new Map<string, number[]>();
  for (const rule of rules) {
    const columns = travelAlong(rule, context, out.seals, null)?.columns.sort((a, b) => a - b);
    if (columns !== undefined) found.set(columns.join(), columns);
  }
  return [...found.values()].sort((a, b) => a.length - b.length || (a.join() < b.join() ? -1 : 1));
}

/** How the seals of a sending rule's body become seals of the channel: by expressions over the source's seal values. */
function travelAlong(
  rule: Rule,
  context: Context,
  seals: ReadonlyMap<CollectionId, Seal | null>,
  wanted: readonly number[] | null,
): { columns: number[]; parts: TravelPart[]; deferred: boolean; consumed: boolean } | null {
  const { ir } = context.graph;
  const same = equals(rule);
  const parts: TravelPart[] = [];
  let columns: readonly number[] | null = wanted;
  let deferred = false;
  let consumed = false;
  let open = 0;
  for (const literal of reads(rule)) {
    if (!isOpen(context, literal)) continue;
    open++;
    const seal = seals.get(literal.collection);
    if (!seal) return null;
    deferred ||= seal.deferred;
    consumed ||= seal.consumed;
    for (const { source, key } of seal.sources) {
      const names = sealKey(source, seals).map((column) => collection(context, source).columns[column].name);
      const bySource = new Map<string, Expr>();
      for (const [i, part] of key.entries()) {
        const term = typeof part === "number" ? literal.terms[part] : part;
        // Of a literal that equates two sealed columns only the partitions in which they are equal would travel.
        if (term?.kind !== "variable" || bySource.has(same(term.name))) return null;
        bySource.set(same(term.name), { ...term, name: names[i] });
      }
      const way = forward(rule, bySource, columns, ir, same);
      if (way === null) return null;
      columns ??= way.columns;
      parts.push({ source, map: columns.map((column) => way.columns.indexOf(column)).map((at) => way.map[at]) });
    }
  }
  return open === 0 || columns === null ? null : { columns: [...columns], parts, deferred, consumed };
}

/** Head columns that are injective images of the sealed values and together determine them. */
function forward(
  rule: Rule,
  values: ReadonlyMap<string, Expr>,
  wanted: readonly number[] | null,
  ir: Context["graph"]["ir"],
  same: (name: string) => string,
): { columns: number[]; map: Expr[] } | null {
  const columns: number[] = [];
  const map: Expr[] = [];
  const covered = new Set<string>();
  const consider = (at: number, injectiveImage: boolean): void => {
    const term = rule.head.terms[at];
    if (columns.includes(at) || term.kind !== "value") return;
    const inverse = invertible(unfold(term.value, rule), ir);
    if (inverse === null || inverse.length === 0 || !inverse.every((name) => values.has(same(name)))) return;
    if ((term.value.kind !== "variable") !== injectiveImage && wanted === null) return;
    if (wanted === null && inverse.every((name) => covered.has(same(name)))) return;
    columns.push(at);
    map.push(rename(unfold(term.value, rule), values, same));
    for (const name of inverse) covered.add(same(name));
  };
  const candidates = wanted ?? rule.head.terms.map((_, i) => i);
  for (const at of candidates) consider(at, false);
  for (const at of candidates) consider(at, true);
  if (covered.size !== values.size) return null;
  if (wanted !== null && wanted.some((at) => !columns.includes(at))) return null;
  return { columns, map };
}

/** A variable bound by `x = f(y)` stands for that expression, where it is not itself read. */
function unfold(expr: Expr, rule: Rule): Expr {
  if (expr.kind !== "variable") return expr;
  const bind = rule.body.find((literal) => literal.kind === "bind" && literal.variable === expr.name);
  return bind?.kind === "bind" && bind.value.kind !== "variable" ? bind.value : expr;
}

function rename(expr: Expr, values: ReadonlyMap<string, Expr>, same: (name: string) => string): Expr {
  switch (expr.kind) {
    case "variable":
      return values.get(same(expr.name)) ?? expr;
    case "call":
      return { ...expr, args: expr.args.map((arg) => rename(arg, values, same)) };
    case "binary":
      return { ...expr, left: rename(expr.left, values, same), right: rename(expr.right, values, same) };
    case "tuple":
    case "list":
      return { ...expr, of: expr.of.map((each) => rename(each, values, same)) };
    default:
      return expr;
  }
}
