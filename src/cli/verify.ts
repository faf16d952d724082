/** `dlc verify`: the coordinated program in the simulator, under schedules that try to break its labels. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { CollectionId } from "../compiler/ir.ts";
import type { Plan } from "../compiler/plan.ts";
import type { RoleProgram } from "../runtime/program.ts";
import { huntCrash } from "../verify/crashes.ts";
import { eventsOf } from "../verify/events.ts";
import { huntWitness } from "../verify/witness.ts";
import type { Hunt } from "../verify/witness.ts";
import type { SimulatedInput } from "../verify/simulator.ts";
import { checkProgram } from "./check.ts";
import type { Planning } from "./check.ts";
import { findConfig } from "./config.ts";
import { count } from "./draw/count.ts";
import { drawDiagnostic } from "./draw/diagnostics.ts";
import { paint } from "./draw/paint.ts";
import { drawLabel } from "./draw/insertion.ts";
import { drawWitnessSvg } from "../pictures/space-time.ts";
import { drawOverclaim, drawWitness } from "./draw/witness.ts";
import { readProgram, whyNot, writeAsked } from "./files.ts";
import { WrongUse } from "./io.ts";
import type { Io } from "./io.ts";
import { countsOf, markedBehind, programsOf } from "../verify/hunt.ts";
import { importsOf } from "./simulated-imports.ts";

export interface VerifyOptions extends Planning {
  /** Inputs of one's own, a line of JSON each, in the form of stdin of `dlc run`. */
  readonly events?: string;
  readonly tries?: number;
  /** That of the first set of inputs and its schedules; the next set has the next one. */
  readonly seed?: number;
  readonly out?: string;
}

/** Orders of few inputs that are run beside the drawn schedules. */
const orders = 1_000;

/** 0: no two runs or replicas contradict what is promised; 1: some do, or the program has errors. */
export async function verifyCommand(path: string, options: VerifyOptions, io: Io): Promise<number> {
  const file = readProgram(path, io.cwd);
  const { compilation, diagnostics } = await checkProgram(file, options, await findConfig(io.cwd), io);
  const { plan } = compilation;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (plan === null || errors.length > 0) {
    for (const diagnostic of errors) io.err(`${drawDiagnostic(diagnostic, paint(io.errColour), io.width)}\n`);
    io.err(`dlc: ${path} has errors, so that there is nothing to verify yet\n`);
    return 1;
  }
  const { ir } = plan.analysis;
  const programs = programsOf(plan, await importsOf(ir, io.cwd));
  const inputs = options.events === undefined ? undefined : readEvents(options.events, programs, countsOf(ir), io);
  const tries = options.tries ?? 40;
  const style = paint(io.colour);
  const wide = Math.max(...plan.outputs.map(({ output }) => output.length));
  let isBroken = false;
  for (const { outputs, among } of promisesOf(plan)) {
    const hunt: Hunt = {
      programs,
      ir,
      counts: countsOf(ir),
      outputs,
      aims: markedBehind(plan, outputs),
      among,
      contents: "promised",
      tries,
      seeds: 2,
      first: options.seed ?? 1,
      orders,
      ...(inputs === undefined ? {} : { inputs }),
    };
    const { witness, runs, seed, exhausted } = huntWitness(hunt);
    const crashes =
      among === "runs" && witness === null
        ? huntCrash({ ...hunt, outputs: outputs.filter((id) => ir.collections.get(id)!.level !== "eventual") })
        : null;
    for (const id of outputs) {
      const { after, target, achieved } = plan.outputs.find(({ output }) => output === id)!;
      const isWrong = witness?.output === id || crashes?.found?.output === id;
      const said = isWrong
        ? style.severity("error", "broken")
        : among === "runs"
          ? `the same in ${runs.toLocaleString("en")} runs${exhausted === 0 ? "" : `, among them all orders of ${count(exhausted, "small input")}`}`
          : `replicas agree in ${runs.toLocaleString("en")} runs`;
      io.out(
        `  ${id.padEnd(wide)}  ${target}: ${drawLabel(after, ir.collections.get(id))}${achieved === true ? "" : achieved === "assumed" ? ", trusted" : ", not reached"}  ${said}\n`,
      );
    }
    if (crashes !== null && crashes.found === null && crashes.runs > 0)
      io.out(`    In ${count(crashes.runs, "more run")} an instance died: who lived told nothing else.\n`);
    if (crashes !== null && crashes.found !== null) {
      isBroken = true;
      io.out(drawOverclaim(crashes.found, style, io.width));
    }
    if (witness === null) continue;
    isBroken = true;
    io.out(drawWitness(witness, witness.output, "with what dlc inserted", style, io.width));
    if (seed !== null) io.out(`\nThe same again: dlc verify ${path} --seed ${seed} --tries 1\n`);
    if (options.out !== undefined)
      writeAsked(options.out, io.cwd, drawWitnessSvg(witness, `${witness.output} breaks its promise`));
  }
  const unpromised = plan.outputs.filter(
    ({ output }) => !promisesOf(plan).some(({ outputs }) => outputs.includes(output)),
  );
  for (const { output, target, after } of unpromised)
    io.out(
      `  ${output.padEnd(wide)}  ${target}: ${drawLabel(after, ir.collections.get(output))}  nothing is promised\n`,
    );
  io.out(
    isBroken
      ? "\nA promise is broken. If the program gives what it promises (seals, claims, unique keys), this is a fault of dlc: please report it.\n"
      : `\nNo counterexample over ${inputs === undefined ? `${tries} small inputs` : "the given input"}: messages delayed, reordered, batched and repeated, slow instances and links, a network that falls apart and heals, instances that die, losses on lossy channels. This is a search and no proof.\n`,
  );
  return isBroken ? 1 : 0;
}

/** Outputs by what their labels promise. */
function promisesOf(
  plan: Plan,
): readonly { readonly outputs: readonly CollectionId[]; readonly among: Hunt["among"] }[] {
  const { ir } = plan.analysis;
  const isReplicated = (id: CollectionId): boolean => ir.roles.get(ir.collections.get(id)!.role)!.replicated;
  const runs = plan.outputs.filter(({ after }) => after.name === "Seal" || after.name === "Async");
  const replicas = plan.outputs.filter(
    ({ after, output, target }) =>
      isReplicated(output) &&
      (after.name === "Run" || (after.name === "Inst" && (target === "eventual" || target === "any"))),
  );
  return [
    { outputs: runs.map(({ output }) => output), among: "runs" as const },
    { outputs: replicas.map(({ output }) => output), among: "replicas" as const },
  ].filter(({ outputs }) => outputs.length > 0);
}

function readEvents(
  path: string,
  programs: readonly RoleProgram[],
  counts: Readonly<Record<string, number>>,
  io: Io,
): readonly SimulatedInput[] {
  let text: string;
  try {
    text = readFileSync(resolve(io.cwd, path), "utf8");
  } catch (error) {
    throw new WrongUse(`cannot read ${path}: ${whyNot(error)}`);
  }
  const { inputs, problem } = eventsOf(text, programs, counts);
  if (problem !== null) throw new WrongUse(`${path}:${problem.line}: ${problem.text}`);
  return inputs;
}
