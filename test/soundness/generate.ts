/** Random programs of two roles, with random inputs, for the question whether any label is wrong. */
import { Random } from "../../src/verify/schedule.ts";
import type { Given } from "../support/runs.ts";

export interface Generated {
  readonly text: string;
  readonly given: Given;
}

/** Everything has two int columns `x`, `y`; scratches read only what stands before them, but for positive recursion. */
export function generate(seed: number): Generated {
  const random = new Random(seed);
  const pick = <T>(of: readonly T[]): T => of[random.below(of.length)];
  const chance = (p: number): boolean => random.chance(p);
  const sealOf = (): string => pick(["", "", "sealed by (x)", "sealed by (x)", "sealed by (y)", "sealed by (x, y)", "sealed"]);

  const seals = [sealOf(), sealOf(), sealOf()];
  const host: string[] = seals.map((seal, i) => `  input i${i + 1}(x: int, y: int) ${seal};`);
  for (const n of [1, 2, 3]) {
    host.push(`  R.c${n}(${pick(["x, y", "x, y", "x, y", "y, x", "x, x"])}) <~ i${n}(x, y)${chance(0.1) ? ", y > 0" : ""};`);
  }

  const readable = ["c1", "c2", "c3"];
  const declared: string[] = ["  channel c1(x: int, y: int); channel c2(x: int, y: int); channel c3(x: int, y: int);"];
  const rules: string[] = [];
  const term = (): string => pick(["a", "b", "a", "b", "_", "0"]);
  const tables: string[] = [];

  const rule = (head: string, op: string, lower: readonly string[], keyed = false): string => {
    const first = pick(lower);
    const body = [`${first}(a, b)`];
    const bound = ["a", "b"];
    if (chance(0.35)) {
      const second = pick(lower);
      const joined = chance(0.85) ? pick(["(a, c)", "(b, c)", "(a, b)", "(c, a)"]) : "(c, d)";
      body.push(`${second}${joined}`);
      for (const name of ["c", "d"]) if (joined.includes(name) && !bound.includes(name)) bound.push(name);
    }
    if (chance(0.25)) body.push(`not ${pick(lower)}(${term()}, ${term()})`);
    if (chance(0.15)) body.push(`${pick(bound)} ${pick(["<", "!=", ">="])} ${random.below(3)}`);
    if (chance(0.1)) {
      body.push(`e = ${pick(bound)} + 1`);
      bound.push("e");
    }
    const group = pick(bound);
    if (op === "<=" && chance(0.3)) {
      const aggregate = pick(["count()", "count()", "sum(b)", "max(b)", "min(a)", "count(distinct b)"]);
      const having = chance(0.4) ? ` having ${pick(["count() >= 2", "count() < 2", "max(b) >= 1", "min(b) <= 1", "count() == 1"])}` : "";
      if (having && chance(0.5)) return `${head}(${group}, ${keyed ? "0" : pick([group, "0"])}) ${op} ${body.join(", ")}${having};`;
      return `${head}(${group}, ${aggregate}) ${op} ${body.join(", ")}${having};`;
    }
    return `${head}(${pick(bound)}, ${pick(bound)}) ${op} ${body.join(", ")};`;
  };

  for (let n = 1; n <= 2 + random.below(2); n++) {
    const keyed = chance(0.2);
    declared.push(`  table t${n}(x: int ${keyed ? "->" : ","} y: int);`);
    rules.push(`  t${n}(${pick(["x, y", "x, y", "y, x"])}) <= ${pick(["c1", "c2", "c3"])}(x, y);`);
    if (chance(0.2)) rules.push(`  t${n}(x, y) <= ${pick(readable)}(x, y);`);
    if (chance(0.15)) rules.push(`  t${n}(x, y) <- ${pick(["c1", "c2", "c3"])}(x, y);`);
    if (chance(0.1)) rules.push(`  t${n}(x, y) <- ${pick(["c1", "c2", "c3"])}(x, _), t${n}(x, y);`);
    if (keyed && chance(0.5)) rules.push(`  t${n}(x, y) <+- ${pick(["c1", "c2", "c3"])}(x, y);`);
    if (chance(0.15)) rules.push(`  t${n}(x, y) <+ ${pick(["c1", "c2", "c3"])}(x, y);`);
    readable.push(`t${n}`, `t${n}`);
    tables.push(`t${n}`);
  }
  for (let n = 1; n <= 1 + random.below(3); n++) {
    declared.push(`  scratch s${n}(x: int, y: int);`);
    rules.push(`  ${rule(`s${n}`, "<=", readable)}`);
    if (chance(0.25)) rules.push(`  ${rule(`s${n}`, "<=", readable)}`);
    if (chance(0.12)) rules.push(`  s${n}(a, c) <= s${n}(a, b), ${pick(readable)}(b, c);`);
    if (chance(0.08)) rules.push(`  s${n}(x, y) <+ ${pick(readable)}(x, y);`);
    readable.push(`s${n}`, `s${n}`);
  }
  const level = (): string => pick(["", "", "", "agreed", "eventual"]);
  const keyedOutput = chance(0.1);
  declared.push(`  output o1(x: int ${keyedOutput ? "->" : ","} y: int) ${level()};`, `  output o2(x: int, y: int) ${level()};`);
  rules.push(`  ${rule("o1", "<=", readable, keyedOutput)}`, `  ${chance(0.5) ? `o2(x, y) <= ${readable[readable.length - 1]}(x, y);` : rule("o2", "<=", readable)}`);
  const sink: string[] = [];
  if (chance(0.5)) {
    rules.push(`  ${rule("S.d", "<~", readable)}`);
    sink.push(`role S ${pick(["", "replicated x2"])} {`, "  channel d(x: int, y: int); table td(x: int, y: int); output o3(x: int, y: int);", "  td(x, y) <= d(x, y);");
    sink.push(`  ${rule("o3", "<=", ["d", "td", "td"])}`, "}");
  }
  const role = pick(["", "replicated x2", "replicated x2", "partitioned by (x) x2"]);
  const text = [`role H x2 {`, ...host, "}", `role R ${role} {`, ...declared, ...rules, "}", ...sink, ""].join("\n");

  const given: [string, ...number[]][] = [];
  const count = 5 + random.below(6);
  for (let n = 0; n < count; n++) given.push([`H#${random.below(2)}.i${1 + random.below(3)}`, random.below(3), random.below(3)]);
  seals.forEach((seal, i) => {
    if (seal === "sealed by (x)" || seal === "sealed by (y)") for (const node of [0, 1]) if (chance(0.5)) given.push([`seal H#${node}.i${i + 1}`, random.below(3)]);
  });
  return { text, given };
}
