import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Observed } from "../src/runtime/control.ts";
import { metricsText } from "../src/runtime/metrics.ts";

const observed: Observed = {
  name: "Report#1",
  ended: true,
  idle: false,
  sentTo: { "Analyst#0": 3 },
  receivedFrom: { "AdServer#0": 4, 'odd"\\\n': 1 },
  written: {},
  read: {},
  fired: {},
  changes: 0,
  drawn: 0,
  missing: 0,
  counts: {
    steps: 12,
    rowsIn: 0,
    rowsSent: 7,
    sealsSent: 1,
    envelopesSent: 3,
    outputs: 5,
    faults: 0,
    lastStepAt: 1_700_000_000_500,
  },
  duplicates: 2,
  badRows: 0,
  cpuMs: 1_250,
  awaited: [
    { collection: "click", key: ["a"], producers: ["AdServer#0", "AdServer#2"], held: 4 },
    { collection: "click", key: ["b"], producers: ["AdServer#2"], held: 1 },
  ],
  ready: true,
  waiting: 9,
  unacked: 1,
  unackedBytes: 120,
  backlogs: { "Analyst#0": { messages: 1, bytes: 120, silentMs: 4500 } },
  residentBytes: 1 << 26,
};

/** As a reader of the format takes it: samples by name and labels. Throws at what is no line of it. */
function parse(text: string): { readonly samples: Map<string, number>; readonly names: readonly string[] } {
  const samples = new Map<string, number>();
  const names: string[] = [];
  const typed = new Set<string>();
  for (const line of text.split("\n").slice(0, -1)) {
    const head = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (head !== null) {
      if (head[1] === "HELP") names.push(head[2]);
      else {
        expect(["counter", "gauge"]).toContain(head[3]);
        typed.add(head[2]);
      }
      continue;
    }
    const sample = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\]|\\[\\"n])*",?)*\}) (-?[0-9.e+]+)$/.exec(line);
    if (sample === null) throw new Error(`no line of the format: ${line}`);
    expect(typed).toContain(sample[1]);
    samples.set(sample[1] + sample[2], Number(sample[3]));
  }
  expect(text.endsWith("\n")).toBe(true);
  return { samples, names };
}

test("metrics are text that Prometheus reads", () => {
  const { samples } = parse(metricsText(observed));
  const node = 'node="Report#1"';
  expect(samples.get(`dlc_steps_total{${node}}`)).toBe(12);
  expect(samples.get(`dlc_messages_received_total{${node},from="AdServer#0"}`)).toBe(4);
  expect(samples.get(`dlc_messages_received_total{${node},from="odd\\"\\\\\\n"}`)).toBe(1);
  expect(samples.get(`dlc_awaited_partitions{${node},collection="click",from="AdServer#0"}`)).toBe(1);
  expect(samples.get(`dlc_awaited_partitions{${node},collection="click",from="AdServer#2"}`)).toBe(2);
  expect(samples.get(`dlc_held_rows{${node},collection="click"}`)).toBe(5);
  expect(samples.get(`dlc_last_step_timestamp_seconds{${node}}`)).toBe(1_700_000_000.5);
  expect(samples.get(`dlc_unacknowledged_messages{${node},to="Analyst#0"}`)).toBe(1);
  expect(samples.get(`dlc_unacknowledged_bytes{${node},to="Analyst#0"}`)).toBe(120);
  expect(samples.get(`dlc_silent_seconds{${node},to="Analyst#0"}`)).toBe(4.5);
  expect(samples.get(`process_cpu_seconds_total{${node}}`)).toBe(1.25);
});

test("before the first step there is no time of the last one", () => {
  const { lastStepAt: _, ...counts } = observed.counts;
  expect(metricsText({ ...observed, counts })).not.toContain("dlc_last_step");
});

test("docs/operations.md lists every metric, and no other", () => {
  const page = readFileSync(new URL("../docs/operations.md", import.meta.url), "utf8");
  const listed = [...page.matchAll(/^\| `([a-z_]+)`/gm)].map(([, name]) => name);
  expect(listed).toEqual(parse(metricsText(observed)).names);
});
