/** A seal's column that is dropped on the way to an aggregate: carry it along, and group by it. */
import type { Analysis, Finding } from "../analysis.ts";
import type { Arg } from "../ast.ts";
import type { Edit, Fix } from "../diagnostics/diagnostic.ts";
import type { Collection, CollectionId, Column, Ir, ReadLiteral, Rule } from "../ir.ts";
import { typeText } from "../types.ts";
import { positives, reads } from "../3-analyze/graph.ts";
import { variablesOf } from "../3-analyze/determine.ts";
import { declarationOf, readersOf, treeOf, writersOf } from "./program.ts";

/**
 *     channel click(id: string);                  // sealed by (campaign) where it comes from
 *     Report.click(i) <~ click(c, i);
 *     poor(i, count()) <= clicks(i);
 * becomes
 *     channel click(id: string, campaign: string);
 *     Report.click(i, c) <~ click(c, i);
 *     poor(i, campaign, count()) <= clicks(i, campaign);
 *
 * Not for `--fix` alone: where one id belongs to several campaigns there are more groups than before.
 */
export function carry(finding: Finding, { ir, inference }: Analysis): Fix | null {
  const rule = ir.rules.get(finding.rule);
  if (finding.reason !== "aggregate" || rule === undefined || inference.sealed.has(rule.id)) return null;
  const [from, ...others] = finding.sources;
  if (from === undefined || others.length > 0) return null;
  const source = ir.collections.get(from.source)!;
  const path = from.path[0] === source.id ? from.path : [source.id, ...from.path];
  const hops = [...path.slice(1).map((id) => only(writersOf(id, ir))), rule];
  const carried = (source.sealed?.columns ?? []).flatMap((column) => {
    const one = carryOne(column, path, hops, ir);
    return one === "kept" ? [] : [one];
  });
  const [one] = carried;
  if (carried.length !== 1 || one === null) return null;
  return one;
}

/** Along a path of collections, with the rule that leads out of each; "kept" where nothing drops it, null where it cannot be carried. */
function carryOne(
  column: number,
  path: readonly CollectionId[],
  hops: readonly (Rule | null)[],
  ir: Ir,
): Fix | "kept" | null {
  const { name, type } = ir.collections.get(path[0])!.columns[column];
  const edits: Edit[] = [];
  const grown: CollectionId[] = [];
  /** Where the collection that is read has it; -1: where it was added. */
  let at = column;
  for (const [i, id] of path.entries()) {
    const rule = hops[i];
    if (rule === null) return null;
    const literal = only(positives(rule).filter((each) => each.collection === id));
    const tree = treeOf(rule, ir);
    if (literal === null || tree === null || (rule.op !== "<=" && rule.op !== "<~")) return null;
    const target = ir.collections.get(rule.head.collection)!;
    const written = tree.body[rule.body.indexOf(literal)];
    if (written.kind !== "read") return null;
    if (tree.head.args === null || written.args === null) {
      // The copy form `A <= B` gives every column on as it is.
      const widened = at < 0 ? widen(target, { name, type }, hops[i + 1] ?? null, ir) : [];
      if (tree.head.args !== null || written.args !== null || widened === null || writersOf(target.id, ir).length !== 1)
        return null;
      edits.push(...widened);
      if (at < 0) grown.push(target.id);
      continue;
    }

    const variable = at < 0 ? name : variableAt(literal, at, name);
    if (variable === null || (at < 0 && mentions(rule, name))) return null;
    if (at < 0) edits.push(insertion(rule, written.args, literalPlace(ir.collections.get(id)!), name, variable));
    else if (isBlank(literal, at)) {
      if (mentions(rule, name)) return null;
      const arg = argumentAt(written.args, at, ir.collections.get(id)!);
      edits.push(
        arg === undefined
          ? insertion(rule, written.args, written.args.length, name, variable)
          : { file: rule.file, span: arg.value.span, text: variable },
      );
    }

    const there = rule.head.terms.findIndex(
      (term) => term.kind === "value" && term.value.kind === "variable" && term.value.name === variable,
    );
    if (there >= 0) {
      at = there;
      continue;
    }
    if (writersOf(target.id, ir).length !== 1 || target.columns.some((each) => each.name === name)) return null;
    edits.push(insertion(rule, tree.head.args, literalPlace(target), name, variable));
    const widened = widen(target, { name, type }, hops[i + 1] ?? null, ir);
    if (widened === null) return null;
    edits.push(...widened);
    grown.push(target.id);
    at = -1;
  }
  if (grown.length === 0) return "kept";
  const where = grown.map((id) => `\`${id}\``);
  const all = where.length > 1 ? `${where.slice(0, -1).join(", ")} and ${where.at(-1)}` : where[0];
  return { title: `Carry \`${name}\` along in ${all}, so that each group is of one ${name}`, edits, unsafe: true };
}

/** The column in the declaration, and `_` for it in all rules that read the collection, but `next`, which uses it. */
function widen(target: Collection, column: Column, next: Rule | null, ir: Ir): readonly Edit[] | null {
  const declared = declarationOf(target, ir);
  const last = declared?.columns[literalPlace(target) - 1];
  if (last === undefined) return null;
  const end = last.type.span.end;
  const edits: Edit[] = [
    { file: target.file, span: { start: end, end }, text: `, ${column.name}: ${typeText(column.type)}` },
  ];
  for (const reader of readersOf(target.id, ir)) {
    const tree = treeOf(reader, ir);
    if (tree === null) return null;
    for (const literal of reads(reader)) {
      if (literal.collection !== target.id || (reader === next && !literal.negated)) continue;
      const written = tree.body[reader.body.indexOf(literal)];
      if (written.kind !== "read" || written.args === null) return null;
      if (written.args.every((arg) => arg.name === null))
        edits.push(insertion(reader, written.args, literalPlace(target), column.name, "_"));
    }
  }
  return edits;
}

/** Behind the key where there is one: what is added belongs to it. */
function literalPlace({ keyLength, columns }: Collection): number {
  return keyLength ?? columns.length;
}

/** One more argument, at a place among positional ones, or by its name behind named ones. */
function insertion({ file }: Rule, args: readonly Arg[], place: number, name: string, variable: string): Edit {
  const named = args.some((arg) => arg.name !== null);
  const { end } = args[named ? args.length - 1 : place - 1].span;
  return { file, span: { start: end, end }, text: named ? `, ${name}: ${variable}` : `, ${variable}` };
}

/** The variable that stands for a column, or the name that a blank one gets. */
function variableAt(literal: ReadLiteral, column: number, name: string): string | null {
  const term = literal.terms[column];
  if (isBlank(literal, column)) return name;
  return term?.kind === "variable" ? term.name : null;
}

function isBlank(literal: ReadLiteral, column: number): boolean {
  const term = literal.terms[column];
  return term?.kind === "variable" && /^_\d+$/.test(term.name);
}

function argumentAt(args: readonly Arg[], column: number, { columns }: Collection): Arg | undefined {
  return args.some((arg) => arg.name !== null)
    ? args.find((arg) => arg.name?.text === columns[column].name)
    : args[column];
}

function mentions(rule: Rule, name: string): boolean {
  return rule.body.some((literal) => {
    if (literal.kind === "read") return literal.terms.some((term) => term?.kind === "variable" && term.name === name);
    return (
      (literal.kind === "bind" && literal.variable === name) ||
      literal.kind === "range" ||
      variablesOf(literal.value).has(name)
    );
  });
}

function only<T>(list: readonly T[]): T | null {
  return list.length === 1 ? list[0] : null;
}
