/**
 * The functions that a program imports, checked: the module is there and exports them, the signature agrees, nothing in
 * the source makes a result depend on more than the arguments, and what is claimed of them is proved or tried. Only
 * programs that import something pay for reading TypeScript, and only when a source has changed.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import type { SourceFile, Span } from "../compiler/ast.ts";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.ts";
import type { Ir } from "../compiler/ir.ts";
import type { Plan, Profile, Strategy } from "../compiler/plan.ts";
import { assumptionsOf } from "./assumed.ts";
import { consequencesOf, reachedBy } from "./consequence.ts";
import type { Placed } from "./inspect.ts";
import { isFile, modulePath } from "./modules.ts";
import { subjectsOf } from "./subjects.ts";
import type { Breach, LawOf, LawStatus, Subject, SubjectReport } from "./subject.ts";
import { isBroken } from "./verdict.ts";
import type { Place, Verdict } from "./verdict.ts";

export interface FunctionsOptions {
  readonly cwd: string;
  /** For the consequences of a claim that does not hold; null where the program has errors. */
  readonly plan: Plan | null;
  readonly strategy: Strategy;
  readonly profile?: Profile | null;
  /** null: nothing is kept. */
  readonly store: VerdictStore | null;
}

/** Verdicts by what they were asked for, as JSON can hold them. */
export interface VerdictStore {
  readonly get: (key: string) => unknown;
  readonly set: (key: string, value: unknown) => void;
}

interface Kept {
  /** Path and digest of every source that took part. */
  readonly files: readonly (readonly [string, string])[];
  readonly verdict: Verdict;
}

export interface CheckedFunctions {
  readonly diagnostics: readonly Diagnostic[];
  /** In the order of the declarations. */
  readonly reports: readonly SubjectReport[];
}

export async function checkFunctions(ir: Ir, options: FunctionsOptions): Promise<CheckedFunctions> {
  const subjects = subjectsOf(ir);
  if (subjects.length === 0) return { diagnostics: [], reports: [] };
  const verdicts = new Map<Subject, Verdict>();
  const fresh: Placed[] = [];
  for (const subject of subjects) {
    const path = modulePath(subject, options.cwd);
    const known = isFile(path) ? keptOf(options.store, subject, options.cwd) : missing(subject, path);
    if (known !== null) verdicts.set(subject, known);
    else fresh.push({ subject, path, lattices: latticesOf(subject, options.cwd) });
  }
  if (fresh.length > 0) {
    const { judge } = await import("./judge.ts");
    const broken = [...verdicts].filter(
      ([subject, verdict]) => subject.kind === "lattice" && isBroken(verdict, assumptionsOf(subject).reasons),
    );
    for (const { subject, verdict, files } of await judge(fresh, new Set(broken.map(([{ id }]) => id)))) {
      verdicts.set(subject, verdict);
      // What is wrong with another subject may be mended, or assumed, without a change of this one.
      if (verdict.fault?.elsewhere === true) continue;
      const kept: Kept = { files: files.map((file) => [file, digestOf(file)] as const), verdict };
      options.store?.set(keyOf(subject, options.cwd), kept);
    }
  }
  const results = subjects.map((subject) => resultOf(subject, verdicts.get(subject)!, options));
  return {
    diagnostics: results.flatMap(({ diagnostics }) => diagnostics),
    reports: results.map(({ report }) => report),
  };
}

function missing(subject: Subject, path: string): Verdict {
  return {
    fault: {
      code: "DLC503",
      message: `the module "${subject.from}" of the ${subject.kind} ${subject.isService ? subject.id : subject.name} does not exist`,
      mend: `It is looked for at ${path}.`,
      at: "from",
      cause: null,
    },
    laws: subject.laws.map(({ name }) => ({ law: name, status: "unchecked", how: "its module does not exist" })),
    declared: null,
  };
}

function latticesOf({ lattices }: Subject, cwd: string): Placed["lattices"] {
  return new Map(lattices.map((lattice) => [lattice.id, { name: lattice.name, path: modulePath(lattice, cwd) }]));
}

function keyOf(subject: Subject, cwd: string): string {
  const { kind, file, span } = subject;
  const modules = [modulePath(subject, cwd), ...latticesOf(subject, cwd)];
  return createHash("sha1")
    .update(JSON.stringify([kind, modules, file.text.slice(span.start, span.end)]))
    .digest("hex");
}

function keptOf(store: VerdictStore | null, subject: Subject, cwd: string): Verdict | null {
  const kept = store?.get(keyOf(subject, cwd)) as Kept | null | undefined;
  if (kept === null || kept === undefined) return null;
  return kept.files.every(([file, digest]) => digestOf(file) === digest) ? kept.verdict : null;
}

function digestOf(file: string): string {
  return isFile(file) ? createHash("sha1").update(readFileSync(file)).digest("hex") : "";
}

function resultOf(
  subject: Subject,
  verdict: Verdict,
  options: FunctionsOptions,
): { readonly diagnostics: readonly Diagnostic[]; readonly report: SubjectReport } {
  const { reasons, diagnostics: wrong } = assumptionsOf(subject);
  const diagnostics: Diagnostic[] = [...wrong];
  if (verdict.fault !== null && verdict.fault.elsewhere !== true)
    diagnostics.push(faultFinding(subject, verdict.fault, options.cwd));
  const laws = subject.laws.flatMap((law, i): LawStatus[] => {
    const found = verdict.laws[i]!;
    const reason = reasons.get(law.name);
    // Where there is a proof nothing needs to be assumed.
    const status: LawStatus =
      reason === undefined || found.status === "proved" ? found : { ...found, status: "assumed", how: reason };
    // Of an injective function without parameters the compiler itself has said it.
    if (law.senseless !== null) {
      if (law.name !== "injective" || subject.kind !== "function") diagnostics.push(senseless(subject, law));
    } else diagnostics.push(...findingsOf(subject, law, status, verdict, options));
    return law.silent === true ? [] : [status];
  });
  // That it is not pure is said once, whatever number of laws met it.
  const found = diagnostics.filter(
    (each, i) => each.code !== "DLC507" || diagnostics.findIndex(({ code }) => code === "DLC507") === i,
  );
  found.sort((a, b) => a.span.start - b.span.start);
  return { diagnostics: found, report: { kind: subject.kind, name: subject.id, from: subject.from, laws } };
}

function faultFinding(subject: Subject, fault: NonNullable<Verdict["fault"]>, cwd: string): Diagnostic {
  const { code, message, mend, at, cause } = fault;
  const span =
    at === "name"
      ? subject.nameSpan
      : at === "from"
        ? subject.fromSpan
        : (subject.type.parts?.params[at]?.span ?? subject.nameSpan);
  const shown = cause === null ? undefined : causeOf(cause, cause.label, cwd);
  return { code, severity: "error", message, file: subject.file, span, mend, ...(shown && { cause: shown }) };
}

function senseless({ name, file, kind }: Subject, law: LawOf): Diagnostic {
  return {
    code: "DLC502",
    severity: "error",
    message: `${name} ${law.senseless}, so "${law.name}" says nothing of it`,
    file,
    span: law.span,
    mend: `Leave ${law.name} out, or declare the ${kind} with the types that it is about.`,
  };
}

function findingsOf(
  subject: Subject,
  law: LawOf,
  status: LawStatus,
  verdict: Verdict,
  options: FunctionsOptions,
): Diagnostic[] {
  const { name, file } = subject;
  const declared =
    verdict.declared === null ? undefined : causeOf(verdict.declared, `the ${subject.kind}`, options.cwd);
  const finding = (
    of: Pick<Diagnostic, "code" | "severity" | "message" | "mend">,
    span: Span = law.span,
  ): Diagnostic[] => [{ ...of, file, span, ...(declared && { cause: declared }) }];
  const { counterexample } = status;
  if (counterexample !== undefined && (counterexample.because === "changed" || counterexample.because === "unsteady")) {
    return finding(
      {
        code: "DLC507",
        severity: "error",
        message: `${name} is not pure: ${counterexample.sides.join(", ")}`,
        mend:
          counterexample.because === "changed"
            ? "Change a copy: what comes in belongs to the program."
            : "A result may depend on the arguments only.",
      },
      subject.nameSpan,
    );
  }
  if (status.status === "refuted") {
    return finding({
      code: subject.kind === "lattice" ? "DLC515" : "DLC510",
      severity: "error",
      message: `${name} is not ${law.name}: ${sidesOf(counterexample!)}${consequence(subject.id, law, options)}`,
      mend: `Mend the ${subject.kind}${law.claimed ? `, or leave ${law.name} out` : ""}: ${law.means}.`,
    });
  }
  if (status.status === "assumed" && counterexample !== undefined) {
    return finding({
      code: "DLC513",
      severity: "note",
      message: `${name} is assumed to be ${law.name} (${status.how}), and is not for every value: ${sidesOf(counterexample)}`,
      mend: "It must hold for the values that the program meets: nothing checks that.",
    });
  }
  if (status.status === "unchecked" && verdict.fault === null && law.claimed) {
    return finding({
      code: "DLC511",
      severity: "warning",
      message: `nothing is known of ${name} being ${law.name}: ${status.how}`,
      mend: `Say why it can be believed, \`// dlc-assume ${law.name}: reason\` on the line before, or leave ${law.name} out.`,
    });
  }
  return [];
}

export function sidesOf({ sides, because }: Breach): string {
  return `${sides.join(", and ")}${because === "threw" ? " (a call without a result is no success)" : ""}`;
}

function consequence(id: string, law: LawOf, { plan, strategy, profile }: FunctionsOptions): string {
  if (plan === null || (!law.claimed && law.without === undefined)) return "";
  const all =
    law.without === undefined
      ? consequencesOf(plan, id, law.name, { strategy, profile })
      : reachedBy(plan, id).map((output) => `${output} would ${law.without}`);
  return all.length === 0 ? "; nothing in this program rests on it" : `; without it ${all.join(", and ")}`;
}

function causeOf(place: Place, label: string, cwd: string): Diagnostic["cause"] {
  if (!isFile(place.path)) return undefined;
  const file: SourceFile = {
    path: relative(cwd, place.path).replaceAll("\\", "/"),
    text: readFileSync(place.path, "utf8"),
  };
  return { file, span: { start: place.start, end: place.end }, label };
}
