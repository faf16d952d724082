/** Sources and components: roles that the program does not write itself. */
import type { CollectionDecl, ComponentDecl, RoleDecl, SourceDecl, SourceFile } from "../ast.ts";
import type { Collection, CollectionId, Component, Role, Rule, Source } from "../ir.ts";
import { declareCollection } from "./collection.ts";
import { nodesOf } from "./declare.ts";
import type { FileScope } from "./files.ts";
import { quote } from "./findings.ts";
import type { Findings } from "./findings.ts";
import type { RoleScope } from "./scope.ts";
import type { TypeScope } from "./type-names.ts";

/** A role that is declared from outside. */
export interface ExternalScope extends RoleScope {
  readonly external: Source | Component;
}

export interface ComponentScope extends ExternalScope {
  readonly external: Component;
  readonly component: ComponentDecl;
  /** By the names declared. */
  readonly ins: ReadonlyMap<string, Collection>;
  readonly outs: ReadonlyMap<string, Collection>;
}

export function isComponent(role: RoleScope): role is ComponentScope {
  return role.external?.kind === "component";
}

/** What both have as roles. */
function scopeOf(
  file: FileScope,
  decl: SourceDecl | ComponentDecl,
  findings: Findings,
): Omit<RoleScope, "collections" | "external"> {
  const { name, doc, span } = decl;
  const replicated = decl.kind === "component" && decl.replicated;
  const count = (decl.kind === "component" ? decl.count : null) ?? (replicated ? 3 : 1);
  const role: Role = {
    name: `${file.prefix}${name.text}`,
    count,
    replicated,
    partitionedBy: null,
    doc,
    file: file.file,
    span,
    nameSpan: name.span,
  };
  const asRole: RoleDecl = { kind: "role", name, count, replicated, partitionedBy: null, members: [], doc, span };
  return {
    role,
    decl: asRole,
    file,
    copies: new Map(),
    roles: new Map(),
    types: new Map(),
    findings,
    copy: null,
  };
}

const typesOf = ({ namedLattices }: FileScope): TypeScope => ({ lattices: namedLattices, types: new Map() });

export function declareSource(file: FileScope, decl: SourceDecl, findings: Findings): ExternalScope {
  const scope = scopeOf(file, decl, findings);
  const { role } = scope;
  const { name, columns, keyLength, modifiers, doc, span } = decl;
  const input: CollectionDecl = {
    kind: "collection",
    collection: "input",
    direction: null,
    name,
    columns,
    keyLength,
    modifiers,
    periodMs: null,
    doc,
    span,
  };
  const declared = {
    ...declareCollection(file.file, role, name.text, input, typesOf(file), findings),
    id: role.name,
  };
  return {
    ...scope,
    collections: new Map([
      [name.text, declared],
      ["nodes", nodesOf(role)],
    ]),
    external: { kind: "source", input: declared.id },
  };
}

export function declareComponent(fileScope: FileScope, decl: ComponentDecl, findings: Findings): ComponentScope {
  const scope = scopeOf(fileScope, decl, findings);
  const { role } = scope;
  const { file } = fileScope;
  checkModule(file, decl, findings);
  const ins = new Map<string, Collection>();
  const outs = new Map<string, Collection>();
  for (const member of decl.members) {
    if (member.kind !== "collection") continue;
    const { name, direction } = member;
    const ports = direction === "in" ? ins : outs;
    const before = ports.get(name.text);
    if (before !== undefined) {
      findings.add(
        "DLC205",
        file,
        name.span,
        `the ${direction} ${quote(name.text)} of ${role.name} is declared twice`,
        {
          cause: { file, span: before.nameSpan, label: "first declared here" },
          mend: "Rename one of them.",
        },
      );
      continue;
    }
    ports.set(name.text, declarePort(file, role, member, typesOf(fileScope), findings));
  }
  // One name for both ends: the output keeps it, since it is what reports speak of.
  for (const [name, port] of ins) {
    if (outs.has(name)) ins.set(name, { ...port, name: `${name} (in)`, id: `${port.id} (in)` });
  }
  const names = (ports: ReadonlyMap<string, Collection>): Map<CollectionId, string> =>
    new Map([...ports].map(([name, { id }]) => [id, name]));
  return {
    ...scope,
    component: decl,
    // What rules of roles can name: they send to inputs.
    collections: new Map([
      ...ins,
      ...[...outs].map(([name, out]) => [ins.has(name) ? `${name} (out)` : name, out] as const),
      ["nodes", nodesOf(role)],
    ]),
    ins,
    outs,
    external: {
      kind: "component",
      name: role.name,
      from: decl.from,
      ins: names(ins),
      outs: names(outs),
      file,
      span: decl.span,
      nameSpan: decl.name.span,
    },
  };
}

function checkModule(file: SourceFile, { name, from }: ComponentDecl, findings: Findings): void {
  if (from === null || /^\.\.?\/.*\.(ts|mts|js|mjs)$/.test(from.text)) return;
  findings.add(
    "DLC501",
    file,
    from.span,
    `${JSON.stringify(from.text)} is not the path of a module beside the program`,
    {
      mend: `Write a relative path to a TypeScript or JavaScript file, such as ${quote(`"./${name.text.toLowerCase()}.ts"`)}; leave it out where ${name.text} runs elsewhere.`,
    },
  );
}

function declarePort(
  file: SourceFile,
  role: Role,
  decl: CollectionDecl,
  types: TypeScope,
  findings: Findings,
): Collection {
  const { direction, name, keyLength, modifiers } = decl;
  if (keyLength !== null) {
    findings.add("DLC270", file, name.span, `the ${direction} ${quote(name.text)} of a component has no key`, {
      mend: `Separate its columns with commas: what a component keeps per key is its own business, and its paths say how it depends on order.`,
    });
  }
  const wrong = modifiers.filter((modifier) => direction === "in" || !["level", "rate"].includes(modifier.kind));
  for (const { kind, span } of wrong) {
    findings.add("DLC270", file, span, `the ${direction} ${quote(name.text)} of a component cannot be ${quote(kind)}`, {
      cause: { file, span: name.span, label: `${quote(name.text)} is an ${direction}` },
      mend:
        kind === "sealed"
          ? "Promise it where the facts come from: `source … sealed by (…)`, or the input of a role. Seals travel by themselves."
          : direction === "in"
            ? "An `in` has columns and nothing else."
            : "An `out` has columns, a level and a rate.",
    });
  }
  const kind = direction === "in" ? "channel" : "output";
  const plain = modifiers.filter((modifier) => !wrong.includes(modifier));
  const port = declareCollection(
    file,
    role,
    name.text,
    { ...decl, collection: kind, direction: null, keyLength: null, modifiers: plain },
    types,
    findings,
  );
  port.columns.forEach((column, i) => {
    if (column.type.kind !== "lattice") return;
    findings.add("DLC209", file, decl.columns[i].type.span, `${quote(column.name)} of a component is a plain column`, {
      cause: { file, span: name.span, label: `the ${direction}` },
      mend: "What a component is handed is there once and for all: send what the lattice has reached as plain facts.",
    });
  });
  return port;
}

/** Inputs to which nothing leads. */
export function reportUnfed(roles: Iterable<RoleScope>, rules: Iterable<Rule>, findings: Findings): void {
  const fed = new Set<CollectionId>();
  for (const { head } of rules) fed.add(head.collection);
  for (const role of roles) {
    if (!isComponent(role)) continue;
    for (const [name, { id, file, nameSpan }] of role.ins) {
      if (fed.has(id)) continue;
      findings.add("DLC288", file, nameSpan, `nothing feeds ${quote(`${role.role.name}.${name}`)}`, {
        mend: `Connect a source, an output or a collection of a role to it: ${quote(`connect … -> ${role.role.name}.${name};`)}.`,
      });
    }
  }
}
