/** A component in its role's flow: one operator between the events of its inputs and its outputs. */
import type { SourceFile } from "../ast.ts";
import type { Component, Ir, Rule } from "../ir.ts";
import { Bodies } from "./bodies.ts";
import type { FlowRead, FlowRelation } from "./flow.ts";
import { moduleNames } from "./functions.ts";
import { variable } from "./texts.ts";
import { valueType } from "./types.ts";
import { quoted } from "./writer.ts";

/** The export of a component's module: `createReport`, also of `bed.Report`. */
export function createName(component: string): string {
  const name = component.slice(component.lastIndexOf(".") + 1);
  return `create${name[0].toUpperCase()}${name.slice(1)}`;
}

/** The components that run in the system, each with its module as it is written. */
export function implementedIn({ externals }: Ir): readonly { name: string; from: string; file: SourceFile }[] {
  return [...externals.values()].flatMap((one) =>
    one.kind === "component" && one.from !== null ? [{ name: one.name, from: one.from.text, file: one.file }] : [],
  );
}

/** Names of their bundled modules by component: `components/report.js`. */
export function componentImports(ir: Ir): ReadonlyMap<string, string> {
  return moduleNames(implementedIn(ir).map((one) => ({ ...one, key: one.name })));
}

export class Components extends Bodies {
  protected component({ name, ins, outs }: Component): void {
    const rules = [...this.ir.rules.values()].filter((rule) => rule.role === name && rule.path !== undefined);
    const inputs = [...ins].sort(([a], [b]) => turnOf(pathsFrom(a, rules)) - turnOf(pathsFrom(b, rules)));
    const handed = inputs.map(([id, as]) => ({ as, id, relation: this.#handed(id, pathsFrom(id, rules)) }));
    const given = [...outs].map(([id, as]) => ({ as, id, relation: this.relationOf(id) }));
    const port = ({ as, id }: { as: string; id: string }): string => {
      const columns = this.ir.collections
        .get(id)!
        .columns.map((column) => `{ name: ${quoted(column.name)}, type: ${valueType(column.type)} }`);
      return `name: ${quoted(as)}, columns: [${columns.join(", ")}]`;
    };
    const run = this.names.take(`${name}_run`);
    const create = createName(name);
    const local = this.names.take(create);
    this.imports.push({ module: `./components/${componentImports(this.ir).get(name)}.js`, name: create, local });
    this.attachments.push(
      `const ${run} = engine.component(${quoted(name)}, ${local}, [`,
      ...handed.map((input) => `  { ${port(input)}, from: ${input.relation.name} },`),
      "], [",
      ...given.map((output) => `  { ${port(output)}, to: ${output.relation.name} },`),
      "]);",
    );
    const reads = handed.map(({ relation }) => relation);
    // Whichever output is evaluated first, all have got their facts before anything reads them.
    const targets = given.length > 0 ? given.map(({ relation }) => relation) : [this.#sink(name)];
    for (const target of targets) {
      this.operators.push({
        target,
        reads,
        kind: "component",
        call: `${run}.run();`,
        when: reads.map((relation) => `${relation.name}.size > 0`).join(" || "),
        aggregate: null,
        hold: null,
      });
    }
  }

  /** The facts that may be handed in in a step: those that come, or those whose partitions are closed. */
  #handed(id: string, rules: readonly Rule[]): FlowRelation {
    const { columns } = this.ir.collections.get(id)!;
    const relation = this.relationOf(id);
    // A fact is handed in once, for all paths from its input.
    const conditions = rules.flatMap((rule) => (rule.gates ?? []).flatMap((gate) => gate.conditions));
    if (conditions.length === 0) return relation;
    const read: FlowRead = {
      kind: "read",
      negated: false,
      relation,
      terms: columns.map(({ name, type }) => variable(name, type)),
    };
    return this.hold(
      rules.find(({ gates }) => gates !== undefined)!,
      read,
      { conditions },
      id,
    ).relation;
  }

  /** Stands for what a component without outputs does. */
  #sink(name: string): FlowRelation {
    return this.relation(`${name}_done`, [], "passing", null);
  }
}

/**
 * When an input has its turn in a step. What nothing holds back is there before what waited for it, also where one of its
 * own paths depends on order; and what is kept before what only reads.
 */
function turnOf(paths: readonly Rule[]): number {
  const waits = paths.some(({ gates }) => (gates ?? []).length > 0) ? 3 : 0;
  if (!paths.some(({ path }) => path!.word.startsWith("O"))) return waits;
  return waits + (paths.some(({ path }) => path!.word.endsWith("W")) ? 1 : 2);
}

function pathsFrom(id: string, rules: readonly Rule[]): readonly Rule[] {
  return rules.filter(({ body }) => body[0].kind === "read" && body[0].collection === id);
}
