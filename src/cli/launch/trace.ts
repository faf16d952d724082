/** `dlc run --trace`: what every instance did, as a space-time diagram or as a trace that common viewers open. */
import type { Description } from "../../runtime/control.ts";
import type { TimedScene, Trace } from "../../runtime/tracing.ts";
import { drawScenesSvg } from "../../pictures/space-time.ts";
import { traceEventsOf } from "../../pictures/trace-events.ts";
import { writeAsked } from "../files.ts";

/** Steps that one picture can hold. */
const mostDrawn = 400;

/** Returns what is to be said of it. `traces`: null of an instance that died. */
export function writeTrace(path: string, program: Description, traces: readonly (Trace | null)[]): string {
  const scenes = traces.flatMap((trace) => trace?.scenes ?? []).toSorted((a, b) => a.startedMs - b.startedMs);
  const dropped = traces.reduce((sum, trace) => sum + (trace?.dropped ?? 0), 0);
  const roles = program.roles.map(({ role }) => role);
  const isPicture = path.toLowerCase().endsWith(".svg");
  const drawn = isPicture ? scenes.slice(0, mostDrawn) : scenes;
  const left = scenes.length - drawn.length + dropped;
  const notes = [
    ...(left > 0
      ? [`the first ${drawn.length} of ${drawn.length + left} steps${isPicture ? " (.json holds more)" : ""}`]
      : []),
    ...(traces.includes(null) ? ["without those that died"] : []),
  ];
  const text = isPicture
    ? drawScenesSvg(`${program.program}: ${span(drawn)}`, drawn, roles)
    : `${JSON.stringify(traceEventsOf(program.program, drawn, roles))}\n`;
  writeAsked(path, process.cwd(), text);
  return `wrote ${path}${notes.length === 0 ? "" : `: ${notes.join(", ")}`}`;
}

function span(scenes: readonly TimedScene[]): string {
  if (scenes.length === 0) return "nothing happened";
  const last = Math.max(...scenes.map(({ endedMs }) => endedMs));
  return `${scenes.length} steps in ${Math.max(1, Math.round(last - scenes[0].startedMs)).toLocaleString("en")} ms`;
}
