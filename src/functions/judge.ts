/** Sources inspected, laws proved or tried: the verdicts, with the files that they rest on. */
import { seedOf } from "./domain.ts";
import { headOf, inspect } from "./inspect.ts";
import type { Inspected } from "./inspect.ts";
import { loadModule, within } from "./load.ts";
import type { Loaded } from "./load.ts";
import type { LawOf, LawStatus, Subject } from "./subject.ts";
import { newTrial, tryLaw } from "./trial.ts";
import type { Fault, Verdict } from "./verdict.ts";

export interface Judged {
  readonly subject: Subject;
  readonly path: string;
  readonly verdict: Verdict;
  /** Absolute. */
  readonly files: readonly string[];
}

/** Milliseconds: a law is tried no further when it took so long; stopped; a module is to be loaded in. */
const limits = { enough: 1200, stop: 2500, load: 2500 };
/** A case that takes longer than this is taken for one that does not end. */
const endless = 1000;

export async function judge(
  subjects: readonly { readonly subject: Subject; readonly path: string }[],
): Promise<readonly Judged[]> {
  const loaded = new Map<string, Loaded>();
  const judged: Judged[] = [];
  for (const inspected of inspect(subjects)) {
    const { subject, path } = inspected;
    if (inspected.fault === null && !subject.isService && !loaded.has(path)) loaded.set(path, await loadModule(path, limits.load));
    const module = loaded.get(path) ?? null;
    const files = [...new Set([path, ...inspected.files, ...(module?.files ?? [])])];
    judged.push({ subject, path, files, verdict: await verdictOf(inspected, module) });
  }
  return judged;
}

async function verdictOf(inspected: Inspected, module: Loaded | null): Promise<Verdict> {
  const { subject, declaration, literals } = inspected;
  const declared = declaration === null ? null : headOf(declaration);
  const failed = (fault: Fault): Verdict => ({
    fault,
    laws: subject.laws.map(({ name }) => ({ law: name, status: "unchecked", how: reasonOf(fault) })),
    declared,
  });
  if (inspected.fault !== null) return failed(inspected.fault);
  if (subject.isService) return { fault: null, laws: [], declared };
  if (module!.fault !== null) {
    return failed({
      code: "DLC508",
      message: `the module "${subject.from}" cannot be loaded: ${module!.fault}`,
      mend: "A module of functions may import others beside it and packages that do not need Node; nodes load it as it is.",
      at: "from",
      cause: null,
    });
  }
  const exported = module!.exports![subject.name];
  const laws: LawStatus[] = [];
  for (const law of subject.laws) {
    if (law.senseless !== null) {
      laws.push({ law: law.name, status: "unchecked", how: `it says nothing of this ${subject.kind}` });
      continue;
    }
    const proof = (await law.prove?.(declaration!)) ?? null;
    const found =
      proof === null
        ? tried(law, law.bind(exported, literals), subject)
        : ({ law: law.name, status: "proved", how: proof } as const);
    if ("code" in found)
      return failed({ ...found, cause: declared === null ? null : { ...declared, label: `the ${subject.kind}` } });
    laws.push(found);
  }
  return { fault: null, laws, declared };
}

function reasonOf({ code }: Fault): string {
  const reasons: Partial<Record<Fault["code"], string>> = {
    DLC505: "its signature does not agree",
    DLC507: "it is not pure",
    DLC509: "it does not end",
  };
  return reasons[code] ?? "it could not be loaded";
}

function tried(of: LawOf, law: ReturnType<LawOf["bind"]>, subject: Subject): LawStatus | Fault {
  const seed = seedOf(`${subject.name} ${of.name}`);
  const trial = newTrial();
  const began = performance.now();
  let found: ReturnType<typeof tryLaw> = null;
  const ended = within(limits.stop, () => {
    found = tryLaw(law, seed, trial, () => performance.now() - began > limits.enough);
  });
  if (!ended && performance.now() - trial.since > endless) {
    const call = `${subject.name}(${trial.now.map((value, i) => law.domains[i]!.show(value)).join(", ")})`;
    return {
      code: "DLC509",
      message: `${subject.name} does not end: ${call} has no result after a second`,
      mend: "A rule that calls it would stop its whole instance. Bound its loop.",
      at: "name",
      cause: null,
    };
  }
  const { cases, without } = trial;
  const breach = (found as ReturnType<typeof tryLaw>)?.breach;
  const counts = { cases, seed, ...(without > 0 && { without }) };
  if (breach !== undefined) return { law: of.name, status: "refuted", ...counts, counterexample: breach };
  if (of.silent !== true && cases - without < 2)
    return { law: of.name, status: "unchecked", how: `it has a result in none of ${cases} cases` };
  return { law: of.name, status: "tested", ...counts };
}
