/** Laws that the source of an aggregate shows: of one expression over its rows, for every value of the declared types. */
import { Node } from "ts-morph";
import type { Claim } from "../compiler/ast.ts";
import { sameType } from "../compiler/types.ts";
import type { Shape } from "./laws.ts";
import { bodyOf, functionOf, isGlobal, numberOf, plain } from "./proof.ts";

interface Known {
  readonly how: string;
  readonly claims: readonly Claim[];
}

/** How it is shown, in a few words; null when it is not. */
export function proveAggregate(claim: Claim, shape: Shape, declaration: Node): string | null {
  const fn = functionOf(declaration);
  const body = fn === null ? null : bodyOf(fn);
  if (body === null || body.params.length !== 1) return null;
  const [rows] = body.params;
  const known = counting(body.result, rows!, shape) ?? extreme(body.result, rows!, shape);
  return known?.claims.includes(claim) === true ? known.how : null;
}

const isRows = (node: Node, rows: string): boolean => Node.isIdentifier(node) && node.getText() === rows;

/** `rows.length`, `new Set(rows).size`. */
function counting(result: Node, rows: string, { params }: Shape): Known | null {
  if (!Node.isPropertyAccessExpression(result)) return null;
  const of = plain(result.getExpression());
  if (result.getName() === "length" && isRows(of, rows))
    return { how: "the number of rows", claims: ["commutative", "monotone"] };
  // Lists and tuples are equal by what they hold, and to a Set each is another.
  const scalar = params.length === 1 && !["list", "tuple", "json", "bytes"].includes(params[0]!.kind);
  if (result.getName() !== "size" || !scalar || !Node.isNewExpression(of)) return null;
  const [from, ...more] = of.getArguments();
  if (from === undefined || more.length > 0 || !isRows(plain(from), rows)) return null;
  return of.getExpression().getText() === "Set" && isGlobal(of.getExpression())
    ? { how: "the number of different rows", claims: ["commutative", "idempotent", "monotone"] }
    : null;
}

/** `rows.reduce((a, b) => Math.max(a, b))`, with or without a first value. NaN and the floats have no such order. */
function extreme(result: Node, rows: string, { params, returns }: Shape): Known | null {
  if (!Node.isCallExpression(result)) return null;
  const callee = result.getExpression();
  if (!Node.isPropertyAccessExpression(callee) || callee.getName() !== "reduce") return null;
  if (!isRows(plain(callee.getExpression()), rows) || params.length !== 1 || !sameType(params[0]!, returns))
    return null;
  const [step, first, ...more] = result.getArguments();
  if (step === undefined || more.length > 0) return null;
  const from = first === undefined ? 0 : numberOf(first);
  if (from === null || !Number.isSafeInteger(from) || (returns.kind === "nat" && from < 0)) return null;
  const fold = Node.isArrowFunction(step) ? bodyOf(step) : null;
  if (fold === null || fold.params.length !== 2) return null;
  const { result: of, params: names } = fold;
  if (!Node.isCallExpression(of) || of.getArguments().length !== 2 || !isGlobal(of.getExpression())) return null;
  if (!names.every((name) => of.getArguments().some((arg) => isRows(plain(arg), name)))) return null;
  const name = of.getExpression().getText();
  const isWhole = returns.kind === "int" || returns.kind === "nat";
  if (name === "Math.max" && isWhole)
    return { how: "the greatest row", claims: ["commutative", "associative", "idempotent", "monotone", "morphism"] };
  return name === "Math.min" && isWhole
    ? { how: "the least row", claims: ["commutative", "associative", "idempotent"] }
    : null;
}
