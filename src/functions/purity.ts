/** Whether a TypeScript function depends on its arguments only, and leaves them alone, as far as its source shows. */
import { builtinModules } from "node:module";
import { Node } from "ts-morph";
import { judgeGlobal, judgeMethod } from "./globals.ts";
import { declarationOf, isChangedAnywhere, isFunction, writesIn } from "./writes.ts";

export interface Impurity {
  /** `it reads the clock (Date.now)`. */
  readonly what: string;
  /** The exact place, perhaps in another file than the function's. */
  readonly node: Node;
}

/** The first thing found in the function, or in what it calls and reads of the same program. */
export function findImpurity(declaration: Node): Impurity | null {
  const fn = Node.isVariableDeclaration(declaration) ? (declaration.getInitializer() ?? declaration) : declaration;
  for (const { node, root } of writesIn(fn)) {
    if (root.kind === "param" && root.owner === fn) return { what: `it changes its argument ${root.name}`, node };
  }
  return walk(declaration, new Set());
}

/** What a module does to the world outside when it is loaded. */
export function findImpureLoading(file: Node): Impurity | null {
  if (!Node.isSourceFile(file)) return null;
  for (const statement of file.getStatements()) {
    if (
      Node.isFunctionDeclaration(statement) ||
      Node.isTypeAliasDeclaration(statement) ||
      Node.isInterfaceDeclaration(statement)
    )
      continue;
    if (Node.isImportDeclaration(statement)) continue;
    for (const node of statement.getDescendants()) {
      if (
        !Node.isIdentifier(node) ||
        isName(node) ||
        node.getAncestors().some((at) => isFunction(at) || Node.isTypeNode(at))
      )
        continue;
      if (declarationOf(node)?.getSourceFile().isDeclarationFile() === false) continue;
      const what = judgeGlobal(node);
      if (what !== null && /outside/.test(what)) return { what: `${what} when it is loaded`, node };
    }
  }
  return null;
}

function walk(root: Node, seen: Set<Node>): Impurity | null {
  if (seen.has(root)) return null;
  seen.add(root);
  for (const { node, root: of } of writesIn(root))
    if (of.kind === "outer" && !isLoading(node))
      return { what: `it changes ${of.name}, which outlives the call`, node };
  for (const node of [root, ...root.getDescendants()]) {
    const found = Node.isIdentifier(node) ? judge(node, root, seen) : judgeOther(node);
    if (found !== null) return found;
  }
  return null;
}

/** At the top of a module: done once, before any call. */
function isLoading(node: Node): boolean {
  return !isFunction(node) && !node.getAncestors().some(isFunction);
}

function judgeOther(node: Node): Impurity | null {
  if (Node.isAwaitExpression(node)) return { what: "it waits (await)", node };
  if (Node.isCallExpression(node) && Node.isImportExpression(node.getExpression()))
    return { what: "it loads a module while it runs (import)", node };
  const what = judgeMethod(node);
  return what === null ? null : { what, node };
}

/** Whether the identifier is a name in something else, and refers to nothing by itself. */
function isName(node: Node): boolean {
  const parent = node.getParent();
  return (
    (Node.isPropertyAccessExpression(parent) &&
      parent.getNameNode() === node &&
      !ofNamespace(parent.getExpression())) ||
    (Node.isPropertyAssignment(parent) && parent.getNameNode() === node) ||
    (Node.isQualifiedName(parent) && parent.getRight() === node)
  );
}

/** `import * as text from "./text.ts"`: what counts is what is taken from it. */
function ofNamespace(node: Node): boolean {
  return (
    Node.isIdentifier(node) &&
    node
      .getSymbol()
      ?.getDeclarations()
      .some((declaration) => Node.isNamespaceImport(declaration)) === true
  );
}

function judge(node: Node, root: Node, seen: Set<Node>): Impurity | null {
  if (isName(node)) return null;
  const name = node.getText();
  if (Node.isPropertyAccessExpression(node.getParent()) && ofNamespace(node) && ownModule(node)) return null;
  const symbol = node.getSymbol();
  const declarations = (symbol?.getAliasedSymbol() ?? symbol)?.getDeclarations() ?? [];
  const own = declarations.filter((declaration) => !declaration.getSourceFile().isDeclarationFile());
  if (own.length === 0) {
    const specifier = importedFrom(node);
    if (specifier !== null) {
      const bare = specifier.replace(/^node:/, "");
      return specifier.startsWith("node:") || builtinModules.includes(bare)
        ? { what: `it uses ${name} of ${specifier}`, node }
        : null;
    }
    const what = judgeGlobal(node);
    return what === null ? null : { what, node };
  }
  for (const named of own) {
    // `const { random } = Math`: what it is taken from counts.
    const whole = Node.isBindingElement(named)
      ? named.getFirstAncestor((at) => Node.isVariableDeclaration(at))
      : undefined;
    const declaration = whole ?? named;
    if (declaration === root || declaration.getAncestors().includes(root) || Node.isTypeNode(declaration)) continue;
    if (
      Node.isInterfaceDeclaration(declaration) ||
      Node.isTypeAliasDeclaration(declaration) ||
      Node.isTypeParameterDeclaration(declaration)
    )
      continue;
    if (Node.isVariableDeclaration(declaration)) {
      const statement = declaration.getVariableStatement();
      if (statement?.hasDeclareKeyword())
        return { what: judgeGlobal(node) ?? `it reads ${name}, which is declared but not defined`, node };
      if (statement !== undefined && !declaration.getAncestors().some(isFunction)) {
        if (statement.getDeclarationKind() !== "const")
          return { what: `it reads the variable ${name}, which can change`, node };
        if (isChangedAnywhere(declaration, true))
          return { what: `it reads ${name}, which another function changes`, node };
      }
    }
    const below = walk(declaration, seen);
    if (below !== null) return below;
  }
  return null;
}

/** The module that a name is imported from; null when it is not. */
function importedFrom(node: Node): string | null {
  const found = node
    .getSymbol()
    ?.getDeclarations()[0]
    ?.getFirstAncestor((ancestor) => Node.isImportDeclaration(ancestor));
  return Node.isImportDeclaration(found) ? found.getModuleSpecifierValue() : null;
}

function ownModule(node: Node): boolean {
  return importedFrom(node)?.startsWith(".") === true;
}
