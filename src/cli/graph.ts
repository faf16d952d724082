/** `dlc graph`: the coordinated program as a picture, a page, or text that other programs draw. */
import { basename, extname } from "node:path";
import type { SubjectReport } from "../functions/subject.ts";
import type { Plan } from "../compiler/plan.ts";
import { detailOf, dotOf } from "../pictures/dot.ts";
import type { Detail } from "../pictures/dot.ts";
import { mermaidOf } from "../pictures/mermaid.ts";
import { graphOf } from "../pictures/model.ts";
import type { Graph } from "../pictures/model.ts";
import { checkProgram } from "./check.ts";
import type { Planning } from "./check.ts";
import { findConfig } from "./config.ts";
import { drawDiagnostic } from "./draw/diagnostics.ts";
import { labelOf } from "./draw/json.ts";
import { explainOutput } from "./draw/output.ts";
import { paint } from "./draw/paint.ts";
import { drawLabel } from "./draw/insertion.ts";
import { explainRule } from "./draw/rule.ts";
import { readProgram, writeAsked } from "./files.ts";
import { WrongUse } from "./io.ts";
import type { Io } from "./io.ts";

const forms = [".svg", ".html", ".dot", ".mmd"] as const;
type Form = (typeof forms)[number];

export interface GraphOptions extends Planning {
  readonly out?: string;
  readonly detail?: Detail;
}

/** 0; 1 when the program has errors that leave nothing to draw. Without `out`: DOT, on stdout. */
export async function graphCommand(path: string, options: GraphOptions, io: Io): Promise<number> {
  const form = options.out === undefined ? ".dot" : formOf(options.out);
  const file = readProgram(path, io.cwd);
  const config = findConfig(io.cwd);
  const style = paint(io.errColour);
  for (const finding of config.findings) io.err(`${drawDiagnostic(finding, style, io.width)}\n`);
  const { compilation, diagnostics, functions } = await checkProgram(file, options, config, io);
  const { plan } = compilation;
  if (plan === null) {
    for (const diagnostic of diagnostics) io.err(`${drawDiagnostic(diagnostic, style, io.width)}\n`);
    io.err(`dlc: ${path} has errors, so that there is nothing to draw yet\n`);
    return 1;
  }
  const graph = graphOf(plan, basename(path));
  const text = await textOf(graph, form, options.detail ?? detailOf(graph), () => stories(plan, functions));
  if (options.out === undefined) io.out(text);
  else writeAsked(options.out, io.cwd, text);
  return 0;
}

function formOf(out: string): Form {
  const ending = extname(out).toLowerCase();
  const form = forms.find((one) => one === ending);
  if (form !== undefined) return form;
  throw new WrongUse(`the ending of ${out} says no form that dlc writes: ${forms.join(", ")}`);
}

async function textOf(
  graph: Graph,
  form: Form,
  detail: Detail,
  told: () => ReadonlyMap<string, string>,
): Promise<string> {
  if (form === ".mmd") return mermaidOf(graph);
  if (form === ".dot") return dotOf(graph, detail);
  const { drawGraph } = await import("../pictures/layout.ts");
  const svg = await drawGraph(graph, detail);
  if (form === ".svg") return svg;
  const { pageOf } = await import("../pictures/html.ts");
  return pageOf(graph, svg, told());
}

/** What `dlc explain` says of each rule and output, and of other collections what they are. */
function stories(plan: Plan, functions: readonly SubjectReport[]): ReadonlyMap<string, string> {
  const plain = paint(false);
  const { ir } = plan.analysis;
  const told = new Map<string, string>();
  for (const rule of ir.rules.values()) told.set(rule.id, explainRule(plan, rule, functions, plain, 60));
  for (const collection of ir.collections.values()) {
    const label = plan.residual.inference.labels.get(collection.id);
    const lines = [
      `${collection.kind} of ${collection.role}`,
      ...(label === undefined ? [] : [`label ${drawLabel(label, collection)}`]),
      ...(collection.doc === null ? [] : [collection.doc]),
    ];
    const feeds = [...ir.rules.values()]
      .filter(({ head }) => head.collection === collection.id)
      .map(({ id }) => labelOf(ir, id));
    if (feeds.length > 0) lines.push(`filled by ${feeds.join(", ")}`);
    told.set(collection.id, lines.join("\n"));
  }
  for (const output of plan.outputs) told.set(output.output, explainOutput(plan, output, plain, 60));
  for (const role of ir.roles.values())
    told.set(
      role.name,
      [
        `role ${role.name}`,
        ...(role.doc === null ? [] : [role.doc]),
        ...[...ir.rules.values()].flatMap(({ role: of, label }) => (of === role.name ? [`rule ${label}`] : [])),
      ].join("\n"),
    );
  return told;
}
