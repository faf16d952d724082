/** `dlc explain FILE RULE`. */
import type { Finding } from "../../compiler/analysis.ts";
import type { Ir, Rule } from "../../compiler/ir.ts";
import type { Plan } from "../../compiler/plan.ts";
import { endName, printPath } from "../../compiler/print.ts";
import type { SubjectReport } from "../../functions/subject.ts";
import { claimLines } from "./claims.ts";
import { place } from "./frame.ts";
import { drawLabel, roleOf } from "./insertion.ts";
import { Page } from "./page.ts";
import type { Paint } from "./paint.ts";
import { reaches, ruleText } from "./rules.ts";
import { gateWords, impliedWords, labelText, pathWords, reasonWords } from "./words.ts";

export function explainRule(
  plan: Plan,
  rule: Rule,
  functions: readonly SubjectReport[],
  paint: Paint,
  width: number,
): string {
  const { ir, inference } = plan.analysis;
  const page = new Page(paint, width);
  page.title(`${ruleText(rule.id, ir)} in ${rule.role}`, place(rule.file, rule.span));
  page.frame({ file: rule.file, span: rule.span, label: "", sign: "^" });
  const own = plan.analysis.findings.filter((finding) => finding.rule === rule.id);
  const implied = inference.implied.filter((finding) => finding.rule === rule.id);
  const findings = [...own, ...implied];
  const claims = claimLines(
    functions.filter(({ name }) => calls(rule, name)),
    paint,
  );
  if (findings.length === 0) {
    page.head("Order does not matter here");
    page.text(
      rule.path === undefined
        ? `${rule.label} only adds what never has to be taken back: more input can only give more facts. It needs no coordination of its own.`
        : `${rule.role} declares ${printPath(rule, ir)}. ${pathWords[rule.path.word]} Nothing checks that; it needs no coordination of its own.`,
    );
    const label = inference.labels.get(rule.head.collection);
    if (label !== undefined)
      page.text(
        `${rule.head.collection} is ${drawLabel(label, ir.collections.get(rule.head.collection))}: ${labelText(label.name, roleOf(rule.head.collection, ir))}.`,
      );
    listClaims(page, claims);
    return page.done();
  }
  page.head("Why it is order-sensitive");
  for (const finding of findings) {
    const why =
      rule.path !== undefined && finding.reason === "opaque"
        ? `${rule.role} declares ${printPath(rule, ir)}. ${pathWords[rule.path.word]}`
        : implied.includes(finding)
          ? impliedWords
          : reasonWords[finding.reason];
    page.item(`${finding.reason}: ${why}`);
    page.text(`Gate: ${gateWords(finding)}.`, 4);
  }
  page.head("Where the disorder comes from");
  for (const path of new Set(findings.flatMap((finding) => paths(finding, rule, plan)))) page.item(path);
  const isCoordinated = insertions(page, plan, rule);
  const rewrites = distinct(findings.flatMap((finding) => finding.rewrites));
  if (rewrites.length > 0 || isCoordinated)
    page.head(isCoordinated ? "What would make it unnecessary" : "What would make it independent of order");
  for (const rewrite of rewrites) page.item(rewrite);
  if (rewrites.length === 0 && isCoordinated)
    page.text(
      "Nothing that leaves its meaning as it is: what is inserted is the least by which it knows that all of it is there.",
    );
  listClaims(page, claims);
  return page.done();
}

/** Each once, and of those that seal the same sources the first. */
function distinct(rewrites: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return rewrites.filter((text) => {
    const name = text.startsWith("Seal `") ? text.slice(0, text.indexOf(":")) : text;
    return !seen.has(name) && seen.add(name);
  });
}

function listClaims(page: Page, claims: readonly string[]): void {
  if (claims.length === 0) return;
  page.head("What is claimed of functions that it calls, and how it was checked");
  for (const claim of claims) page.item(claim);
}

/** Whether an expression of the rule, at any depth, calls the imported function or aggregate. */
function calls(rule: Rule, name: string): boolean {
  const inside = (value: unknown): boolean => {
    if (typeof value !== "object" || value === null) return false;
    const node = value as Readonly<Record<string, unknown>>;
    if (node["kind"] === "call" && node["name"] === name && node["builtin"] === false) return true;
    if (node["imported"] === name) return true;
    return Object.values(node).some(inside);
  };
  return inside([rule.head.terms, rule.head.to, rule.body, rule.having]);
}

/** Whether there are any. */
function insertions(page: Page, plan: Plan, rule: Rule): boolean {
  const { ir } = plan.analysis;
  const used = plan.insertions.filter((insertion) => insertion.protects.includes(rule.id));
  page.head("What dlc inserted");
  if (used.length === 0) page.text(`Nothing: ${whyNothing(plan, rule)}.`);
  for (const insertion of used) {
    page.insertion(insertion, plan);
    const others = insertion.protects.filter((id) => id !== rule.id).map((id) => ruleText(id, ir));
    if (others.length > 0) page.text(`The same insertion protects ${others.join(", ")}.`, 4);
  }
  return used.some(({ mechanism }) => mechanism !== "none");
}

function whyNothing(plan: Plan, rule: Rule): string {
  const reached = plan.outputs.filter(({ output }) => reaches(plan, rule.id, output));
  const missed = reached.filter(({ achieved }) => achieved === false);
  if (reached.length === 0) return "no output shows what it derives";
  if (missed.length > 0)
    return `it would not make ${missed.map(({ output }) => output).join(", ")} what ${missed.length === 1 ? "it promises" : "they promise"}, or nothing was to be inserted`;
  return `what it reaches keeps its promise without any (${reached.map(({ output, target }) => `${output}: ${target}`).join(", ")})`;
}

/** `AdServer.click (input) -> Report.click (channel) -> Report.clicks (table) -> poor#1`. */
function paths(finding: Finding, rule: Rule, plan: Plan): string[] {
  const { ir } = plan.analysis;
  const named = (id: string): string => `${ir.collections.has(id) ? endName(id, ir) : id} (${kindOf(id, ir)})`;
  return finding.sources.map(({ source, path }) => {
    const steps = path[0] === source ? path : [source, ...path];
    return `${steps.map(named).join(" -> ")} -> ${rule.path === undefined ? rule.label : `(${ruleText(rule.id, ir)})`}`;
  });
}

function kindOf(id: string, ir: Ir): string {
  const collection = ir.collections.get(id);
  const external = ir.externals.get(collection?.role ?? "");
  if (external?.kind === "component") return external.ins.has(id) ? "in" : "out";
  return external?.kind ?? collection?.kind ?? "collection";
}
