import { describe, expect, test } from "vitest";
import { Texts } from "../src/runtime/engine/texts.ts";

/** A table of entries with its texts, and beside it what it ought to know. */
function table(): {
  enter: (text: string) => number;
  drop: (isDead: (text: string) => boolean) => void;
  all: () => Map<string, number>;
} {
  const entries: unknown[] = [null, false];
  const texts = new Texts(entries);
  const known = new Map<string, number>();
  const free: number[] = [];
  return {
    enter(text) {
      const found = texts.find(text);
      if (found >= 0) return found;
      const entry = free.pop() ?? entries.length;
      entries[entry] = text;
      texts.add(entry);
      known.set(text, entry);
      return entry;
    },
    drop(isDead) {
      const gone: number[] = [];
      texts.keep(
        (entry) => !isDead(entries[entry] as string),
        (entry) => gone.push(entry),
      );
      for (const entry of gone) {
        known.delete(entries[entry] as string);
        entries[entry] = undefined;
        free.push(entry);
      }
    },
    all: () => known,
  };
}

describe("the texts of an engine", () => {
  test("each has one entry, however many there are, and keeps it while it lives", () => {
    const { enter, drop, all } = table();
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 2_000; i++) enter(`text ${(i * 7 + round * 991) % 5_000}`);
      const before = new Map(all());
      drop((text) => Number(text.slice(5)) % 3 === round % 3);
      for (const [text, entry] of before) {
        if (Number(text.slice(5)) % 3 === round % 3) expect(all().has(text)).toBe(false);
        else expect(enter(text)).toBe(entry);
      }
    }
    expect(new Set(all().values()).size).toBe(all().size);
  });

  // These have equal hashes, two and two.
  test.each([
    ["costarring", "liquid"],
    ["declinate", "macallums"],
    ["altarage", "zinke"],
  ])("%s is not taken for %s", (one, other) => {
    const { enter, drop } = table();
    const first = enter(one);
    const second = enter(other);
    expect(second).not.toBe(first);
    expect(enter(one)).toBe(first);
    drop((text) => text === one);
    expect(enter(other)).toBe(second);
  });

  test("the empty text, long ones and such that no encoding keeps", () => {
    const { enter } = table();
    const texts = ["", "a", "\ud800", "\ud800\udc00", "ä".repeat(100_000), "ä".repeat(100_001)];
    const entries = texts.map(enter);
    expect(new Set(entries).size).toBe(texts.length);
    expect(texts.map(enter)).toEqual(entries);
  });

  test("long texts that differ where a hash does not look have an entry each, and are found as fast as others", () => {
    const { enter, all } = table();
    const long = (i: number): string => `${"a".repeat(20)}${String(i).padStart(6, "0")}${"b".repeat(200)}`;
    for (let i = 0; i < 3_000; i++) enter(long(i));
    expect(all().size).toBe(3_000);
    for (let i = 0; i < 3_000; i++) expect(enter(long(i))).toBe(all().get(long(i)));
  });

  test("where hashes that look at some units of a text hardly tell texts apart, they look at all", () => {
    const entries: unknown[] = [];
    let read = 0;
    /** Counts how often a text is compared with another. */
    const texts = new Texts(new Proxy(entries, { get: (of, key) => (read++, Reflect.get(of, key) as unknown) }));
    const long = (i: number): string => `${"a".repeat(20)}${String(i).padStart(6, "0")}${"b".repeat(200)}`;
    for (let i = 0; i < 20_000; i++) {
      expect(texts.find(long(i))).toBe(-1);
      entries.push(long(i));
      texts.add(i);
    }
    expect(read).toBeLessThan(10_000);
  });
});
