import { describe, expect, test } from "vitest";
import { Instance } from "../src/runtime/instance.ts";
import type { Envelope, Part } from "../src/runtime/messages.ts";
import type { CollectionMeta, Environment, RoleProgram, Row, StepInput } from "../src/runtime/program.ts";
import { ownerOf } from "../src/runtime/routing.ts";
import { collection, type Effects, handRole, type HandRole, rowsOf, sealedBy, target } from "./support/roles.ts";

const counts = { A: 2, B: 3, One: 1 };

/** An instance of role A that records its steps. */
function recorded(hand: Partial<HandRole>, step: (input: StepInput, env: Environment) => Effects = () => ({})) {
  const steps: StepInput[] = [];
  const program: RoleProgram = handRole({
    role: "A",
    collections: [],
    rules: (env) => ({
      step: (input) => {
        steps.push(input);
        return step(input, env);
      },
    }),
    ...hand,
  });
  const instance = new Instance(program, { counts }, 0, 77);
  let seq = 0;
  const arrive = (from: string, ...parts: Part[]) => instance.receive({ from, to: "A#0", epoch: 1, seq: ++seq, parts });
  return { instance, steps, arrive };
}

const click = collection("channel", "click", { campaign: "string", id: "int" });
const add = collection("input", "add", { x: "int" });

describe("an instance", () => {
  test("takes a first step without any event, and then none until something waits", () => {
    const { instance, steps } = recorded({ collections: [click] });
    expect(instance.address).toBe("A#0");
    expect(instance.wantsStep()).toBe(true);
    instance.step();
    expect(steps).toEqual([{ clock: null, events: [], closed: [] }]);
    expect(instance.wantsStep()).toBe(false);
  });

  test("takes everything that waits in one step, one event entry per collection", () => {
    const { instance, steps, arrive } = recorded({ collections: [add, click, collection("timer", "tick", {})] });
    instance.input("add", [1]);
    arrive("B#0", {
      kind: "rows",
      target: "A.click",
      rows: [
        ["a", 1],
        ["a", 2],
      ],
    });
    instance.input("add", [2]);
    arrive("B#1", { kind: "rows", target: "A.click", rows: [["b", 3]] });
    instance.fire("tick");
    expect(instance.waiting).toBe(6);
    instance.step();
    expect(steps[0].events).toEqual([
      { collection: "add", rows: [[1], [2]] },
      {
        collection: "click",
        rows: [
          ["a", 1],
          ["a", 2],
          ["b", 3],
        ],
      },
      { collection: "tick", rows: [[]] },
    ]);
    expect(instance.waiting).toBe(0);
  });

  test("two firings of one timer are never in adjacent steps; two timers may be", () => {
    const { instance, steps } = recorded({
      collections: [add, collection("timer", "tick", {}), collection("timer", "tock", {})],
    });
    instance.fire("tick");
    instance.step();
    instance.fire("tick");
    instance.input("add", [1]);
    instance.step();
    expect(instance.wantsStep()).toBe(true);
    instance.step();
    instance.fire("tock");
    instance.step();
    expect(steps.map(({ events }) => events.map((event) => event.collection))).toEqual([
      ["tick"],
      [],
      ["add", "tick"],
      ["tock"],
    ]);
  });

  test("what comes on one lossy channel is never taken in adjacent steps, so that what is sent again makes true again", () => {
    const beat = collection("channel", "beat", { n: "int" }, { lossy: true });
    const { instance, steps, arrive } = recorded({ collections: [add, click, beat] });
    for (const n of [1, 1]) {
      arrive("B#0", { kind: "rows", target: "A.beat", rows: [[n]] });
      arrive("B#0", { kind: "rows", target: "A.click", rows: [["a", n]] });
      instance.step();
    }
    while (instance.wantsStep()) instance.step();
    arrive("B#0", { kind: "rows", target: "A.click", rows: [["b", 1]] });
    instance.step();
    expect(steps.map(({ events }) => events.map((event) => event.collection))).toEqual([
      ["click", "beat"],
      [],
      ["click", "beat"],
      ["click"],
    ]);
  });

  test("two firings of one timer that come through a log are never in adjacent steps", () => {
    const { instance, steps, arrive } = recorded({
      collections: [collection("timer", "tick", {}, { ordering: { log: "A.log", by: [] } })],
    });
    instance.step();
    for (const index of [1, 2]) {
      arrive("log", {
        kind: "batch",
        log: "A.log",
        value: [],
        index,
        runs: [{ target: "A.tick", to: "A#0", from: "A#0", rows: [[]] }],
      });
    }
    while (instance.wantsStep()) instance.step();
    expect(steps.map(({ clock, events }) => [clock, events.length])).toEqual([
      [null, 0],
      ["A.log", 1],
      [null, 0],
      ["A.log", 1],
    ]);
  });

  test("takes at most `limit` rows, the rest later", () => {
    const { instance, steps } = recorded({ collections: [add] });
    for (const x of [1, 2, 3]) instance.input("add", [x]);
    instance.step({ limit: 2 });
    instance.step({ limit: 0 });
    instance.step();
    expect(steps.map((step) => rowsOf(step, "add"))).toEqual([[[1], [2]], [], [[3]]]);
  });

  test("takes any chosen subset of messages, but inputs only in the host's order", () => {
    const { instance, steps, arrive } = recorded({ collections: [add, click] });
    for (const x of [1, 2, 3]) instance.input("add", [x]);
    arrive("B#0", {
      kind: "rows",
      target: "A.click",
      rows: [
        ["a", 1],
        ["a", 2],
        ["a", 3],
      ],
    });
    instance.step({ pick: (name, row) => (name === "add" ? row[0] !== 2 : row[1] !== 2) });
    expect(rowsOf(steps[0], "add")).toEqual([[1]]);
    expect(rowsOf(steps[0], "click")).toEqual([
      ["a", 1],
      ["a", 3],
    ]);
    instance.step();
    expect(rowsOf(steps[1], "add")).toEqual([[2], [3]]);
    expect(rowsOf(steps[1], "click")).toEqual([["a", 2]]);
  });

  test("goes on stepping while an unordered deferred fact is pending", () => {
    let left = 2;
    const { instance } = recorded({
      rules: () => ({ step: () => (left--, {}), pending: () => (left > 0 ? [null] : []) }),
    });
    let taken = 0;
    for (; instance.wantsStep(); taken++) instance.step();
    expect(taken).toBe(2);
  });

  test("drops an envelope that comes again, in any order, and takes a restarted sender's anew", () => {
    const { instance, steps } = recorded({ collections: [click] });
    const envelope = (epoch: number, seq: number, id: number): Envelope => ({
      from: "B#0",
      to: "A#0",
      epoch,
      seq,
      parts: [{ kind: "rows", target: "A.click", rows: [["a", id]] }],
    });
    for (const [epoch, seq] of [
      [1, 3],
      [1, 1],
      [1, 3],
      [1, 2],
      [1, 1],
      [1, 2],
      [2, 1],
      [1, 4],
    ])
      instance.receive(envelope(epoch, seq, epoch * 10 + seq));
    instance.step();
    expect(rowsOf(steps[0], "click").map(([, id]) => id)).toEqual([13, 11, 12, 21, 14]);
  });
});

describe("what does not fit is refused with a fault that names the sender", () => {
  test("unknown senders, receivers, collections, kinds of part", () => {
    const { instance, arrive } = recorded({ collections: [add, click] });
    const rows: Part = { kind: "rows", target: "A.click", rows: [["a", 1]] };
    expect(arrive("C#0", rows)[0]).toMatchObject({ code: "DLC906", message: expect.stringContaining("C#0") });
    expect(arrive("B#3", rows)[0]).toMatchObject({ code: "DLC906" });
    expect(arrive("nonsense", rows)[0]).toMatchObject({ code: "DLC906" });
    expect(instance.receive({ from: "B#0", to: "A#0", epoch: 1, seq: 0.5, parts: [rows] })[0]).toMatchObject({
      code: "DLC906",
    });
    expect(instance.receive({ from: "B#0", to: "A#1", epoch: 1, seq: 1, parts: [rows] })[0]).toMatchObject({
      code: "DLC906",
    });
    expect(arrive("B#0", { ...rows, target: "A.add" })[0]).toMatchObject({
      code: "DLC901",
      message: expect.stringContaining("B#0"),
    });
    expect(arrive("B#0", { ...rows, target: "A.nothing" })[0]).toMatchObject({ code: "DLC901" });
    expect(arrive("B#0", { kind: "append", log: "A.log", runs: [] })[0]).toMatchObject({ code: "DLC909" });
    expect(arrive("log", rows)[0]).toMatchObject({ code: "DLC909" });
    expect(instance.waiting).toBe(0);
  });

  test("rows of wrong types, the others of the part are taken", () => {
    const { instance, steps, arrive } = recorded({ collections: [click] });
    const faults = arrive("B#0", {
      kind: "rows",
      target: "A.click",
      rows: [["a", 1], ["a", "1"], ["a"], ["b", 2]] as Row[],
    });
    expect(faults).toEqual([
      { code: "DLC902", message: 'A#0 refused 2 facts of A.click from B#0: column id: int expected, string "1" found' },
    ]);
    instance.step();
    expect(rowsOf(steps[0], "click")).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
  });

  test("a host's rows: unknown input, wrong type, after the end", () => {
    const { instance } = recorded({ collections: [add, click] });
    expect(instance.input("ad", [1])).toEqual({
      code: "DLC901",
      message: "role A has no input ad; its inputs are add",
    });
    expect(instance.input("click", ["a", 1])).toMatchObject({ code: "DLC901" });
    expect(instance.input("add", [1.5])).toEqual({
      code: "DLC902",
      message: "A#0 refused a row of input add: column x: int expected, number 1.5 found",
    });
    expect(instance.input("add", [1])).toBeNull();
    instance.endInput("add");
    expect(instance.input("add", [2])).toMatchObject({ code: "DLC903", message: expect.stringContaining("add(2)") });
    expect(() => instance.endInput("click")).toThrow("no input click");
    expect(() => instance.fire("add")).toThrow("no timer add");
  });

  test("values arrive in their one form", () => {
    const { instance, steps, arrive } = recorded({
      collections: [collection("channel", "c", { x: "float", j: "json" })],
    });
    arrive("B#0", { kind: "rows", target: "A.c", rows: [[-0, { b: [{ d: 1, c: 2 }], a: -0 }]] });
    instance.step();
    const [[x, json]] = rowsOf(steps[0], "c");
    expect(Object.is(x, 0)).toBe(true);
    expect(JSON.stringify(json)).toBe('{"a":0,"b":[{"c":2,"d":1}]}');
  });
});

describe("routing", () => {
  const channel = collection("channel", "c", { k: "string", n: "int" });
  const sends = (
    route: "all" | "owner" | "one",
    to: string | null,
    rows: Row[],
    ordering?: CollectionMeta["ordering"],
  ) => {
    const meta = { ...channel, ordering };
    const role = route === "one" ? "One" : "B";
    const { instance } = recorded(
      { targets: [target(role, meta, route === "owner" ? { kind: "owner", columns: [0] } : { kind: route })] },
      () => ({ sends: [{ target: `${role}.c`, to, rows }] }),
    );
    return instance.step();
  };

  test("to all, to the only instance, to an address, to every instance", () => {
    const rows: Row[] = [["a", 1]];
    expect(sends("all", null, rows).envelopes.map((each) => each.to)).toEqual(["B#0", "B#1", "B#2"]);
    expect(sends("one", null, rows).envelopes.map((each) => each.to)).toEqual(["One#0"]);
    expect(sends("all", "B#2", rows).envelopes).toEqual([
      { from: "A#0", to: "B#2", epoch: 77, seq: 1, parts: [{ kind: "rows", target: "B.c", rows }] },
    ]);
    expect(sends("owner", "*", rows).envelopes.map((each) => each.to)).toEqual(["B#0", "B#1", "B#2"]);
  });

  test("to the owner: a fixed function of value and number of instances", () => {
    const rows: Row[] = Array.from({ length: 60 }, (_, i) => [`k${i % 20}`, i]);
    const seen = new Set<number>();
    for (const { to, parts } of sends("owner", null, rows).envelopes) {
      for (const part of parts) {
        if (part.kind !== "rows") continue;
        for (const [k, n] of part.rows) {
          expect(to).toBe(`B#${ownerOf([k], 3)}`);
          seen.add(n as number);
        }
      }
    }
    expect(seen.size).toBe(60);
    // FNV-1a 32 of `["shoes"]` and `["é",1]` by the published algorithm.
    expect([ownerOf(["shoes"], 1 << 30), ownerOf(["é", 1], 1 << 30)]).toEqual([
      fnv('["shoes"]') % (1 << 30),
      fnv('["é",1]') % (1 << 30),
    ]);
  });

  test("an address outside the role is a fault, not a message", () => {
    const { envelopes, faults } = sends("all", "B#3", [["a", 1]]);
    expect(envelopes).toEqual([]);
    expect(faults).toEqual([expect.objectContaining({ code: "DLC907", message: expect.stringContaining('"B#3"') })]);
    expect(sends("all", "A#0", [["a", 1]]).faults).toHaveLength(1);
  });

  test("one envelope per receiver and step, numbered per receiver", () => {
    let step = 0;
    const { instance } = recorded({ targets: [target("B", channel)] }, () => ({
      sends:
        step++ === 0
          ? [
              { target: "B.c", to: null, rows: [["a", 1]] },
              { target: "B.c", to: "B#1", rows: [["b", 2]] },
            ]
          : [{ target: "B.c", to: null, rows: [["c", 3]] }],
    }));
    const first = instance.step().envelopes;
    expect(first.map(({ to, seq, parts }) => [to, seq, parts.length])).toEqual([
      ["B#0", 1, 1],
      ["B#1", 1, 2],
      ["B#2", 1, 1],
    ]);
    expect(instance.step().envelopes.map(({ to, seq }) => [to, seq])).toEqual([
      ["B#0", 2],
      ["B#1", 2],
      ["B#2", 2],
    ]);
  });

  test("what passes through a log is appended, with its destination", () => {
    const ordering = { log: "B.log", by: [] };
    const receivers = (route: "all" | "owner" | "one", to: string | null) => {
      const [
        {
          to: receiver,
          parts: [part],
        },
      ] = sends(route, to, [["a", 1]], ordering).envelopes;
      expect(receiver).toBe("log");
      return part.kind === "append" ? part.runs.map(({ to: each }) => each) : [];
    };
    expect(receivers("all", null)).toEqual([null]);
    expect(receivers("all", "B#1")).toEqual(["B#1"]);
    expect(receivers("one", null)).toEqual(["One#0"]);
    expect(receivers("owner", null)).toEqual([`B#${ownerOf(["a"], 3)}`]);
    expect(receivers("owner", "*")).toEqual(["B#0", "B#1", "B#2"]);
  });
});

/** Fowler, Noll and Vo's FNV-1a, 32 bits, in big integers. */
function fnv(text: string): number {
  let hash = 0x811c9dc5n;
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn;
  return Number(hash);
}

describe("logs", () => {
  const ordered = { ...click, ordering: { log: "A.log", by: [0] } };
  const batch = (value: string, index: number, ...ids: number[]): Part => ({
    kind: "batch",
    log: "A.log",
    value: [value],
    index,
    runs: [{ target: "A.click", to: null, from: "B#0", rows: ids.map((id) => [value, id]) }],
  });

  test("one batch is one step, strictly in order per gate value, whatever the order of arrival", () => {
    const { instance, steps, arrive } = recorded({ collections: [ordered] });
    arrive("log", batch("shoes", 2, 3));
    instance.step();
    expect(instance.clocks()).toEqual([]);
    arrive("log", batch("shoes", 1, 1, 2));
    arrive("log", batch("hats", 1));
    while (instance.wantsStep()) instance.step();
    expect(steps.slice(1)).toEqual([
      {
        clock: 'A.log["shoes"]',
        events: [
          {
            collection: "click",
            rows: [
              ["shoes", 1],
              ["shoes", 2],
            ],
          },
        ],
        closed: [],
      },
      { clock: 'A.log["hats"]', events: [], closed: [] },
      { clock: 'A.log["shoes"]', events: [{ collection: "click", rows: [["shoes", 3]] }], closed: [] },
    ]);
  });

  test("rows of a log wait like others, also where an earlier batch is missing, so that a slow replica slows its senders", () => {
    const { instance, arrive } = recorded({ collections: [ordered] });
    instance.step();
    arrive("log", batch("shoes", 2, 3, 4, 5));
    arrive("log", batch("shoes", 2, 3, 4, 5));
    arrive("log", batch("shoes", 3));
    expect([instance.waiting, instance.wantsStep()]).toEqual([4, false]);
    arrive("log", batch("shoes", 1, 1, 2));
    const waiting: number[] = [instance.waiting];
    while (instance.wantsStep()) {
      instance.step();
      waiting.push(instance.waiting);
    }
    expect(waiting).toEqual([6, 4, 1, 0]);
  });

  test("unordered events never share a step with a batch, and take turns with them", () => {
    const { instance, steps, arrive } = recorded({ collections: [add, ordered] });
    instance.step();
    for (const index of [1, 2, 3]) arrive("log", batch("shoes", index, index));
    instance.input("add", [1]);
    instance.step();
    instance.step();
    instance.input("add", [2]);
    while (instance.wantsStep()) instance.step();
    expect(steps.slice(1).map((step) => step.clock ?? "unordered")).toEqual([
      'A.log["shoes"]',
      "unordered",
      'A.log["shoes"]',
      "unordered",
      'A.log["shoes"]',
    ]);
  });

  test("only the sequencer may send batches, and only with rows of the log", () => {
    const { instance, arrive } = recorded({ collections: [add, ordered] });
    instance.step();
    expect(arrive("B#0", batch("shoes", 1, 1))[0]).toMatchObject({
      code: "DLC909",
      message: expect.stringContaining("B#0"),
    });
    expect(arrive("log", { ...batch("shoes", 1, 1), log: "B.log" } as Part)[0]).toMatchObject({ code: "DLC909" });
    const wrong: Part = {
      kind: "batch",
      log: "A.log",
      value: ["shoes"],
      index: 1,
      runs: [
        { target: "A.add", to: null, from: "B#1", rows: [[1]] },
        {
          target: "A.click",
          to: null,
          from: "B#1",
          rows: [
            ["shoes", "1"],
            ["shoes", 1],
          ],
        },
      ],
    };
    expect(arrive("log", wrong).map((fault) => fault.code)).toEqual(["DLC902", "DLC902"]);
    expect(instance.clocks()).toEqual(['A.log["shoes"]']);
    expect(instance.waiting).toBe(1);
  });

  test("a host's row and a timer of an ordered input go to the log first, without a step", () => {
    const ordering = { log: "A.log", by: [] };
    const { instance, steps } = recorded({
      collections: [{ ...add, ordering }, collection("timer", "tick", {}, { ordering })],
    });
    instance.step();
    instance.input("add", [5]);
    instance.fire("tick");
    expect(instance.wantsStep()).toBe(true);
    expect(instance.step().envelopes).toEqual([
      {
        from: "A#0",
        to: "log",
        epoch: 77,
        seq: 1,
        parts: [
          {
            kind: "append",
            log: "A.log",
            runs: [
              { target: "A.add", to: "A#0", from: "A#0", rows: [[5]] },
              { target: "A.tick", to: "A#0", from: "A#0", rows: [[]] },
            ],
          },
        ],
      },
    ]);
    expect(steps).toHaveLength(1);
    expect(instance.wantsStep()).toBe(false);
  });

  test("deferred facts of a log ask once for an empty batch, when no batch waits", () => {
    let pending: string[] = [];
    const { instance, arrive } = recorded({
      collections: [ordered],
      rules: () => ({
        step: (input) => {
          pending = input.clock !== null && input.events.length > 0 ? [input.clock] : [];
          return {};
        },
        pending: () => pending,
      }),
    });
    instance.step();
    arrive("log", batch("shoes", 1, 1));
    arrive("log", batch("shoes", 2, 2));
    expect(instance.step().envelopes).toEqual([]);
    const [{ to, parts }] = instance.step().envelopes;
    expect([to, parts]).toEqual(["log", [{ kind: "tick", log: "A.log", value: ["shoes"], after: 2 }]]);
    expect(instance.wantsStep()).toBe(false);
    arrive("log", batch("shoes", 3));
    expect(instance.step().envelopes).toEqual([]);
    expect(instance.wantsStep()).toBe(false);
  });
});

test("the environment knows the instance, the deployment and closed partitions", () => {
  const seen: unknown[] = [];
  const { instance } = recorded({ collections: [{ ...add, sealed: sealedBy([0]) }] }, (_, env) => {
    seen.push(env.self, env.nodes("B"), env.nodes("Nobody"), env.isClosed("add", [1]));
    env.report({ code: "DLC920", message: "odd" });
    return {};
  });
  instance.sealInput("add", [1]);
  expect(instance.step().faults).toEqual([{ code: "DLC920", message: "odd" }]);
  expect(seen).toEqual(["A#0", ["B#0", "B#1", "B#2"], [], true]);
  instance.input("add", [2]);
  expect(instance.step().faults).toHaveLength(1);
});
