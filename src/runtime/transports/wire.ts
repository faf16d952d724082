/**
 * Envelopes as JSON arrays and back. A frame carries the parts of one envelope, or, where they are
 * long, a piece of them:
 *
 *   ["m", seq, part, ...]    the last (mostly the only) piece of envelope `seq`
 *   ["p", seq, part, ...]    a piece that is followed by more of the same envelope
 *
 *   part  = [0, target, [row, ...]]                     rows
 *         | [1, target, key | null, count]              seal
 *         | [2, log, [run, ...]]                        append
 *         | [3, log, value, after]                      tick
 *         | [4, log, value, index, [run, ...]]          batch
 *         | [5, kind, ...]                              what membership/wire.ts says
 *         | [6, traceparent]                            trace
 *         | [7, target, key | null]                     seals
 *         | [8, target, key | null, [producer, ...]]    fix
 *         | [9, target, [key, ...] | null]              barred
 *   run   = [target, to | null, from, [row, ...]]       neighbours in a log
 *
 * Values are JSON as they are, but for two types: bytes travel as base64, and the floats that JSON
 * lacks as "NaN", "Infinity", "-Infinity".
 */
import { representation } from "../../lattices/forms.run.ts";
import { formOf } from "../../lattices/index.run.ts";
import { decodeValue, encodeValue } from "../codec.ts";
import { fieldsOf, membershipOf } from "../membership/wire.ts";
import { rowsIn } from "../messages.ts";
import type { Envelope, LogRun, Part } from "../messages.ts";
import type { CollectionMeta, RoleMeta, Row, Value, ValueType } from "../program.ts";
import { encodeFrame, FrameError, MAX_FRAME_BYTES } from "./frames.ts";

type Convert = (value: Value) => Value;
/** Per column; null where values travel as they are. */
interface Conversion {
  readonly encode: readonly (Convert | null)[];
  readonly decode: readonly (Convert | null)[];
}

/** Rows in one piece of an envelope at most, so that a piece stays well below the frame limit. */
const PIECE_ROWS = 16_384;

export class WireFormat {
  /** By `Role.collection`; only those with columns that need converting. */
  readonly #conversions = new Map<string, Conversion>();
  readonly #sealKeys = new Map<string, readonly number[]>();
  /** Text of the rows, or of the runs of a log, of this step that go to several receivers. */
  #texts = new Map<readonly Row[] | readonly LogRun[], string>();

  /** `metas`: the roles whose collections this process sends or receives. */
  constructor(metas: readonly RoleMeta[]) {
    for (const meta of metas) {
      for (const collection of meta.collections) this.#learn(`${meta.role}.${collection.name}`, collection);
      for (const target of meta.targets) this.#learn(target.id, target.collection);
    }
  }

  #learn(id: string, collection: CollectionMeta): void {
    const conversion = conversionOf(collection);
    if (conversion !== null) this.#conversions.set(id, conversion);
    if (collection.sealed) this.#sealKeys.set(id, collection.sealed.key);
  }

  /** Rows that go to several receivers are written out once between two calls of this. */
  endStep(): void {
    if (this.#texts.size > 0) this.#texts = new Map();
  }

  /** The envelope's frames, in order. Throws RangeError when a single row is over the frame limit. */
  encode(envelope: Envelope): Buffer[] {
    const pieces: string[][] = [[]];
    let rows = 0;
    for (const part of envelope.parts) {
      for (const [text, size] of this.#encodePart(part)) {
        if (rows > 0 && rows + size > PIECE_ROWS) {
          pieces.push([]);
          rows = 0;
        }
        pieces[pieces.length - 1].push(text);
        rows += size;
      }
    }
    return pieces.flatMap((texts, i) => this.#frames(i === pieces.length - 1 ? "m" : "p", envelope.seq, texts));
  }

  #frames(kind: "m" | "p", seq: number, texts: readonly string[]): Buffer[] {
    const frame = encodeFrame(texts.length === 0 ? `["${kind}",${seq}]` : `["${kind}",${seq},${texts.join(",")}]`);
    if (frame.length - 4 <= MAX_FRAME_BYTES) return [frame];
    if (texts.length > 1) {
      const half = texts.length >> 1;
      return [...this.#frames("p", seq, texts.slice(0, half)), ...this.#frames(kind, seq, texts.slice(half))];
    }
    // Rows of many kilobytes each: take the one part apart again, by rows.
    const part = JSON.parse(texts[0]) as unknown[];
    const list = part[part.length - 1] as unknown[];
    const isWhole = [1, 3, 5, 6, 7, 8].includes(part[0] as number);
    if (isWhole || !Array.isArray(list) || list.length < 2) {
      throw new RangeError(`a row of ${part[1]} is ${frame.length} bytes long, ${MAX_FRAME_BYTES} can be sent`);
    }
    const half = list.length >> 1;
    const first = JSON.stringify([...part.slice(0, -1), list.slice(0, half)]);
    const second = JSON.stringify([...part.slice(0, -1), list.slice(half)]);
    return [...this.#frames("p", seq, [first]), ...this.#frames(kind, seq, [second])];
  }

  /** Texts of a part, each with its number of rows. */
  #encodePart(part: Part): (readonly [string, number])[] {
    switch (part.kind) {
      case "rows": {
        const head = `[0,${JSON.stringify(part.target)},`;
        if (part.rows.length <= PIECE_ROWS)
          return [[`${head}${this.#rowsText(part.target, part.rows)}]`, part.rows.length]];
        const texts: [string, number][] = [];
        for (let at = 0; at < part.rows.length; at += PIECE_ROWS) {
          const rows = part.rows.slice(at, at + PIECE_ROWS);
          texts.push([`${head}${JSON.stringify(this.#convertRows(part.target, rows))}]`, rows.length]);
        }
        return texts;
      }
      case "seal":
        return [[JSON.stringify([1, part.target, this.#key(part.target, part.key, "encode"), part.count]), 1]];
      case "append":
        return [[JSON.stringify([2, part.log, this.#runs(part.runs)]), rowsIn(part.runs)]];
      case "tick":
        return [[JSON.stringify([3, part.log, part.value.map(encodeOpaque), part.after]), 1]];
      case "batch": {
        const head = JSON.stringify([4, part.log, part.value.map(encodeOpaque), part.index]).slice(0, -1);
        return [[`${head},${this.#runsText(part.runs)}]`, rowsIn(part.runs)]];
      }
      case "trace":
        return [[JSON.stringify([6, part.parent]), 0]];
      case "seals":
        return [[JSON.stringify([7, part.target, this.#key(part.target, part.key, "encode")]), 1]];
      case "fix":
        return [[JSON.stringify([8, part.target, this.#key(part.target, part.key, "encode"), part.producers]), 1]];
      case "barred":
        return [
          [
            JSON.stringify([9, part.target, part.keys?.map((key) => this.#key(part.target, key, "encode")) ?? null]),
            part.keys?.length ?? 1,
          ],
        ];
      default:
        return [[JSON.stringify([5, ...fieldsOf(part)]), 1]];
    }
  }

  #runsText(runs: readonly LogRun[]): string {
    let text = this.#texts.get(runs);
    if (text === undefined) this.#texts.set(runs, (text = JSON.stringify(this.#runs(runs))));
    return text;
  }

  #rowsText(target: string, rows: readonly Row[]): string {
    let text = this.#texts.get(rows);
    if (text === undefined) this.#texts.set(rows, (text = JSON.stringify(this.#convertRows(target, rows))));
    return text;
  }

  #convertRows(target: string, rows: readonly Row[]): readonly Row[] {
    const conversion = this.#conversions.get(target);
    return conversion === undefined ? rows : rows.map((row) => convertRow(row, conversion.encode));
  }

  #key(target: string, key: Row | null, way: "encode" | "decode"): Row | null {
    const conversion = this.#conversions.get(target);
    if (key === null || conversion === undefined) return key;
    const columns = this.#sealKeys.get(target) ?? [];
    return key.map((value, i) => conversion[way][columns[i]]?.(value) ?? value);
  }

  #runs(runs: readonly LogRun[]): unknown[] {
    return runs.map(({ target, to, from, rows }) => [target, to, from, this.#convertRows(target, rows)]);
  }

  /** A part of a received frame. Throws FrameError if it is none. */
  decodePart(part: unknown): Part {
    if (!Array.isArray(part)) throw new FrameError(`a part is no array: ${short(part)}`);
    const [kind, name] = part as unknown[];
    if (typeof name !== "string") throw new FrameError(`a part names no collection or log: ${short(part)}`);
    switch (kind) {
      case 0:
        return { kind: "rows", target: name, rows: this.#decodeRows(name, part[2]) };
      case 1:
        if (part[2] !== null && !Array.isArray(part[2])) break;
        if (!isCount(part[3])) break;
        return { kind: "seal", target: name, key: this.#key(name, part[2] as Row | null, "decode"), count: part[3] };
      case 2:
        return { kind: "append", log: name, runs: this.#decodeRuns(part[2]) };
      case 3:
        if (!Array.isArray(part[2]) || !isCount(part[3])) break;
        return { kind: "tick", log: name, value: (part[2] as Row).map(decodeOpaque), after: part[3] };
      case 4:
        if (!Array.isArray(part[2]) || !isCount(part[3])) break;
        return {
          kind: "batch",
          log: name,
          value: (part[2] as Row).map(decodeOpaque),
          index: part[3],
          runs: this.#decodeRuns(part[4]),
        };
      case 6:
        return { kind: "trace", parent: name };
      case 7:
        if (part[2] !== null && !Array.isArray(part[2])) break;
        return { kind: "seals", target: name, key: this.#key(name, part[2] as Row | null, "decode") };
      case 8:
        if ((part[2] !== null && !Array.isArray(part[2])) || !isTexts(part[3])) break;
        return { kind: "fix", target: name, key: this.#key(name, part[2] as Row | null, "decode"), producers: part[3] };
      case 9:
        if (part[2] !== null && !(Array.isArray(part[2]) && part[2].every(Array.isArray))) break;
        return {
          kind: "barred",
          target: name,
          keys: (part[2] as readonly Row[] | null)?.map((key) => this.#key(name, key, "decode")!) ?? null,
        };
      case 5: {
        const membership = membershipOf(part.slice(1));
        if (membership !== null) return membership;
      }
    }
    throw new FrameError(`a part of no known form: ${short(part)}`);
  }

  /** All pieces of one envelope, in order, as its parts. A batch that was cut is one batch again. */
  decodeParts(pieces: readonly unknown[]): readonly Part[] {
    const parts: Part[] = [];
    for (const piece of pieces) {
      const part = this.decodePart(piece);
      const last = parts[parts.length - 1];
      if (part.kind === "batch" && last?.kind === "batch" && sameBatch(part, last)) {
        parts[parts.length - 1] = { ...last, runs: [...last.runs, ...part.runs] };
      } else {
        parts.push(part);
      }
    }
    return parts;
  }

  #decodeRows(target: string, rows: unknown): readonly Row[] {
    if (!Array.isArray(rows) || !rows.every(Array.isArray))
      throw new FrameError(`rows of ${target} are no list of lists`);
    const conversion = this.#conversions.get(target);
    return conversion === undefined
      ? (rows as Row[])
      : (rows as Row[]).map((row) => convertRow(row, conversion.decode));
  }

  #decodeRuns(runs: unknown): readonly LogRun[] {
    if (!Array.isArray(runs)) throw new FrameError(`what stands in a log is no list: ${short(runs)}`);
    return runs.map((run: unknown): LogRun => {
      if (!Array.isArray(run)) throw new FrameError(`what stands in a log is no list: ${short(run)}`);
      const [target, to, from, rows] = run as unknown[];
      if (typeof target !== "string" || typeof from !== "string" || (to !== null && typeof to !== "string")) {
        throw new FrameError(`rows of a log without target, receiver or sender: ${short(run)}`);
      }
      return { target, to: to as string | null, from, rows: this.#decodeRows(target, rows) };
    });
  }
}

type Batch = Extract<Part, { kind: "batch" }>;

function sameBatch(a: Batch, b: Batch): boolean {
  return a.log === b.log && a.index === b.index && JSON.stringify(a.value) === JSON.stringify(b.value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? text.slice(0, 77) + "..." : text;
}

function conversionOf(collection: CollectionMeta): Conversion | null {
  if (!collection.columns.some(({ type }) => differs(type))) return null;
  return {
    encode: collection.columns.map(({ type }) => (differs(type) ? (value) => encodeValue(type, value) : null)),
    // What does not decode stays as it is, and is refused by its type afterwards.
    decode: collection.columns.map((column) => {
      if (!differs(column.type)) return null;
      return (value) => {
        const decoded = decodeValue(column, value);
        return decoded.ok ? decoded.value : value;
      };
    }),
  };
}

function convertRow(row: Row, converts: readonly (Convert | null)[]): Row {
  return row.map((value, i) => {
    const convert = converts[i];
    return convert ? convert(value) : value;
  });
}

/** Whether values of the type are something else in JSON. */
function differs(type: ValueType): boolean {
  if (typeof type === "string") return type === "bytes" || type === "float";
  if ("lattice" in type) return differs(representation(formOf(type)));
  return "list" in type ? differs(type.list) : type.tuple.some(differs);
}

/** Values of a log's `by` columns, whose types the envelope does not name. */
function encodeOpaque(value: Value): Value {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (typeof value === "number" && !Number.isFinite(value)) return { $float: String(value) };
  return value;
}

function decodeOpaque(value: Value): Value {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  const tagged = value as { readonly $bytes?: Value; readonly $float?: Value };
  if (typeof tagged.$bytes === "string") return new Uint8Array(Buffer.from(tagged.$bytes, "base64"));
  if (typeof tagged.$float === "string") return Number(tagged.$float);
  return value;
}
