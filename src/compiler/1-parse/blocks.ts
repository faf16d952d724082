/** Roles, modules and components, from their headers on. */
import type { Member, PathDecl } from "../ast.ts";
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
export function openBlock(site: Site, statement: Statement, within: OpenBlock | null): OpenBlock | null {
  const word = statement.word as string;
  const span = spanAt(site, statement.from, word.length);
  if (word !== "role" && word !== "module" && word !== "component") {
    if (laterKinds.has(word)) reportLater(site, span, word);
    else reportUnknown(site, { text: word, span }, blockKinds, "what a block begins with", "DLC108");
    return null;
  }
  if (statement.from > 0) reportAnnotated(site, statement);
  const proper: Site = { ...site, text: statement.text.slice(statement.from), base: site.base + statement.from };
  const matched = match(proper.text, word);
  if (matched.cst === null) {
    explainMismatch(proper, word, matched.failedAt);
    // The members still are read, so that their errors come up in the same run.
    const text = /^[a-z]+ +([A-Za-z_][A-Za-z0-9_]*)/.exec(proper.text)?.[1] ?? "_";
    const name = { text, span: spanAt(proper, word.length + 1, text.length) };
    const headers: Readonly<Record<typeof word, Header>> = {
      role: { kind: "role", name, count: null, replicated: false, partitionedBy: null },
      module: { kind: "module", name, types: [], roles: [] },
      component: { kind: "component", name, count: null, replicated: false, from: null },
    };
    const header = headers[word];
    return { header, start: proper.base, doc: statement.doc, members: [], sound: false };
  }
  const before = site.diagnostics.length;
  const header: Header =
    word === "module"
      ? { kind: word, ...moduleOf(proper, matched.cst) }
      : word === "component"
        ? { kind: word, ...componentOf(proper, matched.cst) }
        : { kind: word, ...roleOf(proper, matched.cst) };
  const sound = site.diagnostics.length === before;
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
