/**
 * The plans of one program, the best first. A plan is what is decided rule by rule where some rules are left as they are or
 * take a log instead of a seal, and where logs stand further down; each is written in and analysed before it is judged.
 */
import { severities } from "../analysis.ts";
import type { CollectionId, RuleId } from "../ir.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Cost, Insertion } from "../plan.ts";
import { costOf, rankOf } from "./cost.ts";
import { describeInsertions } from "./insertions.ts";
import { alone } from "./parts.ts";
import type { Rates } from "./rates.ts";
import { rulesBehind } from "./relevant.ts";
import { asDecided, brokenPromises, byPart, mostTries, openMarks, relax, removable, settle } from "./settle.ts";
import type { Choice, Unsettled } from "./settle.ts";
import { isLogging, stale, write } from "./write.ts";
import type { Decided, Settled } from "./write.ts";

export interface Candidate {
  readonly choice: Choice;
  readonly decided: Decided;
  readonly settled: Settled;
  readonly insertions: readonly Insertion[];
  /** null without rates. */
  readonly cost: Cost | null;
  /** Less is better, the first that differs counts: promises not kept, how severe their labels are, races left behind them. */
  readonly shortfall: readonly number[];
}

export function candidateOf(
  given: Unsettled,
  choice: Choice,
  rates: Rates | null,
  diagnostics: Diagnostic[],
): Candidate {
  const { decided, settled: first } = settle(given, choice, diagnostics);
  return judge(given, choice, decided, relax(given, decided, first), rates);
}

/** The same rules as there, with logs that take all that comes into their roles. */
export function widened(given: Unsettled, { choice, decided }: Candidate, rates: Rates | null): Candidate {
  const wide = { ...decided, wide: true };
  const settled = write(given.analysis, given.graph, wide);
  // What a wider log takes in loses its seal, and rules that wait for that have to be settled in another way.
  if (stale(settled, wide).length > 0) return candidateOf(given, { ...choice, wide: true }, rates, []);
  return judge(given, { ...choice, wide: true }, wide, settled, rates);
}

function judge(given: Unsettled, choice: Choice, decided: Decided, settled: Settled, rates: Rates | null): Candidate {
  const { analysis, graph } = given;
  const { labels } = settled.residual.inference;
  const broken = brokenPromises(analysis.ir, settled.residual.inference);
  const { points, implied } = openMarks(settled.residual, rulesBehind(graph, broken), decided);
  return {
    choice,
    decided,
    settled,
    insertions: describeInsertions(analysis, decided, settled),
    cost: rates && costOf(settled, rates),
    shortfall: [
      broken.length,
      broken.reduce((sum, id) => sum + severities.indexOf(labels.get(id)!.name), 0),
      points.length + implied.length,
    ],
  };
}

/** Negative: `a` is better. Promises first, then messages, then the wait; without rates the mechanisms' ranks; then what was inserted less often. */
export function compareCandidates(a: Candidate, b: Candidate): number {
  for (const [i, own] of a.shortfall.entries()) if (own !== b.shortfall[i]) return own - b.shortfall[i];
  if (a.cost !== null && b.cost !== null) {
    if (a.cost.messages !== b.cost.messages) return a.cost.messages - b.cost.messages;
    const [x, y] = [a.cost.waitMs ?? Infinity, b.cost.waitMs ?? Infinity];
    if (x !== y) return x - y;
  } else {
    const difference = rankOf(a.insertions) - rankOf(b.insertions);
    if (difference !== 0) return difference;
  }
  return a.insertions.length - b.insertions.length || changes(a.choice) - changes(b.choice);
}

function changes({ rules, cuts, wide }: Choice): number {
  return rules.size + cuts.size + (wide ? 1 : 0);
}

/** Up to so many places of a part all combinations are tried; beyond, one change after the other as long as one helps. */
const mostExhaustive = 6;

/**
 * The best plan, and others, sorted: in each part of the program the plans that were tried there, with the best everywhere
 * else, and what there would be without what the promises need. `start` is what is decided rule by rule.
 */
export function candidatesOf(given: Unsettled, start: Candidate, rates: Rates | null, most: number): Candidate[] {
  const found = [...byPart(given, start.decided, removable(given, start.decided))].flatMap(([part, ids]) => {
    const moves = movesFrom(given, start, ids);
    return moves.length === 0 ? [] : [plansOfPart(alone(given, part), moves, rates)];
  });
  const whole = (choices: readonly Choice[]): Candidate => {
    const choice = choices.reduce(united, start.choice);
    return changes(choice) === changes(start.choice) ? start : candidateOf(given, choice, rates, []);
  };
  const best = found.map(([first]) => first);
  const chosen = whole(best.map(({ choice }) => choice));
  const others = found
    .flatMap((plans, i) => plans.slice(1).map((other) => ({ other, instead: i })))
    .sort((a, b) => compareCandidates(a.other, b.other))
    .slice(0, most)
    .map(({ other, instead }) => whole(best.map(({ choice }, i) => (i === instead ? other.choice : choice))));
  if (most > 0) {
    others.push(start);
    others.push(
      candidateOf(
        given,
        { ...asDecided, rules: new Map([...start.decided.rules.keys()].map((id) => [id, "order"])) },
        rates,
        [],
      ),
    );
    others.push(candidateOf({ ...given, strategy: "none" }, asDecided, rates, []));
  }
  const distinct = new Map([[formOf(chosen.insertions), chosen]]);
  for (const each of others.sort(compareCandidates))
    if (!distinct.has(formOf(each.insertions))) distinct.set(formOf(each.insertions), each);
  return [...distinct.values()];
}

/** Plans of one part, sorted. Beyond a few places the first is at least as good as what is decided rule by rule, and not always the best. */
function plansOfPart(given: Unsettled, moves: readonly Choice[], rates: Rates | null): Candidate[] {
  const tried = new Map<string, Candidate>();
  const most = mostTries(given.analysis.ir);
  const evaluate = (choice: Choice): Candidate | null => {
    const key = keyOf(choice);
    let known = tried.get(key) ?? null;
    if (known === null && tried.size <= most) tried.set(key, (known = candidateOf(given, choice, rates, [])));
    return known;
  };
  const start = evaluate(asDecided)!;
  if (moves.length <= mostExhaustive) {
    for (let mask = 1; mask < 1 << moves.length; mask++)
      evaluate(moves.reduce((choice, move, i) => (mask & (1 << i) ? united(choice, move) : choice), asDecided));
  } else {
    for (let best: Candidate = start, from: Candidate | null = null; best !== from;) {
      from = best;
      for (const move of moves) {
        const next = evaluate(united(from.choice, move));
        if (next !== null && compareCandidates(next, best) < 0) best = next;
      }
    }
  }
  const distinct = new Map<string, Candidate>();
  for (const each of [...tried.values()].sort(compareCandidates)) {
    const form = formOf(each.insertions);
    if (!distinct.has(form)) distinct.set(form, each);
  }
  return [...distinct.values()];
}

/** What distinguishes plans for whoever reads them. */
export function formOf(insertions: readonly Insertion[]): string {
  return JSON.stringify(
    insertions
      .map(({ mechanism, role, at, key, epochMs }) => [mechanism, role, at, key, epochMs])
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  );
}

function keyOf({ rules, cuts, wide }: Choice): string {
  return JSON.stringify([[...rules].sort(), [...cuts].sort(), wide]);
}

function united(a: Choice, b: Choice): Choice {
  return { rules: new Map([...a.rules, ...b.rules]), cuts: new Set([...a.cuts, ...b.cuts]), wide: a.wide };
}

/**
 * Single changes: a log instead of the seals of a role, for all its rules that no deterministic output shows, or for one;
 * and logs on all channels, or on one, by which what the replicas of a role disagree on gets to others.
 */
function movesFrom({ analysis, graph }: Unsettled, { decided }: Candidate, open: readonly RuleId[]): Choice[] {
  const { ir } = analysis;
  const moves = new Map<string, Choice>();
  const add = (rules: readonly RuleId[], cuts: readonly CollectionId[]): void => {
    const move: Choice = { ...asDecided, rules: new Map(rules.map((id) => [id, "order"])), cuts: new Set(cuts) };
    if (changes(move) > 0) moves.set(keyOf(move), move);
  };
  const roles = new Map<string, RuleId[]>();
  for (const id of open) {
    const { role } = ir.rules.get(id)!;
    const known = roles.get(role);
    if (known) known.push(id);
    else roles.set(role, [id]);
  }
  for (const [role, own] of roles) {
    const sealed = own.filter((id) => !isLogging(decided.rules.get(id)!));
    add(sealed, []);
    if (sealed.length > 1) for (const id of sealed) add([id], []);
    if (!ir.roles.get(role)!.replicated) continue;
    const ways = exits(role, own, graph);
    add([], ways);
    if (ways.length > 1) for (const id of ways) add([], [id]);
  }
  return [...moves.values()];
}

/** Channels of other, replicated roles to which what the rules make gets without passing another role first. */
function exits(role: string, from: readonly RuleId[], graph: Unsettled["graph"]): CollectionId[] {
  const { ir } = graph;
  const out = new Set<CollectionId>();
  const seen = new Set<CollectionId>();
  const queue = from.map((id) => ir.rules.get(id)!.head.collection);
  while (queue.length > 0) {
    const id = queue.pop()!;
    if (seen.has(id)) continue;
    seen.add(id);
    const { role: owner, kind } = ir.collections.get(id)!;
    if (owner === role) for (const rule of graph.readers.get(id)!) queue.push(rule.head.collection);
    else if (kind === "channel" && ir.roles.get(owner)!.replicated) out.add(id);
  }
  return [...out].sort((a, b) => graph.positions.get(a)! - graph.positions.get(b)!);
}
