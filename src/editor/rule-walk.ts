/** The names in one rule. */
import type {
  Annotation,
  Arg,
  CollectionRef,
  Expr,
  Literal,
  Name,
  Pattern,
  RuleDecl,
  SealDecl,
} from "../compiler/ast.ts";
import { isOperationName } from "../compiler/2-lower/lattices.ts";
import type { RoleScope } from "../compiler/2-lower/scope.ts";
import { aggregates, functions } from "../operators/index.ts";
import type { Block } from "./names.ts";
import type { Resolved, Walk } from "./walk.ts";

/** The block of the rule. */
export interface Around {
  readonly walk: Walk;
  readonly block: Block;
  readonly scope: RoleScope;
  readonly reference: (ref: CollectionRef) => Resolved | null;
}

/** Of a variable the place is where it gets its value. */
export class RuleWalk {
  readonly within: Around;
  readonly rule: RuleDecl | SealDecl;
  readonly variables = new Map<string, { readonly names: Name[]; binding: Name | null }>();
  readonly met: Resolved[] = [];

  constructor(within: Around, rule: RuleDecl | SealDecl) {
    this.within = within;
    this.rule = rule;
  }

  all(): void {
    const { rule, within } = this;
    const head = rule.kind === "rule" ? rule.head : null;
    const ref = rule.kind === "rule" ? rule.head.ref : rule.target;
    const target = within.reference(ref);
    if (target !== null) this.met.push(target);
    if (head !== null && head.at !== null && head.at !== "all") this.expression(head.at);
    this.args(rule.kind === "rule" ? (rule.head.args ?? []) : rule.args, target, false);
    for (const literal of rule.body) this.literal(literal);
    if (rule.kind === "rule") {
      for (const condition of rule.having) this.expression(condition);
      for (const annotation of rule.annotations) this.annotation(annotation);
    }
    const { walk, block } = within;
    for (const { names, binding } of this.variables.values()) {
      const place = walk.place(binding ?? names[0]);
      for (const { text, span } of names)
        walk.found.push({
          name: text,
          span,
          meaning: { kind: "variable", block, rule },
          places: [place],
          isDeclaration: span === place.span,
        });
    }
  }

  variable(name: Name, binds: boolean): void {
    if (name.text === "_") return;
    const known = this.variables.get(name.text) ?? { names: [], binding: null };
    this.variables.set(name.text, known);
    known.names.push(name);
    if (binds) known.binding ??= name;
  }

  args(args: readonly Arg[], target: Resolved | null, binds: boolean): void {
    for (const { name, value } of args) {
      if (name !== null && target !== null) this.within.walk.sharedColumn(name, [target]);
      if (value.kind === "variable") this.variable({ text: value.name, span: value.span }, binds);
      else this.expression(value);
    }
  }

  literal(literal: Literal): void {
    switch (literal.kind) {
      case "read": {
        const { ref, args, negated } = literal;
        const own = ref.role === null && this.within.scope.collections.has(ref.name.text);
        if (ref.role === null && !own && args === null) return this.variable(ref.name, false);
        if (ref.role === null && !own) this.callee(ref.name);
        const read = ref.role === null && !own ? null : this.within.reference(ref);
        if (read !== null) this.met.push(read);
        this.args(args ?? [], read, read !== null && !negated);
        return;
      }
      case "bind":
        this.variable(literal.variable, true);
        return this.expression(literal.value);
      case "range":
        this.pattern(literal.pattern);
        return this.expression(literal.value);
      case "test": {
        const { value } = literal;
        const collection = value.kind === "variable" ? this.within.scope.collections.get(value.name) : undefined;
        if (value.kind === "variable" && collection !== undefined)
          return this.within.walk.collection(
            { collection, owner: this.within.scope },
            { text: value.name, span: value.span },
          );
        this.expression(value);
      }
    }
  }

  pattern(pattern: Pattern): void {
    if (pattern.kind === "variable") this.variable({ text: pattern.name, span: pattern.span }, true);
    else pattern.of.forEach((part) => this.pattern(part));
  }

  callee(name: Name): void {
    const { walk } = this.within;
    const decl = walk.file.ast.items.find(
      (item) => (item.kind === "function" || item.kind === "aggregate") && item.name.text === name.text,
    );
    if (decl?.kind === "function" || decl?.kind === "aggregate")
      walk.name(name, { kind: "function", decl }, [walk.place(decl.name)]);
    else if (functions.has(name.text)) walk.builtIn(name, "function");
    else if (aggregates.has(name.text)) walk.builtIn(name, "aggregate");
    else if (isOperationName(name.text)) walk.builtIn(name, "operation");
  }

  expression(expr: Expr): void {
    switch (expr.kind) {
      case "variable":
        return this.variable({ text: expr.name, span: expr.span }, false);
      case "call": {
        this.callee(expr.callee);
        const byName = expr.callee.text === "map" || expr.callee.text === "filter";
        expr.args.forEach((arg, i) => {
          // `map(s, f)`: the name of a function stands as an argument.
          if (byName && i === 1 && arg.kind === "variable") this.callee({ text: arg.name, span: arg.span });
          else this.expression(arg);
        });
        return;
      }
      case "unary":
        return this.expression(expr.of);
      case "binary":
        this.expression(expr.left);
        return this.expression(expr.right);
      case "if":
        this.expression(expr.test);
        this.expression(expr.then);
        return this.expression(expr.else);
      case "tuple":
      case "list":
      case "set":
        return expr.of.forEach((one) => this.expression(one));
      case "map":
        for (const { key, value } of expr.of) {
          this.expression(key);
          this.expression(value);
        }
        return;
      case "self":
      case "literal":
    }
  }

  /** `order by (k)`: variables of the rule, or columns that it reads or writes. */
  annotation(annotation: Annotation): void {
    if (annotation.kind !== "coordinate") return;
    for (const name of annotation.how.by ?? []) {
      if (this.variables.has(name.text)) this.variable(name, false);
      else this.within.walk.sharedColumn(name, this.met);
    }
  }
}
