/** Who acknowledges nothing is said once, and how long it has lasted to whoever asks. */
import { afterEach, expect, test } from "vitest";
import { Backlogs } from "../src/runtime/backlogs.ts";
import type { Backlog } from "../src/runtime/transports/transport.ts";

let watched: Backlogs | null = null;
afterEach(() => watched?.end());

function watch() {
  const waiting = new Map<string, Backlog>();
  const lines: string[] = [];
  const backlogs = new Backlogs({ backlogs: () => waiting, log: (line) => lines.push(line) });
  watched = backlogs;
  const wait = (name: string, acked: number, messages: number, isReported = false): void =>
    void waiting.set(name, { messages, bytes: 10 * messages, acked, isReported });
  return { waiting, lines, backlogs, wait };
}

test("one that acknowledges nothing for ten seconds is told once, and when it goes on", () => {
  const { lines, backlogs, wait } = watch();
  wait("R#0", 5, 1);
  wait("R#1", 5, 1);
  for (let second = 0; second < 10; second++) {
    // The other one is slow, and acknowledges.
    wait("R#0", 5, 2 + second);
    wait("R#1", 6 + second, 1);
    backlogs.look(1000 * second);
  }
  expect(lines).toEqual([]);
  for (const ms of [10_000, 11_000, 12_000]) backlogs.look(ms);
  expect(lines).toEqual(["R#0 has acknowledged nothing for 10 s; messages that wait: 11 (110 bytes)"]);
  expect(backlogs.of(12_500)).toEqual({
    "R#0": { messages: 11, bytes: 110, silentMs: 12_500 },
    "R#1": { messages: 1, bytes: 10, silentMs: 3500 },
  });
});

test.each(["it goes on", "nothing waits any more"])("that %s is told too", (how) => {
  const { waiting, lines, backlogs, wait } = watch();
  wait("R#0", 0, 3);
  for (const ms of [0, 10_000]) backlogs.look(ms);
  if (how === "it goes on") wait("R#0", 1, 2);
  else waiting.clear();
  for (const ms of [11_000, 12_000]) backlogs.look(ms);
  expect(lines.slice(1)).toEqual(["R#0 acknowledges again"]);
});

test("of one that cannot be reached its connection has told", () => {
  const { lines, backlogs, wait } = watch();
  wait("R#0", 0, 3, true);
  for (const ms of [0, 10_000, 20_000]) backlogs.look(ms);
  expect(lines).toEqual([]);
  wait("R#0", 0, 3);
  backlogs.look(21_000);
  expect(lines).toHaveLength(1);
});
