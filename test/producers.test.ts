/** Producers of sealed partitions that join and leave: what is counted is what they have sent, at every replica. */
import { describe, expect, test } from "vitest";
import { compile } from "../src/compiler/compile.ts";
import type { Envelope, Part } from "../src/runtime/messages.ts";
import { Joining, without } from "./support/joining.ts";
import { programsOf } from "./support/runs.ts";

const text = `
role Store replicated x2 {
  channel click(c: string, id: int);
  table clicks(c: string, id: int);
  output total(c: string, n: int);
  clicks(c, id) <= click(c, id);
  total(c, count()) <= clicks(c, _);
}

role Client x2 {
  input click(c: string, id: int) sealed by (c);
  Store.click(c, id) <~ click(c, id);
}
`;
const byStream = text.replace("sealed by (c)", "sealed");
const planOf = (program: string) =>
  compile({ path: "test.dlc", text: program }, { dynamic: ["Client", "Store"] }).plan!;
const keyed = programsOf(planOf(text));
const whole = programsOf(planOf(byStream));
const seeds = Number(process.env.DLC_JOINS ?? 300);

interface Result {
  readonly world: Joining;
  /** What is wrong, in words. */
  readonly wrong: readonly string[];
  /** Facts that newcomers did not send. */
  readonly barred: number;
  /** Values that were counted although a newcomer had sent some of it. */
  readonly joined: number;
}

function run(seed: number, programs: typeof keyed, spoil?: (envelope: Envelope) => Envelope): Result {
  const world = new Joining({
    programs,
    counts: { Store: 2, Client: 2 },
    dynamic: ["Client", "Store"],
    seed,
    ...(spoil && { spoil }),
  });
  const { random } = world;
  let next = 2;
  let left = false;
  for (let round = 0; round < 14; round++) {
    for (const [address, client] of world.instances) {
      if (!address.startsWith("Client") || !client.isLiving || world.dead.has(address)) continue;
      for (let n = random.below(4); n > 0; n--) client.input("click", [`c${random.below(4)}`, random.below(100_000)]);
      if (random.chance(0.15)) client.sealInput("click", [`c${random.below(4)}`]);
    }
    if (random.chance(0.3) && next < 5) world.join("Client", next++);
    if (round === 5) world.join("Store", 2);
    const living = [...world.instances.values()].filter(
      (each) => each.isLiving && each.address.startsWith("Client") && !world.dead.has(each.address),
    );
    if (round > 6 && !left && living.length > 2 && random.chance(0.5)) {
      world.leave(living[random.below(living.length)].address);
      left = true;
    }
    world.run(random.below(50));
  }
  for (const [address, each] of world.instances)
    if (address.startsWith("Client") && !world.dead.has(address)) each.endInput();
  world.run();
  return { world, ...judged(world) };
}

function judged(world: Joining): Omit<Result, "world"> {
  const wrong = world.faults.filter(({ code }) => code !== "DLC951").map(({ code, message }) => `${code} ${message}`);
  const barred = world.faults.filter(({ code }) => code === "DLC951").length;
  const stores = [...world.instances.values()].filter(({ address }) => address.startsWith("Store"));
  let joined = 0;
  for (const store of stores) {
    if (!store.isLiving) wrong.push(`${store.address} has no state`);
    if (store.awaited().length > 0) wrong.push(`${store.address} waits for ${JSON.stringify(store.awaited())}`);
    const counts = new Map<string, number>();
    for (const [c] of store.read("clicks")) counts.set(c as string, (counts.get(c as string) ?? 0) + 1);
    const told = JSON.stringify(
      [...new Set((world.delivered.get(`${store.address}.total`) ?? []).map((row) => JSON.stringify(row)))].sort(),
    );
    const expected = JSON.stringify([...counts].map((row) => JSON.stringify(row)).sort());
    if (told !== expected) wrong.push(`${store.address} told ${told}, and has ${expected}`);
    joined += counts.size;
    const [first] = stores;
    if (JSON.stringify(store.read("clicks")) !== JSON.stringify(first.read("clicks")))
      wrong.push(`${store.address} and ${first.address} have other clicks`);
  }
  return { wrong, barred, joined };
}

describe("producers that join and leave", () => {
  test.each([
    ["values", keyed],
    ["the stream", whole],
  ])(
    "are counted by the seals of %s, or send nothing",
    (_, programs) => {
      let barred = 0;
      let counted = 0;
      let sent = 0;
      for (let seed = 1; seed <= seeds; seed++) {
        const { world, wrong, barred: some, joined } = run(seed, programs);
        expect(wrong, `seed ${seed}`).toEqual([]);
        barred += some;
        counted += joined;
        for (const [address, client] of world.instances) if (/^Client#[2-9]/.test(address) && client.isLiving) sent++;
      }
      expect(barred).toBeGreaterThan(seeds / 4);
      expect([counted, sent].every((n) => n > seeds)).toBe(true);
    },
    120_000,
  );

  test.each([
    ["newcomers sent what was sealed before they came", without((part) => part.kind === "barred")],
    [
      "only the first to seal were waited for",
      (envelope: Envelope): Envelope => ({
        ...envelope,
        parts: envelope.parts.map((part): Part =>
          part.kind === "fix" ? { ...part, producers: part.producers.slice(0, 1) } : part,
        ),
      }),
    ],
  ])("would break it if %s", (_, spoil) => {
    let broken = 0;
    for (let seed = 1; seed <= 60; seed++) if (run(seed, keyed, spoil).wrong.length > 0) broken++;
    expect(broken).toBeGreaterThan(10);
  });

  test("make no more than Run of what waits for their seals", () => {
    const label = (program: string, dynamic: readonly string[]): string | undefined =>
      compile({ path: "test.dlc", text: program }, { dynamic }).plan!.outputs.find(
        ({ output }) => output === "Store.total",
      )!.after.name;
    for (const program of [text, byStream]) {
      expect(label(program, [])).toBe("Async");
      expect(label(program, ["Store"])).toBe("Async");
      expect(label(program, ["Client"])).toBe("Run");
    }
    const { diagnostics, plan } = compile({ path: "test.dlc", text }, { dynamic: ["Client"] });
    expect(diagnostics.find(({ code }) => code === "DLC402")?.message).toBe(
      "Store.total may differ from run to run (replicas of one run agree): who seals the facts behind it is settled anew in each, since members may join",
    );
    expect(plan!.outputs[0].assumptions).toContain(
      "members: which instances of Client seal a value of Store.click is settled when the first of them seals it",
    );
    // Also where the seals travel on from there.
    const on = `${text.replace("output total(c: string, n: int);", "Last.n(c, n) <~ total(c, n);\n  scratch total(c: string, n: int);")}
role Last { channel n(c: string, n: int); table t(c: string, n: int); output sum(c: string, n: int); t(c, n) <= n(c, n); sum(c, count()) <= t(c, _); }`;
    const last = (dynamic: readonly string[]): string =>
      compile({ path: "test.dlc", text: on }, { dynamic }).plan!.outputs.find(({ output }) => output === "Last.sum")!
        .after.name;
    expect([last([]), last(["Client"])]).toEqual(["Async", "Run"]);
  });
});
