/** Types of the Ir in emitted code. */
import type { LatticeType, Type } from "../ir.ts";
import { revealed } from "../../lattices/index.ts";
import { quoted } from "./writer.ts";

/** As a `ValueType`: `"int"`, `{ list: "string" }`. */
export function valueType(type: Type): string {
  switch (type.kind) {
    case "list":
      return `{ list: ${valueType(type.of)} }`;
    case "tuple":
      return `{ tuple: [${type.of.map(valueType).join(", ")}] }`;
    case "lattice":
      return `{ lattice: ${quoted(type.name)}, args: [${type.args.map(valueType).join(", ")}] }`;
    // Of an empty list or set, where nothing says what its elements would be.
    case "unknown":
      return quoted("json");
    default:
      return quoted(type.kind);
  }
}

export function valueTypes(types: readonly Type[]): string {
  return `[${types.map(valueType).join(", ")}]`;
}

/** As a TypeScript type, for the host: `string`, `readonly number[]`. */
export function hostType(type: Type): string {
  switch (type.kind) {
    case "int":
    case "nat":
    case "float":
      return "number";
    case "string":
    case "addr":
      return "string";
    case "bool":
      return "boolean";
    case "bytes":
      return "Uint8Array";
    case "json":
      return "Value";
    case "list": {
      const of = hostType(type.of);
      return /^[a-zA-Z0-9]+$/.test(of) ? `readonly ${of}[]` : `readonly (${of})[]`;
    }
    case "tuple":
      return `readonly [${type.of.map(hostType).join(", ")}]`;
    case "lattice":
      return latticeHostType(type);
    case "unknown":
      throw new Error("a program with errors reached emission");
  }
}

/** What a host sees of a lattice value: the plain value that it has; maps by string are objects. */
function latticeHostType(type: LatticeType): string {
  const [key, value] = type.name === "vclock" ? [{ kind: "addr" } as Type, { kind: "nat" } as Type] : type.args;
  if ((type.name === "lmap" || type.name === "vclock") && (key.kind === "string" || key.kind === "addr"))
    return `{ readonly [key: string]: ${hostType(value)} }`;
  if (type.name === "lmap") return `readonly (readonly [${hostType(key)}, ${hostType(value)}])[]`;
  if (type.name === "dompair") return `readonly [${hostType(key)}, ${hostType(value)}]`;
  return hostType(revealed(type));
}
