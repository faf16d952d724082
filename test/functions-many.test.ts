/** Many claims at once, each about one expression: what is false is found, what is true stands. */
import { expect, test } from "vitest";
import { makePlace } from "./place-of-tests.ts";

type Claimed = readonly [signature: string, claim: string, params: string, expression: string];

const wrong: readonly Claimed[] = [
  ["(x: string): string", "injective", "x: string", "x.replace(/\\/+$/, '')"],
  ["(x: string): string", "injective", "x: string", "x.replace(/\\s+/g, ' ')"],
  ["(x: string): string", "injective", "x: string", "x.padStart(8, '0')"],
  ["(x: string): string", "injective", "x: string", "x.split('').sort().join('')"],
  ["(x: string): float", "injective", "x: string", "Number(x)"],
  ["(x: string): float", "injective", "x: string", "parseInt(x)"],
  ["(x: string): string", "injective", "x: string", "decodeURIComponent(x)"],
  ["(x: string): string", "injective", "x: string", "x === 'admin' ? 'root' : x"],
  ["(x: string): string", "injective", "x: string", "x.replace('-', '_')"],
  ["(x: int): int", "injective", "x: number", "x | 0"],
  ["(x: int): int", "injective", "x: number", "x % 1000003"],
  ["(x: int): float", "injective", "x: number", "Math.fround(x)"],
  ["(x: int): float", "injective", "x: number", "Math.sqrt(x)"],
  ["(x: nat): float", "injective", "x: number", "Math.sqrt(x)"],
  ["(x: int): float", "injective", "x: number", "x * 0.1"],
  ["(x: float): string", "injective", "x: number", "x.toFixed(6)"],
  ["(x: float): float", "injective", "x: number", "x + 1"],
  ["(x: float): float", "injective", "x: number", "x * 2"],
  ["(d: int, h: int): int", "injective", "d: number, h: number", "d * 24 + h"],
  ["(d: nat, h: nat): int", "injective", "d: number, h: number", "d * 100000 + h"],
  ["(a: int, b: int): int", "injective", "a: number, b: number", "a ^ b"],
  ["(a: string, b: string): string", "injective", "a: string, b: string", "`${a}-${b}`"],
  ["(a: string, b: string): string", "injective", "a: string, b: string", "JSON.stringify([a, b]).toLowerCase()"],
  [
    "(a: string, b: string): (string, string)",
    "injective",
    "a: string, b: string",
    "[a.trim(), b] as [string, string]",
  ],
  ["(x: list<string>): string", "injective", "x: string[]", "x.join(',')"],
  ["(x: list<int>): list<int>", "injective", "x: number[]", "[...new Set(x)]"],
  ["(x: json): int", "injective", "x: any", "JSON.stringify(x).length"],
  ["(x: bytes): string", "injective", "x: Uint8Array", "new TextDecoder().decode(x)"],
  ["(x: int): int", "monotone", "x: number", "x % 10"],
  ["(x: int): int", "monotone", "x: number", "-x"],
  ["(x: float): float", "monotone", "x: number", "1 / x"],
  ["(x: float): float", "monotone", "x: number", "x * x"],
  ["(x: float): bool", "monotone", "x: number", "x > 3.7 && x !== 88"],
  ["(x: string): int", "monotone", "x: string", "x.length"],
  ["(x: string): string", "monotone", "x: string", "x.toLowerCase()"],
  ["(a: float, b: float): float", "commutative", "a: number, b: number", "a / b"],
  ["(a: string, b: string): string", "commutative", "a: string, b: string", "a < b ? a + b : b + a.trim()"],
  ["(a: list<int>, b: list<int>): list<int>", "commutative", "a: number[], b: number[]", "[...new Set([...a, ...b])]"],
  ["(a: float, b: float): float", "commutative", "a: number, b: number", "a > b ? a : b"],
  ["(a: float, b: float): float", "associative", "a: number, b: number", "Math.hypot(a, b)"],
  ["(a: string, b: string): string", "associative", "a: string, b: string", "a + ',' + b.trim()"],
  ["(a: int, b: int): int", "associative", "a: number, b: number", "(a * 31 + b) | 0"],
  ["(x: string): string", "idempotent", "x: string", "x.replace('aa', 'a')"],
  ["(x: string): string", "idempotent", "x: string", "x.slice(0, 12) + '…'"],
  ["(x: string): string", "idempotent", "x: string", "encodeURI(x)"],
  ["(x: float): float", "idempotent", "x: number", "Math.sqrt(x)"],
];

const right: readonly Claimed[] = [
  ["(x: int): string", "injective", "x: number", "x.toString(16)"],
  ["(x: string): string", "injective", "x: string", "JSON.stringify(x)"],
  ["(x: json): string", "injective", "x: any", "JSON.stringify(x)"],
  ["(x: float): float", "injective", "x: number", "-x"],
  ["(x: string): string", "idempotent", "x: string", "x.trim()"],
  ["(x: string): string", "idempotent", "x: string", "x.normalize('NFKC')"],
  ["(x: float): float", "monotone", "x: number", "Math.cbrt(Math.floor(x))"],
  ["(a: string, b: string): string", "associative", "a: string, b: string", "a.length >= b.length ? a : b"],
  ["(a: float, b: float): float", "commutative", "a: number, b: number", "Math.hypot(a, b)"],
];

test("false claims are refuted, true ones are not", async () => {
  const place = makePlace();
  try {
    const all = [...wrong, ...right];
    place.write({
      "m.ts": all.map(([, , params, expression], i) => `export const f${i} = (${params}) => ${expression};\n`).join(""),
      "p.dlc": `${all.map(([signature, claim], i) => `function f${i}${signature} from "./m.ts" ${claim};\n`).join("")}role A { input i(x: int); output o(x: int); o(x) <= i(x); }\n`,
    });
    const { out } = await place.dlc("check", "p.dlc", "--format", "json", "--no-cache");
    const { functions, diagnostics } = JSON.parse(out) as {
      functions: { claims: { claim: string; status: string }[] }[];
      diagnostics: { code: string; message: string }[];
    };
    const shown = (i: number): string => `${all[i]![3]} is ${all[i]![1]}: ${functions[i]!.claims[0]!.status}`;
    expect(all.map((_, i) => shown(i))).toEqual(
      all.map(([, claim, , expression], i) => `${expression} is ${claim}: ${i < wrong.length ? "refuted" : "tested"}`),
    );
    expect(diagnostics.filter(({ code }) => code !== "DLC510").map(({ message }) => message)).toEqual([]);
  } finally {
    place.remove();
  }
});
