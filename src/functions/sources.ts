/** The TypeScript of imported modules, as ts-morph reads it. Loaded only where a program imports functions. */
import type { SourceFile as TsFile } from "ts-morph";
import { Node, Project, SyntaxKind, ts } from "ts-morph";
import type { Literals } from "./subject.ts";

export function openProject(): Project {
  return new Project({
    skipAddingFilesFromTsConfig: true,
    compilerOptions: {
      strict: true,
      allowJs: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      target: ts.ScriptTarget.ES2023,
      // Not the default, which would have the whole of the browser read.
      lib: ["lib.es2023.d.ts"],
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: [],
    },
  });
}

/** `file` and what it imports by relative paths, itself first. */
export function localFiles(file: TsFile): readonly TsFile[] {
  const found = new Set([file]);
  for (const each of found) {
    for (const declaration of [...each.getImportDeclarations(), ...each.getExportDeclarations()]) {
      const target = declaration.getModuleSpecifierSourceFile();
      if (target !== undefined && !target.isDeclarationFile() && !target.isInNodeModules()) found.add(target);
    }
  }
  return [...found];
}

const mostLiterals = 120;

/** Numbers and strings that the files name, also as simple constant expressions (`2 ** 20`, `1 << 16`). */
export function literalsOf(files: readonly TsFile[]): Literals {
  const numbers = new Set<number>();
  const strings = new Set<string>();
  for (const file of files) {
    for (const node of file.getDescendants()) {
      if (Node.isNumericLiteral(node)) numbers.add(node.getLiteralValue());
      else if (Node.isBinaryExpression(node)) {
        const value = constant(node);
        if (value !== null) numbers.add(value);
      } else if (Node.isStringLiteral(node) || Node.isNoSubstitutionTemplateLiteral(node)) {
        if (!Node.isImportDeclaration(node.getParent()) && !Node.isExportDeclaration(node.getParent()))
          strings.add(node.getLiteralText());
      } else if (Node.isTemplateHead(node) || Node.isTemplateMiddle(node) || Node.isTemplateTail(node))
        strings.add(node.getLiteralText());
      else if (Node.isPropertyAssignment(node) && Node.isIdentifier(node.getNameNode())) strings.add(node.getName());
    }
  }
  strings.delete("");
  const simple = <T>(values: Iterable<T>, size: (value: T) => number): T[] =>
    [...values].sort((a, b) => size(a) - size(b)).slice(0, mostLiterals);
  return { numbers: simple(numbers, Math.abs), strings: simple(strings, (text) => text.length) };
}

function constant(node: Node): number | null {
  if (Node.isParenthesizedExpression(node)) return constant(node.getExpression());
  if (Node.isNumericLiteral(node)) return node.getLiteralValue();
  if (Node.isPrefixUnaryExpression(node) && node.getOperatorToken() === SyntaxKind.MinusToken) {
    const of = constant(node.getOperand());
    return of === null ? null : -of;
  }
  if (!Node.isBinaryExpression(node)) return null;
  const [left, right] = [constant(node.getLeft()), constant(node.getRight())];
  if (left === null || right === null) return null;
  switch (node.getOperatorToken().getKind()) {
    case SyntaxKind.PlusToken:
      return left + right;
    case SyntaxKind.MinusToken:
      return left - right;
    case SyntaxKind.AsteriskToken:
      return left * right;
    case SyntaxKind.AsteriskAsteriskToken:
      return left ** right;
    case SyntaxKind.LessThanLessThanToken:
      return left << right;
    default:
      return null;
  }
}
