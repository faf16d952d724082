/** The graph in Mermaid's language, which README files and wikis draw. */
import type { CollectionNode, Edge, Graph, RoleBox, RuleNode } from "./model.ts";
import { labelTints, logTint, plainTint, ruleTints } from "./style.ts";
import type { Tint } from "./style.ts";

export function mermaidOf({ roles, logs, edges }: Graph): string {
  const names = new Map<string, string>();
  const nameOf = (id: string): string => {
    if (!names.has(id)) names.set(id, `n${names.size + 1}`);
    return names.get(id)!;
  };
  const classOf = (id: string, name: string): string => `  class ${nameOf(id)} ${name}`;
  return [
    "flowchart TD",
    ...roles.flatMap((role, i) => [
      `  subgraph r${i + 1}[${text(title(role))}]`,
      ...role.collections.map((one) => `    ${nameOf(one.id)}(${text(collection(one))})`),
      ...role.rules.map((rule) => `    ${nameOf(rule.id)}[[${text(ruleText(rule))}]]`),
      "  end",
    ]),
    ...logs.map((log) => `  ${nameOf(log.id)}[(${text(`log: ${log.text}`)})]`),
    ...edges.map(({ from, to, kind }) => `  ${nameOf(from)} ${arrows[kind]} ${nameOf(to)}`),
    ...Object.entries({
      ...labelTints,
      plain: plainTint,
      log: logTint,
      kept: ruleTints.kept,
      open: ruleTints.open,
    }).map(([name, { fill, line }]: [string, Tint]) => `  classDef ${name} fill:${fill},stroke:${line},color:#16191d`),
    ...roles.flatMap((role) => [
      ...role.collections.map((one) => classOf(one.id, one.output === null ? "plain" : (one.label ?? "plain"))),
      ...role.rules.map((rule) => classOf(rule.id, rule.mechanisms.some((one) => one !== "none") ? "kept" : "open")),
    ]),
    ...logs.map(({ id }) => classOf(id, "log")),
    "",
  ].join("\n");
}

const arrows: Readonly<Record<Edge["kind"], string>> = {
  now: "-->",
  message: "==>",
  later: "-. next step .->",
  absent: "-. not .->",
  deletes: "-. deletes .->",
};

const title = ({ kind, name, instances }: RoleBox): string => `${kind} ${name} ${instances}`.trimEnd();

function collection({ kind, name, columns, output, label, seal }: CollectionNode): string {
  const change =
    output === null || label === null ? [] : [output.before === label ? label : `${output.before} → ${label}`];
  return [`${kind} ${name}${columns}`, ...change, ...(seal === null ? [] : [seal])].join("\n");
}

const ruleText = ({ label, declared, reasons, waits, mechanisms }: RuleNode): string =>
  [
    `${declared === null ? "rule" : "path"} ${label}`,
    ...(declared === null ? reasons : [declared]),
    ...(waits === null ? mechanisms : [waits]),
  ].join("\n");

const text = (of: string): string =>
  `"${of.replaceAll("#", "#35;").replaceAll('"', "#quot;").replaceAll("<", "#lt;").replaceAll(">", "#gt;").replaceAll("\n", "<br/>")}"`;
