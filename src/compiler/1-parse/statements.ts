/** Statements that end in `;`. */
import type { CollectionKind } from "../ast.ts";
import { decodeStatement, encodeStatement, type CachedNode, type StatementCache } from "./cache.ts";
import { connectOf, pathDeclOf, sourceOf } from "./components.ts";
import { collectionOf, functionOf, latticeOf, reportUnknown } from "./declarations.ts";
import { importOf, useOf } from "./modules.ts";
import { ruleOf, sealOf } from "./rules.ts";
import type { Statement } from "./scan.ts";
import { report, spanAt, type Site } from "./site.ts";
import { treeOf } from "./trees.ts";
import { blockKinds, collectionKinds, interfaceKinds, itemKinds, laterKinds } from "./words.ts";

const declarationKinds = [...collectionKinds, ...interfaceKinds, "path", "seal", "use", ...itemKinds, ...blockKinds];

/** The member or item of a statement that ends in `;`, from the cache when it was read before. */
export function readStatement(site: Site, statement: Statement, cache: StatementCache | undefined): CachedNode | null {
  if (cache !== undefined && statement.terminated) {
    const known = cache.get(statement.text);
    if (known !== undefined)
      return decodeStatement(known, statement.text, statement.start, statement.end, statement.doc);
  }
  const before = site.diagnostics.length;
  const read = buildStatement(site, statement);
  // A tree with a mistake in it would only lead to more findings about the same place.
  if (site.diagnostics.length > before) return null;
  if (!statement.terminated && !endsInsideString(site, statement)) {
    const end = statement.start + statement.text.length;
    report(site, "DLC102", { start: end, end }, "A `;` is missing here.", {
      mend: "Every statement ends in `;`.",
      fix: { title: "Insert `;`", span: { start: end, end }, text: ";" },
    });
  } else if (cache !== undefined && read !== null) {
    const code = encodeStatement(read, statement.text, statement.start);
    if (code !== null) cache.set(statement.text, code);
  }
  return read;
}

/** Whether the scanner has reported a string that swallowed the rest of the line, and a `;` with it. */
function endsInsideString(site: Site, statement: Statement): boolean {
  const end = statement.start + statement.text.length;
  return site.diagnostics.some(
    ({ code, span }) => code === "DLC103" && span.start >= statement.start && span.end === end,
  );
}

function buildStatement(site: Site, statement: Statement): CachedNode | null {
  const { text, word, doc, end, from } = statement;
  if (text === "") {
    report(site, "DLC101", { start: site.base, end }, "A `;` with nothing before it.", {
      mend: "Take it away.",
      fix: { title: "Take the `;` away", span: { start: site.base, end }, text: "" },
    });
    return null;
  }
  if (word === null) {
    const cst = treeOf(site, "rule");
    return cst === null ? null : ruleOf(site, cst, doc, end);
  }
  const span = spanAt(site, from, word.length);
  if (laterKinds.has(word)) {
    reportLater(site, span, word);
    return null;
  }
  if (from > 0) reportAnnotated(site, statement);
  const proper: Site = from === 0 ? site : { ...site, text: text.slice(from), base: site.base + from };
  if (collectionKinds.has(word) || interfaceKinds.has(word)) {
    const cst = treeOf(proper, "collection");
    return cst === null ? null : collectionOf(proper, cst, word as CollectionKind | "in" | "out", doc, end);
  }
  switch (word) {
    case "seal": {
      const cst = treeOf(proper, "seal");
      return cst === null ? null : sealOf(proper, cst, doc, end);
    }
    case "function":
    case "aggregate": {
      const cst = treeOf(proper, "function");
      return cst === null ? null : functionOf(proper, cst, word, doc, end);
    }
    case "lattice": {
      const cst = treeOf(proper, "lattice");
      return cst === null ? null : latticeOf(proper, cst, doc, end);
    }
    case "import": {
      const cst = treeOf(proper, "import");
      return cst === null ? null : importOf(proper, cst, doc, end);
    }
    case "use": {
      const cst = treeOf(proper, "use");
      return cst === null ? null : useOf(proper, cst, doc, end);
    }
    case "source": {
      const cst = treeOf(proper, "collection");
      return cst === null ? null : sourceOf(proper, cst, doc, end);
    }
    case "path": {
      const cst = treeOf(proper, "path");
      return cst === null ? null : pathDeclOf(proper, cst, doc, end);
    }
    case "connect": {
      const cst = treeOf(proper, "connect");
      return cst === null ? null : connectOf(proper, cst, doc, end);
    }
    case "role":
    case "module":
    case "component":
      report(site, "DLC105", span, `The block of this ${word} is missing.`, {
        mend: "Write `{` after its header, and `}` after its last statement.",
      });
      return null;
    default:
      reportUnknown(proper, { text: word, span }, declarationKinds, "a kind of declaration", "DLC108");
      return null;
  }
}

export function reportAnnotated(site: Site, statement: Statement): void {
  const written = site.text.slice(0, statement.from).trimEnd();
  report(
    site,
    "DLC114",
    spanAt(site, 0, written.length),
    "An annotation stands before a rule, not before a declaration.",
    {
      mend: "Move it before the rule that it concerns, or take it away.",
    },
  );
}

export function reportLater(site: Site, span: { readonly start: number; readonly end: number }, word: string): void {
  report(site, "DLC115", span, `\`${word}\` is not understood by this version of dlc.`, {
    mend: "Write the program as roles, with functions of TypeScript where needed.",
  });
}
