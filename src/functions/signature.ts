/** Exports against the types that the program declares: one probe module for all, so that the sources are typed once. */
import type { Node, Project, SourceFile as TsFile, Symbol as TsSymbol, Type as TsType } from "ts-morph";
import { ts } from "ts-morph";
import type { Span } from "../compiler/ast.ts";
import type { Subject } from "./subject.ts";

export interface Exported {
  readonly subject: Subject;
  readonly module: TsFile;
  readonly declaration: Node;
  readonly lattices: LatticeModules;
}

/** The lattices that a type names, by their id: what exports them, as an absolute path. */
export type LatticeModules = ReadonlyMap<string, { readonly name: string; readonly path: string }>;

export interface Mismatch {
  /** `its parameter x is string there, and int here`. */
  readonly what: string;
  /** In the program. */
  readonly span: Span;
  /** In the TypeScript. */
  readonly node: Node;
}

/** For each export what does not agree, or null. */
export function mismatches(
  project: Project,
  exports: readonly Exported[],
  folder: string,
): readonly (Mismatch | null)[] {
  if (exports.length === 0) return [];
  const ids = [...new Set(exports.flatMap(({ lattices }) => [...lattices.keys()]))];
  const imports = new Map<string, string>();
  const own = exports.flatMap(({ subject: { name, type }, module, lattices }, i) => {
    // Lattices of several files can have one name.
    const local = new Map(Array.from(lattices, ([id, each]) => [each.name, `L${ids.indexOf(id)}`]));
    const text = (of: string): string => of.replace(/\w+/g, (word) => local.get(word) ?? word);
    for (const [id, each] of lattices)
      imports.set(id, `import type { ${each.name} as L${ids.indexOf(id)} } from ${JSON.stringify(each.path)};`);
    return [
      `import { ${name} as f${i} } from ${JSON.stringify(module.getFilePath())};`,
      `export const fits${i}: ${text(type.text)} = f${i};`,
      // What is of any type there fits.
      ...(type.also ?? []).flatMap(({ of, text: also }, k) => [
        `type Also${i}_${k} = ${of.replaceAll("EXPORT", `typeof f${i}`)};`,
        `export const fits${i}_${k}: ${text(also)} = null! as unknown extends Also${i}_${k} ? ${text(also)} : Also${i}_${k};`,
      ]),
      ...(type.parts?.params ?? []).map((param, k) => `export let p${i}_${k}: ${text(param.text)};`),
      ...(type.parts === null ? [] : [`export let r${i}: ${text(type.parts.returns.text)};`]),
    ];
  });
  const lines = [...imports.values(), ...own];
  const probe = project.createSourceFile(`${folder}/__dlc_signatures__.ts`, `${lines.join("\n")}\n`, {
    overwrite: true,
  });
  try {
    const faults = new Map<number, string>();
    for (const found of project.getProgram().getSemanticDiagnostics(probe)) {
      const text = ts.flattenDiagnosticMessageText(found.compilerObject.messageText, " ").replace(/\s+/g, " ");
      const line = lines[(found.getLineNumber() ?? 1) - 1]!;
      const index = /^export const fits(\d+)/.exec(line)?.[1];
      if (index !== undefined && !faults.has(Number(index))) faults.set(Number(index), text);
    }
    const typeOf = (name: string): TsType => probe.getVariableDeclarationOrThrow(name).getType();
    return exports.map((exported, i) => mismatch(exported, i, faults.get(i) ?? null, typeOf, project));
  } finally {
    project.removeSourceFile(probe);
  }
}

function mismatch(
  { subject, declaration }: Exported,
  i: number,
  fault: string | null,
  typeOf: (name: string) => TsType,
  project: Project,
): Mismatch | null {
  const { parts } = subject.type;
  const at = (what: string, span: Span = subject.nameSpan, node: Node = declaration): Mismatch => ({
    what,
    span,
    node,
  });
  if (parts === null) return fault === null ? null : at(fault);
  const signatures = declaration.getType().getCallSignatures();
  const [signature] = signatures;
  if (signature === undefined) return at(`${subject.name} is not a function there`);
  const there = signature.getParameters();
  const here = parts.params.length;
  const rest = there.some((param) => isRest(param));
  const needed = there.filter((param) => !isRest(param) && !isOptional(param)).length;
  if (signatures.length === 1 && ((there.length < here && !rest) || needed > here)) {
    const count = needed > here ? needed : there.length;
    const wanted = subject.kind === "aggregate" ? "an aggregate gets one, the rows of its group" : `${here} here`;
    return at(`it takes ${count} parameter${count === 1 ? "" : "s"} there, and ${wanted}`);
  }
  if (fault === null) return null;
  const checker = project.getTypeChecker().compilerObject;
  const fits = (from: TsType, to: TsType): boolean => checker.isTypeAssignableTo(from.compilerType, to.compilerType);
  if (signatures.length === 1 && signature.getTypeParameters().length === 0) {
    for (const [k, param] of parts.params.entries()) {
      const symbol = there[k];
      const node = symbol?.getValueDeclaration();
      if (symbol === undefined || node === undefined || isRest(symbol)) continue;
      const type = symbol.getTypeAtLocation(declaration);
      if (!fits(typeOf(`p${i}_${k}`), type))
        return at(
          `its parameter ${symbol.getName()} is ${type.getText(declaration)} there, and ${param.name} is ${param.written} here (${param.text} in TypeScript): ${fault}`,
          param.span,
          node,
        );
    }
    const returns = signature.getReturnType();
    if (!fits(returns, typeOf(`r${i}`)))
      return at(
        `it returns ${returns.getText(declaration)} there, and ${parts.returns.written} here (${parts.returns.text} in TypeScript): ${fault}`,
      );
  }
  return at(fault);
}

function isRest(symbol: TsSymbol): boolean {
  const node = symbol.getValueDeclaration()?.compilerNode;
  return node !== undefined && ts.isParameter(node) && node.dotDotDotToken !== undefined;
}

function isOptional(symbol: TsSymbol): boolean {
  const node = symbol.getValueDeclaration()?.compilerNode;
  return (
    node !== undefined && ts.isParameter(node) && (node.questionToken !== undefined || node.initializer !== undefined)
  );
}
