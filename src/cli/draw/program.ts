/** `dlc explain FILE`: outputs, insertions, and the program with the inserted parts marked. */
import type { SourceFile, Span } from "../../compiler/ast.ts";
import { lineText, positionOf } from "../../compiler/diagnostics/lines.ts";
import { lineStarts } from "../../compiler/diagnostics/position.ts";
import { aggregateName } from "../../compiler/ir.ts";
import type { Expr, Gate } from "../../compiler/ir.ts";
import type { Plan } from "../../compiler/plan.ts";
import { duration, latticeText } from "../../compiler/print.ts";
import type { SubjectReport } from "../../functions/subject.ts";
import { claimLines } from "./claims.ts";
import { drawComparison } from "./comparison.ts";
import { count } from "./count.ts";
import { headOf } from "./json.ts";
import type { Paint } from "./paint.ts";
import { drawLabel, roleOf } from "./insertion.ts";
import { Page } from "./page.ts";
import { drawPlan } from "./plan.ts";
import { askingFor, ruleText } from "./rules.ts";
import { labelText, levelWords, pacelcText } from "./words.ts";

export function explainProgram(
  plan: Plan,
  file: SourceFile,
  functions: readonly SubjectReport[],
  paint: Paint,
  width: number,
): string {
  const { ir, inference } = plan.analysis;
  const coordinated = new Set(plan.insertions.flatMap(({ protects }) => protects));
  const findings = [...plan.analysis.findings, ...inference.implied.filter(({ rule }) => coordinated.has(rule))];
  const page = new Page(paint, width);
  page.title(file.path, sizes(plan));
  page.head("What each output promises, and what it is before -> after");
  page.line(drawPlan({ ...plan, insertions: [] }, paint, width).trimEnd());
  page.line("");
  for (const line of meanings(plan)) page.text(line);
  page.head("What dlc inserted");
  if (plan.insertions.length === 0) page.text(whyNothing(plan));
  for (const insertion of plan.insertions) page.insertion(insertion, plan);
  drawComparison(page, plan, null);
  if (findings.length > 0) {
    page.head("Order-sensitive rules");
    for (const rule of new Set(findings.map((finding) => finding.rule))) {
      const own = findings.filter((finding) => finding.rule === rule);
      const reasons = [...new Set(own.map((finding) => finding.reason))].join(", ");
      const { line } = positionOf(own[0].file, own[0].span.start);
      const where = own[0].file === file ? `line ${line}` : `${own[0].file.path} line ${line}`;
      page.item(`${ruleText(rule, ir)}, ${where} (${reasons}): ${askingFor(rule, ir)}`);
    }
  }
  const claims = claimLines(functions, paint);
  if (claims.length > 0) {
    page.head("What is claimed of functions, and how it was checked");
    for (const claim of claims) page.item(claim);
  }
  for (const [inserting, inserted] of insertedLines(
    plan,
    ir.asts.map((ast) => ast.file),
  )) {
    const what = inserting === file ? "The program" : inserting.path;
    page.head(`${what} before, and with the lines marked + after`);
    for (const line of drawAfter(inserting, inserted, paint)) page.line(line);
  }
  return page.done();
}

function whyNothing({ analysis: { findings }, outputs }: Plan): string {
  if (outputs.some(({ achieved }) => achieved === false)) return "Nothing that may be inserted would help.";
  if (findings.length > 0) return "Nothing: some rules depend on order, and every promise is kept all the same.";
  const weak = outputs
    .filter(({ after }) => after.name !== "Seal" && after.name !== "Async")
    .map(({ output }) => output);
  const said =
    "Nothing. No rule depends on the order of messages: every fact delivered stays true, whatever may still arrive.";
  return weak.length === 0
    ? said
    : `${said} What may be lost, or late, differs all the same from run to run (${weak.join(", ")}).`;
}

/** The words of levels, labels and PACELC that stand above, each once; of a label what it says of replicas, where there are any. */
function meanings({ analysis: { ir }, outputs }: Plan): Set<string> {
  const said = new Set<string>();
  for (const { target } of outputs) said.add(`${target}: ${levelWords[target]}.`);
  const labels = new Map<string, string>();
  for (const { output, before, after } of outputs) {
    const role = roleOf(output, ir);
    for (const label of before.name === after.name ? [after] : [before, after]) {
      const name = drawLabel(label, ir.collections.get(output));
      if (role.replicated || !labels.has(name)) labels.set(name, labelText(label.name, role));
    }
  }
  for (const [name, text] of labels) said.add(`${name}: ${text}.`);
  for (const { pacelc } of outputs) said.add(`${pacelc}: ${pacelcText(pacelc)}.`);
  const missed = outputs.filter(({ achieved }) => achieved === false).map(({ output }) => output);
  if (missed.length > 0)
    said.add(
      `Not reached: nothing that may be inserted makes ${missed.join(", ")} what ${missed.length === 1 ? "it promises" : "they promise"}. \`dlc explain ${ir.asts[0].file.path} ${missed[0]}\` names the rules in the way, and what each would need.`,
    );
  return said;
}

/** `2 roles, 5 rules, 1 output`; what the program does not write itself is counted apart. */
function sizes({ analysis: { ir }, outputs }: Plan): string {
  const external = (kind: string): number => [...ir.externals.values()].filter((one) => one.kind === kind).length;
  const counts: [number, string][] = [
    [external("source"), "source"],
    [external("component"), "component"],
    [ir.roles.size - ir.externals.size, "role"],
    [[...ir.rules.values()].filter(({ path, isConnection }) => !path && !isConnection).length, "rule"],
  ];
  const written = counts.filter(([n], i) => n > 0 || (i > 1 && ir.externals.size === 0));
  return [...written, [outputs.length, "output"] as const].map(([n, what]) => count(n, what)).join(", ");
}

/** Of each file with insertions: line number to what is inserted above it. */
function insertedLines(
  plan: Plan,
  files: readonly SourceFile[],
): ReadonlyMap<SourceFile, ReadonlyMap<number, readonly string[]>> {
  const lines = new Map(files.map((file) => [file, new Map<number, string[]>()]));
  const add = ({ file, span }: { readonly file: SourceFile; readonly span: Span }, text: string): void => {
    const { line } = positionOf(file, span.start);
    const there = lines.get(file)?.get(line);
    if (there === undefined) lines.get(file)?.set(line, [text]);
    else if (!there.includes(text)) there.push(text);
  };
  const { coordinated } = plan;
  for (const collection of coordinated.collections.values()) {
    const { ordering, name, columns } = collection;
    if (ordering === undefined) continue;
    const isOne = plan.analysis.ir.roles.get(collection.role)!.count === 1;
    if (ordering.everyMs !== undefined) {
      add(
        collection,
        `// ${name} comes through the log ${ordering.log}, cut into epochs of ${duration(ordering.everyMs)}: ${isOne ? "each is taken" : "every instance takes each of them"} as one set, in one step`,
      );
      continue;
    }
    const by = ordering.by.map((index) => columns[index]!.name);
    add(
      collection,
      `// ${name} comes through the log ${ordering.log}${by.length > 0 ? `, one for each (${by.join(", ")})` : ""}: ${isOne ? "taken in its order, in its steps" : "every instance takes it in the same order, in the same steps"}`,
    );
  }
  for (const rule of coordinated.rules.values()) {
    for (const gate of rule.gates ?? [])
      add(
        rule,
        rule.path === undefined
          ? `// evaluated where closed: ${gateText(gate, rule.role)}`
          : `// ${rule.path.from} is handed in where closed: ${gateText(gate, rule.role)}`,
      );
    for (const literal of rule.body) {
      if (literal.kind !== "read" || literal.hold === undefined) continue;
      const read = rule.file.text.slice(literal.span.start, literal.span.end);
      add(rule, `// ${read} is kept until closed: ${gateText(literal.hold, rule.role)}`);
    }
  }
  for (const travel of plan.travels) {
    const sender = [...coordinated.rules.values()].find(
      (rule) => rule.role === travel.role && rule.head.collection === travel.target,
    );
    const from = travel.parts.map(({ source }) => headOf(source, travel.role)).join(" and ");
    if (sender !== undefined)
      add(sender, `// seals of ${from} travel on to ${travel.target}, with the number of facts sent`);
  }
  return new Map([...lines].filter(([, inserted]) => inserted.size > 0));
}

/** `click(campaign = c)`. */
function gateText(gate: Gate, role: string): string {
  return gate.conditions
    .map(({ source, key }) =>
      key.length === 0
        ? `the whole of ${headOf(source, role)}`
        : `${headOf(source, role)}(${key.map(exprText).join(", ")})`,
    )
    .join(" and ");
}

function exprText(expr: Expr): string {
  switch (expr.kind) {
    case "variable":
      return expr.name;
    case "self":
      return "self";
    case "literal":
      return JSON.stringify(expr.value);
    case "call":
      return `${expr.name}(${expr.args.map(exprText).join(", ")})`;
    case "aggregate":
      return `${aggregateName(expr.call)}(${expr.call.args.map(exprText).join(", ")})`;
    case "unary":
      return `${expr.op}${exprText(expr.of)}`;
    case "binary":
      return `(${exprText(expr.left)} ${expr.op} ${exprText(expr.right)})`;
    case "if":
      return `if ${exprText(expr.test)} then ${exprText(expr.then)} else ${exprText(expr.else)}`;
    case "tuple":
      return `(${expr.of.map(exprText).join(", ")})`;
    case "list":
      return `[${expr.of.map(exprText).join(", ")}]`;
    case "lattice":
      return latticeText(expr, exprText);
  }
}

function drawAfter(file: SourceFile, inserted: ReadonlyMap<number, readonly string[]>, paint: Paint): string[] {
  const last = lineStarts(file.text).length;
  const drawn: string[] = [];
  for (let line = 1; line <= last; line++) {
    const text = lineText(file, line);
    if (line === last && text === "") break;
    const indent = text.slice(0, text.length - text.trimStart().length);
    for (const extra of inserted.get(line) ?? []) drawn.push(paint.inserted(`  + ${indent}${extra}`));
    drawn.push(text === "" ? "" : `    ${text}`);
  }
  return drawn;
}
