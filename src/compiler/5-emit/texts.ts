/** Rules and collections as emitted modules name and quote them. */
import type { SourceFile } from "../ast.ts";
import { positionOf } from "../diagnostics/lines.ts";
import type { Collection, Expr, Rule, Type } from "../ir.ts";
import type { Plan } from "../plan.ts";
import { commentText } from "./writer.ts";

export const addr: Type = { kind: "addr" };

/** The same for the same program, from wherever it was compiled. */
export function fileName({ name, path }: SourceFile): string {
  return name ?? path;
}

/** `poor#1 (ads.dlc:16)`: how faults name a rule. */
export function ruleText(rule: Pick<Rule, "label" | "file" | "span">): string {
  return `${rule.label} (${fileName(rule.file)}:${positionOf(rule.file, rule.span.start).line})`;
}

/** `ads.dlc:16  poor(c, i, count()) <= …;`, below what `///` says of it. */
export function sourceText(rule: Pick<Rule, "doc" | "file" | "span">): string {
  return documented(rule, `${fileName(rule.file)}:${positionOf(rule.file, rule.span.start).line}  ${oneLine(rule)}`);
}

export const variable = (name: string, type: Type): Extract<Expr, { kind: "variable" }> => ({
  kind: "variable",
  name,
  type,
  span: { start: 0, end: 0 },
});

/** The seal key of a sealed collection, as column indices: as planned, or as promised. */
export function sealColumns(plan: Pick<Plan, "sealed">, { id, sealed }: Collection): readonly number[] {
  const key = plan.sealed.find((one) => one.collection === id)?.key ?? sealed?.columns;
  if (key === undefined) throw new Error(`${id} is not sealed`);
  return key;
}

/** `table clicks(campaign: string, id: string);`, as declared, below what `///` says of it. */
export function collectionText(collection: Collection): string {
  return documented(collection, oneLine(collection));
}

function oneLine({ file, span }: Pick<Rule, "file" | "span">): string {
  return file.text.slice(span.start, span.end).replace(/\s*\n\s*/g, " ");
}

function documented({ doc }: Pick<Rule, "doc">, text: string): string {
  return commentText(doc === null ? text : `${doc}\n${text}`);
}
