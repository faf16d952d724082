/** Bytes as text, in whatever pieces they come. */
import { describe, expect, test } from "vitest";
import { malformed, parseLine } from "../src/runtime/lines.ts";
import { Utf8 } from "../src/runtime/utf8.ts";

function decoded(bytes: Uint8Array, size: number): string {
  const decoder = new Utf8();
  let text = "";
  for (let at = 0; at < bytes.length; at += size) text += decoder.decode(bytes.subarray(at, at + size));
  return text + decoder.end();
}

describe("UTF-8", () => {
  const text = '{"a":"é–𝄞"}\n{"b":"\ufffd"}\r\nplain';

  test.each([1, 2, 3, 4, 5, 100])("in pieces of %i bytes is the text, without its byte order mark", (size) => {
    const bytes = Buffer.from(text);
    expect(decoded(bytes, size)).toBe(text);
    expect(decoded(Buffer.concat([Buffer.from("\ufeff"), bytes]), size)).toBe(text);
    expect(decoded(Buffer.alloc(0), size)).toBe("");
  });

  test.each([1, 2, 3, 100])("in pieces of %i bytes: bytes that are no characters mark their own line", (size) => {
    const latin = Buffer.concat([
      Buffer.from('{"a":"caf'),
      Buffer.from([0xe9]),
      Buffer.from('"}\n{"b":"\ufffd"}\n'),
      Buffer.from([0xc3]),
    ]);
    const [first, second, last] = decoded(latin, size).split("\n");
    expect(parseLine(first)).toEqual({ ok: false, column: 10, problem: "not UTF-8 text" });
    // What was written as such is no fault.
    expect(parseLine(second)).toEqual({ ok: true, value: { b: "\ufffd" } });
    expect(last).toBe(malformed);
  });

  test("a column of a bad row is never kept as another text", () => {
    expect(parseLine(decoded(Buffer.from([0x22, 0xff, 0x22]), 3)).ok).toBe(false);
  });
});
