/** The ad network and word count as programs: the published cases P1 to P9. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { check } from "../support/check.ts";
import { differs, runAll } from "../support/runs.ts";
import type { Given } from "../support/runs.ts";

const fixture = (name: string): string => readFileSync(new URL(`../../fixtures/${name}.dlc`, import.meta.url), "utf8");

test("P1: word count unsealed: order the input of Counter", () => {
  const c = check(fixture("word-count/unsealed"));
  expect(c.before("Counter.word")).toBe("Async");
  expect(c.before("Counter.counts")).toBe("Run");
  expect(c.before("Sink.db")).toBe("Run");
  expect(c.plan.insertions.map(({ mechanism, at }) => `${mechanism} ${at.join()}`)).toEqual(["order Counter.word"]);
  expect(c.plan.outputs[0].achieved).toBe(false);
});

test("P2: sealed by batch: no order", () => {
  const c = check(fixture("word-count/sealed"));
  expect(c.label("Counter.word")).toBe("Seal(batch)");
  expect(c.label("Counter.counts")).toBe("Async");
  expect(c.label("Sink.db")).toBe("Async");
  expect(c.plan.insertions.map(({ mechanism }) => mechanism)).toEqual(["seal"]);
  expect(c.plan.outputs[0].achieved).toBe(true);
});

test("P3, P4: sealed by word it is Async too, by a column outside the gate it is not", () => {
  const wordCount = `role Source x5 { input word(word: string, batch: int, user: string) sealed by (KEY); Counter.word(w, b, u) <~ word(w, b, u); }
role Counter { channel word(word: string, batch: int, user: string); table words(word: string, batch: int, user: string); output counts(word: string, batch: int, n: int);
  words(w, b, u) <= word(w, b, u); counts(w, b, count()) <= words(w, b, _); }`;
  expect(check(wordCount.replace("KEY", "word")).label("Counter.counts")).toBe("Async");
  expect(check(wordCount.replace("KEY", "user")).label("Counter.counts")).toBe("Run");
});

test("P5: a monotone threshold needs nothing anywhere", () => {
  const c = check(fixture("ad-network/thresh"));
  expect(c.marks).toEqual([]);
  expect(c.inserted).toEqual([]);
  for (const id of c.plan.analysis.ir.collections.keys())
    if (!id.endsWith(".nodes")) expect(`${id} ${c.before(id)}`).toBe(`${id} Async`);
});

test("P6: counts over unsealed clicks: Inst at Report, ordering at its inputs", () => {
  const c = check(fixture("ad-network/poor"));
  expect(c.before("Report.poor")).toBe("Inst");
  expect(c.before("Analyst.result")).toBe("Inst");
  expect(c.plan.insertions.map(({ mechanism, at }) => `${mechanism} ${at.join()}`)).toEqual([
    "order Report.click,Report.request",
  ]);
  expect(c.after("Analyst.result")).toBe("Run");
});

test("P6, P11: a replicated cache keeps all answers that any replica gave, so that its replicas agree; unless they do not hear all, or one puts another away", () => {
  const store = (
    role: string,
    { to = "", extra = "", lossy = "", columns = "k: string, n: int", op = "<=" } = {},
  ): string => `role Client { input put(k: string, v: int); input ask(k: string); Kvs.put(k, v) <~ put(k, v); Kvs.get(k) <~ ask(k); }
role Kvs ${role} { channel put(k: string, v: int); channel get(k: string); table kv(k: string, v: int); table gets(k: string); scratch n(k: string, n: int);
  kv(k, v) <= put(k, v); scratch first(a: addr); first(min(a)) <= Cache.nodes(a); gets(k) <= get(k); n(k, count()) <= kv(k, _); Cache.answer${to}(k, n) <~ gets(k), n(k, n)${extra}; }
role Cache ${role} { channel answer(k: string, n: int) ${lossy}; table kept(${columns}); output o(k: string, n: int) agreed; kept(k, n) ${op} answer(k, n); o(k, n) <= kept(k, n); }`;
  const given: Given = [
    ["Client.ask", "k"],
    ["Client.put", "k", 1],
    ["Client.put", "k", 2],
    ["Client.ask", "l"],
    ["Client.put", "l", 3],
  ];
  for (const how of [{}, { to: "@*" }, { to: "@a", extra: ", Cache.nodes(a)" }]) {
    const text = store("replicated", how);
    const c = check(text);
    expect([c.before("Kvs.n"), c.before("Cache.answer"), c.before("Cache.o"), c.inserted]).toEqual([
      "Inst",
      "Run",
      "Run",
      [],
    ]);
    const { betweenRuns, betweenReplicas } = differs(runAll(c.plan, given), "Cache.o");
    expect([betweenRuns, betweenReplicas]).toEqual([true, false]);
  }
  // What each cache keeps of them is another thing, and so is what only some caches hear.
  for (const how of [
    { columns: "k: string -> n: int", op: "<+-" },
    { columns: "k: string -> n: int" },
    { to: "@a", extra: ", first(a)" },
    { lossy: "lossy" },
  ]) {
    const text = store("replicated", how);
    const c = check(text, "none");
    expect([JSON.stringify(how), c.before("Cache.o")]).toEqual([JSON.stringify(how), "Diverge"]);
    expect(differs(runAll(c.plan, given, { seeds: 12 }), "Cache.o").betweenReplicas).toBe(true);
  }
  const single = check(store(""));
  expect([single.before("Kvs.n"), single.before("Cache.o")]).toEqual(["Run", "Run"]);
});

test("P7 to P9: sealed by campaign, window or id: Async by seals alone", () => {
  for (const [name, key] of [
    ["campaign", "campaign"],
    ["window", "window"],
    ["window-by-id", "id"],
  ]) {
    const c = check(fixture(`ad-network/${name}`));
    expect(c.label("Report.click")).toBe(`Seal(${key})`);
    expect(c.label("Report.poor")).toBe("Async");
    expect(
      c.plan.insertions.map(
        ({ mechanism, at, key: by, producers }) => `${mechanism} ${at.join()} by ${by.join()} of ${producers!.join()}`,
      ),
    ).toEqual([`seal Report.click by ${key} of AdServer`]);
    for (const output of c.plan.outputs)
      expect([output.output, output.before.name, output.after.name, output.achieved]).toEqual([
        output.output,
        "Inst",
        "Async",
        true,
      ]);
  }
});
