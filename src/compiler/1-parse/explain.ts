import type { SourceFile } from "../ast.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { expectedOf } from "./expected.ts";
import { change, say, type Explanation, type Failure } from "./failure.ts";
import { commonMistakes } from "./mistakes.ts";
import type { ScanProblem } from "./scan.ts";
import { report, spanAt, type Site } from "./site.ts";
import { endOf, tokensOf } from "./tokens.ts";

/** What the scanner found, in words. */
export function reportScan(file: SourceFile, problems: readonly ScanProblem[], diagnostics: Diagnostic[]): void {
  for (const problem of problems) {
    const span = { start: problem.start, end: problem.end };
    switch (problem.kind) {
      case "unterminated-string":
        report({ file, diagnostics }, "DLC103", span, "This string is not closed on its line.", {
          mend: 'Write `"` at its end; a line break inside a string is written \\n.',
        });
        break;
      case "unterminated-comment":
        report({ file, diagnostics }, "DLC103", span, "This comment is never closed.", {
          mend: "Write `*/` at its end.",
        });
        break;
      case "stray-close":
        report({ file, diagnostics }, "DLC105", span, "This `}` closes nothing.", {
          mend: "Take it away, or look for a role's `{` that is missing before it.",
        });
        break;
    }
  }
}

/** Reports why `site.text` is not what the grammar's rule `start` reads: the match got as far as `failedAt`. */
export function explainMismatch(site: Site, start: string, failedAt: number): void {
  const tokens = tokensOf(site.text);
  // The scanner has reported it, and everything after it is a guess.
  if (tokens.some((token) => token.kind === "string" && !/^".*[^\\]"$|^""$|\\\\"$/s.test(token.text))) return;
  const index = tokens.findIndex((token) => endOf(token) > failedAt);
  const found = index < 0 ? null : tokens[index];
  const before = (index < 0 ? tokens.at(-1) : tokens[index - 1]) ?? null;
  const failure: Failure = { site, start, tokens, found, before };
  if (![...commonMistakes, ...declarationMistakes].some((explains) => explains(failure)))
    explainExpected(failure, failedAt);
}

const declarationMistakes: readonly Explanation[] = [missingType, joinedModifiers, dashedName];

function missingType(failure: Failure): boolean {
  const { found, before, start, tokens } = failure;
  if ((start !== "collection" && start !== "function") || found === null || before === null) return false;
  const named = tokens[tokens.indexOf(before) - 1];
  if (before.text === ":" && named?.kind === "word") {
    return say(failure, "DLC101", before, `The type of \`${named.text}\` is missing.`, {
      mend: `Write it after the colon: \`${named.text}: string\`.`,
    });
  }
  if (before.kind !== "word") return false;
  const previous = tokens[tokens.indexOf(before) - 1]?.text;
  if (previous !== "(" && previous !== "," && previous !== "->") return false;
  return say(failure, "DLC101", before, `The type of \`${before.text}\` is missing.`, {
    mend: `Write it after a colon: \`${before.text}: string\`.`,
    ...(found.kind === "word"
      ? { fix: { title: "Insert `:`", span: spanAt(failure.site, endOf(before), 0), text: ":" } }
      : {}),
  });
}

function joinedModifiers(failure: Failure): boolean {
  const { found, before, start } = failure;
  if (found?.text !== "," || before === null || (start !== "collection" && start !== "function" && start !== "role"))
    return false;
  return say(failure, "DLC101", found, "No comma is expected here.", {
    mend: "Words after the columns are separated by spaces.",
    fix: change(failure, found, "", "Take the comma away"),
  });
}

function dashedName(failure: Failure): boolean {
  const { found, before, start, tokens } = failure;
  if (found?.text !== "-" || before?.kind !== "word" || start === "rule") return false;
  const next = tokens[tokens.indexOf(found) + 1];
  if (endOf(before) !== found.at || next === undefined || next.at !== endOf(found)) return false;
  const name = `${before.text}_${next.text}`;
  return say(failure, "DLC101", found, "A name has no `-`.", {
    mend: `Names are letters, digits and \`_\`: \`${name}\`.`,
    fix: change(failure, found, "_"),
  });
}

/** The general case: what the grammar could have gone on with. */
function explainExpected(failure: Failure, failedAt: number): void {
  const { site, start, found } = failure;
  const expected = expectedOf(site.text, start, failedAt);
  const what = expected.length === 0 ? "This cannot be read" : `Expected ${listed(expected)}`;
  const end = site.text.length;
  if (found === null) {
    const last = failure.before;
    const span = last === null ? spanAt(site, 0, end) : spanAt(site, last.at, last.text.length);
    report(
      site,
      "DLC101",
      span,
      last === null ? `${what}.` : `${what} after \`${last.text}\`, but the statement ends.`,
    );
    return;
  }
  say(failure, "DLC101", found, `${what}, found \`${found.text}\`.`);
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} or ${items.at(-1)}`;
}
