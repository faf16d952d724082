/** Whether a TypeScript function depends on its arguments only, as far as its source shows. */
import { Node } from "ts-morph";

export interface Impurity {
  /** `it reads the clock (Date.now)`. */
  readonly what: string;
  readonly line: number;
}

const clocks = new Set(["performance", "setTimeout", "setInterval", "setImmediate", "queueMicrotask"]);
const doors = new Set([
  "process",
  "console",
  "fetch",
  "require",
  "XMLHttpRequest",
  "WebSocket",
  "localStorage",
  "document",
  "window",
  "globalThis",
  "eval",
  "Deno",
  "Bun",
]);
const mutators = new Set([
  "push",
  "pop",
  "shift",
  "unshift",
  "splice",
  "sort",
  "reverse",
  "fill",
  "copyWithin",
  "set",
  "add",
  "delete",
  "clear",
]);

/** The first thing found in `root` or in a function of the same program that it calls. */
export function findImpurity(root: Node, seen: Set<Node> = new Set()): Impurity | null {
  if (seen.has(root)) return null;
  seen.add(root);
  for (const node of [root, ...root.getDescendants()]) {
    const found = Node.isIdentifier(node)
      ? judge(node, root, seen)
      : Node.isAwaitExpression(node)
        ? { what: "it waits (await)", line: node.getStartLineNumber() }
        : null;
    if (found !== null) return found;
  }
  return null;
}

function judge(node: Node, root: Node, seen: Set<Node>): Impurity | null {
  const parent = node.getParent();
  if (Node.isPropertyAccessExpression(parent) && parent.getNameNode() === node) return null;
  if (Node.isPropertyAssignment(parent) && parent.getNameNode() === node) return null;
  const name = node.getText();
  const line = node.getStartLineNumber();
  const declarations = (node.getSymbol()?.getAliasedSymbol() ?? node.getSymbol())?.getDeclarations() ?? [];
  const own = declarations.filter((declaration) => !declaration.getSourceFile().isDeclarationFile());
  if (own.length === 0) {
    const imported = node
      .getSymbol()
      ?.getDeclarations()[0]
      ?.getFirstAncestor((ancestor) => Node.isImportDeclaration(ancestor));
    const specifier = Node.isImportDeclaration(imported) ? imported.getModuleSpecifierValue() : null;
    if (specifier?.startsWith("node:")) return { what: `it uses ${name} of ${specifier}`, line };
    return judgeGlobal(name, parent, line);
  }
  for (const declaration of own) {
    if (declaration === root || declaration.getAncestors().includes(root) || Node.isTypeNode(declaration)) continue;
    if (Node.isVariableDeclaration(declaration)) {
      const statement = declaration.getVariableStatement();
      if (statement?.hasDeclareKeyword())
        return judgeGlobal(name, parent, line) ?? { what: `it reads ${name}, which is declared but not defined`, line };
      if (statement !== undefined && statement.getDeclarationKind() !== "const")
        return { what: `it reads the variable ${name}, which can change`, line };
      if (isWritten(node)) return { what: `it changes ${name}, which outlives the call`, line };
    }
    const below = findImpurity(declaration, seen);
    if (below !== null) return below;
  }
  return null;
}

function judgeGlobal(name: string, parent: Node | undefined, line: number): Impurity | null {
  if (name === "Date") {
    const given = Node.isNewExpression(parent) && parent.getArguments().length > 0;
    const method = Node.isPropertyAccessExpression(parent) ? parent.getName() : "";
    return given || method === "UTC" || method === "parse" || Node.isTypeReference(parent)
      ? null
      : { what: "it reads the clock (Date)", line };
  }
  if (name === "Math") {
    const random = Node.isPropertyAccessExpression(parent) && parent.getName() === "random";
    return random ? { what: "it draws random numbers (Math.random)", line } : null;
  }
  if (name === "crypto") return { what: "it draws random numbers (crypto)", line };
  if (clocks.has(name)) return { what: `it uses the clock (${name})`, line };
  if (doors.has(name)) return { what: `it reaches outside (${name})`, line };
  return null;
}

/** `x = …`, `x.y = …`, `x++`, `x.push(…)`. */
function isWritten(node: Node): boolean {
  let target: Node = node;
  let parent = target.getParent();
  while (Node.isPropertyAccessExpression(parent) || Node.isElementAccessExpression(parent)) {
    if (parent.getExpression() !== target) return false;
    const call = parent.getParent();
    if (
      Node.isPropertyAccessExpression(parent) &&
      mutators.has(parent.getName()) &&
      Node.isCallExpression(call) &&
      call.getExpression() === parent
    )
      return true;
    target = parent;
    parent = target.getParent();
  }
  if (Node.isBinaryExpression(parent))
    return (
      parent.getLeft() === target &&
      /^(?:[-+*/%&|^]|<<|>>>?|\*\*|&&|\|\||\?\?)?=$/.test(parent.getOperatorToken().getText())
    );
  if (Node.isPrefixUnaryExpression(parent) || Node.isPostfixUnaryExpression(parent))
    return /\+\+|--/.test(parent.getText());
  return Node.isDeleteExpression(parent);
}
