/** Declarations: roles, their collections, modules, imported functions and aggregates. */
import type { AggregateDecl, ColumnDecl, FunctionDecl, LatticeDecl, Name, RoleDecl, SourceFile } from "../ast.ts";
import type { Collection, Column, ImportedFunction, Role } from "../ir.ts";
import { latticeKinds } from "../../lattices/index.ts";
import { addr, holdsLattice, sameType, scalarType, typeText } from "../types.ts";
import { declareCollection } from "./collection.ts";
import { declareComponent, declareSource } from "./components.ts";
import { namedIn } from "./files.ts";
import type { FileScope } from "./files.ts";
import { quote, twice } from "./findings.ts";
import type { Findings } from "./findings.ts";
import { titleOf } from "./scope.ts";
import type { RoleScope } from "./scope.ts";
import { resolveType } from "./type-names.ts";
import type { TypeScope } from "./type-names.ts";

/** Declares the functions, modules and roles of the files. Of two things of one name the first stays. */
export function declare(files: readonly FileScope[], findings: Findings): ReadonlyMap<string, RoleScope> {
  const roles = new Map<string, RoleScope>();
  for (const file of files) declareLattices(file);
  for (const file of files)
    for (const [name, one] of namedIn(file, ({ lattices }) => lattices)) file.namedLattices.set(name, one);
  for (const file of files) declareImported(file, findings);
  for (const scope of files) {
    const { file, ast, modules } = scope;
    for (const item of ast.items) {
      if (item.kind === "module") {
        const before = modules.get(item.name.text);
        if (before === undefined) modules.set(item.name.text, { decl: item, file: scope, isSound: true });
        else twice(findings, file, item.name, `module ${quote(item.name.text)}`, file, before.decl.name);
      } else if (item.kind === "role" || item.kind === "source" || item.kind === "component") {
        const before = scope.roles.get(item.name.text);
        if (before !== undefined) {
          const isSame = (before.external?.kind ?? "role") === item.kind;
          const what = `${isSame ? `${item.kind} ` : ""}${quote(item.name.text)}`;
          twice(findings, file, item.name, what, file, before.decl.name);
          continue;
        }
        const declared =
          item.kind === "role"
            ? declareRole(scope, item, findings)
            : item.kind === "source"
              ? declareSource(scope, item, findings)
              : declareComponent(scope, item, findings);
        scope.roles.set(item.name.text, declared);
      }
    }
  }
  for (const file of files) {
    const visible = namedIn(file, (one) => one.roles);
    for (const role of file.roles.values()) {
      for (const [name, other] of visible) role.roles.set(name, other);
      roles.set(role.role.name, role);
    }
  }
  return roles;
}

function declareLattices({ file, ast, prefix, lattices }: FileScope): void {
  for (const item of ast.items) {
    if (item.kind !== "lattice" || lattices.has(item.name.text)) continue;
    const { name, from, span } = item;
    lattices.set(name.text, { id: `${prefix}${name.text}`, name: name.text, from, file, span });
  }
}

/** What a file imports from TypeScript, its lattices declared. */
function declareImported(scope: FileScope, findings: Findings): void {
  const { file, ast } = scope;
  const names = new Map<string, Name>();
  const types: TypeScope = { lattices: scope.namedLattices, types: new Map() };
  for (const item of ast.items) {
    if (item.kind !== "function" && item.kind !== "aggregate" && item.kind !== "lattice") continue;
    const before = names.get(item.name.text);
    if (before === undefined) names.set(item.name.text, item.name);
    else {
      twice(findings, file, item.name, `the ${item.kind} ${quote(item.name.text)}`, file, before);
      continue;
    }
    if (item.kind === "function") scope.functions.set(item.name.text, importFunction(scope, item, types, findings));
    else if (item.kind === "aggregate")
      scope.aggregates.set(item.name.text, importFunction(scope, item, types, findings));
    else {
      const { name } = item;
      checkModule(file, item, findings);
      if (latticeKinds.has(name.text) || scalarType(name.text) !== undefined || name.text === "list")
        findings.add("DLC205", file, name.span, `${quote(name.text)} is a type of the language`, {
          mend: "Give the lattice another name.",
        });
    }
  }
}

/** Two columns or parameters of one name: the second is reported, and stays. */
export function columnsOf(
  file: SourceFile,
  decls: readonly ColumnDecl[],
  types: TypeScope,
  findings: Findings,
  what: string,
): Column[] {
  const seen = new Map<string, Name>();
  return decls.map(({ name, type }) => {
    const before = seen.get(name.text);
    if (before !== undefined) twice(findings, file, name, `the ${what} ${quote(name.text)}`, file, before);
    else seen.set(name.text, name);
    return { name: name.text, type: resolveType(file, type, types, findings) };
  });
}

function importFunction(
  { file, prefix }: FileScope,
  decl: FunctionDecl | AggregateDecl,
  types: TypeScope,
  findings: Findings,
): ImportedFunction {
  const { name, from, claims, span } = decl;
  checkModule(file, decl, findings);
  if (decl.kind === "aggregate" && decl.params.length === 0) {
    findings.add(
      "DLC253",
      file,
      name.span,
      `${quote(name.text)} has no parameter, so it would see nothing of a group`,
      {
        mend: "Give it a parameter for each value of a valuation that it takes in; how many there are says `count()`.",
      },
    );
  } else if (claims.includes("injective") && decl.params.length === 0) {
    findings.add("DLC502", file, name.span, `${quote(name.text)} has no parameter, so it cannot be injective`, {
      mend: "Leave `injective` out.",
    });
  }
  const params = columnsOf(file, decl.params, types, findings, "parameter");
  const returns = resolveType(file, decl.returns, types, findings);
  if (decl.kind === "aggregate" && [...params.map((param) => param.type), returns].some(holdsLattice)) {
    findings.add(
      "DLC208",
      file,
      name.span,
      `an imported aggregate of lattices, as ${quote(name.text)}, is not in this version of dlc`,
      {
        mend: "A lattice column of a table joins what it gets. Aggregate what `reveal` shows of the lattice.",
      },
    );
  }
  return {
    id: `${prefix}${name.text}`,
    name: name.text,
    params,
    returns,
    from,
    claims,
    file,
    span,
  };
}

function checkModule(
  file: SourceFile,
  { name, from, span }: FunctionDecl | AggregateDecl | LatticeDecl,
  findings: Findings,
): void {
  if (!/^\.\.?\/.*\.(ts|mts|js|mjs)$/.test(from)) {
    const text = JSON.stringify(from);
    const at = file.text.indexOf(text, name.span.end);
    const where = at >= 0 && at < span.end ? { start: at, end: at + text.length } : name.span;
    findings.add("DLC501", file, where, `${text} is not the path of a module beside the program`, {
      mend: 'Write a relative path to a TypeScript or JavaScript file, such as `"./text.ts"`.',
    });
  }
}

function declareRole(file: FileScope, decl: RoleDecl, findings: Findings): RoleScope {
  const role: Role = {
    name: `${file.prefix}${decl.name.text}`,
    count: decl.count ?? (decl.replicated ? 3 : decl.partitionedBy !== null ? 2 : 1),
    replicated: decl.replicated,
    partitionedBy: decl.partitionedBy?.map((column) => column.text) ?? null,
    doc: decl.doc,
    file: file.file,
    span: decl.span,
    nameSpan: decl.name.span,
  };
  const scope: RoleScope = {
    role,
    decl,
    file,
    collections: new Map(),
    copies: new Map(),
    roles: new Map(),
    types: new Map(),
    findings,
    copy: null,
    external: null,
  };
  declareCollections(scope);
  return scope;
}

/** The collections of a role or of a copy, but for those of the copies in it. */
export function declareCollections(scope: RoleScope): void {
  const { role, decl, file: fileScope, collections, copy, findings } = scope;
  const { file, functions, aggregates } = fileScope;
  const types: TypeScope = { lattices: fileScope.namedLattices, types: scope.types };
  for (const member of decl.members) {
    if (member.kind !== "collection") continue;
    const before = collections.get(member.name.text);
    if (before !== undefined) {
      twice(findings, file, member.name, `${quote(member.name.text)} in ${titleOf(scope)}`, before.file, {
        span: before.nameSpan,
      });
      continue;
    }
    const aggregate = aggregates.get(member.name.text);
    const imported = functions.get(member.name.text) ?? aggregate;
    if (imported !== undefined) {
      const what = aggregate === undefined ? "function" : "aggregate";
      findings.add(
        "DLC205",
        file,
        member.name.span,
        `${quote(member.name.text)} is also the name of an imported ${what}`,
        {
          cause: { file: imported.file, span: imported.span, label: `the ${what}` },
          mend: "Collections, functions and aggregates share one name space: rename one of them.",
        },
      );
    }
    const name = `${copy?.prefix ?? ""}${member.name.text}`;
    collections.set(member.name.text, declareCollection(file, role, name, member, types, findings));
  }
  if (!collections.has("nodes")) collections.set("nodes", nodesOf(role));
}

/** `R.nodes(node: addr)`: the addresses of the role's instances. */
export function nodesOf(role: Role): Collection {
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

/** Every channel of a partitioned role has the partition columns, each of one type. `collections`: all of the role. */
export function checkPartitions(
  { role, decl }: RoleScope,
  collections: readonly Collection[],
  findings: Findings,
): void {
  if (decl.kind !== "role" || decl.partitionedBy === null) return;
  const channels = collections.filter((collection) => collection.kind === "channel");
  const known = new Set(
    collections.flatMap((one) => (one.kind === "nodes" ? [] : one.columns.map((column) => column.name))),
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
        findings.add(
          "DLC209",
          channel.file,
          channel.nameSpan,
          `${quote(column.text)} is a lattice in channel ${quote(channel.name)}, so no instance owns its values`,
          {
            cause,
            mend: "Partition by a plain column.",
          },
        );
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
