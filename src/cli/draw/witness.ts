/** `dlc explain … --witness`: two runs, or two replicas, that contradict each other, step by step. */
import { factText } from "../../runtime/codec.ts";
import type { Row } from "../../runtime/program.ts";
import type { Overclaim } from "../../verify/crashes.ts";
import type { Witness } from "../../verify/witness.ts";
import { addressOf } from "../../runtime/routing.ts";
import type { Paint } from "./paint.ts";
import { Page } from "./page.ts";
import { onlyIn, scenesOf, scheduleWords } from "../../pictures/story.ts";
import type { Scene } from "../../runtime/tracing.ts";

/** `subject`: what is witnessed; `how`: under which coordination. */
export function drawWitness(witness: Witness, subject: string, how: string, paint: Paint, width: number): string {
  const page = new Page(paint, width);
  const { output, kind, rows, one, other, inputs } = witness;
  // Where something was taken back, all that was told is more than what holds.
  const holds =
    rows === "ever" && [one, other].some((side) => side.ever.length !== side.now.length) ? "has told" : "holds";
  const name = output.slice(output.indexOf(".") + 1);
  page.head(`A witness: ${subject} does depend on order`);
  page.text(
    kind === "runs"
      ? `The same input, ${how}, in two runs: they differ only in when messages arrive, and ${output} ${holds} other facts.`
      : `The same input, ${how}, in one run: two replicas, ${one.address} and ${other.address}, end with different facts in ${output}.`,
  );
  page.head("Input");
  for (const item of inputs)
    if ("row" in item) page.item(`${addressOf(item.role, item.node)}  ${factText(item.collection, item.row)}`);
  const sides =
    kind === "runs" ? [["First run", one] as const, ["Second run", other] as const] : [["The run", one] as const];
  for (const [title, side] of sides) {
    page.head(`${title} (${scheduleWords(side)})`);
    scenesOf(side.result.trace).forEach((scene, i) => page.item(`${i + 1}. ${sceneText(scene)}`));
    if (kind === "runs") page.text(`${side.address} ${holds} ${contentsText(name, side.rows)}.`);
  }
  if (kind === "replicas")
    for (const side of [one, other]) page.text(`${side.address} ${holds} ${contentsText(name, side.rows)}.`);
  const [first, second] = [onlyIn(one.rows, other.rows), onlyIn(other.rows, one.rows)];
  page.head("The contradiction");
  const [here, there] =
    kind === "runs" ? ["in the first run", "in the second run"] : [`at ${one.address}`, `at ${other.address}`];
  if (first.length > 0) page.item(`Only ${here}: ${first.map((row) => factText(name, row)).join(", ")}`);
  if (second.length > 0) page.item(`Only ${there}: ${second.map((row) => factText(name, row)).join(", ")}`);
  return page.done();
}

/** A fact that is told only because somebody has died. */
export function drawOverclaim(
  { output, address, row, inputs, seed, result }: Overclaim,
  paint: Paint,
  width: number,
): string {
  const page = new Page(paint, width);
  const name = output.slice(output.indexOf(".") + 1);
  const dead = result.trace.find(({ kind }) => kind === "crash")?.at ?? "nobody";
  page.head(`${output} says something else when ${dead} dies`);
  page.text(
    `${address} tells ${factText(name, row)}, which it never does when all live (schedule crash, seed ${seed}).`,
  );
  page.head("Input");
  for (const item of inputs)
    if ("row" in item) page.item(`${addressOf(item.role, item.node)}  ${factText(item.collection, item.row)}`);
  page.head("The run");
  scenesOf(result.trace).forEach((scene, i) => page.item(`${i + 1}. ${sceneText(scene)}`));
  return page.done();
}

/** What was tried, where nothing was found. */
export function drawNoWitness(
  subject: string,
  runs: number,
  tries: number,
  how: string,
  paint: Paint,
  width: number,
): string {
  const page = new Page(paint, width);
  page.head(`No witness for ${subject}`);
  page.text(
    `${runs.toLocaleString("en")} simulated runs, ${how}, over ${tries.toLocaleString("en")} small inputs, with messages delayed, reordered, batched and repeated, gave no two that contradict each other. ` +
      "That is no proof that there are none: it may take more facts, or others.",
  );
  return page.done();
}

/** Of a rule: that other rules race on the way to the same output, so that its part in the witness is not told apart. */
export function drawUndecided(rule: string, output: string, paint: Paint, width: number): string {
  const page = new Page(paint, width);
  page.head(`Whether it is ${rule}`);
  page.text(
    `Other rules on the way to ${output} depend on order as well, and with these coordinated nothing was found: what is shown may be theirs.`,
  );
  return page.done();
}

function sceneText({ at, takes, sealed, delivers, sends }: Scene): string {
  const parts = [
    ...(takes.length > 0 ? [`takes ${takes.join(", ")}`] : []),
    ...sealed.map(({ by, partition }) => `hears that ${by} has sealed ${partition}`),
    ...(takes.length + sealed.length === 0 && sends.every(({ seals }) => seals.length === 0)
      ? ["goes on with what it deferred"]
      : []),
    ...delivers.map(({ text, retract }) => (retract ? `takes back ${text}` : `delivers ${text}`)),
    ...sendsText(sends),
  ];
  return `${at} ${parts.join("; ")}`;
}

/** The same facts to several in one breath. */
function sendsText(sends: Scene["sends"]): readonly string[] {
  const receivers = new Map<string, string[]>();
  for (const { to, facts, seals } of sends) {
    const said = [
      ...(facts.length > 0 ? [`sends ${facts.join(", ")}`] : []),
      ...(seals.length > 0 ? [`seals ${seals.join(", ")}`] : []),
    ].join(" and ");
    receivers.set(said, [...(receivers.get(said) ?? []), to]);
  }
  return [...receivers].map(
    ([said, to]) => `${said} to ${to.length === 1 ? to[0] : `${to.slice(0, -1).join(", ")} and ${to.at(-1)}`}`,
  );
}

function contentsText(name: string, rows: readonly Row[]): string {
  return rows.length === 0 ? "nothing" : rows.map((row) => factText(name, row)).join(", ");
}
