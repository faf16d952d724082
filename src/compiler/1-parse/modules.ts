/** Imports, the headers of modules, and uses of them. */
import type { ImportDecl, ModuleDecl, Path, RoleParameter, UseDecl } from "../ast.ts";
import type { Cst } from "./cst.ts";
import { namesOf, typesOf } from "./declarations.ts";
import { pathOf } from "./expressions.ts";
import { textValue } from "./literals.ts";
import { nameAt, spanAt, type Site } from "./site.ts";

/** The header `module Kvs<V>(Server: Store)`, without members. */
export type ModuleHeader = Pick<ModuleDecl, "name" | "types" | "roles">;

/** The node `import`. */
export function importOf(site: Site, node: Cst, doc: string | null, end: number): ImportDecl {
  const [, , fromNode, , , , nameNode] = node.children;
  const at = node.childOffsets[2];
  const from = {
    kind: "literal",
    type: "string",
    value: textValue(site, at, fromNode.matchLength),
    span: spanAt(site, at, fromNode.matchLength),
  } as const;
  const name = nameAt(site, nameNode, node.childOffsets[6]);
  return { kind: "import", from, name, doc, span: { start: site.base, end } };
}

/** The node `module`. */
export function moduleOf(site: Site, node: Cst): ModuleHeader {
  const [, , nameNode, , typeNodes, , roleNodes] = node.children;
  const name = nameAt(site, nameNode, node.childOffsets[2]);
  const types = typeNodes.children.length === 0 ? [] : namesOf(site, typeNodes.children[0], typeNodes.childOffsets[0]);
  const roles: RoleParameter[] = [];
  if (roleNodes.children.length > 0) {
    eachWithin(roleNodes.children[0], roleNodes.childOffsets[0], (parameter, at) => {
      const of = pathOf(site, parameter.children[4], at + parameter.childOffsets[4]);
      roles.push({ name: nameAt(site, parameter.children[0], at), module: of.text === "role" ? null : of });
    });
  }
  return { name, types, roles };
}

/** The node `use`. */
export function useOf(site: Site, node: Cst, doc: string | null, end: number): UseDecl {
  const [, , moduleNode, , typeNodes, , roleNodes, , , , nameNode, , , , targetNodes] = node.children;
  const types = typeNodes.children[0];
  const path = (one: Cst, at: number) => pathOf(site, one, at);
  const roles: Path[] = [];
  if (roleNodes.children.length > 0)
    eachWithin(roleNodes.children[0], roleNodes.childOffsets[0], (role, at) => roles.push(path(role, at)));
  return {
    kind: "use",
    module: path(moduleNode, node.childOffsets[2]),
    types:
      types === undefined ? [] : typesOf(site, types.children[2], typeNodes.childOffsets[0] + types.childOffsets[2]),
    roles: roleNodes.children.length === 0 ? null : roles,
    name: nameAt(site, nameNode, node.childOffsets[10]),
    target: targetNodes.children.length === 0 ? null : path(targetNodes.children[0], targetNodes.childOffsets[0]),
    doc,
    span: { start: site.base, end },
  };
}

/** Calls `each` on every item of `( item ("," item)* )`. */
function eachWithin(node: Cst, at: number, each: (node: Cst, at: number) => void): void {
  each(node.children[2], at + node.childOffsets[2]);
  const more = node.children[6];
  for (let i = 0; i < more.children.length; i++) each(more.children[i], at + more.childOffsets[i]);
}
