/** From a TypeScript type to the plain data that it declares. */
import type { Node, Symbol as TsSymbol, Type } from "ts-morph";
import { Node as Nodes, ts } from "ts-morph";
import { leastOf } from "./data.ts";
import type { Data, Field } from "./data.ts";

export interface NoData {
  /** `votes.by is a Map<string, number>, and plain data has no methods`. */
  readonly why: string;
  /** In the TypeScript. */
  readonly node: Node;
}

/** The data of an exported type; why its values are no plain data. */
export function dataOf(declaration: Node): Data | NoData {
  const reader = new Reader(declaration);
  const data = reader.read(declaration.getType(), "");
  if (reader.problem !== null) return reader.problem;
  return leastOf(data) === undefined
    ? { why: "each of its values would hold another one, without end", node: declaration }
    : data;
}

const nothing: Data = { kind: "constant", value: null };

class Reader {
  readonly #at: Node;
  readonly #open = new Map<ts.Type, Extract<Data, { kind: "named" }>>();
  /** Those that have met themselves. */
  readonly #again = new Set<Data>();
  problem: NoData | null = null;

  constructor(at: Node) {
    this.#at = at;
  }

  #no(path: string, what: string, node: Node | undefined = undefined): Data {
    this.problem ??= { why: `${path === "" ? "it" : path} ${what}`, node: node ?? this.#at };
    return nothing;
  }

  read(type: Type, path: string, node?: Node): Data {
    if (type.isBoolean()) return { kind: "boolean" };
    if (type.isNull()) return nothing;
    if (type.isNumber()) return { kind: "number" };
    if (type.isString()) return { kind: "string" };
    if (type.isBooleanLiteral()) return { kind: "constant", value: type.getText() === "true" };
    const literal = type.getLiteralValue();
    if (typeof literal === "string" || typeof literal === "number") return { kind: "constant", value: literal };
    if (type.isUndefined())
      return this.#no(path, "may be undefined, which JSON does not hold: make it optional, or null", node);
    if (type.isAny() || type.isUnknown())
      return this.#no(path, `is of the type ${type.getText()}, which says nothing of its values`, node);
    const { compilerType } = type;
    const open = this.#open.get(compilerType);
    if (open !== undefined) {
      this.#again.add(open);
      return open;
    }
    let data: Data = nothing;
    const named = { kind: "named", is: () => data } as const;
    this.#open.set(compilerType, named);
    data = this.#composite(type, path, node);
    this.#open.delete(compilerType);
    return this.#again.has(named) ? named : data;
  }

  #composite(type: Type, path: string, node: Node | undefined): Data {
    if (type.isUnion()) return { kind: "choice", of: this.#alternatives(type, path, node) };
    if (type.isArray() || type.isReadonlyArray())
      return { kind: "array", of: this.read(type.getArrayElementTypeOrThrow(), inside(path, "[]"), node) };
    if (type.isTuple()) return this.#tuple(type, path, node);
    if (type.isIntersection()) {
      // A string or number with a mark that only the types know of.
      const plain = type.getIntersectionTypes().find((one) => one.isString() || one.isNumber());
      if (plain !== undefined) return this.read(plain, path, node);
    }
    if (type.isTypeParameter())
      return this.#no(path, `is of the type parameter ${type.getText()}, which may be anything`, node);
    if (!type.isObject() && !type.isIntersection())
      return this.#no(path, `is a ${shortText(type, this.#at)}, which JSON does not hold`, node);
    return this.#object(type, path, node);
  }

  /** `true | false` among others is one of them. */
  #alternatives(type: Type, path: string, node: Node | undefined): Data[] {
    const types = type.getUnionTypes();
    const both = types.filter((one) => one.isBooleanLiteral()).length === 2;
    const others = both ? types.filter((one) => !one.isBooleanLiteral()) : types;
    return [...(both ? [{ kind: "boolean" } as const] : []), ...others.map((one) => this.read(one, path, node))];
  }

  #tuple(type: Type, path: string, node: Node | undefined): Data {
    const { elementFlags } = (type.compilerType as ts.TypeReference).target as ts.TupleType;
    if (elementFlags.some((flag) => flag !== ts.ElementFlags.Required))
      return this.#no(path, "is a tuple with optional or further elements; an array says the same", node);
    return {
      kind: "tuple",
      of: type.getTupleElements().map((one, i) => this.read(one, inside(path, String(i)), node)),
    };
  }

  #object(type: Type, path: string, node: Node | undefined): Data {
    const text = shortText(type, this.#at);
    if (type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0)
      return this.#no(path, "is a function", node);
    const declaration = type.getSymbol()?.getDeclarations()[0];
    if (declaration !== undefined && Nodes.isClassDeclaration(declaration))
      return this.#no(path, `is an instance of the class ${text}: what is sent and stored is its data alone`, node);
    const properties = type.getProperties();
    const method = properties.find((one) => isMethod(one));
    if (method !== undefined) {
      const at = method.getDeclarations()[0];
      return at?.getSourceFile().isDeclarationFile() === true
        ? this.#no(path, `is a ${text}, and plain data has no methods`, node)
        : this.#no(inside(path, method.getName()), "is a function", at);
    }
    const others = type.getStringIndexType() ?? type.getNumberIndexType() ?? null;
    if (properties.length === 0 && others === null)
      return this.#no(path, `is of the type ${text}, which says nothing of its values`, node);
    const fields = properties.map((one) => this.#field(one, path));
    return { kind: "object", fields, others: others === null ? null : this.read(others, inside(path, "[name]"), node) };
  }

  #field(symbol: TsSymbol, path: string): Field {
    const at = symbol.getDeclarations()[0];
    const name = symbol.getName();
    const optional = symbol.isOptional();
    const own = inside(path, name);
    if (name.startsWith("__@") || name.startsWith("#"))
      return { name, optional, of: this.#no(path, "has a key that is no string", at) };
    const type = symbol.getTypeAtLocation(this.#at);
    const rest = optional && type.isUnion() ? type.getUnionTypes().filter((one) => !one.isUndefined()) : [type];
    const booleans = rest.filter((one) => one.isBooleanLiteral()).length === 2;
    if (rest.length === 1) return { name, optional, of: this.read(rest[0]!, own, at) };
    const others = booleans ? rest.filter((one) => !one.isBooleanLiteral()) : rest;
    const of = others.map((one) => this.read(one, own, at));
    return { name, optional, of: { kind: "choice", of: booleans ? [{ kind: "boolean" }, ...of] : of } };
  }
}

function isMethod(symbol: TsSymbol): boolean {
  const at = symbol.getDeclarations()[0];
  if (at === undefined) return false;
  return (
    Nodes.isMethodSignature(at) ||
    Nodes.isMethodDeclaration(at) ||
    symbol.getTypeAtLocation(at).getCallSignatures().length > 0
  );
}

function inside(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function shortText(type: Type, at: Node): string {
  const text = type.getText(at);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
