import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());

interface Finding {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly range: unknown;
  readonly cause?: unknown;
}

/** Codes and messages for a program that imports `f` with this signature from a module with this text. */
async function check(signature: string, module: string | null): Promise<string[]> {
  return (await findings(signature, module)).map((each) => `${each.code} ${each.message}`);
}

async function findings(signature: string, module: string | null): Promise<readonly Finding[]> {
  const rule = "role A { input i(x: int); output o(x: int); o(x) <= i(x); }";
  place.write({
    "p.dlc": `function f${signature} from "./m.ts";\n${rule}\n`,
    ...(module === null ? {} : { "m.ts": module }),
  });
  const { out, code } = await place.dlc("check", "p.dlc", "--format", "json");
  const { diagnostics } = JSON.parse(out) as { diagnostics: readonly Finding[] };
  expect(code).toBe(diagnostics.some(({ severity }) => severity === "error") ? 1 : 0);
  return diagnostics;
}

describe("imported functions against their source", () => {
  test("what fits has no finding", async () => {
    expect(await check("(x: int): int", "export function f(x: number): number { return x + 1; }")).toEqual([]);
    expect(
      await check("(x: string): list<(int, string)>", "export const f = (x: string): [number, string][] => [[1, x]];"),
    ).toEqual([]);
    expect(
      await check(
        "(x: list<int>, b: bytes): bool",
        "export function f(x: readonly number[], b: Uint8Array): boolean { return x.length > b.length; }",
      ),
    ).toEqual([]);
    expect(await check("(x: json): json", "export function f(x: unknown): unknown { return x; }")).toEqual([]);
  });

  test("a missing module and a missing export are named", async () => {
    expect((await check("(x: int): int", null))[0]).toMatch(/^DLC503 .*"\.\/m\.ts"/);
    expect((await check("(x: int): int", "export function ff(x: number): number { return x; }"))[0]).toMatch(
      /^DLC504 .*exports no f/,
    );
    expect((await check("(x: int): int", "function f(x: number): number { return x; }"))[0]).toMatch(/^DLC504/);
  });

  test("another signature is refused in TypeScript's words", async () => {
    expect((await check("(x: int): string", "export function f(x: number): number { return x; }"))[0]).toMatch(
      /^DLC505 .*'number' is not assignable to type 'string'/,
    );
    expect((await check("(x: string): int", "export function f(x: number): number { return x; }"))[0]).toMatch(
      /^DLC505/,
    );
    expect((await check("(x: int, y: int): int", "export function f(x: number): number { return x; }"))[0]).toMatch(
      /^DLC505 .*takes 1 parameter there, and 2 here/,
    );
    expect(
      (await check("(x: int): int", "export async function f(x: number): Promise<number> { return x; }"))[0],
    ).toMatch(/^DLC505/);
    expect((await check("(x: int): int", "export const f = 3;"))[0]).toMatch(/^DLC505 .*not a function/);
  });

  test("the finding stands at the part that is wrong, and the TypeScript is its cause", async () => {
    const [missing] = await findings("(a: int): int", null);
    expect(missing).toMatchObject({ code: "DLC503", range: { start: { column: 30 }, end: { column: 38 } } });
    const module = "// a line\nexport function f(a: number, b: string): number {\n  return a + b.length;\n}\n";
    const [param] = await findings("(a: int, b: bool): int", module);
    expect(param).toMatchObject({
      range: { start: { line: 1, column: 20 }, end: { line: 1, column: 27 } },
      cause: { file: "m.ts", range: { start: { line: 2, column: 30 }, end: { line: 2, column: 39 } } },
    });
    expect(param!.message).toMatch(/its parameter b is string there, and b is bool here \(boolean in TypeScript\)/);
    const [result] = await findings("(a: int, b: string): bytes", module);
    expect(result!.message).toMatch(/it returns number there, and bytes here \(Uint8Array in TypeScript\)/);
    const [hidden] = await findings("(a: int): int", "\nfunction f(a: number): number { return a; }");
    expect(hidden).toMatchObject({ code: "DLC504", cause: { file: "m.ts", range: { start: { line: 2 } } } });
  });

  test.each([
    ["optional parameters", "(a: int): int", "export const f = (a: number, b = 1): number => a + b;"],
    ["rest parameters", "(a: int, b: int): int", "export const f = (...all: number[]): number => Math.max(...all);"],
    ["type parameters", "(a: list<int>): list<int>", "export function f<T>(a: readonly T[]): T[] { return [...a]; }"],
    [
      "overloads",
      "(a: int): int",
      "export function f(a: string): string; export function f(a: number): number; export function f(a: any): any { return a; }",
    ],
    ["a re-export", "(a: int): int", 'export { f } from "./other.ts";'],
    ["another name", "(a: int): int", "const g = (a: number): number => a; export { g as f };"],
    [
      "a JSON type",
      "(a: json): json",
      "type Json = null | boolean | number | string | Json[] | { [key: string]: Json }; export const f = (a: Json): Json => a;",
    ],
    [
      "readonly results",
      "(a: list<(int, string)>): list<(int, string)>",
      "export const f = (a: readonly (readonly [number, string])[]): readonly (readonly [number, string])[] => a;",
    ],
    [
      "more required parameters than given",
      "(a: int): int",
      "export const f = (a: number, b: number): number => a + b;",
      /takes 2 parameters there, and 1 here/,
    ],
  ])("signatures with %s", async (_, signature, module, wrong?: RegExp) => {
    place.write({ "other.ts": "export const f = (a: number): number => a;" });
    const found = await check(signature, module);
    if (wrong === undefined) expect(found).toEqual([]);
    else expect(found[0]).toMatch(wrong);
  });

  test("a module that is no TypeScript is named with its line", async () => {
    expect((await check("(x: int): int", "export function f(x: number): number {\n  return (x;\n}"))[0]).toMatch(
      /^DLC506 .*line 2/,
    );
  });

  test.each<[name: string, module: string, what: RegExp, line?: number]>([
    ["the clock", "export function f(x: number): number { return x + Date.now(); }", /clock/],
    ["new Date", "export function f(x: number): number { return x + new Date().getTime(); }", /clock/],
    [
      "the clock when loaded",
      "const start = Date.now();\nexport function f(x: number): number { return x + start; }",
      /clock/,
      1,
    ],
    ["randomness", "export function f(x: number): number { return x * Math.random(); }", /random/],
    [
      "randomness by another name",
      "const { random } = Math; export function f(x: number): number { return x * random(); }",
      /random/,
    ],
    ["randomness by a text", 'export function f(x: number): number { return x * Math["random"](); }', /random/],
    [
      "outside",
      "declare const process: any; export function f(x: number): number { return process.pid + x; }",
      /process/,
    ],
    [
      "outside when loaded",
      'console.log("here"); export function f(x: number): number { return x; }',
      /console.*when it is loaded/,
    ],
    [
      "node's modules",
      'import { readFileSync } from "node:fs"; export function f(x: number): number { return readFileSync("x").length + x; }',
      /readFileSync|node:fs/,
    ],
    [
      "node's modules without a prefix",
      'import * as os from "os"; export function f(x: number): number { return os.cpus().length + x; }',
      / of os/,
    ],
    [
      "code from a text",
      'export function f(x: number): number { return new Function("return Date.now()")() + x; }',
      /Function/,
    ],
    ["a variable", "let calls = 0; export function f(x: number): number { return x + calls; }", /calls/],
    [
      "a memory",
      "const seen: number[] = []; export function f(x: number): number { seen.push(x); return seen.length; }",
      /seen/,
    ],
    [
      "a memory of another function",
      "const seen = new Set<number>(); export function put(x: number) { seen.add(x); }\nexport function f(x: number): number { return seen.has(x) ? 1 : 0; }",
      /another function changes/,
      2,
    ],
    ["a counter", "let calls = 0; export function f(x: number): number { return x + ++calls; }", /calls/],
    [
      "a memory by an alias",
      "const seen: number[] = []; export function f(x: number): number { const all = seen; all.push(x); return all.length; }",
      /seen|all/,
    ],
    ["a static field", "class C { static n = 0; } export function f(x: number): number { return x + C.n++; }", /C/],
    [
      "a helper",
      "function g(): number { return Date.now(); } export function f(x: number): number { return x + g(); }",
      /clock/,
    ],
    [
      "a method of an object",
      "const h = { now: (): number => Date.now() }; export function f(x: number): number { return x + h.now(); }",
      /clock/,
    ],
    ["the time zone", "export function f(x: number): number { return new Date(x).getHours(); }", /time zone/],
    ["the language", 'export function f(x: number): number { return "a".localeCompare(String(x)); }', /language/],
    [
      "a name that nobody defines",
      "declare global { var secret: number; }\nexport function f(x: number): number { return x + secret; }",
      /secret/,
      2,
    ],
    [
      "waiting",
      "export async function g() { await 0; }\nexport function f(x: number): number { void g(); return x; }",
      /await/,
      1,
    ],
  ])("an impure function is refused: %s", async (_, module, what, line) => {
    const [first] = await check("(x: int): int", module);
    expect(first).toMatch(/^DLC507/);
    expect(first).toMatch(what);
    if (line !== undefined) expect(first).toMatch(new RegExp(`m\\.ts:${line}\\)`));
  });

  test("the clock behind a function of another file is shown where it is", async () => {
    place.write({
      "lib/time.ts": "// now\nexport const now = (): number =>\n  1 + Date.now();\nexport const unused = 1;\n",
      "lib/text.ts":
        'import * as time from "./time.ts";\nexport function stamp(x: number): number {\n  return x + time.now();\n}\n',
    });
    const text = 'import { stamp } from "./lib/text.ts";\nexport const f = (x: number): number => stamp(x);\n';
    const [finding] = await findings("(x: int): int", text);
    expect(finding).toMatchObject({
      code: "DLC507",
      range: { start: { line: 1, column: 10 }, end: { line: 1, column: 11 } },
      cause: { file: "lib/time.ts", range: { start: { line: 3, column: 7 }, end: { line: 3, column: 11 } } },
    });
  });

  test("of a module only what is used counts", async () => {
    place.write({ "lib.ts": "export const now = (): number => Date.now();\nexport const one = 1;\n" });
    expect(
      await check(
        "(x: int): int",
        'import * as lib from "./lib.ts";\nexport const f = (x: number): number => x + lib.one;',
      ),
    ).toEqual([]);
    expect(
      await check("(x: int): int", 'import { one } from "./lib.ts";\nexport const f = (x: number): number => x + one;'),
    ).toEqual([]);
  });

  test.each([
    ["sorting it", "export function f(x: number[]): number { x.sort(); return x[0] ?? 0; }"],
    ["writing into it", "export function f(x: number[]): number { x[0] = 1; return x.length; }"],
    ["by a local name", "export function f(x: number[]): number { const y = x; y.pop(); return y.length; }"],
    [
      "by a function",
      "function g(a: number, y: number[]) { y.push(a); }\nexport function f(x: number[]): number { g(1, x); return x.length; }",
    ],
    [
      "by functions of functions",
      "const h = (z: number[]) => { z.length = 0; }; function g(y: number[]) { h(y); }\nexport function f(x: number[]): number { g(x); return 0; }",
    ],
    ["by Object.assign", "export function f(x: number[]): number { Object.assign(x, [1]); return x.length; }"],
    [
      "where the source does not show it",
      "export function f(x: number[]): number { Reflect.apply(Array.prototype.push, x, [1]); return 0; }",
    ],
  ])("a function that changes its argument is refused: %s", async (_, module) => {
    const [first, ...more] = await check("(x: list<int>): int", module);
    expect(first).toMatch(/^DLC507 f is not pure: .*changes (?:its|an) argument/);
    expect(more).toEqual([]);
  });

  test("bytes, which cannot be frozen, are compared", async () => {
    expect(
      (
        await check("(x: bytes): int", "export function f(x: Uint8Array): number { Reflect.set(x, 0, 7); return 0; }")
      )[0],
    ).toMatch(/^DLC507 .*changes its argument/);
  });

  test("copies may be changed, also by functions that change what they are handed", async () => {
    const module = `function add(list: number[], n: number): void { list.push(n); }
      export function f(x: number[]): number {
        const copy = [...x].sort((a, b) => a - b);
        add(copy, 1);
        const groups = x.reduce((all, n) => { all.set(n % 2, n); return all; }, new Map<number, number>());
        const mapped = x.map((n) => ({ n }));
        let sum = 0;
        for (const each of mapped) sum += each.n % 10;
        return copy.length + groups.size + sum;
      }`;
    expect(await check("(x: list<int>): int", module)).toEqual([]);
  });

  test("constants, dates from arguments, recursion and local state are pure", async () => {
    const module = `const table = [1, 2, 3];
      function g(n: number): number { return n <= 0 ? 0 : g(n - 1); }
      export function f(x: number): number {
        const local: number[] = [];
        for (let i = 0; i < 3; i++) local.push(table[i]!);
        return g(local.length) + new Date(x).getTime() + Math.max(1, x);
      }`;
    expect(await check("(x: int): int", module)).toEqual([]);
  });
});
