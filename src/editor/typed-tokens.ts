/** The tokens of a statement that is being typed: what is open there, and what has ended. */
import type { Token } from "../compiler/1-parse/tokens.ts";
import * as words from "./words.ts";

/** Behind `//` that does not stand in a string. */
export function isInComment(before: string): boolean {
  const line = before.slice(before.lastIndexOf("\n") + 1);
  return /^(?:[^"/]|"(?:[^"\\]|\\.)*"|\/(?!\/))*\/\//.test(line);
}

/** A bracket that is open where something is asked for. */
export interface Open {
  readonly at: number;
  /** The word before it. */
  readonly callee: Token | null;
}

export function isMerge(text: string): boolean {
  return text === "<=" || text === "<+" || text === "<-" || text === "<+-" || text === "<~";
}

export function isOperandEnd({ kind, text }: Token): boolean {
  return kind === "word"
    ? !words.ruleWords.includes(text)
    : kind === "sign"
      ? ")]}".includes(text)
      : kind !== "strange";
}

export function withoutAnnotations(tokens: readonly Token[]): readonly Token[] {
  let rest = tokens;
  while (rest[0]?.text === "@") {
    let depth = 0;
    const end = rest.findIndex(({ text }) => {
      if (text === "(") depth++;
      return text === ")" && --depth === 0;
    });
    if (end < 0) return rest;
    rest = rest.slice(end + 1);
  }
  return rest;
}

export function openBrackets(tokens: readonly Token[]): readonly Open[] {
  const open: Open[] = [];
  tokens.forEach(({ text }, at) => {
    const before = tokens[at - 1];
    if (text === "(" || text === "[" || text === "{")
      open.push({ at, callee: text === "(" && before?.kind === "word" ? before : null });
    else if (text === ")" || text === "]" || text === "}") open.pop();
  });
  return open;
}
