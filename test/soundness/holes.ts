/**
 * Programs that careless rules would call deterministic, run under every schedule: coordinated they
 * keep the label the plan states, and the control without coordination disagrees under some schedule.
 */
import type { Given, RunOptions } from "../support/runs.ts";
import { entries } from "./entries.ts";

export interface Hole {
  readonly name: string;
  readonly text: string;
  readonly given: Given;
  /** The output that the control must show to differ; null where the program needs no coordination. */
  readonly control: string | null;
  /** Contents of an output at every instance in every coordinated run. */
  readonly always?: Readonly<Record<string, string>>;
  readonly options?: RunOptions;
  /** The program breaks a promise of its own, which is reported at run time. */
  readonly faults?: boolean;
}

const ads = `
role AdServer x2 { input click(campaign: string, id: string, user: string) sealed by (campaign); Report.click(c, i, u) <~ click(c, i, u); }
role Report replicated x2 { channel click(campaign: string, id: string, user: string); channel request(client: addr, campaign: string);
  table clicks(campaign: string, id: string, user: string); scratch poor(campaign: string, id: string, n: int);
  clicks(c, i, u) <= click(c, i, u); poor(c, i, count()) <= clicks(c, i, _) having count() < 3; ANSWER }
role Analyst { input ask(campaign: string); channel answer(campaign: string, id: string, n: int); output result(campaign: string, id: string, n: int);
  Report.request(self, c) <~ ask(c); result(c, i, n) <= answer(c, i, n); }`;
const adsGiven: Given = [
  ["AdServer.click", "shoes", "a", "u1"],
  ["AdServer#1.click", "shoes", "a", "u2"],
  ["AdServer.click", "hats", "b", "u1"],
  ["AdServer#1.click", "hats", "b", "u2"],
  ["AdServer.click", "hats", "b", "u3"],
  ["Analyst.ask", "shoes"],
  ["Analyst.ask", "hats"],
];

const streams = (
  rules: string,
): string => `role H { input buy(k: string, x: int) sealed by (k); input sell(k: string, x: int) sealed by (k); R.buy(k, x) <~ buy(k, x); R.sell(k, x) <~ sell(k, x); }
role R replicated x2 { channel buy(k: string, x: int); channel sell(k: string, x: int); ${rules} }`;
const streamsGiven: Given = [
  ["H.buy", "k", 1],
  ["H.buy", "k", 2],
  ["H.sell", "k", 3],
  ["H.buy", "j", 4],
  ["H.sell", "j", 5],
  ["seal H.buy", "k"],
  ["seal H.sell", "j"],
];

const edges = (
  rules: string,
  sealed = "sealed by (src)",
): string => `role H { input edge(src: string, dst: string) ${sealed}; R.f(a, b) <~ edge(a, b); }
role R replicated x2 { channel f(a: string, b: string); table e(a: string, b: string); e(a, b) <= f(a, b); ${rules} }`;
const edgesGiven: Given = [
  ["H.edge", "a", "b"],
  ["H.edge", "b", "c"],
  ["H.edge", "b", "a"],
  ["H.edge", "c", "d"],
  ["seal H.edge", "c"],
  ["seal H.edge", "a"],
];

/** Three clients, one role of two replicas with rules over what they send. */
const voters = (
  sealed: string,
  rules: string,
): string => `role C x3 { input ask(k: string) ${sealed}; input drop(k: string); R.ack(k, self) <~ ask(k); R.gone(k) <~ drop(k); }
role R replicated x2 { channel ack(k: string, from: addr); channel gone(k: string); ${rules} }`;

/** Sent to each of several nodes until each has said so, then forgotten; the nodes gossip as well. */
export const acknowledged = `role S { input send(id: int, text: string); table buf(a: addr, id: int, text: string); table acked(a: addr, id: int); channel ack(a: addr, id: int); timer tick every 100ms;
buf(a, i, t) <= send(i, t), R.nodes(a); acked(a, i) <= ack(a, i); R.m@a(self, i, t) <~ buf(a, i, t); R.m@a(self, i, t) <~ tick(), buf(a, i, t), not acked(a, i); buf(a, i, t) <- buf(a, i, t), acked(a, i); }
role R x2 { channel m(from: addr, id: int, text: string); channel g(id: int, text: string); table got(id: int, text: string); timer tick every 100ms; output out(id: int, text: string);
got(i, t) <= m(_, i, t); got(i, t) <= g(i, t); S.ack@f(self, i) <~ m(f, i, _); R.g@a(i, t) <~ tick(), got(i, t), R.nodes(a); out(i, t) <= got(i, t); }`;

/** Sent again over channels that lose until a receipt names all of it. `receipt`: the columns in which a receipt names the text. */
export const receipted = (receipt: "text" | "none" = "text"): string => {
  const [column, t, _] = receipt === "text" ? [", text: string", ", t", ", _"] : ["", "", ""];
  return `role S x2 { input send(to: addr, id: int, text: string); table buf(a: addr, id: int, text: string); channel ack(a: addr, id: int${column}) lossy; table acked(a: addr, id: int); timer tick every 100ms;
buf(a, i, t) <= send(a, i, t); R.m@a(self, i, t) <~ tick(), buf(a, i, t); acked(a, i) <= ack(a, i${_}); buf(a, i, t) <- ack(a, i${t}), buf(a, i, t); output done(a: addr, id: int); done(a, i) <= acked(a, i); }
role R x2 { channel m(from: addr, id: int, text: string) lossy; table got(from: addr, id: int, text: string); output out(from: addr, id: int, text: string);
got(f, i, t) <= m(f, i, t); S.ack@f(self, i${t}) <~ m(f, i, t); out(f, i, t) <= got(f, i, t); }`;
};

export const holes: readonly Hole[] = [
  {
    name: "A1(a): a request against a sealed count",
    text: ads.replace("ANSWER", "Analyst.answer@a(c, i, n) <~ request(a, c), poor(c, i, n);"),
    given: adsGiven,
    control: "Analyst.result",
    always: { "Analyst.result": '["shoes","a",2]' },
  },
  {
    name: "the ad network with requests kept",
    given: adsGiven,
    control: "Analyst.result",
    always: { "Analyst.result": '["shoes","a",2]' },
    text: ads.replace(
      "ANSWER",
      "table requests(client: addr, campaign: string); requests(a, c) <= request(a, c); Analyst.answer@a(c, i, n) <~ requests(a, c), poor(c, i, n);",
    ),
  },
  {
    name: "the same unsealed: replicas agree through the log",
    given: adsGiven,
    control: "Analyst.result",
    text: ads
      .replace(" sealed by (campaign)", "")
      .replace(
        "ANSWER",
        "output seen(c: string, i: string, n: int) agreed; seen(c, i, n) <= poor(c, i, n); Analyst.answer@a(c, i, n) <~ request(a, c), poor(c, i, n);",
      ),
  },
  {
    name: "A1(b): an event against a sealed negation",
    control: "R.alert",
    always: { "R.alert": '["b",2]' },
    text: `role H { input block(k: string) sealed by (k); input r(k: string, x: int); R.block(k) <~ block(k); R.req(k, x) <~ r(k, x); }
role R replicated x2 { channel block(k: string); channel req(k: string, x: int); table blocked(k: string); output alert(k: string, x: int); blocked(k) <= block(k); alert(k, x) <= req(k, x), not blocked(k); }`,
    given: [
      ["H.block", "a"],
      ["H.r", "a", 1],
      ["H.r", "b", 2],
    ],
  },
  {
    name: "A1(c): a count over two sealed streams",
    control: "R.total",
    always: { "R.total": '["j",2] ["k",3]' },
    given: streamsGiven,
    text: streams(
      "scratch ev(k: string, x: int); output total(k: string, n: int); ev(k, x) <= buy(k, x); ev(k, x) <= sell(k, x); total(k, count()) <= ev(k, _);",
    ),
  },
  {
    name: "A1(d): two sealed streams meet",
    control: "R.match",
    always: { "R.match": '["j",4,5] ["k",1,3] ["k",2,3]' },
    given: streamsGiven,
    text: streams("output match(k: string, x: int, y: int); match(k, x, y) <= buy(k, x), sell(k, y);"),
  },
  {
    name: "A2(a): a negation in another partition",
    control: "R.oneway",
    always: { "R.oneway": '["b","c"] ["c","d"]' },
    given: edgesGiven,
    text: edges("output oneway(a: string, b: string); oneway(a, b) <= e(a, b), not e(b, a);"),
  },
  {
    name: "A2(b): a count over a closure",
    control: "R.n",
    given: edgesGiven,
    text: edges(
      "scratch reach(a: string, b: string); output n(a: string, k: int); reach(a, b) <= e(a, b); reach(a, c) <= reach(a, b), e(b, c); n(a, count()) <= reach(a, _);",
    ),
  },
  {
    name: "A2(b): the same, sealed as a whole",
    control: "R.n",
    always: { "R.n": '["a",4] ["b",4] ["c",1]' },
    given: edgesGiven.slice(0, 4),
    text: edges(
      "scratch reach(a: string, b: string); output n(a: string, k: int); reach(a, b) <= e(a, b); reach(a, c) <= reach(a, b), e(b, c); n(a, count()) <= reach(a, _);",
      "sealed",
    ),
  },
  {
    name: "A2(c): an occurrence without the key",
    control: "R.fof",
    given: [["H.edge", "a", "c"], ...edgesGiven],
    text: edges("output fof(a: string, k: int); fof(a, count()) <= e(a, b), e(b, _);"),
  },
  {
    name: "A3(a): a threshold over events",
    control: "R.quorum",
    given: [
      ["S.go", "k"],
      ["S#1.go", "k"],
      ["S#2.go", "k"],
    ],
    text: "role R replicated x2 { channel ack(k: string, from: addr); output quorum(k: string) agreed; quorum(k) <= ack(k, _) having count() >= 3; } role S x3 { input go(k: string); R.ack(k, self) <~ go(k); }",
  },
  {
    name: "A3: the same over a table needs nothing",
    control: null,
    always: { "R.quorum": '["k"]' },
    given: [
      ["S.go", "k"],
      ["S#1.go", "k"],
      ["S#2.go", "k"],
    ],
    text: "role R replicated x2 { channel ack(k: string, from: addr); table acks(k: string, from: addr); acks(k, f) <= ack(k, f); output quorum(k: string); quorum(k) <= acks(k, _) having count() >= 3; } role S x3 { input go(k: string); R.ack(k, self) <~ go(k); }",
  },
  {
    name: "A5: facts of one replica",
    control: "R.o",
    given: [
      ["R.add", 1],
      ["R#1.add", 2],
    ],
    text: "role R replicated x2 { input add(x: int); table t(x: int); output o(x: int); t(x) <= add(x); o(x) <= t(x); }",
  },
  {
    name: "A5: sent to the whole role",
    control: null,
    always: { "R.o": "[1] [2]" },
    given: [
      ["R.add", 1],
      ["R#1.add", 2],
    ],
    text: "role R replicated x2 { input add(x: int); channel put(x: int); table t(x: int); output o(x: int); R.put(x) <~ add(x); t(x) <= put(x); o(x) <= t(x); }",
  },
  {
    name: "A6: a lossy channel",
    control: "R.o",
    given: [1, 2, 3, 4, 5, 6].map((x) => ["S.i", x] as const),
    text: "role S { input i(x: int); R.beat(x) <~ i(x); } role R replicated x2 { channel beat(x: int) lossy; table seen(x: int); output o(x: int) any; seen(x) <= beat(x); o(x) <= seen(x); }",
    options: { seeds: 6 },
  },
  {
    name: "A7: a seal rule on an input of the same instance",
    control: "Report.n",
    always: { "Report.n": '["shoes",2]' },
    options: { interleave: false },
    given: [
      ["Front.click", "shoes", "a"],
      ["Front.click", "shoes", "b"],
      ["Front.over", "shoes"],
    ],
    text: `role Front { input click(c: string, i: string); input over(c: string); Report.click(c, i) <~ click(c, i); seal Report.click(campaign: c) <~ over(c); }
role Report { channel click(campaign: string, id: string) sealed by (campaign); table t(campaign: string, id: string); output n(campaign: string, k: int); t(c, i) <= click(c, i); n(c, count()) <= t(c, _); }`,
  },
  {
    name: "A8: several values of a key in one closed partition",
    control: "R.o",
    always: { "R.o": '["a",1] ["b",5]' },
    given: [
      ["H.i", "a", 2],
      ["H.i", "a", 1],
      ["H#1.i", "a", 3],
      ["H#1.i", "b", 5],
    ],
    text: "role H x2 { input i(k: string, v: int) sealed by (k); R.put(k, v) <~ i(k, v); } role R replicated x2 { channel put(k: string, v: int); table kv(k: string -> v: int); output o(k: string, v: int); kv(k, v) <= put(k, v); o(k, v) <= kv(k, v); }",
  },
  {
    name: "A8: overwrites of a closed partition",
    control: "R.o",
    always: { "R.o": '["a",1] ["b",5]' },
    given: [
      ["H.i", "a", 2],
      ["H.i", "a", 1],
      ["H#1.i", "a", 3],
      ["H#1.i", "b", 5],
    ],
    text: "role H x2 { input i(k: string, v: int) sealed by (k); R.put(k, v) <~ i(k, v); } role R replicated x2 { channel put(k: string, v: int); table cur(k: string -> v: int); output o(k: string, v: int); cur(k, v) <+- put(k, v); o(k, v) <= cur(k, v); }",
  },
  {
    name: "A9: float sums, ties and lists of a closed partition",
    control: "R.s",
    given: [
      ["H.i", "k", 0.1],
      ["H#1.i", "k", 0.2],
      ["H.i", "k", 0.3],
      ["H#1.i", "k", 1e16],
      ["H.i", "k", -1e16],
    ],
    text: `role H x2 { input i(k: string, v: float) sealed by (k); R.c(k, v) <~ i(k, v); } role R replicated x2 { channel c(k: string, v: float); table t(k: string, v: float); output s(k: string, a: float, b: float, c: list<float>, d: float); t(k, v) <= c(k, v);
s(k, sum(v), avg(v), collect(v), argmin(v, z)) <= t(k, v), z = 0; }`,
  },
  {
    name: "A11: transfers through one log",
    control: "Bank.o",
    given: [
      ["H.i", 1, "A", "B", 10],
      ["H#1.i", 2, "B", "A", 10],
      ["H.i", 3, "B", "C", 4],
      ["H#1.i", 4, "C", "A", 1],
    ],
    text: `role H x2 { input i(id: int, a: string, b: string, n: int); Bank.xfer(id, a, b, n) <~ i(id, a, b, n); }
role Bank replicated x3 { channel xfer(id: int, a: string, b: string, n: int); table bal(acct: string -> v: int); output o(acct: string, v: int) agreed; bal("A", 10); bal("B", 0); bal("C", 0);
bal(a, v - n) <+- xfer(_, a, b, n), bal(a, v), v >= n; bal(b, w + n) <+- xfer(_, a, b, n), bal(a, v), v >= n, bal(b, w); o(a, v) <= bal(a, v); }`,
  },
  {
    name: "A11: deferred facts count the steps of their log",
    control: "R.o",
    given: [
      ["H.i", 1],
      ["H#1.i", 2],
      ["H.i", 3],
      ["H.j", 7],
      ["H#1.j", 8],
      ["H.j", 9],
    ],
    text: `role H x2 { input i(x: int); input j(x: int); R.ord(x) <~ i(x); R.other(x) <~ j(x); }
role R replicated x3 { channel ord(x: int); channel other(x: int); scratch s(x: int); table noise(x: int); output o(x: int, y: int) agreed; output p(x: int); s(x) <+ ord(x); o(x, y) <= s(x), ord(y); noise(x) <= other(x); p(x) <= noise(x); }`,
  },
  {
    name: "A14: a counter of steps is open",
    control: "R.o",
    given: [
      ["S.i", "a"],
      ["S.i", "b"],
    ],
    text: "role S { input i(x: string); R.c(x) <~ i(x); } role R { channel c(x: string); scratch tick(n: int); output o(x: string, n: int) any; tick(0); tick(n + 1) <+ tick(n), n < 20; o(x, n) <= c(x), tick(n); }",
  },
  {
    name: "B4: a deletion, everything through the log",
    control: "R.o",
    given: [
      ["H.a", 1, 1],
      ["H.b", 1, 1],
      ["H.c", 1],
      ["H#1.a", 2, 2],
      ["H#1.b", 2, 2],
      ["H.c", 2],
    ],
    text: `role H x2 { input a(x: int, y: int); input b(x: int, y: int); input c(x: int); R.c1(x, y) <~ a(x, y); R.c2(x, y) <~ b(x, y); R.c3(x) <~ c(x); }
role R replicated x2 { channel c1(x: int, y: int); channel c2(x: int, y: int); channel c3(x: int); table t1(x: int, y: int); table t2(x: int, y: int); output o(x: int) agreed; t1(x, y) <= c1(x, y); t2(x, y) <= c2(x, y); o(x) <= t1(x, _), t2(x, _); t2(x, y) <- c3(x), t2(x, y); }`,
  },
  {
    name: "a deletion, all its writers sealed",
    control: "R.o",
    given: [
      ["H.a", 1, 1],
      ["H.b", 1, 1],
      ["H.c", 1, 1],
      ["H#1.a", 2, 2],
      ["H#1.b", 2, 2],
      ["H.c", 2, 2],
    ],
    text: `role H x2 { input a(x: int, y: int) sealed by (x); input b(x: int, y: int) sealed by (x); input c(x: int, y: int) sealed by (x); R.c1(x, y) <~ a(x, y); R.c2(x, y) <~ b(x, y); R.c3(x, y) <~ c(x, y); }
role R replicated x2 { channel c1(x: int, y: int); channel c2(x: int, y: int); channel c3(x: int, y: int); table t1(x: int, y: int); table t2(x: int, y: int); output o(x: int); t1(x, y) <= c1(x, y); t2(x, y) <= c2(x, y); o(x) <= t1(x, _), t2(x, _); t2(x, y) <- c3(x, y); }`,
  },
  {
    name: "C1: replies to one's own requests need nothing",
    control: null,
    given: [
      ["A.ask", 1, "x"],
      ["A.ask", 2, "y"],
    ],
    text: `role A { input ask(id: int -> x: string) unique; channel reply(id: int, y: string); table pend(id: int -> x: string); output result(x: string, y: string);
pend(id, x) <= ask(id, x); S.req(self, id, x) <~ ask(id, x); result(x, y) <= reply(id, y), pend(id, x); } role S { channel req(c: addr, id: int, x: string); A.reply@c(id, x + "!") <~ req(c, id, x); }`,
  },
  {
    name: "C2: once only needs nothing",
    control: null,
    always: { "R.new": "[1] [2]" },
    given: [
      ["S.i", 1],
      ["S#1.i", 1],
      ["S.i", 2],
      ["S#1.i", 2],
    ],
    text: "role S x2 { input i(x: int); R.c(x) <~ i(x); } role R replicated x2 { channel c(x: int); table seen(x: int); output new(x: int); new(x) <= c(x), not seen(x); seen(x) <+ c(x); }",
  },
  {
    name: "C2: once only, whatever else the events say",
    control: null,
    always: { "R.new": "[1] [2]" },
    given: [
      ["S.i", 1, 7],
      ["S#1.i", 1, 8],
      ["S.i", 2, 7],
      ["S#1.i", 2, 7],
    ],
    text: "role S x2 { input i(x: int, y: int); R.c(x, y) <~ i(x, y); } role R replicated x2 { channel c(x: int, y: int); table seen(x: int); output new(x: int); new(x) <= c(x, _), not seen(x); seen(x) <+ c(x, _); }",
  },
  {
    name: "C2: a table is written of more events than the rule reads",
    control: "R.new",
    given: [
      ["S.i", 1, 1],
      ["S#1.i", 1, 2],
      ["S.i", 2, 1],
      ["S#1.i", 2, 2],
    ],
    text: "role S x2 { input i(x: int, y: int); R.c(x, y) <~ i(x, y); } role R replicated x2 { channel c(x: int, y: int); table seen(x: int); output new(x: int) agreed; new(x) <= c(x, x), not seen(x); seen(x) <+ c(x, _); }",
  },
  {
    name: "a keyed channel: each replica keeps its own first value",
    control: "R.o",
    given: [
      ["H.i", 2, "c"],
      ["H#1.i", 2, "b"],
      ["H.i", 2, "a"],
    ],
    text: "role H x2 { input i(x: int, y: string); R.c(x, y) <~ i(x, y); } role R replicated x2 { channel c(x: int -> y: string); output o(x: int, y: string) agreed; o(x, y) <= c(x, y); }",
  },
  {
    name: "a keyed channel: a key of one sender's table is none of the receiver's",
    control: "R.o",
    given: [
      ["H.i", 1, 1],
      ["H#1.i", 1, 2],
    ],
    text: "role H x2 { input i(x: int -> y: int) unique; table t(x: int -> y: int); t(x, y) <= i(x, y); R.c(x, y) <~ t(x, y); } role R { channel c(x: int -> y: int); output o(x: int, y: int); o(x, y) <= c(x, y); }",
  },
  {
    name: "a keyed channel: self is another value at every sender",
    control: "R.o",
    given: [
      ["H.i", 1],
      ["H#1.i", 1],
    ],
    text: "role H x2 { input i(x: int); R.c(x, self) <~ i(x); } role R { channel c(x: int -> from: addr); output o(x: int, from: addr); o(x, f) <= c(x, f); }",
  },
  {
    name: "a keyed view keeps its first value at each replica for ever",
    control: "R.o",
    given: [
      ["H.i", 1, "a"],
      ["H#1.i", 0, "b"],
    ],
    text: "role H x2 { input i(x: int, y: string); R.c(x, y) <~ i(x, y); } role R replicated x2 { channel c(x: int, y: string); table t(x: int, y: string); t(x, y) <= c(x, y); output o(x: int -> y: string) eventual; o(1, y) <= t(_, y); }",
  },
  {
    name: "an input that is sealed and passes through a log",
    control: "H.n",
    given: [
      ["H.i1", 0, 1],
      ["H.i3", 0, 2],
      ["H.i1", 2, 1],
      ["H.i3", 1, 1],
      ["seal H.i1", 0],
    ],
    text: `role H { input i1(x: int, y: int) sealed by (x); input i3(x: int, y: int); output n(x: int, y: int); R.c1(x, y) <~ i1(x, y); n(x, y) <= i3(x, y), not i1(x, _); }
role R replicated x2 { channel c1(x: int, y: int); table t1(x: int, y: int); t1(x, y) <= c1(x, y); output o1(x: int, n: int); o1(x, count()) <= t1(x, _); }`,
    always: { "R.o1": "[0,1] [2,1]" },
  },
  {
    name: "A7: a seal rule on a channel that its sender fills a step later",
    control: null,
    options: { interleave: false },
    given: [
      ["H.i", 1, 1],
      ["H.over", 1],
      ["H.i", 2, 1],
      ["H.over", 2],
    ],
    text: `role H { input i(x: int, y: int); input over(x: int); scratch late(x: int, y: int); late(x, y) <+ i(x, y); R.c(x, y) <~ late(x, y); seal R.c(x: v) <~ over(v); }
role R { channel c(x: int, y: int) sealed by (x); table t(x: int, y: int); t(x, y) <= c(x, y); output n(x: int, k: int); n(x, count()) <= t(x, _); }`,
    faults: true,
  },
  {
    name: "A7: a receiver that seals its own channel",
    control: null,
    options: { interleave: false },
    given: [
      ["H.i", 1, 1],
      ["R.over", 1],
      ["R#1.over", 1],
      ["H.i", 1, 2],
    ],
    text: `role H { input i(x: int, y: int); R.c(x, y) <~ i(x, y); }
role R replicated x2 { input over(x: int); channel c(x: int, y: int) sealed by (x); seal c(x: v) <= over(v); table t(x: int, y: int); t(x, y) <= c(x, y); output n(x: int, k: int) agreed; n(x, count()) <= t(x, _); }`,
    faults: true,
  },
  {
    name: "A6: two timers fire together or apart",
    control: "R.o",
    given: [["H.i", 1]],
    text: "role H { input i(x: int); R.c(x) <~ i(x); } role R { channel c(x: int); timer a every 1s; timer b every 2s; table t(x: int); t(x) <= c(x); output o(x: int); o(x) <= t(x), a(), b(); }",
  },
  {
    name: "an overwrite by static facts races with what comes",
    control: "R.o",
    given: [
      ["H.i", 0, 9],
      ["H.i", 1, 2],
    ],
    text: "role H { input i(x: int -> y: int) unique; R.c(x, y) <~ i(x, y); } role R { channel c(x: int -> y: int) unique; table cfg(x: int); cfg(0); table t(x: int -> y: int); t(x, y) <= c(x, y); t(x, 7) <+- cfg(x); output o(x: int, y: int); o(x, y) <= t(x, y); }",
  },
  {
    name: "single producers do not stay single through a role of several instances",
    control: "R.n",
    given: [
      ["H.i", 1, 1],
      ["H.i", 1, 2],
      ["H.i", 1, 3],
      ["H#1.i", 2, 1],
    ],
    always: { "R.n": "[1,3] [2,1]" },
    text: `role H x2 { input i(x: int, y: int) sealed by (x) single; M.m(x, y) <~ i(x, y); } role M partitioned by (y) x2 { channel m(x: int, y: int); R.c(x, y) <~ m(x, y); }
role R { channel c(x: int, y: int); table t(x: int, y: int); t(x, y) <= c(x, y); output n(x: int, k: int); n(x, count()) <= t(x, _); }`,
  },
  {
    name: "a seal travels through sums with constants",
    control: "R.n",
    given: [
      ["H.i", 1, 1],
      ["H#1.i", 1, 2],
      ["H.i", 5, 3],
      ["seal H.i", 1],
    ],
    always: { "R.n": "[-2,2] [2,1]" },
    text: "role H x2 { input i(x: int, y: int) sealed by (x); R.c(y, x - 3) <~ i(x, y); } role R replicated x2 { channel c(y: int, x: int); table t(x: int, y: int); t(x, y) <= c(y, x); output n(x: int, k: int); n(x, count()) <= t(x, _); }",
  },
  {
    name: "a seal that would run ahead of a log is not waited for",
    control: null,
    options: { interleave: false },
    given: [
      ["H.i1", 1, 1, "a"],
      ["H#1.i1", 1, 2, "a"],
      ["H.over", 1],
      ["H#1.over", 1],
    ],
    text: `role H x2 { input i1(x: int, y: int, z: string); input over(v: int); M.m1(x, y, z) <~ i1(x, y, z); seal M.m1(x: v) <~ over(v); M.m2(v, w) <~ i1(v, _, z), i1(w, _, z); }
role M { channel m1(x: int, y: int, z: string) sealed by (x); channel m2(x: int, y: int); output n(x: int, k: int); output p(x: int, y: int) agreed; n(x, count()) <= m1(x, _, _); p(x, y) <= m2(x, y); }`,
  },
  {
    name: "a channel is sealed when all that feeds it is",
    control: "R.n",
    always: { "R.n": "[1,2] [2,1]" },
    given: [
      ["H.i", 1, 1],
      ["seal H.i", 1],
      ["H.j", 1, 2],
      ["H.j", 2, 2],
    ],
    text: "role H { input i(x: int, y: int) sealed by (x); input j(x: int, y: int) sealed by (x); R.c(x, y) <~ i(x, y); R.c(x, y) <~ j(x, y); } role R { channel c(x: int, y: int); table t(x: int, y: int); t(x, y) <= c(x, y); output n(x: int, k: int); n(x, count()) <= t(x, _); }",
  },
  {
    name: "a bound from above falls again",
    control: "R.o",
    given: [
      ["H.i", 1, 1],
      ["H#1.i", 1, 2],
      ["H.i", 1, 3],
    ],
    text: "role H x2 { input i(x: int, y: int); R.c(x, y) <~ i(x, y); } role R { channel c(x: int, y: int); table t(x: int, y: int); t(x, y) <= c(x, y); output o(x: int); o(x) <= t(x, _) having count() < 2; }",
  },
  {
    name: "C2: the first of each key is a race",
    control: "R.o",
    given: [
      ["H.i", 1, 1],
      ["H#1.i", 1, 2],
      ["H.i", 1, 3],
    ],
    text: "role H x2 { input i(x: int, y: int); R.c(x, y) <~ i(x, y); } role R { channel c(x: int, y: int); table first(x: int); output o(x: int, y: int); o(x, y) <= c(x, y), not first(x); first(x) <+ c(x, _); }",
  },
  {
    name: "C4: two facts of one event joined on less than all of it",
    control: "R.o",
    given: [
      ["H.i", 1, 1],
      ["H#1.i", 1, 2],
      ["H.i", 1, 3],
    ],
    text: "role H x2 { input i(x: int, y: int); R.c(x, y) <~ i(x, y); } role R { channel c(x: int, y: int); scratch a(x: int, y: int); scratch b(x: int, y: int); a(x, y) <= c(x, y); b(x, y) <= c(x, y); output o(x: int, y: int, z: int); o(x, y, z) <= a(x, y), b(x, z); }",
  },
  {
    name: "an event meets the row that it has brought, which needs nothing",
    control: null,
    always: { "R.o": "[1,1] [1,2] [2,1]" },
    given: [
      ["H.i", 1, 1],
      ["H#1.i", 1, 2],
      ["H.i", 2, 1],
    ],
    text: "role H x2 { input i(x: int, y: int); R.c(x, y) <~ i(x, y); } role R replicated x2 { channel c(x: int, y: int); table t(x: int, y: int); scratch v(x: int); t(x, y) <= c(x, y); v(x) <= t(x, _); output o(x: int, y: int); o(x, y) <= c(x, y), v(x), t(x, z); }",
  },
  {
    name: "an event meets a row that another one has brought",
    control: "R.o",
    given: [
      ["H.i", 1, 2],
      ["H#1.i", 2, 3],
      ["H.i", 2, 1],
    ],
    text: "role H x2 { input i(x: int, y: int); R.c(x, y) <~ i(x, y); } role R replicated x2 { channel c(x: int, y: int); table t(x: int, y: int); t(x, y) <= c(x, y); output o(x: int, y: int); o(x, y) <= c(x, y), t(y, _); }",
  },
  {
    name: "an event meets what is left of the rows that it has brought",
    control: "R.o",
    given: [
      ["H.i", 1, 2],
      ["H#1.i", 1, 2],
      ["H.j", 1, 2],
    ],
    options: { seeds: 6 },
    text: "role H x2 { input i(x: int, y: int); input j(x: int, y: int); R.c(x, y) <~ i(x, y); R.d(x, y) <~ j(x, y); } role R { channel c(x: int, y: int); channel d(x: int, y: int); table t(x: int, y: int); t(x, y) <= c(x, y); t(x, y) <- d(x, y); scratch n(x: int); n(x) <= t(x, _); output o(x: int); o(x) <= d(x, _), n(x); }",
  },
  {
    name: "aggregates that their group settles need nothing",
    control: null,
    always: { "R.o": "[1,1,1] [2,2,1]", "R.p": "[1,1] [2,2]" },
    given: [
      ["H.i", 1, 1],
      ["H#1.i", 1, 2],
      ["H.i", 2, 1],
    ],
    text: "role H x2 { input i(x: int, y: int); R.c(x, y) <~ i(x, y); } role R replicated x2 { channel c(x: int, y: int); table t(x: int, y: int); t(x, y) <= c(x, y); output o(x: int, y: int, n: int); o(x, max(x), count(distinct x)) <= t(x, _); output p(x: int, y: int); p(x, choose(x)) <= c(x, _) having min(x) >= 1; }",
  },
  {
    name: "C1: a reply to somebody else's request",
    control: "A.o",
    given: [
      ["A.ask", 1, "x"],
      ["A#1.ask", 1, "x"],
      ["A.ask", 2, "y"],
    ],
    text: `role A x2 { input ask(id: int, x: string); channel rep(id: int, x: string, y: string); table pend(id: int, x: string); output o(id: int, x: string, y: string);
pend(id, x) <= ask(id, x); S.req(a, id, x) <~ ask(id, x), A.nodes(a); o(id, x, y) <= rep(id, x, y), pend(id, x); } role S { channel req(c: addr, id: int, x: string); A.rep@c(id, x, x + "!") <~ req(c, id, x); }`,
  },
  {
    name: "a recursion that an event took part in ceases",
    control: null,
    given: [
      ["H.i", 0, 0],
      ["H#1.i", 1, 1],
    ],
    options: { seeds: 8, schedules: ["random", "batch", "lifo"] },
    text: `role H x2 { input i(x: int, y: int); R.c(x, y) <~ i(x, y); } role R replicated { channel c(x: int, y: int); table t(x: int, y: int); scratch s(x: int, y: int);
s(x, y) <= t(x, y); s(x + 1, count()) <= c(x, x); s(a, c) <= s(a, b), t(b, c); output o(x: int, y: int) any; o(x + 1, y) <= s(x, y); }`,
  },
  {
    name: "what waits for a log does not keep an instance busy",
    control: null,
    given: [
      ["H.i2", 0, 0],
      ["H#1.i1", 0, 2],
    ],
    text: `role H x2 { input i1(x: int, y: int); input i2(x: int, y: int) sealed by (x); R.c1(y, x) <~ i1(x, y); R.c2(x, y) <~ i2(x, y); }
role R { channel c1(x: int, y: int); channel c2(x: int, y: int); table t1(x: int, y: int); table t3(x: int, y: int); scratch s(x: int, y: int); t1(x, y) <= c2(x, y); s(y, y) <= t3(_, y); s(z, y) <+ c1(_, y), t1(z, y);
output p(x: int, y: int) any; output o(x: int, y: int); o(x, y) <= t1(x, x), s(x, y); }`,
  },
  {
    name: "what was deferred twice in a row ceases",
    control: null,
    given: [["H.i", 1, 0]],
    options: { seeds: 12, schedules: ["random", "lifo", "slowLink"] },
    text: `role H { input i(x: int, y: int); M.m(x, y) <~ i(x, y); } role M replicated { channel m(x: int, y: int); R.c(x, y) <~ m(x, y); }
role R replicated { channel c(x: int, y: int); table t(x: int, y: int); scratch s(x: int, y: int); s(y, y) <= t(_, y); s(x, e) <+ c(x, y), e = y % 2; output o(x: int, y: int) eventual; o(x, y) <= s(x, y); }`,
  },
  {
    name: "what shares a channel with an ordered rule stays deterministic",
    control: "R.n",
    given: [
      ["H.i", 1, 1],
      ["H#1.i", 1, 2],
      ["H.i", 2, 1],
    ],
    always: { "R.all": "[1,1] [1,2] [2,1]" },
    text: `role H x2 { input i(x: int, y: int); R.c(x, y) <~ i(x, y); } role R replicated x2 { channel c(x: int, y: int); table t(x: int, y: int); t(x, y) <= c(x, y); output n(x: int, k: int) agreed; n(x, count()) <= t(x, _); output all(x: int, y: int); all(x, y) <= t(x, y); }`,
  },
  {
    name: "C5: repeats and their collection need nothing",
    control: null,
    given: [
      ["A.i", 1],
      ["A.i", 2],
    ],
    always: { "B.o": "[1] [2]" },
    text: `role A { input i(x: int); table buf(x: int); buf(x) <= i(x); channel ack(x: int); table acked(x: int); acked(x) <= ack(x); timer tick every 1s; B.m(x) <~ buf(x); B.m(x) <~ tick(), buf(x), not acked(x); buf(x) <- buf(x), acked(x); }
role B { channel m(x: int); table t(x: int); t(x) <= m(x); A.ack(x) <~ t(x); output o(x: int); o(x) <= t(x); }`,
  },
  {
    name: "a keyed view of events remembers the step before, which a log does not place",
    control: "R.o",
    given: [
      ["H.i", 1, 1],
      ["H.i", 2, 1],
      ["H#1.i", 2, 2],
    ],
    options: { seeds: 4 },
    text: `role H x2 { input i(x: int, y: int); R.c(x, y) <~ i(x, y); } role R replicated { channel c(x: int, y: int); table t(x: int, y: int); t(x, y) <= c(x, y);
output o(x: int -> y: int) agreed; o(x, y) <= t(x, y), c(y, _); }`,
  },
  {
    name: "a seal of two columns does not travel where they are joined to one",
    control: "R.n",
    given: [
      ["H.i", 0, 0],
      ["H.i", 2, 0],
      ["H#1.i", 0, 1],
      ["H#1.i", 1, 1],
    ],
    text: `role H x2 { input i(x: int, y: int) sealed by (x, y); M.m(x, y) <~ i(x, y); } role M { channel m(x: int, y: int); R.c(x, x) <~ m(x, x); }
role R { channel c(x: int, y: int); table t(x: int, y: int); t(x, y) <= c(x, y); output o(x: int, n: int); o(x, count()) <= t(_, x); output n(n: int); n(count()) <= t(_, _); }`,
    always: { "R.o": "[0,1] [1,1]" },
  },
  {
    name: "messages made of static facts race for a key too",
    control: "S.o",
    given: [],
    text: `role H { table cfg(x: int -> y: int); cfg(0, 0); cfg(2, 0); S.d(y, x) <~ cfg(x, y); } role S { channel d(x: int -> y: int); table t(x: int, y: int); t(x, y) <= d(x, y); output o(x: int, y: int); o(x, y) <= t(x, y); }`,
  },
  {
    name: "what is deferred again by an event of the same step ceases",
    control: null,
    given: [
      ["H#1.i", "c", 0],
      ["H.i", "c", 0],
    ],
    text: `role H x2 { input i(x: string, y: int); R.c(x, y) <~ i(x, y); } role R replicated { channel c(x: string, y: int); table t(x: string, y: int); scratch s(x: string, y: int); s(x, y) <= t(x, y); s(x, y) <+ c(x, y); output o(x: string, y: int) eventual; o(x, y) <= s(x, y); }`,
  },
  {
    name: "a group is closed only when what its rule negates is closed for all of it",
    control: "R.o",
    given: [
      ["H.i", 2, 0],
      ["seal H.j", 1],
      ["H.i", 2, 1],
    ],
    text: `role H { input i(x: int, y: int) sealed by (x); R.c(x, y) <~ i(x, y); input j(x: int, y: int) sealed by (x); R.d(x, y) <~ j(x, y); }
role R replicated { channel c(x: int, y: int); channel d(x: int, y: int); table t(x: int, y: int); t(x, y) <= d(x, y); output o(x: int, y: int) agreed; o(x, choose(y)) <= c(x, y), not t(y, _); }`,
  },
  {
    name: "a count of static facts less those that are still to come",
    control: "R.n",
    given: [
      ["H.j", 1, 0],
      ["seal H.j", 2],
    ],
    text: `role H { input j(x: int, y: int) sealed by (x); R.d(x, y) <~ j(x, y); }
role R replicated x2 { channel d(x: int, y: int); table t(x: int, y: int); t(x, y) <= d(x, y); table cfg(x: int); cfg(1); cfg(2); cfg(3); output n(n: int) agreed; n(count()) <= cfg(x), not t(x, _); }`,
  },
  {
    name: "a partition of a constant is not the partition of a column",
    control: "R.o",
    given: [
      ["H#1.i1", 2, 1],
      ["H#1.i3", 2, 1],
      ["seal H#1.i1", 2],
    ],
    text: `role H x2 { input i1(x: int, y: int) sealed by (x); R.c1(x, y) <~ i1(x, y); input i3(x: int, y: int) sealed; R.c3(x, y) <~ i3(x, y); }
role R replicated { channel c1(x: int, y: int); channel c3(x: int, y: int); table t2(x: int, y: int, z: int); t2(a, b, c) <= c1(a, b), c3(a, c); table t3(x: int, y: int); t3(x, y) <= c1(x, y);
scratch s(x: int, y: int); s(a, b) <= c3(a, b), t2(a, c, d), not t3(0, a); output o(x: int, y: int); o(a, c) <= c3(a, b), s(a, c); }`,
  },
  {
    name: "C5: gossip and acknowledged retransmission by row need nothing",
    control: null,
    given: [
      ["S.send", 1, "a"],
      ["S.send", 2, "b"],
    ],
    always: { "R.out": '[1,"a"] [2,"b"]' },
    text: acknowledged,
  },
  {
    name: "C5: what is sent again until a receipt names all of it is lost on no channel",
    control: null,
    options: { seeds: 6 },
    given: [
      ["S.send", "R#0", 1, "a"],
      ["S.send", "R#1", 1, "a"],
      ["S#1.send", "R#0", 1, "a"],
      ["S.send", "R#0", 1, "b"],
      ["S.send", "R#0", 2, "a"],
    ],
    text: receipted(),
  },
  {
    name: "what rests on a batch of a log ceases with a batch without events, also when two batches in a row brought it",
    text: `role H x2 { input i(x: string, y: int); R.c(x, y) <~ i(x, y); }
    role R replicated { channel c(x: string, y: int); channel d(x: string, y: int); table t(x: string, y: int); scratch s(x: string, y: int);
      s(x, y) <= t(x, y); s(x, y) <+ c(x, y); output next(x: string, y: int) eventual; next(x, y) <= s(x, y);
      scratch n(x: string, y: int); n(x, y) <= d(x, y), not c(x, y); output o(x: string, n: int); o(x, count()) <= n(x, _); }`,
    given: [
      ["H#1.i", "c", 0],
      ["H.i", "c", 0],
    ],
    control: null,
    always: { "R.next": "" },
    options: { seeds: 4 },
  },
  {
    name: "A3: acks in one step, or one by one, reach a threshold",
    control: "R.quorum",
    given: [
      ["C.ask", "x"],
      ["C#1.ask", "x"],
      ["C#2.ask", "x"],
    ],
    text: voters(
      "",
      "scratch votes(k: string, who: lset<addr>); votes(k, w) <= ack(k, w); output quorum(k: string) agreed; quorum(k) <= votes(k, who), size(who) >= 3;",
    ),
  },
  {
    name: "A3: kept, the same threshold is free",
    control: null,
    given: [
      ["C.ask", "x"],
      ["C#1.ask", "x"],
      ["C#2.ask", "x"],
    ],
    always: { "R.quorum": '["x"]' },
    text: voters(
      "",
      "table votes(k: string, who: lset<addr>); votes(k, w) <= ack(k, w); output quorum(k: string); quorum(k) <= votes(k, who), size(who) >= 3;",
    ),
  },
  {
    name: "A4: a size not reached, sealed by the key",
    control: "R.open",
    given: [
      ["C.ask", "x"],
      ["C#1.ask", "x"],
      ["C#2.ask", "y"],
    ],
    always: { "R.open": '["y"]' },
    text: voters(
      "sealed by (k)",
      "table votes(k: string, who: lset<addr>); votes(k, w) <= ack(k, w); output open(k: string); open(k) <= votes(k, who), size(who) < 2;",
    ),
  },
  {
    name: "A4: a threshold as a plain value",
    control: "R.state",
    given: [
      ["C.ask", "x"],
      ["C#1.ask", "x"],
    ],
    always: { "R.state": '["x",true]' },
    text: voters(
      "sealed by (k)",
      "table votes(k: string, who: lset<addr>); votes(k, w) <= ack(k, w); output state(k: string, full: bool); state(k, size(who) >= 2) <= votes(k, who);",
    ),
  },
  {
    name: "A4: elements of a set from which can be removed",
    control: "R.both",
    given: [
      ["C.ask", "x"],
      ["C#1.ask", "y"],
      ["C#2.drop", "x"],
    ],
    text: voters(
      "",
      "table s(g: int, s: orset<string>); s(1, add(k)) <= ack(k, _); s(1, remove(k)) <= gone(k); output both(x: string, y: string) agreed; both(x, y) <= s(_, s), x in s, y in s, x < y;",
    ),
  },
  {
    name: "A11: a log by the value of a lattice orders nothing",
    control: "S.o",
    given: [
      ["H.i", 0, 1],
      ["H#1.i", 0, 2],
    ],
    text: "role H x2 { input i(x: int, y: int); R.c(x, y) <~ i(x, y); } role R { channel c(x: int, y: int); table t(x: int, y: int); t(x, y) <= c(x, y); scratch l(k: int, v: lmax<int>); l(a, b) <= t(a, b); S.g(k, v) <~ l(k, v); } role S replicated { channel g(k: int, v: lmax<int>); table u(k: int, v: lmax<int>); u(k, v) <= g(k, v); output o(k: int); o(k) <= u(k, v), !(v >= 2); }",
  },
  {
    name: "A10: a remove takes what the copy has seen",
    control: "R.cart",
    given: [
      ["C.ask", "milk"],
      ["C#1.drop", "milk"],
    ],
    text: voters(
      "",
      "table s(k: string, s: orset<string>); s(k, add(k)) <= ack(k, _); s(k, remove(k)) <= gone(k); output cart(k: string, s: orset<string>) agreed; cart(k, s) <= s(k, s);",
    ),
  },
  {
    name: "A13: a counter counts valuations, not steps",
    control: null,
    given: [
      ["C.ask", "x"],
      ["C#1.ask", "x"],
      ["C#2.ask", "x"],
      ["C.ask", "y"],
    ],
    always: { "R.many": '["x"]' },
    text: voters(
      "",
      "table hits(k: string, n: gcounter); hits(k, inc(1)) <= ack(k, _); output many(k: string); many(k) <= hits(k, n), n >= 3;",
    ),
  },
  {
    name: "a fact that waits for a seal is in no log's order for another path",
    control: "C.o",
    text: `source ask(k: string, j: string); source put(k: string, j: string, v: int) sealed by (j, v);
      component C replicated x2 { in ask(k: string, j: string); in put(k: string, j: string, v: int); out o(k: string, j: string, n: int); out p(k: string, j: string, v: int, n: int); out kept(j: string);
        path ask -> o: OR(j); path put -> p: OR(k, j, v); path put -> kept: CW; }
      connect ask -> C.ask; connect put -> C.put;`,
    given: [
      ["ask.ask", "b", "c"],
      ["ask.ask", "c", "a"],
      ["put.put", "b", "a", 2],
      ["put.put", "b", "c", 0],
      ["put.put", "b", "a", 1],
      ["put.put", "c", "a", 0],
      ["ask.ask", "b", "a"],
    ],
  },
  {
    name: "what nothing holds back is handed in before what waited for it",
    control: "C.o",
    text: `source late(k: string, j: string) sealed by (k); source early(k: string, j: string) sealed by (k);
      component C replicated x2 { in late(k: string, j: string); in early(k: string, j: string); out o(k: string, j: string, n: int); out kept(k: string);
        path late -> o: OW(k); path early -> kept: CW; }
      connect late -> C.late; connect early -> C.early;`,
    given: [
      ["late.late", "a", "x"],
      ["early.early", "a", "y"],
      ["late.late", "a", "z"],
      ["early.early", "b", "x"],
      ["late.late", "b", "y"],
      ["seal late.late", "a"],
      ["early.early", "a", "z"],
    ],
  },
  {
    name: "a fact that another path of its input holds back does not come behind its seal",
    control: "N.n",
    text: `source put(k: string) sealed by (k); source get(k: string, j: string) sealed by (k);
      component T { in put(k: string); in get(k: string, j: string); out v(k: string, n: int); out seen(k: string, j: string); path put -> v: CW; path get -> v: OR(k); path get -> seen: CR; }
      component N { in seen(k: string, j: string); out n(k: string, n: int); path seen -> n: OW(k); }
      connect put -> T.put; connect get -> T.get; connect T.seen -> N.seen;`,
    given: [
      ["get.get", "a", "x"],
      ["get.get", "a", "y"],
      ["seal get.get", "a"],
      ["get.get", "b", "x"],
      ["put.put", "a"],
      ["put.put", "b"],
      ["seal put.put", "a"],
    ],
  },
  {
    name: "an input that depends on order also where another output reads it",
    control: "C.o",
    text: `source put(k: string, j: string) sealed by (k); source get(k: string, j: string);
      component C replicated x2 { in put(k: string, j: string); in get(k: string, j: string); out done(k: string, j: string, n: int) any; out o(k: string, j: string, n: int);
        path put -> done: OW(j); path get -> o: OR(k); }
      connect put -> C.put; connect get -> C.get;`,
    given: [
      ["put.put", "a", "x"],
      ["put.put", "b", "x"],
      ["get.get", "a", "x"],
      ["get.get", "b", "y"],
      ["put.put", "a", "y"],
    ],
  },
  {
    name: "what nothing holds back comes before what waited for it, also where it depends on order itself",
    control: "C.told",
    text: `source fact(k: string, n: int) sealed; source get(k: string) sealed by (k) single;
      component C { in get(k: string); in fact(k: string, n: int); out o(k: string, n: int); out told(k: string, m: int) agreed;
        path get -> o: OW(k); path fact -> o: CW; path fact -> told: OR(k); }
      connect fact -> C.fact; connect get -> C.get;`,
    given: [
      ["get.get", "a"],
      ["get.get", "b"],
      ["seal get.get", "a"],
      ["fact.fact", "a", 1],
      ["fact.fact", "a", 2],
      ["fact.fact", "b", 1],
    ],
  },
  {
    name: "what grows with the steps of an instance stands in no log",
    control: "R.o1",
    text: `role H { input i1(x: int, y: int); scratch late1(x: int, y: int); late1(x, y) <+ i1(x, y); R.c1(x, y) <~ late1(x, y); }
role R replicated { channel c1(x: int, y: int); channel c3(x: int, y: int); table t1(x: int, y: int); t1(x, y) <= c3(x, y); scratch step(x: int); step(0); step(v + 1) <+ step(v), v < 12;
scratch s2(x: int, y: int); s2(y, x) <= t1(x, y); s2(v, v) <= step(v); output o1(x: int, y: int); o1(v, v) <= s2(_, v), c1(v, _); }`,
    given: [["H.i1", 8, 1]],
    options: { schedules: ["lifo", "random"], seeds: 12 },
  },
  {
    name: "facts that last are counted again without the events that came beside them",
    control: "R.o",
    text: `role H x2 { input i2(x: int, y: int) sealed; M.m2(x, y) <~ i2(x, y); }
role M { channel m2(x: int, y: int); R.c1(x, y) <~ m2(x, y); R.c2(x, y) <~ m2(x, y); R.c3(x, y) <~ m2(x, y); }
role R replicated { channel c1(x: int, y: int); channel c2(x: int, y: int); channel c3(x: int, y: int); table t(x: int, y: int); t(x, y) <= c1(x, y); table u(x: int, y: int); u(x, y) <= c3(x, y);
scratch s(x: int, y: int); s(x, y) <= c2(x, y); s(x, 9) <= t(x, _); output o(x: int, y: int); o(x, y) <= t(x, y), s(x, z) having count() < 2; output all(x: int, y: int); all(x, y) <= u(x, y); }`,
    given: [["H#1.i2", 0, 3]],
    options: { schedules: ["random", "lifo"], seeds: 12 },
  },
  {
    name: "a keyed channel: a key with the sender in it leads to another value at each",
    control: "R.o",
    given: [
      ["H.i", 1, "M#0", 10],
      ["H.i", 1, "M#1", 20],
    ],
    text: `role H { input i(k: int, a: addr -> v: int) unique; M.m@a(k, a, v) <~ i(k, a, v); } role M x2 { channel m(k: int, a: addr -> v: int) unique; R.c(k, v) <~ m(k, self, v); }
role R replicated x2 { channel c(k: int -> v: int); output o(k: int, v: int) agreed; o(k, v) <= c(k, v); }`,
  },
  {
    name: "what holds from one step of a log to its next is deferred by each, whatever the log's key and steps between",
    control: "R.o",
    given: [
      ["H.i", 0, 0],
      ["H.i", 0, 1],
      ["H.i", 1, 1],
    ],
    text: `role H { input i(x: int, y: int); R.c(x, y) <~ i(x, y); }
role R replicated x2 { channel c(x: int, y: int); table t(x: int, y: int); t(x, y) <= c(x, y); t(x, y) <- c(x, y);
  scratch n(x: int, k: int); n(x, count()) <= t(x, _); table most(k: int, x: lmax<int>); most(k, x) <+ n(x, k);
  scratch later(k: int, x: int); later(k, x) <+ n(x, k); table all(k: int); all(k) <= later(k, _);
  output o(k: int, x: lmax<int>) agreed; o(k, x) <= most(k, x); output p(k: int) agreed; p(k) <= all(k); }`,
  },
  {
    name: "a keyed channel: two rules make two values of a key",
    control: "R.o",
    given: [
      ["H.i", 1],
      ["H.j", 1],
    ],
    text: `role H { input i(k: int); input j(k: int); R.c(k, k + 1) <~ i(k); R.c(k, k + 2) <~ j(k); }
role R replicated x2 { channel c(k: int -> v: int); table t(k: int -> v: int); output o(k: int, v: int) agreed; t(k, v) <= c(k, v); o(k, v) <= t(k, v); }`,
  },
  {
    name: "a keyed channel: each sender makes its value of itself, a step before",
    control: "R.o",
    given: [
      ["H.i", 1],
      ["H#1.i", 1],
    ],
    text: `role H x2 { input i(k: int); scratch s(k: int -> a: addr); s(k, self) <= i(k); R.c(k, a) <~ s(k, a); }
role R replicated x2 { channel c(k: int -> a: addr); table t(k: int -> a: addr); output o(k: int, a: addr) agreed; t(k, a) <= c(k, a); o(k, a) <= t(k, a); }`,
  },
  {
    name: "a keyed view: a step's count of a key is no table's value",
    control: "R.o",
    given: [
      ["H.i", 1, 1],
      ["H#1.i", 1, 2],
    ],
    text: `role H x2 { input i(k: int, x: int); R.c(k, x) <~ i(k, x); }
role R replicated x2 { channel c(k: int, x: int); scratch s(k: int -> n: int); table t(k: int -> n: int); output o(k: int, n: int) agreed; s(k, count()) <= c(k, _); t(k, n) <= s(k, n); o(k, n) <= t(k, n); }`,
  },
  {
    name: "a keyed channel: static facts that name their instance are other ones at each",
    control: "R.o",
    given: [],
    text: "role M x2 { table cfg(k: int -> n: int); cfg(1, hash(self)); R.c(k, n) <~ cfg(k, n); } role R replicated x2 { channel c(k: int -> n: int); output o(k: int, n: int) agreed; o(k, n) <= c(k, n); }",
  },
  {
    name: "A5: an aggregate of self names another node at each replica",
    control: "R.who",
    given: [["H.i", 1]],
    text: "role H { input i(x: int); R.c(x) <~ i(x); } role R replicated x2 { channel c(x: int); output who(x: int, a: addr); who(x, min(self)) <= c(x); output mine(x: int); mine(x) <= c(x), R.nodes(a) having min(self) == min(a); }",
  },
  {
    name: "A3: two bounds of which each holds of another event",
    control: "R.o",
    given: [
      ["H.i", 1, 5],
      ["H#1.i", 1, 0],
    ],
    text: "role H x2 { input i(k: int, e: int); R.c(k, e) <~ i(k, e); } role R replicated x2 { channel c(k: int, e: int); output o(k: int) agreed; o(k) <= c(k, e) having max(e) >= 3 && min(e) <= 1; }",
  },
  {
    name: "A3: a bound that one event passes and a maximum that another one is",
    control: "R.o",
    given: [
      ["H.i", 1, 5, 1],
      ["H#1.i", 1, 1, 4],
    ],
    text: "role H x2 { input i(k: int, e: int, f: int); R.c(k, e, f) <~ i(k, e, f); } role R replicated x2 { channel c(k: int, e: int, f: int); table best(k: int, v: lmax<int>); best(k, max(e)) <= c(k, e, f) having max(f) >= 3; output o(k: int, v: lmax<int>) agreed; o(k, v) <= best(k, v); }",
  },
  {
    name: "either of two bounds needs nothing over events",
    control: null,
    always: { "R.o": "[1] [2]" },
    given: [
      ["H.i", 1, 5],
      ["H#1.i", 1, 2],
      ["H.i", 2, 0],
      ["H.i", 3, 2],
    ],
    text: "role H x2 { input i(k: int, e: int); R.c(k, e) <~ i(k, e); } role R replicated x2 { channel c(k: int, e: int); output o(k: int); o(k) <= c(k, e) having k < 9 && (max(e) >= 3 || min(e) <= 1); }",
  },
  {
    name: "C1: an address that did not come with the request",
    control: "A.o",
    given: [
      ["A.ask", 1, "x"],
      ["A#1.ask", 2, "y"],
      ["A#1.ask", 1, "x"],
      ["A.ask", 2, "y"],
    ],
    text: `role A x2 { input ask(id: int, x: string); channel rep(id: int, x: string); table pend(id: int, x: string); output o(id: int, x: string); pend(id, x) <= ask(id, x); S.who(self) <~ ask(_, _); S.req(id, x) <~ ask(id, x); o(id, x) <= rep(id, x), pend(id, x); }
role S { channel who(a: addr); channel req(id: int, x: string); table whos(a: addr); table both(a: addr, id: int, x: string); whos(a) <= who(a); table reqs(id: int, x: string); reqs(id, x) <= req(id, x); both(a, id, x) <= whos(a), reqs(id, x); A.rep@a(id, x) <~ both(a, id, x); }`,
  },
  {
    name: "C1: an address that came with the request through a table",
    control: null,
    always: { "A.o": '[1,"x"] [2,"y"]' },
    given: [
      ["A.ask", 1, "x"],
      ["A#1.ask", 2, "y"],
      ["A#1.ask", 1, "x"],
      ["A.ask", 2, "y"],
    ],
    text: `role A x2 { input ask(id: int, x: string); channel rep(id: int, x: string); table pend(id: int, x: string); output o(id: int, x: string); pend(id, x) <= ask(id, x); S.req(self, id, x) <~ ask(id, x); o(id, x) <= rep(id, x), pend(id, x); }
role S { channel req(a: addr, id: int, x: string); table reqs(a: addr, id: int, x: string); reqs(a, id, x) <= req(a, id, x); table whos(a: addr); whos(a) <= req(a, _, _); A.rep@a(id, x) <~ whos(a), reqs(a, id, x); }`,
  },
  {
    name: "a lattice joins rows of several logs as they meet",
    control: "R.o",
    given: [
      ["H.i", 1, 1],
      ["H.i", 1, 2],
      ["H#1.i", 2, 1],
      ["H#1.i", 2, 2],
    ],
    options: { seeds: 8 },
    text: `role H x2 { input i(x: int, y: int); R.c(x, y) <~ i(x, y); } role R replicated x2 { channel c(x: int, y: int); table t(x: int, y: int); t(x, y) <= c(x, y);
scratch n(x: int, n: int); n(x, count()) <= t(x, _); scratch l(k: int, v: lset<int>); l(0, n) <= n(_, n); output o(k: int) agreed; o(k) <= l(k, v), size(v) >= 2; }`,
  },
  {
    name: "a lattice joins what is new in one step",
    control: "R.o",
    given: [
      ["H.i", 1],
      ["H.i", 2],
    ],
    text: `role H { input i(x: int); R.c(x) <~ i(x); } role R replicated x2 { channel c(x: int); table t(x: int); t(x) <= c(x); table seen(x: int); scratch new(x: int); new(x) <= t(x), not seen(x); seen(x) <+ t(x);
scratch l(k: int, v: lset<int>); l(0, x) <= new(x); output o(k: int) agreed; o(k) <= l(k, v), size(v) >= 2; output one(x: int); one(x) <= l(_, v), x in v; }`,
  },
  {
    name: "lattice columns that are merged each by itself need nothing",
    control: null,
    always: { "R.o": "[1,5,1]" },
    given: [
      ["H.i", 1, 5, 2],
      ["H#1.i", 1, 3, 1],
    ],
    text: "role H x2 { input i(k: int, e: int, f: int); R.c(k, e, f) <~ i(k, e, f); } role R replicated x2 { channel c(k: int, v: lmax<int>, w: lmin<int>); table b(k: int, v: lmax<int>, w: lmin<int>); b(k, v, w) <= c(k, v, w); output o(k: int, v: lmax<int>, w: lmin<int>); o(k, v, w) <= b(k, v, w); }",
  },
  {
    name: "A8: a key of which a host gives two values",
    control: "H.o",
    given: [
      ["H.i", 1, 2],
      ["H.i", 1, 1],
      ["H#1.i", 1, 3],
    ],
    text: "role H x2 { input i(k: int -> v: int) sealed by (k); R.c(k, v) <~ i(k, v); output o(k: int, v: int); o(k, v) <= i(k, v); } role R replicated x2 { channel c(k: int, v: int); table t(k: int, v: int); t(k, v) <= c(k, v); output n(k: int, n: int); n(k, count()) <= t(k, _); }",
  },
  {
    name: "a row that is taken back meets what is negated while it is there, or not",
    control: "R.n",
    options: { seeds: 8 },
    given: [
      ["H.a", 1, 1],
      ["H#1.d", 1, 1],
      ["H.r", 2],
      ["H.a", 2, 2],
      ["H.a", 3, 3],
      ["seal H.a", 1],
      ["seal H#1.a", 1],
      ["seal H.d", 1],
      ["seal H#1.d", 1],
    ],
    text: `role H x2 { input a(x: int, y: int) sealed by (x); input d(x: int, y: int) sealed by (x); input r(x: int) sealed by (x); R.a(x, y) <~ a(x, y); R.d(x, y) <~ d(x, y); R.r(x) <~ r(x); }
role R replicated x2 { channel a(x: int, y: int); channel d(x: int, y: int); channel r(x: int); table t(x: int, y: int); t(x, y) <= a(x, y); t(x, y) <- d(x, y); table no(x: int); no(x) <= r(x); output n(x: int, y: int, k: int); n(x, y, count()) <= t(x, y), _ in [1, 2], not no(x); }`,
  },
  {
    name: "what lasts waits for a partition that several literals name together",
    control: "R.o",
    always: { "R.o": "[1,1] [2,1] [2,2]" },
    given: [
      ["H.i", 1, 1],
      ["H#1.i", 2, 2],
      ["H.b", 1, 2],
      ["seal H.b", 1, 1],
      ["seal H#1.b", 1, 1],
    ],
    text: `role H x2 { input i(x: int, y: int); input b(x: int, y: int) sealed by (x, y); R.c(x, y) <~ i(x, y); R.b(x, y) <~ b(x, y); }
role R replicated x2 { channel c(x: int, y: int); channel b(x: int, y: int); table t(x: int, y: int); t(x, y) <= c(x, y); table bad(x: int, y: int); bad(x, y) <= b(x, y); output o(x: int, y: int); o(x, y) <= t(x, _), t(_, y), not bad(x, y); }`,
  },
  {
    name: "what lasts waits for a partition whose value it computes",
    control: "R.o",
    always: { "R.o": "[2,1] [2,3]" },
    given: [
      ["H.i", 1, 1],
      ["H#1.i", 1, 2],
      ["H.b", 1],
      ["H.i", 2, 1],
      ["seal H.b", 2],
      ["H#1.i", 2, 3],
    ],
    text: `role H x2 { input i(x: int, y: int); input b(x: int) sealed by (x); R.c(x, y) <~ i(x, y); R.b(x + 1) <~ b(x); }
role R replicated x2 { channel c(x: int, y: int); channel b(x: int); table t(x: int, y: int); t(x, y) <= c(x, y); table bad(x: int); bad(x) <= b(x); output o(x: int, y: int); o(x, y) <= t(x, y), n = x + 1, not bad(n); }`,
  },
  {
    name: "what is held back for channels of one name in two roles is kept apart",
    control: "S.o",
    always: { "S.o": "[1,2] [3,3]", "T.o": "[3]", "R.o": "[1] [2] [3]" },
    given: [
      ["H.c", 1],
      ["H#1.c", 2],
      ["H.b", 1],
      ["H.c", 3],
      ["seal H.b", 2],
    ],
    text: `role H x2 { input c(x: int); input b(k: int) sealed by (k); R.c(x) <~ c(x); R.b(k) <~ b(k); }
role R { channel c(x: int); channel b(k: int); table bad(k: int); bad(k) <= b(k); table cfg(x: int, k: int); cfg(1, 2); cfg(2, 1); cfg(3, 3); S.d(x, k) <~ c(x), cfg(x, k), not bad(k); T.d(k) <~ c(x), cfg(x, k), not bad(k), x > 1; table d__1(x: int); d__1(x) <= c(x); output o(x: int); o(x) <= d__1(x); }
role S { channel d(x: int, k: int); output o(x: int, k: int); o(x, k) <= d(x, k); } role T { channel d(k: int); output o(k: int); o(k) <= d(k); }`,
  },
  {
    name: "C1: a role of which a deployment starts two, since all that it gets has an address",
    control: "A.o",
    given: [
      ["A.ask", 1, "x"],
      ["A#1.ask", 2, "y"],
      ["A#1.ask", 1, "x"],
    ],
    options: { counts: { A: 2 } },
    text: `role A { input ask(id: int, x: string); channel rep(id: int, x: string); table pend(id: int, x: string); output o(id: int, x: string) agreed; pend(id, x) <= ask(id, x); S.req(id, x) <~ ask(id, x); o(id, x) <= rep(id, x), pend(id, x); }
role S { channel req(id: int, x: string); table reqs(id: int, x: string); reqs(id, x) <= req(id, x); A.rep@a(id, x) <~ reqs(id, x), A.nodes(a); }`,
  },
  {
    name: "C1: a role of which there is one, since a message to it has no address",
    control: null,
    always: { "A.o": '[1,"x"] [2,"y"]' },
    given: [
      ["A.ask", 1, "x"],
      ["A.ask", 2, "y"],
    ],
    text: `role A { input ask(id: int, x: string); channel rep(id: int, x: string); channel other(id: int); table pend(id: int, x: string); output o(id: int, x: string); pend(id, x) <= ask(id, x); S.req(id, x) <~ ask(id, x); o(id, x) <= rep(id, x), pend(id, x); }
role S { channel req(id: int, x: string); A.rep@a(id, x) <~ req(id, x), A.nodes(a); A.other(id) <~ req(id, _); }`,
  },
  {
    name: "a partition of a string is not that of a list that reads the same",
    control: "R.o",
    always: { "R.o": '["[1]",1] [[1],2]' },
    given: [
      ["H.i", "[1]", 1],
      ["seal H.i", "[1]"],
      ["seal H#1.i", "[1]"],
      ["H.i", [1], 2],
      ["H#1.i", [1], 3],
    ],
    text: `role H x2 { input i(k: json, x: int) sealed by (k); R.c(k, x) <~ i(k, x); }
role R replicated x2 { channel c(k: json, x: int); table t(k: json, x: int); t(k, x) <= c(k, x); output o(k: json, n: int); o(k, count()) <= t(k, _); }`,
  },
  {
    name: "what each event denies to the next is not waited for: complete, it denies them all",
    control: null,
    always: { "R.o": "[1] [3]" },
    given: [
      ["H.i", 1, 1],
      ["H#1.i", 1, 2],
      ["H.i", 3, 1],
      ["H.i", 3, 2],
    ],
    text: `role H x2 { input i(k: int, x: int) sealed by (k); R.c(k, x) <~ i(k, x); }
role R replicated x2 { channel c(k: int, x: int); table seen(k: int); scratch first(k: int); first(k) <= c(k, _), not seen(k); seen(k) <+ c(k, _); output o(k: int); o(k) <= first(k); }`,
  },
  {
    name: "A8: a value that lasts takes the key when the event that had it is over",
    control: "R.o",
    given: [
      ["H.i", 1, 0],
      ["seal H.i", 1],
      ["seal H#1.i", 1],
      ["H.j", 1],
      ["H#1.j", 2],
      ["H.j", 3],
    ],
    text: `role H x2 { input i(x: int, y: int) sealed by (x); input j(x: int); R.c(x, y) <~ i(x, y); R.d(x) <~ j(x); }
role R replicated x2 { channel c(x: int, y: int); channel d(x: int); table u(x: int); u(x) <= d(x); table t(x: int, y: int); t(x, y) <= c(x, y);
scratch s(x: int -> y: int); s(x, choose(y)) <= c(x, y); s(x, 1) <= t(x, _); output o(x: int, y: int); o(x, y) <= s(x, y); output p(x: int); p(x) <= u(x); }`,
  },
  {
    name: "A14: what is deferred of facts of the program is there a step after the first",
    control: "R.n",
    always: { "R.n": "[1,3] [2,2] [3,1]" },
    given: [
      ["R.i", 1, 1],
      ["R.i", 1, 2],
      ["R.i", 3, 3],
      ["R.i", 2, 1],
    ],
    text: `role R { input i(k: int, v: int) sealed by (k); table f(k: int, v: int); f(1, 7); f(2, 7); table t(k: int, v: int); t(k, v) <= i(k, v); t(k, v) <+ f(k, v);
output n(k: int, c: int); n(k, count()) <= t(k, _); }`,
  },
  {
    name: "A14: nor does a log say when it is there",
    control: "R.o",
    given: [
      ["H.i", 1],
      ["H#1.i", 2],
      ["H.i", 3],
    ],
    text: `role H x2 { input i(x: int); R.c(x) <~ i(x); }
role R replicated x2 { channel c(x: int); scratch f(x: int, y: int); f(0, 0); scratch s(x: int, y: int); s(x, y) <+ f(x, y); s(x, y + 1) <+ s(x, y), y < 4, c(_); output o(x: int, y: int) agreed; o(x, y) <= s(x, y); }`,
  },
  {
    name: "an aggregate over a lattice that passes ranges over a value for each step",
    control: "R.o",
    given: [
      ["H.i", 0, 1],
      ["H#1.i", 0, 0],
      ["H.i", 1, 1],
    ],
    text: `role H x2 { input i(x: int, y: int) sealed; R.c(x, y) <~ i(x, y); } role R replicated x2 { channel c(x: int, y: int); scratch l(k: int, v: lmax<int>); l(x, y) <= c(x, y); output o(n: int); o(count()) <= l(_, _); }`,
  },
  ...entries,
];
