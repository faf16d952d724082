import type { Annotation, CoordinateHow, Expr, Head, Literal, MergeOp, RuleDecl, SealDecl } from "../ast.ts";
import type { Cst } from "./cst.ts";
import { byOf, reportUnknown } from "./declarations.ts";
import { argumentsOf, eachListed, expressionsOf, literalOf, operandOf, referenceOf } from "./expressions.ts";
import { textValue } from "./literals.ts";
import { report, spanAt, textAt, type Site } from "./site.ts";

/** The node `rule`. `end`: where the statement ends in the file, with its `;`. */
export function ruleOf(site: Site, node: Cst, doc: string | null, end: number): RuleDecl {
  const [annotationNodes, headNode, , bodyNodes] = node.children;
  const annotations: Annotation[] = [];
  for (let i = 0; i < annotationNodes.children.length; i++) {
    annotations.push(annotationOf(site, annotationNodes.children[i], annotationNodes.childOffsets[i]));
  }
  const headAt = node.childOffsets[1];
  const head = headOf(site, headNode, headAt);
  const span = { start: site.base + headAt, end };
  if (bodyNodes.children.length === 0) {
    if (head.args === null) reportBareFact(site, head);
    return { kind: "rule", annotations, head, op: null, body: [], having: [], doc, span };
  }
  const { op, body, having } = bodyOf(site, bodyNodes.children[0], bodyNodes.childOffsets[0], head.args === null);
  if (head.args === null) checkCopy(site, head, body, having);
  return { kind: "rule", annotations, head, op, body, having, doc, span };
}

/** The node `ruleBody`: `<= r(x), x > 1 having count() > 2`. */
function bodyOf(site: Site, node: Cst, at: number, copies: boolean): { op: MergeOp; body: Literal[]; having: Expr[] } {
  const [merge, , literals, havings] = node.children;
  const body: Literal[] = [];
  eachListed(literals, at + node.childOffsets[2], 4, (item, start) => body.push(literalOf(site, item, start, copies)));
  const op = textAt(site, at, merge.matchLength) as MergeOp;
  if (havings.children.length === 0) return { op, body, having: [] };
  const havingNode = havings.children[0];
  const having = expressionsOf(site, havingNode.children[3], at + havings.childOffsets[0] + havingNode.childOffsets[3]);
  return { op, body, having };
}

/** The node `head`: `r(x)`, `R.c@a(x)`, `R.c@*(x)`, `A`. */
function headOf(site: Site, node: Cst, at: number): Head {
  const [reference, , , , addresses, , args] = node.children;
  const span = spanAt(site, at, node.matchLength);
  const ref = referenceOf(site, reference, at);
  let to: Head["at"] = null;
  if (addresses.children.length > 0) {
    const address = addresses.children[0].children[0];
    const start = at + addresses.childOffsets[0];
    to = address.ruleName === "star" ? "all" : operandOf(site, address, start);
  }
  return {
    ref,
    at: to,
    args: args.children.length === 0 ? null : argumentsOf(site, args.children[0], at + args.childOffsets[0]),
    span,
  };
}

function reportBareFact(site: Site, head: Head): void {
  report(site, "DLC116", head.span, `\`${head.ref.name.text}\` alone says nothing.`, {
    mend: 'A fact has its values in brackets, `r(1, "a");`, a rule a body, `r(x) <= s(x);`.',
  });
}

/** `A <= B` copies all columns of one collection; nothing else has a head without columns. */
function checkCopy(site: Site, head: Head, body: readonly Literal[], having: readonly Expr[]): void {
  const [only] = body;
  if (body.length === 1 && having.length === 0 && only.kind === "read" && !only.negated && only.args === null) return;
  report(site, "DLC116", head.span, `The columns of \`${head.ref.name.text}\` are missing.`, {
    mend: "Write them in brackets; only `A <= B`, with two names alone, copies all columns.",
  });
}

/** The node `seal`. */
export function sealOf(site: Site, node: Cst, doc: string | null, end: number): SealDecl {
  const [, , referenceNode, , argumentNodes, , bodyNodes] = node.children;
  const target = referenceOf(site, referenceNode, node.childOffsets[2]);
  const span = { start: site.base, end };
  const args =
    argumentNodes.children.length === 0
      ? []
      : argumentsOf(site, argumentNodes.children[0], argumentNodes.childOffsets[0]);
  for (const arg of args) {
    if (arg.name !== null) continue;
    report(site, "DLC117", arg.span, "A sealed value is given by column name.", {
      mend: `Write \`seal ${target.name.text}(column: value) …\`.`,
    });
  }
  if (bodyNodes.children.length === 0) {
    report(site, "DLC117", target.span, "When the seal is given is missing.", {
      mend: `Write a body: \`seal ${target.name.text}(k: x) <= over(x);\`.`,
    });
    return { kind: "seal", target, args, op: "<=", body: [], doc, span };
  }
  const bodyAt = bodyNodes.childOffsets[0];
  const { op, body, having } = bodyOf(site, bodyNodes.children[0], bodyAt, false);
  if (op !== "<=" && op !== "<~") {
    report(site, "DLC117", spanAt(site, bodyAt, op.length), `A seal is given with \`<=\` or \`<~\`, not \`${op}\`.`, {
      mend: "`<=` seals a collection of this role, `<~` another role's channel.",
    });
  }
  if (having.length > 0) {
    report(site, "DLC117", having[0].span, "A seal has no `having`.", {
      mend: "Derive a scratch with `having` first, and seal when it holds.",
    });
  }
  return { kind: "seal", target, args, op: op === "<~" ? "<~" : "<=", body, doc, span };
}

export const strategies = ["none", "seal", "order", "barrier"] as const;

/** The node `annotation`. */
export function annotationOf(site: Site, node: Cst, at: number): Annotation {
  const [, , nameNode, , , , wordNode, byNodes, , , , reasonNodes] = node.children;
  // Blank space after an annotation belongs to the node, and not to the annotation.
  const span = spanAt(site, at, textAt(site, at, node.matchLength).trimEnd().length);
  const nameAt = at + node.childOffsets[2];
  const name = { text: textAt(site, nameAt, nameNode.matchLength), span: spanAt(site, nameAt, nameNode.matchLength) };
  const wordAt = at + node.childOffsets[6];
  const word = { text: textAt(site, wordAt, wordNode.matchLength), span: spanAt(site, wordAt, wordNode.matchLength) };
  const by = byNodes.children.length === 0 ? null : byOf(site, byNodes.children[0], at + byNodes.childOffsets[0]);
  const reason =
    reasonNodes.children.length === 0
      ? null
      : textValue(site, at + reasonNodes.childOffsets[0], reasonNodes.children[0].matchLength);

  if (name.text === "allow") {
    if (word.text !== "weaker") reportUnknown(site, word, ["weaker"], "something to allow", "DLC114");
    if (by !== null) report(site, "DLC114", span, '`@allow(weaker, "reason")` takes no `by`.');
    return { kind: "allow", what: word.text, reason, span };
  }
  if (name.text !== "coordinate") reportUnknown(site, name, ["coordinate", "allow"], "an annotation", "DLC114");
  else if (!(strategies as readonly string[]).includes(word.text)) {
    reportUnknown(site, word, strategies, "a way to coordinate", "DLC114");
  } else if (by !== null && word.text !== "seal" && word.text !== "order") {
    report(site, "DLC114", word.span, `\`${word.text}\` takes no \`by\`.`);
  } else if (by === null && word.text === "seal") {
    report(site, "DLC114", word.span, "The sealed columns are missing.", { mend: "Write `@coordinate(seal by (c))`." });
  }
  return { kind: "coordinate", how: { kind: word.text as CoordinateHow["kind"], by }, reason, span };
}
