/**
 * language.md, section 10: what outputs promise, with B1, B10 and B11 of semantics.md. Elsewhere:
 *   labels of every kind of program                       analysis/
 *   generated programs keep what their labels say         soundness/
 *   what reports print                                    cli-check.test.ts, cli-explain.test.ts, draw.test.ts
 *   weaker sources, one by one                            analysis/cases.test.ts "a weaker source"
 *   groups and joins across partitions (B11)              fixtures.test.ts
 */
import { describe, expect, test } from "vitest";
import { compile } from "../../src/compiler/compile.ts";
import { certificateText } from "../../src/cli/review.ts";
import { startNode } from "../../src/runtime/node.ts";
import { check } from "../support/check.ts";
import { programOf } from "../support/hosted.ts";
import { errors, mend, role, runs, trace } from "../support/language.ts";
import type { Given } from "../support/runs.ts";

/** Replicas count what two senders send, value by value. */
const counted = (
  level: string,
  annotation = "",
  promise = "",
): string => `role A x2 { input i(k: string, x: int) ${promise}; R.c(k, x) <~ i(k, x); }
  role R replicated x2 { channel c(k: string, x: int); table t(k: string, x: int); t <= c; output o(k: string, n: int) ${level}; ${annotation} o(k, count()) <= t(k, _); }`;
const given: Given = [
  ["A.i", "a", 1],
  ["A#1.i", "a", 2],
  ["A.i", "b", 3],
  ["A#1.i", "b", 4],
];
const told = (text: string): readonly string[] =>
  compile({ path: "test.dlc", text }).diagnostics.map(({ code, severity }) => `${code} ${severity}`);
/** Whether, of the output, runs differ; and replicas of one run. */
const differ = (text: string): { readonly runs: boolean; readonly replicas: boolean } => {
  const contents = runs(text, given, { seeds: 3 }).contents["R.o"];
  return {
    runs: contents.length > 1,
    replicas: contents.some((each) => new Set(each.split(" | ").map((one) => one.slice(one.indexOf(":")))).size > 1),
  };
};

describe("an output is", () => {
  test("deterministic by default: the same facts in every run, at every replica", () => {
    for (const level of ["", "deterministic"]) {
      const sealed = counted(level, "", "sealed by (k)");
      expect([check(sealed).after("R.o"), check(sealed).plan.outputs[0]]).toMatchObject([
        "Async",
        { target: "deterministic", achieved: true },
      ]);
      expect(differ(sealed)).toEqual({ runs: false, replicas: false });
    }
  });
  test("agreed: replicas of one run agree, runs may differ", () => {
    const { inserted, after, plan } = check(counted("agreed"));
    expect([inserted, after("R.o"), plan.outputs[0].achieved]).toEqual([["order R.c by k for o#1"], "Run", true]);
    expect(differ(counted("agreed"))).toEqual({ runs: true, replicas: false });
  });
  test("eventual: replicas may differ for a while, and agree when nothing is in flight (B1)", () => {
    const { inserted, after, plan } = check(counted("eventual"));
    expect([inserted, after("R.o"), plan.outputs[0].achieved]).toEqual([[], "Inst", true]);
    expect(differ(counted("eventual"))).toEqual({ runs: false, replicas: false });
    // The control: what was ever delivered is not the same.
    expect(differ(counted("any"))).toEqual({ runs: true, replicas: true });
  });
  test("any: without a promise, and nothing is inserted for it", () => {
    expect([check(counted("any")).inserted, check(counted("any")).plan.outputs[0].achieved]).toEqual([[], true]);
  });
  test("told also when a fact ceases to be true, where it is eventual or any (B1)", async () => {
    const program = (level: string): string =>
      role(`input i(x: int); table t(x: int); t <= i; output n(n: int) ${level}; n(count()) <= t(_);`);
    const steps = [{ i: [[1]] }, { i: [[2]] }];
    for (const level of ["eventual", "any"]) expect(trace(program(level), steps)).toEqual(["n[1]", "-n[1] n[2]"]);
    for (const level of ["", "agreed"]) expect(trace(program(level), steps)).toEqual(["n[1]", "n[2]"]);
    const node = await startNode(programOf(program("eventual")));
    const heard: string[] = [];
    const last = new Promise((done) => {
      node.on("n", ({ n }) => {
        heard.push(`${n}`);
        if (n === 1) node.input["i"]({ x: 2 });
        else done(null);
      });
      node.on("-n", ({ n }) => heard.push(`-${n}`));
    });
    node.input["i"]({ x: 1 });
    await last;
    await node.stop();
    expect(heard).toEqual(["1", "-1", "2"]);
  });
});

describe("each output is coordinated just enough", () => {
  test("for the promise that it makes, beside others", () => {
    const program = counted("eventual").replace(
      "o(k, count())",
      "output p(k: string, n: int) agreed; p(k, count()) <= t(k, _); output q(k: string, x: int); q <= t; o(k, count())",
    );
    const { inserted, after } = check(program);
    expect(inserted).toEqual(["order R.c by k for p#1"]);
    expect([after("R.p"), after("R.q")]).toEqual(["Run", "Async"]);
  });
  test("and not at all where its rules cannot be contradicted", () => {
    const { inserted, after } = check(counted("").replace("o(k, count()) <= t(k, _)", "o(k, x) <= t(k, x)"));
    expect([inserted, after("R.o")]).toEqual([[], "Async"]);
  });
});

describe("what cannot be reached", () => {
  test("is said: the compiler reaches what it can", () => {
    expect(told(counted("deterministic"))).toEqual(expect.arrayContaining(["DLC401 warning"]));
    expect(check(counted("deterministic")).plan.outputs[0]).toMatchObject({ achieved: false, after: { name: "Run" } });
  });
  test("is an error after `strict`, of every level", () => {
    expect(errors(counted("deterministic strict"))).toEqual([
      "DLC401 R.o promises deterministic, and reaches only Run",
    ]);
    expect(mend(counted("deterministic strict"))).toBe(
      "`dlc explain` names the rules that stand in the way and what each would need.",
    );
    expect(errors(counted("deterministic strict", "", "sealed by (k)"))).toEqual([]);
    for (const level of ["agreed", "eventual", "any"]) expect(errors(counted(`${level} strict`))).toEqual([]);
    // Local to one replica for ever.
    const local = (level: string): string =>
      `role R replicated { input i(x: int); output o(x: int) ${level} strict; o <= i; }`;
    for (const level of ["agreed", "eventual"])
      expect(errors(local(level))).toEqual([`DLC401 R.o promises ${level}, and reaches only Diverge`]);
    expect(errors(local("any"))).toEqual([]);
  });
  test("only because no seal exists is a note, once per program, where the level is the default (B10)", () => {
    const two = counted("").replace(
      "o(k, count())",
      "output p(k: string, n: int); p(k, max(x)) <= t(k, x); o(k, count())",
    );
    expect(told(two).filter((one) => one.startsWith("DLC40"))).toEqual(["DLC402 note"]);
  });
});

describe("by hand, before a rule", () => {
  const by = (how: string, promise = ""): string => counted("", `@coordinate(${how})`, promise);
  test.each([
    ["seal by (k)", "sealed by (k)", "seal R.c by k for o#1", "Async"],
    ["order", "", "order R.c for o#1", "Run"],
    ["order by (k)", "", "order R.c by k for o#1", "Run"],
    ["order", "sealed by (k)", "order R.c for o#1", "Run"],
    ["barrier", "sealed", "barrier R.c for o#1", "Async"],
    ["barrier", "sealed by (k)", "barrier R.c for o#1", "Run"],
    ["barrier", "", "barrier R.c for o#1", "Run"],
  ])("@coordinate(%s) fixes the choice", (how, promise, inserted, label) => {
    expect([check(by(how, promise)).inserted, check(by(how, promise)).after("R.o")]).toEqual([[inserted], label]);
    runs(by(how, promise), given, { seeds: 1 });
  });
  test("@coordinate(none, reason) inserts nothing and keeps the label, which is trusted", () => {
    const { inserted, before, after, plan } = check(by('none, "counts are only shown"'));
    expect([inserted.map((one) => one.split(" ")[0]), before("R.o"), after("R.o"), plan.outputs[0].achieved]).toEqual([
      ["none"],
      "Inst",
      "Inst",
      "assumed",
    ]);
    expect(certificateText(plan)).toContain("counts are only shown");
    expect(errors(by("none"))).toEqual(["DLC280 this annotation needs a reason, which every report then shows"]);
  });
  test("what cannot reach the rule is an error", () => {
    expect(errors(by("seal by (k)"))).toEqual([
      "DLC403 `@coordinate(seal by (k))` cannot settle o#1: no seal says when R.t is complete",
    ]);
    expect(errors(by("order by (z)"))).toEqual([
      "DLC281 `z` is neither a variable of this rule nor a column that it reads or writes",
    ]);
    expect(errors(by("luck"))).not.toEqual([]);
  });
  test("@allow(weaker, reason) accepts a weaker source, and is listed in every report", () => {
    const beats = (annotation: string): string =>
      `role A { input i(x: int); R.beat(x) <~ i(x); } role R { channel beat(x: int) lossy; table seen(x: int); ${annotation} seen <= beat; output o(x: int); o <= seen; }`;
    const allowed = check(beats('@allow(weaker, "the next beat comes soon")'));
    expect([allowed.after("R.o"), allowed.plan.outputs[0].achieved]).toEqual(["Run", "assumed"]);
    expect(certificateText(allowed.plan)).toContain("the next beat comes soon");
    expect(check(beats("")).plan.outputs[0].achieved).toBe(false);
    expect(errors(beats("@allow(weaker)"))).toEqual([
      "DLC280 this annotation needs a reason, which every report then shows",
    ]);
  });
});

test("of a role that is not replicated a level speaks of each instance (B11)", () => {
  // Each gets its own facts, and the same in every run.
  const program =
    "role A { input i(x: int, a: addr); R.c@a(x) <~ i(x, a); } role R x2 { channel c(x: int); output o(x: int) deterministic strict; o <= c; }";
  expect(errors(program)).toEqual([]);
  expect(
    runs(program, [
      ["A.i", 1, "R#0"],
      ["A.i", 2, "R#1"],
    ]).contents["R.o"],
  ).toEqual(["R#0: [1] | R#1: [2]"]);
});
