/** Trying a law: exhaustively on simple values, then on edges, correlated and random ones; and the simplest breach. */
import type { Domain, Draw } from "./domain.ts";
import { drawFrom } from "./domain.ts";
import type { Breach, Law } from "./subject.ts";

/** Grows while cases are tried, so that who stops a trial from outside knows how far it came. */
export interface Trial {
  cases: number;
  without: number;
  /** What is being tried. */
  now: readonly unknown[];
  /** When it began, in milliseconds of `performance.now()`. */
  since: number;
}

export interface Found {
  readonly breach: Breach;
  readonly values: readonly unknown[];
}

const most = { small: 3000, edges: 4000, random: 4000, collisions: 24_000, shrinks: 4000 };

/** After so many cases it is asked whether they are enough. */
const often = 256;

export function newTrial(): Trial {
  return { cases: 0, without: 0, now: [], since: 0 };
}

/** null when no case broke it. `enough` is asked now and then, and ends it early. */
export function tryLaw(law: Law, seed: number, trial: Trial, enough: () => boolean = () => false): Found | null {
  const draw = drawFrom(seed);
  const stages = law.collide === undefined ? plain(law, draw) : colliding(law, law.collide, draw, trial, enough);
  for (const stage of stages) {
    for (const values of stage) {
      const breach = judge(law, values, trial);
      if (breach !== null && breach !== "nothing") return shrunk(law, { breach, values }, trial);
      if (trial.cases % often === 0 && enough()) return null;
    }
  }
  return null;
}

function judge(law: Law, values: readonly unknown[], trial: Trial): Breach | "nothing" | null {
  trial.now = values;
  trial.since = performance.now();
  trial.cases++;
  const judged = law.judge(values);
  if (judged === "nothing") trial.without++;
  return judged;
}

function* plain(law: Law, draw: Draw): Iterable<Iterable<readonly unknown[]>> {
  const share = law.light === true ? 0.1 : 1;
  yield product(
    law.domains.map(({ small }) => small),
    most.small * share,
  );
  yield edgesOf(law.domains, draw, most.edges * share);
  yield randomOf(law.domains, draw, most.random * share);
}

/** The same cases for the variables up to `over`; what collides is judged as a case of all. */
function* colliding(
  law: Law,
  collide: NonNullable<Law["collide"]>,
  draw: Draw,
  trial: Trial,
  enough: () => boolean,
): Iterable<Iterable<readonly unknown[]>> {
  const domains = law.domains.slice(0, collide.over);
  const met: (readonly unknown[])[] = [];
  let over = false;
  function* offered(from: Iterable<readonly unknown[]>): Iterable<readonly unknown[]> {
    for (const values of from) {
      if (over || (trial.cases % often === often - 1 && (over = enough()))) return;
      trial.now = values;
      trial.since = performance.now();
      trial.cases++;
      if (met.length < 4000) met.push(values);
      const pair = collide.offer(values);
      if (pair === null) trial.without++;
      else if (pair.length > 0) {
        trial.cases--;
        yield pair;
      }
    }
  }
  yield offered(
    product(
      domains.map(({ small }) => small),
      most.small,
    ),
  );
  yield offered(edgesOf(domains, draw, most.edges));
  yield offered(
    (function* () {
      for (let i = 0; i < most.random && met.length > 0; i++) {
        const at = draw.below(domains.length);
        yield draw.pick(met).map((value, k) => (k === at ? domains[k]!.near(value, draw) : value));
      }
    })(),
  );
  yield offered(randomOf(domains, draw, most.collisions - most.random));
}

/** Every combination, those of the first values first; of larger products as much of each list as fits. */
function* product(lists: readonly (readonly unknown[])[], limit: number): Iterable<readonly unknown[]> {
  if (lists.length === 0) return;
  const each = Math.max(2, Math.floor(limit ** (1 / lists.length)));
  const used = lists.map((list) => list.slice(0, lists.length === 1 ? limit : each));
  if (used.some((list) => list.length === 0)) return;
  const index = used.map(() => 0);
  for (;;) {
    yield index.map((i, at) => used[at]![i]);
    let at = index.length - 1;
    while (at >= 0 && ++index[at]! === used[at]!.length) index[at--] = 0;
    if (at < 0) return;
  }
}

/** All edges with the simplest of the others, each with itself, and combinations drawn at random. */
function* edgesOf(domains: readonly Domain[], draw: Draw, count: number): Iterable<readonly unknown[]> {
  let left = count;
  const lists = domains.map(({ edges }) => edges);
  const longest = Math.max(0, ...lists.map((list) => list.length));
  for (let i = 0; i < longest && left > 0; i++, left--) yield lists.map((list) => list[i % list.length]);
  if (domains.length === 1) return;
  for (let at = 0; at < domains.length; at++) {
    for (const value of lists[at]!) {
      if (left-- <= 0) return;
      yield domains.map(({ small }, i) => (i === at ? value : small[0]));
      if (left-- <= 0) return;
      yield domains.map(({ small }, i) => (i === at ? value : small[Math.min(1, small.length - 1)]));
    }
  }
  while (left-- > 0) yield lists.map((list) => draw.pick(list));
}

/** Values that have to do with each other: earlier ones again, nearly, or in another order. */
function* randomOf(domains: readonly Domain[], draw: Draw, count: number): Iterable<readonly unknown[]> {
  let before: readonly unknown[] = domains.map((domain) => domain.random(draw));
  for (let i = 0; i < count; i++) {
    const values: unknown[] = [];
    for (const [at, domain] of domains.entries()) {
      const like = domains.findIndex((other, k) => k < at && other === domain);
      if (like >= 0 && draw.chance(0.4)) values.push(draw.chance(0.3) ? values[like] : domain.near(values[like], draw));
      else if (draw.chance(0.2)) values.push(before[at]);
      else
        values.push(draw.chance(0.5) ? draw.pick(draw.chance(0.5) ? domain.small : domain.edges) : domain.random(draw));
    }
    yield values;
    before = values;
  }
}

/** Simpler values that break it in the same way, one variable after the other and all in step, until none do. */
function shrunk(law: Law, found: Found, trial: Trial): Found {
  let best = found;
  let left = most.shrinks;
  const text = (values: readonly unknown[]): string => values.map((value, i) => law.domains[i]!.show(value)).join(" ");
  const simpler = (a: readonly unknown[], b: readonly unknown[]): boolean => {
    const [left, right] = [text(a), text(b)];
    return left.length < right.length || (left.length === right.length && left < right);
  };
  const counted = { cases: trial.cases, without: trial.without };
  search: while (left > 0) {
    for (const values of simplerOf(law.domains, best.values)) {
      if (left-- <= 0) break;
      if (!simpler(values, best.values)) continue;
      const breach = judge(law, values, trial);
      if (breach === null || breach === "nothing" || breach.because !== best.breach.because) continue;
      best = { breach, values };
      continue search;
    }
    break;
  }
  Object.assign(trial, counted);
  return best;
}

function* simplerOf(domains: readonly Domain[], values: readonly unknown[]): Iterable<readonly unknown[]> {
  for (const [at, domain] of domains.entries()) {
    for (const one of domain.simpler(values[at])) yield values.map((value, i) => (i === at ? one : value));
  }
  for (let first = 0; first < domains.length; first++) {
    for (let second = first + 1; second < domains.length; second++) {
      if (domains[first] !== domains[second]) continue;
      const [a, b] = [[...domains[first]!.simpler(values[first])], [...domains[second]!.simpler(values[second])]];
      for (let i = 0; i < Math.min(a.length, b.length, 80); i++)
        yield values.map((value, at) => (at === first ? a[i] : at === second ? b[i] : value));
      const [x, y] = [values[first], values[second]];
      if (typeof x === "number" && typeof y === "number") {
        for (const by of [Math.min(x, y), 1, 10, 100, 1000])
          if (domains[first]!.problem(x - by) === null && domains[second]!.problem(y - by) === null)
            yield values.map((value, at) => (at === first ? x - by : at === second ? y - by : value));
      }
    }
  }
}
