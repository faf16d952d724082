/** A newcomer gets the state of a replica, and from there on answers as the others do, in whatever order messages come. */
import { describe, expect, test } from "vitest";
import { compile } from "../src/compiler/compile.ts";
import type { Envelope } from "../src/runtime/messages.ts";
import type { MemberInstance } from "../src/runtime/membership/member.ts";
import type { Row } from "../src/runtime/program.ts";
import { check } from "./support/check.ts";
import { addresses, Joining, type JoiningOptions, marksApart, without } from "./support/joining.ts";
import { programsOf } from "./support/runs.ts";

const store = `
role Store replicated x2 {
  channel click(c: string, id: int);
  channel put(k: string, v: int);
  channel pair(x: int, y: int);
  table clicks(c: string, id: int);
  table cur(k: string -> v: int);
  table later(id: int);
  table pairs(x: int, y: int);
  channel ask(r: int, c: string);
  scratch size(c: string, n: int);
  output answer(r: int, c: string, n: int);
  output total(c: string, n: int);
  output now(k: string, v: int) agreed;
  output seen(id: int);
  output path(x: int, y: int);

  clicks(c, id) <= click(c, id);
  total(c, count()) <= clicks(c, _);
  cur(k, v) <+- put(k, v);
  now(k, v) <= cur(k, v);
  later(id) <+ click(_, id);
  seen(id) <= later(id);
  size(c, count()) <= clicks(c, _);
  answer(r, c, n) <= ask(r, c), size(c, n);
  pairs(x, y) <= pair(x, y);
  pairs(x, z) <= pairs(x, y), pairs(y, z);
  path(x, y) <= pairs(x, y);
}

role Client x2 {
  input click(c: string, id: int) sealed by (c);
  input put(k: string, v: int);
  input pair(x: int, y: int);
  input ask(r: int, c: string);
  Store.ask(r, c) <~ ask(r, c);
  Store.click(c, id) <~ click(c, id);
  Store.put(k, v) <~ put(k, v);
  Store.pair(x, y) <~ pair(x, y);
}
`;

/** Its replicas also send to each other, themselves included. */
const gossiping = store.replace(
  "  answer(r",
  "  channel echo(id: int);\n  table echoes(id: int);\n  Store.echo(id) <~ later(id);\n  echoes(id) <= echo(id);\n  answer(r",
);

const programs = programsOf(check(store).plan);
const gossip = check(gossiping).plan;
/** Replicas and clients look who takes part. */
const looking = store
  .replace(
    "  answer(r",
    "  output pairs_of(a: addr, b: addr) any;\n  output met(id: int, a: addr) any;\n  pairs_of(a, b) <= Store.nodes(a), Client.nodes(b);\n  met(id, a) <= click(_, id), Store.nodes(a);\n  answer(r",
  )
  .replace(
    "  Store.ask(r",
    '  output alone(a: addr) any;\n  alone(a) <= Client.nodes(a), Store.nodes("Store#0"), not Store.nodes("Store#2");\n  Store.ask(r',
  );
const tables = ["clicks", "cur", "later", "pairs", "echoes"];
/** Those whose contents are the same at every replica in every run. */
const outputs = ["total", "seen", "path"];
const seeds = Number(process.env.DLC_JOINS ?? 300);

function give(world: Joining, round: number): void {
  const { random } = world;
  for (const index of [0, 1]) {
    const client = world.instances.get(`Client#${index}`)!;
    for (let n = random.below(4); n > 0; n--) {
      const id = round * 10 + n + index * 5;
      client.input("click", [`c${random.below(3)}`, id]);
      if (random.chance(0.5)) client.input("put", [`k${random.below(2)}`, id]);
      if (random.chance(0.5)) client.input("pair", [random.below(6), random.below(60)]);
    }
    if (random.chance(0.5)) client.input("ask", [round * 2 + index, `c${random.below(3)}`]);
    if (random.chance(0.15)) client.sealInput("click", [`c${random.below(3)}`]);
  }
}

/** Clicks after their seal are refused by the host. Everything else must be taken. */
function runWith(
  options: Partial<JoiningOptions> & { readonly seed: number },
  between: (world: Joining, round: number) => void,
): Joining {
  const world = new Joining({ programs, counts: { Store: 2, Client: 2 }, dynamic: ["Store"], ...options });
  for (let round = 0; round < 12; round++) {
    give(world, round);
    between(world, round);
    world.run(world.random.below(40));
  }
  for (const index of [0, 1]) world.instances.get(`Client#${index}`)!.endInput();
  world.run();
  return world;
}

/** Whether two replicas hold and have told the same. */
function difference(world: Joining, one: string, other: string): string[] {
  const found: string[] = [];
  const [a, b] = [world.instances.get(one)!, world.instances.get(other)!];
  for (const name of [...tables, ...outputs])
    if (JSON.stringify(a.read(name)) !== JSON.stringify(b.read(name)))
      found.push(`${name} at ${one}: ${JSON.stringify(a.read(name))}, at ${other}: ${JSON.stringify(b.read(name))}`);
  const told = (address: string, name: string): string =>
    JSON.stringify(
      [...new Set((world.delivered.get(`${address}.${name}`) ?? []).map((row: Row) => JSON.stringify(row)))].sort(),
    );
  for (const name of outputs)
    if (told(one, name) !== told(other, name))
      found.push(`${name} told by ${one}: ${told(one, name)}, by ${other}: ${told(other, name)}`);
  if (JSON.stringify(a.awaited()) !== JSON.stringify(b.awaited()))
    found.push(`seals awaited by ${one}: ${JSON.stringify(a.awaited())}, by ${other}: ${JSON.stringify(b.awaited())}`);
  return found;
}

/** Answers that neither the newcomer has told nor its sponsor had when it handed over its state. */
function untold(world: Joining, newcomer: string): string[] {
  const known = new Set(
    [...world.toldAtCut.get(newcomer)!, ...(world.delivered.get(`${newcomer}.answer`) ?? [])].map((row) =>
      JSON.stringify(row),
    ),
  );
  return world.delivered
    .get("Store#0.answer")!
    .map((row) => JSON.stringify(row))
    .filter((row) => !known.has(row));
}

function joinsTwo(world: Joining, round: number): void {
  if (round === 3) world.join("Store", 2);
  if (round === 5 + world.random.below(2)) world.join("Store", world.instances.has("Store#3") ? 4 : 3);
}

describe.each([
  ["where a process is the registry", false],
  ["where the registry stands in a log that all read", true],
])("a newcomer, %s,", (_, isOnLogs) => {
  const run: typeof runWith = (options, between) => runWith({ isOnLogs, ...options }, between);

  test.each([
    ["that hear from others", programs],
    ["that also send to each other", programsOf(gossip)],
  ])(
    "holds and tells what the other replicas %s do, and then goes on as they do",
    (_, of) => {
      let taken = 0;
      for (let seed = 1; seed <= seeds; seed++) {
        const world = run({ seed, programs: of }, joinsTwo);
        expect(world.faults, `seed ${seed}`).toEqual([]);
        const stores = [...world.instances.keys()].filter((address) => address.startsWith("Store"));
        for (const address of stores) {
          expect(world.instances.get(address)!.isLiving, `${address}, seed ${seed}`).toBe(true);
          expect(difference(world, "Store#0", address), `seed ${seed}`).toEqual([]);
        }
        for (const address of stores.slice(2)) {
          expect(untold(world, address), `${address}, seed ${seed}`).toEqual([]);
          taken += world.delivered.get(`${address}.answer`)?.length ?? 0;
        }
      }
      expect(taken).toBeGreaterThan(seeds);
    },
    120_000,
  );

  /** How many of so many runs end with a newcomer that differs, has no state, or with something refused. */
  function broken(spoil: (envelope: Envelope) => Envelope, of = 60): number {
    let count = 0;
    for (let seed = 1; seed <= of; seed++) {
      const world = run({ seed, spoil }, joinsTwo);
      const newcomer = world.instances.get("Store#2")!;
      if (!newcomer.isLiving || world.faults.length > 0 || difference(world, "Store#0", "Store#2").length > 0) count++;
    }
    return count;
  }

  test("would differ if its sponsor held nothing back, or did not wait for all that was numbered before a mark", () => {
    const toSponsors = (to: string): boolean => to === "Store#0" || to === "Store#1";
    expect(
      broken(without((part, { to, from }) => part.kind === "view" && toSponsors(to) && from !== "log")),
    ).toBeGreaterThan(10);
    expect(broken(marksApart)).toBeGreaterThan(10);
    expect(broken((envelope) => envelope)).toBe(0);
  }, 120_000);

  test("gets its state from another replica where its sponsor has died", () => {
    let died = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const world = run({ seed }, (at, round) => {
        if (round !== 3) return;
        at.join("Store", 2);
        at.run(at.random.below(60));
        // The first replica is asked first.
        if (!at.instances.get("Store#2")!.isLiving) at.kill("Store#0");
      });
      const newcomer = world.instances.get("Store#2")!;
      if (!newcomer.isLiving) {
        died++;
        newcomer.asksForSponsor();
        world.run();
      }
      expect(newcomer.isLiving, `seed ${seed}`).toBe(true);
      expect(world.faults, `seed ${seed}`).toEqual([]);
      expect(difference(world, "Store#1", "Store#2"), `seed ${seed}`).toEqual([]);
    }
    expect(died).toBeGreaterThan(seeds / 10);
  }, 120_000);

  test("gets the state of those that are left where others leave, its sponsor among them", () => {
    let left = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const world = run({ seed, programs: seed % 2 === 0 ? programs : programsOf(gossip) }, (at, round) => {
        if (round === 2) at.join("Store", 2);
        if (round === 4) at.join("Store", 3);
        if (round !== 3 && round !== 6) return;
        const sponsor = at.registry.changes.at(-1)?.sponsor;
        const living = [...at.instances.values()].filter(
          (each) => each.address.startsWith("Store") && each.isLiving && !at.dead.has(each.address),
        );
        // The state of the last one goes with it.
        if (sponsor && living.length > 1 && living.some((each) => each.address === sponsor)) {
          at.leave(sponsor);
          left++;
        }
      });
      expect(world.faults, `seed ${seed}`).toEqual([]);
      const stores = [...world.instances.values()].filter(
        (each) => each.address.startsWith("Store") && !world.dead.has(each.address),
      );
      for (const { address, isLiving } of stores) {
        expect(isLiving, `${address}, seed ${seed}`).toBe(true);
        expect(difference(world, stores[0].address, address), `seed ${seed}`).toEqual([]);
      }
    }
    expect(left).toBeGreaterThan(seeds / 2);
  }, 120_000);

  test("knows in the end who takes part, as all others do, and meanwhile each knows it at another time", () => {
    const of = programsOf(compile({ path: "test.dlc", text: looking }, { dynamic: ["Store"] }).plan!);
    let differ = 0;
    for (let seed = 1; seed <= seeds / 3; seed++) {
      const world = run({ seed, programs: of }, (at, round) => {
        // All have begun before anybody joins.
        if (round === 0) at.run();
        joinsTwo(at, round);
        if (round === 8) at.leave("Store#1");
      });
      expect(world.faults, `seed ${seed}`).toEqual([]);
      const stores = [...world.instances.values()].filter(
        ({ address }) => address.startsWith("Store") && !world.dead.has(address),
      );
      const members = stores.map(({ address }) => address).sort();
      expect(members).toContain("Store#2");
      const pairs = members.flatMap((a) => ["Client#0", "Client#1"].map((b) => [a, b]));
      for (const { address, read } of stores.map((each) => ({ address: each.address, read: each.read("pairs_of") })))
        expect(read, `${address}, seed ${seed}`).toEqual(pairs);
      for (const client of addresses("Client", [0, 1]))
        expect(world.instances.get(client)!.read("alone"), `${client}, seed ${seed}`).toEqual([]);
      expect(world.delivered.get("Client#0.alone"), `seed ${seed}`).toContainEqual(["Client#1"]);
      const [met, other] = addresses("Store", [0, 2]).map((address) =>
        JSON.stringify([...new Set(world.delivered.get(`${address}.met`)?.map((row) => row.join()))].sort()),
      );
      if (met !== other) differ++;
    }
    // What the label says of `met`.
    expect(differ).toBeGreaterThan(seeds / 10);
  }, 120_000);

  test("that dies before it has its state is forgotten, and its sponsor goes on", () => {
    for (let seed = 1; seed <= seeds / 4; seed++) {
      const world = run({ seed }, (at, round) => {
        if (round === 3) {
          at.join("Store", 2);
          at.run(at.random.below(10));
          at.kill("Store#2");
        }
        if (round === 6) for (let i = 0; i < 2; i++) at.forgetSilent();
      });
      expect(world.faults, `seed ${seed}`).toEqual([]);
      expect(world.instances.get("Store#0")!.missing(), `seed ${seed}`).toBe(null);
      expect(difference(world, "Store#0", "Store#1"), `seed ${seed}`).toEqual([]);
    }
  }, 120_000);

  test("that was only thought dead is told that it has been forgotten", () => {
    const world = new Joining({ programs, counts: { Store: 2, Client: 2 }, dynamic: ["Store"], seed: 1, isOnLogs });
    world.kill("Client#1");
    world.join("Store", 2);
    world.run();
    // A client that is gone does not say from where on it sends to the newcomer.
    expect(world.instances.get("Store#0")!.missing()).toEqual({ newcomer: "Store#2", members: ["Client#1"] });
    for (let i = 0; i < 2; i++) world.forgetSilent();
    world.instances.get("Store#2")!.waits();
    world.run();
    expect(world.refused.get("Store#2")).toContain("was not heard of for a while");
    expect(world.instances.get("Store#0")!.missing()).toBe(null);
  });

  test("with a number that another has or had is refused", () => {
    const world = new Joining({ programs, counts: { Store: 2, Client: 2 }, dynamic: ["Store"], seed: 1, isOnLogs });
    world.join("Store", 2);
    world.run();
    const again = world.join("Store", 2);
    world.run();
    expect(again.isLiving).toBe(false);
    const why = "Store#2 is a member of this deployment already: give the newcomer another number";
    if (isOnLogs) expect([world.refused.get("Store#2"), world.faults]).toEqual([why, []]);
    else
      expect(world.faults.map(({ code, message }) => `${code} ${message}`)).toEqual([
        "DLC906 the sequencer does not let a newcomer in: Store#2 is a member of this deployment already: give the newcomer at 127.0.0.1:7002 another number",
      ]);
  });

  test("hears all that those say who are started again after it came", () => {
    for (let seed = 1; seed <= seeds / 3; seed++) {
      const world = new Joining({ programs, counts: { Store: 2, Client: 2 }, dynamic: ["Store"], seed, isOnLogs });
      world.join("Store", 2);
      world.run();
      world.kill("Client#1");
      const back = world.restart("Client", 1);
      // Its host does not wait until it has heard of the newcomer.
      back.input("click", ["c", 1]);
      back.endInput();
      world.run();
      expect(world.faults, `seed ${seed}`).toEqual([]);
      for (const address of ["Store#0", "Store#1", "Store#2"])
        expect(world.instances.get(address)!.read("clicks"), `${address}, seed ${seed}`).toEqual([["c", 1]]);
    }
  });

  test("never gets the state of one that has died and begun again: that one is refused", () => {
    const world = new Joining({ programs, counts: { Store: 2, Client: 2 }, dynamic: ["Store"], seed: 1, isOnLogs });
    world.instances.get("Client#0")!.input("pair", [1, 2]);
    world.run();
    world.kill("Store#0");
    const again = world.restart("Store", 0);
    world.run();
    expect(world.refused.get(again.address)).toContain("has died and lost its state");
    const newcomer = world.join("Store", 2);
    world.run();
    expect(newcomer.read("pairs")).toEqual([[1, 2]]);
    expect(world.faults).toEqual([]);
  });
});

test("a newcomer hears who has been declared gone before it came, while it came and after, and gives up what needs its seal", () => {
  let told = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const world = new Joining({ programs, counts: { Store: 2, Client: 2 }, dynamic: ["Store"], seed });
    for (let id = 0; id < 6; id++) world.instances.get(`Client#${id % 2}`)!.input("click", ["c", id]);
    world.run(world.random.below(60));
    const die = (): void => {
      world.kill("Client#1");
      world.declareGone("Client#1");
      world.run(world.random.below(60));
    };
    if (seed % 3 === 0) die();
    world.join("Store", 2);
    world.run(world.random.below(60));
    if (seed % 3 !== 0) die();
    // Of this nobody has heard before.
    world.instances.get("Client#0")!.input("click", ["d", 100]);
    world.instances.get("Client#0")!.endInput();
    world.run();
    for (const address of ["Store#0", "Store#1", "Store#2"]) {
      const store = world.instances.get(address)!;
      expect(
        [address, store.isLiving, [...store.gone.keys()], store.awaited(), store.read("total")],
        `seed ${seed}`,
      ).toEqual([address, true, ["Client#1"], [], []]);
    }
    expect(
      world.faults.filter(({ code }) => code !== "DLC914" && code !== "DLC906"),
      `seed ${seed}`,
    ).toEqual([]);
    if (world.faults.some(({ message }) => message.startsWith("Store#2 gives up the partition"))) told++;
  }
  expect(told).toBeGreaterThan(seeds / 2);
}, 120_000);

describe.each([
  ["where a process is the registry", false],
  ["where each hears by itself, perhaps before it knows the newcomer", true],
])("a newcomer that has been declared gone, %s:", (_, isOnLogs) => {
  const both = ["Store", "Client"];
  const changing = programsOf(compile({ path: "test.dlc", text: store }, { dynamic: both }).plan!);
  const options = { programs: changing, counts: { Store: 2, Client: 2 }, dynamic: both, isOnLogs };
  const given = (world: Joining, address: string, ...rows: Row[]): void => {
    for (const row of rows) world.instances.get(address)!.input("click", row);
  };
  const seal = (world: Joining, address: string, c: string): unknown =>
    world.instances.get(address)!.sealInput("click", [c]);
  const livingStores = ({ instances, dead }: Joining): MemberInstance[] =>
    [...instances.values()].filter(({ address }) => address.startsWith("Store") && !dead.has(address));

  test("what it has not sealed fails everywhere, what it has sealed or could not send is counted, and nothing waits", () => {
    const seen = { whole: 0, failed: 0, late: 0 };
    for (let seed = 1; seed <= seeds; seed++) {
      const world = new Joining({ ...options, seed });
      // Of this value the newcomer may send nothing: it has been settled whose seals it needs.
      given(world, "Client#0", ["before", 1]);
      given(world, "Client#1", ["before", 2]);
      seal(world, "Client#0", "before");
      world.run();
      world.join("Client", 2);
      world.run();
      given(world, "Client#2", ["sealed", 3], ["open", 4], ["before", 5]);
      seal(world, "Client#2", "sealed");
      // Perhaps it dies before all of it has left.
      world.run(world.random.below(30));
      world.kill("Client#2");
      // Replicas that come before the declaration, while it is heard of, and after it.
      if (seed % 3 === 0) world.join("Store", 2);
      world.run(world.random.below(30));
      world.declareGone("Client#2");
      if (seed % 3 === 1) world.join("Store", 2);
      world.run(world.random.below(60));
      given(world, "Client#0", ["sealed", 6], ["open", 7], ["after", 8]);
      for (const address of ["Client#0", "Client#1"])
        for (const c of ["before", "sealed", "open", "after"]) seal(world, address, c);
      world.run();
      if (seed % 3 === 2) world.join("Store", 2);
      world.run();
      for (const store of livingStores(world)) {
        const at = `${store.address}, seed ${seed}`;
        const totals = store.read("total").map(([c]) => c);
        expect([store.isLiving, [...store.gone.keys()], store.awaited()], at).toEqual([true, ["Client#2"], []]);
        expect(totals, at).toContain("before");
        expect(totals, at).not.toContain("open");
        expect(totals, at).not.toContain("after");
        if (totals.includes("sealed")) {
          expect(
            store.read("clicks").filter(([c]) => c === "sealed"),
            at,
          ).toEqual([
            ["sealed", 3],
            ["sealed", 6],
          ]);
          seen.whole++;
        } else seen.failed++;
        if (store.address === "Store#2") seen.late++;
      }
      const givenUp = world.faults.filter(({ code }) => code === "DLC914").map(({ message }) => message);
      for (const store of ["Store#0", "Store#1"])
        for (const c of ["open", "after"])
          expect(
            givenUp.filter((message) => message.startsWith(`${store} gives up the partition ["${c}"]`)),
            `seed ${seed}`,
          ).toEqual([expect.stringMatching(/it was not sealed by Client#2, which has been declared gone$/)]);
      for (const { code, message } of world.faults)
        if (code !== "DLC914")
          expect(`${code} ${message}`).toMatch(/^DLC951 |^DLC906 .* Client#2: it has been declared gone$/);
    }
    for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(seeds / 10);
  }, 120_000);

  test("nothing is sent to it, no newcomer gets its state, and it is refused when it comes back", () => {
    for (let seed = 1; seed <= seeds / 3; seed++) {
      const world = new Joining({ ...options, seed });
      world.run();
      world.join("Store", 2);
      while (world.registry.changes.length === 0) world.run(1);
      if (seed % 2 === 0) world.run();
      else world.run(world.random.below(60));
      world.kill("Store#2");
      world.declareGone("Store#2");
      world.run(world.random.below(40));
      given(world, "Client#0", ["c", 1]);
      const newcomer = world.join("Store", 3);
      world.run();
      // Where no process is the registry it may be asked, and does not answer.
      for (let asked = 0; !newcomer.isLiving && asked < 3; asked++) {
        newcomer.asksForSponsor();
        world.run();
      }
      expect([newcomer.isLiving, newcomer.read("clicks")], `seed ${seed}`).toEqual([true, [["c", 1]]]);
      // What it had said before is still under way.
      for (const { message } of world.faults) expect(message).toMatch(/refused a message from Store#2: it has been/);
      for (const each of world.instances.values())
        if (!world.dead.has(each.address)) expect(each.missing(), `${each.address}, seed ${seed}`).toBe(null);
      if (isOnLogs) continue;
      for (let i = 0; i < 2; i++) world.forgetSilent();
      expect(world.registry.changes.filter(({ kind }) => kind === "leave")).toEqual([]);
      // Its transport says so too, and ends it.
      world.joinAgain("Store", 2);
      world.run();
      expect(world.faults.map(({ message }) => message)).toContain(
        "the sequencer refused a message from Store#2: it has been declared gone",
      );
    }
  }, 120_000);

  test("one that nobody knows is none", () => {
    const world = new Joining({ ...options, seed: 1 });
    world.run();
    world.registry.declareGone("Client#7");
    expect([...world.registry.gone]).toEqual([]);
    const [store] = livingStores(world);
    for (const address of ["Stranger#1", "nonsense", "Store#0", "log"]) expect(store.declareGone(address)).toEqual([]);
    expect([store.isGone("Stranger#1"), store.isGone("nonsense"), [...store.gone]]).toEqual([false, false, []]);
  });
});

describe("where the registry stands in a log that all read", () => {
  const options = { counts: { Store: 2, Client: 2 }, dynamic: ["Store", "Client"], isOnLogs: true };

  test("what newcomers append to the log of a role is taken by all of its replicas, in one order", () => {
    let appended = 0;
    const [changing] = [programsOf(compile({ path: "test.dlc", text: store }, { dynamic: ["Store", "Client"] }).plan!)];
    for (let seed = 1; seed <= seeds; seed++) {
      const world = runWith({ seed, ...options, programs: changing }, (at, round) => {
        if (round === 2) at.join("Client", 2);
        if (round === 4) at.join("Store", 2);
        if (round === 6) at.join("Client", 3);
        for (const address of ["Client#2", "Client#3"])
          if (at.instances.get(address)?.isLiving)
            at.instances.get(address)!.input("put", [`k${round % 2}`, 1000 + round]);
        if (round === 9 && at.instances.get("Client#2")!.isLiving) at.leave("Client#2");
      });
      for (const [address, each] of world.instances)
        if (address.startsWith("Client") && !world.dead.has(address)) each.endInput();
      world.run();
      expect(
        world.faults.filter(({ code }) => code !== "DLC951"),
        `seed ${seed}`,
      ).toEqual([]);
      for (const address of ["Store#1", "Store#2"]) {
        expect(difference(world, "Store#0", address), `seed ${seed}`).toEqual([]);
        expect(world.instances.get(address)!.awaited(), `seed ${seed}`).toEqual([]);
      }
      // A value overwrites those before it: the last of each replica is the same, and so are the places in the log.
      expect(world.instances.get("Store#2")!.read("cur")).toEqual(world.instances.get("Store#0")!.read("cur"));
      if (
        world.instances
          .get("Store#0")!
          .read("cur")
          .some(([, v]) => (v as number) >= 1000)
      )
        appended++;
    }
    expect(appended).toBeGreaterThan(seeds / 10);
  }, 120_000);

  test("a process that begins under the number of one that is dead gets nothing of what was said to that", () => {
    let [late, refused] = [0, 0];
    for (let seed = 1; seed <= seeds / 3; seed++) {
      const world = new Joining({ programs, ...options, dynamic: ["Store"], seed });
      for (let id = 0; id < 20; id++) world.instances.get(`Client#${id % 2}`)!.input("click", [`c${id % 3}`, id]);
      world.join("Store", 2);
      world.run(world.random.below(240));
      if (world.instances.get("Store#2")!.isLiving) late++;
      world.kill("Store#2");
      world.run(world.random.below(20));
      const again = world.joinAgain("Store", 2);
      world.run();
      // It is the first that is let in only where that has not been heard of.
      if (again.isLiving)
        expect(again.read("clicks"), `seed ${seed}`).toEqual(world.instances.get("Store#1")!.read("clicks"));
      else {
        expect(world.refused.get("Store#2"), `seed ${seed}`).toMatch(/is a member of this deployment already/);
        expect(again.read("clicks"), `seed ${seed}`).toEqual([]);
        refused++;
      }
    }
    expect(late).toBeGreaterThan(seeds / 30);
    expect(refused).toBeGreaterThan(seeds / 4);
    expect(late).toBeLessThan(refused);
  });

  test("what was sent in a view that an instance has not entered, or before a newcomer has its state, is not read", () => {
    const world = new Joining({ programs, ...options, dynamic: ["Store"], seed: 1 });
    world.run();
    const entry = {
      kind: "appended",
      log: "Store.log",
      upTo: 1,
      from: "Client#0",
      epoch: 1,
      first: 1,
      envelopes: [{ seq: 1, parts: [{ kind: "view", view: 1 }] }],
    } as const;
    expect(() => world.instances.get("Store#0")!.enter(entry)).toThrow("before its turn");
    expect(() => world.join("Store", 2).enter({ ...entry, envelopes: [] })).toThrow("before its turn");
    // Of an address that has not joined by then nothing is taken, at whatever replica.
    const stranger = {
      ...entry,
      from: "Client#7",
      envelopes: [
        {
          seq: 1,
          parts: [
            {
              kind: "append",
              log: "Store.log",
              runs: [{ target: "Store.put", to: null, from: "Client#7", rows: [["k", 1]] }],
            },
          ],
        },
      ],
    } as const;
    expect(
      world.instances
        .get("Store#0")!
        .enter(stranger)
        .faults.map(({ code }) => code),
    ).toEqual(["DLC906"]);
    expect(world.instances.get("Store#0")!.waiting).toBe(0);
  });

  test("a newcomer reads a log on from where its sponsor was", () => {
    const world = new Joining({ programs, ...options, dynamic: ["Store"], seed: 1 });
    for (let v = 0; v < 5; v++) {
      world.instances.get("Client#0")!.input("put", ["k", v]);
      world.run();
    }
    const newcomer = world.join("Store", 2);
    while (!newcomer.isLiving) world.run(1);
    expect(newcomer.followed.upTo("Store.log")).toBe(world.instances.get("Store#0")!.followed.upTo("Store.log"));
    expect(newcomer.followed.upTo("Store.log")).toBeGreaterThan(0);
  });

  test("what is settled of a value is not said again, and the end of an input always is", () => {
    const changing = programsOf(compile({ path: "test.dlc", text: store }, { dynamic: ["Store", "Client"] }).plan!);
    const world = new Joining({ programs: changing, ...options, seed: 1 });
    const [first, second] = addresses("Client", [0, 1]).map((address) => world.instances.get(address)!);
    const said = (client: MemberInstance): unknown[] =>
      client
        .step()
        .envelopes.filter(({ to }) => to === "log")
        .flatMap(({ parts }) => parts.flatMap((part) => (part.kind === "seals" ? [part.key] : [])));
    world.run();
    first.input("click", ["a", 1]);
    first.sealInput("click", ["a"]);
    world.run();
    for (const c of ["a", "b"]) second.sealInput("click", [c]);
    expect(said(second)).toEqual([["b"]]);
    second.endInput();
    expect(said(second)).toEqual([null]);
  });

  test("no number of what has come is kept for ever", () => {
    const world = runWith({ seed: 1, programs, ...options, dynamic: ["Store"] }, joinsTwo);
    for (const instance of world.instances.values())
      for (const [from, , { beyond }] of instance.received.last()) expect([from, [...beyond]]).toEqual([from, []]);
  });
});
