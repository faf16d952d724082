/** Inputs of a simulated run as lines of JSON, in the form of stdin of `dlc run`. */
import { destinationOf, eventOf, parseLine } from "../runtime/lines.ts";
import type { RoleProgram } from "../runtime/program.ts";
import type { SimulatedInput } from "./simulator.ts";

export interface Events {
  /** Up to the first that is wrong. */
  readonly inputs: readonly SimulatedInput[];
  /** `line` from 1. */
  readonly problem: { readonly line: number; readonly text: string } | null;
}

/** Empty lines count, and say nothing. */
export function eventsOf(
  text: string,
  programs: readonly RoleProgram[],
  counts: Readonly<Record<string, number>>,
): Events {
  const inputs: SimulatedInput[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const read = inputOf(line, programs, counts);
    if (typeof read === "string") return { inputs, problem: { line: i + 1, text: read } };
    inputs.push(read);
  }
  return { inputs, problem: null };
}

/** What is wrong with it, where something is. */
function inputOf(
  line: string,
  programs: readonly RoleProgram[],
  counts: Readonly<Record<string, number>>,
): SimulatedInput | string {
  const parsed = parseLine(line);
  if (!parsed.ok) return parsed.problem;
  const to = destinationOf(parsed.value, null);
  if (!to.ok) return to.problem;
  const { role, node } = to.value;
  const program = programs.find(({ meta }) => meta.role === role);
  if (program === undefined) return `there is no role ${role}`;
  if (node >= (counts[role] ?? 0)) return `there is no instance ${node} of ${role}, which has ${counts[role]}`;
  const inputs = program.meta.collections.filter(({ kind }) => kind === "input");
  const event = eventOf(parsed.value, inputs, role);
  if (!event.ok) return event.problem;
  const { collection } = event.value;
  return event.value.kind === "row"
    ? { role, node, collection, row: event.value.row }
    : { role, node, collection, seal: event.value.key };
}
