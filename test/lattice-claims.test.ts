/** Imported lattices against their source: the type, the object, its laws; and claims of functions over lattices. */
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
  readonly message: string;
  readonly mend?: string;
  readonly range: any;
  readonly cause?: any;
}

/** What is said of a program with these declarations, from a module with this text. */
async function check(declarations: string, module: string, rules = "") {
  const role =
    "role R { channel c(k: string, x: int); table t(k: string, x: int); t(k, x) <= c(k, x); output o(k: string); o(k) <= t(k, _); RULES }";
  place.write({
    "p.dlc": `${declarations}\nrole H { input i(k: string, x: int); R.c(k, x) <~ i(k, x); }\n${role.replace("RULES", rules)}\n`,
    "m.ts": module,
  });
  const { out, err } = await place.dlc("check", "p.dlc", "--format", "json");
  expect(err).toBe("");
  const { diagnostics, functions } = JSON.parse(out) as {
    diagnostics: Finding[];
    functions: { name: string; kind: string; claims: { claim: string; status: string }[] }[];
  };
  const found = diagnostics.filter(({ code }) => !/^DLC4|^DLC3/.test(code));
  return {
    found,
    messages: found.map(({ code, message }) => `${code} ${message}`),
    statuses: functions.flatMap(({ name, claims }) => claims.map(({ claim, status }) => `${name} ${claim} ${status}`)),
  };
}

const lattice = 'lattice Seen from "./m.ts";';
const lawful = ["closed", "commutative", "associative", "idempotent", "bounded"].map((law) => `Seen ${law} tested`);

/** A module with a lattice of that type, bottom and body of its join. */
const module = (type: string, bottom: string, join: string, more = ""): string =>
  `export type Seen = ${type};\nexport const Seen = { bottom: ${bottom} as Seen, join(a: Seen, b: Seen): Seen { ${join} } };\n${more}`;

const most = module("number", "-1e308", "return Math.max(a, b);");

describe("imported lattices against their source", () => {
  test.each<[name: string, text: string]>([
    ["a number", module("number", "0", "return Math.max(Math.abs(a), Math.abs(b));")],
    ["a string", module("string", '""', "return a < b ? b : a;")],
    ["a sorted array", module("readonly number[]", "[]", "return [...new Set([...a, ...b])].sort((x, y) => x - y);")],
    [
      "an interface",
      "export interface Seen { readonly n: number; readonly done?: boolean }\nexport const Seen = { bottom: { n: 0 } as Seen, join: (a: Seen, b: Seen): Seen => ({ n: Math.max(0, a.n, b.n), ...((a.done ?? b.done) === undefined ? {} : { done: (a.done ?? false) || (b.done ?? false) }) }) };",
    ],
    [
      "names with values",
      module(
        "Readonly<Record<string, number>>",
        "{}",
        "const at = (of: Seen, k: string) => (Object.hasOwn(of, k) ? of[k]! : -1e308); return Object.fromEntries([...new Set([...Object.keys(a), ...Object.keys(b)])].map((k) => [k, Math.max(at(a, k), at(b, k))]));",
      ),
    ],
    [
      "alternatives",
      module(
        '"no" | "maybe" | "yes"',
        '"no"',
        'const rank = ["no", "maybe", "yes"]; return rank.indexOf(a) < rank.indexOf(b) ? b : a;',
      ),
    ],
    [
      "null and tuples",
      module(
        "readonly [number, string] | null",
        "null",
        "if (a === null) return b; if (b === null) return a; return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]) ? b : a;",
      ),
    ],
    [
      "a type that refers to itself",
      "export type Seen = { readonly n: number; readonly next: Seen | null };\nconst join = (a: Seen, b: Seen): Seen => ({ n: Math.max(0, a.n, b.n), next: a.next === null ? (b.next === null ? null : join(b.next, b.next)) : b.next === null ? join(a.next, a.next) : join(a.next, b.next) });\nexport const Seen = Object.freeze({ bottom: { n: 0, next: null } as Seen, join });",
    ],
  ])("%s is one", async (_, text) => {
    const { messages, statuses } = await check(lattice, text);
    expect(messages).toEqual([]);
    expect(statuses).toEqual(lawful);
  });

  test.each<[what: string, text: string, says: RegExp, mend?: RegExp]>([
    [
      "no value",
      "export type Seen = number;",
      /DLC504 .*exports the type Seen, and no value of that name/,
      /export const Seen = \{ bottom/,
    ],
    [
      "no type",
      "export const Seen = { bottom: 0, join: (a: number, b: number): number => Math.max(a, b) };",
      /DLC504 .*exports no type Seen/,
      /export type Seen/,
    ],
    ["nothing", "export const x = 1;", /DLC504 .*exports no Seen/],
    [
      "another join",
      module("number", "0", "return String(a + b) as never;").replace("b: Seen): Seen", "b: Seen, c: Seen): Seen"),
      /DLC505 what "\.\/m\.ts" exports as Seen is no lattice: /,
      /has to fit \{ readonly bottom: Seen; readonly join: \(a: Seen, b: Seen\) => Seen \}/,
    ],
    [
      "another bottom",
      'export type Seen = number; export const Seen = { bottom: "", join: (a: Seen, b: Seen): Seen => Math.max(a, b) };',
      /DLC505 .*no lattice/,
    ],
    [
      "a map",
      module("Map<string, number>", "new Map()", "return a.size > b.size ? a : b;"),
      /DLC514 the values of Seen are no plain data: it is a Map<string, number>, and plain data has no methods/,
    ],
    [
      "a date inside",
      module("{ readonly at: Date }", "{ at: new Date(0) }", "return a.at < b.at ? b : a;"),
      /DLC514 .*at is a Date, and plain data has no methods/,
    ],
    [
      "a function inside",
      module("{ readonly n: number; readonly f: () => number }", "{ n: 0, f: () => 1 }", "return a.n < b.n ? b : a;"),
      /DLC514 .*f is a function/,
    ],
    [
      "undefined",
      module("{ readonly n: number | undefined }", "{ n: 0 }", "return (a.n ?? 0) < (b.n ?? 0) ? b : a;"),
      /DLC514 .*n may be undefined, which JSON does not hold: make it optional/,
    ],
    [
      "anything",
      module("{ readonly n: unknown }", "{ n: 0 }", "return a;"),
      /DLC514 .*n is of the type unknown, which says nothing/,
    ],
    ["a bigint", module("bigint", "0n", "return a < b ? b : a;"), /DLC514 .*it is a bigint/],
    [
      "a class",
      "export class Seen { readonly n: number = 0; static bottom = new Seen(); static join(a: Seen, b: Seen): Seen { return a.n < b.n ? b : a; } }",
      /DLC514 .*an instance of the class Seen/,
    ],
    ["no end", module("{ readonly next: Seen }", "null!", "return a;"), /DLC514 .*without end/],
    [
      "the clock",
      module("number", "0", "return Math.max(a, b, Date.now());"),
      /DLC507 Seen is not pure: it reads the clock/,
    ],
    [
      "a change of an argument",
      module("number[]", "[]", "a.push(...b); return a;"),
      /DLC507 Seen is not pure: it changes its argument a/,
    ],
    [
      "a bottom outside of its type",
      module("readonly string[]", "[1] as unknown", "return a.length < b.length ? b : a;"),
      /DLC514 the bottom of Seen is no value of its type: 0 is number 1/,
    ],
  ])("%s is none", async (_, text, says, mend) => {
    const { found, messages, statuses } = await check(lattice, text);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(says);
    if (mend !== undefined) expect(found[0]!.mend).toMatch(mend);
    expect(statuses.every((status) => status.endsWith("unchecked"))).toBe(true);
  });

  test("what is wrong has its place in the TypeScript", async () => {
    const { found } = await check(
      lattice,
      "// a line\nexport type Seen = {\n  readonly by: Set<string>;\n};\nexport const Seen = { bottom: { by: new Set() } as Seen, join: (a: Seen, b: Seen): Seen => a };",
    );
    expect(found[0]).toMatchObject({
      code: "DLC514",
      range: { start: { line: 1, column: 9 } },
      cause: { file: "m.ts", range: { start: { line: 3 } } },
    });
  });
});

describe("laws of imported lattices", () => {
  test.each<[name: string, text: string, found: RegExp]>([
    [
      "adding is not idempotent",
      module("number", "0", "return a + b;"),
      /Seen is not idempotent: Seen\.join\(1, 1\) = 2[;]/,
    ],
    [
      "the first stays",
      module("string", '""', 'return a === "" ? b : a;'),
      /Seen is not commutative: Seen\.join\("A", "a"\) = "A", and Seen\.join\("a", "A"\) = "a"/,
    ],
    [
      "a mean",
      module("number", "0", "return a === 0 ? b : b === 0 ? a : (a + b) / 2;"),
      /Seen is not associative: Seen\.join\(Seen\.join\(/,
    ],
    [
      "an order of arrival",
      module("readonly string[]", "[]", "return [...new Set([...a, ...b])];"),
      /Seen is not commutative: Seen\.join\(\[""\], \["A"\]\) = \["", "A"\], and Seen\.join\(\["A"\], \[""\]\) = \["A", ""\]/,
    ],
    [
      "a bottom in the middle",
      module("number", "5", "return a === b ? a : Math.max(a, b) + 1;"),
      /Seen is not bounded: Seen\.join\(5, 6\) = 7, and Seen\.join\(6, 5\) = 7/,
    ],
    [
      "a join that throws",
      module("number", "0", 'if (a === 7 && b === 9) throw new Error("seven ate nine"); return Math.max(a, b);'),
      /Seen is not closed: Seen\.join\(7, 9\) throws: seven ate nine/,
    ],
    [
      "a join outside of the type",
      module('"a" | "b"', '"a"', 'return (a === b ? a : "c") as Seen;'),
      /Seen is not closed: Seen\.join\("a", "b"\) has no value of its type: it is string "c"/,
    ],
    [
      "a join that leaves JSON",
      module("{ readonly n?: number }", "{}", "return { n: Math.max(a.n as number, b.n as number) };"),
      /Seen is not closed: Seen\.join\(\{\}, \{\}\) has no value of its type: n is number NaN/,
    ],
    [
      "names that objects have of themselves",
      module(
        "Record<string, number>",
        "{}",
        "const out: Record<string, number> = { ...a }; for (const k of Object.keys(b)) out[k] = Math.max(out[k] ?? -1e308, b[k]!); return out;",
      ),
      /Seen is not \w+: .*constructor/,
    ],
    [
      "one constant",
      module("number", "0", "return a === 4711 || b === 4711 ? a : Math.max(Math.abs(a), Math.abs(b));"),
      /4711/,
    ],
  ])("refuted: %s", async (_, text, found) => {
    const { messages } = await check(lattice, text);
    expect(messages.length).toBeGreaterThan(0);
    expect(messages.every((message) => message.startsWith("DLC515 "))).toBe(true);
    expect(messages.join("\n")).toMatch(found);
  });

  test("say what the program loses", async () => {
    const rules =
      "table s(k: string, v: Seen); s(k, f(x)) <= t(k, x); output p(k: string, v: Seen); p(k, v) <= s(k, v);";
    const sum = module("number", "0", "return a + b;", "export const f = (x: number): Seen => x;");
    const { messages } = await check(`${lattice}\nfunction f(x: int): Seen from "./m.ts";`, sum, rules);
    expect(messages.at(-1)).toMatch(
      /^DLC515 Seen is not idempotent: .*; without it R\.p would change when a fact comes twice$/,
    );
    expect((await check(lattice, sum)).messages[0]).toMatch(/nothing in this program rests on it$/);
  });

  test("may be assumed with a reason, and are then named as such", async () => {
    const longest = module("string", '""', "return b.length > a.length ? b : a;");
    const text = `// dlc-assume commutative: no two are equally long\n${lattice}`;
    const { messages, statuses } = await check(text, longest);
    expect(statuses).toContain("Seen commutative assumed");
    expect(messages.filter((message) => message.startsWith("DLC513"))).toEqual([
      expect.stringMatching(
        /Seen is assumed to be commutative \(no two are equally long\), and is not for every value/,
      ),
    ]);
  });

  test("values are those that enter: joined with the bottom, so that an array may be kept in order", async () => {
    // Merges two sorted arrays, and would go wrong with others.
    const merge =
      "const out: number[] = []; for (let i = 0, j = 0; i < a.length || j < b.length; ) { const x = j >= b.length || (i < a.length && a[i]! <= b[j]!) ? a[i++]! : b[j++]!; if (out.at(-1) !== x) out.push(x); } return out;";
    const whole = module("readonly number[]", "[]", merge);
    expect((await check(lattice, whole)).messages.join()).toMatch(/DLC515/);
    const sorts = module(
      "readonly number[]",
      "[]",
      `const [x, y] = [[...a].sort((p, q) => p - q), [...b].sort((p, q) => p - q)]; return merge(x, y);`,
      `function merge(a: readonly number[], b: readonly number[]): number[] { ${merge} }`,
    );
    expect((await check(lattice, sorts)).messages).toEqual([]);
  });
});

describe("claims of functions over lattices", () => {
  const one = async (signature: string, claims: string, text: string) =>
    check(`function f${signature} from "./m.ts" ${claims};`, text);

  test.each<[name: string, signature: string, claims: string, text: string]>([
    [
      "the size of a set",
      "(s: lset<int>): lmax<int>",
      "monotone",
      "export const f = (s: ReadonlySet<number>): number => s.size;",
    ],
    [
      "doubling the elements",
      "(s: lset<int>): lset<string>",
      "monotone morphism",
      "export const f = (s: ReadonlySet<number>): ReadonlySet<string> => new Set([...s].map((x) => `${x}${x}`));",
    ],
    [
      "whether one is in it",
      "(s: lset<int>, x: int): bool",
      "monotone morphism",
      "export const f = (s: ReadonlySet<number>, x: number): boolean => s.has(x);",
    ],
    [
      "a step of an lmax",
      "(v: lmax<int>): lmax<int>",
      "monotone morphism",
      "export const f = (v: number): number => Math.floor(v / 2);",
    ],
    [
      "an lmin turned round",
      "(v: lmin<int>): lmax<int>",
      "monotone morphism",
      "export const f = (v: number): number => 0 - v;",
    ],
    [
      "the keys of a map",
      "(m: lmap<string, lmax<int>>): lset<string>",
      "monotone morphism",
      "export const f = (m: ReadonlyMap<string, number>): ReadonlySet<string> => new Set(m.keys());",
    ],
    ["the bound of a counter", "(n: gcounter): bool", "monotone", "export const f = (n: number): boolean => n >= 3;"],
    [
      "a clock's sum",
      "(c: vclock): lmax<int>",
      "monotone",
      "export const f = (c: ReadonlyMap<string, number>): number => { let n = 0; for (const x of c.values()) n = Math.min(n + x, 1e15); return n; }",
    ],
    [
      "two sets at once",
      "(a: lset<int>, b: lset<int>): lset<int>",
      "commutative associative idempotent monotone morphism",
      "export const f = (a: ReadonlySet<number>, b: ReadonlySet<number>): ReadonlySet<number> => new Set([...a, ...b]);",
    ],
    [
      "a bag's elements",
      "(b: lbag<string>): lset<string>",
      "monotone morphism",
      "export const f = (b: readonly string[]): ReadonlySet<string> => new Set(b);",
    ],
  ])("kept: %s", async (_, signature, claims, text) => {
    const { messages, statuses } = await one(signature, claims, text);
    expect(messages).toEqual([]);
    expect(statuses.every((status) => /tested|proved/.test(status))).toBe(true);
    expect(statuses).toHaveLength(claims.split(" ").length);
  });

  test.each<[name: string, signature: string, claim: string, text: string, found: RegExp]>([
    [
      "the size is no morphism",
      "(s: lset<int>): lmax<int>",
      "morphism",
      "export const f = (s: ReadonlySet<number>): number => s.size;",
      /f\(\{0\}\) = 1, and f\(\{-?1\}\) = 1, and f\(\{.*\}\) = 2|f\(\{\}\)|= 2/,
    ],
    [
      "emptiness falls",
      "(s: lset<int>): bool",
      "monotone",
      "export const f = (s: ReadonlySet<number>): boolean => s.size === 0;",
      /f\(\{\}\) = true, and f\(\{0\}\) = false/,
    ],
    [
      "the first element",
      "(s: lset<int>): lmax<int>",
      "monotone",
      "export const f = (s: ReadonlySet<number>): number => [...s][0] ?? -9e15;",
      /= /,
    ],
    [
      "an lmin that is kept as it is",
      "(v: lmin<int>): lmax<int>",
      "monotone",
      "export const f = (v: number): number => v;",
      /f\(1\) = 1, and f\(0\) = 0/,
    ],
    [
      "a counter that falls",
      "(n: pncounter): lmax<int>",
      "monotone",
      "export const f = (n: number): number => n;",
      /= -?\d+, and f\(/,
    ],
    [
      "a set that loses elements",
      "(s: orset<int>): lmax<int>",
      "monotone",
      "export const f = (s: ReadonlySet<number>): number => s.size;",
      /f\(\{.+\}\) = 1, and f\(\{\}\) = 0/,
    ],
    [
      "a register whose writes replace each other",
      "(r: mvreg<int>): lmax<int>",
      "monotone",
      "export const f = (r: ReadonlySet<number>): number => r.size;",
      /f\(\{.+, .+\}\) = 2, and f\(\{.+\}\) = 1/,
    ],
    [
      "a pair whose version replaces the value",
      "(p: dompair<lmax<int>, lset<int>>): lmax<int>",
      "monotone",
      "export const f = (p: readonly [number, ReadonlySet<number>]): number => p[1].size;",
      /f\(\[.*\]\) = 1, and f\(\[.*, \{\}\]\) = 0/,
    ],
    ["the last write", "(w: lww<int>): lmax<int>", "monotone", "export const f = (w: number): number => w;", /= /],
    [
      "the parity of a counter",
      "(n: gcounter): bool",
      "monotone",
      "export const f = (n: number): boolean => n % 2 === 1;",
      /f\(1\) = true, and f\(2\) = false/,
    ],
    [
      "what is beside it does not grow",
      "(s: lset<int>, k: int): bool",
      "monotone",
      "export const f = (s: ReadonlySet<number>, k: number): boolean => s.size < k;",
      /f\(.*\) = true, and f\(.*\) = false/,
    ],
    [
      "one in both",
      "(a: lset<int>, b: lset<int>): lbool",
      "morphism",
      "export const f = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => a.size + b.size > 1;",
      /= /,
    ],
  ])("refuted: %s", async (_, signature, claim, text, found) => {
    const { messages } = await one(signature, claim, text);
    expect(messages).toHaveLength(1);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(/^DLC510 f is not /);
    expect(messages[0]).toMatch(found);
  });

  test("a set that is changed shows, though it cannot be frozen", async () => {
    const { messages } = await one(
      "(s: lset<int>): lmax<int>",
      "",
      "export const f = (s: ReadonlySet<number>): number => { const open = s as Set<number>; open.add(5); return 5; }",
    );
    expect(messages[0]).toMatch(/^DLC507 f is not pure/);
  });

  test.each<[claim: string, signature: string, why: RegExp]>([
    ["monotone", "(s: lset<int>): list<int>", /has the type list<int>, whose values do not grow/],
    ["morphism", "(x: int): lmax<int>", /has no parameter of a lattice, and only lattices have joins/],
    ["morphism", "(s: lset<int>): int", /has results of the type int, which have no joins/],
  ])("%s says nothing of %s", async (claim, signature, why) => {
    const { messages } = await one(signature, claim, "export const f = (x: any): any => 0;");
    expect(messages[0]).toMatch(/^DLC502/);
    expect(messages[0]).toMatch(why);
  });

  const over = (claims: string, signature = "(b: Seen): lmax<int>"): string =>
    `${lattice}\nfunction f${signature} from "./m.ts" ${claims};`;
  const set = (more: string): string =>
    module("readonly string[]", "[]", "return [...new Set([...a, ...b])].sort();", more);

  test("of an imported one are tried on its joins", async () => {
    const size = "export const f = (b: Seen): number => b.length;";
    expect((await check(over("monotone"), set(size))).messages).toEqual([]);
    expect((await check(over("morphism"), set(size))).messages.join()).toMatch(
      /DLC510 f is not morphism: f\(\[""\]\) = 1, .*= 2/,
    );
    const other = "export const f = (b: Seen): number => (b.length === 2 ? 0 : b.length);";
    expect((await check(over("monotone"), set(other))).messages.join()).toMatch(
      /DLC510 f is not monotone: f\(\[".*"\]\) = 1, and f\(\[.*, .*\]\) = 0/,
    );
  });

  test("that do not hold say what the program loses", async () => {
    const odd = "export const f = (s: ReadonlySet<number>): boolean => s.size % 2 === 1;";
    const rules = "table s(k: string, v: lset<int>); s(k, x) <= t(k, x); output p(k: string); p(k) <= s(k, v), f(v);";
    const { messages } = await check('function f(s: lset<int>): bool from "./m.ts" monotone;', odd, rules);
    expect(messages[0]).toMatch(/DLC510 f is not monotone: .*; without it R\.p is Run instead of Async/);
  });

  test("of one that is none are not judged, and it is said once", async () => {
    const { messages, statuses } = await check(
      over("monotone"),
      module("number", "0", "return a + b;", "export const f = (b: Seen): number => b;"),
    );
    expect(messages.join("\n")).toMatch(/DLC515 Seen is not idempotent/);
    expect(messages.every((message) => message.startsWith("DLC515 Seen"))).toBe(true);
    expect(statuses).toContain("f monotone unchecked");
  });

  test("of one of which a law is assumed are tried all the same", async () => {
    const longest = module(
      "string",
      '""',
      "return b.length > a.length ? b : a;",
      "export const f = (b: Seen): number => b.length;",
    );
    const claimed = over("monotone");
    expect((await check(claimed, longest)).statuses).toContain("f monotone unchecked");
    const assumed = `// dlc-assume commutative: no two are equally long\n${claimed}`;
    const { statuses, messages } = await check(assumed, longest);
    expect(statuses).toContain("f monotone tested");
    expect(messages.filter((message) => !message.startsWith("DLC513"))).toEqual([]);
  });

  test("have their signature compared with the type that the module of the lattice exports", async () => {
    const wrong = set("export const f = (b: readonly number[]): number => b.length;");
    expect((await check(over(""), wrong)).messages[0]).toMatch(
      /^DLC505 the signature of f .*its parameter b is readonly number\[\] there, and b is Seen here \(Seen in TypeScript\)/,
    );
    place.write({ "n.ts": 'import type { Seen } from "./m.ts"; export const g = (b: Seen): number => b.length;' });
    expect(
      (await check(`${lattice}\nfunction g(b: Seen): lmax<int> from "./n.ts" monotone;`, set(""))).messages,
    ).toEqual([]);
    const made = set("export const f = (x: number): string[] => [String(x)];");
    expect((await check(over("", "(x: int): Seen"), made)).messages).toEqual([]);
    expect(
      (
        await check(
          over("", "(m: lmap<string, Seen>): lmax<int>"),
          set("export const f = (m: ReadonlyMap<string, Seen>): number => m.size;"),
        )
      ).messages,
    ).toEqual([]);
  });

  test("a result that is no value of the lattice fails the call", async () => {
    const bad = set("export const f = (x: number): Seen => (x > 5 ? [x] : []) as unknown as Seen;");
    const { messages } = await check(over("injective", "(x: int): Seen"), bad);
    expect(messages.join()).toMatch(/DLC51[01]/);
  });
});

test("the verdict is kept until a source changes, that of the lattice included", async () => {
  place.write({
    "l.ts": most.replaceAll("-1e308", "0").replace("Math.max(a, b)", "Math.max(0, a, b)"),
    "f.ts": 'import type { Seen } from "./l.ts"; export const f = (b: Seen): number => Math.floor(b);',
    "p.dlc":
      'lattice Seen from "./l.ts";\nfunction f(b: Seen): lmax<int> from "./f.ts" monotone;\nrole R { input i(x: int); output o(x: int); o(x) <= i(x); }\n',
  });
  expect((await place.dlc("check", "p.dlc")).out).toMatch(/f is monotone: tested/);
  place.write({ "l.ts": module("number", "0", "return a + b;") });
  const { out, code } = await place.dlc("check", "p.dlc");
  expect(code).toBe(1);
  expect(out).toMatch(/DLC515/);
  place.write({ "l.ts": module("number", "0", "return Math.min(0, a, b);") });
  expect((await place.dlc("check", "p.dlc")).out).toMatch(/DLC510.*f is not monotone/);
});

test("lattices, functions and aggregates of one name in two files are kept apart", async () => {
  const imports = (from: string): string =>
    `lattice Pile from "${from}";\nfunction size(p: Pile): lmax<int> from "${from}" monotone;\naggregate most(x: int): int from "${from}" commutative;\n`;
  const uses = `table piles(k: string -> p: Pile); channel more(k: string, p: Pile); piles(k, p) <= more(k, p);
    channel one(k: string, x: int); table ones(k: string, x: int); ones(k, x) <= one(k, x);
    output tall(k: string); tall(k) <= piles(k, p), size(p) >= 2;
    output peak(k: string, x: int); peak(k, most(x)) <= ones(k, x);`;
  place.write({
    "p.dlc": `import "./lib.dlc" as lib;\n${imports("./own.ts")}use lib.Piles as l in R;\nrole R { ${uses} }\n`,
    "lib.dlc": `${imports("./lib.ts")}module Piles { ${uses} }\n`,
    "own.ts": `export type Pile = number;
      export const Pile = { bottom: 0, join: (a: Pile, b: Pile): Pile => Math.max(a, b) };
      export const size = (p: Pile): number => Math.floor(p);
      export const most = (xs: readonly number[]): number => Math.max(...xs);\n`,
    "lib.ts": `export type Pile = readonly string[];
      export const Pile = { bottom: [] as Pile, join: (a: Pile, b: Pile): Pile => [...a, ...b] };
      export const size = (p: Pile): number => p.length;
      export const most = (xs: readonly number[]): number => xs[0]!;\n`,
  });
  const { out, err } = await place.dlc("check", "p.dlc", "--format", "json");
  expect(err).toBe("");
  const { diagnostics, functions } = JSON.parse(out) as {
    diagnostics: { code: string; file: string; message: string }[];
    functions: { name: string; claims: { claim: string; status: string }[] }[];
  };
  const laws = (name: string): string[] =>
    functions.find((each) => each.name === name)!.claims.map(({ claim, status }) => `${claim} ${status}`);
  expect(laws("Pile")).toEqual(
    ["closed", "commutative", "associative", "idempotent", "bounded"].map((law) => `${law} tested`),
  );
  expect(laws("lib.Pile")).toEqual([
    "closed tested",
    "commutative refuted",
    "associative tested",
    "idempotent refuted",
    "bounded tested",
  ]);
  expect(laws("size")).toEqual(["monotone tested"]);
  expect(laws("lib.size")).toEqual(["monotone unchecked"]);
  expect(laws("most")).toEqual(["commutative tested"]);
  expect(laws("lib.most")).toEqual(["commutative refuted"]);
  const errors = diagnostics.flatMap(({ code, file, message }) => (code === "DLC515" ? [`${file} ${message}`] : []));
  expect(errors).toHaveLength(2);
  expect(errors[0]).toMatch(/^lib\.dlc Pile is not commutative: .*; without it R\.l\.tall would /);
});
