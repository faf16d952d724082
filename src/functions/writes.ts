/** What a piece of source changes: whose object an assignment, a `delete` or a mutating method reaches. */
import { Node, SyntaxKind } from "ts-morph";
import type { CallExpression, NewExpression, ParameterDeclaration } from "ts-morph";

export type Root =
  /** Made in the call itself. */
  | { readonly kind: "local" }
  /** Outlives the call: of the module or of another one. */
  | { readonly kind: "outer"; readonly name: string }
  /** Came in as an argument of this function. */
  | { readonly kind: "param"; readonly owner: Node; readonly index: number; readonly name: string };

export interface Write {
  readonly node: Node;
  readonly root: Root;
}

const local: Root = { kind: "local" };
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
/** Methods whose result is, or may be, a part of what they are called on. */
const parts = new Set([
  "at",
  "get",
  "find",
  "findLast",
  "pop",
  "shift",
  "values",
  "entries",
  "sort",
  "reverse",
  "fill",
  "splice",
  "subarray",
]);
/** `Object.assign(target, …)`. */
const assigners =
  /^(?:Object\.(?:assign|defineProperty|defineProperties|setPrototypeOf|freeze|seal|preventExtensions)|Reflect\.(?:set|deleteProperty|defineProperty))$/;
const assignment = /^(?:[-+*/%&|^]|<<|>>>?|\*\*|&&|\|\||\?\?)?=$/;

/** Everything changed in `root`, by itself or by functions of the same program that it hands things to. */
export function writesIn(root: Node): Write[] {
  const found: Write[] = [];
  for (const node of [root, ...root.getDescendants()]) {
    const target = targetOf(node);
    if (target !== null) found.push({ node, root: rootOf(target) });
    else if (Node.isCallExpression(node) || Node.isNewExpression(node)) found.push(...handedOn(node));
  }
  return found;
}

/** `variable`: the name itself is given another value; otherwise what it stands for changes inside. */
interface Target {
  readonly node: Node;
  readonly variable: boolean;
}

/** What `node` assigns to, deletes from or mutates; null when it does none of these. */
function targetOf(node: Node): Target | null {
  const assigned = (to: Node): Target => ({ node: to, variable: Node.isIdentifier(to) });
  if (Node.isBinaryExpression(node))
    return assignment.test(node.getOperatorToken().getText()) ? assigned(node.getLeft()) : null;
  if (Node.isPrefixUnaryExpression(node) || Node.isPostfixUnaryExpression(node)) {
    const operator = node.getOperatorToken();
    return operator === SyntaxKind.PlusPlusToken || operator === SyntaxKind.MinusMinusToken
      ? assigned(node.getOperand())
      : null;
  }
  if (Node.isDeleteExpression(node)) return assigned(node.getExpression());
  if (!Node.isCallExpression(node)) return null;
  const callee = node.getExpression();
  const [first] = node.getArguments();
  if (assigners.test(callee.getText())) return first === undefined ? null : { node: first, variable: false };
  if (!Node.isPropertyAccessExpression(callee)) return null;
  const mutates = mutators.has(callee.getName()) || /^set(?:Uint|Int|Float|Big)/.test(callee.getName());
  return mutates ? { node: callee.getExpression(), variable: false } : null;
}

function rootOf({ node, variable }: Target): Root {
  if (Node.isArrayLiteralExpression(node) || Node.isObjectLiteralExpression(node)) return local;
  return variable ? variableOf(node) : sourceOf(node, new Set());
}

/** A variable that is assigned to: local to some function, or of the module. Parameters are variables of their call. */
function variableOf(node: Node): Root {
  const declaration = declarationOf(node);
  if (declaration === undefined || Node.isParameterDeclaration(declaration)) return local;
  const inFunction = declaration.getAncestors().some(isFunction);
  return inFunction ? local : { kind: "outer", name: node.getText() };
}

export function declarationOf(node: Node): Node | undefined {
  const symbol = node.getSymbol();
  return (symbol?.getAliasedSymbol() ?? symbol)?.getDeclarations()[0];
}

export function isFunction(node: Node): boolean {
  return (
    Node.isFunctionDeclaration(node) ||
    Node.isFunctionExpression(node) ||
    Node.isArrowFunction(node) ||
    Node.isMethodDeclaration(node) ||
    Node.isConstructorDeclaration(node) ||
    Node.isGetAccessorDeclaration(node) ||
    Node.isSetAccessorDeclaration(node)
  );
}

/** The object that the value of `node` is, or is a part of. */
function sourceOf(node: Node, seen: Set<Node>): Root {
  if (seen.has(node)) return local;
  seen.add(node);
  if (
    Node.isPropertyAccessExpression(node) ||
    Node.isElementAccessExpression(node) ||
    Node.isNonNullExpression(node) ||
    Node.isAsExpression(node) ||
    Node.isParenthesizedExpression(node) ||
    Node.isSatisfiesExpression(node)
  )
    return sourceOf(node.getExpression(), seen);
  if (Node.isConditionalExpression(node)) return firstOf([node.getWhenTrue(), node.getWhenFalse()], seen);
  if (Node.isBinaryExpression(node)) {
    return ["??", "||", "&&"].includes(node.getOperatorToken().getText())
      ? firstOf([node.getLeft(), node.getRight()], seen)
      : local;
  }
  if (Node.isCallExpression(node)) {
    const callee = node.getExpression();
    if (Node.isPropertyAccessExpression(callee) && parts.has(callee.getName()))
      return sourceOf(callee.getExpression(), seen);
    return local;
  }
  return Node.isIdentifier(node) ? ofDeclaration(node, declarationOf(node), seen) : local;
}

function firstOf(nodes: readonly Node[], seen: Set<Node>): Root {
  for (const node of nodes) {
    const root = sourceOf(node, seen);
    if (root.kind !== "local") return root;
  }
  return local;
}

function ofDeclaration(node: Node, declaration: Node | undefined, seen: Set<Node>): Root {
  if (declaration === undefined) return local;
  if (Node.isBindingElement(declaration)) {
    const whole = declaration.getFirstAncestor(
      (at) => Node.isParameterDeclaration(at) || Node.isVariableDeclaration(at),
    );
    return ofDeclaration(node, whole, seen);
  }
  if (Node.isParameterDeclaration(declaration)) return ofParameter(declaration, seen);
  const inFunction = declaration.getAncestors().some(isFunction);
  if (!inFunction) {
    // Another name of the module for the same thing: `const all = table;`
    const same = Node.isVariableDeclaration(declaration) ? declaration.getInitializer() : undefined;
    return Node.isIdentifier(same) ? sourceOf(same, seen) : { kind: "outer", name: node.getText() };
  }
  if (!Node.isVariableDeclaration(declaration)) return local;
  const loop = declaration.getParent()?.getParent();
  if (Node.isForOfStatement(loop)) return sourceOf(loop.getExpression(), seen);
  const initializer = declaration.getInitializer();
  return initializer === undefined ? local : sourceOf(initializer, seen);
}

/** Parameters of a callback stand for parts of what its method is called on: `xs.forEach((x) => …)`. */
function ofParameter(declaration: ParameterDeclaration, seen: Set<Node>): Root {
  const owner = declaration.getParent();
  const index =
    owner !== undefined && "getParameters" in owner
      ? (owner as unknown as { getParameters(): Node[] }).getParameters().indexOf(declaration)
      : 0;
  const call = owner?.getParent();
  if ((Node.isArrowFunction(owner) || Node.isFunctionExpression(owner)) && Node.isCallExpression(call)) {
    const callee = call.getExpression();
    if (callee === owner || !Node.isPropertyAccessExpression(callee)) return local;
    if (/^reduce(?:Right)?$/.test(callee.getName()) && index === 0) {
      const start = call.getArguments()[1];
      return start === undefined ? sourceOf(callee.getExpression(), seen) : sourceOf(start, seen);
    }
    return sourceOf(callee.getExpression(), seen);
  }
  return { kind: "param", owner: owner ?? declaration, index, name: declaration.getName() };
}

/** A function of the same program that changes its parameter changes what it is handed here. */
function handedOn(call: CallExpression | NewExpression): Write[] {
  const callee = bodyOf(declarationOf(call.getExpression()));
  if (callee === null) return [];
  return [...changedParams(callee)].flatMap((index) => {
    const arg = call.getArguments()[index];
    return arg === undefined ? [] : [{ node: call, root: sourceOf(arg, new Set()) }];
  });
}

const changed = new WeakMap<Node, Set<number>>();

/** Indices of the parameters that a function changes inside. Of one that calls itself: what it changes before that. */
function changedParams(fn: Node): ReadonlySet<number> {
  let found = changed.get(fn);
  if (found !== undefined) return found;
  changed.set(fn, (found = new Set()));
  for (const { root } of writesIn(fn)) if (root.kind === "param" && root.owner === fn) found.add(root.index);
  return found;
}

function bodyOf(declaration: Node | undefined): Node | null {
  if (declaration === undefined || declaration.getSourceFile().isDeclarationFile()) return null;
  if (Node.isFunctionDeclaration(declaration)) return declaration;
  if (!Node.isVariableDeclaration(declaration)) return null;
  const initializer = declaration.getInitializer();
  return Node.isArrowFunction(initializer) || Node.isFunctionExpression(initializer) ? initializer : null;
}

/** Whether anything in its file, beside its own initialiser, changes the constant `declaration`. */
export function isChangedAnywhere(declaration: Node, functionsOnly = false): boolean {
  if (!Node.isVariableDeclaration(declaration)) return true;
  const name = declaration.getName();
  return changesOf(declaration.getSourceFile()).some(
    ({ node, root }) =>
      root.kind === "outer" && root.name === name && (!functionsOnly || node.getAncestors().some(isFunction)),
  );
}

const changes = new WeakMap<Node, readonly Write[]>();

function changesOf(file: Node): readonly Write[] {
  let found = changes.get(file);
  if (found === undefined) changes.set(file, (found = writesIn(file)));
  return found;
}
