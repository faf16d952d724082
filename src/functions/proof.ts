/**
 * Laws that a function's source shows: only of functions that are one expression over their parameters (or a look-up
 * in a constant table), and only by rules that hold for every value of the declared types.
 */
import { Node, SyntaxKind } from "ts-morph";
import type { ArrowFunction, FunctionDeclaration, FunctionExpression, TemplateExpression } from "ts-morph";
import type { Claim } from "../compiler/ast.ts";
import type { Type } from "../compiler/ir.ts";
import { lookupIn } from "./lookup.ts";
import type { Shape } from "./laws.ts";

interface Body {
  readonly params: readonly string[];
  readonly result: Node;
}

/** How it is shown, in a few words; null when it is not. */
export function prove(claim: Claim, shape: Shape, declaration: Node): string | null {
  const fn = functionOf(declaration);
  if (fn === null) return null;
  if (claim === "injective" && shape.params.length === 1) {
    const entries = lookupIn(fn);
    if (entries !== null && shape.returns.kind !== "json") return `a table of ${entries} entries, all different`;
  }
  const body = bodyOf(fn);
  if (body === null || body.params.length !== shape.params.length) return null;
  switch (claim) {
    case "injective":
      return injective(body, shape);
    case "monotone":
      return body.params.length === 1 ? monotone(body, shape) : null;
    case "commutative":
      return commutative(body, shape);
    case "associative":
      return associative(body, shape);
    case "idempotent":
      return idempotent(body, shape);
    case "morphism":
      return null;
  }
}

/** The function behind an exported name. */
export function functionOf(declaration: Node): FunctionDeclaration | FunctionExpression | ArrowFunction | null {
  const found = Node.isVariableDeclaration(declaration) ? declaration.getInitializer() : declaration;
  return Node.isFunctionDeclaration(found) || Node.isFunctionExpression(found) || Node.isArrowFunction(found)
    ? found
    : null;
}

/** Of a function that is one expression over plainly named parameters; else null. */
export function bodyOf(fn: FunctionDeclaration | FunctionExpression | ArrowFunction): Body | null {
  if (fn.isAsync() || (!Node.isArrowFunction(fn) && fn.isGenerator())) return null;
  const params: string[] = [];
  for (const param of fn.getParameters()) {
    if (!Node.isIdentifier(param.getNameNode()) || param.hasInitializer() || param.isRestParameter()) return null;
    params.push(param.getName());
  }
  const body = fn.getBody();
  if (body === undefined) return null;
  if (!Node.isBlock(body)) return { params, result: plain(body) };
  const [only, ...more] = body.getStatements();
  if (more.length > 0 || !Node.isReturnStatement(only)) return null;
  const result = only.getExpression();
  return result === undefined ? null : { params, result: plain(result) };
}

/** Without brackets and assertions about types. */
export function plain(node: Node): Node {
  let at = node;
  while (
    Node.isParenthesizedExpression(at) ||
    Node.isAsExpression(at) ||
    Node.isNonNullExpression(at) ||
    Node.isSatisfiesExpression(at)
  )
    at = at.getExpression();
  return at;
}

const isParam = (node: Node, name: string): boolean => Node.isIdentifier(node) && node.getText() === name;

export function numberOf(node: Node): number | null {
  const at = plain(node);
  if (Node.isNumericLiteral(at)) return at.getLiteralValue();
  if (Node.isPrefixUnaryExpression(at) && at.getOperatorToken() === SyntaxKind.MinusToken) {
    const of = numberOf(at.getOperand());
    return of === null ? null : -of;
  }
  return null;
}

const isWhole = (type: Type): boolean => type.kind === "int" || type.kind === "nat";

/** The operator and both sides; null for anything else. */
function binary(node: Node): readonly [string, Node, Node] | null {
  return Node.isBinaryExpression(node)
    ? [node.getOperatorToken().getText(), plain(node.getLeft()), plain(node.getRight())]
    : null;
}

/** `Math.max` of `Math.max(a, b)` with its arguments; null where the module means something of its own by that name. */
function called(node: Node): readonly [string, readonly Node[]] | null {
  if (!Node.isCallExpression(node) || node.getArguments().some((arg) => Node.isSpreadElement(arg))) return null;
  const callee = node.getExpression();
  return isGlobal(callee) ? [callee.getText(), node.getArguments().map(plain)] : null;
}

/** `Math.max`, `Set`: not something of the module's own by that name. */
export function isGlobal(callee: Node): boolean {
  const root = Node.isPropertyAccessExpression(callee) ? callee.getExpression() : callee;
  const declarations = root.getSymbol()?.getDeclarations() ?? [];
  return declarations.every((declaration) => declaration.getSourceFile().isDeclarationFile());
}

function injective({ params, result }: Body, { params: types, returns }: Shape): string | null {
  const used = new Set<number>();
  const one = (node: Node): string | null => {
    const at = params.findIndex((param) => isParam(node, param));
    if (at >= 0) {
      used.add(at);
      return "the argument itself";
    }
    const call = called(node);
    if (call !== null && call[0] === "String" && call[1].length === 1) {
      const param = params.findIndex((name) => isParam(call[1][0]!, name));
      if (param < 0 || !["int", "nat", "float", "bool", "string"].includes(types[param]!.kind)) return null;
      used.add(param);
      return "the argument's text";
    }
    const sides = binary(node);
    if (sides !== null) {
      const [op, left, right] = sides;
      const of = (side: Node, constant: Node): string | null => {
        const param = params.findIndex((name) => isParam(side, name));
        if (param < 0) return null;
        const number = numberOf(constant);
        const type = types[param]!;
        used.add(param);
        // Of a float result the last bits are lost beyond the safe integers; an int result is an error there.
        if (isWhole(type) && isWhole(returns) && number !== null && Number.isSafeInteger(number)) {
          if (op === "+" || op === "-") return "an int and a constant";
          if (op === "*" && number !== 0) return "an int times a constant";
        }
        return type.kind === "string" && op === "+" && isText(constant) ? "a string and a constant" : null;
      };
      return of(left, right) ?? of(right, left);
    }
    if (Node.isTemplateExpression(node)) return separated(node, params, types, used);
    return null;
  };
  if (Node.isArrayLiteralExpression(result)) {
    const ways = result.getElements().map((element) => one(plain(element)));
    return ways.every((way) => way !== null) && used.size === params.length ? "all arguments, side by side" : null;
  }
  const way = one(result);
  return way !== null && used.size === params.length ? way : null;
}

/** What the texts of numbers and bools are made of. */
const plainText = /^[-+.0-9A-Za-z]*$/;

/**
 * `${day}:${hour}`: between two arguments stands what no number's text holds, so that they can be told apart again. One
 * argument may be a string: those before it are found from the left, those after it from the right.
 */
function separated(
  node: TemplateExpression,
  params: readonly string[],
  types: readonly Type[],
  used: Set<number>,
): string | null {
  const spans = node.getTemplateSpans();
  let strings = 0;
  for (const [i, span] of spans.entries()) {
    const param = params.findIndex((name) => isParam(plain(span.getExpression()), name));
    const kind = types[param]?.kind;
    if (kind === undefined || used.has(param) || !["int", "nat", "float", "bool", "string"].includes(kind)) return null;
    if (kind === "string" && ++strings > 1) return null;
    used.add(param);
    if (i < spans.length - 1 && plainText.test(span.getLiteral().getLiteralText())) return null;
  }
  return spans.length === 1 ? "the argument's text and a constant" : "the arguments' texts, kept apart by constants";
}

function isText(node: Node): boolean {
  return Node.isStringLiteral(node) || Node.isNoSubstitutionTemplateLiteral(node);
}

function monotone({ params: [name], result }: Body, { params: [type], returns }: Shape): string | null {
  const param = name!;
  if (isParam(result, param)) return "the argument itself";
  if (![type!, returns].every(({ kind }) => isWhole({ kind } as Type) || kind === "float")) return null;
  const sides = binary(result);
  if (sides !== null) {
    const [op, left, right] = sides;
    const [of, constant] = isParam(left, param) ? [left, numberOf(right)] : [right, numberOf(left)];
    if (!isParam(of, param) || constant === null || !Number.isFinite(constant)) return null;
    if (op === "+" || (op === "-" && of === left)) return "a number and a constant";
    return op === "*" && constant > 0 ? "a number times a positive constant" : null;
  }
  const call = called(result);
  if (call === null) return null;
  const [of, args] = call;
  if (/^Math\.(?:floor|ceil|round|trunc)$/.test(of) && args.length === 1 && isParam(args[0]!, param))
    return `${of} rises`;
  if (/^Math\.(?:max|min)$/.test(of) && args.length === 2 && args.some((arg) => isParam(arg, param)))
    return args.every((arg) => isParam(arg, param) || numberOf(arg) !== null) ? `${of} with a constant rises` : null;
  return null;
}

/** Operators and functions whose two sides may change places, whatever they are. */
function mayTurn(op: string, shape: Shape): boolean {
  const numbers = shape.params.every((type) => ["int", "nat", "float"].includes(type.kind));
  if (["===", "!=="].includes(op))
    return shape.params.every((type) => !["list", "tuple", "json", "bytes"].includes(type.kind));
  if (["+", "*", "&", "|", "^"].includes(op)) return numbers;
  return (op === "&&" || op === "||") && shape.params.every((type) => type.kind === "bool");
}

/** The expression with the sides of commutative operators in one order: equal with the parameters swapped. */
function commutative({ params: [a, b], result }: Body, shape: Shape): string | null {
  const form = (node: Node, swap: boolean): string | null => {
    const at = plain(node);
    if (isParam(at, a!)) return swap ? "$b" : "$a";
    if (isParam(at, b!)) return swap ? "$a" : "$b";
    const number = numberOf(at);
    if (number !== null) return String(number);
    const sides = binary(at);
    if (sides !== null) {
      const [op, left, right] = sides;
      const forms = [form(left, swap), form(right, swap)];
      if (forms.includes(null) || !(mayTurn(op, shape) || op === "-")) return null;
      return `(${(op === "-" ? forms : forms.sort()).join(op)})`;
    }
    const call = called(at);
    if (call === null || !/^Math\.(?:max|min|abs)$/.test(call[0])) return null;
    const forms = call[1].map((arg) => form(arg, swap));
    return forms.includes(null) ? null : `${call[0]}(${forms.sort().join(",")})`;
  };
  const straight = form(result, false);
  return straight !== null && straight === form(result, true) ? "the same expression with its arguments swapped" : null;
}

/** `op(a, b)` of exactly the two parameters. */
function bothOf({ params: [a, b], result }: Body): string | null {
  const sides = binary(result);
  const [name, args] = sides !== null ? [sides[0], [sides[1], sides[2]]] : (called(result) ?? ["", []]);
  if (args.length !== 2) return null;
  const straight = isParam(args[0]!, a!) && isParam(args[1]!, b!);
  const turned = isParam(args[0]!, b!) && isParam(args[1]!, a!);
  return straight || turned ? name : null;
}

function associative(body: Body, shape: Shape): string | null {
  const name = bothOf(body);
  const kind = shape.returns.kind;
  if (name === null) return null;
  if (/^Math\.(?:max|min)$/.test(name)) return `${name} is associative`;
  if (["&", "|", "^"].includes(name) && (kind === "int" || kind === "float")) return `${name} is associative`;
  if (name === "+" && kind === "string") return "joining strings is associative";
  return (name === "&&" || name === "||") && kind === "bool" ? `${name} is associative` : null;
}

function idempotent(body: Body, shape: Shape): string | null {
  const { params, result } = body;
  if (params.length === 1) {
    if (isParam(result, params[0]!)) return "the argument itself";
    const call = called(result);
    if (call === null || call[1].length !== 1 || !isParam(call[1][0]!, params[0]!)) return null;
    return /^Math\.(?:abs|floor|ceil|round|trunc|sign)$/.test(call[0]) ? `${call[0]} of itself changes nothing` : null;
  }
  const name = bothOf(body);
  if (name === null) return null;
  if (/^Math\.(?:max|min)$/.test(name)) return `${name} of a value with itself is the value`;
  return (name === "&&" || name === "||") && shape.returns.kind === "bool"
    ? `a value ${name} itself is the value`
    : null;
}
