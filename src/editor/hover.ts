/** What is said of a name under the cursor, as Markdown. */
import type { FunctionDecl, AggregateDecl, ModuleDecl, RoleDecl, TypeExpr, UseDecl } from "../compiler/ast.ts";
import { Findings } from "../compiler/2-lower/findings.ts";
import { lowerBody } from "../compiler/2-lower/body.ts";
import type { Place as RulePlace } from "../compiler/2-lower/scope.ts";
import { printCollection, printRole } from "../compiler/print.ts";
import { typeText } from "../compiler/types.ts";
import { latticeKinds, operationsNamed } from "../lattices/index.ts";
import { aggregates, functions } from "../operators/index.ts";
import type { Signature, SignatureType } from "../operators/index.ts";
import type { EditedProgram } from "./edited-program.ts";
import type { CollectionInsight, Insight, Labels, RuleInsight } from "./insight.ts";
import type { BuiltIn, Meaning, Occurrence } from "./names.ts";

/** Paragraphs, or null where there is nothing to say. `insight` is of the present text. */
export function hoverText(program: EditedProgram, occurrence: Occurrence, insight: Insight): string | null {
  const { meaning, name } = occurrence;
  const said = describe(program, meaning, name);
  if (said === null) return null;
  const parts = [`\`\`\`dlc\n${said.code}\n\`\`\``];
  if (said.where !== null) parts.push(`*${said.where}*`);
  if (said.doc !== null) parts.push(said.doc);
  if (meaning.kind === "collection") {
    const { file, nameSpan } = meaning.collection;
    const own = insight.collections.filter((one) => one.path === file.path && one.span.start === nameSpan.start);
    parts.push(...own.map((one) => collectionText(one, own.length > 1)));
  }
  const rule = headOf(program, occurrence);
  if (rule !== null) {
    const own = insight.rules.filter(
      (one) => one.path === program.root.file.path && one.span.start === rule.span.start,
    );
    parts.push(...own.map(ruleText));
  }
  return parts.join("\n\n");
}

interface Said {
  readonly code: string;
  /** To whom it belongs. */
  readonly where: string | null;
  readonly doc: string | null;
}

function describe(program: EditedProgram, meaning: Meaning, name: string): Said | null {
  switch (meaning.kind) {
    case "role": {
      const { role, decl } = meaning.scope;
      const word = meaning.scope.external?.kind ?? "role";
      return { code: printRole(role).replace(/^role/, word), where: null, doc: decl.doc };
    }
    case "module":
      return { code: moduleHeader(meaning.decl), where: null, doc: meaning.decl.doc };
    case "collection": {
      const { collection, decl } = meaning;
      if (collection.kind === "nodes")
        return {
          code: `${collection.role}.nodes(node: addr)`,
          where: "built in",
          doc: `The addresses of the instances of role ${collection.role}.`,
        };
      const code = printCollection(collection).replace(/;$/, "");
      if (decl?.kind === "source") return { code: code.replace(/^\w+/, "source"), where: null, doc: collection.doc };
      const word = decl?.direction ?? collection.kind;
      return { code: code.replace(/^\w+/, word), where: `of ${collection.role}`, doc: collection.doc };
    }
    case "column": {
      const { collection, column } = meaning;
      return { code: `${column.name}: ${typeText(column.type)}`, where: `column of ${collection.id}`, doc: null };
    }
    case "parameter":
      return { code: `${name}: ${writtenType(meaning.type)}`, where: `parameter of ${meaning.of}`, doc: null };
    case "function":
      return { code: functionHeader(meaning.decl), where: `from ${meaning.decl.from}`, doc: meaning.decl.doc };
    case "lattice":
      return { code: `lattice ${meaning.decl.name.text}`, where: `from ${meaning.decl.from}`, doc: meaning.decl.doc };
    case "import":
      return {
        code: `import ${JSON.stringify(meaning.decl.from.value)} as ${name}`,
        where: null,
        doc: meaning.decl.doc,
      };
    case "copy":
      return copyOf(program, meaning.decl);
    case "variable": {
      const type = variableType(program, meaning, name);
      return { code: type === null ? name : `${name}: ${type}`, where: "variable", doc: null };
    }
    case "role parameter": {
      const of = meaning.module.roles.find((one) => one.name.text === name)?.module;
      const doc = of ? `A role with a copy of module ${of.text}.` : "Any role.";
      return { code: `${name}: ${of?.text ?? "role"}`, where: `parameter of module ${meaning.module.name.text}`, doc };
    }
    case "type parameter":
      return { code: name, where: `type parameter of module ${meaning.module.name.text}`, doc: null };
    case "built-in":
      return builtIn(meaning.of, name);
  }
}

export function moduleHeader({ name, types, roles }: ModuleDecl): string {
  const typed = types.length === 0 ? "" : `<${types.map(({ text }) => text).join(", ")}>`;
  const given = roles.map((one) => `${one.name.text}: ${one.module?.text ?? "role"}`).join(", ");
  return `module ${name.text}${typed}${given === "" ? "" : `(${given})`}`;
}

export function functionHeader({ kind, name, params, returns, claims }: FunctionDecl | AggregateDecl): string {
  const list = params.map((param) => `${param.name.text}: ${writtenType(param.type)}`).join(", ");
  return [`${kind} ${name.text}(${list}): ${writtenType(returns)}`, ...claims].join(" ");
}

function writtenType({ name, args }: TypeExpr): string {
  const list = args.map(writtenType).join(", ");
  return name === "tuple" ? `(${list})` : args.length === 0 ? name : `${name}<${list}>`;
}

function copyOf(program: EditedProgram, decl: UseDecl): Said {
  const text = program.root.file.text.slice(decl.span.start, decl.span.end).replace(/\s+/g, " ");
  const [own] = program.declared.files;
  const [alias, inner] = decl.module.text.split(".");
  const module = inner === undefined ? own.modules.get(alias) : own.imports.get(alias)?.modules.get(inner);
  const lines = (module?.decl.members ?? []).flatMap((member) => {
    if (member.kind !== "collection" || member.direction === null) return [];
    const written = module!.file.file.text.slice(member.span.start, member.span.end);
    return [`  ${written.replace(/\s+/g, " ")}`];
  });
  return { code: [text.replace(/;?$/, ";"), ...lines].join("\n"), where: null, doc: module?.decl.doc ?? null };
}

/** null where its rule cannot be understood so far. */
function variableType(
  program: EditedProgram,
  { block, rule }: Extract<Meaning, { kind: "variable" }>,
  name: string,
): string | null {
  const role = program.scopeOf(block);
  if (role === null) return null;
  const { functions, lattices, aggregates, file } = role.file;
  const findings = new Findings();
  const scope = { roles: program.declared.roles, names: role.roles, functions, lattices, aggregates, findings };
  const place: RulePlace = { scope, role: { ...role, findings }, file };
  const type = lowerBody(place, rule.body, rule.span).variables.get(name)?.type;
  return type === undefined || type.kind === "unknown" ? null : typeText(type);
}

function builtIn(of: BuiltIn, name: string): Said | null {
  const said = (codes: readonly string[], doc: string): Said => ({ code: codes.join("\n"), where: "built in", doc });
  if (of === "function") {
    const { signatures, doc, partial } = functions.get(name)!;
    const operations = operationsNamed(name);
    const code = [
      ...signatures.map((signature) => signatureText(name, signature)),
      ...operations.map((one) => `${name}(…) on ${one.on.join(", ")}`),
    ];
    return said(code, partial ? `${doc} Where it fails, that one derivation is left out.` : doc);
  }
  if (of === "aggregate") {
    const { params, doc } = aggregates.get(name)!;
    return said([`${name}(${params.join(", ")})`], doc);
  }
  if (of === "operation") {
    const found = operationsNamed(name);
    const code = found.map((one) => `${name}(…) on ${one.on.join(", ")}`);
    return found.length === 0 ? null : said(code, [...new Set(found.map(({ doc }) => doc))].join(" "));
  }
  const kind = latticeKinds.get(name);
  if (kind !== undefined) {
    const params = kind.params.length === 0 ? "" : `<${kind.params.map((param) => param.name).join(", ")}>`;
    return said([`${name}${params}`], `A lattice. ${kind.doc}`);
  }
  return typeWords[name] === undefined ? null : said([name], typeWords[name]);
}

export const typeWords: Readonly<Record<string, string>> = {
  int: "A whole number that JavaScript holds exactly; overflow is an error of the derivation.",
  nat: "A whole number, 0 or more.",
  float: "A 64-bit floating-point number.",
  string: "A text.",
  bool: "`true` or `false`.",
  addr: "The address of an instance of a role.",
  bytes: "A sequence of bytes.",
  json: "Any JSON value.",
  list: "`list<T>`: a list of values of one type.",
};

/** `split(string, string): list<string>`. */
export function signatureText(name: string, { params, returns }: Signature): string {
  return `${name}(${params.map(written).join(", ")}): ${written(returns)}`;
}

function written(type: SignatureType): string {
  if (type.kind === "any") return type.name;
  if (type.kind === "list") return `list<${written(type.of)}>`;
  return typeText(type);
}

/** The rule of which the name is the head's collection. */
function headOf(program: EditedProgram, { span, meaning }: Occurrence): RoleDecl["members"][number] | null {
  if (meaning.kind !== "collection") return null;
  for (const item of program.root.read.ast.items) {
    if (item.kind !== "role" && item.kind !== "module") continue;
    for (const member of item.members)
      if (member.kind === "rule" && member.head.ref.name.span.start === span.start) return member;
  }
  return null;
}

function labelText({ before, after, means }: Labels): string {
  const change = before === after ? `**${after}**` : `**${before}** → **${after}**`;
  return `${change}: ${means}`;
}

function collectionText(one: CollectionInsight, named: boolean): string {
  const lines = [`${named ? `${one.id}: ` : "Label "}${labelText(one)}`, ...one.inserted.map((text) => `+ ${text}`)];
  return lines.join("  \n");
}

function ruleText({ label, reasons, inserted }: RuleInsight): string {
  const why = reasons.map(({ reason, why, gate }) => `*${reason}*: ${why}  \nGate: ${gate}.`);
  const what = inserted.length === 0 ? ["Nothing is inserted for it."] : inserted.map((text) => `+ ${text}`);
  return [`---\n\n**${label}** depends on the order of messages.`, ...why, what.join("  \n")].join("\n\n");
}
