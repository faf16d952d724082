/** Components: labels by the path table, and the cases of the papers in this form. */
import { describe, expect, test } from "vitest";
import { check } from "../support/check.ts";

type Labels = readonly string[];

/** `before -> after` of each output. */
function labels(text: string, ...ids: string[]): Labels {
  const c = check(text);
  return ids.map((id) => `${id} ${c.before(id)} -> ${c.after(id)}`);
}

/** Storm's word count. */
const words = (sealed: string, extra = ""): string => `
source tweets(word: string, batch: int${extra}) ${sealed};
component Splitter { in tweets(word: string, batch: int${extra}); out words(word: string, batch: int); path tweets -> words: CR; }
component Count { in words(word: string, batch: int); out counts(word: string, batch: int, n: int); path words -> counts: OW(word, batch); }
component Commit { in counts(word: string, batch: int, n: int); out db(word: string, batch: int, n: int); path counts -> db: CW; }
connect tweets -> Splitter.tweets;
connect Splitter.words -> Count.words;
connect Count.counts -> Commit.counts;`;

const clicks = "campaign: string, id: string, window: int";
/** The ad network: X is how a request depends on order. */
const ads = (x: string, sealed = "", asked = "", rep = "replicated"): string => `
source click(${clicks}) ${sealed};
source ask(${clicks}) ${asked};
component Report ${rep} {
  in click(${clicks});
  in request(${clicks});
  out response(${clicks}, n: int);
  path click -> response: CW;
  path request -> response: ${x};
}
component Cache ${rep} {
  in request(${clicks});
  in response(${clicks}, n: int);
  out response(${clicks}, n: int);
  out request(${clicks});
  path request -> response: CR;
  path response -> response: CW;
  path request -> request: CR;
}
connect click -> Report.click;
connect ask -> Cache.request;
connect Cache.request -> Report.request;
connect Report.response -> Cache.response;
connect Cache.response -> Cache.response;`;

/** One component with inputs a, b and q, and one output. */
const abq = (a: string, b: string, gate: string, rep = "replicated"): string => {
  const columns = "k: string, j: string";
  return `
source a(${columns}) ${a};
source b(${columns}) ${b};
source q(${columns});
component X ${rep} {
  in a(${columns}); in b(${columns}); in q(${columns});
  out o(${columns}, n: int);
  path a -> o: CW; path b -> o: CW; path q -> o: OR(${gate});
}
connect a -> X.a; connect b -> X.b; connect q -> X.q;`;
};

describe("the word count", () => {
  const all = ["Splitter.words", "Count.counts", "Commit.db"];
  test("P1: tweets in any order need an order at Count", () => {
    expect(labels(words(""), ...all)).toEqual([
      "Splitter.words Async -> Async",
      "Count.counts Run -> Run",
      "Commit.db Run -> Run",
    ]);
    const c = check(words(""));
    expect(c.marks).toEqual(["counts#1 opaque {word,batch}"]);
    expect(c.inserted).toEqual(["order Count.words by word,batch for counts#1"]);
    expect(c.plan.outputs.map(({ achieved }) => achieved)).toEqual([true, false, false]);
    expect(c.diagnostics.map(({ code }) => code)).toEqual(["DLC309", "DLC402"]);
  });
  test("P2: a seal of the batch", () => {
    const c = check(words("sealed by (batch)"));
    expect(all.map(c.label)).toEqual(["Seal(batch)", "Async", "Async"]);
    expect(all.map(c.before)).toEqual(["Async", "Run", "Run"]);
    expect(all.map(c.after)).toEqual(["Seal(batch)", "Async", "Async"]);
    expect(c.inserted).toEqual(["seal Count.words by batch for counts#1"]);
    expect(c.plan.insertions[0].producers).toEqual(["Splitter"]);
  });
  test("P3: any part of the gate that reaches Count seals it", () => {
    const c = check(words("sealed by (word)"));
    expect(all.map(c.label)).toEqual(["Seal(word)", "Async", "Async"]);
    expect(c.inserted).toEqual(["seal Count.words by word for counts#1"]);
  });
  test("P4, D4: a key that the path drops seals nothing", () => {
    const c = check(words("sealed by (user)", ", user: string"));
    expect(all.map(c.label)).toEqual(["Async", "Run", "Run"]);
    expect(c.inserted).toEqual(["order Count.words by word,batch for counts#1"]);
  });
  test("P10: one producer a batch gives no vote, two do", () => {
    const single = check(words("sealed by (batch) single"));
    expect(single.plan.insertions[0].single).toBe(true);
    const two = check(
      `${words("sealed by (batch)")} source more(word: string, batch: int) sealed by (batch); connect more -> Count.words;`,
    );
    expect(two.inserted).toEqual(["seal Count.words by batch for counts#1"]);
    expect(two.plan.insertions[0]).toMatchObject({ producers: ["Splitter", "more"], single: false });
  });
  test("the released partition may be sealed again on the way out", () => {
    const c = check(`${words("sealed by (batch)")}
      component Sum { in counts(word: string, batch: int, n: int); out total(batch: int, n: int); path counts -> total: OW(batch); }
      connect Count.counts -> Sum.counts;`);
    expect(c.after("Sum.total")).toBe("Async");
    expect(c.inserted[1]).toBe("seal Sum.counts by batch for total#1");
  });
});

describe("the ad network", () => {
  const both = ["Report.response", "Cache.response"];
  test("P5: a threshold is free", () => {
    expect(labels(ads("CR"), ...both)).toEqual(["Report.response Async -> Async", "Cache.response Async -> Async"]);
    expect(check(ads("CR")).inserted).toEqual([]);
  });
  test("P6: a count differs for a while at Report and for ever at Cache; an order at Report's inputs cures both", () => {
    expect(labels(ads("OR(id)"), ...both)).toEqual(["Report.response Inst -> Run", "Cache.response Diverge -> Run"]);
    expect(check(ads("OR(id)")).inserted).toEqual(["order Report.click+Report.request by id for response#2"]);
    expect(check(ads("OR(id)")).label("Cache.request")).toBe("Async");
  });
  test.each([
    ["P7", "OR(id, campaign)", "campaign"],
    ["P8", "OR(id, window)", "window"],
    ["P9", "OR(id, window)", "id"],
  ])("%s: a seal of a part of the gate", (_, x, key) => {
    const text = ads(x, `sealed by (${key})`);
    expect(labels(text, ...both)).toEqual(["Report.response Inst -> Async", "Cache.response Diverge -> Async"]);
    expect(check(text).inserted).toEqual([`seal Report.click by ${key} for response#2`]);
  });
  test("a seal that the gate does not determine does not serve", () => {
    const c = check(ads("OR(id)", "sealed by (campaign)"));
    expect(c.after("Report.response")).toBe("Run");
    expect(c.inserted).toEqual(["order Report.click+Report.request by id for response#2"]);
  });
  test("D3: sealed requests do not make unsealed clicks safe", () => {
    expect(labels(ads("OR(id)", "", "sealed by (id)"), ...both)).toEqual([
      "Report.response Inst -> Run",
      "Cache.response Diverge -> Run",
    ]);
  });
  test("an unknown gate takes one log, or the end of the whole stream", () => {
    expect(check(ads("OR(*)")).inserted).toEqual(["order Report.click+Report.request for response#2"]);
    expect(check(ads("OR(*)", "sealed by (id)")).inserted).toEqual([
      "order Report.click+Report.request for response#2",
    ]);
    const whole = check(ads("OR(*)", "sealed"));
    expect(whole.inserted).toEqual(["barrier Report.click for response#2"]);
    expect(whole.after("Cache.response")).toBe("Async");
  });
});

describe("the table", () => {
  const kvs = (rep: string): string => `
source put(key: string, v: int); source get(key: string);
component Kvs ${rep} { in put(key: string, v: int); in get(key: string); out value(key: string, v: int); path put -> value: CW; path get -> value: OR(key); }
component Cache ${rep} { in value(key: string, v: int); out kept(key: string, v: int); path value -> kept: CW; }
connect put -> Kvs.put; connect get -> Kvs.get; connect Kvs.value -> Cache.value;`;
  test("P11: a replicated store, and a cache of it; one instance of each", () => {
    expect(labels(kvs("replicated"), "Kvs.value", "Cache.kept")).toEqual([
      "Kvs.value Inst -> Run",
      "Cache.kept Diverge -> Run",
    ]);
    expect(labels(kvs(""), "Kvs.value", "Cache.kept")).toEqual(["Kvs.value Run -> Run", "Cache.kept Run -> Run"]);
  });
  test("P12: confluent updates are free at replicas too", () => {
    expect(
      labels(
        "source u(x: int); component C replicated { in u(x: int); out v(x: int); path u -> v: CW; } connect u -> C.u;",
        "C.v",
      ),
    ).toEqual(["C.v Async -> Async"]);
  });
  test("D1: a read is protected when everything else that writes is sealed", () => {
    const sealed = check(abq("sealed by (k)", "sealed by (k)", "k"));
    expect(sealed.after("X.o")).toBe("Async");
    expect(sealed.inserted).toEqual(["seal X.a+X.b by k for o#3"]);
    expect(labels(abq("sealed by (k)", "", "k"), "X.o")).toEqual(["X.o Inst -> Run"]);
  });
  test("D2: different keys within the gate: it waits for both", () => {
    const c = check(abq("sealed by (k)", "sealed by (j)", "k, j"));
    expect(c.after("X.o")).toBe("Async");
    expect(c.inserted).toEqual(["seal X.a+X.b by k,j for o#3"]);
    expect(check(abq("sealed by (k)", "sealed by (j)", "k")).after("X.o")).toBe("Run");
  });
  const one = (word: string, rep: string, sealed = ""): string =>
    `source i(k: string) ${sealed}; component C ${rep} { in i(k: string); out o(k: string, n: int); path i -> o: ${word}; } connect i -> C.i;`;
  test.each([
    ["CR", "", "Async", "Seal(k)"],
    ["CR", "replicated", "Async", "Seal(k)"],
    ["CW", "", "Async", "Seal(k)"],
    ["CW", "replicated", "Async", "Seal(k)"],
    ["OR(k)", "", "Run", "Async"],
    ["OR(k)", "replicated", "Inst", "Async"],
    ["OW(k)", "", "Run", "Async"],
    ["OW(k)", "replicated", "Diverge", "Async"],
    ["OR(n)", "replicated", "Inst", "Inst"],
    ["OW(n)", "", "Run", "Run"],
  ])("%s %s: unsealed %s, sealed %s", (word, rep, unsealed, sealed) => {
    expect(check(one(word, rep)).before("C.o")).toBe(unsealed);
    expect(check(one(word, rep, "sealed by (k)")).label("C.o")).toBe(sealed);
  });
  test.each([
    ["CR", "", "Run"],
    ["CW", "replicated", "Run"],
    ["OR(k)", "replicated", "Inst"],
    ["OW(k)", "replicated", "Diverge"],
  ])("%s %s of what differs from run to run: %s", (word, rep, label) => {
    const c = check(`source a(k: string); component A { in a(k: string); out i(k: string); path a -> i: OR(k); }
      component C ${rep} { in i(k: string); out o(k: string, n: int); path i -> o: ${word}; } connect a -> A.a; connect A.i -> C.i;`);
    expect(c.before("C.o")).toBe(label);
  });
  test.each([
    ["CR", "Inst"],
    ["CW", "Diverge"],
    ["OR(k)", "Inst"],
    ["OW(k)", "Diverge"],
  ])("%s at replicas, of what replicas differ in for a while: %s", (word, label) => {
    const c =
      check(`source a(k: string); component A replicated { in a(k: string); out i(k: string); path a -> i: OR(k); }
      component C replicated { in i(k: string); out o(k: string, n: int); path i -> o: ${word}; } connect a -> A.a; connect A.i -> C.i;`);
    expect(c.before("C.o")).toBe(label);
  });
  test("P13: a component that tests for absence declares what it compares", () => {
    const c = check(
      "source r(x: int); source s(x: int); component D { in r(x: int); in s(x: int); out o(x: int); path s -> o: CW; path r -> o: OR(x); } connect r -> D.r; connect s -> D.s;",
    );
    expect(c.marks).toEqual(["o#2 opaque {x}"]);
  });
  test("D5: a union is sealed by what all ways into it are sealed by", () => {
    const union = (a: string, b: string): string =>
      check(`source a(k: string, j: string) ${a}; source b(k: string, j: string) ${b};
        component U { in x(k: string, j: string); out o(k: string, j: string); path x -> o: CR; } connect a -> U.x; connect b -> U.x;`).label(
        "U.o",
      );
    expect(union("sealed by (k)", "")).toBe("Async");
    expect(union("sealed by (k)", "sealed by (k)")).toBe("Seal(k)");
    expect(union("sealed by (k)", "sealed by (j)")).toBe("Async");
  });
});

describe("what a component keeps", () => {
  const state = (writer: string, sealed: string, key: string): string => `
source put(k: string, j: string) ${sealed}; source get(k: string, j: string);
component S replicated { in put(k: string, j: string); in get(k: string, j: string); out done(k: string, j: string); out value(k: string, j: string, v: int);
  path put -> done: ${writer}; path get -> value: OR(${key}); }
connect put -> S.put; connect get -> S.get;`;
  test("an answer shows what another output's path has written", () => {
    // The writer's own order is not settled by a seal of another key, so that what it leaves behind is not either.
    const c = check(state("OW(j)", "sealed by (k)", "k"));
    expect(c.label("S.value")).toBe("Diverge");
    expect(c.after("S.value")).toBe("Run");
    expect(check(state("OW(k, j)", "sealed by (k)", "k")).after("S.value")).toBe("Async");
    expect(check(state("CW", "sealed by (k)", "k")).after("S.value")).toBe("Async");
  });
  test("what writes it is coordinated for the sake of what reads it", () => {
    const c = check(
      state("OW(j)", "", "k").replace("out done(k: string, j: string);", "out done(k: string, j: string) any;"),
    );
    expect(c.plan.insertions.map(({ mechanism, protects }) => [mechanism, [...protects].sort()])).toEqual([
      ["order", ["S/done#1", "S/value#1"]],
    ]);
    // The gates have no column in common.
    expect(c.plan.insertions[0].key).toEqual([]);
    expect(c.after("S.value")).toBe("Run");
  });
  test("two writers that depend on order wait for one another", () => {
    const two = (b: string): string => `source a(k: string) sealed by (k); source b(k: string) ${b};
      component T { in a(k: string); in b(k: string); out o(k: string, n: int); path a -> o: OW(k); path b -> o: OW(k); } connect a -> T.a; connect b -> T.b;`;
    const c = check(two("sealed by (k)"));
    expect(c.after("T.o")).toBe("Async");
    expect(c.inserted).toEqual(["seal T.a+T.b by k for o#1+o#2"]);
    // Half a seal is none: what is released of a would meet what may still come of b.
    expect(check(two("")).label("T.o")).toBe("Run");
  });
  test("a confluent writer beside an order-sensitive one must be sealed too", () => {
    const c = check(`source inc(k: string) sealed by (k); source clear(k: string);
      component T { in inc(k: string); in clear(k: string); out n(k: string, n: int); path inc -> n: OW(k); path clear -> n: CW; } connect inc -> T.inc; connect clear -> T.clear;`);
    expect(c.label("T.n")).toBe("Run");
  });
  test("requests that are kept as well race with one another", () => {
    const c = check(`source put(k: string) sealed by (k); source get(k: string);
      component T { in put(k: string); in get(k: string); out v(k: string, n: int); out log(k: string); path put -> v: CW; path get -> v: OR(k); path get -> log: CW; }
      connect put -> T.put; connect get -> T.get;`);
    expect(c.label("T.v")).toBe("Run");
    expect(c.inserted).toEqual(["order T.put+T.get by k for v#2"]);
  });
  test("a fact waits by its own columns", () => {
    // Which partition a request waits for must stand in it.
    const c = check(`source put(k: string, id: string) sealed by (k); source get(id: string);
      component T { in put(k: string, id: string); in get(id: string); out v(k: string, id: string, n: int); path put -> v: CW; path get -> v: OR(k, id); }
      connect put -> T.put; connect get -> T.get;`);
    expect(c.label("T.v")).toBe("Run");
    expect(c.inserted).toEqual(["order T.put+T.get by id for v#2"]);
  });
  test("a log has only columns of the gate", () => {
    const c = check(
      "source w(word: string, place: int); component C { in w(word: string, place: int); out n(word: string, place: int); path w -> n: OW(word); } connect w -> C.w;",
    );
    expect(c.inserted).toEqual(["order C.w by word for n#1"]);
  });
  test("a fact that another path of its input holds back does not come before its seal", () => {
    const c = check(`source put(k: string) sealed by (k); source get(k: string) sealed by (k);
      component T { in put(k: string); in get(k: string); out v(k: string, n: int); out seen(k: string); path put -> v: CW; path get -> v: OR(k); path get -> seen: CR; }
      component N { in seen(k: string); out n(k: string, n: int); path seen -> n: OW(k); }
      connect put -> T.put; connect get -> T.get; connect T.seen -> N.seen;`);
    expect(c.after("N.n")).toBe("Async");
    const travel = c.plan.travels.find(({ target }) => target === "N.seen")!;
    expect(travel.parts.map(({ source }) => source).sort()).toEqual(["T.get", "T.put"]);
  });
});

describe("cycles", () => {
  test("a seal that comes into one closes nothing", () => {
    const c = check(`source x(k: string) sealed by (k);
      component A { in x(k: string); in back(k: string); out o(k: string); path x -> o: CR; path back -> o: CR; }
      component B { in i(k: string); out o(k: string); path i -> o: OW(k); }
      connect x -> A.x; connect A.o -> B.i; connect B.o -> A.back;`);
    expect([c.label("A.o"), c.label("B.o")]).toEqual(["Run", "Run"]);
    expect(c.inserted).toEqual(["order B.i by k for o#1"]);
  });
  test("all of it has the severest label", () => {
    const c = check(`source x(k: string);
      component A replicated { in x(k: string); in back(k: string); out o(k: string); path x -> o: CR; path back -> o: CW; }
      component B replicated { in i(k: string); out o(k: string); path i -> o: OR(k); }
      connect x -> A.x; connect A.o -> B.i; connect B.o -> A.back;`);
    expect([c.before("A.o"), c.before("B.o")]).toEqual(["Diverge", "Diverge"]);
  });
});

describe("roles and components", () => {
  test("a role between components is analysed with them", () => {
    const c = check(`source click(campaign: string, id: string) sealed by (campaign);
      role Filter { channel click(campaign: string, id: string); channel poor(campaign: string, id: string, n: int); output result(campaign: string, n: int);
        Report.click(c, i) <~ click(c, i), length(i) > 0; result(c, count()) <= poor(c, _, _); }
      component Report replicated { in click(campaign: string, id: string); out poor(campaign: string, id: string, n: int); path click -> poor: OW(campaign, id); }
      connect click -> Filter.click; connect Report.poor -> Filter.poor;`);
    expect(c.marks).toEqual(["result#1 aggregate {c}", "poor#1 opaque {campaign,id}"]);
    expect(c.inserted).toEqual([
      "seal Filter.poor by campaign for result#1",
      "seal Report.click by campaign for poor#1",
    ]);
    expect(c.after("Filter.result")).toBe("Async");
  });
  test("P14: a seal travels through an injective function into a gate, and not through another", () => {
    const trades = (claim: string): string => `function ticker(company: string): string from "./ref.ts" ${claim};
      source trade(company: string, n: int) sealed by (company);
      role Names { channel trade(company: string, n: int); Desk.trade(ticker(c), n) <~ trade(c, n); }
      component Desk { in trade(ticker: string, n: int); out volume(ticker: string, n: int); path trade -> volume: OW(ticker); }
      connect trade -> Names.trade;`;
    expect(check(trades("injective")).inserted).toEqual(["seal Desk.trade by ticker for volume#1"]);
    expect(check(trades("")).inserted).toEqual(["order Desk.trade by ticker for volume#1"]);
  });
  test("what one replica alone is sent differs for ever, whatever is inserted", () => {
    const c =
      check(`source x(k: string); role A { channel x(k: string); table at(a: addr); at(a) <= C.nodes(a); C.x@a(k) <~ x(k), at(a); }
      component C replicated { in x(k: string); out o(k: string); path x -> o: CR; } connect x -> A.x;`);
    expect(c.before("C.o")).toBe("Diverge");
    expect(c.marks).toContain("o#1 local {*}");
  });
  test("an output of a role feeds a component, with its label", () => {
    const c =
      check(`source x(k: string, v: int); role A { channel x(k: string, v: int); table t(k: string, v: int); t(k, v) <= x(k, v); output n(k: string, n: int); n(k, count()) <= t(k, _); }
      component C { in n(k: string, n: int); out o(k: string, n: int); path n -> o: CR; } connect x -> A.x; connect A.n -> C.n;`);
    expect([c.before("A.n"), c.before("C.o")]).toEqual(["Run", "Run"]);
  });
  test("a reply of a component is no rendezvous with what was asked, and a fact beside it is", () => {
    const client = (from: string): string => `source ask(id: string);
      role Client { channel ask(id: string); channel reply(id: string, n: int); table asked(id: string); output got(id: string, n: int);
        asked(i) <= ask(i); Service.${from}(i) <~ ask(i); got(i, n) <= reply(i, n), asked(i); }
      source put(id: string);
      component Service { in request(id: string); in put(id: string); out reply(id: string, n: int); path put -> reply: CW; path request -> reply: CR; }
      connect ask -> Client.ask; connect Service.reply -> Client.reply; ${from === "request" ? "connect put -> Service.put;" : "connect put -> Service.put; connect ask -> Service.request;"}`;
    // `put` alone may bring a reply to which nobody has asked.
    expect(check(client("request")).marks).toEqual(["got#1 rendezvous {i}"]);
    const alone = check(
      client("request")
        .replace("in put(id: string);", "")
        .replace("path put -> reply: CW;", "")
        .replace("connect put -> Service.put;", ""),
    );
    expect(alone.marks).toEqual([]);
  });
  test("levels: what an output does not promise needs nothing", () => {
    const any = (level: string): string =>
      words("")
        .replace(
          "out counts(word: string, batch: int, n: int);",
          `out counts(word: string, batch: int, n: int) ${level};`,
        )
        .replace("out db(word: string, batch: int, n: int);", `out db(word: string, batch: int, n: int) ${level};`);
    expect(check(any("any")).inserted).toEqual([]);
    expect(
      check(any("deterministic strict"))
        .diagnostics.filter(({ code }) => code === "DLC401")
        .map(({ severity }) => severity),
    ).toEqual(["error", "error"]);
  });
  test("without replicas an agreed output needs nothing", () => {
    expect(check(words("").replaceAll("n: int); path", "n: int) agreed; path")).inserted).toEqual([]);
  });
});
