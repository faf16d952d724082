/**
 * language.md, section 6: time, with B2, B3 and A14 of semantics.md. Elsewhere:
 *   a step takes everything, some or one of what waits                instance.test.ts "an instance"
 *   strata are evaluated one after the other                          lower.test.ts "strata", emit-rules.test.ts
 *   views are kept up by the change, not recomputed                   emit-rules.test.ts "a step costs what changed, not what is stored"
 *   a run ends when timers have fired once more and changed nothing   processes/run.test.ts, quiescence.test.ts
 */
import { describe, expect, test } from "vitest";
import { startNode } from "../../src/runtime/node.ts";
import { check } from "../support/check.ts";
import { programOf } from "../support/hosted.ts";
import { always, role, runs, trace } from "../support/language.ts";
import { world } from "../support/plan.ts";

describe("a step", () => {
  test("takes a batch of events, then applies what the last one deferred, then derives", () => {
    // The event and the deferred fact are there together, and what is derived of both.
    const program = role(
      "input i(x: int); scratch late(x: int); late(x) <+ i(x); output o(x: int, y: int) any; o(x, y) <= i(x), late(y);",
    );
    expect(trace(program, [{ i: [[1]] }, { i: [[2]] }, {}])).toEqual(["", "o[2,1]", "-o[2,1]"]);
  });
  test("derives to a fixpoint, stratum by stratum, before it hands anything over", () => {
    const program =
      role(`input i(x: int); scratch up(x: int); up(x) <= i(x); up(x + 1) <= up(x), x < 4; scratch odd(x: int); odd(x) <= up(x), x % 2 == 1;
      scratch even(x: int); even(x) <= up(x), not odd(x); output n(x: int, n: int) any; n(1, count()) <= odd(_); n(2, count()) <= even(_);`);
    expect(trace(program, [{ i: [[0]] }, {}])).toEqual(["n[1,2][2,3]", "-n[1,2][2,3]"]);
  });
  test("defers what its fixpoint says, not what stood before it", () => {
    const program = role(
      "input i(x: int); table t(x: int); t <= i; table seen(n: int); seen(count()) <+ t(_); output o(n: int) any; o <= seen;",
    );
    expect(trace(program, [{ i: [[1], [2]] }, {}, {}])).toEqual(["", "o[2]", ""]);
  });
  test("hands over outputs and sends messages of one and the same state", () => {
    const program = role(
      "input i(x: int); table t(x: int); t <= i; output o(n: int) any; o(count()) <= t(_); channel c(n: int); R.c(count()) <~ t(_);",
    );
    expect(trace(program, [{ i: [[1], [2]] }, { i: [[3]] }])).toEqual(["o[2] R.c[2]", "-o[2] o[3] R.c[3]"]);
  });
  test("is taken whenever an event waits or a deferred fact would change something (B3)", () => {
    const alone = world(
      role(
        "input i(x: int); scratch s(x: int); s(x) <+ i(x); table n(x: int); n(0); n(x + 1) <+ n(x), x < 2; output o(x: int); o <= s;",
      ),
    );
    expect(alone.evaluator.pending()).toEqual([null]);
    let steps = 0;
    for (; alone.evaluator.pending().length > 0; steps++) alone.step();
    // 0; 1; 2.
    expect([steps, alone.read("n")]).toEqual([3, [[0], [1], [2]]]);
    alone.step({ i: [[7]] });
    expect(alone.evaluator.pending()).toEqual([null]);
    expect(
      always(role("input i(x: int); scratch s(x: int); s(x) <+ i(x); output o(x: int); o <= s;"), [["R.i", 1]], "R.o"),
    ).toBe("R#0: [1]");
  });
});

test("how events fall into steps is not determined, and the analysis does not let it show", () => {
  const meeting = (level: string): string =>
    `role A { input i(x: int); input j(x: int); B.c(x) <~ i(x); B.d(x) <~ j(x); } role B { channel c(x: int); channel d(x: int); output o(x: int, y: int) ${level}; o(x, y) <= c(x), d(y); }`;
  const given = [
    ["A.i", 1],
    ["A.j", 2],
  ] as const;
  expect(runs(meeting("any"), given).contents["B.o"]).toEqual(expect.arrayContaining(["B#0:", "B#0: [1,2]"]));
  expect(check(meeting("")).marks).toEqual(["o#1 rendezvous {}"]);
  // Kept, both meet in every run.
  const kept = meeting("").replace(
    "o(x, y) <= c(x), d(y)",
    "table t(x: int); t <= c; table u(x: int); u <= d; o(x, y) <= t(x), u(y)",
  );
  expect(always(kept, given, "B.o")).toBe("B#0: [1,2]");
  expect(check(kept).marks).toEqual([]);
});

test("time that a program makes itself is not static (A14)", () => {
  const program = `role H { input i(x: string); R.c(x) <~ i(x); } role R { channel c(x: string); scratch tick(n: int); tick(0); tick(n + 1) <+ tick(n), n < 5; output o(x: string, n: int) any; o(x, n) <= c(x), tick(n); }`;
  expect(check(program).marks).toEqual(["o#1 rendezvous {}"]);
  expect(
    trace(role("scratch tick(n: int); tick(0); tick(n + 1) <+ tick(n), n < 2; output o(n: int); o <= tick;"), [
      {},
      {},
      {},
      {},
    ]),
  ).toEqual(["o[0]", "o[1]", "o[2]", ""]);
});

test.each(["", " durable"])(
  "a label holds while no instance restarts that loses a table%s or seals on the way (A15)",
  (word) => {
    const assumed = (rules: string, sealed = ""): readonly string[] =>
      check(
        `role A { input i(k: string, x: int)${sealed}; R.c(k, x) <~ i(k, x); } role R { channel c(k: string, x: int); table t(k: string, x: int)${word}; ${rules} output o(k: string, x: int); }`,
      ).plan.outputs[0].assumptions.filter((one) => one.startsWith("assumes"));
    // What is durable keeps all that decides its steps.
    const ofR = word === "" ? ["assumes: no restart of R"] : [];
    expect(assumed("t <= c; o <= t;")).toEqual(ofR);
    expect(assumed("o <= c;")).toEqual([]);
    // The producer whose seals it waits for.
    expect(assumed("o(k, count()) <= c(k, _);", " sealed by (k)")).toEqual([
      "assumes: no restart of A",
      ...ofR,
      "assumes: no instance of A is declared gone",
    ]);
  },
);

describe("a fact becomes true when it was not true in the step before (B2)", () => {
  test("then its message is sent", () => {
    const program = role("channel c(x: int); channel d(x: int); R.d(x) <~ c(x);");
    expect(trace(program, [{ c: [[1]] }, { c: [[1], [2]] }, {}, { c: [[1]] }])).toEqual([
      "R.d[1]",
      "R.d[2]",
      "",
      "R.d[1]",
    ]);
  });
  test("then its output is delivered, and a view's fact once for as long as it stays", () => {
    const program = role(
      "input i(k: int); input d(k: int); table t(k: int); t <= i; t <- d; scratch v(k: int); v(k % 2) <= t(k); output o(k: int); o <= v;",
    );
    expect(trace(program, [{ i: [[1]] }, { i: [[3]] }, { d: [[1]] }, {}, { d: [[3]] }, {}, { i: [[5]] }])).toEqual([
      "o[1]",
      "",
      "",
      "",
      "",
      "",
      "o[1]",
    ]);
  });
});

describe("a timer", () => {
  test("is an event without columns, of one step", () => {
    const program = role(
      "input i(x: int); table t(x: int); t <= i; timer tick every 1s; output o(x: int); o(x) <= tick(), t(x);",
    );
    expect(trace(program, [{ i: [[1]] }, { tick: [[]] }, {}, { tick: [[]] }])).toEqual(["", "o[1]", "", "o[1]"]);
  });
  test("fires first one period after the start", async () => {
    const started = performance.now();
    const node = await startNode(programOf(role("timer tick every 100ms; output o(x: int); o(1) <= tick();")));
    expect(node.fired.get("tick")).toBe(0);
    await new Promise((done) => node.on("o", done));
    // A timer of Node may be a millisecond early.
    expect(performance.now() - started).toBeGreaterThanOrEqual(99);
    await node.stop();
  });
  test("fires once more when all has come, so that a run never ends on what only a timer would tell", () => {
    const program =
      "role A { input i(x: int); B.c(x) <~ i(x); } role B { channel c(x: int); table t(x: int); t <= c; timer tick every 1h; output o(x: int) any; o(x) <= tick(), t(x); }";
    expect(
      always(
        program,
        [
          ["A.i", 1],
          ["A.i", 2],
        ],
        "B.o",
      ),
    ).toBe("B#0: [1] [2]");
  });
});
