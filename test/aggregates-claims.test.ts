/** Imported aggregates against their source: signatures, purity, and claims that are refuted, proved or stand. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());

interface Checked {
  readonly diagnostics: readonly {
    code: string;
    message: string;
    severity: string;
    mend?: string;
    range: any;
    cause?: any;
  }[];
  readonly functions: readonly { kind: string; name: string; claims: readonly Record<string, any>[] }[];
}

const rules = `role H { input i(k: string, x: int, s: string); R.c(k, x, s) <~ i(k, x, s); }
role R { channel c(k: string, x: int, s: string); table t(k: string, x: int, s: string); t(k, x, s) <= c(k, x, s);
  output o(k: string); o(k) <= t(k, _, _); RULE }\n`;

/** The messages and the statuses of an aggregate `f` with this signature and module. */
async function check(signature: string, module: string, rule = "") {
  place.write({
    "p.dlc": `aggregate f${signature};\n${rules.replace("RULE", rule)}`.replace(/;;/, ";"),
    "m.ts": module,
  });
  const { out, err } = await place.dlc("check", "p.dlc", "--format", "json");
  expect(err).toBe("");
  const { diagnostics, functions } = JSON.parse(out) as Checked;
  expect(functions[0]).toMatchObject({ kind: "aggregate", name: "f" });
  return {
    found: diagnostics.filter(({ code }) => code.startsWith("DLC5")),
    messages: diagnostics
      .filter(({ code }) => code.startsWith("DLC5"))
      .map(({ code, message }) => `${code} ${message}`),
    claims: functions[0]!.claims,
    statuses: functions[0]!.claims.map(({ claim, status }) => `${claim} ${status}`),
  };
}

const from = (signature: string, claims = ""): string => `${signature} from "./m.ts" ${claims}`;

describe("imported aggregates against their source", () => {
  test.each<[name: string, signature: string, module: string]>([
    ["an array of values", "(x: float): float", "export function f(xs: readonly number[]): number { return xs[0]!; }"],
    [
      "an array that it may change, and does not",
      "(x: int): int",
      "export const f = (xs: number[]): number => [...xs].sort()[0]!;",
    ],
    [
      "tuples",
      "(x: int, s: string): list<string>",
      "export function f(rows: readonly (readonly [number, string])[]): string[] { return rows.map(([, s]) => s); }",
    ],
    [
      "any rows",
      "(x: int, s: string): int",
      "export function f<T>(rows: readonly T[]): number { return rows.length; }",
    ],
    [
      "lists of lists",
      "(x: list<int>): int",
      "export const f = (xs: readonly (readonly number[])[]): number => xs.flat().length;",
    ],
  ])("%s fit", async (_, signature, module) => {
    expect((await check(from(signature), module)).messages).toEqual([]);
  });

  test("a signature for one row is refused, and the right one is shown", async () => {
    const one = await check(from("(x: float): float"), "export const f = (x: number): number => x;");
    expect(one.messages).toHaveLength(1);
    expect(one.messages[0]).toMatch(
      /^DLC505 the signature of f does not agree with ".\/m.ts": its parameter x is number there, and x is float here \(number\[\] in TypeScript\)/,
    );
    expect(one.found[0]!.mend).toBe("The TypeScript aggregate has to fit (x: number[]) => number.");
    const two = await check(
      from("(x: int, s: string): int"),
      "export const f = (xs: number[], texts: string[]): number => xs.length + texts.length;",
    );
    expect(two.messages[0]).toMatch(/it takes 2 parameters there, and an aggregate gets one, the rows of its group/);
    expect(two.found[0]!.mend).toBe("The TypeScript aggregate has to fit (rows: [number, string][]) => number.");
    const rows = await check(
      from("(x: int, s: string): int"),
      "export const f = (rows: [number, number][]): number => rows.length;",
    );
    expect(rows.found[0]).toMatchObject({
      code: "DLC505",
      range: { start: { line: 1, column: 13 }, end: { line: 1, column: 30 } },
    });
    const result = await check(from("(x: int): string"), "export const f = (xs: number[]): number => xs.length;");
    expect(result.messages[0]).toMatch(/it returns number there, and string here/);
  });

  test.each<[name: string, module: string, what: RegExp]>([
    [
      "sorting in place",
      "export function f(xs: number[]): number { return xs.sort()[0]!; }",
      /changes its argument xs/,
    ],
    ["the clock", "export const f = (xs: number[]): number => xs.length + Date.now();", /clock/],
    [
      "a count of its own",
      "let n = 0; export function f(xs: number[]): number { return xs.length + n++; }",
      /changes n/,
    ],
  ])("purity: %s", async (_, module, what) => {
    const { messages } = await check(from("(x: int): int"), module);
    expect(messages[0]).toMatch(/^DLC507 f is not pure/);
    expect(messages[0]).toMatch(what);
  });

  test("what is missing is named", async () => {
    expect((await check(from("(x: int): int"), "export const g = 1;")).messages[0]).toMatch(/^DLC504 .*exports no f/);
    place.write({ "p.dlc": `aggregate f(x: int): int from "./no.ts";\n${rules.replace("RULE", "")}` });
    expect((await place.dlc("check", "p.dlc")).out).toMatch(/DLC503.*the aggregate f does not exist/);
  });
});

describe("claims of aggregates", () => {
  test.each<[name: string, signature: string, claim: string, module: string, found: RegExp]>([
    [
      "a median that trusts the order",
      "(x: int): int",
      "commutative",
      "export const f = (xs: readonly number[]): number => xs[(xs.length - 1) >> 1]!;",
      /f is not commutative: f\(\[0, 1\]\) = 0, and f\(\[1, 0\]\) = 1;/,
    ],
    [
      "a sum of floats",
      "(x: float): float",
      "commutative",
      "export const f = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);",
      /f\(\[.*\]\) = .*, and f\(\[.*\]\) = /,
    ],
    [
      "a difference of two texts in the middle of many",
      "(s: string): string",
      "commutative",
      'export const f = (xs: readonly string[]): string => (xs.length < 3 ? "" : xs[1]!);',
      /f\(\["", "", "\w"\]\) = "", and f\(\["", "\w", ""\]\) = "\w"|f\(\["", "\w", "\w"\]\)/,
    ],
    [
      "a mean",
      "(x: float): float",
      "associative",
      "export const f = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;",
      /f is not associative: f\(\[f\(\[.*\]\), .*\]\) = .*, and f\(\[.*\]\) = /,
    ],
    [
      "a sum counts a row twice",
      "(x: nat): nat",
      "idempotent",
      "export const f = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);",
      /f is not idempotent: f\(\[1\]\) = 1, and f\(\[1, 1\]\) = 2/,
    ],
    [
      "a sum of ints falls",
      "(x: int): int",
      "monotone",
      "export const f = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);",
      /f is not monotone: f\(\[0\]\) = 0, and f\(\[-1, 0\]\) = -1/,
    ],
    [
      "one that forgets above a length",
      "(x: int): int",
      "monotone",
      "export const f = (xs: readonly number[]): number => (xs.length > 20 ? 0 : xs.length);",
      /f is not monotone: /,
    ],
    [
      "a count is no morphism",
      "(x: int): int",
      "morphism",
      "export const f = (xs: readonly number[]): number => xs.length;",
      /f is not morphism: f\(\[0\]\) = 1, and f\(\[0, 0\]\) = 2/,
    ],
    [
      "the greatest of floats, with NaN among them",
      "(x: float): float",
      "monotone",
      "export const f = (xs: readonly number[]): number => Math.max(...xs);",
      /NaN/,
    ],
    [
      "one that throws",
      "(x: int): int",
      "commutative",
      'export function f(xs: readonly number[]): number { if (xs.length > 2) throw new Error("too many"); return xs.length; }',
      /f\(\[0, 0, 0\]\) throws: too many \(a call without a result is no success\)/,
    ],
  ])("refuted: %s", async (_, signature, claim, module, found) => {
    const { statuses, messages } = await check(from(signature, claim), module);
    expect(statuses).toEqual([`${claim} refuted`]);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(/^DLC510 /);
    expect(messages[0]).toMatch(found);
  });

  test.each<[name: string, signature: string, claims: string, module: string, statuses: readonly string[]]>([
    [
      "the number of rows",
      "(x: int, s: string): nat",
      "commutative monotone",
      "export const f = (rows: readonly unknown[]): number => rows.length;",
      ["commutative proved", "monotone proved"],
    ],
    [
      "the number of different ones",
      "(s: string): int",
      "commutative idempotent monotone",
      "export function f(xs: readonly string[]): number { return new Set(xs).size; }",
      ["commutative proved", "idempotent proved", "monotone proved"],
    ],
    [
      "the greatest",
      "(x: int): int",
      "commutative associative idempotent monotone morphism",
      "export const f = (xs: readonly number[]): number => xs.reduce((a, b) => Math.max(a, b));",
      ["commutative proved", "associative proved", "idempotent proved", "monotone proved", "morphism proved"],
    ],
    [
      "the least",
      "(x: int): int",
      "commutative associative idempotent",
      "export const f = (xs: readonly number[]): number => xs.reduce((a, b) => Math.min(b, a), 7);",
      ["commutative proved", "associative proved", "idempotent proved"],
    ],
    [
      "a median that sorts",
      "(x: float): float",
      "commutative",
      "export const f = (xs: readonly number[]): number => [...xs].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0) || Number(Number.isNaN(b)) - Number(Number.isNaN(a)))[(xs.length - 1) >> 1]!;",
      ["commutative tested"],
    ],
    [
      "whether any",
      "(s: string): bool",
      "commutative idempotent monotone morphism",
      'export const f = (xs: readonly string[]): boolean => xs.some((x) => x.startsWith("a"));',
      ["commutative tested", "idempotent tested", "monotone tested", "morphism tested"],
    ],
    [
      "a size of sets of lists is that of their places",
      "(x: list<int>): int",
      "commutative monotone",
      "export const f = (xs: readonly (readonly number[])[]): number => new Set(xs).size;",
      ["commutative tested", "monotone tested"],
    ],
  ])("kept: %s", async (_, signature, claims, module, wanted) => {
    const { statuses, messages } = await check(from(signature, claims), module);
    expect(messages).toEqual([]);
    expect(statuses).toEqual(wanted);
  });

  test.each<[claim: string, signature: string, why: RegExp]>([
    ["injective", "(x: int): int", /is an aggregate, through which no seal travels/],
    ["associative", "(x: int): string", /does not give the type of its one parameter/],
    ["associative", "(x: int, y: int): int", /does not give the type of its one parameter/],
    ["monotone", "(x: int): list<int>", /has results of the type list<int>, which do not grow/],
    ["morphism", "(x: int): json", /has results of the type json, which do not grow/],
  ])("%s says nothing of %s", async (claim, signature, why) => {
    const returns: Readonly<Record<string, string>> = { int: "0", string: '""', "list<int>": "[]", json: "null" };
    const module = `export const f = (rows: readonly any[]): any => ${returns[/: ([^:]*)$/.exec(signature)![1]!]};`;
    const { found, messages } = await check(from(signature, claim), module);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(/^DLC502 /);
    expect(messages[0]).toMatch(why);
    expect(found[0]!.mend).toBe(`Leave ${claim} out, or declare the aggregate with the types that it is about.`);
  });

  test("a broken claim says what the program loses", async () => {
    const total = "export const f = (xs: readonly number[]): number => xs.reduce((a, b) => a - b, 0);";
    const bound = "output p(k: string); p(k) <= t(k, x, _) having f(x) >= 3;";
    expect((await check(from("(x: int): int", "monotone"), total, bound)).messages[0]).toMatch(
      /without it R\.p is Run instead of Async/,
    );
    const median = "export const f = (xs: readonly number[]): number => xs[0]!;";
    const head = "output p(k: string, m: int); p(k, f(x)) <= t(k, x, _);";
    expect((await check(from("(x: int): int", "commutative"), median, head)).messages[0]).toMatch(
      /without it one log serves all of R\.c instead of one for each \(k\)/,
    );
    expect((await check(from("(x: int): int", "idempotent"), total, head)).messages[0]).toMatch(
      /nothing in this program rests on it/,
    );
  });

  test("every report says how a claim was checked", async () => {
    place.write({
      "p.dlc": `aggregate f(x: int): int from "./m.ts" monotone;\n${rules.replace("RULE", "output p(k: string); p(k) <= t(k, x, _) having f(x) >= 3;")}`,
      "m.ts": "export const f = (xs: readonly number[]): number => xs.length;",
    });
    expect((await place.dlc("check", "p.dlc")).out).toMatch(/f is monotone: proved \(the number of rows\)/);
    expect((await place.dlc("explain", "p.dlc")).out).toMatch(/f is monotone: proved \(the number of rows\)/);
    expect((await place.dlc("explain", "p.dlc", "p#1")).out).toMatch(/f is monotone: proved/);
    expect((await place.dlc("explain", "p.dlc", "o#1")).out).not.toMatch(/f is monotone/);
    const { outputs } = JSON.parse((await place.dlc("check", "p.dlc", "--format", "json")).out) as {
      outputs: { output: string; assumptions: string[] }[];
    };
    const claims = outputs.map(({ assumptions }) => assumptions.filter((each) => each.startsWith("claim")));
    expect(claims).toEqual([[], ["claim: f is monotone (proved: the number of rows)"]]);
  });

  test("an assumed claim is believed with its reason", async () => {
    place.write({
      "p.dlc": `// dlc-assume monotone: rows are not negative\naggregate f(x: int): int from "./m.ts" monotone;\n${rules.replace("RULE", "")}`,
      "m.ts": "export const f = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);",
    });
    const { out, code } = await place.dlc("check", "p.dlc");
    expect(code).toBe(0);
    expect(out).toMatch(
      /note\[DLC513\]: f is assumed to be monotone \(rows are not negative\), and is not for every value: f\(\[0\]\) = 0/,
    );
    expect(out).toMatch(/f is monotone: assumed \(rows are not negative\)/);
  });
});
