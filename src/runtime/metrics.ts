/** What a node counts, in the text form that Prometheus reads (version 0.0.4). */
import type { SilentBacklog } from "./backlogs.ts";
import type { Observed } from "./control.ts";

/** The content type of the text. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [Labels, number];

/** Name, kind, help, and what is measured. */
type Metric = readonly [string, "counter" | "gauge", string, (of: Observed) => number | readonly Sample[] | undefined];

const metrics: readonly Metric[] = [
  ["dlc_steps_total", "counter", "Steps taken; of a log, batches placed.", ({ counts }) => counts.steps],
  ["dlc_rows_in_total", "counter", "Rows taken from the host, files and stdin.", ({ counts }) => counts.rowsIn],
  ["dlc_rows_sent_total", "counter", "Rows sent to other instances and to logs.", ({ counts }) => counts.rowsSent],
  ["dlc_seals_sent_total", "counter", "Seals sent to other instances.", ({ counts }) => counts.sealsSent],
  ["dlc_outputs_total", "counter", "Rows of outputs.", ({ counts }) => counts.outputs],
  [
    "dlc_faults_total",
    "counter",
    "What was refused or has failed: rows, messages, peers, partitions.",
    ({ counts }) => counts.faults,
  ],
  ["dlc_bad_rows_total", "counter", "Lines of files and stdin that are no rows.", ({ badRows }) => badRows],
  ["dlc_duplicates_total", "counter", "Messages that came again and were dropped.", ({ duplicates }) => duplicates],
  ["dlc_messages_sent_total", "counter", "Messages by receiver.", ({ sentTo }) => each("to", sentTo)],
  ["dlc_messages_received_total", "counter", "Messages by sender.", ({ receivedFrom }) => each("from", receivedFrom)],
  ["dlc_timer_firings_total", "counter", "Firings by timer.", ({ fired }) => each("timer", fired)],
  ["dlc_waiting_events", "gauge", "Events that wait for a step.", ({ waiting }) => waiting],
  [
    "dlc_unacknowledged_messages",
    "gauge",
    "Messages that a receiver has not acknowledged.",
    ({ backlogs }) => backlog(backlogs, ({ messages }) => messages),
  ],
  ["dlc_unacknowledged_bytes", "gauge", "Bytes of them.", ({ backlogs }) => backlog(backlogs, ({ bytes }) => bytes)],
  [
    "dlc_silent_seconds",
    "gauge",
    "How long it has acknowledged nothing of them.",
    ({ backlogs }) => backlog(backlogs, ({ silentMs }) => silentMs / 1000),
  ],
  ["dlc_awaited_partitions", "gauge", "Partitions that wait for a producer's seal.", awaitedPartitions],
  ["dlc_held_rows", "gauge", "Rows that wait for the seals of their partitions.", heldRows],
  [
    "dlc_last_step_timestamp_seconds",
    "gauge",
    "When the last step was done, since 1970.",
    ({ counts }) => counts.lastStepAt && counts.lastStepAt / 1000,
  ],
  ["process_cpu_seconds_total", "counter", "CPU time of the process.", ({ cpuMs = 0 }) => cpuMs / 1000],
  ["process_resident_memory_bytes", "gauge", "Resident memory of the process.", ({ residentBytes }) => residentBytes],
];

/** Every metric with `node` (`Report#0`) and what else it is told apart by. What a node does not have is left out. */
export function metricsText(observed: Observed): string {
  let text = "";
  for (const [name, kind, help, measure] of metrics) {
    const measured = measure(observed);
    if (measured === undefined) continue;
    const samples: readonly Sample[] = typeof measured === "number" ? [[{}, measured]] : measured;
    text += `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n`;
    for (const [labels, value] of samples)
      text += `${name}{${labelsText({ node: observed.name, ...labels })}} ${value}\n`;
  }
  return text;
}

function labelsText(labels: Labels): string {
  const escaped = (value: string): string => value.replace(/[\\"\n]/g, (c) => (c === "\n" ? "\\n" : `\\${c}`));
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(",");
}

function each(label: string, counts: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(counts).map(([name, count]) => [{ [label]: name }, count]);
}

function backlog(of: Observed["backlogs"] = {}, measure: (backlog: SilentBacklog) => number): readonly Sample[] {
  return Object.entries(of).map(([to, each]) => [{ to }, measure(each)]);
}

/** By collection and producer: a few of each, however many partitions there are. */
function awaitedPartitions({ awaited = [] }: Observed): readonly Sample[] {
  const found = new Map<string, Sample>();
  for (const { collection, producers } of awaited) {
    for (const from of producers) {
      const id = JSON.stringify([collection, from]);
      found.set(id, [{ collection, from }, (found.get(id)?.[1] ?? 0) + 1]);
    }
  }
  return [...found.values()];
}

function heldRows({ awaited = [] }: Observed): readonly Sample[] {
  const held: Record<string, number> = {};
  for (const { collection, held: rows } of awaited) held[collection] = (held[collection] ?? 0) + rows;
  return each("collection", held);
}
