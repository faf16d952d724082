/**
 * Frames on a byte stream: four bytes of length (big endian), then that many bytes of UTF-8 JSON,
 * always an array whose first element names the kind.
 */

/** A frame longer than this is refused by its reader; its writer splits before. Bytes. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024;

const HEADER = 4;

export function encodeFrame(json: string): Buffer {
  const length = Buffer.byteLength(json);
  const frame = Buffer.allocUnsafe(HEADER + length);
  frame.writeUInt32BE(length, 0);
  frame.write(json, HEADER);
  return frame;
}

/** A stream that is not of our making; the connection it came from cannot be read any further. */
export class FrameError extends Error {
  override name = "FrameError";
}

/** Cuts a byte stream into frames. After it has thrown it must not be fed again. */
export class FrameReader {
  /** Longest frame that is taken, bytes. */
  limit: number;
  /** Bytes of a frame that has not come whole, in order. */
  #chunks: Buffer[] = [];
  #size = 0;
  /** Bytes needed before anything can be taken. */
  #need = HEADER;

  constructor(limit: number = MAX_FRAME_BYTES) {
    this.limit = limit;
  }

  /** Calls `take` with each frame that is now complete, parsed. Throws FrameError for what is no frame. */
  push(chunk: Buffer, take: (frame: readonly unknown[]) => void): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#need) return;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#size);
    let at = 0;
    this.#need = HEADER;
    while (bytes.length - at >= HEADER) {
      const length = bytes.readUInt32BE(at);
      if (length > this.limit) {
        throw new FrameError(`a frame of ${length} bytes was announced, ${this.limit} are allowed`);
      }
      if (bytes.length - at - HEADER < length) {
        this.#need = HEADER + length;
        break;
      }
      take(parseFrame(bytes.toString("utf8", at + HEADER, at + HEADER + length)));
      at += HEADER + length;
    }
    this.#chunks = at === bytes.length ? [] : [at === 0 ? bytes : bytes.subarray(at)];
    this.#size = bytes.length - at;
  }
}

function parseFrame(text: string): readonly unknown[] {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch (error) {
    throw new FrameError(`a frame is not JSON (${(error as Error).message}): ${excerpt(text)}`);
  }
  if (!Array.isArray(frame) || typeof frame[0] !== "string") {
    throw new FrameError(`a frame is not an array that begins with its kind: ${excerpt(text)}`);
  }
  return frame;
}

/** The beginning of a text for a message, on one line. */
export function excerpt(text: string): string {
  const line = text.length > 80 ? text.slice(0, 77) + "..." : text;
  return JSON.stringify(line);
}
