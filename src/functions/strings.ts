/** Strings as cases: all short ones over a few characters, look-alikes, the constants of a source and their variants. */
import type { Draw } from "./domain.ts";
import type { Literals } from "./subject.ts";

const lookAlikes = [
  "",
  " ",
  "  ",
  "a",
  "A",
  "b",
  "B",
  "aa",
  "ab",
  "Ab",
  "ba",
  "abc",
  "ABC",
  " a",
  "a ",
  "\ta",
  "a\n",
  "0",
  "1",
  "-1",
  "00",
  "01",
  "1.0",
  "1e3",
  "NaN",
  "null",
  "undefined",
  "true",
  "false",
  "[]",
  "{}",
  "a,b",
  "a b",
  "a-b",
  "a_b",
  "a:b",
  "a/b",
  "a|b",
  "a.b",
  "\u00e9",
  "e\u0301",
  "\u00df",
  "ss",
  "SS",
  "\u0130",
  "i",
  "I",
  "\u0131",
  "\u03c3",
  "\u03c2",
  "\ufb01",
  "fi",
  "\u00a0",
  "\u0000",
  "\u200b",
  "\u{1f600}",
  "\ud83d",
  "\ude00",
  "%61",
  "%20",
  "+",
  "&amp;",
  "&",
  "\\n",
  "YQ==",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "length",
];

/** All strings of up to two characters over a, b, A and the separators that the source names. */
export function smallStrings(literals: Literals): readonly string[] {
  const separators = literals.strings.filter((text) => text.length === 1).slice(0, 3);
  const letters = [...new Set(["a", "b", "A", ...separators])];
  return ["", ...letters, ...letters.flatMap((first) => letters.map((second) => first + second))];
}

export function stringEdges(literals: Literals): readonly string[] {
  const found = new Set(lookAlikes);
  for (const text of literals.strings) {
    const variants = [
      text,
      text.toUpperCase(),
      text.toLowerCase(),
      text + text,
      `${text}a`,
      `a${text}`,
      `a${text}b`,
      text.slice(1),
      text.slice(0, -1),
      ` ${text}`,
    ];
    for (const variant of variants) if (variant.length < 300) found.add(variant);
  }
  // Where a source names a number, strings may be cut or padded to that length.
  for (const length of literals.numbers) {
    if (!Number.isInteger(length) || length < 1 || length > 128) continue;
    const base = "a".repeat(length);
    for (const variant of [base.slice(1), base, `${base}a`, `${base}b`, `b${base}`, `${base.slice(1)}b`])
      found.add(variant);
    found.add(String(length));
  }
  return [...found];
}

const alphabets = [
  "ab",
  "abAB01 ",
  "abcdefghijklmnopqrstuvwxyz",
  "abcxyzABCXYZ0123456789 -_:,./|",
  "\u00e9\u0301\u00df\u0130\u{1f600}e",
];

export function randomString(draw: Draw, edges: readonly string[]): string {
  if (draw.chance(0.15)) return draw.pick(edges) + draw.pick(edges);
  const alphabet = [...draw.pick(alphabets)];
  return Array.from({ length: draw.below(9) }, () => draw.pick(alphabet)).join("");
}

export function stringNear(text: string, draw: Draw): string {
  const at = draw.below(text.length + 1);
  switch (draw.below(11)) {
    case 0:
      return text.toUpperCase();
    case 1:
      return text.toLowerCase();
    case 2:
      return text.trim();
    case 3:
      return `${text} `;
    case 4:
      return [...text].reverse().join("");
    case 5:
      return text.slice(0, at) + text.slice(at + 1);
    case 6:
      return text.slice(0, at) + draw.pick(["a", "b", "A", " ", "0"]) + text.slice(at);
    case 7:
      return text.normalize("NFC") === text ? text.normalize("NFD") : text.normalize("NFC");
    case 8:
      return /[\ud800-\udfff]/.test(text) ? text : encodeURIComponent(text);
    case 9:
      return text.slice(0, at) + draw.pick(["a", "b", "A", "0"]) + text.slice(at + 1);
    default:
      return text + text;
  }
}

export function* stringsSimpler(text: string): Iterable<string> {
  if (text === "") return;
  yield "";
  yield "a";
  yield "b";
  if (text.length > 3) {
    yield text.slice(0, text.length >> 1);
    yield text.slice(text.length >> 1);
  }
  for (let i = 0; i < text.length && i < 60; i++) yield text.slice(0, i) + text.slice(i + 1);
  for (let i = 0; i < text.length && i < 60; i++) {
    for (const letter of ["a", "b", "A"]) {
      if (text[i]! !== letter) yield text.slice(0, i) + letter + text.slice(i + 1);
    }
  }
}
