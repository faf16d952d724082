/** What an application sees of a role: rows with types, and a function that starts an instance in its process. */
import type { Collection, Column, Component, Ir } from "../ir.ts";
import { createName } from "./components.ts";
import { Names } from "./names.ts";
import { hostType } from "./types.ts";
import { quoted, type } from "./writer.ts";
import type { Writer } from "./writer.ts";

const isName = (name: string): boolean => /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name);
const keyText = (name: string): string => (isName(name) ? name : quoted(name));

/** `ask` → `AskRow`; another number for `Ask` beside it. */
function rowNames(collections: readonly Collection[]): (collection: Collection) => string {
  const names = new Names();
  const given = new Map(
    collections.map((one) => [one, names.take(`${one.name[0].toUpperCase()}${one.name.slice(1)}Row`)]),
  );
  return (collection) => given.get(collection)!;
}

function fields(columns: readonly Column[]): string {
  return columns.length === 0
    ? "{}"
    : `{ ${columns.map((column) => `readonly ${keyText(column.name)}: ${hostType(column.type)}`).join("; ")} }`;
}

/** `bed.Store` as a part of an identifier: `bed_Store`. */
const identifier = (role: string): string => role.replaceAll(".", "_");

function ofKind(ir: Ir, role: string, kind: string): readonly Collection[] {
  return [...ir.collections.values()].filter((collection) => collection.role === role && collection.kind === kind);
}

/** Types stand in the TypeScript only. */
export function writeInterfaces(writer: Writer, ir: Ir, role: string): void {
  const inputs = ofKind(ir, role, "input");
  const outputs = ofKind(ir, role, "output");
  const rowName = rowNames([...inputs, ...outputs]);
  for (const collection of [...inputs, ...outputs]) {
    writer.doc(
      collection.doc === null ? `A row of the ${collection.kind} \`${collection.name}\`.` : null,
      collection.doc,
      type,
    );
    writer.line(type(`export interface ${rowName(collection)} ${fields(collection.columns)}`));
    writer.line(type(" "));
  }
  const line = (text: string): void => writer.line(type(text));
  const member = (name: string, about: string, of: readonly Collection[], text: (one: Collection) => string): void => {
    line(`  /** ${about} */`);
    if (of.length === 0) return line(`  readonly ${name}: {};`);
    line(`  readonly ${name}: {`);
    for (const one of of) {
      if (one.doc !== null) writer.doc(null, one.doc, (each) => type(`    ${each}`));
      line(`    readonly ${keyText(one.name)}: ${text(one)};`);
    }
    line(`  };`);
  };
  const listener = (event: string, { doc }: Collection, row: string): void => {
    if (doc !== null) writer.doc(null, doc, (each) => type(`  ${each}`));
    line(`  on(output: ${quoted(event)}, listener: (row: ${row}, traceparent?: string) => void): unknown;`);
  };
  const external = ir.externals.get(role);
  if (external?.kind === "component") writeComponent(line, ir, external, rowName);
  writer.doc(`One running instance of ${role}.`, ir.roles.get(role)!.doc, type);
  line(`export interface ${identifier(role)}Node {`);
  line(`  readonly address: string;`);
  member(
    "input",
    "Hands in a row; the fault if it is refused.",
    inputs,
    (one) => `(row: ${rowName(one)}, traceparent?: string) => unknown`,
  );
  member(
    "seal",
    "Promises that no more rows of a partition come.",
    inputs.filter((one) => one.sealed !== null),
    (one) => `(key: ${fields(one.sealed!.columns.map((column) => one.columns[column]))}) => unknown`,
  );
  line(`  /** No more rows of this input, or of any. */`);
  line(`  end(input?: ${inputs.map((one) => quoted(one.name)).join(" | ") || "never"}): void;`);
  for (const output of outputs) {
    listener(output.name, output, rowName(output));
    if (output.level === "eventual" || output.level === "any") {
      line(`  /** A fact ceased to be true. */`);
      line(`  on(output: ${quoted(`-${output.name}`)}, listener: (row: ${rowName(output)}) => void): unknown;`);
    }
  }
  line(
    `  on(event: "fault", listener: (fault: { readonly code: string; readonly message: string; readonly rule?: string }) => void): unknown;`,
  );
  line(`  /** Resolves when all that was handed in before is kept, where the node keeps its data. */`);
  line(`  saved(): Promise<void>;`);
  line(`  stop(): Promise<void>;`);
  line(`}`);
  line(" ");
}

/** What the module of a component has to export. */
function writeComponent(
  line: (text: string) => void,
  ir: Ir,
  { name, ins, outs }: Component,
  rowName: (of: Collection) => string,
): void {
  const own = identifier(name);
  const rows = (ports: Component["ins"], rowOf: (id: string) => string): string =>
    [...ports].map(([id, as]) => `${keyText(as)}(row: ${rowOf(id)}): void`).join("; ");
  const into = rows(ins, (id) => fields(ir.collections.get(id)!.columns));
  const out = rows(outs, (id) => rowName(ir.collections.get(id)!));
  line(`/** ${name} as it is handed facts, one by one; it answers before it returns. */`);
  line(`export interface ${own}Component { ${into} }`);
  line(" ");
  line(
    `/** What its module exports as \`${createName(name)}\`, called once for each instance. Listeners of \`settled\` are called when all that came together has been handed in; \`persist\` is told how what it keeps is saved and loaded. */`,
  );
  line(
    `export type Create${own} = (out: { ${out} }, settled: (listener: () => void) => void, persist: <S>(save: () => S, load: (state: S) => void) => void) => ${own}Component;`,
  );
  line(" ");
}

export function writeStart(writer: Writer, ir: Ir, role: string): void {
  const inputs = ofKind(ir, role, "input");
  const example =
    inputs.length === 0
      ? ""
      : ` \`node.input${isName(inputs[0].name) ? `.${inputs[0].name}` : `[${quoted(inputs[0].name)}]`}({ ${inputs[0].columns.map((column) => keyText(column.name)).join(", ")} })\` hands it a row.`;
  writer.line(`/** Starts an instance in this process.${example} */`);
  writer.open(
    `export async function start${identifier(role)}(options${type("?: NodeOptions")})${type(`: Promise<${identifier(role)}Node>`)} {`,
  );
  writer.line(`return (await start(program, options))${type(` as unknown as ${identifier(role)}Node`)};`);
  writer.close("}");
}
