/** Look-ups in a constant table of the module: `return table[x]`, `return table.get(x)!`, with or without a throw for the rest. */
import { Node } from "ts-morph";
import type { ArrowFunction, FunctionDeclaration, FunctionExpression, VariableDeclaration } from "ts-morph";
import { plain } from "./proof.ts";
import { isChangedAnywhere } from "./writes.ts";

type Fn = FunctionDeclaration | FunctionExpression | ArrowFunction;

/** The number of entries, when the function gives nothing but their values and these are all different; else null. */
export function lookupIn(fn: Fn): number | null {
  const [param, ...others] = fn.getParameters();
  if (param === undefined || others.length > 0) return null;
  const name = param.getName();
  const body = fn.getBody();
  if (body === undefined) return null;
  if (!Node.isBlock(body)) return tableOf(body, name);
  const statements = body.getStatements();
  const last = statements.at(-1);
  if (!Node.isReturnStatement(last) || last.getExpression() === undefined) return null;
  const result = plain(last.getExpression()!);
  if (statements.length === 1) return tableOf(result, name);
  // const found = table[x]; if (found === undefined) throw …; return found;
  const [first, ...between] = statements.slice(0, -1);
  if (!Node.isVariableStatement(first) || first.getDeclarationKind() !== "const") return null;
  const [found, ...more] = first.getDeclarations();
  if (found === undefined || more.length > 0 || !Node.isIdentifier(result) || result.getText() !== found.getName())
    return null;
  if (
    !between.every(
      (statement) =>
        Node.isIfStatement(statement) &&
        statement.getElseStatement() === undefined &&
        isThrow(statement.getThenStatement()),
    )
  )
    return null;
  const initializer = found.getInitializer();
  return initializer === undefined ? null : tableOf(initializer, name);
}

function isThrow(node: Node): boolean {
  if (Node.isBlock(node)) return node.getStatements().length === 1 && isThrow(node.getStatements()[0]!);
  return Node.isThrowStatement(node);
}

function tableOf(node: Node, param: string): number | null {
  const at = plain(node);
  // known ? table[x] : undefined, which is no value of a declared type
  if (Node.isConditionalExpression(at) && at.getWhenFalse().getText() === "undefined")
    return tableOf(at.getWhenTrue(), param);
  let table: Node;
  let key: Node | undefined;
  if (Node.isElementAccessExpression(at)) [table, key] = [plain(at.getExpression()), at.getArgumentExpression()];
  else if (Node.isCallExpression(at) && at.getArguments().length === 1) {
    const callee = at.getExpression();
    if (!Node.isPropertyAccessExpression(callee) || callee.getName() !== "get") return null;
    [table, key] = [plain(callee.getExpression()), at.getArguments()[0]];
  } else return null;
  if (
    key === undefined ||
    !Node.isIdentifier(plain(key)) ||
    plain(key).getText() !== param ||
    !Node.isIdentifier(table)
  )
    return null;
  const declaration = table.getSymbol()?.getDeclarations()[0];
  if (!Node.isVariableDeclaration(declaration)) return null;
  const statement = declaration.getVariableStatement();
  if (statement?.getDeclarationKind() !== "const" || statement.getParent() !== declaration.getSourceFile()) return null;
  return isChangedAnywhere(declaration)
    ? null
    : distinctValues(declaration, Node.isCallExpression(at), plain(key).getType().isNumber());
}

function distinctValues(declaration: VariableDeclaration, isMap: boolean, numeric: boolean): number | null {
  const initializer = declaration.getInitializer();
  if (initializer === undefined) return null;
  let table = plain(initializer);
  // Object.freeze({ … })
  if (
    Node.isCallExpression(table) &&
    table.getExpression().getText() === "Object.freeze" &&
    table.getArguments().length === 1
  )
    table = plain(table.getArguments()[0]!);
  const values: (Node | undefined)[] = [];
  if (!isMap && Node.isObjectLiteralExpression(table)) {
    for (const property of table.getProperties()) {
      if (!Node.isPropertyAssignment(property) || Node.isComputedPropertyName(property.getNameNode())) return null;
      if (property.getName().replace(/^["']|["']$/g, "") === "__proto__") return null;
      values.push(property.getInitializer());
    }
  } else if (!isMap && numeric && Node.isArrayLiteralExpression(table)) values.push(...table.getElements());
  else if (isMap && Node.isNewExpression(table) && table.getExpression().getText() === "Map") {
    const [entries] = table.getArguments();
    if (!Node.isArrayLiteralExpression(entries)) return null;
    const keys = new Set<string>();
    for (const entry of entries.getElements()) {
      if (!Node.isArrayLiteralExpression(entry) || entry.getElements().length !== 2) return null;
      keys.add(entry.getElements()[0]!.getText());
      values.push(entry.getElements()[1]);
    }
    if (keys.size !== values.length) return null;
  } else return null;
  const texts = values.map((value) => {
    const at = value === undefined ? undefined : plain(value);
    if (Node.isStringLiteral(at) || Node.isNoSubstitutionTemplateLiteral(at)) return `s${at.getLiteralText()}`;
    if (Node.isNumericLiteral(at)) return `n${at.getLiteralValue()}`;
    return null;
  });
  return texts.includes(null) || new Set(texts).size !== texts.length ? null : texts.length;
}
