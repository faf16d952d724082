/** The cases that the analysis must get right: each program with its marks, labels and plan. */
import { describe, expect, test } from "vitest";
import { acknowledged, receipted } from "../soundness/holes.ts";
import { check } from "../support/check.ts";
import { broken, differs, runAll } from "../support/runs.ts";
import type { Given } from "../support/runs.ts";

/** Inputs in one role, channels and tables in another. */
function twoRoles(rules: string, options: { role?: string; sealed?: [string, string]; extra?: string } = {}): string {
  const [s1, s2] = options.sealed ?? ["", ""];
  return `
role Host { input i1(x: int, y: int) ${s1}; input i2(x: int, y: int) ${s2}; input i3(x: int);
  R.c1(x, y) <~ i1(x, y); R.c2(x, y) <~ i2(x, y); R.c3(x) <~ i3(x); }
role R ${options.role ?? ""} { channel c1(x: int, y: int); channel c2(x: int, y: int); channel c3(x: int);
  table t1(x: int, y: int); table t2(x: int, y: int); scratch s(x: int);
  ${options.extra ?? ""}
  t1(x, y) <= c1(x, y); t2(x, y) <= c2(x, y);
  ${rules} }`;
}

describe("the cases B1 to B6", () => {
  test("B1: negation of a table that still grows", () => {
    const c = check(twoRoles("output o(x: int); o(x) <= t1(x, _), not t2(x, _);"));
    expect(c.marks).toEqual(["o#1 negation {x}"]);
    expect(c.before("R.o")).toBe("Run");
    expect(
      check(twoRoles("output o(x: int); o(x) <= t1(x, _), not t2(x, _);", { role: "replicated" })).before("R.o"),
    ).toBe("Inst");
  });
  test("B2: a count per value", () => {
    expect(check(twoRoles("output o(y: int, n: int); o(y, count()) <= t1(_, y);")).marks).toEqual([
      "o#1 aggregate {y}",
    ]);
  });
  test("B3: a join of growing tables is free", () => {
    const c = check(twoRoles("output o(x: int); o(x) <= t1(x, _), t2(x, _);", { role: "replicated" }));
    expect(c.marks).toEqual([]);
    expect(c.before("R.o")).toBe("Async");
    expect(c.inserted).toEqual([]);
  });
  test("B4: a deletion that it reads", () => {
    const c = check(
      twoRoles("output o(x: int); o(x) <= t1(x, _), t2(x, _); t2(x, y) <- c3(x), t2(x, y);", { role: "replicated" }),
    );
    expect(c.marks).toEqual(["t2#2 deletion {x,y}"]);
    expect(c.before("R.o")).toBe("Diverge");
    // The log must also carry c1: which of t2's states a row of t1 meets would be a race.
    expect(c.inserted).toEqual(["order R.c1+R.c2+R.c3 by x for o#1+t2#2"]);
    expect(c.after("R.o")).toBe("Run");
  });
  test("B5: an event meets a table", () => {
    expect(check(twoRoles("output o(x: int); s(x) <= c1(x, _); o(x) <= s(x), t2(x, _);")).marks).toEqual([
      "o#1 rendezvous {x}",
    ]);
  });
  test("B6: transitive closure is free", () => {
    const c = check(
      twoRoles(
        "output o(x: int, y: int); scratch r(x: int, y: int); r(x, y) <= t1(x, y); r(x, z) <= r(x, y), t1(y, z); o(x, y) <= r(x, y);",
        { role: "replicated" },
      ),
    );
    expect(c.marks).toEqual([]);
    expect(c.after("R.o")).toBe("Async");
  });
});

describe("a seal is a condition on evaluating a rule (A1)", () => {
  const ads = (sealed: string, requests = ""): string => `
role AdServer x5 { input click(campaign: string, id: string) ${sealed}; Report.click(c, i) <~ click(c, i); }
role Report replicated x3 { channel click(campaign: string, id: string); channel request(client: addr, campaign: string);
  table clicks(campaign: string, id: string); scratch poor(campaign: string, id: string, n: int); ${requests}
  clicks(c, i) <= click(c, i); poor(c, i, count()) <= clicks(c, i) having count() < 100;
  Analyst.answer@a(c, i, n) <~ request(a, c), poor(c, i, n); }
role Analyst { input ask(campaign: string); channel answer(campaign: string, id: string, n: int); output result(campaign: string, id: string, n: int);
  Report.request(self, c) <~ ask(c); result(c, i, n) <= answer(c, i, n); }`;
  test("(a) the passing request waits for the same partition", () => {
    const c = check(ads("sealed by (campaign)"));
    expect(c.marks).toEqual(["Analyst.answer#1 rendezvous {c}"]);
    expect(c.after("Analyst.result")).toBe("Async");
    expect(c.inserted).toEqual(["seal Report.click by campaign for Analyst.answer#1"]);
  });
  test("(a) unsealed it is Run or worse, also with a log", () => {
    const c = check(ads(""));
    expect(c.before("Analyst.result")).toBe("Inst");
    expect(c.after("Analyst.result")).toBe("Run");
    expect(c.inserted[0]).toMatch(/^order Report.click\+Report.request/);
  });
  test("(b) an unsealed event waits for the sealed negation", () => {
    const c =
      check(`role H { input block(k: string) sealed by (k); input r(k: string, x: int); R.block(k) <~ block(k); R.req(k, x) <~ r(k, x); }
role R replicated { channel block(k: string); channel req(k: string, x: int); table blocked(k: string); output alert(k: string, x: int);
  blocked(k) <= block(k); alert(k, x) <= req(k, x), not blocked(k); }`);
    expect(c.marks).toEqual(["alert#1 negation {k}"]);
    expect(c.inserted).toEqual(["seal R.block by k for alert#1"]);
    expect(c.after("R.alert")).toBe("Async");
    const held = c.plan.coordinated.rules.get("R/alert#1")!.body[0];
    expect(held.kind === "read" && held.hold?.conditions.map(({ source }) => source)).toEqual(["R.block"]);
  });
  test("(c), (d) two sealed streams of one rule are released together", () => {
    const streams = (
      rules: string,
    ): string => `role H { input buy(k: string, x: int) sealed by (k); input sell(k: string, x: int) sealed by (k);
  R.buy(k, x) <~ buy(k, x); R.sell(k, x) <~ sell(k, x); }
role R { channel buy(k: string, x: int); channel sell(k: string, x: int); ${rules} }`;
    const union = check(
      streams(
        "scratch ev(k: string, x: int); output total(k: string, n: int); ev(k, x) <= buy(k, x); ev(k, x) <= sell(k, x); total(k, count()) <= ev(k, _);",
      ),
    );
    expect(union.after("R.total")).toBe("Async");
    const held = union.plan.coordinated.rules.get("R/total#1")!.body[0];
    expect(held.kind === "read" && held.hold?.conditions.map(({ source }) => source)).toEqual(["R.buy", "R.sell"]);
    const match = check(streams("output match(k: string, x: int, y: int); match(k, x, y) <= buy(k, x), sell(k, y);"));
    expect(match.marks).toEqual(["match#1 rendezvous {k}"]);
    expect(match.after("R.match")).toBe("Async");
    for (const literal of match.plan.coordinated.rules.get("R/match#1")!.body) {
      expect(literal.kind === "read" && literal.hold?.conditions.map(({ source }) => source)).toEqual([
        "R.buy",
        "R.sell",
      ]);
    }
  });
});

describe("seals belong to literal occurrences (A2)", () => {
  const edges = (
    rules: string,
    sealed = "sealed by (src)",
  ): string => `role H { input edge(src: string, dst: string) ${sealed}; R.f(a, b) <~ edge(a, b); }
role R { channel f(a: string, b: string); table e(a: string, b: string); e(a, b) <= f(a, b); ${rules} }`;
  test("(a) waits for the partition that the negated literal selects", () => {
    const c = check(edges("output oneway(a: string, b: string); oneway(a, b) <= e(a, b), not e(b, a);"));
    expect(c.after("R.oneway")).toBe("Async");
    const [gate] = c.plan.coordinated.rules.get("R/oneway#1")!.gates!;
    expect(
      gate.conditions.map(({ source, key }) => [source, key.map((expr) => expr.kind === "variable" && expr.name)]),
    ).toEqual([["R.f", ["b"]]]);
  });
  test("(b) a cycle that changes the key keeps no seal", () => {
    const rules =
      "scratch reach(a: string, b: string); output n(a: string, k: int); reach(a, b) <= e(a, b); reach(a, c) <= reach(a, b), e(b, c); n(a, count()) <= reach(a, _);";
    expect(check(edges(rules)).after("R.n")).toBe("Run");
    const whole = check(edges(rules, "sealed"));
    expect(whole.after("R.n")).toBe("Async");
    expect(whole.inserted).toEqual(["barrier R.f for n#1"]);
  });
  test("(c) a second occurrence without the key", () => {
    expect(check(edges("output fof(a: string, k: int); fof(a, count()) <= e(a, b), e(b, _);")).after("R.fof")).toBe(
      "Run",
    );
  });
  test("(d) two rules on one path, each judged by itself", () => {
    const c = check(`role H { input i(k: string, j: string, x: int) sealed by (k); R.c(k, j, x) <~ i(k, j, x); }
role R { channel c(k: string, j: string, x: int); table t(k: string, j: string, x: int); scratch m(k: string, j: string, n: int); output g(j: string, n: int);
  t(k, j, x) <= c(k, j, x); m(k, j, count()) <= t(k, j, _); g(j, count()) <= m(_, j, _); }`);
    expect(c.after("R.g")).toBe("Run");
  });
});

describe("thresholds (A3)", () => {
  const acks = (
    kind: string,
  ): string => `role R { channel ack(k: string, from: addr); table acks(k: string, from: addr); acks(k, f) <= ack(k, f); output quorum(k: string); quorum(k) <= ${kind}(k, _) having count() >= 3; }
role S { input go(k: string); R.ack(k, self) <~ go(k); }`;
  test("over events they are order-sensitive", () =>
    expect(check(acks("ack")).marks).toEqual(["quorum#1 aggregate {k}"]));
  test("over a growing table they are not", () => {
    expect(check(acks("acks")).marks).toEqual([]);
    expect(check(acks("acks")).after("R.quorum")).toBe("Async");
  });
  test("an upper bound, an equality and a count in the head are", () => {
    for (const having of ["count() < 3", "count() <= 3", "count() == 3"])
      expect(check(acks("acks").replace("count() >= 3", having)).marks).toHaveLength(1);
  });
  test("max(e) >= k holds as soon as one element does, also over events", () => {
    const program = (having: string): string =>
      `role S { input i(k: string, x: int); R.c(k, x) <~ i(k, x); } role R { channel c(k: string, x: int); output o(k: string); o(k) <= c(k, x) having ${having}; }`;
    expect(check(program("max(x) >= 5")).marks).toEqual([]);
    expect(check(program("min(x) <= 5")).marks).toEqual([]);
    expect(check(program("max(x) <= 5")).marks).toHaveLength(1);
    expect(check(program("sum(x) >= 5")).marks).toHaveLength(1);
  });
});

describe("replica-local facts (A5)", () => {
  const program = (
    extra: string,
  ): string => `role R replicated x3 { input add(x: int); channel put(x: int); table t(x: int); output o(x: int); ${extra} o(x) <= t(x); }
role Client { input ask(a: addr, x: int); ASK }`;
  test("an input kept at one replica diverges for ever, and no mechanism changes that", () => {
    const c = check(program("t(x) <= add(x); t(x) <= put(x);").replace("ASK", "R.put(x) <~ ask(_, x);"));
    expect(c.marks).toEqual(["o#1 local {*}"]);
    expect(c.before("R.o")).toBe("Diverge");
    expect(c.plan.outputs[0].achieved).toBe(false);
  });
  test("so does a message to one address, and self", () => {
    expect(
      check(program("t(x) <= put(x); R.put(x) <~ add(x);").replace("ASK", "R.put@a(x) <~ ask(a, x);")).before("R.o"),
    ).toBe("Diverge");
    expect(
      check(
        "role R replicated { channel c(x: int); output who(a: addr); who(self) <= c(_); } role S { input i(x: int); R.c(x) <~ i(x); }",
      ).before("R.who"),
    ).toBe("Diverge");
  });
  test("sent to each member it is sent to all, where the address decides nothing else", () => {
    const each = (send: string): string =>
      check(program("t(x) <= put(x); R.put(x) <~ add(x);").replace("ASK", send)).before("R.o");
    expect(each("R.put@b(x) <~ ask(_, x), R.nodes(b);")).toBe("Async");
    for (const send of [
      "R.put@b(x) <~ ask(b, x), R.nodes(b);",
      'R.put@b(x) <~ ask(_, x), R.nodes(b), b != "R#0";',
      "R.put@b(x) <~ ask(a, x), R.nodes(b), a == b;",
      "R.put@b(x) <~ ask(_, x), Client.nodes(b);",
      "R.put@b(x + length(toString(b))) <~ ask(_, x), R.nodes(b);",
      "R.put@b(count()) <~ ask(_, _), R.nodes(b);",
      "table away(a: addr); R.put@b(x) <~ ask(_, x), R.nodes(b), not away(b);",
    ])
      expect(each(send), send).toBe("Diverge");
  });
  test("sent to the whole role it is Async", () => {
    const c = check(program("t(x) <= put(x); R.put(x) <~ add(x);").replace("ASK", "R.put(x) <~ ask(_, x);"));
    expect(c.marks).toEqual([]);
    expect(c.before("R.o")).toBe("Async");
  });
});

describe("sources (A6)", () => {
  const beat = (role: string): string =>
    `role S { input i(x: int); R.beat(x) <~ i(x); } role R ${role} { channel beat(x: int) lossy; table seen(x: int); output o(x: int) any; seen(x) <= beat(x); o(x) <= seen(x); }`;
  test("a lossy channel is Run, at replicas Diverge", () => {
    expect(check(beat("")).before("R.o")).toBe("Run");
    expect(check(beat("replicated")).before("R.o")).toBe("Diverge");
  });
  test("a timer that meets what changes shows when it fired", () => {
    const timer = (
      body: string,
    ): string => `role S { input i(x: int); input w(x: int); R.c(x) <~ i(x); R.d(x) <~ w(x); }
role R { channel c(x: int); channel d(x: int); table pend(x: int); table cur(k: int -> v: int); timer t every 1s; output late(x: int); pend(x) <= c(x); cur(0, x) <+- d(x); late(x) <= ${body}; }`;
    expect(check(timer("t(), pend(x)")).marks).toEqual([]);
    expect(check(timer("t(), pend(x)")).after("R.late")).toBe("Async");
    expect(check(timer("t(), pend(x), cur(0, _)")).marks).toContain("late#1 choice {*}");
  });
});

describe("seal rules (A7)", () => {
  const front = (
    kind: string,
    feed: string,
  ): string => `role Front { ${kind} click(c: string, i: string); ${kind} over(c: string); Report.click(c, i) <~ click(c, i); seal Report.click(campaign: c) <~ over(c); }
role Report { channel click(campaign: string, id: string) sealed by (campaign); table t(campaign: string, id: string); output n(campaign: string, k: int); t(c, i) <= click(c, i); n(c, count()) <= t(c, _); } ${feed}`;
  test("from an input of the same instance it is the host's promise", () => {
    const c = check(front("input", ""));
    expect(c.marks).toEqual(["n#1 aggregate {c}"]);
    expect(c.label("Report.click")).toBe("Seal(campaign)");
    expect(c.after("Report.n")).toBe("Async");
    expect(c.plan.outputs[0].assumptions.join("\n")).toMatch(/seal Report\.click#1 \(line 1\)/);
  });
  test("from a channel it can run ahead", () => {
    const c = check(
      front(
        "channel",
        "role H { input a(c: string, i: string); input b(c: string); Front.click(c, i) <~ a(c, i); Front.over(c) <~ b(c); }",
      ),
    );
    expect(c.marks).toContain("seal Report.click#1 promise {campaign}");
    expect(c.label("Report.click")).toBe("Run");
    expect(c.after("Report.n")).toBe("Run");
  });
});

describe("key conflicts and overwrites (A8)", () => {
  const kv = (
    rules: string,
    sealed = "sealed by (k)",
  ): string => `role H { input i(k: string, v: int) ${sealed}; R.put(k, v) <~ i(k, v); }
role R replicated { channel put(k: string, v: int); ${rules} }`;
  test("a sealed key gets all its values in one step", () => {
    const insert = check(
      kv("table kv(k: string -> v: int); output o(k: string, v: int); kv(k, v) <= put(k, v); o(k, v) <= kv(k, v);"),
    );
    expect(insert.marks).toEqual(["kv#1 key-conflict {k}"]);
    expect(insert.after("R.o")).toBe("Async");
    const upsert = check(
      kv("table cur(k: string -> v: int); output o(k: string, v: int); cur(k, v) <+- put(k, v); o(k, v) <= cur(k, v);"),
    );
    expect(upsert.marks).toEqual(["cur#1 upsert {k}"]);
    expect(upsert.after("R.o")).toBe("Async");
  });
  test("unsealed they need a log", () => {
    const c = check(
      kv("table kv(k: string -> v: int); output o(k: string, v: int); kv(k, v) <= put(k, v); o(k, v) <= kv(k, v);", ""),
    );
    expect(c.before("R.o")).toBe("Diverge");
    expect(c.inserted).toEqual(["order R.put by k for kv#1"]);
    expect(c.after("R.o")).toBe("Run");
  });
  test("a keyed output conflicts as well", () => {
    expect(check(kv("output last(k: string -> v: int); last(k, v) <= put(k, v);", "")).marks).toEqual([
      "last#1 key-conflict {k}",
    ]);
  });
  test("not where the value is a function of the key, or the key is promised unique (C6)", () => {
    expect(
      check(
        kv("table kv(k: string -> v: int); output o(k: string, v: int); kv(k, 1) <= put(k, _); o(k, v) <= kv(k, v);"),
      ).marks,
    ).toEqual([]);
    const unique = check(
      `role H { input i(k: string -> v: int) unique; R.put(k, v) <~ i(k, v); } role R { channel put(k: string -> v: int) unique; table kv(k: string -> v: int); output o(k: string, v: int); kv(k, v) <= put(k, v); o(k, v) <= kv(k, v); }`,
    );
    expect(unique.marks).toEqual([]);
    expect(unique.plan.outputs[0].assumptions.join()).toContain("unique: R.put");
  });
  test("nor where the value was made of the key on its way", () => {
    const marks = (sender: string, receiver = "kv(k, v) <= put(k, v);"): readonly string[] =>
      check(`role H x2 { input i(k: int); input j(k: int, v: int); scratch s(k: int -> v: int); table cur(k: int -> v: int); ${sender} }
role R replicated { channel put(k: int -> v: int); scratch view(k: int -> v: int); table kv(k: int -> v: int); output o(k: int, v: int); ${receiver} o(k, v) <= kv(k, v); }`)
        .marks;
    expect(marks("R.put(k, k + 1) <~ i(k);")).toEqual([]);
    expect(marks("s(k, k + 1) <= i(k); R.put(k, v * 2) <~ s(k, v);")).toEqual([]);
    expect(marks("R.put(k, k + 1) <~ i(k);", "view(k, v) <= put(k, v); kv(k, v) <+ view(k, v);")).toEqual([]);
    expect(marks("R.put(k, k + 1) <~ i(k); R.put(k, k + 2) <~ j(k, _);")).not.toEqual([]);
    expect(marks("cur(k, v) <+- j(k, v); R.put(k, v) <~ i(k), cur(k, v);")).toContain("kv#1 key-conflict {k}");
    expect(marks("R.put(k, 1) <~ i(k);", "view(k, count()) <= put(k, _); kv(k, v) <= view(k, v);")).toContain(
      "kv#1 key-conflict {k}",
    );
  });
});

describe("logs (A11)", () => {
  test("transfers have two gate values in one event, so one log serves all", () => {
    const c =
      check(`role H { input i(id: int, a: string, b: string, n: int); Bank.xfer(id, a, b, n) <~ i(id, a, b, n); }
role Bank replicated x3 { channel xfer(id: int, a: string, b: string, n: int); table bal(acct: string -> v: int); output o(acct: string, v: int) agreed; bal("x", 10);
  bal(a, v - n) <+- xfer(_, a, b, n), bal(a, v), v >= n; bal(b, w + n) <+- xfer(_, a, b, n), bal(a, v), v >= n, bal(b, w); o(a, v) <= bal(a, v); }`);
    expect(c.inserted.length).toBe(1);
    expect(c.inserted[0]).toMatch(/^order Bank\.xfer for/);
    expect(c.after("Bank.o")).toBe("Run");
    expect(c.plan.outputs[0].achieved).toBe(true);
    expect([...c.plan.clocks.values()]).toEqual(["Bank.log", "Bank.log"]);
  });
});

describe("the gate determines the key (A12)", () => {
  const sales = (
    key: string,
  ): string => `role H { input i(company: string, n: int) sealed by (company); R.sale(c, n) <~ i(c, n); }
role R { channel sale(company: string, n: int); table sales(company: string, n: int); table hq(${key}); output n(city: string, k: int); sales(c, n) <= sale(c, n);
  ${key.startsWith("city") ? 'hq("Paris", "acme"); n(city, count()) <= sales(company, _), hq(city, company);' : 'hq("acme", "Paris"); hq("bolt", "Paris"); n(city, count()) <= sales(company, _), hq(company, city);'} }`;
  test("a key read from x to y is a determination; its inverse is none", () => {
    expect(check(sales("company: string -> city: string")).after("R.n")).toBe("Run");
    expect(check(sales("city: string -> company: string")).after("R.n")).toBe("Async");
  });
  test("P14: through an injective function", () => {
    const program = (claim: string): string => `function ticker(company: string): string from "./ref.ts"${claim};
role H { input i(company: string, n: int) sealed by (company); R.sale(c, n) <~ i(c, n); }
role R { channel sale(company: string, n: int); table sales(company: string, n: int); output n(t: string, k: int); sales(c, n) <= sale(c, n); n(t, count()) <= sales(c, _), t = ticker(c); }`;
    expect(check(program(" injective")).after("R.n")).toBe("Async");
    expect(check(program("")).after("R.n")).toBe("Run");
  });
});

describe("time made inside the program is open (A14)", () => {
  test("a counter of steps", () => {
    const c = check(
      "role S { input i(x: string); R.c(x) <~ i(x); } role R { channel c(x: string); scratch tick(n: int); output o(x: string, n: int); tick(0); tick(n + 1) <+ tick(n), n < 100; o(x, n) <= c(x), tick(n); }",
    );
    expect(c.marks).toEqual(["o#1 rendezvous {}"]);
  });
  test("the members of a role are static where the deployment fixes them", () => {
    expect(
      check(
        "role S { input i(x: string); R.c(x) <~ i(x); } role R { channel c(x: string); table t(x: string); output o(x: string, a: addr); t(x) <= c(x); o(x, a) <= t(x), R.nodes(a); }",
      ).marks,
    ).toEqual([]);
  });
});

describe("seals and levels", () => {
  const d = (
    sealA: string,
    sealB: string,
    rule: string,
    role = "replicated",
  ): string => `role H { input ia(k: string, j: string) ${sealA}; input ib(k: string, j: string) ${sealB}; input iq(k: string, j: string);
  R.a(k, j) <~ ia(k, j); R.b(k, j) <~ ib(k, j); R.q(k, j) <~ iq(k, j); }
role R ${role} { channel a(k: string, j: string); channel b(k: string, j: string); channel q(k: string, j: string); table ta(k: string, j: string); table tb(k: string, j: string);
  ta(k, j) <= a(k, j); tb(k, j) <= b(k, j); output o(k: string, j: string); ${rule} }`;
  test("D1: every writer behind the read must be sealed", () => {
    const rule = "scratch u(k: string); u(k) <= ta(k, _); u(k) <= tb(k, _); o(k, j) <= q(k, j), not u(k);";
    expect(check(d("sealed by (k)", "sealed by (k)", rule)).after("R.o")).toBe("Async");
    const open = check(d("sealed by (k)", "", rule));
    expect(open.before("R.o")).toBe("Inst");
    expect(open.label("R.o")).toBe("Inst");
  });
  test("D2: different keys, both within the gate: it waits for both", () => {
    const c = check(d("sealed by (k)", "sealed by (j)", "o(k, j) <= q(k, j), not ta(k, j), not tb(k, j);"));
    expect(c.after("R.o")).toBe("Async");
    expect(c.inserted).toEqual(["seal R.a+R.b by k,j for o#1"]);
  });
  test("D3: sealing the requests does not help", () => {
    const c = check(
      d("", "", "o(k, j) <= q(k, j), not ta(k, _);").replace(
        "input iq(k: string, j: string)",
        "input iq(k: string, j: string) sealed by (k)",
      ),
    );
    expect(c.label("R.o")).toBe("Inst");
  });
  test("D4, D5: a dropped key, and unions", () => {
    const u = (sealA: string, sealB: string): string =>
      check(
        d(
          sealA,
          sealB,
          "scratch u(k: string, j: string); u(k, j) <= ta(k, j); u(k, j) <= tb(k, j); o(k, j) <= u(k, j);",
        ),
      ).label("R.u");
    expect(check(d("sealed by (k)", "", "scratch p(j: string); p(j) <= ta(_, j); o(j, j) <= p(j);")).label("R.p")).toBe(
      "Async",
    );
    expect(u("sealed by (k)", "")).toBe("Async");
    expect(u("sealed by (k)", "sealed by (k)")).toBe("Seal(k)");
    expect(u("sealed by (k)", "sealed by (j)")).toBe("Async");
  });
  test("agreed tolerates what differs between runs, eventual what differs for a while", () => {
    const level = (word: string, role: string): readonly string[] =>
      check(
        d("", "", "o(k, j) <= q(k, j), not ta(k, _);", role).replace(
          "output o(k: string, j: string)",
          `output o(k: string, j: string) ${word}`,
        ),
      ).inserted;
    expect(level("agreed", "replicated")).toEqual(["order R.a+R.q by k for o#1"]);
    expect(level("agreed", "")).toEqual([]);
    expect(level("eventual", "replicated")).toEqual([]);
    expect(level("any", "replicated")).toEqual([]);
  });
  test("a strict level that cannot be reached is an error; a default one is a note, once", () => {
    const program = d("", "", "o(k, j) <= q(k, j), not ta(k, _);");
    expect(
      check(program)
        .diagnostics.filter(({ code }) => code === "DLC402")
        .map(({ severity }) => severity),
    ).toEqual(["note"]);
    expect(
      check(
        program.replace("output o(k: string, j: string)", "output o(k: string, j: string) deterministic strict"),
      ).diagnostics.find(({ code }) => code === "DLC401")?.severity,
    ).toBe("error");
  });
  test("a sealed channel that a sender never seals is an error", () => {
    expect(
      () =>
        check(
          "role H { input i(k: string); R.c(k) <~ i(k); } role R { channel c(k: string) sealed by (k); output o(k: string); o(k) <= c(k); }",
        ).diagnostics,
    ).not.toThrow();
    const c = check(
      "role H { input i(k: string); R.c(k) <~ i(k); } role R { channel c(k: string) sealed by (k); output o(k: string); o(k) <= c(k); }",
    );
    expect(c.diagnostics.map(({ code }) => code)).toContain("DLC404");
  });
});

describe("what has the shape of a race and is none", () => {
  test("C1: replies to one's own requests", () => {
    const rpc = (
      pend: string,
    ): string => `role A { input ask(id: int -> x: string) unique; channel reply(id: int, y: string); table pend(${pend}); output result(x: string, y: string);
  pend(id, x) <= ask(id, x); S.req(self, id, x) <~ ask(id, x); result(x, y) <= reply(id, y), pend(id, x); }
role S { channel req(c: addr, id: int, x: string); A.reply@c(id, x + "!") <~ req(c, id, x); }`;
    expect(check(rpc("id: int -> x: string")).marks).toEqual([]);
    expect(check(rpc("id: int, x: string")).marks).toEqual([]);
    expect(
      check(
        rpc("id: int, x: string").replace("input ask(id: int -> x: string) unique", "input ask(id: int, x: string)"),
      ).marks,
    ).toEqual(["result#1 rendezvous {id}"]);
    // Sent to another instance than the asking one, the row need not be there.
    expect(
      check(
        rpc("id: int -> x: string")
          .replace("role A {", "role A x2 {")
          .replace("S.req(self, id, x) <~ ask(id, x)", "S.req(a, id, x) <~ ask(id, x), A.nodes(a)"),
      ).marks.join(),
    ).toContain("rendezvous");
  });
  test("C2: once only", () => {
    const once = (rules: string): string =>
      `role S { input i(x: int, y: int); R.c(x, y) <~ i(x, y); } role R { channel c(x: int, y: int); table seen(x: int, y: int); table first(x: int); output new(x: int, y: int); ${rules} }`;
    expect(check(once("new(x, y) <= c(x, y), not seen(x, y); seen(x, y) <+ c(x, y);")).marks).toEqual([]);
    expect(check(once("new(x, y) <= c(x, y), not seen(x, y); seen(x, y) <+ new(x, y);")).marks).toEqual([]);
    expect(check(once("new(x, y) <= c(x, y), not first(x); first(x) <+ c(x, _);")).marks).toEqual([
      "new#1 negation {x}",
    ]);
  });
  test("C2: what the rule does not look at need not be in the table, what it asks for must be asked for there too", () => {
    const once = (rules: string): readonly string[] =>
      check(
        `role S { input i(x: int, y: int); R.c(x, y) <~ i(x, y); } role R { channel c(x: int, y: int); table t(x: int); output o(x: int); output p(x: int, n: int); ${rules} }`,
      ).marks;
    expect(once("o(x) <= c(x, _), not t(x); t(x) <+ o(x);")).toEqual([]);
    expect(once("o(x) <= c(x, _), not t(x); t(x) <+ c(x, _);")).toEqual([]);
    expect(once("o(x) <= c(x, x), not t(x); t(x) <+ c(x, x);")).toEqual([]);
    expect(once("o(x) <= c(x, x), not t(x); t(x) <+ o(x);")).toEqual([]);
    expect(once("o(x) <= c(x, x), not t(x); t(x) <+ c(x, _);")).toEqual(["o#1 negation {x}"]);
    expect(once("o(x) <= c(x, y), y > 3, not t(x); t(x) <+ c(x, _);")).toEqual(["o#1 negation {x}"]);
    expect(once("p(x, y) <= c(x, y), not t(x); t(x) <+ p(x, _);")).toEqual(["p#1 negation {x}"]);
    expect(once("p(x, count()) <= c(x, _), not t(x); t(x) <+ c(x, _);")).toContain("p#1 negation {x}");
  });
  test("C3: aggregates within one event", () => {
    const within = (rules: string): string =>
      `role S { input i(id: int, items: list<int>); R.c(id, items) <~ i(id, items); } role R { channel c(id: int, items: list<int>); output bill(id: int, items: list<int>, n: int); ${rules} }`;
    expect(check(within("bill(id, items, sum(n)) <= c(id, items), n in items;")).marks).toEqual([]);
    expect(check(within("bill(id, [0], sum(n)) <= c(id, items), n in items;")).marks).toHaveLength(1);
  });
  test("C4: two scratches of one event joined", () => {
    const joined = (
      rules: string,
    ): string => `role S { input i(id: int, s: string); R.c(id, s) <~ i(id, s); R.d(id, s) <~ i(id, s); }
role R { channel c(id: int, s: string); channel d(id: int, s: string); scratch a(id: int, s: string, u: string); scratch b(id: int, s: string, v: string); output o(id: int, u: string, v: string);
  a(id, s, u) <= c(id, s), u = s + "a"; ${rules} }`;
    expect(
      check(joined('b(id, s, v) <= c(id, s), v = s + "b"; o(id, u, v) <= a(id, s, u), b(id, s, v);')).marks,
    ).toEqual([]);
    expect(
      check(joined('b(id, s, v) <= c(id, s), v = s + "b"; o(id, u, v) <= a(id, _, u), b(id, _, v);')).marks,
    ).toEqual(["o#1 rendezvous {id}"]);
    expect(
      check(joined('b(id, s, v) <= d(id, s), v = s + "b"; o(id, u, v) <= a(id, s, u), b(id, s, v);')).marks,
    ).toEqual(["o#1 rendezvous {id,s}"]);
  });
});

describe("an event that meets the row it has brought itself", () => {
  const own = (rules: string, meets: string): readonly string[] =>
    check(`role S { input i(x: int, y: int); input j(x: int, y: int); R.c(x, y) <~ i(x, y); R.d(x, y) <~ j(x, y); }
role R { channel c(x: int, y: int); channel d(x: int, y: int); table t(x: int, y: int); scratch v(x: int, y: int); ${rules} output o(x: int, y: int); ${meets} }`)
      .marks;
  const kept = "t(x, y) <= c(x, y); v(x, y) <= t(x, y);";
  test("is no race, also through a view and beside other writers", () => {
    expect(own(kept, "o(x, y) <= c(x, y), t(x, _);")).toEqual([]);
    expect(own(kept, "o(x, y) <= c(x, y), t(x, y);")).toEqual([]);
    expect(own(`${kept} t(x, y) <= d(x, y);`, "o(x, y) <= c(x, y), v(x, z);")).toEqual([]);
  });
  /** Each asks for more than the event has brought, or for what need not be there. */
  const races: Readonly<Record<string, readonly [string, string]>> = {
    "another value of the row": [kept, "o(x, z) <= c(x, _), t(x, z);"],
    "another column": [kept, "o(x, y) <= c(x, y), t(y, _);"],
    "two columns that agree": [kept, "o(x, y) <= c(x, y), t(z, z);"],
    "how many rows there are": [kept, "o(x, count()) <= c(x, y), t(x, z);"],
    "a table that another event fills": ["t(x, y) <= d(x, y); v(x, y) <= t(x, y);", "o(x, y) <= c(x, y), v(x, _);"],
    "a table that is filled a step later": ["t(x, y) <+ c(x, y); v(x, y) <= t(x, y);", "o(x, y) <= c(x, y), v(x, _);"],
    "a table that only some events fill": [
      "t(x, y) <= c(x, y), y > 0; v(x, y) <= t(x, y);",
      "o(x, y) <= c(x, y), v(x, _);",
    ],
    "a row of a constant": ["t(x, 1) <= c(x, _); v(x, y) <= t(x, y);", "o(x, y) <= c(x, y), v(x, 2);"],
    "a row that may fail": ["t(x, 6 / y) <= c(x, y); v(x, y) <= t(x, y);", "o(x, y) <= c(x, y), v(x, _);"],
    "a row that a deletion keeps away": [`${kept} t(x, y) <- d(x, y);`, "o(x, y) <= c(x, y), t(x, _);"],
  };
  for (const [name, [rules, meets]] of Object.entries(races))
    test(`but ${name} is`, () => expect(own(rules, meets).join()).toMatch(/o#1 (rendezvous|aggregate)|t#\d deletion/));
});

describe("aggregates that the group settles", () => {
  const grouped = (rule: string): readonly string[] =>
    check(`role S { input i(x: int, y: int); R.c(x, y) <~ i(x, y); }
role R { channel c(x: int, y: int); table t(x: int, y: int); t(x, y) <= c(x, y); output o(x: int, n: int); ${rule} }`)
      .marks;
  test("say no more than that it is there", () => {
    for (const call of ["max(x)", "min(x)", "choose(x)", "argmin(x, x)", "count(distinct x)", "max(e)"])
      expect(grouped(`o(x, ${call}) <= t(x, y), e = x * 2;`), call).toEqual([]);
    expect(grouped("o(x, max(x)) <= c(x, _);")).toEqual([]);
    expect(grouped("o(x, x) <= c(x, _) having min(x) >= 1 && count(distinct x) < 2;")).toEqual([]);
    expect(grouped("o(x, max(x)) <= t(x, y) having count() >= 2;")).toEqual([]);
    expect(grouped("o(x + 1, max(x)) <= t(x, y);")).toEqual([]);
  });
  test("not where the group leaves something open, or their number shows", () => {
    for (const call of ["max(y)", "count()", "sum(x)", "count(distinct y)", "argmin(x, y)", "argmin(y, x)", "max(e)"])
      expect(grouped(`o(x, ${call}) <= t(x, y), e = x * y;`), call).toHaveLength(1);
    expect(grouped("o(x * 0, max(x)) <= t(x, y);")).toHaveLength(1);
    expect(grouped("o(x, max(x)) <= t(x, y) having count() < 2;")).toHaveLength(1);
    expect(grouped("o(x, max(x)) <= c(x, y) having count() >= 2;")).toHaveLength(1);
  });
});

test("with a durable table no restart is assumed away", () => {
  const program = (word: string): string =>
    `role R { input i(x: int); table t(x: int)${word}; output o(x: int); t(x) <= i(x); o(x) <= t(x); }`;
  const assumed = (word: string): readonly string[] => check(program(word)).plan.outputs[0].assumptions;
  expect(assumed("")).toContain("assumes: no restart of R");
  expect(assumed(" durable").join()).not.toContain("restart");
  expect(check(program(" durable")).diagnostics).toEqual([]);
});

describe("by hand (B10)", () => {
  const by = (how: string): string => `role H { input i(k: int, j: int) sealed by (k); R.c(k, j) <~ i(k, j); }
role R replicated { channel c(k: int, j: int); table t(k: int, j: int); t(k, j) <= c(k, j); output o(k: int, n: int); @coordinate(${how}) o(k, count()) <= t(k, _); }`;
  test("the columns that are written are the ones it takes, or it is refused", () => {
    expect(check(by("seal by (k)")).inserted).toEqual(["seal R.c by k for o#1"]);
    expect(check(by("order by (k)")).inserted).toEqual(["order R.c by k for o#1"]);
    expect(() => check(by("seal by (j)"))).toThrow(
      "DLC403 `@coordinate(seal by (j))` cannot settle o#1: it can be sealed by (k)",
    );
    expect(() => check(by("order by (j)"))).toThrow(
      "DLC403 `@coordinate(order by (j))` cannot settle o#1: it can be ordered by (k)",
    );
  });
  test("a log that is asked for by hand protects all that it settles", () => {
    const auction = (
      how: string,
    ): string => `role B x2 { input offer(l: string, p: int); A.bid(self, l, p) <~ offer(l, p); }
role A replicated { channel bid(w: addr, l: string, p: int); table sold(l: string -> w: addr, p: int); scratch best(l: string, p: int); output o(l: string, w: addr, p: int) agreed; output n(c: int) any;
@coordinate(${how}) best(l, max(p)) <= bid(_, l, p); sold(l, choose(w), p) <+ bid(w, l, p), best(l, p), not sold(l, _, _); o(l, w, p) <= sold(l, w, p); n(count()) <= sold(_, _, _); }`;
    expect(check(auction("order")).inserted).toEqual(["order A.bid for best#1+sold#1"]);
    const c = check(auction("barrier"));
    expect(c.inserted).toEqual(["barrier A.bid for best#1+sold#1"]);
    // What no promise needs is not counted among them, though it reads the same.
    expect(
      c.diagnostics
        .filter(({ message }) => message.includes("coordinated:"))
        .map(({ message }) => message.split(" ")[0]),
    ).toEqual(["best#1", "sold#1", "sold#1", "sold#1", "sold#1"]);
  });
  test("none keeps the inferred label, and what is achieved is assumed", () => {
    const c = check(by('none, "each k comes once"'));
    expect(c.after("R.o")).toBe("Inst");
    expect(c.plan.outputs[0].achieved).toBe("assumed");
  });
});

describe("a barrier", () => {
  const given: Given = [1, 2, 1, 2].flatMap(
    (k, j) =>
      [
        [`H#${j % 2}.i`, k, j],
        [`H#${j % 2}.q`, k],
      ] as const,
  );
  const program = (
    promise: string,
    rules: string,
    shape = "replicated",
  ): string => `role H x2 { input i(k: int, j: int) ${promise}; input q(k: int); ${shape === "x2" ? "R.c@*(k, j) <~ i(k, j); R.d@*(k)" : "R.c(k, j) <~ i(k, j); R.d(k)"} <~ q(k); }
role R ${shape} { channel c(k: int, j: int); channel d(k: int); table t(k: int, j: int); t(k, j) <= c(k, j); output o(k: int, n: int) agreed; output p(k: int, j: int) agreed; ${rules} }`;
  const both = "@coordinate(barrier) o(k, count()) <= t(k, _); p(k, j) <= d(k), t(k, j);";
  test("cuts epochs where no end is promised, only where it is asked for, and replicas agree", () => {
    const rules = both.replace("@coordinate(barrier) ", "");
    expect(check(program("", rules)).inserted).toEqual(["order R.c+R.d by k for o#1+p#1"]);
    const c = check(program("", rules), "barrier");
    expect(c.inserted).toEqual(["barrier R.c+R.d for o#1+p#1"]);
    expect(c.plan.insertions[0]).toMatchObject({ epochMs: 100, producers: null, key: [] });
    expect([c.before("R.o"), c.after("R.o"), c.plan.outputs[0].pacelc]).toEqual([
      "Inst",
      "Run",
      "PC/sequencer/EC(epoch)",
    ]);
    expect(c.plan.comparison.stops.map(({ unreachable }) => unreachable)).toEqual(["the sequencer", "a replica of R"]);
    // Only a stream that ends as a whole needs none.
    expect(check(program("sealed", "o(k, count()) <= t(k, _);"), "barrier").plan.insertions).toMatchObject([
      { mechanism: "barrier", epochMs: null, producers: ["H"] },
    ]);
    expect(check(program("sealed by (k)", "o(k, count()) <= t(k, _);"), "barrier").plan.insertions).toMatchObject([
      { mechanism: "barrier", epochMs: 100 },
    ]);
  });
  test.each(["replicated", "x2", "partitioned by (k) x2", ""])("keeps its label in a role %s", (shape) => {
    for (const text of [program("", both, shape), program("sealed by (k)", both, shape)]) {
      const { plan, after } = check(text, "barrier");
      const runs = runAll(plan, given, { seeds: 3 });
      expect([after("R.o"), after("R.p")]).toEqual(["Run", "Run"]);
      expect(broken(plan, runs, after)).toEqual([]);
      // And is no worse than it has to be.
      expect(differs(runs, "R.o").betweenRuns).toBe(true);
    }
  });
  test("is shared by all that stands in its log, and refused where another rule asks for an order there", () => {
    expect(check(program("", both)).inserted).toEqual(["barrier R.c+R.d for o#1+p#1"]);
    expect(check(program("", both)).plan.insertions[0].why).toBe("chosen by hand in the source");
    expect(() => check(program("", both.replace("p(k, j) <=", "@coordinate(order by (k)) p(k, j) <=")))).toThrow(
      "DLC403 `@coordinate(order by (k))` cannot settle p#1: it shares a log with o#1, which asks for epochs",
    );
    expect(() => check(program("", both.replace("p(k, j) <=", "@coordinate(order) p(k, j) <=")))).toThrow(
      "DLC403 `@coordinate(order)` cannot settle p#1",
    );
    // Nothing in common, nothing shared.
    const apart =
      "@coordinate(barrier) o(k, count()) <= t(k, _); table u(k: int); u(k) <= d(k); @coordinate(order) p(0, count()) <= u(_);";
    expect(check(program("", apart)).inserted).toEqual(["barrier R.c for o#1", "order R.d for p#1"]);
  });
  test("costs the wait for half an epoch more than a log", () => {
    const rules = both.replace("@coordinate(barrier) ", "");
    const rated = program("rate 10", rules);
    const [order, epochs] = (["order", "barrier"] as const).map(
      (strategy) => check(rated, strategy).plan.comparison.cost!,
    );
    expect(epochs).toEqual({ messages: order.messages, waitMs: order.waitMs! + 50 });
  });
});

describe("logs and what stands beside them", () => {
  test("what only shares a channel with an ordered rule keeps its label", () => {
    const c = check(
      twoRoles(
        "output o(y: int, n: int) agreed; o(y, count()) <= t1(_, y); output p(x: int, y: int); p(x, y) <= t1(x, y);",
        { role: "replicated" },
      ),
    );
    expect(c.inserted).toEqual(["order R.c1 by y for o#1"]);
    expect([c.after("R.o"), c.after("R.p")]).toEqual(["Run", "Async"]);
    expect(c.plan.outputs.map(({ achieved }) => achieved)).toEqual([true, true]);
  });
  test("a seal and a log on one input", () => {
    const c = check(
      "role R { input a(k: int, j: int) sealed by (k); input b(k: int, j: int); output n(k: int, c: int); n(k, count()) <= a(k, _); output m(k: int, j: int); m(k, j) <= a(k, j), b(k, j); }",
    );
    expect(c.inserted).toEqual(["seal R.a by k for n#1", "order R.a+R.b by k,j for m#1"]);
    expect([c.after("R.n"), c.after("R.m")]).toEqual(["Async", "Run"]);
  });
});

test("what the log of another rule brings to a rule as well is said to be coordinated", () => {
  const { inserted, diagnostics } = check(`
    role S replicated x2 {
      channel put(k: string, v: int);
      channel del(k: string);
      table t(k: string -> v: int);
      output o(k: string, v: int) agreed;
      t(k, v) <+- put(k, v);
      t(k, v) <- del(k), t(k, v);
      o(k, v) <= t(k, v);
    }`);
  expect(inserted).toEqual(["order S.put+S.del by k for t#1+t#2"]);
  expect(diagnostics.filter(({ message }) => message.endsWith("not coordinated"))).toEqual([]);
});

describe("repeats (C5)", () => {
  const retransmit = (rules: string): readonly string[] =>
    check(`role A { input i(x: int); table buf(x: int); buf(x) <= i(x); channel ack(x: int); table acked(x: int); acked(x) <= ack(x); timer tick every 1s; ${rules} }
role B { channel m(x: int); table t(x: int); t(x) <= m(x); A.ack(x) <~ t(x); output o(x: int); o(x) <= t(x); }`).marks;
  const again = "B.m(x) <~ tick(), buf(x), not acked(x);";
  const drop = "buf(x) <- buf(x), acked(x);";
  test("are not marked beside what is sent once", () =>
    expect(retransmit(`B.m(x) <~ buf(x); ${again} ${drop}`)).toEqual([]));
  test("are without it", () => expect(retransmit(again).join()).toContain("B.m#1 negation"));
  test("nor is the collection of what somebody else reads unmarked", () =>
    expect(retransmit(`B.m(x) <~ buf(x); ${again} ${drop} output left(x: int); left(x) <= buf(x);`)).toEqual([
      "buf#2 deletion {x}",
    ]));
  test("and nothing is inserted where the rest of the row is forgotten with it", () => {
    const { marks, inserted, after } = check(acknowledged);
    expect([marks, inserted, after("R.out")]).toEqual([[], [], "Async"]);
  });
  test("a guard on other columns is no guard of repeats", () =>
    expect(retransmit(`B.m(x) <~ buf(x); B.m(x + 1) <~ buf(x), not acked(x);`)).toEqual(["B.m#2 negation {x}"]));
});

describe("repeats over channels that lose (C5)", () => {
  const program = receipted();
  const changed = (from: string, to: string): string => {
    expect(program).toContain(from);
    return program.replace(from, to);
  };

  test("bring all of it in the end, and are not marked", () => {
    const { marks, after, inserted, plan } = check(program);
    expect([marks, inserted, after("R.out"), after("S.done"), after("R.m"), after("S.ack")]).toEqual([
      [],
      [],
      "Async",
      "Async",
      "Async",
      "Async",
    ]);
    const { assumptions } = plan.outputs.find(({ output }) => output === "R.out")!;
    expect(assumptions).toContain("assumes: of what is sent again and again on R.m something arrives");
  });
  test("bring to a replicated role what stays at one replica", () => {
    expect(check(changed("role R x2", "role R replicated x2")).after("R.out")).toBe("Diverge");
  });

  /** Each takes away one thing without which a message could be forgotten that has not come. */
  const wrong: Readonly<Record<string, string>> = {
    "a receipt without the text": receipted("none"),
    "a receipt to somebody else": changed("S.ack@f(self, i, t)", 'S.ack@"S#0"(self, i, t)'),
    "a receipt that does not say where it arrived": changed("S.ack@f(self, i, t)", "S.ack@f(f, i, t)"),
    "a receipt of something else": changed(
      "S.ack@f(self, i, t) <~ m(f, i, t)",
      "S.ack@f(self, i, t) <~ m(f, i, _), n(t); table n(t: string); n(t) <= m(_, _, t)",
    ),
    "another receipt": changed(
      "S.ack@f(self, i, t) <~",
      "S.ack@f(self, i + 1, t) <~ m(f, i, t); S.ack@f(self, i, t) <~",
    ),
    "a message that nobody sends again": changed(
      "R.m@a(self, i, t) <~ tick(), buf(a, i, t)",
      "R.m@a(self, i, t) <~ buf(a, i, t)",
    ),
    "another message that nobody sends again": changed(
      "R.m@a(self, i, t) <~",
      "R.m@a(self, i + 1, t) <~ send(a, i, t); R.m@a(self, i, t) <~",
    ),
    "a message that is sent while its row is there, and so never becomes true again": changed(
      "R.m@a(self, i, t) <~",
      "R.m@a(self, i, t) <~ buf(a, i, t); R.m@a(self, i, t) <~",
    ),
    "a message that is also sent as it comes, in the step before a firing": changed(
      "R.m@a(self, i, t) <~",
      "R.m@a(self, i, t) <~ send(a, i, t); R.m@a(self, i, t) <~",
    ),
    "a message of a part of the row": changed(
      "R.m@a(self, i, t) <~ tick(), buf(a, i, t)",
      'R.m@a(self, i, "x") <~ tick(), buf(a, i, _)',
    ),
    "a message without its sender": changed("R.m@a(self, i, t)", 'R.m@a("S#0", i, t)'),
    "a guard of the repeats": changed("<~ tick(), buf(a, i, t)", "<~ tick(), buf(a, i, t), not acked(a, i)"),
    "a condition of the repeats": changed("<~ tick(), buf(a, i, t)", "<~ tick(), buf(a, i, t), i > 1"),
    "a row that forgets others": changed(
      "buf(a, i, t) <- ack(a, i, t), buf(a, i, t)",
      "buf(a, j, t) <- ack(a, i, t), buf(a, j, t), j <= i",
    ),
    "a row forgotten for another reason": changed(
      "output done",
      "buf(a, i, t) <- acked(a, i), buf(a, i, t); output done",
    ),
    "a row that is replaced": changed(
      "table buf(a: addr, id: int, text: string)",
      "table buf(a: addr, id: int -> text: string)",
    ).replace("buf(a, i, t) <= send", "buf(a, i, t) <+- send"),
    "a row that another one of its key keeps out": changed(
      "table buf(a: addr, id: int, text: string)",
      "table buf(a: addr, id: int -> text: string)",
    ),
    "somebody who sees when a row goes": changed(
      "output done",
      "output left(n: int); left(count()) <= buf(_, _, _); output done",
    ),
  };
  for (const [name, text] of Object.entries(wrong))
    test(`but not with ${name}`, () => expect(check(text).before("R.out")).not.toBe("Async"));
});

test("`@coordinate(… by (…))` names columns, or variables of the rule that stand in them", () => {
  const program = (
    by: string,
  ): string => `role H { input i(campaign: string, u: int) sealed by (campaign); R.c(k, u) <~ i(k, u); }
role R { channel c(campaign: string, u: int); table t(campaign: string, u: int); output o(campaign: string, n: int); t(k, u) <= c(k, u);
  @coordinate(${by}) o(k, count()) <= t(k, _); }`;
  for (const by of ["seal by (k)", "seal by (campaign)"])
    expect(check(program(by)).inserted).toEqual(["seal R.c by campaign for o#1"]);
  for (const by of ["order by (k)", "order by (campaign)"])
    expect(check(program(by)).inserted).toEqual(["order R.c by campaign for o#1"]);
});

test("`order by` may name some of the columns that could key the log", () => {
  const program = (by: string): string => `role H { input i(k: string, j: string, u: int); R.c(k, j, u) <~ i(k, j, u); }
role R { channel c(k: string, j: string, u: int); table t(k: string, j: string, u: int); output o(k: string, j: string, n: int); t(k, j, u) <= c(k, j, u);
  @coordinate(order by (${by})) o(a, b, count()) <= t(a, b, _); }`;
  expect(check(program("a, b")).inserted).toEqual(["order R.c by k,j for o#1"]);
  expect(check(program("a")).inserted).toEqual(["order R.c by k for o#1"]);
  expect(check(program("j")).inserted).toEqual(["order R.c by j for o#1"]);
});

test("an allowance before a rule that reads no weak source is told", () => {
  const { diagnostics } = check(
    'role R { input i(x: int); table t(x: int); @allow(weaker, "lost") t(x) <= i(x); output o(x: int); o(x) <= t(x); }',
  );
  expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([["DLC408", "warning"]]);
});

describe("a weaker source", () => {
  const program = (allow: string, more = ""): string => `role R x2 {
    channel c(x: int) lossy;
    input i(x: int);
    timer again every 1s;
    table sent(x: int);
    table t(x: int);
    sent(x) <= i(x);
    R.c@*(x) <~ again(), sent(x);
    ${allow} t(x) <= c(x);
    ${more}
    output o(x: int);
    o(x) <= t(x);
  }`;

  test("that the program accepts makes its output trusted, with the reason in the plan; the label stays", () => {
    const c = check(program('@allow(weaker, "sent again")'));
    expect(c.after("R.o")).toBe("Run");
    expect(c.plan.outputs[0].achieved).toBe("assumed");
    expect(c.plan.insertions.map(({ mechanism, why }) => `${mechanism}: ${why}`)).toEqual(["none: sent again"]);
    expect(c.diagnostics).toEqual([]);
  });

  test("that it does not accept breaks the promise, also beside a rule that is trusted", () => {
    expect(check(program("")).plan.outputs[0].achieved).toBe(false);
    const beside = '@coordinate(none, "why not") t(count()) <= i(_);';
    expect(check(program("", beside)).plan.outputs[0].achieved).toBe(false);
    expect(check(program('@allow(weaker, "sent again")', beside)).plan.outputs[0].achieved).toBe("assumed");
    expect(check(program('@allow(weaker, "sent again")', "t(x) <= c(x), x > 3;")).plan.outputs[0].achieved).toBe(false);
    expect(check(program('@allow(weaker, "sent again")', "t(count()) <= i(_);")).plan.outputs[0].achieved).toBe(false);
  });
});

describe("a log", () => {
  const program = (deferred: string): string => `role R { input i(k: int); table f(k: int); f(1); f(2); table t(k: int);
    t(k) <= i(k); ${deferred}
    output n(c: int); n(count()) <= t(_); }`;

  test("is not put where it would order what no event brings", () => {
    const c = check(program("t(k + 2) <+ f(k);"));
    expect(c.before("R.n")).toBe("Run");
    expect(c.inserted).toEqual([]);
    expect(() => check(program("t(k + 2) <+ f(k);"), "order")).toThrow("no log has a place for that");
  });

  test("orders the same where facts of the program are there from the start", () => {
    expect(check(program("t(k + 2) <= f(k);")).inserted).toHaveLength(1);
  });
});
