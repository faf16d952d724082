/** Programs that every Bloom has, under every schedule of the simulator: what they compute, and what the analysis says of them. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Random, schedules } from "../src/verify/schedule.ts";
import { simulate } from "../src/verify/simulator.ts";
import { check } from "./support/check.ts";
import { world } from "./support/plan.ts";
import { broken, inputsOf, programsOf, runAll } from "./support/runs.ts";
import type { Given, Run } from "./support/runs.ts";

const textOf = (name: string): string =>
  readFileSync(new URL(`../fixtures/bloom/${name}.dlc`, import.meta.url), "utf8");

/** The same facts in another order, which the seed says. */
function shuffled(given: Given, seed: number): Given {
  const random = new Random(seed);
  return given
    .map((each) => ({ each, at: random.bits() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ each }) => each);
}

/** The runs of a program under all schedules, with its facts in many orders; they keep its labels. */
function runsOf(
  name: string,
  given: Given,
): { readonly runs: readonly Run[]; readonly checked: ReturnType<typeof check> } {
  const checked = check(textOf(name));
  const runs = runAll(checked.plan, given, { seeds: 5, order: (seed) => (seed === 1 ? given : shuffled(given, seed)) });
  expect(broken(checked.plan, runs, checked.after)).toEqual([]);
  return { runs, checked };
}

/** What an output holds at an instance, the same in every run: row texts, in order. */
function always(runs: readonly Run[], output: string, address?: string): readonly string[] {
  const texts = new Set(
    runs.flatMap((run) =>
      address === undefined ? [...run.contents.get(output)!.values()] : [run.contents.get(output)!.get(address)!],
    ),
  );
  expect([...texts]).toHaveLength(1);
  const [text] = texts;
  return text === "" ? [] : text.split(/ (?=\[)/);
}

test("shortest paths: all of them, the cheapest, and what a link more changes", () => {
  const links: Given = [
    ["Router.link", "a", "b", 1],
    ["Router.link", "a", "b", 4],
    ["Router.link", "b", "c", 1],
    ["Router.link", "c", "d", 1],
    ["Router.link", "d", "e", 1],
  ];
  const { runs, checked } = runsOf("shortest-paths", links);
  expect(checked.after("Router.cheapest")).toBe("Async");
  expect(always(runs, "Router.paths")).toEqual(["[14]"]);
  expect(always(runs, "Router.cheapest")).toHaveLength(10);
  expect(always(runs, "Router.cheapest")).toContain('["a","e",4]');
  expect(always(runs, "Router.via")).toContain('["a","e","b"]');
  const more = runsOf("shortest-paths", [...links, ["Router.link", "e", "f", 1]]).runs;
  expect(always(more, "Router.cheapest")).toContain('["a","f",5]');
});

test("a state machine is a table, and may be told its transitions in any order", () => {
  const { runs, checked } = runsOf("state-machine", [
    ["Machine.when", "locked", "coin", "open"],
    ["Machine.when", "open", "push", "locked"],
    ["Machine.when", "open", "coin", "open"],
    ["Machine.when", "locked", "push", "locked"],
    ...["push", "coin", "coin", "push"].map((name, n) => ["Machine.event", n, name] as const),
  ]);
  expect(checked.marks).toEqual([]);
  expect(always(runs, "Machine.reached")).toEqual([
    '[0,"locked"]',
    '[1,"locked"]',
    '[2,"open"]',
    '[3,"open"]',
    '[4,"locked"]',
  ]);
});

test("a key-value store: a get beside a put sees the old value, and a delete shows a step later", () => {
  const store = world(textOf("kvs"), {}, {}, "Store");
  store.step({ put: [["x", 1]] });
  expect(store.output("answer", { get: [[1, "x"]], put: [["x", 2]] })).toEqual([[1, "x", 1]]);
  expect(store.output("answer", { get: [[2, "x"]], del: [["x"]] })).toEqual([[2, "x", 2]]);
  expect(store.output("answer", { get: [[3, "x"]] })).toEqual([]);
  expect(store.read("kv")).toEqual([]);
  expect(store.faults).toEqual([]);
});

test("a key-value store's operations are all marked", () => {
  expect(check(textOf("kvs")).marks.map((mark) => mark.split(" ").slice(0, 2).join(" "))).toEqual([
    "kv#1 upsert",
    "kv#2 deletion",
    "answer#1 rendezvous",
  ]);
});

test("names get numbers in a row, batch after batch, in whatever order they come", () => {
  const { runs, checked } = runsOf("assigner", [
    ...["d", "b", "c", "a"].map((name) => ["Assigner.want", 1, name] as const),
    ...["h", "e", "g", "f"].map((name) => ["Assigner.want", 2, name] as const),
  ]);
  expect(checked.after("Assigner.given")).toBe("Async");
  expect(always(runs, "Assigner.given")).toEqual([..."abcdefgh"].map((name, id) => `["${name}",${id}]`));
});

test("a queue serves the first first", () => {
  const { runs, checked } = runsOf("fifo", [
    ...["w1", "w2", "w3"].map((worker, n) => ["Queue.pop", n, worker] as const),
    ...["a", "b", "c", "d", "e"].map((job, n) => ["Queue.push", n, job] as const),
  ]);
  expect(checked.marks).toEqual([]);
  expect(always(runs, "Queue.served")).toEqual(['["w1","a"]', '["w2","b"]', '["w3","c"]']);
});

test("reliable delivery brings everything over channels that lose half, and the buffer empties", () => {
  const { plan } = check(textOf("delivery"));
  const programs = programsOf(plan);
  const given = Array.from({ length: 8 }, (_, i) => ["Sender.send", i, `text ${i}`] as const);
  for (let seed = 1; seed <= 40; seed++) {
    const schedule = { ...schedules.loss, loss: 0.5, duplicates: seed % 2 === 0 ? 0.3 : 0 };
    const deployment = { counts: { Sender: 1, Receiver: 1 } };
    const { outputs } = simulate({ programs, deployment, inputs: inputsOf(shuffled(given, seed)), schedule, seed });
    const now = (output: string): readonly unknown[] => outputs.find((one) => one.output === output)!.now;
    expect(now("Receiver.delivered")).toHaveLength(8);
    expect(now("Sender.waiting")).toEqual([]);
  }
});

test("two writers of one key leave three replicas the same", () => {
  const { runs, checked } = runsOf("replicated-kvs", [
    ["Client.put", "x", 1],
    ["Client#1.put", "x", 2],
    ["Client.put", "y", 3],
  ]);
  expect(checked.before("Store.now")).toBe("Diverge");
  expect(checked.after("Store.now")).toBe("Run");
  for (const run of runs) expect(new Set(run.contents.get("Store.now")!.values()).size).toBe(1);
});

test("two-phase commit: all yes commits, one no aborts, and one silent does neither", () => {
  const { runs, checked } = runsOf("two-phase-commit", [
    ...[1, 2, 3].map((tx) => ["Coordinator.begin", tx] as const),
    ...[0, 1, 2].map((node) => [`Member#${node}.opinion`, 1, true] as const),
    ...[0, 1, 2].map((node) => [`Member#${node}.opinion`, 2, node !== 1] as const),
    ...[0, 2].map((node) => [`Member#${node}.opinion`, 3, true] as const),
  ]);
  expect(checked.marks).toEqual([]);
  expect(always(runs, "Coordinator.committed")).toEqual(["[1]"]);
  expect(always(runs, "Coordinator.aborted")).toEqual(["[2]"]);
});

const shopping: Given = [
  ["Shopper.act", 1, "ann", "beer", 2],
  ["Shopper.act", 2, "ann", "beer", 1],
  ["Shopper.act", 3, "ann", "diapers", 1],
  ["Shopper.act", 4, "ann", "beer", -1],
  ["Shopper.buy", "ann"],
];

test("the destructive cart holds the same in the end, and is marked everywhere", () => {
  const { runs, checked } = runsOf("destructive-cart", shopping);
  expect(always(runs, "Cart.inCart")).toEqual(['["ann","beer",2]', '["ann","diapers",1]']);
  expect(new Set(checked.marks.map((mark) => mark.split(" ")[0]))).toEqual(
    new Set(["change#1", "cart#1", "cart#2", "bill#1"]),
  );
  expect(checked.before("Cart.bill")).toBe("Diverge");
});

test("the disorderly cart bills the same for every order, and is marked at the checkout only", () => {
  const { runs, checked } = runsOf("disorderly-cart", shopping);
  expect(checked.marks).toEqual(["total#1 aggregate {u,i}"]);
  expect(checked.after("Cart.bill")).toBe("Async");
  expect(always(runs, "Cart.bill")).toEqual(['["ann","beer",2]', '["ann","diapers",1]']);
});

test("the monotone cart bills once all has come, and is marked nowhere", () => {
  const acts = shopping.filter((each) => (each as readonly unknown[])[0] === "Shopper.act");
  const { runs, checked } = runsOf("monotone-cart", [...acts, ["Shopper.buy", "ann", acts.length]]);
  expect(checked.marks).toEqual([]);
  expect(checked.inserted).toEqual([]);
  expect(checked.before("Cart.bill")).toBe("Async");
  const [bill, ...others] = always(runs, "Cart.bill");
  expect(others).toEqual([]);
  expect(JSON.parse(bill)[1]).toHaveLength(acts.length);
  // One that never comes: no bill, also not of a part.
  const missing = runsOf("monotone-cart", [...acts, ["Shopper.buy", "ann", acts.length + 1]]).runs;
  expect(always(missing, "Cart.bill")).toEqual([]);
});

test("causal delivery holds what depends on a message that never came", () => {
  const { runs, checked } = runsOf("causal", [
    ["Reader.message", "d", ["b", "c"]],
    ["Reader.message", "a", []],
    ["Reader.message", "b", ["a"]],
    ["Reader.message", "e", ["d"]],
  ]);
  expect(checked.marks).toEqual([]);
  expect(always(runs, "Reader.delivered")).toEqual(['["a"]', '["b"]']);
});

test("a heartbeat lasts three ticks, and the next one brings its sender back", () => {
  const watcher = world(textOf("heartbeat"), {}, {}, "Watcher");
  const up = (events: Readonly<Record<string, readonly [] | readonly (readonly string[])[]>>): readonly unknown[] => {
    watcher.step(events);
    // What was replaced shows a step later, and two firings are never in adjacent steps.
    watcher.step();
    return watcher.read("up");
  };
  const tick = { tick: [[]] };
  expect(up({ alive: [["Watched#0"]] })).toEqual([["Watched#0"]]);
  expect(up(tick)).toEqual([["Watched#0"]]);
  expect(up(tick)).toEqual([["Watched#0"]]);
  expect(up(tick)).toEqual([]);
  expect(up(tick)).toEqual([]);
  expect(up({ alive: [["Watched#0"]], ...tick })).toEqual([["Watched#0"]]);
});

test("who stops beating is taken for dead, and who beats is not", () => {
  const checked = check(textOf("heartbeat"));
  const runs = runAll(checked.plan, [["Watched#1.stop", true]]);
  for (const { result, schedule } of runs) {
    const { now, ever } = result.outputs.find(({ output }) => output === "Watcher.up")!;
    // Three beats in a row may be lost: then it is taken for dead until the next one comes.
    if (schedule === "loss") expect(ever).toContainEqual(["Watched#0"]);
    else expect(now).toContainEqual(["Watched#0"]);
    expect(now).not.toContainEqual(["Watched#1"]);
  }
});
