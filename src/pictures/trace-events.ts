/**
 * Runs in the Trace Event Format, which Perfetto and chrome://tracing open: an instance is a process, a step a slice, a
 * message an arrow from the step that sent it to the one that took it.
 */
import type { TimedScene } from "../runtime/tracing.ts";

/** `roles` in the order of the program. Times are microseconds since the first step. */
export function traceEventsOf(program: string, scenes: readonly TimedScene[], roles: readonly string[]): object {
  const addresses = [...new Set(scenes.map(({ at }) => at))].toSorted((a, b) => orderOf(a, roles) - orderOf(b, roles));
  const pids = new Map(addresses.map((address, i) => [address, i + 1]));
  const start = Math.min(...scenes.map(({ startedMs }) => startedMs));
  const micros = (ms: number): number => Math.round((ms - start) * 1000);
  const sent = new Map<string, TimedScene>();
  for (const scene of scenes) for (const { id, to } of scene.sends) sent.set(`${id}>${to}`, scene);
  const events: object[] = addresses.flatMap((address) => [
    { ph: "M", name: "process_name", pid: pids.get(address), tid: 1, args: { name: address } },
    { ph: "M", name: "process_sort_index", pid: pids.get(address), tid: 1, args: { sort_index: pids.get(address) } },
  ]);
  let flows = 0;
  for (const scene of scenes) {
    const { at, takes, received, sealed, delivers, sends, startedMs, endedMs, more } = scene;
    const place = { pid: pids.get(at), tid: 1 };
    const args = {
      takes,
      delivers: delivers.map(({ text, retract }) => (retract ? `-${text}` : text)),
      sealed: sealed.map(({ by, partition }) => `${partition} by ${by}`),
      sends: sends.map(
        ({ to, facts, seals }) => `${to}: ${[...facts, ...seals.map((each) => `seal of ${each}`)].join(", ")}`,
      ),
      ...(more > 0 ? { "facts left out": more } : {}),
    };
    events.push({
      ph: "X",
      cat: "step",
      name: nameOf(scene),
      ts: micros(startedMs),
      dur: Math.max(1, micros(endedMs) - micros(startedMs)),
      ...place,
      args,
    });
    for (const id of new Set([...received, ...sealed.map((each) => each.id)])) {
      const from = sent.get(`${id}>${at}`);
      if (from === undefined) continue;
      const kind = received.includes(id) ? "message" : "seal";
      const flow = { cat: kind, name: kind, id: ++flows };
      events.push({ ph: "s", ...flow, pid: pids.get(from.at), tid: 1, ts: micros(from.startedMs) });
      // It binds to the slice that encloses it.
      events.push({ ph: "f", bp: "e", ...flow, ...place, ts: micros(startedMs) });
    }
  }
  return { displayTimeUnit: "ms", otherData: { program }, traceEvents: events };
}

/** The collections that it takes, or what it delivers. */
function nameOf({ takes, sealed, delivers, sends }: TimedScene): string {
  const names = new Set(
    (takes.length > 0 ? takes : delivers.map(({ text }) => text)).map((fact) => fact.slice(0, fact.indexOf("("))),
  );
  if (names.size > 0) return [...names].join(", ");
  return sealed.length > 0 || sends.some(({ seals }) => seals.length > 0) ? "seal" : "deferred";
}

/** Roles in that order, instances by their numbers; a log last. */
export function orderOf(address: string, roles: readonly string[]): number {
  const [role, index] = address.split("#");
  const at = roles.indexOf(role);
  return (at < 0 ? roles.length : at) * 10_000 + Number(index ?? 0);
}
