/** `@coordinate(...)` and `@allow(...)`. */
import type { Annotation, Literal as AstLiteral, RuleDecl } from "../ast.ts";
import type { Collection, Rule } from "../ir.ts";
import type { Body } from "./body.ts";
import { quote } from "./findings.ts";
import type { Place } from "./scope.ts";

export function lowerAnnotations(
  place: Place,
  decl: RuleDecl,
  target: Collection | null,
  body: readonly AstLiteral[],
  lowered: Body,
): Pick<Rule, "coordinate" | "allow"> {
  const {
    file,
    scope: { findings },
  } = place;
  let coordinate: Extract<Annotation, { kind: "coordinate" }> | null = null;
  let allow: Extract<Annotation, { kind: "allow" }> | null = null;
  for (const annotation of decl.annotations) {
    const before = annotation.kind === "coordinate" ? coordinate : allow;
    if (before !== null) {
      findings.add("DLC282", file, annotation.span, `this rule has ${quote(`@${annotation.kind}`)} twice`, {
        cause: { file, span: before.span, label: "first here" },
        mend: "Keep one of them.",
      });
      continue;
    }
    const needs = annotation.kind === "allow" || annotation.how.kind === "none";
    if (needs && (annotation.reason === null || annotation.reason.trim() === "")) {
      const form = annotation.kind === "allow" ? `@allow(${annotation.what}, "...")` : `@coordinate(none, "...")`;
      findings.add("DLC280", file, annotation.span, "this annotation needs a reason, which every report then shows", {
        mend: `Write ${quote(form)}.`,
      });
    }
    if (annotation.kind === "allow") allow = annotation;
    else coordinate = annotation;
  }
  if (coordinate?.how.by) {
    const known = new Set<string>([...lowered.variables.keys()].filter((name) => !/^_[0-9]*$/.test(name)));
    for (const literal of body) {
      if (literal.kind !== "read") continue;
      const { role, name } = literal.ref;
      const block = role === null ? place.role : place.role.copies.get(role.text);
      for (const column of block?.collections.get(name.text)?.columns ?? []) known.add(column.name);
    }
    for (const column of target?.columns ?? []) known.add(column.name);
    for (const name of coordinate.how.by) {
      if (known.has(name.text)) continue;
      findings.add(
        "DLC281",
        file,
        name.span,
        `${quote(name.text)} is neither a variable of this rule nor a column that it reads or writes`,
        findings.didYouMean(
          file,
          name.span,
          name.text,
          known,
          "Name the columns whose values may be coordinated apart.",
        ),
      );
    }
  }
  return {
    coordinate: coordinate && {
      kind: coordinate.how.kind,
      by: coordinate.how.by?.map((name) => name.text) ?? null,
      reason: coordinate.reason,
      span: coordinate.span,
    },
    allow: allow && { what: allow.what, reason: allow.reason, span: allow.span },
  };
}
