/** What completion proposes. */
import type { CollectionKind } from "../compiler/ast.ts";
import type { Collection } from "../compiler/ir.ts";
import type { FileScope } from "../compiler/2-lower/files.ts";
import type { RoleScope } from "../compiler/2-lower/scope.ts";
import { printRole } from "../compiler/print.ts";
import { scalarNames, typeText } from "../compiler/types.ts";
import { latticeKinds, operations } from "../lattices/index.ts";
import { aggregates, functions } from "../operators/index.ts";
import { functionHeader, moduleHeader, signatureText, typeWords } from "./hover.ts";
import type { Block } from "./names.ts";
import * as words from "./words.ts";

export type ItemKind =
  | "keyword"
  | "collection"
  | "column"
  | "variable"
  | "function"
  | "aggregate"
  | "role"
  | "module"
  | "import"
  | "copy"
  | "type"
  | "file";

export interface Item {
  readonly label: string;
  readonly kind: ItemKind;
  /** Replaces the word at the cursor; the label where it is left out. */
  readonly insert?: string;
  /** A line. */
  readonly detail?: string;
  readonly doc?: string;
}

export const keywords = (list: Iterable<string>): Item[] =>
  [...list].map((label) => ({ label, kind: "keyword", doc: words.wordDocs[label] }));

export function collectionItem(one: Collection, label: string): Item {
  const columns = one.columns.map(({ name, type }) => `${name}: ${typeText(type)}`).join(", ");
  const kind: CollectionKind | "nodes" = one.kind;
  return {
    label,
    kind: "collection",
    detail: `${kind === "nodes" ? "addresses" : kind} (${columns})`,
    doc: one.doc ?? undefined,
  };
}

export function columnItems(one: Collection | undefined): readonly Item[] {
  return (one?.columns ?? []).map(({ name, type }) => ({ label: name, kind: "column", detail: typeText(type) }));
}

export function roleItem(label: string, { role, decl, external }: RoleScope): Item {
  return {
    label,
    kind: "role",
    detail: printRole(role).replace(/^role/, external?.kind ?? "role"),
    doc: decl.doc ?? undefined,
  };
}

export function moduleItem(label: string, decl: Parameters<typeof moduleHeader>[0]): Item {
  return { label, kind: "module", detail: moduleHeader(decl), doc: decl.doc ?? undefined };
}

export function unique(items: readonly Item[]): readonly Item[] {
  return [...new Map(items.map((item) => [item.label, item])).values()];
}

/** Imported, built in, and operations of lattices. */
export function functionItems(file: FileScope): readonly Item[] {
  const imported = file.ast.items.flatMap((item): Item[] =>
    item.kind === "function"
      ? [{ label: item.name.text, kind: "function", detail: functionHeader(item), doc: item.doc ?? undefined }]
      : [],
  );
  const builtin = [...functions.values()].map(({ name, signatures, doc }): Item => ({
    label: name,
    kind: "function",
    detail: signatureText(name, signatures[0]),
    doc,
  }));
  const known = new Set(functions.keys());
  const onLattices = operations
    .filter(({ name }) => !known.has(name) && known.add(name))
    .map(({ name, on, doc }): Item => ({ label: name, kind: "function", detail: `on ${on.join(", ")}`, doc }));
  return [...imported, ...builtin, ...onLattices];
}

export function aggregateItems(file: FileScope): readonly Item[] {
  const imported = file.ast.items.flatMap((item): Item[] =>
    item.kind === "aggregate"
      ? [{ label: item.name.text, kind: "aggregate", detail: functionHeader(item), doc: item.doc ?? undefined }]
      : [],
  );
  return [
    ...imported,
    ...[...aggregates.values()].map(({ name, params, doc }): Item => ({
      label: name,
      kind: "aggregate",
      detail: `${name}(${params.join(", ")})`,
      doc,
    })),
  ];
}

export function typeItems(file: FileScope, block: Block | null): readonly Item[] {
  const own = block?.kind === "module" ? block.types.map(({ text }) => text) : [];
  return [
    ...own.map((label): Item => ({ label, kind: "type", detail: "type parameter" })),
    ...[...scalarNames, "list"].map((label): Item => ({ label, kind: "type", doc: typeWords[label] })),
    ...[...latticeKinds.values()].map(({ name, doc }): Item => ({
      label: name,
      kind: "type",
      detail: "lattice",
      doc,
    })),
    ...[...file.namedLattices.keys()].map((label): Item => ({
      label,
      kind: "type",
      detail: "imported lattice",
    })),
  ];
}
