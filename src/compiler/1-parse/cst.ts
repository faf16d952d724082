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

export type StartRule = "rule" | "role" | "collection" | "seal" | "function" | "lattice";

/** The tree of `text` under `start`, or how far the match came when there is none. */
export function match(text: string, start: string): { readonly cst: Cst } | { readonly cst: null; readonly failedAt: number } {
  const result = grammar.match(text, start);
  if (result.failed()) return { cst: null, failedAt: result.getRightmostFailurePosition() };
  // The tree of `start` followed by the end of the text: `start`'s own node when it stands alone.
  const cst = (result as unknown as { _cst: Cst })._cst;
  return { cst };
}
