/** What is known of the claims that a program makes about the functions that it imports. */
import type { Plan } from "../../compiler/plan.ts";
import type { LawStatus, SubjectReport } from "../../functions/subject.ts";
import type { Paint } from "./paint.ts";

/** `  ticker is injective: proved (a table of 3 entries, all different)`, a line for each claim. */
export function drawClaims(reports: readonly SubjectReport[], paint: Paint): string {
  return claimLines(reports, paint)
    .map((line) => `  ${line}\n`)
    .join("");
}

export function claimLines(reports: readonly SubjectReport[], paint: Paint): readonly string[] {
  return reports.flatMap(({ name, laws }) =>
    laws.map((law) => `${name} is ${law.law}: ${colour(law, paint)(law.status)}${faint(detailOf(law), paint)}`),
  );
}

function colour({ status }: LawStatus, paint: Paint): (text: string) => string {
  if (status === "proved" || status === "tested") return paint.good;
  return (text) => paint.severity(status === "refuted" ? "error" : "warning", text);
}

function faint(text: string, paint: Paint): string {
  return text === "" ? "" : ` ${paint.faint(`(${text})`)}`;
}

function detailOf({ status, how, cases, seed, without, counterexample }: LawStatus): string {
  if (status === "tested")
    return `${cases} cases, seed ${seed}${without === undefined ? "" : `, ${without} of them without a result`}`;
  if (status === "refuted") return counterexample!.sides.join(", ");
  return how ?? "";
}

/** `tested`, `tested; commutative assumed: no two are equally long`. */
function lawsText(laws: readonly LawStatus[]): string {
  const others = laws.filter(({ status }) => status !== "tested");
  const text = ({ law, status, how }: LawStatus): string =>
    status === "unchecked" ? `${law} not checked` : `${law} ${status}${how === undefined ? "" : `: ${how}`}`;
  return [...(others.length < laws.length ? ["tested"] : []), ...others.map(text)].join("; ");
}

/** The plan with the assumptions about claims saying how each was checked, so that certificates and reports say it too. */
export function withStatuses(plan: Plan, reports: readonly SubjectReport[]): Plan {
  if (reports.length === 0) return plan;
  const said = (assumption: string): string => {
    const [, lattice] = /^claim: ([\w.]+) is a lattice$/.exec(assumption) ?? [];
    const laws = reports.find((report) => report.kind === "lattice" && report.name === lattice)?.laws;
    if (laws !== undefined) return `${assumption} (${lawsText(laws)})`;
    const [, name, claim] = /^claim: ([\w.]+) is (\w+)$/.exec(assumption) ?? [];
    const found = reports.find((report) => report.name === name)?.laws.find(({ law }) => law === claim);
    if (found === undefined) return assumption;
    // Numbers of cases are left out: they change with the constants of a source, and a certificate is to change with its meaning.
    const detail = found.how === undefined || found.status === "unchecked" ? "" : `: ${found.how}`;
    return `${assumption} (${found.status === "unchecked" ? "not checked" : found.status}${detail})`;
  };
  return { ...plan, outputs: plan.outputs.map((output) => ({ ...output, assumptions: output.assumptions.map(said) })) };
}
