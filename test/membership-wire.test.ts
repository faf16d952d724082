import { expect, test } from "vitest";
import type { MembershipPart } from "../src/runtime/membership/changes.ts";
import { fieldsOf, membershipOf } from "../src/runtime/membership/wire.ts";
import { FrameError } from "../src/runtime/transports/frames.ts";
import { WireFormat } from "../src/runtime/transports/wire.ts";
import type { Part } from "../src/runtime/messages.ts";
import { collection, handRole, sealedBy } from "./support/roles.ts";

const parts: readonly MembershipPart[] = [
  { kind: "view", view: 3 },
  { kind: "mark", view: 4 },
  { kind: "whole", view: 5 },
  { kind: "join", host: "10.0.0.1", port: 7201 },
  { kind: "word", word: "waits" },
  { kind: "refused", why: "no" },
  {
    kind: "change",
    change: {
      view: 1,
      kind: "join",
      address: "R#3",
      place: { host: "h", port: 1 },
      sponsor: "R#0",
      senders: ["A", "B"],
    },
  },
  {
    kind: "change",
    change: { view: 2, kind: "join", address: "A#3", place: { host: "h", port: 1 }, sponsor: null, senders: [] },
  },
  { kind: "change", change: { view: 3, kind: "leave", address: "R#0", place: null, sponsor: null, senders: [] } },
  { kind: "snapshot", view: 1, index: 2, of: 3, data: "AAAA" },
];

test("what is said about members comes out as it went in", () => {
  for (const part of parts) expect(membershipOf(JSON.parse(JSON.stringify(fieldsOf(part))) as unknown[])).toEqual(part);
});

test("whatever has another form is refused", () => {
  const wrong: readonly unknown[][] = [
    [],
    ["vote", 1],
    ["view"],
    ["view", -1],
    ["view", "1"],
    ["mark", 1.5],
    ["join", "h"],
    ["join", "h", 70000],
    ["word", "hello"],
    ["refused", 3],
    ["change", 1, "join", "R#3", "h", 1],
    ["change", 1, "join", "R#3", "h", 1, 7],
    ["change", 1, "join", "R#3", null, 1, "R#0"],
    ["change", 1, "join", "R#3", "h", 1, "R#0", 5],
    ["change", 1, "vanish", "R#3"],
    ["change", 1, "leave", 3],
    ["snapshot", 1, 3, 3, ""],
    ["snapshot", 1, 0, 2_000_000, ""],
    ["snapshot", 1, 0, 1, 5],
  ];
  for (const fields of wrong) expect(membershipOf(fields), JSON.stringify(fields)).toBe(null);
});

const click = collection("channel", "click", { at: "bytes", id: "int" }, { sealed: sealedBy([0], ["A"]) });
const wire = new WireFormat([handRole({ role: "R", collections: [click], rules: () => ({ step: () => ({}) }) }).meta]);

test("values of seals are those of their columns", () => {
  const key = [new Uint8Array([1, 2])];
  const sent: readonly Part[] = [
    { kind: "view", view: 1 },
    { kind: "seals", target: "R.click", key },
    { kind: "seals", target: "R.click", key: null },
    { kind: "fix", target: "R.click", key, producers: ["A#0", "A#1"] },
    { kind: "fix", target: "R.click", key: null, producers: [] },
    { kind: "barred", target: "R.click", keys: [key] },
    { kind: "barred", target: "R.click", keys: null },
  ];
  const [frame] = wire.encode({ from: "A#0", to: "R#0", epoch: 1, seq: 1, parts: sent });
  expect(wire.decodeParts((JSON.parse(frame.toString("utf8", 4)) as unknown[]).slice(2))).toEqual(sent);
  for (const wrong of [
    [5, "view", -1],
    [7, "R.click", 5],
    [8, "R.click", null, [1]],
    [9, "R.click", [1]],
  ])
    expect(() => wire.decodePart(wrong)).toThrow(FrameError);
});
