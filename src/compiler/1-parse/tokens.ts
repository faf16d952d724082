/** Words, numbers, strings and signs of one statement, for the explanation of what went wrong in it. */
export interface Token {
  readonly kind: "word" | "number" | "string" | "sign" | "strange";
  readonly text: string;
  /** Offset in the statement. */
  readonly at: number;
}

// Signs that people write and the language lacks are one token each, so that a message can name them.
const signs =
  "<\\+-|<--|<==|===|!==|==>|-->|<=>|:-|:=|<=|<\\+|<-|<~|=>|->|==|!=|>=|<>|&&|\\|\\||\\*\\*|\\+\\+|--|~>|\\?\\?" +
  "|[-+*/%<>=!(){}[\\],.:;@&|?~#$^]";
const pattern = new RegExp(
  [
    "(?<word>[A-Za-z_][A-Za-z0-9_]*)",
    "(?<number>[0-9][A-Za-z0-9_]*(?:\\.[0-9][A-Za-z0-9_]*)?)",
    '(?<string>"(?:[^"\\\\]|\\\\.)*"?)',
    `(?<sign>${signs})`,
    "(?<strange>\\S)",
  ].join("|"),
  "gsu",
);

export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const found of text.matchAll(pattern)) {
    const groups = found.groups as Record<string, string | undefined>;
    const kind = (["word", "number", "string", "sign", "strange"] as const).find((name) => groups[name] !== undefined);
    tokens.push({ kind: kind ?? "strange", text: found[0], at: found.index });
  }
  return tokens;
}

/** Where a token ends, exclusive. */
export function endOf(token: Token): number {
  return token.at + token.text.length;
}

/** Whether a value can end here, so that a comma or an operator may follow. */
export function endsOperand(token: Token): boolean {
  return token.kind === "sign" ? ")]}".includes(token.text) : token.kind !== "strange" && !joining.has(token.text);
}

/** Whether a value can begin here. */
export function beginsOperand(token: Token): boolean {
  return token.kind === "sign" ? "([{".includes(token.text) : token.kind !== "strange" && !joining.has(token.text);
}

const joining: ReadonlySet<string> = new Set(["having", "in", "then", "else"]);

/** A bracket without its counterpart, the first that can be told. */
export interface Imbalance {
  readonly kind: "unclosed" | "unopened" | "crossed";
  readonly token: Token;
  /** What would close it, or what it should have been. */
  readonly wanted: string;
}

const closing: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

export function imbalanceOf(tokens: readonly Token[]): Imbalance | null {
  const open: Token[] = [];
  for (const token of tokens) {
    if (token.kind !== "sign") continue;
    if (closing[token.text] !== undefined) open.push(token);
    else if (token.text === ")" || token.text === "]" || token.text === "}") {
      const last = open.pop();
      if (last === undefined) return { kind: "unopened", token, wanted: "" };
      if (closing[last.text] !== token.text) return { kind: "crossed", token, wanted: closing[last.text] };
    }
  }
  // The innermost one: what was opened last was forgotten.
  const last = open.pop();
  return last === undefined ? null : { kind: "unclosed", token: last, wanted: closing[last.text] };
}

/** How deep values stand in one another, by brackets, `if`s and prefix signs, at its deepest; `types`: `<` is a bracket. */
export function nestingOf(tokens: readonly Token[], types: boolean): number {
  const conditionals = [0];
  let depth = 0;
  let prefixes = 0;
  let deepest = 0;
  for (const { text } of tokens) {
    prefixes = text === "-" || text === "!" || text === "--" ? prefixes + text.length : 0;
    if (closing[text] !== undefined || (types && text === "<")) {
      depth++;
      conditionals.push(0);
    } else if (")]}".includes(text) || (types && text === ">")) {
      depth -= 1 + (conditionals.pop() ?? 0);
      if (conditionals.length === 0) conditionals.push(0);
    } else if (text === "if") {
      depth++;
      conditionals[conditionals.length - 1]++;
    } else if (text === ",") {
      depth -= conditionals[conditionals.length - 1];
      conditionals[conditionals.length - 1] = 0;
    }
    deepest = Math.max(deepest, depth + prefixes);
  }
  return deepest;
}
