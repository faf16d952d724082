/** Input files: NDJSON (one object per line, columns as keys) and CSV (a header line with the columns' names). */
import { createReadStream } from "node:fs";
import { decodeField, decodeRecord } from "./codec.ts";
import type { Columns, Decoded } from "./codec.ts";
import { columnOfKey, malformed, notUtf8, parseLine, sealColumns, sealOf } from "./lines.ts";
import type { InputEvent } from "./lines.ts";
import type { CollectionMeta, Row, Value } from "./program.ts";
import { Utf8 } from "./utf8.ts";

export interface InputFile {
  readonly path: string;
  /** Take only every `of`-th record, beginning with record `part` (from 0): the lines are dealt out. */
  readonly deal: { readonly part: number; readonly of: number } | null;
}

export interface InputReader {
  /** Records that were taken before, and are passed over. */
  readonly from: number;
  /** So many records, those before `from` among them, have now been taken. */
  readonly took: (records: number) => void;
  /** Takes one event; the problem if it is refused. */
  readonly take: (event: InputEvent) => string | null;
  /** A record that cannot be taken: `clicks.ndjson:12:8: column n: ...`. Reading goes on. */
  readonly bad: (message: string) => void;
  /** A promise while there is no room for more. */
  readonly room: () => Promise<void> | null;
  /** Reading stops early when this turns true. */
  readonly stopped: () => boolean;
}

const CHUNK_BYTES = 128 * 1024;

/** Reads the whole file into `reader`; rejects when it cannot be read. */
export async function readInputFile(file: InputFile, collection: CollectionMeta, reader: InputReader): Promise<void> {
  const isCsv = /\.csv$/i.test(file.path);
  const records = isCsv ? new CsvRecords(file, collection, reader) : new JsonRecords(file, collection, reader);
  const stream = createReadStream(file.path, { highWaterMark: CHUNK_BYTES });
  const decoder = new Utf8();
  for await (const chunk of stream) {
    records.push(decoder.decode(chunk as Buffer));
    reader.took(records.taken);
    const room = reader.room();
    if (room !== null) await room;
    if (reader.stopped()) {
      stream.destroy();
      return;
    }
  }
  records.push(decoder.end());
  records.end();
  reader.took(records.taken);
}

/** Whether this record (from 0) is one of ours, and was not taken before. */
function isWanted(file: InputFile, reader: InputReader, record: number): boolean {
  return record >= reader.from && (file.deal === null || record % file.deal.of === file.deal.part);
}

class JsonRecords {
  readonly #file: InputFile;
  readonly #collection: CollectionMeta;
  readonly #reader: InputReader;
  /** Columns of a record that is a seal; null where every record is a row, also because a column has that name. */
  readonly #sealColumns: Columns | null;
  #rest = "";
  #line = 0;
  taken = 0;

  constructor(file: InputFile, collection: CollectionMeta, reader: InputReader) {
    this.#file = file;
    this.#collection = collection;
    this.#reader = reader;
    this.#sealColumns = collection.columns.some(({ name }) => name === "seal") ? null : sealColumns(collection);
  }

  push(text: string): void {
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      const line = this.#rest === "" ? text.slice(start, end) : this.#rest + text.slice(start, end);
      this.#rest = "";
      this.#take(line);
      start = end + 1;
    }
    this.#rest += text.slice(start);
  }

  end(): void {
    if (this.#rest !== "") this.#take(this.#rest);
  }

  #take(line: string): void {
    this.#line++;
    if (line.trim() === "" || this.#reader.stopped() || !isWanted(this.#file, this.#reader, this.taken++)) return;
    const parsed = parseLine(line);
    if (!parsed.ok) return this.#bad(parsed.column, parsed.problem);
    const decoded = this.#eventOf(parsed.value);
    const problem = decoded.ok ? this.#reader.take(decoded.value) : decoded.problem;
    if (problem === null) return;
    const column = decoded.ok ? null : /(?:^| )column (\w+)[:,]/.exec(problem);
    this.#bad(column === null ? 1 : columnOfKey(line, column[1]), problem);
  }

  /** A row, or, where the collection is sealed, `{"seal": {"campaign": "shoes"}}`. */
  #eventOf(json: unknown): Decoded<InputEvent> {
    const { columns, name } = this.#collection;
    if (this.#sealColumns !== null && typeof json === "object" && json !== null) {
      const { seal } = json as { readonly seal?: unknown };
      if (seal !== undefined && Object.keys(json).length === 1) return sealOf(name, this.#sealColumns, seal);
    }
    const decoded = decodeRecord(columns, json);
    return decoded.ok ? { ok: true, value: { kind: "row", collection: name, row: decoded.value } } : decoded;
  }

  #bad(column: number, problem: string): void {
    this.#reader.bad(`${this.#file.path}:${this.#line}:${column}: ${problem}`);
  }
}

/** RFC 4180: quoted fields may hold commas, line ends and doubled quotes; CRLF or LF. */
class CsvRecords {
  readonly #file: InputFile;
  readonly #collection: CollectionMeta;
  readonly #reader: InputReader;
  #rest = "";
  #line = 1;
  taken = 0;
  /** Column index of each field; null before the header. */
  #order: readonly number[] | null = null;
  #isUsable = true;

  constructor(file: InputFile, collection: CollectionMeta, reader: InputReader) {
    this.#file = file;
    this.#collection = collection;
    this.#reader = reader;
  }

  push(text: string): void {
    this.#rest += text;
    let start = 0;
    for (let end = endOfRecord(this.#rest, start); end >= 0; end = endOfRecord(this.#rest, start)) {
      this.#take(this.#rest.slice(start, end));
      start = end + 1;
    }
    this.#rest = this.#rest.slice(start);
  }

  end(): void {
    if (this.#rest !== "") this.#take(this.#rest);
    if (this.#order !== null || !this.#isUsable) return;
    this.#bad(1, 1, "the file is empty; a header with the columns' names expected");
  }

  #take(record: string): void {
    const line = this.#line;
    for (let i = record.indexOf("\n"); i >= 0; i = record.indexOf("\n", i + 1)) this.#line++;
    this.#line++;
    if (!this.#isUsable || record.trim() === "") return;
    const { fields, starts, problem } = fieldsOf(record.endsWith("\r") ? record.slice(0, -1) : record);
    if (this.#order === null) return this.#header(fields, line);
    if (this.#reader.stopped() || !isWanted(this.#file, this.#reader, this.taken++)) return;
    if (problem !== null) return this.#bad(line, 1, problem);
    if (record.includes(malformed)) return this.#bad(line, 1 + record.indexOf(malformed), notUtf8);
    if (fields.length !== this.#order.length) {
      return this.#bad(line, 1, `${this.#order.length} fields expected, ${fields.length} found`);
    }
    const { columns, name } = this.#collection;
    const row: Value[] = new Array(columns.length);
    for (let i = 0; i < fields.length; i++) {
      const column = columns[this.#order[i]];
      const decoded = decodeField(column, fields[i]);
      if (!decoded.ok) return this.#bad(line, starts[i] + 1, decoded.problem);
      row[this.#order[i]] = decoded.value;
    }
    const refused = this.#reader.take({ kind: "row", collection: name, row: row as Row });
    if (refused !== null) this.#bad(line, 1, refused);
  }

  #header(fields: readonly string[], line: number): void {
    const { columns } = this.#collection;
    const names = fields.map((field) => field.trim());
    const order = names.map((name) => columns.findIndex((column) => column.name === name));
    const isWhole = new Set(order).size === columns.length && names.length === columns.length && !order.includes(-1);
    if (isWhole) {
      this.#order = order;
      return;
    }
    this.#isUsable = false;
    const expected = columns.map((column) => column.name).join(",");
    const problem = `the header must name the columns ${expected} (in any order), found ${names.join(",")}`;
    this.#bad(line, 1, `${problem}; nothing of the file is read`);
  }

  #bad(line: number, column: number, problem: string): void {
    this.#reader.bad(`${this.#file.path}:${line}:${column}: ${problem}`);
  }
}

/** Offset of the line end that ends the record beginning at `start`; -1 if it has not come. */
function endOfRecord(text: string, start: number): number {
  let end = text.indexOf("\n", start);
  const quote = text.indexOf('"', start);
  if (end < 0 || quote < 0 || quote > end) return end;
  let isQuoted = false;
  for (let i = quote; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 34) isQuoted = !isQuoted;
    else if (unit === 10 && !isQuoted) return i;
  }
  end = -1;
  return end;
}

interface Fields {
  readonly fields: readonly string[];
  /** Offset at which each begins. */
  readonly starts: readonly number[];
  readonly problem: string | null;
}

function fieldsOf(record: string): Fields {
  const fields: string[] = [];
  const starts: number[] = [];
  let at = 0;
  for (;;) {
    starts.push(at);
    if (record.charCodeAt(at) !== 34) {
      const end = record.indexOf(",", at);
      fields.push(end < 0 ? record.slice(at) : record.slice(at, end));
      if (end < 0) return { fields, starts, problem: null };
      at = end + 1;
      continue;
    }
    let text = "";
    let from = at + 1;
    for (;;) {
      const quote = record.indexOf('"', from);
      if (quote < 0) return { fields, starts, problem: `the quote that opens at column ${at + 1} is not closed` };
      text += record.slice(from, quote);
      if (record.charCodeAt(quote + 1) !== 34) {
        at = quote + 1;
        break;
      }
      text += '"';
      from = quote + 2;
    }
    fields.push(text);
    if (at === record.length) return { fields, starts, problem: null };
    if (record.charCodeAt(at) !== 44) {
      return { fields, starts, problem: `a comma expected after the quoted field, at column ${at + 1}` };
    }
    at++;
  }
}
