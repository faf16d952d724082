/** The names that every module sees: which of them make a result depend on more than the arguments. */
import { Node } from "ts-morph";

const clocks = new Set(["performance", "setTimeout", "setInterval", "setImmediate", "queueMicrotask", "Temporal"]);
const doors = new Set([
  "process",
  "console",
  "fetch",
  "require",
  "XMLHttpRequest",
  "WebSocket",
  "localStorage",
  "sessionStorage",
  "document",
  "window",
  "globalThis",
  "global",
  "self",
  "navigator",
  "eval",
  "Function",
  "Deno",
  "Bun",
  "Worker",
  "Atomics",
  "SharedArrayBuffer",
]);
const collectors = new Set(["WeakRef", "FinalizationRegistry"]);
/** Names without a declaration in the standard library that are known to be harmless. */
const harmless = new Set([
  "undefined",
  "arguments",
  "URL",
  "URLSearchParams",
  "TextEncoder",
  "TextDecoder",
  "structuredClone",
  "btoa",
  "atob",
  "Buffer",
]);
const zoned =
  /^(?:get(?:FullYear|Month|Date|Day|Hours|Minutes|TimezoneOffset)|set(?:FullYear|Month|Date|Hours|Minutes)|to(?:String|DateString|TimeString)|toLocale\w*)$/;

/** What is wrong with using the global name `node`, as a sentence that begins with "it"; null when nothing is. */
export function judgeGlobal(node: Node): string | null {
  const name = node.getText();
  const parent = node.getParent();
  if (Node.isTypeReference(parent) || Node.isTypeQuery(parent) || Node.isExpressionWithTypeArguments(parent))
    return null;
  const method = Node.isPropertyAccessExpression(parent) && parent.getExpression() === node ? parent.getName() : null;
  if (name === "Date") {
    if (
      method === "UTC" ||
      method === "parse" ||
      (Node.isBinaryExpression(parent) && parent.getOperatorToken().getText() === "instanceof")
    )
      return null;
    if (!Node.isNewExpression(parent) || parent.getExpression() !== node || parent.getArguments().length === 0)
      return `it reads the clock (Date${method === null ? "" : `.${method}`})`;
    return parent.getArguments().length > 1 ? zonedText("new Date of several numbers") : null;
  }
  if (name === "Math") {
    if (method === "random") return "it draws random numbers (Math.random)";
    return method === null ? "it may draw random numbers (Math is used as a whole)" : null;
  }
  if (name === "crypto") return "it draws random numbers (crypto)";
  if (name === "Intl") return "it depends on the machine's language (Intl)";
  if (clocks.has(name)) return `it uses the clock (${name})`;
  if (doors.has(name)) return `it reaches outside (${name})`;
  if (collectors.has(name)) return `it depends on when memory is reclaimed (${name})`;
  if (node.getSymbol() === undefined && isReference(node) && !harmless.has(name))
    return `it reads ${name}, which its module does not define`;
  return null;
}

function zonedText(what: string): string {
  return `it depends on the machine's time zone (${what})`;
}

function isReference(node: Node): boolean {
  const parent = node.getParent();
  if (Node.isPropertyAccessExpression(parent)) return parent.getExpression() === node;
  return (
    !Node.isTypeNode(parent) &&
    !Node.isBindingElement(parent) &&
    !Node.isShorthandPropertyAssignment(parent) &&
    !Node.isLabeledStatement(parent) &&
    !Node.isBreakStatement(parent) &&
    !Node.isContinueStatement(parent) &&
    !Node.isMetaProperty(parent) &&
    !Node.isJsxAttribute(parent)
  );
}

/** Methods that differ between machines: by language, by time zone. */
export function judgeMethod(node: Node): string | null {
  if (!Node.isCallExpression(node)) return null;
  const callee = node.getExpression();
  if (!Node.isPropertyAccessExpression(callee)) return null;
  const name = callee.getName();
  if (zoned.test(name) && callee.getExpression().getType().getSymbol()?.getName() === "Date") return zonedText(name);
  if (
    (name === "localeCompare" || name.startsWith("toLocale")) &&
    callee.getType().getCallSignatures()[0]?.getDeclaration().getSourceFile().isDeclarationFile() === true
  ) {
    const given = node.getArguments().length > (name === "localeCompare" ? 1 : 0);
    if (!given) return `it depends on the machine's language (${name})`;
  }
  return null;
}
