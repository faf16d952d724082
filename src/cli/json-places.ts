import type { Span } from "../compiler/ast.ts";

export interface JsonPlace {
  /** With its quotes. */
  readonly key: Span;
  readonly value: Span;
}

/** Where the keys of a JSON text stand with their values, by path: `/severities/DLC302`. The text is valid JSON. */
export function jsonPlaces(text: string): ReadonlyMap<string, JsonPlace> {
  const places = new Map<string, JsonPlace>();
  const tokens = [...text.matchAll(/"(?:\\.|[^"\\])*"|[{}[\],:]|[^\s{}[\],:"]+/g)];
  let next = 0;
  /** Walks the value that begins at the next token; its end. */
  const value = (path: string): number => {
    const token = tokens[next++]!;
    if (token[0] === "{" || token[0] === "[") {
      for (let index = 0; !/[}\]]/.test(tokens[next]![0]) || isString(tokens[next]![0]); index++) {
        if (tokens[next]![0] === ",") next++;
        if (token[0] === "[") value(`${path}/${index}`);
        else {
          const key = tokens[next]!;
          next += 2;
          const start = tokens[next]!.index;
          const below = `${path}/${JSON.parse(key[0]) as string}`;
          places.set(below, { key: spanOf(key), value: { start, end: value(below) } });
        }
      }
      return spanOf(tokens[next++]!).end;
    }
    return spanOf(token).end;
  };
  value("");
  return places;
}

function isString(token: string): boolean {
  return token.startsWith('"');
}

function spanOf(token: RegExpExecArray): Span {
  return { start: token.index, end: token.index + token[0].length };
}
