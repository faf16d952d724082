/**
 * language.md, section 4: collections, with B2, B4, B12 and A8 of semantics.md. Elsewhere:
 *   an output is written by `<=` only, and every other wrong merge     mistakes.test.ts, lower-errors.test.ts
 *   hosts, files and stdin write inputs                                node.test.ts, processes/run.test.ts
 *   values of every type through processes                             outside.test.ts, transport.test.ts
 *   re-deliveries are dropped                                          instance.test.ts, simulator.test.ts "duplicates …"
 *   rows of another type are refused on entry                          instance.test.ts, codec.test.ts
 *   what is durable is there after a restart                          durable.test.ts, processes/crashes.test.ts
 *   conflicts that the analysis marks, and `unique` (C6)               analysis/cases.test.ts "key conflicts and overwrites (A8)"
 */
import { describe, expect, test } from "vitest";
import { programOf } from "../support/hosted.ts";
import { startNode } from "../../src/runtime/node.ts";
import { check } from "../support/check.ts";
import { always, errors, play, role, runs, trace } from "../support/language.ts";

describe("how long facts live", () => {
  test("of an input, a channel and a timer: one step", () => {
    const program = role(
      'input i(x: int); channel c(x: int); timer t every 1s; output o(a: string) eventual; o("i") <= i(_); o("c") <= c(_); o("t") <= t();',
    );
    expect(trace(program, [{ i: [[1]] }, { c: [[1]] }, { t: [[]] }, {}])).toEqual([
      'o["i"]',
      '-o["i"] o["c"]',
      '-o["c"] o["t"]',
      '-o["t"]',
    ]);
  });
  test("of a table: until deleted", () => {
    const program = role(
      "input i(x: int); input d(x: int); table t(x: int); t(x) <= i(x); t(x) <- d(x); output o(x: int) eventual; o <= t;",
    );
    expect(trace(program, [{ i: [[1]] }, {}, {}, { d: [[1]] }, {}])).toEqual(["o[1]", "", "", "", "-o[1]"]);
  });
  test("of a scratch: one step, or as long as what it is derived from (each derivation by itself, B4)", () => {
    const program =
      role(`input i(x: int); input c(x: int); input d(x: int); table t(x: int); t(x) <= i(x); t(x) <- d(x);
      scratch v(x: int); v(x) <= t(x); v(x) <= c(x); output o(x: int) eventual; o <= v;`);
    expect(trace(program, [{ i: [[1]], c: [[2]] }, {}, { c: [[1]], d: [[1]] }, { c: [[1]] }, {}])).toEqual([
      "o[1][2]",
      "-o[2]",
      "",
      "",
      "-o[1]",
    ]);
  });
  test("an output is delivered each time a fact becomes true, and not while it stays so (B2)", () => {
    const program = role("channel c(x: int); output o(x: int); o(x) <= c(x);");
    expect(trace(program, [{ c: [[1]] }, { c: [[1]] }, {}, { c: [[1]] }])).toEqual(["o[1]", "", "", "o[1]"]);
  });
  test("`head;` is in a table inserted once, in a scratch true in every step (B4)", () => {
    const program = role(
      "input i(x: int); input d(x: int); table t(x: int); t(7); t(x) <- d(x); scratch s(x: int); s(9); output o(x: int, y: int) any; o(x, y) <= i(x), t(y); output p(x: int, y: int) any; p(x, y) <= i(x), s(y);",
    );
    expect(trace(program, [{}, { i: [[1]] }, { d: [[7]] }, { i: [[2]] }, {}, { i: [[3]] }])).toEqual([
      "",
      "o[1,7] p[1,9]",
      "-o[1,7] -p[1,9]",
      "p[2,9]",
      "-p[2,9]",
      "p[3,9]",
    ]);
  });
});

describe("types", () => {
  test("int: a safe integer; overflow is an error of the one derivation", () => {
    const program = role(
      "input i(x: int, y: int); output both(x: int); both(x + y) <= i(x, y); output product(x: int); product(x * y) <= i(x, y); output total(x: int); total(sum(x)) <= i(x, _);",
    );
    const { steps, faults } = play(program, [
      {
        i: [
          [9007199254740991, 1],
          [2, 3],
        ],
      },
    ]);
    expect(steps).toEqual(["both[5] product[6][9007199254740991]"]);
    expect(faults).toEqual([
      "DLC921 a fact could not be derived: x + y is above the safe integers (±9007199254740991)",
      "DLC921 a fact could not be derived: sum(x) is above the safe integers (±9007199254740991)",
    ]);
  });
  test("nat: an int that is not negative, checked on every derivation (B12)", () => {
    const program = role(
      "input i(x: int); table t(n: nat); t(x - 2) <= i(x); output o(n: nat); o(n) <= t(n); output p(n: nat); p(n - 1) <= t(n);",
    );
    const { steps, faults } = play(program, [{ i: [[1], [2], [5]] }]);
    expect(steps).toEqual(["o[0][3] p[2]"]);
    expect(faults).toEqual([
      "DLC923 a fact could not be derived: x - 2 is -1, and a nat is not negative",
      "DLC923 a fact could not be derived: n - 1 is -1, and a nat is not negative",
    ]);
    expect(errors(role("output o(n: nat); o(-1);"))).toEqual([
      "DLC230 column `n` of `o` is of type nat, but -1 is of type int",
    ]);
  });
  test("float: −0 is 0, and NaN equals NaN and is the least", () => {
    const program =
      role(`input i(x: float); output n(n: int); n(count()) <= i(_); output inverse(y: float); inverse(1.0 / x) <= i(x), x <= 0.0;
      output same(b: bool); same(x == y) <= i(x), i(y); output least(x: float); least(min(x)) <= i(x); output zero(y: float); zero(x * -1.0) <= i(x), x == 0.0;`);
    expect(trace(program, [{ i: [[-0], [0]] }])).toEqual(['n[1] inverse["Infinity"] same[true] least[0] zero[0]']);
    expect(trace(program, [{ i: [[NaN], [1]] }])).toEqual(['n[2] inverse["NaN"] same[false][true] least["NaN"]']);
  });
  test("string, bool, addr, bytes, json, lists and tuples are equal by structure", () => {
    const columns = "a: string, b: bool, c: addr, d: bytes, e: json, f: list<int>, g: (int, list<string>)";
    const program = role(
      `input i(${columns}); input j(${columns}); output o(n: int); o(count()) <= i(a, b, c, d, e, f, g), j(a, b, c, d, e, f, g);`,
    );
    const row = ["x", true, "R#0", new Uint8Array([1, 2]), { k: [1, null], j: "y" }, [1, 2], [3, ["z"]]] as const;
    const again = ["x", true, "R#0", new Uint8Array([1, 2]), { j: "y", k: [1, null] }, [1, 2], [3, ["z"]]] as const;
    expect(trace(program, [{ i: [row], j: [again] }])).toEqual(["o[1]"]);
    for (const [at, other] of [
      [0, "y"],
      [1, false],
      [2, "R#1"],
      [3, new Uint8Array([2, 1])],
      [4, { k: [null, 1], j: "y" }],
      [5, [2, 1]],
      [6, [3, ["z", "z"]]],
    ] as const)
      expect(trace(program, [{ i: [row], j: [again.with(at, other as never)] }])).toEqual([""]);
  });
  test("an int may stand for a float, not the other way", () => {
    expect(trace(role("input i(x: int); output o(x: float); o(x) <= i(x);"), [{ i: [[3]] }])).toEqual(["o[3]"]);
    expect(errors(role("input i(x: float); output o(x: int); o(x) <= i(x);"))).toEqual([
      "DLC230 column `x` of `o` is of type int, but this is of type float",
    ]);
  });
});

describe("a set", () => {
  test("without `->` is keyed by all its columns", () => {
    const program = role(
      "input i(x: int, y: int); table t(x: int, y: int); t <= i; output n(n: int); n(count()) <= t(_, _);",
    );
    expect(
      trace(program, [
        {
          i: [
            [1, 1],
            [1, 2],
            [1, 1],
          ],
        },
      ]),
    ).toEqual(["n[2]"]);
  });
  test("holds a fact once, however often it is sent", () => {
    const program = `role A x2 { input i(x: int); B.c(x) <~ i(x); B.c(x) <~ i(x), x > 0; } role B { channel c(x: int); table t(x: int); t <= c; output n(n: int) eventual; n(count()) <= t(_); }`;
    expect(
      always(
        program,
        [
          ["A.i", 7],
          ["A.i", 7],
          ["A#1.i", 7],
        ],
        "B.n",
      ),
    ).toBe("B#0: [1]");
  });
});

describe("a key", () => {
  const kv =
    "input put(k: string, v: string); table kv(key: string -> value: string); kv(k, v) <= put(k, v); output o(k: string, v: string); o <= kv;";
  const conflict = (kept: string, by: number, other: string, otherBy: number): string =>
    `DLC924 key conflict: kv(${kept}) (kv#${by} (test.dlc:1)) is kept, kv(${other}) (kv#${otherBy} (test.dlc:1)) is not`;
  test("determines what stands after the arrow", () => {
    const program = role(
      "input i(a: int, b: int, c: int, d: int); table t(a: int, b: int -> c: int, d: int); t <= i; output o(a: int, b: int, c: int, d: int); o <= t;",
    );
    expect(
      play(program, [
        {
          i: [
            [1, 1, 5, 5],
            [1, 2, 5, 5],
            [1, 1, 5, 6],
          ],
        },
      ]).steps,
    ).toEqual(["o[1,1,5,5][1,2,5,5]"]);
  });
  test("with two values is a conflict, reported with both facts and the rules that made them", () => {
    const program = role(`${kv} kv(k, v + v) <= put(k, v), v == "q";`);
    expect(play(program, [{ put: [["a", "q"]] }]).faults).toEqual([conflict('"a", "q"', 1, '"a", "qq"', 2)]);
  });
  test.each(["<+", "<+-"])("with two values that come by `%s` names the rule of each as well", (op) => {
    const program = role(
      `input put(k: string, v: string); table kv(key: string -> value: string); kv(k, v + v) ${op} put(k, v); kv(k, v) ${op} put(k, v); output o(k: string, v: string); o <= kv;`,
    );
    expect(play(program, [{ put: [["a", "q"]] }, {}]).faults).toEqual([conflict('"a", "q"', 2, '"a", "qq"', 1)]);
  });
  test("keeps the value that is stored, and of several in one step the least", () => {
    const { steps, faults } = play(role(kv), [
      {
        put: [
          ["a", "z"],
          ["a", "m"],
        ],
      },
      { put: [["a", "b"]] },
      { put: [["b", "x"]] },
    ]);
    expect(steps).toEqual(['o["a","m"]', "", 'o["b","x"]']);
    expect(faults).toEqual([conflict('"a", "m"', 1, '"a", "z"', 1), conflict('"a", "m"', 1, '"a", "b"', 1)]);
  });
  test("holds over rules for this step and for the next (B5)", () => {
    const program = role(
      `input put(k: string, v: string); input now(k: string, v: string); table kv(key: string -> value: string); kv(k, v) <+ put(k, v); kv(k, v) <= now(k, v); output o(k: string, v: string); o <= kv;`,
    );
    const { steps, faults } = play(program, [{ put: [["a", "y"]] }, { now: [["a", "x"]] }]);
    expect([steps, faults]).toEqual([["", 'o["a","x"]'], [conflict('"a", "x"', 2, '"a", "y"', 1)]]);
  });
  test("is kept by inputs, channels, scratches and outputs as well (A8)", () => {
    const keyed = "(k: int -> v: int)";
    const program =
      role(`input i${keyed}; channel c${keyed}; scratch s${keyed}; output o(n: string, v: int) any; output last${keyed} any;
      o("i", v) <= i(_, v); o("c", v) <= c(_, v); s(1, v + w) <= i(_, v), w in [0, 1]; o("s", v) <= s(_, v); last(1, v + w) <= c(_, v), w in [0, 1];`);
    const { steps, faults } = play(program, [
      {
        i: [
          [1, 7],
          [1, 5],
        ],
      },
      {
        c: [
          [1, 9],
          [1, 8],
        ],
      },
    ]);
    expect(steps).toEqual(['o["i",5]["s",5]', '-o["i",5]["s",5] o["c",8] last[1,8]']);
    expect(faults).toHaveLength(4);
  });
  test("conflict does not end the run, and a host can make it a failure", async () => {
    const node = await startNode(programOf(role(kv)), { log: () => {} });
    const failure = new Promise<string>((fail) => node.on("fault", ({ code, rule }) => fail(`${code} by ${rule}`)));
    const delivered: unknown[] = [];
    node.on("o", (row) => delivered.push(row));
    node.input["put"]({ k: "a", v: "x" });
    node.input["put"]({ k: "a", v: "y" });
    expect(await failure).toBe("DLC924 by kv#1 (test.dlc:1)");
    await node.stop();
    expect(delivered).toEqual([{ k: "a", v: "x" }]);
  });
});

describe("a channel", () => {
  const program = (kind: string): string =>
    `role A { input i(x: int); B.c(x) <~ i(x); } role B { channel c(x: int)${kind}; table t(x: int); ${kind === "" ? "" : '@allow(weaker, "a beat may be lost")'} t <= c; output o(x: int); o <= t; output first(x: int) any; first(x) <= c(x), not t(_); }`;
  const given = [1, 2, 3, 4, 5].map((x) => ["A.i", x] as const);
  test("delivers at least once, whatever is lost or comes twice on the way", () => {
    expect(always(program(""), given, "B.o", { seeds: 5 })).toBe("B#0: [1] [2] [3] [4] [5]");
  });
  test("delivers in any order", () => {
    const order =
      "role A { input i(x: int); B.c(x) <~ i(x); } role B { channel c(x: int); table t(x: int); t(x) <+ c(x); output behind(x: int, y: int) any; behind(x, y) <= c(x), t(y), y > x; }";
    expect(runs(order, given, { interleave: true }).contents["B.behind"].length).toBeGreaterThan(2);
  });
  test("that is `lossy` may lose messages, no more and no less", () => {
    const contents = runs(program(" lossy"), given, { schedules: ["loss", "batch"], seeds: 5 }).contents["B.o"];
    expect(contents).toContain("B#0: [1] [2] [3] [4] [5]");
    expect(contents.length).toBeGreaterThan(1);
    expect(check(program(" lossy")).after("B.o")).toBe("Run");
  });
});

test("a role with a durable table does not start without a place for it", async () => {
  const program = programOf(role("input i(x: int); table t(x: int) durable; t <= i; output o(x: int); o <= t;"));
  await expect(startNode(program)).rejects.toThrow('R has durable tables, and no folder for them: "data" is missing');
});
