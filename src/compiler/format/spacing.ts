/** Where one space stands between two tokens, and where none. */
import { isMerge, wouldJoin } from "./lex.ts";
import type { Token } from "./lex.ts";

const binary: ReadonlySet<string> = new Set(
  "<= <+ <- <+- <~ -> = == != < > >= + - * / % && || === !== ==> --> <=> <== := => ** ++ ~> ??".split(" "),
);
/** Words behind which a bracket begins a value and not the arguments of a call. */
const leading: ReadonlySet<string> = new Set(["not", "in", "if", "then", "else", "having"]);

/** The tokens on one line. `types`: `<` and `>` are the brackets of types, as in declarations. */
export function spacedOut(tokens: readonly Token[], types: boolean): string {
  let text = "";
  for (let i = 0; i < tokens.length; i++) {
    if (i > 0 && isSpaced(tokens, i, types)) text += " ";
    text += tokens[i]!.text;
  }
  return text;
}

function isSpaced(tokens: readonly Token[], i: number, types: boolean): boolean {
  const before = tokens[i - 1]!;
  const token = tokens[i]!;
  if (before.kind === "comment" || token.kind === "comment") return true;
  const a = before.kind === "sign" ? before.text : "";
  const b = token.kind === "sign" ? token.text : "";
  if (wouldJoin(a, b)) return true;
  if ((before.kind === "number" && b === ".") || (a === "." && token.kind === "number")) return token.spaced;
  if (b === "," || b === ";" || b === ")" || b === "]" || b === ":" || b === ".") return false;
  if (a === "(" || a === "[" || a === "." || a === "@" || a === "{" || b === "}") return false;
  if (b === "@") return false;
  if (types && (b === "<" || b === ">" || a === "<")) return false;
  if (types && a === ">") return token.kind !== "sign" || b === "{";
  if (isUnary(tokens, i - 1)) return false;
  if (b === "(") return isBracketApart(tokens, i);
  if (b === "[" && before.kind === "word") return leading.has(before.text) || token.spaced;
  return true;
}

/** Whether a `(` does not belong to the word before it. */
function isBracketApart(tokens: readonly Token[], i: number): boolean {
  const before = tokens[i - 1]!;
  if (before.kind === "sign") return before.text !== ")" && !(before.text === "*" && tokens[i - 2]?.text === "@");
  if (before.kind !== "word") return before.kind !== "string" || tokens[i - 2]?.text !== "@";
  if (leading.has(before.text)) return true;
  // `count(distinct (a, b))` is another thing than `distinct(a, b)`.
  if (before.text === "distinct") return tokens[i]!.spaced;
  // `sealed by (k)`; but `table by(k: int)`, `not by(k)`.
  const named = tokens[i - 2];
  return before.text === "by" && i > 2 && named?.kind === "word" && !leading.has(named.text);
}

/** `-` and `!` before a value, and the `*` that stands for one. */
function isUnary(tokens: readonly Token[], i: number): boolean {
  const { kind, text } = tokens[i]!;
  if (kind !== "sign") return false;
  if (text === "!") return true;
  if (text !== "-" && text !== "*") return false;
  const before = tokens[i - 1];
  if (before === undefined) return true;
  if (before.kind === "word") return leading.has(before.text);
  if (before.kind !== "sign") return false;
  return "([{,:@".includes(before.text) || binary.has(before.text) || before.text === "!" || isMerge(before.text);
}
