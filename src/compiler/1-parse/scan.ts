/**
 * Cuts a file into statements: exact about strings, comments, braces and semicolons, and blind to
 * everything else. Linear in the text.
 *
 * A statement ends at `;`. A `{` opens a block when the statement began with two words (`role A {`)
 * and is a set or map otherwise; `seal` is the one two-word beginning that can hold a set. A statement
 * whose `;` is missing ends before a line that can only begin another one.
 */

/** What the scanner itself finds wrong; positions are offsets of the file, end exclusive. */
export type ScanProblem =
  | { readonly kind: "unterminated-string" | "unterminated-comment"; readonly start: number; readonly end: number }
  | { readonly kind: "stray-close"; readonly start: number; readonly end: number };

export interface Statement {
  /** "open": up to a `{` that begins a block; "close": the `}` that ends one. */
  readonly kind: "open" | "close" | "plain";
  /** Offset of its first character. */
  readonly start: number;
  /** Exclusive, with the `;` or `{`. */
  readonly end: number;
  /**
   * From `start`, without the `;` or `{`: comments, tabs and line breaks outside strings are replaced
   * by as many spaces, and trailing white space is left out. Offsets stay what they are in the file.
   */
  readonly text: string;
  /** Where the statement proper begins in `text`, after its annotations; 0 when it has none. */
  readonly from: number;
  /** The first word of the statement proper when a second word follows it (`table t`, `import "…"`), else null. */
  readonly word: string | null;
  /** Whether the `;` or `{` is there. */
  readonly terminated: boolean;
  /** The `///` lines before it, or before what stands after its annotations, without slashes and one leading space, joined by line breaks. */
  readonly doc: string | null;
}

export interface Scan {
  readonly statements: readonly Statement[];
  readonly problems: readonly ScanProblem[];
}

const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const OPEN = 40;
const CLOSE = 41;
const STAR = 42;
const SLASH = 47;
const SEMICOLON = 59;
const AT = 64;
const BACKSLASH = 92;

/** Words after which a statement goes on, and words that go on with it. */
export const infix = new Set(["having", "in", "then", "else", "not", "if", "distinct"]);
const declaring = new Set([
  "role",
  "input",
  "output",
  "channel",
  "table",
  "scratch",
  "timer",
  "seal",
  "function",
  "aggregate",
  "lattice",
  "import",
  "module",
  "source",
  "component",
  "connect",
  "cache",
  "use",
  "out",
  "path",
]);
const continuing = new Set([
  "sealed",
  "by",
  "single",
  "within",
  "lossy",
  "durable",
  "unique",
  "shared",
  "serializable",
  "deterministic",
  "agreed",
  "eventual",
  "any",
  "strict",
  "every",
  "from",
  "injective",
  "monotone",
  "morphism",
  "commutative",
  "associative",
  "idempotent",
  "replicated",
  "partitioned",
  "as",
]);

export function isWordCode(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || (code >= 48 && code <= 57);
}

function isSpaceCode(code: number): boolean {
  return code === SPACE || (code >= TAB && code <= CARRIAGE_RETURN) || code === 0xa0 || code === 0xfeff;
}

/** The end of the white space and comments that begin at `at`, and of one line break at most if asked. */
function skipBlank(text: string, at: number): number {
  for (;;) {
    while (at < text.length && isSpaceCode(text.charCodeAt(at))) at++;
    if (text.charCodeAt(at) !== SLASH) return at;
    const next = text.charCodeAt(at + 1);
    if (next === SLASH) {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
    } else if (next === STAR) {
      const end = text.indexOf("*/", at + 2);
      at = end < 0 ? text.length : end + 2;
    } else {
      return at;
    }
  }
}

function wordAt(text: string, at: number): string {
  let end = at;
  while (end < text.length && isWordCode(text.charCodeAt(end))) end++;
  return text.slice(at, end);
}

/**
 * Whether the word at `at`, first on its line and after something that ended an operand, can only
 * begin a new statement. Two operands never stand side by side, so in a rule every word that joins
 * nothing does; a declaration may go on with words, so there it takes a whole beginning.
 */
function beginsStatement(text: string, at: number, firstWord: string, inDeclaration: boolean): boolean {
  const word = wordAt(text, at);
  // `in send(…)` begins one, `use M as m` goes on with `in Node`.
  if (word === "in" && inDeclaration && firstWord !== "use" && isWordCode(text.charCodeAt(skipBlank(text, at + 2))))
    return true;
  if (infix.has(word) || (word.charCodeAt(0) >= 48 && word.charCodeAt(0) <= 57)) return false;
  const after = skipBlank(text, at + word.length);
  const next = text.charCodeAt(after);
  if (declaring.has(word) && (isWordCode(next) || (word === "import" && next === QUOTE))) return true;
  if (!inDeclaration) return true;
  if (continuing.has(word)) return false;
  return (
    text[after] === "(" ||
    text[after] === "." ||
    text[after] === "@" ||
    (text[after] === "<" && "=+-~".includes(text[after + 1]))
  );
}

export function scan(text: string): Scan {
  const statements: Statement[] = [];
  const problems: ScanProblem[] = [];
  const length = text.length;

  let at = 0;
  let blocks = 0;
  let doc: string[] = [];

  // The statement being read: -1 when none is.
  let start = -1;
  let depth = 0;
  let tokens = 0;
  let firstWord = "";
  let declaration = false;
  // Annotations stand before the statement proper: how deep in the brackets of one, -1 outside.
  let annotation = -1;
  let proper = 0;
  // Ranges of `text` to blank, as start and end pairs.
  let blanks: number[] = [];
  let lastEnd = 0;
  let afterOperand = false;
  let newLine = true;

  const blanked = (to: number): string => {
    if (blanks.length === 0) return text.slice(start, to);
    let result = "";
    let from = start;
    for (let i = 0; i < blanks.length && blanks[i] < to; i += 2) {
      result += text.slice(from, blanks[i]) + " ".repeat(blanks[i + 1] - blanks[i]);
      from = blanks[i + 1];
    }
    return from < to ? result + text.slice(from, to) : result;
  };
  const finish = (kind: Statement["kind"], end: number, terminated: boolean): void => {
    const joined = doc.length === 0 ? null : doc.join("\n");
    const word = declaration ? firstWord : null;
    statements.push({ kind, start, end, text: blanked(lastEnd), from: proper, word, terminated, doc: joined });
    start = -1;
    annotation = -1;
    proper = 0;
    depth = 0;
    tokens = 0;
    firstWord = "";
    declaration = false;
    blanks = [];
    doc = [];
    afterOperand = false;
  };
  /** Notes a token that ends at `end`; opens a statement when none is open. */
  const token = (from: number, end: number, operand: boolean): void => {
    if (start < 0) start = from;
    else if (tokens === 0) proper = from - start;
    tokens++;
    lastEnd = end;
    afterOperand = operand;
    newLine = false;
  };

  while (at < length) {
    const code = text.charCodeAt(at);

    if (isSpaceCode(code)) {
      if (code === LINE_FEED || code === CARRIAGE_RETURN) newLine = true;
      if (code !== SPACE && start >= 0) blanks.push(at, at + 1);
      at++;
      continue;
    }

    if (code === SLASH && text.charCodeAt(at + 1) === SLASH) {
      let end = at;
      while (end < length && text.charCodeAt(end) !== LINE_FEED && text.charCodeAt(end) !== CARRIAGE_RETURN) end++;
      const documents = text.charCodeAt(at + 2) === SLASH && text.charCodeAt(at + 3) !== SLASH;
      if (documents && start >= 0 && newLine && afterOperand) finish("plain", lastEnd, false);
      if (start >= 0) blanks.push(at, end);
      // Before the statement proper: annotations may stand above.
      if (documents && tokens === 0)
        doc.push(
          text
            .slice(at + 3, end)
            .replace(/^ /, "")
            .trimEnd(),
        );
      at = end;
      continue;
    }
    if (code === SLASH && text.charCodeAt(at + 1) === STAR) {
      const close = text.indexOf("*/", at + 2);
      const end = close < 0 ? length : close + 2;
      if (close < 0) problems.push({ kind: "unterminated-comment", start: at, end: at + 2 });
      if (start >= 0) blanks.push(at, end);
      at = end;
      continue;
    }

    if (code === QUOTE) {
      let end = at + 1;
      let closed = false;
      for (; end < length; end++) {
        const inner = text.charCodeAt(end);
        if (inner === LINE_FEED || inner === CARRIAGE_RETURN) break;
        if (inner === BACKSLASH) {
          end++;
          const escaped = text.charCodeAt(end);
          if (escaped === LINE_FEED || escaped === CARRIAGE_RETURN) break;
        } else if (inner === QUOTE) {
          closed = true;
          break;
        }
      }
      end = closed ? end + 1 : Math.min(end, length);
      if (!closed) problems.push({ kind: "unterminated-string", start: at, end });
      token(at, end, true);
      if (tokens === 2 && firstWord === "import") declaration = true;
      at = end;
      continue;
    }

    if (isWordCode(code)) {
      const word = wordAt(text, at);
      const mayBegin = start >= 0 && newLine && afterOperand && !(tokens === 1 && declaring.has(firstWord));
      if (mayBegin && beginsStatement(text, at, firstWord, declaration)) finish("plain", lastEnd, false);
      token(at, at + word.length, !infix.has(word));
      if (tokens === 1) firstWord = word;
      else if (tokens === 2 && firstWord !== "" && (!infix.has(firstWord) || firstWord === "in")) declaration = true;
      at += word.length;
      continue;
    }

    if (code === SEMICOLON) {
      if (start < 0) {
        // An empty statement: the parser says so.
        start = at;
        lastEnd = at;
      }
      finish("plain", at + 1, true);
      at++;
      continue;
    }

    if (text[at] === "{") {
      if (start >= 0 && declaration && firstWord !== "seal") {
        blocks++;
        finish("open", at + 1, true);
      } else {
        token(at, at + 1, false);
        depth++;
      }
      at++;
      continue;
    }
    if (text[at] === "}") {
      if (start >= 0 && depth > 0) {
        depth--;
        token(at, at + 1, true);
      } else {
        if (start >= 0) finish("plain", lastEnd, false);
        if (blocks > 0) {
          blocks--;
          start = at;
          lastEnd = at + 1;
          doc = [];
          finish("close", at + 1, true);
        } else {
          problems.push({ kind: "stray-close", start: at, end: at + 1 });
        }
        newLine = true;
      }
      at++;
      continue;
    }

    if (code === AT) {
      const word = wordAt(text, skipBlank(text, at + 1));
      const annotates = word === "coordinate" || word === "allow";
      if (annotates && start >= 0 && newLine && afterOperand) finish("plain", lastEnd, false);
      if (tokens === 0) annotation = 0;
    }
    token(at, at + 1, code === CLOSE || text[at] === "]");
    at++;
    if (annotation >= 0 && code === OPEN) annotation++;
    if (annotation >= 0 && code === CLOSE && --annotation <= 0) {
      annotation = -1;
      tokens = 0;
      firstWord = "";
      afterOperand = false;
    }
  }
  if (start >= 0) finish("plain", lastEnd, false);
  return { statements, problems };
}
