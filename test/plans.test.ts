/** Plans chosen by what they cost: the fixtures whose plan is cheaper than the baseline, what each costs, and what it shows. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { OtherPlan, Plan, PlanName, Profile } from "../src/compiler/plan.ts";
import { makePlace } from "./place-of-tests.ts";
import type { Place } from "./place-of-tests.ts";
import { check } from "./support/check.ts";
import type { Checked } from "./support/check.ts";
import { broken, differs, runAll } from "./support/runs.ts";
import type { Given } from "./support/runs.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const fixture = (name: string): string => readFileSync(join(root, "fixtures", "plans", `${name}.dlc`), "utf8");
const planned = (text: string, plan: PlanName = "1"): Checked => check(text, "auto", new Map(), { plan });
const forms = ({ insertions }: Pick<Plan | OtherPlan, "insertions">): string[] =>
  insertions.map(
    ({ mechanism, at, key }) => `${mechanism} ${at.join("+")}${key.length > 0 ? ` by ${key.join(",")}` : ""}`,
  );

const cases: readonly {
  isShown?: false;
  name: string;
  output: string;
  chosen: string;
  cost: number;
  baseline: string;
  baselineCost: number;
  given: Given;
}[] = [
  {
    name: "monitor",
    output: "Monitor.current",
    chosen: "order Monitor.limit by device",
    // Two operators, five limits a second each.
    cost: 10,
    baseline: "order Monitor.reading+Monitor.limit",
    baselineCost: 4010,
    given: [
      ["Operator.limit", "a", 1],
      ["Operator#1.limit", "a", 2],
      ["Operator.limit", "a", 3],
      ["Operator#1.limit", "b", 4],
      ["Operator.limit", "b", 5],
      ["Sensor.reading", "a", 1, 9],
    ],
  },
  {
    name: "cache",
    output: "Cache.shown",
    chosen: "order Cache.answer",
    cost: 60,
    baseline: "order Report.click+Report.request",
    baselineCost: 2010,
    // In the simulator every answer reaches all caches, so that no schedule shows what the label allows.
    isShown: false,
    given: [
      ["click.click", "c", "i", "u"],
      ["ask.ask", "c"],
      ["click.click", "c", "i", "v"],
      ["click.click", "c", "j", "u"],
      ["ask.ask", "c"],
      ["click.click", "c", "i", "w"],
    ],
  },
  {
    name: "baskets",
    output: "Till.size",
    chosen: "order Till.item by basket",
    cost: 400,
    baseline: "seal Till.item by basket",
    // 200 baskets a second, five votes on each, to three replicas.
    baselineCost: 3000,
    given: [
      ["Shop.item", "b", "x"],
      ["Shop#1.item", "b", "y"],
      ["Shop#2.item", "c", "x"],
      ["Shop#3.item", "b", "z"],
      ["Shop#4.item", "c", "y"],
    ],
  },
  {
    name: "shop",
    output: "Shop.current",
    chosen: "seal Shop.sale by day, order Shop.price by item",
    // A day ends in ten seconds, for which four tills vote at three replicas; and two offices set ten prices a second each.
    cost: 21.2,
    baseline: "seal Shop.sale by day, order Shop.sale+Shop.price",
    baselineCost: 2021.2,
    given: [
      ["Till.sale", "mo", "tea", 1],
      ["Office.price", "tea", 3],
      ["Till#1.sale", "mo", "tea", 2],
      ["Office#1.price", "tea", 4],
      ["Till#2.sale", "mo", "tea", 3],
    ],
  },
];

describe.each(cases)("$name", ({ name, output, chosen, cost, baseline, baselineCost, isShown = true, given }) => {
  const text = fixture(name);

  test("takes a plan that is cheaper than the baseline", () => {
    const { plan } = planned(text);
    expect(forms(plan).join(", ")).toBe(chosen);
    expect(plan.comparison.cost?.messages).toBe(cost);
    expect(forms(plan.comparison.baseline).join(", ")).toBe(baseline);
    expect(plan.comparison.baseline.cost?.messages).toBe(baselineCost);
    expect(plan.outputs.map(({ achieved }) => achieved)).not.toContain(false);
    const costs = [plan.comparison, ...plan.comparison.others].map((each) => each.cost!.messages);
    // What keeps no promise comes last, whatever it costs.
    const kept = costs.slice(
      0,
      1 + plan.comparison.others.filter(({ outputs }) => outputs.every(({ achieved }) => achieved)).length,
    );
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
  });

  test("keeps its labels with each plan, and differs between replicas without one", () => {
    for (const which of ["1", "2", "baseline"] as const) {
      const { plan, after } = planned(text, which);
      expect(broken(plan, runAll(plan, given, { seeds: 6 }), after), which).toEqual([]);
    }
    if (!isShown) return;
    const bare = check(text, "none");
    expect(differs(runAll(bare.plan, given, { seeds: 6 }), output).betweenReplicas).toBe(true);
  });

  test("without rates takes the first mechanism that reaches each rule", () => {
    const { plan } = planned(text.replaceAll(/ (rate|every) [\dms.]+/g, ""));
    expect(plan.comparison.rates).toBe("none");
    expect(plan.comparison.cost).toBeNull();
    expect(plan.insertions.length).toBeGreaterThan(0);
    if (name === "cache" || name === "baskets") expect(forms(plan).join(", ")).not.toBe(chosen);
  });
});

test("a profile goes before what is declared", () => {
  const measured: Profile = {
    collections: new Map([["Cache.answer", { perSecond: 5000, partitionsPerSecond: null }]]),
  };
  const { plan } = check(fixture("cache"), "auto", new Map(), { profile: measured });
  expect(plan.comparison.rates).toBe("profiled");
  expect(forms(plan)).toEqual(["order Report.click+Report.request by campaign"]);
});

test("what nothing is said of comes once a second, and is named", () => {
  const { plan } = planned(fixture("monitor").replace(" rate 1000", ""));
  expect(plan.comparison.assumed).toEqual(["Sensor.reading"]);
  expect(plan.comparison.baseline.cost?.messages).toBe(14);
});

test("what stops, and what goes on, while something cannot be reached", () => {
  const sequencer = {
    unreachable: "the sequencer",
    what: "nothing is answered that passes through the log",
    outputs: ["Monitor.current"],
  };
  const replica = { unreachable: "a replica of Monitor", what: "the others answer", outputs: [] };
  expect(planned(fixture("monitor")).plan.comparison.stops).toEqual([sequencer, replica]);
  const { baseline } = planned(fixture("baskets")).plan.comparison;
  expect(baseline.stops[0]).toEqual({
    unreachable: "an instance of Shop",
    what: "no value of (basket) is answered that it has not sealed",
    outputs: ["Till.size"],
  });
});

test("rules that share nothing have logs of their own, so that one of them can still have one for each value", () => {
  const text = `
role S x2 { input put(k: string, v: int); input say(x: string); R.put(k, v) <~ put(k, v); R.say(x) <~ say(x); }
role R replicated x2 {
  channel put(k: string, v: int);
  channel say(x: string);
  table kv(k: string -> v: int);
  table said(x: string);
  output now(k: string, v: int) agreed;
  output many(n: int) agreed;
  kv(k, v) <+- put(k, v);
  now(k, v) <= kv(k, v);
  said(x) <= say(x);
  many(count()) <= said(_);
}`;
  const { plan, after } = planned(text);
  expect(forms(plan)).toEqual(["order R.put by k", "order R.say"]);
  const given: Given = [
    ["S.put", "a", 1],
    ["S#1.put", "a", 2],
    ["S.say", "x"],
    ["S#1.say", "y"],
  ];
  expect(broken(plan, runAll(plan, given, { seeds: 6 }), after)).toEqual([]);
});

test("where the wide logs of the baseline take in what a rule waits for the seal of, the rule is settled in another way", () => {
  const text = `
role H x2 {
  input over(v: int);
  input a(x: int -> y: int) sealed within 1s unique;
  input b(x: int, y: int) sealed by (x) within 1s;
  seal M.one(x: v) <~ over(v);
  M.two@*(x, y) <~ b(x, y), a(x, _), not b(y, _);
}
role M x2 {
  channel one(x: int, y: int) sealed by (x);
  channel two(x: int, y: int);
  R.one(x, z) <~ one(x, y), one(x, z), _ in [x, 1];
  R.two(x, y) <~ two(x, y);
}
role R replicated x2 {
  channel one(x: int, y: int);
  channel two(x: int, y: int);
  table seen(x: int, y: int);
  seen(x, y) <= one(x, y);
  output lone(x: int);
  lone(x) <= two(x, x), not seen(_, x);
}`;
  const { plan } = planned(text);
  expect(forms(plan.comparison.baseline)).not.toEqual([]);
  const baseline = planned(text, "baseline");
  const given: Given = [
    ["H.b", 1, 1],
    ["H#1.b", 2, 2],
    ["H.a", 1, 1],
    ["H#1.a", 2, 1],
    ["H.over", 1],
  ];
  expect(broken(baseline.plan, runAll(baseline.plan, given, { seeds: 3 }), baseline.after)).toEqual([]);
});

test("a plan that there is not is refused, with how many there are", () => {
  expect(() => planned(fixture("monitor"), "3")).toThrow("DLC403 --plan 3: there are 2 plans, and the baseline");
});

describe("dlc check --profile, --plan", () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
    place.write({ "m.dlc": fixture("monitor") });
  });
  afterEach(() => place.remove());
  const planOf = async (...args: string[]): Promise<any> =>
    JSON.parse((await place.dlc("check", "m.dlc", "--format", "json", ...args)).out).plans[0];
  const profile = (perSecond: number): string =>
    JSON.stringify({
      version: 1,
      collections: [{ role: "Operator", collection: "limit", perSecond, partitionsPerSecond: null }],
    });

  test("costs are in the JSON form, by what is measured where there is a profile", async () => {
    expect(await planOf()).toMatchObject({
      rates: "declared",
      cost: { messages: 10, waitMs: 1 },
      baseline: { cost: { messages: 4010 } },
      others: [{ name: "2", plan: [] }],
    });
    place.write({ "p.json": profile(7) });
    expect(await planOf("--profile", "p.json")).toMatchObject({ rates: "profiled", cost: { messages: 14 } });
    // From the configuration, and again when the profile changes, though the program has not.
    place.write({ "dlc.config.json": '{"profile": "p.json"}' });
    expect(await planOf()).toMatchObject({ cost: { messages: 14 } });
    place.write({ "p.json": profile(8) });
    expect(await planOf()).toMatchObject({ cost: { messages: 16 } });
  });

  test("another plan is taken, and one that there is not is refused", async () => {
    expect(await planOf("--plan", "baseline")).toMatchObject({ cost: { messages: 4010 } });
    const { code, out } = await place.dlc("check", "m.dlc", "--plan", "3");
    expect(code).toBe(1);
    expect(out).toContain("there are 2 plans, and the baseline");
  });

  test("a profile that is missing, or none, is wrong use", async () => {
    expect(await place.dlc("check", "m.dlc", "--profile", "p.json")).toMatchObject({
      code: 2,
      err: expect.stringContaining("there is no profile p.json"),
    });
    for (const text of [
      "{}",
      "[",
      '{"version": 1, "collections": [{"role": "A", "collection": "b", "perSecond": -1, "partitionsPerSecond": null}]}',
    ]) {
      place.write({ "p.json": text });
      expect(await place.dlc("check", "m.dlc", "--profile", "p.json")).toMatchObject({
        code: 2,
        err: expect.stringContaining("p.json is no profile"),
      });
    }
  });
});
