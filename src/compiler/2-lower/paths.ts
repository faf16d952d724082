/** The paths of a component as rules, so that the phases after this one see one program. */
import type { Name, PathDecl, SourceFile } from "../ast.ts";
import type { Collection, Expr, HeadTerm, ReadLiteral, Rule, Term } from "../ir.ts";
import { meetTypes, typeText } from "../types.ts";
import type { ComponentScope } from "./components.ts";
import { quote } from "./findings.ts";
import type { Findings } from "./findings.ts";
import { labelOf } from "./rule.ts";
import type { Ordinals } from "./rule.ts";

/** The paths as rules. */
export function lowerPaths(scope: ComponentScope, ordinals: Ordinals, findings: Findings): Rule[] {
  const { component, ins, outs, role } = scope;
  const { file } = role;
  const paths: ResolvedPath[] = [];
  let isWhole = true;
  for (const member of component.members) {
    if (member.kind !== "path") continue;
    const from = endOf(scope, member.from, "in", findings);
    const to = endOf(scope, member.to, "out", findings);
    if (from === null || to === null) {
      isWhole = false;
      continue;
    }
    const before = paths.find((path) => path.from === from && path.to === to);
    if (before !== undefined) {
      findings.add(
        "DLC289",
        file,
        member.span,
        `the path from ${quote(member.from.text)} to ${quote(member.to.text)} is declared twice`,
        {
          cause: { file, span: before.decl.span, label: "first declared here" },
          mend: "Keep the more severe of the two: CR, CW, OR, OW, in this order.",
        },
      );
      continue;
    }
    checkLineage(file, member, from, to, findings);
    paths.push({ decl: member, from, to, gate: gateOf(file, member, from, to, findings) });
  }
  for (const path of paths) checkGate(file, path, paths, findings);
  const isReached = (port: Collection): boolean => paths.some(({ from, to }) => from === port || to === port);
  // A component without outputs promises nothing, and need not say how it gets there.
  const loose = outs.size === 0 || !isWhole ? [] : [...ins, ...outs].filter(([, port]) => !isReached(port));
  for (const [name, port] of loose) {
    const isIn = port.kind === "channel";
    findings.add(
      "DLC287",
      file,
      port.nameSpan,
      isIn ? `no path leads from ${quote(name)}` : `no path leads to ${quote(name)}`,
      {
        mend: isIn
          ? `Say what depends on it: ${quote(`path ${name} -> …: CW;`)}, or ${quote("OW(*)")} where nothing is known.`
          : `Say what it depends on: ${quote(`path … -> ${name}: CR;`)}, or ${quote("OR(*)")} where nothing is known.`,
      },
    );
  }
  return paths.map((path) => ruleOf(scope, path, paths, labelOf(ordinals, nameOf(path.to))));
}

interface ResolvedPath {
  readonly decl: PathDecl;
  readonly from: Collection;
  readonly to: Collection;
  /** null: `*`, or confluent. */
  readonly gate: readonly string[] | null;
}

function endOf(scope: ComponentScope, name: Name, direction: "in" | "out", findings: Findings): Collection | null {
  const { ins, outs, role } = scope;
  const [ports, others] = direction === "in" ? [ins, outs] : [outs, ins];
  const found = ports.get(name.text);
  if (found !== undefined) return found;
  const other = others.get(name.text);
  if (other !== undefined) {
    findings.add(
      "DLC285",
      role.file,
      name.span,
      `${quote(name.text)} is an ${direction === "in" ? "out" : "in"} of ${role.name}`,
      {
        cause: { file: role.file, span: other.nameSpan, label: "declared here" },
        mend: "A path leads from an `in` to an `out`.",
      },
    );
    return null;
  }
  findings.add(
    "DLC202",
    role.file,
    name.span,
    `component ${role.name} has no ${direction} ${quote(name.text)}`,
    findings.didYouMean(
      role.file,
      name.span,
      name.text,
      ports.keys(),
      `Declare it: ${quote(`${direction} ${name.text}(…);`)}.`,
    ),
  );
  return null;
}

/** Columns of one name on both ends are one value, so they have one type. */
function checkLineage(
  file: SourceFile,
  { from: { text: from }, to }: PathDecl,
  source: Collection,
  target: Collection,
  findings: Findings,
): void {
  for (const column of target.columns) {
    const same = source.columns.find(({ name }) => name === column.name);
    if (same === undefined || meetTypes(same.type, column.type) !== null) continue;
    findings.add(
      "DLC289",
      file,
      to.span,
      `${quote(column.name)} is ${typeText(same.type)} in ${quote(from)}, and ${typeText(column.type)} in ${quote(to.text)}`,
      {
        cause: { file, span: target.nameSpan, label: "declared here" },
        mend: "Columns of one name on both ends of a path are the same value: give them one type, or another name to one that is computed.",
      },
    );
  }
}

function gateOf(
  file: SourceFile,
  { gate, from, to }: PathDecl,
  source: Collection,
  target: Collection,
  findings: Findings,
): string[] | null {
  if (gate === null) return null;
  const known = [...new Set([...source.columns, ...target.columns].map(({ name }) => name))];
  const columns: string[] = [];
  for (const { text, span } of gate) {
    if (!known.includes(text)) {
      findings.add(
        "DLC204",
        file,
        span,
        `neither ${quote(from.text)} nor ${quote(to.text)} has a column ${quote(text)}`,
        findings.didYouMean(
          file,
          span,
          text,
          known,
          `Name columns of the two, or write ${quote("*")} where the gate is not known.`,
        ),
      );
    } else if (columns.includes(text)) {
      findings.add("DLC212", file, span, `${quote(text)} is named twice`, { mend: "Leave one of them out." });
    } else columns.push(text);
  }
  return columns;
}

/** A column of a gate separates the facts of all inputs that the path meets. */
function checkGate(file: SourceFile, path: ResolvedPath, paths: readonly ResolvedPath[], findings: Findings): void {
  for (const name of path.gate ?? []) {
    const column = path.from.columns.find((each) => each.name === name);
    if (column === undefined) continue;
    for (const { from } of paths.filter(({ decl, from: other }) => isWriting(decl) && other !== path.from)) {
      const other = from.columns.find((each) => each.name === name);
      if (other === undefined || meetTypes(other.type, column.type) !== null) continue;
      const span = path.decl.gate!.find(({ text }) => text === name)!.span;
      findings.add(
        "DLC289",
        file,
        span,
        `${quote(name)} is ${typeText(column.type)} in ${quote(path.decl.from.text)}, and ${typeText(other.type)} in ${quote(nameOf(from))}, which it meets`,
        {
          cause: { file, span: from.nameSpan, label: "declared here" },
          mend: "Columns of one name are the same value to a gate: give them one type, or other names.",
        },
      );
      break;
    }
  }
}

function isWriting({ word }: PathDecl): boolean {
  return word === "CW" || word === "OW";
}

function nameOf({ name }: Collection): string {
  return name.replace(/ \(in\)$/, "");
}

function ruleOf({ role }: ComponentScope, path: ResolvedPath, paths: readonly ResolvedPath[], label: string): Rule {
  const { decl, from, to, gate } = path;
  const { span } = decl;
  let fresh = 0;
  const read = (of: Collection, shared: readonly string[]): ReadLiteral => ({
    kind: "read",
    negated: false,
    collection: of.id,
    terms: of.columns.map(({ name, type }): NonNullable<Term> => ({
      kind: "variable",
      name: shared.includes(name) ? name : `_${++fresh}`,
      type,
      span,
    })),
    span,
  });
  const own = read(
    from,
    from.columns.map(({ name }) => name),
  );
  const body = [own];
  const races: number[] = [];
  // A fact of the input is handed in once, for all of its paths: whatever holds one of them back holds it.
  for (const sibling of paths.filter((each) => each.from === from && !each.decl.word.startsWith("C"))) {
    const others = paths.filter((each) => isWriting(each.decl) && each !== sibling);
    if (sibling === path && (isWriting(decl) || others.length === 0 || others.some((each) => each.from === from)))
      races.push(0);
    for (const other of new Set(others.map((each) => each.from))) {
      if (other === from) continue;
      const shared = sibling.gate ?? [];
      const at = body.findIndex((literal) => literal.collection === other.id && isSharing(literal, other, shared));
      if (at < 0) body.push(read(other, shared));
      if (sibling === path) races.push(at < 0 ? body.length - 1 : at);
    }
  }
  const terms = to.columns.map(({ name, type }): HeadTerm => {
    const same = own.terms.find((term) => term?.kind === "variable" && term.name === name);
    const made: Expr = { kind: "call", name: role.name, builtin: false, args: own.terms as Expr[], type, span };
    return { kind: "value", value: same ?? made };
  });
  return {
    id: `${role.name}/${label}`,
    label,
    role: role.name,
    op: "<=",
    head: { collection: to.id, to: null, terms, span },
    body,
    having: [],
    coordinate: null,
    allow: null,
    doc: decl.doc,
    file: role.file,
    span,
    path: { word: decl.word, from: decl.from.text, gate, races },
  };
}

/** Whether the literal is joined by just these columns, as far as its collection has them. */
function isSharing(literal: ReadLiteral, of: Collection, shared: readonly string[]): boolean {
  return of.columns.every(({ name }, i) => {
    const term = literal.terms[i];
    return (term?.kind === "variable" && term.name === name) === shared.includes(name);
  });
}
