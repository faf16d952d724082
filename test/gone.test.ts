/** A producer that an operator has declared gone: what lacks its seal fails loudly, and everything else goes on. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Instance } from "../src/runtime/instance.ts";
import type { Envelope } from "../src/runtime/messages.ts";
import type { Fault, Row, RoleProgram } from "../src/runtime/program.ts";
import { addressOf } from "../src/runtime/routing.ts";
import { Sequencer } from "../src/runtime/sequencer.ts";
import { Journal } from "../src/runtime/storage/journal.ts";
import { RecordedInstance } from "../src/runtime/storage/recorded.ts";
import { Random } from "../src/verify/schedule.ts";
import { check } from "./support/check.ts";
import { programsOf } from "./support/runs.ts";

const counting = (
  sealed = "sealed by (x)",
): string => `role H x3 { input i(x: int, y: int) ${sealed}; R.c(x, y) <~ i(x, y); }
role R replicated x2 { channel c(x: int, y: int); table t(x: int, y: int); output n(x: int, k: int); output all(x: int, y: int);
  t(x, y) <= c(x, y); n(x, count()) <= t(x, _); all(x, y) <= t(x, y); }`;

const counts = { H: 3, R: 2 };
const programs = programsOf(check(counting()).plan);
const programOf = (role: string, of = programs): RoleProgram => of.find(({ meta }) => meta.role === role)!;

interface Seen {
  /** By replica: what is counted, what has failed, what is still awaited. */
  readonly replicas: readonly {
    readonly n: readonly Row[];
    readonly faults: readonly Fault[];
    readonly awaited: readonly unknown[];
  }[];
}

/**
 * Three hosts give two rows to each of four partitions and seal them; H#1 dies at a random moment, with what it has sent and is
 * still under way lost here and there, and each of the others hears at a random moment that it is gone (`declared`).
 */
function run(seed: number, declared: boolean): Seen {
  const random = new Random(seed);
  const instances = new Map<string, Instance>();
  for (const [role, count] of Object.entries(counts))
    for (let i = 0; i < count; i++) instances.set(addressOf(role, i), new Instance(programOf(role), { counts }, i, 1));
  const faults = new Map<string, Fault[]>([...instances.keys()].map((address) => [address, []]));
  const outputs = new Map<string, Row[]>([...instances.keys()].map((address) => [address, []]));
  const gifts = [0, 1, 2].map((i) => {
    const parts = [1, 2, 3, 4].flatMap((x) => [
      () => instances.get(`H#${i}`)!.input("i", [x, i * 10]),
      () => instances.get(`H#${i}`)!.input("i", [x, i * 10 + 1]),
      () => instances.get(`H#${i}`)!.sealInput("i", [x]),
    ]);
    return [...parts, () => instances.get(`H#${i}`)!.endInput()] as (() => unknown)[];
  });
  let flying: Envelope[] = [];
  let isDead = false;
  let unaware = declared ? [...instances.keys()].filter((address) => address !== "H#1") : [];
  const dies = random.below(60);
  const step = (address: string): void => {
    const { envelopes, outputs: given, faults: found } = instances.get(address)!.step();
    flying.push(...envelopes);
    faults.get(address)!.push(...found);
    for (const { collection, rows } of given) if (collection === "n") outputs.get(address)!.push(...rows);
  };
  for (let at = 0; ; at++) {
    if (at === dies) {
      isDead = true;
      flying = flying.filter(({ from }) => from !== "H#1" || random.chance(0.5));
    }
    const acts: (() => void)[] = [];
    for (const [i, each] of gifts.entries())
      if (each.length > 0 && !(isDead && i === 1)) acts.push(() => void each.shift()!());
    for (const [address, instance] of instances)
      if (instance.wantsStep() && !(isDead && address === "H#1")) acts.push(() => step(address));
    for (const envelope of flying)
      acts.push(() => {
        flying.splice(flying.indexOf(envelope), 1);
        if (!(isDead && envelope.to === "H#1"))
          faults.get(envelope.to)!.push(...instances.get(envelope.to)!.receive(envelope));
      });
    if (isDead)
      for (const address of unaware)
        acts.push(() => {
          unaware = unaware.filter((each) => each !== address);
          faults.get(address)!.push(...instances.get(address)!.declareGone("H#1"));
        });
    if (acts.length === 0 && (isDead || at < dies)) {
      if (isDead) break;
      at = dies - 1;
      continue;
    }
    if (acts.length > 0) acts[random.below(acts.length)]();
  }
  return {
    replicas: ["R#0", "R#1"].map((address) => ({
      n: outputs.get(address)!,
      faults: faults.get(address)!,
      awaited: instances.get(address)!.awaited(),
    })),
  };
}

const givenUp = (faults: readonly Fault[]): number[] =>
  faults
    .filter(({ code }) => code === "DLC914")
    .map(({ message }) =>
      Number(
        /^R#\d gives up the partition \[(\d)\] of R\.c, of which \d rows? ha(?:s|ve) come: it was not sealed by H#1, which has been declared gone$/.exec(
          message,
        )![1],
      ),
    )
    .sort();

test("at any moment: a partition is counted whole, or it has failed and said so, and nothing waits any more", () => {
  const seen = { whole: 0, failed: 0, differ: 0 };
  for (let seed = 1; seed <= 300; seed++) {
    const { replicas } = run(seed, true);
    for (const { n, faults, awaited } of replicas) {
      const failed = givenUp(faults);
      const whole = n.map(([x]) => x as number).sort();
      expect(
        n.map(([, k]) => k),
        `seed ${seed}`,
      ).toEqual(n.map(() => 6));
      expect([...failed, ...whole].sort(), `seed ${seed}`).toEqual([1, 2, 3, 4]);
      expect(awaited, `seed ${seed}`).toEqual([]);
      // All else that is told is that what comes too late of it is refused.
      for (const { code, message } of faults)
        if (code !== "DLC914") expect(message).toMatch(/^R#\d refused a message from H#1: it has been declared gone$/);
      seen.failed += failed.length;
      seen.whole += whole.length;
    }
    if (JSON.stringify(givenUp(replicas[0].faults)) !== JSON.stringify(givenUp(replicas[1].faults))) seen.differ++;
  }
  // Replicas may decide differently about a partition whose last seal comes while they hear of it.
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(20);
});

test("without the declaration the same partitions wait, and nothing says that they have failed", () => {
  let waits = 0;
  for (let seed = 1; seed <= 60; seed++)
    for (const { faults, awaited, n } of run(seed, false).replicas) {
      expect(faults).toEqual([]);
      const open = awaited as readonly { key: Row | null; producers: readonly string[] }[];
      for (const { producers } of open) expect(producers).toEqual(["H#1"]);
      if (n.length < 4) expect(open.length).toBeGreaterThan(0);
      waits += open.length;
    }
  expect(waits).toBeGreaterThan(20);
});

function receiver(
  text = counting(),
  create = (program: RoleProgram): Instance => new Instance(program, { counts }, 0, 1),
) {
  const instance = create(programOf("R", programsOf(check(text).plan)));
  const seqs = [0, 0, 0];
  const n: Row[] = [];
  const settle = (): readonly Fault[] => {
    const faults: Fault[] = [];
    while (instance.wantsStep()) {
      const effects = instance.step();
      faults.push(...effects.faults);
      for (const { collection, rows } of effects.outputs) if (collection === "n") n.push(...rows);
    }
    return faults;
  };
  const deliver = (from: number, ...parts: Envelope["parts"]): readonly string[] =>
    [...instance.receive({ from: `H#${from}`, to: "R#0", epoch: 1, seq: ++seqs[from], parts }), ...settle()].map(
      ({ message }) => message,
    );
  const declare = (address: string): readonly string[] =>
    [...instance.declareGone(address), ...settle()].map(({ message }) => message);
  return { instance, deliver, declare, n };
}

const rows = (...all: Row[]): Envelope["parts"][number] => ({ kind: "rows", target: "R.c", rows: all });
const seal = (key: Row | null, count: number): Envelope["parts"][number] => ({
  kind: "seal",
  target: "R.c",
  key,
  count,
});
const lacks = (key: string, come: string): string =>
  `R#0 gives up the partition ${key} of R.c, of which ${come} come: it was not sealed by H#1, which has been declared gone`;

test("what it has sealed stands, what it has not fails, known or not yet, and it is heard no more", () => {
  const { instance, deliver, declare, n } = receiver();
  deliver(0, rows([1, 1], [2, 1]), seal([1], 1));
  deliver(1, rows([1, 2], [2, 2]), seal([1], 1));
  // Its seal has come, and a row that it counts has not.
  deliver(1, rows([4, 1]), seal([4], 2));
  expect(declare("H#1")).toEqual([lacks("[2]", "2 rows have"), lacks("[4]", "1 row has")]);
  expect(declare("H#1")).toEqual([]);
  expect(deliver(1, seal([2], 1))).toEqual(["R#0 refused a message from H#1: it has been declared gone"]);
  expect(deliver(2, seal([1], 0))).toEqual([]);
  expect(n).toEqual([[1, 2]]);
  expect(deliver(0, rows([3, 1]))).toEqual([lacks("[3]", "1 row has")]);
  deliver(0, seal(null, 3));
  deliver(2, seal(null, 0));
  expect([n, instance.awaited(), [...instance.gone]]).toEqual([[[1, 2]], [], [["H#1", 3]]]);
});

test("one that has sealed everything is missed by nobody; the sequencer, oneself and strangers are never gone", () => {
  const { instance, deliver, declare, n } = receiver();
  deliver(1, rows([1, 1]), seal(null, 1));
  for (const who of ["H#1", "log", "R#0", "H#3", "nonsense"]) expect(declare(who)).toEqual([]);
  expect([...instance.gone]).toEqual([["H#1", 0]]);
  deliver(0, seal(null, 0));
  expect(deliver(2, rows([1, 2], [2, 1]), seal(null, 2))).toEqual([]);
  expect(n.toSorted()).toEqual([
    [1, 2],
    [2, 1],
  ]);
});

test("of a whole stream, also of one of which nothing has come", () => {
  for (const come of [0, 1]) {
    const { instance, deliver, declare, n } = receiver(counting("sealed"));
    if (come > 0) deliver(0, rows([1, 1]));
    expect(declare("H#1")).toEqual([
      `R#0 gives up the stream of R.c, of which ${come} row${come === 1 ? " has" : "s have"} come: it was not sealed by H#1, which has been declared gone`,
    ]);
    deliver(0, seal(null, come));
    deliver(2, seal(null, 0));
    expect([n, instance.awaited()]).toEqual([[], []]);
  }
});

test("where each value has one producer, only values fail that are its own or nobody's", () => {
  const { instance, deliver, declare, n } = receiver(counting("sealed by (x) single"));
  deliver(0, rows([1, 1]));
  deliver(1, rows([2, 1]));
  expect(declare("H#1")).toEqual([lacks("[2]", "1 row has")]);
  expect(deliver(0, rows([3, 1]), seal([3], 1))).toEqual([]);
  deliver(0, seal([1], 1));
  expect(n.toSorted()).toEqual([
    [1, 1],
    [3, 1],
  ]);
  expect(deliver(2, rows([4, 1]))).toEqual([]);
  deliver(2, seal(null, 1));
  deliver(0, seal(null, 2));
  expect(n.toSorted()).toEqual([
    [1, 1],
    [3, 1],
    [4, 1],
  ]);
  expect(instance.awaited()).toEqual([]);
});

test("a value that nobody has produced fails when nobody else can", () => {
  const { instance, deliver, declare } = receiver(
    `role H x3 { input i(x: int, y: int) sealed by (x) single; R.c(x, y) <~ i(x, y); } role Q { input ask(x: int); R.q(x) <~ ask(x); }
role R replicated x2 { channel c(x: int, y: int); channel q(x: int); table t(x: int, y: int); table asked(x: int); output n(x: int);
  t(x, y) <= c(x, y); asked(x) <= q(x); n(x) <= asked(x), not t(x, _); }`,
    (program) => new Instance(program, { counts: { ...counts, Q: 1 } }, 0, 1),
  );
  instance.receive({ from: "Q#0", to: "R#0", epoch: 1, seq: 1, parts: [{ kind: "rows", target: "R.q", rows: [[5]] }] });
  instance.step();
  expect(declare("H#1")).toEqual([]);
  expect(deliver(0, seal(null, 0))).toEqual([]);
  expect(instance.awaited()).toMatchObject([{ collection: "c", key: [5], producers: ["H#1", "H#2"] }]);
  expect(deliver(2, seal(null, 0))).toEqual([lacks("[5]", "0 rows have")]);
  expect(instance.awaited()).toEqual([]);
});

test("nothing is sent to one that is gone, and numbers go on", () => {
  const host = new Instance(programOf("H"), { counts }, 0, 1);
  const sent = (y: number): readonly (readonly [string, number])[] => {
    host.input("i", [1, y]);
    return host.step().envelopes.map(({ to, seq }) => [to, seq]);
  };
  expect(sent(1)).toEqual([
    ["R#0", 1],
    ["R#1", 1],
  ]);
  host.declareGone("R#1");
  expect(sent(2)).toEqual([["R#0", 2]]);
});

test("the sequencer takes nothing more of it, and has no batches for it", () => {
  const ordered = programsOf(
    check(counting("").replace("output n(x: int, k: int)", "output n(x: int, k: int) agreed")).plan,
  );
  const sequencer = new Sequencer(
    { counts },
    ordered.map(({ meta }) => meta),
    1,
  );
  const append = (from: string, seq: number): readonly string[] => {
    const faults = sequencer.take({
      from,
      to: "log",
      epoch: 1,
      seq,
      parts: [{ kind: "append", log: "R.log", runs: [{ target: "R.c", to: null, from, rows: [[1, seq]] }] }],
    });
    return [...faults.map(({ message }) => message), ...sequencer.flush().map(({ to }) => to)];
  };
  expect(append("H#1", 1)).toEqual(["R#0", "R#1"]);
  sequencer.declareGone("H#1");
  sequencer.declareGone("R#1");
  expect(append("H#1", 2)).toEqual(["the sequencer refused a message from H#1: it has been declared gone"]);
  expect(append("H#0", 1)).toEqual(["R#0"]);
});

test("it holds after a restart, from the journal and from a snapshot", () => {
  const identity = { self: "R#0", program: "p", version: "1", counts, isOnNats: false };
  for (const snapshotAfter of [undefined, 1]) {
    const folder = mkdtempSync(join(tmpdir(), "dlc-gone-"));
    try {
      const open = (program: RoleProgram): { journal: Journal; recorded: RecordedInstance } => {
        const opened = Journal.open(
          folder,
          identity,
          (epoch) => new RecordedInstance(program, { counts }, 0, epoch),
          snapshotAfter,
        );
        opened.recorded.recordIn(opened.journal);
        return opened;
      };
      let first!: ReturnType<typeof open>;
      const before = receiver(counting(), (program) => (first = open(program)).recorded);
      before.deliver(0, rows([1, 1]));
      expect(before.declare("H#1")).toHaveLength(1);
      first.journal.commit(true);
      first.journal.close();

      let second!: ReturnType<typeof open>;
      const after = receiver(counting(), (program) => (second = open(program)).recorded);
      expect([...after.instance.gone]).toEqual([["H#1", 1]]);
      expect(after.declare("H#1")).toEqual([]);
      expect(
        after.instance
          .receive({ from: "H#2", to: "R#0", epoch: 1, seq: 1, parts: [rows([7, 1]), seal([1], 0)] })
          .map(({ message }) => message),
      ).toEqual([lacks("[7]", "1 row has")]);
      expect(after.instance.awaited()).toEqual([]);
      second.journal.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
});
