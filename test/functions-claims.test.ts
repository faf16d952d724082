/** Claims about imported functions: false ones are found, with small counterexamples; true ones are proved or stand. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());

interface Checked {
  readonly code: number;
  readonly diagnostics: readonly {
    code: string;
    message: string;
    severity: string;
    range: any;
    cause?: any;
    mend?: string;
  }[];
  readonly functions: readonly { name: string; claims: readonly Record<string, any>[] }[];
}

async function check(program: string, ...options: string[]): Promise<Checked> {
  place.write({ "p.dlc": program });
  const { code, out, err } = await place.dlc("check", "p.dlc", "--format", "json", ...options);
  expect(err).toBe("");
  return { code, ...(JSON.parse(out) as Omit<Checked, "code">) };
}

const rule = "role A { input i(x: int); output o(x: int); o(x) <= i(x); }";

/** `status` of each claim of a function `f` with this signature and module, and the messages. */
async function claims(
  signature: string,
  claimed: string,
  module: string,
): Promise<{ statuses: string[]; messages: string[]; first: Record<string, any> }> {
  place.write({ "m.ts": module });
  const { functions, diagnostics } = await check(`function f${signature} from "./m.ts" ${claimed};\n${rule}\n`);
  const [f] = functions;
  return {
    statuses: f!.claims.map(({ claim, status }) => `${claim} ${status}`),
    messages: diagnostics.map(({ code, message }) => `${code} ${message}`),
    first: f!.claims[0]!,
  };
}

describe("false claims are refuted", () => {
  test.each<[name: string, signature: string, claim: string, module: string, found: RegExp]>([
    [
      "abs",
      "(x: int): int",
      "injective",
      "export const f = (x: number): number => Math.abs(x);",
      /f\(1\) = 1, and f\(-1\) = 1|f\(-1\) = 1, and f\(1\) = 1/,
    ],
    [
      "lower case",
      "(x: string): string",
      "injective",
      "export const f = (x: string): string => x.toLowerCase();",
      /f\("a"\) = "a"/,
    ],
    [
      "Math.round",
      "(x: float): float",
      "injective",
      "export const f = (x: number): number => Math.round(x);",
      /f\(0\.\d\) = |f\(\d\) = /,
    ],
    [
      "trimming",
      "(x: string): string",
      "injective",
      "export function f(x: string): string { return x.trim(); }",
      /f\(""\) = ""/,
    ],
    [
      "cut to a length",
      "(x: string): string",
      "injective",
      "export const f = (x: string): string => x.slice(0, 40);",
      /a{40}/,
    ],
    [
      "a hash with one collision at a constant",
      "(x: int): int",
      "injective",
      "export function f(x: number): number { return x === 918273645 ? 918273600 : x; }",
      /f\(918273645\) = 918273600, and f\(918273600\) = 918273600|f\(918273600\) = 918273600, and f\(918273645\)/,
    ],
    [
      "a constant that is computed",
      "(x: int): int",
      "injective",
      "const cut = (1 << 20) + 7; export function f(x: number): number { return x === cut ? 14 : 2 * x; }",
      /f\(1048583\) = 14/,
    ],
    [
      "a hash of strings",
      "(x: string): int",
      "injective",
      "export function f(x: string): number { let h = 7; for (const c of x) h = (Math.imul(h, 31) + c.codePointAt(0)!) | 0; return h; }",
      /and f\(/,
    ],
    [
      "joined without care",
      "(a: string, b: string): string",
      "injective",
      'export const f = (a: string, b: string): string => a + "/" + b;',
      /f\("", "\/"\) = "\/\/"/,
    ],
    [
      "composed letters",
      "(x: string): string",
      "injective",
      'export const f = (x: string): string => x.normalize("NFC");',
      /f\(/,
    ],
    [
      "one of many",
      "(x: list<int>): list<int>",
      "injective",
      "export const f = (x: number[]): number[] => [...x].sort((a, b) => a - b);",
      /f\(\[/,
    ],
    [
      "a sign of bool",
      "(x: bool): int",
      "injective",
      "export const f = (x: boolean): number => (x ? 1 : 1);",
      /f\(true\) = 1/,
    ],
    [
      "json by its text",
      "(x: json): string",
      "injective",
      "export const f = (x: unknown): string => String(x);",
      /f\(/,
    ],
    [
      "bytes summed",
      "(x: bytes): int",
      "injective",
      "export const f = (x: Uint8Array): number => x.reduce((a, b) => a + b, 0);",
      /bytes \[\]/,
    ],
    [
      "tuples halved",
      "(x: (int, string)): int",
      "injective",
      "export const f = (x: [number, string]): number => x[0];",
      /f\(\[0, /,
    ],
    [
      "abs is not monotone",
      "(x: int): int",
      "monotone",
      "export const f = (x: number): number => Math.abs(x);",
      /f\(-1\) = 1, and f\(0\) = 0/,
    ],
    [
      "a step down at a constant",
      "(x: nat): nat",
      "monotone",
      "export const f = (x: number): number => (x > 70001 ? 5 : Math.floor(x / 10));",
      /f\(\d+\) = .*and f\(\d+\) = 5/,
    ],
    [
      "subtraction",
      "(a: int, b: int): int",
      "commutative",
      "export const f = (a: number, b: number): number => a - b;",
      /f\(0, 1\) = -1, and f\(1, 0\) = 1/,
    ],
    [
      "-0 inside",
      "(a: float, b: float): float",
      "commutative",
      "export const f = (a: number, b: number): number => 1 / (a <= b ? a * -1 : b);",
      /-?Infinity/,
    ],
    [
      "-0 as an argument",
      "(a: float, b: float): float",
      "commutative",
      "export const f = (a: number, b: number): number => (Object.is(a, -0) ? 1 : a + b);",
      /f\(-0, /,
    ],
    [
      "one constant that is special",
      "(a: int, b: int): int",
      "commutative",
      "export const f = (a: number, b: number): number => (a === 31337 && b !== a ? b : Math.max(a, b));",
      /31337/,
    ],
    [
      "float addition is not associative",
      "(a: float, b: float): float",
      "associative",
      "export const f = (a: number, b: number): number => a + b;",
      /f\(f\(/,
    ],
    [
      "the mean",
      "(a: float, b: float): float",
      "associative",
      "export const f = (a: number, b: number): number => (a + b) / 2;",
      /f\(f\(/,
    ],
    [
      "doubling",
      "(a: int): int",
      "idempotent",
      "export const f = (a: number): number => a * 2;",
      /f\(1\) = 2, and f\(f\(1\)\) = 4/,
    ],
    [
      "a sum with itself",
      "(a: int, b: int): int",
      "idempotent",
      "export const f = (a: number, b: number): number => a + b;",
      /f\(1, 1\) = 2/,
    ],
    [
      "a throw for an edge value",
      "(a: float, b: float): float",
      "commutative",
      'export function f(a: number, b: number): number { if (Number.isNaN(a) || Number.isNaN(b)) throw new Error("not a number"); return a * b; }',
      /throws: not a number \(a call without a result is no success\)/,
    ],
    [
      "a value of another type for an edge value",
      "(a: nat, b: nat): nat",
      "commutative",
      "export const f = (a: number, b: number): number => (a === b ? -1 : a + b);",
      /nat/,
    ],
  ])("%s", async (_, signature, claim, module, found) => {
    const { statuses, messages } = await claims(signature, claim, module);
    expect(statuses).toEqual([`${claim} refuted`]);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(new RegExp(`^DLC510 f is not ${claim}: `));
    expect(messages[0]).toMatch(found);
  });

  test("the error stands at the claim, with the function's place as its cause", async () => {
    place.write({ "lib/m.ts": "// a line\nexport function f(x: number): number {\n  return Math.abs(x);\n}\n" });
    const text = `function f(x: int): int from "./lib/m.ts" idempotent injective;\n${rule}\n`;
    const { code, diagnostics } = await check(text);
    const column = text.indexOf("injective") + 1;
    expect(code).toBe(1);
    expect(diagnostics[0]).toMatchObject({
      code: "DLC510",
      severity: "error",
      range: { start: { line: 1, column }, end: { line: 1, column: column + 9 } },
      cause: { file: "lib/m.ts", range: { start: { line: 2, column: 1 } } },
    });
  });

  test("what the program loses is said: seals that do not travel, labels that fall", async () => {
    place.write({ "m.ts": "export const f = (x: string): string => x.slice(0, 3).toUpperCase();" });
    const program = (sealed: string): string => `function f(x: string): string from "./m.ts" injective;
      role S { input c(k: string, n: int)${sealed}; R.c(f(k), n) <~ c(k, n); }
      role R replicated { channel c(k: string, n: int); table t(k: string, n: int); output o(k: string, n: int);
        t(k, n) <= c(k, n); o(k, sum(n)) <= t(k, n); }`;
    const with_ = await check(program(" sealed by (k)"));
    expect(with_.diagnostics.find(({ code }) => code === "DLC510")!.message).toMatch(
      /without it no seal travels to R\.c from S, and R\.o is Run instead of Async/,
    );
    const without = await check(program(""));
    expect(without.diagnostics.find(({ code }) => code === "DLC510")!.message).toMatch(
      /nothing in this program rests on it/,
    );
  });
});

describe("true claims", () => {
  test.each<[name: string, signature: string, claim: string, module: string]>([
    ["identity", "(x: json): json", "injective", "export function f(x: unknown): unknown { return x; }"],
    ["an int and a constant", "(x: int): int", "injective", "export const f = (x: number): number => 12 - x;"],
    [
      "a string and a constant",
      "(x: string): string",
      "injective",
      'export const f = (x: string): string => "c/" + x;',
    ],
    ["a template", "(x: int): string", "injective", "export const f = (x: number): string => `day ${x}`;"],
    [
      "texts kept apart",
      "(d: int, s: string, h: int): string",
      "injective",
      "export const f = (d: number, s: string, h: number): string => `${d}/${s}/${h}`;",
    ],
    [
      "a tuple",
      "(a: int, b: string): (string, int)",
      "injective",
      "export const f = (a: number, b: string): [string, number] => [b, a];",
    ],
    [
      "a table",
      "(x: string): string",
      "injective",
      'const t: Record<string, string> = { a: "x", b: "y" }; export const f = (x: string): string => t[x]!;',
    ],
    [
      "a map with a throw",
      "(x: int): string",
      "injective",
      'const t = new Map([[1, "x"], [2, "y"]]); export function f(x: number): string { const y = t.get(x); if (y === undefined) throw new Error("none"); return y; }',
    ],
    ["a floor", "(x: float): float", "monotone", "export const f = (x: number): number => Math.floor(x);"],
    [
      "a maximum",
      "(a: float, b: float): float",
      "commutative associative idempotent",
      "export const f = (a: number, b: number): number => Math.max(a, b);",
    ],
    [
      "a polynomial",
      "(a: int, b: int): int",
      "commutative",
      "export const f = (a: number, b: number): number => a * b + (b + a);",
    ],
    [
      "joined strings",
      "(a: string, b: string): string",
      "associative",
      "export const f = (a: string, b: string): string => a + b;",
    ],
  ])("are proved: %s", async (_, signature, claimed, module) => {
    const { statuses, messages, first } = await claims(signature, claimed, module);
    expect(messages).toEqual([]);
    expect(statuses).toEqual(claimed.split(" ").map((claim) => `${claim} proved`));
    expect(first["how"]).toMatch(/\w/);
  });

  test.each<[name: string, signature: string, claim: string, module: string]>([
    [
      "a mixing of bits",
      "(x: int): string",
      "injective",
      "export const f = (x: number): string => x.toString(36).split('').reverse().join('');",
    ],
    [
      "trimming twice",
      "(x: string): string",
      "idempotent",
      "export const f = (x: string): string => x.trim().toLowerCase();",
    ],
    [
      "a union",
      "(a: list<int>, b: list<int>): list<int>",
      "commutative associative",
      "export const f = (a: number[], b: number[]): number[] => [...new Set([...a, ...b])].sort((x, y) => x - y);",
    ],
    ["a length", "(x: int): int", "monotone", "export const f = (x: number): number => Math.trunc(x / 7) * 3;"],
    [
      "ints that leave the safe ones are no counterexample",
      "(a: int, b: int): int",
      "associative",
      "export const f = (a: number, b: number): number => a + b;",
    ],
    [
      "a minimum that keeps -0",
      "(a: float, b: float): float",
      "commutative",
      "export const f = (a: number, b: number): number => (a < b || a !== a ? a : b !== b ? b : b);",
    ],
  ])("are tested: %s", async (_, signature, claimed, module) => {
    const { statuses, messages, first } = await claims(signature, claimed, module);
    expect(messages).toEqual([]);
    expect(statuses).toEqual(claimed.split(" ").map((claim) => `${claim} tested`));
    expect(first["cases"]).toBeGreaterThan(100);
    expect(first["seed"]).toEqual(expect.any(Number));
  });

  test.each([
    ["a float and a constant", "(x: float): float", "export const f = (x: number): number => x + 1;"],
    [
      "an int times a constant, as a float",
      "(x: int): float",
      "export const f = (x: number): number => x * 3 + 2 ** 53 * 0;",
    ],
    [
      "a table with a default",
      "(x: string): string",
      'const t: Record<string, string> = { a: "x" }; export const f = (x: string): string => t[x] ?? x;',
    ],
    [
      "a table that names a value twice",
      "(x: string): string",
      'const t: Record<string, string> = { a: "x", b: "x" }; export const f = (x: string): string => t[x]!;',
    ],
    [
      "a template of two strings",
      "(a: string, b: string): string",
      "export const f = (a: string, b: string): string => `${a}-${b}`;",
    ],
    [
      "a name of its own",
      "(x: int): string",
      'const String = (x: number): string => "1"; export const f = (x: number): string => String(x);',
    ],
  ])("are not called proved where they are not: %s", async (_, signature, module) => {
    const { statuses } = await claims(signature, "injective", module);
    expect(statuses[0]).not.toBe("injective proved");
  });

  test("the same seed and cases every time, with and without what is kept", async () => {
    const module = "export const f = (x: number): string => (x + 1).toString(7);";
    const first = await claims("(x: int): string", "injective", module);
    const kept = await claims("(x: int): string", "injective", module);
    const { functions } = await check(`function f(x: int): string from "./m.ts" injective;\n${rule}\n`, "--no-cache");
    expect(kept.first).toEqual(first.first);
    expect(functions[0]!.claims[0]).toEqual(first.first);
  });
});

describe("claims that cannot be judged", () => {
  test.each([
    ["(x: int): int", "commutative", /has not two parameters of one type/],
    ["(x: int, y: string): int", "commutative", /has not two parameters of one type/],
    ["(x: int, y: int): string", "associative", /does not take two values of the type that it gives/],
    ["(x: int): string", "idempotent", /does not give the type/],
    ["(x: json): int", "monotone", /has the type json, whose values do not grow/],
    ["(x: int): int", "morphism", /only lattices have joins/],
  ])("%s %s says nothing", async (signature, claim, why) => {
    const names = ["x", "y"].slice(0, signature.split(":").length - 2);
    const result = signature.endsWith("string") ? '""' : "1";
    place.write({
      "m.ts": `export const f = (${names.map((name) => `${name}: any`).join(", ")}) => { void [${names.join(", ")}]; return ${result}; };`,
    });
    const text = `function f${signature} from "./m.ts" ${claim};\n${rule}\n`;
    const { diagnostics, code } = await check(text);
    expect(code).toBe(1);
    expect(diagnostics.map((each) => each.code)).toEqual(["DLC502"]);
    expect(diagnostics[0]!.message).toMatch(why);
    expect(diagnostics[0]!.range.start.column).toBe(text.indexOf(claim) + 1);
  });

  test("a function that does not end is an error with the arguments", async () => {
    const { messages } = await claims(
      "(x: int): int",
      "injective",
      "export function f(x: number): number { let n = x; while (n !== 0 && n % 2 !== 1) n = n > 40 ? n : n / 2; return n + x; }",
    );
    expect(messages[0]).toMatch(/^DLC509 f does not end: f\(\d+|-\d+\) has no result/);
  }, 30_000);

  test("of a function that always throws nothing is known", async () => {
    const { messages, statuses } = await claims(
      "(x: int): int",
      "injective",
      'export function f(x: number): number { throw new Error("no" + x); }',
    );
    expect(statuses).toEqual(["injective unchecked"]);
    expect(messages[0]).toMatch(/^DLC511 /);
  });

  test("a module that throws at its top, or cannot be bundled, is named", async () => {
    expect(
      (
        await claims(
          "(x: int): int",
          "",
          'export const f = (x: number): number => x;\nif (f(1) === 1) throw new Error("at the top");',
        )
      ).messages[0],
    ).toMatch(/^DLC508 .*at the top/);
    expect(
      (
        await claims(
          "(x: int): int",
          "",
          'import { g } from "./nowhere.ts"; export const f = (x: number): number => g(x);',
        )
      ).messages[0],
    ).toMatch(/^DLC508 .*nowhere/);
  });
});

describe("assumptions", () => {
  const lower = "export const f = (x: string): string => x.toLowerCase();";
  const declaration = 'function f(x: string): string from "./m.ts" injective;';

  test("a reason on the line before is believed, and a known counterexample is a note", async () => {
    place.write({ "m.ts": lower });
    const { code, diagnostics, functions } = await check(
      `// dlc-assume injective: names come in lower case\n${declaration}\n${rule}\n`,
    );
    expect(code).toBe(0);
    expect(functions[0]!.claims[0]).toMatchObject({
      claim: "injective",
      status: "assumed",
      how: "names come in lower case",
    });
    expect(diagnostics).toMatchObject([{ code: "DLC513", severity: "note" }]);
  });

  test("without a reason, or of no claim, it is a finding and the claim is checked", async () => {
    place.write({ "m.ts": lower });
    const without = await check(`// dlc-assume injective\n${declaration}\n${rule}\n`);
    expect(without.diagnostics.map(({ code }) => code).sort()).toEqual(["DLC510", "DLC512"]);
    const other = await check(`// dlc-assume monotone: why not\n${declaration}\n${rule}\n`);
    expect(other.diagnostics.map(({ code }) => code).sort()).toEqual(["DLC510", "DLC512"]);
    expect(other.diagnostics.find(({ code }) => code === "DLC512")!.message).toMatch(/does not claim to be monotone/);
  });

  test("what is proved needs no assumption", async () => {
    place.write({ "m.ts": "export const f = (x: string): string => x;" });
    const { functions, diagnostics } = await check(`// dlc-assume injective: obvious\n${declaration}\n${rule}\n`);
    expect(functions[0]!.claims[0]).toMatchObject({ status: "proved" });
    expect(diagnostics).toEqual([]);
  });
});

describe("reports", () => {
  const module = "export const f = (x: string): string => x.split('').reverse().join('');";
  const program = `function f(x: string): string from "./m.ts" injective;
role S { input c(k: string, n: int) sealed by (k); R.c(f(k), n) <~ c(k, n); }
role R replicated { channel c(k: string, n: int); table t(k: string, n: int); output o(k: string, n: int);
  t(k, n) <= c(k, n); o(k, sum(n)) <= t(k, n); }
`;

  test("check, explain and coordination.json say how each claim was checked", async () => {
    place.write({ "m.ts": module, "p.dlc": program });
    const checked = await place.dlc("check", "p.dlc");
    expect(checked.out).toMatch(/f is injective: tested \(\d+ cases, seed \d+\)/);
    expect((await place.dlc("explain", "p.dlc")).out).toMatch(/f is injective: tested \(/);
    expect((await place.dlc("explain", "p.dlc", "R.c#1")).out).toMatch(/f is injective: tested \(/);
    expect((await place.dlc("explain", "p.dlc", "R.o")).out).toMatch(/claim: f is injective \(tested\)/);
    const built = await place.dlc("build", "p.dlc", "-o", "out");
    expect(built.code).toBe(0);
    expect(built.err).toMatch(/f is injective: tested/);
    const { readFileSync } = await import("node:fs");
    expect(readFileSync(`${place.folder}/out/coordination.json`, "utf8")).toContain("claim: f is injective (tested)");
    place.write({ "p.dlc": `// dlc-assume injective: as tried by hand\n${program}` });
    await place.dlc("build", "p.dlc", "-o", "out");
    expect(readFileSync(`${place.folder}/out/coordination.json`, "utf8")).toContain(
      "claim: f is injective (assumed: as tried by hand)",
    );
  }, 30_000);

  test("a change of a source, also of one that it imports, is seen", async () => {
    place.write({
      "m.ts": 'import { g } from "./g.ts"; export const f = (x: number): number => g(x);',
      "g.ts": "export const g = (x: number): number => x * 2;",
    });
    const text = `function f(x: int): int from "./m.ts" injective;\n${rule}\n`;
    expect((await check(text)).functions[0]!.claims[0]).toMatchObject({ status: "tested" });
    place.write({ "g.ts": "export const g = (x: number): number => x * x;" });
    expect((await check(text)).functions[0]!.claims[0]).toMatchObject({ status: "refuted" });
    place.write({ "g.ts": "export const g = (x: number): number => x * Date.now();" });
    expect((await check(text)).diagnostics[0]).toMatchObject({ code: "DLC507", cause: { file: "g.ts" } });
    // An edit elsewhere in the program moves the finding with the declaration.
    expect((await check(`\n\n${text}`)).diagnostics[0]!.range.start.line).toBe(3);
  });
});
