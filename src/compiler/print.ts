/**
 * Canonical dlc text of an Ir. Of a coordinated one it shows what was inserted, in words that are
 * not part of the language: `closed click(campaign: c)` among a rule's literals, `held request(a, c)
 * until closed click(campaign: c)` for a literal, `ordered by (k) log Report.log` on a collection. What copies of modules
 * and imported files declare has names with dots.
 */
import type {
  AggregateCall,
  Collection,
  CollectionId,
  Component,
  DeclaredPath,
  Expr,
  Gate,
  HeadTerm,
  ImportedFunction,
  Ir,
  Literal,
  Pattern,
  Role,
  Rule,
  SealRule,
} from "./ir.ts";
import { aggregateName } from "./ir.ts";
import { typeText } from "./types.ts";

/** Without the annotations; one line. `clicks(c, i, u) <= click(c, i, u);` */
export function printRule(rule: Rule, ir: Ir): string {
  const printer = printerOf(rule.role, ir, namesOnce(rule));
  const target = printer.collection(rule.head.collection);
  const { to } = rule.head;
  const address =
    to === null || to.kind === "role"
      ? ""
      : to.kind === "all"
        ? "@*"
        : `@${addressText(printer.expr(to.value), to.value)}`;
  const head = `${target}${address}(${rule.head.terms.map(printer.term).join(", ")})`;
  const body = [...rule.body.map(printer.literal), ...(rule.gates ?? []).flatMap(printer.gate)];
  const having = rule.having.length === 0 ? "" : ` having ${rule.having.map((one) => printer.expr(one)).join(", ")}`;
  if (body.length === 0 && having === "" && rule.op === "<=") return `${head};`;
  return `${head} ${rule.op} ${body.join(", ")}${having};`;
}

/** `seal click(campaign: c) <= over(c);` */
export function printSeal(seal: SealRule, ir: Ir): string {
  const printer = printerOf(seal.role, ir, namesOnce(seal));
  const { columns, sealed } = ir.collections.get(seal.target) as Collection;
  const names = (sealed?.columns ?? []).map((index) => columns[index].name);
  const key =
    names.length === 0 ? "" : `(${names.map((name, i) => `${name}: ${printer.expr(seal.key[i])}`).join(", ")})`;
  return `seal ${printer.collection(seal.target)}${key} ${seal.op} ${seal.body.map(printer.literal).join(", ")};`;
}

/** `table kv(key: string -> value: string) durable;` Nothing is said of what is the default. */
export function printCollection(collection: Collection): string {
  if (collection.kind === "timer") {
    return `timer ${collection.name} every ${duration(collection.periodMs as number)}${ordering(collection)};`;
  }
  const columns = collection.columns.map((column) => `${column.name}: ${typeText(column.type)}`);
  const { keyLength, sealed } = collection;
  const list =
    keyLength === null
      ? columns.join(", ")
      : [columns.slice(0, keyLength).join(", "), "->", columns.slice(keyLength).join(", ")]
          .filter((part) => part !== "")
          .join(" ");
  let modifiers = "";
  if (sealed !== null) {
    modifiers += " sealed";
    if (sealed.columns.length > 0)
      modifiers += ` by (${sealed.columns.map((index) => collection.columns[index].name).join(", ")})`;
    if (sealed.single) modifiers += " single";
    if (sealed.deadlineMs !== null) modifiers += ` within ${duration(sealed.deadlineMs)}`;
    if (sealed.everyMs !== null) modifiers += ` every ${duration(sealed.everyMs)}`;
  }
  if (collection.rate !== undefined) modifiers += ` rate ${plainNumber(collection.rate)}`;
  for (const word of ["lossy", "durable", "unique"] as const) if (collection[word]) modifiers += ` ${word}`;
  if (collection.level !== null && (collection.level !== "deterministic" || collection.strict))
    modifiers += ` ${collection.level}`;
  if (collection.strict) modifiers += " strict";
  return `${collection.kind} ${collection.name}(${list})${modifiers}${ordering(collection)};`;
}

/** Without an exponent. */
function plainNumber(value: number): string {
  const text = String(value);
  return text.includes("e-") ? value.toFixed(20).replace(/0+$/, "") : text;
}

/** `role Report replicated x3`: the number of instances is left out only of a plain role with one. */
export function printRole(role: Role): string {
  const kind = role.replicated
    ? " replicated"
    : role.partitionedBy === null
      ? ""
      : ` partitioned by (${role.partitionedBy.join(", ")})`;
  return `role ${role.name}${kind}${kind === "" && role.count === 1 ? "" : ` x${role.count}`}`;
}

/** `source click(campaign: string) sealed by (campaign);` */
export function printSource(input: Collection): string {
  return printCollection(input).replace(/^input/, "source");
}

/** `path request -> response: OR(campaign, id)`, without what ends it. */
export function printPath({ path, head }: Rule, ir: Ir): string {
  const { word, from, gate } = path as DeclaredPath;
  const to = portName(head.collection, ir);
  return `path ${from} -> ${to}: ${word}${word.startsWith("C") ? "" : `(${gate?.join(", ") ?? "*"})`}`;
}

/** `connect click -> Report.click;` */
function printConnection({ body, head }: Rule, ir: Ir): string {
  const [from] = body as readonly Extract<Literal, { kind: "read" }>[];
  return `connect ${endName(from.collection, ir)} -> ${endName(head.collection, ir)};`;
}

/** Of a component's input or output the name as declared; of any other collection its own. */
export function portName(id: CollectionId, ir: Ir): string {
  const { role, name } = ir.collections.get(id) as Collection;
  const external = ir.externals.get(role);
  return external?.kind === "component" ? (external.ins.get(id) ?? external.outs.get(id) ?? name) : name;
}

/** As a connection names it. */
export function endName(id: CollectionId, ir: Ir): string {
  const { role } = ir.collections.get(id) as Collection;
  return ir.externals.get(role)?.kind === "source" ? id : `${role}.${portName(id, ir)}`;
}

function printComponent(component: Component, ir: Ir): string {
  const { name, from, ins, outs } = component;
  const { replicated, count } = ir.roles.get(name) as Role;
  const header = `component ${name}${replicated ? ` replicated x${count}` : ""}${from === null ? "" : ` from ${JSON.stringify(from.text)}`}`;
  const port = (id: CollectionId, as: string, kind: string) =>
    printCollection({ ...(ir.collections.get(id) as Collection), name: as }).replace(/^\w+/, kind);
  const lines = [...ins].map(([id, as]) => port(id, as, "in"));
  for (const [id, as] of outs) lines.push(port(id, as, "out"));
  for (const rule of ir.rules.values()) {
    if (rule.role !== name || rule.path === undefined) continue;
    const gates = (rule.gates ?? []).flatMap(printerOf(name, ir, new Set()).gate);
    lines.push(`${printPath(rule, ir)}${gates.length === 0 ? "" : ` until ${gates.join(" and ")}`};`);
  }
  return `${header} {\n${lines.map((line) => `  ${line}\n`).join("")}}`;
}

/** Imported lattices, functions and aggregates, then each role with its collections, rules and seal rules; sources and connections apart. */
export function printProgram(ir: Ir): string {
  const blocks: string[] = [];
  const imports = [
    ...[...ir.lattices.values()].map((one) => `lattice ${one.id} from ${JSON.stringify(one.from)};`),
    ...[...ir.functions.values()].map((one) => printImported("function", one)),
    ...[...ir.aggregates.values()].map((one) => printImported("aggregate", one)),
  ];
  if (imports.length > 0) blocks.push(imports.join("\n"));
  const sources = [...ir.externals.values()].flatMap((one) => (one.kind === "source" ? [one.input] : []));
  if (sources.length > 0)
    blocks.push(sources.map((id) => printSource(ir.collections.get(id) as Collection)).join("\n"));
  for (const role of ir.roles.values()) {
    const external = ir.externals.get(role.name);
    if (external?.kind === "component") blocks.push(printComponent(external, ir));
    if (external !== undefined) continue;
    const own = (one: { readonly role: string }) => one.role === role.name;
    const declared = [...ir.collections.values()]
      .filter((one) => own(one) && one.kind !== "nodes")
      .map(printCollection);
    const derived = [...ir.rules.values()]
      .filter((rule) => own(rule) && !rule.isConnection)
      .map((rule) => annotations(rule) + printRule(rule, ir));
    const sealing = ir.seals.filter(own).map((seal) => printSeal(seal, ir));
    const parts = [declared, [...derived, ...sealing]].filter((part) => part.length > 0);
    blocks.push(`${printRole(role)} {\n${parts.map((part) => part.map((line) => `  ${line}\n`).join("")).join("\n")}}`);
  }
  const connections = [...ir.rules.values()].filter((rule) => rule.isConnection);
  if (connections.length > 0) blocks.push(connections.map((rule) => printConnection(rule, ir)).join("\n"));
  return `${blocks.join("\n\n")}\n`;
}

function printImported(kind: "function" | "aggregate", one: ImportedFunction): string {
  const params = one.params.map((param) => `${param.name}: ${typeText(param.type)}`).join(", ");
  const claims = one.claims.map((claim) => ` ${claim}`).join("");
  return `${kind} ${one.id}(${params}): ${typeText(one.returns)} from ${JSON.stringify(one.from)}${claims};`;
}

function annotations(rule: Rule): string {
  let text = "";
  if (rule.coordinate !== null) {
    const { kind, by, reason } = rule.coordinate;
    text += `@coordinate(${kind}${by === null ? "" : ` by (${by.join(", ")})`}${reason === null ? "" : `, ${JSON.stringify(reason)}`}) `;
  }
  if (rule.allow !== null) {
    text += `@allow(${rule.allow.what}${rule.allow.reason === null ? "" : `, ${JSON.stringify(rule.allow.reason)}`}) `;
  }
  return text;
}

const ordering = ({ ordering: log, columns }: Collection): string => {
  if (log === undefined) return "";
  const by = log.by.length === 0 ? "" : `by (${log.by.map((index) => columns[index].name).join(", ")}) `;
  const epochs = log.everyMs === undefined ? "" : ` in epochs of ${duration(log.everyMs)}`;
  return ` ordered ${by === "" ? "by " : by}log ${log.log}${epochs}`;
};

/** The largest unit that divides it. */
export function duration(ms: number): string {
  if (ms > 0 && ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms > 0 && ms % 60_000 === 0) return `${ms / 60_000}m`;
  if (ms > 0 && ms % 1000 === 0) return `${ms / 1000}s`;
  return `${ms}ms`;
}

interface Printer {
  readonly collection: (id: CollectionId) => string;
  readonly term: (term: HeadTerm) => string;
  readonly literal: (literal: Literal) => string;
  readonly gate: (gate: Gate) => readonly string[];
  readonly expr: (expr: Expr) => string;
}

/** `role`: the names of its own collections stand alone. `blank`: variables that print as `_`. */
function printerOf(role: string, ir: Ir, blank: ReadonlySet<string>): Printer {
  const collection = (id: CollectionId): string => {
    const found = ir.collections.get(id);
    return found !== undefined && found.role === role && found.kind !== "nodes" ? found.name : id;
  };
  const expr = (one: Expr): string => exprText(one, blank, 0);
  const conditions = ({ conditions: all }: Gate): string[] =>
    all.map(({ source, key }) => {
      const found = ir.collections.get(source) as Collection;
      const names = (found.sealed?.columns ?? []).map((index) => found.columns[index].name);
      const values = key.map((value, i) => `${names[i]}: ${expr(value)}`);
      return `closed ${collection(source)}${values.length === 0 ? "" : `(${values.join(", ")})`}`;
    });
  const literal = (one: Literal): string => {
    switch (one.kind) {
      case "read": {
        const terms = one.terms.map((term) => (term === null ? "_" : expr(term)));
        const read = `${one.negated ? "not " : ""}${collection(one.collection)}(${terms.join(", ")})`;
        return one.hold === undefined ? read : `held ${read} until ${conditions(one.hold).join(" and ")}`;
      }
      case "bind":
        return `${blank.has(one.variable) ? "_" : one.variable} = ${expr(one.value)}`;
      case "range":
        return `${patternText(one.pattern, blank)} in ${expr(one.value)}`;
      case "test": {
        const { value } = one;
        return value.kind === "unary" && value.op === "!" && value.of.kind === "call"
          ? `not ${expr(value.of)}`
          : expr(value);
      }
    }
  };
  const term = (one: HeadTerm): string => (one.kind === "value" ? expr(one.value) : aggregateText(one.call, blank));
  return { collection, term, literal, gate: conditions, expr };
}

function patternText(pattern: Pattern, blank: ReadonlySet<string>): string {
  if (pattern.kind === "variable") return blank.has(pattern.name) ? "_" : pattern.name;
  return `(${pattern.of.map((part) => patternText(part, blank)).join(", ")})`;
}

const levels: Readonly<Record<string, number>> = {
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

/** `level`: what binds less tightly than this needs brackets. */
function exprText(expr: Expr, blank: ReadonlySet<string>, level: number): string {
  const inner = (one: Expr, at = 0) => exprText(one, blank, at);
  const bracketed = (text: string, own: number) => (own < level ? `(${text})` : text);
  switch (expr.kind) {
    case "variable":
      return blank.has(expr.name) ? "_" : expr.name;
    case "self":
      return "self";
    case "literal":
      return bracketed(literalText(expr), typeof expr.value === "number" && expr.value < 0 ? 7 : 9);
    case "call":
      return `${expr.name}(${expr.args.map((arg) => inner(arg)).join(", ")})`;
    case "aggregate":
      return aggregateText(expr.call, blank);
    case "unary":
      return bracketed(`${expr.op}${inner(expr.of, 8)}`, 7);
    case "binary": {
      const own = levels[expr.op];
      return bracketed(`${inner(expr.left, own)} ${expr.op} ${inner(expr.right, own + 1)}`, own);
    }
    case "if":
      return bracketed(`if ${inner(expr.test)} then ${inner(expr.then)} else ${inner(expr.else)}`, 0.5);
    case "tuple":
      return `(${expr.of.map((one) => inner(one)).join(", ")})`;
    case "list":
      return `[${expr.of.map((one) => inner(one)).join(", ")}]`;
    case "lattice":
      return latticeText(expr, (one) => inner(one, expr.op === "lift" || expr.op === "set" ? level : 0));
  }
}

/** An operation on a lattice as it is written in a program: what is lifted, as it was before. */
export function latticeText(
  { op, args, by }: Extract<Expr, { kind: "lattice" }>,
  text: (expr: Expr) => string,
): string {
  const all = args.map(text);
  switch (op) {
    case "lift":
    case "set":
      return all[0];
    case "of":
      return `{${all.join(", ")}}`;
    case "ofPairs":
      return `{${all.map((one, i) => (i % 2 === 0 ? `${one}: ` : i < all.length - 1 ? `${one}, ` : one)).join("")}}`;
    case "pair":
      return `(${all.join(", ")})`;
    case "map":
    case "filter":
      return `${op}(${all[0]}, ${by?.name ?? ""})`;
    default:
      return `${op}(${all.join(", ")})`;
  }
}

/** What stands after `@` is a name, a string, or in brackets. */
function addressText(text: string, value: Expr): string {
  return value.kind === "variable" || value.kind === "self" || value.kind === "literal" ? text : `(${text})`;
}

function literalText({ value, type }: Extract<Expr, { kind: "literal" }>): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" && type.kind === "float" && Number.isInteger(value)) {
    const text = String(value);
    return text.includes("e") ? text : `${text}.0`;
  }
  return String(value);
}

function aggregateText(call: AggregateCall, blank: ReadonlySet<string>): string {
  const { distinct, args } = call;
  return `${aggregateName(call)}(${distinct ? "distinct " : ""}${args.map((arg) => exprText(arg, blank, 0)).join(", ")})`;
}

/** Variables `_1`, `_2`, … that stand in one place only. */
function namesOnce(rule: Rule | SealRule): ReadonlySet<string> {
  const times = new Map<string, number>();
  const see = (name: string) => {
    if (/^_[0-9]+$/.test(name)) times.set(name, (times.get(name) ?? 0) + 1);
  };
  const seeExpr = (expr: Expr): void => {
    switch (expr.kind) {
      case "variable":
        see(expr.name);
        break;
      case "call":
        expr.args.forEach(seeExpr);
        break;
      case "aggregate":
        expr.call.args.forEach(seeExpr);
        break;
      case "unary":
        seeExpr(expr.of);
        break;
      case "binary":
        seeExpr(expr.left);
        seeExpr(expr.right);
        break;
      case "if":
        seeExpr(expr.test);
        seeExpr(expr.then);
        seeExpr(expr.else);
        break;
      case "tuple":
      case "list":
        expr.of.forEach(seeExpr);
        break;
      case "lattice":
        expr.args.forEach(seeExpr);
        break;
      default:
    }
  };
  const seePattern = (pattern: Pattern): void =>
    pattern.kind === "variable" ? see(pattern.name) : pattern.of.forEach(seePattern);
  const seeGate = (gate: Gate): void => gate.conditions.forEach((condition) => condition.key.forEach(seeExpr));
  for (const literal of rule.body) {
    if (literal.kind === "read") {
      for (const term of literal.terms) if (term !== null) seeExpr(term);
      if (literal.hold !== undefined) seeGate(literal.hold);
    } else {
      if (literal.kind === "bind") see(literal.variable);
      if (literal.kind === "range") seePattern(literal.pattern);
      seeExpr(literal.value);
    }
  }
  if ("key" in rule) rule.key.forEach(seeExpr);
  else {
    for (const term of rule.head.terms) {
      if (term.kind === "value") seeExpr(term.value);
      else term.call.args.forEach(seeExpr);
    }
    if (rule.head.to?.kind === "address") seeExpr(rule.head.to.value);
    rule.having.forEach(seeExpr);
    rule.gates?.forEach(seeGate);
  }
  return new Set([...times].filter(([, count]) => count === 1).map(([name]) => name));
}
