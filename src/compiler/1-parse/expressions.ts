/* oxlint-disable unicorn/no-thenable -- the tree of `if` has a `then` */
import type { Arg, BinaryOp, CollectionRef, Expr, Literal, Name, Path, Pattern, Span, UnaryOp } from "../ast.ts";
import type { Cst } from "./cst.ts";
import { nameAt, report, reportReserved, reserved, spanAt, textAt, type Site } from "./site.ts";
import { numberValue, textValue } from "./literals.ts";

/** Binding strength; `=` and `in` stand only directly in a body and are handled there. */
const strength: Readonly<Record<BinaryOp, number>> = {
  "||": 1,
  "&&": 2,
  "==": 3,
  "!=": 3,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  "+": 5,
  "-": 5,
  "*": 6,
  "/": 6,
  "%": 6,
};

/** A flat `operand (operator operand)*`: operands and operators in order, one operator fewer. */
interface Chain {
  readonly operands: readonly Expr[];
  readonly operators: readonly { readonly text: string; readonly span: Span }[];
}

/** Calls `each` on every item of `first (separator item)*`, whose nodes are children `0` and `item`. */
export function eachListed(list: Cst, at: number, item: number, each: (node: Cst, at: number) => void): void {
  each(list.children[0], at + list.childOffsets[0]);
  const more = list.children[item];
  for (let i = 0; i < more.children.length; i++) each(more.children[i], at + more.childOffsets[i]);
}

function chainOf(site: Site, node: Cst, at: number): Chain {
  const [first, , operatorNodes, , operandNodes] = node.children;
  const operands = [operandOf(site, first, at + node.childOffsets[0])];
  const operators: { text: string; span: Span }[] = [];
  for (let i = 0; i < operatorNodes.children.length; i++) {
    const operator = operatorNodes.children[i];
    const start = at + operatorNodes.childOffsets[i];
    operators.push({
      text: textAt(site, start, operator.matchLength),
      span: spanAt(site, start, operator.matchLength),
    });
    operands.push(operandOf(site, operandNodes.children[i], at + operandNodes.childOffsets[i]));
  }
  return { operands, operators };
}

/** Precedence climbing over operands `from..` of the chain; all operators are left-associative. */
function climb(site: Site, chain: Chain, from: number): Expr {
  let next = from;
  const level = (least: number): Expr => {
    let left = chain.operands[next];
    while (next < chain.operators.length) {
      const operator = chain.operators[next];
      const own = strength[operator.text as BinaryOp] as number | undefined;
      if (own === undefined) reportMisplaced(site, operator, left);
      else if (own < least) break;
      next++;
      const right = level((own ?? 0) + 1);
      const op = (own === undefined ? "==" : operator.text) as BinaryOp;
      left = { kind: "binary", op, left, right, span: { start: left.span.start, end: right.span.end } };
    }
    return left;
  };
  return chain.operators.length === 0 ? chain.operands[from] : level(1);
}

function reportMisplaced(site: Site, operator: { readonly text: string; readonly span: Span }, left: Expr): void {
  if (operator.text === "in") {
    report(site, "DLC110", operator.span, "`in` ranges over a set or list and stands only directly in a rule's body.", {
      mend: "Write it as a literal of its own, `x in items`; to ask for membership, use `contains(items, x)`.",
    });
    return;
  }
  if (left.kind === "tuple") {
    report(site, "DLC110", operator.span, "`=` binds one variable, and this is a tuple.", {
      mend: "To take a tuple `t` apart, write `(x, s) in [t]`; to compare, write `==`.",
    });
    return;
  }
  report(site, "DLC110", operator.span, "`=` binds a variable and stands only once, directly in a rule's body.", {
    mend: "To compare, write `==`.",
    fix: { title: "Compare with `==`", span: operator.span, text: "==" },
  });
}

/** The node `operation` as an expression. */
export function expressionOf(site: Site, node: Cst, at: number): Expr {
  if (node.children[2].children.length === 0) return operandOf(site, node.children[0], at + node.childOffsets[0]);
  return climb(site, chainOf(site, node, at), 0);
}

/** The node `operations`. */
export function expressionsOf(site: Site, node: Cst, at: number): Expr[] {
  const all: Expr[] = [];
  eachListed(node, at, 4, (item, start) => all.push(expressionOf(site, item, start)));
  return all;
}

/** The node `reference`: `r`, `Role.r`, `bed.Role.r`. */
export function referenceOf(site: Site, node: Cst, at: number): CollectionRef {
  const names = namesOfPath(site, node, at);
  const span = spanAt(site, at, node.matchLength);
  const name = names[names.length - 1];
  return { role: names.length === 1 ? null : joined(names.slice(0, -1)), name, span };
}

/** The node `reference` as the path of a role, a module or a copy. */
export function pathOf(site: Site, node: Cst, at: number): Path {
  return joined(namesOfPath(site, node, at));
}

function namesOfPath(site: Site, node: Cst, at: number): readonly Name[] {
  const [first, , , , more] = node.children;
  const names = [nameAt(site, first, at + node.childOffsets[0])];
  for (let i = 0; i < more.children.length; i++) names.push(nameAt(site, more.children[i], at + more.childOffsets[i]));
  return names;
}

function joined(names: readonly Name[]): Path {
  if (names.length === 1) return names[0];
  const span = { start: names[0].span.start, end: names[names.length - 1].span.end };
  return { text: names.map(({ text }) => text).join("."), span };
}

/** The node `arguments`, as arguments of a head or of a literal that reads a collection. */
export function argumentsOf(site: Site, node: Cst, at: number): Arg[] {
  const all: Arg[] = [];
  eachArgument(node, at, (item, start) => all.push(argumentOf(site, item, start)));
  return all;
}

/** Calls `each` on every item of `( item ("," item)* )?` in brackets, where nodes 2 and 6 hold the items. */
function eachBracketed(node: Cst, at: number, each: (node: Cst, at: number) => void): void {
  const [, , first, , , , more] = node.children;
  if (first.children.length === 0) return;
  each(first.children[0], at + first.childOffsets[0]);
  const rest = more.children[0];
  for (let i = 0; i < rest.children.length; i++) each(rest.children[i], at + rest.childOffsets[i]);
}

/** Calls `each` on the node inside each `argument` (`plain` or `named`). */
function eachArgument(node: Cst, at: number, each: (node: Cst, at: number) => void): void {
  eachBracketed(node, at, (argument, start) => each(argument.children[0], start));
}

function argumentOf(site: Site, node: Cst, at: number): Arg {
  const span = spanAt(site, at, node.matchLength);
  if (node.ruleName === "plain") return { name: null, value: variableAt(site, at, node.matchLength), span };
  const [distinct, operation, , , , value] = node.children;
  if (distinct.children.length > 0) {
    const start = at + distinct.childOffsets[0];
    report(
      site,
      "DLC110",
      spanAt(site, start, 8),
      "`distinct` stands only inside an aggregate, as in `count(distinct x)`.",
    );
  }
  const left = expressionOf(site, operation, at + node.childOffsets[1]);
  if (value.children.length === 0) return { name: null, value: left, span };
  const right = expressionOf(site, value.children[0], at + value.childOffsets[0]);
  if (left.kind !== "variable") {
    report(site, "DLC110", left.span, "A column's name is expected before `:`.", {
      mend: "A named argument is `column: value`.",
    });
    return { name: null, value: right, span };
  }
  return { name: { text: left.name, span: left.span }, value: right, span };
}

/** What a word alone means: a variable, `true`, `false` or `self`. */
function variableAt(site: Site, at: number, length: number): Expr {
  const text = textAt(site, at, length);
  const span = spanAt(site, at, length);
  if (!reserved.has(text)) return { kind: "variable", name: text, span };
  if (text === "self") return { kind: "self", span };
  if (text === "true" || text === "false") return { kind: "literal", type: "bool", value: text === "true", span };
  reportReserved(site, text, span);
  return { kind: "variable", name: text, span };
}

/** The node `operand`, or the node inside one. */
export function operandOf(site: Site, operand: Cst, at: number): Expr {
  const node = operand.ruleName === "operand" ? operand.children[0] : operand;
  const span = spanAt(site, at, node.matchLength);
  switch (node.ruleName) {
    case "call":
      return callOf(site, node, at);
    case "name":
      return variableAt(site, at, node.matchLength);
    case "number":
      return numberValue(site, at, node.matchLength);
    case "text":
      return { kind: "literal", type: "string", value: textValue(site, at, node.matchLength), span };
    case "unary": {
      const of = operandOf(site, node.children[2], at + node.childOffsets[2]);
      return { kind: "unary", op: site.text[at] as UnaryOp, of, span };
    }
    case "group": {
      const of = expressionsOf(site, node.children[2], at + node.childOffsets[2]);
      return of.length === 1 ? { ...of[0], span } : { kind: "tuple", of, span };
    }
    case "list": {
      const items = node.children[2];
      const of = items.children.length === 0 ? [] : expressionsOf(site, items.children[0], at + items.childOffsets[0]);
      return { kind: "list", of, span };
    }
    case "braces":
      return bracesOf(site, node, at);
    case "conditional": {
      const part = (child: number): Expr => expressionOf(site, node.children[child], at + node.childOffsets[child]);
      return { kind: "if", test: part(2), then: part(6), else: part(10), span };
    }
    default:
      throw new Error(`no operand of the grammar is called ${node.ruleName}`);
  }
}

function callOf(site: Site, node: Cst, at: number): Expr {
  const [referenceNode, , argumentNodes] = node.children;
  const span = spanAt(site, at, node.matchLength);
  if (referenceNode.children[4].children.length > 0) {
    const reference = referenceOf(site, referenceNode, at);
    report(
      site,
      "DLC110",
      reference.span,
      `\`${textAt(site, at, referenceNode.matchLength)}\` is a collection, not a value.`,
      {
        mend: "A collection is read as a literal of its own in the body; its columns then are variables.",
      },
    );
    return { kind: "variable", name: reference.name.text, span };
  }
  if (argumentNodes.children.length === 0) return variableAt(site, at, referenceNode.matchLength);
  const callee = nameAt(site, referenceNode.children[0], at);
  const args: Expr[] = [];
  let distinct = false;
  eachArgument(argumentNodes.children[0], at + argumentNodes.childOffsets[0], (item, start) => {
    if (item.ruleName === "plain") {
      args.push(variableAt(site, start, item.matchLength));
      return;
    }
    if (item.children[0].children.length > 0) distinct = true;
    args.push(expressionOf(site, item.children[1], start + item.childOffsets[1]));
    const named = item.children[5];
    if (named.children.length > 0) {
      const colon = spanAt(site, start, item.matchLength);
      report(site, "DLC110", colon, `Arguments of \`${callee.text}\` have no names: here it is called as a function.`, {
        mend: "Only collections take named arguments; write the arguments in order.",
      });
    }
  });
  return { kind: "call", callee, distinct, args, span };
}

function bracesOf(site: Site, node: Cst, at: number): Expr {
  const span = spanAt(site, at, node.matchLength);
  const values: Expr[] = [];
  const pairs: { key: Expr; value: Expr }[] = [];
  eachBracketed(node, at, (entry, start) => {
    const left = expressionOf(site, entry.children[0], start);
    const right = entry.children[4];
    if (right.children.length === 0) values.push(left);
    else pairs.push({ key: left, value: expressionOf(site, right.children[0], start + right.childOffsets[0]) });
  });
  if (values.length > 0 && pairs.length > 0) {
    report(site, "DLC110", values[0].span, "A map's entry needs a value: `key: value`.", {
      mend: "Write a set as `{a, b}` and a map as `{k: v}`; the two do not mix.",
    });
  }
  return pairs.length > 0 ? { kind: "map", of: pairs, span } : { kind: "set", of: values, span };
}

/** The node `literal`. `copies`: the statement's head has no columns, so a bare name is a collection. */
export function literalOf(site: Site, node: Cst, at: number, copies: boolean): Literal {
  const [negations, operation] = node.children;
  const negated = negations.children.length > 0;
  const span = spanAt(site, at, node.matchLength);
  const start = at + node.childOffsets[1];
  const operators = operation.children[2];
  const first = operation.children[0].children[0];

  if (operators.children.length === 0 && first.ruleName === "call") {
    const args = first.children[2];
    const remote = first.children[0].children[4].children.length > 0;
    const word = textAt(site, start, first.children[0].matchLength);
    const bareValue = args.children.length === 0 && !remote && (!copies || reserved.has(word)) && !negated;
    const counts = args.children.length > 0 && !negated && hasDistinct(args.children[0]);
    if (!bareValue && !counts) {
      const ref = referenceOf(site, first.children[0], start);
      const read =
        args.children.length === 0 ? null : argumentsOf(site, args.children[0], start + args.childOffsets[0]);
      if (read === null && !copies) {
        report(
          site,
          "DLC110",
          ref.span,
          `\`${textAt(site, start, first.children[0].matchLength)}\` is read without columns.`,
          {
            mend: "Write its columns in brackets, `_` for those that do not matter.",
          },
        );
      }
      return { kind: "read", negated, ref, args: read, span };
    }
  }
  if (negated) {
    report(site, "DLC110", spanAt(site, at, 3), "`not` stands before a collection, as in `not r(x)`.", {
      mend: "To negate a condition, write `!` before it, in brackets when it has operators.",
    });
  }
  if (operators.children.length === 0) return { kind: "test", value: expressionOf(site, operation, start), span };

  const chain = chainOf(site, operation, start);
  const operator = chain.operators[0].text;
  const left = chain.operands[0];
  if (operator === "=" && left.kind === "variable") {
    return { kind: "bind", variable: { text: left.name, span: left.span }, value: climb(site, tail(chain), 0), span };
  }
  if (operator === "in") {
    return { kind: "range", pattern: patternOf(site, left), value: climb(site, tail(chain), 0), span };
  }
  return { kind: "test", value: climb(site, chain, 0), span };
}

function tail(chain: Chain): Chain {
  return { operands: chain.operands.slice(1), operators: chain.operators.slice(1) };
}

function hasDistinct(node: Cst): boolean {
  let found = false;
  eachArgument(node, 0, (item) => {
    if (item.ruleName === "named" && item.children[0].children.length > 0) found = true;
  });
  return found;
}

function patternOf(site: Site, expr: Expr): Pattern {
  if (expr.kind === "variable") return { kind: "variable", name: expr.name, span: expr.span };
  if (expr.kind === "tuple")
    return { kind: "tuple", of: expr.of.map((part) => patternOf(site, part)), span: expr.span };
  report(site, "DLC110", expr.span, "A variable, or variables in brackets, are expected before `in`.", {
    mend: "Write `x in items` or `(a, b) in pairs`, and compare afterwards.",
  });
  return { kind: "variable", name: "_", span: expr.span };
}
