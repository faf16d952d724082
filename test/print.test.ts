import { describe, expect, it } from "vitest";
import { parse } from "../src/compiler/1-parse/parse.ts";
import { lower } from "../src/compiler/2-lower/lower.ts";
import type { Collection, Expr, Ir, ReadLiteral, Rule } from "../src/compiler/ir.ts";
import { duration, printProgram, printRule } from "../src/compiler/print.ts";

function ir(text: string): Ir {
  const parsed = parse({ path: "p.dlc", text });
  const lowered = parsed.value && lower([parsed.value]);
  expect([...parsed.diagnostics, ...(lowered?.diagnostics ?? [])].map((one) => one.message)).toEqual([]);
  if (!lowered?.value) throw new Error("not lowered");
  return lowered.value;
}

/** The canonical text of a program; the same again when it is read back. */
function printed(text: string): string {
  const once = printProgram(ir(text));
  expect(printProgram(ir(once))).toBe(once);
  return once;
}

/** The rules of a role with these collections, one a line. */
function rules(text: string): string[] {
  const program = ir(`
function f(x: int): int from "./f.ts" injective;
role A {
  input in1(n: int, s: string);
  channel ch(n: int, s: string);
  table t(n: int, s: string);
  table kv(k: string -> v: int);
  table fl(x: float, p: nat);
  table lists(all: list<string>, pairs: list<(int, string)>, j: json);
  table peers(a: addr);
  scratch one(n: int);
  timer tick every 1s;
  ${text}
}
role W x4 { channel job(n: int); }`);
  return [...program.rules.values()].map((rule) => printRule(rule, program));
}

describe("canonical text", () => {
  it("is the language page's program, copy by copy", () => {
    expect(
      printed(
        `
/// Ad reporting
role AdServer x5 {
  input click(campaign: string, id: string, user: string) sealed by (campaign);
  Report.click <~ click;
}
role Report replicated {
  channel click(campaign: string, id: string, user: string) sealed by (campaign) single within 30s every 10s rate 0.25;
  channel request(client: addr, campaign: string);
  table clicks(campaign: string, id: string, user: string) durable;
  table last(campaign: string -> user: string, n: int);
  scratch poor(campaign: string, id: string, n: int);
  timer tick every 1500ms;
  clicks(user: u, campaign: c, id: i) <= click(c, i, u);
  poor(c, i, count()) <= clicks(id: i, campaign: c) having count() < 100, max(c) != "";
  @coordinate(none, "the \\"host\\"") @allow(weaker, "fine") Analyst.answer@a(c, i, n) <~ request(a, c), poor(c, i, n);
}
role Analyst {
  input over(c: string) lossy2;
  channel answer(campaign: string, id: string, n: int) lossy;
  output result(campaign: string, id: string, n: int) eventual strict;
  Report.request(self, c) <~ over(c);
  seal Report.click(campaign: c) <~ over(c);
  result <= answer;
}`.replace(" lossy2", ""),
      ),
    ).toBe(`role AdServer x5 {
  input click(campaign: string, id: string, user: string) sealed by (campaign);

  Report.click(campaign, id, user) <~ click(campaign, id, user);
}

role Report replicated x3 {
  channel click(campaign: string, id: string, user: string) sealed by (campaign) single within 30s every 10s rate 0.25;
  channel request(client: addr, campaign: string);
  table clicks(campaign: string, id: string, user: string) durable;
  table last(campaign: string -> user: string, n: int);
  scratch poor(campaign: string, id: string, n: int);
  timer tick every 1500ms;

  clicks(c, i, u) <= click(c, i, u);
  poor(c, i, count()) <= clicks(c, i, _) having count() < 100, max(c) != "";
  @coordinate(none, "the \\"host\\"") @allow(weaker, "fine") Analyst.answer@a(c, i, n) <~ request(a, c), poor(c, i, n);
}

role Analyst {
  input over(c: string);
  channel answer(campaign: string, id: string, n: int) lossy;
  output result(campaign: string, id: string, n: int) eventual strict;

  Report.request(self, c) <~ over(c);
  result(campaign, id, n) <= answer(campaign, id, n);
  seal Report.click(campaign: c) <~ over(c);
}
`);
  });

  it("has functions, partitions, tuples and a whole-stream seal", () => {
    const text = `function f(text: string): list<(int, string)> from "./f.ts" injective;

role P partitioned by (k) x2 {
  channel c(k: int) sealed;
  table none();
  table single(-> v: int);

  none() <= c(_);
  seal c <= none();
}
`;
    expect(printed(text)).toBe(text);
  });

  it("brackets only where needed", () => {
    const bodies = [
      "(a + b) * a - b",
      "a - (b - a)",
      "a - b - a",
      "-(a + b)",
      "a * -1",
      "a / (b % a)",
      "if a < b then a else b",
      "(if a < b then a else b) + 1",
    ];
    expect(rules(bodies.map((body) => `one(${body}) <= t(a, _), t(b, _);`).join("\n"))).toEqual(
      bodies.map((body) => `one(${body}) <= t(a, _), t(b, _);`),
    );
    const tests = ["a == b || b == a && a != b", "(a == b || b == a) && a != b", "!(a == b)", "a + 1 < b * 2"];
    expect(rules(tests.map((test) => `one(a) <= t(a, _), t(b, _), ${test};`).join("\n"))).toEqual(
      tests.map((test) => `one(a) <= t(a, _), t(b, _), ${test};`),
    );
  });

  it("escapes strings, keeps floats floats", () => {
    expect(rules('t(1, "a\\n\\"b\\\\"); fl(2.0, 3); fl(1e300, 0); fl(-1.5, 0);')).toEqual([
      't(1, "a\\n\\"b\\\\");',
      "fl(2.0, 3);",
      "fl(1e+300, 0);",
      "fl(-1.5, 0);",
    ]);
  });

  it("writes a variable that stands once and has no name as _", () => {
    expect(rules("one(n) <= t(n, _), not kv(_, n), _ in [1, 2], _1 = n, _1 > 0;")).toEqual([
      "one(n) <= t(n, _), not kv(_, n), _ in [1, 2], _1 = n, _1 > 0;",
    ]);
  });

  it("shows where a message goes", () => {
    const lines = [
      "W.job@a(1) <~ peers(a);",
      "W.job@*(1) <~ peers(_);",
      'W.job@"W#3"(1) <~ tick();',
      "W.job@(if a == self then self else a)(1) <~ peers(a);",
      "W.job@a(1) <~ W.nodes(a);",
      "A.nodes2(a) <= A.nodes(a);",
    ];
    expect(rules(`table nodes2(a: addr); ${lines.join("\n")}`)).toEqual([
      ...lines.slice(0, 5),
      "nodes2(a) <= A.nodes(a);",
    ]);
  });

  it("writes a duration in the largest unit that fits", () => {
    expect([0, 500, 1000, 90_000, 120_000, 7_200_000].map(duration)).toEqual(["0ms", "500ms", "1s", "90s", "2m", "2h"]);
  });
});

describe("a coordinated program", () => {
  const before = ir(`role R replicated {
  channel click(campaign: string, id: string) sealed by (campaign);
  channel end(x: int) sealed;
  channel ask(client: addr, campaign: string);
  table clicks(campaign: string, id: string);
  output n(campaign: string, n: int);
  clicks <= click;
  n(c, count()) <= clicks(c, _);
  n(c, 0) <= ask(_, c), end(_), not clicks(c, _);
  timer tick every 1s;
}`);
  const key = (name: string): Expr => ({
    kind: "variable",
    name,
    type: { kind: "string" },
    span: { start: 0, end: 0 },
  });
  const closed = {
    conditions: [
      { source: "R.click", key: [key("c")] },
      { source: "R.end", key: [] },
    ],
  };

  function coordinated(
    rule: string,
    change: (rule: Rule) => Rule,
    collections: readonly Partial<Collection>[] = [],
  ): Ir {
    const changed = new Map(before.collections);
    for (const one of collections)
      changed.set(one.id as string, { ...(changed.get(one.id as string) as Collection), ...one });
    const kept = new Map(before.rules);
    kept.set(rule, change(kept.get(rule) as Rule));
    return { ...before, rules: kept, collections: changed };
  }

  it("prints gates as literals", () => {
    const after = coordinated("R/n#1", (rule) => ({ ...rule, gates: [closed] }));
    expect(printRule(after.rules.get("R/n#1") as Rule, after)).toBe(
      "n(c, count()) <= clicks(c, _), closed click(campaign: c), closed end;",
    );
  });

  it("prints what holds a literal back", () => {
    const after = coordinated("R/n#2", (rule) => ({
      ...rule,
      body: rule.body.map((literal, i) => (i === 0 ? { ...(literal as ReadLiteral), hold: closed } : literal)),
    }));
    expect(printRule(after.rules.get("R/n#2") as Rule, after)).toBe(
      "n(c, 0) <= held ask(_, c) until closed click(campaign: c) and closed end, end(_), not clicks(c, _);",
    );
  });

  it("prints logs as modifiers", () => {
    const after = coordinated("R/n#1", (rule) => rule, [
      { id: "R.click", ordering: { log: "R.log", by: [0] } },
      { id: "R.ask", ordering: { log: "R.log", by: [] } },
      { id: "R.tick", ordering: { log: "R.log", by: [] } },
    ]);
    expect(
      printProgram(after)
        .split("\n")
        .filter((line) => line.includes("ordered")),
    ).toEqual([
      "  channel click(campaign: string, id: string) sealed by (campaign) ordered by (campaign) log R.log;",
      "  channel ask(client: addr, campaign: string) ordered by log R.log;",
      "  timer tick every 1s ordered by log R.log;",
    ]);
  });
});
