/** Bytes as text, piece by piece, so that a line that is not UTF-8 can be told from the others. */
import { isUtf8 } from "node:buffer";
import { malformed } from "./lines.ts";

const NEWLINE = 10;

export class Utf8 {
  /** The beginning of a character that the next piece goes on with. */
  #rest: Uint8Array = new Uint8Array(0);
  #isFirst = true;

  /** Of a line with bytes that are no character, each of these is `malformed`. */
  decode(piece: Uint8Array): string {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const end = bytes.length - incompleteAtEnd(bytes);
    this.#rest = bytes.slice(end);
    return this.#textOf(Buffer.from(bytes.buffer, bytes.byteOffset, end));
  }

  /** What no piece has gone on with. */
  end(): string {
    return this.#textOf(Buffer.from(this.#rest));
  }

  #textOf(bytes: Buffer): string {
    let text = isUtf8(bytes) ? bytes.toString("utf8") : "";
    if (text === "")
      for (let start = 0; start < bytes.length;) {
        const newline = bytes.indexOf(NEWLINE, start);
        const line = bytes.subarray(start, newline < 0 ? bytes.length : newline + 1);
        text += isUtf8(line) ? line.toString("utf8") : line.toString("utf8").replaceAll("\ufffd", malformed);
        start += line.length;
      }
    if (this.#isFirst && text.startsWith("\ufeff")) text = text.slice(1);
    this.#isFirst &&= bytes.length === 0;
    return text;
  }
}

/** How many of the last bytes begin a character that is longer. */
function incompleteAtEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? back : 0;
  }
  return 0;
}
