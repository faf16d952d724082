import { describe, expect, test } from "vitest";
import { canonicalText, compareRows, compareValues } from "../src/runtime/canonical.ts";
import { decodeField, decodeRecord, decodeRow, encodeRecord, encodeRow, RowType } from "../src/runtime/codec.ts";
import type { Row, Value, ValueType } from "../src/runtime/program.ts";
import { columns } from "./support/roles.ts";

const all = columns({
  i: "int",
  n: "nat",
  f: "float",
  s: "string",
  b: "bool",
  a: "addr",
  y: "bytes",
  j: "json",
  l: { list: "float" },
  t: { tuple: ["int", { list: "bytes" }] },
});
const row: Row = [
  -3,
  0,
  Infinity,
  "é\u0000",
  true,
  "Report#12",
  new Uint8Array([0, 255, 16]),
  { a: [1, null] },
  [NaN, -Infinity, 0.1],
  [7, [new Uint8Array([1])]],
];

/** The problem of one value in column `x` of the type, in JSON; null when it fits. */
function problem(type: ValueType, json: unknown): string | null {
  const decoded = decodeRecord(columns({ x: type }), { x: json });
  return decoded.ok ? null : decoded.problem;
}

describe("rows as JSON", () => {
  test("come back as they were, through text, as records and as arrays", () => {
    expect(decodeRecord(all, JSON.parse(JSON.stringify(encodeRecord(all, row))))).toEqual({ ok: true, value: row });
    expect(decodeRow(all, JSON.parse(JSON.stringify(encodeRow(all, row))))).toEqual({ ok: true, value: row });
    expect(encodeRow(columns({ f: "float", y: "bytes" }), [NaN, new Uint8Array([255, 0])])).toEqual(["NaN", "/wA="]);
  });

  test("are brought into their one form", () => {
    const decoded = decodeRow(columns({ f: "float", j: "json" }), [-0, { z: { b: 1, a: -0 }, a: 1 }]);
    expect(decoded.ok && Object.is(decoded.value[0], 0)).toBe(true);
    expect(decoded.ok && JSON.stringify(decoded.value[1])).toBe('{"a":1,"z":{"a":0,"b":1}}');
    const odd = JSON.parse('{"__proto__": 1, "a": 2}') as unknown;
    expect(decodeRow(columns({ j: "json" }), [odd])).toMatchObject({ ok: true });
    const kept = decodeRow(columns({ j: "json" }), [odd]);
    expect(kept.ok && Object.keys(kept.value[0] as object)).toEqual(["__proto__", "a"]);
  });

  test("are refused with the column, what was expected and what was found", () => {
    expect(problem("int", 1.5)).toBe("column x: int expected, number 1.5 found");
    expect(problem("int", 2 ** 53)).toBe(
      "column x: int expected, 9007199254740992 found, which is beyond the safe integers (±9007199254740991)",
    );
    expect(problem("nat", -1)).toBe("column x: nat (not negative) expected, -1 found");
    expect(problem("string", null)).toBe("column x: string expected, null found");
    expect(problem("bool", "true")).toBe('column x: bool expected, string "true" found');
    expect(problem("float", "inf")).toBe('column x: float expected, string "inf" found');
    expect(problem("addr", "Report")).toBe('column x: addr expected, string "Report" found');
    expect(problem("bytes", "a")).toBe('column x: bytes (a base64 string) expected, string "a" found');
    expect(problem({ list: "int" }, [1, "2"])).toBe('column x, element 2: int expected, string "2" found');
    expect(
      problem({ list: { tuple: ["int", "bytes"] } }, [
        [1, "AA=="],
        [1, 5],
      ]),
    ).toBe("column x, element 2, element 2: bytes (a base64 string) expected, number 5 found");
    expect(problem({ tuple: ["int", "int"] }, [1])).toBe("column x: (int, int) expected, a list of 1 found");
    expect(problem({ list: "string" }, { 0: "a" })).toBe("column x: list<string> expected, an object found");
  });

  test("need all columns and no other", () => {
    const two = columns({ k: "string", n: "int" });
    expect(decodeRecord(two, { k: "a" })).toEqual({
      ok: false,
      problem: "column n is missing; the columns are (k, n)",
    });
    expect(decodeRecord(two, { k: "a", n: 1, m: 2 })).toEqual({
      ok: false,
      problem: "there is no column m; the columns are (k, n)",
    });
    expect(decodeRecord(two, ["a", 1])).toEqual({
      ok: false,
      problem: "an object with the columns (k, n) expected, a list of 2 found",
    });
    expect(decodeRecord(two, null)).toMatchObject({ ok: false });
    expect(decodeRecord([{ name: "toString", type: "int" }], {})).toMatchObject({ ok: false });
    expect(decodeRow(two, ["a"])).toEqual({ ok: false, problem: "2 columns (k, n) expected, 1 found" });
    expect(decodeRow(two, "a")).toEqual({ ok: false, problem: '2 columns (k, n) expected, string "a" found' });
  });

  test("fields of CSV files are read by their column's type", () => {
    const field = (type: ValueType, text: string) => decodeField({ name: "x", type }, text);
    expect(field("string", "12")).toEqual({ ok: true, value: "12" });
    expect(field("int", " 12 ")).toEqual({ ok: true, value: 12 });
    expect(field("float", "-Infinity")).toEqual({ ok: true, value: -Infinity });
    expect(field("bool", "true")).toEqual({ ok: true, value: true });
    expect(field({ list: "int" }, "[1, 2]")).toEqual({ ok: true, value: [1, 2] });
    expect(field("int", "")).toEqual({ ok: false, problem: 'column x: int expected, string "" found' });
    expect(field("int", "1e400")).toMatchObject({ ok: false });
  });
});

test("values in memory are checked the same way", () => {
  expect(new RowType(all).problem(row)).toBeNull();
  for (let i = 0; i < row.length; i++) {
    const wrong = [...row] as unknown[];
    wrong[i] = i === 7 ? undefined : Symbol("odd");
    expect(new RowType(all).problem(wrong)).toContain(`column ${all[i].name}: `);
  }
  expect(new RowType(columns({ j: "json" })).problem([{ a: [NaN] }])).toContain("json expected");
  expect(new RowType(columns({ y: "bytes" })).problem(["AA=="])).toBe('column y: bytes expected, string "AA==" found');
});

describe("canonical order and text", () => {
  test("numbers with NaN least, json by kind, the rest lexicographic", () => {
    const ascending: Value[] = [
      null,
      false,
      true,
      NaN,
      -Infinity,
      -1,
      0,
      0.5,
      2,
      10,
      Infinity,
      "",
      "B",
      "a",
      "aa",
      "é",
      "\u{1F600}",
      "\uFFFF",
      [],
      [1],
      [1, 0],
      [2],
      {},
      { a: 1 },
      { a: 2 },
      { a: 1, b: 0 },
      { b: 0 },
    ];
    const shuffled = [...ascending].sort(
      (a, b) => canonicalText(b).length - canonicalText(a).length || (canonicalText(a) < canonicalText(b) ? 1 : -1),
    );
    expect(shuffled.sort(compareValues)).toEqual(ascending);
    for (const value of ascending) expect(compareValues(value, value)).toBe(0);
    expect(compareValues(0, -0)).toBe(0);
  });

  test("bytes by their numbers, shorter first", () => {
    const bytes = (...values: number[]) => new Uint8Array(values);
    expect(Math.sign(compareValues(bytes(2), bytes(10)))).toBe(-1);
    expect(Math.sign(compareValues(bytes(2, 0), bytes(2)))).toBe(1);
    expect(compareRows(["a", bytes(1)], ["a", bytes(1)])).toBe(0);
  });

  test("equal values have equal text", () => {
    expect(canonicalText({ b: [-0, NaN], a: "x" })).toBe('{"a":"x","b":[0,"NaN"]}');
    expect(canonicalText({ a: "x", b: [0, NaN] })).toBe(canonicalText({ b: [-0, NaN], a: "x" }));
    expect(canonicalText(new Uint8Array([1, 2, 3]))).toBe('"AQID"');
  });
});
