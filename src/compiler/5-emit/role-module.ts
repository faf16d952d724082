/** The module of one role. */
import type { SourceFile } from "../ast.ts";
import type { Expr, Ir, LatticeType, Type } from "../ir.ts";
import type { Plan } from "../plan.ts";
import { typeText } from "../types.ts";
import { writeResults } from "./aggregates.ts";
import { ExprScope } from "./expressions.ts";
import type { ModuleScope } from "./expressions.ts";
import { strataOf, writeFixpoint, writeParts } from "./fixpoint.ts";
import type { Flow, FlowImport, FlowRelation, FlowRule } from "./flow.ts";
import { functionImports } from "./functions.ts";
import { writeHold } from "./holds.ts";
import { writeInterfaces, writeStart } from "./host.ts";
import { writeMeta } from "./meta.ts";
import { Names } from "./names.ts";
import { flowOf } from "./normalize.ts";
import { repairsOf, writeOrders, writeRepair } from "./repair.ts";
import { writeRule } from "./rules.ts";
import type { Driver, RuleContext } from "./rules.ts";
import { fileName, ruleText } from "./texts.ts";
import { valueType, valueTypes } from "./types.ts";
import { quoted, type, Writer } from "./writer.ts";
import type { Written } from "./writer.ts";

export interface RoleModule {
  readonly role: string;
  readonly written: Written;
  /** Those in which its rules are written. */
  readonly files: readonly SourceFile[];
}

export function roleModule(plan: Plan, role: string): RoleModule {
  const ir = plan.coordinated;
  const { file } = ir.roles.get(role)!;
  const names = new Names();
  const declared = new Declarations(ir, role, names);
  const flow = flowOf(plan, role, names);
  const rules = new Writer();
  const evaluator = writeEvaluator(flow, declared, names, file, rules);

  const write = (usesValue: boolean): Written => {
    const writer = new Writer();
    writeModule(writer, plan, role, declared, flow.imports, evaluator, usesValue);
    return writer.written();
  };
  const written = write(true);
  const own = [...ir.rules.values(), ...ir.seals].filter((rule) => rule.role === role);
  const files = [...new Set([file, ...own.map((rule) => rule.file)])];
  return { role, written: (written.typed.match(/\bValue\b/g) ?? []).length > 1 ? written : write(false), files };
}

function writeModule(
  writer: Writer,
  plan: Plan,
  role: string,
  declared: Declarations,
  imports: readonly FlowImport[],
  evaluator: EvaluatorText,
  usesValue: boolean,
): void {
  const ir = plan.coordinated;
  const { file, doc } = ir.roles.get(role)!;
  writer.doc(`Role ${role} of ${fileName(file)}. Written by dlc: change the program instead.`, doc);
  const engine = ["Engine"];
  for (const name of ["FAILED", "LATEST", "grown"]) if (evaluator.mentions(name)) engine.push(name);
  writer.line(`import { ${engine.join(", ")} } from "./runtime/engine/index.js";`);
  writer.line(
    type(
      `import type { Environment, Evaluator, RoleProgram${usesValue ? ", Value" : ""} } from "./runtime/program.js";`,
    ),
  );
  // A role called Node starts with a function of the same name.
  writer.line(`import { startNode as start } from "./runtime/node.js";`);
  writer.line(type(`import type { NodeOptions } from "./runtime/node.js";`));
  declared.writeImports(writer, imports);
  writer.line();
  writeInterfaces(writer, ir, role);
  writeMeta(writer, plan, role, declared);
  writer.line();
  evaluator.write(writer);
  writer.line();
  writer.line("/** What the runtime needs to know of the role. */");
  writer.line(`export const program${type(": RoleProgram")} = { meta, createEvaluator${declared.latticesText} };`);
  writer.line();
  writeStart(writer, ir, role);
}

/** Constants and functions that expressions use. */
export class Declarations implements ModuleScope {
  readonly #ir: Ir;
  readonly #role: string;
  readonly #names: Names;
  readonly #lattices = new Set<string>();
  readonly #constants = new Map<string, string>();
  readonly #callables = new Map<string, string>();
  readonly #lines: string[] = [];
  readonly #imports = new Map<string, { module: string; local: string; name: string }>();

  constructor(ir: Ir, role: string, names: Names) {
    this.#ir = ir;
    this.#role = role;
    this.#names = names;
  }

  constant(of: Type, value: number | string | boolean): string {
    const key = `${valueType(of)} ${typeof value} ${value}`;
    let name = this.#constants.get(key);
    if (name === undefined) {
      this.#constants.set(key, (name = this.#names.take(`the_${String(value).slice(0, 24)}`)));
      this.#lines.push(`const ${name} = engine.constant(${valueType(of)}, ${JSON.stringify(value)});`);
    }
    return name;
  }

  lattice(of: LatticeType): string {
    const key = `lattice ${valueType(of)}`;
    let name = this.#constants.get(key);
    if (name === undefined) {
      this.#constants.set(key, (name = this.#names.take(typeText(of).replaceAll(">", ""))));
      this.#lines.push(`const ${name} = engine.lattice(${valueType(of)});`);
    }
    return name;
  }

  dots(rule: string, types: readonly Type[]): string {
    const label = rule.slice(0, rule.indexOf(" ("));
    const key = `dots ${label} ${valueTypes(types)}`;
    let name = this.#constants.get(key);
    if (name === undefined) {
      this.#constants.set(key, (name = this.#names.take(`${label}_valuation`)));
      this.#lines.push(`const ${name} = engine.dots(${quoted(`${this.#role}/${label}`)}, ${valueTypes(types)});`);
    }
    return name;
  }

  /** Registers the imported lattices among these types before anything is declared of them. */
  importLattices(types: Iterable<Type>): void {
    for (const of of types) {
      if (of.kind === "list") this.importLattices([of.of]);
      else if (of.kind === "tuple") this.importLattices(of.of);
      else if (of.kind === "lattice") {
        this.importLattices(of.args);
        if (!this.#ir.lattices.has(of.name) || this.#lattices.has(of.name)) continue;
        this.#lattices.add(of.name);
        this.#lines.unshift(`engine.importLattice(${quoted(of.name)}, ${this.#import(of.name)});`);
      }
    }
  }

  /** The imported lattices, as a further property of what the runtime is told. */
  get latticesText(): string {
    const all = [...this.#lattices].map((name) => {
      const local = this.#import(name);
      return name === local ? name : `${quoted(name)}: ${local}`;
    });
    return all.length === 0 ? "" : `, lattices: { ${all.join(", ")} }`;
  }

  callable(call: Extract<Expr, { kind: "call" }>): string {
    const params = valueTypes(call.args.map((arg) => arg.type));
    this.importLattices([...call.args.map((arg) => arg.type), call.type]);
    const key = `${call.builtin} ${call.name} ${params} ${valueType(call.type)}`;
    let name = this.#callables.get(key);
    if (name === undefined) {
      const of = this.function(call);
      this.#callables.set(key, (name = this.#names.take(`call_${call.name}`)));
      this.#lines.push(
        `const ${name} = engine.callable(${quoted(call.name)}, ${of}, ${params}, ${valueType(call.type)});`,
      );
    }
    return name;
  }

  /** An expression for the function itself. */
  function(call: Extract<Expr, { kind: "call" }>): string {
    if (call.builtin) {
      this.#imports.set("builtins", { module: "./runtime/operators/functions.run.js", local: "builtins", name: "run" });
      return `builtins.${call.name}`;
    }
    return this.#import(call.name);
  }

  /** `id`: of a function, an aggregate or a lattice. */
  #import(id: string): string {
    const known = this.#imports.get(id);
    if (known !== undefined) return known.local;
    const local = this.#names.take(id);
    const { functions, aggregates, lattices } = this.#ir;
    const { name } = (functions.get(id) ?? aggregates.get(id) ?? lattices.get(id))!;
    this.#imports.set(id, { module: `./functions/${functionImports(this.#ir).get(id)}.js`, local, name });
    return local;
  }

  writeImports(writer: Writer, more: Iterable<FlowImport>): void {
    for (const { module, local, name } of [...this.#imports.values(), ...more]) {
      writer.line(`import { ${name === local ? name : `${name} as ${local}`} } from ${quoted(module)};`);
    }
  }

  get lines(): readonly string[] {
    return this.#lines;
  }
}

interface EvaluatorText {
  readonly write: (writer: Writer) => void;
  readonly mentions: (name: string) => boolean;
}

/** Rules are written into `scratch` once, to learn which indexes and constants they need, and then in their place. */
function writeEvaluator(
  flow: Flow,
  declared: Declarations,
  names: Names,
  file: SourceFile,
  scratch: Writer,
): EvaluatorText {
  const strata = strataOf(flow);
  const recursive = new Set(strata.flatMap(({ relations, isRecursive }) => (isRecursive ? relations : [])));
  const isRecursive = (relation: FlowRelation): boolean => recursive.has(relation);
  const functions = new Map<FlowRule, { name: string; driver: Driver }[]>();
  const isSole = new Map<FlowRule, number>();
  const call = (rule: FlowRule, driver: Driver): string => {
    let asked = functions.get(rule);
    if (asked === undefined) functions.set(rule, (asked = []));
    const same = asked.find((one) => JSON.stringify(one.driver) === JSON.stringify(driver));
    if (same !== undefined) return same.name;
    isSole.set(rule, (isSole.get(rule) ?? 0) + 1);
    const name = names.take(functionName(rule, driver));
    asked.push({ name, driver });
    return name;
  };
  const repairs = repairsOf(flow, strata, names);
  const orders = new Map(repairs.flatMap((repair) => [...repair.orders]));
  const parts: string[] = [];
  const part = (n: number): string => (parts[n] ??= names.take(`part_${n}`));
  const writeFixpoints = (writer: Writer): void => {
    for (const repair of repairs) writeRepair(writer, repair, call);
    writeParts(writer, { flow, strata });
    writeFixpoint(writer, { flow, strata, repairs, call, part });
  };
  writeFixpoints(scratch);
  const context = (writer: Writer): RuleContext => ({ writer, names, module: declared, file, isRecursive, orders });
  const writeFunctions = (writer: Writer): void => {
    for (const rule of flow.rules) {
      const asked = functions.get(rule) ?? [];
      if (asked.length === 0) continue;
      writer.comment(rule.comment);
      for (const { name, driver } of asked) writeRule(context(writer), rule, driver, name);
      writer.line();
    }
    for (const { kind, call: text, aggregate, hold } of flow.operators) {
      if (kind === "results") {
        writeResults(
          writer,
          (to, rule) => new ExprScope(to, names.inner(), declared, rule.file, ruleText(rule)),
          text.slice(0, -3),
          aggregate!,
        );
        writer.line();
      } else if (kind === "hold") {
        writeHold(context(writer), hold!);
        writer.line();
      }
    }
  };
  writeFunctions(scratch);
  declared.importLattices(flow.relations.flatMap(({ types }) => types));
  const text = scratch.written().plain;
  return {
    mentions: (name) => new RegExp(`\\b${name}\\b`).test(text),
    write: (writer) => {
      writer.open(`function createEvaluator(env${type(": Environment")})${type(": Evaluator")} {`);
      writer.line("const engine = new Engine(env);");
      if (/\bvalues\b/.test(text)) writer.line("const { values } = engine;");
      if (/\bfaults\b/.test(text)) writer.line("const { faults } = engine;");
      if (/\bself\b/.test(text)) writer.line(`const self = engine.constant("addr", env.self);`);
      for (const line of declared.lines) writer.line(line);
      writer.line();
      for (const relation of flow.relations) {
        writer.comment(relation.comment);
        writer.line(`const ${relation.name} = ${relation.declaration(isRecursive(relation))};`);
        for (const [name, columns] of relation.indexes)
          writer.line(`const ${name} = ${relation.name}.index(${columns.join(", ")});`);
      }
      for (const repair of repairs) writeOrders(writer, repair);
      for (const line of flow.attachments) writer.line(line);
      writer.line();
      writeFunctions(writer);
      writeFixpoints(writer);
      writer.line();
      const startsAlone = flow.rules.some(
        (rule) => !rule.body.some((literal) => literal.kind === "read" && !literal.negated),
      );
      writer.line(`return engine.run(${startsAlone}, fixpoint);`);
      writer.close("}");
    },
  };
}

function functionName(rule: FlowRule, driver: Driver): string {
  if (driver.kind === "start" || driver.kind === "stands") return `${rule.name}_${driver.kind}`;
  const literal = rule.body[driver.literal];
  const of = literal.kind === "read" ? literal.relation.name : "";
  const words = { rows: "from", changes: "on", gained: "on", fresh: "again_on", all: "all_from", lost: "without" };
  return `${rule.name}_${words[driver.kind]}_${of}`;
}
