import type { Code } from "../diagnostics/codes.ts";
import { report, spanAt, type Advice, type Site } from "./site.ts";
import type { Token } from "./tokens.ts";

/** The place of a failed match: the tokens of the statement, and which of them could not be read. */
export interface Failure {
  readonly site: Site;
  readonly start: string;
  readonly tokens: readonly Token[];
  /** null when the statement ended too early. */
  readonly found: Token | null;
  readonly before: Token | null;
}

/** A mistake that can be told from others: reports it, or says that it is not this one. */
export type Explanation = (failure: Failure) => boolean;

export function say(failure: Failure, code: Code, token: Token, message: string, advice: Advice = {}): true {
  report(failure.site, code, spanAt(failure.site, token.at, token.text.length), message, advice);
  return true;
}

/** A replacement of one token. */
export function change(
  failure: Failure,
  token: Token,
  text: string,
  title = `Write \`${text}\``,
): NonNullable<Advice["fix"]> {
  return { title, span: spanAt(failure.site, token.at, token.text.length), text };
}
