/** The function that lets rows of a passing literal wait for sealed partitions. */
import type { FlowHold } from "./flow.ts";
import { columnOf, insert } from "./rows.ts";
import { matchRow } from "./literals.ts";
import { scopeOf } from "./rules.ts";
import type { RuleContext } from "./rules.ts";
import { ruleText } from "./texts.ts";
import { type } from "./writer.ts";

/** Rows that come go on at once or into the hold; when a partition closes, what waits for it goes on. */
export function writeHold(context: RuleContext, hold: FlowHold): void {
  const { writer } = context;
  const { name, source, released, literal, conditions } = hold;
  const kept = `${name}.kept`;
  const used = new Set(literal.terms.flatMap((term) => (term.kind === "variable" ? [term.name] : [])));
  const loop = (
    from: string,
    head: string,
    present: boolean,
    hasNot: (row: string, codes: string[]) => void,
    has: (row: string, codes: string[]) => void,
  ): void => {
    const scope = scopeOf(context, ruleText(hold.rule), hold.rule.file);
    const row = scope.names.take("row");
    writer.open(head.replaceAll("ROW", row));
    scope.escape = "continue;";
    if (present) writer.line(`if (${from}.count[${row}] === 0) continue;`);
    const relation = { ...source, name: from };
    matchRow(scope, { ...literal, relation }, row, new Set(), used);
    const columns = source.types.map((_, i) => `${columnOf(relation, i)}[${row}]`);
    const tests = conditions.map(
      ({ closed, key }) => `${closed}.has(${key.map((expr) => scope.code(expr)).join(", ")})`,
    );
    writer.open(`if (${tests.join(" && ")}) {`);
    has(row, columns);
    writer.close("} else {");
    writer.deepen();
    hasNot(row, columns);
    writer.close("}");
    writer.close("}");
  };
  writer.open(`function ${name}_pass()${type(": void")} {`);
  const place = { writer };
  const keptRelation = { ...source, name: kept };
  const release = (_: string, codes: string[]): void => writer.line(insert(place, released, codes));
  loop(
    source.name,
    `for (let ROW = 0; ROW < ${source.name}.size; ROW++) {`,
    source.storage !== "passing",
    (_, codes) => writer.line(insert(place, keptRelation, codes)),
    release,
  );
  writer.line(`if (!${name}.isOpening) return;`);
  loop(
    kept,
    `for (const ROW of ${name}.opened()) {`,
    true,
    () => writer.line("continue;"),
    (row, codes) => {
      release(row, codes);
      writer.line(`${kept}.bump(${row}, -1);`);
    },
  );
  writer.close("}");
}
