import { parseProgram } from "../../src/compiler/1-parse/program.ts";
import { lower } from "../../src/compiler/2-lower/lower.ts";
import { analyze } from "../../src/compiler/3-analyze/analyze.ts";
import { place } from "../../src/compiler/4-place/place.ts";
import type { PlaceOptions } from "../../src/compiler/4-place/place.ts";
import type { Strategy, Plan } from "../../src/compiler/plan.ts";
import type { ImportedFiles } from "../../src/compiler/imports.ts";
import type { Diagnostic } from "../../src/compiler/diagnostics/diagnostic.ts";

export interface Checked {
  readonly diagnostics: readonly Diagnostic[];
  readonly plan: Plan;
  /** `Report.poor` -> "Async", "Seal(campaign)": promised seals used. */
  readonly label: (id: string) => string;
  /** Nothing inserted. */
  readonly before: (id: string) => string;
  /** With the plan. */
  readonly after: (id: string) => string;
  /** "poor#1 aggregate {c,i}", in rule order. */
  readonly marks: readonly string[];
  /** "seal Report.click by campaign for poor#1". */
  readonly inserted: readonly string[];
}

/** Files to import, by path. */
export function filesOf(texts: Readonly<Record<string, string>>): ImportedFiles {
  return new Map(Object.entries(texts).map(([path, text]) => [path, { path, text }]));
}

/** Compiles up to the plan; throws with all diagnostics if the text is no valid program. */
export function check(
  text: string,
  strategy: Strategy = "auto",
  files: ImportedFiles = new Map(),
  options: Omit<PlaceOptions, "strategy"> = {},
): Checked {
  const parsed = parseProgram({ path: "test.dlc", text }, files);
  const lowered = parsed.value && lower(parsed.value);
  const found = [...parsed.diagnostics, ...(lowered?.diagnostics ?? [])];
  if (!lowered?.value || found.some(({ severity }) => severity === "error"))
    throw new Error(found.map(({ code, message }) => `${code} ${message}`).join("\n"));
  const analysis = analyze(lowered.value);
  const placed = place(analysis, { ...options, strategy });
  const plan = placed.value;
  if (plan === null) throw new Error(placed.diagnostics.map(({ code, message }) => `${code} ${message}`).join("\n"));
  const show = (inference: { labels: Plan["before"]["labels"] }) => (id: string) => {
    const label = inference.labels.get(id);
    if (label === undefined) throw new Error(`no collection ${id}`);
    if (label.name !== "Seal") return label.name;
    return `Seal(${label.key!.map((column) => analysis.ir.collections.get(id)!.columns[column].name).join(",")})`;
  };
  const short = (id: string): string => id.slice(id.indexOf("/") + 1);
  return {
    diagnostics: [...found, ...placed.diagnostics],
    plan,
    label: show(analysis.inference),
    before: show(plan.before),
    after: show(plan.residual.inference),
    marks: analysis.findings.map(
      ({ rule, reason, gate }) => `${short(rule)} ${reason} {${gate === null ? "*" : gate.join(",")}}`,
    ),
    inserted: plan.insertions.map(
      ({ mechanism, at, key, protects }) =>
        `${mechanism} ${at.join("+")}${key.length > 0 ? ` by ${key.join(",")}` : ""} for ${protects.map(short).join("+")}`,
    ),
  };
}
