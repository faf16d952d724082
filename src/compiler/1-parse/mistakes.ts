/** Mistakes in rules that people make often, each with its explanation. */
import { change, say, type Explanation, type Failure } from "./failure.ts";
import { spanAt } from "./site.ts";
import { beginsOperand, endOf, endsOperand, imbalanceOf, type Token } from "./tokens.ts";

/** Tried in order; the first that knows the mistake reports it. */
export const commonMistakes: readonly Explanation[] = [
  strangeCharacter,
  wrongMerge,
  negatedHead,
  unbalanced,
  foreignSign,
  suffixedNumber,
  percentage,
  countedStar,
  danglingComma,
  missingBody,
  incompleteConditional,
  missingSeparator,
  missingValue,
];

/** Signs and words of other languages, with what is written here. */
const foreign: Readonly<Record<string, string>> = {
  "===": "==",
  "!==": "!=",
  "<>": "!=",
  "&": "&&",
  "|": "||",
  and: "&&",
  or: "||",
  AND: "&&",
  OR: "||",
};
const notMerges: ReadonlySet<string> = new Set([
  "=",
  ":-",
  "=>",
  "->",
  ":=",
  "<--",
  "<==",
  "==>",
  "-->",
  "<=>",
  "==",
  "~>",
  ":",
  "<",
  ">",
  ">=",
  "~",
  "--",
  "|",
]);

function strangeCharacter(failure: Failure): boolean {
  const { found, tokens } = failure;
  const strange = tokens.find((token) => token.kind === "strange");
  if (strange === undefined || (found !== null && strange.at > found.at)) return false;
  const quotes = /['`‘’“”]/.test(strange.text);
  const signs: Readonly<Record<string, string>> = {
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "–": "-",
    "—": "-",
    "−": "-",
    "←": "<=",
    "⇐": "<=",
    "¬": "not",
  };
  const sign = signs[strange.text] as string | undefined;
  // Pasted from a page, or from what is no text.
  if (/^[\p{C}\p{Z}]/u.test(strange.text)) {
    const number = strange.text.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
    return say(
      failure,
      "DLC101",
      strange,
      `The character U+${number}, which cannot be seen, is none of the language.`,
      {
        mend: "Take it away.",
        fix: change(failure, strange, "", "Take it away"),
      },
    );
  }
  return say(
    failure,
    "DLC101",
    strange,
    `\`${strange.text}\` is not a character of the language.`,
    quotes
      ? { mend: 'Strings stand in straight double quotes: "text".' }
      : sign === undefined
        ? { mend: "Names are made of the letters A to Z, digits and `_`." }
        : { mend: `Write \`${sign}\`.`, fix: change(failure, strange, sign) },
  );
}

/** The first sign after the head at no depth is not one of the merges. */
function wrongMerge(failure: Failure): boolean {
  const { start, tokens, found } = failure;
  if (start !== "rule" && start !== "seal") return false;
  let depth = 0;
  for (const token of tokens) {
    if (token.kind !== "sign") continue;
    if ("([{".includes(token.text)) depth++;
    else if (")]}".includes(token.text)) depth--;
    else if (depth > 0 || token.text === "." || token.text === "@" || token.text === "*") continue;
    else if (!notMerges.has(token.text) || token !== found) return false;
    else {
      const backwards = ["=>", "->", "==>", "-->", "~>"].includes(token.text);
      const wanted = token.text.includes("~") ? "<~" : "<=";
      return say(failure, "DLC107", token, `\`${token.text}\` does not join a head and a body.`, {
        mend: backwards
          ? `The head stands on the left, and facts flow to it from the right: \`head ${wanted} body;\`.`
          : wanted === "<~"
            ? "Write `<~` to send."
            : "Write `<=` (now), or `<+` (next step), `<-` (delete), `<+-` (replace), `<~` (send).",
        ...(backwards ? {} : { fix: change(failure, token, wanted) }),
      });
    }
  }
  return false;
}

function negatedHead(failure: Failure): boolean {
  const [first, second] = failure.tokens;
  if (failure.start !== "rule" || first?.text !== "not" || second?.kind !== "word") return false;
  return say(failure, "DLC101", first, "A head cannot be negated.", {
    mend: `To delete facts, write \`${second.text}(…) <- …\`; \`not\` stands in bodies.`,
  });
}

function unbalanced(failure: Failure): boolean {
  const imbalance = imbalanceOf(failure.tokens);
  if (imbalance === null) return false;
  const { token, wanted } = imbalance;
  if (imbalance.kind === "unclosed") {
    return say(failure, "DLC101", token, `This \`${token.text}\` is never closed.`, {
      mend: `Write \`${wanted}\` where it ends.`,
    });
  }
  if (imbalance.kind === "unopened")
    return say(failure, "DLC101", token, `This \`${token.text}\` closes nothing.`, { mend: "Take it away." });
  return say(failure, "DLC101", token, `\`${wanted}\` is expected here, not \`${token.text}\`.`, {
    fix: change(failure, token, wanted),
  });
}

function foreignSign(failure: Failure): boolean {
  const { found, before } = failure;
  if (found === null || before === null) return false;
  if (found.text === "?") {
    return say(failure, "DLC101", found, "`?` is not an operator of the language.", {
      mend: "Write `if test then a else b`.",
    });
  }
  const here = foreign[found.text] as string | undefined;
  if (here === undefined || !endsOperand(before)) return false;
  return say(failure, "DLC101", found, `\`${found.text}\` is not an operator of the language.`, {
    mend: here === "&&" ? "Write `&&`, or a comma between literals of a body." : `Write \`${here}\`.`,
    fix: change(failure, found, here),
  });
}

function suffixedNumber(failure: Failure): boolean {
  const { found } = failure;
  if (found === null || found.kind !== "number" || /^[0-9]+(\.[0-9]+)?([eE][0-9]+)?$/.test(found.text)) return false;
  if (/^[0-9.]+(ms|s|m|h)$/.test(found.text)) {
    return say(failure, "DLC111", found, `\`${found.text}\` is a duration, and none is expected here.`, {
      mend: "Durations stand after `every` and `within`; in a rule, count milliseconds with an `int`.",
    });
  }
  return say(failure, "DLC112", found, `\`${found.text}\` is neither a number nor a name.`, {
    mend: "A name begins with a letter or `_`; numbers are decimal, as in `12`, `1.5` or `2e3`.",
  });
}

function percentage(failure: Failure): boolean {
  const { found, before, tokens } = failure;
  if (before?.text !== "%" || tokens[tokens.indexOf(before) - 1]?.kind !== "number") return false;
  if (found !== null && beginsOperand(found)) return false;
  return say(failure, "DLC111", before, "A percentage is not expected here.", {
    mend: "In a rule `%` is the remainder of a division; write a share as a float, `0.01`.",
  });
}

/** As in SQL. */
function countedStar(failure: Failure): boolean {
  const { found, before, tokens } = failure;
  if (found?.text !== "*" || before?.text !== "(" || tokens[tokens.indexOf(before) - 1]?.text !== "count") return false;
  return say(failure, "DLC101", found, "`count` takes no `*`.", {
    mend: "Write `count()`: it counts the valuations of the body.",
    fix: change(failure, found, "", "Take the `*` away"),
  });
}

function danglingComma(failure: Failure): boolean {
  const { found, before } = failure;
  if (before?.text !== "," || (found !== null && !")]},".includes(found.text))) return false;
  const where =
    found === null ? "the statement ends" : found.text === "," ? "another comma follows" : `\`${found.text}\` follows`;
  return say(failure, "DLC101", before, `Something is expected after this comma, and ${where}.`, {
    mend: "Take the comma away, or write what is missing.",
    fix: change(failure, before, "", "Take the comma away"),
  });
}

function missingBody(failure: Failure): boolean {
  const { found, before, start } = failure;
  if ((start !== "rule" && start !== "seal") || found !== null || before === null) return false;
  if (["<=", "<+", "<-", "<+-", "<~"].includes(before.text)) {
    return say(failure, "DLC101", before, `A body is expected after \`${before.text}\`.`, {
      mend: "A fact present at start has no operator: `r(1);`.",
    });
  }
  if (before.text === "having") {
    return say(failure, "DLC101", before, "A condition is expected after `having`.", {
      mend: "For example `having count() >= 3`.",
    });
  }
  return false;
}

function incompleteConditional(failure: Failure): boolean {
  const { tokens, found, before } = failure;
  if (found !== null && beginsOperand(found) === false && !")]},;".includes(found.text)) return false;
  if (before === null || !endsOperand(before)) return false;
  let open: Token | null = null;
  let next = "then";
  for (const token of tokens) {
    if (found !== null && token.at >= found.at) break;
    if (token.text === "if") [open, next] = [token, "then"];
    else if (open !== null && token.text === next) [open, next] = next === "then" ? [open, "else"] : [null, "then"];
  }
  if (open === null) return false;
  return say(failure, "DLC101", open, `The \`${next}\` of this \`if\` is missing.`, {
    mend: "Write `if test then a else b`: both values are needed.",
  });
}

/** Two values side by side. */
function missingSeparator(failure: Failure): boolean {
  const { found, before, start, tokens, site } = failure;
  if (found === null || before === null || (start !== "rule" && start !== "seal")) return false;
  if (!endsOperand(before) || !beginsOperand(found)) return false;
  const merged = tokens.some((token) => token.at < found.at && ["<=", "<+", "<-", "<+-", "<~"].includes(token.text));
  const at = spanAt(site, endOf(before), 0);
  if (
    !merged &&
    !tokens.slice(0, tokens.indexOf(found)).some((token) => token.text === "(" && !closedBefore(tokens, token, found))
  ) {
    return say(failure, "DLC107", found, `\`<=\` or another merge is expected before \`${found.text}\`.`, {
      mend: "A rule is `head <= body;`, a fact `head;`.",
      ...(before.text === ")" ? { fix: { title: "Insert `<=`", span: at, text: " <=" } } : {}),
    });
  }
  return say(failure, "DLC101", found, `A comma or an operator is expected before \`${found.text}\`.`, {
    fix: { title: "Insert a comma", span: at, text: "," },
  });
}

/** Whether the bracket `open` is closed between itself and `until`. */
function closedBefore(tokens: readonly Token[], open: Token, until: Token): boolean {
  let depth = 0;
  for (const token of tokens) {
    if (token.at < open.at || token.at >= until.at || token.kind !== "sign") continue;
    if (token.text === "(") depth++;
    if (token.text === ")" && --depth === 0) return true;
  }
  return false;
}

/** An operator with nothing on its right. */
function missingValue(failure: Failure): boolean {
  const { found, before, start } = failure;
  if ((start !== "rule" && start !== "seal") || before?.kind !== "sign") return false;
  if (!["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "=", "!"].includes(before.text))
    return false;
  const instead = found === null ? "and the statement ends" : `not \`${found.text}\``;
  return say(failure, "DLC101", before, `A value is expected after \`${before.text}\`, ${instead}.`);
}
