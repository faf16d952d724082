/** `connect a -> B.c`: a rule that sends every fact of the one to the other. */
import type { ConnectDecl, SourceFile } from "../ast.ts";
import type { Collection, ReadLiteral, Rule } from "../ir.ts";
import { isSubtype, typeText } from "../types.ts";
import { isComponent } from "./components.ts";
import { namedIn } from "./files.ts";
import type { FileScope } from "./files.ts";
import { alternatives, quote } from "./findings.ts";
import type { Findings } from "./findings.ts";
import { labelOf } from "./rule.ts";
import type { Ordinals } from "./rule.ts";
import type { RoleScope } from "./scope.ts";

/** What the names of a file mean. */
interface Names {
  readonly roles: ReadonlyMap<string, RoleScope>;
  readonly findings: Findings;
}

/** `ordinals`: of the rules of each role. `isWhole`: none was left out. */
export function lowerConnections(
  files: readonly FileScope[],
  ordinals: ReadonlyMap<string, Ordinals>,
  findings: Findings,
): { readonly rules: readonly Rule[]; readonly isWhole: boolean } {
  let isWhole = true;
  const rules = new Map<string, Rule>();
  for (const fileScope of files) {
    const { file, ast } = fileScope;
    const scope: Names = { roles: namedIn(fileScope, (one) => one.roles), findings };
    for (const item of ast.items) {
      if (item.kind !== "connect") continue;
      const from = sourceEnd(file, item, scope);
      const to = targetEnd(file, item, scope);
      if (from === null || to === null || !fits(file, item, from, to, scope)) {
        isWhole = false;
        continue;
      }
      const ends = `${from.id} -> ${to.id}`;
      const before = rules.get(ends);
      if (before === undefined) rules.set(ends, connection(file, item, from, to, ordinals.get(from.role)!));
      else {
        findings.add(
          "DLC205",
          file,
          item.span,
          `${quote(written(item.from))} is connected to ${quote(written(item.to))} twice`,
          {
            cause: { file: before.file, span: before.span, label: "first here" },
            mend: "Leave one of them out.",
          },
        );
      }
    }
  }
  return { rules: [...rules.values()], isWhole };
}

const written = ({ role, name }: ConnectDecl["from"]): string =>
  role === null ? name.text : `${role.text}.${name.text}`;

function sourceEnd(file: SourceFile, { from }: ConnectDecl, scope: Names): Collection | null {
  const { findings } = scope;
  const source = scope.roles.get(written(from));
  if (source?.external?.kind === "source") return [...source.collections.values()][0];
  const role = roleNamed(file, from, scope, "from");
  if (role === null) return null;
  const { name } = from;
  if (from.role === null) {
    const outs = outsOf(role).map((out) => `${role.role.name}.${out}`);
    findings.add(
      "DLC285",
      file,
      name.span,
      `${quote(name.text)} is a ${kindOf(role)}, and a connection begins at one of its collections`,
      {
        mend: outs.length === 0 ? "It has none that could be sent." : `Name ${alternatives(outs.map(quote))}.`,
      },
    );
    return null;
  }
  if (isComponent(role)) {
    const out = role.outs.get(name.text);
    if (out !== undefined) return out;
    const into = role.ins.get(name.text);
    if (into === undefined) reportUnknown(file, from, role, "out", role.outs.keys(), scope);
    else {
      findings.add(
        "DLC285",
        file,
        from.span,
        `${quote(written(from))} is an in of the component, and a connection begins at an out`,
        {
          cause: { file: into.file, span: into.nameSpan, label: "declared here" },
          mend: "Facts flow in the direction of the arrow: `connect source -> Component.in;`.",
        },
      );
    }
    return null;
  }
  const found = role.collections.get(name.text);
  if (found === undefined) {
    reportUnknown(file, from, role, "collection", outsOf(role), scope);
    return null;
  }
  if (found.kind !== "timer" && found.kind !== "nodes") return found;
  findings.add("DLC285", file, from.span, `${quote(written(from))} has no facts that could be sent`, {
    mend: "Send from a rule: `Component.in(…) <~ …;`.",
  });
  return null;
}

function targetEnd(file: SourceFile, { to }: ConnectDecl, scope: Names): Collection | null {
  const { findings } = scope;
  const role = roleNamed(file, to, scope, "to");
  if (role === null) return null;
  if (role.external?.kind === "source") {
    findings.add("DLC285", file, to.span, `${quote(written(to))} is a source: its facts come from outside`, {
      mend: "A connection leads to an `in` of a component or a channel of a role.",
    });
    return null;
  }
  const ends = isComponent(role) ? [...role.ins.keys()] : channelsOf(role);
  if (to.role === null) {
    findings.add(
      "DLC285",
      file,
      to.span,
      `${quote(to.name.text)} is a ${kindOf(role)}, and a connection leads to one of its ${isComponent(role) ? "ins" : "channels"}`,
      {
        mend:
          ends.length === 0
            ? "It has none."
            : `Name ${alternatives(ends.map((end) => quote(`${role.role.name}.${end}`)))}.`,
      },
    );
    return null;
  }
  const found = isComponent(role) ? role.ins.get(to.name.text) : role.collections.get(to.name.text);
  if (found !== undefined && found.kind === "channel")
    return isAddressed(role) ? needsAddress(file, to, role, found, scope) : found;
  const other = isComponent(role) ? role.outs.get(to.name.text) : found;
  if (other === undefined) reportUnknown(file, to, role, isComponent(role) ? "in" : "channel", ends, scope);
  else {
    const is = isComponent(role) ? "an out of the component" : `${/^[io]/.test(other.kind) ? "an" : "a"} ${other.kind}`;
    findings.add(
      "DLC285",
      file,
      to.span,
      `${quote(written(to))} is ${is}, and a connection leads to ${isComponent(role) ? "an in" : "a channel"}`,
      {
        cause: { file: other.file, span: other.nameSpan, label: "declared here" },
        mend:
          ends.length === 0
            ? "There is none."
            : `Name ${alternatives(ends.map((end) => quote(`${role.role.name}.${end}`)))}.`,
      },
    );
  }
  return null;
}

function roleNamed(file: SourceFile, ref: ConnectDecl["from"], scope: Names, end: "from" | "to"): RoleScope | null {
  const name = ref.role ?? ref.name;
  const role = scope.roles.get(name.text);
  if (role !== undefined) return role;
  const names = [...scope.roles]
    .filter(([, each]) => (ref.role === null) === (each.external?.kind === "source"))
    .map(([each]) => each);
  const what = ref.role !== null ? "role or component" : end === "from" ? "source" : "component";
  scope.findings.add(
    "DLC201",
    file,
    name.span,
    `there is no ${what} ${quote(name.text)}`,
    scope.findings.didYouMean(
      file,
      name.span,
      name.text,
      names,
      ref.role === null && end === "from"
        ? `Declare it: ${quote(`source ${name.text}(…);`)}.`
        : "Declare it, or correct the name.",
    ),
  );
  return null;
}

function reportUnknown(
  file: SourceFile,
  ref: ConnectDecl["from"],
  role: RoleScope,
  what: string,
  names: Iterable<string>,
  scope: Names,
): void {
  const { name } = ref;
  const title = `${kindOf(role)} ${role.role.name}`;
  scope.findings.add("DLC202", file, name.span, `${title} has no ${what} ${quote(name.text)}`, {
    cause: { file: role.role.file, span: role.role.nameSpan, label: `the ${kindOf(role)}` },
    ...scope.findings.didYouMean(file, name.span, name.text, names, `Declare it in ${title}.`),
  });
}

function kindOf({ external }: RoleScope): string {
  return external?.kind ?? "role";
}

function outsOf(role: RoleScope): string[] {
  if (isComponent(role)) return [...role.outs.keys()];
  return [...role.collections.values()].flatMap(({ kind, name }) =>
    kind === "nodes" || kind === "timer" ? [] : [name],
  );
}

function channelsOf(role: RoleScope): string[] {
  return [...role.collections.values()].flatMap(({ kind, name }) => (kind === "channel" ? [name] : []));
}

/** Several instances of which none is meant. */
function isAddressed({ role }: RoleScope): boolean {
  return role.count > 1 && !role.replicated && role.partitionedBy === null;
}

function needsAddress(
  file: SourceFile,
  to: ConnectDecl["to"],
  { role }: RoleScope,
  { id }: Collection,
  scope: Names,
): null {
  scope.findings.add(
    "DLC224",
    file,
    to.span,
    `${quote(id)} needs an address: role ${role.name} has ${role.count} independent instances`,
    {
      cause: { file: role.file, span: role.nameSpan, label: "the role" },
      mend: `Send from a rule, ${quote(`${id}@a(…) <~ …;`)}, or make the role replicated or partitioned.`,
    },
  );
  return null;
}

/** Both ends have the same columns: what one of them lacks is reported first. */
function fits(
  file: SourceFile,
  { from, to, span }: ConnectDecl,
  source: Collection,
  target: Collection,
  { findings }: Names,
): boolean {
  const wrong = (message: string, mend: string): false => {
    findings.add("DLC286", file, span, message, {
      cause: { file: target.file, span: target.nameSpan, label: `${quote(written(to))} is declared here` },
      mend,
    });
    return false;
  };
  const mend =
    "Both ends of a connection have the same columns; a rule of a role between them can change facts on their way.";
  for (const column of target.columns) {
    const same = source.columns.find(({ name }) => name === column.name);
    if (same === undefined)
      return wrong(
        `${quote(written(from))} has no column ${quote(column.name)}, which ${quote(written(to))} has`,
        mend,
      );
    if (!isSubtype(same.type, column.type))
      return wrong(
        `${quote(column.name)} is ${typeText(same.type)} in ${quote(written(from))}, and ${typeText(column.type)} in ${quote(written(to))}`,
        "Give the column one type.",
      );
  }
  const extra = source.columns.find(({ name }) => !target.columns.some((column) => column.name === name));
  if (extra !== undefined)
    return wrong(`${quote(written(to))} has no column ${quote(extra.name)}, which ${quote(written(from))} has`, mend);
  return true;
}

function connection(
  file: SourceFile,
  { from, to, doc, span }: ConnectDecl,
  source: Collection,
  target: Collection,
  ordinals: Ordinals,
): Rule {
  const variables = new Map(
    source.columns.map(({ name, type }) => [name, { kind: "variable", name, type, span: from.span } as const]),
  );
  const body: ReadLiteral = {
    kind: "read",
    negated: false,
    collection: source.id,
    terms: [...variables.values()],
    span: from.span,
  };
  const label = labelOf(ordinals, written(to));
  return {
    id: `${source.role}/${label}`,
    label,
    role: source.role,
    op: "<~",
    head: {
      collection: target.id,
      to: { kind: "role" },
      terms: target.columns.map(({ name }) => ({ kind: "value", value: variables.get(name)! })),
      span: to.span,
    },
    body: [body],
    having: [],
    coordinate: null,
    allow: null,
    doc,
    file,
    span,
    isConnection: true,
  };
}
