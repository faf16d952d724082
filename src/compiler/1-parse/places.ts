/** What may stand where: outside of blocks, and in roles, modules and components. */
import type { CollectionDecl, Member, PathDecl, Span, UseDecl } from "../ast.ts";
import type { OpenBlock } from "./blocks.ts";
import type { CachedNode } from "./cache.ts";
import type { Statement } from "./scan.ts";
import { report, spanAt, type Site } from "./site.ts";
import { itemKinds } from "./words.ts";

/** Whether a statement stands outside of blocks; a `use` does where it says in which role, or where there is none. */
export function isItem(
  read: CachedNode,
  block: OpenBlock | null,
): read is Exclude<CachedNode, Member | PathDecl> | UseDecl {
  return read.kind === "use" ? block === null : itemKinds.has(read.kind);
}

export function reportInside(site: Site, statement: Statement, read: CachedNode, { header }: OpenBlock): void {
  const what =
    read.kind === "import"
      ? "A file is imported"
      : read.kind === "connect"
        ? "A connection stands"
        : `A ${read.kind} is declared`;
  report(site, "DLC106", firstWordOf(site, statement), `${what} outside of roles and modules.`, {
    mend: `Move it before \`${header.kind} ${header.name.text}\`; everything in the file can use it there.`,
  });
}

export function reportOutside(site: Site, statement: Statement, read: CachedNode): void {
  const span = spanAt(site, statement.from, statement.text.length - statement.from);
  const isInterface = read.kind === "collection" && read.direction !== null;
  const where = read.kind === "path" ? "component" : isInterface ? "module or component" : "role";
  report(site, "DLC106", span, `${titleOf(read)} stands outside of any ${where}.`, {
    mend:
      where === "role"
        ? "Collections and rules belong to a role or a module: put it between the braces of `role Name { … }`."
        : "Put it between the braces of `component Name { … }`.",
  });
}

function titleOf(read: CachedNode): string {
  return read.kind === "collection"
    ? `The ${read.direction ?? read.collection} \`${read.name.text}\``
    : `This ${read.kind}`;
}

/** A module and a component have an interface, a component has paths, and nothing else. */
export function isInPlace(read: CachedNode, { header }: OpenBlock): boolean {
  const isInterface = read.kind === "collection" && read.direction !== null;
  if (header.kind === "component") return isInterface || read.kind === "path";
  return read.kind !== "path" && !(isInterface && header.kind === "role");
}

export function reportMisplaced(site: Site, statement: Statement, read: CachedNode, { header }: OpenBlock): void {
  const { kind, name } = header;
  if (kind === "role" && read.kind === "collection") return reportInterface(site, statement, read);
  report(site, "DLC106", firstWordOf(site, statement), `${titleOf(read)} has no place in ${kind} \`${name.text}\`.`, {
    mend:
      kind === "component"
        ? "A component is described from outside: `in` and `out` are what it takes and gives, `path` how one depends on the other."
        : `\`path\` describes a component, which is written elsewhere; a ${kind} has collections and rules.`,
  });
}

/** Outside of blocks a use says in which role its copy stands; inside it stands there. */
export function checkUse(site: Site, { name, target }: UseDecl, block: OpenBlock | null): void {
  if (block === null && target === null) {
    report(site, "DLC106", name.span, `Nothing says in which role the copy \`${name.text}\` stands.`, {
      mend: `Write \`as ${name.text} in Role\`, or move the statement into the role.`,
    });
  } else if (block !== null && target !== null) {
    const { kind, name: own } = block.header;
    report(site, "DLC106", target.span, `A copy stands in the ${kind} in which it is used, here \`${own.text}\`.`, {
      mend: `Leave \`in ${target.text}\` out, or move the statement out of \`${own.text}\`.`,
    });
  }
}

/** `in` and `out` in a role. */
function reportInterface(site: Site, statement: Statement, { direction, name }: CollectionDecl): void {
  const kinds = direction === "in" ? "an input or a channel" : "an output";
  report(
    site,
    "DLC106",
    firstWordOf(site, statement),
    `\`${direction}\` belongs to the interface of a module or a component, and this is a role.`,
    {
      mend: `Declare \`${name.text}\` as ${kinds}, or as a scratch.`,
    },
  );
}

function firstWordOf(site: Site, statement: Statement): Span {
  return spanAt(site, statement.from, statement.word?.length ?? 1);
}
