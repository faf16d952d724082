/** `meta`: the role's collections, targets and travelling seals, for the runtime. */
import { durableRoles } from "../ir.ts";
import type { Collection, CollectionId, Expr, Ir } from "../ir.ts";
import type { Plan } from "../plan.ts";
import { sealColumns } from "./texts.ts";
import { valueType } from "./types.ts";
import { quoted, type } from "./writer.ts";
import type { Writer } from "./writer.ts";

interface FunctionScope {
  readonly function: (call: Extract<Expr, { kind: "call" }>) => string;
}

export function writeMeta(writer: Writer, plan: Plan, role: string, functions: FunctionScope): void {
  const ir = plan.coordinated;
  const { count, replicated, partitionedBy, dynamic } = ir.roles.get(role)!;
  writer.open(`const meta${type(`: RoleProgram["meta"]`)} = {`);
  writer.line(`role: ${quoted(role)},`);
  writer.line(`count: ${count},`);
  writer.line(`replicated: ${replicated},`);
  writer.line(`partitionedBy: ${JSON.stringify(partitionedBy)},`);
  if (dynamic) writer.line("dynamic: true,");
  if (durableRoles(ir).has(role)) writer.line("durable: true,");
  writer.open("collections: [");
  for (const collection of ir.collections.values()) {
    if (
      collection.role !== role ||
      collection.kind === "table" ||
      collection.kind === "scratch" ||
      collection.kind === "nodes"
    )
      continue;
    writer.line(`${collectionMeta(plan, collection)},`);
  }
  writer.close("],");
  writer.open("targets: [");
  for (const id of targetsOf(plan, role)) {
    const target = ir.collections.get(id)!;
    writer.line(
      `{ id: ${quoted(id)}, role: ${quoted(target.role)}, collection: ${collectionMeta(plan, target)}, route: ${routeTo(ir, role, target)} },`,
    );
  }
  writer.close("],");
  writer.open("travels: [");
  for (const travel of plan.travels) {
    if (travel.role !== role) continue;
    writer.open("{");
    writer.line(`target: ${quoted(travel.target)},`);
    writer.line(`deferred: ${travel.deferred},`);
    if (travel.owners !== undefined) writer.line(`owners: ${JSON.stringify(travel.owners)},`);
    writer.open("parts: [");
    for (const { source, map } of travel.parts) {
      const from = ir.collections.get(source)!;
      const columns = sealColumns(plan, from).map((column) => from.columns[column].name);
      const values = map.map((expr) => hostExpr(expr, columns, functions));
      const key = values.some((text) => text.includes("key[")) ? `(key${type(`: readonly Value[]`)})` : "()";
      writer.line(`{ source: ${quoted(from.name)}, map: ${key} => [${values.join(", ")}] },`);
    }
    writer.close("],");
    writer.close("},");
  }
  writer.close("],");
  writer.close("};");
}

/** Channels that the role sends to, in order of declaration. */
function targetsOf(plan: Plan, role: string): readonly CollectionId[] {
  const ir = plan.coordinated;
  const ids = new Set<CollectionId>();
  for (const rule of ir.rules.values()) if (rule.role === role && rule.op === "<~") ids.add(rule.head.collection);
  for (const seal of ir.seals)
    if (seal.role === role && ir.collections.get(seal.target)!.kind === "channel") ids.add(seal.target);
  for (const travel of plan.travels) if (travel.role === role) ids.add(travel.target);
  return [...ir.collections.keys()].filter((id) => ids.has(id));
}

function routeTo(ir: Ir, sender: string, target: Collection): string {
  const role = ir.roles.get(target.role)!;
  if (role.replicated) return `{ kind: "all" }`;
  if (role.partitionedBy === null) {
    const isUnaddressed = [...ir.rules.values()].some(
      ({ role: of, op, head }) =>
        of === sender && op === "<~" && head.collection === target.id && head.to?.kind === "role",
    );
    return `{ kind: "${isUnaddressed ? "one" : "none"}" }`;
  }
  const columns = role.partitionedBy.map((name) => target.columns.findIndex((column) => column.name === name));
  return `{ kind: "owner", columns: ${JSON.stringify(columns)} }`;
}

function collectionMeta(plan: Plan, collection: Collection): string {
  const { name, kind, columns, lossy, level, periodMs, ordering } = collection;
  const parts = [
    `name: ${quoted(name)}`,
    `kind: ${quoted(kind)}`,
    `columns: [${columns.map((column) => `{ name: ${quoted(column.name)}, type: ${valueType(column.type)} }`).join(", ")}]`,
  ];
  if (lossy) parts.push("lossy: true");
  if (kind === "output" && (level === "eventual" || level === "any")) parts.push("retracts: true");
  if (periodMs !== null) parts.push(`periodMs: ${periodMs}`);
  if (ordering !== undefined)
    parts.push(
      `ordering: { log: ${quoted(ordering.log)}, by: ${JSON.stringify(ordering.by)}${ordering.everyMs === undefined ? "" : `, everyMs: ${ordering.everyMs}`} }`,
    );
  const sealed = sealedMeta(plan, collection);
  if (sealed !== null) parts.push(`sealed: ${sealed}`);
  return `{ ${parts.join(", ")} }`;
}

/** Channels count for seals only where somebody waits for them; an input keeps its host to its promise. */
function sealedMeta(plan: Plan, { id, kind, sealed }: Collection): string | null {
  const planned = plan.sealed.find((one) => one.collection === id);
  if (planned !== undefined) {
    const { key, single, deadlineMs, producers, deferred } = planned;
    return `{ key: ${JSON.stringify(key)}, single: ${single}, deadlineMs: ${deadlineMs}, producers: ${JSON.stringify(producers)}, deferred: ${deferred} }`;
  }
  if (kind !== "input" || sealed === null) return null;
  return `{ key: ${JSON.stringify(sealed.columns)}, single: ${sealed.single}, deadlineMs: ${sealed.deadlineMs}, producers: [], deferred: false }`;
}

/** An expression over values (not codes), `columns` being the names of the values in `key`. */
function hostExpr(expr: Expr, columns: readonly string[], functions: FunctionScope): string {
  const inner = (one: Expr): string => hostExpr(one, columns, functions);
  switch (expr.kind) {
    case "variable":
      return `key[${columns.indexOf(expr.name)}]`;
    case "literal":
      return JSON.stringify(expr.value);
    case "call":
      return expr.builtin && expr.name === "toFloat"
        ? inner(expr.args[0])
        : `${functions.function(expr)}(${expr.args.map((arg) => `${inner(arg)}${type(" as never")}`).join(", ")})`;
    case "list":
    case "tuple":
      return `[${expr.of.map(inner).join(", ")}]`;
    case "unary":
      return expr.op === "-" ? `-(${inner(expr.of)}${type(" as number")})` : `!${inner(expr.of)}`;
    case "binary":
      // What a seal can travel through is a whole number plus or minus a constant.
      if (expr.op === "+" || expr.op === "-") {
        const number = (one: Expr): string => `(${inner(one)}${type(" as number")})`;
        return `${number(expr.left)} ${expr.op} ${number(expr.right)}`;
      }
      throw new Error(`a seal cannot travel through ${expr.op}`);
    default:
      throw new Error(`a seal cannot travel through an expression of kind ${expr.kind}`);
  }
}
