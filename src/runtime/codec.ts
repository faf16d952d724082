/**
 * Rows against their declared types: as values in memory (`RowType`), and as JSON on files, stdin,
 * stdout and wires. JSON has every value as it is but for two types: bytes are base64, and the floats
 * that JSON lacks are "NaN", "Infinity", "-Infinity". A value of a lattice is one of its representation. Problems are
 * sentences without a final stop: `column n: int expected, string "x" found`.
 */
import { representation, unsound, written } from "../lattices/forms.run.ts";
import { formOf } from "../lattices/index.run.ts";
import { base64, canonicalJson, isJson } from "./canonical.ts";
import { holdsLattice, taken, writtenAs } from "./outside.ts";
import type { CollectionMeta, Row, Value, ValueType } from "./program.ts";

type LatticeType = Extract<ValueType, { readonly lattice: string }>;

export type Columns = CollectionMeta["columns"];
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

const ADDRESS = /^[A-Za-z_][A-Za-z0-9_.]*#(?:0|[1-9][0-9]*)$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function typeText(type: ValueType): string {
  if (typeof type === "string") return type;
  if ("list" in type) return `list<${typeText(type.list)}>`;
  const parts = ("lattice" in type ? type.args : type.tuple).map(typeText).join(", ");
  if ("lattice" in type) return parts === "" ? type.lattice : `${type.lattice}<${parts}>`;
  return `(${parts})`;
}

/** What a value is, in a few words: `string "x"`, `number 1.5`, `a list of 3`. */
export function foundText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return `string ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
    case "number":
    case "bigint":
    case "boolean":
      return `${typeof value} ${value}`;
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return `a list of ${value.length}`;
      return value instanceof Uint8Array ? `${value.length} bytes` : "an object";
    case "undefined":
      return "nothing";
    default:
      return `a ${typeof value}`;
  }
}

/** Null when `value`, as it is in memory, is of the type; else what is wrong, beginning with the place inside it. */
function mismatch(type: ValueType, value: unknown): string | null {
  if (fits(type, value)) return null;
  if (typeof type !== "string" && "lattice" in type) return latticeMismatch(type, value);
  if (typeof type !== "string" && Array.isArray(value)) {
    if ("list" in type) return inner(value, () => type.list);
    if (value.length === type.tuple.length) return inner(value, (i) => type.tuple[i]);
  }
  if (type === "nat" && typeof value === "number" && value < 0) return `: nat (not negative) expected, ${value} found`;
  if ((type === "int" || type === "nat") && typeof value === "number" && Number.isInteger(value)) {
    return `: ${type} expected, ${value} found, which is beyond the safe integers (±9007199254740991)`;
  }
  return `: ${typeText(type)} expected, ${foundText(value)} found`;
}

function latticeMismatch(type: LatticeType, value: unknown): string {
  const form = formOf(type);
  const plain = representation(form);
  if (fits(plain, value)) return `: ${typeText(type)} expected${unsound(form, value as Value)}`;
  const problem = Array.isArray(value) || typeof plain === "string" ? mismatch(plain, value) : null;
  return problem ?? `: ${typeText(type)} expected, ${foundText(value)} found`;
}

function inner(values: readonly unknown[], typeAt: (index: number) => ValueType): string | null {
  for (let i = 0; i < values.length; i++) {
    const problem = mismatch(typeAt(i), values[i]);
    if (problem !== null) return `, element ${i + 1}${problem}`;
  }
  return null;
}

function fits(type: ValueType, value: unknown): boolean {
  switch (type) {
    case "int":
      return Number.isSafeInteger(value);
    case "nat":
      return Number.isSafeInteger(value) && (value as number) >= 0;
    case "float":
      return typeof value === "number";
    case "string":
      return typeof value === "string";
    case "bool":
      return typeof value === "boolean";
    case "addr":
      return typeof value === "string" && ADDRESS.test(value);
    case "bytes":
      return value instanceof Uint8Array;
    case "json":
      return isJson(value);
    default:
      if ("lattice" in type)
        return fits(representation(formOf(type)), value) && unsound(formOf(type), value as Value) === null;
      if (!Array.isArray(value)) return false;
      if ("list" in type) return value.every((element) => fits(type.list, element));
      return value.length === type.tuple.length && type.tuple.every((part, i) => fits(part, value[i]));
  }
}

/** Whether values of the type can be written in several ways (-0 and 0, json keys and elements of sets in any order). */
function hasForms(type: ValueType): boolean {
  if (typeof type === "string") return type === "int" || type === "nat" || type === "float" || type === "json";
  if ("lattice" in type) return true;
  return "list" in type ? hasForms(type.list) : type.tuple.some(hasForms);
}

/** A value of the type in its one form. */
function formed(type: ValueType, value: Value): Value {
  if (typeof type === "string") return canonicalJson(value);
  if ("lattice" in type) return written(formOf(type), value);
  const values = value as readonly Value[];
  return "list" in type
    ? values.map((each) => formed(type.list, each))
    : values.map((each, i) => formed(type.tuple[i], each));
}

/** Every text fits the type; every integer of 32 bits does. */
const TEXT = 1;
const NUMBER = 2;

/** The columns of a collection, ready to check rows fast. */
export class RowType {
  readonly columns: Columns;
  readonly #types: readonly ValueType[];
  /** By column: what fits at once. */
  readonly #plain: Uint8Array;
  /** Columns whose values may have to be brought into their one form. */
  readonly #formed: readonly number[];

  constructor(columns: Columns) {
    this.columns = columns;
    this.#types = columns.map((column) => column.type);
    this.#plain = Uint8Array.from(this.#types, (type) =>
      type === "string" ? TEXT : type === "int" || type === "float" ? NUMBER : 0,
    );
    this.#formed = this.#types.flatMap((type, i) => (hasForms(type) ? [i] : []));
  }

  /** Null when the row fits. */
  problem(row: unknown): string | null {
    const types = this.#types;
    const plain = this.#plain;
    if (!Array.isArray(row) || row.length !== types.length) return this.#wrongShape(row);
    for (let i = 0; i < types.length; i++) {
      const value: unknown = row[i];
      if (plain[i] === TEXT && typeof value === "string") continue;
      if (plain[i] === NUMBER && typeof value === "number" && (value | 0) === value) continue;
      if (!fits(types[i], value)) return `column ${this.columns[i].name}${mismatch(types[i], value)}`;
    }
    return null;
  }

  /** The rows that are of the type, in their one form; the others are handed to `refuse`. The array itself where all are as they should be. */
  fitting(rows: readonly Row[], refuse: (row: Row, problem: string) => void): readonly Row[] {
    let fitting: Row[] | null = null;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      const problem = this.problem(row);
      const kept = problem === null ? this.formed(row) : null;
      if (problem !== null) refuse(row, problem);
      if (kept !== row && fitting === null) fitting = rows.slice(0, i);
      if (kept !== null && fitting !== null) fitting.push(kept);
    }
    return fitting ?? rows;
  }

  /** The same as `problem` for a seal's key: one value for each of these columns. */
  keyProblem(columns: readonly number[], key: unknown): string | null {
    return new RowType(pickColumns(this.columns, columns)).problem(key);
  }

  #wrongShape(row: unknown): string {
    const expected = `${this.columns.length} column${this.columns.length === 1 ? "" : "s"} (${namesOf(this.columns)}) expected`;
    return Array.isArray(row) ? `${expected}, ${row.length} found` : `${expected}, ${foundText(row)} found`;
  }

  /** The row in its one form: 0 for -0, json keys and elements of sets in order. The row itself where that is what it is. */
  formed(row: Row): Row {
    for (const column of this.#formed) {
      const value = row[column];
      if (typeof value === "number" ? Object.is(value, -0) : typeof value === "object" && value !== null) {
        return row.map((each, i) => formed(this.#types[i], each));
      }
    }
    return row;
  }
}

export function encodeValue(type: ValueType, value: Value): Json {
  if (typeof type === "string") {
    if (type === "bytes") return base64(value as Uint8Array);
    if (type === "float" && !Number.isFinite(value)) return String(value);
    return value as Json;
  }
  if ("lattice" in type) return encodeValue(representation(formOf(type)), value);
  const values = value as readonly Value[];
  return "list" in type
    ? values.map((each) => encodeValue(type.list, each))
    : values.map((each, i) => encodeValue(type.tuple[i], each));
}

/** A value of the type from JSON, in its one form; undefined where the JSON is of another shape. */
function fromJson(type: ValueType, json: unknown): Value | undefined {
  if (typeof type !== "string") {
    if ("lattice" in type) {
      const value = fromJson(representation(formOf(type)), json);
      return value === undefined || unsound(formOf(type), value) !== null ? undefined : written(formOf(type), value);
    }
    if (!Array.isArray(json)) return undefined;
    const types = "list" in type ? json.map(() => type.list) : type.tuple;
    if (types.length !== json.length) return undefined;
    const values = types.map((each, i) => fromJson(each, json[i]));
    return values.some((value) => value === undefined) ? undefined : (values as Value[]);
  }
  if (type === "bytes") {
    if (typeof json !== "string" || !BASE64.test(json)) return undefined;
    return Uint8Array.from(atob(json), (character) => character.charCodeAt(0));
  }
  if (type === "float" && (json === "NaN" || json === "Infinity" || json === "-Infinity")) return Number(json);
  return fits(type, json) ? canonicalJson(json as Value) : undefined;
}

/** What is wrong with a JSON value that `fromJson` did not take. */
function jsonProblem(type: ValueType, json: unknown): string {
  if (typeof type !== "string" && "lattice" in type) {
    const plain = representation(formOf(type));
    const value = fromJson(plain, json);
    if (value !== undefined) return `: ${typeText(type)} expected${unsound(formOf(type), value)}`;
    if (Array.isArray(json) || typeof plain === "string") return jsonProblem(plain, json);
    return `: ${typeText(type)} expected, ${foundText(json)} found`;
  }
  if (typeof type !== "string" && Array.isArray(json)) {
    const types = "list" in type ? json.map(() => type.list) : type.tuple;
    const at = types.length === json.length ? types.findIndex((each, i) => fromJson(each, json[i]) === undefined) : -1;
    if (at >= 0) return `, element ${at + 1}${jsonProblem(types[at], json[at])}`;
  }
  if (type === "bytes") return `: bytes (a base64 string) expected, ${foundText(json)} found`;
  return mismatch(type, json) ?? `: ${typeText(type)} expected, ${foundText(json)} found`;
}

export function decodeValue(column: Columns[number], json: unknown): Decoded<Value> {
  const value = fromJson(column.type, json);
  if (value !== undefined) return { ok: true, value };
  return { ok: false, problem: `column ${column.name}${jsonProblem(column.type, json)}` };
}

/** The same of what a host gives: see outside.ts. */
export function decodeGiven(column: Columns[number], json: unknown): Decoded<Value> {
  if (!holdsLattice(column.type)) return decodeValue(column, json);
  const shaped = taken(column.type, json);
  return shaped === undefined ? { ok: false, problem: givenProblem(column, json) } : decodeValue(column, shaped);
}

function givenProblem({ name, type }: Columns[number], value: unknown): string {
  return `column ${name}: ${typeText(type)} (${writtenAs(type)}) expected, ${foundText(value)} found`;
}

/** A row as a host has it in memory; its values are not checked where their shape is right. */
export function takenRow(columns: Columns, row: Row): Decoded<Row> {
  if (!columns.some(({ type }) => holdsLattice(type)) || row.length !== columns.length) return { ok: true, value: row };
  const values: Value[] = [];
  for (let i = 0; i < columns.length; i++) {
    const value = taken(columns[i].type, row[i]);
    if (value === undefined) return { ok: false, problem: givenProblem(columns[i], row[i]) };
    values.push(value as Value);
  }
  return { ok: true, value: values };
}

/** A field of a CSV file: strings and addresses as they are, everything else as its JSON text. */
export function decodeField(column: Columns[number], text: string): Decoded<Value> {
  const form = formOf(column.type);
  const type = "plain" in form ? form.plain : column.type;
  if (type === "string" || type === "addr" || type === "bytes") return decodeValue(column, text);
  const trimmed = text.trim();
  if (type === "float" && /^-?Infinity$|^NaN$/.test(trimmed)) return { ok: true, value: Number(trimmed) };
  let json: unknown;
  try {
    json = JSON.parse(trimmed);
  } catch {
    return { ok: false, problem: `column ${column.name}: ${typeText(type)} expected, ${foundText(text)} found` };
  }
  return decodeGiven(column, json);
}

/** Columns as keys: the form of files and of stdout. */
export function encodeRecord(columns: Columns, row: Row): { readonly [column: string]: Json } {
  return Object.fromEntries(columns.map((column, i) => [column.name, encodeValue(column.type, row[i])]));
}

/** Also for the seal `{"campaign": "shoes"}`, with the seal's columns only. */
export function decodeRecord(columns: Columns, json: unknown): Decoded<Row> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return {
      ok: false,
      problem: `an object with the columns (${namesOf(columns)}) expected, ${foundText(json)} found`,
    };
  }
  const record = json as Readonly<Record<string, unknown>>;
  const row: Value[] = [];
  for (const column of columns) {
    if (!Object.hasOwn(record, column.name)) {
      return { ok: false, problem: `column ${column.name} is missing; the columns are (${namesOf(columns)})` };
    }
    const decoded = decodeGiven(column, record[column.name]);
    if (!decoded.ok) return decoded;
    row.push(decoded.value);
  }
  if (Object.keys(record).length > columns.length) {
    const extra = Object.keys(record).find((key) => !columns.some((column) => column.name === key));
    return { ok: false, problem: `there is no column ${extra}; the columns are (${namesOf(columns)})` };
  }
  return { ok: true, value: row };
}

function namesOf(columns: Columns): string {
  return columns.map((column) => column.name).join(", ");
}

/** Rows as JSON arrays. */
export function encodeRow(columns: Columns, row: Row): Json {
  return columns.map((column, i) => encodeValue(column.type, row[i]));
}

export function decodeRow(columns: Columns, json: unknown): Decoded<Row> {
  if (!Array.isArray(json) || json.length !== columns.length) {
    return { ok: false, problem: new RowType(columns).problem(json) as string };
  }
  const row: Value[] = [];
  for (let i = 0; i < columns.length; i++) {
    const decoded = decodeValue(columns[i], json[i]);
    if (!decoded.ok) return decoded;
    row.push(decoded.value);
  }
  return { ok: true, value: row };
}

/** The columns that `indices` name, for seal keys. */
export function pickColumns(columns: Columns, indices: readonly number[]): Columns {
  return indices.map((index) => columns[index]);
}

/** A row in messages to people: `click("shoes", 7)`. */
export function factText(collection: string, row: Row): string {
  const values = row.map((value) => {
    const text = value instanceof Uint8Array ? base64(value) : (JSON.stringify(value) ?? String(value));
    return text.length > 60 ? `${text.slice(0, 60)}…` : text;
  });
  return `${collection}(${values.join(", ")})`;
}
