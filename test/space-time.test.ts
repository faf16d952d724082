/** What space-time diagrams show of simulated runs. */
import { expect, test } from "vitest";
import { compile } from "../src/compiler/compile.ts";
import { drawRunSvg } from "../src/pictures/space-time.ts";
import { scenesOf } from "../src/pictures/story.ts";
import { simulate } from "../src/verify/simulator.ts";
import { ads } from "./place-of-tests.ts";
import { inputsOf, programsOf } from "./support/runs.ts";
import type { Given } from "./support/runs.ts";

const counts = { AdServer: 2, Report: 1, Analyst: 1 };
const given: Given = [
  ["AdServer.click", "hats", "h", "u1"],
  ["AdServer#1.click", "shoes", "s", "u2"],
  ["Analyst.ask", "hats"],
  ["seal AdServer.click", "hats"],
  ["seal AdServer#1.click", "hats"],
];

function traceOf(program: string) {
  const programs = programsOf(compile({ path: "ads.dlc", text: program }).plan!);
  const inputs = inputsOf(given).filter((input) => program.includes("sealed") || !("seal" in input));
  return simulate({ programs, deployment: { counts }, inputs, schedule: "single", seed: 1 }).trace;
}

test("seals are lines of those who give and of those who get them, with arrows of their own", () => {
  const trace = traceOf(ads());
  const svg = drawRunSvg("ads", trace, Object.keys(counts));
  expect(svg).toContain("□ seals Report.click(&quot;hats&quot;)");
  expect(svg).toMatch(/■ click\(&quot;hats&quot;\) sealed by AdServer#[01]/);
  expect(svg.match(/<path [^>]*stroke-dasharray[^>]*marker-end="url\(#seal\)"/g)!.length).toBeGreaterThanOrEqual(3);
  expect(svg).toContain("a seal: its sender has no more facts of a partition");
  // Who answers has heard of both seals before.
  const scenes = scenesOf(trace);
  const answers = scenes.findIndex(({ at, sends }) => at === "Report#0" && sends.some(({ to }) => to === "Analyst#0"));
  const heard = scenes.slice(0, answers + 1).flatMap(({ at, sealed }) => (at === "Report#0" ? sealed : []));
  const ofHats = heard.filter(({ partition }) => partition.endsWith('click("hats")')).map(({ by }) => by);
  expect(ofHats.toSorted()).toEqual(["AdServer#0", "AdServer#1"]);
});

test("a log has a line of its own: each message goes there, and from there to every replica", () => {
  const scenes = scenesOf(traceOf(ads("")));
  const logs = scenes.filter(({ at }) => at === "log");
  expect(logs.flatMap(({ takes }) => takes).toSorted()).toEqual([
    'Report.click("hats", "h", "u1")',
    'Report.click("shoes", "s", "u2")',
    'Report.request("Analyst#0", "hats")',
  ]);
  const ids = new Set(scenes.flatMap(({ sends }) => sends.map(({ id, to }) => `${id}>${to}`)));
  const taken = scenes.flatMap(({ at, received }) => received.map((id) => `${id}>${at}`));
  expect(taken.length).toBeGreaterThanOrEqual(3 + 3 + 1);
  for (const id of taken) expect(ids).toContain(id);
  expect(drawRunSvg("ads", traceOf(ads("")), Object.keys(counts))).toContain(">log</text>");
});

test("where nothing is sealed, nothing of seals is told", () => {
  const svg = drawRunSvg("ads", traceOf(ads("")), Object.keys(counts));
  expect(svg).toContain("a message");
  for (const text of ["□", "■", "seal:", "stroke-dasharray"]) expect(svg).not.toContain(text);
});
