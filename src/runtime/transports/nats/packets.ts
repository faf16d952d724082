/**
 * Messages of NATS, as this transport fills them: a head, which is a frame, and a piece of the frames of one or more
 * envelopes of one sender. A message may not be longer than the server allows, so that long ones are cut, wherever it falls.
 *
 *   ["e", from, epoch, first, [seq, ...], piece, pieces]     first: number of the first envelope that has not arrived
 */
import type { Envelope, Part } from "../../messages.ts";
import { encodeFrame, FrameError, FrameReader } from "../frames.ts";
import type { WireFormat } from "../wire.ts";

export interface Head {
  readonly from: string;
  readonly epoch: number;
  /** What is below has arrived, and will not come again. */
  readonly first: number;
  /** The envelopes, in order. */
  readonly seqs: readonly number[];
  readonly piece: number;
  readonly pieces: number;
}

/** Pieces of a message in one hand at most: rogues must not fill the memory. */
const MOST_PIECES = 4096;
/** A head is no longer than this. */
const HEAD_BYTES = 16 * 1024;
const LENGTH = 4;

/** `size`: bytes of one message at most. */
export function pack(head: Omit<Head, "piece" | "pieces">, body: Buffer, size: number): readonly Buffer[] {
  const { from, epoch, first, seqs } = head;
  const pieces = Math.max(1, Math.ceil(body.length / size));
  return Array.from({ length: pieces }, (_, piece) => {
    const start = encodeFrame(JSON.stringify(["e", from, epoch, first, seqs, piece, pieces]));
    return Buffer.concat([start, body.subarray(piece * size, (piece + 1) * size)]);
  });
}

/** Throws FrameError for what is not of this form. */
export function unpack(bytes: Uint8Array): { readonly head: Head; readonly body: Buffer } {
  const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = message.length < LENGTH ? -1 : message.readUInt32BE(0);
  if (length < 0 || length > HEAD_BYTES || LENGTH + length > message.length)
    throw new FrameError("a message without a head");
  const frames: (readonly unknown[])[] = [];
  new FrameReader(HEAD_BYTES).push(message.subarray(0, LENGTH + length), (frame) => frames.push(frame));
  const [kind, from, epoch, first, seqs, piece, pieces] = frames[0];
  const isHead =
    kind === "e" &&
    typeof from === "string" &&
    [epoch, first, piece, pieces].every(isCount) &&
    Array.isArray(seqs) &&
    seqs.length > 0 &&
    seqs.every(isCount) &&
    Number(pieces) <= MOST_PIECES &&
    Number(piece) < Number(pieces);
  if (!isHead) throw new FrameError(`a message with the head ${JSON.stringify(frames[0]).slice(0, 80)}`);
  return { head: { from, epoch, first, seqs, piece, pieces } as Head, body: message.subarray(LENGTH + length) };
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Messages that have not come whole, of one life of a sender. */
export class Assembly {
  readonly #incomplete = new Map<string, Incomplete>();

  /** The body when this was the last of its pieces; null: others are missing. `place`: where it stands, in a log. */
  add(head: Head, body: Buffer, place = 0): Buffer | null {
    if (head.pieces === 1) return body;
    const name = head.seqs.join();
    let incomplete = this.#incomplete.get(name);
    if (incomplete?.parts.length !== head.pieces) {
      const parts = new Array<Buffer | undefined>(head.pieces);
      incomplete = { last: head.seqs.at(-1) as number, place, parts };
      this.#incomplete.set(name, incomplete);
    }
    const { parts } = incomplete;
    parts[head.piece] = body;
    for (let i = 0; i < parts.length; i++) if (parts[i] === undefined) return null;
    this.#incomplete.delete(name);
    return Buffer.concat(parts as Buffer[]);
  }

  /** Where the first piece stands of what has not come whole; Infinity: nothing has not. */
  get place(): number {
    let first = Infinity;
    for (const { place } of this.#incomplete.values()) first = Math.min(first, place);
    return first;
  }

  /** What has arrived does not come again. */
  skipTo(first: number): void {
    for (const [name, { last }] of this.#incomplete) if (last < first) this.#incomplete.delete(name);
  }
}

interface Incomplete {
  readonly last: number;
  readonly place: number;
  readonly parts: (Buffer | undefined)[];
}

/** The parts of each envelope in a body, in order. Throws FrameError for what is not of this form. */
export function partsIn(body: Buffer, wire: WireFormat, longest: number): readonly (readonly Part[])[] {
  const envelopes: (readonly Part[])[] = [];
  let pieces: unknown[] = [];
  new FrameReader(longest).push(body, (frame) => {
    if (frame[0] !== "m" && frame[0] !== "p")
      throw new FrameError(`expected a message, found ${JSON.stringify(frame).slice(0, 80)}`);
    for (let i = 2; i < frame.length; i++) pieces.push(frame[i]);
    if (frame[0] === "p") return;
    envelopes.push(wire.decodeParts(pieces));
    pieces = [];
  });
  return envelopes;
}

/** The envelopes of a body whose head names them. */
export function envelopesIn(
  head: Head,
  to: string,
  body: Buffer,
  wire: WireFormat,
  longest: number,
): readonly Envelope[] {
  const parts = partsIn(body, wire, longest);
  if (parts.length !== head.seqs.length)
    throw new FrameError(`${head.seqs.length} envelopes are named, ${parts.length} have come`);
  return parts.map((each, i) => ({ from: head.from, to, epoch: head.epoch, seq: head.seqs[i], parts: each }));
}
