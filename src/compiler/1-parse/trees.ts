import { match, type Cst } from "./cst.ts";
import { explainMismatch } from "./explain.ts";
import { report, spanAt, type Site } from "./site.ts";
import { nestingOf, tokensOf } from "./tokens.ts";

/** Beyond these, walks of the tree could exhaust the stack. No statement that a person reads comes near. */
const deepest = 64;
const mostOperators = 1_000;
const operators: ReadonlySet<string> = new Set("+ - * / % == != < <= > >= && ||".split(" "));
/** Shorter texts cannot be nested too deeply for any walk. */
const shallow = 250;

/** Whether a statement is too large to be read as a tree; reports it. */
function isTooLarge(site: Site, start: string): boolean {
  if (site.text.length <= shallow) return false;
  const tokens = tokensOf(site.text);
  const whole = spanAt(site, 0, site.text.length);
  if (nestingOf(tokens, start !== "rule" && start !== "seal") > deepest) {
    report(site, "DLC101", whole, `Values stand more than ${deepest} deep in one another here.`, {
      mend: "Bind the inner ones to variables of their own, in several rules where needed.",
    });
    return true;
  }
  if (tokens.filter(({ text }) => operators.has(text)).length > mostOperators) {
    report(site, "DLC101", whole, `This statement has more than ${mostOperators} operators.`, {
      mend: "Derive parts of it by rules of their own; many values are better facts of a table, with an aggregate over them.",
    });
    return true;
  }
  return false;
}

/** The tree of a statement, or of its part after annotations; null, after a report, when it cannot be read. */
export function treeOf(site: Site, start: string): Cst | null {
  if (isTooLarge(site, start)) return null;
  const matched = match(site.text, start);
  if (matched.cst !== null) return matched.cst;
  explainMismatch(site, start, matched.failedAt);
  return null;
}
