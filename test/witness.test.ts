/** Witnesses: found for what is marked, short, and the same again from their seeds; and what `dlc verify` says of promises. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Plan } from "../src/compiler/plan.ts";
import { importsOf } from "../src/cli/simulated-imports.ts";
import { huntCrash } from "../src/verify/crashes.ts";
import { huntBare, huntForRule, programsOf } from "../src/verify/hunt.ts";
import type { ScheduleName } from "../src/verify/schedule.ts";
import { simulate } from "../src/verify/simulator.ts";
import { huntWitness } from "../src/verify/witness.ts";
import type { Hunt, Witness } from "../src/verify/witness.ts";
import { check, filesOf } from "./support/check.ts";
import { makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";

/** Inputs in one role, channels and tables in another. */
const twoRoles = (rules: string, role = ""): string => `
role Host { input i1(x: int, y: int); input i2(x: int, y: int); input i3(x: int);
  R.c1(x, y) <~ i1(x, y); R.c2(x, y) <~ i2(x, y); R.c3(x) <~ i3(x); }
role R ${role} { channel c1(x: int, y: int); channel c2(x: int, y: int); channel c3(x: int);
  table t1(x: int, y: int); table t2(x: int, y: int); table votes(x: int, s: lset<int>);
  t1(x, y) <= c1(x, y); t2(x, y) <= c2(x, y); votes(x, y) <= c1(x, y);
  ${rules} }`;

function witnessOf(plan: Plan, rule: string): Witness {
  const { hunted } = huntForRule(plan, rule, () => undefined, 60);
  if (hunted.witness === null) throw new Error(`no witness for ${rule} in ${hunted.runs} runs`);
  return hunted.witness;
}

const marked: readonly (readonly [string, string, string, number])[] = [
  ["negation", "R/o#1", "output o(x: int); o(x) <= t1(x, _), not t2(x, _);", 2],
  ["aggregate", "R/o#1", "output o(y: int, n: int); o(y, count()) <= t1(_, y);", 2],
  ["threshold over events", "R/o#1", "output o(x: int); o(x) <= c1(x, _) having count() >= 2;", 2],
  ["rendezvous", "R/o#1", "output o(x: int); o(x) <= c1(x, _), t2(x, _);", 2],
  ["deletion", "R/t2#2", "output o(x: int); o(x) <= t1(x, _), t2(x, _); t2(x, y) <- c3(x), t2(x, y);", 3],
  [
    "upsert",
    "R/kv#1",
    "table kv(k: int -> v: int); kv(x, y) <+- c1(x, y); output o(k: int, v: int); o(k, v) <= kv(k, v);",
    2,
  ],
  ["key-conflict", "R/o#1", "output o(k: int -> v: int); o(x, y) <= c1(x, y);", 2],
  ["reveal", "R/o#1", "output o(x: int); o(x) <= votes(x, s), size(s) < 2;", 2],
];

describe("what is marked has a witness", () => {
  test.each(marked)("%s", (_, rule, rules, most) => {
    const { plan } = check(twoRoles(rules));
    const witness = witnessOf(plan, rule);
    expect(witness.inputs.length).toBeLessThanOrEqual(most);
    expect(witness.one.rows).not.toEqual(witness.other.rows);
  });

  test("two replicas of one run", () => {
    const { plan } = check(twoRoles("output o(x: int); o(x) <= c1(x, _), t2(x, _);", "replicated x2"));
    expect(["runs", "replicas"]).toContain(witnessOf(plan, "R/o#1").kind);
  });

  test("it replays from its seed", () => {
    const { plan } = check(twoRoles("output o(y: int, n: int); o(y, count()) <= t1(_, y);"));
    const { one, inputs, counts, output } = witnessOf(plan, "R/o#1");
    const bare = check(twoRoles("output o(y: int, n: int); o(y, count()) <= t1(_, y);"), "none").plan;
    const again = simulate({
      programs: programsOf(bare, () => undefined),
      deployment: { counts },
      inputs,
      schedule: one.schedule as ScheduleName,
      seed: one.seed,
      maxActions: 20_000,
    });
    expect(again.outputs.find((each) => each.output === output && each.address === one.address)!.now).toEqual(one.rows);
  });
});

test("of a rule among others that race it is not said that a witness is its own", async () => {
  // stock#1 needs two arrivals of one thing; what is found first is that a want misses the first one.
  const place = makePlace();
  const text = `role Shop x2 { input reserve(order: string, sku: string, qty: int); input arrive(sku: string, qty: int);
    Stock.want <~ reserve; Stock.got <~ arrive; }
  role Stock replicated x3 { channel want(order: string, sku: string, qty: int); channel got(sku: string, qty: int);
    table stock(sku: string -> qty: int); output refused(order: string, sku: string);
    stock(s, n + q) <+- got(s, q), stock(s, n);
    stock(s, q) <+ got(s, q), not stock(s, _);
    refused(o, s) <= want(o, s, q), stock(s, n), n < q; }`;
  place.write({ "a.dlc": text });
  const { out } = await place.dlc("explain", "a.dlc", "stock#1", "--witness");
  expect(out).toMatch(/A witness: Stock\.\w+ does depend on order/);
  expect(out).toContain("Whether it is stock#1\n  Other rules on the way to");
  // A rule that nothing else races with is witnessed by itself.
  place.write({ "b.dlc": twoRoles("output o(y: int, n: int); o(y, count()) <= t1(_, y);") });
  const alone = (await place.dlc("explain", "b.dlc", "o#1", "--witness")).out;
  expect(alone).toContain("A witness: o#1 does depend on order");
  expect(alone).not.toContain("Whether it is");
  place.remove();
});

/** As `dlc verify` looks at promises. */
function hunt(rules: string, strategy: "auto" | "none", more: Partial<Hunt> = {}): Hunt {
  const { plan } = check(twoRoles(rules, "replicated x2"), strategy);
  const { ir } = plan.analysis;
  return {
    programs: programsOf(plan, () => undefined),
    ir,
    counts: { Host: 1, R: 2 },
    outputs: ["R.o"],
    aims: ["R/o#1"],
    among: "runs",
    contents: "promised",
    tries: 40,
    seeds: 2,
    orders: 500,
    ...more,
  };
}

describe("what is found", () => {
  test("is what hosts are told: versions of a register are named after the replica that wrote them, and hold the same", () => {
    const register = (strategy: "auto" | "none"): Hunt =>
      hunt(
        "table r(k: int, v: mvreg<int>); r(x, y) <= c1(x, y); output o(k: int, v: mvreg<int>) agreed; o(k, v) <= r(k, v);",
        strategy,
        { among: "replicas", aims: ["R/r#1"], tries: 20 },
      );
    expect(huntWitness(register("auto")).witness).toBeNull();
    expect(huntWitness(register("none")).witness).not.toBeNull();
  });

  const rules = "output o(x: int, y: int); o(x, y) <= t1(x, y), t2(y, 2), not t1(y, x);";
  test("is found again at once from its seed", () => {
    const { witness, seed } = huntWitness(hunt(rules, "none", { orders: 0 }));
    expect(seed).toBeGreaterThan(1);
    const again = huntWitness(hunt(rules, "none", { orders: 0, first: seed!, tries: 1 }));
    expect(again.witness?.inputs).toEqual(witness!.inputs);
    expect([again.witness!.one.rows, again.witness!.other.rows]).toEqual([witness!.one.rows, witness!.other.rows]);
    // And by no other one before.
    expect(huntWitness(hunt(rules, "none", { orders: 0, tries: seed! - 1 })).witness).toBeNull();
  });

  test("every order of few inputs is tried, also where no drawn schedule is", () => {
    const only = {
      ...hunt("output o(x: int, n: int); o(x, count()) <= t1(x, _);", "none", { tries: 30, orders: 5_000 }),
      seeds: 0,
    };
    const { witness } = huntWitness(only);
    expect(witness).not.toBeNull();
    const free = huntWitness({
      ...hunt("output o(x: int); o(x) <= t1(x, _);", "auto", { tries: 3, orders: 5_000, counts: { Host: 1, R: 1 } }),
      seeds: 0,
    });
    expect(free.witness).toBeNull();
    expect(free.exhausted).toBeGreaterThan(0);
  });
});

describe("an instance that dies", () => {
  const rules = "output o(x: int, y: int); o(x, y) <= t1(x, y), t2(x, _);";
  test("leaves the rest with a part of what is deterministic", () => {
    const { found, runs } = huntCrash(hunt(rules, "auto", { tries: 20 }));
    expect(found).toBeNull();
    expect(runs).toBeGreaterThan(15);
  });
  test("control: not where what it sends was waited for by nobody", () => {
    const { found } = huntCrash(hunt("output o(x: int); o(x) <= t1(x, _), not t2(x, _);", "none", { tries: 40 }));
    expect(found?.output).toBe("R.o");
    expect(found!.result.trace.some(({ kind }) => kind === "crash")).toBe(true);
  });
});

test("what is free has none: closure, joins of growing tables, thresholds that are kept", () => {
  const { plan } = check(
    twoRoles(
      "scratch r(x: int, y: int); r(x, y) <= t1(x, y); r(x, z) <= r(x, y), t1(y, z); output o(x: int, y: int); o(x, y) <= r(x, y), t2(x, _);" +
        "output v(x: int); v(x) <= votes(x, s), size(s) >= 2;",
      "replicated x2",
    ),
  );
  const { hunted } = huntBare(plan, ["R.o", "R.v"], () => undefined, 20);
  expect(hunted.witness).toBeNull();
  expect(hunted.runs).toBeGreaterThan(100);
});

test("the picture in the README is that of the witness", async () => {
  const place = makePlace();
  place.write({
    "campaign.dlc": readFileSync(new URL("../fixtures/ad-network/campaign.dlc", import.meta.url), "utf8"),
  });
  await place.dlc("explain", "campaign.dlc", "poor#1", "--witness", "-o", "witness.svg");
  await expect(readFileSync(join(place.folder, "witness.svg"), "utf8")).toMatchFileSnapshot(
    "../docs/pictures/witness.svg",
  );
  place.remove();
});

describe("on the command line", () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => place.remove());
  const program = twoRoles("output o(y: int, n: int); o(y, count()) <= t1(_, y);");

  test("explain --witness tells both runs and draws them", async () => {
    place.write({ "race.dlc": program });
    const { code, out, err } = await place.dlc("explain", "race.dlc", "o#1", "--witness", "-o", "race.svg");
    expect(code).toBe(0);
    for (const part of [
      "A witness: o#1 does depend on order",
      "Input",
      "First run",
      "Second run",
      "The contradiction",
      "R#0 holds o(",
    ])
      expect(out).toContain(part);
    expect(err).toContain("race.svg");
    const svg = readFileSync(join(place.folder, "race.svg"), "utf8");
    expect(svg).toMatch(/^<svg xmlns=[^>]*viewBox="0 0 \d+ \d+"/);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg.match(/marker-end/g)!.length).toBeGreaterThan(1);
    expect(svg).toContain("Host#0");
  });

  test("where none is found it says how much was tried", async () => {
    place.write({ "free.dlc": twoRoles("output o(x: int); o(x) <= t1(x, _), t2(x, _);") });
    const { code, out } = await place.dlc("explain", "free.dlc", "o#1", "--witness", "--tries", "3");
    expect(code).toBe(0);
    expect(out).toMatch(/No witness for o#1\n.*simulated runs/s);
    expect(out).toContain("no proof");
  });

  test("--witness without a rule is wrong use", async () => {
    place.write({ "race.dlc": program });
    const { code, err } = await place.dlc("explain", "race.dlc", "--witness");
    expect(code).toBe(2);
    expect(err).toContain("takes a rule or an output");
  });

  test("verify passes what keeps its promises", async () => {
    place.write({
      "sealed.dlc": program.replace("input i1(x: int, y: int)", "input i1(x: int, y: int) sealed by (y)"),
    });
    const { code, out } = await place.dlc("verify", "sealed.dlc", "--tries", "8");
    expect(out).toContain("R.o  deterministic: Async");
    expect(code).toBe(0);
  });

  test("functions of one name in several files are not taken for each other", async () => {
    const mapping = (module: string): string =>
      `function f(x: int): int from "./${module}.ts";\nmodule Map { in see(x: int); out seen(x: int); seen(f(x)) <= see(x); }`;
    const files = { "one.dlc": mapping("one"), "two.dlc": mapping("two") };
    place.write({
      ...files,
      "one.ts": "export const f = (x: number): number => x + 1;",
      "two.ts": "export const f = (x: number): number => x + 2;",
    });
    const { plan } = check(
      `import "./one.dlc" as one; import "./two.dlc" as two; use one.Map as a in R; use two.Map as b in R;
       role R { input i(x: int); output o(x: int); a.see(x) <= i(x); b.see(x) <= i(x); o(x) <= a.seen(x); o(x) <= b.seen(x); }`,
      "auto",
      filesOf(files),
    );
    const programs = programsOf(plan, await importsOf(plan.analysis.ir, place.folder));
    const inputs = [{ role: "R", node: 0, collection: "i", row: [1] }];
    const { outputs } = simulate({ programs, deployment: { counts: { R: 1 } }, inputs, schedule: "single", seed: 1 });
    expect(outputs.find(({ output }) => output === "R.o")!.now).toEqual([[2], [3]]);
  });

  test("of a rule in a copy, the picture names the copy's collections", async () => {
    place.write({
      "main.dlc": `module Latest { in see(k: int, v: int); out now(k: int, v: int); channel c(k: int, v: int); table t(k: int -> v: int);
  c@*(k, v) <~ see(k, v);
  t(k, v) <+- c(k, v);
  now(k, v) <= t(k, v); }
use Latest as l in R;
role R { input i(k: int, v: int); output o(k: int, v: int); l.see(k, v) <= i(k, v); o(k, v) <= l.now(k, v); }`,
    });
    const { code, out } = await place.dlc("explain", "main.dlc", "l.t#1", "--witness", "--tries", "20");
    expect(code).toBe(0);
    expect(out).toContain("l.c(");
    expect((await place.dlc("verify", "main.dlc", "--tries", "5")).code).toBe(0);
  });

  test("verify finds a promise of the program that its facts break", async () => {
    place.write({
      "unique.dlc": `role H x2 { input put(k: string -> v: int) unique; S.put(k, v) <~ put(k, v); }
role S { channel put(k: string -> v: int) unique; table kv(k: string -> v: int); kv(k, v) <= put(k, v); output o(k: string, v: int); o(k, v) <= kv(k, v); }`,
      "events.ndjson": `{"role":"H","node":0,"collection":"put","row":{"k":"a","v":1}}\n{"role":"H","node":1,"collection":"put","row":{"k":"a","v":2}}\n`,
    });
    expect((await place.dlc("verify", "unique.dlc", "--tries", "8")).code).toBe(0);
    const { code, out } = await place.dlc("verify", "unique.dlc", "--events", "events.ndjson", "-o", "broken.svg");
    expect(code).toBe(1);
    expect(out).toContain("S.o  deterministic: Async  broken");
    expect(out).toContain("A promise is broken");
    expect(readFileSync(join(place.folder, "broken.svg"), "utf8")).toContain("<svg");
  });

  test("verify makes no inputs that break what a channel promises alone", async () => {
    place.write({
      "order.dlc": `role A x2 { input i(id: string, who: string); R.order(id, who) <~ i(id, who); }
role R replicated { channel order(id: string -> who: string) unique; table orders(id: string -> who: string); orders <= order; output o(id: string, who: string); o <= orders; }`,
    });
    const { code, out } = await place.dlc("verify", "order.dlc", "--tries", "20");
    expect(out).toMatch(/R\.o {2}deterministic: Async {2}the same in [1-9]/);
    expect(code).toBe(0);
  });

  test("functions and lattices of one name in two files are each their own", async () => {
    const text = (from: string): string => `lattice Pile from "${from}";
function put(x: int): Pile from "${from}";
function size(p: Pile): lmax<int> from "${from}" monotone;
aggregate most(x: int): int from "${from}";
`;
    const rules = `input i(x: int); table t(k: int, p: Pile); t(0, put(x)) <= i(x);
  output big(x: int); big(0) <= t(0, p), size(p) >= 10;
  output peak(x: int); peak(most(x)) <= i(x);`;
    const lib = `${text("./lib.ts")}module Piles { ${rules} }`;
    place.write({
      "own.ts": `export type Pile = number;
        export const Pile = { bottom: 0, join: (a: Pile, b: Pile): Pile => Math.max(a, b) };
        export const put = (x: number): Pile => x;
        export const size = (p: Pile): number => p;
        export const most = (xs: readonly number[]): number => Math.max(...xs);`,
      "lib.ts": `export type Pile = { readonly n: number };
        export const Pile = { bottom: { n: 0 }, join: (a: Pile, b: Pile): Pile => ({ n: Math.max(a.n, b.n) }) };
        export const put = (x: number): Pile => ({ n: x * 2 });
        export const size = (p: Pile): number => p.n;
        export const most = (xs: readonly number[]): number => Math.min(...xs);`,
    });
    const program = `import "./lib.dlc" as lib;\n${text("./own.ts")}use lib.Piles as l in R;\nrole R { ${rules} }`;
    const { plan } = check(program, "none", filesOf({ "lib.dlc": lib }));
    const programs = programsOf(plan, await importsOf(plan.analysis.ir, place.folder));
    const inputs = ["i", "l.i"].flatMap((collection) =>
      [5, 8].map((x) => ({ role: "R", node: 0, collection, row: [x] })),
    );
    const { outputs, faults } = simulate({
      programs,
      deployment: { counts: { R: 1 } },
      inputs,
      schedule: "batch",
      seed: 1,
    });
    expect(faults).toEqual([]);
    expect(Object.fromEntries(outputs.map(({ output, now }) => [output, now]))).toEqual({
      "R.big": [],
      "R.peak": [[8]],
      "R.l.big": [[0]],
      "R.l.peak": [[5]],
    });
  });

  test.each([
    ['{"role":"X","node":0,"collection":"put","row":{}}', "there is no role X"],
    ['{"role":"Host","node":7,"collection":"i3","row":{"x":1}}', "there is no instance 7 of Host, which has 1"],
    ['{"role":"Host","node":0,"collection":"i3","row":{"x":"a"}}', "int expected"],
    ["{", "JSON"],
  ])("verify refuses the event %s", async (line, says) => {
    place.write({ "race.dlc": program, "events.ndjson": `${line}\n` });
    const { code, err } = await place.dlc("verify", "race.dlc", "--events", "events.ndjson");
    expect(code).toBe(2);
    expect(err).toContain("events.ndjson:1:");
    expect(err).toContain(says);
  });
});
