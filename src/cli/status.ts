/** `dlc status`: what the processes of a deployment say of themselves, each on its port for metrics. */
import type { Observed } from "../runtime/control.ts";
import { placesOf } from "../runtime/deployment.ts";
import type { Place } from "../runtime/deployment.ts";
import { readDeployment } from "./deployed.ts";
import { WrongUse } from "./io.ts";
import type { Io } from "./io.ts";
import { awaitedLine, awaitedSeals, plural, table } from "./launch/report.ts";

/** A receiver that acknowledges nothing for so long is worth a line. */
const SILENT_MS = 3000;

export interface StatusOptions {
  readonly json?: boolean;
  /** How long a process may take to answer, milliseconds. */
  readonly timeout: number;
}

/** What is known of one process: what it says, or why nothing is known. */
type Answer =
  | { readonly name: string; readonly state: "ready" | "not ready"; readonly observed: Observed }
  | { readonly name: string; readonly state: "unreachable" | "unknown"; readonly reason: string };

/** 0: every process takes part; 1: some does not, or does not answer. */
export async function statusCommand(path: string, options: StatusOptions, io: Io): Promise<number> {
  const deploy = readDeployment(path, io);
  const places = [...placesOf(deploy)];
  if (places.every(([, { metrics }]) => metrics === undefined))
    throw new WrongUse(`${path} says of no process where its metrics are: give each place a port, as "metrics": 9201`);
  const answers = await Promise.all(places.map(([name, place]) => ask(name, place, options.timeout)));
  const observed = answers.flatMap((answer) => ("observed" in answer ? [answer.observed] : []));
  const awaited = awaitedSeals(observed, new Map());
  if (options.json) io.out(`${JSON.stringify({ version: 1, nodes: answers, awaited }, null, 2)}\n`);
  else {
    const lines = [
      ...nodesTable(answers),
      ...awaited.map(awaitedLine),
      ...silentLines(observed),
      ...goneLines(observed),
    ];
    io.out(`${lines.join("\n")}\n`);
  }
  return answers.every(({ state }) => state === "ready") ? 0 : 1;
}

async function ask(name: string, { host, metrics }: Place, timeout: number): Promise<Answer> {
  if (metrics === undefined) return { name, state: "unknown", reason: "the deployment gives it no port for metrics" };
  if (metrics === 0) return { name, state: "unknown", reason: "its port for metrics is any that is free" };
  const url = `http://${urlHost(host)}:${metrics}/status`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeout) });
    const answer: unknown = await response.json();
    if (!isObserved(answer)) return { name, state: "unknown", reason: `what answers at ${url} is no process of dlc` };
    if (answer.name !== name) return { name, state: "unknown", reason: `at ${url} is ${answer.name}` };
    return { name, state: answer.ready ? "ready" : "not ready", observed: answer };
  } catch (error) {
    if (error instanceof SyntaxError)
      return { name, state: "unknown", reason: `what answers at ${url} is no process of dlc` };
    const { name: kind, cause } = error as Error & { readonly cause?: { readonly code?: string } };
    const reason =
      kind === "TimeoutError" ? `no answer within ${timeout} ms` : (cause?.code ?? (error as Error).message);
    return { name, state: "unreachable", reason: `${url}: ${reason}` };
  }
}

/** Where to ask one that listens everywhere: here. */
function urlHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

/** As far as it is shown: another version may say more. */
function isObserved(value: unknown): value is Observed {
  if (typeof value !== "object" || value === null) return false;
  const { name, ready, counts, waiting, unacked, awaited } = value as Partial<Observed>;
  const numbers = [counts?.steps, counts?.rowsIn, counts?.rowsSent, counts?.outputs, counts?.faults, waiting, unacked];
  return (
    typeof name === "string" &&
    typeof ready === "boolean" &&
    numbers.every((number) => typeof number === "number") &&
    (awaited === undefined || Array.isArray(awaited))
  );
}

/** Of receivers that acknowledge nothing, by those who have sent them something. */
function silentLines(observed: readonly Observed[]): readonly string[] {
  const found = new Map<string, { ms: number; messages: number; bytes: number; at: string[] }>();
  for (const { name, backlogs = {} } of observed)
    for (const [to, { messages, bytes, silentMs }] of Object.entries(backlogs)) {
      if (silentMs < SILENT_MS) continue;
      const all = found.get(to) ?? { ms: 0, messages: 0, bytes: 0, at: [] };
      all.ms = Math.max(all.ms, silentMs);
      all.messages += messages;
      all.bytes += bytes;
      all.at.push(name);
      found.set(to, all);
    }
  return [...found].map(
    ([to, { ms, messages, bytes, at }]) =>
      `${to} has acknowledged nothing for ${Math.floor(ms / 1000)} s: ${plural(messages, "message")} (${plural(bytes, "byte")}) ${messages === 1 ? "waits" : "wait"} for it at ${at.join(", ")}`,
  );
}

/** Of instances that have been declared gone, by what those say that know it. */
function goneLines(observed: readonly Observed[]): readonly string[] {
  const found = new Map<string, number[]>();
  for (const { gone = {} } of observed)
    for (const [address, failed] of Object.entries(gone)) found.set(address, [...(found.get(address) ?? []), failed]);
  return [...found].map(([address, counts]) => {
    const at = counts.filter((failed) => failed > 0).length;
    const failed = counts.reduce((sum, each) => sum + each, 0);
    return `${address} has been declared gone: ${failed === 0 ? "nothing has waited for its seal" : `${plural(failed, "partition")} given up at ${plural(at, "instance")}`}`;
  });
}

function nodesTable(answers: readonly Answer[]): readonly string[] {
  const head = ["node", "steps", "rows in", "rows out", "outputs", "waiting", "unacknowledged", ""];
  const body = answers.map((answer) => {
    if (!("observed" in answer)) return [answer.name, "", "", "", "", "", "", `${answer.state}: ${answer.reason}`];
    const { counts, waiting, unacked, badRows } = answer.observed;
    const numbers = [counts.steps, counts.rowsIn, counts.rowsSent, counts.outputs, waiting, unacked];
    const remarks = [
      answer.state,
      ...(badRows > 0 ? [plural(badRows, "bad row")] : []),
      ...(counts.faults > 0 ? [plural(counts.faults, "fault")] : []),
    ];
    return [answer.name, ...numbers.map((n) => n.toLocaleString("en-US")), remarks.join(", ")];
  });
  return table(head, body);
}
