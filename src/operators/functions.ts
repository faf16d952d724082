/**
 * The built-in functions, as a table. Only what is pure and gives the same bits on every machine:
 * `log`, `exp`, `sin` and powers are not here, because engines round them differently.
 */
import { scalarType } from "../compiler/types.ts";
import type { BuiltinFunction, Signature, SignatureType } from "./index.ts";

/** `list<T>`, `string`, `T` (a capital letter: any type, the same everywhere in the signature). */
function parseType(text: string): SignatureType {
  if (text.startsWith("list<")) return { kind: "list", of: parseType(text.slice(5, -1)) };
  const scalar = scalarType(text);
  if (scalar !== undefined) return scalar as SignatureType;
  if (/^[A-Z]$/.test(text)) return { kind: "any", name: text };
  throw new Error(`"${text}" is no type of a signature`);
}

/** `list<T>, int -> T`. */
function parseSignature(text: string): Signature {
  const [params, returns] = text.split(" -> ");
  return { params: params === "" ? [] : params.split(", ").map(parseType), returns: parseType(returns) };
}

function define(
  name: string,
  signatures: readonly string[],
  doc: string,
  marks: readonly ("injective" | "partial")[] = [],
): BuiltinFunction {
  return {
    name,
    doc,
    signatures: signatures.map(parseSignature),
    injective: marks.includes("injective"),
    partial: marks.includes("partial"),
  };
}

export const builtinFunctions: readonly BuiltinFunction[] = [
  // Strings. Positions and lengths count UTF-16 units from 0, as in JavaScript.
  define("length", ["string -> nat", "list<T> -> nat", "bytes -> nat"], "Number of UTF-16 units, elements or bytes."),
  define("lower", ["string -> string"], "In small letters, whatever the machine's language."),
  define("upper", ["string -> string"], "In capital letters, whatever the machine's language."),
  define("trim", ["string -> string"], "Without the white space at both ends."),
  define(
    "split",
    ["string, string -> list<string>"],
    'The parts between the occurrences of the second; by "": the UTF-16 units.',
  ),
  define("join", ["list<string>, string -> string"], "All, with the second between them."),
  define(
    "contains",
    ["string, string -> bool", "list<T>, T -> bool"],
    "Whether the second is a part of the string, or an element of the list.",
  ),
  define("startsWith", ["string, string -> bool"], "Whether the string begins with the second."),
  define("endsWith", ["string, string -> bool"], "Whether the string ends with the second."),
  define(
    "indexOf",
    ["string, string -> int", "list<T>, T -> int"],
    "The first place of the second in the first; -1 when there is none.",
  ),
  define(
    "substring",
    ["string, int, int -> string"],
    "From the second place up to, not including, the third; places outside are moved to the ends.",
  ),
  define(
    "replace",
    ["string, string, string -> string"],
    "Every occurrence of the second replaced by the third, both taken literally.",
  ),
  define(
    "toString",
    ["T -> string"],
    "As text; what is neither a string nor an address as JSON (bytes as hex digits).",
    ["injective"],
  ),
  define(
    "parseInt",
    ["string -> int"],
    "The integer that the whole string (white space around it aside) writes in decimal; fails on any other.",
    ["partial"],
  ),
  define(
    "parseFloat",
    ["string -> float"],
    "The number that the whole string (white space around it aside) writes in decimal; fails on any other.",
    ["partial"],
  ),

  // Numbers.
  define("abs", ["int -> nat", "float -> float"], "Without the sign."),
  define("floor", ["float -> int"], "The greatest integer not above; fails beyond the safe integers.", ["partial"]),
  define("ceil", ["float -> int"], "The least integer not below; fails beyond the safe integers.", ["partial"]),
  define("round", ["float -> int"], "The nearest integer, halves upward; fails beyond the safe integers.", ["partial"]),
  define("sqrt", ["float -> float"], "The square root; NaN of a negative number."),
  define("toFloat", ["int -> float"], "The same number as a float.", ["injective"]),
  define("toNat", ["int -> nat"], "The same number; fails on a negative one.", ["partial", "injective"]),
  define("least", ["T, T -> T"], "The lesser of two, in the order of all values."),
  define("greatest", ["T, T -> T"], "The greater of two, in the order of all values."),

  // Lists.
  define("size", ["list<T> -> nat"], "Number of elements."),
  define("at", ["list<T>, int -> T"], "The element at a place, from 0; fails outside the list.", ["partial"]),
  define(
    "slice",
    ["list<T>, int, int -> list<T>"],
    "From the second place up to, not including, the third; places outside are moved to the ends.",
  ),
  define("concat", ["list<T>, list<T> -> list<T>"], "The elements of both, in order."),
  define("reverse", ["list<T> -> list<T>"], "Last element first.", ["injective"]),
  define("sort", ["list<T> -> list<T>"], "In the order of all values."),
  define("unique", ["list<T> -> list<T>"], "Each value once, at its first place."),
  define(
    "range",
    ["int, int -> list<int>"],
    "The integers from the first up to, not including, the second; fails beyond ten million.",
    ["partial"],
  ),

  // Anything.
  define("hash", ["T -> nat"], "A fixed 32-bit hash (FNV-1a of the canonical JSON); different values may share one."),
  define("toJson", ["T -> json"], "The value as JSON; fails on bytes, NaN and infinities.", ["partial", "injective"]),
  define("parseJson", ["string -> json"], "The JSON value that the string writes; fails on any other string.", [
    "partial",
  ]),
  define("field", ["json, string -> json"], "A member of a JSON object; fails where there is none.", ["partial"]),
  define("hasField", ["json, string -> bool"], "Whether it is a JSON object with that member."),
  define("asString", ["json -> string"], "A JSON string; fails on any other value.", ["partial"]),
  define("asInt", ["json -> int"], "A JSON number that is a safe integer; fails on any other value.", ["partial"]),
  define("asFloat", ["json -> float"], "A JSON number; fails on any other value.", ["partial"]),
  define("asBool", ["json -> bool"], "A JSON true or false; fails on any other value.", ["partial"]),
  define("asList", ["json -> list<json>"], "The elements of a JSON array; fails on any other value.", ["partial"]),
];
