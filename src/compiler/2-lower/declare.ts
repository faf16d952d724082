/** Declarations: roles, their collections, imported functions. */
import type { AggregateDecl, Ast, ColumnDecl, FunctionDecl, LatticeDecl, Name, RoleDecl, SourceFile } from "../ast.ts";
import type { Collection, Column, ImportedFunction, Role } from "../ir.ts";
import { latticeKinds } from "../../lattices/index.ts";
import { addr, sameType, scalarType, typeText } from "../types.ts";
import { declareCollection } from "./collection.ts";
import { quote } from "./findings.ts";
import type { Findings } from "./findings.ts";
import type { RoleScope, Scope } from "./scope.ts";
import { resolveType } from "./type-names.ts";

/** Declares everything that rules can name. Of two things of one name the first stays. */
export function declare(asts: readonly Ast[], findings: Findings): Scope {
  const scope: Scope = { roles: new Map(), functions: new Map(), lattices: new Map(), unavailable: new Map(), findings };
  const lattices = new Set<string>();
  for (const ast of asts) for (const item of ast.items) if (item.kind === "lattice") lattices.add(item.name.text);
  const names = new Map<string, { readonly file: SourceFile; readonly name: Name; readonly what: string }>();

  for (const { file, items } of asts) {
    for (const item of items) {
      if (item.kind === "role") continue;
      const before = names.get(item.name.text);
      if (before === undefined) names.set(item.name.text, { file, name: item.name, what: item.kind });
      else {
        twice(findings, file, item.name, `the ${item.kind} ${quote(item.name.text)}`, before.file, before.name);
        continue;
      }
      if (item.kind === "function") scope.functions.set(item.name.text, importFunction(file, item, lattices, findings));
      else if (item.kind === "aggregate") {
        columnsOf(file, item.params, lattices, findings, "parameter");
        resolveType(file, item.returns, lattices, findings);
        scope.unavailable.set(item.name.text, item.name);
        findings.add(
          "DLC208",
          file,
          item.name.span,
          `the imported aggregate ${quote(item.name.text)} is not in this version of dlc`,
          {
            mend: "`collect(e)` gives a group's values as a list, which an imported function can take in the next rule.",
          },
        );
      } else {
        const { name, from, span } = item;
        checkModule(file, item, findings);
        if (latticeKinds.has(name.text) || scalarType(name.text) !== undefined || name.text === "list")
          findings.add("DLC205", file, name.span, `${quote(name.text)} is a type of the language`, {
            mend: "Give the lattice another name.",
          });
        scope.lattices.set(name.text, { name: name.text, from, file, span });
      }
    }
  }

  for (const { file, items } of asts) {
    for (const item of items) {
      if (item.kind !== "role") continue;
      const before = scope.roles.get(item.name.text);
      if (before !== undefined) {
        twice(findings, file, item.name, `role ${quote(item.name.text)}`, before.role.file, before.decl.name);
        continue;
      }
      scope.roles.set(item.name.text, declareRole(file, item, lattices, scope));
    }
  }
  for (const role of scope.roles.values()) checkPartitions(role, findings);
  return scope;
}

function twice(
  findings: Findings,
  file: SourceFile,
  name: Name,
  what: string,
  firstFile: SourceFile,
  first: Name,
): void {
  findings.add("DLC205", file, name.span, `${what} is declared twice`, {
    cause: { file: firstFile, span: first.span, label: "first declared here" },
    mend: "Rename one of them.",
  });
}

/** Two columns or parameters of one name: the second is reported, and stays. */
export function columnsOf(
  file: SourceFile,
  decls: readonly ColumnDecl[],
  lattices: ReadonlySet<string>,
  findings: Findings,
  what: string,
): Column[] {
  const seen = new Map<string, Name>();
  return decls.map(({ name, type }) => {
    const before = seen.get(name.text);
    if (before !== undefined) twice(findings, file, name, `the ${what} ${quote(name.text)}`, file, before);
    else seen.set(name.text, name);
    return { name: name.text, type: resolveType(file, type, lattices, findings) };
  });
}

function importFunction(
  file: SourceFile,
  decl: FunctionDecl | AggregateDecl,
  lattices: ReadonlySet<string>,
  findings: Findings,
): ImportedFunction {
  const { name, from, claims, span } = decl;
  checkModule(file, decl, findings);
  if (claims.includes("injective") && decl.params.length === 0) {
    findings.add("DLC502", file, name.span, `${quote(name.text)} has no parameter, so it cannot be injective`, {
      mend: "Leave `injective` out.",
    });
  }
  return {
    name: name.text,
    params: columnsOf(file, decl.params, lattices, findings, "parameter"),
    returns: resolveType(file, decl.returns, lattices, findings),
    from,
    claims,
    file,
    span,
  };
}

function checkModule(file: SourceFile, { name, from, span }: FunctionDecl | AggregateDecl | LatticeDecl, findings: Findings): void {
  if (!/^\.\.?\/.*\.(ts|mts|js|mjs)$/.test(from)) {
    const text = JSON.stringify(from);
    const at = file.text.indexOf(text, name.span.end);
    const where = at >= 0 && at < span.end ? { start: at, end: at + text.length } : name.span;
    findings.add("DLC501", file, where, `${text} is not the path of a module beside the program`, {
      mend: 'Write a relative path to a TypeScript or JavaScript file, such as `"./text.ts"`.',
    });
  }
}

function declareRole(file: SourceFile, decl: RoleDecl, lattices: ReadonlySet<string>, scope: Scope): RoleScope {
  const { findings } = scope;
  const name = decl.name.text;
  const role: Role = {
    name,
    count: decl.count ?? (decl.replicated ? 3 : decl.partitionedBy !== null ? 2 : 1),
    replicated: decl.replicated,
    partitionedBy: decl.partitionedBy?.map((column) => column.text) ?? null,
    doc: decl.doc,
    file,
    span: decl.span,
    nameSpan: decl.name.span,
  };
  const collections = new Map<string, Collection>();
  for (const member of decl.members) {
    if (member.kind !== "collection") continue;
    const before = collections.get(member.name.text);
    if (before !== undefined) {
      twice(findings, file, member.name, `${quote(member.name.text)} in role ${name}`, before.file, {
        text: "",
        span: before.nameSpan,
      });
      continue;
    }
    const imported = scope.functions.get(member.name.text);
    if (imported !== undefined || scope.unavailable.has(member.name.text)) {
      const cause =
        imported === undefined ? {} : { cause: { file: imported.file, span: imported.span, label: "the function" } };
      findings.add(
        "DLC205",
        file,
        member.name.span,
        `${quote(member.name.text)} is also the name of an imported function`,
        {
          ...cause,
          mend: "Collections and functions share one name space: rename one of them.",
        },
      );
    }
    collections.set(member.name.text, declareCollection(file, role, member, lattices, findings));
  }
  if (!collections.has("nodes")) collections.set("nodes", nodesOf(role));
  return { role, decl, collections };
}

/** `R.nodes(node: addr)`: the addresses of the role's instances. */
function nodesOf(role: Role): Collection {
  return {
    id: `${role.name}.nodes`,
    role: role.name,
    name: "nodes",
    kind: "nodes",
    columns: [{ name: "node", type: addr }],
    keyLength: null,
    lossy: false,
    durable: false,
    unique: false,
    sealed: null,
    level: null,
    strict: false,
    periodMs: null,
    doc: null,
    file: role.file,
    span: role.nameSpan,
    nameSpan: role.nameSpan,
  };
}

/** Every channel of a partitioned role has the partition columns, each of one type. */
function checkPartitions({ role, decl, collections }: RoleScope, findings: Findings): void {
  if (decl.partitionedBy === null) return;
  const channels = [...collections.values()].filter((collection) => collection.kind === "channel");
  const known = new Set(
    [...collections.values()].flatMap((one) => (one.kind === "nodes" ? [] : one.columns.map((column) => column.name))),
  );
  const seen = new Set<string>();
  for (const column of decl.partitionedBy) {
    if (seen.has(column.text)) {
      findings.add("DLC205", role.file, column.span, `the partition column ${quote(column.text)} is named twice`, {
        mend: "Leave one of them out.",
      });
      continue;
    }
    seen.add(column.text);
    if (!known.has(column.text)) {
      findings.add(
        "DLC204",
        role.file,
        column.span,
        `no collection of role ${role.name} has a column ${quote(column.text)}`,
        findings.didYouMean(
          role.file,
          column.span,
          column.text,
          known,
          "Name a column that every channel of the role has.",
        ),
      );
      continue;
    }
    let first: Collection | null = null;
    for (const channel of channels) {
      const type = channel.columns.find((one) => one.name === column.text)?.type;
      const cause = {
        file: role.file,
        span: column.span,
        label: `role ${role.name} is partitioned by ${quote(column.text)}`,
      };
      if (type === undefined) {
        findings.add(
          "DLC226",
          channel.file,
          channel.nameSpan,
          `channel ${quote(channel.name)} has no column ${quote(column.text)}, by which role ${role.name} is partitioned`,
          { cause, mend: `Add the column: the instance that gets a message is found by it.` },
        );
        continue;
      }
      if (type.kind === "lattice")
        findings.add("DLC209", channel.file, channel.nameSpan, `${quote(column.text)} is a lattice in channel ${quote(channel.name)}, so no instance owns its values`, {
          cause,
          mend: "Partition by a plain column.",
        });
      const firstType = first?.columns.find((one) => one.name === column.text)?.type;
      if (first !== null && firstType !== undefined && !sameType(type, firstType)) {
        findings.add(
          "DLC226",
          channel.file,
          channel.nameSpan,
          `${quote(column.text)} is ${typeText(type)} in channel ${quote(channel.name)}, and ${typeText(firstType)} in ${quote(first.name)}`,
          { cause, mend: "Give the partition column one type: the owner of a value is found by its hash." },
        );
      }
      first ??= channel;
    }
  }
}
