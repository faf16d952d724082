/** Fixes of what depends on order: after each, the finding is gone or the label better, and the same facts are derived. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compile, withFixes } from "../src/compiler/compile.ts";
import type { Compilation } from "../src/compiler/compile.ts";
import type { Diagnostic, Fix } from "../src/compiler/diagnostics/diagnostic.ts";
import { applied } from "../src/compiler/mends/text.ts";
import { generate } from "./soundness/generate.ts";
import { functions } from "./soundness/imported.ts";
import { ads } from "./place-of-tests.ts";
import { programsOf, runAll } from "./support/runs.ts";
import type { Given } from "./support/runs.ts";

const compiled = (text: string): Compilation => compile({ path: "test.dlc", text });
const offered = (text: string): readonly Diagnostic[] => withFixes(compiled(text), {}, true).diagnostics;
const fixesIn = (text: string): readonly Fix[] =>
  offered(text).flatMap(({ code, fixes }) => (code.startsWith("DLC3") ? (fixes ?? []) : []));
const labels = ({ plan }: Compilation): string =>
  plan!.outputs.map(({ output, before, after }) => `${output} ${before.name} -> ${after.name}`).join(", ");
const marks = ({ analysis }: Compilation): string =>
  analysis!.findings.map(({ rule, reason }) => `${rule} ${reason}`).join(", ");

/** The program with the one fix that it is offered. */
function mended(text: string): { readonly text: string; readonly fix: Fix } {
  const fixes = fixesIn(text);
  expect(fixes).toHaveLength(1);
  return { text: applied(text, fixes[0].edits), fix: fixes[0] };
}

const store = `role Store replicated x3 {
  channel put(k: string, v: string);
  channel request(client: addr, k: string); // from clients
  table all(k: string, v: string);
  all <= put;
  // An answer to each.
  Client.answer@a(k, v) <~ request(a, k), all(k, v);
}
role Client {
  input ask(k: string);
  input set(k: string, v: string);
  channel answer(k: string, v: string);
  output got(k: string, v: string);
  Store.put(k, v) <~ set(k, v);
  Store.request(self, k) <~ ask(k);
  got <= answer;
}
`;

const poll = `role Front {
  input vote(c: string, who: string);
  Poll.vote <~ vote;
}
role Poll replicated x3 {
  channel vote(c: string, who: string);
  table ballots(c: string, who: string);
  scratch votes(c: string -> n: int);
  output elected(c: string);
  ballots <= vote;
  votes(c, count()) <= ballots(c, _);
  elected(c) <= votes(c, n), 3 <= n; // won
}
`;

const report = `role AdServer x2 {
  input click(campaign: string, id: string, user: string) sealed by (campaign);
  Report.click(i, u) <~ click(_, i, u);
}
role Report replicated x3 {
  channel click(id: string, user: string);
  table clicks(id: string, user: string);
  scratch poor(id: string, n: int);
  output o(id: string);
  clicks(i, u) <= click(i, u);
  poor(i, count()) <= clicks(i, _);
  o(i) <= poor(id: i, n: n), n < 100;
}
`;

describe("an event that meets what may come later is kept in a table", () => {
  test("a new one, declared behind the event and filled above the rule", () => {
    const after = mended(store);
    expect(after.text.split("\n").slice(2, 10)).toEqual([
      "  channel request(client: addr, k: string); // from clients",
      "  table requests(client: addr, k: string);",
      "  table all(k: string, v: string);",
      "  all <= put;",
      "  requests <= request;",
      "  // An answer to each.",
      "  Client.answer@a(k, v) <~ requests(a, k), all(k, v);",
      "}",
    ]);
    expect([marks(compiled(store)), labels(compiled(store))]).toEqual([
      "Store/Client.answer#1 rendezvous",
      "Client.got Inst -> Run",
    ]);
    expect([marks(compiled(after.text)), labels(compiled(after.text))]).toEqual(["", "Client.got Async -> Async"]);
    expect(after.fix.unsafe).toBeUndefined();
  });

  test("one that keeps it already, and a name that is taken is not", () => {
    const kept = store.replace(
      "  all <= put;",
      "  table seen(client: addr, k: string);\n  seen(a, k) <= request(a, k);\n  all <= put;",
    );
    expect(mended(kept).text).toContain("<~ seen(a, k), all(k, v);");
    const taken = store.replace("  all <= put;", "  table requests(x: int);\n  all <= put;");
    expect(mended(taken).text).toContain("table all_request(client: addr, k: string);");
  });

  test("an event by named columns, and two events that meet", () => {
    const named = store.replace("request(a, k), all", "request(k: k, client: a), all");
    expect(mended(named).text).toContain("<~ requests(k: k, client: a), all(k, v);");
    const both = store.replace("request(a, k), all(k, v)", "request(a, k), put(k, v)");
    const after = mended(both);
    expect(after.text).toContain("<~ requests(a, k), all(k, v);");
    expect(labels(compiled(after.text))).toBe("Client.got Async -> Async");
  });

  test.each([
    [
      "what it meets passes through values of which it sees the present one",
      store
        .replace("all <= put;", "all(k, v) <+- put(k, v);")
        .replace("all(k: string, v: string)", "all(k: string -> v: string)"),
    ],
    ["absence is tested", store.replace("all(k, v);\n}", "all(k, v), not put(k, v);\n}")],
    [
      "the head is an event on which others act",
      "role R {\n  channel c(x: int);\n  channel d(x: int);\n  table t(x: int);\n  table u(k: int -> v: int);\n  scratch s(x: int);\n  output o(k: int, v: int);\n  t <= d;\n  s(x) <= c(x), t(x);\n  u(0, x) <+- s(x);\n  o <= u;\n}\n",
    ],
    [
      "the events are counted",
      store
        .replace("got(k: string, v: string)", "got(k: string, n: int)")
        .replace("got <= answer;", "got(k, 1) <= answer(k, _);")
        .replace(
          "Client.answer@a(k, v) <~ request(a, k), all(k, v);",
          "Client.answer@a(k, max(v)) <~ request(a, k), all(k, v);",
        ),
    ],
  ])("not where %s", (_, text) => {
    expect(marks(compiled(text))).toContain("rendezvous");
    expect(fixesIn(text)).toEqual([]);
  });

  const given: Given = [
    ["Client.ask", "a"],
    ["Client.set", "a", "1"],
    ["Client.set", "b", "2"],
    ["Client.ask", "b"],
    ["Client.set", "a", "3"],
  ];
  test("every run then has all that any run had", () => {
    const ever = (text: string): string[][] =>
      runAll(compiled(text).plan!, given, { seeds: 4 }).map(({ result }) =>
        result.outputs.flatMap(({ ever: rows }) => rows.map((row) => row.join(" "))),
      );
    const all = ["a 1", "a 3", "b 2"];
    const before = ever(store);
    for (const rows of before) expect(all).toEqual(expect.arrayContaining(rows));
    expect(before.some((rows) => rows.length < all.length)).toBe(true);
    for (const rows of ever(mended(store).text)) expect(rows.toSorted()).toEqual(all);
  });
});

describe("a count that is only tested becomes a threshold", () => {
  test("where it is made, and the column goes", () => {
    const after = mended(poll);
    expect(after.text).toContain("  scratch votes(c: string);\n");
    expect(after.text).toContain(
      "  votes(c) <= ballots(c, _) having count() >= 3;\n  elected(c) <= votes(c); // won\n",
    );
    expect([marks(compiled(poll)), labels(compiled(poll))]).toEqual([
      "Poll/votes#1 aggregate",
      "Poll.elected Inst -> Run",
    ]);
    expect([marks(compiled(after.text)), labels(compiled(after.text))]).toEqual(["", "Poll.elected Async -> Async"]);
    expect(after.fix.unsafe).toBeUndefined();
  });

  test.each([
    [
      "beside a condition and another table",
      'elected(c) <= c != "x", ballots(c, _), (votes(c, n)), n > 2, true;',
      null,
    ],
    ["by name, before other columns", "elected(c) <= votes(n: n, c: c), n > 2;", "elected(c) <= votes(c: c);"],
    ["twice", "elected(c) <= votes(c, n), n >= 2, n >= 3;", "elected(c) <= votes(c);"],
    [
      "by two rules alike",
      'elected(c) <= votes(c, n), n >= 3;\n  elected(c) <= votes(c, m), 3 <= m, c != "x";',
      'elected(c) <= votes(c), c != "x";',
    ],
    ["not at all", "elected(c) <= votes(c, _);", "elected(c) <= votes(c);"],
  ])("read %s", (_, rule, wanted) => {
    const text = poll.replace("elected(c) <= votes(c, n), 3 <= n; // won", rule);
    if (wanted === null) {
      expect(compiled(text).plan).toBeNull();
      return;
    }
    const after = mended(text);
    expect(after.text).toContain(wanted);
    expect(labels(compiled(after.text))).toBe("Poll.elected Async -> Async");
  });

  test("with conditions that are there, in brackets and before a comment", () => {
    const text = poll.replace("ballots(c, _);", "ballots(c, _) having (count() >= 2) /* two; */;");
    expect(mended(text).text).toContain("having (count() >= 2), count() >= 3 /* two; */;");
  });

  test.each([
    [
      "the value leaves the rule",
      poll
        .replace("output elected(c: string)", "output elected(c: string, n: int)")
        .replace("elected(c) <=", "elected(c, n) <="),
    ],
    ["the bound can become false", poll.replace("3 <= n", "n < 3")],
    ["it is met by equality", poll.replace("3 <= n", "n == 3")],
    ["it is read as a constant", poll.replace("votes(c, n), 3 <= n", "votes(c, 3)")],
    ["two rules test different bounds", poll.replace("// won", "\n  elected(c) <= votes(c, n), n >= 4;")],
    [
      "two rules make it",
      poll.replace("// won", "\n  votes(c, count()) <= ballots(_, c);").replace("string -> n", "string, n"),
    ],
    ["it is kept in a table", poll.replace("scratch votes(c: string -> n: int)", "table votes(c: string, n: int)")],
    ["its negation is tested", poll.replace("votes(c, n), 3 <= n", "ballots(c, _), not votes(c, 3)")],
    ["it is an average", poll.replace("count()", "avg(2)").replace("n: int", "n: float").replace("3 <= n", "3.0 <= n")],
  ])("not where %s", (_, text) => {
    expect(marks(compiled(text))).toContain("aggregate");
    expect(fixesIn(text)).toEqual([]);
  });

  test("a sum does where nothing summed is negative", () => {
    const summed = (type: string): string =>
      poll
        .replaceAll("who: string", `who: ${type}`)
        .replace("n: int", `n: ${type}`)
        .replace("count()) <= ballots(c, _)", "sum(w)) <= ballots(c, w)");
    expect(mended(summed("nat")).text).toContain("having sum(w) >= 3");
    expect(fixesIn(summed("int"))).toEqual([]);
  });
});

describe("a dropped seal column is carried along", () => {
  test("through messages, tables and the group, and given to nobody else", () => {
    const after = mended(report);
    expect(after.fix.unsafe).toBe(true);
    expect(after.text).toBe(`role AdServer x2 {
  input click(campaign: string, id: string, user: string) sealed by (campaign);
  Report.click(i, u, campaign) <~ click(campaign, i, u);
}
role Report replicated x3 {
  channel click(id: string, user: string, campaign: string);
  table clicks(id: string, user: string, campaign: string);
  scratch poor(id: string, n: int, campaign: string);
  output o(id: string);
  clicks(i, u, campaign) <= click(i, u, campaign);
  poor(i, count(), campaign) <= clicks(i, _, campaign);
  o(i) <= poor(id: i, n: n), n < 100;
}
`);
    expect(labels(compiled(report))).toBe("Report.o Inst -> Run");
    expect(labels(compiled(after.text))).toBe("Report.o Inst -> Async");
    expect(compiled(after.text).plan!.insertions.map(({ mechanism }) => mechanism)).toEqual(["seal"]);
    expect(fixesIn(after.text)).toEqual([]);
  });

  test("where the group alone leaves it out, by a name that is there, and in the key", () => {
    const text = ads()
      .replace("poor(campaign: string, id: string, n: int)", "poor(id: string -> n: int)")
      .replace("poor(c, i, count()) <= clicks(c, i, _)", "poor(i, count()) <= clicks(c, i, _)")
      .replace("poor(c, i, n)", "poor(i, n)");
    const after = mended(text);
    expect(after.text).toContain("scratch poor(id: string, campaign: string -> n: int);");
    expect(after.text).toContain("poor(i, c, count()) <= clicks(c, i, _)");
    expect(after.text).toContain("requests(a, c), poor(i, _, n);");
  });

  test.each([
    [
      "something else fills a table on the way",
      report.replace("clicks(i, u) <=", "clicks(i, i) <= click(i, _);\n  clicks(i, u) <="),
    ],
    ["the name is taken", report.replace("clicks(id: string, user: string)", "clicks(campaign: string, user: string)")],
    ["nothing is sealed", report.replace(" sealed by (campaign)", "")],
    ["it is there", ads()],
  ])("not where %s", (_, text) => {
    expect(marks(compiled(text))).toContain("aggregate");
    expect(fixesIn(text)).toEqual([]);
  });
});

test("a program as large as that is not compiled again for each finding, unless it is asked for", () => {
  const large = `${store}${"// line\n".repeat(30_000)}`;
  const file = { path: "test.dlc", text: large };
  const fixes = (all: boolean): number =>
    withFixes(compile(file), {}, all).diagnostics.filter((each) => each.fixes?.length).length;
  expect([fixes(false), fixes(true)]).toEqual([0, 1]);
});

test(
  "fixtures and generated programs: whatever is offered helps, and safe fixes keep every fact",
  { timeout: 300_000 },
  () => {
    const folder = join(import.meta.dirname, "../fixtures");
    const fixtures = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".dlc"))
      .map((path) => ({ text: readFileSync(join(folder, path), "utf8"), given: [] as Given, interleave: true }));
    const generated = Array.from({ length: Number(process.env["DLC_MENDS"] ?? 60) }, (_, i) => generate(i + 1));
    let tried = 0;
    let compared = 0;
    for (const { text, given, interleave } of [...fixtures, ...generated]) {
      const before = compiled(text);
      if (before.plan === null) continue;
      for (const fix of fixesIn(text)) {
        tried++;
        const after = compiled(applied(text, fix.edits));
        expect(after.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
        expect([marks(after), labels(after)]).not.toEqual([marks(before), labels(before)]);
        if (fix.unsafe || given.length === 0 || programsOf(before.plan).length === 0) continue;
        const had = contents(before, given, interleave);
        const has = contents(after, given, interleave);
        if (had === null || has === null) continue;
        for (const [place, rows] of had) {
          const output = place.split(" ")[0];
          // What differs from run to run need not have been seen in the same runs; a lattice value grows by itself.
          if (after.plan!.outputs.find((each) => each.output === output)!.after.name !== "Async") continue;
          if (before.ir!.collections.get(output)!.columns.some(({ type }) => type.kind === "lattice")) continue;
          const lost = [...rows].filter((row) => !has.get(place)!.has(row));
          expect([place, lost, fix.title, text]).toEqual([place, [], fix.title, text]);
          compared++;
        }
      }
    }
    expect(tried).toBeGreaterThan(3);
    expect(compared).toBeGreaterThan(3);
  },
);

/** All facts that an output ever had at an instance, in any run; null of a program whose timers never let it rest. */
function contents(
  { plan }: Compilation,
  given: Given,
  interleave: boolean,
): ReadonlyMap<string, ReadonlySet<string>> | null {
  const all = new Map<string, Set<string>>();
  let runs;
  try {
    runs = runAll(plan!, given, { seeds: 2, interleave, functions });
  } catch (error) {
    if ((error as Error).message.includes("does not come to rest")) return null;
    throw error;
  }
  for (const { result } of runs) {
    for (const { output, address, ever } of result.outputs) {
      const rows = all.get(`${output} ${address}`) ?? new Set();
      for (const row of ever) rows.add(JSON.stringify(row));
      all.set(`${output} ${address}`, rows);
    }
  }
  return all;
}
