/** The tokens of one statement with the comments between them, for printing it anew. */

export interface Token {
  readonly kind: "word" | "number" | "string" | "sign" | "comment";
  readonly text: string;
  /** Line of the statement on which it starts, from 0. */
  readonly line: number;
  /** Whether white space stands before it. */
  readonly spaced: boolean;
  /** How deep in brackets; of a bracket itself, outside of it. */
  readonly depth: number;
}

/** Signs of more than one character, also some that people write and the language lacks; longer ones first. */
const compounds = "<+- === !== ==> --> <=> <== := <= <+ <- <~ => -> == != >= && || ** ++ ~> ??".split(" ");
const signs = `${compounds.map((sign) => sign.replace(/[+*?|]/g, "\\$&")).join("|")}|\\S`;
const pattern = new RegExp(
  [
    "(?<blank>\\s+)",
    "(?<comment>//[^\\n]*|/\\*[\\s\\S]*?\\*/)",
    "(?<word>[A-Za-z_][A-Za-z0-9_]*)",
    "(?<number>[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?[A-Za-z0-9_]*)",
    '(?<string>"(?:[^"\\\\\\n]|\\\\.)*"?)',
    `(?<sign>${signs})`,
  ].join("|"),
  "gu",
);

/** Line breaks of `text` are `\n`. */
export function lex(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let line = 0;
  let depth = 0;
  let spaced = false;
  let merged = false;
  const push = (kind: Token["kind"], part: string): void => {
    if (kind === "sign" && ")]}".includes(part)) depth = Math.max(0, depth - 1);
    tokens.push({ kind, text: part, line, spaced, depth });
    if (kind === "sign" && "([{".includes(part)) depth++;
    spaced = false;
  };
  for (const { 0: found, groups = {} } of text.matchAll(pattern)) {
    if (groups["blank"] !== undefined) spaced = true;
    else if (groups["sign"] === undefined) {
      const kind = (["comment", "word", "number", "string"] as const).find((name) => groups[name] !== undefined)!;
      push(kind, kind === "comment" ? found.trimEnd() : found);
    } else if (isMerge(found) && depth === 0 && !merged) {
      merged = true;
      push("sign", found);
    } else if (found === "<-" || found === "<+-") {
      // Behind the merge it is a comparison with a negative number.
      for (const sign of found) push("sign", sign);
    } else push("sign", found);
    for (const character of found) if (character === "\n") line++;
  }
  return tokens;
}

export function isMerge(text: string): boolean {
  return text === "<=" || text === "<+" || text === "<-" || text === "<+-" || text === "<~";
}

const firstSign = new RegExp(`^(?:${signs})`, "u");

/** Whether two signs without a space between them would be read as others: `<` and `-`, `*` and `**`. */
export function wouldJoin(a: string, b: string): boolean {
  return a !== "" && b !== "" && firstSign.exec(a + b)![0] !== a;
}
