/** The standard library: what each module promises, by a program that uses it, under every schedule of the simulator. */
import { expect, test } from "vitest";
import { schedules } from "../src/verify/schedule.ts";
import { simulate } from "../src/verify/simulator.ts";
import { check } from "./support/check.ts";
import { example, instance, libraryFiles, libraryText } from "./support/library.ts";
import { broken, differs, inputsOf, programsOf, runAll } from "./support/runs.ts";
import type { Given, Run, RunOptions } from "./support/runs.ts";

/** The runs of a program; they keep its labels. */
function runsOf(name: string, given: Given, options: RunOptions = {}): readonly Run[] {
  const checked = example(name);
  const runs = runAll(checked.plan, given, { seeds: 4, ...options });
  expect(broken(checked.plan, runs, checked.after)).toEqual([]);
  return runs;
}

/** What an output holds at each instance that holds something, the same in every run. */
function always(runs: readonly Run[], output: string): Readonly<Record<string, string>> {
  const texts = new Set(
    runs.map((run) => JSON.stringify([...run.contents.get(output)!].filter(([, text]) => text !== "").toSorted())),
  );
  expect([...texts]).toHaveLength(1);
  return Object.fromEntries(JSON.parse([...texts][0]));
}

test.each(libraryFiles)("%s is sound by itself, and each of its modules says what it promises", (name) => {
  const { diagnostics } = check(libraryText(name));
  expect(diagnostics).toEqual([]);
  for (const [, before] of libraryText(name).matchAll(/(^.*\n)module /gm)) expect(before).toMatch(/^\/\/\/ .|^\n/);
});

test("reliable delivery: every letter arrives and is signed for, whatever is lost; best effort: some cards do", () => {
  const given: Given = [
    ["Writer.letter", "Post#0", "a", "hello"],
    ["Writer.letter", "Post#1", "a", "hello"],
    ["Writer#1.letter", "Post#0", "a", "you"],
    ["Writer.letter", "Post#0", "b", "again"],
    ["Writer.card", "Post#0", "c", "sun"],
    ["Writer.card", "Post#1", "c", "sun"],
  ];
  const runs = runsOf("delivery", given, { seeds: 6 });
  expect(always(runs, "Post.letter")).toEqual({
    "Post#0": '["Writer#0","a","hello"] ["Writer#0","b","again"] ["Writer#1","a","you"]',
    "Post#1": '["Writer#0","a","hello"]',
  });
  expect(always(runs, "Writer.signed")).toEqual({
    "Writer#0": '["Post#0","a"] ["Post#0","b"] ["Post#1","a"]',
    "Writer#1": '["Post#0","a"]',
  });
  expect(
    always(
      runs.filter(({ schedule }) => schedule !== "loss"),
      "Post.card",
    ),
  ).toEqual({
    "Post#0": '["Writer#0","c","sun"]',
    "Post#1": '["Writer#0","c","sun"]',
  });
  expect(differs(runs, "Post.card").betweenRuns).toBe(true);
});

test("reliable delivery over a network that loses half brings 8 of 8", () => {
  const { plan } = example("delivery");
  const programs = programsOf(plan);
  const given = Array.from({ length: 8 }, (_, i) => ["Writer.letter", "Post#0", `${i}`, `text ${i}`] as const);
  for (let seed = 1; seed <= 30; seed++) {
    const schedule = { ...schedules.loss, loss: 0.5, duplicates: seed % 2 === 0 ? 0.3 : 0 };
    const deployment = { counts: { Writer: 1, Post: 1 } };
    const { outputs } = simulate({ programs, deployment, inputs: inputsOf(given), schedule, seed });
    for (const output of ["Post.letter", "Writer.signed"])
      expect(outputs.find((one) => one.output === output)!.ever).toHaveLength(8);
  }
});

test("reliable delivery forgets what has a receipt, and sends again what has none", () => {
  const writer = instance("delivery", "Writer", ["Writer#0"]);
  const sent = (events: Parameters<typeof writer.step>[0]): readonly unknown[] =>
    writer.step(events).sends.flatMap(({ target, rows }) => (target === "Post.letters.message" ? rows : []));
  const letter = ["Writer#0", "a", "x"];
  const again = { "letters.again": [[]] };
  expect(sent({ letter: [["Post#0", "a", "x"]] })).toEqual([]);
  expect(sent(again)).toEqual([letter]);
  expect(sent({})).toEqual([]);
  expect(sent(again)).toEqual([letter]);
  writer.step({ "letters.receipt": [["Post#0", "a", "x"]] });
  writer.step();
  expect(writer.read("letters.buffer")).toEqual([]);
  expect(sent(again)).toEqual([]);
});

test("in order: nothing of a sender is received before what it sent earlier", () => {
  const runs = runsOf("order", [
    ...[2, 0, 1].map((n) => ["Chat.whisper", "Chat#1", n, `line ${n}`] as const),
    ["Chat#2.whisper", "Chat#1", 0, "other"],
    // Its 1 is never sent.
    ["Chat#1.whisper", "Chat#2", 0, "first"],
    ["Chat#1.whisper", "Chat#2", 2, "third"],
  ]);
  expect(always(runs, "Chat.whispered")).toEqual({
    "Chat#1": '["Chat#0",0,"line 0"] ["Chat#0",1,"line 1"] ["Chat#0",2,"line 2"] ["Chat#2",0,"other"]',
    "Chat#2": '["Chat#1",0,"first"]',
  });
  const chat = instance("order", "Chat", ["Chat#0"]);
  const heard = (...messages: (readonly [string, number, string])[]): readonly unknown[] =>
    chat.output("whispered", { "whisper.message": messages });
  expect(heard(["Chat#1", 1, "b"])).toEqual([]);
  expect(heard(["Chat#1", 2, "c"])).toEqual([]);
  expect(heard(["Chat#1", 0, "a"])).toHaveLength(3);
});

test("causal: an answer is received after its question, and never where the question is lost", () => {
  const runs = runsOf("order", [
    ["Chat.say", "d", ["b", "c"], "of both"],
    ["Chat.say", "a", [], "question"],
    ["Chat#1.say", "b", ["a"], "answer"],
    ["Chat#2.say", "e", ["d"], "of that"],
  ]);
  const said = '["a","question"] ["b","answer"]';
  expect(always(runs, "Chat.said")).toEqual({ "Chat#0": said, "Chat#1": said, "Chat#2": said });
});

test("multicast: all members receive, and it is done when all have, not while one is silent", () => {
  const runs = runsOf("multicast", [
    ["Board.post", "a", "fire drill"],
    ["Board#2.post", "b", "lunch"],
  ]);
  const read = '["a","fire drill"] ["b","lunch"]';
  expect(always(runs, "Board.read")).toEqual({ "Board#0": read, "Board#1": read, "Board#2": read });
  expect(always(runs, "Board.posted")).toEqual({ "Board#0": '["a"]', "Board#2": '["b"]' });
  const board = instance("multicast", "Board", ["Board#0", "Board#1", "Board#2"]);
  const posted = (...from: string[]): readonly unknown[] =>
    board.output("posted", { "notices.receipt": from.map((member) => [member, "a"]) });
  expect(board.output("posted", { post: [["a", "fire drill"]] })).toEqual([]);
  expect(posted("Board#0", "Board#1")).toEqual([]);
  expect(posted("Board#1")).toEqual([]);
  expect(posted("Board#2")).toEqual([["a"]]);
});

test("membership: all learn who has joined", () => {
  const runs = runsOf("membership", [
    ["Sailor.signOn", true],
    ["Sailor#2.signOn", true],
    ["Sailor#1.signOn", false],
  ]);
  const crew = '["Sailor#0"] ["Sailor#2"]';
  expect(always(runs, "Sailor.crew")).toEqual({ "Sailor#0": crew, "Sailor#1": crew, "Sailor#2": crew });
});

test("heartbeat: who is silent is taken for dead, and who beats is not", () => {
  for (const { result, schedule } of runsOf("membership", [["Sailor#1.lost", true]])) {
    for (const { now, ever } of result.outputs.filter(({ output }) => output === "Sailor.answers")) {
      // Three beats in a row may be lost: then one is taken for dead until the next comes.
      if (schedule === "loss") expect(ever).toContainEqual(["Sailor#0"]);
      else expect(now).toEqual(expect.arrayContaining([["Sailor#0"], ["Sailor#2"]]));
      expect(now).not.toContainEqual(["Sailor#1"]);
    }
  }
});

test("heartbeat: three ticks without a beat, and one that comes back", () => {
  const sailor = instance("membership", "Sailor", ["Sailor#0", "Sailor#1"]);
  const answers = (events: Parameters<typeof sailor.step>[0]): readonly unknown[] => {
    sailor.step(events);
    // What was replaced shows a step later, and two firings are never in adjacent steps.
    sailor.step();
    return sailor.read("answers");
  };
  const tick = { "pulse.tick": [[]] as const };
  const beat = { "pulse.beat": [["Sailor#1"]] };
  expect(answers(beat)).toEqual([["Sailor#1"]]);
  expect([answers(tick), answers(tick), answers(tick)].map((all) => all.length)).toEqual([1, 1, 0]);
  expect(answers({ ...tick, ...beat })).toEqual([["Sailor#1"]]);
});

test("a replicated store: the replicas give one answer to each question; without the log they do not", () => {
  const given: Given = [
    ["Buyer.price", "tea", 1, 3],
    ["Buyer#1.price", "tea", 2, 4],
    ["Buyer.want", "q", "tea"],
    ["Buyer#1.want", "r", "tea"],
  ];
  const several = (runs: readonly Run[]): number =>
    runs.filter(({ contents }) => [...contents.get("Buyer.found")!.values()].some((text) => text.includes("] [")))
      .length;
  expect(several(runsOf("kvs", given))).toBe(0);
  expect(several(runAll(example("kvs", "none").plan, given, { seeds: 4 }))).toBeGreaterThan(0);
});

test("versions: a question about a version has one answer, whenever it is asked", () => {
  const runs = runsOf("kvs", [
    ["Buyer.wanted", "q", "tea", 1],
    ["Buyer.price", "tea", 1, 3],
    ["Buyer.price", "tea", 2, 4],
    ["Buyer.wanted", "r", "tea", 2],
    ["Buyer.wanted", "s", "tea", 3],
  ]);
  expect(always(runs, "Buyer.was")).toEqual({ "Buyer#0": '["q","tea",1,3] ["r","tea",2,4]' });
});

test("one store: a get beside a put sees the old value, and a delete shows a step later", () => {
  const buyer = instance("kvs", "Buyer", ["Buyer#0"]);
  const noted = (events: Parameters<typeof buyer.step>[0]): readonly unknown[] => buyer.output("noted", events);
  noted({ price: [["tea", 1, 3]] });
  expect(noted({ want: [["q", "tea"]], price: [["tea", 2, 4]] })).toEqual([["q", "tea", 3]]);
  expect(noted({ want: [["r", "tea"]] })).toEqual([["r", "tea", 4]]);
  expect(buyer.read("own.values")).toEqual([["tea", 4]]);
});

test("voting: more than half pass it, half fail it, and too few leave it open", () => {
  const votes = (id: string, ...opinions: (boolean | null)[]): Given =>
    opinions.flatMap((yes, i) => (yes === null ? [] : [[`Council#${i}.opinion`, id, yes] as const]));
  const runs = runsOf("voting", [
    ...["a", "b", "c", "d"].map((id) => ["Mayor.propose", id, `proposal ${id}`] as const),
    ...votes("a", true, false, true, true, false),
    ...votes("b", true, false, true, false, false),
    ...votes("c", true, null, true, false, null),
    ...votes("d", true, true, true, null, null),
    // Nobody has proposed it.
    ...votes("e", true, true, true, true, true),
  ]);
  expect(always(runs, "Mayor.passed")).toEqual({ "Mayor#0": '["a"] ["d"]' });
  expect(always(runs, "Mayor.failed")).toEqual({ "Mayor#0": '["b"]' });
  expect(Object.keys(always(runs, "Council.asked"))).toHaveLength(5);
});

test("two-phase commit: all yes commits at every member, one no aborts, and one silent does neither", () => {
  const free = (id: string, ...yes: (boolean | null)[]): Given =>
    yes.flatMap((one, i) => (one === null ? [] : [[`House#${i}.free`, id, one] as const]));
  const runs = runsOf("commit", [
    ...["rome", "oslo", "cork"].map((id) => ["Agent.journey", id] as const),
    ...free("rome", true, true, true),
    ...free("oslo", true, false, true),
    ...free("cork", true, null, true),
  ]);
  expect(always(runs, "Agent.booked")).toEqual({ "Agent#0": '["rome"]' });
  expect(always(runs, "Agent.refused")).toEqual({ "Agent#0": '["oslo"]' });
  const rome = '["rome"]';
  expect(always(runs, "House.taken")).toEqual({ "House#0": rome, "House#1": rome, "House#2": rome });
});

test("election: a term has one leader at most, for all the same, and who stands alone leads", () => {
  const runs = runsOf("election", [
    ...[0, 1, 2].map((i) => [`Steward#${i}.stand`, 1] as const),
    ["Steward#1.stand", 2],
  ]);
  const first = new Set<string>();
  for (const { contents } of runs) {
    const [speakers, ...others] = new Set(contents.get("Steward.speaker")!.values());
    expect(others).toEqual([]);
    expect(speakers.match(/\[1,/g)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(speakers).toContain('[2,"Steward#1"]');
    first.add(speakers.replace('[2,"Steward#1"]', "").trim());
  }
  // Which of them leads, or whether the votes are split, is not the same in every run.
  expect(first.size).toBeGreaterThan(1);
});

test("a queue: the n-th to ask gets the n-th job, whichever comes first", () => {
  const runs = runsOf("queues", [
    ...["ann", "bob", "cat"].map((who, n) => ["Workshop.ready", n, who] as const),
    ...["saw", "drill", "glue", "paint"].map((what, n) => ["Workshop.job", n, what] as const),
  ]);
  expect(always(runs, "Workshop.work")).toEqual({ "Workshop#0": '["ann","saw"] ["bob","drill"] ["cat","glue"]' });
});

test("a priority queue: the least first, of several the least id, and nothing where there is nothing", () => {
  const workshop = instance("queues", "Workshop", ["Workshop#0"]);
  const repairs = (who: string): readonly unknown[] => {
    const taken = workshop.output("repairs", { free: [[who]] });
    workshop.step();
    return taken;
  };
  workshop.step({
    repair: [
      [2, "b", "roof"],
      [1, "c", "pipe"],
      [1, "a", "gas"],
      [3, "d", "door"],
    ],
  });
  expect(["ann", "bob", "cat"].map(repairs)).toEqual([
    [["ann", "a", "gas"]],
    [["bob", "c", "pipe"]],
    [["cat", "b", "roof"]],
  ]);
  workshop.step({ repair: [[1, "e", "lamp"]] });
  expect([repairs("ann"), repairs("bob"), repairs("cat")]).toEqual([
    [["ann", "e", "lamp"]],
    [["bob", "d", "door"]],
    [],
  ]);
  expect(workshop.read("urgent.items")).toEqual([]);
});

test("an assigner: names get numbers in a row, batch after batch, in whatever order they come", () => {
  const tickets = (bus: number, ...names: string[]): Given =>
    names.map((name, i) => [`Counter#${i % 2}.ticket`, bus, name] as const);
  const given: Given = [...tickets(2, "h", "e", "g", "f"), ...tickets(1, "d", "b", "c", "a")];
  const seats = { "Bus#0": [..."abcdefgh"].map((name, n) => `["${name}",${n}]`).join(" ") };
  expect(always(runsOf("assigner", given), "Bus.seat")).toEqual(seats);
  expect(differs(runAll(example("assigner", "none").plan, given), "Bus.seat").betweenRuns).toBe(true);
});

test("an assigner without a promise that a batch is complete costs a log", () => {
  const unsealed = example("assigner", "auto", (text) => text.replace(" sealed by (bus)", ""));
  expect(unsealed.after("Bus.seat")).toBe("Run");
  expect(unsealed.inserted.map((one) => one.split(" ")[0])).toEqual(["order"]);
});

test("Lamport's clock: whatever may have caused something has a lower stamp", () => {
  const runs = runsOf("clocks", [
    ["Office.write", "Office#1", "a", "hello"],
    ["Office#1.write", "Office#2", "b", "hello"],
    ["Office#2.write", "Office#0", "c", "hello"],
    ["Office#1.write", "Office#0", "d", "hello"],
    ["Office.write", "Office#2", "e", "hello"],
  ]);
  for (const { result } of runs) {
    const wrote = new Map<unknown, number>();
    const events: number[][] = [];
    for (const { output, ever } of result.outputs)
      if (output === "Office.wrote") for (const [id, stamp] of ever) wrote.set(id, stamp as number);
    for (const { output, ever } of result.outputs)
      if (output === "Office.read") for (const [, id, , stamp] of ever) events.push([wrote.get(id)!, stamp as number]);
    expect(events).toHaveLength(5);
    for (const [sent, received] of events) expect(received).toBeGreaterThan(sent);
  }
  const office = instance("clocks", "Office", ["Office#0"]);
  const stamps = (events: Parameters<typeof office.step>[0], output: string): readonly unknown[] =>
    office.output(output, events).map((row) => row.at(-1));
  expect(stamps({ write: [["Office#1", "a", ""]] }, "wrote")).toEqual([1]);
  expect(stamps({ "mail.message": [["Office#1", "b", "", 7]] }, "read")).toEqual([8]);
  expect(stamps({ "mail.message": [["Office#1", "c", "", 3]] }, "read")).toEqual([9]);
  expect(stamps({ write: [["Office#1", "d", ""]] }, "wrote")).toEqual([10]);
});
