/** Members that change and keep data: whoever is killed at any moment comes back as what it was, and nobody can tell. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compile } from "../src/compiler/compile.ts";
import { LOG } from "../src/runtime/routing.ts";
import { Joining } from "./support/joining.ts";
import { programsOf } from "./support/runs.ts";

const text = `
role Store replicated x2 {
  channel click(c: string, id: int);
  channel put(k: string, v: int);
  table clicks(c: string, id: int);
  table cur(k: string -> v: int);
  table later(id: int);
  channel echo(id: int);
  table echoes(id: int);
  output total(c: string, n: int);
  output now(k: string, v: int) agreed;
  clicks(c, id) <= click(c, id);
  later(id) <+ click(_, id);
  Store.echo(id) <~ later(id);
  echoes(id) <= echo(id);
  total(c, count()) <= clicks(c, _);
  cur(k, v) <+- put(k, v);
  now(k, v) <= cur(k, v);
}
role Client x2 {
  input click(c: string, id: int) sealed by (c);
  input put(k: string, v: int);
  Store.click(c, id) <~ click(c, id);
  Store.put(k, v) <~ put(k, v);
}
`;
const programs = programsOf(compile({ path: "test.dlc", text }, { dynamic: ["Store", "Client"] }).plan!);
const seeds = Number(process.env.DLC_JOINS ?? 300) / 15;

test.each([
  ["a process is the registry", false],
  ["the registry stands in a log that all read", true],
])(
  "where %s",
  (_, isOnLogs) => {
    const [seen, barred] = [{ crashes: 0, snapshots: 0, joined: 0 }, new Set<string>()];
    for (let seed = 1; seed <= seeds; seed++) {
      const folder = mkdtempSync(join(tmpdir(), "dlc-members-"));
      const world = new Joining({
        programs,
        counts: { Store: 2, Client: 2 },
        dynamic: ["Store", "Client"],
        seed,
        isOnLogs,
        folder,
      });
      const { random } = world;
      let next = 0;
      const crash = (): void => {
        const alive = [...world.instances.keys(), ...(isOnLogs ? [] : [LOG])].filter(
          (address) => !world.dead.has(address),
        );
        world.crash(alive[random.below(alive.length)]);
        seen.crashes++;
      };
      for (let round = 0; round < 10; round++) {
        for (const [address, client] of world.instances) {
          if (!address.startsWith("Client") || world.dead.has(address) || !client.isLiving) continue;
          for (let n = random.below(4); n > 0; n--) client.input("click", [`c${random.below(8)}`, next++]);
          if (random.chance(0.5)) client.input("put", [`k${random.below(3)}`, next++]);
          if (random.chance(0.4)) client.sealInput("click", [`c${random.below(8)}`]);
        }
        if (round === 1) world.join("Store", 2);
        if (round === 2) world.join("Client", 2);
        if (round === 4) world.join("Store", 3);
        if (round === 5) world.join("Client", 3);
        if (round === 6 && world.instances.get("Client#2")!.isLiving) world.leave("Client#2");
        for (let i = random.below(4); i > 0; i--) {
          world.run(random.below(15));
          crash();
        }
        world.run(random.below(40));
      }
      world.run();
      for (const [address, each] of world.instances)
        if (address.startsWith("Client") && !world.dead.has(address)) each.endInput();
      world.run();
      const wrong = world.faults
        .filter(({ code }) => code !== "DLC951")
        .map(({ code, message }) => `${code} ${message}`);
      for (const { message } of world.faults) barred.add(message);
      expect(wrong, `seed ${seed}`).toEqual([]);
      const told = (address: string): string =>
        JSON.stringify(
          [...new Set((world.delivered.get(`${address}.total`) ?? []).map((row) => JSON.stringify(row)))].sort(),
        );
      for (const address of ["Store#0", "Store#1", "Store#2", "Store#3"]) {
        const store = world.instances.get(address)!;
        expect([address, store.isLiving, store.awaited()], `seed ${seed}`).toEqual([address, true, []]);
        for (const table of ["clicks", "cur", "later", "echoes"])
          expect(store.read(table), `${table} of ${address}, seed ${seed}`).toEqual(
            world.instances.get("Store#0")!.read(table),
          );
        expect(told(address), `${address}, seed ${seed}`).toBe(told("Store#0"));
      }
      const counts = new Map<string, number>();
      for (const [c] of world.instances.get("Store#0")!.read("clicks"))
        counts.set(c as string, (counts.get(c as string) ?? 0) + 1);
      expect(told("Store#0")).toBe(JSON.stringify([...counts].map((row) => JSON.stringify(row)).sort()));
      seen.snapshots += world.snapshots;
      if (world.instances.get("Client#2")!.hasLeft) seen.joined++;
      world.close();
      rmSync(folder, { recursive: true });
    }
    expect(seen.crashes).toBeGreaterThan(seeds * 8);
    expect(seen.snapshots).toBeGreaterThan(seeds * 8);
    expect(seen.joined).toBeGreaterThan(seeds / 8);
    expect(barred.size).toBeGreaterThan(0);
  },
  120_000,
);

test.each([
  ["a process is the registry", false],
  ["the registry stands in a log that all read", true],
])(
  "who was declared gone of the newcomers stays so where %s",
  (_, isOnLogs) => {
    let givenUp = 0;
    for (let seed = 1; seed <= seeds / 4; seed++) {
      const folder = mkdtempSync(join(tmpdir(), "dlc-members-"));
      const dynamic = ["Store", "Client"];
      const world = new Joining({ programs, counts: { Store: 2, Client: 2 }, dynamic, seed, isOnLogs, folder });
      const { random } = world;
      const given = (address: string, c: string, id: number): unknown =>
        world.instances.get(address)!.input("click", [c, id]);
      const crash = (): void => {
        const living = [...world.instances.keys(), ...(isOnLogs ? [] : [LOG])].filter((each) => !world.dead.has(each));
        for (let i = random.below(3); i > 0; i--) {
          world.crash(living[random.below(living.length)]);
          world.run(random.below(20));
        }
      };
      world.join("Client", 2);
      world.run();
      given("Client#2", "open", 1);
      given("Client#0", "open", 2);
      world.run(random.below(30));
      world.kill("Client#2");
      crash();
      world.declareGone("Client#2");
      world.run(random.below(30));
      crash();
      world.join("Store", 2);
      world.run(random.below(60));
      crash();
      for (const address of ["Client#0", "Client#1"]) {
        given(address, "after", 3);
        for (const c of ["open", "after"]) world.instances.get(address)!.sealInput("click", [c]);
      }
      world.run();
      crash();
      world.run();
      for (const address of ["Store#0", "Store#1", "Store#2"]) {
        const store = world.instances.get(address)!;
        expect(
          [address, store.isLiving, [...store.gone.keys()], store.awaited(), store.read("total")],
          `seed ${seed}`,
        ).toEqual([address, true, ["Client#2"], [], []]);
      }
      if (!isOnLogs) expect([...world.registry.gone], `seed ${seed}`).toEqual(["Client#2"]);
      for (const { code, message } of world.faults)
        if (code === "DLC914") givenUp++;
        else expect(`${code} ${message}`).toMatch(/^DLC906 .* Client#2: it has been declared gone$/);
      world.close();
      rmSync(folder, { recursive: true });
    }
    expect(givenUp).toBeGreaterThan(seeds / 4);
  },
  120_000,
);
