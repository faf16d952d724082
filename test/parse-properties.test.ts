import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeStatement,
  deserialize,
  encodeStatement,
  serialize,
  type CachedStatement,
} from "../src/compiler/1-parse/cache.ts";
import { parse } from "../src/compiler/1-parse/parse.ts";
import { scan } from "../src/compiler/1-parse/scan.ts";
import { lineColumn } from "../src/compiler/diagnostics/position.ts";
import { generateProgram } from "../bench/programs.ts";

interface Node {
  readonly span?: { readonly start: number; readonly end: number };
  readonly [key: string]: unknown;
}

/** Every node of a tree with the node around it. */
function* nodes(of: unknown, around: Node | null): Generator<{ node: Node; around: Node | null }> {
  if (Array.isArray(of)) {
    for (const item of of) yield* nodes(item, around);
  } else if (typeof of === "object" && of !== null) {
    const node = of as Node;
    if (node.span !== undefined) yield { node, around };
    for (const [key, value] of Object.entries(node)) {
      if (key !== "span") yield* nodes(value, node.span === undefined ? around : node);
    }
  }
}

const varied = `
function f(x: (int, string)): list<int> from "./f.ts" injective;
lattice Ballot from "./ballot.ts";
import "./bed.dlc" as bed; use bed.M<list<int>, string>(A, B.c) as m in bed.A;
/// A role.
role A replicated x3 {
  input c(a: string, b: int -> v: list<(int, string)>) sealed by (a, b) single within 5s every 1500ms rate 0.5; timer t every 500ms;
  @coordinate(order by (a)) @allow(weaker, "why \\"not\\"")
  /* a comment */ R.d@(f(x)) (a: x + 1 * 2, -3, "text\\n", count(distinct k), argmin(e, by))
    <~ c(x, _), not R.nodes(y), (p, q) in { 1, 2 }, z = { "k" : v, 2.5e3: [1, (x, y)] }, // tail
       if x > 1 then true else !g(self) having count() >= 3, max(x) < 9 ;
  seal R.c(a: x) <~ over(x), x != "";
  t(1, -2.25, 123456789, 65000, 1e300);
  A <= B;
}
module N<T>(P: role, Q: bed.M) { in a(x: T); out b(x: T -> y: int); use bed.K<T> as k; P.c@*(x) <~ k.d(x); }`;

describe("places", () => {
  const programs = [varied, generateProgram(400, 7)];

  test("every node lies within the one around it, and marks its own text", () => {
    for (const text of programs) {
      const { value, diagnostics } = parse({ path: "a.dlc", text });
      expect(diagnostics).toEqual([]);
      let seen = 0;
      for (const { node, around } of nodes(value?.items, null)) {
        seen++;
        const { start, end } = node.span as { start: number; end: number };
        const marked = text.slice(start, end);
        expect(marked).toBe(marked.trim());
        expect(marked).not.toBe("");
        // Annotations stand before the rule that they belong to.
        if (around?.span !== undefined && node.how === undefined && node.what === undefined) {
          expect(start).toBeGreaterThanOrEqual(around.span.start);
          expect(end).toBeLessThanOrEqual(around.span.end);
        }
        if (typeof node.text === "string") expect(marked).toBe(node.text);
        if (node.kind === "variable" && typeof node.name === "string") expect(marked).toBe(node.name);
        if (node.kind === "literal" && typeof node.value === "number") expect(Number(marked)).toBe(node.value);
        if (node.kind === "literal" && node.type === "string") expect(JSON.parse(marked)).toBe(node.value);
        if (node.kind === "rule" || node.kind === "seal" || node.kind === "collection")
          expect(marked.endsWith(";")).toBe(true);
        if (node.kind === "role") expect(marked).toMatch(/^role[^]*\}$/);
        if (node.kind === "range" || node.kind === "bind") expect(marked).toMatch(/ in |=/);
        if (node.kind === "call") expect(marked).toMatch(/^\(?\w+\([^]*\)$/);
      }
      expect(seen).toBeGreaterThan(100);
    }
  });

  test("a rule's place begins at its head and ends at its `;`", () => {
    const { value } = parse({ path: "a.dlc", text: varied });
    const rules = [...nodes(value?.items, null)]
      .filter(({ node }) => node.kind === "rule")
      .map(({ node }) => node.span);
    const marked = rules.map((span) => varied.slice(span?.start, span?.end));
    expect(marked[0].startsWith("R.d@(f(x)) (a:")).toBe(true);
    expect(marked[0].endsWith("max(x) < 9 ;")).toBe(true);
    expect(marked.slice(1)).toEqual(["t(1, -2.25, 123456789, 65000, 1e300);", "A <= B;", "P.c@*(x) <~ k.d(x);"]);
  });
});

describe("whatever is written", () => {
  const words = [
    "role",
    "A",
    "x5",
    "replicated",
    "partitioned",
    "by",
    "table",
    "input",
    "timer",
    "every",
    "500ms",
    "seal",
    "sealed",
    "within",
    "function",
    "from",
    "lattice",
    "module",
    "not",
    "in",
    "if",
    "then",
    "else",
    "having",
    "true",
    "self",
    "x",
    "count",
    "distinct",
    "_",
    "1",
    "2.5",
    "9e99999",
    "99999999999999999999",
    '"s"',
    '"\\q"',
    '"open',
    "'",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    "<=",
    "<+",
    "<-",
    "<+-",
    "<~",
    "=",
    "==",
    "!=",
    "->",
    "=>",
    ":-",
    "+",
    "-",
    "*",
    "/",
    "%",
    "&&",
    "||",
    "!",
    ",",
    ".",
    ":",
    ";",
    ";",
    "@",
    "@coordinate(order)",
    "@allow(",
    "//c\n",
    "///d\n",
    "/*",
    "*/",
    "\n",
    "\r\n",
    "\t",
    "\u2028",
    "é",
    "\ud800",
    "😀",
    "\\",
    "\0",
  ];
  const soup = fc
    .array(fc.constantFrom(...words), { maxLength: 40 })
    .chain((parts) => fc.constantFrom("", " ").map((space) => parts.join(space)));
  const inRole = fc.tuple(soup, fc.boolean()).map(([text, wrapped]) => (wrapped ? `role A {\n${text};\n}` : text));

  /** One text, read without and with a cache: it never throws, marks places of the text, and reads the same. */
  function check(text: string): void {
    const cache = new Map<string, CachedStatement>();
    const first = parse({ path: "a.dlc", text }, cache);
    const second = parse({ path: "a.dlc", text }, deserialize(serialize(cache)));
    expect(second).toEqual(first);
    for (const { span, message, fixes } of first.diagnostics) {
      expect(span.start).toBeGreaterThanOrEqual(0);
      expect(span.end).toBeGreaterThanOrEqual(span.start);
      expect(span.end).toBeLessThanOrEqual(text.length);
      expect(message).toMatch(/\.$/);
      for (const { edits } of fixes ?? [])
        for (const edit of edits) expect(edit.span.end).toBeLessThanOrEqual(text.length);
    }
    if (first.value === null) expect(first.diagnostics).not.toEqual([]);
    for (const { node } of nodes(first.value?.items, null)) {
      expect((node.span as { end: number }).end).toBeLessThanOrEqual(text.length);
    }
  }

  test("token soup is read or refused, and never throws", () => {
    fc.assert(fc.property(inRole, check), { numRuns: 600, seed: 11 });
  });

  test("a good program with a part cut out or put in is read or refused", () => {
    const cut = fc.tuple(fc.nat(varied.length), fc.nat(12), fc.constantFrom("", ...words));
    fc.assert(
      fc.property(cut, ([at, length, put]) => {
        check(varied.slice(0, at) + put + varied.slice(at + length));
      }),
      { numRuns: 400, seed: 12 },
    );
  });

  test("statements cover what is written: outside of them are only blanks, comments and what was reported", () => {
    fc.assert(
      fc.property(inRole, (text) => {
        const { statements, problems } = scan(text);
        let at = 0;
        for (const statement of statements) {
          expect(statement.start).toBeGreaterThanOrEqual(at);
          expect(statement.start + statement.text.length).toBeLessThanOrEqual(statement.end);
          const between = text
            .slice(at, statement.start)
            .replace(/\/\*[^]*?\*\/|\/\/[^\n\r]*/g, "")
            .replace(/[\s\ufeff]/g, "");
          expect(between.replace(/\}/g, "")).toBe("");
          if (between !== "") expect(problems.some(({ kind }) => kind === "stray-close")).toBe(true);
          at = statement.end;
        }
      }),
      { numRuns: 400, seed: 13 },
    );
  });
});

describe("the cache of statements", () => {
  test("gives the same tree at another place, also through text", () => {
    for (const text of [varied, generateProgram(400, 7)]) {
      const cache = new Map<string, CachedStatement>();
      parse({ path: "a.dlc", text }, cache);
      expect(cache.size).toBeGreaterThan(12);
      const saved = serialize(cache);
      const moved = `// moved\n\n${text.replace("/// A role.", "/// Another role.")}`;
      const [again, fresh] = [new Map<string, CachedStatement>(), parse({ path: "b.dlc", text: moved })];
      const known = deserialize(saved);
      const filled = { get: (text: string) => known.get(text), set: (text: string) => void again.set(text, "") };
      expect(parse({ path: "b.dlc", text: moved }, filled)).toEqual(fresh);
      expect([...again.keys()], "matched again").toEqual([]);
    }
  });

  test("is asked for every statement and the header of every role, and filled with good ones only", () => {
    const asked: string[] = [];
    const kept: string[] = [];
    const cache = { get: (text: string) => (asked.push(text), undefined), set: (text: string) => void kept.push(text) };
    parse(
      {
        path: "a.dlc",
        text: "role A {\n  t(1);\n  t(x) = u(x);\n  t(9007199254740992);\n  t(x) <= /* a */ u(x) ;\n  t(2)\n}",
      },
      cache,
    );
    expect(asked).toEqual(["role A {", "t(1)", "t(x) = u(x)", "t(9007199254740992)", "t(x) <=         u(x)"]);
    expect(kept).toEqual(["role A {", "t(1)", "t(x) <=         u(x)"]);
  });

  test("leaves out a statement that is too long for it", () => {
    const long = `t("${"x".repeat(60_000)}")`;
    const text = `role A { ${long}; }`;
    const cache = new Map<string, CachedStatement>();
    const { diagnostics, value } = parse({ path: "a.dlc", text }, cache);
    expect([diagnostics, [...cache.keys()], value?.items.length]).toEqual([[], ["role A {"], 1]);
  });

  test("a tree survives the encoding of text", () => {
    const text = 't("\\u{1F600} é \\n", 1.5)';
    const { value } = parse({ path: "a.dlc", text: `role A { ${text}; }` });
    const [rule] = (value!.items[0] as unknown as { members: Parameters<typeof encodeStatement>[0][] }).members;
    const code = encodeStatement(rule, text, 9) as CachedStatement;
    const through = new TextDecoder().decode(new TextEncoder().encode(code));
    expect(decodeStatement(through, text, 9, 9 + text.length + 1, null)).toEqual(rule);
  });
});

test("lines and columns count from one, over all kinds of line ends", () => {
  const text = "ab\ncd\r\ne\rf\n";
  const at = (offset: number): string => `${lineColumn(text, offset).line}:${lineColumn(text, offset).column}`;
  expect([0, 2, 3, 5, 6, 7, 8, 9, 10, 11, 99, -5].map(at)).toEqual([
    "1:1",
    "1:3",
    "2:1",
    "2:3",
    "2:4",
    "3:1",
    "3:2",
    "4:1",
    "4:2",
    "5:1",
    "5:1",
    "1:1",
  ]);
  expect(lineColumn("", 0)).toEqual({ line: 1, column: 1 });
});
