/**
 * One style for all programs (`dlc fmt`): two spaces a block, a statement a line where it fits, names of declarations that
 * follow one another in one column, at most one empty line. It works on the tokens between the ends of statements that
 * the scanner finds, so that it also prints what the grammar does not know. Tokens and comments stay as they are.
 */
import { scan } from "../1-parse/scan.ts";
import type { Statement } from "../1-parse/scan.ts";
import { isMerge, lex } from "./lex.ts";
import type { Token } from "./lex.ts";
import { isBrokenByComment, layOut } from "./layout.ts";

/** What stands in a file, one after the other. */
type Item = (Comment | Printed) & {
  /** Whether an empty line stands before it. */
  apart: boolean;
};

interface Comment {
  readonly kind: "comment";
  readonly text: string;
}

interface Printed {
  readonly kind: "plain" | "open" | "close";
  readonly tokens: readonly Token[];
  /** How many of them are annotations. */
  readonly annotations: number;
  /** The first word of a declaration; null for what is none. */
  readonly declares: string | null;
  /** Comments behind it on its line. */
  readonly trailing: string[];
}

/** Declarations whose names stand in one column, those of a kind that follow one another. */
const columned: ReadonlyMap<string, string> = new Map([
  ..."input output channel table scratch timer".split(" ").map((word) => [word, "collection"] as const),
  ..."in out".split(" ").map((word) => [word, "interface"] as const),
]);

/** The text in the one style; null where a string, a comment or a block in it does not end. */
export function format(written: string): string | null {
  const text = written.replace(/\r\n?/g, "\n");
  const { statements, problems } = scan(text);
  if (problems.length > 0) return null;
  const items = itemsOf(text, statements);
  setApart(items);
  const formatted = print(items);
  if (essence(formatted) !== essence(text)) throw new Error("formatting would have changed the program");
  return written.includes("\r\n") ? formatted.replaceAll("\n", "\r\n") : formatted;
}

function itemsOf(text: string, statements: readonly Statement[]): Item[] {
  const items: Item[] = [];
  let at = 0;
  /** Takes the comments up to `to`; how many line breaks stand behind the last. */
  const comments = (to: number): number => {
    let breaks = items.length === 0 ? 1 : 0;
    let own = breaks > 0;
    for (const [part, blank] of text.slice(at, to).matchAll(/(\s+)|\/\/[^\n]*|\/\*[^]*?\*\//g)) {
      const last = items.at(-1);
      if (blank !== undefined) breaks += blank.split("\n").length - 1;
      else if (breaks === 0 && !own && last !== undefined && last.kind !== "comment")
        last.trailing.push(part.trimEnd());
      else {
        items.push({ kind: "comment", text: part.trimEnd(), apart: breaks > 1 });
        own = true;
        breaks = 0;
      }
    }
    return breaks;
  };
  for (const statement of statements) {
    const apart = comments(statement.start) > 1;
    items.push({ ...printedOf(text.slice(statement.start, statement.end), statement), apart });
    at = statement.end;
  }
  comments(text.length);
  return items;
}

function printedOf(text: string, { kind, word, from }: Statement): Printed {
  const tokens = lex(text);
  const [first] = tokens;
  const isRule =
    word === "seal" || tokens.some((token) => token.depth === 0 && token.kind === "sign" && isMerge(token.text));
  const declares = isRule || kind === "close" ? null : (word ?? (first?.text === "in" ? "in" : null));
  return { kind, tokens, annotations: lex(text.slice(0, from)).length, declares, trailing: [] };
}

/** Empty lines: none inside of braces at their ends, one around blocks, elsewhere as they were. */
function setApart(items: readonly Item[]): void {
  items.forEach((item, i) => {
    const before = items[i - 1];
    if (before?.kind === "close") item.apart = true;
    if (item.kind === "open" && before !== undefined) {
      // The comments right above a block belong to it.
      let first = i;
      while (first > 0 && items[first - 1]!.kind === "comment" && !items[first]!.apart) first--;
      items[first]!.apart = true;
    }
  });
  items.forEach((item, i) => {
    const before = items[i - 1];
    if (before === undefined || before.kind === "open" || item.kind === "close") item.apart = false;
  });
}

function print(items: readonly Item[]): string {
  const lines: string[] = [];
  let level = 0;
  items.forEach((item, i) => {
    if (item.apart) lines.push("");
    if (item.kind === "close") level = Math.max(0, level - 1);
    const indent = "  ".repeat(level);
    if (item.kind === "comment") {
      lines.push(...commentLines(item.text, indent));
      return;
    }
    const before = items[i - 1];
    const empty = item.kind === "close" && before?.kind === "open" && before.trailing.length === 0;
    if (empty) lines[lines.length - 1] += "}";
    else lines.push(...statementLines(item, indent, columnOf(items, i)));
    for (const comment of item.trailing) lines[lines.length - 1] += `  ${comment}`;
    if (item.kind === "open") level++;
  });
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** Annotations stand above their rule, each on a line. */
function statementLines(
  { tokens, annotations, declares }: Printed,
  indent: string,
  column: number | null,
): readonly string[] {
  const types = declares !== null;
  if (annotations === 0 || isBrokenByComment(tokens)) return layOut(tokens, indent, types, column);
  const starts = tokens.flatMap(({ text, depth }, i) => (i < annotations && depth === 0 && text === "@" ? [i] : []));
  return [...starts, annotations].flatMap((start, i, all) =>
    layOut(tokens.slice(start, all[i + 1]), indent, types, null),
  );
}

/** Columns for the first words of the declarations of its kind that follow one another, of which this is one. */
function columnOf(items: readonly Item[], i: number): number | null {
  const word = (at: number): string => {
    const item = items[at];
    return item?.kind === "plain" && !isBrokenByComment(item.tokens) ? (item.declares ?? "") : "";
  };
  const kind = columned.get(word(i));
  if (kind === undefined) return null;
  const belongs = (at: number): boolean => columned.get(word(at)) === kind;
  let first = i;
  while (!items[first]!.apart && belongs(first - 1)) first--;
  let widest = 0;
  for (let at = first; belongs(at) && (at === first || !items[at]!.apart); at++)
    widest = Math.max(widest, word(at).length);
  return widest;
}

/** The lines of a comment; stars below one another stay so. */
function commentLines(text: string, indent: string): readonly string[] {
  return text.split("\n").map((line, i) => {
    if (i === 0) return indent + line;
    const content = line.trim();
    return content.startsWith("*") ? `${indent} ${content}` : line.trimEnd();
  });
}

/** All that a program says, without its white space. */
function essence(text: string): string {
  const parts = text.match(/"(?:\\.|[^"\\\n])*"?|\/\/[^\n]*|\/\*[^]*?\*\/|[A-Za-z0-9_]+|\S/g) ?? [];
  return parts
    .map((part) =>
      part.startsWith("/")
        ? part
            .split("\n")
            .map((line) => line.trim())
            .join("\n")
        : part,
    )
    .join("\u0001");
}
