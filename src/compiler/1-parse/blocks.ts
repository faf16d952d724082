/** Roles, modules and components, from their headers on. */
import type { Member, PathDecl } from "../ast.ts";
import { decodeHeader, encodeStatement, type StatementCache } from "./cache.ts";
import { componentOf, type ComponentHeader } from "./components.ts";
import { match } from "./cst.ts";
import { reportUnknown } from "./declarations.ts";
import { explainMismatch } from "./explain.ts";
import { moduleOf, type ModuleHeader } from "./modules.ts";
import { roleOf, type RoleHeader } from "./roles.ts";
import type { Statement } from "./scan.ts";
import { report, spanAt, type Site } from "./site.ts";
import { reportAnnotated, reportLater } from "./statements.ts";
import { blockKinds, laterKinds } from "./words.ts";

export type Header =
  | ({ readonly kind: "role" } & RoleHeader)
  | ({ readonly kind: "module" } & ModuleHeader)
  | ({ readonly kind: "component" } & ComponentHeader);

/** A role, module or component whose closing brace has not come yet. */
export interface OpenBlock {
  readonly header: Header;
  readonly start: number;
  readonly doc: string | null;
  readonly members: (Member | PathDecl)[];
  /** Whether its header could be read without findings. */
  readonly sound: boolean;
}

/** A block whose header is known. */
export function openKnown(header: Header, { start, from, doc }: Statement): OpenBlock {
  return { header, start: start + from, doc, members: [], sound: true };
}

/** The role, module or component that a block's header opens; null, after a report, when it opens none. */
export function openBlock(
  site: Site,
  statement: Statement,
  within: OpenBlock | null,
  cache?: StatementCache,
): OpenBlock | null {
  const word = statement.word as string;
  const span = spanAt(site, statement.from, word.length);
  if (word !== "role" && word !== "module" && word !== "component") {
    if (laterKinds.has(word)) reportLater(site, span, word);
    else reportUnknown(site, { text: word, span }, blockKinds, "what a block begins with", "DLC108");
    return null;
  }
  if (statement.from > 0) reportAnnotated(site, statement);
  const proper: Site = { ...site, text: statement.text.slice(statement.from), base: site.base + statement.from };
  const before = site.diagnostics.length;
  const known = word === "role" ? knownRole(proper, cache) : null;
  const header = known ?? headerOf(proper, word);
  const sound = site.diagnostics.length === before;
  if (sound && known === null && header.kind === "role") keepRole(header, proper, cache);
  if (within !== null) {
    const { kind, name } = within.header;
    report(
      site,
      "DLC105",
      spanAt(proper, 0, proper.text.length),
      `${word[0].toUpperCase()}${word.slice(1)} \`${header.name.text}\` begins inside ${kind} \`${name.text}\`.`,
      {
        mend: `Close \`${name.text}\` with \`}\` first: roles, modules and components do not nest.`,
        cause: { span: name.span, label: `this ${kind} is still open` },
      },
    );
  }
  return { header, start: proper.base, doc: statement.doc, members: [], sound };
}

/** One that cannot be read is reported; the members still are read, so that their errors come up in the same run. */
function headerOf(site: Site, word: Header["kind"]): Header {
  const matched = match(site.text, word);
  if (matched.cst !== null) {
    switch (word) {
      case "role":
        return { kind: word, ...roleOf(site, matched.cst) };
      case "module":
        return { kind: word, ...moduleOf(site, matched.cst) };
      case "component":
        return { kind: word, ...componentOf(site, matched.cst) };
    }
  }
  explainMismatch(site, word, matched.failedAt);
  const text = /^[a-z]+ +([A-Za-z_][A-Za-z0-9_]*)/.exec(site.text)?.[1] ?? "_";
  const name = { text, span: spanAt(site, word.length + 1, text.length) };
  const headers: Readonly<Record<typeof word, Header>> = {
    role: { kind: "role", name, count: null, replicated: false, partitionedBy: null },
    module: { kind: "module", name, types: [], roles: [] },
    component: { kind: "component", name, count: null, replicated: false, from: null },
  };
  return headers[word];
}

/** With the brace, which no statement has at this place. */
function keyOf({ text }: Site): string {
  return `${text} {`;
}

function knownRole(site: Site, cache: StatementCache | undefined): Header | null {
  const known = cache?.get(keyOf(site));
  return known === undefined ? null : (decodeHeader(known, site.text, site.base) as Header);
}

function keepRole(header: Header & { readonly kind: "role" }, site: Site, cache: StatementCache | undefined): void {
  const code = cache && encodeStatement(header, site.text, site.base);
  if (code) cache.set(keyOf(site), code);
}
