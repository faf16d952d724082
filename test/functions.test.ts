import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());

/** Codes and messages for a program that imports `f` with this signature from a module with this text. */
async function check(signature: string, module: string | null): Promise<string[]> {
  const rule = "role A { input i(x: int); output o(x: int); o(x) <= i(x); }";
  place.write({
    "p.dlc": `function f${signature} from "./m.ts";\n${rule}\n`,
    ...(module === null ? {} : { "m.ts": module }),
  });
  const { out, code } = await place.dlc("check", "p.dlc", "--format", "json");
  const { diagnostics } = JSON.parse(out) as { diagnostics: { code: string; severity: string; message: string }[] };
  expect(code).toBe(diagnostics.some(({ severity }) => severity === "error") ? 1 : 0);
  return diagnostics.map((each) => `${each.code} ${each.message}`);
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

  test("a module that is no TypeScript is named with its line", async () => {
    expect((await check("(x: int): int", "export function f(x: number): number {\n  return (x;\n}"))[0]).toMatch(
      /^DLC506 .*line 2/,
    );
  });

  test.each([
    ["the clock", "export function f(x: number): number { return x + Date.now(); }", /clock/],
    ["new Date", "export function f(x: number): number { return x + new Date().getTime(); }", /clock/],
    ["randomness", "export function f(x: number): number { return x * Math.random(); }", /random/],
    [
      "outside",
      "declare const process: any; export function f(x: number): number { return process.pid + x; }",
      /process/,
    ],
    [
      "node's modules",
      'import { readFileSync } from "node:fs"; export function f(x: number): number { return readFileSync("x").length + x; }',
      /readFileSync|node:fs/,
    ],
    ["a variable", "let calls = 0; export function f(x: number): number { return x + calls; }", /calls/],
    [
      "a memory",
      "const seen: number[] = []; export function f(x: number): number { seen.push(x); return seen.length; }",
      /seen/,
    ],
    [
      "a helper",
      "function g(): number { return Date.now(); } export function f(x: number): number { return x + g(); }",
      /clock/,
    ],
  ])("an impure function is refused: %s", async (_, module, what) => {
    const [first] = await check("(x: int): int", module);
    expect(first).toMatch(/^DLC507/);
    expect(first).toMatch(what);
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
