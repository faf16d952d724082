/** Arguments, positional or named, in the order of a collection's columns. */
import type { Arg, Expr as AstExpr, Name, Span } from "../ast.ts";
import type { Collection, Column } from "../ir.ts";
import { typeText } from "../types.ts";
import { plural, quote } from "./findings.ts";
import type { Place } from "./scope.ts";

export function columnList(columns: readonly Column[]): string {
  return columns.map((column) => `${column.name}: ${typeText(column.type)}`).join(", ");
}

/**
 * One argument for each column; null where a body leaves one out. In a head each is needed.
 * Reports and returns null when they cannot be matched.
 */
export function matchArguments(
  place: Place,
  collection: Collection,
  args: readonly Arg[],
  span: Span,
  where: "head" | "body",
): (AstExpr | null)[] | null {
  const {
    file,
    scope: { findings },
  } = place;
  const { columns } = collection;
  const declared = { file: collection.file, span: collection.nameSpan, label: "declared here" };
  const named = args.filter((arg) => arg.name !== null);
  if (named.length === 0) {
    if (args.length === columns.length) return args.map((arg) => arg.value);
    const beyond = args.length > columns.length && columns.length > 0 ? args[columns.length].span : span;
    findings.add(
      "DLC210",
      file,
      args.length > columns.length ? beyond : span,
      `${quote(collection.name)} has ${plural(columns.length, "column")} (${columnList(columns)}), ` +
        `and ${args.length} ${args.length === 1 ? "is" : "are"} given`,
      {
        cause: declared,
        mend:
          columns.length === 0
            ? `Write ${quote(`${collection.name}()`)}.`
            : args.length > columns.length
              ? "Leave out what is too much."
              : where === "body"
                ? "Write `_` for columns that do not matter, or name those that do."
                : "Give every column a value.",
      },
    );
    return null;
  }
  if (named.length < args.length) {
    const odd = args.find((arg) => arg.name === null) as Arg;
    findings.add("DLC212", file, odd.span, "positional and named arguments are mixed", {
      cause: declared,
      mend: `Name this one too: the columns are ${columnList(columns)}.`,
    });
    return null;
  }
  const matched: (AstExpr | null)[] = columns.map(() => null);
  const seen = new Map<string, Name>();
  let sound = true;
  for (const { name, value } of args as readonly { name: Name; value: AstExpr }[]) {
    const index = columns.findIndex((column) => column.name === name.text);
    const before = seen.get(name.text);
    if (index < 0) {
      sound = false;
      findings.add("DLC204", file, name.span, `${quote(collection.name)} has no column ${quote(name.text)}`, {
        cause: declared,
        ...findings.didYouMean(
          file,
          name.span,
          name.text,
          columns.map((column) => column.name),
          columns.length === 0 ? "It has no columns." : `Its columns are ${columnList(columns)}.`,
        ),
      });
    } else if (before !== undefined) {
      sound = false;
      findings.add("DLC212", file, name.span, `the column ${quote(name.text)} is given twice`, {
        cause: { file, span: before.span, label: "first here" },
        mend: "Keep one of them.",
      });
    } else {
      seen.set(name.text, name);
      matched[index] = value;
    }
  }
  if (sound && where === "head" && seen.size < columns.length) {
    const missing = columns.filter((column) => !seen.has(column.name));
    findings.add(
      "DLC211",
      file,
      span,
      `the head gives ${quote(collection.name)} no value for ${missing.map((column) => quote(column.name)).join(", ")}`,
      {
        cause: declared,
        mend: "A fact has a value in each of its columns; only bodies may leave columns out.",
      },
    );
    return null;
  }
  return sound ? matched : null;
}

/** In `A <= B;` both sides have the columns of B as arguments. `as` is where the variables are said to stand. */
export function copyArguments(columns: readonly Column[], as: Span): readonly Arg[] {
  return columns.map((column) => ({ name: null, value: { kind: "variable", name: column.name, span: as }, span: as }));
}

/** `not` before it or not, a name without arguments says nothing of its columns. */
export function reportBare(place: Place, collection: Collection, span: Span): void {
  const blanks = collection.columns.map(() => "_").join(", ");
  const text = `${place.file.text.slice(span.start, span.end)}(${blanks})`;
  place.scope.findings.add("DLC214", place.file, span, `${quote(collection.name)} stands here without arguments`, {
    cause: {
      file: collection.file,
      span: collection.nameSpan,
      label: `it has ${plural(collection.columns.length, "column")}`,
    },
    mend: `Write ${quote(text)}, with variables for the columns that matter. Only ${quote("A <= B;")} leaves them out.`,
    fixes: [{ title: `Write ${quote(text)}`, edits: [{ file: place.file, span: span, text }] }],
  });
}
