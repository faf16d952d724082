/** What people get wrong first: each is found at its place, said in its own words, and with what to do. */
import { describe, expect, test } from "vitest";
import { compile } from "../src/compiler/compile.ts";
import { world } from "./support/plan.ts";

/** Rules stand on line 8 of a program with these collections. */
const around = (rules: string): string => `role A {
  input put(n: int, s: string);
  channel ch(n: int, s: string);
  table t(n: int, s: string);
  table kv(k: string -> v: int);
  scratch sc(n: int, s: string);
  output out(n: int, s: string);
  ${rules}
}
role W x4 { channel job(n: int); }
`;

interface Mistake {
  readonly rules?: string;
  /** A whole program, where it is not rules. */
  readonly program?: string;
  readonly code: string;
  /** Line and column, from 1. */
  readonly at: readonly [line: number, column: number];
  readonly says: string;
  readonly mend: string;
}

const mistakes: Readonly<Record<string, Mistake>> = {
  "a count of everything, as in SQL": {
    rules: "out(count(*), s) <= t(_, s);",
    code: "DLC101",
    at: [8, 13],
    says: "`count` takes no `*`",
    mend: "Write `count()`",
  },
  "a negation, as in other languages": {
    rules: "out(n, s) <= put(n, s), !t(n, _);",
    code: "DLC206",
    at: [8, 28],
    says: "`t` is a table, not a function",
    mend: "`not`",
  },
  "a character that cannot be seen": {
    rules: "out(n, s) <= t(\u200bn, s);",
    code: "DLC101",
    at: [8, 18],
    says: "The character U+200B, which cannot be seen, is none of the language.",
    mend: "Take it away.",
  },
  "an unknown collection": {
    rules: "t(n, s) <= putt(n, s);",
    code: "DLC202",
    at: [8, 14],
    says: "no collection `putt`",
    mend: "Did you mean `put`?",
  },
  "an unknown column": {
    rules: "t(n, s) <= put(m: n, s: s);",
    code: "DLC204",
    at: [8, 18],
    says: "`put` has no column `m`",
    mend: "n: int, s: string",
  },
  "too many columns": {
    rules: "t(n, s) <= put(n, s, x);",
    code: "DLC210",
    at: [8, 24],
    says: "2 columns (n: int, s: string), and 3 are given",
    mend: "Leave out",
  },
  "too few columns": {
    rules: "t(n, s) <= put(n);",
    code: "DLC210",
    at: [8, 14],
    says: "2 columns (n: int, s: string), and 1 is given",
    mend: "`_`",
  },
  "too few columns in a head": {
    rules: "t(n) <= put(n, _);",
    code: "DLC210",
    at: [8, 3],
    says: "`t` has 2 columns",
    mend: "every column a value",
  },
  "a scalar for a tuple": {
    rules: "t(n, s) <= 5;",
    code: "DLC230",
    at: [8, 14],
    says: "5 is of type int",
    mend: "A body is made of facts",
  },
  "`=` for `<=`": {
    rules: "t(n, s) = put(n, s);",
    code: "DLC107",
    at: [8, 11],
    says: "`=` does not join a head and a body",
    mend: "`<=` (now)",
  },
  "Prolog's `:-`": {
    rules: "t(n, s) :- put(n, s);",
    code: "DLC107",
    at: [8, 11],
    says: "`:-` does not join",
    mend: "`<=` (now)",
  },
  "no stratification": {
    rules: "sc(n, s) <= put(n, s), not sc(n, s);",
    code: "DLC260",
    at: [8, 26],
    says: "`sc` depends on its own absence",
    mend: "`<+`",
  },
  "a join of columns of different types": {
    rules: "sc(n, s) <= put(n, s), kv(n, _);",
    code: "DLC231",
    at: [8, 29],
    says: "column `k` of `kv` is of type string",
    mend: "never equal",
  },
  "a deletion from a scratch": {
    rules: "sc(n, s) <- put(n, s);",
    code: "DLC220",
    at: [8, 12],
    says: "`<-` does not write a scratch",
    mend: "make it a table",
  },
  "an instant merge into a channel": {
    rules: "ch(n, s) <= t(n, s);",
    code: "DLC220",
    at: [8, 12],
    says: "`<=` does not write a channel",
    mend: "`<~`",
  },
  "a message to a table": {
    rules: "t(n, s) <~ put(n, s);",
    code: "DLC220",
    at: [8, 11],
    says: "`<~` does not write a table",
    mend: "`<=`",
  },
  "an upsert without a key": {
    rules: "t(n, s) <+- put(n, s);",
    code: "DLC223",
    at: [8, 11],
    says: "`t` declares no key",
    mend: "`t(n -> s)`",
  },
  "writing an input": {
    rules: "put(n, s) <= t(n, s);",
    code: "DLC220",
    at: [8, 3],
    says: "an input is written by the host program",
    mend: "a table or a scratch",
  },
  "reading another role": {
    rules: 't(n, "x") <= W.job(n);',
    code: "DLC222",
    at: [8, 16],
    says: "it is kept by the instances of role W",
    mend: "a channel of role A",
  },
  "a missing address": {
    rules: "W.job(n) <~ put(n, _);",
    code: "DLC224",
    at: [8, 3],
    says: "needs an address",
    mend: "`W.job@*(...)`",
  },
  "an address of another type": {
    rules: "W.job@n(n) <~ put(n, _);",
    code: "DLC230",
    at: [8, 9],
    says: "an address is of type addr",
    mend: "declared type",
  },
  "an address of another role": {
    rules: 'W.job@"A#0"(n) <~ put(n, _);',
    code: "DLC230",
    at: [8, 9],
    says: "an address of role A, and `job` is a channel of role W",
    mend: 'such as "W#0"',
  },
  "an unknown role": {
    rules: "Z.job(n) <~ put(n, _);",
    code: "DLC201",
    at: [8, 3],
    says: "no role `Z`",
    mend: "`role Z { }`",
  },
  "a reserved word as a name": {
    rules: "table not(n: int);",
    code: "DLC104",
    at: [8, 9],
    says: "`not` is a word of the language",
    mend: "`not_`",
  },
  "a string and an int": {
    rules: "t(n, s + n) <= put(n, s);",
    code: "DLC232",
    at: [8, 8],
    says: "`+` does not apply to string and int",
    mend: "`toString(n)`",
  },
  "a variable without a value": {
    rules: "t(n, z) <= put(n, _);",
    code: "DLC240",
    at: [8, 8],
    says: "`z` has no value",
    mend: "Bind it",
  },
  "a variable that only a negation has": {
    rules: "t(n, s) <= put(n, s), not sc(z, s);",
    code: "DLC240",
    at: [8, 32],
    says: "`z` has no value",
    mend: "`_`",
  },
  "a missing semicolon": {
    rules: "t(n, s) <= put(n, s)\n  out(n, s) <= t(n, s);",
    code: "DLC102",
    at: [8, 23],
    says: "`;` is missing",
    mend: "ends in `;`",
  },
  "an unknown type": {
    rules: "table q(n: integer);",
    code: "DLC207",
    at: [8, 14],
    says: "no type `integer`",
    mend: "`int`",
  },
  "a collection declared twice": {
    rules: "table t(n: int);",
    code: "DLC205",
    at: [8, 9],
    says: "`t` in role A is declared twice",
    mend: "Rename",
  },
  "a column declared twice": {
    rules: "table q(n: int, n: int);",
    code: "DLC205",
    at: [8, 19],
    says: "the column `n` is declared twice",
    mend: "Rename",
  },
  "an unknown function": {
    rules: "t(n, upcase(s)) <= put(n, s);",
    code: "DLC203",
    at: [8, 8],
    says: "no function `upcase`",
    mend: "Import it",
  },
  "too many arguments": {
    rules: "t(length(s, s), s) <= put(_, s);",
    code: "DLC210",
    at: [8, 5],
    says: "`length` takes 1 argument, and 2 are given",
    mend: "`length(string): nat`",
  },
  "an aggregate in a body": {
    rules: "t(n, s) <= put(n, s), count() > 3;",
    code: "DLC250",
    at: [8, 25],
    says: "`count` cannot stand here",
    mend: "`having`",
  },
  "a sum of strings": {
    rules: "sc(sum(s), s) <= put(_, s);",
    code: "DLC251",
    at: [8, 6],
    says: "`sum` adds numbers",
    mend: "count",
  },
  "a number as a condition": {
    rules: "t(n, s) <= put(n, s), n;",
    code: "DLC230",
    at: [8, 25],
    says: "a condition of a body is of type bool",
    mend: "Compare it",
  },
  "a timer without a period": {
    rules: "timer tick;",
    code: "DLC111",
    at: [8, 9],
    says: "How often `tick` fires",
    mend: "every 500ms",
  },
  "a string that is not closed": {
    rules: 't(n, "abc) <= put(n, _);',
    code: "DLC103",
    at: [8, 8],
    says: "not closed",
    mend: "at its end",
  },
  "an integer that is not exact": {
    rules: 'sc(9007199254740993, "x");',
    code: "DLC112",
    at: [8, 6],
    says: "beyond the integers",
    mend: "float",
  },
  "a rule outside of a role": {
    program: "role A { input i(n: int); table t(n: int); }\nt(n) <= i(n);\n",
    code: "DLC106",
    at: [2, 1],
    says: "outside of any role",
    mend: "between the braces",
  },
  "a role that is not closed": {
    program: "role A { input i(n: int); table t(n: int); t(n) <= i(n);\n",
    code: "DLC105",
    at: [1, 6],
    says: "`A` is never closed",
    mend: "`}`",
  },
};

describe("a mistake is found where it is, once, with what to do:", () => {
  test.each(Object.entries(mistakes))("%s", (_name, { rules, program, code, at, says, mend }) => {
    const text = program ?? around(rules!);
    const { diagnostics } = compile({ path: "p.dlc", text });
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    expect(errors.map((error) => `${error.code} ${error.message}`)).toHaveLength(1);
    const [error] = errors;
    const before = text.slice(0, error.span.start).split("\n");
    expect({ code: error.code, at: [before.length, before[before.length - 1].length + 1] }).toEqual({
      code,
      at: [...at],
    });
    expect(error.message).toContain(says);
    expect(error.mend).toContain(mend);
  });
});

describe("a mistake that only a run can show is a fault of that fact alone:", () => {
  const program = `role R {
  function parse(s: string): int from "./parse.ts";
  input put(k: string, v: int);
  table kv(k: string -> v: int);
  table ok(v: int);
  kv(k, v) <= put(k, v);
  ok(%) <= put(_, v);
}`;
  const told = (expression: string, rows: readonly (readonly [string, number])[], functions = {}) => {
    const r = world(
      expression.includes("role") ? expression : program.replace(/ {2}function.*\n/, "").replace("%", expression),
      {},
      functions,
    );
    r.step({ put: rows });
    return { faults: r.faults, ok: r.read("ok"), kv: r.read("kv") };
  };

  test("a key conflict", () => {
    const { faults, kv } = told("v", [
      ["a", 2],
      ["a", 1],
      ["b", 3],
    ]);
    expect(faults.map(({ code }) => code)).toEqual(["DLC924"]);
    expect(faults[0].message).toContain('key conflict: kv("a", 1)');
    expect(faults[0].message).toContain('kv("a", 2)');
    expect(kv).toEqual([
      ["a", 1],
      ["b", 3],
    ]);
  });

  test("a division by zero", () => {
    const { faults, ok } = told("6 / (v - 1)", [
      ["a", 1],
      ["b", 3],
    ]);
    expect(faults).toHaveLength(1);
    expect(faults[0].rule).toContain("ok#1");
    expect(ok).toEqual([[3]]);
  });

  test("an overflow", () => {
    const { faults, ok } = told("v * 9007199254740991", [
      ["a", 2],
      ["b", 1],
    ]);
    expect(faults).toHaveLength(1);
    expect(ok).toEqual([[9007199254740991]]);
  });

  test("a function that throws", () => {
    const text = `function parse(s: string): int from "./parse.ts";\n${program.replace(/ {2}function.*\n/, "").replace("ok(%) <= put(_, v)", "ok(parse(k)) <= put(k, _)")}`;
    const { faults, ok } = told(
      text,
      [
        ["7", 1],
        ["x", 2],
      ],
      {
        parse: (s: string) => {
          if (s === "x") throw new Error("not a number");
          return Number(s);
        },
      },
    );
    expect(faults).toHaveLength(1);
    expect(faults[0].message).toMatch(/parse.*"x".*not a number/);
    expect(faults[0].rule).toContain("ok#1");
    expect(ok).toEqual([[7]]);
  });
});
