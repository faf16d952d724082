/**
 * Ohm's concrete syntax tree, walked by hand.
 *
 * Ohm's own way to read a tree (semantics and their wrapper nodes) costs more than the match; the tree
 * it hands to them is plain. Offsets of children count from the start of the enclosing rule
 * application, also those inside an iteration.
 */
import grammar from "../../../grammar/dlc.ohm-bundle.js";

export interface Cst {
  readonly ruleName: string;
  readonly children: readonly Cst[];
  readonly childOffsets: readonly number[];
  readonly matchLength: number;
}

/** The tree of `text` under `start`, or how far the match came when there is none. */
export function match(
  text: string,
  start: string,
): { readonly cst: Cst } | { readonly cst: null; readonly failedAt: number } {
  const result = grammar.match(text, start);
  if (result.failed()) return { cst: null, failedAt: result.getRightmostFailurePosition() };
  // The tree of `start` followed by the end of the text: `start`'s own node when it stands alone.
  const cst = (result as unknown as { _cst: Cst })._cst;
  return { cst };
}

/** What the grammar could have read where its match of `text` failed, in Ohm's words (`"("`, `"a".."z"`). */
export function failuresOf(text: string, start: string): string[] {
  const result = grammar.match(text, start);
  if (result.succeeded()) return [];
  // Ohm's declarations leave this method out.
  const failures = (
    result as unknown as { getRightmostFailures(): readonly { toString(): string }[] }
  ).getRightmostFailures();
  return failures.map((failure) => failure.toString());
}
