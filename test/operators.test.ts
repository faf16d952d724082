import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, nearNames } from "../src/compiler/diagnostics/near.ts";
import { aggregates, functions } from "../src/operators/index.ts";
import { run } from "../src/operators/functions.run.ts";

describe("the built-in functions", () => {
  it("each have a run half that takes as many arguments, and no other has", () => {
    expect(Object.keys(run).sort()).toEqual([...functions.keys()].sort());
    for (const { name, signatures } of functions.values()) {
      for (const signature of signatures)
        expect([name, run[name as keyof typeof run].length]).toEqual([name, signature.params.length]);
    }
  });

  it("share no name with an aggregate", () => {
    expect([...functions.keys()].filter((name) => aggregates.has(name))).toEqual([]);
  });

  it("claim to be injective only with one argument", () => {
    for (const one of functions.values())
      if (one.injective) expect(one.signatures.every((signature) => signature.params.length === 1)).toBe(true);
  });

  it("on strings", () => {
    expect(run.length("añ😀")).toBe(4);
    expect([run.lower("ÀB"), run.upper("àb"), run.trim(" \ta b\n")]).toEqual(["àb", "ÀB", "a b"]);
    expect([run.split("a,b,,c", ","), run.split("", ","), run.join(["a", "b"], "-")]).toEqual([
      ["a", "b", "", "c"],
      [""],
      "a-b",
    ]);
    expect([
      run.contains("abc", "bc"),
      run.contains("abc", "cb"),
      run.startsWith("abc", "ab"),
      run.endsWith("abc", "ab"),
    ]).toEqual([true, false, true, false]);
    expect([run.indexOf("abc", "c"), run.indexOf("abc", "x")]).toEqual([2, -1]);
    expect([run.substring("hello", 1, 3), run.substring("hello", -2, 99), run.substring("hello", 3, 1)]).toEqual([
      "el",
      "hello",
      "",
    ]);
    expect([run.replace("a.b.c", ".", "$&"), run.replace("aaa", "aa", "b")]).toEqual(["a$&b$&c", "ba"]);
  });

  it("from and to text", () => {
    expect([
      run.toString("a"),
      run.toString(-0),
      run.toString(1.5),
      run.toString(true),
      run.toString(["a", 1]),
      run.toString({ b: 1, a: null }),
      run.toString(new Uint8Array([0, 255])),
    ]).toEqual(["a", "0", "1.5", "true", '["a",1]', '{"a":null,"b":1}', "00ff"]);
    expect([
      run.parseInt(" -42 "),
      run.parseInt("+7"),
      run.parseInt("-0"),
      run.parseFloat("1.5e3"),
      run.parseFloat(".5"),
      run.parseFloat("-0"),
    ]).toEqual([-42, 7, 0, 1500, 0.5, 0]);
    for (const bad of ["", "1.5", "0x10", "12a", "9007199254740993"])
      expect(() => run.parseInt(bad)).toThrow(/^parseInt: /);
    for (const bad of ["", "abc", "0x10", "1e", "Infinity"]) expect(() => run.parseFloat(bad)).toThrow(/^parseFloat: /);
  });

  it("on numbers", () => {
    expect([
      run.abs(-3),
      run.floor(-1.5),
      run.ceil(-1.5),
      run.round(2.5),
      run.round(-2.5),
      run.round(-0.2),
      run.sqrt(9),
    ]).toEqual([3, -2, -1, 3, -2, 0, 3]);
    expect(() => run.floor(1e300)).toThrow("floor: 1e+300 is not a safe integer");
    expect(() => run.round(Number.NaN)).toThrow("not a safe integer");
    expect(run.toNat(0)).toBe(0);
    expect(() => run.toNat(-1)).toThrow("toNat: -1 is negative");
    expect([run.least(2, 10), run.greatest("b", "a"), run.least(Number.NaN, -5)]).toEqual([2, "b", Number.NaN]);
  });

  it("on lists", () => {
    expect([
      run.size([1, 2]),
      run.at(["a", "b"], 1),
      run.slice([1, 2, 3], 1, 9),
      run.slice([1, 2, 3], -5, 1),
      run.concat([1], [2]),
    ]).toEqual([2, "b", [2, 3], [1], [1, 2]]);
    expect([
      run.reverse([1, 2]),
      run.sort([10, 9, 1]),
      run.unique([2, 1, 2]),
      run.unique([["a"], ["a"]]),
      run.range(2, 5),
      run.range(5, 2),
    ]).toEqual([[2, 1], [1, 9, 10], [2, 1], [["a"]], [2, 3, 4], []]);
    expect([
      run.contains([["a", 1]], ["a", 1]),
      run.contains([Number.NaN], Number.NaN),
      run.indexOf([[1], [2]], [2]),
    ]).toEqual([true, true, 1]);
    for (const place of [-1, 2])
      expect(() => run.at([1, 2], place)).toThrow(`there is no element ${place} in a list of 2`);
    expect(() => run.range(0, 1e12)).toThrow("more than");
  });

  it("on JSON", () => {
    expect(Object.keys(run.parseJson('{"b":1,"a":{"d":1,"c":2}}') as object)).toEqual(["a", "b"]);
    expect([
      run.field({ a: [1] }, "a"),
      run.hasField({ a: 1 }, "b"),
      run.hasField({}, "toString"),
      run.hasField([1], "length"),
    ]).toEqual([[1], false, false, false]);
    expect([run.asString("x"), run.asInt(3), run.asFloat(0.5), run.asBool(false), run.asList([1])]).toEqual([
      "x",
      3,
      0.5,
      false,
      [1],
    ]);
    expect(() => run.field({ a: 1 }, "b")).toThrow('there is no "b" in {"a":1}');
    expect(() => run.asInt(1.5)).toThrow("1.5 is not a safe integer");
    expect(() => run.asString(null)).toThrow("null is not a JSON string");
    expect(() => run.parseJson("{")).toThrow('parseJson: "{" is not JSON');
    expect(run.toJson({ a: [1, "x", null] })).toEqual({ a: [1, "x", null] });
    expect(() => run.toJson([Number.NaN])).toThrow("NaN has no form in JSON");
    expect(() => run.toJson(new Uint8Array())).toThrow("bytes have no form in JSON");
  });

  it("hash equal values alike, whatever the order of keys", () => {
    expect(run.hash({ a: 1, b: 2 })).toBe(run.hash({ b: 2, a: 1 }));
    expect(run.hash("a")).not.toBe(run.hash("b"));
    expect(Number.isInteger(run.hash("a")) && run.hash("a") >= 0 && run.hash("a") < 2 ** 32).toBe(true);
  });
});

describe("near names", () => {
  it("count insertions, deletions, replacements and swaps", () => {
    expect(
      [
        ["abc", "abc"],
        ["abc", "abd"],
        ["abc", "ab"],
        ["abc", "acb"],
        ["abc", "xyz"],
      ].map(([a, b]) => editDistance(a, b, 3)),
    ).toEqual([0, 1, 1, 1, 3]);
    expect(editDistance("abcdef", "uvwxyz", 2)).toBe(3);
  });

  it("are what the whole table of prefixes gives", () => {
    const inFull = (a: string, b: string): number => {
      const table = Array.from({ length: a.length + 1 }, (_, i) =>
        Array.from({ length: b.length + 1 }, (_, j) => i + j),
      );
      for (let i = 1; i <= a.length; i++)
        for (let j = 1; j <= b.length; j++) {
          const same = a[i - 1] === b[j - 1] ? 0 : 1;
          table[i][j] = Math.min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + same);
          if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
            table[i][j] = Math.min(table[i][j], table[i - 2][j - 2] + 1);
        }
      return table[a.length][b.length];
    };
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 9 });
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 9 }), (a, b, limit) => {
        expect(editDistance(a, b, limit)).toBe(Math.min(inFull(a, b), limit + 1));
      }),
      { numRuns: 3000, seed: 5 },
    );
  });

  it("are the nearest, whatever the case of letters", () => {
    expect(nearNames("campain", ["campaigns", "campaign", "champion", "other"])).toEqual(["campaign", "campaigns"]);
    expect(nearNames("Clicks", ["clicks", "Click"])).toEqual(["clicks", "Click"]);
    expect(nearNames("x", ["y", "z", "X"])).toEqual(["X"]);
  });
});
