/** Values as bytes that are the same in every process. */
import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { bytesOf, valuesOf } from "../src/runtime/membership/state-bytes.ts";
import { Random } from "../src/verify/schedule.ts";

const back = (value: unknown): unknown => valuesOf(bytesOf(value));

/** A text of two bytes a unit in memory, though one would do. */
const wide = (text: string): string => `\u{4e00}${text}`.slice(1);

describe("a state as bytes", () => {
  test.each<[string, unknown]>([
    ["plain values", [undefined, null, true, false, 0, -0, -1, 2 ** 31, -(2 ** 31), 0.1, NaN, -Infinity, 12n]],
    ["texts", ["", "abc", "Grüße", "一二", "\u{1f600}", "\ud800", "a\0b"]],
    ["collections", [new Map<unknown, unknown>([[[1], new Set(["x"])]]), new Set([new Map()]), { a: { b: [] } }, []]],
    ["views", [new Int32Array([1, -2]), new Uint8Array(), new Float64Array([0.5, NaN]), new BigInt64Array([-1n])]],
    ["others", [new Date(5), { when: new Date(6) }]],
    ["a key that is none of an object's own", [JSON.parse('{"__proto__": 1}')]],
  ])("%s come back", (_, values) => {
    expect(back(values)).toEqual(values);
  });

  test("a view is of its own bytes, and grows no larger than what it shows", () => {
    const part = new Int32Array(new ArrayBuffer(64), 8, 2).fill(7);
    const [view] = back([part]) as [Int32Array];
    expect([view, view.buffer.byteLength]).toEqual([part, 8]);
  });

  test("what stands in several places is one object again, also within itself", () => {
    const shared = [1];
    const loop: unknown[] = [shared, new Int32Array(2)];
    loop.push(loop, new Map([[shared, loop[1]]]));
    const came = back([shared, loop]) as [unknown[], [unknown, unknown, unknown, Map<unknown, unknown>]];
    expect(came[1][0]).toBe(came[0]);
    expect(came[1][2]).toBe(came[1]);
    expect(came[1][3].get(came[0])).toBe(came[1][1]);
  });

  test("the same values are the same bytes, however they lie in memory", () => {
    const doubles = [0.5, 1, 2];
    doubles[0] = 0;
    const sparse: unknown[] = [];
    for (let i = 2; i >= 0; i--) sparse[i] = i;
    for (const other of [doubles, sparse]) expect(bytesOf(other).equals(bytesOf([0, 1, 2]))).toBe(true);
    const texts = ["a", "key of a table", "x".repeat(40)];
    expect(bytesOf(texts.map(wide)).equals(bytesOf(texts))).toBe(true);
  });

  test("bytes that are cut off, too many or changed are refused, or are some values", () => {
    const bytes = bytesOf([new Map([["a", new Int32Array(3)]]), "text", { a: 0.5 }, new Set([1])]);
    for (let at = 0; at < bytes.length; at++) expect(() => valuesOf(bytes.subarray(0, at))).toThrow();
    expect(() => valuesOf(Buffer.concat([bytes, Buffer.from([0])]))).toThrow("more bytes than values");
    const random = new Random(1);
    for (let n = 0; n < 2000; n++) {
      const changed = Buffer.from(bytes);
      changed[random.below(changed.length)] = random.below(256);
      try {
        valuesOf(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
  });
});
