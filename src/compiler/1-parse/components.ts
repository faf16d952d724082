/** Sources, components and their connections. */
import type { CollectionDecl, ConnectDecl, Name, PathDecl, PathWord, SourceDecl } from "../ast.ts";
import type { Cst } from "./cst.ts";
import { collectionOf, namesOf, reportUnknown } from "./declarations.ts";
import { referenceOf } from "./expressions.ts";
import { textValue } from "./literals.ts";
import { nameAt, report, spanAt, textAt, type Site } from "./site.ts";

/** The header `component Report replicated from "./report.ts"`, without members. */
export interface ComponentHeader {
  readonly name: Name;
  readonly replicated: boolean;
  readonly count: number | null;
  readonly from: Name | null;
}

export function componentOf(site: Site, node: Cst): ComponentHeader {
  const at = node.childOffsets;
  const name = nameAt(site, node.children[2], at[2]);
  const [words, froms] = [node.children[4], node.children[8]];
  let replicated: Name | null = null;
  let count: Name | null = null;
  for (let i = 0; i < words.children.length; i++) {
    const { matchLength } = words.children[i].children[0];
    const start = words.childOffsets[i];
    const word = { text: textAt(site, start, matchLength), span: spanAt(site, start, matchLength) };
    const before = word.text === "replicated" ? replicated : count;
    if (/^x[0-9]+$/.test(word.text)) {
      if (before !== null) report(site, "DLC109", word.span, "The number of instances is written twice.");
      if (Number(word.text.slice(1)) < 1 || Number(word.text.slice(1)) > 10_000)
        report(site, "DLC109", word.span, `\`${word.text}\`: a component runs on 1 to 10000 instances.`);
      count = word;
    } else if (word.text === "replicated") {
      if (before !== null) report(site, "DLC109", word.span, "`replicated` is written twice.");
      replicated = word;
    } else {
      reportUnknown(site, word, ["replicated", "from"], "a word of a component's header", "DLC109");
    }
  }
  if (count !== null && replicated === null) {
    report(site, "DLC109", count.span, "A component is one instance, or `replicated`.", {
      mend: `Write \`replicated ${count.text}\`, or leave \`${count.text}\` out.`,
    });
  }
  const from =
    froms.children.length === 0
      ? null
      : {
          text: textValue(site, froms.childOffsets[0], froms.children[0].matchLength),
          span: spanAt(site, froms.childOffsets[0], froms.children[0].matchLength),
        };
  return {
    name,
    replicated: replicated !== null,
    count: count === null ? null : Number(count.text.slice(1)),
    from,
  };
}

/** `source click(campaign: string) sealed by (campaign)`. */
export function sourceOf(site: Site, node: Cst, doc: string | null, end: number): SourceDecl {
  const { name, columns, keyLength, modifiers, span }: CollectionDecl = collectionOf(site, node, "input", doc, end);
  return { kind: "source", name, columns, keyLength, modifiers, doc, span };
}

export const pathWords: readonly PathWord[] = ["CR", "CW", "OR", "OW"];

/** `path request -> response: OR(campaign, id)`. */
export function pathDeclOf(site: Site, node: Cst, doc: string | null, end: number): PathDecl {
  const at = node.childOffsets;
  const [, , fromNode, , , , toNode, , , , wordNode, , gates] = node.children;
  const word = nameAt(site, wordNode, at[10]);
  const gate = gates.children.length === 0 ? null : gates.children[0];
  const gateAt = gates.childOffsets[0];
  if (!(pathWords as readonly string[]).includes(word.text)) {
    reportUnknown(
      site,
      word,
      pathWords,
      "a kind of path (confluent or order-sensitive, reading or writing state)",
      "DLC109",
    );
  } else if (word.text.startsWith("O") && gate === null) {
    report(site, "DLC109", word.span, `The gate of \`${word.text}\` is missing.`, {
      mend: `Name the columns over whose values the component works independently, \`${word.text}(id)\`, or write \`${word.text}(*)\` where they are not known.`,
    });
  } else if (word.text.startsWith("C") && gate !== null) {
    report(site, "DLC109", spanAt(site, gateAt, gate.matchLength), `\`${word.text}\` has no gate.`, {
      mend: "A confluent path gives the same answer in any order: only `OR` and `OW` name the columns that separate it.",
    });
  }
  return {
    kind: "path",
    from: nameAt(site, fromNode, at[2]),
    to: nameAt(site, toNode, at[6]),
    word: word.text as PathWord,
    gate: gate === null || gate.ruleName === "anyGate" ? null : namesOf(site, gate, gateAt),
    doc,
    span: { start: site.base, end },
  };
}

/** `connect click -> Report.click`. */
export function connectOf(site: Site, node: Cst, doc: string | null, end: number): ConnectDecl {
  const at = node.childOffsets;
  return {
    kind: "connect",
    from: referenceOf(site, node.children[2], at[2]),
    to: referenceOf(site, node.children[6], at[6]),
    doc,
    span: { start: site.base, end },
  };
}
