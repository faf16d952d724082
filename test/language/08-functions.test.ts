/**
 * language.md, section 8: functions, with B12 of semantics.md and consistency.md's claims. Elsewhere:
 *   signatures, purity                                   functions.test.ts
 *   claims proved, tried, assumed and refuted            functions-claims.test.ts, functions-many.test.ts
 *   the same in processes                                processes/functions.test.ts
 *   seals travel through injective functions only        analysis/cases.test.ts "P14 …", processes/functions.test.ts
 *   lattices handed to functions and back                outside.test.ts
 */
import { describe, expect, test } from "vitest";
import { check } from "../support/check.ts";
import { errors, play, role, trace } from "../support/language.ts";

describe("an imported function", () => {
  test("of the page: compiles and runs", () => {
    const program = `function tokenize(text: string): list<string> from "./text.ts"; function ticker(company: string): string from "./ref.ts" injective;
      ${role("input line(text: string); output word(w: string); word(w) <= line(t), w in tokenize(t); output listed(t: string); listed(ticker(t)) <= line(t);")}`;
    const functions = {
      tokenize: (text: string) => text.split(" "),
      ticker: (company: string) => company.slice(0, 2).toUpperCase(),
    };
    expect(trace(program, [{ line: [["to be or to"]] }], functions)).toEqual(['word["be"]["or"]["to"] listed["TO"]']);
  });
  test("gets values as TypeScript has them", () => {
    const given: unknown[] = [];
    const params =
      "a: int, b: float, c: string, d: bool, e: bytes, f: json, g: list<int>, h: (int, string), i: lset<int>, j: lmap<string, lmax<int>>";
    const columns = params.replace(/, i: .*/, "");
    const program = `function take(${params}): bool from "./f.ts" monotone; ${role(`input in_(${columns}, k: int); table s(i: lset<int>); s(k) <= in_(_, _, _, _, _, _, _, _, k); table m(j: lmap<string, lmax<int>>); m({"x": k}) <= in_(_, _, _, _, _, _, _, _, k);
      output o(n: int); o(1) <= in_(a, b, c, d, e, f, g, h, _), s(i), m(j), take(a, b, c, d, e, f, g, h, i, j);`)}`;
    const row = [1, 2.5, "x", true, new Uint8Array([7]), { k: [null] }, [3], [4, "y"], 9] as const;
    expect(trace(program, [{ in_: [row] }], { take: (...args: unknown[]) => (given.push(args), true) })).toEqual([
      "o[1]",
    ]);
    expect(given[0]).toEqual([...row.slice(0, -1), new Set([9]), new Map([["x", 9]])]);
  });
  test.each(["injective", "monotone", "commutative", "associative", "idempotent"])("may claim to be %s", (claim) => {
    expect(
      errors(
        `function f(a: int, b: int): int from "./f.ts" ${claim}; ${role("input i(x: int); output o(x: int); o(f(x, x)) <= i(x);")}`,
      ),
    ).toEqual([]);
  });
  test("that throws, or gives another type, fails that one derivation: the function, its arguments and the rule are named", () => {
    const program = `function f(x: int): int from "./f.ts"; ${role("input i(x: int); output o(x: int); o(f(x)) <= i(x); output p(x: int); p(x) <= i(x);")}`;
    const f = (x: number): unknown => {
      if (x === 1) throw new Error("no one");
      return x === 2 ? "two" : x;
    };
    expect(play(program, [{ i: [[1], [2], [3]] }], { f })).toEqual({
      steps: ["o[3] p[1][2][3]"],
      faults: [
        "DLC920 a fact could not be derived: f(1) threw: no one",
        'DLC920 a fact could not be derived: f(2) returned a value of another type: int expected, string "two" found',
      ],
      rules: ["o#1 (test.dlc:1)", "o#1 (test.dlc:1)"],
    });
  });
});

test("a nat is checked when a function gives one (B12)", () => {
  const program = `function f(x: int): nat from "./f.ts"; ${role("input i(x: int); output o(x: nat); o(f(x)) <= i(x);")}`;
  expect(play(program, [{ i: [[-1], [2]] }], { f: (x: number) => x })).toMatchObject({
    steps: ["o[2]"],
    faults: [expect.stringContaining("DLC920")],
  });
});

test("what a function claims decides how far it is free", () => {
  const over = (claim: string): readonly string[] =>
    check(
      `function ready(s: lset<int>): bool from "./f.ts"${claim}; ${role("channel c(x: int); table s(v: lset<int>); s(x) <= c(x); output o(n: int) any; o(1) <= s(v), ready(v);")}`,
    ).marks;
  expect([over(""), over(" monotone"), over(" morphism")]).toEqual([["o#1 opaque {*}"], [], []]);
});
