/** What can do nothing: a collection that rules read and nothing comes to, and one that nothing reads. */
import type { Code } from "../diagnostics/codes.ts";
import { codes } from "../diagnostics/codes.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { nearNames } from "../diagnostics/near.ts";
import type { Collection, CollectionId, Ir } from "../ir.ts";

/**
 * Of the roles of the program's own file. What a copy of a module holds is not spoken of, since a role need not use all of
 * an interface; nor are imported files, where somebody else would have to mend it.
 */
export function unused({ asts, collections, rules, seals, externals }: Ir): readonly Diagnostic[] {
  const written = new Set<CollectionId>();
  const read = new Set<CollectionId>();
  for (const { head, op } of rules.values()) if (op !== "<-") written.add(head.collection);
  for (const { body } of [...rules.values(), ...seals])
    for (const literal of body) if (literal.kind === "read") read.add(literal.collection);

  const own = [...collections.values()].filter(
    ({ role, name, kind, file }) =>
      file.path === asts[0].file.path && kind !== "nodes" && !name.includes(".") && !externals.has(role),
  );
  const isWritten = ({ id, kind }: Collection): boolean => kind === "input" || kind === "timer" || written.has(id);
  const unwritten = own.filter((one) => !isWritten(one) && (one.kind === "output" || read.has(one.id)));
  const unread = own.filter(({ id, kind, name }) => kind !== "output" && !read.has(id) && !name.startsWith("_"));
  const unwrittenIn = byRole(unwritten);
  const unreadIn = byRole(unread);
  return [
    ...unwritten.map((one) => {
      const verb = one.kind === "channel" ? "sends to" : "writes";
      const so = one.kind === "output" ? "nothing is put out" : "what reads it never finds anything";
      const mend = meant(one, unreadIn, "reads") ?? `Add a rule that ${verb} it, or take it away.`;
      return finding("DLC261", one, `nothing ${verb} \`${one.id}\`, so ${so}`, mend);
    }),
    ...unread.map((one) => {
      const message = `nothing reads ${isWritten(one) ? "" : "or writes "}\`${one.id}\``;
      const otherwise = `Read it in a rule, or take it away; \`_${one.name}\` says that it is meant.`;
      return finding("DLC262", one, message, meant(one, unwrittenIn, "writes") ?? otherwise);
    }),
  ];
}

function finding(code: Code, { file, nameSpan }: Collection, message: string, mend: string): Diagnostic {
  return { code, severity: codes[code].severity, message, file, span: nameSpan, mend };
}

type ByRole = ReadonlyMap<string, readonly Collection[]>;

function byRole(all: readonly Collection[]): ByRole {
  const roles = new Map<string, Collection[]>();
  for (const one of all) {
    const known = roles.get(one.role);
    if (known === undefined) roles.set(one.role, [one]);
    else known.push(one);
  }
  return roles;
}

/** Of two that were to be one, each lacks what the other has. */
function meant({ role, name, columns }: Collection, others: ByRole, verb: string): string | null {
  const alike = (others.get(role) ?? []).filter((other) => other.columns.length === columns.length);
  const near = nearNames(
    name,
    alike.map((other) => other.name),
  );
  return near.length === 0 ? null : `Did you mean \`${near[0]}\`, which nothing ${verb}?`;
}
