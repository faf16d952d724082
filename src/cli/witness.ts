/** Hunting witnesses for `dlc explain --witness` and `dlc verify`: programs from plans, and what is left uncoordinated. */
import { place } from "../compiler/4-place/place.ts";
import { componentImports, implementedIn } from "../compiler/5-emit/components.ts";
import { emit } from "../compiler/5-emit/emit.ts";
import { functionImports } from "../compiler/5-emit/functions.ts";
import { analyze } from "../compiler/3-analyze/analyze.ts";
import type { CollectionId, Ir, RuleId } from "../compiler/ir.ts";
import type { Plan } from "../compiler/plan.ts";
import { loadModule } from "../functions/load.ts";
import { modulePath } from "../functions/modules.ts";
import type { RoleProgram } from "../runtime/program.ts";
import { loadRole } from "../verify/load.ts";
import type { Imports } from "../verify/load.ts";
import { huntWitness, outputsBelow } from "../verify/witness.ts";
import type { Hunt, Hunted } from "../verify/witness.ts";
import { WrongUse } from "./io.ts";

/** What the program imports, and what its components create; throws where a module does not load, or a component runs elsewhere. */
export async function importsOf(ir: Ir, cwd: string): Promise<Imports> {
  for (const one of ir.externals.values()) {
    if (one.kind === "component" && one.from === null)
      throw new WrongUse(`nothing here implements the component ${one.name}, so that it can be checked and not run`);
  }
  const found = new Map<string, Readonly<Record<string, unknown>>>();
  const components = componentImports(ir);
  for (const one of implementedIn(ir)) {
    const { exports, fault } = await loadModule(modulePath(one, cwd), 5_000);
    if (exports === null) throw new WrongUse(`${one.from}, which implements ${one.name}, does not load here: ${fault}`);
    found.set(`./components/${components.get(one.name)!}.js`, exports);
  }
  for (const [id, module] of functionImports(ir)) {
    const emitted = `./functions/${module}.js`;
    if (found.has(emitted)) continue;
    const one = ir.functions.get(id) ?? ir.aggregates.get(id) ?? ir.lattices.get(id)!;
    const { exports, fault } = await loadModule(modulePath(one, cwd), 5_000);
    if (exports === null) throw new WrongUse(`${one.from}, from which ${one.name} comes, does not load: ${fault}`);
    found.set(emitted, exports);
  }
  return (module, name) => found.get(module)![name];
}

export function programsOf(plan: Plan, imports: Imports): readonly RoleProgram[] {
  const { value: files, diagnostics } = emit(plan);
  if (files === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return [...plan.coordinated.roles.keys()].map((role) => loadRole(files, role, imports));
}

export function countsOf(ir: Ir): Record<string, number> {
  return Object.fromEntries([...ir.roles.values()].map(({ name, count }) => [name, count]));
}

/** Two of each kind are enough to disagree. */
function fewOf(ir: Ir): Record<string, number> {
  return Object.fromEntries(Object.entries(countsOf(ir)).map(([role, count]) => [role, Math.min(count, 2)]));
}

export interface Hunting {
  readonly hunted: Hunted;
  /** Under which coordination, in words: "with everything else coordinated". */
  readonly how: string;
}

/**
 * For a rule: without coordination where it is the only one that matters to its outputs. Otherwise with everything else
 * coordinated, so that what differs is its doing; where the rest takes a log, whose order is another one in every run, only
 * replicas of one run count. If that finds nothing, without any coordination.
 */
export function huntForRule(plan: Plan, rule: RuleId, imports: Imports, tries: number): Hunting {
  const { ir } = plan.analysis;
  const outputs = outputsBelow(ir, rule);
  const others = plan.analysis.findings.some(
    (finding) =>
      finding.rule !== rule &&
      ir.rules.has(finding.rule) &&
      outputsBelow(ir, finding.rule).some((id) => outputs.includes(id)),
  );
  const alone = others ? withoutCoordination(ir, rule) : null;
  if (alone !== null) {
    const isSettled = outputs.every((id) =>
      ["Seal", "Async"].includes(plan.outputs.find(({ output }) => output === id)?.after.name ?? ""),
    );
    const hunted = hunt(alone, outputs, isSettled ? "runs" : "replicas", imports, tries);
    if (hunted.witness !== null) return { hunted, how: "with everything but this rule coordinated" };
  }
  return huntBare(plan, outputs, imports, tries);
}

export function huntBare(plan: Plan, outputs: readonly CollectionId[], imports: Imports, tries: number): Hunting {
  const bare = place(plan.analysis, { strategy: "none" }).value!;
  return { hunted: hunt(bare, outputs, "runs", imports, tries), how: "without coordination" };
}

/** The program's own plan, but for this rule; null where that cannot be had. */
function withoutCoordination(ir: Ir, id: RuleId): Plan | null {
  const rule = ir.rules.get(id)!;
  const coordinate = { kind: "none", by: null, reason: "looked at by itself", span: rule.span } as const;
  const changed: Ir = {
    ...ir,
    rules: new Map([...ir.rules].map(([key, one]) => [key, key === id ? { ...one, coordinate } : one])),
  };
  const { value } = place(analyze(changed), { strategy: "auto" });
  return value;
}

function hunt(
  plan: Plan,
  outputs: readonly CollectionId[],
  among: Hunt["among"],
  imports: Imports,
  tries: number,
): Hunted {
  const { ir } = plan.analysis;
  return huntWitness({ programs: programsOf(plan, imports), ir, counts: fewOf(ir), outputs, among, tries, seeds: 3 });
}
