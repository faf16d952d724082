import type { Expr } from "../ast.ts";
import { report, spanAt, textAt, type Site } from "./site.ts";

/** The number that stands at `at`: an int, or a float when it has a `.` or an exponent. */
export function numberValue(site: Site, at: number, length: number): Expr {
  const text = textAt(site, at, length);
  const span = spanAt(site, at, length);
  const value = Number(text);
  if (/[.eE]/.test(text)) {
    if (!Number.isFinite(value)) {
      report(site, "DLC112", span, `\`${text}\` is larger than any float.`, {
        mend: "The largest float is about 1.8e308.",
      });
    }
    return { kind: "literal", type: "float", value: Number.isFinite(value) ? value : 0, span };
  }
  if (!Number.isSafeInteger(value)) {
    report(site, "DLC112", span, `\`${text}\` is beyond the integers that are exact (${Number.MAX_SAFE_INTEGER}).`, {
      mend: `Write a float (\`${text}.0\`) where the last digits do not matter, or a string where it is a name.`,
    });
    return { kind: "literal", type: "int", value: 0, span };
  }
  return { kind: "literal", type: "int", value, span };
}

const single: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  v: "\v",
  "0": "\0",
  '"': '"',
  "'": "'",
  "\\": "\\",
  "/": "/",
  "`": "`",
};

/** The value of the string in quotes at `at`, with JavaScript's escapes. */
export function textValue(site: Site, at: number, length: number): string {
  const raw = textAt(site, at + 1, length - 2);
  if (!raw.includes("\\")) return raw;
  let value = "";
  let i = 0;
  while (i < raw.length) {
    if (raw[i] !== "\\") {
      value += raw[i++];
      continue;
    }
    const rest = raw.slice(i + 1, i + 12);
    const coded = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\})/.exec(rest);
    const point = coded === null ? -1 : Number.parseInt(coded[1] ?? coded[2] ?? coded[3], 16);
    if (coded !== null && point <= 0x10ffff) {
      value += String.fromCodePoint(point);
      i += 1 + coded[0].length;
      continue;
    }
    const plain = single[rest[0]] as string | undefined;
    if (plain !== undefined && !(rest[0] === "0" && /^[0-9]/.test(rest.slice(1)))) {
      value += plain;
      i += 2;
      continue;
    }
    const shown = /^(?:u\{[^}"]*\}?|u.{0,4}|x.{0,2}|.)/u.exec(rest)?.[0] ?? "";
    report(site, "DLC113", spanAt(site, at + 1 + i, 1 + shown.length), `\`\\${shown}\` is not an escape.`, {
      mend: "Escapes are \\n \\t \\r \\b \\f \\v \\0 \\\" \\' \\\\ \\xHH \\uHHHH \\u{H…}; a backslash itself is written \\\\.",
    });
    i += 2;
  }
  return value;
}
