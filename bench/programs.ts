/**
 * Programs of any length, for measuring the compiler: valid, type-correct and stratified, with the
 * statements that real programs have (roles of every kind, keys, seals, joins, negation, aggregates
 * with and without `having`, recursion, upserts, deletions, timers, messages between roles).
 *
 * The same lines and seed give the same text.
 */

/** Numbers in [0, below), from a seed (mulberry32). */
type Draw = (below: number) => number;

function drawing(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const subjects = ["click", "order", "session", "payment", "shipment", "vote", "reading", "ticket", "route", "invoice"];
const columns = ["id", "customer", "campaign", "region", "warehouse", "device", "account", "page", "topic", "batch"];
const headers = ["", " x2", " x5", " replicated x3", " partitioned by (key) x4"];

/** One topic of a role: its collections and the rules over them, all names ending in `n`. */
function topic(draw: Draw, n: number, next: string, self: string, addressed: boolean): string[] {
  const name = `${subjects[draw(subjects.length)]}_${n}`;
  const a = columns[draw(columns.length)];
  const b = `${columns[draw(columns.length)]}_of`;
  const sealed = ["", "", ` sealed by (key)`, ` sealed by (key) single`, ` sealed`][draw(5)];
  const to = addressed ? "@*" : "";
  const lines = [
    `  /// What is known about ${name}, by ${a}.`,
    `  channel ${name}(key: string, ${a}: string, amount: int)${sealed};`,
    `  input   new_${name}(key: string, ${a}: string, amount: int)${sealed};`,
    `  table   all_${name}(key: string, ${a}: string, amount: int);`,
    `  all_${name}(k, x, n) <= ${name}(k, x, n);`,
    `  ${next}.${name}${to}(k, x, n) <~ new_${name}(k, x, n);`,
  ];
  const parts: (() => string[])[] = [
    () => [
      `  scratch busy_${name}(key: string, total: int);`,
      `  busy_${name}(k, count()) <= all_${name}(k, _, _) having count() >= ${2 + draw(90)};`,
    ],
    () => [
      `  scratch sum_${name}(${a}: string, total: int, most: int);`,
      `  sum_${name}(x, sum(n), max(n)) <= all_${name}(_, x, n), n > ${draw(1_000)};`,
      `  output  report_${name}(${a}: string, total: int) eventual;`,
      `  report_${name}(x, t * 2 + ${draw(50)}) <= sum_${name}(x, t, m), m != ${draw(9)}, t < ${1_000 + draw(9_000)};`,
    ],
    () => [
      `  table   closed_${name}(key: string, ${b}: string);`,
      `  scratch open_${name}(key: string, ${a}: string);`,
      `  closed_${name}(k, "by ${name}") <= ${name}(k, _, 0);`,
      `  open_${name}(k, x) <= all_${name}(k, x, _), not closed_${name}(k, _); // what still waits`,
    ],
    () => [
      `  table   last_${name}(key: string -> ${a}: string, amount: int) durable;`,
      `  last_${name}(k, x, n) <+- ${name}(k, x, n), n >= 0 && x != "none";`,
      `  table   seen_${name}(key: string);`,
      `  seen_${name}(k) <+ ${name}(k, _, _);`,
      `  last_${name}(k, x, n) <- last_${name}(k, x, n), n < ${draw(5)};`,
    ],
    () => [
      `  table   link_${name}(source: string, target: string);`,
      `  scratch reach_${name}(source: string, target: string);`,
      `  link_${name}(k, x) <= all_${name}(k, x, _);`,
      `  reach_${name}(x, y) <= link_${name}(x, y);`,
      `  reach_${name}(x, z) <= reach_${name}(x, y), link_${name}(y, z);`,
    ],
    () => [
      `  output  pair_${name}(left: string, right: string, difference: int);`,
      `  pair_${name}(x, y, d) <= all_${name}(k, x, n), all_${name}(k, y, m),`,
      `    d = n - m, d > ${draw(20)}, x != y;`,
    ],
    () => [
      `  timer   tick_${name} every ${[100, 250, 500][draw(3)]}ms;`,
      `  output  late_${name}(key: string) any;`,
      `  late_${name}(k) <= tick_${name}(), all_${name}(key: k, amount: ${draw(100)});`,
    ],
    () => [
      `  channel ask_${name}(client: addr, key: string);`,
      `  channel told_${name}(key: string, amount: int);`,
      `  ${self}.told_${name}@c(k, n) <~ ask_${name}(c, k), all_${name}(k, _, n);`,
      `  scratch level_${name}(key: string, level: string);`,
      `  level_${name}(k, if n > ${500 + draw(500)} then "high" else "low") <= told_${name}(k, n);`,
    ],
    () => [
      `  scratch first_${name}(key: string, who: string);`,
      `  first_${name}(k, argmin(x, n)) <= all_${name}(k, x, n), n % ${2 + draw(5)} == 0;`,
      `  scratch kinds_${name}(${a}: string, kinds: int);`,
      `  kinds_${name}(x, count(distinct k)) <= all_${name}(k, x, _);`,
    ],
  ];
  const chosen = 2 + draw(4);
  const first = draw(parts.length);
  for (let i = 0; i < chosen; i++) lines.push(...parts[(first + i * 2) % parts.length]());
  return [...lines, ""];
}

/** A valid program of about `lines` lines (at most one topic more). */
export function generateProgram(lines: number, seed: number): string {
  const draw = drawing(seed);
  const text: string[] = [];
  let topics = 0;
  let roles = 0;
  while (text.length < lines) {
    const role = `Role${roles++}`;
    const header = headers[draw(headers.length)];
    const addressed = header !== " replicated x3" && header !== " partitioned by (key) x4";
    text.push(`/// Part ${roles} of the program.`, `role ${role}${header} {`);
    const size = 2 + draw(5);
    for (let i = 0; i < size && (i === 0 || text.length < lines); i++) {
      text.push(...topic(draw, topics++, role, role, addressed));
    }
    text.push("}", "");
  }
  return `${text.join("\n")}\n`;
}

/** Services in a chain before a new one begins. */
const chain = 8;

/**
 * A system of about `rules` rules in which much has to be coordinated: services that count what is sealed and overwrite what
 * is not, each feeding the next. With `rates`, plans are compared by cost.
 */
export function generateSystem(rules: number, rates: boolean): string {
  const text: string[] = [];
  const rate = (perSecond: number): string => (rates ? ` rate ${perSecond}` : "");
  const every = rates ? " every 10s" : "";
  for (let n = 0; n * 11 < rules; n++) {
    const next =
      (n + 1) % chain === 0 || (n + 1) * 11 >= rules ? [] : [`  Report${n + 1}.click(k, k, t) <~ total(k, t);`];
    text.push(
      `role Server${n} x3 {`,
      `  input click(key: string, id: string, amount: int) sealed by (key)${every}${rate(1000)};`,
      `  input put(key: string, amount: int)${rate(5)};`,
      `  Report${n}.click(k, i, a) <~ click(k, i, a);`,
      `  Report${n}.put(k, a) <~ put(k, a), a > 0;`,
      `}`,
      `role Report${n} replicated x3 {`,
      `  channel click(key: string, id: string, amount: int);`,
      `  channel put(key: string, amount: int);`,
      `  table   clicks(key: string, id: string, amount: int);`,
      `  table   last(key: string -> amount: int);`,
      `  table   link(source: string, target: string);`,
      `  scratch reach(source: string, target: string);`,
      `  scratch total(key: string, sum: int);`,
      `  output  shown(key: string, sum: int);`,
      `  output  current(key: string, amount: int) agreed;`,
      `  output  reached(source: string, target: string);`,
      `  clicks(k, i, a) <= click(k, i, a);`,
      `  total(k, sum(a)) <= clicks(k, _, a);`,
      `  shown(k, t) <= total(k, t);`,
      `  last(k, a) <+- put(k, a);`,
      `  current(k, a) <= last(k, a);`,
      `  link(k, i) <= clicks(k, i, _);`,
      `  reach(x, y) <= link(x, y);`,
      `  reach(x, z) <= reach(x, y), link(y, z);`,
      `  reached(x, y) <= reach(x, y);`,
      ...next,
      `}`,
    );
  }
  return `${text.join("\n")}\n`;
}
