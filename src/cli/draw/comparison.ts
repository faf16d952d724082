/** What a plan costs, what stops when something cannot be reached, and what other plans would be. */
import type { CollectionId } from "../../compiler/ir.ts";
import type { Cost, Insertion, OtherPlan, Plan, Stop } from "../../compiler/plan.ts";
import { describe, drawLabel, roleOf } from "./insertion.ts";
import type { Page } from "./page.ts";
import { capital, labelText } from "./words.ts";

/** Of one output, or (null) of all that a program has. */
export function drawComparison(page: Page, plan: Plan, output: CollectionId | null): void {
  const { comparison, analysis, insertions } = plan;
  const { ir } = analysis;
  if (insertions.every(({ mechanism }) => mechanism === "none")) return;
  const named = output === null ? "" : ` for ${output}`;
  page.head("What the coordination costs");
  if (comparison.cost === null) {
    page.text(
      "How much comes is not known, so that plans are compared by what they insert, from the cheapest on: nothing, a seal with one producer, a seal, the end of the stream, a log for each value, one log. Where it is declared (`rate 500`), or measured by `dlc run --profile`, they are compared by messages a second.",
    );
  } else {
    const from = comparison.rates === "profiled" ? "measured in a run" : "declared in the program";
    page.item(`${capital(costText(comparison.cost))}, by the rates ${from}`);
    if (comparison.assumed.length > 0)
      page.item(`Assumed: one fact a second of ${comparison.assumed.join(", ")}, of which nothing is said`);
  }
  drawStops(page, comparison.stops, output);

  page.head("Other plans");
  const { baseline, others } = comparison;
  const hasLog = insertions.some(({ mechanism, epochMs }) => mechanism === "order" || epochMs !== null);
  const isBaseline = (some: readonly Insertion[]): boolean =>
    JSON.stringify(baseline.insertions) === JSON.stringify(some);
  const draw = (other: OtherPlan, what: string): void => {
    const inserted = other.insertions.map((insertion) => describe(insertion, ir)).join("; ");
    const cost = other.cost === null ? "" : ` ${capital(costText(other.cost))}.`;
    page.item(`${what}: ${inserted === "" ? "nothing inserted" : inserted}.${cost}`);
    const shown = other.outputs.filter((each) => {
      const own = plan.outputs.find((one) => one.output === each.output);
      return output === null ? own?.after.name !== each.after.name : each.output === output;
    });
    if (shown.length === 0)
      page.text(
        `The labels would be the same${inserted === "" && hasLog ? ", but no run could be told again from a log" : ""}.`,
        4,
      );
    for (const each of shown) {
      page.text(
        `${each.output} would be ${drawLabel(each.after, ir.collections.get(each.output))}, ${labelText(each.after.name, roleOf(each.output, ir))}.`,
        4,
      );
    }
    for (const stop of other.stops) if (concerns(stop, output)) page.text(stopText(stop, output), 4);
  };
  if (isBaseline(insertions))
    page.item(`This plan is the baseline${named}: coordination at the inputs of the roles that need it.`);
  else if (!others.some((other) => isBaseline(other.insertions)))
    draw(baseline, "--plan baseline, coordination in front of whole roles");
  for (const other of others)
    draw(other, `--plan ${other.name}${isBaseline(other.insertions) ? ", which is also the baseline" : ""}`);
}

function drawStops(page: Page, stops: readonly Stop[], output: CollectionId | null): void {
  for (const stop of stops) if (concerns(stop, output)) page.item(stopText(stop, output));
}

/** A replica that is away stops nothing, which is said of all outputs. */
function concerns({ outputs }: Stop, output: CollectionId | null): boolean {
  return output === null || outputs.length === 0 || outputs.includes(output);
}

function stopText({ unreachable, what, outputs }: Stop, output: CollectionId | null): string {
  const of = output === null && outputs.length > 0 ? ` (${outputs.join(", ")})` : "";
  return `While ${unreachable} cannot be reached, ${what}${of}.`;
}

export function costText({ messages, waitMs }: Cost): string {
  if (messages === 0 && waitMs === 0) return "nothing more is sent, and nothing waits";
  const sent =
    messages === 1
      ? "one message"
      : `${(messages < 1 ? messages : Number(messages.toFixed(1))).toLocaleString("en-US", { maximumFractionDigits: 6 })} messages`;
  const wait =
    waitMs === null ? "answers wait for the end of the stream" : `answers wait for ${timeText(waitMs)} more on average`;
  return `${sent} a second more, and ${wait}`;
}

function timeText(ms: number): string {
  return ms < 1000 ? `${Number(ms.toFixed(1))} ms` : `${Number((ms / 1000).toFixed(1))} s`;
}
