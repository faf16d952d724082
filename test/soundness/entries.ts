/**
 * The holes of semantics.md that holes.ts does not show, and the cases of analysis.md section 7 as runs: each with facts and
 * a control that differs, or needs nothing and never does.
 */
import type { Given } from "../support/runs.ts";
import type { Hole } from "./holes.ts";

/** Three clients, one role of two replicas with rules over what they send. */
const store = (
  rules: string,
  sealed = "",
): string => `role C x3 { input word(k: string, x: string) ${sealed}; input num(k: string, n: int) ${sealed}; input gone(k: string, n: int) ${sealed};
R.word(k, x) <~ word(k, x); R.num(k, n) <~ num(k, n); R.gone(k, n) <~ gone(k, n); }
role R replicated x2 { channel word(k: string, x: string); channel num(k: string, n: int); channel gone(k: string, n: int); ${rules} }`;
const words: Given = [
  ["C.word", "k", "a"],
  ["C#1.word", "k", "b"],
  ["C#2.word", "j", "a"],
  ["C.word", "k", "c"],
  ["C#1.word", "j", "b"],
];
const numbers: Given = [
  ["C.num", "k", 12],
  ["C#1.gone", "k", 5],
  ["C#2.num", "j", 3],
  ["C#2.num", "k", 1],
];

/** A host seals what it sends by key; two replicas keep it. */
const sealed = (columns: string, rules: string, by = "sealed by (k)", role = "replicated x2"): string => {
  const names = columns.replaceAll(/: [\w<>]+/g, "");
  return `role H x2 { input i(${columns}) ${by}; R.c(${names}) <~ i(${names}); } role R ${role} { channel c(${columns}); table t(${columns}); t(${names}) <= c(${names}); ${rules} }`;
};

const local = (
  rules: string,
): string => `role R replicated x2 { input add(x: int); channel put(x: int); table t(x: int); ${rules} }
role Client { input ask(a: addr, x: int); R.put@a(x) <~ ask(a, x); }`;

const sales = (
  key: string,
  facts: string,
  literal: string,
): string => `role H x2 { input i(company: string, n: int) sealed by (company); R.sale(c, n) <~ i(c, n); }
role R replicated x2 { channel sale(company: string, n: int); table sales(company: string, n: int); table hq(${key}); ${facts} sales(c, n) <= sale(c, n); output n(city: string, k: int); n(city, count()) <= sales(company, _), ${literal}; }`;
const sold: Given = [
  ["H.i", "acme", 1],
  ["H#1.i", "bolt", 1],
  ["H.i", "acme", 2],
  ["seal H.i", "acme"],
];

/** Two sealed streams and one that is not. */
const three = (
  a: string,
  b: string,
  q: string,
  rules: string,
): string => `role H x2 { input ia(k: string, j: string) ${a}; input ib(k: string, j: string) ${b}; input iq(k: string, j: string) ${q};
R.a(k, j) <~ ia(k, j); R.b(k, j) <~ ib(k, j); R.q(k, j) <~ iq(k, j); }
role R replicated x2 { channel a(k: string, j: string); channel b(k: string, j: string); channel q(k: string, j: string); table ta(k: string, j: string); table tb(k: string, j: string); ta(k, j) <= a(k, j); tb(k, j) <= b(k, j); ${rules} }`;
const asked: Given = [
  ["H.ia", "k", "x"],
  ["H#1.ib", "l", "y"],
  ["H.iq", "k", "x"],
  ["H#1.iq", "m", "z"],
  ["H.iq", "l", "y"],
  ["H.iq", "l", "x"],
];

export const entries: readonly Hole[] = [
  {
    name: "A2(d): counts of counts, each by its own gate",
    control: "R.g",
    given: [
      ["H.i", "a", "j", 1],
      ["H#1.i", "a", "j", 2],
      ["H.i", "b", "j", 1],
      ["H#1.i", "b", "j", 2],
      ["seal H.i", "a"],
    ],
    text: sealed(
      "k: string, j: string, x: int",
      "scratch m(k: string, j: string, n: int); m(k, j, count()) <= t(k, j, _); output g(j: string, n: int) agreed; g(j, count()) <= m(_, j, _);",
    ),
  },
  {
    name: "A4: a threshold in an if",
    control: "R.state",
    given: words,
    text: store(
      'table s(k: string, v: lset<string>); s(k, x) <= word(k, x); output state(k: string, w: string) agreed; state(k, if size(v) >= 3 then "in" else "out") <= s(k, v);',
    ),
  },
  {
    name: "A4: a counter that falls again",
    control: "R.low",
    given: numbers,
    text: store(
      "table s(k: string, n: pncounter); s(k, inc(10)) <= num(k, 12); s(k, dec(5)) <= gone(k, _); output low(k: string) agreed; low(k) <= s(k, n), n >= 10;",
    ),
  },
  {
    name: "A4: a size that falls again",
    control: "R.big",
    given: [
      ["C.word", "u", "a"],
      ["C#1.word", "u", "b"],
      ["C#2.gone", "u", 1],
    ],
    text: store(
      'table cart(u: string, s: orset<string>); cart(u, add(x)) <= word(u, x); cart(u, remove("b")) <= gone(u, _); output big(u: string) agreed; big(u) <= cart(u, s), size(s) >= 2;',
    ),
  },
  {
    name: "A4: two lattices compared",
    control: "R.same",
    given: words,
    text: store(
      "table s(k: string, v: lset<string>); s(k, x) <= word(k, x); output same(c: string, d: string) agreed; same(c, d) <= s(c, a), s(d, b), size(a) >= size(b);",
    ),
  },
  {
    name: "A5: self names another node at each replica",
    control: "R.who",
    given: [["H.i", 1]],
    text: "role H { input i(x: int); R.c(x) <~ i(x); } role R replicated x2 { channel c(x: int); output who(a: addr); who(self) <= c(_); }",
  },
  {
    name: "A5: sent to one address",
    control: "R.o",
    given: [
      ["Client.ask", "R#0", 1],
      ["Client.ask", "R#1", 2],
    ],
    text: local("t(x) <= put(x); R.put(x) <~ add(x); output o(x: int); o(x) <= t(x);"),
  },
  {
    name: "A5: sent to each member it is sent to all",
    control: null,
    always: { "R.o": "[1] [2]" },
    given: [
      ["R.add", 1],
      ["R#1.add", 2],
    ],
    text: "role R replicated x2 { input add(x: int); channel put(x: int); table t(x: int); R.put@a(x) <~ add(x), R.nodes(a); t(x) <= put(x); output o(x: int); o(x) <= t(x); }",
  },
  {
    name: "A5: an overwrite by a local input stays local through a log",
    control: "R.o",
    given: [
      ["R.add", 1],
      ["R#1.add", 2],
      ["R.add", 3],
    ],
    text: "role R replicated x2 { input add(x: int); table cur(k: int -> v: int); cur(0, x) <+- add(x); output o(v: int) agreed; o(v) <= cur(_, v); }",
  },
  {
    name: "A6(a): what one instance loses is lost in one run and not in another",
    control: "R.o",
    given: [1, 2, 3, 4, 5, 6].map((x) => ["S.i", x] as const),
    options: { seeds: 6 },
    text: "role S { input i(x: int); R.beat(x) <~ i(x); } role R { channel beat(x: int) lossy; table seen(x: int); output o(x: int) any; seen(x) <= beat(x); o(x) <= seen(x); }",
  },
  {
    name: "A6: a partition that misses its deadline is told by no instance that gave it up",
    control: "R.n",
    faults: true,
    given: [
      ["H.i", "a", 1],
      ["H#1.i", "a", 2],
      ["seal H.i", "a"],
    ],
    text: "role H x2 { input i(k: string, x: int) sealed by (k) within 1s; R.c(k, x) <~ i(k, x); } role R replicated x2 { channel c(k: string, x: int); table t(k: string, x: int); t(k, x) <= c(k, x); output n(k: string, c: int); n(k, count()) <= t(k, _); }",
  },
  {
    name: "A6(b): a timer against what changes",
    control: "R.late",
    given: [
      ["S.i", 1],
      ["S.w", 1],
      ["S.i", 2],
      ["S.w", 2],
    ],
    text: "role S { input i(x: int) sealed by (x); input w(x: int); R.c(x) <~ i(x); R.d(x) <~ w(x); } role R { channel c(x: int); channel d(x: int); table pend(x: int); table cur(k: int -> v: int); timer t every 1s; pend(x) <= c(x); cur(0, x) <+- d(x); output late(x: int, w: int); late(x, w) <= t(), pend(x), cur(0, w); }",
  },
  {
    name: "A7: a seal that comes by a channel overtakes what it seals",
    control: null,
    faults: true,
    given: [
      ["H.a", "shoes", "x"],
      ["H.a", "shoes", "y"],
      ["H.b", "shoes"],
    ],
    text: `role H { input a(c: string, i: string); input b(c: string); Front.click(c, i) <~ a(c, i); Front.over(c) <~ b(c); }
role Front { channel click(c: string, i: string); channel over(c: string); Report.click(c, i) <~ click(c, i); seal Report.click(campaign: c) <~ over(c); }
role Report { channel click(campaign: string, id: string) sealed by (campaign); table t(campaign: string, id: string); t(c, i) <= click(c, i); output n(campaign: string, k: int); n(c, count()) <= t(c, _); }`,
  },
  {
    name: "A8: a keyed output of events",
    control: "R.last",
    given: [
      ["H.i", "a", 2],
      ["H#1.i", "a", 1],
      ["H.i", "b", 1],
    ],
    text: sealed("k: string, v: int", "output last(k: string -> v: int) agreed; last(k, v) <= c(k, v);", ""),
  },
  {
    name: "A9: a sum of which a prefix overflows",
    control: "R.s",
    always: { "R.s": '["k",9007199254740991]' },
    given: [
      ["H.i", "k", 9007199254740991],
      ["H#1.i", "k", 1],
      ["H.i", "k", -1],
    ],
    text: sealed("k: string, v: int", "output s(k: string, n: int); s(k, sum(v)) <= t(k, v);"),
  },
  {
    name: "A9: lists, choices and ties of events that came in any order",
    control: "R.s",
    always: { "R.s": '["k",[1,2,3],1,1,1]' },
    given: [
      ["H.i", "k", 3],
      ["H#1.i", "k", 1],
      ["H.i", "k", 2],
    ],
    text: sealed(
      "k: string, v: int",
      "output s(k: string, all: list<int>, one: int, low: int, high: int); s(k, collect(v), choose(v), argmin(v, z), argmax(v, z)) <= t(k, v), z = 0;",
    ),
  },
  {
    name: "A9: choose behind a log",
    control: "R.s",
    given: [
      ["H.i", "k", 3],
      ["H#1.i", "k", 1],
      ["H.i", "k", 2],
    ],
    text: sealed("k: string, v: int", "output s(k: string, one: int) agreed; s(k, choose(v)) <= t(k, v);", ""),
  },
  {
    name: "A9: a set is handed to a function in one order",
    control: "R.o",
    always: { "R.o": '["k","1,2,3"]' },
    given: [
      ["H.i", "k", 3],
      ["H#1.i", "k", 1],
      ["H.i", "k", 2],
    ],
    options: { functions: { joined: (of: ReadonlySet<number>) => [...of].join() } },
    text: `function joined(of: lset<int>): string from "./f.ts"; ${sealed("k: string, v: int", "table s(k: string, v: lset<int>); s(k, v) <= t(k, v); output o(k: string, w: string); o(k, joined(v)) <= s(k, v);", "sealed")}`,
  },
  {
    name: "A9: equal stamps of a register keep the greater value",
    control: null,
    always: { "R.o": '["k","c"]' },
    given: [
      ["C.word", "k", "a"],
      ["C#1.word", "k", "c"],
      ["C#2.word", "k", "b"],
    ],
    text: store(
      "table r(k: string, v: lww<string>); r(k, stamped(1, x)) <= word(k, x); output o(k: string, v: lww<string>); o(k, v) <= r(k, v);",
    ),
  },
  {
    name: "A12: a key from what is sealed to the group says nothing",
    control: "R.n",
    given: sold,
    text: sales(
      "company: string -> city: string",
      'hq("acme", "Paris"); hq("bolt", "Paris");',
      "hq(company, city)",
    ).replace("output n(city: string, k: int)", "output n(city: string, k: int) agreed"),
  },
  {
    name: "A12: a key from the group to what is sealed puts it into one partition",
    control: "R.n",
    always: { "R.n": '["Paris",2] ["Rome",1]' },
    given: sold,
    text: sales("city: string -> company: string", 'hq("Paris", "acme"); hq("Rome", "bolt");', "hq(city, company)"),
  },
  {
    name: "A14: the members of a role are fixed",
    control: null,
    always: { "R.o": '["k","R#0"] ["k","R#1"]' },
    given: [["H.i", "k", 1]],
    text: sealed("k: string, v: int", "output o(k: string, a: addr); o(k, a) <= t(k, _), R.nodes(a);"),
  },
  {
    name: "B3: what is deferred takes effect without another event",
    control: null,
    always: { "R.o": "[1] [2]" },
    given: [
      ["H.i", 1],
      ["H.i", 2],
    ],
    text: "role H { input i(x: int); R.c(x) <~ i(x); } role R { channel c(x: int); scratch s(x: int); s(x) <+ c(x); output o(x: int); o(x) <= s(x); }",
  },
  {
    name: "B7(i): each owner seals what it forwards of its own values",
    control: "S.n",
    always: { "S.n": '["a",2] ["b",1]' },
    given: [
      ["H.i", "a", 1],
      ["H#1.i", "a", 2],
      ["H.i", "b", 1],
      ["seal H.i", "a"],
    ],
    text: "role H x2 { input i(k: string, x: int) sealed by (k); R.c(k, x) <~ i(k, x); } role R partitioned by (k) x3 { channel c(k: string, x: int); S.d(k, x) <~ c(k, x); } role S replicated x2 { channel d(k: string, x: int); table t(k: string, x: int); t(k, x) <= d(k, x); output n(k: string, c: int); n(k, count()) <= t(k, _); }",
  },
  {
    name: "C3: an aggregate within one event",
    control: null,
    always: { "R.bill": "[1,[1,2],3] [2,[5],5]" },
    given: [
      ["H.i", 1, [1, 2]],
      ["H#1.i", 2, [5]],
      ["H#1.i", 1, [1, 2]],
    ],
    text: "role H x2 { input i(id: int, items: list<int>); R.c(id, items) <~ i(id, items); } role R replicated x2 { channel c(id: int, items: list<int>); output bill(id: int, items: list<int>, n: int); bill(id, items, sum(n)) <= c(id, items), n in items; }",
  },
  {
    name: "C4: two facts of one event joined on all of it",
    control: null,
    always: { "R.o": '[1,"xa","xb"] [2,"ya","yb"]' },
    given: [
      ["H.i", 1, "x"],
      ["H#1.i", 2, "y"],
    ],
    text: 'role H x2 { input i(id: int, s: string); R.c(id, s) <~ i(id, s); } role R replicated x2 { channel c(id: int, s: string); scratch a(id: int, s: string, u: string); scratch b(id: int, s: string, v: string); a(id, s, u) <= c(id, s), u = s + "a"; b(id, s, v) <= c(id, s), v = s + "b"; output o(id: int, u: string, v: string); o(id, u, v) <= a(id, s, u), b(id, s, v); }',
  },
  {
    name: "C6: a key that is promised unique",
    control: null,
    always: { "R.o": '[1,"x"] [2,"y"]' },
    given: [
      ["H.i", 1, "x"],
      ["H#1.i", 2, "y"],
      ["H#1.i", 1, "x"],
    ],
    text: "role H x2 { input i(id: int -> who: string) unique; R.c(id, w) <~ i(id, w); } role R replicated x2 { channel c(id: int -> who: string) unique; table t(id: int -> who: string); t(id, w) <= c(id, w); output o(id: int, who: string); o(id, w) <= t(id, w); }",
  },
  {
    name: "D1: every writer behind the read is sealed",
    control: "R.o",
    always: { "R.o": '["m","z"]' },
    given: asked,
    text: three(
      "sealed by (k)",
      "sealed by (k)",
      "",
      "scratch u(k: string); u(k) <= ta(k, _); u(k) <= tb(k, _); output o(k: string, j: string); o(k, j) <= q(k, j), not u(k);",
    ),
  },
  {
    name: "D1: one of them is not",
    control: "R.o",
    given: asked,
    text: three(
      "sealed by (k)",
      "",
      "",
      "scratch u(k: string); u(k) <= ta(k, _); u(k) <= tb(k, _); output o(k: string, j: string) agreed; o(k, j) <= q(k, j), not u(k);",
    ),
  },
  {
    name: "D2: two keys within one gate",
    control: "R.o",
    always: { "R.o": '["l","x"] ["m","z"]' },
    given: asked,
    text: three(
      "sealed by (k)",
      "sealed by (j)",
      "",
      "output o(k: string, j: string); o(k, j) <= q(k, j), not ta(k, j), not tb(k, j);",
    ),
  },
  {
    name: "D3: only the requests are sealed",
    control: "R.o",
    given: asked,
    text: three("", "", "sealed by (k)", "output o(k: string, j: string) agreed; o(k, j) <= q(k, j), not ta(k, _);"),
  },
  {
    name: "P10: one producer of each partition needs no vote",
    control: "R.n",
    always: { "R.n": '["a",2] ["b",1]' },
    given: [
      ["H.i", "a", 1],
      ["H.i", "a", 2],
      ["H#1.i", "b", 1],
      ["seal H.i", "a"],
    ],
    text: sealed("k: string, x: int", "output n(k: string, c: int); n(k, count()) <= t(k, _);", "sealed by (k) single"),
  },
  {
    name: "P11: what a replicated cache keeps of a racing read",
    control: "Cache.o",
    given: [
      ["H.put", "k", "1"],
      ["H.get", "k"],
      ["H#1.put", "k", "2"],
      ["H#1.get", "k"],
    ],
    text: `role H x2 { input put(k: string, v: string); input get(k: string); Kvs.put(k, v) <~ put(k, v); Kvs.get(k) <~ get(k); }
role Kvs replicated x2 { channel put(k: string, v: string); channel get(k: string); table kv(k: string, v: string); kv(k, v) <= put(k, v); scratch n(k: string, n: int); n(k, count()) <= kv(k, _); Cache.answer(k, n) <~ get(k), n(k, n); }
role Cache replicated x2 { channel answer(k: string, n: int); table kept(k: string, n: int); kept(k, n) <= answer(k, n); output o(k: string, n: int) agreed; o(k, n) <= kept(k, n); }`,
  },
];
