/** What would become of a program if a claim about one of its functions did not hold. */
import type { Ir } from "../compiler/ir.ts";
import type { Plan, Strategy } from "../compiler/plan.ts";
import { analyze } from "../compiler/3-analyze/analyze.ts";
import { place } from "../compiler/4-place/place.ts";

/** As sentences without a final stop; empty when nothing rests on it. */
export function consequencesOf(plan: Plan, fn: string, claim: string, strategy: Strategy): readonly string[] {
  const { ir } = plan.analysis;
  const of = ir.functions.get(fn);
  if (of === undefined) return [];
  const functions = new Map(ir.functions).set(fn, { ...of, claims: of.claims.filter((other) => other !== claim) });
  const analysis = analyze({ ...ir, functions });
  const without = place(analysis, { strategy }).value;
  if (without === null) return [];
  return [...seals(plan, without, ir), ...outputs(plan, without)];
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

function outputs(plan: Plan, without: Plan): string[] {
  return plan.outputs.flatMap((output) => {
    const other = without.outputs.find((each) => each.output === output.output);
    if (other === undefined) return [];
    if (other.after.name !== output.after.name)
      return [`${output.output} is ${other.after.name} instead of ${output.after.name}`];
    return other.pacelc === output.pacelc ? [] : [`${output.output} needs ${other.pacelc} instead of ${output.pacelc}`];
  });
}
