/** What would become of a program if a claim about one of its functions or aggregates did not hold. */
import type { Ir, Type } from "../compiler/ir.ts";
import type { Plan } from "../compiler/plan.ts";
import { analyze } from "../compiler/3-analyze/analyze.ts";
import { buildGraph, reads } from "../compiler/3-analyze/graph.ts";
import { place } from "../compiler/4-place/place.ts";
import type { PlaceOptions } from "../compiler/4-place/place.ts";

/** As sentences without a final stop; empty when nothing rests on it. */
export function consequencesOf(plan: Plan, name: string, claim: string, placing: PlaceOptions): readonly string[] {
  const { ir } = plan.analysis;
  const lessClaimed = (imported: Ir["functions"]): Ir["functions"] =>
    new Map(
      Array.from(imported, ([other, of]) => [
        other,
        other === name ? { ...of, claims: of.claims.filter((each) => each !== claim) } : of,
      ]),
    );
  const less = { ...ir, functions: lessClaimed(ir.functions), aggregates: lessClaimed(ir.aggregates) };
  const without = place(analyze(less), placing).value;
  if (without === null) return [];
  return [...seals(plan, without, ir), ...outputs(plan, without), ...logs(plan, without)];
}

function seals(plan: Plan, without: Plan, ir: Ir): string[] {
  const travels = (of: Plan): Set<string> => new Set(of.travels.map(({ role, target }) => `${target} from ${role}`));
  const left = travels(without);
  const lost = [...travels(plan)].filter((travel) => !left.has(travel));
  const stuck = without.analysis.unsealable.filter(({ channel }) =>
    plan.analysis.unsealable.every((other) => other.channel !== channel),
  );
  const named = new Set([
    ...lost.map((travel) => `no seal travels to ${travel}`),
    ...stuck.flatMap(({ channel, rule }) => {
      const role = ir.rules.get(rule)?.role;
      return role === undefined || lost.includes(`${channel} from ${role}`)
        ? []
        : [`no seal travels to ${channel} from ${role}`];
    }),
  ]);
  return [...named];
}

function logs(plan: Plan, without: Plan): string[] {
  const keyless = without.insertions.filter(({ mechanism, key }) => mechanism === "order" && key.length === 0);
  return plan.insertions.flatMap(({ mechanism, role, at, key }) =>
    mechanism === "order" && key.length > 0 && keyless.some((other) => other.role === role)
      ? [`one log serves all of ${at.join(" and ")} instead of one for each (${key.join(", ")})`]
      : [],
  );
}

function outputs(plan: Plan, without: Plan): string[] {
  return plan.outputs.flatMap((output) => {
    const other = without.outputs.find((each) => each.output === output.output);
    if (other === undefined) return [];
    if (other.after.name !== output.after.name)
      return [`${output.output} is ${other.after.name} instead of ${output.after.name}`];
    return other.pacelc === output.pacelc ? [] : [`${output.output} needs ${other.pacelc} instead of ${output.pacelc}`];
  });
}

/** Outputs that values of an imported lattice reach: those behind which some column holds them. */
export function reachedBy(plan: Plan, lattice: string): readonly string[] {
  const { ir } = plan.analysis;
  const graph = buildGraph(ir);
  const isOf = (type: Type): boolean => type.kind === "lattice" && (type.name === lattice || type.args.some(isOf));
  const holds = (id: string): boolean => ir.collections.get(id)!.columns.some(({ type }) => isOf(type));
  return plan.outputs
    .map(({ output }) => output)
    .filter((output) => {
      const seen = new Set([output]);
      for (const id of seen)
        for (const rule of graph.into.get(id) ?? []) for (const { collection } of reads(rule)) seen.add(collection);
      return [...seen].some(holds);
    });
}
