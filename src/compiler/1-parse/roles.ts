import type { Name } from "../ast.ts";
import type { Cst } from "./cst.ts";
import { byOf, reportUnknown } from "./declarations.ts";
import { nameAt, report, spanAt, textAt, type Site } from "./site.ts";

/** The header `role A replicated x3`, without members. */
export interface RoleHeader {
  readonly name: Name;
  readonly count: number | null;
  readonly replicated: boolean;
  readonly partitionedBy: readonly Name[] | null;
}

export function roleOf(site: Site, node: Cst): RoleHeader {
  const name = nameAt(site, node.children[2], node.childOffsets[2]);
  const words = node.children[4];
  let count: number | null = null;
  let replicated: Name | null = null;
  let partitionedBy: readonly Name[] | null = null;
  for (let i = 0; i < words.children.length; i++) {
    const [wordNode, by] = words.children[i].children;
    const at = words.childOffsets[i];
    const word = { text: textAt(site, at, wordNode.matchLength), span: spanAt(site, at, wordNode.matchLength) };
    if (by.children.length > 0 && word.text !== "partitioned") {
      report(site, "DLC109", word.span, `\`by (…)\` belongs to \`partitioned\`, not to \`${word.text}\`.`);
    }
    if (/^x[0-9]+$/.test(word.text)) {
      const written = Number(word.text.slice(1));
      if (count !== null) report(site, "DLC109", word.span, "The number of instances is written twice.");
      if (written < 1 || written > 10_000) {
        report(site, "DLC109", word.span, `\`${word.text}\`: a role runs on 1 to 10000 instances.`);
      } else {
        count = written;
      }
    } else if (word.text === "replicated") {
      replicated = word;
    } else if (word.text === "partitioned") {
      if (by.children.length === 0) {
        report(site, "DLC109", word.span, "The columns that choose the instance are missing.", {
          mend: "Write them after `by`: `partitioned by (k)`.",
        });
      } else {
        partitionedBy = byOf(site, by.children[0], at + by.childOffsets[0]);
      }
    } else {
      reportUnknown(
        site,
        word,
        ["replicated", "partitioned"],
        "a word of a role's header (`xN` is the number of instances)",
        "DLC109",
      );
    }
  }
  if (replicated !== null && partitionedBy !== null) {
    report(site, "DLC109", replicated.span, "A role is replicated or partitioned, not both.", {
      mend: "Split it into two roles, or take one of the words away.",
    });
  }
  return { name, count, replicated: replicated !== null && partitionedBy === null, partitionedBy };
}
