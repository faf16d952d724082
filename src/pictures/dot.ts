/** The graph in Graphviz's language: with all rules and collections, or one box for each role. */
import type { CollectionNode, Edge, Graph, Log, RoleBox, RuleNode } from "./model.ts";
import { ink, labelTints, logTint, plainTint, reasonTexts, ruleTints } from "./style.ts";
import type { Tint } from "./style.ts";

export type Detail = "rules" | "roles";

/** More boxes than these on one page are too small to read. */
const most = { roles: 12, nodes: 70 };

export function detailOf({ roles }: Graph): Detail {
  const nodes = roles.reduce((sum, { collections, rules }) => sum + collections.length + rules.length, 0);
  return roles.length > most.roles || nodes > most.nodes ? "roles" : "rules";
}

/** Downwards or to the right. */
export type Direction = "TB" | "LR";

export function dotOf(graph: Graph, detail: Detail, direction: Direction = "TB"): string {
  const lines = detail === "rules" ? wholeGraph(graph) : roleGraph(graph);
  return [
    "digraph program {",
    `  graph [rankdir=${direction}, fontname="Courier", fontsize=12, nodesep=${direction === "TB" ? 0.3 : 0.15}, ranksep=${detail === "rules" ? 0.4 : 0.7}, compound=true, bgcolor="transparent", pad=0.1]`,
    `  node [fontname="Courier", fontsize=11, shape=plain, fontcolor="${ink.text}"]`,
    `  edge [fontname="Courier", fontsize=9, color="${ink.flow}", fontcolor="${ink.faint}", arrowsize=0.7]`,
    ...lines,
    "}",
    "",
  ].join("\n");
}

function wholeGraph({ roles, logs, edges }: Graph): string[] {
  return [
    ...roles.flatMap((role, i) => [
      `  subgraph cluster_${i} {`,
      `    graph [label=<${roleTitle(role)}>, labeljust=l, style="rounded,filled", color="${ink.box}", fillcolor="${ink.boxFill}", margin=12]`,
      ...role.collections.map((one) => `    ${quoted(one.id)} [label=<${collectionLabel(one)}>]`),
      ...role.rules.map((rule) => `    ${quoted(rule.id)} [label=<${ruleLabel(rule)}>]`),
      "  }",
    ]),
    ...logs.map((log) => `  ${logNode(log)}`),
    ...edges.map((edge) => `  ${quoted(edge.from)} -> ${quoted(edge.to)} [${edgeLook(edge)}]`),
  ];
}

/** One box for a role: its outputs, and its rules that depend on order. Edges carry the names of the channels. */
function roleGraph({ roles, logs, edges }: Graph): string[] {
  const roleOf = new Map<string, string>();
  const nameOf = new Map<string, string>();
  for (const { name, collections, rules } of roles)
    for (const one of [...collections, ...rules]) {
      roleOf.set(one.id, name);
      nameOf.set(one.id, "name" in one ? one.name : one.label);
    }
  for (const { id } of logs) roleOf.set(id, id);
  const between = new Map<string, { from: string; to: string; names: Set<string> }>();
  for (const { from, to, kind } of edges) {
    const [a, b] = [roleOf.get(from)!, roleOf.get(to)!];
    if (kind !== "message" && a === b) continue;
    const key = JSON.stringify([a, b]);
    const known = between.get(key) ?? { from: a, to: b, names: new Set<string>() };
    const name = nameOf.get(to);
    if (name !== undefined) known.names.add(name);
    between.set(key, known);
  }
  return [
    ...roles.map((role) => `  ${quoted(role.name)} [label=<${roleLabel(role)}>]`),
    ...logs.map((log) => `  ${logNode(log)}`),
    ...[...between.values()].map(
      ({ from, to, names }) =>
        `  ${quoted(from)} -> ${quoted(to)} [label=${quoted(` ${some([...names])} `)}, color="${ink.message}", penwidth=1.4]`,
    ),
  ];
}

function some(names: readonly string[]): string {
  return names.length <= 3 ? names.join(", ") : `${names.slice(0, 2).join(", ")} and ${names.length - 2} more`;
}

function roleLabel(role: RoleBox): string {
  const outputs = role.collections.flatMap((one) =>
    one.output === null || one.label === null
      ? []
      : [row(`${bold(one.name)} ${faint(change(one))}`, labelTints[one.label])],
  );
  const rules = role.rules.map((rule) => row(`${text(rule.label)} ${faint(summary(rule))}`, tintOf(rule)));
  return table([cell(roleTitle(role), "LEFT"), ...rules, ...outputs], { fill: ink.boxFill, line: ink.box });
}

function roleTitle({ name, kind, instances }: RoleBox): string {
  return `${faint(kind)} ${bold(name, 13)}${instances === "" ? "" : faint(` ${instances}`)}`;
}

function collectionLabel(node: CollectionNode): string {
  const tint = node.label !== null && node.output !== null ? labelTints[node.label] : plainTint;
  const lines = [cell(`${faint(`${node.kind}`)} ${bold(node.name)}${faint(clipped(node.columns))}`)];
  if (node.output !== null)
    lines.push(
      cell(
        `${text(change(node), 10)}  ${faint(`${node.output.level}${node.output.isReached ? "" : ", not reached"}`)}`,
      ),
    );
  if (node.seal !== null) lines.push(cell(coloured(node.seal, labelTints.Seal.line, 9)));
  return table(lines, tint);
}

function change({ output, label }: CollectionNode): string {
  return output === null || output.before === label ? (label ?? "") : `${output.before} → ${label}`;
}

function ruleLabel(rule: RuleNode): string {
  const lines = [cell(`${faint(rule.declared === null ? "rule" : "path")} ${bold(rule.label)}`)];
  if (rule.declared !== null) lines.push(cell(faint(`declared ${rule.declared}`)));
  else for (const reason of rule.reasons) lines.push(cell(faint(reasonTexts[reason])));
  const kept = keptBy(rule);
  if (kept !== "") lines.push(cell(coloured(kept, tintOf(rule).line, 9)));
  return table(lines, tintOf(rule), 2);
}

const isKept = ({ mechanisms }: RuleNode): boolean => mechanisms.some((one) => one !== "none");
const tintOf = (rule: RuleNode): Tint => (isKept(rule) ? ruleTints.kept : ruleTints.open);

function keptBy(rule: RuleNode): string {
  const parts = [
    ...(rule.waits === null ? [] : [rule.waits]),
    ...(rule.mechanisms.includes("order") ? ["reads what a log orders"] : []),
  ];
  return isKept(rule) ? parts.join("; ") : "nothing is inserted";
}

function summary(rule: RuleNode): string {
  const how = isKept(rule) ? rule.mechanisms.join(", ") : "not coordinated";
  return [...(rule.declared === null ? rule.reasons : [rule.declared]), how].join(", ");
}

function logNode({ id, text: words }: Log): string {
  return `${quoted(id)} [shape=cylinder, style=filled, fillcolor="${logTint.fill}", color="${logTint.line}", label=<<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="2">${cell(bold("log"))}${cell(faint(words))}</TABLE>>, margin="0.08,0.02"]`;
}

function edgeLook({ kind }: Edge): string {
  switch (kind) {
    case "message":
      return `color="${ink.message}", penwidth=1.6`;
    case "absent":
      return `style=dashed, arrowhead=odot, label="not"`;
    case "later":
      return `style=dashed, label="next step"`;
    case "deletes":
      return `style=dashed, arrowhead=tee, label="deletes"`;
    case "now":
      return "";
  }
}

const clipped = (columns: string): string => (columns.length <= 34 ? columns : `${columns.slice(0, 31)}…)`);
const quoted = (of: string): string => JSON.stringify(of);
const escape = (of: string): string => of.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const text = (of: string, size = 11): string => `<FONT POINT-SIZE="${size}">${escape(of)}</FONT>`;
const bold = (of: string, size = 11): string => `<FONT POINT-SIZE="${size}"><B>${escape(of)}</B></FONT>`;
const faint = (of: string): string => coloured(of, ink.faint, 9);
const coloured = (of: string, colour: string, size: number): string =>
  `<FONT POINT-SIZE="${size}" COLOR="${colour}">${escape(of)}</FONT>`;
/** At both ends of a line, where the corners are round. */
const gap = '<FONT POINT-SIZE="7">&#160;</FONT>';
const cell = (of: string, align = "CENTER"): string => `<TR><TD ALIGN="${align}">${gap}${of}${gap}</TD></TR>`;
const row = (of: string, { fill }: Tint): string =>
  `<TR><TD ALIGN="LEFT" BGCOLOR="${fill}">${gap}${of}${gap}</TD></TR>`;
const table = (rows: readonly string[], { fill, line }: Tint, border = 1): string =>
  `<TABLE BORDER="${border}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" STYLE="ROUNDED" COLOR="${line}" BGCOLOR="${fill}">${rows.join("")}</TABLE>`;
