/** One statement on as few lines as it takes. */
import { isMerge } from "./lex.ts";
import type { Token } from "./lex.ts";
import { spacedOut } from "./spacing.ts";

/** Columns of a line, where a statement can be broken. */
export const width = 100;

/** Lines of a statement, each with its indent. `kindWidth`: columns for the first word of a declaration. */
export function layOut(
  tokens: readonly Token[],
  indent: string,
  types: boolean,
  kindWidth: number | null,
): readonly string[] {
  if (isBrokenByComment(tokens)) return asWritten(tokens, indent, types);
  const [kind, ...rest] = tokens;
  if (kindWidth !== null) {
    const lead = `${indent}${kind!.text.padEnd(kindWidth)} `;
    return broken(rest, lead, indent, types);
  }
  const merge = tokens.findIndex(({ kind: of, text, depth }) => of === "sign" && depth === 0 && isMerge(text));
  const flat = `${indent}${spacedOut(tokens, types)}`;
  if (types || merge < 0 || flat.length <= width)
    return flat.length <= width ? [flat] : broken(tokens, indent, indent, types);
  return rule(tokens, merge, indent);
}

/** Whether a comment inside a statement needs a line break behind it. */
export function isBrokenByComment(tokens: readonly Token[]): boolean {
  return tokens.some(({ kind, text }) => kind === "comment" && (text.startsWith("//") || text.includes("\n")));
}

/**
 *     poor(c, i, count()) <=
 *       clicks(c, i, _),
 *       campaigns(c)
 *       having count() < 100;
 */
function rule(tokens: readonly Token[], merge: number, indent: string): readonly string[] {
  const lines = [...broken(tokens.slice(0, merge + 1), indent, indent, false)];
  const inner = `${indent}  `;
  let item: Token[] = [];
  const end = (): void => {
    if (item.length > 0) lines.push(...broken(item, inner, inner, false));
    item = [];
  };
  let having = false;
  for (const token of tokens.slice(merge + 1)) {
    if (token.depth === 0 && token.kind === "word" && token.text === "having") {
      end();
      having = true;
    }
    item.push(token);
    if (!having && token.depth === 0 && token.kind === "sign" && token.text === ",") end();
  }
  end();
  return lines;
}

/** On one line where it fits, else with the items of its longest bracket on lines of their own. */
function broken(tokens: readonly Token[], lead: string, indent: string, types: boolean): readonly string[] {
  const flat = `${lead}${spacedOut(tokens, types)}`;
  if (flat.length <= width) return [flat];
  const group = longestGroup(tokens);
  if (group === null) return [flat];
  const [open, close] = group;
  const inner = `${indent}  `;
  const lines = [`${lead}${spacedOut(tokens.slice(0, open + 1), types)}`];
  const depth = tokens[open]!.depth + 1;
  let item: Token[] = [];
  for (const token of tokens.slice(open + 1, close)) {
    item.push(token);
    if (token.depth === depth && token.kind === "sign" && token.text === ",") {
      lines.push(...broken(item, inner, inner, types));
      item = [];
    }
  }
  if (item.length > 0) lines.push(...broken(item, inner, inner, types));
  const rest = broken(tokens.slice(close), indent, indent, types);
  return [...lines, ...rest];
}

/** The brackets with the most in between, outermost, with more than nothing in between. */
function longestGroup(tokens: readonly Token[]): readonly [number, number] | null {
  const least = Math.min(...tokens.map(({ depth }) => depth));
  let longest: readonly [number, number] | null = null;
  let open = -1;
  tokens.forEach(({ kind, text, depth }, i) => {
    if (kind !== "sign" || depth !== least) return;
    if ("([{".includes(text)) open = i;
    else if (")]}".includes(text) && open >= 0) {
      if (i - open > 1 && (longest === null || i - open > longest[1] - longest[0])) longest = [open, i];
      open = -1;
    }
  });
  return longest;
}

/** With the line breaks that it has, since a comment stands between them. */
function asWritten(tokens: readonly Token[], indent: string, types: boolean): readonly string[] {
  const rows = new Map<number, Token[]>();
  for (const token of tokens) {
    const row = rows.get(token.line);
    if (row === undefined) rows.set(token.line, [token]);
    else row.push(token);
  }
  return [...rows.values()].map((row, i) => {
    const last = row.at(-1)!;
    const trails = row.length > 1 && last.kind === "comment" && last.text.startsWith("//");
    const text = spacedOut(trails ? row.slice(0, -1) : row, types);
    const closes = row[0]!.kind === "sign" && ")]}".includes(row[0]!.text);
    return `${i === 0 || closes ? indent : `${indent}  `}${text}${trails ? `  ${last.text}` : ""}`;
  });
}
