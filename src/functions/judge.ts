/** Sources inspected, laws proved or tried: the verdicts, with the files that they rest on. */
import { assumptionsOf } from "./assumed.ts";
import { dataProblem } from "./data.ts";
import { seedOf } from "./domain.ts";
import { headOf, inspect } from "./inspect.ts";
import type { Inspected, Placed } from "./inspect.ts";
import type { KnownLattice, Surroundings } from "./lattice-domains.ts";
import { loadModule, within } from "./load.ts";
import type { Loaded } from "./load.ts";
import type { LawOf, LawStatus, Subject } from "./subject.ts";
import { newTrial, tryLaw } from "./trial.ts";
import { isBroken, latticeFault } from "./verdict.ts";
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

/** `broken`: ids of lattices of which it is known already that they are none. */
export async function judge(subjects: readonly Placed[], broken: ReadonlySet<string>): Promise<readonly Judged[]> {
  const loaded = new Map<string, Loaded>();
  const load = async (path: string): Promise<Loaded> => {
    const known = loaded.get(path) ?? (await loadModule(path, limits.load));
    loaded.set(path, known);
    return known;
  };
  const none = new Set(broken);
  const judged: Judged[] = [];
  // What is said of functions of a lattice has a meaning only if it is one.
  const inOrder = [...subjects].sort(
    (a, b) => Number(b.subject.kind === "lattice") - Number(a.subject.kind === "lattice"),
  );
  for (const inspected of inspect(inOrder)) {
    const { subject, path, lattices } = inspected;
    const modules = new Map<string, Loaded>();
    if (inspected.fault === null && !subject.isService) {
      const paths = [path, ...Array.from(lattices.values(), (lattice) => lattice.path)];
      for (const each of paths) modules.set(each, await load(each));
    }
    const verdict = await verdictOf(inspected, modules, none);
    if (subject.kind === "lattice" && isBroken(verdict, assumptionsOf(subject).reasons)) none.add(subject.id);
    const files = [...new Set([path, ...inspected.files, ...[...modules.values()].flatMap((module) => module.files)])];
    judged.push({ subject, path, files, verdict });
  }
  return judged;
}

async function verdictOf(
  inspected: Inspected,
  modules: ReadonlyMap<string, Loaded>,
  broken: ReadonlySet<string>,
): Promise<Verdict> {
  const { subject, path, declaration, literals } = inspected;
  const declared = declaration === null ? null : headOf(declaration);
  const failed = (fault: Fault): Verdict => ({
    fault,
    laws: subject.laws.map(({ name }) => ({ law: name, status: "unchecked", how: reasonOf(fault) })),
    declared,
  });
  if (inspected.fault !== null) return failed(inspected.fault);
  if (subject.isService) return { fault: null, laws: [], declared };
  const { exports, fault } = modules.get(path)!;
  if (fault !== null) {
    return failed({
      code: "DLC508",
      message: `the module "${subject.from}" cannot be loaded: ${fault}`,
      mend: "A module of functions may import others beside it and packages that do not need Node; nodes load it as it is.",
      at: "from",
      cause: null,
    });
  }
  const exported = exports![subject.name];
  const lattices = knownLattices(inspected, modules, broken);
  if ("code" in lattices) return failed(lattices);
  const surroundings = { literals, lattices };
  const laws: LawStatus[] = [];
  for (const law of subject.laws) {
    if (law.senseless !== null) {
      laws.push({ law: law.name, status: "unchecked", how: `it says nothing of this ${subject.kind}` });
      continue;
    }
    const proof = (await law.prove?.(declaration!)) ?? null;
    const found =
      proof === null
        ? tried(law, law.bind(exported, surroundings), subject)
        : ({ law: law.name, status: "proved", how: proof } as const);
    if ("code" in found)
      return failed({ ...found, cause: declared === null ? null : { ...declared, label: `the ${subject.kind}` } });
    laws.push(found);
  }
  return { fault: null, laws, declared };
}

/** The lattices of a subject with what their modules export; a fault where one of them is none. */
function knownLattices(
  { subject, lattices, data }: Inspected,
  modules: ReadonlyMap<string, Loaded>,
  broken: ReadonlySet<string>,
): Surroundings["lattices"] | Fault {
  const known = new Map<string, KnownLattice>();
  for (const [id, { name, path }] of lattices) {
    const own = subject.kind === "lattice";
    const { exports } = modules.get(path)!;
    if ((broken.has(id) && !own) || exports === null) return latticeFault(name);
    // The join is called as the run time does it, not as a method.
    const { bottom, join } = exports[name] as KnownLattice;
    const problem = dataProblem(data.get(id)!, bottom);
    if (problem !== null)
      return {
        ...latticeFault(name),
        message: `the bottom of ${name} is no value of its type${problem}`,
        mend: "It is the value of which every other one is more: an empty list or object, zero, false.",
        ...(own && { elsewhere: undefined }),
      };
    known.set(id, { name, data: data.get(id)!, bottom, join });
  }
  return known;
}

function reasonOf({ code, elsewhere }: Fault): string {
  if (elsewhere === true) return "it is about a lattice that is none";
  const reasons: Partial<Record<Fault["code"], string>> = {
    DLC505: "its signature does not agree",
    DLC507: "it is not pure",
    DLC509: "it does not end",
    DLC514: "its values are no plain data",
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
    const called = subject.kind === "lattice" ? `${subject.name}.join` : subject.name;
    const call = `${called}(${trial.now.map((value, i) => law.domains[i]!.show(value)).join(", ")})`;
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
