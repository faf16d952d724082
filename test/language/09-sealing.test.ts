/**
 * language.md, section 9: sealing, with A7, B7 and B8 of semantics.md. Elsewhere:
 *   votes, counts, re-deliveries, seals that overtake          seals.test.ts
 *   a host's rows after its seal                               seals.test.ts "an input's seals"
 *   the deadline                                               deadlines.test.ts
 *   what a seal does and does not protect (A1, A2, A12)        analysis/cases.test.ts, soundness/holes.test.ts
 *   files, stdin and instances without any                     processes/run.test.ts
 */
import { describe, expect, test } from "vitest";
import { startNode } from "../../src/runtime/node.ts";
import { simulate } from "../../src/verify/simulator.ts";
import { check } from "../support/check.ts";
import { programOf } from "../support/hosted.ts";
import { always, errors, mend, role, runs } from "../support/language.ts";
import { inputsOf, programsOf, type Given } from "../support/runs.ts";

const counting = (
  promise: string,
  more = "",
): string => `role Server x2 { input click(campaign: string, id: int) ${promise}; Report.click(c, i) <~ click(c, i); ${more} }
  role Report replicated x2 { channel click(campaign: string, id: int); table clicks(campaign: string, id: int); clicks <= click; output n(campaign: string, n: int); n(c, count()) <= clicks(c, _); }`;
const clicks: Given = [
  ["Server.click", "shoes", 1],
  ["Server#1.click", "shoes", 2],
  ["Server#1.click", "hats", 3],
];
const both = (rows: string): string => `Report#0: ${rows} | Report#1: ${rows}`;

/** What is delivered when only these seals have been given, in the host's order, and no input has ended. */
function openRun(text: string, given: Given): readonly string[] {
  const { plan } = check(text);
  const programs = programsOf(plan);
  const counts = Object.fromEntries(programs.map(({ meta }) => [meta.role, meta.count]));
  const { outputs } = simulate({
    programs,
    deployment: { counts },
    inputs: inputsOf(given),
    schedule: "random",
    seed: 1,
    ends: "listed",
    interleave: false,
  });
  return outputs.flatMap(({ address, ever }) => ever.map((row) => `${address} ${JSON.stringify(row)}`));
}

describe("`sealed by (cols)`", () => {
  test("is a promise per value: what is closed is answered, the rest waits", () => {
    const seals: Given = [
      ["seal Server.click", "shoes"],
      ["seal Server#1.click", "shoes"],
      ["seal Server#1.click", "hats"],
    ];
    expect(openRun(counting("sealed by (campaign)"), [...clicks, ...seals])).toEqual([
      'Report#0 ["shoes",2]',
      'Report#1 ["shoes",2]',
    ]);
    // A producer of every value is every instance that can send, also the one that has no fact of it.
    expect(openRun(counting("sealed by (campaign)"), [...clicks, ...seals, ["seal Server.click", "hats"]])).toContain(
      'Report#0 ["hats",1]',
    );
  });
  test("may be by several columns", () => {
    const program = role(
      "input i(a: int, b: string, x: int) sealed by (a, b); output n(a: int, b: string, n: int); n(a, b, count()) <= i(a, b, _);",
    );
    expect(check(program).inserted).toEqual(["seal R.i by a,b for n#1"]);
    expect(
      openRun(program, [
        ["R.i", 1, "x", 1],
        ["R.i", 1, "y", 1],
        ["seal R.i", 1, "x"],
      ]),
    ).toEqual(['R#0 [1,"x",1]']);
  });
  test("alone promises an end of the whole stream", () => {
    expect(check(counting("sealed")).inserted).toEqual(["barrier Report.click for n#1"]);
    expect(openRun(counting("sealed"), clicks)).toEqual([]);
    expect(always(counting("sealed"), clicks, "Report.n")).toBe(both('["hats",1] ["shoes",2]'));
  });
  test("stands on inputs and channels only, and names their columns", () => {
    expect(errors(role("table t(x: int) sealed;"))).toEqual(["DLC270 a table cannot be `sealed`"]);
    expect(errors(role("input i(x: int) sealed by (y);"))).toEqual(["DLC204 `i` has no column `y`"]);
  });
});

describe("a seal comes", () => {
  test("from the host", async () => {
    const node = await startNode(
      programOf(
        role(
          "input click(campaign: string, id: int) sealed by (campaign); output n(campaign: string, n: int); n(c, count()) <= click(c, _);",
        ),
      ),
    );
    const first = new Promise((heard) => node.on("n", heard));
    node.input["click"]({ campaign: "shoes", id: 1 });
    node.input["click"]({ campaign: "hats", id: 1 });
    node.seal["click"]({ campaign: "shoes" });
    expect(await first).toEqual({ campaign: "shoes", n: 1 });
    await node.stop();
  });
  test("from the end of the inputs, for every value, at every instance, also where one sent nothing", () => {
    expect(always(counting("sealed by (campaign)"), [["Server.click", "shoes", 1]], "Report.n")).toBe(
      both('["shoes",1]'),
    );
  });
  test("from a rule, for the role's own collections", () => {
    const program = role(
      "input click(campaign: string, id: int) sealed by (campaign); input over(c: string); seal click(campaign: c) <= over(c); output n(campaign: string, n: int); n(c, count()) <= click(c, _);",
    );
    expect(
      openRun(program, [
        ["R.click", "shoes", 1],
        ["R.click", "hats", 1],
        ["R.over", "shoes"],
      ]),
    ).toEqual(['R#0 ["shoes",1]']);
  });
  test("from a rule, for another role's channel", () => {
    const program = `role A { input click(c: string, i: int); input over(c: string); B.click(c, i) <~ click(c, i); seal B.click(campaign: c) <~ over(c); }
      role B { channel click(campaign: string, id: int) sealed by (campaign); output n(campaign: string, n: int); n(c, count()) <= click(c, _); }`;
    expect(
      openRun(program, [
        ["A.click", "shoes", 1],
        ["A.click", "hats", 1],
        ["A.over", "shoes"],
      ]),
    ).toEqual(['B#0 ["shoes",1]']);
    const { after, plan } = check(program);
    expect(after("B.n")).toBe("Async");
    // What it rests on is listed (A7).
    expect(plan.outputs[0].assumptions).toContain(
      "seal: seal B.click#1 (line 1) seals B.click only when its facts are complete",
    );
  });
  test("with the merge that fits, which the error says", () => {
    const own = role("input i(k: string) sealed by (k); input over(k: string); seal i(k: k) <~ over(k);");
    expect([errors(own), mend(own)]).toEqual([
      ["DLC274 `i` belongs to this role, so it is sealed with `<=`"],
      "Write `<=`.",
    ]);
    expect(errors(role("input i(k: string); input over(k: string); seal i(k: k) <= over(k);"))).toEqual([
      "DLC272 `i` promises no seal",
    ]);
    expect(errors(role("input i(k: string) sealed by (k); input over(k: string); seal i(x: k) <= over(k);"))).toEqual([
      "DLC273 `i` is sealed by `k`, and the seal names `x`",
    ]);
  });
  test("from a rule that can run ahead: it is said, and nothing is believed (A7)", () => {
    const program = `role A { channel click(c: string, i: int); channel over(c: string); B.click(c, i) <~ click(c, i); seal B.click(campaign: c) <~ over(c); }
      role B { channel click(campaign: string, id: int) sealed by (campaign); output n(campaign: string, n: int); n(c, count()) <= click(c, _); }
      role H { input i(c: string, x: int); input j(c: string); A.click(c, x) <~ i(c, x); A.over(c) <~ j(c); }`;
    const { marks, after } = check(program);
    expect(marks).toContain("seal B.click#1 promise {campaign}");
    expect(after("B.n")).toBe("Run");
  });
  test("from a rule of a channel's own role can run ahead as well, since its facts are still on their way", () => {
    const program = role(
      "input i(k: string); input over(k: string); channel c(k: string) sealed by (k); R.c(k) <~ i(k); seal c(k: k) <= over(k); output n(k: string, n: int) any; n(k, count()) <= c(k);",
    );
    const { diagnostics } = check(program);
    expect(diagnostics.find(({ code }) => code === "DLC311")?.mend).toBe(
      "Facts of R.c may still be on their way to its own role: seal what its senders read, so that its seals travel behind its facts.",
    );
  });
  test("for a channel from each of its senders, or it is an error (B7)", () => {
    const program =
      "role A { input i(k: string); B.c(k) <~ i(k); } role B { channel c(k: string) sealed by (k); output n(k: string, n: int); n(k, count()) <= c(k); }";
    expect(errors(program)).toEqual([
      "DLC404 B.c is declared sealed, but no seal travels along B.c#1 of A, and A has no seal rule for it",
    ]);
    expect(mend(program)).toBe("Seal what B.c#1 reads by the same key, or add `seal B.c(…) <~ …;` to A.");
  });
});

describe("`single`", () => {
  test("promises that each value has one producer, so that no vote is needed", () => {
    const program = counting("sealed by (campaign) single");
    expect(check(program).plan.insertions.map(({ mechanism }) => mechanism)).toEqual(["seal"]);
    expect(
      openRun(program, [
        ["Server.click", "shoes", 1],
        ["Server.click", "shoes", 2],
        ["seal Server.click", "shoes"],
      ]),
    ).toEqual(['Report#0 ["shoes",2]', 'Report#1 ["shoes",2]']);
  });
});

describe("a fact that breaks the promise", () => {
  test("is rejected with an error, and changes no released answer", () => {
    const given: Given = [
      ["Server.click", "shoes", 1],
      ["seal Server.click", "shoes"],
      ["Server.click", "shoes", 2],
      ["Server#1.click", "shoes", 3],
    ];
    const { contents, faults } = runs(counting("sealed by (campaign)"), given);
    expect(contents["Report.n"]).toEqual([both('["shoes",2]')]);
    expect(faults).toEqual(['DLC904 Server#0 refused Server.click("shoes", 2): its campaign has been sealed before']);
  });
  test("is told to the host that gave it, and counted", async () => {
    const node = await startNode(
      programOf(role("input i(k: string, x: int) sealed by (k); output o(k: string, x: int); o <= i;")),
      { log: () => {} },
    );
    expect(node.input["i"]({ k: "a", x: 1 })).toBeNull();
    node.seal["i"]({ k: "a" });
    expect(node.input["i"]({ k: "a", x: 2 })).toMatchObject({ code: "DLC904" });
    expect(node.counts.faults).toBe(1);
    await node.stop();
  });
});

describe("seals travel by themselves", () => {
  const through = (head: string, functions = ""): string =>
    `${functions} role A { input i(a: int, b: string, x: int) sealed by (a); B.c(${head}, x) <~ i(a, b, x); } role B { channel c(k: int, x: int); output n(k: int, n: int); n(k, count()) <= c(k, _); }`;
  test("through rules that keep the key by an injective function", () => {
    expect(check(through("a")).inserted).toEqual(["seal B.c by k for n#1"]);
    expect(check(through("a + 1")).inserted).toEqual(["seal B.c by k for n#1"]);
    expect(check(through("f(a)", 'function f(a: int): int from "./f.ts" injective;')).inserted).toEqual([
      "seal B.c by k for n#1",
    ]);
    expect(
      always(
        through("a + 1"),
        [
          ["A.i", 1, "x", 1],
          ["A.i", 1, "x", 2],
          ["A.i", 2, "x", 1],
        ],
        "B.n",
      ),
    ).toBe("B#0: [2,2] [3,1]");
  });
  test("and through no others", () => {
    for (const [head, functions] of [
      ["a % 2", ""],
      ["a * 2", ""],
      ["length(b)", ""],
      ["f(a)", 'function f(a: int): int from "./f.ts";'],
    ])
      expect(check(through(head, functions)).inserted).toEqual(["order B.c by k for n#1"]);
  });
  test("through a table, over several hops", () => {
    const program = `role A { input i(k: string, x: int) sealed by (k); B.c(k, x) <~ i(k, x); } role B { channel c(k: string, x: int); table t(k: string, x: int); t <= c; C.d(k, x) <~ t(k, x), x > 0; }
      role C { channel d(key: string, x: int); output n(k: string, n: int); n(k, count()) <= d(k, _); }`;
    expect(check(program).inserted).toEqual(["seal C.d by key for n#1"]);
    expect(
      always(
        program,
        [
          ["A.i", "a", 1],
          ["A.i", "a", 2],
          ["A.i", "b", 0],
        ],
        "C.n",
      ),
    ).toBe('C#0: ["a",2]');
  });
});
