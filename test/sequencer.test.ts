import { deserialize, serialize } from "node:v8";
import { describe, expect, test } from "vitest";
import type { Envelope, LogRun, Part } from "../src/runtime/messages.ts";
import type { RoleMeta } from "../src/runtime/program.ts";
import { LOG_SHARES, ownerOf } from "../src/runtime/routing.ts";
import { Sequencer } from "../src/runtime/sequencer.ts";
import { State } from "../src/runtime/state.ts";
import { collection, handRole } from "./support/roles.ts";

const counts = { R: 2, O: 3, P: 2 };
const ordering = { log: "R.log", by: [0] };
const metas: RoleMeta[] = [
  handRole({
    role: "R",
    replicated: true,
    collections: [
      collection("channel", "click", { campaign: "string", id: "int" }, { ordering }),
      collection("channel", "request", { id: "int", campaign: "string" }, { ordering: { log: "R.log", by: [1] } }),
      collection("channel", "free", { id: "int" }),
    ],
    rules: () => ({ step: () => ({}) }),
  }).meta,
  handRole({
    role: "O",
    partitionedBy: ["k"],
    collections: [collection("channel", "put", { v: "int", k: "string" }, { ordering: { log: "O.log", by: [] } })],
    rules: () => ({ step: () => ({}) }),
  }).meta,
];

function click(campaign: string, id: number, to: string | null = null): LogRun {
  return { target: "R.click", to, from: "P#0", rows: [[campaign, id]] };
}

function append(seq: number, ...runs: LogRun[]): Envelope {
  return { from: "P#0", to: "log", epoch: 1, seq, parts: [{ kind: "append", log: "R.log", runs }] };
}

function tick(seq: number, value: string, after: number, from = "R#0"): Envelope {
  return { from, to: "log", epoch: 1, seq, parts: [{ kind: "tick", log: "R.log", value: [shareOf(value)], after }] };
}

/** The share of a log in which a gate value lies. */
function shareOf(value: string): number {
  return ownerOf([value], LOG_SHARES);
}

/** The two gate values lie in different shares of the log. */
const shares = new Map([
  [shareOf("shoes"), "shoes"],
  [shareOf("hats"), "hats"],
]);

/** `R#0 shoes 1: 7 8`: receiver, share by its gate value, batch, ids. */
function told(envelopes: readonly Envelope[]): string[] {
  const text = (part: Part): string =>
    part.kind === "batch"
      ? `${part.value.map((share) => shares.get(share as number)).join()} ${part.index}: ${part.runs.flatMap(({ rows }) => rows.map((row) => row.find((value) => typeof value === "number"))).join(" ")}`
      : part.kind;
  return envelopes.flatMap(({ to, parts }) => parts.map((part) => `${to} ${text(part)}`));
}

describe("the sequencer", () => {
  test("that is loaded in the midst of an epoch ends it", () => {
    const ordered = { ordering: { log: "R.log", by: [], everyMs: 100 } };
    const collections = [collection("channel", "click", { campaign: "string", id: "int" }, ordered)];
    const byEpochs = handRole({ role: "R", replicated: true, collections, rules: () => ({ step: () => ({}) }) }).meta;
    const saved = new State(null);
    const before = new Sequencer({ counts }, [byEpochs], 9);
    before.receive(append(1, click("shoes", 1)));
    before.persist(saved);
    const sequencer = new Sequencer({ counts }, [byEpochs], 9);
    sequencer.persist(new State(deserialize(serialize(saved.values)) as unknown[]));
    expect(sequencer.isGathering).toBe(true);
    sequencer.receive(append(2, click("shoes", 2)));
    expect(told(sequencer.endEpoch())).toEqual(["R#0  1: 1 2", "R#1  1: 1 2"]);
    expect(sequencer.isGathering).toBe(false);
  });

  test("gives what comes in one epoch to every replica as one batch, when the epoch is over", () => {
    const gathered = { log: "R.log", by: [], everyMs: 100 };
    const byEpochs = handRole({
      role: "R",
      replicated: true,
      collections: [collection("channel", "click", { campaign: "string", id: "int" }, { ordering: gathered })],
      rules: () => ({ step: () => ({}) }),
    }).meta;
    const sequencer = new Sequencer({ counts }, [byEpochs, metas[1]], 9);
    expect(sequencer.receive(append(1, click("shoes", 1)))).toEqual([]);
    expect(sequencer.isGathering).toBe(true);
    expect(sequencer.receive(append(2, click("hats", 2), click("hats", 3, "R#1")))).toEqual([]);
    // Another log is not held up by it.
    const other = {
      ...append(1),
      from: "P#1",
      parts: [{ kind: "append", log: "O.log", runs: [{ target: "O.put", to: null, from: "P#1", rows: [[5, "k"]] }] }],
    } satisfies Envelope;
    expect(told(sequencer.receive(other)).map((each) => each.slice(0, 2))).toEqual(["O#"]);
    expect(told(sequencer.endEpoch())).toEqual(["R#0  1: 1 2", "R#1  1: 1 2 3"]);
    expect([sequencer.isGathering, sequencer.endEpoch()]).toEqual([false, []]);
    // An empty batch that is asked for is an epoch of its own.
    sequencer.take({ ...append(3), parts: [{ kind: "tick", log: "R.log", value: [], after: 1 }] });
    expect([sequencer.flush(), told(sequencer.endEpoch())]).toEqual([[], ["R#0  2: ", "R#1  2: "]]);
  });
  test("gives instances that are no replicas logs of their own", () => {
    const sequencer = new Sequencer({ counts }, metas, 9);
    const put = (k: string): LogRun => ({ target: "O.put", to: null, from: "P#1", rows: [[1, k]] });
    const send = (seq: number, k: string): string[] =>
      sequencer
        .receive({ from: "P#1", to: "log", epoch: 1, seq, parts: [{ kind: "append", log: "O.log", runs: [put(k)] }] })
        .flatMap(({ to, parts }) => parts.map((part) => (part.kind === "batch" ? `${to} ${part.index}` : "")));
    const mine = ownerOf(["a"], 3);
    const far = ["b", "c", "d", "e", "f"].find((k) => ownerOf([k], 3) !== mine)!;
    const other = ownerOf([far], 3);
    expect(send(1, "a")).toEqual([`O#${mine} 1`]);
    expect(send(2, far)).toEqual([`O#${other} 1`]);
    expect(send(3, "a")).toEqual([`O#${mine} 2`]);
  });

  test("makes one batch per gate value and flush, numbered without gaps, for every instance", () => {
    const sequencer = new Sequencer({ counts }, metas, 9);
    sequencer.take(append(1, click("shoes", 1), click("hats", 2)));
    sequencer.take(append(2, click("shoes", 3), { target: "R.request", to: "R#1", from: "P#0", rows: [[4, "hats"]] }));
    const envelopes = sequencer.flush();
    expect(envelopes.map(({ from, to, epoch, seq }) => [from, to, epoch, seq])).toEqual([
      ["log", "R#0", 9, 1],
      ["log", "R#1", 9, 1],
    ]);
    expect(told(envelopes)).toEqual(["R#0 shoes 1: 1 3", "R#0 hats 1: 2", "R#1 shoes 1: 1 3", "R#1 hats 1: 2 4"]);
    expect(told(sequencer.receive(append(3, click("shoes", 5))))).toEqual(["R#0 shoes 2: 5", "R#1 shoes 2: 5"]);
    expect(sequencer.flush()).toEqual([]);
  });

  test("takes rows that come together apart by their shares, each in their order", () => {
    const sequencer = new Sequencer({ counts }, metas, 9);
    const run: LogRun = {
      ...click("shoes", 1),
      rows: [
        ["shoes", 1],
        ["hats", 2],
        ["shoes", 3],
        ["shoes", 4],
        ["hats", 5],
      ],
    };
    expect(told(sequencer.receive(append(1, run))).slice(0, 2)).toEqual(["R#0 shoes 1: 1 3 4", "R#0 hats 1: 2 5"]);
  });

  test("gives addressed rows to their instance only; the others see the same batch without them", () => {
    const sequencer = new Sequencer({ counts }, metas, 9);
    expect(told(sequencer.receive(append(1, click("shoes", 1, "R#1"))))).toEqual(["R#0 shoes 1: ", "R#1 shoes 1: 1"]);
  });

  test("gives a partitioned role's rows to their owners", () => {
    const sequencer = new Sequencer({ counts }, metas, 9);
    const run: LogRun = { target: "O.put", to: null, from: "P#1", rows: ["a", "b", "c", "d"].map((k, v) => [v, k]) };
    const owned = new Map(
      sequencer
        .receive({ from: "P#1", to: "log", epoch: 1, seq: 1, parts: [{ kind: "append", log: "O.log", runs: [run] }] })
        .flatMap(({ to, parts }) =>
          parts.map((part) => [
            to,
            part.kind === "batch" ? part.runs.flatMap(({ rows }) => rows.map((row) => row[1])) : [],
          ]),
        ),
    );
    for (const k of ["a", "b", "c", "d"]) expect(owned.get(`O#${ownerOf([k], 3)}`)).toContain(k);
    expect([...owned.values()].flat()).toHaveLength(4);
  });

  test("drops what comes again", () => {
    const sequencer = new Sequencer({ counts }, metas, 9);
    sequencer.take(append(1, click("shoes", 1)));
    sequencer.take(append(1, click("shoes", 1)));
    expect(told(sequencer.flush())[0]).toBe("R#0 shoes 1: 1");
    expect(sequencer.receive(append(1, click("shoes", 1)))).toEqual([]);
  });

  test("answers a tick with an empty batch, once, and not when a batch is on its way", () => {
    const sequencer = new Sequencer({ counts }, metas, 9);
    sequencer.receive(append(1, click("shoes", 1)));
    sequencer.take(tick(1, "shoes", 1));
    expect(told(sequencer.receive(tick(1, "shoes", 1, "R#1")))).toEqual(["R#0 shoes 2: ", "R#1 shoes 2: "]);
    expect(sequencer.receive(tick(2, "shoes", 1))).toEqual([]);
    sequencer.take(tick(3, "shoes", 2));
    expect(told(sequencer.receive(append(2, click("shoes", 2))))).toEqual(["R#0 shoes 3: 2", "R#1 shoes 3: 2"]);
  });

  test("refuses what it cannot place, naming the sender, and takes the rest", () => {
    const sequencer = new Sequencer({ counts }, metas, 9);
    const odd: LogRun[] = [
      { target: "R.free", to: null, from: "P#0", rows: [[1]] },
      { target: "R.click", to: null, from: "P#0", rows: [["shoes"], ["shoes", 7]] },
      { target: "R.click", to: "R#2", from: "P#0", rows: [["shoes", 1]] },
    ];
    const faults = sequencer.take(append(1, ...odd, click("shoes", 8)));
    expect(faults.map(({ code }) => code)).toEqual(["DLC909", "DLC909", "DLC909"]);
    for (const { message } of faults) expect(message).toContain("P#0");
    expect(told(sequencer.flush())[0]).toBe("R#0 shoes 1: 7 8");
    expect(sequencer.take({ ...append(2), from: "P#2" })[0].code).toBe("DLC906");
    expect(sequencer.take({ ...append(2), to: "R#0" })[0].code).toBe("DLC906");
    expect(sequencer.take({ ...append(3), parts: [{ kind: "rows", target: "R.click", rows: [] }] })[0].code).toBe(
      "DLC909",
    );
    expect(
      sequencer.take({ ...tick(4, "x", 0), parts: [{ kind: "tick", log: "Q.log", value: [], after: 0 }] })[0].code,
    ).toBe("DLC909");
  });
});
