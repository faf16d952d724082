/** Everything that is read out of the TypeScript sources. The only file, with those that it imports, that needs ts-morph. */
import { basename, dirname } from "node:path";
import type { Node, Project, SourceFile as TsFile } from "ts-morph";
import { Node as Nodes, ts } from "ts-morph";
import { nearNames } from "../compiler/diagnostics/near.ts";
import type { Data } from "./data.ts";
import { dataOf } from "./data-types.ts";
import { isFile } from "./modules.ts";
import { plain } from "./proof.ts";
import { findImpureLoading, findImpurity } from "./purity.ts";
import type { Impurity } from "./purity.ts";
import { mismatches } from "./signature.ts";
import type { Exported, LatticeModules } from "./signature.ts";
import { literalsOf, localFiles, openProject } from "./sources.ts";
import type { Literals, Subject } from "./subject.ts";
import { latticeFault } from "./verdict.ts";
import type { Fault, Place } from "./verdict.ts";

/** A subject with the absolute path of its module. */
export interface Placed {
  readonly subject: Subject;
  readonly path: string;
  readonly lattices: LatticeModules;
}

export interface Inspected extends Placed {
  readonly fault: Fault | null;
  readonly declaration: Node | null;
  readonly literals: Literals;
  /** What the types of its lattices declare, by their id; all of them where there is no fault. */
  readonly data: ReadonlyMap<string, Data>;
  /** Absolute paths of the sources that were read for it. */
  readonly files: readonly string[];
}

export function inspect(subjects: readonly Placed[]): readonly Inspected[] {
  const project = openProject();
  const modules = subjects.map(({ path }) => project.addSourceFileAtPath(path));
  const latticeModules = new Map<string, TsFile>();
  for (const { lattices } of subjects)
    for (const { path } of lattices.values())
      if (isFile(path)) latticeModules.set(path, project.addSourceFileAtPath(path));
  project.resolveSourceFileDependencies();
  const types = new Map<string, Data | Fault>();
  const typeOf = (name: string, path: string): Data | Fault => {
    const key = `${name} ${path}`;
    const module = latticeModules.get(path);
    const known = types.get(key) ?? (module === undefined ? latticeFault(name) : latticeType(name, module));
    types.set(key, known);
    return known;
  };
  const exported = new Map<Subject, Exported>();
  const faults = new Map<Subject, Fault>();
  for (const [i, { subject, lattices }] of subjects.entries()) {
    const found = exportOf(subject, modules[i]!);
    const wrong = [...lattices.values()].find(({ name, path }) => isFault(typeOf(name, path)));
    if (isFault(found)) faults.set(subject, found);
    else if (wrong === undefined) exported.set(subject, { ...found, lattices });
    else
      faults.set(
        subject,
        subject.kind === "lattice" ? (typeOf(wrong.name, wrong.path) as Fault) : latticeFault(wrong.name),
      );
  }
  findFaults(project, [...exported.values()], dirname(subjects[0]!.path), faults);
  return subjects.map((placed, i) => {
    const { subject, lattices } = placed;
    const used = [...lattices.values()].flatMap(({ path }) => latticeModules.get(path) ?? []);
    const files = [...new Set([modules[i]!, ...used].flatMap(localFiles))];
    const data = Array.from(lattices, ([id, { name, path }]) => [id, typeOf(name, path)] as const);
    return {
      ...placed,
      fault: faults.get(subject) ?? null,
      declaration: exported.get(subject)?.declaration ?? null,
      literals: literalsOf(files),
      data: new Map(data.flatMap(([id, of]) => (isFault(of) ? [] : [[id, of]]))),
      files: files.map((file) => file.getFilePath()),
    };
  });
}

function isFault(found: object): found is Fault {
  return "code" in found;
}

/** Of exports that are there: their signatures, and whether they are pure. */
function findFaults(project: Project, all: readonly Exported[], folder: string, faults: Map<Subject, Fault>): void {
  const wrong = mismatches(project, all, folder);
  all.forEach(({ subject, declaration, module }, i) => {
    const mismatch = wrong[i];
    const impure = mismatch || subject.isService ? null : (impurityOf(subject, declaration) ?? loading(module));
    if (mismatch) faults.set(subject, signatureFault(subject, mismatch));
    else if (impure !== null && impure !== undefined) {
      const where = `${basename(impure.node.getSourceFile().getFilePath())}:${impure.node.getStartLineNumber()}`;
      faults.set(subject, {
        code: "DLC507",
        message: `${subject.name} is not pure: ${impure.what} (${where})`,
        mend: `A ${subject.kind} may depend on its arguments only: hand in what it reads as an argument, from a collection.`,
        at: "name",
        cause: { ...placeOf(impure.node), label: impure.what.replace(/^it /, "") },
      });
    }
  });
}

function impurityOf({ kind }: Subject, declaration: Node): Impurity | null {
  const join = kind === "lattice" ? joinIn(declaration) : null;
  return (join === null ? null : findImpurity(join)) ?? findImpurity(declaration);
}

/** The function that is the `join` of an object; null where it is not written there. */
function joinIn(declaration: Node): Node | null {
  const initializer = Nodes.isVariableDeclaration(declaration) ? declaration.getInitializer() : undefined;
  let object = initializer === undefined ? undefined : plain(initializer);
  // Object.freeze({ … })
  if (Nodes.isCallExpression(object) && object.getArguments().length === 1) object = plain(object.getArguments()[0]!);
  const property = Nodes.isObjectLiteralExpression(object) ? object.getProperty("join") : undefined;
  if (Nodes.isMethodDeclaration(property)) return property;
  const value = Nodes.isPropertyAssignment(property)
    ? property.getInitializer()
    : Nodes.isShorthandPropertyAssignment(property)
      ? property.getNameNode()
      : undefined;
  if (!Nodes.isIdentifier(value)) return value === undefined ? null : plain(value);
  const symbol = Nodes.isShorthandPropertyAssignment(property) ? property.getValueSymbol() : value.getSymbol();
  return (symbol?.getAliasedSymbol() ?? symbol)?.getDeclarations()[0] ?? null;
}

function loading(module: TsFile): ReturnType<typeof findImpureLoading> {
  for (const file of localFiles(module)) {
    const found = findImpureLoading(file);
    if (found !== null) return found;
  }
  return null;
}

const isType = (node: Node): boolean => Nodes.isTypeAliasDeclaration(node) || Nodes.isInterfaceDeclaration(node);

/** What the type of that name says of a lattice's values. */
function latticeType(name: string, module: TsFile): Data | Fault {
  const declaration = module
    .getExportedDeclarations()
    .get(name)
    ?.find((node) => isType(node) || Nodes.isClassDeclaration(node) || Nodes.isEnumDeclaration(node));
  if (declaration === undefined)
    return {
      code: "DLC504",
      message: `the module of ${name} exports no type ${name}, which would say what its values are`,
      mend: `Write \`export type ${name} = …;\`: numbers, strings, booleans, null, and arrays and objects of these.`,
      at: "name",
      cause: null,
    };
  const data = dataOf(declaration);
  if (!("why" in data)) return data;
  return {
    code: "DLC514",
    message: `the values of ${name} are no plain data: ${data.why}`,
    mend: "They are sent and stored as JSON: numbers, strings, booleans, null, and arrays and objects of these.",
    at: "name",
    cause: { ...headOf(data.node), label: "as it is there" },
  };
}

function exportOf(subject: Subject, module: TsFile): Omit<Exported, "lattices"> | Fault {
  const { name, from, kind } = subject;
  const broken = module.getProject().getProgram().getSyntacticDiagnostics(module)[0];
  if (broken !== undefined) {
    const text = ts.flattenDiagnosticMessageText(broken.compilerObject.messageText, " ");
    const start = broken.getStart() ?? 0;
    return {
      code: "DLC506",
      message: `the module "${from}" is not valid TypeScript: line ${broken.getLineNumber()}: ${text}`,
      mend: "Mend the module.",
      at: "from",
      cause: { path: module.getFilePath(), start, end: start + (broken.getLength() ?? 1), label: text },
    };
  }
  const exported = module.getExportedDeclarations();
  const declarations = exported.get(name) ?? [];
  const declaration = declarations.find((node) => !isType(node));
  if (declaration !== undefined) return { subject, module, declaration };
  if (kind === "lattice" && declarations.length > 0)
    return {
      code: "DLC504",
      message: `the module "${from}" exports the type ${name}, and no value of that name`,
      mend: `Write \`export const ${name} = { bottom: …, join(a: ${name}, b: ${name}): ${name} { … } };\`.`,
      at: "name",
      cause: { ...headOf(declarations[0]!), label: "the type" },
    };
  const near = nearNames(name, [...exported.keys()]);
  const names = [...exported.keys()].filter((other) => other !== "default").join(", ");
  const here = module
    .getStatements()
    .find((statement) => "getName" in statement && (statement as { getName(): unknown }).getName() === name);
  return {
    code: "DLC504",
    message: `the module "${from}" exports no ${name}${near.length > 0 ? `; did you mean ${near[0]}?` : ""}`,
    mend:
      here !== undefined ? "Write `export` before it." : names === "" ? "It exports nothing." : `It exports ${names}.`,
    at: "name",
    cause: here === undefined ? null : { ...headOf(here), label: "it is here, and not exported" },
  };
}

function signatureFault(
  { name, from, type, kind }: Subject,
  { what, span, node }: NonNullable<ReturnType<typeof mismatches>[number]>,
): Fault {
  const param = type.parts?.params.findIndex((each) => each.span === span) ?? -1;
  const wrong =
    kind === "lattice"
      ? `what "${from}" exports as ${name} is no lattice`
      : `the signature of ${name} does not agree with "${from}"`;
  return {
    code: "DLC505",
    message: `${wrong}: ${what}`,
    mend: `The TypeScript ${kind} has to fit ${type.text}.`,
    at: param >= 0 ? param : "name",
    cause: { ...headOf(node), label: "as it is there" },
  };
}

function placeOf(node: Node): Place {
  return { path: node.getSourceFile().getFilePath(), start: node.getStart(), end: node.getEnd() };
}

/** A declaration up to its body. */
export function headOf(node: Node): Place {
  const { path, start, end } = placeOf(node);
  const text = node.getText();
  const line = text.indexOf("\n");
  return { path, start, end: line < 0 ? end : start + text.slice(0, line).trimEnd().length };
}
