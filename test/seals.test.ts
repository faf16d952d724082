import { describe, expect, test } from "vitest";
import { Instance } from "../src/runtime/instance.ts";
import type { Part } from "../src/runtime/messages.ts";
import type { CollectionMeta, Row, SealedMeta, StepInput } from "../src/runtime/program.ts";
import { Random } from "../src/verify/schedule.ts";
import { collection, type Effects, handRole, rowsOf, sealedBy, target } from "./support/roles.ts";

const counts = { P: 2, R: 1, S: 2 };
const channel = collection("channel", "click", { campaign: "string", id: "int" });

/** R#0 with the channel `click`, of which P#0 and P#1 are the producers. */
function receiver(
  sealed: Partial<SealedMeta> = {},
  more: { columns?: CollectionMeta["columns"]; pending?: () => (string | null)[]; held?: number } = {},
) {
  const steps: StepInput[] = [];
  const program = handRole({
    role: "R",
    collections: [
      { ...channel, columns: more.columns ?? channel.columns, sealed: { ...sealedBy([0], ["P"]), ...sealed } },
    ],
    rules: () => ({
      step: (input) => (steps.push(input), {}),
      pending: () => more.pending?.() ?? [],
      held: () => (more.held ? [{ rule: "r#1", source: "click", rows: more.held }] : []),
    }),
  });
  const instance = new Instance(program, { counts }, 0, 1);
  instance.step();
  steps.length = 0;
  let seq = 0;
  const arrive = (from: string, ...parts: Part[]) => instance.receive({ from, to: "R#0", epoch: 1, seq: ++seq, parts });
  const rows = (from: string, ...facts: Row[]) => arrive(from, { kind: "rows", target: "R.click", rows: facts });
  const seal = (from: string, key: Row | null, count: number) =>
    arrive(from, { kind: "seal", target: "R.click", key, count });
  const closed = () => {
    while (instance.wantsStep()) instance.step();
    return steps.flatMap((step) => step.closed.map(({ key }) => (key === null ? null : key[0])));
  };
  return { instance, steps, rows, seal, closed };
}

describe("a partition of a channel closes", () => {
  test("when every producer has sealed it and all counted rows are here", () => {
    const { rows, seal, closed } = receiver();
    rows("P#0", ["a", 1]);
    seal("P#0", ["a"], 2);
    seal("P#1", ["a"], 0);
    expect(closed()).toEqual([]);
    rows("P#0", ["b", 1], ["a", 2]);
    expect(closed()).toEqual(["a"]);
    expect(closed()).toEqual(["a"]);
  });

  test("in the step that takes its last rows, not before", () => {
    const { instance, steps, rows, seal } = receiver();
    rows("P#0", ["a", 1], ["b", 1], ["a", 2]);
    seal("P#0", ["a"], 2);
    seal("P#1", ["a"], 0);
    instance.step({ pick: (_, row) => row[1] === 1 });
    instance.step({ limit: 0 });
    instance.step();
    expect(steps.map((step) => [rowsOf(step, "click").length, step.closed])).toEqual([
      [2, []],
      [0, []],
      [1, [{ source: "click", key: ["a"] }]],
    ]);
  });

  test("also in a step of its own, when the last seal comes after the rows, and where no row was sent at all", () => {
    const { instance, rows, seal, closed } = receiver();
    rows("P#0", ["a", 1]);
    instance.step();
    seal("P#1", ["a"], 0);
    seal("P#0", ["a"], 1);
    expect(instance.wantsStep()).toBe(true);
    expect(instance.waiting).toBe(1);
    expect(closed()).toEqual(["a"]);
    seal("P#0", ["none"], 0);
    seal("P#1", ["none"], 0);
    expect(closed()).toEqual(["a", "none"]);
  });

  test("when a producer has sealed everything instead", () => {
    const { rows, seal, closed } = receiver();
    rows("P#0", ["a", 1], ["b", 1]);
    rows("P#1", ["b", 2]);
    seal("P#0", null, 3);
    seal("P#1", ["b"], 1);
    expect(closed()).toEqual([]);
    rows("P#0", ["c", 1]);
    expect(closed()).toEqual(["b"]);
    seal("P#1", ["a"], 0);
    // Known only after P#0 had sealed everything.
    seal("P#1", ["new"], 0);
    expect(closed()).toEqual(["b", "a", "new"]);
    seal("P#1", null, 1);
    expect(closed()).toEqual(["b", "a", "new", null]);
  });

  test("with a single producer without a vote", () => {
    const { rows, seal, closed } = receiver({ single: true });
    rows("P#0", ["a", 1]);
    rows("P#1", ["b", 1]);
    seal("P#0", ["a"], 1);
    expect(closed()).toEqual(["a"]);
    seal("P#0", null, 1);
    expect(closed()).toEqual(["a"]);
    seal("P#1", null, 1);
    expect(closed()).toEqual(["a", null]);
  });

  test("a single producer's seal of everything closes what it has sent, nothing else", () => {
    const { rows, seal, closed } = receiver({ single: true });
    rows("P#0", ["a", 1]);
    rows("P#1", ["b", 1]);
    seal("P#0", null, 1);
    expect(closed()).toEqual(["a"]);
  });

  test("without a key, as a whole", () => {
    const { rows, seal, closed, instance } = receiver({ key: [] });
    rows("P#0", ["a", 1]);
    seal("P#0", [], 1);
    expect(closed()).toEqual([]);
    expect(instance.awaited()).toEqual([{ collection: "click", key: null, producers: ["P#1"], held: 1 }]);
    seal("P#1", null, 0);
    expect(closed()).toEqual([null]);
    expect(instance.awaited()).toEqual([]);
  });

  test("for keys of any type, several columns, by value", () => {
    const columns = [
      { name: "c", type: "json" },
      { name: "d", type: "float" },
      { name: "e", type: "bytes" },
    ] as const;
    const { instance, rows, seal } = receiver({ key: [0, 1, 2], producers: ["R"] }, { columns });
    rows("R#0", [{ b: 1, a: [2] }, -0, new Uint8Array([1, 2])]);
    seal("R#0", [{ a: [2], b: 1 }, 0, new Uint8Array([1, 2])], 1);
    instance.step();
    expect(instance.awaited()).toEqual([]);
  });

  test("only when no deferred fact is pending, where a deferred rule lies behind it", () => {
    let pending = 0;
    const { instance, steps, rows, seal } = receiver(
      { deferred: true },
      { pending: () => (pending > 0 ? [null] : []) },
    );
    rows("P#0", ["a", 1]);
    seal("P#0", ["a"], 1);
    seal("P#1", ["a"], 0);
    pending = 2;
    instance.step();
    pending = 1;
    instance.step();
    expect(instance.wantsStep()).toBe(true);
    pending = 0;
    instance.step();
    expect(instance.wantsStep()).toBe(true);
    instance.step();
    expect(steps.map((step) => step.closed.length)).toEqual([0, 0, 0, 1]);
    expect(instance.wantsStep()).toBe(false);
  });

  test("whatever the order and grouping in which rows and seals come", () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = new Random(seed);
      const { instance, steps, rows, seal, closed } = receiver();
      const events: (() => void)[] = [];
      for (const from of ["P#0", "P#1"]) {
        let total = 0;
        for (const key of ["a", "b", "c"]) {
          const count = random.below(4);
          total += count;
          for (let id = 0, end = 0; id < count; id = end) {
            end = id + 1 + random.below(count - id);
            const facts = Array.from({ length: end - id }, (_, n): Row => [key, id + n]);
            events.push(() => rows(from, ...facts));
          }
          if (key !== "c") events.push(() => seal(from, [key], count));
        }
        events.push(() => seal(from, null, total));
      }
      const seen = new Set<string>();
      while (events.length > 0) {
        events.splice(random.below(events.length), 1)[0]();
        if (random.chance(0.4)) instance.step(random.chance(0.5) ? { limit: random.below(3) } : undefined);
      }
      expect(closed()).toContain(null);
      for (const step of steps) {
        for (const [key] of rowsOf(step, "click")) expect(seen.has(key as string), `seed ${seed}`).toBe(false);
        for (const { key } of step.closed) if (key !== null) seen.add(key[0] as string);
      }
    }
  });
});

describe("a broken promise is refused and reported", () => {
  test("a row too many of a sealed partition, before and after it closes", () => {
    const { rows, seal, closed } = receiver();
    rows("P#0", ["a", 1]);
    seal("P#0", ["a"], 1);
    const [fault] = rows("P#0", ["a", 2], ["b", 1], ["a", 3]);
    expect(fault).toEqual({
      code: "DLC904",
      message: 'R#0 refused 2 facts of R.click from P#0: its campaign has been sealed before: R.click("a", 2)',
    });
    seal("P#1", ["a"], 0);
    expect(closed()).toEqual(["a"]);
    expect(rows("P#1", ["a", 4])[0].code).toBe("DLC904");
    seal("P#0", null, 2);
    expect(rows("P#0", ["c", 1])[0].code).toBe("DLC904");
  });

  test("in the middle of rows of one partition, where the seal of it, or of everything, has its last", () => {
    const { rows, seal, closed } = receiver();
    seal("P#0", ["a"], 2);
    seal("P#1", ["a"], 0);
    const [late] = rows("P#0", ["b", 1], ["a", 1], ["a", 2], ["a", 3], ["b", 2], ["a", 4]);
    expect(late.message).toContain(
      'refused 2 facts of R.click from P#0: its campaign has been sealed before: R.click("a", 3)',
    );
    expect(closed()).toEqual(["a"]);
    seal("P#0", null, 6);
    const [last] = rows("P#0", ["b", 3], ["b", 4], ["b", 5], ["c", 1]);
    expect(last.message).toContain(
      'refused 2 facts of R.click from P#0: its campaign has been sealed before: R.click("b", 5)',
    );
    seal("P#1", null, 0);
    expect(closed()).toEqual(["a", null]);
  });

  test("a row of a wrong type still counts, so that its partition does not wait for ever", () => {
    const { rows, seal, closed } = receiver();
    seal("P#0", ["a"], 2);
    seal("P#1", ["a"], 0);
    expect(rows("P#0", ["a", "x"], ["a", 1])[0].code).toBe("DLC902");
    expect(closed()).toEqual(["a"]);
  });

  test("rows and seals from roles that are no producers, and seals with a wrong key or count", () => {
    const { rows, seal, closed } = receiver();
    expect(rows("S#0", ["a", 1])[0]).toMatchObject({ code: "DLC908", message: expect.stringContaining("S#0") });
    expect(seal("S#0", ["a"], 1)[0].code).toBe("DLC908");
    expect(seal("P#0", [7], 1)[0]).toMatchObject({
      code: "DLC902",
      message: expect.stringContaining("column campaign: string expected, number 7 found"),
    });
    expect(seal("P#0", ["a", "b"], 1)[0].code).toBe("DLC902");
    expect(seal("P#0", ["a"], -1)[0].code).toBe("DLC902");
    expect(closed()).toEqual([]);
  });
});

test("awaited seals name the producers that are missing, by partition", () => {
  const { instance, rows, seal } = receiver({}, { held: 3 });
  expect(instance.awaited()).toEqual([{ collection: "click", key: null, producers: ["P#0", "P#1"], held: 3 }]);
  rows("P#0", ["a", 1], ["b", 1]);
  seal("P#0", ["a"], 1);
  seal("P#1", ["b"], 0);
  instance.step();
  expect(instance.awaited()).toEqual([
    { collection: "click", key: ["a"], producers: ["P#1"], held: 1 },
    { collection: "click", key: ["b"], producers: ["P#0"], held: 1 },
  ]);
  seal("P#0", null, 2);
  seal("P#1", ["a"], 0);
  instance.step();
  expect(instance.awaited()).toEqual([{ collection: "click", key: null, producers: ["P#1"], held: 3 }]);
});

test("a partition that a rule has asked for is awaited, even if nobody has sent a row of it", () => {
  const instance = new Instance(
    handRole({
      role: "R",
      collections: [{ ...channel, sealed: sealedBy([0], ["P"]) }],
      rules: (env) => ({ step: () => (env.isClosed("click", ["asked"]), {}) }),
    }),
    { counts },
    0,
    1,
  );
  instance.step();
  expect(instance.awaited()).toEqual([{ collection: "click", key: ["asked"], producers: ["P#0", "P#1"], held: 0 }]);
  const seal = (from: string, key: Row | null) =>
    instance.receive({
      from,
      to: "R#0",
      epoch: 1,
      seq: 1,
      parts: [{ kind: "seal", target: "R.click", key, count: 0 }],
    });
  seal("P#0", ["asked"]);
  expect(instance.awaited()[0].producers).toEqual(["P#1"]);
  seal("P#1", null);
  instance.step();
  expect(instance.awaited()).toEqual([]);
});

describe("an input's seals", () => {
  const input = collection("input", "add", { k: "string", n: "int" }, { sealed: sealedBy([0]) });
  const other = collection("input", "other", { n: "int" });
  const make = (deferred = false, pending: () => (string | null)[] = () => []) => {
    const steps: StepInput[] = [];
    const instance = new Instance(
      handRole({
        role: "R",
        collections: [{ ...input, sealed: sealedBy([0], [], { deferred }) }, other],
        rules: () => ({ step: (step) => (steps.push(step), {}), pending }),
      }),
      { counts },
      0,
      1,
    );
    instance.step();
    steps.length = 0;
    return { instance, steps };
  };

  test("keep the host's order among rows and seals", () => {
    const { instance, steps } = make();
    instance.input("add", ["a", 1]);
    instance.sealInput("add", ["a"]);
    instance.input("other", [1]);
    instance.input("add", ["b", 1]);
    instance.step({ limit: 1 });
    instance.step({ limit: 1 });
    instance.step();
    expect(steps.map((step) => [rowsOf(step, "add"), rowsOf(step, "other"), step.closed])).toEqual([
      [[["a", 1]], [], [{ source: "add", key: ["a"] }]],
      [[], [[1]], []],
      [[["b", 1]], [], []],
    ]);
  });

  test("refuse a row after its seal at once, count every partition at the end", () => {
    const { instance, steps } = make();
    instance.input("add", ["a", 1]);
    instance.sealInput("add", ["a"]);
    expect(instance.input("add", ["a", 2])).toMatchObject({
      code: "DLC904",
      message: expect.stringContaining('add("a", 2)'),
    });
    expect(instance.sealInput("add", [1])).toMatchObject({ code: "DLC902" });
    expect(instance.sealInput("nothing", ["a"])).toMatchObject({ code: "DLC901" });
    expect(instance.sealInput("other", [1])).toBeNull();
    instance.input("add", ["b", 1]);
    instance.step();
    expect(instance.awaited()).toEqual([{ collection: "add", key: ["b"], producers: ["R#0"], held: 1 }]);
    instance.endInput();
    instance.step();
    expect(steps.map((step) => step.closed)).toEqual([[{ source: "add", key: ["a"] }], [{ source: "add", key: null }]]);
    expect(instance.input("other", [1])).toMatchObject({ code: "DLC903" });
    expect(instance.wantsStep()).toBe(false);
  });

  test("wait for deferred facts where a deferred rule lies behind", () => {
    let pending = true;
    const { instance, steps } = make(true, () => (pending ? [null] : []));
    instance.input("add", ["a", 1]);
    instance.sealInput("add", ["a"]);
    instance.step();
    pending = false;
    instance.step();
    expect(steps.flatMap((step) => step.closed)).toEqual([]);
    instance.step();
    expect(steps.flatMap((step) => step.closed)).toEqual([{ source: "add", key: ["a"] }]);
  });
});

describe("a sender", () => {
  const sealed = { ...channel, sealed: sealedBy([0], ["P"]) };
  const sender = (route: "all" | "owner", effects: Effects[], meta: CollectionMeta = sealed) =>
    new Instance(
      handRole({
        role: "P",
        collections: [],
        targets: [target("S", meta, route === "all" ? { kind: "all" } : { kind: "owner", columns: [1] })],
        rules: () => ({ step: () => effects.shift() ?? {} }),
      }),
      { counts },
      0,
      1,
    );
  const seals = (instance: Instance) =>
    instance
      .step()
      .envelopes.map(({ to, parts }) => [
        to,
        parts.map((part) => (part.kind === "seal" ? [part.key, part.count] : part.kind)),
      ]);

  test("seals after the step's facts and counts them, for each receiver, also where it sent none", () => {
    const instance = sender("all", [
      {
        sends: [
          { target: "S.click", to: null, rows: [["a", 1]] },
          {
            target: "S.click",
            to: "S#1",
            rows: [
              ["a", 2],
              ["b", 1],
            ],
          },
        ],
      },
      {
        sends: [{ target: "S.click", to: "S#0", rows: [["a", 3]] }],
        seals: [
          { target: "S.click", key: ["a"] },
          { target: "S.click", key: ["b"] },
        ],
      },
    ]);
    instance.step();
    expect(seals(instance)).toEqual([
      ["S#0", ["rows", [["a"], 2], [["b"], 0]]],
      [
        "S#1",
        [
          [["a"], 2],
          [["b"], 1],
        ],
      ],
    ]);
  });

  test("counts by all columns of the seal, and equal values that are not the same object as one", () => {
    const pairs = {
      ...collection("channel", "click", { campaign: "bytes", id: "int" }),
      sealed: sealedBy([0, 1], ["P"]),
    };
    const bytes = (...of: number[]) => Uint8Array.from(of);
    const rows: Row[] = [
      [bytes(1), 1],
      [bytes(1), 1],
      [bytes(1), 2],
      [bytes(2), 2],
      [bytes(1), 1],
    ];
    const instance = sender(
      "all",
      [
        {
          sends: [{ target: "S.click", to: null, rows }],
          seals: [
            { target: "S.click", key: [bytes(1), 1] },
            { target: "S.click", key: [bytes(2), 2] },
          ],
        },
        { sends: [{ target: "S.click", to: null, rows }] },
      ],
      pairs,
    );
    expect(seals(instance)[0][1]).toEqual(["rows", [[bytes(1), 1], 3], [[bytes(2), 2], 1]]);
    expect(instance.step().faults[0].message).toContain("P#0 did not send 4 facts of S.click");
  });

  test("refuses to send what it has sealed, and reports it", () => {
    const instance = sender("owner", [
      { seals: [{ target: "S.click", key: ["a"] }] },
      {
        sends: [
          {
            target: "S.click",
            to: null,
            rows: [
              ["a", 1],
              ["b", 1],
            ],
          },
        ],
        seals: [{ target: "S.click", key: ["a"] }],
      },
    ]);
    expect(seals(instance)).toEqual([
      ["S#0", [[["a"], 0]]],
      ["S#1", [[["a"], 0]]],
    ]);
    const { envelopes, faults } = instance.step();
    expect(envelopes.flatMap(({ parts }) => parts)).toEqual([{ kind: "rows", target: "S.click", rows: [["b", 1]] }]);
    expect(faults).toEqual([
      {
        code: "DLC905",
        message: 'P#0 did not send 1 fact of S.click, because it has sealed their campaign before: S.click("a", 1)',
      },
    ]);
  });

  test("seals nothing where nobody waits for it", () => {
    const instance = sender("all", [{ seals: [{ target: "S.click", key: ["a"] }] }], channel);
    expect(instance.step()).toEqual({ envelopes: [], outputs: [], faults: [] });
  });
});

describe("seals travel", () => {
  const left = collection("input", "left", { k: "string" }, { sealed: sealedBy([0]) });
  const right = collection("channel", "right", { k: "string", n: "int" }, { sealed: sealedBy([0], ["S"]) });
  const goal = (single = false, key: number[] = [0]) =>
    collection("channel", "goal", { k: "string" }, { sealed: sealedBy(key, ["P"], { single }) });
  const upper = ([k]: Row): Row => {
    if (k === "bad") throw new Error("no such ticker");
    return [(k as string).toUpperCase()];
  };
  const traveller = (
    parts: readonly { source: string; map: (key: Row) => Row }[],
    { single = false, deferred = false, key = [0], pending = () => [] as null[], send = [] as Row[] } = {},
  ) => {
    let first = true;
    const instance = new Instance(
      handRole({
        role: "P",
        collections: [left, right],
        targets: [target("R", goal(single, key))],
        travels: [{ target: "R.goal", parts, deferred }],
        rules: () => ({
          step: () => {
            const sends = first && send.length > 0 ? [{ target: "R.goal", to: null, rows: send }] : [];
            first = false;
            return { sends };
          },
          pending,
        }),
      }),
      { counts },
      0,
      1,
    );
    instance.step();
    let seq = 0;
    const seal = (k: Row | null, from = "S#0") =>
      instance.receive({
        from,
        to: "P#0",
        epoch: 1,
        seq: ++seq,
        parts: [{ kind: "seal", target: "P.right", key: k, count: 0 }],
      });
    const sealRight = (k: Row | null) => [...seal(k, "S#0"), ...seal(k, "S#1")];
    const sealed = () => {
      const effects = instance.step();
      return effects.envelopes
        .flatMap(({ parts: each }) => each)
        .map((part) => (part.kind === "seal" ? [part.key?.[0] ?? null, part.count] : part.kind));
    };
    return { instance, sealRight, sealed };
  };
  const byLeft = { source: "left", map: upper };
  const byRight = { source: "right", map: upper };

  test("with the mapped key, after the facts, when the source closes; entirely at the end", () => {
    const { instance, sealed } = traveller([byLeft]);
    instance.sealInput("left", ["a"]);
    expect(sealed()).toEqual([["A", 0]]);
    instance.endInput("left");
    expect(sealed()).toEqual([[null, 0]]);
    expect(sealed()).toEqual([]);
  });

  test("when all parts are closed for the value, or entirely", () => {
    const { instance, sealRight, sealed } = traveller([byLeft, byRight]);
    instance.sealInput("left", ["a"]);
    instance.sealInput("left", ["b"]);
    expect(sealed()).toEqual([]);
    sealRight(["b"]);
    expect(sealed()).toEqual([["B", 0]]);
    sealRight(["c"]);
    sealRight(null);
    expect(sealed()).toEqual([["A", 0]]);
    instance.sealInput("left", ["d"]);
    expect(sealed()).toEqual([["D", 0]]);
    instance.endInput("left");
    expect(sealed()).toEqual([[null, 0]]);
  });

  test("to a stream without a key only when everything is closed", () => {
    const { instance, sealed } = traveller([{ source: "left", map: () => [] }], { key: [] });
    instance.sealInput("left", ["a"]);
    expect(sealed()).toEqual([]);
    instance.endInput();
    expect(sealed()).toEqual([[null, 0]]);
  });

  test("not before the deferred facts are out", () => {
    const pending: null[] = [null, null];
    const { instance, sealed } = traveller([byLeft], { deferred: true, pending: () => [...pending] });
    instance.sealInput("left", ["a"]);
    pending.pop();
    expect(sealed()).toEqual([]);
    pending.pop();
    expect(sealed()).toEqual([["A", 0]]);
  });

  test("a function that throws keeps its value open and is reported", () => {
    const { instance, sealed } = traveller([byLeft]);
    instance.sealInput("left", ["bad"]);
    instance.sealInput("left", ["a"]);
    const { envelopes, faults } = instance.step();
    expect(envelopes[0].parts).toHaveLength(1);
    expect(faults).toEqual([
      { code: "DLC910", message: "P#0 cannot pass on a seal of P.left to R.goal: no such ticker" },
    ]);
    instance.endInput();
    expect(sealed()).toEqual([[null, 0]]);
  });

  test("to a `single` channel only from the producer: who has sent rows of it, or whose host sealed it", () => {
    const { instance, sealRight, sealed } = traveller([byRight], { single: true, send: [["B"]] });
    sealRight(["a"]);
    sealRight(["b"]);
    expect(sealed()).toEqual([["B", 1]]);
    sealRight(null);
    expect(sealed()).toEqual([[null, 1]]);
    const hosted = traveller([byLeft], { single: true });
    hosted.instance.sealInput("left", ["a"]);
    expect(hosted.sealed()).toEqual([["A", 0]]);
    expect(instance.awaited()).toEqual([]);
  });
});

test("a seal rule on the role's own collections", () => {
  const steps: StepInput[] = [];
  const instance = new Instance(
    handRole({
      role: "R",
      collections: [
        collection("input", "add", { k: "string" }, { sealed: sealedBy([0]) }),
        { ...channel, sealed: sealedBy([0], ["P"]) },
      ],
      rules: () => ({
        step: (step) => (
          steps.push(step),
          steps.length === 1
            ? {
                seals: [
                  { target: "R.add", key: ["a"] },
                  { target: "R.click", key: ["b"] },
                ],
              }
            : {}
        ),
      }),
    }),
    { counts },
    0,
    1,
  );
  instance.step();
  expect(instance.input("add", ["a"])).toMatchObject({ code: "DLC904" });
  instance.step();
  expect(steps[1].closed).toEqual([
    { source: "add", key: ["a"] },
    { source: "click", key: ["b"] },
  ]);
  const late = instance.receive({
    from: "P#1",
    to: "R#0",
    epoch: 1,
    seq: 1,
    parts: [{ kind: "rows", target: "R.click", rows: [["b", 1]] }],
  });
  expect(late[0].code).toBe("DLC904");
});
