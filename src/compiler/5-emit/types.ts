/** Types of the Ir in emitted code. */
import type { Type } from "../ir.ts";
import { quoted } from "./writer.ts";

/** As a `ValueType`: `"int"`, `{ list: "string" }`. */
export function valueType(type: Type): string {
  switch (type.kind) {
    case "list":
      return `{ list: ${valueType(type.of)} }`;
    case "tuple":
      return `{ tuple: [${type.of.map(valueType).join(", ")}] }`;
    case "unknown":
      throw new Error("a program with errors reached emission");
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
    case "list":
      return /^[a-zA-Z0-9]+$/.test(hostType(type.of))
        ? `readonly ${hostType(type.of)}[]`
        : `readonly (${hostType(type.of)})[]`;
    case "tuple":
      return `readonly [${type.of.map(hostType).join(", ")}]`;
    case "unknown":
      throw new Error("a program with errors reached emission");
  }
}
