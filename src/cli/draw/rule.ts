/** `dlc explain FILE RULE`. */
import type { Finding } from "../../compiler/analysis.ts";
import type { Ir, Rule } from "../../compiler/ir.ts";
import type { Insertion, Plan } from "../../compiler/plan.ts";
import { endName, printPath } from "../../compiler/print.ts";
import type { SubjectReport } from "../../functions/subject.ts";
import { claimLines } from "./claims.ts";
import { drawFrame, gutterOf, place } from "./frame.ts";
import type { Mark } from "./frame.ts";
import { wrap } from "./diagnostics.ts";
import { labelOf } from "./json.ts";
import type { Paint } from "./paint.ts";
import { describe, drawLabel, reaches, roleOf } from "./insertion.ts";
import { gateWords, labelText, mechanismWords, pathWords, reasonWords } from "./words.ts";

export function explainRule(
  plan: Plan,
  rule: Rule,
  functions: readonly SubjectReport[],
  paint: Paint,
  width: number,
): string {
  const { ir, inference } = plan.analysis;
  const page = new Page(paint, width);
  page.title(`${rule.label} in ${rule.role}`, place(rule.file, rule.span));
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
    page.item(
      rule.path !== undefined && finding.reason === "opaque"
        ? `${finding.reason}: ${rule.role} declares ${printPath(rule, ir)}. ${pathWords[rule.path.word]}`
        : `${finding.reason}: ${reasonWords[finding.reason]}`,
    );
    page.text(`Gate: ${gateWords(finding)}.`, 4);
  }
  page.head("Where the disorder comes from");
  for (const path of new Set(findings.flatMap((finding) => paths(finding, rule, plan)))) page.item(path);
  insertions(page, plan, rule);
  const rewrites = [...new Set(findings.flatMap((finding) => finding.rewrites))];
  if (rewrites.length > 0) {
    page.head("What would make it unnecessary");
    for (const rewrite of rewrites) page.item(rewrite);
  }
  listClaims(page, claims);
  return page.done();
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

function insertions(page: Page, plan: Plan, rule: Rule): void {
  const { ir } = plan.analysis;
  const used = plan.insertions.filter((insertion) => insertion.protects.includes(rule.id));
  if (used.length === 0) {
    page.head("What dlc inserted");
    page.text("Nothing: no output that it reaches needs more, or nothing was allowed to be inserted.");
    return;
  }
  for (const insertion of used) {
    page.head("What dlc inserted");
    page.insertion(insertion, plan);
    const others = insertion.protects.filter((id) => id !== rule.id).map((id) => labelOf(ir, id));
    if (others.length > 0) page.text(`The same insertion protects ${others.join(", ")}.`, 4);
  }
}

/** `AdServer.click (input) -> Report.click (channel) -> Report.clicks (table) -> poor#1`. */
function paths(finding: Finding, rule: Rule, plan: Plan): string[] {
  const { ir } = plan.analysis;
  const named = (id: string): string => `${ir.collections.has(id) ? endName(id, ir) : id} (${kindOf(id, ir)})`;
  return finding.sources.map(({ source, path }) => {
    const steps = path[0] === source ? path : [source, ...path];
    return `${steps.map(named).join(" -> ")} -> ${rule.label}`;
  });
}

function kindOf(id: string, ir: Ir): string {
  const collection = ir.collections.get(id);
  const external = ir.externals.get(collection?.role ?? "");
  if (external?.kind === "component") return external.ins.has(id) ? "in" : "out";
  return external?.kind ?? collection?.kind ?? "collection";
}

/** Text with headings and items, wrapped. */
export class Page {
  readonly #paint: Paint;
  readonly #width: number;
  readonly #room: number;
  #text = "";

  constructor(paint: Paint, width: number) {
    this.#paint = paint;
    this.#width = width;
    this.#room = Math.min(width, 100);
  }

  title(text: string, where: string): void {
    this.#text += `${this.#paint.strong(text)}  ${this.#paint.faint(where)}\n`;
  }

  head(text: string): void {
    this.#text += `\n${this.#paint.strong(text)}\n`;
  }

  text(text: string, indent = 2): void {
    for (const line of wrap(text, this.#room - indent)) this.#text += `${" ".repeat(indent)}${line}\n`;
  }

  item(text: string): void {
    wrap(text, this.#room - 4).forEach((line, index) => (this.#text += `  ${index === 0 ? "-" : " "} ${line}\n`));
  }

  line(text: string): void {
    this.#text += `${text}\n`;
  }

  frame(mark: Mark): void {
    for (const line of drawFrame(mark, gutterOf([mark]), this.#paint, (text) => this.#paint.frame(text), this.#width))
      this.#text += `${line}\n`;
  }

  /** What is inserted, what it does, costs and makes unavailable. */
  insertion(insertion: Insertion, plan: Plan): void {
    const words = mechanismWords[insertion.epochMs === null ? insertion.mechanism : "epochs"];
    this.#text += `  ${this.#paint.inserted("+")} ${describe(insertion, plan.analysis.ir)}\n`;
    if (insertion.mechanism !== "none") this.text(`Why this: ${insertion.why}`, 4);
    this.text(`What happens: ${words.does}`, 4);
    const behind = plan.outputs.filter(({ output }) => insertion.protects.some((rule) => reaches(plan, rule, output)));
    if (behind.length > 0 && behind.every(({ before, after, achieved }) => achieved === false && before.name === after.name)) {
      const names = behind.map(({ output }) => output).join(", ");
      this.text(`What it is for: ${names} would be no other without it, but then no run could be told again. Who does not need that declares ${behind.length === 1 ? "it" : "them"} \`agreed\`.`, 4);
    }
    this.text(`What it costs: ${words.costs}`, 4);
    this.text(`What can stop it: ${words.stops}`, 4);
  }

  done(): string {
    return this.#text;
  }
}
